"""Outcomes of questions in, how far they can be trusted out: resampled scores and tests, word pair by word pair.

Google's 19,544 questions are made of 573 word pairs: a pair that vectors know well is answered well in dozens
of questions, so questions are no independent observations. What is drawn again here are the word pairs of each
section, with replacement. A question that joins two pairs then counts as often as both were drawn, the product
of the two multiplicities (the bootstrap of nodes of a graph: Snijders & Borgatti 1999; Owen 2007 for the
product form, which errs on the wide side). Tests flip the sign of each pair's share in a difference, which is
what that pair adds to the variance (the delete-one-pair linearisation, as in Fafchamps & Gubert 2007).

Correlations are resampled by pair, too, and tested by the shares that the jackknife gives. Several seeds of one
model are drawn again beside the pairs. Called by `comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_PAIRS = 5
"""Below this a resampled interval would say nothing."""

FLIPS = 9_999
FLIPS_AT_ONCE = 500
LEFT_OUT_AT_ONCE = 512


@dataclass(frozen=True)
class Draws:
    """How much is drawn, and from which random numbers; equal draws make models comparable pair by pair."""

    resamples: int = 2_000
    seed: int = 1

    def multiplicities(self, place: int, units: int) -> Floats:
        """How often each of the section's units is drawn, (R, units); the same for every model."""
        random = np.random.default_rng([self.seed, place])
        drawn = random.integers(0, units, (self.resamples, units)) if units else np.zeros((self.resamples, 0), int)
        drawn += np.arange(self.resamples)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=self.resamples * units)
        return counts.reshape(self.resamples, units).astype(np.float64)


class Units(Protocol):
    """What is drawn again, and how N outcomes of one model make a score. S models (seeds) go together.

    scores: outcomes (S, N) and which of them count (S, N) in; the S scores and the S x R resampled ones out,
        of the sections with these numbers; NaN where nothing counts
    p_value: the two-sided test of no difference between two (S, N), all sections, where `counted` (N,)
    count: units among the sections, of those questions that count
    bounds: the least and the greatest score there is
    """

    bounds: ClassVar[tuple[float, float]]

    @property
    def section_count(self) -> int: ...

    def scores(
        self, outcomes: Floats, counted: Mask, sections: Sequence[int], draws: Draws
    ) -> tuple[Floats, Floats]: ...

    def p_value(self, first: Floats, second: Floats, counted: Mask, draws: Draws) -> float: ...

    def count(self, counted: Mask, sections: Sequence[int]) -> int: ...


@dataclass(frozen=True)
class QuestionUnits:
    """Questions between word pairs: (source pair, target pair) by section; where a question stands on one
    pair alone, both are the same. `source`, `target`: one int64 array (questions,) a section."""

    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    source: tuple[NDArray[np.int64], ...]
    target: tuple[NDArray[np.int64], ...]

    @property
    def section_count(self) -> int:
        return len(self.source)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum([len(section) for section in self.source])]).astype(np.int64)

    @cached_property
    def _pair_counts(self) -> list[int]:
        return [
            int(max(source.max(initial=-1), target.max(initial=-1)) + 1)
            for source, target in zip(self.source, self.target, strict=True)
        ]

    def _table(self, section: int, values: Floats) -> Floats:
        """Values of the section's questions (of all questions' `values`) as a table source x target."""
        table = np.zeros((self._pair_counts[section],) * 2)
        here = slice(*self._starts[section : section + 2])
        np.add.at(table, (self.source[section], self.target[section]), values[here])
        return table

    @staticmethod
    def _weighted(table: Floats, weights: Floats) -> Floats:
        """sum over questions of value * multiplicity, (R,)."""
        alone = np.diag(table)
        joint = table - np.diag(alone)
        of_pairs: Floats = ((weights @ joint) * weights).sum(axis=1)
        if not alone.any():
            return of_pairs
        return of_pairs + weights @ alone

    def scores(
        self, outcomes: Floats, counted: Mask, sections: Sequence[int], draws: Draws
    ) -> tuple[Floats, Floats]:
        right, asked = np.where(counted, outcomes, 0.0), counted.astype(np.float64)
        sums = np.zeros((2, len(outcomes)))
        drawn = np.zeros((2, len(outcomes), draws.resamples))
        for section in (section for section in sections if self._pair_counts[section]):
            weights = draws.multiplicities(section, self._pair_counts[section])
            for which, values in enumerate((right, asked)):
                for model, of_model in enumerate(values):
                    table = self._table(section, of_model)
                    sums[which, model] += table.sum()
                    drawn[which, model] += self._weighted(table, weights)
        with np.errstate(invalid="ignore"):
            return sums[0] / sums[1], drawn[0] / drawn[1]

    def p_value(self, first: Floats, second: Floats, counted: Mask, draws: Draws) -> float:
        return _sign_flips(self.shares(first.mean(axis=0) - second.mean(axis=0), counted), draws)

    def shares(self, differences: Floats, counted: Mask) -> Floats:
        """Each pair's share in the mean difference of the questions that count: they sum to that mean.

        A mean of questions between pairs is, to first order, a sum over pairs of how far the questions that
        a pair takes part in lie from the mean; every question is there for both its pairs.
        """
        count = counted.sum()
        if not count:
            return np.zeros(0)
        mean = float(differences[counted].mean())
        shares = []
        for section in range(self.section_count):
            table = self._table(section, np.where(counted, differences - mean, 0.0))
            asked = self._table(section, counted.astype(np.float64))
            one_of_two = table.sum(axis=0) + table.sum(axis=1) - np.diag(table)
            took_part = asked.sum(axis=0) + asked.sum(axis=1) > 0
            shares.append(one_of_two[took_part] / count)
        together = np.concatenate(shares)
        # The deviations sum to nothing but where questions between pairs and on single pairs are mixed.
        centred: Floats = together + (mean - together.sum()) / len(together)
        return centred

    def count(self, counted: Mask, sections: Sequence[int]) -> int:
        asked = [self._table(section, counted.astype(np.float64)) for section in sections]
        return int(sum(np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) for table in asked))


