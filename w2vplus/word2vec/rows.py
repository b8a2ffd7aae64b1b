"""The rows of a model's words: those of words that came in by another door, and the order of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2vplus.vocabulary import UINT32_MAX
from w2vplus.word2vec import tables

OUTPUTS = ("syn1", "syn1neg")
NO_PATH = {"code": np.empty(0, np.uint8), "point": np.empty(0, np.uint32)}


def take_in_added_words(model: Any) -> None:
    """Give words that `wv.add_vectors` added what all others have: a count, of 0, and output weights of 0. They are
    never drawn as noise, never left out, and have no path in a Huffman tree until `build_vocab(update=True)` grafts it.

    gensim leaves the model without, and goes wrong later.
    """
    keyed_vectors, outputs = model.wv, [name for name in OUTPUTS if getattr(model, name, None) is not None]
    words, columns = len(keyed_vectors.index_to_key), keyed_vectors.expandos
    known = min([words, *(len(getattr(model, name)) for name in outputs), *map(len, columns.values())])
    if known == words or "count" not in columns:
        return
    keyed_vectors.allocate_vecattrs()
    for name, path in NO_PATH.items():
        for word in range(known, words) if name in columns else ():
            columns[name][word] = path
    if "sample_int" in columns:
        columns["sample_int"][known:] = UINT32_MAX
    for name in outputs:
        matrix = getattr(model, name)
        missing = words - len(matrix)
        setattr(model, name, np.concatenate([matrix, np.zeros((missing, matrix.shape[1]), matrix.dtype)]))
    if model.cum_table is not None and 0 < len(model.cum_table) < words:
        model.cum_table = np.pad(model.cum_table, (0, words - len(model.cum_table)), mode="edge")


def sort_words(model: Any) -> None:
    """Order the words by descending count, equally frequent ones as they are, with all that belongs to them."""
    take_in_added_words(model)
    keyed_vectors = model.wv
    order = np.argsort(-tables.word_counts(keyed_vectors), kind="stable")
    if np.array_equal(order, np.arange(len(order))):
        return
    has_own_noise = tables.has_own_noise(model)
    keyed_vectors.index_to_key = [keyed_vectors.index_to_key[word] for word in order.tolist()]
    keyed_vectors.key_to_index = {word: number for number, word in enumerate(keyed_vectors.index_to_key)}
    keyed_vectors.vectors, keyed_vectors.norms = keyed_vectors.vectors[order], None
    for name, column in keyed_vectors.expandos.items():
        keyed_vectors.expandos[name] = column[order]
    factors = getattr(keyed_vectors, "vectors_lockf", None)
    if factors is not None and len(factors) > 1:
        full = np.ones(len(order), np.float32)
        full[: len(factors)] = factors[: len(order)]
        keyed_vectors.vectors_lockf = full[order]
    if getattr(model, "syn1neg", None) is not None:  # the rows of syn1 are inner nodes
        model.syn1neg = model.syn1neg[order]
    if has_own_noise:
        model.cum_table = np.cumsum(np.diff(model.cum_table.astype(np.int64), prepend=0)[order]).astype(np.uint32)
    elif model.cum_table is not None:
        model.make_cum_table()
