"""gensim's own format: what `save` of a KeyedVectors or of a whole model writes, with any key and every attribute.

It is a pickle, and a pickle can run code: open only those you trust.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus._atomic import replacing_family
from w2vplus.errors import VectorFormatError, WrongModelError
from w2vplus.vectors.files import is_remote
from w2vplus.vectors.loading import Loading, keyed_vectors
from w2vplus.vectors.pickles import load_explained

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def write(source: KeyedVectors, path: str) -> None:
    """gensim's `save`: a pickle, with large arrays in .npy files beside it that can be memory-mapped.

    A local family of files appears whole or not at all; the pickle, which names the others, moves last.
    """
    if is_remote(path):
        source.save(path, separately=[], sep_limit=sys.maxsize)
        return
    with replacing_family(path) as aside:
        source.save(str(aside))


def is_pickle(path: str) -> bool:
    """Whether a local file begins as a pickle of protocol 2 to 5, which every `save` of gensim 4 writes."""
    if is_remote(path) or not Path(path).is_file():
        return False
    with Path(path).open("rb") as stream:
        head = stream.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def read_saved(path: str, mmap: str | None = None) -> tuple[KeyedVectors, Any]:
    """A KeyedVectors, or the `wv` of a whole model, as gensim loads it, and the phrases of the model, None without.

    Values are not checked. Raises VectorFormatError for a file of anything else, OSError if it cannot be read.
    """
    from gensim.models import KeyedVectors

    try:
        with load_explained(path, "saved KeyedVectors", VectorFormatError):
            stored: Any = KeyedVectors.load(path, mmap=mmap)
    except WrongModelError as error:
        raise VectorFormatError(str(error)) from error
    loaded = getattr(stored, "wv", stored)
    if not isinstance(loaded, KeyedVectors):
        raise VectorFormatError(f"{path}: holds a {type(stored).__name__}, not vectors")
    return loaded, getattr(stored, "phrases", None)


def read(loading: Loading) -> KeyedVectors:
    """The vectors of `read_saved`."""
    loaded, _ = read_saved(loading.path, loading.mmap)
    limit = loading.limit or len(loaded.index_to_key)
    is_as_asked = loading.dtype is None or loading.dtype == loaded.vectors.dtype
    if limit >= len(loaded.index_to_key) and is_as_asked:
        return loaded
    first = keyed_vectors(loaded.index_to_key[:limit], np.array(loaded.vectors[:limit], loading.dtype))
    first.expandos = {name: values[:limit].copy() for name, values in loaded.expandos.items()}
    return first
