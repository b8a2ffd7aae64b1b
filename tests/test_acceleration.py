"""`accelerate_gensim`: code that looks up gensim's classes gets ours, gensim's own machinery does not notice.
"""

from __future__ import annotations

import abc
import copy
import importlib
import logging
import pickle
import subprocess
import sys
import types
from unittest import mock

import gensim.models
import gensim.models.phrases
import gensim.models.word2vec
import numpy as np
import pytest

import w2vplus
from w2vplus import _sgd

GENSIMS = gensim.models.Word2Vec
GENSIMS_PHRASES = gensim.models.Phrases
SENTENCES = [["human", "interface", "computer"], ["graph", "minors", "trees"], ["human", "graph"]] * 5
SMALL = {"min_count": 1, "vector_size": 6, "workers": 1, "epochs": 2}


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    yield
    for module in (gensim.models, gensim.models.word2vec, gensim.models.phrases):
        assert type(module) is types.ModuleType
    assert gensim.models.Word2Vec is gensim.models.word2vec.Word2Vec is GENSIMS
    assert gensim.models.Phrases is gensim.models.phrases.Phrases is GENSIMS_PHRASES
    assert "__reduce_ex__" not in vars(GENSIMS) and "__reduce_ex__" not in vars(GENSIMS_PHRASES)
    assert not isinstance(GENSIMS(), w2vplus.Word2Vec)


@pytest.fixture
def spans(monkeypatch):
    """How many spans our kernel has trained."""
    count = types.SimpleNamespace(number=0)

    class Counting(_sgd.Worker):
        def train_span(self, *arguments):
            count.number += 1
            return super().train_span(*arguments)

    monkeypatch.setattr(_sgd, "Worker", Counting)
    return count


def test_look_ups_in_every_place_find_ours_and_only_inside_the_block():
    with w2vplus.accelerate_gensim():
        from gensim.models import Phrases
        from gensim.models import Word2Vec as from_package
        from gensim.models.phrases import FrozenPhrases, Phraser
        from gensim.models.word2vec import Word2Vec as from_module

        assert from_package is from_module is gensim.models.Word2Vec is w2vplus.Word2Vec
        assert getattr(gensim.models.word2vec, "Word" + "2Vec") is w2vplus.Word2Vec
        assert Phrases is gensim.models.phrases.Phrases is w2vplus.Phrases
        assert FrozenPhrases is Phraser is w2vplus.FrozenPhrases
    assert gensim.models.Word2Vec is GENSIMS


def test_as_a_call_it_lasts_until_undone_and_calls_nest():
    outer = w2vplus.accelerate_gensim()
    with w2vplus.accelerate_gensim() as inner:
        inner.undo()
        assert gensim.models.Word2Vec is w2vplus.Word2Vec
    assert gensim.models.Word2Vec is w2vplus.Word2Vec
    outer.undo()
    outer.undo()
    assert gensim.models.Word2Vec is GENSIMS


def test_an_error_inside_the_block_undoes_it():
    with pytest.raises(ZeroDivisionError), w2vplus.accelerate_gensim():
        raise ZeroDivisionError
    assert gensim.models.Word2Vec is GENSIMS


def test_an_interrupted_beginning_leaves_nothing_and_can_be_begun_again(monkeypatch):
    real = importlib.import_module

    def interrupted(name):
        if name == "gensim.models.phrases":
            raise KeyboardInterrupt
        return real(name)

    monkeypatch.setattr(importlib, "import_module", interrupted)
    with pytest.raises(KeyboardInterrupt):
        w2vplus.accelerate_gensim()
    assert gensim.models.Word2Vec is GENSIMS
    monkeypatch.undo()
    with w2vplus.accelerate_gensim():
        assert gensim.models.Word2Vec is w2vplus.Word2Vec


def test_training_runs_in_our_kernel_and_vectors_are_exactly_gensims(spans):
    with w2vplus.accelerate_gensim():
        model = gensim.models.Word2Vec(SENTENCES, **SMALL)
    assert spans.number == 2
    assert type(model.wv) is gensim.models.KeyedVectors
    assert isinstance(model, GENSIMS)


def test_fasttext_and_doc2vec_train_save_and_load_inside_by_gensims_own_code(spans, tmp_path):
    with w2vplus.accelerate_gensim():
        documents = [gensim.models.doc2vec.TaggedDocument(words, [n]) for n, words in enumerate(SENTENCES)]
        for model in (
            gensim.models.FastText(SENTENCES, bucket=100, **SMALL),
            gensim.models.Doc2Vec(documents, **SMALL),
        ):
            model.save(str(tmp_path / "model"))
            again = type(model).load(str(tmp_path / "model"))
            assert type(again) is type(model) and isinstance(again, gensim.models.Word2Vec)
            np.testing.assert_array_equal(again.wv["human"], model.wv["human"])
            copied = pickle.loads(pickle.dumps(model))
            np.testing.assert_array_equal(copied.wv["graph"], model.wv["graph"])
            again.train(documents if "dv" in vars(again) else SENTENCES, total_examples=15, epochs=1)
    assert spans.number == 0


