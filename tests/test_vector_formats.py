"""Formats other than word2vec's: what is written reads back, what is foreign or hostile is refused."""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models import Word2Vec as GensimWord2Vec
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import Word2Vec
from w2vplus.errors import VectorFormatError
from w2vplus.postprocessing import QuantizedVectors
from w2vplus.vectors import FORMATS, check_keys, load_vectors, projector, save_vectors

JSON_KEYED = [".npy", ".safetensors"]
TABLES = [".parquet", ".arrow"]
WITH_COUNTS = [*JSON_KEYED, ".tsv", *TABLES]


def path_in(folder: Path, suffix: str) -> Path:
    if suffix in TABLES:
        pytest.importorskip("pyarrow")
    return folder / f"vectors{suffix}"


def keyed(keys: list, vectors: np.ndarray, counts: list[int] | None = None) -> KeyedVectors:
    keyed_vectors = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    keyed_vectors.add_vectors(keys, vectors)
    if counts is not None:
        keyed_vectors.expandos["count"] = np.array(counts, np.int64)
    return keyed_vectors


@pytest.fixture
def animals() -> KeyedVectors:
    random = np.random.default_rng(0)
    return keyed(["cat", "dög", "e\u0301lan"], random.normal(size=(3, 4)).astype(np.float32), [5, 9, 1])


def assert_same(loaded: KeyedVectors, original: KeyedVectors, limit: int | None = None) -> None:
    assert type(loaded) is KeyedVectors
    assert loaded.index_to_key == original.index_to_key[:limit]
    assert list(map(type, loaded.index_to_key)) == list(map(type, original.index_to_key[:limit]))
    assert loaded.key_to_index == {key: index for index, key in enumerate(loaded.index_to_key)}
    assert loaded.vectors.dtype == original.vectors.dtype
    assert loaded.vectors.flags.c_contiguous
    assert loaded.vectors.tobytes() == original.vectors[:limit].tobytes(), "bit for bit, signed zeros too"
    if "count" in original.expandos:
        assert loaded.expandos["count"].tolist() == original.expandos["count"][:limit].tolist()


@st.composite
def tables(draw: st.DrawFn) -> KeyedVectors:
    """Any text as keys or whole numbers; float32 or float16; with counts or without."""
    text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
    kind = draw(st.sampled_from([text, st.integers(-(2**62), 2**62)]))
    keys = draw(st.lists(kind, min_size=1, max_size=12, unique=True))
    width = draw(st.sampled_from([32, 16]))
    number = st.floats(width=width, allow_nan=False, allow_infinity=False)
    dimensions = draw(st.integers(1, 20))
    rows = draw(st.lists(number, min_size=dimensions * len(keys), max_size=dimensions * len(keys)))
    counts = draw(st.none() | st.lists(st.integers(0, 2**40), min_size=len(keys), max_size=len(keys)))
    vectors = np.array(rows, f"f{width // 8}").reshape(len(keys), dimensions)
    made = KeyedVectors(dimensions, dtype=vectors.dtype)
    made.vectors, made.index_to_key = vectors, keys
    made.key_to_index = {key: place for place, key in enumerate(keys)}
    if counts is not None:
        made.expandos["count"] = np.array(counts, np.int64)
    return made


@pytest.mark.parametrize("suffix", [*JSON_KEYED, *TABLES])
@settings(max_examples=40)
@given(table=tables())
def test_what_is_written_reads_back_bit_for_bit(tmp_path_factory, suffix, table):
    path = path_in(tmp_path_factory.getbasetemp(), suffix)
    save_vectors(table, path)
    assert_same(load_vectors(path), table)
    assert_same(load_vectors(path, limit=2), table, limit=2)


@settings(max_examples=40)
@given(table=tables())
def test_projector_files_read_back_bit_for_bit(tmp_path_factory, table):
    path = tmp_path_factory.getbasetemp() / "vectors.tsv"
    table.index_to_key = [str(key) for key in table.index_to_key]
    breaks = any(set(key) & set("\t\n\r") for key in table.index_to_key)
    blank = any(not key.strip(projector.WHITE_IN_BROWSERS) for key in table.index_to_key)
    if breaks or blank or table.vector_size < 2:
        with pytest.raises(VectorFormatError, match=r"has white space|line of white space|of a single number"):
            save_vectors(table, path)
        return
    table.vectors = table.vectors.astype(np.float32)  # text has no width
    save_vectors(table, path)
    assert_same(load_vectors(path), table)


