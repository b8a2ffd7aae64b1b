"""Counts become a vocabulary: final word ids, subsampling thresholds, noise distribution, Huffman paths.

`select_vocabulary` turns the provisional types of an encoded corpus into the words that are trained. The other
functions turn the words' counts into the tables that the training kernel reads. Called by `word2vec`, `stepwise` and
the command line; nothing here reads text.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TrimRule = Callable[[Any, int, float], int]
"""Called with (type, count, effective min_count); returns TRIM_DEFAULT, TRIM_DISCARD or TRIM_KEEP."""

TRIM_DEFAULT = 0
TRIM_DISCARD = 1
TRIM_KEEP = 2

UINT32_MAX = 2**32 - 1


@dataclass(frozen=True)
class Vocabulary:
    """The words that are trained, in the order of their ids.

    `keys`: word id -> token, length V. `counts`: int64 (V,), occurrences in the corpus. `effective_min_count`: the
    least count that is kept without a trim rule's help, after `max_final_vocab`.
    """

    keys: list[Hashable]
    counts: NDArray[np.int64]
    effective_min_count: float

    @property
    def retained_total(self) -> int:
        """Corpus tokens that are words of the vocabulary, before subsampling."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.keys)


def select_vocabulary(
    types: Sequence[Hashable],
    counts: NDArray[np.int64],
    *,
    min_count: float,
    max_final_vocab: int | None = None,
    trim_rule: TrimRule | None = None,
    sort: bool = True,
) -> Vocabulary:
    """Choose the types that become words and number them.

    `types` and `counts` (int64, (n_types,)) are parallel, in order of first occurrence. With
    `max_final_vocab` min_count rises until at most that many types reach it. `trim_rule` may overrule both
    for single types. Words are numbered by falling count, the later first occurrence first among equals
    (gensim's order), or, with `sort=False`, in order of first occurrence. An empty vocabulary is returned,
    not refused.

    Raises ValueError if `types` and `counts` differ in length or `max_final_vocab` is negative.
    """
    counts = np.asarray(counts, dtype=np.int64)
    if len(types) != len(counts):
        raise ValueError(
            f"types and counts must be parallel, got {len(types)} types and {len(counts)} counts"
        )
    effective_min_count = _effective_min_count(counts, min_count, max_final_vocab)
    kept_types = np.flatnonzero(_kept(types, counts, effective_min_count, trim_rule))
    if sort:
        # Reversing before a stable sort puts the later of two equally frequent types first.
        kept_types = kept_types[::-1]
        kept_types = kept_types[np.argsort(-counts[kept_types], kind="stable")]
    return Vocabulary(
        keys=[types[type_id] for type_id in kept_types.tolist()],
        counts=counts[kept_types],
        effective_min_count=effective_min_count,
    )


def _effective_min_count(counts: NDArray[np.int64], min_count: float, max_final_vocab: int | None) -> float:
    """The larger of `min_count` and the least count that at most `max_final_vocab` types reach."""
    if max_final_vocab is None:
        return min_count
    if max_final_vocab < 0:
        raise ValueError(f"max_final_vocab must be at least 0, got {max_final_vocab}")
    if max_final_vocab >= len(counts):
        return max(1, min_count)
    # The first type too many, by falling count; its whole count class goes, so that ties are cut fairly.
    first_excluded = len(counts) - 1 - max_final_vocab
    return max(int(np.partition(counts, first_excluded)[first_excluded]) + 1, min_count)


def _kept(
    types: Sequence[Hashable], counts: NDArray[np.int64], min_count: float, trim_rule: TrimRule | None
) -> NDArray[np.bool_]:
    """For every type whether it becomes a word."""
    kept: NDArray[np.bool_] = counts >= min_count
    if trim_rule is None:
        return kept
    for type_id, (token, count) in enumerate(zip(types, counts.tolist(), strict=True)):
        verdict = trim_rule(token, count, min_count)
        if verdict == TRIM_KEEP:
            kept[type_id] = True
        elif verdict == TRIM_DISCARD:
            kept[type_id] = False
    return kept


