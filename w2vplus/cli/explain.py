"""Turns a sentence into one explained training step: `w2vplus explain`, on the terminal and as a page."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus._numbers import fixed
from w2vplus.cli import _output
from w2vplus.cli._models import load_whole
from w2vplus.cli._options import JsonFlag, QuietFlag
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.limits import MOST_SEED

if TYPE_CHECKING:
    from w2vplus.reference import Floats
    from w2vplus.stepwise import ExplainedStep, StepModel, Token, Update

MODEL, TOY = "The step", "The toy model, without --model"

MOST_ANSWERS = 60
"""Lines of the table of answers on a terminal; the page and --json have all."""


def explain(
    sentence: Annotated[str, typer.Argument(metavar="SENTENCE", help="Words, in quotes.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Explain a step of this model: a folder of train --save-model, or a model that gensim saved.",
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE.html", help="Also draw the step as a page.")
    ] = None,
    center: Annotated[
        str | None,
        typer.Option("--center", metavar="WORD", help="The word to be predicted; the middle one unless set."),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(help="Words to each side, at most; the model's, or 5.", show_default=False, rich_help_panel=MODEL),
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(
            help="Drop words more frequent than this; 0 keeps all; the model's, or what keeps words that come once.",
            show_default=False,
            rich_help_panel=MODEL,
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(help="Learning rate; the model's first one, or 0.05.", show_default=False, rich_help_panel=MODEL),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Another seed, other choices; the model's, or 1.", show_default=False, rich_help_panel=MODEL),
    ] = None,
    sg: Annotated[
        bool | None,
        typer.Option(
            "--sg/--cbow", help="Skip-gram or CBOW; skip-gram unless set.", show_default=False, rich_help_panel=TOY
        ),
    ] = None,
    hs: Annotated[
        bool | None,
        typer.Option(
            "--hs/--ns",
            help="Hierarchical softmax in place of negative sampling.",
            show_default=False,
            rich_help_panel=TOY,
        ),
    ] = None,
    negative: Annotated[
        int | None, typer.Option(help="Noise words for each target; 3.", show_default=False, rich_help_panel=TOY)
    ] = None,
    vector_size: Annotated[
        int | None, typer.Option(help="Numbers in each vector; 8.", show_default=False, rich_help_panel=TOY)
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Train on the sentence so often before the step; 100. 0 shows the very first step.",
            show_default=False,
            rich_help_panel=TOY,
        ),
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Show one real training step for SENTENCE, with every number in between.

    Which words stay and which are dropped, the window, the pairs, the noise words or the way through the Huffman
    tree, logits, σ, errors, the vectors before and after. The model is not changed. Without --model, a toy model is
    trained on the sentence itself.
    """
    _require_numbers(window=window, sample=sample, alpha=alpha, seed=seed, negative=negative,
                     vector_size=vector_size, epochs=epochs)  # fmt: skip
    if output is not None:
        _output.require("--output", output, output.lower().endswith((".html", ".htm")), "a name that ends in .html")
        check_writable(output, "--output")
        check_not_an_input(output, "--output", [model] if model else [])
    common = {"window": window, "sample": sample, "learning_rate": alpha, "seed": seed}
    toy = {"skip_gram": sg, "hierarchical_softmax": hs, "negative": negative, "vector_size": vector_size,
           "epochs": epochs}  # fmt: skip
    step_model = _toy(sentence, {**common, **toy}) if model is None else _saved(model, common, toy)
    from w2vplus.stepwise import explain_step, page

    step = explain_step(step_model, sentence, center=center)
    if output is not None:
        from w2vplus._atomic import replacing

        with replacing(output) as temporary:
            temporary.write_text(page(step), encoding="utf-8")
    if as_json:
        _output.write_json(step.as_dict(), "-")
        return
    print_step(step)
    if output is not None:
        _output.note(f"the same with pictures: {output}", quiet=quiet)


def _require_numbers(**given: Any) -> None:
    """Refuse numbers that no step can be made with."""
    for name, value in given.items():
        if value is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if name == "alpha":
            _output.require(option, value, math.isfinite(value) and value > 0, "above 0", "0.025 is usual")
            continue
        least = 1 if name in ("window", "vector_size", "negative") else 0
        _output.require(option, value, math.isfinite(value) and value >= least, f"at least {least}")
    if given["seed"] is not None:
        _output.require("--seed", given["seed"], given["seed"] <= MOST_SEED, f"at most {MOST_SEED}")
    for name, most in (("window", 2**31 - 1), ("negative", 10_000), ("vector_size", 10_000), ("epochs", 100_000)):
        if given[name] is not None:
            _output.require(f"--{name.replace('_', '-')}", given[name], given[name] <= most, f"at most {most:,}")


def _toy(sentence: str, settings: dict[str, Any]) -> StepModel:
    from w2vplus.stepwise import toy_model

    return toy_model(sentence, **{name: value for name, value in settings.items() if value is not None})


def _saved(path: str, common: dict[str, Any], toy: dict[str, Any]) -> StepModel:
    """The model of a folder or file. What it learnt and how cannot be set anew."""
    options = {"skip_gram": "--sg or --cbow", "hierarchical_softmax": "--hs or --ns"}
    for name, value in toy.items():
        if value is not None:
            option = options.get(name, f"--{name.replace('_', '-')}")
            raise _output.UsageError(f"{option} is for the toy model: with --model the model decides")
    from w2vplus.stepwise import StepModel

    return StepModel.of(load_whole(path), f"the model {path}", **common)


