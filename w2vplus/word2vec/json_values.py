"""Words and phrases as JSON values and back: what a folder keeps where gensim would use pickle."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from types import SimpleNamespace
from typing import Any

logger = logging.getLogger(__name__)


def keys_to_json(keys: Sequence[Hashable]) -> list[Any]:
    """Each key as itself (strings, numbers), tuples and bytes as objects that name their type.

    Raises TypeError for any other key.
    """
    return [_key_to_json(key) for key in keys]


def _key_to_json(key: Any) -> Any:
    if isinstance(key, (str, bool, int, float)) and type(key).__module__ == "builtins":
        return key
    if isinstance(key, str):
        return str(key)
    if hasattr(key, "dtype") and hasattr(key, "item"):  # NumPy's numbers are equal to Python's as keys
        return key.item()
    if isinstance(key, tuple):
        return {"tuple": [_key_to_json(part) for part in key]}
    if isinstance(key, bytes):
        return {"bytes": key.hex()}
    raise TypeError(
        f"the word {key!r} is a {type(key).__name__}, and a folder can hold only strings, numbers, bytes and "
        "tuples: use save(), which pickles"
    )


def keys_from_json(values: Sequence[Any]) -> list[Any]:
    """What `keys_to_json` was given. Raises ValueError or TypeError for anything else."""
    return [_key_from_json(value) for value in values]


def _key_from_json(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"tuple"}:
        return tuple(_key_from_json(part) for part in value["tuple"])
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return bytes.fromhex(value["bytes"])
    if isinstance(value, (str, bool, int, float)):
        return value
    raise ValueError(f"{value!r} is no word of a vocabulary")


def phrases_to_json(phrases: Any) -> Any:
    """The frozen phrases of each pass: every phrase with its component words and its score; None for none.

    Raises TypeError for what is no (list of) FrozenPhrases.
    """
    if phrases is None:
        return None
    passes = list(phrases) if isinstance(phrases, (list, tuple)) else [phrases]
    return [_frozen_to_json(one) for one in passes]


def _frozen_to_json(frozen: Any) -> dict[str, Any]:
    if not hasattr(frozen, "phrasegrams") and hasattr(frozen, "freeze"):
        frozen = frozen.freeze()
    if not hasattr(frozen, "phrasegrams"):
        raise TypeError(f"phrases must be FrozenPhrases or a list of them, got a {type(frozen).__name__}")
    scoring = _name_of_scoring(frozen.scoring)
    if scoring is None:
        logger.warning(
            "a folder cannot hold the scoring function %r of the phrases: their scores are kept",
            frozen.scoring,
        )
    components = getattr(frozen, "components", None)
    return {
        "delimiter": frozen.delimiter,
        "threshold": frozen.threshold,
        "min_count": frozen.min_count,
        "scoring": scoring,
        "connector_words": sorted(frozen.connector_words),
        "phrases": [
            [phrase, score, None if components is None else list(components[phrase])]
            for phrase, score in frozen.phrasegrams.items()
        ],
    }


def phrases_from_json(passes: Any) -> Any:
    """What `phrases_to_json` was given, as a list of FrozenPhrases. Raises KeyError, TypeError or
    ValueError."""
    if passes is None:
        return None
    return [_frozen_from_json(one) for one in passes]


def _frozen_from_json(one: dict[str, Any]) -> Any:
    from w2vplus.phrases import FrozenPhrases

    scores = {str(phrase): float(score) for phrase, score, _ in one["phrases"]}
    learnt = SimpleNamespace(
        threshold=one["threshold"],
        min_count=one["min_count"],
        delimiter=one["delimiter"],
        scoring=_scorings().get(one["scoring"]),
        connector_words=frozenset(one["connector_words"]),
        export_phrases=lambda: scores,
    )
    frozen = FrozenPhrases(learnt)
    components = {phrase: tuple(words) for phrase, _, words in one["phrases"] if words is not None}
    if len(components) == len(scores):
        frozen.components = components
    return frozen


def _scorings() -> dict[str | None, Any]:
    from w2vplus.phrases import npmi_scorer, original_scorer, word2phrase_scorer

    return {"default": original_scorer, "npmi": npmi_scorer, "word2phrase": word2phrase_scorer}


def _name_of_scoring(scoring: Any) -> str | None:
    return next((name for name, function in _scorings().items() if function is scoring), None)