@pytest.mark.parametrize("suffix", WITH_COUNTS)
def test_a_second_writing_replaces_the_first_and_leaves_nothing(tmp_path, animals, suffix):
    path = path_in(tmp_path, suffix)
    save_vectors(keyed(["other"], np.ones((1, 2), np.float32)), path)
    names = sorted(entry.name for entry in tmp_path.iterdir())
    save_vectors(animals, path)
    assert_same(load_vectors(path), animals)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == names


@pytest.mark.parametrize("suffix", WITH_COUNTS)
def test_a_failed_writing_leaves_the_old_files(tmp_path, animals, suffix):
    path = path_in(tmp_path, suffix)
    save_vectors(animals, path)
    bad = keyed(["a"], np.float32([[np.nan]]))
    with pytest.raises(VectorFormatError, match="the vector of 'a' has a value that is no finite float32"):
        save_vectors(bad, path)
    for empty in (keyed([], np.ones((0, 2), np.float32)), keyed([""], np.ones((1, 2), np.float32))):
        with pytest.raises(VectorFormatError, match=r"there are no vectors|the key '' is empty"):
            save_vectors(empty, path)
    assert_same(load_vectors(path), animals)


@pytest.mark.parametrize("suffix", WITH_COUNTS)
def test_float16_is_made_on_loading_and_kept_on_saving(tmp_path, animals, suffix):
    path = path_in(tmp_path, suffix)
    save_vectors(animals, path)
    half = load_vectors(path, dtype="float16")
    assert np.array_equal(half.vectors, animals.vectors.astype(np.float16))
    save_vectors(half, path)
    assert load_vectors(path).vectors.dtype == (np.float32 if suffix == ".tsv" else np.float16)
    assert np.array_equal(load_vectors(path, dtype=np.float32).vectors, half.vectors.astype(np.float32))


@pytest.mark.parametrize("suffix", JSON_KEYED)
def test_vectors_are_mapped_from_the_file(tmp_path, animals, suffix):
    path = tmp_path / f"vectors{suffix}"
    save_vectors(animals, path)
    mapped = load_vectors(path, mmap="r")
    assert isinstance(mapped.vectors, np.memmap)
    assert not mapped.vectors.flags.writeable
    assert_same(mapped, animals)
    assert mapped.most_similar("cat", topn=2) == animals.most_similar("cat", topn=2)
    assert_same(load_vectors(path, mmap="r", limit=2), animals, limit=2)
    with pytest.raises(ValueError, match="dtype must be float32 or None to map"):
        load_vectors(path, mmap="r", dtype="float16")
    keys = path.with_name(f"{path.name}.keys.json")
    keys.write_text(json.dumps(["cat"] * len(animals)))
    with pytest.raises(VectorFormatError, match="has the key 'cat' more than once"):
        load_vectors(path, mmap="r")


def test_gensims_format_is_mapped_by_gensim(tmp_path):
    large = keyed([str(row) for row in range(10_500)], np.ones((10_500, 1000), np.float32))
    save_vectors(large, tmp_path / "large.kv")
    assert isinstance(load_vectors(tmp_path / "large.kv", mmap="r").vectors, np.memmap)


@pytest.mark.parametrize("suffix", [".bin", ".txt", ".tsv"])
def test_formats_that_cannot_be_mapped_say_so(tmp_path, animals, suffix):
    save_vectors(animals, tmp_path / f"vectors{suffix}")
    with pytest.raises(ValueError, match="mmap works with the formats kv, safetensors, npy, pickle, not with"):
        load_vectors(tmp_path / f"vectors{suffix}", mmap="r")


