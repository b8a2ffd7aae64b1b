"""Options that several commands have, with their help, and the panels that help sorts options into."""

from __future__ import annotations

from typing import Annotated

import typer

TEXT, MODEL, VOCABULARY, PHRASES = "Text", "Model and training", "Vocabulary", "Phrases"

CorpusArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="CORPUS",
        help="Texts, one sentence a line, or a MediaWiki XML dump: files, folders (without those inside), globs,"
        " URIs, - for standard input; .gz, .bz2, .xz and .zst as they are.",
    ),
]
FORMATS = (
    "bin", "txt", "glove", "kv", "safetensors", "npy", "parquet", "arrow", "tsv", "spacy", "static", "model", "pickle",
)  # fmt: skip
"""The names in w2vplus.vectors, which help shows without importing it."""

SUFFIXED = tuple(name for name in FORMATS if name not in ("glove", "spacy", "static", "model", "pickle"))
"""Those that are written under a suffix of their own."""

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="NAME",
        help="Format of OUT where the suffix does not tell: glove (no header), spacy, static (a folder for"
        f" sentence-transformers and model2vec), {', '.join(SUFFIXED[:-1])} or {SUFFIXED[-1]}.",
    ),
]  # fmt: skip
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
