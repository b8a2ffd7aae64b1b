"""The scikit-learn transformer: its vectors by hand, its place in pipelines, scikit-learn's own checks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra sklearn is not installed")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from w2vplus.sklearn import WEIGHTINGS, Word2VecTransformer

SUMMER = ["sun", "beach", "sea", "sand", "heat"]
TOPICS = SUMMER, ["snow", "ski", "ice", "frost", "cold"], ["chess", "rook", "king", "pawn", "mate"]
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 120)
DOCUMENTS = [["the", *RANDOM.choice(TOPICS[label], 6).tolist()] for label in LABELS]
SETTINGS = {"vector_size": 8, "epochs": 20, "random_state": 0, "settings": {"sample": 0}}


def transformer(**settings) -> Word2VecTransformer:
    return Word2VecTransformer(**{**SETTINGS, **settings})


def by_hand(model: Word2VecTransformer, document: list[str], remove: bool = True) -> np.ndarray:
    """One document's vector, a word at a time."""
    counts = {}
    for words in DOCUMENTS:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    total, known = 0.0, [word for word in document if word in counts]
    summed = np.zeros(8)
    for word in known:
        if model.weighting == "mean":
            weight = 1.0
        elif model.weighting == "idf":
            holders = sum(word in words for words in DOCUMENTS)
            weight = np.log((1 + len(DOCUMENTS)) / (1 + holders)) + 1
        else:
            weight = 1e-3 / (1e-3 + counts[word] / sum(counts.values()))
        summed += weight * model.model_.wv[word]
        total += 1 if model.weighting == "sif" else weight
    vector = summed / total if known else summed
    if model.weighting == "sif" and remove:
        all_vectors = np.array([by_hand(model, words, remove=False) for words in DOCUMENTS])
        values, directions = np.linalg.eigh(all_vectors.T @ all_vectors)
        common = directions[:, np.argmax(values)]
        vector = vector - common * (common @ vector)
    return vector


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_document_vectors_are_the_weighted_means_of_their_words(weighting):
    model = transformer(weighting=weighting).fit(DOCUMENTS)
    documents = [DOCUMENTS[0], ["sun", "unheard", "sun"], [], ["unheard"], DOCUMENTS[1]]
    expected = np.array([by_hand(model, document) for document in documents])
    np.testing.assert_allclose(model.transform(documents), expected, atol=1e-6)
    np.testing.assert_array_equal(model.transform([[], ["unheard"]]), np.zeros((2, 8)))
    assert model.transform([]).shape == (0, 8)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_it_works_in_a_pipeline_and_tells_topics_apart(weighting):
    pipeline = make_pipeline(transformer(weighting=weighting), StandardScaler(), LogisticRegression())
    pipeline.fit(DOCUMENTS[:80], LABELS[:80])
    assert pipeline.score(DOCUMENTS[80:], LABELS[80:]) > 0.95
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict(DOCUMENTS), pipeline.predict(DOCUMENTS))


def test_a_grid_search_may_choose_its_weighting():
    search = GridSearchCV(
        make_pipeline(transformer(epochs=10), StandardScaler(), LogisticRegression()),
        {"word2vectransformer__weighting": list(WEIGHTINGS)}, cv=2,
    )  # fmt: skip
    search.fit(DOCUMENTS, LABELS)
    assert search.best_score_ > 0.9


def test_equal_random_states_give_equal_vectors_and_the_model_itself_is_at_hand():
    first, again = (transformer().fit_transform(DOCUMENTS) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, transformer(random_state=1).fit_transform(DOCUMENTS))
    model = transformer().fit(DOCUMENTS)
    assert model.model_.wv.most_similar("sun", topn=1)[0][0] in SUMMER
    assert list(model.get_feature_names_out()[:2]) == ["word2vectransformer0", "word2vectransformer1"]


def test_documents_may_be_arrays_and_tokens_integers():
    walks = np.array([[0, 1, 2, 1], [1, 0, 2, 2]] * 5)
    assert transformer(vector_size=4).fit_transform(walks).shape == (10, 4)


@pytest.mark.parametrize("documents", ["a text", ["a text", "another"], [["a"], 5], [b"bytes"]])
def test_documents_that_are_no_token_lists_are_refused(documents):
    with pytest.raises(ValueError, match=r"split\(\)|not a list of tokens"):
        transformer().fit(documents)


def test_bad_settings_are_refused_at_fit_by_name():
    for settings, message in (
        ({"weighting": "tfidf"}, "weighting must be one of mean, idf, sif"),
        ({"smoothing": 0}, "smoothing must be above 0"),
        ({"vector_size": 0}, "vector_size must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            transformer(**settings).fit(DOCUMENTS)
    with pytest.raises(ValueError, match="at least one document"):
        transformer().fit([])
    with pytest.raises(NotFittedError):
        transformer().transform(DOCUMENTS)
    with pytest.raises(RuntimeError):
        transformer(min_count=10_000).fit(DOCUMENTS)


CHECKS_ON_PARAMETERS = [
    "check_parameters_default_constructible", "check_estimator_cloneable", "check_estimator_repr",
    "check_no_attributes_set_in_init", "check_get_params_invariance", "check_set_params",
    "check_do_not_raise_errors_in_init_or_set_param", "check_valid_tag_types", "check_estimator_tags_renamed",
    "check_estimator_get_tags_default_keys", "check_readonly_memmap_input", "check_transformers_unfitted",
    "check_mixin_order",
]  # fmt: skip


@pytest.mark.parametrize("name", CHECKS_ON_PARAMETERS)
def test_scikit_learns_own_check(name):
    """Those of scikit-learn's checks that hand over no matrices of numbers: the rest feed floats."""
    if (check := getattr(estimator_checks, name, None)) is None:
        pytest.skip("this version of scikit-learn does not have the check")
    check("Word2VecTransformer", transformer())


def test_scikit_learns_check_suite_passes_or_skips_all_that_it_picks_by_the_tags():
    """`check_estimator` picks checks by the estimator's tags: text in, no two-dimensional arrays."""
    failures = []
    for estimator, check in estimator_checks.estimator_checks_generator(transformer(epochs=1)):
        name = getattr(check, "func", check).__name__
        try:
            check(estimator)
        except estimator_checks.SkipTest:
            continue
        except Exception as error:
            failures.append(f"{name}: {error!r:.200}")
    assert failures == []


def test_clones_are_unfitted_with_the_same_parameters():
    model = transformer(weighting="sif").fit(DOCUMENTS)
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not hasattr(copy, "model_")
