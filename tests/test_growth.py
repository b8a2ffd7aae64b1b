"""Online growth: new words join the vocabulary, and what old weights have learnt keeps its meaning."""

from __future__ import annotations

import gensim.models
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vplus import Word2Vec
from w2vplus.vocabulary import huffman_tree, keep_thresholds
from w2vplus.word2vec.growth import graft

counts_of = st.lists(st.integers(1, 50), min_size=1, max_size=12)
OLD = [["apple", "pear", "plum", "apple"], ["pear", "fig", "apple", "plum"]] * 10
NEW = [["apple", "kiwi", "lime"], ["kiwi", "pear", "lime", "melon"]] * 10


def steps_of(tree, counts) -> int:
    """The steps of a text in which words occur so often."""
    return int((np.diff(tree.path_starts) * counts).sum())


@given(counts_of, st.lists(counts_of, min_size=1, max_size=3))
def test_a_grafted_tree_is_complete_and_keeps_every_old_path(old, additions):
    tree = huffman_tree(np.array(old, dtype=np.int64))
    for added in additions:
        counts = np.array([*old, *added], dtype=np.int64)
        grown = graft(tree, counts)
        fork = len(counts) - 2
        branch = []
        for word in range(len(counts)):
            nodes, codes = grown.path(word)
            assert len(set(nodes.tolist())) == len(nodes)
            if word < len(old):
                below = nodes != fork
                np.testing.assert_array_equal(nodes[below], tree.path(word)[0])
                np.testing.assert_array_equal(codes[below], tree.path(word)[1])
                branch += [word] * (not below.all())
            else:
                assert fork in nodes
        # a binary tree is complete when the chances of its leaves, 2^-length, add up to 1
        assert sum(2.0 ** -len(grown.path(word)[0]) for word in range(len(counts))) == 1
        assert set(grown.inner_nodes.tolist()) == set(range(len(counts) - 1))
        # the side with fewer occurrences is the 0 of the fork
        for words, code in ((branch, counts[branch].sum() >= sum(added)), (range(len(old), len(counts)), None)):
            turns = {int(codes[nodes == fork][0]) for nodes, codes in map(grown.path, words)}
            assert turns == {int(code) if code is not None else int(counts[branch].sum() < sum(added))}
        tree, old = grown, [*old, *added]


@given(counts_of, counts_of)
def test_new_words_are_grafted_where_a_text_gets_the_fewest_steps(old, added):
    tree = huffman_tree(np.array(old, dtype=np.int64))
    counts = np.array([*old, *added], dtype=np.int64)
    own = steps_of(huffman_tree(counts[len(old) :]), counts[len(old) :])
    paths = [tuple(zip(*(part.tolist() for part in tree.path(word)), strict=True)) for word in range(len(old))]
    branches = {path[:depth] for path in paths for depth in range(len(path) + 1)}
    costs = [
        sum(count for path, count in zip(paths, old, strict=True) if path[: len(branch)] == branch)
        + sum(added) * (len(branch) + 1)
        for branch in branches
    ]
    assert steps_of(graft(tree, counts), counts) == steps_of(tree, old) + own + min(costs)


