"""`w2vplus compute-accuracy`: questions on standard input, accuracy section by section, as the C tool prints it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from w2vplus.cli.c_tools.flags import CToolParser, Flags, load_vectors_of

SEMANTIC_SECTIONS = 5
"""So many sections come first in Google's file and ask for facts; the C tool counts them so in any file."""


def compute_accuracy(flags: Flags = None) -> None:
    """Accuracy on analogies, as the C program compute-accuracy: VECTORS [THRESHOLD] < questions-words.txt"""
    parser = CToolParser(
        "compute-accuracy",
        "Answer the analogy questions on standard input. Of words that differ only in case, the most frequent counts,\n"
        "and the others are no answers to a question with it.",
        "vectors.bin 30000 < questions-words.txt",
    )
    parser.add_argument("vectors", metavar="VECTORS", help="vectors in the binary format, or as their suffix says")
    parser.add_argument("threshold", metavar="THRESHOLD", nargs="?", default="0", help="know only so many of the most"
                        " frequent words; 0, the default, for all")  # fmt: skip
    given = parser.read(flags)
    if not (given.threshold.isascii() and given.threshold.isdecimal()):
        parser.error(f"THRESHOLD must be a whole number, 0 for all words, got {given.threshold!r}")
    vectors = load_vectors_of(given.vectors, int(given.threshold) or None)
    from w2vplus.evaluation import EvaluationError, evaluate_analogies

    with tempfile.TemporaryDirectory(prefix="w2vplus-questions-") as folder:
        questions = Path(folder) / "questions"
        questions.write_bytes(sys.stdin.buffer.read())
        try:
            result = evaluate_analogies(vectors, questions, restrict_vocab=None)
        except EvaluationError as error:
            raise EvaluationError(str(error).replace(str(questions), "standard input")) from None
    _print_sections(result.sections)


class _Tally:
    """Right answers and questions with known words, added up."""

    def __init__(self) -> None:
        self.correct = self.seen = 0

    def add(self, section: Any) -> None:
        self.correct += section.correct
        self.seen += section.seen

    def __str__(self) -> str:
        return f"{100 * self.correct / self.seen:.2f} %" if self.seen else "nan %"


def _print_sections(sections: Iterable[Any]) -> None:
    total, semantic, syntactic = _Tally(), _Tally(), _Tally()
    questions = 0
    for number, section in enumerate(sections):
        questions += section.total
        total.add(section)
        (semantic if number < SEMANTIC_SECTIONS else syntactic).add(section)
        share = 100 * section.correct / max(1, section.seen)
        print(f"{section.name}:")
        print(f"ACCURACY TOP1: {share:.2f} %  ({section.correct} / {section.seen})")
        print(f"Total accuracy: {total}   Semantic accuracy: {semantic}   Syntactic accuracy: {syntactic} ")
    print(f"Questions seen / total: {total.seen} {questions}   {100 * total.seen / questions:.2f} % ")
