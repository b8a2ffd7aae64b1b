"""Blocks of token ids become trained vectors: epochs, threads, learning-rate schedule, progress.

Called by the faces (`word2vec`); calls the kernel in `_sgd`. The token stream is cut into chunks of
`CHUNK_TOKENS` by position alone, and everything random or scheduled is a function of position, so results do not
depend on where tokens come from or how they are stored. One worker gives the same vectors on every run; several
workers train the same windows with the same negatives and rates, in an order that varies.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2vplus import _sgd
from w2vplus.store import TokenStore, concatenate_stores
from w2vplus.vocabulary import AliasTable, HuffmanTree

CHUNK_TOKENS = 8192
"""Raw tokens that are trained at one learning rate by one thread."""

SMALLEST_SHARING_VOCABULARY = 256
"""Below so many words every pair draws its own negatives unless asked otherwise: with 36 words and 30 epochs shared
ones left 58 % of nearest neighbours right where separate ones left all; with 100 words there was no difference."""

UNLIMITED_WINDOW = 2**31 - 1
"""A window that reaches over every sentence; no sentence in memory is longer."""

REPORT_SECONDS = 0.2

MOST_SHARED_NEGATIVES = 8
"""Most neighbouring centres that the kernel lets share one draw of negatives."""

DEFAULT_SHARED_NEGATIVES = 2
"""How many do unless asked otherwise: twice as many cost accuracy on analogies, see README."""


@dataclass(frozen=True)
class Law:
    """What is learnt from a window (names as in the papers; Mikolov et al. 2013a, 2013b)."""

    skip_gram: bool
    hierarchical_softmax: bool
    negative: int
    window: int
    shrink_windows: bool = True
    shared_negatives: int = 1
    """Neighbouring centres that share one draw of negatives (at most 8); 1: a draw for every window (Ji et al.
    2016); 0: a draw for every pair, the law of word2vec.c and gensim."""
    cbow_mean: bool = True
    corrected_cbow: bool = False


@dataclass(frozen=True)
class Weights:
    """The trained matrices, float32 (V, D), C-contiguous; None where the law does not use one.

    `lock_factors`: float32 (V,), multiplies every update of an input row; None means 1 throughout.
    """

    input_vectors: NDArray[np.float32]
    node_vectors: NDArray[np.float32] | None = None
    output_vectors: NDArray[np.float32] | None = None
    lock_factors: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Tables:
    """What the kernel looks up per word."""

    keep_thresholds: NDArray[np.uint32]
    noise: AliasTable | None = None
    tree: HuffmanTree | None = None


@dataclass(frozen=True)
class Run:
    """One `train` call. `words_per_epoch` is the raw words that an epoch is expected to have: the learning rate
    falls linearly from `start_rate` to `end_rate` over `epochs * words_per_epoch`, less `words_before`."""

    epochs: int
    start_rate: float
    end_rate: float
    words_per_epoch: float
    seed: int
    call: int = 0
    words_before: int = 0
    workers: int = 1
    compute_loss: bool = False

    def learning_rate(self, epoch: int, position: int) -> float:
        """Learning rate of the chunk that begins at raw word `position` of `epoch`."""
        within = min(1.0, position / self.words_per_epoch) if self.words_per_epoch > 0 else 0.0
        before = self.words_before / self.words_per_epoch if self.words_per_epoch > 0 else 0.0
        progress = min(1.0, (epoch + within + before) / self.epochs)
        return self.start_rate - (self.start_rate - self.end_rate) * progress

    def key(self, epoch: int) -> int:
        """Key of the epoch's random numbers."""
        return _sgd.stream_key(self.seed, self.call, epoch)


@dataclass(frozen=True)
class Block:
    """Whole sentences of one epoch; the offsets [begin, end) are to be trained, the rest is context."""

    store: TokenStore
    first_position: int
    begin: int
    end: int


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

    @property
    def words_per_second(self) -> float:
        """Raw words trained per second since the call began."""
        return self.raw_words / self.elapsed if self.elapsed > 0 else 0.0


