"""An epoch's tokens as blocks, chunks and positions: everything about training that depends on place alone.

The trainer cuts the token stream here; faces make the blocks from a whole store or from streamed sentences. A
position can be told again after a restart: it carries a digest of the words before it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import CheckpointError
from w2vplus.store import TokenStore, concatenate_stores

CHUNK_TOKENS = 8192
"""Raw tokens that are trained at one learning rate by one thread, at most."""

MOST_WORK = 2_000_000_000
"""Multiply-adds of a chunk, about; one of more is cut into several. A worker that was told to stop finishes its chunk,
and so many take a slow core a second at most."""


@dataclass(frozen=True)
class Block:
    """Whole sentences of one epoch; the offsets [begin, end) are to be trained, the rest is context. `first_position`
    and `first_sentence` are the words and sentences of the epoch before it."""

    store: TokenStore
    first_position: int
    begin: int
    end: int
    first_sentence: int = 0

    def sentences_before(self, offset: int) -> float:
        """Sentences of the epoch before `offset`; of the one that it lies in, the share that is before it."""
        starts = self.store.sentence_starts
        sentence = int(starts.searchsorted(offset, side="right")) - 1
        if sentence == self.store.sentence_count:  # the end, with the empty sentences there
            return float(self.first_sentence + sentence)
        start, end = int(starts[sentence]), int(starts[sentence + 1])
        return self.first_sentence + sentence + (offset - start) / (end - start)


@dataclass(frozen=True)
class Position:
    """A chunk border in a run: every raw word before it is trained, none after it.

    `offset`: raw words of `epoch` before the border. `digest`: of these words' ids, of sentence starts and weights, in
    hex, if digests are taken; the same words give the same digest, however they were cut into blocks.
    `sentences`: of `epoch` before the border, as `Block.sentences_before` counts them.
    """

    epoch: int = 0
    offset: int = 0
    digest: str = ""
    sentences: float = 0.0


def whole_block(store: TokenStore) -> Iterator[Block]:
    """The one block of an epoch that lies in memory whole."""
    yield Block(store, 0, 0, store.token_count)


def aligned_blocks(stores: Iterable[TokenStore]) -> Iterator[Block]:
    """Cut streamed sentences into blocks that end at chunk borders.

    The sentence that holds the border is carried into the next block, so that its windows stay whole. An exception of
    `stores` is raised behind the last block of what they gave.
    """
    carried: TokenStore | None = None
    failure: Exception | None = None
    first_position = first_sentence = begin = 0
    stores = iter(stores)
    while True:
        try:
            store = next(stores)
        except StopIteration:
            break
        except Exception as error:  # raised after what came before it
            failure = error
            break
        joined = store if carried is None else concatenate_stores([carried, store])
        end = (first_position + joined.token_count) // CHUNK_TOKENS * CHUNK_TOKENS - first_position
        if end > begin:
            yield Block(joined, first_position, begin, end, first_sentence)
            begin = end
        sentence = max(0, int(np.searchsorted(joined.sentence_starts, begin, side="right")) - 1)
        cut = int(joined.sentence_starts[sentence])
        carried = _sentences_from(joined, sentence)
        first_position += cut
        first_sentence += sentence
        begin -= cut
    if carried is not None and carried.token_count > begin:
        yield Block(carried, first_position, begin, carried.token_count, first_sentence)
    if failure is not None:
        raise failure


def _sentences_from(store: TokenStore, sentence: int) -> TokenStore:
    """The sentences of `store` from number `sentence` on."""
    cut = int(store.sentence_starts[sentence])
    weights = store.sentence_weights
    return TokenStore(
        store.ids[cut:],
        store.sentence_starts[sentence:] - cut,
        None if weights is None else weights[sentence:],
    )


@dataclass(frozen=True)
class Work:
    """Multiply-adds that training takes: of every token, and of every word in its window, which has `most_context`
    words unless the sentence ends before."""

    of_token: float = 0.0
    of_context: float = 0.0
    most_context: float = 0.0

    def borders(self, store: TokenStore, begin: int, end: int) -> list[int]:
        """Where the tokens [begin, end) are cut into parts of equal work, no more than MOST_WORK; both ends too."""
        most = (end - begin) * (self.of_token + self.most_context * self.of_context)
        if most <= MOST_WORK:  # so that sentences are seldom looked at
            return [begin, end]
        starts = store.sentence_starts
        first, last = np.searchsorted(starts, begin, side="right") - 1, np.searchsorted(starts, end)
        inside = np.clip(starts[first : last + 1], begin, end)
        context = np.minimum(np.diff(starts[first : last + 1]) - 1, self.most_context)
        done = np.append(0.0, np.cumsum(np.diff(inside) * (self.of_token + context * self.of_context)))
        parts = math.ceil(done[-1] / MOST_WORK)
        cuts = np.interp(np.arange(1, parts) * (done[-1] / parts), done, inside)
        return [int(cut) for cut in np.unique([begin, *cuts.astype(np.int64), end])]


def chunks(block: Block, work: Work = Work()) -> Iterator[tuple[int, int]]:
    """Offsets of the block's chunks: the token stream cut at multiples of CHUNK_TOKENS, and between them where the work
    asks for it."""
    begin = block.begin
    while begin < block.end:
        position = block.first_position + begin
        end = min(block.end, begin + CHUNK_TOKENS - position % CHUNK_TOKENS)
        yield from itertools.pairwise(work.borders(block.store, begin, end))
        begin = end


_OTHER_CORPUS = (
    "the corpus does not begin with the {offset} words that were trained before the checkpoint of this "
    "epoch: give the corpus of the interrupted run; one that changes in every epoch can go on only from the "
    "end of an epoch (checkpoint by epochs instead of minutes)"
)


class CorpusDigest:
    """A running digest of an epoch's words."""

    def __init__(self, word_of_type: NDArray[np.int32] | None) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        if word_of_type is not None:
            self._hash.update(word_of_type.data)

    def add(self, block: Block, begin: int, end: int) -> None:
        """Take in the chunk [begin, end) of `block`: its ids, where in the epoch sentences start, what they weigh."""
        starts, weights = block.store.sentence_starts, block.store.sentence_weights
        first, last = np.searchsorted(starts, (begin, end))
        self._hash.update(block.store.ids[begin:end].data)
        self._hash.update((np.unique(starts[first:last]) + block.first_position).data)
        if weights is not None:
            first = np.searchsorted(starts, begin, "right") - 1  # the sentence of the first word, begun here or before
            self._hash.update(np.ascontiguousarray(weights[first:last]).data)

    def hex(self) -> str:
        return self._hash.hexdigest()


def corpus_digest(store: TokenStore, word_of_type: NDArray[np.int32] | None) -> str:
    """The digest of a whole corpus, in hex."""
    digest = CorpusDigest(word_of_type)
    for block in whole_block(store):
        digest.add(block, block.begin, block.end)
    return digest.hex()


def check_prefix(position: int | None, digest: CorpusDigest | None, start: Position) -> None:
    """Raise CheckpointError unless the words up to `position` may be those that `start` has behind it.

    `position` is the end of a chunk that begins before `start.offset`, or None at the end of the corpus.
    """
    other = position is None or position > start.offset
    if not other and position == start.offset and digest is not None and start.digest:
        other = digest.hex() != start.digest
    if other:
        raise CheckpointError(_OTHER_CORPUS.format(offset=start.offset))
