"""Published packages that train through gensim: the same kind of result with `accelerate_gensim`.

Each runs in a process of its own, since several take gensim's class when they are imported. They come with
the extra `test-packages`; a package that is not installed, or that does not run here by itself, is skipped
with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import w2vplus

PRELUDE = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
import w2vplus
from w2vplus import _sgd

spans = 0
class Worker(_sgd.Worker):
    def train_span(self, *arguments):
        global spans
        spans += 1
        return super().train_span(*arguments)
_sgd.Worker = Worker
if ACCELERATED:
    w2vplus.accelerate_gensim()

import gensim
seconds = 0.0
_train = gensim.models.Word2Vec.train
def train(self, *arguments, **keywords):  # every training is timed, whoever calls it
    global seconds
    started = time.process_time()
    try:
        return _train(self, *arguments, **keywords)
    finally:
        seconds += time.process_time() - started
gensim.models.Word2Vec.train = train

CLIQUES, SIZE = 12 * SCALE, 9
EDGES = [(c * SIZE + a, c * SIZE + b) for c in range(CLIQUES) for a in range(SIZE) for b in range(a)]
EDGES += [(c * SIZE, (c + 1) % CLIQUES * SIZE + 1) for c in range(CLIQUES)]

def report(vectors, groups, **more):
    '''How often the nearest neighbour is of the same group, with what else is to be compared.'''
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarities = unit @ unit.T
    np.fill_diagonal(similarities, -2)
    groups = np.asarray(groups)
    quality = float(np.mean(groups[similarities.argmax(axis=1)] == groups))
    more = {**more, "shape": list(np.shape(vectors)), "quality": quality, "spans": spans, "seconds": seconds}
    print("REPORT" + json.dumps(more))
"""

PROGRAMS = {
    "node2vec": """
import networkx
from node2vec import Node2Vec
walks = Node2Vec(networkx.Graph(EDGES), dimensions=16, walk_length=20, num_walks=20, quiet=True, seed=1)
model = walks.fit(window=5, min_count=1, batch_words=4, seed=1)
report(model.wv.vectors, [int(key) // SIZE for key in model.wv.index_to_key], kv=str(type(model.wv)))
""",
    "pyrdf2vec": """
import os, tempfile
from pyrdf2vec import RDF2VecTransformer
from pyrdf2vec.embedders import Word2Vec
from pyrdf2vec.graphs import KG, Vertex
from pyrdf2vec.walkers import RandomWalker
graph = KG()
for a, b in [*EDGES, *((b, a) for a, b in EDGES)]:
    subject, object_ = Vertex(f"http://n#{a}"), Vertex(f"http://n#{b}")
    graph.add_walk(subject, Vertex("http://n#knows", predicate=True, vprev=subject, vnext=object_), object_)
entities = [f"http://n#{n}" for n in range(CLIQUES * SIZE)]
transformer = RDF2VecTransformer(
    Word2Vec(workers=1, epochs=10, vector_size=16, sg=1),
    walkers=[RandomWalker(4, 20, random_state=1, md5_bytes=None)])
vectors, _ = transformer.fit_transform(graph, entities)
path = os.path.join(tempfile.mkdtemp(), "transformer")
transformer.save(path)
again = RDF2VecTransformer.load(path)
report(np.array(vectors), np.arange(len(entities)) // SIZE, reloaded=len(again.embedder._model.wv))
""",
    "spec2vec": """
from matchms import Spectrum
from spec2vec import SpectrumDocument
from spec2vec.model_building import train_new_word2vec_model
random = np.random.default_rng(0)
def document(number):
    low = 50 + 20 * (number % (3 * SCALE))
    mz = np.sort(random.choice(np.arange(low, low + 20), 15, replace=False)).astype(float)
    return SpectrumDocument(Spectrum(mz=mz, intensities=random.random(15), metadata={}), n_decimals=0)
documents = [document(number) for number in range(300 * SCALE)]
model = train_new_word2vec_model(documents, iterations=[10, 15], vector_size=16, workers=1, sample=0)
peaks = model.wv.index_to_key
report(model.wv.vectors, [(float(key.split("@")[1]) - 50) // 20 for key in peaks], peaks=sorted(peaks))
""",
    "product2vec": """
from product2vec import EpochLogger, Product2Vec
random = np.random.default_rng(0)
groups = random.integers(0, CLIQUES, 150 * CLIQUES)
baskets = [[f"{g * SIZE + n}" for n in random.choice(SIZE, 6, replace=False)] for g in groups]
baskets = [sorted(basket, key=lambda product: random.random()) for basket in baskets]
model = Product2Vec(
    vector_size=16, min_count=1, sample=0, seed=1, workers=1, epochs=10, callbacks=[EpochLogger()]).fit(baskets)
complements = [product for product, _ in model.show_complements("0", topn=5)]
vectors = model.model_.wv
report(vectors.vectors, [int(key) // SIZE for key in vectors.index_to_key],
       of_the_group=all(int(product) < SIZE for product in complements))
""",
    "pecanpy": """
import os, tempfile
from pecanpy import pecanpy
path = os.path.join(tempfile.mkdtemp(), "edges.edg")
open(path, "w").writelines(f"{a}\\t{b}\\n" for a, b in EDGES)
graph = pecanpy.SparseOTF(p=1, q=1, workers=1, random_state=1)
graph.read_edg(path, weighted=False, directed=False)
vectors = graph.embed(dim=16, num_walks=10, walk_length=20, window_size=5)
report(vectors, [int(node) // SIZE for node in graph.nodes])
""",
    "fastnode2vec": """
from fastnode2vec import Graph, Node2Vec
graph = Graph([(str(a), str(b)) for a, b in EDGES], directed=False, weighted=False)
model = Node2Vec(graph, dim=16, walk_length=20, window=5, p=1, q=1, workers=1)
model.train(epochs=20)
report(model.wv.vectors, [int(key) // SIZE for key in model.wv.index_to_key])
""",
}

