"""Alignments against known rotations, and against gensim's TranslationMatrix on its English and Italian vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors, TranslationMatrix
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from w2vplus import EvaluationError, align, drift, evaluate_translation, load_vectors, save_vectors
from w2vplus.alignment import known_pairs, read_dictionary, shared_words
from w2vplus.cli import app

VECTORS_OF = "{}.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt"
# The pairs of gensim's own documentation; six and cat are kept for testing.
PAIRS = [
    ("one", "uno"), ("two", "due"), ("three", "tre"), ("four", "quattro"), ("five", "cinque"), ("seven", "sette"),
    ("eight", "otto"), ("dog", "cane"), ("pig", "maiale"), ("fish", "cavallo"), ("birds", "uccelli"),
    ("apple", "mela"), ("orange", "arancione"), ("grape", "acino"), ("banana", "banana"),
]  # fmt: skip


def keyed(matrix: Any, prefix: str = "w") -> KeyedVectors:
    vectors = KeyedVectors(np.shape(matrix)[1])
    vectors.add_vectors([f"{prefix}{row}" for row in range(len(matrix))], np.asarray(matrix, np.float32))
    return vectors


def rotation(dimensions: int, seed: int = 1) -> np.ndarray:
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).standard_normal((dimensions, dimensions)))[0])


@pytest.fixture(scope="module")
def languages() -> tuple[KeyedVectors, KeyedVectors]:
    """400 words of one language, and the same in another, turned and blurred; w7 is v7."""
    random = np.random.default_rng(3)
    source = random.standard_normal((400, 20)) + 0.3
    target = source @ rotation(20) + 0.05 * random.standard_normal((400, 20))
    return keyed(source), keyed(target, "v")


@pytest.fixture(scope="module")
def dictionary() -> list[tuple[str, str]]:
    return [(f"w{number}", f"v{number}") for number in range(400)]


@pytest.fixture(scope="module")
def english_italian() -> tuple[KeyedVectors, KeyedVectors]:
    return load_vectors(datapath(VECTORS_OF.format("EN"))), load_vectors(datapath(VECTORS_OF.format("IT")))


# ---- the map


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
@settings(max_examples=25)
def test_a_rotation_is_found_again(seed: int, dimensions: int) -> None:
    source = np.random.default_rng(seed).standard_normal((60, dimensions))
    turned = rotation(dimensions, seed)
    learnt = align(keyed(source), keyed(source @ turned), center=False)
    assert learnt.matrix == pytest.approx(turned, abs=1e-5)
    assert learnt.map() == pytest.approx(learnt.target_unit, abs=1e-5)


def test_procrustes_keeps_the_sources_own_cosines(languages: Any, dictionary: Any) -> None:
    learnt = align(*languages, dictionary, center=False)
    assert learnt.matrix @ learnt.matrix.T == pytest.approx(np.eye(20), abs=1e-9)
    mapped = learnt.mapped_source()
    assert mapped.similarity("w1", "w2") == pytest.approx(languages[0].similarity("w1", "w2"), abs=1e-5)


def test_mapped_vectors_stand_beside_the_targets_own() -> None:
    rng = np.random.default_rng(3)
    source = rng.standard_normal((400, 12)) + 2.0  # far from centred
    turned = source @ rotation(12, 3)
    target = turned + 0.01 * rng.standard_normal(turned.shape)
    mapped = align(keyed(source), keyed(target)).mapped_source()
    cosines = np.sum(mapped.vectors * target, axis=1) / np.linalg.norm(target, axis=1)
    assert cosines.min() > 0.999
    assert np.linalg.norm(mapped.vectors, axis=1) == pytest.approx(np.ones(400), abs=1e-5)


def test_procrustes_is_scipys(languages: Any, dictionary: Any) -> None:
    from scipy.linalg import orthogonal_procrustes

    source, target = languages
    unit = [one.vectors / np.linalg.norm(one.vectors, axis=1, keepdims=True) for one in (source, target)]
    centred = [one - one.mean(axis=0) for one in unit]
    scaled = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in centred]
    expected, _ = orthogonal_procrustes(*scaled)
    assert align(source, target, dictionary).matrix == pytest.approx(expected, abs=1e-5)


def test_spaces_of_other_sizes_are_mapped(languages: Any, dictionary: Any) -> None:
    source, target = languages
    wider = keyed(np.pad(target.vectors, ((0, 0), (0, 5))), "v")
    learnt = align(source, wider, dictionary[:300])
    assert learnt.matrix.shape == (20, 25)
    assert evaluate_translation(learnt, dictionary[300:]).precision[1] > 0.95


def test_known_pairs_and_unknown_ones_are_counted(languages: Any) -> None:
    learnt = align(*languages, [*[(f"w{number}", f"v{number}") for number in range(30)], ("w1", "no"), ("no", "v1")])
    assert len(learnt.pairs) == 30 and learnt.pairs.unknown == 2
    with pytest.raises(ValueError, match="none of 1 pairs has both its words"):
        align(*languages, [("v1", "w1")])
    with pytest.raises(ValueError, match="method must be one of procrustes, least-squares"):
        align(*languages, [("w1", "v1")], method="rotate")


# ---- against gensim


@pytest.mark.parametrize("center", [None, False])
def test_least_squares_is_gensims_translation_matrix(english_italian: Any, center: bool | None) -> None:
    ours = align(*english_italian, PAIRS, method="least-squares", center=center)
    theirs = TranslationMatrix(*english_italian)
    theirs.train(PAIRS)
    assert ours.matrix == pytest.approx(theirs.translation_matrix, abs=2e-5)
    words = english_italian[0].index_to_key
    expected = theirs.translate(words, topn=3, source_lang_vec=english_italian[0], target_lang_vec=english_italian[1])
    found = ours.translate(words, topn=3, retrieval="cosine")
    assert {word: [other for other, _ in ranked] for word, ranked in zip(words, found, strict=True)} == expected


@pytest.mark.parametrize("retrieval", ["cosine", "csls"])
def test_english_becomes_italian(english_italian: Any, retrieval: str, caplog: pytest.LogCaptureFixture) -> None:
    learnt = align(*english_italian, PAIRS)
    assert "15 pairs fix a map in as many of 300 dimensions only" in caplog.text
    assert evaluate_translation(learnt, PAIRS, retrieval=retrieval).precision[1] == 1.0
    # Fifteen pairs carry words that were not among them to their kind.
    number, animal = learnt.translate(["six", "cat"], topn=3, retrieval=retrieval)
    numbers = {italian for _, italian in PAIRS[:7]} | {"sei"}
    assert {word for word, _ in number} <= numbers and "gatto" in dict(animal)


# ---- retrieval and precision


def csls_by_hand(source: np.ndarray, target: np.ndarray, k: int) -> np.ndarray:
    """The formula of Conneau et al. (2018) as it stands."""
    cosines = source @ target.T
    of_source = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
    of_target = np.sort(cosines, axis=0)[-k:].mean(axis=0)
    return np.asarray(2 * cosines - of_source[:, None] - of_target[None, :])


@pytest.mark.parametrize("restrict_vocab", [None, 150])
def test_csls_is_that_of_the_paper(languages: Any, dictionary: Any, restrict_vocab: int | None) -> None:
    learnt = align(*languages, dictionary)
    limit = restrict_vocab or 400
    expected = csls_by_hand(learnt.map()[:limit].astype(float), learnt.target_unit[:limit].astype(float), 10)
    words = languages[0].index_to_key[:40]
    found = learnt.translate(words, topn=5, restrict_vocab=restrict_vocab)
    for query, ranked in enumerate(found):
        best = np.argsort(-expected[query])[:5]
        assert [word for word, _ in ranked] == [f"v{row}" for row in best]
        assert [score for _, score in ranked] == pytest.approx(expected[query][best], abs=1e-5)


def test_csls_mends_a_hub() -> None:
    random = np.random.default_rng(5)
    source = random.standard_normal((120, 6)) + np.array([2.0, 0, 0, 0, 0, 0])
    hub = source.mean(axis=0)
    target = np.vstack([source + 0.6 * random.standard_normal((120, 6)), [hub] * 3])
    pairs = [(f"w{number}", f"v{number}") for number in range(120)]
    learnt = align(keyed(source), keyed(target, "v"), pairs, center=False)
    by_cosine = evaluate_translation(learnt, pairs, retrieval="cosine").precision[1]
    assert evaluate_translation(learnt, pairs, retrieval="csls").precision[1] > by_cosine


def test_precision_counts_words_with_any_of_their_translations() -> None:
    source, target = keyed(np.eye(4)), keyed(np.eye(4), "v")
    learnt = align(source, target, [(f"w{n}", f"v{n}") for n in range(4)], center=False)
    pairs = [("w0", "v0"), ("w0", "v3"), ("w0", "no"), ("w1", "v2"), ("w2", "no"), ("no", "v1")]
    result = evaluate_translation(learnt, pairs, at=(1, 4), retrieval="cosine")
    assert result.precision == {1: 0.5, 4: 1.0} and (result.asked, result.total) == (2, 4)
    assert result.precision_of_total() == {1: 0.25, 4: 0.5}
    assert result.as_dict()["coverage"] == 0.5
    with pytest.raises(EvaluationError, match="none of 1 words"):
        evaluate_translation(learnt, [("w0", "no")])
    with pytest.raises(ValueError, match="at must hold numbers from 1 on"):
        evaluate_translation(learnt, pairs, at=(0,))


def test_held_out_words_are_translated(languages: Any, dictionary: Any) -> None:
    learnt = align(*languages, dictionary[:200])
    assert evaluate_translation(learnt, dictionary[200:]).precision[1] > 0.95


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"retrieval": "dot"}, ValueError, "retrieval must be one of cosine, csls"),
        ({"topn": 0}, ValueError, "topn must be at least 1"),
        ({"restrict_vocab": 0}, ValueError, "restrict_vocab must be at least 1"),
        ({"words": ["nope"]}, KeyError, "no vector for 'nope' in the source"),
    ],
)
def test_translations_that_cannot_be_meant_are_refused(
    languages: Any, dictionary: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        align(*languages, dictionary).translate(**{"words": ["w1"], **arguments})


# ---- two periods


@pytest.fixture(scope="module")
def periods() -> tuple[KeyedVectors, KeyedVectors]:
    """The same words, turned; w5 has gone elsewhere, and w300 too, but it is rare."""
    random = np.random.default_rng(6)
    before = random.standard_normal((320, 16))
    after = before.copy()
    after[[5, 300]] = -before[[5, 300]]
    return keyed(before), keyed(after @ rotation(16))


def test_drift_names_the_word_that_moved(periods: Any) -> None:
    changes = drift(*periods, topn=3, restrict_vocab=100, neighbours=4)
    assert changes[0].word == "w5" and changes[0].distance > 1.5 and changes[1].distance < 0.2
    assert list(changes[0].before) == [word for word, _ in periods[0].most_similar("w5", topn=4)]
    assert list(changes[0].after) == [word for word, _ in periods[1].most_similar("w5", topn=4)]
    assert {change.word for change in drift(*periods, topn=2, restrict_vocab=None)} == {"w5", "w300"}


def test_words_that_lost_their_direction_have_not_drifted(periods: Any) -> None:
    before, after = periods[0], keyed(periods[1].vectors.copy())
    after.vectors[7] = 0
    assert "w7" not in {change.word for change in drift(before, after, topn=400, restrict_vocab=None)}
    with pytest.raises(ValueError, match="the vector of 'w7' is zero or not finite in one of the periods"):
        drift(before, after, words=["w5", "w7"])


def test_drift_of_given_words(periods: Any) -> None:
    assert [change.word for change in drift(*periods, words=["w9", "w300"])] == ["w300", "w9"]
    with pytest.raises(KeyError, match="'nope' must have a vector in both periods"):
        drift(*periods, words=["nope"])
    with pytest.raises(ValueError, match="share no word"):
        drift(periods[0], keyed(np.eye(16), "other"))


# ---- dictionaries


def test_dictionaries_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes("\ufeffone uno\r\n\ntwo\tdue\nnew york\tnuova york\none uno\n".encode())
    assert read_dictionary(path) == [("one", "uno"), ("two", "due"), ("new york", "nuova york")]
    bundled = read_dictionary(datapath("OPUS_en_it_europarl_train_one2ten.txt"))
    assert bundled[0] == ("one", "uno") and len(bundled) == 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one uno\none two three\n", "line 2: expected a word and its translation"),
        (b"one\n", "line 1: expected"),
        (b"one\t\n", "line 1: expected"),
        (b"one un\xe0\n", "line 1 is not UTF-8"),
        (b"\n\n", "holds no pair"),
    ],
)
def test_files_that_are_no_dictionaries_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        read_dictionary(tmp_path / "d")


def test_shared_words_and_known_pairs() -> None:
    one, other = keyed(np.eye(3)), keyed(np.eye(2))
    assert shared_words(one, other) == [("w0", "w0"), ("w1", "w1")] and shared_words(one, other, 1) == [("w0", "w0")]
    found = known_pairs(one, other, [("w2", "w1"), ("w1", "w2")])
    assert (found.source_rows.tolist(), found.target_rows.tolist(), found.unknown) == ([2], [1], 1)


# ---- w2vplus align, w2vplus drift


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus")


@pytest.fixture(scope="module")
def saved(languages: Any, periods: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    for name, vectors in zip(("s.bin", "t.bin", "old.bin", "new.bin"), (*languages, *periods), strict=True):
        save_vectors(vectors, folder / name)
    for name, numbers in (("train.txt", range(300)), ("test.txt", range(300, 400))):
        (folder / name).write_text("".join(f"w{number}\tv{number}\n" for number in numbers) + "w1\tno\n")
    return folder


def test_align_translates_measures_and_writes(saved: Path, tmp_path: Path) -> None:
    files = [saved / "s.bin", saved / "t.bin", "-d", saved / "train.txt", "-t", saved / "test.txt"]
    done = run("align", *files, "-w", "w7", "-n", 2, "-o", tmp_path / "mapped.bin")
    assert done.exit_code == 0, done.stderr
    assert "aligned by 300 pairs, 1 with an unknown word left out" in done.stdout
    assert "precision @1" in done.stdout and "csls; 100 of 101 words asked" in done.stdout
    mapped = load_vectors(tmp_path / "mapped.bin")
    assert mapped.vectors.shape == (400, 20) and mapped.index_to_key[7] == "w7"
    report = json.loads(run("align", *files, "-w", "w7", "--retrieval", "cosine", "--json").stdout)
    assert report["translations"][0]["translations"][0]["word"] == "v7"
    assert report["precision"]["precision"]["1"] > 0.95 and report["pairs"] == 300


def test_align_warns_of_a_test_by_what_was_taught(saved: Path) -> None:
    files = [saved / "s.bin", saved / "t.bin", "-d", saved / "train.txt", "-t"]
    assert "learnt from" not in run("align", *files, saved / "test.txt").stderr
    assert "learnt from 300 of the 301 pairs of --test" in run("align", *files, saved / "train.txt").stderr


def test_align_uses_shared_words_without_a_dictionary(saved: Path) -> None:
    assert "aligned by 320 pairs" in run("align", saved / "old.bin", saved / "new.bin").stdout
    nothing = run("align", saved / "s.bin", saved / "t.bin")
    assert nothing.exit_code == 1 and "share no word" in nothing.stderr
    assert "share no word" in run("drift", saved / "s.bin", saved / "t.bin").stderr


def test_align_refuses_unknown_words_and_its_own_input(saved: Path) -> None:
    unknown = run("align", saved / "old.bin", saved / "new.bin", "-w", "nope")
    assert unknown.exit_code == 1 and "no vector in" in unknown.stderr
    assert run("align", saved / "old.bin", saved / "new.bin", "-o", saved / "old.bin").exit_code == 2
    for option in ("-d", "-t"):
        refused = run("align", saved / "s.bin", saved / "t.bin", option, saved / "train.txt", "-o", saved / "train.txt")
        assert refused.exit_code == 2 and "it would be lost" in refused.stderr
    assert run("align", saved / "old.bin", saved / "new.bin", "--topn", 0).exit_code == 2


def test_drift_is_shown(saved: Path) -> None:
    done = run("drift", saved / "old.bin", saved / "new.bin", "-n", 2, "--restrict-vocab", 100)
    assert done.exit_code == 0 and done.stdout.splitlines()[2].startswith("w5")
    (only,) = json.loads(run("drift", saved / "old.bin", saved / "new.bin", "-w", "w300", "--json").stdout)
    assert only["word"] == "w300" and len(only["before"]) == 5
