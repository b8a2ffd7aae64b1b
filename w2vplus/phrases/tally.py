"""The counts behind `Phrases`: words and candidates by id, looked up by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from w2vplus.collocations import CandidateCounts, count_candidates, count_passing, merged_counts
from w2vplus.corpus import TextCorpus, passing_text
from w2vplus.phrases.applying import decoded, encoded_strings, opened_strings
from w2vplus.store import EncodedCorpus


@dataclass
class Tally:
    """Counts over the types of a corpus, to which those of others can be added.

    `carried`: phrases that an earlier model had joined in the text this was counted from, components ->
    token. Each occurrence of such a token is one of its components together.
    """

    types: list[Any]
    counts: CandidateCounts
    carried: dict[tuple[str, ...], str] = field(default_factory=dict)
    source: EncodedCorpus | TextCorpus | None = None

    @classmethod
    def of_corpus(
        cls, sentences: Any, delimiter: str, connector_words: frozenset[str], workers: int
    ) -> Tally:
        """Count a corpus, text files in passing; raises CorpusError or TypeError for what is none."""
        opened = opened_strings(sentences)
        text = passing_text(opened)
        if text is not None:
            counts = count_passing(text, connector_words, workers=workers)
            return cls(list(text.take_types()), counts, {}, opened)
        corpus, joined_by, carried = encoded_strings(opened, workers)
        counts = count_candidates(corpus, connector_words, workers=workers)
        return cls(list(corpus.types), counts, carried if joined_by == delimiter else {}, corpus)

    def sentences(self) -> Iterable[list[Any]]:
        """What was counted, once more, as long as it is kept."""
        assert self.source is not None
        return decoded(self.source) if isinstance(self.source, EncodedCorpus) else self.source

    @cached_property
    def id_of(self) -> dict[Any, int]:
        return {token: number for number, token in enumerate(self.types)}

    @cached_property
    def vocabulary_size(self) -> int:
        """Distinct words and candidates; a phrase that is both, carried and come again, is one."""
        twice = sum(
            1 for words in self.carried if self._pair_count(words) and self._word_count(self.carried[words])
        )
        return self.counts.vocabulary_size - twice

    def _word_count(self, word: str) -> int:
        number = self.id_of.get(word, -1)
        return self.counts.word_counts.item(number) if number >= 0 else 0

    def _pair_count(self, words: tuple[str, ...]) -> int:
        numbers = [self.id_of.get(word, -1) for word in words]
        return 0 if min(numbers) < 0 else self.counts.count_of(numbers)

    def counts_of(self, words: tuple[str, ...]) -> tuple[int, int, int]:
        """Occurrences of the first word, of the last, and of the candidate."""
        numbers = [self.id_of.get(word, -1) for word in words]
        count_of_type = self.counts.word_counts.item
        of_first = count_of_type(numbers[0]) if numbers[0] >= 0 else 0
        of_last = count_of_type(numbers[-1]) if numbers[-1] >= 0 else 0
        together = self.counts.count_of(numbers) if min(numbers) >= 0 else 0
        if words in self.carried:
            together += self._word_count(self.carried[words])
        return of_first, of_last, together

    def candidates(self, least_count: int) -> Iterator[tuple[tuple[Any, ...], tuple[int, int, int]]]:
        """Each candidate that occurs so often, carried ones included, with its `counts_of`."""
        found = self.counts.candidates(1 if self.carried else least_count)
        connectors: dict[int, list[Any]] = {}
        columns = (column.tolist() for column in (found.firsts, found.runs, found.lasts, found.counts))
        word_counts, seen = self.counts.word_counts.tolist(), set()
        for first, run, last, count in zip(*columns, strict=True):
            if run not in connectors:
                connectors[run] = [self.types[type_id] for type_id in self.counts.connector_run(run)]
            words = (self.types[first], *connectors[run], self.types[last])
            if words in self.carried:
                seen.add(words)
                count += self._word_count(self.carried[words])
            if count >= least_count:
                yield words, (word_counts[first], word_counts[last], count)
        for words in self.carried:
            if words not in seen and (counts := self.counts_of(words))[2] >= least_count:
                yield words, counts

    def strings(self, delimiter: str) -> dict[str, int]:
        """gensim's vocabulary: words and joined candidates with their counts; equal strings are added up."""
        columns = zip(self.types, self.counts.word_counts.tolist(), strict=True)
        vocab: dict[str, int] = {word: count for word, count in columns if count}
        for words, (_, _, count) in replace(self, carried={}).candidates(1):
            joined = delimiter.join(words)
            vocab[joined] = vocab.get(joined, 0) + count
        return vocab

    def add(self, other: Tally) -> None:
        """Add the counts of another corpus, in a time that depends on its size alone but for a glance at the words."""
        ids = (self.id_of.setdefault(token, len(self.id_of)) for token in other.types)
        new_ids = np.fromiter(ids, np.int32, len(other.types))
        self.types.extend(other.types[place] for place in np.flatnonzero(new_ids >= len(self.types)).tolist())
        self.counts = merged_counts(self.counts, other.counts, new_ids, len(self.types))
        self.carried.update(other.carried)
        self.source = None
        self.__dict__.pop("vocabulary_size", None)
