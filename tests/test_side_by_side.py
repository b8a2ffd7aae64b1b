"""Models of several seeds trained side by side: what each is, and what errors and interrupts leave of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from gensim.test.utils import datapath
from typer.testing import CliRunner

import w2vplus
from w2vplus.cli import app
from w2vplus.cli._side_by_side import SideBySide, available_memory, how_many_at_once
from w2vplus.run_log import read_run_log

LEE = datapath("lee_background.cor")
QUICK = ("--epochs", "1", "--vector-size", "20", "--min-count", "10")


def train(folder: Path, *options: object) -> str:
    """Run `w2vplus train` on the news in `folder`; returns standard error."""
    outcome = CliRunner().invoke(app, ["train", LEE, "-o", str(folder / "v.bin"), *QUICK, *map(str, options)])
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stderr


# ---- The models


@pytest.mark.parametrize(
    "options",
    [
        ("--sg",),
        ("--hs", "--negative", "0"),
        ("--phrases", "1", "--ending", "sum"),
        ("--init-from", datapath("lee_fasttext.vec"), "--vector-size", "10", "--lock-factor", "0.5"),
    ],
    ids=["skip-gram", "hierarchical softmax", "phrases and sums", "from other vectors"],
)
def test_models_made_side_by_side_are_those_of_their_seeds_alone(tmp_path: Path, options: tuple[str, ...]) -> None:
    together, alone = tmp_path / "together", tmp_path / "alone"
    together.mkdir()
    alone.mkdir()
    train(together, *options, "--seeds", 3, "--seed", 4, "--workers", 2)
    for seed in (4, 5, 6):
        train(alone, *options, "--seed", seed, "--workers", 1)
        assert (together / f"v.seed{seed}.bin").read_bytes() == (alone / "v.bin").read_bytes()


def test_saved_models_know_their_seed_their_text_and_their_words(tmp_path: Path) -> None:
    train(tmp_path, "--seeds", 2, "--workers", 2, "--save-model", tmp_path / "model")
    for seed in (1, 2):
        model = w2vplus.Word2Vec.load_folder(tmp_path / f"model.seed{seed}")
        assert (model.seed, model.workers, model.effective_min_count) == (seed, 1, 10)
        assert model.corpora[0]["source"] == Path(LEE).name and model.corpus_total_words == 59890
        model.train(corpus_file=LEE, total_examples=model.corpus_count, epochs=1)


def test_every_model_has_its_own_log(tmp_path: Path) -> None:
    train(tmp_path, "--seeds", 2, "--log", tmp_path / "run.jsonl")
    first, second = (read_run_log(tmp_path / f"run.seed{seed}.jsonl") for seed in (1, 2))
    assert first.complete and second.complete and first.epoch_losses != second.epoch_losses


# ---- How many


@pytest.mark.parametrize(
    ("workers", "expected"), [(1, "1 at a time, each on 1 thread"), (5, "2 at a time, each on 2 threads")]
)
def test_workers_are_shared_out(tmp_path: Path, workers: int, expected: str) -> None:
    assert expected in train(tmp_path, "--seeds", 2, "--workers", workers)


def test_no_more_models_at_once_than_fit_into_memory() -> None:
    assert how_many_at_once(10, 4, bytes_of_each=100, available=None) == 4
    assert how_many_at_once(10, 4, bytes_of_each=100, available=350) == 3
    assert how_many_at_once(10, 4, bytes_of_each=100, available=0) == 1
    assert how_many_at_once(2, 4, bytes_of_each=0, available=350) == 2


def test_memory_is_that_of_this_machine() -> None:
    available = available_memory()
    assert available is not None and 1 << 20 < available <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


# ---- Errors and interrupts


def test_an_error_stops_what_runs_and_leaves_out_what_waits() -> None:
    begun: list[str] = []

    def works(stop: threading.Event) -> str:
        begun.append("works")
        assert stop.wait(10)
        return "stopped early"

    def fails(stop: threading.Event) -> str:
        begun.append("fails")
        raise OSError("disk full")

    def waits(stop: threading.Event) -> str:
        begun.append("waits")
        return "never"

    running = SideBySide([works, fails, *[waits] * 20], 2)
    with pytest.raises(OSError, match="disk full"):
        running.run(lambda: None, lambda result: None)
    assert running.results[0] == "stopped early" and begun[:2] == ["works", "fails"]
    assert begun.count("waits") < 20


def test_results_come_when_they_are_there_and_are_kept_in_order() -> None:
    first_may_end = threading.Event()
    told: list[int] = []

    def first(stop: threading.Event) -> int:
        assert first_may_end.wait(10)
        return 1

    def tell(result: int) -> None:
        told.append(result)
        first_may_end.set()

    running = SideBySide([first, lambda stop: 2], 2)
    running.run(lambda: None, tell)
    assert (told, running.results) == ([2, 1], [1, 2])


def test_an_interrupt_keeps_whole_models_and_saves_partial_ones(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog and then some more of it\n" * 40_000)
    command = [sys.executable, "-m", "w2vplus", "train", str(text), "-o", str(tmp_path / "v.bin"), "--workers", "2"]
    path = os.pathsep.join(filter(None, [str(Path(w2vplus.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [*command, "--seeds", "40", "--epochs", "15", "--log", str(tmp_path / "run.jsonl")],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        assert "40 models, 2 at a time" in lines[0] and "seed" in lines[1]
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted; saving what was trained so far" in rest and "complete: " in rest
    partial = sorted(tmp_path.glob("v.partial.seed*.bin"))
    whole = {file.name for file in tmp_path.glob("v.seed*.bin")}
    assert 1 <= len(partial) <= 2 and 1 <= len(whole) < 40
    assert all(str(file) in rest for file in partial)
    for file in (*partial, tmp_path / min(whole)):
        assert len(w2vplus.load_vectors(file)) == 14
    assert json.loads((tmp_path / "run.seed1.jsonl").read_text().splitlines()[-1])["event"] == "end"


def test_a_failed_write_names_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from w2vplus.cli._targets import Targets

    write = Targets.write

    def full(self: Targets, model: w2vplus.Word2Vec) -> list[str]:
        if "seed2" in self.vectors:
            raise OSError(28, "No space left on device", self.vectors)
        return write(self, model)

    monkeypatch.setattr(Targets, "write", full)
    options = ["-o", str(tmp_path / "v.bin"), *QUICK, "--seeds", "3", "--workers", "1"]
    outcome = CliRunner().invoke(app, ["train", LEE, *options])
    assert isinstance(outcome.exception, OSError) or outcome.exit_code == 1
    assert f"complete: {tmp_path / 'v.seed1.bin'}" in outcome.stderr
    assert not (tmp_path / "v.seed2.bin").exists() and not (tmp_path / "v.seed3.bin").exists()
