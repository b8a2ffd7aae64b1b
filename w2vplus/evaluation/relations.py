"""Degrees of relational similarity (SemEval-2012 task 2) in, rank correlations per relation out.

Each relation ("Y is a kind of X") has a few model pairs and some forty pairs with human ratings of how well they
fit. A pair's score is the mean cosine between its offset and those of the model pairs, PairDistance as in
`analogies` (Zhila et al. 2013; Levy & Goldberg 2014's PairDirection).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus import _html
from w2vplus._bundled import CONSIDERED_WORDS
from w2vplus.errors import CoverageError, EvaluationError
from w2vplus.evaluation._lookup import (
    KeySpelling,
    WordVectors,
    as_spelled,
    considered_keys,
    read_lines,
    rows_of_words,
)
from w2vplus.evaluation._units import has_direction
from w2vplus.evaluation.similarity import Correlation, WordPair, correlation_of

GOLD, MODELS = "GoldRatings-", "Phase1Questions-"
MODEL_PAIR = re.compile(r'"?([^\s":]+):([^\s":]+)"?')
RATED_PAIR = re.compile(r'(\S+)\s+"?([^":]+):([^":]+)"?')


@dataclass(frozen=True)
class Relation:
    """One relation: its model pairs, and the rated pairs with their scores where words are known."""

    name: str
    models: tuple[tuple[str, str], ...]
    pairs: tuple[WordPair, ...]

    @property
    def seen(self) -> int:
        """Number of pairs with a score."""
        return sum(pair.cosine is not None for pair in self.pairs)

    @property
    def correlation(self) -> Correlation:
        """Of the pairs with a score."""
        return correlation_of([pair for pair in self.pairs if pair.cosine is not None])


@dataclass(frozen=True)
class RelationResult:
    """All relations of a folder, by name."""

    source: str
    relations: tuple[Relation, ...]
    words_considered: int
    case_insensitive: bool

    @property
    def seen(self) -> int:
        """Number of pairs with a score."""
        return sum(relation.seen for relation in self.relations)

    @property
    def total(self) -> int:
        """Number of rated pairs."""
        return sum(len(relation.pairs) for relation in self.relations)

    @property
    def coverage(self) -> float:
        """seen / total."""
        return self.seen / self.total

    @property
    def spearman(self) -> float:
        """Mean of the relations' rank correlations, as the task has it, over those that have one."""
        numbers = [relation.correlation.spearman for relation in self.relations]
        defined = [number for number in numbers if not math.isnan(number)]
        return sum(defined) / len(defined) if defined else math.nan

    def as_dict(self, *, pairs: bool = False) -> dict[str, Any]:
        """JSON-ready summary under stable keys; with `pairs`, every pair with both scores."""
        return {
            "source": self.source,
            "words_considered": self.words_considered,
            "case_insensitive": self.case_insensitive,
            "seen": self.seen,
            "total": self.total,
            "coverage": self.coverage,
            "spearman": None if math.isnan(self.spearman) else self.spearman,
            "relations": [
                {
                    "name": relation.name,
                    "seen": relation.seen,
                    "total": len(relation.pairs),
                    "correlation": relation.correlation.as_dict(),
                    **({"pairs": [pair.as_list() for pair in relation.pairs]} if pairs else {}),
                }
                for relation in self.relations
            ],
        }

    def _repr_html_(self) -> str:
        rows = [
            [relation.name, relation.correlation.spearman, relation.seen, len(relation.pairs)]
            for relation in self.relations
        ]
        rows.append(["mean", self.spearman, self.seen, self.total])
        return _html.table(self.source, ["relation", "Spearman", "compared", "pairs"], rows)


