"""The training half of `Word2Vec`: gensim's `train` and what goes before and after it, over w2vplus's engine.

Corpora come from `feeds`, tables and matrices from `tables`; one call of `train` is a `training.TrainingCall`. The
constructor that hands all of this out is in `model`.
"""

from __future__ import annotations

import dataclasses
import inspect
import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any

from w2vplus.corpus import is_table, open_sentences
from w2vplus.limits import checked
from w2vplus.phrases import FrozenPhrases
from w2vplus.progress import check_progress, logging_beside, observer_for
from w2vplus.trainer import (
    DEFAULT_SHARED_NEGATIVES,
    FARTHEST_CONTEXT,
    MOST_FOR_ONE,
    MOST_FOR_SEVERAL,
    SHARING_RATE,
    SMALLEST_SHARING_VOCABULARY,
    UNLIMITED_WINDOW,
    Law,
    ProgressObserver,
    Run,
)
from w2vplus.word2vec import arguments, tables
from w2vplus.word2vec.checkpoints import Checkpoint, Checkpoints, CheckpointWriter, load_last
from w2vplus.word2vec.feeds import (
    Feed,
    is_plain_list,
    list_feed,
    never_changes,
    static_feed,
    streamed_feed,
)
from w2vplus.word2vec.persistence import Persistence
from w2vplus.word2vec.phrasing import phrased_stream
from w2vplus.word2vec.rows import take_in_added_words
from w2vplus.word2vec.training import TrainingCall, Watchers, corpus_mark

if TYPE_CHECKING:
    from typing_extensions import Self

logger = logging.getLogger(__name__)

REPORT_DELAY = 1.0
"""Seconds between two lines of progress in the log, as in gensim."""

_TRAINING_HOOKS = (
    "_do_train_job",
    "_do_train_epoch",
    "_train_epoch",
    "_train_epoch_corpusfile",
    "_worker_loop",
    "_worker_loop_corpusfile",
    "_job_producer",
    "_raw_word_count",
    "_get_next_alpha",
    "_get_thread_working_mem",
)
"""gensim's private methods by which subclasses change training."""


