"""From what a user hands to `build_vocab` or `train` to encoded corpora and training blocks.

gensim iterates its corpus in every epoch, so a callback may shuffle a list and a class may walk anew. The same comes
out here, without reading twice what is the same. What cannot change between epochs (files read by a known reader,
columns of tables, frozen phrases over them, an EncodedCorpus) is encoded once and trained from its ids. A list of token
lists is encoded once and compared in every epoch with what was encoded, token by token, which takes 5 to 17 ns each
where encoding takes 130; only a list that differs is encoded anew. Any other iterable, and a list of the user's own
sentence objects, is iterated in every epoch.
"""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.corpus import (
    Corpus,
    JoinedCorpus,
    SentenceCorpus,
    TextCorpus,
    WikiDump,
    encode,
    encode_known,
    fingerprint,
    open_corpus,
    open_sentences,
    reading_options,
)
from w2vplus.corpus.sources import SpooledStream
from w2vplus.phrases.applying import PhrasedCorpus, encoded_strings
from w2vplus.store import EncodedCorpus, TokenStore
from w2vplus.trainer import Block, aligned_blocks, whole_block
from w2vplus.word2vec.phrasing import are_frozen, phrased_files

STREAM_TOKENS = 1 << 18
"""Tokens of a Python iterable that are encoded ahead of the workers."""


@dataclass(frozen=True)
class Feed:
    """A training corpus: `blocks()` gives an epoch's blocks.

    `word_of_type` maps the blocks' ids to word ids, or is None when they are word ids. `store` is the whole
    corpus, or None when it is streamed. `size`: its tokens and sentences, if they were counted. `has_changed()`:
    whether what it was made of is no longer what it was when the run, or the part of it in this process, began.
    """

    blocks: Callable[[], Iterator[Block]]
    word_of_type: NDArray[np.int32] | None
    store: TokenStore | None
    size: tuple[int, int] | None
    renew: Callable[[], Feed | None] = lambda: None
    has_changed: Callable[[], bool] = lambda: False

    def renewed(self) -> Feed:
        """The feed of the next epoch: this one, or another if the user's list has changed meanwhile."""
        return self.renew() or self


class CorpusMemory:
    """The last corpus that was encoded, so that `build_vocab` and `train` on one unchanged source read it once.

    Files count as unchanged while their names, sizes and times are; lists and other objects are remembered only
    within one constructor call (`hold`), because their owner may change them in between, unless the model's `cache`
    says that any corpus may be encoded once.
    """

    def __init__(self) -> None:
        self._source: Any = None
        self._fingerprint: object = None
        self._corpus: EncodedCorpus | None = None
        self._streams: dict[tuple[str, ...], Corpus | PhrasedCorpus] = {}
        self._counted: Callable[[], Any] = lambda: None
        self._size = (0, 0)
        self.hold = False

    def opened(self, sentences: Any, corpus_file: Any, errors: str) -> Corpus | PhrasedCorpus:
        """The corpus behind gensim's two arguments, one of which is None. Standard input and pipes give their text only
        once, so they are opened once, and what they gave is read again from where it is kept."""
        if corpus_file is None:
            return _open_sentences(sentences)
        names = _names(corpus_file)
        if names in self._streams:
            return self._streams[names]
        corpus = open_corpus(corpus_file, errors=errors)
        if names is not None and is_kept_stream(corpus):
            self._streams[names] = corpus
        return corpus

    def encode(self, source: Any, corpus: Corpus | PhrasedCorpus, *, cache: bool, **options: Any) -> EncodedCorpus:
        """`w2vplus.corpus.encode(corpus, **options)`, or the remembered result; `source` is what the user gave."""
        if isinstance(corpus, EncodedCorpus):
            return corpus
        mark = None if isinstance(corpus, PhrasedCorpus) else _mark(corpus)
        if self._corpus is not None and (source is self._source if mark is None else mark == self._fingerprint):
            return self._corpus
        self._source = self._fingerprint = self._corpus = None
        if isinstance(corpus, PhrasedCorpus):
            encoded = encoded_strings(corpus, **options)[0]
        else:
            encoded = encode(corpus, **options)
        if mark is not None or self.hold or cache:
            self._source, self._fingerprint, self._corpus = source, mark, encoded
        return encoded

    def note_size(self, source: Any, corpus: EncodedCorpus) -> None:
        """Remember the size of the object that a vocabulary was counted of, without keeping it alive."""
        with suppress(TypeError):  # lists and names: their size is known whenever they are read
            self._counted, self._size = weakref.ref(source), (corpus.token_count, corpus.sentence_count)

    def size_of(self, source: Any) -> tuple[int, int] | None:
        """Tokens and sentences of the very object whose size was noted last; None for any other."""
        return self._size if source is not None and source is self._counted() else None

    def drop(self) -> None:
        """Forget a corpus that is known to have changed, or whose memory is wanted."""
        self._source = self._fingerprint = self._corpus = None


