"""3CosAdd in bulk: rows of three question words in, the row of the answering word out, as gensim answers.

The answer to "a is to b as c is to ?" is the word d that maximises cos(d, b + c - a) over normalised
vectors (Mikolov et al. 2013; Levy & Goldberg 2014). Thousands of questions reuse a few hundred words, and

    cos(d, b + c - a) ~ (d.b - d.a) + d.c ,

so each distinct word, and each distinct difference b - a, meets a block of the vocabulary once, in one
matrix product; a question then costs one sum of two rows and a maximum. Single precision settles all but the
questions whose two best answers lie closer than rounding can tell; those few are put to gensim itself.
Called by `analogies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Scores of one vocabulary block (words and differences together) and of one chunk of questions: the former
# shall stay in the last-level cache, the latter in a core's own.
BLOCK_BYTES = 24 << 20
BLOCK_COLUMNS = (256, 4096)
CHUNK_BYTES = 1 << 20
CHUNK_QUESTIONS = 128
# gensim looks at the five nearest words that are not rows of the question itself.
GENSIM_TOPN = 5
NORM_ROWS = 1 << 16


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


def answer_rows(vectors: NDArray[Any], questions: Questions) -> NDArray[np.int64]:
    """Row of the answer to each question among all rows of `vectors`, int64 (Q,); -1 where none is left.

    vectors: (V, D), any float type; scored in float32 (float64 where gensim is asked and they are float64).
    Memory: a few tens of MB beside `vectors`, whatever V and Q are.
    """
    if vectors.dtype not in (np.float32, np.float64):
        vectors = vectors.astype(np.float32)
    norms = _row_norms(vectors)
    best = _Best(len(questions.a))
    _scan(vectors, norms, questions, best)
    with np.errstate(invalid="ignore", divide="ignore"):
        doubtful = _doubtful(vectors, norms, questions, best)
    if doubtful.size:
        _ask_gensim(vectors, norms, questions, doubtful, best.row)
    return best.row


class _Best:
    """The best answer of each question so far, and the score of the best answer that lost to it."""

    def __init__(self, question_count: int) -> None:
        self.row = np.full(question_count, -1, np.int64)
        self.score = np.full(question_count, -np.inf, np.float32)
        self.runner_up = np.full(question_count, -np.inf, np.float32)

    def offer(self, first: int, scores: NDArray[np.float32], first_row: int, margin: float) -> None:
        """Take in `scores` (n, columns) of questions first..first+n for rows first_row..; overwrites them.

        Runners-up are exact only where they come within `margin` of the best: no other matters.
        """
        here = slice(first, first + len(scores))
        column = scores.argmax(axis=1)
        top = scores[np.arange(len(scores)), column]
        near = np.flatnonzero((top >= self.score[here] - margin) & (top > -np.inf))
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


def _row_norms(vectors: NDArray[Any]) -> NDArray[Any]:
    """Euclidean norms (V,), in blocks; computed afresh, since a KeyedVectors' cached norms may be stale."""
    blocks = [
        np.linalg.norm(vectors[start : start + NORM_ROWS], axis=1)
        for start in range(0, len(vectors), NORM_ROWS)
    ]
    return np.concatenate(blocks)


