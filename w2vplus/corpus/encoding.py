"""A corpus becomes ids: the whole of it as an `EncodedCorpus`, or blocks of it against a known vocabulary.

Called by the faces and the command line through `w2vplus.corpus`. Text files are read natively
(`text_encoding`), Python sentences walked one by one; the results are the same.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from w2vplus._sentences import SentenceEncoder
from w2vplus.corpus.arrow_tables import ArrowTokenLists
from w2vplus.corpus.assembly import sentences_in_order
from w2vplus.corpus.cache import CorpusCache
from w2vplus.corpus.columns import RowTokenLists
from w2vplus.corpus.front_door import Corpus, JoinedCorpus, open_corpus
from w2vplus.corpus.integers import IntegerSentences
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.pieces import PieceStore
from w2vplus.corpus.raw_text import Normalize, SentenceSplitter
from w2vplus.corpus.sentences import SentenceCorpus
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.corpus.text_encoding import count_files, encode_files
from w2vplus.corpus.wiki import WikiDump
from w2vplus.errors import CorpusError
from w2vplus.storage import Storage
from w2vplus.store import EncodedCorpus, TokenStore, TypeCounts, concatenate_corpora, merged_types

Result = TypeVar("Result")

TOKENS_COUNTED_AT_ONCE = 1 << 20


def encode(
    source: Any,
    *,
    workers: int = 1,
    fields: str | Sequence[str] | None = None,
    errors: str = "strict",
    normalize: Normalize = None,
    sentences: SentenceSplitter = None,
    progress: Callable[[int], object] | None = None,
    spill_above: int | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> EncodedCorpus:
    """The whole corpus as ids, in order of first occurrence, with counts and sentence boundaries.

    `source` is anything that `open_corpus` takes, or what it returned. `workers` threads read text files and
    do not change the result. `errors` concerns bytes of text files that are not UTF-8: "strict", "replace" or
    "ignore"; a corpus opened with its own `errors`, any but "strict", keeps it. `fields`, `normalize` and `sentences`
    are those of `open_corpus`. `progress` is called, in the calling thread, with the bytes read so far (for files;
    compressed ones count as they are on disk) or the tokens read so far (for Python sentences).

    Beyond `spill_above` bytes of ids and boundaries (a quarter of the machine's memory unless given) these go
    to temporary files, unlinked at once, and are mapped. With `cache_dir` they are kept in that folder and
    used again while the source's files have the same paths, sizes and times of change and are read in the
    same way.

    An empty corpus is no error here. Raises OSError if a file cannot be read, CorpusError for text that is
    not UTF-8, damaged compressed files, files that change while they are read, and sentences that are no
    sequences of hashable tokens. Nothing of a corpus that fails is used.

    Reproducibility: the same text gives the same result from any source, with any number of workers.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    corpus = open_corpus(source, fields=fields, errors=errors, normalize=normalize, sentences=sentences, one_shot=True)
    if isinstance(corpus, EncodedCorpus):
        return corpus
    job = _Encoding(workers, progress, Storage(spill_above))
    if cache_dir is None:
        return job.read(corpus)
    kept = CorpusCache.of(os.fspath(cache_dir), corpus)
    if kept is None:
        return job.read(corpus)
    return kept.load() or kept.keep(corpus, job.read(corpus))


def count_types(
    source: Any, *, workers: int = 1, errors: str = "strict", progress: Callable[[int], object] | None = None
) -> TypeCounts:
    """The types and counts that `encode` would find, and how many tokens and sentences, without keeping ids.

    Arguments and errors are those of `encode`. Memory is that of the types, and of a few blocks of the text for each
    worker; token lists of Arrow tables and arrays of integers become ids all the same.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    return _Counting(workers, progress).read(open_corpus(source, errors=errors, one_shot=True))


class _Progress:
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


class _Job(ABC, Generic[Result]):
    """One reading of a corpus; what is made of it is for the two kinds below.

    A corpus that is ids already stays so; all others are text files, or sentences that are walked one by one.
    """

    def __init__(self, workers: int, progress: Callable[[int], object] | None) -> None:
        self.workers, self.progress = workers, _Progress(progress)

    @abstractmethod
    def of_ids(self, encoded: EncodedCorpus) -> Result:
        """A corpus that is ids already."""

    @abstractmethod
    def of_files(self, corpus: TextCorpus, files: list[ByteSource], progress: Callable[[int], object]) -> Result:
        """Text that native code reads."""

    @abstractmethod
    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> Result:
        """Sentences that Python walks."""

    @abstractmethod
    def joined(self, parts: list[Result]) -> Result:
        """One result of several, in order."""

    def read(self, corpus: Corpus) -> Result:
        """Any corpus."""
        if isinstance(corpus, EncodedCorpus):
            return self.of_ids(corpus)
        if isinstance(corpus, TokenStore):
            return self.of_ids(_number_types(corpus))
        self.progress.next_corpus()
        if isinstance(corpus, JoinedCorpus):
            return self.joined([self.read(part) for part in corpus.corpora])
        if isinstance(corpus, IntegerSentences):
            return self.of_ids(corpus.encode(self.progress))
        if isinstance(corpus, RowTokenLists | ArrowTokenLists):
            with unchanged(corpus.files()):
                if isinstance(corpus, ArrowTokenLists):
                    return self.of_ids(corpus.encode(self.progress))
                return self.of_sentences(corpus, self.progress)
        if isinstance(corpus, WikiDump):
            return self._read_dump(corpus)
        is_native = isinstance(corpus, TextCorpus) and corpus.raw_text.is_native
        if isinstance(corpus, TextCorpus) and is_native and (files := corpus.files()) is not None:
            return self._read_text(corpus, files)
        return self.of_sentences(corpus, self.progress)

    def _read_text(self, corpus: TextCorpus, files: list[ByteSource]) -> Result:
        if not corpus.one_stream:
            return self.of_files(corpus, files, self.progress)
        streams = []  # each file is one of its own
        for file in files:
            self.progress.next_corpus()
            streams.append(self.of_files(corpus, [file], self.progress))
        return self.joined(streams)

    def _read_dump(self, dump: WikiDump) -> Result:
        bytes_read = 0

        def add_bytes(count: int) -> None:
            nonlocal bytes_read
            bytes_read += count

        with unchanged(dump.files()):
            return self.of_sentences(dump.articles(add_bytes), lambda _token_count: self.progress(bytes_read))


class _Encoding(_Job[EncodedCorpus]):
    """Everything is kept."""

    def __init__(self, workers: int, progress: Callable[[int], object] | None, storage: Storage) -> None:
        super().__init__(workers, progress)
        self.storage = storage

    def of_ids(self, encoded: EncodedCorpus) -> EncodedCorpus:
        return encoded

    def of_files(
        self, corpus: TextCorpus, files: list[ByteSource], progress: Callable[[int], object]
    ) -> EncodedCorpus:
        return encode_files(corpus, files, self.workers, progress, self.storage)

    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> EncodedCorpus:
        encoder = SentenceEncoder(sentences, _as_sequence_of(sentences), progress=progress)
        pieces = PieceStore(self.storage)
        try:
            while (block := encoder.read(pieces.piece_bytes // np.dtype(np.int32).itemsize)) is not None:
                ids, starts = block
                pieces.add((len(pieces.pieces),), 0, (ids, starts[1:], -1), (0, 0))
            progress(encoder.token_count)
            return EncodedCorpus.trusted(encoder.types(), encoder.counts(), sentences_in_order(pieces, [None]))
        finally:
            pieces.close()

    def joined(self, parts: list[EncodedCorpus]) -> EncodedCorpus:
        return joined(parts, self.storage)


class _Counting(_Job[TypeCounts]):
    """Only types and counts are kept."""

    def of_ids(self, encoded: EncodedCorpus) -> TypeCounts:
        return TypeCounts(encoded.types, encoded.counts, 0, encoded.token_count, encoded.sentence_count)

    def of_files(self, corpus: TextCorpus, files: list[ByteSource], progress: Callable[[int], object]) -> TypeCounts:
        return count_files(corpus, files, self.workers, progress)

    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> TypeCounts:
        encoder = SentenceEncoder(sentences, _as_sequence_of(sentences), progress=progress)
        while encoder.read(TOKENS_COUNTED_AT_ONCE) is not None:
            pass
        progress(encoder.token_count)
        return TypeCounts(encoder.types(), encoder.counts(), 0, encoder.token_count, encoder.sentence_count)

    def joined(self, parts: list[TypeCounts]) -> TypeCounts:
        types, counts, _ = merged_types(parts)
        tokens, sentences = (sum(getattr(part, name) for part in parts) for name in ("token_count", "sentence_count"))
        return TypeCounts(types, counts, 0, tokens, sentences)


def joined(corpora: list[EncodedCorpus], storage: Storage) -> EncodedCorpus:
    """One corpus with the sentences of all of them, in order; in files if they are too large for memory."""
    size = sum(corpus.store.ids.nbytes + corpus.store.sentence_starts.nbytes for corpus in corpora)
    if len(corpora) == 1 or size <= storage.limit:
        return concatenate_corpora(corpora)
    types, counts, new_ids = merged_types(corpora)
    pieces = PieceStore(storage)
    try:
        for number, corpus in enumerate(corpora):
            store = corpus.store
            pieces.add((number,), number, (store.ids, store.sentence_starts[1:], -1), (0, 0))
        return EncodedCorpus.trusted(types, counts, sentences_in_order(pieces, list(new_ids)))
    finally:
        pieces.close()


def encode_known(sentences: Iterable[Any], token_to_id: dict[Any, int], block_tokens: int) -> Iterator[TokenStore]:
    """Blocks of whole sentences as ids of a known vocabulary, -1 for tokens that are not in it.

    A block ends with the sentence that brings it to `block_tokens` tokens (unknown ones count) or more.
    Sentences are read as they are needed, once; empty ones are kept. Raises as `encode` does.
    """
    if block_tokens < 1:
        raise ValueError(f"block_tokens must be at least 1, got {block_tokens}")
    corpus = open_corpus(sentences, one_shot=True)
    if isinstance(corpus, EncodedCorpus | TokenStore):
        raise CorpusError("encode_known takes sentences of tokens; this corpus is encoded already")
    encoder = SentenceEncoder(corpus, _as_sequence_of(corpus), token_to_id)
    while (block := encoder.read(block_tokens)) is not None:
        yield TokenStore(*block)


def _as_sequence_of(corpus: Iterable[Any]) -> Callable[[Any, int], Any]:
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
