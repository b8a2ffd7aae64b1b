"""Files become tasks for encoders in the order of the text: byte ranges, or blocks that end where tokens or lines do.

`PartTasks` are of plain files. `StreamTasks` are for files that cannot be cut without being read (compressed,
remote): the workers read and decompress them, a few blocks ahead, and encode the blocks. Called by `text_encoding`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from queue import Full, Queue
from typing import Protocol

from w2vplus.corpus.files import is_compressed, read_blocks
from w2vplus.corpus.parts import Part, Segment, cut_points
from w2vplus.corpus.sources import ByteSource

TASKS_AHEAD = 2
"""Tasks of a lane that may be ready before a worker encodes rather than reads on."""

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

    A task has its first segment from the moment that it is taken, so that no two have the same key.

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
            # His part may be taken over before he begins; the first is nobody's to take, and may be of no segments.
            has_own = not self._begun[worker] and (worker == 0 or len(self._left[worker]) > 0)
            self._begun[worker] = True
            if has_own:
                share = self._ids_foreseen // (1 if worker == 0 else len(self._left))
            elif not self._take_over(worker):
                return None
            place = self._left[worker].start
            first = self._next_segments(worker)
        return Task((place, 0), chain(first, self._segments_of(worker)), ids_foreseen=share)

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
                following = self._next_segments(worker)
            if not following:
                return
            yield from following

    def _next_segments(self, worker: int) -> list[Segment]:
        """The next of what is left for a worker, if there is one; the caller has the lock."""
        left = self._left[worker]
        self._left[worker] = left[1:]
        return [self._segments[place] for place in left[:1]]

    def stop(self) -> None:
        with self._lock:
            self._left = [range(0) for _ in self._left]


class _Lane:
    """Files that are read one after another, and what is ready of them; `tasks` is None once there are no more."""

    def __init__(self, tasks: Generator[Task, None, None]) -> None:
        self.tasks: Generator[Task, None, None] | None = tasks
        self.ready: deque[Task] = deque()
        self.is_read = False


class StreamTasks:
    """Tasks of files that are read and decompressed by the workers themselves: whoever finds little ready reads on, so
    that there are no more threads than workers. One waits only while another reads the lane that he works for and
    nothing of it is ready: his own until it is done, then the fullest.

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
        self._lanes = [_Lane(self._tasks_of_lane(number)) for number in range(lane_count)]

    def take(self, worker: int) -> Task | None:
        """The next task for this worker; None when there are no more."""
        own = self._lanes[worker % len(self._lanes)]
        while True:
            with self._changed:
                lane = self._lane_for(own)
                if self._stopped or lane is None:
                    return None
                reads = lane.tasks is not None and not lane.is_read and len(lane.ready) < TASKS_AHEAD
                if not reads and lane.ready:
                    return lane.ready.popleft()
                if not reads:
                    self._changed.wait()
                    continue
                lane.is_read = True
            self._read_on(lane)

    def _lane_for(self, own: _Lane) -> _Lane | None:
        """The worker's own while there is anything in it, then the fullest; None when all are done."""
        if own.tasks is not None or own.ready:
            return own
        others = [lane for lane in self._lanes if lane.tasks is not None or lane.ready]
        return max(others, key=lambda lane: len(lane.ready), default=None)

    def _read_on(self, lane: _Lane) -> None:
        """Get one more task of a lane that is marked as read."""
        assert lane.tasks is not None
        task = next(lane.tasks, None)
        with self._changed:
            lane.is_read = False
            if task is not None:
                lane.ready.append(task)
            if task is None or self._stopped:
                lane.tasks.close()
                lane.tasks = None
            self._changed.notify_all()

    def stop(self) -> None:
        """No task is given any more; files are closed, one that is being read by its reader."""
        with self._changed:
            self._stopped = True
            for lane in self._lanes:
                if lane.tasks is not None and not lane.is_read:
                    lane.tasks.close()
                    lane.tasks = None
            self._changed.notify_all()

    def _tasks_of_lane(self, number: int) -> Generator[Task, None, None]:
        """Of one file after another; what goes wrong ends the lane and is told to `on_error`."""
        key: Key = (0,)
        try:
            while True:
                with self._changed:
                    file_number, file = next(self._numbered, (-1, None))
                if file is None or not self._is_needed((file_number, 0)):
                    return
                key = (file_number, 0)
                with closing(self._tasks_of(file, file_number, number)) as tasks:
                    for task in tasks:
                        key = (file_number, task.key[1] + 1)
                        if not self._is_needed(task.key):
                            return
                        yield task
        except GeneratorExit:
            raise
        except BaseException as error:  # nobody would wake those who wait for this lane
            self._on_error(key, error)

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
