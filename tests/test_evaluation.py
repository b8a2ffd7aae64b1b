"""Evaluation gives gensim's answers, names the place of a fault, and leaves the vectors alone."""

from __future__ import annotations

import csv
import gzip
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.word2vec import LineSentence
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.errors import EvaluationError
from w2vplus.evaluation import (
    AnalogyResult,
    JudgedModel,
    _offsets,
    compare,
    evaluate_analogies,
    evaluate_similarity,
    read_analogies,
    read_word_pairs,
)
from w2vplus.evaluation._answers import answer_rows
from w2vplus.evaluation._offsets import Questions

GOOGLE = datapath("questions-words.txt")


def keyed(keys: list, vectors: np.ndarray) -> KeyedVectors:
    keyed_vectors = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    keyed_vectors.add_vectors(keys, vectors)
    return keyed_vectors


@pytest.fixture(scope="module")
def lee_vectors() -> KeyedVectors:
    sentences = LineSentence(datapath("lee_background.cor"))
    return Word2Vec(sentences, vector_size=30, min_count=1, epochs=5, workers=1, seed=1).wv


@pytest.fixture(scope="module")
def planted_vectors() -> KeyedVectors:
    """Words of Google's questions, each pair apart by its section's offset; other spellings; fillers."""
    random = np.random.default_rng(5)
    vectors: dict[str, np.ndarray] = {}
    for section in read_analogies(GOOGLE).sections:
        offset = random.normal(size=25)
        for first, second, _, _ in section.questions:
            start = vectors.setdefault(first, random.normal(size=25))
            vectors.setdefault(second, start + offset + random.normal(size=25) * 0.6)
    for word in list(vectors)[:300]:
        for number in range(random.integers(0, 4)):
            spelling = word[:number].lower() + word[number:].swapcase()
            vectors.setdefault(spelling, vectors[word] + random.normal(size=25) * 0.05)
    for number in range(6000):
        vectors[f"filler{number}"] = random.normal(size=25) * random.uniform(0.1, 5)
    keys = [list(vectors)[place] for place in random.permutation(len(vectors))]
    return keyed(keys, np.array([vectors[key] for key in keys], np.float32))


