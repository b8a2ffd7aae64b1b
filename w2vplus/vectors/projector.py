"""The Embedding Projector's pair of files: vectors as lines of numbers separated by tabs, and metadata with the keys.

Vectors `NAME.tsv` have their keys in `NAME.metadata.tsv`, a key a line; with counts it has two columns and, as the
Projector wants it then, a line of headings. The Projector (its parseTensors and parseMetadata) takes a first line with
a tab for headings, passes over lines of white space, and refuses vectors of a single number; what it would take for
something else is not written. gensim's script writes NAME_tensor.tsv and NAME_metadata.tsv, and many
people vectors.tsv and metadata.tsv: both pairs are read.

TensorBoard opens the pair from a folder with a file `projector_config.pbtxt`, which says
`embeddings { tensor_name: "words" tensor_path: "NAME.tsv" metadata_path: "NAME.metadata.tsv" }`.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from w2vplus import _vector_rows as native
from w2vplus._atomic import replacing_together
from w2vplus.errors import VectorFormatError
from w2vplus.vectors.files import in_order, reading
from w2vplus.vectors.loading import LENIENT, Loading, Rows
from w2vplus.vectors.table import MAX_DIMENSIONS, VectorTable
from w2vplus.vectors.word2vec_text import MAX_FIRST_LINE, TextRows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

HEADINGS = "word\tcount"

WHITE_IN_BROWSERS = " \v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript's `trim` takes off, beside the line breaks and tabs that no key may have."""


def _metadata_files(path: str) -> list[Path]:
    """Where the keys of a file of vectors may be; they are written to the first."""
    vectors = Path(path)
    names = [vectors.with_suffix(".metadata.tsv"), vectors.with_name("metadata.tsv")]
    if vectors.stem.endswith("_tensor"):
        names.insert(1, vectors.with_name(f"{vectors.stem.removesuffix('_tensor')}_metadata.tsv"))
    return names


def write(source: KeyedVectors, path: str) -> None:
    """Both files; load them with the Projector's "Load" button."""
    table = VectorTable.of(source, path).with_one_line_keys(path)
    if not table.keys:
        raise VectorFormatError(f"cannot write {path}: there are no vectors; text and .bin files may be empty")
    if table.vectors.shape[1] < 2:
        raise VectorFormatError(f"cannot write {path}: the Projector takes no vectors of a single number; choose .txt")
    blank = next((key for key in table.keys if not key.strip(WHITE_IN_BROWSERS)), None)
    if blank is not None:
        raise VectorFormatError(
            f"cannot write {path}: the Projector passes over a line of white space, and labels would move; rename the "
            f"key {blank!r}"
        )
    lines = table.keys
    if table.counts is not None:
        pairs = zip(table.keys, table.counts.tolist(), strict=True)
        lines = [HEADINGS, *(f"{key}\t{count}" for key, count in pairs)]

    def printed(block: tuple[int, NDArray[np.float32]]) -> bytes:
        return native.print_text(block[1].astype(np.float32, copy=False), separator=b"\t")

    with replacing_together(_metadata_files(path)[0], path) as (metadata, vectors):
        metadata.write_bytes("".join(f"{line}\n" for line in lines).encode())
        with vectors.open("wb") as stream:
            for text in in_order(printed, table.blocks()):
                stream.write(text)


def read(loading: Loading) -> KeyedVectors:
    """Both files; the metadata may have columns beside the keys, of which "count" is kept."""
    with reading(loading.path) as stream:
        first = stream.readline(MAX_FIRST_LINE)
        dimensions = len(first.split())
        if not 1 <= dimensions <= MAX_DIMENSIONS or native.read_text(first, dimensions, False).odd:
            raise loading.fault(f"each line must be numbers separated by tabs, got {first[:40]!r}", 1, 0)
        line_count = _line_count(stream, first)
    keys, counts = _read_metadata(loading, line_count)
    rows = Rows(loading, dimensions)
    with reading(loading.path) as stream:
        TextRows(rows, promised=len(keys), keys=keys, promise="the metadata has").read(stream)
    return rows.finish(counts)


def _line_count(stream: IO[bytes], block: bytes) -> int:
    """Lines of `block` and what follows it in `stream`; the last may lack its line feed."""
    count, last = 0, b""
    while block:
        count += block.count(b"\n")
        last = block[-1:]
        block = stream.read(1 << 20)
    return count + (last != b"\n")


def _read_metadata(loading: Loading, line_count: int) -> tuple[list[str], NDArray[np.int64] | None]:
    """Keys and counts; a first line of headings is told by being one more than the vectors, or by its columns."""
    path = next((path for path in _metadata_files(loading.path) if path.is_file()), None)
    if path is None:
        names = " or ".join(str(path) for path in _metadata_files(loading.path))
        raise loading.fault(f"its keys are missing: {names} must hold them")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        if not loading.lenient:
            row = content.count(b"\n", 0, error.start) + 1
            raise VectorFormatError(
                f"{path}, row {row} (byte {error.start}): not UTF-8; {LENIENT} mends such keys"
            ) from error
        text = content.decode("utf-8", "replace")
        loading.mended["not utf-8"] += sum("\ufffd" in line for line in text.split("\n"))
    lines = text.split("\n")
    lines = [line.removesuffix("\r") for line in (lines[:-1] if not lines[-1] else lines)]
    columns = lines[0].split("\t") if lines else []
    if len(columns) < 2:
        # One column has no headings by the Projector's rule, but some write one.
        return lines[len(lines) == line_count + 1 > 1 :], None
    keys = [line.partition("\t")[0] for line in lines[1:]]
    if "count" not in columns:
        return keys, None
    place = columns.index("count")
    try:
        return keys, np.array([int(line.split("\t")[place]) for line in lines[1:]], np.int64)
    except (ValueError, IndexError, OverflowError) as error:
        raise VectorFormatError(f"{path}: the column count must hold a whole number in every line ({error})") from error
