"""The oracle itself: its gradients against finite differences, its laws against gensim, and a toy corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import reference
from w2vplus.errors import CorpusError
from w2vplus.reference import Floats, Settings, Vocabulary

WORDS, DIMENSIONS = 7, 4
TRUE_WORD_AND_NEGATIVES = ([2, 5, 0], [1.0, 0.0, 0.0])
REPEATED_NEGATIVE = ([2, 5, 0, 5], [1.0, 0.0, 0.0, 0.0])
HUFFMAN_PATH = ([5, 3, 1], [0.0, 1.0, 1.0])  # inner nodes, 1 - code
QUESTIONS = pytest.mark.parametrize(
    ("output_ids", "labels"),
    [TRUE_WORD_AND_NEGATIVES, REPEATED_NEGATIVE, HUFFMAN_PATH],
    ids=["negative-sampling", "negative-sampling-repeated", "hierarchical-softmax"],
)
CONTEXTS = pytest.mark.parametrize(
    "context_ids", [[1], [1, 4, 6], [1, 4, 1]], ids=["one", "three", "repeated"]
)
LAWS = pytest.mark.parametrize("step", [reference.tile_step, reference.sequential_step])


def matrices(seed: int = 0) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return random.normal(size=(WORDS, DIMENSIONS)), random.normal(size=(WORDS, DIMENSIONS))


def finite_differences(loss: Callable[[], float], matrix: Floats, width: float = 1e-5) -> Floats:
    """The central differences of `loss` for every entry of `matrix`, which is left as it was."""
    slopes = np.empty_like(matrix)
    for entry in np.ndindex(matrix.shape):
        here = matrix[entry]
        matrix[entry] = here + width
        above = loss()
        matrix[entry] = here - width
        slopes[entry] = (above - loss()) / (2 * width)
        matrix[entry] = here
    return slopes


def changes(step: Callable[..., float], *arguments: Any, **options: Any) -> tuple[float, Floats, Floats]:
    """The loss of one step at rate 1 and what it adds to each matrix: minus the gradient, if it descends."""
    inputs, outputs = matrices()
    new_inputs, new_outputs = matrices()
    loss = step(new_inputs, new_outputs, *arguments, 1.0, **options)
    return loss, new_inputs - inputs, new_outputs - outputs


# ---- Losses and gradients


def test_sigmoid_and_its_logarithm_neither_overflow_nor_lose_their_tails():
    logits = np.array([-1000.0, -40.0, 0.0, 2.0, 1000.0])
    with np.errstate(over="raise", invalid="raise"):
        logarithms, probabilities = reference.log_sigmoid(logits), reference.sigmoid(logits)
    np.testing.assert_allclose(
        logarithms, [-1000.0, -40.0, -np.log(2), -np.log(1 + np.exp(-2)), 0.0], rtol=1e-12
    )
    np.testing.assert_allclose(probabilities, [0.0, np.exp(-40), 0.5, 1 / (1 + np.exp(-2)), 1.0], rtol=1e-12)


@CONTEXTS
def test_exact_softmax_skip_gram_gradients_match_finite_differences(context_ids):
    inputs, outputs = matrices()

    def loss() -> float:
        """-Σ log softmax, by its definition."""
        exponentials = np.exp(inputs[context_ids] @ outputs.T)
        return float(-np.log(exponentials[:, 3] / exponentials.sum(axis=1)).sum())

    forward = reference.softmax_forward(inputs[context_ids], outputs, 3)
    row_gradients, output_gradient = reference.gradients(forward, inputs[context_ids], outputs)
    input_gradient = np.zeros_like(inputs)
    np.add.at(input_gradient, context_ids, row_gradients)
    assert forward.loss == pytest.approx(loss())
    np.testing.assert_allclose(forward.probabilities.sum(axis=1), 1.0)
    np.testing.assert_allclose(input_gradient, finite_differences(loss, inputs), atol=1e-8)
    np.testing.assert_allclose(output_gradient, finite_differences(loss, outputs), atol=1e-8)


@CONTEXTS
@pytest.mark.parametrize("mean", [True, False], ids=["mean", "sum"])
def test_exact_softmax_cbow_gradients_match_finite_differences(context_ids, mean):
    inputs, outputs = matrices()

    def loss() -> float:
        hidden = sum(inputs[word_id] for word_id in context_ids) / (len(context_ids) if mean else 1)
        exponentials = np.exp(outputs @ hidden)
        return float(-np.log(exponentials[3] / exponentials.sum()))

    projection = reference.project(inputs, context_ids, mean=mean)
    forward = reference.softmax_forward(projection, outputs, 3)
    projection_gradient, output_gradient = reference.gradients(forward, projection, outputs)
    input_gradient = np.zeros_like(inputs)
    np.add.at(input_gradient, context_ids, projection_gradient / (len(context_ids) if mean else 1))
    assert forward.loss == pytest.approx(loss())
    np.testing.assert_allclose(input_gradient, finite_differences(loss, inputs), atol=1e-8)
    np.testing.assert_allclose(output_gradient, finite_differences(loss, outputs), atol=1e-8)


def test_exact_softmax_survives_large_logits():
    outputs = np.array([[800.0], [0.0], [-800.0]])
    forward = reference.softmax_forward(np.ones((1, 1)), outputs, 2)
    assert forward.loss == pytest.approx(1600.0)
    np.testing.assert_allclose(forward.errors, [[-1.0, 0.0, 1.0]], atol=1e-12)


def binary_loss(hidden: Floats, outputs: Floats, output_ids: list[int], labels: list[float]) -> float:
    """The loss of one input by its definition: the likelihood is a product of yes- and no-probabilities."""
    likelihood = 1.0
    for output_id, label in zip(output_ids, labels, strict=True):
        yes = 1.0 / (1.0 + np.exp(-hidden @ outputs[output_id]))
        likelihood *= yes if label == 1.0 else 1.0 - yes
    return float(-np.log(likelihood))


@QUESTIONS
@CONTEXTS
def test_skip_gram_tile_descends_the_finite_difference_gradient(context_ids, output_ids, labels):
    inputs, outputs = matrices()

    def loss() -> float:
        return sum(binary_loss(inputs[word_id], outputs, output_ids, labels) for word_id in context_ids)

    met, input_change, output_change = changes(reference.tile_step, context_ids, output_ids, labels)
    assert met == pytest.approx(loss())
    np.testing.assert_allclose(input_change, -finite_differences(loss, inputs), atol=1e-8)
    np.testing.assert_allclose(output_change, -finite_differences(loss, outputs), atol=1e-8)


@QUESTIONS
@CONTEXTS
@pytest.mark.parametrize("mean", [True, False], ids=["mean", "sum"])
def test_corrected_cbow_descends_the_gradient_and_gensims_law_misses_it_by_the_count(
    context_ids, output_ids, labels, mean
):
    inputs, outputs = matrices()
    count = len(context_ids)

    def loss() -> float:
        hidden = inputs[context_ids].sum(axis=0) / (count if mean else 1)
        return binary_loss(hidden, outputs, output_ids, labels)

    question = (context_ids, output_ids, labels)
    input_slopes, output_slopes = finite_differences(loss, inputs), finite_differences(loss, outputs)
    met, input_change, output_change = changes(reference.cbow_step, *question, mean=mean, corrected=True)
    assert met == pytest.approx(loss())
    np.testing.assert_allclose(input_change, -input_slopes, atol=1e-8)
    np.testing.assert_allclose(output_change, -output_slopes, atol=1e-8)

    met, input_change, output_change = changes(reference.cbow_step, *question, mean=mean, corrected=False)
    deviation = count if mean else 1 / count
    assert met == pytest.approx(loss())
    np.testing.assert_allclose(input_change, -input_slopes * deviation, atol=1e-8)
    np.testing.assert_allclose(output_change, -output_slopes, atol=1e-8)


# ---- The two laws


@pytest.mark.parametrize(("output_ids", "labels"), [TRUE_WORD_AND_NEGATIVES, HUFFMAN_PATH], ids=["NS", "HS"])
def test_tile_and_sequential_laws_agree_for_one_input_and_distinct_outputs(output_ids, labels):
    tile = changes(reference.tile_step, [4], output_ids, labels)
    sequential = changes(reference.sequential_step, [4], output_ids, labels)
    for from_tile, from_sequence in zip(tile, sequential, strict=True):
        np.testing.assert_allclose(from_tile, from_sequence, rtol=1e-12, atol=1e-15)


@QUESTIONS
def test_sequential_step_is_its_pairs_one_after_another(output_ids, labels):
    inputs, outputs = matrices()
    loss = 0.0
    for input_id in [1, 4, 1]:
        accumulated = np.zeros(DIMENSIONS)
        for output_id, label in zip(output_ids, labels, strict=True):
            yes = 1.0 / (1.0 + np.exp(-inputs[input_id] @ outputs[output_id]))
            loss -= np.log(yes if label == 1.0 else 1.0 - yes)
            accumulated += 0.3 * (label - yes) * outputs[output_id]
            outputs[output_id] += 0.3 * (label - yes) * inputs[input_id]
        inputs[input_id] += accumulated
    stepped_inputs, stepped_outputs = matrices()
    met = reference.sequential_step(stepped_inputs, stepped_outputs, [1, 4, 1], output_ids, labels, 0.3)
    assert met == pytest.approx(loss)
    np.testing.assert_allclose(stepped_inputs, inputs, rtol=1e-12)
    np.testing.assert_allclose(stepped_outputs, outputs, rtol=1e-12)


def test_the_laws_differ_where_rows_repeat_and_their_difference_vanishes_with_the_rate():
    def gap(learning_rate: float) -> float:
        results = []
        for step in (reference.tile_step, reference.sequential_step):
            inputs, outputs = matrices()
            step(inputs, outputs, [1, 4, 1], *REPEATED_NEGATIVE, learning_rate)
            results.append(np.concatenate([inputs, outputs]))
        return float(np.abs(results[0] - results[1]).max())

    assert gap(0.1) > 1e-4
    assert gap(0.001) == pytest.approx(gap(0.1) / 100**2, rel=0.2)  # second order in the rate


def test_rows_that_occur_twice_in_a_tile_receive_the_sum_of_their_updates():
    _, once, _ = changes(reference.tile_step, [1], *TRUE_WORD_AND_NEGATIVES)
    _, twice, _ = changes(reference.tile_step, [1, 4, 1], *TRUE_WORD_AND_NEGATIVES)
    np.testing.assert_allclose(twice[1], 2 * once[1])
    _, _, once = changes(reference.tile_step, [1], *TRUE_WORD_AND_NEGATIVES)
    _, _, twice = changes(reference.tile_step, [1], *REPEATED_NEGATIVE)
    np.testing.assert_allclose(twice[5], 2 * once[5])
    assert np.abs(once[5]).max() > 0.01


def test_cbow_with_one_context_word_is_skip_gram_with_one_input():
    skip_gram = changes(reference.tile_step, [4], *REPEATED_NEGATIVE)
    for options in ({}, {"mean": False}, {"corrected": True}):
        for cbow, expected in zip(
            changes(reference.cbow_step, [4], *REPEATED_NEGATIVE, **options), skip_gram, strict=True
        ):
            np.testing.assert_allclose(cbow, expected)


def test_cbow_without_context_changes_nothing():
    loss, input_change, output_change = changes(reference.cbow_step, [], *TRUE_WORD_AND_NEGATIVES)
    assert loss == 0.0
    assert not input_change.any()
    assert not output_change.any()


@pytest.mark.parametrize("step", [reference.tile_step, reference.sequential_step, reference.cbow_step])
def test_lock_factors_scale_what_reaches_an_input_row_and_nothing_else(step):
    factors = np.array([1.0, 0.0, 1.0, 1.0, 0.25, 1.0, 1.0])
    _, free_inputs, free_outputs = changes(step, [1, 4], *TRUE_WORD_AND_NEGATIVES)
    _, locked_inputs, locked_outputs = changes(step, [1, 4], *TRUE_WORD_AND_NEGATIVES, lock_factors=factors)
    np.testing.assert_allclose(locked_inputs, factors[:, np.newaxis] * free_inputs, atol=1e-15)
    np.testing.assert_allclose(locked_outputs, free_outputs)
    _, halved_inputs, _ = changes(step, [1, 4], *TRUE_WORD_AND_NEGATIVES, lock_factors=np.array([0.5]))
    np.testing.assert_allclose(halved_inputs, 0.5 * free_inputs, atol=1e-15)


@LAWS
def test_an_unknown_word_is_refused_instead_of_counted_from_the_end(step):
    with pytest.raises(IndexError, match="at least 0, got -1"):
        step(*matrices(), [1, -1], [0], [1.0], 0.1)
    with pytest.raises(IndexError, match="at least 0, got -3"):
        step(*matrices(), [1], [0, -3], [1.0, 0.0], 0.1)


# ---- gensim as witness


def gensim_sigmoid(logits: Floats) -> Floats:
    """The lookup of word2vec.c and gensim: 1000 values over -6..6, but 83 steps a unit where 83.3 span it."""
    table = 1.0 / (1.0 + np.exp(6.0 - 12.0 * np.arange(1000) / 1000))
    return table[(83 * (logits + 6.0)).astype(int)]


SENTENCE = [0, 3, 1, 3, 6, 2, 0, 4, 5, 6]


@pytest.mark.parametrize("negative", [0, 3], ids=["hierarchical-softmax", "negative-sampling"])
@pytest.mark.parametrize("mode", ["skip-gram", "cbow-mean", "cbow-sum"])
def test_the_sequential_law_is_gensims(mode, negative, monkeypatch):
    """One sentence by gensim's own routine, and by ours with gensim's sigmoid: equal to float32 rounding."""
    from gensim.models import Word2Vec, word2vec_inner

    monkeypatch.setattr(reference.losses, "sigmoid", gensim_sigmoid)

    skip_gram, mean = mode == "skip-gram", mode != "cbow-sum"
    model = Word2Vec(
        vector_size=DIMENSIONS, window=2, shrink_windows=False, min_count=1, sample=0, sg=int(skip_gram),
        hs=int(negative == 0), negative=negative, cbow_mean=int(mean),
    )  # fmt: skip
    counts = {str(word_id): 20 - 2 * word_id for word_id in range(WORDS)}
    model.build_vocab_from_freq(counts)
    inputs, outputs = (0.3 * matrix for matrix in matrices(seed=3))
    gensim_inputs, gensim_outputs = inputs.astype(np.float32), outputs.astype(np.float32)
    model.wv.vectors = gensim_inputs
    if negative:
        model.syn1neg = gensim_outputs
        model.cum_table = np.array([0] * (WORDS - 1) + [2**31 - 1], np.uint32)  # draws only the last word
    else:
        model.syn1 = gensim_outputs
    work, hidden = (np.zeros(DIMENSIONS, np.float32) for _ in range(2))
    sentence = [str(word_id) for word_id in SENTENCE]
    if skip_gram:
        word2vec_inner.train_batch_sg(model, [sentence], 0.1, work, False)
    else:
        word2vec_inner.train_batch_cbow(model, [sentence], 0.1, work, hidden, False)

    started = np.concatenate([inputs, outputs])
    paths = reference.huffman_paths(list(counts.values()))
    for position, target_id in enumerate(SENTENCE):
        around = reference.context_window(position, len(SENTENCE), 2)
        context_ids = [SENTENCE[neighbour] for neighbour in around]
        output_ids, labels = list(paths[target_id].inner_nodes), list(paths[target_id].labels)
        if negative:
            negatives = [WORDS - 1] * negative if target_id != WORDS - 1 else []
            output_ids, labels = [target_id, *negatives], [1.0] + [0.0] * len(negatives)
        if skip_gram:
            reference.sequential_step(inputs, outputs, context_ids, output_ids, labels, 0.1)
        else:
            reference.cbow_step(
                inputs, outputs, context_ids, output_ids, labels, 0.1, mean=mean, sequential=True
            )
    ours = np.concatenate([inputs, outputs]) - started
    theirs = np.concatenate([gensim_inputs, gensim_outputs]) - started
    assert np.abs(ours).max() > 0.05
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_huffman_codes_equal_gensims_on_random_counts_with_ties(counts):
    from gensim.models import Word2Vec

    descending = sorted(counts, reverse=True)
    model = Word2Vec(min_count=1, hs=1, negative=0, vector_size=1, sorted_vocab=0)
    model.build_vocab_from_freq({str(word_id): count for word_id, count in enumerate(descending)})
    for word_id, path in enumerate(reference.huffman_paths(descending)):
        assert path.inner_nodes.tolist() == list(model.wv.get_vecattr(str(word_id), "point"))
        assert path.codes.tolist() == list(model.wv.get_vecattr(str(word_id), "code"))


@pytest.mark.parametrize("sample", [0, 1e-3, 0.05, 4])
def test_keep_probabilities_equal_gensims(sample):
    from gensim.models import Word2Vec

    counts = np.array([500, 200, 40, 20, 11, 10, 4, 1])
    model = Word2Vec(min_count=1, vector_size=1, sample=sample)
    model.build_vocab_from_freq({str(word_id): int(count) for word_id, count in enumerate(counts)})
    expected = [
        model.wv.get_vecattr(str(word_id), "sample_int") / (2**32 - 1) for word_id in range(len(counts))
    ]
    np.testing.assert_allclose(reference.keep_probabilities(counts, sample), expected, atol=1e-9)


def test_words_are_ordered_as_gensim_orders_them():
    from gensim.models import Word2Vec

    sentences = [list("bacad"), list("decbfg"), list("ga")]
    model = Word2Vec(min_count=1, vector_size=1)
    model.build_vocab(sentences)
    vocabulary = Vocabulary.from_sentences(sentences, Settings(minimum_count=1))
    assert list(vocabulary.word_ids) == model.wv.index_to_key


# ---- What is asked


def test_keep_probability_falls_from_one_at_0_0026_of_the_text():
    shares = np.array([0.0026, 0.00746, 1.0])
    probabilities = reference.keep_probabilities(shares * 1e9, 0.001, retained_total=1e9)
    np.testing.assert_allclose(probabilities, [1.0, 0.5, 0.033], atol=5e-4)


def test_survivors_are_kept_as_often_as_their_probability_says():
    word_ids = np.repeat([0, 1], 20_000)
    kept = reference.survivors(word_ids, np.array([0.3, 1.0]), np.random.default_rng(5))
    assert kept[20_000:].all()
    assert kept[:20_000].mean() == pytest.approx(0.3, abs=0.015)


def test_context_window_is_cut_at_the_sentence_and_leaves_its_centre_out():
    assert reference.context_window(3, 9, 2) == [1, 2, 4, 5]
    assert reference.context_window(0, 9, 3) == [1, 2, 3]
    assert reference.context_window(8, 9, 1) == [7]
    assert reference.context_window(0, 1, 5) == []


def test_noise_distribution_raises_counts_to_three_quarters():
    np.testing.assert_allclose(reference.noise_distribution(np.array([81, 16, 1])), np.array([27, 8, 1]) / 36)
    np.testing.assert_allclose(reference.noise_distribution(np.array([5, 2]), exponent=0.0), [0.5, 0.5])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(0, 2**32))
def test_softmax_over_the_huffman_tree_sums_to_one(counts, seed):
    random = np.random.default_rng(seed)
    hidden, outputs = 3 * random.normal(size=(1, 5)), random.normal(size=(len(counts), 5))
    losses = [
        reference.binary_forward(hidden, outputs[path.inner_nodes], path.labels).loss
        for path in reference.huffman_paths(counts)
    ]
    assert np.exp(-np.array(losses)).sum() == pytest.approx(1.0)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=30))
def test_huffman_lengths_are_as_short_as_merging_the_two_rarest_makes_them(counts):
    total, remaining = 0, sorted(counts)
    while len(remaining) > 1:
        total += remaining[0] + remaining[1]
        remaining = sorted([*remaining[2:], remaining[0] + remaining[1]])
    paths = reference.huffman_paths(counts)
    assert sum(count * len(path.codes) for count, path in zip(counts, paths, strict=True)) == total


def test_huffman_tree_of_no_words_and_of_one_word():
    assert reference.huffman_paths([]) == []
    (path,) = reference.huffman_paths([12])
    assert len(path.inner_nodes) == len(path.codes) == len(path.labels) == 0


# ---- Training

PAIRS = [("cat", "dog"), ("car", "bus"), ("tea", "milk")]  # the words of a pair stand between the same words


def toy_sentences(count: int = 400) -> list[list[str]]:
    random = np.random.default_rng(0)
    draws = zip(random.integers(len(PAIRS), size=count), random.integers(2, size=count), strict=True)
    return [[f"before{pair}", PAIRS[pair][member], f"after{pair}"] for pair, member in draws]


def toy_settings(**changed: Any) -> Settings:
    common = {"vector_size": 10, "window": 2, "sample": 0, "epochs": 4, "learning_rate": 0.2, "negative": 3}
    return Settings(**{**common, **changed})


MODES = pytest.mark.parametrize(
    "hierarchical_softmax", [False, True], ids=["negative-sampling", "hierarchical"]
)
MODELS = pytest.mark.parametrize("skip_gram", [False, True], ids=["cbow", "skip-gram"])


@MODELS
@MODES
@pytest.mark.parametrize("law", ["tile", "sequential"])
def test_words_with_the_same_contexts_become_nearest_neighbours(skip_gram, hierarchical_softmax, law):
    trained = reference.train(
        toy_sentences(), toy_settings(skip_gram=skip_gram, hierarchical_softmax=hierarchical_softmax, law=law)
    )
    directions = trained.input_vectors / np.linalg.norm(trained.input_vectors, axis=1, keepdims=True)
    similarities = directions @ directions.T - 2 * np.eye(len(directions))
    words, word_ids = list(trained.vocabulary.word_ids), trained.vocabulary.word_ids
    for one, other in PAIRS:
        assert words[similarities[word_ids[one]].argmax()] == other
        assert words[similarities[word_ids[other]].argmax()] == one
    assert all(
        later < earlier for earlier, later in zip(trained.mean_losses, trained.mean_losses[1:], strict=False)
    )
    assert trained.mean_losses[-1] < 0.85 * trained.mean_losses[0]


@pytest.mark.parametrize(
    "changed", [{"cbow_mean": False}, {"cbow_corrected": True}], ids=["sum", "corrected"]
)
def test_the_other_cbow_laws_train_too_and_each_is_its_own(changed):
    trained = reference.train(toy_sentences(200), toy_settings(**changed))
    default = reference.train(toy_sentences(200), toy_settings())
    assert trained.mean_losses[-1] < trained.mean_losses[0]
    assert np.abs(trained.input_vectors - default.input_vectors).max() > 1e-3


def test_one_seed_gives_the_same_vectors_and_another_seed_others():
    first, second = (reference.train(toy_sentences(50), toy_settings(seed=4)) for _ in range(2))
    other = reference.train(toy_sentences(50), toy_settings(seed=5))
    np.testing.assert_array_equal(first.input_vectors, second.input_vectors)
    assert np.abs(first.input_vectors - other.input_vectors).max() > 1e-3


def test_the_first_loss_is_one_bit_for_every_question():
    trained = reference.train(
        [["a", "b"]], Settings(minimum_count=1, sample=0, epochs=1, hierarchical_softmax=True)
    )
    assert trained.mean_losses[0] == pytest.approx(np.log(2), rel=1e-3)


def steps_of(word_ids: list[int], chosen: Settings, seed: int = 0) -> list[reference.Step]:
    vocabulary = Vocabulary.from_counts([str(n) for n in range(WORDS)], np.arange(WORDS, 0, -1), chosen)
    return list(reference.training_steps(np.array(word_ids), vocabulary, chosen, np.random.default_rng(seed)))


def test_reduced_windows_are_uniform_and_give_the_context():
    steps = steps_of(SENTENCE * 300, Settings(window=4))
    reaches = np.bincount([step.reduced_window for step in steps], minlength=5)
    assert reaches[0] == 0
    np.testing.assert_allclose(reaches[1:] / len(steps), 0.25, atol=0.03)
    text = np.array(SENTENCE * 300)
    for step in steps:
        around = reference.context_window(step.position, len(text), step.reduced_window)
        assert text[step.position] == step.target_id
        assert step.input_ids.tolist() == text[around].tolist()


def test_negatives_never_equal_the_target_and_follow_the_noise():
    steps = steps_of([0, 6] * 3000, Settings(window=1, negative=5))
    drawn = np.zeros(WORDS)
    for step in steps:
        assert step.output_ids[0] == step.target_id
        assert step.labels.tolist() == [1.0] + [0.0] * (len(step.output_ids) - 1)
        assert step.target_id not in step.output_ids[1:]
        np.add.at(drawn, step.output_ids[1:], 1)
    noise = reference.noise_distribution(np.arange(WORDS, 0, -1))
    np.testing.assert_allclose(drawn[1:6] / (5 * len(steps)), noise[1:6], atol=0.01)


def test_a_tile_shares_its_windows_negatives_and_the_sequential_law_draws_them_for_each_pair():
    wide = {"skip_gram": True, "window": 12, "shrink_windows": False}
    tiles = [step for step in steps_of(SENTENCE * 3, Settings(**wide)) if step.position == 15]
    assert len(tiles) > 1
    text = np.array(SENTENCE * 3)
    window = text[reference.context_window(15, len(text), 12)]
    np.testing.assert_array_equal(np.concatenate([step.input_ids for step in tiles]), window)
    assert len({tuple(step.output_ids) for step in tiles}) == 1
    pairs = steps_of(SENTENCE * 3, Settings(law="sequential", **wide))
    centre = [step for step in pairs if step.position == 15]
    assert [len(step.input_ids) for step in centre] == [1] * 24
    assert len({tuple(step.output_ids) for step in centre}) > 5


def test_tiles_hold_their_rows_their_repeats_and_fewer_at_high_rates():
    words = [*range(20), 3, 3, 3, 4]
    cut = [tile.tolist() for tile in reference.tiles(words, 0.025)]
    assert cut == [list(range(16)), [16, 17, 18, 19, 3, 3], [3, 4]]
    assert [len(tile) for tile in reference.tiles(list(range(20)), 0.2)] == [4] * 5
    assert [len(tile) for tile in reference.tiles([1, 2], 5.0)] == [1, 1]
    assert list(reference.tiles([], 0.025)) == []


@MODELS
@MODES
def test_a_step_shows_beforehand_what_taking_it_meets(skip_gram, hierarchical_softmax):
    chosen = Settings(skip_gram=skip_gram, hierarchical_softmax=hierarchical_softmax, window=2)
    for step in steps_of(SENTENCE, chosen):
        inputs, outputs = matrices()
        shown = step.forward(inputs, outputs, chosen)
        assert shown.logits.shape == (len(step.input_ids) if skip_gram else 1, len(step.output_ids))
        np.testing.assert_allclose(shown.probabilities, 1 / (1 + np.exp(-shown.logits)))
        np.testing.assert_allclose(shown.errors, step.labels - shown.probabilities)
        assert step.take(inputs, outputs, 0.01, chosen) == pytest.approx(shown.loss)
        assert step.forward(inputs, outputs, chosen).loss < shown.loss


def test_unknown_words_leave_before_windows_are_laid():
    chosen = Settings(minimum_count=2, window=1, sample=0)
    vocabulary = Vocabulary.from_sentences([["a", "rare", "b"], ["b", "a"]], chosen)
    word_ids = vocabulary.encode(["a", "rare", "b"])
    steps = list(reference.training_steps(word_ids, vocabulary, chosen, np.random.default_rng(0)))
    assert [(step.target_id, step.input_ids.tolist()) for step in steps] == [
        (vocabulary.word_ids["a"], [vocabulary.word_ids["b"]]),
        (vocabulary.word_ids["b"], [vocabulary.word_ids["a"]]),
    ]


@pytest.mark.parametrize("name", ["vector_size", "window", "negative", "epochs"])
def test_nonsensical_settings_are_named(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        Settings(**{name: 0})


@pytest.mark.parametrize("sentences", [[], [[]], [["once", "only"]]])
def test_a_corpus_without_frequent_words_is_refused(sentences):
    with pytest.raises(CorpusError, match="minimum_count=5"):
        reference.train(sentences)
