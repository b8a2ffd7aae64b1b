"""Checks of `Word2Vec`'s arguments, made before anything is read; called by the constructor and the CLI."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from w2vplus.trainer import MOST_SHARED_NEGATIVES

_RENAMED = {
    "size": "vector_size",
    "iter": "epochs",
    "docs": "sentences",
    "documents": "sentences",
    "min_alpha_yet_reached": "min_alpha",
    "corpus_iterable": "sentences",
    "sentences": "corpus_iterable",
    "learning_rate": "alpha",
    "dim": "vector_size",
}


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise ValueError for a value no training can use; the message names argument, rule and value.

    `arguments` maps gensim's argument names to values; absent names are not checked.
    """
    for name, least in (("vector_size", 1), ("window", 1), ("epochs", 1), ("workers", 1), ("negative", 0)):
        if name in arguments:
            _check_integer(name, arguments[name], least)
    shared = arguments.get("shared_negatives")
    if shared is not None and not 0 <= int(shared) <= MOST_SHARED_NEGATIVES:
        raise ValueError(f"shared_negatives must be from 0 (per pair) to {MOST_SHARED_NEGATIVES}, got {shared}")
    for name in ("alpha", "min_alpha", "sample"):
        if name in arguments:
            _check_number(name, arguments[name])
    if "ns_exponent" in arguments and not math.isfinite(arguments["ns_exponent"]):
        raise ValueError(f"ns_exponent must be a finite number, got {arguments['ns_exponent']}")
    if arguments.get("hs", 0) in (0, False) and arguments.get("negative", 5) == 0:
        raise ValueError(
            "hs=0 with negative=0 leaves nothing to train: set negative (5 to 20 is usual) or hs=1"
        )


def _check_integer(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer of at least {least}, got {value!r}")
    if int(value) < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def _check_number(name: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, (int, float)) and not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (math.isfinite(float(value)) and float(value) >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value}")


def explain_unknown_argument(name: str, known: list[str]) -> str:
    """The message for an argument that does not exist: its new name, or the nearest one."""
    import difflib

    if name in _RENAMED and _RENAMED[name] in known:
        return f"unknown argument {name!r}: gensim 4 and w2vplus call it {_RENAMED[name]!r}"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
    return f"unknown argument {name!r}{hint}"