@dataclass(frozen=True)
class RankUnits:
    """Word pairs with human scores by section; a score is the mean over sections of Spearman's rho between
    the human scores and the outcomes. `human`: one float64 array (pairs,) a section."""

    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    human: tuple[Floats, ...]

    @property
    def section_count(self) -> int:
        return len(self.human)

    def _places(self, section: int) -> slice:
        start = sum(map(len, self.human[:section]))
        return slice(start, start + len(self.human[section]))

    def scores(
        self, outcomes: Floats, counted: Mask, sections: Sequence[int], draws: Draws
    ) -> tuple[Floats, Floats]:
        values: list[list[float]] = []
        drawn: list[Floats] = []
        for section in sections:
            here = self._places(section)
            human = self.human[section]
            by_seed = list(zip(outcomes[:, here], counted[:, here], strict=True))
            values.append([float(spearman(human[mask], scores[mask])[0]) for scores, mask in by_seed])
            common = counted[:, here].all(axis=0)
            drawn.append(self._redrawn(section, human[common], outcomes[:, here][:, common], draws))
        return _mean_of_numbers(np.array(values)), _mean_of_numbers(np.array(drawn))

    @staticmethod
    def _redrawn(section: int, human: Floats, outcomes: Floats, draws: Draws) -> Floats:
        if len(human) < FEWEST_PAIRS:
            return np.full((len(outcomes), draws.resamples), np.nan)
        weights = draws.multiplicities(section, len(human))
        return np.array([spearman(human, scores, weights) for scores in outcomes])

    def p_value(self, first: Floats, second: Floats, counted: Mask, draws: Draws) -> float:
        return _sign_flips(self.shares(first, second, counted), draws)

    def shares(self, first: Floats, second: Floats, counted: Mask) -> Floats:
        """Each pair's share in the difference of scores, from the scores without it (jackknife): they sum to
        that difference, but for the jackknife's small correction for bias."""
        shares = []
        for section in range(self.section_count):
            here = self._places(section)
            mask = counted[here]
            if np.count_nonzero(mask) < 3:
                continue
            human, size = self.human[section][mask], int(np.count_nonzero(mask))
            of_model = []
            for outcomes in (first[:, here][:, mask], second[:, here][:, mask]):
                whole = np.array([spearman(human, scores)[0] for scores in outcomes])
                without = np.array([spearman_without_each(human, scores) for scores in outcomes])
                of_model.append((whole[:, None] - (size - 1) / size * without).mean(axis=0))
            shares.append(of_model[0] - of_model[1])
        usable = [share for share in shares if np.isfinite(share).all()]
        return np.concatenate(usable) / len(usable) if usable else np.zeros(0)

    def count(self, counted: Mask, sections: Sequence[int]) -> int:
        return int(sum(counted[self._places(section)].sum() for section in sections))


def _mean_of_numbers(values: Floats) -> Floats:
    """The mean over the first axis of what is not NaN; NaN where all is."""
    numbers = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(numbers, values, 0.0).sum(axis=0) / numbers.sum(axis=0)
    return mean


