"""Phrases over ids: neighbouring words that occur together too often become one type of the corpus.

An encoded corpus is counted (`count_candidates`), its candidates are scored and accepted
(`learn_phrases`), and the accepted ones are merged into a shorter corpus over the same and some new types
(`apply_phrases`), which may be learnt from again for longer phrases (`learn_passes` does it all). Words
stay ids until `join_phrases` writes each phrase as one string. `WordPasses` applies phrases to token lists
and to blocks of text. The phrases face, the training pipeline and the command line call it.

A candidate is two words with nothing but connector words between them. Its run of connectors belongs to
it: "bank of america" is not "bank america". Candidates never cross a sentence end.
"""

from w2vplus.collocations.counting import (
    CandidateCounts,
    Candidates,
    CountingLoss,
    count_candidates,
    count_passing,
    merged_counts,
)
from w2vplus.collocations.merging import apply_phrases, join_phrases
from w2vplus.collocations.passes import Joined, learn_passes
from w2vplus.collocations.table import (
    SCORINGS,
    USUAL_THRESHOLDS,
    Phrase,
    PhraseSettings,
    PhraseTable,
    joined_tables,
    learn_phrases,
    least_count,
    phrase_table,
    scores_of,
    table_of_components,
)
from w2vplus.collocations.word_passes import WordPasses

__all__ = [
    "SCORINGS",
    "USUAL_THRESHOLDS",
    "CandidateCounts",
    "Candidates",
    "CountingLoss",
    "Joined",
    "Phrase",
    "PhraseSettings",
    "PhraseTable",
    "WordPasses",
    "apply_phrases",
    "count_candidates",
    "count_passing",
    "join_phrases",
    "joined_tables",
    "learn_passes",
    "learn_phrases",
    "least_count",
    "merged_counts",
    "phrase_table",
    "scores_of",
    "table_of_components",
]
