"""Native reading and printing of numbers against NumPy, and what the native code says of odd rows."""

from __future__ import annotations

import locale
import threading
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from w2vplus import _vector_rows as native

FLOAT_BITS = st.integers(0, 2**32 - 1)
decimals = st.from_regex(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?", fullmatch=True)


def printed(bits: np.ndarray) -> list[str]:
    return native.print_text(bits.astype(np.uint32).view(np.float32)[:, None]).decode("ascii").split("\n")[:-1]


def read(texts: list[str]) -> np.ndarray:
    """Bits of the numbers, read in rows of one."""
    found = native.read_text("\n".join(texts).encode("ascii"), 1, False)
    assert found.odd == []
    return found.vectors[:, 0].view(np.uint32)


def expected(texts: list[str]) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.array([np.float32(text) for text in texts], np.float32).view(np.uint32)


def shortest(value: np.float32) -> str:
    """NumPy's shortest digits with an exponent, whatever notation its version prefers."""
    return np.format_float_scientific(value, unique=True, trim="-")


def assert_printed_as_numpy_prints(bits: np.ndarray) -> None:
    values = bits.astype(np.uint32).view(np.float32)
    for text, value in zip(printed(bits), values, strict=True):
        if not np.isfinite(value) or 1e-38 < abs(value) < 1e6:
            assert text == str(value)
        else:
            # From 1e6 on, NumPy 2.4 writes an exponent and older versions do not.
            assert shortest(np.float32(text)) == shortest(value)
            assert len(text) <= len(shortest(value)) + 2
    assert max(map(len, printed(bits))) <= native.LONGEST_DECIMAL
    finite = np.isfinite(values)
    again = read([text for text, is_finite in zip(printed(bits), finite, strict=True) if is_finite])
    assert np.array_equal(again, values[finite].view(np.uint32)), "reads back bit for bit"


@given(st.lists(FLOAT_BITS, min_size=1, max_size=50))
@settings(max_examples=200)
def test_every_bit_pattern_is_printed_as_numpy_prints_it(bits):
    assert_printed_as_numpy_prints(np.array(bits, np.uint64))


@pytest.mark.parametrize("offset", [-1, 0, 1, 0x7FFFFF])
def test_powers_of_two_and_their_neighbours_are_printed_as_numpy_prints_them(offset):
    # Below a power of two the neighbours are half as far away.
    bits = (np.arange(1, 255, dtype=np.int64) << 23) + offset
    assert_printed_as_numpy_prints(bits)
    assert_printed_as_numpy_prints(bits + 2**31)


def test_the_least_and_the_borders_of_notation_are_printed_as_numpy_prints_them():
    bits = [*range(200), *np.float32([1e-4, 1e-5, 0.1, 1, 10, 99999.5, 999999.9, 123456.7]).view(np.uint32).tolist()]
    assert_printed_as_numpy_prints(np.array(bits, np.int64))
    assert printed(np.float32([1e6, 1.5e6, 0.0001, 3.4028235e38, -0.0]).view(np.uint32)) == [
        "1e+06", "1.5e+06", "1e-04", "3.4028235e+38", "-0.0",
    ]  # fmt: skip


def test_rows_of_the_longest_numbers_have_room():
    rows = np.tile(np.float32([-1.00014165e-36, -0.000100000005]), (2000, 150))
    lines = native.print_text(rows, [b"key"] * len(rows)).split(b"\n")
    assert lines == [b"key" + b" -1.00014165e-36 -0.000100000005" * 150] * len(rows) + [b""]
    assert len("-1.00014165e-36") == len("-0.000100000005") == native.LONGEST_DECIMAL


@given(st.lists(decimals, min_size=1, max_size=50))
@example(["0" * 40 + ".1", "." + "0" * 40 + "1", "1" + "0" * 39, "9" * 400, "1e-400", "1e999", "0e999", "-0e-999"])
@example(["1e99999999999999999999", "1e-99999999999999999999", "123456789012345678901234567890e-20"])
@settings(max_examples=300)
def test_any_decimal_is_read_as_numpy_float32_reads_it(texts):
    assert np.array_equal(read(texts), expected(texts))


@given(st.lists(st.integers(0, 0x7F7FFFFE), min_size=1, max_size=20))
@settings(max_examples=100)
def test_decimals_around_the_middle_of_two_floats_are_read_as_numpy_reads_them(bits):
    # The exact middle, and a hair above and below it: where rounding by way of a double shows.
    texts = []
    for low in bits:
        pair = np.array([low, low + 1], np.uint32).view(np.float32).astype(np.float64)
        middle = f"{Decimal(float(pair.sum() / 2)):f}"
        middle = middle if "." in middle else middle + ".0"
        texts += [middle, middle + "1", middle[:-1] + "4999" if middle.endswith("5") else middle]
        texts += [middle + "0" * 30 + "1", repr(float(pair.sum() / 2))]
    assert np.array_equal(read(texts), expected(texts))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
@settings(max_examples=100)
def test_doubles_with_all_their_digits_are_read_as_numpy_reads_them(values):
    texts = [repr(value) for value in values]
    assert np.array_equal(read(texts), expected(texts))


def test_names_of_what_is_not_finite_are_numbers():
    assert read(["nan", "NaN"]).view(np.float32).tolist() == pytest.approx([np.nan] * 2, nan_ok=True)
    assert read(["inf", "-Infinity", "+INF"]).view(np.float32).tolist() == [np.inf, -np.inf, np.inf]


@pytest.mark.parametrize(
    "text", ["x", "1x", "1.0.5", "--1", "1e", "1e+", ".", "+", "e5", "1_0", "0x10", "1,5", "infinit", "nanx", "-.e1"]
)
def test_what_is_no_number_is_said_to_be_none(text):
    found = native.read_text(f"a {text} 2".encode(), 2)
    assert found.odd == [(0, native.BAD_NUMBER, 0, 0, text.encode())] or found.odd[0][1] == native.BAD_NUMBER
    assert len(found.vectors) == 0


def test_the_locale_changes_nothing():
    comma = next((name for name in ("de_DE.UTF-8", "de_DE", "fr_FR.UTF-8") if _set_locale(name)), None)
    if comma is None:
        pytest.skip("no locale with a decimal comma is installed")
    try:
        assert read(["1.5", "123456789.123456789e-30"]).tolist() == expected(
            ["1.5", "123456789.123456789e-30"]
        ).tolist()
        assert printed(np.float32([1.5]).view(np.uint32)) == ["1.5"]
    finally:
        locale.setlocale(locale.LC_NUMERIC, "C")


def _set_locale(name: str) -> bool:
    try:
        locale.setlocale(locale.LC_NUMERIC, name)
    except locale.Error:
        return False
    return True


def test_odd_rows_are_described_and_the_others_kept():
    block = b"a 1 2\n\nb 3\nNew York 4 5\n\xff 6 7\nc 8 y\r\nd\t9\t10 \n"
    found = native.read_text(block, 2)
    assert found.vectors.tolist() == [[1, 2], [4, 5], [6, 7], [9, 10]]
    assert found.keys == ["a", "New York", "\ufffd", "d"]
    assert found.not_utf8 == [(2, b"\xff", 0)]
    assert found.begins.tolist() == [0, 11, 24, 37]
    assert [odd[:4] for odd in found.odd] == [
        (1, native.BLANK, 6, 0),
        (2, native.FIELD_COUNT, 7, 2),
        (3, native.SPACED_KEY, 11, 4),
        (5, native.BAD_NUMBER, 30, 3),
    ]
    assert found.odd[-1][4] == b"y"
    assert (found.count, found.used) == (7, len(block))


@given(st.binary(max_size=200), st.integers(1, 5), st.booleans())
@settings(max_examples=300)
def test_any_bytes_are_rows_or_said_to_be_none(block, dimensions, has_key):
    found = native.read_text(block, dimensions, has_key)
    assert found.used == len(block)
    assert found.count == len(block.removesuffix(b"\n").split(b"\n")) if block else found.count == 0
    unusable = sum(verdict != native.SPACED_KEY for _, verdict, *_ in found.odd)
    assert len(found.vectors) == len(found.begins) == found.count - unusable
    found = native.read_binary(block, dimensions, 1000, 50)
    assert found.used <= len(block)
    assert len(found.vectors) == len(found.keys)


def test_lines_shorter_than_a_vector_cost_no_memory():
    # 2^20 dimensions times 10,000 lines would be 40 GB.
    found = native.read_text(b"a 1\n" * 10_000, 1 << 20)
    assert found.count == len(found.odd) == 10_000


def test_threads_read_and_print_the_same():
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=(200, 20)).astype(np.float32) for _ in range(8)]
    made: dict[int, np.ndarray] = {}

    def work(place: int) -> None:
        made[place] = native.read_text(native.print_text(blocks[place]), 20, False).vectors

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(made[place], blocks[place]) for place in range(8))


def test_keys_and_vectors_must_match():
    with pytest.raises(ValueError, match="1 keys for vectors of shape"):
        native.print_text(np.ones((2, 2), np.float32), [b"a"])
    with pytest.raises(ValueError, match="0 keys for vectors of shape"):
        native.print_text(np.ones((0, 0), np.float32), [])
