"""Turns word vectors into what a map needs: a place for every word, and its group.

Everything works on unit vectors, so that Euclidean distance stands for cosine. PCA and k-means need NumPy and SciPy
alone; t-SNE and UMAP come from scikit-learn and umap-learn, which are extras.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.plots.extras import imported
from w2vplus.queries import unit_rows

METHODS = ("auto", "pca", "tsne", "umap")

MOST_AUTO_TSNE = 2_000
"""Beyond so many words "auto" is PCA: t-SNE takes minutes there and has to be asked for."""

PERPLEXITY = 30.0
DIMENSIONS_FOR_TSNE = 50
"""t-SNE starts from so many principal components, as its authors advise for speed (van der Maaten and Hinton 2008)."""


def directions(vectors: NDArray[np.floating[Any]], words: Sequence[object]) -> NDArray[np.float32]:
    """The rows at length 1, float32 (n, d); a row of zeros stays as it is.

    Raises ValueError, naming words, where a vector has a number that is not finite.
    """
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        bad = [str(words[row]) for row in np.flatnonzero(~finite)[:3]]
        raise ValueError(
            f"{np.count_nonzero(~finite):,} of the vectors are not finite numbers (NaN or infinite), those of"
            f" {', '.join(bad)} among them: leave these words out, or train with a lower learning rate"
        )
    return unit_rows(np.asarray(vectors, dtype=np.float64)).astype(np.float32, copy=False)


def places(vectors: NDArray[np.float32], method: str = "auto", seed: int = 1) -> tuple[NDArray[np.float64], str]:
    """A place in the plane for every row of `vectors` (n, d): float64 (n, 2), and the method that found it.

    "auto" leaves vectors of 2 dimensions where they are, and else is t-SNE where scikit-learn is installed and there
    are at most `MOST_AUTO_TSNE` rows, PCA otherwise. The same seed gives the same places.
    Raises ValueError for an unknown method, ImportError, naming the extra, where a library is missing.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if method == "auto":
        method = _best_method(vectors)
    if method == "tsne":
        return _tsne(vectors, seed), "t-SNE"
    if method == "umap":
        return _umap(vectors, seed), "UMAP"
    if method == "as is":
        return vectors.astype(np.float64), "no projection: the vectors have 2 dimensions"
    return principal_components(vectors, 2), "PCA"


def _best_method(vectors: NDArray[np.float32]) -> str:
    if vectors.shape[1] == 2:
        return "as is"
    if not 5 <= len(vectors) <= MOST_AUTO_TSNE:
        return "pca"
    try:
        import sklearn.manifold  # noqa: F401
    except ImportError:
        return "pca"
    return "tsne"


def principal_components(vectors: NDArray[np.floating[Any]], count: int) -> NDArray[np.float64]:
    """The rows' coordinates on their first principal components, float64 (n, count); zeros where there are fewer.

    The sign of each component is that which makes its largest coordinate positive, so that it never changes.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    # Covariance is d × d: with many words and few dimensions much smaller than what an SVD of the rows would need.
    _, axes = np.linalg.eigh(centred.T @ centred)
    found = centred @ axes[:, ::-1][:, :count]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    coordinates = np.zeros((len(vectors), count))
    coordinates[:, : found.shape[1]] = found * np.where(signs == 0, 1.0, signs)
    return coordinates


def _tsne(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    manifold = imported("sklearn.manifold", "t-SNE", "plot")
    from threadpoolctl import threadpool_limits  # scikit-learn brings it along

    if len(vectors) < 3:  # nothing to be near to
        return principal_components(vectors, 2)
    start = principal_components(vectors, min(DIMENSIONS_FOR_TSNE, vectors.shape[1]))
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    first_two = principal_components(vectors, 2)
    spread = first_two[:, 0].std()
    # Kobak and Berens (2019): begun from PCA at a standard deviation of 1e-4, the map keeps the large shape.
    begin = (first_two / (spread if spread > 0 else 1.0) * 1e-4).astype(np.float32)
    model = manifold.TSNE(init=begin, perplexity=perplexity, random_state=seed, n_jobs=-1)
    # Its threads wait for each other in busy loops; on a machine that does something else beside, 50 words then took
    # 30 seconds instead of half a second. Many words are worth that.
    with threadpool_limits(1 if len(vectors) <= MOST_AUTO_TSNE else None):
        return np.asarray(model.fit_transform(start.astype(np.float32)), dtype=np.float64)


def _umap(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies, and that a seed means one thread
        umap = imported("umap", "UMAP", "umap")
        if len(vectors) < 5:  # its spectral start needs more neighbours than that
            return principal_components(vectors, 2)
        model = umap.UMAP(n_neighbors=min(15, len(vectors) - 1), metric="cosine", random_state=seed)
        return np.asarray(model.fit_transform(vectors), dtype=np.float64)


def clusters(vectors: NDArray[np.float32], count: int, seed: int = 1) -> tuple[NDArray[np.uint8], list[list[int]]]:
    """At most `count` groups of rows by k-means: uint8 (n,), and for each group its rows nearest to the centre first.

    Groups come in descending size; fewer come out where rows are equal. Raises ValueError for a count out of 1..7.
    """
    from scipy.cluster.vq import kmeans2

    rows = vectors.astype(np.float64)
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty group is no fault: it is left out below
        centres, label = kmeans2(rows, min(count, len(rows)), iter=25, minit="++", seed=rng)
    sizes = np.bincount(label, minlength=len(centres))
    order = [group for group in np.argsort(-sizes, kind="stable") if sizes[group]]
    groups = np.empty(len(rows), dtype=np.uint8)
    members: list[list[int]] = []
    for place, group in enumerate(order):
        inside = np.flatnonzero(label == group)
        groups[inside] = place
        distance = np.linalg.norm(rows[inside] - centres[group], axis=1)
        members.append(inside[np.argsort(distance, kind="stable")].tolist())
    return groups, members
