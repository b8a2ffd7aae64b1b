"""gensim's phrase detection over w2vplus's counting: the names and classes of `gensim.models.phrases`.

A corpus of token lists becomes counts of words and of word pairs, and a sentence becomes a sentence in
which words that belong together are one token. `Phrases` learns and applies, `FrozenPhrases` only
applies; both are instances of gensim's classes of the same names. Counts and phrases are held as ids
(`w2vplus.collocations`); gensim's dicts from joined strings are made when somebody asks for them.

Mended, where gensim's classes go wrong:

- A token "a_b" of the text is never taken for the words a and b joined, whatever the delimiter; gensim adds up their
  counts, finds phrases that nobody wrote side by side, and counts too few entries, on which its default scores depend.
  Only a token that an earlier `Phrases` of the same delimiter has joined is known for the phrase that it is.
- An empty string in a sentence stays there; gensim loses it.
- A plain string for a sentence is refused; gensim takes its characters for tokens.
- A scorer that raises or returns NaN is reported with the pair of words.
- Frozen phrases keep their words: they are not split at the delimiter.
"""

from gensim.models.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    NEGATIVE_INFINITY,
    _is_single,
    _PhrasesTransformation,
    npmi_scorer,
    original_scorer,
)

from w2vplus.phrases.frozen import FrozenPhrases
from w2vplus.phrases.inspection import Explanation, FoundPhrase
from w2vplus.phrases.lookup import PhraseKeys
from w2vplus.phrases.model import Phrases
from w2vplus.phrases.options import PhraseOptions
from w2vplus.phrases.scorers import word2phrase_scorer

Phraser = FrozenPhrases
"""gensim's older name."""

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "NEGATIVE_INFINITY",
    "Explanation",
    "FoundPhrase",
    "FrozenPhrases",
    "PhraseKeys",
    "PhraseOptions",
    "Phraser",
    "Phrases",
    "_PhrasesTransformation",
    "_is_single",
    "npmi_scorer",
    "original_scorer",
    "word2phrase_scorer",
]
