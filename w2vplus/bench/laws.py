"""Accuracy of shared negatives and tiles where they are hardest: large windows, few and many noise words, little text.

`python -m w2vplus.bench.laws` trains three laws on the same corpora and prints a table: w2vplus with noise words that
neighbouring centres share, as it does by default for large vocabularies; with a draw for every pair
(`shared_negatives=0`), its default for small ones; and gensim, which also updates pair by pair.
Two corpora bring their own judgement. The Lee news: similarities of documents, as cosines of mean word vectors,
against those that people gave (Lee et al. 2005; Pearson's correlation). Random walks over a graph with planted
blocks: the share of nodes whose nearest neighbour is of their own block.

`python -m w2vplus.bench.laws`, skip-gram of 50 numbers, mean and deviation of 5 seeds (gensim: 3):

    task             window noise            shared          per-pair            gensim
    Lee documents        20     1     0.418 ± 0.017     0.425 ± 0.009     0.430 ± 0.003
    Lee documents        20    15     0.496 ± 0.006     0.487 ± 0.004     0.489 ± 0.002
    Lee documents        50     1     0.464 ± 0.021     0.503 ± 0.008     0.505 ± 0.005
    Lee documents        50    15     0.472 ± 0.012     0.506 ± 0.004     0.502 ± 0.011
    planted blocks       20     1     0.930 ± 0.009     0.947 ± 0.007     0.951 ± 0.004
    planted blocks       20    15     0.948 ± 0.008     0.957 ± 0.005     0.963 ± 0.004
    planted blocks       50     1     0.944 ± 0.004     0.953 ± 0.005     0.953 ± 0.005
    planted blocks       50    15     0.942 ± 0.006     0.946 ± 0.005     0.952 ± 0.002

Drawing for every pair, as gensim does, w2vplus scores as gensim within the noise of seeds. Sharing costs most where the
window is wide: 0.03 to 0.04 of the news' correlation, and up to 0.02 of the blocks. These vocabularies are
small; w2vplus draws for every pair there (`trainer.SMALLEST_SHARING_VOCABULARY`).
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.trainer import DEFAULT_SHARED_NEGATIVES

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

LEE_DOCUMENTS, LEE_JUDGEMENTS = "lee.cor", "similarities0-1.txt"
BLOCKS, BLOCK_NODES, WALKS, WALK_LENGTH = 20, 20, 10, 40
INSIDE, OUTSIDE = 0.4, 0.02
"""Chances of an edge within a block and between blocks: about as many edges lead out of a block as stay in it."""

GENSIM = "gensim"
LAWS: dict[str, dict[str, Any]] = {
    "shared": {"shared_negatives": DEFAULT_SHARED_NEGATIVES},
    "per-pair": {"shared_negatives": 0},
    GENSIM: {},
}


@dataclass(frozen=True)
class Task:
    """A corpus with its judgement: `score` is larger for better vectors."""

    name: str
    sentences: list[list[str]]
    score: Callable[[KeyedVectors], float]
    settings: dict[str, Any]


def lee_news() -> Task:
    """Trained on 350 documents, 50 of which people have compared."""

    def read(name: str) -> list[list[str]]:
        from gensim.utils import simple_preprocess

        lines = Path(bundled(name)).read_text(encoding="utf-8", errors="replace").splitlines()
        return [simple_preprocess(line) for line in lines]

    judged = read(LEE_DOCUMENTS)
    judgements = np.loadtxt(bundled(LEE_JUDGEMENTS))
    above = np.triu_indices(len(judged), k=1)

    def score(vectors: KeyedVectors) -> float:
        means = np.stack([vectors.get_mean_vector(document, ignore_missing=True) for document in judged])
        means -= means.mean(axis=0)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return float(np.corrcoef((means @ means.T)[above], judgements[above])[0, 1])

    return Task("Lee documents", [*read(LEE_NEWS), *judged], score, {"min_count": 2, "epochs": 10})


def planted_blocks(seed: int = 1) -> Task:
    """Walks over a random graph of BLOCKS blocks (planted partition; Condon & Karp 2001), as DeepWalk makes them."""
    random = np.random.default_rng(seed)
    nodes = BLOCKS * BLOCK_NODES
    block = np.arange(nodes) // BLOCK_NODES
    chance = np.where(block[:, None] == block, INSIDE, OUTSIDE)
    edges = np.triu(random.random((nodes, nodes)) < chance, k=1)
    edges |= edges.T
    neighbours = [np.flatnonzero(row) for row in edges]

    def walk(node: int) -> list[str]:
        steps = [node]
        while len(steps) < WALK_LENGTH and len(neighbours[steps[-1]]):
            steps.append(int(random.choice(neighbours[steps[-1]])))
        return [str(step) for step in steps]

    def score(vectors: KeyedVectors) -> float:
        unit: NDArray[Any] = np.stack([vectors[str(node)] for node in range(nodes)])
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -2)
        return float((block[cosines.argmax(axis=1)] == block).mean())

    walks = [walk(node) for node in np.tile(np.arange(nodes), WALKS).tolist()]
    return Task("planted blocks", walks, score, {"min_count": 1, "sample": 0, "epochs": 5})


def measure_laws(
    tasks: Sequence[Task],
    windows: Sequence[int],
    negatives: Sequence[int],
    seeds: int,
    laws: Sequence[str] = tuple(LAWS),
) -> Iterator[tuple[str, int, int, dict[str, list[float]]]]:
    """Yield (task, window, negative, scores by law), a score for each seed."""
    from gensim.models import Word2Vec as GensimWord2Vec

    from w2vplus import Word2Vec

    for task, window, negative in itertools.product(tasks, windows, negatives):
        scores: dict[str, list[float]] = {name: [] for name in laws}
        settings = {"vector_size": 50, "sg": 1, "workers": 1, "window": window, "negative": negative, **task.settings}
        for seed in range(1, seeds + 1):
            for name in laws:
                model_class = GensimWord2Vec if name == GENSIM else Word2Vec
                scores[name].append(task.score(model_class(task.sentences, seed=seed, **settings, **LAWS[name]).wv))
        yield task.name, window, negative, scores


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table: mean and standard deviation over the seeds."""
    parser = argparse.ArgumentParser(prog="python -m w2vplus.bench.laws", description="Accuracy of laws of training.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--windows", type=int, nargs="+", default=[20, 50])
    parser.add_argument("--negatives", type=int, nargs="+", default=[1, 15])
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS), help="gensim takes most of the time")
    given = parser.parse_args(arguments)
    columns = given.laws
    print(f"{'task':<16}{'window':>7}{'noise':>6}" + "".join(f"{name:>18}" for name in columns))
    tasks = [lee_news(), planted_blocks()]
    for task, window, negative, scores in measure_laws(
        tasks, given.windows, given.negatives, given.seeds, columns
    ):
        cells = (f"{statistics.fmean(scores[name]):.3f} ± {statistics.pstdev(scores[name]):.3f}" for name in columns)
        print(f"{task:<16}{window:>7}{negative:>6}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
