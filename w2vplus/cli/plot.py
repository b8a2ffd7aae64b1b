"""Turns vectors, logs and results into pictures: `w2vplus plot`."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus.cli import _output
from w2vplus.cli._groups import given_options
from w2vplus.cli._options import QuietFlag
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.cli._words import Words, words_listed_in

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")
MOST_MAP_WORDS = 200_000
"""More do not fit into a page that a browser opens gladly."""

SLOW_TSNE = 2_000
MOST_CLUSTERS = 7


class Kind(str, Enum):
    """What is drawn."""

    AUTO = "auto"
    MAP = "map"
    STRIP = "strip"
    ANALOGY = "analogy"
    CURVES = "curves"
    EVALUATION = "evaluation"
    PHRASES = "phrases"


KIND_OF_SUFFIX = {".jsonl": Kind.CURVES, ".json": Kind.EVALUATION, ".tsv": Kind.PHRASES}


ONLY_OF = {
    "top": Kind.MAP, "method": Kind.MAP, "color": Kind.MAP, "clusters": Kind.MAP, "seed": Kind.MAP, "title": Kind.MAP,
    "topn": Kind.ANALOGY,
}  # fmt: skip
"""Options that act on one kind alone."""


class Method(str, Enum):
    """How words find their places on a map."""

    AUTO = "auto"
    PCA = "pca"
    TSNE = "tsne"
    UMAP = "umap"


class Coloring(str, Enum):
    """What the colours of a map say."""

    CLUSTER = "cluster"
    FREQUENCY = "frequency"


def plot(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Vectors; or a log of train --log (.jsonl), a result of evaluate --json (.json), a table of phrases"
            " --export (.tsv).",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where the picture goes: .png, .svg, .pdf, or .html for a map."
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help="Words to draw, phrases in quotes; a map's default: the most frequent."),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="What to draw; by SOURCE unless given, a map of vectors.")
    ] = Kind.AUTO,
    words_from: Annotated[
        str | None, typer.Option("--words-from", metavar="FILE", help="Also draw the words of this file, one a line.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many of the most frequent words a map shows.")] = 1000,
    method: Annotated[
        Method,
        typer.Option("--method", help=f"Of a map; auto is t-SNE up to {SLOW_TSNE:,} words if installed, else PCA."),
    ] = Method.AUTO,
    color: Annotated[Coloring, typer.Option("--color", help="What a map's colours say.")] = Coloring.CLUSTER,
    clusters: Annotated[
        int, typer.Option("--clusters", help=f"Groups of a map, 1 to {MOST_CLUSTERS}.")
    ] = MOST_CLUSTERS,
    topn: Annotated[int, typer.Option("--topn", "-n", help="How many answers an analogy shows.")] = 5,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="WIDTHxHEIGHT", help="Of a picture in pixels, such as 1600x1200."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Above a map.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same map.")] = 1,
    quiet: QuietFlag = False,
) -> None:
    """Draw vectors (a map, a heat strip, an analogy), a run's curves, evaluation results or phrases.

    w2vplus plot vectors.bin -o map.html --top 5000 : an interactive map, one file that needs no network.
    w2vplus plot vectors.bin king queen man -o strip.png --kind strip : the numbers of vectors as colours.
    w2vplus plot vectors.bin man king woman -o analogy.svg --kind analogy : man is to king as woman is to ...
    w2vplus plot run.jsonl -o curves.png : loss, learning rate and words/s of a training.
    """
    _output.require("--top", top, 2 <= top <= MOST_MAP_WORDS, f"2 to {MOST_MAP_WORDS:,}")
    holds = 1 <= clusters <= MOST_CLUSTERS
    _output.require("--clusters", clusters, holds, f"1 to {MOST_CLUSTERS}", "more colours cannot be told apart")
    _output.require("--topn", topn, topn >= 1, "at least 1")
    _output.require("--seed", seed, 0 <= seed < 2**32, "0 to 4294967295")
    chosen = _kind(kind, source)
    listed = [] if words_from is None else words_listed_in(words_from, "--words-from")
    texts = [*(words or ()), *listed]
    _check_effect(given_options(context), chosen, texts, output)
    _check_output(output, chosen, [source, *([words_from] if words_from is not None else [])])
    _check_words(chosen, texts)
    pixels = _pixels(size)
    drawings: dict[Kind, Callable[[], Any]] = {
        Kind.CURVES: lambda: _curves(source, pixels),
        Kind.EVALUATION: lambda: _evaluation(source, pixels),
        Kind.PHRASES: lambda: _phrases(source, pixels),
    }
    if chosen in drawings:
        drawings[chosen]().save(output)
    else:
        words_of_file = Words.of_file(source)
        loaded, keys = words_of_file.vectors, words_of_file.keys(texts)
        if chosen is Kind.MAP:
            options = {"top": top, "method": method.value, "color": color.value, "clusters": clusters, "seed": seed}
            _save_map(loaded, keys, options, output, pixels, title or f"Map of {Path(source).name}", quiet)
        else:
            _vector_chart(loaded, chosen, keys, topn, pixels).save(output)
    _output.note(f"w2vplus: wrote {output}", quiet=quiet)


def _kind(kind: Kind, source: str) -> Kind:
    if kind is not Kind.AUTO:
        return kind
    bare = re.sub(r"\.(gz|bz2|xz|zst)$", "", source.lower())
    return KIND_OF_SUFFIX.get(Path(bare).suffix, Kind.MAP)


def _check_effect(typed: dict[str, str], kind: Kind, texts: list[str], output: str) -> None:
    """Refuse options that would change nothing."""
    for name, of_kind in ONLY_OF.items():
        if name in typed and kind is not of_kind:
            this = f"and this is {kind.value}: leave it out"
            raise _output.UsageError(f"{typed[name]} is for --kind {of_kind.value}, {this}")
    if "top" in typed and texts:
        raise _output.UsageError("--top is for the most frequent words, and these are named: leave it or them out")
    if "size" in typed and Path(output).suffix.lower() in PAGES:
        raise _output.UsageError("--size is for pictures, and a page takes the size of its window: leave it out")


def _check_output(output: str, kind: Kind, inputs: list[str]) -> None:
    check_writable(output, "--output")
    check_not_an_input(output, "--output", inputs)
    suffixes = (*PICTURES, *PAGES) if kind is Kind.MAP else PICTURES
    if Path(output).suffix.lower() not in suffixes:
        raise _output.UsageError(f"--output must end in {', '.join(suffixes)} for --kind {kind.value}, got {output}")


def _check_words(kind: Kind, texts: list[str]) -> None:
    needed = {Kind.STRIP: "1 word or more", Kind.ANALOGY: "3 words: A B C for A is to B as C is to ..."}
    if (kind is Kind.ANALOGY and len(texts) != 3) or (kind is Kind.STRIP and not texts):
        raise _output.UsageError(f"--kind {kind.value} needs {needed[kind]}, got {len(texts)}")
    if kind in (Kind.CURVES, Kind.EVALUATION, Kind.PHRASES) and texts:
        raise _output.UsageError(f"--kind {kind.value} draws no words, got {', '.join(texts[:3])}")
    if kind is Kind.MAP and len(set(texts)) == 1:
        raise _output.UsageError(f"a map needs at least 2 words, got {texts[0]}; leave it out for the most frequent")


def _pixels(size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    match = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", size.strip().lower())
    if match is None:
        raise _output.UsageError(f"--size must be WIDTHxHEIGHT in pixels, such as 1600x1200, got {size!r}")
    from w2vplus.plots.chart import check_size

    pixels = int(match[1]), int(match[2])
    try:
        check_size(pixels)
    except ValueError as error:
        raise _output.UsageError(f"--size {size}: {error}") from None
    return pixels


def _save_map(
    loaded: KeyedVectors,
    keys: list[str],
    options: dict[str, Any],
    output: str,
    pixels: tuple[int, int] | None,
    title: str,
    quiet: bool,
) -> None:
    from w2vplus.plots import word_map
    from w2vplus.plots.word_map import MAP_SIZE

    shown = len(keys) or min(options["top"], len(loaded))
    if options["method"] in ("tsne", "umap") and shown > SLOW_TSNE:
        _output.note(f"w2vplus: laying out {shown:,} words; that takes minutes, --method pca seconds", quiet=quiet)
    drawn = word_map(loaded, keys or None, title=title, **options)
    drawn.save(output, pixels or MAP_SIZE)
    _output.note(f"w2vplus: {len(drawn.words):,} of {drawn.vocabulary:,} words by {drawn.method}", quiet=quiet)


def _vector_chart(
    loaded: KeyedVectors, kind: Kind, keys: list[str], topn: int, pixels: tuple[int, int] | None
) -> Any:
    from w2vplus.plots.vector_charts import ANALOGY_SIZE, analogy_chart, heat_strip

    if kind is Kind.STRIP:
        return heat_strip(loaded, keys, pixels)
    a, b, c = keys
    return analogy_chart(loaded, a, b, c, topn=topn, size=pixels or ANALOGY_SIZE)


def _curves(source: str, pixels: tuple[int, int] | None) -> Any:
    from w2vplus.plots.run_charts import CURVES_SIZE, training_curves
    from w2vplus.run_log import read_run_log

    record = read_run_log(source)
    if record.ignored:
        _output.warn(f"{source}: left out {_output.plural(record.ignored, 'line')} that a broken-off run cut short")
    return training_curves(record, pixels or CURVES_SIZE)


def _evaluation(source: str, pixels: tuple[int, int] | None) -> Any:
    from w2vplus.plots.run_charts import evaluation_bars, read_evaluation

    return evaluation_bars(read_evaluation(source), pixels)


def _phrases(source: str, pixels: tuple[int, int] | None) -> Any:
    from w2vplus.plots.run_charts import phrase_bars, read_phrase_table

    return phrase_bars(read_phrase_table(source), pixels)
