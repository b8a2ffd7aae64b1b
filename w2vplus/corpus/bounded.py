"""Counts of a corpus whose types do not fit memory: a bounded number of counters with a known error.

Called by `w2vplus vocab --max-types`. Nothing is sampled or hashed together: the types that are kept are
real, and their counts are too low by at most `error_bound`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._text import InvalidUtf8, TextEncoder
from w2vplus.corpus.files import read_blocks
from w2vplus.corpus.front_door import Corpus, JoinedCorpus, open_corpus
from w2vplus.corpus.lines import TextCorpus, not_utf8
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore, TypeCounts

TOKENS_BETWEEN_CUTS = 1 << 20
"""Python tokens that are counted before a look at how many types there are."""


def count_bounded(
    source: Any, max_types: int, *, errors: str = "strict", progress: Callable[[int], object] | None = None
) -> TypeCounts:
    """Count every token of `source` (as `encode` takes it) with memory for about twice `max_types` types.

    When there are more than that, the (max_types + 1)-th largest count is taken off every count and types
    left with nothing are forgotten (Misra and Gries 1982; Agarwal et al. 2012 for doing so in batches).
    `progress` hears of the tokens read so far. Raises as `encode` does.
    """
    if max_types < 1:
        raise ValueError(f"max_types must be at least 1, got {max_types}")
    corpus = open_corpus(source, errors=errors, one_shot=True)
    if isinstance(corpus, EncodedCorpus | TokenStore):
        raise CorpusError("this corpus is encoded already, and so its types are counted")
    texts = _native_counter(corpus, max_types)
    if texts is not None:
        texts.read(progress)
        return texts.result()
    counter = _Counter(max_types)
    counter.read(corpus, progress)
    return counter.result()


def _cut(counts: NDArray[np.int64], max_types: int) -> int:
    """What to take off every count, so that at most `max_types` are left."""
    if len(counts) <= max_types:
        return 0
    return int(np.partition(counts, len(counts) - max_types - 1)[len(counts) - max_types - 1])


class _Counter:
    """Any sentences, in Python."""

    def __init__(self, max_types: int) -> None:
        self._max_types = max_types
        self._counts: Counter[Hashable] = Counter()
        self._error = self._tokens = self._sentences = 0

    def read(self, corpus: Iterable[Any], progress: Callable[[int], object] | None) -> None:
        next_look = TOKENS_BETWEEN_CUTS
        for sentence in corpus:
            self._counts.update(sentence)
            self._tokens += len(sentence)
            self._sentences += 1
            if self._tokens >= next_look or len(self._counts) > 4 * self._max_types:
                next_look = self._tokens + TOKENS_BETWEEN_CUTS
                if len(self._counts) > 2 * self._max_types:
                    self._lower()
                if progress is not None:
                    progress(self._tokens)
        if progress is not None:
            progress(self._tokens)

    def _lower(self) -> None:
        by = _cut(np.fromiter(self._counts.values(), np.int64, len(self._counts)), self._max_types)
        self._counts = Counter({token: count - by for token, count in self._counts.items() if count > by})
        self._error += by

    def result(self) -> TypeCounts:
        self._lower()
        counts = np.fromiter(self._counts.values(), np.int64, len(self._counts))
        return TypeCounts(list(self._counts), counts, self._error, self._tokens, self._sentences)


class _TextCounter:
    """Text files of lines, natively."""

    def __init__(self, corpora: list[TextCorpus], max_types: int) -> None:
        self._corpora = corpora
        self._max_types = max_types
        self._encoder = TextEncoder(corpora[0].errors)
        self._in_line = False
        self._error = self._tokens = self._sentences = 0

    def read(self, progress: Callable[[int], object] | None) -> None:
        for corpus in self._corpora:
            files = corpus.files() or []
            with unchanged(files):
                for file in files:
                    self._read_file(file, corpus.limit, progress)

    def _read_file(self, file: ByteSource, limit: int | None, progress: Callable[[int], object] | None) -> None:
        self._encoder.begin_file(0, limit)
        try:
            with closing(read_blocks(file)) as blocks:
                for block in blocks:
                    if not self._encoder.feed(block):
                        break
                    self._forget(2 * self._max_types)
                    if progress is not None:
                        progress(self._tokens)
            self._encoder.end_file()
        except InvalidUtf8 as error:
            raise not_utf8(file.name, error.line + 1, error.offset) from error
        self._forget(2 * self._max_types)
        if progress is not None:
            progress(self._tokens)

    def _forget(self, above: int) -> None:
        """Drop ids and boundaries, and rare types if there are more than `above`."""
        ids, line_ends, _ = self._encoder.take_piece()
        self._tokens += len(ids)
        if len(line_ends):
            # A line break before any token of the piece ends a line only if one was begun before.
            self._sentences += len(line_ends) - int(line_ends[0] == 0 and not self._in_line)
            self._in_line = bool(line_ends[-1] < len(ids))
        else:
            self._in_line |= len(ids) > 0
        if self._encoder.type_count > above:
            by = _cut(self._encoder.counts(), self._max_types)
            self._encoder.lower_counts(by)
            self._error += by

    def result(self) -> TypeCounts:
        self._forget(self._max_types)
        types: list[Any] = self._encoder.types()
        return TypeCounts(types, self._encoder.counts(), self._error, self._tokens, self._sentences)


def _native_counter(corpus: Corpus, max_types: int) -> _TextCounter | None:
    """For text files of lines alone."""
    parts = corpus.corpora if isinstance(corpus, JoinedCorpus) else [corpus]
    texts = [part for part in parts if isinstance(part, TextCorpus) and not (part.one_stream or part.raw_text.is_any)]
    texts = [text for text in texts if text.files()]
    if len(texts) < len(parts) or len({part.errors for part in texts}) != 1:
        return None
    return _TextCounter(texts, max_types)
