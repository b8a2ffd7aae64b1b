"""Files of analogy questions in, sections of questions out: Google's format and its kin, and BATS.

Called by `analogies`. Which format a file has is seen from its first line; what does not fit it is an error
that names file and line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from w2vplus.errors import EvaluationError
from w2vplus.evaluation._lookup import read_lines

# Sections of Google's file that ask for grammar begin so (gram1-adjective-to-adverb); others ask for facts.
SYNTACTIC_PREFIX = "gram"


class Question(NamedTuple):
    """ "a is to b as c is to?"; any of `answers` is right. Words are spelled as in the file.

    Where a whole section is the example (LRCos), `a` and `b` are empty.
    """

    a: str
    b: str
    c: str
    answers: tuple[str, ...]

    @property
    def words(self) -> tuple[str, str, str, str]:
        """The four words of a line of Google's file; of several answers the first."""
        return self.a, self.b, self.c, self.answers[0]


@dataclass(frozen=True)
class QuestionSection:
    """The questions under one heading; `group` names the sections it is summed up with, if any."""

    name: str
    questions: tuple[Question, ...]
    group: str | None = None


@dataclass(frozen=True)
class AnalogyQuestions:
    """All sections of a file or folder, in its order."""

    source: str
    sections: tuple[QuestionSection, ...]


def read_analogies(path: str | os.PathLike[str]) -> AnalogyQuestions:
    """The questions of a file or folder in one of the published formats. UTF-8; compressed and remote too.

    - Google's questions-words.txt, Mikolov's questions-phrases.txt: a line `: name` opens a section, every
      other line holds four words (separated by tabs they may be phrases with spaces). Where sections are named
      gram..., they are the group syntactic and the others semantic.
    - Four words a line and no section at all (the MSR set as usually passed on): one section, named for the file.
    - BATS 3.0 (Gladkova et al. 2016): a folder with one file for each category, at any depth; a line holds a
      word and its right answers, `word<tab>answer/answer`. Every two lines of a category make two questions;
      the example's answer is the first of its line. Categories in folders of their own are grouped by these.
      One such file is read alike.

    Google's and Mikolov's files were read whole; the MSR set and BATS only as miniatures in their formats.

    Raises EvaluationError, naming file and line, for a line of another shape, for a question before the first
    section of a file that has sections, and where there is no question at all.
    """
    name = os.fspath(path)
    is_folder = "://" not in name and Path(name).is_dir()
    sections = list(_category_files(Path(name))) if is_folder else _sections_of_file(name)
    if not any(section.questions for section in sections):
        where = "no .txt file of the folder holds" if is_folder else "the file holds no"
        raise EvaluationError(f"{path}: {where} analogy questions")
    return AnalogyQuestions(name, tuple(sections))


def _sections_of_file(path: str) -> list[QuestionSection]:
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    if lines and len(_columns_of_pair(lines[0][1])) == 2 and not _is_header(lines[0][1]):
        return [QuestionSection(_stem(path), _questions_of_pairs(path, lines))]
    if any(_is_header(line) for _, line in lines):
        return _with_headers(path, lines)
    return [QuestionSection(_stem(path), tuple(_question(path, number, line) for number, line in lines))]


def _stem(path: str) -> str:
    return Path(path).name.partition(".")[0]


def _is_header(line: str) -> bool:
    return line.rstrip() == ":" or line.startswith((": ", ":\t"))


def _question(path: str, number: int, line: str) -> Question:
    words = [word.strip() for word in line.split("\t")] if line.count("\t") == 3 else line.split()
    if len(words) != 4 or not all(words):
        raise EvaluationError(
            f"{path}, line {number}: a question has 4 words (a section header is ': name'), "
            f"got {len(words)}: {line.strip()[:80]!r}"
        )
    return Question(words[0], words[1], words[2], (words[3],))


def _with_headers(path: str, lines: list[tuple[int, str]]) -> list[QuestionSection]:
    """Google's format."""
    sections: list[tuple[str, list[Question]]] = []
    for number, line in lines:
        if _is_header(line):
            name = line.lstrip(": \t").strip()
            if not name:
                raise EvaluationError(f"{path}, line {number}: a section header is ': name', but has no name")
            sections.append((name, []))
        elif sections:
            sections[-1][1].append(_question(path, number, line))
        else:
            raise EvaluationError(
                f"{path}, line {number}: a question stands before the first section; "
                "put a line ': name' above it"
            )
    has_grammar = any(name.startswith(SYNTACTIC_PREFIX) for name, _ in sections)
    return [QuestionSection(name, tuple(asked), _group(name) if has_grammar else None) for name, asked in sections]


def _group(section: str) -> str:
    return "syntactic" if section.startswith(SYNTACTIC_PREFIX) else "semantic"


def _category_files(folder: Path) -> Iterator[QuestionSection]:
    """BATS: every .txt beneath the folder is a category."""
    for file in sorted(folder.rglob("*.txt")):
        lines = [(number, line) for number, line in read_lines(file) if line.strip()]
        group = None if file.parent == folder else file.parent.name
        yield QuestionSection(file.stem, _questions_of_pairs(str(file), lines), group)


def _columns_of_pair(line: str) -> list[str]:
    """Of a line of BATS: separated by a tab, words may be phrases with spaces."""
    return [column.strip() for column in line.split("\t")] if line.count("\t") == 1 else line.split()


def _questions_of_pairs(path: str, lines: Sequence[tuple[int, str]]) -> tuple[Question, ...]:
    """A category's questions: each line asked with each other line as the example."""
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for number, line in lines:
        columns = _columns_of_pair(line)
        answers = tuple(filter(None, map(str.strip, columns[1].split("/")))) if len(columns) == 2 else ()
        if not answers or not columns[0]:
            raise EvaluationError(
                f"{path}, line {number}: a line of a category holds a word and its answers, "
                f"word<tab>answer/answer, got {line.strip()[:80]!r}"
            )
        pairs.append((columns[0], answers))
    return tuple(
        Question(a, examples[0], c, answers)
        for place, (a, examples) in enumerate(pairs)
        for other, (c, answers) in enumerate(pairs)
        if other != place
    )
