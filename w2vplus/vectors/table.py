"""Keys and vectors about to be written: taken from a KeyedVectors and checked to read back; every writer's start."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import VectorFormatError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

# These part keys from numbers and rows from rows. Others (no-break space, ...) are ordinary characters, as
# they are for word2vec.c and fastText.
WHITE_SPACE = re.compile(r"[ \t\n\r\v\f]")
LINE_BREAKS = re.compile(r"[\t\n\r]")
# Bounds no honest file reaches; a foreign or hostile one is refused by them before it costs memory.
MAX_DIMENSIONS = 1 << 20
MAX_KEY_BYTES = 1 << 16


@dataclass(frozen=True)
class VectorTable:
    """Keys, vectors (V, D) of finite numbers and counts (V,), if there are any, in the order of the file."""

    keys: list[Any]
    vectors: NDArray[Any]
    counts: NDArray[np.int64] | None

    @classmethod
    def of(cls, source: KeyedVectors, path: str) -> VectorTable:
        """The table of `source`: float16 stays, all others become float32.

        Raises VectorFormatError, naming `path`, for values that are not finite numbers.
        """
        vectors = np.asarray(source.vectors)
        if vectors.dtype != np.float16:
            with np.errstate(over="ignore"):
                vectors = vectors.astype(np.float32, copy=False)
        keys = list(source.index_to_key)
        if vectors.ndim != 2 or len(vectors) != len(keys) or vectors.shape[1] < 1:
            raise VectorFormatError(f"cannot write {path}: {len(keys)} keys, but vectors of shape {vectors.shape}")
        table = cls(keys, np.ascontiguousarray(vectors), _counts(source))
        for start, rows in table.blocks():
            finite = np.isfinite(rows)
            if not finite.all():
                key = keys[start + int(finite.all(axis=1).argmin())]
                raise VectorFormatError(
                    f"cannot write {path}: the vector of {key!r} has a value that is no finite {vectors.dtype}"
                )
        return table

    def blocks(self, block_bytes: int = 1 << 20) -> Iterator[tuple[int, NDArray[Any]]]:
        """Consecutive rows of about so many bytes, with the number of the first."""
        rows = max(1, block_bytes // (self.vectors.itemsize * self.vectors.shape[1]))
        for start in range(0, len(self.keys), rows):
            yield start, self.vectors[start : start + rows]

    def by_count(self) -> VectorTable:
        """The rows by descending count, ties in their order, as gensim writes word2vec's formats."""
        if self.counts is None or (self.counts[1:] <= self.counts[:-1]).all():
            return self
        order = np.argsort(-self.counts, kind="stable")
        return VectorTable([self.keys[row] for row in order], self.vectors[order], self.counts[order])

    def with_text_keys(self, path: str, forbidden: re.Pattern[str] | None = None) -> VectorTable:
        """The keys as text: str(key). Raises VectorFormatError for a key that would not read back: empty, with
        characters that `forbidden` finds, over MAX_KEY_BYTES long, not valid Unicode, or the same as another.
        """
        texts = [str(key) for key in self.keys]
        # One search over all keys; only a fault pays for finding its key.
        if "" in texts or (forbidden and forbidden.search("".join(texts))):
            key = next(text for text in texts if not text or (forbidden and forbidden.search(text)))
            fault, holding = ("has white space", "any key (safetensors, npy, kv)") if key else ("is empty", "it (kv)")
            raise VectorFormatError(
                f"cannot write {path}: the key {key!r} {fault} and would not read back; rename it, or choose a format "
                f"that holds {holding}"
            )
        if len(set(texts)) < len(texts):
            key = Counter(texts).most_common(1)[0][0]
            raise VectorFormatError(f"cannot write {path}: two keys are written as {key!r}; rename one")
        try:
            longest = max((len(text.encode("utf-8")) for text in texts), default=0)
        except UnicodeEncodeError as error:
            raise VectorFormatError(f"cannot write {path}: the key {error.object!r} is not valid Unicode") from error
        if longest > MAX_KEY_BYTES:
            raise VectorFormatError(
                f"cannot write {path}: a key is {longest} bytes long, over {MAX_KEY_BYTES}; leave it out, or choose a "
                "format that holds any key (safetensors, npy, kv)"
            )
        return VectorTable(texts, self.vectors, self.counts)

    def with_spaceless_keys(self, path: str) -> VectorTable:
        """`with_text_keys` for formats where white space ends a key."""
        return self.with_text_keys(path, WHITE_SPACE)

    def with_one_line_keys(self, path: str) -> VectorTable:
        """`with_text_keys` for formats where a line holds a key."""
        return self.with_text_keys(path, LINE_BREAKS)

    def with_uniform_keys(self, path: str) -> VectorTable:
        """`with_plain_keys` for formats that hold one kind of them: all as text if there are both."""
        plain = self.with_plain_keys(path)
        return plain.with_text_keys(path) if len(set(map(type, plain.keys))) > 1 else plain

    def with_plain_keys(self, path: str) -> VectorTable:
        """The keys as str and int, for formats that hold both.

        Raises VectorFormatError for other kinds of keys, empty ones, and where there is no row.
        """
        if not self.keys:
            raise VectorFormatError(f"cannot write {path}: there are no vectors; text and .bin files may be empty")
        plain: list[str | int] = []
        for key in self.keys:
            if key == "":
                raise VectorFormatError(f"cannot write {path}: the key '' is empty; rename it")
            if isinstance(key, str):
                plain.append(str(key))
            elif isinstance(key, (int, np.integer)) and not isinstance(key, bool):
                plain.append(int(key))
            else:
                raise VectorFormatError(
                    f"cannot write {path}: the key {key!r} is neither text nor a whole number; save as .kv"
                )
        return VectorTable(plain, self.vectors, self.counts)


def _counts(source: KeyedVectors) -> NDArray[np.int64] | None:
    counts = np.asarray(source.expandos.get("count", ()))
    if len(counts) != len(source.index_to_key) or counts.dtype.kind not in "iuf" or not len(counts):
        return None
    return counts.astype(np.int64)