IN_GENSIMS_CODE = {"fastnode2vec"}
"""Packages whose class overrides gensim's training hooks."""


def run(package: str, accelerated: bool, scale: int) -> tuple[dict[str, Any], str]:
    """What the package's program reports, and its messages; skips the test if gensim's own cannot run it."""
    path = os.pathsep.join([str(Path(w2vplus.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", f"ACCELERATED, SCALE = {accelerated}, {scale}\n{PRELUDE}\n{PROGRAMS[package]}"],
        capture_output=True, text=True, timeout=600, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    if not accelerated and done.returncode:
        pytest.skip(f"{package} does not run with gensim here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    reports = [line for line in done.stdout.splitlines() if "REPORT" in line]
    return json.loads(reports[-1].partition("REPORT")[2]), done.stderr


# pecanpy compiles for half a minute in every process; the larger scale is for the speed that is printed
@pytest.mark.parametrize(
    ("package", "scale"),
    [
        pytest.param(name, scale, marks=[pytest.mark.slow] * (scale > 1 or name == "pecanpy"))
        for scale in (1, 10)
        for name in PROGRAMS
    ],
)
def test_a_package_gives_the_same_kind_of_result_when_it_is_accelerated(package: str, scale: int) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed (extra test-packages)")
    theirs, _ = run(package, False, scale)
    ours, messages = run(package, True, scale)
    measured = "spans", "seconds", "quality"
    assert {k: v for k, v in ours.items() if k not in measured} == {
        k: v for k, v in theirs.items() if k not in measured
    }
    assert theirs["spans"] == 0
    if package in IN_GENSIMS_CODE:
        assert ours["spans"] == 0 and "training runs in gensim's own code" in messages
    else:
        assert ours["spans"] > 0
    assert ours["quality"] > 0.9 and ours["quality"] >= theirs["quality"] - 0.05
    print(
        f"{package}, {scale}: seconds of processor in train {theirs['seconds']:.2f} -> {ours['seconds']:.2f} "
        f"({theirs['seconds'] / ours['seconds']:.1f} times faster), "
        f"nearest neighbour in its group {theirs['quality']:.2f} -> {ours['quality']:.2f}"
    )
