"""What the kernel reads per word, from what gensim keeps in `wv.expandos` and on the model; and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus.trainer import Tables, Weights
from w2vplus.vocabulary import AliasTable, HuffmanTree, huffman_tree, keep_thresholds
from w2vplus.word2vec.growth import graft, has_tree

CUMULATIVE_DOMAIN = 2**31 - 1
"""Last entry of gensim's `cum_table`."""


def word_counts(keyed_vectors: Any) -> NDArray[np.int64]:
    """Counts of the words in the order of their ids, int64 (V,)."""
    return np.asarray(keyed_vectors.expandos["count"][: len(keyed_vectors.index_to_key)], dtype=np.int64)


def store_huffman_tree(keyed_vectors: Any) -> None:
    """Build the Huffman tree of the counts and keep it as gensim does: attributes `code` and `point` per word."""
    _keep_tree(keyed_vectors, huffman_tree(word_counts(keyed_vectors)))


def grow_huffman_tree(keyed_vectors: Any) -> None:
    """Graft the words that have no path yet onto the tree of those that have one (see `growth`)."""
    if not has_tree(keyed_vectors):
        store_huffman_tree(keyed_vectors)
        return
    old_tree, counts = _stored_huffman_tree(keyed_vectors), word_counts(keyed_vectors)
    lengths = np.diff(old_tree.path_starts)
    old = np.flatnonzero(lengths) if lengths.any() else np.zeros(1, np.int64)  # a lone word has an empty path
    order = np.concatenate([old, np.setdiff1d(np.arange(len(counts)), old)])  # new ones, and those of wv.add_vectors
    old_tree = replace(old_tree, path_starts=np.append(old_tree.path_starts[old], old_tree.path_starts[-1]))
    _keep_tree(keyed_vectors, graft(old_tree, counts[order]).ordered_as(order))


def _keep_tree(keyed_vectors: Any, tree: HuffmanTree) -> None:
    if len(tree.path_starts) < 2:  # no words: np.split would still make a piece
        keyed_vectors.expandos["code"] = keyed_vectors.expandos["point"] = np.empty(0, dtype=object)
        return
    cuts = tree.path_starts[1:-1]
    for name, values in (("code", tree.codes), ("point", tree.inner_nodes.astype(np.uint32))):
        column = np.empty(len(keyed_vectors.index_to_key), dtype=object)
        for word_id, path in enumerate(np.split(values, cuts)):
            column[word_id] = path
        keyed_vectors.expandos[name] = column


def _stored_huffman_tree(keyed_vectors: Any) -> HuffmanTree:
    """The tree that the attributes `code` and `point` describe (a loaded model may have been given its own)."""
    codes, points = keyed_vectors.expandos["code"], keyed_vectors.expandos["point"]
    starts = np.zeros(len(codes) + 1, dtype=np.int64)
    np.cumsum([len(code) for code in codes], out=starts[1:])
    return HuffmanTree(
        path_starts=starts,
        inner_nodes=np.concatenate([np.asarray(point) for point in points]).astype(np.int32),
        codes=np.concatenate([np.asarray(code) for code in codes]).astype(np.uint8),
    )


def cumulative_table(counts: NDArray[np.int64], exponent: float, domain: int) -> NDArray[np.uint32]:
    """gensim's `cum_table`, uint32 (V,): cumulated count^exponent scaled so that the last entry is `domain`.

    w2vplus draws from an alias table instead; this one is kept for code that reads it.
    """
    if len(counts) == 0:
        return np.zeros(0, dtype=np.uint32)
    with np.errstate(all="ignore"):  # AliasTable.from_counts names an exponent that overflows
        cumulated = np.cumsum(counts.astype(np.float64) ** float(exponent))
        table: NDArray[np.uint32] = np.rint(cumulated / cumulated[-1] * domain).astype(np.uint32)
    return table


class TablesAtHand(NamedTuple):
    """What `training_tables` made, and of what."""

    tables: Tables
    sources: list[Any]


def training_tables(model: Any) -> Tables:
    """Everything that the laws in use look up, for the model's present vocabulary and settings.

    The same object as before while vocabulary and settings are the same: to make tables for a large vocabulary takes
    longer than to train a few sentences. A Huffman path that is written into in place, rather than replaced, goes
    unnoticed.
    """
    at_hand: TablesAtHand | None = model._tables
    if at_hand is None or not _same_sources(at_hand.sources, _sources_of_tables(model)):
        tables = Tables(
            keep_thresholds=_keep_thresholds(model),
            noise=_noise_distribution(model) if model.negative else None,
            tree=_stored_huffman_tree(model.wv) if model.hs else None,
        )
        *objects, thresholds, cumulated = _sources_of_tables(model)  # once more: thresholds may just have been made
        at_hand = model._tables = TablesAtHand(tables, [*objects, np.copy(thresholds), np.copy(cumulated)])
    return at_hand.tables


def _sources_of_tables(model: Any) -> list[Any]:
    """What tables are made of, the arrays of thresholds and of cumulated noise last."""
    columns = model.wv.expandos
    settings = [len(model.wv), model.sample, bool(model.negative), bool(model.hs), float(model.ns_exponent)]
    return [*settings, columns.get("code"), columns.get("point"), columns.get("sample_int"), model.cum_table]


