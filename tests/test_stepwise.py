"""One explained step: against the compiled kernel, against a real training, and as it is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from w2vplus import Phrases, Word2Vec, _sgd, draws
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.cli import app
from w2vplus.reference import bounded
from w2vplus.stepwise import ExplainedStep, StepModel, explain_step, page, toy_model, words
from w2vplus.vocabulary import AliasTable

SENTENCE = "thou shalt not make a machine"

LAWS: dict[str, dict[str, Any]] = {
    "sg-ns": {"sg": 1},
    "cbow-ns": {},
    "sg-hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow-hs": {"hs": 1, "negative": 0},
    "sg-both": {"sg": 1, "hs": 1},
    "cbow-sum": {"cbow_mean": 0},
    "cbow-corrected": {"cbow_corrected": True},
    "cbow-corrected-sum": {"cbow_corrected": True, "cbow_mean": 0},
}
WORDS = [f"word{number}" for number in range(12)]


@cache
def trained(law: str, shared_negatives: int) -> Word2Vec:
    """A small model with vectors that are not small."""
    random = np.random.default_rng(5)
    text = [[WORDS[i] for i in (random.zipf(1.5, 12) - 1).clip(0, len(WORDS) - 1)] for _ in range(60)] + [WORDS]
    return Word2Vec(
        text, vector_size=7, min_count=1, sample=0.1, alpha=0.05, epochs=20, workers=1, seed=3,
        shared_negatives=shared_negatives, **LAWS[law],
    )  # fmt: skip


def by_the_kernel(
    model: StepModel, step: ExplainedStep, begin: int, end: int
) -> tuple[dict[str, np.ndarray], int, float]:
    """The matrices, the pairs and the loss after the kernel has trained the centre words from `begin` to `end`."""
    law, tables, weights = model.law, model.tables, model.weights
    matrices = {
        name: matrix.copy() for name, matrix in vars(weights).items() if matrix is not None and name != "lock_factors"
    }
    kernel = _sgd.Model(
        **matrices,
        lock_factors=weights.lock_factors,
        keep_thresholds=tables.keep_thresholds,
        noise_thresholds=None if tables.noise is None else tables.noise.thresholds,
        noise_aliases=None if tables.noise is None else tables.noise.aliases,
        path_starts=None if tables.tree is None else tables.tree.path_starts,
        path_nodes=None if tables.tree is None else tables.tree.inner_nodes,
        path_codes=None if tables.tree is None else tables.tree.codes,
        compute_loss=True,
        **{**vars(law), "farthest": min(law.farthest, law.window)},
    )
    ids = np.array([model.word_id(token.text) for token in step.tokens], np.int32)
    starts = np.array([0, len(ids)], np.int64)
    if begin == end:
        return matrices, 0, 0.0
    worker = _sgd.Worker(kernel)
    *_, pairs, loss = worker.train_span(ids, starts, None, 0, begin, end, model.key, model.learning_rate)
    return matrices, pairs, loss


def first_of_draws(model: StepModel, step: ExplainedStep) -> int:
    """The place of the first centre word whose draws serve those of `step`."""
    kept = [place for place, token in enumerate(step.tokens) if token.fate == "kept"]
    summed = model.law.corrected_cbow and not model.law.cbow_mean
    alone = model.law.hierarchical_softmax if model.law.skip_gram else summed
    most = 1 if alone else max(1, bounded(model.law.shared_negatives, model.learning_rate))
    return kept[kept.index(step.sharing[0]) // most * most]


def assert_the_kernel_agrees(model: StepModel, step: ExplainedStep) -> None:
    """Windows that share noise words are trained together: the kernel's changes are the sum of their steps."""
    sentence = [token.text for token in step.tokens]
    begin = first_of_draws(model, step)
    if model.law.hierarchical_softmax:  # the later windows of a group meet nodes that the first one has moved
        step = explain_step(model, sentence, center=begin)
    end = step.sharing[-1] + 1
    trained, pairs_before, loss_before = by_the_kernel(model, step, begin, step.sharing[0])
    matrices, pairs, loss = by_the_kernel(model, step, begin, end)
    model = replace(model, weights=replace(model.weights, **trained))
    steps = [explain_step(model, sentence, center=place) for place in step.sharing]
    assert all(one.sharing == step.sharing for one in steps)
    assert pairs - pairs_before == sum(len(one.pairs) if model.law.skip_gram else 1 for one in steps)
    expected = {name: getattr(model.weights, name).astype(float) for name in matrices}
    for change in (change for one in steps for change in one.changes):
        moved = change.after - change.before
        if change.side == "input":
            expected["input_vectors"][model.word_id(change.name)] += moved
        elif change.name.startswith("node "):
            expected["node_vectors"][int(change.name.removeprefix("node "))] += moved
        else:
            expected["output_vectors"][model.word_id(change.name)] += moved
    assert any(np.abs(change.after - change.before).max() > 1e-4 for change in step.changes)
    for name, matrix in matrices.items():
        np.testing.assert_allclose(matrix, expected[name], atol=3e-6, err_msg=name)
    assert sum(one.loss_before for one in steps) == pytest.approx(loss - loss_before, rel=1e-5)