@pytest.mark.parametrize("suffix", JSON_KEYED)
def test_matrix_and_keys_must_belong_together(tmp_path, animals, suffix):
    path, other = tmp_path / f"vectors{suffix}", tmp_path / f"other{suffix}"
    save_vectors(animals, path)
    save_vectors(keyed(["x", "y", "z"], np.ones((3, 4), np.float32)), other)
    keys = Path(f"{path}.keys.json")
    keys.write_bytes(Path(f"{other}.keys.json").read_bytes())
    with pytest.raises(VectorFormatError, match="holds the keys of other vectors"):
        load_vectors(path)
    keys.write_text('["a", "b"]')
    with pytest.raises(VectorFormatError, match=r"has 2 keys, but .* has 3 rows"):
        load_vectors(path)
    keys.write_text('["a", "b", "c"]')
    assert load_vectors(path).index_to_key == ["a", "b", "c"]
    for wrong in ('["a", "b", 1.5]', '{"keys": 3}', '["a", "b", true]'):
        keys.write_text(wrong)
        with pytest.raises(VectorFormatError, match="must hold a list of keys"):
            load_vectors(path)
    keys.write_text("[" * 100_000)
    with pytest.raises(VectorFormatError, match="no valid JSON"):
        load_vectors(path)
    keys.write_text('{"keys": ["a", "b", "c"], "counts": [1, 2]}')
    with pytest.raises(VectorFormatError, match="counts for 3 keys"):
        load_vectors(path)
    keys.unlink()
    with pytest.raises(VectorFormatError, match="its keys are missing"):
        load_vectors(path)


def write_hostile_npy(path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 300)}"
    header += b" " * (117 - len(header)) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)


