"""How wrong a prediction is, and which way to change the vectors: three losses and their gradients.

The exact softmax over all words, and the two cheap losses that stand for it, negative sampling and
hierarchical softmax, which are one formula. Called by `steps`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sigmoid(logits: Floats) -> Floats:
    """σ(u) = 1 / (1 + e⁻ᵘ), through its logarithm, which no |u| overflows."""
    return np.exp(log_sigmoid(logits))


def log_sigmoid(logits: Floats) -> Floats:
    """log σ(u) = −log(e⁰ + e⁻ᵘ), exact to rounding for every u."""
    return -np.logaddexp(0.0, -logits)


class Forward(NamedTuple):
    """What M input rows X say about N output rows Y, and how wrong they are.

    logits (M, N): X·Yᵀ; probabilities (M, N); errors (M, N): label − probability; loss: natural logarithms,
    summed over the M inputs.
    """

    logits: Floats
    probabilities: Floats
    errors: Floats
    loss: float


def softmax_forward(input_rows: Floats, output_vectors: Floats, target_id: int) -> Forward:
    """Predict one word out of all V with the exact softmax (Mikolov et al. 2013a).

    `input_rows` (M, D): M context vectors (skip-gram) or one projection (CBOW); `output_vectors` (V, D).
    """
    # With u_j = x·y_j:  p_j = e^{u_j} / Σ_k e^{u_k},  and for the target t the loss is
    #     L = −log p_t = −u_t + log Σ_k e^{u_k},   so   ∂L/∂u_j = p_j − [j = t] = −error_j.
    # The sum runs over the whole vocabulary: this is the cost that the two methods below avoid.
    logits = input_rows @ output_vectors.T
    log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    labels = np.zeros(len(output_vectors))
    labels[target_id] = 1.0
    loss = float(-log_probabilities[:, target_id].sum())
    return Forward(logits, probabilities, labels - probabilities, loss)


def binary_forward(input_rows: Floats, output_rows: Floats, labels: Floats) -> Forward:
    """Answer N yes-or-no questions for each of M input rows: the form both cheap losses share.

    `input_rows` (M, D), `output_rows` (N, D), `labels` (N,) of 0 and 1.
    """
    # Negative sampling (2013b) replaces the softmax by: is this the true word (label 1), or one of K words
    # drawn from a noise distribution (label 0)? With the yes-probability σ(u), u = x·y,
    #     L = −Σ label·log σ(u) + (1 − label)·log σ(−u).
    # Hierarchical softmax puts the words at the leaves of a binary tree; the path to a word turns left
    # (code 0) with probability σ(u) at each inner node y, else right with 1 − σ(u) = σ(−u). Then
    #     −log p(word) = −Σ_path log σ(±u) = the same L, with label = 1 − code,
    # and because σ(u) + σ(−u) = 1 at every node, the probabilities of all leaves sum to 1.
    # As d log σ(u)/du = 1 − σ(u) and d log σ(−u)/du = −σ(u):   ∂L/∂u = σ(u) − label = −error.
    logits = input_rows @ output_rows.T
    probabilities = sigmoid(logits)
    log_likelihoods = labels * log_sigmoid(logits) + (1.0 - labels) * log_sigmoid(-logits)
    return Forward(logits, probabilities, labels - probabilities, float(-log_likelihoods.sum()))


def gradients(forward: Forward, input_rows: Floats, output_rows: Floats) -> tuple[Floats, Floats]:
    """∂L/∂X (M, D) and ∂L/∂Y (N, D), for any of the three losses."""
    # u_mn = x_m·y_n, so by the chain rule ∂L/∂x_m = Σ_n ∂L/∂u_mn · y_n, and ∂L/∂y_n = Σ_m ∂L/∂u_mn · x_m.
    return -forward.errors @ output_rows, -forward.errors.T @ input_rows