@pytest.mark.parametrize("shared_negatives", [0, 1, 3])
@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=25)
@given(
    words=st.lists(st.sampled_from([*WORDS, "unknown"]), min_size=3, max_size=30),
    window=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from([0.025, 0.05, 0.2]),
    sample=st.sampled_from([None, 0.0]),
)
def test_an_explained_step_is_the_kernels(law, shared_negatives, words, window, seed, rate, sample):
    model = StepModel.of(trained(law, shared_negatives), window=window, seed=seed, learning_rate=rate, sample=sample)
    if shared_negatives > 1 and model.law.skip_gram:
        words = list(dict.fromkeys(words))  # one tile for all windows: those of a group are cut otherwise
    try:
        step = explain_step(model, words)
    except ValueError as error:
        assert "a step needs two words that stay" in str(error)
        return
    assert_the_kernel_agrees(model, step)


@pytest.mark.parametrize("law", ["cbow-ns", "cbow-hs", "sg-ns", "sg-hs"])
@pytest.mark.parametrize("seed", range(6))
def test_windows_reach_as_far_as_in_the_kernel(law, seed):
    """The kernel moves the words of all windows that one draw may be for, and no others."""
    model = StepModel.of(trained(law, 3), window=5, seed=seed, sample=0)
    steps = [explain_step(model, WORDS, center=place) for place in (3, 4, 5)]
    shared = not model.law.skip_gram
    assert [step.reaching for step in steps] == ([(3, 4, 5)] * 3 if shared else [(3,), (4,), (5,)])
    said = "How far the windows of word3, word4 and word5 reach is" if shared else "How far the window reaches is"
    assert all(words.how_long(step).startswith(said) for step in steps)
    matrices, _, _ = by_the_kernel(model, steps[0], 3, 6)
    moved = np.abs(matrices["input_vectors"] - model.weights.input_vectors).max(axis=1) > 1e-7
    expected = {model.word_id(WORDS[place]) for step in steps for place in step.window}
    assert set(np.flatnonzero(moved).tolist()) == expected


@pytest.mark.parametrize("law", ["sg-ns", "cbow-ns"])
def test_lock_factors_hold_rows_back_as_in_the_kernel(law):
    model = StepModel.of(trained(law, 1), sample=0)
    locks = np.linspace(0, 1, len(model.counts)).astype(np.float32)
    model = replace(model, weights=replace(model.weights, lock_factors=locks))
    step = explain_step(model, WORDS[:5] + WORDS[:2], center=2)
    assert_the_kernel_agrees(model, step)
    frozen = next(change for change in step.changes if model.word_id(change.name) == 0 and change.side == "input")
    np.testing.assert_array_equal(frozen.before, frozen.after)


def test_the_step_is_the_one_that_the_next_training_makes():
    model = Word2Vec(
        [["a", "b"], ["c", "d"]] * 30, vector_size=6, min_count=1, sample=0, sg=1, workers=1, alpha=0.04, seed=9
    )
    before = model.wv.vectors.copy()
    step = explain_step(model, "a b", center="a")
    np.testing.assert_array_equal(model.wv.vectors, before)  # only looked at
    model.train([["a", "b"]], total_examples=1, epochs=1, start_alpha=0.04)
    # b is an input in this step alone; the step around b moves a.
    (moved,) = [change for change in step.changes if change.side == "input"]
    assert moved.name == "b" and np.abs(moved.after - moved.before).max() > 1e-3
    np.testing.assert_allclose(model.wv["b"], moved.after, atol=1e-6)


