"""An explained step as HTML: one self-contained page without scripts, or a fragment for notebooks.

Colours are ColorBrewer's red-white-blue, which colour-blind people can tell apart; every colour has its number
beside it, in it or in its tooltip.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

import numpy as np

from w2vplus._numbers import fixed
from w2vplus.reference import Floats
from w2vplus.stepwise.records import NODE, ExplainedStep, Output, RowChange, Token, Update
from w2vplus.stepwise.words import (
    how_it_asks,
    how_it_moves,
    how_long,
    model_line,
    path_probabilities,
    settings_line,
    subject,
)

RED, WHITE, BLUE = (178, 24, 43), (247, 247, 247), (33, 102, 172)

MOST_NUMBERED = 16
"""Vectors of so many numbers have room for them in their strips."""


def page(step: ExplainedStep) -> str:
    """The step as a whole HTML document."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(_title(step))}</title>\n<style>html {{ color-scheme: light dark; }} "
        f"body {{ margin: 0; }}</style>\n</head>\n<body>\n{fragment(step)}\n</body>\n</html>\n"
    )


def fragment(step: ExplainedStep) -> str:
    """The step as a `div` with its own style, as notebooks show it."""
    parts = [
        f"<h1>{escape(_title(step))}</h1>",
        f"<p>{escape(model_line(step))}<br><span class=faint>{escape(settings_line(step))}</span></p>",
        *_sentence(step),
        *_window(step),
        *_questions(step),
        *_vectors(step),
        *_loss(step),
    ]
    body = "\n".join(parts)
    return f'<div class="w2v-step">\n<style>\n{_style()}</style>\n<div>\n{body}\n</div>\n</div>'


@cache
def _style() -> str:
    return files("w2vplus.stepwise").joinpath("step.css").read_text(encoding="utf-8")


def _title(step: ExplainedStep) -> str:
    return f"One step of word2vec: {step.target}"


def _sentence(step: ExplainedStep) -> list[str]:
    rule = "With <code>sample</code> = 0 every word of the vocabulary stays."
    if step.settings["sample"] > 0:
        rule = (
            "Frequent words are dropped at random before windows are laid. A word that makes up <i>z</i> of the text"
            " stays with probability <code>(√(z/s) + 1) · s/z</code>, at most 1, where <i>s</i> is"
            f" <code>sample</code> = {step.settings['sample']:g}."
        )
    return [
        "<h2>1. Which words stay</h2>",
        f"<p>{rule} The bar is the probability to stay, the mark what was drawn: a mark on the bar means that the word"
        " stays.</p>",
        f"<div class=words>{''.join(map(_fate_chip, step.tokens))}</div>",
    ]


def _fate_chip(token: Token) -> str:
    name = f"<b>{escape(token.text)}</b>"
    if token.keep_probability is None or token.drawn is None:
        return f'<div class="word unknown">{name}<small>not in the vocabulary</small></div>'
    bar = (
        f'<span class=chance><i style="width:{100 * token.keep_probability:.1f}%"></i>'
        f'<u style="left:calc({100 * token.drawn:.1f}% - 1px)"></u></span>'
    )
    numbers = f"stays with {token.keep_probability:.3f}<br>drawn {token.drawn:.3f}: {token.fate}"
    return f'<div class="word {token.fate}" title="count {token.count:,}">{name}{bar}<small>{numbers}</small></div>'


def _window(step: ExplainedStep) -> list[str]:
    chips = []
    for place, token in enumerate(step.tokens):
        if token.fate != "kept":
            continue
        role = "center" if place == step.center else "context" if place in step.window else "outside"
        note = {"center": "target", "context": "context", "outside": "&nbsp;"}[role]
        chips.append(f'<div class="word {role}"><b>{escape(token.text)}</b><small>{note}</small></div>')
    pairs = ", ".join(f"{escape(word)} → {escape(target)}" for word, target in step.pairs)
    return [
        "<h2>2. The window and its pairs</h2>",
        f"<p>{escape(how_long(step))}</p>",
        f"<div class=words>{''.join(chips)}</div>",
        f"<p>Pairs (input → target): {pairs}.</p>",
    ]


def _questions(step: ExplainedStep) -> list[str]:
    parts = ["<h2>3. What is asked, and how wrong the answers are</h2>", f"<p>{escape(how_it_asks(step))}</p>"]
    for update in step.updates:
        if len(step.updates) > 1:
            parts.append(f"<h3>{escape(subject(update))} → {escape(step.target)}</h3>")
        if any(output.kind == NODE for output in update.outputs):
            parts.append(_path(update, step.target))
        if update.avoided:
            parts.append(f"<p class=faint>Drawn, but left out because it is the target: {len(update.avoided)} ×.</p>")
        parts.append(_answers(update))
    parts.append(_scale("error, label − σ", 1.0))
    if probabilities := path_probabilities(step):
        parts.append(f"<p>{escape(probabilities)}</p>")
    return parts


