"""How far training has come, told to an observer now and then; called by `trainer`, shown by `progress`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from w2vplus.team import Tally

REPORT_SECONDS = 0.2


class RunTerms(Protocol):
    """What a report needs to know of the run (`trainer.Run`)."""

    @property
    def epochs(self) -> int: ...

    @property
    def words_per_epoch(self) -> float: ...

    @property
    def compute_loss(self) -> bool: ...


@dataclass(frozen=True)
class TrainingProgress:
    """How far a `train` call has come; handed to progress observers about five times a second."""

    epoch: int
    epochs: int
    raw_words: int
    total_raw_words: int
    trained_words: int
    learning_rate: float
    loss: float | None
    """Mean loss per trained pair since the last report; None when losses are not computed."""
    elapsed: float
    """Seconds since the call began."""
    finished: bool
    earlier_words: int = 0
    """Of `raw_words`, those trained before `elapsed` began: in a run that goes on from a checkpoint."""

    @property
    def words_per_second(self) -> float:
        """Raw words trained per second since the call began."""
        return (self.raw_words - self.earlier_words) / self.elapsed if self.elapsed > 0 else 0.0


ProgressObserver = Callable[[TrainingProgress], None]


class Reporter:
    """Passes progress to the observer at most every REPORT_SECONDS, and at the end of the run."""

    def __init__(
        self, run: RunTerms, total: Tally, observer: ProgressObserver | None, earlier: Reporter | None = None
    ) -> None:
        """`total` is read whenever a report is due; `earlier` is the reporter before this one in the same call."""
        self._run, self._total, self._observer = run, total, observer
        self._started = time.perf_counter()
        self._next = self._started + REPORT_SECONDS
        self._pairs, self._loss = total.pairs, total.loss
        self._earlier_words = total.raw_words
        if earlier is not None:
            self._started, self._next, self._earlier_words = earlier._started, earlier._next, earlier._earlier_words
            self._pairs, self._loss = earlier._pairs, earlier._loss

    def report(self, epoch: int, learning_rate: float, *, last: bool = False, now: bool = False) -> None:
        """Report if it is time, or `now`; `last` says that the run is finished."""
        seconds = time.perf_counter()
        if self._observer is None or (seconds < self._next and not now):
            return
        self._next = seconds + REPORT_SECONDS
        pairs, loss = self._total.pairs - self._pairs, self._total.loss - self._loss
        self._pairs, self._loss = self._total.pairs, self._total.loss
        self._observer(
            TrainingProgress(
                epoch=epoch,
                epochs=self._run.epochs,
                raw_words=self._total.raw_words,
                total_raw_words=round(self._run.words_per_epoch * self._run.epochs),
                trained_words=self._total.trained_words,
                learning_rate=learning_rate,
                loss=loss / pairs if self._run.compute_loss and pairs else None,
                elapsed=seconds - self._started,
                finished=last,
                earlier_words=self._earlier_words,
            )
        )
