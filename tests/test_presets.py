"""Presets: settings under one name, in Python and on the command line, and the table of what each of them brings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from w2vplus import Word2Vec, encode, load_vectors, preset
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.bench import choices
from w2vplus.cli import app
from w2vplus.cli._settings import PresetName, TrainSettings
from w2vplus.presets import PRESETS, Preset

LEE = bundled(LEE_NEWS)
SMALL = ("--vector-size", "8", "--epochs", "1", "--workers", "1", "--quiet")


def run(*arguments: object) -> str:
    """What a command prints on standard error, after it succeeded."""
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stderr


def test_the_command_line_knows_every_preset() -> None:
    assert [name.value for name in PresetName] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_given_wins_over_the_preset(name: str) -> None:
    chosen = preset(name, vector_size=8, workers=1)
    assert chosen == {**PRESETS[name].arguments, "vector_size": 8, "workers": 1}
    model = Word2Vec(encode(LEE), **{**chosen, "epochs": 1})
    assert (model.vector_size, model.window) == (8, chosen["window"])


def test_an_unknown_preset_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="a preset must be one of accurate, got 'best'"):
        preset("best")


def test_options_on_the_command_line_win_over_the_preset(tmp_path: Path) -> None:
    run("train", LEE, "-o", tmp_path / "v.bin", "--save-model", tmp_path / "m", "--preset", "accurate", *SMALL)
    model = Word2Vec.load_folder(tmp_path / "m")
    wanted = {**PRESETS["accurate"].arguments, "vector_size": 8, "epochs": 1}
    assert {name: getattr(model, name) for name in wanted} == wanted


def test_a_preset_may_end_with_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("w2vplus.cli.train.PRESETS", {"accurate": Preset({"sg": 1}, ending="sum")})
    run("train", LEE, "-o", tmp_path / "v.bin", "--save-model", tmp_path / "m", "--preset", "accurate", *SMALL)
    expected = Word2Vec.load_folder(tmp_path / "m").ending_vectors("sum")
    np.testing.assert_array_equal(load_vectors(str(tmp_path / "v.bin")).vectors, expected.vectors)


def test_an_option_at_its_default_wins_too_when_it_is_typed(tmp_path: Path) -> None:
    settings = ("--alpha", TrainSettings.alpha, "--window", TrainSettings.window)
    options = ("--preset", "accurate", *settings, "--ending", "sum", *SMALL)
    run("train", LEE, "-o", tmp_path / "v.bin", "--save-model", tmp_path / "m", *options)
    model = Word2Vec.load_folder(tmp_path / "m")
    assert (model.alpha, model.window) == (0.025, 5)
    sums = model.ending_vectors("sum")
    np.testing.assert_array_equal(load_vectors(str(tmp_path / "v.bin")).vectors, sums.vectors)


def test_a_preset_does_not_go_with_a_model_that_has_settings(tmp_path: Path) -> None:
    run("train", LEE, "-o", tmp_path / "v.bin", "--save-model", tmp_path / "m", *SMALL)
    options = ("--continue", tmp_path / "m", "--preset", "accurate")
    outcome = CliRunner().invoke(app, [str(one) for one in ("train", LEE, "-o", tmp_path / "w.bin", *options)])
    assert outcome.exit_code == 2 and "--preset is for a new model" in outcome.stderr
    assert not (tmp_path / "w.bin").exists()


def test_rates_are_checked_when_the_preset_is_known(tmp_path: Path) -> None:
    output = ("train", LEE, "-o", tmp_path / "v.bin", *SMALL)
    run(*output, "--preset", "accurate", "--min-alpha", 0.03)
    outcome = CliRunner().invoke(app, [str(one) for one in (*output, "--min-alpha", 0.03)])
    assert outcome.exit_code == 2 and "--min-alpha must be at most --alpha 0.025, got 0.03" in outcome.stderr


def test_the_corrected_law_is_an_option_of_cbow_alone(tmp_path: Path) -> None:
    output = ("train", LEE, "-o", tmp_path / "v.bin", *SMALL)
    run(*output)
    plain = (tmp_path / "v.bin").read_bytes()
    run(*output, "--cbow-corrected", "--save-model", tmp_path / "m")
    assert (tmp_path / "v.bin").read_bytes() != plain and Word2Vec.load(tmp_path / "m").cbow_corrected
    for options, message in (
        (("--cbow-corrected", "--sg"), "--cbow-corrected has no effect with --sg"),
        (("--cbow-sum", "--sg"), "--cbow-sum has no effect with --sg"),
        (("--hs", "--negative", 0, "--ns-exponent", 0.5), "--ns-exponent is about noise words"),
        (("--hs", "--negative", 0, "--shared-negatives", 2), "--shared-negatives is about noise words"),
    ):
        outcome = CliRunner().invoke(app, [str(one) for one in (*output, *options)])
        assert outcome.exit_code == 2 and message in outcome.stderr


def test_every_setting_of_a_preset_is_taken_back_once() -> None:
    small = Preset({"sg": 1, "window": 9, "sample": 1e-4}, ending="sum")
    assert choices.single_defaults(small) == [{}, {"ending": "input"}, {"sg": 0}, {"window": 5}, {"sample": 1e-3}]
    assert {"ending": "input"} not in choices.single_defaults(Preset({"sg": 1}))


def test_the_table_has_a_line_for_every_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = ("--change", "epochs=1,vector_size=8", "--change", "epochs=1,vector_size=12,ending=input")
    target = tmp_path / "lines.jsonl"
    choices.main([LEE, *changes, "--workers", "1", "--seeds", "2", "-o", str(target)])
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["changed", *choices.SCORES]
    assert first.startswith("epochs 1, vector_size 8 ") and "ending input" in second
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["changed"]["vector_size"] for line in lines] == [8, 12]
    assert all(len(line["accuracy"]) == len(line["cpu_seconds"]) == 2 for line in lines)


def test_endings_of_the_same_settings_share_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    train = Word2Vec.train

    def noted(model: Word2Vec, *corpus: Any, **named: Any) -> Any:
        seen.append(model)
        return train(model, *corpus, **named)

    monkeypatch.setattr(Word2Vec, "train", noted)
    monkeypatch.setattr(choices, "accuracy_of", lambda vectors: {"first": float(vectors.vectors[0, 0])})
    small = Preset({"sg": 1, "vector_size": 8, "epochs": 1}, ending="sum")
    changes = [{}, {"ending": "input"}, {"ending": "centred-sum"}, {"vector_size": 4}]
    done = list(choices.measure_choices(encode(LEE), small, changes, workers=1, seeds=2))
    assert [choice.changed for choice in done] == changes
    assert [(model.vector_size, model.seed) for model in seen] == [(8, 1), (8, 2), (4, 1), (4, 2)]
    for choice, ending in zip(done, ("sum", "input", "centred-sum"), strict=False):
        scores = [float(model.ending_vectors(ending).vectors[0, 0]) for model in seen[:2]]
        assert [run["first"] for run in choice.accuracy] == scores
    assert done[0].wall_seconds == done[1].wall_seconds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt"], "missing.txt"),
        ([LEE, "--change", "size=8"], "vector_size"),
        ([LEE, "--change", "window=0"], "window must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_measured_is_an_error_of_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        choices.main([*arguments, "--workers", "1"])
    assert left.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m w2vplus.bench.choices: error: ") and message in line


def test_a_change_without_a_value_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        choices.main([LEE, "--change", "window"])
    assert "a change is NAME=VALUE" in capsys.readouterr().err
