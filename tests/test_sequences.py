"""Integer keys and sequences that are no text: walks, baskets, identifiers."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import Word2Vec, load_vectors, save_vectors
from w2vplus.errors import CorpusError

SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0}


def test_an_array_of_walks_trains_as_the_same_lists_do_and_keys_are_plain_integers():
    walks = np.random.default_rng(0).integers(0, 30, (200, 12))
    for array in (walks, walks.astype(np.int32), np.asfortranarray(walks), walks.astype(np.uint8)):
        model = Word2Vec(array, **SMALL)
        assert {type(key) for key in model.wv.index_to_key} == {int}
        np.testing.assert_array_equal(model.wv.vectors, Word2Vec(walks.tolist(), **SMALL).wv.vectors)
    assert model.wv.most_similar(np.int64(7), topn=1)[0][0] in range(30)
    assert [word for word, _ in model.predict_output_word([3, 4], topn=30)].count(3) == 1


def test_sentences_may_be_arrays_of_several_lengths():
    ragged = [np.array([1, 2, 3]), np.array([2, 3]), np.array([], dtype=np.int64), np.array([3])]
    model = Word2Vec(ragged, **SMALL)
    assert set(model.wv.index_to_key) == {1, 2, 3} and model.corpus_count == 4


def test_any_hashable_may_be_a_key_and_comes_back_as_it_went_in():
    tokens = [("user", 1), frozenset({2}), 3, "three", b"four", None, 2.5]
    model = Word2Vec([tokens] * 5, **SMALL)
    assert set(model.wv.index_to_key) == set(tokens)
    assert model.wv.get_vector(("user", 1)).shape == (8,)  # wv[...] takes a tuple for several keys, in gensim
    model.build_vocab([[("user", 2), 3]] * 5, update=True)
    assert ("user", 2) in model.wv


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_arrays_that_are_no_list_of_sentences_are_refused(shape):
    with pytest.raises(CorpusError, match="an array of tokens must be 2-D"):
        Word2Vec(np.zeros(shape, dtype=np.int64), min_count=1)


@given(st.sets(st.integers(-5, 20) | st.text("ab", min_size=1, max_size=3), min_size=1, max_size=8))
@settings(max_examples=25)
def test_vectors_of_integer_keys_are_written_one_row_each_in_every_format(tmp_path_factory, keys):
    keys = sorted(keys, key=str)
    if len({str(key) for key in keys}) < len(keys):
        return
    folder = tmp_path_factory.mktemp("keys")
    vectors = KeyedVectors(3)
    vectors.add_vectors(keys, np.random.default_rng(0).random((len(keys), 3), dtype=np.float32))
    for suffix in (".txt", ".bin"):
        save_vectors(vectors, folder / f"v{suffix}")
        again = load_vectors(folder / f"v{suffix}")
        assert sorted(again.index_to_key) == sorted(map(str, keys))
        for key in keys:
            np.testing.assert_array_equal(again[str(key)], vectors.vectors[vectors.key_to_index[key]])
    save_vectors(vectors, folder / "v.kv")
    assert load_vectors(folder / "v.kv").key_to_index == vectors.key_to_index


def test_the_keys_that_gensims_writer_doubles_are_written_once(tmp_path):
    vectors = KeyedVectors(2)
    vectors.add_vectors([0, 1, 9, 7], np.arange(8, dtype=np.float32).reshape(4, 2))
    save_vectors(vectors, tmp_path / "v.txt")
    lines = (tmp_path / "v.txt").read_text().splitlines()
    assert lines[0] == "4 2" and [line.split()[0] for line in lines[1:]] == ["0", "1", "9", "7"]


# ---- Windows over whole sequences


@pytest.mark.parametrize("sg", [0, 1])
def test_a_whole_sequence_is_one_window_however_long(sg):
    random = np.random.default_rng(0)
    baskets = [random.integers(0, 50, length).tolist() for length in random.integers(0, 40, 100)]
    whole = Word2Vec(baskets, whole_sequence=True, window=1, sg=sg, **SMALL)
    wide = Word2Vec(baskets, window=40, shrink_windows=False, sg=sg, **SMALL)
    np.testing.assert_array_equal(whole.wv.vectors, wide.wv.vectors)
    narrow = Word2Vec(baskets, window=1, sg=sg, **SMALL)
    assert not np.array_equal(whole.wv.vectors, narrow.wv.vectors)


def test_every_pair_of_a_basket_is_trained_both_ways(monkeypatch):
    from w2vplus import trainer

    pairs = []
    add = trainer.Tally.add

    def note(self, *sums):
        pairs.append(sums[2])
        add(self, *sums)

    monkeypatch.setattr(trainer.Tally, "add", note)
    lengths = [2, 7, 30]
    Word2Vec([list(range(n)) for n in lengths], whole_sequence=True, sg=1, epochs=1, **SMALL)
    assert sum(pairs) // 2 == sum(n * (n - 1) for n in lengths)  # summed for the epoch and for the call


def test_a_sequence_longer_than_a_chunk_is_one_window_too():
    from w2vplus.trainer import CHUNK_TOKENS

    long = [0, *[1] * CHUNK_TOKENS, 2]
    model = Word2Vec(vector_size=4, min_count=1, sample=1e-4, whole_sequence=True, sg=1, workers=1)
    model.build_vocab([long])
    start = model.wv.vectors.copy()
    model.train([long], total_examples=1, epochs=1)
    assert not np.array_equal(model.wv.vectors, start)


def test_a_class_that_trains_in_gensims_code_cannot_have_whole_sequences():
    class Hooked(Word2Vec):
        def _do_train_job(self, sentences, alpha, inits):
            return super()._do_train_job(sentences, alpha, inits)

    with pytest.raises(ValueError, match="overrides _do_train_job: set window"):
        Hooked([["a", "b"]], min_count=1, whole_sequence=True)


def test_few_items_in_many_epochs_stay_with_their_kind():
    import random

    random.seed(1)
    kinds = {kind: [f"{kind}{number}" for number in range(6)] for kind in "abcdef"}
    baskets = [random.sample(kinds[random.choice("abcdef")], 4) for _ in range(3000)]
    model = Word2Vec(baskets, whole_sequence=True, sg=1, epochs=30, **{**SMALL, "vector_size": 16})
    near = [(word, other) for word in model.wv.index_to_key for other, _ in model.wv.most_similar(word, topn=5)]
    assert sum(word[0] == other[0] for word, other in near) >= 0.98 * len(near)