@pytest.fixture(scope="module")
def some_questions(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every fifteenth of Google's questions."""
    lines = Path(GOOGLE).read_text().splitlines()
    path = tmp_path_factory.mktemp("questions") / "some.txt"
    path.write_text("\n".join(line for n, line in enumerate(lines) if line.startswith(":") or n % 15 == 0))
    return str(path)


def in_upper_case(questions: tuple) -> list[tuple[str, ...]]:
    return [tuple(word.upper() for word in question.words) for question in questions]


def as_they_are(questions: tuple) -> list[tuple[str, ...]]:
    return [question.words for question in questions]


def assert_answers_are_gensims(
    keyed_vectors: KeyedVectors,
    path: str,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> AnalogyResult:
    ours = evaluate_analogies(
        keyed_vectors, path, restrict_vocab=restrict_vocab, case_insensitive=case_insensitive
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        accuracy, sections = keyed_vectors.evaluate_word_analogies(
            path, restrict_vocab=restrict_vocab, case_insensitive=case_insensitive
        )
    spelled = in_upper_case if case_insensitive else as_they_are
    assert [section.name for section in ours.sections] == [section["section"] for section in sections[:-1]]
    for mine, theirs in zip((*ours.sections, ours.total), sections, strict=True):
        assert spelled(mine.correct_questions) == theirs["correct"], mine.name
        assert spelled(mine.incorrect_questions) == theirs["incorrect"], mine.name
    assert ours.total.accuracy == accuracy
    return ours


@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("restrict_vocab", [300_000, 3000, None])
def test_answers_to_planted_analogies_are_gensims(
    planted_vectors, some_questions, restrict_vocab, case_insensitive
):
    result = assert_answers_are_gensims(planted_vectors, some_questions, restrict_vocab, case_insensitive)
    assert 0.1 < result.total.accuracy < 0.9, "a comparison of all-wrong answers would prove nothing"
    assert result.total.seen > 30


def test_answers_of_a_trained_model_are_gensims(lee_vectors):
    result = assert_answers_are_gensims(lee_vectors, GOOGLE)
    assert result.total.seen > 50


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_answers_for_wider_floats_and_unnormalised_vectors_are_gensims(
    planted_vectors, some_questions, dtype
):
    scales = np.geomspace(1e-3, 1e3, len(planted_vectors))[:, None]
    scaled = keyed(planted_vectors.index_to_key, (planted_vectors.vectors * scales).astype(dtype))
    assert_answers_are_gensims(scaled, some_questions)


words_with_spellings = st.sampled_from(
    [letter + end for letter in "abcdAB" for end in ("", "x", "X", "xy", "Xy", "xY")]
)


@settings(max_examples=150)
@given(
    keys=st.lists(words_with_spellings, min_size=3, max_size=30, unique=True),
    dimensions=st.integers(1, 3),
    restrict_vocab=st.sampled_from([None, 3, 10, 1000]),
    case_insensitive=st.booleans(),
    columns=st.sampled_from([1, 2, 7, 256]),
    seed=st.integers(0, 1000),
)
def test_ties_zero_vectors_and_many_spellings_are_answered_as_gensim_does(
    tmp_path_factory, keys, dimensions, restrict_vocab, case_insensitive, columns, seed
):
    random = np.random.default_rng(seed)
    vectors = random.integers(-1, 2, size=(len(keys), dimensions)).astype(np.float32)
    path = tmp_path_factory.getbasetemp() / "tied-questions.txt"
    known = keys[:restrict_vocab]
    path.write_text(": tied\n" + "".join(" ".join(random.choice(known, 4)) + "\n" for _ in range(20)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_offsets, "BLOCK_COLUMNS", (columns, columns))
        assert_answers_are_gensims(keyed(keys, vectors), str(path), restrict_vocab, case_insensitive)


def test_an_answer_behind_five_spellings_of_a_question_word_is_out_of_gensims_sight(tmp_path):
    spellings = ["word", "Word", "wOrd", "woRd", "worD", "WORD", "WOrd"]
    vectors = np.array([[1, 0, 0]] * len(spellings) + [[0.9, 0.5, 0], [0, 0, 1]], np.float32)
    path = tmp_path / "questions.txt"
    path.write_text(": s\nother word other answer\nother word other word\n")
    result = assert_answers_are_gensims(keyed([*spellings, "answer", "other"], vectors), str(path))
    assert [question.answers for question in result.total.correct_questions] == [("word",)]


def test_answers_over_many_vocabulary_blocks_equal_a_plain_search():
    random = np.random.default_rng(3)
    vectors = random.normal(size=(10_000, 12)).astype(np.float32)
    given_rows = random.integers(0, 10_000, size=(500, 3))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = []
    for a, b, c in given_rows:
        scores = unit @ (unit[b] + unit[c] - unit[a])
        scores[[a, b, c]] = -np.inf
        expected.append(scores.argmax())
    questions = Questions(*given_rows.T, ignored=[sorted(set(rows)) for rows in given_rows.tolist()])
    assert answer_rows(vectors, questions).tolist() == expected


def test_evaluation_leaves_the_vectors_as_they_were(lee_vectors):
    fresh = keyed(list(lee_vectors.index_to_key), lee_vectors.vectors.copy())
    before = fresh.vectors.copy()
    evaluate_analogies(fresh, GOOGLE)
    evaluate_similarity(fresh, datapath("wordsim353.tsv"))
    assert fresh.norms is None
    assert fresh.vectors.flags.writeable
    assert np.array_equal(fresh.vectors, before)
    assert fresh.key_to_index == {key: index for index, key in enumerate(fresh.index_to_key)}


def test_stale_norms_do_not_mislead_the_answers(planted_vectors, some_questions):
    stale = keyed(list(planted_vectors.index_to_key), planted_vectors.vectors.copy())
    stale.norms = np.linspace(1, 100, len(stale), dtype=np.float32)
    right = evaluate_analogies(planted_vectors, some_questions)
    assert evaluate_analogies(stale, some_questions).as_dict() == right.as_dict()


def test_totals_coverage_and_both_accuracies_add_up(lee_vectors):
    result = evaluate_analogies(lee_vectors, GOOGLE)
    assert result.total.total == 19_544
    semantic, syntactic = result.groups
    assert (semantic.name, semantic.total) == ("semantic", 8_869)
    assert (syntactic.name, syntactic.total) == ("syntactic", 10_675)
    assert semantic.correct + syntactic.correct == result.total.correct
    assert result.total.coverage == result.total.seen / 19_544
    with_dummy, _ = lee_vectors.evaluate_word_analogies(GOOGLE, dummy4unknown=True)
    assert result.total.accuracy_of_total == pytest.approx(with_dummy)
    summary = json.loads(json.dumps(result.as_dict(questions=True)))
    assert list(summary) == [
        *("source", "method", "words_considered", "case_insensitive"),
        *("sections", "groups", "total"),
    ]
    listed = summary["sections"][0]
    assert len(listed["unknown_questions"]) == listed["total"] - listed["seen"]


def test_keys_that_are_no_strings_stand_for_no_word(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": s\n1 b c d\na b c d\n")
    vectors = np.eye(5, dtype=np.float32)
    result = evaluate_analogies(keyed([1, "a", "b", "c", "d"], vectors), path)
    assert result.total.unknown_questions == (("1", "b", "c", ("d",)),)


def test_compressed_questions_with_windows_line_ends_are_read(tmp_path, planted_vectors, some_questions):
    text = "\ufeff" + Path(some_questions).read_text().replace("\n", "\r\n")
    path = tmp_path / "questions.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    plain = evaluate_analogies(planted_vectors, some_questions).total
    assert evaluate_analogies(planted_vectors, path).total == plain


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no analogy questions"),
        (b": only-a-header\n\n", "no analogy questions"),
        (b"a b c d\n: s\na b c d\n", "line 1: a question stands before the first section"),
        (b": s\na b c d\na b c\n", "line 3: a question has 4 words .* got 3: 'a b c'"),
        (b": s\na b c d\n:\na b c d\n", "line 3: a section header"),
        (b": s\na b c \xff\n", "line 2: byte 7 of the line is not UTF-8"),
        (b": s\nxx yy zz vv\n", "no question is in the vocabulary: coverage 0 of 1 questions over"),
    ],
)
def test_a_bad_question_file_is_refused_with_file_and_line(tmp_path, lee_vectors, content, message):
    path = tmp_path / "questions.txt"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=message) as caught:
        evaluate_analogies(lee_vectors, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_a_damaged_compressed_file_is_refused_by_name(tmp_path, lee_vectors, suffix):
    path = tmp_path / f"questions.txt.{suffix}"
    path.write_bytes(b"this was never compressed")
    with pytest.raises(EvaluationError, match="damaged or cut short"):
        evaluate_analogies(lee_vectors, path)


def test_a_vocabulary_cut_below_one_is_refused(lee_vectors):
    with pytest.raises(ValueError, match="restrict_vocab must be at least 1 or None, got 0"):
        evaluate_analogies(lee_vectors, GOOGLE, restrict_vocab=0)


@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
@pytest.mark.parametrize("restrict_vocab", [300_000, 1000])
@pytest.mark.parametrize("case_insensitive", [True, False])
def test_correlations_are_gensims(lee_vectors, name, restrict_vocab, case_insensitive):
    options = {"restrict_vocab": restrict_vocab, "case_insensitive": case_insensitive}
    result = evaluate_similarity(lee_vectors, datapath(name), **options)
    assert 2 < result.seen < result.total
    for ours, dummy in ((result.correlation, False), (result.correlation_of_total, True)):
        pearson, spearman, oov = lee_vectors.evaluate_word_pairs(
            datapath(name), dummy4unknown=dummy, **options
        )
        assert ours.spearman == pytest.approx(spearman[0], abs=1e-12)
        assert ours.spearman_p == pytest.approx(spearman[1], rel=1e-9)
        # gensim correlates in float32 where we do in float64.
        assert ours.pearson == pytest.approx(pearson[0], abs=1e-6)
        assert ours.pearson_p == pytest.approx(pearson[1], rel=1e-3)
        assert result.oov_ratio == pytest.approx(oov)
    json.dumps(result.as_dict(pairs=True), allow_nan=False)


LAYOUTS = {
    "tab": "# comment\nold\tnew\t1.5\ngood\tgreat\t9\n",
    "tab with header": "word1\tword2\tscore\nold\tnew\t1.5\ngood\tgreat\t9\n",
    "comma, quoted header": '"Word 1","Word 2","Human (mean)"\nold,new,1.5\ngood,great,9\n',
    "comma, all quoted": '"a","b","score"\n"old","new","1.5"\n"good", "great", 9\n',
    "semicolon, carriage returns": "old;new;1.5\r\ngood;great;9\r\n",
    "space": "old new 1.5\ngood great 9\n",
    "spaces, blank line": "old  new  1.5\n\ngood  great  9",
    "part of speech before the score": "w1\tw2\tPOS\tscore\nold\tnew\tA\t1.5\ngood\tgreat\tA\t9\n",
    "raters by number": "Word 1,Word 2,Human (mean),1,2,3\nold,new,1.5,1,2,1.5\ngood,great,9,8,10,9\n",
    "header that is a name with a number": "w1\tw2\tscore (1-10)\nold\tnew\t1.5\ngood\tgreat\t9\n",
    "byte order mark": "\ufeffold\tnew\t1.5\ngood\tgreat\t9\n",
    "single ratings after the score": "old\tnew\t1.5\t1\t2\ngood\tgreat\t9\t8\t10\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_word_pairs_are_read_in_every_usual_layout(tmp_path, layout):
    path = tmp_path / "pairs.txt"
    path.write_bytes(LAYOUTS[layout].encode())
    pairs = [(pair.first, pair.second, pair.human) for pair in read_word_pairs(path)]
    assert pairs == [("old", "new", 1.5), ("good", "great", 9.0)]


def test_a_given_delimiter_keeps_other_marks_in_words(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("ping,pong|tennis;table|7\n")
    (pair,) = read_word_pairs(path, delimiter="|")
    assert (pair.first, pair.second, pair.human) == ("ping,pong", "tennis;table", 7.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no word pairs"),
        ("word1\tword2\tscore\n", "no word pairs"),
        ("the\tof\t1\nthe\tof\n", "line 2: expected two words and a number, separated by '.t'"),
        ("the of 1\nthe of nan\n", "line 2: expected two words and a number, separated by white space"),
        ("the\tof\t1\n\tof\t2\n", "line 2"),
        ("the,of,1\n" + "the," + "x" * 200_000 + ",1\n", "line 2: expected two words and a number, separated by ','"),
        ("the\tof\t7,5\nthe\tin\t2\n", "line 1: expected two words and a number.*; '7,5' is no number"),
        ("the,of,7.5/10\nthe,in,2\n", "line 1: expected .*; '7.5/10' is no number"),
        ("the of n/a\nthe in 2\n", "line 1: expected two words"),
        ("a,b,score\nthe,of,7\nthe,in,2,5\n", "line 3: 4 columns where the first line has 3, in 'the,in,2,5': a"),
        ("\tof\t1\nthe\tin\t2\n", "line 1: expected two words"),
        ("xxqx\tyyqy\t1\n", "of 1 pairs 0 have both words in the vocabulary"),
        ("the\tof\t1\nxxqx\tof\t2\n", "of 2 pairs 1 have both words in the vocabulary"),
    ],
)
def test_a_bad_pairs_file_is_refused_with_file_and_line(tmp_path, lee_vectors, content, message):
    path = tmp_path / "pairs.txt"
    path.write_text(content)
    limit = csv.field_size_limit(131_072)  # Python's own; commands that read tables raise it for the whole process
    try:
        with pytest.raises(EvaluationError, match=message) as caught:
            evaluate_similarity(lee_vectors, path)
    finally:
        csv.field_size_limit(limit)
    assert str(path) in str(caught.value)


def test_a_vector_that_is_not_finite_is_as_an_unknown_word(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("a b 5\na c 4\nb c 1\nc d 2\n")
    vectors = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    vectors[3, 2] = np.nan
    result = evaluate_similarity(keyed(list("abcd"), vectors), path)
    without = evaluate_similarity(keyed(list("abc"), vectors[:3]), path)
    assert (result.seen, result.correlation) == (3, without.correlation)
    scores = [compare([JudgedModel("model", [[each]])]).scores[0] for each in (result, without)]
    assert scores[0] == scores[1] and scores[0].value == pytest.approx(result.correlation.spearman)
    json.dumps(result.as_dict(pairs=True), allow_nan=False)


def test_a_constant_side_has_no_correlation_and_says_so_in_json(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("a b 5\na c 5\nb c 5\n")
    result = evaluate_similarity(keyed(["a", "b", "c"], np.eye(3, dtype=np.float32)), path)
    assert math.isnan(result.correlation.spearman)
    assert result.as_dict()["correlation"]["pearson"] is None
