"""Arrays of integer tokens as a corpus: random walks, sessions, ids of another tool, never turned into
strings.

A 2-D array (a sentence a row), a 1-D array with offsets, a list of 1-D arrays: all become one run of values
with offsets, which `w2vplus._integers` numbers natively. The front door recognises them; keys come back as
Python ints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from w2vplus._integers import encode_integers
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore


class IntegerSentences:
    """Sentences of integer tokens in one array.

    `values`: integers of any NumPy type, either (n_sentences, length), a sentence a row, or (n_tokens,) with
    `offsets`, int (n_sentences + 1,), ascending: sentence i is values[offsets[i]:offsets[i + 1]].

        walks = np.array([[0, 3, 5], [5, 3, 1]])
        model = Word2Vec(walks, min_count=1)          # the same as IntegerSentences(walks)
        model.wv[3]
        IntegerSentences([0, 3, 5, 5, 1], offsets=[0, 3, 5])

    Values that a NumPy mask hides, such as the padding of short walks, are no tokens.
    Iterating gives lists of Python ints, any number of times.
    Raises CorpusError for values that are no integers or offsets that do not fit them.
    Thread-safety: read-only; the array must not be changed while it is in use.
    """

    def __init__(self, values: ArrayLike, offsets: ArrayLike | None = None) -> None:
        if isinstance(values, np.ma.MaskedArray) and values.ndim == 2 and offsets is None:
            offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(values.count(axis=1), dtype=np.int64)])
            values = values.compressed()
        array = _unmasked(values)
        if array.size == 0 and array.dtype.kind not in "iu":
            array = array.astype(np.int64)
        if array.dtype.kind not in "iu":
            raise CorpusError(
                f"integer tokens must be an integer array, got one of {array.dtype}; "
                f"convert it with .astype(np.int64), or pass a list of token lists"
            )
        if offsets is None:
            if array.ndim != 2:
                raise CorpusError(
                    f"an array of tokens must be 2-D, one sentence a row, or 1-D with offsets=; "
                    f"got shape {array.shape}"
                )
            rows, length = array.shape
            starts = np.arange(rows + 1, dtype=np.int64) * length
        else:
            starts = _checked_offsets(offsets, array)
            array = array[starts[0] : starts[-1]]
            starts = starts - starts[0]
        self.values: NDArray[Any] = array.reshape(-1)
        self.offsets: NDArray[np.int64] = starts

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[list[int]]:
        for start, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True):
            yield self.values[start:end].tolist()

    def parts(self, token_count: int) -> Iterator[IntegerSentences]:
        """Runs of whole sentences, each of at most so many tokens or of one sentence; they are views."""
        begin = 0
        while begin < len(self):
            most = int(np.searchsorted(self.offsets, self.offsets[begin] + token_count, "right")) - 1
            end = max(most, begin + 1)
            yield IntegerSentences(self.values, self.offsets[begin : end + 1])
            begin = end

    def encode(self) -> EncodedCorpus:
        """The whole as ids."""
        ids, first_places, counts = encode_integers(self.values)
        return EncodedCorpus(self.values[first_places].tolist(), counts, TokenStore(ids, self.offsets))


def _unmasked(values: ArrayLike) -> NDArray[Any]:
    """As an array; CorpusError if a mask hides some of the values, which `np.asarray` would show."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise CorpusError("a mask hides tokens of an array: pass .compressed() and offsets that fit it")
    return np.asarray(values)


def _checked_offsets(offsets: ArrayLike, values: NDArray[Any]) -> NDArray[np.int64]:
    given = np.asarray(offsets)
    if values.ndim != 1:
        raise CorpusError(f"with offsets, the tokens must be a 1-D array, got shape {values.shape}")
    if given.ndim != 1 or len(given) == 0 or given.dtype.kind not in "iu":
        raise CorpusError(
            f"offsets must be a 1-D array of at least one integer, got shape {given.shape} of {given.dtype}"
        )
    starts = given.astype(np.int64)
    if starts[0] < 0 or starts[-1] > len(values):
        raise CorpusError(
            f"offsets must lie in 0..{len(values)}, the number of tokens; "
            f"they go from {starts[0]} to {starts[-1]}"
        )
    falls = np.flatnonzero(starts[1:] < starts[:-1])
    if len(falls):
        place = int(falls[0])
        raise CorpusError(
            f"offsets must be ascending, but offset {place + 1} ({starts[place + 1]}) is below "
            f"offset {place} ({starts[place]})"
        )
    return starts


def integer_sentences(source: Any) -> IntegerSentences | None:
    """The corpus in a 2-D integer array or a list or tuple of 1-D integer arrays; None for anything else.

    Raises CorpusError for an integer array of another shape.
    """
    if isinstance(source, np.ndarray):
        return IntegerSentences(source) if source.dtype.kind in "iu" else None
    if not isinstance(source, list | tuple) or not source:
        return None
    # The first item decides for most lists, at no cost.
    for sentence in source:
        if not (isinstance(sentence, np.ndarray) and sentence.ndim == 1 and sentence.dtype.kind in "iu"):
            return None
    if any(isinstance(sentence, np.ma.MaskedArray) for sentence in source):
        source = [np.ma.compressed(sentence) for sentence in source]
    if len({sentence.dtype.kind for sentence in source}) == 2 and any(s.dtype == np.uint64 for s in source):
        return None  # NumPy would make floats of them
    offsets = np.zeros(len(source) + 1, np.int64)
    np.cumsum([len(sentence) for sentence in source], out=offsets[1:])
    return IntegerSentences(np.concatenate(source), offsets)
