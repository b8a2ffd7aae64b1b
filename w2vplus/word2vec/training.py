"""One call of `Word2Vec.train`: epochs, callbacks, checkpoints, stop requests, and going on after a restart.

`learning` makes a `TrainingCall` for every call; the engine's `Trainer` asks it at chunk borders whether to go
on.
"""

from __future__ import annotations

import logging
import operator
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.blocks import Position, corpus_digest
from w2vplus.errors import CheckpointError, InterruptedAgain
from w2vplus.limits import checked
from w2vplus.team import Tally
from w2vplus.trainer import ProgressObserver, Run, Trainer, TrainingProgress
from w2vplus.word2vec import tables
from w2vplus.word2vec.checkpoints import Checkpoint, CheckpointWriter, Progress, restore_callbacks
from w2vplus.word2vec.feeds import Feed

logger = logging.getLogger(__name__)

USUAL_VALUES = 1000.0
"""Vectors with larger values have blown up: even at forty times the usual rate gensim's stay below 300."""


@dataclass(frozen=True)
class Watchers:
    """Who looks on: callbacks, a progress observer, and the writer of checkpoints, if any."""

    callbacks: Sequence[Any] = ()
    observer: ProgressObserver | None = None
    writer: CheckpointWriter | None = None


class TrainingCall:
    """Trains a model's matrices in place, from the beginning or from a checkpoint.

    It is the `trainer.Control` of its run. `model.stop_training`, set by any callback or observer, ends it.
    """

    def __init__(
        self, model: Any, feed: Feed, run: Run, watchers: Watchers, checkpoint: Checkpoint | None = None
    ) -> None:
        """Raises CheckpointError if `checkpoint` was written while another corpus was trained."""
        self._model, self._feed, self._run, self._watchers = model, feed, run, watchers
        self._checkpoint = checkpoint
        start = checkpoint.progress if checkpoint is not None else Progress(run, Position(), Tally(), Tally())
        if checkpoint is not None:
            _check_corpus(checkpoint.corpus, feed)
        self.takes_digests = watchers.writer is not None or checkpoint is not None
        self.total = start.total
        """Sums over all epochs of the call, those before a restart included."""
        self.position = start.position
        """How far training has come."""
        self._tally = start.tally
        self._trainer: Trainer | None = None
        self._bound: tuple[Any, ...] = ()
        self._locks: Any = None
        self._clock = time.perf_counter()

    # ---- trainer.Control

    def wants_stop(self) -> bool:
        """Whether a callback or an observer has asked to end training."""
        return bool(self._model.stop_training)

    def wants_pause(self) -> bool:
        """Whether a checkpoint is due."""
        return self._watchers.writer is not None and self._watchers.writer.is_due()

    def paused(self, position: Position, tally: Tally) -> None:
        """Write the checkpoint that was due."""
        self.position, self._tally = position, tally
        self._write(due=True)

    # ---- Epochs

    def train(self) -> None:
        """Train what is left of the run. An interrupt leaves a checkpoint, if checkpoints are wanted; one that
        was repeated (InterruptedAgain) leaves nothing. An interrupt whose checkpoint cannot be written is raised with
        the OSError as its cause; a stop whose checkpoint cannot be written raises the OSError."""
        model, callbacks = self._model, self._watchers.callbacks
        model.stop_training = False
        for callback in callbacks:
            callback.on_train_begin(model)
        if self._checkpoint is not None:
            restore_callbacks(self._checkpoint.callbacks, callbacks)
        try:
            for epoch in range(self.position.epoch, self._run.epochs):
                self._train_epoch(epoch)
                if model.stop_training:
                    logger.info("training was stopped in epoch %i", epoch)
                    break
        except InterruptedAgain:
            raise
        except KeyboardInterrupt as interrupt:
            try:
                self._write()
            except OSError as error:
                raise interrupt from error
            raise
        finally:
            if self._watchers.writer is not None:
                self._watchers.writer.close()
            model.wv.norms = None  # of other vectors, also where a callback asked for norms and then failed

    def _train_epoch(self, epoch: int) -> None:
        model, writer = self._model, self._watchers.writer
        for callback in self._watchers.callbacks:
            callback.on_epoch_begin(model)
        self._pick_up_changes()
        trainer = self._trainer_of_present_state()
        self._clock = started = time.perf_counter()
        try:
            trainer.train_epoch(epoch, self._feed.blocks(), self.position, self._tally)
        finally:
            self.position, self._tally = trainer.position, trainer.tally
            self._bank_time()
        if not trainer.complete:
            self._write()  # before the sums of the present part are booked as an epoch's
        self._finish_epoch(epoch, trainer, time.perf_counter() - started)
        if not trainer.complete:
            return
        if self._run.by_sentences and epoch == 0:
            self._run = replace(self._run, words_per_epoch=float(self._tally.raw_words))  # for progress: now counted
        self.position, self._tally = Position(epoch + 1), Tally()
        for callback in self._watchers.callbacks:
            callback.on_epoch_end(model)
        if writer is None:
            return
        is_late = self.position.epoch == self._run.epochs and writer.is_behind(self.position)
        if model.stop_training or is_late or writer.is_due_after(self.position.epoch):
            self._write(due=not model.stop_training)

    def _pick_up_changes(self) -> None:
        """Take what callbacks have assigned since the last epoch: the learning rates, and another order or other words
        of a corpus list. An epoch that goes on after a restart keeps the rates that it began with. A rate of 0, which
        no training begins with, may be where a callback's own schedule ends."""
        if self.position.offset == 0:
            start, end = (checked("min_alpha", getattr(self._model, name), name) for name in ("alpha", "min_alpha"))
            self._run = replace(self._run, start_rate=float(start), end_rate=float(end))
        self._feed = self._feed.renewed()

    def _trainer_of_present_state(self) -> Trainer:
        """The trainer, made anew in the first epoch and whenever a callback has changed settings, tables or arrays."""
        model = self._model
        weights, made = tables.training_weights(model), tables.training_tables(model)
        arrays = (weights.input_vectors, weights.node_vectors, weights.output_vectors, self._feed.word_of_type, made)
        law = model._law()
        same = (
            self._trainer is not None
            and all(map(operator.is_, arrays, self._bound))
            and (law, self._run) == (self._trainer.law, self._trainer.run)
            and np.array_equal(weights.lock_factors, self._locks)  # type: ignore[arg-type]
        )
        if not same:
            self._trainer = Trainer(
                weights,
                made,
                law,
                self._run,
                word_of_type=self._feed.word_of_type,
                observer=self._observer(),
                total=self.total,
                control=self,
                earlier=self._trainer,
            )
            self._bound, self._locks = arrays, weights.lock_factors
        assert self._trainer is not None
        return self._trainer

    def _observer(self) -> ProgressObserver | None:
        """One observer for the caller's and for every callback with `on_progress`."""
        model, observer = self._model, self._watchers.observer
        listeners = [callback for callback in self._watchers.callbacks if hasattr(callback, "on_progress")]
        if not listeners:
            return observer

        def report(progress: TrainingProgress) -> None:
            model.min_alpha_yet_reached = progress.learning_rate
            if observer is not None:
                observer(progress)
            for callback in listeners:
                callback.on_progress(model, progress)

        return report

    def _finish_epoch(self, epoch: int, trainer: Trainer, seconds: float) -> None:
        """Leave vectors, norms and loss coherent for the callbacks."""
        model, tally = self._model, trainer.tally
        model.wv.norms = None
        model.min_alpha_yet_reached = trainer.rate_reached
        if model.compute_loss:
            model.running_training_loss += tally.loss
            model.training_losses.append(tally.mean_loss)
        if tally.raw_words == 0 and model.train_count == 0:
            logger.warning(
                "train() called with an empty iterator (if not intended, "
                "be sure to provide a corpus that offers restartable iteration = an iterable)."
            )
        self._check_epoch(epoch, trainer)
        logger.info(
            "EPOCH %i: training on %i raw words (%i effective words) took %.1fs, %.0f effective words/s",
            epoch, tally.raw_words, tally.trained_words, seconds, tally.trained_words / max(seconds, 1e-9),
        )  # fmt: skip

    def _check_epoch(self, epoch: int, trainer: Trainer) -> None:
        """Say so if the epoch had other sentences or words than the caller announced, or if vectors have become
        useless."""
        unit, supplied, expected = "raw word", trainer.tally.raw_words, self._run.words_per_epoch
        if self._run.sentences_per_epoch is not None:
            unit, supplied, expected = "example", round(trainer.position.sentences), self._run.sentences_per_epoch
            if self._feed.store is not None and trainer.complete:
                supplied = self._feed.store.sentence_count  # the position knows none behind the last word
        if trainer.complete and supplied != round(expected):
            logger.warning(
                "EPOCH %i: supplied %s count (%i) did not equal expected count (%i): "
                "the learning rate follows the expected one",
                epoch, unit, supplied, expected,
            )  # fmt: skip
        # the first words are the most frequent and learn most; a few sentences should not cost a look at all
        largest = _largest_value(self._model.wv.vectors[: 4096 + trainer.tally.trained_words])
        if not largest < USUAL_VALUES:
            state = f"have grown to values of {largest:.3g}" if np.isfinite(largest) else "are no longer finite numbers"
            many = f" with {self._model.negative} noise words (5 to 20 are usual)" if self._model.negative > 100 else ""
            summed = not (self._model.sg or self._model.cbow_mean)
            sums = "; sums of context words, cbow_mean=0, need smaller rates or windows" if summed else ""
            warnings.warn(
                f"the vectors {state}: the learning rate {self._run.start_rate} is too high "
                f"for this corpus (alpha of 0.025 to 0.05 is usual){many}{sums}",
                RuntimeWarning,
                stacklevel=2,
            )

    def _bank_time(self) -> None:
        """Count the seconds since the last call as training time."""
        now = time.perf_counter()
        self._model.total_train_time += now - self._clock
        self._clock = now

    def _write(self, *, due: bool = False) -> None:
        """Write a checkpoint of the present position, if checkpoints are wanted; one that was only `due` may fail."""
        if self._watchers.writer is None:
            return
        self._bank_time()
        if self._feed.has_changed():
            self._watchers.writer.forget_digest()
        progress = Progress(self._run, self.position, self._tally, self.total)
        write = self._watchers.writer.write_due if due else self._watchers.writer.write
        write(self._model, progress, self._watchers.callbacks)
        self._clock = time.perf_counter()


