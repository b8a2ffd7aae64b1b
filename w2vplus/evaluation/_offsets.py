"""Analogies by vector offsets, in bulk: rows of three question words in, the row of the answering word out.

Thousands of questions reuse a few hundred words, and each method scores a candidate d for "a is to b as c is
to ?" by the cosines d.a, d.b and d.c alone (unit vectors):

    3CosAdd       (d.b - d.a) + d.c                               (Mikolov et al. 2013; as gensim)
    3CosMul       p(d,b) / (p(d,a) + 1e-6) * p(d,c)               with p(x,y) = (1 + x.y) / 2
    PairDistance  ((d.b - d.a) - (c.b - c.a)) / sqrt(2 - 2 d.c)   which is cos(b - a, d - c) times |b - a|

(Levy & Goldberg 2014, who call the third PairDirection; Drozd et al. 2016). So each distinct word, and each
distinct pair (a, b), meets a block of the vocabulary once, in one matrix product; a question then costs one
pass over two rows and a maximum. Single precision settles all but the questions whose two best answers lie
closer than rounding can tell; `_answers`, which calls this, settles those few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.queries import COSMUL_EPSILON, unit_rows

# Scores of one vocabulary block (words and pairs together) and of one chunk of questions: the former
# shall stay in the last-level cache, the latter in a core's own.
BLOCK_BYTES = 24 << 20
BLOCK_COLUMNS = (256, 4096)
CHUNK_BYTES = 1 << 20
CHUNK_QUESTIONS = 128
# A neighbour of c this close makes PairDistance a division by next to nothing.
TOO_CLOSE = 0.97


@dataclass(frozen=True)
class Questions:
    """Q questions by row number.

    a, b, c: int64 (Q,), rows of the three words given
    ignored: per question, every row that spells one of its three words; these cannot answer
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    c: NDArray[np.int64]
    ignored: list[list[int]]

    def __len__(self) -> int:
        return len(self.a)

    def subset(self, chosen: NDArray[np.int64]) -> Questions:
        """The questions with these numbers."""
        ignored = [self.ignored[number] for number in chosen]
        return Questions(self.a[chosen], self.b[chosen], self.c[chosen], ignored)


Scores = NDArray[Any]


@dataclass(frozen=True)
class Method:
    """How cosines become a score: join(of_pair(d.a, d.b) - shift, of_word(d.c)), all arrays of any shape.

    of_pair, of_word: cosines in, scores out; of_pair may overwrite what it is given
    is_shifted: whether c.b - c.a, a number for each question, is taken off first
    """

    of_pair: Callable[[Scores, Scores], Scores]
    of_word: Callable[[Scores], Scores]
    join: np.ufunc
    is_shifted: bool = False


def _cosine_of_offset(from_a: Scores, from_b: Scores) -> Scores:
    from_b -= from_a
    return from_b


def _ratio(from_a: Scores, from_b: Scores) -> Scores:
    for cosines in (from_a, from_b):
        cosines += 1
        cosines /= 2
    from_a += COSMUL_EPSILON
    from_b /= from_a
    return from_b


def _shifted_to_positive(from_c: Scores) -> Scores:
    shifted: Scores = (from_c + 1) / 2
    return shifted


def _inverse_distance(from_c: Scores) -> Scores:
    squared: Scores = 2 - 2 * from_c
    np.maximum(squared, np.finfo(squared.dtype).eps, out=squared)
    np.sqrt(squared, out=squared)
    np.reciprocal(squared, out=squared)
    return squared


def _unchanged(from_c: Scores) -> Scores:
    return from_c


METHODS: dict[str, Method] = {
    "3CosAdd": Method(_cosine_of_offset, _unchanged, np.add),
    "3CosMul": Method(_ratio, _shifted_to_positive, np.multiply),
    "PairDistance": Method(_cosine_of_offset, _inverse_distance, np.multiply, is_shifted=True),
}


class Best:
    """The best answer of each question so far, and the score of the best answer that lost to it."""

    def __init__(self, question_count: int, dtype: Any) -> None:
        self.row = np.full(question_count, -1, np.int64)
        self.score = np.full(question_count, -np.inf, dtype)
        self.runner_up = np.full(question_count, -np.inf, dtype)

    def offer(self, first: int, scores: Scores, first_row: int, slack: NDArray[Any]) -> None:
        """Take in `scores` (n, columns) of questions first..first+n for rows first_row..; overwrites them.

        Runners-up are exact only where they come within `slack` (n,) of the best: no other matters.
        """
        here = slice(first, first + len(scores))
        column = scores.argmax(axis=1)
        top = scores[np.arange(len(scores)), column]
        near = np.flatnonzero((top >= self.score[here] - slack) & (top > -np.inf))
        if not near.size:
            return
        question, column, top = near + first, column[near], top[near]
        scores[near, column] = -np.inf
        second = scores[near].max(axis=1)
        loser = np.minimum(top, self.score[question])
        self.runner_up[question] = np.maximum(np.maximum(loser, second), self.runner_up[question])
        wins = top > self.score[question]
        self.score[question[wins]] = top[wins]
        self.row[question[wins]] = column[wins] + first_row


