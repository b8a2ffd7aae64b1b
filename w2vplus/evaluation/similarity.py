"""Word pairs with human scores in, rank and linear correlation with the vectors' cosines out.

`evaluate_similarity` gives the numbers of gensim's `evaluate_word_pairs` for files in any of the usual
layouts: WordSim-353, SimLex-999 and their kin, separated by tab, semicolon, comma or white space.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

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

# The first of these in the file's first line separates its columns; white space where none is there.
DELIMITERS = ("\t", ";", ",")

NOT_SCORES = ("", "nan", "inf", "infinity", "na", "n/a", "null", "none", "?")
"""What stands where a score is missing; no header names a column so."""


@dataclass(frozen=True)
class WordPair:
    """Two words, the human score, and the cosine of their vectors (None where a word is unknown)."""

    first: str
    second: str
    human: float
    cosine: float | None = None

    def with_cosine(self, cosine: float) -> WordPair:
        """The same pair, scored."""
        return WordPair(self.first, self.second, self.human, cosine)

    def as_list(self) -> list[str | float | None]:
        """Both words and both scores, for JSON."""
        return [self.first, self.second, self.human, self.cosine]


@dataclass(frozen=True)
class Correlation:
    """Spearman's and Pearson's coefficients with two-tailed p-values; NaN where one side is constant."""

    spearman: float
    spearman_p: float
    pearson: float
    pearson_p: float

    def as_dict(self) -> dict[str, float | None]:
        """JSON-ready; an undefined number is None."""
        return {
            name: None if math.isnan(value) else value
            for name, value in (
                ("spearman", self.spearman),
                ("spearman_p", self.spearman_p),
                ("pearson", self.pearson),
                ("pearson_p", self.pearson_p),
            )
        }


@dataclass(frozen=True)
class SimilarityResult:
    """Correlations of one file, and its pairs in file order."""

    source: str
    pairs: tuple[WordPair, ...]
    # Pairs of known words only.
    correlation: Correlation
    # All pairs, those with an unknown word at cosine 0 (gensim's dummy4unknown).
    correlation_of_total: Correlation
    words_considered: int
    case_insensitive: bool

    @property
    def seen(self) -> int:
        """Number of pairs of known words."""
        return sum(pair.cosine is not None for pair in self.pairs)

    @property
    def total(self) -> int:
        """Number of pairs in the file."""
        return len(self.pairs)

    @property
    def coverage(self) -> float:
        """seen / total."""
        return self.seen / self.total

    @property
    def oov_ratio(self) -> float:
        """Pairs with an unknown word, in percent, as gensim reports them."""
        return float(self.total - self.seen) / self.total * 100

    def as_dict(self, *, pairs: bool = False) -> dict[str, Any]:
        """JSON-ready summary under stable keys; with `pairs`, every pair with both scores."""
        summary: dict[str, Any] = {
            "source": self.source,
            "words_considered": self.words_considered,
            "case_insensitive": self.case_insensitive,
            "seen": self.seen,
            "total": self.total,
            "coverage": self.coverage,
            "oov_ratio": self.oov_ratio,
            "correlation": self.correlation.as_dict(),
            "correlation_of_total": self.correlation_of_total.as_dict(),
        }
        if pairs:
            summary["pairs"] = [pair.as_list() for pair in self.pairs]
        return summary

    def _repr_html_(self) -> str:
        columns = ["pairs", "Spearman", "Pearson", "count", "share"]
        rows = [
            [name, correlation.spearman, correlation.pearson, count, _html.percent(count / self.total)]
            for name, correlation, count in (
                ("known words", self.correlation, self.seen),
                ("all, unknown as 0", self.correlation_of_total, self.total),
            )
        ]
        return _html.table(self.source, columns, rows)


def read_word_pairs(path: str | os.PathLike[str], *, delimiter: str | None = None) -> list[WordPair]:
    """The scored pairs of a file, without cosines.

    Each line holds two words and, somewhere after them, a score: the first further column that is a finite
    number (SimLex-999 and SimVerb put a part of speech before it, RW lets ten single ratings follow; of MEN take the
    file in natural form, whose words lack the -n, -v and -j of the other). Blank lines and lines that begin with `#`
    are passed over; the first line is a header if no column after its words begins as a number does or is empty, or
    if they end 1, 2, 3 and so on. The delimiter, unless given, is found from the first line; where it is a comma, no
    line may have more columns than that one, since 2,5 would be read as 2. UTF-8; compressed and remote files by
    smart_open. WordSim-353 and SimLex-999 were read whole; SimVerb, MEN, RW, RG-65 and MTurk only as
    miniatures in their layouts.

    Raises EvaluationError, naming file and line, for a line of another shape and for a file without pairs.
    """
    pairs: list[WordPair] = []
    may_be_header, most_columns = True, 0
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        if may_be_header and delimiter is None:
            delimiter = next((mark for mark in DELIMITERS if mark in line), None)
        columns = _columns(line, delimiter)
        most_columns = most_columns or len(columns)
        if delimiter == "," and len(columns) > most_columns:
            raise EvaluationError(
                f"{path}, line {number}: {len(columns)} columns where the first line has {most_columns}, in"
                f" {line.strip()[:80]!r}: a word or a number with a comma belongs in double quotes"
            )
        if may_be_header and _numbers_its_raters(columns):
            may_be_header = False
            continue
        score = next(filter(math.isfinite, map(_number, columns[2:])), None)
        if score is not None and columns[0].strip() and columns[1].strip():
            pairs.append(WordPair(columns[0].strip(), columns[1].strip(), score))
        elif not may_be_header or not _is_header(columns):
            raise EvaluationError(_fault(path, number, line, columns, delimiter))
        may_be_header = False
    if not pairs:
        raise EvaluationError(f"{path}: the file holds no word pairs with scores")
    return pairs


def _columns(line: str, delimiter: str | None) -> list[str]:
    """The line's columns; between commas and semicolons they may stand in double quotes. Empty for what is none."""
    if delimiter not in (",", ";"):
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return []


