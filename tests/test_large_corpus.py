"""A corpus of a hundred million tokens is encoded and trained with bounded memory of its own.

W2VPLUS_TEST_TOKENS asks for more; with `-s` the curve of the memory is printed:

    W2VPLUS_TEST_TOKENS=1000000000 pytest -m slow -s tests/test_large_corpus.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORDS_A_LINE = 25
LINES_A_BLOCK = 10_000
LINES = int(os.environ.get("W2VPLUS_TEST_TOKENS", "100000000")) // WORDS_A_LINE // LINES_A_BLOCK * LINES_A_BLOCK
SPILL_ABOVE = 64 << 20

SCRIPT = """
import json, sys, threading, time
from pathlib import Path
from w2vplus import Word2Vec
from w2vplus.corpus import encode

peaks, curve, phase, begun = {}, [], "start", time.perf_counter()

def watch():
    while phase:
        fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
        now = {kind: int(fields[kind].split()[0]) << 10 for kind in ("RssAnon", "RssFile")}
        before = peaks.setdefault(phase, now)
        peaks[phase] = {kind: max(size, before[kind]) for kind, size in now.items()}
        curve.append((time.perf_counter() - begun, phase, now["RssAnon"] >> 20, now["RssFile"] >> 20))
        time.sleep(0.02)

watcher = threading.Thread(target=watch)
watcher.start()
time.sleep(0.1)
phase = "encoding"
corpus = encode(sys.argv[1], workers=2, spill_above=int(sys.argv[2]))
phase = "training"
model = Word2Vec(vector_size=4, window=1, negative=1, workers=2, epochs=1, min_count=1)
model.build_vocab(corpus)
words = model.train(corpus, total_examples=model.corpus_count, epochs=1)[1]
phase = ""
watcher.join()
print(json.dumps({"words": words, "mapped": corpus.store.is_mapped, "peaks": peaks,
                  "curve": curve[:: len(curve) // 30 + 1]}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of memory")
def test_a_hundred_million_tokens_train_with_bounded_anonymous_memory(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    block = "".join(
        " ".join(f"w{(line * 31 + place * place * 7) % 5003}" for place in range(WORDS_A_LINE)) + "\n"
        for line in range(LINES_A_BLOCK)
    )
    with path.open("w") as file:
        for _ in range(LINES // LINES_A_BLOCK):
            file.write(block)
    command = [sys.executable, "-c", SCRIPT, str(path), str(SPILL_ABOVE)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=7200, check=True
    )
    report = json.loads(done.stdout)
    print("\nseconds  phase     RssAnon MB  RssFile MB")
    for seconds, phase, own, mapped in report["curve"]:
        print(f"{seconds:7.1f}  {phase:8}  {own:10,}  {mapped:10,}")
    assert report["mapped"] and report["words"] == LINES * WORDS_A_LINE
    start = report["peaks"]["start"]["RssAnon"]
    ids_and_boundaries = LINES * WORDS_A_LINE * 4 + LINES * 8
    for phase in ("encoding", "training"):
        # The limit, what encoders hold back and blocks in flight; a small vocabulary and small matrices.
        assert report["peaks"][phase]["RssAnon"] - start < SPILL_ABOVE + (96 << 20) < ids_and_boundaries / 2
    assert report["peaks"]["training"]["RssFile"] > ids_and_boundaries / 2
