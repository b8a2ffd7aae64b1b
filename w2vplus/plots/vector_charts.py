"""Draws vectors themselves: the heat strip of words, and an analogy as the parallelogram that it claims to be."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from w2vplus._numbers import fixed
from w2vplus.plots.chart import Chart, drawing, shortened
from w2vplus.plots.labels import place_labels, stack_labels
from w2vplus.plots.layout import directions
from w2vplus.plots.map_chart import draw_label, text_sizes
from w2vplus.plots.palette import ACCENT, FAINT, INK, SECOND_ACCENT

if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from matplotlib.axes import Axes

STRIP_ROW = 34
"""Pixels of height for a word."""

STRIP_WIDTH = 1000
ANALOGY_SIZE = (900, 640)
LEAST_PLANE = 1e-6
BEST_ANSWER = 4
"""Its place among an analogy's points: behind the three words and the corner that they make."""

EDGE = 4
"""Pixels kept free around a name."""


def heat_strip(vectors: KeyedVectors, words: Sequence[Hashable], size: tuple[int, int] | None = None) -> Chart:
    """The numbers of the words' vectors as colours, a row for each word: red above zero, blue below, white at zero.

    One scale for all rows, so that columns in which words agree can be seen; the picture of "The Illustrated Word2vec"
    (Alammar 2019). `size` in pixels; high enough for the words unless given. Raises KeyError naming words without a
    vector; ValueError for no word, or numbers that are not finite.
    """
    rows = _rows(vectors, words)
    shown = [shortened(word) for word in words]
    directions(rows, words)  # refuses what is not finite
    if size is None:
        size = (STRIP_WIDTH, max(200, 110 + STRIP_ROW * len(shown)))
    with drawing(size, shown) as figure:
        axes = figure.add_subplot()
        # The greatest numbers are few and would leave all others pale.
        most = float(np.quantile(np.abs(rows), 0.99)) or 1.0
        image = axes.imshow(rows, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
        axes.set_yticks(range(len(shown)), shown, parse_math=False)
        axes.set_yticks(np.arange(len(shown) - 1) + 0.5, minor=True)
        axes.grid(axis="y", which="minor", color="white", linewidth=3)
        axes.tick_params(which="both", left=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(f"the {rows.shape[1]} numbers of each vector")
        figure.colorbar(image, ax=axes, pad=0.01, extend="both", aspect=max(6, 6 * len(shown)))
        return Chart(figure)


def analogy_chart(
    vectors: KeyedVectors,
    a: Hashable,
    b: Hashable,
    c: Hashable,
    *,
    topn: int = 5,
    size: tuple[int, int] = ANALOGY_SIZE,
) -> Chart:
    """ "a is to b as c is to ...?" in the plane of the three words, with the nearest answers and their cosines.

    The plane is that of the unit vectors of a, b and c, so a, b, c and the point b - a + c make an exact parallelogram;
    answers (3CosAdd, as gensim's `most_similar`) are seen from straight above it and lie off it by the distance that
    the cosine tells. Raises KeyError naming words without a vector, ValueError for words given twice, for vectors that
    are not finite, and for `topn` below 1.
    """
    given = [a, b, c]
    rows = directions(_rows(vectors, given), given).astype(np.float64)
    if len(set(given)) < 3:
        raise ValueError(f"an analogy needs three different words, got {', '.join(map(str, given))}")
    if topn < 1:
        raise ValueError(f"topn must be at least 1, got {topn}")
    found = vectors.most_similar(positive=[b, c], negative=[a], topn=topn)
    answers = directions(_rows(vectors, [word for word, _ in found]), [word for word, _ in found])
    corner = rows[1] - rows[0] + rows[2]
    flat = _plane(rows) @ (np.vstack([rows, corner, answers]) - rows[0]).T
    a, b, c = map(shortened, given)
    names = [a, b, c, *(f"{shortened(word)}  {fixed(cosine, 2)}" for word, cosine in found)]
    with drawing(size, names) as figure:
        axes = figure.add_subplot()
        axes.set_title(f"{a} is to {b} as {c} is to …", parse_math=False)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_axis_off()
        axes.margins(0.18)
        points = flat.T
        _draw_parallelogram(axes, points[:4])
        axes.scatter(points[:3, 0], points[:3, 1], s=45, color=ACCENT, zorder=3)
        axes.scatter(points[4:, 0], points[4:, 1], s=45, color=SECOND_ACCENT, zorder=3)
        axes.scatter(points[3, 0], points[3, 1], s=70, facecolors="white", edgecolors=FAINT, linewidths=1.5, zorder=2)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        _name_points(axes, points, [*names[:3], f"{b} − {a} + {c}", *names[3:]], size)
        return Chart(figure)


def _rows(vectors: KeyedVectors, words: Sequence[Hashable]) -> NDArray[np.float32]:
    if not words:
        raise ValueError("words must be at least 1, got none")
    unknown = [word for word in words if word not in vectors.key_to_index]
    if unknown:
        raise KeyError(f"no vector for {', '.join(map(repr, unknown))}")
    rows: NDArray[np.float32] = vectors.vectors[[vectors.key_to_index[word] for word in words]]
    return rows


def _plane(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two orthogonal directions, (2, d): along c - a, and the part of b - a that goes upwards from it."""
    along, up = rows[2] - rows[0], rows[1] - rows[0]
    if np.linalg.norm(along) < LEAST_PLANE:
        along = up
    along = along / max(LEAST_PLANE, float(np.linalg.norm(along)))
    up = up - (up @ along) * along
    if np.linalg.norm(up) < LEAST_PLANE:  # the three lie on a line: any second direction shows that
        up = np.eye(len(along))[np.argmin(np.abs(along))] if len(along) > 1 else np.zeros(1)
        up = up - (up @ along) * along
    return np.stack([along, up / max(LEAST_PLANE, float(np.linalg.norm(up)))])


def _draw_parallelogram(axes: Axes, corners: NDArray[np.float64]) -> None:
    a, b, c, target = corners
    arrow = {"arrowstyle": "-|>", "color": ACCENT, "linewidth": 1.6, "shrinkA": 5, "shrinkB": 6}
    for begin, end in ((a, b), (c, target)):
        axes.annotate("", xy=(end[0], end[1]), xytext=(begin[0], begin[1]), arrowprops=arrow, zorder=2)
    for begin, end in ((a, c), (b, target)):
        axes.plot([begin[0], end[0]], [begin[1], end[1]], color=FAINT, linewidth=1, linestyle=(0, (4, 4)), zorder=1)


def _name_points(axes: Axes, points: NDArray[np.float64], names: list[str], size: tuple[int, int]) -> None:
    pixels = axes.transData.transform(points)
    weights = ["bold" if index == BEST_ANSWER else "normal" for index in range(len(names))]
    sizes = np.vstack([text_sizes(axes, [name], 11.0, weight) for name, weight in zip(names, weights, strict=True)])
    frame = (0.0, 0.0, float(size[0]), float(axes.get_window_extent().y1))  # the title is above
    boxes = sizes + 2 * EDGE
    answers = pixels[BEST_ANSWER:]
    stacked = stack_labels(answers, boxes[BEST_ANSWER:], frame)
    occupied = np.vstack([np.hstack([stacked, stacked + boxes[BEST_ANSWER:]]), np.hstack([answers, answers])])
    corners = place_labels(pixels[:BEST_ANSWER], boxes[:BEST_ANSWER], frame, occupied)
    for index, corner in enumerate(np.vstack([corners, stacked]) + EDGE):
        if np.isnan(corner[0]):
            continue
        color = FAINT if index == BEST_ANSWER - 1 else INK
        draw_label(axes, names[index], pixels[index], corner, sizes[index], fontsize=11, weight=weights[index],
                   color=color)  # fmt: skip
