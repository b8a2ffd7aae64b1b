"""The whole of word2vec in plain NumPy: from lists of words to vectors, in float64, one small step at a time.

It is written to be read, with every gradient derived above the lines that use it, and to be trusted: the
tests check it against finite differences and then check the fast kernel against it. Nothing here is fast.

Two matrices are learned. A row of `input_vectors` (V, D) belongs to a word seen in a context; these rows are
the word vectors that people use. A row of `output_vectors` (V, D) belongs to what is predicted: a word, or an
inner node of the Huffman tree. Each step takes the word at the centre of a window as the target, and asks the
words around it to predict it: every one alone (skip-gram) or all together (CBOW, continuous bag of words).

Sources: Mikolov et al. 2013a, "Efficient estimation of word representations in vector space" (the models);
2013b, "Distributed representations of words and phrases and their compositionality" (negative sampling,
subsampling); Goldberg & Levy 2014, "word2vec explained" (the derivation); Morin & Bengio 2005 (hierarchical
softmax); İrsoy et al. 2020, "Corrected CBOW performs as well as skip-gram".
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import CorpusError

Floats = NDArray[np.float64]
RowIds = Sequence[int] | NDArray[np.integer[Any]]

MAXIMUM_TILE_ROWS = 16  # larger windows become several tiles: a tile's step grows with its input rows


# ---- Losses and gradients ---------------------------------------------------------------------------------


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


# ---- Steps: what one window changes -----------------------------------------------------------------------
#
# Every step changes the two matrices in place and returns the loss that it met. A weight of a sentence is a
# factor of its learning rate. `lock_factors` (V,), or (1,) for all words alike, multiplies what reaches an
# input row: 0 freezes it (gensim's `vectors_lockf`).


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


# ---- What is asked: subsampling, windows, noise, the Huffman tree -----------------------------------------


def keep_probabilities(
    counts: NDArray[np.int64], sample: float, retained_total: float | None = None
) -> Floats:
    """The probability (V,) that one occurrence of each word is kept (2013b, in the form word2vec.c uses).

    `sample` below 1 is a share of `retained_total` (default: the sum of `counts`), from 1 on a count, as in
    gensim; 0 keeps everything.
    """
    # A word that makes up z of the text is kept with probability (√(z/s) + 1)·s/z, at most 1: for s = 0.001,
    # 1.0 up to z = 0.0026, 0.5 at z = 0.00746, 0.033 at z = 1. It falls below 1 at z/s = (3 + √5)/2 = 2.618.
    # (gensim multiplies a count by this where dividing would make it the limit; kept, as scripts rely on it.)
    if sample == 0:
        return np.ones(len(counts))
    total = float(np.sum(counts)) if retained_total is None else retained_total
    threshold = sample * total if sample < 1 else int(sample * (3 + np.sqrt(5)) / 2)
    ratios = np.asarray(counts, dtype=np.float64) / threshold
    return np.minimum(1.0, (np.sqrt(ratios) + 1.0) / ratios)


def survivors(word_ids: NDArray[np.int64], keep: Floats, random: np.random.Generator) -> NDArray[np.bool_]:
    """Toss for every word of a sentence; words that lose leave before windows are laid, so windows widen."""
    return random.random(len(word_ids)) < keep[word_ids]


def context_window(position: int, sentence_length: int, reduced_window: int) -> list[int]:
    """The positions around the centre `position`, as far as the sentence reaches, in text order.

    `reduced_window` is the reach to each side, drawn uniformly from 1..window, so that a word at distance d
    is in the context with probability 1 − (d − 1)/window: near words count more.
    """
    start, end = max(0, position - reduced_window), min(sentence_length, position + reduced_window + 1)
    return [*range(start, position), *range(position + 1, end)]


def noise_distribution(counts: NDArray[np.int64], exponent: float = 0.75) -> Floats:
    """The probabilities (V,) of negatives: count^exponent, normalised (2013b found 3/4 best)."""
    powers: Floats = np.asarray(counts, dtype=np.float64) ** exponent
    distribution: Floats = powers / np.sum(powers)
    return distribution


class HuffmanPath(NamedTuple):
    """The way from the root to a word: rows of the output matrix, and the turn taken at each (1 = right)."""

    inner_nodes: NDArray[np.int64]
    codes: NDArray[np.uint8]

    @property
    def labels(self) -> Floats:
        """1 − code: whether the path turns left, which σ(logit) is the probability of."""
        return 1.0 - self.codes.astype(np.float64)


@dataclass(eq=False)
class _TreeNode:
    """Only counts are compared, so that ties fall as the heap lays them: gensim's rule, hence its codes."""

    count: int
    node_id: int
    children: tuple[_TreeNode, ...] = ()

    def __lt__(self, other: _TreeNode) -> bool:
        return self.count < other.count


