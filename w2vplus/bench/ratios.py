"""Ratios of repetitions in, the figures that rows give as JSON out; all kinds of rows give them so."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(ratios: Sequence[float]) -> dict[str, float]:
    """How many times faster w2vplus was: the median over the repetitions, the least and the greatest."""
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
