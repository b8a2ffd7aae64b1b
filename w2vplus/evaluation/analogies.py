"""Analogy questions in Google's format in, correct and wrong answers per section out.

`evaluate_analogies` reads the file, finds its words among the vectors, has `_cosadd` answer all questions
at once and counts. Its correct and incorrect questions are those of gensim's `evaluate_word_analogies`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vplus.errors import EvaluationError
from w2vplus.evaluation._cosadd import Questions, answer_rows
from w2vplus.evaluation._lookup import WordVectors, considered_keys, fold, read_lines, rows_of_words

Question = tuple[str, str, str, str]
# Sections of Google's file that ask for grammar begin so (gram1-adjective-to-adverb); others ask for facts.
SYNTACTIC_PREFIX = "gram"


@dataclass(frozen=True)
class AnalogySection:
    """The questions of one section, sorted by outcome; words are spelled as in the file."""

    name: str
    correct_questions: tuple[Question, ...]
    incorrect_questions: tuple[Question, ...]
    unknown_questions: tuple[Question, ...]

    @property
    def correct(self) -> int:
        """Number of questions answered rightly."""
        return len(self.correct_questions)

    @property
    def seen(self) -> int:
        """Number of questions whose four words are all known."""
        return len(self.correct_questions) + len(self.incorrect_questions)

    @property
    def total(self) -> int:
        """Number of questions in the file."""
        return self.seen + len(self.unknown_questions)

    @property
    def coverage(self) -> float | None:
        """seen / total; None for a section without questions."""
        return self.seen / self.total if self.total else None

    @property
    def accuracy(self) -> float | None:
        """correct / seen: questions with unknown words left out. None where none was seen."""
        return self.correct / self.seen if self.seen else None

    @property
    def accuracy_of_total(self) -> float | None:
        """correct / total: questions with unknown words counted as wrong (gensim's dummy4unknown)."""
        return self.correct / self.total if self.total else None

    def as_dict(self, *, questions: bool = False) -> dict[str, Any]:
        """JSON-ready numbers under stable keys; with `questions`, the lists of questions as well."""
        counts: dict[str, Any] = {
            "name": self.name,
            "correct": self.correct,
            "seen": self.seen,
            "total": self.total,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
            "accuracy_of_total": self.accuracy_of_total,
        }
        if questions:
            counts["correct_questions"] = [list(question) for question in self.correct_questions]
            counts["incorrect_questions"] = [list(question) for question in self.incorrect_questions]
            counts["unknown_questions"] = [list(question) for question in self.unknown_questions]
        return counts


@dataclass(frozen=True)
class AnalogyResult:
    """Every section of a file in its order, with the settings that shaped the answers."""

    source: str
    sections: tuple[AnalogySection, ...]
    words_considered: int
    case_insensitive: bool

    @property
    def semantic(self) -> AnalogySection:
        """All sections that do not ask for grammar, as one."""
        sections = [section for section in self.sections if not section.name.startswith(SYNTACTIC_PREFIX)]
        return _merged("semantic", sections)

    @property
    def syntactic(self) -> AnalogySection:
        """All sections whose name begins with `gram`, as one."""
        sections = [section for section in self.sections if section.name.startswith(SYNTACTIC_PREFIX)]
        return _merged("syntactic", sections)

    @property
    def total(self) -> AnalogySection:
        """All sections as one."""
        return _merged("total", self.sections)

    def as_dict(self, *, questions: bool = False) -> dict[str, Any]:
        """JSON-ready summary under stable keys; with `questions`, each section lists its questions."""
        return {
            "source": self.source,
            "method": "3CosAdd",
            "words_considered": self.words_considered,
            "case_insensitive": self.case_insensitive,
            "sections": [section.as_dict(questions=questions) for section in self.sections],
            "semantic": self.semantic.as_dict(),
            "syntactic": self.syntactic.as_dict(),
            "total": self.total.as_dict(),
        }


def _merged(name: str, sections: Iterable[AnalogySection]) -> AnalogySection:
    sections = tuple(sections)
    return AnalogySection(
        name,
        tuple(question for section in sections for question in section.correct_questions),
        tuple(question for section in sections for question in section.incorrect_questions),
        tuple(question for section in sections for question in section.unknown_questions),
    )


def read_analogies(path: str | os.PathLike[str]) -> list[tuple[str, list[Question]]]:
    """The sections of a question file: (name, questions), in file order.

    A line `: name` opens a section; every other line that is not blank holds four words. UTF-8; compressed
    and remote files by smart_open.

    Raises EvaluationError, naming file and line, where a line is neither, where a question precedes the
    first section, and for a file without questions.
    """
    sections: list[tuple[str, list[Question]]] = []
    for number, line in read_lines(path):
        if line == ":" or line.startswith((": ", ":\t")):
            name = line.lstrip(": \t").strip()
            if not name:
                raise EvaluationError(f"{path}, line {number}: a section header is ': name', but has no name")
            sections.append((name, []))
            continue
        words = line.split()
        if not words:
            continue
        if len(words) != 4:
            raise EvaluationError(
                f"{path}, line {number}: a question has 4 words (a section header is ': name'), "
                f"got {len(words)}: {line.strip()[:80]!r}"
            )
        if not sections:
            raise EvaluationError(
                f"{path}, line {number}: a question stands before the first section; "
                "put a line ': name' above it"
            )
        sections[-1][1].append((words[0], words[1], words[2], words[3]))
    if not any(questions for _, questions in sections):
        raise EvaluationError(f"{path}: the file holds no analogy questions")
    return sections


def evaluate_analogies(
    keyed_vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> AnalogyResult:
    """Answer Google-style analogy questions by 3CosAdd (Mikolov et al. 2013).

    Parameters
    ----------
    keyed_vectors : gensim KeyedVectors (or anything with its `index_to_key` and `vectors`); only read
    path : question file, see `read_analogies`
    restrict_vocab : only the first so many words, the most frequent, are known and may answer; None for all
    case_insensitive : compare words in upper case; of several spellings the first row is the word's vector

    The answer is the word nearest to b + c - a that is none of a, b, c. Questions with an unknown word are
    listed as such and enter `accuracy_of_total`, not `accuracy`. The same questions come out correct as with
    gensim's `evaluate_word_analogies`; vectors narrower than float32 are scored in float32.

    Raises EvaluationError for a malformed file and when no question has all its words in the vocabulary.

    Thread-safety: reads its arguments only; concurrent calls are safe. Reproducibility: no randomness.
    """
    sections = read_analogies(path)
    keys = considered_keys(keyed_vectors, restrict_vocab)
    folded_words = {
        fold(word, case_insensitive)
        for _, questions in sections
        for question in questions
        for word in question
    }
    rows = rows_of_words(keys, folded_words, case_insensitive)
    known: list[tuple[str, str, str, str]] = []
    for _, questions in sections:
        for question in questions:
            a, b, c, expected = (fold(word, case_insensitive) for word in question)
            if a in rows and b in rows and c in rows and expected in rows:
                known.append((a, b, c, expected))
    if not known:
        raise EvaluationError(
            f"{path}: no question is in the vocabulary: coverage 0 of "
            f"{sum(len(questions) for _, questions in sections)} questions "
            f"over the first {len(keys)} words; are these vectors of the file's language and spelling?"
        )
    answers = answer_rows(keyed_vectors.vectors[: len(keys)], _by_row(known, rows))
    right = iter([answer in rows[question[3]] for answer, question in zip(answers, known, strict=True)])
    return AnalogyResult(
        source=os.fspath(path),
        sections=tuple(
            _judged(name, questions, rows, right, case_insensitive) for name, questions in sections
        ),
        words_considered=len(keys),
        case_insensitive=case_insensitive,
    )


def _by_row(known: list[tuple[str, str, str, str]], rows: dict[str, list[int]]) -> Questions:
    """Questions in folded words as questions in rows: a word's first row speaks, none of its rows answers."""
    given = np.array([[rows[word][0] for word in question[:3]] for question in known], np.int64)
    ignored = [sorted({row for word in question[:3] for row in rows[word]}) for question in known]
    return Questions(given[:, 0], given[:, 1], given[:, 2], ignored)


def _judged(
    name: str,
    questions: list[Question],
    rows: dict[str, list[int]],
    right: Iterable[bool],
    case_insensitive: bool,
) -> AnalogySection:
    """Sort a section's questions by outcome; `right` yields one verdict for each question of known words."""
    verdicts = iter(right)
    correct: list[Question] = []
    incorrect: list[Question] = []
    unknown: list[Question] = []
    for question in questions:
        if all(fold(word, case_insensitive) in rows for word in question):
            (correct if next(verdicts) else incorrect).append(question)
        else:
            unknown.append(question)
    return AnalogySection(name, tuple(correct), tuple(incorrect), tuple(unknown))
