"""What all tests need: gensim 4.3 told to order equally frequent words as 4.4 does.

gensim 4.3 sorts words by count with NumPy's unstable sort, so the order of ties depends on NumPy and the
processor; 4.4 sorts stably, and that order is w2vplus's. With ties fixed, everything else can be compared.
"""

from __future__ import annotations

import functools
from typing import Any

import gensim
import numpy as np
from gensim.models import keyedvectors


class StableNumPy:
    """NumPy, whose argsort keeps the order of ties."""

    argsort = staticmethod(functools.partial(np.argsort, kind="stable"))

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


if tuple(map(int, gensim.__version__.split(".")[:2])) < (4, 4):
    keyedvectors.np = StableNumPy()
