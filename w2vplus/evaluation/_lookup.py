"""What both evaluations share: the lines of a question file, and the rows that its words stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import smart_open
from numpy.typing import NDArray

from w2vplus.errors import EvaluationError
from w2vplus.vectors import damage_named


class WordVectors(Protocol):
    """The part of gensim's KeyedVectors that evaluation reads; nothing of it is ever written."""

    index_to_key: Sequence[Any]
    vectors: NDArray[Any]


def read_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text without its line end) of a UTF-8 file, compressed or remote too.

    Raises EvaluationError, with file and line, for bytes that are not UTF-8 and for damaged compression;
    OSError where the file cannot be opened.
    """
    with damage_named(os.fspath(path), EvaluationError), smart_open.open(os.fspath(path), "rb") as stream:
        content: bytes = stream.read()
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            yield number, line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise EvaluationError(
                f"{path}, line {number}: byte {error.start + 1} of the line is not UTF-8; convert the file"
            ) from error


def considered_keys(keyed_vectors: WordVectors, restrict_vocab: int | None) -> Sequence[Any]:
    """The first `restrict_vocab` keys (all of them for None): the only words that count as known."""
    if restrict_vocab is not None and restrict_vocab < 1:
        raise ValueError(f"restrict_vocab must be at least 1 or None, got {restrict_vocab}")
    return keyed_vectors.index_to_key[:restrict_vocab]


KeySpelling = Callable[[str], str]
"""Turns a word as a file spells it into the key that vectors keep it under."""


def as_spelled(word: str) -> str:
    """The usual `KeySpelling`: files spell words as vectors do."""
    return word


def fold(word: str, case_insensitive: bool) -> str:
    """The form under which words are compared: gensim's is upper case."""
    return word.upper() if case_insensitive else word


def rows_of_words(
    keys: Sequence[Any], words: Iterable[str], case_insensitive: bool, as_key: KeySpelling = as_spelled
) -> dict[str, list[int]]:
    """For each of `words` that is known, every row whose key spells it, ascending.

    This is the one place where words of files meet keys of vectors: `as_key` says what a word is kept under,
    then case is folded. The first row of a list is the word's own: with several spellings of one word
    ("us", "US") the most frequent counts, as in gensim. Keys that are not strings stand for no word.
    """
    folded_of = {word: fold(as_key(word), case_insensitive) for word in words}
    rows: dict[str, list[int]] = {folded: [] for folded in folded_of.values()}
    for row, key in enumerate(keys):
        if isinstance(key, str) and (spelled := rows.get(fold(key, case_insensitive))) is not None:
            spelled.append(row)
    return {word: rows[folded] for word, folded in folded_of.items() if rows[folded]}
