"""One loading: what was asked for, the rows taken in so far, and what was mended; every reader fills one.

`Loading` is the request and its faults, `Rows` the keys and vectors. What may be wrong with a row whatever the
format (a key that came before, a number that is not finite) is judged here, once for all formats.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import VectorFormatError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

logger = logging.getLogger("w2vplus.vectors")

MENDED = {
    "not utf-8": "keys with bytes replaced that are not UTF-8",
    "spaced": "keys with white space, taken as they are",
    "repeated": "rows left out whose key came before",
    "malformed": "rows left out that are not a key and its numbers",
    "not finite": "rows left out with NaN or a number too large",
    "cut": "last rows left out that are cut short",
    "mark": "byte order marks left out",
    "header": "rows by which the promised number is wrong",
}
"""What lenient loading mends, and how it is told."""

LENIENT = "lenient=True (w2vplus convert --lenient)"
"""How it is asked for, in Python and on the command line."""

ROWS_AT_ONCE = 4096


@dataclass
class Loading:
    """What was asked for; see `load_vectors`. `mended` counts what lenient loading put up with."""

    path: str
    limit: int | None = None
    lenient: bool = False
    dtype: np.dtype[Any] | None = None
    mmap: str | None = None
    mended: Counter[str] = field(default_factory=Counter)

    def fault(self, message: str, row: int | None = None, offset: int | None = None) -> VectorFormatError:
        """The error for the row (from 1), if there is one, which begins at byte `offset`, if that is known."""
        place = "" if row is None else f", row {row}"
        place += "" if offset is None else f" (byte {offset})"
        return VectorFormatError(f"{self.path}{place}: {message}")

    def report_mended(self) -> None:
        """Log one warning that counts what was mended, if anything was."""
        if self.mended:
            logger.warning("%s was mended; %s", self.path, self.told())

    def told(self) -> str:
        """What was mended, with its counts."""
        return "; ".join(f"{what}: {self.mended[name]:,}" for name, what in MENDED.items() if self.mended[name])

    def stored_as(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """The dtype of the loaded vectors: the one asked for; else float16 stays, and all others are float32."""
        if self.dtype is not None:
            return self.dtype
        return np.dtype(np.float16 if dtype == np.float16 else np.float32)


class Rows:
    """Rows taken so far, of `dimensions` numbers. Memory follows the rows, never a header's claim: `expected`, for
    which room is made at once, must be proved by the bytes that are there.
    """

    def __init__(
        self, loading: Loading, dimensions: int, dtype: np.dtype[Any] | None = None, expected: int = 0
    ) -> None:
        self.loading, self.dimensions = loading, dimensions
        self.key_to_index: dict[Hashable, int] = {}
        self.origins: list[NDArray[np.int64]] = []
        room = min(expected, loading.limit or expected)
        stored = np.dtype(np.float32) if dtype is None else dtype
        self.vectors = np.empty((room, dimensions), loading.stored_as(stored))

    def __len__(self) -> int:
        return len(self.key_to_index)

    @property
    def is_full(self) -> bool:
        return self.loading.limit is not None and len(self) >= self.loading.limit

    def take(
        self,
        keys: Sequence[Hashable],
        vectors: NDArray[Any],
        numbers: NDArray[np.int64],
        offsets: NDArray[np.int64] | None = None,
    ) -> None:
        """Take in rows: keys (n,), vectors (n, D), their numbers in the file (n,) from 1, and where they begin.

        Stops at the limit. Raises VectorFormatError for a row that is wrong, unless loading is lenient.
        """
        room = len(keys) if self.loading.limit is None else self.loading.limit - len(self)
        if not self.loading.lenient:
            keys, vectors = keys[:room], vectors[:room]
        with np.errstate(over="ignore"):
            vectors = vectors.astype(self.vectors.dtype, copy=False)
        unfit = self._unfit(keys, vectors, numbers, offsets)
        if unfit.any():
            kept = np.flatnonzero(~unfit)
            keys, vectors, numbers = [keys[place] for place in kept.tolist()], vectors[kept], numbers[kept]
        keys = keys[:room]
        begin, end = len(self), len(self) + len(keys)
        self.key_to_index.update(zip(keys, range(begin, end), strict=True))
        self._make_room(end)
        self.vectors[begin:end] = vectors[: len(keys)]
        self.origins.append(numbers[: len(keys)] - 1)

    def _unfit(
        self,
        keys: Sequence[Hashable],
        vectors: NDArray[Any],
        numbers: NDArray[np.int64],
        offsets: NDArray[np.int64] | None,
    ) -> NDArray[np.bool_]:
        """Which rows cannot be taken, (n,); raises for the first of them unless loading is lenient."""
        unfit = np.zeros(len(keys), np.bool_)
        reasons: dict[int, str] = {}
        if not np.isfinite(vectors).all():
            reasons = {int(place): "not finite" for place in np.flatnonzero(~np.isfinite(vectors).all(axis=1))}
        fresh = set(keys)
        if len(fresh) < len(keys) or not fresh.isdisjoint(self.key_to_index) or "" in fresh:
            fresh = set()
            for place, key in enumerate(keys):
                if place in reasons:
                    continue
                if key in fresh or key in self.key_to_index:
                    reasons[place] = "repeated"
                elif key == "":
                    reasons[place] = "malformed"
                fresh.add(key)
        for place in sorted(reasons):
            if not self.loading.lenient:
                message = self._message(reasons[place], keys[place], vectors.dtype)
                raise self.loading.fault(
                    message, int(numbers[place]), None if offsets is None else int(offsets[place])
                )
            self.loading.mended[reasons[place]] += 1
            unfit[place] = True
        return unfit

    @staticmethod
    def _message(reason: str, key: Hashable, dtype: np.dtype[Any]) -> str:
        shown = repr(key)[:80]
        return {
            "not finite": f"a number of {shown} is NaN or too large for {dtype}; {LENIENT} leaves the row out",
            "repeated": f"the key {shown} came before; {LENIENT} keeps the first",
            "malformed": f"the key is empty; {LENIENT} leaves the row out",
        }[reason]

    def _make_room(self, row_count: int) -> None:
        if row_count > len(self.vectors):
            room = max(row_count, 2 * len(self.vectors), ROWS_AT_ONCE * 64 // self.dimensions)
            if self.loading.limit is not None:
                room = min(room, self.loading.limit)
            self.vectors.resize((room, self.dimensions), refcheck=False)

    def take_array(
        self, keys: Sequence[Hashable], vectors: NDArray[Any], begin: int | None = None
    ) -> None:
        """Take in a whole array (V, D), which may be memory-mapped, of rows that begin at byte `begin`."""
        row_bytes = vectors.strides[0]
        for start in range(0, len(keys), ROWS_AT_ONCE):
            if self.is_full:
                break
            stop = min(start + ROWS_AT_ONCE, len(keys))
            places = np.arange(start, stop)
            offsets = None if begin is None else begin + places * row_bytes
            self.take(keys[start:stop], vectors[start:stop], places + 1, offsets)

    def finish(self, counts: NDArray[np.int64] | None = None) -> KeyedVectors:
        """The rows as a KeyedVectors; `counts` (n,) are those of all rows of the file that were given to `take`.

        Raises VectorFormatError where mending left no row: a foreign file is no vectors without rows.
        """
        if self.loading.mended and not len(self):
            told = self.loading.told()
            raise self.loading.fault(f"nothing is left of it ({told}); is it of another format, or damaged throughout?")
        self.vectors.resize((len(self), self.dimensions), refcheck=False)
        if counts is not None:
            counts = counts[np.concatenate([np.empty(0, np.int64), *self.origins])]
        self.loading.report_mended()
        return keyed_vectors(list(self.key_to_index), self.vectors, counts, self.key_to_index)


def keyed_vectors(
    keys: list[Any],
    vectors: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
    key_to_index: dict[Any, int] | None = None,
) -> KeyedVectors:
    """A gensim KeyedVectors around these very arrays: keys (V,), vectors (V, D), counts (V,)."""
    from gensim.models import KeyedVectors

    made = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    made.vectors = vectors
    made.index_to_key = keys
    made.key_to_index = key_to_index or {key: index for index, key in enumerate(keys)}
    made.next_index = len(keys)
    if counts is not None:
        made.expandos["count"] = counts
    return made
