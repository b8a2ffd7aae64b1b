"""The threads of one epoch: chunks go in through a queue, sums come out, order is kept.

Called by `trainer` alone. Chunks are begun in the order in which they were offered, and a chunk that was
begun is finished, whatever happens: that is what makes a consistent position known after an interrupt.
Each thread trains copies of the frequent rows (native/matrix.h), which it gives back at its end, or when somebody wants
to read the matrices.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass

from w2vplus import _sgd
from w2vplus.blocks import Block, Position

QUEUED_JOBS = 8
"""As many chunks for each worker are queued or being trained at most. Who offers more sleeps until half of them are
done: to be woken for every chunk, a millisecond of work, took 2 % of CBOW's time with one worker."""


@dataclass
class Tally:
    """Sums over trained chunks. `loss` is summed over `pairs` in float64."""

    raw_words: int = 0
    trained_words: int = 0
    pairs: int = 0
    loss: float = 0.0

    def add(self, raw_words: int, trained_words: int, pairs: int, loss: float) -> None:
        self.raw_words += raw_words
        self.trained_words += trained_words
        self.pairs += pairs
        self.loss += loss

    @property
    def mean_loss(self) -> float:
        return self.loss / self.pairs if self.pairs else 0.0


@dataclass(frozen=True)
class Job:
    """A chunk: the offsets [begin, end) of its block, its learning rate, and the position at its end."""

    block: Block
    begin: int
    end: int
    rate: float
    ends_at: Position


class Team:
    """The worker threads of one epoch and the queue that feeds them."""

    def __init__(
        self, workers: list[_sgd.Worker], key: int, tallies: tuple[Tally, Tally], start: Position
    ) -> None:
        """Each of `tallies` takes every chunk's sums. `begin` starts threads, `stop` ends them whatever happened."""
        self.reached = start
        """The end of the last chunk that was begun. Chunks are begun in their order and finished once begun,
        so when no worker is at work this is how far training has come."""
        self._workers = workers
        self._tallies = tallies
        self._key = key
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._most_open = QUEUED_JOBS * len(workers)
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._giving = threading.Lock()
        self._open_jobs = 0
        self._at_work = 0
        """Threads that may still write to the matrices. They count themselves: CPython takes a thread for ended when an
        interrupt breaks off its join (3.11's `_wait_for_tstate_lock`), and a checkpoint would be written too soon."""
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Start the threads. Raises RuntimeError if the system starts no more of them."""
        for number, worker in enumerate(self._workers):
            thread = threading.Thread(target=self._work, args=(worker,), name=f"w2vplus-{number}", daemon=True)
            self._threads.append(thread)  # before it runs: `stop` must know of it if an interrupt comes here
            try:
                thread.start()
            except RuntimeError as error:
                raise RuntimeError(
                    f"workers is {len(self._workers)}, but the system starts no more than {number} threads: "
                    "lower workers"
                ) from error

    def _work(self, worker: _sgd.Worker) -> None:
        with self._changed:
            if self._stopped.is_set():
                return  # an interrupt while this thread was started: nobody waits for it
            self._at_work += 1
        try:
            while not self._stopped.is_set():
                job = self._jobs.get()
                if job is None:
                    break
                with self._changed:
                    if job.ends_at.offset > self.reached.offset:
                        self.reached = job.ends_at
                store = job.block.store
                sums = worker.train_span(
                    store.ids, store.sentence_starts, store.sentence_weights, job.block.first_position,
                    job.begin, job.end, self._key, job.rate,
                )  # fmt: skip
                with self._changed:
                    for tally in self._tallies:
                        tally.add(*sums)
                    self._open_jobs -= 1
                    if self._open_jobs in (self._most_open // 2, 0):
                        self._changed.notify()
        except BaseException as error:
            with self._changed:
                self._error = error if self._error is None else self._error  # the first; what follows may come of it
            self._stopped.set()
        finally:
            with self._giving:  # all end at about the same time, and what one adds another could undo
                worker.give_hot_rows()
            with self._changed:
                self._at_work -= 1
                self._changed.notify()

    def offer(self, job: Job, timeout: float) -> bool:
        """Queue a job; False when the queue stayed full. Raises what a worker raised."""
        self._raise_error()
        with self._changed:
            full = self._open_jobs >= self._most_open
            if full and not self._changed.wait_for(lambda: self._open_jobs <= self._most_open // 2, timeout):
                return False
            self._open_jobs += 1
        self._jobs.put(job)
        return True

    def drained(self, timeout: float) -> bool:
        """Whether every chunk that was offered is trained, after at most `timeout` seconds."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._open_jobs == 0, timeout)
        self._raise_error()
        return done

    def publish(self) -> None:
        """Bring the shared matrices up to date with what each worker learnt; only while none is at work."""
        for worker in self._workers:
            worker.give_hot_rows()

    def close(self) -> None:
        """Tell every worker that no more jobs come."""
        for _ in self._threads:
            self._jobs.put(None)

    def wait(self, timeout: float) -> bool:
        """Whether all workers are done after `close`, after at most `timeout` seconds."""
        with self._changed:
            done = self._changed.wait_for(self._is_done, timeout)
        self._raise_error()
        return done

    def _is_done(self) -> bool:
        return self._error is not None or self._open_jobs + self._at_work == 0

    def stop(self) -> None:
        """End the workers after their present chunk and wait for them; an interrupt meanwhile is raised then."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                self._end_workers()
                break
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _end_workers(self) -> None:
        with self._changed:
            self._stopped.set()
        while self._at_work:
            self._jobs.put(None)  # wakes a worker that waits for a job
            time.sleep(0.001)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
