"""What phrases look like from outside: a row of the table, and why a pair was merged or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, SupportsIndex, overload

from w2vplus import _html
from w2vplus.collocations import Phrase, PhraseTable

MOST_SHOWN = 50
"""Rows of a table in a notebook."""


@dataclass(frozen=True)
class FoundPhrase:
    """A phrase: as it is written, its words, its count as a candidate, its score, and the pass that found it.

    `components` are what the pass joined: words, or phrases of an earlier pass as they are written.
    """

    phrase: str
    words: tuple[str, ...]
    components: tuple[str, ...]
    count: int
    score: float
    level: int = 1


class PhraseList(list[FoundPhrase]):
    """Phrases from the highest score down; a list, of which notebooks show the beginning as a table."""

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> FoundPhrase: ...
    @overload
    def __getitem__(self, place: slice, /) -> PhraseList: ...
    def __getitem__(self, place: Any, /) -> Any:
        chosen = super().__getitem__(place)
        return PhraseList(chosen) if isinstance(place, slice) else chosen

    def html(self, caption: str) -> str:
        """The table under a caption, which says how many rows are left out."""
        rows = [[row.phrase, row.count, row.score, " + ".join(row.components)] for row in self[:MOST_SHOWN]]
        shown = f"; the {MOST_SHOWN} of the highest scores" if len(self) > MOST_SHOWN else ""
        return _html.table(caption + shown, ["phrase", "count", "score", "joined from"], rows)

    def _repr_html_(self) -> str:
        return self.html("1 phrase" if len(self) == 1 else f"{len(self):,} phrases")


@dataclass(frozen=True)
class Explanation:
    """Why words were merged, or not: score against threshold, the counts behind it and a reason in words.

    `word_counts`: of the first and the last word; empty where counts were not kept.
    """

    words: tuple[str, ...]
    word_counts: tuple[int, ...]
    count: int
    score: float | None
    min_count: float
    threshold: float
    scoring: str
    merged: bool
    reason: str

    def __str__(self) -> str:
        ends = zip((self.words[0], self.words[-1]), self.word_counts, strict=False)
        counts = "".join(f"{word!r} occurs {_times(count)}, " for word, count in ends)
        score = "no score" if self.score is None else f"{self.scoring} score {self.score:.6g}"
        verdict = "merged" if self.merged else "not merged"
        return (
            f"{' '.join(self.words)}: {verdict}, {self.reason}: {counts}together {_times(self.count)}; "
            f"{score} against threshold {self.threshold:g} (min_count {self.min_count:g})"
        )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def why(
    words: tuple[str, ...],
    counts: tuple[int, int, int],
    score: float | None,
    threshold: float,
    connector_words: frozenset[str],
) -> str:
    """The reason why words are merged or not; `counts` of the first, of the last and of all together."""
    wrong = [word for word in words[1:-1] if word not in connector_words]
    unknown = [word for word, count in zip((words[0], words[-1]), counts, strict=False) if count <= 0]
    if wrong:
        return f"{wrong[0]!r} in the middle is no connector word"
    if any(word in connector_words for word in (words[0], words[-1])):
        return "a phrase neither begins nor ends with a connector word"
    if unknown:
        return f"{unknown[0]!r} does not occur"
    if counts[2] <= 0:
        return "the words never stand together"
    if score is None or score <= threshold:
        return "the score is not above the threshold"
    return "the score is above the threshold"


def found_phrases(tables: Iterable[PhraseTable], delimiter: str) -> PhraseList:
    """Every phrase of the passes, from the highest score down."""
    found = PhraseList()
    for level, table in enumerate(tables, start=1):
        rows = zip(
            table.components(), table.phrases(), table.counts.tolist(), table.scores.tolist(), strict=True
        )
        for components, phrase, count, score in rows:
            written = tuple(
                part.joined(delimiter) if isinstance(part, Phrase) else str(part) for part in components
            )
            words = tuple(map(str, phrase.words))
            found.append(FoundPhrase(phrase.joined(delimiter), words, written, count, score, level))
    found.sort(key=lambda entry: (-entry.score, entry.phrase))
    return found
