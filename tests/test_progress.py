"""Progress bars: redrawn where that is possible, sparse lines where it is not, silence where asked."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from w2vplus import progress

ESCAPE = "\x1b"


class Screen(io.StringIO):
    """A stream that says it is a terminal, or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def report(raw_words: int, *, finished: bool = False) -> Any:
    from w2vplus.trainer import TrainingProgress

    return TrainingProgress(
        epoch=raw_words // 500, epochs=2, raw_words=raw_words, total_raw_words=1000,
        trained_words=raw_words // 2, learning_rate=0.0125, loss=1.5, elapsed=2.0, finished=finished,
    )  # fmt: skip


def test_the_bar_is_redrawn_on_a_terminal_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    screen = Screen(terminal=True)
    with progress.TrainingBar(stream=screen) as bar:
        bar(report(250))
        assert "training  25% |" in screen.getvalue()
        assert "125 words/s  left 6.0s  loss now 1.5000  rate 0.0125  epoch 1/2" in screen.getvalue()
        bar(report(1000, finished=True))
    assert "\n" not in screen.getvalue() and screen.getvalue().rsplit("\r", 2)[1].strip() == ""


def test_off_a_terminal_lines_are_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    log = Screen(terminal=False)
    bar = progress.TrainingBar(stream=log)
    for second in range(31):
        now = float(second)
        bar(report(30 * second))
    bar(report(1000, finished=True))
    lines = log.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["30%", "60%", "90%", "100%"]
    assert ESCAPE not in log.getvalue() and "\r" not in log.getvalue()
    assert lines[-1] == "training 100%  500 words/s  took 2.0s  loss now 1.5000  rate 0.0125  epoch 2/2"


def test_short_work_and_quiet_work_print_nothing_off_a_terminal() -> None:
    for quiet in (False, True):
        log = Screen(terminal=False)
        progress.TrainingBar(stream=log, quiet=quiet)(report(1000, finished=True))
        progress.ReadingBar("B", 100, stream=log, quiet=quiet)(50)
        assert log.getvalue() == ""


def test_observers_are_what_the_progress_argument_says() -> None:
    seen: list[Any] = []
    with progress.observer_for(seen.append) as observer:
        assert observer == seen.append
    with progress.observer_for(False) as observer:
        assert observer is None
    with progress.observer_for(True) as observer:
        assert isinstance(observer, progress.TrainingBar)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.7, "1.0k"),
        (17_234, "17.2k"),
        (300_000, "300k"),
        (3.4e6, "3.4M"),
        (2e13, "20.0T"),
    ],
)
def test_counts_are_short(number: float, text: str) -> None:
    assert progress.count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.24, "4.2s"), (65, "1:05"), (7425, "2:03:45"), (59.99, "60.0s")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
