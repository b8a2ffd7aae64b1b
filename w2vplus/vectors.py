"""Word vectors to and from files: a gensim KeyedVectors in, a file out, and back.

Formats go by suffix: `.bin` word2vec binary, `.txt` and `.vec` word2vec text, `.kv` gensim's own; a further
.gz, .bz2, .xz or .zst compresses. Paths may be remote (anything smart_open knows); local files appear whole
or not at all. Called by the command line, the benchmark and by users. Readers trust no header: memory grows
with the rows that really come, and every fault is named with its row and its byte offset in the
(decompressed) data.
"""

from __future__ import annotations

import gzip
import logging
import lzma
import os
import pickle
import re
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import smart_open
from numpy.typing import NDArray

from w2vplus._atomic import replacing
from w2vplus.errors import VectorFormatError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

logger = logging.getLogger(__name__)

FORMAT_OF_SUFFIX = {".bin": "bin", ".txt": "txt", ".vec": "txt", ".kv": "kv"}
COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
BLOCK_BYTES = 4 << 20
# Bounds no honest file reaches; a foreign or hostile one is refused by them before it costs memory.
MAX_DIMENSIONS = 1 << 20
MAX_KEY_BYTES = 1 << 16
MAX_NUMBER_BYTES = 64
MAX_HEADER_BYTES = 256
# These part keys from numbers and rows from rows. Others (no-break space, ...) are ordinary characters, as
# they are for word2vec.c and fastText.
SEPARATORS = re.compile(r"[ \t\n\r\v\f]")


def save_vectors(
    keyed_vectors: KeyedVectors, path: str | os.PathLike[str], *, format: str | None = None
) -> None:
    """Write the vectors to `path`, in the format of its suffix or in `format` ("bin", "txt" or "kv").

    Word2vec formats hold "rows dimensions", then each key with its vector as float32: binary byte for byte as
    gensim writes it, text with the shortest digits that read back to the same float32. Rows are sorted by
    descending count where the vectors carry counts, as gensim sorts them, and keep their order otherwise.
    Keys that are not strings are written as `str(key)` and so come back as strings.

    Raises VectorFormatError for a key that would not read back (empty, with white space, twice), for values
    that are not finite numbers; ValueError for an unknown format; OSError where `path` cannot be written.
    A local file is left as it was on any error.
    """
    name = os.fspath(path)
    chosen = _format_of(name, format)
    if chosen == "kv":
        _save_gensim(keyed_vectors, name)
        return
    table = _printable_table(keyed_vectors, name)
    write = _write_binary if chosen == "bin" else _write_text
    with _output(name) as stream:
        stream.write(f"{len(table.keys)} {table.vectors.shape[1]}\n".encode())
        write(stream, table)


