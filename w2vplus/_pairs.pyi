import numpy as np
from numpy.typing import NDArray

class PairCounter:
    """Counts of phrase candidates, gathered over any number of sentence ranges and mergeable.

    A candidate is (first word, connector run, last word). Counting overlaps: every word that is no
    connector ends one candidate and starts the next. A negative id ends the candidate before it and starts
    none.

    Thread-safety: one thread at a time for each counter; different counters are independent.
    """

    def __init__(self, type_count: int) -> None:
        """A counter over ids below `type_count`, which is at most 2^31."""
    def __len__(self) -> int:
        """Number of distinct candidates."""
    def count(
        self,
        ids: NDArray[np.int32],
        sentence_starts: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        first_sentence: int,
        end_sentence: int,
    ) -> None:
        """Count the candidates of sentences `first_sentence` .. `end_sentence` - 1, without the GIL.

        `is_connector`: (type_count,), by type. Ids and sentence numbers are trusted. Raises MemoryError, and
        OverflowError if a candidate occurs more than 2^32 - 1 times.
        """
    def merge(self, other: PairCounter) -> None:
        """Add the counts of `other`, which stays as it is.

        Merging the counters of successive sentence ranges in order gives the counter of the whole, with the
        same run numbers. Raises ValueError if the counters are over different numbers of types.
        """
    def candidates(
        self, least_count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Parallel arrays (firsts, runs, lasts, counts) of the candidates with that count, in table order."""
    def connector_run(self, run: int) -> tuple[int, ...]:
        """The connectors of a run, in text order; run 0 is empty."""

class PhraseMerger:
    """A set of phrases over ids, ready to be merged into sentences.

    Thread-safety: immutable, so threads may share it.
    """

    def __init__(
        self, component_ids: NDArray[np.int32], component_starts: NDArray[np.int64], type_count: int
    ) -> None:
        """Phrase p is component_ids[component_starts[p]:component_starts[p + 1]]: first, connectors, last.

        Raises ValueError for a phrase of fewer than two components and for two phrases of the same
        components.
        """
    def merge(
        self,
        ids: NDArray[np.int32],
        sentence_starts: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        group_of_phrase: NDArray[np.int32],
        type_of_group: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """Replace phrases greedily from left to right, without the GIL.

        Phrase p becomes the type type_of_group[group_of_phrase[p]]; a group whose type is -1 is given the
        next free one (from type_count on) when it is first used, in place. Returns the new (ids,
        sentence_starts, counts by type).
        """

def npmi_scores(
    first_counts: NDArray[np.int64],
    last_counts: NDArray[np.int64],
    pair_counts: NDArray[np.int64],
    total_words: float,
) -> NDArray[np.float64]:
    """Normalised pointwise mutual information of pairs (float64, as many as pairs); counts must be
    positive."""
