"""Thousands of queries at once: words, vectors or sums of them in, the nearest words of each out.

`most_similar_many` answers what a loop over gensim's `most_similar` or `most_similar_cosmul` answers, in a
few matrix products. It is exact, or takes its candidates from a `VectorIndex`, an approximate index over
millions of vectors that reports its own recall. Called by the command line, by `alignment` and by people
with a gensim KeyedVectors in hand.
"""

from w2vplus.queries.bulk import COSMUL_EPSILON, METHODS, most_similar_many
from w2vplus.queries.index import Recall, VectorIndex
from w2vplus.queries.neighbours import Neighbours
from w2vplus.queries.scan import mean_of_nearest, nearest_others, nearest_rows, unit_rows

__all__ = [
    "COSMUL_EPSILON",
    "METHODS",
    "Neighbours",
    "Recall",
    "VectorIndex",
    "mean_of_nearest",
    "most_similar_many",
    "nearest_others",
    "nearest_rows",
    "unit_rows",
]