ProgressObserver = Callable[[TrainingProgress], None]


@dataclass
class Tally:
    """Sums over trained chunks. `loss` is summed over `pairs` in float64."""

    raw_words: int = 0
    trained_words: int = 0
    pairs: int = 0
    loss: float = 0.0
    sentences: int = 0

    def add(self, raw_words: int, trained_words: int, pairs: int, loss: float) -> None:
        self.raw_words += raw_words
        self.trained_words += trained_words
        self.pairs += pairs
        self.loss += loss

    @property
    def mean_loss(self) -> float:
        return self.loss / self.pairs if self.pairs else 0.0


def whole_block(store: TokenStore) -> Iterator[Block]:
    """The one block of an epoch that lies in memory whole."""
    yield Block(store, 0, 0, store.token_count)


def aligned_blocks(stores: Iterable[TokenStore]) -> Iterator[Block]:
    """Cut streamed sentences into blocks that end at chunk borders.

    The sentence that holds the border is carried into the next block, so that its windows stay whole.
    """
    carried: TokenStore | None = None
    first_position = begin = 0
    for store in stores:
        joined = store if carried is None else concatenate_stores([carried, store])
        end = (first_position + joined.token_count) // CHUNK_TOKENS * CHUNK_TOKENS - first_position
        if end > begin:
            yield Block(joined, first_position, begin, end)
            begin = end
        sentence = max(0, int(np.searchsorted(joined.sentence_starts, begin, side="right")) - 1)
        cut = int(joined.sentence_starts[sentence])
        carried = _sentences_from(joined, sentence)
        first_position += cut
        begin -= cut
    if carried is not None and carried.token_count > begin:
        yield Block(carried, first_position, begin, carried.token_count)


def _sentences_from(store: TokenStore, sentence: int) -> TokenStore:
    """The sentences of `store` from number `sentence` on."""
    cut = int(store.sentence_starts[sentence])
    weights = store.sentence_weights
    return TokenStore(
        store.ids[cut:], store.sentence_starts[sentence:] - cut, None if weights is None else weights[sentence:]
    )


def chunks(block: Block) -> Iterator[tuple[int, int]]:
    """Offsets of the block's chunks: the token stream cut at multiples of CHUNK_TOKENS."""
    begin = block.begin
    while begin < block.end:
        position = block.first_position + begin
        end = min(block.end, begin + CHUNK_TOKENS - position % CHUNK_TOKENS)
        yield begin, end
        begin = end