def test_paths_stay_short_however_often_a_tree_grows():
    counts = 100_000 // np.arange(1, 500) + 1
    tree = huffman_tree(counts)
    for _ in range(100):
        counts = np.concatenate([counts, 50 // np.arange(1, 10) + 1])
        tree = graft(tree, counts)
    assert steps_of(tree, counts) < 1.01 * steps_of(huffman_tree(counts), counts)


def test_a_tree_does_not_shrink_or_grow_from_nothing():
    tree = huffman_tree(np.array([3, 2, 1]))
    with pytest.raises(ValueError, match="only grows"):
        graft(tree, np.array([3, 2]))
    with pytest.raises(ValueError, match="needs a word"):
        graft(huffman_tree(np.array([], dtype=np.int64)), np.array([3, 2]))
    assert graft(tree, np.array([9, 9, 9])) is tree


def chances(model, context: str) -> dict[str, float]:
    """P(word | context) of every word by the model's tree and `syn1`: the slow twin of hierarchical softmax.
    """
    found = {}
    for word in model.wv.index_to_key:
        codes, nodes = model.wv.get_vecattr(word, "code"), model.wv.get_vecattr(word, "point")
        logits = model.syn1[nodes.astype(int)] @ model.wv[context]
        found[word] = float(np.prod(1 / (1 + np.exp(-np.where(codes == 0, logits, -logits)))))
    return found


@pytest.mark.parametrize("sg", [0, 1])
def test_what_the_tree_predicts_among_old_words_is_unchanged_by_growth(sg):
    settings = {"hs": 1, "negative": 0, "min_count": 1, "vector_size": 8, "workers": 1, "sample": 0}
    model = Word2Vec(OLD, sg=sg, epochs=20, **settings)
    before = chances(model, "apple")
    assert sum(before.values()) == pytest.approx(1)
    rows = model.syn1.copy()
    model.build_vocab(NEW, update=True)
    np.testing.assert_array_equal(model.syn1[: len(rows)], rows)
    after = chances(model, "apple")
    assert sum(after.values()) == pytest.approx(1)
    fork = len(model.wv) - 2
    branch = [word for word in before if fork in model.wv.get_vecattr(word, "point")]
    for words in (branch, before.keys() - branch):
        share_before, share_after = (sum(chance[word] for word in words) for chance in (before, after))
        for word in words:
            assert after[word] / share_after == pytest.approx(before[word] / share_before, rel=1e-5)
    model.train(NEW, total_examples=model.corpus_count, epochs=30)
    assert chances(model, "kiwi")["lime"] > chances(model, "kiwi")["fig"]


def test_gensim_reads_and_trains_a_grown_tree(tmp_path):
    model = Word2Vec(OLD, hs=1, negative=0, min_count=1, vector_size=8, workers=1)
    model.build_vocab(NEW, update=True)
    model.train(NEW, total_examples=model.corpus_count, epochs=3)
    theirs = gensim.models.Word2Vec(OLD, hs=1, negative=0, min_count=1, vector_size=8, workers=1)
    theirs.__dict__.update({name: model.__dict__[name] for name in ("wv", "syn1", "corpus_count")})
    sentences = [["apple", "pear"], ["kiwi", "lime", "plum"]]
    np.testing.assert_allclose(theirs.score(sentences, 2), model.score(sentences, 2))
    rows = theirs.syn1.copy()
    theirs.train(NEW, total_examples=len(NEW), epochs=3)
    assert not np.array_equal(theirs.syn1[: len(theirs.wv) - 1], rows[:-1])
    np.testing.assert_array_equal(theirs.syn1[-1], rows[-1])  # the free row


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}])
def test_counts_are_merged_and_subsampling_and_noise_follow_them(settings):
    model = Word2Vec(OLD, min_count=2, vector_size=4, sample=0.01, **settings)
    model.build_vocab(NEW, update=True)
    merged = {"apple": 40, "pear": 30, "plum": 20, "fig": 10, "kiwi": 20, "lime": 20, "melon": 10}
    assert {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key} == merged
    counts = np.array([merged[word] for word in model.wv.index_to_key])
    np.testing.assert_array_equal(model.wv.expandos["sample_int"], keep_thresholds(counts, 0.01))
    if not settings:
        assert np.diff(model.cum_table.astype(float), prepend=0) == pytest.approx(
            counts**0.75 / (counts**0.75).sum() * (2**31 - 1), abs=2
        )


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}, {"hs": 1, "negative": 3}])
def test_an_update_without_new_words_leaves_words_weights_and_paths_alone(settings):
    model = Word2Vec(OLD, min_count=1, vector_size=4, workers=1, **settings)
    names = [name for name in ("syn1", "syn1neg") if hasattr(model, name)]
    before = {name: getattr(model, name).copy() for name in names}
    vectors, words = model.wv.vectors.copy(), list(model.wv.index_to_key)
    paths = [model.wv.get_vecattr(word, "point") for word in words] if model.hs else []
    model.build_vocab(OLD, update=True)
    assert model.wv.index_to_key == words
    np.testing.assert_array_equal(model.wv.vectors, vectors)
    for name in names:
        np.testing.assert_array_equal(getattr(model, name), before[name])
    for word, path in zip(words, paths, strict=False):
        np.testing.assert_array_equal(model.wv.get_vecattr(word, "point"), path)


