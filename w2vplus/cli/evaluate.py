"""Turns vectors files and question files into scores with intervals and paired tests: `w2vplus evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus._bundled import CONSIDERED_WORDS
from w2vplus.cli import _output
from w2vplus.cli._options import JsonFlag, QuietFlag
from w2vplus.cli._seeds import Alike, Family, families
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.cli._words import load_with_phrases
from w2vplus.errors import CoverageError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.evaluation import AnalogyQuestions, Evaluation, JudgedModel, Result
    from w2vplus.evaluation.stability import Neighbours

METHODS = ("3CosAdd", "3CosMul", "PairDistance", "LRCos")
SUFFIXES = (".json", ".csv", ".md")

NEIGHBOURHOODS = 1_000
"""Of so many most frequent words the neighbours are compared between seeds."""

TOPN = 10


def evaluate(
    vectors: Annotated[
        list[str],
        typer.Argument(
            metavar="VECTORS",
            help="Vectors files, as train writes them, or saved models; several are compared. Files of one"
            " name and several seeds, as train --seeds writes them, are one model.",
        ),
    ],
    analogies: Annotated[
        list[str] | None,
        typer.Option(
            "--analogies",
            metavar="FILE",
            help="Questions: Google's format, four words a line, or the folder of BATS; may be given again.",
        ),
    ] = None,
    similarity: Annotated[
        list[str] | None,
        typer.Option("--similarity", metavar="FILE", help="Word pairs with human scores; may be given again."),
    ] = None,
    relations: Annotated[
        list[str] | None,
        typer.Option("--relations", metavar="FOLDER", help="SemEval-2012 task 2; may be given again."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help=f"How analogies are answered: any of {','.join(METHODS)}.")
    ] = "3CosAdd",
    restrict_vocab: Annotated[
        int, typer.Option("--restrict-vocab", help="Know only this many of the most frequent words.")
    ] = CONSIDERED_WORDS,
    case_sensitive: Annotated[bool, typer.Option("--case-sensitive", help="Keep apart Apple and apple.")] = False,
    confidence: Annotated[float, typer.Option("--confidence", help="Of the intervals, in per cent.")] = 95.0,
    resamples: Annotated[
        int, typer.Option("--resamples", help="How often word pairs are drawn again; 0 for no intervals.")
    ] = 2_000,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it all as .json, .csv or .md."),
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Judge VECTORS by analogy questions and by human similarity scores, and compare them.

    Without files it asks those that come with gensim: Google's analogies, WordSim-353 and SimLex-999. Answers
    by 3CosAdd are gensim's own. Intervals come from drawing the files' word pairs again; two models are
    compared by a paired test on these pairs.
    """
    _output.require("--restrict-vocab", restrict_vocab, restrict_vocab >= 1, "at least 1")
    _output.require("--confidence", confidence, 1 < confidence < 100, "between 1 and 100 per cent", "95 is usual")
    from w2vplus.evaluation import fewest_resamples

    fewest = fewest_resamples(confidence / 100)
    rule = f"0, or from {fewest} to 1000000 for a confidence of {confidence:g} %"
    _output.require("--resamples", resamples, resamples == 0 or fewest <= resamples <= 1_000_000, rule, "2000 is usual")
    methods = _output.choices("--method", method, METHODS)
    models = families(vectors)
    inputs = [file for model in models for file in model.files]
    if output is not None:
        check_report_target(output, [*inputs, *(analogies or ()), *(similarity or ())])
    options = {"restrict_vocab": restrict_vocab, "case_insensitive": not case_sensitive}
    files = Files(analogies or (), similarity or (), relations or ())
    if files == Files():
        files = Files.bundled()
    judge = Judge(files, tuple(methods), options)
    judged = [judge_family(model, judge, is_alone=len(models) == 1) for model in models]
    evaluation = judge.compare(judged, confidence / 100, resamples)
    if as_json:
        _output.write_json(evaluation.as_dict(), "-")
    elif not quiet or output is None:
        print_evaluation(evaluation)
    if output is not None:
        write_evaluation(evaluation, output)


@dataclass(frozen=True)
class Files:
    """What is asked: analogies, similarities and relations, as their readers take them.

    `may_miss`: a file of which a vocabulary knows nothing is named and passed over, and is no error.
    """

    analogies: Sequence[str] = ()
    similarity: Sequence[str] = ()
    relations: Sequence[str] = ()
    may_miss: bool = False

    @classmethod
    def bundled(cls) -> Files:
        """gensim's."""
        from w2vplus._bundled import ANALOGIES, SIMILARITIES, bundled

        return cls([bundled(ANALOGIES)], [bundled(name) for name in SIMILARITIES], may_miss=True)


