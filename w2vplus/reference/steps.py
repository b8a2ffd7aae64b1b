"""What one window changes in the two matrices.

Every step changes the two matrices in place and returns the loss that it met. A weight of a sentence is a
factor of its learning rate. `lock_factors` (V,), or (1,) for all words alike, multiplies what reaches an
input row: 0 freezes it (gensim's `vectors_lockf`). Called by `training`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.reference.losses import Floats, binary_forward, gradients

RowIds = Sequence[int] | NDArray[np.integer[Any]]

MAXIMUM_TILE_ROWS = 16
"""Larger windows become several tiles: a tile's step grows with its input rows."""

MAXIMUM_REPEATS = 2
"""So often may one word stand in a tile: it receives the sum of as many updates."""

FULL_TILE_RATE = 0.0501
"""At higher learning rates tiles have fewer rows in proportion, so that no step grows with the rate twice."""


def bounded(most: int, learning_rate: float) -> int:
    """`most`, or less in proportion at learning rates above `FULL_TILE_RATE`; at least 1."""
    return most if learning_rate <= FULL_TILE_RATE else max(1, int(most * FULL_TILE_RATE / learning_rate))


def tiles(context_ids: RowIds, learning_rate: float) -> Iterator[NDArray[np.int64]]:
    """The words of a window (M,), in order, in the groups whose rows one `tile_step` moves together."""
    most_rows = bounded(MAXIMUM_TILE_ROWS, learning_rate)
    tile: list[int] = []
    for word_id in _row_ids(context_ids).tolist():
        if len(tile) == most_rows or tile.count(word_id) == MAXIMUM_REPEATS:
            yield np.array(tile, np.int64)
            tile = []
        tile.append(word_id)
    if tile:
        yield np.array(tile, np.int64)


def tile_step(
    input_vectors: Floats,
    output_vectors: Floats,
    input_ids: RowIds,
    output_ids: RowIds,
    labels: Floats | Sequence[float],
    learning_rate: float,
    *,
    lock_factors: Floats | None = None,
) -> float:
    """Move M input rows and N output rows by one gradient step, every logit taken from the old values.

    A row that occurs several times receives the sum of its updates, so this is gradient descent on the loss
    of the whole tile. `labels` (N,) are 0 or 1. Returns the loss before the step, summed over the M·N logits.
    """
    input_ids = _row_ids(input_ids)
    input_rows = input_vectors[input_ids]
    loss, updates = _update_outputs(
        input_rows, output_vectors, output_ids, labels, learning_rate, in_turn=False
    )
    np.add.at(input_vectors, input_ids, _locks(lock_factors, input_ids) * updates)
    return loss


def sequential_step(
    input_vectors: Floats,
    output_vectors: Floats,
    input_ids: RowIds,
    output_ids: RowIds,
    labels: Floats | Sequence[float],
    learning_rate: float,
    *,
    lock_factors: Floats | None = None,
) -> float:
    """The law of word2vec.c and gensim: one input row after another, and for each one output after another.

    An output row changes at once, and later logits see it; the input row changes after its last output.
    Arguments and result as in `tile_step`; each logit's loss is the one met at its turn.
    """
    loss = 0.0
    for input_id in _row_ids(input_ids)[:, np.newaxis]:
        input_row = input_vectors[input_id]
        row_loss, update = _update_outputs(
            input_row, output_vectors, output_ids, labels, learning_rate, in_turn=True
        )
        input_vectors[input_id] += _locks(lock_factors, input_id) * update
        loss += row_loss
    return loss


def cbow_step(
    input_vectors: Floats,
    output_vectors: Floats,
    context_ids: RowIds,
    output_ids: RowIds,
    labels: Floats | Sequence[float],
    learning_rate: float,
    *,
    mean: bool = True,
    corrected: bool = False,
    sequential: bool = False,
    lock_factors: Floats | None = None,
) -> float:
    """Let the projection of C context words (`mean`, or their sum) predict, and share what it learns.

    By default as gensim does; `corrected` applies the true gradient instead (İrsoy et al. 2020). The output
    rows move by the tile's law, or with `sequential` one after another as in gensim: these differ only where
    an output row occurs twice. An empty context changes nothing and returns 0.
    """
    context_ids = _row_ids(context_ids)
    if len(context_ids) == 0:
        return 0.0
    projection = project(input_vectors, context_ids, mean=mean)
    loss, update = _update_outputs(
        projection, output_vectors, output_ids, labels, learning_rate, in_turn=sequential
    )
    # h = (1/C) Σ x_c gives ∂L/∂x_c = (1/C) ∂L/∂h;  h = Σ x_c gives ∂L/∂x_c = ∂L/∂h.
    # word2vec.c and gensim do not divide for the mean; gensim (word2vec.c has no sum) divides for the sum:
    # each the opposite of its gradient. So the division happens exactly when `mean` and `corrected` agree.
    share = update / len(context_ids) if mean == corrected else update
    np.add.at(input_vectors, context_ids, _locks(lock_factors, context_ids) * share)
    return loss


def project(input_vectors: Floats, context_ids: RowIds, *, mean: bool = True) -> Floats:
    """CBOW's hidden layer (1, D): the mean or the sum of the context rows, a repeated word counting again."""
    rows = input_vectors[_row_ids(context_ids)]
    total: Floats = rows.sum(axis=0, keepdims=True)
    return total / len(rows) if mean else total


def _update_outputs(
    input_rows: Floats,
    output_vectors: Floats,
    output_ids: RowIds,
    labels: Floats | Sequence[float],
    learning_rate: float,
    *,
    in_turn: bool,
) -> tuple[float, Floats]:
    """Move the output rows, all together or in turn; return the loss and what is due to the inputs (M, D)."""
    output_ids, labels = _row_ids(output_ids), np.asarray(labels, dtype=np.float64)
    loss, input_updates = 0.0, np.zeros_like(input_rows)
    # X ← X + η·E·Y and Y ← Y + η·Eᵀ·X: down the gradient at rate η, both sides from the old values.
    for group in [slice(n, n + 1) for n in range(len(output_ids))] if in_turn else [slice(None)]:
        output_rows = output_vectors[output_ids[group]]
        forward = binary_forward(input_rows, output_rows, labels[group])
        input_gradient, output_gradient = gradients(forward, input_rows, output_rows)
        np.add.at(output_vectors, output_ids[group], -learning_rate * output_gradient)
        input_updates -= learning_rate * input_gradient
        loss += forward.loss
    return loss, input_updates


def _row_ids(ids: RowIds) -> NDArray[np.int64]:
    row_ids = np.asarray(ids, dtype=np.int64)
    if np.any(row_ids < 0):  # NumPy would quietly count from the end
        raise IndexError(f"row ids must be at least 0, got {row_ids.min()}: drop unknown words before a step")
    return row_ids


def _locks(lock_factors: Floats | None, input_ids: NDArray[np.int64]) -> Floats:
    factors = np.ones(1) if lock_factors is None else lock_factors
    return np.take(factors, input_ids % len(factors))[:, np.newaxis]
