"""Analogies by every method equal a plain search; every published format of questions is read."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.errors import EvaluationError
from w2vplus.evaluation import _lrcos, _offsets, evaluate_analogies, read_analogies
from w2vplus.evaluation._answers import answer_rows
from w2vplus.evaluation._offsets import Questions

needs_sklearn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="needs scikit-learn: pip install 'w2vplus[sklearn]'"
)


def keyed(keys: list[str], vectors: np.ndarray) -> KeyedVectors:
    keyed_vectors = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    keyed_vectors.add_vectors(keys, vectors)
    return keyed_vectors


def questions_of(rows: np.ndarray) -> Questions:
    return Questions(*rows.T, ignored=[sorted(set(question)) for question in rows.tolist()])


def plain_scores(vectors: np.ndarray, a: int, b: int, c: int, method: str) -> np.ndarray:
    """A question's scores as the papers write them, in double precision."""
    unit = vectors.astype(np.float64) / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        if method == "3CosAdd":
            scores = unit @ (unit[b] - unit[a] + unit[c])
        elif method == "3CosMul":
            of_a, of_b, of_c = ((1 + unit @ unit[row]) / 2 for row in (a, b, c))
            scores = of_b * of_c / (of_a + 1e-6)
        else:
            away, offset = unit - unit[c], unit[b] - unit[a]
            scores = away @ offset / (np.linalg.norm(away, axis=1) * np.linalg.norm(offset))
    scores[[a, b, c]] = -np.inf
    return scores


@pytest.mark.parametrize("method", ["3CosAdd", "3CosMul", "PairDistance"])
@pytest.mark.parametrize("dimensions", [3, 40])
def test_every_method_finds_the_best_of_a_plain_search(method: str, dimensions: int) -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(1_000, dimensions)).astype(np.float32)
    rows = np.array([random.choice(100, 3, replace=False) for _ in range(150)])
    answers = answer_rows(vectors, questions_of(rows), method)
    for question, answer in zip(rows.tolist(), answers.tolist(), strict=True):
        scores = plain_scores(vectors, *question, method)
        assert scores[answer] == pytest.approx(scores.max(), rel=1e-5, abs=1e-7)
        if dimensions > 3:
            assert answer == scores.argmax()


@settings(max_examples=60)
@given(
    count=st.integers(4, 25),
    dimensions=st.integers(1, 4),
    columns=st.sampled_from([1, 3, 256]),
    seed=st.integers(0, 1000),
)
def test_cosmul_answers_ties_as_gensim_does(count: int, dimensions: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.integers(-1, 2, size=(count, dimensions)).astype(np.float32)
    vectors[~vectors.any(axis=1), 0] = 1
    rows = np.array([random.choice(count, 3, replace=False) for _ in range(10)])
    keys = [f"w{number}" for number in range(count)]
    theirs = keyed(keys, vectors)
    theirs.fill_norms()
    theirs.init_sims = lambda: None  # what it calls warns that it is deprecated
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_offsets, "BLOCK_COLUMNS", (columns, columns))
        answers = answer_rows(vectors, questions_of(rows), "3CosMul")
    for (a, b, c), answer in zip(rows.tolist(), answers.tolist(), strict=True):
        (expected, _), *_ = theirs.most_similar_cosmul([keys[b], keys[c]], [keys[a]], topn=5)
        assert keys[answer] == expected


def test_answers_of_cosmul_are_gensims() -> None:
    random = np.random.default_rng(8)
    vectors = random.normal(size=(2_000, 20)).astype(np.float32)
    keys = [f"w{number}" for number in range(len(vectors))]
    rows = np.array([random.choice(200, 3, replace=False) for _ in range(200)])
    theirs = keyed(keys, vectors)
    theirs.fill_norms()
    theirs.init_sims = lambda: None  # what it calls warns that it is deprecated
    found = [theirs.most_similar_cosmul([keys[b], keys[c]], [keys[a]], topn=1)[0][0] for a, b, c in rows.tolist()]
    assert [keys[row] for row in answer_rows(vectors, questions_of(rows), "3CosMul")] == found


