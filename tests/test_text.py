"""The native text side against its slow twin: Python's own decode, split and dict."""

import copy
import io
import os
import pickle
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus._numbering import TypeNumbering, write_renumbered
from w2vplus._sentences import SentenceEncoder
from w2vplus._text import InvalidUtf8, TextEncoder
from w2vplus.errors import CorpusError

ASCII_SPACES = "\t\x0b\x0c\r\x1c\x1d\x1e\x1f "
UNICODE_SPACES = "\x85\xa0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"
# Neighbours of white space in code points or bytes, which are none.
NEARLY_SPACES = "\x00\x08\x0e\x1b!\x84\x86\x9f\xa1\u1681\u1fff\u200b\u2027\u202a\u202e"
NEARLY_SPACES += "\u2030\u205e\u2060\u2fff\u3001"
texts = st.text(
    st.one_of(
        st.sampled_from(ASCII_SPACES + UNICODE_SPACES + NEARLY_SPACES + "\n\n\n  abcé漢😀"),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
)
nearly_utf8 = st.lists(
    st.one_of(
        st.sampled_from([
            b"a", b" ", b"\n", b"\x80", b"\xbf", b"\xc0", b"\xc2", b"\xc3\xa9", b"\xe0\x80", b"\xe0\xa0",
            b"\xe2\x80", b"\xe2\x80\x89", b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xf0\x80", b"\xf0\x9f",
            b"\xf0\x9f\x98\x80", b"\xf4\x90", b"\xf4\x8f\xbf", b"\xf5", b"\xff", b"x" * 63,
        ]),
        st.binary(max_size=4),
    ),
    max_size=60,
).map(b"".join)  # fmt: skip


def encode_in_blocks(data, cuts=(), **options):
    line_limit = options.pop("line_limit", None)
    encoder = TextEncoder(**options)
    encoder.begin_file(0, line_limit)
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(bounds):
        if not encoder.feed(data[start:end]):
            break
    encoder.end_file()
    return encoder


def lines_of(encoder):
    types = encoder.types()
    starts = np.append(0, encoder.line_ends())
    ids = np.empty(encoder.token_count, np.int32)
    write_renumbered(ids, encoder.take_ids())
    lines = [[types[i] for i in ids[a:b]] for a, b in pairwise(starts)]
    return [line for line in lines if line]


def slow_lines(data, errors="strict", limit=None):
    lines = [line.decode("utf-8", errors).split() for line in list(io.BytesIO(data))[:limit]]
    return [line for line in lines if line]


@given(texts, st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=250)
def test_tokens_are_those_of_str_split_however_the_blocks_are_cut(text, cuts):
    data = text.encode()
    encoder = encode_in_blocks(data, cuts)
    assert lines_of(encoder) == slow_lines(data)
    expected = Counter(token for line in slow_lines(data) for token in line)
    assert list(zip(encoder.types(), encoder.counts().tolist(), strict=True)) == list(expected.items())


@given(texts, st.integers(0, 70))
@settings(max_examples=120)
def test_tokens_do_not_depend_on_their_place_in_the_masks(text, shift):
    data = b"x" * shift + text.encode() * 3
    assert lines_of(encode_in_blocks(data)) == slow_lines(data)


def test_every_code_point_separates_tokens_exactly_if_str_split_says_so():
    # All white space lies below U+3001; beyond, a sample.
    points = [*range(0x4000), *range(0x4000, 0xD800, 97), *range(0xE000, 0x110000, 997)]
    joined = [f"a{chr(point)}b" for point in points if chr(point) != "\n"]
    assert lines_of(encode_in_blocks("\n".join(joined).encode())) == [pair.split() for pair in joined]


@given(nearly_utf8, st.lists(st.integers(0, 200), max_size=4), st.sampled_from(["replace", "ignore"]))
@settings(max_examples=300)
def test_bad_utf8_is_replaced_or_ignored_as_python_does(data, cuts, errors):
    assert lines_of(encode_in_blocks(data, cuts, errors=errors)) == slow_lines(data, errors)


@given(nearly_utf8, st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=300)
def test_bad_utf8_is_found_where_python_finds_it(data, cuts):
    try:
        data.decode()
    except UnicodeDecodeError as expected:
        with pytest.raises(InvalidUtf8) as caught:
            encode_in_blocks(data, cuts)
        assert caught.value.offset == expected.start
        assert caught.value.line == data.count(b"\n", 0, expected.start)
    else:
        assert lines_of(encode_in_blocks(data, cuts)) == slow_lines(data)


@given(texts, st.integers(0, 6), st.lists(st.integers(0, 400), max_size=3))
@settings(max_examples=120)
def test_line_limit_reads_that_many_lines(text, limit, cuts):
    data = text.encode()
    assert lines_of(encode_in_blocks(data, cuts, line_limit=limit)) == slow_lines(data, limit=limit)


def test_bad_bytes_behind_the_line_limit_are_not_looked_at():
    assert lines_of(encode_in_blocks(b"a b\nc\n\xff\n", line_limit=2)) == [["a", "b"], ["c"]]


@given(st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b.hex()[: len(b)]), max_size=200))
@settings(max_examples=60)
def test_tokens_of_any_length_keep_apart(tokens):
    variants = [token + "\0" * (i % 3) for i, token in enumerate(tokens)]
    expected = Counter(variants)
    encoder = encode_in_blocks(" ".join(variants).encode())
    assert dict(zip(encoder.types(), encoder.counts().tolist(), strict=True)) == dict(expected)
    assert encoder.types() == list(expected)


