"""A corpus becomes a file of the same text with its phrases joined, a sentence a line.

Text files pass through natively, in blocks that threads join side by side and that need little memory; anything
else is iterated. `Phrases.write` and the command line call `write_phrased`.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Hashable, Iterator, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple

from w2vplus._atomic import replacing
from w2vplus._text import InvalidUtf8
from w2vplus.corpus import JoinedCorpus, SentenceCorpus, TextCorpus, encode, open_corpus
from w2vplus.corpus.compression import compressed_writer
from w2vplus.corpus.files import read_blocks
from w2vplus.corpus.lines import not_utf8
from w2vplus.corpus.raw_text import NormalizedFile
from w2vplus.corpus.sources import ByteSource, unchanged
from w2vplus.phrases.applying import NativePhrases, decoded
from w2vplus.store import EncodedCorpus, TokenStore

Joined = tuple[bytes | memoryview, int, int]
"""Joined text, the tokens that were read for it, and those that were written."""


def write_phrased(
    transformation: Any, corpus: Any, path: str | os.PathLike[str], workers: int
) -> tuple[int, int]:
    """Write `corpus`, anything that `open_corpus` takes, with its phrases joined; (tokens read, tokens written).

    A compression suffix of `path` compresses. The file is written whole or not at all. Raises as `encode` does,
    and OSError if `path` cannot be written.
    """
    opened = open_corpus(corpus, one_shot=True)
    tokens_read = tokens_written = 0
    with replacing(path) as temporary, compressed_writer(temporary, workers) as file:
        for part in opened.corpora if isinstance(opened, JoinedCorpus) else [opened]:
            for text, read, written in _joined(transformation, part, workers):
                file.write(text)
                tokens_read += read
                tokens_written += written
    return tokens_read, tokens_written


def _joined(transformation: Any, corpus: Any, workers: int) -> Iterator[Joined]:
    native = transformation._native()
    is_text = isinstance(corpus, TextCorpus) and not corpus.one_stream and corpus.raw_text.is_native
    files = corpus.files() if is_text else None
    if native is None or files is None:
        yield from _joined_lists(transformation, corpus)
        return
    with unchanged(files):
        yield from _joined_texts(native, corpus, files, workers)


def _joined_lists(transformation: Any, corpus: Any) -> Iterator[Joined]:
    """Sentences one by one, by whatever way the transformation has."""
    native = transformation._native()
    if isinstance(corpus, TokenStore):
        corpus = encode(corpus)
    as_sequence = (corpus if isinstance(corpus, SentenceCorpus) else SentenceCorpus(())).as_sequence
    for position, sentence in enumerate(decoded(corpus) if isinstance(corpus, EncodedCorpus) else corpus):
        tokens = sentence if type(sentence) is list else as_sequence(sentence, position)
        if native is not None:
            joined = native.merger.merge(tokens)
        else:
            joined = [token for token, _ in transformation.analyze_sentence(tokens)]
        if joined:
            yield f"{' '.join(map(str, joined))}\n".encode(), len(tokens), len(joined)


class _Block(NamedTuple):
    """Whole tokens between which and the next block's no phrase can be open, and where they stand in the file.

    Unless `ends_line`, the next block goes on with the last line.
    """

    text: bytes
    ends_line: bool
    offset: int
    line: int


def _joined_texts(
    native: NativePhrases, corpus: TextCorpus, files: list[ByteSource], workers: int
) -> Iterator[Joined]:
    merger = native.text_merger(corpus.max_sentence_length)
    # A line that is cut by its number of tokens must be seen whole.
    neighbours = native.words.neighbours if corpus.max_sentence_length is None else None
    errors = corpus.errors
    if corpus.raw_text.is_any or corpus.limit is not None:
        files = [NormalizedFile(file, corpus.raw_text, errors, corpus.limit) for file in files]
        errors = "strict" if corpus.raw_text.normalize is not None else errors
    with ThreadPoolExecutor(workers, "w2vplus-phrases") as executor:
        waiting: deque[tuple[ByteSource, _Block, Future[Joined]]] = deque()
        try:
            for file in files:
                for block in _blocks_of(file, errors, neighbours):
                    waiting.append((file, block, executor.submit(merger.merge, block.text, block.ends_line)))
                    if len(waiting) > workers:
                        yield _result(*waiting.popleft())
            while waiting:
                yield _result(*waiting.popleft())
        finally:
            for _, _, future in waiting:
                future.cancel()


def _result(file: ByteSource, block: _Block, future: Future[Joined]) -> Joined:
    try:
        return future.result()
    except InvalidUtf8 as error:
        raise not_utf8(file.name, block.line + error.line, block.offset + error.offset) from error


def _blocks_of(
    file: ByteSource, errors: str, neighbours: Set[tuple[Hashable, Hashable]] | None
) -> Iterator[_Block]:
    """The file in safe blocks; bad bytes are left to the merger, or made good here if they may be."""
    decoder = None if errors == "strict" else codecs.getincrementaldecoder("utf-8")(errors)
    with closing(read_blocks(file)) as blocks:
        good = blocks if decoder is None else (decoder.decode(block).encode() for block in blocks)
        offset, line, pieces, size, next_try = 0, 1, [], 0, 1
        for piece in good:
            pieces.append(piece)
            size += len(piece)
            if size < next_try:
                continue
            text = b"".join(pieces)
            place = safe_cut(text, neighbours)
            if place:
                yield _Block(text[:place], text[place - 1] == ord("\n"), offset, line)
                offset += place
                line += text.count(b"\n", 0, place)
            pieces, size = [text[place:]], len(text) - place
            next_try = 1 if place else 2 * size  # so that endless lines are not joined over and over
        pieces.append(decoder.decode(b"", True).encode() if decoder is not None else b"")
        yield _Block(b"".join(pieces), True, offset, line)


def safe_cut(text: bytes, neighbours: Set[tuple[Hashable, Hashable]] | None) -> int:
    """The last place where a token begins and no phrase can be open; 0 without one.

    That is behind a line end, or between two words that no phrase has side by side (`neighbours` None: nowhere
    inside a line). What follows the last space may be half a token.
    """
    newline = text.rfind(b"\n")
    if newline >= 0 or neighbours is None:
        return newline + 1
    end = text.rfind(b" ")
    place = text.rfind(b" ", 0, max(end, 0))
    while place > 0:
        start = text.rfind(b" ", 0, place)
        before = text[start + 1 : place].decode("utf-8", "replace").split()
        after = text[place + 1 : end].decode("utf-8", "replace").split()
        if before and after and (before[-1], after[0]) not in neighbours:
            return place + 1
        end, place = place, start
    return 0
