"""Words in classes by k-means over their vectors, as word2vec.c's option -classes does it.

Called by `w2vplus word2vec -classes` and by people with a gensim KeyedVectors in hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

ITERATIONS = 10
"""word2vec.c's."""

BLOCK_SCORES = 1 << 22
"""Scores of words with centres that are in memory at a time."""


def word_classes(vectors: KeyedVectors, class_count: int, *, iterations: int = ITERATIONS) -> NDArray[np.int64]:
    """The class of each word, int64 (V,), from 0 to class_count - 1.

    Spherical k-means (Dhillon & Modha 2001) from word2vec.c's start, word w in class w mod class_count: a centre is
    the mean of its words' vectors scaled to length one, and a word goes to the centre with the greatest dot
    product, the first of equal ones. Centres that lose their words stay empty.

    Raises ValueError for a class_count or iterations below 1. Reproducibility: no randomness.
    """
    for name, value in (("class_count", class_count), ("iterations", iterations)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    matrix = np.asarray(vectors.vectors, np.float32)
    classes = np.arange(len(matrix), dtype=np.int64) % class_count
    for _ in range(iterations):
        # At most as many classes as words have any; of the others there may be millions.
        present, of_present = np.unique(classes, return_inverse=True)
        centres = _centres(matrix, of_present, len(present))
        directed = centres.any(axis=1)
        if not directed.any():
            break
        present, centres = present[directed], centres[directed]
        rows = max(1, BLOCK_SCORES // len(present))
        for start in range(0, len(matrix), rows):
            scores = matrix[start : start + rows] @ centres.T
            classes[start : start + rows] = present[scores.argmax(axis=1)]
    return classes


def _centres(matrix: NDArray[np.float32], classes: NDArray[np.int64], class_count: int) -> NDArray[np.float32]:
    """Unit sums of each class's vectors, float32 (class_count, D); zero for a class without a direction."""
    from scipy.sparse import csr_array

    shape = (class_count, len(matrix))
    members = csr_array((np.ones(len(matrix)), (classes, np.arange(len(matrix)))), shape=shape)
    sums: NDArray[np.float64] = members @ matrix.astype(np.float64)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    unit = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
    return np.asarray(unit, np.float32)
