"""Vectors that exist already become the starting point of a model (`init_from=`), with a lock for every word."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.vectors import load_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

logger = logging.getLogger(__name__)


ENDINGS = ("input", "sum", "centred-sum")
"""What a training may end with."""


def opened(vectors: KeyedVectors | str | PathLike[str]) -> KeyedVectors:
    """The vectors themselves, read if a file is named. Raises what `load_vectors` raises, TypeError for others."""
    if isinstance(vectors, (str, PathLike)):
        return load_vectors(vectors)
    if not hasattr(vectors, "key_to_index"):
        hint = ": pass its .wv" if hasattr(vectors, "wv") else ""
        raise TypeError(f"init_from must be KeyedVectors or the name of a file, got a {type(vectors).__name__}{hint}")
    return vectors


def check_fit(vectors: KeyedVectors, vector_size: int, lock_factors: float | Mapping[Any, float]) -> None:
    """Raise ValueError for vectors of another length than `vector_size`, for values that are no finite numbers, and for
    factors that no training can use, TypeError for factors that are no numbers."""
    if vectors.vector_size != vector_size:
        raise ValueError(
            f"the vectors have {vectors.vector_size} dimensions and the model {vector_size}: "
            f"make the model with vector_size={vectors.vector_size}"
        )
    for first in range(0, len(vectors), 4096):  # a mask of all of them would take a quarter of the matrix
        finite = np.isfinite(vectors.vectors[first : first + 4096]).all(axis=1)
        if not finite.all():
            word = vectors.index_to_key[first + int(np.argmin(finite))]
            raise ValueError(f"init_from has a value that is no finite number in the vector of {word!r}: mend it")
    for word, factor in lock_factors.items() if isinstance(lock_factors, Mapping) else [(None, lock_factors)]:
        of = "" if word is None else f" for {word!r}"
        try:
            usable = bool(np.isfinite(factor) and factor >= 0)
        except (TypeError, ValueError):
            raise TypeError(
                f"lock_factors must be a number, or a mapping of words to numbers, got {factor!r}{of}"
            ) from None
        if not usable:
            raise ValueError(f"lock_factors must be finite numbers of at least 0, got {factor}{of}")


def init_from(model: Any, vectors: KeyedVectors, lock_factors: float | Mapping[Any, float]) -> int:
    """Copy the rows of the words that `model` and `vectors` share; see `Word2Vec.init_from`."""
    own = model.wv
    if len(own) == 0:
        raise RuntimeError("build the vocabulary first: init_from sets the vectors of words that a model has")
    check_fit(vectors, own.vector_size, lock_factors)
    rows = np.array([row for row, key in enumerate(own.index_to_key) if key in vectors], dtype=np.int64)
    keys = [own.index_to_key[row] for row in rows.tolist()]
    if keys:
        own.vectors[rows] = vectors.vectors[[vectors.key_to_index[key] for key in keys]]
    else:
        logger.warning("init_from knows none of the %i words of the model", len(own))
    factors = _present_factors(own)
    if isinstance(lock_factors, Mapping):
        unknown = [word for word in lock_factors if word not in own or word not in vectors]
        if unknown:
            logger.warning(
                "lock_factors of %i words have no effect, which are not in the model or not in init_from: %s",
                len(unknown), ", ".join(repr(word) for word in unknown[:10]),
            )  # fmt: skip
        factors[rows] = [lock_factors.get(key, 1.0) for key in keys]
    else:
        factors[rows] = lock_factors
    own.vectors_lockf = factors
    own.norms = None
    return len(rows)


def _present_factors(keyed_vectors: Any) -> Any:
    """`vectors_lockf` for every word, float32 (V,); gensim keeps one number for all until somebody sets more."""
    factors = np.ones(len(keyed_vectors), dtype=np.float32)
    before = np.asarray(keyed_vectors.vectors_lockf, dtype=np.float32).ravel()
    if len(before) == 1:
        factors[:] = before[0]
    else:
        factors[: len(before)] = before[: len(keyed_vectors)]
    return factors


def ending_vectors(model: Any, kind: str) -> KeyedVectors:
    """The model's vectors, or new ones that are sums with the output vectors; see `Word2Vec.ending_vectors`."""
    from w2vplus.postprocessing import add_output_vectors

    if kind not in ENDINGS:
        raise ValueError(f"the ending must be one of {', '.join(ENDINGS)}, got {kind!r}")
    own = model.wv
    if kind == "input":
        kept: KeyedVectors = own
        return kept
    if not model.negative:
        raise ValueError(
            f"the ending {kind!r} adds output vectors, which words have under negative sampling alone: "
            "train with negative above 0"
        )
    return add_output_vectors(model, centred=kind == "centred-sum")
