"""Phrases over ids: neighbouring words that occur together too often become one type of the corpus.

An encoded corpus is counted (`count_candidates`), its candidates are scored and accepted (`learn_phrases`),
and the accepted ones are merged into a shorter corpus over the same and some new types (`apply_phrases`),
which may be learnt from again for longer phrases. Words stay ids until `join_phrases` writes each phrase as
one string. The phrases face, the training pipeline and the command line call it; no text is read and no
string is built in between.

A candidate is two words with nothing but connector words between them. Its run of connectors belongs to it:
"bank of america" is not "bank america". Candidates never cross a sentence end.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from w2vplus._pairs import PairCounter, PhraseMerger, npmi_scores
from w2vplus.store import EncodedCorpus

SCORINGS = ("default", "npmi", "word2phrase")


@dataclass(frozen=True)
class Phrase:
    """The type of a merged phrase: its words, however many passes joined them. Equals no token."""

    words: tuple[Hashable, ...]

    def joined(self, delimiter: str) -> str:
        """The phrase as one string. Raises TypeError if a word is not a string."""
        for word in self.words:
            if not isinstance(word, str):
                raise TypeError(
                    f"the phrase {self.words!r} cannot be joined by {delimiter!r}: {word!r} is not a string"
                )
        return delimiter.join(self.words)  # type: ignore[arg-type]


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
        """The least count with which a candidate can be accepted; no pair can occur 2^32 times."""
        min_count = min(self.min_count, 2**32)
        return math.ceil(min_count) if self.scoring == "npmi" else math.floor(min_count) + 1


@dataclass(frozen=True)
class Candidates:
    """Candidates of a corpus as parallel arrays of type ids, sorted by (first, last, run).

    `firsts`, `lasts`: int32; `runs`: int64, numbers for `CandidateCounts.connector_run`, 0 for none;
    `counts`: int64.
    """

    firsts: NDArray[np.int32]
    runs: NDArray[np.int64]
    lasts: NDArray[np.int32]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.counts)

    def where(self, kept: NDArray[np.bool_]) -> Candidates:
        """Those of the candidates for which `kept` (bool, as many) holds."""
        return Candidates(self.firsts[kept], self.runs[kept], self.lasts[kept], self.counts[kept])


@dataclass(frozen=True)
class CandidateCounts:
    """All that scoring needs to know of a corpus.

    `word_counts`: int64 (n_types,), 0 for connector words. `total_words`: tokens, connectors included.
    """

    word_counts: NDArray[np.int64]
    total_words: int
    pairs: PairCounter

    @property
    def vocabulary_size(self) -> int:
        """Distinct words that are no connectors, plus distinct candidates: the default scoring's V."""
        return int(np.count_nonzero(self.word_counts)) + len(self.pairs)

    def candidates(self, least_count: int = 1) -> Candidates:
        """The candidates that occur at least `least_count` times."""
        found = Candidates(*self.pairs.candidates(least_count))
        order = np.lexsort((found.runs, found.lasts, found.firsts))
        return Candidates(found.firsts[order], found.runs[order], found.lasts[order], found.counts[order])

    def connector_run(self, run: int) -> tuple[int, ...]:
        """The type ids of a run's connectors, in text order."""
        return self.pairs.connector_run(run)

    def scores(self, candidates: Candidates, settings: PhraseSettings) -> NDArray[np.float64]:
        """Score of every candidate, float64, to the bit as gensim computes it."""
        first_counts, last_counts = self.word_counts[candidates.firsts], self.word_counts[candidates.lasts]
        if settings.scoring == "npmi":
            return npmi_scores(first_counts, last_counts, candidates.counts, self.total_words)
        scale = self.vocabulary_size if settings.scoring == "default" else self.total_words
        # (c(ab) - min_count) / (c(a)·c(b)) · scale; the product in float64, where it cannot overflow
        expected = first_counts.astype(np.float64) * last_counts
        scores: NDArray[np.float64] = (candidates.counts - settings.min_count) / expected * scale
        return scores


