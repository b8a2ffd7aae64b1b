"""The one front door: whatever a user calls a corpus becomes one of the corpus classes of this package.

`open_corpus` also takes names of files; `open_sentences` is for arguments that mean sentences only, such as
`Word2Vec(sentences=...)`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeAlias

from w2vplus._text import check_errors
from w2vplus.corpus.arrow_tables import ArrowTokenLists
from w2vplus.corpus.columns import (
    ColumnText,
    RowTokenLists,
    file_table,
    is_table,
    memory_table,
    table_suffix,
    text_or_lists,
)
from w2vplus.corpus.files import expand, is_compressed, is_file_or_broken_link, is_path, read_blocks
from w2vplus.corpus.integers import IntegerSentences, integer_sentences
from w2vplus.corpus.lines import BrownCorpus, LineSentence, Text8Corpus, TextCorpus, is_file_object
from w2vplus.corpus.raw_text import Normalize, RawTextRules, SentenceSplitter
from w2vplus.corpus.sentences import SentenceCorpus
from w2vplus.corpus.sources import ByteSource, FileFingerprint
from w2vplus.corpus.wiki import WikiDump, is_wiki_dump
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus, TokenStore

logger = logging.getLogger(__name__)

GENSIM_MODULE = "gensim.models.word2vec"


class JoinedCorpus:
    """Several corpora, one after another."""

    def __init__(self, corpora: Sequence[TextCorpus | WikiDump | RowTokenLists | ArrowTokenLists]) -> None:
        self.corpora = list(corpora)

    def __iter__(self) -> Iterator[list[Any]]:
        for corpus in self.corpora:
            yield from corpus


Corpus: TypeAlias = (
    TextCorpus
    | BrownCorpus
    | WikiDump
    | JoinedCorpus
    | SentenceCorpus
    | IntegerSentences
    | RowTokenLists
    | ArrowTokenLists
    | EncodedCorpus
    | TokenStore
)


def open_corpus(
    source: Any,
    *,
    fields: str | Sequence[str] | None = None,
    errors: str = "strict",
    max_sentence_length: int | None = None,
    limit: int | None = None,
    normalize: Normalize = None,
    sentences: SentenceSplitter = None,
    one_shot: bool = False,
    skip_unreadable: bool = False,
) -> Corpus:
    """A restartable corpus from any source.

    `source` is a path or URI of a text file (one line, one sentence; plain, .gz, .bz2, .xz or .zst), a
    folder, a glob pattern, "-" for standard input, a MediaWiki dump, a list or tuple of
    these, an open file, any iterable of token lists, or a corpus already. gensim's own LineSentence,
    PathLineSentences and Text8Corpus become ours. `errors`, `max_sentence_length` and `limit` (lines of each
    file) are those of `LineSentence` and concern text files alone; by default lines are never cut. A corpus already
    keeps its own `errors`, unless that is "strict", and its other rules. `one_shot` allows a generator.
    `skip_unreadable` leaves out files that are there but cannot be opened, and compressed ones that are damaged
    anywhere, for which they are decompressed once more, with a warning that names each and one that counts them; what
    fails later is an error all the same.

    `normalize` ("simple", "text8" or a callable that makes tokens of a str) and `sentences` ("simple" or a
    callable that makes sentences of a str) are for raw text: see `raw_text.RawTextRules`.

        open_corpus("articles.txt.gz", normalize="simple", sentences="simple")

    `fields` names columns of tables with text or token lists: of JSON Lines, CSV, TSV, Parquet, Feather and
    Arrow files, or of a table in memory (pandas, polars, pyarrow, a Hugging Face dataset). Each value is a
    sentence; those of several columns follow each other row by row. A column alone (a Series, an Arrow
    array, a 1-D NumPy array of texts) needs no name. `limit` then counts rows.

        open_corpus("reviews-*.jsonl.gz", fields="text", normalize="simple")
        open_corpus(load_dataset("imdb", split="train"), fields="text", normalize="simple")
        open_corpus(pl.read_parquet("walks.parquet")["walk"])

    Raises OSError if a file is not there; CorpusError for what is no corpus.
    """
    check_errors(errors)
    if isinstance(fields, str):
        fields = (fields,)
    rules = RawTextRules(normalize, sentences)
    reading = {"errors": errors, "normalize": normalize, "sentences": sentences}
    if is_table(source):
        return _of_columns([text_or_lists(memory_table(source, fields))], max_sentence_length, limit, reading)
    if fields and (is_path(source) or _is_list_of_paths(source)):
        tables = [file_table(file, fields, errors) for file in _files_of(source, skip_unreadable)]
        return _of_columns([text_or_lists(table) for table in tables], max_sentence_length, limit, reading)
    if fields:
        raise CorpusError(f"fields= picks columns of tables and table files; the corpus is a {type(source).__name__}")
    if is_path(source) or is_file_object(source) or _is_list_of_paths(source):
        return _open_files(source, max_sentence_length, limit, reading, skip_unreadable)
    if rules.is_any:
        raise CorpusError(
            f"normalize= and sentences= are for files of raw text, got a {type(source).__name__}: give them "
            f"where it is made, as in LineSentence(file, normalize='simple'), or pass lists of tokens"
        )
    return _read_by(errors, open_sentences(source, one_shot=one_shot))


def _read_by(errors: str, corpus: Corpus) -> Corpus:
    if isinstance(corpus, JoinedCorpus):
        return JoinedCorpus([part.read_by(errors) if isinstance(part, TextCorpus) else part for part in corpus.corpora])
    return corpus.read_by(errors) if isinstance(corpus, TextCorpus) else corpus


def open_sentences(sentences: Any, *, one_shot: bool = False, strings_as_characters: bool = False) -> Corpus:
    """As `open_corpus`, but strings are not taken for file names: for arguments that mean an iterable of
    sentences. `strings_as_characters` is for sentences that are strings in a Python iterable; a column of text has its
    words.

    Raises CorpusError for a plain string, and for a one-shot iterator unless `one_shot` allows it.
    """
    if isinstance(sentences, Corpus) and type(sentences).__module__.startswith(__package__ + "."):
        return sentences
    if isinstance(sentences, EncodedCorpus | TokenStore):
        return sentences
    if is_table(sentences):
        return open_corpus(sentences)
    # A subclass of ours is iterated: it may give other sentences than its files hold.
    known: Corpus | None = _from_gensim(sentences)
    if known is None:
        known = integer_sentences(sentences)
    if known is not None:
        return known
    return SentenceCorpus(sentences, one_shot=one_shot, strings_as_characters=strings_as_characters)


def _is_list_of_paths(source: Any) -> bool:
    return isinstance(source, list | tuple) and bool(source) and all(is_path(item) for item in source)


def _files_of(source: Any, skip_unreadable: bool = False) -> list[ByteSource]:
    files = [file for path in ([source] if is_path(source) else source) for file in expand(path)]
    return _readable(files) if skip_unreadable else files


def _of_columns(
    columns: Sequence[ColumnText | RowTokenLists | ArrowTokenLists],
    max_sentence_length: int | None,
    limit: int | None,
    reading: dict[str, Any],
) -> Corpus:
    """Text columns as a corpus of lines; token lists as they are, which the options for text do not
    concern."""
    texts = [column for column in columns if isinstance(column, ColumnText)]
    lists = [column for column in columns if not isinstance(column, ColumnText)]
    if texts and lists:
        raise CorpusError(f"{texts[0].name} has text in the column and {lists[0].table.name} token lists")
    if texts:
        rows_each = 1 if limit is None else len(texts[0].table.fields)
        return LineSentence(texts, max_sentence_length, None if limit is None else limit * rows_each, **reading)
    if max_sentence_length is not None or limit is not None or RawTextRules(**_rules(reading)).is_any:
        raise CorpusError(
            f"{lists[0].table.name} holds token lists, ready as they are: "
            f"max_sentence_length=, limit=, normalize= and sentences= (on the command line --max-sentence-length, "
            f"--normalize and --split-sentences) are for text"
        )
    return lists[0] if len(lists) == 1 else JoinedCorpus(lists)


def _rules(reading: dict[str, Any]) -> dict[str, Any]:
    return {name: reading[name] for name in ("normalize", "sentences")}


def _open_files(
    source: Any,
    max_sentence_length: int | None,
    limit: int | None,
    reading: dict[str, Any],
    skip_unreadable: bool,
) -> Corpus:
    if is_file_object(source):
        return LineSentence(source, max_sentence_length, limit, **reading)
    files = _files_of(source, skip_unreadable)
    for file in files:
        if table_suffix(file.name):
            raise CorpusError(
                f"{file.name} is a table: name its column of text or token lists, as open_corpus({file.name!r}, "
                "fields=...) does (--column on the command line); LineSentence takes its lines as they are"
            )
    corpora: list[TextCorpus | WikiDump] = []
    for are_dumps, group in groupby(files, is_wiki_dump):
        texts = list(group)
        if are_dumps and RawTextRules(**_rules(reading)).is_any:
            raise CorpusError(
                f"{texts[0].name} is a MediaWiki dump, which has rules of its own (gensim's): "
                f"normalize= and sentences= (--normalize and --split-sentences on the command line) are for plain text"
            )
        corpora.append(WikiDump(texts) if are_dumps else LineSentence(texts, max_sentence_length, limit, **reading))
    return corpora[0] if len(corpora) == 1 else JoinedCorpus(corpora)


def _readable(files: list[ByteSource]) -> list[ByteSource]:
    """Those whose first block can be read, of compressed files every block: damage anywhere shows only then.
    CorpusError if there is none."""
    readable = []
    for file in files:
        try:
            with closing(read_blocks(file)) as blocks:
                for _ in blocks if is_compressed(file) else islice(blocks, 1):
                    pass
            readable.append(file)
        except (OSError, CorpusError) as error:
            logger.warning("skipped: %s", error)
    if len(readable) < len(files):
        logger.warning(
            "%d of %d files were skipped because they cannot be read", len(files) - len(readable), len(files)
        )
    if not readable:
        raise CorpusError(f"none of the {len(files)} files of the corpus can be read")
    return readable


def _from_gensim(corpus: Any) -> TextCorpus | None:
    """Ours for gensim's own reader classes (these exactly, not subclasses, which may read otherwise)."""
    kind = type(corpus)
    if kind.__module__ != GENSIM_MODULE:
        return None
    if kind.__qualname__ == "LineSentence":
        return LineSentence(corpus.source, corpus.max_sentence_length, corpus.limit)
    if kind.__qualname__ == "PathLineSentences":
        files = [path for path in corpus.input_files if is_file_or_broken_link(Path(path))]
        return LineSentence(files, corpus.max_sentence_length, corpus.limit)
    if kind.__qualname__ == "Text8Corpus":
        return Text8Corpus(corpus.fname, corpus.max_sentence_length)
    return None


