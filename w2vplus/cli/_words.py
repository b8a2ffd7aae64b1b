"""Turns what a person types into keys of loaded vectors: words, phrases, sums and differences of them.

Typed text has no escapes to learn. What is a key as it stands is that key, `t-shirt` and `c++` too; `+`, `-` and
`,` between keys are operators and separators; double quotes keep a text together. Words typed one after another
("new york") are looked up as a phrase. Called by `similar`, `analogy` and `explore`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from w2vplus.cli import _output
from w2vplus.cli._seeds import check_one_file
from w2vplus.cli._targets import local_path

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

MOST_PHRASE_WORDS = 8

MOST_DIGITS = 20
"""Of a key that is a number; Python refuses to read thousands."""

SIGNS = {"+": 1, "-": -1, "−": -1}
SEPARATORS = {*SIGNS, ","}

CHUNK = re.compile(r'(?:(?<![^\s+\-−,])"[^"]*"(?![^\s+\-−,])|\S)+')
"""What stands between spaces; a quoted text, which may hold spaces, has an operator or nothing on either side."""

QUOTED = re.compile(r'"([^"]*)"(?![^+\-−,])')

MOST_OPERATORS = 50
"""In a run of characters without spaces; more are no sum that a person typed."""

SPELLINGS_SEARCHED = 100_000
"""Among so many of the most frequent words nearest spellings are looked for; that takes 0.2 seconds."""


def words_listed_in(path: str, option: str) -> list[str]:
    """The words of a file that `option` names, one a line, "-" for standard input; blank lines are passed over.

    Raises CommandError for a file without words or that is not UTF-8, OSError for one that cannot be read.
    """
    import smart_open

    if path == "-":
        content = sys.stdin.buffer.read()
    else:
        with smart_open.open(path, "rb") as stream:
            content = stream.read()
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise _output.CommandError(f"{option} {path} is not UTF-8: byte {error.start:,}") from None
    words = [line.strip() for line in lines if line.strip()]
    if not words:
        raise _output.CommandError(f"{option} {path} has no word: it must have one on each line")
    return words


def load_with_phrases(path: str) -> tuple[KeyedVectors, Any]:
    """The vectors of a file or folder, whatever its format, and the phrases of a saved model, if it has any."""
    from w2vplus.array_folder import is_array_folder, read_head

    file = local_path(path)
    if file is not None and is_array_folder(file):
        from w2vplus.word2vec import Word2Vec
        from w2vplus.word2vec.persistence import MODEL_KINDS

        if read_head(file)["kind"] in MODEL_KINDS:
            model = Word2Vec.load_folder(file)
            return model.wv, model.phrases
    from w2vplus.vectors import load_vectors
    from w2vplus.vectors.formats import format_for_reading
    from w2vplus.vectors.gensim_native import read_saved

    if format_for_reading(path, None).name in ("kv", "pickle"):
        return read_saved(path)
    return load_vectors(path), None


class Term(NamedTuple):
    """A word of a sum, to be added (sign 1) or taken away (-1)."""

    sign: int
    key: Any


class Piece(NamedTuple):
    """A part of a typed line: a word, a quoted text, or an operator."""

    kind: str  # "word", "quoted", "operator"
    text: str


class UnknownWord(_output.CommandError):
    """A typed word that has no vector."""


class Words:
    """Loaded vectors as a person asks them; `phrases`: those of the model, if it has learnt some.

    `vectors` is gensim's KeyedVectors, `source` the name that messages give them.
    """

    def __init__(self, vectors: KeyedVectors, source: str, phrases: Any = None) -> None:
        from w2vplus.phrases.lookup import PhraseKeys

        self.vectors, self.source = vectors, source
        self._phrase_keys = PhraseKeys(vectors.key_to_index, phrases)

    @classmethod
    def of_file(cls, path: str) -> Words:
        """The words of a vectors file or a model's folder, those without a direction left out with a warning.

        Raises CommandError for the name under which `train --seeds` wrote several files.
        """
        check_one_file(path)
        vectors, phrases = load_with_phrases(path)
        return cls(_with_directions(vectors, path), path, phrases)

    def find(self, text: str) -> Any:
        """The key that is written so, or None. A key that is a number is found by its digits."""
        known = self.vectors.key_to_index
        if text in known:
            return text
        is_number = text.isdecimal() and len(text) <= MOST_DIGITS
        return int(text) if is_number and int(text) in known else None

    def keys(self, texts: Sequence[str]) -> list[Any]:
        """The key for each text that stands for one word or phrase.

        Raises UnknownWord, which names all that have no vector, with near spellings.
        """
        found, problems = [], []
        for text in texts:
            key = self.find(text)
            if key is None:
                joined = self._phrase_keys(text)
                key = joined if joined in self.vectors.key_to_index else None
            if key is None:
                problems.append(f"{_output.shown(text)}{self._suggestion(text)}")
            found.append(key)
        if problems:
            raise UnknownWord(f"no vector in {self.source} for {'; '.join(problems)}")
        return found

    def expression(self, text: str) -> list[Term]:
        """A word, a phrase or a sum such as `king - man + woman`.

        Words without an operator between them are phrases as far as there are such, and are added otherwise.
        Raises UnknownWord, or CommandError for a sum without a word where one is due.
        """
        return self.expressions([text])[0]

    def expressions(self, texts: Sequence[str]) -> list[list[Term]]:
        """`expression` of every text; the error names the unknown words of all."""
        sums = [self._signed_texts(text) for text in texts]
        keys = iter(self.keys([text for one in sums for _, text in one]))
        return [[Term(sign, next(keys)) for sign, _ in one] for one in sums]

    def _signed_texts(self, text: str) -> list[tuple[int, str]]:
        """The words and phrases of a sum with their signs, whether they are known or not."""
        text = text.strip()
        if self.find(text) is not None:
            return [(1, text)]
        terms: list[tuple[int, list[Piece]]] = [(1, [])]
        for piece in self.pieces(text):
            if piece.kind != "operator":
                terms[-1][1].append(piece)
            elif piece.text == ",":
                raise _output.CommandError(f"a sum has no commas: {text}")
            elif terms[-1][1] or len(terms) == 1:
                terms.append((SIGNS[piece.text], []))
            else:
                raise _output.CommandError(f"a word must stand before {piece.text} in: {text}")
        if not terms[-1][1]:
            raise _output.CommandError(f"a word must stand at the end of: {text}" if text else "the word is empty")
        return [(sign, text) for sign, pieces in terms for text in self._joined(pieces)]

    def several(self, text: str, count: int | None = None) -> list[Any]:
        """The words of a list: separated by commas, or else by spaces.

        Without commas, neighbours that are a phrase are joined, unless there are just the `count` words asked for.
        Raises UnknownWord, or CommandError if there are not `count`.
        """
        groups: list[list[Piece]] = [[]]
        for piece in self.pieces(text):
            if piece == Piece("operator", ","):
                groups.append([])
            else:  # a sign that is no part of a key stands for itself here
                groups[-1].append(Piece("word", piece.text) if piece.kind == "operator" else piece)
        if len(groups) > 1:
            texts = [" ".join(piece.text for piece in group) for group in groups if group]
        elif len(groups[0]) == count:
            texts = [piece.text for piece in groups[0]]
        else:
            texts = self._joined(groups[0])
        keys = self.keys(texts)
        if count is not None and len(keys) != count:
            got = ", ".join(map(str, keys)) or "none"
            raise _output.CommandError(f"{count} words are needed, got {got}; commas keep phrases apart")
        return keys

    def pieces(self, text: str) -> Iterator[Piece]:
        """A line in its parts: quoted texts, keys, operators; what is neither is a word that will not be found."""
        for match in CHUNK.finditer(text):
            chunk = match[0]
            if chunk in SEPARATORS:
                yield Piece("operator", chunk)
            elif self.find(chunk) is not None:
                yield Piece("word", chunk)
            else:
                yield from self._split(chunk)

    def _split(self, chunk: str) -> Iterator[Piece]:
        """A run of characters without spaces that is no key: the longest keys in it, from the left."""
        if sum(character in SEPARATORS for character in chunk) > MOST_OPERATORS:
            yield Piece("word", chunk)
            return
        start = 0
        while start < len(chunk):
            if quoted := QUOTED.match(chunk, start):
                yield Piece("quoted", quoted[1])
                start = quoted.end()
                continue
            ends = [at for at in range(start + 1, len(chunk)) if chunk[at] in SEPARATORS] + [len(chunk)]
            end = next((end for end in reversed(ends) if self.find(chunk[start:end]) is not None), 0)
            if end == 0 and chunk[start] in SEPARATORS:
                yield Piece("operator", chunk[start])
                start += 1
                continue
            end = end or ends[0]
            yield Piece("word", chunk[start:end])
            start = end

    def _joined(self, pieces: Sequence[Piece]) -> list[str]:
        """The texts of neighbouring pieces, the longest phrases among them joined from left to right."""
        texts: list[str] = []
        start = 0
        while start < len(pieces):
            length = 1
            for longer in range(min(MOST_PHRASE_WORDS, len(pieces) - start), 1, -1):
                group = pieces[start : start + longer]
                words = [piece.text for piece in group if piece.kind == "word"]
                if len(words) == longer and self._phrase_keys.of_words(words) is not None:
                    length = longer
                    break
            texts.append(" ".join(piece.text for piece in pieces[start : start + length]))
            start += length
        # A phrase in another case is a likelier slip than each of its words.
        whole = " ".join(piece.text for piece in pieces)
        if len(texts) > 1 and any(self.find(text) is None for text in texts) and self._in_other_case(whole):
            return [whole]
        return texts

    def _in_other_case(self, text: str) -> list[str]:
        from w2vplus.phrases.lookup import DELIMITER

        wanted = {text.casefold(), DELIMITER.join(text.casefold().split())}
        keys = self.vectors.index_to_key
        return [key for key in keys if isinstance(key, str) and key.casefold() in wanted]

    def _suggestion(self, word: str) -> str:
        import difflib

        # Another case is the likeliest slip; difflib over the frequent words is quick enough for the rest.
        close = self._in_other_case(word)
        if not close:
            keys = [key for key in self.vectors.index_to_key[:SPELLINGS_SEARCHED] if isinstance(key, str)]
            close = difflib.get_close_matches(word, keys, n=3, cutoff=0.7)
        return f" (did you mean {', '.join(close[:3])}?)" if close else ""


def _with_directions(vectors: KeyedVectors, path: str) -> KeyedVectors:
    """The vectors without those that have no cosine with anything: zeros, and what holds NaN or infinity."""
    import numpy as np

    from w2vplus.vectors import keyed_vectors

    with np.errstate(all="ignore"):
        squares = np.einsum("vd,vd->v", vectors.vectors, vectors.vectors, dtype=np.float32)
    usable = np.isfinite(squares) & (squares > 0)
    if usable.all() and len(squares):
        return vectors
    named = ", ".join(_output.shown(vectors.index_to_key[row]) for row in np.flatnonzero(~usable)[:3])
    if not usable.any():
        raise _output.CommandError(f"{path} has no word with a direction: {named or 'no word at all'}")
    count = int((~usable).sum())
    _output.warn(
        f"{path}: {_output.plural(count, 'vector')} left out, all zeros or with NaN or infinity: {named}"
        + (", ..." if count > 3 else "")
    )
    kept = [key for key, is_usable in zip(vectors.index_to_key, usable, strict=True) if is_usable]
    counts = vectors.expandos.get("count")
    return keyed_vectors(kept, vectors.vectors[usable], None if counts is None else counts[usable])


def written(terms: Sequence[Term]) -> str:
    """A sum as it is written: king - man + woman."""
    text = "".join(f" {'+' if term.sign > 0 else '-'} {term.key}" for term in terms)
    return text.removeprefix(" + ").lstrip()