def test_pair_distance_takes_a_copy_of_the_asked_word_calmly() -> None:
    vectors = np.array([[1, 0, 0], [1, 0.2, 0], [0, 0, 1], [0, 0.2, 1], [0, 1e-8, 1]], np.float32)
    (answer,) = answer_rows(vectors, questions_of(np.array([[0, 1, 2]])), "PairDistance")
    assert answer == 3


def test_a_question_without_an_offset_is_answered_by_none_of_its_words() -> None:
    vectors = np.eye(4, dtype=np.float32)
    (answer,) = answer_rows(vectors, questions_of(np.array([[0, 0, 1]])), "PairDistance")
    assert answer in (2, 3)


def test_an_unknown_method_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"method must be one of 3CosAdd, .* got 'nearest'"):
        evaluate_analogies(keyed(["a"], np.eye(1, dtype=np.float32)), "no file", method="nearest")


# ---- LRCos


@pytest.fixture
def classes() -> tuple[KeyedVectors, str]:
    """Six countries and capitals; near each country its people, nearer than the capital, but of another class."""
    random = np.random.default_rng(2)
    kind = {"country": 0, "capital": 1, "people": 2}
    vectors = {}
    for place in range(6):
        own = random.normal(size=30)
        for name, axis in kind.items():
            vectors[f"{name}{place}"] = own * (0.8 if name == "capital" else 1) + 2 * np.eye(30)[axis]
    for filler in range(300):
        vectors[f"filler{filler}"] = random.normal(size=30) * 1.5
    pairs = [f"country{place} capital{place}" for place in range(6)]
    questions = [f"{one} {other}" for one in pairs for other in pairs if one != other]
    return keyed(list(vectors), np.array(list(vectors.values()), np.float32)), ": capitals\n" + "\n".join(questions)


@needs_sklearn
def test_lrcos_asks_every_pair_once_and_knows_the_class(classes: tuple[KeyedVectors, str], tmp_path: Path) -> None:
    vectors, text = classes
    path = tmp_path / "questions.txt"
    path.write_text(text)
    result = evaluate_analogies(vectors, path, method="LRCos")
    assert [question.words for question in result.total.questions] == [
        ("", "", f"country{place}", f"capital{place}") for place in range(6)
    ]
    assert result.total.accuracy == 1.0
    nearest = [vectors.most_similar(f"country{place}", topn=1)[0][0] for place in range(6)]
    assert sum(near.startswith("capital") for near in nearest) < 6, "cosine alone must not do"
    assert evaluate_analogies(vectors, path, method="LRCos") == result