def _middle_ranks(values: Floats, weights: Floats) -> Floats:
    """Ranks, ties sharing their mean, where each value is there as often as `weights` (R, n) says: (R, n)."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    counts = np.add.reduceat(weights[:, order], starts, axis=1)
    middle: Floats = (np.cumsum(counts, axis=1) - (counts - 1) / 2)[:, group]
    return middle


def spearman(first: Floats, second: Floats, weights: Floats | None = None) -> Floats:
    """Spearman's rho of n values with n others, each pair as often as `weights` (R, n) says, or once: (R,).

    NaN where one side is constant, or nothing is there.
    """
    if weights is None:
        weights = np.ones((1, len(first)))
    if len(first) < 2:
        return np.full(len(weights), np.nan)
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    one, other = _middle_ranks(first, weights) - middle, _middle_ranks(second, weights) - middle
    return _quotient((weights * one * other).sum(1), (weights * one**2).sum(1), (weights * other**2).sum(1))


def spearman_without_each(first: Floats, second: Floats) -> Floats:
    """Spearman's rho of n values with n others, without each pair in turn: (n,).

    Ranks fall by one where a smaller value is taken out, by a half where an equal one is.
    """
    once = np.ones((1, len(first)))
    ranks = [_middle_ranks(values, once)[0] for values in (first, second)]
    found = np.empty(len(first))
    for start in range(0, len(first), LEFT_OUT_AT_ONCE):
        rows = np.arange(start, min(start + LEFT_OUT_AT_ONCE, len(first)))
        centred = []
        for values, of_all in zip((first, second), ranks, strict=True):
            left_out = values[rows, None]
            lower = of_all - (values > left_out) - 0.5 * (values == left_out) - len(first) / 2
            lower[np.arange(len(rows)), rows] = 0.0
            centred.append(lower)
        one, other = centred
        found[rows] = _quotient((one * other).sum(1), (one**2).sum(1), (other**2).sum(1))
    return found


def _quotient(products: Floats, squares: Floats, other_squares: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: Floats = products / np.sqrt(squares * other_squares)
    return correlation


def _sign_flips(shares: Floats, draws: Draws) -> float:
    """Two-sided p that shares whose signs mean nothing sum to what they do."""
    if len(shares) < FEWEST_PAIRS:
        return math.nan
    if not shares.any():
        return 1.0
    from scipy import stats

    tested = stats.permutation_test(
        (shares,),
        lambda values, axis=-1: values.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=FLIPS,
        batch=FLIPS_AT_ONCE,
        random_state=np.random.default_rng(draws.seed),
    )
    return float(tested.pvalue)


def over_seeds(resampled: Floats, draws: Draws) -> Floats:
    """The mean over S seeds of scores (S, R), drawn again among seeds, too: (R,).

    S drawn seeds scatter less than the S seeds were scattered about the truth, by sqrt((S - 1) / S); that is
    put right by weights that reach a little below zero, so that near the end of a scale a mixed score may pass it.
    """
    seeds = len(resampled)
    if seeds == 1:
        return resampled.reshape(-1)
    random = np.random.default_rng([draws.seed, 1 << 20])
    weights = random.multinomial(seeds, np.full(seeds, 1 / seeds), resampled.shape[1]) / seeds
    weights = 1 / seeds + (weights - 1 / seeds) * math.sqrt(seeds / (seeds - 1))
    mixed: Floats = np.einsum("sr,rs->r", resampled, weights)
    return mixed


def fewest_resamples(confidence: float) -> int:
    """So many draws leave one beyond each end of an interval; fewer say nothing of where its ends are."""
    return math.ceil(round(2 / (1 - confidence), 6))


def interval(resampled: Floats, confidence: float) -> tuple[float, float]:
    """The percentiles that leave (1 - confidence) / 2 on each side; NaN if a tenth of the draws gave no score."""
    numbers = resampled[~np.isnan(resampled)]
    if not len(numbers) or len(numbers) < 0.9 * len(resampled):
        return math.nan, math.nan
    tail = 50 * (1 - confidence)
    low, high = np.percentile(numbers, [tail, 100 - tail])
    return float(low), float(high)


def interval_without_exception(share: float, units: int, confidence: float) -> tuple[float, float]:
    """The interval of a share that is 0 or 1 in every one of `units` observations: Clopper & Pearson's (1934).

    Resampling finds nothing but that very share there, and would call it certain. Word pairs, not questions, are the
    observations: 0 of 12 pairs leaves up to 26 %, whatever the number of questions that were made of them.
    """
    bound = ((1 - confidence) / 2) ** (1 / units)
    return (0.0, 1 - bound) if share == 0 else (bound, 1.0)
