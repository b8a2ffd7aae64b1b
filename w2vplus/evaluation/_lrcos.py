"""LRCos (Drozd, Gladkova & Matsuoka 2016): sections of word pairs in, the row of the answer to each pair out.

"What is c's answer, as the section's other pairs have theirs?" A logistic regression learns from the other
pairs what an answer looks like; the answer is the word d of the greatest P(d is an answer) cos(d, c). Called by
`analogies`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.evaluation._units import as_floats
from w2vplus.evaluation.questions import Question
from w2vplus.queries import unit_rows

BLOCK_ROWS = 1 << 14
RANDOM_WORDS = 100
"""Words drawn for each section as examples of what is no answer, beside the words asked about."""


def answer_rows_by_class(
    vectors: NDArray[Any], sections: list[list[Question]], rows: dict[str, list[int]], seed: int
) -> list[int]:
    """The row of the answer to each question of known words, section after section.

    vectors: (V, D). A word's first row speaks for it; rows that spell c cannot answer. A section of one pair
    has nothing to learn from: cos(d, c) alone decides. Raises ModuleNotFoundError without scikit-learn.
    """
    vectors = as_floats(vectors)
    random = np.random.default_rng(seed)
    answers: list[int] = []
    for questions in sections:
        if not questions:
            continue
        asked = np.array([rows[question.c][0] for question in questions])
        right = [
            next(rows[answer][0] for answer in question.answers if answer in rows) for question in questions
        ]
        drawn = random.choice(len(vectors), size=min(RANDOM_WORDS, len(vectors)), replace=False)
        weights, biases = _classifiers(vectors, asked, np.array(right), drawn)
        ignored = [rows[question.c] for question in questions]
        answers += _best_rows(vectors, asked, weights, biases, ignored)
    return answers


def _classifiers(
    vectors: NDArray[Any],
    asked: NDArray[np.int64],
    right: NDArray[np.int64],
    drawn: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each pair a regression that has not seen it: weights (n, D) and biases (n,).

    Answers of the other pairs are its positive examples; negative ones are the words that they answer and the
    drawn words, unless these are answers too.
    """
    LogisticRegression = _logistic_regression()
    weights = np.zeros((len(asked), vectors.shape[1]), np.float32)
    biases = np.zeros(len(asked), np.float32)
    for place in range(len(asked)):
        others = np.arange(len(asked)) != place
        positive = np.unique(right[others])
        negative = np.setdiff1d(np.concatenate([asked[others], drawn]), [*right, asked[place]])
        if not positive.size or not negative.size:
            continue
        examples = np.concatenate([positive, negative])
        labels = np.arange(len(examples)) < len(positive)
        fitted = LogisticRegression(max_iter=1000).fit(unit_rows(vectors[examples]), labels)
        weights[place], biases[place] = fitted.coef_[0], fitted.intercept_[0]
    return weights, biases


def _logistic_regression() -> Any:
    try:
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("LRCos needs scikit-learn: pip install 'w2vplus[sklearn]'") from error
    return LogisticRegression


def _best_rows(
    vectors: NDArray[Any],
    asked: NDArray[np.int64],
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
    ignored: list[list[int]],
) -> list[int]:
    """argmax over d of sigmoid(w.d + bias) cos(d, c), a vocabulary block at a time."""
    units = unit_rows(vectors[asked])
    best = np.full(len(asked), -np.inf)
    answer = np.full(len(asked), -1, np.int64)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, min(start + BLOCK_ROWS, len(vectors)))
        unit = unit_rows(vectors[block])
        with np.errstate(over="ignore"):
            scores = (units @ unit.T) / (1 + np.exp(-(weights @ unit.T + biases[:, None])))
        scores[:, ~unit.any(axis=1)] = -np.inf
        for place, spellings in enumerate(ignored):
            scores[place, [row - start for row in spellings if block.start <= row < block.stop]] = -np.inf
        top = scores.argmax(axis=1)
        score = scores[np.arange(len(top)), top]
        wins = score > best
        best[wins], answer[wins] = score[wins], top[wins] + start
    return [int(row) for row in answer]
