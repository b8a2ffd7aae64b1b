"""Raw text on its way to the encoder: sentences split, characters normalised, line by line.

`RawTextRules` says what becomes of a line, in Python; `normalized_files` makes byte sources that give the
same text natively, for `encoding`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeAlias

from w2vplus._text import InvalidUtf8
from w2vplus.corpus.files import BlockStream, is_compressed, open_plain, read_blocks
from w2vplus.corpus.normalizing import NATIVE_NORMALIZERS, new_normalizer, simple_tokens, text8_tokens
from w2vplus.corpus.sources import ByteSource, FileFingerprint
from w2vplus.errors import CorpusError

Normalize: TypeAlias = str | Callable[[str], Sequence[str]] | None
SentenceSplitter: TypeAlias = str | Callable[[str], Sequence[str]] | None

LEAST_PIECE_BYTES = 1 << 22
"""A file is not cut for several workers into pieces smaller than this."""

_TOKENIZERS = {"simple": simple_tokens, "text8": text8_tokens}


def not_utf8(name: str, line: int, offset: int) -> CorpusError:
    """The error for bytes that are not UTF-8; `line` from 1, `offset` in bytes from the start of the (plain)
    text."""
    return CorpusError(
        f"{name} is not UTF-8 at line {line}, byte {offset}: convert it to UTF-8, "
        f"or pass errors='replace' (or 'ignore') to read it with those bytes replaced (or left out)"
    )


@dataclass(frozen=True)
class RawTextRules:
    """What becomes of a line of raw text: first sentences, then tokens.

    normalize: None (or "none") splits at white space. "simple" is gensim's `simple_preprocess` and "text8" is
        Mahoney's normalisation (see `normalizing`); both run natively. A callable gets a str and returns its
        tokens; it runs in Python, in one thread.
    sentences: None takes a line as one sentence. "simple" splits it by `split_sentences`. A callable gets the
        line and returns its sentences.

    Raises ValueError for another name.
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
        return split_sentences(line) if isinstance(self.sentences, str) else self.sentences(line)

    def sentences_of(self, line: str) -> Iterator[list[str]]:
        """The sentences of a line, as tokens."""
        if self.normalize is None:
            tokens_of: Callable[[str], Sequence[str]] = str.split
        else:
            tokens_of = _TOKENIZERS[self.normalize] if isinstance(self.normalize, str) else self.normalize
        for sentence in self.split(line):
            yield list(tokens_of(sentence))


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


class NormalizedFile:
    """A byte source with the text of another one, or of its bytes [start, end), split and normalised
    natively.

    A line of it is a sentence. `bytes_read`: of the raw file, in all openings. Raises CorpusError for bytes
    that are not UTF-8, with their place in the raw file.
    """

    detect_compression = False
    seekable = False

    def __init__(
        self,
        file: ByteSource,
        rules: RawTextRules,
        errors: str,
        line_limit: int | None,
        start: int = 0,
        end: int | None = None,
    ) -> None:
        self.name = file.name
        self.bytes_read = 0
        self._file, self._rules, self._errors, self._line_limit = file, rules, errors, line_limit
        self._start, self._end = start, end

    def open(self) -> BlockStream:
        blocks = self._limited_blocks() if self._rules.sentences is None else self._split_blocks()
        return BlockStream(self._normalized(blocks) if self._rules.normalize is not None else blocks)

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> FileFingerprint | None:
        return self._file.fingerprint()

    def _count(self, size: int) -> None:
        self.bytes_read += size

    def _blocks(self) -> Generator[bytes, None, None]:
        return read_blocks(self._file, start=self._start, end=self._end, on_raw_bytes=self._count)

    def _limited_blocks(self) -> Generator[bytes, None, None]:
        """The raw text up to the line limit."""
        left = self._line_limit
        with closing(self._blocks()) as blocks:
            for block in blocks if left != 0 else ():
                if left is not None and block.count(b"\n") >= left:
                    yield b"".join(line + b"\n" for line in block.split(b"\n", left)[:left])
                    return
                left = None if left is None else left - block.count(b"\n")
                yield block

    def _split_blocks(self) -> Generator[bytes, None, None]:
        """The raw text with a line for each sentence."""
        offset = 0
        with open_plain(self._file, self._count) as lines:
            for number, line in enumerate(islice(lines, self._line_limit), start=1):
                try:
                    text = line.decode("utf-8", self._errors)
                except UnicodeDecodeError as error:
                    raise not_utf8(self.name, number, offset + error.start) from error
                sentences = [sentence.replace("\n", " ") for sentence in self._rules.split(text)]
                yield ("\n".join(sentences) + "\n").encode("utf-8", "replace")
                offset += len(line)

    def _normalized(self, blocks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        normalizer = new_normalizer(str(self._rules.normalize), self._errors, self._start)
        try:
            with closing(blocks):
                for block in blocks:
                    if normalized := normalizer.feed(block):
                        yield normalized
            while normalized := normalizer.finish():
                yield normalized
        except InvalidUtf8 as error:
            line = error.line + 1 + self._lines_before()
            raise not_utf8(self.name, line, error.offset) from error

    def _lines_before(self) -> int:
        if self._start == 0:
            return 0
        return sum(block.count(b"\n") for block in read_blocks(self._file, end=self._start))


def normalized_files(
    rules: RawTextRules, files: Sequence[ByteSource], errors: str, line_limit: int | None, workers: int
) -> list[NormalizedFile]:
    """Byte sources of normalised lines; large plain files are cut at line ends into one for each worker."""
    found = []
    for file in files:
        bounds = _piece_bounds(file, workers) if line_limit is None and rules.sentences is None else [0]
        if len(bounds) == 1:
            found.append(NormalizedFile(file, rules, errors, line_limit))
            continue
        for start, end in pairwise(bounds):
            found.append(NormalizedFile(file, rules, errors, None, start, end))
    return found


def _piece_bounds(file: ByteSource, workers: int) -> list[int]:
    """Bytes where pieces of the file begin, and its end; [0] if it is to be read as one."""
    size = file.byte_size() if file.seekable and not is_compressed(file) else None
    count = min(workers, (size or 0) // LEAST_PIECE_BYTES)
    if size is None or count < 2:
        return [0]
    bounds = [0]
    with file.open() as stream:
        for number in range(1, count):
            offset = size * number // count
            stream.seek(offset)
            while block := bytes(stream.read(1 << 16)):
                newline = block.find(b"\n")
                offset += newline + 1 if newline >= 0 else len(block)
                if newline >= 0:
                    break
            if bounds[-1] < offset < size:
                bounds.append(offset)
    return [*bounds, size]
