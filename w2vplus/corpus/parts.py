"""Plain files become parts of about equal work, one for each worker: runs of segments, in the order of the
text.

A file is cut behind a space or line feed, so that no token is torn; the encoder joins lines that go on in the
next part. Files that cannot be cut without being read (compressed, remote) are left to `streams`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from w2vplus.corpus.sources import ByteSource

MIN_PART_BYTES = 1 << 22


@dataclass(frozen=True)
class Segment:
    """Bytes [start, end) of a file, to its end if `end` is None; `ends_file` if no later segment goes on with
    it."""

    file: ByteSource
    start: int = 0
    end: int | None = None
    ends_file: bool = True


Part = list[Segment]


def plan_parts(files: list[ByteSource], sizes: list[int], workers: int) -> list[Part]:
    """At most `workers` parts, each of MIN_PART_BYTES or more, which together are all files in order; `sizes`
    are the files' bytes."""
    part_count = max(1, min(workers, sum(sizes) // MIN_PART_BYTES))
    if part_count == 1:
        return [[Segment(file) for file in files]]
    part_size = sum(sizes) / part_count
    parts: list[Part] = [[] for _ in range(part_count)]
    before = 0
    for file, size in zip(files, sizes, strict=True):
        boundaries = [round(part_size * number) - before for number in range(part_count + 1)]
        _cut_file(file, size, boundaries, parts)
        before += size
    return [part for part in parts if part]


def _cut_file(file: ByteSource, size: int, boundaries: list[int], parts: list[Part]) -> None:
    """Share the file's bytes among the parts; part p wants those of [boundaries[p], boundaries[p + 1])."""
    start, last_part = 0, len(parts) - 1
    for number, part in enumerate(parts):
        wanted_end = boundaries[number + 1]
        if wanted_end <= start and not (size == 0 and number == last_part):
            continue
        if wanted_end >= size or number == last_part:
            end = size
        else:
            end = _behind_white_space(file, wanted_end, size)
        part.append(Segment(file, start, None if start == 0 and end == size else end, ends_file=end == size))
        start = end
        if start == size:
            return


def cut_points(file: ByteSource, wanted: Iterable[int], size: int) -> list[int]:
    """Places at or after the wanted ones that follow a space or line feed; ascending, each once, below
    `size`."""
    points: list[int] = []
    for offset in wanted:
        if points and offset <= points[-1]:
            continue
        point = _behind_white_space(file, offset, size)
        if point < size:
            points.append(point)
    return points


def _behind_white_space(file: ByteSource, offset: int, size: int) -> int:
    """The first place at or after `offset` that follows a space or line feed; `size` if there is none."""
    offset -= 1
    with file.open() as stream:
        stream.seek(offset)
        while block := bytes(stream.read(1 << 16)):
            places = [place for place in (block.find(b" "), block.find(b"\n")) if place >= 0]
            if places:
                return min(offset + min(places) + 1, size)
            offset += len(block)
    return size