def test_the_table_grows_over_many_types():
    tokens = [f"word{i % 70_001}{'-long-tail-of-a-token' * (i % 2)}" for i in range(200_000)]
    encoder = encode_in_blocks(" ".join(tokens).encode())
    expected = Counter(tokens)
    assert encoder.types() == list(expected)
    assert encoder.counts().tolist() == list(expected.values())


def test_a_table_that_has_grown_knows_all_that_it_held():
    # What stands at the beginning of a table for want of room at its end is lost in one of twenty vocabularies if it
    # is taken for what belongs there.
    for vocabulary in range(300):
        tokens = [f"{vocabulary}.{number}" for number in range(3_000)]
        assert encode_in_blocks(" ".join(tokens * 2).encode()).type_count == len(tokens)


def test_tokens_that_differ_only_behind_their_first_eight_bytes_keep_apart():
    tokens = [f"prefix--{i:08d}" for i in range(60_000)]
    assert encode_in_blocks(" ".join(tokens * 2).encode()).types() == tokens


def test_a_token_longer_than_a_block_is_one_token():
    token = "é" * 1_000_000
    encoder = encode_in_blocks(f"a {token} b".encode(), range(0, 2_000_000, 300_001))
    assert encoder.types() == ["a", token, "b"]


@given(texts, st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 2)), max_size=6))
@settings(max_examples=200)
def test_runs_read_by_several_encoders_are_numbered_as_one_text(text, cuts_and_readers):
    data = (text * 3).encode()
    whole = encode_in_blocks(data)
    readers = {data.find(b" ", cut) + 1: reader for cut, reader in cuts_and_readers} | {0: 0, len(data): 0}
    encoders = [TextEncoder() for _ in range(3)]
    runs, pieces = [], []
    for start, end in pairwise(sorted(readers)):
        encoder = encoders[readers[start]]
        first_type = encoder.type_count
        encoder.begin_file(start)
        encoder.feed(data[start:end])
        encoder.end_file(ends_line=end == len(data))
        pieces.append(encoder.take_piece())
        runs.append((readers[start], first_type, encoder.type_count))
    numbering = TypeNumbering(encoders, runs)
    for number in range(len(encoders)):
        for share in range(7):
            numbering.find(number, share, 7)
    ids = [np.empty(0, np.int32)]
    numbering.number()
    types = numbering.types()
    for (encoder, _, _), (old_ids, _, _) in zip(runs, pieces, strict=True):
        ids.append(np.empty_like(old_ids))
        write_renumbered(ids[-1], old_ids, numbering.new_ids(encoder))
    assert types == whole.types()
    assert numbering.counts().tolist() == whole.counts().tolist()
    assert np.concatenate(ids).tolist() == whole.take_ids().tolist()


def test_ids_keep_room_behind_them_where_it_was_asked_for():
    encoder = TextEncoder()
    encoder.foresee_ids(1000, keeps_room=True)
    encoder.feed(b"to be or not to be ")
    ids = encoder.take_ids()
    assert ids.tolist() == [0, 1, 2, 3, 0, 1] and len(ids.base) >= 1000
    encoder.feed(b"to be ")
    assert len(encoder.take_ids().base) == 2


