"""What the command line refuses to write over, and how it says what it was asked wrongly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from w2vplus import Word2Vec
from w2vplus.cli import app
from w2vplus.corpus import encode, open_corpus
from w2vplus.errors import CorpusError

TEXT = "a b c\n" * 50
SMALL = ["--vector-size", 4, "--epochs", 1, "--workers", 1]


def run(*arguments: object) -> Any:
    """The outcome of `w2vplus ARGUMENTS...` run in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus")


def refusal(outcome: Any, exit_code: int = 2) -> str:
    """The one line with which a command must have failed."""
    assert outcome.exit_code == exit_code, outcome.output
    lines = outcome.stderr.splitlines()
    assert outcome.stdout == "" and len(lines) == 1 and lines[0].startswith("w2vplus: error: "), lines
    return str(lines[0].removeprefix("w2vplus: error: "))


@pytest.fixture()
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only file of the corpus folder `corpus` in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text(TEXT)
    return tmp_path / "corpus" / "a.txt"


@pytest.mark.parametrize("source", ["corpus", "corpus/*.txt", "corpus/a.txt", "URI"])
@pytest.mark.parametrize(
    "command", [("train", "-o"), ("phrases", "-o"), ("phrases", "--export"), ("vocab", "-o"), ("bench", "-o")]
)
def test_no_output_replaces_a_file_of_the_corpus(text: Path, source: str, command: tuple[str, str]) -> None:
    name, option = command
    source = text.as_uri() if source == "URI" else source
    line = refusal(run(name, source, option, "corpus/../corpus/a.txt"))
    assert "corpus/../corpus/a.txt is" in line and source in line
    assert text.read_text() == TEXT


def test_output_as_a_uri_does_not_replace_the_corpus(text: Path) -> None:
    assert "is the corpus itself" in refusal(run("train", text, "-o", text.as_uri()))
    assert text.read_text() == TEXT


def test_interrupted_training_would_not_replace_the_corpus(text: Path) -> None:
    (text.parent / "v.partial.txt").write_text(TEXT)
    assert "v.partial.txt" in refusal(run("train", text.parent, "-o", text.parent / "v.txt"))


@pytest.mark.parametrize("source", ["corpus", "corpus/", "corpus/*", "corpus/v.*", "URI"])
@pytest.mark.parametrize(
    "command", [("train", "-o"), ("phrases", "-o"), ("phrases", "--export"), ("vocab", "-o"), ("bench", "-o")]
)
def test_no_output_becomes_a_file_of_the_corpus(text: Path, source: str, command: tuple[str, str]) -> None:
    (text.parent / "v.old").write_text(TEXT)
    name, option = command
    source = text.parent.as_uri() if source == "URI" else source
    line = refusal(run(name, source, option, "corpus/../corpus/v.txt"))
    assert "corpus/../corpus/v.txt would be read as text by the next run" in line and source in line


def test_what_a_corpus_folder_does_not_read_may_be_written_there(text: Path) -> None:
    settings = ["-o", "corpus/.v.bin", "--save-model", "corpus/model", *SMALL]
    assert run("train", "corpus", *settings).exit_code == 0
    assert run("train", "corpus", *settings).exit_code == 0
    assert run("train", "corpus/a.txt", "-o", "corpus/v.bin", *SMALL).exit_code == 0


def test_files_that_are_named_twice_and_tables_that_are_read_as_text_are_told(text: Path) -> None:
    (text.parent / "b.csv").write_text("text,label\na b,1\n")
    outcome = run("vocab", "corpus", "corpus/*.txt", "corpus/../corpus/a.txt")
    assert outcome.exit_code == 0
    assert f"read more than once, since it is named so often: {text.resolve()} (3 times)" in outcome.stderr
    assert "read as plain text, commas and all: corpus/b.csv; --column NAME" in outcome.stderr
    limit = csv.field_size_limit()  # which the program raises for itself
    try:
        assert run("vocab", "corpus/b.csv", "--column", "text").stderr == run("vocab", "corpus/a.txt").stderr == ""
    finally:
        csv.field_size_limit(limit)


def test_output_beside_the_corpus_is_written(text: Path) -> None:
    assert run("train", "corpus/*.txt", "-o", "corpus/v.bin", *SMALL).exit_code == 0
    assert Path("corpus/v.bin").is_file()


def test_model_folder_that_holds_the_corpus_is_not_replaced(text: Path) -> None:
    assert run("train", text, "-o", "v.bin", "--save-model", "model", *SMALL).exit_code == 0
    text.rename("model/a.txt")
    assert "model" in refusal(run("train", "model/a.txt", "-o", "v.bin", "--save-model", "model", *SMALL))
    assert Path("model/a.txt").read_text() == TEXT


def test_results_never_replace_what_they_judge(text: Path) -> None:
    assert run("train", text, "-o", "v.bin", *SMALL).exit_code == 0
    before = Path("v.bin").read_bytes()
    Path("v.md").write_bytes(before)
    assert "--output ./v.md is the input v.md" in refusal(run("evaluate", "v.md", "-o", "./v.md"))
    text = text.rename("pairs.csv")
    pairs = ["--similarity", text, "-o", text]
    assert "is the input" in refusal(run("evaluate", "v.bin", *pairs))
    assert (Path("v.bin").read_bytes(), text.read_text()) == (before, TEXT)


