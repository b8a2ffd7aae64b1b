"""Options that several commands have, with their help, and the panels that help sorts options into."""

from __future__ import annotations

from typing import Annotated

import typer

from w2vplus.cli._settings import Connectors, DecodingErrors, Normalization, Scoring

TEXT, MODEL, VOCABULARY, PHRASES = "Text", "Model and training", "Vocabulary", "Phrases"

CorpusArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="CORPUS",
        help="Texts, one sentence a line, or a MediaWiki XML dump: files, folders, globs, URIs, - for"
        " standard input; .gz, .bz2, .xz and .zst as they are.",
    ),
]
ErrorsOption = Annotated[
    DecodingErrors,
    typer.Option("--errors", help="What to do about bytes that are not UTF-8.", rich_help_panel=TEXT),
]
SkipUnreadableFlag = Annotated[
    bool,
    typer.Option(
        "--skip-unreadable",
        help="Leave out files that cannot be opened or decompressed; they are named.",
        rich_help_panel=TEXT,
    ),
]
MemoryLimitOption = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Ids beyond this (512M, 8G) go to temporary files; a quarter of the memory unless set.",
        rich_help_panel=TEXT,
    ),
]
CacheOption = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        metavar="FOLDER",
        help="Keep the read text there, and use it again while its files are unchanged.",
        rich_help_panel=TEXT,
    ),
]
NormalizeOption = Annotated[
    Normalization,
    typer.Option(
        "--normalize",
        help="Make words of raw text: simple (letters in lower case, as gensim's simple_preprocess) or text8"
        " (a-z, digits spelled out).",
        rich_help_panel=TEXT,
    ),
]
SplitSentencesFlag = Annotated[
    bool,
    typer.Option(
        "--split-sentences",
        help="Split lines into sentences at full stops and the like.",
        rich_help_panel=TEXT,
    ),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME",
        help="Column with the text or token lists of JSON Lines, CSV, TSV, Parquet or Arrow files; may be"
        " given again.",
        rich_help_panel=TEXT,
    ),
]
VectorsArgument = Annotated[
    str, typer.Argument(metavar="VECTORS", help="A vectors file, as train writes it, or a saved model.")
]
TopnOption = Annotated[int, typer.Option("--topn", "-n", help="How many words to show for each.")]
RestrictOption = Annotated[
    int | None, typer.Option("--restrict-vocab", help="Search only this many of the most frequent words.")
]
TopOption = Annotated[int, typer.Option("--top", help="How many to show.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
QuietFlag = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but results, warnings and errors.")
]
PhraseThreshold = Annotated[
    str | None,
    typer.Option(
        "--phrase-threshold",
        help="Least score of a phrase, in the scale of the scoring; for each pass its own, as 200,100.",
        rich_help_panel=PHRASES,
        show_default="10; word2phrase: 100; npmi: 0.5",
    ),
]
PhraseScoring = Annotated[
    Scoring,
    typer.Option(
        "--phrase-scoring",
        help="gensim's default, the C tool's word2phrase, or npmi.",
        rich_help_panel=PHRASES,
    ),
]
PhraseMaxPairs = Annotated[
    int | None,
    typer.Option(
        "--max-pairs",
        help="Count at most so many different pairs at a time and say what was missed; all unless set.",
        rich_help_panel=PHRASES,
    ),
]
PhraseMinCount = Annotated[
    int,
    typer.Option(
        "--phrase-min-count", help="A pair must occur more often than this.", rich_help_panel=PHRASES
    ),
]

PhraseConnectors = Annotated[
    Connectors,
    typer.Option(
        "--phrase-connectors",
        help="Words such as of that may stand inside a phrase.",
        rich_help_panel=PHRASES,
    ),
]
