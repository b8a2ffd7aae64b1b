"""Columns of tables: every kind of file and table gives the sentences that its rows hold."""

import bz2
import csv
import gzip
import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from w2vplus import Word2Vec
from w2vplus.cli import app
from w2vplus.corpus import byte_size, encode, fingerprint, open_corpus, open_sentences
from w2vplus.errors import CorpusError

ROWS = [
    {"id": 1, "title": "The Cat", "text": "the cat sat\non the mat",
     "tokens": ["the", "new york", "cat"], "walk": [7, 9]},
    {"id": 2, "title": "", "text": 'said "hi", then left', "tokens": [], "walk": []},
    {"id": 3, "title": "字 naïve", "text": None, "tokens": None, "walk": None},
    {"id": 4, "title": "last", "text": "the end", "tokens": ["the", "cat", "the"], "walk": [9, 9, -1]},
]  # fmt: skip
TEXTS = [row["text"].split() for row in ROWS if row["text"]]
TOKENS = [row["tokens"] or [] for row in ROWS]
WALKS = [row["walk"] or [] for row in ROWS]
TITLES_AND_TEXTS = [value.split() for row in ROWS for value in (row["title"], row["text"]) if value]


def sentences_of(corpus):
    ids, starts = corpus.store.ids.tolist(), corpus.store.sentence_starts.tolist()
    return [[corpus.types[i] for i in ids[a:b]] for a, b in pairwise(starts)]


def check(corpus, expected):
    """Iterated twice and encoded, the corpus gives these sentences, its tokens Python's own."""
    assert list(corpus) == expected
    assert list(corpus) == expected
    encoded = encode(corpus)
    assert sentences_of(encoded) == expected
    assert {type(token) for token in encoded.types} <= {str, int}
    assert encoded.types == list(dict.fromkeys(token for sentence in expected for token in sentence))


def json_lines(rows=ROWS):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def delimited(delimiter, fields=("id", "title", "text")):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([fields, *([row[field] for field in fields] for row in ROWS)])
    return out.getvalue().encode()


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), prog_name="w2vplus")


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


# ---- Files read row by row


@pytest.mark.parametrize(
    ("suffix", "compress"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress)]
)
def test_text_columns_of_json_lines_csv_and_tsv(write, suffix, compress):
    for name, data in [("a.jsonl", json_lines()), ("a.csv", delimited(",")), ("a.tsv", delimited("\t"))]:
        path = write(name + suffix, compress(data))
        check(open_corpus(path, fields="text"), TEXTS)
        check(open_corpus(path, fields=["title", "text"]), TITLES_AND_TEXTS)
        assert sentences_of(encode([path, path], fields="text", workers=2)) == TEXTS * 2


def test_token_lists_of_json_lines_keep_tokens_with_spaces_and_integers(write):
    path = write("a.jsonl", json_lines())
    check(open_corpus(path, fields="tokens"), TOKENS)
    check(open_corpus(path, fields="walk"), WALKS)
    assert len(open_corpus([path, path], fields="walk").corpora) == 2
    assert fingerprint(open_corpus(path, fields="walk")) != fingerprint(open_corpus(path, fields="tokens"))
    assert byte_size(open_corpus(path, fields="walk")) is None


def test_json_lines_are_known_by_their_first_bytes_where_the_name_says_nothing(write):
    check(open_corpus(write("dump", gzip.compress(json_lines())), fields="text"), TEXTS)


def test_normalizing_limits_and_length_apply_to_text_columns(write):
    path = write("a.jsonl", json_lines())
    assert list(open_corpus(path, fields="title", normalize="simple")) == [
        ["the", "cat"],
        ["naïve"],
        ["last"],
    ]
    assert sentences_of(encode(path, fields="title", normalize="simple")) == [
        ["the", "cat"],
        ["naïve"],
        ["last"],
    ]
    assert list(open_corpus(path, fields="text", limit=1, max_sentence_length=4)) == [
        ["the", "cat", "sat", "on"], ["the", "mat"],
    ]  # fmt: skip
    assert list(open_corpus(path, fields=["title", "text"], limit=1)) == TITLES_AND_TEXTS[:2]
    with pytest.raises(CorpusError, match="holds token lists, ready as they are"):
        open_corpus(path, fields="tokens", normalize="simple")


