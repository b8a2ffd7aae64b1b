"""The nine ways in which other packages call gensim, as their code is written, one test each; `test_packages` runs
packages themselves."""

from __future__ import annotations

import importlib
import logging
import pickle
import sys
import types

import gensim.models
import numpy as np
import pytest
from gensim.models.callbacks import CallbackAny2Vec
from gensim.test.utils import common_texts

import w2vplus
from w2vplus import Word2Vec, _sgd
from w2vplus.errors import CorpusError

SMALL = {"vector_size": 8, "workers": 1, "seed": 1}
WALKS = [[str(int(node)) for node in walk] for walk in np.random.default_rng(0).integers(0, 30, (60, 12))]


@pytest.fixture
def spans(monkeypatch):
    """Spans that our kernel trained."""
    seen = []

    class Counting(_sgd.Worker):
        def train_span(self, *arguments):
            seen.append(arguments)
            return super().train_span(*arguments)

    monkeypatch.setattr(_sgd, "Worker", Counting)
    return seen


@pytest.fixture
def accelerated():
    with w2vplus.accelerate_gensim():
        yield


def test_1_the_class_is_looked_up_when_it_is_called_and_vectors_are_put_together_by_hand(spans, accelerated):
    # node2vec, nodevectors, spec2vec
    model = gensim.models.Word2Vec(WALKS, batch_words=4, min_count=1, **SMALL)
    assert spans
    edges = gensim.models.KeyedVectors(vector_size=model.vector_size)
    names = [str((a, b)) for a, b in zip(model.wv.index_to_key, model.wv.index_to_key[1:], strict=False)]
    products = [model.wv[a] * model.wv[b] for a, b in map(lambda name: eval(name), names)]
    edges.add_vectors(keys=names, weights=products)
    assert type(edges) is gensim.models.KeyedVectors and len(edges) == len(names)
    edges.most_similar(names[0])