@dataclass(frozen=True)
class PhraseTable:
    """The accepted phrases of one pass, over the types of the corpus they were learnt from.

    Phrase p is component_ids[component_starts[p]:component_starts[p + 1]] (int32, int64 (n + 1,)): first
    word, connectors, last word. `counts`: int64 (n,), occurrences as a candidate, overlaps included;
    `scores`: float64 (n,).
    """

    types: Sequence[Hashable]
    settings: PhraseSettings
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
        return [Phrase(_words(components)) for components in self.components()]

    def over(self, types: Sequence[Hashable]) -> PhraseTable:
        """The same phrases over the types of another corpus, without those that it cannot contain."""
        if types is self.types:
            return self
        wanted = {self.types[type_id] for type_id in np.unique(self.component_ids).tolist()}
        id_of_type = {token: type_id for type_id, token in enumerate(types) if token in wanted}
        ids_of_phrases = [[id_of_type.get(token, -1) for token in phrase] for phrase in self.components()]
        kept = np.array([-1 not in type_ids for type_ids in ids_of_phrases], dtype=bool)
        component_ids, component_starts = _flattened([ids for ids in ids_of_phrases if -1 not in ids])
        return PhraseTable(
            types, self.settings, component_ids, component_starts, self.counts[kept], self.scores[kept]
        )


def count_candidates(corpus: EncodedCorpus, connector_words: Set[Hashable] = frozenset()) -> CandidateCounts:
    """Count the words and the candidates of a corpus.

    Raises OverflowError if a candidate occurs 2^32 times.
    """
    store = corpus.store
    is_connector = _connector_mask(corpus.types, connector_words)
    pairs = PairCounter(len(corpus.types))
    pairs.count(store.ids, store.sentence_starts, is_connector, 0, store.sentence_count)
    return CandidateCounts(
        word_counts=np.where(is_connector, 0, corpus.counts), total_words=store.token_count, pairs=pairs
    )


def learn_phrases(corpus: EncodedCorpus, settings: PhraseSettings) -> PhraseTable:
    """Count, score and accept the phrases of a corpus. A corpus without any has an empty table."""
    counts = count_candidates(corpus, settings.connector_words)
    candidates = counts.candidates(settings.least_count)
    scores = counts.scores(candidates, settings)
    accepted = scores > settings.threshold
    candidates, scores = candidates.where(accepted), scores[accepted]
    run_ids = {run: counts.connector_run(run) for run in np.unique(candidates.runs).tolist()}
    component_ids, component_starts = _flattened(
        [
            (first, *run_ids[run], last)
            for first, run, last in zip(
                candidates.firsts.tolist(), candidates.runs.tolist(), candidates.lasts.tolist(), strict=True
            )
        ]
    )
    return PhraseTable(corpus.types, settings, component_ids, component_starts, candidates.counts, scores)


def apply_phrases(corpus: EncodedCorpus, table: PhraseTable) -> EncodedCorpus:
    """The corpus with its phrases merged, greedily from left to right within each sentence.

    Types keep their ids; a `Phrase` is appended for each that occurs, in order of first occurrence (the
    words joined in two ways, or before, are one type). Counts are those after merging, so a type that only
    occurred in phrases has count 0. Sentences keep their number and weights.
    """
    table = table.over(corpus.types)
    group_of: dict[Phrase, int] = {}
    group_of_phrase = np.array(
        [group_of.setdefault(phrase, len(group_of)) for phrase in table.phrases()], dtype=np.int32
    )
    type_of_group = _existing_types(corpus.types, group_of)
    merger = PhraseMerger(table.component_ids, table.component_starts, len(corpus.types))
    ids, sentence_starts, counts = merger.merge(
        corpus.store.ids,
        corpus.store.sentence_starts,
        _connector_mask(corpus.types, table.settings.connector_words),
        group_of_phrase,
        type_of_group,
    )
    phrases = list(group_of)
    used_groups = np.argsort(type_of_group, kind="stable")[
        np.count_nonzero(type_of_group < len(corpus.types)) :
    ]
    return EncodedCorpus(
        types=[*corpus.types, *(phrases[group] for group in used_groups.tolist())],
        counts=counts,
        store=replace(corpus.store, ids=ids, sentence_starts=sentence_starts),
    )


