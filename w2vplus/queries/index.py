"""`VectorIndex`: approximate nearest neighbours among millions of vectors, with the recall they cost.

The index is an HNSW graph (Malkov & Yashunin 2020), built and searched by usearch (the extra `index`). What it
finds is scored again from the vectors themselves, so that cosines are exact and only missing words tell that
the search was not. Called by `bulk`; gensim's own `most_similar(indexer=...)` takes it too.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import replacing
from w2vplus.errors import VectorFormatError
from w2vplus.queries.neighbours import Neighbours
from w2vplus.queries.scan import SPARE, Excluded, cosines, nearest_rows, ranked, unit_rows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

DTYPES = ("f32", "f16", "i8")
BLOCK_ROWS = 1 << 14

COMPARED_ROWS = 256
"""Rows that tell whether an index was made of the vectors at hand."""

LEAST_COSINE = 0.9
"""Of a vector to itself as an index keeps it; rounding to 8 bits leaves more."""


@dataclass(frozen=True)
class Recall:
    """How many of the true nearest neighbours an index finds, over `queries` random words.

    mean: share of all of their `topn` nearest words that were found; least: of the worst query;
    exact_seconds, index_seconds: what answering took.
    """

    topn: int
    queries: int
    mean: float
    least: float
    exact_seconds: float
    index_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready numbers under stable keys."""
        return asdict(self)


