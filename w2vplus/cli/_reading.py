"""Options of how text is read, in the order of --help, and the corpus that they open."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus.cli._options import TEXT
from w2vplus.cli._output import require, warn
from w2vplus.cli._targets import local_files_of

if TYPE_CHECKING:
    from w2vplus.corpus import Corpus

MOST_CSV_FIELD = 1 << 30
"""Characters: whole articles are fields too, and Python's default allows 131,072."""


CSV = re.compile(r"\.csv(\.(gz|bz2|xz|zst))?$")

MOST_NAMED = 3
"""Files in a warning."""


class DecodingErrors(str, Enum):
    """What happens to bytes that are not UTF-8, by the names that Python's codecs use."""

    STRICT = "strict"
    REPLACE = "replace"
    IGNORE = "ignore"


class Normalization(str, Enum):
    """What is done to raw text before it is split into words; names of `w2vplus.corpus.open_corpus`."""

    NONE = "none"
    SIMPLE = "simple"
    TEXT8 = "text8"


@dataclass(frozen=True)
class ReadOptions:
    """The columns of tables that hold the text, what is done to raw text, what bad bytes mean, whether files that
    cannot be read are left out."""

    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME",
            help="Column with the text or token lists of JSON Lines, CSV, TSV, Parquet or Arrow files; may be"
            " given again.",
            rich_help_panel=TEXT,
        ),
    ] = None
    normalize: Annotated[
        Normalization,
        typer.Option(
            help="Make words of raw text: simple (letters in lower case, as gensim's simple_preprocess) or text8"
            " (a-z, digits spelled out).",
            rich_help_panel=TEXT,
        ),
    ] = Normalization.NONE
    split_sentences: Annotated[
        bool,
        typer.Option(
            "--split-sentences/--no-split-sentences",
            help="Split lines into sentences at full stops and the like.", rich_help_panel=TEXT
        ),
    ] = False
    errors: Annotated[
        DecodingErrors, typer.Option(help="What to do about bytes that are not UTF-8.", rich_help_panel=TEXT)
    ] = DecodingErrors.STRICT
    skip_unreadable: Annotated[
        bool,
        typer.Option(
            "--skip-unreadable",
            help="Leave out files that cannot be opened or decompressed; they are named.",
            rich_help_panel=TEXT,
        ),
    ] = False

    @property
    def sentence_limit(self) -> int | None:
        """Words after which longer lines are cut."""
        return None

    @property
    def spill_above(self) -> int | None:
        """Bytes of ids beyond which they go to temporary files; None: what `w2vplus.corpus.encode` finds right."""
        return None

    @property
    def cache_folder(self) -> str | None:
        """Where ids are kept for the next time."""
        return None

    def making_of_words(self) -> dict[str, Any]:
        """What decides which words a text has: later text of the same model is to be read alike."""
        return {
            "normalize": self.normalize.value,
            "split_sentences": self.split_sentences,
            "max_sentence_length": self.sentence_limit,
        }

    def open(self, sources: list[str]) -> Corpus:
        """The corpus that a command line names."""
        from w2vplus.corpus import open_corpus

        if self.columns:
            csv.field_size_limit(MOST_CSV_FIELD)
        self._warn_of(sources)
        return open_corpus(
            sources[0] if len(sources) == 1 else sources,
            fields=tuple(self.columns or ()) or None,
            errors=self.errors.value,
            max_sentence_length=self.sentence_limit,
            normalize=self.normalize.value,
            sentences="simple" if self.split_sentences else None,
            skip_unreadable=self.skip_unreadable,
        )

    def _warn_of(self, sources: list[str]) -> None:
        """Say what is read in a way that may not be meant: files more than once, tables as text."""
        files = [file for source in sources for file in local_files_of(source)]
        times = Counter(file.resolve() for file in files if file.exists())
        several = [f"{file} ({count} times)" for file, count in times.items() if count > 1]
        if several:
            warn(f"read more than once, since it is named so often: {', '.join(several[:MOST_NAMED])}")
        tables = [str(file) for file in files if not self.columns and CSV.search(file.name.lower())]
        if tables:
            warn(f"read as plain text, commas and all: {', '.join(tables[:MOST_NAMED])}; --column NAME reads a column")


@dataclass(frozen=True)
class EncodeOptions(ReadOptions):
    """The same for text whose ids are kept for a while."""

    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Ids beyond this (512M, 8G) go to temporary files; a quarter of the memory unless set.",
            rich_help_panel=TEXT,
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.memory_limit is not None:
            size_in_bytes("--memory-limit", self.memory_limit)

    @property
    def spill_above(self) -> int | None:
        return None if self.memory_limit is None else size_in_bytes("--memory-limit", self.memory_limit)


@dataclass(frozen=True)
class KeepOptions(EncodeOptions):
    """The same for text that models are trained on."""

    max_sentence_length: Annotated[
        int | None,
        typer.Option(help="Cut longer lines into sentences of so many words; uncut unless set.", rich_help_panel=TEXT),
    ] = None
    cache_dir: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep the read text there, and use it again while its files are unchanged.",
            rich_help_panel=TEXT,
        ),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        length = self.max_sentence_length
        require("--max-sentence-length", length, length is None or length >= 1, "at least 1")

    @property
    def sentence_limit(self) -> int | None:
        return self.max_sentence_length

    @property
    def cache_folder(self) -> str | None:
        return self.cache_dir


SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size_in_bytes(option: str, text: str) -> int:
    """512M, 8G or plain bytes as a number; UsageError for anything else."""
    number, unit = text.upper().removesuffix("B"), ""
    if number[-1:] in SIZE_UNITS and number[-1:]:
        number, unit = number[:-1], number[-1]
    try:
        size = float(number) * SIZE_UNITS[unit]
    except ValueError:
        size = math.nan
    require(option, repr(text), math.isfinite(size) and size >= 0, "a size such as 512M or 8G")
    return int(size)
