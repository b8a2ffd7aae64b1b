"""What `Phrases` and `FrozenPhrases` share: applying phrases to sentences, corpora and files.

A transformation has a native merger whenever its phrases are known beforehand and nobody has overridden how
they are found; otherwise it goes token by token, as gensim does, through `score_candidate`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from gensim import utils as gensim_utils
from gensim.interfaces import TransformedCorpus
from gensim.models import phrases as gensim_phrases
from gensim.models.phrases import _is_single

from w2vplus._atomic import replacing
from w2vplus._merging import TokenMerger
from w2vplus.collocations import (
    Phrase,
    PhraseTable,
    apply_phrases,
    join_phrases,
    merger_of_tokens,
    write_lines,
)
from w2vplus.corpus import SentenceCorpus, encode, open_corpus, open_sentences
from w2vplus.store import EncodedCorpus


class NativePhrases:
    """Phrases ready to be applied to corpora (`tables`, one for each pass) and to token lists."""

    def __init__(self, tables: Sequence[PhraseTable], delimiter: str) -> None:
        self.tables = list(tables)
        self.delimiter = delimiter

    @cached_property
    def _merger_and_phrases(self) -> tuple[TokenMerger, list[Phrase]]:
        return merger_of_tokens(self.tables, self.delimiter)

    @cached_property
    def merger(self) -> TokenMerger:
        """What merges token lists; it numbers the phrases."""
        return self._merger_and_phrases[0]

    @cached_property
    def written(self) -> list[str]:
        """Each phrase as a string, by its number."""
        return [phrase.joined(self.delimiter) for phrase in self._merger_and_phrases[1]]

    @cached_property
    def scores(self) -> list[float]:
        """The score of each phrase, by its number."""
        score_of: dict[Phrase, float] = {}
        for table in self.tables:
            score_of.update(zip(table.phrases(), table.scores.tolist(), strict=True))
        return [score_of.get(phrase, 0.0) for phrase in self._merger_and_phrases[1]]


class StrictTransformation:
    """What both classes do beyond gensim's: they refuse strings for sentences, and keep empty tokens."""

    connector_words: frozenset[str]
    delimiter: str
    threshold: float

    def _native(self) -> NativePhrases | None:
        """The phrases as they are now, or None if they must be looked for token by token."""
        raise NotImplementedError

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        raise NotImplementedError

    def _is_overridden(self, base: type) -> bool:
        """Whether a subclass or the instance itself finds phrases in another way than `base`."""
        kind = type(self)
        return any(
            getattr(kind, name) is not getattr(base, name) or name in self.__dict__
            for name in ("score_candidate", "analyze_sentence")
        )

    def __getitem__(self, sentence: Iterable[Any]) -> Any:
        """The list of tokens with its phrases joined; for a corpus, an iterable of such lists.

        The iterable transforms lazily, and again each time if the corpus can be read again. Raises TypeError
        for a plain string, whose items would be characters.
        """
        if isinstance(sentence, str | bytes):
            raise TypeError(f"a sentence must be a list of tokens, got {sentence[:40]!r}; split it first")
        if not isinstance(sentence, list) or not sentence or not isinstance(sentence[0], str):
            is_single, sentence = _is_single(sentence)
            if not is_single:
                return PhrasedCorpus(self, sentence)
        native = self._native()
        if native is not None:
            return native.merger.merge(sentence if type(sentence) is list else list(sentence))
        return [token for token, _ in self.analyze_sentence(sentence)]

    def _apply(self, corpus: Any, chunksize: int | None = None, **kwargs: Any) -> Any:
        """gensim's hook behind `__getitem__` for corpora."""
        return PhrasedCorpus(self, corpus, chunksize, **kwargs)

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield (joined phrase, score) for each phrase and (token, None) for every other token, in order.

        Greedy from left to right: a phrase is taken as soon as its last word is seen, and none of its words
        starts another. This is gensim's law, except that an empty string in a sentence stays where gensim
        loses it.
        """
        native = self._native()
        if native is None:
            yield from _analyzed(self, sentence)
            return
        tokens = list(sentence)
        numbers = native.merger.phrase_numbers(tokens).tolist()
        for token, number in zip(native.merger.merge(tokens), numbers, strict=True):
            yield token, native.scores[number] if number >= 0 else None

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """The phrases that occur in the sentences, joined string -> score."""
        native = self._native()
        if native is None:
            found: dict[str, float] = {}
            for sentence in sentences:
                found.update(
                    (token, score) for token, score in self.analyze_sentence(sentence) if score is not None
                )
            return found
        numbers: dict[int, None] = {}
        for sentence in sentences:
            in_sentence = native.merger.phrase_numbers(list(sentence))
            numbers.update(dict.fromkeys(in_sentence[in_sentence >= 0].tolist()))
        return {native.written[number]: native.scores[number] for number in numbers}

    def write(
        self, corpus: Any, path: str | os.PathLike[str], *, workers: int | None = None
    ) -> tuple[int, int]:
        """Write a corpus with its phrases joined to `path`, one sentence a line; (tokens read, tokens
        written).

        `corpus` is anything that `w2vplus.open_corpus` takes; a compression suffix of `path` compresses.
        Blank lines are left out, white space becomes single spaces. The file is written whole or not at
        all. Raises as
        `encode` does, and OSError if `path` cannot be written.
        """
        workers = workers or available_workers()
        encoded = encode(corpus, workers=workers)
        native = self._native()
        if native is None:
            return encoded.token_count, write_corpus(
                encode(self[decoded(encoded)]), path, self.delimiter, workers
            )
        phrased = encoded
        for table in native.tables:
            phrased = apply_phrases(phrased, table, workers=workers)
        return encoded.token_count, write_corpus(phrased, path, self.delimiter, workers)

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Any:
        """Load a model that `save` wrote; one that gensim wrote becomes an instance of the class here.

        Reading a model runs the code that its pickle names: load only files that you trust.
        """
        model = gensim_utils.SaveLoad.load.__func__(cls, *args, **kwargs)
        if isinstance(model, StrictTransformation):
            return model
        model = super().load(*args, **kwargs)  # type: ignore[misc]  # gensim's, which brings old models up to date
        if type(model) in (gensim_phrases.Phrases, gensim_phrases.FrozenPhrases):
            from w2vplus.phrases import FrozenPhrases, Phrases

            kind: Any = Phrases if type(model) is gensim_phrases.Phrases else FrozenPhrases
            state = dict(model.__dict__)
            model = kind.__new__(kind)
            model._adopt(state)
        return model


def _analyzed(
    transformation: StrictTransformation, sentence: Iterable[str]
) -> Iterator[tuple[str, float | None]]:
    """gensim's walk over one sentence, asking `score_candidate` about each candidate."""
    first_word: str | None = None
    connectors: list[str] = []
    for word in sentence:
        if word in transformation.connector_words:
            if first_word is None:
                yield word, None
            else:
                connectors.append(word)
            continue
        if first_word is not None:
            phrase, score = transformation.score_candidate(first_word, word, connectors)
            if phrase is not None and score is not None:
                yield phrase, score
                first_word, connectors = None, []
                continue
            yield first_word, None
            for connector in connectors:
                yield connector, None
        first_word, connectors = word, []
    if first_word is not None:
        yield first_word, None
        for connector in connectors:
            yield connector, None


