"""`evaluate` with several models, `train --seeds`, and what they make of each other's files."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from typer.testing import CliRunner

from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.cli import app
from w2vplus.cli._seeds import families, files_of, seeded_name

QUICK = ["--vector-size", "12", "--epochs", "1", "--workers", "1", "--sample", "0"]


def run(*arguments: object) -> Any:
    """The outcome of `w2vplus ARGUMENTS...` run in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus")


def refusal(outcome: Any, exit_code: int) -> str:
    """The one line with which a command must have failed."""
    assert (outcome.exit_code, outcome.stdout) == (exit_code, ""), outcome.output
    assert "Traceback" not in outcome.stderr
    (line,) = [line for line in outcome.stderr.splitlines() if line.startswith("w2vplus: error: ")]
    return str(line)


@pytest.fixture(scope="module")
def lee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lee.bin of two seeds, and another model, alone.bin."""
    folder = tmp_path_factory.mktemp("lee")
    outcome = run("train", bundled(LEE_NEWS), "-o", folder / "lee.bin", *QUICK, "--seeds", 2, "--seed", 5, "--json")
    assert outcome.exit_code == 0, outcome.stderr
    (folder / "summary.json").write_text(outcome.stdout)
    assert run("train", bundled(LEE_NEWS), "-o", folder / "alone.bin", *QUICK, "--seed", 6).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name small files of questions."""
    folder = tmp_path_factory.mktemp("asked")
    words = ["the", "of", "in", "to", "a", "and", "is", "for", "on", "that", "was", "with"]
    lines = [f"{a} {b} {b} {a}\n" for a in words for b in words if a != b] + ["nowhere the of in\n"]
    (folder / "questions.txt").write_text(": small\n" + "".join(lines))
    pairs = [f"{word}\t{other}\t{len(word + other)}\n" for word, other in itertools.pairwise(words)]
    (folder / "pairs.tsv").write_text("".join(pairs))
    files = ["--analogies", str(folder / "questions.txt"), "--similarity", str(folder / "pairs.tsv")]
    return [*files, "--resamples", "50"]


# ---- train --seeds


def test_each_seed_is_trained_as_it_would_be_alone(lee: Path) -> None:
    assert sorted(path.name for path in lee.glob("lee*")) == ["lee.seed5.bin", "lee.seed6.bin"]
    assert (lee / "lee.seed6.bin").read_bytes() == (lee / "alone.bin").read_bytes()
    assert (lee / "lee.seed5.bin").read_bytes() != (lee / "lee.seed6.bin").read_bytes()


def test_the_summary_of_seeds_has_the_text_once_and_every_model(lee: Path) -> None:
    summary = json.loads((lee / "summary.json").read_text())
    assert summary["tokens"] == 59890 and summary["seeds"] == [5, 6]
    assert [Path(model["files"][0]).name for model in summary["models"]] == ["lee.seed5.bin", "lee.seed6.bin"]
    assert summary["files"] == [file for model in summary["models"] for file in model["files"]]
    assert all("reading" not in model["seconds"] for model in summary["models"])
    parts = [seconds for step, seconds in summary["seconds"].items() if step != "total"]
    assert summary["seconds"]["total"] == pytest.approx(sum(parts))


def test_seeds_with_models_and_phrases_print_a_line_each(tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "v.txt.gz", "--save-model", tmp_path / "m.w2v", "--phrases", 1]
    outcome = run("train", bundled(LEE_NEWS), *QUICK, *arguments, "--seeds", 2)
    assert outcome.exit_code == 0, outcome.stderr
    assert {"v.seed1.txt.gz", "v.seed2.txt.gz", "m.seed1.w2v", "m.seed2.w2v"} == {p.name for p in tmp_path.iterdir()}
    lines = outcome.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["text", "vocabulary", "seed", "seed", "all"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", 0], "--seeds must be at least 1, got 0"),
        (["--seeds", 2, "--seed", 2**32 - 1], "--seeds must be such that the last seed is at most 4294967295, got 2"),
        (["--seeds", 2, "--checkpoint", "run"], "--checkpoint goes with one model, and --seeds trains several"),
        (["--seeds", 2, "-o", "v.seed1.bin"], "--output v.seed1.bin names a seed itself"),
    ],
)
def test_seeds_that_cannot_be_meant_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    target = [] if "-o" in options else ["-o", "v.bin"]
    assert message in refusal(run("train", bundled(LEE_NEWS), *target, *options), 2)
    assert not list(tmp_path.glob("*.bin"))