@given(st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=12)), max_size=8))
@example(["\x00", "\x00\x80"])  # of which a file would look like UTF-16
@example(["PK\x03\x04", "\ufeffmark"])
def test_any_text_in_a_column_is_split_as_str_split_does(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    path.write_bytes(json_lines([{"text": text} for text in texts]))
    expected = [tokens for text in texts if (tokens := (text or "").split())]
    assert sentences_of(encode(str(path), fields="text")) == expected
    assert list(open_corpus(str(path), fields="text")) == expected


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "a.jsonl",
            json_lines(),
            "row 1, has no column 'txt'; it has 'id', 'title', 'text', 'tokens', 'walk'",
        ),
        ("a.csv", delimited(","), "a.csv has no column 'txt'; it has 'id', 'title', 'text'"),
        ("a.csv", b"id,txt\n1,one\n2\n", "row 2, has 1 fields where the header has 2"),
        ("a.csv", b'txt\n"one', "row 1, cannot be read: unexpected end of data"),
        ("a.csv", b"txt\none\n" + b"x" * 200_000, "field_size_limit"),
        ("a.csv", b"txt\ncaf\xe9\n", "is not UTF-8.*--errors"),
        (
            "a.jsonl",
            b'{"txt": "a"}\n{"txt": 7}\n',
            "row 2, column 'txt', holds int 7, not text as other rows",
        ),
        ("a.jsonl", b'{"txt": ["a"]}\n{"txt": "b"}\n', "row 2, column 'txt', holds str 'b', not a list"),
        ("a.jsonl", b'{"txt": ["a", 1.5]}\n', "row 1, column 'txt', has the token 1.5; tokens must be"),
        ("a.jsonl", b'{"txt": 7}\n', "row 1, column 'txt', holds int 7, neither text nor a list of tokens"),
        ("a.jsonl", b'{"txt": "a"}\n{"txt":\n', "row 2, is not JSON"),
        ("a.jsonl", b'\n{"txt": "a"}\n\n\n{"txt": 7}\n', "row 5, column 'txt', holds int 7, not text"),
        ("a.jsonl", b'\n{"txt": "a"}\n\n\n{"txt":\n', "row 5, is not JSON"),
        ("a.jsonl", b'["txt"]\n', "row 1, is a JSON list, not an object with columns"),
        ("a.jsonl", b'{"txt": "caf\xe9"}\n', "row 1, is not UTF-8.*--errors"),
        ("a.jsonl", b'{"txt": "\\ud800"}\n', "is not UTF-8 at line 1"),
        ("a.txt", b"plain words\n", "could pick columns of"),
    ],
)
def test_bad_tables_are_refused_with_row_and_column(write, name, data, message):
    with pytest.raises(CorpusError, match=message):
        encode(write(name, data), fields="txt")


@pytest.mark.parametrize("field", ["text", "tokens"])
def test_a_table_that_changes_while_it_is_read_is_refused(write, field):
    path = write("a.jsonl", json_lines() * 30_000)

    def change(_count):
        with open(path, "ab") as file:
            file.write(b"\n")

    with pytest.raises(CorpusError, match=r"a\.jsonl changed while it was read"):
        encode(open_corpus(path, fields=field), progress=change)


def test_tables_without_fields_and_fields_without_tables_are_refused(write):
    with pytest.raises(CorpusError, match=r"is a table: name its column .* open_corpus\(.*\(--column on the command"):
        open_corpus(write("a.jsonl.gz", gzip.compress(json_lines())))
    with pytest.raises(CorpusError, match="fields= picks columns of tables"):
        open_corpus([["a"]], fields="text")


