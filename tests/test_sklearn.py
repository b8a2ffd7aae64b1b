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


NOT_FOR_TOKEN_LISTS = {
    "check_n_features_in_after_fitting": "documents have no number of features",
    "check_n_features_in": "documents have no number of features",
    "check_transformer_general": "wants documents of another length than in fit to be refused",
    "check_transformer_data_not_an_array": "wants documents of another length than in fit to be refused",
    "check_complex_data": "a complex number is a token like any other",
    "check_estimators_nan_inf": "a NaN is a token like any other",
    "check_dtype_object": "hands over dictionaries as tokens, and wants a TypeError of one wording",
    "check_estimators_empty_data_messages": "wants a message on columns",
    "check_fit2d_predict1d": "wants the advice to reshape an array",
}
"""scikit-learn's checks that ask for what a table of numbers must have, and a list of token lists does not."""


class TakesTables(Word2VecTransformer):
    """Claims to take two-dimensional arrays, so that scikit-learn runs all of its checks for transformers: their
    rows of numbers are documents, their numbers tokens."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = True, False
        return tags


def outcomes_of_checks(estimator) -> dict[str, list[str]]:
    """Names of scikit-learn's checks that were passed, failed and skipped."""
    outcomes: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for prepared, check in estimator_checks.estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        try:
            check(prepared)
            outcomes["passed"].append(name)
        except estimator_checks.SkipTest:
            outcomes["skipped"].append(name)
        except Exception as error:
            outcomes["failed"].append(f"{name}: {error!r:.300}")
    return outcomes


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_pass_but_for_those_on_tables_of_numbers():
    outcomes = outcomes_of_checks(TakesTables(epochs=1, vector_size=4))
    assert [why for why in outcomes["failed"] if why.partition(":")[0] not in NOT_FOR_TOKEN_LISTS] == []
    assert len(outcomes["passed"]) >= 30


@pytest.mark.filterwarnings("ignore")
def test_the_checks_that_scikit_learn_picks_by_the_tags_pass():
    outcomes = outcomes_of_checks(transformer(epochs=1))
    assert outcomes["failed"] == [] and outcomes["passed"]


def test_sparse_counts_and_empty_documents_are_refused_by_name():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(ValueError, match="sparse input such as csr_array is not supported"):
        transformer().fit(sparse.csr_array(np.eye(3)))
    with pytest.raises(ValueError, match="at least one token, and each of the 2 documents has 0"):
        transformer().fit([[], []])


def test_clones_are_unfitted_with_the_same_parameters():
    model = transformer(weighting="sif").fit(DOCUMENTS)
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not hasattr(copy, "model_")
