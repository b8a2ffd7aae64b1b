"""`FrozenPhrases`: phrases to be applied, of one pass or of several, without the counts they were learnt
from.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gensim.models import phrases as gensim_phrases
from gensim.models.phrases import NEGATIVE_INFINITY
from gensim.models.phrases import FrozenPhrases as PlainFrozenPhrases

from w2vplus.collocations import CountingLoss, PhraseSettings, PhraseTable, joined_tables, table_of_components
from w2vplus.phrases.applying import NativePhrases
from w2vplus.phrases.inspection import Explanation, PhraseList, found_phrases
from w2vplus.phrases.scorers import SCORER_OF, Scorer, name_of
from w2vplus.phrases.transforming import StrictTransformation
from w2vplus.phrases.views import WatchedDict
from w2vplus.stand_in import StandIn
from w2vplus.store import EncodedCorpus

logger = logging.getLogger("w2vplus.phrases")


class FrozenPhrases(StrictTransformation, gensim_phrases.FrozenPhrases, metaclass=StandIn):  # type: ignore[misc]
    """The phrases that a `Phrases` model had when it was frozen, or that `Phrases.learn` found in several
    passes.

    `phrasegrams` is gensim's view of them, joined string -> score; changing it changes the phrases. Each
    phrase is held by its components, so a token of the text is never taken for a joined phrase.

    Thread-safety: any number of threads may transform sentences.
    """

    scoring: Scorer
    connector_words: frozenset[str]
    delimiter: str
    min_count: float
    loss: CountingLoss = CountingLoss()

    def __init__(self, phrases_model: Any) -> None:
        """The phrases of a model of gensim's or of w2vplus; raises what its `export_phrases` raises."""
        started = time.perf_counter()
        self.threshold = phrases_model.threshold
        self.min_count = phrases_model.min_count
        self.delimiter = phrases_model.delimiter
        self.scoring = phrases_model.scoring
        self.connector_words = frozenset(phrases_model.connector_words)
        self._view: WatchedDict | None = None
        self._ready: tuple[Any, NativePhrases] | None = None
        tables = getattr(phrases_model, "_tables_to_freeze", lambda: None)()
        if tables is None:
            self.phrasegrams = phrases_model.export_phrases()
        else:
            self._tables = [table.compact() for table in tables]
        seconds = time.perf_counter() - started
        self.add_lifecycle_event("created", msg=f"exported {self} from {phrases_model} in {seconds:.2f}s")

    @classmethod
    def of_passes(
        cls,
        tables: Sequence[PhraseTable],
        settings: Sequence[PhraseSettings],
        delimiter: str,
        loss: CountingLoss,
    ) -> FrozenPhrases:
        """What several passes over one corpus have found; there may be fewer tables than settings."""
        frozen = cls.of_tables(
            tables,
            loss,
            threshold=min(one.threshold for one in settings),
            min_count=min(one.min_count for one in settings),
            delimiter=delimiter,
            scoring=SCORER_OF[settings[0].scoring],
            connector_words=frozenset(map(str, settings[0].connector_words)),
        )
        frozen.add_lifecycle_event("created", msg=f"learnt {frozen} in {len(tables)} passes")
        return frozen

    @classmethod
    def of_tables(
        cls, tables: Sequence[PhraseTable], loss: CountingLoss, **attributes: Any
    ) -> FrozenPhrases:
        """These phrases, a table for each pass.

        `attributes`: threshold, min_count, delimiter, scoring and connector_words, as gensim has them.
        """
        frozen = cls.__new__(cls)
        frozen.__dict__.update(attributes)
        frozen.loss = loss
        frozen._view = frozen._ready = None
        frozen._tables = list(tables)
        return frozen

    @classmethod
    def of_gensim(cls, frozen: gensim_phrases.FrozenPhrases) -> FrozenPhrases:
        """The phrases of gensim's own class; later changes to either do not reach the other."""
        ours = cls.__new__(cls)
        ours._adopt(dict(frozen.__dict__))
        return ours

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{sum(map(len, self._tables))} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    @property
    def levels(self) -> int:
        """How many passes the phrases are from."""
        return len(self._tables)

    @property
    def tables(self) -> list[PhraseTable]:
        """The phrases of each pass, as they are after changes to `phrasegrams`."""
        self._take_changes()
        return list(self._tables)

    @property
    def components(self) -> dict[str, tuple[str, ...]]:
        """The words of each joined string (where two phrases read alike, of the one with the higher score)."""
        return {row.phrase: row.words for row in reversed(self.found())}

    @property
    def phrasegrams(self) -> dict[str, float]:
        """gensim's dict, joined string -> score (the higher one where two phrases read alike)."""
        self._take_changes()
        if self._view is None:
            view: dict[str, float] = {}
            for table in self._tables:
                for phrase, score in zip(table.phrases(), table.scores.tolist(), strict=True):
                    joined = phrase.joined(self.delimiter)
                    view[joined] = max(score, view.get(joined, score))
            self._view = WatchedDict(view)
        return self._view

    @phrasegrams.setter
    def phrasegrams(self, phrasegrams: dict[str, float]) -> None:
        self._tables = [_table_of_strings(phrasegrams, self.delimiter, self.connector_words)]
        self._view = WatchedDict(phrasegrams)
        self._ready = None

    def _take_changes(self) -> None:
        """After a user's changes to `phrasegrams`: drop what is gone, take new scores, add what is new."""
        if self._view is None or not self._view.changed:
            return
        view, known = self._view, set()
        tables = []
        for table in self._tables:
            joined = [phrase.joined(self.delimiter) for phrase in table.phrases()]
            known.update(joined)
            scores = np.array([view.get(one, np.nan) for one in joined], np.float64)
            tables.append(table.where(~np.isnan(scores)).scored(scores[~np.isnan(scores)]))
        new = {joined: score for joined, score in view.items() if joined not in known}
        if new:
            tables[:1] = [joined_tables([*tables[:1], _table_of_strings(new, self.delimiter, self.connector_words)])]
        self._tables, self._ready = tables, None
        view.changed = False

    def _native(self) -> NativePhrases | None:
        self._take_changes()
        if self._is_overridden(FrozenPhrases):
            return None
        key = (self.threshold, self.delimiter, self.connector_words)
        ready = self._ready
        if ready is None or ready[0] != key:
            connectors = frozenset(self.connector_words)
            tables = [
                replace(table.where(table.scores > self.threshold), connector_words=connectors)
                for table in self._tables
            ]
            self._ready = ready = key, NativePhrases(tables, self.delimiter)
        return ready[1]

    def _tables_to_freeze(self) -> list[PhraseTable]:
        self._take_changes()
        return self._tables

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """(joined phrase, score), or (None, None) if the words are no phrase (gensim's hook for
        subclasses).
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase, NEGATIVE_INFINITY)
        return (phrase, score) if score > self.threshold else (None, None)

    def export_phrases(self) -> dict[str, float]:
        """All phrases with their scores, joined string -> score."""
        return dict(self.phrasegrams)

    def found(self) -> PhraseList:
        """The phrases with counts, scores and components, from the highest score down.

        Counts are 0 where they are not known (phrases from gensim's own models).
        """
        self._take_changes()
        return found_phrases(self._tables, self.delimiter)

    def found_in(self, corpus: EncodedCorpus) -> PhraseList:
        """Those of `found()` that are types of a corpus with phrases joined to strings, with their counts
        there.

        A phrase that later passes made part of a longer one everywhere is not among them.
        """
        count_of = self.counts_in(corpus)
        by_words = {row.words: row for row in reversed(self.found())}
        return PhraseList(
            replace(row, count=count_of[row.phrase])
            for row in reversed(by_words.values())
            if row.phrase in count_of
        )

    def _repr_html_(self) -> str:
        return self.found().html(str(self))

    def counts_in(self, corpus: EncodedCorpus) -> dict[str, int]:
        """The occurrences of each joined string in a corpus with phrases joined to strings, 0 left out."""
        self._take_changes()
        joined = {phrase.joined(self.delimiter) for table in self._tables for phrase in table.phrases()}
        columns = zip(corpus.types, corpus.counts.tolist(), strict=True)
        return {token: count for token, count in columns if token in joined}  # type: ignore[misc]

    def explain(self, *words: str) -> Explanation:
        """Whether these words are a phrase, by which count and score. Raises ValueError for less than two
        words.

        What was not merged was not kept: only `Phrases.explain` knows the counts of that.
        """
        if len(words) < 2:
            raise ValueError(f"explain needs the words of a pair, as explain('new', 'york'), got {words!r}")
        row = next((row for row in self.found() if row.words == words or row.components == words), None)
        name = name_of(self.scoring)
        if row is None:
            reason = "no phrase of these words was kept"
            return Explanation(words, (), 0, None, self.min_count, self.threshold, name, False, reason)
        reason = f"found in pass {row.level}"
        return Explanation(
            words,
            (),
            row.count,
            row.score,
            self.min_count,
            self.threshold,
            name,
            row.score > self.threshold,
            reason,
        )

    def to_gensim(self) -> PlainFrozenPhrases:
        """These phrases as a `gensim.models.phrases.FrozenPhrases`, which needs no w2vplus to be loaded when saved.

        Raises ValueError for those of several passes, which one model of gensim's cannot apply.
        """
        if self.levels > 1:
            raise ValueError(
                f"a model of gensim's joins two words, and these are phrases of {self.levels} passes: learn one pass "
                "after another with Phrases, and apply their plain models in turn"
            )
        return PlainFrozenPhrases(self)

    def __getstate__(self) -> dict[str, Any]:
        self._take_changes()
        return {**self.__dict__, "_view": None, "_ready": None}

    def _adopt(self, state: dict[str, Any]) -> None:
        """Become a model that gensim's class has loaded."""
        phrasegrams = state.pop("phrasegrams")
        self.__dict__.update(state)
        self.connector_words = frozenset(self.connector_words)
        self.phrasegrams = phrasegrams


def _table_of_strings(
    phrasegrams: dict[str, float], delimiter: str, connector_words: frozenset[str]
) -> PhraseTable:
    """Joined strings as phrases: every (first, connectors, last) that gensim would have joined to the
    string.
    """
    rows: dict[tuple[Any, ...], tuple[int, float]] = {}
    for joined, score in phrasegrams.items():
        parts = joined.split(delimiter)
        for end_first in range(1, len(parts)):
            first = delimiter.join(parts[:end_first])
            for start_last in range(end_first, len(parts)):
                if start_last > end_first and parts[start_last - 1] not in connector_words:
                    break
                last = delimiter.join(parts[start_last:])
                if first not in connector_words and last not in connector_words:
                    components = (first, *parts[end_first:start_last], last)
                    rows[components] = (0, score)
    return table_of_components(rows, frozenset(connector_words))