def write_hostile_safetensors(path: Path) -> None:
    header = json.dumps({"v": {"dtype": "F32", "shape": [10**12, 300], "data_offsets": [0, 1200 * 10**12]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def write_hostile_parquet(path: Path) -> None:
    path.write_bytes(b"PAR1" + b"\xff" * 90 + b"\x40\0\0\0PAR1")


def write_hostile_arrow(path: Path) -> None:
    path.write_bytes(b"ARROW1\0\0" + b"\xff" * 80 + b"\x40\0\0\0ARROW1")


HOSTILE = {
    ".npy": write_hostile_npy,
    ".safetensors": write_hostile_safetensors,
    ".parquet": write_hostile_parquet,
    ".arrow": write_hostile_arrow,
}


@pytest.mark.parametrize("suffix", HOSTILE)
def test_a_small_file_that_claims_absurd_rows_costs_no_memory(tmp_path, suffix):
    path = path_in(tmp_path, suffix)
    HOSTILE[suffix](path)
    Path(f"{path}.keys.json").write_text('["a"]')
    tracemalloc.start()
    try:
        with pytest.raises(VectorFormatError):
            load_vectors(path)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [*JSON_KEYED, *TABLES])
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_still_holds_vectors(tmp_path_factory, suffix, data):
    path = path_in(tmp_path_factory.getbasetemp(), suffix)
    save_vectors(keyed(["a", "b"], np.float32([[1, 2], [3, 4]])), path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        loaded = load_vectors(path)
    except VectorFormatError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(loaded.vectors).all()


@pytest.mark.parametrize("suffix", JSON_KEYED)
def test_arrays_that_are_no_matrix_of_floats_are_refused(tmp_path, suffix):
    from safetensors.numpy import save_file

    path = tmp_path / f"vectors{suffix}"
    for array in (np.ones(3, np.float32), np.ones((2, 2), np.int64), np.ones((2, 2, 2), np.float32)):
        if suffix == ".npy":
            np.save(path, array)
        else:
            save_file({"vectors": array}, path)
        Path(f"{path}.keys.json").write_text(json.dumps(["a"] * len(array)))
        with pytest.raises(VectorFormatError, match=r"must (be a matrix of floats|hold float16)"):
            load_vectors(path)


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    np.save(tmp_path / "vectors.npy", np.array([{}, {}]), allow_pickle=True)
    (tmp_path / "foreign.npy").write_bytes(b"no array at all")
    for name in ("vectors.npy", "foreign.npy"):
        with pytest.raises(VectorFormatError, match="no matrix of NumPy") as caught:
            load_vectors(tmp_path / name)
        assert "allow_pickle" not in str(caught.value)


def test_nan_and_repeated_keys_are_named_with_row_and_byte(tmp_path, caplog):
    path = tmp_path / "vectors.npy"
    np.save(path, np.float32([[1, 2], [3, 4], [5, np.nan], [6, 7]]))
    keys = Path(f"{path}.keys.json")
    keys.write_text('{"keys": ["a", "b", "c", "b"], "counts": [9, 8, 7, 6]}')
    with pytest.raises(VectorFormatError, match=r"row 3 \(byte 144\): a number of 'c' is NaN"):
        load_vectors(path)
    loaded = load_vectors(path, lenient=True)
    assert loaded.index_to_key == ["a", "b"]
    assert loaded.expandos["count"].tolist() == [9, 8]
    assert "whose key came before: 1" in caplog.text
    keys.write_text('["a", "a", "c", "b"]')
    with pytest.raises(VectorFormatError, match=r"row 2 \(byte 136\): the key 'a' came before"):
        load_vectors(path)


@pytest.mark.parametrize("suffix", [".npy", ".safetensors", ".tsv", ".parquet", ".arrow"])
def test_remote_and_compressed_paths_are_refused_where_they_cannot_be(tmp_path, animals, suffix):
    compressed = tmp_path / f"v{suffix}.gz"
    compressed.touch()
    for path, message in ((f"s3://bucket/v{suffix}", "must be local"), (str(compressed), "cannot be compressed")):
        with pytest.raises(ValueError, match=message):
            save_vectors(animals, path)
        with pytest.raises(ValueError, match=message):
            load_vectors(path)


def test_a_missing_file_is_said_to_be_missing_whatever_its_suffix(tmp_path):
    for name in ("vectors", "v.xyz", "v.npy.gz"):
        with pytest.raises(FileNotFoundError, match=name):
            load_vectors(tmp_path / name)


# ---- the Embedding Projector


@pytest.mark.parametrize(
    ("key", "size", "message"), [("\u00a0", 2, "passes over a line of white space"), ("a", 1, "of a single number")]
)
def test_what_the_projector_would_misread_is_not_written(tmp_path, key, size, message):
    made = KeyedVectors(size)
    made.add_vectors(["the", key], np.ones((2, size), np.float32))
    with pytest.raises(VectorFormatError, match=message):
        save_vectors(made, tmp_path / "v.tsv")
    assert not list(tmp_path.iterdir())


def test_projector_files_are_as_the_projector_wants_them(tmp_path, animals):
    save_vectors(animals, tmp_path / "v.tsv")
    rows = (tmp_path / "v.tsv").read_text().splitlines()
    assert [len(row.split("\t")) for row in rows] == [4, 4, 4], "numbers alone, no headings"
    assert (tmp_path / "v.metadata.tsv").read_text(encoding="utf-8").splitlines() == [
        "word\tcount", "cat\t5", "dög\t9", "e\u0301lan\t1",
    ]  # fmt: skip
    del animals.expandos["count"]
    save_vectors(animals, tmp_path / "v.tsv")
    # A single column must have no heading: the Projector would take it for a point.
    assert (tmp_path / "v.metadata.tsv").read_text(encoding="utf-8").splitlines() == ["cat", "dög", "e\u0301lan"]


@pytest.mark.parametrize(
    ("vectors", "metadata"),
    [("x_tensor.tsv", "x_metadata.tsv"), ("vectors.tsv", "metadata.tsv"), ("v.tsv", "v.metadata.tsv")],
)
@pytest.mark.parametrize("heading", ["", "word\n", "label\tgroup\n"])
def test_projector_pairs_of_others_are_read(tmp_path, vectors, metadata, heading):
    (tmp_path / vectors).write_text("1\t2\r\n3\t4")
    column = "\tx" if "\t" in heading else ""
    (tmp_path / metadata).write_text(f"{heading}New York{column}\nParis{column}\n")
    loaded = load_vectors(tmp_path / vectors)
    assert loaded.index_to_key == ["New York", "Paris"]
    assert loaded.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("vectors", "metadata", "message"),
    [
        (b"1\t2\n3\t4\n", b"a\nb\nc\nd\n", r"row 3 \(byte 8\): the data end before the row; the metadata has 4 rows"),
        (b"1\t2\n3\t4\n5\t6\n", b"a\nb\n", r"row 3 \(byte 8\): the data go on after the 2 rows that the metadata has"),
        (b"1\t2\n3\n", b"a\nb\n", r"row 2 \(byte 4\): expected 2 numbers, got 1 fields"),
        (b"1\t2\n3\tx\n", b"a\nb\n", r"row 2 \(byte 4\): b'x' is not a number"),
        (b"1\t2\n3\tnan\n", b"a\nb\n", r"row 2 \(byte 4\): a number of 'b' is NaN"),
        (b"1\t2\n3\t4\n", b"a\n\xff\n", r"metadata.tsv, row 2 \(byte 2\): not UTF-8"),
        (b"word\tx\n3\t4\n", b"a\nb\n", r"row 1 \(byte 0\): each line must be numbers separated by tabs"),
        (b"", b"a\n", "each line must be numbers"),
        (b"1\t2\n3\t4\n", b"word\tcount\na\t1\nb\tx\n", "the column count must hold a whole number in every line"),
    ],
)
def test_bad_projector_files_are_refused_by_place(tmp_path, vectors, metadata, message):
    (tmp_path / "v.tsv").write_bytes(vectors)
    (tmp_path / "v.metadata.tsv").write_bytes(metadata)
    with pytest.raises(VectorFormatError, match=message):
        load_vectors(tmp_path / "v.tsv")
    (tmp_path / "v.metadata.tsv").unlink()
    with pytest.raises(VectorFormatError):
        load_vectors(tmp_path / "v.tsv")


# ---- Parquet and Arrow


def test_tables_of_others_are_read_by_what_their_columns_hold(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = pa.table({
        "id": pa.array([7, 8], pa.int32()),
        "word": pa.array(["a", "b"], pa.large_string()),
        "embedding": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float64())),
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "v.parquet")
    feather.write_feather(table, str(tmp_path / "v.feather"), compression="zstd")
    with pa.ipc.new_stream(str(tmp_path / "v.arrow"), table.schema) as stream:
        stream.write_table(table)
    for name in ("v.parquet", "v.feather", "v.arrow"):
        loaded = load_vectors(tmp_path / name)
        assert loaded.index_to_key == ["a", "b"]
        assert loaded.vectors.dtype == np.float32
        assert loaded.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("keys", "vectors", "message"),
    [
        (["a", None], [[1.0], [2.0]], "row 2: the column key is empty here"),
        (["a", "b"], [[1.0], None], "row 2: the column vector is empty here"),
        (["a", "b"], [[1.0], [None]], "row 2: a number is missing in column vector"),
        (["a", "b"], [[1.0], [2.0, 3.0]], "row 2: has 2 numbers in column vector, but the rows before 1"),
        (["a", "b"], [[], []], "dimensions must be 1 to"),
        (["a", "a"], [[1.0], [2.0]], "row 2: the key 'a' came before"),
        (["a", "b"], [[1.0], [float("inf")]], "row 2: a number of 'b' is NaN or too large"),
        ([], [], "the table has no rows"),
    ],
)
@pytest.mark.parametrize("suffix", TABLES)
def test_bad_tables_are_refused_by_row(tmp_path, suffix, keys, vectors, message):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = pa.table({"key": pa.array(keys, pa.string()), "vector": pa.array(vectors, pa.list_(pa.float32()))})
    if suffix == ".parquet":
        parquet.write_table(table, tmp_path / "v.parquet")
    else:
        feather.write_feather(table, str(tmp_path / "v.arrow"))
    with pytest.raises(VectorFormatError, match=message):
        load_vectors(tmp_path / f"v{suffix}")


def test_a_table_without_vectors_names_its_columns(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"word": ["a"], "x": [1.5]}), tmp_path / "v.parquet")
    with pytest.raises(VectorFormatError, match=r"of vectors among word \(string\), x \(double\): call it"):
        load_vectors(tmp_path / "v.parquet")