def test_ids_are_handed_over_once_and_outlive_the_encoder():
    encoder = encode_in_blocks(b"to be or not to be")
    ids = encoder.take_ids()
    del encoder
    assert ids.dtype == np.int32 and ids.tolist() == [0, 1, 2, 3, 0, 1]


def test_pieces_taken_on_the_way_add_up_to_the_whole():
    data = ("to be  or not\n\nto be that is\n" * 50).encode()
    whole, encoder, pieces = encode_in_blocks(data), TextEncoder(), []
    encoder.begin_file()
    for start in range(0, len(data), 7):
        encoder.feed(data[start : start + 7])
        pieces.append(encoder.take_piece())
        assert encoder.pending_bytes == 0
    encoder.end_file()
    pieces.append(encoder.take_piece())
    counts = np.cumsum([0] + [len(ids) for ids, _, _ in pieces])
    ends = {int(end + before) for (_, ends, _), before in zip(pieces, counts, strict=False) for end in ends}
    spaces = [last + before for (_, _, last), before in zip(pieces, counts, strict=False) if last >= 0]
    assert sorted(ends) == whole.line_ends().tolist()
    assert spaces[-1] == whole.tokens_before_last_space
    assert np.concatenate([ids for ids, _, _ in pieces]).tolist() == whole.take_ids().tolist()
    assert encoder.types() == whole.types() and encoder.types(2, 3) == ["or"]


def test_the_last_space_of_the_text_is_known():
    encoder = encode_in_blocks(b"a b c\nd\te")
    assert encoder.tokens_before_last_space == 2
    assert encode_in_blocks(b"a\nb").tokens_before_last_space == -1


def test_an_encoder_refuses_an_unknown_way_with_errors():
    with pytest.raises(
        ValueError, match="errors must be 'strict', 'replace' or 'ignore', got 'surrogateescape'"
    ):
        TextEncoder("surrogateescape")


def test_renumbering_refuses_arrays_of_unlike_sizes():
    with pytest.raises(ValueError, match="must hold 3 ids, it holds 2"):
        write_renumbered(np.empty(2, np.int32), np.zeros(3, np.int32))


@pytest.mark.parametrize(
    ("encoders", "runs", "message"),
    [
        (0, [], "at least one encoder, got none"),
        (1, [(0, 1, 2)], "must begin with the first type of encoder 0"),
        (1, [(0, 0, 3)], r"one of 1 encoders, got \(0, 0, 3\)"),
        (2, [(0, 0, 2), (2, 0, 0)], r"one of 2 encoders, got \(2, 0, 0\)"),
        (2, [(0, 0, 2), (1, 2, 1)], r"one of 2 encoders, got \(1, 2, 1\)"),
        (2, [(0, 0, 2), (1, -1, 1)], r"one of 2 encoders, got \(1, -1, 1\)"),
    ],
)
def test_one_numbering_refuses_runs_that_are_of_no_encoders_types(encoders, runs, message):
    with pytest.raises(ValueError, match=message):
        TypeNumbering([encode_in_blocks(b"a b") for _ in range(encoders)], runs)


def test_ids_that_have_no_new_number_are_no_reading_beyond_an_array():
    with pytest.raises(IndexError):
        write_renumbered(np.empty(1, np.int32), np.zeros(1, np.int32), np.empty(0, np.int32))


def refuse(sentence, position):
    raise CorpusError(f"{position}: {sentence!r}")


tokens = st.one_of(st.text(max_size=4), st.integers(-3, 3), st.tuples(st.integers(0, 2)), st.none())


@given(st.lists(st.one_of(st.lists(tokens), st.lists(tokens).map(tuple))), st.integers(1, 9))
@settings(max_examples=300)
def test_python_sentences_become_ids_in_order_of_first_occurrence(sentences, block_tokens):
    expected = Counter(token for sentence in sentences for token in sentence)
    encoder = SentenceEncoder(sentences, refuse)
    read = []
    while (block := encoder.read(block_tokens)) is not None:
        ids, starts = block
        assert ids.dtype == np.int32 and starts.dtype == np.int64
        lengths = np.diff(starts)
        assert lengths[:-1].sum() < block_tokens
        types = encoder.types()
        read += [[types[i] for i in ids[a:b]] for a, b in pairwise(starts)]
    assert read == [list(sentence) for sentence in sentences]
    assert encoder.types() == list(expected)
    assert encoder.counts().tolist() == list(expected.values())
    assert encoder.sentence_count == len(sentences)
    assert encoder.token_count == sum(expected.values())


