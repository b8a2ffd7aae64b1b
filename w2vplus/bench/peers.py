"""Turns a corpus and settings into one measured training run, for each trainer that w2vplus is compared with.

To add a peer, write a class with the methods of `Peer` and name it in `w2vplus.bench.peer_classes`; `PEERS` are those
that are measured unless others are asked for.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from w2vplus.bench.corpus import GENSIM_SENTENCE_LIMIT, BenchCorpus, LineFile, first_tokens, token_lists

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

MEMORY, CORPUS_FILE = "memory", "corpus_file"
"""How gensim is fed."""

TRIAL_TOKENS = 1_000_000
"""Tokens of the timed trial that decides how gensim is fed."""

MODES: dict[str, dict[str, int]] = {
    "sg-ns": {"sg": 1, "hs": 0, "negative": 5},
    "cbow-ns": {"sg": 0, "hs": 0, "negative": 5},
    "sg-hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
}


class BenchError(RuntimeError):
    """A peer failed or trained something other than the corpus, so that no ratio can be given."""


@dataclass(frozen=True)
class Settings:
    """What a row measures; the same for every peer. Names are gensim's, except `mode` (see MODES)."""

    mode: str = "sg-ns"
    vector_size: int = 100
    window: int = 5
    min_count: int = 5
    sample: float = 1e-3
    epochs: int = 1
    workers: int = 1
    shared_negatives: int | None = None
    """w2vplus's law of noise words, which the other trainers do not have; None: its default."""

    def arguments(self, seed: int, *, of_w2vplus: bool = False) -> dict[str, Any]:
        """Keyword arguments for gensim's constructor, or w2vplus's."""
        settings = asdict(self)
        mode, shared_negatives = settings.pop("mode"), settings.pop("shared_negatives")
        own = {"shared_negatives": shared_negatives} if of_w2vplus and shared_negatives is not None else {}
        return {**settings, **MODES[mode], "seed": seed, **own}


@dataclass(frozen=True)
class Training:
    """One measured run: wall time, raw words the peer says it trained, a way to its vectors, and the most memory its
    process held, if it had one of its own."""

    seconds: float
    raw_words: int
    vectors: Callable[[], KeyedVectors]
    peak_megabytes: float | None = None


