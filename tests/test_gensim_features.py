"""The whole of gensim's interface, feature by feature: what works as there, what is mended, what is refused.
"""

from __future__ import annotations

import inspect
import re

import gensim.models
import numpy as np
import pytest
from gensim.models.word2vec import Word2Vec as GensimWord2Vec
from gensim.test.utils import common_texts, datapath

import w2vplus
from w2vplus import Word2Vec
from w2vplus.vocabulary import keep_thresholds
from w2vplus.word2vec.renamed import NEW_NAMES

SMALL = {"min_count": 1, "vector_size": 8, "workers": 1, "sample": 0}


def model_of(sentences=common_texts, **settings):
    return Word2Vec(sentences, **{**SMALL, **settings})


WORKS, MENDED, REFUSED = "works", "mended", "refused"

TABLE = {
    # what a user calls -> the state, and what was mended or why it is refused
    "build_vocab": (MENDED, "every line of every source is read, in parallel; update=True merges counts"),
    "build_vocab_from_freq": (WORKS, "counts are checked"),
    "scan_vocab": (WORKS, "counted natively"),
    "prepare_vocab": (MENDED, "update=True computes subsampling from merged counts"),
    "prepare_weights": (WORKS, ""),
    "init_weights": (WORKS, ""),
    "update_weights": (WORKS, ""),
    "estimate_memory": (WORKS, ""),
    "add_null_word": (WORKS, ""),
    "create_binary_tree": (MENDED, "growth grafts a tree of the new words instead of rebuilding"),
    "make_cum_table": (WORKS, "kept for readers; training draws from an alias table"),
    "train": (MENDED, "no token is cut or lost; the learning rate decays rightly with any number of workers"),
    "score": (WORKS, "gensim's own"),
    "predict_output_word": (WORKS, "gensim's own"),
    "reset_from": (MENDED, "copies what gensim shares, builds tables that the other model lacks"),
    "get_latest_training_loss": (MENDED, "float64, no races; training_losses has means per epoch"),
    "seeded_vector": (WORKS, "deprecated in gensim"),
    "init_sims": (WORKS, "deprecated in gensim"),
    "save": (WORKS, ""),
    "load": (MENDED, "what is no model, or one that gensim cannot read any more, is named for what it is"),
    "add_lifecycle_event": (WORKS, ""),
    # arguments of the constructor whose meaning is not plainly gensim's
    "seed=": (WORKS, "None draws another seed in every training"),
    "workers=": (MENDED, "one worker gives the same vectors on every run"),
    "batch_words=": (MENDED, "accepted, and cuts nothing"),
    "queue_factor= and report_delay= of train": (WORKS, "accepted, without effect"),
    "corpus_file=": (MENDED, "compressed, remote, several, and every line once"),
    "hashfxn=": (WORKS, "accepted; gensim 4 does not use it for the start of vectors either"),
    "callbacks=": (MENDED, "norms are current inside on_epoch_end"),
    "compute_loss=": (MENDED, "float64"),
    "window=": (MENDED, "at most 10,000 words to each side, where gensim cuts the sentence instead"),
    "sample=": (MENDED, "one assigned later acts, where gensim only sees whether it is 0"),
    # the rest
    "alpha, window and the like assigned in a callback": (WORKS, "from the next epoch on"),
    "cum_table assigned": (WORKS, "it is the noise distribution then"),
    "lists changed in a callback": (WORKS, "compared in every epoch, encoded anew only if they differ"),
    "model.min_alpha_yet_reached": (WORKS, ""),
    "train_batch_sg and other names of gensim's module": (WORKS, "gensim's own"),
    "subclasses that override _do_train_job and its kin": (WORKS, "trained by gensim's own code, with a warning"),
    "wv.vectors_lockf": (MENDED, "words beyond its length learn"),
    "arrays as sentences": (MENDED, "rows are sentences of plain integers"),
    "training after wv.add_vectors": (MENDED, "such words get output weights of 0; gensim reads past the others'"),
    "zero epochs, workers, window or rate": (REFUSED, "ValueError: gensim trains nothing, or waits forever"),
    "gensim's metric callbacks of LdaModel": (REFUSED, "TypeError: they have none of the four methods"),
    "open files for load": (REFUSED, "TypeError: gensim has an AttributeError; pickle.load reads them"),
    "models of gensim before 1.0": (REFUSED, "ModelFormatError, as gensim 4: they are to be saved anew by gensim 3.8"),
    "a sentence as a string for Phrases": (REFUSED, "TypeError: its characters would be taken for words"),
    "names of gensim 3": (REFUSED, "AttributeError with the new name"),
    "unknown arguments": (REFUSED, "TypeError with the nearest name"),
    "callbacks without gensim's four methods": (REFUSED, "TypeError before the text is read"),
    "a sentence as a string": (WORKS, "its characters, with a warning"),
    "a mapping for sentences": (REFUSED, "TypeError: its keys would be taken apart into characters"),
    "a string for predict_output_word": (REFUSED, "TypeError: its characters would be taken for words"),
    "generators for several passes": (REFUSED, "TypeError: they are empty after the first"),
    "a plain string for sentences": (REFUSED, "TypeError: use corpus_file= or a list of tokens"),
}
"""gensim's interface by feature: (works as there, mended or refused; how, or why)."""


