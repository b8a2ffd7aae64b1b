"""Word2vec as a scikit-learn transformer: tokenised documents in, document vectors out.

    from w2vplus.sklearn import Word2VecTransformer
    model = make_pipeline(Word2VecTransformer(weighting="sif"), LogisticRegression())
    model.fit(token_lists, labels)

Needs scikit-learn (the extra `sklearn`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from w2vplus.word2vec import Word2Vec

WEIGHTINGS = ("mean", "idf", "sif")
Documents = Iterable[Sequence[Any]]


class Word2VecTransformer(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Learns word vectors from documents and represents a document by a weighted mean of its words' vectors.

    weighting: "mean" weighs every occurrence alike; "idf" by ln((1 + n) / (1 + df)) + 1 with n documents of
        which df hold the word (scikit-learn's smooth idf); "sif" by a / (a + p) with p the word's share of
        all occurrences, and takes away the projection on the first singular vector of the training documents
        (Arora, Liang and Ma 2017, A simple but tough-to-beat baseline for sentence embeddings).
        Such vectors are short, so scale them for learners that regularise.
    smoothing: SIF's a; the paper advises 1e-3 to 1e-4.
    vector_size, window, min_count, epochs, sg, negative, workers: as of `w2vplus.Word2Vec`.
    settings: a dict of its further arguments.
    random_state: None, an integer or a RandomState; with an integer and workers=1 results are the same each
        time.

    Documents are sequences of hashable tokens; split texts first. A document without a known word becomes
    zeros.

    After `fit`: `model_` (the trained Word2Vec), `weights_` (float64, one per word of `model_.wv`),
    `component_` (float64 (vector_size,), SIF's direction; None otherwise).
    """

    def __init__(
        self,
        *,
        weighting: str = "mean",
        smoothing: float = 1e-3,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 1,
        epochs: int = 5,
        sg: int = 0,
        negative: int = 5,
        workers: int = 1,
        settings: dict[str, Any] | None = None,
        random_state: Any = None,
    ) -> None:
        self.weighting = weighting
        self.smoothing = smoothing
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.epochs = epochs
        self.sg = sg
        self.negative = negative
        self.workers = workers
        self.settings = settings
        self.random_state = random_state

    def fit(self, X: Documents, y: Any = None) -> Word2VecTransformer:
        """Train word vectors on the documents; `y` is ignored.

        Raises ValueError for an unknown weighting, settings that no training can use, no documents, or
        documents that are strings; RuntimeError if no word reaches `min_count`.
        """
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"weighting must be one of {', '.join(WEIGHTINGS)}, got {self.weighting!r}")
        if not self.smoothing > 0:
            raise ValueError(f"smoothing must be above 0, got {self.smoothing}")
        documents = _documents(X)
        if not documents:
            raise ValueError("fit needs at least one document, got 0")
        if not any(map(len, documents)):
            raise ValueError(f"fit needs at least one token, and each of the {len(documents)} documents has 0")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.model_ = Word2Vec(
            documents, vector_size=self.vector_size, window=self.window, min_count=self.min_count, sg=self.sg,
            negative=self.negative, epochs=self.epochs, workers=self.workers, seed=seed,
            **(self.settings or {}),
        )  # fmt: skip
        self.weights_ = self._word_weights(documents)
        self.component_: NDArray[np.float64] | None = None
        if self.weighting == "sif":
            means = self._weighted_means(documents)
            self.component_ = np.linalg.svd(means, full_matrices=False)[2][0]
        return self

    def transform(self, X: Documents) -> NDArray[np.float64]:
        """The documents' vectors, float64 (n_documents, vector_size), in their order.

        Raises NotFittedError before `fit`, ValueError for documents that are strings.
        """
        check_is_fitted(self)
        means = self._weighted_means(_documents(X))
        if self.component_ is None:
            return means
        # v - u (u·v): what all documents have in common goes
        return means - np.outer(means @ self.component_, self.component_)

    @property
    def _n_features_out(self) -> int:
        return int(self.model_.wv.vector_size)

    def _word_weights(self, documents: list[Sequence[Any]]) -> NDArray[np.float64]:
        counts = np.asarray(self.model_.wv.expandos["count"], dtype=np.float64)
        if self.weighting == "sif":
            return np.asarray(self.smoothing / (self.smoothing + counts / counts.sum()))
        if self.weighting == "mean":
            return np.ones(len(counts))
        holders = np.zeros(len(counts))
        index = self.model_.wv.key_to_index
        for document in documents:
            holders[[index[token] for token in set(document) if token in index]] += 1
        return np.log((1 + len(documents)) / (1 + holders)) + 1

    def _weighted_means(self, documents: list[Sequence[Any]]) -> NDArray[np.float64]:
        """Σ weight(w)·v(w) / Σ weight(w) over the known occurrences w of each document.

        SIF as in the paper divides by the number of occurrences instead.
        """
        index = self.model_.wv.key_to_index
        known = [[index[token] for token in document if token in index] for document in documents]
        lengths = np.array([len(rows) for rows in known], dtype=np.int64)
        rows = np.fromiter(chain.from_iterable(known), dtype=np.int64, count=int(lengths.sum()))
        means = np.zeros((len(documents), self.model_.wv.vector_size))
        filled = np.flatnonzero(lengths)
        if not len(filled):
            return means
        starts = (np.cumsum(lengths) - lengths)[filled]
        weights = self.weights_[rows]
        sums = np.add.reduceat(weights[:, None] * self.model_.wv.vectors[rows], starts, axis=0)
        divisors = lengths[filled] if self.weighting == "sif" else np.add.reduceat(weights, starts)
        means[filled] = sums / divisors[:, None]
        return means

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.non_deterministic = self.workers != 1
        return tags


def _documents(X: Iterable[Any]) -> list[Sequence[Any]]:
    """The documents as a list; raises ValueError for what is not documents of tokens."""
    if isinstance(X, str | bytes):
        raise ValueError(f"X must be an iterable of token lists, got the text {X[:40]!r}: pass [X.split()]")
    if hasattr(X, "tocsr"):
        raise ValueError(
            f"X must be an iterable of token lists, and sparse input such as {type(X).__name__} is not supported: "
            "word vectors are learnt from the order of tokens, which counts do not have"
        )
    documents = list(X if isinstance(X, Iterable) else np.asarray(X))
    for number, document in enumerate(documents):
        if isinstance(document, str | bytes):
            raise ValueError(
                f"document {number} is the text {document[:40]!r}: each must be a list of tokens, "
                "so split it first, for example with document.split()"
            )
        if not hasattr(document, "__len__") or not hasattr(document, "__iter__"):
            raise ValueError(f"document {number} is a {type(document).__name__}, not a list of tokens")
    return [document.tolist() if isinstance(document, np.ndarray) else document for document in documents]
