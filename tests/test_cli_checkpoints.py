"""`w2vplus train --checkpoint` and `--resume`: what a person does after a crash, and what they are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from gensim.test.utils import datapath
from typer.testing import CliRunner

import w2vplus
from w2vplus import Word2Vec
from w2vplus.cli import app
from w2vplus.word2vec.checkpoints import checkpoint_folders, load_last

LEE = datapath("lee_background.cor")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


def command(tmp_path: Path, epochs: int) -> list[object]:
    folder = ["--checkpoint", tmp_path / "run", "--checkpoint-minutes", 0.003]
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
    assert (tmp_path / "v.bin").read_bytes() == (tmp_path / "whole" / "v.bin").read_bytes()


def test_resume_begins_where_there_is_no_checkpoint_yet(tmp_path: Path) -> None:
    outcome = run(*command(tmp_path, epochs=2), "--resume")
    assert outcome.exit_code == 0, outcome.stderr
    assert "going on" not in outcome.stderr


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
