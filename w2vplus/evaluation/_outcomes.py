"""Results of one file in, arrays of outcomes out: the common shape of analogies, similarities and relations.

Called by `comparison`, which resamples them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2vplus.evaluation._resampling import Draws, Floats, Mask, QuestionUnits, RankUnits, Units
from w2vplus.evaluation.analogies import AnalogyResult
from w2vplus.evaluation.relations import RelationResult
from w2vplus.evaluation.similarity import SimilarityResult

Result = AnalogyResult | SimilarityResult | RelationResult
Key = tuple[str, str, str]


def key_of(result: Result) -> Key:
    """(kind, file, method)."""
    if isinstance(result, AnalogyResult):
        return "analogies", result.source, result.method
    return "similarity" if isinstance(result, SimilarityResult) else "relations", result.source, ""


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of S seeds on the N questions or pairs of one file, (S, N), and which words are known.

    parts: (level, name, numbers of its sections), in the order in which they are shown
    section_sizes: questions or pairs of each section
    """

    values: Floats
    known: Mask
    units: Units
    parts: tuple[tuple[str, str, tuple[int, ...]], ...]
    section_sizes: tuple[int, ...]
    _measured: dict[tuple[bytes, tuple[int, ...], Draws], tuple[Floats, Floats]] = field(default_factory=dict)

    def measure(self, counted: Mask, sections: Sequence[int], draws: Draws) -> tuple[Floats, Floats]:
        """`Units.scores` of these outcomes, (S,) and (S, R); remembered, since comparisons ask again."""
        key = (np.packbits(counted).tobytes(), tuple(sections), draws)
        if key not in self._measured:
            self._measured[key] = self.units.scores(self.values, counted, sections, draws)
        return self._measured[key]

    def places(self, sections: Sequence[int]) -> Mask:
        """Which of the N lie in these sections."""
        chosen = np.isin(np.arange(len(self.section_sizes)), sections)
        return np.repeat(chosen, self.section_sizes)


def outcomes_of(results: Sequence[Result]) -> Outcomes:
    first = results[0]
    if isinstance(first, AnalogyResult):
        rows = [
            [outcome for section in result.sections for outcome in section.outcomes]
            for result in results
            if isinstance(result, AnalogyResult)
        ]
        names = [section.name for section in first.sections]
        sizes = [section.total for section in first.sections]
        groups = [
            ("group", group.name, tuple(n for n, section in enumerate(first.sections) if section.group == group.name))
            for group in first.groups
        ]
        units: Units = _question_units(first)
        values = np.array([[outcome is True for outcome in row] for row in rows], np.float64)
    else:
        pairs = [_rated_pairs(result) for result in results if not isinstance(result, AnalogyResult)]
        rows = [[pair.cosine for _, section in sections for pair in section] for sections in pairs]
        names = [name for name, _ in pairs[0]]
        sizes = [len(section) for _, section in pairs[0]]
        groups = []
        units = RankUnits(tuple(np.array([pair.human for pair in section]) for _, section in pairs[0]))
        values = np.array([[cosine or 0.0 for cosine in row] for row in rows], np.float64)
    known = np.array([[value is not None for value in row] for row in rows])
    sections = [("section", name, (number,)) for number, name in enumerate(names)]
    parts = (*(sections if len(sections) > 1 else []), *groups, ("total", "total", tuple(range(len(names)))))
    return Outcomes(values, known, units, parts, tuple(sizes))


def _rated_pairs(result: SimilarityResult | RelationResult) -> list[tuple[str, Sequence[Any]]]:
    if isinstance(result, SimilarityResult):
        return [("pairs", result.pairs)]
    return [(relation.name, relation.pairs) for relation in result.relations]


def _question_units(result: AnalogyResult) -> QuestionUnits:
    """Number the word pairs of each section."""
    sources, targets = [], []
    for section in result.sections:
        numbers: dict[tuple[str, str], int] = {}
        target = [numbers.setdefault((q.c, q.answers[0]), len(numbers)) for q in section.questions]
        source = [
            numbers.setdefault((q.a, q.b), len(numbers)) if q.a else own
            for q, own in zip(section.questions, target, strict=True)
        ]
        sources.append(np.array(source, np.int64))
        targets.append(np.array(target, np.int64))
    return QuestionUnits(tuple(sources), tuple(targets))
