"""What is asked of the vectors: which words stay, how far a window reaches, which noise words or turns are drawn.

Called by `training`; the words are ids, most frequent first.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus.reference.losses import Floats


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
