"""Text files as sentences, with gensim's class names and meanings: `LineSentence`, `PathLineSentences`,
`Text8Corpus`.

Iterating gives lists of str, any number of times. `encoding.encode` does not iterate: it asks a corpus for
its files and its law of sentences and reads the bytes natively.
"""

from __future__ import annotations

import io
import logging
import operator
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from copy import copy
from itertools import islice
from pathlib import Path
from typing import Any

from w2vplus._text import check_errors
from w2vplus.corpus.files import expand, is_file_or_broken_link, is_path, local_source, open_plain, read_blocks
from w2vplus.corpus.raw_text import Normalize, RawTextRules, SentenceSplitter
from w2vplus.corpus.raw_text import not_utf8 as not_utf8
from w2vplus.corpus.sources import ByteSource, FileObject
from w2vplus.errors import CorpusError

logger = logging.getLogger(__name__)

GENSIM_SENTENCE_LIMIT = 10_000
"""gensim's MAX_WORDS_IN_BATCH, its default for `max_sentence_length`; None never cuts."""


def cut(tokens: list[str], max_sentence_length: int | None) -> Iterator[list[str]]:
    """A line's tokens in sentences of at most `max_sentence_length`; nothing for a blank line."""
    if max_sentence_length is None:
        if tokens:
            yield tokens
        return
    for start in range(0, len(tokens), max_sentence_length):
        yield tokens[start : start + max_sentence_length]


class TextCorpus:
    """Text files as sentences; the base of those below, which differ in how they find files and sentences.

    `one_stream`: line ends mean nothing, and the text is cut by number of tokens alone.
    Tokens are those of `str.split()`: separated by any Unicode white space.

    Thread-safety: iterators are independent, except over a file object of the user's.
    """

    one_stream = False

    def __init__(
        self,
        source: Any,
        max_sentence_length: int | None = GENSIM_SENTENCE_LIMIT,
        limit: int | None = None,
        *,
        errors: str = "strict",
        normalize: Normalize = None,
        sentences: SentenceSplitter = None,
    ) -> None:
        if max_sentence_length is not None and operator.index(max_sentence_length) < 1:
            raise ValueError(
                f"max_sentence_length must be at least 1, or None to never cut, got {max_sentence_length}"
            )
        if limit is not None and operator.index(limit) < 0:
            raise ValueError(f"limit must be at least 0, or None to read every line, got {limit}")
        check_errors(errors)
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit
        self.errors = errors
        self.raw_text = RawTextRules(normalize, sentences)
        self._files: list[ByteSource] | None = None

    def read_by(self, errors: str) -> TextCorpus:
        """The corpus by this law for bytes that are not UTF-8, if it has none of its own: any but "strict" is."""
        if errors == self.errors or self.errors != "strict":
            return self
        self.files()  # looked up once for both: a stream can be read only once
        corpus = copy(self)
        corpus.errors = errors
        return corpus

    def files(self) -> list[ByteSource] | None:
        """The byte sources in reading order, looked up once; None if the source can only be iterated by
        lines."""
        if self._files is None:
            if is_binary_file(self.source):
                self._files = [FileObject(self.source)]
            elif is_file_object(self.source):
                return None
            else:
                self._files = self._find_files()
        return self._files

    def _find_files(self) -> list[ByteSource]:
        sources: Iterable[Any] = [self.source] if is_path(self.source) else self.source
        return [file for source in sources for file in (expand(source) if is_path(source) else [source])]

    def __iter__(self) -> Iterator[list[str]]:
        files = self.files()
        if files is None:
            yield from self._sentences_of_file_object()
            return
        for file in files:
            with closing(self._sentences(file)) as sentences:
                yield from sentences

    def _sentences_of_file_object(self) -> Iterator[list[str]]:
        self.source.seek(0)
        name, offset = str(self.source), 0
        for line_number, line in enumerate(islice(self.source, self.limit), start=1):
            text = line if isinstance(line, str) else self._text(name, line, offset, line_number)
            yield from self._sentences_of(text, name, line_number)
            offset += len(line)

    def _sentences(self, file: ByteSource) -> Generator[list[str], None, None]:
        offset = 0
        with open_plain(file) as lines:
            for line_number, line in enumerate(islice(lines, self.limit), start=1):
                text = self._text(file.name, line, offset, line_number)
                yield from self._sentences_of(text, file.name, line_number)
                offset += len(line)

    def _sentences_of(self, line: str, name: str, line_number: int) -> Iterator[list[str]]:
        try:
            for tokens in self.raw_text.sentences_of(line):
                yield from cut(tokens, self.max_sentence_length)
        except CorpusError as error:
            raise CorpusError(f"{name}, line {line_number}: {error}") from error

    def _text(self, name: str, text: bytes, offset: int, line_number: int) -> str:
        """The characters of a text that begins at this byte and line of the file."""
        try:
            return text.decode("utf-8", self.errors)
        except UnicodeDecodeError as error:
            line_number += text.count(b"\n", 0, error.start)
            raise not_utf8(name, line_number, offset + error.start) from error


