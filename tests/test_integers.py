"""Integer tokens: arrays become the ids, types and counts that walking their Python lists gives."""

import time
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vplus import Word2Vec
from w2vplus.corpus import IntegerSentences, SentenceCorpus, encode, encode_known, open_sentences
from w2vplus.errors import CorpusError

DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">i8"]


def content(corpus):
    store = corpus.store
    return corpus.types, corpus.counts.tolist(), store.ids.tolist(), store.sentence_starts.tolist()


def by_walking(sentences):
    """The slow twin: Python lists through the encoder of Python objects."""
    return content(encode(SentenceCorpus([list(map(int, sentence)) for sentence in sentences])))


@given(st.data(), st.sampled_from(DTYPES), st.booleans())
def test_ragged_integers_give_what_their_python_lists_give(data, dtype, wide):
    bounds = np.iinfo(dtype)
    few = st.integers(max(bounds.min, -3), 5)
    token = st.one_of(few, st.integers(int(bounds.min), int(bounds.max))) if wide else few
    sentences = data.draw(st.lists(st.lists(token, max_size=6), max_size=6))
    arrays = [np.array(sentence, dtype) for sentence in sentences]
    assert content(encode(arrays)) == by_walking(sentences)
    offsets = np.cumsum([0, *map(len, sentences)])
    values = np.array([token for sentence in sentences for token in sentence], dtype)
    corpus = IntegerSentences(values, offsets)
    assert content(encode(corpus)) == by_walking(sentences)
    assert list(corpus) == sentences


@pytest.mark.parametrize("spread", [1, 1 << 40])
def test_many_types_outgrow_the_first_table(spread):
    values = np.random.default_rng(1).integers(-20_000, 20_000, (400, 100)) * spread
    assert content(encode(values)) == by_walking(values)


def test_rows_of_a_matrix_are_sentences_and_keys_are_python_ints():
    walks = np.random.default_rng(2).integers(0, 30, (200, 8), np.int32)
    model = Word2Vec(walks, min_count=1, vector_size=8, workers=1, seed=3)
    twin = Word2Vec(walks.tolist(), min_count=1, vector_size=8, workers=1, seed=3)
    assert {type(key) for key in model.wv.index_to_key} == {int}
    assert model.wv.index_to_key == twin.wv.index_to_key
    assert np.array_equal(model.wv.vectors, twin.wv.vectors)
    assert model.corpus_count == 200


def test_strided_and_sliced_arrays_are_read_as_they_look():
    whole = np.arange(60, dtype=np.int64).reshape(6, 10)
    for view in (whole[::2, ::3], whole.T, whole[:0], whole[:, :0]):
        assert content(encode(view)) == by_walking(view)
    corpus = IntegerSentences(np.arange(10), [2, 5, 9])
    assert list(corpus) == [[2, 3, 4], [5, 6, 7, 8]]


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=12), st.integers(1, 9))
def test_parts_of_an_array_are_its_sentences_and_no_longer_than_asked(lists, most):
    values = np.fromiter(chain.from_iterable(lists), np.int64)
    parts = list(IntegerSentences(values, np.cumsum([0, *map(len, lists)])).parts(most))
    assert [sentence for part in parts for sentence in part] == lists
    assert all(len(part.values) <= most or len(part) == 1 for part in parts)


@pytest.mark.parametrize("spill_above", [0, 300, 10**6])
def test_ids_of_arrays_beyond_the_memory_allowed_lie_in_files(monkeypatch, spill_above):
    monkeypatch.setattr("w2vplus.corpus.encoding.LEAST_TOKENS_AT_ONCE", 50)
    walks = np.random.default_rng(3).integers(0, 40, (60, 9))
    heard = []
    corpus = encode(walks, spill_above=spill_above, progress=heard.append)
    assert corpus.store.is_mapped is (spill_above < 10**6)
    assert content(corpus) == content(encode(walks))
    assert heard == sorted(heard) and heard[-1] == walks.size


def test_known_vocabulary_streams_from_arrays():
    blocks = list(encode_known(np.array([[4, 9], [9, 1]]), {9: 0, 4: 1}, 2))
    assert [block.ids.tolist() for block in blocks] == [[1, 0], [0, -1]]


def test_wrong_shapes_and_types_are_refused_by_name():
    with pytest.raises(CorpusError, match=r"2-D, one sentence a row.*\(3,\)"):
        open_sentences(np.array([1, 2, 3]))
    with pytest.raises(CorpusError, match="integer array, got one of float64"):
        IntegerSentences([[1.5, 2.0]])
    with pytest.raises(CorpusError, match=r"offset 2 \(1\) is below offset 1 \(3\)"):
        IntegerSentences([1, 2, 3], [0, 3, 1])
    with pytest.raises(CorpusError, match=r"lie in 0..3"):
        IntegerSentences([1, 2, 3], [0, 4])
    with pytest.raises(CorpusError, match="1-D array"):
        IntegerSentences([[1, 2, 3]], [0, 3])


def test_arrays_are_encoded_many_times_faster_than_lists():
    walks = np.random.default_rng(4).integers(0, 5000, (5000, 40))
    lists = walks.tolist()
    started = time.thread_time()
    encode(lists)
    middle = time.thread_time()
    encode(walks)
    assert (middle - started) > 3 * (time.thread_time() - middle)


def test_masked_values_are_no_tokens():
    walks = np.ma.array([[1, 2, 0], [2, 1, 3], [0, 0, 0]], mask=[[0, 0, 1], [0, 0, 0], [1, 1, 1]])
    assert [list(walk) for walk in IntegerSentences(walks)] == [[1, 2], [2, 1, 3], []]
    for source in (walks, list(walks), [walks[0], np.array([2, 1, 3]), walks[2]]):
        corpus = encode(source)
        assert (corpus.types, corpus.store.sentence_starts.tolist()) == ([1, 2, 3], [0, 2, 5, 5])
    with pytest.raises(CorpusError, match="a mask hides tokens"):
        IntegerSentences(walks[0], offsets=[0, 3])
