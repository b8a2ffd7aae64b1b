"""Turns one corpus and many settings into measured rows: speed and accuracy of w2vplus and its peers, ratio.

Called by `w2vplus bench`. Every peer gets the same text, the same settings and the same seed; peers run in
turn, repetition by repetition and in changing order, so that a slow minute of the machine hits all of them;
the ratio is the median of the ratios within repetitions. A row of kind "training" times the peer's
training call alone, in this process, and one of kind "lists" the whole way from token lists in memory to a trained
model. Rows of kind "script" (gensim's script with the peer's import) and "whole" (the peer's own command) time fresh
processes from file to saved vectors.

A peer that did not train the whole corpus is not measured but refused: gensim's `corpus_file` mode returns
after 10,000 words of a one-line text without a word, and a ratio to that would be worth nothing.
"""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus._bundled import ANALOGIES, SIMILARITIES, bundled
from w2vplus.bench.corpus import BenchCorpus
from w2vplus.bench.peers import (
    MODES,
    PEERS,
    BenchError,
    Gensim,
    Peer,
    Settings,
    Training,
    W2VPlus,
    script_command,
)
from w2vplus.bench.ratios import spread

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

__all__ = [
    "KINDS",
    "MODES",
    "PEERS",
    "BenchCorpus",
    "BenchError",
    "Plan",
    "Row",
    "Settings",
    "accuracy_of",
    "measure",
]

KINDS = ("training", "lists", "script", "whole")

ANALOGY_VOCABULARY = 30_000
"""Analogies are asked of so many most frequent words, word2vec.c's own habit."""


MEMORY_SECONDS = 0.05
"""How often the memory of a whole run is looked at; its peak so far, so that none between is missed but the last."""


@dataclass
class Row:
    """The measurements of one kind and setting; `seconds` and `accuracy` by peer, one entry a repetition."""

    kind: str
    settings: Settings
    token_count: int
    feeds: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    accuracy: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    peak_megabytes: dict[str, list[float]] = field(default_factory=dict)
    """Of the processes of "script" and "whole" rows; empty where the system does not tell."""

    def words_per_second(self, peer: str) -> float:
        """Raw words a second, all epochs counted: median over the repetitions."""
        words = self.token_count * self.settings.epochs
        return statistics.median(words / seconds for seconds in self.seconds[peer])

    def ratios(self, peer: str) -> list[float]:
        """How many times faster w2vplus was than `peer`, repetition by repetition."""
        pairs = zip(self.seconds[peer], self.seconds[PEERS[0].name], strict=True)
        return [theirs / ours for theirs, ours in pairs]

    def mean_accuracy(self, peer: str) -> dict[str, float]:
        """Each score's mean over the seeds; empty if accuracy was not asked for."""
        runs = self.accuracy.get(peer, [])
        return {name: statistics.fmean(run[name] for run in runs) for name in (runs[0] if runs else ())}

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable: settings, then per peer its figures."""
        peers: dict[str, Any] = {}
        for peer, seconds in self.seconds.items():
            figures: dict[str, Any] = {
                "words_per_second": self.words_per_second(peer),
                "seconds": seconds,
                "fed_by": self.feeds.get(peer),
                "peak_megabytes": self.peak_megabytes.get(peer, []),
                "accuracy": self.mean_accuracy(peer),
                "accuracy_by_seed": self.accuracy.get(peer, []),
            }
            if peer != PEERS[0].name:
                figures["ratio"] = spread(self.ratios(peer))
            peers[peer] = figures
        return {"kind": self.kind, **asdict(self.settings), "tokens": self.token_count, "peers": peers}


@dataclass(frozen=True)
class Plan:
    """How often all is run. Repetition r uses seed r + 1; the first `seeds` are scored if `accuracy`.

    `peers`: who is compared with w2vplus, of `peer_classes`.
    """

    repetitions: int = 5
    accuracy: bool = False
    seeds: int = 3
    peers: tuple[str, ...] = ("gensim",)

    @property
    def runs(self) -> int:
        return max(self.repetitions, self.seeds) if self.accuracy else self.repetitions


def peer_classes(names: Sequence[str]) -> tuple[type[Peer], ...]:
    """w2vplus and the trainers of these names; BenchError, with what to install, for one that is not there."""
    from w2vplus.bench.c_peers import FastText, Word2VecC

    every: tuple[type[Peer], ...] = (W2VPlus, Gensim, FastText, Word2VecC, *PEERS)
    known = {peer.name: peer for peer in every}
    chosen = (PEERS[0], *(known[name] for name in names if name != PEERS[0].name))
    for peer in chosen:
        try:
            peer().version()
        except PackageNotFoundError:
            raise BenchError(f"{peer.name} is not installed: pip install 'w2vplus[peers]'") from None
    return chosen


def measure(
    corpus: BenchCorpus,
    kinds: Sequence[str],
    settings_list: Sequence[Settings],
    plan: Plan,
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[Row]:
    """Yield a row for every kind and setting; `report` receives a line before each run.

    Raises BenchError if a peer fails or its raw words are not the corpus's tokens times the epochs.
    """
    for kind in kinds:
        for settings in settings_list:
            peers = [peer() for peer in peer_classes(plan.peers)]
            row = Row(kind, settings, corpus.token_count, seconds={peer.name: [] for peer in peers})
            label = f"{kind} {settings.mode} size {settings.vector_size} workers {settings.workers}"
            if kind == "training":
                for peer in peers:
                    report(f"{label}: preparing {peer.name}")
                    row.feeds[peer.name] = peer.prepare(corpus, settings)
            for repetition in range(plan.runs):
                # Whoever runs second finds a warmer machine; take turns.
                for peer in peers if repetition % 2 == 0 else reversed(peers):
                    report(f"{label}: {peer.name} {repetition + 1}/{plan.runs}")
                    training = _RUNS[kind](peer, corpus, settings, repetition + 1)
                    row.seconds[peer.name].append(training.seconds)
                    if training.peak_megabytes is not None:
                        row.peak_megabytes.setdefault(peer.name, []).append(training.peak_megabytes)
                    if plan.accuracy and repetition < plan.seeds:
                        row.accuracy.setdefault(peer.name, []).append(accuracy_of(training.vectors()))
            yield row


def _run_training(peer: Peer, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
    training = peer.train(corpus, settings, seed)
    _check_words(peer, corpus, settings, training.raw_words)
    return training


def _run_lists(peer: Peer, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
    """From lists of strings in memory to a trained model, counting the words included."""
    module = _module_of(peer)
    word2vec = import_module(module)
    arguments = settings.arguments(seed, of_w2vplus=module == W2VPlus.module)
    started = time.perf_counter()
    model = word2vec.Word2Vec(**arguments)
    model.build_vocab(corpus.sentences)
    _, raw_words = model.train(corpus.sentences, total_examples=model.corpus_count, epochs=model.epochs)
    seconds = time.perf_counter() - started
    _check_words(peer, corpus, settings, raw_words)
    return Training(seconds, raw_words, lambda: model.wv)


def _run_script(peer: Peer, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
    """gensim's script in a fresh process, with the peer's import."""
    output = corpus.folder / f"{peer.name}.bin"
    command = script_command(_module_of(peer), corpus.whole_file, settings, seed, output)
    return _run_process(peer, command, output, corpus, settings)


def _run_whole(peer: Peer, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
    """Run the peer's command in a fresh process; the time includes starting Python and saving."""
    output = corpus.folder / f"{peer.name}.bin"
    command = peer.command(corpus.whole_file, settings, seed, output)
    return _run_process(peer, command, output, corpus, settings)