def _is_header(columns: list[str]) -> bool:
    """Whether the columns may name columns: "7,5", "7.5/10" and "n/a" are scores that went wrong, "Human (1-10)" is a
    name."""
    scores = [column.strip().lower() for column in columns[2:]]
    return not any(score[:1].isdigit() or score[:1] in tuple("+-.,") or score in NOT_SCORES for score in scores)


def _numbers_its_raters(columns: list[str]) -> bool:
    """Whether the line is a header as that of WordSim-353's set1.csv: "Word 1", "Word 2", "Human (mean)", 1, 2, 3."""
    raters = [column.strip() for column in columns[3:]]
    named = len(columns) > 2 and math.isnan(_number(columns[2]))
    return named and len(raters) > 2 and raters == [str(number) for number in range(1, len(raters) + 1)]


def _fault(
    path: str | os.PathLike[str], number: int, line: str, columns: list[str], delimiter: str | None
) -> str:
    """What is wrong with a line that holds no pair."""
    score = f"; {columns[2].strip()[:40]!r} is no number" if len(columns) == 3 and columns[2].strip() else ""
    return (
        f"{path}, line {number}: expected two words and a number, separated by "
        f"{'white space' if delimiter is None else repr(delimiter)}, got {line.strip()[:80]!r}{score}"
    )


def _number(text: str) -> float:
    """`text` as a number, NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def evaluate_similarity(
    keyed_vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = CONSIDERED_WORDS,
    case_insensitive: bool = True,
    delimiter: str | None = None,
    as_key: KeySpelling = as_spelled,
) -> SimilarityResult:
    """Correlate cosines of word pairs with human judgements.

    Parameters
    ----------
    keyed_vectors : gensim KeyedVectors (or anything with its `index_to_key` and `vectors`); only read
    path, delimiter : the file, see `read_word_pairs`
    restrict_vocab : only the first so many words are known; None for all
    case_insensitive : compare words in upper case; of several spellings the first row is the word's vector
    as_key : turns a word of the file into the key that the vectors keep it under

    Raises EvaluationError for a malformed file, CoverageError when fewer than two pairs are in the vocabulary.

    Thread-safety: reads its arguments only; concurrent calls are safe. Reproducibility: no randomness.
    """
    pairs = read_word_pairs(path, delimiter=delimiter)
    keys = considered_keys(keyed_vectors, restrict_vocab)
    words = {word for pair in pairs for word in (pair.first, pair.second)}
    rows = rows_of_words(keys, words, case_insensitive, as_key)
    scored = tuple(_with_cosine(pair, keyed_vectors, rows) for pair in pairs)
    seen = [pair for pair in scored if pair.cosine is not None]
    if len(seen) < 2:
        raise CoverageError(
            f"{path}: of {len(pairs)} pairs {len(seen)} have both words in the vocabulary "
            f"(the first {len(keys)} words); a correlation needs at least 2"
        )
    return SimilarityResult(
        source=os.fspath(path),
        pairs=scored,
        correlation=correlation_of(seen),
        correlation_of_total=correlation_of(list(scored)),
        words_considered=len(keys),
        case_insensitive=case_insensitive,
    )


def _with_cosine(pair: WordPair, keyed_vectors: WordVectors, rows: dict[str, list[int]]) -> WordPair:
    """The pair with cos(x, y) = x/|x| . y/|y|, rounded as gensim rounds it, so that ranks tie alike. A word is as
    unknown if its vector has numbers that are not finite."""
    from gensim.matutils import unitvec

    first, second = rows.get(pair.first), rows.get(pair.second)
    if first is None or second is None:
        return pair
    cosine = float(np.dot(unitvec(keyed_vectors.vectors[first[0]]), unitvec(keyed_vectors.vectors[second[0]])))
    return pair.with_cosine(cosine) if math.isfinite(cosine) else pair


def correlation_of(pairs: list[WordPair]) -> Correlation:
    """Both coefficients between human scores and cosines, an unknown cosine counting as 0; NaN where constant."""
    from scipy import stats

    human = [pair.human for pair in pairs]
    cosines = [pair.cosine or 0.0 for pair in pairs]
    if len(set(human)) < 2 or len(set(cosines)) < 2:
        return Correlation(math.nan, math.nan, math.nan, math.nan)
    spearman, pearson = stats.spearmanr(human, cosines), stats.pearsonr(human, cosines)
    return Correlation(*(float(number) for number in (*spearman, *pearson)))
