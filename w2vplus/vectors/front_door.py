"""`load_vectors` and `save_vectors`: arguments checked, format found, reader or writer called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from w2vplus.vectors.formats import FORMATS, format_for_reading, format_for_writing
from w2vplus.vectors.loading import Loading

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

MAP_MODES = ("r", "r+", "c")


def save_vectors(keyed_vectors: KeyedVectors, path: str | os.PathLike[str], *, format: str | None = None) -> None:
    """Write the vectors to `path`, in the format of its suffix or in `format` (a name in `w2vplus.vectors.FORMATS`).

    Text and binary word2vec formats are written as gensim writes them: rows sorted by descending count where there
    are counts, float32, keys as `str(key)`. The other formats keep the order, float16, and counts where they have a
    place for them; safetensors and npy keep whole numbers as keys, kv keeps any key and attribute.

    Raises VectorFormatError for a key that would not read back (in text formats: empty, with white space, twice),
    for values that are not finite numbers, and where the package that a format needs is missing; ValueError for an
    unknown format; FileExistsError for a folder that exists; OSError where `path` cannot be written. A local file is
    left as it was on any error.
    """
    name = os.path.expanduser(os.fspath(path))  # noqa: PTH111 (a Path would lose the two slashes of a URI)
    write = format_for_writing(name, format).write
    assert write is not None
    write(keyed_vectors, name)


def load_vectors(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    limit: int | None = None,
    mmap: str | None = None,
    dtype: DTypeLike | None = None,
    lenient: bool = False,
) -> KeyedVectors:
    """Read vectors in the format of the suffix of `path`, or of a folder's files, or in `format`.

    Parameters
    ----------
    limit : read the first so many rows only
    mmap : "r", "r+" or "c", as for numpy.memmap: leave the vectors in the file (safetensors, npy, kv); the numbers
        are not checked then
    dtype : float16 or float32; None keeps float16 where the file has it, and makes float32 of all else
    lenient : mend what can be mended, and log one warning that counts it: bytes of keys that are not UTF-8 become
        U+FFFD, of equal keys the first is kept, of a text row whose key has white space the last fields are taken as
        the vector, and rows with too few fields, no number or NaN are left out, as is a row cut short at the end;
        a wrong number of rows in the header is put up with, and a byte order mark before a text is left out

    Returns a gensim KeyedVectors, with counts where the format has them. Files `.kv`, `.model` and `.w2v` are
    pickles, and a pickle can run code: open only those you trust. The other formats run none.

    Raises VectorFormatError, with row and byte offset, for whatever the format does not promise: a header without two
    numbers or with more rows than the file can hold, a short or long row, a number that is none or not finite, rows
    left over, damaged compression. ValueError for arguments; OSError for the file.
    """
    name = os.path.expanduser(os.fspath(path))  # noqa: PTH111 (a Path would lose the two slashes of a URI)
    if limit is not None and (not isinstance(limit, (int, np.integer)) or isinstance(limit, bool) or limit < 1):
        raise ValueError(f"limit must be a whole number, at least 1, or None, got {limit!r}")
    kind = None if dtype is None else np.dtype(dtype)
    if kind is not None and kind not in (np.float16, np.float32):  # (to NumPy, None is float64)
        raise ValueError(f"dtype must be float16, float32 or None, got {kind}")
    if mmap is not None and mmap not in MAP_MODES:
        raise ValueError(f"mmap must be {', '.join(map(repr, MAP_MODES))} or None, got {mmap!r}")
    chosen = format_for_reading(name, format)
    if mmap is not None and not chosen.maps:
        mappable = ", ".join(entry.name for entry in FORMATS.values() if entry.maps)
        raise ValueError(f"mmap works with the formats {mappable}, not with {chosen.name}; convert {name} first")
    return chosen.read(Loading(name, limit, lenient, kind, mmap))