class Trainer:
    """Trains shared weights with a team of threads, one epoch at a call.

    Thread-safety: one `train_epoch` at a time. Reproducibility: see the module's description.
    """

    def __init__(
        self,
        weights: Weights,
        tables: Tables,
        law: Law,
        run: Run,
        *,
        word_of_type: NDArray[np.int32] | None = None,
        observer: ProgressObserver | None = None,
        total: Tally | None = None,
    ) -> None:
        """`word_of_type` maps the ids of the blocks to rows of the matrices (-1: dropped); None: they are rows.
        `total` collects the sums over all epochs, also those of an earlier trainer of the same call."""
        noise, tree = tables.noise, tables.tree
        self._model = _sgd.Model(
            input_vectors=weights.input_vectors,
            node_vectors=weights.node_vectors if law.hierarchical_softmax else None,
            output_vectors=weights.output_vectors if law.negative else None,
            lock_factors=weights.lock_factors,
            word_of_type=word_of_type,
            keep_thresholds=tables.keep_thresholds,
            noise_thresholds=noise.thresholds if noise is not None else None,
            noise_aliases=noise.aliases if noise is not None else None,
            path_starts=tree.path_starts if tree is not None else None,
            path_nodes=tree.inner_nodes if tree is not None else None,
            path_codes=tree.codes if tree is not None else None,
            window=law.window,
            negative=law.negative,
            skip_gram=law.skip_gram,
            hierarchical_softmax=law.hierarchical_softmax,
            shrink_windows=law.shrink_windows,
            shared_negatives=law.shared_negatives,
            cbow_mean=law.cbow_mean,
            corrected_cbow=law.corrected_cbow,
            compute_loss=run.compute_loss,
        )
        self._run = run
        self._workers = [_sgd.Worker(self._model) for _ in range(run.workers)]
        self.total = Tally() if total is None else total
        """Sums over all epochs trained so far; `train_epoch` keeps it current while it runs."""
        self._reporter = _Reporter(run, self.total, observer)

    def train_epoch(self, epoch: int, blocks: Iterable[Block]) -> Tally:
        """Train every token of `blocks` once and return the epoch's sums.

        The calling thread draws the blocks (so a Python iterable runs where its user expects) and feeds the
        workers. An exception of a worker or of the iterable stops the others and is raised here;
        KeyboardInterrupt likewise, after at most one chunk per worker.
        """
        team = _Team(self._workers, self._run.key(epoch), self.total)
        report = self._reporter.report
        try:
            for block in blocks:
                for begin, end in chunks(block):
                    rate = self._run.learning_rate(epoch, block.first_position + begin)
                    while not team.offer((block, begin, end, rate), REPORT_SECONDS):
                        report(epoch, rate)
                    report(epoch, rate)
            team.close()
            while not team.wait(REPORT_SECONDS):
                report(epoch, self._run.learning_rate(epoch + 1, 0))
        finally:
            team.stop()
        report(epoch, self._run.learning_rate(epoch + 1, 0), last=epoch + 1 == self._run.epochs)
        return team.tally


_Job = tuple[Block, int, int, float]


class _Team:
    """The worker threads of one epoch and the bounded queue that feeds them."""

    def __init__(self, workers: list[_sgd.Worker], key: int, total: Tally) -> None:
        self.tally = Tally()
        self._total = total
        self._key = key
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=8 * len(workers))
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), name=f"w2vplus-{number}", daemon=True)
            for number, worker in enumerate(workers)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, worker: _sgd.Worker) -> None:
        try:
            while not self._stopped.is_set():
                job = self._jobs.get()
                if job is None:
                    break
                block, begin, end, rate = job
                store = block.store
                sums = worker.train_span(
                    store.ids, store.sentence_starts, store.sentence_weights, block.first_position, begin, end, self._key, rate
                )
                with self._lock:
                    self.tally.add(*sums)
                    self._total.add(*sums)
        except BaseException as error:
            self._error = error
            self._stopped.set()

    def offer(self, job: _Job | None, timeout: float) -> bool:
        """Queue a job; False when the queue stayed full. Raises what a worker raised."""
        self._raise_error()
        try:
            self._jobs.put(job, timeout=timeout)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Tell every worker that no more jobs come."""
        for _ in self._threads:
            while not self.offer(None, REPORT_SECONDS):
                pass

    def wait(self, timeout: float) -> bool:
        """Whether all workers are done, after at most `timeout` seconds for each."""
        for thread in self._threads:
            thread.join(timeout)
            self._raise_error()
            if thread.is_alive():
                return False
        return True

    def stop(self) -> None:
        """End the workers after their present chunk and wait for them."""
        self._stopped.set()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._jobs.put_nowait(None)  # wakes a worker that waits for a job
            except queue.Full:
                time.sleep(0.001)
        for thread in self._threads:
            thread.join()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


class _Reporter:
    """Passes progress to the observer at most every REPORT_SECONDS, and at the end of the run."""

    def __init__(self, run: Run, total: Tally, observer: ProgressObserver | None) -> None:
        self._run, self._total, self._observer = run, total, observer
        self._started = time.perf_counter()
        self._next = self._started + REPORT_SECONDS
        self._pairs, self._loss = total.pairs, total.loss

    def report(self, epoch: int, learning_rate: float, *, last: bool = False) -> None:
        now = time.perf_counter()
        if self._observer is None or (now < self._next and not last):
            return
        self._next = now + REPORT_SECONDS
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
                elapsed=now - self._started,
                finished=last,
            )
        )
