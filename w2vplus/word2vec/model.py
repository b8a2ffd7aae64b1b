"""`Word2Vec`: gensim's class, with w2vplus's engine under `build_vocab` and `train`.

gensim's arguments and attributes are translated in this folder, once, into the words of the engine: the vocabulary
in `building`, corpora in `feeds`, tables and matrices in `tables`, training here (`w2vplus.trainer`). Everything else
(saving, scoring, queries) is inherited.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import GeneratorType
from typing import Any

from gensim.models.word2vec import MAX_WORDS_IN_BATCH

from w2vplus.phrases import FrozenPhrases
from w2vplus.store import EncodedCorpus
from w2vplus.trainer import DEFAULT_SHARED_NEGATIVES, Law, ProgressObserver, Run, Tally, Trainer
from w2vplus.word2vec import arguments, tables
from w2vplus.word2vec.building import VocabularyBuilding
from w2vplus.word2vec.feeds import CorpusMemory, Feed, never_changes, open_source, static_feed, streamed_feed
from w2vplus.word2vec.phrasing import Phrasing, checked_phrases, phrased_stream

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

_TRANSIENT = ("_memory", "_phrasing")
"""Attributes that are not saved."""


@contextmanager
def _observer(progress: bool | ProgressObserver) -> Iterator[ProgressObserver | None]:
    """What `progress=` asks for: nothing, a bar that is closed at the end, or the caller's own observer."""
    if callable(progress):
        yield progress
    elif progress:
        from w2vplus.progress import TrainingBar

        with TrainingBar() as bar:
            yield bar
    else:
        yield None