def test_2_the_name_is_bound_when_a_package_is_imported(spans, monkeypatch, tmp_path):
    # karateclub, PecanPy, pyRDF2Vec
    (tmp_path / "binds_from_package.py").write_text("from gensim.models import Word2Vec\n")
    (tmp_path / "binds_from_module.py").write_text("from gensim.models.word2vec import Word2Vec\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with w2vplus.accelerate_gensim():
        packages = [importlib.import_module(name) for name in ("binds_from_package", "binds_from_module")]
    for package in packages:
        before = len(spans)
        package.Word2Vec(WALKS, min_count=1, **SMALL)
        assert len(spans) > before
        del sys.modules[package.__name__]


def test_3_both_laws_at_once_no_least_count_and_matrices_by_lists_of_keys(spans, accelerated):
    # karateclub
    model = gensim.models.Word2Vec(WALKS, hs=1, negative=5, min_count=0, **SMALL)
    assert spans and model.syn1.shape == model.syn1neg.shape == (30, 8)
    matrix = np.array([model.wv[str(node)] for node in range(30)])
    np.testing.assert_array_equal(model.wv[[str(node) for node in range(30)]], matrix)
    alone = gensim.models.Word2Vec([["a"]], min_count=0, **SMALL)
    assert list(alone.wv.index_to_key) == ["a"]


def test_4_vocabulary_first_training_later_and_the_whole_object_pickled(spans, accelerated):
    # pyRDF2Vec
    class Embedder:
        def __init__(self, **settings):
            self._model = gensim.models.Word2Vec(**settings)

        def fit(self, corpus, update):
            self._model.build_vocab(corpus, update=update)
            self._model.train(corpus, total_examples=self._model.corpus_count, epochs=self._model.epochs)

    embedder = Embedder(min_count=1, **SMALL)
    embedder.fit(WALKS, False)
    again = pickle.loads(pickle.dumps(embedder._model))
    np.testing.assert_array_equal(again.wv.vectors, embedder._model.wv.vectors)
    embedder.fit([["new", "3", "4"]], True)
    again.build_vocab([["new", "3", "4"]], update=True)
    again.train([["new", "3", "4"]], total_examples=again.corpus_count, epochs=again.epochs)
    np.testing.assert_array_equal(again.wv.vectors, embedder._model.wv.vectors)


class Document:
    """A document that is its own iterator: peeking at it would lose its first word."""

    def __init__(self, words):
        self.words = words

    def __iter__(self):
        self.index = 0
        return self

    def __next__(self):
        if self.index == len(self.words):
            raise StopIteration
        self.index += 1
        return self.words[self.index - 1]

    def __len__(self):
        return len(self.words)


def test_5_callbacks_take_differences_of_losses_and_save_documents_iterate_themselves(spans, accelerated, tmp_path):
    # spec2vec
    class Progress(CallbackAny2Vec):
        def __init__(self):
            self.epoch, self.loss, self.losses = 0, 0.0, []

        def on_epoch_end(self, model):
            self.epoch += 1
            loss = model.get_latest_training_loss()
            self.losses.append(loss - self.loss)
            self.loss = loss
            model.save(str(tmp_path / f"iter_{self.epoch}.model"))

    progress = Progress()
    documents = [Document(walk) for walk in WALKS]
    model = gensim.models.Word2Vec(
        documents, min_count=1, compute_loss=True, sg=1, epochs=6, callbacks=[progress], sample=0, **SMALL
    )
    assert 0 < progress.losses[-1] < progress.losses[0]
    saved = [gensim.models.Word2Vec.load(str(tmp_path / f"iter_{epoch}.model")) for epoch in (1, 6)]
    assert not np.array_equal(saved[0].wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(saved[1].wv.vectors, model.wv.vectors)
    assert model.corpus_total_words == sum(map(len, WALKS))
    whole = Word2Vec(WALKS, min_count=1, compute_loss=True, sg=1, epochs=6, sample=0, **SMALL)
    np.testing.assert_array_equal(model.wv.vectors, whole.wv.vectors)


def test_6_a_subclass_makes_its_sentences_inside_gensims_hook(spans, caplog):
    # fastnode2vec
    with w2vplus.accelerate_gensim():

        class Node2Vec(gensim.models.Word2Vec):
            def __init__(self):
                super().__init__(min_count=1, sg=1, **SMALL)
                self.build_vocab_from_freq({str(node): 1 for node in range(30)})

            def _do_train_job(self, sentences, alpha, inits):
                walks = [WALKS[int(sentence[0])] for sentence in sentences]
                return super()._do_train_job(walks, alpha, inits)

        model = Node2Vec()
        before = model.wv.vectors.copy()
        with caplog.at_level(logging.WARNING):
            model.train([[str(n)] for n in range(30)], total_examples=30, epochs=2, report_delay=1)
    assert not spans and not np.array_equal(model.wv.vectors, before)
    assert "Node2Vec overrides _do_train_job: training runs in gensim's own code" in caplog.text


def test_7_vectors_are_known_by_their_class_and_nothing_else(accelerated):
    # BERTopic, WEFE
    model = gensim.models.Word2Vec(WALKS, min_count=1, **SMALL)
    assert "gensim" in str(type(model.wv))
    assert isinstance(model.wv, gensim.models.KeyedVectors) and type(model.wv) is gensim.models.KeyedVectors
    assert isinstance(model, gensim.models.Word2Vec) and "Word2Vec" in type(model).__name__
    assert all(type(index) is int for index in model.wv.key_to_index.values())
    plain = gensim.models.FastText(WALKS, min_count=1, bucket=10, **SMALL)
    assert set(vars(model.wv)) <= set(vars(plain.wv))


def test_8_weights_from_outside_fast_version_and_loading_to_go_on(spans, accelerated, tmp_path):
    # training that freezes the hidden layer, or continues a published model
    assert gensim.models.word2vec.FAST_VERSION > -1 and w2vplus.word2vec.FAST_VERSION > -1
    first = gensim.models.Word2Vec(WALKS, min_count=1, **SMALL)
    first.save(str(tmp_path / "model"))
    model = gensim.models.Word2Vec.load(str(tmp_path / "model"))
    model.min_count = 2
    model.build_vocab([["new", "3", "new"], ["rare"]], update=True)
    assert "new" in model.wv and "rare" not in model.wv
    hidden = np.random.default_rng(1).normal(size=model.syn1neg.shape)  # float64, as NumPy makes it
    model.syn1neg = hidden
    model.train([["new", "3", "new"]], total_examples=1, epochs=1)
    assert model.syn1neg.dtype == np.float32 and np.abs(model.syn1neg - hidden).max() < 0.1
    model.save(str(tmp_path / "model"))
    assert "new" in gensim.models.Word2Vec.load(str(tmp_path / "model")).wv


@pytest.mark.parametrize("kind", ["matrix", "ragged", "integers", "tuples", "mixed"])
def test_9_sentences_of_arrays_integers_and_other_hashables(spans, accelerated, kind):
    numbers = np.random.default_rng(0).integers(0, 9, (40, 6))
    sentences = {
        "matrix": numbers,
        "ragged": [row[: 2 + number % 4] for number, row in enumerate(numbers)],
        "integers": numbers.tolist(),
        "tuples": [[(int(a), "node") for a in row] for row in numbers],
        "mixed": [[int(a) if a % 2 else str(a) for a in row] for row in numbers],
    }[kind]
    model = gensim.models.Word2Vec(sentences, min_count=1, **SMALL)
    assert spans and len(model.wv) == 9
    some = model.wv.index_to_key[0]
    assert isinstance(some, {"tuples": tuple, "mixed": (int, str)}.get(kind, int)) and not isinstance(some, np.generic)
    assert model.wv.get_vector(some).shape == (8,)
    as_lists = [row.tolist() if isinstance(row, np.ndarray) else row for row in sentences]
    np.testing.assert_array_equal(model.wv.vectors, Word2Vec(as_lists, min_count=1, **SMALL).wv.vectors)


# ---- Names that packages import from gensim's word2vec module


def test_every_name_of_gensims_module_is_one_of_ours():
    theirs = [name for name in dir(gensim.models.word2vec) if not name.startswith("__")]
    assert [name for name in theirs if not hasattr(w2vplus.word2vec, name)] == []
    assert isinstance(w2vplus.word2vec, types.ModuleType)
    with pytest.raises(AttributeError, match=r"no attribute 'train_batch_xx', and neither has gensim"):
        w2vplus.word2vec.train_batch_xx  # noqa: B018


def test_gensims_compiled_functions_train_and_score_models_of_ours():
    from w2vplus.word2vec import (
        CORPUSFILE_VERSION,
        REAL,
        score_sentence_cbow,
        score_sentence_sg,
        train_batch_cbow,
        train_batch_sg,
    )

    assert REAL is np.float32 and CORPUSFILE_VERSION >= -1
    for train_batch, score, sg in (
        (train_batch_sg, score_sentence_sg, 1), (train_batch_cbow, score_sentence_cbow, 0),
    ):  # fmt: skip
        model = Word2Vec(WALKS, min_count=1, sg=sg, hs=1, negative=0, sample=0, **SMALL)
        before = model.wv.vectors.copy()
        work, neu1 = np.zeros(8, REAL), np.zeros(8, REAL)
        arguments = (model, WALKS, 0.025, work) if sg else (model, WALKS, 0.025, work, neu1)
        assert train_batch(*arguments, False) == 60 * 12
        assert not np.array_equal(before, model.wv.vectors)
        assert score(model, WALKS[0], *arguments[3:]) < 0


@pytest.mark.parametrize("workers", [1, 3])
def test_what_came_before_an_error_of_the_corpus_is_trained(workers):
    """gensim waits for ever; what was read of a stream must not be lost."""
    sentences = [[f"w{(7 * number + place) % 50}" for place in range(20)] for number in range(3000)]

    class Stream:
        def __init__(self, fails_after):
            self.fails_after = fails_after

        def __iter__(self):
            yield from sentences[: self.fails_after]
            if self.fails_after < len(sentences) and self.fails_after % 2:
                yield ["w1", ["no token"]]
            if self.fails_after < len(sentences):
                raise ConnectionError("the feed broke off")

    def trained(fails_after, total):
        model = Word2Vec(min_count=1, vector_size=8, workers=workers, seed=1, sample=0)
        model.build_vocab(sentences)
        before = model.wv.vectors.copy()
        if fails_after < total:
            with pytest.raises((ConnectionError, CorpusError), match=r"broke off|cannot be a dictionary key"):
                model.train(Stream(fails_after), total_examples=total, epochs=1)
        else:
            model.train(sentences[:total], total_examples=3000, epochs=1)
        return model, before

    for read in (3, 1234):
        model, before = trained(read, 3000)
        assert not np.array_equal(model.wv.vectors, before)
        if workers == 1:
            whole = trained(3000, 3000)[0]
            prefix = Word2Vec(min_count=1, vector_size=8, workers=1, seed=1, sample=0)
            prefix.build_vocab(sentences)

            class Short:
                def __iter__(self, read=read):
                    yield from sentences[:read]

            prefix.train(Short(), total_examples=3000, epochs=1)
            assert np.array_equal(model.wv.vectors, prefix.wv.vectors)
            assert not np.array_equal(model.wv.vectors, whole.wv.vectors)


def test_an_empty_batch_of_a_stream_trains_nothing(caplog):
    model = Word2Vec(common_texts, min_count=1, vector_size=8, workers=1)
    before = model.wv.vectors.copy()
    for batch in ([], (), [[], [], []]):
        model.build_vocab(batch, update=True)
        assert model.train(batch, total_examples=model.corpus_count, epochs=model.epochs) == (0, 0)
    assert np.array_equal(model.wv.vectors, before)
    assert not [record for record in caplog.records if "did not equal" in record.message]
    model.train(common_texts, total_examples=len(common_texts), epochs=1)
    with pytest.raises(ValueError, match="total_examples must be above 0, got 0"):
        model.train(common_texts, total_examples=0, epochs=1)
