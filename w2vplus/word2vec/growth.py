"""A Huffman tree that grows with its vocabulary, for `build_vocab(update=True)` under hierarchical softmax.

A row of `syn1` is a decision that training has taught: "the word lies on this side of the inner node". gensim
builds a new tree over the merged counts and keeps the rows, which then decide between other words than they
learnt. Here the old tree stays as it is; the new words get a tree of their own, and a new root decides
between the two. Old words thus have one more node on their path, and every old row means what it meant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.vocabulary import HuffmanTree, huffman_tree


def graft(old_tree: HuffmanTree, counts: NDArray[np.int64]) -> HuffmanTree:
    """The tree of `counts` (int64, (V,)) whose first words are those of `old_tree`, the others new.

    With O old words and N new ones (V = O + N) the rows are numbered as in every tree here: V - 1 inner nodes,
    the root V - 2 first on every path, row V - 1 free.
        0 .. O - 2          the old tree's nodes, unchanged
        O - 1 .. V - 3      the nodes of the new words' tree, in its own order (none if N = 1)
        V - 2               the new root; code 0 leads to the side with the smaller sum of counts (the new
                            words' on a tie), as everywhere in the tree
    Paths are ordinary ones, root first, so gensim reads `code` and `point` as those of any tree.

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
    new_tree = huffman_tree(counts[old_words:])
    root = len(counts) - 2
    old_side_is_larger = int(counts[:old_words].sum()) >= int(counts[old_words:].sum())
    return _joined(
        _below(old_tree, root, int(old_side_is_larger), first_node=0),
        _below(new_tree, root, int(not old_side_is_larger), first_node=old_words - 1),
    )


def _below(tree: HuffmanTree, root: int, code: int, *, first_node: int) -> HuffmanTree:
    """`tree` with its nodes numbered from `first_node`, on the side `code` of a new root."""
    words = len(tree.path_starts) - 1
    old_starts = tree.path_starts[:-1]
    return HuffmanTree(
        path_starts=tree.path_starts + np.arange(words + 1),
        inner_nodes=np.insert(tree.inner_nodes + first_node, old_starts, root).astype(np.int32),
        codes=np.insert(tree.codes, old_starts, code).astype(np.uint8),
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
