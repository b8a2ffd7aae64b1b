"""The changes themselves: each takes a KeyedVectors, leaves it alone, and gives a new one with its keys and counts.

Called by `costs`, which names them, and by people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.vectors import keyed_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

BLOCK_ROWS = 1 << 14


def all_but_the_top(vectors: KeyedVectors, components: int | None = None) -> KeyedVectors:
    """Take off the mean vector and the strongest common directions (Mu & Viswanath 2018, "All-but-the-Top").

    v' = v - μ - Σ (uᵢ · (v - μ)) uᵢ over the first `components` principal directions uᵢ; the paper's advice, a
    hundredth of the dimensions, is the default. Raises ValueError unless 0 <= components < dimensions.
    """
    dimensions = vectors.vector_size
    count = round(dimensions / 100) if components is None else components
    if not 0 <= count < dimensions:
        raise ValueError(f"components must be from 0 to {dimensions - 1}, one less than the dimensions, got {count}")
    mean, directions = _principal_directions(vectors.vectors)
    top = directions[:count]
    return _changed(vectors, lambda block: (block - mean) - ((block - mean) @ top.T) @ top)


def reduce_dimensions(vectors: KeyedVectors, dimensions: int) -> KeyedVectors:
    """Centre the vectors and keep their coordinates along the first principal directions (Pearson 1901).

    Raunak, Gupta & Metze (2019) do all-but-the-top before and after it. Raises ValueError unless
    1 <= dimensions <= those of the vectors.
    """
    if not 1 <= dimensions <= vectors.vector_size:
        raise ValueError(f"dimensions must be from 1 to {vectors.vector_size}, got {dimensions}")
    mean, directions = _principal_directions(vectors.vectors)
    kept = directions[:dimensions].T
    return _changed(vectors, lambda block: (block - mean) @ kept)


def normalize(vectors: KeyedVectors) -> KeyedVectors:
    """Scale every vector to length one; dot products then are cosines (Levy, Goldberg & Dagan 2015, 3.3).

    Vectors without a direction (zero) stay zero.
    """
    return _changed(vectors, _unit)


def add_output_vectors(model: Any, *, centred: bool = False) -> KeyedVectors:
    """Each word's input vector plus its output vector, w + c (Pennington et al. 2014; Levy et al. 2015, 3.3).

    model: w2vplus's or gensim's Word2Vec. `centred` first takes the mean off the vectors of each kind and scales them
    to unit length: output vectors are longer than input vectors and share much of a direction, so that in a plain sum
    they outweigh them. In the mean every word weighs as it does among noise words, count ** ns_exponent; with the plain
    mean, which rare words make up, similarities suffer (Yokoi et al. 2024, "Zipfian Whitening", who weigh words by
    their frequency). Raises ValueError for a model without output vectors of words, as hierarchical softmax alone has
    none.
    """
    outputs = getattr(model, "syn1neg", None)
    if outputs is None or len(outputs) != len(model.wv):
        raise ValueError(
            "the model has no output vectors of words to add: train with negative > 0 and keep the whole model"
        )
    if model.wv.vectors.shape != outputs.shape:
        raise ValueError(f"input vectors of shape {model.wv.vectors.shape} and output {outputs.shape} do not add up")
    if centred:
        weights = np.asarray(model.wv.expandos["count"], np.float64) ** model.ns_exponent
        sums = _centred_units(model.wv.vectors, weights)
        sums += _centred_units(outputs, weights)
    else:
        sums = (model.wv.vectors + outputs).astype(np.float32, copy=False)
    return with_matrix(model.wv, sums)


def _unit(block: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    return np.asarray(np.divide(block, norms, out=np.zeros_like(block), where=norms > 0))


def _centred_units(matrix: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """The rows less their mean, weighed as `_mean` does, at unit length."""
    mean = _mean(matrix, weights)
    return _blockwise(matrix, lambda block: _unit(block - mean))


def _changed(vectors: KeyedVectors, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> KeyedVectors:
    """The vectors after `change`, as `_blockwise` computes it."""
    return with_matrix(vectors, _blockwise(vectors.vectors, change))


def _blockwise(
    matrix: NDArray[Any], change: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float32]:
    """The rows after `change`, which is computed in float64 block by block; the result is float32."""
    width = change(matrix[:1].astype(np.float64)).shape[1] if len(matrix) else matrix.shape[1]
    result = np.empty((len(matrix), width), np.float32)
    for start in range(0, len(matrix), BLOCK_ROWS):
        here = slice(start, start + BLOCK_ROWS)
        result[here] = change(matrix[here].astype(np.float64))
    return result


def with_matrix(vectors: KeyedVectors, matrix: NDArray[Any]) -> KeyedVectors:
    """New KeyedVectors: other numbers for the same keys; what is known of the keys (counts) goes along."""
    made = keyed_vectors(list(vectors.index_to_key), matrix)
    made.expandos = {name: np.array(values) for name, values in vectors.expandos.items()}
    return made


def _principal_directions(matrix: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and principal directions (D, D), rows of unit length, the strongest first; in float64.

    Each direction's greatest coordinate is positive, so that signs do not depend on the library.
    Raises ValueError for values that are not finite.
    """
    dimensions = matrix.shape[1]
    mean = _mean(matrix)
    scatter = np.zeros((dimensions, dimensions))
    for start in range(0, len(matrix), BLOCK_ROWS):
        centred = matrix[start : start + BLOCK_ROWS] - mean
        scatter += centred.T @ centred
    if not np.isfinite(scatter).all():
        raise ValueError("a vector has a value that is no finite number; principal directions need finite vectors")
    directions = np.linalg.eigh(scatter)[1].T[::-1]
    signs = np.sign(directions[np.arange(dimensions), np.abs(directions).argmax(axis=1)])
    return mean, directions * signs[:, None]


def _mean(matrix: NDArray[Any], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """The mean row (D,), of rows that weigh the same or as `weights` (V,) say, in float64; zeros of no rows."""
    weights = np.ones(len(matrix)) if weights is None else weights
    total = np.zeros(matrix.shape[1])
    for start in range(0, len(matrix), BLOCK_ROWS):
        here = slice(start, start + BLOCK_ROWS)
        total += weights[here] @ matrix[here].astype(np.float64)
    return total / weights.sum() if len(matrix) else total
