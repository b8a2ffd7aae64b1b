"""How the text is shared among workers: parts of plain files taken over in order, streams read by whoever is idle."""

from __future__ import annotations

import gzip
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from w2vplus.corpus import assembly, encode
from w2vplus.corpus import parts as parts_module
from w2vplus.corpus import streams as streams_module
from w2vplus.corpus.parts import Segment, plan_parts
from w2vplus.corpus.pieces import PieceStore
from w2vplus.corpus.sources import LocalFile
from w2vplus.corpus.streams import PartTasks, StreamTasks
from w2vplus.storage import Storage

WORDS = b"some words of a text, one after another, to be cut " * 400


def file_of(path: Path, data: bytes) -> LocalFile:
    path.write_bytes(data)
    return LocalFile(path)


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_parts_are_the_whole_text_cut_behind_tokens(tmp_path: Path, monkeypatch: Any, workers: int) -> None:
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1)
    sizes = [len(WORDS), 0, 37, 3 * len(WORDS)]
    files: Any = [file_of(tmp_path / str(number), (3 * WORDS)[:size]) for number, size in enumerate(sizes)]
    parts = plan_parts(files, sizes, workers)
    assert len(parts) == workers
    read = {file.name: b"" for file in files}
    for segment in (segment for part in parts for segment in part):
        data = Path(segment.file.name).read_bytes()
        assert segment.start == len(read[segment.file.name]), "in the order of the text, without gaps"
        assert segment.end is None or segment.ends_file or data[segment.end - 1 : segment.end] in b" \n"
        read[segment.file.name] += data[segment.start : segment.end]
    assert [len(read[file.name]) for file in files] == sizes


@pytest.mark.parametrize("seed", range(20))
def test_segments_are_given_once_each_and_to_every_worker_in_order(seed: int) -> None:
    draw = Random(seed)
    source: Any = None
    segments = [Segment(source, start, start + 1) for start in range(60)]
    tasks = PartTasks([segments[:10], segments[10:35], segments[35:]], 1000)
    begun = [tasks.take(worker) for worker in range(3)]
    assert [task.ids_foreseen for task in begun if task] == [1000, 333, 333]
    open_tasks = {worker: iter(task.segments) for worker, task in enumerate(begun) if task}
    given: list[list[int]] = [[], [], []]
    while open_tasks:
        worker = draw.choice([0, 0, 0, *open_tasks] if 0 in open_tasks else list(open_tasks))
        segment = next(open_tasks[worker], None)
        if segment is not None:
            given[worker].append(segment.start)
        elif (task := tasks.take(worker)) is None:
            del open_tasks[worker]
        else:
            open_tasks[worker] = iter(task.segments)
    assert sorted(place for places in given for place in places) == list(range(60))
    assert all(places == sorted(places) for places in given), "an encoder meets its types in the order of the text"
    assert len(given[0]) > 10, "who is fast takes over"


def test_who_is_done_takes_the_second_half_of_what_is_left() -> None:
    source: Any = None
    segments = [Segment(source, start, start + 1) for start in range(12)]
    tasks = PartTasks([segments[:4], segments[4:]], 0)
    first, second = tasks.take(0), tasks.take(1)
    assert first is not None and second is not None
    assert len(list(first.segments)) == 4
    theirs = iter(second.segments)
    assert [next(theirs).start for _ in range(2)] == [4, 5]
    taken = tasks.take(0)
    assert taken is not None and taken.key == (9, 0)
    assert [segment.start for segment in theirs] == [6, 7, 8]
    assert [segment.start for segment in taken.segments] == [9, 10, 11]
    assert tasks.take(0) is None and tasks.take(1) is None


def test_who_begins_late_finds_no_empty_task_of_a_key_that_another_has() -> None:
    source: Any = None
    segments = [Segment(source, start, start + 1) for start in range(3)]
    tasks = PartTasks([segments[:1], segments[1:2], segments[2:]], 6)
    first = tasks.take(0)
    assert first is not None and len(list(first.segments)) == 1
    taken = [tasks.take(0), tasks.take(0)]
    assert [task.key for task in taken if task] == [(1, 0), (2, 0)]
    assert tasks.take(1) is None and tasks.take(2) is None
    assert [segment.start for task in taken if task for segment in task.segments] == [1, 2]


def test_a_task_that_was_taken_and_not_yet_begun_keeps_its_first_segment() -> None:
    source: Any = None
    segments = [Segment(source, start, start + 1) for start in range(2)]
    tasks = PartTasks([segments[:1], segments[1:]], 0)
    taken = [tasks.take(1), tasks.take(0), tasks.take(0)]
    assert [task.key for task in taken if task] == [(1, 0), (0, 0)]
    assert [[segment.start for segment in task.segments] for task in taken if task] == [[1], [0]]


