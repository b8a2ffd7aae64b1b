"""gensim's `models.word2vec`, trained by w2vplus: the same names, classes and arguments.

`Word2Vec` is a `gensim.models.Word2Vec` whose vocabulary scan and training run in w2vplus's engine; its `wv` is
gensim's own `KeyedVectors`. The corpus readers are w2vplus's (`w2vplus.corpus`), the remaining names gensim's: also the
functions of its extension modules (`train_batch_sg`, `score_sentence_cbow`, ...), which other packages import and
which work on models of w2vplus, whose arrays have gensim's layout.
"""

from typing import Any

from gensim.models import word2vec as _gensims
from gensim.models.keyedvectors import KeyedVectors, pseudorandom_weak_vector
from gensim.models.word2vec import (
    CORPUSFILE_VERSION,
    MAX_WORDS_IN_BATCH,
    REAL,
    Heapitem,
    Word2VecTrainables,
    Word2VecVocab,
    score_sentence_cbow,
    score_sentence_sg,
    train_batch_cbow,
    train_batch_sg,
    train_epoch_cbow,
    train_epoch_sg,
)
from gensim.utils import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, keep_vocab_item, prune_vocab

from w2vplus.corpus import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from w2vplus.word2vec.checkpoints import Checkpoints
from w2vplus.word2vec.model import Word2Vec

FAST_VERSION = 1
"""gensim's flag for its compiled training code; w2vplus has no other."""

__all__ = [
    "CORPUSFILE_VERSION",
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "REAL",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "BrownCorpus",
    "Checkpoints",
    "Heapitem",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
    "Word2VecTrainables",
    "Word2VecVocab",
    "keep_vocab_item",
    "prune_vocab",
    "pseudorandom_weak_vector",
    "score_sentence_cbow",
    "score_sentence_sg",
    "train_batch_cbow",
    "train_batch_sg",
    "train_epoch_cbow",
    "train_epoch_sg",
]


def __getattr__(name: str) -> Any:
    """What else gensim's module holds, of this or another version: names that it imports itself, private ones."""
    try:
        return getattr(_gensims, name)
    except AttributeError:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}, and neither has gensim.models.word2vec"
        ) from None
