"""`most_similar_many`: gensim's queries by the thousand, with gensim's meaning of positive and negative words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.queries.neighbours import Neighbours
from w2vplus.queries.scan import (
    BLOCK_ROWS,
    CHUNK_QUERIES,
    SPARE,
    Excluded,
    candidate_rows,
    cosines,
    nearest_rows,
    ranked,
    unit_rows,
)

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.queries.index import VectorIndex

METHODS = ("3CosAdd", "3CosMul")

QUERIES_AT_ONCE = 1 << 15
"""Bounds the memory of the targets; more queries are answered batch after batch."""

COSMUL_EPSILON = 1e-6
"""gensim's constant in the denominator of 3CosMul; Levy & Goldberg (2014) have 0.001."""

MOST_NAMED = 5
"""Unknown words named in an error."""


def most_similar_many(
    vectors: KeyedVectors,
    positive: Iterable[Any],
    negative: Iterable[Any] | None = None,
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    method: str = "3CosAdd",
    index: VectorIndex | None = None,
) -> Neighbours:
    """The words nearest to each of many queries: a loop over `vectors.most_similar(...)`, in one call.

    Parameters
    ----------
    vectors : gensim KeyedVectors; only read
    positive : one entry for each query: a key, a vector, or a list of them. In a list, (key, weight) weighs. Words
        enter with unit length, vectors as they are (by 3CosMul, with unit length)
    negative : what is taken off, in the same way; as many entries as `positive`, [] or None for nothing.
        Analogies "a is to b as c is to ?": positive [b, c], negative [a]
    topn : answers to each query, at least 1
    restrict_vocab : only the first so many words, the most frequent, may answer
    method : "3CosAdd" ranks by the cosine to the sum (gensim's `most_similar`), "3CosMul" by
        the product of the positive cosines over that of the negative ones, each shifted to 0..1 (gensim's
        `most_similar_cosmul`; Levy & Goldberg 2014)
    index : take the candidates from an approximate index of these vectors instead of searching all (3CosAdd)

    Words of a query are never its answers. Cosines are computed in float64; ties go to the more frequent
    word, and an answer does not depend on the other queries. Against gensim's float32, cosines agree to about
    1e-6, and words that lie closer than that may change places.

    Raises KeyError naming the words without a vector, ValueError for a query without words or whose words
    cancel out, and for arguments out of range; TypeError for a single string.

    Thread-safety: reads its arguments only. Reproducibility: no randomness.
    """
    _check(topn, restrict_vocab, method, index, len(vectors))
    queries = list(_paired(positive, negative))
    parts = []
    for start in range(0, max(1, len(queries)), QUERIES_AT_ONCE):
        asked = _Asked.of(vectors, queries[start : start + QUERIES_AT_ONCE], start)
        if method == "3CosMul":
            parts.append(_by_product(vectors.vectors[:restrict_vocab], asked, topn))
        elif index is not None:
            parts.append(index.nearest_rows(asked.targets(), topn, asked.excluded))
        else:
            rows = vectors.vectors[:restrict_vocab]
            parts.append(nearest_rows(rows, asked.targets(), topn, excluded=asked.excluded))
    rows, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Neighbours(vectors.index_to_key, rows, scores)


def _check(topn: int, restrict_vocab: int | None, method: str, index: VectorIndex | None, words: int) -> None:
    if not _is_positive(topn):
        raise ValueError(f"topn must be a whole number, at least 1, got {topn!r}")
    if restrict_vocab is not None and not _is_positive(restrict_vocab):
        raise ValueError(f"restrict_vocab must be a whole number, at least 1, or None, got {restrict_vocab!r}")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if index is None:
        return
    if method != "3CosAdd":
        raise ValueError(f"an index answers 3CosAdd only, got method {method!r}; leave out index")
    if restrict_vocab is not None:
        raise ValueError("an index searches all its vectors: make one of the first words instead of restrict_vocab")
    if len(index) != words:
        raise ValueError(f"the index holds {len(index)} vectors, but there are {words}: make it anew")


def _is_positive(number: object) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool) and int(number) >= 1


def _paired(positive: Iterable[Any], negative: Iterable[Any] | None) -> Iterator[tuple[list[Any], list[Any]]]:
    """Each query's positive and negative terms as lists."""
    for name, given in (("positive", positive), ("negative", negative)):
        if isinstance(given, (str, bytes)):
            raise TypeError(f"{name} must hold one entry for each query, got the string {given!r}: put it into a list")
    additions = [_as_list(entry) for entry in positive]
    removals = [[]] * len(additions) if negative is None else [_as_list(entry) for entry in negative]
    if len(additions) != len(removals):
        raise ValueError(
            f"positive and negative must have one entry for each query, got {len(additions)} and {len(removals)}"
        )
    yield from zip(additions, removals, strict=True)


def _as_list(entry: Any) -> list[Any]:
    if entry is None:
        return []
    if isinstance(entry, np.ndarray) and entry.ndim == 2:
        return list(entry)
    return list(entry) if isinstance(entry, (list, tuple)) else [entry]


