"""Blocks, chunks and the learning-rate schedule are functions of position; threads lose and repeat nothing."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import Word2Vec, _sgd, blocks, trainer
from w2vplus.blocks import Work
from w2vplus.store import TokenStore
from w2vplus.trainer import (
    CHUNK_TOKENS,
    UNLIMITED_WINDOW,
    Block,
    Law,
    Run,
    Tables,
    Trainer,
    Weights,
    aligned_blocks,
    chunks,
    whole_block,
)
from w2vplus.vocabulary import AliasTable, keep_thresholds


def store(lengths, seed=0):
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.random.default_rng(seed).integers(0, 50, starts[-1]).astype(np.int32)
    return TokenStore(ids, starts)


def split(whole, sentence_cuts):
    edges = [0, *sorted(sentence_cuts), whole.sentence_count]
    for first, last in itertools.pairwise(edges):
        begin, end = whole.sentence_starts[first], whole.sentence_starts[last]
        yield TokenStore(whole.ids[begin:end], whole.sentence_starts[first : last + 1] - begin)


@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=60),
    data=st.data(),
)
@settings(max_examples=150)
def test_streamed_blocks_have_the_chunks_of_the_whole(lengths, data):
    work = data.draw(st.sampled_from([Work(), Work(10, 0, 0), Work(0, 3, 6.5), Work(200, 0, 0)]))
    original = blocks.CHUNK_TOKENS, blocks.MOST_WORK
    blocks.CHUNK_TOKENS, blocks.MOST_WORK = 16, 100
    try:
        whole = store(lengths)
        cuts = data.draw(st.lists(st.integers(0, whole.sentence_count), max_size=6))

        def jobs(blocks):
            for block in blocks:
                for begin, end in chunks(block, work):
                    assert end - begin <= 16
                    yield block.first_position + begin, block.store.ids[begin:end].tolist()

        assert list(jobs(aligned_blocks(split(whole, cuts)))) == list(jobs(whole_block(whole)))
        for block in aligned_blocks(split(whole, cuts)):
            starts = block.store.sentence_starts + block.first_position
            assert set(starts) <= set(whole.sentence_starts)  # only whole sentences
    finally:
        blocks.CHUNK_TOKENS, blocks.MOST_WORK = original


def test_chunks_are_cut_at_multiples_of_their_size():
    block = Block(store([3 * CHUNK_TOKENS]), first_position=100, begin=50, end=2 * CHUNK_TOKENS)
    positions = [(100 + begin, 100 + end) for begin, end in chunks(block)]
    assert positions == [
        (150, CHUNK_TOKENS),
        (CHUNK_TOKENS, 2 * CHUNK_TOKENS),
        (2 * CHUNK_TOKENS, 2 * CHUNK_TOKENS + 100),
    ]


def test_chunks_of_much_work_are_cut_so_that_training_can_stop_within_a_second():
    usual = Law(skip_gram=True, hierarchical_softmax=False, negative=5, window=5).work(100, 0)
    long = Block(store([3 * CHUNK_TOKENS]), 0, 0, 3 * CHUNK_TOKENS)
    assert len([*chunks(long, usual)]) == 3
    for law, dimensions in (
        (Law(skip_gram=True, hierarchical_softmax=False, negative=5, window=UNLIMITED_WINDOW, farthest=10_000), 100),
        (Law(skip_gram=False, hierarchical_softmax=False, negative=100_000, window=5), 100),
        (Law(skip_gram=True, hierarchical_softmax=True, negative=5, window=50), 5000),
    ):
        work = law.work(dimensions, 20)
        spans = [*chunks(long, work)]
        assert spans[0][0] == 0 and spans[-1][1] == 3 * CHUNK_TOKENS
        assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(spans))
        each = work.of_token + work.of_context * work.most_context
        assert max(end - begin for begin, end in spans) * each <= 1.2 * blocks.MOST_WORK
    baskets = Block(store([4] * 3000), 0, 0, 12_000)  # their windows end with them: no need to cut
    whole = Law(skip_gram=True, hierarchical_softmax=False, negative=5, window=UNLIMITED_WINDOW, farthest=10_000)
    assert len([*chunks(baskets, whole.work(100, 0))]) == 2


def test_learning_rate_falls_linearly_over_the_whole_run():
    run = Run(epochs=4, start_rate=0.1, end_rate=0.02, words_per_epoch=1000, seed=1)
    assert run.learning_rate(0, 0) == 0.1
    assert run.learning_rate(2, 0) == pytest.approx(0.06)
    assert run.learning_rate(3, 500) == pytest.approx(0.1 - 0.08 * 3.5 / 4)
    assert run.learning_rate(3, 99999) == pytest.approx(0.02)
    later = Run(epochs=4, start_rate=0.1, end_rate=0.02, words_per_epoch=1000, seed=1, words_before=500)
    assert later.learning_rate(2, 0) == run.learning_rate(2, 500)


def test_sentences_are_counted_alike_however_they_were_cut_into_blocks():
    lengths = [3, 0, 9000, 0, 0, 7000, 2, 20_000, 1, 0]
    whole = next(whole_block(store(lengths)))
    assert [whole.sentences_before(offset) for offset in (0, 1, 3, 4503, 16_003, whole.end)] == [
        0, 1 / 3, 2, 2.5, 6, 10
    ]  # fmt: skip
    for cut in range(len(lengths)):
        for block in aligned_blocks([store(lengths[:cut]), store(lengths[cut:])]):
            for begin, end in chunks(block):
                for offset in (begin, end):
                    assert block.sentences_before(offset) == whole.sentences_before(block.first_position + offset)


def test_the_digest_of_a_corpus_knows_its_weights():
    def digest(weights):
        whole = store([5, 7, 3])
        taken = blocks.CorpusDigest(None)
        taken.add(Block(TokenStore(whole.ids, whole.sentence_starts, weights), 0, 0, 15), 0, 15)
        return taken.hex()

    weights = np.ones(3, np.float32)
    assert digest(weights) == digest(weights.copy())
    assert len({digest(None), digest(weights), digest(weights * 2)}) == 3


def test_the_digest_of_weights_is_that_of_the_words_however_they_are_cut():
    ids, starts, weights = np.arange(15, dtype=np.int32), np.array([0, 5, 5, 10, 15]), np.arange(4, dtype=np.float32)
    cut = TokenStore(ids[5:], starts[2:] - 5, weights[2:])
    digests = set()
    for block, begin, end in (
        (Block(TokenStore(ids, starts, weights), 0, 5, 15), 5, 15), (Block(cut, 5, 0, 10), 0, 10),
    ):  # fmt: skip
        taken = blocks.CorpusDigest(None)
        taken.add(block, begin, end)
        digests.add(taken.hex())
    assert len(digests) == 1


def team(workers, tokens=100_000, rate=0.025):
    counts = np.arange(60, 10, -1, dtype=np.int64) * 40
    random = np.random.default_rng(0)
    weights = Weights(
        (random.random((50, 8), dtype=np.float32) - 0.5) / 8, output_vectors=np.zeros((50, 8), np.float32)
    )
    tables = Tables(keep_thresholds(counts, 0.01), noise=AliasTable.from_counts(counts, 0.75))
    run = Run(epochs=2, start_rate=rate, end_rate=rate / 25, words_per_epoch=tokens, seed=1, workers=workers)
    rules = Law(skip_gram=True, hierarchical_softmax=False, negative=5, window=5)
    return weights, lambda **options: Trainer(weights, tables, rules, run, **options), store([997] * (tokens // 997))


@pytest.mark.parametrize("workers", [1, 2, 8, 32])
def test_every_token_is_trained_once_whatever_the_number_of_workers(monkeypatch, workers):
    _, make, corpus = team(1)
    expected = make().train_epoch(0, whole_block(corpus))
    monkeypatch.setattr(trainer, "SMALLEST_COPYING_CORPUS", 0)
    _, make, corpus = team(workers)
    tally = make().train_epoch(0, whole_block(corpus))
    assert tally.raw_words == corpus.token_count
    assert (tally.trained_words, tally.pairs) == (expected.trained_words, expected.pairs)


def test_an_error_in_a_worker_reaches_the_caller_at_once(monkeypatch):
    _, make, corpus = team(2)
    trainer_object = make()

    class Broken(_sgd.Worker):
        def train_span(self, *_):
            raise MemoryError("no memory for the windows")

    trainer_object._workers[1] = Broken(trainer_object._model)
    started = time.perf_counter()
    with pytest.raises(MemoryError, match="no memory for the windows"):
        trainer_object.train_epoch(0, whole_block(corpus))
    assert time.perf_counter() - started < 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("w2vplus")]


def test_the_first_error_of_several_workers_is_the_one_raised():
    _, make, corpus = team(2)
    trainer_object = make()
    first_raised = threading.Event()

    class First(_sgd.Worker):
        def train_span(self, *_):
            first_raised.set()
            raise MemoryError("the cause")

    class Second(_sgd.Worker):
        def train_span(self, *_):
            first_raised.wait()
            time.sleep(0.1)
            raise ValueError("what came of it")

    def slow_blocks():
        yield Block(corpus, 0, 0, 2 * CHUNK_TOKENS)
        time.sleep(0.3)

    trainer_object._workers = [First(trainer_object._model), Second(trainer_object._model)]
    with pytest.raises(MemoryError, match="the cause"):
        trainer_object.train_epoch(0, slow_blocks())


def test_a_trainer_can_be_used_again_after_an_interrupt():
    weights, make, corpus = team(2)

    def interrupted():
        yield Block(corpus, 0, 0, CHUNK_TOKENS)
        raise KeyboardInterrupt

    trainer_object = make()
    with pytest.raises(KeyboardInterrupt):
        trainer_object.train_epoch(0, interrupted())
    assert trainer_object.train_epoch(1, whole_block(corpus)).raw_words == corpus.token_count
    assert np.isfinite(weights.input_vectors).all()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_an_interrupt_while_the_last_chunks_are_waited_for_waits_for_them():
    """CPython takes a thread for ended whose join an interrupt broke off."""
    weights, make, _ = team(1)
    corpus = store([997] * 30)  # all chunks are queued at once, and waited for
    trainer_object, trained = make(), []

    class Slow(_sgd.Worker):
        def train_span(self, *arguments):
            time.sleep(0.4)
            trained.append(arguments[4:6])
            return super().train_span(*arguments)

    trainer_object._workers = [Slow(trainer_object._model)]
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        trainer_object.train_epoch(0, whole_block(corpus))
    assert trained == [(0, CHUNK_TOKENS)] and trainer_object.position.offset == CHUNK_TOKENS
    assert np.abs(weights.output_vectors).max() > 0
    timer.join()


def test_a_thread_that_does_not_start_is_a_clean_error_and_leaves_no_thread(monkeypatch):
    started = []
    start = threading.Thread.start

    def limited(self):
        if self.name.startswith("w2vplus") and len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    model = Word2Vec(min_count=1, vector_size=4, workers=5)
    model.build_vocab([["a", "b"]] * 5)
    with pytest.raises(RuntimeError, match="workers is 5, but the system starts no more than 2 threads: lower"):
        model.train([["a", "b"]] * 5, total_examples=5, epochs=1)
    assert not any(thread.is_alive() for thread in started)
    monkeypatch.undo()
    model.train([["a", "b"]] * 5, total_examples=5, epochs=1)


def interrupted_starts(monkeypatch, number, before_raising):
    """Make the start of thread `number` an interrupt that comes while it is under way."""
    start = threading.Thread.start

    def interrupted(self):
        if self.name != f"w2vplus-{number}":
            start(self)
            return
        before_raising(lambda: start(self))
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("has_begun", [True, False])
def test_an_interrupt_while_threads_are_started_leaves_none(monkeypatch, number, has_begun):
    _, make, corpus = team(3)
    trainer_object = make()
    interrupted_starts(monkeypatch, number, lambda start: start() if has_begun else None)
    with pytest.raises(KeyboardInterrupt):
        trainer_object.train_epoch(0, whole_block(corpus))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("w2vplus")]
    monkeypatch.undo()
    assert trainer_object.train_epoch(0, whole_block(corpus)).raw_words == corpus.token_count


def test_a_thread_that_begins_after_an_interrupt_touches_nothing(monkeypatch):
    _, make, corpus = team(2)
    trainer_object = make()
    touched, late = [], []

    class Watched(_sgd.Worker):
        def train_span(self, *arguments):
            touched.append("trained")
            return super().train_span(*arguments)

        def give_hot_rows(self):
            touched.append("given")
            super().give_hot_rows()

    trainer_object._workers[1] = Watched(trainer_object._model)
    interrupted_starts(monkeypatch, 1, late.append)
    with pytest.raises(KeyboardInterrupt):
        trainer_object.train_epoch(0, whole_block(corpus))
    late[0]()
    for thread in threading.enumerate():
        if thread.name.startswith("w2vplus"):
            thread.join(5)
            assert not thread.is_alive()
    assert touched == []


class Moments:
    """A control that pauses at every border, or stops at the third."""

    takes_digests = False

    def __init__(self, stops=False, on_pause=lambda: None):
        self.borders, self.pauses, self.stops, self.on_pause = 0, 0, stops, on_pause

    def wants_stop(self):
        self.borders += 1
        return self.stops and self.borders > 3

    def wants_pause(self):
        return not self.stops

    def paused(self, position, tally):
        assert tally.raw_words == position.offset
        self.pauses += 1
        self.on_pause()


class Failing(_sgd.Worker):
    """Trains two chunks."""

    chunks = 2

    def train_span(self, *arguments):
        if not self.chunks:
            raise MemoryError("no memory for the windows")
        self.chunks -= 1
        return super().train_span(*arguments)


def blocks_with_an_interrupt(corpus):
    yield Block(corpus, 0, 0, 5 * CHUNK_TOKENS)
    raise KeyboardInterrupt


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("ending", ["complete", "stop", "interrupt", "error"])
def test_the_matrices_hold_all_that_workers_with_copies_learnt(monkeypatch, ending, workers):
    monkeypatch.setattr(trainer, "SMALLEST_COPYING_CORPUS", 0)
    weights, make, corpus = team(workers)

    def assert_nothing_is_held_back():
        matrices = weights.input_vectors.copy(), weights.output_vectors.copy()
        for worker in trainer_object._workers:
            worker.give_hot_rows()
        np.testing.assert_array_equal(weights.input_vectors, matrices[0])
        np.testing.assert_array_equal(weights.output_vectors, matrices[1])

    control = Moments(ending == "stop", assert_nothing_is_held_back)
    trainer_object = make(control=control)
    blocks_of_epoch, expected = whole_block(corpus), contextlib.nullcontext()
    if ending == "interrupt":
        blocks_of_epoch, expected = blocks_with_an_interrupt(corpus), pytest.raises(KeyboardInterrupt)
    if ending == "error":
        trainer_object._workers[:] = [Failing(trainer_object._model) for _ in range(workers)]
        expected = pytest.raises(MemoryError)
    with expected:
        trainer_object.train_epoch(0, blocks_of_epoch)
    assert ending == "stop" or control.pauses >= 3  # one worker may have taken the first three chunks
    assert np.abs(weights.output_vectors).max() > 0
    assert_nothing_is_held_back()
