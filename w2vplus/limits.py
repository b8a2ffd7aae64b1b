"""Which numbers training accepts, one table of rules for `Word2Vec`'s arguments and for the command line's options; and
how many CPUs there are.

Pure Python that loads nothing, so that a wrong option is refused at once. Called by `word2vec` and `cli`.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

MOST = 2**31 - 1
"""What the native code counts up to."""

MOST_WORKERS = 1024
"""Each has memory of its own; more than there are CPUs only wait for each other."""

MOST_SEED = 2**32 - 1
"""NumPy's greatest."""

MOST_SHARED_NEGATIVES = 4
"""Most neighbouring centres that the kernel lets share one draw of negatives."""


def available_cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Rule:
    """What one argument may be: a whole number or any finite one, between bounds; `remedy` says what is usual."""

    whole: bool
    least: float = -math.inf
    most: float = math.inf
    above_least: bool = False
    may_be_none: bool = False
    remedy: str = ""

    def words(self) -> str:
        """The rule as messages put it: "at least 1"."""
        if self.least == -math.inf:
            return "a finite number"
        return f"above {self.least:g}" if self.above_least else f"at least {self.least:g}"


RULES = {
    "hs": Rule(True, 0, MOST),
    "sg": Rule(True, 0, MOST),
    "cbow_mean": Rule(True, 0, MOST),
    "vector_size": Rule(True, 1, MOST),
    "window": Rule(True, 1, MOST),
    "epochs": Rule(True, 1, MOST),
    "workers": Rule(True, 1, MOST_WORKERS, remedy="as many as there are CPUs are usual"),
    "negative": Rule(True, 0, MOST),
    "min_count": Rule(False, 0),
    "max_final_vocab": Rule(True, 1, may_be_none=True),
    "vocab_size": Rule(True, 0, may_be_none=True),
    "max_vocab_size": Rule(True, 0, may_be_none=True),
    "total_examples": Rule(False, 0, above_least=True, may_be_none=True),
    "total_words": Rule(False, 0, above_least=True, may_be_none=True),
    "count": Rule(True, 0),
    "word_count": Rule(False, 0),
    "seed": Rule(True, 0, MOST_SEED, may_be_none=True),
    "alpha": Rule(False, 0, above_least=True, remedy="0.025 is usual"),
    "min_alpha": Rule(False, 0),
    "sample": Rule(False, 0, may_be_none=True),
    "ns_exponent": Rule(False, remedy="0.75 is usual"),
    "shared_negatives": Rule(
        True, 0, MOST_SHARED_NEGATIVES, may_be_none=True, remedy="0 draws for every pair, 1 for every window"
    ),
}
"""Argument of `Word2Vec` -> what it may be."""


def checked(name: str, value: Any, shown: str | None = None) -> Any:
    """`value` if the argument `name` may have it; what is whole as an int, as gensim takes 5.0 for a window of 5.

    `shown` is the name that messages use, as --window. Raises TypeError for what is no number, ValueError for a
    number that breaks the rule; messages name the argument, the rule and the value.
    """
    rule, shown = RULES[name], shown or name
    if value is None and rule.may_be_none:
        return None
    number = _as_number(value)
    if number is None or (rule.whole and number != number // 1):
        kind = f"an integer, {rule.words()}" if rule.whole else f"a number, {rule.words()}"
        raise TypeError(f"{shown} must be {kind}, got {value!r}")
    within = rule.least < number if rule.above_least else rule.least <= number
    if not (within and (_is_finite(number) or (rule.whole and isinstance(number, int)))):
        remedy = f"; {rule.remedy}" if rule.remedy else ""
        raise ValueError(f"{shown} must be {rule.words()}, got {value}{remedy}")
    if number > rule.most:
        raise ValueError(f"{shown} must be at most {rule.most:.0f}, got {value}")
    return int(number) if rule.whole else value


def checked_flag(name: str, value: Any) -> bool:
    """`value` if it is a yes or a no: True, False, 1 or 0, also NumPy's. Raises TypeError for anything else: a text
    such as "no" would count as a yes."""
    number = _as_number(value)
    if number not in (0, 1):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(number)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int beyond every float
        return False


def _as_number(value: Any) -> int | float | None:
    """`value` as Python's int or float; None for strings and whatever else is no single number."""
    if isinstance(value, (str, bytes)):
        return None
    if getattr(value, "shape", None) == ():  # NumPy's numbers, booleans among them
        value = value.item()
    try:
        return int(value.__index__()) if hasattr(value, "__index__") else float(value)
    except (TypeError, ValueError):
        return None


def check_something_is_learnt(hs: object, negative: object, shown: tuple[str, str] = ("hs=1", "negative")) -> None:
    """Raise ValueError where neither hierarchical softmax nor noise words are there to learn from; `shown` are the
    names that the message uses for asking for the one and the other."""
    if not hs and not negative:
        raise ValueError(f"{shown[1]} must be at least 1 without {shown[0]}, got 0; 5 to 20 is usual")
