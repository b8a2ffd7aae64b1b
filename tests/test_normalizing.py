"""Raw text: the native normalizers give what their Python definitions give, on any Unicode, from any
source."""

import gzip
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from gensim.utils import simple_preprocess
from hypothesis import example, given, settings
from hypothesis import strategies as st

from w2vplus._text import InvalidUtf8
from w2vplus.corpus.normalizing import character_table, new_normalizer, simple_tokens, text8_tokens

DEFINITIONS = {"simple": simple_tokens, "text8": text8_tokens}

TELLING = st.sampled_from(
    list(
        "aZz09_ \n\r\t.'’:-ΣσςİiıKÅßẞǅʼn²①ⅧⅫ٣字_"
        "\u0345\u00ad\u0301\u2028\x85\u200d\u212a𝐀𐐀𞤀\U000e0061\U0010ffff\0"
    )
)
TEXTS = st.text(st.one_of(TELLING, st.characters(codec="utf-8")), max_size=60)


def native_lines(kind, data, errors="strict", cuts=()):
    """Tokens by line, the bytes fed in blocks that end at `cuts`."""
    normalizer = new_normalizer(kind, errors)
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    out = [normalizer.feed(data[begin:end]) for begin, end in pairwise(bounds)]
    while last := normalizer.finish():
        out.append(last)
    return [line.split() for line in b"".join(out).decode().split("\n")]


def defined_lines(kind, data, errors="strict"):
    return [DEFINITIONS[kind](line) for line in data.decode("utf-8", errors).split("\n")]


@pytest.mark.parametrize("kind", DEFINITIONS)
@settings(max_examples=600)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 300), max_size=4))
@example(text="ΑΣ Σ ΑΣΑ Α'Σ Α'Σ'a ΣΣ\nΣ", cuts=[3])
@example(text="İSTANBUL Iİ", cuts=[1])
@example(text="a" * 15 + " " + "é" * 16 + " _x x_ y", cuts=[])
def test_native_tokens_are_those_of_the_python_definition(kind, text, cuts):
    data = text.encode()
    assert native_lines(kind, data, cuts=cuts) == defined_lines(kind, data)


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize("errors", ["replace", "ignore"])
@settings(max_examples=300)
@given(
    pieces=st.lists(st.one_of(st.binary(max_size=4), TEXTS.map(str.encode)), max_size=6),
    cuts=st.lists(st.integers(0, 300), max_size=4),
)
@example(pieces=["Α\u0301Σ".encode(), b"\xff", "Α".encode()], cuts=[])
def test_bad_bytes_are_replaced_or_left_out_before_normalising(kind, errors, pieces, cuts):
    data = b"".join(pieces)
    assert native_lines(kind, data, errors, cuts) == defined_lines(kind, data, errors)


@settings(max_examples=300)
@given(text=st.text(st.one_of(TELLING, st.characters()), max_size=60))
def test_simple_is_gensims_simple_preprocess(text):
    assert simple_tokens(text) == simple_preprocess(text)


def test_every_letter_and_mark_becomes_what_python_makes_of_it():
    codes = [*range(0xD800), *range(0xE000, 0x20000), *range(0x20000, 0xE0000, 101), *range(0xE0000, 0xE1001)]
    characters = map(chr, codes)
    # Behind a letter, and before, behind and between sigmas, whose lower case depends on their neighbours.
    whole = "".join(f"a{character}b Α{character}Σ{character} {character}Σ\n" for character in characters)
    lines = native_lines("simple", whole.encode())
    assert [
        line for line in zip(lines, map(simple_tokens, whole.split("\n")), strict=True) if line[0] != line[1]
    ] == []


def test_text8_agrees_with_mahoneys_substitutions():
    text = " In 1984, Björn's IQ_42-test\t"
    expected = text
    for old, new in zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    ):
        expected = expected.replace(old, f" {new} ")
    expected = re.sub("[^a-z]+", " ", re.sub("[A-Z]", lambda match: match[0].lower(), expected))
    assert text8_tokens(text) == expected.split()


def test_bad_bytes_are_refused_with_their_place_after_the_lines_before_them():
    data = b"good line\nanother\nbad \xff here\n"
    normalizer = new_normalizer("simple", "strict")
    assert normalizer.feed(data) == b"good line\nanother\n"
    with pytest.raises(InvalidUtf8) as fault:
        normalizer.finish()
    assert (fault.value.offset, fault.value.line) == (data.index(b"\xff"), 2)
    truncated = new_normalizer("text8", "strict")
    truncated.feed(b"caf\xc3")
    with pytest.raises(InvalidUtf8):
        truncated.finish()


def test_the_character_table_stays_small():
    table = character_table()
    assert table.pages.nbytes < 1 << 18


def raw_wikipedia():
    folder = os.environ.get("W2VPLUS_TEST_DATA")
    path = Path(folder or ".") / "enwiki-raw-16m.txt.gz"
    if not folder or not path.is_file():
        pytest.skip("W2VPLUS_TEST_DATA names no folder with enwiki-raw-16m.txt.gz")
    return path


@pytest.mark.parametrize("size", [4_000_000, pytest.param(10**9, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", DEFINITIONS)
def test_native_tokens_are_those_of_the_definition_on_raw_wikipedia(kind, size):
    with gzip.open(raw_wikipedia()) as file:
        checked = 0
        while checked < size and (data := b"".join(file.readlines(4_000_000))):
            assert native_lines(kind, data, cuts=range(0, len(data), 1 << 16)) == defined_lines(kind, data)
            checked += len(data)
