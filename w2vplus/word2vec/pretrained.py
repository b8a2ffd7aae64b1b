"""Vectors that exist already become the starting point of a model: `Word2Vec.start_from`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def start_from(model: Any, vectors: KeyedVectors, lock_factor: float) -> int:
    """Copy the rows of the words that `model` and `vectors` share; see `Word2Vec.start_from`."""
    own = model.wv
    if len(own) == 0:
        raise RuntimeError("build the vocabulary first: start_from sets the vectors of words that a model has")
    if vectors.vector_size != own.vector_size:
        raise ValueError(
            f"the vectors have {vectors.vector_size} dimensions and the model {own.vector_size}: "
            f"make the model with vector_size={vectors.vector_size}"
        )
    if not (np.isfinite(lock_factor) and lock_factor >= 0):
        raise ValueError(f"lock_factor must be a finite number of at least 0, got {lock_factor}")
    rows = np.array([row for row, key in enumerate(own.index_to_key) if key in vectors], dtype=np.int64)
    keys = [own.index_to_key[row] for row in rows.tolist()]
    if keys:
        own.vectors[rows] = vectors.vectors[[vectors.key_to_index[key] for key in keys]]
    factors = np.ones(len(own), dtype=np.float32)
    before = np.asarray(own.vectors_lockf, dtype=np.float32).ravel()
    factors[: len(before)] = before[: len(own)]
    if len(before) == 1:
        factors[:] = before[0]
    factors[rows] = lock_factor
    own.vectors_lockf = factors
    own.norms = None
    return len(rows)