def test_a_seeds_file_that_is_the_corpus_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("v.seed2.txt").write_text("some words\n" * 20)
    assert "is the corpus itself" in refusal(run("train", "v.seed2.txt", "-o", "v.txt", "--seeds", 2), 2)
    options = ["-o", "v.txt", "--seeds", 2, "--vocab", "v.seed2.txt"]
    assert "is the input v.seed2.txt" in refusal(run("train", bundled(LEE_NEWS), *options), 2)


# ---- names


@pytest.mark.parametrize("name", ["v.bin", "folder.d/v.txt.gz", "v.300.bin", "v"])
def test_names_of_seeds_are_one_family(name: str) -> None:
    (family,) = families([seeded_name(name, seed) for seed in (1, 2, 10)])
    assert family.name == Path(name).name and len(family.files) == 3


def test_families_of_one_name_in_two_folders_are_told_apart() -> None:
    assert [family.name for family in families(["a/v.bin", "b/v.bin"])] == ["a/v.bin", "b/v.bin"]
    assert [family.name for family in families(["a/v.bin", "b/w.bin"])] == ["v.bin", "w.bin"]


def test_a_seed_alone_and_a_file_without_seed_are_models_of_their_own() -> None:
    assert families(["v.seed1.bin"]) == [("v.seed1.bin", ("v.seed1.bin",))]
    assert families(["v.bin", "v.seed1.bin", "v.seed2.bin", "v.bin"]) == [
        ("v.bin", ("v.bin",)),
        ("v.seed*.bin", ("v.seed1.bin", "v.seed2.bin")),
    ]


def test_a_name_stands_for_its_seeds_only_where_no_such_file_is(tmp_path: Path) -> None:
    for name in ("v.seed10.bin", "v.seed2.bin", "v.seedy.bin", "w.seed1.bin", "v.seed1.txt"):
        (tmp_path / name).touch()
    wanted = str(tmp_path / "v.bin")
    assert [Path(file).name for file in files_of(wanted)] == ["v.seed2.bin", "v.seed10.bin"]
    (tmp_path / "v.bin").touch()
    assert files_of(wanted) == (wanted,)
    assert files_of(str(tmp_path / "nowhere" / "v.bin")) == (str(tmp_path / "nowhere" / "v.bin"),)


# ---- evaluate


def test_seeds_are_one_model_and_models_are_compared(lee: Path, asked: list[str]) -> None:
    outcome = run("evaluate", lee / "lee.bin", lee / "alone.bin", *asked, "--json")
    assert outcome.exit_code == 0, outcome.stderr
    report = json.loads(outcome.stdout)
    assert [(model["name"], model["seeds"]) for model in report["models"]] == [("lee.bin", 2), ("alone.bin", 1)]
    assert len(report["models"][0]["files"]) == 2
    assert {score["kind"] for score in report["scores"]} == {"analogies", "similarity"}
    assert [(one["first"], one["second"]) for one in report["differences"]] == [("lee.bin", "alone.bin")] * 2
    # One of the two seeds is the other model.
    both, alone = (
        next(score for score in report["scores"] if (score["model"], score["kind"]) == (name, "similarity"))
        for name in ("lee.bin", "alone.bin")
    )
    assert both["by_seed"][1] == alone["value"] and both["seeds_low"] < both["value"] < both["seeds_high"]
    (stability,) = report["stability"]
    assert stability["model"] == "lee.bin" and 0 < stability["overlap"] < 1


def test_tables_show_intervals_both_countings_and_differences(lee: Path, asked: list[str]) -> None:
    shown = run("evaluate", lee / "lee.seed5.bin", lee / "alone.bin", *asked).stdout
    for expected in ("interval 95 %", "unknown as wrong", "coverage", "p adjusted", "lee.seed5.bin − alone.bin", "133"):
        assert expected in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("suffix", [".json", ".csv", ".md"])
