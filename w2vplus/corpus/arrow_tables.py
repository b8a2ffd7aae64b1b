"""Arrow columns as text or token lists without Python objects for their rows: Parquet, Feather and Arrow
files, pyarrow and polars tables, Hugging Face datasets.

An Arrow table gives arrays; several wanted columns of a batch are one array, row after row. Only this module
imports pyarrow, and only when an Arrow table is asked for. `columns` makes corpora of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from w2vplus.corpus.files import is_compressed, open_plain
from w2vplus.corpus.integers import IntegerSentences
from w2vplus.corpus.row_tables import columns_fingerprint, missing_column
from w2vplus.corpus.sources import ByteSource, FileFingerprint, LocalFile, SpooledStream
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore

ROWS_AT_ONCE = 1 << 14


def arrow() -> Any:
    """pyarrow; raises CorpusError, saying how to get it, where it is not installed."""
    try:
        import pyarrow
        import pyarrow.compute
    except ImportError:
        raise CorpusError(
            "Parquet and Arrow need the package pyarrow: pip install 'w2vplus[arrow]'"
        ) from None
    return pyarrow


class ArrowTable:
    """Columns `fields` of batches of Arrow data. `batches(fields)` gives RecordBatches or Tables, anew each
    time.

    Raises CorpusError for a column that is not there or holds neither text nor lists of text or integers.
    """

    def __init__(
        self,
        name: str,
        fields: Sequence[str],
        batches: Callable[[list[str]], Iterator[Any]],
        file: ByteSource | None = None,
    ) -> None:
        self.name = name
        self.fields = tuple(fields)
        self._batches = batches
        self._file = file

    def fingerprint(self) -> FileFingerprint | None:
        return columns_fingerprint(self._file, self.fields)

    def arrays(self) -> Iterator[Any]:
        """Arrays of at most about ROWS_AT_ONCE sentences: text, or lists of tokens."""
        pa = arrow()
        for batch in self._batches(list(self.fields)):
            if any(field not in batch.schema.names for field in self.fields):
                raise missing_column(self.name, self.fields, batch.schema.names)
            for start in range(0, max(batch.num_rows, 1), ROWS_AT_ONCE):
                piece = batch.slice(start, ROWS_AT_ONCE)
                columns = [_one_array(pa, piece.column(field)) for field in self.fields]
                yield _row_after_row(pa, columns)

    def kind(self) -> str:
        """ "text", or "lists"; of a table without rows too."""
        first = next(self.arrays(), None)
        if first is None:
            return "text"
        kind = _kind(arrow(), first.type)
        if kind is None:
            raise CorpusError(
                f"{self.name}: column {' and '.join(map(repr, self.fields))} holds {first.type}, "
                f"neither text nor lists of text or integers"
            )
        return kind

    def lines(self) -> Iterator[bytes]:
        """Text, a line for each row, as blocks of UTF-8; line feeds inside a row are spaces, null is a blank
        line."""
        pa = arrow()
        for array in self.arrays():
            text = array.cast(pa.large_string()).fill_null("")
            text = pa.compute.replace_substring(text, "\n", " ")
            text = pa.compute.binary_join_element_wise(
                text, *(pa.scalar(end, text.type) for end in ("", "\n"))
            )
            if len(text):
                _validity, offsets, data = text.buffers()
                bounds = np.frombuffer(offsets, np.int64, len(text) + 1, text.offset * 8)
                yield bytes(memoryview(data)[bounds[0] : bounds[-1]])

    def encoded_batches(self) -> Iterator[EncodedCorpus]:
        """Lists of tokens, each array as ids of its own."""
        pa = arrow()
        rows = 0
        for array in self.arrays():
            lengths = pa.compute.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
            offsets = np.zeros(len(array) + 1, np.int64)
            np.cumsum(lengths, out=offsets[1:])
            values = array.flatten()
            if values.null_count:
                place = int(np.flatnonzero(np.asarray(values.is_null()))[0])
                row = (rows + int(np.searchsorted(offsets, place, "right")) - 1) // len(self.fields) + 1
                raise CorpusError(f"{self.name}, row {row}, has a null among its tokens")
            if pa.types.is_integer(values.type):
                yield IntegerSentences(values.to_numpy(zero_copy_only=False), offsets).encode()
            else:
                yield _encoded_strings(pa, values, offsets)
            rows += len(array)


class ArrowTokenLists:
    """A corpus of token lists in Arrow columns; null is an empty sentence.

    Iterating gives lists of str or int, any number of times.
    """

    def __init__(self, table: ArrowTable) -> None:
        self.table = table

    def __iter__(self) -> Iterator[list[Any]]:
        for array in self.table.arrays():
            for tokens in array.to_pylist():
                yield [] if tokens is None else tokens

    def files(self) -> list[ArrowTable]:
        """What tells whether the source is unchanged."""
        return [self.table]


def _kind(pa: Any, kind: Any) -> str | None:
    types = pa.types
    if _is_text(pa, kind) or types.is_null(kind):
        return "text"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        is_tokens = types.is_integer(kind.value_type) or _is_text(pa, kind.value_type)
        return "lists" if is_tokens or types.is_null(kind.value_type) else None
    return None


def _is_text(pa: Any, kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_view = getattr(pa.types, "is_string_view", lambda _kind: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view(kind))


def _one_array(pa: Any, column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    return combined if not isinstance(combined, pa.ChunkedArray) else pa.concat_arrays(combined.chunks)


def _row_after_row(pa: Any, columns: list[Any]) -> Any:
    """One array with the first row's values, then the second's, ..."""
    if len(columns) == 1:
        return columns[0]
    if any(column.type != columns[0].type for column in columns):
        kinds = ", ".join(str(column.type) for column in columns)
        raise CorpusError(f"columns that are read together must hold the same, got {kinds}")
    count = len(columns[0])
    order = np.arange(count * len(columns)).reshape(len(columns), count).T.reshape(-1)
    return pa.concat_arrays(columns).take(pa.array(order))


def _encoded_strings(pa: Any, values: Any, offsets: Any) -> EncodedCorpus:
    """Strings with sentence offsets as ids; pyarrow numbers them in order of first occurrence."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    coded = values.cast(pa.large_string()).dictionary_encode()
    ids = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    types = coded.dictionary.to_pylist()
    counts = np.bincount(ids, minlength=len(types)).astype(np.int64)
    return EncodedCorpus(types, counts, TokenStore(np.ascontiguousarray(ids), offsets))


