"""What Ctrl-C does to a command: the first ends it and keeps what there is, a second ends it at once.

An interrupt waits for threads and for files, so it is answered in words the moment that it comes. From the second on
nothing more is saved: it is raised as `InterruptedAgain`, and so is each that follows until the command has been left.
What is half written is then deleted in peace, and the process ends with 130.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from w2vplus._atomic import delete_unfinished
from w2vplus.cli._output import CommandError, describe
from w2vplus.errors import InterruptedAgain

HEARD = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What schedulers, containers and closed terminals send is answered as Ctrl-C is."""

AGAIN = "w2vplus: interrupted again; ending at once, without saving the rest"


class Interrupted(CommandError):
    """An interrupt that a command has answered: the line that it ends with, and `facts` for --json.

    `threads_go_on` says that some have not ended, which nobody shall wait for.
    """

    def __init__(self, message: str, facts: dict[str, Any] | None = None, *, threads_go_on: bool = False) -> None:
        super().__init__(message, exit_code())
        self.facts = {"interrupted": True, **(facts or {"files": []})}
        self.threads_go_on = threads_go_on


@dataclass
class _Answer:
    """What the next Ctrl-C is answered with, None for nothing, and how many came since that was set; `number`: the
    signal that came last."""

    text: str | None = None
    presses: int = 0
    number: int = signal.SIGINT


_answer = _Answer()


def exit_code() -> int:
    """Of a process that was interrupted: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + _answer.number


def take_interrupts() -> None:
    """Answer the interrupts of this process until it ends; where they are ignored, as under nohup, they stay so."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in HEARD:
        if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
            signal.signal(number, _on_interrupt)


def hear_no_more() -> None:
    """Ignore interrupts from now on: the process is about to end, and they would only bring a traceback."""
    for number in HEARD:
        if signal.getsignal(number) is _on_interrupt:
            signal.signal(number, signal.SIG_IGN)


def _on_interrupt(number: int, frame: Any) -> None:
    _answer.number = number
    if _answer.text is not None:
        _answer.presses += 1
        if _answer.presses <= 2:
            _say(_answer.text if _answer.presses == 1 else AGAIN)
        if _answer.presses > 1:
            raise InterruptedAgain
    signal.default_int_handler(number, frame)


def _say(text: str) -> None:
    """Past sys.stderr, which may be in the middle of a line of progress and refuses to be entered twice."""
    with suppress(OSError):
        os.write(2, f"{os.linesep if sys.stderr.isatty() else ''}{text}{os.linesep}".encode(errors="replace"))


@contextmanager
def announced(text: str) -> Iterator[None]:
    """Say `text` the moment that Ctrl-C is pressed in the body, and something else the second time."""
    before = _answer.text, _answer.presses
    _answer.text, _answer.presses = text, 0
    try:
        yield
    finally:
        _answer.text, _answer.presses = before


@contextmanager
def saved_when_interrupted(
    place: str,
    write: Callable[[], Iterable[str]],
    how: str,
    facts: Callable[[], dict[str, Any]] = dict,
    checkpoints: str | None = None,
) -> Iterator[None]:
    """Train in the body: an interrupt saves what there is and becomes `Interrupted`, which says where and `how` to go
    on, with `facts`. `place` is named the moment that the interrupt comes; `write` yields the name of each file when
    it is complete. `checkpoints`: the folder that --resume reads. An interrupt has a cause where its checkpoint could
    not be written."""
    from w2vplus.word2vec.checkpoints import checkpoint_folders

    with announced(f"w2vplus: interrupted; saving what was trained so far to {place}"):
        try:
            yield
        except KeyboardInterrupt as interrupt:
            if interrupt.__cause__ is not None:
                why = describe(interrupt.__cause__)[0]
                how = f"no checkpoint could be written ({why}): --resume goes on from the one before, if there is one"
            files: list[str] = []
            with suppress(KeyboardInterrupt):
                # The second may have come while the first waited for threads.
                for file in () if interrupted_again() else write():
                    files.append(file)
            hear_no_more()
            kept = f"what was trained so far is in {' and '.join(files)}" if files else "nothing was saved"
            if not files and checkpoints is not None:
                latest = next(iter(checkpoint_folders(checkpoints)), None)
                if latest is not None:
                    kept = f"nothing was saved but {latest}"
                elif interrupt.__cause__ is None:
                    how = "there is no checkpoint to go on from"
            raise Interrupted(f"interrupted; {kept}; {how}", {**facts(), "files": files, "go_on": how}) from None


def interrupted_again() -> bool:
    """Whether Ctrl-C was pressed more than once since the first was announced."""
    return _answer.presses > 1


def end_at_once(code: int) -> NoReturn:
    """End the process without waiting for threads; what they are writing is deleted, and they begin nothing new."""
    delete_unfinished(for_good=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
