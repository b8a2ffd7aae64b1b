"""`w2vplus train --checkpoint` and `--resume`: what a person does after a crash, and what they are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from gensim.test.utils import datapath
from test_checkpoints import OFTEN, CrashAt
from typer.testing import CliRunner

import w2vplus
from w2vplus import Word2Vec
from w2vplus.cli import app
from w2vplus.word2vec.checkpoints import checkpoint_folders, load_last

LEE = datapath("lee_background.cor")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


def command(tmp_path: Path, epochs: int, minutes: float = 0.003) -> list[object]:
    folder = ["--checkpoint", tmp_path / "run", "--checkpoint-minutes", minutes]
    options = ["--workers", 1, "--epochs", epochs, "--vector-size", 16, "--phrases", 1]
    return ["train", LEE, "-o", tmp_path / "v.bin", *folder, *options]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("end", ["SIGINT", "SIGKILL"])
def test_a_run_that_ends_early_goes_on_with_resume_to_the_same_file(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the disk may be slow, and no power is cut here
    (tmp_path / "whole").mkdir()
    whole = command(tmp_path / "whole", epochs=150)
    assert run(*whole[: whole.index("--checkpoint")], *whole[whole.index("--workers") :]).exit_code == 0
    arguments = command(tmp_path, epochs=150)
    process = subprocess.Popen(
        [sys.executable, "-m", "w2vplus", *map(str, arguments)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(w2vplus.__file__).parents[1],
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    while not checkpoint_folders(tmp_path / "run") and process.poll() is None:
        pass
    process.send_signal(getattr(signal, end))
    _, stderr = process.communicate()
    watchdog.cancel()
    assert not (tmp_path / "v.bin").exists()
    if end == "SIGINT":
        assert process.returncode == 130
        assert "v.partial.bin; the same command with --resume goes on" in stderr
        assert (tmp_path / "v.partial.bin").exists()
    assert "New_York" in load_last(Word2Vec, tmp_path / "run").model.phrases.phrasegrams
    refused = run(*arguments)
    assert refused.exit_code == 2 and "add --resume to go on with it" in refused.stderr
    other = run(*arguments, "--resume", "--window", 7)
    assert other.exit_code == 1 and "--window is 7 now and was 5" in other.stderr
    outcome = run(*arguments, "--resume")
    assert outcome.exit_code == 0, outcome.stderr
    assert "going on from" in outcome.stderr
    assert ("v.partial.bin is what the interrupted run had so far" in outcome.stderr) == (end == "SIGINT")
    assert (tmp_path / "v.bin").read_bytes() == (tmp_path / "whole" / "v.bin").read_bytes()


def test_resume_begins_where_there_is_no_checkpoint_yet(tmp_path: Path) -> None:
    outcome = run(*command(tmp_path, epochs=2), "--resume")
    assert outcome.exit_code == 0, outcome.stderr
    assert "going on" not in outcome.stderr


def test_what_a_run_began_with_is_an_option_like_others_when_it_goes_on(tmp_path: Path) -> None:
    assert run("vocab", LEE, "-o", tmp_path / "words.tsv").exit_code == 0
    plain = [*command(tmp_path, epochs=2, minutes=OFTEN)[:-2], "--vocab", tmp_path / "words.tsv"]
    assert run("train", LEE, "-o", tmp_path / "teacher.bin", "--vector-size", 16, "--epochs", 1).exit_code == 0
    assert run(*plain).exit_code == 0
    started = ["--init-from", tmp_path / "teacher.bin", "--lock-factor", 0.5]
    for options, message in (
        ([*plain, *started], f"--init-from is {tmp_path / 'teacher.bin'} now and was not given in the run of"),
        (plain[:-2], f"--vocab is not given now and was {tmp_path / 'words.tsv'}"),
    ):
        refused = run(*options, "--resume")
        assert refused.exit_code == 1 and message in refused.stderr
    assert run(*plain, "--resume").exit_code == 0
    locked = [tmp_path / "locked" if item == tmp_path / "run" else item for item in [*plain, *started]]
    assert run(*locked).exit_code == 0
    refused = run(*locked[:-1], 0.25, "--resume")
    assert refused.exit_code == 1 and "--lock-factor is 0.25 now and was 0.5" in refused.stderr
    assert run(*locked, "--resume").exit_code == 0


def test_the_speed_of_a_resumed_run_is_that_of_the_words_trained_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = command(tmp_path, epochs=4, minutes=OFTEN)
    with monkeypatch.context() as patch:
        CrashAt(patch, 9)
        assert run(*arguments).exit_code == 1
    before = load_last(Word2Vec, tmp_path / "run").progress.total.raw_words
    outcome = run(*arguments, "--resume", "--json")
    summary = json.loads(outcome.stdout)
    now = summary["raw_words"] - before
    assert 0 < summary["raw_words_before"] == before < summary["raw_words"]
    assert summary["words_per_second"] == pytest.approx(now / summary["seconds"]["training"])
    again = run(*arguments, "--resume")
    assert "4 epochs, of which the last 0 words now, in " in again.stdout and " 0 words/s on 1 thread" in again.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "--resume needs --checkpoint FOLDER"),
        (["--checkpoint-minutes", 5], "--checkpoint-minutes needs --checkpoint FOLDER"),
        (["--checkpoint", "x", "--checkpoint-minutes", 0], "--checkpoint-minutes must be above 0, got 0"),
        (["--checkpoint", LEE], "--checkpoint must name a folder, got the file"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    tmp_path: Path, options: list[object], message: str
) -> None:
    outcome = run("train", LEE, "-o", tmp_path / "v.bin", *options)
    assert outcome.exit_code == 2 and message in outcome.stderr
