"""Blocks of token ids become trained vectors: epochs, threads, learning-rate schedule, progress.

Called by the faces (`word2vec`); calls the kernel in `_sgd`. The token stream is cut into chunks of
`CHUNK_TOKENS` or less by position and sentences alone, and everything random or scheduled is a function of these, so
results do not depend on where tokens come from or how they are stored. One worker gives the same vectors on every
run; several workers train the same windows with the same negatives and rates, in an order that varies, and in large
corpora see each other's updates of frequent words a little late (native/matrix.h).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from w2vplus import _sgd
from w2vplus.blocks import (
    CHUNK_TOKENS,
    Block,
    CorpusDigest,
    Position,
    Work,
    aligned_blocks,
    check_prefix,
    chunks,
    whole_block,
)
from w2vplus.reporting import REPORT_SECONDS, ProgressObserver, Reporter, TrainingProgress
from w2vplus.team import Job, Tally, Team
from w2vplus.vocabulary import AliasTable, HuffmanTree

__all__ = [
    "CHUNK_TOKENS",
    "DEFAULT_SHARED_NEGATIVES",
    "FARTHEST_CONTEXT",
    "Block",
    "Control",
    "Law",
    "Position",
    "ProgressObserver",
    "Run",
    "Tables",
    "Tally",
    "Trainer",
    "TrainingProgress",
    "Weights",
    "aligned_blocks",
    "chunks",
    "whole_block",
]

SMALLEST_SHARING_VOCABULARY = 2_000
"""Below so many words every pair draws its own negatives unless asked otherwise: on a graph of 400 nodes shared ones
cost 1 to 2 % of nearest neighbours, and on 300 news articles with a window of 50 and one negative 0.04 of their
correlation (`python -m w2vplus.bench.laws`); speed is no concern there."""

SMALLEST_COPYING_CORPUS = 3_000_000
"""From so many words an epoch workers train copies of the frequent rows (native/matrix.h). Less text is soon trained: a
lone worker copies for about as long as it gains, and with several even short delays show in a first epoch. Two workers'
loss is above one's by 2.5 % after 1.1M words, by 1.5 to 1.9 % after 2.2M, by 1.2 to 1.7 % after 4M; without copies by
0.2 %."""

UNLIMITED_WINDOW = 2**31 - 1
"""A window that reaches over every sentence; no sentence in memory is longer."""

FARTHEST_CONTEXT = 10_000
"""gensim cuts sentences into pieces of so many words, so no window of its reaches farther."""

DEFAULT_SHARED_NEGATIVES = 3
"""How many do unless asked otherwise. On 17M tokens with 100 dimensions, analogies among 30,000 words, skip-gram after
one and five epochs: 14.6 and 37.2 % with two, 14.1 and 36.2 % with three, 12.9 and 35.6 % with four; CBOW after five:
29.6, 29.5 and 28.2 %. `w2vplus bench TEXT --accuracy --shared-negatives 2,3,4 --epochs 5` makes such a table."""

MOST_FOR_SEVERAL, MOST_FOR_ONE, SHARING_RATE = 50, 200, 0.025
"""With more noise words only one window shares them, and with still more none; they are fewer in proportion at learning
rates above SHARING_RATE. All pairs of a draw are updated from the same old values, which for hundreds of them is too
far: after one epoch of 300 news articles with 300 noise words the largest number of a vector is 8.3 where three windows
share, 3.1 where one does, 2.1 where none does and 3.7 with gensim (`pytest -s tests/test_laws.py -k noise`)."""


@dataclass(frozen=True)
class Law:
    """What is learnt from a window (names as in the papers; Mikolov et al. 2013a, 2013b)."""

    skip_gram: bool
    hierarchical_softmax: bool
    negative: int
    window: int
    farthest: int = UNLIMITED_WINDOW
    """No window reaches farther than so many words, however wide it was drawn."""
    shrink_windows: bool = True
    shared_negatives: int = 1
    """Neighbouring centres that share one draw of negatives (at most 4); 1: a draw for every window (Ji et al.
    2016); 0: a draw for every pair, the law of word2vec.c and gensim. In CBOW so many are projected together, with
    hierarchical softmax too, and share a draw of how far their windows reach; no more than one above it. On 17M tokens
    that changes no score; in skip-gram, where it would save 6 % of the time, it costs half a point of analogies."""
    cbow_mean: bool = True
    corrected_cbow: bool = False

    def work(self, dimensions: int, longest_path: int) -> Work:
        """What a token takes, before subsampling: each context word of skip-gram, or all of CBOW's together, meets
        every output three times; in CBOW each is added to the projection and receives the error."""
        outputs = (self.negative + 1 if self.negative else 0) + (longest_path if self.hierarchical_softmax else 0)
        reach = min(self.window, self.farthest)
        shrinks = self.shrink_windows and self.window <= self.farthest  # else most windows are as wide as they may be
        most_context = float(reach + 1 if shrinks else 2 * reach)
        if self.skip_gram:
            return Work(0.0, 3.0 * outputs * dimensions, most_context)
        return Work(3.0 * outputs * dimensions, 2.0 * dimensions, most_context)


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
    falls linearly from `start_rate` to `end_rate` over `epochs * words_per_epoch`, less `words_before`.

    `sentences_per_epoch` are those that the caller announced, if any. `by_sentences` lets the rate fall with them: for
    streams whose words nobody has counted, so that `words_per_epoch` is a guess.
    """

    epochs: int
    start_rate: float
    end_rate: float
    words_per_epoch: float
    seed: int
    call: int = 0
    words_before: int = 0
    workers: int = 1
    compute_loss: bool = False
    sentences_per_epoch: float | None = None
    by_sentences: bool = False

    @property
    def copying(self) -> bool:
        """Whether workers train copies of the frequent rows."""
        return self.words_per_epoch >= SMALLEST_COPYING_CORPUS

    def learning_rate(self, epoch: int, position: int, sentences: float = 0.0) -> float:
        """Learning rate of the chunk that begins at raw word `position` of `epoch`, after so many sentences."""
        done, whole = float(position), self.words_per_epoch
        if self.by_sentences and self.sentences_per_epoch is not None:
            done, whole = sentences, self.sentences_per_epoch
        within = min(1.0, done / whole) if whole > 0 else 0.0
        before = self.words_before / self.words_per_epoch if self.words_per_epoch > 0 else 0.0
        progress = min(1.0, (epoch + within + before) / self.epochs)
        return self.start_rate - (self.start_rate - self.end_rate) * progress

    def key(self, epoch: int) -> int:
        """Key of the epoch's random numbers."""
        return _sgd.stream_key(self.seed, self.call, epoch)


