"""Times phrase detection: learning from a file, file to file, over token lists, before training; and the memory of
learning.

`measure_phrases` is called by `w2vplus bench --rows phrases`. Every figure is taken in a fresh process of its
own (this module run as a script), the peers in turn, so that no memory passes from one to the other.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from w2vplus.bench.peers import BenchError
from w2vplus.bench.ratios import spread

OURS = "w2vplus"
WORD2PHRASE = "word2phrase"
WORDS_ALONE = "w2vplus, words alone"
TASKS = {
    "learn": "learning from a file",
    "whole": "learning and writing the joined text",
    "write": "applying, file to file",
    "lists": "applying to token lists",
    "train": "train --phrases 2, one epoch",
}
LIST_TOKENS = 2_000_000
"""Token lists are costly to hold; so many tokens are enough to time them."""

MIN_COUNT, THRESHOLD = 5, 10.0
"""gensim's defaults; word2phrase is given its own scale's usual threshold."""
WORD2PHRASE_THRESHOLD = 100.0


@dataclass
class PhraseRow:
    """One task: `seconds` by peer, one entry a repetition; `peak_megabytes` likewise, for learning alone: what it
    takes beyond what importing takes."""

    task: str
    workers: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak_megabytes: dict[str, list[float]] = field(default_factory=dict)

    def ratios(self, peer: str) -> list[float]:
        """How many times faster w2vplus was than `peer`, repetition by repetition."""
        pairs = zip(self.seconds[peer], self.seconds[OURS], strict=True)
        return [theirs / ours for theirs, ours in pairs]

    def extra_times(self) -> list[float]:
        """What phrases add to training on words alone, as a share of its time, repetition by repetition."""
        return [1 / ratio - 1 for ratio in self.ratios(WORDS_ALONE)]

    def memory_ratio(self, peer: str) -> float | None:
        """w2vplus's peak memory as a share of the peer's, medians; None where the peer's is not known, or where a small
        text took it nothing beyond its imports."""
        theirs = statistics.median(self.peak_megabytes.get(peer, [0.0]))
        return statistics.median(self.peak_megabytes[OURS]) / theirs if theirs > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON."""
        others = [peer for peer in self.seconds if peer != OURS]
        return {
            "task": self.task,
            "workers": self.workers,
            "seconds": self.seconds,
            "peak_megabytes": self.peak_megabytes,
            "ratio": {peer: spread(self.ratios(peer)) for peer in others},
            "memory": {peer: self.memory_ratio(peer) for peer in others},
        }


def peers_of(task: str) -> list[str]:
    """Who does a task: w2vplus, gensim, and the C tool word2phrase where it is installed."""
    if task == "whole":
        return [OURS, WORD2PHRASE] if shutil.which(WORD2PHRASE) else []
    if task == "train":
        return [OURS, WORDS_ALONE]
    return [OURS, "gensim"]


