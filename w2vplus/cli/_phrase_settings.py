"""Options of phrases, for the commands that join words: how pairs are counted, scored and chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from w2vplus.cli._options import PHRASES
from w2vplus.cli._output import UsageError, require
from w2vplus.limits import MOST

if TYPE_CHECKING:
    from w2vplus.phrases import PhraseOptions


class Connectors(str, Enum):
    """Words that may stand inside a phrase, but at neither end: none, or gensim's list of English ones."""

    NONE = "none"
    ENGLISH = "english"


class Scoring(str, Enum):
    """How pairs are scored, which is the scale of thresholds: gensim's default, word2phrase's, or npmi."""

    DEFAULT = "default"
    WORD2PHRASE = "word2phrase"
    NPMI = "npmi"


MOST_PAIRS = 2**40
"""More than any memory holds."""


@dataclass(frozen=True)
class PhraseSettings:
    """How word pairs become phrases: `passes` over the text, none by default (names as gensim's Phrases)."""

    passes: Annotated[
        int,
        typer.Option("--phrases", help="Passes that join words such as new_york; 0 for none.", rich_help_panel=PHRASES),
    ] = 0
    scoring: Annotated[
        Scoring,
        typer.Option(
            "--phrase-scoring",
            help="gensim's default, the C tool's word2phrase, or npmi.",
            rich_help_panel=PHRASES,
        ),
    ] = Scoring.DEFAULT
    thresholds: Annotated[
        str | None,
        typer.Option(
            "--phrase-threshold",
            help="Least score of a phrase, in the scale of the scoring; for each pass its own, as 200,100.",
            rich_help_panel=PHRASES,
            show_default="10; word2phrase: 100; npmi: 0.5",
        ),
    ] = None
    min_count: Annotated[
        int,
        typer.Option("--phrase-min-count", help="A pair must occur more often than this.", rich_help_panel=PHRASES),
    ] = 5
    connectors: Annotated[
        Connectors,
        typer.Option(
            "--phrase-connectors",
            help="Words such as of that may stand inside a phrase.",
            rich_help_panel=PHRASES,
        ),
    ] = Connectors.NONE
    max_pairs: Annotated[
        int | None,
        typer.Option(
            "--max-pairs",
            help="Count at most so many different pairs at a time and say what was missed; all unless set.",
            rich_help_panel=PHRASES,
        ),
    ] = None

    def __post_init__(self) -> None:
        require("--phrases", self.passes, self.passes >= 0, "at least 0", "0 leaves words alone")
        require("--phrase-min-count", self.min_count, self.min_count >= 1, "at least 1")
        for option, number in (("--phrases", self.passes), ("--phrase-min-count", self.min_count)):
            require(option, number, number <= MOST, f"at most {MOST}")
        if self.max_pairs is not None:
            require("--max-pairs", self.max_pairs, self.max_pairs >= 1024, "at least 1024")
            require("--max-pairs", self.max_pairs, self.max_pairs <= MOST_PAIRS, f"at most {MOST_PAIRS}")
        given = self.threshold_list()
        require(
            "--phrase-threshold",
            self.thresholds,
            self.passes == 0 or len(given) in (0, 1, self.passes),
            "one number or one for each pass",
        )
        for threshold in given:
            if self.scoring is Scoring.NPMI:
                require("--phrase-threshold", threshold, -1 <= threshold <= 1, "from -1 to 1 for npmi")
                continue
            holds = math.isfinite(threshold) and threshold > 0
            remedy = "higher finds fewer phrases, 10 is usual (100 for word2phrase)"
            require("--phrase-threshold", f"{threshold:g}", holds, "above 0", remedy)

    def threshold_list(self) -> list[float]:
        """The thresholds as they were given: none, one or several."""
        if self.thresholds is None:
            return []
        try:
            return [float(one) for one in self.thresholds.split(",")]
        except ValueError:
            raise UsageError(
                f"--phrase-threshold must be a number or one for each pass, as 200,100; got {self.thresholds}"
            ) from None

    def options(self) -> PhraseOptions:
        """The same for the phrases room."""
        from w2vplus.phrases import PhraseOptions

        given = self.threshold_list()
        return PhraseOptions(
            self.passes,
            self.scoring.value,
            given[0] if len(given) == 1 else given or None,
            self.min_count,
            self.connector_words(),
            max_pairs=self.max_pairs,
        )

    def connector_words(self) -> frozenset[str]:
        """The words themselves."""
        if self.connectors is Connectors.NONE:
            return frozenset()
        from w2vplus.phrases import ENGLISH_CONNECTOR_WORDS

        return frozenset(ENGLISH_CONNECTOR_WORDS)


@dataclass(frozen=True)
class PhraseCommandSettings(PhraseSettings):
    """The same for `w2vplus phrases`, which joins words for certain."""

    passes: Annotated[int, typer.Option("--passes", help="Each pass may make phrases longer.")] = 1

    def __post_init__(self) -> None:
        require("--passes", self.passes, self.passes >= 1, "at least 1")
        super().__post_init__()
