"""The C toolkit's command lines: its demo scripts' flags, the files it writes, what it prints."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from typer.testing import CliRunner

import w2vplus
from w2vplus import evaluate_analogies, load_vectors, save_vectors, word_classes
from w2vplus.cli import app
from w2vplus.cli.c_tools import training


def run(*arguments: object, input: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus", input=input)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines of made-up words, "old_town" among them as two words that always meet."""
    chance = random.Random(1)
    words = ["house", "river", "stone", "bread", "green", "walks", "sleeps", "under", "every", "lamp"]
    lines = [" ".join([*chance.choices(words, k=7), "old", "town", *chance.choices(words, k=3)]) for _ in range(300)]
    path = tmp_path_factory.mktemp("text") / "text8"
    path.write_text("\n".join([*lines, "rare"]) + "\n")
    return path


# ---- word2vec


@pytest.mark.parametrize(
    "flags",
    [
        # demo-word.sh, demo-analogy.sh, demo-phrases.sh and demo-train-big-model-v1.sh, with smaller sizes
        "-cbow 1 -size 20 -window 8 -negative 25 -hs 0 -sample 1e-4 -threads 20 -binary 1 -iter 3",
        "-cbow 1 -size 20 -window 5 -negative 5 -hs 0 -sample 1e-3 -threads 12 -binary 1",
        "-cbow 0 -size 20 -window 10 -negative 10 -hs 0 -sample 1e-5 -threads 40 -binary 1 -iter 3 -min-count 10",
        "-cbow 1 -size 20 -window 7 -negative 0 -hs 1 -sample 1e-3 -threads 2 -binary 1",
    ],
)
def test_the_demo_scripts_command_lines_train(text: Path, flags: str, tmp_path: Path) -> None:
    done = run("word2vec", "-train", text, "-output", tmp_path / "vectors.bin", *flags.split())
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Starting training using file {text}", "Vocab size: 13", "Words in train file: 3901",
    ]  # fmt: skip
    vectors = load_vectors(tmp_path / "vectors.bin", format="bin")
    assert vectors.vectors.shape == (12, 20) and "rare" not in vectors


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_an_interrupted_training_saves_what_it_has(text: Path, tmp_path: Path) -> None:
    long = tmp_path / "long"
    long.write_text(text.read_text() * 100)
    command = [sys.executable, "-m", "w2vplus", "word2vec", "-train", str(long), "-output", str(tmp_path / "vec.txt")]
    path = os.pathsep.join(filter(None, [str(Path(w2vplus.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [*command, "-iter", "10000", "-debug", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        while "Words in train file" not in process.stdout.readline():
            pass
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130 and said.count("vec.partial.txt") == 2, said
    assert not (tmp_path / "vec.txt").exists()
    assert len(load_vectors(tmp_path / "vec.partial.txt")) == 13  # "rare" has become frequent


@pytest.mark.parametrize("moment", ["while words are put into classes", "while vectors are written"])
def test_an_interrupt_after_training_keeps_the_vectors(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    save_vectors, calls = w2vplus.vectors.save_vectors, []

    def interrupted_once(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return save_vectors(*args, **options)

    makes_classes = "classes" in moment
    place = "w2vplus.clustering.word_classes" if makes_classes else "w2vplus.vectors.save_vectors"
    monkeypatch.setattr(place, interrupted_once)
    options = ["-classes", "3"] if makes_classes else []
    outcome = run("word2vec", "-train", text, "-output", tmp_path / "out.txt", "-size", "5", "-iter", "1", *options)
    assert outcome.exit_code == 130
    assert f"what was trained so far is in {tmp_path / 'out.partial.txt'}" in outcome.stderr
    assert load_vectors(tmp_path / "out.partial.txt").vectors.shape[1] == 5 and not (tmp_path / "out.txt").exists()


def test_defaults_are_those_of_the_c_program() -> None:
    cbow = training._settings(training._parser().read(["-train", "x"]))
    skip_gram = training._settings(training._parser().read(["-train", "x", "-cbow", "0"]))
    assert (cbow.vector_size, cbow.window, cbow.negative, cbow.epochs, cbow.min_count) == (100, 5, 5, 5, 5)
    assert (cbow.sample, cbow.hs, cbow.sg, skip_gram.sg) == (1e-3, False, False, True)
    assert (cbow.alpha, cbow.min_alpha) == (0.05, 0.05 * 1e-4)
    assert (skip_gram.alpha, skip_gram.min_alpha) == (0.025, 0.025 * 1e-4)


def test_text_vectors_are_the_default_whatever_the_name(text: Path, tmp_path: Path) -> None:
    run("word2vec", "-train", text, "-output", tmp_path / "vectors", "-size", 4, "-iter", 1, "-debug", 0)
    assert (tmp_path / "vectors").read_text().startswith("12 4\n")
    assert len(load_vectors(tmp_path / "vectors", format="txt")) == 12


def test_classes_are_those_of_the_vectors(text: Path, tmp_path: Path) -> None:
    command = ["word2vec", "-train", text, "-size", 10, "-iter", 2, "-threads", 1, "-debug", 0]
    assert run(*command, "-output", tmp_path / "classes.txt", "-classes", 3).stdout == ""
    run(*command, "-output", tmp_path / "vectors.txt")
    vectors = load_vectors(tmp_path / "vectors.txt")
    expected = [f"{key} {number}" for key, number in zip(vectors.index_to_key, word_classes(vectors, 3), strict=True)]
    assert (tmp_path / "classes.txt").read_text().splitlines() == expected


def test_a_vocabulary_is_saved_and_read(text: Path, tmp_path: Path) -> None:
    assert run("word2vec", "-train", text, "-save-vocab", tmp_path / "vocab").exit_code == 0
    lines = (tmp_path / "vocab").read_text().splitlines()
    assert lines[0] == "</s> 301" and "old 300" in lines and len(lines) == 13
    (tmp_path / "chosen").write_text("</s> 301\ntown 301\nold 300\nrare 2\n")
    command = ["word2vec", "-train", text, "-read-vocab", tmp_path / "chosen", "-size", 4, "-iter", 1]
    assert run(*command, "-output", tmp_path / "v.txt").exit_code == 0
    assert load_vectors(tmp_path / "v.txt").index_to_key == ["town", "old"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("</s> 1\nold\n", "line 2: must be a word"),
        ("old 3\nold 4\n", "line 2"),
        ("old -3\n", "line 1"),
        ("</s> 3\n", "no word"),
    ],
)
def test_bad_vocabularies_are_refused(text: Path, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "vocab").write_text(content)
    done = run("word2vec", "-train", text, "-read-vocab", tmp_path / "vocab", "-output", tmp_path / "v")
    assert done.exit_code == 1 and message in done.stderr and not (tmp_path / "v").exists()


def test_no_word_that_is_frequent_enough_names_the_flag(text: Path, tmp_path: Path) -> None:
    done = run("word2vec", "-train", text, "-output", tmp_path / "v", "-min-count", 9999)
    assert done.exit_code == 1 and "as often as -min-count 9999" in done.stderr and "--min" not in done.stderr


def test_words_of_one_count_stay_in_the_order_of_their_vocabulary(text: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab").write_text("town 9\nold 9\nlamp 9\n")
    command = ["word2vec", "-train", text, "-read-vocab", tmp_path / "vocab", "-size", 4, "-iter", 1]
    assert run(*command, "-output", tmp_path / "v.txt").exit_code == 0
    assert load_vectors(tmp_path / "v.txt").index_to_key == ["town", "old", "lamp"]


def test_bytes_that_are_not_utf8_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"caf\xe9 and bar\n" * 20)
    assert run("word2vec", "-train", tmp_path / "text", "-output", tmp_path / "v.txt", "-size", 4).exit_code == 0
    assert set(load_vectors(tmp_path / "v.txt").index_to_key) == {"caf\ufffd", "and", "bar"}


@pytest.mark.parametrize("program", ["word2vec", "word2phrase", "distance", "word-analogy", "compute-accuracy"])
@pytest.mark.parametrize("ask", [[], ["-h"], ["--help"]])
def test_without_flags_a_program_explains_itself(program: str, ask: list[str]) -> None:
    done = run(program, *ask)
    assert done.exit_code == 0 and f"usage: w2vplus {program}" in done.stdout and f"w2vplus {program} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["word2vec", "-trian", "x"], 2, "required: -train"),
        (["word2vec", "-train", "x", "-sizes", "3", "-output", "v"], 2, "unrecognized arguments: -sizes 3"),
        (["word2vec", "-train", "x"], 2, "-output is missing"),
        (["word2vec", "-train", "x", "-output", "v", "-size", "0"], 2, "-size: must be a whole number from 1 on"),
        (["word2vec", "-train", "x", "-output", "v", "-negative", "0"], 2, ": -negative must be at least 1 without"),
        (["word2vec", "-train", "x", "-output", "v", "-sample", "-1"], 2, ": -sample must be at least 0, got"),
        (["word2vec", "-train", "x", "-output", "v", "-alpha", "nan"], 2, "error: -alpha must be above 0, got nan"),
        (["word2vec", "-train", "x", "-output", "v", "-iter", "9999999999"], 2, "error: -iter must be at most"),
        (["word2vec", "-train", "x", "-output", "v", "-save-vocab", "v"], 2, "must be two places"),
        (["word2vec", "-train", "missing", "-output", "v"], 1, "cannot read the corpus file"),
        (["word2vec", "-train", "x", "-output", "missing/v"], 1, "does not exist; create it first"),
        (["word2phrase", "-train", "x", "-output", "v", "-threshold", "no"], 2, ": -threshold must be a number"),
        (["word2phrase", "-train", "x", "-output", "v", "-threshold", "-1"], 2, ": -threshold must be above 0, got -1"),
        (["word2phrase", "-train", "x"], 2, "required: -output"),
        (["distance", "missing.bin"], 1, "input file not found"),
        (["compute-accuracy", "v.bin", "many"], 2, "THRESHOLD must be a whole number"),
    ],
)
def test_command_lines_that_cannot_be_meant_are_refused(
    arguments: list[str], exit_code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == exit_code and message in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_text_is_not_overwritten_by_its_own_vectors(text: Path) -> None:
    done = run("word2vec", "-train", text, "-output", text)
    assert done.exit_code == 2 and "is the corpus itself" in done.stderr


# ---- word2phrase


def test_phrases_are_joined_with_the_c_programs_score(text: Path, tmp_path: Path) -> None:
    tokens = text.read_text().split()
    # (c(ab) - min_count) / (c(a) c(b)) · N
    score = (300 - 5) / (300 * 300) * len(tokens)
    for threshold, joined in ((score * 0.99, 300), (score * 1.01, 0)):
        command = ["word2phrase", "-train", text, "-output", tmp_path / "phrases", "-threshold", threshold]
        done = run(*command, "-debug", 2)
        assert done.exit_code == 0 and f"Words in train file: {len(tokens)}" in done.stdout
        written = (tmp_path / "phrases").read_text()
        assert written.split().count("old_town") == joined and written.count("\n") == 301


# ---- distance, word-analogy, compute-accuracy


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = KeyedVectors(6)
    made.add_vectors([f"w{row}" for row in range(60)], np.random.default_rng(1).standard_normal((60, 6)).astype("f4"))
    path = tmp_path_factory.mktemp("vectors") / "vectors.out"
    save_vectors(made, path, format="bin")  # the C programs do not look at the suffix
    return path


def answers(printed: str) -> list[tuple[str, float]]:
    rows = [line.split("\t\t") for line in printed.splitlines() if "\t\t" in line]
    return [(word.strip(), float(score)) for word, score in rows]


def test_distance_answers_words_and_sentences(vectors: Path) -> None:
    done = run("distance", vectors, input="w3\nw3 w4\n\nnope\nEXIT\nw5\n")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("Enter word or sentence (EXIT to break): ") == 5
    assert "Word: w3  Position in vocabulary: 3" in done.stdout
    assert "Word: nope  Position in vocabulary: -1\nOut of dictionary word!" in done.stdout
    assert "Word: w5" not in done.stdout  # it came after EXIT
    loaded = load_vectors(vectors, format="bin")
    expected = loaded.most_similar("w3", topn=40) + loaded.most_similar(["w3", "w4"], topn=40)
    found = answers(done.stdout)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_word_analogy_answers_three_words(vectors: Path) -> None:
    done = run("word-analogy", vectors, input="w1 w2 w3\nw1 w2\nw1 w2 w3 w4\n")
    assert done.exit_code == 0 and "Only 2 words were entered.. 3 words are needed" in done.stdout
    expected = load_vectors(vectors, format="bin").most_similar(["w2", "w3"], ["w1"], topn=50)
    found = [word for word, _ in answers(done.stdout)]
    assert found[:40] == [word for word, _ in expected][:40]
    assert found[40:] == [word for word, _ in expected if word != "w4"][:40]


def test_compute_accuracy_prints_as_the_c_program(tmp_path: Path) -> None:
    grid = [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1.02], [0.5, 0, 3]]
    made = KeyedVectors(3)
    made.add_vectors(["man", "king", "woman", "queen", "other"], np.array(grid, np.float32))
    save_vectors(made, tmp_path / "v.bin")
    questions = ": facts\nman king woman queen\nman king woman other\n: empty\nno man is here\n"
    done = run("compute-accuracy", tmp_path / "v.bin", 5, input=questions)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "facts:",
        "ACCURACY TOP1: 50.00 %  (1 / 2)",
        "Total accuracy: 50.00 %   Semantic accuracy: 50.00 %   Syntactic accuracy: nan % ",
        "empty:",
        "ACCURACY TOP1: 0.00 %  (0 / 0)",
        "Total accuracy: 50.00 %   Semantic accuracy: 50.00 %   Syntactic accuracy: nan % ",
        "Questions seen / total: 2 3   66.67 % ",
    ]
    (tmp_path / "q").write_text(questions)
    assert evaluate_analogies(made, tmp_path / "q").total.correct == 1
    known = run("compute-accuracy", tmp_path / "v.bin", 3, input=questions)
    assert known.exit_code == 1 and "standard input: no question is in the vocabulary" in known.stderr
