"""Measured rows of vectors to and from files: word2vec's text and binary formats, against gensim's.

Called by `w2vplus bench --rows vectors`. Everybody writes and reads the same random vectors, in turn. What w2vplus
wrote must be gensim's file byte for byte, and what it read gensim's vectors bit for bit, before a ratio is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.bench.peers import PEERS, BenchError
from w2vplus.bench.ratios import spread
from w2vplus.vectors import load_vectors, save_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

OURS, GENSIM = (peer.name for peer in PEERS)
KINDS = ("txt", "bin")
TASKS = tuple(f"{verb} {kind}" for kind in KINDS for verb in ("save", "load"))


@dataclass
class VectorsRow:
    """One task with vectors of one size; seconds of the wall clock by peer, one entry a repetition."""

    task: str
    count: int
    dimensions: int
    file_bytes: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {OURS: [], GENSIM: []})

    @property
    def ratios(self) -> list[float]:
        """How many times faster w2vplus was than gensim, repetition by repetition."""
        return [theirs / ours for ours, theirs in zip(self.seconds[OURS], self.seconds[GENSIM], strict=True)]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable."""
        return {
            "task": self.task,
            "vectors": self.count,
            "dimensions": self.dimensions,
            "file_bytes": self.file_bytes,
            "seconds": self.seconds,
            "ratio": spread(self.ratios),
        }


def random_vectors(count: int, dimensions: int) -> KeyedVectors:
    """`count` vectors as training makes them, by size: normal numbers of spread 0.3."""
    from gensim.models import KeyedVectors

    made = KeyedVectors(dimensions)
    numbers = np.random.default_rng(1).normal(scale=0.3, size=(count, dimensions))
    made.add_vectors([f"word{row}" for row in range(count)], numbers.astype(np.float32))
    made.expandos["count"] = np.arange(count, 0, -1)  # in order, so that nobody sorts
    return made


def measure_vectors(
    folder: Path,
    count: int,
    sizes: Sequence[int],
    repetitions: int,
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[VectorsRow]:
    """Yield a row for every size and task; files are made in `folder`. `report` receives a line before each run.

    Raises BenchError where w2vplus and gensim write or read different things.
    """
    for dimensions in sizes:
        vectors = random_vectors(count, dimensions)
        rows = {task: VectorsRow(task, count, dimensions) for task in TASKS}
        for repetition in range(repetitions):
            for kind in KINDS:
                report(f"vectors size {dimensions}: {kind} {repetition + 1}/{repetitions}")
                _measure_kind(vectors, folder, kind, repetition, rows)
        yield from rows.values()


def _measure_kind(
    vectors: KeyedVectors, folder: Path, kind: str, repetition: int, rows: dict[str, VectorsRow]
) -> None:
    """Save and load once by each peer, and compare what they made."""
    from gensim.models import KeyedVectors

    ours, theirs = folder / f"{OURS}.{kind}", folder / f"{GENSIM}.{kind}"
    is_binary = kind == "bin"
    saving, loading = rows[f"save {kind}"], rows[f"load {kind}"]
    _take_turns(
        saving, repetition, partial(save_vectors, vectors, ours),
        partial(vectors.save_word2vec_format, str(theirs), binary=is_binary),
    )  # fmt: skip
    _check_files(ours, theirs)
    saving.file_bytes = loading.file_bytes = ours.stat().st_size
    read = _take_turns(
        loading, repetition, partial(load_vectors, ours),
        partial(KeyedVectors.load_word2vec_format, str(theirs), binary=is_binary),
    )  # fmt: skip
    _check_vectors(*read)


def _take_turns(
    row: VectorsRow, repetition: int, ours: Callable[[], Any], theirs: Callable[[], Any]
) -> tuple[Any, Any]:
    """Time both, the other one first in every second repetition; what they return."""
    made = {}
    turns = [(OURS, ours), (GENSIM, theirs)]
    for peer, work in turns if repetition % 2 == 0 else reversed(turns):
        started = time.perf_counter()
        made[peer] = work()
        row.seconds[peer].append(time.perf_counter() - started)
    return made[OURS], made[GENSIM]


def _check_files(ours: Path, theirs: Path) -> None:
    if ours.read_bytes() != theirs.read_bytes():
        raise BenchError(f"gensim writes another {ours.suffix} file; no ratio is given for unequal work")


def _check_vectors(ours: KeyedVectors, theirs: KeyedVectors) -> None:
    if ours.index_to_key != theirs.index_to_key or ours.vectors.tobytes() != theirs.vectors.tobytes():
        raise BenchError("gensim reads other vectors from its file; no ratio is given for unequal work")
