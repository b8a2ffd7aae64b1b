"""What `Phrases` and `FrozenPhrases` share: applying phrases to sentences, corpora and files.

A transformation has a native merger whenever its phrases are known beforehand and nobody has overridden how
they are found; otherwise it goes token by token, as gensim does, through `score_candidate`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from gensim import utils as gensim_utils
from gensim.models import phrases as gensim_phrases
from gensim.models.phrases import _is_single

from w2vplus.errors import ModelFormatError
from w2vplus.limits import available_cpus
from w2vplus.phrases.applying import NativePhrases, PhrasedCorpus
from w2vplus.phrases.writing import write_phrased


class FindsPhrases(Protocol):
    """What a class brings along for `StrictTransformation`, which applies the phrases that it finds."""

    connector_words: frozenset[str]
    delimiter: str

    def _native(self) -> NativePhrases | None:
        """The phrases as they are now, or None if they must be looked for token by token."""

    def _native_for(self, token_count: int) -> NativePhrases | None:
        """As `_native`, or None if so few tokens are looked up sooner than all phrases are made."""

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """(joined phrase, score), or (None, None) if the words are no phrase."""

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Tokens and phrases of a sentence with the phrases' scores."""


class StrictTransformation:
    """What both classes do beyond gensim's: they refuse strings for sentences, and keep empty tokens."""

    def _is_overridden(self, base: type) -> bool:
        """Whether a subclass or the instance itself finds phrases in another way than `base`."""
        kind = type(self)
        return any(
            getattr(kind, name) is not getattr(base, name) or name in self.__dict__
            for name in ("score_candidate", "analyze_sentence")
        )

    def __getitem__(self: FindsPhrases, sentence: Iterable[Any]) -> Any:
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
        tokens = sentence if type(sentence) is list else list(sentence)
        native = self._native_for(len(tokens))
        if native is not None:
            return native.merger.merge(tokens)
        return [token for token, _ in self.analyze_sentence(tokens)]

    def _native_for(self: FindsPhrases, token_count: int) -> NativePhrases | None:
        return self._native()

    def _apply(self, corpus: Any, chunksize: int | None = None, **kwargs: Any) -> Any:
        """gensim's hook behind `__getitem__` for corpora."""
        return PhrasedCorpus(self, corpus, chunksize, **kwargs)

    def analyze_sentence(self: FindsPhrases, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield (joined phrase, score) for each phrase and (token, None) for every other token, in order.

        Greedy from left to right: a phrase is taken as soon as its last word is seen, and none of its words
        starts another. This is gensim's law, except that an empty string in a sentence stays where gensim
        loses it.
        """
        tokens = list(sentence)
        native = self._native_for(len(tokens))
        if native is None:
            yield from _analyzed(self, tokens)
            return
        numbers = native.merger.phrase_numbers(tokens).tolist()
        for token, number in zip(native.merger.merge(tokens), numbers, strict=True):
            yield token, native.scores[number] if number >= 0 else None

    def find_phrases(self: FindsPhrases, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
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

        `corpus` is anything that `w2vplus.open_corpus` takes; text files pass through `workers` threads (every CPU
        unless given) in blocks, never whole in memory. A compression suffix of `path` compresses. Blank lines are
        left out, white space becomes single spaces. The file is written whole or not at all. Raises as `encode`
        does, and OSError if `path` cannot be written.
        """
        return write_phrased(self, corpus, path, workers or available_cpus())

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Any:
        """Load a model that `save` wrote; one that gensim wrote becomes an instance of the class here.

        Raises ModelFormatError for a truncated or foreign file, and its subclass WrongModelError, which is gensim's
        AttributeError too, for a pickle of another class.

        Reading a model runs the code that its pickle names: load only files that you trust.
        """
        from w2vplus.vectors.pickles import load_explained, refuse_wrong_class

        source = args[0] if args else kwargs.pop("fname", None)
        if not isinstance(source, (str, os.PathLike)):
            raise TypeError(f"load takes the path of saved phrases, got {source!r}")
        path, wanted = os.fspath(source), "saved phrases model"
        with load_explained(path, wanted, ModelFormatError):
            model = gensim_utils.SaveLoad.load.__func__(cls, path, *args[1:], **kwargs)
        if isinstance(model, StrictTransformation):
            return model
        if not isinstance(model, gensim_phrases._PhrasesTransformation):
            refuse_wrong_class(path, wanted, f"{type(model).__module__}.{type(model).__qualname__}")
        model = super().load(path, *args[1:], **kwargs)  # type: ignore[misc]  # gensim's brings old models up to date
        if type(model) in (gensim_phrases.Phrases, gensim_phrases.FrozenPhrases):
            from w2vplus.phrases import FrozenPhrases, Phrases

            kind: Any = Phrases if type(model) is gensim_phrases.Phrases else FrozenPhrases
            state = dict(model.__dict__)
            model = kind.__new__(kind)
            model._adopt(state)
        return model


def _analyzed(
    transformation: FindsPhrases, sentence: Iterable[str]
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