class VectorIndex:
    """An approximate index over the rows of a KeyedVectors, which it reads and does not change.

    connectivity: edges of a node of the graph; expansion_add, expansion_search: candidates looked at when a
    row is added and when a query is answered (more find more and take longer); dtype: how the index keeps its
    copy of the vectors, "f32", "f16" or "i8"; threads: 0 for every CPU.

    Building costs far more than a query, and grows faster than the vectors. `w2vplus bench --rows index --vector-count
    100000 --workers 1,2` measures it on random clusters. Of 100 numbers each (usearch 2.26, processor seconds of a
    Xeon with other work beside it, which made the clock's two to seven times as long):

        vectors     threads   to build   recall of the 10 nearest   index against exact search, queries/s
         20,000           1        3.9                    100.0 %   0.8 to 1.3
        100,000           1       30.9                    100.0 %   2.4
        100,000           2       38.6                    100.0 %   2.1
        300,000           2      194.9                    99.97 %   2.8

    Trained vectors lie less neatly: of 77,960 words of Wikipedia, skip-gram after one epoch of 17M words, it finds
    98.2 % and answers 2.9 times as fast as the exact search (`w2vplus bench TEXT --rows queries --min-count 4`).

    Building is shared out among threads, which cost one another up to a quarter. A million vectors were not
    built; by this growth they take some 15 minutes of one processor, divided by the threads. So an index pays above
    100,000 vectors or so, for tens of thousands of queries, or where it is saved and used again; "f16" keeps its copy
    of the vectors in half the memory. Ask `recall` of real vectors.

    Raises ImportError without usearch, ValueError for arguments out of range.

    Thread-safety: queries may run beside each other. Reproducibility: with threads=1 the same vectors give the same
    index; with more, its edges depend on their timing.
    """

    def __init__(
        self,
        vectors: KeyedVectors,
        *,
        connectivity: int = 16,
        expansion_add: int = 128,
        expansion_search: int = 128,
        dtype: str = "f32",
        threads: int = 0,
    ) -> None:
        for name, value, least in (
            ("connectivity", connectivity, 2),
            ("expansion_add", expansion_add, 1),
            ("expansion_search", expansion_search, 1),
            ("threads", threads, 0),
        ):
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
        self.vectors = vectors
        self.threads = threads
        self._index = _usearch().Index(
            ndim=vectors.vector_size,
            metric="cos",
            dtype=dtype,
            connectivity=connectivity,
            expansion_add=expansion_add,
            expansion_search=expansion_search,
        )
        for start in range(0, len(vectors), BLOCK_ROWS):
            unit = unit_rows(vectors.vectors[start : start + BLOCK_ROWS])
            usable = np.flatnonzero(unit.any(axis=1))
            if usable.size:
                self._index.add((start + usable).astype(np.uint64), unit[usable], threads=threads)

    def __len__(self) -> int:
        return len(self.vectors)

    def nearest_rows(
        self, targets: NDArray[Any], topn: int, excluded: Excluded | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """About the `topn` rows nearest to each target (Q, D): rows int64 and exact cosines float64, (Q, topn).

        -1 and -inf stand where the index found fewer.
        """
        unit = unit_rows(targets, np.float64).astype(np.float64, copy=False)
        out = excluded or Excluded.none()
        most_excluded = int(np.bincount(out.queries, minlength=1).max())
        count = min(len(self._index), topn + SPARE + most_excluded)
        found = self._index.search(np.atleast_2d(unit).astype(np.float32), count, threads=self.threads)
        # One query comes back without its dimension, and a query may have fewer answers than asked for.
        rows = np.asarray(found.keys).astype(np.int64).reshape(len(unit), -1)
        counts = np.atleast_1d(getattr(found, "counts", rows.shape[1]))
        rows[np.arange(rows.shape[1]) >= counts[:, None]] = -1
        # A cell (query, row) as one number, to be looked up among the excluded ones.
        cells = np.arange(len(unit))[:, None] * len(self.vectors) + rows
        rows[np.isin(cells, out.queries * len(self.vectors) + out.rows)] = -1

        return ranked(self.vectors.vectors, rows, lambda here, _, block: cosines(block, unit[here]), topn)

    def most_similar(self, vector: NDArray[Any], num_neighbors: int) -> list[tuple[Any, float]]:
        """(word, cosine) of about the `num_neighbors` words nearest to a vector; what gensim asks an indexer."""
        return Neighbours(self.vectors.index_to_key, *self.nearest_rows(np.asarray(vector)[None, :], num_neighbors))[0]

    def recall(self, *, topn: int = 10, queries: int = 1000, seed: int = 1) -> Recall:
        """Ask `queries` random words of the index and of the exact search, and compare the answers."""
        if topn < 1 or queries < 1:
            raise ValueError(f"topn and queries must be at least 1, got {topn} and {queries}")
        matrix = self.vectors.vectors
        chosen = np.random.default_rng(seed).choice(len(matrix), min(queries, len(matrix)), replace=False)
        chosen = chosen[unit_rows(matrix[chosen]).any(axis=1)]
        if not chosen.size:
            raise ValueError("none of the vectors that were drawn has a direction: there is nothing to recall")
        excluded = Excluded.of(np.arange(len(chosen)), chosen.astype(np.int64))
        started = time.perf_counter()
        exact, _ = nearest_rows(matrix, matrix[chosen], topn, excluded=excluded)
        halfway = time.perf_counter()
        found, _ = self.nearest_rows(matrix[chosen], topn, excluded)
        ended = time.perf_counter()
        shares = [
            np.isin(true[true >= 0], guessed).mean() if (true >= 0).any() else 1.0
            for true, guessed in zip(exact, found, strict=True)
        ]
        mean, least = float(np.mean(shares)), float(np.min(shares))
        return Recall(topn, len(chosen), mean, least, halfway - started, ended - halfway)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph and its copy of the vectors, in usearch's format, whole or not at all."""
        with replacing(path) as temporary:
            self._index.save(str(temporary))

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], vectors: KeyedVectors, *, expansion_search: int = 128, threads: int = 0
    ) -> VectorIndex:
        """Read an index that was saved, for the vectors it was made of; the file does not hold `expansion_search`.

        Raises VectorFormatError if it is no index or one of other vectors, OSError if it cannot be read.
        """
        usearch = _usearch()
        Path(path).open("rb").close()  # usearch's error for a missing file does not say that it is missing
        try:
            index = usearch.Index.restore(str(path))
        except (RuntimeError, ValueError) as error:
            raise VectorFormatError(f"{path} is no index that usearch can read ({error})") from error
        if index is None or index.ndim != vectors.vector_size or len(index) > len(vectors):
            found = "no index" if index is None else f"{len(index)} vectors of {index.ndim} numbers"
            raise VectorFormatError(
                f"{path} holds {found}, but there are {len(vectors)} of {vectors.vector_size}: it belongs to others"
            )
        keys = np.asarray(index.keys[: min(len(index), COMPARED_ROWS)]).astype(np.int64)
        kept = unit_rows(np.asarray(index.get(keys.astype(np.uint64), dtype="f32")))
        if keys.max(initial=0) >= len(vectors) or not _alike(kept, unit_rows(vectors.vectors[keys])):
            raise VectorFormatError(f"{path} was made of other vectors: make an index of these")
        index.expansion_search = expansion_search
        made = cls.__new__(cls)
        made.vectors, made.threads, made._index = vectors, threads, index
        return made


def _alike(kept: NDArray[Any], unit: NDArray[Any]) -> bool:
    """Whether rows are those of the index, which may have rounded them."""
    return bool((np.einsum("rd,rd->r", kept, unit) > LEAST_COSINE).all())


def _usearch() -> Any:
    try:
        import usearch.index
    except ImportError as error:
        raise ImportError("an index needs usearch: pip install 'w2vplus[index]'") from error
    return usearch.index
