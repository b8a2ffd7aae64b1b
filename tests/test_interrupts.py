"""Ctrl-C: what a command says of what it leaves, and what a second and a third one do."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from gensim.test.utils import datapath
from typer.testing import CliRunner

import w2vplus
from w2vplus import _atomic
from w2vplus.cli import _report, app
from w2vplus.cli._pipeline import Reached
from w2vplus.reporting import TrainingProgress

LEE = datapath("lee_background.cor")
QUICK = ("--vector-size", "10", "--workers", "1")

# A place that is written to for minutes: what a second interrupt finds.
SLOW = """
import time
from w2vplus._atomic import new_folder, replacing
from w2vplus.cli import _targets, main

def write(self, model):
    (_targets.Path(self.vectors).parent / "begun").mkdir(exist_ok=True)
    with replacing(self.vectors) as file, new_folder(self.vectors + ".folder") as folder:
        file.write_bytes(b"half")
        (folder / "half").write_bytes(b"half")
        time.sleep(300)
    yield self.vectors

_targets.Targets.write = write
main()
"""
# Threads that take minutes to end: a second interrupt comes while the first is held back until they have.
HELD_BACK = """
import time
from pathlib import Path
from w2vplus import team
from w2vplus.cli import main

end_workers, calls = team.Team._end_workers, []

def slowly(self):
    calls.append(self)
    if len(calls) <= 2:
        Path({folder!r}, f"ending{{len(calls)}}").mkdir()
        time.sleep(300)
    end_workers(self)

team.Team._end_workers = slowly
main()
"""
# A disk that is full when the second model is saved.
FULL = """
from w2vplus.cli import _targets, main

write = _targets.Targets.write

def full(self, model):
    if "seed2" in self.vectors:
        raise OSError(28, "No space left on device", self.vectors)
    return write(self, model)

_targets.Targets.write = full
main()
"""
# A disk that has no room for checkpoints.
NO_CHECKPOINTS = """
from w2vplus.cli import main
from w2vplus.word2vec import checkpoints

def full(target, content):
    raise OSError(28, "No space left on device", str(target))

