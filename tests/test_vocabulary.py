"""The vocabulary tables against gensim's own, against plain loops, and against their definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

import numpy as np
import pytest
from gensim import utils
from gensim.models import Word2Vec
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.vocabulary import (
    TRIM_DEFAULT,
    TRIM_DISCARD,
    TRIM_KEEP,
    AliasTable,
    huffman_tree,
    keep_probabilities,
    keep_thresholds,
    select_vocabulary,
)


def counted(sentences: list[list[str]]) -> tuple[list[Hashable], np.ndarray]:
    """Types in order of first occurrence and their counts."""
    counts = Counter(token for sentence in sentences for token in sentence)
    return list(counts), np.array(list(counts.values()), dtype=np.int64)


def random_sentences(seed: int, n_sentences: int = 200, n_types: int = 150) -> list[list[str]]:
    """Sentences whose types have small counts, so that most counts are shared by many types."""
    generator = np.random.default_rng(seed)
    return [
        [f"w{number}" for number in generator.integers(0, n_types, size=generator.integers(0, 8))]
        for _ in range(n_sentences)
    ]


@pytest.fixture(scope="module")
def lee_sentences() -> list[list[str]]:
    with utils.open(datapath("lee_background.cor"), "rb") as lines:
        return [utils.to_unicode(line).split() for line in lines]


def gensim_vocabulary(sentences: list[list[str]], **settings: object) -> Word2Vec:
    settings = {"min_count": 1, **settings}
    model = Word2Vec(vector_size=1, workers=1, **settings)
    model.build_vocab(sentences)
    return model


def assert_same_vocabulary(sentences: list[list[str]], **settings: object) -> None:
    model = gensim_vocabulary(sentences, **settings)
    arguments = {name: settings[name] for name in ("max_final_vocab", "trim_rule") if name in settings}
    types, counts = counted(sentences)
    vocabulary = select_vocabulary(
        types,
        counts,
        min_count=settings.get("min_count", 1),
        sort=bool(settings.get("sorted_vocab", True)),
        **arguments,
    )
    assert vocabulary.keys == model.wv.index_to_key
    assert vocabulary.counts.tolist() == [model.wv.get_vecattr(key, "count") for key in vocabulary.keys]
    assert vocabulary.effective_min_count == model.effective_min_count


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sorted_vocab", [1, 0])
def test_word_order_equals_gensims_among_many_ties(seed: int, sorted_vocab: int) -> None:
    assert_same_vocabulary(random_sentences(seed), min_count=1 + seed % 4, sorted_vocab=sorted_vocab)


@pytest.mark.parametrize("min_count", [1, 2, 5])
def test_word_order_equals_gensims_on_the_lee_corpus(lee_sentences: list[list[str]], min_count: int) -> None:
    assert_same_vocabulary(lee_sentences, min_count=min_count)


@pytest.mark.parametrize("max_final_vocab", [1, 2, 10, 99, 149, 150, 10**6])
@pytest.mark.parametrize("min_count", [1, 3])
def test_max_final_vocab_cuts_where_gensim_cuts(max_final_vocab: int, min_count: int) -> None:
    sentences = [*random_sentences(3), ["most"] * 100]  # one word survives the tightest cut
    assert_same_vocabulary(sentences, min_count=min_count, max_final_vocab=max_final_vocab)


def test_trim_rule_has_gensims_verdicts_and_arguments() -> None:
    calls = []

    def rule(token: str, count: int, min_count: int) -> int:
        calls.append((token, count, min_count))
        number = int(token[1:])
        return (utils.RULE_DEFAULT, utils.RULE_DISCARD, utils.RULE_KEEP)[number % 3]

    assert (TRIM_DEFAULT, TRIM_DISCARD, TRIM_KEEP) == (0, 1, 2)
    sentences = random_sentences(5)
    types, counts = counted(sentences)
    vocabulary = select_vocabulary(types, counts, min_count=4, trim_rule=rule)
    assert calls == [(token, count, 4) for token, count in zip(types, counts.tolist(), strict=True)]
    assert all(type(count) is int for _, count, _ in calls)
    calls.clear()
    model = Word2Vec(vector_size=1, min_count=4)
    model.build_vocab(sentences)
    model.scan_vocab(sentences)
    model.prepare_vocab(trim_rule=rule)
    assert vocabulary.keys == model.wv.index_to_key


def test_empty_vocabularies_are_returned_not_refused() -> None:
    nothing = select_vocabulary([], np.array([], dtype=np.int64), min_count=1, max_final_vocab=0)
    assert len(nothing) == 0
    too_rare = select_vocabulary(["a", "b"], np.array([1, 2]), min_count=3)
    assert too_rare.keys == [] and too_rare.retained_total == 0
    none_wanted = select_vocabulary(["a", "b"], np.array([1, 2]), min_count=1, max_final_vocab=0)
    assert none_wanted.keys == [] and none_wanted.effective_min_count == 3


def test_select_vocabulary_names_the_broken_rule() -> None:
    with pytest.raises(ValueError, match="got 1 types and 2 counts"):
        select_vocabulary(["a"], np.array([1, 2]), min_count=1)
    with pytest.raises(ValueError, match="max_final_vocab must be at least 0, got -1"):
        select_vocabulary(["a"], np.array([1]), min_count=1, max_final_vocab=-1)


@pytest.mark.parametrize("sample", [0, 1e-5, 1e-3, 0.1, 1, 2.5, 7, 1000])
@pytest.mark.parametrize("min_count", [1, 5])
def test_keep_thresholds_equal_gensims_sample_int(
    lee_sentences: list[list[str]], sample: float, min_count: int
) -> None:
    model = gensim_vocabulary(lee_sentences, sample=sample, min_count=min_count)
    counts = np.array([model.wv.get_vecattr(key, "count") for key in model.wv.index_to_key])
    expected = np.array([model.wv.get_vecattr(key, "sample_int") for key in model.wv.index_to_key])
    thresholds = keep_thresholds(counts, sample)
    assert thresholds.dtype == np.uint32
    assert np.array_equal(thresholds, expected)


def test_keep_probabilities_have_the_known_values() -> None:
    total = 1_000_000
    proportions = np.array([0.0026, 0.00746, 0.98994])
    probabilities = keep_probabilities((proportions * total).astype(np.int64), 0.001)
    assert probabilities == pytest.approx([1.0, 0.5, 0.033], abs=0.005)


def test_keep_probabilities_of_degenerate_counts_keep_everything() -> None:
    assert keep_probabilities(np.array([], dtype=np.int64), 0.001).shape == (0,)
    assert keep_probabilities(np.array([0, 0]), 0.001).tolist() == [1.0, 1.0]
    assert keep_thresholds(np.array([0, 10**6]), 0.0).tolist() == [2**32 - 1, 2**32 - 1]


@pytest.mark.parametrize("sample", [-1, float("nan")])
def test_negative_sample_is_refused(sample: float) -> None:
    with pytest.raises(ValueError, match="sample must be at least 0"):
        keep_probabilities(np.array([1]), sample)


def implied_probabilities(table: AliasTable) -> np.ndarray:
    """The distribution that a table's draws follow."""
    bucket_count = len(table.thresholds)
    own_share = table.thresholds / 2**32
    own_share[table.aliases == np.arange(bucket_count)] = 1
    given_away = np.bincount(table.aliases, weights=1 - own_share, minlength=bucket_count)
    return (own_share + given_away) / bucket_count


