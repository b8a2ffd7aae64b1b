"""The one front door: whatever a user calls a corpus becomes one of the corpus classes of this package.

`open_corpus` also takes names of files; `open_sentences` is for arguments that mean sentences only, such as
`Word2Vec(sentences=...)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from w2vplus.corpus.files import expand, is_path
from w2vplus.corpus.integers import IntegerSentences, integer_sentences
from w2vplus.corpus.lines import BrownCorpus, LineSentence, Text8Corpus, TextCorpus, is_file_object
from w2vplus.corpus.sentences import SentenceCorpus
from w2vplus.corpus.sources import FileFingerprint
from w2vplus.corpus.wiki import WikiDump, is_wiki_dump
from w2vplus.store import EncodedCorpus, TokenStore

GENSIM_MODULE = "gensim.models.word2vec"


class JoinedCorpus:
    """Several corpora, one after another."""

    def __init__(self, corpora: Sequence[TextCorpus | WikiDump]) -> None:
        self.corpora = list(corpora)

    def __iter__(self) -> Iterator[list[str]]:
        for corpus in self.corpora:
            yield from corpus


Corpus: TypeAlias = (
    TextCorpus
    | BrownCorpus
    | WikiDump
    | JoinedCorpus
    | SentenceCorpus
    | IntegerSentences
    | EncodedCorpus
    | TokenStore
)


def open_corpus(
    source: Any,
    *,
    errors: str = "strict",
    max_sentence_length: int | None = None,
    limit: int | None = None,
    one_shot: bool = False,
) -> Corpus:
    """A restartable corpus from any source.

    `source` is a path or URI of a text file (one line, one sentence; plain, .gz, .bz2, .xz or .zst), a
    folder, a glob pattern, "-" for standard input, a MediaWiki dump (".xml" in its name), a list or tuple of
    these, an open file, any iterable of token lists, or a corpus already. gensim's own LineSentence,
    PathLineSentences and Text8Corpus become ours. `errors`, `max_sentence_length` and `limit` (lines of each
    file) are those of `LineSentence` and concern text files alone; by default lines are never cut. `one_shot`
    allows a generator.

    Raises OSError if a file is not there; CorpusError for what is no corpus.
    """
    if is_path(source) or is_file_object(source) or _is_list_of_paths(source):
        return _open_files(source, errors, max_sentence_length, limit)
    return open_sentences(source, one_shot=one_shot)


def open_sentences(sentences: Any, *, one_shot: bool = False, strings_as_characters: bool = False) -> Corpus:
    """As `open_corpus`, but strings are not taken for file names: for arguments that mean an iterable of
    sentences.

    Raises CorpusError for a plain string, and for a one-shot iterator unless `one_shot` allows it.
    """
    if isinstance(sentences, Corpus) and type(sentences).__module__.startswith(__package__ + "."):
        return sentences
    if isinstance(sentences, EncodedCorpus | TokenStore):
        return sentences
    # A subclass of ours is iterated: it may give other sentences than its files hold.
    known: Corpus | None = _from_gensim(sentences)
    if known is None:
        known = integer_sentences(sentences)
    if known is not None:
        return known
    return SentenceCorpus(sentences, one_shot=one_shot, strings_as_characters=strings_as_characters)


def _is_list_of_paths(source: Any) -> bool:
    return isinstance(source, list | tuple) and bool(source) and all(is_path(item) for item in source)


def _open_files(source: Any, errors: str, max_sentence_length: int | None, limit: int | None) -> Corpus:
    if is_file_object(source):
        return LineSentence(source, max_sentence_length, limit, errors=errors)
    files = [file for path in ([source] if is_path(source) else source) for file in expand(path)]
    corpora: list[TextCorpus | WikiDump] = []
    for are_dumps, group in groupby(files, is_wiki_dump):
        texts = list(group)
        corpora.append(
            WikiDump(texts) if are_dumps else LineSentence(texts, max_sentence_length, limit, errors=errors)
        )
    return corpora[0] if len(corpora) == 1 else JoinedCorpus(corpora)


def _from_gensim(corpus: Any) -> TextCorpus | None:
    """Ours for gensim's own reader classes (these exactly, not subclasses, which may read otherwise)."""
    kind = type(corpus)
    if kind.__module__ != GENSIM_MODULE:
        return None
    if kind.__qualname__ == "LineSentence":
        return LineSentence(corpus.source, corpus.max_sentence_length, corpus.limit)
    if kind.__qualname__ == "PathLineSentences":
        return LineSentence(list(corpus.input_files), corpus.max_sentence_length, corpus.limit)
    if kind.__qualname__ == "Text8Corpus":
        return Text8Corpus(corpus.fname, corpus.max_sentence_length)
    return None


def fingerprint(source: Any) -> list[FileFingerprint] | None:
    """Path, size and time of change of every file of the corpus or source; None where that cannot be known.

    Two equal fingerprints mean an unchanged source. None for sentences in memory, standard input, remote
    files and file objects. Raises OSError if a file is not there.
    """
    corpus = open_corpus(source, one_shot=True)
    parts = corpus.corpora if isinstance(corpus, JoinedCorpus) else [corpus]
    found: list[FileFingerprint] = []
    for part in parts:
        files = part.files() if isinstance(part, TextCorpus | WikiDump) else None
        if files is None:
            return None
        for file in files:
            one = file.fingerprint()
            if one is None:
                return None
            found.append(one)
    return found


def byte_size(source: Any) -> int | None:
    """Bytes of all files of the corpus, compressed as they are: what `encode`'s progress counts up to; or
    None."""
    prints = fingerprint(source)
    return None if prints is None else sum(one.size for one in prints)
