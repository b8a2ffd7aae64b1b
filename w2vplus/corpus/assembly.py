"""Pieces of a text that several encoders read become one corpus: one numbering of types, one run of
sentences.

Called by `text_encoding` when all pieces are there. Types are numbered in the order in which the text has
them: each piece knows which types its encoder met in it first, so going through the pieces in order meets
every type where it occurs first.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from w2vplus._numbering import TypeNumbering, write_renumbered
from w2vplus._text import TextEncoder, TypeStrings
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.pieces import Piece, PieceStore, PieceTally, TallyStore
from w2vplus.store import EncodedCorpus, TokenStore, TypeCounts

Written = TypeVar("Written")
Sentences = TypeVar("Sentences")


def assemble(
    store: PieceStore, encoders: list[TextEncoder], corpus: TextCorpus, workers: int, crew: Executor
) -> EncodedCorpus:
    """The pieces as one corpus by the law of sentences of `corpus`; the pieces are used up. `crew`: idle threads, as
    many as `workers`."""
    pieces = store.sort()
    types, counts, ids, starts = _one_numbering(
        encoders, pieces, workers, crew, partial(store.ids_in_order, write=write_renumbered),
        partial(_sentence_starts, store, pieces, corpus),
    )  # fmt: skip
    return EncodedCorpus.trusted(types, counts, TokenStore.trusted(ids, starts))


def assemble_counts(
    store: TallyStore, encoders: list[TextEncoder], corpus: TextCorpus, workers: int, crew: Executor
) -> TypeCounts:
    """The same for a corpus whose ids nobody kept."""
    pieces = store.sort()

    def sentence_count() -> int:
        if not corpus.one_stream:
            return store.sentence_count()
        runs = [(piece.token_count, piece.last_space) for piece in pieces]
        return len(stream_sentence_starts(*_cuttable(runs), corpus.max_sentence_length)) - 1

    types, counts, _, sentences = _one_numbering(
        encoders, pieces, workers, crew, lambda new_ids, each: None, sentence_count
    )
    return TypeCounts(types, counts, 0, store.token_count(), sentences)


def _one_numbering(
    encoders: list[TextEncoder], pieces: Sequence[Piece | PieceTally], workers: int, crew: Executor,
    write: Callable[..., Written], cut: Callable[[], Sentences],
) -> tuple[TypeStrings, NDArray[np.int64], Written, Sentences]:  # fmt: skip
    """All types in the order of the text, their counts, what `write(new_ids=..., each=...)` returns: it is called
    as soon as it is known which ids an encoder's become, and what `cut()` does, in another thread."""
    if len(encoders) == 1:
        sentences = cut()
        written, counts = write(new_ids=[None], each=_in_turn), encoders[0].counts()
        return encoders[0].take_types(), counts, written, sentences
    # The encoder that read the beginning comes first: its ids of that run stay.
    order = sorted(range(len(encoders)), key=lambda encoder: encoder != pieces[0].encoder)
    places = {encoder: place for place, encoder in enumerate(order)}
    runs = [(places[piece.encoder], piece.first_new_type, piece.end_new_type) for piece in pieces]
    numbering = TypeNumbering([encoders[encoder] for encoder in order], runs)
    shares = [(place, share, workers) for place in range(len(order)) for share in range(workers)]
    finding = [crew.submit(numbering.find, *share) for share in shares]
    cutting = crew.submit(cut)
    for one in finding:
        one.result()
    numbering.number()
    new_ids: list[NDArray[np.int32] | None] = [numbering.new_ids(places[encoder]) for encoder in range(len(encoders))]
    gathering = crew.submit(numbering.types)
    written = write(new_ids=new_ids, each=partial(_side_by_side, crew))
    return gathering.result(), numbering.counts(), written, cutting.result()


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


def _in_turn(work: deque[Callable[[], None]]) -> None:
    while work:
        work.popleft()()


def _side_by_side(crew: Executor, work: deque[Callable[[], None]]) -> None:
    done = crew.map(lambda one: one(), work)
    work.clear()  # the crew drops each that it has called
    for _ in done:
        pass


def _sentence_starts(store: PieceStore, pieces: list[Piece], corpus: TextCorpus) -> NDArray[np.int64]:
    """int64, of all sentences."""
    if corpus.one_stream:
        runs = [(piece.ids.count, piece.last_space) for piece in pieces]
        return stream_sentence_starts(*_cuttable(runs), corpus.max_sentence_length)

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


def _cuttable(runs: list[tuple[int, int]]) -> tuple[int, int]:
    """Tokens of all runs, and those before the last space; of each run its tokens and those before its last space, or
    -1."""
    token_count = cuttable = 0
    for count, last_space in runs:
        if last_space >= 0:
            cuttable = token_count + last_space
        token_count += count
    return token_count, cuttable


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
