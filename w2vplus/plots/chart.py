"""A drawing by matplotlib that saves itself, shows itself in notebooks, and needs no display.

All figures of w2vplus are made here, so that they share fonts, sizes and colours. Words may be of any script: fonts
that the machine has are looked through for the characters that the usual one lacks.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus._atomic import replacing
from w2vplus.plots.extras import imported
from w2vplus.plots.palette import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 100
USUAL_FONT = "DejaVu Sans"
LEAST_PIXELS, MOST_PIXELS = 200, 10_000

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and every viewer has fonts for its scripts
    "svg.hashsalt": "w2vplus",  # the same picture is the same file
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a word is a dollar sign
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Chart:
    """A finished figure. Shows itself in notebooks; `save` writes .png, .svg or .pdf; `svg` is for HTML pages."""

    figure: Figure

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file whole or not at all. Raises ValueError for another suffix, OSError."""
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(f"a picture ends in {', '.join(SUFFIXES)}, got {os.fspath(path)}")
        with replacing(path) as temporary:
            temporary.write_bytes(self._bytes(suffix[1:]))

    def svg(self) -> str:
        """The figure as an `<svg>` element."""
        text = self._bytes("svg").decode()
        return text[text.index("<svg") :]

    def _repr_png_(self) -> bytes:
        return self._bytes("png")

    def _bytes(self, kind: str) -> bytes:
        import matplotlib

        target = io.BytesIO()
        undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
        with matplotlib.rc_context(STYLE), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # as in `drawing`
            self.figure.savefig(target, format=kind, metadata=undated)
        return target.getvalue()


@contextmanager
def drawing(size: tuple[int, int], words: Iterable[str] = ()) -> Iterator[Figure]:
    """A new figure of `size` pixels, with fonts for `words`, laid out when the body ends.

    Raises ImportError, naming the extra, without matplotlib; ValueError for a size out of 200..10,000.
    """
    matplotlib = imported("matplotlib", "A picture", "plot")
    check_size(size)
    from matplotlib.figure import Figure

    style = {**STYLE, "font.family": fonts_for(words)}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # `fonts_for` has said it once
        width, height = (pixels / DOTS_PER_INCH for pixels in size)
        # Not by pyplot: it would keep the figure, and look for a display.
        figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
        yield figure


LONGEST_NAME = 40
"""Characters of a word in a picture; an address or a run of letters would push all else out."""


def shortened(name: object) -> str:
    """A word as pictures name it."""
    text = str(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def check_size(size: tuple[int, int]) -> None:
    """Raise ValueError for a width or height that no picture has."""
    for name, pixels in zip(("width", "height"), size, strict=True):
        if not LEAST_PIXELS <= pixels <= MOST_PIXELS:
            raise ValueError(f"the {name} must be {LEAST_PIXELS} to {MOST_PIXELS:,} pixels, got {pixels}")


def fonts_for(words: Iterable[str]) -> list[str]:
    """Names of installed fonts that together have the characters of `words`, the usual one first.

    Warns, naming a word, where no font has its characters.
    """
    from matplotlib import font_manager

    words = list(words)
    missing = {character for word in words for character in word if not character.isspace()}
    missing -= _characters(font_manager.findfont(USUAL_FONT))
    chosen = [USUAL_FONT]
    entries = _fonts() if missing else {}
    while missing and entries:
        gains = {name: len(missing & _characters(path)) for name, path in entries.items()}
        best = max(sorted(gains), key=lambda name: gains[name])
        if not gains[best]:
            break
        chosen.append(best)
        missing -= _characters(entries[best])
        entries = {name: path for name, path in entries.items() if gains[name] and name != best}
    if missing:
        lacking = [word for word in words if missing & set(word)]
        warnings.warn(
            f"no installed font has the characters of {len(lacking):,} of the words, {lacking[0]!r} among them: install"
            " one that has (Google's Noto fonts cover nearly all scripts), or write .svg or .html, which any viewer"
            " with such a font shows rightly",
            stacklevel=4,
        )
    return [*chosen, "sans-serif"]


def _fonts() -> dict[str, str]:
    """Name and file of every upright font; those installed since matplotlib last looked around are among them."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            with suppress(OSError, RuntimeError, ValueError):  # no font that can be read
                manager.addfont(path)
    return {entry.name: entry.fname for entry in manager.ttflist if _is_usable(entry)}


def _is_usable(entry: Any) -> bool:
    # "Last Resort" has a frame for every character there is, which says no more than that it is missing.
    usable = entry.style == "normal" and entry.weight in (400, "normal", "regular")
    return bool(usable and not entry.name.startswith("Last Resort"))


@lru_cache(maxsize=2048)
def _characters(font_file: str) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(map(chr, FT2Font(font_file).get_charmap()))
    except (OSError, RuntimeError, ValueError):  # a font file that is damaged is one that has no characters
        return frozenset()
