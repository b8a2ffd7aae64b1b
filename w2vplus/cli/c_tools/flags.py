"""Single-dash long flags, which Typer does not know: the arguments of a command as they were typed, for argparse."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from w2vplus.cli import _output

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Flags = Annotated[list[str] | None, typer.Argument(metavar="[-FLAG VALUE]...", help="See the command without flags.")]

AS_TYPED: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": []}
"""Context settings under which Typer hands over flags and values in their order, -h and --help among them."""


class CToolParser(argparse.ArgumentParser):
    """argparse with flags such as -train, whose errors are those of every other command."""

    def __init__(self, program: str, description: str, example: str) -> None:
        super().__init__(
            prog=f"w2vplus {program}",
            description=description,
            epilog=f"example: w2vplus {program} {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise _output.UsageError(f"{message} (see '{self.prog} --help')")

    def whole(self, flag: str, default: int, help: str, *, least: int = 0) -> None:
        """A flag with a whole number from `least` on."""

        def number(text: str) -> int:
            if not (text.isascii() and text.isdecimal() and int(text) >= least):
                raise argparse.ArgumentTypeError(f"must be a whole number from {least} on, got {text!r}")
            return int(text)

        self.add_argument(flag, type=number, default=default, metavar="INT", help=f"{help}; default {default}")

    def file(self, flag: str, help: str, *, required: bool = False) -> None:
        """A flag with the name of a file."""
        self.add_argument(flag, metavar="FILE", help=help, required=required)

    def read(self, typed: Sequence[str] | None) -> argparse.Namespace:
        """The flags' values. Without any, or with -h, prints the help and ends the program, as the C tools do."""
        if not typed or typed[0] in ("-h", "--help"):
            self.print_help()
            raise typer.Exit()
        return self.parse_args(list(typed))


def load_vectors_of(path: str, limit: int | None = None) -> KeyedVectors:
    """Vectors in the C tools' binary format; in another where the suffix says so."""
    from w2vplus.cli._targets import local_path
    from w2vplus.errors import VectorFormatError
    from w2vplus.vectors import load_vectors

    file = local_path(path)
    if file is not None and not file.exists():
        raise FileNotFoundError(2, "input file not found", path)
    try:
        return load_vectors(path, limit=limit)
    except VectorFormatError:
        raise
    except ValueError:  # the suffix says nothing
        return load_vectors(path, format="bin", limit=limit)