def test_the_table_has_every_public_method_of_gensims_class():
    methods = {
        name
        for name, value in vars(GensimWord2Vec).items()
        if not name.startswith("_") and callable(getattr(value, "__func__", value))
    }
    inherited = {"save", "load", "add_lifecycle_event"}
    assert methods | inherited == {name for name in TABLE if name.isidentifier()}
    assert {name: state for name, (state, _) in TABLE.items() if state not in (WORKS, MENDED, REFUSED)} == {}
    assert all(how for state, how in TABLE.values() if state != WORKS)


def test_every_argument_of_gensims_constructor_is_one_of_ours_in_its_place():
    kinds = GensimWord2Vec, Word2Vec
    theirs, ours = (list(inspect.signature(kind.__init__).parameters.values()) for kind in kinds)
    assert [(p.name, p.default) for p in theirs] == [(p.name, p.default) for p in ours[: len(theirs)]]
    for name in ("train", "build_vocab", "prepare_vocab", "scan_vocab", "build_vocab_from_freq", "score"):
        theirs, ours = (list(inspect.signature(getattr(kind, name)).parameters) for kind in kinds)
        named = [parameter for parameter in theirs if parameter != "kwargs"]
        assert ours[: len(named)] == named


# ---- Vocabulary


def test_build_vocab_from_freq():
    counts = {"apple": 40, "pear": 30, "fig": 2, "rare": 1}
    models = []
    for kind in (Word2Vec, GensimWord2Vec):
        model = kind(min_count=2, vector_size=8, workers=1)
        model.build_vocab_from_freq(dict(counts), corpus_count=10)
        models.append(model)
    ours, theirs = models
    assert ours.wv.index_to_key == theirs.wv.index_to_key == ["apple", "pear", "fig"]
    np.testing.assert_array_equal(ours.wv.expandos["sample_int"], theirs.wv.expandos["sample_int"])
    assert ours.corpus_count == 10
    ours.train([["apple", "pear"], ["fig", "apple"]], total_examples=2, epochs=3)
    ours.build_vocab_from_freq({"kiwi": 5, "apple": 10}, update=True)
    assert ours.wv.index_to_key[-1] == "kiwi" and ours.wv.get_vecattr("apple", "count") == 50


def test_build_vocab_update_true_subsampling_from_merged_counts():
    model = model_of(sample=0.01)
    model.build_vocab([["system", "new"]] * 20, update=True)
    counts = np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key])
    np.testing.assert_array_equal(model.wv.expandos["sample_int"], keep_thresholds(counts, 0.01))


