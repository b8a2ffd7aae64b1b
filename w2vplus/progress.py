"""Turns progress reports into something to watch: a bar on a terminal or in a notebook, else a few lines.

The trainer reports about five times a second (`TrainingProgress`); reading a corpus reports bytes or
tokens. Both
are shown by one class with two faces: tqdm's bar where it can be redrawn, and one plain line every so
often where it cannot (a pipe, a batch job's log). The command line uses it; so may any caller, as
`Word2Vec(..., progress=TrainingBar())`.
"""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from typing_extensions import Self

    from w2vplus.trainer import ProgressObserver, TrainingProgress

SECONDS_BETWEEN_LINES = 10.0
"""Off a terminal a line is printed this often, doubling after every tenth line, so that a log stays short."""

NARROW_COLUMNS = 90
"""Under this width the words take the bar's place."""


def count(number: float) -> str:
    """A count in at most five characters: 950, 17.2k, 3.4M, 1.2G."""
    for unit in ("", "k", "M", "G"):
        if abs(number) < 999.5:
            return f"{number:.0f}{unit}" if not unit or abs(number) >= 99.95 else f"{number:.1f}{unit}"
        number /= 1000
    return f"{number:.1f}T"


def duration(seconds: float) -> str:
    """Seconds as 4.2s, 1:05 or 2:03:45."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class _Bar:
    """A bar that can be redrawn, or sparse lines where it cannot; shared by reading and training.

    `stream` defaults to standard error. `quiet` shows nothing at all.
    """

    def __init__(self, description: str, *, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._description = description
        self._stream = stream if stream is not None else sys.stderr
        self._quiet = quiet or self._stream is None  # a process without a console has none
        self._redraws = not self._quiet and (getattr(self._stream, "isatty", bool)() or _in_notebook())
        self._bar: Any = None
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._lines = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar off the screen; the caller's summary follows. May be called twice."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, done: int, total: int | None, text: str) -> None:
        if self._bar is None:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=total,
                desc=self._description,
                file=self._stream,
                dynamic_ncols=True,
                leave=False,
                bar_format="{desc}",
            )
        self._bar.n = min(done, total) if total else done
        share = "{percentage:3.0f}% " if total else ""
        bar = "|{bar}| " if total and shutil.get_terminal_size().columns >= NARROW_COLUMNS else ""
        self._bar.bar_format = "{desc} " + share + bar + text
        self._bar.refresh()

    def _line_is_due(self, finished: bool) -> bool:
        """Whether a plain line should be printed now; the last report of a long run always is."""
        now = time.monotonic()
        if now < self._next_line and not (finished and self._lines):
            return False
        self._lines += 1
        self._next_line = now + SECONDS_BETWEEN_LINES * 2 ** (self._lines // 10)
        return True

    def _print(self, text: str) -> None:
        print(f"{self._description} {text}", file=self._stream, flush=True)


class TrainingBar(_Bar):
    """Shows `TrainingProgress`: per cent, words/s, learning rate, loss of the last moments, time left.

    Call it with each report (it is the `progress` callable of `Word2Vec.train`). Words are raw words, the
    ones that were dropped included, as gensim counts them. Works in notebooks.

    Thread-safety: reports must come from one thread, which is what the trainer promises.
    """

    def __init__(
        self, description: str = "training", *, stream: TextIO | None = None, quiet: bool = False
    ) -> None:
        super().__init__(description, stream=stream, quiet=quiet)

    def __call__(self, report: TrainingProgress) -> None:
        if self._quiet:
            return
        if self._redraws:
            self._draw(report.raw_words, report.total_raw_words, self._text(report))
            if report.finished:
                self.close()
        elif self._line_is_due(report.finished):
            share = 100 * report.raw_words / max(1, report.total_raw_words)
            self._print(f"{share:3.0f}%  {self._text(report)}")

    @staticmethod
    def _text(report: TrainingProgress) -> str:
        # The most wanted first: a narrow terminal cuts off the end.
        rate = report.words_per_second
        parts = [f"{count(rate)} words/s"]
        if report.finished:
            parts.append(f"took {duration(report.elapsed)}")
        elif rate > 0:
            parts.append(f"left {duration((report.total_raw_words - report.raw_words) / rate)}")
        if report.loss is not None:
            parts.append(f"loss now {report.loss:.4f}")  # since the last report; the summary has an epoch's mean
        parts.append(f"rate {report.learning_rate:.4f}")
        parts.append(f"epoch {min(report.epoch + 1, report.epochs)}/{report.epochs}")
        return "  ".join(parts)


class ReadingBar(_Bar):
    """Shows how far a corpus has been read; call it with the amount read since the beginning.

    `unit` names what is counted ("B" or "tokens"); None where the numbers mean nothing, and only the time
    is shown. `total`: the amount there is, None where it is not known.
    """

    def __init__(
        self,
        unit: str | None,
        total: int | None = None,
        *,
        description: str = "reading",
        stream: TextIO | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__(description, stream=stream, quiet=quiet)
        self._unit, self._total = unit, total
        self._started = time.monotonic()
        self._last_shown = 0.0

    def __call__(self, amount: int) -> None:
        now = time.monotonic()
        if self._quiet or now - self._last_shown < 0.1:
            return
        self._last_shown = now
        text = self._text(amount, now - self._started)
        if self._redraws:
            self._draw(amount, self._total, text)
        elif self._line_is_due(finished=False):
            share = f"{100 * amount / self._total:3.0f}%  " if self._total else ""
            self._print(share + text)

    def _text(self, amount: int, seconds: float) -> str:
        if self._unit is None:
            return duration(seconds)
        space = "" if self._unit == "B" else " "
        rate = amount / max(1e-9, seconds)
        left = f"  left {duration((self._total - amount) / rate)}" if self._total and 0 < amount <= self._total else ""
        return f"{count(amount)}{space}{self._unit}  {count(rate)}{space}{self._unit}/s{left}"


def _in_notebook() -> bool:
    """Whether tqdm.auto would draw a notebook widget (asked without importing it outside of IPython)."""
    if "IPython" not in sys.modules:
        return False
    shell = getattr(sys.modules["IPython"], "get_ipython", lambda: None)()
    return shell is not None and "IPKernelApp" in shell.config


def check_progress(progress: object) -> None:
    """Raise TypeError for what `Word2Vec(progress=...)` may not be: anything but True, False or a callable."""
    if not callable(progress) and not isinstance(progress, bool):
        raise TypeError(f"progress must be True, False or a callable, got {progress!r}")


def logging_beside(
    observer: ProgressObserver | None, logger: logging.Logger, seconds: float
) -> ProgressObserver | None:
    """`observer`, and beside it a line in the log every so many seconds, as gensim has it; the observer alone where the
    log takes no such lines."""
    if not logger.isEnabledFor(logging.INFO):
        return observer
    due = time.monotonic() + seconds

    def both(report: TrainingProgress) -> None:
        nonlocal due
        if observer is not None:
            observer(report)
        if time.monotonic() >= due and not report.finished:
            due = time.monotonic() + seconds
            done = 100 * report.raw_words / max(1, report.total_raw_words)
            logger.info("EPOCH %i - PROGRESS: at %.2f%%, %.0f words/s", report.epoch, done, report.words_per_second)

    return both


@contextmanager
def observer_for(progress: bool | ProgressObserver) -> Iterator[ProgressObserver | None]:
    """What `Word2Vec(progress=...)` means: a bar for True, nothing for False, any other callable as it is.

    Raises TypeError for anything else.
    """
    check_progress(progress)
    if callable(progress):
        yield progress
    elif progress:
        with TrainingBar() as bar:
            yield bar
    else:
        yield None
