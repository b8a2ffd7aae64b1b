"""Turns results into tables or JSON on standard output, and notes and failures into lines on standard error.

Every command speaks through these few functions, so that the rules hold everywhere: results on standard
output, everything else on standard error; no escape codes in a pipe; an error is one line and an exit code.
"""

from __future__ import annotations

import io
import json
import logging
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from w2vplus._json import plain
from w2vplus._numbers import fixed

if TYPE_CHECKING:
    from rich.console import Console

BAD_INPUT = 1
USAGE = 2

TRACEBACK_VARIABLE = "W2VPLUS_TRACEBACK"

MOST_LINE = 2000
"""Characters of an error or warning; more is cut out of its middle."""

MOST_TOKEN = 40
"""Characters of a token in a message."""

NARROW = 60
"""Terminals of fewer columns get tables with less air."""

Column = str | tuple[str, str]


class CommandError(Exception):
    """A failure that a command has put into words itself; ends the program with `exit_code`."""

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class UsageError(CommandError):
    """A command line that cannot be meant: found before anything is read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, USAGE)


def wants_traceback() -> bool:
    """Whether a developer asked to see tracebacks (`--traceback`, or the environment variable set)."""
    return os.environ.get(TRACEBACK_VARIABLE, "") not in ("", "0")


def prepare_streams() -> None:
    """Messages of a process without standard error go nowhere, and characters that an encoding lacks become question
    marks: neither ends a command."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (open until the process ends)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def note(text: str, *, quiet: bool = False) -> None:
    """A message for the person at the terminal; silent under --quiet."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """A one-line warning; shown even under --quiet, because something was not done as asked."""
    print(f"w2vplus: warning: {_one_line(text)}", file=sys.stderr, flush=True)


def report_error(text: str) -> None:
    """The one line with which a failing command ends; nothing where help has said it all."""
    if text:
        print(f"w2vplus: error: {_one_line(text)}", file=sys.stderr, flush=True)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE // 2]} ... {line[-MOST_LINE // 2 :]}"


def shown(token: object) -> str:
    """A token as messages quote it; of a huge one, as binary data give, the beginning and the length."""
    text = token if isinstance(token, str) else repr(token)
    if len(text) <= MOST_TOKEN:
        return repr(token)
    return f"{text[:MOST_TOKEN]!r}... ({len(text):,} characters)"


def describe(error: BaseException) -> tuple[str, int]:
    """The line and the exit code for an exception that reached the top of a command."""
    if isinstance(error, CommandError):
        return str(error), error.exit_code
    if hasattr(error, "format_message"):  # a usage error from Typer, whichever click it was built on
        return _usage_line(error), USAGE
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror[0].lower()}{error.strerror[1:]}", BAD_INPUT
    if isinstance(error, MemoryError):
        return f"out of memory ({error})" if str(error) else "out of memory", BAD_INPUT
    if isinstance(error, (ValueError, OSError, EOFError, ImportError, RuntimeError)) and str(error):
        return str(error), BAD_INPUT
    hint = f"run again with {TRACEBACK_VARIABLE}=1 to see where"
    return f"unexpected {type(error).__name__}: {error} ({hint})", BAD_INPUT


def _usage_line(error: Any) -> str:
    if not error.format_message().strip():
        return ""  # the program's name alone: its help was printed
    context = getattr(error, "ctx", None)
    remedy = f" (see '{context.command_path} --help')" if context is not None else ""
    text = str(error.format_message()).strip().rstrip(".")
    if faults := getattr(error.__cause__, "errors", None):  # pydantic's, by which recent versions of Typer read values
        given, text = repr(faults()[0]["input"]), text.replace("Value error, ", "")
        text += "" if given in text else f", got {given}"
    return text + remedy


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Show Python warnings and the log of w2vplus and gensim as one-line warnings on standard error."""
    import warnings

    class OneLine(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warn(record.getMessage())

    handler = OneLine(logging.WARNING)
    loggers = [logging.getLogger("w2vplus"), logging.getLogger("gensim")]
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: warn(str(message))
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)


def console() -> Console:
    """Rich's console on standard output; in a pipe it is plain and wide enough to cut nothing off."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, color_system=None, force_terminal=False, width=1000)


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> None:
    """Print a table; a column of numbers is set flush right. A titled table ends with an empty line.

    A column given as a pair (heading, "right") is set flush right whatever it holds.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    screen = console()
    is_narrow = screen.width < NARROW
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0 if is_narrow else 1))
    for place, column in enumerate(columns):
        heading, side = column if isinstance(column, tuple) else (column, "")
        numeric = bool(rows) and all(isinstance(row[place], (int, float)) for row in rows)
        is_right = numeric or side == "right"
        # Where there is too little room words are folded; a number in two lines would be two numbers.
        table.add_column(
            heading, justify="right" if is_right else "left", overflow="fold", no_wrap=is_right and is_narrow
        )
    for row in rows:
        table.add_row(*(Text(cell_text(cell)) for cell in row))
    with screen.capture() as captured:
        if title is not None:
            screen.print(Text(printable(title), style="bold"))
        screen.print(table)
    # Rich pads every line to the table's width; in a pipe that is noise.
    for line in captured.get().rstrip("\n").split("\n"):
        print(line.rstrip())
    if title is not None:
        print()


def cell_text(cell: object) -> str:
    """How a value looks in a table: counts with thousands separators, floats with four digits."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    return fixed(cell, 4) if isinstance(cell, float) else printable(str(cell))


def printable(text: str) -> str:
    """Text with control characters written out: a word of somebody's file does not command the terminal."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda control: f"\\x{ord(control[0]):02x}", text)


def print_paragraph(text: str, *, style: str = "") -> None:
    """Print text, broken between words where the terminal is narrow."""
    from rich.text import Text

    console().print(Text(printable(text), style=style))


def plural(number: int, noun: str) -> str:
    """A count with its noun: 1 sentence, 2,000 sentences."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: float | None) -> str:
    """A share of one as a percentage with two digits; a dash where there is none."""
    return "–" if share is None or math.isnan(share) else f"{fixed(100 * share, 2)} %"


def write_json(value: object, target: str) -> None:
    """Write `value` as JSON to the file `target`, whole or not at all; "-" is standard output."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)
    if target == "-":
        print(text)
        return
    from w2vplus._atomic import replacing

    with replacing(target) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def write_table(path: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows as tab-separated lines, whole or not at all; a compression suffix compresses."""
    from w2vplus._atomic import replacing
    from w2vplus.corpus.compression import compressed_writer

    with replacing(path) as temporary, compressed_writer(temporary) as file:
        for row in rows:
            file.write(("\t".join(map(str, row)) + "\n").encode())


def require(option: str, value: object, holds: bool, rule: str, remedy: str = "") -> None:
    """Raise UsageError "`option` must be `rule`, got `value`" unless `holds`."""
    if not holds:
        raise UsageError(f"{option} must be {rule}, got {value}{'; ' + remedy if remedy else ''}")


def write_json_line(value: object) -> None:
    """Print `value` as JSON on one line of standard output."""
    print(json.dumps(plain(value), ensure_ascii=False, allow_nan=False), flush=True)


def choices(option: str, text: str, allowed: tuple[str, ...]) -> list[str]:
    """The names of a comma-separated list, in its order; UsageError names one that is not allowed."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        require(option, repr(name), name in allowed, f"a list of {', '.join(allowed)}")
    return list(dict.fromkeys(names))