class Control(Protocol):
    """Decides at chunk borders whether training goes on; called in the thread that feeds the workers."""

    takes_digests: bool
    """Whether positions shall carry digests."""

    def wants_stop(self) -> bool:
        """Whether training shall end as soon as the chunks that are being trained are done."""

    def wants_pause(self) -> bool:
        """Whether `paused` shall be called at the next border."""

    def paused(self, position: Position, tally: Tally) -> None:
        """No worker is at work; `tally` has the epoch's sums up to `position`."""


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
        control: Control | None = None,
        earlier: Trainer | None = None,
    ) -> None:
        """`word_of_type` maps the ids of the blocks to rows of the matrices (-1: dropped); None: they are rows.
        `total` collects the sums over all epochs, also those of an `earlier` trainer of the same call, whose clock goes
        on. `control` may pause or end training at chunk borders."""
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
            farthest=min(law.window, law.farthest),
            negative=law.negative,
            skip_gram=law.skip_gram,
            hierarchical_softmax=law.hierarchical_softmax,
            shrink_windows=law.shrink_windows,
            shared_negatives=law.shared_negatives,
            cbow_mean=law.cbow_mean,
            corrected_cbow=law.corrected_cbow,
            compute_loss=run.compute_loss,
            copying_workers=run.workers if run.copying else 0,
        )
        self.law, self.run = law, run
        longest_path = int(np.diff(tree.path_starts).max(initial=0)) if tree is not None else 0
        self._work = law.work(weights.input_vectors.shape[1], longest_path)
        self._workers = [_sgd.Worker(self._model) for _ in range(run.workers)]
        self.total = Tally() if total is None else total
        """Sums over all epochs trained so far; `train_epoch` keeps it current while it runs."""
        self._reporter: Reporter = Reporter(run, self.total, observer, None if earlier is None else earlier._reporter)
        self._control = control
        self._word_of_type = word_of_type
        self.position = Position()
        """How far training has come; valid also after an interrupt, because workers finish their chunks."""
        self.tally = Tally()
        """Sums over the present epoch up to `position`."""
        self.complete = False
        """Whether the last `train_epoch` trained its epoch to the end."""

    def train_epoch(
        self, epoch: int, blocks: Iterable[Block], start: Position | None = None, tally: Tally | None = None
    ) -> Tally:
        """Train every token of `blocks` once and return the epoch's sums.

        The calling thread draws the blocks (so a Python iterable runs where its user expects) and feeds the
        workers. An exception of a worker stops the others and is raised here; KeyboardInterrupt likewise, after at
        most one chunk per worker. One of the iterable is raised when what came before it is trained. `complete` says
        afterwards whether `control` let the epoch end.

        `start` skips what was trained before it, with the sums `tally`. Raises CheckpointError if the blocks do
        not begin with the tokens whose digest `start` has.
        """
        start = start or Position(epoch)
        self.position, self.tally, self.complete = start, tally or Tally(), False
        if self._control is not None and self._control.wants_stop():
            return self.tally
        team = Team(self._workers, self.run.key(epoch), (self.tally, self.total), start)
        try:
            team.begin()
            self.complete = self._feed(team, epoch, blocks, start)
        finally:
            try:
                team.stop()
            finally:  # an interrupt may come here too
                self.position = team.reached
        if self.complete:
            self._reporter.report(epoch, self.rate_reached, last=epoch + 1 == self.run.epochs, now=True)
        return self.tally

    @property
    def rate_reached(self) -> float:
        """The learning rate at `position`: the lowest so far, unless the run's rate rises."""
        return self.run.learning_rate(self.position.epoch, self.position.offset, self.position.sentences)

    def _feed(self, team: Team, epoch: int, blocks: Iterable[Block], start: Position) -> bool:
        """Hand every chunk after `start` to the workers and wait for them; False if `control` ended it."""
        report, control = self._reporter.report, self._control
        digest = CorpusDigest(self._word_of_type) if control is not None and control.takes_digests else None
        passed, rate = 0, self.rate_reached
        blocks = iter(blocks)
        while True:
            try:
                block = next(blocks)
            except StopIteration:
                break
            except Exception:
                while not team.drained(REPORT_SECONDS):
                    report(epoch, rate)
                raise
            for begin, end in chunks(block, self._work):
                first, last = block.first_position + begin, block.first_position + end
                if digest is not None:
                    digest.add(block, begin, end)
                passed = last
                if first < start.offset:
                    check_prefix(last, digest, start)
                    continue
                if control is not None:
                    if control.wants_stop():
                        return False
                    if control.wants_pause():
                        while not team.drained(REPORT_SECONDS):
                            report(epoch, rate)
                        team.publish()
                        control.paused(team.reached, self.tally)
                rate = self.run.learning_rate(epoch, first, block.sentences_before(begin))
                sentences = block.sentences_before(end)
                job = Job(block, begin, end, rate, Position(epoch, last, digest.hex() if digest else "", sentences))
                while not team.offer(job, REPORT_SECONDS):
                    report(epoch, rate)
                report(epoch, rate)
        if passed < start.offset:
            check_prefix(None, digest, start)
        team.close()
        while not team.wait(REPORT_SECONDS):
            report(epoch, rate)
            if control is not None and control.wants_stop():
                return False
        return True
