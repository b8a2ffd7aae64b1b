"""What a user changes after `build_vocab` or in a callback acts from the next epoch on, as in gensim."""

from __future__ import annotations

import copy
import random
import time

import gensim.models
import numpy as np
import pytest
from gensim.test.utils import common_texts, datapath

from w2vplus import TrainingCallback, Word2Vec, trainer
from w2vplus.vocabulary import keep_thresholds
from w2vplus.word2vec import feeds, tables, training


@pytest.fixture(autouse=True)
def trains_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long texts are: workers train copies of the frequent rows, which others may only read when all pause."""
    monkeypatch.setattr(trainer, "SMALLEST_COPYING_CORPUS", 0)


SETTINGS = {"min_count": 1, "vector_size": 8, "workers": 1, "sample": 0, "epochs": 3, "seed": 3}


@pytest.fixture(scope="module")
def lee() -> list[list[str]]:
    return list(gensim.models.word2vec.LineSentence(datapath("lee_background.cor")))


class AtEnd(TrainingCallback):
    """Calls `change(model, epochs done)` at the end of every epoch."""

    def __init__(self, change):
        self.change, self.done = change, 0

    def on_epoch_end(self, model):
        self.done += 1
        self.change(model, self.done)


@pytest.fixture
def epochs(monkeypatch):
    """What the trainer of each epoch was made with: its run, law and tables."""
    seen = []
    train_epoch = training.Trainer.train_epoch
    made_with = {}
    init = training.Trainer.__init__

    def remember(self, weights, tables, *arguments, **keywords):
        init(self, weights, tables, *arguments, **keywords)
        made_with[id(self)] = tables

    def watch(self, *arguments, **keywords):
        seen.append((self.run, self.law, made_with[id(self)]))
        return train_epoch(self, *arguments, **keywords)

    monkeypatch.setattr(training.Trainer, "__init__", remember)
    monkeypatch.setattr(training.Trainer, "train_epoch", watch)
    return seen


# ---- Settings


def test_alpha_and_min_alpha_of_a_callback_act_from_the_next_epoch_on(epochs):
    def slower(model, done):
        model.alpha, model.min_alpha = 0.01, 0.002

    model = Word2Vec(common_texts, callbacks=[AtEnd(slower)], **SETTINGS)
    assert [(run.start_rate, run.end_rate) for run, _, _ in epochs] == [(0.025, 1e-4), (0.01, 0.002), (0.01, 0.002)]
    assert model.min_alpha_yet_reached == pytest.approx(0.002)


def test_the_clock_of_a_call_goes_on_when_a_callback_changes_something(lee):
    def slower(model, done):
        model.alpha *= 0.5
        time.sleep(0.05)

    seen = []
    Word2Vec(lee, callbacks=[AtEnd(slower)], progress=seen.append, **SETTINGS)
    elapsed = [report.elapsed for report in seen]
    assert elapsed == sorted(elapsed) and elapsed[-1] >= 0.05 * (SETTINGS["epochs"] - 1)
    assert {report.earlier_words for report in seen} == {0}


def test_the_lowest_rate_so_far_is_that_of_the_epochs_end():
    seen = []
    Word2Vec(common_texts, callbacks=[AtEnd(lambda model, _: seen.append(model.min_alpha_yet_reached))], **SETTINGS)
    steps = np.linspace(0.025, 1e-4, 4)[1:]
    assert seen == pytest.approx(steps.tolist())
    theirs: list[float] = []

    class Reads(gensim.models.callbacks.CallbackAny2Vec):
        def on_epoch_end(self, model):
            theirs.append(model.min_alpha_yet_reached)

    gensim.models.Word2Vec(common_texts, callbacks=[Reads()], **SETTINGS)
    assert len(theirs) == len(seen) and theirs == sorted(theirs, reverse=True)


@pytest.mark.parametrize(("setting", "value"), [("window", 2), ("negative", 2), ("sg", 1), ("cbow_mean", 0)])
def test_a_law_that_a_callback_changes_is_the_next_epochs(epochs, setting, value):
    Word2Vec(common_texts, callbacks=[AtEnd(lambda model, _: setattr(model, setting, value))], **SETTINGS)
    name = {"sg": "skip_gram"}.get(setting, setting)
    assert [getattr(law, name) for _, law, _ in epochs[1:]] == [value, value]
    assert getattr(epochs[0][1], name) != value


def test_sample_assigned_after_build_vocab_is_what_is_trained(lee):
    model = Word2Vec(**{**SETTINGS, "sample": 1e-3})
    model.build_vocab(lee)
    tokens = sum(map(len, lee))
    model.sample = 0
    assert model.train(lee, total_examples=model.corpus_count, epochs=1) == (tokens, tokens)
    model.sample = 1e-5
    trained, _ = model.train(lee, total_examples=model.corpus_count, epochs=1)
    expected = keep_thresholds(tables.word_counts(model.wv), 1e-5)
    np.testing.assert_array_equal(model.wv.expandos["sample_int"], expected)
    assert trained < tokens / 3


def test_sample_assigned_after_loading_or_in_a_callback_is_what_is_trained(lee, tmp_path, epochs):
    model = Word2Vec(**{**SETTINGS, "sample": 1e-3})
    model.build_vocab(lee)
    model.save(str(tmp_path / "model"))
    model.save_folder(tmp_path / "folder")
    for again in (Word2Vec.load(str(tmp_path / "model")), Word2Vec.load_folder(tmp_path / "folder")):
        again.sample = 1e-5
        again.train(lee, total_examples=300, epochs=1)
        np.testing.assert_array_equal(
            again.wv.expandos["sample_int"], keep_thresholds(tables.word_counts(model.wv), 1e-5)
        )
    epochs.clear()
    model.train(lee, total_examples=300, epochs=2, callbacks=[AtEnd(lambda model, _: setattr(model, "sample", 0))])
    assert [bool(np.all(made.keep_thresholds == 2**32 - 1)) for _, _, made in epochs] == [False, True]


def test_sample_assigned_before_saving_is_what_is_trained_after_loading(lee, tmp_path):
    model = Word2Vec(lee, **SETTINGS | {"sample": 1e-3, "epochs": 1})
    model.sample = 1e-4
    model.save(str(tmp_path / "model"))
    model.save_folder(tmp_path / "folder")
    plain = model.to_gensim()
    expected = keep_thresholds(model.wv.expandos["count"], 1e-4)
    loaded = (Word2Vec.load(str(tmp_path / "model")), Word2Vec.load_folder(tmp_path / "folder"), plain)
    for thresholds in (other.wv.expandos["sample_int"] for other in loaded):
        assert np.array_equal(thresholds, expected)


def test_thresholds_that_a_user_wrote_are_kept_while_sample_is_unchanged(lee):
    model = Word2Vec(**{**SETTINGS, "sample": 1e-3})
    model.build_vocab(lee)
    model.wv.expandos["sample_int"][:] = 0
    model.wv.expandos["sample_int"][5] = 2**32 - 1
    count = model.wv.get_vecattr(model.wv.index_to_key[5], "count")
    assert model.train(lee, total_examples=300, epochs=1)[0] == count


def noise_shares(table) -> np.ndarray:
    """The probability of every word in an alias table, slot by slot."""
    kept = (table.thresholds.astype(float) + 1) / 2**32
    shares = kept.copy()
    np.add.at(shares, table.aliases, 1 - kept)
    return shares / len(shares)


def test_a_cum_table_that_was_assigned_is_the_noise_distribution(epochs):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(common_texts)
    shares = np.arange(1, 13) / 78
    model.cum_table = np.rint(np.cumsum(shares) * (2**31 - 1)).astype(np.uint32)
    model.train(common_texts, total_examples=9, epochs=1)
    assert noise_shares(epochs[-1][2].noise) == pytest.approx(shares, abs=1e-6)
    model.ns_exponent = 0.0  # acts, as in gensim, when the table is made
    model.train(common_texts, total_examples=9, epochs=1)
    assert noise_shares(epochs[-1][2].noise) == pytest.approx(shares, abs=1e-6)
    model.make_cum_table()
    model.train(common_texts, total_examples=9, epochs=1)
    assert noise_shares(epochs[-1][2].noise) == pytest.approx(np.full(12, 1 / 12), abs=1e-6)
    for wrong, message in ((np.ones(5), "entry for each of the 12 words"), (np.arange(12)[::-1], "must ascend")):
        model.cum_table = wrong.astype(np.uint32)
        with pytest.raises(ValueError, match=message):
            model.train(common_texts, total_examples=9, epochs=1)


def test_a_cum_table_written_in_place_by_a_callback_acts_in_the_next_epoch(epochs):
    def only_the_first(model, done):
        model.cum_table[:] = 2**31 - 1

    Word2Vec(common_texts, callbacks=[AtEnd(only_the_first)], **SETTINGS)
    assert noise_shares(epochs[-1][2].noise) == pytest.approx(np.eye(12)[0], abs=1e-6)


@pytest.mark.parametrize("mode", [{"negative": 5}, {"hs": 1, "negative": 0}], ids=["negatives", "paths"])
def test_tables_are_kept_between_calls_and_made_anew_after_every_change(lee, mode):
    model = Word2Vec(lee[:50], **{**SETTINGS, "sample": 1e-3}, **mode)
    kept = tables.training_tables(model)

    def train_one_sentence(trained):
        trained.train(lee[7:8], total_examples=1, epochs=1)
        return trained.wv.vectors

    changes = [
        lambda changed: None,
        lambda changed: setattr(changed, "sample", 1e-2),
        lambda changed: changed.wv.expandos["sample_int"].fill(2**31),
        lambda changed: changed.build_vocab(lee[50:60], update=True),
    ]
    if "hs" not in mode:
        changes.append(lambda changed: changed.cum_table.sort())
        changes.append(lambda changed: changed.cum_table.__setitem__(slice(0, 3), 0))
    else:
        changes.append(lambda changed: changed.wv.expandos.update(code=changed.wv.expandos["code"][::-1].copy()))
        changes.append(lambda changed: changed.wv.expandos.update(point=changed.wv.expandos["point"][::-1].copy()))
    for number, change in enumerate(changes):
        change(model)
        fresh = copy.deepcopy(model)
        assert fresh._tables is None
        assert np.array_equal(train_one_sentence(fresh), train_one_sentence(model)), number
        assert (tables.training_tables(model) is kept) == (number == 0)


def test_nothing_is_made_anew_while_nothing_changes(lee, monkeypatch):
    made = []
    init = training.Trainer.__init__
    monkeypatch.setattr(training.Trainer, "__init__", lambda self, *a, **k: (made.append(self), init(self, *a, **k))[1])
    Word2Vec(lee, callbacks=[AtEnd(lambda *_: None)], hs=1, **{**SETTINGS, "sample": 1e-3})
    assert len(made) == 1


# ---- Lists


def reshuffles(sentences):
    generator = random.Random(1)
    return AtEnd(lambda model, done: generator.shuffle(sentences))


def shuffles_tokens(sentences):
    generator = random.Random(1)
    return AtEnd(lambda model, done: [generator.shuffle(sentence) for sentence in sentences])


def replaces_words(sentences):
    return AtEnd(lambda model, done: sentences[7].__setitem__(slice(None), ["storm", "unheard", "storm"]))


def takes_arrays(sentences):
    return AtEnd(lambda model, done: sentences.__setitem__(done, np.array(["storm", "fire", "storm"])))


def grows(sentences):
    return AtEnd(lambda model, done: sentences.append(["storm", "fire"]))


class AsStream:
    """The same list, which the engine must iterate anew in every epoch, as gensim does."""

    def __init__(self, sentences):
        self.sentences = sentences

    def __iter__(self):
        return iter(self.sentences)


@pytest.mark.parametrize("change", [reshuffles, shuffles_tokens, replaces_words, takes_arrays, grows])
def test_a_list_that_a_callback_changes_is_trained_as_it_is_then(lee, change):
    models = []
    for kind in (list, AsStream):
        sentences = [list(sentence) for sentence in lee]
        corpus = sentences if kind is list else kind(sentences)
        models.append(Word2Vec(corpus, callbacks=[change(sentences)], **SETTINGS))
    unchanged = Word2Vec([list(sentence) for sentence in lee], **SETTINGS)
    np.testing.assert_array_equal(models[0].wv.vectors, models[1].wv.vectors)
    assert not np.array_equal(models[0].wv.vectors, unchanged.wv.vectors)


def test_an_array_that_a_callback_changes_is_trained_as_it_is_then():
    walks = np.random.default_rng(0).integers(0, 20, (50, 10))
    models = []
    for wrap in (lambda array: array, lambda array: AsStream(array)):
        array = walks.copy()
        models.append(Word2Vec(wrap(array), callbacks=[AtEnd(lambda m, d, a=array: a.sort(axis=1))], **SETTINGS))
    np.testing.assert_array_equal(models[0].wv.vectors, models[1].wv.vectors)


def test_a_list_that_stays_as_it_is_is_encoded_once(lee, monkeypatch):
    encoded = []
    encode = feeds.encode
    monkeypatch.setattr(feeds, "encode", lambda *a, **k: (encoded.append(a), encode(*a, **k))[1])
    Word2Vec(lee, callbacks=[AtEnd(lambda *_: None)], **SETTINGS)
    assert len(encoded) == 1
    Word2Vec(lee, callbacks=[reshuffles(list(lee))], **SETTINGS)
    assert len(encoded) == 2
    mine = list(lee)
    Word2Vec(mine, callbacks=[reshuffles(mine)], **SETTINGS)
    assert len(encoded) == 2 + 1 + 2
    cached = list(lee)
    Word2Vec(cached, callbacks=[reshuffles(cached)], cache=True, **SETTINGS)
    assert len(encoded) == 2 + 3 + 1


def test_sentences_of_a_class_of_their_own_are_iterated_in_every_epoch():
    class Basket(list):
        reads = 0

        def __iter__(self):
            Basket.reads += 1
            return super().__iter__()

    Word2Vec([Basket(words) for words in common_texts], **SETTINGS)
    assert Basket.reads >= 3 * len(common_texts)


def test_phrases_are_joined_in_the_list_as_it_is_then(lee):
    models = []
    for wrap in (lambda sentences: sentences, AsStream):
        sentences = [list(sentence) for sentence in lee]
        models.append(Word2Vec(wrap(sentences), phrases=1, callbacks=[reshuffles(sentences)], **SETTINGS))
    assert models[0].wv.index_to_key == models[1].wv.index_to_key
    np.testing.assert_array_equal(models[0].wv.vectors, models[1].wv.vectors)
