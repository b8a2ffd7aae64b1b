"""An Evaluation in, tables out: for terminals, Markdown, CSV and notebooks alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import PurePath

from w2vplus._html import cell, percent
from w2vplus._numbers import fixed
from w2vplus.evaluation.comparison import Difference, Evaluation, Score
from w2vplus.evaluation.stability import Overlap

MOST_NAMED = 3
"""Differences that a note names."""


@dataclass(frozen=True)
class Table:
    """A heading, names of columns, rows of plain values, and a line below; text is set flush left, all else right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    note: str = ""


def tables_of(evaluation: Evaluation) -> list[Table]:
    """What people read: sections of analogies, totals with intervals, differences, agreement of seeds."""
    confidence = f"{100 * evaluation.settings.get('confidence', 0.95):g} %"
    found = [*_section_tables(evaluation), _totals(evaluation, confidence)]
    if evaluation.differences:
        found.append(_differences(evaluation, confidence))
    if evaluation.stability:
        found.append(_stability(evaluation, confidence))
    return [table for table in found if table.rows]


def _of(score: Score, value: float | None) -> str:
    """Accuracies as percentages, correlations as they are."""
    return percent(value) if score.measure == "accuracy" else cell(value)


def _interval(score: Score) -> str:
    if score.low is None or score.high is None:
        return "–"
    if score.measure == "accuracy":
        return f"{fixed(100 * score.low, 1)} – {fixed(100 * score.high, 1)} %"
    return f"{fixed(score.low, 3)} – {fixed(score.high, 3)}"


def _asked(one: Score | Difference, evaluation: Evaluation) -> str:
    """What was asked, in a few letters: the file without its folder, and the method if there are several."""
    several = len({score.method for score in evaluation.scores if score.method}) > 1
    return f"{PurePath(one.file).name}{', ' + one.method if several and one.method else ''}"


def _section_tables(evaluation: Evaluation) -> list[Table]:
    """One table for each file of several sections: of one model with all its figures, of several side by side."""
    files = dict.fromkeys((score.file, score.method) for score in evaluation.scores if score.level == "section")
    tables = []
    for file, method in files:
        scores = [score for score in evaluation.scores if (score.file, score.method) == (file, method)]
        several = len(evaluation.models) > 1
        rows = _side_by_side(evaluation, scores) if several else [_figures(score) for score in scores]
        names = tuple(str(model["name"]) for model in evaluation.models)
        figures = ("value", "interval", "unknown as wrong", "answered", "of", "coverage", "pairs")
        columns = ("section", *(names if several else figures))
        title = f"{scores[0].kind.capitalize()}: {PurePath(file).name}{', ' + method if method else ''}"
        tables.append(Table(title, columns, tuple(rows)))
    return tables


def _figures(score: Score) -> tuple[object, ...]:
    values = _of(score, score.value), _interval(score), _of(score, score.value_of_total)
    return score.section, *values, score.seen, score.total, percent(score.coverage), score.units


def _side_by_side(evaluation: Evaluation, scores: Sequence[Score]) -> list[tuple[object, ...]]:
    by_model = {(score.model, score.level, score.section): score for score in scores}
    rows = dict.fromkeys((score.level, score.section) for score in scores)
    return [
        (
            section,
            *(
                "–" if (score := by_model.get((model["name"], level, section))) is None else _of(score, score.value)
                for model in evaluation.models
            ),
        )
        for level, section in rows
    ]


def _totals(evaluation: Evaluation, confidence: str) -> Table:
    several = any(len(score.by_seed) > 1 for score in evaluation.scores)
    rows = [
        (
            _asked(score, evaluation),
            score.model,
            _of(score, score.value),
            _interval(score),
            *([_seeds(score)] if several else []),
            _of(score, score.value_of_total),
            f"{score.seen:,} of {score.total:,}",
            percent(score.coverage),
        )
        for score in sorted(evaluation.scores, key=lambda score: _order(evaluation, score))
        if score.level == "total"
    ]
    seeds = ["over seeds"] if several else []
    columns = ("asked", "model", "value", f"interval {confidence}", *seeds)
    columns = (*columns, "unknown as wrong", "known", "coverage")
    return Table("Accuracy of analogies, Spearman's rho of similarities", columns, tuple(rows))


def _order(evaluation: Evaluation, score: Score) -> int:
    """Files in the order of the first model that has them, so that models stand below one another."""
    asked = [(other.kind, other.file, other.method) for other in evaluation.scores]
    return asked.index((score.kind, score.file, score.method))