def _existing_types(types: Sequence[Hashable], group_of: dict[Phrase, int]) -> NDArray[np.int32]:
    """The type that each phrase already is, -1 for none; int32, by group."""
    type_of_group = np.full(len(group_of), -1, dtype=np.int32)
    for type_id, token in enumerate(types):
        if isinstance(token, Phrase) and token in group_of:
            type_of_group[group_of[token]] = type_id
    return type_of_group


def join_phrases(corpus: EncodedCorpus, delimiter: str = "_") -> EncodedCorpus:
    """The corpus with every `Phrase` type written as a string, its words joined by `delimiter`.

    Types are numbered anew in order of first occurrence, as if the phrased text had been encoded, and types
    that no longer occur are gone. A token of the text that reads like a phrase's string becomes one type
    with it. Raises TypeError if a word of a phrase is not a string.
    """
    ids = corpus.store.ids
    keys = [token.joined(delimiter) if isinstance(token, Phrase) else token for token in corpus.types]
    first_id_of: dict[Hashable, int] = {}
    first_ids = np.array(
        [first_id_of.setdefault(key, type_id) for type_id, key in enumerate(keys)], dtype=np.int32
    )
    positions = np.full(len(keys), len(ids), dtype=np.int64)
    np.minimum.at(positions, first_ids, _first_positions(ids, len(keys)))
    occurring = np.argsort(positions, kind="stable")[: np.count_nonzero(positions < len(ids))]
    new_ids: NDArray[np.int32] = np.full(len(keys), -1, dtype=np.int32)
    new_ids[occurring] = np.arange(len(occurring), dtype=np.int32)
    new_ids = new_ids[first_ids]
    counts = np.bincount(new_ids[new_ids >= 0], corpus.counts[new_ids >= 0], minlength=len(occurring))
    return EncodedCorpus(
        types=[keys[type_id] for type_id in occurring.tolist()],
        counts=counts.astype(np.int64),
        store=replace(corpus.store, ids=new_ids[ids]),
    )


def _first_positions(ids: NDArray[np.int32], type_count: int) -> NDArray[np.int64]:
    """Where each type first stands in `ids`; len(ids) if nowhere. int64 (type_count,)."""
    block_length = 1 << 20
    positions = np.full(type_count, len(ids), dtype=np.int64)
    for start in reversed(range(0, len(ids), block_length)):
        block = ids[start : start + block_length]
        # Of several assignments to one place the last stays, so a block is assigned from its end.
        positions[block[::-1]] = np.arange(start + len(block) - 1, start - 1, -1)
    return positions


def _words(components: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Components with every phrase among them replaced by its words."""
    words: list[Hashable] = []
    for component in components:
        words.extend(component.words if isinstance(component, Phrase) else (component,))
    return tuple(words)


def _flattened(id_lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(all ids in a row, where each list starts and the last one ends)."""
    starts = np.zeros(len(id_lists) + 1, dtype=np.int64)
    np.cumsum([len(ids) for ids in id_lists], out=starts[1:])
    return np.fromiter((i for ids in id_lists for i in ids), dtype=np.int32, count=int(starts[-1])), starts


def _connector_mask(types: Sequence[Hashable], connector_words: Set[Hashable]) -> NDArray[np.uint8]:
    """1 for every type that is a connector word."""
    if not connector_words:
        return np.zeros(len(types), dtype=np.uint8)
    return np.fromiter((token in connector_words for token in types), dtype=np.uint8, count=len(types))
