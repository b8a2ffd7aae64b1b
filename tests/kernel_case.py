"""A random training case for the kernel and its twin, and the modes; for the tests of kernels."""

from __future__ import annotations

import itertools

import numpy as np
from kernel_twin import Twin

from w2vplus import _sgd
from w2vplus.vocabulary import AliasTable, huffman_tree, keep_thresholds

MODES = {
    "sg-ns": {"skip_gram": True, "hierarchical_softmax": False},
    "cbow-ns": {"skip_gram": False, "hierarchical_softmax": False},
    "sg-hs": {"skip_gram": True, "hierarchical_softmax": True, "negative": 0},
    "cbow-hs": {"skip_gram": False, "hierarchical_softmax": True, "negative": 0},
    "sg-both": {"skip_gram": True, "hierarchical_softmax": True},
    "cbow-both": {"skip_gram": False, "hierarchical_softmax": True},
}
DEEP = {"words": 30, "sample": 0, "counts": [round(1.7**n) + 1 for n in range(30, 0, -1)]}
"""Counts that make Huffman paths of all lengths to 29, beside tokens that are drawn alike."""

KEY = _sgd.stream_key(7, 0, 0)


class Case:
    """A random corpus with matrices in float32 for the kernel and in float64 for the twin."""

    def __init__(
        self, *, words=40, dimensions=20, tokens=300, sentence_length=30, sample=0.05, seed=0, counts=None, **law
    ):
        random = np.random.default_rng(seed)
        if counts is None:
            self.ids = random.zipf(1.4, tokens).clip(1, words).astype(np.int32) - 1
        else:
            self.ids = random.integers(words, size=tokens, dtype=np.int32)
        self.starts = np.append(np.arange(0, tokens, sentence_length), tokens).astype(np.int64)
        seen = np.bincount(self.ids, minlength=words)
        self.counts = np.array(np.sort(seen + 1)[::-1] if counts is None else counts, np.int64)
        self.keep = keep_thresholds(self.counts, sample)
        self.noise = AliasTable.from_counts(self.counts, 0.75)
        self.tree = huffman_tree(self.counts)
        self.inputs, self.outputs, self.nodes = (
            random.normal(0, 1 / np.sqrt(dimensions), (words, dimensions)).astype(np.float32) for _ in range(3)
        )
        self.law = {"window": 5, "negative": 5, **law}

    def model(self, kernel=None, **overrides):
        hierarchical = self.law["hierarchical_softmax"]
        arguments = {
            "input_vectors": self.inputs,
            "output_vectors": self.outputs if self.law["negative"] else None,
            "keep_thresholds": self.keep,
            "noise_thresholds": self.noise.thresholds if self.law["negative"] else None,
            "noise_aliases": self.noise.aliases if self.law["negative"] else None,
            "node_vectors": self.nodes if hierarchical else None,
            "path_starts": self.tree.path_starts if hierarchical else None,
            "path_nodes": self.tree.inner_nodes if hierarchical else None,
            "path_codes": self.tree.codes if hierarchical else None,
            "kernel": kernel,
            "compute_loss": True,
            **self.law,
        }
        return _sgd.Model(**(arguments | overrides))

    def twin(self):
        law = {name: value for name, value in self.law.items() if name not in ("lock_factors", "window")}
        locks = self.law.get("lock_factors")
        locks = None if locks is None else locks.astype(float)
        return Twin(
            self.inputs.astype(float), self.outputs.astype(float), self.nodes.astype(float), self.keep, self.noise,
            self.tree, window_size=self.law["window"], lock_factors=locks, **law,
        )  # fmt: skip

    def sentences(self):
        return [self.ids[a:b].tolist() for a, b in itertools.pairwise(self.starts)]

    def train(self, model, cuts=(), weights=None, rate=0.05):
        worker = _sgd.Worker(model)
        edges = [0, *cuts, len(self.ids)]
        total = np.zeros(4)
        for begin, end in itertools.pairwise(edges):
            if end > begin:
                total += worker.train_span(self.ids, self.starts, weights, 0, begin, end, KEY, rate)
        return total
