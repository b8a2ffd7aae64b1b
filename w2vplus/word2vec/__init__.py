"""gensim's `models.word2vec`, trained by w2vplus: the same names, classes and arguments.

`Word2Vec` is a `gensim.models.Word2Vec` whose vocabulary scan and training run in w2vplus's engine; its `wv` is
gensim's own `KeyedVectors`. The corpus readers are w2vplus's (`w2vplus.corpus`), the remaining names gensim's.
"""

from gensim.models.keyedvectors import KeyedVectors, pseudorandom_weak_vector
from gensim.models.word2vec import (
    MAX_WORDS_IN_BATCH,
    Heapitem,
    Word2VecTrainables,
    Word2VecVocab,
)
from gensim.utils import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, keep_vocab_item, prune_vocab

from w2vplus.corpus import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from w2vplus.word2vec.checkpoints import Checkpoints
from w2vplus.word2vec.model import Word2Vec

FAST_VERSION = 1
"""gensim's flag for its compiled training code; w2vplus has no other."""

__all__ = [
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
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
]
