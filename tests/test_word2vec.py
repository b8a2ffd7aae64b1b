"""The gensim-shaped face: a user's script gives what it gave, from any source, and loses nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import re
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import gensim.models
import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

import w2vplus
from w2vplus import Checkpoints, LineSentence, TrainingCallback, Word2Vec, _sgd
from w2vplus.errors import CheckpointError, CorpusError

LEE = datapath("lee_background.cor")
MODES = {
    "sg-ns": {"sg": 1, "negative": 5},
    "cbow-ns": {"sg": 0, "negative": 5},
    "sg-hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
}
SMALL = {"vector_size": 16, "epochs": 2, "workers": 1, "min_count": 2}


@pytest.fixture(scope="module")
def lee() -> list[list[str]]:
    return list(gensim.models.word2vec.LineSentence(LEE))


def test_model_is_gensims_and_its_vectors_are_exactly_gensims(lee):
    model = Word2Vec(lee, **SMALL)
    assert isinstance(model, gensim.models.Word2Vec)
    assert type(model.wv) is KeyedVectors
    assert vars(model.wv).keys() == vars(gensim.models.Word2Vec(lee, **SMALL).wv).keys()
    assert all(type(index) is int for index in list(model.wv.key_to_index.values())[:10])


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(
    "settings",
    [
        {"min_count": 1},
        {"min_count": 5, "sample": 1e-4},
        {"min_count": 3, "max_final_vocab": 300},
        {"min_count": 2, "sorted_vocab": 0},
        {"min_count": 2, "trim_rule": lambda word, count, minimum: 1 if word.startswith("a") else 0},
        {"min_count": 1, "max_vocab_size": 2000},
    ],
)
def test_vocabulary_equals_gensims_with_its_order_counts_and_subsampling(lee, settings, workers):
    ours, theirs = (kind(workers=workers, **settings) for kind in (Word2Vec, gensim.models.Word2Vec))
    ours.build_vocab(lee, trim_rule=settings.get("trim_rule"))
    theirs.build_vocab(lee, trim_rule=settings.get("trim_rule"))
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert ours.wv.key_to_index == theirs.wv.key_to_index
    for attribute in ("count", "sample_int"):
        np.testing.assert_array_equal(ours.wv.expandos[attribute], theirs.wv.expandos[attribute])
    assert (ours.corpus_count, ours.corpus_total_words) == (theirs.corpus_count, theirs.corpus_total_words)
    np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    np.testing.assert_array_equal(ours.wv.vectors, theirs.wv.vectors)


def test_huffman_tree_is_kept_as_gensim_keeps_it(lee):
    ours, theirs = (kind(hs=1, negative=0, min_count=5) for kind in (Word2Vec, gensim.models.Word2Vec))
    ours.build_vocab(lee)
    theirs.build_vocab(lee)
    for word in ours.wv.index_to_key[::50]:
        for attribute in ("code", "point"):
            np.testing.assert_array_equal(
                ours.wv.get_vecattr(word, attribute), theirs.wv.get_vecattr(word, attribute)
            )


def test_report_of_prepare_vocab_equals_gensims(lee):
    reports = []
    for kind in (Word2Vec, gensim.models.Word2Vec):
        model = kind(min_count=3)
        model.scan_vocab(lee)
        reports.append(model.prepare_vocab(dry_run=True))
        assert len(model.wv) == 0
    assert reports[0] == reports[1]


@pytest.mark.parametrize("mode", MODES)
def test_every_token_is_trained_in_every_epoch(lee, mode):
    model = Word2Vec(min_count=1, sample=0, epochs=3, vector_size=8, workers=2, **MODES[mode])
    model.build_vocab(lee)
    tokens = sum(map(len, lee))
    assert model.train(lee, total_examples=model.corpus_count, epochs=3) == (3 * tokens, 3 * tokens)


def test_a_text_of_one_long_line_is_trained_whole(tmp_path, lee):
    path = tmp_path / "one-line.txt"
    tokens = [token for sentence in lee for token in sentence]
    path.write_text(" ".join(tokens))
    model = Word2Vec(min_count=1, vector_size=8, workers=2)
    model.build_vocab(corpus_file=str(path))
    _, raw_words = model.train(corpus_file=str(path), total_words=model.corpus_total_words, epochs=1)
    assert raw_words == len(tokens) == 59890


def test_compressed_copies_of_a_text_give_the_same_vectors_bit_for_bit(tmp_path):
    import smart_open

    text = Path(LEE).read_bytes()
    writers = {".txt": lambda b: b, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    paths = []
    for suffix, compress in writers.items():
        paths.append(tmp_path / f"corpus{suffix}")
        paths[-1].write_bytes(compress(text))
    paths.append(tmp_path / "corpus.zst")
    with smart_open.open(paths[-1], "wb") as stream:
        stream.write(text)
    models = [Word2Vec(corpus_file=str(path), **SMALL) for path in paths]
    for model in models[1:]:
        assert model.wv.index_to_key == models[0].wv.index_to_key
        np.testing.assert_array_equal(model.wv.vectors, models[0].wv.vectors)
        np.testing.assert_array_equal(model.syn1neg, models[0].syn1neg)


class Streamed:
    """A restartable iterable that counts how often it is read."""

    def __init__(self, sentences):
        self.sentences = sentences
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter(self.sentences)


@pytest.mark.parametrize("mode", MODES)
def test_lists_files_and_streams_give_the_same_vectors_bit_for_bit(lee, mode, monkeypatch):
    from w2vplus.word2vec import feeds

    monkeypatch.setattr(feeds, "STREAM_TOKENS", 3000)  # several blocks, cut inside chunks
    settings = {**SMALL, **MODES[mode]}
    from_list = Word2Vec(lee, **settings)
    stream = Streamed(lee)
    from_stream = Word2Vec(stream, batch_words=17, **settings)
    from_file = Word2Vec(LineSentence(LEE), **settings)
    assert stream.passes == 1 + settings["epochs"]
    for other in (from_stream, from_file):
        np.testing.assert_array_equal(other.wv.vectors, from_list.wv.vectors)


@pytest.mark.parametrize("kind", ["standard input", "a pipe", "a pipe in a list"])
def test_what_can_be_read_once_is_counted_and_then_trained(kind, tmp_path, monkeypatch):
    text = b"one two three two\n" * 30
    source = "-"
    if kind == "standard input":
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    else:
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes on this system")
        os.mkfifo(tmp_path / "pipe")
        threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[text], daemon=True).start()
        source = str(tmp_path / "pipe") if kind == "a pipe" else [tmp_path / "pipe"]
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.build_vocab(corpus_file=source)
    assert model.train(corpus_file=source, total_examples=30, epochs=2)[1] == 240
    expected = Word2Vec([line.split() for line in text.decode().splitlines()], vector_size=4, min_count=1, workers=1,
                        epochs=2)  # fmt: skip
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


def test_one_worker_gives_the_same_vectors_on_every_run_and_another_seed_others(lee):
    first, again, other = (Word2Vec(lee, seed=seed, **SMALL).wv.vectors for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_second_call_of_train_draws_other_random_numbers(lee):
    model = Word2Vec(lee, **SMALL)
    start = model.wv.vectors.copy(), model.syn1neg.copy()
    results = []
    for call in (1, 1, 2):
        model.wv.vectors, model.syn1neg = start[0].copy(), start[1].copy()
        model.train_count = call
        model.train(lee, total_examples=model.corpus_count, epochs=1)
        results.append(model.wv.vectors.copy())
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


@pytest.mark.parametrize("mode", MODES)
def test_words_of_one_topic_come_together_in_every_mode(mode):
    random = np.random.default_rng(0)
    topics = [[f"{name}{number}" for number in range(10)] for name in "abc"]
    sentences = [random.choice(topics[topic], 8).tolist() for topic in random.integers(0, 3, 600)]
    model = Word2Vec(sentences, vector_size=12, epochs=15, min_count=1, workers=1, sample=0, **MODES[mode])
    words = [word for topic in topics for word in topic]
    same = [found[0] == word[0] for word in words for found, _ in model.wv.most_similar(word, topn=9)]
    assert np.mean(same) > 0.95


def test_mean_loss_falls_and_is_the_same_for_one_and_many_workers(lee):
    losses = [
        Word2Vec(lee, sg=1, epochs=4, vector_size=30, workers=workers, compute_loss=True).training_losses
        for workers in (1, 8)
    ]
    assert losses[0] == sorted(losses[0], reverse=True)
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.02)


def test_latest_training_loss_is_cumulative_within_a_call(lee):
    seen: list[float] = []

    class Reader(gensim.models.callbacks.CallbackAny2Vec):
        def on_epoch_end(self, model):
            seen.append(model.get_latest_training_loss())

    model = Word2Vec(lee, epochs=3, workers=1, compute_loss=True, callbacks=[Reader()])
    assert seen == sorted(seen) and seen[0] > 0 and len(seen) == 3
    model.train(lee, total_examples=model.corpus_count, epochs=1, compute_loss=True)
    assert model.get_latest_training_loss() < seen[-1]


def test_inside_on_epoch_end_vectors_norms_and_saved_models_are_coherent(lee, tmp_path):
    class Checks(gensim.models.callbacks.CallbackAny2Vec):
        epochs = 0

        def on_epoch_end(self, model):
            self.epochs += 1
            model.wv.fill_norms()
            np.testing.assert_allclose(model.wv.norms, np.linalg.norm(model.wv.vectors, axis=1), rtol=1e-5)
            model.save(str(tmp_path / "middle.model"))
            saved = Word2Vec.load(str(tmp_path / "middle.model"))
            np.testing.assert_array_equal(saved.wv.vectors, model.wv.vectors)

    checks = Checks()
    Word2Vec(lee, callbacks=[checks], **SMALL)
    assert checks.epochs == SMALL["epochs"]


def test_matrices_stay_contiguous_float32_and_assigned_ones_are_picked_up(lee):
    model = Word2Vec(lee, **SMALL)
    for matrix in (model.wv.vectors, model.syn1neg):
        assert matrix.flags.c_contiguous and matrix.dtype == np.float32
    model.wv.vectors = np.asfortranarray(np.zeros(model.wv.vectors.shape))
    model.syn1neg = np.ones_like(model.syn1neg)
    model.train(lee, total_examples=model.corpus_count, epochs=1)
    assert model.wv.vectors.flags.c_contiguous and model.wv.vectors.dtype == np.float32
    assert np.abs(model.wv.vectors).max() > 0


def test_locked_words_do_not_learn_and_words_beyond_the_factors_do(lee):
    model = Word2Vec(min_count=2, vector_size=8)
    model.build_vocab(lee)
    model.wv.vectors_lockf = np.array([0.0, 1.0], dtype=np.float32)
    before = model.wv.vectors.copy()
    model.train(lee, total_examples=model.corpus_count, epochs=1)
    np.testing.assert_array_equal(model.wv.vectors[0], before[0])
    assert not np.array_equal(model.wv.vectors[1], before[1])
    assert not np.array_equal(model.wv.vectors[5], before[5])


def test_saved_and_pickled_models_go_on_training(lee, tmp_path):
    model = Word2Vec(lee, hs=1, **SMALL)
    model.save(str(tmp_path / "model"))
    for copy in (Word2Vec.load(str(tmp_path / "model")), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.wv.vectors, model.wv.vectors)
        copy.build_vocab([["newcomer", "newcomer", "storm"]], update=True)
        assert "newcomer" in copy.wv
        copy.train(lee, total_examples=copy.corpus_count, epochs=1)


def test_models_that_gensim_saved_load_and_go_on_training(lee, tmp_path):
    gensim.models.Word2Vec(lee, **SMALL).save(str(tmp_path / "gensim.model"))
    model = Word2Vec.load(str(tmp_path / "gensim.model"))
    vectors = model.wv.vectors.copy()
    _, raw_words = model.train(lee, total_examples=model.corpus_count, epochs=1)
    assert raw_words == sum(map(len, lee))
    assert not np.array_equal(vectors, model.wv.vectors)


def test_an_update_merges_counts_and_subsamples_by_the_merged_ones(lee):
    model = Word2Vec(min_count=1, sample=1e-3)
    model.build_vocab(lee)
    once = model.wv.expandos["sample_int"].copy()
    model.wv.vectors[:] = 1
    model.build_vocab([*lee, ["newcomer"]], update=True)
    count = len(once)
    assert model.wv.index_to_key[count:] == ["newcomer"]
    assert model.wv.get_vecattr(model.wv.index_to_key[0], "count") == 2 * sum(
        sentence.count(model.wv.index_to_key[0]) for sentence in lee
    )
    np.testing.assert_allclose(model.wv.expandos["sample_int"][:count], once, rtol=1e-3)


def test_integer_tokens_train_and_come_back_as_integers():
    walks = np.random.default_rng(0).integers(0, 20, (50, 10))
    model = Word2Vec([walk.tolist() for walk in walks], min_count=1, vector_size=4)
    assert set(model.wv.index_to_key) == set(range(20))


def test_a_subclass_that_overrides_gensims_training_hooks_is_trained_by_gensim(lee, caplog):
    jobs = []

    class Hooked(Word2Vec):
        def _do_train_job(self, sentences, alpha, inits):
            jobs.append(len(sentences))
            return super()._do_train_job(sentences, alpha, inits)

    Hooked(lee, **SMALL)
    assert sum(jobs) == SMALL["epochs"] * len(lee)
    assert "overrides _do_train_job: training runs in gensim's own code" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vector_size": 0}, ValueError, "vector_size must be at least 1, got 0"),
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"workers": 0}, ValueError, "workers must be at least 1, got 0"),
        ({"negative": -1}, ValueError, "negative must be at least 0, got -1"),
        ({"negative": 0}, ValueError, "negative must be at least 1 without hs=1, got 0"),
        ({"alpha": float("nan")}, ValueError, "alpha must be above 0, got nan"),
        ({"sample": -1.0}, ValueError, "sample must be at least 0, got -1.0"),
        ({"vector_size": "100"}, TypeError, "vector_size must be an integer"),
        ({"size": 100}, TypeError, "call it 'vector_size'"),
        ({"cbow_corrected": "no"}, TypeError, "cbow_corrected must be True or False, got 'no'"),
        ({"whole_sequence": None}, TypeError, "whole_sequence must be True or False, got None"),
        ({"checkpoint": 5}, TypeError, r"checkpoint must be the path of a folder, or Checkpoints\(...\), got 5"),
        ({"checkpoint": ""}, ValueError, "the folder for checkpoints must have a name, got ''"),
        ({"cache": 2}, TypeError, "cache must be True or False, got 2"),
        ({"sg": "0"}, TypeError, "sg must be an integer, at least 0, got '0'"),
        ({"iter": 5}, TypeError, "call it 'epochs'"),
        ({"widow": 5}, TypeError, "did you mean 'window'"),
    ],
)
def test_nonsensical_arguments_are_refused_before_training(lee, arguments, error, message):
    with pytest.raises(error, match=message):
        Word2Vec(lee, **arguments)


@pytest.mark.parametrize(
    ("corpus", "error"),
    [
        ((sentence for sentence in [["a", "b"]]), TypeError),
        ("a plain string", TypeError),
        ({"a": ["mapping"]}, TypeError),
        (iter([["a", "b"]]), TypeError),
        (map(str.split, ["a b", "b a"]), TypeError),
        ([["a", "b"], None], TypeError),
        ([], RuntimeError),
        ([[]], RuntimeError),
        ([["rare", "words"]], RuntimeError),
    ],
)
def test_what_is_no_corpus_is_refused(corpus, error):
    with pytest.raises(error):
        Word2Vec(corpus)


def test_a_generator_is_read_once_if_the_model_keeps_what_it_gave(lee):
    expected = Word2Vec(lee, **SMALL)
    model = Word2Vec((sentence for sentence in lee), cache=True, **SMALL)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)
    again = Word2Vec(cache=True, **SMALL)
    generator = iter(lee)
    again.build_vocab(generator)
    again.train(generator, total_examples=again.corpus_count, epochs=again.epochs)
    np.testing.assert_array_equal(again.wv.vectors, expected.wv.vectors)
    with pytest.raises(TypeError, match=r"used up after one pass, but 6 are needed: .* cache=True"):
        Word2Vec(iter(lee), **{**SMALL, "epochs": 5})


@pytest.mark.parametrize("corpus", ["a plain string", b"bytes", {"a": ["mapping"]}])
def test_what_the_constructor_refuses_is_refused_by_build_vocab_and_train(lee, corpus):
    model = Word2Vec(lee, **SMALL)
    with pytest.raises(TypeError, match="sentences must be an iterable of token lists, got"):
        model.build_vocab(corpus)
    with pytest.raises(TypeError, match="sentences must be an iterable of token lists, got"):
        model.train(corpus, total_examples=1, epochs=1)


def test_sentences_that_are_texts_are_taken_apart_with_a_warning_as_in_gensim(caplog):
    built = Word2Vec(min_count=1, vector_size=2)
    built.build_vocab(["ab ab"])
    assert caplog.text.count("its characters are taken as words") == 1
    made = Word2Vec(["ab ab"], min_count=1, vector_size=2)
    assert caplog.text.count("its characters are taken as words") == 2
    assert sorted(built.wv.index_to_key) == sorted(made.wv.index_to_key) == [" ", "a", "b"]


def test_a_path_of_any_class_is_a_corpus_file(tmp_path):
    class Place:
        def __fspath__(self):
            return str(tmp_path / "text.txt")

    (tmp_path / "text.txt").write_text("one two one\n")
    assert Word2Vec(corpus_file=Place(), min_count=1, vector_size=2).wv.index_to_key == ["one", "two"]


@pytest.mark.parametrize(
    ("corpus", "message"), [([], "the corpus is empty"), ([["a", "b"]], "2 tokens, is kept by min_count=5")]
)
def test_a_corpus_without_words_is_refused_by_its_cause(corpus, message):
    with pytest.raises(RuntimeError, match=message):
        Word2Vec(corpus)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_alpha": -1.0}, "start_alpha must be above 0, got -1.0"),
        ({"end_alpha": float("nan")}, "end_alpha must be at least 0, got nan"),
        ({"start_alpha": 0.5, "epochs": None}, "You must specify an explicit epochs count"),
        ({"total_examples": -5}, "total_examples must be above 0, got -5"),
    ],
)
def test_train_refuses_numbers_that_would_spoil_the_vectors(lee, arguments, message):
    model = Word2Vec(lee, **SMALL)
    before = model.alpha, model.min_alpha, model.epochs
    with pytest.raises(ValueError, match=message):
        model.train(lee, **{"total_examples": model.corpus_count, "epochs": 1, **arguments})
    assert (model.alpha, model.min_alpha, model.epochs) == before
    model.train(lee, total_examples=model.corpus_count, epochs=1)


def test_a_pass_of_another_length_than_announced_is_reported(lee, caplog):
    model = Word2Vec(lee, **SMALL)
    model.train(lee[:100], total_examples=model.corpus_count, epochs=1)
    assert "did not equal expected count" in caplog.text


@pytest.fixture
def rates(monkeypatch):
    """The learning rates of all chunks, in order."""
    seen = []

    class Listening(_sgd.Worker):
        def train_span(self, *arguments):
            seen.append(arguments[-1])
            return super().train_span(*arguments)

    monkeypatch.setattr(_sgd, "Worker", Listening)
    return seen


@pytest.mark.parametrize("sentences", [16_384, 20_000])
def test_the_rate_of_a_stream_falls_by_its_sentences(rates, caplog, sentences):
    """Its words are not counted yet; those of the vocabulary's corpus, as many sentences of other lengths or not, say
    nothing of them."""
    model = Word2Vec(vector_size=2, min_count=1, workers=1)
    model.build_vocab(Streamed([["a", "b"] * 10] * 16_384))
    seen = []
    corpus = Streamed([["a", "b", "a", "b", "a"]] * sentences)
    model.train(corpus, total_examples=sentences, epochs=3, progress=seen.append)
    words = [first for _ in range(3) for first in range(0, 5 * sentences, 8192)]
    epochs = np.repeat(np.arange(3), len(words) // 3)
    assert rates == pytest.approx(0.025 - 0.0249 * (epochs + np.array(words) / (5 * sentences)) / 3)
    assert model.min_alpha_yet_reached == seen[-1].learning_rate == pytest.approx(1e-4)
    assert seen[-1].total_raw_words == seen[-1].raw_words == 15 * sentences
    assert "did not equal" not in caplog.text


def test_a_long_sentence_of_a_stream_is_trained_at_falling_rates(rates):
    model = Word2Vec(vector_size=2, min_count=1, workers=1)
    model.build_vocab([["a", "b"]])
    model.train(Streamed([["a", "b"] * 20_000]), total_examples=1, epochs=1)
    assert rates == pytest.approx(0.025 - 0.0249 * np.arange(0, 40_000, 8192) / 40_000)


def test_the_lowest_rate_is_the_one_that_was_reached(caplog):
    model = Word2Vec(vector_size=2, min_count=1, workers=1)
    model.build_vocab([["a", "b"]])
    for corpus in (Streamed([["a", "b"]] * 10), [["a", "b"]] * 10):
        model.train(corpus, total_examples=20, epochs=2)
        assert model.min_alpha_yet_reached == pytest.approx(0.025 - 0.0249 * 1.5 / 2)
    assert caplog.text.count("supplied example count (10) did not equal expected count (20)") == 4
    caplog.clear()
    model.train(Streamed([["a", "b"]] * 10), total_words=30, epochs=1)
    assert "supplied raw word count (20) did not equal expected count (30)" in caplog.text


@pytest.mark.parametrize("kind", ["interrupt", "callback"])
def test_norms_of_a_training_that_broke_off_are_not_those_of_before(lee, kind):
    class Fails(TrainingCallback):
        def on_progress(self, model, progress):
            model.wv.most_similar("the")  # keeps norms
            raise KeyboardInterrupt if kind == "interrupt" else ZeroDivisionError

    model = Word2Vec(lee, **SMALL)
    model.wv.most_similar("the")
    with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
        model.train(lee, total_examples=model.corpus_count, epochs=5, callbacks=[Fails()])
    assert model.wv.norms is None


def test_vectors_that_a_learning_rate_blew_up_are_reported(lee):
    with pytest.warns(RuntimeWarning, match=r"the learning rate 50\.0 is too high"):
        Word2Vec(lee, alpha=50.0, sg=1, **SMALL)


def test_vectors_that_grew_beyond_use_are_reported(lee):
    with pytest.warns(RuntimeWarning, match=r"have grown to values of .*: the learning rate 0\.5 is too high"):
        Word2Vec(lee, alpha=0.5, min_alpha=0.5, sg=1, shared_negatives=3, **{**SMALL, "epochs": 1})


def test_the_true_gradient_of_sums_does_not_blow_up_in_wide_windows(lee):
    """Three windows of fifty words to a side, trained at once, would be three times too far."""
    law = {"cbow_mean": 0, "cbow_corrected": True, "window": 50, "shared_negatives": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Word2Vec(lee, alpha=0.05, compute_loss=True, **law, **SMALL)
    assert 0 < model.training_losses[-1] < 4


def test_vectors_that_too_many_noise_words_blew_up_are_reported():
    with pytest.warns(RuntimeWarning, match=r"with 20000 noise words \(5 to 20 are usual\)"):
        Word2Vec([["a", "b", "c", "d"] * 20] * 10, vector_size=8, min_count=1, negative=20_000, workers=1)


def test_damaged_files_are_refused_by_name(tmp_path):
    truncated = tmp_path / "truncated.gz"
    truncated.write_bytes(gzip.compress(Path(LEE).read_bytes())[:-100])
    with pytest.raises(CorpusError, match=r"truncated\.gz"):
        Word2Vec(corpus_file=str(truncated))
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        Word2Vec(corpus_file=str(tmp_path / "missing.txt"))
    (tmp_path / "latin1.txt").write_bytes(b"good line\nbad \xe9t\xe9 line\n")
    with pytest.raises(CorpusError, match=r"latin1\.txt.*line 2"):
        Word2Vec(corpus_file=str(tmp_path / "latin1.txt"))
    assert "\ufffdt\ufffd" in Word2Vec(corpus_file=str(tmp_path / "latin1.txt"), errors="replace", min_count=1).wv


def test_an_exception_in_the_users_iterable_reaches_the_caller_and_leaves_no_thread(lee):
    class Breaks:
        passes = 0

        def __iter__(self):
            self.passes += 1
            for number, sentence in enumerate(lee):
                if self.passes == 2 and number == 200:
                    raise LookupError("sentence 200 is gone")
                yield sentence

    with pytest.raises(LookupError, match="sentence 200 is gone"):
        Word2Vec(Breaks(), **{**SMALL, "workers": 3})
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("w2vplus")]


def test_an_interrupt_stops_training_within_a_second(lee):
    class Interrupts:
        def __call__(self, report):
            self.at = time.perf_counter()
            raise KeyboardInterrupt

    interrupts = Interrupts()
    model = Word2Vec(min_count=1, vector_size=300, sg=1, window=20, workers=2)
    model.build_vocab(lee)
    with pytest.raises(KeyboardInterrupt):
        model.train(lee, total_examples=model.corpus_count, epochs=1000, progress=interrupts)
    assert time.perf_counter() - interrupts.at < 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("w2vplus")]


def test_progress_reports_end_with_the_whole_corpus(lee):
    reports = []
    Word2Vec(lee, progress=reports.append, compute_loss=True, **SMALL)
    last = reports[-1]
    assert last.finished and last.epoch == SMALL["epochs"] - 1
    assert last.raw_words == last.total_raw_words == SMALL["epochs"] * sum(map(len, lee))
    assert last.learning_rate == pytest.approx(1e-4)
    assert last.words_per_second > 0


def test_an_encoded_corpus_can_be_trained_directly(lee):
    encoded = w2vplus.encode(LineSentence(LEE))
    np.testing.assert_array_equal(Word2Vec(encoded, **SMALL).wv.vectors, Word2Vec(lee, **SMALL).wv.vectors)


def test_a_subclass_of_a_reader_is_iterated_not_read_past():
    class Shouting(LineSentence):
        def __iter__(self):
            return ([word.upper() for word in sentence] for sentence in super().__iter__())

    assert all(word == word.upper() for word in Word2Vec(Shouting(LEE), **SMALL).wv.index_to_key)


def test_a_rate_that_rises_is_trained_with_a_warning(lee, caplog):
    Word2Vec(lee[:20], min_count=1, vector_size=4, alpha=0.01, min_alpha=0.02, epochs=1, workers=1)
    assert "the learning rate rises from 0.01 to 0.02: set min_alpha below alpha" in caplog.text


def test_lock_factors_that_are_no_numbers_are_refused(lee):
    model = Word2Vec(min_count=1, vector_size=4, epochs=1, workers=1)
    model.build_vocab(lee[:20])
    model.wv.vectors_lockf = np.array([1.0, np.nan], np.float32)
    with pytest.raises(ValueError, match="vectors_lockf must be finite numbers, got nan at 1"):
        model.train(lee[:20], total_examples=20, epochs=1)


class Unread:
    def __iter__(self):
        raise AssertionError("it is read")


def test_a_trim_rule_that_is_no_function_is_named_before_anything_is_read() -> None:
    with pytest.raises(TypeError, match=r"trim_rule must be a function .*, got 5: it returns one of"):
        Word2Vec(Unread(), trim_rule=5)
    model = Word2Vec()
    with pytest.raises(TypeError, match="trim_rule must be a function"):
        model.scan_vocab(Unread(), trim_rule=5)
    with pytest.raises(TypeError, match="trim_rule must be a function"):
        model.prepare_vocab(trim_rule=5)
    with pytest.raises(TypeError, match="trim_rule must be a function"):
        model.build_vocab_from_freq({"a": 5}, trim_rule="rare")


def test_progress_and_checkpoints_are_refused_before_anything_is_read(lee: list[list[str]], tmp_path: Path) -> None:
    Word2Vec(lee, vector_size=4, epochs=1, workers=1, checkpoint=Checkpoints(tmp_path / "run", epochs=1))
    model = Word2Vec(lee, vector_size=4, epochs=1, workers=1)
    for wrong, error, message in (
        ({"progress": "yes"}, TypeError, "progress must be True, False or a callable"),
        ({"checkpoint": 5}, TypeError, "checkpoint must be the path of a folder"),
        ({"checkpoint": tmp_path / "run"}, CheckpointError, "holds checkpoints of an earlier run"),
    ):
        with pytest.raises(error, match=message):
            Word2Vec(Unread(), **wrong)
        with pytest.raises(error, match=message):
            model.train(Unread(), total_examples=1, epochs=1, **wrong)


def test_a_tilde_is_the_home_folder_as_smart_open_has_it(lee: list[list[str]], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("\n".join(map(" ".join, lee)))
    for opened in (LineSentence, w2vplus.open_corpus):
        assert list(opened("~/texts/one.txt")) == lee
    assert list(w2vplus.PathLineSentences("~/texts")) == lee
    model = Word2Vec(corpus_file="~/texts/one.txt", checkpoint=Checkpoints("~/run", epochs=1), **SMALL)
    model.save("~/model")
    model.save_folder("~/folder")
    w2vplus.save_vectors(model.wv, "~/vectors.txt")
    assert {"model", "folder", "vectors.txt", "run"} <= {path.name for path in tmp_path.iterdir()}
    for again in (Word2Vec.load("~/model"), Word2Vec.load_folder("~/folder"), Word2Vec.load("~/folder")):
        assert np.array_equal(again.wv.vectors, model.wv.vectors)
    assert np.allclose(w2vplus.load_vectors("~/vectors.txt").vectors, model.wv.vectors)


@pytest.mark.parametrize("progress", [False, print])
def test_the_log_has_lines_of_progress(lee: list[list[str]], caplog: pytest.LogCaptureFixture, progress) -> None:
    model = Word2Vec(lee, vector_size=4, workers=1, epochs=1)
    long = {"total_examples": len(lee), "epochs": 300, "progress": progress}
    with caplog.at_level("INFO"):
        model.train(lee, report_delay=0.0, **long)
    found = re.findall(r"EPOCH (\d+) - PROGRESS: at (\d+\.\d\d)%, (\d+) words/s", caplog.text)
    assert found and all(int(rate) > 0 and float(share) <= 100 for _, share, rate in found)
    caplog.clear()
    with caplog.at_level("WARNING"):
        model.train(lee, report_delay=0.0, **long)
    assert "PROGRESS" not in caplog.text


def test_a_text_of_lone_words_is_said_to_teach_nothing(lee: list[list[str]], caplog: pytest.LogCaptureFixture) -> None:
    Word2Vec([[word] for sentence in lee for word in sentence], vector_size=4, workers=1, epochs=1)
    assert "nothing was learnt: none of the" in caplog.text
    caplog.clear()
    Word2Vec(lee, vector_size=4, workers=1, epochs=1, sample=1e-30)
    assert "nothing was learnt: of 59890 words in all epochs none was left" in caplog.text
    caplog.clear()
    Word2Vec(lee, vector_size=4, workers=1, epochs=1)
    assert "nothing was learnt" not in caplog.text


def test_progress_without_a_terminal_or_a_standard_error(lee: list[list[str]], monkeypatch) -> None:
    for stream in (None, SimpleNamespace(write=lambda text: None, flush=lambda: None)):
        monkeypatch.setattr("sys.stderr", stream)
        Word2Vec(lee, vector_size=4, workers=1, epochs=1, progress=True)


def test_what_is_no_pickle_raises_what_gensim_raises(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("3 2\na 1 2\n")
    with pytest.raises(pickle.UnpicklingError):
        Word2Vec.load(str(tmp_path / "v.txt"))


def test_many_noise_words_are_shared_by_fewer_windows():
    model = Word2Vec(min_count=1, vector_size=2)
    model.build_vocab_from_freq({f"w{number}": 5 for number in range(2000)})
    found = {}
    for negative in (5, 50, 51, 200, 201):
        model.negative = negative
        found[negative] = model._law().shared_negatives
    assert found == {5: 3, 50: 3, 51: 1, 200: 1, 201: 0}
    model.shared_negatives = 4
    assert model._law().shared_negatives == 4
