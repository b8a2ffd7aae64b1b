"""Changes of vectors against their formulas and other ways to compute them; quantised folders; the command."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models import Word2Vec as GensimWord2Vec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from typer.testing import CliRunner

from w2vplus import EvaluationError, ModelFormatError, Word2Vec, load_vectors, save_vectors
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.array_folder import ArrayFolder, write_folder
from w2vplus.cli import app
from w2vplus.postprocessing import (
    QuantizedVectors,
    Step,
    add_output_vectors,
    all_but_the_top,
    measure_accuracy,
    normalize,
    reduce_dimensions,
    transforms,
)


def keyed(matrix: Any) -> KeyedVectors:
    vectors = KeyedVectors(np.shape(matrix)[1])
    vectors.add_vectors([f"w{row}" for row in range(len(matrix))], np.asarray(matrix, np.float32))
    return vectors


@pytest.fixture
def vectors() -> KeyedVectors:
    """Vectors with a mean and a strong common direction; counts beside them."""
    random = np.random.default_rng(1)
    stretched = random.standard_normal((300, 8)) * np.array([9, 4, 2, 1, 1, 1, 1, 1]) + np.arange(8)
    vectors = keyed(stretched @ np.linalg.qr(random.standard_normal((8, 8)))[0])
    for row, key in enumerate(vectors.index_to_key):
        vectors.set_vecattr(key, "count", 1000 - row)
    return vectors


# ---- the changes


@pytest.mark.parametrize("components", [0, 1, 3])
def test_all_but_the_top_leaves_nothing_along_mean_and_top_directions(vectors: KeyedVectors, components: int) -> None:
    changed = all_but_the_top(vectors, components).vectors.astype(np.float64)
    centred = vectors.vectors.astype(np.float64) - vectors.vectors.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(centred)  # the twin: the same directions by another way
    top = directions[:components]
    assert changed.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert changed @ top.T == pytest.approx(0, abs=1e-4)
    assert changed == pytest.approx(centred - centred @ top.T @ top, abs=1e-4)


def test_all_but_the_top_takes_a_hundredth_of_the_dimensions_unless_told() -> None:
    wide = keyed(np.random.default_rng(2).standard_normal((500, 200)))
    assert (all_but_the_top(wide).vectors == all_but_the_top(wide, 2).vectors).all()


def test_reduced_vectors_keep_the_most_variance_there_is(vectors: KeyedVectors) -> None:
    reduced = reduce_dimensions(vectors, 3).vectors
    centred = vectors.vectors - vectors.vectors.mean(axis=0)
    strengths = np.linalg.svd(centred, compute_uv=False)
    assert reduced.shape == (300, 3)
    assert (reduced**2).sum(axis=0) == pytest.approx(strengths[:3] ** 2, rel=1e-4)


def test_all_dimensions_kept_are_a_rotation_of_the_centred_vectors(vectors: KeyedVectors) -> None:
    turned = reduce_dimensions(vectors, 8).vectors
    centred = vectors.vectors - vectors.vectors.mean(axis=0)
    assert turned @ turned.T == pytest.approx(centred @ centred.T, rel=1e-3, abs=1e-2)


def test_blocks_change_nothing(vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reduce_dimensions(vectors, 4).vectors
    monkeypatch.setattr(transforms, "BLOCK_ROWS", 7)
    assert reduce_dimensions(vectors, 4).vectors == pytest.approx(whole, abs=1e-4)


def test_normalized_vectors_have_length_one_and_zero_stays_zero() -> None:
    changed = normalize(keyed([[3, 4], [0, 0], [-2, 0]]))
    assert changed.vectors == pytest.approx(np.array([[0.6, 0.8], [0, 0], [-1, 0]]))


def test_keys_and_counts_go_along_and_the_input_stays(vectors: KeyedVectors) -> None:
    before = vectors.vectors.copy()
    for changed in (all_but_the_top(vectors), reduce_dimensions(vectors, 2), normalize(vectors)):
        assert changed.index_to_key == vectors.index_to_key and changed.get_vecattr("w3", "count") == 997
        assert changed.vectors.dtype == np.float32
        changed.set_vecattr("w3", "count", 1)
    assert (vectors.vectors == before).all() and vectors.get_vecattr("w3", "count") == 997


@pytest.mark.parametrize("make", [Word2Vec, GensimWord2Vec])
def test_output_vectors_are_added(make: Any) -> None:
    model = make([["a", "b", "c"]] * 20, min_count=1, vector_size=4)
    assert (add_output_vectors(model).vectors == model.wv.vectors + model.syn1neg).all()


def test_centred_kinds_weigh_the_same_in_a_sum(vectors: KeyedVectors) -> None:
    random = np.random.default_rng(2)
    outputs = (50 * random.standard_normal((300, 8)) + 70).astype(np.float32)
    model = SimpleNamespace(wv=vectors, syn1neg=outputs, ns_exponent=0.5)
    before = vectors.vectors.copy(), outputs.copy()
    expected = np.zeros((300, 8))
    weights = np.sqrt([1000 - row for row in range(300)])
    for kind in before:
        centred = kind - np.average(kind.astype(np.float64), axis=0, weights=weights)
        expected += centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))
    summed = add_output_vectors(model, centred=True)
    np.testing.assert_allclose(summed.vectors, expected, atol=1e-6)
    assert summed.vectors.dtype == np.float32 and summed.get_vecattr("w3", "count") == 997
    assert (vectors.vectors == before[0]).all() and (outputs == before[1]).all()


def test_a_centred_sum_of_one_word_or_none_has_no_direction() -> None:
    for rows in (0, 1):
        model = SimpleNamespace(wv=keyed(np.ones((rows, 3))), syn1neg=np.ones((rows, 3), np.float32), ns_exponent=0.75)
        model.wv.expandos["count"] = np.full(rows, 7)
        assert (add_output_vectors(model, centred=True).vectors == np.zeros((rows, 3))).all()


def test_models_without_output_vectors_of_words_are_refused() -> None:
    model = Word2Vec([["a", "b", "c"]] * 20, min_count=1, vector_size=4, hs=1, negative=0)
    with pytest.raises(ValueError, match="no output vectors of words"):
        add_output_vectors(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: all_but_the_top(one, 8), "components must be from 0 to 7"),
        (lambda one: all_but_the_top(one, -1), "components must be from 0 to 7"),
        (lambda one: reduce_dimensions(one, 9), "dimensions must be from 1 to 8, got 9"),
        (lambda one: reduce_dimensions(one, 0), "dimensions must be from 1 to 8, got 0"),
        (lambda one: QuantizedVectors.of(one, "int4"), "dtype must be float16 or int8, got 'int4'"),
        (lambda one: QuantizedVectors.of(keyed(one.vectors * 1e6), "float16"), "normalise first"),
        (lambda one: QuantizedVectors.of(keyed(one.vectors * np.nan), "int8"), "of 'w0' has a value that is no finite"),
        (lambda one: reduce_dimensions(keyed(one.vectors * np.inf), 2), "no finite number"),
    ],
)
def test_settings_and_values_out_of_range_are_refused(vectors: KeyedVectors, change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        change(vectors)


# ---- quantisation


FLOATS = hypothesis_numpy.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-60000, 60000, width=32)
)


@given(FLOATS)
@example(np.full((1, 2), 1e-45, np.float32))
@settings(max_examples=80)
def test_int8_is_within_half_a_step_of_each_rows_scale(matrix: np.ndarray) -> None:
    with np.errstate(divide="raise", invalid="raise"):
        restored = QuantizedVectors.of(keyed(matrix), "int8").keyed_vectors().vectors
    half_steps = np.abs(matrix).max(axis=1, keepdims=True) / 254
    assert (np.abs(restored - matrix) <= half_steps * 1.001 + 1e-37).all()


@given(FLOATS)
@settings(max_examples=40)
def test_float16_is_numpys(matrix: np.ndarray) -> None:
    restored = QuantizedVectors.of(keyed(matrix), "float16").keyed_vectors().vectors
    assert (restored == matrix.astype(np.float16).astype(np.float32)).all()


@pytest.mark.parametrize(("dtype", "byte_count"), [("int8", 1), ("float16", 2)])
def test_a_quantised_folder_comes_back(vectors: KeyedVectors, dtype: str, byte_count: int, tmp_path: Path) -> None:
    quantized = QuantizedVectors.of(vectors, dtype)
    quantized.save(tmp_path / "q")
    quantized.save(tmp_path / "q")  # and over itself
    loaded = QuantizedVectors.load(tmp_path / "q")
    assert loaded.codes.nbytes == vectors.vectors.size * byte_count
    restored = loaded.keyed_vectors()
    assert (restored.vectors == quantized.keyed_vectors().vectors).all()
    assert restored.index_to_key == vectors.index_to_key and restored.get_vecattr("w3", "count") == 997


def test_folders_that_hold_something_else_are_refused(vectors: KeyedVectors, tmp_path: Path) -> None:
    write_folder(tmp_path / "model", ArrayFolder("model", {}, {}, {"codes": np.zeros(1)}))
    with pytest.raises(ModelFormatError, match="holds a model, not quantised vectors"):
        QuantizedVectors.load(tmp_path / "model")
    write_folder(tmp_path / "torn", ArrayFolder("quantized-vectors", {}, {"keys": ["a"]}, {"codes": np.zeros(1)}))
    with pytest.raises(ModelFormatError, match="lacks the codes or the scales"):
        QuantizedVectors.load(tmp_path / "torn")
    arrays = {"codes": np.zeros((2, 3), np.int8), "scales": np.ones(2, np.float32)}
    write_folder(tmp_path / "short", ArrayFolder("quantized-vectors", {}, {"keys": ["a"]}, arrays))
    with pytest.raises(ModelFormatError, match="do not fit together"):
        QuantizedVectors.load(tmp_path / "short")
    odd = KeyedVectors(2)
    odd.add_vectors([("a", 1)], np.ones((1, 2)))
    with pytest.raises(TypeError, match="must be a str or an int"):
        QuantizedVectors.of(odd, "int8").save(tmp_path / "odd")


# ---- steps and their cost


@pytest.mark.parametrize("text", ["all-but-the-top", "all-but-the-top=3", "pca=100", "normalize", "float16", "int8"])
def test_steps_are_written_as_they_are_read(text: str) -> None:
    assert str(Step.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shrink", "must be one of all-but-the-top, pca, normalize, float16, int8, got 'shrink'"),
        ("pca", "needs the number of dimensions"),
        ("pca=", "pca=N with a whole number"),
        ("pca=1.5", "pca=N with a whole number"),
        ("int8=3", "takes no number"),
    ],
)
def test_steps_that_cannot_be_meant_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Step.parse(text)


def test_accuracy_is_measured_by_own_files(tmp_path: Path) -> None:
    vectors = keyed([[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 1, 0.4], [-1, 0, 0.1]])
    (tmp_path / "pairs.tsv").write_text("w0\tw1\t9\nw0\tw2\t5\nw0\tw4\t1\n")
    measured = measure_accuracy(vectors, similarity=[str(tmp_path / "pairs.tsv")])
    assert measured.as_dict() == {"pairs": {"score": pytest.approx(1), "coverage": 1.0}}
    assert measured.change_from(measured) == (0.0,)
    (tmp_path / "unknown.tsv").write_text("x\ty\t9\nx\tz\t5\n")
    assert np.isnan(measure_accuracy(vectors, similarity=[str(tmp_path / "unknown.tsv")]).scores[0])
    (tmp_path / "bad.txt").write_text("no section\n")
    with pytest.raises(EvaluationError, match=r"bad\.txt"):
        measure_accuracy(vectors, analogies=[str(tmp_path / "bad.txt")])


# ---- w2vplus postprocess


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("saved")
    model = Word2Vec(corpus_file=bundled(LEE_NEWS), vector_size=12, epochs=1, workers=1)
    save_vectors(model.wv, folder / "v.bin")
    model.save_folder(str(folder / "model"))
    model.save(str(folder / "gensim.w2v"), as_gensim=True)
    model.save(str(folder / "ours.w2v"))
    return SimpleNamespace(folder=folder, model=model)


def test_steps_are_made_in_order_and_judged_one_by_one(saved: SimpleNamespace, tmp_path: Path) -> None:
    steps = ["--step", "all-but-the-top=1", "--step", "pca=6", "--step", "normalize"]
    done = run("postprocess", saved.folder / "v.bin", tmp_path / "out.bin", *steps, "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    names = ["as they were", "all-but-the-top=1", "pca=6", "normalize"]
    assert [step["step"] for step in report["steps"]] == names
    assert [step["dimensions"] for step in report["steps"]] == [12, 12, 6, 6]
    assert set(report["steps"][0]["accuracy"]) == {"questions-words", "wordsim353", "simlex999"}
    expected = normalize(reduce_dimensions(all_but_the_top(load_vectors(saved.folder / "v.bin"), 1), 6))
    assert (load_vectors(tmp_path / "out.bin").vectors == expected.vectors).all()


def test_the_table_shows_what_each_step_gains_or_loses(saved: SimpleNamespace, tmp_path: Path) -> None:
    done = run("postprocess", saved.folder / "v.bin", tmp_path / "out.txt", "--step", "normalize")
    assert done.exit_code == 0 and "(0.0000)" in done.stdout and "coverage:" in done.stderr
    assert f"written to {tmp_path / 'out.txt'}" in done.stdout


def test_int8_in_a_file_of_floats_is_said_to_be_no_smaller(saved: SimpleNamespace, tmp_path: Path) -> None:
    options = ["--step", "int8", "--no-evaluate", "--quiet"]
    assert "int8 rounded" in run("postprocess", saved.folder / "v.bin", tmp_path / "out.bin", *options).stderr
    assert run("postprocess", saved.folder / "v.bin", tmp_path / "out", *options).stderr == ""


@pytest.mark.parametrize("source", ["model", "gensim.w2v", "ours.w2v"])
def test_output_vectors_of_saved_models_are_added(saved: SimpleNamespace, source: str, tmp_path: Path) -> None:
    options = ["--step", "add-output", "--no-evaluate", "--quiet"]
    done = run("postprocess", saved.folder / source, tmp_path / "sum.bin", *options)
    assert done.exit_code == 0 and done.stdout == "", done.stderr
    assert (load_vectors(tmp_path / "sum.bin").vectors == add_output_vectors(saved.model).vectors).all()


def test_the_format_of_out_can_be_named(saved: SimpleNamespace, tmp_path: Path) -> None:
    command = ["postprocess", str(saved.folder / "v.bin"), str(tmp_path / "out"), "--no-evaluate", "--step", "float16"]
    assert CliRunner().invoke(app, [*command, "--format", "glove"]).exit_code == 0
    assert (tmp_path / "out").is_file() and len(load_vectors(tmp_path / "out", format="glove")) == len(
        load_vectors(saved.folder / "v.bin")
    )
    refused = CliRunner().invoke(app, [*command, "--format", "word"])
    assert refused.exit_code == 2 and "--format must be one of bin, txt, glove" in refused.stderr


def test_a_quantised_folder_is_written_and_read(saved: SimpleNamespace, tmp_path: Path) -> None:
    assert run("postprocess", saved.folder / "v.bin", tmp_path / "q", "-s", "int8", "--no-evaluate").exit_code == 0
    assert run("postprocess", tmp_path / "q", tmp_path / "v.txt", "-s", "normalize", "--no-evaluate").exit_code == 0
    restored = normalize(QuantizedVectors.load(tmp_path / "q").keyed_vectors())
    assert (load_vectors(tmp_path / "v.txt").vectors == restored.vectors).all()


@pytest.mark.parametrize("dtype", ["int8", "float16"])
def test_a_folder_of_quantised_vectors_is_read_wherever_vectors_are(
    saved: SimpleNamespace, tmp_path: Path, dtype: str
) -> None:
    quantised = QuantizedVectors.of(load_vectors(saved.folder / "v.bin"), dtype)
    quantised.save(tmp_path / "q")
    loaded = load_vectors(tmp_path / "q")
    assert (loaded.vectors == quantised.keyed_vectors().vectors).all()
    assert loaded.index_to_key == quantised.keys
    done = run("similar", tmp_path / "q", loaded.index_to_key[0], "--json")
    assert done.exit_code == 0, done.stderr
    expected = loaded.most_similar(loaded.index_to_key[0], topn=10)
    assert [near["word"] for near in json.loads(done.stdout)[0]["neighbours"]] == [word for word, _ in expected]


@pytest.mark.parametrize(
    ("source", "target", "options", "exit_code", "message"),
    [
        ("v.bin", "o.bin", [], 2, "--step is missing"),
        ("v.bin", "o.bin", ["-s", "pca"], 2, "needs the number of dimensions"),
        ("v.bin", "o.bin", ["-s", "int8", "-s", "normalize"], 2, "--step int8 must come last"),
        ("v.bin", "o.bin", ["-s", "normalize", "-s", "add-output"], 2, "add-output comes first"),
        ("v.bin", "v.bin", ["-s", "normalize"], 2, "is the input"),
        ("v.bin", "o.xyz", ["-s", "normalize"], 2, "OUT: cannot tell the format of"),
        ("v.bin", "o.bin", ["-s", "pca=13"], 1, "dimensions must be from 1 to 12, got 13"),
        ("v.bin", "o.bin", ["-s", "add-output"], 1, "is no saved Word2Vec model"),
        ("none.bin", "o.bin", ["-s", "normalize"], 1, "no such file"),
        ("v.bin", "model", ["-s", "int8", "--no-evaluate"], 1, "it holds a"),
        ("v.bin", "missing/q", ["-s", "int8"], 1, "does not exist; create it first"),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(
    saved: SimpleNamespace, source: str, target: str, options: list[str], exit_code: int, message: str
) -> None:
    done = run("postprocess", saved.folder / source, saved.folder / target, *options)
    assert done.exit_code == exit_code, done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr
