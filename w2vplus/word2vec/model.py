"""`Word2Vec`: gensim's class, with w2vplus's engine under `build_vocab` and `train`.

gensim's arguments and attributes are translated in this folder, once, into the words of the engine: the vocabulary
in `building`, corpora in `feeds`, tables and matrices in `tables`, training here (`w2vplus.trainer`). Everything else
(saving, scoring, queries) is inherited.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable, Mapping
from numbers import Real
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from gensim.models.word2vec import MAX_WORDS_IN_BATCH

from w2vplus._text import check_errors
from w2vplus.limits import checked_flag
from w2vplus.progress import check_progress
from w2vplus.store import EncodedCorpus
from w2vplus.trainer import ProgressObserver
from w2vplus.word2vec import arguments
from w2vplus.word2vec.checkpoints import Checkpoints
from w2vplus.word2vec.feeds import CorpusMemory
from w2vplus.word2vec.learning import Learning
from w2vplus.word2vec.phrasing import Phrasing, checked_phrases
from w2vplus.word2vec.pretrained import check_fit, opened

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

logger = logging.getLogger(__name__)


class Word2Vec(Learning):
    """word2vec with gensim's interface (Mikolov et al. 2013a, 2013b).

    All arguments of `gensim.models.Word2Vec` have gensim's names, meanings and defaults; `sentences` may also be a
    `w2vplus.EncodedCorpus`, or a column of texts or of token lists (of pandas, polars, Arrow or a Hugging Face dataset,
    or a NumPy array of texts), which is read as `w2vplus.encode` reads it, once, and
    `corpus_file` any source that w2vplus reads as lines: a path or URI, compressed or
    not, a folder, a glob, a list of them, "-" for standard input. `batch_words` has no effect: threads take the text in
    pieces of one size. Beyond gensim:

    shared_negatives: how many neighbouring centre words share one draw of `negative` noise words, and in CBOW one of
        how far their windows reach. 1 draws once for every window (Ji et al. 2016), 2 to 4 once for so many windows
        (Rengasamy et al. 2017), 0 noise words for every pair, as gensim does. Sharing is what makes training fast;
        None takes `trainer.DEFAULT_SHARED_NEGATIVES`, the most that costs no accuracy; 1 for more than 50 noise
        words, fewer in proportion at an `alpha` above 0.025; 0 for more than 200 of them, and for fewer than 2,000
        words in the vocabulary, where sharing does.
    cbow_corrected: CBOW with the true gradient of the projection (Irsoy et al. 2020) instead of word2vec.c's. With
        `cbow_mean=0` a step grows with the number of context words: every window is then trained by itself.
    whole_sequence: every item of a sequence is in the window of every other, for baskets and sets, whose order means
        nothing; `window` and `shrink_windows` have no effect then. The work grows with the square of the length.
    progress: True for a progress bar, or a callable that receives `w2vplus.trainer.TrainingProgress`.
    phrases: how many passes to learn phrases in, such as new_york (1; 2 for longer ones too), `PhraseOptions` with
        scoring and thresholds, or `Phrases` that were learnt before. They are joined in every corpus of the model, and
        `phrases` then holds them, saved with it.
    errors: what to do with bytes in files that are not UTF-8: "strict", "replace" or "ignore".
    checkpoint: a folder for checkpoints, or a `Checkpoints` with a schedule; see `train` and `resume`.
    cache: encode any iterable once, a generator too, and train from its ids, whatever happens to it meanwhile.
        Otherwise a list is compared in every epoch with what was encoded, if callbacks could have changed it, and
        encoded anew if they did; and what is neither list nor file is iterated anew in every epoch, as gensim does, and
        may give other sentences each time.
    spill_above, cache_dir: where an encoded corpus is kept, see `w2vplus.corpus.encode`. These, too, are settings that
        are saved with the model.
    init_from, lock_factors: vectors, or a file of them, that words start from once the vocabulary is built, and what
        their updates are multiplied by; see the method `init_from`.

    Sentences may weigh more or less: `encode(source).weighted(weights)` is a corpus whose weights multiply the
    learning rate (see `EncodedCorpus.weighted`). `ending_vectors("sum")` adds the output vectors to `wv` at the end.

    `training_losses` lists the mean loss per trained pair of every epoch, in float64, if `compute_loss`; `corpora` the
    texts that were counted, with a fingerprint of each, as the card of a saved model shows them.

    Raises ValueError or TypeError for arguments that no training can use, `CorpusError` for a corpus that cannot be
    read, RuntimeError if no word reaches `min_count`.
    Thread-safety: one `train` at a time; queries on `wv` may run beside each other.
    Reproducibility: with workers=1, equal seeds and sources give equal vectors, bit for bit, with one kernel.
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
        cache_dir: str | PathLike[str] | None = None,
        init_from: KeyedVectors | str | PathLike[str] | None = None,
        lock_factors: float | Mapping[Any, float] = 1.0,
        **unknown: Any,
    ) -> None:
        """gensim's arguments, in their order and with their defaults, and more behind them: see the class.

        Raises TypeError and ValueError naming an argument that cannot be, and what `build_vocab` and `train` raise.
        """
        if unknown:
            known = [*inspect.signature(Word2Vec.__init__).parameters][1:-1]
            raise TypeError(arguments.explain_unknown_argument(next(iter(unknown)), known))
        numbers = arguments.checked_arguments(
            {"vector_size": vector_size, "window": window, "epochs": epochs, "workers": workers, "alpha": alpha,
             "negative": negative, "min_alpha": min_alpha, "sample": sample, "ns_exponent": ns_exponent, "sg": sg,
             "hs": hs, "cbow_mean": cbow_mean, "shared_negatives": shared_negatives, "min_count": min_count,
             "max_vocab_size": max_vocab_size, "max_final_vocab": max_final_vocab, "seed": seed}
        )  # fmt: skip
        callbacks = arguments.checked_callbacks(callbacks)
        check_errors(errors)
        self.shared_negatives = numbers.pop("shared_negatives")
        self.cbow_corrected = checked_flag("cbow_corrected", cbow_corrected)
        self.whole_sequence = checked_flag("whole_sequence", whole_sequence)
        self.errors = errors
        self.training_losses = []
        self.corpora = []
        self.phrases = checked_phrases(phrases)
        if init_from is not None:
            start = opened(init_from)
            check_fit(start, vector_size, lock_factors)
            self._init_from = (start, lock_factors)
        elif not (isinstance(lock_factors, Real) and float(lock_factors) == 1.0):
            raise ValueError(f"lock_factors={lock_factors} are those of words from init_from, which is not given")
        self._phrasing = Phrasing()
        self.cache, self.spill_above = checked_flag("cache", cache), spill_above
        self.cache_dir = None if cache_dir is None else fspath(cache_dir)
        self._memory = CorpusMemory()
        self._memory.hold = True  # between the constructor's own build_vocab and train
        check_progress(progress)
        self._constructor_progress = progress
        self._constructor_checkpoint = None
        if checkpoint is not None:
            self._constructor_checkpoint = Checkpoints.wanted(checkpoint)
            self._constructor_checkpoint.present(None)  # those of an earlier run are refused before the corpus is read
        if checkpoint is not None and sentences is None and corpus_file is None:
            logger.warning("checkpoint= is not kept by a model without corpus: give it to train()")
        try:
            super().__init__(
                sentences=sentences, corpus_file=corpus_file, hashfxn=hashfxn,
                null_word=null_word, trim_rule=trim_rule, sorted_vocab=sorted_vocab, batch_words=batch_words,
                compute_loss=compute_loss, callbacks=callbacks, comment=comment, shrink_windows=shrink_windows,
                **numbers,
            )  # fmt: skip
        finally:
            self._memory.hold = False
            self._forget_corpus()
            del self._constructor_progress, self._constructor_checkpoint