def test_the_command_line_trains_on_a_normalized_column(write, tmp_path):
    path = write("a.jsonl.gz", gzip.compress(json_lines() * 20))
    options = ["--column", "title", "--column", "text", "--normalize", "simple", "--split-sentences"]
    target = tmp_path / "counts.tsv"
    assert run("vocab", path, "-q", "-o", str(target), *options).exit_code == 0
    assert dict(line.split("\t") for line in target.read_text("utf-8").splitlines())["cat"] == "40"
    vectors = tmp_path / "v.txt"
    assert run("train", path, "-q", "-o", str(vectors), "--vector-size", "4", *options).exit_code == 0
    assert "naïve " in vectors.read_text("utf-8")
    refused = run("phrases", path, "-q", "--column", "body")
    assert refused.exit_code == 1
    assert "has no column 'body'; it has 'id', 'title'" in refused.stderr


# ---- Arrow


@pytest.fixture
def table():
    pa = pytest.importorskip("pyarrow", reason="Arrow tables need pyarrow")
    return pa.concat_tables(
        [pa.Table.from_pylist(ROWS[:1]), pa.Table.from_pylist(ROWS[1:])], promote_options="permissive"
    )


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrow", ".parquet.gz", ""])
def test_arrow_files_give_text_and_token_lists(table, tmp_path, suffix):
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    path = str(tmp_path / f"a{suffix}")
    if ".parquet" in suffix:
        pyarrow.parquet.write_table(table, path, row_group_size=1)
    elif suffix == ".feather":
        pyarrow.feather.write_feather(table, path, chunksize=1)
    else:
        opener = pa.ipc.new_file if suffix == "" else pa.ipc.new_stream
        with pa.OSFile(path, "wb") as sink, opener(sink, table.schema) as writer:
            writer.write_table(table)
    if suffix.endswith(".gz"):
        Path(path).write_bytes(gzip.compress(Path(path).read_bytes()))
    check(open_corpus(path, fields="text"), TEXTS)
    check(open_corpus(path, fields=["title", "text"]), TITLES_AND_TEXTS)
    check(open_corpus(path, fields="tokens"), TOKENS)
    check(open_corpus(path, fields=("walk",)), WALKS)
    assert fingerprint(open_corpus(path, fields="walk")) == fingerprint(open_corpus(path, fields="walk"))
    with pytest.raises(
        CorpusError, match="has no column 'txt'; it has 'id', 'title', 'text', 'tokens', 'walk'"
    ):
        open_corpus(path, fields="txt")
    with pytest.raises(CorpusError, match="holds int64, neither text nor lists"):
        open_corpus(path, fields="id")


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: data[:60] + b"#" * 90 + data[150:]])
@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_damaged_arrow_files_are_refused_by_name(table, tmp_path, name, damage):
    import pyarrow.feather
    import pyarrow.parquet

    path = tmp_path / name
    writer = pyarrow.parquet.write_table if name.endswith("parquet") else pyarrow.feather.write_feather
    writer(table.select(["text"]), str(path))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorpusError, match=name):
        encode(str(path), fields="text")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"\n\nid,text\n1,a b\n\n2,c\n3,\n\n"),
        ("a.tsv", b"\r\nid\ttext\r\n1\ta b\r\n\r\n2\tc\r\n3\t\r\n\r\n"),
        ("b.csv", b'\ntext\na b\n\nc\n""\n\n'),
        ("a.jsonl", b'\n{"text": "a b"}\n\n{"text": "c"}\n{"text": ""}\n\n'),
    ],
)
def test_blank_lines_are_no_rows(write, name, data):
    corpus = open_corpus(write(name, data), fields="text")
    assert list(corpus.files()[0].table.values()) == ["a b", "c", ""]
    assert encode(corpus).types == ["a", "b", "c"]


def test_without_pyarrow_parquet_says_what_to_install(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CorpusError, match=r"need the package pyarrow: pip install 'w2vplus\[arrow\]'"):
        open_corpus(write("a.parquet", b"PAR1"), fields="text")


def test_polars_and_pandas_are_read_without_pyarrow_too(monkeypatch):
    polars = pytest.importorskip("polars", reason="needs polars")
    monkeypatch.setattr("w2vplus.corpus.columns.find_spec", lambda _name: None)
    frame = polars.DataFrame(ROWS)
    check(open_corpus(frame, fields="walk"), WALKS)
    check(open_corpus(frame["text"]), TEXTS)