def test_words_without_paths_are_grafted_wherever_they_stand():
    model = Word2Vec(OLD, hs=1, negative=0, min_count=1, vector_size=8, workers=1)
    for count in (100, 15):
        word = f"added{count}"
        model.wv.add_vectors([word], np.ones((1, 8), np.float32))
        model.wv.set_vecattr(word, "count", count)
    model.sort_vocabulary()
    assert model.wv.index_to_key[0] == "added100"
    before = {word: model.wv.get_vecattr(word, "code") for word in model.wv.index_to_key}
    model.build_vocab([["new1", "new2"]] * 5, update=True)
    paths = [model.wv.get_vecattr(word, "point").tolist() for word in model.wv.index_to_key]
    codes = [model.wv.get_vecattr(word, "code").tolist() for word in model.wv.index_to_key]
    assert sum(2.0 ** -len(code) for code in codes) == 1
    assert {node for path in paths for node in path} == set(range(len(model.wv) - 1))
    for word, code in before.items():
        now = model.wv.get_vecattr(word, "code").tolist()
        assert not len(code) or len(code) <= len(now) <= len(code) + 1
    model.train(NEW, total_examples=len(NEW), epochs=1)


def test_growth_of_nothing_is_refused():
    with pytest.raises(RuntimeError, match="no prior vocabulary"):
        Word2Vec(min_count=1).build_vocab(OLD, update=True)


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}, {"hs": 1, "negative": 3}])
def test_a_sorted_vocabulary_has_everything_at_its_new_place(settings):
    model = Word2Vec(OLD, min_count=1, vector_size=4, workers=1, seed=1, **settings)
    model.build_vocab([["kiwi"] * 90, ["fig"] * 25], update=True)
    model.train(NEW, total_examples=len(NEW), epochs=1)
    model.wv.vectors_lockf = np.linspace(0.1, 1, len(model.wv), dtype=np.float32)
    names = ["count", "sample_int", *(["code", "point"] if model.hs else [])]

    def belongings(word):
        row = model.wv.key_to_index[word]
        outputs = model.syn1neg[row].tolist() if model.negative else None
        columns = [np.array(model.wv.get_vecattr(word, name)).tolist() for name in names]
        return model.wv[word].tolist(), model.wv.vectors_lockf[row], outputs, columns

    before, nodes = {word: belongings(word) for word in model.wv.index_to_key}, getattr(model, "syn1", None)
    model.negative, negative = 0, model.negative  # its table belongs to the words all the same
    model.sort_vocabulary()
    model.negative = negative
    assert model.wv.index_to_key[:2] == ["kiwi", "fig"] != list(before)[:2]
    counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    assert counts == sorted(counts, reverse=True)
    assert {word: belongings(word) for word in model.wv.index_to_key} == before
    assert getattr(model, "syn1", None) is nodes
    if model.negative:
        shares = np.diff(model.cum_table.astype(float), prepend=0) / model.cum_table[-1]
        assert shares == pytest.approx(np.array(counts) ** 0.75 / (np.array(counts) ** 0.75).sum(), abs=1e-8)
        model.cum_table = np.arange(1, len(model.wv) + 1, dtype=np.uint32)[::-1].cumsum().astype(np.uint32)
        own = dict(zip(model.wv.index_to_key, np.diff(model.cum_table.astype(int), prepend=0).tolist(), strict=True))
        model.wv.set_vecattr("fig", "count", 10**6)
        model.sort_vocabulary()
        assert model.wv.index_to_key[0] == "fig"
        after = zip(model.wv.index_to_key, np.diff(model.cum_table.astype(int), prepend=0).tolist(), strict=True)
        assert dict(after) == own
    model.train(NEW, total_examples=len(NEW), epochs=1)
