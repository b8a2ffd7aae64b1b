"""Outcomes of questions in, how far they can be trusted out: resampled scores and tests, word pair by word pair.

Google's 19,544 questions are made of 573 word pairs: a pair that vectors know well is answered well in dozens
of questions, so questions are no independent observations. What is drawn again here are the word pairs of each
section, with replacement. A question that joins two pairs then counts as often as both were drawn, the product
of the two multiplicities (the bootstrap of nodes of a graph: Snijders & Borgatti 1999; Owen 2007 for the
product form, which errs on the wide side). Tests flip the sign of each pair's share in a difference, which is
what that pair adds to the variance (the delete-one-pair linearisation, as in Fafchamps & Gubert 2007).

Correlations are resampled by pair, too. Several seeds of one model are drawn again beside the pairs. Called by
`comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_PAIRS = 5
"""Below this a resampled interval would say nothing."""

FLIPS = 9_999
FLIPS_AT_ONCE = 500


@dataclass(frozen=True)
class Draws:
    """How much is drawn, and from which random numbers; equal draws make models comparable pair by pair."""

    resamples: int = 2_000
    seed: int = 1

    def generator(self, place: int) -> np.random.Generator:
        """Random numbers of the section at `place`: the same for every model."""
        return np.random.default_rng([self.seed, place])


class Units(Protocol):
    """What is drawn again, and how N outcomes of one model make a score. S models (seeds) go together.

    scores: outcomes (S, N) and which of them count (S, N) in; the S scores and the S x R resampled ones out,
        of the sections with these numbers; NaN where nothing counts
    p_value: the two-sided test of no difference between two (S, N), all sections, where `counted` (N,)
    count: units among the sections, of those questions that count
    """

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

    def _weights(self, section: int, draws: Draws) -> Floats:
        """How often each pair is drawn, (R, pairs)."""
        pairs = self._pair_counts[section]
        drawn = draws.generator(section).multinomial(pairs, np.full(pairs, 1 / max(1, pairs)), draws.resamples)
        return drawn.astype(np.float64)

    @staticmethod
    def _weighted(table: Floats, weights: Floats) -> Floats:
        """sum over questions of value * multiplicity, (R,)."""
        alone = np.diag(table)
        joint = table - np.diag(alone)
        weighted: Floats = np.einsum("ri,ri->r", weights @ joint, weights) + weights @ alone
        return weighted

    def scores(
        self, outcomes: Floats, counted: Mask, sections: Sequence[int], draws: Draws
    ) -> tuple[Floats, Floats]:
        right, asked = np.where(counted, outcomes, 0.0), counted.astype(np.float64)
        sums = np.zeros((2, len(outcomes)))
        drawn = np.zeros((2, len(outcomes), draws.resamples))
        for section in (section for section in sections if self._pair_counts[section]):
            weights = self._weights(section, draws)
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
        return together + mean / len(together)

    def count(self, counted: Mask, sections: Sequence[int]) -> int:
        asked = [self._table(section, counted.astype(np.float64)) for section in sections]
        return int(sum(np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) for table in asked))


@dataclass(frozen=True)
class RankUnits:
    """Word pairs with human scores by section; a score is the mean over sections of Spearman's rho between
    the human scores and the outcomes. `human`: one float64 array (pairs,) a section."""

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
        values: list[Floats] = []
        drawn: list[Floats] = []
        for section in sections:
            here = self._places(section)
            human, known = self.human[section], counted[:, here]
            own = [
                _spearman(human[None, mask], scores[None, mask])[0]
                for scores, mask in zip(outcomes[:, here], known, strict=True)
            ]
            common = known.all(axis=0)
            values.append(np.array(own))
            drawn.append(self._redrawn(section, human[common], outcomes[:, here][:, common], draws))
        with np.errstate(invalid="ignore"):
            return _mean_of_numbers(np.array(values)), _mean_of_numbers(np.array(drawn))

    @staticmethod
    def _redrawn(section: int, human: Floats, outcomes: Floats, draws: Draws) -> Floats:
        count = len(human)
        if count < FEWEST_PAIRS or not draws.resamples:
            return np.full((len(outcomes), draws.resamples), np.nan)
        chosen = draws.generator(section).integers(0, count, (draws.resamples, count))
        return np.array([_spearman(human[chosen], scores[chosen]) for scores in outcomes])

    def p_value(self, first: Floats, second: Floats, counted: Mask, draws: Draws) -> float:
        """Swaps the two models' ranks of a pair at random."""
        from scipy import stats

        human, ranks = [], []
        for section in range(self.section_count):
            here = self._places(section)
            mask = counted[here]
            if mask.sum() < 2:
                continue
            human.append(stats.rankdata(self.human[section][mask]))
            ranks.append(
                [stats.rankdata(of[:, here][:, mask], axis=1).mean(axis=0) for of in (first, second)]
            )
        if sum(map(len, human)) < FEWEST_PAIRS:
            return math.nan
        sizes = np.cumsum([len(section) for section in human])[:-1]

        def difference(one: Any, other: Any, axis: int = -1) -> Any:
            parts = zip(human, np.split(one, sizes, axis=-1), np.split(other, sizes, axis=-1), strict=True)
            gaps = [_pearson(ranks, mine) - _pearson(ranks, theirs) for ranks, mine, theirs in parts]
            return _mean_of_numbers(np.array(gaps))

        one, other = (np.concatenate([pair[which] for pair in ranks]) for which in (0, 1))
        return _permuted((one, other), difference, draws)

    def count(self, counted: Mask, sections: Sequence[int]) -> int:
        return int(sum(counted[self._places(section)].sum() for section in sections))


