"""The compiled kernels against their slow twin, in all four modes, on every instruction set of this machine."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_case import DEEP, KEY, MODES, Case

import w2vplus
from w2vplus import _sgd, reference

KERNELS = _sgd.usable_kernels()


def test_the_fastest_kernel_is_taken_unless_another_is_wanted():
    assert _sgd.chosen_kernel(None) == _sgd.chosen_kernel("") == KERNELS[0]
    assert [_sgd.chosen_kernel(name) for name in KERNELS] == KERNELS
    assert set(KERNELS) < set(_sgd.ALL_KERNELS)
    assert KERNELS[-1] == "baseline"


@pytest.mark.skipif("avx512" not in KERNELS, reason="this processor has no AVX-512")
def test_of_two_kernels_for_avx_512_the_one_for_this_processor_comes_first():
    about = Path("/proc/cpuinfo")
    if not about.exists():
        pytest.skip("only Linux tells which processor it is")
    facts = dict(re.findall(r"^(vendor_id|cpu family)\s*: (\S+)", about.read_text(), re.MULTILINE))
    is_zen_4 = facts == {"vendor_id": "AuthenticAMD", "cpu family": "25"}
    assert KERNELS[:2] == (["avx512half", "avx512"] if is_zen_4 else ["avx512", "avx512half"])


def test_a_kernel_that_cannot_be_had_is_an_error_that_says_why():
    with pytest.raises(ImportError, match=r"one of .*baseline on this machine, got 'sse9', which is no kernel"):
        _sgd.chosen_kernel("sse9")
    foreign = next(name for name in _sgd.ALL_KERNELS if name not in KERNELS)
    with pytest.raises(ImportError, match=f"got '{foreign}', which this processor cannot run: unset it"):
        _sgd.chosen_kernel(foreign)


def test_the_environment_chooses_the_kernel_of_a_process(tmp_path):
    code = "import w2vplus; print(w2vplus.show_config()['kernel'])"
    path = str(Path(w2vplus.__file__).parents[1])
    environment = {**os.environ, "W2VPLUS_ISA": "baseline", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "baseline"


def assert_equals_twin(case, kernel, weights=None, tolerance=2e-4, rate=0.05):
    twin = case.twin()
    twin.train(case.sentences(), KEY, rate, None if weights is None else weights.tolist())
    before = case.inputs.copy()
    raw, trained, pairs, loss = case.train(case.model(kernel), weights=weights, rate=rate)
    assert (raw, trained, pairs) == (len(case.ids), twin.trained_words, twin.pairs)
    word_count = len(case.outputs)
    assert np.abs(case.inputs - before).max() > 0.01
    np.testing.assert_allclose(case.inputs, twin.input_vectors, atol=tolerance)
    np.testing.assert_allclose(case.outputs, twin.outputs[:word_count], atol=tolerance)
    np.testing.assert_allclose(case.nodes, twin.outputs[word_count:], atol=tolerance)
    assert loss == pytest.approx(twin.loss, rel=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dimensions", [1, 7, 16, 50, 100, 301])
def test_kernel_equals_its_twin_in_every_mode_and_dimension(kernel, mode, dimensions):
    assert_equals_twin(Case(dimensions=dimensions, **MODES[mode]), kernel)


EVERY_PASS = sorted(
    {(vectors - 1) * lanes + last for lanes in (4, 8, 16) for vectors in range(1, 9) for last in (1, 4, lanes)}
)
"""Rows of one to eight vectors that end with a whole one, four columns or another tail, whatever a vector holds."""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dimensions", EVERY_PASS)
def test_kernel_equals_its_twin_in_every_pass_over_a_row(kernel, dimensions):
    assert_equals_twin(Case(dimensions=dimensions, **MODES["cbow-both"]), kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("window", "negative"), [(1, 1), (20, 5), (50, 15), (5, 40)])
def test_kernel_equals_its_twin_for_every_window_and_number_of_negatives(kernel, mode, window, negative):
    law = {"negative": negative, **MODES[mode]}
    assert_equals_twin(Case(words=60, window=window, sentence_length=75, sample=0, **law), kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", ["sg-hs", "cbow-hs", "sg-both", "cbow-both"])
def test_paths_of_every_length_equal_the_twin(kernel, mode):
    case = Case(shared_negatives=3, **DEEP, **MODES[mode])
    assert set(np.diff(case.tree.path_starts)) >= {1, 7, 8, 9, 15, 16, 17, 24, 29}
    assert_equals_twin(case, kernel, rate=0.02)


@pytest.mark.parametrize("kernel", KERNELS)
def test_per_pair_negatives_equal_the_twin(kernel):
    assert_equals_twin(Case(shared_negatives=0, **MODES["sg-both"]), kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("centers", [2, 3, 4])
@pytest.mark.parametrize(("window", "negative"), [(1, 2), (5, 5), (12, 9)])
def test_what_neighbouring_centres_share_equals_the_twin(kernel, mode, centers, window, negative):
    law = MODES[mode] | {"shared_negatives": centers, "window": window, "negative": negative}
    # so few words that many draws coincide, and steps so small that float32's rounding is not amplified
    assert_equals_twin(Case(words=12, sample=0, **law), kernel, rate=0.01)


@pytest.mark.parametrize("mode", ["sg-ns", "cbow-ns", "sg-hs", "cbow-hs"])
def test_twin_steps_are_those_of_the_reference(mode):
    case = Case(sample=0, **MODES[mode])
    twin = case.twin()
    inputs, outputs = twin.input_vectors.copy(), twin.outputs.copy()
    words, noise = [3, 8, 3, 5], [] if case.law["negative"] == 0 else [7, 7, 9]
    ids, positives, _ = twin.columns([words[1]], noise)
    if case.law["skip_gram"]:
        twin.skip_gram_tile([0, 2, 3], {1: [0, 2, 3]}, words, noise, 0.1)
        reference.tile_step(inputs, outputs, [3, 3, 5], ids, positives[0], 0.1)
    else:
        twin.cbow({1: [0, 2, 3]}, [[1]], words, [noise], 0.1)
        reference.cbow_step(inputs, outputs, [3, 3, 5], ids, positives[0], 0.1)
    np.testing.assert_allclose(twin.input_vectors, inputs, rtol=1e-12)
    np.testing.assert_allclose(twin.outputs, outputs, rtol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("corrected", [True, False])
def test_every_law_of_cbow_equals_the_twin(kernel, mean, corrected):
    law = {"cbow_mean": mean, "corrected_cbow": corrected, "shared_negatives": 3}
    assert_equals_twin(Case(**law, **MODES["cbow-ns"]), kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_lock_factors_scale_the_updates_of_input_rows(kernel, mode):
    locks = np.linspace(0, 1.5, 40, dtype=np.float32)
    case = Case(lock_factors=locks, **MODES[mode])
    first_row = case.inputs[0].copy()
    assert_equals_twin(case, kernel)
    np.testing.assert_array_equal(case.inputs[0], first_row)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", ["cbow-ns", "cbow-hs"])
@pytest.mark.parametrize("window", [1, 5])
@pytest.mark.parametrize("words", [30, 3000])
def test_lock_factors_of_windows_that_are_trained_together(kernel, mode, window, words):
    locks = np.linspace(0, 1.5, words, dtype=np.float32)
    law = {"words": words, "dimensions": 23, "sample": 0, "window": window, "shared_negatives": 4}
    assert_equals_twin(Case(lock_factors=locks, **law, **MODES[mode]), kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_sentence_weights_multiply_the_learning_rate(kernel, mode):
    assert_equals_twin(Case(**MODES[mode]), kernel, weights=np.linspace(0, 2, 10, dtype=np.float32))


@pytest.mark.parametrize("kernel", KERNELS)
def test_windows_of_full_width_equal_the_twin(kernel):
    assert_equals_twin(Case(shrink_windows=False, **MODES["sg-ns"]), kernel)


@pytest.mark.parametrize("mode", MODES)
@given(cuts=st.lists(st.integers(1, 299), max_size=8).map(sorted))
@settings(max_examples=20)
def test_where_the_stream_is_cut_changes_no_bit(mode, cuts):
    whole, pieces = Case(**MODES[mode]), Case(**MODES[mode])
    np.testing.assert_allclose(whole.train(whole.model()), pieces.train(pieces.model(), cuts), rtol=1e-12)
    np.testing.assert_array_equal(whole.inputs, pieces.inputs)
    np.testing.assert_array_equal(whole.outputs, pieces.outputs)
    np.testing.assert_array_equal(whole.nodes, pieces.nodes)


def test_position_of_a_block_in_the_epoch_does_not_depend_on_what_precedes_it():
    whole, later = Case(**MODES["sg-ns"]), Case(**MODES["sg-ns"])
    _sgd.Worker(whole.model()).train_span(whole.ids, whole.starts, None, 0, 150, 300, KEY, 0.05)
    starts = later.starts[5:] - 150
    _sgd.Worker(later.model()).train_span(later.ids[150:], starts, None, 150, 0, 150, KEY, 0.05)
    np.testing.assert_array_equal(whole.inputs, later.inputs)


def test_ids_are_mapped_to_words_and_unknown_ones_leave_before_windowing():
    mapped, direct = Case(sample=0, **MODES["sg-ns"]), Case(sample=0, **MODES["sg-ns"])
    table = np.arange(40, dtype=np.int32)
    table[3] = -1
    mapped.train(mapped.model(word_of_type=table))
    direct.ids = np.where(direct.ids == 3, -1, direct.ids).astype(np.int32)
    direct.train(direct.model())
    np.testing.assert_array_equal(mapped.inputs, direct.inputs)
    twin = Case(sample=0, **MODES["sg-ns"]).twin()
    twin.train([[-1 if word == 3 else word for word in sentence] for sentence in mapped.sentences()], KEY, 0.05)
    np.testing.assert_allclose(mapped.inputs, twin.input_vectors, atol=2e-4)


@pytest.mark.parametrize("mode", ["sg-ns", "cbow-ns"])
def test_words_are_kept_and_negatives_drawn_with_their_probabilities(mode):
    from scipy.stats import chisquare

    case = Case(words=30, tokens=20000, sentence_length=1000, sample=0.01, **MODES[mode])
    twin = case.twin()
    twin.skip_gram_tile = twin.cbow = lambda *_: None
    twin.train(case.sentences(), KEY, 0.0)
    drawn = np.bincount(twin.negatives_drawn, minlength=30)
    expected = case.counts**0.75 / (case.counts**0.75).sum() * drawn.sum()
    assert chisquare(drawn, expected).pvalue > 1e-4
    _, trained, _, _ = case.train(case.model())
    probabilities = case.keep[case.ids] / (2**32 - 1)
    deviation = (trained - probabilities.sum()) / np.sqrt((probabilities * (1 - probabilities)).sum())
    assert abs(deviation) < 4


def test_logits_of_any_size_keep_the_sigmoid_exact_and_the_update_alive():
    case = Case(words=3, dimensions=4, tokens=40, sample=0, window=1, negative=2, **MODES["sg-ns"])
    case.inputs[:] *= 40
    case.outputs[:] *= 40
    assert_equals_twin(case, None, tolerance=2e-3)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"keep_thresholds": np.ones(3, np.uint32)}, "keep_thresholds must have 40 entries, got 3"),
        ({"output_vectors": np.ones((40, 3), np.float32)}, "output_vectors must be 40 x 20, got 40 x 3"),
        ({"output_vectors": None}, "output_vectors is needed"),
        ({"noise_aliases": np.full(40, 99, np.int32)}, "noise_aliases"),
        ({"word_of_type": np.full(40, 40, np.int32)}, "there are 40 words"),
        ({"lock_factors": np.ones(2, np.float32)}, "lock_factors must have 40 entries"),
        ({"window": 0}, "window must be at least 1"),
        ({"negative": 0}, "hierarchical_softmax or negative sampling must be on"),
        ({"shared_negatives": 5}, "shared_negatives must be from 0 to 4, got 5"),
        ({"copying_workers": -1}, "copying_workers must be at least 0, got -1"),
        ({"kernel": "abacus"}, "kernel must be one of"),
    ],
)
def test_what_would_corrupt_memory_is_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        Case(**MODES["sg-ns"]).model(**broken)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"path_starts": np.zeros(3, np.int64)}, "path_starts must have 41 entries"),
        ({"path_nodes": np.full(3, 1, np.int32)}, "must have path_starts.-1. entries each"),
        ({"path_nodes": lambda nodes: np.full_like(nodes, 40)}, "path_nodes.0. is 40, but there are 40 rows"),
        ({"path_codes": lambda codes: np.full_like(codes, 2)}, "path_codes.0. must be 0 or 1, got 2"),
    ],
)
def test_paths_that_would_corrupt_memory_are_refused(broken, message):
    case = Case(**MODES["sg-hs"])
    true = {"path_nodes": case.tree.inner_nodes, "path_codes": case.tree.codes}
    with pytest.raises(ValueError, match=message):
        case.model(**{name: table(true[name]) if callable(table) else table for name, table in broken.items()})


def test_ids_beyond_the_table_are_unknown_words_not_addresses():
    wild, tame = Case(sample=0, **MODES["sg-ns"]), Case(sample=0, **MODES["sg-ns"])
    wild.ids = np.where(wild.ids == 3, 2**31 - 1, wild.ids).astype(np.int32)
    tame.ids = np.where(tame.ids == 3, -1, tame.ids).astype(np.int32)
    wild.train(wild.model())
    tame.train(tame.model())
    np.testing.assert_array_equal(wild.inputs, tame.inputs)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", ["sg-ns", "cbow-ns", "sg-both"])
@pytest.mark.parametrize("rate", [0.11, 0.3])
def test_steps_are_bounded_at_high_learning_rates_as_in_the_twin(kernel, mode, rate):
    assert_equals_twin(Case(tokens=60, **(MODES[mode] | {"shared_negatives": 4})), kernel, rate=rate, tolerance=2e-3)


@pytest.mark.parametrize(("rate", "window"), [(0.05, 20), (0.1, 10), (0.25, 10)])
def test_hubs_do_not_blow_the_vectors_up(rate, window):
    case = Case(words=300, tokens=20_000, sentence_length=40, sample=0, window=window, **MODES["sg-ns"])
    case.ids[::2] = 0  # every other word is the hub of a star
    case.inputs[:] *= 0.1
    case.outputs[:] = 0
    for _ in range(5):
        case.train(case.model(shared_negatives=2), rate=rate)
    assert np.linalg.norm(case.inputs, axis=1).max() < 50


def test_a_span_outside_the_block_is_refused():
    case = Case(**MODES["sg-ns"])
    with pytest.raises(ValueError, match="span"):
        _sgd.Worker(case.model()).train_span(case.ids, case.starts, None, 0, 0, 301, KEY, 0.05)


def test_a_worker_in_a_cycle_of_references_is_collected():
    class Knotted(_sgd.Worker):
        pass

    for _ in range(20):
        worker = Knotted(Case(**MODES["sg-ns"]).model())
        worker.itself = worker
    del worker
    assert gc.collect() >= 20


def shared_and_copied(kernel, mode, copying_workers):
    """Two equal cases and what training each of them returned: one in place, one by a worker that copies rows."""
    shared, copied = Case(tokens=3_000, dimensions=33, **MODES[mode]), Case(tokens=3_000, dimensions=33, **MODES[mode])
    sums = shared.train(shared.model(kernel))
    worker = _sgd.Worker(copied.model(kernel, copying_workers=copying_workers))
    copied_sums = worker.train_span(copied.ids, copied.starts, None, 0, 0, 3_000, KEY, 0.05)
    worker.give_hot_rows()
    return shared, copied, sums, copied_sums


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_copies_of_rows_change_nothing_while_nobody_else_trains(kernel, mode):
    shared, copied, sums, copied_sums = shared_and_copied(kernel, mode, 4)
    np.testing.assert_allclose(copied_sums, sums, rtol=1e-4)
    for name in ("inputs", "outputs", "nodes"):
        np.testing.assert_allclose(getattr(copied, name), getattr(shared, name), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_a_lone_workers_copies_change_nothing_at_all(kernel, mode):
    shared, copied, sums, copied_sums = shared_and_copied(kernel, mode, 1)
    assert copied_sums == tuple(sums)
    for name in ("inputs", "outputs", "nodes"):
        np.testing.assert_array_equal(getattr(copied, name), getattr(shared, name))


def test_a_lone_worker_keeps_what_it_learns_until_it_gives_it_back():
    case = Case(tokens=3_000, **MODES["sg-ns"])
    before = case.inputs.copy()
    worker = _sgd.Worker(case.model(copying_workers=1))
    worker.train_span(case.ids, case.starts, None, 0, 0, 3_000, KEY, 0.05)
    np.testing.assert_array_equal(case.inputs, before)  # all forty words are frequent ones
    worker.give_hot_rows()
    assert (case.inputs != before).any()


def test_copies_are_exchanged_while_training_and_in_full_at_its_end():
    case = Case(tokens=3_000, **MODES["sg-ns"])
    before = case.inputs.copy()
    worker = _sgd.Worker(case.model(copying_workers=2))
    worker.train_span(case.ids, case.starts, None, 0, 0, 3_000, KEY, 0.05)
    during = case.inputs.copy()
    frequent, all_rows = slice(0, 3), slice(0, len(before))
    assert (during[frequent] != before[frequent]).any(axis=1).all()
    worker.give_hot_rows()
    assert (case.inputs[all_rows] != during[all_rows]).any()
    after = case.inputs.copy()
    worker.give_hot_rows()
    np.testing.assert_array_equal(case.inputs, after)


@pytest.mark.parametrize("mode", ["sg-ns", "cbow-ns", "sg-hs", "cbow-hs"])
def test_every_frequent_row_has_its_turn_to_be_exchanged(mode):
    """Also in a text that repeats itself; and nodes far from the root, which never come first in a tile."""
    case = Case(words=6, tokens=6_000, sentence_length=2, sample=0, **MODES[mode] | {"window": 1})
    case.ids[:] = np.tile([0, 1, 2, 3, 4, 5], 1_000)
    before = case.inputs.copy(), case.outputs.copy(), case.nodes.copy()
    worker = _sgd.Worker(case.model(copying_workers=2))
    worker.train_span(case.ids, case.starts, None, 0, 0, 6_000, KEY, 0.05)
    assert (case.inputs != before[0]).any(axis=1).all()
    if mode.endswith("hs"):
        assert (case.nodes != before[2]).any(axis=1)[:5].all()  # five inner nodes of six words
    else:
        assert (case.outputs != before[1]).any(axis=1).all()


@pytest.mark.parametrize("mode", MODES)
def test_large_steps_are_exchanged_at_once_be_they_of_the_rate_or_of_the_weights(mode):
    for rate, weight in ((2.5, None), (0.05, 50)):
        case = Case(tokens=60, **MODES[mode])
        weights = None if weight is None else np.full(2, weight, np.float32)
        worker = _sgd.Worker(case.model(copying_workers=2))
        worker.train_span(case.ids, case.starts, weights, 0, 0, 60, KEY, rate)
        matrices = case.inputs.copy(), case.outputs.copy(), case.nodes.copy()
        worker.give_hot_rows()
        for after, before in zip((case.inputs, case.outputs, case.nodes), matrices, strict=True):
            np.testing.assert_array_equal(after, before)
        assert np.isfinite(case.inputs).any()


def test_the_more_workers_the_fewer_rows_are_copied_and_by_many_none():
    """What two workers do not see of each other is little; among many of them it is much, most for rarer rows."""
    bytes_of = [_sgd.hot_bytes(workers) for workers in range(1, 40)]
    assert bytes_of[0] == 6 * 2**20 and bytes_of[1] == 2**18 and bytes_of[3] == 2**16 and bytes_of[7] == 2**14
    assert not any(bytes_of[16:])
    case = Case(tokens=60, **MODES["sg-ns"])
    matrices = [case.inputs.copy(), case.inputs]
    worker = _sgd.Worker(case.model(copying_workers=17))
    worker.train_span(case.ids, case.starts, None, 0, 0, 60, KEY, 0.05)
    matrices.append(case.inputs.copy())
    worker.give_hot_rows()
    np.testing.assert_array_equal(matrices[1], matrices[2])
    assert (matrices[0] != matrices[2]).any()


@pytest.mark.parametrize("mode", ["sg-ns", "cbow-ns", "cbow-hs"])
@pytest.mark.parametrize("shared_negatives", [1, 3, 4])
def test_reaches_are_uniform_however_many_windows_are_trained_together(mode, shared_negatives):
    """Of the twin, which the kernel equals."""
    case = Case(tokens=12_000, sentence_length=12_000, sample=0, shared_negatives=shared_negatives, **MODES[mode])
    twin, seen = case.twin(), np.zeros(6)

    def count(kept, centers, reach, key, rate):
        for at in centers:
            seen[twin.reach(kept[at][1], key) if twin.skip_gram else reach] += 1

    twin.train_group = count
    twin.train(case.sentences(), KEY, 0.05)
    assert seen[0] == 0 and np.abs(seen[1:] / seen.sum() - 0.2).max() < 0.02


def test_rows_of_all_columns_are_exchanged():
    """Groups of four centres and one noise word: a row of the five for every 83 pairs, 20 a group."""
    law = {"words": 2000, "counts": [1] * 2000, "sample": 0, "shared_negatives": 4, "negative": 1}
    case = Case(tokens=4000, sentence_length=4000, **law, **MODES["cbow-ns"])
    before = case.outputs.copy()
    worker = _sgd.Worker(case.model(copying_workers=2))
    worker.train_span(case.ids, case.starts, None, 0, 0, 4000, KEY, 0.05)
    assert 200 < np.count_nonzero((case.outputs != before).any(axis=1)) <= 20 * 1000 / 83


def test_what_several_workers_learn_adds_up():
    """Two workers hold copies of the same rows, train different halves, and neither undoes what the other did."""
    case = Case(tokens=400, **MODES["cbow-ns"])
    alone = Case(tokens=400, **MODES["cbow-ns"])
    before, rate = case.inputs.copy(), 1e-4  # so small that the order of the steps does not matter
    workers = [_sgd.Worker(case.model(copying_workers=2)) for _ in range(2)]
    for worker, begin, end in zip(workers, (0, 210), (210, 400), strict=True):
        worker.train_span(case.ids, case.starts, None, 0, begin, end, KEY, rate)
    for worker in workers:
        worker.give_hot_rows()
    alone.train(alone.model(), cuts=(210,), rate=rate)
    expected = alone.inputs - before
    assert np.linalg.norm(case.inputs - before - expected) < 0.01 * np.linalg.norm(expected)


def test_rows_that_a_worker_did_not_train_keep_what_others_made_of_them():
    case = Case(tokens=400, **MODES["sg-hs"])
    idle, busy = (_sgd.Worker(case.model(copying_workers=2)) for _ in range(2))
    idle.train_span(case.ids, case.starts, None, 0, 0, 400, KEY, 0.0)
    busy.train_span(case.ids, case.starts, None, 0, 0, 400, KEY, 0.05)
    busy.give_hot_rows()
    trained = case.inputs.copy(), case.nodes.copy()
    idle.give_hot_rows()
    np.testing.assert_array_equal(case.inputs, trained[0])
    np.testing.assert_array_equal(case.nodes, trained[1])
