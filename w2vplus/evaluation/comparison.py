"""Results of several models, each of one or more seeds, in; scores with intervals, and paired tests, out.

`compare` takes what `evaluate_analogies`, `evaluate_similarity` and `evaluate_relations` returned and gives an
`Evaluation`, which the command line prints and writes, and which plots are drawn from. What is drawn again, and
why, is in `_resampling`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from w2vplus.evaluation._outcomes import Key, Outcomes, Result, key_of, outcomes_of
from w2vplus.evaluation._resampling import (
    FEWEST_PAIRS,
    Draws,
    Floats,
    Mask,
    QuestionUnits,
    fewest_resamples,
    interval,
    interval_without_exception,
    over_seeds,
)
from w2vplus.evaluation.stability import Neighbours, Overlap, interval_over_seeds, neighbour_overlap


@dataclass(frozen=True)
class JudgedModel:
    """One model and what came out: a list of results for every seed, in the same order of files.

    files: where the vectors of each seed came from; words: in the vocabulary of the first seed
    neighbours: for every seed, of the words whose neighbourhoods are compared; empty for a single seed
    """

    name: str
    results: Sequence[Sequence[Result]]
    files: tuple[str, ...] = ()
    words: int = 0
    neighbours: Sequence[Neighbours] = ()


@dataclass(frozen=True)
class Score:
    """One number for one model: what `value` is, is its `measure`, accuracy or Spearman's rho.

    kind, file, method: analogies, similarity or relations; the file; the method of analogies, else empty
    level, section: a "section" by its name, a "group" of sections, or the "total" (of relations their mean)
    value: mean over seeds; low, high: its interval over word pairs (and seeds), None for fewer than 5 pairs;
        where every answer is wrong or every one right, what so many pairs can say (Clopper & Pearson 1934)
    value_of_total, low_of_total, high_of_total: the same with unknown words counted as wrong (or cosine 0)
    seen, total, coverage: questions or pairs whose words are known to the first seed, all, and their ratio
    units: word pairs that were drawn again
    by_seed, seeds_low, seeds_high: the value of every seed, and Student's interval over seeds alone, which is
        symmetric and may therefore reach beyond the scale
    """

    model: str
    kind: str
    file: str
    method: str
    level: str
    section: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    value_of_total: float | None
    low_of_total: float | None
    high_of_total: float | None
    seen: int
    total: int
    coverage: float | None
    units: int
    by_seed: tuple[float | None, ...]
    seeds_low: float | None
    seeds_high: float | None


@dataclass(frozen=True)
class Difference:
    """Two models on the questions of one file that both know: first minus second.

    low, high: the interval of `difference` over word pairs (and seeds), drawn alike for both
    p: of the paired permutation test over word pairs, for these very seeds; p_seeds: of Welch's t-test over
    seeds, None unless both models have two; p_adjusted: of the greater of the two (what holds must hold for
    other pairs and for other seeds), after Benjamini & Hochberg, over all differences of the evaluation
    compared, units: questions or pairs known to both, and the word pairs they are made of

    The interval and p may disagree near the border, `is_undecided`: the interval draws pairs again, and seeds beside
    them, where a question counts as often as both of its pairs were drawn, which errs on the wide side; the test asks
    of these very seeds whether signs that fall by chance could make as large a difference, and is symmetric where the
    interval need not be. Take such a difference for undecided, and ask more pairs or more seeds.
    """

    first: str
    second: str
    kind: str
    file: str
    method: str
    measure: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    p_seeds: float | None
    compared: int
    units: int

    def is_undecided(self, confidence: float) -> bool:
        """Whether one of interval and p speaks of a difference where the other does not."""
        if self.low is None or self.high is None or self.p is None:
            return False
        return (self.low <= 0 <= self.high) == (self.p < 1 - confidence)


@dataclass(frozen=True)
class Evaluation:
    """Scores of all models on all files, differences between every two models, agreement between seeds."""

    models: tuple[dict[str, Any], ...]
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]
    stability: tuple[tuple[str, Overlap], ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON, keys stable; what is undefined is None.

            {"format": "w2vplus-evaluation", "version": 1,
             "settings": {"confidence": 0.95, "resamples": 2000, "seed": 1, ...},
             "models": [{"name": str, "files": [str], "words": int, "seeds": int}],
             "scores": [the fields of Score],
             "differences": [the fields of Difference],
             "stability": [{"model": str} and the fields of Overlap]}

        For bars with intervals take the scores of one file, method and level: `value` is the height, `low` and
        `high` the ends of the whisker, `model` or `section` the label, `measure` the axis; `by_seed` holds the
        dots of a model of several seeds.
        """
        return {
            "format": "w2vplus-evaluation",
            "version": 1,
            "settings": self.settings,
            "models": [dict(model) for model in self.models],
            "scores": [asdict(score) for score in self.scores],
            "differences": [asdict(difference) for difference in self.differences],
            "stability": [{"model": model, **asdict(overlap)} for model, overlap in self.stability],
        }

    def _repr_html_(self) -> str:
        from w2vplus import _html
        from w2vplus.evaluation.tables import tables_of

        return "".join(_html.table(table.title, table.columns, table.rows) for table in tables_of(self))


