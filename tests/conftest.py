"""What all tests need: a present folder that holds no uncompiled w2vplus, gensim 4.3 told to order equally
frequent words as 4.4 does, and no time limit for hypothesis' examples, which a busy machine would break.

gensim 4.3 sorts words by count with NumPy's unstable sort, so the order of ties depends on NumPy and the
processor; 4.4 sorts stably, and that order is w2vplus's. With ties fixed, everything else can be compared.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gensim
import numpy as np
import pytest
from gensim.models import keyedvectors
from hypothesis import settings

import w2vplus

settings.register_profile("w2vplus", deadline=None)
settings.load_profile("w2vplus")


@pytest.fixture(scope="session", autouse=True)
def neutral_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Child processes look for modules in the present folder first: it must not be the source tree, and they must
    find the package under test all the same."""
    package_folder = str(Path(w2vplus.__file__).resolve().parents[1])
    before = Path.cwd(), os.environ.get("PYTHONPATH")
    os.chdir(tmp_path_factory.mktemp("neutral"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [package_folder, before[1]]))
    yield
    os.chdir(before[0])
    os.environ.pop("PYTHONPATH") if before[1] is None else os.environ.update(PYTHONPATH=before[1])


class StableNumPy:
    """NumPy, whose argsort keeps the order of ties."""

    argsort = staticmethod(functools.partial(np.argsort, kind="stable"))

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


if tuple(map(int, gensim.__version__.split(".")[:2])) < (4, 4):
    keyedvectors.np = StableNumPy()
