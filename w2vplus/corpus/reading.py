"""One reading of a corpus of any kind, for whoever makes something of it: `encoding` keeps its ids, counts its types,
`bounded` counts some of them.

What a corpus is decides here how it is read, so that all who read have the same laws and the same checks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from w2vplus.corpus.arrow_tables import ArrowTokenLists
from w2vplus.corpus.columns import RowTokenLists
from w2vplus.corpus.front_door import Corpus, JoinedCorpus
from w2vplus.corpus.integers import IntegerSentences
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.sentences import SentenceCorpus
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.corpus.wiki import WikiDump
from w2vplus.store import EncodedCorpus, TokenStore

Result = TypeVar("Result")

TOKENS_COUNTED_AT_ONCE = 1 << 20
"""Python tokens whose ids are forgotten together, by those who only count."""


class Progress:
    """Adds up the progress of several corpora that are read one after another."""

    def __init__(self, report: Callable[[int], object] | None) -> None:
        self._report = report
        self._before = self._now = 0

    def __call__(self, count: int) -> None:
        self._now = count
        if self._report is not None:
            self._report(self._before + count)

    def next_corpus(self) -> None:
        """The next counts start from 0 again."""
        self._before += self._now
        self._now = 0


class Reading(ABC, Generic[Result]):
    """One reading of a corpus; what is made of it is for those who derive from this.

    A corpus that is ids already stays so; arrays and Arrow tables of tokens come in parts that are ids; all others are
    text files, or sentences that are walked one by one.
    """

    tokens_at_once: int
    """Of an array of integers that becomes ids."""

    def __init__(self, progress: Callable[[int], object] | None) -> None:
        self.progress = Progress(progress)

    @abstractmethod
    def of_ids(self, encoded: EncodedCorpus) -> Result:
        """A corpus, or a part of one, that is ids already."""

    @abstractmethod
    def of_files(self, corpus: TextCorpus, files: list[ByteSource]) -> Result:
        """Text that native code reads."""

    @abstractmethod
    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> Result:
        """Sentences that Python walks; `progress` takes the number of tokens."""

    @abstractmethod
    def joined(self, parts: Iterator[Result]) -> Result:
        """One result of several, in order; each is asked for when the one before has been used."""

    def read(self, corpus: Corpus) -> Result:
        """Any corpus."""
        if isinstance(corpus, EncodedCorpus):
            return self.of_ids(corpus)
        if isinstance(corpus, TokenStore):
            return self.of_ids(_number_types(corpus))
        self.progress.next_corpus()
        if isinstance(corpus, JoinedCorpus):
            return self.joined(self.read(part) for part in corpus.corpora)
        if isinstance(corpus, IntegerSentences):
            return self._of_parts(part.encode() for part in corpus.parts(self.tokens_at_once))
        if isinstance(corpus, RowTokenLists | ArrowTokenLists):
            with unchanged(corpus.files()):
                if isinstance(corpus, ArrowTokenLists):
                    return self._of_parts(corpus.table.encoded_batches())
                return self.of_sentences(corpus, self.progress)
        if isinstance(corpus, WikiDump):
            return self._read_dump(corpus)
        is_native = isinstance(corpus, TextCorpus) and corpus.raw_text.is_native
        if isinstance(corpus, TextCorpus) and is_native and (files := corpus.files()) is not None:
            return self._read_text(corpus, files)
        return self.of_sentences(corpus, self.progress)

    def _of_parts(self, parts: Iterator[EncodedCorpus]) -> Result:
        def heard() -> Iterator[Result]:
            token_count = 0
            for part in parts:
                token_count += part.token_count
                self.progress(token_count)
                yield self.of_ids(part)

        return self.joined(heard())

    def _read_text(self, corpus: TextCorpus, files: list[ByteSource]) -> Result:
        if not corpus.one_stream or len(files) == 1:
            return self.of_files(corpus, files)

        def streams() -> Iterator[Result]:  # each file is one of its own
            for file in files:
                self.progress.next_corpus()
                yield self.of_files(corpus, [file])

        return self.joined(streams())

    def _read_dump(self, dump: WikiDump) -> Result:
        bytes_read = 0

        def add_bytes(count: int) -> None:
            nonlocal bytes_read
            bytes_read += count

        with unchanged(dump.files()):
            return self.of_sentences(dump.articles(add_bytes), lambda _token_count: self.progress(bytes_read))


def sequence_maker(corpus: Iterable[Any]) -> Callable[[Any, int], Any]:
    """What makes a sequence of a sentence that is neither list nor tuple, or refuses it: `SentenceCorpus.as_sequence`,
    of the corpus itself if it is one."""
    return corpus.as_sequence if isinstance(corpus, SentenceCorpus) else SentenceCorpus(()).as_sequence


def _number_types(store: TokenStore) -> EncodedCorpus:
    """A bare store's ids as integer tokens."""
    tokens, first_places, ids, counts = np.unique(store.ids, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first_places)
    new_ids = np.empty(len(tokens), np.int32)
    new_ids[order] = np.arange(len(tokens), dtype=np.int32)
    types: list[Hashable] = list(tokens[order].tolist())
    return EncodedCorpus(
        types,
        counts[order].astype(np.int64),
        TokenStore(new_ids[ids], store.sentence_starts, store.sentence_weights),
    )
