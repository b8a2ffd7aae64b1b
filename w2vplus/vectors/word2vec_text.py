"""word2vec's text format, GloVe's and fastText's `.vec`: lines of a key and decimals, with a header or without.

Lines are parsed and printed in native code, several blocks at a time. A number becomes numpy.float32 of its text,
and is written with the fewest digits that read back to the same float32.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus import _vector_rows as native
from w2vplus.errors import VectorFormatError
from w2vplus.vectors.files import in_order, reading, writing
from w2vplus.vectors.header import read_header
from w2vplus.vectors.loading import LENIENT, Loading, Rows
from w2vplus.vectors.table import MAX_DIMENSIONS, MAX_KEY_BYTES, VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

BLOCK_BYTES = 1 << 20
MAX_NUMBER_BYTES = 64
MAX_FIRST_LINE = 16 << 20


# ---- reading


def read(loading: Loading) -> KeyedVectors:
    """Rows under a header "rows dimensions" or, as in GloVe's files, under none."""
    with reading(loading.path) as stream:
        first, skipped = _first_line(loading, stream)
        header = read_header(loading, first, _least_bytes)
        if header is None:
            return _read_headerless(loading, stream, first, skipped)
        rows = Rows(loading, header.dimensions, expected=header.proved_rows)
        TextRows(rows, promised=header.row_count, offset=skipped + header.byte_count).read(stream)
    return rows.finish()


def read_headerless(loading: Loading) -> KeyedVectors:
    """Rows without a header: the first line says how many numbers a row has."""
    with reading(loading.path) as stream:
        return _read_headerless(loading, stream, *_first_line(loading, stream))


def _first_line(loading: Loading, stream: IO[bytes]) -> tuple[bytes, int]:
    """The first line, without the byte order mark that lenient loading takes off, and the bytes that this has."""
    first = stream.readline(MAX_FIRST_LINE)
    if not first.startswith(BOM_UTF8):
        return first, 0
    if not loading.lenient:
        raise loading.fault(
            "the file begins with a byte order mark, which is no part of header or key: remove it; "
            f"{LENIENT} leaves it out", offset=0,
        )  # fmt: skip
    loading.mended["mark"] += 1
    return first.removeprefix(BOM_UTF8), len(BOM_UTF8)


def _read_headerless(loading: Loading, stream: IO[bytes], first: bytes, skipped: int) -> KeyedVectors:
    dimensions = len(re.findall(rb"[^ \t\r\v\f\n]+", first)) - 1
    # A row of a single number is more likely a damaged header.
    if not 2 <= dimensions <= MAX_DIMENSIONS or native.read_text(first, dimensions).odd:
        if not first:
            raise loading.fault("the file is empty")
        raise loading.fault(
            "header (byte 0): the first line must be two whole numbers, 'rows dimensions', or else a first row as in "
            f"GloVe's files, a key and its numbers; got {first[:40]!r}"
        )
    rows = Rows(loading, dimensions)
    TextRows(rows, offset=skipped).read(stream, first)
    return rows.finish()


def _least_bytes(row_count: int, dimensions: int) -> int:
    """A row is at least a byte of key, a space and a digit a number, and a line feed (which the last may lack)."""
    return row_count * (2 + 2 * dimensions) - 1


class Fault(NamedTuple):
    """A line that is wrong: its place in its block, where in the file it begins, and why."""

    place: int
    offset: int
    message: str