def compare(
    models: Sequence[JudgedModel],
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 1,
    topn: int = 10,
    **settings: Any,
) -> Evaluation:
    """Intervals of every score and paired tests between every two models.

    Files that not all seeds of a model could answer are left out for that model; two models are compared on
    the files, and there on the questions, that both know. `resamples` is how often word pairs are drawn again;
    `seed` makes the draws repeatable; further `settings` are kept for `as_dict`. `topn` is the size of the
    neighbourhoods in `JudgedModel.neighbours`.

    Raises ValueError for a `confidence` that is no share and for fewer `resamples` than its intervals need; 0 makes
    none.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}; 0.95 is usual")
    fewest = fewest_resamples(confidence)
    if resamples != 0 and resamples < fewest:
        raise ValueError(f"resamples must be at least {fewest} for a confidence of {confidence}, or 0, got {resamples}")
    draws = Draws(resamples, seed)
    answered = [_answered(model) for model in models]
    scores = [
        score
        for model, of_model in zip(models, answered, strict=True)
        for key, outcomes in of_model.items()
        for score in _scores(model.name, key, outcomes, confidence, draws)
    ]
    differences = [
        _difference((one.name, other.name), key, outcomes, theirs[key], confidence, draws)
        for (one, ours), (other, theirs) in itertools.combinations(zip(models, answered, strict=True), 2)
        for key, outcomes in ours.items()
        if key in theirs
    ]
    stability = tuple(
        (model.name, neighbour_overlap(model.neighbours, topn=topn, confidence=confidence, draws=draws))
        for model in models
        if len(model.neighbours) > 1
    )
    facts = tuple(
        {"name": model.name, "files": list(model.files), "words": model.words, "seeds": len(model.results)}
        for model in models
    )
    settings |= {"confidence": confidence, "resamples": resamples, "seed": seed}
    return Evaluation(facts, tuple(scores), tuple(_adjusted(differences)), stability, settings)


def _answered(model: JudgedModel) -> dict[Key, Outcomes]:
    """The outcomes of all seeds on each file that all of them answered."""
    by_seed = [{key_of(result): result for result in results} for results in model.results]
    return {
        key: outcomes_of([of_seed[key] for of_seed in by_seed])
        for key in (by_seed[0] if by_seed else {})
        if all(key in of_seed for of_seed in by_seed)
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value) + 0.0  # -0.0 + 0.0 is 0.0


def _measured(
    outcomes: Outcomes, counted: Mask, sections: Sequence[int], confidence: float, draws: Draws
) -> tuple[list[float], float, float]:
    """The score of each seed, and the interval of their mean."""
    values, drawn = outcomes.measure(counted, sections, draws)
    by_all: Mask = np.asarray(counted.all(axis=0))
    units = outcomes.units.count(by_all, sections)
    if units < FEWEST_PAIRS or not draws.resamples:
        low = high = math.nan
    elif isinstance(outcomes.units, QuestionUnits) and (not values.any() or (values == 1).all()):
        low, high = interval_without_exception(values[0], units, confidence)
    else:
        low, high = interval(np.clip(over_seeds(drawn, draws), *outcomes.units.bounds), confidence)
    return values.tolist(), low, high


def _scores(name: str, key: Key, outcomes: Outcomes, confidence: float, draws: Draws) -> list[Score]:
    """The scores of one model on one file: its sections, groups and the total."""
    kind, source, method = key
    everything = np.ones_like(outcomes.known)
    scores = []
    for level, section, numbers in outcomes.parts:
        here = outcomes.places(numbers)
        values, low, high = _measured(outcomes, outcomes.known, numbers, confidence, draws)
        of_total, low_of_total, high_of_total = _measured(outcomes, everything, numbers, confidence, draws)
        seen, total = int(outcomes.known[0, here].sum()), int(here.sum())
        seeds_low, seeds_high = interval_over_seeds(values, confidence)
        scores.append(
            Score(
                model=name,
                kind=kind,
                file=source,
                method=method,
                level=level,
                section=section,
                measure="accuracy" if kind == "analogies" else "spearman",
                value=_number(float(np.mean(values))),
                low=_number(low),
                high=_number(high),
                value_of_total=_number(float(np.mean(of_total))),
                low_of_total=_number(low_of_total),
                high_of_total=_number(high_of_total),
                seen=seen,
                total=total,
                coverage=seen / total if total else None,
                units=outcomes.units.count(outcomes.known[0], numbers),
                by_seed=tuple(_number(value) for value in values),
                seeds_low=_number(seeds_low),
                seeds_high=_number(seeds_high),
            )
        )
    return scores


def _difference(
    names: tuple[str, str],
    key: Key,
    ours: Outcomes,
    theirs: Outcomes,
    confidence: float,
    draws: Draws,
) -> Difference:
    """The paired comparison of two models on what both know of one file."""
    kind, source, method = key
    common: Mask = np.asarray(np.concatenate([ours.known, theirs.known]).all(axis=0))
    sections = range(ours.units.section_count)
    means: list[Floats] = []
    drawn: list[Floats] = []
    for outcomes in (ours, theirs):
        counted = np.broadcast_to(common, outcomes.known.shape)
        values, resampled = outcomes.measure(counted, sections, draws)
        means.append(values)
        # Seeds of the two models are drawn apart: they have nothing to do with each other.
        drawn.append(over_seeds(resampled, replace(draws, seed=draws.seed + len(drawn))))
    units = ours.units.count(common, sections)
    enough = units >= FEWEST_PAIRS
    low, high = interval(drawn[0] - drawn[1], confidence) if enough else (math.nan, math.nan)
    p = ours.units.p_value(ours.values, theirs.values, common, draws) if enough else math.nan
    return Difference(
        first=names[0],
        second=names[1],
        kind=kind,
        file=source,
        method=method,
        measure="accuracy" if kind == "analogies" else "spearman",
        difference=_number(float(means[0].mean() - means[1].mean())),
        low=_number(low),
        high=_number(high),
        p=_number(p),
        p_adjusted=None,
        p_seeds=_number(_welch(means[0], means[1])),
        compared=int(common.sum()),
        units=units,
    )


def _welch(first: Floats, second: Floats) -> float:
    """Welch's t-test over seeds; NaN unless both models have two, and these differ."""
    if min(len(first), len(second)) < 2 or np.ptp(first) + np.ptp(second) == 0:
        return math.nan
    from scipy import stats

    return float(stats.ttest_ind(first, second, equal_var=False).pvalue)


def _adjusted(differences: Sequence[Difference]) -> list[Difference]:
    """With p-values after Benjamini & Hochberg, over all differences that have one."""
    from scipy import stats

    tested = [max(one.p, one.p_seeds or 0.0) for one in differences if one.p is not None]
    adjusted = iter(stats.false_discovery_control(tested).tolist() if tested else ())
    return [one if one.p is None else replace(one, p_adjusted=next(adjusted)) for one in differences]
