"""Pairs of words that mean the same: from a bilingual dictionary, or the words that two vocabularies share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import smart_open
from numpy.typing import NDArray

from w2vplus.errors import EvaluationError
from w2vplus.vectors import damage_named

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Pair = tuple[str, str]


def read_dictionary(path: str | os.PathLike[str]) -> list[Pair]:
    """The pairs of a dictionary file: a source and a target word a line, as in MUSE's and OPUS's.

    Separated by a tab, or else by white space; UTF-8, compressed and remote files too. Blank lines are passed
    over, and a pair that comes again counts once.

    Raises EvaluationError, naming the line, for another number of words, and for a file without pairs;
    OSError where it cannot be read.
    """
    pairs: dict[Pair, None] = {}
    name = os.fspath(path)
    with damage_named(name, EvaluationError), smart_open.open(name, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                text = line.decode("utf-8").removeprefix("\ufeff" if number == 1 else "").strip()
            except UnicodeDecodeError as error:
                raise EvaluationError(f"{name}, line {number} is not UTF-8; convert the file") from error
            if not text:
                continue
            words = [word.strip() for word in text.split("\t")] if "\t" in text else text.split()
            if len(words) != 2 or not all(words):
                raise EvaluationError(
                    f"{name}, line {number}: expected a word and its translation, separated by a tab or a space,"
                    f" got {text[:80]!r}"
                )
            pairs[words[0], words[1]] = None
    if not pairs:
        raise EvaluationError(f"{name} holds no pair of words")
    return list(pairs)


def shared_words(source: KeyedVectors, target: KeyedVectors, limit: int | None = None) -> list[tuple[Any, Any]]:
    """Each word of both vocabularies paired with itself, in the source's order; the first `limit` of them."""
    shared = [(key, key) for key in source.index_to_key if key in target.key_to_index]
    return shared[:limit]


class WordPairs(NamedTuple):
    """Pairs as rows of the two sets of vectors, int64 (n,) each, and how many pairs had an unknown word."""

    source_rows: NDArray[np.int64]
    target_rows: NDArray[np.int64]
    unknown: int

    def __len__(self) -> int:
        return len(self.source_rows)


def known_pairs(source: KeyedVectors, target: KeyedVectors, pairs: Iterable[tuple[Any, Any]]) -> WordPairs:
    """The pairs whose two words have vectors."""
    rows, total = [], 0
    for one, other in pairs:
        total += 1
        if one in source.key_to_index and other in target.key_to_index:
            rows.append((source.key_to_index[one], target.key_to_index[other]))
    found = np.array(rows, np.int64).reshape(len(rows), 2)
    return WordPairs(found[:, 0], found[:, 1], total - len(rows))