def test_the_missing_package_is_named_with_its_extra(tmp_path, animals, monkeypatch):
    import sys

    for package, target, kind, extra in (("pyarrow", "v.parquet", None, "arrow"), ("spacy", "v", "spacy", "spacy")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(VectorFormatError, match=rf"pip install 'w2vplus\[{extra}\]'"):
            save_vectors(animals, tmp_path / target, format=kind)


# ---- folders


def test_a_static_folder_reads_back_and_is_known_by_its_files(tmp_path, animals):
    del animals.expandos["count"]
    for table in (animals, keyed(["[UNK]", "b"], np.ones((2, 2), np.float16))):
        path = tmp_path / f"static-{len(table)}"
        save_vectors(table, path, format="static")
        assert_same(load_vectors(path), table)
        assert_same(load_vectors(path, limit=1), table, limit=1)
        with pytest.raises(FileExistsError, match="exists already"):
            save_vectors(table, path, format="static")


@pytest.mark.parametrize(
    ("keys", "normalizer", "splitter"),
    [
        (["the", "cat_sat", ".", "3"], {"type": "Lowercase"}, "Whitespace"),
        (["The", "cat"], None, "Whitespace"),
        (["don't", "cat"], {"type": "Lowercase"}, "WhitespaceSplit"),
    ],
)
def test_the_tokenizer_of_a_static_folder_follows_from_the_keys(tmp_path, keys, normalizer, splitter):
    save_vectors(keyed(keys, np.ones((len(keys), 2), np.float32)), tmp_path / "static", format="static")
    tokenizer = json.loads((tmp_path / "static/tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer["normalizer"] == normalizer
    assert tokenizer["pre_tokenizer"] == {"type": splitter}
    assert tokenizer["model"]["vocab"] == {**{key: row for row, key in enumerate(keys)}, "[UNK]": len(keys)}


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", b"{", "no valid JSON"),
        ("tokenizer.json", b"[]", "tokenizer.json has no vocabulary"),
        ("tokenizer.json", b'{"model": {"vocab": {"a": 0, "b": 2}}}', "must number its tokens from 0 without a gap"),
        ("tokenizer.json", b'{"model": {"vocab": [["a", 0.5]]}}', "has 1 tokens, but the matrix 4 rows"),
        ("model.safetensors", b"junk", "no valid safetensors file"),
    ],
)
def test_a_damaged_static_folder_is_refused(tmp_path, animals, file, content, message):
    save_vectors(animals, tmp_path / "static", format="static")
    (tmp_path / "static" / file).write_bytes(content)
    with pytest.raises(VectorFormatError, match=message):
        load_vectors(tmp_path / "static")


def test_static_folders_with_fewer_rows_than_tokens_are_read(tmp_path):
    from safetensors.numpy import save_file

    # model2vec's vocabulary quantisation: a map of tokens to rows, and a weight for each token.
    matrix, weights = np.float32([[1, 2], [3, 4]]), np.float32([1, 1, 2])
    content = {"embeddings": matrix, "mapping": np.array([0, 1, 1]), "weights": weights}
    save_file(content, tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0, "b": 1, "c": 2}}}')
    assert load_vectors(tmp_path).vectors.tolist() == [[1, 2], [3, 4], [6, 8]]
    save_file({**content, "mapping": np.array([0, 1, 5])}, tmp_path / "model.safetensors")
    with pytest.raises(VectorFormatError, match="names rows that the matrix does not have"):
        load_vectors(tmp_path)