@needs_sklearn
def test_lrcos_scores_are_probability_times_cosine(
    classes: tuple[KeyedVectors, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.linear_model import LogisticRegression

    vectors, _ = classes
    rows = {key: [row] for row, key in enumerate(vectors.index_to_key)}
    questions = list(read_analogies(_category(tmp_path)).sections[0].questions)
    pairs = {question.c: question for question in questions}
    asked = [type(question)("", "", question.c, question.answers) for question in pairs.values()]
    monkeypatch.setattr(_lrcos, "BLOCK_ROWS", 7)
    answers = _lrcos.answer_rows_by_class(vectors.vectors, [asked], rows, seed=3)
    unit = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    drawn = np.random.default_rng(3).choice(len(unit), size=_lrcos.RANDOM_WORDS, replace=False)
    c_rows = np.array([rows[question.c][0] for question in asked])
    d_rows = np.array([rows[question.answers[0]][0] for question in asked])
    for place, c in enumerate(c_rows):
        others = np.arange(len(asked)) != place
        negative = np.setdiff1d(np.concatenate([c_rows[others], drawn]), [*d_rows, c])
        examples = np.concatenate([np.unique(d_rows[others]), negative])
        fitted = LogisticRegression(max_iter=1000).fit(unit[examples], np.isin(examples, d_rows))
        scores = fitted.predict_proba(unit)[:, 1] * (unit @ unit[c])
        scores[c] = -np.inf
        assert answers[place] == scores.argmax()


def _category(folder: Path) -> Path:
    path = folder / "capitals.txt"
    path.write_text("".join(f"country{place}\tcapital{place}\n" for place in range(6)))
    return path


def test_lrcos_without_scikit_learn_names_the_extra(
    classes: tuple[KeyedVectors, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.linear_model", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'w2vplus\[sklearn\]'"):
        evaluate_analogies(classes[0], _category(tmp_path), method="LRCos")


# ---- formats


def test_a_flat_file_of_four_columns_is_one_section(tmp_path: Path) -> None:
    path = tmp_path / "msr.txt"
    path.write_bytes(b"good better rough rougher\r\n\r\nbetter good rougher rough\r\n")
    (section,) = read_analogies(path).sections
    assert section.name == "msr" and section.group is None
    assert [question.words for question in section.questions] == [
        ("good", "better", "rough", "rougher"),
        ("better", "good", "rougher", "rough"),
    ]


def test_phrases_between_tabs_keep_their_spaces(tmp_path: Path) -> None:
    path = tmp_path / "phrases.txt"
    path.write_text(": papers\nNew York\tNew York Times\tBoston\tBoston Globe\n")
    (section,) = read_analogies(path).sections
    assert section.questions[0].words == ("New York", "New York Times", "Boston", "Boston Globe")
    vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]], np.float32)
    keys = ["New_York", "New_York_Times", "Boston", "Boston_Globe"]
    result = evaluate_analogies(keyed(keys, vectors), path, as_key=lambda word: word.replace(" ", "_"))
    assert result.total.correct == 1


@pytest.fixture
def bats(tmp_path: Path) -> Path:
    """Two small categories in BATS's layout."""
    folder = tmp_path / "bats"
    (folder / "1_Inflectional").mkdir(parents=True)
    (folder / "4_Lexicographic").mkdir()
    (folder / "1_Inflectional" / "I01 [noun - plural].txt").write_text("cat\tcats\ndog\tdogs\nfox\tfoxes\n")
    (folder / "4_Lexicographic" / "L01 [hypernyms].txt").write_text("cat\tfeline/pet\ndog\tcanine/pet/mammal\n")
    return folder


def test_bats_asks_every_line_with_every_other_as_the_example(bats: Path) -> None:
    plural, hypernyms = read_analogies(bats).sections
    assert (plural.name, plural.group) == ("I01 [noun - plural]", "1_Inflectional")
    assert len(plural.questions) == 3 * 2 and len(hypernyms.questions) == 2 * 1
    assert hypernyms.questions[0] == ("cat", "feline", "dog", ("canine", "pet", "mammal"))


def test_phrases_of_a_category_stand_between_tabs(tmp_path: Path) -> None:
    file = tmp_path / "E01.txt"
    file.write_text("costa rica\tsan josé / sj\nperu\tlima\n")
    ((first, second),) = [section.questions for section in read_analogies(file).sections]
    assert first == ("costa rica", "san josé", "peru", ("lima",)) and second.answers == ("san josé", "sj")


def test_any_of_several_answers_is_right(bats: Path) -> None:
    keys = ["cat", "feline", "dog", "mammal", "other"]  # cat : feline :: dog : mammal
    vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, -1, -1]], np.float32)
    result = evaluate_analogies(keyed(keys, vectors), bats)
    plural, hypernyms = result.sections
    assert (plural.seen, plural.total) == (0, 6)
    assert [question.c for question in hypernyms.correct_questions] == ["dog"]
    assert [question.b for question in hypernyms.unknown_questions] == ["canine"]
    assert [group.name for group in result.groups] == ["1_Inflectional", "4_Lexicographic"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cat\tcats\ndog\n", "line 2: a line of a category holds a word and its answers"),
        ("cat\tcats\ndog\tdogs\tpuppies\n", "line 2"),
        ("cat\t/\n", "line 1"),
        ("a b c d\ne f g\n", "line 2: a question has 4 words .* got 3"),
        ("a b c d\n: s\na b c d\n", "line 1: a question stands before the first section"),
    ],
)
def test_a_line_that_does_not_fit_its_format_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "questions.txt"
    path.write_text(content)
    with pytest.raises(EvaluationError, match=message) as caught:
        read_analogies(path)
    assert str(path) in str(caught.value)


