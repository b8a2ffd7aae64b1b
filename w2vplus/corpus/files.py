"""Names of files become byte sources, and byte sources blocks of plain bytes.

`expand` turns what a user gives (path, URI, folder, glob, "-") into sources in a fixed order; `read_blocks`
reads one of them, decompressed. The corpora in `lines` and `wiki` and the native encoding call these.
"""

from __future__ import annotations

import codecs
import errno
import glob
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from w2vplus.corpus.compression import (
    HEAD_BYTES,
    PLAIN_BLOCK_BYTES,
    compression_of,
    plain_blocks,
    read_at_least,
)
from w2vplus.corpus.sources import ByteSource, LocalFile, RemoteFile, SpooledStream, unreadable
from w2vplus.errors import CorpusError

STANDARD_INPUT = "-"

ARCHIVES = (
    ("zip", 0, (b"PK\x03\x04", b"PK\x05\x06")),
    ("7z", 0, (b"7z\xbc\xaf\x27\x1c",)),
    ("rar", 0, (b"Rar!\x1a\x07",)),
    ("tar", 257, (b"ustar\x00", b"ustar  \x00")),
)
"""Kinds of archives, and what their plain bytes have from where on; that no text has."""

TELLING_BYTES = max(place + len(mark) for _, place, marks in ARCHIVES for mark in marks)
"""So many plain bytes tell an archive, or a text of two bytes a character."""

LEAST_PAIRS = 3
"""Fewer characters than these may have any bytes."""

NO_TEXT = re.compile("[\0-\b\x0e-\x1f\uffff]")
"""What tables have that begin as UTF-16 might, and no text has."""


def read_blocks(
    source: ByteSource,
    *,
    start: int = 0,
    end: int | None = None,
    on_raw_bytes: Callable[[int], object] | None = None,
) -> Generator[bytes, None, None]:
    """Plain bytes of `source` in blocks of about a megabyte, decompressed if it is compressed.

    `start` and `end` pick a byte range of a plain seekable source. `on_raw_bytes(n)` hears of every n bytes
    read from the source itself. Raises OSError, and CorpusError if the compressed data are damaged, or for an archive,
    whose names and padding between its files would be read as text, or for UTF-16. A byte order mark of UTF-8 is left
    out.
    """
    with source.open() as stream:
        if start:
            stream.seek(start)
        # No further than the end as it is now: a file that grows as fast as it is read would never end.
        # (Files of /proc and the like say that their size is 0.)
        left = (end or source.byte_size() or sys.maxsize) - start

        def read(size: int) -> bytes:
            nonlocal left
            try:
                block: bytes = stream.read(min(size, left)) if left else b""
            except OSError as error:
                raise unreadable(error, source.name) from error
            left -= len(block)
            if on_raw_bytes is not None:
                on_raw_bytes(len(block))
            return block

        whole = start == 0 and end is None
        blocks = plain_blocks(read, source.name, detect=whole and source.detect_compression)
        if start == 0 and not source.is_known_text:
            head = b""
            while len(head) < TELLING_BYTES and (block := next(blocks, b"")):
                head += block
            _refuse_archives(head, source.name)
            _refuse_wide_characters(head, source.name)
            if text := head.removeprefix(codecs.BOM_UTF8):
                yield text
        yield from blocks


def _refuse_archives(head: bytes, name: str) -> None:
    for kind, place, marks in ARCHIVES:
        if head[place:].startswith(marks):
            raise CorpusError(
                f"{name} is a {kind} archive, which holds files and is no text: unpack it and give its files, "
                "or the folder that they are in"
            )


def _refuse_wide_characters(head: bytes, name: str) -> None:
    """UTF-16 without a byte order mark is valid UTF-8 in many scripts, but of words with NULs: in English after each
    letter, in others beside spaces and punctuation, and mostly on one side of the pair."""
    pairs = len(head) // 2
    nuls = [head[side : 2 * pairs : 2].count(0) for side in (0, 1)]
    if pairs < LEAST_PAIRS or max(nuls) <= max(1, pairs / 10) or min(nuls) > max(nuls) / 4:
        return
    encoding = "UTF-16LE" if nuls[1] > nuls[0] else "UTF-16BE"
    if not NO_TEXT.search(head[: 2 * pairs].decode(encoding, "replace")):
        raise CorpusError(
            f"{name} seems to be UTF-16, every other byte being 0 in places: make it UTF-8, as by "
            f"iconv -f {encoding} -t UTF-8"
        )


