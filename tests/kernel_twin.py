"""The training kernel once more, slow and obvious: windows, negatives and steps in plain Python and NumPy.

Randomness is `w2vplus.draws`, the kernel's integer hash of (key, position). Logits, sigmoid and projection are
`w2vplus.reference`'s, in float64; `test_twin_steps_are_those_of_the_reference` ties the steps to it. Tests train both
on the same corpus and compare matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from w2vplus import draws, reference


@dataclass
class Twin:
    """Matrices in float64 and the law; `train` runs over whole sentences of word ids."""

    input_vectors: np.ndarray
    output_vectors: np.ndarray
    node_vectors: np.ndarray
    keep_thresholds: np.ndarray
    noise: object
    tree: object
    window_size: int
    negative: int
    skip_gram: bool
    hierarchical_softmax: bool
    shrink_windows: bool = True
    shared_negatives: int = 1
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
        return draws.is_kept(int(self.keep_thresholds[word]), draws.keep_draw(key, position))

    def draws(self, stream: int, first_draw: int) -> list[int]:
        words = draws.noise_words(stream, first_draw, self.negative, self.noise)
        self.negatives_drawn += words
        return words

    def columns(self, words: list[int], noise: list[int]) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Output rows of a group of centre words, and its cells per pair: positives and totals, (centres, columns)."""
        ids: list[int] = []
        positives: list[list[float]] = []
        totals: list[list[float]] = []
        if self.hierarchical_softmax:
            (word,) = words
            nodes, codes = self.tree.path(word)
            ids += [len(self.output_vectors) + int(node) for node in nodes]
            positives += [[1.0 - int(code)] for code in codes]
            totals += [[1.0] for _ in codes]
        if self.negative:
            ids += words + noise
            own = [[float(g == h) for g in range(len(words))] for h in range(len(words))]
            positives += own + [[0.0] * len(words) for _ in noise]
            totals += own + [[float(word != drawn) for word in words] for drawn in noise]
        return ids, np.array(positives).T, np.array(totals).T

    def train(self, sentences: list[list[int]], key: int, rate: float, weights: list[float] | None = None) -> None:
        position = 0
        for number, sentence in enumerate(sentences):
            kept = []
            for word in sentence:
                if word >= 0 and self.kept(word, position, key):
                    kept.append((word, position))
                position += 1
            self.trained_words += len(kept)
            step_rate = rate * (weights[number] if weights else 1.0)
            summed = self.corrected_cbow and not self.cbow_mean
            alone = self.hierarchical_softmax if self.skip_gram else summed
            size = 1 if alone else reference.bounded(max(1, self.shared_negatives), step_rate)
            for first in range(0, len(kept), size):
                last = min(first + size, len(kept))
                self.train_group(kept, range(first, last), self.reach(kept[first][1], key), key, step_rate)

    def reach(self, position: int, key: int) -> int:
        """How far the windows of the group go that begins at a position."""
        if not self.shrink_windows:
            return self.window_size
        return draws.window_reach(key, position, self.window_size)

    def train_group(self, kept: list[tuple[int, int]], centers: range, reach: int, key: int, rate: float) -> None:
        words = [word for word, _ in kept]
        reaches = {at: self.reach(kept[at][1], key) if self.skip_gram else reach for at in centers}
        windows = {at: reference.context_window(at, len(kept), reaches[at]) for at in centers}
        streams = [draws.noise_stream(key, kept[at][1]) for at in centers]
        if self.skip_gram and not self.shared_negatives:
            for number, context in enumerate(windows[centers[0]]):
                noise = self.draws(streams[0], number * self.negative)
                self.skip_gram_tile([context], {centers[0]: [context]}, words, noise, rate)
            return
        if not self.skip_gram:
            each = [[at] for at in centers] if self.hierarchical_softmax else [list(centers)]
            noises = [self.draws(streams[part[0] - centers[0]], 0) for part in each]
            self.cbow(windows, each, words, noises, rate)
            return
        noise = self.draws(streams[0], 0)
        spread = [i for window in windows.values() for i in window] + (list(centers) if len(centers) > 1 else [])
        tokens = [i for i in range(min(spread, default=0), max(spread, default=-1) + 1)]
        if len(centers) == 1:
            tokens = [i for i in tokens if i != centers[0]]
        tile: list[int] = []
        for i in tokens:
            repeats = sum(words[j] == words[i] for j in tile)
            is_full = len(tile) == reference.bounded(reference.MAXIMUM_TILE_ROWS, rate)
            if is_full or repeats == reference.MAXIMUM_REPEATS:
                self.skip_gram_tile(tile, windows, words, noise, rate)
                tile = []
            tile.append(i)
        if tile:
            self.skip_gram_tile(tile, windows, words, noise, rate)

    def skip_gram_tile(self, tokens: list[int], windows: dict[int, list[int]], words: list[int], noise: list[int],
                       rate: float) -> None:  # fmt: skip
        in_window = np.array([[float(i in window) for window in windows.values()] for i in tokens])
        ids, positives, totals = self.columns([words[at] for at in windows], noise)
        inputs = np.array([words[i] for i in tokens])
        self.pairs += int(in_window.sum())
        error = self.step(self.input_vectors[inputs], ids, in_window @ positives, in_window @ totals, rate)
        locks = np.ones(len(inputs)) if self.lock_factors is None else self.lock_factors[inputs]
        np.add.at(self.input_vectors, inputs, locks[:, None] * error)

    def cbow(self, windows: dict[int, list[int]], parts: list[list[int]], words: list[int], noises: list[list[int]],
             rate: float) -> None:  # fmt: skip
        """All projections are taken first and all errors handed out last; the centres of a part share their columns."""
        contexts = {at: [words[i] for i in window] for at, window in windows.items()}
        projections = {
            at: reference.project(self.input_vectors, context, mean=self.cbow_mean)[0]
            for at, context in contexts.items() if context
        }  # fmt: skip
        self.pairs += len(projections)
        errors: dict[int, np.ndarray] = {}
        for part, noise in zip(parts, noises, strict=True):
            ids, positives, totals = self.columns([words[at] for at in part], noise)
            trained = [g for g, at in enumerate(part) if at in projections]
            if trained:
                inputs = np.array([projections[part[g]] for g in trained])
                steps = self.step(inputs, ids, positives[trained], totals[trained], rate)
                errors |= {part[g]: step for g, step in zip(trained, steps, strict=True)}
        for at, error in errors.items():
            factor = 1 / len(contexts[at]) if self.cbow_mean == self.corrected_cbow else 1.0
            for word in contexts[at]:
                locked = 1.0 if self.lock_factors is None else self.lock_factors[word]
                self.input_vectors[word] += locked * factor * error

    def step(self, inputs: np.ndarray, ids: list[int], positives: np.ndarray, totals: np.ndarray,
             rate: float) -> np.ndarray:  # fmt: skip
        """One tile: trains the output rows and returns what the input rows are to receive."""
        outputs = self.outputs[ids]
        logits = inputs @ outputs.T
        negatives = totals - positives
        self.loss -= float((positives * reference.log_sigmoid(logits)).sum())
        self.loss -= float((negatives * reference.log_sigmoid(-logits)).sum())
        steps = rate * (positives - totals * reference.sigmoid(logits))
        np.add.at(self.outputs, ids, steps.T @ inputs)
        return steps @ outputs
