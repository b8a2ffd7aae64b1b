"""Columns of tables as a corpus: `fields=` of `open_corpus`, `--column` of the command line.

Files (JSON Lines, CSV, TSV, Parquet, Feather, Arrow) and tables in memory (pandas, polars, pyarrow, Hugging
Face datasets, recognised by the module of their class and imported by nobody here; NumPy arrays of texts). A text
column becomes lines that are read like any text file; a column of token lists becomes sentences as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import numpy as np

from w2vplus.corpus.arrow_tables import ArrowTable, ArrowTokenLists, arrow_file_table, parquet_table
from w2vplus.corpus.compression import COMPRESSIONS
from w2vplus.corpus.files import BlockStream, open_plain
from w2vplus.corpus.row_tables import (
    ColumnsInMemory,
    DelimitedText,
    JsonLines,
    Records,
    RowTable,
    missing_column,
    shown,
)
from w2vplus.corpus.sources import ByteSource, FileFingerprint
from w2vplus.errors import CorpusError

Table: TypeAlias = RowTable | ArrowTable

BLOCK_LINES = 4096

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_ARROW_SUFFIXES = {
    ".parquet": parquet_table, ".pq": parquet_table,
    ".arrow": arrow_file_table, ".feather": arrow_file_table, ".ipc": arrow_file_table,
}  # fmt: skip
_MAGIC = {b"PAR1": parquet_table, b"ARROW1": arrow_file_table}
_TABLE_PACKAGES = ("pandas", "polars", "pyarrow", "datasets")


class ColumnText:
    """A text column as a byte source: a line for each row, line feeds inside a row as spaces, null as a
    blank line.

    Raises CorpusError for values that are no text, with row and column.
    """

    detect_compression = False
    is_known_text = True
    seekable = False

    def __init__(self, table: Table) -> None:
        self.name = table.name
        self.table = table

    def open(self) -> BlockStream:
        return BlockStream(
            self._row_blocks() if isinstance(self.table, RowTable) else self._arrow_blocks(self.table)
        )

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> FileFingerprint | None:
        return self.table.fingerprint()

    def _arrow_blocks(self, table: ArrowTable) -> Generator[bytes, None, None]:
        yield from table.lines()

    def _row_blocks(self) -> Generator[bytes, None, None]:
        assert isinstance(self.table, RowTable)
        lines: list[str] = []
        for number, value in enumerate(self.table.values()):
            if _is_null(value):
                value = ""
            elif not isinstance(value, str):
                raise CorpusError(
                    f"{self.table.place(number)}, holds {type(value).__name__} {shown(value)}, "
                    f"not text as other rows"
                )
            lines.append(value.replace("\n", " ") if "\n" in value else value)
            if len(lines) == BLOCK_LINES:
                yield _encoded(lines)
                lines.clear()
        if lines:
            yield _encoded(lines)


def _encoded(lines: list[str]) -> bytes:
    # A lone surrogate (as from a JSON escape) is for the encoder to judge, as any bad byte.
    return "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")


def _is_null(value: object) -> bool:
    """None, and what pandas has for missing values: NaN and its NA."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


class RowTokenLists:
    """A corpus of token lists in a row table; null is an empty sentence.

    Iterating gives lists of str or int, any number of times. Raises CorpusError for anything else in the
    column, with row and column.
    """

    def __init__(self, table: RowTable) -> None:
        self.table = table

    def __iter__(self) -> Iterator[list[Any]]:
        for number, value in enumerate(self.table.values()):
            if isinstance(value, np.ndarray):
                value = value.tolist()
            if isinstance(value, list | tuple):
                if not set(map(type, value)) <= {str, int}:
                    bad = next(token for token in value if type(token) not in (str, int))
                    raise CorpusError(
                        f"{self.table.place(number)}, has the token {shown(bad)}; "
                        f"tokens must be text or integers"
                    )
                yield list(value)
            elif _is_null(value):
                yield []
            else:
                raise CorpusError(
                    f"{self.table.place(number)}, holds {type(value).__name__} {shown(value)}, "
                    f"not a list of tokens as other rows"
                )

    def files(self) -> list[RowTable]:
        """What tells whether the source is unchanged."""
        return [self.table]


def text_or_lists(table: Table) -> ColumnText | RowTokenLists | ArrowTokenLists:
    """The table's columns as lines of text or as token lists, by the first value that is not null."""
    if isinstance(table, ArrowTable):
        return ColumnText(table) if table.kind() == "text" else ArrowTokenLists(table)
    for number, value in enumerate(table.values()):
        if _is_null(value):
            continue
        if isinstance(value, str):
            break
        if isinstance(value, list | tuple | np.ndarray):
            return RowTokenLists(table)
        raise CorpusError(
            f"{table.place(number)}, holds {type(value).__name__} {shown(value)}, "
            f"neither text nor a list of tokens"
        )
    return ColumnText(table)


# ---- Tables in files


def table_suffix(name: str) -> str | None:
    """The suffix by which a file is a table that no one reads as lines of text; None for others."""
    suffix = _suffix(name)
    return suffix if suffix in _ARROW_SUFFIXES or suffix in (".jsonl", ".ndjson") else None