@given(
    counts=st.lists(st.integers(1, 10**9), min_size=1, max_size=300),
    exponent=st.sampled_from([0.0, 0.5, 0.75, 1.0, -0.5]),
)
@settings(max_examples=150)
def test_alias_table_implies_the_powered_counts(counts: list[int], exponent: float) -> None:
    table = AliasTable.from_counts(np.array(counts), exponent)
    expected = np.array(counts, dtype=np.float64) ** exponent
    assert np.allclose(implied_probabilities(table), expected / expected.sum(), rtol=0, atol=1e-7)
    assert table.thresholds.dtype == np.uint32 and table.aliases.dtype == np.int32
    assert ((table.aliases >= 0) & (table.aliases < len(counts))).all()


def test_alias_table_of_a_large_zipf_vocabulary_is_exact_and_never_draws_count_zero() -> None:
    counts = (1e9 / np.arange(1, 300_001)).astype(np.int64)
    counts[1000] = 0
    table = AliasTable.from_counts(counts, 0.75)
    expected = counts**0.75
    assert np.allclose(implied_probabilities(table), expected / expected.sum(), rtol=0, atol=1e-7)
    assert table.thresholds[1000] == 0 and 1000 not in table.aliases


def test_alias_draws_pass_a_chi_square_test() -> None:
    generator = np.random.default_rng(11)
    counts = generator.integers(1, 5000, size=400)
    table = AliasTable.from_counts(counts, 0.75)
    draw_count = 2_000_000
    buckets = generator.integers(0, len(counts), size=draw_count)
    coins = generator.integers(0, 2**32, size=draw_count, dtype=np.uint32)
    drawn = np.where(coins < table.thresholds[buckets], buckets, table.aliases[buckets])
    expected = counts**0.75 / (counts**0.75).sum() * draw_count
    chi_square = float(((np.bincount(drawn, minlength=len(counts)) - expected) ** 2 / expected).sum())
    freedom = len(counts) - 1
    assert abs(chi_square - freedom) < 4 * np.sqrt(2 * freedom)


