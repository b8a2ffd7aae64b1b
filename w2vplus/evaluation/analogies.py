"""Analogy questions in, right and wrong answers per section out.

`evaluate_analogies` takes the questions of `questions`, finds their words among the vectors, has `_answers` or
`_lrcos` answer all of them at once and counts. By 3CosAdd its correct and incorrect questions are those of
gensim's `evaluate_word_analogies`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus import _html
from w2vplus._bundled import CONSIDERED_WORDS
from w2vplus.errors import CoverageError
from w2vplus.evaluation._answers import answer_rows
from w2vplus.evaluation._lookup import KeySpelling, WordVectors, as_spelled, considered_keys, rows_of_words
from w2vplus.evaluation._offsets import METHODS, Questions
from w2vplus.evaluation.questions import AnalogyQuestions, Question, QuestionSection, read_analogies

ANALOGY_METHODS = (*METHODS, "LRCos")
"""3CosAdd, 3CosMul and PairDistance (Levy & Goldberg 2014), LRCos (Drozd et al. 2016)."""


@dataclass(frozen=True)
class AnalogySection:
    """The questions of one section and, for each, whether it was answered rightly; None if a word is unknown."""

    name: str
    questions: tuple[Question, ...]
    outcomes: tuple[bool | None, ...]
    group: str | None = None

    def _with_outcome(self, wanted: bool | None) -> tuple[Question, ...]:
        pairs = zip(self.questions, self.outcomes, strict=True)
        return tuple(question for question, outcome in pairs if outcome is wanted)

    @property
    def correct_questions(self) -> tuple[Question, ...]:
        """Questions answered rightly."""
        return self._with_outcome(True)

    @property
    def incorrect_questions(self) -> tuple[Question, ...]:
        """Questions answered wrongly."""
        return self._with_outcome(False)

    @property
    def unknown_questions(self) -> tuple[Question, ...]:
        """Questions with an unknown word: a, b, c, or every right answer."""
        return self._with_outcome(None)

    @property
    def correct(self) -> int:
        """Number of questions answered rightly."""
        return self.outcomes.count(True)

    @property
    def seen(self) -> int:
        """Number of questions whose words are all known."""
        return self.total - self.outcomes.count(None)

    @property
    def total(self) -> int:
        """Number of questions in the file."""
        return len(self.questions)

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
            "group": self.group,
            "correct": self.correct,
            "seen": self.seen,
            "total": self.total,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
            "accuracy_of_total": self.accuracy_of_total,
        }
        if questions:
            for name in ("correct_questions", "incorrect_questions", "unknown_questions"):
                counts[name] = [[*question[:3], *question.answers] for question in getattr(self, name)]
        return counts


@dataclass(frozen=True)
class AnalogyResult:
    """The outcome of one file, section by section in file order."""

    source: str
    method: str
    sections: tuple[AnalogySection, ...]
    words_considered: int
    case_insensitive: bool

    @property
    def groups(self) -> tuple[AnalogySection, ...]:
        """Sections of one group as one: semantic and syntactic for Google's file; empty where there are none."""
        names = dict.fromkeys(section.group for section in self.sections if section.group is not None)
        return tuple(
            _merged(name, [section for section in self.sections if section.group == name]) for name in names
        )

    @property
    def total(self) -> AnalogySection:
        """All sections as one."""
        return _merged("total", self.sections)

    def as_dict(self, *, questions: bool = False) -> dict[str, Any]:
        """JSON-ready summary under stable keys; with `questions`, each section lists its questions."""
        return {
            "source": self.source,
            "method": self.method,
            "words_considered": self.words_considered,
            "case_insensitive": self.case_insensitive,
            "sections": [section.as_dict(questions=questions) for section in self.sections],
            "groups": [section.as_dict() for section in self.groups],
            "total": self.total.as_dict(),
        }

    def _repr_html_(self) -> str:
        columns = ["section", "accuracy", "unknown as wrong", "correct", "answered", "questions", "coverage"]
        rows = [
            [
                section.name,
                _html.percent(section.accuracy),
                _html.percent(section.accuracy_of_total),
                section.correct,
                section.seen,
                section.total,
                _html.percent(section.coverage),
            ]
            for section in (*self.sections, *self.groups, self.total)
        ]
        return _html.table(f"{self.source}, {self.method}", columns, rows)


def _merged(name: str, sections: Iterable[AnalogySection]) -> AnalogySection:
    sections = tuple(sections)
    return AnalogySection(
        name,
        tuple(question for section in sections for question in section.questions),
        tuple(outcome for section in sections for outcome in section.outcomes),
    )


