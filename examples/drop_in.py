"""A gensim script with one import changed: train, query, save, load and go on training.

    python examples/drop_in.py

The text is a set of stemmed Wikipedia articles that comes with gensim, read as the .bz2 file it is.
"""

import tempfile
from pathlib import Path

from gensim.models.callbacks import CallbackAny2Vec
from gensim.test.utils import datapath

from w2vplus.word2vec import LineSentence, Word2Vec  # was: from gensim.models.word2vec import ...


class LossOfEveryEpoch(CallbackAny2Vec):
    """gensim's callbacks work as they are; gensim's running loss is a sum, so differences are printed."""

    def __init__(self) -> None:
        self.before = 0.0

    def on_epoch_end(self, model: Word2Vec) -> None:
        loss = model.get_latest_training_loss()
        print(f"  loss of this epoch: {loss - self.before:,.0f}")
        self.before = loss


sentences = LineSentence(datapath("head500.noblanks.cor.bz2"))
print("training")
model = Word2Vec(
    sentences, vector_size=100, sg=1, epochs=10, workers=1, compute_loss=True, callbacks=[LossOfEveryEpoch()]
)
vectors = model.wv
print(f"{len(vectors):,} words, vectors are a {type(vectors).__module__}.{type(vectors).__qualname__}")
for word in ("river", "guitar", "physic"):
    print(f"  {word}: {', '.join(near for near, _ in vectors.most_similar(word, topn=5))}")

with tempfile.TemporaryDirectory() as folder:
    path = str(Path(folder) / "model.w2v")
    model.save(path)
    loaded = Word2Vec.load(path)

news = LineSentence(datapath("lee_background.cor"))
loaded.build_vocab(news, update=True)
trained, raw = loaded.train(news, total_examples=loaded.corpus_count, epochs=5)
print(f"went on with news: {trained:,} of {raw:,} raw words trained, now {len(loaded.wv):,} words")
