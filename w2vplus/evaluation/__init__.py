"""Judging word vectors: analogy questions and human similarity scores in, frozen results out.

Called by the command line, the benchmark and by people with a gensim KeyedVectors in hand. Answers are
those of gensim's `evaluate_word_analogies` and `evaluate_word_pairs`; coverage is always part of a result.
"""

from w2vplus.errors import CoverageError, EvaluationError
from w2vplus.evaluation._outcomes import Result
from w2vplus.evaluation._resampling import fewest_resamples
from w2vplus.evaluation.analogies import ANALOGY_METHODS, AnalogyResult, AnalogySection, evaluate_analogies
from w2vplus.evaluation.comparison import Difference, Evaluation, JudgedModel, Score, compare
from w2vplus.evaluation.questions import AnalogyQuestions, Question, QuestionSection, read_analogies
from w2vplus.evaluation.relations import Relation, RelationResult, evaluate_relations, read_relations
from w2vplus.evaluation.similarity import (
    Correlation,
    SimilarityResult,
    WordPair,
    evaluate_similarity,
    read_word_pairs,
)
from w2vplus.evaluation.stability import (
    Overlap,
    SeededNeighbour,
    neighbour_overlap,
    neighbours_of,
    seeded_neighbours,
)
from w2vplus.evaluation.tables import Table, as_csv, as_markdown, tables_of

__all__ = [
    "ANALOGY_METHODS",
    "AnalogyQuestions",
    "AnalogyResult",
    "AnalogySection",
    "Correlation",
    "CoverageError",
    "Difference",
    "Evaluation",
    "EvaluationError",
    "JudgedModel",
    "Overlap",
    "Question",
    "QuestionSection",
    "Relation",
    "RelationResult",
    "Result",
    "Score",
    "SeededNeighbour",
    "SimilarityResult",
    "Table",
    "WordPair",
    "as_csv",
    "as_markdown",
    "compare",
    "evaluate_analogies",
    "evaluate_relations",
    "evaluate_similarity",
    "fewest_resamples",
    "neighbour_overlap",
    "neighbours_of",
    "read_analogies",
    "read_relations",
    "read_word_pairs",
    "seeded_neighbours",
    "tables_of",
]
