"""A package that calls gensim trains with w2vplus, without knowing it."""

import time

import gensim
from gensim.test.utils import datapath

import w2vplus


def somebody_elses_embedding(sentences: list[list[str]]) -> gensim.models.Word2Vec:
    """Stands for code of a package: it looks up gensim's class when it is called."""
    return gensim.models.Word2Vec(sentences, vector_size=100, sg=1, epochs=5, min_count=2, workers=1)


sentences = list(gensim.models.word2vec.LineSentence(datapath("lee_background.cor")))

started = time.perf_counter()
model = somebody_elses_embedding(sentences)
by_gensim = time.perf_counter() - started
print("outside:", type(model).__module__)

with w2vplus.accelerate_gensim():  # as a plain call it lasts until .undo()
    started = time.perf_counter()
    model = somebody_elses_embedding(sentences)
    by_w2vplus = time.perf_counter() - started
print("inside: ", type(model).__module__)
print(f"times as fast: {by_gensim / by_w2vplus:.1f}")