def test_word_counts_are_not_replaced_by_vectors(text: Path) -> None:
    assert run("vocab", text, "-o", "words.txt").exit_code == 0
    before = Path("words.txt").read_text()
    assert "is the input words.txt" in refusal(run("train", text, "--vocab", "words.txt", "-o", "words.txt"))
    assert Path("words.txt").read_text() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "-o", "x.bin", "--save-model", "./x.bin"),
        ("train", "-o", "m/x.bin", "--save-model", "m"),
        ("train", "-o", "x.bin", "--save-model", "m", "--checkpoint", "corpus/../m"),
        ("phrases", "-o", "p.txt", "--export", "p.txt"),
        ("phrases", "-o", "p.txt", "--export", "corpus/../p.txt"),
    ],
)
def test_two_outputs_need_two_places(text: Path, arguments: tuple[str, ...]) -> None:
    Path("m").mkdir()
    assert "must be two places" in refusal(run(arguments[0], text, *arguments[1:]))


def test_an_empty_name_is_not_the_current_folder(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(text.parent)
    assert "the name of the corpus is empty" in refusal(run("train", "", "-o", "o.bin"), 1)
    for use in (open_corpus, encode, lambda name: Word2Vec(corpus_file=name, min_count=1)):
        with pytest.raises(CorpusError, match="the name of the corpus is empty"):
            use("")


@pytest.mark.parametrize("option", ["-o", "--export"])
def test_standard_output_is_no_file_called_dash(text: Path, option: str) -> None:
    assert "must name a file, got -" in refusal(run("phrases", text, option, "-"))
    assert not Path("-").exists()


def test_a_huge_token_is_shortened_in_the_message(text: Path) -> None:
    text.write_bytes(b"\0" * 100_000)
    line = refusal(run("train", text, "-o", "v.bin", *SMALL), 1)
    assert len(line) < 500 and "(100,000 characters)" in line and "--min-count" in line


@pytest.mark.parametrize("length", [0, 40, 41, 2000, 2001, 100_000])
def test_an_error_line_keeps_its_ends_and_a_bounded_length(length: int) -> None:
    from w2vplus.cli import _output

    line = _output._one_line(f"begin{'x' * length}end")
    assert line.startswith("begin") and line.endswith("end") and len(line) <= _output.MOST_LINE + 5


@pytest.mark.parametrize("command", [("similar", "missing", "word"), ("evaluate", "missing"), ("evaluate", "no.bin")])
def test_missing_vectors_are_said_to_be_missing(text: Path, command: tuple[str, ...]) -> None:
    assert refusal(run(*command), 1).startswith(f"{command[1]}: no such file")


@pytest.mark.parametrize(
    "options",
    [
        ("--window", 9_999_999_999_999),
        ("--negative", 2**31),
        ("--epochs", 2**31),
        ("--seed", 2**32),
        ("--phrase-min-count", 2**63, "--phrases", 1),
        ("--max-pairs", 2**70, "--phrases", 1),
    ],
)
def test_numbers_too_great_for_the_native_code_are_refused(text: Path, options: tuple[object, ...]) -> None:
    line = refusal(run("train", text, "-o", "v.bin", *options))
    assert line.startswith(f"{options[0]} must be at most") and f"got {options[1]}" in line


@pytest.mark.parametrize(
    "options",
    [
        ("--phrase-threshold", 5),
        ("--phrase-threshold", "200,100"),
        ("--phrase-scoring", "npmi"),
        ("--phrase-min-count", 2),
        ("--phrase-connectors", "english"),
        ("--max-pairs", 5000),
    ],
)
def test_phrase_options_need_phrases(text: Path, options: tuple[object, ...]) -> None:
    assert f"{options[0]} needs --phrases" in refusal(run("train", text, "-o", "v.bin", *options))


def test_the_summary_says_which_loss_it_shows(text: Path) -> None:
    assert "mean loss of the last epoch" not in run("train", text, "-o", "v.bin", *SMALL).stdout  # no pair was left
    assert "mean loss of the last epoch" in run("train", text, "-o", "v.bin", *SMALL, "--sample", 0).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["similar", "missing.bin", "word", "--json"], "missing.bin: no such file or directory"),
        (["evaluate", "missing.bin", "--json", "--confidence", "200"], "--confidence must be between 1 and 100"),
        (["train", "missing.txt", "-o", "v.bin", "--json", "--no-such-option"], "No such option"),
    ],
)
def test_with_json_a_failure_is_json_too(arguments: list[str], said: str) -> None:
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code in (1, 2)
    error = json.loads(outcome.stdout)["error"]
    assert said in error and f"w2vplus: error: {error}" in outcome.stderr
    assert CliRunner().invoke(app, [argument for argument in arguments if argument != "--json"]).stdout == ""
    assert CliRunner().invoke(app, ["similar", "missing.bin", "--", "--json"]).stdout == ""


@pytest.mark.parametrize("seeds", [1, 2])
def test_words_that_the_format_cannot_hold_are_refused_before_training(text, tmp_path, monkeypatch, seeds):
    long = tmp_path / "long.txt"
    long.write_text(TEXT + f"{'x' * 70_000} once\n")
    options = ["--min-count", 1, "--vector-size", 4, "--seeds", seeds]
    with monkeypatch.context() as patch:
        patch.setattr("w2vplus.trainer.Trainer.train_epoch", None)
        outcome = run("train", long, "-o", tmp_path / "v.bin", *options)
    message = "a key is 70000 bytes long, over 65536; leave it out, or choose a format that holds any"
    assert message in refusal(outcome, 1)
    assert run("train", long, "-o", tmp_path / "v.npy", *options).exit_code == 0