def evaluate_analogies(
    keyed_vectors: WordVectors,
    questions: str | os.PathLike[str] | AnalogyQuestions,
    *,
    method: str = "3CosAdd",
    restrict_vocab: int | None = CONSIDERED_WORDS,
    case_insensitive: bool = True,
    as_key: KeySpelling = as_spelled,
    seed: int = 1,
) -> AnalogyResult:
    """Answer analogy questions.

    Parameters
    ----------
    keyed_vectors : gensim KeyedVectors (or anything with its `index_to_key` and `vectors`); only read
    questions : a file or folder, see `read_analogies`, or what that returned
    method : one of ANALOGY_METHODS.
        3CosAdd, 3CosMul: the word d of the greatest (d.b - d.a) + d.c, or d.b d.c / (d.a + 1e-6) with cosines
        moved to 0..1 (Levy & Goldberg 2014); PairDistance: of the greatest cos(b - a, d - c).
        LRCos: every pair of words of a section is asked once; d has the greatest cos(d, c) times the
        probability, by a logistic regression over the section's other pairs, that it is such an answer (Drozd
        et al. 2016); needs `w2vplus[sklearn]`
    restrict_vocab : only the first so many words, the most frequent, are known and may answer; None for all
    case_insensitive : compare words in upper case; of several spellings the first row is the word's vector
    as_key : turns a word of the file into the key that the vectors keep it under
    seed : draws the random words that LRCos learns from

    None of a, b, c can answer. Questions with an unknown word are listed as such and enter
    `accuracy_of_total`, not `accuracy`. By 3CosAdd the same questions come out correct as with gensim's
    `evaluate_word_analogies`, by 3CosMul the same answers as with its `most_similar_cosmul`; vectors narrower
    than float32 are scored in float32.

    Raises EvaluationError for a malformed file, CoverageError when no question has all its words in the vocabulary,
    ValueError for an unknown method.

    Thread-safety: reads its arguments only; concurrent calls are safe. Reproducibility: no randomness but
    LRCos's, which depends on the seed alone.
    """
    if method not in ANALOGY_METHODS:
        raise ValueError(f"method must be one of {', '.join(ANALOGY_METHODS)}, got {method!r}")
    if not isinstance(questions, AnalogyQuestions):
        questions = read_analogies(questions)
    asked = tuple(map(_by_pair, questions.sections)) if method == "LRCos" else questions.sections
    keys = considered_keys(keyed_vectors, restrict_vocab)
    words = {
        word for section in asked for question in section.questions for word in (*question[:3], *question.answers)
    }
    rows = rows_of_words(keys, words - {""}, case_insensitive, as_key)
    known = [[question for question in section.questions if _is_known(question, rows)] for section in asked]
    if not any(known):
        raise CoverageError(
            f"{questions.source}: no question is in the vocabulary: coverage 0 of "
            f"{sum(len(section.questions) for section in asked)} questions "
            f"over the first {len(keys)} words; are these vectors of the file's language and spelling?"
        )
    answers = _answered(keyed_vectors.vectors[: len(keys)], known, rows, method, seed)
    return AnalogyResult(
        source=questions.source,
        method=method,
        sections=tuple(
            AnalogySection(
                section.name,
                section.questions,
                tuple(_outcomes(section.questions, rows, answers)),
                section.group,
            )
            for section in asked
        ),
        words_considered=len(keys),
        case_insensitive=case_insensitive,
    )


def _by_pair(section: QuestionSection) -> QuestionSection:
    """For LRCos: each pair of words that the section is made of, once, without an example."""
    pairs: dict[tuple[str, str], tuple[str, ...]] = {
        (question.a, question.b): (question.b,) for question in section.questions
    }
    pairs |= {(question.c, question.answers[0]): question.answers for question in section.questions}
    asked = tuple(Question("", "", word, answers) for (word, _), answers in pairs.items())
    return QuestionSection(section.name, asked, section.group)


def _is_known(question: Question, rows: dict[str, list[int]]) -> bool:
    given = all(word in rows or not word for word in question[:3])
    return given and any(answer in rows for answer in question.answers)


def _answered(
    vectors: NDArray[Any], known: list[list[Question]], rows: dict[str, list[int]], method: str, seed: int
) -> Iterator[int]:
    """The row of the answer to each question of known words, section after section."""
    if method == "LRCos":
        from w2vplus.evaluation._lrcos import answer_rows_by_class

        return iter(answer_rows_by_class(vectors, known, rows, seed))
    together = [question for section in known for question in section]
    return iter(answer_rows(vectors, _by_row(together, rows), method).tolist())


def _by_row(known: list[Question], rows: dict[str, list[int]]) -> Questions:
    """Questions in words as questions in rows: a word's first row speaks, none of its rows answers."""
    given = np.array([[rows[word][0] for word in question[:3]] for question in known], np.int64)
    ignored = [sorted({row for word in question[:3] for row in rows[word]}) for question in known]
    return Questions(given[:, 0], given[:, 1], given[:, 2], ignored)


def _outcomes(
    listed: Sequence[Question], rows: dict[str, list[int]], answers: Iterator[int]
) -> Iterator[bool | None]:
    """Each question's outcome; `answers` yields a row for each question of known words."""
    for question in listed:
        if not _is_known(question, rows):
            yield None
            continue
        answer = next(answers)
        yield any(answer in rows.get(right, ()) for right in question.answers)
