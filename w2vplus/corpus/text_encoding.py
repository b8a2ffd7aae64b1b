"""Text files become ids natively: workers take runs of the text side by side, then one numbering for all of
them.

`encode_files` is called by `encoding.encode`. The result never depends on the number of workers, on block
sizes or on compression: every encoder numbers types as it meets them, each run is known by its place in the
text, and `assembly` makes one numbering of them in the order of the text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import closing

from w2vplus._text import InvalidUtf8, TextEncoder
from w2vplus.corpus.assembly import assemble, assemble_counts
from w2vplus.corpus.files import is_compressed, read_blocks
from w2vplus.corpus.lines import TextCorpus, not_utf8
from w2vplus.corpus.parts import LINE_ENDS, TOKEN_ENDS, Segment, plan_parts
from w2vplus.corpus.pieces import PieceStore, TallyStore
from w2vplus.corpus.raw_text import Block, plain_text
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.corpus.streams import Key, PartTasks, StreamTasks, Task, Tasks, is_slow_to_read, read_ahead
from w2vplus.storage import Storage
from w2vplus.store import EncodedCorpus, TypeCounts

Progress = Callable[[int], object]
"""Called with the number of bytes read so far, of the files as they are on disk."""

Forget = Callable[[TextEncoder], object]
"""Called with an encoder whose piece has been taken, to make it forget some of its types; for a single worker."""

PROGRESS_SECONDS = 0.1
ID_BYTES_PER_TEXT_BYTE = 0.6
"""An int32 for a word of five to six letters and its space."""
BYTES_PER_ID = 4
"""At least, for room that costs nothing while it is empty."""
PLAIN_BYTES_PER_COMPRESSED = 3
FIRST_KEY: Key = (0, 0)


class _Stopped(Exception):
    """An earlier part failed or the user interrupted; never leaves this module."""


class _Faults:
    """The first error of the text, whichever worker meets it when.

    What comes after it in the text need not go on; what comes before must, for an earlier error would be the
    one to report. Thread-safety: all methods.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: Key | None = None
        self.error: BaseException | None = None

    def add(self, key: Key, error: BaseException) -> None:
        with self._lock:
            if self._key is None or key < self._key:
                self._key, self.error = key, error

    def is_behind(self, key: Key) -> bool:
        """Whether an error lies before this place."""
        return self._key is not None and key > self._key


