"""Byte sources: places that bytes come from and that can be opened again and again.

A local file, a remote one, a stream kept in a temporary file, a file object of the user's. `files.expand`
makes them of names; nobody else needs to know their kinds.
"""

from __future__ import annotations

import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from w2vplus._atomic import making_room
from w2vplus.errors import CorpusError
from w2vplus.storage import write_whole


@dataclass(frozen=True)
class FileFingerprint:
    """What tells that a file is still the same: its path, size in bytes, time of last change in nanoseconds, and what
    shows that somebody has put an earlier time back (`changed_ns`, which the system alone sets) or another file in its
    place (`inode`)."""

    path: str
    size: int
    modified_ns: int
    changed_ns: int
    inode: int

    @property
    def content(self) -> tuple[str, int, int]:
        """What changes when the file is written to, and not when its permissions or its links are."""
        return self.path, self.size, self.modified_ns


class Fingerprinted(Protocol):
    """Something with a name, of which can be told whether it is still the same."""

    name: str

    def fingerprint(self) -> FileFingerprint | None: ...


class ByteSource(Protocol):
    """Bytes with a name that can be opened any number of times.

    `detect_compression` is False where the bytes are to be taken as they are, `is_known_text` True where they are made
    of text, so that nothing is concluded from how they begin. `open()` gives a raw stream from the start;
    `fingerprint()` and `byte_size()` give None where they cannot be known.
    """

    name: str
    detect_compression: bool
    is_known_text: bool
    seekable: bool

    def open(self) -> AbstractContextManager[Any]: ...
    def byte_size(self) -> int | None: ...
    def fingerprint(self) -> FileFingerprint | None: ...


def unreadable(error: OSError, name: str) -> OSError:
    """The same kind of error (FileNotFoundError, PermissionError, ...) saying which corpus file it is
    about."""
    return OSError(error.errno, f"cannot read the corpus file: {error.strerror or error}", name)


@contextmanager
def unchanged(files: Sequence[Fingerprinted]) -> Iterator[None]:
    """Raise CorpusError afterwards if one of the files was changed while the body read it."""
    before = [file.fingerprint() for file in files]
    yield
    for file, then in zip(files, before, strict=True):
        now = file.fingerprint()
        if (now and now.content) != (then and then.content):
            raise CorpusError(f"{file.name} changed while it was read; nothing of it was used, start again")


class LocalFile:
    """A regular file on this machine."""

    detect_compression = True
    is_known_text = False
    seekable = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)

    def open(self) -> io.FileIO:
        try:
            return open(self.name, "rb", buffering=0)
        except OSError as error:
            raise unreadable(error, self.name) from error

    def byte_size(self) -> int | None:
        return self.fingerprint().size

    def fingerprint(self) -> FileFingerprint:
        try:
            status = Path(self.name).stat()
        except OSError as error:
            raise unreadable(error, self.name) from error
        return FileFingerprint(
            str(Path(self.name).absolute()), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
        )


class RemoteFile:
    """A URI that smart_open can read (s3, gs, http, ...); fetched anew at each opening."""

    detect_compression = True
    is_known_text = False
    seekable = False

    def __init__(self, uri: str) -> None:
        self.name = uri

    def open(self) -> BinaryIO:
        from smart_open import open as open_uri

        try:
            stream: BinaryIO = open_uri(self.name, "rb", compression="disable")
        except NotImplementedError as error:
            raise CorpusError(
                f"cannot read {self.name}: smart_open does not know such URIs ({error})"
            ) from error
        except OSError as error:
            raise OSError(f"cannot read the corpus {self.name}: {error}") from error
        return stream

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> None:
        return None


class _SpoolReader(io.RawIOBase):
    """A position of its own in a file that several readers share."""

    def __init__(self, file: BinaryIO, lock: threading.Lock) -> None:
        self._file, self._lock, self._position = file, lock, 0

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0:
            raise io.UnsupportedOperation("only seek from the start")
        self._position = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        with self._lock:
            self._file.seek(self._position)
            size: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._position += size
        return size


class SpooledStream:
    """A stream that can be read only once (standard input, a pipe), kept in a temporary file from its first
    opening.

    The file has no name in the file system (where the system allows), so that a crash leaves nothing behind.
    Thread-safety: readers opened from it may run in different threads.
    """

    detect_compression = True
    is_known_text = False
    seekable = True

    def __init__(self, name: str, open_stream: Callable[[], AbstractContextManager[Any]]) -> None:
        self.name = name
        self._open_stream = open_stream
        self._spool: Any = None
        self._lock = threading.Lock()

    def _spooled(self) -> Any:
        with self._lock:
            if self._spool is None:
                spool = tempfile.TemporaryFile(prefix="w2vplus-", buffering=0)  # noqa: SIM115
                try:
                    with self._open_stream() as stream:
                        while piece := stream.read(1 << 20):
                            write_whole(spool, piece)
                except OSError as error:
                    spool.close()
                    raise OSError(error.errno, self._explained(error)) from error
                self._spool = spool
        return self._spool

    def _explained(self, error: OSError) -> str:
        if not (remedy := making_room(error)):
            return f"cannot read {self.name}: {error.strerror or error}"
        return (
            f"cannot keep {self.name} in {tempfile.gettempdir()}: {error.strerror}; "
            f"{remedy}, or choose a roomier folder with TMPDIR"
        )

    def open(self) -> _SpoolReader:
        return _SpoolReader(self._spooled(), self._lock)

    def byte_size(self) -> int:
        return os.fstat(self._spooled().fileno()).st_size

    def fingerprint(self) -> None:
        return None


class FileObject:
    """A binary file object of the user's, read from its start each time, never closed, its bytes taken as
    they are."""

    detect_compression = False
    is_known_text = False
    seekable = False

    def __init__(self, stream: Any) -> None:
        self.name = str(getattr(stream, "name", f"<{type(stream).__name__}>"))
        self._stream = stream

    def open(self) -> AbstractContextManager[Any]:
        self._stream.seek(0)
        return nullcontext(self._stream)

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> None:
        return None