def fingerprint(source: Any) -> list[FileFingerprint] | None:
    """Path, size, times of change and inode of every file of the corpus or source; None where that cannot be known.

    Two equal fingerprints mean an unchanged source, read by the same rules. None for sentences in memory,
    standard input, remote files, file objects and text that goes through the user's own callables. Raises
    OSError if a file is not there.
    """
    corpus = open_corpus(source, one_shot=True)
    parts = corpus.corpora if isinstance(corpus, JoinedCorpus) else [corpus]
    found: list[FileFingerprint] = []
    for part in parts:
        files = part.files() if isinstance(part, TextCorpus | WikiDump | RowTokenLists | ArrowTokenLists) else None
        if files is None or (isinstance(part, TextCorpus) and not part.raw_text.is_named):
            return None
        law = f" ({part.raw_text})" if isinstance(part, TextCorpus) and part.raw_text.is_any else ""
        for file in files:
            one = file.fingerprint()
            if one is None:
                return None
            found.append(replace(one, path=one.path + law))
    return found


def byte_size(source: Any) -> int | None:
    """Bytes of all files of the corpus, compressed as they are: what `encode`'s progress counts up to; or
    None."""
    prints = fingerprint(source)
    if prints is None or _has_columns(source):
        return None
    return sum(one.size for one in prints)


def _has_columns(corpus: Any) -> bool:
    """Whether what `encode` counts is not the bytes of files, but of text taken out of tables, or tokens."""
    if isinstance(corpus, TextCorpus):
        return any(isinstance(file, ColumnText) for file in corpus.files() or ())
    return isinstance(corpus, RowTokenLists | ArrowTokenLists)