class _Encoders:
    """One worker's encoders. Usually one: another is begun when a task lies before all that the last one
    read, because an encoder's types must be in the order of the text."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._last_keys: dict[int, Key] = {}

    def for_task(self, key: Key) -> int:
        """The number of the encoder that takes this task."""
        earlier = [(last, number) for number, last in self._last_keys.items() if last < key]
        number = max(earlier)[1] if earlier else self._job.new_encoder()
        self._last_keys[number] = key
        return number


class _Job:
    """What the workers of one encoding share.

    Thread-safety: each thread writes only its own place of `bytes_read`, each encoder is one worker's.
    """

    def __init__(
        self, corpus: TextCorpus, store: PieceStore | TallyStore, counters: int, forget: Forget | None
    ) -> None:
        self.store = store
        self._forget = forget
        self.encoders: list[TextEncoder] = []
        self.bytes_read = [0] * counters
        self.faults = _Faults()
        self.is_stopped = False
        self.is_shared = False
        self._errors, self._rules, self._line_limit = corpus.errors, corpus.raw_text, corpus.limit
        self._lock = threading.Lock()

    def new_encoder(self) -> int:
        with self._lock:
            self.encoders.append(TextEncoder(self._errors))
            return len(self.encoders) - 1

    def work(self, tasks: Tasks, worker: int, counter: int, progress: Progress | None = None) -> None:
        """Encode tasks until there are none; errors go to `faults`. `counter`: this worker's place in
        `bytes_read`."""
        encoders = _Encoders(self)
        while (task := tasks.take(worker)) is not None:
            if self.faults.is_behind(task.key):
                continue
            try:
                self._encode(task, encoders.for_task(task.key), counter, progress)
            except _Stopped:
                continue
            except BaseException as error:
                self.faults.add(task.key, error)

    def _encode(self, task: Task, number: int, counter: int, progress: Progress | None) -> None:
        encoder = self.encoders[number]
        first_type, drained = encoder.type_count, 0
        if task.ids_foreseen:
            # The first part's ids are final, and those of the other parts will stand behind them.
            encoder.foresee_ids(task.ids_foreseen, keeps_room=self.is_shared and task.key == FIRST_KEY)

        def hand_in() -> None:
            nonlocal first_type, drained
            key = (*task.key, drained)
            self.store.add(key, number, encoder.take_piece(), (first_type, encoder.type_count))
            if self._forget is not None:
                self._forget(encoder)
            first_type, drained = encoder.type_count, drained + 1

        def add_bytes(count: int) -> None:
            self.bytes_read[counter] += count

        for segment in task.segments:
            ready = self._plain_text(task, segment, add_bytes)
            encoder.begin_file(segment.start, None if self._rules.is_any else self._line_limit)
            try:
                with closing(ready):
                    for block in ready:
                        if self.is_stopped or self.faults.is_behind(task.key):
                            raise _Stopped
                        if not encoder.feed(block):
                            break
                        if encoder.pending_bytes > self.store.piece_bytes:
                            hand_in()
                        if progress is not None:
                            progress(sum(self.bytes_read))
                encoder.end_file(segment.ends_file)
            except InvalidUtf8 as error:
                line = error.line + 1 + _newlines_before(segment)
                raise not_utf8(segment.file.name, line, error.offset) from error
        hand_in()

    def _plain_text(
        self, task: Task, segment: Segment, on_raw_bytes: Callable[[int], None]
    ) -> Generator[Block, None, None]:
        """What the encoder is to read."""
        if task.blocks is not None:
            ready: Generator[Block, None, None] = (block for block in task.blocks)
        else:
            blocks = read_blocks(segment.file, start=segment.start, end=segment.end, on_raw_bytes=on_raw_bytes)
            ready = read_ahead(blocks) if is_slow_to_read(segment.file) else (block for block in blocks)
        if not self._rules.is_any:
            return ready
        return plain_text(self._rules, ready, self._errors, offset=segment.start, line_limit=self._line_limit)


def encode_files(
    corpus: TextCorpus, files: list[ByteSource], workers: int, progress: Progress | None,
    storage: Storage | None = None,
) -> EncodedCorpus:  # fmt: skip
    """The corpus's files, encoded by its law of sentences. `progress(bytes read of the files as they
    are)`."""
    store = PieceStore(storage or Storage())
    try:
        with _crew(workers) as crew:
            job = _read(corpus, files, workers, progress, store, crew)
            return assemble(store, job.encoders, corpus, workers, crew)
    finally:
        store.close()


def count_files(corpus: TextCorpus, files: list[ByteSource], workers: int, progress: Progress | None) -> TypeCounts:
    """What `encode_files` would count, without its memory: ids are given back as they come."""
    store = TallyStore(corpus.max_sentence_length)
    with _crew(workers) as crew:
        job = _read(corpus, files, workers, progress, store, crew)
        return assemble_counts(store, job.encoders, corpus, workers, crew)


def count_some(corpus: TextCorpus, files: list[ByteSource], progress: Progress, forget: Forget) -> TypeCounts:
    """What `count_files` finds less the types that `forget` takes from the encoder, which it is shown every block;
    `progress(tokens read)`."""
    store = TallyStore(corpus.max_sentence_length)
    store.piece_bytes = 0
    with _crew(1) as crew:
        job = _read(corpus, files, 1, lambda _bytes: progress(store.token_count()), store, crew, forget)
        return assemble_counts(store, job.encoders, corpus, 1, crew)


def _crew(workers: int) -> ThreadPoolExecutor:
    """The threads that read and then join; none is started for a single worker."""
    return ThreadPoolExecutor(workers, "w2vplus-encode")


def _read(
    corpus: TextCorpus, files: list[ByteSource], workers: int, progress: Progress | None,
    store: PieceStore | TallyStore, crew: Executor, forget: Forget | None = None,
) -> _Job:  # fmt: skip
    with unchanged(files):
        job = _encode_all(corpus, files, workers, progress, store, crew, forget)
    if progress is not None:
        progress(sum(job.bytes_read))
    return job


def _encode_all(
    corpus: TextCorpus, files: list[ByteSource], workers: int, progress: Progress | None,
    store: PieceStore | TallyStore, crew: Executor, forget: Forget | None = None,
) -> _Job:  # fmt: skip
    job = _Job(corpus, store, 2 * workers, forget)
    whole_files = corpus.limit is not None and len(files) > 0
    ends = TOKEN_ENDS if corpus.raw_text.sentences is None else LINE_ENDS
    if callable(corpus.raw_text.sentences):
        workers = 1  # the user's function is called by one thread
    streams = [file for file in files if not file.seekable or is_compressed(file)]
    sizes = [file.byte_size() or 0 for file in files]
    tasks: Tasks
    if workers > 1 and (streams or whole_files) and not _one_writes_faster(files, store.limit):
        lane_count = min(workers, len(files) if whole_files else len(streams))
        tasks = StreamTasks(
            files, lane_count, whole_files=whole_files, ends=ends, on_error=job.faults.add,
            is_needed=lambda key: not job.faults.is_behind(key),
            on_raw_bytes=lambda lane, count: _add(job.bytes_read, workers + lane, count),
        )  # fmt: skip
    else:
        parts = plan_parts(files, sizes, 1 if _one_writes_faster(files, store.limit) else workers, ends)
        workers = len(parts)
        job.is_shared = workers > 1
        tasks = PartTasks(parts, min(sum(sizes), store.room) // BYTES_PER_ID)
    if workers > 1:
        _work_side_by_side(job, tasks, workers, progress, crew)
    else:
        job.work(tasks, 0, 0, progress)
    if job.faults.error is not None:
        raise job.faults.error
    return job


def _one_writes_faster(files: list[ByteSource], limit: int) -> bool:
    """Whether the ids will surely go to disk and come no faster there from several encoders: one encoder
    outruns most disks, and its ids need not be renumbered, which is written twice. Slow decompression is
    worth it."""
    if any(file.name.lower().endswith((".bz2", ".xz")) for file in files):
        return False
    expected = 0.0
    for file in files:
        size = file.byte_size()
        if not size:  # not known: there is nothing to go by, and a look inside may be another request
            continue
        expected += size * ID_BYTES_PER_TEXT_BYTE * (PLAIN_BYTES_PER_COMPRESSED if is_compressed(file) else 1)
        if expected > limit:
            return True
    return False


def _add(counters: list[int], place: int, count: int) -> None:
    counters[place] += count


def _work_side_by_side(job: _Job, tasks: Tasks, workers: int, progress: Progress | None, crew: Executor) -> None:
    unfinished = {crew.submit(job.work, tasks, number, number) for number in range(workers)}
    try:
        while unfinished:
            finished, unfinished = wait(unfinished, timeout=PROGRESS_SECONDS)
            for future in finished:
                future.result()
            if progress is not None:
                progress(sum(job.bytes_read))
    finally:
        job.is_stopped = True
        tasks.stop()
        wait(unfinished)


def _newlines_before(segment: Segment) -> int:
    """Line feeds of the file's text before a segment that begins inside it; reads it again, for a message."""
    newlines, left = 0, segment.start
    with closing(read_blocks(segment.file)) as blocks:
        for block in blocks if left else ():
            newlines += block[:left].count(b"\n")
            left -= min(left, len(block))
            if not left:
                break
    return newlines
