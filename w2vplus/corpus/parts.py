"""Plain files become parts, one for each worker: runs of segments, in the order of the text.

A file is cut behind a space or line feed, so that no token is torn, or only behind line feeds; the encoder joins lines
that go on in the next part. Files that cannot be cut without being read (compressed, remote) are left to `streams`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from w2vplus.corpus.sources import ByteSource

MIN_PART_BYTES = 1 << 22
FIRST_SHARE = 0.9
"""Of an equal share; the last part gets as much more: who is done early takes from those behind, never from those
before, because an encoder must meet its types in the order of the text."""
CHUNK_SHARES = np.array([8, 8, 4, 4, *[1] * 16]) / 40
"""How every part but the first is cut: its end, which others may take, more finely."""
LOOK_BYTES = 1 << 14


@dataclass(frozen=True)
class Segment:
    """Bytes [start, end) of a file, to its end if `end` is None; `ends_file` if no later segment goes on with
    it."""

    file: ByteSource
    start: int = 0
    end: int | None = None
    ends_file: bool = True


Part = list[Segment]

TOKEN_ENDS = (b" ", b"\n")
LINE_ENDS = (b"\n",)
"""Where a text may be cut: ends of tokens, or of lines alone."""


def plan_parts(
    files: list[ByteSource], sizes: list[int], workers: int, ends: tuple[bytes, ...] = TOKEN_ENDS
) -> list[Part]:
    """At most `workers` parts, each of about MIN_PART_BYTES or more, which together are all files in order; `sizes`
    are the files' bytes; they are cut behind `ends`. The segments of a part are its chunks, or its files."""
    total = sum(sizes)
    part_count = max(1, min(workers, total // MIN_PART_BYTES))
    if part_count == 1:
        return [[Segment(file) for file in files]]
    first_share, *other_shares = np.linspace(FIRST_SHARE, 2 - FIRST_SHARE, part_count)
    shares = np.concatenate([[first_share], *(share * CHUNK_SHARES for share in other_shares)])
    wanted = np.rint(np.cumsum(shares) * (total / part_count)).astype(np.int64)
    chunks: list[Part] = [[] for _ in wanted]
    before = 0
    for file, size in zip(files, sizes, strict=True):
        first = int(np.searchsorted(wanted[:-1], before, side="right"))
        _cut_file(file, size, (wanted[first:] - before).tolist(), chunks[first:], ends)
        before += size
    part_ends = range(1, len(chunks) + 1, len(CHUNK_SHARES))
    parts = [
        [segment for chunk in chunks[begin:end] for segment in chunk] for begin, end in pairwise([0, *part_ends])
    ]
    return [part for part in parts if part]


def _cut_file(
    file: ByteSource, size: int, wanted_ends: list[int], chunks: list[Part], ends: tuple[bytes, ...]
) -> None:
    """Share the file's bytes among the chunks; each wants those up to its wanted end."""
    start = 0
    with file.open() if wanted_ends[0] < size else nullcontext() as stream:
        for wanted_end, chunk in zip(wanted_ends, chunks, strict=True):
            is_last = chunk is chunks[-1]
            if wanted_end <= start and not is_last:
                continue
            end = size if wanted_end >= size or is_last else _behind(ends, stream, wanted_end, size)
            chunk.append(Segment(file, start, None if start == 0 and end == size else end, ends_file=end == size))
            start = end
            if start == size:
                return


def cut_points(file: ByteSource, wanted: Iterable[int], size: int, ends: tuple[bytes, ...]) -> list[int]:
    """Places at or after the wanted ones that follow one of `ends`; ascending, each once, below `size`."""
    points: list[int] = []
    with file.open() as stream:
        for offset in wanted:
            if points and offset <= points[-1]:
                continue
            point = _behind(ends, stream, offset, size)
            if point < size:
                points.append(point)
    return points


def _behind(ends: tuple[bytes, ...], stream: Any, offset: int, size: int) -> int:
    """The first place at or after `offset` that follows one of `ends`; `size` if there is none."""
    offset -= 1
    stream.seek(offset)
    while block := bytes(stream.read(LOOK_BYTES)):
        places = [place for place in map(block.find, ends) if place >= 0]
        if places:
            return min(offset + min(places) + 1, size)
        offset += len(block)
    return size
