"""A corpus becomes ids: the whole of it as an `EncodedCorpus`, or blocks of it against a known vocabulary.

Called by the faces and the command line through `w2vplus.corpus`. Text files are read natively
(`text_encoding`), Python sentences walked one by one; the results are the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._numbering import write_renumbered
from w2vplus._sentences import SentenceEncoder
from w2vplus.corpus.assembly import sentences_in_order
from w2vplus.corpus.cache import CorpusCache
from w2vplus.corpus.front_door import open_corpus
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.pieces import COPY_ITEMS, PieceStore
from w2vplus.corpus.raw_text import Normalize, SentenceSplitter
from w2vplus.corpus.reading import TOKENS_COUNTED_AT_ONCE, Reading, sequence_maker
from w2vplus.corpus.sources import ByteSource
from w2vplus.corpus.text_encoding import BYTES_PER_ID, count_files, encode_files
from w2vplus.errors import CorpusError
from w2vplus.storage import Storage
from w2vplus.store import EncodedCorpus, MergedTypes, TokenStore, TypeCounts

FIRST_BLOCK_TOKENS = 1 << 14
"""Of `encode_known`, whose blocks grow while one takes less than BLOCK_SECONDS to read, and shrink while it takes more.
"""

BLOCK_SECONDS = 0.25

LEAST_TOKENS_AT_ONCE = 1 << 20
"""Of an array of integers, however few ids stay in memory."""


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
    to temporary files, unlinked at once, and are mapped; a corpus that is ids already stays where it is. With
    `cache_dir` they are kept in that folder and used again while the source's files have the same paths, sizes,
    times of change and inodes and are read in the same way.

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
    worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    return _Counting(workers, progress).read(open_corpus(source, errors=errors, one_shot=True))


class _Encoding(Reading[EncodedCorpus]):
    """Everything is kept."""

    def __init__(self, workers: int, progress: Callable[[int], object] | None, storage: Storage) -> None:
        super().__init__(progress)
        self.workers, self.storage = workers, storage
        self.tokens_at_once = max(storage.limit // BYTES_PER_ID, LEAST_TOKENS_AT_ONCE)

    def of_ids(self, encoded: EncodedCorpus) -> EncodedCorpus:
        return encoded

    def of_files(self, corpus: TextCorpus, files: list[ByteSource]) -> EncodedCorpus:
        return encode_files(corpus, files, self.workers, self.progress, self.storage)

    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> EncodedCorpus:
        encoder = SentenceEncoder(sentences, sequence_maker(sentences), progress=progress)
        pieces = PieceStore(self.storage)
        try:
            while (block := encoder.read(pieces.piece_bytes // BYTES_PER_ID)) is not None:
                ids, starts = block
                pieces.add((len(pieces.pieces),), 0, (ids, starts[1:], -1), (0, 0))
            progress(encoder.token_count)
            return EncodedCorpus.trusted(encoder.types(), encoder.counts(), sentences_in_order(pieces, [None]))
        finally:
            pieces.close()

    def joined(self, parts: Iterator[EncodedCorpus]) -> EncodedCorpus:
        return joined(parts, self.storage)


class _Counting(Reading[TypeCounts]):
    """Only types and counts are kept."""

    tokens_at_once = 1 << 24

    def __init__(self, workers: int, progress: Callable[[int], object] | None) -> None:
        super().__init__(progress)
        self.workers = workers

    def of_ids(self, encoded: EncodedCorpus) -> TypeCounts:
        return TypeCounts(encoded.types, encoded.counts, 0, encoded.token_count, encoded.sentence_count)

    def of_files(self, corpus: TextCorpus, files: list[ByteSource]) -> TypeCounts:
        return count_files(corpus, files, self.workers, self.progress)

    def of_sentences(self, sentences: Iterable[Any], progress: Callable[[int], object]) -> TypeCounts:
        encoder = SentenceEncoder(sentences, sequence_maker(sentences), progress=progress)
        while encoder.read(TOKENS_COUNTED_AT_ONCE) is not None:
            pass
        progress(encoder.token_count)
        return TypeCounts(encoder.types(), encoder.counts(), 0, encoder.token_count, encoder.sentence_count)

    def joined(self, parts: Iterator[TypeCounts]) -> TypeCounts:
        merged, tokens, sentences = MergedTypes(), 0, 0
        for part in parts:
            merged.add(part.types, part.counts)
            tokens += part.token_count
            sentences += part.sentence_count
        return TypeCounts(merged.types(), merged.counts(), 0, tokens, sentences)


def joined(corpora: Iterable[EncodedCorpus], storage: Storage) -> EncodedCorpus:
    """One corpus with the sentences of all of them, in order, weighing 1: the same as encoding their sources as one. In
    files if its ids are too large for memory."""
    corpora = iter(corpora)
    begun = list(islice(corpora, 2))
    if len(begun) == 1 and _stays(begun[0].store, storage):
        return begun[0]
    merged, pieces = MergedTypes(), PieceStore(storage)
    try:
        for corpus in chain(begun, corpora):
            new_ids = merged.add(corpus.types, corpus.counts)
            for ids, ends in _runs(corpus.store):
                renumbered = np.empty(len(ids), np.int32)
                write_renumbered(renumbered, ids, new_ids)
                pieces.add((len(pieces.pieces),), 0, (renumbered, ends, -1), (0, 0))
        return EncodedCorpus.trusted(merged.types(), merged.counts(), sentences_in_order(pieces, [None]))
    finally:
        pieces.close()


def _stays(store: TokenStore, storage: Storage) -> bool:
    """Whether the ids may stay where they are."""
    return store.is_mapped or store.ids.nbytes + store.sentence_starts.nbytes <= storage.limit


def _runs(store: TokenStore) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """(ids, their sentence ends) of runs of COPY_ITEMS tokens, together all of the store; one run if it is empty."""
    ends, ends_before = store.sentence_starts[1:], 0
    for begin in range(0, max(store.token_count, 1), COPY_ITEMS):
        ids = store.ids[begin : begin + COPY_ITEMS]
        ends_within = int(np.searchsorted(ends, begin + len(ids), "right"))
        yield ids, ends[ends_before:ends_within] - begin
        ends_before = ends_within


def encode_known(sentences: Iterable[Any], token_to_id: dict[Any, int], block_tokens: int) -> Iterator[TokenStore]:
    """Blocks of whole sentences as ids of a known vocabulary, -1 for tokens that are not in it.

    A block ends with the sentence that brings it to `block_tokens` tokens (unknown ones count) or more; or to fewer, as
    long as sentences come slowly, so that somebody who waits for the block does not wait long. Sentences are read as
    they are needed, once; empty ones are kept. Raises as `encode` does, after the block of what came before.
    """
    if block_tokens < 1:
        raise ValueError(f"block_tokens must be at least 1, got {block_tokens}")
    corpus = open_corpus(sentences, one_shot=True)
    if isinstance(corpus, EncodedCorpus | TokenStore):
        raise CorpusError("encode_known takes sentences of tokens; this corpus is encoded already")
    encoder = SentenceEncoder(corpus, sequence_maker(corpus), token_to_id)
    size, started = min(block_tokens, FIRST_BLOCK_TOKENS), time.monotonic()
    while (block := encoder.read(size)) is not None:
        took = time.monotonic() - started
        size = min(2 * size, block_tokens) if took < BLOCK_SECONDS else max(size // 2, min(size, FIRST_BLOCK_TOKENS))
        yield TokenStore(*block)
        started = time.monotonic()