def test_the_folder_of_a_trained_model_yields_its_vectors(tmp_path):
    model = Word2Vec([["a", "b", "a"]] * 3, vector_size=4, min_count=1, epochs=1, workers=1)
    model.save_folder(tmp_path / "model")
    loaded = load_vectors(tmp_path / "model")
    assert type(loaded) is KeyedVectors
    assert loaded.index_to_key == ["a", "b"]
    assert loaded.get_vecattr("a", "count") == 6
    assert np.array_equal(loaded.vectors, model.wv.vectors)
    with pytest.raises(ValueError, match=r"format model .* is only read"):
        save_vectors(loaded, tmp_path / "other", format="model")


@pytest.mark.parametrize("kind", ["int8", "float16"])
def test_quantised_folders_are_opened_like_any_other(tmp_path, kind):
    quantized = QuantizedVectors.of(keyed(["a", "b"], np.float32([[127, -2, 0], [0.5, 0.25, -1]]), [7, 3]), kind)
    quantized.save(tmp_path / "q")
    loaded = load_vectors(tmp_path / "q")
    assert loaded.vectors.dtype == (np.float16 if kind == "float16" else np.float32)
    assert np.array_equal(loaded.vectors, quantized.keyed_vectors().vectors)
    assert (loaded.index_to_key, loaded.get_vecattr("b", "count")) == (["a", "b"], 3)
    assert load_vectors(tmp_path / "q", limit=1).index_to_key == ["a"]
    (tmp_path / "q" / "arrays-1.safetensors").write_bytes(b"short")
    with pytest.raises(VectorFormatError, match=r"is damaged: it has 5 bytes"):
        load_vectors(tmp_path / "q")


