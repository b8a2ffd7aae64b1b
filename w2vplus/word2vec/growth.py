"""A Huffman tree that grows with its vocabulary, for `build_vocab(update=True)` under hierarchical softmax.

A row of `syn1` is a decision that training has taught: "the word lies on this side of the inner node". gensim
builds a new tree over the merged counts and keeps the rows, which then decide between other words than they
learnt. Here the old tree stays as it is: the new words get a tree of their own, which is grafted onto one of its
branches, where it makes paths longest by the least. A new node there decides between the two. The words of that
branch, rare ones if the new words are, have one more node on their paths, and every old row decides between the same
old words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.vocabulary import HuffmanTree, huffman_tree


def graft(old_tree: HuffmanTree, counts: NDArray[np.int64]) -> HuffmanTree:
    """The tree of `counts` (int64, (V,)) whose first words are those of `old_tree`, the others new.

    With O old words and N new ones (V = O + N) the old rows keep their numbers, and row V - 1 is free:
        0 .. O - 2          the old tree's nodes, unchanged
        O - 1 .. V - 3      the nodes of the new words' tree, in its own order (none if N = 1)
        V - 2               the new node above both; code 0 leads to the side with the smaller sum of counts (the new
                            words' on a tie), as everywhere in the tree
    Paths are ordinary ones, root first, so gensim reads `code` and `point` as those of any tree. The branch may be the
    whole old tree; then the new node is the root.

    Raises ValueError if there are fewer counts than old words, or no old word.
    """
    old_words = len(old_tree.path_starts) - 1
    new_words = len(counts) - old_words
    if old_words < 1 or new_words < 0:
        raise ValueError(
            f"a tree of {old_words} words cannot grow to {len(counts)}: it needs a word, and only grows"
        )
    if new_words == 0:
        return old_tree
    new_count = int(counts[old_words:].sum())
    branch, depth = _cheapest_branch(old_tree, counts[:old_words], new_count)
    branch_is_larger = int(counts[branch].sum()) >= new_count
    above = slice(old_tree.path_starts[branch[0]], old_tree.path_starts[branch[0]] + depth)
    fork = len(counts) - 2
    new_tree = huffman_tree(counts[old_words:])
    new_tree = replace(new_tree, inner_nodes=new_tree.inner_nodes + (old_words - 1))
    return _joined(
        _with_steps(old_tree, branch, depth, [fork], [int(branch_is_larger)]),
        _with_steps(
            new_tree, np.arange(new_words), 0, [*old_tree.inner_nodes[above], fork],
            [*old_tree.codes[above], int(not branch_is_larger)],
        ),
    )  # fmt: skip


def _cheapest_branch(tree: HuffmanTree, counts: NDArray[np.int64], new_count: int) -> tuple[NDArray[np.int64], int]:
    """Where new words that occur `new_count` times add the fewest steps to a text: the words of that branch, or the
    only one, and at which place of their paths it begins.

    At a branch of count c and depth d that is c steps more for its words and new_count (d + 1) for the new ones.
    """
    lengths = np.diff(tree.path_starts)
    steps = np.repeat(counts, lengths)
    depths = np.zeros(max(1, len(counts) - 1), np.int64)
    depths[tree.inner_nodes] = np.arange(len(tree.inner_nodes)) - np.repeat(tree.path_starts[:-1], lengths)
    of_nodes = np.bincount(tree.inner_nodes, steps, len(counts) - 1) + new_count * depths[: len(counts) - 1]
    of_words = counts + new_count * lengths
    word = int(of_words.argmin())
    if len(of_nodes) == 0 or of_words[word] < of_nodes.min():
        return np.array([word]), int(lengths[word])
    node = int(of_nodes.argmin())
    at = np.flatnonzero(tree.inner_nodes == node)
    return np.searchsorted(tree.path_starts, at, side="right") - 1, int(depths[node])


def _with_steps(
    tree: HuffmanTree, words: NDArray[np.int64], depth: int, nodes: list[int], codes: list[int]
) -> HuffmanTree:
    """`tree` with these steps on the paths of `words` (ascending), before their step number `depth`."""
    places = np.repeat(tree.path_starts[words] + depth, len(nodes))
    longer = np.zeros(len(tree.path_starts), np.int64)
    longer[words + 1] = len(nodes)
    return HuffmanTree(
        path_starts=tree.path_starts + np.cumsum(longer),
        inner_nodes=np.insert(tree.inner_nodes, places, np.tile(nodes, len(words))).astype(np.int32),
        codes=np.insert(tree.codes, places, np.tile(codes, len(words))).astype(np.uint8),
    )


def _joined(first: HuffmanTree, second: HuffmanTree) -> HuffmanTree:
    """The words of both, in order."""
    return HuffmanTree(
        path_starts=np.concatenate([first.path_starts, second.path_starts[1:] + first.path_starts[-1]]),
        inner_nodes=np.concatenate([first.inner_nodes, second.inner_nodes]),
        codes=np.concatenate([first.codes, second.codes]),
    )


def has_tree(keyed_vectors: Any) -> bool:
    """Whether words have paths in a tree already (attributes `code` and `point`, as many as each other)."""
    codes, points = (keyed_vectors.expandos.get(name) for name in ("code", "point"))
    return codes is not None and points is not None and 0 < len(codes) == len(points)
