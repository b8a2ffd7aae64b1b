"""Whole files or none: output is written beside its target and renamed when complete."""

from __future__ import annotations

import os
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
