"""What researchers ask of a trainer beside gensim's arguments: sentence weights, pretrained vectors with locks, sums
of input and output vectors."""

from __future__ import annotations

import copy
import itertools

import gensim
import numpy as np
import pytest
from gensim.test.utils import common_texts
from kernel_twin import Twin

from w2vplus import Word2Vec, _sgd, encode, save_vectors
from w2vplus.postprocessing import add_output_vectors
from w2vplus.word2vec import tables

SMALL = {"min_count": 1, "vector_size": 8, "workers": 1}
MODES = {
    "sg-ns": {"sg": 1},
    "cbow-ns": {"sg": 0},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
    "sg-both": {"sg": 1, "hs": 1},
}


# ---- Sentence weights


@pytest.fixture(scope="module")
def corpus():
    words = [f"w{word}" for word in np.random.default_rng(3).zipf(1.5, 600).clip(1, 40)]
    return [words[first : first + 20] for first in range(0, 600, 20)]


@pytest.mark.parametrize("mode", MODES)
def test_weighted_training_is_that_of_the_slow_twin(corpus, mode):
    weights = np.linspace(0, 2, len(corpus), dtype=np.float32)
    encoded = encode(corpus).weighted(weights)
    # one rate for all, and large vectors, so that steps are not small beside rounding
    model = Word2Vec(**SMALL, **MODES[mode], alpha=0.02, min_alpha=0.02, epochs=1, sample=0.05, seed=5)
    model.build_vocab(encoded)
    random = np.random.default_rng(0)
    model.wv.vectors = random.normal(0, 0.4, model.wv.vectors.shape).astype(np.float32)
    lookups = tables.training_tables(model)
    zeros = np.zeros(model.wv.vectors.shape)
    law = model._law()
    twin = Twin(
        model.wv.vectors.astype(float), zeros.copy(), zeros.copy(), lookups.keep_thresholds, lookups.noise,
        lookups.tree, window_size=5, negative=law.negative, skip_gram=law.skip_gram,
        hierarchical_softmax=law.hierarchical_softmax, shared_negatives=law.shared_negatives,
    )  # fmt: skip
    sentences = [[model.wv.key_to_index[word] for word in sentence] for sentence in corpus]
    twin.train(sentences, _sgd.stream_key(5, 0, 0), 0.02, weights.tolist())
    before = model.wv.vectors.copy()
    model.train(encoded, total_examples=model.corpus_count, epochs=1)
    assert np.abs(model.wv.vectors - before).max() > 0.005
    np.testing.assert_allclose(model.wv.vectors, twin.input_vectors, atol=1e-5)


def test_weights_of_nothing_leave_the_vectors_as_they_were(corpus):
    encoded = encode(corpus)
    still = Word2Vec(encoded.weighted(np.zeros(30)), **SMALL)
    untrained = Word2Vec(**SMALL)
    untrained.build_vocab(encoded)
    np.testing.assert_array_equal(still.wv.vectors, untrained.wv.vectors)


def test_weights_do_not_depend_on_the_number_of_workers_or_on_phrases(corpus):
    encoded = encode(corpus).weighted(np.arange(30))
    assert encoded.store.ids is encode(encoded).store.ids
    for settings in ({"workers": 4}, {"phrases": 1}):
        model = Word2Vec(encoded, **{**SMALL, **settings}, sg=1)
        assert model.train(encoded, total_examples=30, epochs=1)[1] <= 600
        assert np.isfinite(model.wv.vectors).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(29), r"each of the 30 sentences, got the shape \(29,\)"),
        (np.ones((30, 1)), "each of the 30 sentences"),
        ([1.0] * 29 + [-1.0], "at least 0, got -1.0 for sentence 29"),
        ([np.nan] * 30, "finite numbers of at least 0, got nan for sentence 0"),
    ],
)
def test_weights_that_fit_no_sentence_are_refused(corpus, weights, message):
    with pytest.raises(ValueError, match=message):
        encode(corpus).weighted(weights)


def test_weights_that_are_no_numbers_are_named(corpus):
    with pytest.raises(TypeError, match=r"sentence_weights must be numbers, got list: could not convert .* 'a'"):
        encode(corpus).weighted(["a"] * 30)
    with pytest.raises(TypeError, match="sentence_weights must be numbers, got list: complex numbers"):
        encode(corpus).weighted([1j] * 30)


# ---- Pretrained vectors


@pytest.fixture(scope="module")
def teacher():
    return Word2Vec(common_texts, **SMALL, epochs=20)


def test_init_from_keeps_locked_words_and_lets_others_learn(teacher):
    factors = {"human": 0.0, "system": 0.5}
    model = Word2Vec([*common_texts, ["new", "system"]], **SMALL, init_from=teacher.wv, lock_factors=factors)
    np.testing.assert_array_equal(model.wv["human"], teacher.wv["human"])
    assert np.abs(model.wv["user"] - teacher.wv["user"]).max() > 0
    assert [model.wv.vectors_lockf[model.wv.key_to_index[word]] for word in ("human", "system", "user", "new")] == [
        0, 0.5, 1, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".bin", ".txt.gz", ".kv"])
