"""How phrases are to be learnt, in how many passes: what `Phrases.learn`, `Word2Vec(phrases=...)` and the command
line build their passes from.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Real

from w2vplus.collocations import USUAL_THRESHOLDS, PhraseSettings


@dataclass(frozen=True)
class PhraseOptions:
    """Settings of all passes over one corpus.

    passes: each may make phrases longer; as many as thresholds unless given, or 1.
    scoring: "default" (gensim's scale), "word2phrase" (the C tool's) or "npmi": the scale of thresholds.
    thresholds: one for all passes or one for each; 10, 100 or 0.5 by scoring unless given.
    min_count, connector_words, delimiter: as gensim's `Phrases` has them.
    max_pairs: bounds the memory of counting (see `w2vplus.collocations.count_candidates`).

        Word2Vec(corpus_file="news.txt.gz", phrases=PhraseOptions(2, "word2phrase", (200, 100)))

    Raises ValueError for a setting out of its range, TypeError for one of the wrong kind.
    """

    passes: int | None = None
    scoring: str = "default"
    thresholds: float | Sequence[float] | None = None
    min_count: float = 5
    connector_words: Iterable[str] = field(default=frozenset())
    delimiter: str = "_"
    max_pairs: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.connector_words, str | bytes):
            raise TypeError(f"connector_words must be a set of words, got {self.connector_words!r}; split it")
        if not isinstance(self.delimiter, str):
            raise TypeError(f"delimiter must be a string, got {self.delimiter!r}")
        if self.passes is not None and self.passes < 1:
            raise ValueError(f"passes must be at least 1, got {self.passes}")
        object.__setattr__(self, "connector_words", frozenset(self.connector_words))
        object.__setattr__(self, "thresholds", self._threshold_of_each())
        object.__setattr__(self, "passes", len(self._thresholds))
        self.of_passes()

    def _threshold_of_each(self) -> tuple[float, ...]:
        thresholds = self.thresholds
        if thresholds is None:
            thresholds = USUAL_THRESHOLDS.get(self.scoring, 1.0)  # an unknown scoring is refused for its name
        if isinstance(thresholds, int | float | Real):
            one = thresholds if isinstance(thresholds, int) else float(thresholds)
            return (one,) * (1 if self.passes is None else self.passes)
        if self.passes not in (None, len(thresholds)):
            raise ValueError(
                f"thresholds must be one number or one for each of {self.passes} passes, got {len(thresholds)}"
            )
        return tuple(thresholds)

    @property
    def _thresholds(self) -> tuple[float, ...]:
        assert isinstance(self.thresholds, tuple)
        return self.thresholds

    def of_passes(self) -> list[PhraseSettings]:
        """The settings of each pass."""
        connectors: frozenset[Hashable] = frozenset(self.connector_words)
        return [PhraseSettings(self.min_count, one, self.scoring, connectors) for one in self._thresholds]