@pytest.mark.parametrize(("made_by", "name"), [(GensimWord2Vec, "m.model"), (Word2Vec, "m.w2v")])
def test_a_saved_model_yields_its_vectors(tmp_path, made_by, name):
    model = made_by([["a", "b", "a"]] * 3, vector_size=4, min_count=1, epochs=1, workers=1)
    model.save(str(tmp_path / name))
    loaded = load_vectors(tmp_path / name)
    assert type(loaded) is KeyedVectors and loaded.get_vecattr("a", "count") == 6
    assert np.array_equal(loaded.vectors, model.wv.vectors)
    first = load_vectors(tmp_path / name, limit=1, dtype="float16")
    assert first.vectors.tolist() == [np.float16(model.wv["a"]).tolist()]
    with pytest.raises(ValueError, match=r"format pickle .* is only read"):
        save_vectors(loaded, tmp_path / "other.model")
    (tmp_path / name).write_bytes(pickle.dumps(["a"]))
    with pytest.raises(VectorFormatError, match=r"a pickle of builtins\.list, which neither gensim nor w2vplus saved"):
        load_vectors(tmp_path / name)


def test_suffixes_that_are_only_read_are_not_offered_for_writing(tmp_path):
    with pytest.raises(ValueError, match=r"cannot tell") as refused:
        save_vectors(KeyedVectors(1), tmp_path / "v.xyz")
    assert ".bin" in str(refused.value) and ".model" not in str(refused.value) and "pickle" not in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1, 2.5, "3", True])
def test_a_limit_is_a_whole_number(tmp_path, limit):
    with pytest.raises(ValueError, match=r"limit must be a whole number, at least 1, or None, got "):
        load_vectors(tmp_path / "v.txt", limit=limit)


def test_an_unknown_folder_says_what_is_looked_for(tmp_path):
    with pytest.raises(ValueError, match=r"it has none of .*model\.safetensors \(static\), w2vplus\.json \(model\)"):
        load_vectors(tmp_path)


def test_the_registry_is_whole():
    for name, entry in FORMATS.items():
        assert entry.name == name
        assert entry.suffixes or entry.marks
    suffixes = [suffix for entry in FORMATS.values() for suffix in entry.suffixes]
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("suffix", [".bin", ".txt", ".glove", ".kv", *WITH_COUNTS])
@pytest.mark.parametrize("key", ["word", "new york", "two\nlines", "", "x" * 70_000, "\ud800", 7, ("a", "b")])
def test_keys_are_refused_before_there_are_vectors_where_writing_them_would_fail(tmp_path, suffix, key):
    path = str(path_in(tmp_path, suffix))
    outcomes = []
    for act in (lambda: check_keys([key], path), lambda: save_vectors(keyed([key], np.ones((1, 2), np.float32)), path)):
        try:
            act()
            outcomes.append("")
        except VectorFormatError as error:
            outcomes.append(str(error))
    checked, written = outcomes
    assert checked == written or (not checked and "valid Unicode" in written), "Arrow alone knows what it can encode"
