"""The answers to many queries: arrays for programs, lists of (word, score) for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Neighbours(Sequence[list[tuple[Any, float]]]):
    """The nearest words of each of Q queries, best first.

    keys: the vectors' `index_to_key`
    rows: int64 (Q, n), into `keys`, n being `topn` or the number of words where that is less; -1 where fewer were left
    scores: float64 (Q, n), cosines (or what the method defines); -inf beside a row of -1

    `neighbours[q]` is the list of (word, score) that gensim's `most_similar` returns.
    """

    keys: Sequence[Any]
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, query: int) -> list[tuple[Any, float]]: ...

    @overload
    def __getitem__(self, query: slice) -> list[list[tuple[Any, float]]]: ...

    def __getitem__(self, query: int | slice) -> list[Any]:
        if isinstance(query, slice):
            return [self[number] for number in range(len(self))[query]]
        found = zip(self.rows[query].tolist(), self.scores[query].tolist(), strict=True)
        return [(self.keys[row], score) for row, score in found if row >= 0]

    def __iter__(self) -> Iterator[list[tuple[Any, float]]]:
        return (self[query] for query in range(len(self)))