# ---- Where batches come from


def seekable_file(file: ByteSource) -> Any:
    """`file` for random access: itself if it is a plain local file, else kept in a temporary file."""
    if isinstance(file, LocalFile) and not is_compressed(file):
        return file
    return SpooledStream(file.name, lambda: open_plain(file))


def parquet_table(file: ByteSource, fields: Sequence[str]) -> ArrowTable:
    """Columns of a Parquet file, read a batch at a time."""
    arrow()
    kept = seekable_file(file)

    def batches(wanted: list[str]) -> Iterator[Any]:
        import pyarrow.parquet

        with _OpenArrow(kept, pyarrow.parquet.ParquetFile) as parquet:
            names = parquet.schema_arrow.names
            if any(field not in names for field in wanted):
                raise missing_column(file.name, wanted, names)
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=wanted):
                yield _table(batch)

    return ArrowTable(file.name, fields, batches, file)


def arrow_file_table(file: ByteSource, fields: Sequence[str]) -> ArrowTable:
    """Columns of an Arrow IPC file (Feather version 2) or stream, read a batch at a time."""
    pa = arrow()
    kept = seekable_file(file)

    def batches(_wanted: list[str]) -> Iterator[Any]:
        with kept.open() as stream:
            is_file = bytes(stream.read(6)) == b"ARROW1"
        with _OpenArrow(kept, pa.ipc.open_file if is_file else pa.ipc.open_stream) as reader:
            numbers = range(reader.num_record_batches) if is_file else None
            yield from (reader if numbers is None else map(reader.get_batch, numbers))

    return ArrowTable(file.name, fields, batches, file)


class _Seekable(io.RawIOBase):
    """A byte source for random access; any of `seek`'s meanings."""

    def __init__(self, file: Any) -> None:
        self._raw = file.open()
        self._size = file.byte_size()
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = int(self._raw.seek(base + offset))
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        size = int(self._raw.readinto(buffer))
        self._position += size
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _OpenArrow:
    """A file as pyarrow's reader; its errors name the file."""

    def __init__(self, file: Any, reader: Callable[[Any], Any]) -> None:
        self._file, self._reader = file, reader

    def __enter__(self) -> Any:
        pa = arrow()
        if isinstance(self._file, LocalFile):
            self._stream: Any = pa.memory_map(self._file.name)
        else:
            self._stream = pa.PythonFile(io.BufferedReader(_Seekable(self._file)), mode="r")
        try:
            return self._reader(self._stream)
        except (ValueError, OSError) as error:
            self._stream.close()
            raise CorpusError(
                f"{self._file.name} is damaged or no Parquet or Arrow file ({error})"
            ) from error

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._stream.close()
        if isinstance(error, arrow().ArrowException | OSError):
            raise CorpusError(f"{self._file.name} cannot be read: {error}") from error


def _table(batch: Any) -> Any:
    return arrow().Table.from_batches([batch])