class BlockStream(io.RawIOBase):
    """Blocks of bytes as a readable file, for io.BufferedReader and XML parsers."""

    def __init__(self, blocks: Generator[bytes | memoryview, None, None]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._blocks.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            # An empty block is no end.
            self._rest = memoryview(next((block for block in self._blocks if len(block)), b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def open_plain(source: ByteSource, on_raw_bytes: Callable[[int], object] | None = None) -> io.BufferedReader:
    """`source` as a buffered binary file of plain bytes, decompressed if it is compressed."""
    return io.BufferedReader(BlockStream(read_blocks(source, on_raw_bytes=on_raw_bytes)), PLAIN_BLOCK_BYTES)


def is_compressed(source: ByteSource) -> bool:
    """Whether the source's first bytes are those of a compressed file."""
    if not source.detect_compression:
        return False
    with source.open() as stream:
        return compression_of(read_at_least(stream.read, HEAD_BYTES), source.name) is not None


def first_bytes(source: ByteSource, count: int) -> bytes:
    """The first `count` plain bytes of the source, or all if there are fewer. Raises what `read_blocks` does."""
    head = b""
    with closing(read_blocks(source)) as blocks:
        for block in blocks:
            head += block[: count - len(head)]
            if len(head) >= count:
                break
    return head


def is_path(source: object) -> bool:
    """Whether `source` names files: a str or an os.PathLike."""
    return isinstance(source, str | os.PathLike)


def expand(source: str | os.PathLike[str]) -> list[ByteSource]:
    """The byte sources that a path, URI, folder, glob pattern or "-" stands for; those of a folder or glob by
    name.

    A folder stands for its own files, not those of its folders; hidden ones (".name") are left out, links that lead
    nowhere are not: reading them fails. Raises
    FileNotFoundError if there is no such file or nothing matches, CorpusError for a folder without files and for
    an empty name.
    """
    name = os.path.expanduser(os.fspath(source))  # noqa: PTH111 (a Path would lose the two slashes of a URI)
    if not name:
        raise CorpusError("the name of the corpus is empty, got '': name a file, or . for the current folder")
    if name == STANDARD_INPUT:
        return [SpooledStream("standard input", _standard_input)]
    if "://" in name:
        parts = urlsplit(name)
        if parts.scheme != "file":
            return [RemoteFile(name)]
        from urllib.request import url2pathname  # here, for it imports much

        name = url2pathname(parts.path)
    path = Path(name)
    if path.is_dir():
        files = sorted(
            str(file) for file in path.iterdir() if is_file_or_broken_link(file) and not file.name.startswith(".")
        )
        if not files:
            raise CorpusError(f"the folder {name} holds no files; folders inside it are not searched")
        return [LocalFile(file) for file in files]
    if not path.exists() and glob.has_magic(name):
        matches = glob.glob(name, recursive=True)  # noqa: PTH207 (pathlib takes no absolute patterns)
        files = sorted(match for match in matches if is_file_or_broken_link(Path(match)))
        if not files:
            raise FileNotFoundError(errno.ENOENT, "no file matches this corpus pattern", name)
        return [LocalFile(file) for file in files]
    return [local_source(name)]


def _standard_input() -> AbstractContextManager[Any]:
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed: give it a text, as in cat corpus.txt | w2vplus train -")
    return nullcontext(sys.stdin.buffer)


def is_file_or_broken_link(path: Path) -> bool:
    """A link to nothing counts, so that opening it names the file that is missing."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def local_source(name: str) -> ByteSource:
    """A regular file, or a pipe kept for rereading; raises OSError if there is none."""
    try:
        mode = Path(name).stat().st_mode
    except OSError as error:
        raise unreadable(error, name) from error
    if stat.S_ISREG(mode):
        return LocalFile(name)
    return SpooledStream(name, lambda: Path(name).open("rb"))