def _largest_value(matrix: NDArray[np.float32]) -> float:
    """The largest absolute value, NaN if there is one; block by block, since a whole copy would take as much memory."""
    blocks = (matrix[first : first + 4096] for first in range(0, len(matrix), 4096))
    largest = (np.abs(block).max() for block in blocks)
    return float(max(largest, key=lambda value: np.inf if np.isnan(value) else value, default=0.0))


def corpus_mark(feed: Feed) -> dict[str, Any] | None:
    """By what a resumed run knows a corpus that lies in memory: tokens, sentences, and a digest of them; None for a
    stream."""
    if feed.store is None:
        return None
    digest = corpus_digest(feed.store, feed.word_of_type)
    return {"tokens": feed.store.token_count, "sentences": feed.store.sentence_count, "digest": digest}


def _check_corpus(then: dict[str, Any] | None, feed: Feed) -> None:
    """Raise CheckpointError if `feed` is of another corpus than the `corpus_mark` of the interrupted run."""
    now = _size_text(None if feed.store is None else (feed.store.token_count, feed.store.sentence_count))
    before = _size_text(None if then is None else (then["tokens"], then["sentences"]))
    if now != before:
        raise CheckpointError(
            f"the corpus has {now} and the interrupted run's had {before}: give the corpus of that run, "
            "with the same normalisation and phrases"
        )
    # Checkpoints of earlier versions have no digest, nor those of a list that callbacks had changed.
    digest = None if then is None else then.get("digest")
    if digest is not None and feed.store is not None and digest != corpus_digest(feed.store, feed.word_of_type):
        raise CheckpointError(
            f"the corpus has {now}, as the interrupted run's had, but other words or in another order: give the "
            "corpus of that run"
        )


def _size_text(size: tuple[int, int] | None) -> str:
    return "no known size, since it was iterated" if size is None else f"{size[0]} tokens in {size[1]} sentences"