class Word2Vec(VocabularyBuilding):
    """word2vec with gensim's interface (Mikolov et al. 2013a, 2013b).

    All arguments of `gensim.models.Word2Vec` have gensim's names, meanings and defaults; `sentences` may also be a
    `w2vplus.EncodedCorpus`, and `corpus_file` any source that w2vplus reads as lines: a path or URI, compressed or
    not, a folder, a glob, a list of them, "-" for standard input. Beyond gensim:

    shared_negatives: how many neighbouring centre words share one draw of `negative` noise words. 1 draws once for
        every window (Ji et al. 2016), 2 to 8 once for so many windows (Rengasamy et al. 2017), 0 for every pair, as
        gensim does. Sharing is what makes training fast; None takes `trainer.DEFAULT_SHARED_NEGATIVES`, the most
        that costs no accuracy.
    cbow_corrected: CBOW with the true gradient of the projection (Irsoy et al. 2020) instead of word2vec.c's.
    progress: True for a progress bar, or a callable that receives `w2vplus.trainer.TrainingProgress`.
    phrases: how many passes to learn phrases in, such as new_york (1; 2 for longer ones too), or `Phrases` that were
        learnt before. They are joined in every corpus of the model, and `phrases` then holds them, saved with it.
    errors: what to do with bytes in files that are not UTF-8: "strict", "replace" or "ignore".

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
        phrases: Any = None,
        progress: bool | ProgressObserver = False,
        errors: str = "strict",
        **unknown: Any,
    ) -> None:
        if unknown:
            known = [name for name in inspect.signature(Word2Vec.__init__).parameters if name not in ("self", "unknown")]
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
        self.shared_negatives = shared_negatives
        self.cbow_corrected = bool(cbow_corrected)
        self.errors = errors
        self.training_losses: list[float] = []
        self.phrases = checked_phrases(phrases)
        self._phrasing = Phrasing()
        self._memory = CorpusMemory()
        self._memory.hold = True  # between the constructor's own build_vocab and train
        self._constructor_progress = progress
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
            del self._constructor_progress

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
        **kwargs: Any,
    ) -> tuple[int, int]:
        """Train on every token of the corpus `epochs` times; returns (trained words, raw words).

        As in gensim one of `total_examples` and `total_words` and `epochs` must be given. `word_count` raw words
        count as trained already for the learning rate. `queue_factor` has no effect here: the engine keeps its own
        queue. Raises what gensim's `train` raises, and `CorpusError` for a corpus that cannot be read.
        """
        hooks = self._overridden_hooks()
        if hooks:
            logger.warning("%s overrides %s: training runs in gensim's own code", type(self).__name__, ", ".join(hooks))
            result: tuple[int, int] = super().train(
                corpus_iterable=corpus_iterable, corpus_file=corpus_file, total_examples=total_examples,
                total_words=total_words, epochs=epochs, start_alpha=start_alpha, end_alpha=end_alpha,
                word_count=word_count, queue_factor=queue_factor, report_delay=report_delay,
                compute_loss=compute_loss, callbacks=callbacks, **kwargs,
            )  # fmt: skip
            return result
        if kwargs:
            raise TypeError(f"train() got an unknown argument {next(iter(kwargs))!r}")
        self.alpha = start_alpha or self.alpha
        self.min_alpha = end_alpha or self.min_alpha
        self.epochs = epochs
        self._check_training_sanity(epochs=epochs, total_examples=total_examples, total_words=total_words)
        self._check_corpus_sanity(corpus_iterable=corpus_iterable, corpus_file=corpus_file, passes=epochs)
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
        with _observer(progress) as observer:
            total = self._train_epochs(feed, run, list(callbacks), observer)
        self.train_count += 1
        self.min_alpha_yet_reached = max(run.end_rate, run.learning_rate(run.epochs, 0))
        self.wv.norms = None
        if not self._memory.hold:
            self._memory.forget()
            self._phrasing.forget()
        for callback in callbacks:
            callback.on_train_end(self)
        return total.trained_words, total.raw_words

    def _train_epochs(
        self, feed: Feed, run: Run, callbacks: list[Any], observer: ProgressObserver | None
    ) -> Tally:
        for callback in callbacks:
            callback.on_train_begin(self)
        trainer: Trainer | None = None
        bound: tuple[Any, ...] = ()
        total = Tally()
        for epoch in range(run.epochs):
            for callback in callbacks:
                callback.on_epoch_begin(self)
            weights = tables.training_weights(self)
            arrays = (weights.input_vectors, weights.node_vectors, weights.output_vectors, weights.lock_factors)
            if trainer is None or any(a is not b for a, b in zip(arrays, bound, strict=True)):
                # the first epoch, or a callback has assigned other arrays
                trainer = Trainer(
                    weights, tables.training_tables(self), self._law(), run,
                    word_of_type=feed.word_of_type, observer=observer, total=total,
                )  # fmt: skip
                bound = arrays
            started = time.perf_counter()
            tally = trainer.train_epoch(epoch, feed.blocks())
            self.total_train_time += time.perf_counter() - started
            self._finish_epoch(epoch, tally, time.perf_counter() - started)
            for callback in callbacks:
                callback.on_epoch_end(self)
        return total

    def _finish_epoch(self, epoch: int, tally: Tally, seconds: float) -> None:
        """Leave vectors, norms and loss coherent for the callbacks."""
        self.wv.norms = None
        self.min_alpha_yet_reached = self.min_alpha
        if self.compute_loss:
            self.running_training_loss += tally.loss
            self.training_losses.append(tally.mean_loss)
        if tally.raw_words == 0 and self.train_count == 0:
            logger.warning(
                "train() called with an empty iterator (if not intended, "
                "be sure to provide a corpus that offers restartable iteration = an iterable)."
            )
        logger.info(
            "EPOCH %i: training on %i raw words (%i effective words) took %.1fs, %.0f effective words/s",
            epoch, tally.raw_words, tally.trained_words, seconds, tally.trained_words / max(seconds, 1e-9),
        )  # fmt: skip

    def _law(self) -> Law:
        return Law(
            skip_gram=bool(self.sg),
            hierarchical_softmax=bool(self.hs),
            negative=int(self.negative),
            window=int(self.window),
            shrink_windows=bool(self.shrink_windows),
            shared_negatives=DEFAULT_SHARED_NEGATIVES if self.shared_negatives is None else int(self.shared_negatives),
            cbow_mean=bool(self.cbow_mean),
            corrected_cbow=bool(self.cbow_corrected),
        )

    def _run(self, feed: Feed, total_examples: int | None, total_words: int | None, word_count: int) -> Run:
        return Run(
            epochs=int(self.epochs),
            start_rate=float(self.alpha),
            end_rate=float(self.min_alpha),
            words_per_epoch=self._words_per_epoch(feed, total_examples, total_words),
            seed=int(self.seed),
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
        mean_length = self.corpus_total_words / self.corpus_count if self.corpus_count else 0.0
        return float(total_words or total_examples * mean_length)

    def _feed(self, sentences: Any, corpus_file: Any) -> Feed:
        corpus = open_source(sentences, corpus_file, self.errors)
        if never_changes(corpus):
            return static_feed(self._encode(sentences, corpus_file), self.wv.key_to_index)
        if isinstance(self.phrases, FrozenPhrases):
            corpus = phrased_stream(corpus, self.phrases)
        return streamed_feed(corpus, self.wv.key_to_index)

    def _overridden_hooks(self) -> list[str]:
        """gensim's private training methods that a subclass or an instance has replaced."""
        return [
            name for name in _TRAINING_HOOKS
            if getattr(type(self), name) is not getattr(Word2Vec, name) or name in self.__dict__
        ]  # fmt: skip

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
        if isinstance(corpus_iterable, GeneratorType) and passes > 1:
            raise TypeError(
                f"a generator is used up after one pass, but {passes} are needed: "
                "pass a list, or an object whose __iter__ starts anew"
            )

    # ---- Saving

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _TRANSIENT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._memory, self._phrasing = CorpusMemory(), Phrasing()

    def _load_specials(self, *args: Any, **kwargs: Any) -> None:
        super()._load_specials(*args, **kwargs)
        self._memory, self._phrasing = CorpusMemory(), Phrasing()
        for name, value in (
            ("shared_negatives", None), ("cbow_corrected", False), ("errors", "strict"), ("training_losses", []),
        ):  # fmt: skip
            if not hasattr(self, name):
                setattr(self, name, value)
