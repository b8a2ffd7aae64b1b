"""Raw text on its way to the encoder: sentences split, characters normalised, line by line.

`RawTextRules` says what becomes of a line, in Python; `plain_text` does the same to blocks of bytes, natively, for
`text_encoding`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeAlias

from w2vplus._text import InvalidUtf8
from w2vplus.corpus.compression import PLAIN_BLOCK_BYTES
from w2vplus.corpus.files import BlockStream, read_blocks
from w2vplus.corpus.normalizing import NATIVE_NORMALIZERS, new_normalizer, simple_tokens, text8_tokens
from w2vplus.corpus.row_tables import shown
from w2vplus.corpus.sources import ByteSource, FileFingerprint
from w2vplus.errors import CorpusError

Normalize: TypeAlias = str | Callable[[str], Sequence[str] | str] | None
SentenceSplitter: TypeAlias = str | Callable[[str], Sequence[str] | str] | None

Block: TypeAlias = bytes | memoryview

_TOKENIZERS = {"simple": simple_tokens, "text8": text8_tokens}


def not_utf8(name: str, line: int, offset: int) -> CorpusError:
    """The error for bytes that are not UTF-8; `line` from 1, `offset` in bytes from the start of the (plain)
    text."""
    return CorpusError(
        f"{name} is not UTF-8 at line {line}, byte {offset}: convert it to UTF-8, "
        f"or pass errors='replace' or 'ignore' (--errors on the command line) to read it with those bytes replaced "
        f"or left out"
    )


@dataclass(frozen=True)
class RawTextRules:
    """What becomes of a line of raw text: first sentences, then tokens.

    normalize: None (or "none") splits at white space. "simple" is gensim's `simple_preprocess` and "text8" is
        Mahoney's normalisation (see `normalizing`); both run natively. A callable gets a str and returns its
        tokens, or a text, which is split at white space as a line would be (`normalize=str.lower`); it runs in Python,
        in one thread.
    sentences: None takes a line as one sentence. "simple" splits it by `split_sentences`. A callable gets the
        line and returns its sentences; a text is one.

    Raises ValueError for another name; CorpusError, when it reads, for a callable that returns anything else.
    """

    normalize: Normalize = None
    sentences: SentenceSplitter = None

    def __post_init__(self) -> None:
        if self.normalize == "none":
            object.__setattr__(self, "normalize", None)
        if isinstance(self.normalize, str) and self.normalize not in NATIVE_NORMALIZERS:
            raise ValueError(
                f"normalize must be 'none', 'simple', 'text8' or a callable, got {self.normalize!r}"
            )
        if isinstance(self.sentences, str) and self.sentences != "simple":
            raise ValueError(f"sentences must be None, 'simple' or a callable, got {self.sentences!r}")

    @property
    def is_any(self) -> bool:
        """Whether the text is anything but tokens between white space, a sentence a line."""
        return self.normalize is not None or self.sentences is not None

    @property
    def is_native(self) -> bool:
        """Whether the text can become ids without Python strings for its tokens."""
        return not callable(self.normalize)

    @property
    def is_named(self) -> bool:
        """Whether the rules are known by name, so that equal rules give equal tokens."""
        return not callable(self.normalize) and not callable(self.sentences)

    def __str__(self) -> str:
        return f"normalize={self.normalize}, sentences={self.sentences}"

    def split(self, line: str) -> Sequence[str]:
        """The sentences of a line, as text."""
        if self.sentences is None:
            return (line,)
        if isinstance(self.sentences, str):
            return split_sentences(line)
        made = self.sentences(line)
        if isinstance(made, str):
            return (made,)
        sentences = _listed("sentences=", "sentences", made, line)
        if not all(isinstance(sentence, str) for sentence in sentences):
            raise _useless("sentences=", "sentences", made, line)
        return sentences

    def sentences_of(self, line: str) -> Iterator[list[str]]:
        """The sentences of a line, as tokens."""
        for sentence in self.split(line):
            yield self._tokens(sentence)

    def _tokens(self, sentence: str) -> list[str]:
        if self.normalize is None:
            return sentence.split()
        if isinstance(self.normalize, str):
            return _TOKENIZERS[self.normalize](sentence)
        made = self.normalize(sentence)
        return made.split() if isinstance(made, str) else _listed("normalize=", "tokens", made, sentence)


def _listed(option: str, parts: str, made: object, text: str) -> list[str]:
    """What a callable made of a text, as a list. Raises CorpusError for what has no such parts."""
    if isinstance(made, bytes | bytearray | Mapping) or not isinstance(made, Iterable):
        raise _useless(option, parts, made, text)
    return list(made)


def _useless(option: str, parts: str, made: object, text: str) -> CorpusError:
    return CorpusError(
        f"{option} made {type(made).__name__} {shown(made)} of the text {shown(text)}: it must return a list of "
        f"{parts}, or a text"
    )


_ABBREVIATIONS = """
    mr mrs ms dr prof st sr jr gen col capt lt sgt rev hon gov sen rep pres vs etc al cf ca fig no nos vol pp
    ed eds e.g i.e u.s u.k a.m p.m inc ltd co corp dept est approx
    jan feb mar apr jun jul aug sep sept oct nov dec