def _mean_of_numbers(values: Floats) -> Floats:
    """The mean over the first axis of what is not NaN; NaN where all is."""
    numbers = ~np.isnan(values)
    mean: Floats = np.where(numbers, values, 0.0).sum(axis=0) / numbers.sum(axis=0)
    return mean


def _pearson(first: Any, second: Any) -> Any:
    """Along the last axis; NaN where one side is constant."""
    first = first - first.mean(axis=-1, keepdims=True)
    second = second - second.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (first * second).sum(axis=-1) / np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))


def _spearman(first: Floats, second: Floats) -> Floats:
    """Along the last axis, ties sharing their mean rank."""
    from scipy import stats

    if first.shape[-1] < 2:
        return np.full(len(first), np.nan)
    rho: Floats = _pearson(stats.rankdata(first, axis=-1), stats.rankdata(second, axis=-1))
    return rho


def _sign_flips(shares: Floats, draws: Draws) -> float:
    """Two-sided p that shares whose signs mean nothing sum to what they do."""
    if len(shares) < FEWEST_PAIRS:
        return math.nan
    if not shares.any():
        return 1.0
    return _permuted((shares,), lambda values, axis=-1: values.sum(axis=axis), draws)


def _permuted(data: tuple[Floats, ...], statistic: Any, draws: Draws) -> float:
    from scipy import stats

    tested = stats.permutation_test(
        data,
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=FLIPS,
        batch=FLIPS_AT_ONCE,
        alternative="two-sided",
        axis=-1,
        random_state=np.random.default_rng(draws.seed),
    )
    return float(tested.pvalue)


def over_seeds(resampled: Floats, draws: Draws) -> Floats:
    """The mean over S seeds of scores (S, R), drawn again among seeds, too: (R,).

    S drawn seeds scatter less than the S seeds were scattered about the truth, by sqrt((S - 1) / S); that is
    put right.
    """
    seeds = len(resampled)
    if seeds == 1:
        return resampled.reshape(-1)
    random = np.random.default_rng([draws.seed, 1 << 20])
    weights = random.multinomial(seeds, np.full(seeds, 1 / seeds), resampled.shape[1]) / seeds
    weights = 1 / seeds + (weights - 1 / seeds) * math.sqrt(seeds / (seeds - 1))
    mixed: Floats = np.einsum("sr,rs->r", resampled, weights)
    return mixed


def interval(resampled: Floats, confidence: float) -> tuple[float, float]:
    """The percentiles that leave (1 - confidence) / 2 on each side; NaN if a tenth of the draws gave no score."""
    numbers = resampled[~np.isnan(resampled)]
    if not len(numbers) or len(numbers) < 0.9 * len(resampled):
        return math.nan, math.nan
    tail = 50 * (1 - confidence)
    low, high = np.percentile(numbers, [tail, 100 - tail])
    return float(low), float(high)
