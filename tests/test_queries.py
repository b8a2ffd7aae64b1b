"""Queries in bulk against gensim's loop and against an exhaustive search in double precision; the index."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from w2vplus import load_vectors, most_similar_many, save_vectors
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.bench import BenchError, queries
from w2vplus.cli import app
from w2vplus.errors import VectorFormatError
from w2vplus.queries import Neighbours, VectorIndex, bulk, mean_of_nearest, nearest_others, nearest_rows, scan
from w2vplus.queries.scan import Excluded


def keyed(matrix: Any) -> KeyedVectors:
    vectors = KeyedVectors(np.shape(matrix)[1])
    vectors.add_vectors([f"w{row}" for row in range(len(matrix))], np.asarray(matrix, np.float32))
    return vectors


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    """More words than a block holds."""
    return keyed(np.random.default_rng(1).standard_normal((5000, 24)))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks, chunks and batches so small that a few words fill several."""
    monkeypatch.setattr(scan, "BLOCK_ROWS", 2 * scan.GROUP)
    monkeypatch.setattr(scan, "CHUNK_QUERIES", 3)
    monkeypatch.setattr(scan, "RESCORED_QUERIES", 2)
    monkeypatch.setattr(bulk, "QUERIES_AT_ONCE", 5)


def assert_like_gensim(expected: list[tuple[str, float]], found: list[tuple[str, float]], tolerance: float) -> None:
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=tolerance)


# ---- the answers


@pytest.mark.parametrize("restrict_vocab", [None, 700])
def test_words_are_answered_as_by_gensims_most_similar(vectors: KeyedVectors, restrict_vocab: int | None) -> None:
    words = vectors.index_to_key[::97]
    for word, found in zip(words, most_similar_many(vectors, words, restrict_vocab=restrict_vocab), strict=True):
        assert_like_gensim(vectors.most_similar(word, restrict_vocab=restrict_vocab), found, 1e-6)


@pytest.mark.parametrize("method", bulk.METHODS)
def test_analogies_are_answered_as_by_gensim(vectors: KeyedVectors, method: str) -> None:
    rows = np.random.default_rng(2).choice(len(vectors), (60, 3)).tolist()
    positive, negative = [[f"w{b}", f"w{c}"] for _, b, c in rows], [[f"w{a}"] for a, _, _ in rows]
    ask = {"3CosAdd": vectors.most_similar, "3CosMul": vectors.most_similar_cosmul}[method]
    answers = most_similar_many(vectors, positive, negative, topn=7, method=method)
    for add, remove, found in zip(positive, negative, answers, strict=True):
        assert_like_gensim(ask(positive=add, negative=remove, topn=7), found, 2e-5)


def test_words_vectors_weights_and_rows_mix_as_in_gensim(vectors: KeyedVectors) -> None:
    vector = np.random.default_rng(3).standard_normal(24).astype(np.float32)
    queries: list[Any] = ["w7", vector, ["w7", "w8", vector], [("w7", 0.3), ("w8", -2.0)], 12]
    for query, found in zip(queries, most_similar_many(vectors, queries), strict=True):
        if query is vector:
            assert_like_gensim(vectors.similar_by_vector(vector), found, 1e-6)
        else:
            assert_like_gensim(vectors.most_similar(positive=query), found, 1e-6)


def test_arrays_of_rows_and_of_vectors_are_queries(vectors: KeyedVectors) -> None:
    by_row = most_similar_many(vectors, np.array([3, 5]))
    assert by_row[0] == most_similar_many(vectors, ["w3"])[0]
    by_vector = most_similar_many(vectors, vectors.vectors[[3, 5]], topn=1)
    assert [found[0][0] for found in by_vector] == ["w3", "w5"]  # a vector is no word that is left out


def test_fasttext_answers_for_words_it_never_saw() -> None:
    model = FastText([["night", "nights", "nightly", "day", "days"]] * 20, vector_size=8, min_count=1, bucket=50)
    (found,) = most_similar_many(model.wv, [["nightless"]], topn=3)
    assert_like_gensim(model.wv.most_similar("nightless", topn=3), found, 1e-6)