def _module_of(peer: Peer) -> str:
    if peer.module is None:
        raise BenchError(f"{peer.name} has no gensim interface: leave it out of --peers for rows lists and script")
    return peer.module


def _run_process(
    peer: Peer, command: Sequence[str], output: Path, corpus: BenchCorpus, settings: Settings
) -> Training:
    # The child must find this very package, also when it runs from a source tree.
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": path}
    # A source tree keeps its compiled modules from one process to the next, as what is installed brings them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # In a folder of its own: in a source tree `python -m` would import the uncompiled package that lies there.
    messages, answer = corpus.folder / "stderr", corpus.folder / "stdout"
    with messages.open("w") as stderr, answer.open("w") as stdout:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment, cwd=corpus.folder)
        peak = _watch_memory(process)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        lines = messages.read_text().strip().splitlines() or ["it said nothing"]
        raise BenchError(f"the process of {peer.name} failed with exit code {process.returncode}: {lines[-1]}")
    raw_words = int(json.loads(answer.read_text())["raw_words"])
    _check_words(peer, corpus, settings, raw_words)
    return Training(seconds, raw_words, lambda: _load_binary(output), peak)


def _watch_memory(process: subprocess.Popen[bytes]) -> float | None:
    """Wait for the process; returns the most memory it held, in megabytes, where Linux tells.

    The peak that a parent is told of a child (`getrusage`) begins with the parent's own size.
    """
    status, peak = Path(f"/proc/{process.pid}/status"), None
    while True:
        try:
            process.wait(MEMORY_SECONDS)
            return peak
        except subprocess.TimeoutExpired:
            pass
        if status.exists():
            found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
            peak = peak if found is None else int(found[1]) / 1024


_RUNS = {"training": _run_training, "lists": _run_lists, "script": _run_script, "whole": _run_whole}


def _load_binary(path: Path) -> KeyedVectors:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(str(path), binary=True)


def _check_words(peer: Peer, corpus: BenchCorpus, settings: Settings, raw_words: int) -> None:
    expected = corpus.token_count * settings.epochs
    if raw_words != expected:
        raise BenchError(
            f"{peer.name} says it trained {raw_words} raw words, but {corpus.token_count} tokens times "
            f"{settings.epochs} epochs are {expected}; no ratio is given for unequal work"
        )


def accuracy_of(vectors: KeyedVectors) -> dict[str, float]:
    """Scores by name: accuracy on Google's analogies, Spearman's rho on WordSim-353 and SimLex-999.

    NaN where the vocabulary knows nothing of a file.
    """
    from w2vplus.errors import CoverageError
    from w2vplus.evaluation import evaluate_analogies, evaluate_similarity

    scores = {}
    try:
        result = evaluate_analogies(vectors, bundled(ANALOGIES), restrict_vocab=ANALOGY_VOCABULARY)
        scores["analogies"] = float(result.total.accuracy or 0.0)
    except CoverageError:
        scores["analogies"] = math.nan
    for name in SIMILARITIES:
        try:
            correlation = evaluate_similarity(vectors, bundled(name)).correlation.spearman
        except CoverageError:
            correlation = math.nan
        scores[Path(name).stem] = correlation
    return scores
