"""Phrases on the way from corpus to vocabulary: what `Word2Vec(phrases=...)` means.

Phrases are learnt from the corpus that the vocabulary is built from, or given; from then on every corpus
that the model reads is joined by them before anything else sees it, over ids where it is encoded whole.
"""

from __future__ import annotations

import logging
from typing import Any

from gensim.interfaces import TransformedCorpus

from w2vplus.collocations import join_phrases
from w2vplus.corpus import SentenceCorpus, encode, open_sentences
from w2vplus.phrases import FrozenPhrases, PhraseOptions, Phrases
from w2vplus.phrases.applying import PhrasedCorpus, decoded
from w2vplus.phrases.learning import learn_frozen
from w2vplus.phrases.transforming import StrictTransformation
from w2vplus.store import EncodedCorpus

logger = logging.getLogger(__name__)


def checked_phrases(phrases: Any) -> Any:
    """The `phrases` argument: None, options to learn phrases by, or frozen phrases.

    A number stands for the options with so many passes, 0 and False for None, True for 1. Raises TypeError or
    ValueError for anything else.
    """
    if isinstance(phrases, StrictTransformation):  # of ours, even while our classes stand in for gensim's
        return phrases.freeze() if isinstance(phrases, Phrases) else phrases
    if phrases is None or isinstance(phrases, PhraseOptions):
        return phrases
    if not hasattr(phrases, "__index__"):
        raise TypeError(
            "phrases must be a number of passes, PhraseOptions or Phrases of w2vplus, "
            f"got a {type(phrases).__name__}"
        )
    if int(phrases) < 0:
        raise ValueError(f"phrases must be at least 0 passes, got {phrases}")
    return PhraseOptions(int(phrases)) if phrases else None


def phrased_files(sentences: Any) -> PhrasedCorpus | None:
    """`sentences` if they are phrases over text files, as in `bigram[LineSentence(file)]`, nested or not, which can
    become ids without strings; gensim's own FrozenPhrases (exactly these) become ours. None for anything else."""
    if type(sentences) is TransformedCorpus and not sentences.chunksize:
        kind = type(sentences.obj)
        if (kind.__module__, kind.__qualname__) == ("gensim.models.phrases", "Phrases"):
            logger.info(
                "gensim's Phrases may learn between epochs, so they join every sentence anew in Python: "
                "phrases.freeze()[sentences] is read natively, and many times faster"
            )
        if (kind.__module__, kind.__qualname__) != ("gensim.models.phrases", "FrozenPhrases"):
            return None
        sentences = PhrasedCorpus(FrozenPhrases.of_gensim(sentences.obj), sentences.corpus)
    if type(sentences) is not PhrasedCorpus or sentences.obj._native() is None:
        return None
    if not isinstance(sentences.corpus, TransformedCorpus):
        source = open_sentences(sentences.corpus, one_shot=True)
        return None if isinstance(source, SentenceCorpus) else sentences
    inner = phrased_files(sentences.corpus)
    return None if inner is None else PhrasedCorpus(sentences.obj, inner)


def are_frozen(phrased: PhrasedCorpus) -> bool:
    """Whether all phrases of a `phrased_files` corpus are frozen: those of `Phrases` may learn between epochs."""
    inner = phrased.corpus
    return isinstance(phrased.obj, FrozenPhrases) and (not isinstance(inner, PhrasedCorpus) or are_frozen(inner))


def phrased_stream(sentences: Any, phrases: FrozenPhrases) -> SentenceCorpus:
    """Sentences that are iterated anew in every epoch, with phrases joined on the way."""
    return SentenceCorpus(PhrasedCorpus(phrases, sentences))  # indexing would take a sentence to look at


class Phrasing:
    """Joins the corpora of one model; keeps the last result, for a vocabulary and a training on one corpus.

    Thread-safety: none.
    """

    def __init__(self) -> None:
        self._before: EncodedCorpus | None = None
        self._after: EncodedCorpus | None = None

    def joined(self, corpus: EncodedCorpus, phrases: FrozenPhrases, workers: int) -> EncodedCorpus:
        """The corpus with these phrases as strings."""
        if self._before is not corpus or self._after is None:
            native = phrases._native()
            if native is None:  # a subclass that finds phrases in its own way
                after = encode(phrases[decoded(corpus)])
            else:
                after = join_phrases(native.merged(corpus, workers), phrases.delimiter)
            self.keep(corpus, after)
            return after
        return self._after

    def keep(self, before: EncodedCorpus, after: EncodedCorpus) -> None:
        """Take `after` for what `before` becomes by the model's phrases; the same, if they stand in it already."""
        self._before, self._after = before, after

    def learnt(self, corpus: EncodedCorpus, options: PhraseOptions, workers: int) -> FrozenPhrases:
        """Phrases of the corpus; `joined` is ready then."""
        learnt = learn_frozen(corpus, options, workers)
        self.keep(corpus, learnt.corpus)
        return learnt.phrases

    def forget(self) -> None:
        """Give the memory back."""
        self._before = self._after = None
