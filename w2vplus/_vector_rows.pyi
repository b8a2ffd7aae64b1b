"""Rows of word2vec's formats, a block of bytes at a time: text and binary to arrays, arrays to text."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_DECIMAL: int
"""Bytes of the longest number that `print_text` writes; its memory is measured by it."""
GOOD: int
SPACED_KEY: int
"""The last fields are the vector, and more than one is before them."""
BLANK: int
FIELD_COUNT: int
"""Too few fields, or too many of which the last are no vector."""
BAD_NUMBER: int
BAD_KEY: int
"""A line feed within the key of a binary row."""

class RowBlock:
    """The rows of one block. "Good" are those that can be used: GOOD and SPACED_KEY."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(n_good, D)"""
    @property
    def begins(self) -> NDArray[np.int64]:
        """(n_good,): the byte of the block at which each begins."""
    @property
    def keys(self) -> list[str]:
        """n_good keys, U+FFFD in place of bytes that are not UTF-8; empty for rows without keys."""
    @property
    def odd(self) -> list[tuple[int, int, int, int, bytes]]:
        """Place among all rows, verdict, first byte, fields, and the field at fault, of all rows that are not GOOD."""
    @property
    def not_utf8(self) -> list[tuple[int, bytes, int]]:
        """Place among the good, bytes of the key, and which of them is wrong."""
    @property
    def count(self) -> int:
        """All rows, good or not."""
    @property
    def used(self) -> int:
        """Bytes that they take."""

def read_text(block: bytes, dimensions: int, has_key: bool = True) -> RowBlock:
    """The rows of `block`: whole lines of a key (if they have one) and `dimensions` decimals.

    A number becomes what numpy.float32(text) is, bit for bit; nan, inf and infinity are numbers.
    """

def read_binary(block: bytes, dimensions: int, most: int, longest_key: int) -> RowBlock:
    """The whole rows at the beginning of `block`, at most `most`: key, space, little-endian float32.

    Stops at a row that is not whole, and after a key with a line feed or of more than `longest_key` bytes.
    """

def print_text(vectors: NDArray[np.float32], keys: Sequence[bytes] | None = None, separator: bytes = b" ") -> bytes:
    """Lines of a key (unless None) and decimals, each as numpy's str(float32) prints it.

    `vectors` float32 (n, D), D >= 1, C-contiguous. Raises ValueError if the keys are not n.
    """
