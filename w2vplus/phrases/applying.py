"""Phrases ready to be applied natively, and corpora that they are applied to on the way."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from gensim.interfaces import TransformedCorpus

from w2vplus._merging import TextMerger, TokenMerger
from w2vplus.collocations import Phrase, PhraseTable, WordPasses, apply_phrases, join_phrases
from w2vplus.corpus import SentenceCorpus, encode, open_corpus, open_sentences
from w2vplus.store import EncodedCorpus


class NativePhrases:
    """Phrases ready to be applied to corpora (`tables`, one for each pass), token lists and text.

    Thread-safety: any number of threads may apply them.
    """

    def __init__(self, tables: Sequence[PhraseTable], delimiter: str) -> None:
        self.tables = list(tables)
        self.delimiter = delimiter

    @cached_property
    def words(self) -> WordPasses:
        """The phrases by their words; it numbers them."""
        return WordPasses(self.tables)

    @cached_property
    def merger(self) -> TokenMerger:
        """What merges token lists."""
        return self.words.token_merger(self.delimiter)

    def text_merger(self, max_sentence_length: int | None) -> TextMerger:
        """What merges text whose lines are sentences, of so many tokens at most."""
        return self.words.text_merger(self.delimiter, max_sentence_length)

    def merged(self, corpus: EncodedCorpus, workers: int) -> EncodedCorpus:
        """The corpus with its phrases as types."""
        for table in self.tables:
            corpus = apply_phrases(corpus, table, workers=workers)
        return corpus

    @cached_property
    def written(self) -> list[str]:
        """Each phrase as a string, by its number."""
        return [phrase.joined(self.delimiter) for phrase in self.words.phrases]

    @cached_property
    def scores(self) -> list[float]:
        """The score of each phrase, by its number."""
        score_of: dict[Phrase, float] = {}
        for table in self.tables:
            score_of.update(zip(table.phrases(), table.scores.tolist(), strict=True))
        return [score_of.get(phrase, 0.0) for phrase in self.words.phrases]


class PhrasedCorpus(TransformedCorpus):  # type: ignore[misc]
    """A corpus with phrases joined while it is iterated; `w2vplus` learns from it without making its strings.

    `obj` is the transformation, `corpus` what it is applied to (gensim's names).
    """

    def __init__(self, obj: Any, corpus: Any, chunksize: int | None = None, **kwargs: Any) -> None:
        super().__init__(obj, corpus, chunksize, **kwargs)

    def __iter__(self) -> Iterator[list[Any]]:
        native = self.obj._native_for(0)
        for sentence in self.corpus:
            if native is not None and type(sentence) is list and (not sentence or isinstance(sentence[0], str)):
                yield native.merger.merge(sentence)
            else:
                yield self.obj[sentence]
                native = native or self.obj._native_for(0)

    def encoded(
        self, workers: int, **options: Any
    ) -> tuple[EncodedCorpus, str, dict[tuple[str, ...], str]] | None:
        """The phrased corpus as ids, the delimiter and the phrases that were joined (components -> token);
        None if it must be iterated. `options` are `encode`'s."""
        native = self.obj._native()
        if native is None:
            return None
        corpus, _, carried = encoded_strings(opened_strings(self.corpus), workers, **options)
        delimiter = self.obj.delimiter
        for table in native.tables:
            for components, phrase in zip(table.components(), table.phrases(), strict=True):
                words = tuple(
                    part.joined(delimiter) if isinstance(part, Phrase) else str(part) for part in components
                )
                carried[words] = phrase.joined(delimiter)
        return join_phrases(native.merged(corpus, workers), delimiter), delimiter, carried


class _ListedSentences:
    """A corpus whose sentences may be any iterables, as gensim allows here; each is listed in its turn."""

    def __init__(self, sentences: Iterable[Any]) -> None:
        self.sentences = sentences

    def __iter__(self) -> Iterator[Any]:
        for sentence in self.sentences:
            needs_listing = hasattr(sentence, "__iter__") and not hasattr(sentence, "__len__")
            yield list(sentence) if needs_listing else sentence


def opened_strings(sentences: Any) -> Any:
    """What a `sentences` argument means: a path object names files, anything else must be sentences."""
    if isinstance(sentences, PhrasedCorpus):
        return sentences
    if isinstance(sentences, os.PathLike):
        return open_corpus(sentences)
    return open_sentences(sentences, one_shot=True)


def encoded_strings(
    opened: Any, workers: int, **options: Any
) -> tuple[EncodedCorpus, str | None, dict[tuple[str, ...], str]]:
    """A corpus of strings (from `opened_strings`) as ids; for a phrased corpus also its delimiter and the phrases
    that were joined in it. `options` are `encode`'s.

    Raises CorpusError or TypeError for what is no corpus of strings.
    """
    if isinstance(opened, PhrasedCorpus):
        if (phrased := opened.encoded(workers, **options)) is not None:
            return phrased
        opened = open_sentences(opened, one_shot=True)
    corpus = encode(
        _ListedSentences(opened) if isinstance(opened, SentenceCorpus) else opened, workers=workers, **options
    )
    for token in corpus.types:
        if not isinstance(token, str):
            raise TypeError(f"tokens must be strings to be joined as phrases, got {token!r}: convert them")
    return corpus, None, {}


def decoded(corpus: EncodedCorpus) -> Iterator[list[Any]]:
    """The sentences of an encoded corpus as token lists."""
    starts = corpus.store.sentence_starts.tolist()
    for start, end in itertools.pairwise(starts):
        yield [corpus.types[type_id] for type_id in corpus.store.ids[start:end].tolist()]
