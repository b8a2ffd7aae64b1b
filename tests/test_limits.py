"""One table of rules says which numbers training accepts, in Python and on the command line alike."""

from __future__ import annotations

import gensim.models
import numpy as np
import pytest
from gensim.test.utils import common_texts

from w2vplus import Word2Vec, _sgd
from w2vplus.cli._output import UsageError
from w2vplus.cli._settings import TrainSettings
from w2vplus.limits import RULES, checked

SMALL = {"min_count": 1, "vector_size": 4, "workers": 1, "epochs": 1}
BAD = {
    "vector_size": 0, "window": 0, "epochs": 0, "workers": 0, "negative": -1, "alpha": 0.0, "min_alpha": -0.1,
    "sample": -1.0, "ns_exponent": float("inf"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD.items())
def test_python_and_the_command_line_refuse_the_same_with_the_same_words(name, value):
    with pytest.raises(ValueError) as python:
        Word2Vec(**{name: value})
    with pytest.raises(UsageError) as shell:
        TrainSettings(**({"workers": 1, name: value} if name != "workers" else {"workers": -1}))
    if name != "workers":  # 0 is every CPU there
        assert str(shell.value) == f"--{name.replace('_', '-')}" + str(python.value).removeprefix(name)


def test_every_number_of_the_command_line_has_a_rule():
    numbers = {name for name, value in vars(TrainSettings()).items() if type(value) in (int, float)}
    assert numbers <= set(RULES)


@pytest.mark.parametrize(
    "settings",
    [
        {"window": 5.0, "negative": 3.0, "workers": 1.0},
        {"window": np.int64(3), "vector_size": np.int32(4), "epochs": np.uint8(2)},
        {"alpha": np.float32(0.025), "min_alpha": np.float64(1e-4), "ns_exponent": np.float32(0.5)},
        {"sample": None},
        {"sample": np.float64(0)},
        {"sample": 0, "negative": True, "sg": True, "hs": np.bool_(False)},
        {"window": np.array(5), "seed": np.int64(2)},
        {"seed": None},
        {"sg": 2, "cbow_mean": 3},
    ],
)
def test_numbers_that_gensim_takes_are_taken_as_gensim_takes_them(settings):
    models = [kind(common_texts, **{**SMALL, **settings}) for kind in (gensim.models.Word2Vec, Word2Vec)]
    for name in settings:
        theirs, ours = (getattr(model, name) for model in models)
        assert (ours or 0) == (theirs or 0)
    assert models[0].wv.index_to_key == models[1].wv.index_to_key


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 5.5}, r"window must be an integer, at least 1, got 5\.5"),
        ({"window": "5"}, "window must be an integer, at least 1, got '5'"),
        ({"window": None}, "window must be an integer"),
        ({"alpha": "fast"}, "alpha must be a number, above 0, got 'fast'"),
        ({"alpha": None}, "alpha must be a number"),
        ({"epochs": [5]}, r"epochs must be an integer, at least 1, got \[5\]"),
    ],
)
def test_what_gensim_mangles_or_fails_over_later_is_refused_by_name(settings, message):
    with pytest.raises(TypeError, match=message):
        Word2Vec(common_texts, **{**SMALL, **settings})


def test_what_is_too_great_for_the_native_code_is_refused():
    with pytest.raises(ValueError, match="workers must be at most 1024, got 1025"):
        Word2Vec(workers=1025)
    for name in ("vector_size", "window", "epochs", "negative"):
        with pytest.raises(ValueError, match=f"{name} must be at most 2147483647"):
            checked(name, 2**31)
    with pytest.raises(ValueError, match="epochs must be at most 2147483647"):
        checked("epochs", 10**400)
    with pytest.raises(ValueError, match="alpha must be above 0"):
        checked("alpha", 10**400)
    with pytest.raises(ValueError, match="shared_negatives must be at most 4, got 9"):
        Word2Vec(shared_negatives=9)


# ---- How far windows reach


def pairs_of(tokens: int, **law) -> int:
    """Pairs that the kernel trains in one sentence of so many words."""
    vectors = np.zeros((2, 4), np.float32)
    model = _sgd.Model(
        input_vectors=vectors, output_vectors=vectors.copy(), keep_thresholds=np.full(2, 2**32 - 1, np.uint32),
        noise_thresholds=np.zeros(2, np.uint32), noise_aliases=np.zeros(2, np.int32), negative=1, skip_gram=True,
        hierarchical_softmax=False, **law,
    )  # fmt: skip
    ids, starts = np.zeros(tokens, np.int32), np.array([0, tokens])
    return _sgd.Worker(model).train_span(ids, starts, None, 0, 0, tokens, 1, 0.0)[2]


@pytest.mark.parametrize("shrink_windows", [True, False])
def test_windows_end_where_they_may_reach_no_farther_however_wide_they_were_drawn(shrink_windows):
    within = sum(min(at, 7) + min(299 - at, 7) for at in range(300))
    assert pairs_of(300, window=10**9, farthest=7, shrink_windows=shrink_windows) == within
    assert pairs_of(300, window=7, farthest=7, shrink_windows=False) == within
    with pytest.raises(ValueError, match="farthest must be from 1 to the window, 7, got 8"):
        pairs_of(300, window=7, farthest=8)


def test_windows_reach_at_most_as_far_as_gensims_sentences_and_those_of_whole_sequences_everywhere():
    """gensim cuts sentences after 10,000 words: window=10**6 costs on a long line what it costs there."""
    model = Word2Vec(window=10**6)
    assert (model._law().window, model._law().farthest) == (10**6, 10_000)
    assert Word2Vec(whole_sequence=True)._law().farthest > 10**9