@pytest.mark.parametrize("law", ["sg-ns", "cbow-ns"])
def test_windows_that_share_noise_words_add_up_to_the_next_training(law):
    model = Word2Vec(
        [["a", "b", "c", "d", "e"]] * 30, vector_size=6, min_count=1, sample=0, workers=1, alpha=0.04, seed=9,
        shared_negatives=3, **LAWS[law],
    )  # fmt: skip
    before = {word: model.wv[word].astype(float) for word in "abc"}
    steps = [explain_step(model, "a b c", center=word) for word in "abc"]
    noise = [[output.name for output in step.updates[0].outputs if output.label == 0] for step in steps]
    drawn = [sorted([*names, *step.updates[0].avoided]) for names, step in zip(noise, steps, strict=True)]
    assert drawn[0] == drawn[1] == drawn[2] and len(drawn[0]) == 5
    model.train([["a", "b", "c"]], total_examples=1, epochs=1, start_alpha=0.04)
    for word in "abc":
        moved = [change for step in steps for change in step.changes if (change.name, change.side) == (word, "input")]
        expected = before[word] + sum(change.after - change.before for change in moved)
        np.testing.assert_allclose(model.wv[word], expected, atol=1e-6)
    for text in (page(steps[1]), words.how_it_asks(steps[1]), words.how_it_moves(steps[1])):
        assert "windows of a, b and c" in text
    alone = explain_step(model, "a b c d", center="d")
    assert alone.sharing == (3,) and "drawn for the window by" in words.how_it_asks(alone)


def test_what_is_shown_hangs_together():
    for law in LAWS:
        model = StepModel.of(trained(law, 0))
        step = explain_step(model, WORDS)
        for token in step.tokens:
            assert (token.fate == "kept") == (token.drawn < token.keep_probability)
        kept = [place for place, token in enumerate(step.tokens) if token.fate == "kept"]
        at = kept.index(step.center)
        assert list(step.window) == kept[max(0, at - step.reach) : at] + kept[at + 1 : at + 1 + step.reach]
        assert [word for word, _ in step.pairs] == [step.tokens[place].text for place in step.window]
        for update in step.updates:
            np.testing.assert_allclose(update.forward.probabilities, 1 / (1 + np.exp(-update.forward.logits)))
            labels = np.array([output.label for output in update.outputs])
            np.testing.assert_allclose(update.forward.errors, labels - update.forward.probabilities)
        assert step.loss_after < step.loss_before


def test_windows_of_fixed_width_and_of_whole_sequences():
    text = [WORDS] * 5
    fixed = Word2Vec(text, vector_size=4, min_count=1, sample=0, workers=1, shrink_windows=False, window=2, sg=1)
    step = explain_step(fixed, WORDS[:7], center=3)
    assert step.window == (1, 2, 4, 5) and "reaches 2 to each side" in page(step)
    assert_the_kernel_agrees(StepModel.of(fixed), step)
    whole = Word2Vec(text, vector_size=4, min_count=1, sample=0, workers=1, whole_sequence=True, sg=1)
    step = explain_step(whole, WORDS, center=3)
    assert len(step.window) == len(WORDS) - 1
    assert "the whole sentence" in page(step) and "window unlimited" in page(step)
    assert_the_kernel_agrees(StepModel.of(whole), step)


def test_draws_are_spread_as_they_should_be():
    key = _sgd.stream_key(1, 2, 3)
    reaches = np.bincount([draws.window_reach(key, position, 4) for position in range(4000)], minlength=5)
    assert reaches[0] == 0 and np.abs(reaches[1:] - 1000).max() < 150
    noise = AliasTable.from_counts(np.array([16, 1]), 1.0)
    words = draws.noise_words(draws.noise_stream(key, 7), 0, 4000, noise)
    assert abs(words.count(1) / 4000 - 1 / 17) < 0.02
    assert draws.noise_words(draws.noise_stream(key, 7), 100, 5, noise) == words[100:105]


# ---- Toys, phrases, refusals