def measure_phrases(
    file: str,
    folder: Path,
    worker_counts: Sequence[int],
    repetitions: int,
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[PhraseRow]:
    """Yield a row for every task and number of workers (of w2vplus; its peers have one thread).

    `file`: lines of text, plain; `folder` receives what is written. Raises BenchError if a peer fails.
    """
    for workers in worker_counts:
        for task in TASKS:
            row = PhraseRow(task, workers)
            peers = peers_of(task)
            for repetition in range(repetitions):
                for peer in peers if repetition % 2 == 0 else reversed(peers):
                    report(f"phrases, {TASKS[task]}: {peer} {repetition + 1}/{repetitions}")
                    figures = _run(peer, task, file, folder / f"{peer}.txt", workers)
                    row.seconds.setdefault(peer, []).append(figures["seconds"])
                    if "peak_megabytes" in figures:
                        row.peak_megabytes.setdefault(peer, []).append(figures["peak_megabytes"])
            if peers:
                yield row


def _command(peer: str, task: str, file: str, output: Path, workers: int) -> list[str]:
    if task == "train":
        passes = "2" if peer == OURS else "0"
        settings = ["--phrases", passes, "--epochs", "1", "--workers", str(workers), "--quiet"]
        return [sys.executable, "-m", "w2vplus", "train", file, "--output", f"{output}.bin", *settings]
    if peer == WORD2PHRASE:
        settings = ["-min-count", str(MIN_COUNT), "-threshold", str(int(WORD2PHRASE_THRESHOLD)), "-debug", "0"]
        return [WORD2PHRASE, "-train", file, "-output", str(output), *settings]
    return [sys.executable, "-m", "w2vplus.bench.phrases", peer, task, file, str(output), str(workers)]


def _run(peer: str, task: str, file: str, output: Path, workers: int) -> dict[str, float]:
    command = _command(peer, task, file, output, workers)
    # The child must find this very package, also when it runs from a source tree.
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": path}
    # In the package's own folder: `python -c` looks in the present one first, which may be a source tree.
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2]
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BenchError(f"{peer} failed at phrases ({task}) with exit code {done.returncode}: {lines[-1]}")
    is_timed_within = command[2:3] == ["w2vplus.bench.phrases"]
    figures: dict[str, float] = json.loads(done.stdout) if is_timed_within else {"seconds": seconds}
    return figures


def run_task(peer: str, task: str, file: str, output: str, workers: int) -> dict[str, float]:
    """Do one task in this process: {"seconds": ...}, for learning also {"peak_megabytes": ...}."""
    learn, write = (_learn_with_gensim, _write_with_gensim) if peer == "gensim" else (_learn, _write)
    # Importing is not what is measured.
    importlib.import_module("gensim.models.word2vec" if peer == "gensim" else "w2vplus.phrases")
    peak_before = _peak_megabytes()
    started = time.perf_counter()
    if task == "whole":
        from w2vplus.phrases import Phrases

        phrases = Phrases(
            Path(file), MIN_COUNT, WORD2PHRASE_THRESHOLD, scoring="word2phrase", workers=workers
        )
        phrases.write(file, output, workers=workers)
        return {"seconds": time.perf_counter() - started}
    model = learn(file, workers)
    if task == "learn":
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "peak_megabytes": _peak_megabytes() - peak_before}
    frozen = model.freeze()
    if task == "lists":
        sentences = _token_lists(file)
        frozen[sentences[0]]
        started = time.perf_counter()
        for _ in frozen[sentences]:
            pass
    else:
        started = time.perf_counter()
        write(frozen, file, output, workers)
    return {"seconds": time.perf_counter() - started}


def _learn(file: str, workers: int) -> Any:
    from w2vplus.phrases import Phrases

    return Phrases(Path(file), MIN_COUNT, THRESHOLD, workers=workers)


def _learn_with_gensim(file: str, workers: int) -> Any:
    from gensim.models.phrases import Phrases
    from gensim.models.word2vec import LineSentence

    return Phrases(LineSentence(file), MIN_COUNT, THRESHOLD)


def _write(frozen: Any, file: str, output: str, workers: int) -> None:
    frozen.write(file, output, workers=workers)


def _write_with_gensim(frozen: Any, file: str, output: str, workers: int) -> None:
    from gensim.models.word2vec import LineSentence

    with Path(output).open("w", encoding="utf-8") as target:
        for sentence in frozen[LineSentence(file)]:
            target.write(" ".join(sentence) + "\n")


def _token_lists(file: str) -> list[list[str]]:
    sentences, tokens = [], 0
    with Path(file).open(encoding="utf-8") as lines:
        for line in lines:
            sentences.append(line.split())
            tokens += len(sentences[-1])
            if tokens >= LIST_TOKENS:
                break
    return sentences


def _peak_megabytes() -> float:
    """The most memory that this process has held; NaN where the system does not tell (Windows)."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux; what getrusage says there includes the parent's memory when it started this process
        peak = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak) / (1 << 10)
    try:
        import resource
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    print(json.dumps(run_task(arguments[0], arguments[1], arguments[2], arguments[3], int(arguments[4]))))
