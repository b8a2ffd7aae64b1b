"""Vectors of several seeds in, how far their neighbourhoods agree out.

Training draws random numbers, and what is nearest to a word changes with them (Hellrich & Hahn 2016; Antoniak
& Mimno 2018; Wendlandt et al. 2018). Called by the command line for files of several seeds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.evaluation._lookup import WordVectors
from w2vplus.evaluation._resampling import Draws, interval
from w2vplus.queries import nearest_others, unit_rows

Neighbours = dict[Hashable, tuple[Hashable, ...]]
"""The nearest words of each word, nearest first."""


def neighbours_of(
    keyed_vectors: WordVectors, words: Sequence[Hashable], *, topn: int = 10, restrict_vocab: int | None = None
) -> Neighbours:
    """The `topn` nearest words by cosine of every one of `words` that has a vector.

    Only the first `restrict_vocab` words may be near them, by the exact search of `queries`.
    """
    keys = keyed_vectors.index_to_key
    row_of = {key: row for row, key in enumerate(keys)}
    rows = np.array([row_of[word] for word in words if word in row_of], np.int64)
    if not rows.size:
        return {}
    nearest, _ = nearest_others(keyed_vectors.vectors, rows, topn, restrict_vocab)
    return {
        keys[row]: tuple(keys[near] for near in of_row if near >= 0)
        for row, of_row in zip(rows.tolist(), nearest.tolist(), strict=True)
    }


@dataclass(frozen=True)
class Overlap:
    """The share of a word's nearest words that two seeds have in common, as a mean over words and seeds.

    overlap: 0..1; low, high: its interval over words; least, greatest: among the pairs of seeds
    """

    seeds: int
    words: int
    topn: int
    overlap: float
    low: float
    high: float
    least: float
    greatest: float


def neighbour_overlap(
    by_seed: Sequence[Neighbours], *, topn: int = 10, confidence: float = 0.95, draws: Draws | None = None
) -> Overlap:
    """How far the seeds' neighbourhoods agree, over the words that all of them know.

    Raises ValueError for fewer than two seeds, or where they have no word in common.
    """
    words = [word for word in by_seed[0] if all(word in of_seed for of_seed in by_seed)] if by_seed else []
    if len(by_seed) < 2 or not words:
        raise ValueError(f"overlap needs two seeds with words in common, got {len(by_seed)} with {len(words)}")
    draws = draws or Draws()
    by_pair = np.array(
        [
            [len(set(one[word]) & set(other[word])) / max(1, len(one[word]), len(other[word])) for word in words]
            for one, other in itertools.combinations(by_seed, 2)
        ]
    )
    per_word = by_pair.mean(axis=0)
    low, high = interval(draws.multiplicities(0, len(words)) @ per_word / len(words), confidence)
    of_pairs = by_pair.mean(axis=1)
    mean, least, greatest = float(per_word.mean()), float(of_pairs.min()), float(of_pairs.max())
    return Overlap(len(by_seed), len(words), topn, mean, low, high, least, greatest)


@dataclass(frozen=True)
class SeededNeighbour:
    """A word near another in some seeds: its mean cosine over all, with the interval over seeds, and in how
    many seeds it is among the nearest."""

    word: Hashable
    cosine: float
    low: float
    high: float
    seeds: int


def seeded_neighbours(
    models: Sequence[WordVectors],
    word: Hashable,
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    confidence: float = 0.95,
) -> list[SeededNeighbour]:
    """The words that are among the `topn` nearest to `word` in any seed: `topn` of them, in most seeds first.

    Raises KeyError for a word without a vector in one of the models.
    """
    nearest = [neighbours_of(model, [word], topn=topn, restrict_vocab=restrict_vocab)[word] for model in models]
    times: dict[Hashable, int] = {}
    for near in itertools.chain.from_iterable(nearest):
        times[near] = times.get(near, 0) + 1
    units = [_unit_lookup(model, [word, *times]) for model in models]
    found = []
    for near, seeds in times.items():
        cosines = [float(unit[word] @ unit[near]) for unit in units if near in unit]
        low, high = interval_over_seeds(cosines, confidence)
        # Student's interval knows nothing of the scale. A single seed has NaN, which neither bound changes.
        found.append(SeededNeighbour(near, float(np.mean(cosines)), max(low, -1.0), min(high, 1.0), seeds))
    return sorted(found, key=lambda near: (-near.seeds, -near.cosine))[:topn]


def _unit_lookup(model: WordVectors, words: Sequence[Hashable]) -> dict[Hashable, NDArray[Any]]:
    wanted = set(words)
    rows = [row for row, key in enumerate(model.index_to_key) if key in wanted]
    units = unit_rows(model.vectors[rows], np.float64)
    return {model.index_to_key[row]: unit for row, unit in zip(rows, units, strict=True)}


def interval_over_seeds(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's interval for the mean of one number a seed; NaN for a single one."""
    if len(values) < 2:
        return math.nan, math.nan
    from scipy import stats

    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * error
    return mean - half, mean + half