class Peer(Protocol):
    """A trainer that can be measured."""

    name: str

    @property
    def module(self) -> str | None:
        """Where its `Word2Vec` and `LineSentence` are, if it has gensim's; rows "lists" and "script" need them."""

    def version(self) -> str:
        """The version that is installed; raises PackageNotFoundError where it is not."""

    def prepare(self, corpus: BenchCorpus, settings: Settings) -> str:
        """Get ready for the training rows of these settings, untimed; returns how the peer is fed."""

    def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
        """Build a fresh model, untimed, and time its training alone."""

    def command(self, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
        """A command that trains `corpus_file`, saves word2vec binary vectors, prints {"raw_words": ...}."""


class W2VPlus:
    """This package: in process over encoded ids, whole as `w2vplus train`."""

    name = "w2vplus"
    module = "w2vplus.word2vec"

    def version(self) -> str:
        from w2vplus import __version__

        return __version__

    def prepare(self, corpus: BenchCorpus, settings: Settings) -> str:
        return "memory"

    def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
        from w2vplus import Word2Vec

        model = Word2Vec(**settings.arguments(seed, of_w2vplus=True))
        model.build_vocab(corpus.encoded)
        started = time.perf_counter()
        _, raw_words = model.train(corpus.encoded, total_examples=model.corpus_count, epochs=model.epochs)
        return Training(time.perf_counter() - started, raw_words, lambda: model.wv)

    def command(self, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
        arguments = settings.arguments(seed, of_w2vplus=True)
        options = ["--sg" if arguments.pop("sg") else "--cbow"] + (["--hs"] if arguments.pop("hs") else [])
        for name, value in arguments.items():
            options += [f"--{name.replace('_', '-')}", str(value)]
        train = [sys.executable, "-m", "w2vplus", "train", corpus_file, "-o", str(output)]
        return [*train, *options, "--no-compute-loss", "--json", "--quiet"]


SCRIPT = """\
import json, sys
from {module} import LineSentence, Word2Vec

corpus_file, output, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sentences = LineSentence(corpus_file)
model = Word2Vec(**arguments)
model.build_vocab(sentences)
_, raw_words = model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
model.wv.save_word2vec_format(output, binary=True)
print(json.dumps({{"raw_words": raw_words}}))
"""
"""What gensim's users write; only the import differs."""


def script_command(module: str, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
    """A command that runs `SCRIPT`, which trains `corpus_file` and saves word2vec binary vectors."""
    arguments = json.dumps(settings.arguments(seed, of_w2vplus=module == W2VPlus.module))
    return [sys.executable, "-c", SCRIPT.format(module=module), corpus_file, str(output), arguments]


class Gensim:
    """gensim, fed the faster of its two ways that train every word: lists in memory or, with one worker, `corpus_file`.

    In `corpus_file` mode the learning rate falls by the lines of the file that are read, whatever the number of words,
    so `total_examples` must be the number of these very lines. Told of the lists instead, which are ten times as long,
    gensim spends its rate on the first tenth of the text, and every word counts as trained all the same: one epoch of
    CBOW over 5M tokens of Wikipedia then answers 0.0 % of Google's analogies and has a WordSim-353 rho of -0.02,
    against 1.4 % and 0.22 told of the lines, 1.1 % and 0.20 from lists. Each of several threads lowers the rate only by
    its own share of the lines, and begins somewhere inside a line, so with more workers lists are the one valid way.
    """

    name = "gensim"
    module = "gensim.models.word2vec"

    def __init__(self) -> None:
        self._feed: dict[Settings, str] = {}

    def version(self) -> str:
        return version("gensim")

    def prepare(self, corpus: BenchCorpus, settings: Settings) -> str:
        """With one worker, time both ways on the beginning of the corpus, one epoch; a way that loses words is out."""
        self._feed[settings] = MEMORY
        if settings.workers > 1:
            return MEMORY
        tokens = min(TRIAL_TOKENS, corpus.token_count)
        lists = token_lists(first_tokens(corpus.encoded, tokens), GENSIM_SENTENCE_LIMIT)
        lines = corpus.write_lines("trial.txt", tokens)
        seconds = {}
        for feed, source in ((MEMORY, _from_memory(lists)), (CORPUS_FILE, _from_file(lines))):
            model = self._fresh_model(corpus, settings, seed=1)
            started = time.perf_counter()
            _, raw_words = model.train(**source, total_words=tokens, epochs=1)
            if raw_words == tokens:
                seconds[feed] = time.perf_counter() - started
        if not seconds:
            raise BenchError(f"gensim trained all {tokens} tokens of the trial in neither of its ways")
        self._feed[settings] = min(seconds, key=lambda feed: seconds[feed])
        return self._feed[settings]

    def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
        in_memory = self._feed[settings] == MEMORY
        source = _from_memory(corpus.sentences) if in_memory else _from_file(corpus.lines)
        model = self._fresh_model(corpus, settings, seed)
        started = time.perf_counter()
        _, raw_words = model.train(**source, total_words=corpus.token_count, epochs=model.epochs)
        return Training(time.perf_counter() - started, raw_words, lambda: model.wv)

    def command(self, corpus_file: str, settings: Settings, seed: int, output: Path) -> list[str]:
        return script_command(self.module, corpus_file, settings, seed, output)

    @staticmethod
    def _fresh_model(corpus: BenchCorpus, settings: Settings, seed: int) -> Any:
        from gensim.models import Word2Vec

        model = Word2Vec(**settings.arguments(seed))
        frequencies = dict(zip(corpus.encoded.types, corpus.encoded.counts.tolist(), strict=True))
        model.build_vocab_from_freq(frequencies, corpus_count=len(corpus.sentences))
        return model


def _from_memory(lists: list[list[str]]) -> dict[str, Any]:
    return {"corpus_iterable": lists, "total_examples": len(lists)}


def _from_file(lines: LineFile) -> dict[str, Any]:
    return {"corpus_file": str(lines.path), "total_examples": lines.line_count}


PEERS: tuple[type[Peer], ...] = (W2VPlus, Gensim)
"""Who is measured; the first is the one the others are compared with."""