def test_reports_are_written_by_suffix(lee: Path, asked: list[str], tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"report{suffix}"
    outcome = run("evaluate", lee / "alone.bin", *asked, "-o", target, "-q")
    assert (outcome.exit_code, outcome.stdout) == (0, ""), outcome.stderr
    text = target.read_text()
    if suffix == ".json":
        assert json.loads(text)["format"] == "w2vplus-evaluation"
    elif suffix == ".csv":
        assert {row["model"] for row in csv.DictReader(text.splitlines())} == {"alone.bin"}
    else:
        assert text.startswith("### ") and "| alone.bin |" in text


def test_methods_are_those_of_the_library() -> None:
    from w2vplus.cli.evaluate import METHODS
    from w2vplus.evaluation import ANALOGY_METHODS

    assert METHODS == ANALOGY_METHODS


def test_several_methods_are_rows_of_their_own(lee: Path, asked: list[str]) -> None:
    outcome = run("evaluate", lee / "alone.bin", *asked[:2], "--method", "3CosAdd,3CosMul,PairDistance", "--json")
    scores = json.loads(outcome.stdout)["scores"]
    assert [score["method"] for score in scores] == ["3CosAdd", "3CosMul", "PairDistance"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "report.txt"], "--output must end in .json, .csv, .md, got report.txt"),
        (["--method", "nearest"], "--method must be a list of 3CosAdd, 3CosMul, PairDistance, LRCos, got 'nearest'"),
        (["--confidence", 100], "--confidence must be between 1 and 100 per cent"),
        (["--confidence", 0.95], "--confidence must be between 1 and 100 per cent, got 0.95"),
        (["--resamples", -1], "--resamples must be 0, or from 40 to 1000000 for a confidence of 95 %, got -1"),
        (["--resamples", 39], "--resamples must be 0, or from 40 to 1000000 for a confidence of 95 %, got 39"),
        (["--resamples", 199, "--confidence", 99], "from 200 to 1000000 for a confidence of 99 %, got 199"),
        (["--restrict-vocab", 0], "--restrict-vocab must be at least 1"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(lee: Path, options: list[Any], message: str) -> None:
    assert message in refusal(run("evaluate", lee / "alone.bin", *options), 2)


def test_vectors_that_know_no_question_are_named(tmp_path: Path, asked: list[str]) -> None:
    vectors = KeyedVectors(2)
    vectors.add_vectors(["qqq", "zzz"], np.eye(2, dtype=np.float32))
    vectors.save_word2vec_format(str(tmp_path / "other.bin"), binary=True)
    line = refusal(run("evaluate", tmp_path / "other.bin", *asked), 1)
    assert "no question is in the vocabulary: coverage 0 of" in line


# ---- similar


def test_similar_of_a_name_of_seeds_tells_what_they_share(lee: Path) -> None:
    shown = run("similar", lee / "lee.bin", "the", "of", "-n", 3).stdout
    assert "the: two seeds have" in shown and "of: two seeds have" in shown and " of 2" in shown
    (answer,) = json.loads(run("similar", lee / "lee.bin", "the", "-n", 3, "--json").stdout)
    assert 0 <= answer["overlap"] <= 1
    assert [list(near) for near in answer["neighbours"]] == [["word", "cosine", "low", "high", "seeds"]] * 3


def test_seeds_of_two_runs_are_noticed(tmp_path: Path) -> None:
    text = tmp_path / "t.txt"
    text.write_text("a b c d e f g h\n" * 40)
    command = ["train", text, "-o", tmp_path / "v.bin", "--workers", 1, "--epochs", 1, "--min-count", 1]
    first = run(*command, "--vector-size", 4, "--seeds", 3)
    assert first.exit_code == 0 and "earlier run" not in first.stderr
    second = run(*command, "--vector-size", 5, "--seeds", 2)
    assert second.exit_code == 0
    assert f"{tmp_path / 'v.seed3.bin'} of an earlier run will stand beside the new files" in second.stderr
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("a b 5\na c 4\nb c 1\n")
    for asked in (["evaluate", tmp_path / "v.bin", "--similarity", pairs], ["similar", tmp_path / "v.bin", "a"]):
        line = refusal(run(*asked), 1)
        assert "v.seed3.bin has 8 vectors of 4 numbers and " in line and "v.seed1.bin 8 of 5" in line


def test_similar_of_a_name_of_seeds_refuses_unknown_words(lee: Path) -> None:
    assert "'goverment' (did you mean government" in refusal(run("similar", lee / "lee.bin", "goverment"), 1)
    summed = refusal(run("similar", lee / "lee.bin", "the", "the - of"), 1)
    assert "single words, got the sum the - of: ask one, as" in summed and "lee.seed5.bin" in summed


def test_a_name_of_seeds_where_one_model_is_asked_names_a_file(lee: Path) -> None:
    for command in (["analogy", "the", "of", "and"], ["convert", lee / "o.txt"], ["postprocess", lee / "o.txt"]):
        steps = ["--step", "normalize"] if command[0] == "postprocess" else []
        line = refusal(run(command[0], lee / "lee.bin", *command[1:], *steps), 1)
        assert "lee.bin stands for 2 seeds; name the file of one, as" in line and "lee.seed5.bin" in line


def test_of_several_models_the_one_that_knows_no_question_is_named(lee: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign.txt").write_text("3 2\nun 1 2\ndeux 2 1\ntrois 2 2\n")
    (tmp_path / "questions.txt").write_text(": small\nthe of in to\n")
    files = [lee / "alone.bin", tmp_path / "foreign.txt"]
    line = refusal(run("evaluate", *files, "--analogies", tmp_path / "questions.txt"), 1)
    assert f"{tmp_path / 'foreign.txt'}: {tmp_path / 'questions.txt'}: no question is in the vocabulary" in line
    bundled_files = run("evaluate", *files, "--resamples", 0)
    assert bundled_files.exit_code == 1 and f"warning: {tmp_path / 'foreign.txt'}: " in bundled_files.stderr
    assert f"error: {tmp_path / 'foreign.txt'}: the first 3 words know nothing of" in bundled_files.stderr
    alone = refusal(run("evaluate", files[1], "--analogies", tmp_path / "questions.txt"), 1)
    assert f"error: {tmp_path / 'questions.txt'}: " in alone


# ---- phrases of saved models


@pytest.mark.parametrize("saved", ["folder", "pickle.w2v", "pickle.kv", "pickle.model"])
def test_the_phrases_saved_with_a_model_are_found_as_words(tmp_path: Path, saved: str) -> None:
    """The delimiter is one that only the model's own phrases know."""
    from w2vplus import Word2Vec
    from w2vplus.phrases import PhraseOptions

    options = PhraseOptions(delimiter="\u00a7", thresholds=0.1, min_count=1)
    sentences = [["Boston", "Globe"], ["New", "York"], ["some", "times"], ["alone"]] * 9
    model = Word2Vec(sentences, phrases=options, min_count=1, vector_size=8, epochs=1, workers=1)
    assert "Boston\u00a7Globe" in model.wv
    path = tmp_path / saved
    (model.save_folder if saved == "folder" else model.save)(str(path))
    pairs = ["boston globe\tNew York\t5", "Some_Times\talone\t3", "New York\talone\t1", "Boston Globe\talone\t2"]
    (tmp_path / "pairs.tsv").write_text("\n".join(pairs))
    (tmp_path / "questions.txt").write_text(": papers\nBoston_Globe New_York some_times alone\n")
    files = ["--similarity", tmp_path / "pairs.tsv", "--analogies", tmp_path / "questions.txt"]
    for more, known in (([], 4), (["--case-sensitive"], 2)):
        outcome = run("evaluate", path, *files, *more, "--resamples", 0, "--json")
        assert outcome.exit_code == 0, outcome.stderr
        seen = {score["measure"]: score["seen"] for score in json.loads(outcome.stdout)["scores"]}
        assert (seen["accuracy"], seen["spearman"]) == (1, known), more
    for words in (["Boston Globe"], ["New_York"]):
        assert run("similar", path, *words).exit_code == 0
    assert run("analogy", path, "Boston Globe", "New York", "alone").exit_code == 0
    explored = CliRunner().invoke(app, ["explore", str(path)], input="Boston Globe\n/similarity New York, alone\n")
    assert explored.exit_code == 0, explored.stderr
