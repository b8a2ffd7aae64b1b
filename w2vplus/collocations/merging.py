"""Phrases are merged into encoded corpora, into token lists, and written as text.

Corpora stay ids: each phrase becomes a further type. Threads take ranges of tokens, cut where no phrase can
be open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus._merging import PhraseMerger, TokenMerger, add_counts, render, renumber_by_first_place
from w2vplus.collocations.counting import connector_mask
from w2vplus.collocations.table import Phrase, PhraseTable
from w2vplus.store import EncodedCorpus, TokenStore

RENDERED_TOKENS = 1 << 20
"""Tokens that are turned into text at a time."""


def apply_phrases(corpus: EncodedCorpus, table: PhraseTable, *, workers: int = 1) -> EncodedCorpus:
    """The corpus with its phrases merged, greedily from left to right within each sentence.

    Types keep their ids; a `Phrase` is appended for each of the table's that the corpus could contain and
    that is no type yet (the words joined in two ways, or before, are one type). Counts are those after
    merging, so they may be 0. Sentences keep their number and weights. `workers` threads share the work and
    change no result.
    """
    table = table.over(corpus.types)
    type_of: dict[Phrase, int] = {}
    if Phrase in set(map(type, corpus.types)):
        type_of = {token: number for number, token in enumerate(corpus.types) if isinstance(token, Phrase)}
    old_phrase_count = len(type_of)
    first_new = len(corpus.types) - old_phrase_count
    phrase_types = np.array(
        [type_of.setdefault(phrase, first_new + len(type_of)) for phrase in table.phrases()], dtype=np.int32
    )
    merger = PhraseMerger(table.component_ids, table.component_starts, phrase_types)
    is_connector = connector_mask(corpus.types, table.connector_words)
    ids, sentence_starts = _merged(merger, corpus.store, is_connector, workers)
    types = [*corpus.types, *list(type_of)[old_phrase_count:]]
    return EncodedCorpus(
        types=types,
        counts=_counts(ids, len(types), workers),
        store=replace(corpus.store, ids=ids, sentence_starts=sentence_starts),
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
    """About as many ranges of about equal length, in order, which together are all tokens."""
    starts, token_count = store.sentence_starts, store.token_count
    cuts = [0]
    for number in range(1, workers):
        position = token_count * number // workers
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
    ids, starts = np.empty(store.token_count, np.int32), np.zeros(store.sentence_count + 1, np.int64)
    ranges = _ranges(merger, store, is_connector, workers)

    def merge(part: _Range) -> int:
        return merger.merge(
            store.ids, store.sentence_starts, is_connector, part.begin, part.end, part.sentence, ids, starts
        )

    with ThreadPoolExecutor(len(ranges), "w2vplus-phrases") as executor:
        written = list(executor.map(merge, ranges))
    total = 0
    for part, count in zip(ranges, written, strict=True):
        starts[part.sentence + 1 : part.end_sentence + 1] += total
        if part.begin != total:
            ids[total : total + count] = ids[part.begin : part.begin + count]
        total += count
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
    keys = written_types(corpus.types, delimiter)
    group_of_key: dict[Hashable, int] = {}
    group_of_type = np.array(
        [group_of_key.setdefault(key, number) for number, key in enumerate(keys)], np.int32
    )
    ids, type_of_id = renumber_by_first_place(corpus.store.ids, group_of_type)
    counts = np.zeros(len(keys), np.int64)
    np.add.at(counts, group_of_type, corpus.counts)
    return EncodedCorpus(
        types=[keys[type_id] for type_id in type_of_id.tolist()],
        counts=counts[group_of_type[type_of_id]],
        store=replace(corpus.store, ids=ids),
    )


def written_types(types: Iterable[Hashable], delimiter: str) -> list[Hashable]:
    """Types with every phrase joined to one string."""
    return [token.joined(delimiter) if type(token) is Phrase else token for token in types]


def merger_of_tokens(tables: Sequence[PhraseTable], delimiter: str) -> tuple[TokenMerger, list[Phrase]]:
    """What merges the phrases of successive passes into lists of strings, and its phrases by number.

    Phrases of an earlier pass are told from tokens that only read like them. Raises TypeError if a word of a
    phrase is not a string.
    """
    number_of: dict[Phrase, int] = {}
    id_of_token: dict[Hashable, int] = {}
    for table in tables:
        for token in (*table.connector_words, *table.types):
            if isinstance(token, Phrase):
                number_of.setdefault(token, len(number_of))
            else:
                id_of_token.setdefault(token, len(id_of_token))
        for phrase in table.phrases():
            number_of.setdefault(phrase, len(number_of))
    first = len(id_of_token)
    passes = []
    for table in tables:
        ids = [
            first + number_of[token] if isinstance(token, Phrase) else id_of_token[token]
            for token in table.types
        ]
        component_ids = np.array(ids, np.int32)[table.component_ids]
        types = np.array([first + number_of[phrase] for phrase in table.phrases()], np.int32)
        passes.append(PhraseMerger(component_ids, table.component_starts, types))
    connector_words = frozenset().union(*(table.connector_words for table in tables))
    is_connector = connector_mask([*id_of_token, *number_of], connector_words)
    phrases = list(number_of)
    written = [phrase.joined(delimiter) for phrase in phrases]
    return TokenMerger(id_of_token, is_connector, tuple(passes), written), phrases


def write_lines(corpus: EncodedCorpus, delimiter: str = "_", *, workers: int = 1) -> Iterator[bytes]:
    """The sentences as lines of UTF-8 text, in pieces of about RENDERED_TOKENS tokens, made by `workers`
    threads ahead of the reader.

    Tokens that are no strings are written as `str` gives them.
    """
    words = list(map(str, written_types(corpus.types, delimiter)))
    letters = np.frombuffer(("\n".join(words) + "\n").encode(), np.uint8).copy()
    ends = np.flatnonzero(letters == ord("\n")) + 1
    if len(ends) != len(words):  # some token contains a line end
        ends = np.cumsum([len(word.encode()) + 1 for word in words], dtype=np.int64)
    letter_starts = np.concatenate([np.zeros(1, np.int64), ends])
    letters[ends - 1] = ord(" ")
    ids, starts = corpus.store.ids, corpus.store.sentence_starts
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(workers, "w2vplus-render") as executor:
        for begin, end in _sentence_pieces(starts):
            waiting.append(executor.submit(render, ids, starts, begin, end, letters, letter_starts))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _sentence_pieces(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of whole sentences with about RENDERED_TOKENS tokens each."""
    begin, count = 0, len(starts) - 1
    while begin < count:
        end = int(np.searchsorted(starts, starts[begin] + RENDERED_TOKENS, side="right")) - 1
        end = max(end, begin + 1)
        yield begin, end
        begin = end