def test_init_from_reads_a_file_and_waits_for_the_vocabulary(teacher, tmp_path, suffix):
    save_vectors(teacher.wv, tmp_path / f"teacher{suffix}")
    model = Word2Vec(**SMALL, init_from=tmp_path / f"teacher{suffix}", lock_factors=0)
    model.build_vocab([*common_texts, ["new", "system"]])
    model.train(common_texts, total_examples=9, epochs=2)
    for word in teacher.wv.index_to_key:
        np.testing.assert_allclose(model.wv[word], teacher.wv[word], atol=1e-6)
    assert model.init_from(teacher.wv) == 12
    assert model.wv.vectors_lockf.shape == (13,) and np.all(model.wv.vectors_lockf == 1)


def test_what_is_said_of_vectors_that_do_not_fit(teacher, tmp_path, caplog):
    with pytest.raises(RuntimeError, match="build the vocabulary first"):
        Word2Vec(**SMALL).init_from(teacher.wv)
    with pytest.raises(ValueError, match="make the model with vector_size=8"):
        Word2Vec(common_texts, min_count=1, vector_size=9, init_from=teacher.wv)
    with pytest.raises(TypeError, match=r"KeyedVectors or the name of a file, got a Word2Vec: pass its \.wv"):
        Word2Vec(**SMALL, init_from=teacher)
    with pytest.raises(FileNotFoundError):
        Word2Vec(**SMALL, init_from=str(tmp_path / "none.bin"))
    for factors, of in ((float("nan"), ""), (-1, ""), ({"human": -1.0}, " for 'human'")):
        with pytest.raises(ValueError, match=f"lock_factors must be finite numbers of at least 0, got [^ ]*{of}$"):
            Word2Vec(**SMALL, init_from=teacher.wv, lock_factors=factors)
    for factors, of in (("x", ""), (None, ""), ({"human": "x"}, " for 'human'")):
        with pytest.raises(TypeError, match=f"lock_factors must be a number, or a mapping .*, got [^ ]*{of}$"):
            Word2Vec(**SMALL, init_from=teacher.wv, lock_factors=factors)
    for factors in (0.0, np.ones(3)):
        with pytest.raises(ValueError, match="init_from, which is not given"):
            Word2Vec(common_texts, **SMALL, lock_factors=factors)
    spoilt = copy.deepcopy(teacher.wv)
    spoilt.vectors[spoilt.key_to_index["user"], 3] = np.nan
    with pytest.raises(ValueError, match="no finite number in the vector of 'user'"):
        Word2Vec(common_texts, **SMALL, init_from=spoilt)
    Word2Vec([["other", "words"]], **SMALL, init_from=teacher.wv)
    assert "init_from knows none of the 2 words of the model" in caplog.text
    Word2Vec(common_texts, **SMALL, init_from=teacher.wv, lock_factors={"human": 0.0, "hunam": 0.0})
    assert "lock_factors of 1 words have no effect" in caplog.text and "init_from: 'hunam'" in caplog.text


# ---- What training ends with


def test_the_sum_of_input_and_output_vectors_leaves_the_model_as_it_was(teacher):
    summed = teacher.ending_vectors("sum")
    assert type(summed) is gensim.models.KeyedVectors and summed is not teacher.wv
    np.testing.assert_array_equal(summed.vectors, teacher.wv.vectors + teacher.syn1neg)
    assert summed.index_to_key == teacher.wv.index_to_key
    for first, second in itertools.pairwise(summed.index_to_key):
        word, context = summed.vectors[[teacher.wv.key_to_index[key] for key in (first, second)]]
        cosine = word @ context / np.linalg.norm(word) / np.linalg.norm(context)
        assert summed.similarity(first, second) == pytest.approx(cosine, abs=1e-5)
    assert summed.get_vecattr("system", "count") == 4
    assert teacher.ending_vectors("input") is teacher.wv


def test_a_centred_sum_is_that_of_post_processing(teacher):
    summed = teacher.ending_vectors("centred-sum")
    np.testing.assert_array_equal(summed.vectors, add_output_vectors(teacher, centred=True).vectors)
    assert np.linalg.norm(summed.vectors, axis=1).max() <= 2 + 1e-5


def test_words_have_no_output_vectors_in_a_tree():
    model = Word2Vec(common_texts, **SMALL, hs=1, negative=0)
    for kind in ("sum", "centred-sum"):
        with pytest.raises(ValueError, match=f"the ending '{kind}' adds .* train with negative above 0"):
            model.ending_vectors(kind)
    with pytest.raises(ValueError, match="one of input, sum, centred-sum, got 'mean'"):
        model.ending_vectors("mean")
