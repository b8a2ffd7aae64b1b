"""Which key of a vocabulary a word or phrase stands for, as a person types it or a question file spells it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from w2vplus.phrases.frozen import FrozenPhrases

DELIMITER = "_"
"""Joins the words of a phrase in vectors of ours, of gensim's users and of Google's, and in question files."""


class PhraseKeys:
    """Turns "boston globe" into the key that vectors keep it under.

    `known`: what has a vector, such as `KeyedVectors.key_to_index`. `phrases`: those that the model joined, if they
    are known (`Word2Vec.phrases`); they tell boston§globe where another delimiter was chosen, and join what is part
    of a longer text as they joined the corpus. Without them the words joined by "_" are looked for.

        evaluate_analogies(model.wv, "questions-phrases.txt", as_key=PhraseKeys(model.wv.key_to_index, model.phrases))

    Thread-safety: immutable; any number of threads may ask.
    """

    def __init__(self, known: Container[Any], phrases: Any = None) -> None:
        self._known = known
        self._phrases = phrases if isinstance(phrases, FrozenPhrases) else None

    def __call__(self, text: str) -> str:
        """The key of a text, which is the text itself if that has a vector, or if there is none for its words."""
        if text in self._known:
            return text
        for words in (text.split(), text.replace(DELIMITER, " ").split()):
            if len(words) > 1 and (key := self.of_words(words)) is not None:
                return key
        return text

    def of_words(self, words: Sequence[str]) -> str | None:
        """The key of a phrase of these words, None if it has no vector."""
        joined = [DELIMITER.join(words)]
        if self._phrases is not None:
            merged = self._phrases[list(words)]
            joined = [*merged, *joined] if len(merged) == 1 else joined
        return next((key for key in joined if key in self._known), None)
