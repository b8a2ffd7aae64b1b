"""Files become parts of about equal work, one for each worker: runs of segments, in the order of the text.

A plain file that can be read from anywhere is cut behind a space or line feed, so that no token is torn; the
encoder joins lines that go on in the next part. Compressed and remote files are never cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from w2vplus.corpus.files import is_compressed
from w2vplus.corpus.sources import ByteSource

MIN_PART_BYTES = 1 << 22
COMPRESSED_WEIGHT = 4
"""Plain bytes expected of a compressed one."""
UNKNOWN_BYTES = 1 << 26
"""Expected of a source whose size cannot be known."""


@dataclass(frozen=True)
class Segment:
    """Bytes [start, end) of a file, to its end if `end` is None; `ends_file` if no later segment goes on with
    it."""

    file: ByteSource
    start: int = 0
    end: int | None = None
    ends_file: bool = True


Part = list[Segment]


def plan_parts(files: list[ByteSource], workers: int, *, whole_files: bool) -> list[Part]:
    """At most `workers` parts, each of MIN_PART_BYTES or more, which together are all files in order.

    With `whole_files` no file is cut.
    """
    if workers == 1 or not files:
        return [[Segment(file) for file in files]]
    weights, can_cut = [], []
    for file in files:
        size = file.byte_size()
        compressed = size is None or is_compressed(file)
        weights.append(UNKNOWN_BYTES if size is None else size * COMPRESSED_WEIGHT if compressed else size)
        can_cut.append(file.seekable and not compressed and not whole_files)
    part_count = max(1, min(workers, sum(weights) // MIN_PART_BYTES))
    if part_count == 1:
        return [[Segment(file) for file in files]]
    part_weight = sum(weights) / part_count
    parts: list[Part] = [[] for _ in range(part_count)]
    before = 0
    for file, weight, cuttable in zip(files, weights, can_cut, strict=True):
        if not cuttable:
            parts[min(int((before + weight / 2) / part_weight), part_count - 1)].append(Segment(file))
        else:
            boundaries = [round(part_weight * number) - before for number in range(part_count + 1)]
            _cut_file(file, weight, boundaries, parts)
        before += weight
    return [part for part in parts if part]


def _cut_file(file: ByteSource, size: int, boundaries: list[int], parts: list[Part]) -> None:
    """Share the file's bytes among the parts; part p wants those of [boundaries[p], boundaries[p + 1])."""
    start, last_part = 0, len(parts) - 1
    for number, part in enumerate(parts):
        wanted_end = boundaries[number + 1]
        if wanted_end <= start:
            continue
        end = (
            size if wanted_end >= size or number == last_part else _behind_white_space(file, wanted_end, size)
        )
        part.append(Segment(file, start, None if start == 0 and end == size else end, ends_file=end == size))
        start = end
        if start == size:
            return


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