class TextRows:
    """Reads lines into `rows`: all there are, or up to the limit.

    `promised` rows are what `promise` says there must be. `keys` are those of the rows, where the lines are numbers
    alone. `offset` is where the first line begins.
    """

    def __init__(
        self,
        rows: Rows,
        promised: int | None = None,
        offset: int = 0,
        keys: Sequence[Any] | None = None,
        promise: str = "the header promises",
    ) -> None:
        self.rows, self.promised, self.keys, self.promise = rows, promised, keys, promise
        self.loading = rows.loading
        self._offset = offset
        self._lines = self._filled = 0
        self._blank: tuple[int, int] | None = None

    def read(self, stream: IO[bytes], begun: bytes = b"") -> None:
        """Read the lines of `stream`, of which `begun` was read already."""
        longest = MAX_KEY_BYTES + MAX_NUMBER_BYTES * self.rows.dimensions
        parse = partial(native.read_text, dimensions=self.rows.dimensions, has_key=self.keys is None)
        for found in in_order(parse, _whole_lines(stream, longest, begun)):
            self._take(found)
            if self.rows.is_full:
                return
        if self.promised is None or self._filled == self.promised:
            return
        if not self.loading.lenient:
            message = f"the data end before the row; {self.promise} {self.promised} rows"
            raise self.loading.fault(message, self._filled + 1, self._offset)
        self.loading.mended["header"] += abs(self.promised - self._filled)

    def _take(self, found: native.RowBlock) -> None:
        """Take in the rows of a block, up to the first that is wrong."""
        is_good = np.ones(found.count, np.bool_)
        for place, verdict, *_ in found.odd:
            is_good[place] = verdict == native.SPACED_KEY
        places = np.flatnonzero(is_good)
        fault = None
        if self.loading.lenient:
            self._mend(found)
        else:
            fault = self._first_fault(found, places)
        if fault is not None:
            places = places[: np.searchsorted(places, fault.place)]
        keys: Sequence[Any] = found.keys
        if self.keys is not None:
            places = places[places + self._lines < len(self.keys)]
            keys = [self.keys[place] for place in (places + self._lines).tolist()]
        taken = len(places)
        offsets = found.begins[:taken] + self._offset
        self.rows.take(keys[:taken], found.vectors[:taken], places + (self._lines + 1), offsets)
        if fault is not None and not self.rows.is_full:
            raise self.loading.fault(fault.message, self._lines + fault.place + 1, fault.offset)
        blank_count = sum(verdict == native.BLANK for _, verdict, *_ in found.odd)
        self._lines += found.count
        self._filled += found.count - blank_count
        self._offset += found.used

    def _first_fault(self, found: native.RowBlock, places: NDArray[np.intp]) -> Fault | None:
        """The first line of the block that only lenient loading would take or leave out."""
        faults = [
            Fault(place, begin, self._message(verdict, fields, field))
            for place, verdict, begin, fields, field in found.odd
            if verdict != native.BLANK
        ]
        last_filled = max([fault.place for fault in faults] + places[-1:].tolist(), default=-1)
        blanks = [(place, begin) for place, verdict, begin, *_ in found.odd if verdict == native.BLANK]
        # Blank lines may end a file and stand nowhere else.
        if last_filled >= 0 and self._blank is not None:
            raise self.loading.fault(self._message(native.BLANK, 0, b""), *self._blank)
        faults += [Fault(*blank, self._message(native.BLANK, 0, b"")) for blank in blanks if blank[0] < last_filled]
        if blanks and blanks[-1][0] > last_filled and self._blank is None:
            place, begin = next(blank for blank in blanks if blank[0] > last_filled)
            self._blank = (self._lines + place + 1, self._offset + begin)
        for good, key, byte in found.not_utf8:
            message = f"the key {key[:80]!r} is not UTF-8 (its byte {byte + 1}); {LENIENT} mends such keys"
            faults.append(Fault(int(places[good]), int(found.begins[good]), message))
        if self.promised is not None and places.size and places[-1] + self._lines >= self.promised:
            good = int(np.searchsorted(places, self.promised - self._lines))
            message = f"the data go on after the {self.promised} rows that {self.promise}"
            faults.append(Fault(int(places[good]), int(found.begins[good]), message))
        first = min(faults, default=None)
        return None if first is None else first._replace(offset=first.offset + self._offset)

    def _message(self, verdict: int, fields: int, field: bytes) -> str:
        if verdict == native.BAD_NUMBER:
            return f"{field[:40]!r} is not a number; {LENIENT} leaves the row out"
        key_count = int(self.keys is None)
        wanted = f"{'a key and ' if key_count else ''}{self.rows.dimensions} numbers"
        if verdict == native.SPACED_KEY:
            return f"expected {wanted}, got {fields} fields; {LENIENT} takes the last as the vector"
        remedy = "has the key white space?" if fields > self.rows.dimensions + key_count else "is the row cut short?"
        return f"expected {wanted}, got {fields} fields; {remedy} Lenient loading leaves the row out"

    def _mend(self, found: native.RowBlock) -> None:
        """Count what is put up with."""
        counts = Counter(verdict for _, verdict, *_ in found.odd)
        spaced, blank = counts.pop(native.SPACED_KEY, 0), counts.pop(native.BLANK, 0)
        del blank  # holds nothing that could be lost
        for reason, count in (
            ("spaced", spaced), ("malformed", counts.total()), ("not utf-8", len(found.not_utf8)),
        ):  # fmt: skip
            if count:
                self.loading.mended[reason] += count


def _whole_lines(stream: IO[bytes], longest: int, begun: bytes) -> Iterator[bytes]:
    """Blocks of whole lines. A line of more than `longest` bytes comes in pieces, and so is no row."""
    rest = begun
    while block := stream.read(BLOCK_BYTES):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        else:
            rest += block
        if len(rest) > longest:
            yield rest
            rest = b""
    if rest:
        yield rest


# ---- writing


def write(source: KeyedVectors, path: str) -> None:
    """Header and rows, byte for byte as gensim writes them (where NumPy prints numbers as it does from 2.4 on)."""
    _write(source, path, has_header=True)


def write_headerless(source: KeyedVectors, path: str) -> None:
    """Rows alone, as GloVe writes them."""
    _write(source, path, has_header=False)


def _write(source: KeyedVectors, path: str, has_header: bool) -> None:
    table = VectorTable.of(source, path).with_spaceless_keys(path).by_count()
    if not has_header and (not table.keys or table.vectors.shape[1] < 2):
        raise VectorFormatError(
            f"cannot write {path}: without a header, {len(table.keys)} rows of {table.vectors.shape[1]} numbers would "
            "not read back; there must be a row, and two numbers in it"
        )

    if not has_header and table.keys[0].startswith("\ufeff"):
        raise VectorFormatError(
            f"cannot write {path}: the first key {table.keys[0]!r} begins with a byte order mark, and without a header "
            "that would be taken for the file's; rename it, or choose a format with a header"
        )

    def printed(block: tuple[int, NDArray[Any]]) -> bytes:
        start, vectors = block
        keys = [key.encode() for key in table.keys[start : start + len(vectors)]]
        return native.print_text(vectors.astype(np.float32, copy=False), keys)

    with writing(path) as stream:
        if has_header:
            stream.write(f"{len(table.keys)} {table.vectors.shape[1]}\n".encode())
        for text in in_order(printed, table.blocks()):
            stream.write(text)
