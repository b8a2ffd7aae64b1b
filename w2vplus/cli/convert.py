"""Turns a file of vectors into one of another format: `w2vplus convert IN OUT`."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from w2vplus.cli import _output
from w2vplus.cli._options import FormatOption, QuietFlag
from w2vplus.cli._seeds import check_one_file
from w2vplus.cli._targets import check_format, check_not_an_input, check_vectors_target


class Precision(str, Enum):
    """What --dtype takes."""

    float16 = "float16"
    float32 = "float32"


def convert(
    source: Annotated[
        str,
        typer.Argument(metavar="IN", help="A file or folder of vectors; the format goes by its suffix or its files."),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="The file to write: .bin .txt .vec .glove .kv (a further .gz .bz2 .xz .zst compresses), .safetensors"
            " .npy .parquet .arrow .tsv; or, with --format, a new folder.",
        ),
    ],
    to_format: FormatOption = None,
    from_format: Annotated[
        str | None, typer.Option("--from-format", metavar="NAME", help="Format of IN where nothing tells.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first so many vectors.")] = None,
    dtype: Annotated[
        Precision | None,
        typer.Option("--dtype", help="Round to float16, or widen to float32; text and .bin are float32 always."),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Mend what can be mended, and say how much that was.")
    ] = False,
    quiet: QuietFlag = False,
) -> None:
    """Read vectors in one format and write them in another: `w2vplus convert glove.txt.gz vectors.bin`.

    A fault of IN is an error that names row and byte, and nothing is written then; --lenient leaves bad rows out.
    """  # fmt: skip
    for option, name in (("--format", to_format), ("--from-format", from_format)):
        check_format(option, name)
    if limit is not None:
        _output.require("--limit", limit, limit >= 1, "at least 1")
    check_not_an_input(target, "OUT", [source])
    check_vectors_target(target, "OUT", to_format)
    check_one_file(source)

    from w2vplus.vectors import load_vectors, save_vectors

    loaded = load_vectors(
        source, format=from_format, limit=limit, dtype=None if dtype is None else dtype.value, lenient=lenient
    )
    save_vectors(loaded, target, format=to_format)
    shape = f"{_output.plural(len(loaded), 'vector')} of {_output.plural(loaded.vector_size, 'dimension')}"
    kept = str(loaded.vectors.dtype)
    if kept == "float16" and (stored := load_vectors(target, format=to_format, limit=1).vectors.dtype) != kept:
        kept = f"{stored}, rounded to {kept}"
    _output.note(f"{target}: {shape}, {kept}", quiet=quiet)
