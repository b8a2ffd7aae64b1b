"""Turns a vectors file and question files into tables of accuracy: `w2vplus evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from w2vplus.cli import _output
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.cli.query import VectorsArgument, load

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.evaluation import AnalogyResult, SimilarityResult

Result = TypeVar("Result")


def evaluate(
    vectors: VectorsArgument,
    analogies: Annotated[
        list[str] | None,
        typer.Option("--analogies", metavar="FILE", help="Questions in Google's format; may be given again."),
    ] = None,
    similarity: Annotated[
        list[str] | None,
        typer.Option(
            "--similarity", metavar="FILE", help="Word pairs with human scores; may be given again."
        ),
    ] = None,
    restrict_vocab: Annotated[
        int, typer.Option("--restrict-vocab", help="Know only this many of the most frequent words.")
    ] = 300_000,
    case_sensitive: Annotated[
        bool, typer.Option("--case-sensitive", help="Keep apart Apple and apple.")
    ] = False,
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="Write the results as JSON; - is standard output."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No tables.")] = False,
) -> None:
    """Judge VECTORS by analogy questions and by human similarity scores.

    Without files it asks those that come with gensim: Google's analogies, WordSim-353 and SimLex-999.
    Answers are gensim's own; coverage says how much of a file the vocabulary knows.
    """
    _output.require("--restrict-vocab", restrict_vocab, restrict_vocab >= 1, "at least 1")
    if json_file not in (None, "-"):
        check_writable(str(json_file), "--json")
        check_not_an_input(str(json_file), "--json", [vectors, *(analogies or ()), *(similarity or ())])
    loaded = load(vectors)
    if analogies or similarity:
        report = judge(loaded, analogies or (), similarity or (), restrict_vocab, case_sensitive)
    else:
        report = judge_by_bundled_files(loaded, restrict_vocab, case_sensitive)
    if not quiet and json_file != "-":
        print_report(report)
    if json_file is not None:
        _output.write_json({"vectors": vectors, "words": len(loaded), **report_as_dict(report)}, json_file)


Report = tuple[list["AnalogyResult"], list["SimilarityResult"]]


def judge(
    vectors: KeyedVectors,
    analogies: Sequence[str],
    similarity: Sequence[str],
    restrict_vocab: int | None = 300_000,
    case_sensitive: bool = False,
    attempt: Callable[[Callable[[], Any]], list[Any]] = lambda judged: [judged()],
) -> Report:
    """Answer every file; `attempt` decides what becomes of a file that cannot be answered."""
    from w2vplus.evaluation import evaluate_analogies, evaluate_similarity

    options: dict[str, Any] = {"restrict_vocab": restrict_vocab, "case_insensitive": not case_sensitive}
    answered: list[AnalogyResult] = []
    correlated: list[SimilarityResult] = []
    for path in analogies:
        answered += attempt(lambda path=path: evaluate_analogies(vectors, path, **options))  # type: ignore[misc]
    for path in similarity:
        correlated += attempt(lambda path=path: evaluate_similarity(vectors, path, **options))  # type: ignore[misc]
    return answered, correlated


def judge_by_bundled_files(
    vectors: KeyedVectors, restrict_vocab: int | None = 300_000, case_sensitive: bool = False
) -> Report:
    """Answer gensim's files; one of which the vocabulary knows nothing is named and passed over.

    Raises CommandError if the vocabulary knows nothing of any of them.
    """
    from w2vplus._bundled import ANALOGIES, SIMILARITIES, bundled
    from w2vplus.errors import EvaluationError

    def attempt(judged: Callable[[], Any]) -> list[Any]:
        try:
            return [judged()]
        except EvaluationError as error:
            _output.warn(str(error))
            return []

    files = [bundled(ANALOGIES)], [bundled(name) for name in SIMILARITIES]
    report = judge(vectors, *files, restrict_vocab, case_sensitive, attempt)
    if not any(report):
        raise _output.CommandError(
            "the vocabulary knows no word of gensim's English files; name files of your own"
        )
    return report


def print_report(report: Report) -> None:
    """A table for each analogies file, one for all similarity files."""
    answered, correlated = report
    for result in answered:
        sections = [*result.sections, result.semantic, result.syntactic, result.total]
        lines = [
            [
                section.name,
                _output.percent(section.accuracy),
                section.correct,
                section.seen,
                section.total,
                _output.percent(section.coverage),
            ]
            for section in sections
            if section.total
        ]
        columns: list[_output.Column] = [
            "section",
            ("accuracy", "right"),
            "correct",
            "answered",
            "questions",
            ("coverage", "right"),
        ]
        _output.print_table(columns, lines, title=f"Analogies: {Path(result.source).name}")
    if correlated:
        rows = [
            [
                Path(result.source).name,
                result.correlation.spearman,
                result.correlation.pearson,
                result.seen,
                result.total,
                _output.percent(result.coverage),
            ]
            for result in correlated
        ]
        columns = ["pairs file", "Spearman", "Pearson", "compared", "pairs", ("coverage", "right")]
        _output.print_table(columns, rows, title="Similarity")


def report_as_dict(report: Report) -> dict[str, Any]:
    """The results as JSON under stable keys."""
    answered, correlated = report
    return {
        "analogies": [result.as_dict() for result in answered],
        "similarity": [result.as_dict() for result in correlated],
    }