def _seeds(score: Score) -> str:
    if score.seeds_low is None or score.seeds_high is None:
        return "–"
    half = (score.seeds_high - score.seeds_low) / 2
    shown = f"{100 * half:.1f} %" if score.measure == "accuracy" else f"{half:.3f}"
    return f"± {shown} ({len(score.by_seed)})"


def _differences(evaluation: Evaluation, confidence: str) -> Table:
    differences = evaluation.differences
    scale = {"accuracy": (100, 1, " %"), "spearman": (1, 3, "")}
    several = any(difference.p_seeds is not None for difference in differences)
    rows = []
    for one in differences:
        factor, digits, unit = scale[one.measure]
        values = one.difference, one.low, one.high
        shown = [None if value is None else fixed(factor * value, digits, signed=True) for value in values]
        reach = "–" if shown[1] is None else f"{shown[1]} – {shown[2]}{unit}"
        rows.append(
            (
                _asked(one, evaluation),
                f"{one.first} − {one.second}",
                "–" if shown[0] is None else f"{shown[0]}{unit}",
                reach,
                _p(one.p),
                _p(one.p_adjusted),
                *([_p(one.p_seeds)] if several else []),
                one.units,
            )
        )
    columns = ("asked", "models", "difference", f"interval {confidence}", "p", "p adjusted")
    rest = (*(("p over seeds",) if several else ()), "pairs")
    title = "Differences on what both know, paired by word pair"
    return Table(title, (*columns, *rest), tuple(rows), _undecided(evaluation))


def _undecided(evaluation: Evaluation) -> str:
    """What to make of intervals and p that disagree; empty where none do."""
    level = float(evaluation.settings.get("confidence", 0.95))
    found = [one for one in evaluation.differences if one.is_undecided(level)]
    if not found:
        return ""
    named = "; ".join(f"{one.first} − {one.second} on {_asked(one, evaluation)}" for one in found[:MOST_NAMED])
    more = f"; {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return (
        f"Interval and p disagree ({named}{more}): the interval counts other pairs and other seeds and errs on the wide"
        " side, p is of pairs alone and of these very seeds. Take it for undecided."
    )


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _stability(evaluation: Evaluation, confidence: str) -> Table:
    rows = tuple(
        (
            model,
            overlap.seeds,
            percent(overlap.overlap),
            f"{100 * overlap.low:.1f} – {100 * overlap.high:.1f} %",
            f"{100 * overlap.least:.1f} – {100 * overlap.greatest:.1f} %",
            overlap.words,
        )
        for model, overlap in evaluation.stability
    )
    topn = evaluation.stability[0][1].topn
    columns = ("model", "seeds", "in common", f"interval {confidence}", "pairs of seeds", "words")
    return Table(f"Of the {topn} nearest neighbours, two seeds have in common", columns, rows)


def as_markdown(evaluation: Evaluation) -> str:
    """The tables of `tables_of` in Markdown."""
    parts = []
    for table in tables_of(evaluation):
        kinds = [all(isinstance(row[place], int) for row in table.rows) for place in range(len(table.columns))]
        rule = ["---:" if numeric else "---" for numeric in kinds]
        lines = [table.columns, rule, *([cell(value) for value in row] for row in table.rows)]
        drawn = "\n".join("| " + " | ".join(str(text).replace("|", "\\|") for text in line) + " |" for line in lines)
        parts.append(f"### {table.title}\n\n{drawn}\n" + (f"\n{table.note}\n" if table.note else ""))
    return "\n".join(parts)


def as_csv(evaluation: Evaluation) -> str:
    """Every score, difference and overlap as a line; the first column says which. By seed, values stand apart
    by spaces; what a record does not have, or is undefined, is empty."""
    names = dict.fromkeys(one.name for record in (Score, Difference, Overlap) for one in fields(record))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["record", *names], lineterminator="\n")
    writer.writeheader()
    for score in evaluation.scores:
        values = " ".join("" if value is None else repr(value) for value in score.by_seed)
        writer.writerow({"record": "score", **asdict(score), "by_seed": values})
    for difference in evaluation.differences:
        writer.writerow({"record": "difference", **asdict(difference)})
    for model, overlap in evaluation.stability:
        writer.writerow({"record": "stability", "model": model, **asdict(overlap)})
    return out.getvalue()