def _unit_rows(vectors: NDArray[Any], norms: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length one, float32; rows without a direction (zero, NaN) become zero."""
    usable = np.isfinite(norms) & (norms > 0)
    unit = np.zeros(vectors.shape, np.float32)
    np.divide(vectors, norms[:, None], out=unit, where=usable[:, None], casting="same_kind")
    return unit


def _rounding_margin(dimensions: int) -> float:
    """How far two float32 scores of one answer, ours and gensim's, may lie apart.

    A score sums three dot products of D terms: rounding grows as sqrt(D); the factors leave room to spare.
    """
    return float(2.0**-24 * (8.0 * np.sqrt(dimensions) + 32.0))


def _scan(vectors: NDArray[Any], norms: NDArray[Any], questions: Questions, best: _Best) -> None:
    """Score every question against every row, one vocabulary block at a time."""
    words, places = np.unique(np.concatenate([questions.a, questions.b, questions.c]), return_inverse=True)
    a, b, c = places.reshape(3, -1)
    differences, difference = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    difference = difference.reshape(-1)
    word_vectors = _unit_rows(vectors[words], norms[words])
    columns = int(np.clip(BLOCK_BYTES // (4 * (len(words) + differences.shape[1])), *BLOCK_COLUMNS))
    chunk = int(np.clip(CHUNK_BYTES // (4 * columns), 16, CHUNK_QUESTIONS))
    margin = _rounding_margin(vectors.shape[1])
    ignored = _IgnoredCells(questions.ignored, columns, chunk)
    for block, start in enumerate(range(0, len(vectors), columns)):
        unit = _unit_rows(vectors[start : start + columns], norms[start : start + columns])
        by_word = word_vectors @ unit.T
        by_difference = by_word[differences[1]] - by_word[differences[0]]
        by_difference[:, ~unit.any(axis=1)] = -np.inf
        score_space = np.empty((chunk, len(unit)), np.float32)
        addend_space = np.empty((chunk, len(unit)), np.float32)
        for number, first in enumerate(range(0, len(c), chunk)):
            here = slice(first, min(first + chunk, len(c)))
            scores, addend = score_space[: here.stop - first], addend_space[: here.stop - first]
            # mode="clip" skips a bounds check that would need a temporary; all places are in range.
            np.take(by_difference, difference[here], axis=0, out=scores, mode="clip")
            np.take(by_word, c[here], axis=0, out=addend, mode="clip")
            scores += addend
            scores[ignored.cells(block, number)] = -np.inf
            best.offer(first, scores, start, margin)


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


def _doubtful(
    vectors: NDArray[Any], norms: NDArray[Any], questions: Questions, best: _Best
) -> NDArray[np.int64]:
    """Questions that float32 block scores do not settle.

    That is: two best answers within rounding; no answer at all; a question word without direction; or five
    other spellings of its words before the best answer, in which case gensim never gets to see that answer.
    """
    margin = _rounding_margin(vectors.shape[1])
    directed = np.isfinite(norms) & (norms > 0)
    settled = (best.score - best.runner_up > margin) & np.isfinite(best.score)
    settled &= directed[questions.a] & directed[questions.b] & directed[questions.c]
    many_spellings = [len(rows) > GENSIM_TOPN for rows in questions.ignored]
    for question in np.flatnonzero(settled & many_spellings):
        rows = questions.ignored[question]
        a, b, c = (int(word[question]) for word in (questions.a, questions.b, questions.c))
        spellings = [row for row in rows if row not in (a, b, c)]
        unit = _unit_rows(vectors[[a, b, c, *spellings]], norms[[a, b, c, *spellings]])
        scores = unit[3:] @ (unit[1] + unit[2] - unit[0])
        settled[question] = np.count_nonzero(scores >= best.score[question] - margin) < GENSIM_TOPN
    return np.flatnonzero(~settled)


def _ask_gensim(
    vectors: NDArray[Any],
    norms: NDArray[Any],
    questions: Questions,
    doubtful: NDArray[np.int64],
    answers: NDArray[np.int64],
) -> None:
    """Answer the doubtful questions by gensim's own `most_similar`, on a KeyedVectors keyed by row."""
    from gensim.models import KeyedVectors

    by_row = KeyedVectors(vectors.shape[1])
    by_row.vectors, by_row.norms, by_row.index_to_key = vectors, norms, range(len(vectors))
    for question in doubtful:
        a, b, c = (int(word[question]) for word in (questions.a, questions.b, questions.c))
        with np.errstate(invalid="ignore", divide="ignore"):
            nearest = [row for row, _ in by_row.most_similar([b, c], [a], topn=GENSIM_TOPN)]
        ignored = set(questions.ignored[question])
        # gensim takes the first that is none of the question's words, or the last it looked at.
        allowed = [row for row in nearest if row not in ignored] or nearest[-1:]
        answers[question] = allowed[0] if allowed else -1