@dataclass
class Judge:
    """Asks vectors the questions of `files`; each file of analogies is read once, however many are asked.

    options: what all of `evaluate_analogies`, `evaluate_similarity` and `evaluate_relations` take
    """

    files: Files
    methods: tuple[str, ...] = ("3CosAdd",)
    options: dict[str, Any] = field(
        default_factory=lambda: {"restrict_vocab": CONSIDERED_WORDS, "case_insensitive": True}
    )
    _questions: dict[str, AnalogyQuestions] = field(default_factory=dict)

    def results(self, vectors: KeyedVectors, phrases: Any = None, name: str = "") -> list[Result]:
        """Answer every file; raises CommandError if the vocabulary knows nothing of any that may be missed.

        `phrases`: those of the model, if it has learnt some; they tell which key a phrase of a file stands for.
        `name`: what messages call the vectors, where there are others.
        """
        try:
            return self._answers(vectors, phrases, name)
        except CoverageError as error:
            raise CoverageError(_of_model(name, error)) from None

    def _answers(self, vectors: KeyedVectors, phrases: Any, name: str) -> list[Result]:
        from w2vplus.evaluation import evaluate_analogies, evaluate_relations, evaluate_similarity
        from w2vplus.phrases import PhraseKeys

        in_any_case = bool(self.options["case_insensitive"])
        as_key = PhraseKeys(vectors.key_to_index, phrases, case_insensitive=in_any_case)
        answered: list[Result] = []
        for path in self.files.analogies:
            for method in self.methods:
                asked = self._read(path)
                answered += self._attempt(name, evaluate_analogies, vectors, asked, method=method, as_key=as_key)
        for path in self.files.similarity:
            answered += self._attempt(name, evaluate_similarity, vectors, path, as_key=as_key)
        for path in self.files.relations:
            answered += self._attempt(name, evaluate_relations, vectors, path, as_key=as_key)
        if not answered:
            considered = min(len(vectors), self.options.get("restrict_vocab") or len(vectors))
            message = f"the first {considered:,} words know nothing of the questions and pairs"
            message += "; raise --restrict-vocab" if considered < len(vectors) else "; name files of their language"
            raise _output.CommandError(_of_model(name, message))
        return answered

    def _read(self, path: str) -> AnalogyQuestions:
        from w2vplus.evaluation import read_analogies

        if path not in self._questions:
            self._questions[path] = read_analogies(path)
        return self._questions[path]

    def _attempt(self, name: str, evaluated: Callable[..., Any], *arguments: Any, **options: Any) -> list[Any]:
        try:
            return [evaluated(*arguments, **options, **self.options)]
        except CoverageError as error:
            if not self.files.may_miss:
                raise
            _output.warn(_of_model(name, error))
            return []

    def compare(self, judged: Sequence[JudgedModel], confidence: float = 0.95, resamples: int = 2_000) -> Evaluation:
        """Intervals, and every model against every other."""
        from w2vplus.evaluation import compare

        noted = {name: self.options[name] for name in ("restrict_vocab", "case_insensitive")}
        return compare(judged, confidence=confidence, resamples=resamples, topn=TOPN, **noted)


def _of_model(name: str, message: object) -> str:
    return f"{name}: {message}" if name else str(message)


def judge_family(family: Family, judge: Judge, *, is_alone: bool = True) -> JudgedModel:
    """Load a model's seeds one after another, so that one alone is in memory, and judge them."""
    from w2vplus.evaluation import JudgedModel, neighbours_of

    results: list[list[Result]] = []
    neighbours: list[Neighbours] = []
    words: list[Any] = []
    vocabulary = 0
    alike = Alike()
    for path in family.files:
        loaded, phrases = load_with_phrases(path)
        alike.check(path, len(loaded), loaded.vector_size)
        results.append(judge.results(loaded, phrases, "" if is_alone and len(family.files) == 1 else path))
        limit = judge.options["restrict_vocab"]
        words = words or list(loaded.index_to_key[:NEIGHBOURHOODS][:limit])
        vocabulary = vocabulary or len(loaded)
        if len(family.files) > 1:
            neighbours.append(neighbours_of(loaded, words, topn=TOPN, restrict_vocab=limit))
    return JudgedModel(family.name, results, family.files, vocabulary, neighbours)


def judge_by_bundled_files(name: str, vectors: KeyedVectors) -> Evaluation:
    """Judge vectors in memory by gensim's files, as the command does without options."""
    from w2vplus.evaluation import JudgedModel

    judge = Judge(Files.bundled())
    return judge.compare([JudgedModel(name, [judge.results(vectors)], (), len(vectors))])


def check_report_target(path: str, inputs: Sequence[str]) -> None:
    """Refuse a file whose suffix names no format, that could not be written, or that is an input."""
    if not path.lower().endswith(SUFFIXES):
        raise _output.UsageError(f"--output must end in {', '.join(SUFFIXES)}, got {path}; --json prints JSON")
    check_writable(path, "--output")
    check_not_an_input(path, "--output", inputs)


def print_evaluation(evaluation: Evaluation) -> None:
    """The tables that `w2vplus.evaluation.tables_of` makes."""
    from w2vplus.evaluation import tables_of

    for table in tables_of(evaluation):
        columns: list[_output.Column] = [
            (column, "right") if place and column not in ("model", "models") else column
            for place, column in enumerate(table.columns)
        ]
        _output.print_table(columns, table.rows, title=table.title)
        if table.note:
            print(_output.printable(table.note) + "\n")


def write_evaluation(evaluation: Evaluation, path: str) -> None:
    """As JSON, CSV or Markdown, by the suffix; whole or not at all."""
    from w2vplus._atomic import replacing
    from w2vplus.evaluation import as_csv, as_markdown

    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        _output.write_json(evaluation.as_dict(), path)
        return
    with replacing(path) as temporary:
        text = as_csv(evaluation) if suffix == ".csv" else as_markdown(evaluation)
        temporary.write_text(text, encoding="utf-8")