@pytest.mark.parametrize("foreseen_before", [None, 4, 12])
def test_pieces_that_share_an_array_stay_as_they_were_handed_over(foreseen_before):
    encoder, expected, pieces = TextEncoder(), [], []
    ids = np.random.default_rng(1).integers(0, 1000, 2_600_000)
    id_of: dict[int, int] = {}
    cuts = [0, 1, 100, 100, 900_000, 1_300_000, *range(1_320_000, 2_580_000, 90_000)]
    for number, part in enumerate(np.split(ids, cuts)):
        expected.append([id_of.setdefault(word, len(id_of)) for word in part.tolist()])
        if number == foreseen_before:
            encoder.foresee_ids(300_000, keeps_room=True)
        encoder.feed("".join(f"{word} " for word in part.tolist()).encode())
        pieces.append(encoder.take_ids())
        if number == foreseen_before:
            assert len(pieces[-1].base) >= 300_000
    assert all(piece.dtype == np.int32 for piece in pieces)
    assert [piece.tolist() for piece in pieces] == expected
    places = [(piece.ctypes.data, piece.ctypes.data + piece.nbytes) for piece in pieces]
    assert any(end == start for (_, end), (start, _) in pairwise(places))
    del encoder
    assert pieces[-1].tolist() == expected[-1]


MOVING_REALLOC = """
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *realloc(void *old, size_t size) {
    void *fresh = malloc(size);
    size_t had = old ? malloc_usable_size(old) : 0;
    if (fresh && old) {
        memcpy(fresh, old, had < size ? had : size);
        memset(old, 0x7F, had);
        free(old);
    }
    return fresh;
}
"""


def test_pieces_that_share_an_array_stay_where_every_reallocation_moves(tmp_path):
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler, and a system that preloads libraries")
    (tmp_path / "moving.c").write_text(MOVING_REALLOC)
    library = tmp_path / "moving.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, tmp_path / "moving.c"], check=True)
    program = (
        "from w2vplus._text import TextEncoder\n"
        "encoder, taken = TextEncoder(), []\n"
        "for part in range(6):\n"
        "    encoder.feed(b'a b c d ' * 1000)\n"
        "    taken.append(encoder.take_ids())\n"
        "del encoder\n"
        "assert all(ids.tolist() == [0, 1, 2, 3] * 1000 for ids in taken), [ids[:4] for ids in taken]\n"
    )
    environment = os.environ | {"LD_PRELOAD": str(library)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


@given(texts)
@settings(max_examples=100)
def test_types_made_when_they_are_asked_for_read_like_a_list(text):
    encoder = encode_in_blocks(text.encode())
    expected = list(dict.fromkeys(text.split()))
    types = encoder.take_types()
    assert encoder.type_count == 0 and isinstance(types, Sequence)
    assert len(types) == len(expected)
    assert [types[place] for place in range(-len(expected), len(expected))] == expected * 2
    for place in (len(expected), -len(expected) - 1):
        with pytest.raises(IndexError):
            types[place]
    assert types[1:3] == expected[1:3] and types[::-1] == list(reversed(types)) == expected[::-1]
    assert types == expected and expected == types and types != [*expected, "more"] and types != 3
    assert [types[place] for place in range(len(expected))] == expected
    assert all(token in types and types.index(token) == place for place, token in enumerate(expected))
    assert "not one token" not in types and types.count("not one token") == 0
    assert pickle.loads(pickle.dumps(types)) == copy.deepcopy(types) == expected


def test_known_tokens_keep_their_ids_and_others_become_minus_one():
    encoder = SentenceEncoder([["b", "x", "a"], [], ["a"]], refuse, {"a": 7, "b": 3})
    ids, starts = encoder.read()
    assert ids.tolist() == [3, -1, 7, 7]
    assert starts.tolist() == [0, 3, 3, 4]
    assert encoder.read() is None


def test_an_unhashable_token_is_named():
    with pytest.raises(CorpusError, match="sentence 1: token 1 is a list"):
        SentenceEncoder([["a"], ["b", ["c"]]], refuse).read()


def test_progress_of_python_sentences_counts_tokens():
    heard = []
    SentenceEncoder([["a"] * 50_000] * 4, refuse, progress=heard.append).read()
    assert heard == [100_000, 200_000]
