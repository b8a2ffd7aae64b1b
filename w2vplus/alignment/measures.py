"""How good an alignment is, and what it shows: precision of translations, and words that changed their company."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.alignment.dictionaries import known_pairs, shared_words
from w2vplus.alignment.mapping import Alignment, align
from w2vplus.errors import EvaluationError
from w2vplus.queries import most_similar_many, unit_rows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

PRECISION_AT = (1, 5, 10)


@dataclass(frozen=True)
class TranslationResult:
    """Precision of an alignment's translations.

    precision: of each k, the share of the `asked` source words one of whose translations in the dictionary is among
    the k nearest; total: source words in the dictionary; those without a vector, or none of whose translations has
    one, are not asked.
    """

    retrieval: str
    precision: dict[int, float]
    asked: int
    total: int

    @property
    def coverage(self) -> float:
        """asked / total."""
        return self.asked / self.total

    def precision_of_total(self) -> dict[int, float]:
        """The same with words that were not asked counted as wrong."""
        return {k: share * self.coverage for k, share in self.precision.items()}

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready numbers under stable keys."""
        return {**asdict(self), "coverage": self.coverage, "precision_of_total": self.precision_of_total()}


def evaluate_translation(
    alignment: Alignment,
    pairs: Iterable[tuple[Any, Any]],
    *,
    at: Sequence[int] = PRECISION_AT,
    retrieval: str = "csls",
    restrict_vocab: int | None = None,
) -> TranslationResult:
    """Precision@k over a dictionary that the alignment has not seen; a word may have several translations.

    restrict_vocab: only the first so many words of either side are known. Raises EvaluationError where no source
    word of `pairs` can be asked, ValueError for arguments out of range.
    """
    if not at or min(at) < 1:
        raise ValueError(f"at must hold numbers from 1 on, got {at}")
    all_pairs = list(dict.fromkeys(pairs))
    found = known_pairs(alignment.source, alignment.target, all_pairs)
    answers: dict[int, set[int]] = {}
    for source_row, target_row in zip(found.source_rows.tolist(), found.target_rows.tolist(), strict=True):
        if restrict_vocab is None or max(source_row, target_row) < restrict_vocab:
            answers.setdefault(source_row, set()).add(target_row)
    total = len({source for source, _ in all_pairs})
    if not answers:
        raise EvaluationError(f"none of {total} words of the test dictionary is in the vocabularies with a translation")
    words = [alignment.source.index_to_key[row] for row in answers]
    nearest = alignment.translate(words, topn=max(at), retrieval=retrieval, restrict_vocab=restrict_vocab)
    judged = zip(nearest.rows.tolist(), answers.values(), strict=True)
    right = np.array([[row in known for row in rows] for rows, known in judged])
    precision = {k: float(right[:, :k].any(axis=1).mean()) for k in at}
    return TranslationResult(retrieval, precision, len(words), total)


@dataclass(frozen=True)
class Change:
    """A word of two periods: the cosine distance between its two vectors (0 unchanged, 1 unrelated, up to 2), and
    its nearest words then and now."""

    word: Any
    distance: float
    before: tuple[Any, ...]
    after: tuple[Any, ...]


def drift(
    before: KeyedVectors,
    after: KeyedVectors,
    *,
    words: Iterable[Any] | None = None,
    topn: int = 20,
    neighbours: int = 5,
    restrict_vocab: int | None = 10_000,
) -> list[Change]:
    """The words that changed most from one period to another, the most changed first (Hamilton, Leskovec & Jurafsky
    2016).

    The two sets are aligned by the rotation that fits all words they share. words: those to look at, all shared
    ones that have a direction unless given; topn: how many to return (of `words` all); neighbours: nearest words of
    each period to show; restrict_vocab: unless words are given, look only at those among the first so many of both,
    since vectors of rare words differ by chance.

    Raises KeyError for a word that one of the periods lacks, ValueError for one whose vector is zero or not finite, and
    where they share none.
    """
    alignment = align(before, after)
    shared = [word for word, _ in shared_words(before, after)]
    if words is not None:
        chosen = list(words)
        for word in chosen:
            if word not in before.key_to_index or word not in after.key_to_index:
                raise KeyError(f"{word!r} must have a vector in both periods to be compared")
        topn = len(chosen)
    else:
        rows_of = (before.key_to_index, after.key_to_index)
        limit = math.inf if restrict_vocab is None else restrict_vocab
        chosen = [word for word in shared if max(rows[word] for rows in rows_of) < limit]
        if not chosen:
            raise ValueError(f"no word is among the first {restrict_vocab} of both periods: raise restrict_vocab")
    pairs = known_pairs(before, after, [(word, word) for word in chosen])
    mapped, now = alignment.map(pairs.source_rows), alignment.target_unit[pairs.target_rows]
    directed = unit_rows(before.vectors[pairs.source_rows]).any(axis=1)
    directed &= unit_rows(after.vectors[pairs.target_rows]).any(axis=1)
    if words is not None and not directed.all():
        word = chosen[int(directed.argmin())]
        raise ValueError(f"the vector of {word!r} is zero or not finite in one of the periods: leave the word out")
    distances = 1 - np.einsum("wd,wd->w", mapped, now, dtype=np.float64)
    distances[~directed] = -np.inf
    order = np.argsort(-distances, kind="stable")[: min(topn, np.count_nonzero(directed))]
    most = [chosen[place] for place in order]
    then, later = _nearest_words(before, most, neighbours), _nearest_words(after, most, neighbours)
    return [
        Change(word, float(distances[place]), old, new)
        for word, place, old, new in zip(most, order, then, later, strict=True)
    ]


def _nearest_words(vectors: KeyedVectors, words: Sequence[Any], count: int) -> list[tuple[Any, ...]]:
    if count < 1 or not words:
        return [() for _ in words]
    # As lists of one: a key may be a number.
    return [tuple(word for word, _ in found) for found in most_similar_many(vectors, [[w] for w in words], topn=count)]
