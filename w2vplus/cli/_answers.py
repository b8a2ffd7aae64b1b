"""Turns questions about words into answers that print as tables or JSON: neighbours, analogies, odd ones out.

Called by `similar`, `analogy` and `explore`. All cosines are those of gensim's KeyedVectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from w2vplus.cli import _output
from w2vplus.cli._words import Term, Words, written


@dataclass
class Limits:
    """How many answers, among how many of the most frequent words (None: all)."""

    topn: int
    restrict_vocab: int | None

    def check(self) -> None:
        """Refuse counts that ask for nothing."""
        _output.require("--topn", self.topn, self.topn >= 1, "at least 1")
        if self.restrict_vocab is not None:
            _output.require("--restrict-vocab", self.restrict_vocab, self.restrict_vocab >= 1, "at least 1")


@dataclass(frozen=True)
class Answer:
    """A table with its heading, and the same as JSON."""

    title: str
    columns: Sequence[_output.Column]
    rows: Sequence[Sequence[object]]
    content: dict[str, Any]

    def show(self, *, titled: bool = True) -> None:
        """Print the table."""
        _output.print_table(self.columns, self.rows, title=self.title if titled else None)


def neighbours(words: Words, terms: Sequence[Term], limits: Limits) -> Answer:
    """The words nearest to a word or sum by cosine, those of the sum left out.

    A sum is of unit vectors (3CosAdd; Mikolov et al. 2013c). Raises CommandError where nothing is left of it.
    """
    found = _nearest(words, terms, limits)
    title = written(terms)
    if len(terms) == 1:
        rank, count = words.vectors.key_to_index[terms[0].key] + 1, len(words.vectors)
        title += f" (word {rank:,} of {count:,})"
    return Answer(title, ["word", "cosine"], found, {"word": written(terms), "neighbours": _named(found)})


def analogy(words: Words, keys: Sequence[Any], limits: Limits) -> Answer:
    """What is to C as B is to A: the words nearest to B - A + C, the three left out."""
    a, b, c = keys
    found = _nearest(words, [Term(1, b), Term(-1, a), Term(1, c)], limits)
    content = {"a": a, "b": b, "c": c, "answers": _named(found)}
    return Answer(f"{a} is to {b} as {c} is to", ["word", "cosine"], found, content)


def odd_one_out(words: Words, keys: Sequence[Any]) -> Answer:
    """The word furthest from the mean direction of all, as gensim's `doesnt_match`; at least three words."""
    keys = list(dict.fromkeys(keys))
    if len(keys) < 3:
        raise _output.CommandError(f"at least 3 different words are needed, got {', '.join(map(str, keys))}")
    ranked = [(key, float(cosine)) for cosine, key in words.vectors.rank_by_centrality(keys)]
    odd = ranked[-1][0]
    content = {"odd": odd, "words": _named(ranked)}
    return Answer(f"{odd} is the odd one out", ["word", "cosine to their mean"], ranked, content)


def similarity(words: Words, keys: Sequence[Any]) -> Answer:
    """The cosine of two words."""
    a, b = keys
    cosine = float(words.vectors.similarity(a, b))
    return Answer(f"{a} and {b}", ["cosine"], [[cosine]], {"words": [a, b], "cosine": cosine})


def scores(words: Words, keys: Sequence[Any]) -> Answer:
    """Every cosine between some words: as a square, or where the terminal is too narrow for it, pair by pair."""
    keys = list(dict.fromkeys(keys))
    if len(keys) < 2:
        raise _output.CommandError(f"at least 2 different words are needed, got {', '.join(map(str, keys))}")
    cosines = {pair: float(words.vectors.similarity(*pair)) for pair in combinations(keys, 2)}
    square = [[1.0 if a == b else cosines.get((a, b), cosines.get((b, a))) for b in keys] for a in keys]
    content = {"words": keys, "cosines": square}
    title = f"Cosines of {len(keys)} words"
    width = max(len(str(key)) for key in keys) + sum(max(len(str(key)), 7) + 3 for key in keys)
    if width <= shutil.get_terminal_size().columns:
        columns: list[_output.Column] = ["", *((str(key), "right") for key in keys)]
        return Answer(title, columns, [[a, *row] for a, row in zip(keys, square, strict=True)], content)
    pairs = sorted(([a, b, cosine] for (a, b), cosine in cosines.items()), key=lambda row: -row[2])
    return Answer(title, ["word", "word", "cosine"], pairs, content)


def _nearest(words: Words, terms: Sequence[Term], limits: Limits) -> list[tuple[Any, float]]:
    import numpy as np

    vectors = words.vectors
    if len({term.key for term in terms}) == len(vectors):
        raise _output.CommandError(f"{words.source} has no other word than {written(terms)}")
    signs = [float(term.sign) for term in terms]
    mean = vectors.get_mean_vector([term.key for term in terms], weights=signs, post_normalize=False)
    if np.linalg.norm(mean) < 1e-6:
        raise _output.CommandError(f"{written(terms)} cancels out: no word is nearer to it than another")
    return [
        (key, float(cosine))
        for key, cosine in vectors.most_similar(
            positive=[term.key for term in terms if term.sign > 0],
            negative=[term.key for term in terms if term.sign < 0],
            topn=limits.topn,
            restrict_vocab=limits.restrict_vocab,
        )
    ]


def _named(found: Sequence[tuple[Any, float]]) -> list[dict[str, Any]]:
    return [{"word": word, "cosine": cosine} for word, cosine in found]