class Learning(Persistence):
    """The part of `Word2Vec` that trains."""

    training_losses: list[float]

    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = REPORT_DELAY,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        progress: bool | ProgressObserver | None = None,
        checkpoint: Checkpoints | str | PathLike[str] | None = None,
        **kwargs: Any,
    ) -> tuple[int, int]:
        """Train on every token of the corpus `epochs` times; returns (trained words, raw words).

        As in gensim one of `total_examples` and `total_words` and `epochs` must be given. The learning rate falls with
        the words trained; in an iterable whose words nobody has counted, with the sentences. `word_count` raw words
        count as trained already for it. Every `report_delay` seconds a line of progress goes to the log; `queue_factor`
        has no effect here. Raises what gensim's `train` raises, and `CorpusError` for a corpus that cannot be read.

        `callbacks` are gensim's or `w2vplus.callbacks.TrainingCallback`s; `model.stop_training = True`, set by one of
        them, ends training at the next chunk border. `checkpoint` names a folder for checkpoints every 10 minutes, or
        is a `Checkpoints` with another schedule; an interrupt or a stop writes one too, and `resume` goes on from
        there. Raises CheckpointError if the folder holds those of another run, OSError if that of a stop cannot be
        written; one that was only due costs a RuntimeWarning then, and the next is tried when it is due.
        """
        callbacks = arguments.checked_callbacks(callbacks)
        if epochs is not None:
            epochs = arguments.checked_arguments({"epochs": epochs})["epochs"]
        hooks = self._overridden_hooks()
        if hooks and self.whole_sequence:
            raise ValueError(f"whole_sequence is not for a class that overrides {', '.join(hooks)}: set window instead")
        if hooks:
            if checkpoint is not None or self.__dict__.get("_constructor_checkpoint") is not None:
                raise ValueError(f"checkpoints need w2vplus's own training, but {', '.join(hooks)} is overridden")
            logger.warning("%s overrides %s: training runs in gensim's own code", type(self).__name__, ", ".join(hooks))
            if is_table(corpus_iterable):  # which gensim's code would take apart into characters
                corpus_iterable = open_sentences(corpus_iterable)
            result: tuple[int, int] = super().train(
                corpus_iterable=corpus_iterable, corpus_file=corpus_file, total_examples=total_examples,
                total_words=total_words, epochs=epochs, start_alpha=start_alpha, end_alpha=end_alpha,
                word_count=word_count, queue_factor=queue_factor, report_delay=report_delay,
                compute_loss=compute_loss, callbacks=callbacks, **kwargs,
            )  # fmt: skip
            return result
        if kwargs:
            known = list(inspect.signature(Learning.train).parameters)[1:-1]
            raise TypeError(arguments.explain_unknown_argument(next(iter(kwargs)), known))
        for name, shown, value in (("alpha", "start_alpha", start_alpha), ("min_alpha", "end_alpha", end_alpha)):
            if value:  # 0 stands for the model's own, as in gensim
                checked(name, value, shown)
        is_empty = isinstance(corpus_iterable, (list, tuple)) and not corpus_iterable
        if is_empty and 0 in (total_examples, total_words) and len(self.wv):  # a batch of a stream
            logger.warning("train() called with an empty corpus: there is nothing to train")
            return 0, 0
        rates = {"alpha": start_alpha or self.alpha, "min_alpha": end_alpha or self.min_alpha}
        with self._set_unless_refused(epochs=epochs, **rates):
            self._check_training_sanity(epochs=epochs, total_examples=total_examples, total_words=total_words)
            arguments.checked_arguments({"word_count": word_count})
            self._check_corpus_sanity(corpus_iterable=corpus_iterable, corpus_file=corpus_file, passes=self.epochs)
        if rates["min_alpha"] > rates["alpha"]:
            logger.warning(
                "the learning rate rises from %g to %g: set min_alpha below alpha", rates["alpha"], rates["min_alpha"]
            )
        self.compute_loss = compute_loss
        self.running_training_loss = 0.0
        self.training_losses = []
        if progress is None:
            progress = getattr(self, "_constructor_progress", False)
        check_progress(progress)
        schedule = self.__dict__.get("_constructor_checkpoint")
        if checkpoint is not None:
            schedule = Checkpoints.wanted(checkpoint)
        if schedule is not None:
            schedule.present(self._run_id)
        take_in_added_words(self)
        feed = self._feed(corpus_iterable, corpus_file, watched=bool(callbacks) or callable(progress))
        run = self._run(feed, total_examples, total_words, word_count)
        self.add_lifecycle_event(
            "train",
            msg=(
                f"training model with {self.workers} workers on {len(self.wv)} vocabulary and {self.layer1_size} "
                f"features, using sg={self.sg} hs={self.hs} sample={self.sample} negative={self.negative} "
                f"window={self.window} shrink_windows={self.shrink_windows}"
            ),
        )
        writer = None
        if schedule is not None:
            writer = CheckpointWriter(schedule, self._run_id, corpus_mark(feed))
            self._run_id = writer.run_id
        with observer_for(progress) as observer:
            observer = logging_beside(observer, logger, report_delay)
            call = TrainingCall(self, feed, run, Watchers(list(callbacks), observer, writer))
            return self._finish_call(call, callbacks)

    @contextmanager
    def _set_unless_refused(self, **settings: Any) -> Iterator[None]:
        """Set attributes for the checks in the body, which gensim makes on the model; if they refuse the call, the
        model is as it was."""
        before = {name: getattr(self, name) for name in settings}
        try:
            for name, value in settings.items():
                setattr(self, name, value)
            yield
        except BaseException:
            for name, value in before.items():
                setattr(self, name, value)
            raise

    @classmethod
    def resume(
        cls,
        folder: str | PathLike[str],
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        *,
        workers: int | None = None,
        callbacks: Iterable[Any] = (),
        progress: bool | ProgressObserver = False,
    ) -> Self:
        """The model of an interrupted `train`, trained to that call's end from its last complete checkpoint.

        `folder` is what `checkpoint=` named; the corpus must be the same. What was encoded once is compared by
        a digest; a Python iterable, which may change between epochs, is skipped forward, and what is skipped is
        compared with what was trained. Checkpoints go on as they were. With one worker and the same instruction set the
        vectors equal those of the uninterrupted run byte for byte. A callback that had a state in the checkpoint must
        be given again; `on_train_begin` and, within an epoch, `on_epoch_begin` are called for the new process.

        Raises CheckpointError if there is no complete checkpoint or the corpus is another one, ModelFormatError
        if no checkpoint can be read.
        """
        checkpoint = load_last(cls, folder)
        model: Self = checkpoint.model
        model.train_from(
            checkpoint, corpus_iterable, corpus_file, workers=workers, callbacks=callbacks, progress=progress
        )
        return model

    def train_from(
        self,
        checkpoint: Checkpoint,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        *,
        workers: int | None = None,
        callbacks: Iterable[Any] = (),
        progress: bool | ProgressObserver = False,
    ) -> tuple[int, int]:
        """What `resume` does with the model of a checkpoint that was read (`checkpoints.load_last`).

        Returns (trained words, raw words) of the whole call, the part before the restart included.
        """
        run = checkpoint.progress.run
        if workers is not None:
            self.workers = arguments.checked_arguments({"workers": workers})["workers"]
            run = dataclasses.replace(run, workers=self.workers)
        passes = max(1, run.epochs - checkpoint.progress.position.epoch)
        self._check_corpus_sanity(corpus_iterable=corpus_iterable, corpus_file=corpus_file, passes=passes)
        callbacks = arguments.checked_callbacks(callbacks)
        watched = bool(callbacks) or callable(progress)
        feed = self._feed(corpus_iterable, corpus_file, watched=watched, streamed=checkpoint.corpus is None)
        self._run_id = checkpoint.run_id
        writer = CheckpointWriter(checkpoint.schedule, checkpoint.run_id, checkpoint.corpus)
        position = checkpoint.progress.position
        self.add_lifecycle_event("resume", msg=f"going on in epoch {position.epoch} at word {position.offset}")
        with observer_for(progress) as observer:
            observer = logging_beside(observer, logger, REPORT_DELAY)
            call = TrainingCall(self, feed, run, Watchers(list(callbacks), observer, writer), checkpoint)
            return self._finish_call(call, callbacks)

    def _finish_call(self, call: TrainingCall, callbacks: Iterable[Any]) -> tuple[int, int]:
        """Train, and leave the model as gensim leaves it after `train`."""
        seconds_before = self.total_train_time
        call.train()
        total, seconds = call.total, self.total_train_time - seconds_before
        self.add_lifecycle_event(
            "train",
            msg=(
                f"training on {total.raw_words} raw words ({total.trained_words} effective words) took {seconds:.1f}s, "
                f"{total.trained_words / max(seconds, 1e-9):.0f} effective words/s"
            ),
        )
        if total.raw_words and not total.trained_words:
            logger.warning(
                "nothing was learnt: of %i words in all epochs none was left; they are not in the vocabulary, or "
                "`sample` drops them (0 drops none)",
                total.raw_words,
            )
        elif total.raw_words and not total.pairs:
            logger.warning(
                "nothing was learnt: none of the %i words that were left has another in its sentence; sentences of one "
                "word teach nothing (join lines of one word), nor do those of which `sample` leaves one (0 leaves all)",
                total.trained_words,
            )
        self.train_count += 1
        if not self._memory.hold:
            self._forget_corpus()
        for callback in callbacks:
            callback.on_train_end(self)
        return total.trained_words, total.raw_words

    def predict_output_word(self, context_words_list: Any, topn: int = 10) -> list[tuple[Any, float]] | None:
        """gensim's: the words that are likeliest in the middle of these. Raises TypeError for a string, whose
        characters gensim takes for words."""
        if isinstance(context_words_list, (str, bytes)):
            raise TypeError(f"the context must be a list of words, got {context_words_list!r}: split it into words")
        found: list[tuple[Any, float]] | None = super().predict_output_word(context_words_list, topn)
        return found

    def _law(self) -> Law:
        return Law(
            skip_gram=bool(self.sg),
            hierarchical_softmax=bool(self.hs),
            negative=int(self.negative),
            window=UNLIMITED_WINDOW if self.whole_sequence else int(self.window),
            farthest=UNLIMITED_WINDOW if self.whole_sequence else FARTHEST_CONTEXT,
            shrink_windows=bool(self.shrink_windows) and not self.whole_sequence,
            shared_negatives=self._shared_negatives(),
            cbow_mean=bool(self.cbow_mean),
            corrected_cbow=bool(self.cbow_corrected),
        )

    def _shared_negatives(self) -> int:
        if self.shared_negatives is not None:
            return int(self.shared_negatives)
        pull = self.negative * max(1.0, self.alpha / SHARING_RATE)
        if len(self.wv) < SMALLEST_SHARING_VOCABULARY or pull > MOST_FOR_ONE:
            return 0
        return DEFAULT_SHARED_NEGATIVES if pull <= MOST_FOR_SEVERAL else 1

    def _run(self, feed: Feed, total_examples: int | None, total_words: int | None, word_count: int) -> Run:
        return Run(
            epochs=int(self.epochs),
            start_rate=float(self.alpha),
            end_rate=float(self.min_alpha),
            words_per_epoch=self._words_per_epoch(feed, total_examples, total_words),
            seed=secrets.randbits(63) if self.seed is None else int(self.seed),  # None: another one each time
            call=int(self.train_count),
            words_before=int(word_count),
            workers=int(self.workers),
            compute_loss=bool(self.compute_loss),
            sentences_per_epoch=float(total_examples) if total_examples else None,
            by_sentences=feed.size is None and not total_words,
        )

    def _words_per_epoch(self, feed: Feed, total_examples: int | None, total_words: int | None) -> float:
        """Raw words an epoch is announced to have: gensim's `total_examples` (sentences) wins over `total_words`."""
        if not total_examples:
            return float(total_words or 0)
        tokens, sentences = feed.size or (0, 0)
        if sentences:
            return tokens / sentences * total_examples
        # No count of this very corpus: from the last one counted, or, without any, from the vocabulary's counts.
        words = self.corpus_total_words or int(tables.word_counts(self.wv).sum())
        return float(total_words or total_examples * words / (self.corpus_count or total_examples))

    def _feed(self, sentences: Any, corpus_file: Any, *, watched: bool, streamed: bool | None = None) -> Feed:
        """The corpus for training; `watched` says whether code of the user's runs between epochs, `streamed` whether
        the corpus was iterated in the run that this one goes on with: its positions mean nothing otherwise."""
        corpus = self._memory.opened(sentences, corpus_file, self.errors)
        comparable = is_plain_list(sentences)
        if streamed is None:
            streamed = not (self.cache or comparable or never_changes(corpus, watched=watched))
        if streamed and isinstance(corpus, Iterable):  # an EncodedCorpus is none: another corpus than was streamed
            stream = phrased_stream(corpus, self.phrases) if isinstance(self.phrases, FrozenPhrases) else corpus
            return streamed_feed(stream, self.wv.key_to_index, self._memory.size_of(sentences))
        encoded = self._encode(sentences, corpus_file)
        if comparable and watched and not self.cache:
            return list_feed(sentences, encoded, lambda: self._encode_anew(sentences), self.wv.key_to_index)
        return static_feed(encoded, self.wv.key_to_index)

    def _overridden_hooks(self) -> list[str]:
        """gensim's private training methods that a subclass or an instance has replaced."""
        return [
            name for name in _TRAINING_HOOKS
            if getattr(type(self), name) is not getattr(Learning, name) or name in self.__dict__
        ]  # fmt: skip

    def _check_training_sanity(
        self, epochs: Any = 0, total_examples: Any = None, total_words: Any = None, **kwargs: Any
    ) -> None:
        """gensim's checks, a message that names the cause where no word is left to train, and the numbers'."""
        if not self.wv.key_to_index and hasattr(self, "effective_min_count"):
            if not self.corpus_total_words:
                raise RuntimeError("there is nothing to train: the corpus is empty (you must first build vocabulary)")
            raise RuntimeError(
                f"no word of the corpus, {self.corpus_total_words} tokens, is kept by "
                f"min_count={self.effective_min_count}: lower it or give more text (you must first build vocabulary)"
            )
        super()._check_training_sanity(epochs=epochs, total_examples=total_examples, total_words=total_words, **kwargs)
        arguments.checked_arguments(
            {"epochs": epochs, "alpha": self.alpha, "min_alpha": self.min_alpha, "total_examples": total_examples,
             "total_words": total_words}
        )  # fmt: skip

    def _check_corpus_sanity(self, corpus_iterable: Any = None, corpus_file: Any = None, passes: int = 1) -> None:
        """Refuse what cannot be a corpus, with gensim's exception types; any source of w2vplus may be `corpus_file`.
        With `cache` our own training reads it once, however many passes there are."""
        if self.cache and not self._overridden_hooks():
            passes = min(passes, 1)
        arguments.check_corpus(corpus_iterable, corpus_file, passes)
