"""Turns a vectors file into a changed one, and says what every change costs: `w2vplus postprocess`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus._bundled import CONSIDERED_WORDS
from w2vplus._numbers import fixed
from w2vplus.cli import _output
from w2vplus.cli._models import load_whole
from w2vplus.cli._options import FormatOption, JsonFlag, QuietFlag
from w2vplus.cli._seeds import check_one_file
from w2vplus.cli._targets import check_format, check_not_an_input, check_vectors_target

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.postprocessing import Accuracy, Step

ADD_OUTPUT = "add-output"
"""The step that needs a whole model, and so comes first."""


INT8 = "int8"
"""The step whose result no format of floats keeps small."""


def postprocess(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="Vectors, quantised vectors, or for add-output a saved model.")
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="Where they go; without a suffix a folder, after float16 or int8.")
    ],
    step: Annotated[
        list[str] | None, typer.Option("--step", "-s", metavar="STEP", help="A change; may be given again.")
    ] = None,
    to_format: FormatOption = None,
    analogies: Annotated[
        list[str] | None, typer.Option("--analogies", metavar="FILE", help="Judge by these questions.")
    ] = None,
    similarity: Annotated[
        list[str] | None, typer.Option("--similarity", metavar="FILE", help="Judge by these word pairs.")
    ] = None,
    restrict_vocab: Annotated[
        int, typer.Option("--restrict-vocab", help="Judge by this many of the most frequent words.")
    ] = CONSIDERED_WORDS,
    evaluate: Annotated[bool, typer.Option("--evaluate/--no-evaluate", help="Say what each step costs.")] = True,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Change the vectors of IN step by step, write them to OUT, and show the accuracy before and after each step.

    Steps, made in the order in which they are given:

    add-output: each word's input vector plus its output vector; the first step, IN is a saved model

    all-but-the-top or all-but-the-top=N: off with the mean and N common directions (Mu & Viswanath 2018)

    pca=N: keep N dimensions

    normalize: unit length

    float16 or int8: fewer bits, the last step

    Raunak et al. (2019) make vectors shorter by `--step all-but-the-top --step pca=100 --step all-but-the-top`.

    Without files of your own the vectors are judged by those that come with gensim.
    """
    from w2vplus.postprocessing import measure_accuracy
    from w2vplus.vectors import load_vectors

    adds_output, steps = _parsed(step or [])
    _output.require("--restrict-vocab", restrict_vocab, restrict_vocab >= 1, "at least 1")
    check_format("--format", to_format)
    as_folder = to_format is None and bool(steps) and steps[-1].quantizes and not Path(target).suffix
    _check_target(source, target, to_format, as_folder)
    check_one_file(source)
    vectors = _load_outputs(source) if adds_output else load_vectors(source)
    rows: list[tuple[str, Accuracy | None, int]] = []

    def judged(name: str, changed: KeyedVectors) -> None:
        files = (analogies, similarity) if analogies or similarity else (None, None)
        accuracy = measure_accuracy(changed, *files, restrict_vocab=restrict_vocab) if evaluate else None
        rows.append((name, accuracy, changed.vector_size))

    judged(ADD_OUTPUT if adds_output else "as they were", vectors)
    before_last = vectors
    for one in steps:
        before_last, vectors = vectors, one.apply(vectors)
        judged(str(one), vectors)
    _write(target, to_format, before_last if as_folder else vectors, steps[-1] if as_folder else None)
    if steps and steps[-1].name == INT8 and not as_folder:
        _output.warn(f"{target} holds the numbers that {INT8} rounded as floats: only OUT without a suffix is smaller")
    if as_json:
        _output.write_json({"words": len(vectors), "steps": [_as_dict(*row) for row in rows], "output": target}, "-")
    elif not quiet:
        _print(rows, target)


def _parsed(texts: list[str]) -> tuple[bool, list[Step]]:
    """Whether output vectors are added first, and the further steps."""
    from w2vplus.postprocessing import Step

    if not texts:
        raise _output.UsageError("--step is missing: say what to do, as --step normalize")
    adds_output = texts[0] == ADD_OUTPUT
    try:
        steps = [Step.parse(text) for text in texts[adds_output:]]
    except ValueError as error:
        moved = f"; {ADD_OUTPUT} comes first" if ADD_OUTPUT in texts[1:] else ""
        raise _output.UsageError(f"--step: {error}{moved}") from None
    for one in steps[:-1]:
        if one.quantizes:
            raise _output.UsageError(f"--step {one} must come last: what follows would undo it")
    return adds_output, steps


def _check_target(source: str, target: str, to_format: str | None, as_folder: bool) -> None:
    if as_folder:
        from w2vplus.array_folder import is_array_folder

        place = Path(target)
        if place.exists() and not (place.is_dir() and (is_array_folder(place) or not any(place.iterdir()))):
            raise _output.UsageError(f"OUT {target} exists and is no folder of w2vplus's; choose another name")
        if place.exists() and Path(source).exists() and place.samefile(source):
            raise _output.UsageError(f"OUT {target} is the input; it would be lost: write elsewhere")
        if not place.absolute().parent.is_dir():
            raise _output.CommandError(f"OUT {target}: the folder {place.parent} does not exist; create it first")
        return
    check_not_an_input(target, "OUT", [source])
    check_vectors_target(target, "OUT", to_format)


def _load_outputs(path: str) -> KeyedVectors:
    """The sums of input and output vectors of a saved model: a folder of ours, or gensim's format."""
    from w2vplus.postprocessing import add_output_vectors

    return add_output_vectors(load_whole(path))


def _write(target: str, to_format: str | None, vectors: KeyedVectors, quantizing: Step | None) -> None:
    from w2vplus.postprocessing import QuantizedVectors
    from w2vplus.vectors import save_vectors

    if quantizing is None:
        save_vectors(vectors, target, format=to_format)
    else:
        QuantizedVectors.of(vectors, quantizing.name).save(target)


def _as_dict(name: str, accuracy: Accuracy | None, dimensions: int) -> dict[str, Any]:
    files = {} if accuracy is None else accuracy.as_dict()
    return {"step": name, "dimensions": dimensions, **({"accuracy": files} if files else {})}


def _print(rows: list[tuple[str, Accuracy | None, int]], target: str) -> None:
    """Scores after each step, with what they gained or lost by it."""
    lines: list[list[object]] = []
    before: Accuracy | None = None
    for name, accuracy, dimensions in rows:
        line: list[object] = [name, dimensions]
        if accuracy is not None:
            changes = [None] * len(accuracy.scores) if before is None else accuracy.change_from(before)
            line += [_score(score, change) for score, change in zip(accuracy.scores, changes, strict=True)]
        lines.append(line)
        before = accuracy
    judged = {} if before is None else dict(zip(before.names, before.coverages, strict=True))
    _output.print_table(["step", "size", *((name, "right") for name in judged)], lines)
    if judged:
        _output.note(f"coverage: {', '.join(f'{name} {share:.0%}' for name, share in judged.items())}")
    print(f"written to {target}")


def _score(score: float, change: float | None) -> str:
    shown = _output.cell_text(score)
    return shown if change is None or change != change else f"{shown} ({fixed(change, 4, signed=True)})"