def test_arrow_tables_and_columns_in_memory(table):
    import pyarrow as pa

    check(open_corpus(table, fields="text"), TEXTS)
    check(open_corpus(table.slice(1), fields="walk"), WALKS[1:])
    check(open_corpus(table.column("tokens")), TOKENS)
    check(open_corpus(table.column("walk").combine_chunks()), WALKS)
    check(open_corpus(table.column("text").dictionary_encode()), TEXTS)
    check(open_corpus(table.to_batches()[0], fields="text"), TEXTS[:1])
    check(open_corpus(pa.FixedSizeListArray.from_arrays(pa.array([1, 2, 3, 4]), 2)), [[1, 2], [3, 4]])
    check(open_sentences(table.column("walk")), WALKS)
    model = Word2Vec(table.column("walk"), min_count=1, vector_size=4, workers=1)
    assert sorted(model.wv.index_to_key) == [-1, 7, 9]
    with pytest.raises(CorpusError, match=r"several columns; pass one of them, or say .*: 'id', 'title'"):
        open_corpus(table)
    with pytest.raises(CorpusError, match="no column 'txt'; it has 'id'"):
        open_corpus(table, fields="txt")
    with pytest.raises(CorpusError, match="row 2, has a null among its tokens"):
        encode(pa.array([["a"], ["b", None]]))


def test_large_arrow_columns_are_the_same_as_their_lists():
    pa = pytest.importorskip("pyarrow", reason="Arrow columns need pyarrow")
    walks = np.random.default_rng(0).integers(0, 300, (40_000, 3))
    column = pa.FixedSizeListArray.from_arrays(pa.array(walks.reshape(-1)), 3)
    from_arrow, from_array = encode(column), encode(walks)
    assert from_arrow.types == from_array.types
    assert np.array_equal(from_arrow.store.ids, from_array.store.ids)
    words = pa.array([[f"w{node}" for node in walk] for walk in walks.tolist()])
    assert np.array_equal(encode(words).store.ids, from_array.store.ids)
    for source, limit in ((column, 0), (column, 500_000), (words, 0), (words[:9], 0)):
        spilled, whole = encode(source, spill_above=limit), encode(source)
        assert spilled.store.is_mapped and not whole.store.is_mapped
        assert (spilled.types, spilled.counts.tolist()) == (whole.types, whole.counts.tolist())
        assert np.array_equal(spilled.store.ids, whole.store.ids)
        assert np.array_equal(spilled.store.sentence_starts, whole.store.sentence_starts)


def test_pandas_frames_and_series():
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame(ROWS)
    check(open_corpus(frame, fields="text"), TEXTS)
    check(open_corpus(frame, fields=["title", "text"]), TITLES_AND_TEXTS)
    check(open_corpus(frame["tokens"]), TOKENS)
    check(open_corpus(pandas.Series([np.array([1, 2]), np.array([3])])), [[1, 2], [3]])
    with pytest.raises(CorpusError, match="no column 'txt'; it has 'id'"):
        open_corpus(frame, fields="txt")
    with pytest.raises(CorpusError, match="row 2, column 'values', holds int 3"):
        encode(pandas.Series(["a", 3], dtype=object))


def test_polars_frames_and_series():
    polars = pytest.importorskip("polars", reason="needs polars")
    frame = polars.DataFrame(ROWS)
    check(open_corpus(frame, fields="text"), TEXTS)
    check(open_corpus(frame["tokens"]), TOKENS)
    check(open_corpus(frame, fields="walk"), WALKS)
    check(open_corpus(frame["text"]), TEXTS)


def test_hugging_face_datasets():
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets")
    dataset = datasets.Dataset.from_list(ROWS)
    check(open_corpus(dataset, fields="text"), TEXTS)
    check(open_corpus(dataset, fields="tokens"), TOKENS)
    check(open_corpus(dataset.select([3, 0]), fields="walk"), [WALKS[3], WALKS[0]])
    check(open_corpus(dataset.to_iterable_dataset(), fields="walk"), WALKS)
    check(open_corpus(dataset["walk"]), WALKS)
    check(open_corpus(dataset.with_format("numpy"), fields="tokens"), TOKENS)
    with pytest.raises(CorpusError, match="splits 'train'"):
        open_corpus(datasets.DatasetDict(train=dataset), fields="text")


