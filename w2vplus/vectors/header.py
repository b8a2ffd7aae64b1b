"""The first line of word2vec's formats, "rows dimensions": a claim that is checked before anything is made for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from w2vplus.vectors.files import plain_size
from w2vplus.vectors.loading import LENIENT, Loading
from w2vplus.vectors.table import MAX_DIMENSIONS

_LINE = re.compile(rb"\s*(\d+)[ \t]+(\d+)\s*")


@dataclass(frozen=True)
class Header:
    """What the line claims, its length in bytes, and for how many rows room may be made at once."""

    row_count: int
    dimensions: int
    byte_count: int
    proved_rows: int


def read_header(loading: Loading, line: bytes, least_bytes: Callable[[int, int], int]) -> Header | None:
    """The header, or None if `line` is none; `least_bytes(rows, dimensions)` is what such rows take at least.

    Raises VectorFormatError for absurd dimensions and, unless loading is lenient, for more rows than a file of this
    size can hold. Of compressed and remote files the size is not known: there memory follows the rows.
    """
    claim = _LINE.fullmatch(line) if len(line) < 256 else None
    if claim is None:
        return None
    row_count, dimensions = int(claim[1]), int(claim[2])
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise loading.fault(f"header (byte 0): dimensions must be 1 to {MAX_DIMENSIONS}, got {dimensions}")
    size = plain_size(loading.path)
    if size is None:
        return Header(row_count, dimensions, len(line), 0)
    wanted = min(row_count, loading.limit or row_count)
    least, there = least_bytes(wanted, dimensions), size - len(line)
    if least <= there:
        return Header(row_count, dimensions, len(line), wanted)
    if loading.lenient:
        return Header(row_count, dimensions, len(line), 0)
    raise loading.fault(
        f"header (byte 0): {wanted} rows of {dimensions} numbers take at least {least} bytes, but {there} follow; "
        f"the header is wrong or the file cut short; {LENIENT} takes the rows that are there"
    )
