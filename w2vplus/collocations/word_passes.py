"""The phrases of successive passes over words instead of a corpus's ids: what applies them to token lists and to
text that nobody has encoded.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np

from w2vplus._merging import PhraseMerger, TextMerger, TokenMerger
from w2vplus.collocations.counting import connector_mask
from w2vplus.collocations.table import Phrase, PhraseTable

NO_TOKEN = b"\n"
"""Stands for a word that no text can contain, such as the empty one."""


class WordPasses:
    """Phrases of one or several passes with one numbering of words and phrases for all of them.

    `phrases`: those of all passes and of tables' types, each once, by number. Phrases of an earlier pass are told
    from tokens that only read like them.

    Thread-safety: immutable.
    """

    def __init__(self, tables: Sequence[PhraseTable]) -> None:
        number_of: dict[Phrase, int] = {}
        self._id_of_word: dict[Hashable, int] = {}
        for table in tables:
            for token in (*table.connector_words, *table.types):
                if isinstance(token, Phrase):
                    number_of.setdefault(token, len(number_of))
                else:
                    self._id_of_word.setdefault(token, len(self._id_of_word))
            for phrase in table.phrases():
                number_of.setdefault(phrase, len(number_of))
        self.phrases = list(number_of)
        self._passes = tuple(self._pass(table, number_of) for table in tables)
        connector_words = frozenset().union(*(table.connector_words for table in tables))
        self._is_connector = connector_mask([*self._id_of_word, *number_of], connector_words)

    def _pass(self, table: PhraseTable, number_of: dict[Phrase, int]) -> PhraseMerger:
        first = len(self._id_of_word)
        ids = [
            first + number_of[token] if isinstance(token, Phrase) else self._id_of_word[token]
            for token in table.types
        ]
        types = np.array([first + number_of[phrase] for phrase in table.phrases()], np.int32)
        return PhraseMerger(np.array(ids, np.int32)[table.component_ids], table.component_starts, types)

    def token_merger(self, delimiter: str) -> TokenMerger:
        """What merges lists of strings. Raises TypeError if a word of a phrase is not a string."""
        written = [phrase.joined(delimiter) for phrase in self.phrases]
        return TokenMerger(self._id_of_word, self._is_connector, self._passes, written)

    def text_merger(self, delimiter: str, max_sentence_length: int | None = None) -> TextMerger:
        """What merges blocks of UTF-8, a line of at most so many tokens being a sentence."""
        words = [
            word.encode("utf-8", "surrogatepass") if isinstance(word, str) else b"" for word in self._id_of_word
        ]
        # White space in a word keeps it from being found, and makes it distinct.
        distinct = [word or NO_TOKEN * (number + 1) for number, word in enumerate(words)]
        longest = sys.maxsize if max_sentence_length is None else max_sentence_length
        return TextMerger(distinct, self._is_connector, self._passes, delimiter.encode(), longest)

    @cached_property
    def neighbours(self) -> frozenset[tuple[Hashable, Hashable]]:
        """Every two words that stand side by side in a phrase: between any others no phrase can be open."""
        return frozenset(pair for phrase in self.phrases for pair in itertools.pairwise(phrase.words))