checkpoints.write_folder = full
main()
"""
AS_IT_IS = "from w2vplus.cli import main; main()"

posix = pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")


class Command:
    """`w2vplus train` of the news in a process of its own, for very many epochs."""

    def __init__(self, folder: Path, program: str, *options: object) -> None:
        path = os.pathsep.join(filter(None, [str(Path(w2vplus.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-c", program, "train", LEE, "-o", folder / "v.bin", "--log", folder / "run.jsonl"]
        self.folder = folder
        self.process = subprocess.Popen(
            [*map(str, command), *QUICK, "--epochs", "1000000", *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        self._watchdog = threading.Timer(120, self.process.kill)  # ends a test that hangs
        self._watchdog.start()

    def wait_for(self, pattern: str, content: str = "") -> None:
        """Until a file of such a name is there, and holds this."""
        while self.process.poll() is None:
            if any(not content or content in path.read_text() for path in self.folder.glob(pattern)):
                return
            time.sleep(0.01)

    def press(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def end(self, code: int = 130) -> tuple[dict[str, Any], str]:
        """The object on standard output of a command that was interrupted, and its standard error."""
        try:
            stdout, stderr = self.process.communicate()
        finally:
            self._watchdog.cancel()
        assert self.process.returncode == code and "Traceback" not in stderr
        return json.loads(stdout), stderr


@posix
@pytest.mark.parametrize("keeps_checkpoints", [False, True])
def test_json_names_what_an_interrupted_training_left(tmp_path: Path, keeps_checkpoints: bool) -> None:
    options = ["--checkpoint", tmp_path / "run"] if keeps_checkpoints else []
    command = Command(tmp_path, AS_IT_IS, "--json", "--save-model", tmp_path / "model", *options)
    command.wait_for("run.jsonl", '"epoch": 3')
    command.press()
    said, _ = command.end()
    assert said["interrupted"] is True and said["error"].startswith("interrupted; what was trained so far is in ")
    assert said["files"] == [str(tmp_path / "v.partial.bin"), str(tmp_path / "model.partial")]
    assert all(Path(file).exists() for file in said["files"])
    assert said["epochs"] == 1000000 and 3 <= said["epochs_done"] < 1000000
    assert said["log"] == str(tmp_path / "run.jsonl") and said["vocabulary"] == 1762
    assert said["checkpoint"] == (str(tmp_path / "run") if keeps_checkpoints else None)
    assert ("--resume" if keeps_checkpoints else "--checkpoint FOLDER") in said["go_on"]


@posix
def test_an_interrupt_saves_the_vectors_though_its_checkpoint_cannot_be_written(tmp_path: Path) -> None:
    command = Command(tmp_path, NO_CHECKPOINTS, "--json", "--checkpoint", tmp_path / "run")
    command.wait_for("run.jsonl", '"epoch": 1')
    command.press()
    said, _ = command.end()
    assert said["files"] == [str(tmp_path / "v.partial.bin")]
    assert len(w2vplus.load_vectors(tmp_path / "v.partial.bin")) == 1762
    assert "no checkpoint could be written" in said["go_on"] and "no space left on device" in said["go_on"]


@posix
def test_json_names_the_models_that_interrupted_seeds_left(tmp_path: Path) -> None:
    command = Command(tmp_path, AS_IT_IS, "--json", "--seeds", 3, "--seed", 7, "--workers", 2)
    for seed in (7, 8):
        command.wait_for(f"run.seed{seed}.jsonl", '"epoch": 3')
    command.press()
    said, _ = command.end()
    assert [model["seed"] for model in said["models"]] == [7, 8] and said["seeds_left"] == [7, 8, 9]
    assert all(not model["complete"] and model["epochs_done"] >= 3 for model in said["models"])
    assert said["files"] == [str(tmp_path / f"v.partial.seed{seed}.bin") for seed in (7, 8)]
    assert all(len(w2vplus.load_vectors(file)) == 1762 for file in said["files"])
    assert said["go_on"] == "the same command with --seed 7 --seeds 3 trains those that are missing"


@posix
def test_an_interrupt_names_what_could_not_be_saved(tmp_path: Path) -> None:
    command = Command(tmp_path, FULL, "--json", "--seeds", 2, "--workers", 2)
    for seed in (1, 2):
        command.wait_for(f"run.seed{seed}.jsonl", '"epoch": 1')
    command.press()
    said, stderr = command.end()
    assert said["files"] == [str(tmp_path / "v.partial.seed1.bin")] and said["seeds_left"] == [1, 2]
    reason = f"{tmp_path / 'v.partial.seed2.bin'}: no space left on device; the same command with --seed 1"
    assert reason in said["error"] and reason in stderr


@posix
@pytest.mark.parametrize("seeds", [1, 2])
def test_a_second_interrupt_ends_at_once_and_leaves_nothing_half_written(tmp_path: Path, seeds: int) -> None:
    command = Command(tmp_path, SLOW, "--json", "--seeds", seeds, "--workers", seeds)
    for seed in range(1, seeds + 1):
        command.wait_for("run.jsonl" if seeds == 1 else f"run.seed{seed}.jsonl", '"epoch": 1')
    command.press()
    command.wait_for("begun")
    while len(list(tmp_path.glob(".*/half"))) < seeds and command.process.poll() is None:
        time.sleep(0.01)
    pressed = time.monotonic()
    command.press()
    time.sleep(0.002)
    command.press()
    said, stderr = command.end()
    assert time.monotonic() - pressed < 60
    assert "Exception" not in stderr
    assert "interrupted; saving what was trained so far" in stderr
    assert stderr.count("interrupted again; ending at once") == 1
    assert said["files"] == [] and "nothing was saved" in said["error"]
    logs = ["run.jsonl"] if seeds == 1 else ["run.seed1.jsonl", "run.seed2.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["begun", *logs]


@posix
def test_a_second_interrupt_leaves_no_checkpoint_either(tmp_path: Path) -> None:
    command = Command(tmp_path, HELD_BACK.format(folder=str(tmp_path)), "--json", "--checkpoint", tmp_path / "run")
    for number in (1, 2):
        command.wait_for(f"ending{number}")
        command.press()
    said, stderr = command.end()
    assert "ending at once, without saving the rest" in stderr
    assert said["files"] == []
    assert said["error"] == "interrupted; nothing was saved; there is no checkpoint to go on from"
    assert list((tmp_path / "run").glob("*")) == [] and not list(tmp_path.glob("v.*"))


@posix
def test_a_second_interrupt_names_the_checkpoint_that_there_is(tmp_path: Path) -> None:
    command = Command(tmp_path, SLOW, "--json", "--checkpoint", tmp_path / "run")
    command.wait_for("run.jsonl", '"epoch": 1')
    command.press()
    command.wait_for("begun")
    command.press()
    said, stderr = command.end()
    (checkpoint,) = (tmp_path / "run").glob("checkpoint-*")
    how = "the same command with --resume goes on from there"
    assert said["error"] == f"interrupted; nothing was saved but {checkpoint}; {how}" and how in stderr


@posix
def test_an_interrupt_while_the_text_is_read_is_an_object_too(tmp_path: Path) -> None:
    read_for_ever = "import time\nfrom w2vplus import corpus\nfrom w2vplus.cli import main\n" + (
        f"corpus.encode = lambda *_, **__: (open({str(tmp_path / 'begun')!r}, 'w'), time.sleep(300))\nmain()\n"
    )
    command = Command(tmp_path, read_for_ever, "--json")
    command.wait_for("begun")
    command.press()
    said, stderr = command.end()
    assert stderr == "w2vplus: interrupted\n"
    assert said == {"error": "interrupted", "interrupted": True, "files": []}


def test_an_interrupt_while_the_report_is_made_names_the_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_report, "_judged", interrupted)
    files = ["-o", str(tmp_path / "v.bin"), "--report", str(tmp_path / "run.html")]
    outcome = CliRunner().invoke(app, ["train", LEE, *files, *QUICK, "--epochs", "1", "--json"])
    assert outcome.exit_code == 130
    said = json.loads(outcome.stdout)
    assert said["files"] == [str(tmp_path / "v.bin")] and "no report was made" in said["error"]
    assert (tmp_path / "v.bin").exists() and not (tmp_path / "run.html").exists()


def test_a_full_disk_for_the_vectors_does_not_cost_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(vectors: object, path: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr("w2vplus.vectors.save_vectors", full)
    files = ["-o", str(tmp_path / "v.bin"), "--save-model", str(tmp_path / "model")]
    outcome = CliRunner().invoke(app, ["train", LEE, *files, *QUICK, "--epochs", "1"])
    assert outcome.exit_code == 1 and f"the model is complete in {tmp_path / 'model'}" in outcome.stderr
    assert len(w2vplus.Word2Vec.load_folder(tmp_path / "model").wv) == 1762 and not (tmp_path / "v.bin").exists()


@posix
def test_what_schedulers_send_is_an_interrupt_too(tmp_path: Path) -> None:
    command = Command(tmp_path, AS_IT_IS, "--json", "--checkpoint", tmp_path / "run")
    command.wait_for("run.jsonl", '"epoch"')
    command.press(signal.SIGTERM)
    said, stderr = command.end(143)
    assert said["interrupted"] is True and said["files"] and "interrupted; saving" in stderr
    assert list((tmp_path / "run").glob("checkpoint-*"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@posix
def test_a_process_without_standard_error_trains_and_one_without_input_answers(tmp_path: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -m w2vplus"
    path = shlex.quote(str(tmp_path / "v.bin"))
    train = f"{program} train {shlex.quote(LEE)} -o {path} {' '.join(QUICK)} --epochs 1"
    evaluate = f"PYTHONIOENCODING=latin-1 {program} evaluate {path}"
    for line in (f"{train} 2>&-", f"{program} explore {path} <&-", evaluate):
        done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=120)
        assert done.returncode == 0, (line, done.stderr)


def test_an_interrupt_while_the_program_is_loaded_is_no_traceback() -> None:
    interrupted = (
        "import sys\nfrom w2vplus.__main__ import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_epochs_done_are_those_of_the_last_report() -> None:
    facts: dict[str, Any] = {"trained_words": 0, "learning_rate": 0.0, "loss": None, "elapsed": 1.0, "finished": False}
    reached = Reached()
    assert reached.epochs_done == 0
    reached(TrainingProgress(epoch=1, epochs=4, raw_words=150, total_raw_words=400, **facts))
    assert (reached.epochs_done, reached.raw_words) == (1.5, 150)


def test_what_other_threads_write_is_deleted_and_nothing_new_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_atomic, "_may_begin", threading.Lock())
    is_deleted, errors = threading.Event(), []

    def write(name: str) -> None:
        try:
            with _atomic.new_folder(tmp_path / name) as folder:
                number = 0
                while not is_deleted.is_set():  # a folder that is never at rest while it is deleted
                    (folder / str(number)).write_bytes(b"")
                    number += 1
        except OSError as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(name,), daemon=True) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    while len(list(tmp_path.glob(".*/5"))) < 2:
        time.sleep(0.001)
    _atomic.delete_unfinished(for_good=True)
    assert list(tmp_path.iterdir()) == []
    late = threading.Thread(target=write, args=("late",), daemon=True)
    late.start()
    is_deleted.set()
    for writer in writers:
        writer.join()
    late.join(0.2)
    assert late.is_alive() and len(errors) == 2 and list(tmp_path.iterdir()) == []
    _atomic._may_begin.release()
    late.join()


def test_a_file_that_is_never_made_does_not_keep_the_process_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = threading.Lock()
    lock.acquire()  # by a thread that waits for a disk
    monkeypatch.setattr(_atomic, "_may_begin", lock)
    half = tmp_path / "half"
    half.write_bytes(b"")
    monkeypatch.setattr(_atomic, "_present", {half})
    ending = threading.Thread(target=_atomic.delete_unfinished, kwargs={"for_good": True}, daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive() and not half.exists()
