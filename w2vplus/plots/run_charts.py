"""Draws what files of a run say: training curves of a log, accuracies with their intervals, scores of phrases."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus._numbers import fixed
from w2vplus.errors import EvaluationError, LogFormatError
from w2vplus.plots.chart import Chart, drawing, shortened
from w2vplus.plots.palette import ACCENT, FAINT, INK, SECOND_ACCENT
from w2vplus.run_log import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES_SIZE = (900, 640)
BAR = 26
"""Pixels of height for a bar."""

LEAST_BAR = 20

BARS_WIDTH = 900
ABOVE_BARS = 120
MOST_PHRASES = 30
CORRELATIONS = "Spearman's correlation with human judgement"


def training_curves(record: RunRecord, size: tuple[int, int] = CURVES_SIZE) -> Chart:
    """Loss, learning rate and words/s over the epochs of a run; without the loss where none was computed."""
    with drawing(size) as figure:
        has_loss = any(loss is not None for loss in record.loss)
        panels = figure.subplots(3 if has_loss else 2, 1, sharex=True, squeeze=False)[:, 0]
        at = record.epochs_done
        middles = [(before + now) / 2 for before, now in zip([0.0, *at], at, strict=False)]
        marker = {"marker": ".", "markersize": 5} if len(at) < 40 else {}
        if has_loss:
            losses = [float("nan") if loss is None else loss for loss in record.loss]
            panels[0].plot(middles, losses, color=ACCENT, label="since the report before", linewidth=1.2, **marker)
            if record.epoch_losses:
                places = [epoch - 0.5 for epoch, _ in record.epoch_losses]
                means = [mean for _, mean in record.epoch_losses]
                panels[0].plot(places, means, "o", color=SECOND_ACCENT, markersize=6, label="mean of the epoch")
                panels[0].legend(fontsize=9)
            panels[0].set_title("mean loss for a trained pair")
        panels[-2].plot(at, record.learning_rate, color=ACCENT, linewidth=1.2, **marker)
        panels[-2].set_title("learning rate")
        panels[-2].set_ylim(bottom=0)
        rates = [rate / 1e6 for rate in record.words_per_second]
        panels[-1].plot(middles, rates, color=ACCENT, linewidth=1.2, **marker)
        panels[-1].set_title("million words a second")
        panels[-1].set_ylim(bottom=0)
        end = "" if record.complete else " (the run was broken off)"
        panels[-1].set_xlabel(f"epochs{end}")
        return Chart(figure)


@dataclass(frozen=True)
class Bar:
    """One bar: a share of one or a correlation, the interval around it if known, what stands behind it."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    note: str = ""
    is_sum: bool = False
    is_share: bool = False

    def said(self) -> str:
        """The value as `w2vplus evaluate` prints it."""
        return f"{fixed(100 * self.value, 1)} %" if self.is_share else fixed(self.value, 3)


def evaluation_bars(results: Mapping[str, Any], size: tuple[int, int] | None = None) -> Chart:
    """Accuracy by section and correlations, from what `w2vplus evaluate --json` writes; intervals where it has any.

    Raises EvaluationError for another object, and where nothing was answered; ValueError for a size without room.
    """
    panels = evaluation_panels(results)
    if not panels:
        raise EvaluationError("no evaluation result to draw: none of its sections was answered")
    lines = [len(bars) + 2.5 for _, bars in panels]
    if size is None:
        size = (BARS_WIDTH, max(200, round(BAR * sum(lines)) + 60))
    if size[1] < (least := round(LEAST_BAR * sum(lines)) + 60):
        raise ValueError(f"the height must be at least {least} pixels for so many bars, got {size[1]}")
    with drawing(size, [bar.name for _, bars in panels for bar in bars]) as figure:
        grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=lines)[:, 0]
        for axes, (title, bars) in zip(grid, panels, strict=True):
            _draw_bars(axes, bars)
            axes.set_title(title, parse_math=False, wrap=True)
        has_intervals = any(bar.interval for _, bars in panels for bar in bars)
        level = 100 * results.get("settings", {}).get("confidence", 0.95)
        lines_say = f"; lines: {level:g} % intervals" if has_intervals else ""
        note = f"in brackets: questions or pairs that were answered{lines_say}"
        figure.supxlabel(note, fontsize=9, color=FAINT, wrap=True)
        return Chart(figure)


