"""Go on from vectors that exist: start a model from them, keep them still or not, and add words later."""

import numpy as np
from gensim.test.utils import datapath

from w2vplus import LineSentence, Word2Vec, load_vectors, save_vectors

news = list(LineSentence(datapath("lee_background.cor")))
older, newer = news[:200], news[200:]

# Somebody's vectors, in any format that load_vectors reads.
save_vectors(Word2Vec(older, vector_size=32, min_count=3, epochs=10, workers=1).wv, "pretrained.txt")
pretrained = load_vectors("pretrained.txt")

model = Word2Vec(vector_size=32, min_count=3, workers=1)
model.build_vocab(newer)
found = model.init_from(pretrained, lock_factors=0.0)  # these words stay where they are; 1.0 lets them learn
model.train(newer, total_examples=model.corpus_count, epochs=5)
kept = [word for word in model.wv.index_to_key if word in pretrained]
still = all(np.array_equal(model.wv[word], pretrained[word]) for word in kept)
print(f"{found} of {len(model.wv)} words were known; they stayed as they were: {still}")

# New text may bring new words: old ones keep their vectors and learn on.
before = len(model.wv)
model.build_vocab(older, update=True)
model.train(older, total_examples=model.corpus_count, epochs=5)
print(f"{len(model.wv) - before} words are new")
