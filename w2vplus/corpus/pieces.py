"""Pieces of a corpus that is being read: ids and line ends as encoders hand them in, in memory or in files.

`PieceStore` keeps them and gives them back in the order of the text; `TallyStore` keeps their numbers alone, for a
corpus that is only counted. Called by `text_encoding`, `encoding` and `assembly`.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.storage import MOVE_ITEMS, SPILLED_PIECE_BYTES, ItemFile, Storage

LEAST_PIECE_BYTES = 1 << 12

COPY_ITEMS = 1 << 20
"""Items that are read from a file, renumbered and written at a time."""


class _Run:
    """One kind of item of one piece: an array, or a place in a file."""

    def __init__(self, items: NDArray[Any]) -> None:
        self.items: NDArray[Any] | None = items
        self.count = len(items)
        self.place = 0

    def move(self, file: ItemFile) -> None:
        if self.items is not None:
            self.place = file.append(self.items)
            self.items = None


@dataclass(eq=False)
class Piece:
    """A run of the text that one encoder read. Pieces in the order of `key` are the whole text.

    `encoder` numbers the encoder whose ids these are; `first_new_type` and `end_new_type`: the types it met
    here first. `last_space`: tokens of the piece before its last space, or -1.
    """

    key: tuple[int, ...]
    encoder: int
    ids: _Run
    line_ends: _Run
    last_space: int
    first_new_type: int
    end_new_type: int


@dataclass(eq=False)
class PieceTally:
    """What is left of a piece when its ids are not kept: how many tokens, and where its lines end: behind how many
    tokens the first (-1: none), how many sentences lie between that and the last, how many tokens behind it."""

    key: tuple[int, ...]
    encoder: int
    token_count: int
    first_end: int
    inner_sentences: int
    rest: int
    last_space: int
    first_new_type: int
    end_new_type: int


class TallyStore:
    """The pieces of a corpus that is only counted: their ids and boundaries are given back at once.

    Thread-safety: any number of threads may `add`.
    """

    limit = sys.maxsize
    piece_bytes = 1 << 22
    room = 1 << 23

    def __init__(self, max_sentence_length: int | None) -> None:
        self._most = max_sentence_length
        self._lock = threading.Lock()
        self._token_count = 0
        self.pieces: list[PieceTally] = []

    def add(
        self, key: tuple[int, ...], encoder: int, taken: tuple[NDArray[np.int32], NDArray[np.int64], int],
        new_types: tuple[int, int],
    ) -> None:  # fmt: skip
        """Keep the numbers of a piece."""
        ids, line_ends, last_space = taken
        inner = int(sentences_of(np.diff(line_ends), self._most).sum())
        first, last = (int(line_ends[0]), int(line_ends[-1])) if len(line_ends) else (-1, 0)
        tally = PieceTally(key, encoder, len(ids), first, inner, len(ids) - last, last_space, *new_types)
        with self._lock:
            self.pieces.append(tally)
            self._token_count += len(ids)

    def sort(self) -> list[PieceTally]:
        """The pieces in the order of the text."""
        self.pieces.sort(key=lambda piece: piece.key)
        return self.pieces

    def token_count(self) -> int:
        """Of the pieces so far."""
        return self._token_count

    def sentence_count(self) -> int:
        """Of lines; `sort` comes first."""
        count = line = 0
        for piece in self.pieces:
            if piece.first_end < 0:
                line += piece.token_count
                continue
            count += int(sentences_of(np.int64(line + piece.first_end), self._most)) + piece.inner_sentences
            line = piece.rest
        return count


def sentences_of(line_lengths: Any, max_sentence_length: int | None) -> Any:
    """How many sentences lines of so many tokens become, int64; a blank one becomes none."""
    return line_lengths > 0 if max_sentence_length is None else -(-line_lengths // max_sentence_length)


class PieceStore:
    """The pieces of a corpus while it is read, and its final arrays.

    Thread-safety: any number of threads may `add`; the rest is for one thread, afterwards.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._bytes = 0
        self._ids_file: ItemFile | None = None
        self._line_file: ItemFile | None = None
        self.pieces: list[Piece] = []

    @property
    def spilled(self) -> bool:
        """Whether the pieces lie in files."""
        return self._ids_file is not None

    @property
    def limit(self) -> int:
        """Bytes that stay in memory."""
        return self._storage.limit

    @property
    def room(self) -> int:
        """Bytes of ids that may be foreseen in one array."""
        return 2 * self._storage.limit

    @property
    def piece_bytes(self) -> int:
        """Bytes that an encoder may hold back before it hands in a piece: much while pieces stay in memory,
        for one piece need not be copied."""
        most = SPILLED_PIECE_BYTES if self.spilled else self._storage.limit
        return max(min(self._storage.limit // 8, most), LEAST_PIECE_BYTES)

    def add(
        self, key: tuple[int, ...], encoder: int, taken: tuple[NDArray[np.int32], NDArray[np.int64], int],
        new_types: tuple[int, int],
    ) -> None:  # fmt: skip
        """Keep a piece; raises OSError if it had to go to disk and could not."""
        ids, line_ends, last_space = taken
        piece = Piece(key, encoder, _Run(ids), _Run(line_ends), last_space, *new_types)
        with self._lock:
            self.pieces.append(piece)
            self._bytes += ids.nbytes + line_ends.nbytes
            if not self.spilled and self._bytes <= self._storage.limit:
                return
            if self._ids_file is None or self._line_file is None:
                self._ids_file = ItemFile(np.int32)
                self._line_file = ItemFile(np.int64)
                moved = self.pieces
            else:
                moved = [piece]
            for one in moved:
                one.ids.move(self._ids_file)
                one.line_ends.move(self._line_file)

    def sort(self) -> list[Piece]:
        """The pieces in the order of the text."""
        self.pieces.sort(key=lambda piece: piece.key)
        return self.pieces

    def token_count(self) -> int:
        return sum(piece.ids.count for piece in self.pieces)

    def line_ends_of(self, piece: Piece) -> NDArray[np.int64]:
        """int64, by token of the piece."""
        return self._items(piece.line_ends, self._line_file)

    @staticmethod
    def _items(run: _Run, file: ItemFile | None) -> NDArray[Any]:
        if run.items is not None:
            return run.items
        assert file is not None
        return file.read(run.place, run.count)

    def new_array(self, dtype: type[np.generic], parts: Iterator[NDArray[Any]]) -> NDArray[Any]:
        """The parts as one array, in a mapped file if the pieces are in files."""
        if not self.spilled:
            return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)
        file = ItemFile(dtype)
        for part in parts:
            file.append(part)
        array = file.mapped()
        file.close()
        return array

    def ids_in_order(
        self, new_ids: list[NDArray[np.int32] | None], write: Callable[..., None],
        each: Callable[[deque[Callable[[], None]]], None],
    ) -> NDArray[np.int32]:  # fmt: skip
        """int32, all ids in the order of the text.

        `new_ids[encoder]` renumbers those of an encoder (None: they stay). `write(target, ids, new_ids)`
        writes renumbered ids; `each(work)` calls the functions, side by side if it likes, and leaves `work` empty: a
        piece's memory is given back when the last function that knows it is gone.
        """
        if self._ids_file is not None:
            return self._ids_from_file(self._ids_file, new_ids, write)
        if not self.pieces:
            return np.empty(0, np.int32)
        whole = self._room()
        work: deque[Callable[[], None]] = deque()
        begin = 0
        for piece in self.pieces:
            ids = piece.ids.items
            assert ids is not None
            target = whole[begin : begin + len(ids)]
            for at in range(0, len(ids), MOVE_ITEMS) if begin or not np.shares_memory(target, ids) else ():
                part = slice(at, at + MOVE_ITEMS)
                work.append(partial(write, target[part], ids[part], new_ids[piece.encoder]))
            begin += len(ids)
            piece.ids.items = None
        del ids, target
        each(work)
        return whole

    def _room(self) -> NDArray[np.int32]:
        """An array for all ids: the first piece's own, which keep their numbers, if there is room behind them."""
        count, first = self.token_count(), self.pieces[0].ids.items
        room = None if first is None else first.base
        return room[:count] if isinstance(room, np.ndarray) and len(room) >= count else np.empty(count, np.int32)

    def _ids_from_file(
        self, file: ItemFile, new_ids: list[NDArray[np.int32] | None], write: Callable[..., None]
    ) -> NDArray[np.int32]:
        """As it is, if one encoder wrote it in order; otherwise written anew, block by block."""
        places = [piece.ids.place for piece in self.pieces]
        if all(one is None for one in new_ids) and places == sorted(places):
            ids: NDArray[np.int32] = file.mapped()
        else:

            def blocks() -> Iterator[NDArray[np.int32]]:
                for piece in self.pieces:
                    for begin in range(0, piece.ids.count, COPY_ITEMS):
                        block = file.read(piece.ids.place + begin, min(COPY_ITEMS, piece.ids.count - begin))
                        write(block, block, new_ids[piece.encoder])
                        yield block

            ids = self.new_array(np.int32, blocks())
        file.close()
        return ids

    def close(self) -> None:
        """Give the files back; arrays made of them stay."""
        for file in (self._ids_file, self._line_file):
            if file is not None:
                file.close()
