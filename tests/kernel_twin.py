"""The training kernel once more, slow and obvious: windows, negatives and steps in plain Python and NumPy.

Randomness is the kernel's: the same integer hash of (key, position). The arithmetic is `w2vplus.reference`'s, in
float64. Tests train both on the same corpus and compare matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from w2vplus import reference

MASK = 2**64 - 1
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
TILE_INPUTS = 16


def mix(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def draw(state: int, number: int) -> int:
    return mix((state + (number + 1) * GOLDEN_GAMMA) & MASK)


@dataclass
class Twin:
    """Matrices in float64 and the law; `train` runs over whole sentences of word ids."""

    input_vectors: np.ndarray
    output_vectors: np.ndarray
    node_vectors: np.ndarray
    keep_thresholds: np.ndarray
    noise: object
    tree: object
    window: int
    negative: int
    skip_gram: bool
    hierarchical_softmax: bool
    shrink_windows: bool = True
    shared_negatives: bool = True
    cbow_mean: bool = True
    corrected_cbow: bool = False
    lock_factors: np.ndarray | None = None
    trained_words: int = 0
    pairs: int = 0
    loss: float = 0.0
    negatives_drawn: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        # One matrix for both kinds of outputs: inner nodes behind the words.
        self.outputs = np.concatenate([self.output_vectors, self.node_vectors])

    def kept(self, word: int, position: int, key: int) -> bool:
        threshold = int(self.keep_thresholds[word])
        return threshold == 2**32 - 1 or (draw(key, position) >> 32) < threshold

    def outputs_of(self, word: int, stream: int, first_draw: int) -> tuple[list[int], list[float]]:
        ids: list[int] = []
        labels: list[float] = []
        if self.hierarchical_softmax:
            nodes, codes = self.tree.path(word)
            ids += [len(self.output_vectors) + int(node) for node in nodes]
            labels += [1.0 - int(code) for code in codes]
        if self.negative:
            ids.append(word)
            labels.append(1.0)
            for k in range(self.negative):
                bits = draw(stream, first_draw + k)
                slot = ((bits >> 32) * len(self.output_vectors)) >> 32
                own = (bits & 0xFFFFFFFF) < int(self.noise.thresholds[slot])
                noise = slot if own else int(self.noise.aliases[slot])
                self.negatives_drawn.append(noise)
                if noise != word:
                    ids.append(noise)
                    labels.append(0.0)
        return ids, labels

    def train(self, sentences: list[list[int]], key: int, rate: float, weights: list[float] | None = None) -> None:
        position = 0
        for number, sentence in enumerate(sentences):
            kept = []
            for word in sentence:
                if word >= 0 and self.kept(word, position, key):
                    kept.append((word, position))
                position += 1
            words = [word for word, _ in kept]
            step_rate = rate * (weights[number] if weights else 1.0)
            for at, (word, place) in enumerate(kept):
                reach = self.window
                if self.shrink_windows:
                    reach = 1 + (((draw(key, place) & 0xFFFFFFFF) * self.window) >> 32)
                context = [words[i] for i in reference.context_window(at, len(words), reach)]
                self.train_center(word, context, draw(~key & MASK, place), step_rate)

    def train_center(self, word: int, context: list[int], stream: int, rate: float) -> None:
        self.trained_words += 1
        if not context:
            return
        if not self.skip_gram:
            ids, labels = self.outputs_of(word, stream, 0)
            self.pairs += 1
            self.loss += reference.cbow_step(
                self.input_vectors, self.outputs, context, ids, np.array(labels), rate,
                mean=self.cbow_mean, corrected=self.corrected_cbow, lock_factors=self.lock_factors,
            )  # fmt: skip
            return
        self.pairs += len(context)
        if not self.shared_negatives:
            for number, input_id in enumerate(context):
                ids, labels = self.outputs_of(word, stream, number * self.negative)
                self.tile([input_id], ids, labels, rate)
            return
        ids, labels = self.outputs_of(word, stream, 0)
        for first in range(0, len(context), TILE_INPUTS):
            self.tile(context[first : first + TILE_INPUTS], ids, labels, rate)

    def tile(self, input_ids: list[int], output_ids: list[int], labels: list[float], rate: float) -> None:
        self.loss += reference.tile_step(
            self.input_vectors, self.outputs, input_ids, output_ids, np.array(labels), rate,
            lock_factors=self.lock_factors,
        )  # fmt: skip
