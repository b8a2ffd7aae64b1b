"""Judging word vectors: analogy questions and human similarity scores in, frozen results out.

Called by the command line, the benchmark and by people with a gensim KeyedVectors in hand. Answers are
those of gensim's `evaluate_word_analogies` and `evaluate_word_pairs`; coverage is always part of a result.
"""

from w2vplus.errors import EvaluationError
from w2vplus.evaluation.analogies import AnalogyResult, AnalogySection, evaluate_analogies, read_analogies
from w2vplus.evaluation.similarity import (
    Correlation,
    SimilarityResult,
    WordPair,
    evaluate_similarity,
    read_word_pairs,
)

__all__ = [
    "AnalogyResult",
    "AnalogySection",
    "Correlation",
    "EvaluationError",
    "SimilarityResult",
    "WordPair",
    "evaluate_analogies",
    "evaluate_similarity",
    "read_analogies",
    "read_word_pairs",
]
