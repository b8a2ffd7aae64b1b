"""Word classes against word2vec.c's loops, written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import clustering, word_classes


def keyed(matrix: Any) -> KeyedVectors:
    vectors = KeyedVectors(np.shape(matrix)[1])
    vectors.add_vectors([f"w{row}" for row in range(len(matrix))], np.asarray(matrix, np.float32))
    return vectors


def slow_classes(matrix: np.ndarray, class_count: int, iterations: int) -> list[int]:
    """The slow twin: one word and one centre at a time."""
    classes = [row % class_count for row in range(len(matrix))]
    for _ in range(iterations):
        centres: dict[int, np.ndarray] = {}
        for row, vector in enumerate(matrix):
            centres[classes[row]] = centres.get(classes[row], 0) + vector
        for number, centre in centres.items():
            centres[number] = centre / np.linalg.norm(centre)
        for row, vector in enumerate(matrix):
            classes[row] = max(sorted(centres), key=lambda number: float(centres[number] @ vector))
    return classes


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=50)
def test_classes_are_those_of_the_loops(seed: int, words: int, class_count: int, iterations: int) -> None:
    matrix = np.random.default_rng(seed).standard_normal((words, 5))
    found = word_classes(keyed(matrix), class_count, iterations=iterations)
    assert found.tolist() == slow_classes(matrix, class_count, iterations)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = keyed(np.random.default_rng(1).standard_normal((50, 4)))
    whole = word_classes(vectors, 6).tolist()
    monkeypatch.setattr(clustering, "BLOCK_SCORES", 7)
    assert word_classes(vectors, 6).tolist() == whole


def test_directions_that_lie_apart_are_classes() -> None:
    random = np.random.default_rng(2)
    kinds = np.array([0, 1, 2, 2, 0, 1, 1, 0, 2, 0, 1, 2])
    found = word_classes(keyed(np.eye(3)[kinds] * 5 + 0.1 * random.standard_normal((12, 3))), 3)
    assert len({(kind, number) for kind, number in zip(kinds.tolist(), found.tolist(), strict=True)}) == 3


def test_more_classes_than_words_and_zero_vectors_do_no_harm() -> None:
    assert sorted(word_classes(keyed(np.eye(3)), 10).tolist()) == [0, 1, 2]
    assert word_classes(keyed(np.zeros((3, 2))), 2).max() < 2


@pytest.mark.parametrize("arguments", [{"class_count": 0}, {"class_count": 2, "iterations": 0}])
def test_numbers_below_one_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        word_classes(keyed(np.eye(2)), **arguments)
