"""Counts of candidates become phrases: names, scores, thresholds and the table of those that were
accepted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._pairs import npmi_scores
from w2vplus.collocations.counting import CandidateCounts, Candidates, count_candidates
from w2vplus.store import EncodedCorpus

SCORINGS = ("default", "npmi", "word2phrase")

USUAL_THRESHOLDS = {"default": 10.0, "npmi": 0.5, "word2phrase": 100.0}
"""What each scoring is used with unless a threshold is given."""


@dataclass(frozen=True)
class Phrase:
    """The type of a merged phrase: its words, however many passes joined them. Equals no token."""

    words: tuple[Hashable, ...]

    def joined(self, delimiter: str) -> str:
        """The phrase as one string. Raises TypeError if a word is not a string."""
        try:
            return delimiter.join(self.words)  # type: ignore[arg-type]
        except TypeError:
            word = next(word for word in self.words if not isinstance(word, str))
            raise TypeError(
                f"the phrase {self.words!r} cannot be joined by {delimiter!r}: {word!r} is not a string"
            ) from None


def phrase_places(types: Sequence[Hashable]) -> list[int]:
    """Where phrases stand among the types of a corpus, ascending."""
    return [place for place, kind in enumerate(map(type, types)) if kind is Phrase]


@dataclass(frozen=True)
class PhraseSettings:
    """What makes a candidate a phrase: a score greater than `threshold`, in the scale of `scoring`.

    With c(·) counts, V the number of distinct words and candidates, N the number of tokens:

    - "default": (c(ab) - min_count) / (c(a)·c(b)) · V, gensim's scale
    - "word2phrase": (c(ab) - min_count) / (c(a)·c(b)) · N, that of the C tool
    - "npmi": ln(p(ab) / (p(a)·p(b))) / -ln(p(ab)), p = c / N, from -1 to 1 (Bouma 2009); none below min_count

    `connector_words` stand inside phrases without being counted, and at neither end. Raises ValueError for
    a setting out of its range.
    """

    min_count: float = 5
    threshold: float = 10.0
    scoring: str = "default"
    connector_words: frozenset[Hashable] = frozenset()

    def __post_init__(self) -> None:
        if self.scoring not in SCORINGS:
            raise ValueError(f"scoring must be one of {', '.join(SCORINGS)}, got {self.scoring!r}")
        if not self.min_count > 0:
            raise ValueError(f"min_count must be positive, got {self.min_count}")
        if self.scoring == "npmi":
            if not -1 <= self.threshold <= 1:
                raise ValueError(f"threshold must be between -1 and 1 for npmi scoring, got {self.threshold}")
        elif not self.threshold > 0:
            raise ValueError(f"threshold must be positive for {self.scoring} scoring, got {self.threshold}")

    @property
    def least_count(self) -> int:
        """The least count with which a candidate can be accepted."""
        return least_count(self.scoring, self.min_count)


def least_count(scoring: str, min_count: float) -> int:
    """The least count with which a candidate can have a score above 0 (npmi: any score)."""
    min_count = min(min_count, 2**32)  # no pair can occur so often
    return math.ceil(min_count) if scoring == "npmi" else math.floor(min_count) + 1


@dataclass(frozen=True)
class PhraseTable:
    """The accepted phrases of one pass, over the types of the corpus they were learnt from.

    Phrase p is component_ids[component_starts[p]:component_starts[p + 1]] (int32, int64 (n + 1,)): first
    word, connectors, last word. `counts`: int64 (n,), occurrences as a candidate, overlaps included;
    `scores`: float64 (n,). `connector_words` are left alone where they are no part of a phrase.
    """

    types: Sequence[Hashable]
    connector_words: frozenset[Hashable]
    component_ids: NDArray[np.int32]
    component_starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.counts)

    def components(self) -> Iterator[tuple[Hashable, ...]]:
        """The types that each phrase joins: tokens, or phrases of an earlier pass."""
        joined_types = [self.types[type_id] for type_id in self.component_ids.tolist()]
        starts = self.component_starts.tolist()
        for start, end in itertools.pairwise(starts):
            yield tuple(joined_types[start:end])

    def phrases(self) -> list[Phrase]:
        """Each phrase with the words of its components."""
        return self._phrases

    @cached_property
    def _phrases(self) -> list[Phrase]:
        if Phrase not in set(map(type, self.types)):
            return list(map(Phrase, self.components()))
        return [Phrase(_words(components)) for components in self.components()]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_phrases"}

    def where(self, kept: NDArray[np.bool_]) -> PhraseTable:
        """Those of the phrases for which `kept` (bool, as many) holds."""
        if kept.all():
            return self
        lengths = np.diff(self.component_starts)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[kept])])
        ids = self.component_ids[np.repeat(kept, lengths)]
        phrases = replace(
            self,
            component_ids=ids,
            component_starts=starts,
            counts=self.counts[kept],
            scores=self.scores[kept],
        )
        if "_phrases" in self.__dict__:
            phrases.__dict__["_phrases"] = list(itertools.compress(self._phrases, kept.tolist()))
        return phrases

    def compact(self) -> PhraseTable:
        """The same phrases without the types that are in none of them: small enough to keep."""
        used, component_ids = np.unique(self.component_ids, return_inverse=True)
        types = [self.types[type_id] for type_id in used.tolist()]
        return self._of_the_same(replace(self, types=types, component_ids=component_ids.astype(np.int32)))

    def scored(self, scores: NDArray[np.float64]) -> PhraseTable:
        """The same phrases with other scores, float64 (n,)."""
        return self._of_the_same(replace(self, scores=scores))

    def _of_the_same(self, table: PhraseTable) -> PhraseTable:
        """A table of these phrases over other types, with their names if those have been made already."""
        if "_phrases" in self.__dict__:
            table.__dict__["_phrases"] = self._phrases
        return table

    def over(self, types: Sequence[Hashable]) -> PhraseTable:
        """The same phrases over the types of another corpus, without those that it cannot contain."""
        if types is self.types:
            return self
        id_of_type = dict(zip(types, range(len(types)), strict=True))
        new_ids = np.fromiter((id_of_type.get(token, -1) for token in self.types), np.int32, len(self.types))
        component_ids = new_ids[self.component_ids]
        unknown = np.concatenate([np.zeros(1, np.int64), np.cumsum(component_ids < 0)])
        possible = np.diff(unknown[self.component_starts]) == 0
        return self._of_the_same(replace(self, types=types, component_ids=component_ids)).where(possible)


def scores_of(
    counts: CandidateCounts,
    candidates: Candidates,
    scoring: str,
    min_count: float,
    vocabulary_size: int | None = None,
) -> NDArray[np.float64]:
    """Score of every candidate, float64, to the bit as gensim computes it; `vocabulary_size` stands for that of
    the counts."""
    first_counts, last_counts = counts.word_counts[candidates.firsts], counts.word_counts[candidates.lasts]
    if scoring == "npmi":
        return npmi_scores(first_counts, last_counts, candidates.counts, counts.total_words)
    entries = counts.vocabulary_size if vocabulary_size is None else vocabulary_size
    scale = entries if scoring == "default" else counts.total_words
    # (c(ab) - min_count) / (c(a)·c(b)) · scale; the product in float64, where it cannot overflow
    expected = first_counts.astype(np.float64) * last_counts
    scores: NDArray[np.float64] = (candidates.counts - min_count) / expected * scale
    return scores


def learn_phrases(
    corpus: EncodedCorpus, settings: PhraseSettings, *, workers: int = 1, max_pairs: int | None = None
) -> PhraseTable:
    """Count, score and accept the phrases of a corpus. A corpus without any has an empty table."""
    counts = count_candidates(corpus, settings.connector_words, workers=workers, max_pairs=max_pairs)
    return accepted_phrases(corpus.types, counts, settings)


def accepted_phrases(
    types: Sequence[Hashable], counts: CandidateCounts, settings: PhraseSettings
) -> PhraseTable:
    """The candidates whose score is above the threshold."""
    candidates = counts.candidates(settings.least_count, ordered=False)
    scores = scores_of(counts, candidates, settings.scoring, settings.min_count)
    accepted = scores > settings.threshold
    return phrase_table(types, counts, candidates.where(accepted), scores[accepted], settings.connector_words)


def phrase_table(
    types: Sequence[Hashable],
    counts: CandidateCounts,
    candidates: Candidates,
    scores: NDArray[np.float64],
    connector_words: frozenset[Hashable],
) -> PhraseTable:
    """These candidates as phrases, sorted by (first, last, connectors)."""
    order = candidates.order()
    candidates, scores = candidates.where(order), scores[order]  # type: ignore[arg-type]
    run_ids = {run: counts.connector_run(run) for run in np.unique(candidates.runs).tolist()}
    component_ids, component_starts = flattened(
        [
            (first, *run_ids[run], last)
            for first, run, last in zip(
                candidates.firsts.tolist(), candidates.runs.tolist(), candidates.lasts.tolist(), strict=True
            )
        ]
    )
    return PhraseTable(types, connector_words, component_ids, component_starts, candidates.counts, scores)


def table_of_components(
    rows: dict[tuple[Hashable, ...], tuple[int, float]], connector_words: frozenset[Hashable]
) -> PhraseTable:
    """A table from phrases that are known otherwise: components -> (count, score)."""
    id_of: dict[Hashable, int] = {}
    component_ids, component_starts = flattened(
        [[id_of.setdefault(token, len(id_of)) for token in components] for components in rows]
    )
    counts, scores = [count for count, _ in rows.values()], [score for _, score in rows.values()]
    return PhraseTable(
        list(id_of),
        connector_words,
        component_ids,
        component_starts,
        np.array(counts, np.int64),
        np.array(scores, np.float64),
    )


def joined_tables(tables: Sequence[PhraseTable]) -> PhraseTable:
    """The phrases of several tables as those of one pass; of two with equal components the later one counts."""
    rows = {
        components: (count, score)
        for table in tables
        for components, count, score in zip(
            table.components(), table.counts.tolist(), table.scores.tolist(), strict=True
        )
    }
    return table_of_components(rows, tables[0].connector_words)


def _words(components: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Components with every phrase among them replaced by its words."""
    words: list[Hashable] = []
    for component in components:
        words.extend(component.words if isinstance(component, Phrase) else (component,))
    return tuple(words)


def flattened(id_lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(all ids in a row, where each list starts and the last one ends)."""
    starts = np.zeros(len(id_lists) + 1, dtype=np.int64)
    np.cumsum([len(ids) for ids in id_lists], out=starts[1:])
    return np.fromiter((i for ids in id_lists for i in ids), dtype=np.int32, count=int(starts[-1])), starts