@dataclass
class Scan:
    """What one pass over the vocabulary finds: the best answers, and what tells how far to trust them.

    least, neighbours: for every distinct word of the questions, its least cosine with any row, and how many
    rows are closer to it than TOO_CLOSE; words: their rows; a, c: each question's words among these.
    """

    best: Best
    words: NDArray[np.int64]
    a: NDArray[np.int64]
    c: NDArray[np.int64]
    least: NDArray[Any]
    neighbours: NDArray[np.int64]


def scan(
    vectors: NDArray[Any], questions: Questions, method: Method, dtype: Any = np.float32
) -> Scan:
    """Score every question against every row in `dtype`, one vocabulary block at a time."""
    words, places = np.unique(np.concatenate([questions.a, questions.b, questions.c]), return_inverse=True)
    a, b, c = places.reshape(3, -1)
    pairs, pair = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    unit_words = unit_rows(vectors[words], dtype)
    columns = int(np.clip(BLOCK_BYTES // (4 * (len(words) + pairs.shape[1])), *BLOCK_COLUMNS))
    chunk = int(np.clip(CHUNK_BYTES // (4 * columns), 16, CHUNK_QUESTIONS))
    found = Scan(Best(len(c), dtype), words, a, c, np.ones(len(words), dtype), np.zeros(len(words), np.int64))
    ignored = _IgnoredCells(questions.ignored, columns, chunk)
    shift = np.einsum("ij,ij->i", unit_words[b] - unit_words[a], unit_words[c]) if method.is_shifted else None
    for block, start in enumerate(range(0, len(vectors), columns)):
        unit = unit_rows(vectors[start : start + columns], dtype)
        cosines = unit_words @ unit.T
        found.least = np.minimum(found.least, cosines.min(axis=1))
        if method.is_shifted:
            found.neighbours += np.count_nonzero(cosines > TOO_CLOSE, axis=1)
        of_pair = method.of_pair(cosines[pairs[0]], cosines[pairs[1]])
        of_pair[:, ~unit.any(axis=1)] = -np.inf
        of_word = method.of_word(cosines)
        space = np.empty((2, chunk, len(unit)), dtype)
        for number, first in enumerate(range(0, len(c), chunk)):
            here = slice(first, min(first + chunk, len(c)))
            scores, factor = space[:, : here.stop - first]
            # mode="clip" skips a bounds check that would need a temporary; all places are in range.
            np.take(of_pair, pair[here], axis=0, out=scores, mode="clip")
            np.take(of_word, c[here], axis=0, out=factor, mode="clip")
            if shift is not None:
                scores -= shift[here, None]
            method.join(scores, factor, out=scores)
            scores[ignored.cells(block, number)] = -np.inf
            found.best.offer(first, scores, start, slack(found.best.score[here]))
    return found


def slack(best: NDArray[Any]) -> NDArray[Any]:
    """How near to the best score a runner-up is followed; margins above this make a question doubtful."""
    return 1e-3 * np.maximum(1, np.where(np.isfinite(best), np.abs(best), 1))


class _IgnoredCells:
    """The (question, row) cells that may not answer, filed by vocabulary block and question chunk."""

    def __init__(self, ignored: list[list[int]], columns: int, chunk: int) -> None:
        question = np.repeat(np.arange(len(ignored)), [len(rows) for rows in ignored])
        row = np.fromiter((row for rows in ignored for row in rows), np.int64, len(question))
        self._chunk_count = -(-len(ignored) // chunk)
        drawer = (row // columns) * self._chunk_count + question // chunk
        order = np.argsort(drawer, kind="stable")
        self._drawers = drawer[order]
        self._questions = (question % chunk)[order]
        self._columns = (row % columns)[order]

    def cells(self, block: int, chunk_number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(question within the chunk, column within the block) of the ignored cells."""
        drawer = block * self._chunk_count + chunk_number
        start, stop = self._drawers.searchsorted([drawer, drawer + 1])
        return self._questions[start:stop], self._columns[start:stop]