def test_null_word():
    for settings in ({}, {"hs": 1, "negative": 0}):
        model = model_of(null_word=1, **settings)
        assert model.wv.index_to_key[-1] == "\0" and len(model.wv.vectors) == len(model.wv) == 13
        model.build_vocab([["new", "words"]], update=True)
        assert model.wv.index_to_key.count("\0") == 1


def test_estimate_memory():
    assert model_of().estimate_memory().keys() == GensimWord2Vec(common_texts, **SMALL).estimate_memory().keys()


def test_keep_raw_vocab():
    model = Word2Vec(min_count=2)
    model.build_vocab(common_texts, keep_raw_vocab=True)
    assert model.raw_vocab["system"] == 4
    model.build_vocab(common_texts)
    assert len(model.raw_vocab) == 0


def test_reset_from_models_do_not_share_what_grows():
    other, model = model_of(hs=0), Word2Vec(hs=1, **SMALL)
    model.reset_from(other)
    assert model.wv.index_to_key == other.wv.index_to_key
    assert model.syn1.shape == (12, 8)  # the tree that `other` lacks
    other.build_vocab([["new"]], update=True)
    assert len(other.wv) == 13 and len(model.wv) == 12
    model.train(common_texts, total_examples=model.corpus_count, epochs=2)
    without_noise = model_of(negative=0, hs=1)
    model = Word2Vec(**SMALL)
    model.reset_from(without_noise)
    assert len(model.cum_table) == 12


# ---- Training


def test_train_without_a_vocabulary_epochs_or_a_total():
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        Word2Vec().train(common_texts, total_examples=9, epochs=1)
    model = model_of()
    with pytest.raises(ValueError, match="explicit epochs"):
        model.train(common_texts, total_examples=9)
    with pytest.raises(ValueError, match=r"total_examples|total_words"):
        model.train(common_texts, epochs=1)


def test_train_start_alpha_end_alpha():
    model = model_of()
    model.train(common_texts, total_examples=9, epochs=1, start_alpha=0.02, end_alpha=0.01)
    assert (model.alpha, model.min_alpha) == (0.02, 0.01)
    assert model.min_alpha_yet_reached == pytest.approx(0.01)


def test_train_word_count_words_trained_before_count_for_the_learning_rate():
    words = sum(map(len, common_texts))
    rates = []
    for already in (0, words):
        model = model_of()
        seen: list[float] = []
        model.train(
            common_texts, total_words=words, epochs=2, word_count=already, start_alpha=0.02, end_alpha=0.01,
            progress=lambda news, seen=seen: seen.append(news.learning_rate),
        )  # fmt: skip
        rates.append(seen[-1])
    assert rates[0] >= rates[1] == pytest.approx(0.01)


def test_seed_none_draws_another_one_each_time():
    assert not np.array_equal(model_of(seed=None).wv.vectors, model_of(seed=None).wv.vectors)


def test_lock_factors_shorter_than_the_vocabulary_the_other_words_learn():
    model = model_of()
    model.wv.vectors_lockf = np.zeros(2, dtype=np.float32)
    before = model.wv.vectors.copy()
    model.build_vocab([["new", "system"]] * 3, update=True)
    model.train([["new", "system"]] * 30, total_examples=30, epochs=3)
    np.testing.assert_array_equal(model.wv.vectors[:2], before[:2])
    assert not np.array_equal(model.wv["new"], Word2Vec([["new"]], **SMALL).wv["new"])


def test_compute_loss():
    model = model_of(compute_loss=True, epochs=3)
    assert model.get_latest_training_loss() > 0 and len(model.training_losses) == 3
    assert isinstance(model.training_losses[0], float)


def test_lifecycle_events():
    events = [event["event"] for event in model_of().lifecycle_events]
    assert events == ["prepare_vocab", "build_vocab", "train", "train", "created"]
    model = model_of()
    assert re.fullmatch(  # gensim's line, which logs are searched for
        r"training on 145 raw words \(145 effective words\) took \d+\.\ds, \d+ effective words/s",
        model.lifecycle_events[-2]["msg"],
    )
    model.add_lifecycle_event("note", text="mine")
    assert model.lifecycle_events[-1]["text"] == "mine"


