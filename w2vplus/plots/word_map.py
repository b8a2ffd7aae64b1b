"""A map of words in the plane: which words, where they lie, how they are coloured, and who their neighbours are.

`word_map` makes a `WordMap` of a KeyedVectors; it saves itself as an interactive page (.html) or as a picture, and
shows itself in notebooks.
"""

from __future__ import annotations

import html
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import replacing
from w2vplus.plots import layout
from w2vplus.plots.palette import GROUP_COLORS, RANK_COLORS
from w2vplus.queries import nearest_others

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.plots.chart import Chart

COLORINGS = ("cluster", "frequency")
NEIGHBOURS = 10
MOST_CLUSTERS = len(GROUP_COLORS)
WORDS_IN_GROUP_NAME = 3
CENTRAL_PART = 20
"""A cluster is named by the most frequent of the twentieth of its words nearest to its centre: known and typical."""

MAP_SIZE = (1200, 900)


@dataclass(frozen=True)
class Group:
    """Words of one colour: what the legend calls them, and the map's row of the first word in a cluster's name."""

    name: str
    color: str
    center: int | None = None


@dataclass(frozen=True)
class WordMap:
    """Everything that a drawing of the map needs; rows go with `words`, the most frequent first.

    points: float64 (n, 2). group_of: uint8 (n,), rows of `groups`. ranks: int64 (n,), 1 is the vocabulary's most
    frequent word. counts: int64 (n,), or None where the vectors have none. near and cosines: (n, k), the nearest of
    the words on the map by cosine of the whole vectors, -1 and -inf at the end where fewer have a direction.
    """

    words: list[str]
    points: NDArray[np.float64]
    group_of: NDArray[np.uint8]
    groups: list[Group]
    ranks: NDArray[np.int64]
    counts: NDArray[np.int64] | None
    near: NDArray[np.int64]
    cosines: NDArray[np.float64]
    method: str
    vocabulary: int
    title: str

    def save(self, path: str | os.PathLike[str], size: tuple[int, int] = MAP_SIZE) -> None:
        """Write the map in the format of the suffix: .html interactive; .png, .svg, .pdf a picture of `size` pixels.

        The file appears whole or not at all. Raises ValueError for another suffix, ImportError naming the extra
        where a picture is asked for without matplotlib, OSError.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            self.chart(size).save(path)
            return
        with replacing(path) as temporary:
            temporary.write_text(self.page(), encoding="utf-8")

    def page(self) -> str:
        """The interactive map as one HTML page, which loads nothing from anywhere."""
        from w2vplus.plots.map_page import map_page

        return map_page(self)

    def chart(self, size: tuple[int, int] = MAP_SIZE) -> Chart:
        """The map as a picture, `size` in pixels."""
        from w2vplus.plots.map_chart import map_chart

        return map_chart(self, size)

    def _repr_html_(self) -> str:
        # A frame keeps the page's style and script apart from the notebook's.
        frame = 'style="width:100%;height:640px;border:0" title="Map of words"'
        return f'<iframe srcdoc="{html.escape(self.page())}" {frame}></iframe>'


def word_map(
    vectors: KeyedVectors,
    words: Sequence[Hashable] | None = None,
    *,
    top: int = 1000,
    method: str = "auto",
    color: str = "cluster",
    clusters: int = MOST_CLUSTERS,
    seed: int = 1,
    title: str = "Map of words",
) -> WordMap:
    """Lay out the given words, or the `top` most frequent ones.

    `method`: "pca", "tsne", "umap", or "auto" (see `layout.places`). `color`: "cluster" (k-means of the vectors into
    `clusters` groups) or "frequency" (rank among the words of the map). The same seed gives the same map.

    Raises KeyError naming words without a vector; ValueError for fewer than 2 words, vectors that are not finite and
    settings out of range; ImportError naming the extra that a method needs.
    """
    _check(top, color, clusters, method)
    rows = _rows(vectors, words, top)
    keys = [vectors.index_to_key[row] for row in rows]
    if len(keys) < 2:
        raise ValueError(f"a map needs at least 2 words, got {len(keys)}: name more of them, or raise top")
    units = layout.directions(vectors.vectors[rows], keys)
    # Vectors of 2 dimensions are drawn as they are; at length 1 they would all lie on a circle.
    as_is = method == "auto" and vectors.vector_size == 2
    points, found_by = layout.places(vectors.vectors[rows] if as_is else units, method, seed)
    names = [str(key) for key in keys]
    if color == "cluster":
        group_of, members = layout.clusters(units, clusters, seed)
        central = [sorted(inside[: max(WORDS_IN_GROUP_NAME, len(inside) // CENTRAL_PART)]) for inside in members]
        groups = [
            Group(", ".join(names[row] for row in inside[:WORDS_IN_GROUP_NAME]), GROUP_COLORS[place], inside[0])
            for place, inside in enumerate(central)
        ]
    else:
        group_of, groups = _by_frequency(len(keys))
    near, cosines = nearest_others(units, np.arange(len(units)), min(NEIGHBOURS, len(units) - 1))
    return WordMap(
        names, points, group_of, groups, rows + 1, _counts(vectors, rows), near, cosines, found_by, len(vectors), title
    )


def _check(top: int, color: str, clusters: int, method: str) -> None:
    if top < 2:
        raise ValueError(f"top must be at least 2 words, got {top}")
    if color not in COLORINGS:
        raise ValueError(f"color must be one of {', '.join(COLORINGS)}, got {color!r}")
    if not 1 <= clusters <= MOST_CLUSTERS:
        raise ValueError(
            f"clusters must be 1 to {MOST_CLUSTERS}, got {clusters}: more colours cannot be told apart by everybody"
        )
    if method not in layout.METHODS:
        raise ValueError(f"method must be one of {', '.join(layout.METHODS)}, got {method!r}")


def _rows(vectors: KeyedVectors, words: Sequence[Hashable] | None, top: int) -> NDArray[np.int64]:
    """The rows of the words, each once, the most frequent first."""
    if words is None:
        return np.arange(min(top, len(vectors)), dtype=np.int64)
    unknown = [word for word in words if word not in vectors.key_to_index]
    if unknown:
        raise KeyError(f"no vector for {', '.join(map(repr, unknown))}")
    return np.unique(np.array([vectors.key_to_index[word] for word in words], dtype=np.int64))


def _counts(vectors: KeyedVectors, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    counts: Any = vectors.expandos.get("count")
    return None if counts is None else np.asarray(counts, dtype=np.int64)[rows]


def _by_frequency(total: int) -> tuple[NDArray[np.uint8], list[Group]]:
    """Groups of rank in steps that grow by one factor, as word frequencies fall by Zipf's law."""
    bounds = np.unique(np.geomspace(1, total + 1, len(RANK_COLORS) + 1).round().astype(np.int64))
    group_of = (np.searchsorted(bounds, np.arange(1, total + 1), side="right") - 1).astype(np.uint8)
    spans = zip(bounds[:-1].tolist(), (bounds[1:] - 1).tolist(), strict=True)
    names = [f"{first:,}" if first == last else f"{first:,}–{last:,}" for first, last in spans]
    return group_of, [Group(f"words {name}", RANK_COLORS[place]) for place, name in enumerate(names)]
