"""Turns a training run into a log of JSON lines, and such a log back into numbers that can be drawn.

`RunLog` is a callback: `Word2Vec(..., callbacks=[RunLog("run.jsonl")])`, or `w2vplus train --log run.jsonl`. Every
line is a JSON object with `event` and `time` (seconds since 1970):

    begin     settings: gensim's arguments of the model; written again where a run goes on from a checkpoint
    progress  epoch (from 0), epochs, raw_words, total_raw_words, learning_rate, loss, words_per_second, elapsed;
              loss and words_per_second are means since the line before
    epoch     epoch, loss: the mean per trained pair of the whole epoch
    end       the training is over, complete or stopped; a log without it is of a run that was broken off

`loss` is null where losses are not computed, and where a number is not finite. Lines reach the file as they are
written, so that the log of a killed run is whole but for its last line.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus._json import plain
from w2vplus.callbacks import TrainingCallback
from w2vplus.errors import LogFormatError

if TYPE_CHECKING:
    from w2vplus.trainer import TrainingProgress

MOST_REPORTS = 1000
"""Progress lines of a run, about: more cannot be told apart in a picture."""

LOGGED_SETTINGS = (
    "vector_size", "window", "min_count", "max_final_vocab", "sample", "sg", "hs", "negative", "ns_exponent",
    "cbow_mean", "alpha", "min_alpha", "epochs", "workers", "seed",
)  # fmt: skip


class RunLog(TrainingCallback):
    """Keeps what training reports, and writes it to `path` as JSON lines if one is given.

    A file that is there is replaced when training begins; with `append`, which is for runs that go on from a
    checkpoint, it is added to. `lines` has the objects of this process. Raises OSError at the beginning of training
    where `path` cannot be written; what fails later costs a warning and the rest of the file.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, append: bool = False) -> None:
        self.path = None if path is None else Path(path).absolute()
        self.append = append
        self.lines: list[dict[str, Any]] = []
        self._restart()

    def _restart(self) -> None:
        self._epoch, self._next_report = 0, 0.0
        self._words = self._seconds = 0.0  # at the last line: where its rate ends and the next one's begins
        self._loss = _Mean()

    def on_train_begin(self, model: Any) -> None:
        """Begin the file, or a new part of it."""
        self._restart()
        if self.path is not None and self.append:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n")  # ends a line that a kill has cut off
        elif self.path is not None:
            self.path.write_bytes(b"")
        self._write("begin", settings={name: getattr(model, name, None) for name in LOGGED_SETTINGS})

    def on_progress(self, model: Any, progress: TrainingProgress) -> None:
        """Write at most about `MOST_REPORTS` lines a run; losses between them are averaged."""
        self._epoch = progress.epoch
        trained = float(progress.trained_words)
        if progress.loss is not None:
            self._loss.add(progress.loss, trained)
        if progress.raw_words < self._next_report and not progress.finished:
            return
        self._next_report = progress.raw_words + progress.total_raw_words / MOST_REPORTS
        words, seconds = float(progress.raw_words), progress.elapsed
        if not self._seconds:
            self._words = float(progress.earlier_words)
        rate = (words - self._words) / (seconds - self._seconds) if seconds > self._seconds else 0.0
        self._words, self._seconds = words, seconds
        self._write(
            "progress",
            epoch=progress.epoch,
            epochs=progress.epochs,
            raw_words=progress.raw_words,
            total_raw_words=progress.total_raw_words,
            learning_rate=progress.learning_rate,
            loss=self._loss.take(trained),
            words_per_second=rate,
            elapsed=seconds,
        )

    def on_epoch_end(self, model: Any) -> None:
        """Write the epoch's mean loss."""
        losses = model.training_losses if model.compute_loss else []
        self._write("epoch", epoch=self._epoch, loss=losses[-1] if losses else None)

    def on_train_end(self, model: Any) -> None:
        """Write the last line."""
        self._write("end")

    def _write(self, event: str, **facts: Any) -> None:
        line = {"event": event, "time": round(time.time(), 3), **plain(facts)}
        self.lines.append(line)
        if self.path is None:
            return
        try:
            # Opened for every line: there are few, and whatever breaks a run off leaves no file open.
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        except OSError as error:
            # A full disk costs the log, and not the training.
            warnings.warn(f"the log {self.path} ends here, it cannot be written: {error}", RuntimeWarning, stacklevel=2)
            self.path = None


class _Mean:
    """A mean of losses, weighted by the words trained since the one before."""

    def __init__(self) -> None:
        self._sum = self._weight = self._before = 0.0

    def add(self, loss: float, trained: float) -> None:
        weight = max(1.0, trained - self._before)
        self._sum, self._weight, self._before = self._sum + loss * weight, self._weight + weight, trained

    def take(self, trained: float) -> float | None:
        """The mean of what was added since the last `take`; None if nothing was."""
        mean = self._sum / self._weight if self._weight else None
        self._sum, self._weight, self._before = 0.0, 0.0, trained
        return mean


@dataclass(frozen=True)
class RunRecord:
    """The numbers of one run, in order.

    epochs_done: float64-like positions, 1.5 is the middle of the second epoch; `loss` has None where there is none.
    epoch_losses: (epoch counted from 1, mean loss) of complete epochs.
    complete: whether the log ends as a whole run does. ignored: lines that are no JSON (a kill cut them off).
    """

    epochs_done: list[float] = field(default_factory=list)
    loss: list[float | None] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    words_per_second: list[float] = field(default_factory=list)
    epoch_losses: list[tuple[int, float]] = field(default_factory=list)
    complete: bool = False
    ignored: int = 0


def read_run_log(path: str | os.PathLike[str]) -> RunRecord:
    """The numbers of the log at `path`; its last line, and one before each restart, may be cut off.

    Raises LogFormatError, naming the line, for a file that is no such log, and for a log without any report;
    OSError where it cannot be read.
    """
    lines: list[dict[str, Any]] = []
    ignored = 0
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                lines.append(json.loads(text))
            except ValueError:
                if not lines:
                    raise LogFormatError(f"{path}, line {number}: not JSON, so no log that --log wrote") from None
                ignored += 1
    return record_of(lines, str(path), ignored)


def record_of(lines: Iterable[Any], source: str, ignored: int = 0) -> RunRecord:
    """The numbers of log lines; `source` names them in errors. Raises LogFormatError as `read_run_log` does."""
    record = RunRecord(ignored=ignored)
    complete = False
    for number, line in enumerate(lines, start=1):
        try:
            complete = line["event"] == "end"
            if line["event"] == "progress":
                share = float(line["raw_words"]) / max(1.0, float(line["total_raw_words"]))
                rates = float(line["learning_rate"]), float(line["words_per_second"])
                loss = None if line["loss"] is None else float(line["loss"])
                record.epochs_done.append(share * int(line["epochs"]))
                record.learning_rate.append(rates[0])
                record.words_per_second.append(rates[1])
                record.loss.append(loss)
            elif line["event"] == "epoch" and line["loss"] is not None:
                record.epoch_losses.append((int(line["epoch"]) + 1, float(line["loss"])))
        except (KeyError, TypeError, ValueError) as error:
            raise LogFormatError(f"{source}, entry {number}: not an entry of a training log ({error!r})") from None
    if not record.epochs_done:
        raise LogFormatError(f"{source}: the log has no report of training; the run was broken off before it began")
    return RunRecord(**{**record.__dict__, "complete": complete})