# ---- After training


def test_score():
    model = model_of(hs=1, negative=0, sg=1, epochs=50)
    theirs = GensimWord2Vec(common_texts, hs=1, negative=0, sg=1, **SMALL)
    theirs.wv.vectors, theirs.syn1 = model.wv.vectors, model.syn1
    scores = model.score(common_texts, total_sentences=len(common_texts))
    np.testing.assert_allclose(scores, theirs.score(common_texts, total_sentences=len(common_texts)))
    with pytest.raises(RuntimeError, match="hierarchical softmax"):
        model_of().score(common_texts)


def test_predict_output_word():
    topics = [["sun", "beach", "sea"], ["snow", "ski", "ice"]] * 100
    model = model_of(topics, epochs=30, sg=1)
    best = [word for word, _ in model.predict_output_word(["sun", "sea"], topn=3)]
    assert set(best) <= {"sun", "beach", "sea"}
    assert model.predict_output_word(["unheard"]) is None
    with pytest.raises(RuntimeError, match="negative sampling"):
        model_of(negative=0, hs=1).predict_output_word(["system"])


def test_weights_assigned_from_outside():
    model = model_of()
    model.syn1neg = np.zeros_like(model.syn1neg)
    model.wv.vectors = np.ones_like(model.wv.vectors)
    model.train(common_texts, total_examples=9, epochs=1)
    assert np.abs(model.syn1neg).max() > 0


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}, {"hs": 1, "sg": 1}], ids=["ns", "hs", "both"])
def test_words_of_add_vectors_are_trained_and_joined_by_others(settings, tmp_path):
    model, twin = model_of(**settings), model_of(**settings)
    model.wv.add_vectors(["added", "other"], np.ones((2, 8), dtype=np.float32))
    for trained in (model, twin):
        trained.train(common_texts, total_examples=9, epochs=1)
    for word in twin.wv.index_to_key if not model.negative else ():  # noise is drawn by rows
        assert np.array_equal(model.wv[word], twin.wv[word])
    assert np.array_equal(model.wv["added"], np.ones(8))
    model.train([["human", "added", "system"]] * 5, total_examples=5, epochs=1)
    assert not np.array_equal(model.wv["added"], np.ones(8))
    model.save_folder(tmp_path / "model")
    model.build_vocab([["added", "newcomer", "human"]] * 5, update=True)
    assert model.wv.index_to_key[-3:] == ["added", "other", "newcomer"]
    assert [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key[-3:]] == [5, 0, 5]
    if model.hs:
        paths = [model.wv.get_vecattr(word, "code") for word in model.wv.index_to_key]
        assert sum(2.0 ** -len(path) for path in paths) == 1
    model.train([["human", "added", "newcomer"]] * 5, total_examples=5, epochs=3)
    assert np.isfinite(model.wv.vectors).all()
    loaded = Word2Vec.load_folder(tmp_path / "model")
    loaded.build_vocab_from_freq({"added": 3, "newest": 2}, update=True)
    assert loaded.wv.get_vecattr("added", "count") == 3
    loaded.train([["human", "added", "newest"]] * 5, total_examples=5, epochs=1)


@pytest.mark.parametrize(("name", "settings"), [("syn1", {"hs": 1, "negative": 0}), ("syn1neg", {})])
def test_output_weights_that_were_left_out_are_asked_for(tmp_path, name, settings):
    model = model_of(**settings)
    model.save(str(tmp_path / "model"), ignore=[name])
    loaded = Word2Vec.load(str(tmp_path / "model"))
    with pytest.raises(ValueError, match=rf"the model has no {name}, .*init_weights\(\)"):
        loaded.train(common_texts, total_examples=9, epochs=1)
    loaded.init_weights()
    assert loaded.train(common_texts, total_examples=9, epochs=1)[1] == 29


