"""`Word2Vec`: gensim's class, with w2vplus's engine under `build_vocab` and `train`.

gensim's arguments and attributes are translated in this folder, once, into the words of the engine: the vocabulary
in `building`, corpora in `feeds`, tables and matrices in `tables`, training here (`w2vplus.trainer`). Everything else
(saving, scoring, queries) is inherited.
"""

from __future__ import annotations

import dataclasses
import inspect
import logging
import secrets
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gensim.models.word2vec import MAX_WORDS_IN_BATCH

from w2vplus.corpus import SentenceCorpus, is_one_shot
from w2vplus.phrases import FrozenPhrases
from w2vplus.progress import observer_for
from w2vplus.store import EncodedCorpus
from w2vplus.trainer import (
    DEFAULT_SHARED_NEGATIVES,
    SMALLEST_SHARING_VOCABULARY,
    UNLIMITED_WINDOW,
    Law,
    ProgressObserver,
    Run,
)
from w2vplus.word2vec import arguments, tables
from w2vplus.word2vec.checkpoints import Checkpoint, Checkpoints, CheckpointWriter, load_last
from w2vplus.word2vec.feeds import CorpusMemory, Feed, never_changes, open_source, static_feed, streamed_feed
from w2vplus.word2vec.persistence import Persistence
from w2vplus.word2vec.phrasing import Phrasing, checked_phrases, phrased_stream
from w2vplus.word2vec.pretrained import check_fit, opened
from w2vplus.word2vec.training import TrainingCall, Watchers, corpus_size

if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from typing_extensions import Self

logger = logging.getLogger(__name__)

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


