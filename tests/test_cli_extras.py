"""`w2vplus train` with vectors to start from and with sums of input and output vectors to end with."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from gensim.models import KeyedVectors
from test_cli import QUICK, refusal, run

from w2vplus import Word2Vec, save_vectors
from w2vplus._bundled import LEE_NEWS, bundled


@pytest.fixture(scope="module")
def lee():
    return bundled(LEE_NEWS)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    vectors = KeyedVectors(16)
    vectors.add_vectors(["government", "the"], np.arange(32, dtype=np.float32).reshape(2, 16))
    path = tmp_path_factory.mktemp("teacher") / "teacher.txt"
    save_vectors(vectors, path)
    return path


def read(path):
    return KeyedVectors.load_word2vec_format(str(path), binary=True)


def test_words_start_from_a_file_and_stay_there_if_locked(lee, teacher, tmp_path):
    outcome = run("train", lee, "-o", tmp_path / "v.bin", *QUICK, "--init-from", teacher, "--lock-factor", 0)
    assert outcome.exit_code == 0, outcome.stderr
    vectors = read(tmp_path / "v.bin")
    np.testing.assert_array_equal(vectors["the"], np.arange(16, 32))
    assert np.abs(vectors["police"]).max() < 2
    run("train", lee, "-o", tmp_path / "free.bin", *QUICK, "--init-from", teacher)
    assert np.abs(read(tmp_path / "free.bin")["the"] - np.arange(16, 32)).max() > 0


def test_the_sum_is_saved_and_the_model_kept_as_it_is(lee, tmp_path):
    options = [*QUICK, "--save-model", tmp_path / "model", "--ending", "sum"]
    assert run("train", lee, "-o", tmp_path / "v.bin", *options).exit_code == 0
    model = Word2Vec.load_folder(tmp_path / "model")
    np.testing.assert_array_equal(read(tmp_path / "v.bin").vectors, model.wv.vectors + model.syn1neg)


def test_a_centred_sum_is_saved(lee, tmp_path):
    options = [*QUICK, "--save-model", tmp_path / "model", "--ending", "centred-sum"]
    assert run("train", lee, "-o", tmp_path / "v.bin", *options).exit_code == 0
    expected = Word2Vec.load_folder(tmp_path / "model").ending_vectors("centred-sum")
    np.testing.assert_array_equal(read(tmp_path / "v.bin").vectors, expected.vectors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lock-factor", "0"], "--lock-factor needs --init-from FILE"),
        (["--init-from", "TEACHER", "--lock-factor", "-1"], "--lock-factor must be a number of at least 0, got -1.0"),
        (["--init-from", "TEACHER"], "--vector-size must be 16, the length of the vectors in"),
        (["--hs", "--negative", "0", "--ending", "sum"], "--ending sum adds the output vectors"),
        (["--hs", "--negative", "0", "--ending", "centred-sum"], "--ending centred-sum adds the output vectors"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_text_is_read(teacher, tmp_path, options, message):
    given = [str(teacher) if option == "TEACHER" else option for option in options]
    outcome = run("train", tmp_path / "absent.txt", "-o", tmp_path / "v.bin", *given)
    assert refusal(outcome, 2).startswith(message)


def test_the_vectors_to_start_from_are_not_overwritten(lee, teacher, tmp_path):
    assert "it would be lost" in refusal(run("train", lee, "-o", teacher, *QUICK, "--init-from", teacher), 2)
    logged = run("train", lee, "-o", tmp_path / "v.bin", *QUICK, "--init-from", teacher, "--log", teacher)
    assert refusal(logged, 2)
    seed_1 = shutil.copy(teacher, tmp_path / "v.seed1.bin")
    seeded = run("train", lee, "-o", tmp_path / "v.bin", *QUICK, "--seeds", 2, "--init-from", seed_1)
    assert "it would be lost" in refusal(seeded, 2)
