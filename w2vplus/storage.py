"""Where the ids of a corpus are kept: in memory while small, in nameless files when large.

Called by `corpus`, and by `collocations` for the ids that it makes of a corpus's. Files are unlinked at once where the
system allows it, so that a crash leaves nothing; what is mapped of them is file-backed memory, which the system can
take back, and not the process's own.
"""

from __future__ import annotations

import errno
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import making_room

if TYPE_CHECKING:
    from typing_extensions import Buffer

SHARE_OF_MEMORY = 4
"""Ids beyond one part in so many of the machine's memory go to disk unless `spill_above` says otherwise."""

SPILLED_PIECE_BYTES = 1 << 26
MOVE_ITEMS = 1 << 19
"""Items that a thread moves to their place at a time."""


def default_spill_above() -> int:
    """Bytes of ids that stay in memory: a quarter of the machine's, 4 GiB where that is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // SHARE_OF_MEMORY
    except (AttributeError, ValueError, OSError):
        return 1 << 32


@dataclass(frozen=True)
class Storage:
    """Where an encoded corpus is kept.

    spill_above: bytes of ids and boundaries beyond which they go to files in the system's folder for temporary ones
    (TMPDIR); None: a quarter of the memory.
    """

    spill_above: int | None = None

    def __post_init__(self) -> None:
        if self.spill_above is not None and self.spill_above < 0:
            raise ValueError(f"spill_above must be at least 0 bytes, got {self.spill_above}")

    @property
    def limit(self) -> int:
        return default_spill_above() if self.spill_above is None else self.spill_above


def write_whole(file: Any, data: Buffer) -> None:
    """Write all of `data` to an unbuffered file, which writes less than it is given where the disk has no room for
    more, and raises OSError only for the next piece."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def write_array(path: Path, array: NDArray[Any]) -> None:
    """As np.save, which does not notice if the last bytes find no room; piece by piece, so that Ctrl-C is heard."""
    array = np.ascontiguousarray(array)
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    data = _bytes_of(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for begin in range(0, len(data), SPILLED_PIECE_BYTES):
            file.write(data[begin : begin + SPILLED_PIECE_BYTES])


def _bytes_of(items: NDArray[Any]) -> memoryview:
    """The array's memory; a view without items cannot be cast."""
    return items.data.cast("B") if len(items) else memoryview(b"")


class ItemFile:
    """A nameless temporary file of array items, written at its end, then read or mapped.

    Raises OSError, naming the folder and the remedy, if the disk is full; the file is gone then, and who uses it
    afterwards hears of the same error.
    Thread-safety: any number of threads may append and read.
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = np.dtype(dtype)
        self._folder = tempfile.gettempdir()
        try:
            self._file: Any = tempfile.TemporaryFile(prefix="w2vplus-", buffering=0, dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise self._explained(error) from error
        self._lock = threading.Lock()
        self._failure: OSError | None = None
        self.count = 0

    def _given_up(self, error: OSError) -> OSError:
        """The error of a write that failed, for which the file is closed."""
        self._file.close()
        self._failure = self._explained(error)
        return self._failure

    @contextmanager
    def _whole_file(self) -> Iterator[None]:
        """The file for this thread alone, unless a write has failed."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            yield

    def _explained(self, error: OSError) -> OSError:
        text = f"cannot keep the corpus's ids in {self._folder}: {error.strerror}"
        if remedy := making_room(error):
            text += f"; {remedy}, or choose a roomier folder with TMPDIR"
        return OSError(error.errno, text)

    def append(self, items: NDArray[Any]) -> int:
        """Write the items behind the others; returns the place of the first."""
        items = np.ascontiguousarray(items, self._dtype)
        data = _bytes_of(items)
        with self._whole_file():
            place = self.count
            try:
                self._file.seek(0, os.SEEK_END)
                write_whole(self._file, data)
            except OSError as error:
                raise self._given_up(error) from error
            self.count += len(items)
        return place

    def read(self, place: int, count: int) -> NDArray[Any]:
        """A copy of the items [place, place + count)."""
        items = np.empty(count, self._dtype)
        view = _bytes_of(items)
        with self._whole_file():
            self._file.seek(place * self._dtype.itemsize)
            while view:
                size = self._file.readinto(view)
                if not size:
                    raise OSError(errno.EIO, f"a temporary file in {self._folder} lost its end")
                view = view[size:]
        return items

    def mapped(self) -> NDArray[Any]:
        """All items as a read-only array over the mapped file; it needs this object no longer."""
        if self.count == 0:
            return np.empty(0, self._dtype)
        with self._whole_file():
            view = mmap.mmap(self._file.fileno(), self.count * self._dtype.itemsize, access=mmap.ACCESS_READ)
        return np.frombuffer(view, self._dtype)

    def mapped_anew(self, count: int) -> NDArray[Any]:
        """Zeros, `count` of them, to be written, over the mapped file; it needs this object no longer."""
        size = count * self._dtype.itemsize
        with self._whole_file():
            try:
                # Writing to a page that the disk has no room for ends a process: the room must be there.
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(self._file.fileno(), 0, size)
                else:
                    for begin in range(0, size, SPILLED_PIECE_BYTES):
                        write_whole(self._file, bytes(min(SPILLED_PIECE_BYTES, size - begin)))
            except OSError as error:
                raise self._given_up(error) from error
            view = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_WRITE)
        return np.frombuffer(view, self._dtype)

    def close(self) -> None:
        """Give the disk space back once nothing is mapped."""
        self._file.close()


def zeros_kept_like(kept: NDArray[Any], count: int, dtype: type[np.generic]) -> NDArray[Any]:
    """An array of `count` zeros to be written: in memory, or in a mapped nameless file if `kept` lies in a file.

    What is made of a corpus that is too large for memory is kept as the corpus is. Raises OSError, naming the folder
    and the remedy, if the disk has no room for all of it.
    """
    if not count or not is_mapped(kept):
        return np.zeros(count, dtype)
    file = ItemFile(dtype)
    array = file.mapped_anew(count)
    file.close()
    return array


def is_mapped(array: NDArray[Any]) -> bool:
    """Whether the items lie in a mapped file rather than in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)
