"""The token store refuses arrays that do not fit together, and joins corpora as if their text were one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vplus.corpus import encode
from w2vplus.corpus import encoding as encoding_module
from w2vplus.storage import Storage
from w2vplus.store import EncodedCorpus, TokenStore, concatenate_stores


def store(ids, starts, weights=None):
    weights = None if weights is None else np.array(weights, np.float32)
    return TokenStore(np.array(ids, np.int32), np.array(starts, np.int64), weights)


def test_counts_raw_tokens_and_sentences_with_empty_ones():
    tokens = store([0, 1, -1], [0, 2, 2, 3])
    assert tokens.token_count == 3
    assert tokens.sentence_count == 3


def test_an_empty_store_has_one_start_and_no_sentence():
    assert store([], [0]).sentence_count == 0


@pytest.mark.parametrize(
    ("ids", "starts", "weights", "message"),
    [
        ([0, 1], [0, 1], None, "end with the number of ids, 2"),
        ([0, 1], [1, 2], None, "begin with 0"),
        ([], [], None, "begin with 0"),
        ([0, 1, 2], [0, 2, 1, 3], None, "ascending"),
        ([0, 1], [0, 2], [1, 1], "one weight for each of the 1 sentences, got 2"),
    ],
)
def test_boundaries_that_do_not_fit_the_ids_are_refused(ids, starts, weights, message):
    with pytest.raises(ValueError, match=message):
        store(ids, starts, weights)


def test_arrays_of_another_type_or_stride_are_refused():
    starts = np.array([0, 2])
    with pytest.raises(ValueError, match=r"ids must be one-dimensional, contiguous and of int32.*int64"):
        TokenStore(np.array([0, 1]), starts)
    with pytest.raises(ValueError, match="contiguous"):
        TokenStore(np.zeros(4, np.int32)[::2], starts)
    with pytest.raises(TypeError, match="ids must be a NumPy array of int32, got list"):
        TokenStore([0, 1], starts)


def test_a_store_cannot_be_changed():
    with pytest.raises(AttributeError):
        store([0], [0, 1]).ids = np.zeros(1, np.int32)


def test_types_counts_and_ids_must_agree():
    tokens = store([0, 1, 0], [0, 3])
    EncodedCorpus(["a", "b"], np.array([2, 1]), tokens)
    with pytest.raises(ValueError, match="one entry for each of the 2 types, got 1"):
        EncodedCorpus(["a", "b"], np.array([3]), tokens)
    with pytest.raises(ValueError, match="add up to the number of ids, 3, got 4"):
        EncodedCorpus(["a", "b"], np.array([2, 2]), tokens)
    with pytest.raises(ValueError, match=r"must lie in 0\.\.0"):
        EncodedCorpus(["a"], np.array([3]), tokens)
    with pytest.raises(ValueError, match=r"must lie in 0\.\.1"):
        EncodedCorpus(["a", "b"], np.array([2, 1]), store([0, 1, -1], [0, 3]))


def test_stores_joined_keep_their_sentences_and_weights():
    joined = concatenate_stores([store([0, 1], [0, 1, 2], [2, 3]), store([], [0]), store([5], [0, 0, 1])])
    assert joined.ids.tolist() == [0, 1, 5]
    assert joined.sentence_starts.tolist() == [0, 1, 2, 2, 3]
    assert joined.sentence_weights.tolist() == [2, 3, 1, 1]
    assert concatenate_stores([store([0], [0, 1])]).sentence_weights is None
    assert concatenate_stores([]).sentence_count == 0


sentence_lists = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=5), max_size=5)


@pytest.mark.parametrize("spill_above", [None, 0, 100])
@given(st.lists(sentence_lists, max_size=4))
def test_corpora_joined_equal_the_corpus_of_all_their_sentences(spill_above, parts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding_module, "COPY_ITEMS", 3)
        joined = encoding_module.joined((encode(part) for part in parts), Storage(spill_above))
    whole = encode([sentence for part in parts for sentence in part])
    assert joined.types == whole.types
    assert joined.counts.tolist() == whole.counts.tolist()
    assert joined.store.ids.tolist() == whole.store.ids.tolist()
    assert joined.store.sentence_starts.tolist() == whole.store.sentence_starts.tolist()