def test_an_empty_folder_holds_no_questions(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"no \.txt file of the folder holds analogy questions"):
        read_analogies(tmp_path)


# ---- the C tool


def compute_accuracy(vectors: KeyedVectors, questions: str, threshold: int) -> list[tuple[int, int]]:
    """The law of word2vec's compute-accuracy.c, slowly: (right, answered) of each section.

    Words are upper case; of equal ones the first counts; a question with an unknown word is passed over; only
    the rows of a, b and c cannot answer; a score must exceed 0.
    """
    keys = [key.upper() for key in vectors.index_to_key[:threshold]]
    unit = vectors.vectors[:threshold] / np.linalg.norm(vectors.vectors[:threshold], axis=1, keepdims=True)
    sections: list[tuple[int, int]] = []
    for line in questions.upper().splitlines():
        if line.startswith(":"):
            sections.append((0, 0))
            continue
        words = line.split()
        if any(word not in keys for word in words):
            continue
        a, b, c = (keys.index(word) for word in words[:3])
        scores = unit @ (unit[b] - unit[a] + unit[c])
        scores[[a, b, c]] = 0
        right = scores.max() > 0 and keys[scores.argmax()] == words[3]
        sections[-1] = (sections[-1][0] + right, sections[-1][1] + 1)
    return sections


@pytest.fixture
def families() -> tuple[KeyedVectors, str]:
    """Forty pairs in two sections, one of them hard; words in lower case, each once."""
    random = np.random.default_rng(6)
    lines, vectors = [], {}
    for section, noise in (("one", 0.3), ("two", 0.8)):
        offset = random.normal(size=20)
        for number in range(20):
            start = random.normal(size=20)
            vectors[f"{section}{number}"] = start
            vectors[f"{section}{number}s"] = start + offset + noise * random.normal(size=20)
        lines.append(f": {section}")
        for number in range(20):
            for other in range(20):
                if number != other:
                    lines.append(f"{section}{number} {section}{number}s {section}{other} {section}{other}s")
    for number in range(300):
        vectors[f"filler{number}"] = random.normal(size=20)
    keys = [list(vectors)[place] for place in random.permutation(len(vectors))]
    return keyed(keys, np.array([vectors[key] for key in keys], np.float32)), "\n".join(lines) + "\n"


@pytest.mark.parametrize("threshold", [250, 10_000])
def test_answers_are_those_of_the_c_tools_law(
    families: tuple[KeyedVectors, str], tmp_path: Path, threshold: int
) -> None:
    vectors, text = families
    path = tmp_path / "questions.txt"
    path.write_text(text)
    result = evaluate_analogies(vectors, path, restrict_vocab=threshold)
    ours = [(section.correct, section.seen) for section in result.sections]
    assert ours == compute_accuracy(vectors, text, threshold)
    assert 0 < result.total.correct < result.total.seen


@pytest.mark.skipif(
    shutil.which("word2vec-compute-accuracy") is None,
    reason="needs the C tool word2vec-compute-accuracy, which PyPI's word2vec builds, on the PATH",
)
def test_answers_are_those_of_the_c_tool(families: tuple[KeyedVectors, str], tmp_path: Path) -> None:
    vectors, text = families
    binary, path = tmp_path / "vectors.bin", tmp_path / "questions.txt"
    path.write_text(text)
    vectors.save_word2vec_format(str(binary), binary=True)
    done: Any = subprocess.run(
        ["word2vec-compute-accuracy", str(binary), "0"], stdin=path.open(), capture_output=True, text=True, check=True
    )
    result = evaluate_analogies(vectors, path)
    shares = [f"({section.correct} / {section.seen})" for section in result.sections]
    for share in shares:
        assert share in done.stdout
