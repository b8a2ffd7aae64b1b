"""Runs several long tasks at once, in threads that spend their time outside of Python's lock; `train --seeds`.

The calling thread waits, shows progress and takes the interrupts: Python gives those to the main thread alone, so
tasks learn of them through an event, which they ask now and then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Generic, TypeVar

Result = TypeVar("Result")

TICK_SECONDS = 0.2
"""How often the caller is told that time has passed."""


class SideBySide(Generic[Result]):
    """Tasks that run `at_once` at a time, begun in their order.

    `results` has those of the tasks that returned, in the order of the tasks, also after an error or an interrupt.
    """

    def __init__(self, tasks: Sequence[Callable[[Event], Result]], at_once: int) -> None:
        self._tasks, self._at_once = tasks, at_once
        self._results: dict[int, Result] = {}
        self._stop = Event()
        self.error: BaseException | None = None
        """The first error of a task, also when an interrupt was raised in its place."""
        self.threads_go_on = False
        """Whether `run` was left while tasks were still ending."""

    @property
    def results(self) -> list[Result]:
        return [self._results[number] for number in sorted(self._results)]

    def run(self, on_tick: Callable[[], None], on_result: Callable[[Result], None]) -> None:
        """Run them all; both functions are called in this thread.

        The first error of a task, or an interrupt, stops the tasks that run (they return what they have), leaves out
        those that wait, and is raised when all have ended. An interrupt while they end is raised at once.
        """
        pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="w2vplus-task")
        self.threads_go_on = True
        try:
            pending = {pool.submit(self._run, number) for number in range(len(self._tasks))}
            while pending and not self._stop.is_set():
                done, pending = wait(pending, TICK_SECONDS, FIRST_COMPLETED)
                for number in sorted(future.result() for future in done):
                    if number in self._results:
                        on_result(self._results[number])
                on_tick()
        finally:
            self._stop.set()
            pool.shutdown(cancel_futures=True)
            self.threads_go_on = False
        if self.error is not None:
            raise self.error

    def _run(self, number: int) -> int:
        """Keep the task's result, or its error; in a thread of the pool."""
        if not self._stop.is_set():
            try:
                self._results[number] = self._tasks[number](self._stop)
            except BaseException as error:
                self.error = self.error or error
                self._stop.set()
        return number


def how_many_at_once(tasks: int, workers: int, bytes_of_each: int, available: int | None) -> int:
    """As many tasks as there are workers and as fit into memory (None: nobody knows how much there is), at least 1."""
    fitting = tasks if available is None else available // max(1, bytes_of_each)
    return max(1, min(tasks, workers, fitting))


def available_memory() -> int | None:
    """Bytes that this process may still take without others being swapped out; None where the system does not say.

    On Linux what is free or can be freed (`MemAvailable`), and no more than the control group leaves; elsewhere half
    of the machine's memory.
    """
    bounds = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        bounds.append(int(facts["MemAvailable"].split()[0]) << 10)
        limit, used = (_number_in(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
        if limit is not None and used is not None:
            bounds.append(max(0, limit - used))
    except (OSError, ValueError, KeyError):
        pass
    if not bounds:
        try:
            bounds.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
        except (AttributeError, ValueError, OSError):
            return None
    return min(bounds)


def _number_in(path: str) -> int | None:
    """The number that a file of the system holds; None if there is no such file, or a word in it ("max")."""
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
