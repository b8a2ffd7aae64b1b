"""Turns a vectors file into a table of nearest neighbours, thousands of words at once: `w2vplus neighbours`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from w2vplus.cli import _output
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.cli._words import Words
from w2vplus.cli.query import VectorsArgument

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.queries import VectorIndex

WORDS_AT_ONCE = 10_000


def neighbours(
    vectors: VectorsArgument,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Lines of word, rank, neighbour, cosine, tab-separated."),
    ],
    words: Annotated[
        str | None,
        typer.Option("--words", metavar="FILE", help="Words to look up, one a line; - for standard input; else all."),
    ] = None,
    topn: Annotated[int, typer.Option("--topn", "-n", help="Neighbours of each word.")] = 10,
    restrict_vocab: Annotated[
        int | None, typer.Option("--restrict-vocab", help="Search only this many of the most frequent words.")
    ] = None,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Search by an index, for millions of words; says its recall.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Write the nearest neighbours of many words to a file."""
    _output.require("--topn", topn, topn >= 1, "at least 1")
    if restrict_vocab is not None:
        _output.require("--restrict-vocab", restrict_vocab, restrict_vocab >= 1, "at least 1")
    if approximate and restrict_vocab is not None:
        raise _output.UsageError("--approximate searches all words: leave out --restrict-vocab")
    check_writable(output, "--output")
    check_not_an_input(output, "--output", [vectors, *([words] if words not in (None, "-") else [])])
    from w2vplus.cli.corpora import write_table

    loaded = Words.of_file(vectors).vectors
    asked = list(loaded.index_to_key) if words is None else _known(loaded, words)
    if not asked:
        raise _output.CommandError(f"{vectors} has a vector for no word of {words}")
    index = _index(loaded, topn, quiet) if approximate else None
    write_table(output, _rows(loaded, asked, topn, restrict_vocab, index))
    if not quiet:
        most = min(topn, len(loaded) - 1, restrict_vocab or topn)
        _output.note(f"{_output.plural(most, 'neighbour')} of {_output.plural(len(asked), 'word')} are in {output}")


def _known(loaded: KeyedVectors, path: str) -> list[str]:
    """The words of a file that have vectors; the others are counted in a warning."""
    import sys

    import smart_open

    if path == "-":
        lines = sys.stdin.read().splitlines()
    else:
        with smart_open.open(path, "r", encoding="utf-8") as file:
            lines = file.read().splitlines()
    given = [line.strip() for line in lines if line.strip()]
    known = [word for word in given if word in loaded.key_to_index]
    if len(known) < len(given):
        first = next(word for word in given if word not in loaded.key_to_index)
        missing = _output.plural(len(given) - len(known), "word")
        _output.warn(f"no vector for {missing} of {len(given):,}, {_output.shown(first)} the first; left out")
    return known


def _index(loaded: KeyedVectors, topn: int, quiet: bool) -> VectorIndex:
    from w2vplus.queries import VectorIndex

    index = VectorIndex(loaded)
    found = index.recall(topn=topn)
    _output.note(
        f"the index finds {_output.percent(found.mean)} of the true {topn} nearest"
        f" (of {_output.plural(found.queries, 'random word')}; {_output.percent(found.least)} for the worst)",
        quiet=quiet,
    )
    return index


def _rows(
    loaded: KeyedVectors, asked: list[str], topn: int, restrict_vocab: int | None, index: VectorIndex | None
) -> Iterator[tuple[object, ...]]:
    from w2vplus.queries import most_similar_many

    for start in range(0, len(asked), WORDS_AT_ONCE):
        batch = asked[start : start + WORDS_AT_ONCE]
        # As lists of one: a key may be a number.
        found = most_similar_many(
            loaded, [[word] for word in batch], topn=topn, restrict_vocab=restrict_vocab, index=index
        )
        for word, nearest in zip(batch, found, strict=True):
            for rank, (neighbour, cosine) in enumerate(nearest, start=1):
                yield word, rank, neighbour, f"{cosine:.6f}"
