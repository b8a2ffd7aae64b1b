"""Raw bytes of a file, compressed or not, become blocks of plain bytes, for `files.read_blocks`; and the way
back, `compressed_writer`.

The kind is told by the first bytes, and the file's suffix must not contradict them. Each stream is read to
its true end: several members or frames one after another are one text, and a truncated stream, a failed
checksum or anything else behind a member is a CorpusError that names the file and the byte.
"""

from __future__ import annotations

import bz2
import lzma
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Protocol

from w2vplus.errors import CorpusError

RAW_BLOCK_BYTES = 1 << 18
PLAIN_BLOCK_BYTES = 1 << 20
HEAD_BYTES = 16

ReadRaw = Callable[[int], bytes]
"""Returns up to so many bytes, b"" at the end."""


class Decompressor(Protocol):
    """One member of a stream: the interface of bz2.BZ2Decompressor and its cousins in lzma and zstd."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _gzip_decompressor() -> Decompressor:
    """One gzip member by Intel's ISA-L, several times as fast as zlib; checks header, checksum and length."""
    from isal import igzip_lib

    decompressor: Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return decompressor


def _zstd_decompressor() -> Decompressor:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise CorpusError(".zst files need a zstd package: pip install 'smart_open[zst]'") from None
    decompressor: Decompressor = zstd.ZstdDecompressor()
    return decompressor


@dataclass(frozen=True)
class Compression:
    """How to know a compression and how to undo it.

    `is_start(head)` judges the first bytes of a stream or member; `padded` streams may end in zero bytes.
    """

    name: str
    suffix: str
    is_start: Callable[[bytes], bool]
    decompressor: Callable[[], Decompressor]
    padded: bool


def _starts_bzip2(head: bytes) -> bool:
    # "BZh" alone could open a text; the magic of a first block, or of the end of an empty stream, could not.
    return head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")


def _starts_zstd(head: bytes) -> bool:
    is_skippable = len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18"
    return head.startswith(b"\x28\xb5\x2f\xfd") or is_skippable


COMPRESSIONS = (
    Compression("gzip", ".gz", lambda head: head.startswith(b"\x1f\x8b\x08"), _gzip_decompressor, True),
    Compression("bzip2", ".bz2", _starts_bzip2, bz2.BZ2Decompressor, False),
    Compression(
        "xz",
        ".xz",
        lambda head: head.startswith(b"\xfd7zXZ\x00"),
        lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
        True,
    ),
    Compression("zstd", ".zst", _starts_zstd, _zstd_decompressor, False),
)


def compression_of(head: bytes, name: str) -> Compression | None:
    """The compression of a file of this name that begins with `head` (HEAD_BYTES or the whole file); None if
    plain.

    Raises CorpusError if the suffix promises a compression and the bytes are something else.
    """
    for compression in COMPRESSIONS:
        if compression.is_start(head):
            return compression
    suffix = PurePosixPath(name).suffix.lower()
    for compression in COMPRESSIONS:
        if suffix == compression.suffix and head:
            raise CorpusError(
                f"{name} is named {suffix} but does not begin as {compression.name} data does: "
                f"it is damaged, or plain text under a wrong name (then rename it)"
            )
    return None


def read_at_least(read: ReadRaw, size: int) -> bytes:
    """`size` bytes or more, fewer only at the end of the file; `read` may give less than it is asked for."""
    pieces = b""
    while len(pieces) < size:
        piece = read(max(size - len(pieces), HEAD_BYTES))
        if not piece:
            break
        pieces += piece
    return pieces


def plain_blocks(read: ReadRaw, name: str, *, detect: bool = True) -> Iterator[bytes]:
    """Blocks of plain bytes of the file that `read` reads; with `detect`, decompressed if it is compressed.

    Raises CorpusError for damaged compressed data, naming the file and the byte offset in it.
    """
    head = read_at_least(read, HEAD_BYTES) if detect else b""
    compression = compression_of(head, name) if detect else None
    if compression is not None:
        yield from _decompressed_blocks(read, head, name, compression)
        return
    if head:
        yield head
    while block := read(PLAIN_BLOCK_BYTES):
        yield block


def _decompressed_blocks(read: ReadRaw, data: bytes, name: str, compression: Compression) -> Iterator[bytes]:
    bytes_read = len(data)
    while True:
        member = compression.decompressor()
        while not member.eof:
            if not data and member.needs_input:
                data = read(RAW_BLOCK_BYTES)
                bytes_read += len(data)
                if not data:
                    raise CorpusError(
                        f"{name} is truncated: its {compression.name} data ends at byte {bytes_read} "
                        f"in the middle of a stream; nothing of it was used, fetch it again"
                    )
            try:
                text = member.decompress(data, PLAIN_BLOCK_BYTES)
            except _decoding_errors() as error:
                raise CorpusError(
                    f"{name} is damaged before byte {bytes_read}: its {compression.name} data cannot be "
                    f"decompressed ({error}); nothing of it was used, fetch it again"
                ) from error
            data = b""
            if text:
                yield text
        data = member.unused_data
        while True:
            if compression.padded:
                data = data.lstrip(b"\0")
            if len(data) >= HEAD_BYTES:
                break
            more = read(RAW_BLOCK_BYTES)
            bytes_read += len(more)
            data += more
            if not more:
                break
        if not data:
            return
        if not compression.is_start(data):
            raise CorpusError(
                f"{name} is damaged: the bytes from {bytes_read - len(data)} on, behind the end of a "
                f"{compression.name} stream, are not another one; nothing of it was used, fetch it again"
            )


@contextmanager
def compressed_writer(path: str | os.PathLike[str], workers: int = 1) -> Iterator[IO[bytes]]:
    """A new binary file whose bytes are compressed as the path's suffix says.

    gzip is written by ISA-L, several times as fast as zlib, with `workers` threads beside the caller's, and without the
    name and the time that Python's has in its header: the file's may be a temporary one. Raises OSError if the file
    cannot be written.
    """
    if PurePosixPath(os.fspath(path)).suffix == ".gz":
        from isal import igzip_threaded

        open_gzip: Callable[..., IO[bytes]] = igzip_threaded.open
        with open_gzip(os.fspath(path), "wb", threads=workers) as file:
            yield file
        return
    import smart_open

    with smart_open.open(os.fspath(path), "wb") as file:
        yield file


def _decoding_errors() -> tuple[type[Exception], ...]:
    """What decompressors raise; the packages among them are not imported for those who do not need them."""
    names = (
        ("isal.igzip_lib", "IsalError"),
        ("compression.zstd", "ZstdError"),
        ("backports.zstd", "ZstdError"),
    )
    packages = [getattr(sys.modules[module], name) for module, name in names if module in sys.modules]
    return (lzma.LZMAError, OSError, EOFError, ValueError, *packages)
