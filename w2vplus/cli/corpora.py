"""Turns texts into lists to read: `w2vplus vocab` (words and counts) and `w2vplus phrases` (joined pairs)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from w2vplus.cli import _output, _pipeline
from w2vplus.cli._groups import grouped
from w2vplus.cli._options import CorpusArgument, JsonFlag, QuietFlag, TopOption
from w2vplus.cli._phrase_settings import PhraseCommandSettings
from w2vplus.cli._reading import EncodeOptions, ReadOptions
from w2vplus.cli._targets import check_distinct, check_not_a_source, check_writable
from w2vplus.limits import available_cpus

if TYPE_CHECKING:
    from w2vplus.corpus import Corpus
    from w2vplus.phrases import FoundPhrase
    from w2vplus.store import EncodedCorpus


@grouped
def vocab(
    corpus: CorpusArgument,
    *,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write every word: word, tab, count.")
    ] = None,
    min_count: Annotated[int, typer.Option("--min-count", help="Leave out words that occur less often.")] = 1,
    max_types: Annotated[
        int | None,
        typer.Option(
            "--max-types",
            help="Count with memory for about so many words; says how far counts may be too low.",
        ),
    ] = None,
    top: TopOption = 20,
    reading: ReadOptions,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Count the words of CORPUS: how many there are, the most frequent, what a --min-count would keep."""
    _output.require("--min-count", min_count, min_count >= 0, "at least 0")
    _output.require("--top", top, top >= 0, "at least 0")
    if output is not None:
        check_writable(output, "--output")
        check_not_a_source(output, "--output", corpus)
    if max_types is not None:
        _output.require("--max-types", max_types, max_types >= 1, "at least 1")
    from w2vplus.counts_file import write_counts
    from w2vplus.vocabulary import select_vocabulary

    counted = _pipeline.count_corpus(corpus, reading, max_types, quiet=quiet or as_json)
    words = select_vocabulary(counted.types, counted.counts, min_count=min_count)
    counts = words.counts.tolist()
    if output is not None:
        write_counts(output, words.keys, counts)
    summary = {
        "tokens": counted.token_count,
        "sentences": counted.sentence_count,
        "types": len(counted.types),
        "words": len(words.keys),
        "word_tokens": sum(counts),
        "error_bound": counted.error_bound,
    }
    if as_json:
        most_frequent = [
            {"word": word, "count": count} for word, count in zip(words.keys[:top], counts[:top], strict=True)
        ]
        _output.write_json({**summary, "most_frequent": most_frequent}, "-")
        return
    if top and not quiet:
        share = [_output.percent(count / counted.token_count) for count in counts[:top]]
        rows = list(zip(words.keys[:top], counts[:top], share, strict=True))
        _output.print_table(["word", "count", ("of all", "right")], rows, title="Most frequent words")
    covered = _output.percent(summary["word_tokens"] / counted.token_count)
    sentences, times = _output.plural(counted.sentence_count, "sentence"), _output.plural(min_count, "time")
    print(
        f"{summary['tokens']:,} tokens in {sentences}, {summary['types']:,}"
        f" {'different words kept' if counted.error_bound else 'different'};"
        f" {summary['words']:,} occur {times} or more and cover {covered}"
    )
    if counted.error_bound:
        print(
            f"rare words were forgotten on the way: counts are too low by at most {counted.error_bound:,},"
            f" and words that are not listed occur at most so often"
        )


@grouped
def phrases(
    corpus: CorpusArgument,
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the text, phrases joined by _."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export", metavar="FILE", help="Write every phrase, tab-separated: phrase, count, score, words."
        ),
    ] = None,
    settings: PhraseCommandSettings,
    top: TopOption = 20,
    reading: EncodeOptions,
    explain: Annotated[
        list[str] | None,
        typer.Option(
            "--explain",
            metavar="WORDS",
            help='Say why words ("new york") are joined or not; may be given again.',
        ),
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Find pairs of words in CORPUS that belong together, such as new_york, and join them.

    Counts are those of the joined text, scores those of gensim's Phrases.
    `w2vplus train --phrases 1` does the same on the way to vectors.
    """
    _output.require("--top", top, top >= 0, "at least 0")
    for words in explain or []:
        _output.require("--explain", repr(words), len(words.split()) >= 2, "two words or more, in quotes")
    for option, path in (("--output", output), ("--export", export)):
        if path is not None:
            check_writable(path, option)
            check_not_a_source(path, option, corpus)
    check_distinct(("--output", output), ("--export", export))
    opened = reading.open(corpus)
    encoded = _pipeline.encode_opened(
        opened, corpus, reading, workers=available_cpus(), quiet=quiet or as_json
    )
    joined = _pipeline.join_phrases(encoded, settings, workers=available_cpus())
    explanations = _pipeline.explain_phrases(encoded, settings, explain or [])
    if output is not None and joined.phrases is not None:
        joined.phrases.write(rereadable(opened, encoded), output, workers=available_cpus())
    if export is not None:
        write_phrases(export, joined.found)
    if as_json:
        tokens = {"tokens": encoded.token_count, "joined_tokens": joined.encoded.token_count}
        best = [asdict(entry) for entry in joined.found[:top]]
        explained = {"explained": [asdict(one) for one in explanations]} if explanations else {}
        _output.write_json({**tokens, "phrases": len(joined.found), "best": best, **explained}, "-")
        return
    if top and joined.found and not quiet:
        print_phrases(joined.found[:top], "Phrases of the highest scores")
    for explanation in explanations:
        print(explanation)
    counts = f"{encoded.token_count:,} tokens became {joined.encoded.token_count:,}"
    print(f"{len(joined.found):,} phrases; {counts}")


def rereadable(opened: Corpus, encoded: EncodedCorpus) -> Corpus:
    """What to read a corpus from once more: plain text files again, for they pass natively; of anything else its
    encoded form."""
    from w2vplus.corpus import TextCorpus

    return opened if isinstance(opened, TextCorpus) and not opened.raw_text.is_any else encoded


def print_phrases(found: Sequence[FoundPhrase], title: str) -> None:
    """Phrases as a table."""
    rows = [
        [entry.phrase, entry.count, f"{entry.score:.4g}", " + ".join(entry.components)] for entry in found
    ]
    _output.print_table(["phrase", "count", ("score", "right"), "joined from"], rows, title=title)


def write_phrases(path: str, found: Iterable[FoundPhrase]) -> None:
    """Write phrases as tab-separated lines: phrase, count, score, words with spaces between them."""
    rows = ((entry.phrase, entry.count, f"{entry.score:.4f}", " ".join(entry.words)) for entry in found)
    _output.write_table(path, rows)