def test_wv_intersect_word2vec_format_then_training(tmp_path):
    lines = [["war", "conflict", "administration", "harvest"], ["war", "new", "words"]] * 5
    model = Word2Vec(vector_size=10, min_count=1, sample=0)
    model.build_vocab(lines)
    model.wv.vectors_lockf = np.ones(len(model.wv), dtype=np.float32)  # gensim's method writes into it
    vectors = w2vplus.load_vectors(datapath("euclidean_vectors.bin"))
    w2vplus.save_vectors(vectors, tmp_path / "vectors.txt")  # gensim's binary mode fails with recent numpy
    model.wv.intersect_word2vec_format(str(tmp_path / "vectors.txt"), lockf=0.0)
    locked = model.wv.vectors_lockf == 0
    before = model.wv.vectors.copy()
    model.train(lines, total_examples=len(lines), epochs=2)
    np.testing.assert_array_equal(model.wv.vectors[locked], before[locked])
    assert locked.any() and not np.array_equal(model.wv.vectors[~locked], before[~locked])


# ---- Names of gensim 3, and arguments that do not exist


def test_names_of_gensim_3():
    model = model_of()
    for name, new_name in NEW_NAMES.items():
        assert not hasattr(model, name)
        with pytest.raises(AttributeError) as caught:
            getattr(model, name)
        assert new_name in str(caught.value)
        if new_name.startswith("model.") and "(" not in new_name and "," not in new_name:
            found = model
            for part in new_name.split(".")[1:]:
                found = getattr(found, part)  # the new name exists
    with pytest.raises(TypeError, match=r"model\.wv\['system'\]"):
        model["system"]
    with pytest.raises(TypeError, match=r"in model\.wv"):
        "system" in model  # noqa: B015
    with pytest.raises(AttributeError, match=r"load_vectors"):
        Word2Vec.load_word2vec_format("x.bin")
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        model.nonsense  # noqa: B018


def test_arguments_of_gensim_3_and_misspelt_ones():
    model = model_of()
    for call, hint in (
        (lambda: Word2Vec(size=100), "'vector_size'"),
        (lambda: Word2Vec(iter=5), "'epochs'"),
        (lambda: Word2Vec(windw=5), "did you mean 'window'"),
        (lambda: model.train(sentences=common_texts, total_examples=9, epochs=1), "'corpus_iterable'"),
        (lambda: model.train(common_texts, total_exmples=9, epochs=1), "did you mean 'total_examples'"),
        (lambda: model.build_vocab(sentences=common_texts), "'corpus_iterable'"),
        (lambda: model.build_vocab(common_texts, updat=True), "did you mean 'update'"),
    ):
        with pytest.raises(TypeError, match=hint):
            call()


def test_generators_where_several_passes_are_needed_strings_for_sentences():
    with pytest.raises(TypeError, match="generator"):
        Word2Vec((line for line in common_texts), min_count=1)
    with pytest.raises(TypeError, match="corpus_file"):
        Word2Vec("corpus.txt")


# ---- Bad input: what gensim mangles, or fails over later, is refused at once


