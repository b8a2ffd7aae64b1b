"""gensim's own tests, as they are installed with it, over w2vplus's classes.

Each of gensim's test modules is loaded a second time under another name and given w2vplus's classes in the
globals where it imports gensim's; the files are run unmodified. Left out are, by name, tests that exercise
nothing of ours.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import types
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("testfixtures", reason="gensim's tests import testfixtures")

import gensim.models.word2vec as gensim_word2vec
from gensim.models import KeyedVectors

import w2vplus.phrases.counting
import w2vplus.phrases.tally
import w2vplus.word2vec
from w2vplus import _sgd, collocations, load_vectors

EXCLUDED = {
    "TestWord2VecSentenceIterators.test_cython_line_sentence_works_with_filename":
        "tests the reader inside gensim's extension module word2vec_corpusfile",
    "TestWord2VecScripts.test_word2vec_stand_alone_script":
        "starts gensim's own script in a process of its own",
}  # fmt: skip
"""Tests of gensim's test_word2vec.py that are not run, and why; nothing is left out of the other modules."""


def second_copy(name: str) -> types.ModuleType:
    """The test module `gensim.test.<name>`, loaded anew, so that its globals may be changed."""
    new_name = f"gensim_{name}_over_w2vplus"
    origin = importlib.util.find_spec(f"gensim.test.{name}").origin
    spec = importlib.util.spec_from_file_location(new_name, origin)
    module = importlib.util.module_from_spec(spec)
    sys.modules[new_name] = module  # what the tests pickle by module name
    spec.loader.exec_module(module)
    return module


class VectorsOfOurReader(KeyedVectors):
    """gensim's class, whose vectors come from w2vplus's reader where the tests call `load_word2vec_format`.
    """

    @classmethod
    def load_word2vec_format(cls, fname: Any, binary: bool = False, **options: Any) -> KeyedVectors:
        if options:  # files without a header are gensim's alone
            return super().load_word2vec_format(fname, binary=binary, **options)
        vectors = load_vectors(fname, format="bin" if binary else "txt")
        # The files hold no counts; gensim's reader makes some up by rank, and one test copies them.
        for key, index in vectors.key_to_index.items():
            vectors.set_vecattr(key, "count", len(vectors) - index)
        return vectors


word2vec_tests = second_copy("test_word2vec")
word2vec_tests.word2vec = w2vplus.word2vec
phrases_tests = second_copy("test_phrases")
phrases_tests.Phrases, phrases_tests.FrozenPhrases = w2vplus.phrases.Phrases, w2vplus.phrases.FrozenPhrases
vectors_tests = second_copy("test_keyedvectors")
vectors_tests.KeyedVectors = VectorsOfOurReader


def by_one_worker(test: Any) -> Any:
    """gensim's checks of online training ask for the sign of one similarity, which a few sentences have made. Two
    workers decide it by the order in which they happen to come; one has the same from run to run."""

    @functools.wraps(test)
    def run(self: Any) -> None:
        init = w2vplus.Word2Vec.__init__

        def with_one(model: Any, *arguments: Any, **settings: Any) -> None:
            init(model, *arguments, **{**settings, "workers": 1})

        with mock.patch.object(w2vplus.Word2Vec, "__init__", with_one):
            test(self)

    return run


def cases_of(module: types.ModuleType) -> dict[str, type[unittest.TestCase]]:
    """The module's test cases, without the excluded tests."""
    cases = {
        name: case
        for name, case in vars(module).items()
        if isinstance(case, type) and issubclass(case, unittest.TestCase)
    }
    for excluded in EXCLUDED:
        case_name, test_name = excluded.split(".")
        if case_name in cases:
            delattr(cases[case_name], test_name)
    for case in cases.values():
        for name in [name for name in vars(case) if name.startswith("test_") and name.endswith("_online")]:
            setattr(case, name, by_one_worker(getattr(case, name)))
    return cases