def load_vectors(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    limit: int | None = None,
    errors: str = "strict",
) -> KeyedVectors:
    """Read vectors in the format of the suffix of `path`, or in `format` ("bin", "txt" or "kv").

    Parameters
    ----------
    limit : read the first so many rows only
    errors : "strict" refuses keys that are not UTF-8 and keys that come twice; "replace" puts U+FFFD for
        such bytes, keeps the first of equal keys, and logs one warning with both counts

    Returns a gensim KeyedVectors with float32 vectors and no counts (the word2vec formats hold none).
    A `.kv` file is a pickle, and a pickle can run code: open only those you trust.

    Raises VectorFormatError, with row and byte offset, for whatever the format does not promise: a header
    without two numbers or with more rows than the file can hold, a short or long row, a number that is none
    or not finite, rows left over, damaged compression. ValueError for arguments; OSError for the file.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 or None, got {limit}")
    if errors not in ("strict", "replace"):
        raise ValueError(f"errors must be 'strict' or 'replace', got {errors!r}")
    name = os.fspath(path)
    chosen = _format_of(name, format)
    with damage_named(name):
        if chosen == "kv":
            return _load_gensim(name, limit)
        with smart_open.open(name, "rb") as stream:
            return _read_word2vec(stream, name, chosen == "bin", limit, errors)


def _format_of(path: str, format: str | None) -> str:
    """The format asked for, or else the one the suffix before any compression suffix stands for."""
    known = sorted(set(FORMAT_OF_SUFFIX.values()))
    if format is not None:
        if format not in known:
            raise ValueError(f"format must be one of {', '.join(known)}, got {format!r}")
        return format
    bare = path.lower()
    for suffix in COMPRESSION_SUFFIXES:
        bare = bare.removesuffix(suffix)
    suffix = os.path.splitext(bare)[1]  # noqa: PTH122 - a URI is no Path
    if suffix not in FORMAT_OF_SUFFIX:
        raise ValueError(
            f"cannot tell the format of {path} by its suffix {suffix!r}: use one of "
            f"{', '.join(FORMAT_OF_SUFFIX)} (compressed by a further {', '.join(COMPRESSION_SUFFIXES)}), "
            f"or give format={'|'.join(known)}"
        )
    return FORMAT_OF_SUFFIX[suffix]


def _is_remote(path: str) -> bool:
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", path) is not None


@contextmanager
def _output(path: str) -> Iterator[IO[bytes]]:
    """A binary stream to `path`: atomic where it is local, compressed by its suffix."""
    if _is_remote(path):
        with smart_open.open(path, "wb") as stream:
            yield stream
    else:
        with replacing(path) as temporary, smart_open.open(str(temporary), "wb") as stream:
            yield stream


@contextmanager
def damage_named(path: str, error_class: type[ValueError] = VectorFormatError) -> Iterator[None]:
    """Turn what decompressors raise on damaged data into `error_class`, naming `path`."""
    try:
        yield
    except Exception as error:
        # bz2 reports damage as an OSError without an error number; the zstd error's module depends on the
        # Python version.
        damaged = isinstance(error, (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile))
        damaged |= isinstance(error, OSError) and error.errno is None and path.lower().endswith(".bz2")
        if not damaged and type(error).__name__ != "ZstdError":
            raise
        raise error_class(f"{path}: the file is damaged or cut short ({error})") from error


# ---- writing word2vec's formats


@dataclass(frozen=True)
class _Table:
    """Keys as UTF-8 and float32 vectors (V, D), checked to read back, in file order."""

    keys: list[bytes]
    vectors: NDArray[np.float32]

    def blocks(self) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        """Consecutive rows of about BLOCK_BYTES."""
        rows = max(1, BLOCK_BYTES // (4 * self.vectors.shape[1]))
        for start in range(0, len(self.keys), rows):
            yield self.keys[start : start + rows], self.vectors[start : start + rows]


def _printable_table(keyed_vectors: KeyedVectors, path: str) -> _Table:
    texts = [str(key) for key in keyed_vectors.index_to_key]
    vectors = np.asarray(keyed_vectors.vectors, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or vectors.shape[1] < 1:
        raise VectorFormatError(
            f"cannot write {path}: {len(texts)} keys, but vectors of shape {vectors.shape}"
        )
    # One search over all keys; only a fault pays for finding its key.
    if SEPARATORS.search("".join(texts)) or "" in texts:
        key = next(text for text in texts if not text or SEPARATORS.search(text))
        raise VectorFormatError(
            f"cannot write {path}: the key {key!r} {'has white space' if key else 'is empty'} and would not "
            "read back; rename it, or save as .kv"
        )
    if len(set(texts)) < len(texts):
        key = Counter(texts).most_common(1)[0][0]
        raise VectorFormatError(f"cannot write {path}: two keys are written as {key!r}; rename one")
    order = _order_by_count(keyed_vectors)
    if order is not None:
        texts, vectors = [texts[row] for row in order], vectors[order]
    for row, text in enumerate(texts):
        if len(text) >= MAX_KEY_BYTES // 4 and len(text.encode("utf-8", "replace")) > MAX_KEY_BYTES:
            raise VectorFormatError(f"cannot write {path}: key {row + 1} is over {MAX_KEY_BYTES} bytes long")
    bad_row = _first_row_not_finite(vectors)
    if bad_row is not None:
        raise VectorFormatError(
            f"cannot write {path}: the vector of {texts[bad_row]!r} has a value that is no finite float32"
        )
    try:
        return _Table([text.encode("utf-8") for text in texts], vectors)
    except UnicodeEncodeError as error:
        raise VectorFormatError(
            f"cannot write {path}: the key {error.object!r} is not valid Unicode"
        ) from error


def _order_by_count(keyed_vectors: KeyedVectors) -> NDArray[np.intp] | None:
    """Rows by descending count, ties in their order; None where they stand so already or have no counts."""
    counts = np.asarray(keyed_vectors.expandos.get("count", ()))
    if len(counts) != len(keyed_vectors.index_to_key) or counts.dtype.kind not in "iuf":
        return None
    if (counts[1:] <= counts[:-1]).all():
        return None
    return np.argsort(-counts.astype(np.float64), kind="stable")


def _first_row_not_finite(vectors: NDArray[np.float32]) -> int | None:
    rows = max(1, BLOCK_BYTES // (4 * vectors.shape[1]))
    for start in range(0, len(vectors), rows):
        finite = np.isfinite(vectors[start : start + rows])
        if not finite.all():
            return start + int(finite.all(axis=1).argmin())
    return None


def _write_binary(stream: IO[bytes], table: _Table) -> None:
    row_bytes = 4 * table.vectors.shape[1]
    for keys, vectors in table.blocks():
        numbers = vectors.astype("<f4", copy=False).tobytes()
        stream.write(
            b"".join(
                b"%b %b" % (key, numbers[row * row_bytes : (row + 1) * row_bytes])
                for row, key in enumerate(keys)
            )
        )


def _write_text(stream: IO[bytes], table: _Table) -> None:
    for keys, vectors in table.blocks():
        # str(numpy.float32) has the fewest digits that read back to the same float32.
        stream.write(
            b"".join(
                b"%b %b\n" % (key, " ".join(map(str, vector)).encode())
                for key, vector in zip(keys, vectors, strict=True)
            )
        )


# ---- reading word2vec's formats


class _Rows:
    """Rows read so far. Memory follows the rows, never a header's claim."""

    def __init__(self, path: str, row_count: int, dimensions: int, errors: str) -> None:
        self.path, self.row_count, self.dimensions, self.errors = path, row_count, dimensions, errors
        self.key_to_index: dict[str, int] = {}
        self.offsets: list[int] = []
        self.rows_read = 0
        self.replaced = self.repeated = 0
        first_rows = min(row_count, max(1, BLOCK_BYTES // (4 * dimensions)))
        self.vectors = np.empty((first_rows, dimensions), np.float32)

    @property
    def complete(self) -> bool:
        return self.rows_read == self.row_count

    def fault(self, offset: int, message: str, row: int | None = None) -> VectorFormatError:
        """The error for the given row (from 1; the next one unless given), which begins at byte `offset`."""
        return VectorFormatError(f"{self.path}, row {row or self.rows_read + 1} (byte {offset}): {message}")

    def add(self, key: bytes, vector: NDArray[np.float32], offset: int) -> None:
        """Take in the next row."""
        if not key:
            raise self.fault(offset, "the key is empty")
        try:
            text = key.decode("utf-8")
        except UnicodeDecodeError as error:
            if self.errors == "strict":
                raise self.fault(
                    offset,
                    f"the key {key[:80]!r} is not UTF-8 (its byte {error.start + 1}); "
                    "load with errors='replace' to mend such keys",
                ) from error
            text = key.decode("utf-8", "replace")
            self.replaced += 1
        self.rows_read += 1
        index = len(self.key_to_index)
        if self.key_to_index.setdefault(text, index) != index:
            if self.errors == "strict":
                raise self.fault(
                    offset,
                    f"the key {text[:80]!r} came before, in row {self.key_to_index[text] + 1}; "
                    "load with errors='replace' to keep the first",
                    self.rows_read,
                )
            self.repeated += 1
            return
        if index == len(self.vectors):
            self.vectors.resize((min(2 * index, self.row_count), self.dimensions), refcheck=False)
        self.vectors[index] = vector
        self.offsets.append(offset)

    def finish(self) -> KeyedVectors:
        """The rows as a KeyedVectors; refuses numbers that are not finite."""
        from gensim.models import KeyedVectors

        self.vectors.resize((len(self.key_to_index), self.dimensions), refcheck=False)
        bad_row = _first_row_not_finite(self.vectors)
        if bad_row is not None:
            raise self.fault(self.offsets[bad_row], "a number is NaN or too large for float32", bad_row + 1)
        if self.replaced or self.repeated:
            logger.warning(
                "%s: replaced bytes that are not UTF-8 in %d keys; left out %d rows whose key came before",
                self.path, self.replaced, self.repeated,
            )  # fmt: skip
        loaded = KeyedVectors(self.dimensions)
        loaded.vectors = self.vectors
        loaded.index_to_key = list(self.key_to_index)
        loaded.key_to_index = self.key_to_index
        loaded.next_index = len(self.key_to_index)
        return loaded


def _read_word2vec(
    stream: IO[bytes], path: str, binary: bool, limit: int | None, errors: str
) -> KeyedVectors:
    header = stream.readline(MAX_HEADER_BYTES)
    claim = re.fullmatch(rb"\s*(\d+)[ \t]+(\d+)\s*", header)
    if claim is None:
        raise VectorFormatError(
            f"{path}, header (byte 0): the first line must be two whole numbers, 'rows dimensions', "
            f"got {header[:40]!r}"
        )
    row_count, dimensions = int(claim[1]), int(claim[2])
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise VectorFormatError(
            f"{path}, header (byte 0): dimensions must be 1 to {MAX_DIMENSIONS}, got {dimensions}"
        )
    row_count = min(row_count, limit or row_count)
    # A row is at least: one byte of key, a space, and four bytes a number (binary) or a digit with the
    # space or line end after it (text; the last line end may lack).
    least = row_count * (2 + 4 * dimensions) if binary else row_count * (2 + 2 * dimensions) - 1
    size = _size_of_plain_file(path)
    if size is not None and least > size - len(header):
        raise VectorFormatError(
            f"{path}, header (byte 0): {row_count} rows of {dimensions} numbers take at least {least} bytes, "
            f"but {size - len(header)} follow; the header is wrong or the file cut short"
        )
    rows = _Rows(path, row_count, dimensions, errors)
    read: Callable[[IO[bytes], _Rows, int, bool], None] = _read_binary if binary else _read_text
    read(stream, rows, len(header), row_count == int(claim[1]))
    return rows.finish()


def _size_of_plain_file(path: str) -> int | None:
    """Bytes of a local regular file without compression; None where that is unknown."""
    if _is_remote(path) or path.lower().endswith(COMPRESSION_SUFFIXES) or not Path(path).is_file():
        return None
    return Path(path).stat().st_size


def _read_binary(stream: IO[bytes], rows: _Rows, offset: int, to_the_end: bool) -> None:
    """Rows of key, space, little-endian float32; word2vec.c ends each with a line feed, gensim does not."""
    row_bytes = 4 * rows.dimensions
    buffer, position = b"", 0
    while not rows.complete:
        space = buffer.find(b" ", position, position + MAX_KEY_BYTES + 2)
        while space < 0 or len(buffer) - space <= row_bytes:
            if space < 0 and len(buffer) - position > MAX_KEY_BYTES:
                raise rows.fault(
                    offset, f"no key ends within {MAX_KEY_BYTES} bytes; is this word2vec binary?"
                )
            block = stream.read(BLOCK_BYTES)
            if not block:
                raise rows.fault(
                    offset,
                    f"the data end after {len(buffer) - position} bytes of the row; the header promises "
                    f"{rows.row_count} rows of {rows.dimensions} numbers",
                )
            buffer, position = buffer[position:] + block, 0
            space = buffer.find(b" ", 0, MAX_KEY_BYTES + 2)
        key = buffer[position:space].lstrip(b"\n")
        if b"\n" in key:
            raise rows.fault(offset, f"the key {key[:80]!r} has a line feed; are the dimensions wrong?")
        rows.add(key, np.frombuffer(buffer, "<f4", rows.dimensions, space + 1), offset)
        offset += space + 1 + row_bytes - position
        position = space + 1 + row_bytes
    if to_the_end and (buffer[position:] + stream.read(16)).strip(b"\r\n"):
        raise rows.fault(offset, f"the data go on after the {rows.row_count} rows the header promises")


def _read_text(stream: IO[bytes], rows: _Rows, offset: int, to_the_end: bool) -> None:
    """Lines of a key and decimal numbers, separated by single spaces (or other white space, more slowly)."""
    longest = MAX_KEY_BYTES + MAX_NUMBER_BYTES * rows.dimensions
    rest = b""
    while not rows.complete:
        block = stream.read(BLOCK_BYTES)
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if not block:
            if not rest:
                raise rows.fault(
                    offset, f"the data end before the row; the header promises {rows.row_count} rows"
                )
            lines, rest = [rest], b""
        elif len(rest) > longest:
            raise rows.fault(offset, f"a line is over {longest} bytes long; is this word2vec text?")
        wanted = rows.row_count - rows.rows_read
        lines, beyond = lines[:wanted], lines[wanted:]
        offset = _add_lines(rows, lines, offset)
        rest = b"\n".join([*beyond, rest]) if rows.complete else rest
    if to_the_end:
        while not rest.strip() and (block := stream.read(BLOCK_BYTES)):
            rest = block
        if rest.strip():
            raise rows.fault(offset, f"the data go on after the {rows.row_count} rows the header promises")


def _add_lines(rows: _Rows, lines: list[bytes], offset: int) -> int:
    """Parse whole lines in one go; return the offset behind them."""
    keys: list[bytes] = []
    offsets: list[int] = []
    numbers: list[bytes] = []
    for line in lines:
        key, _, text = line.rstrip().partition(b" ")
        if text.count(b" ") != rows.dimensions - 1 or b"  " in text:
            key, *fields = line.split() or [b""]
            if len(fields) != rows.dimensions:
                raise rows.fault(
                    offset,
                    f"expected a key and {rows.dimensions} numbers, got {len(fields) + 1} fields"
                    f"{'; has the key white space?' if len(fields) > rows.dimensions else ''}",
                    rows.rows_read + len(keys) + 1,
                )
            text = b" ".join(fields)
        keys.append(key)
        offsets.append(offset)
        numbers.append(text)
        offset += len(line) + 1
    vectors = _parsed(b" ".join(numbers), len(keys) * rows.dimensions)
    if vectors is None:
        row = next(row for row, text in enumerate(numbers) if _parsed(text, rows.dimensions) is None)
        wrong = next(field for field in numbers[row].split(b" ") if _parsed(field, 1) is None)
        raise rows.fault(offsets[row], f"{wrong[:40]!r} is not a number", rows.rows_read + row + 1)
    for row, vector in enumerate(vectors.reshape(-1, rows.dimensions)):
        rows.add(keys[row], vector, offsets[row])
    return offset


def _parsed(text: bytes, count: int) -> NDArray[np.float32] | None:
    """`count` decimal numbers as numpy.float32(text) reads them, whatever the locale; None if malformed."""
    try:
        # Older NumPy stops at a malformed number without an error: the sentinel shows whether it got through.
        numbers = np.fromstring(text + b" 0", dtype=np.float32, sep=" ")
    except ValueError:
        return None
    return numbers[:-1] if len(numbers) == count + 1 else None


# ---- gensim's own format


def _save_gensim(keyed_vectors: KeyedVectors, path: str) -> None:
    """gensim's `save`: a pickle, with large arrays in .npy files beside it that can be memory-mapped.

    Local files are written in a folder of their own first; the pickle, which names the others, moves last.
    """
    if _is_remote(path):
        keyed_vectors.save(path, separately=[], sep_limit=sys.maxsize)
        return
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: the folder {target.parent} does not exist")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        keyed_vectors.save(str(Path(folder, target.name)))
        for part in sorted(Path(folder).iterdir(), key=lambda part: part.name == target.name):
            part.replace(target.parent / part.name)


def _load_gensim(path: str, limit: int | None) -> KeyedVectors:
    """A KeyedVectors, or the `wv` of a whole model, from gensim's `save`."""
    from gensim.models import KeyedVectors

    try:
        stored: Any = KeyedVectors.load(path)
    except (pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, ValueError) as error:
        raise VectorFormatError(f"{path}: not a file of gensim's save ({error})") from error
    loaded = getattr(stored, "wv", stored)
    if not isinstance(loaded, KeyedVectors):
        raise VectorFormatError(f"{path}: holds a {type(stored).__name__}, not vectors")
    if limit is None or limit >= len(loaded.index_to_key):
        return loaded
    first = KeyedVectors(loaded.vector_size, dtype=loaded.vectors.dtype)
    first.vectors = loaded.vectors[:limit].copy()
    first.index_to_key = loaded.index_to_key[:limit]
    first.key_to_index = {key: index for index, key in enumerate(first.index_to_key)}
    first.expandos = {name: values[:limit].copy() for name, values in loaded.expandos.items()}
    first.next_index = limit
    return first
