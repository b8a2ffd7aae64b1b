"""Writes a `WordMap` as one HTML page that needs nothing else: data, style and script are inside.

The script (templates/map_*.js) draws on a canvas. A plotting library in the page would add more than 4 MB to it, and
an element of SVG or a path for every word would make 20,000 of them slow; written into the bytes of a canvas they take
a few milliseconds.
"""

from __future__ import annotations

import base64
import html
import json
from functools import lru_cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from w2vplus.plots.word_map import WordMap

SCRIPT_PARTS = ("map_state.js", "map_drawing.js", "map_words.js", "map_controls.js")

SPAN = 65535
"""Coordinates of the page's data go from 0 to this, in one scale for both axes."""


@lru_cache
def template(name: str) -> str:
    """The text of a file beside this one, in `templates`."""
    return (files("w2vplus.plots") / "templates" / name).read_text(encoding="utf-8")


def map_page(words: WordMap) -> str:
    """The page. Its data are about 75 bytes a word."""
    facts = f"{len(words.words):,} of {words.vocabulary:,} words, laid out by {words.method}"
    return Template(template("map.html")).substitute(
        title=html.escape(words.title),
        theme=template("theme.css"),
        style=template("map.css"),
        facts=html.escape(facts),
        legend="Groups (press to see one)",
        data=script_json(page_data(words)),
        script=_script(),
    )


def _script() -> str:
    """The parts of the script as one function, so that their names are nobody else's."""
    return '"use strict";\n(() => {\n' + "\n".join(template(part) for part in SCRIPT_PARTS) + "})();"


def page_data(words: WordMap) -> dict[str, Any]:
    """What the script reads: words and numbers, arrays as base64 of little-endian bytes."""
    low, high = words.points.min(axis=0), words.points.max(axis=0)
    extent = float((high - low).max()) or 1.0
    places = np.round((words.points - low) / extent * SPAN)
    places[:, 1] = places[:, 1].max() - places[:, 1]  # a page's y grows downwards
    return {
        "words": words.words,
        "groups": [{"name": group.name, "color": group.color} for group in words.groups],
        "x": _base64(places[:, 0], "<u2"),
        "y": _base64(places[:, 1], "<u2"),
        "width": max(1, int(places[:, 0].max())),
        "height": max(1, int(places[:, 1].max())),
        "group_of": _base64(words.group_of, "<u1"),
        "ranks": None if len(words.ranks) == words.ranks[-1] else words.ranks.tolist(),
        "counts": None if words.counts is None else words.counts.tolist(),
        "neighbours": words.near.shape[1],
        "near": _base64(words.near, "<u4"),
        "cosines": _base64(np.round(np.where(words.near < 0, 0.0, words.cosines) * 100), "<i1"),
    }


def _base64(numbers: NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).astype(kind).tobytes()).decode("ascii")


def script_json(value: object) -> str:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
