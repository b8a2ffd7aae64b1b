"""Measured rows of queries: `most_similar_many` against a loop over gensim's `most_similar`, and an index.

Called by `w2vplus bench --rows queries`. Both ask the same vectors, trained on the corpus beforehand, untimed.
gensim's loop costs the same for every query, so it answers a part of them; rates are compared, repetition by
repetition, and only after the answers to that part were found to be the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.bench.corpus import BenchCorpus
from w2vplus.bench.peers import BenchError, Settings
from w2vplus.bench.ratios import spread
from w2vplus.queries import Neighbours, VectorIndex, most_similar_many

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

BULK_QUERIES = 10_000
LOOP_QUERIES = 500
TOPN = 10
COSINE_TOLERANCE = 5e-6
"""gensim's float32 cosines, and what 3CosMul makes of them, against exact ones."""

Query = tuple[list[str], list[str]]


@dataclass
class QueryRow:
    """One kind of query; a list has one entry a repetition, in queries a second."""

    task: str
    words: int
    dimensions: int
    queries: int
    rates: dict[str, list[float]] = field(default_factory=dict)
    recall: float | None = None
    build_seconds: float | None = None

    def ratios(self) -> list[float]:
        """How many times faster than gensim's loop, repetition by repetition."""
        return [ours / theirs for ours, theirs in zip(self.rates["w2vplus"], self.rates["gensim"], strict=True)]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable."""
        return {
            "task": self.task,
            "words": self.words,
            "dimensions": self.dimensions,
            "queries": self.queries,
            "queries_per_second": {peer: statistics.median(rates) for peer, rates in self.rates.items()},
            "ratio": spread(self.ratios()),
            "recall": self.recall,
            "build_seconds": self.build_seconds,
        }


def measure_queries(
    corpus: BenchCorpus, settings: Settings, repetitions: int, report: Callable[[str], None] = lambda text: None
) -> Iterator[QueryRow]:
    """Yield a row for words, 3CosAdd and 3CosMul, and one for an index if usearch is installed.

    Raises BenchError if gensim's answers are others.
    """
    from w2vplus import Word2Vec

    report(f"queries: training vectors of size {settings.vector_size}")
    model = Word2Vec(**settings.arguments(seed=1))
    model.build_vocab(corpus.encoded)
    model.train(corpus.encoded, total_examples=model.corpus_count, epochs=model.epochs)
    vectors = model.wv
    count = min(BULK_QUERIES, len(vectors))
    chosen = np.random.default_rng(1).choice(len(vectors), (count, 3))
    words = [[vectors.index_to_key[row] for row in rows] for rows in chosen.tolist()]
    single: list[Query] = [([a], []) for a, _, _ in words]
    analogies: list[Query] = [([b, c], [a]) for a, b, c in words]
    for task, method, queries in (
        ("most_similar", "3CosAdd", single),
        ("analogies, 3CosAdd", "3CosAdd", analogies),
        ("analogies, 3CosMul", "3CosMul", analogies),
    ):
        yield _measured(_Task(task, method, queries), vectors, repetitions, report)
    index = _index(vectors, report)
    if index is not None:
        built, seconds = index
        row = _measured(_Task("most_similar, index", "3CosAdd", single, built), vectors, repetitions, report)
        row.recall, row.build_seconds = built.recall(topn=TOPN, queries=count).mean, seconds
        yield row


@dataclass(frozen=True)
class _Task:
    name: str
    method: str
    queries: list[Query]
    index: VectorIndex | None = None


def _measured(
    task: _Task, vectors: KeyedVectors, repetitions: int, report: Callable[[str], None]
) -> QueryRow:
    row = QueryRow(task.name, len(vectors), vectors.vector_size, len(task.queries))
    loop = partial(_gensim_loop, vectors, task)
    bulk = partial(_in_bulk, vectors, task)
    if task.index is None:
        _check_equality(loop(), bulk(), task)
    sizes = {"gensim": min(LOOP_QUERIES, len(task.queries)), "w2vplus": len(task.queries)}
    for repetition in range(repetitions):
        report(f"queries: {task.name} {repetition + 1}/{repetitions}")
        works: list[tuple[str, Callable[[], object]]] = [("gensim", loop), ("w2vplus", bulk)]
        for peer, work in works if repetition % 2 == 0 else reversed(works):
            started = time.perf_counter()
            work()
            row.rates.setdefault(peer, []).append(sizes[peer] / (time.perf_counter() - started))
    return row


def _gensim_loop(vectors: KeyedVectors, task: _Task) -> list[list[tuple[str, float]]]:
    ask = vectors.most_similar_cosmul if task.method == "3CosMul" else vectors.most_similar
    return [ask(positive=positive, negative=negative, topn=TOPN) for positive, negative in task.queries[:LOOP_QUERIES]]


def _in_bulk(vectors: KeyedVectors, task: _Task) -> Neighbours:
    positive, negative = zip(*task.queries, strict=True)
    return most_similar_many(vectors, positive, negative, topn=TOPN, method=task.method, index=task.index)


def _check_equality(theirs: list[list[tuple[str, float]]], ours: Neighbours, task: _Task) -> None:
    """Words must be gensim's, but for those that lie closer together than its single precision can tell."""
    for query, (expected, found) in enumerate(zip(theirs, ours, strict=False)):
        if [word for word, _ in expected] == [word for word, _ in found]:
            continue
        apart = [abs(one - other) for (_, one), (_, other) in zip(expected, found, strict=True)]
        if max(apart) > COSINE_TOLERANCE:
            raise BenchError(
                f"{task.name}: query {query} {task.queries[query]} has other answers, {found}, than gensim's,"
                f" {expected}; no ratio is given for unequal work"
            )


def _index(vectors: KeyedVectors, report: Callable[[str], None]) -> tuple[VectorIndex, float] | None:
    """An index and the seconds it took; None without usearch."""
    report("queries: building an index")
    started = time.perf_counter()
    try:
        return VectorIndex(vectors), time.perf_counter() - started
    except ImportError as error:
        report(f"queries: {error}")
        return None
