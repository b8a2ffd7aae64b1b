"""Two sets of vectors laid over one another: two languages by a dictionary, two periods by the words they share.

`align` finds the rotation (or the linear map) that carries the vectors of known pairs of words onto each other,
`Alignment.translate` looks up nearest words in the other set, by cosine or CSLS, `evaluate_translation` gives
precision@1, 5, 10, and `drift` says which words changed. Called by `w2vplus align` and `w2vplus drift`, and by
people with two gensim KeyedVectors in hand.
"""

from w2vplus.alignment.dictionaries import WordPairs, known_pairs, read_dictionary, shared_words
from w2vplus.alignment.mapping import METHODS, RETRIEVALS, Alignment, align
from w2vplus.alignment.measures import Change, TranslationResult, drift, evaluate_translation

__all__ = [
    "METHODS",
    "RETRIEVALS",
    "Alignment",
    "Change",
    "TranslationResult",
    "WordPairs",
    "align",
    "drift",
    "evaluate_translation",
    "known_pairs",
    "read_dictionary",
    "shared_words",
]
