"""Intervals cover what they should, tests keep their level, and models are compared on what both know."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from w2vplus._json import plain
from w2vplus._numbers import fixed
from w2vplus.evaluation import (
    AnalogyResult,
    AnalogySection,
    Evaluation,
    JudgedModel,
    Question,
    _resampling,
    as_csv,
    as_markdown,
    compare,
    evaluate_analogies,
    evaluate_relations,
    evaluate_similarity,
    neighbour_overlap,
    neighbours_of,
    read_relations,
    seeded_neighbours,
    tables_of,
)
from w2vplus.evaluation._resampling import (
    Draws,
    QuestionUnits,
    RankUnits,
    interval,
    over_seeds,
    spearman,
    spearman_without_each,
)
from w2vplus.evaluation.stability import interval_over_seeds


def every_pair_with_every_other(sections: int, pairs: int) -> QuestionUnits:
    source, target = np.nonzero(~np.eye(pairs, dtype=bool))
    return QuestionUnits((source,) * sections, (target,) * sections)


def outcomes_by_pair(units: QuestionUnits, random: np.random.Generator, skill: float = -0.3) -> np.ndarray:
    """Right or wrong by how well the two pairs are known, as sources and as targets, and by luck."""
    outcomes = []
    for source, target in zip(units.source, units.target, strict=True):
        as_source, as_target = random.normal(size=(2, source.max() + 1))
        luck = random.normal(size=len(source))
        outcomes.append(as_source[source] + as_target[target] + luck + skill > 0)
    return np.concatenate(outcomes).astype(np.float64)


# ---- intervals and tests keep what they promise


def test_intervals_of_pairs_cover_the_truth_where_those_of_questions_do_not() -> None:
    units, random = every_pair_with_every_other(3, 20), np.random.default_rng(0)
    truth = np.mean([outcomes_by_pair(units, random).mean() for _ in range(400)])
    by_pair = by_question = 0
    for trial in range(150):
        outcomes = outcomes_by_pair(units, random)[None]
        counted = np.ones(outcomes.shape, bool)
        (value,), drawn = units.scores(outcomes, counted, range(3), Draws(300, trial))
        low, high = interval(drawn[0], 0.95)
        by_pair += low <= truth <= high
        half = 1.96 * math.sqrt(value * (1 - value) / outcomes.size)
        by_question += value - half <= truth <= value + half
    assert by_pair / 150 >= 0.9
    assert by_question / 150 < 0.7, "questions taken for independent must look far too sure"


@pytest.fixture
def few_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_resampling, "FLIPS", 499)


@pytest.mark.usefixtures("few_flips")
def test_models_of_equal_skill_seldom_differ_and_others_do() -> None:
    units, random = every_pair_with_every_other(3, 15), np.random.default_rng(1)
    counted = np.ones(3 * 15 * 14, bool)

    def p_of(skill: float, trial: int) -> float:
        first, second = outcomes_by_pair(units, random, skill), outcomes_by_pair(units, random)
        return units.p_value(first[None], second[None], counted, Draws(0, trial))

    assert sum(p_of(-0.3, trial) < 0.05 for trial in range(40)) <= 6
    assert sum(p_of(2.0, trial) < 0.05 for trial in range(10)) == 10


@pytest.mark.usefixtures("few_flips")
def test_correlations_of_equal_models_seldom_differ_and_others_do() -> None:
    random = np.random.default_rng(2)

    def p_of(noise: float, trial: int) -> float:
        human = random.normal(size=80)
        first, second = human + noise * random.normal(size=80), human + 2 * random.normal(size=80)
        return RankUnits((human,)).p_value(first[None], second[None], np.ones(80, bool), Draws(0, trial))

    assert sum(p_of(2.0, trial) < 0.05 for trial in range(40)) <= 6
    assert sum(p_of(0.3, trial) < 0.05 for trial in range(10)) == 10


# ---- against slow twins


@pytest.fixture
def small() -> tuple[QuestionUnits, np.ndarray, np.ndarray]:
    """Two sections with questions between pairs, on single pairs, and asked twice; some do not count."""
    random = np.random.default_rng(3)
    source = (random.integers(0, 6, 30), random.integers(0, 4, 20))
    target = (random.integers(0, 6, 30), random.integers(0, 4, 20))
    return QuestionUnits(source, target), random.integers(0, 2, (2, 50)).astype(float), random.random((2, 50)) < 0.8


def test_a_question_counts_as_often_as_both_its_pairs_are_drawn(small: tuple) -> None:
    units, outcomes, counted = small
    draws = Draws(20, 5)
    values, drawn = units.scores(outcomes, counted, [0, 1], draws)
    sizes = [int(max(s.max(), t.max())) + 1 for s, t in zip(units.source, units.target, strict=True)]
    weights = [draws.multiplicities(section, size) for section, size in enumerate(sizes)]
    for model in range(2):
        assert values[model] == pytest.approx(outcomes[model][counted[model]].mean())
        for resample in range(20):
            right = asked = 0.0
            question = 0
            for section in range(2):
                for source, target in zip(units.source[section], units.target[section], strict=True):
                    times = weights[section][resample][target]
                    if source != target:
                        times *= weights[section][resample][source]
                    if counted[model, question]:
                        right += times * outcomes[model, question]
                        asked += times
                    question += 1
            assert drawn[model, resample] == pytest.approx(right / asked)


def test_shares_of_pairs_sum_to_the_difference(small: tuple) -> None:
    units, outcomes, counted = small
    difference, both = outcomes[0] - outcomes[1], counted.all(axis=0)
    assert units.shares(difference, both).sum() == pytest.approx(difference[both].mean())


def test_a_pairs_share_is_what_the_difference_loses_without_it() -> None:
    units, random = every_pair_with_every_other(1, 40), np.random.default_rng(4)
    difference = outcomes_by_pair(units, random) - outcomes_by_pair(units, random)
    shares = units.shares(difference, np.ones(len(difference), bool))
    source, target = units.source[0], units.target[0]
    mean = difference.mean()
    without = np.array([difference[(source != pair) & (target != pair)].mean() for pair in range(40)])
    jackknife = mean / 40 + (mean - without) * 39 / 40
    assert np.allclose(shares, jackknife, atol=2e-3)
    assert np.corrcoef(shares, jackknife)[0, 1] > 0.999


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=15), st.integers(0, 99))
def test_rank_correlations_are_scipys_drawn_again_or_left_out(pairs: list[tuple[int, int]], seed: int) -> None:
    first, second = np.array(pairs, np.float64).T
    weights = Draws(4, seed).multiplicities(0, len(pairs))

    def plain(one: np.ndarray, other: np.ndarray) -> float:
        if np.ptp(one) == 0 or np.ptp(other) == 0:
            return math.nan
        return float(stats.spearmanr(one, other)[0])

    assert spearman(first, second)[0] == pytest.approx(plain(first, second), nan_ok=True, abs=1e-9)
    for row, rho in zip(weights, spearman(first, second, weights), strict=True):
        times = row.astype(int)
        expected = plain(np.repeat(first, times), np.repeat(second, times))
        assert rho == pytest.approx(expected, nan_ok=True, abs=1e-9)
    for place, rho in enumerate(spearman_without_each(first, second)):
        expected = plain(np.delete(first, place), np.delete(second, place))
        assert rho == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_models_are_drawn_alike_so_that_equal_ones_never_differ() -> None:
    units, random = every_pair_with_every_other(2, 10), np.random.default_rng(5)
    outcomes = outcomes_by_pair(units, random)
    both = np.stack([outcomes, outcomes])
    _, drawn = units.scores(both, np.ones(both.shape, bool), range(2), Draws(100, 1))
    assert np.array_equal(drawn[0], drawn[1])
    assert units.p_value(both[:1], both[1:], np.ones(len(outcomes), bool), Draws(0, 1)) == 1.0


def test_seeds_drawn_again_scatter_as_seeds_do() -> None:
    values = np.array([0.1, 0.3, 0.5, 0.2])
    mixed = over_seeds(np.repeat(values[:, None], 20_000, axis=1), Draws(20_000, 1))
    assert mixed.mean() == pytest.approx(values.mean(), abs=3e-3)
    assert mixed.std() == pytest.approx(values.std(ddof=1) / 2, rel=0.03)
    low, high = interval_over_seeds(values.tolist(), 0.95)
    expected = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected)


def test_intervals_over_seeds_stay_on_the_scale() -> None:
    """A few right answers in one seed of three: drawn seeds may weigh the others alone."""
    seeds = [answered({"one": [n in right for n in range(40)]}) for right in ({1, 9, 20, 30}, set(), {5})]
    score = compare([JudgedModel("model", [[seed] for seed in seeds])], resamples=500).scores[-1]
    assert 0 == score.low < score.value < score.high < 1


# ---- evaluations


Result = AnalogyResult


def answered(outcomes: dict[str, list[bool | None]], pairs: int = 8) -> Result:
    """A file of sections, each pair asked with the next few as examples."""
    sections = []
    for name, of_section in outcomes.items():
        numbers = [(i % pairs, (i + 1 + i // pairs) % pairs) for i in range(len(of_section))]
        questions = [Question(f"a{one}", f"b{one}", f"a{other}", (f"b{other}",)) for one, other in numbers]
        sections.append(AnalogySection(name, tuple(questions), tuple(of_section), "kind"))
    return AnalogyResult("folder/questions.txt", "3CosAdd", tuple(sections), 100, True)


@pytest.fixture
def evaluation() -> Evaluation:
    random = np.random.default_rng(7)

    def some(share: float) -> list[bool | None]:
        return [None if number % 9 == 0 else bool(random.random() < share) for number in range(40)]

    weak = [answered({"one": some(0.2), "two": some(0.3)}) for _ in range(2)]
    strong = [answered({"one": some(0.8), "two": some(0.9)}) for _ in range(2)]
    return compare(
        [JudgedModel("weak", [[result] for result in weak]), JudgedModel("strong", [[result] for result in strong])],
        resamples=200,
    )


def test_scores_have_intervals_around_them_and_both_countings(evaluation: Evaluation) -> None:
    assert [(score.level, score.section) for score in evaluation.scores[:4]] == [
        ("section", "one"), ("section", "two"), ("group", "kind"), ("total", "total"),
    ]  # fmt: skip
    for score in evaluation.scores:
        assert score.low <= score.value <= score.high
        assert score.value == pytest.approx(np.mean(score.by_seed))
        assert score.value_of_total == pytest.approx(score.value * score.seen / score.total)
        assert score.coverage == score.seen / score.total < 1
        assert score.units == 8 * (1 if score.level == "section" else 2)


def test_the_stronger_model_is_found_over_pairs_and_over_seeds(evaluation: Evaluation) -> None:
    (difference,) = evaluation.differences
    assert (difference.first, difference.second) == ("weak", "strong")
    assert difference.low <= difference.difference <= difference.high < 0
    assert difference.p < 0.05 and difference.p_seeds is not None
    assert difference.p_adjusted == max(difference.p, difference.p_seeds)
    assert difference.compared == 70 and difference.units == 16


@pytest.mark.parametrize(
    ("low", "high", "p", "undecided"),
    [(-0.1, 0.2, 0.01, True), (0.1, 0.2, 0.3, True), (-0.1, 0.2, 0.3, False), (0.1, 0.2, 0.01, False),
     (None, None, None, False), (0.0, 0.2, 0.049, True)],
)  # fmt: skip
def test_an_interval_and_a_test_that_disagree_are_told(
    evaluation: Evaluation, low: float | None, high: float | None, p: float | None, undecided: bool
) -> None:
    differences = (replace(evaluation.differences[0], low=low, high=high, p=p),)
    changed = replace(evaluation, differences=differences)
    assert differences[0].is_undecided(0.95) == undecided
    assert ("Interval and p disagree (weak − strong on " in as_markdown(changed)) == undecided
    assert [bool(table.note) for table in tables_of(changed) if table.title.startswith("Differences")] == [undecided]


def test_two_models_are_compared_on_what_both_know() -> None:
    first = answered({"one": [True] * 20 + [None] * 20})
    second = answered({"one": [None] * 4 + [False, True] * 18})
    (difference,) = compare([JudgedModel("a", [[first]]), JudgedModel("b", [[second]])]).differences
    assert difference.compared == 16 and difference.difference == 0.5
    first, second = answered({"s": [True, None]}), answered({"s": [None, True]})
    (difference,) = compare([JudgedModel("a", [[first]]), JudgedModel("b", [[second]])]).differences
    assert (difference.compared, difference.difference, difference.p) == (0, None, None)


def test_few_pairs_have_no_interval_and_say_so() -> None:
    evaluation = compare([JudgedModel("a", [[answered({"one": [True, False]}, pairs=3)]])])
    assert all(score.low is None and score.high is None for score in evaluation.scores)
    assert "–" in as_markdown(evaluation)


@pytest.mark.parametrize("outcome", [True, False])
def test_answers_without_exception_are_as_sure_as_their_pairs_are_many(outcome: bool) -> None:
    model = JudgedModel("a", [[answered({"one": [outcome] * 40}, pairs=12)]] * 2)
    total = compare([model], confidence=0.9).scores[-1]
    exact = stats.binomtest(12 * outcome, 12).proportion_ci(0.9, method="exact")
    assert total.units == 12 and (total.low, total.high) == pytest.approx((exact.low, exact.high))
    assert (total.low_of_total, total.high_of_total) == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize("arguments", [{"resamples": 39}, {"resamples": -1}, {"resamples": 199, "confidence": 0.99}])
def test_too_few_draws_for_an_interval_are_refused(arguments: dict) -> None:
    with pytest.raises(ValueError, match="resamples must be at least"):
        compare([], **arguments)
    with pytest.raises(ValueError, match=r"confidence must be between 0 and 1, got 95"):
        compare([], confidence=95)


def test_an_evaluation_is_the_same_each_time_and_without_resamples_has_no_interval() -> None:
    model = JudgedModel("a", [[answered({"one": [True, False] * 20})]])
    assert compare([model]).as_dict() == compare([model]).as_dict()
    assert compare([model], seed=2).scores[-1].low != compare([model]).scores[-1].low
    assert compare([model], resamples=0).scores[-1].low is None


def test_a_file_that_one_seed_could_not_answer_is_left_out() -> None:
    judged = JudgedModel("a", [[answered({"one": [True] * 10})], []])
    assert compare([judged]).scores == ()


def test_json_csv_and_markdown_hold_every_score(evaluation: Evaluation) -> None:
    report = json.loads(json.dumps(evaluation.as_dict(), allow_nan=False))
    assert (report["format"], report["version"]) == ("w2vplus-evaluation", 1)
    assert report["models"][0] == {"name": "weak", "files": [], "words": 0, "seeds": 2}
    rows = list(csv.DictReader(io.StringIO(as_csv(evaluation))))
    assert [row["record"] for row in rows] == ["score"] * 8 + ["difference"]
    assert [float(row["value"]) for row in rows[:-1]] == [score["value"] for score in report["scores"]]
    assert [float(value) for value in rows[0]["by_seed"].split()] == report["scores"][0]["by_seed"]
    assert float(rows[-1]["p"]) == report["differences"][0]["p"]
    drawn = as_markdown(evaluation)
    for table in tables_of(evaluation):
        assert f"### {table.title}" in drawn and f"| {table.columns[0]} |" in drawn
    assert "<table>" in evaluation._repr_html_() and "weak − strong" in evaluation._repr_html_()


def test_what_is_rounded_to_zero_has_no_sign(evaluation: Evaluation) -> None:
    almost = replace(evaluation.differences[0], difference=-0.0001, low=-0.0004, high=0.0004)
    shown = [table for table in tables_of(replace(evaluation, differences=(almost,))) if "Differences" in table.title]
    assert [row[2:4] for row in shown[0].rows] == [("0.0 %", "0.0 – 0.0 %")]
    assert "-0.0" not in as_markdown(replace(evaluation, differences=(almost,)))
    score = replace(evaluation.scores[0], level="total", measure="spearman", value=-0.0002, low=-0.0002, high=0.25)
    assert "0.000 – 0.250" in str(tables_of(replace(evaluation, scores=(score,), differences=())))
    assert (fixed(-0.04, 1), fixed(-0.06, 1), fixed(0.04, 1, signed=True)) == ("0.0", "-0.1", "0.0")
    assert (fixed(0.06, 1, signed=True), fixed(10.0, 0), fixed(-0.0, 3)) == ("+0.1", "10", "0.000")


def test_zeros_of_a_comparison_and_of_json_have_no_sign() -> None:
    wrong = answered({"one": [False] * 8})
    compared = compare([JudgedModel("a", [[wrong]]), JudgedModel("b", [[wrong]])])
    numbers = [compared.differences[0].difference, compared.differences[0].low, compared.differences[0].high]
    assert [math.copysign(1, number) for number in numbers if number is not None] == [1, 1, 1]
    assert json.dumps(plain({"a": [-0.0, np.float32(-0.0), -1.5]})) == '{"a": [0.0, 0.0, -1.5]}'


def test_html_shows_names_as_they_are() -> None:
    result = answered({"<b>one</b>": [True] * 6})
    assert "&lt;b&gt;one&lt;/b&gt;" in result._repr_html_()
    assert "&lt;b&gt;" in compare([JudgedModel("<b>", [[answered({"one": [True], "two": [True]})]])])._repr_html_()


# ---- relations


@pytest.fixture
def relations(tmp_path: Path) -> Path:
    """Two relations in the layout of SemEval-2012 task 2."""
    questions = "What relation best describes these X:Y word pairs?\n\nflower:tulip\nemotion:rage\n\n(1) Y is X\n"
    for name in ("1a", "10b"):
        (tmp_path / f"Phase1Questions-{name}.txt").write_text(questions)
    (tmp_path / "gold").mkdir()
    gold = '# ratings\n50.0 "tree:oak"\n20.5 "bird:crow"\n-3.0 "day:dawn"\n1.0 "unknown:word"\n'
    (tmp_path / "gold" / "GoldRatings-1a.txt").write_text(gold)
    (tmp_path / "gold" / "GoldRatings-10b.txt").write_text(gold.replace("50.0", "-50"))
    return tmp_path


def test_relations_rank_pairs_by_their_offset_to_the_model_pairs(relations: Path) -> None:
    random = np.random.default_rng(9)
    words = ["flower", "tulip", "emotion", "rage", "tree", "oak", "bird", "crow", "day", "dawn"]
    vectors = KeyedVectors(5)
    vectors.add_vectors(words, random.normal(size=(10, 5)).astype(np.float32))
    result = evaluate_relations(vectors, relations)
    assert [relation.name for relation in result.relations] == ["1a", "10b"]
    assert result.relations[0].models == (("flower", "tulip"), ("emotion", "rage"))
    assert (result.seen, result.total) == (6, 8)

    def offset(pair: str) -> np.ndarray:
        first, second = (vectors.get_vector(word, norm=True).astype(float) for word in pair.split(":"))
        return (second - first) / np.linalg.norm(second - first)

    pairs = ("tree:oak", "bird:crow", "day:dawn")
    scores = [np.mean([offset(pair) @ offset(model) for model in ("flower:tulip", "emotion:rage")]) for pair in pairs]
    assert [pair.cosine for pair in result.relations[0].pairs[:3]] == pytest.approx(scores)
    first, second = stats.spearmanr([50, 20.5, -3], scores)[0], stats.spearmanr([-50, 20.5, -3], scores)[0]
    assert result.spearman == pytest.approx((first + second) / 2)
    total = compare([JudgedModel("a", [[result]])]).scores[-1]
    assert total.value == pytest.approx(result.spearman) and total.kind == "relations"
    json.dumps(result.as_dict(pairs=True), allow_nan=False)
    assert "10b" in result._repr_html_()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "Phase1Questions-1a.txt").unlink(), "GoldRatings-1a.txt has no Phase1Questions-1a"),
        (lambda folder: (folder / "Phase1Questions-1a.txt").write_text("none"), "no line with a model pair"),
        (lambda folder: (folder / "gold" / "GoldRatings-1a.txt").write_text("5 tree\n"), "line 1: expected a rating"),
        (lambda folder: (folder / "gold" / "GoldRatings-1a.txt").write_text('x "a:b"\n'), "line 1: expected a rating"),
        (lambda folder: [path.unlink() for path in folder.rglob("Gold*")], "no GoldRatings-"),
    ],
)
def test_a_bad_folder_of_relations_is_refused(relations: Path, spoil: Callable[[Path], object], message: str) -> None:
    from w2vplus import EvaluationError

    spoil(relations)
    with pytest.raises(EvaluationError, match=message):
        read_relations(relations)


def test_relations_of_unknown_words_are_refused(relations: Path) -> None:
    from w2vplus import EvaluationError

    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(EvaluationError, match="no relation has two pairs"):
        evaluate_relations(vectors, relations)


# ---- seeds


def random_vectors(seed: int, words: int = 200) -> KeyedVectors:
    vectors = KeyedVectors(6)
    keys = [f"w{number}" for number in range(words)]
    shared = np.random.default_rng(0).normal(size=(words, 6))
    own = np.random.default_rng(seed).normal(size=(words, 6))
    vectors.add_vectors(keys, (shared + 0.5 * own).astype(np.float32))
    return vectors


def test_neighbours_in_bulk_are_gensims(monkeypatch: pytest.MonkeyPatch) -> None:
    from w2vplus.queries import scan

    monkeypatch.setattr(scan, "BLOCK_ROWS", 2 * scan.GROUP)
    vectors = random_vectors(1)
    found = neighbours_of(vectors, ["w3", "nowhere", "w199"], topn=5)
    assert list(found) == ["w3", "w199"]
    for word, near in found.items():
        assert list(near) == [key for key, _ in vectors.most_similar(word, topn=5)]
    within = neighbours_of(vectors, ["w3"], topn=5, restrict_vocab=50)["w3"]
    assert list(within) == [key for key, _ in vectors.most_similar("w3", topn=5, restrict_vocab=50)]
    beyond = neighbours_of(vectors, ["w199"], topn=5, restrict_vocab=50)["w199"]
    assert list(beyond) == [key for key, _ in vectors.most_similar("w199", topn=5, restrict_vocab=50)]


def test_overlap_is_the_share_that_two_seeds_have_in_common() -> None:
    overlap = neighbour_overlap(
        [{"a": ("b", "c"), "d": ("e", "f")}, {"a": ("c", "b"), "d": ("e", "x")}, {"a": ("x", "y"), "d": ("f", "e")}],
        topn=2,
    )
    assert overlap.overlap == pytest.approx((1 + 0.5 + 0 + 1 + 0 + 0.5) / 6)
    assert (overlap.least, overlap.greatest) == (0.25, 0.75)
    assert (overlap.seeds, overlap.words) == (3, 2)
    with pytest.raises(ValueError, match="two seeds with words in common"):
        neighbour_overlap([{"a": ("b",)}])


def test_neighbours_of_seeds_come_with_an_interval() -> None:
    models = [random_vectors(seed) for seed in (1, 2, 3)]
    found = seeded_neighbours(models, "w7", topn=4)
    assert len(found) == 4 and [near.seeds for near in found] == sorted((n.seeds for n in found), reverse=True)
    for near in found:
        cosines = [model.similarity("w7", near.word) for model in models]
        assert near.cosine == pytest.approx(np.mean(cosines), abs=1e-6)
        assert near.low < near.cosine < near.high


def test_several_seeds_of_real_vectors_are_judged_as_one_model(tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}\n" for i in range(40)))
    (tmp_path / "pairs.txt").write_text("".join(f"w{i} w{i + 5} {i}\n" for i in range(30)))
    models = [random_vectors(seed) for seed in (1, 2, 3)]
    results = [
        [evaluate_analogies(model, tmp_path / "questions.txt"), evaluate_similarity(model, tmp_path / "pairs.txt")]
        for model in models
    ]
    words = list(models[0].index_to_key)
    judged = JudgedModel("three", results, neighbours=[neighbours_of(model, words) for model in models])
    evaluation = compare([judged], resamples=100)
    analogies, similarity = evaluation.scores
    assert analogies.by_seed == tuple(of_seed[0].total.accuracy for of_seed in results)
    assert similarity.by_seed == pytest.approx([of_seed[1].correlation.spearman for of_seed in results])
    ((name, overlap),) = evaluation.stability
    assert name == "three" and overlap.seeds == 3 and overlap.low <= overlap.overlap <= overlap.high
    assert "in common" in as_markdown(evaluation)
