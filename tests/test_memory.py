"""What `estimate_memory` says against the peak of a process that trains, and its form against gensim's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import gensim
import numpy as np
import pytest
from gensim.test.utils import common_texts

import w2vplus
from w2vplus import Word2Vec
from w2vplus._sgd import hot_bytes

SCRIPT = """
import json, resource, sys
import w2vplus.corpus, w2vplus.trainer
from w2vplus import Word2Vec

corpus, settings = sys.argv[1], json.loads(sys.argv[2])
before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
model = Word2Vec(**{"workers": 1, **settings}, epochs=1)
model.build_vocab(corpus_file=corpus)
model.train(corpus_file=corpus, total_examples=model.corpus_count, epochs=1)
# ru_maxrss would begin with the size of the process that started this one.
peak = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([peak - before, model.estimate_memory()["total"]]))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """100,000 words that occur three times each, and as many that occur once."""
    words = np.append(np.repeat(np.arange(100_000), 3), np.arange(100_000, 200_000))
    np.random.default_rng(0).shuffle(words)
    path = tmp_path_factory.mktemp("memory") / "corpus.txt"
    path.write_text("\n".join(" ".join(f"w{word:07d}" for word in line) for line in words.reshape(-1, 100)))
    return path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the process's memory is read from /proc")
@pytest.mark.parametrize(
    "settings",
    [
        {"vector_size": 100, "min_count": 2},
        {"vector_size": 40, "min_count": 1, "sg": 1},
        {"vector_size": 40, "min_count": 2, "sg": 1, "hs": 1, "negative": 0},
        {"vector_size": 40, "min_count": 2, "hs": 1},
        {"vector_size": 100, "min_count": 2, "workers": 8},
    ],
)
def test_the_estimate_is_within_a_tenth_of_the_peak(corpus, tmp_path, settings):
    path = os.pathsep.join(filter(None, [str(Path(w2vplus.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(corpus), json.dumps(settings)],
        env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak, estimate = json.loads(done.stdout)
    assert estimate == pytest.approx(peak, rel=0.1)


@pytest.mark.parametrize("law", [{}, {"hs": 1}, {"hs": 1, "negative": 0}])
def test_the_report_has_gensims_form(law):
    ours = Word2Vec(common_texts, min_count=1, vector_size=8, **law)
    theirs = gensim.models.Word2Vec(common_texts, min_count=1, vector_size=8, **law)
    report = ours.estimate_memory()
    assert report.keys() == theirs.estimate_memory().keys()
    assert {name: report[name] for name in ("vectors", "syn1", "syn1neg") if name in report} == {
        name: 12 * 8 * 4 for name in report if name not in ("vocab", "total")
    }


def test_memory_of_a_vocabulary_that_is_not_there_yet():
    given = {"mine": 1}
    report = Word2Vec(vector_size=300).estimate_memory(vocab_size=1_000_000, report=given)
    assert report is given and report["mine"] == 1
    assert report["vectors"] == report["syn1neg"] == 1_200_000_000
    copies = 3 * 2 * 2 * hot_bytes(3)  # by three workers, of two matrices, as they are and as they were
    assert report["total"] == report["vocab"] + 2_400_000_000 + copies
