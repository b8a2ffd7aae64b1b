"""Tables of Parquet and Arrow: a column of keys, one of vectors and perhaps one of counts.

Written columns are "key" (string, or int64 if every key is a whole number), "vector" (a fixed-size list of float16 or
float32) and "count". Tables of others are read if one column is text or whole numbers and one lists of floats. Needs
pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus._atomic import replacing
from w2vplus.errors import VectorFormatError
from w2vplus.vectors.loading import ROWS_AT_ONCE, Loading, Rows
from w2vplus.vectors.table import MAX_DIMENSIONS, VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

KEY_NAMES = ("key", "word", "token", "text")
VECTOR_NAMES = ("vector", "embedding", "embeddings", "vectors")
COUNT = "count"
ROW_GROUP_BYTES = 16 << 20


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise VectorFormatError("Parquet and Arrow need the package pyarrow: pip install 'w2vplus[arrow]'") from error
    return pyarrow


# ---- writing


def write_parquet(source: KeyedVectors, path: str) -> None:
    """A Parquet file; not compressed, for the digits of trained numbers are random."""
    table, group_rows = _table(source, path)
    from pyarrow import parquet

    with replacing(path) as temporary:
        parquet.write_table(table, temporary, row_group_size=group_rows, use_dictionary=False, compression="none")


def write_arrow(source: KeyedVectors, path: str) -> None:
    """An Arrow file (IPC file format, also called Feather version 2)."""
    table, group_rows = _table(source, path)
    pa = _pyarrow()
    with replacing(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as writer:
        writer.write_table(table, max_chunksize=group_rows)


def _table(source: KeyedVectors, path: str) -> tuple[Any, int]:
    pa = _pyarrow()
    content = VectorTable.of(source, path).with_uniform_keys(path)
    numbers = pa.array(content.vectors.reshape(-1))
    try:
        keys = pa.array(content.keys)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError) as error:
        raise VectorFormatError(f"cannot write {path}: a key is not valid Unicode or beyond 64 bits") from error
    columns = {"key": keys, "vector": pa.FixedSizeListArray.from_arrays(numbers, content.vectors.shape[1])}
    if content.counts is not None:
        columns[COUNT] = pa.array(content.counts)
    return pa.table(columns), max(1, ROW_GROUP_BYTES // content.vectors[:1].nbytes)


# ---- reading


def read_parquet(loading: Loading) -> KeyedVectors:
    """A Parquet file, a group of rows at a time."""
    _pyarrow()
    from pyarrow import parquet

    with _arrow_faults(loading), closing(parquet.ParquetFile(loading.path)) as file:
        columns = _choose_columns(loading, file.schema_arrow)
        batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=[name for name in columns if name])
        return _read_batches(loading, batches, columns)


def read_arrow(loading: Loading) -> KeyedVectors:
    """An Arrow file or stream, a batch at a time."""
    pa = _pyarrow()
    # Not mapped into memory: a damaged file may name places beyond its end, and touching those ends the process.
    with _arrow_faults(loading), pa.OSFile(loading.path) as source:
        try:
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        except pa.ArrowInvalid:
            source.seek(0)
            file = pa.ipc.open_stream(source)
            batches = iter(file)
        columns = _choose_columns(loading, file.schema)
        return _read_batches(loading, batches, columns)


@contextmanager
def _arrow_faults(loading: Loading) -> Iterator[None]:
    """What pyarrow says of damaged files as VectorFormatError."""
    pa = _pyarrow()
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = " ".join(str(error).split())
        raise loading.fault(f"no table of this format, or damaged ({reason})") from error


def _choose_columns(loading: Loading, schema: Any) -> tuple[str, str, str | None]:
    """The names of the columns of keys, vectors and counts."""
    from pyarrow import types

    def is_key(kind: Any) -> bool:
        return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind))

    def is_vector(kind: Any) -> bool:
        is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(is_list and types.is_floating(kind.value_type))

    fields = {field.name: field.type for field in schema}
    found = []
    for what, names, fits in (("keys", KEY_NAMES, is_key), ("vectors", VECTOR_NAMES, is_vector)):
        fitting = [name for name, kind in fields.items() if fits(kind) and name != COUNT]
        chosen = next((name for name in names if name in fitting), fitting[0] if len(fitting) == 1 else None)
        if chosen is None:
            raise loading.fault(
                f"cannot tell the column of {what} among {', '.join(f'{n} ({k})' for n, k in fields.items())}: "
                f"call it {names[0]}"
            )
        found.append(chosen)
    has_counts = COUNT in fields and types.is_integer(fields[COUNT])
    return found[0], found[1], COUNT if has_counts else None


def _read_batches(loading: Loading, batches: Iterator[Any], columns: tuple[str, str, str | None]) -> KeyedVectors:
    rows: Rows | None = None
    counts = []
    row_number = 0
    for batch in batches:
        batch.validate(full=True)
        if batch.num_rows == 0:
            continue
        numbers, dimensions = _matrix(loading, batch.column(columns[1]), columns[1], row_number)
        if rows is None:
            rows = Rows(loading, dimensions, numbers.dtype)
        elif dimensions != rows.dimensions:
            raise loading.fault(f"has {dimensions} numbers, but the rows before {rows.dimensions}", row_number + 1)
        keys = batch.column(columns[0])
        _refuse_nulls(loading, keys, columns[0], row_number)
        rows.take(keys.to_pylist(), numbers, np.arange(row_number + 1, row_number + batch.num_rows + 1))
        if columns[2] is not None:
            _refuse_nulls(loading, batch.column(columns[2]), columns[2], row_number)
            counts.append(batch.column(columns[2]).to_numpy().astype(np.int64))
        row_number += batch.num_rows
        if rows.is_full:
            break
    if rows is None:
        raise loading.fault("the table has no rows")
    return rows.finish(np.concatenate(counts) if counts else None)


def _matrix(loading: Loading, column: Any, name: str, row_number: int) -> tuple[Any, int]:
    """The vectors of a batch, (n, D), and D."""
    from pyarrow import types

    _refuse_nulls(loading, column, name, row_number)
    if types.is_fixed_size_list(column.type):
        dimensions = int(column.type.list_size)
    else:
        lengths = column.value_lengths().to_numpy()
        dimensions = int(lengths[0])
        if (lengths != dimensions).any():
            place = int((lengths != dimensions).argmax())
            message = f"has {lengths[place]} numbers in column {name}, but the rows before {dimensions}"
            raise loading.fault(message, row_number + place + 1)
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise loading.fault(f"dimensions must be 1 to {MAX_DIMENSIONS}, got {dimensions}", row_number + 1)
    numbers = column.flatten()
    if numbers.null_count:
        place = int(numbers.is_null().to_numpy(zero_copy_only=False).argmax()) // dimensions
        raise loading.fault(f"a number is missing in column {name}", row_number + place + 1)
    return numbers.to_numpy().reshape(-1, dimensions), dimensions


def _refuse_nulls(loading: Loading, column: Any, name: str, row_number: int) -> None:
    if column.null_count:
        place = int(column.is_null().to_numpy(zero_copy_only=False).argmax())
        raise loading.fault(f"the column {name} is empty here", row_number + place + 1)