class Word2Vec(Persistence):
    """word2vec with gensim's interface (Mikolov et al. 2013a, 2013b).

    All arguments of `gensim.models.Word2Vec` have gensim's names, meanings and defaults; `sentences` may also be a
    `w2vplus.EncodedCorpus`, and `corpus_file` any source that w2vplus reads as lines: a path or URI, compressed or
    not, a folder, a glob, a list of them, "-" for standard input. Beyond gensim:

    shared_negatives: how many neighbouring centre words share one draw of `negative` noise words. 1 draws once for
        every window (Ji et al. 2016), 2 to 8 once for so many windows (Rengasamy et al. 2017), 0 for every pair, as
        gensim does. Sharing is what makes training fast; None takes `trainer.DEFAULT_SHARED_NEGATIVES`, the most
        that costs no accuracy, or 0 for fewer than 256 words, where sharing does.
    cbow_corrected: CBOW with the true gradient of the projection (Irsoy et al. 2020) instead of word2vec.c's.
    whole_sequence: every item of a sequence is in the window of every other, for baskets and sets, whose order means
        nothing; `window` and `shrink_windows` have no effect then. The work grows with the square of the length.
    progress: True for a progress bar, or a callable that receives `w2vplus.trainer.TrainingProgress`.
    phrases: how many passes to learn phrases in, such as new_york (1; 2 for longer ones too), or `Phrases` that were
        learnt before. They are joined in every corpus of the model, and `phrases` then holds them, saved with it.
    errors: what to do with bytes in files that are not UTF-8: "strict", "replace" or "ignore".
    checkpoint: a folder for checkpoints, or a `Checkpoints` with a schedule; see `train` and `resume`.
    cache: encode any iterable once and train from its ids; otherwise what is neither list nor file is iterated anew in
        every epoch, as gensim does, and may give other sentences each time.
    spill_above, cache_dir: where an encoded corpus is kept, see `w2vplus.corpus.encode`.
    init_from, lock_factors: vectors, or a file of them, that words start from once the vocabulary is built, and what
        their updates are multiplied by; see the method `init_from`.

    Sentences may weigh more or less: `encode(source).weighted(weights)` is a corpus whose weights multiply the
    learning rate (see `EncodedCorpus.weighted`). `ending_vectors("sum")` adds the output vectors to `wv` at the end.

    `training_losses` lists the mean loss per trained pair of every epoch, in float64, if `compute_loss`.

    Raises ValueError or TypeError for arguments that no training can use, `CorpusError` for a corpus that cannot be
    read, RuntimeError if no word reaches `min_count`.
    Thread-safety: one `train` at a time; queries on `wv` may run beside each other.
    Reproducibility: with workers=1, equal seeds and sources give equal vectors, bit for bit, on one instruction set.
    """

    def __init__(
        self,
        sentences: Iterable[Any] | EncodedCorpus | None = None,
        corpus_file: Any = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: Any = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        shared_negatives: int | None = None,
        cbow_corrected: bool = False,
        whole_sequence: bool = False,
        phrases: Any = None,
        progress: bool | ProgressObserver = False,
        errors: str = "strict",
        checkpoint: Checkpoints | str | PathLike[str] | None = None,
        cache: bool = False,
        spill_above: int | None = None,
        cache_dir: str | Path | None = None,
        init_from: KeyedVectors | str | PathLike[str] | None = None,
        lock_factors: float | Mapping[Any, float] = 1.0,
        **unknown: Any,
    ) -> None:
        if unknown:
            known = [*inspect.signature(Word2Vec.__init__).parameters][1:-1]
            raise TypeError(arguments.explain_unknown_argument(next(iter(unknown)), known))
        arguments.check_arguments(
            {"vector_size": vector_size, "window": window, "epochs": epochs, "workers": workers, "alpha": alpha,
             "negative": negative, "min_alpha": min_alpha, "sample": sample, "ns_exponent": ns_exponent, "hs": hs,
             "shared_negatives": shared_negatives}
        )  # fmt: skip
        if isinstance(sentences, (str, bytes)):
            raise TypeError(
                f"sentences must be an iterable of token lists, got the string {sentences[:40]!r}: "
                "pass a path as corpus_file=, or one sentence as [sentence.split()]"
            )
        if isinstance(sentences, (list, tuple)) and sentences and isinstance(sentences[0], (str, bytes)):
            raise TypeError(
                f"each sentence must be a list of tokens, but the first one is the string {sentences[0][:40]!r}: "
                "split it, for example with sentence.split()"
            )
        self.shared_negatives = shared_negatives
        self.cbow_corrected = bool(cbow_corrected)
        self.whole_sequence = bool(whole_sequence)
        self.errors = errors
        self.training_losses: list[float] = []
        self.phrases = checked_phrases(phrases)
        if init_from is not None:
            start = opened(init_from)
            check_fit(start, vector_size, lock_factors)
            self._init_from = (start, lock_factors)
        elif lock_factors != 1.0:
            raise ValueError(f"lock_factors={lock_factors} are those of words from init_from, which is not given")
        self._phrasing = Phrasing()
        self._memory = CorpusMemory(cache, spill_above=spill_above, cache_dir=cache_dir)
        self._memory.hold = True  # between the constructor's own build_vocab and train
        self._constructor_progress = progress
        self._constructor_checkpoint = checkpoint
        if checkpoint is not None and sentences is None and corpus_file is None:
            logger.warning("checkpoint= is not kept by a model without corpus: give it to train()")
        try:
            super().__init__(
                sentences=sentences, corpus_file=corpus_file, vector_size=vector_size, alpha=alpha, window=window,
                min_count=min_count, max_vocab_size=max_vocab_size, sample=sample, seed=seed, workers=workers,
                min_alpha=min_alpha, sg=sg, hs=hs, negative=negative, ns_exponent=ns_exponent, cbow_mean=cbow_mean,
                hashfxn=hashfxn, epochs=epochs, null_word=null_word, trim_rule=trim_rule, sorted_vocab=sorted_vocab,
                batch_words=batch_words, compute_loss=compute_loss, callbacks=callbacks, comment=comment,
                max_final_vocab=max_final_vocab, shrink_windows=shrink_windows,
            )  # fmt: skip
        finally:
            self._memory.hold = False
            self._memory.forget()
            self._phrasing.forget()
            del self._constructor_progress, self._constructor_checkpoint

    # ---- Training

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
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        progress: bool | ProgressObserver | None = None,
        checkpoint: Checkpoints | str | PathLike[str] | None = None,
        **kwargs: Any,
    ) -> tuple[int, int]:
        """Train on every token of the corpus `epochs` times; returns (trained words, raw words).

        As in gensim one of `total_examples` and `total_words` and `epochs` must be given. `word_count` raw words
        count as trained already for the learning rate. `queue_factor` has no effect here: the engine keeps its own
        queue. Raises what gensim's `train` raises, and `CorpusError` for a corpus that cannot be read.

        `callbacks` are gensim's or `w2vplus.callbacks.TrainingCallback`s; `model.stop_training = True`, set by one of
        them, ends training at the next chunk border. `checkpoint` names a folder for checkpoints every 10 minutes, or
        is a `Checkpoints` with another schedule; an interrupt or a stop writes one too, and `resume` goes on from
        there. Raises CheckpointError if the folder holds those of another run.
        """
        callbacks = list(callbacks)
        hooks = self._overridden_hooks()
        if hooks and self.whole_sequence:
            raise ValueError(f"whole_sequence is not for a class that overrides {', '.join(hooks)}: set window instead")
        if hooks:
            if checkpoint is not None or self.__dict__.get("_constructor_checkpoint") is not None:
                raise ValueError(f"checkpoints need w2vplus's own training, but {', '.join(hooks)} is overridden")
            logger.warning("%s overrides %s: training runs in gensim's own code", type(self).__name__, ", ".join(hooks))
            result: tuple[int, int] = super().train(
                corpus_iterable=corpus_iterable, corpus_file=corpus_file, total_examples=total_examples,
                total_words=total_words, epochs=epochs, start_alpha=start_alpha, end_alpha=end_alpha,
                word_count=word_count, queue_factor=queue_factor, report_delay=report_delay,
                compute_loss=compute_loss, callbacks=callbacks, **kwargs,
            )  # fmt: skip
            return result
        if kwargs:
            known = list(inspect.signature(Word2Vec.train).parameters)[1:-1]
            raise TypeError(arguments.explain_unknown_argument(next(iter(kwargs)), known))
        self.alpha = start_alpha or self.alpha
        self.min_alpha = end_alpha or self.min_alpha
        self.epochs = epochs
        self._check_training_sanity(epochs=epochs, total_examples=total_examples, total_words=total_words)
        self._check_corpus_sanity(corpus_iterable=corpus_iterable, corpus_file=corpus_file, passes=self.epochs)
        self.compute_loss = compute_loss
        self.running_training_loss = 0.0
        self.training_losses = []
        feed = self._feed(corpus_iterable, corpus_file)
        run = self._run(feed, total_examples, total_words, word_count)
        if progress is None:
            progress = getattr(self, "_constructor_progress", False)
        self.add_lifecycle_event(
            "train",
            msg=(
                f"training model with {self.workers} workers on {len(self.wv)} vocabulary and {self.layer1_size} "
                f"features, using sg={self.sg} hs={self.hs} sample={self.sample} negative={self.negative} "
                f"window={self.window} shrink_windows={self.shrink_windows}"
            ),
        )
        schedule = self.__dict__.get("_constructor_checkpoint") if checkpoint is None else checkpoint
        writer = None
        if schedule is not None:
            writer = CheckpointWriter(Checkpoints.wanted(schedule), self._run_id, corpus_size(feed))
            self._run_id = writer.run_id
        with observer_for(progress) as observer:
            call = TrainingCall(self, feed, run, Watchers(list(callbacks), observer, writer))
            return self._finish_call(call, run, callbacks)

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

        `folder` is what `checkpoint=` named; the corpus must be the same. A Python iterable is skipped forward,
        and what is skipped is compared with what was trained. Checkpoints go on as they were. With one worker and
        the same instruction set the vectors equal those of the uninterrupted run byte for byte. A callback that
        had a state in the checkpoint must be given again; `on_train_begin` and, within an epoch,
        `on_epoch_begin` are called for the new process.

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
            arguments.check_arguments({"workers": workers})
            run = dataclasses.replace(run, workers=int(workers))
            self.workers = int(workers)
        passes = max(1, run.epochs - checkpoint.progress.position.epoch)
        self._check_corpus_sanity(corpus_iterable=corpus_iterable, corpus_file=corpus_file, passes=passes)
        feed = self._feed(corpus_iterable, corpus_file)
        self._run_id = checkpoint.run_id
        writer = CheckpointWriter(checkpoint.schedule, checkpoint.run_id, corpus_size(feed))
        position = checkpoint.progress.position
        self.add_lifecycle_event("resume", msg=f"going on in epoch {position.epoch} at word {position.offset}")
        with observer_for(progress) as observer:
            call = TrainingCall(self, feed, run, Watchers(list(callbacks), observer, writer), checkpoint)
            return self._finish_call(call, run, callbacks)

    def _finish_call(self, call: TrainingCall, run: Run, callbacks: Iterable[Any]) -> tuple[int, int]:
        """Train, and leave the model as gensim leaves it after `train`."""
        call.train()
        self.train_count += 1
        position = call.position
        self.min_alpha_yet_reached = max(run.end_rate, run.learning_rate(position.epoch, position.offset))
        if not self._memory.hold:
            self._memory.forget()
            self._phrasing.forget()
        for callback in callbacks:
            callback.on_train_end(self)
        return call.total.trained_words, call.total.raw_words

    def _law(self) -> Law:
        return Law(
            skip_gram=bool(self.sg),
            hierarchical_softmax=bool(self.hs),
            negative=int(self.negative),
            window=UNLIMITED_WINDOW if self.whole_sequence else int(self.window),
            shrink_windows=bool(self.shrink_windows) and not self.whole_sequence,
            shared_negatives=self._shared_negatives(),
            cbow_mean=bool(self.cbow_mean),
            corrected_cbow=bool(self.cbow_corrected),
        )

    def _shared_negatives(self) -> int:
        if self.shared_negatives is not None:
            return int(self.shared_negatives)
        return DEFAULT_SHARED_NEGATIVES if len(self.wv) >= SMALLEST_SHARING_VOCABULARY else 0

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
        )

    def _words_per_epoch(self, feed: Feed, total_examples: int | None, total_words: int | None) -> float:
        """Raw words an epoch is announced to have: gensim's `total_examples` (sentences) wins over `total_words`."""
        if not total_examples:
            return float(total_words or 0)
        if feed.store is not None and feed.store.sentence_count:
            return feed.store.token_count / feed.store.sentence_count * total_examples
        if total_examples == self.corpus_count and self.corpus_total_words:
            return float(self.corpus_total_words)
        # No count of this very corpus: from the last one counted, or, without any, from the vocabulary's counts.
        words = self.corpus_total_words or int(tables.word_counts(self.wv).sum())
        return float(total_words or total_examples * words / (self.corpus_count or total_examples))

    def _feed(self, sentences: Any, corpus_file: Any) -> Feed:
        corpus = open_source(sentences, corpus_file, self.errors)
        if self._memory.cache or never_changes(corpus):
            return static_feed(self._encode(sentences, corpus_file), self.wv.key_to_index)
        assert isinstance(corpus, SentenceCorpus)  # everything else never changes
        if isinstance(self.phrases, FrozenPhrases):
            return streamed_feed(phrased_stream(corpus, self.phrases), self.wv.key_to_index)
        return streamed_feed(corpus, self.wv.key_to_index)

    def _overridden_hooks(self) -> list[str]:
        """gensim's private training methods that a subclass or an instance has replaced."""
        return [
            name for name in _TRAINING_HOOKS
            if getattr(type(self), name) is not getattr(Word2Vec, name) or name in self.__dict__
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
        arguments.check_arguments({"epochs": epochs, "alpha": self.alpha, "min_alpha": self.min_alpha})
        for name, value in (("total_examples", total_examples), ("total_words", total_words)):
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}")

    def _check_corpus_sanity(self, corpus_iterable: Any = None, corpus_file: Any = None, passes: int = 1) -> None:
        """Refuse what cannot be a corpus, with gensim's exception types; any source of w2vplus may be `corpus_file`."""
        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError("exactly one of a corpus of token lists and corpus_file must be given")
        if corpus_file is not None:
            if not isinstance(corpus_file, (str, Path, list, tuple)):
                raise TypeError(f"corpus_file must be a path, a URI or a list of them, got {corpus_file!r}")
            return
        if not isinstance(corpus_iterable, (Iterable, EncodedCorpus)):
            raise TypeError(f"the corpus must be an iterable of token lists, got {corpus_iterable!r}")
        if is_one_shot(corpus_iterable) and passes > 1:
            raise TypeError(
                f"a {type(corpus_iterable).__name__} is used up after one pass, but {passes} are needed: "
                "pass a list, or an object whose __iter__ starts anew"
            )
