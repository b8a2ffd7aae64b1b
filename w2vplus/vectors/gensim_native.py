"""gensim's own format: what `KeyedVectors.save` writes, with any key and every attribute.

It is a pickle, and a pickle can run code: open only those you trust.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus._atomic import replacing_family
from w2vplus.errors import VectorFormatError
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


def read(loading: Loading) -> KeyedVectors:
    """A KeyedVectors, or the `wv` of a whole model, as gensim loads it; values are not checked."""
    from gensim.models import KeyedVectors

    with load_explained(loading.path, "saved KeyedVectors", VectorFormatError):
        stored: Any = KeyedVectors.load(loading.path, mmap=loading.mmap)
    loaded = getattr(stored, "wv", stored)
    if not isinstance(loaded, KeyedVectors):
        raise VectorFormatError(f"{loading.path}: holds a {type(stored).__name__}, not vectors")
    limit = loading.limit or len(loaded.index_to_key)
    is_as_asked = loading.dtype is None or loading.dtype == loaded.vectors.dtype
    if limit >= len(loaded.index_to_key) and is_as_asked:
        return loaded
    first = keyed_vectors(loaded.index_to_key[:limit], np.array(loaded.vectors[:limit], loading.dtype))
    first.expandos = {name: values[:limit].copy() for name, values in loaded.expandos.items()}
    return first