@pytest.mark.parametrize("side_by_side", [False, True])
def test_the_memory_of_a_piece_is_given_back_once_its_ids_are_written(side_by_side: bool) -> None:
    store = PieceStore(Storage())
    pieces = [np.full(10, number, np.int32) for number in range(5)]
    known = [weakref.ref(piece) for piece in pieces]
    for number, piece in enumerate(pieces):
        store.add((number,), 0, (piece, np.empty(0, np.int64), -1), (0, 0))
    del piece, pieces
    alive: list[int] = []

    def write(target: Any, ids: Any, new_ids: Any) -> None:
        alive.append(sum(one() is not None for one in known))
        target[:] = ids

    with ThreadPoolExecutor(1) as crew:
        each = partial(assembly._side_by_side, crew) if side_by_side else assembly._in_turn
        whole = store.ids_in_order([None], write, each)
    assert whole.tolist() == [number for number in range(5) for _ in range(10)]
    assert alive == [5, 4, 3, 2, 1]


def stream_tasks(files: list[Any], lanes: int, errors: list[BaseException] | None = None) -> StreamTasks:
    return StreamTasks(
        files, lanes, whole_files=False, ends=(b" ", b"\n"), on_raw_bytes=lambda lane, count: None,
        on_error=lambda key, error: [].append(error) if errors is None else errors.append(error),
        is_needed=lambda key: True,
    )  # fmt: skip


@pytest.mark.parametrize(("lanes", "workers"), [(1, 1), (1, 3), (2, 2), (2, 5)])
def test_workers_read_streams_without_further_threads(
    tmp_path: Path, monkeypatch: Any, lanes: int, workers: int
) -> None:
    monkeypatch.setattr("w2vplus.corpus.compression.PLAIN_BLOCK_BYTES", 500)
    files: list[Any] = [file_of(tmp_path / f"{number}.gz", gzip.compress(WORDS)) for number in range(4)]
    tasks = stream_tasks(files, lanes)
    before, most = threading.active_count(), 0
    got: dict[Any, bytes] = {}

    def work(worker: int) -> None:
        nonlocal most
        while (task := tasks.take(worker)) is not None:
            most = max(most, threading.active_count())
            got[task.key] = b"".join(map(bytes, task.blocks or []))

    with ThreadPoolExecutor(workers) as executor:
        list(executor.map(work, range(workers)))
    assert most <= before + workers
    assert b"".join(got[key] for key in sorted(got)) == 4 * WORDS


def test_a_stop_closes_the_files_and_ends_those_who_wait(tmp_path: Path, monkeypatch: Any) -> None:
    closed = []

    def blocks(file: Any, **_options: Any) -> Any:
        try:
            while True:
                yield b"again and again "
        finally:
            closed.append(file.name)

    monkeypatch.setattr(streams_module, "read_blocks", blocks)
    file: Any = file_of(tmp_path / "a.gz", gzip.compress(WORDS))
    tasks = stream_tasks([file], 1)
    assert tasks.take(0) is not None
    tasks.stop()
    assert closed == [file.name]
    assert tasks.take(0) is None


def test_a_failing_stream_ends_its_lane_and_wakes_everybody(tmp_path: Path) -> None:
    files: list[Any] = [file_of(tmp_path / "cut.gz", gzip.compress(WORDS)[:-20])]
    errors: list[BaseException] = []
    tasks = stream_tasks(files, 1, errors)

    def work(worker: int) -> None:
        while tasks.take(worker) is not None:
            pass

    with ThreadPoolExecutor(3) as executor:
        for done in [executor.submit(work, worker) for worker in range(3)]:
            done.result(timeout=30)
    assert [str(error).split(" is ")[1][:9] for error in errors] == ["truncated"]


def test_streams_and_parts_give_what_one_worker_reads(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1)
    draw = Random(1)
    text = " ".join(f"w{int(draw.paretovariate(0.5)) % 5000}" for _ in range(60_000)).encode()
    plain, packed = file_of(tmp_path / "a.txt", text), file_of(tmp_path / "a.gz", gzip.compress(text))
    alone = encode(plain.name)
    for name in (plain.name, packed.name):
        for workers in (2, 5):
            corpus = encode(name, workers=workers)
            assert corpus.types == alone.types and corpus.counts.tolist() == alone.counts.tolist()
            assert corpus.store.ids.tolist() == alone.store.ids.tolist()
