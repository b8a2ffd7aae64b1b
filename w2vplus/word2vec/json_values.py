"""Words and phrases as JSON values and back: what a folder keeps where gensim would use pickle."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import Any

from w2vplus.collocations import CountingLoss, Phrase, PhraseTable, table_of_components
from w2vplus.phrases import FrozenPhrases, PhraseOptions
from w2vplus.phrases.scorers import SCORER_OF, scoring_name
from w2vplus.word2vec.phrasing import checked_phrases

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
    """What a model's `phrases` are: None, options by which they are still to be learnt, or frozen phrases.

    Of the last every phrase is kept with its components (words, or the words of a phrase of an earlier pass), its
    count and its score. Raises TypeError or ValueError for anything else.
    """
    phrases = checked_phrases(phrases)
    if isinstance(phrases, PhraseOptions):
        return {"options": {**asdict(phrases), "connector_words": sorted(phrases.connector_words)}}
    return None if phrases is None else _frozen_to_json(phrases)


def _frozen_to_json(frozen: FrozenPhrases) -> dict[str, Any]:
    scoring = scoring_name(frozen.scoring)
    if scoring is None:
        logger.warning(
            "a folder cannot hold the scoring function %r of the phrases: their scores are kept",
            frozen.scoring,
        )
    if frozen._native() is None:
        logger.warning(
            "a folder cannot hold how %s finds phrases: those that it lists are kept", type(frozen).__name__
        )
    return {
        "delimiter": frozen.delimiter,
        "threshold": frozen.threshold,
        "min_count": frozen.min_count,
        "scoring": scoring,
        "connector_words": sorted(frozen.connector_words),
        "loss": asdict(frozen.loss),
        "passes": [_table_to_json(table) for table in frozen.tables],
    }


def _table_to_json(table: PhraseTable) -> dict[str, Any]:
    components = [
        [list(part.words) if isinstance(part, Phrase) else part for part in parts]
        for parts in table.components()
    ]
    return {
        "connector_words": sorted(map(str, table.connector_words)),
        "phrases": list(map(list, zip(components, table.counts.tolist(), table.scores.tolist(), strict=True))),
    }


def phrases_from_json(value: Any) -> Any:
    """What `phrases_to_json` was given; phrases are `FrozenPhrases`. Raises KeyError, TypeError or
    ValueError."""
    if not isinstance(value, dict):
        return checked_phrases(value)
    if "options" in value:
        return PhraseOptions(**value["options"])
    return FrozenPhrases.of_tables(
        [_table_from_json(table) for table in value["passes"]],
        CountingLoss(**value["loss"]),
        threshold=value["threshold"],
        min_count=value["min_count"],
        delimiter=value["delimiter"],
        scoring=SCORER_OF.get(value["scoring"]),
        connector_words=frozenset(value["connector_words"]),
    )


def _table_from_json(value: dict[str, Any]) -> PhraseTable:
    rows: dict[tuple[Hashable, ...], tuple[int, float]] = {
        tuple(Phrase(tuple(part)) if isinstance(part, list) else str(part) for part in components):
            (int(count), float(score))
        for components, count, score in value["phrases"]
    }  # fmt: skip
    return table_of_components(rows, frozenset(value["connector_words"]))
