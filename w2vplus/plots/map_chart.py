"""Draws a `WordMap` as a picture: points, a legend, and as many labels as fit without overlapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.plots.chart import Chart, drawing, shortened
from w2vplus.plots.labels import FEW, place_labels
from w2vplus.plots.palette import FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from w2vplus.plots.word_map import WordMap

POINTS_FOR_FULL_SIZE = 300
FAR = 12.0
"""Pixels between a point and its label from which a line joins them."""

UNDERLAY = {"boxstyle": "square,pad=0.05", "facecolor": "white", "alpha": 0.65, "linewidth": 0}
"""Behind a label, so that it can be read over points and lines."""

NARROW = 600
"""Pixels of width under which there is no room for a legend."""


def map_chart(words: WordMap, size: tuple[int, int]) -> Chart:
    """The map as a picture of `size` pixels."""
    with drawing(size, words.words) as figure:
        axes = figure.add_subplot()
        axes.set_title(words.title, wrap=True)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        few = len(words.words) <= POINTS_FOR_FULL_SIZE
        area = 22.0 if few else max(2.0, 22.0 * (POINTS_FOR_FULL_SIZE / len(words.words)) ** 0.5)
        for place, group in enumerate(words.groups):
            inside = words.points[words.group_of == place]
            axes.scatter(
                inside[:, 0], inside[:, 1], s=area, color=group.color, label=shortened(group.name), linewidths=0
            )
        axes.margins(0.06)
        if size[0] >= NARROW:
            legend = figure.legend(loc="outside lower left", ncols=max(1, size[0] // 300), fontsize=8)
            handles: Any = legend.legend_handles
            for handle in handles:
                handle.set_sizes([30])
        axes.annotate(
            f"{len(words.words):,} of {words.vocabulary:,} words · {words.method}", (1, 0), xycoords="axes fraction",
            xytext=(0, -4), textcoords="offset points", ha="right", va="top", fontsize=8, color=FAINT,
        )  # fmt: skip
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the labels' places hold in this layout only
        _label(axes, words, fontsize=9.0 if len(words.words) <= FEW else 7.0)
        return Chart(figure)


def _label(axes: Axes, words: WordMap, fontsize: float) -> None:
    pixels: NDArray[np.float64] = axes.transData.transform(words.points)
    texts = [shortened(word) for word in words.words]
    sizes = text_sizes(axes, texts, fontsize)
    box = axes.get_window_extent()
    corners = place_labels(pixels, sizes, (box.x0, box.y0, box.x1, box.y1))
    for text, corner, extent, point in zip(texts, corners, sizes, pixels, strict=True):
        if not np.isnan(corner[0]):
            draw_label(axes, text, point, corner, extent, fontsize=fontsize)


def draw_label(
    axes: Axes,
    text: str,
    point: NDArray[np.float64],
    corner: NDArray[np.float64],
    extent: NDArray[np.float64],
    **style: Any,
) -> None:
    """Write `text` where `place_labels` found room for it, and draw a line to its point if that is far; in pixels."""
    back = axes.transData.inverted()
    nearest_edge = np.clip(point, corner, corner + extent)
    if np.hypot(*(nearest_edge - point)) > FAR:
        ends = back.transform(np.stack([point, nearest_edge]))
        axes.plot(ends[:, 0], ends[:, 1], color=FAINT, linewidth=0.5, zorder=1, scalex=False, scaley=False)
    x, y = back.transform(corner + extent / 2)
    axes.text(x, y, text, ha="center", va="center", parse_math=False, zorder=3, bbox=UNDERLAY, **style)


def text_sizes(axes: Axes, texts: list[str], fontsize: float, weight: str = "normal") -> NDArray[np.float64]:
    """Width and height in pixels of texts as they will be drawn: float64 (n, 2). Heights are those of a whole line."""
    from matplotlib.font_manager import FontProperties

    figure: Any = axes.figure
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else figure._get_renderer()
    font = FontProperties(size=fontsize, weight=weight)
    height = renderer.get_text_width_height_descent("Ápgj", font, ismath=False)[1]
    widths = [renderer.get_text_width_height_descent(text, font, ismath=False)[0] for text in texts]
    return np.column_stack([np.array(widths) + 2, np.full(len(texts), height + 1)]).astype(np.float64)