def _suffix(name: str) -> str:
    """The last suffix, in small letters, without that of a compression or a URI's query."""
    bare = name.split("?")[0].split("#")[0] if "://" in name else name
    path = PurePosixPath(bare.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in {c.suffix for c in COMPRESSIONS} else path.suffix


def file_table(file: ByteSource, fields: Sequence[str], errors: str) -> Table:
    """The table in a file: its kind is told by the suffix, else by its first bytes.

    Raises CorpusError if neither tells.
    """
    suffix = _suffix(file.name)
    if suffix in _DELIMITERS:
        return DelimitedText(file, fields, errors, _DELIMITERS[suffix])
    if suffix in _JSON_SUFFIXES:
        return JsonLines(file, fields, errors)
    if suffix in _ARROW_SUFFIXES:
        return _ARROW_SUFFIXES[suffix](file, fields)
    with open_plain(file) as stream:
        head = stream.read(64)
    for magic, table in _MAGIC.items():
        if head.startswith(magic):
            return table(file, fields)
    if head.lstrip().startswith(b"{"):
        return JsonLines(file, fields, errors)
    raise CorpusError(
        f"{file.name} is no table that fields= (--column on the command line) could pick columns of: known "
        f"are .jsonl, .csv, .tsv, .parquet, .arrow and .feather files (compressed or not)"
    )


# ---- Tables in memory


def is_table(source: object) -> bool:
    """Whether `source` is a table or column of pandas, polars, pyarrow or Hugging Face datasets, or a NumPy array of
    texts."""
    return type(source).__module__.split(".")[0] in _TABLE_PACKAGES or _is_text_array(source)


def _is_text_array(source: object) -> bool:
    """Whether `source` is a 1-D NumPy array of texts; of an array of objects the first that is not null decides."""
    if not isinstance(source, np.ndarray) or source.ndim != 1:
        return False
    if source.dtype.kind == "O":
        return isinstance(next((value for value in source if not _is_null(value)), None), str)
    return source.dtype.kind in "UT"


def memory_table(source: Any, fields: Sequence[str] | None) -> Table:
    """The wanted columns of a table in memory; `fields` may be None for a single column.

    Raises CorpusError for a column that is not there, and if several are there and none is named.
    """
    package, kind = type(source).__module__.split(".")[0], type(source).__name__
    name = f"the {package} {kind}"
    if kind in ("DatasetDict", "IterableDatasetDict"):
        raise CorpusError(f"{name} has the splits {', '.join(map(repr, source))}: pass one of them")
    names = _column_names(source)
    if names is None:
        if fields:
            raise CorpusError(f"{name} is one column, and fields= are of a table; leave fields away")
        return _column_alone(source, name, package)
    if not fields:
        if len(names) != 1:
            raise CorpusError(
                f"{name} has several columns; pass one of them, or say which with fields= of open_corpus: "
                f"{', '.join(map(repr, names))}"
            )
        fields = names
    if any(field not in names for field in fields):
        raise missing_column(name, fields, names)
    if package == "datasets" and source.features is None:
        # Streamed, of rows that a Python function made: an Arrow type found in some of them need not be that of all.
        return Records(name, fields, source.with_format(None))
    batches = _arrow_batches(source, package)
    if batches is not None:
        return ArrowTable(name, fields, batches)
    chosen = tuple(fields)
    return ColumnsInMemory(name, chosen, lambda: [source[field].to_list() for field in chosen])


def _column_names(source: Any) -> list[str] | None:
    """Names of a table's columns; None for a single column."""
    if hasattr(source, "collect_schema"):  # polars, whose lazy frames find their columns only when asked to
        return list(source.collect_schema().names())
    for attribute in ("column_names", "columns"):
        names = getattr(source, attribute, None)
        if names is not None and not callable(names):
            return [str(name) for name in names]
    schema = getattr(source, "schema", None)
    if schema is not None and hasattr(schema, "names"):
        return list(schema.names)
    if type(source).__module__.startswith("datasets") and hasattr(source, "with_format"):
        return list(next(iter(source), {}))  # a streamed dataset that does not know its features
    return None


def _arrow_batches(source: Any, package: str) -> Callable[[list[str]], Iterator[Any]] | None:
    """The source's batches of Arrow data, or None where its rows are Python objects or pyarrow is missing."""
    if package == "datasets":
        return lambda _wanted: source.with_format("arrow").iter(batch_size=1 << 12)
    if package == "pyarrow":
        if hasattr(source, "num_rows"):
            return lambda wanted: iter([source.select(wanted)])
        if hasattr(source, "to_batches"):  # pyarrow.dataset.Dataset
            return lambda wanted: source.to_batches(columns=wanted)
        raise CorpusError(f"the pyarrow {type(source).__name__} can be read only once; pass its read_all()")
    if package == "polars" and find_spec("pyarrow") is not None:
        eager = source.collect() if hasattr(source, "collect") else source
        return lambda wanted: iter([eager.select(wanted).to_arrow()])
    return None


def _column_alone(source: Any, name: str, package: str) -> Table:
    label = str(getattr(source, "name", None) or "values")
    is_arrow = package == "pyarrow"
    if package == "polars" and find_spec("pyarrow") is not None:
        source, is_arrow = source.to_arrow(), True
    if is_arrow:
        from w2vplus.corpus.arrow_tables import arrow

        column = arrow().table({label: source})
        return ArrowTable(name, (label,), lambda _wanted: iter([column]))
    if hasattr(source, "to_list"):
        return ColumnsInMemory(name, (label,), lambda: [source.to_list()])
    # A column of a Hugging Face dataset, or an array.
    return ColumnsInMemory(name, (label,), lambda: [list(source)])
