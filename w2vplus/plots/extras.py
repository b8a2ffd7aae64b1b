"""Imports the libraries of extras, with an error that says how to get them."""

from __future__ import annotations

import importlib
from typing import Any


def imported(module: str, purpose: str, extra: str) -> Any:
    """The module; raises ImportError "PURPOSE needs the package ...: pip install 'w2vplus[EXTRA]'"."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        package = {"sklearn": "scikit-learn", "umap": "umap-learn"}.get(top, top)
        raise ImportError(f"{purpose} needs the package {package}: pip install 'w2vplus[{extra}]' ({error})") from None
