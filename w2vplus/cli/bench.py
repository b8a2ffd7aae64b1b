"""Turns `w2vplus bench CORPUS` into a table of speeds and accuracies; the measuring is in `w2vplus.bench`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2vplus.cli import _output
from w2vplus.cli._settings import MOST
from w2vplus.cli._targets import check_not_a_source, check_writable
from w2vplus.progress import count

if TYPE_CHECKING:
    from w2vplus.bench import Row
    from w2vplus.bench.phrases import PhraseRow
    from w2vplus.bench.queries import QueryRow
    from w2vplus.bench.vocabulary import VocabularyRow

MODES = ("sg-ns", "cbow-ns", "sg-hs", "cbow-hs")
ROWS = ("training", "whole", "vocabulary", "phrases", "queries")


def bench(
    corpus: Annotated[str, typer.Argument(metavar="CORPUS", help="A text, as train reads it.")],
    rows: Annotated[
        str,
        typer.Option(
            "--rows",
            help="training: train() alone; whole: fresh processes, file to saved vectors; vocabulary: text to"
            " ids against gensim's scan; phrases: Phrases; queries: many at once against a loop over"
            " most_similar.",
        ),
    ] = "training",
    modes: Annotated[str, typer.Option("--modes", help=f"Any of {','.join(MODES)}.")] = "sg-ns",
    vector_size: Annotated[str, typer.Option("--vector-size", help="Sizes, for example 100,300.")] = "100",
    workers: Annotated[
        str, typer.Option("--workers", help="Numbers of worker threads, for example 1,2.")
    ] = "1",
    window: Annotated[int, typer.Option("--window")] = 5,
    sample: Annotated[float, typer.Option("--sample")] = 1e-3,
    min_count: Annotated[int, typer.Option("--min-count")] = 5,
    epochs: Annotated[int, typer.Option("--epochs")] = 1,
    repetitions: Annotated[int, typer.Option("--repetitions", help="Runs of each; they alternate.")] = 5,
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="Score the vectors: Google analogies, WordSim-353, SimLex-999.")
    ] = False,
    seeds: Annotated[int, typer.Option("--seeds", help="Seeds that accuracy is the mean of.")] = 3,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", help="Use only the beginning of the text, for a quick look.")
    ] = None,
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="Write every figure as JSON; - is standard output."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress lines.")] = False,
) -> None:
    """Measure w2vplus against gensim on the same text with the same settings, in turn.

    Every row gives the words/s of each (median over the repetitions) and the ratio (median of the ratios
    within repetitions, least and greatest beside it). A peer that did not train every word is an error.
    """
    kinds = choices("--rows", rows, ROWS)
    plan_modes = choices("--modes", modes, MODES)
    sizes, worker_counts = numbers("--vector-size", vector_size), numbers("--workers", workers)
    for option, value in (("--window", window), ("--min-count", min_count), ("--epochs", epochs)):
        _output.require(option, value, 1 <= value <= MOST, f"from 1 to {MOST}" if value > MOST else "at least 1")
    for option, value in (("--repetitions", repetitions), ("--seeds", seeds)):
        _output.require(option, value, value >= 1, "at least 1")
    _output.require("--sample", sample, sample >= 0, "at least 0")
    if max_tokens is not None:
        _output.require("--max-tokens", max_tokens, max_tokens >= 1, "at least 1")
    if json_file not in (None, "-"):
        check_writable(str(json_file), "--json")
        check_not_a_source(str(json_file), "--json", [corpus])

    from w2vplus.bench import BenchCorpus, Plan, Settings, environment, is_busy, measure
    from w2vplus.bench.phrases import measure_phrases
    from w2vplus.bench.queries import measure_queries
    from w2vplus.bench.vocabulary import measure_vocabulary

    plan = Plan(repetitions, accuracy, seeds)
    settings = [
        Settings(mode, size, window, min_count, sample, epochs, worker_count)
        for mode in plan_modes
        for size in sizes
        for worker_count in worker_counts
    ]
    facts = environment()
    if is_busy():
        _output.warn(
            f"the machine is busy (load {facts['load']} on {facts['cpus']} CPUs): figures will scatter"
        )
    with tempfile.TemporaryDirectory(prefix="w2vplus-bench-") as folder:
        _output.note(f"reading {corpus}", quiet=quiet)
        text = BenchCorpus(corpus, Path(folder), max_tokens)

        def note(line: str) -> None:
            _output.note(line, quiet=quiet)

        training_kinds = [kind for kind in kinds if kind in ("training", "whole")]
        measured = list(measure(text, training_kinds, settings, plan, note))
        scanned: list[VocabularyRow] = []
        if "vocabulary" in kinds:
            scanned = list(measure_vocabulary(text, worker_counts, repetitions, note))
        phrase_rows: list[PhraseRow] = []
        if "phrases" in kinds:
            plain = str(text.line_file)
            phrase_rows = list(measure_phrases(plain, Path(folder), worker_counts, plan.runs, note))
        query_rows: list[QueryRow] = []
        if "queries" in kinds:
            query_rows = [row for one in settings for row in measure_queries(text, one, repetitions, note)]
    report = {
        "corpus": corpus,
        "tokens": text.token_count,
        "types": len(text.encoded.types),
        "environment": facts,
        "plan": {"repetitions": plan.runs, "accuracy": accuracy, "seeds": seeds if accuracy else 0},
        "rows": [*(row.as_dict() for row in measured), *(row.as_dict() for row in phrase_rows)],
        "vocabulary": [row.as_dict() for row in scanned],
        "queries": [row.as_dict() for row in query_rows],
    }
    if json_file != "-":
        title = f"{corpus}: {count(text.token_count)} tokens"
        if measured:
            print_rows(measured, title=f"{title}, {_output.plural(epochs, 'epoch')}")
        if scanned:
            print_vocabulary(scanned, title=f"{title}, text to ids")
        if phrase_rows:
            print_phrase_rows(phrase_rows, title=f"{title}, phrases")
        if query_rows:
            print_query_rows(query_rows, title=f"{title}, queries")
        _output.note(", ".join(f"{name} {value}" for name, value in facts.items()), quiet=quiet)
    if json_file is not None:
        _output.write_json(report, json_file)


def print_rows(rows: list[Row], title: str) -> None:
    """A table of speeds and, if there are scores, one of accuracies; a line for each peer of each row."""
    from w2vplus.bench import PEERS

    reference = PEERS[0].name
    scores = list(dict.fromkeys(name for row in rows for name in row.mean_accuracy(reference)))
    speeds: list[list[object]] = []
    accuracies: list[list[object]] = []
    for row in rows:
        for peer in row.seconds:
            label = [row.kind, row.settings.mode, row.settings.vector_size, row.settings.workers, peer]
            ratio = "" if peer == reference else format_ratio(row.ratios(peer))
            speeds.append([*label, f"{row.words_per_second(peer):,.0f}", ratio])
            means = row.mean_accuracy(peer)
            accuracies.append([*label, *(format_score(name, means[name]) for name in scores)])
    labels: list[_output.Column] = ["row", "mode", "size", "workers", "trainer"]
    columns = [*labels, ("words/s", "right"), (f"{reference} faster by", "right")]
    _output.print_table(columns, speeds, title=title)
    if scores:
        seeds = _output.plural(len(rows[0].accuracy[reference]), "seed")
        columns = [*labels, *((name, "right") for name in scores)]
        _output.print_table(columns, accuracies, title=f"Accuracy, mean of {seeds}")


def print_vocabulary(rows: list[VocabularyRow], title: str) -> None:
    """A table of reading speeds, a line for each form of the file and number of workers."""
    lines: list[list[object]] = []
    for row in rows:
        cost = row.cost_of_compression
        lines.append(
            [
                row.form,
                row.workers,
                f"{row.words_per_second:,.0f}",
                f"{row.ratio_to_gensim:.2f}×",
                f"{row.speed_up:.2f}×" if row.workers > 1 else "",
                "" if cost is None else f"{cost:.2f}×",
            ]
        )
    right: list[_output.Column] = [
        (name, "right")
        for name in ("words/s", "gensim's scan", "one worker", "larger of inflation and plain")
    ]
    _output.print_table(["file", "workers", *right], lines, title=title)


def print_phrase_rows(rows: list[PhraseRow], title: str) -> None:
    """A table of times; a line for each peer of each task."""
    import statistics

    from w2vplus.bench.phrases import OURS, TASKS

    lines: list[list[object]] = []
    for row in rows:
        for peer, seconds in row.seconds.items():
            ratio = "" if peer == OURS else format_ratio(row.ratios(peer))
            memory = row.peak_megabytes.get(peer)
            peak = "" if memory is None else f"{statistics.median(memory):,.0f} MB"
            workers = row.workers if peer == OURS else 1
            lines.append([TASKS[row.task], peer, workers, f"{statistics.median(seconds):.2f}", ratio, peak])
    columns: list[_output.Column] = [
        "phrases",
        "by",
        "threads",
        ("seconds", "right"),
        (f"{OURS} faster by", "right"),
        ("peak memory", "right"),
    ]
    _output.print_table(columns, lines, title=title)


def print_query_rows(rows: list[QueryRow], title: str) -> None:
    """A table of rates; a line for each kind of query."""
    import statistics

    lines: list[list[object]] = []
    for row in rows:
        rates = [f"{statistics.median(row.rates[peer]):,.0f}" for peer in ("gensim", "w2vplus")]
        index = "" if row.recall is None else f"{_output.percent(row.recall)}, built in {row.build_seconds:.1f} s"
        lines.append([row.task, row.queries, row.words, row.dimensions, *rates, format_ratio(row.ratios()), index])
    right: list[_output.Column] = [
        (name, "right") for name in ("gensim's loop, queries/s", "w2vplus", "faster by", "recall of the index")
    ]
    _output.print_table(["queries", "in one call", "words", "size", *right], lines, title=title)


def format_score(name: str, value: float) -> str:
    """Analogies as a percentage, correlations as they are."""
    return _output.percent(value) if name == "analogies" else _output.cell_text(value)


def format_ratio(ratios: list[float]) -> str:
    """The median ratio with its range, as 19.8× (18.9–20.4)."""
    import statistics

    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"


def choices(option: str, text: str, allowed: tuple[str, ...]) -> list[str]:
    """The names of a comma-separated list, in its order; UsageError names one that is not allowed."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        _output.require(option, repr(name), name in allowed, f"a list of {', '.join(allowed)}")
    return list(dict.fromkeys(names))


def numbers(option: str, text: str) -> list[int]:
    """The positive whole numbers of a comma-separated list."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        _output.require(
            option, repr(name), name.isdecimal() and int(name) >= 1, "a list of whole numbers from 1 on"
        )
    return [int(name) for name in dict.fromkeys(names)]
