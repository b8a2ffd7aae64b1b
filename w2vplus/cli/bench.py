"""Turns `w2vplus bench CORPUS` into tables of speeds and accuracies; the measuring is in `w2vplus.bench`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus.cli import _bench_tables, _output
from w2vplus.cli._options import JsonFlag, QuietFlag
from w2vplus.cli._targets import check_not_a_source, check_writable
from w2vplus.limits import MOST, MOST_SHARED_NEGATIVES
from w2vplus.progress import count

if TYPE_CHECKING:
    from w2vplus.bench import BenchCorpus, Plan, Settings

MODES = ("sg-ns", "cbow-ns", "sg-hs", "cbow-hs")
PEER_NAMES = ("w2vplus", "gensim", "fasttext", "word2vec")


@dataclass(frozen=True)
class Request:
    """What is to be measured, and with what; `text` is None where no row asks for one."""

    text: BenchCorpus | None
    folder: Path
    settings: Sequence[Settings]
    plan: Plan
    vector_count: int
    note: Callable[[str], None]

    @property
    def corpus(self) -> BenchCorpus:
        assert self.text is not None
        return self.text

    @property
    def sizes(self) -> list[int]:
        return list(dict.fromkeys(settings.vector_size for settings in self.settings))

    @property
    def workers(self) -> list[int]:
        return list(dict.fromkeys(settings.workers for settings in self.settings))


def _training(kind: str, request: Request) -> Iterable[Any]:
    from w2vplus.bench import measure

    return measure(request.corpus, [kind], request.settings, request.plan, request.note)


def _vocabulary(request: Request) -> Iterable[Any]:
    from w2vplus.bench.vocabulary import measure_vocabulary

    return measure_vocabulary(request.corpus, request.workers, request.plan.repetitions, request.note)


def _phrases(request: Request) -> Iterable[Any]:
    from w2vplus.bench.phrases import measure_phrases

    text = str(request.corpus.lines.path)
    return measure_phrases(text, request.folder, request.workers, request.plan.repetitions, request.note)


def _analogies(request: Request) -> Iterable[Any]:
    from w2vplus.bench.analogies import measure_analogies

    return measure_analogies(request.corpus, request.settings, request.plan.repetitions, request.note)


def _queries(request: Request) -> Iterable[Any]:
    from w2vplus.bench.queries import measure_queries

    for settings in request.settings:
        yield from measure_queries(request.corpus, settings, request.plan.repetitions, request.note)


def _vectors(request: Request) -> Iterable[Any]:
    from w2vplus.bench.vectors import measure_vectors

    return measure_vectors(request.folder, request.vector_count, request.sizes, request.plan.repetitions, request.note)


def _index(request: Request) -> Iterable[Any]:
    from w2vplus.bench.index import measure_index

    return measure_index(request.vector_count, request.sizes, request.workers, request.note)


@dataclass(frozen=True)
class Kind:
    """One of --rows: what it compares, how it is measured and shown."""

    help: str
    measure: Callable[[Request], Iterable[Any]]
    show: Callable[[list[Any], str], None]
    title: str = ""
    needs_text: bool = True


KINDS = {
    "training": Kind("train() alone", partial(_training, "training"), _bench_tables.print_rows),
    "lists": Kind("lists of tokens in memory to a model", partial(_training, "lists"), _bench_tables.print_rows),
    "script": Kind(
        "gensim's script with one import changed, in fresh processes", partial(_training, "script"),
        _bench_tables.print_rows,
    ),
    "whole": Kind(
        "fresh processes, file to saved vectors", partial(_training, "whole"), _bench_tables.print_rows
    ),
    "vocabulary": Kind(
        "text to ids against gensim's scan", _vocabulary, _bench_tables.print_vocabulary, "text to ids"
    ),
    "phrases": Kind("Phrases", _phrases, _bench_tables.print_phrase_rows, "phrases"),
    "analogies": Kind("Google's questions", _analogies, _bench_tables.print_analogy_rows, "Google's analogies"),
    "queries": Kind("many in one call against a loop", _queries, _bench_tables.print_query_rows, "queries"),
    "vectors": Kind(
        "saving and loading random vectors", _vectors, _bench_tables.print_vector_rows, "vectors to and from files",
        needs_text=False,
    ),
    "index": Kind(
        "building an index of random clusters, and its recall", _index, _bench_tables.print_index_rows,
        "an index of clusters", needs_text=False,
    ),
}  # fmt: skip


def bench(
    corpus: Annotated[
        str | None,
        typer.Argument(metavar="CORPUS", show_default=False, help="A text, as train reads it; vectors need none."),
    ] = None,
    rows: Annotated[
        str, typer.Option("--rows", help="; ".join(f"{name}: {kind.help}" for name, kind in KINDS.items()) + ".")
    ] = "training",
    modes: Annotated[str, typer.Option("--modes", help=f"Any of {','.join(MODES)}.")] = "sg-ns",
    vector_size: Annotated[str, typer.Option("--vector-size", help="Sizes, for example 100,300.")] = "100",
    workers: Annotated[
        str, typer.Option("--workers", help="Numbers of worker threads, for example 1,2.")
    ] = "1",
    shared_negatives: Annotated[
        str | None,
        typer.Option(
            "--shared-negatives",
            metavar="NUMBERS",
            help="How many windows share a draw of noise words in w2vplus, for example 0,1,2,3,4; 0 draws for every"
            " pair, as gensim does; w2vplus's default unless set.",
        ),
    ] = None,
    window: Annotated[int, typer.Option("--window")] = 5,
    sample: Annotated[float, typer.Option("--sample")] = 1e-3,
    min_count: Annotated[int, typer.Option("--min-count")] = 5,
    epochs: Annotated[int, typer.Option("--epochs")] = 1,
    repetitions: Annotated[int, typer.Option("--repetitions", help="Runs of each; they alternate.")] = 5,
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="Score the vectors: Google analogies, WordSim-353, SimLex-999.")
    ] = False,
    peers: Annotated[
        str,
        typer.Option("--peers", help=f"Who trains beside w2vplus: any of {','.join(PEER_NAMES)}; w2vplus is it alone."),
    ] = "gensim",
    seeds: Annotated[int, typer.Option("--seeds", help="Seeds that accuracy is the mean of.")] = 3,
    vector_count: Annotated[
        int, typer.Option("--vector-count", help="How many vectors to make, for --rows vectors and index.")
    ] = 89_000,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", help="Use only the beginning of the text, for a quick look.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write every figure as JSON.")
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Measure w2vplus against gensim on the same text with the same settings, in turn.

    Every row gives the words/s of each (median over the repetitions) and the ratio (median of the ratios
    within repetitions, least and greatest beside it). A peer that did not train every word is an error.
    """
    kinds = _output.choices("--rows", rows, tuple(KINDS))
    plan_modes = _output.choices("--modes", modes, MODES)
    sizes, worker_counts = numbers("--vector-size", vector_size), numbers("--workers", workers)
    shares: list[int | None] = [None]
    if shared_negatives is not None:
        shares = [*numbers("--shared-negatives", shared_negatives, 0, MOST_SHARED_NEGATIVES)]
    for option, value in (("--window", window), ("--min-count", min_count), ("--epochs", epochs)):
        _output.require(option, value, 1 <= value <= MOST, f"from 1 to {MOST}" if value > MOST else "at least 1")
    for option, value in (("--repetitions", repetitions), ("--seeds", seeds), ("--vector-count", vector_count)):
        _output.require(option, value, value >= 1, "at least 1")
    _output.require("--sample", sample, sample >= 0, "at least 0")
    if max_tokens is not None:
        _output.require("--max-tokens", max_tokens, max_tokens >= 1, "at least 1")
    if output is not None:
        check_writable(output, "--output")
        check_not_a_source(output, "--output", [corpus] if corpus else [])
    if corpus is None and any(KINDS[kind].needs_text for kind in kinds):
        raise _output.UsageError(f"missing argument CORPUS: --rows {rows} measures with a text")

    from w2vplus.bench import BenchCorpus, Plan, Settings
    from w2vplus.bench.machine import environment, is_busy

    plan = Plan(repetitions, accuracy, seeds, tuple(_output.choices("--peers", peers, PEER_NAMES)))
    settings = [
        Settings(mode, size, window, min_count, sample, epochs, worker_count, share)
        for mode in plan_modes
        for size in sizes
        for worker_count in worker_counts
        for share in shares
    ]
    facts = environment(plan.peers)
    if is_busy():
        _output.warn(
            f"the machine is busy (load {facts['load']} on {facts['cpus']} CPUs): figures will scatter"
        )
    note = partial(_output.note, quiet=quiet)
    measured: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory(prefix="w2vplus-bench-") as folder:
        text = None
        if corpus is not None:
            note(f"reading {corpus}")
            text = BenchCorpus(corpus, Path(folder), max_tokens)
        request = Request(text, Path(folder), settings, plan, vector_count, note)
        for kind in kinds:
            measured[kind] = list(KINDS[kind].measure(request))
    report = {
        "corpus": corpus,
        "tokens": None if text is None else text.token_count,
        "types": None if text is None else len(text.encoded.types),
        "environment": facts,
        "plan": {"repetitions": plan.runs, "accuracy": accuracy, "seeds": seeds if accuracy else 0},
        "rows": [{"kind": kind, **row.as_dict()} for kind, found in measured.items() for row in found],
    }
    if as_json:
        _output.write_json(report, "-")
    else:
        subject = f"{count(vector_count)} vectors" if text is None else f"{corpus}: {count(text.token_count)} tokens"
        for kind, found in measured.items():
            KINDS[kind].show(found, f"{subject}, {KINDS[kind].title or _output.plural(epochs, 'epoch')}")
        note(", ".join(f"{name} {value}" for name, value in facts.items()))
    if output is not None:
        _output.write_json(report, output)


def numbers(option: str, text: str, least: int = 1, most: int | None = None) -> list[int]:
    """The whole numbers of a comma-separated list; UsageError for one that is not from `least` to `most`."""
    rule = f"a list of whole numbers from {least} {'on' if most is None else f'to {most}'}"
    names = [name.strip() for name in text.split(",")]
    for name in names:
        allowed = name.isdecimal() and least <= int(name) and (most is None or int(name) <= most)
        _output.require(option, repr(name), allowed, rule)
    return [int(name) for name in dict.fromkeys(names)]