class Streams:
    def __init__(self, sentences):
        self.sentences = sentences

    def __iter__(self):
        return iter(self.sentences)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sentences": {"a": ["b", "c"]}}, TypeError, r"got a dict, whose keys .* pass its values\(\)"),
        ({"sentences": [["a", ["b"]]]}, ValueError, "token 1 is a list and cannot be a dictionary key"),
        ({"sentences": [1, 2]}, TypeError, "sentence 0 is a int, not a sequence of tokens"),
        ({"sentences": 5}, TypeError, "must be an iterable of token lists, got 5"),
        ({"corpus_file": 5}, TypeError, "corpus_file must be a path, a URI or a list of them, got 5"),
        ({"sentences": common_texts, "corpus_file": "x"}, TypeError, "exactly one of"),
        ({"callbacks": 5}, TypeError, r"callbacks must be a list of callbacks, got 5: pass \[callback\]"),
        ({"callbacks": w2vplus.TrainingCallback()}, TypeError, r"pass \[callback\]"),
        ({"callbacks": [w2vplus.TrainingCallback]}, TypeError, "is a class: give one of its objects"),
        ({"callbacks": [print]}, TypeError, "has no method on_train_begin: derive its class from gensim's"),
        ({"progress": "yes"}, TypeError, "progress must be True, False or a callable, got 'yes'"),
        ({"errors": "lenient"}, ValueError, "errors must be 'strict', 'replace' or 'ignore', got 'lenient'"),
        ({"phrases": "new_york"}, TypeError, "phrases must be"),
        ({"min_count": "5"}, TypeError, "min_count must be a number, at least 0, got '5'"),
        ({"max_final_vocab": 0}, ValueError, "max_final_vocab must be at least 1, got 0"),
        ({"max_vocab_size": "many"}, TypeError, "max_vocab_size must be an integer"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": "today"}, TypeError, "seed must be an integer"),
    ],
)
def test_wrong_types_and_values_are_named_before_anything_is_trained(arguments, error, message):
    corpus = {} if {"sentences", "corpus_file"} & set(arguments) else {"sentences": common_texts}
    with pytest.raises(error, match=message):
        Word2Vec(**{**corpus, **SMALL, **arguments})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"epochs": "2"}, TypeError, "epochs must be an integer, at least 1, got '2'"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"total_examples": "9"}, TypeError, "total_examples must be a number, above 0, got '9'"),
        ({"total_words": -9}, ValueError, "total_words must be above 0, got -9"),
        ({"word_count": -1}, ValueError, "word_count must be at least 0, got -1"),
        ({"callbacks": [5]}, TypeError, "the callback int has no method"),
    ],
)
def test_wrong_arguments_of_train_are_named(arguments, error, message):
    model = model_of()
    before = model.wv.vectors.copy()
    with pytest.raises(error, match=message):
        model.train(common_texts, **{"total_examples": 9, "epochs": 1, **arguments})
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert model.train(common_texts, total_examples=9, epochs=np.int64(2), callbacks=None)[1] == 58


def test_texts_that_are_taken_apart_into_characters_are_said_so(caplog):
    model = Word2Vec(min_count=1)
    model.build_vocab(Streams(["some", "text"]))
    assert "Item 0 is instead the plain string 'some': its characters" in caplog.text
    assert caplog.text.count("its characters are taken as words") == 1 and "s" in model.wv
    with pytest.raises(TypeError, match="got 'system': split it into words"):
        model_of().predict_output_word("system")


@pytest.mark.parametrize(
    ("frequencies", "error", "message"),
    [
        ([("a", 1)], TypeError, "must be a mapping of words to counts, got a list"),
        ({"a": -1}, ValueError, "the count of 'a' must be at least 0, got -1"),
        ({"a": "x"}, TypeError, "the count of 'a' must be an integer"),
    ],
)
def test_frequencies_that_are_none_are_refused(frequencies, error, message):
    with pytest.raises(error, match=message):
        Word2Vec(min_count=1).build_vocab_from_freq(frequencies)


def test_a_corpus_of_another_length_than_announced_is_reported_in_every_epoch(caplog):
    model = model_of()
    for corpus in (common_texts[:5], Streams(common_texts[:5])):
        caplog.clear()
        model.train(corpus, total_examples=model.corpus_count, epochs=2)
        assert caplog.text.count("did not equal expected count") == 2
    caplog.clear()
    model.train(common_texts, total_examples=9, epochs=2)
    assert "did not equal" not in caplog.text


def test_arrays_as_sentences():
    walks = np.array([[0, 1, 2, 1], [9, 1, 0, 9], [7, 9, 7, 7]])
    model = model_of(walks)
    assert set(model.wv.index_to_key) == {0, 1, 2, 7, 9}
    assert all(type(key) is int for key in model.wv.index_to_key)


def test_wv_is_exactly_gensim_s_keyedvectors():
    model = model_of()
    assert type(model.wv) is gensim.models.KeyedVectors
    assert "gensim" in str(type(model.wv)) and w2vplus.word2vec.FAST_VERSION >= 0
