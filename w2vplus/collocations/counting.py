"""An encoded corpus becomes counts of its words and of its phrase candidates; several threads share the
work.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus._pairs import PairCounter
from w2vplus.corpus import PassingText
from w2vplus.store import EncodedCorpus, TokenStore

LEAST_MAX_PAIRS = 1024
"""The least limit of pairs in memory that `count_candidates` accepts."""

LEAST_SHARE = 100_000
"""So many tokens are counted before another thread would have begun."""

PIECE_TOKENS = 1 << 22
"""That are counted, or joined to phrases, without a pause."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of a corpus as parallel arrays of type ids, sorted by (first, last, run).

    `firsts`, `lasts`: int32; `runs`: int64, numbers for `CandidateCounts.connector_run`, 0 for none;
    `counts`: int64.
    """

    firsts: NDArray[np.int32]
    runs: NDArray[np.int64]
    lasts: NDArray[np.int32]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.counts)

    def where(self, kept: NDArray[np.bool_]) -> Candidates:
        """Those of the candidates for which `kept` (bool, as many) holds."""
        return Candidates(self.firsts[kept], self.runs[kept], self.lasts[kept], self.counts[kept])

    def order(self) -> NDArray[np.int64]:
        """What sorts them by (first, last, run)."""
        return np.lexsort((self.runs, self.lasts, self.firsts)).astype(np.int64)


@dataclass(frozen=True)
class CountingLoss:
    """What a limit of pairs in memory cost: no count is too low by more than `missed`, none is too high.

    `forgotten`: how often a rare pair was dropped. Both are 0 where every pair was kept.
    """

    missed: int = 0
    forgotten: int = 0

    def __bool__(self) -> bool:
        return self.forgotten > 0


@dataclass(frozen=True)
class CandidateCounts:
    """All that scoring needs to know of a corpus.

    `word_counts`: int64 (n_types,), 0 for connector words. `total_words`: tokens, connectors included.
    `shares`: the candidates, each in one of the counters. `room`: what `word_counts` is the beginning of,
    zeros behind it, if more types can be added without copying it.
    """

    word_counts: NDArray[np.int64]
    total_words: int
    shares: Sequence[PairCounter]
    room: NDArray[np.int64] | None = None

    @property
    def candidate_count(self) -> int:
        """Distinct candidates."""
        return sum(len(share) for share in self.shares)

    @property
    def vocabulary_size(self) -> int:
        """Distinct words that are no connectors, plus distinct candidates: the default scoring's V."""
        return int(np.count_nonzero(self.word_counts)) + self.candidate_count

    @property
    def loss(self) -> CountingLoss:
        """What counting with a limit of pairs missed."""
        return CountingLoss(
            max((share.missed for share in self.shares), default=0),
            sum(share.forgotten for share in self.shares),
        )

    def candidates(self, least_count: int = 1, *, ordered: bool = True) -> Candidates:
        """The candidates that occur at least `least_count` times."""
        parts = [share.candidates(least_count) for share in self.shares]
        found = Candidates(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        if not ordered:
            return found
        order = found.order()
        return Candidates(found.firsts[order], found.runs[order], found.lasts[order], found.counts[order])

    def connector_run(self, run: int) -> tuple[int, ...]:
        """The type ids of a run's connectors, in text order."""
        return self.shares[0].connector_run(run)  # all shares number the runs alike

    def count_of(self, type_ids: Sequence[int]) -> int:
        """Occurrences of the candidate first word, connectors, last word."""
        for share in self.shares:
            if count := share.count_of(type_ids):
                return count
        return 0


def count_candidates(
    corpus: EncodedCorpus,
    connector_words: Set[Hashable] = frozenset(),
    *,
    workers: int = 1,
    max_pairs: int | None = None,
) -> CandidateCounts:
    """Count the words and the candidates of a corpus with `workers` threads, whose number changes no result.

    `max_pairs` bounds memory (some 40 bytes a pair): once there are more distinct candidates, the rarest are
    forgotten until half are left. `CandidateCounts.loss` says by how much counts may then be too low at
    most (the scheme of Manku and Motwani 2002, "Approximate frequency counts over data streams").

    Raises ValueError for arguments out of range, OverflowError if a candidate occurs 2^32 times, MemoryError.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if max_pairs is not None and max_pairs < LEAST_MAX_PAIRS:
        raise ValueError(f"max_pairs must be at least {LEAST_MAX_PAIRS}, got {max_pairs}")
    # What is forgotten depends on how the pairs are shared out: one share then.
    share_count = 1 if max_pairs is not None else min(workers, 1 + corpus.store.token_count // LEAST_SHARE)
    shares = [PairCounter(number, share_count, max_pairs or 0) for number in range(share_count)]
    is_connector = connector_mask(corpus.types, connector_words)
    with ThreadPoolExecutor(share_count, "w2vplus-phrases") as executor:
        in_turn = map if share_count == 1 else executor.map
        for piece in _pieces(corpus.store):
            list(in_turn(partial(_count_piece, piece, is_connector), shares))
    return CandidateCounts(np.where(is_connector, 0, corpus.counts), corpus.store.token_count, shares)


class _Piece(NamedTuple):
    """Some tokens of a corpus, and where sentences start among them; the first goes on with the last of the piece
    before if `goes_on`."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    goes_on: bool


def _pieces(store: TokenStore) -> Iterator[_Piece]:
    """All tokens, so many at a time that an interrupt between them is soon heard."""
    starts = store.sentence_starts
    for begin in range(0, store.token_count, PIECE_TOKENS):
        end = min(begin + PIECE_TOKENS, store.token_count)
        first, last = np.searchsorted(starts, begin, "right") - 1, np.searchsorted(starts, end, "left")
        yield _Piece(store.ids[begin:end], starts[first : last + 1].clip(begin, end) - begin, starts[first] < begin)


def _count_piece(piece: _Piece, is_connector: NDArray[np.uint8], share: PairCounter) -> None:
    share.count(piece.ids, piece.starts, is_connector, 0, len(piece.starts) - 1, piece.goes_on)


def count_passing(
    text: PassingText, connector_words: Set[Hashable] = frozenset(), *, workers: int = 1
) -> CandidateCounts:
    """As `count_candidates`, of a text that is read on the way and not kept: `text.blocks()` is used up.

    One thread reads and encodes, the others count behind it. Raises as reading and as `count_candidates` do.
    """
    share_count = max(1, workers - 1)
    shares = [PairCounter(number, share_count) for number in range(share_count)]
    unmet, connector_ids = {word for word in connector_words if isinstance(word, str)}, []
    with ThreadPoolExecutor(share_count, "w2vplus-phrases") as executor:
        counting: list[Future[None]] = []
        for ids, starts in text.blocks():
            met = {word: text.id_of(word) for word in unmet}
            connector_ids += [type_id for type_id in met.values() if type_id >= 0]
            unmet = {word for word, type_id in met.items() if type_id < 0}
            is_connector = np.zeros(text.type_count, np.uint8)
            is_connector[connector_ids] = 1
            for future in counting:
                future.result()
            arguments = (ids, starts, is_connector, 0, len(starts) - 1, True)
            counting = [executor.submit(share.count, *arguments) for share in shares]
            if workers == 1:
                counting[0].result()
        for future in counting:
            future.result()
    word_counts = text.counts()
    word_counts[connector_ids] = 0
    return CandidateCounts(word_counts, text.token_count, shares)


def merged_counts(
    counts: CandidateCounts, others: CandidateCounts, new_ids: NDArray[np.int32], type_count: int
) -> CandidateCounts:
    """The counts of two corpora together; `counts` is used up.

    Type t of the other corpus is `new_ids[t]` (int32) among the `type_count` types of both. Raises
    OverflowError if a candidate occurs 2^32 times.
    """
    room = counts.room
    if room is None or len(room) < type_count:
        room = np.zeros(type_count + type_count // 4, np.int64)
        room[: len(counts.word_counts)] = counts.word_counts
    word_counts = room[:type_count]
    word_counts[new_ids] += others.word_counts
    for share in counts.shares:
        for other in others.shares:
            share.merge(other, new_ids)
    return CandidateCounts(word_counts, counts.total_words + others.total_words, counts.shares, room)


def connector_mask(types: Sequence[Hashable], connector_words: Set[Hashable]) -> NDArray[np.uint8]:
    """1 for every type that is a connector word."""
    mask = np.zeros(len(types), dtype=np.uint8)
    if connector_words:
        mask[:] = np.fromiter((token in connector_words for token in types), dtype=np.uint8, count=len(types))
    return mask
