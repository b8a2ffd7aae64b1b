"""Phrases are merged into encoded corpora.

Corpora stay ids: each phrase becomes a further type. Threads take ranges of tokens, cut where no phrase can
be open.
"""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus._merging import PhraseMerger, add_counts, renumber_by_first_place
from w2vplus.collocations.counting import PIECE_TOKENS, connector_mask
from w2vplus.collocations.table import Phrase, PhraseTable, phrase_places
from w2vplus.storage import MOVE_ITEMS, is_mapped, zeros_kept_like
from w2vplus.store import EncodedCorpus, TokenStore


def apply_phrases(corpus: EncodedCorpus, table: PhraseTable, *, workers: int = 1) -> EncodedCorpus:
    """The corpus with its phrases merged, greedily from left to right within each sentence.

    Types keep their ids; a `Phrase` is appended for each of the table's that the corpus could contain and
    that is no type yet (the words joined in two ways, or before, are one type). Counts are those after
    merging, so they may be 0. Sentences keep their number and weights. `workers` threads share the work and
    change no result.
    """
    table = table.over(corpus.types)
    old_places = phrase_places(corpus.types)
    # By words, for tuples are hashed without a call of Python.
    type_of: dict[tuple[Hashable, ...], int] = {
        corpus.types[place].words: place for place in old_places  # type: ignore[attr-defined]
    }
    first_new = len(corpus.types) - len(type_of)
    phrase_types = np.array(
        [type_of.setdefault(phrase.words, first_new + len(type_of)) for phrase in table.phrases()], dtype=np.int32
    )
    merger = PhraseMerger(table.component_ids, table.component_starts, phrase_types)
    is_connector = connector_mask(corpus.types, table.connector_words)
    ids, sentence_starts = _merged(merger, corpus.store, is_connector, workers)
    types = [*corpus.types, *map(Phrase, list(type_of)[len(old_places) :])]
    return EncodedCorpus.trusted(
        types=types,
        counts=_counts(ids, len(types), workers),
        store=_with_ids(corpus.store, ids, sentence_starts),
    )


class _Range(NamedTuple):
    """Tokens begin .. end - 1; `sentence` is the first that ends behind `begin`."""

    begin: int
    end: int
    sentence: int
    end_sentence: int


def _ranges(
    merger: PhraseMerger, store: TokenStore, is_connector: NDArray[np.uint8], workers: int
) -> list[_Range]:
    """Ranges of about equal length, in order, which together are all tokens: at least one for each of the `workers`,
    and so many that an interrupt between them is soon heard."""
    starts, token_count = store.sentence_starts, store.token_count
    count = max(workers, token_count // PIECE_TOKENS)
    cuts = [0]
    for number in range(1, count):
        position = token_count * number // count
        if position <= cuts[-1]:
            continue
        sentence = int(np.searchsorted(starts[1:], position, side="right"))
        cuts.append(merger.safe_cut(store.ids, starts, is_connector, position, sentence))
    cuts = sorted({cut for cut in cuts if cut < token_count} | {0})
    ends = [*cuts[1:], token_count]
    sentences = [
        0,
        *(int(np.searchsorted(starts[1:], cut, side="right")) for cut in cuts[1:]),
        len(starts) - 1,
    ]
    return [_Range(*row) for row in zip(cuts, ends, sentences[:-1], sentences[1:], strict=True)]


def _merged(
    merger: PhraseMerger, store: TokenStore, is_connector: NDArray[np.uint8], workers: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    ids = zeros_kept_like(store.ids, store.token_count, np.int32)
    starts = zeros_kept_like(store.ids, store.sentence_count + 1, np.int64)
    ranges = _ranges(merger, store, is_connector, workers)

    def merge(part: _Range) -> int:
        return merger.merge(
            store.ids, store.sentence_starts, is_connector, part.begin, part.end, part.sentence, ids, starts
        )

    executor = ThreadPoolExecutor(min(workers, len(ranges)), "w2vplus-phrases")
    try:
        written = list(executor.map(merge, ranges))
    finally:
        executor.shutdown(cancel_futures=True)  # those that were not begun, after an interrupt
    total = 0
    for part, count in zip(ranges, written, strict=True):
        starts[part.sentence + 1 : part.end_sentence + 1] += total
        if part.begin != total:
            for at in range(0, count, MOVE_ITEMS):  # by blocks, for what overlaps is copied first
                size = min(MOVE_ITEMS, count - at)
                ids[total + at : total + at + size] = ids[part.begin + at : part.begin + at + size]
        total += count
    if is_mapped(ids):
        return ids[:total], starts
    ids.resize(total, refcheck=False)
    return ids, starts


def _counts(ids: NDArray[np.int32], type_count: int, workers: int) -> NDArray[np.int64]:
    counts = np.zeros((workers, type_count), np.int64)
    with ThreadPoolExecutor(workers, "w2vplus-phrases") as executor:
        list(executor.map(add_counts, np.array_split(ids, workers), counts))
    total: NDArray[np.int64] = counts.sum(axis=0)
    return total


def join_phrases(corpus: EncodedCorpus, delimiter: str = "_") -> EncodedCorpus:
    """The corpus with every `Phrase` type written as a string, its words joined by `delimiter`.

    Types are numbered anew in order of first occurrence, as if the phrased text had been encoded, and types
    that do not occur are gone. A token of the text that reads like a phrase's string becomes one type
    with it. Raises TypeError if a word of a phrase is not a string.
    """
    written, places = list(corpus.types), phrase_places(corpus.types)
    for place in places:
        written[place] = written[place].joined(delimiter)  # type: ignore[attr-defined]
    group_of_type = _groups_of_equals(written, places)
    ids = zeros_kept_like(corpus.store.ids, corpus.token_count, np.int32)
    type_of_id = renumber_by_first_place(corpus.store.ids, group_of_type, ids)
    counts = np.bincount(group_of_type, corpus.counts, len(written)).astype(np.int64)
    return EncodedCorpus.trusted(
        types=[written[type_id] for type_id in type_of_id.tolist()],
        counts=counts[group_of_type[type_of_id]],
        store=_with_ids(corpus.store, ids, corpus.store.sentence_starts),
    )


def _groups_of_equals(written: list[Hashable], phrases: list[int]) -> NDArray[np.int32]:
    """int32 (n_types,): the same number for types that are written alike. Only those at `phrases` can be like
    others.
    """
    groups = np.arange(len(written), dtype=np.int32)
    group_of: dict[Hashable, int] = {}
    for place in phrases:
        groups[place] = group_of.setdefault(written[place], place)
    if group_of:
        for place, token in enumerate(written):
            if token in group_of:
                groups[place] = group_of[token]
    return groups


def _with_ids(store: TokenStore, ids: NDArray[np.int32], starts: NDArray[np.int64]) -> TokenStore:
    """The store with other ids, which are known to fit; they are not looked through."""
    if store.sentence_weights is None:
        return TokenStore.trusted(ids, starts)
    return replace(store, ids=ids, sentence_starts=starts)
