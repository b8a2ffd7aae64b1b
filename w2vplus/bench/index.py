"""Measured rows of `VectorIndex`: how long it takes to build, how fast it answers beside the exact search, its recall.

Called by `w2vplus bench --rows index`. The vectors are made: words of one cluster lie around its centre, so that they
have neighbours, as trained vectors do; of vectors without any order every index misses most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.bench.peers import BenchError
from w2vplus.queries import Recall, VectorIndex

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

CLUSTER_WORDS = 100
SCATTER = 0.7
"""Spread of the words of a cluster around its centre; centres have a spread of 1."""

QUERIES = 1_000
TOPN = 10
BLOCK_ROWS = 1 << 16


@dataclass(frozen=True)
class IndexRow:
    """One index: what building it on so many threads took, by the clock on the wall and of all processors together, and
    what `recall` found of it."""

    words: int
    dimensions: int
    threads: int
    build_seconds: float
    processor_seconds: float
    recall: Recall

    @property
    def queries_per_second(self) -> dict[str, float]:
        """Of words looked up in one call, by the index and by the exact search."""
        seconds = {"index": self.recall.index_seconds, "exact": self.recall.exact_seconds}
        return {name: self.recall.queries / max(taken, 1e-9) for name, taken in seconds.items()}

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable."""
        facts = {"words": self.words, "dimensions": self.dimensions, "threads": self.threads}
        seconds = {"build_seconds": self.build_seconds, "processor_seconds": self.processor_seconds}
        return {**facts, **seconds, "queries_per_second": self.queries_per_second, "recall": asdict(self.recall)}


def clustered_vectors(count: int, dimensions: int) -> KeyedVectors:
    """`count` vectors in clusters of about CLUSTER_WORDS; the same ones each time."""
    from gensim.models import KeyedVectors

    random = np.random.default_rng(1)
    centres = random.standard_normal((max(1, count // CLUSTER_WORDS), dimensions), dtype=np.float32)
    made = KeyedVectors(dimensions)
    matrix = np.empty((count, dimensions), dtype=np.float32)
    for start in range(0, count, BLOCK_ROWS):
        rows = matrix[start : start + BLOCK_ROWS]
        rows[:] = centres[random.integers(len(centres), size=len(rows))]
        rows += np.float32(SCATTER) * random.standard_normal(rows.shape, dtype=np.float32)
    made.add_vectors([f"word{row}" for row in range(count)], matrix)
    return made


def measure_index(
    count: int,
    sizes: Sequence[int],
    threads: Sequence[int],
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[IndexRow]:
    """Yield a row for every size and number of threads; each builds one index, which may take minutes.

    Raises BenchError without usearch.
    """
    for dimensions in sizes:
        report(f"index: making {count:,} vectors of size {dimensions}")
        vectors = clustered_vectors(count, dimensions)
        for number in threads:
            report(f"index: building on {number} of the CPUs")
            started, worked = time.perf_counter(), time.process_time()
            try:
                index = VectorIndex(vectors, threads=number)
            except ImportError as error:
                raise BenchError(str(error)) from error
            seconds, processor_seconds = time.perf_counter() - started, time.process_time() - worked
            report("index: asking")
            found = index.recall(topn=TOPN, queries=QUERIES)
            yield IndexRow(count, dimensions, number, seconds, processor_seconds, found)