def huffman_paths(counts: Sequence[int] | NDArray[np.int64]) -> list[HuffmanPath]:
    """Each word's path in the Huffman tree of the counts: frequent words near the root, so short paths.

    The two rarest subtrees are joined until one is left; inner nodes are numbered in the order of joining.
    """
    word_count = len(counts)
    heap = [_TreeNode(int(count), word_id) for word_id, count in enumerate(counts)]
    heapq.heapify(heap)
    for node_id in range(word_count, 2 * word_count - 1):
        left, right = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, _TreeNode(left.count + right.count, node_id, (left, right)))

    paths: dict[int, HuffmanPath] = {}
    unvisited: list[tuple[_TreeNode, list[int], list[int]]] = [(root, [], []) for root in heap]
    while unvisited:
        node, inner_nodes, codes = unvisited.pop()
        if not node.children:
            paths[node.node_id] = HuffmanPath(np.array(inner_nodes, np.int64), np.array(codes, np.uint8))
        for code, child in enumerate(node.children):
            unvisited.append((child, [*inner_nodes, node.node_id - word_count], [*codes, code]))
    return [paths[word_id] for word_id in range(word_count)]


# ---- Training ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train; the defaults are gensim's, in whole words. `negative` counts for negative sampling only.

    The tile's law shares the negatives of a window among its context words; the sequential law draws new
    ones for each. Raises ValueError for a size below 1.
    """

    skip_gram: bool = False
    hierarchical_softmax: bool = False
    law: Literal["tile", "sequential"] = "tile"
    vector_size: int = 100
    window: int = 5
    shrink_windows: bool = True
    negative: int = 5
    noise_exponent: float = 0.75
    sample: float = 1e-3
    minimum_count: int = 5
    cbow_mean: bool = True
    cbow_corrected: bool = False
    learning_rate: float = 0.025
    minimum_learning_rate: float = 1e-4
    epochs: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("vector_size", "window", "negative", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The V words that are learned, most frequent first, with the tables that depend on their counts."""

    word_ids: dict[str, int]
    counts: NDArray[np.int64]
    keep: Floats
    noise: Floats
    paths: list[HuffmanPath]

    @classmethod
    def from_counts(cls, words: Sequence[str], counts: NDArray[np.int64], settings: Settings) -> Vocabulary:
        """The tables for known words (V) and their counts (V,), in the order given."""
        word_ids = {word: word_id for word_id, word in enumerate(words)}
        keep = keep_probabilities(counts, settings.sample)
        noise = noise_distribution(counts, settings.noise_exponent)
        return cls(word_ids, counts, keep, noise, huffman_paths(counts))

    @classmethod
    def from_sentences(cls, sentences: Sequence[Sequence[str]], settings: Settings) -> Vocabulary:
        """Count the words and keep those with `minimum_count`; raises CorpusError when none has it.

        Among words of one count, the one first seen last comes first, as in gensim.
        """
        word_counts = Counter(word for sentence in sentences for word in sentence)
        rising = sorted(word_counts, key=word_counts.__getitem__)
        words = [word for word in reversed(rising) if word_counts[word] >= settings.minimum_count]
        if not words:
            raise CorpusError(
                f"no word occurs minimum_count={settings.minimum_count} times among {len(word_counts)} "
                "different words; give more text or lower minimum_count"
            )
        return cls.from_counts(words, np.array([word_counts[word] for word in words]), settings)

    def encode(self, sentence: Sequence[str]) -> NDArray[np.int64]:
        """The ids of a sentence's known words; the unknown ones leave before windows are laid."""
        known = (word for word in sentence if word in self.word_ids)
        return np.array([self.word_ids[word] for word in known], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Step:
    """One update: words `input_ids` (M,) are asked about output rows `output_ids` (N,) with `labels` (N,)."""

    position: int  # of the target among the words that survived
    reduced_window: int
    target_id: int
    input_ids: NDArray[np.int64]
    output_ids: NDArray[np.int64]
    labels: Floats

    def forward(self, input_vectors: Floats, output_vectors: Floats, settings: Settings) -> Forward:
        """Logits, probabilities, errors and loss of this step before it is taken (M rows; CBOW: one row)."""
        input_rows = input_vectors[self.input_ids]
        if not settings.skip_gram:
            input_rows = project(input_vectors, self.input_ids, mean=settings.cbow_mean)
        return binary_forward(input_rows, output_vectors[self.output_ids], self.labels)

    def take(
        self, input_vectors: Floats, output_vectors: Floats, learning_rate: float, settings: Settings
    ) -> float:
        """Change both matrices in place as the settings say; return the loss met."""
        rows = (input_vectors, output_vectors, self.input_ids, self.output_ids, self.labels, learning_rate)
        sequential = settings.law == "sequential"
        if settings.skip_gram:
            return sequential_step(*rows) if sequential else tile_step(*rows)
        mean, corrected = settings.cbow_mean, settings.cbow_corrected
        return cbow_step(*rows, mean=mean, corrected=corrected, sequential=sequential)


def training_steps(
    word_ids: NDArray[np.int64], vocabulary: Vocabulary, settings: Settings, random: np.random.Generator
) -> Iterator[Step]:
    """The steps of one sentence, all random choices made, given the words that subsampling left of it."""
    if settings.skip_gram:
        rows_per_step = 1 if settings.law == "sequential" else MAXIMUM_TILE_ROWS
    else:
        rows_per_step = max(1, len(word_ids))
    for position, target_id in enumerate(word_ids.tolist()):
        reach = int(random.integers(1, settings.window + 1)) if settings.shrink_windows else settings.window
        context_ids = word_ids[context_window(position, len(word_ids), reach)]
        output_ids, labels = outputs_of(target_id, vocabulary, settings, random)
        for start in range(0, len(context_ids), rows_per_step):
            if start > 0 and settings.law == "sequential":
                output_ids, labels = outputs_of(target_id, vocabulary, settings, random)
            input_ids = context_ids[start : start + rows_per_step]
            yield Step(position, reach, target_id, input_ids, output_ids, labels)


def outputs_of(
    target_id: int, vocabulary: Vocabulary, settings: Settings, random: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Output rows (N,) and labels (N,) for a target: its Huffman path, or itself and the drawn negatives.

    A negative that equals the target is dropped, not drawn again, as in word2vec.c and gensim.
    """
    if settings.hierarchical_softmax:
        path = vocabulary.paths[target_id]
        return path.inner_nodes, path.labels
    drawn = random.choice(len(vocabulary.word_ids), size=settings.negative, p=vocabulary.noise)
    negatives = drawn[drawn != target_id]
    return np.concatenate([[target_id], negatives]), np.concatenate([[1.0], np.zeros(len(negatives))])


class Trained(NamedTuple):
    """A vocabulary, its vectors (V, D) of either side, and each epoch's mean loss for a prediction.

    A prediction is one context word's in skip-gram, one window's in CBOW.
    """

    vocabulary: Vocabulary
    input_vectors: Floats
    output_vectors: Floats
    mean_losses: list[float]


def train(sentences: Sequence[Sequence[str]], settings: Settings | None = None) -> Trained:
    """Learn word vectors from sentences of words; the same seed gives the same vectors.

    The learning rate falls linearly with the words read, from `learning_rate` to `minimum_learning_rate`.
    """
    settings = Settings() if settings is None else settings
    vocabulary = Vocabulary.from_sentences(sentences, settings)
    random = np.random.default_rng(settings.seed)
    shape = (len(vocabulary.word_ids), settings.vector_size)
    # Zero outputs make every first probability 1/2; random inputs let words become different.
    input_vectors, output_vectors = (random.random(shape) - 0.5) / settings.vector_size, np.zeros(shape)
    encoded = [vocabulary.encode(sentence) for sentence in sentences]
    words_to_read, words_read = settings.epochs * sum(map(len, sentences)), 0
    mean_losses = []
    for _epoch in range(settings.epochs):
        loss, predictions = 0.0, 0
        for sentence, word_ids in zip(sentences, encoded, strict=True):
            fall = (settings.learning_rate - settings.minimum_learning_rate) * words_read / words_to_read
            kept = word_ids[survivors(word_ids, vocabulary.keep, random)]
            for step in training_steps(kept, vocabulary, settings, random):
                loss += step.take(input_vectors, output_vectors, settings.learning_rate - fall, settings)
                predictions += len(step.input_ids) if settings.skip_gram else 1
            words_read += len(sentence)
        mean_losses.append(loss / predictions if predictions > 0 else float("nan"))
    return Trained(vocabulary, input_vectors, output_vectors, mean_losses)
