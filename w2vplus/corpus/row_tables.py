"""Tables that are read row by row: JSON Lines, CSV and TSV files, and columns of Python values in memory.

A row table gives one value after another: those of the wanted columns of the first row, then those of the
second. `columns` makes corpora of them.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from w2vplus.corpus.files import open_plain
from w2vplus.corpus.sources import ByteSource, FileFingerprint
from w2vplus.errors import CorpusError

SHOWN = 40
"""Characters of a bad value that an error shows."""


def missing_column(name: str, wanted: Sequence[str], found: Sequence[str], place: str = "") -> CorpusError:
    """The error for a column that is not there, naming those that are."""
    missing = [field for field in wanted if field not in found]
    columns = ", ".join(map(repr, found)) or "none"
    return CorpusError(f"{name}{place} has no column {missing[0]!r}; it has {columns}")


def shown(value: object) -> str:
    """A value for an error, shortened."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def columns_fingerprint(file: ByteSource | None, fields: Sequence[str]) -> FileFingerprint | None:
    """The file's fingerprint with the columns that are read of it; None where it cannot be known."""
    found = None if file is None else file.fingerprint()
    return None if found is None else replace(found, path=f"{found.path} (columns {', '.join(fields)})")


class RowTable(ABC):
    """Columns `fields` of a table; `values()` gives, row by row, one value for each of them.

    Raises CorpusError, with the row (from 1), for what is no row of the table.
    """

    name: str
    fields: tuple[str, ...]

    @abstractmethod
    def values(self) -> Iterator[Any]:
        """The values, row by row."""

    def place(self, number: int) -> str:
        """Where value `number` (from 0) stands: its row and column."""
        row, column = divmod(number, len(self.fields))
        return f"{self.name}, row {row + 1}, column {self.fields[column]!r}"

    def fingerprint(self) -> FileFingerprint | None:
        return None


class _RowFile(RowTable):
    def __init__(self, file: ByteSource, fields: Sequence[str], errors: str) -> None:
        self.name = file.name
        self.fields = tuple(fields)
        self._file, self._errors = file, errors

    def fingerprint(self) -> FileFingerprint | None:
        return columns_fingerprint(self._file, self.fields)

    def _not_utf8(self, row: int) -> CorpusError:
        return CorpusError(
            f"{self.name}, row {row}, is not UTF-8: convert it to UTF-8, "
            f"or pass errors='replace' or 'ignore' (--errors on the command line)"
        )


class JsonLines(_RowFile):
    """A file with a JSON object on each line; blank lines hold none, a byte order mark is no part of the first. Errors
    name the line as the row."""

    def place(self, number: int) -> str:
        """As that of others, but for the blank lines, which are counted only here."""
        row, column = divmod(number, len(self.fields))
        with open_plain(self._file) as lines:
            written = (place for place, line in enumerate(lines, start=1) if not line.isspace())
            line = next(itertools.islice(written, row, None))
        return f"{self.name}, row {line}, column {self.fields[column]!r}"

    def values(self) -> Iterator[Any]:
        with open_plain(self._file) as lines:
            for row, line in enumerate(lines, start=1):
                if row == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if not line or line.isspace():
                    continue
                record = self._record(line, row)
                try:
                    for field in self.fields:
                        yield record[field]
                except KeyError:
                    raise missing_column(self.name, self.fields, list(record), f", row {row},") from None

    def _record(self, line: bytes, row: int) -> dict[str, Any]:
        try:
            record = json.loads(line.decode("utf-8", self._errors))
        except UnicodeDecodeError as error:
            raise self._not_utf8(row) from error
        except (json.JSONDecodeError, RecursionError) as error:
            raise CorpusError(f"{self.name}, row {row}, is not JSON ({error}): {shown(line)}") from error
        if not isinstance(record, dict):
            raise CorpusError(
                f"{self.name}, row {row}, is a JSON {type(record).__name__}, "
                f"not an object with columns: {shown(record)}"
            )
        return record


class DelimitedText(_RowFile):
    """A CSV or TSV file whose first row names the columns; quoted fields may hold line feeds, blank lines are no rows.

    Fields may be as long as `csv.field_size_limit()` allows.
    """

    def __init__(self, file: ByteSource, fields: Sequence[str], errors: str, delimiter: str) -> None:
        super().__init__(file, fields, errors)
        self._delimiter = delimiter

    def values(self) -> Iterator[Any]:
        row = 0
        with io.TextIOWrapper(open_plain(self._file), "utf-8-sig", self._errors, newline="") as text:
            records = filter(None, csv.reader(text, delimiter=self._delimiter, strict=True))
            try:
                header = next(records, [])
                if any(field not in header for field in self.fields):
                    raise missing_column(self.name, self.fields, header)
                places = [header.index(field) for field in self.fields]
                for row, record in enumerate(records, start=1):
                    if len(record) != len(header):
                        raise CorpusError(
                            f"{self.name}, row {row}, has {len(record)} fields "
                            f"where the header has {len(header)}"
                        )
                    for place in places:
                        yield record[place]
            except UnicodeDecodeError as error:
                raise self._not_utf8(row + 1) from error
            except csv.Error as error:
                hint = "; csv.field_size_limit(1 << 30) allows longer fields" if "limit" in str(error) else ""
                raise CorpusError(f"{self.name}, row {row + 1}, cannot be read: {error}{hint}") from error


class ColumnsInMemory(RowTable):
    """Columns of Python values; `columns()` gives them anew for each pass, so that big ones are not kept
    twice."""

    def __init__(self, name: str, fields: Sequence[str], columns: Callable[[], list[Sequence[Any]]]) -> None:
        self.name = name
        self.fields = tuple(fields)
        self._columns = columns

    def values(self) -> Iterator[Any]:
        for row in zip(*self._columns(), strict=True):
            yield from row


class Records(RowTable):
    """Rows that are dicts; `rows` is iterated anew for each pass."""

    def __init__(self, name: str, fields: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        self.name = name
        self.fields = tuple(fields)
        self._rows = rows

    def values(self) -> Iterator[Any]:
        for row, record in enumerate(self._rows, start=1):
            try:
                for field in self.fields:
                    yield record[field]
            except KeyError:
                raise missing_column(self.name, self.fields, list(record), f", row {row},") from None