def test_the_very_first_answers_are_a_toss():
    step = explain_step(toy_model(SENTENCE, epochs=0, sample=0), SENTENCE)
    assert (step.updates[0].forward.probabilities == 0.5).all()  # outputs begin as zeros
    first = step.changes[0]
    np.testing.assert_array_equal(first.before, first.after)
    together = explain_step(toy_model(SENTENCE, epochs=0, sample=0, skip_gram=False), SENTENCE)
    assert together.loss_before == pytest.approx(len(together.updates[0].outputs) * np.log(2))


def test_a_models_phrases_are_joined():
    text = [[f"word{number % 9}", "new", "york"] for number in range(40)]
    phrases = Phrases(text, min_count=5, threshold=0.1).freeze()
    model = Word2Vec(text, vector_size=4, min_count=1, phrases=phrases, workers=1, sample=0)
    step = explain_step(model, "word1 new york word2")
    assert [token.text for token in step.tokens] == ["word1", "new_york", "word2"]


def test_keys_that_are_numbers_are_words_of_a_sentence():
    model = Word2Vec(np.array([[0, 1, 2, 3]] * 20), vector_size=4, min_count=1, workers=1, sample=0)
    assert explain_step(model, "0 1 2 9").target == "1"
    assert explain_step(model, [3, 2, 1], center=1).target == "2"


@pytest.mark.parametrize(
    ("sentence", "options", "message"),
    [
        ("nobody knows this", {}, "of 3 words 0 are in the vocabulary and 0 were kept: give two or more"),
        ("word0", {}, "of 1 words 1 are in the vocabulary"),
        ("word0 word1 word2", {"center": "word7"}, "must be a word of the sentence, got 'word7' .did you mean word2"),
        ("word0 word1 word2", {"center": 3}, "or 0 to 2, got 3"),
        ("word0 unknown word2", {"center": "unknown", "sample": 0}, "'unknown' is not in the vocabulary"),
        ("word0 word1 word1", {"sample": 1e-9, "seed": 1}, "another seed drops others, and sample 0 none"),
    ],
)
def test_steps_that_cannot_be_made_say_why(sentence, options, message):
    with pytest.raises(ValueError, match=message):
        explain_step(trained("sg-ns", 0), sentence, **options)


def test_a_dropped_centre_is_named():
    model = StepModel.of(trained("sg-ns", 0), sample=0.01)
    step = explain_step(model, WORDS * 3)
    dropped = next(place for place, token in enumerate(step.tokens) if token.fate == "dropped")
    with pytest.raises(ValueError, match="was dropped by subsampling: choose another word or seed, or sample 0"):
        explain_step(model, WORDS * 3, center=dropped)


def test_models_without_words_or_outputs_are_refused():
    with pytest.raises(ValueError, match="has no words"):
        StepModel.of(Word2Vec(vector_size=3))
    bare = Word2Vec([["a", "b"]] * 9, vector_size=3, min_count=1)
    bare.syn1neg = None
    with pytest.raises(ValueError, match=r"has no output vectors \(syn1neg\)"):
        StepModel.of(bare)


# ---- As a page


def test_the_page_has_every_number_and_asks_for_nothing_from_elsewhere():
    step = explain_step(trained("sg-both", 1), ["word0", "word1", "word2"], sample=0)
    text = page(step)
    for update in step.updates:
        for error in update.forward.errors.ravel():
            assert f"error {error:+.3f}" in text
    assert not re.search(r"https?:|src=|url\(|@import|<script|<link", text)
    assert text.startswith("<!doctype html>") and text.count("<div") == text.count("</div>")
    assert step._repr_html_() in text


def test_words_that_look_like_mark_up_are_escaped():
    sentence = ['<script>alert("1")</script>', "&", "<b>bold</b>", "\"quoted'", "日本"]
    text = page(explain_step(toy_model(sentence, sample=0, window=9), sentence))
    assert "<script" not in text and "<b>bold" not in text and "日本" in text


def test_long_vectors_are_drawn_too():
    text = page(explain_step(toy_model(SENTENCE, vector_size=40, sample=0), SENTENCE))
    assert "linear-gradient" in text and 'title="40 numbers' in text


# ---- The command


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)], prog_name="w2vplus")


