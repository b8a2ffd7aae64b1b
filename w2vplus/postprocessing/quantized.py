"""Vectors in 16 or 8 bits a number, in memory and as a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.array_folder import ArrayFolder, read_folder, read_head, write_folder
from w2vplus.errors import ModelFormatError
from w2vplus.vectors import keyed_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

DTYPES = ("float16", "int8")

KIND = "quantized-vectors"
"""The kind of folder that `QuantizedVectors.save` writes."""


@dataclass(frozen=True, eq=False)
class QuantizedVectors:
    """Vectors in a half or a quarter of the space ("Word Embeddings with Limited Memory", Ling, Song & Roth 2016).

    keys: in row order; codes: float16 or int8, (V, D); scales: float32 (V,), by which the codes of a row are
    multiplied: for int8 the row's greatest magnitude over 127, for float16 one; counts: int64 (V,) or None.
    """

    keys: list[Any]
    codes: NDArray[Any]
    scales: NDArray[np.float32]
    counts: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, vectors: KeyedVectors, dtype: str) -> QuantizedVectors:
        """Round to "float16", or to "int8" with a scale for each row; ValueError for another
        dtype, for numbers that are not finite, and for those that float16 cannot hold."""
        if dtype not in DTYPES:
            raise ValueError(f"dtype must be float16 or int8, got {dtype!r}")
        matrix = np.asarray(vectors.vectors, np.float32)
        peaks = np.abs(matrix).max(axis=1, initial=0.0)
        if not np.isfinite(peaks).all():
            key = vectors.index_to_key[int(np.isfinite(peaks).argmin())]
            raise ValueError(f"the vector of {key!r} has a value that is no finite number; it cannot be quantised")
        if dtype == "float16":
            most = float(np.finfo(np.float16).max)
            if peaks.max(initial=0.0) > most:
                raise ValueError(f"float16 holds values up to {most:g}, got {peaks.max():g}: normalise first")
            codes, scales = matrix.astype(np.float16), np.ones(len(matrix), np.float32)
        else:
            scales = peaks / np.float32(127)
            scales[scales == 0] = 1  # also of a row whose numbers are too small to be divided
            codes = np.rint(matrix / scales[:, None]).clip(-127, 127).astype(np.int8)
        counts = vectors.expandos.get("count")
        return cls(
            list(vectors.index_to_key), codes, scales, None if counts is None else np.asarray(counts, np.int64)
        )

    def keyed_vectors(self) -> KeyedVectors:
        """The vectors in float32, with their counts."""
        restored = self.codes.astype(np.float32) * self.scales[:, None]
        return keyed_vectors(list(self.keys), restored, self.counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a folder (safetensors and JSON) that `load` reads; loading it runs no code.

        Raises TypeError for keys that are neither str nor int, and as `array_folder.write_folder`.
        """
        for key in self.keys:
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                raise TypeError(f"a key must be a str or an int to be written, got {key!r}")
        arrays: dict[str, NDArray[Any]] = {"codes": self.codes, "scales": self.scales}
        if self.counts is not None:
            arrays["counts"] = self.counts
        head = {"dtype": self.codes.dtype.name, "words": len(self.keys), "dimensions": self.codes.shape[1]}
        write_folder(path, ArrayFolder(KIND, head, {"keys": self.keys}, arrays))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> QuantizedVectors:
        """Read such a folder. Raises ModelFormatError if it is damaged or something else."""
        kind = read_head(path)["kind"]
        if kind != KIND:
            raise ModelFormatError(f"{path} holds a {kind}, not quantised vectors")
        content = read_folder(path, documents={"keys": list})
        keys, arrays = content.documents["keys"], content.arrays
        if not {"codes", "scales"} <= set(arrays):
            raise ModelFormatError(f"{path} lacks the codes or the scales of its vectors; the folder is damaged")
        codes, scales, counts = arrays["codes"], arrays["scales"], arrays.get("counts")
        lengths = {len(array) for array in (keys, codes, scales, keys if counts is None else counts)}
        if codes.ndim != 2 or codes.dtype.name not in ("int8", "float16") or len(lengths) != 1:
            raise ModelFormatError(f"{path}: keys, codes and scales do not fit together; the folder is damaged")
        return cls(keys, codes, scales, counts)