@dataclass(frozen=True)
class _Asked:
    """A batch of queries over the unit vectors of its distinct terms.

    terms: float64 (T, D); `lengths`, (T,), are 1 for words and those of vectors that were given; query q has the terms
    members[starts[q]:starts[q + 1]] with `weights`, positive and negative; `excluded` are the rows of its own words.
    """

    terms: NDArray[np.float64]
    lengths: NDArray[np.float64]
    starts: NDArray[np.int64]
    members: NDArray[np.int64]
    weights: NDArray[np.float64]
    excluded: Excluded
    first_query: int

    @classmethod
    def of(cls, vectors: KeyedVectors, queries: list[tuple[list[Any], list[Any]]], first_query: int) -> _Asked:
        """Look up the terms. Raises KeyError for unknown words, ValueError for a query without any."""
        gathered = _Terms(vectors)
        starts: list[int] = [0]
        weights: list[float] = []
        for number, (positive, negative) in enumerate(queries, start=first_query):
            if not positive and not negative:
                raise ValueError(f"query {number} has no word: give each at least one")
            for sign, terms in ((1.0, positive), (-1.0, negative)):
                weights += [gathered.add(len(starts) - 1, term, sign) for term in terms]
            starts.append(len(weights))
        gathered.refuse_unknown()
        unit, lengths, members = gathered.distinct()
        excluded = Excluded.of(np.array(gathered.queries, np.int64), np.array(gathered.rows, np.int64))
        return cls(unit, lengths, np.array(starts, np.int64), members, np.array(weights), excluded, first_query)

    def targets(self) -> NDArray[np.float64]:
        """The weighted sum of each query's terms, float64 (Q, D); ValueError where it is zero."""
        from scipy.sparse import csr_array

        shape = (len(self.starts) - 1, len(self.terms))
        weights = self.weights * self.lengths[self.members]
        sums: NDArray[np.float64] = csr_array((weights, self.members, self.starts), shape=shape) @ self.terms
        # What is left of words that cancel out is rounding, and its direction means nothing.
        cancelled = np.flatnonzero(~(np.linalg.norm(sums, axis=1) > 1e-12))
        if cancelled.size:
            raise ValueError(
                f"query {self.first_query + int(cancelled[0])} has no direction: its words cancel out, or their vectors"
                f" are zero or not finite ({len(cancelled)} such queries); leave it out"
            )
        return sums

    def slots(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each query's positive and its negative terms, int64 (Q, most of them), filled up with T.

        Raises ValueError for weights, for a query without positive terms, and for a term without a direction.
        """
        if not np.isin(self.weights, (1.0, -1.0)).all():
            raise ValueError("3CosMul knows no weights: give keys or vectors alone, or use 3CosAdd")
        query = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        undirected = ~(self.terms != 0).any(axis=1)[self.members]
        if undirected.any():
            number = self.first_query + int(query[undirected][0])
            raise ValueError(f"query {number} has a word whose vector is zero or not finite; leave it out")
        filled = []
        for sign in (1.0, -1.0):
            chosen = np.flatnonzero(self.weights == sign)
            counts = np.bincount(query[chosen], minlength=len(self.starts) - 1)
            if sign > 0 and not counts.all():
                number = self.first_query + int(counts.argmin())
                raise ValueError(f"query {number} has no positive word, which 3CosMul needs")
            slots = np.full((len(counts), int(counts.max(initial=0))), len(self.terms), np.int64)
            slots[np.arange(slots.shape[1]) < counts[:, None]] = self.members[chosen]
            filled.append(slots)
        return filled[0], filled[1]


class _Terms:
    """The terms of queries, as rows of the vectors or as vectors that were given."""

    def __init__(self, vectors: KeyedVectors) -> None:
        self._vectors = vectors
        self._row_of = vectors.key_to_index
        self._given: list[NDArray[Any]] = []
        self._members: list[int] = []  # a row, or -1 - the place among the given vectors
        self._unknown: dict[Any, None] = {}
        self.queries: list[int] = []
        self.rows: list[int] = []

    def add(self, query: int, term: Any, sign: float) -> float:
        """Take in a term of a query; returns its weight."""
        weight = sign
        if isinstance(term, (list, tuple)):
            if len(term) != 2 or not isinstance(term[1], Real):
                raise ValueError(f"a term must be a key, a vector or (key, weight), got {term!r}")
            term, weight = term[0], float(term[1])
        if isinstance(term, np.ndarray):
            self._give(term)
            return weight
        row = self._row(term)
        if row is not None:
            self.queries.append(query)
            self.rows.append(row)
            self._members.append(row)
        elif term in self._vectors:  # of fastText, which makes vectors of words it never saw
            self._give(self._vectors.get_vector(term, norm=True))
        else:
            self._unknown[term] = None
        return weight

    def _row(self, key: Any) -> int | None:
        """gensim's meaning: a number that is no key counts the rows."""
        row: int | None = self._row_of.get(key)
        if row is None and isinstance(key, (int, np.integer)) and 0 <= key < len(self._vectors):
            return int(key)
        return row

    def _give(self, vector: NDArray[Any]) -> None:
        if vector.shape != (self._vectors.vector_size,):
            raise ValueError(f"a vector must have shape ({self._vectors.vector_size},), got {vector.shape}")
        self._given.append(vector)
        self._members.append(-len(self._given))

    def refuse_unknown(self) -> None:
        if self._unknown:
            named = ", ".join(repr(key) for key in list(self._unknown)[:MOST_NAMED])
            more = f" and {len(self._unknown) - MOST_NAMED} more" if len(self._unknown) > MOST_NAMED else ""
            raise KeyError(f"no vector for {named}{more}: leave them out (`key in vectors` tells)")

    def distinct(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Unit vectors of the distinct terms (T, D), their lengths (T,), and the place there of every term added."""
        values, places = np.unique(np.array(self._members, np.int64), return_inverse=True)
        rows = values[values >= 0]
        sources: Sequence[NDArray[Any]] = [self._given[-1 - value] for value in values[values < 0]]
        given = np.array(sources, np.float64).reshape(len(sources), self._vectors.vector_size)
        terms = np.concatenate([given, self._vectors.vectors[rows].astype(np.float64)])
        lengths = np.concatenate([np.nan_to_num(np.linalg.norm(given, axis=1)), np.ones(len(rows))])
        unit = unit_rows(terms, np.float64).astype(np.float64, copy=False)
        return unit, lengths, places.astype(np.int64)


def _by_product(
    vectors: NDArray[Any], asked: _Asked, topn: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows int64 and scores float64, (Q, topn), by 3CosMul.

    score(d) = Π (1 + cos(d, p)) / 2  /  (Π (1 + cos(d, n)) / 2 + ε)  over positive terms p, negative terms n
    """
    positive, negative = asked.slots()
    slots = np.concatenate([positive, negative], axis=1)
    padding = len(asked.terms)  # the term whose factor is 1
    # (1 + x.y) / 2 = [x / 2, 1 / 2] . [y, 1], so that one product of matrices gives factors; the padding is [0, 1].
    halves = np.full((padding + 1, asked.terms.shape[1] + 1), 0.5, np.float32)
    np.divide(asked.terms, 2, out=halves[:-1, :-1])
    halves[-1, :-1], halves[-1, -1] = 0, 1
    most_terms = min(CHUNK_QUERIES * slots.shape[1], len(halves))
    products = np.empty(most_terms * BLOCK_ROWS, np.float32)
    halfway = np.empty((2, min(CHUNK_QUERIES, len(slots)) * BLOCK_ROWS), np.float32)

    def score(here: slice, rows: slice, block: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        terms, places = np.unique(slots[here], return_inverse=True)
        places = places.reshape(slots[here].shape)
        factors = products[: len(terms) * len(block)].reshape(len(terms), len(block))
        np.matmul(halves[terms], np.concatenate([block, np.ones((len(block), 1), np.float32)], axis=1).T, out=factors)
        below, one = (space.reshape(out.shape) for space in halfway[:, : out.size])
        _multiply(factors, places[:, : positive.shape[1]], out, one)
        _multiply(factors, places[:, positive.shape[1] :], below, one)
        below += np.float32(COSMUL_EPSILON)
        out /= below

    with_padding = np.concatenate([asked.terms, np.zeros((1, asked.terms.shape[1]))])

    def rescore(here: slice, rows: NDArray[np.int64], block: NDArray[np.float64]) -> NDArray[np.float64]:
        def factors(terms: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
            shifted = (1 + cosines(block, with_padding[terms])) / 2
            return np.where(terms[:, None] == padding, 1.0, shifted)

        below = _product(factors, negative[here]) + COSMUL_EPSILON
        return np.asarray(_product(factors, positive[here]) / below)

    keep = min(len(vectors), topn + SPARE)
    candidates = candidate_rows(vectors, score, len(positive), keep, asked.excluded)
    return ranked(vectors, candidates, rescore, topn)


def _multiply(
    factors: NDArray[np.float32], places: NDArray[np.int64], out: NDArray[np.float32], one: NDArray[np.float32]
) -> None:
    """Into `out` (Q, n) the product of the rows of `factors` at `places` (Q, slots), 1 without any; `one` is space."""
    if not places.shape[1]:
        out[...] = 1
        return
    # mode="clip" skips a check of bounds that would need a temporary; all places are in range.
    np.take(factors, places[:, 0], axis=0, out=out, mode="clip")
    for slot in range(1, places.shape[1]):
        out *= np.take(factors, places[:, slot], axis=0, out=one, mode="clip")


def _product(factors: Callable[[NDArray[np.int64], int], Any], terms: NDArray[np.int64]) -> Any:
    """The factors of the terms (Q, n) multiplied along the slots, (Q, columns); 1 without slots."""
    result = 1.0
    for slot in range(terms.shape[1]):
        result = result * factors(terms[:, slot], 0)
    return result