def test_alias_table_edges() -> None:
    assert AliasTable.from_counts(np.array([], dtype=np.int64), 0.75).thresholds.shape == (0,)
    assert implied_probabilities(AliasTable.from_counts(np.array([7]), 0.75)).tolist() == [1.0]
    with pytest.raises(ValueError, match=r"finite positive sum, got 0\.0"):
        AliasTable.from_counts(np.array([0, 0]), 0.75)
    with pytest.raises(ValueError, match="finite positive sum, got inf"):
        AliasTable.from_counts(np.array([0, 3]), -0.5)


def assert_same_tree(counts: list[int]) -> None:
    model = Word2Vec(vector_size=1, min_count=1, hs=1, negative=0, sorted_vocab=0)
    model.build_vocab_from_freq({f"w{word_id}": count for word_id, count in enumerate(counts)})
    tree = huffman_tree(np.array(counts, dtype=np.int64))
    assert tree.inner_nodes.dtype == np.int32 and tree.codes.dtype == np.uint8
    assert tree.path_starts[-1] == len(tree.inner_nodes) == len(tree.codes)
    for word_id in range(len(counts)):
        inner_nodes, codes = tree.path(word_id)
        assert inner_nodes.tolist() == list(model.wv.get_vecattr(word_id, "point"))
        assert codes.tolist() == list(model.wv.get_vecattr(word_id, "code"))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=60), st.booleans())
@settings(max_examples=60)
def test_huffman_paths_equal_gensims_among_many_ties(counts: list[int], by_falling_count: bool) -> None:
    assert_same_tree(sorted(counts, reverse=True) if by_falling_count else counts)


def test_huffman_paths_equal_gensims_on_the_lee_corpus(lee_sentences: list[list[str]]) -> None:
    types, counts = counted(lee_sentences)
    assert_same_tree(select_vocabulary(types, counts, min_count=2).counts.tolist())


def test_huffman_paths_of_fibonacci_counts_are_deep_and_right() -> None:
    counts = [1, 1]
    while len(counts) < 60:
        counts.append(counts[-1] + counts[-2])
    assert_same_tree(counts)
    tree = huffman_tree(np.array(counts))
    assert np.diff(tree.path_starts).max() == 59


def test_huffman_tree_of_no_and_of_one_word_has_no_paths() -> None:
    assert huffman_tree(np.array([], dtype=np.int64)).path_starts.tolist() == [0]
    single = huffman_tree(np.array([9]))
    assert single.path_starts.tolist() == [0, 0] and len(single.codes) == 0
