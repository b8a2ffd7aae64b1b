"""Whole files or none: output is written beside its target and renamed when complete.

What stood there before keeps its place, its permissions and its owner: a symbolic link goes on pointing where it did,
and the file that it points to is the one replaced.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in `target`'s folder with its suffixes; rename it to `target` on success.

    A file that is replaced hands its permissions on; a symbolic link is followed. The temporary file keeps every
    suffix of the target, so that writers which choose a format or a compression by suffix choose the same one. On
    any exception it is deleted and `target` is untouched. Raises FileNotFoundError if the folder is missing,
    ValueError if `target` is a folder or a device.
    """
    target = file_behind(target)
    with (
        explaining(target),
        _unfinished(target, _suffixes(target), _maker_of_file(target)) as temporary,
    ):
        yield temporary
        put_in_place(temporary, target)


@contextmanager
def explaining(target: Path) -> Iterator[None]:
    """Raise a full disk's error, which names no file, as one that names `target` and says how to make room."""
    try:
        yield
    except OSError as error:
        remedy = making_room(error)
        if not remedy or not _is_systems_own(error):
            raise
        text = f"cannot be written: {os.strerror(error.errno or 0)}; {remedy}, or write to another disk"
        raise OSError(error.errno, text, str(target)) from error


def making_room(error: OSError) -> str:
    """How to make room for a file, if that is what the error is about; "" for others."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space"
    return "raise the limit on the size of files (ulimit -f)" if error.errno == errno.EFBIG else ""


def _is_systems_own(error: OSError) -> bool:
    """Whether it is the system's error of a failed write, which names no file, as it comes or as pyarrow words it."""
    return error.filename is None and os.strerror(error.errno or 0) in str(error)


@contextmanager
def replacing_family(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a path of `target`'s name in a temporary folder, for a writer that puts other files beside its own, as
    gensim's `save` does; on success all of them move beside `target`.

    The file of that name names the others, whose names stay the same, so it is never there with others than its own:
    what stood there is set aside first, comes back on any exception, and is deleted in the end. A process that is
    killed meanwhile leaves it under names that end in ".before". Raises as `replacing` does.
    """
    target = Path(target).expanduser()
    file_behind(target)  # refuses what is no file
    with (
        explaining(target),
        _unfinished(target, "", _make_private_folder) as folder,
    ):
        yield folder / target.name
        parts = sorted(folder.iterdir(), key=lambda part: part.name == target.name)
        if len(parts) == 1:
            move_in_place(parts[0], target)
        else:
            _move_together(parts, [file_behind(target.parent / part.name) for part in parts])


@contextmanager
def replacing_together(*targets: str | os.PathLike[str]) -> Iterator[list[Path]]:
    """Yield a temporary path for each target, as `replacing` does for one; on success all of them are replaced, or none
    if one cannot be, in the way of `replacing_family`. The last is the one that errors of a full disk name."""
    places = [file_behind(target) for target in targets]
    with explaining(places[-1]), ExitStack() as unfinished:
        parts = [
            unfinished.enter_context(_unfinished(place, _suffixes(place), _maker_of_file(place))) for place in places
        ]
        yield parts
        _move_together(parts, places)


def _move_together(parts: list[Path], places: list[Path]) -> None:
    """Move files to their places, the last of which names the others: all of them, or none on an exception."""
    asides = [_name_beside(place, ".before") for place in places]
    present = [(place, aside) for place, aside in zip(places, asides, strict=True) if place.exists()]
    try:
        for place, aside in reversed(present):
            place.rename(aside)
        for part, place, aside in zip(parts, places, asides, strict=True):
            _hand_on(aside, part)
            move_in_place(part, place)
    except BaseException:
        for place, aside in zip(places, asides, strict=True):
            if aside.exists() or (place, aside) not in present:  # else what is there is still what was there
                place.unlink(missing_ok=True)
                with suppress(FileNotFoundError):
                    aside.rename(place)
        raise
    for _, aside in present:
        aside.unlink()


def file_behind(target: str | os.PathLike[str]) -> Path:
    """The file that writing to `target` writes, behind symbolic links; it need not exist yet.

    Raises FileNotFoundError if its folder is missing, ValueError if it is a folder or a device.
    """
    target = Path(target).expanduser()
    path = Path(os.path.realpath(target)) if target.is_symlink() else target
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: the folder {path.parent} does not exist")
    if path.exists() and not path.is_file():
        raise ValueError(f"cannot write {target}: it is a folder or a device, not a file")
    return path


def move_in_place(complete: Path, target: Path) -> None:
    """Put a complete file at `target`, as `replacing` does, also on another disk than it lies on."""
    target = file_behind(target)
    try:
        put_in_place(complete, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replacing(target) as temporary:
            shutil.copy(complete, temporary)


def put_in_place(temporary: Path, target: Path) -> None:
    """Rename a complete file to `target`, with permissions and owner of the file that is there."""
    _hand_on(target, temporary)
    temporary.replace(target)


def _hand_on(present: Path, new: Path) -> None:
    """Give a new file the permissions, and where we may the owner, of the present one, if there is one."""
    with suppress(FileNotFoundError):
        facts = present.stat()
        if hasattr(os, "chown") and (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):
                os.chown(new, facts.st_uid, facts.st_gid)
        new.chmod(stat.S_IMODE(facts.st_mode))


@contextmanager
def new_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target`, which must not exist; rename it to `target` on success.

    On any exception it is deleted. What a killed process leaves behind has a name that `leftovers` finds.
    Raises FileNotFoundError if the parent folder is missing, FileExistsError if `target` exists.
    """
    target = Path(target).expanduser()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: the folder {target.parent} does not exist")
    if target.exists():
        raise FileExistsError(f"cannot write {target}: it exists already")
    with explaining(target), _unfinished(target, _ASIDE, Path.mkdir) as temporary:
        yield temporary
        flush_folder(temporary)
        temporary.replace(target)
        flush_folder(target.parent)


class FolderLock:
    """Ends with `close`, or when nobody has it any more."""

    def __init__(self, release: Callable[[], None]) -> None:
        self.close: Callable[[], object] = weakref.finalize(self, release)


def lock_folder(folder: Path, *, wait: bool = True) -> FolderLock:
    """Keep others, threads and processes, from locking the folder; BlockingIOError if somebody has and `wait` is False.

    It keeps nobody where the system cannot do that: on Windows, and on some network disks.
    """
    try:
        import fcntl
    except ImportError:
        return FolderLock(lambda: None)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:  # a disk without locks
        pass

    def release() -> None:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # a process that was forked meanwhile holds it, too
        os.close(handle)

    return FolderLock(release)


_ASIDE = ".aside"


def leftovers(folder: Path) -> list[Path]:
    """What processes that were killed inside `new_folder` left in `folder`."""
    return sorted(folder.glob(f".*{_ASIDE}"))


def save_arrays(arrays: dict[str, NDArray[Any]], path: Path) -> None:
    """Write a safetensors file. Raises OSError if that fails, as writing any other file does: safetensors has an error
    of its own, which is none, and hides the system's number in its text."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    try:
        save_file(arrays, path)
        path.chmod(mode)  # it puts a file of its own there, which nobody else may read
    except SafetensorError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise OSError(f"{path} cannot be written: {error}") from error
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def flush_file(path: Path) -> None:
    """Wait until the file's content is on the disk, so that a rename never outruns it."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(path: Path) -> None:
    """The same for a folder's names, where the system can do that (not on Windows)."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# ---- What is being written


_present: set[Path] = set()
"""Temporary files and folders of all threads."""

_may_begin = threading.Lock()
"""Held while one is entered, and for ever in a process that ends at once."""


def _forget_parents_files() -> None:
    """A forked process has the lock as it was, and files that are its parent's to delete."""
    global _may_begin
    _may_begin = threading.Lock()
    _present.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents_files)