def _same_sources(before: list[Any], now: list[Any]) -> bool:
    """Whether two results of `_sources_of_tables` are equal."""
    *objects, thresholds, cumulated = zip(before, now, strict=True)
    return (
        all(old is new or (isinstance(old, (int, float)) and old == new) for old, new in objects)
        and np.array_equal(*thresholds)
        and np.array_equal(*cumulated)
    )


def settle_sample(model: Any) -> None:
    """Compute the subsampling thresholds, gensim's `sample_int`, anew if another `sample` was assigned since (gensim
    goes on with the old ones)."""
    columns = model.wv.expandos
    if not model.sample or "count" not in columns:
        return
    if "sample_int" not in columns or model.sample != model._sample_of_thresholds:
        columns["sample_int"] = keep_thresholds(word_counts(model.wv), model.sample)
        model._sample_of_thresholds = model.sample


def _keep_thresholds(model: Any) -> NDArray[np.uint32]:
    """gensim's `sample_int`, uint32 (V,). A falsy `model.sample` turns subsampling off, as in gensim."""
    if not model.sample:
        return np.full(len(model.wv), 2**32 - 1, dtype=np.uint32)
    settle_sample(model)
    return np.ascontiguousarray(model.wv.expandos["sample_int"], dtype=np.uint32)


def has_own_noise(model: Any) -> bool:
    """Whether somebody assigned a `cum_table` of another law than count^ns_exponent."""
    counts, table = word_counts(model.wv), model.cum_table
    if table is None or len(counts) == 0:
        return False
    table = np.asarray(table)
    return table.shape != counts.shape or not np.array_equal(
        table, cumulative_table(counts, model.ns_exponent, int(table[-1]))
    )


def _noise_distribution(model: Any) -> AliasTable:
    """The noise distribution: that of `cum_table` where somebody assigned another one, else count^ns_exponent.

    Both are the same law; the counts are exact, the table rounds to 1/2^31. A new `ns_exponent` acts, as in gensim,
    when `make_cum_table` is called. Raises ValueError for a table of another length than the vocabulary.
    """
    counts, table = word_counts(model.wv), np.asarray(model.cum_table)
    if not has_own_noise(model):
        return AliasTable.from_counts(counts, model.ns_exponent)
    if table.shape != counts.shape:
        raise ValueError(
            f"cum_table must have an entry for each of the {len(counts)} words, got the shape {table.shape}: "
            "make_cum_table() makes it anew"
        )
    ends = table.astype(np.int64)
    shares: NDArray[np.int64] = ends - np.append(0, ends[:-1])
    if shares.min() < 0 or table[-1] <= 0:
        raise ValueError("cum_table must ascend to a number above 0: make_cum_table() makes it anew")
    return AliasTable.from_counts(shares, 1.0)


def training_weights(model: Any) -> Weights:
    """The model's matrices as the kernel needs them; an array of another form is replaced on the model first.

    Arrays that were assigned from outside are picked up here, at every `train`.
    """
    keyed_vectors = model.wv
    shape = (len(keyed_vectors), int(model.layer1_size))
    keyed_vectors.vectors = _trainable(keyed_vectors.vectors, shape, "wv.vectors")
    if model.hs:
        model.syn1 = _trainable(getattr(model, "syn1", None), shape, "syn1")
    if model.negative:
        model.syn1neg = _trainable(getattr(model, "syn1neg", None), shape, "syn1neg")
    return Weights(
        input_vectors=keyed_vectors.vectors,
        node_vectors=model.syn1 if model.hs else None,
        output_vectors=model.syn1neg if model.negative else None,
        lock_factors=_lock_factors(getattr(keyed_vectors, "vectors_lockf", None), len(keyed_vectors)),
    )


def _trainable(array: Any, shape: tuple[int, int], name: str) -> NDArray[np.float32]:
    """`array` itself if it is a writable C-contiguous float32 matrix of `shape`, else a copy that is."""
    if array is None:
        raise ValueError(
            f"the model has no {name}, which hs=1 (syn1) and negative > 0 (syn1neg) train: it was left out or deleted, "
            "or the setting came later; init_weights() makes all weights anew, the vectors included"
        )
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have the shape {shape} (vocabulary, dimensions), got {np.shape(array)}")
    return np.require(array, dtype=np.float32, requirements=["C", "W", "A"])


def _lock_factors(factors: Any, word_count: int) -> NDArray[np.float32] | None:
    """gensim's `vectors_lockf` for every word; None if nothing is locked.

    gensim takes entry `word id % length`; words that were added after the array was made are free to learn
    (gensim#3094 ran into an IndexError there).
    """
    if factors is None:
        return None
    factors = np.asarray(factors, dtype=np.float32).ravel()
    if len(factors) == 0 or bool(np.all(factors == 1)):
        return None
    bad = np.flatnonzero(~np.isfinite(factors))
    if len(bad):
        raise ValueError(
            f"wv.vectors_lockf must be finite numbers, got {factors[bad[0]]} at {bad[0]}; 1 learns, 0 keeps a vector"
        )
    if len(factors) == 1:
        return np.full(word_count, factors[0], dtype=np.float32)
    full = np.ones(word_count, dtype=np.float32)
    count = min(word_count, len(factors))
    full[:count] = factors[:count]
    return full
