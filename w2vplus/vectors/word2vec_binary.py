"""word2vec's binary format: "rows dimensions", then each row as key, space and little-endian float32.

word2vec.c ends each row with a line feed and gensim does not; both are read, and gensim's are written.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

from w2vplus import _vector_rows as native
from w2vplus.vectors.files import reading, writing
from w2vplus.vectors.header import Header, read_header
from w2vplus.vectors.loading import LENIENT, Loading, Rows
from w2vplus.vectors.table import MAX_KEY_BYTES, VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

BLOCK_BYTES = 4 << 20
FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")
"""Opens the models of fastText, which are called .bin too."""


def read(loading: Loading) -> KeyedVectors:
    """Rows under a header; of damaged data, lenient loading takes the rows before the damage."""
    with reading(loading.path) as stream:
        line = stream.readline(256)
        header = read_header(loading, line, _least_bytes)
        if not line:
            raise loading.fault("the file is empty")
        if header is None:
            is_fasttext = line.startswith(FASTTEXT_MAGIC)
            remedy = "; this is a fastText model: read it with gensim.models.fasttext.load_facebook_vectors"
            raise loading.fault(
                "header (byte 0): the first line must be two whole numbers, 'rows dimensions', "
                f"got {line[:40]!r}{remedy if is_fasttext else ''}"
            )
        rows = Rows(loading, header.dimensions, expected=header.proved_rows)
        _read_rows(stream, rows, header)
    return rows.finish()


def _least_bytes(row_count: int, dimensions: int) -> int:
    """A row is at least a byte of key, a space, and four bytes a number."""
    return row_count * (2 + 4 * dimensions)


def _read_rows(stream: IO[bytes], rows: Rows, header: Header) -> None:
    loading = rows.loading
    row_number, offset, rest = 0, header.byte_count, b""
    while row_number < header.row_count and not rows.is_full:
        block = stream.read(BLOCK_BYTES)
        found = native.read_binary(rest + block, header.dimensions, header.row_count - row_number, MAX_KEY_BYTES)
        rest = (rest + block)[found.used :]
        _take(rows, found, row_number, offset)
        row_number += found.count
        offset += found.used
        if rows.is_full or row_number == header.row_count:
            break
        if b" " not in rest[: MAX_KEY_BYTES + 2] and len(rest) > MAX_KEY_BYTES + 1:
            message = f"no key ends within {MAX_KEY_BYTES} bytes; is this word2vec binary?"
            raise loading.fault(message, row_number + 1, offset)
        if not block and not loading.lenient:
            message = (
                f"the data end after {len(rest)} bytes of the row; the header promises {header.row_count} rows of "
                f"{header.dimensions} numbers; {LENIENT} takes those that are there"
            )
            raise loading.fault(message, row_number + 1, offset)
        if not block:
            loading.mended["cut"] += bool(rest)
            loading.mended["header"] += header.row_count - row_number
            return
    if rows.is_full:
        return
    beyond = (rest + stream.read(16)).strip(b"\r\n")
    if beyond and not loading.lenient:
        message = f"the data go on after the {header.row_count} rows that the header promises"
        raise loading.fault(message, row_number + 1, offset)
    if beyond:
        loading.mended["header"] += 1


def _take(rows: Rows, found: native.RowBlock, row_number: int, offset: int) -> None:
    loading = rows.loading
    if found.odd:
        place, _, begin, _, _ = found.odd[0]
        message = "the key of a row has a line feed in it; are the dimensions of the header wrong?"
        raise loading.fault(message, row_number + place + 1, offset + begin)
    keys, not_utf8 = found.keys, found.not_utf8
    if not_utf8 and not loading.lenient:
        keys = keys[: not_utf8[0][0]]
    count = len(keys)
    numbers = np.arange(row_number + 1, row_number + count + 1)
    rows.take(keys, found.vectors[:count], numbers, found.begins[:count] + offset)
    if not_utf8 and loading.lenient:
        loading.mended["not utf-8"] += len(not_utf8)
    elif not_utf8 and not rows.is_full:
        good, key, byte = not_utf8[0]
        message = f"the key {key[:80]!r} is not UTF-8 (its byte {byte + 1}); {LENIENT} mends such keys"
        raise loading.fault(message, row_number + good + 1, offset + int(found.begins[good]))


def write(source: KeyedVectors, path: str) -> None:
    """Byte for byte as gensim writes the format."""
    table = VectorTable.of(source, path).with_spaceless_keys(path).by_count()
    row_bytes = 4 * table.vectors.shape[1]
    with writing(path) as stream:
        stream.write(f"{len(table.keys)} {table.vectors.shape[1]}\n".encode())
        for start, vectors in table.blocks():
            numbers = vectors.astype("<f4", copy=False).tobytes()
            stream.write(
                b"".join(
                    b"%b %b" % (key.encode(), numbers[row * row_bytes : (row + 1) * row_bytes])
                    for row, key in enumerate(table.keys[start : start + len(vectors)])
                )
            )
