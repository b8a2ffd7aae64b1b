"""Python iterables of token lists as a corpus: what can be read again and again passes, the rest is refused
by name."""

from __future__ import annotations

import logging
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from types import FunctionType, GeneratorType
from typing import Any

import numpy as np

from w2vplus.errors import CorpusError, SentenceTypeError

logger = logging.getLogger(__name__)


class SentenceCorpus:
    """Any restartable iterable whose items are sequences of hashable tokens.

    Raises CorpusError for a string or bytes, for what is not iterable, and for a generator or another
    one-shot iterator unless `one_shot` allows it (for a single pass). `strings_as_characters` reads a
    sentence that is a plain string as its characters, as gensim does, with a warning, instead of refusing it.
    """

    def __init__(
        self, sentences: Any, *, one_shot: bool = False, strings_as_characters: bool = False
    ) -> None:
        if isinstance(sentences, str | bytes | bytearray):
            raise CorpusError(
                f"the corpus is a plain {type(sentences).__name__} ({_shortened(sentences)}): "
                f"pass a list of token lists here, or a file name as corpus_file"
            )
        if not isinstance(sentences, Iterable) and not hasattr(sentences, "__getitem__"):
            raise CorpusError(
                f"the corpus is a {type(sentences).__name__}, which is not an iterable of token lists"
            )
        if not one_shot and is_one_shot(sentences):
            raise CorpusError(
                f"the corpus is a one-shot {type(sentences).__name__}, which would be empty after the first "
                f"pass: pass list(...) of it, or an object whose __iter__ starts anew"
            )
        self.sentences = sentences
        self.strings_as_characters = strings_as_characters
        self._sentences_seen = 0
        self._warned = False

    def __iter__(self) -> Iterator[Any]:
        # An object that is its own iterator may restart in __iter__ or not: only the second pass can tell.
        if not isinstance(self.sentences, Iterator):
            return iter(self.sentences)
        return self._watched()

    def _watched(self) -> Iterator[Any]:
        seen = 0
        for seen, sentence in enumerate(self.sentences, start=1):  # noqa: B007
            yield sentence
        if seen == 0 and self._sentences_seen:
            raise CorpusError(
                f"the corpus, a {type(self.sentences).__name__}, gave {self._sentences_seen} sentences "
                f"on an earlier pass and none now: its __iter__ must start anew"
            )
        self._sentences_seen = max(seen, self._sentences_seen)

    def as_sequence(self, sentence: Any, position: int) -> Sequence[Hashable]:
        """A sentence that is neither list nor tuple as a list of its tokens; `position` counts from 0.

        Raises SentenceTypeError for a string, a mapping and whatever has no length or cannot be iterated.
        """
        if isinstance(sentence, str) and self.strings_as_characters:
            if not self._warned:
                self._warned = True
                logger.warning(
                    "Each 'sentences' item should be a list of words (usually unicode strings). Item %i is instead "
                    "the plain string %s: its characters are taken as words.",
                    position, _shortened(sentence),
                )  # fmt: skip
            return list(sentence)
        if isinstance(sentence, str | bytes | bytearray):
            raise SentenceTypeError(
                f"sentence {position} is a plain {type(sentence).__name__} ({_shortened(sentence)}): "
                f"each sentence must be a list of tokens; split it first, for example with sentence.split()"
            )
        if isinstance(sentence, np.ndarray) and sentence.ndim == 1:
            tokens: list[Hashable] = sentence.tolist()
            return tokens
        is_sized = hasattr(sentence, "__len__") and hasattr(sentence, "__iter__")
        if not is_sized or isinstance(sentence, Mapping | np.ndarray):
            raise SentenceTypeError(
                f"sentence {position} is a {type(sentence).__name__}, not a sequence of tokens: "
                f"each sentence must be a list of tokens"
            )
        return list(sentence)


def is_one_shot(sentences: Any) -> bool:
    """Whether `sentences` can surely be read only once: a generator, or a built-in iterator such as map or a
    file.

    A class of the user's that is its own iterator may start anew in a Python-level __iter__; it has the
    benefit of the doubt. Phrases over a generator can be read once, as it can.
    """
    interfaces = sys.modules.get("gensim.interfaces")
    if interfaces is not None and isinstance(sentences, interfaces.TransformedCorpus):
        return is_one_shot(sentences.corpus)
    if isinstance(sentences, GeneratorType):
        return True
    if not isinstance(sentences, Iterator):
        return False
    return not isinstance(getattr(type(sentences), "__iter__", None), FunctionType)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