def test_streamed_hugging_face_datasets_that_do_not_know_their_types():
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets")
    texts = ["to be", "", "or not to be"]
    stream = datasets.Dataset.from_dict({"text": texts}).to_iterable_dataset()
    split = stream.map(lambda row: {"tokens": row["text"].split()})  # the type of an empty list is not that of others
    check(open_corpus(split, fields="tokens"), [text.split() for text in texts])
    check(open_corpus(split.with_format("numpy"), fields="text"), [texts[0].split(), texts[2].split()])
    uneven = datasets.IterableDataset.from_generator(lambda: iter([{"text": "to be"}, {"title": "or not"}]))
    with pytest.raises(CorpusError, match="IterableDataset, row 2, has no column 'text'; it has 'title'"):
        encode(open_corpus(uneven, fields="text"))
    with pytest.raises(CorpusError, match="has no column 'txt'; it has 'text', 'tokens'"):
        open_corpus(split, fields="txt")


def test_reading_tables_imports_no_table_package_that_is_not_needed(write):
    path = write("a.jsonl", json_lines())
    code = (
        "import sys; from w2vplus.corpus import encode; "
        f"encode({path!r}, fields='text'); "
        "print(*({'pyarrow', 'pandas', 'polars', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_byte_order_mark_before_json_lines_is_not_read(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a b"}\n{"text": "c"}\n', encoding="utf-8-sig")
    assert encode(str(path), fields="text").types == ["a", "b", "c"]


@pytest.mark.filterwarnings("error")
def test_a_lazy_frame_is_read_without_warnings():
    pl = pytest.importorskip("polars", reason="the frame is one of polars'")
    assert encode(pl.LazyFrame({"text": ["a b", "c"]}), fields="text").types == ["a", "b", "c"]


SENTENCES = ["the cat sat", "on mats"]


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("pandas", lambda pd: pd.Series(SENTENCES)),
        ("pandas", lambda pd: pd.Series(SENTENCES, dtype="string")),
        ("pandas", lambda pd: pd.DataFrame({"text": SENTENCES})),
        ("polars", lambda pl: pl.Series(SENTENCES)),
        ("polars", lambda pl: pl.DataFrame({"text": SENTENCES})),
        ("polars", lambda pl: pl.LazyFrame({"text": SENTENCES})),
        ("pyarrow", lambda pa: pa.array(SENTENCES)),
        ("pyarrow", lambda pa: pa.table({"text": SENTENCES})),
        ("datasets", lambda datasets: datasets.Dataset.from_dict({"text": SENTENCES})),
        ("numpy", lambda np: np.array(SENTENCES)),
        ("numpy", lambda np: np.array([None, *SENTENCES], dtype=object)),
    ],
)
def test_a_model_reads_a_column_of_texts_as_encode_does(package, make, recwarn):
    column = make(pytest.importorskip(package, reason=f"needs {package}"))
    words = [word for sentence in SENTENCES for word in sentence.split()]
    assert list(encode(column).types) == words
    model = Word2Vec(column, min_count=1, vector_size=4, workers=1, epochs=1)
    assert sorted(model.wv.index_to_key) == sorted(words)
    assert model.train(column, total_examples=2, epochs=1)[1] == len(words)
    model.build_vocab(column)
    assert sorted(model.wv.index_to_key) == sorted(words)
    assert list(Word2Vec(SENTENCES, min_count=1, vector_size=4, workers=1).wv.key_to_index) != words, "gensim's law"


def test_gensims_own_training_reads_a_column_of_texts_too(caplog):
    class Hooked(Word2Vec):
        def _do_train_job(self, *arguments):
            return super()._do_train_job(*arguments)

    assert sorted(Hooked(np.array(SENTENCES), min_count=1, vector_size=4).wv.index_to_key)[0] == "cat"
    assert "did not equal expected count" not in caplog.text


def test_a_table_of_several_columns_is_not_taken_for_its_column_names():
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    with pytest.raises(CorpusError, match=r"several columns; pass one of them, or say which .*: 'id', 'title'"):
        Word2Vec(pandas.DataFrame(ROWS), min_count=1)