def keep_probabilities(counts: NDArray[np.int64], sample: float) -> NDArray[np.float64]:
    """Probability with which each occurrence of a word survives subsampling; float64 (V,).

    With t the threshold count, a word of count c survives with (√(c/t) + 1)·t/c, at most 1 (word2vec.c's
    law, not the paper's √(t/c)). `sample` below 1 is a proportion of the sum of `counts`: t = sample · Σc. From 1
    on it is a count: t = ⌊sample · (3 + √5)/2⌋, gensim's law. 0 keeps everything. A word of count 0 is kept.

    Raises ValueError if `sample` is negative or not a number.
    """
    counts = np.asarray(counts, dtype=np.int64)
    if not sample >= 0:
        raise ValueError(f"sample must be at least 0 (0 turns subsampling off), got {sample}")
    if sample == 0:
        return np.ones(len(counts), dtype=np.float64)
    if sample < 1:
        threshold_count: float = sample * int(counts.sum())
    else:
        threshold_count = int(sample * (3 + np.sqrt(5)) / 2)
    if threshold_count == 0:  # nothing was counted
        return np.ones(len(counts), dtype=np.float64)
    occurring = np.maximum(counts, 1)
    probabilities = (np.sqrt(occurring / threshold_count) + 1) * (threshold_count / occurring)
    return np.minimum(probabilities, 1.0)


def keep_thresholds(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint32]:
    """`keep_probabilities` as uint32 (V,): an occurrence survives a random uint32 below its threshold.

    Probability 1 is 0xFFFFFFFF, which the kernel takes as always. The numbers are gensim's `sample_int`.
    """
    return thresholds_of(keep_probabilities(counts, sample))


