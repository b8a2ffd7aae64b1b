"""The examples about graphs, baskets, pretrained vectors and packages, run as a reader runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("gensim")

from gensim.models import KeyedVectors
from test_examples import EXAMPLES, neighbours, output_of


def test_nodes_are_near_those_of_their_group_and_stay_integers(tmp_path: Path) -> None:
    found = neighbours(output_of(EXAMPLES / "graph_walks.py", tmp_path))
    assert set(found) == {"5", "25"}
    for node, near in found.items():
        assert {int(other) // 10 for other in near} == {int(node) // 10}
    loaded = KeyedVectors.load(str(tmp_path / "nodes.kv"))
    assert set(loaded.index_to_key) == set(range(40))


def test_products_of_one_taste_are_near_each_other(tmp_path: Path) -> None:
    found = neighbours(output_of(EXAMPLES / "baskets.py", tmp_path))
    assert set(found["coffee"]) <= {"oats", "milk", "honey", "jam", "toast"}
    assert set(found["yeast"]) <= {"flour", "sugar", "butter", "cocoa", "vanilla"}


def test_pretrained_words_stay_and_new_ones_come(tmp_path: Path) -> None:
    output = output_of(EXAMPLES / "pretrained.py", tmp_path)
    known, total = map(int, re.search(r"(\d+) of (\d+) words were known", output).groups())
    assert 0 < known < total and "stayed as they were: True" in output
    assert int(re.search(r"(\d+) words are new", output)[1]) > 100


def test_a_package_is_accelerated_inside_the_block(tmp_path: Path) -> None:
    output = output_of(EXAMPLES / "accelerate_package.py", tmp_path)
    assert re.search(r"^outside: gensim\.models\.word2vec$", output, re.MULTILINE)
    assert re.search(r"^inside:  w2vplus\.word2vec\.model$", output, re.MULTILINE)
