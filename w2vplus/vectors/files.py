"""Bytes of vectors files: opened decompressed, written whole or not at all, damage named; every format calls this."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import smart_open

from w2vplus._atomic import replacing
from w2vplus.corpus.compression import HEAD_BYTES, compressed_writer, compression_of, plain_blocks
from w2vplus.corpus.files import BlockStream
from w2vplus.errors import CorpusError, VectorFormatError
from w2vplus.limits import available_cpus

COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
THREADS = min(4, available_cpus())
"""More would wait for the one thread that reads the file and collects the keys."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def is_remote(path: str) -> bool:
    """Whether `path` is a URI of smart_open rather than a local path."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", path) is not None


def without_compression(path: str) -> str:
    """The path without a suffix that stands for a compression."""
    for suffix in COMPRESSION_SUFFIXES:
        if path.lower().endswith(suffix):
            return path[: -len(suffix)]
    return path


def plain_size(path: str) -> int | None:
    """Bytes of a local regular file that is not compressed; None where that is unknown."""
    if is_remote(path) or not Path(path).is_file():
        return None
    with Path(path).open("rb") as stream:
        compressed = any_compression(stream.read(HEAD_BYTES), path)
    return None if compressed else Path(path).stat().st_size


def any_compression(head: bytes, path: str) -> bool:
    """Whether a file that begins with `head` is compressed; raises VectorFormatError where its suffix lies."""
    try:
        return compression_of(head, path) is not None
    except CorpusError as error:
        raise VectorFormatError(str(error)) from error


@contextmanager
def reading(path: str) -> Iterator[IO[bytes]]:
    """The plain bytes of a local or remote file, decompressed if its first bytes are those of a compression.

    Raises OSError, and VectorFormatError for compressed data that are damaged or cut short.
    """
    with smart_open.open(path, "rb", compression="disable") as raw:
        stream: Any = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)
        try:
            if any_compression(stream.peek(HEAD_BYTES)[:HEAD_BYTES], path):
                plain = cast(Generator[bytes], plain_blocks(stream.read, path))
                stream = io.BufferedReader(BlockStream(plain), 1 << 20)
            yield stream
        except CorpusError as error:
            raise VectorFormatError(str(error)) from error


@contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """A binary stream to `path`: atomic where it is local, compressed by its suffix."""
    if is_remote(path):
        with smart_open.open(path, "wb") as stream:
            yield stream
    else:
        with replacing(path) as temporary, compressed_writer(temporary) as stream:
            yield stream


@contextmanager
def damage_named(path: str, error_class: type[ValueError] = VectorFormatError) -> Iterator[None]:
    """Turn what decompressors raise on damaged data into `error_class`, naming `path`."""
    try:
        yield
    except Exception as error:
        if not is_damage(path, error):
            raise
        raise error_class(f"{path}: the file is damaged or cut short ({error})") from error


def is_damage(path: str, error: Exception) -> bool:
    """Whether a decompressor that reads `path` raises `error` for damaged data.

    bz2 reports it as an OSError without an error number; the module of zstd's error depends on the Python version.
    """
    if isinstance(error, OSError) and error.errno is None and path.lower().endswith(".bz2"):
        return True
    known = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
    return isinstance(error, known) or type(error).__name__ == "ZstdError"


def in_order(work: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """work(item) for each item, in their order, computed by THREADS threads; few items wait at a time.

    `work` should spend its time without the GIL. What it raises is raised here, in its turn.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
