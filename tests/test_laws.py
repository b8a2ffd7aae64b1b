"""The comparison of laws runs on both corpora, and its scores know good vectors from bad ones."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models import Word2Vec as GensimWord2Vec
from gensim.models.word2vec import LineSentence
from gensim.test.utils import datapath

from w2vplus import Word2Vec
from w2vplus.bench import laws
from w2vplus.trainer import SMALLEST_SHARING_VOCABULARY


def vectors_of(words, rows):
    vectors = KeyedVectors(rows.shape[1])
    vectors.add_vectors(words, rows.astype(np.float32))
    return vectors


def test_the_score_of_blocks_is_the_share_of_nearest_neighbours_in_the_same_block():
    task = laws.planted_blocks()
    nodes = laws.BLOCKS * laws.BLOCK_NODES
    assert len(task.sentences) == laws.WALKS * nodes
    assert {word for walk in task.sentences for word in walk} == set(map(str, range(nodes)))
    words = list(map(str, range(nodes)))
    blocks = np.repeat(np.eye(laws.BLOCKS), laws.BLOCK_NODES, axis=0)
    assert task.score(vectors_of(words, blocks)) == 1
    noise = np.random.default_rng(0).normal(size=(nodes, 50))
    assert task.score(vectors_of(words, noise)) < 0.2


def test_trained_vectors_of_the_news_agree_with_people_more_than_random_ones():
    task = laws.lee_news()
    assert len(task.sentences) == 350
    settings = {"vector_size": 20, "sg": 1, "workers": 1, "window": 20, **task.settings}
    model = Word2Vec(task.sentences, **{**settings, "epochs": 5})
    random = np.random.default_rng(0).normal(size=model.wv.vectors.shape)
    assert task.score(model.wv) > task.score(vectors_of(model.wv.index_to_key, random)) + 0.1


def test_the_table_has_a_line_for_every_setting(capsys, monkeypatch):
    monkeypatch.setattr(laws, "WALKS", 1)
    laws.main(["--seeds", "1", "--windows", "2", "--negatives", "1"])
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["task", "window", "noise"]
    assert [line[:14].strip() for line in lines] == ["Lee documents", "planted blocks"]
    assert all(line.count("±") == 3 for line in lines)


def test_the_table_has_a_column_for_each_law_that_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(laws, "WALKS", 1)
    laws.main(["--seeds", "1", "--windows", "2", "--negatives", "1", "--laws", "per-pair", "shared"])
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[3:] == ["per-pair", "shared"]
    assert all(line.count("±") == 2 for line in lines)


def test_the_shared_law_is_not_that_of_pairs_however_small_the_vocabulary():
    walks = laws.planted_blocks().sentences[:50]
    two = (laws.LAWS["shared"], laws.LAWS["per-pair"])
    shared, per_pair = (Word2Vec(walks, min_count=1, sg=1, workers=1, **law).wv for law in two)
    assert not np.array_equal(shared.vectors, per_pair.vectors)


def test_hundreds_of_noise_words_do_not_drive_vectors_away():
    sentences = list(LineSentence(datapath("lee_background.cor")))

    def largest(kind, **law):
        settings = {"sg": 1, "negative": 300, "vector_size": 20, "workers": 1, "epochs": 1, "min_count": 1, "seed": 1}
        return float(np.abs(kind(sentences, **settings, **law).wv.vectors).max())

    found = {shared: largest(Word2Vec, shared_negatives=shared) for shared in (3, 1, 0, None)}
    gensims = largest(GensimWord2Vec)
    print(f"largest number of a vector by shared_negatives: {found}; gensim: {gensims}")
    assert found[3] > 2 * gensims > 2 * found[None] == 2 * found[0]


@pytest.mark.parametrize(("negative", "alpha", "window"), [(50, 0.2, 5), (100, 0.1, 9), (20, 0.3, 5)])
def test_many_noise_words_at_high_learning_rates_do_not_either(negative, alpha, window):
    sentences = list(LineSentence(datapath("lee_background.cor")))
    settings = {"sg": 1, "negative": negative, "alpha": alpha, "window": window, "vector_size": 20, "sample": 0}
    model = Word2Vec(sentences, **settings, workers=1, epochs=1, min_count=1, seed=1)
    assert len(model.wv) > SMALLEST_SHARING_VOCABULARY
    assert np.abs(model.wv.vectors).max() < 10
