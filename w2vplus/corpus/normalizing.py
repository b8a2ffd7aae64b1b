"""Raw text to tokens: what `normalize=` may be, defined in Python, and the table that lets it run natively.

`simple_tokens` and `text8_tokens` are the definitions; `new_normalizer` makes their native twins, which
`raw_text` runs over files. The table is made from the running Python's own character data when it is first
needed, so that both always agree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2vplus._normal import CASED, EXPANDS, IGNORABLE, WORD, Normalizer

NATIVE_NORMALIZERS = ("simple", "text8")

LEAST_TOKEN, MOST_TOKEN = 2, 15
"""Characters of a token, the defaults of gensim.utils.simple_preprocess."""

DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_WORD_RUN = re.compile(r"(?:(?!\d)\w)+")
_LETTER_RUN = re.compile("[a-z]+")
_SPELLED_OUT = {ord(str(digit)): f" {name} " for digit, name in enumerate(DIGIT_NAMES)}
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def simple_tokens(text: str) -> list[str]:
    """The tokens of `gensim.utils.simple_preprocess(text)` (accents kept).

    Lower case; runs of letters, digits that are not decimal (such as a superscript two) and underscores, of
    2 to 15 characters, not beginning with an underscore.

        >>> simple_tokens("Édouard's 2nd house_cat, O'Neill's")
        ['édouard', 'nd', 'house_cat', 'neill']
    """
    return [
        token
        for token in _WORD_RUN.findall(text.lower())
        if LEAST_TOKEN <= len(token) <= MOST_TOKEN and token[0] != "_"
    ]


def text8_tokens(text: str) -> list[str]:
    """The words of `text` as in Mahoney's text8 corpus (mattmahoney.net/dc/textdata.html): runs of a-z.

    A-Z become small, 0-9 are spelled out one by one, everything else separates. Mark-up is not removed: for
    MediaWiki dumps there is `WikiDump`.

        >>> text8_tokens("In 42 BC, Caesar's café")
        ['in', 'four', 'two', 'bc', 'caesar', 's', 'caf']
    """
    return _LETTER_RUN.findall(text.translate(_ASCII_LOWER).translate(_SPELLED_OUT))


def new_normalizer(kind: str, errors: str, offset: int = 0) -> Normalizer:
    """A native normalizer ("simple" or "text8") for a file, or for its part from byte `offset` on."""
    table = character_table()
    return Normalizer(kind, errors, table.pages, table.page_of, table.expansions, offset)


class CharacterTable(NamedTuple):
    """What each character becomes in lower case and is to `simple_tokens`; the form is that of
    `Normalizer`."""

    pages: NDArray[np.uint32]
    page_of: NDArray[np.uint16]
    expansions: NDArray[np.uint32]


CODE_COUNT = 0x110000
PAGE = 256
CODE_MASK = (1 << 21) - 1
CASED_PLANES = (range(0, 0x20000), range(0xE0000, 0xE1000))
"""Where Unicode has letters with case and characters that casing ignores; elsewhere are ideographs, private
use and nothing at all."""


@lru_cache(maxsize=1)
def character_table() -> CharacterTable:
    """The table of the running Python (some hundredths of a second, once)."""
    word = np.zeros(CODE_COUNT, bool)
    for run in _WORD_RUN.finditer(_text(np.arange(CODE_COUNT, dtype=np.uint32))):
        word[run.start() : run.end()] = True
    word_flags = np.where(word, np.uint32(WORD), np.uint32(0))
    entries = word_flags.copy()
    expansions: list[int] = []
    for plane in CASED_PLANES:
        codes = np.arange(plane.start, plane.stop, dtype=np.uint32)
        lower, expanding = _lower_case(codes)
        flags = _sigma_flags(codes, expanding)
        entries[codes] = ((lower - codes) & np.uint32(CODE_MASK)) | word_flags[lower] | flags
        for code, characters in expanding.items():
            entries[code] = flags[code - plane.start] | np.uint32(EXPANDS | len(expansions))
            expansions += [*(ord(character) | int(word_flags[ord(character)]) for character in characters), 0]
    return CharacterTable(*_paged(entries), np.array(expansions or [0], np.uint32))


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)


def _lower_case(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], dict[int, str]]:
    """Lower case by code, and apart the codes whose lower case is several characters.

    Line feeds between the characters keep the capital sigma from being final.
    """
    spaced = np.full(2 * len(codes), ord("\n"), np.uint32)
    spaced[::2] = codes
    lowered = _text(spaced).lower()
    expanding: dict[int, str] = {}
    if len(lowered) != len(spaced):
        expanding = {code: lower for code in codes.tolist() if len(lower := chr(code).lower()) > 1}
        spaced[2 * (np.fromiter(expanding, np.int64) - int(codes[0]))] = ord("\n")
        lowered = _text(spaced).lower()
    return _codes(lowered)[::2].copy(), expanding


def _sigma_flags(codes: NDArray[np.uint32], expanding: dict[int, str]) -> NDArray[np.uint32]:
    """CASED and IGNORABLE by code, asked of str.lower(): a capital sigma is final behind a cased character,
    and ignorable ones between them do not matter. (Ignorable characters are never asked whether they are
    cased.)"""
    asked = codes.copy()
    for code, lower in expanding.items():
        asked[code - int(codes[0])] = ord(lower[0])  # as cased as the whole, and as long as itself
    behind_it = _final_behind(asked, b"")
    behind_a_letter = _final_behind(asked, b"a")
    flags = np.zeros(len(codes), np.uint32)
    flags[behind_it] = CASED
    flags[behind_a_letter & ~behind_it] = IGNORABLE
    return flags


def _final_behind(codes: NDArray[np.uint32], before: bytes) -> NDArray[np.bool_]:
    """Whether a sigma behind `before` and the character is final, by code."""
    width = len(before) + 3
    texts = np.full((len(codes), width), ord("\n"), np.uint32)
    if before:
        texts[:, 0] = before[0]
    texts[:, width - 3] = codes
    texts[:, width - 2] = ord("Σ")
    final: NDArray[np.bool_] = _codes(_text(texts.reshape(-1)).lower()).reshape(-1, width)[:, -2] == ord("ς")
    return final


def _paged(entries: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Equal pages of 256 entries kept once."""
    number_of: dict[bytes, int] = {}
    page_of = [number_of.setdefault(page.tobytes(), len(number_of)) for page in entries.reshape(-1, PAGE)]
    pages = np.frombuffer(b"".join(number_of), np.uint32).copy()
    return pages, np.array(page_of, np.uint16)
