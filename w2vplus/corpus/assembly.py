"""Pieces of a text that several encoders read become one corpus: one numbering of types, one run of
sentences.

Called by `text_encoding` when all pieces are there. Types are numbered in the order in which the text has
them: each piece knows which types its encoder met in it first, so going through the pieces in order meets
every type where it occurs first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._text import TextEncoder, write_renumbered
from w2vplus.corpus.lines import TextCorpus
from w2vplus.storage import Piece, PieceStore
from w2vplus.store import EncodedCorpus, TokenStore


def assemble(store: PieceStore, encoders: list[TextEncoder], corpus: TextCorpus) -> EncodedCorpus:
    """The pieces as one corpus by the law of sentences of `corpus`; the pieces are used up."""
    pieces = store.sort()
    starts = _sentence_starts(store, pieces, corpus)
    if len(encoders) == 1:
        ids = store.ids_in_order([None], write_renumbered, _in_turn)
        types, counts = encoders[0].types(), encoders[0].counts()
        return EncodedCorpus.trusted(types, counts, TokenStore.trusted(ids, starts))
    with ThreadPoolExecutor(len(encoders) + 1, "w2vplus-join") as executor:

        def side_by_side(place: Callable[[Piece, int], None], items: list[tuple[Piece, int]]) -> None:
            for _ in executor.map(lambda item: place(*item), items):
                pass

        # Strings need the interpreter, merging tables does not: the one runs beside the other.
        whole, own_count = encoders[0], encoders[0].type_count
        whole.reserve_types(encoders[1:])
        merging = executor.submit(_merged_ids, encoders, pieces)
        types = whole.types(0, own_count)
        order, new_ids = merging.result()
        writing = executor.submit(store.ids_in_order, new_ids, write_renumbered, side_by_side)
        types += whole.types(own_count)
        counts = whole.counts()
        if order is not None:
            types = [types[type_id] for type_id in order.tolist()]
            counts = counts[order]
        ids = writing.result()
    return EncodedCorpus.trusted(types, counts, TokenStore.trusted(ids, starts))


def sentences_in_order(store: PieceStore, new_ids: list[NDArray[np.int32] | None]) -> TokenStore:
    """The pieces of sentences that are encoded apart, where every line end is the end of a sentence, empty or
    not."""

    def parts() -> Iterator[NDArray[Any]]:
        yield np.zeros(1, np.int64)
        token_count = 0
        for piece in store.pieces:
            yield store.line_ends_of(piece) + token_count
            token_count += piece.ids.count

    starts = store.new_array(np.int64, parts())
    return TokenStore.trusted(store.ids_in_order(new_ids, write_renumbered, _in_turn), starts)


def _in_turn(place: Callable[[Piece, int], None], items: list[tuple[Piece, int]]) -> None:
    for item in items:
        place(*item)


def _merged_ids(
    encoders: list[TextEncoder], pieces: list[Piece]
) -> tuple[NDArray[np.int64] | None, list[NDArray[np.int32] | None]]:
    """The first encoder takes in the types of the others; (its ids in the order of the text, None if that is
    how they are; for each encoder the final ids of its own, None if they stay)."""
    whole, *others = encoders
    own = np.arange(whole.type_count, dtype=np.int32)
    joined = [own, *(whole.absorb_types(other) for other in others)]
    runs = [joined[piece.encoder][piece.first_new_type : piece.end_new_type] for piece in pieces]
    met = np.concatenate([np.empty(0, np.int32), *runs])
    # Of equal entries the one that is written last stays: from the back, that is the first occurrence.
    first_place = np.empty(whole.type_count, np.int64)
    first_place[met[::-1]] = np.arange(len(met) - 1, -1, -1)
    order: NDArray[np.int64] = met[first_place[met] == np.arange(len(met))].astype(np.int64)
    if np.array_equal(order, np.arange(len(order))):
        return None, [None, *joined[1:]]
    final_id = np.empty(len(order), np.int32)
    final_id[order] = np.arange(len(order), dtype=np.int32)
    return order, [final_id[ids] for ids in joined]


def _sentence_starts(store: PieceStore, pieces: list[Piece], corpus: TextCorpus) -> NDArray[np.int64]:
    """int64, of all sentences."""
    if corpus.one_stream:
        token_count = cuttable = 0
        for piece in pieces:
            if piece.last_space >= 0:
                cuttable = token_count + piece.last_space
            token_count += piece.ids.count
        return stream_sentence_starts(token_count, cuttable, corpus.max_sentence_length)

    def parts() -> Iterator[NDArray[Any]]:
        yield np.zeros(1, np.int64)
        token_count = last_end = 0
        for piece in pieces:
            line_ends = store.line_ends_of(piece) + token_count
            starts = line_sentence_starts(line_ends, corpus.max_sentence_length, last_end)
            yield starts[1:]
            last_end = int(starts[-1])
            token_count += piece.ids.count

    return store.new_array(np.int64, parts())


def line_sentence_starts(
    line_ends: NDArray[np.int64], max_sentence_length: int | None, first: int = 0
) -> NDArray[np.int64]:
    """Sentence starts, int64, of lines from token `first` on that end at these positions (ascending), blank
    lines left out.

    A line longer than `max_sentence_length` becomes several sentences, all but its last one of that length.
    """
    starts: NDArray[np.int64] = np.concatenate([np.full(1, first, np.int64), line_ends])
    starts = starts[np.append(True, starts[1:] != starts[:-1])]
    if max_sentence_length is None:
        return starts
    lengths = np.diff(starts)
    if len(lengths) == 0 or lengths.max() <= max_sentence_length:
        return starts
    pieces = -(-lengths // max_sentence_length)
    first_piece = np.cumsum(pieces) - pieces
    number_in_line = np.arange(pieces.sum()) - np.repeat(first_piece, pieces)
    return np.append(np.repeat(starts[:-1], pieces) + number_in_line * max_sentence_length, starts[-1])


def stream_sentence_starts(
    token_count: int, cuttable: int, max_sentence_length: int | None
) -> NDArray[np.int64]:
    """Sentence starts, int64, of a text cut every so many tokens, but not behind token `cuttable`."""
    step = max(max_sentence_length or sys.maxsize, 1)
    starts = np.arange(0, cuttable + 1, step, dtype=np.int64)
    return starts if starts[-1] == token_count else np.append(starts, np.int64(token_count))
