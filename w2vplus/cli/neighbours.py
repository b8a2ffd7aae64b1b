"""Turns a vectors file into a table of nearest neighbours, thousands of words at once: `w2vplus neighbours`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus._numbers import fixed
from w2vplus.cli import _output
from w2vplus.cli._answers import Limits
from w2vplus.cli._options import QuietFlag, RestrictOption, TopnOption, VectorsArgument
from w2vplus.cli._targets import check_not_an_input, check_writable
from w2vplus.cli._words import Words, words_listed_in

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
    words_from: Annotated[
        str | None,
        typer.Option(
            "--words-from", metavar="FILE", help="Words to look up, one a line; - for standard input; all unless given."
        ),
    ] = None,
    topn: TopnOption = 10,
    restrict_vocab: RestrictOption = None,
    approximate: Annotated[
        bool,
        typer.Option(
            "--approximate",
            help="Search by an index, which takes minutes to build for a million words; says its recall.",
        ),
    ] = False,
    quiet: QuietFlag = False,
) -> None:
    """Write the nearest neighbours of many words to a file."""
    Limits(topn, restrict_vocab).check()
    if approximate and restrict_vocab is not None:
        raise _output.UsageError("--approximate searches all words: leave out --restrict-vocab")
    check_writable(output, "--output")
    check_not_an_input(output, "--output", [vectors, *([words_from] if words_from not in (None, "-") else [])])
    words = Words.of_file(vectors)
    loaded = words.vectors
    asked = list(loaded.index_to_key) if words_from is None else _known(words, words_from)
    if not asked:
        raise _output.CommandError(f"{vectors} has a vector for no word of {words_from}")
    index = _index(loaded, topn, quiet) if approximate else None
    _output.write_table(output, _rows(loaded, asked, topn, restrict_vocab, index))
    most = _output.plural(min(topn, len(loaded) - 1, restrict_vocab or topn), "neighbour")
    _output.note(f"{most} of {_output.plural(len(asked), 'word')} are in {output}", quiet=quiet)


def _known(words: Words, path: str) -> list[Any]:
    """The keys of a file's words that have vectors; the others are counted in a warning."""
    given = words_listed_in(path, "--words-from")
    known = [key for word in given if (key := words.find(word)) is not None]
    if len(known) < len(given):
        first = next(word for word in given if words.find(word) is None)
        missing = _output.plural(len(given) - len(known), "word")
        _output.warn(f"no vector for {missing} of {len(given):,}, {_output.shown(first)} the first; left out")
    return known


def _index(loaded: KeyedVectors, topn: int, quiet: bool) -> VectorIndex:
    from w2vplus.progress import duration
    from w2vplus.queries import VectorIndex

    started = time.perf_counter()
    index = VectorIndex(loaded)
    built = duration(time.perf_counter() - started)
    found = index.recall(topn=topn)
    _output.note(
        f"the index, built in {built}, finds {_output.percent(found.mean)} of the true {topn} nearest"
        f" (of {_output.plural(found.queries, 'random word')}; {_output.percent(found.least)} for the worst)",
        quiet=quiet,
    )
    return index


def _rows(
    loaded: KeyedVectors, asked: list[Any], topn: int, restrict_vocab: int | None, index: VectorIndex | None
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
                yield word, rank, neighbour, fixed(cosine, 6)