@contextmanager
def _unfinished(target: Path, suffix: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """Make a file or folder of a new name beside `target`; what is left of it after the body is deleted. An OSError
    that names it is raised with the name of `target`, which is the one that somebody knows."""
    path = _name_beside(target, suffix)
    try:
        with _may_begin:
            _present.add(path)  # before it is made: an interrupt may come between any two steps
            make(path)
        yield path
    except OSError as error:
        if error.filename is None or path not in (named := Path(os.fsdecode(error.filename)), *named.parents):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        _delete(path)
        _present.discard(path)


_LONGEST_NAME = 255
"""Bytes, on most systems."""

_LONGEST_SUFFIX = 40
"""Bytes; no format and no compression has a longer one."""


def _suffixes(target: Path) -> str:
    suffixes = "".join(target.suffixes)
    return suffixes if len(os.fsencode(suffixes)) <= _LONGEST_SUFFIX else ""


def _name_beside(target: Path, suffix: str) -> Path:
    """A hidden name that nobody has, which begins as the target's as far as there is room."""
    end = f"-{secrets.token_hex(4)}{suffix}"
    room = _LONGEST_NAME - len(os.fsencode(f".{end}"))
    begin = os.fsencode(target.name.removesuffix(suffix))[:room].decode("utf-8", "ignore")
    return target.with_name(f".{begin}{end}")


def _maker_of_file(target: Path) -> Callable[[Path], None]:
    """What makes a file that nobody else reads while its target has permissions to hand on, else a file with those
    that the system gives to new ones."""
    mode = 0o600 if target.exists() else 0o666
    return lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode))


def _make_private_folder(path: Path) -> None:
    path.mkdir(0o700)


def _delete(path: Path) -> None:
    """Delete a file or a folder, if it is there; also a folder that another thread goes on writing to, which is moved
    first, so that the thread does not find it."""
    moved = path.with_name(f".{secrets.token_hex(8)}{_ASIDE}")
    with suppress(OSError):  # there is none, or a system that moves no folder with open files
        if path.is_dir():
            path = path.rename(moved)
    for _ in range(100):
        with suppress(FileNotFoundError, NotADirectoryError):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        if not path.exists():
            return


def delete_unfinished(*, for_good: bool = False) -> None:
    """Delete what was being written when an interrupt broke it off. `for_good`: other threads still write, and the
    process is about to end, so that none of them may begin a new file."""
    if for_good:
        _may_begin.acquire(timeout=1)  # a disk that does not answer may keep another thread inside for ever
    for path in list(_present):
        _delete(path)
