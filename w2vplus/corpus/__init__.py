"""Sources of text: everything a user may call a corpus becomes ids here, through one front door.

`open_corpus` makes a restartable corpus of any source, `encode` turns one into an `EncodedCorpus` (the whole
in memory), `encode_known` streams blocks of ids against a known vocabulary. Called by the faces and the
command line.
"""

from w2vplus.corpus.bounded import count_bounded
from w2vplus.corpus.cache import reading_options
from w2vplus.corpus.columns import is_table
from w2vplus.corpus.encoding import count_types, encode, encode_known
from w2vplus.corpus.front_door import (
    Corpus,
    JoinedCorpus,
    byte_size,
    fingerprint,
    open_corpus,
    open_sentences,
)
from w2vplus.corpus.integers import IntegerSentences
from w2vplus.corpus.lines import (
    GENSIM_SENTENCE_LIMIT,
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    TextCorpus,
)
from w2vplus.corpus.passing import PassingBlock, PassingText, passing_text
from w2vplus.corpus.sentences import SentenceCorpus, is_one_shot
from w2vplus.corpus.sources import FileFingerprint
from w2vplus.corpus.wiki import WikiDump

__all__ = [
    "GENSIM_SENTENCE_LIMIT",
    "BrownCorpus",
    "Corpus",
    "FileFingerprint",
    "IntegerSentences",
    "JoinedCorpus",
    "LineSentence",
    "PassingBlock",
    "PassingText",
    "PathLineSentences",
    "SentenceCorpus",
    "Text8Corpus",
    "TextCorpus",
    "WikiDump",
    "byte_size",
    "count_bounded",
    "count_types",
    "encode",
    "encode_known",
    "fingerprint",
    "is_one_shot",
    "is_table",
    "open_corpus",
    "open_sentences",
    "passing_text",
    "reading_options",
]
