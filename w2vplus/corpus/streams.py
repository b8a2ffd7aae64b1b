"""Files become tasks for encoders in the order of the text: byte ranges, or blocks that end where tokens or lines do.

`PartTasks` are of plain files. `TaskReaders` are for files that cannot be cut without being read (compressed,
remote): threads read and decompress several side by side, each a few blocks ahead, and any number of workers take the
blocks. Called by `text_encoding`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from queue import Full, Queue
from typing import Protocol

from w2vplus.corpus.files import is_compressed, read_blocks
from w2vplus.corpus.parts import Part, Segment, cut_points
from w2vplus.corpus.sources import ByteSource

TASKS_AHEAD = 3
"""Tasks that each reading thread may be in front of the workers."""

BLOCKS_AHEAD = 4
"""Blocks that a decompressing thread may be in front of a single encoder."""

PUT_SECONDS = 0.1
"""How long a full queue is waited for before a look whether anybody still reads."""

SEGMENT_BYTES = 1 << 23
"""Of a plain file that stands among others."""

Key = tuple[int, ...]


@dataclass(frozen=True)
class Task:
    """A run of the text for one encoder: whole segments to be read by it, or blocks that have been read.

    Tasks in the order of `key` are the text. `blocks`: bytes that begin at `segments[0].start`. `ids_foreseen`: about
    how many there will be, of this task or, if it is the first, of the whole text, whose ids then lie in one array.
    """

    key: Key
    segments: Iterable[Segment]
    blocks: list[memoryview] | None = None
    ids_foreseen: int = 0


class Tasks(Protocol):
    """Where workers get their work; thread-safe."""

    def take(self, worker: int) -> Task | None: ...
    def stop(self) -> None: ...


class PartTasks:
    """Parts of a text, one for each worker; one who is done takes the end of what is left of a part behind his own.

    Thread-safety: all methods.
    """

    def __init__(self, parts: list[Part], ids_foreseen: int) -> None:
        self._segments = [segment for part in parts for segment in part]
        ends = list(accumulate(map(len, parts)))
        self._left = [range(begin, end) for begin, end in pairwise([0, *ends])]
        self._begun = [False for _ in parts]
        self._ids_foreseen = ids_foreseen
        self._lock = threading.Lock()

    def take(self, worker: int) -> Task | None:
        with self._lock:
            share = 0
            if not self._begun[worker]:
                self._begun[worker] = True
                share = self._ids_foreseen // (1 if worker == 0 else len(self._left))
            elif not self._take_over(worker):
                return None
            return Task((self._left[worker].start, 0), self._segments_of(worker), ids_foreseen=share)

    def _take_over(self, worker: int) -> bool:
        """Give an idle worker the second half of the longest run that lies behind what he has read."""
        behind = [left for left in self._left if left.start >= self._left[worker].stop]
        longest = max(behind, key=len, default=range(0))
        if not longest:
            return False
        middle = longest.start + len(longest) // 2
        self._left[self._left.index(longest)] = range(longest.start, middle)
        self._left[worker] = range(middle, longest.stop)
        return True

    def _segments_of(self, worker: int) -> Iterator[Segment]:
        while True:
            with self._lock:
                left = self._left[worker]
                if not left:
                    return
                self._left[worker] = left[1:]
            yield self._segments[left.start]

    def stop(self) -> None:
        with self._lock:
            self._left = [range(0) for _ in self._left]


@dataclass
class _Lane:
    """What one reading thread has ready."""

    tasks: deque[Task] = field(default_factory=deque)
    is_done: bool = False


class TaskReaders:
    """Threads that turn files into tasks, and the workers' way to get them.

    `on_raw_bytes(lane, count)` hears of bytes read; `on_error(key, error)` of what went wrong and where;
    `is_needed(key)` is asked whether the text from there on is still wanted. A worker takes from its own lane
    first, so that its tasks come in the order of the text until that lane is done. Thread-safety: `take` and
    `stop` from any thread.
    """

    def __init__(
        self, files: list[ByteSource], lane_count: int, *, whole_files: bool, ends: tuple[bytes, ...],
        on_raw_bytes: Callable[[int, int], None], on_error: Callable[[Key, BaseException], None],
        is_needed: Callable[[Key], bool],
    ) -> None:  # fmt: skip
        self._numbered = iter(list(enumerate(files)))
        self._whole_files, self._ends = whole_files, ends
        self._on_raw_bytes, self._on_error, self._is_needed = on_raw_bytes, on_error, is_needed
        self._changed = threading.Condition()
        self._stopped = False
        self._lanes = [_Lane() for _ in range(lane_count)]
        self._threads = [
            threading.Thread(target=self._read, args=(number,), name=f"w2vplus-read-{number}", daemon=True)
            for number in range(lane_count)
        ]
        for thread in self._threads:
            thread.start()

    def take(self, worker: int) -> Task | None:
        """The next task for this worker; None when there are no more."""
        own = self._lanes[worker % len(self._lanes)]
        with self._changed:
            while not self._stopped:
                ready = own if own.tasks else max(self._lanes, key=lambda lane: len(lane.tasks))
                # Blocks of another reader are for those whose own reader has come to its end.
                if ready.tasks and (ready is own or own.is_done):
                    task = ready.tasks.popleft()
                    self._changed.notify_all()
                    return task
                if all(lane.is_done and not lane.tasks for lane in self._lanes):
                    return None
                self._changed.wait()
            return None

    def stop(self) -> None:
        """End the threads soon and wait for them."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _read(self, number: int) -> None:
        lane = self._lanes[number]
        key: Key = (0,)
        try:
            while not self._stopped:
                with self._changed:
                    file_number, file = next(self._numbered, (-1, None))
                if file is None or not self._is_needed((file_number, 0)):
                    break
                tasks = self._tasks_of(file, file_number, number)
                with closing(tasks):
                    key = (file_number, 0)
                    for task in tasks:
                        key = (file_number, task.key[1] + 1)
                        if not self._is_needed(task.key) or not self._put(lane, task):
                            return
        except BaseException as error:
            self._on_error(key, error)
        finally:
            with self._changed:
                lane.is_done = True
                self._changed.notify_all()

    def _put(self, lane: _Lane, task: Task) -> bool:
        with self._changed:
            while len(lane.tasks) >= TASKS_AHEAD and not self._stopped:
                self._changed.wait()
            lane.tasks.append(task)
            self._changed.notify_all()
            return not self._stopped

    def _tasks_of(self, file: ByteSource, file_number: int, lane: int) -> Generator[Task, None, None]:
        if self._whole_files:
            yield Task((file_number, 0), [Segment(file)])
            return
        if file.seekable and not is_compressed(file):
            for count, segment in enumerate(_segments(file, self._ends)):
                yield Task((file_number, count), [segment])
            return
        blocks = read_blocks(file, on_raw_bytes=lambda size: self._on_raw_bytes(lane, size))
        with closing(blocks):
            for count, (start, pieces, is_last) in enumerate(torn_behind(self._ends, blocks)):
                yield Task((file_number, count), [Segment(file, start, ends_file=is_last)], pieces)


