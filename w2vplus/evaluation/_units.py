"""What scores by cosine ask of vectors before `queries.unit_rows` scales them: a type to compute in, and lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NORM_ROWS = 1 << 16


def as_floats(vectors: NDArray[Any]) -> NDArray[Any]:
    """The rows themselves where they are float32 or float64, else as float32."""
    return vectors if vectors.dtype in (np.float32, np.float64) else vectors.astype(np.float32)


def row_norms(vectors: NDArray[Any]) -> NDArray[Any]:
    """Euclidean norms (V,), in blocks; computed afresh, since a KeyedVectors' cached norms may be stale."""
    blocks = [
        np.linalg.norm(vectors[start : start + NORM_ROWS], axis=1)
        for start in range(0, len(vectors), NORM_ROWS)
    ]
    return np.concatenate(blocks)


def has_direction(norms: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows are neither zero nor without a number."""
    directed: NDArray[np.bool_] = np.isfinite(norms) & (norms > 0)
    return directed
