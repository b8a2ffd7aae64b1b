"""The exact search: queries against every row, block by block, in single precision; the winners again in
double.

A block of the vocabulary is scaled to unit length once and meets all queries in matrix products. Selecting the best
costs little beside multiplying: a block's columns are folded into groups, and only groups whose maximum is above the
least of a query's best so far are looked into. Matrix products round differently with the shape of a batch; the few
candidates that are kept are therefore scored again in float64, and an answer does not depend on what else was asked.
Called by `bulk`, `index` and `alignment`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 4096
"""Rows of the vocabulary that meet the queries at a time, a multiple of GROUP."""

GROUP = 16
"""Columns of a block that are represented by their maximum."""

CHUNK_QUERIES = 512
"""Queries that meet a block at a time: their scores stay in the last-level cache."""

SPARE = 4
"""Candidates kept beyond those asked for, whose order float32 cannot tell."""

RESCORED_QUERIES = 256
RESCORED_NUMBERS = 1 << 23
"""Queries whose candidates are scored again at a time, fewer where that many candidates' vectors are more numbers."""

Score = Callable[[slice, slice, NDArray[np.float32], NDArray[np.float32]], None]
"""Called with a chunk of queries, a block of rows, their unit vectors (n, D) and the place of scores (queries, n)."""

Rescore = Callable[[slice, NDArray[np.int64], NDArray[np.float64]], NDArray[np.float64]]
"""Called with a chunk of queries, candidates' rows (queries, n) and unit vectors (queries, n, D); gives scores."""


def unit_rows(vectors: NDArray[np.generic], dtype: type[np.floating] = np.float32) -> NDArray[np.floating]:
    """Rows of any float type scaled to length one, as `dtype`; rows without a direction (zero, NaN) become zero.

    Lengths are computed in the wider of both types, at least float32.
    """
    wide = vectors.astype(np.result_type(vectors.dtype, dtype, np.float32), copy=False)
    norms = np.linalg.norm(wide, axis=1)
    unit: NDArray[np.floating] = np.zeros(wide.shape, dtype)
    usable = np.isfinite(norms) & (norms > 0)
    np.divide(wide, norms[:, None], out=unit, where=usable[:, None], casting="same_kind")
    return unit


@dataclass(frozen=True)
class Excluded:
    """Cells that cannot be answers: `queries` and `rows`, int64 of one length, sorted by row."""

    queries: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, queries: NDArray[np.int64], rows: NDArray[np.int64]) -> Excluded:
        order = np.argsort(rows, kind="stable")
        return cls(queries[order], rows[order])

    @classmethod
    def none(cls) -> Excluded:
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def in_block(self, start: int, end: int) -> Excluded:
        first, last = np.searchsorted(self.rows, (start, end))
        return Excluded(self.queries[first:last], self.rows[first:last] - start)

    def blot_out(self, here: slice, scores: NDArray[np.float32]) -> None:
        """Set the cells of the queries `here` to -inf in their scores."""
        mine = (self.queries >= here.start) & (self.queries < here.stop)
        scores[self.queries[mine] - here.start, self.rows[mine]] = -np.inf


def candidate_rows(
    vectors: NDArray[np.generic], score: Score, query_count: int, keep: int, excluded: Excluded
) -> NDArray[np.int64]:
    """The `keep` best rows of each query in no order, int64 (query_count, keep); -1 where there are no more.

    vectors: (V, D) of any float type; rows without a direction are never answers. Memory: about 16 MB of
    scores and a block of vectors, beside the candidates.
    """
    best = _Candidates(query_count, keep)
    space = np.empty((min(CHUNK_QUERIES, query_count), BLOCK_ROWS), np.float32)
    for start in range(0, len(vectors), BLOCK_ROWS):
        unit = unit_rows(vectors[start : start + BLOCK_ROWS]).astype(np.float32, copy=False)
        undirected = ~unit.any(axis=1)
        blots = excluded.in_block(start, start + len(unit))
        for first in range(0, query_count, CHUNK_QUERIES):
            here = slice(first, min(first + CHUNK_QUERIES, query_count))
            scores = space[: here.stop - first]
            score(here, slice(start, start + len(unit)), unit, scores[:, : len(unit)])
            scores[:, len(unit) :] = -np.inf
            if undirected.any():
                scores[:, : len(unit)][:, undirected] = -np.inf
            blots.blot_out(here, scores)
            best.offer(here, scores, start)
    return best.rows


class _Candidates:
    """The best rows of each query so far."""

    def __init__(self, query_count: int, keep: int) -> None:
        self.rows = np.full((query_count, keep), -1, np.int64)
        self._scores = np.full((query_count, keep), -np.inf, np.float32)

    def offer(self, here: slice, scores: NDArray[np.float32], first_row: int) -> None:
        """Take in the scores (queries, BLOCK_ROWS) of the queries `here` for the rows from `first_row` on."""
        query, column, score = _scores_above(scores, self._scores[here].min(axis=1), self.rows.shape[1])
        if not query.size:
            return
        counts = np.bincount(query, minlength=len(scores))
        live = np.flatnonzero(counts)
        # New scores beside the old ones, row by row; `query` ascends.
        keep, live_counts = self.rows.shape[1], counts[live]
        line = np.repeat(np.arange(len(live)), live_counts)
        place = keep + np.arange(len(query)) - np.repeat(np.cumsum(live_counts) - live_counts, live_counts)
        all_scores = np.full((len(live), keep + int(counts.max())), -np.inf, np.float32)
        all_rows = np.full(all_scores.shape, -1, np.int64)
        all_scores[:, :keep], all_rows[:, :keep] = self._scores[here.start + live], self.rows[here.start + live]
        all_scores[line, place], all_rows[line, place] = score, column + first_row
        chosen = np.argpartition(all_scores, all_scores.shape[1] - keep, axis=1)[:, -keep:]
        self._scores[here.start + live] = np.take_along_axis(all_scores, chosen, axis=1)
        self.rows[here.start + live] = np.take_along_axis(all_rows, chosen, axis=1)