# gensim's test cases become test cases of this module; they look names up in the copies made above.
globals().update(
    {
        f"{name}Of{module.__name__.split('_')[2].capitalize()}": case
        for module in (word2vec_tests, phrases_tests, vectors_tests)
        for name, case in cases_of(module).items()
    }
)


class Spy:
    """What trained during one test: spans of our kernel, jobs of gensim's, and calls of `train`."""

    def __init__(self) -> None:
        self.spans = self.gensim_jobs = 0
        self.silent_calls: list[str] = []
        self.calls = 0


RAN: dict[str, Spy] = {}
PAIRS_COUNTED: set[str] = set()


@pytest.fixture(autouse=True)
def spy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Spy:
    """Watch both kernels; every `train` of our class must reach ours, and none may reach gensim's."""
    seen = RAN.setdefault(request.node.nodeid, Spy())
    gensim_job, our_train = gensim_word2vec.Word2Vec._do_train_job, w2vplus.word2vec.Word2Vec.train

    class CountingWorker(_sgd.Worker):
        def train_span(self, *arguments: Any) -> tuple[int, int, int, float]:
            seen.spans += 1
            return super().train_span(*arguments)

    def train(self: Any, *arguments: Any, **keywords: Any) -> Any:
        spans = seen.spans
        trained = our_train(self, *arguments, **keywords)
        seen.calls += 1
        if seen.spans == spans:
            seen.silent_calls.append(f"{arguments!r:.60} {keywords}")
        return trained

    def do_train_job(self: Any, *arguments: Any) -> Any:
        seen.gensim_jobs += 1
        return gensim_job(self, *arguments)

    def count_candidates(*arguments: Any, **keywords: Any) -> Any:
        PAIRS_COUNTED.add(request.node.nodeid)
        return collocations.count_candidates(*arguments, **keywords)

    monkeypatch.setattr(_sgd, "Worker", CountingWorker)
    monkeypatch.setattr(w2vplus.word2vec.Word2Vec, "train", train)
    for room in (w2vplus.phrases.counting, w2vplus.phrases.tally):
        monkeypatch.setattr(room, "count_candidates", count_candidates)
    # gensim's method is wrapped on the class itself, so that it stays the one that hooks are compared with
    monkeypatch.setattr(gensim_word2vec.Word2Vec, "_do_train_job", do_train_job)
    yield seen
    assert seen.silent_calls == [], "our kernel trained nothing in a call of train"
    assert seen.gensim_jobs == 0, "gensim's kernel trained"


def test_at_most_two_of_gensims_tests_are_left_out_each_with_a_reason() -> None:
    assert len(EXCLUDED) <= 2 and all(EXCLUDED.values())


def test_all_of_gensims_other_tests_are_here() -> None:
    def tests_in(origin: str) -> set[str]:
        module = second_copy(origin)
        loader = unittest.defaultTestLoader
        return {
            f"{name}.{test}"
            for name, case in vars(module).items()
            if isinstance(case, type) and issubclass(case, unittest.TestCase)
            for test in loader.getTestCaseNames(case)
        }

    here = {
        f"{case.__name__}.{test}"
        for case in globals().values()
        if isinstance(case, type) and issubclass(case, unittest.TestCase)
        for test in unittest.defaultTestLoader.getTestCaseNames(case)
    }
    installed = set().union(*map(tests_in, ("test_word2vec", "test_phrases", "test_keyedvectors")))
    assert installed - here == set(EXCLUDED)


def test_the_kernel_ran_in_every_test_that_trains(request: pytest.FixtureRequest) -> None:
    """Counted over the tests above, if all of them were run."""
    tests = [item for item in request.session.items if item.path == Path(__file__)]
    if any(item.nodeid not in RAN for item in tests) or len(tests) < 150:
        pytest.skip("counts only when the whole module is run in one process")
    trained = {name for name, seen in RAN.items() if seen.calls}
    assert all(RAN[name].spans >= RAN[name].calls for name in trained)
    assert len(trained) >= 55
    assert len(PAIRS_COUNTED) >= 30