"""
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
_MARKS = re.compile(r"""([.!?…。！？｡]+)["'”’»)\]」』）]*""")
_NEXT_WORD = re.compile(r"""\s+(?=["'“‘«(\[¿¡]*(\w))""")
_NEXT_CHARACTER = re.compile(r"\s*(?=\S)")
_LAST_WORD = re.compile(r"[\w.]*$")
IDEOGRAPHIC_MARKS = "。！？｡"


def split_sentences(text: str) -> list[str]:
    """The sentences of `text`, by a simple rule for written prose.

    A sentence ends at . ! ? or … with its closing quotes and brackets, before white space and a word that
    does not begin with a small letter; not at a lone full stop behind a single letter (initials: J. Smith)
    or one of ABBREVIATIONS (Mr. Smith). Ideographic full stops end one without white space. Nothing of the
    text is lost.

        >>> split_sentences("Mr. J. Smith came. He left! Why? (Nobody knows.)")
        ['Mr. J. Smith came. ', 'He left! ', 'Why? ', '(Nobody knows.)']
    """
    places = [0]
    for marks in _MARKS.finditer(text):
        mark, stop = marks[1], marks.end()
        if mark[-1] in IDEOGRAPHIC_MARKS:
            gap = _NEXT_CHARACTER.match(text, stop)
        else:
            gap = _NEXT_WORD.match(text, stop)
            if gap and (
                gap[1].islower() or (mark == "." and _is_abbreviated(text, places[-1], marks.start()))
            ):
                continue
        if gap:
            places.append(gap.end())
    return [text[begin:end] for begin, end in pairwise([*places, len(text)])]


def _is_abbreviated(text: str, begin: int, stop: int) -> bool:
    """Whether the full stop at `stop` is that of an initial or an abbreviation; its sentence starts at
    `begin`."""
    word = _LAST_WORD.search(text, max(begin, text.rfind(" ", begin, stop) + 1), stop)
    last = word[0].lower() if word else ""
    return (len(last) == 1 and last.isalpha()) or last in ABBREVIATIONS


def plain_text(
    rules: RawTextRules, blocks: Generator[Block, None, None], errors: str, *, offset: int = 0,
    line_limit: int | None = None,
) -> Generator[Block, None, None]:  # fmt: skip
    """Blocks of raw text, from byte `offset` of a file on, become blocks whose tokens stand between white space and
    whose lines are sentences; natively, but for the splitting. Of at most `line_limit` lines.

    Raises InvalidUtf8 with the place of bad bytes in the raw text, lines counted from its first block.
    """
    if rules.sentences is not None:
        blocks = _split(rules, blocks, errors, offset, line_limit)
    elif line_limit is not None:
        blocks = _limited(blocks, line_limit)
    return blocks if rules.normalize is None else _normalized(str(rules.normalize), blocks, errors, offset)


def _limited(blocks: Generator[Block, None, None], line_limit: int) -> Generator[Block, None, None]:
    left = line_limit
    with closing(blocks):
        for block in blocks if left else ():
            text = bytes(block)
            lines = text.count(b"\n")
            if lines >= left:
                yield b"".join(line + b"\n" for line in text.split(b"\n", left)[:left])
                return
            left -= lines
            yield text


def _split(
    rules: RawTextRules, blocks: Generator[Block, None, None], errors: str, offset: int, line_limit: int | None
) -> Generator[Block, None, None]:
    with closing(blocks), io.BufferedReader(BlockStream(blocks), PLAIN_BLOCK_BYTES) as lines:
        for number, line in enumerate(islice(lines, line_limit)):
            try:
                text = line.decode("utf-8", errors)
            except UnicodeDecodeError as error:
                raise InvalidUtf8(offset + error.start, number) from error
            sentences = [sentence.replace("\n", " ") for sentence in rules.split(text)]
            yield ("\n".join(sentences) + "\n").encode("utf-8", "replace")
            offset += len(line)


def _normalized(
    kind: str, blocks: Generator[Block, None, None], errors: str, offset: int
) -> Generator[Block, None, None]:
    normalizer = new_normalizer(kind, errors, offset)
    with closing(blocks):
        for block in blocks:
            if normalized := normalizer.feed(block):
                yield normalized
    while normalized := normalizer.finish():
        yield normalized


class NormalizedFile:
    """A byte source with the `plain_text` of another one. Raises CorpusError for bytes that are not UTF-8, with their
    place in the raw file."""

    detect_compression = False
    is_known_text = True
    seekable = False

    def __init__(self, file: ByteSource, rules: RawTextRules, errors: str, line_limit: int | None) -> None:
        self.name = file.name
        self._file, self._rules, self._errors, self._line_limit = file, rules, errors, line_limit

    def open(self) -> BlockStream:
        return BlockStream(self._blocks())

    def _blocks(self) -> Generator[Block, None, None]:
        raw: Generator[Block, None, None] = (block for block in read_blocks(self._file))
        try:
            yield from plain_text(self._rules, raw, self._errors, line_limit=self._line_limit)
        except InvalidUtf8 as error:
            raise not_utf8(self.name, error.line + 1, error.offset) from error

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> FileFingerprint | None:
        return self._file.fingerprint()
