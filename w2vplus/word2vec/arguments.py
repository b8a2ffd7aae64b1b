"""Checks of `Word2Vec`'s arguments, made before anything is read; called by the constructor and the CLI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from w2vplus.limits import check_something_is_learnt, checked

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


def checked_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as training takes them: what is whole as an int, so that 5.0 and NumPy's numbers pass as 5.

    `arguments` maps gensim's argument names to values. Raises TypeError or ValueError for a value no training can
    use (see `w2vplus.limits`); the message names argument, rule and value.
    """
    found = {name: checked(name, value) for name, value in arguments.items()}
    if "hs" in found or "negative" in found:
        check_something_is_learnt(found.get("hs", 0), found.get("negative", 5))
    return found


def explain_unknown_argument(name: str, known: list[str]) -> str:
    """The message for an argument that does not exist: its new name, or the nearest one."""
    import difflib

    if name in _RENAMED and _RENAMED[name] in known:
        return f"unknown argument {name!r}: gensim 4 and w2vplus call it {_RENAMED[name]!r}"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
    return f"unknown argument {name!r}{hint}"
