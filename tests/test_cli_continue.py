"""`w2vplus train --continue`: a saved model learns from more text, as the same calls in Python do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.test.utils import common_texts, datapath
from typer.testing import CliRunner

from w2vplus import LineSentence, Word2Vec, encode, load_vectors
from w2vplus.cli import app

LEE = Path(datapath("lee_background.cor"))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def texts(tmp_path: Path) -> tuple[Path, Path]:
    lines = LEE.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "first.txt").write_text("".join(lines[:150]))
    (tmp_path / "second.txt").write_text("".join(lines[150:]))
    return tmp_path / "first.txt", tmp_path / "second.txt"


@pytest.fixture
def saved(texts: tuple[Path, Path], tmp_path: Path) -> Path:
    outcome = run(
        "train", texts[0], "-o", tmp_path / "first.bin", "--save-model", tmp_path / "model", "--workers", 1,
        "--vector-size", 12, "--sg", "--epochs", 2, "--phrases", 1,
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    return tmp_path / "model"


def test_it_does_what_build_vocab_update_and_train_do(saved: Path, texts: tuple[Path, Path], tmp_path: Path) -> None:
    outcome = run(
        "train", texts[1], "-o", tmp_path / "v.bin", "--continue", saved, "--save-model", tmp_path / "grown",
        "--workers", 1, "--window", 3, "--alpha", 0.02,
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    assert "new words   " in outcome.stdout
    summary = json.loads(
        run("train", texts[1], "-o", tmp_path / "v.bin", "--continue", saved, "--workers", 1, "--window", 3,
            "--alpha", 0.02, "--json").stdout
    )  # fmt: skip
    model = Word2Vec.load_folder(saved)
    before = len(model.wv)
    model.workers, model.window, model.alpha = 1, 3, 0.02
    model.build_vocab(corpus_file=str(texts[1]), update=True)
    model.sort_vocabulary()
    model.train(corpus_file=str(texts[1]), total_examples=model.corpus_count, epochs=model.epochs)
    joined = model.joined_with_phrases(encode(LineSentence(texts[1])))
    known = [word in model.wv for word in joined.types]
    assert summary["dropped_types"] == known.count(False) and summary["new_words"] == len(model.wv) - before
    assert summary["dropped_tokens"] == int(joined.counts[~np.array(known)].sum())
    vectors = load_vectors(tmp_path / "v.bin")
    assert set(vectors.index_to_key) == set(model.wv.index_to_key) and len(vectors) > before
    for word in vectors.index_to_key:
        np.testing.assert_array_equal(vectors[word], model.wv[word])
    grown = Word2Vec.load_folder(tmp_path / "grown")
    assert (grown.window, grown.sg, grown.epochs, grown.train_count) == (3, 1, 2, 2)
    assert (np.diff(grown.wv.expandos["count"]) <= 0).all()  # whatever takes the first words for the most frequent
    assert [note["source"] for note in grown.corpora] == ["first.txt", "second.txt"]
    assert grown.phrases.phrasegrams == model.phrases.phrasegrams != {}


def test_it_may_save_to_where_it_came_from_and_goes_on_after_a_crash(
    saved: Path, texts: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ["train", texts[1], "-o", tmp_path / "v.bin", "--continue", saved, "--save-model", saved, "--workers", 1]
    command += ["--checkpoint", tmp_path / "run", "--checkpoint-minutes", 1e-9]
    assert run(*command).exit_code == 0
    vectors = (tmp_path / "v.bin").read_bytes()
    outcome = run(*command, "--resume")  # the checkpoint of the end, whatever the folder holds by now
    assert outcome.exit_code == 0, outcome.stderr
    assert (tmp_path / "v.bin").read_bytes() == vectors
    assert Word2Vec.load_folder(saved).train_count == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vector-size", 50], "--vector-size is 50 and the model of"),
        (["--hs"], "--hs is True and the model of"),
        (["--phrases", 1], "--phrases is not for --continue"),
        (["--vocab", "counts.tsv"], "--vocab is not for --continue"),
        (["--init-from", "teacher.bin"], "--init-from is not for --continue"),
        (["--alpha", 0.00001], "--min-alpha must be at most --alpha"),
    ],
)
def test_what_contradicts_the_model_is_refused_before_the_text_is_read(
    saved: Path, tmp_path: Path, options: list[object], message: str
) -> None:
    outcome = run("train", tmp_path / "missing.txt", "-o", tmp_path / "v.bin", "--continue", saved, *options)
    assert outcome.exit_code == 2 and message in outcome.stderr


def test_what_is_no_model_folder_is_refused_with_the_way_out(texts: tuple[Path, Path], tmp_path: Path) -> None:
    Word2Vec(common_texts, min_count=1).save(str(tmp_path / "pickled"))
    Word2Vec(min_count=1).save_folder(tmp_path / "empty")
    for name, message in (("pickled", "save_folder(...) makes one"), ("gone", "got "), ("empty", "has no words yet")):
        outcome = run("train", texts[1], "-o", tmp_path / "v.bin", "--continue", tmp_path / name)
        assert outcome.exit_code == 2 and message in outcome.stderr


def test_a_text_without_a_word_of_the_model_is_refused(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign.txt").write_text("xyzzy plugh\n")
    outcome = run("train", tmp_path / "foreign.txt", "-o", tmp_path / "v.bin", "--continue", saved)
    assert outcome.exit_code == 1 and "no word of the text, such as 'xyzzy', is among the " in outcome.stderr
    assert "lower --min-count for its words to join" in outcome.stderr and not (tmp_path / "v.bin").exists()


def test_whole_sequence_is_python_s(texts: tuple[Path, Path], tmp_path: Path) -> None:
    baskets = tmp_path / "baskets.txt"
    baskets.write_text("".join(" ".join(f"i{n + k * k}" for k in range(4)) + "\n" for n in range(60)))
    outcome = run(
        "train", baskets, "-o", tmp_path / "v.bin", "--whole-sequence", "--workers", 1, "--min-count", 1,
        "--vector-size", 8,
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    model = Word2Vec(corpus_file=str(baskets), whole_sequence=True, workers=1, min_count=1, vector_size=8)
    np.testing.assert_array_equal(load_vectors(tmp_path / "v.bin").vectors, model.wv.vectors)
    refused = run("train", baskets, "-o", tmp_path / "v.bin", "--whole-sequence", "--window", 9)
    assert refused.exit_code == 2 and "no effect with --whole-sequence" in refused.stderr


@pytest.mark.parametrize("seeds", [[], ["--seeds", 2]], ids=["one", "seeds"])
def test_text_is_read_and_vectors_end_as_the_models_did(texts: tuple[Path, Path], tmp_path: Path, seeds: list) -> None:
    settings = ["--workers", 1, "--vector-size", 8, "--epochs", 1]
    made = ["--normalize", "simple", "--split-sentences", "--max-sentence-length", 50, "--ending", "sum"]
    first = run("train", texts[0], "-o", tmp_path / "a.bin", "--save-model", tmp_path / "m", *settings, *made, *seeds)
    assert first.exit_code == 0, first.stderr
    model = tmp_path / ("m.seed1" if seeds else "m")
    command = ["train", texts[1], "-o", tmp_path / "v.bin", "--workers", 1, "--continue", model]
    outcome = run(*command)
    assert outcome.exit_code == 0, outcome.stderr
    for option in ("--normalize simple", "--split-sentences", "--max-sentence-length 50"):
        assert f"the text is read with {option}, as the model's was" in outcome.stderr
    taken = (tmp_path / "v.bin").read_bytes()
    assert run(*command, *made).exit_code == 0
    assert (tmp_path / "v.bin").read_bytes() == taken
    raw = run(*command, "--normalize", "none", "--no-split-sentences", "--ending", "input")
    assert "--normalize" not in raw.stderr and "--split-sentences" not in raw.stderr
    vectors = load_vectors(tmp_path / "v.bin")
    assert "The" in vectors
    assert "The" not in load_vectors(tmp_path / "a.bin" if not seeds else tmp_path / "a.seed1.bin")


def test_resuming_another_continued_model_is_refused(saved: Path, texts: tuple[Path, Path], tmp_path: Path) -> None:
    command = ["train", texts[1], "-o", tmp_path / "v.bin", "--workers", 1, "--checkpoint", tmp_path / "run"]
    command += ["--checkpoint-minutes", 1e-9]
    assert run(*command, "--continue", saved).exit_code == 0
    outcome = run(*command, "--continue", saved.rename(tmp_path / "other"), "--resume")
    assert outcome.exit_code == 1
    assert f"--continue is {tmp_path / 'other'} now and was {saved}" in outcome.stderr
