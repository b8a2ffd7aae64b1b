"""Counts of a corpus whose types do not fit memory: a bounded number of counters with a known error.

Called by `w2vplus vocab --max-types`. Nothing is sampled or hashed together: the types that are kept are
real, and their counts are too low by at most `error_bound`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._sentences import SentenceEncoder
from w2vplus._text import TextEncoder
from w2vplus.corpus.front_door import open_corpus
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.reading import TOKENS_COUNTED_AT_ONCE, Reading, sequence_maker
from w2vplus.corpus.sources import ByteSource
from w2vplus.corpus.text_encoding import count_some
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore, TypeCounts


def count_bounded(
    source: Any, max_types: int, *, errors: str = "strict", progress: Callable[[int], object] | None = None
) -> TypeCounts:
    """Count every token of `source` (as `encode` takes it) with memory for about twice `max_types` types, and those of
    a block of the text or about a million tokens.

    When there are more than that, the (max_types + 1)-th largest count is taken off every count and types
    left with nothing are forgotten (Misra and Gries 1982; Agarwal et al. 2012 for doing so in batches).
    `progress` hears of the tokens read so far, of files too. Raises as `encode` does.
    """
    if max_types < 1:
        raise ValueError(f"max_types must be at least 1, got {max_types}")
    corpus = open_corpus(source, errors=errors, one_shot=True)
    if isinstance(corpus, EncodedCorpus | TokenStore):
        raise CorpusError("this corpus is encoded already, and so its types are counted")
    return _BoundedCounting(max_types, progress).read(corpus)


def _cut(counts: NDArray[np.int64], max_types: int) -> int:
    """What to take off every count, so that at most `max_types` are left."""
    if len(counts) <= max_types:
        return 0
    return int(np.partition(counts, len(counts) - max_types - 1)[len(counts) - max_types - 1])


class _BoundedCounting(Reading[TypeCounts]):
    """At most `max_types` types are kept of every part that is counted, and of all of them together."""

    tokens_at_once = TOKENS_COUNTED_AT_ONCE

    def __init__(self, max_types: int, progress: Callable[[int], object] | None) -> None:
        super().__init__(progress)
        self._max_types = max_types

    def of_ids(self, encoded: EncodedCorpus) -> TypeCounts:
        return TypeCounts(encoded.types, encoded.counts, 0, encoded.token_count, encoded.sentence_count)

    def of_files(self, corpus: TextCorpus, files: list[ByteSource]) -> TypeCounts:
        error_bound = 0

        def forget(encoder: TextEncoder) -> None:
            nonlocal error_bound
            if encoder.type_count > 2 * self._max_types:
                by = _cut(encoder.counts(), self._max_types)
                encoder.lower_counts(by)
                error_bound += by

        counted = count_some(corpus, files, self.progress, forget)
        return self.joined(iter([replace(counted, error_bound=error_bound)]))

    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> TypeCounts:
        encoder = SentenceEncoder(sentences, sequence_maker(sentences))

        def parts() -> Iterator[TypeCounts]:
            tokens = sentence_count = 0
            while encoder.read(TOKENS_COUNTED_AT_ONCE) is not None:
                counts, read = encoder.counts(), (encoder.token_count - tokens, encoder.sentence_count - sentence_count)
                tokens, sentence_count = encoder.token_count, encoder.sentence_count
                self.progress(tokens)
                yield TypeCounts(encoder.take_types(), counts, 0, *read)

        return self.joined(parts())

    def joined(self, parts: Iterator[TypeCounts]) -> TypeCounts:
        kept: dict[Hashable, int] = {}
        error_bound = token_count = sentence_count = 0

        def lower() -> None:
            nonlocal kept, error_bound
            by = _cut(np.fromiter(kept.values(), np.int64, len(kept)), self._max_types)
            kept = {token: count - by for token, count in kept.items() if count > by}
            error_bound += by

        for part in parts:
            for token, count in zip(part.types, part.counts.tolist(), strict=True):
                kept[token] = kept.get(token, 0) + count
            error_bound += part.error_bound
            token_count += part.token_count
            sentence_count += part.sentence_count
            if len(kept) > 2 * self._max_types:
                lower()
        lower()
        counts = np.fromiter(kept.values(), np.int64, len(kept))
        return TypeCounts(list(kept), counts, error_bound, token_count, sentence_count)
