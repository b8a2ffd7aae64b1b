"""The waist: every source becomes ids with sentence boundaries here, and everything that trains starts from
them.

`w2vplus.corpus` makes these objects; vocabulary, collocations and trainer read them. Ids are provisional: one
for every token type, in order of first occurrence, before any `min_count`. Dropping rare words, sorting by
frequency and merging phrases are maps from these ids to others, so nobody reads the text again and nobody
rewrites the store.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from w2vplus.storage import is_mapped


def _require_array(name: str, array: object, dtype: type[np.generic]) -> None:
    """Raise unless `array` is a one-dimensional C-contiguous array of `dtype`, as native code assumes."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array of {np.dtype(dtype)}, got {type(array).__name__}")
    if array.dtype != dtype or array.ndim != 1 or not array.flags.c_contiguous:
        raise ValueError(
            f"{name} must be one-dimensional, contiguous and of {np.dtype(dtype)}, "
            f"got shape {array.shape} of {array.dtype}; np.ascontiguousarray converts"
        )


_Made = TypeVar("_Made")


def _unchecked(cls: type[_Made], **fields: object) -> _Made:
    """An instance of a frozen dataclass without its checks."""
    made = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


@dataclass(frozen=True, eq=False)
class TokenStore:
    """Sentences as one run of ids.

    ids: int32 (n_tokens,), one per raw token; -1 stands for an unknown token (in streamed blocks only).
    sentence_starts: int64 (n_sentences + 1,), ascending from 0 to n_tokens; a sentence may be empty.
    sentence_weights: float32 (n_sentences,) or None when all weigh 1.

    Raises TypeError or ValueError at construction if the arrays do not fit together.
    Thread-safety: the arrays are never written after construction; any number of threads may read.
    """

    ids: NDArray[np.int32]
    sentence_starts: NDArray[np.int64]
    sentence_weights: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        _require_array("ids", self.ids, np.int32)
        _require_array("sentence_starts", self.sentence_starts, np.int64)
        starts = self.sentence_starts
        if len(starts) == 0 or starts[0] != 0 or starts[-1] != len(self.ids):
            raise ValueError(
                f"sentence_starts must begin with 0 and end with the number of ids, {len(self.ids)}"
            )
        if np.any(starts[1:] < starts[:-1]):
            raise ValueError("sentence_starts must be ascending")
        if self.sentence_weights is not None:
            _require_array("sentence_weights", self.sentence_weights, np.float32)
            if len(self.sentence_weights) != self.sentence_count:
                raise ValueError(
                    f"sentence_weights must have one weight for each of the {self.sentence_count} sentences, "
                    f"got {len(self.sentence_weights)}"
                )

    @classmethod
    def trusted(cls, ids: NDArray[np.int32], sentence_starts: NDArray[np.int64]) -> TokenStore:
        """A store of arrays that are known to fit together; they are not looked through."""
        return _unchecked(cls, ids=ids, sentence_starts=sentence_starts, sentence_weights=None)

    @property
    def is_mapped(self) -> bool:
        """Whether the ids lie in a mapped file rather than in memory."""
        return is_mapped(self.ids)

    @property
    def token_count(self) -> int:
        """Raw tokens, those that a vocabulary will drop included."""
        return len(self.ids)

    @property
    def sentence_count(self) -> int:
        """Sentences, empty ones included; gensim calls it `corpus_count`."""
        return len(self.sentence_starts) - 1


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """A whole corpus as ids, with the token and the count of each id.

    types: n_types tokens, a list or a sequence that makes them when they are asked for; the id of a token is its
    place, and places are in order of first occurrence. counts: int64 (n_types,), occurrences of each. store: the
    sentences; its ids lie in [0, n_types).

    Raises TypeError or ValueError at construction if these do not fit together.
    Thread-safety: as for TokenStore.
    """

    types: Sequence[Hashable]
    counts: NDArray[np.int64]
    store: TokenStore

    def __post_init__(self) -> None:
        _require_array("counts", self.counts, np.int64)
        if len(self.counts) != len(self.types):
            raise ValueError(
                f"counts must have one entry for each of the {len(self.types)} types, got {len(self.counts)}"
            )
        ids = self.store.ids
        if len(ids) and (ids.min() < 0 or ids.max() >= len(self.types)):
            raise ValueError(f"ids of an encoded corpus must lie in 0..{len(self.types) - 1}")
        if self.counts.sum() != len(ids):
            raise ValueError(f"counts must add up to the number of ids, {len(ids)}, got {self.counts.sum()}")

    @classmethod
    def trusted(cls, types: Sequence[Any], counts: NDArray[np.int64], store: TokenStore) -> EncodedCorpus:
        """A corpus whose parts are known to fit together; they are not looked through."""
        return _unchecked(cls, types=types, counts=counts, store=store)

    def weighted(self, sentence_weights: ArrayLike) -> EncodedCorpus:
        """The same corpus, its ids shared, whose sentences weigh `sentence_weights`, (n_sentences,).

        A weight multiplies the learning rate of every step of its sentence, as if the sentence's loss counted so many
        times (asked for in gensim#2701): 0 leaves a sentence out of training, 2 steps twice as far. Counts, and with
        them vocabulary, subsampling and noise, stay as they are, and losses are not weighted. Weights from before
        are replaced.

        Raises TypeError for what is no numbers, ValueError unless there is one finite weight of at least 0 for each
        sentence.
        """
        try:
            if np.iscomplexobj(sentence_weights):
                raise TypeError("complex numbers are no weights")
            weights = np.ascontiguousarray(sentence_weights, dtype=np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            kind = type(sentence_weights).__name__
            raise TypeError(f"sentence_weights must be numbers, got {kind}: {error}") from error
        if weights.shape != (self.sentence_count,):
            raise ValueError(
                f"sentence_weights must have one weight for each of the {self.sentence_count} sentences, "
                f"got the shape {weights.shape}"
            )
        bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(bad):
            raise ValueError(
                f"sentence_weights must be finite numbers of at least 0, got {weights[bad[0]]} for sentence {bad[0]}"
            )
        store = _unchecked(
            TokenStore, ids=self.store.ids, sentence_starts=self.store.sentence_starts, sentence_weights=weights
        )
        return _unchecked(type(self), types=self.types, counts=self.counts, store=store)

    @property
    def token_count(self) -> int:
        """Raw tokens; gensim calls it `corpus_total_words`."""
        return self.store.token_count

    @property
    def sentence_count(self) -> int:
        """Sentences; gensim calls it `corpus_count`."""
        return self.store.sentence_count


@dataclass(frozen=True)
class TypeCounts:
    """The types of a corpus and how often each occurs, without its ids.

    types, in order of first occurrence (since they were last forgotten, if any were). counts: int64, each at most
    the true count and at least the true count less `error_bound`. A type that is not there occurs at most
    `error_bound` times: 0 if nothing had to be forgotten. `sentence_count`: of text files, sentences with tokens."""

    types: Sequence[Hashable]
    counts: NDArray[np.int64]
    error_bound: int
    token_count: int
    sentence_count: int


def concatenate_stores(stores: Sequence[TokenStore]) -> TokenStore:
    """One store with the sentences of all of them, in order; their ids must mean the same tokens.

    Sentences of a store without weights weigh 1 if another one has weights.
    """
    if len(stores) == 1:
        return stores[0]
    ends: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    token_count = 0
    for store in stores:
        ends.append(store.sentence_starts[1:] + token_count)
        token_count += store.token_count
    weights = None
    if any(store.sentence_weights is not None for store in stores):
        weights = np.concatenate(
            [
                np.ones(store.sentence_count, np.float32)
                if store.sentence_weights is None
                else store.sentence_weights
                for store in stores
            ]
        )
    ids = np.concatenate([store.ids for store in stores]) if stores else np.empty(0, np.int32)
    return TokenStore(ids, np.concatenate(ends), weights)


class MergedTypes:
    """The types of several corpora in one numbering, in order of first occurrence, and their counts.

    Thread-safety: none.
    """

    def __init__(self) -> None:
        self._id_of: dict[Hashable, int] = {}
        self._counts = np.zeros(0, np.int64)

    def add(self, types: Sequence[Hashable], counts: NDArray[np.int64]) -> NDArray[np.int32]:
        """Take in the next corpus's; int32 (n_types,): their ids in the one numbering."""
        id_of = self._id_of
        new_ids = np.fromiter((id_of.setdefault(token, len(id_of)) for token in types), np.int32, len(types))
        if len(id_of) > len(self._counts):
            self._counts = np.append(self._counts, np.zeros(len(id_of), np.int64))  # at least twice as many
        self._counts[new_ids] += counts
        return new_ids

    def types(self) -> list[Hashable]:
        """By id."""
        return list(self._id_of)

    def counts(self) -> NDArray[np.int64]:
        """int64 (n_types,)"""
        counts: NDArray[np.int64] = self._counts[: len(self._id_of)].copy()
        return counts