class PhrasedCorpus(TransformedCorpus):  # type: ignore[misc]
    """A corpus with phrases joined while it is iterated; `w2vplus` learns from it without making its strings.

    `obj` is the transformation, `corpus` what it is applied to (gensim's names).
    """

    def __init__(self, obj: Any, corpus: Any, chunksize: int | None = None, **kwargs: Any) -> None:
        super().__init__(obj, corpus, chunksize, **kwargs)

    def __iter__(self) -> Iterator[list[Any]]:
        native = self.obj._native()
        if native is None:
            yield from super().__iter__()
            return
        merge = native.merger.merge
        for sentence in self.corpus:
            if type(sentence) is list and (not sentence or isinstance(sentence[0], str)):
                yield merge(sentence)
            else:
                yield self.obj[sentence]

    def encoded(self, workers: int) -> tuple[EncodedCorpus, str, dict[tuple[str, ...], str]] | None:
        """The phrased corpus as ids, the delimiter and the phrases that were joined (components -> token);
        None if it must be iterated."""
        native = self.obj._native()
        if native is None:
            return None
        corpus, _, carried = encoded_strings(self.corpus, workers)
        delimiter = self.obj.delimiter
        for table in native.tables:
            corpus = apply_phrases(corpus, table, workers=workers)
            for components, phrase in zip(table.components(), table.phrases(), strict=True):
                words = tuple(
                    part.joined(delimiter) if isinstance(part, Phrase) else str(part) for part in components
                )
                carried[words] = phrase.joined(delimiter)
        return join_phrases(corpus, delimiter), delimiter, carried


class _ListedSentences:
    """A corpus whose sentences may be any iterables, as gensim allows here; each is listed in its turn."""

    def __init__(self, sentences: Iterable[Any]) -> None:
        self.sentences = sentences

    def __iter__(self) -> Iterator[Any]:
        for sentence in self.sentences:
            needs_listing = hasattr(sentence, "__iter__") and not hasattr(sentence, "__len__")
            yield list(sentence) if needs_listing else sentence


def encoded_strings(
    sentences: Any, workers: int
) -> tuple[EncodedCorpus, str | None, dict[tuple[str, ...], str]]:
    """A corpus of strings as ids; for a phrased corpus also its delimiter and the phrases that were joined
    in it.

    Raises CorpusError or TypeError for what is no corpus of strings.
    """
    if isinstance(sentences, PhrasedCorpus) and (phrased := sentences.encoded(workers)) is not None:
        return phrased
    if isinstance(sentences, os.PathLike):
        opened = open_corpus(sentences)
    else:
        opened = open_sentences(sentences, one_shot=True)
    corpus = encode(
        _ListedSentences(opened) if isinstance(opened, SentenceCorpus) else opened, workers=workers
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


def write_corpus(corpus: EncodedCorpus, path: str | os.PathLike[str], delimiter: str, workers: int) -> int:
    """Write sentences as lines, whole or not at all; a compression suffix compresses. Returns the tokens
    written.
    """
    import smart_open

    with replacing(path) as temporary, smart_open.open(str(temporary), "wb") as file:
        for text in write_lines(corpus, delimiter, workers=workers):
            file.write(text)
    return corpus.token_count


def available_workers() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
