from typing import Any

import numpy as np
from numpy.typing import NDArray

class PhraseMerger:
    """The phrases of one pass over ids, ready to be merged into sentences.

    Thread-safety: immutable, so threads may share it.
    """

    def __init__(
        self,
        component_ids: NDArray[np.int32],
        component_starts: NDArray[np.int64],
        types: NDArray[np.int32],
    ) -> None:
        """Phrase p is component_ids[component_starts[p]:component_starts[p + 1]] (first, connectors,
        last) and becomes types[p].

        Raises ValueError for a phrase of fewer than two components and for two phrases of the same
        components.
        """
    def safe_cut(
        self,
        ids: NDArray[np.int32],
        sentence_starts: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        position: int,
        sentence: int,
    ) -> int:
        """The first place from `position`, in `sentence`, on where a range may begin for `merge`."""
    def merge(
        self,
        ids: NDArray[np.int32],
        sentence_starts: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        begin: int,
        end: int,
        sentence: int,
        merged_ids: NDArray[np.int32],
        merged_starts: NDArray[np.int64],
    ) -> int:
        """Merge tokens `begin` .. `end` - 1 into `merged_ids[begin:]`, without the GIL; the number written.

        `sentence` is the first that ends behind `begin` (0 for the first range). `merged_starts[s + 1]` is
        set for every sentence s from it on that ends by `end`: tokens written until its end.
        """

class TokenMerger:
    """The phrases of all passes over token lists: strings go in, strings come out, ids in between.

    Thread-safety: immutable; it holds the GIL.
    """

    def __init__(
        self,
        id_of_token: dict[Any, int],
        is_connector: NDArray[np.uint8],
        passes: tuple[PhraseMerger, ...],
        phrases: list[str],
    ) -> None:
        """Ids are those of tokens, 0 .. n - 1, then those of phrases, n .. n + len(phrases) - 1."""
    def merge(self, sentence: list[Any]) -> list[Any]:
        """The sentence with its phrases joined; tokens of no phrase are passed on, whatever they are."""
    def phrase_numbers(self, sentence: list[Any]) -> NDArray[np.int32]:
        """int32, one for each token of `merge(sentence)`: the number of the phrase, -1 for a word."""

class TextMerger:
    """The phrases of all passes over blocks of UTF-8 text.

    Thread-safety: immutable; any number of threads may merge, without the GIL.
    """

    def __init__(
        self,
        words: list[bytes],
        is_connector: NDArray[np.uint8],
        passes: tuple[PhraseMerger, ...],
        delimiter: bytes,
        max_sentence_length: int,
    ) -> None:
        """Ids are those of `words`, 0 .. n - 1, then those of phrases. Longer lines become several sentences.

        Raises ValueError for words that are not distinct or empty.
        """
    def merge(self, text: bytes | memoryview, ends_line: bool) -> tuple[memoryview, int, int]:
        """(text with its phrases joined, tokens read, tokens written).

        A block begins and ends at the edge of a token, where no phrase can be open. Unless `ends_line`, a last
        line without a line feed goes on in the next block. Raises InvalidUtf8, ValueError from 4 GiB on.
        """

def renumber_by_first_place(
    ids: NDArray[np.int32], group_of_type: NDArray[np.int32], new_ids: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Writes ids, renumbered so that groups of types count 0, 1, 2, ... in order of first occurrence, to `new_ids`.

    int32 (number of groups that occur,): a type of each new id. Raises ValueError unless there is room for each id.
    """

def add_counts(ids: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
    """counts[i] += 1 for every id i that is not negative, without the GIL."""
