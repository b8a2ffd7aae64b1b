"""What is written reads back, gensim reads ours and we read gensim's, and bad files are refused by place."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pytest
import smart_open
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.errors import VectorFormatError
from w2vplus.vectors import files, load_vectors, save_vectors, word2vec_binary, word2vec_text

SEPARATORS = " \t\n\r\v\f"


def keyed(keys: list, vectors: np.ndarray) -> KeyedVectors:
    keyed_vectors = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    keyed_vectors.add_vectors(keys, vectors)
    return keyed_vectors


@pytest.fixture
def animals() -> KeyedVectors:
    random = np.random.default_rng(0)
    return keyed(["cat", "dög", "e\u0301lan", "fish\u00a0pie"], random.normal(size=(4, 3)).astype(np.float32))


def assert_same(loaded: KeyedVectors, keys: list[str], vectors: np.ndarray) -> None:
    assert type(loaded) is KeyedVectors
    assert loaded.index_to_key == keys
    assert loaded.key_to_index == {key: index for index, key in enumerate(keys)}
    assert loaded.vectors.dtype == np.float32
    assert loaded.vectors.flags.c_contiguous
    assert loaded.vectors.flags.writeable
    assert loaded.vectors.tobytes() == vectors.tobytes(), "bit for bit, signed zeros too"


@st.composite
def tables(draw: st.DrawFn, least: int = 0) -> tuple[list[str], np.ndarray]:
    key = st.text(st.characters(codec="utf-8", exclude_characters=SEPARATORS), min_size=1, max_size=8)
    keys = draw(st.lists(key, min_size=least, max_size=12, unique=True))
    dimensions = draw(st.integers(1, 50))
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    row = st.lists(number, min_size=dimensions, max_size=dimensions)
    rows = draw(st.lists(row, min_size=len(keys), max_size=len(keys)))
    return keys, np.array(rows, np.float32).reshape(len(keys), dimensions)


@settings(max_examples=60)
@given(table=tables(), suffix=st.sampled_from([".bin", ".txt", ".vec"]), block=st.integers(1, 200))
def test_what_is_written_reads_back_bit_for_bit(tmp_path_factory, table, suffix, block):
    keys, vectors = table
    path = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word2vec_text, "BLOCK_BYTES", block)
        patch.setattr(word2vec_binary, "BLOCK_BYTES", block)
        save_vectors(keyed(keys, vectors), path)
        assert_same(load_vectors(path), keys, vectors)


@settings(max_examples=40)
@given(table=tables(), binary=st.booleans())
def test_files_are_byte_for_byte_gensims_and_gensim_reads_them(tmp_path_factory, table, binary):
    keys, vectors = table
    # From 1e6 on older NumPy, and so gensim, prints digits where newer has an exponent.
    vectors = np.where(np.abs(vectors) < 1e6, vectors, np.float32(0))
    folder = tmp_path_factory.getbasetemp()
    ours, theirs = folder / f"ours.{'bin' if binary else 'txt'}", folder / "theirs"
    save_vectors(keyed(keys, vectors), ours)
    keyed(keys, vectors).save_word2vec_format(theirs, binary=binary)
    assert ours.read_bytes() == theirs.read_bytes()
    assert_same(load_vectors(theirs, format="bin" if binary else "txt"), keys, vectors)
    if keys:
        read = KeyedVectors.load_word2vec_format(ours, binary=binary)
        assert read.index_to_key == keys
        assert np.array_equal(read.vectors, vectors)


@pytest.mark.parametrize("compression", ["", ".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("suffix", [".bin", ".txt", ".vec", ".kv"])
def test_every_suffix_and_compression_reads_back(tmp_path, animals, suffix, compression):
    path = tmp_path / f"vectors.v2{suffix}{compression}"
    save_vectors(animals, path)
    assert_same(load_vectors(path), animals.index_to_key, animals.vectors)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    if compression and suffix != ".kv":
        with smart_open.open(str(path), "rb") as stream:
            assert stream.readline() == b"4 3\n"


def test_a_format_given_by_name_overrides_the_suffix(tmp_path, animals):
    save_vectors(animals, tmp_path / "vectors.model", format="txt")
    assert (tmp_path / "vectors.model").read_bytes().startswith(b"4 3\ncat ")
    assert_same(load_vectors(tmp_path / "vectors.model", format="txt"), animals.index_to_key, animals.vectors)


def test_remote_paths_go_through_smart_open(monkeypatch, animals):
    import io

    store: dict[str, bytes] = {}

    class Upload(io.BytesIO):
        def __init__(self, uri: str) -> None:
            super().__init__()
            self.uri = uri

        def close(self) -> None:
            store[self.uri] = self.getvalue()
            super().close()

    def fake_open(uri: str, mode: str, compression: str = "infer_from_extension") -> io.BytesIO:
        return Upload(uri) if mode == "wb" else io.BytesIO(store[uri])

    monkeypatch.setattr(files.smart_open, "open", fake_open)
    for suffix in (".bin", ".txt"):
        save_vectors(animals, f"s3://bucket/vectors{suffix}")
        assert_same(load_vectors(f"s3://bucket/vectors{suffix}"), animals.index_to_key, animals.vectors)
    store["s3://bucket/vectors.txt.gz"] = gzip.compress(store["s3://bucket/vectors.txt"])
    assert_same(load_vectors("s3://bucket/vectors.txt.gz"), animals.index_to_key, animals.vectors)


def test_rows_are_sorted_by_count_as_gensim_sorts_them(tmp_path):
    model = Word2Vec([["b", "a", "a", "c", "c"]], vector_size=4, min_count=1, sorted_vocab=0, epochs=1)
    model.wv.save_word2vec_format(tmp_path / "theirs.bin", binary=True)
    save_vectors(model.wv, tmp_path / "ours.bin")
    assert (tmp_path / "ours.bin").read_bytes() == (tmp_path / "theirs.bin").read_bytes()
    assert load_vectors(tmp_path / "ours.bin").index_to_key == ["a", "c", "b"]


@pytest.mark.parametrize("suffix", [".bin", ".txt"])
def test_integer_keys_are_written_once_each(tmp_path, suffix):
    # gensim writes 6 rows under a header of 4 for these keys.
    integers = keyed([0, 1, 9, 7], np.arange(8, dtype=np.float32).reshape(4, 2))
    save_vectors(integers, tmp_path / f"integers{suffix}")
    assert_same(load_vectors(tmp_path / f"integers{suffix}"), ["0", "1", "9", "7"], integers.vectors)


def test_wider_floats_are_written_as_float32(tmp_path):
    wide = keyed(["a"], np.array([[1 / 3, 1e-9]]))
    save_vectors(wide, tmp_path / "wide.txt")
    assert (tmp_path / "wide.txt").read_bytes() == b"1 2\na 0.33333334 1e-09\n"


@pytest.mark.parametrize("name", ["high_precision.kv.bin", "euclidean_vectors.bin"])
def test_gensims_bundled_binary_files_load_as_gensim_loads_them(name):
    theirs = KeyedVectors.load_word2vec_format(datapath(name), binary=True)
    assert_same(load_vectors(datapath(name)), theirs.index_to_key, theirs.vectors)


@pytest.mark.parametrize("name", ["high_precision.kv.txt", "lee_fasttext.vec"])
def test_gensims_bundled_text_files_load_as_gensim_loads_them(name):
    theirs = KeyedVectors.load_word2vec_format(datapath(name))
    assert_same(load_vectors(datapath(name)), theirs.index_to_key, theirs.vectors)


@pytest.mark.parametrize("suffix", [".bin", ".txt", ".kv"])
def test_limit_reads_the_first_rows_and_no_more(tmp_path, animals, suffix):
    path = tmp_path / f"vectors{suffix}"
    save_vectors(animals, path)
    assert_same(load_vectors(path, limit=2), ["cat", "dög"], animals.vectors[:2])
    assert_same(load_vectors(path, limit=9), animals.index_to_key, animals.vectors)
    if suffix != ".kv":
        path.write_bytes(path.read_bytes()[:-8])
        assert_same(load_vectors(path, limit=2), ["cat", "dög"], animals.vectors[:2])


def test_loaded_vectors_answer_queries_and_grow(tmp_path, animals):
    save_vectors(animals, tmp_path / "vectors.bin")
    loaded = load_vectors(tmp_path / "vectors.bin")
    assert loaded.most_similar("cat", topn=1) == animals.most_similar("cat", topn=1)
    loaded.add_vectors(["new"], np.ones((1, 3), np.float32))
    assert loaded.index_to_key[-1] == "new"
    assert np.array_equal(loaded["new"], [1, 1, 1])


def test_text_of_other_tools_is_read(tmp_path):
    expected = np.array([[0.1, -2], [1e10, 4]], np.float32)
    for content in (
        b"2 2\na 0.1 -2 \nb 1e10 4 \n",  # fastText and word2vec.c end rows with a space
        b"2 2\r\na 0.1 -2\r\nb 1e+10 4.000000\r\n",
        b"2\t2\na\t0.1\t-2\nb  .1e11  4",
        b"2 2\na 0.1 -2\nb 1e10 4\n\n",
    ):
        path = tmp_path / "other.txt"
        path.write_bytes(content)
        assert_same(load_vectors(path), ["a", "b"], expected)


def test_binary_rows_that_end_with_line_feeds_are_read(tmp_path):
    path = tmp_path / "c-tool.bin"
    one, two = np.float32([1, 2]).tobytes(), np.float32([3, 4]).tobytes()
    path.write_bytes(b"2 2\na " + one + b"\nb " + two + b"\n")
    assert_same(load_vectors(path), ["a", "b"], np.float32([[1, 2], [3, 4]]))


BAD_TEXT = {
    "empty": (b"", "the file is empty"),
    "byte order mark": (b"\xef\xbb\xbf1 1\nthe 0.1\n", r"\(byte 0\): the file begins with a byte order mark"),
    "byte order mark, no header": (b"\xef\xbb\xbfthe 0.1 0.2\n", r"\(byte 0\): .* a byte order mark"),
    "no header": (b"the 0.1\n", r"header \(byte 0\): the first line must be two whole numbers"),
    "no header nor row": (b"one of these\n", r"header \(byte 0\): .*or else a first row as in GloVe's files"),
    "no dimensions": (b"1 0\na\n", r"dimensions must be 1 to \d+, got 0"),
    "absurd rows": (b"1000000000000 300\n" + b"x" * 80, r"take at least \d+ bytes, but 80 follow"),
    "absurd dimensions": (b"1 1000000000000\na 1\n", "dimensions must be 1 to"),
    "short row": (b"2 2\na 1 2\nb 3\ncccccc", r"row 2 \(byte 10\): .* got 2 fields; is the row cut short"),
    "long row": (b"2 2\na 1 2\nb c 3 4\n", r"row 2 \(byte 10\): .* 4 fields; lenient=True .*convert --lenient\) takes"),
    "blank row": (b"2 2\n      \nb 3 4\n", r"row 1 \(byte 4\): expected a key and 2 numbers, got 0"),
    "no number": (b"2 2\na 1 2\nb 3 4x\n", r"row 2 \(byte 10\): b'4x' is not a number"),
    "compensating rows": (b"2 2\na 1\nb 2 3 4\n", r"row 1 \(byte 4\)"),
    "two numbers in one field": (b"1 3\na 1.0.5  2\n", r"row 1 \(byte 4\): expected a key and 3 numbers"),
    "two points": (b"1 2\na 1.0.5 2\n", r"row 1 \(byte 4\): b'1.0.5' is not a number"),
    "not a number": (b"1 2\na 1_0 2\n", r"row 1 \(byte 4\): b'1_0' is not a number"),
    "numbers without a key": (b"2 2\na 1 2\n1 2 3 x\n", r"row 2 \(byte 10\): .* has the key white space"),
    "blank row between": (b"2 2\na 1 2\n \nb 3 4\n", r"row 2 \(byte 10\): expected a key and 2 numbers, got 0"),
    "NaN": (b"2 2\na 1 2\nb 3 nan\n", r"row 2 \(byte 10\): a number of 'b' is NaN or too large"),
    "infinity": (b"2 2\na 1 2\nb 3 1e99\n", r"row 2 \(byte 10\): a number of 'b' is NaN or too large"),
    "same key": (b"2 2\na 1 2\na 3 4\n", r"row 2 \(byte 10\): the key 'a' came before"),
    "not UTF-8": (b"2 2\na 1 2\n\xff 3 4\n", r"row 2 \(byte 10\): .* not UTF-8 \(its byte 1\)"),
    "too few rows": (b"3 2\na 1000 2000\nb 3000 4000\n", r"row 3 \(byte 28\): the data end before the row"),
    "too many rows": (b"1 2\na 1 2\nb 3 4\n", r"row 2 \(byte 10\): the data go on after the 1 rows"),
}
BAD_BINARY = {
    "empty": (b"", "the file is empty"),
    "absurd rows": (b"1000000000000 300\n" + b"x" * 80, r"take at least \d+ bytes, but 80 follow"),
    "junk behind": (b"1 1\na \0\0\0\0junk", r"row 2 \(byte 10\): the data go on after the 1 rows"),
    "short": (b"2 1\n" + b"a" * 10 + b" \0\0\0\0b \0", r"row 2 \(byte 19\): the data end after 3 bytes"),
    "NaN": (b"1 1\na \0\0\xc0\x7f", r"row 1 \(byte 4\): a number of 'a' is NaN"),
    "empty key": (b"1 1\n \0\0\0\0\0", r"row 1 \(byte 4\): the key is empty"),
    "line feed in a key": (b"1 1\na\nb \0\0\0\0", r"row 1 \(byte 4\): the key of a row has a line feed"),
    "no spaces": (b"1 1\n" + b"x" * 70_000, r"row 1 \(byte 4\): no key ends within 65536 bytes"),
}
BAD_FILES = [
    *((".txt", fault, *BAD_TEXT[fault]) for fault in BAD_TEXT),
    *((".bin", fault, *BAD_BINARY[fault]) for fault in BAD_BINARY),
    (".kv", "no pickle", b"not a pickle at all", "is no saved KeyedVectors, or a truncated one: it is no pickle"),
]


@pytest.mark.parametrize(("suffix", "fault", "content", "message"), BAD_FILES)
def test_a_bad_file_is_refused_with_row_and_byte(tmp_path, suffix, fault, content, message):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(VectorFormatError, match=message) as caught:
        load_vectors(path)
    assert str(path) in str(caught.value), fault


def test_a_line_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(word2vec_text, "BLOCK_BYTES", 4096)
    path = tmp_path / "endless.txt"
    path.write_bytes(b"1 1\nkey " + b"0" * 500_000)
    with pytest.raises(VectorFormatError, match=r"row [12] \(byte \d+\): "):
        load_vectors(path)


@pytest.mark.parametrize(("suffix", "content"), [(".txt", b"2 1\na 0\nb 0"), (".bin", b"1 1\na \0\0\0\0")])
def test_the_smallest_rows_possible_pass_the_header_check(tmp_path, suffix, content):
    path = tmp_path / f"small{suffix}"
    path.write_bytes(content)
    assert not load_vectors(path).vectors.any()


@pytest.mark.parametrize("suffix", [".bin", ".txt"])
def test_a_compressed_file_that_claims_absurd_rows_costs_no_memory(tmp_path, suffix):
    import tracemalloc

    path = tmp_path / f"hostile{suffix}.gz"
    path.write_bytes(gzip.compress(b"1000000000000 1048576\nkey " + b"0 " * 50))
    tracemalloc.start()
    try:
        with pytest.raises(VectorFormatError, match="row 1"):
            load_vectors(path)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("harm", ["cut", "foreign"])
def test_damaged_compression_is_refused(tmp_path, suffix, harm):
    path = tmp_path / f"vectors.bin{suffix}"
    random = np.random.default_rng(1).normal(size=(500, 50)).astype(np.float32)
    save_vectors(keyed([f"word{row}" for row in range(500)], random), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if harm == "cut" else b"never compressed")
    with pytest.raises(VectorFormatError, match=r"damaged|truncated"):
        load_vectors(path)


def test_lenient_loading_mends_keys_and_counts_what_it_mended(tmp_path, caplog):
    path = tmp_path / "mixed.txt"
    path.write_bytes(b"9 1\na 1\n\xffb 2\na 3\n\xfeb 4\nNew York 5\nshort\nbad x\nnan nan\ne 6")
    with caplog.at_level(logging.WARNING, logger="w2vplus"):
        loaded = load_vectors(path, lenient=True)
    assert_same(loaded, ["a", "\ufffdb", "New York", "e"], np.float32([[1], [2], [5], [6]]))
    told = caplog.text.partition("mixed.txt was mended; ")[2]
    assert told.strip() == (
        "keys with bytes replaced that are not UTF-8: 2; keys with white space, taken as they are: 1; rows left out "
        "whose key came before: 2; rows left out that are not a key and its numbers: 2; rows left out with NaN or a "
        "number too large: 1"
    )
    with pytest.raises(VectorFormatError, match="row 2"):
        load_vectors(path)


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_lenient_loading_takes_what_is_there_of_a_wrong_header(tmp_path, animals, suffix, caplog):
    path = tmp_path / f"vectors{suffix}"
    save_vectors(animals, path)
    content = path.read_bytes()
    for claim, cut in ((b"1000000000000 3", 0), (b"4 3", 15), (b"2 3", 0)):
        path.write_bytes(content.replace(b"4 3", claim, 1)[: -cut or None])
        with pytest.raises(VectorFormatError):
            load_vectors(path)
        caplog.clear()
        loaded = load_vectors(path, lenient=True)
        # Binary rows cannot be told from what may follow them, so those beyond the header are not read.
        expected = 2 if claim == b"2 3" and suffix == ".bin" else 4 - bool(cut)
        assert loaded.index_to_key == animals.index_to_key[:expected]
        assert "was mended" in caplog.text


@pytest.mark.parametrize(
    ("name", "content"), [("v.txt", b"3 2\na 1\nb 1\nc 1\n"), ("v.bin", b"1000000000000 300\nshort")]
)
def test_lenient_loading_that_leaves_nothing_is_an_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VectorFormatError, match=r"nothing is left of it \(.*: \d.*another format"):
        load_vectors(tmp_path / name, lenient=True)


def test_lenient_loading_stops_at_the_limit_of_rows_it_can_use(tmp_path):
    path = tmp_path / "mixed.txt"
    path.write_bytes(b"5 1\na 1\nb x\na 2\nc 3\nd 4\n")
    assert load_vectors(path, lenient=True, limit=2).index_to_key == ["a", "c"]
    with pytest.raises(VectorFormatError, match="row 2"):
        load_vectors(path, limit=2)
    assert load_vectors(path, limit=1).index_to_key == ["a"]


@pytest.mark.parametrize("header", [b"2 2\n", b""], ids=["header", "no header"])
def test_a_byte_order_mark_is_left_out_by_lenient_loading(tmp_path, header, caplog):
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbf" + header + b"the 1 2\nof 3 4\n")
    assert_same(load_vectors(path, lenient=True), ["the", "of"], np.float32([[1, 2], [3, 4]]))
    assert "byte order marks left out: 1" in caplog.text


def test_a_first_key_that_begins_like_a_byte_order_mark_needs_a_header(tmp_path):
    marked = keyed(["\ufeffthe", "of"], np.ones((2, 2), np.float32))
    with pytest.raises(VectorFormatError, match="taken for the file's"):
        save_vectors(marked, tmp_path / "v.glove")
    save_vectors(marked, tmp_path / "v.txt")
    assert_same(load_vectors(tmp_path / "v.txt"), marked.index_to_key, marked.vectors)


def test_glove_text_is_read_without_a_header_and_written_so_on_request(tmp_path, animals):
    path = tmp_path / "glove.txt"
    save_vectors(animals, path, format="glove")
    assert path.read_bytes().startswith(b"cat ")
    assert_same(load_vectors(path), animals.index_to_key, animals.vectors)
    assert_same(load_vectors(path, limit=2), animals.index_to_key[:2], animals.vectors[:2])
    theirs = KeyedVectors.load_word2vec_format(path, no_header=True)
    assert np.array_equal(theirs.vectors, animals.vectors)
    path.write_bytes(path.read_bytes() + b". . . 1 2 3\n")
    with pytest.raises(VectorFormatError, match=r"row 5 .* got 6 fields"):
        load_vectors(path)
    assert load_vectors(path, lenient=True).index_to_key[-1] == ". . ."
    for keys, dimensions in (([], 3), (["a"], 1)):
        with pytest.raises(VectorFormatError, match="without a header"):
            save_vectors(keyed(keys, np.ones((len(keys), dimensions), np.float32)), path, format="glove")


def test_numbers_that_look_like_a_header_need_the_name_of_the_format(tmp_path):
    path = tmp_path / "numbers.glove"
    path.write_bytes(b"7 1 2\n8 3 4\n")
    assert load_vectors(path).index_to_key == ["7", "8"]


@pytest.mark.parametrize("suffix", [".bin", ".txt", ".kv"])
def test_vectors_are_rounded_to_float16_on_request(tmp_path, animals, suffix):
    path = tmp_path / f"vectors{suffix}"
    save_vectors(animals, path)
    loaded = load_vectors(path, dtype="float16")
    assert loaded.vectors.dtype == np.float16
    assert np.array_equal(loaded.vectors, animals.vectors.astype(np.float16))
    assert loaded.most_similar("cat", topn=1)[0][0] == animals.most_similar("cat", topn=1)[0][0]


def test_a_number_too_large_for_float16_is_named(tmp_path):
    path = tmp_path / "large.txt"
    path.write_bytes(b"2 1\na 1\nb 70000\n")
    with pytest.raises(VectorFormatError, match=r"row 2 \(byte 8\): a number of 'b' is NaN or too large for float16"):
        load_vectors(path, dtype=np.float16)


def test_a_fasttext_model_is_told_from_word2vec_binary(tmp_path):
    path = tmp_path / "cc.en.300.bin"
    path.write_bytes((793712314).to_bytes(4, "little") + bytes(100))
    with pytest.raises(VectorFormatError, match="this is a fastText model: read it with"):
        load_vectors(path)


@pytest.mark.parametrize(
    ("keys", "values", "message"),
    [
        (["fine", "New York"], [1, 2], "the key 'New York' has white space"),
        (["tab\there"], [1], "has white space"),
        ([""], [1], "the key '' is empty"),
        (["1", 1], [1, 2], "two keys are written as '1'"),
        (["a", "b"], [1, np.nan], "the vector of 'b' has a value that is no finite float32"),
        (["\ud800"], [1], "is not valid Unicode"),
        (["x" * 70_000], [1], "a key is 70000 bytes long, over 65536"),
    ],
)
@pytest.mark.parametrize("suffix", [".bin", ".txt"])
def test_what_could_not_be_read_back_is_not_written(tmp_path, keys, values, message, suffix):
    path = tmp_path / f"vectors{suffix}"
    path.write_text("what was there")
    with pytest.raises(VectorFormatError, match=message):
        save_vectors(keyed(keys, np.float32(values)[:, None]), path)
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, animals):
    path = tmp_path / "vectors.txt"
    path.write_text("what was there")

    def fail(vectors, keys):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(word2vec_text.native, "print_text", fail)
    with pytest.raises(OSError, match="No space left"):
        save_vectors(animals, path)
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_gensims_format_keeps_large_arrays_beside_it_for_memory_mapping(tmp_path):
    # gensim stores arrays of 10 * 1024**2 numbers and more apart.
    large = keyed([str(row) for row in range(10_500)], np.ones((10_500, 1000), np.float32))
    save_vectors(large, tmp_path / "large.kv")
    assert {entry.name for entry in tmp_path.iterdir()} == {"large.kv", "large.kv.vectors.npy"}
    mapped = KeyedVectors.load(str(tmp_path / "large.kv"), mmap="r")
    assert isinstance(mapped.vectors, np.memmap)
    assert len(load_vectors(tmp_path / "large.kv")) == 10_500


def test_a_whole_gensim_model_yields_its_vectors(tmp_path):
    model = Word2Vec([["a", "b", "a"]], vector_size=4, min_count=1, epochs=1)
    model.save(str(tmp_path / "model.kv"))
    loaded = load_vectors(tmp_path / "model.kv")
    assert loaded.index_to_key == ["a", "b"]
    assert load_vectors(tmp_path / "model.kv", limit=1).get_vecattr("a", "count") == 2


@pytest.mark.parametrize("path", ["vectors", "vectors.gz", "vectors.npz", "folder.bin/vectors"])
def test_an_unknown_suffix_lists_the_known_ones(path, animals, tmp_path):
    path = tmp_path / path
    path.parent.mkdir(exist_ok=True)
    path.write_text("no vectors")
    message = r"use one of \.bin, \.txt, \.vec, .*\.zst\), or name the format: bin, txt, glove"
    with pytest.raises(ValueError, match=message):
        save_vectors(animals, path)
    with pytest.raises(ValueError, match=message):
        load_vectors(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit must be a whole number, at least 1, or None, got 0"),
        ({"dtype": "float64"}, "dtype must be float16, float32 or None, got float64"),
        ({"mmap": "w"}, "mmap must be 'r', 'r\\+', 'c' or None, got 'w'"),
        ({"format": "word"}, "format must be one of bin, txt, glove, .*, got 'word'"),
    ],
)
def test_arguments_without_sense_are_refused(options, message, tmp_path):
    (tmp_path / "vectors.bin").write_bytes(b"1 1\na \0\0\0\0")
    with pytest.raises(ValueError, match=message):
        load_vectors(tmp_path / "vectors.bin", **options)


def test_missing_files_and_folders_are_named(tmp_path, animals):
    with pytest.raises(FileNotFoundError, match="absent"):
        load_vectors(tmp_path / "absent.bin")
    for suffix in (".bin", ".kv"):
        with pytest.raises(FileNotFoundError, match="does not exist"):
            save_vectors(animals, Path(tmp_path, "absent", f"vectors{suffix}"))
