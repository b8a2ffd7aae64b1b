"""Turns measured rows of `w2vplus bench` into tables for the terminal, a function for each kind of row."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from w2vplus.cli import _output

if TYPE_CHECKING:
    from w2vplus.bench import Row
    from w2vplus.bench.analogies import AnalogyRow
    from w2vplus.bench.index import IndexRow
    from w2vplus.bench.phrases import PhraseRow
    from w2vplus.bench.queries import QueryRow
    from w2vplus.bench.vectors import VectorsRow
    from w2vplus.bench.vocabulary import VocabularyRow


def print_rows(rows: list[Row], title: str) -> None:
    """A table of speeds and, if there are scores, one of accuracies; a line for each peer of each row."""
    from w2vplus.bench import PEERS

    reference = PEERS[0].name
    with_shares = any(row.settings.shared_negatives is not None for row in rows)
    with_memory = any(row.peak_megabytes for row in rows)
    scores = list(dict.fromkeys(name for row in rows for name in row.mean_accuracy(reference)))
    speeds: list[list[object]] = []
    accuracies: list[list[object]] = []
    for row in rows:
        for peer in row.seconds:
            share = "" if peer != reference else row.settings.shared_negatives
            label = [row.kind, row.settings.mode, row.settings.vector_size, row.settings.workers]
            label += [*([share] if with_shares else []), peer]
            ratio = "" if peer == reference else format_ratio(row.ratios(peer))
            memory = row.peak_megabytes.get(peer)
            peak = "" if memory is None else f"{max(memory):,.0f} MB"
            speeds.append([*label, f"{row.words_per_second(peer):,.0f}", ratio, *([peak] if with_memory else [])])
            means = row.mean_accuracy(peer)
            accuracies.append([*label, *(format_score(name, means[name]) for name in scores)])
    labels: list[_output.Column] = ["row", "mode", "size", "workers", *(["shared"] * with_shares), "trainer"]
    columns = [*labels, ("words/s", "right"), (f"{reference} faster by", "right")]
    columns += [("peak memory", "right")] * with_memory
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
    from w2vplus.bench.phrases import OURS, TASKS, WORDS_ALONE

    lines: list[list[object]] = []
    for row in rows:
        for peer, seconds in row.seconds.items():
            ratio = "" if peer == OURS else format_ratio(row.ratios(peer))
            if peer == WORDS_ALONE:
                ratio = f"{100 * statistics.median(row.extra_times()):+.0f} % for phrases"
            memory, share = row.peak_megabytes.get(peer), row.memory_ratio(peer)
            peak = "" if memory is None else f"{statistics.median(memory):,.0f} MB"
            if peer != OURS and share is not None:
                peak += f" ({OURS}: {share:.2f})"
            workers = row.workers if peer in (OURS, WORDS_ALONE) else 1
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


def print_analogy_rows(rows: list[AnalogyRow], title: str) -> None:
    """A table of processor seconds, a line for each size and cut."""
    lines = [
        [
            row.dimensions,
            row.words,
            row.answered,
            *(f"{statistics.median(row.seconds[peer]):.2f}" for peer in ("gensim", "w2vplus")),
            format_ratio(row.ratios()),
        ]
        for row in rows
    ]
    right: list[_output.Column] = [
        (name, "right") for name in ("gensim, CPU s", "w2vplus, CPU s", "w2vplus faster by")
    ]
    _output.print_table(["size", "words", "questions", *right], lines, title=title)


def print_query_rows(rows: list[QueryRow], title: str) -> None:
    """A table of rates; a line for each kind of query."""
    lines: list[list[object]] = []
    for row in rows:
        rates = [f"{statistics.median(row.rates[peer]):,.0f}" for peer in ("gensim", "w2vplus")]
        index = "" if row.recall is None else f"{_output.percent(row.recall)}, built in {row.build_seconds:.1f} s"
        lines.append([row.task, row.queries, row.words, row.dimensions, *rates, format_ratio(row.ratios()), index])
    right: list[_output.Column] = [
        (name, "right") for name in ("gensim's loop, queries/s", "w2vplus", "faster by", "recall of the index")
    ]
    _output.print_table(["queries", "in one call", "words", "size", *right], lines, title=title)


def print_index_rows(rows: list[IndexRow], title: str) -> None:
    """A table of times and recalls; a line for each index."""
    lines: list[list[object]] = []
    for row in rows:
        rates = [f"{row.queries_per_second[name]:,.0f}" for name in ("exact", "index")]
        shares = [_output.percent(share) for share in (row.recall.mean, row.recall.least)]
        seconds = [f"{taken:.1f}" for taken in (row.build_seconds, row.processor_seconds)]
        lines.append([row.words, row.dimensions, row.threads, *seconds, *rates, *shares])
    found = f"of the {rows[0].recall.topn} nearest it finds"
    right: list[_output.Column] = [
        (name, "right")
        for name in ("seconds to build", "CPU s", "exact queries/s", "index queries/s", found, "at the worst")
    ]
    _output.print_table(["words", "size", "threads", *right], lines, title=title)


def print_vector_rows(rows: list[VectorsRow], title: str) -> None:
    """A table of times, a line for each size and task."""
    from w2vplus.bench.vectors import GENSIM, OURS

    lines: list[list[object]] = []
    for row in rows:
        medians = [statistics.median(row.seconds[peer]) for peer in (GENSIM, OURS)]
        size = f"{row.file_bytes / 1e6:,.0f} MB"
        seconds = [f"{median:.3f}" for median in medians]
        lines.append([row.task, row.count, row.dimensions, size, *seconds, format_ratio(row.ratios)])
    columns: list[_output.Column] = [
        "task", "vectors", "size", ("file", "right"), (f"{GENSIM} seconds", "right"), (f"{OURS} seconds", "right"),
        ("faster by", "right"),
    ]  # fmt: skip
    _output.print_table(columns, lines, title=title)


def format_score(name: str, value: float) -> str:
    """Analogies as a percentage, correlations as they are."""
    return _output.percent(value) if name == "analogies" else _output.cell_text(value)


def format_ratio(ratios: list[float]) -> str:
    """The median ratio with its range, as 19.8× (18.9–20.4)."""
    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"
