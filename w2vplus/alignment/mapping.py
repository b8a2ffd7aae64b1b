"""The map from one set of vectors to another, learnt from pairs of words, and what it translates to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.alignment.dictionaries import WordPairs, known_pairs, shared_words
from w2vplus.queries import Neighbours, mean_of_nearest, nearest_rows, unit_rows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

logger = logging.getLogger(__name__)

METHODS = ("procrustes", "least-squares")
RETRIEVALS = ("cosine", "csls")
CSLS_NEIGHBOURS = 10
"""Conneau et al. (2018)."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """A linear map from the vectors of `source` to those of `target`; see `align`.

    matrix: float64 (D_source, D_target); source_mean, target_mean: float64, taken off the unit vectors before
    mapping, zero where they were not centred; pairs: what it was learnt from, in rows.

    Thread-safety: only read, but for a cached array; queries may run beside each other.
    """

    source: KeyedVectors
    target: KeyedVectors
    matrix: NDArray[np.float64]
    source_mean: NDArray[np.float64]
    target_mean: NDArray[np.float64]
    pairs: WordPairs
    method: str

    def map(self, rows: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float32]:
        """The vectors of these rows of the source as they are compared with `target_unit`, float32 (n, D_target), unit
        length: in the target's space, less its mean."""
        moved = _prepared(self.source.vectors[rows], self.source_mean) @ self.matrix
        return np.asarray(unit_rows(moved), np.float32)

    def mapped_source(self) -> KeyedVectors:
        """All of the source's words, with vectors of unit length that can stand beside the target's own: the mean that
        was taken off these is put back."""
        from w2vplus.postprocessing.transforms import with_matrix

        moved = _prepared(self.source.vectors, self.source_mean) @ self.matrix + self.target_mean
        return with_matrix(self.source, np.asarray(unit_rows(moved), np.float32))

    @cached_property
    def target_unit(self) -> NDArray[np.float32]:
        """The target's vectors as they are compared with mapped ones, float32 (V, D_target), unit length."""
        return np.asarray(unit_rows(_prepared(self.target.vectors, self.target_mean)), np.float32)

    def translate(
        self,
        words: Sequence[Any],
        *,
        topn: int = 10,
        retrieval: str = "csls",
        restrict_vocab: int | None = None,
    ) -> Neighbours:
        """The target's words nearest to each of the source's `words`, best first.

        retrieval: "cosine", or "csls", cross-domain similarity local scaling (Conneau et al. 2018):

            CSLS(x, y) = 2 cos(x, y) - r(x) - r(y),   r = mean cosine to the 10 nearest of the other set

        which keeps hubs, words near to everything, from being every word's translation.
        restrict_vocab: only the first so many words of the target answer, and of the source stand against hubs

        Raises KeyError for words without vectors, ValueError for arguments out of range.
        """
        if retrieval not in RETRIEVALS:
            raise ValueError(f"retrieval must be one of {', '.join(RETRIEVALS)}, got {retrieval!r}")
        for name, value in (("topn", topn), ("restrict_vocab", restrict_vocab)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        unknown = [word for word in words if word not in self.source.key_to_index]
        if unknown:
            raise KeyError(f"no vector for {', '.join(map(repr, unknown[:5]))} in the source: leave them out")
        rows = np.array([self.source.key_to_index[word] for word in words], np.int64)
        mapped = self.map(rows)
        target = self.target_unit[:restrict_vocab]
        if retrieval == "cosine":
            return Neighbours(self.target.index_to_key, *nearest_rows(target, mapped, topn))
        hubness = self._hubness(restrict_vocab)
        found, halves = nearest_rows(target, mapped, topn, penalties=hubness / 2)
        own = mean_of_nearest(target, mapped, CSLS_NEIGHBOURS)
        return Neighbours(self.target.index_to_key, found, 2 * halves - own[:, None])

    def _hubness(self, restrict_vocab: int | None) -> NDArray[np.float64]:
        """r(y) of each target word: how near the source's words crowd around it. Computed once."""
        known = self._hubness_by_limit
        if restrict_vocab not in known:
            rows = slice(restrict_vocab)
            known[restrict_vocab] = mean_of_nearest(self.map(rows), self.target_unit[rows], CSLS_NEIGHBOURS)
        return known[restrict_vocab]

    @cached_property
    def _hubness_by_limit(self) -> dict[int | None, NDArray[np.float64]]:
        return {}


def align(
    source: KeyedVectors,
    target: KeyedVectors,
    pairs: Iterable[tuple[Any, Any]] | None = None,
    *,
    method: str = "procrustes",
    center: bool | None = None,
) -> Alignment:
    """Learn the map from `source` to `target` that carries the words of `pairs` onto each other.

    pairs: (source word, target word); the words that both vocabularies share if None. Pairs with an unknown
        word are counted and left out.
    method: "procrustes", the rotation W that minimises |XW - Y| over orthogonal W (Schönemann 1966; Xing et al. 2015;
        Smith et al. 2017), W = UVᵀ of the singular values of XᵀY, which leaves the source's own cosines as they are;
        or "least-squares", any W (Mikolov, Le & Sutskever 2013), gensim's TranslationMatrix
    center: take off each set's mean after scaling vectors to length one (Artetxe et al. 2016); unless given, for
        procrustes

    X and Y are unit vectors. Fewer pairs than dimensions leave a part of the map arbitrary, which is logged as a
    warning. Raises ValueError for an unknown method and where no pair is known.

    Reproducibility: no randomness.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    found = known_pairs(source, target, shared_words(source, target) if pairs is None else pairs)
    if not len(found) and pairs is None:
        raise ValueError("the two vocabularies share no word: are they of one language? Of two, a dictionary is needed")
    if not len(found):
        raise ValueError(
            f"none of {found.unknown} pairs has both its words in the vocabularies: is the dictionary in this"
            " direction, and in their spelling?"
        )
    if len(found) < source.vector_size:
        logger.warning(
            "%d pairs fix a map in as many of %d dimensions only, and the rest of it is arbitrary: give more pairs",
            len(found),
            source.vector_size,
        )
    centred = method == "procrustes" if center is None else center
    source_mean, target_mean = (_mean_direction(vectors, centred) for vectors in (source, target))
    x = unit_rows(_prepared(source.vectors[found.source_rows], source_mean), np.float64)
    y = unit_rows(_prepared(target.vectors[found.target_rows], target_mean), np.float64)
    if method == "procrustes":
        u, _, v = np.linalg.svd(x.T @ y, full_matrices=False)
        matrix = u @ v
    else:
        matrix = np.linalg.lstsq(x, y, rcond=None)[0]
    return Alignment(source, target, matrix, source_mean, target_mean, found, method)


def _prepared(vectors: NDArray[Any], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors, float64, less the mean."""
    unit = unit_rows(vectors, np.float64).astype(np.float64, copy=False)
    return unit - mean if mean.any() else unit


def _mean_direction(vectors: KeyedVectors, centred: bool) -> NDArray[np.float64]:
    if not centred:
        return np.zeros(vectors.vector_size)
    return np.asarray(unit_rows(vectors.vectors).mean(axis=0, dtype=np.float64))