def _scores_above(
    scores: NDArray[np.float32], least: NDArray[np.float32], keep: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The cells of `scores` above each query's `least`, and all of its `keep` best among them: (query, column, score).

    Queries ascend. Only groups whose maximum is above are looked into.
    """
    group_count = BLOCK_ROWS // GROUP
    # Column j is in group j mod group_count, so that maxima are taken over whole stretches of memory.
    peaks = scores.reshape(len(scores), GROUP, group_count).max(axis=1)
    if keep < group_count and (least == -np.inf).any():
        # The best of `keep` groups are as many scores: what is less is not among the `keep` best.
        lowest_peak = np.partition(peaks, group_count - keep, axis=1)[:, group_count - keep]
        least = np.maximum(least, np.nextafter(lowest_peak, np.float32(-np.inf)))
    query, group = np.nonzero(peaks > least[:, None])
    columns = group[:, None] + group_count * np.arange(GROUP)
    found = scores[query[:, None], columns]
    above = found > least[query][:, None]
    return np.repeat(query, above.sum(axis=1)), columns[above], found[above]


def ranked(
    vectors: NDArray[np.generic], rows: NDArray[np.int64], rescore: Rescore, topn: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best `topn` of each query's candidates, best first, scored in float64; ties go to the lower row.

    rows: int64 (Q, n), -1 for none. Returns rows int64 and scores float64, both (Q, min(topn, V)); -1 and -inf
    at the end where a query has fewer candidates.
    """
    topn = min(topn, len(vectors))
    best_rows = np.full((len(rows), topn), -1, np.int64)
    best_scores = np.full((len(rows), topn), -np.inf)
    width = min(topn, rows.shape[1])
    step = min(RESCORED_QUERIES, max(1, RESCORED_NUMBERS // max(1, rows.shape[1] * vectors.shape[1])))
    for first in range(0, len(rows), step):
        here = slice(first, min(first + step, len(rows)))
        candidates = np.sort(rows[here], axis=1)
        unit = unit_rows(vectors[candidates.reshape(-1)], np.float64).astype(np.float64, copy=False)
        scores = rescore(here, candidates, unit.reshape(*candidates.shape, -1))
        scores[candidates < 0] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :width]
        best_rows[here, :width] = np.take_along_axis(candidates, order, axis=1)
        best_scores[here, :width] = np.take_along_axis(scores, order, axis=1)
    return best_rows, best_scores


def cosines(block: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dot products of unit vectors (Q, n, D) with those of their queries (Q, D), float64 (Q, n).

    Not by BLAS, whose rounding depends on the place of a vector among the others.
    """
    return np.asarray(np.einsum("qnd,qd->qn", block, unit))


def nearest_rows(
    vectors: NDArray[np.generic],
    targets: NDArray[np.generic],
    topn: int,
    *,
    excluded: Excluded | None = None,
    penalties: NDArray[np.floating] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `topn` rows nearest to each target by cosine, best first: rows int64 and cosines float64,
    (Q, min(topn, V)).

    vectors: (V, D); targets: (Q, D), scaled to unit length here; `penalties`, (V,), are taken off the cosines
    of each row. At the end of a query's rows stand -1, of its scores -inf, where it has fewer answers.
    """
    unit = unit_rows(targets, np.float64).astype(np.float64, copy=False)
    single = unit.astype(np.float32)
    lost = np.zeros(len(vectors)) if penalties is None else penalties.astype(np.float64)

    def score(here: slice, rows: slice, block: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        np.matmul(single[here], block.T, out=out)
        if penalties is not None:
            out -= lost[rows].astype(np.float32)

    def rescore(here: slice, rows: NDArray[np.int64], block: NDArray[np.float64]) -> NDArray[np.float64]:
        return cosines(block, unit[here]) - lost[rows]

    keep = min(len(vectors), topn + SPARE)
    candidates = candidate_rows(vectors, score, len(unit), keep, excluded or Excluded.none())
    return ranked(vectors, candidates, rescore, topn)


def nearest_others(
    vectors: NDArray[np.generic], rows: NDArray[np.int64], topn: int, first: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `topn` of all rows of `vectors`, or of its `first` ones, that are nearest to each of `rows` (Q,), that row
    itself left out: as `nearest_rows`."""
    own = Excluded.of(np.arange(len(rows)), rows)
    return nearest_rows(vectors[:first], vectors[rows], topn, excluded=own)


def mean_of_nearest(
    vectors: NDArray[np.generic], targets: NDArray[np.generic], count: int
) -> NDArray[np.float64]:
    """Mean cosine of each target (Q, D) to the `count` rows of `vectors` nearest to it, float64 (Q,)."""
    _, nearest = nearest_rows(vectors, targets, min(count, len(vectors)))
    known = np.isfinite(nearest)
    sums = np.where(known, nearest, 0.0).sum(axis=1)
    return np.asarray(sums / np.maximum(1, known.sum(axis=1)))