# ---- On the terminal


def print_step(step: ExplainedStep) -> None:
    """The step as text and tables."""
    from w2vplus.stepwise import words

    print_paragraph = _output.print_paragraph
    print_paragraph(words.model_line(step))
    print_paragraph(words.settings_line(step))
    print()
    chances: list[_output.Column] = [("stays with", "right"), ("drawn", "right"), ""]
    counts: list[_output.Column] = [] if _is_narrow() else ["count", ("of all", "right")]
    rows = [_fate_row(token, with_counts=bool(counts)) for token in step.tokens]
    title = "1. Which words stay: those whose draw is below their probability"
    _output.print_table(["word", *counts, *chances], rows, title=title)
    print_paragraph("2. The window", style="bold")
    print_paragraph(words.how_long(step))
    print_paragraph(_window_line(step))
    print_paragraph("Pairs (input → target): " + ", ".join(f"{word} → {target}" for word, target in step.pairs))
    print()
    print_paragraph("3. What is asked, and how wrong the answers are", style="bold")
    print_paragraph(words.how_it_asks(step))
    print()
    _print_answers(step)
    print_paragraph("4. What moves", style="bold")
    print_paragraph(words.how_it_moves(step))
    print()
    for side in ("input", "output"):
        _print_changes(step, side)
    print_paragraph("5. The loss, and when the same questions are asked again", style="bold")
    print_paragraph(f"{step.loss_before:.5f} before, {step.loss_after:.5f} after")


def _is_narrow() -> bool:
    return _output.console().width < _output.NARROW


def _fate_row(token: Token, *, with_counts: bool) -> list[object]:
    counts: list[object] = []
    if with_counts:
        counts = [token.count, "–" if token.share is None else f"{100 * token.share:.3g} %"]
    if token.keep_probability is None or token.drawn is None:
        return [token.text, *counts, "–", "–", "unknown" if _is_narrow() else "not in the vocabulary"]
    return [token.text, *counts, f"{token.keep_probability:.3f}", f"{token.drawn:.3f}", token.fate]


def _window_line(step: ExplainedStep) -> str:
    """The words that stayed: the target in >...<, its context in [...]."""
    marks = {**{place: "[{}]" for place in step.window}, step.center: ">{}<"}
    kept = [(place, token.text) for place, token in enumerate(step.tokens) if token.fate == "kept"]
    return " ".join(marks.get(place, "{}").format(text) for place, text in kept)


def _print_answers(step: ExplainedStep) -> None:
    from w2vplus.stepwise import words

    numbers: list[_output.Column] = [("logit", "right"), ("σ", "right"), ("error", "right")]
    kinds: list[_output.Column] = [] if _is_narrow() else [""]  # the label says the same
    columns: list[_output.Column] = ["input", "output", *kinds, "label", *numbers]
    rows = [row for update in step.updates for row in _answer_rows(update, with_kinds=bool(kinds))]
    _output.print_table(columns, rows[:MOST_ANSWERS])
    if len(rows) > MOST_ANSWERS:
        more = _output.plural(len(rows) - MOST_ANSWERS, "more answer")
        _output.print_paragraph(f"... and {more}: --output and --json have all")
    avoided = sum(len(update.avoided) for update in step.updates)
    if avoided:
        _output.print_paragraph(f"{_output.plural(avoided, 'noise word')} left out: drawn, but the target itself")
    if probabilities := words.path_probabilities(step):
        _output.print_paragraph(probabilities)
    print()


def _answer_rows(update: Update, *, with_kinds: bool) -> list[list[object]]:
    from w2vplus.stepwise import words

    inputs = update.inputs if update.projection is None else [words.subject(update)]
    answers = zip(update.forward.logits, update.forward.probabilities, update.forward.errors, strict=True)
    rows: list[list[object]] = []
    for name, answered in zip(inputs, answers, strict=True):
        for output, logit, probability, error in zip(update.outputs, *answered, strict=True):
            kind: str = output.kind
            if output.probability is not None:
                kind = f"noise, P {output.probability:.3g}"
            if output.kind == "node":
                kind = "left" if output.label else "right"
            numbers = [fixed(logit, 3, signed=True), f"{probability:.3f}", fixed(error, 3, signed=True)]
            rows.append([name, output.name, *([kind] if with_kinds else []), output.label, *numbers])
            name = ""
    return rows


def _print_changes(step: ExplainedStep, side: str) -> None:
    """The first numbers of every row that moved, as many as the width has room for."""
    changes = [change for change in step.changes if change.side == side]
    name_width = max(len(change.name) for change in changes)
    width = shutil.get_terminal_size().columns
    shown = max(1, min(10, len(changes[0].before), (width - min(name_width, width // 3) - 16) // 11))
    rest = " ..." if shown < len(changes[0].before) else ""
    rows: list[list[object]] = []
    for change in changes:
        moved = change.after - change.before
        for name, values in (("before", change.before), ("after", change.after), ("change", moved)):
            rows.append([change.name if name == "before" else "", name, *_numbers(values[:shown]), rest])
    columns: list[_output.Column] = ["row", "", *[("", "right")] * shown, ""]
    title = {"input": "Input vectors, the word vectors", "output": "Output vectors"}[side]
    _output.print_table(columns, rows, title=f"{title}: the first {shown} of {len(changes[0].before)} numbers")


def _numbers(values: Floats) -> list[str]:
    return [fixed(value, 5, signed=True) for value in values]
