"""From sentences of words to vectors: the vocabulary, the steps of a sentence, and the loop over epochs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import CorpusError
from w2vplus.reference.losses import Floats, Forward, binary_forward
from w2vplus.reference.questions import (
    HuffmanPath,
    context_window,
    huffman_paths,
    keep_probabilities,
    noise_distribution,
    survivors,
)
from w2vplus.reference.steps import cbow_step, project, sequential_step, tile_step, tiles


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
    word_ids: NDArray[np.int64],
    vocabulary: Vocabulary,
    settings: Settings,
    random: np.random.Generator,
    learning_rate: float | None = None,
) -> Iterator[Step]:
    """The steps of one sentence, all random choices made, given the words that subsampling left of it.

    `learning_rate` (unless given, the first one) bounds the size of tiles.
    """
    rate = settings.learning_rate if learning_rate is None else learning_rate
    for position, target_id in enumerate(word_ids.tolist()):
        reach = int(random.integers(1, settings.window + 1)) if settings.shrink_windows else settings.window
        context_ids = word_ids[context_window(position, len(word_ids), reach)]
        output_ids, labels = outputs_of(target_id, vocabulary, settings, random)
        for number, input_ids in enumerate(_input_groups(context_ids, settings, rate)):
            if number > 0 and settings.law == "sequential":
                output_ids, labels = outputs_of(target_id, vocabulary, settings, random)
            yield Step(position, reach, target_id, input_ids, output_ids, labels)


def _input_groups(
    context_ids: NDArray[np.int64], settings: Settings, learning_rate: float
) -> Iterator[NDArray[np.int64]]:
    """A window's words as the steps take them: all at once in CBOW, in tiles or one by one in skip-gram."""
    if not settings.skip_gram:
        return iter([context_ids] if len(context_ids) else [])
    if settings.law == "tile":
        return tiles(context_ids, learning_rate)
    return iter(context_ids[:, np.newaxis])


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
            rate = settings.learning_rate - fall
            for step in training_steps(kept, vocabulary, settings, random, rate):
                loss += step.take(input_vectors, output_vectors, rate, settings)
                predictions += len(step.input_ids) if settings.skip_gram else 1
            words_read += len(sentence)
        mean_losses.append(loss / predictions if predictions > 0 else float("nan"))
    return Trained(vocabulary, input_vectors, output_vectors, mean_losses)