def exhaustive(matrix: np.ndarray, targets: np.ndarray, topn: int, banned: set[tuple[int, int]]) -> list[list[int]]:
    """The slow twin of `nearest_rows`: every cosine in float64, ties to the lower row."""
    answers = []
    for query, target in enumerate(targets.astype(np.float64)):
        scored = []
        for row, vector in enumerate(matrix.astype(np.float64)):
            if np.linalg.norm(vector) > 0 and (query, row) not in banned:
                scored.append((-(vector @ target) / np.linalg.norm(vector) / np.linalg.norm(target), row))
        answers.append([row for _, row in sorted(scored)[:topn]])
    return answers


@given(st.integers(0, 2**32 - 1), st.integers(1, 150), st.integers(1, 9), st.integers(1, 12), st.integers(1, 40))
@settings(max_examples=60)
def test_the_search_finds_what_an_exhaustive_one_finds(
    seed: int, words: int, queries: int, dimensions: int, topn: int
) -> None:
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((words, dimensions)).astype(np.float32)
    matrix[random.random(words) < 0.1] = 0
    targets = random.standard_normal((queries, dimensions))
    banned = {(int(random.integers(queries)), int(random.integers(words))) for _ in range(queries)}
    pairs = np.array(sorted(banned), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BLOCK_ROWS", 2 * scan.GROUP), ("CHUNK_QUERIES", 4), ("RESCORED_QUERIES", 3)):
            patch.setattr(scan, name, value)
        rows, cosines = nearest_rows(matrix, targets, topn, excluded=Excluded.of(pairs[:, 0], pairs[:, 1]))
    assert rows.shape == cosines.shape == (queries, min(topn, words))
    for found, scores, expected in zip(rows, cosines, exhaustive(matrix, targets, topn, banned), strict=True):
        assert len(expected) == np.count_nonzero(found >= 0) == np.count_nonzero(scores > -np.inf)
        # In one dimension all cosines are 1 or -1, and rounding decides among equals.
        if dimensions > 1:
            assert found[: len(expected)].tolist() == expected
    assert (np.diff(np.where(cosines == -np.inf, -9, cosines), axis=1) <= 0).all()


@settings(max_examples=30)
@given(rows=st.integers(2, 40), topn=st.integers(1, 12), seed=st.integers(0, 99))
def test_the_nearest_others_are_those_that_sorting_finds(rows: int, topn: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).standard_normal((rows, 5))
    asked = np.arange(rows)[::2]
    found, cosines = nearest_others(matrix, asked, topn)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    full = unit @ unit.T
    np.fill_diagonal(full, -np.inf)
    order = np.argsort(-full[asked], axis=1)[:, :topn]
    kept = min(topn, rows - 1)
    assert (found[:, :kept] == order[:, :kept]).all() and (found[:, kept:] == -1).all()
    np.testing.assert_allclose(cosines[:, :kept], np.take_along_axis(full[asked], order[:, :kept], axis=1), atol=1e-12)


def test_ties_go_to_the_more_frequent_word() -> None:
    vectors = keyed([[1, 0], [0, 1], [0, 2], [0, 1], [0, 4]])
    (found,) = most_similar_many(vectors, [np.array([0.0, 1.0])], topn=4)
    assert [word for word, _ in found] == ["w1", "w2", "w3", "w4"]


@pytest.mark.usefixtures("small_blocks")
def test_small_blocks_and_batches_change_nothing(vectors: KeyedVectors) -> None:
    few = keyed(vectors.vectors[:200])
    words = few.index_to_key[:23]
    for method, tolerance in (("3CosAdd", 1e-6), ("3CosMul", 2e-5)):
        ask = few.most_similar if method == "3CosAdd" else few.most_similar_cosmul
        for word, found in zip(words, most_similar_many(few, words, method=method), strict=True):
            assert_like_gensim(ask(positive=[word]), found, tolerance)


@pytest.mark.parametrize("method", bulk.METHODS)
def test_an_answer_does_not_depend_on_what_else_is_asked(vectors: KeyedVectors, method: str) -> None:
    words = vectors.index_to_key[:600]
    together = most_similar_many(vectors, words, method=method)
    for number in (0, 1, 511, 512, 599):
        alone = most_similar_many(vectors, [words[number]], method=method)
        assert alone[0] == together[number]


def test_more_answers_than_words_are_all_there_are() -> None:
    vectors = keyed(np.eye(4))
    found = most_similar_many(vectors, ["w0", ["w1", "w2"]], topn=10)
    assert [len(answers) for answers in found] == [3, 2]
    assert found.rows.shape == (2, 4) and (found.rows[0, 3:] == -1).all()


def test_asking_for_more_answers_than_there_are_takes_no_memory() -> None:
    tracemalloc.start()
    assert len(most_similar_many(keyed(np.eye(4)), ["w0"], topn=10**9)[0]) == 3
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_all_words_are_ranked_in_bounded_memory(vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    words = vectors.index_to_key[:20]
    whole = most_similar_many(vectors, words, topn=len(vectors))
    monkeypatch.setattr(scan, "RESCORED_NUMBERS", 1)
    one_by_one = most_similar_many(vectors, words, topn=len(vectors))
    assert (whole.rows == one_by_one.rows).all() and (whole.scores == one_by_one.scores).all()


def test_words_without_direction_are_never_answers() -> None:
    vectors = keyed([[1, 0], [0, 0], [-1, 0.5], [np.nan, 1]])
    assert [word for word, _ in most_similar_many(vectors, ["w0"])[0]] == ["w2"]


def test_half_precision_vectors_are_searched(vectors: KeyedVectors) -> None:
    half = keyed(vectors.vectors[:300])
    half.vectors = half.vectors.astype(np.float16)
    single = keyed(half.vectors.astype(np.float32))
    assert list(most_similar_many(half, ["w5"])) == list(most_similar_many(single, ["w5"]))


def test_the_vectors_are_only_read(vectors: KeyedVectors) -> None:
    before, norms = vectors.vectors.copy(), vectors.norms
    most_similar_many(vectors, ["w1"])
    assert (vectors.vectors == before).all() and vectors.norms is norms


def test_answers_are_a_sequence(vectors: KeyedVectors) -> None:
    found = most_similar_many(vectors, ["w1", "w2", "w3"], topn=2)
    assert len(found) == 3 and found[-1] == list(found)[2] and found[:2] == [found[0], found[1]]
    assert most_similar_many(vectors, []).rows.shape == (0, 10)


def test_mean_of_nearest_is_the_mean_of_the_best_cosines() -> None:
    means = mean_of_nearest(np.eye(3), np.array([[1.0, 0, 0], [1, 1, 0]]), 2)
    assert means == pytest.approx([0.5, 2**-0.5])


# ---- what is refused


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"positive": "w1"}, TypeError, "one entry for each query, got the string 'w1'"),
        ({"positive": ["w1"], "topn": 0}, ValueError, "topn must be a whole number, at least 1, got 0"),
        ({"positive": ["w1"], "restrict_vocab": 0}, ValueError, "restrict_vocab must be a whole number, at least 1"),
        ({"positive": ["w1"], "method": "cosmul"}, ValueError, "method must be one of 3CosAdd, 3CosMul"),
        ({"positive": ["w1"], "negative": []}, ValueError, "one entry for each query, got 1 and 0"),
        ({"positive": ["w1", []]}, ValueError, "query 1 has no word"),
        ({"positive": ["w2", "w1"], "negative": [[], ["w1"]]}, ValueError, "query 1 has no direction"),
        ({"positive": ["no", "nope"]}, KeyError, "no vector for 'no', 'nope'"),
        ({"positive": [np.zeros(3)]}, ValueError, r"shape \(24,\), got \(3,\)"),
        ({"positive": [[("w1", "w2")]]}, ValueError, r"a key, a vector or \(key, weight\)"),
        ({"positive": [[]], "negative": ["w1"], "method": "3CosMul"}, ValueError, "query 0 has no positive word"),
        ({"positive": [[("w1", 2.0)]], "method": "3CosMul"}, ValueError, "3CosMul knows no weights"),
        ({"positive": [np.zeros(24)], "method": "3CosMul"}, ValueError, "query 0 has a word whose vector is zero"),
    ],
)
def test_queries_that_cannot_be_meant_are_refused(
    vectors: KeyedVectors, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        most_similar_many(vectors, **arguments)


# ---- the index


@pytest.fixture(scope="module")
def index(vectors: KeyedVectors) -> VectorIndex:
    pytest.importorskip("usearch", reason="needs the extra: pip install 'w2vplus[index]'")
    return VectorIndex(vectors, expansion_search=256)


def test_an_index_finds_nearly_all_with_exact_cosines(vectors: KeyedVectors, index: VectorIndex) -> None:
    measured = index.recall(queries=300)
    assert measured.mean > 0.95 and measured.queries == 300 and set(measured.as_dict()) >= {"mean", "least"}
    words = vectors.index_to_key[:50]
    exact, found = most_similar_many(vectors, words), most_similar_many(vectors, words, index=index)
    assert (exact.rows == found.rows).mean() > 0.9
    same = exact.rows == found.rows
    assert (exact.scores[same] == found.scores[same]).all()
    assert all(word not in dict(answers) for word, answers in zip(words, found, strict=True))


def test_gensim_takes_the_index_for_an_indexer(vectors: KeyedVectors, index: VectorIndex) -> None:
    assert vectors.most_similar("w9", topn=3, indexer=index)[0][0] == "w9"  # its indexers return the word itself
    assert len(vectors.most_similar("w9", topn=3, indexer=index)) == 3


def test_an_index_is_saved_and_loaded(vectors: KeyedVectors, index: VectorIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "w.usearch")
    loaded = VectorIndex.load(tmp_path / "w.usearch", vectors)
    answers = [list(most_similar_many(vectors, ["w1"], index=one)) for one in (loaded, index)]
    assert answers[0] == answers[1]
    with pytest.raises(VectorFormatError, match="it belongs to others"):
        VectorIndex.load(tmp_path / "w.usearch", keyed(np.eye(5)))
    with pytest.raises(VectorFormatError, match="made of other vectors"):
        VectorIndex.load(tmp_path / "w.usearch", keyed(vectors.vectors[::-1]))
    (tmp_path / "foreign").write_bytes(b"no index" * 100)
    with pytest.raises(VectorFormatError, match="no index"):
        VectorIndex.load(tmp_path / "foreign", vectors)
    with pytest.raises(FileNotFoundError):
        VectorIndex.load(tmp_path / "missing", vectors)


def test_an_index_passes_over_words_without_direction() -> None:
    pytest.importorskip("usearch", reason="needs the extra: pip install 'w2vplus[index]'")
    vectors = keyed([[1, 0], [0, 0], [-1, 0.5], [0.5, 1]])
    found = most_similar_many(vectors, ["w0"], index=VectorIndex(vectors))
    assert [word for word, _ in found[0]] == ["w3", "w2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "3CosMul"}, "an index answers 3CosAdd only"),
        ({"restrict_vocab": 5}, "an index searches all its vectors"),
    ],
)
def test_an_index_refuses_what_it_cannot_do(
    vectors: KeyedVectors, index: VectorIndex, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        most_similar_many(vectors, ["w1"], index=index, **arguments)
    with pytest.raises(ValueError, match="the index holds 5000 vectors"):
        most_similar_many(keyed(np.eye(3)), ["w1"], index=index)


def test_without_usearch_the_error_names_the_extra(vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch", None)
    with pytest.raises(ImportError, match=r"pip install 'w2vplus\[index\]'"):
        VectorIndex(vectors)


@pytest.mark.parametrize("arguments", [{"connectivity": 1}, {"expansion_add": 0}, {"threads": -1}, {"dtype": "f8"}])
def test_an_index_of_settings_out_of_range_is_refused(vectors: KeyedVectors, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        VectorIndex(vectors, **arguments)


# ---- w2vplus neighbours


def run(*arguments: object, input: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus", input=input)


def test_neighbours_of_all_words_are_written(vectors: KeyedVectors, tmp_path: Path) -> None:
    few = keyed(vectors.vectors[:30])
    save_vectors(few, tmp_path / "v.bin")
    done = run("neighbours", tmp_path / "v.bin", "-o", tmp_path / "n.tsv", "--topn", 3)
    assert done.exit_code == 0, done.stderr
    lines = [line.split("\t") for line in (tmp_path / "n.tsv").read_text().splitlines()]
    assert len(lines) == 90
    expected = load_vectors(tmp_path / "v.bin").most_similar("w0", topn=3)
    assert [(word, int(rank), other) for word, rank, other, _ in lines[:3]] == [
        ("w0", rank, other) for rank, (other, _) in enumerate(expected, start=1)
    ]


def test_words_without_direction_are_left_out_of_a_table(vectors: KeyedVectors, tmp_path: Path) -> None:
    matrix = vectors.vectors[:5].copy()
    matrix[2] = 0
    save_vectors(keyed(matrix), tmp_path / "v.bin")
    done = run("neighbours", tmp_path / "v.bin", "-o", tmp_path / "n.tsv", "--topn", 9)
    assert done.exit_code == 0 and "1 vector left out" in done.stderr and "3 neighbours of 4 words" in done.stderr
    lines = [line.split("\t") for line in (tmp_path / "n.tsv").read_text().splitlines()]
    assert len(lines) == 12 and "w2" not in {cell for line in lines for cell in line}


def test_neighbours_of_given_words_count_the_unknown_ones(vectors: KeyedVectors, tmp_path: Path) -> None:
    save_vectors(keyed(vectors.vectors[:30]), tmp_path / "v.bin")
    command = ["neighbours", tmp_path / "v.bin", "-o", tmp_path / "n.tsv", "--words-from", "-", "-n", 2]
    done = run(*command, input="w3\nno\n\nw4\n")
    assert done.exit_code == 0
    assert "no vector for 1 word of 3, 'no' the first" in done.stderr
    assert [line.split("\t")[0] for line in (tmp_path / "n.tsv").read_text().splitlines()] == ["w3", "w3", "w4", "w4"]
    nothing = run(*command, input="no\n")
    assert nothing.exit_code == 1 and "has a vector for no word" in nothing.stderr
    both = run("neighbours", tmp_path / "v.bin", "-o", tmp_path / "n.tsv", "--approximate", "--restrict-vocab", 5)
    assert both.exit_code == 2


def test_approximate_neighbours_say_their_recall(vectors: KeyedVectors, tmp_path: Path) -> None:
    pytest.importorskip("usearch", reason="needs the extra: pip install 'w2vplus[index]'")
    save_vectors(keyed(vectors.vectors[:200]), tmp_path / "v.bin")
    done = run("neighbours", tmp_path / "v.bin", "-o", tmp_path / "n.tsv", "--approximate")
    assert done.exit_code == 0 and "of the true 10 nearest (of 200 random words" in done.stderr


# ---- w2vplus bench --rows queries


def test_bench_compares_rates_with_gensims_loop(tmp_path: Path) -> None:
    options = ["--rows", "queries", "--vector-size", 8, "--min-count", 20, "--repetitions", 1]
    done = run("bench", bundled(LEE_NEWS), *options, "--output", tmp_path / "b.json")
    assert done.exit_code == 0, done.stderr
    rows = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert {row["kind"] for row in rows} == {"queries"}
    assert [row["task"] for row in rows][:3] == ["most_similar", "analogies, 3CosAdd", "analogies, 3CosMul"]
    assert all(set(row["queries_per_second"]) == {"gensim", "w2vplus"} and row["ratio"]["min"] > 0 for row in rows)
    assert "faster by" in done.stdout and "analogies, 3CosMul" in done.stdout


def test_bench_gives_no_ratio_for_other_answers(vectors: KeyedVectors) -> None:
    task = queries._Task("most_similar", "3CosAdd", [(["w1"], [])])
    theirs = [[("w9", 0.5), ("w8", 0.4)]]
    close = Neighbours(vectors.index_to_key, np.array([[8, 9]]), np.array([[0.5, 0.4]]))
    with pytest.raises(BenchError, match="has other answers"):
        queries._check_equality([[("w9", 0.6), ("w8", 0.4)]], close, task)
    queries._check_equality(theirs, close, task)  # the same cosines: words that lie as near as makes no difference