def _segments(file: ByteSource, ends: tuple[bytes, ...]) -> Iterator[Segment]:
    size = file.byte_size() or 0
    points = [0, *cut_points(file, range(SEGMENT_BYTES, size, SEGMENT_BYTES), size, ends), size]
    if len(points) == 2:
        yield Segment(file)
        return
    for start, end in pairwise(points):
        yield Segment(file, start, end, ends_file=end == size)


def torn_behind(ends: tuple[bytes, ...], blocks: Iterator[bytes]) -> Iterator[tuple[int, list[memoryview], bool]]:
    """(offset, pieces, whether it is the last) of runs that end behind one of `ends`, one a block or more.

    A run without any goes on through the following blocks. The last run may be empty.
    """
    offset = 0
    waiting: list[memoryview] = []
    for block in blocks:
        cut = max(map(block.rfind, ends)) + 1
        view = memoryview(block)
        if not cut:
            waiting.append(view)
            continue
        pieces = [*waiting, view[:cut]]
        yield offset, pieces, False
        offset += sum(len(piece) for piece in pieces)
        waiting = [view[cut:]]
    yield offset, waiting, True


def is_slow_to_read(file: ByteSource) -> bool:
    """Whether reading is worth a thread of its own beside the encoder: decompression, a network."""
    return file.detect_compression and (not file.seekable or is_compressed(file))


def read_ahead(blocks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """`blocks` fetched by another thread, at most BLOCKS_AHEAD in front; its errors are raised here."""
    waiting: Queue[bytes | BaseException | None] = Queue(BLOCKS_AHEAD)
    stopped = threading.Event()

    def put(item: bytes | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=PUT_SECONDS)
            except Full:
                continue
            return True
        return False

    def fetch() -> None:
        try:
            with closing(blocks):
                for block in blocks:
                    if not put(block):
                        return
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=fetch, name="w2vplus-read", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
