"""The trainers of C and C++ that PyPI has, as peers: fastText without subwords, and Mikolov's word2vec.c.

Both train from a file and read it first. What is timed is what twice the epochs take longer (fastText), or the whole
program with its vocabulary given (word2vec.c), so that training alone is left, as for the others.
fastText draws noise words by the square root of their counts, which cannot be set; neither has a seed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.bench.corpus import BenchCorpus
from w2vplus.bench.peers import BenchError, Settings, Training

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


ALPHA = 0.025
"""The first learning rate of gensim and w2vplus unless asked otherwise."""


NO_SUBWORD = 100
"""Letters: no word has subwords of that length. Switched off by maxn=0, fasttext 0.9.3 ends with "Encountered NaN"."""


def kept_words(corpus: BenchCorpus, settings: Settings) -> dict[str, int]:
    """Words with their counts, most frequent first, as `min_count` leaves them."""
    encoded = corpus.encoded
    order = np.argsort(-encoded.counts, kind="stable")
    kept = order[encoded.counts[order] >= settings.min_count]
    return {str(encoded.types[word]): int(encoded.counts[word]) for word in kept.tolist()}


class FastText:
    """Facebook's fastText (Joulin et al. 2017) as `fasttext.train_unsupervised` with whole words only."""

    name = "fasttext"
    module = None

    def version(self) -> str:
        return version("fasttext")

    def prepare(self, corpus: BenchCorpus, settings: Settings) -> str:
        return f"file of {corpus.lines.path.stat().st_size >> 20} MB; the time of as many epochs more"

    def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
        once, model = self._timed(corpus, settings, epochs=settings.epochs)
        twice, _ = self._timed(corpus, settings, epochs=2 * settings.epochs)
        words, counts = model.get_words(include_freq=True)
        theirs = {word: int(count) for word, count in zip(words, counts, strict=True) if word != "</s>"}
        complete = theirs == kept_words(corpus, settings)
        # It says nothing of what it trained, but goes on until it has met as many words as it has counted.
        raw_words = corpus.token_count * settings.epochs if complete else sum(theirs.values()) * settings.epochs
        return Training(max(twice - once, 1e-9), raw_words, lambda: self._vectors(model))

    def command(self, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
        raise BenchError("fasttext has no whole row: leave it out of --peers, or measure --rows training")

    @staticmethod
    def _timed(corpus: BenchCorpus, settings: Settings, epochs: int) -> tuple[float, Any]:
        import fasttext

        law = settings.arguments(seed=1)
        started = time.perf_counter()
        model = fasttext.train_unsupervised(
            str(corpus.lines.path), model="skipgram" if law["sg"] else "cbow", lr=ALPHA, dim=settings.vector_size,
            ws=settings.window, epoch=epochs, minCount=settings.min_count, minn=NO_SUBWORD, maxn=NO_SUBWORD,
            neg=law["negative"], loss="hs" if law["hs"] else "ns", t=settings.sample,
            thread=settings.workers, verbose=0,
        )  # fmt: skip
        return time.perf_counter() - started, model

    @staticmethod
    def _vectors(model: Any) -> KeyedVectors:
        from gensim.models import KeyedVectors

        words = [word for word in model.get_words() if word != "</s>"]
        vectors = KeyedVectors(model.get_dimension())
        vectors.add_vectors(words, np.stack([model.get_word_vector(word) for word in words]))
        return vectors


class Word2VecC:
    """Mikolov's C program (2013), as the package word2vec compiles it."""

    name = "word2vec"
    module = None

    def version(self) -> str:
        return version("word2vec")

    def prepare(self, corpus: BenchCorpus, settings: Settings) -> str:
        """Write the vocabulary; its first entry is the program's own for ends of lines."""
        words = {"</s>": corpus.lines.line_count, **kept_words(corpus, settings)}
        self._vocabulary(corpus).write_text("".join(f"{word} {count}\n" for word, count in words.items()), "utf-8")
        return "file; the vocabulary is given"

    def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
        output = corpus.folder / "word2vec-c.bin"
        command = self._program_with(str(corpus.lines.path), settings, output)
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "-read-vocab", str(self._vocabulary(corpus))], capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode != 0:
            raise BenchError(f"word2vec failed with exit code {done.returncode}: {done.stdout.strip()[-200:]}")
        from gensim.models import KeyedVectors

        vectors = KeyedVectors.load_word2vec_format(str(output), binary=True, encoding="utf-8")
        complete = len(vectors) == len(kept_words(corpus, settings)) + 1
        return Training(seconds, corpus.token_count * settings.epochs if complete else 0, lambda: vectors)

    def command(self, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
        raise BenchError("word2vec has no whole row: leave it out of --peers, or measure --rows training")

    @staticmethod
    def _program_with(corpus_file: str, settings: Settings, output: Path) -> list[str]:
        """The program with these settings; it has no option for a seed."""
        law = settings.arguments(seed=1)
        options = {
            "train": corpus_file, "output": output, "size": settings.vector_size, "window": settings.window,
            "sample": settings.sample, "hs": law["hs"], "negative": law["negative"], "cbow": 1 - law["sg"],
            "threads": settings.workers, "iter": settings.epochs, "min-count": settings.min_count,
            "alpha": ALPHA, "binary": 1, "debug": 0,
        }  # fmt: skip
        return [program(), *(text for name, value in options.items() for text in (f"-{name}", str(value)))]

    @staticmethod
    def _vocabulary(corpus: BenchCorpus) -> Path:
        return corpus.folder / "word2vec-c-vocabulary.txt"


def program() -> str:
    """The path of the compiled `word2vec`; BenchError where the package is not installed."""
    folders = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    found = shutil.which("word2vec", path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if found is None:
        raise BenchError("the program word2vec is not here: pip install 'w2vplus[peers]'")
    return found