def evaluation_panels(results: Mapping[str, Any]) -> list[tuple[str, list[Bar]]]:
    """A panel of bars for every file and method of analogies, one for all correlations; what was not answered is left
    out. Of several models the totals stand side by side, a panel for every file; of one its sections, too.

    Reads the list `scores` (see `w2vplus.evaluation.Evaluation.as_dict`); an interval may be null.
    """
    try:
        scores = [score for score in results["scores"] if score["value"] is not None]
        several = len({score["model"] for score in scores}) > 1
        panels: dict[str, list[Bar]] = {}
        for score in scores:
            if several and score["level"] != "total":
                continue
            name, method = Path(score["file"]).name, f" ({score['method']})" if score["method"] else ""
            is_share = score["measure"] == "accuracy"
            if is_share:
                title = f"{name}{method}: share answered rightly"
            else:
                title = f"{name}: {CORRELATIONS}" if several else CORRELATIONS
            label = score["model"] if several else score["section"] if is_share else name
            interval = None if score["low"] is None else (float(score["low"]), float(score["high"]))
            is_sum = is_share and not several and score["level"] != "section"
            bar = Bar(str(label), float(score["value"]), interval, f"{score['seen']:,}", is_sum, is_share)
            panels.setdefault(title, []).append(bar)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvaluationError(f"not what `w2vplus evaluate --json` writes: {error!r}") from None
    return list(panels.items())


def _draw_bars(axes: Axes, bars: Sequence[Bar]) -> None:
    places = range(len(bars))
    values = [bar.value for bar in bars]
    axes.barh(places, values, color=[SECOND_ACCENT if bar.is_sum else ACCENT for bar in bars], height=0.62)
    for place, bar in zip(places, bars, strict=True):
        if bar.interval is not None:
            low, high = (max(0.0, bar.value - bar.interval[0]), max(0.0, bar.interval[1] - bar.value))
            axes.errorbar(bar.value, place, xerr=[[low], [high]], color=INK, capsize=3, linewidth=1.2)
        end = max(bar.value, *(bar.interval or ()), 0.0)
        axes.annotate(bar.said(), (end, place), xytext=(5, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [f"{shortened(bar.name)}  ({bar.note})" for bar in bars], parse_math=False)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.tick_params(axis="y", left=False)
    reached = [value for bar in bars for value in (bar.value, *(bar.interval or ()))]
    lowest, highest = min([0.0, *reached]), min(1.0, max([0.05, *reached]))
    axes.set_xlim(1.04 * lowest - 0.004 * (lowest < 0), 1.12 * highest)  # a cap's width beyond what is below 0
    if all(bar.is_share for bar in bars):
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")


def phrase_bars(
    phrases: Sequence[tuple[str, int, float]], size: tuple[int, int] | None = None, top: int = MOST_PHRASES
) -> Chart:
    """The phrases of the highest scores, given as (phrase, count, score); counts stand behind the bars.

    Raises ValueError for no phrase.
    """
    if not phrases:
        raise ValueError("phrases must be at least 1, got none: lower the threshold that found none")
    best = sorted(phrases, key=lambda entry: (-entry[2], entry[0]))[:top]
    if size is None:
        size = (BARS_WIDTH, max(200, ABOVE_BARS + BAR * len(best)))
    with drawing(size, [phrase for phrase, _, _ in best]) as figure:
        axes = figure.add_subplot()
        axes.barh(range(len(best)), [score for _, _, score in best], color=ACCENT, height=0.62)
        for place, (_, count, score) in enumerate(best):
            axes.annotate(
                f"{score:,.4g} · {count:,}×", (max(0.0, score), place), xytext=(5, 0), textcoords="offset points",
                va="center", fontsize=8, color=FAINT,
            )  # fmt: skip
        axes.set_yticks(range(len(best)), [shortened(phrase) for phrase, _, _ in best], parse_math=False)
        axes.set_ylim(len(best) - 0.4, -0.6)
        axes.tick_params(axis="y", left=False)
        axes.margins(x=0.18)
        axes.set_xlabel("score")
        axes.set_title(f"{len(best)} of {len(phrases):,} phrases: those of the highest scores, and their counts")
        return Chart(figure)


def read_evaluation(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `w2vplus evaluate --json` wrote to `path`. Raises EvaluationError for anything else, OSError."""
    try:
        results = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise EvaluationError(f"{path}: not JSON, as `w2vplus evaluate --json` writes it ({error})") from None
    if not isinstance(results, dict) or "scores" not in results:
        raise EvaluationError(f"{path}: not what `w2vplus evaluate --json` writes: no scores")
    return results


def read_phrase_table(path: str | os.PathLike[str]) -> list[tuple[str, int, float]]:
    """Phrase, count and score of each line of what `w2vplus phrases --export` wrote, compressed or not.

    Raises LogFormatError, naming the line, for anything else; OSError.
    """
    import smart_open

    found = []
    with smart_open.open(os.fspath(path), "r", encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            fields = line.rstrip("\n").split("\t")
            try:
                found.append((fields[0], int(fields[1]), float(fields[2])))
            except (IndexError, ValueError):
                raise LogFormatError(
                    f"{path}, line {number}: not phrase, count and score between tabs, as `w2vplus phrases --export`"
                    " writes them"
                ) from None
    return found
