"""Which key of a vocabulary a word or phrase stands for, as a person types it or a question file spells it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from w2vplus.phrases.frozen import FrozenPhrases

DELIMITER = "_"
"""Joins the words of a phrase in vectors of ours, of gensim's users and of Google's, and in question files."""


class PhraseKeys:
    """Turns "boston globe" into the key that vectors keep it under.

    `known`: what has a vector, such as `KeyedVectors.key_to_index`. `phrases`: those that the model joined, if they
    are known (`Word2Vec.phrases`); they tell boston§globe where another delimiter was chosen, and join what is part
    of a longer text as they joined the corpus. Without them the words joined by "_" are looked for.

    `case_insensitive`: what has no vector as it is written stands for the first key, in the order of `known`, that
    differs from it in case alone.

        evaluate_analogies(model.wv, "questions-phrases.txt", as_key=PhraseKeys(model.wv.key_to_index, model.phrases))

    Thread-safety: immutable; any number of threads may ask.
    """

    def __init__(self, known: Collection[Any], phrases: Any = None, *, case_insensitive: bool = False) -> None:
        self._known = known
        self._phrases = phrases if isinstance(phrases, FrozenPhrases) else None
        own = [] if self._phrases is None else [self._phrases.delimiter]
        self._delimiters = list(dict.fromkeys([*own, DELIMITER]))
        self._in_any_case: dict[str, Any] = {}
        for key in known if case_insensitive else ():
            if isinstance(key, str):
                self._in_any_case.setdefault(key.upper(), key)

    def __call__(self, text: str) -> str:
        """The key of a text; the text itself if neither it nor its words as a phrase have a vector."""
        if (key := self._found(text)) is not None:
            return key
        for words in (text.split(), text.replace(DELIMITER, " ").split()):
            if len(words) > 1 and (key := self.of_words(words)) is not None:
                return key
        return text

    def of_words(self, words: Sequence[str]) -> str | None:
        """The key of a phrase of these words, None if it has no vector."""
        joined = [delimiter.join(words) for delimiter in self._delimiters]
        if self._phrases is not None:
            merged = self._phrases[list(words)]
            joined = [*merged, *joined] if len(merged) == 1 else joined
        return next((key for text in joined if (key := self._found(text)) is not None), None)

    def _found(self, text: str) -> str | None:
        return text if text in self._known else self._in_any_case.get(text.upper())