def _mark(corpus: Corpus) -> object:
    """What two corpora must share to be the same: their files, unchanged, read by the same reader with the same
    options. None where that cannot be known."""
    files, options = fingerprint(corpus), reading_options(corpus)
    return None if files is None or options is None else (files, options)


def _names(corpus_file: Any) -> tuple[str, ...] | None:
    """The names that `corpus_file` consists of; None if it is no name nor a list of them."""
    parts = corpus_file if isinstance(corpus_file, (list, tuple)) else [corpus_file]
    return tuple(map(os.fspath, parts)) if all(isinstance(part, (str, os.PathLike)) for part in parts) else None


def is_kept_stream(corpus: Corpus | PhrasedCorpus) -> bool:
    """Whether part of the corpus comes from standard input or a pipe."""
    parts = corpus.corpora if isinstance(corpus, JoinedCorpus) else [corpus]
    return any(
        isinstance(file, SpooledStream)
        for part in parts if isinstance(part, TextCorpus | WikiDump)
        for file in part.files() or ()
    )  # fmt: skip


def _open_sentences(sentences: Any) -> Corpus | PhrasedCorpus:
    if (phrased := phrased_files(sentences)) is not None:
        return phrased
    return open_sentences(sentences, one_shot=True, strings_as_characters=True)


def never_changes(corpus: Corpus | PhrasedCorpus, *, watched: bool) -> bool:
    """Whether nothing that runs between two epochs can change what `corpus` gives, so that encoding it once is enough;
    `watched` says whether code of the user's runs there."""
    if isinstance(corpus, PhrasedCorpus):
        return not watched or are_frozen(corpus)
    return not isinstance(corpus, SentenceCorpus)


def is_plain_list(sentences: Any) -> bool:
    """Whether `sentences` is a list of lists (or tuples, strings, arrays) or an array, which `Snapshot` can compare."""
    if type(sentences) in (list, tuple):
        return set(map(type, sentences)) <= {list, tuple, str, np.ndarray}
    return isinstance(sentences, np.ndarray)


class Snapshot:
    """A list of token lists as it was: its lists are copied, 8 bytes a token, their tokens are not."""

    def __init__(self, sentences: Any) -> None:
        self._sentences = sentences
        self._copies = _copied(sentences)

    def is_still_true(self) -> bool:
        """Whether every sentence has the tokens that it had; tokens are compared by identity first, so that this is
        quick where nothing has changed."""
        now, copies = self._sentences, self._copies
        if isinstance(now, np.ndarray):
            return bool(np.array_equal(now, copies))
        if len(now) != len(copies):
            return False
        return all(map(_same_sentence, now, copies))


def _same_sentence(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    return bool(np.array_equal(one, other)) if type(one) is np.ndarray else one == other


def _copied(sentences: Any) -> Any:
    if isinstance(sentences, np.ndarray):
        return sentences.copy()
    collects = gc.isenabled()
    gc.disable()  # it would go through all lists again and again while so many are made: 169 ns a token, not 14
    try:
        return [sentence.copy() if type(sentence) in (list, np.ndarray) else sentence for sentence in sentences]
    finally:
        if collects:
            gc.enable()


def list_feed(
    sentences: Any, corpus: EncodedCorpus, encode_anew: Callable[[], EncodedCorpus],
    key_to_index: dict[Hashable, int], changed: bool = False,
) -> Feed:  # fmt: skip
    """A feed from a list that callbacks may change between epochs, and its encoding; `encode_anew` encodes it as it
    is then. `changed`: whether it was another list when the run began."""
    snapshot = Snapshot(sentences)

    def renewed() -> Feed | None:
        if snapshot.is_still_true():
            return None
        return list_feed(sentences, encode_anew(), encode_anew, key_to_index, changed=True)

    def has_changed() -> bool:
        return changed or not snapshot.is_still_true()

    return replace(static_feed(corpus, key_to_index), renew=renewed, has_changed=has_changed)


def static_feed(corpus: EncodedCorpus, key_to_index: dict[Hashable, int]) -> Feed:
    """A feed from a corpus that lies encoded in memory."""
    words = map(key_to_index.get, corpus.types, repeat(-1))
    word_of_type = np.fromiter(words, dtype=np.int32, count=len(corpus.types))
    size = corpus.token_count, corpus.sentence_count
    return Feed(lambda: whole_block(corpus.store), word_of_type, corpus.store, size)


def streamed_feed(
    sentences: Iterable[Any], key_to_index: dict[Hashable, int], size: tuple[int, int] | None
) -> Feed:
    """A feed that iterates `sentences` anew in every epoch; `size`: its tokens and sentences, if they were counted."""
    return Feed(lambda: aligned_blocks(encode_known(sentences, key_to_index, STREAM_TOKENS)), None, None, size)
