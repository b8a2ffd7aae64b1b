"""Word counts as a file: what `w2vplus vocab -o` writes and `w2vplus train --vocab` reads, with a tab between word and
count; with a space, what `w2vplus word2vec` saves and reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from w2vplus.errors import CorpusError

NAMES = {"\t": "tab", " ": "space"}
"""How messages call what stands between word and count."""


def write_counts(
    path: str | os.PathLike[str], words: Iterable[object], counts: Iterable[int], *, separator: str = "\t"
) -> None:
    """Write lines of word, separator, count, whole or not at all; a compression suffix compresses.

    Raises OSError if it cannot be written, CorpusError, naming it, for a word that a line cannot hold.
    """
    from w2vplus._atomic import replacing
    from w2vplus.corpus.compression import compressed_writer

    with replacing(path) as temporary, compressed_writer(temporary) as file:
        for word, count in zip(map(str, words), counts, strict=True):
            if not word or "\n" in word:
                raise CorpusError(
                    f"a file of counts has a line for each word, which must not be empty or hold a line feed, "
                    f"got {word!r}: leave it out, or change it in the corpus"
                )
            file.write(f"{word}{separator}{count}\n".encode())


def read_counts(
    path: str | os.PathLike[str], *, separator: str = "\t", errors: str = "strict"
) -> tuple[list[str], NDArray[np.int64]]:
    """The words of such a file (compressed or not) and their counts, int64, in its order.

    errors: what becomes of bytes that are not UTF-8, as for `bytes.decode`.

    Raises OSError if it cannot be read, CorpusError, naming the line, for what is not word, separator, count, and
    for a word that comes twice.
    """
    from w2vplus.corpus.files import expand, open_plain

    name = os.fspath(path)
    (source,) = expand(name)
    lines_of_words: dict[str, int] = {}
    counts: list[int] = []
    with open_plain(source) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                word, _, count = line.decode("utf-8", errors).rstrip("\r\n").rpartition(separator)
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{name} is not UTF-8 at line {number}, byte {error.start} of it"
                ) from error
            if not word or not count.isascii() or not count.isdigit() or len(count) > 18:
                raise CorpusError(
                    f"{name}, line {number}: must be a word, a {NAMES[separator]} and its count, got {line[:60]!r}"
                )
            if word in lines_of_words:
                raise CorpusError(
                    f"{name}, line {number}: {word!r} has a count in line {lines_of_words[word]} already"
                )
            lines_of_words[word] = number
            counts.append(int(count))
    if not counts:
        raise CorpusError(f"{name} holds no word")
    return list(lines_of_words), np.array(counts, np.int64)