def test_gensims_own_models_save_pickle_and_copy_inside(tmp_path):
    own, own_phrases = GENSIMS(SENTENCES, **SMALL), GENSIMS_PHRASES(SENTENCES, min_count=1, threshold=0.1)
    frozen = own_phrases.freeze()
    with w2vplus.accelerate_gensim():
        own.save(str(tmp_path / "own"))
        own_phrases.save(str(tmp_path / "phrases"))
        pickles = [pickle.dumps(own, protocol=protocol) for protocol in range(2, 6)]
        pickled_phrases = [pickle.dumps(thing) for thing in (own_phrases, frozen)]
        for copied in (copy.deepcopy(own), copy.copy(own)):
            assert type(copied) is GENSIMS
            np.testing.assert_array_equal(copied.wv.vectors, own.wv.vectors)
        inside = pickle.loads(pickles[0])
        assert isinstance(inside, gensim.models.Word2Vec)
        inside.train(SENTENCES, total_examples=15, epochs=1)
    for text in pickles:
        assert b"w2vplus" not in text
        again = pickle.loads(text)
        assert type(again) is GENSIMS
        np.testing.assert_array_equal(again.wv.vectors, own.wv.vectors)
    assert type(GENSIMS.load(str(tmp_path / "own"))) is GENSIMS
    assert [type(pickle.loads(text)) for text in pickled_phrases] == [GENSIMS_PHRASES, type(frozen)]
    assert GENSIMS_PHRASES.load(str(tmp_path / "phrases")).vocab == own_phrases.vocab


def test_models_made_inside_pickle_and_train_on_outside(spans):
    with w2vplus.accelerate_gensim():
        model = gensim.models.Word2Vec(SENTENCES, **SMALL)
        text = pickle.dumps(model)
    again = pickle.loads(text)
    before = spans.number
    again.train(SENTENCES, total_examples=again.corpus_count, epochs=1)
    assert type(again) is w2vplus.Word2Vec and spans.number == before + 1


def test_older_models_of_gensims_count_as_instances_inside():
    own, fasttext = GENSIMS(), gensim.models.FastText()
    with w2vplus.accelerate_gensim():
        for model in (own, fasttext, w2vplus.Word2Vec()):
            assert isinstance(model, gensim.models.Word2Vec)
        assert issubclass(gensim.models.FastText, gensim.models.Word2Vec)
        assert not isinstance(object(), gensim.models.Word2Vec)
        assert not isinstance(own, gensim.models.Phrases)
        assert isinstance(GENSIMS_PHRASES([["a"]]), gensim.models.Phrases)


def test_a_subclass_that_overrides_training_hooks_trains_in_gensims_code(spans, caplog):
    with w2vplus.accelerate_gensim():

        class Hooked(gensim.models.Word2Vec):
            jobs = 0

            def _do_train_job(self, sentences, alpha, inits):
                Hooked.jobs += 1
                return super()._do_train_job(sentences, alpha, inits)

        with caplog.at_level(logging.WARNING):
            Hooked(SENTENCES, **SMALL)
    assert Hooked.jobs == 2 and spans.number == 0
    assert "Hooked overrides _do_train_job: training runs in gensim's own code" in caplog.text


def test_a_plain_subclass_and_one_with_an_abstract_base_train_in_our_kernel(spans):
    class Named(abc.ABC):
        @abc.abstractmethod
        def name(self): ...

    with w2vplus.accelerate_gensim():

        class Mine(gensim.models.Word2Vec, Named):
            def __init__(self, **settings):
                super().__init__(**settings)

            def name(self):
                return "mine"

        model = Mine(**SMALL)
        model.build_vocab(SENTENCES)
        model.train(SENTENCES, total_examples=model.corpus_count, epochs=model.epochs)
    assert spans.number == 2 and model.name() == "mine"


def test_modules_of_gensim_that_are_imported_inside_see_gensims_class():
    sys.modules.pop("gensim.similarities.annoy", None)
    with w2vplus.accelerate_gensim():
        module = importlib.import_module("gensim.similarities.annoy")
    assert module.Word2Vec is GENSIMS


def test_mock_patch_works_on_top():
    with w2vplus.accelerate_gensim():
        with mock.patch.object(gensim.models, "Word2Vec", "patched"):
            assert gensim.models.Word2Vec == "patched"
        assert gensim.models.Word2Vec is w2vplus.Word2Vec
    with w2vplus.accelerate_gensim(), pytest.raises(AttributeError, match="no attribute 'Word3Vec'"):
        gensim.models.Word3Vec  # noqa: B018


def test_modules_that_bound_the_class_before_are_named(caplog, monkeypatch):
    early = types.ModuleType("early_bird")
    early.Word2Vec = GENSIMS
    monkeypatch.setitem(sys.modules, "early_bird", early)
    with caplog.at_level(logging.WARNING), w2vplus.accelerate_gensim():
        pass
    assert "early_bird" in caplog.text and "import these after accelerate_gensim()" in caplog.text


def test_it_works_in_a_fresh_process_before_gensim_is_imported():
    program = (
        "import w2vplus; w2vplus.accelerate_gensim()\n"
        "from gensim.models import Word2Vec\n"
        "import gensim\n"
        "assert Word2Vec is w2vplus.Word2Vec is gensim.models.word2vec.Word2Vec\n"
        "m = Word2Vec([['a', 'b']] * 9, min_count=1, vector_size=4); print(len(m.wv))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr
