"""The log of a run: what a callback writes, what a reader makes of it, whole, cut off, resumed or foreign."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from w2vplus import Checkpoints, RunLog, TrainingCallback, Word2Vec
from w2vplus.errors import LogFormatError
from w2vplus.run_log import read_run_log
from w2vplus.trainer import TrainingProgress

SENTENCES = [["to", "be", "or", "not", "to", "be", "that", "is"]] * 400
SETTINGS: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "seed": 1, "epochs": 3}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def test_a_log_tells_the_run_as_the_model_does(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = Word2Vec(SENTENCES, compute_loss=True, callbacks=[RunLog(path)], **SETTINGS)
    record = read_run_log(path)
    assert record.complete and record.ignored == 0
    assert record.epoch_losses == [(epoch + 1, loss) for epoch, loss in enumerate(model.training_losses)]
    assert record.epochs_done == [1.0, 2.0, 3.0]
    assert record.loss == pytest.approx(model.training_losses)
    assert record.learning_rate == sorted(record.learning_rate, reverse=True)
    assert all(rate > 0 for rate in record.words_per_second)
    first, *_, last = lines_of(path)
    assert first["settings"]["vector_size"] == 8 and last["event"] == "end"


def test_without_losses_there_are_none(tmp_path: Path) -> None:
    log = RunLog()
    Word2Vec(SENTENCES, callbacks=[log], **SETTINGS)
    assert {line["loss"] for line in log.lines if "loss" in line} == {None}


def progress(words: int, elapsed: float, loss: float, trained: int) -> TrainingProgress:
    return TrainingProgress(0, 1, words, 100_000, trained, 0.02, loss, elapsed, words == 100_000)


def test_reports_between_lines_are_averaged_and_few(tmp_path: Path) -> None:
    log = RunLog()
    for step in range(1, 100_001, 10):
        log.on_progress(None, progress(step, step * 1e-3, float(step % 2), step))
    assert 900 <= len(log.lines) <= 1100
    one = RunLog()
    one.on_progress(None, progress(1_000, 1.0, 4.0, 10))  # the first is written at once
    one.on_progress(None, progress(1_050, 2.0, 1.0, 40))  # 30 words more, kept back
    one.on_progress(None, progress(3_000, 4.0, 3.0, 50))  # 10 words more
    assert [line["loss"] for line in one.lines] == [4.0, pytest.approx((30 * 1 + 10 * 3) / 40)]
    assert [line["words_per_second"] for line in one.lines] == [1000.0, pytest.approx(2000 / 3)]


def test_the_log_of_a_killed_run_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Word2Vec(SENTENCES, callbacks=[RunLog(path)], **SETTINGS)
    text = path.read_text()
    path.write_text(text[: text.index('"epoch": 2') + 4])
    record = read_run_log(path)
    assert not record.complete and record.ignored == 1
    assert record.epochs_done == [1.0, 2.0]


class StopsAfterOneEpoch(TrainingCallback):
    def on_epoch_end(self, model: Any) -> None:
        model.stop_training = True


def test_a_resumed_run_adds_to_its_log(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Word2Vec(
        SENTENCES, checkpoint=Checkpoints(tmp_path / "kept"), compute_loss=True,
        callbacks=[RunLog(path), StopsAfterOneEpoch()], **SETTINGS,
    )  # fmt: skip
    with path.open("a") as file:
        file.write('{"event": "prog')  # and then it was killed
    Word2Vec.resume(tmp_path / "kept", SENTENCES, callbacks=[RunLog(path, append=True)])
    record = read_run_log(path)
    assert [epoch for epoch, _ in record.epoch_losses] == [1, 2, 3]
    assert record.epochs_done == [1.0, 2.0, 3.0] and record.complete and record.ignored == 1


class RemovesTheFolder(TrainingCallback):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_epoch_begin(self, model: Any) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def test_a_log_that_cannot_be_written_does_not_end_the_training(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = RunLog(tmp_path / "logs" / "run.jsonl")
    with pytest.warns(RuntimeWarning, match="ends here, it cannot be written") as warned:
        model = Word2Vec(SENTENCES, compute_loss=True, callbacks=[log, RemovesTheFolder(log.path.parent)], **SETTINGS)
    assert len(warned) == 1 and len(model.training_losses) == 3
    assert log.lines[-1]["event"] == "end"
    with pytest.raises(FileNotFoundError):
        Word2Vec(SENTENCES, callbacks=[RunLog(tmp_path / "none" / "run.jsonl")], **SETTINGS)


def test_a_new_run_replaces_the_log(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("something else\n")
    Word2Vec(SENTENCES, callbacks=[RunLog(path)], **SETTINGS)
    assert lines_of(path)[0]["event"] == "begin"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("word 1 2 3\n", "line 1: not JSON"),
        ('{"words": 3}\n', "entry 1: not an entry of a training log"),
        ("[1]\n", "entry 1"),
        ('{"event": "begin", "time": 1}\n', "broken off before it began"),
        ("", "broken off before it began"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(LogFormatError, match=complaint):
        read_run_log(path)
