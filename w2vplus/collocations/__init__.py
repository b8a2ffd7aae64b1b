"""Phrases over ids: neighbouring words that occur together too often become one type of the corpus.

An encoded corpus is counted (`count_candidates`), its candidates are scored and accepted
(`learn_phrases`), and the accepted ones are merged into a shorter corpus over the same and some new types
(`apply_phrases`), which may be learnt from again for longer phrases (`learn_passes` does it all). Words
stay ids until `join_phrases` writes each phrase as one string. The phrases face, the training pipeline
and the command line call it; no text is read and no string is built in between.

A candidate is two words with nothing but connector words between them. Its run of connectors belongs to
it: "bank of america" is not "bank america". Candidates never cross a sentence end.
"""

from w2vplus.collocations.counting import (
    CandidateCounts,
    Candidates,
    CountingLoss,
    count_candidates,
    merged_counts,
)
from w2vplus.collocations.merging import apply_phrases, join_phrases, merger_of_tokens, write_lines
from w2vplus.collocations.passes import Joined, learn_passes
from w2vplus.collocations.table import (
    SCORINGS,
    Phrase,
    PhraseSettings,
    PhraseTable,
    learn_phrases,
    least_count,
    phrase_table,
    scores_of,
    table_of_components,
)

__all__ = [
    "SCORINGS",
    "CandidateCounts",
    "Candidates",
    "CountingLoss",
    "Joined",
    "Phrase",
    "PhraseSettings",
    "PhraseTable",
    "apply_phrases",
    "count_candidates",
    "join_phrases",
    "learn_passes",
    "learn_phrases",
    "least_count",
    "merged_counts",
    "merger_of_tokens",
    "phrase_table",
    "scores_of",
    "table_of_components",
    "write_lines",
]
