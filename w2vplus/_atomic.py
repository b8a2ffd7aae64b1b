"""Whole files or none: output is written beside its target and renamed when complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in `target`'s folder with its suffixes; rename it to `target` on success.

    The temporary file keeps every suffix of the target, so that writers which choose a format or a
    compression by suffix choose the same one. On any exception it is deleted and `target` is untouched.
    Raises FileNotFoundError if the folder is missing, ValueError if `target` is a folder or a device.
    """
    target = Path(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: the folder {target.parent} does not exist")
    if target.exists() and not target.is_file():
        raise ValueError(f"cannot write {target}: it is a folder or a device, not a file")
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix="".join(target.suffixes), dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target`, which must not exist; rename it to `target` on success.

    On any exception it is deleted. What a killed process leaves behind has a name that `leftovers` finds.
    Raises FileNotFoundError if the parent folder is missing, FileExistsError if `target` exists.
    """
    target = Path(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: the folder {target.parent} does not exist")
    if target.exists():
        raise FileExistsError(f"cannot write {target}: it exists already")
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", suffix=_ASIDE, dir=target.parent))
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        flush_folder(temporary)
        temporary.replace(target)
        flush_folder(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


_ASIDE = ".aside"


def leftovers(folder: Path) -> list[Path]:
    """What processes that were killed inside `new_folder` left in `folder`."""
    return sorted(folder.glob(f".*{_ASIDE}"))


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