def _path(update: Update, target: str) -> str:
    """The way through the Huffman tree."""
    steps = []
    for output in update.outputs:
        if output.kind == NODE:
            turn = "left" if output.label else "right"
            steps.append(f"<span class=node>{escape(output.name)}</span><span class=turn>{turn} →</span>")
    return f"<div class=path>{''.join(steps)}<span class='node leaf'>{escape(target)}</span></div>"


def _answers(update: Update) -> str:
    """Logit, probability and error of every input with every output."""
    inputs = update.inputs if update.projection is None else [subject(update)]
    head = "".join(f"<th>{escape(output.name)}<small>{_kind(output)}</small></th>" for output in update.outputs)
    rows = []
    for number, name in enumerate(inputs):
        cells = "".join(
            f'<td style="{_painted(error, 1.0)}">u {fixed(logit, 3, signed=True)}<small>σ {probability:.3f}</small>'
            f"<small>error {fixed(error, 3, signed=True)}</small></td>"
            for logit, probability, error in zip(
                update.forward.logits[number],
                update.forward.probabilities[number],
                update.forward.errors[number],
                strict=True,
            )
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return f"<div class=scroll><table><tr><th></th>{head}</tr>{''.join(rows)}</table></div>"


def _kind(output: Output) -> str:
    if output.kind == NODE:
        return f"turns {'left' if output.label else 'right'}, label {output.label}"
    if output.probability is None:
        return "the target, label 1"
    return f"noise, P {output.probability:.3g}, label 0"


def _vectors(step: ExplainedStep) -> list[str]:
    most = max(float(np.abs([row.before, row.after]).max()) for row in step.changes)
    change = max(float(np.abs(row.after - row.before).max()) for row in step.changes)
    parts = ["<h2>4. What moves</h2>", f"<p>{escape(how_it_moves(step))}</p>"]
    parts += [_scale("before and after", most), _scale("change", change)]
    for side, title in (("input", "Input vectors: the word vectors"), ("output", "Output vectors")):
        parts.append(f"<h3>{title}</h3>")
        for row in step.changes:
            if row.side == side:
                parts.append(_row_change(row, most, change))
    return parts


def _row_change(row: RowChange, most: float, change: float) -> str:
    length = float(np.linalg.norm(row.after - row.before))
    strips = (("before", row.before, most), ("after", row.after, most), ("change", row.after - row.before, change))
    lines = "".join(f"<span>{name}</span>{_strip(values, top)}" for name, values, top in strips)
    return f"<b>{escape(row.name)}</b> <span class=faint>moved by {length:.3g}</span><div class=strips>{lines}</div>"


def _strip(values: Floats, most: float) -> str:
    """A row of coloured columns, one for each number, as in Alammar's "The Illustrated Word2vec"."""
    if len(values) <= MOST_NUMBERED:
        shown = [fixed(value, 2) if most >= 0.1 else f"{value:.1g}" for value in values]
        cells = "".join(
            f'<i style="{_painted(value, most)}" title="{value:.6g}">{text}</i>'
            for value, text in zip(values, shown, strict=True)
        )
        return f"<div class=strip>{cells}</div>"
    width = 100 / len(values)
    stops = ",".join(
        f"rgb{_color(value, most)} {number * width:.3f}% {(number + 1) * width:.3f}%"
        for number, value in enumerate(values)
    )
    first = " ".join(fixed(value, 4) for value in values[:8])
    title = f"{len(values)} numbers: {first} ..."
    return f'<div class=strip title="{title}" style="background:linear-gradient(to right,{stops})"></div>'


def _loss(step: ExplainedStep) -> list[str]:
    most = max(step.loss_before, step.loss_after) or 1.0
    bars = "".join(
        f'<span>{name}</span><i style="width:{100 * loss / most:.2f}%"></i><span>{loss:.5f}</span>'
        for name, loss in (("before", step.loss_before), ("after", step.loss_after))
    )
    return [
        "<h2>5. Has it learnt?</h2>",
        "<p>The loss −log P of the right answers, summed over all questions, as the step met it, and when the same"
        " questions are asked again.</p>",
        f"<div class=loss>{bars}</div>",
    ]


def _color(value: float, most: float) -> tuple[int, int, int]:
    """Blue for -most, white for 0, red for +most."""
    share = max(-1.0, min(1.0, value / most)) if most > 0 else 0.0
    end = RED if share > 0 else BLUE
    red, green, blue = (round(white + (tint - white) * abs(share)) for white, tint in zip(WHITE, end, strict=True))
    return red, green, blue


def _painted(value: float, most: float) -> str:
    """A cell's colour, with black or white text, whichever reads better on it."""
    red, green, blue = _color(value, most)
    text = "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"
    return f"background:rgb({red},{green},{blue});color:{text}"


def _scale(name: str, most: float) -> str:
    colors = ",".join(f"rgb{color}" for color in (BLUE, WHITE, RED))
    bar = f'<b style="background:linear-gradient(to right,{colors})"></b>'
    return f"<div class=scale>{escape(name)}: −{most:.3g}{bar}+{most:.3g}</div>"