def thresholds_of(probabilities: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Probabilities of being kept, float64 (V,), as thresholds of a random uint32, uint32 (V,)."""
    return (probabilities * UINT32_MAX).astype(np.uint32)


@dataclass(frozen=True)
class AliasTable:
    """A discrete distribution from which one draw costs one multiplication and one comparison.

    A draw takes a bucket uniformly from the V buckets and a random uint32 `coin`: it is the bucket's own word
    if coin < thresholds[bucket], else aliases[bucket]. `thresholds`: uint32 (V,); `aliases`: int32 (V,). A
    bucket that belongs to one word alone is its own alias.

    Source: Walker 1977; built by prefix sums (Hübschle-Schneider and Sanders 2022), which need no loop.
    """

    thresholds: NDArray[np.uint32]
    aliases: NDArray[np.int32]

    @classmethod
    def from_counts(cls, counts: NDArray[np.int64], exponent: float) -> AliasTable:
        """The distribution count^exponent / sum; word2vec's noise distribution has exponent 0.75.

        Raises ValueError if the powers have no finite positive sum (all counts 0, or one of them 0 with a
        negative exponent).
        """
        if len(counts) == 0:
            return cls(np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int32))
        with np.errstate(all="ignore"):
            powers = np.asarray(counts, dtype=np.float64) ** exponent
        total = powers.sum()
        if not (np.isfinite(total) and total > 0):
            raise ValueError(
                f"count^{exponent} over the vocabulary must have a finite positive sum, got {total}: "
                "every count must be positive unless the exponent is, and the exponent moderate"
            )
        return cls._from_fill(powers * (len(powers) / total))

    @classmethod
    def _from_fill(cls, fill: NDArray[np.float64]) -> AliasTable:
        """The table of a distribution given as `fill`, probabilities times V, so that a bucket holds 1.

        Words that fill less than a bucket (light) are topped up by the heavy ones in order; a heavy word
        whose remainder sinks to a bucket or less closes its own and is topped up by the next heavy word.
        """
        own_share = np.ones(len(fill), dtype=np.float64)
        aliases = np.arange(len(fill), dtype=np.int32)
        light, heavy = np.flatnonzero(fill < 1), np.flatnonzero(fill >= 1)
        if len(light) and len(heavy):
            # need[i]: room in the light buckets before the i-th; surplus[j]: what heavy words 0..j can give
            need = np.concatenate(([0.0], np.cumsum(1 - fill[light])))
            surplus = np.cumsum(fill[heavy] - 1)
            # The first heavy word with surplus left tops up the i-th light bucket: surplus[j] > need[i].
            giver = np.minimum(np.searchsorted(surplus, need[:-1], side="right"), len(heavy) - 1)
            own_share[light] = fill[light]
            aliases[light] = heavy[giver]
            # The bucket that exhausts the j-th heavy word leaves it 1 + surplus[j] - need: at most one.
            exhausting = np.minimum(np.searchsorted(need, surplus, side="left"), len(light))
            own_share[heavy] = np.clip(1 + surplus - need[exhausting], 0.0, 1.0)
            aliases[heavy[:-1]] = heavy[1:]
            own_share[heavy[-1]] = 1.0  # exactly, where rounding of the sums would leave a crumb
        thresholds = np.minimum(np.rint(own_share * 2.0**32), UINT32_MAX).astype(np.uint32)
        undivided = own_share >= 1
        aliases[undivided] = np.flatnonzero(undivided)
        return cls(thresholds, aliases)


@dataclass(frozen=True)
class HuffmanTree:
    """For every word the inner nodes from the root down to it, and the turn taken at each.

    Word w owns the slice path_starts[w]:path_starts[w + 1] (int64, (V + 1,)) of `inner_nodes` (int32, rows of
    the output matrix, the root first: V - 2 unless the tree has grown) and of `codes` (uint8: 0 towards the rarer
    child, 1 the other).
    A vocabulary of one word has an empty path.
    """

    path_starts: NDArray[np.int64]
    inner_nodes: NDArray[np.int32]
    codes: NDArray[np.uint8]

    def ordered_as(self, order: NDArray[np.int64]) -> HuffmanTree:
        """The same paths, word i of these being word order[i] of those."""
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        lengths = np.diff(self.path_starts)[place]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        steps = np.repeat(self.path_starts[:-1][place] - starts[:-1], lengths) + np.arange(starts[-1])
        return HuffmanTree(starts, self.inner_nodes[steps], self.codes[steps])

    def path(self, word_id: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """(inner nodes, codes) of one word, root first: views."""
        span = slice(self.path_starts[word_id], self.path_starts[word_id + 1])
        return self.inner_nodes[span], self.codes[span]


class _Weight(float):
    """A subtree's count, which remembers its node; compares as the count alone."""

    __slots__ = ("node",)
    node: int


def huffman_tree(counts: NDArray[np.int64]) -> HuffmanTree:
    """The Huffman tree over word counts (int64, (V,)); codes and nodes equal gensim's, ties included.

    Which of two equal subtrees is merged first decides the codes, and a binary heap decides that by its
    layout; so this is the same heap with the same moves, over weights that compare in C. The counts' sum
    must stay below 2^53.
    """
    word_count = len(counts)
    parents, codes_of_nodes = _merge_smallest(np.asarray(counts, dtype=np.int64))
    path_lengths = np.zeros(word_count, dtype=np.int64)
    for word_ids, _ in _climb(parents, word_count):
        path_lengths[word_ids] += 1
    path_starts = np.concatenate(([0], np.cumsum(path_lengths)))
    inner_nodes = np.empty(path_starts[-1], dtype=np.int32)
    codes = np.empty(path_starts[-1], dtype=np.uint8)
    for height, (word_ids, nodes) in enumerate(_climb(parents, word_count), start=1):
        positions = path_starts[word_ids + 1] - height
        inner_nodes[positions] = parents[nodes] - word_count
        codes[positions] = codes_of_nodes[nodes]
    return HuffmanTree(path_starts, inner_nodes, codes)


def _merge_smallest(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Per node (words first, then inner nodes as they arise) its parent, and its code below that parent."""
    word_count = len(counts)
    heap = []
    for word_id, count in enumerate(counts.tolist()):
        weight = _Weight(count)
        weight.node = word_id
        heap.append(weight)
    heapq.heapify(heap)
    parents = [0] * max(2 * word_count - 1, 0)
    codes = np.zeros(len(parents), dtype=np.uint8)
    for inner_node in range(word_count, 2 * word_count - 1):
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        parents[first.node] = parents[second.node] = inner_node
        codes[second.node] = 1
        merged = _Weight(first + second)
        merged.node = inner_node
        heapq.heappush(heap, merged)
    return np.array(parents, dtype=np.int64), codes


def _climb(
    parents: NDArray[np.int64], word_count: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """All words climb a level at a time: yields (word ids still below the root, the nodes they stand on)."""
    root = 2 * word_count - 2
    word_ids = np.arange(word_count)
    nodes = word_ids
    while True:
        below_root = nodes != root
        word_ids, nodes = word_ids[below_root], nodes[below_root]
        if not len(word_ids):
            return
        yield word_ids, nodes
        nodes = parents[nodes]
