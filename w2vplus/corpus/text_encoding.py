"""Text files become ids natively: parts of the text side by side, then one numbering for all of them.

`encode_files` is called by `encoding.encode`. The result never depends on the number of workers, on block
sizes or on compression: each part has ids in order of first occurrence, and merging the parts in the order of
the text keeps it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from queue import Full, Queue

import numpy as np
from numpy.typing import NDArray

from w2vplus._text import InvalidUtf8, TextEncoder
from w2vplus.corpus.files import is_compressed, read_blocks
from w2vplus.corpus.lines import TextCorpus, not_utf8
from w2vplus.corpus.parts import Part, Segment, plan_parts
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.store import EncodedCorpus, TokenStore

Progress = Callable[[int], object]
"""Called with the number of bytes read so far, of the files as they are on disk."""

PROGRESS_SECONDS = 0.1
BLOCKS_AHEAD = 4
"""Blocks that a decompressing thread may be in front of the encoder."""


class _Stopped(Exception):
    """An earlier part failed or the user interrupted; never leaves this module."""


class _Job:
    """What the parts of one encoding share: options, bytes read so far, and the word to stop.

    Thread-safety: each part writes only its own place of `bytes_read`; `failed_part` only ever falls.
    """

    def __init__(self, errors: str, line_limit: int | None, part_count: int) -> None:
        self.errors = errors
        self.line_limit = line_limit
        self.bytes_read = [0] * part_count
        self.failed_part = part_count
        self._lock = threading.Lock()

    def fail(self, part_number: int) -> None:
        """Later parts need not go on; earlier ones must, for the first error of the text is the one to
        report."""
        with self._lock:
            self.failed_part = min(self.failed_part, part_number)

    def encode(self, part: Part, part_number: int, progress: Progress | None = None) -> TextEncoder:
        """The part's tokens in an encoder of their own; `progress` hears of the part's bytes after each
        block."""
        try:
            encoder = TextEncoder(self.errors)
            for segment in part:
                self._encode_segment(encoder, segment, part_number, progress)
        except BaseException:
            self.fail(part_number)
            raise
        return encoder

    def _encode_segment(
        self, encoder: TextEncoder, segment: Segment, part_number: int, progress: Progress | None
    ) -> None:
        def add_bytes(count: int) -> None:
            self.bytes_read[part_number] += count

        blocks = read_blocks(segment.file, start=segment.start, end=segment.end, on_raw_bytes=add_bytes)
        encoder.begin_file(segment.start, self.line_limit)
        try:
            with closing(_read_ahead(blocks) if _is_slow_to_read(segment.file) else blocks) as ready_blocks:
                for block in ready_blocks:
                    if part_number > self.failed_part:
                        raise _Stopped
                    if not encoder.feed(block):
                        break
                    if progress is not None:
                        progress(self.bytes_read[part_number])
            encoder.end_file(segment.ends_file)
        except InvalidUtf8 as error:
            line = error.line + 1 + _newlines_before(segment)
            raise not_utf8(segment.file.name, line, error.offset) from error


def encode_files(
    corpus: TextCorpus, files: list[ByteSource], workers: int, errors: str, progress: Progress | None
) -> EncodedCorpus:
    """The corpus's files, encoded by its law of sentences. `progress(bytes read of the files as they
    are)`."""
    with unchanged(files):
        parts = plan_parts(files, workers, whole_files=corpus.limit is not None)
        job = _Job(errors, corpus.limit, len(parts))
        if len(parts) == 1:
            encoders = [job.encode(parts[0], 0, progress)]
        else:
            encoders = _encode_side_by_side(job, parts, progress)
    if progress is not None:
        progress(sum(job.bytes_read))
    return _joined(encoders, corpus)


def _encode_side_by_side(job: _Job, parts: Sequence[Part], progress: Progress | None) -> list[TextEncoder]:
    with ThreadPoolExecutor(len(parts), "w2vplus-encode") as executor:
        futures = [executor.submit(job.encode, part, number) for number, part in enumerate(parts)]
        try:
            unfinished: set[Future[TextEncoder]] = set(futures)
            while unfinished:
                unfinished = wait(unfinished, timeout=PROGRESS_SECONDS).not_done
                if progress is not None:
                    progress(sum(job.bytes_read))
        except BaseException:
            job.fail(-1)
            raise
    return [future.result() for future in futures]


def _joined(encoders: list[TextEncoder], corpus: TextCorpus) -> EncodedCorpus:
    """The parts as one corpus: one numbering of types, and lines that go on in the next part made whole."""
    offsets = np.cumsum([0] + [encoder.token_count for encoder in encoders])
    if corpus.one_stream:
        cuttable = max(
            encoder.tokens_before_last_space + int(offset) if encoder.tokens_before_last_space >= 0 else 0
            for encoder, offset in zip(encoders, offsets, strict=False)
        )
        starts = stream_sentence_starts(int(offsets[-1]), cuttable, corpus.max_sentence_length)
    else:
        line_ends = [encoder.line_ends() + offset for encoder, offset in zip(encoders, offsets, strict=False)]
        starts = line_sentence_starts(np.concatenate(line_ends), corpus.max_sentence_length)
    ids = _joined_ids(encoders, offsets)
    whole = encoders[0]
    return EncodedCorpus(list(whole.types()), whole.counts(), TokenStore(ids, starts))


def _joined_ids(encoders: list[TextEncoder], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """All ids in the numbering of the first encoder, which takes in the types and counts of the others."""
    whole, *others = encoders
    ids = whole.take_ids(more=int(offsets[-1] - offsets[1]))
    if not others:
        return ids
    new_ids = [whole.absorb_types(encoder) for encoder in others]
    with ThreadPoolExecutor(len(others), "w2vplus-join") as executor:
        writes = [
            executor.submit(encoder.write_ids, ids[start:end], renumbered)
            for encoder, start, end, renumbered in zip(
                others, offsets[1:-1], offsets[2:], new_ids, strict=True
            )
        ]
    for write in writes:
        write.result()
    return ids


def line_sentence_starts(line_ends: NDArray[np.int64], max_sentence_length: int | None) -> NDArray[np.int64]:
    """Sentence starts, int64, of lines that end at these token positions (ascending), blank lines left out.

    A line longer than `max_sentence_length` becomes several sentences, all but its last one of that length.
    """
    starts: NDArray[np.int64] = np.concatenate([np.zeros(1, np.int64), line_ends])
    starts = starts[np.append(True, starts[1:] != starts[:-1])]
    if max_sentence_length is None:
        return starts
    lengths = np.diff(starts)
    if len(lengths) == 0 or lengths.max() <= max_sentence_length:
        return starts
    pieces = -(-lengths // max_sentence_length)
    first_piece = np.cumsum(pieces) - pieces
    number_in_line = np.arange(pieces.sum()) - np.repeat(first_piece, pieces)
    return np.append(np.repeat(starts[:-1], pieces) + number_in_line * max_sentence_length, starts[-1])


def stream_sentence_starts(
    token_count: int, cuttable: int, max_sentence_length: int | None
) -> NDArray[np.int64]:
    """Sentence starts, int64, of a text cut every so many tokens, but not behind token `cuttable`."""
    step = max(max_sentence_length or sys.maxsize, 1)
    starts = np.arange(0, cuttable + 1, step, dtype=np.int64)
    return starts if starts[-1] == token_count else np.append(starts, np.int64(token_count))


def _newlines_before(segment: Segment) -> int:
    """Line feeds of the file before a segment that begins inside it."""
    if segment.start == 0:
        return 0
    return sum(block.count(b"\n") for block in read_blocks(segment.file, end=segment.start))


def _is_slow_to_read(file: ByteSource) -> bool:
    """Whether reading is worth a thread of its own beside the encoder: decompression, a network."""
    return file.detect_compression and (not file.seekable or is_compressed(file))


def _read_ahead(blocks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """`blocks` fetched by another thread, at most BLOCKS_AHEAD in front; its errors are raised here."""
    waiting: Queue[bytes | BaseException | None] = Queue(BLOCKS_AHEAD)
    stopped = threading.Event()

    def put(item: bytes | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=PROGRESS_SECONDS)
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
