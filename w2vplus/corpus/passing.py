"""Text files pass as blocks of ids that nobody keeps: for whoever needs to see every token once, in order.

`PassingText` has one numbering of types for all blocks, that of `encode`. Phrase counting calls it: ids and
boundaries of a corpus can take more memory than all that is counted in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus._text import InvalidUtf8, TextEncoder, TypeStrings
from w2vplus.corpus.assembly import line_sentence_starts
from w2vplus.corpus.files import read_blocks
from w2vplus.corpus.lines import TextCorpus, not_utf8
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.corpus.streams import is_slow_to_read, read_ahead

BLOCK_BYTES = 1 << 22
"""Ids and boundaries that a block has at least, in bytes."""


class PassingBlock(NamedTuple):
    """The next tokens of a text: ids, int32 (n,), at least one, and where sentences start, int64 (m + 1,), from 0
    to n. The first sentence goes on with the last one of the block before; it is empty if that had ended."""

    ids: NDArray[np.int32]
    sentence_starts: NDArray[np.int64]


class PassingText:
    """One reading of the text files of a corpus.

    Thread-safety: none; blocks that were handed out may be read by other threads.
    """

    def __init__(self, corpus: TextCorpus, files: list[ByteSource]) -> None:
        self._corpus, self._files = corpus, files
        self._encoder = TextEncoder(corpus.errors)
        self._token_count = 0
        self._line_start = 0  # of the line that is being read, in tokens

    @property
    def token_count(self) -> int:
        """Tokens of the blocks so far."""
        return self._token_count

    @property
    def type_count(self) -> int:
        """Types that ids may name so far."""
        return self._encoder.type_count

    def id_of(self, token: str) -> int:
        """The id of a token, -1 if it has not been met."""
        return self._encoder.id_of(token)

    def take_types(self) -> TypeStrings:
        """Every token that was met, by id. To be asked last: the memory of the rest is given back."""
        return self._encoder.take_types()

    def counts(self) -> NDArray[np.int64]:
        """int64 (type_count,): occurrences of each."""
        return self._encoder.counts()

    def blocks(self) -> Iterator[PassingBlock]:
        """Read the files, once. Raises as `encode` does."""
        with unchanged(self._files):
            for file in self._files:
                yield from self._blocks_of(file)

    def _blocks_of(self, file: ByteSource) -> Iterator[PassingBlock]:
        encoder = self._encoder
        encoder.begin_file(0, self._corpus.limit)
        blocks = read_blocks(file)
        try:
            with closing(read_ahead(blocks) if is_slow_to_read(file) else blocks) as ready:
                for block in ready:
                    if not encoder.feed(block):
                        break
                    if encoder.pending_bytes >= BLOCK_BYTES:
                        yield from self._taken()
            encoder.end_file()
        except InvalidUtf8 as error:
            raise not_utf8(file.name, error.line + 1, error.offset) from error
        yield from self._taken()

    def _taken(self) -> Iterator[PassingBlock]:
        ids, line_ends, _ = self._encoder.take_piece()
        begin, end = self._token_count, self._token_count + len(ids)
        starts = line_sentence_starts(
            np.append(line_ends + begin, end), self._corpus.max_sentence_length, self._line_start
        )
        starts = starts[starts >= begin] - begin
        self._token_count = end
        if len(line_ends):
            self._line_start = begin + int(line_ends[-1])
        if len(ids):
            yield PassingBlock(ids, np.concatenate([np.zeros(1, np.int64), starts]))


def passing_text(corpus: Any) -> PassingText | None:
    """A reading of `corpus` if it is text files whose lines are taken as they are, else None."""
    if not isinstance(corpus, TextCorpus) or corpus.one_stream or corpus.raw_text.is_any:
        return None
    files = corpus.files()
    return None if files is None else PassingText(corpus, files)
