"""A corpus becomes ids: the whole of it as an `EncodedCorpus`, or blocks of it against a known vocabulary.

Called by the faces and the command line through `w2vplus.corpus`. Text files are read natively
(`text_encoding`), Python sentences walked one by one; the results are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from w2vplus._text import SentenceEncoder
from w2vplus.corpus.arrow_tables import ArrowTokenLists
from w2vplus.corpus.columns import RowTokenLists
from w2vplus.corpus.front_door import Corpus, JoinedCorpus, open_corpus
from w2vplus.corpus.integers import IntegerSentences
from w2vplus.corpus.lines import LineSentence, TextCorpus
from w2vplus.corpus.raw_text import Normalize, SentenceSplitter, normalized_files
from w2vplus.corpus.sentences import SentenceCorpus
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.corpus.text_encoding import encode_files
from w2vplus.corpus.wiki import WikiDump
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore, concatenate_corpora


def encode(
    source: Any,
    *,
    workers: int = 1,
    fields: str | Sequence[str] | None = None,
    errors: str = "strict",
    normalize: Normalize = None,
    sentences: SentenceSplitter = None,
    progress: Callable[[int], object] | None = None,
) -> EncodedCorpus:
    """The whole corpus as ids, in order of first occurrence, with counts and sentence boundaries.

    `source` is anything that `open_corpus` takes, or what it returned. `workers` threads read text files and
    do not change the result. `errors` concerns bytes that are not UTF-8: "strict", "replace" or "ignore"; a
    corpus opened with its own `errors` keeps it. `fields`, `normalize` and `sentences` are those of
    `open_corpus`. `progress` is called, in the calling thread, with the bytes
    read so far (for files; compressed ones count as they are on disk) or the tokens read so far (for Python
    sentences).

    An empty corpus is no error here. Raises OSError if a file cannot be read, CorpusError for text that is
    not UTF-8, damaged compressed files, files that change while they are read, and sentences that are no
    sequences of hashable tokens. Nothing of a corpus that fails is used.

    Reproducibility: the same text gives the same result from any source, with any number of workers.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    corpus = open_corpus(
        source, fields=fields, errors=errors, normalize=normalize, sentences=sentences, one_shot=True
    )
    return _encode(corpus, workers, errors, _Progress(progress))


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


def _encode(corpus: Corpus, workers: int, errors: str, progress: _Progress) -> EncodedCorpus:
    if isinstance(corpus, EncodedCorpus):
        return corpus
    if isinstance(corpus, TokenStore):
        return _number_types(corpus)
    progress.next_corpus()
    if isinstance(corpus, JoinedCorpus):
        return concatenate_corpora([_encode(part, workers, errors, progress) for part in corpus.corpora])
    if isinstance(corpus, IntegerSentences):
        return corpus.encode(progress)
    if isinstance(corpus, RowTokenLists | ArrowTokenLists):
        with unchanged(corpus.files()):
            if isinstance(corpus, ArrowTokenLists):
                return corpus.encode(progress)
            return _encode_sentences(corpus, progress)
    if isinstance(corpus, WikiDump):
        return _encode_dump(corpus, progress)
    is_native = isinstance(corpus, TextCorpus) and corpus.raw_text.is_native
    if isinstance(corpus, TextCorpus) and is_native and (files := corpus.files()) is not None:
        return _encode_text(corpus, files, workers, errors, progress)
    return _encode_sentences(corpus, progress)


def _encode_text(
    corpus: TextCorpus, files: list[ByteSource], workers: int, errors: str, progress: _Progress
) -> EncodedCorpus:
    errors = corpus.errors if errors == "strict" else errors
    if corpus.raw_text.is_any:
        return _encode_raw_text(corpus, files, workers, errors, progress)
    if not corpus.one_stream:
        return encode_files(corpus, files, workers, errors, progress)
    streams = []  # each file is one of its own
    for file in files:
        progress.next_corpus()
        streams.append(encode_files(corpus, [file], workers, errors, progress))
    return concatenate_corpora(streams)


def _encode_raw_text(
    corpus: TextCorpus, files: list[ByteSource], workers: int, errors: str, progress: _Progress
) -> EncodedCorpus:
    """Files normalised and split natively on their way to the encoder."""
    with unchanged(files):
        normalized = normalized_files(corpus.raw_text, files, errors, corpus.limit, workers)
        lines = LineSentence(normalized, corpus.max_sentence_length)
        return encode_files(
            lines,
            list(normalized),
            workers,
            errors,
            lambda _count: progress(sum(n.bytes_read for n in normalized)),
        )


def _encode_dump(dump: WikiDump, progress: _Progress) -> EncodedCorpus:
    bytes_read = 0

    def add_bytes(count: int) -> None:
        nonlocal bytes_read
        bytes_read += count

    with unchanged(dump.files()):
        return _encode_sentences(dump.articles(add_bytes), lambda _token_count: progress(bytes_read))


def _encode_sentences(sentences: Iterable[Any], progress: Callable[[int], object]) -> EncodedCorpus:
    encoder = SentenceEncoder(sentences, _as_sequence_of(sentences), progress=progress)
    ids, starts = encoder.read() or (np.empty(0, np.int32), np.zeros(1, np.int64))
    progress(encoder.token_count)
    return EncodedCorpus(encoder.types(), encoder.counts(), TokenStore(ids, starts))


def encode_known(
    sentences: Iterable[Any], token_to_id: dict[Any, int], block_tokens: int
) -> Iterator[TokenStore]:
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
    tokens, first_places, ids, counts = np.unique(
        store.ids, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first_places)
    new_ids = np.empty(len(tokens), np.int32)
    new_ids[order] = np.arange(len(tokens), dtype=np.int32)
    types: list[Hashable] = list(tokens[order].tolist())
    return EncodedCorpus(
        types,
        counts[order].astype(np.int64),
        TokenStore(new_ids[ids], store.sentence_starts, store.sentence_weights),
    )