class LineSentence(TextCorpus):
    """One line = one sentence; a line longer than `max_sentence_length` becomes several, blank lines none.

    `source`: a path or URI (compressed or not), a folder, a glob pattern, "-" for standard input, a list of
    these or of byte sources, or a file object with `seek(0)`. `limit`: only the first so many lines of each
    file. `errors`: what to do about bytes that are not UTF-8: "strict" (CorpusError with file, line and
    byte), "replace" or "ignore". `normalize` and `sentences` make tokens and sentences of raw text:
    see `w2vplus.corpus.raw_text.RawTextRules`.

        LineSentence("articles.txt.gz", normalize="simple", sentences="simple")
    """


class PathLineSentences(TextCorpus):
    """All files of a folder as `LineSentence` reads them, in order of their names; folders inside it are left
    out, on which gensim's fails. gensim's own are read in the same way.

    Raises ValueError, as gensim does, if `source` is neither a folder nor a file.
    """

    def __init__(
        self,
        source: Any,
        max_sentence_length: int | None = GENSIM_SENTENCE_LIMIT,
        limit: int | None = None,
        *,
        errors: str = "strict",
    ) -> None:
        source = os.path.expanduser(source)  # noqa: PTH111 (names of its files are made of it)
        super().__init__(source, max_sentence_length, limit, errors=errors)
        if Path(source).is_file():
            self.input_files = [source]
        elif Path(source).is_dir():
            self.source = f"{source}{'' if str(source).endswith(os.sep) else os.sep}"
            self.input_files = sorted(
                self.source + file.name for file in Path(source).iterdir() if is_file_or_broken_link(file)
            )
        else:
            raise ValueError(f"{source} is neither a file nor a folder")
        logger.info("reading %d files of %s", len(self.input_files), source)

    def _find_files(self) -> list[ByteSource]:
        return [local_source(os.fspath(path)) for path in self.input_files]


class Text8Corpus(TextCorpus):
    """A file as one stream of tokens, cut into sentences of `max_sentence_length`; made for the text8 corpus.

    As with gensim, the tokens behind the last space of the file all join the last sentence, so that it can be
    longer where lines end without spaces. Not as with gensim, two tokens with only a line end between them
    never grow together (gensim joins them where its blocks of 8192 bytes meet).
    """

    one_stream = True

    def __init__(
        self, fname: Any, max_sentence_length: int | None = GENSIM_SENTENCE_LIMIT, *, errors: str = "strict"
    ) -> None:
        super().__init__(fname, max_sentence_length, errors=errors)
        self.fname = fname

    def _sentences(self, file: ByteSource) -> Generator[list[str], None, None]:
        waiting: list[str] = []
        for tokens, is_last in self._token_runs(file):
            waiting += tokens
            if is_last:
                if waiting:
                    yield waiting
                return
            if self.max_sentence_length is not None and len(waiting) >= self.max_sentence_length:
                whole = len(waiting) // self.max_sentence_length * self.max_sentence_length
                yield from cut(waiting[:whole], self.max_sentence_length)
                waiting = waiting[whole:]

    def _token_runs(self, file: ByteSource) -> Iterator[tuple[list[str], bool]]:
        """Tokens up to the last space of each block; at last, with True, those behind the last space of the
        file."""
        offset, line_number = 0, 1
        pieces: list[bytes] = []
        for block in read_blocks(file):
            last_space = block.rfind(b" ")
            pieces.append(block[: last_space + 1])
            if last_space < 0:
                pieces[-1] = block
                continue
            text = b"".join(pieces)
            yield self._text(file.name, text, offset, line_number).split(), False
            offset += len(text)
            line_number += text.count(b"\n")
            pieces = [block[last_space + 1 :]]
        yield self._text(file.name, b"".join(pieces), offset, line_number).split(), True


class BrownCorpus:
    """The Brown corpus (part of NLTK's data) in the folder `dirname`: tokens are "word/TG", the lower-case
    word and the first two letters of its tag; tokens whose tag is not of letters are left out, and so are
    empty sentences.
    """

    def __init__(self, dirname: str) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for path in Path(self.dirname).iterdir():
            if not path.is_file():
                continue
            for line in LineSentence(path, max_sentence_length=None):
                pairs = [token.split("/") for token in line]
                words = [
                    f"{pair[0].lower()}/{pair[1][:2]}"
                    for pair in pairs
                    if len(pair) == 2 and pair[1][:2].isalpha()
                ]
                if words:
                    yield words


def is_file_object(source: object) -> bool:
    """Whether `source` is a file object, in gensim's sense: something that can be told to `seek`."""
    return not is_path(source) and hasattr(source, "seek")


def is_binary_file(source: object) -> bool:
    """Whether `source` is an open binary file that can be read again from its start."""
    return isinstance(source, io.RawIOBase | io.BufferedIOBase) and source.seekable()
