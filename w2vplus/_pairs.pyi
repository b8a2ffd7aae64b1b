from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class PairCounter:
    """Counts of one share of the phrase candidates, gathered over any sentence ranges and mergeable.

    A candidate is (first word, connector run, last word). Counting overlaps: every word that is no
    connector ends one candidate and starts the next. A negative id ends the candidate before it and starts
    none. Which share a candidate belongs to depends on its first and last word alone, so the counters of all
    shares over one text have no candidate in common.

    Thread-safety: one thread at a time for each counter; different counters are independent.
    """

    def __init__(self, share: int = 0, share_count: int = 1, kept_pairs: int = 0) -> None:
        """With `kept_pairs` (128 or more; 0 keeps all) the rarest pairs are forgotten when there are more."""
    def __len__(self) -> int:
        """Number of distinct candidates."""
    @property
    def missed(self) -> int:
        """By how much a count may be too low at most."""
    @property
    def forgotten(self) -> int:
        """How often a pair was forgotten."""
    def count(
        self,
        ids: NDArray[np.int32],
        sentence_starts: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        first_sentence: int,
        end_sentence: int,
        goes_on: bool = False,
    ) -> None:
        """Count the candidates of sentences `first_sentence` .. `end_sentence` - 1, without the GIL.

        The first one goes on with the last sentence of the call before if `goes_on`.
        `is_connector`: (type_count,), by type; all arrays must have an element. Ids and sentence numbers are
        trusted. Raises MemoryError, and OverflowError if a candidate occurs more than 2^32 - 1 times.
        """
    def merge(self, other: PairCounter, new_ids: NDArray[np.int32]) -> None:
        """Add the counts of `other` that fall into this share, its word w being `new_ids[w]` here."""
    def count_of(self, tokens: Sequence[int]) -> int:
        """Occurrences of the candidate (first word, connectors, last word), 0 in another share."""
    def candidates(
        self, least_count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Parallel arrays (firsts, runs, lasts, counts) of the candidates with that count, in table order."""
    def connector_run(self, run: int) -> tuple[int, ...]:
        """The connectors of a run, in text order; run 0 is empty."""

def npmi_scores(
    first_counts: NDArray[np.int64],
    last_counts: NDArray[np.int64],
    pair_counts: NDArray[np.int64],
    total_words: float,
) -> NDArray[np.float64]:
    """Normalised pointwise mutual information of pairs (float64, as many as pairs); counts must be
    positive."""