def read_relations(folder: str | os.PathLike[str]) -> list[Relation]:
    """The relations of a folder that holds the task's files, at any depth, without scores.

    `GoldRatings-1a.txt` has a rating and a pair a line, `97.1 "flower:tulip"`, and comments after #;
    `Phase1Questions-1a.txt` has the model pairs on lines of their own, `flower:tulip`, among other text. The
    task's own files were never run, miniatures in their format were.

    Raises EvaluationError, with file and line, for a line of another shape, for a relation without model pairs,
    and for a folder without gold ratings.
    """
    root = Path(folder)
    ratings = {path.stem.removeprefix(GOLD): path for path in root.rglob(f"{GOLD}*.txt")}
    models = {path.stem.removeprefix(MODELS): path for path in root.rglob(f"{MODELS}*.txt")}
    if not ratings:
        raise EvaluationError(f"{folder}: no {GOLD}*.txt in this folder, as SemEval-2012 task 2 has them")
    relations = []
    for name in sorted(ratings, key=_natural):
        if name not in models:
            raise EvaluationError(f"{folder}: {GOLD}{name}.txt has no {MODELS}{name}.txt with its model pairs")
        lines = (MODEL_PAIR.fullmatch(line.strip()) for _, line in read_lines(models[name]))
        pairs = tuple((found[1], found[2]) for found in lines if found)
        if not pairs:
            raise EvaluationError(f"{models[name]}: no line with a model pair, as flower:tulip")
        relations.append(Relation(name, pairs, tuple(_rated_pairs(ratings[name]))))
    return relations


def _natural(name: str) -> tuple[int, str]:
    """1a, 2b, 10a."""
    digits = re.match(r"\d*", name)
    number = digits[0] if digits else ""
    return int(number or 0), name


def _rated_pairs(path: Path) -> Iterator[WordPair]:
    for number, line in read_lines(path):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = RATED_PAIR.fullmatch(line.strip())
        try:
            rating = float(found[1]) if found else math.nan
        except ValueError:
            rating = math.nan
        if found is None or not math.isfinite(rating):
            raise EvaluationError(
                f'{path}, line {number}: expected a rating and a pair, 97.1 "flower:tulip", '
                f"got {line.strip()[:80]!r}"
            )
        yield WordPair(found[2].strip(), found[3].strip(), rating)


def evaluate_relations(
    keyed_vectors: WordVectors,
    folder: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = CONSIDERED_WORDS,
    case_insensitive: bool = True,
    as_key: KeySpelling = as_spelled,
) -> RelationResult:
    """Correlate the ratings of SemEval-2012 task 2 (Jurgens et al. 2012) with the vectors' offsets.

    Arguments as for `evaluate_similarity`; `folder` as `read_relations` takes it. Only pairs of known words
    are scored, and model pairs with an unknown word are left out. Raises EvaluationError for malformed files,
    CoverageError where fewer than two pairs of every relation can be scored.

    Thread-safety: reads its arguments only; concurrent calls are safe. Reproducibility: no randomness.
    """
    relations = read_relations(folder)
    keys = considered_keys(keyed_vectors, restrict_vocab)
    spelled = {word for relation in relations for pair in relation.models for word in pair}
    spelled |= {word for relation in relations for pair in relation.pairs for word in (pair.first, pair.second)}
    rows = rows_of_words(keys, spelled, case_insensitive, as_key)
    scored = tuple(_scored(relation, keyed_vectors.vectors, rows) for relation in relations)
    if max(relation.seen for relation in scored) < 2:
        raise CoverageError(
            f"{folder}: no relation has two pairs and a model pair in the vocabulary (the first {len(keys)} words)"
        )
    return RelationResult(os.fspath(folder), scored, len(keys), case_insensitive)


def _scored(relation: Relation, vectors: NDArray[Any], rows: dict[str, list[int]]) -> Relation:
    """The relation with the mean cosine of each pair's offset to the model pairs'."""

    def offset(first: str, second: str) -> NDArray[np.float64] | None:
        """Between vectors of length one, of length one itself; None if there is none."""
        if first not in rows or second not in rows:
            return None
        both = vectors[[rows[first][0], rows[second][0]]].astype(np.float64)
        norms = np.linalg.norm(both, axis=1)
        apart = np.diff(both / norms[:, None], axis=0)[0] if has_direction(norms).all() else np.zeros(1)
        length = np.linalg.norm(apart)
        return apart / length if length > 0 else None

    models = [found for pair in relation.models if (found := offset(*pair)) is not None]
    if not models:
        return relation
    model = np.mean(models, axis=0)
    pairs = [
        pair if (found := offset(pair.first, pair.second)) is None else pair.with_cosine(float(model @ found))
        for pair in relation.pairs
    ]
    return Relation(relation.name, relation.models, tuple(pairs))
