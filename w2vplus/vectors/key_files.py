"""A matrix in a file of its own and the keys in JSON beside it: NumPy's `.npy`, and `.safetensors`.

`vectors.npy` has its keys in `vectors.npy.keys.json`: an object with "keys", "counts" (or null), "rows", and "check", a
checksum of some rows that tells keys of other vectors. A plain JSON list of keys is read too. Both kinds of matrix can
be memory-mapped, and reading them runs no code.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import replacing_together, save_arrays
from w2vplus.errors import VectorFormatError
from w2vplus.storage import write_array
from w2vplus.vectors.loading import Loading, Rows, keyed_vectors
from w2vplus.vectors.table import VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

TENSOR_NAMES = ("vectors", "embeddings", "embedding.weight")
"""Where a safetensors file may have its matrix: ours, model2vec's, sentence-transformers'."""

CHECKED_ROWS = 64


def keys_file(path: str) -> Path:
    """Where the keys of a matrix are."""
    return Path(f"{path}.keys.json")


# ---- writing


def write_npy(source: KeyedVectors, path: str) -> None:
    """The matrix as NumPy saves it, float16 or float32, and its keys."""
    table = VectorTable.of(source, path).with_plain_keys(path)
    with replacing_together(keys_file(path), path) as (keys, matrix):
        _write_keys(table, keys)
        write_array(matrix, table.vectors)


def write_safetensors(source: KeyedVectors, path: str) -> None:
    """The matrix as tensor "vectors", float16 or float32, and its keys."""
    table = VectorTable.of(source, path).with_plain_keys(path)
    with replacing_together(keys_file(path), path) as (keys, matrix):
        _write_keys(table, keys)
        save_arrays({TENSOR_NAMES[0]: table.vectors}, matrix)


def _write_keys(table: VectorTable, path: Path) -> None:
    document = {
        "format": "w2vplus-keys",
        "rows": len(table.keys),
        "check": _checksum(table.vectors),
        "counts": None if table.counts is None else table.counts.tolist(),
        "keys": table.keys,
    }
    # ASCII: JSON escapes every other character, lone surrogates too.
    path.write_text(json.dumps(document), encoding="ascii")


def _checksum(vectors: NDArray[Any]) -> int:
    """CRC-32 of up to CHECKED_ROWS rows that lie evenly in the matrix, first and last among them."""
    if not len(vectors):
        return 0
    places = np.unique(np.linspace(0, len(vectors) - 1, CHECKED_ROWS).astype(np.int64))
    return zlib.crc32(np.ascontiguousarray(vectors[places]).tobytes())


# ---- reading


def read_npy(loading: Loading) -> KeyedVectors:
    """A matrix that NumPy saved; the file is mapped, so that its header's claim costs no memory."""
    mode: Any = loading.mmap or "r"
    try:
        matrix = np.load(loading.path, mmap_mode=mode, allow_pickle=False)
    except (ValueError, EOFError, SyntaxError, TokenError, TypeError, OverflowError) as error:
        # NumPy takes whatever it does not know for a pickle, and tells how to run one.
        reason = "" if "allow_pickle" in str(error) else f" ({error})"
        raise loading.fault(f"no matrix of NumPy, or cut short{reason}") from error
    if not isinstance(matrix, np.memmap):
        raise loading.fault("no .npy file with one matrix (of a .npz, save one array with numpy.save)")
    return _with_keys(loading, matrix, int(matrix.offset))


def read_safetensors(loading: Loading) -> KeyedVectors:
    """The tensor called "vectors", "embeddings" or "embedding.weight", or the only one."""
    matrix = map_tensor(loading, TENSOR_NAMES)
    return _with_keys(loading, matrix, int(matrix.offset))


def map_tensor(loading: Loading, names: tuple[str, ...], path: Path | None = None) -> np.memmap[Any, Any]:
    """The first of the named tensors (or the only one) of a safetensors file, mapped into memory."""
    from safetensors import SafetensorError, safe_open

    file = Path(loading.path) if path is None else path
    try:
        with safe_open(file, "numpy") as tensors:  # checks that the header keeps within the file
            there = list(tensors.keys())
    except SafetensorError as error:
        which = "" if path is None else f"{file.name} is "
        raise loading.fault(f"{which}no valid safetensors file ({error})") from error
    name = next((name for name in names if name in there), there[0] if len(there) == 1 else None)
    if name is None:
        raise loading.fault(f"{file.name} has the tensors {there}, none of them called {' or '.join(names)}")
    with file.open("rb") as stream:
        header_bytes = int.from_bytes(stream.read(8), "little")
        entry = json.loads(stream.read(header_bytes))[name]
    kinds = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
    shape = tuple(entry["shape"])
    if entry["dtype"] not in kinds or not shape or 0 in shape:
        raise loading.fault(
            f"the tensor {name} is {entry['dtype']} of shape {shape}; it must hold float16, float32 or float64 numbers"
        )
    mode: Any = loading.mmap or "r"
    return np.memmap(file, kinds[entry["dtype"]], mode, 8 + header_bytes + entry["data_offsets"][0], shape)


def _with_keys(loading: Loading, matrix: np.memmap[Any, Any], begin: int) -> KeyedVectors:
    if matrix.ndim != 2 or matrix.dtype.kind != "f" or not matrix.shape[1]:
        raise loading.fault(f"the array must be a matrix of floats, got {matrix.dtype} of shape {matrix.shape}")
    keys, counts = _read_keys(loading, matrix)
    if loading.mmap is None:
        rows = Rows(loading, matrix.shape[1], matrix.dtype, len(keys))
        rows.take_array(keys, matrix, begin)
        return rows.finish(counts)
    if len(set(keys)) < len(keys):
        twice = next(key for key, count in Counter(keys).items() if count > 1)
        raise VectorFormatError(f"{keys_file(loading.path)}: has the key {twice!r} more than once")
    if loading.dtype is not None and loading.dtype != matrix.dtype:
        raise ValueError(f"dtype must be {matrix.dtype} or None to map {loading.path}, got {loading.dtype}")
    limit = loading.limit or len(keys)
    return keyed_vectors(keys[:limit], matrix[:limit], None if counts is None else counts[:limit])


def _read_keys(loading: Loading, matrix: NDArray[Any]) -> tuple[list[Any], NDArray[np.int64] | None]:
    path = keys_file(loading.path)
    if not path.is_file():
        raise loading.fault(f"its keys are missing: {path} must hold them, as a JSON list")
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise VectorFormatError(f"{path}: no valid JSON ({error})") from error
    content = document if isinstance(document, dict) else {"keys": document}
    keys, counts = content.get("keys"), content.get("counts")
    if not isinstance(keys, list) or not all(type(key) in (str, int) for key in keys):
        raise VectorFormatError(f"{path}: must hold a list of keys, each text or a whole number")
    if len(keys) != len(matrix):
        raise VectorFormatError(f"{path}: has {len(keys)} keys, but {loading.path} has {len(matrix)} rows")
    if "check" in content and content["check"] != _checksum(matrix):
        raise VectorFormatError(f"{path}: holds the keys of other vectors than those in {loading.path}")
    if counts is None:
        return keys, None
    try:
        made = np.array(counts, np.int64)
    except (ValueError, TypeError, OverflowError) as error:
        raise VectorFormatError(f"{path}: the counts must be whole numbers ({error})") from error
    if made.shape != (len(keys),):
        raise VectorFormatError(f"{path}: has {made.shape} counts for {len(keys)} keys")
    return keys, made