@pytest.mark.parametrize("law", [[], ["--cbow"], ["--hs"], ["--hs", "--cbow"]])
def test_the_command_shows_the_step(law: list[str], tmp_path: Path):
    outcome = run(SENTENCE, "--window", 2, *law, "-o", tmp_path / "step.html")
    assert outcome.exit_code == 0, outcome.stderr
    for word in [*SENTENCE.split(), "stays with", "Pairs", "logit", "σ", "before", "after", "change"]:
        assert word in outcome.stdout
    assert "\x1b" not in outcome.stdout
    assert (tmp_path / "step.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "step.html" in outcome.stderr
    assert run(SENTENCE, "--window", 2, *law, "-o", tmp_path / "step.html", "--quiet").stderr == ""


def test_a_narrow_terminal_gets_fewer_columns(monkeypatch: pytest.MonkeyPatch):
    from rich.console import Console

    from w2vplus.cli import _output

    monkeypatch.setattr(_output, "console", lambda: Console(width=44, highlight=False))
    monkeypatch.setenv("COLUMNS", "44")
    shown = run(SENTENCE, "--window", 2).stdout
    assert max(map(len, shown.splitlines())) <= 44
    assert "of all" not in shown
    step = explain_step(toy_model(SENTENCE, window=2), SENTENCE)
    for error in step.updates[0].forward.errors.ravel():
        assert f"{error:+.3f}" in shown  # no number is broken


def test_json_has_the_same_step(tmp_path: Path):
    shown = json.loads(run(SENTENCE, "--json", "--sample", 0, "--center", "make").stdout)
    assert shown["target"] == "make" and shown["settings"]["sample"] == 0
    step = explain_step(toy_model(SENTENCE, sample=0), SENTENCE, center="make")
    assert shown["loss_before"] == step.loss_before
    assert shown["changes"][0]["after"] == step.changes[0].after.tolist()


def test_a_saved_model_is_explained(tmp_path: Path):
    trained("sg-hs", 1).save_folder(tmp_path / "model")
    trained("sg-hs", 1).save(str(tmp_path / "model.w2v"), as_gensim=True)
    outputs = [
        json.loads(run("word0 word1 word2", "--model", tmp_path / name, "--sample", 0, "--json").stdout)
        for name in ("model", "model.w2v")
    ]
    assert outputs[0]["changes"] != [] and outputs[0]["settings"]["hierarchical_softmax"]
    assert outputs[0]["window"] == outputs[1]["window"]


def test_many_answers_are_cut_and_counted(tmp_path: Path):
    outcome = run(" ".join(f"w{n}" for n in range(40)), "--sample", 0, "--window", 20, "--negative", 20, "--seed", 2)
    assert re.search(r"\.\.\. and \d+ more answers: --output and --json have all", outcome.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([SENTENCE, "--window", 0], 2, "--window must be at least 1, got 0"),
        ([SENTENCE, "--alpha", "nan"], 2, "--alpha must be above 0, got nan"),
        ([SENTENCE, "--vector-size", 0], 2, "--vector-size must be at least 1"),
        ([SENTENCE, "-o", "step.png"], 2, "--output must be a name that ends in .html, got step.png"),
        ([SENTENCE, "--model", "nowhere"], 1, "nowhere: no such file or directory"),
        ([SENTENCE, "--model", "nowhere", "--hs"], 2, "--hs or --ns is for the toy model"),
        ([""], 1, "the sentence must have words, got none"),
        (["alone"], 1, "a step needs two words that stay"),
        ([SENTENCE, "--center", "machin"], 1, "did you mean machine?"),
        ([SENTENCE, "--model", bundled(LEE_NEWS)], 1, "no saved Word2Vec model"),
    ],
)
def test_refusals_name_what_is_wrong(arguments: list[object], code: int, message: str):
    outcome = run(*arguments)
    assert outcome.exit_code == code
    assert message in outcome.stderr and outcome.stdout == ""


@pytest.mark.parametrize("sentence", ["cats chase mice", "a rose is red", "a b c d", "a b"])
def test_words_that_come_once_are_kept_by_a_toy_model(sentence):
    fates = [token.fate for token in explain_step(toy_model(sentence), sentence).tokens]
    assert fates == ["kept"] * len(sentence.split())


def test_repeated_words_may_be_dropped_by_a_toy_model():
    sentence = "the cat and the dog and the mouse and the rat"
    fates = {token.fate for seed in range(5) for token in explain_step(toy_model(sentence, seed=seed), sentence).tokens}
    assert fates == {"kept", "dropped"}
