"""Turns the numbers of a command line into checked settings, before anything is read.

Names are those of gensim's arguments; each check names the option, the rule and the value it got.
"""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus import limits
from w2vplus.cli._output import UsageError, require
from w2vplus.limits import MOST

if TYPE_CHECKING:
    from w2vplus.phrases import PhraseOptions


class DecodingErrors(str, Enum):
    """What happens to bytes that are not UTF-8, by the names that Python's codecs use."""

    STRICT = "strict"
    REPLACE = "replace"
    IGNORE = "ignore"


class Ending(str, Enum):
    """Which vectors are saved, by the names of `Word2Vec.ending_vectors`."""

    INPUT = "input"
    SUM = "sum"


class Normalization(str, Enum):
    """What is done to raw text before it is split into words; names of `w2vplus.corpus.open_corpus`."""

    NONE = "none"
    SIMPLE = "simple"
    TEXT8 = "text8"


@dataclass(frozen=True)
class TrainSettings:
    """gensim's arguments of the same names, defaults included; `workers` is every CPU unless set."""

    vector_size: int = 100
    window: int = 5
    min_count: int = 5
    max_final_vocab: int | None = None
    sample: float = 1e-3
    sg: bool = False
    hs: bool = False
    negative: int = 5
    ns_exponent: float = 0.75
    cbow_mean: bool = True
    whole_sequence: bool = False
    shrink_windows: bool = True
    alpha: float = 0.025
    min_alpha: float = 1e-4
    epochs: int = 5
    workers: int = 0
    seed: int = 1
    compute_loss: bool = True

    def __post_init__(self) -> None:
        if self.workers == 0:
            object.__setattr__(self, "workers", available_cpus())
        try:
            for name in [name for name in asdict(self) if name in limits.RULES]:
                limits.checked(name, getattr(self, name), shown=f"--{name.replace('_', '-')}")
            limits.check_something_is_learnt(self.hs, self.negative, shown=("--hs", "--negative"))
        except ValueError as error:
            raise UsageError(str(error)) from None
        if self.min_alpha > self.alpha:
            raise UsageError(
                f"--min-alpha must be at most --alpha {self.alpha}, got {self.min_alpha}; the rate only falls"
            )

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `w2vplus.Word2Vec`."""
        return {
            name: int(value) if isinstance(value, bool) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class StartSettings:
    """The file of vectors that words start from (none unless set), and what multiplies their updates."""

    init_from: str | None = None
    lock_factor: float | None = None

    def __post_init__(self) -> None:
        if self.lock_factor is None:
            return
        if self.init_from is None:
            raise UsageError("--lock-factor needs --init-from FILE, whose words it locks")
        holds = math.isfinite(self.lock_factor) and self.lock_factor >= 0
        require("--lock-factor", self.lock_factor, holds, "a number of at least 0", "0 keeps words where they are")

    def arguments(self, vector_size: int) -> dict[str, Any]:
        """Keyword arguments for `w2vplus.Word2Vec`; the file is read.

        Raises UsageError for vectors of another length, and what `load_vectors` raises.
        """
        if self.init_from is None:
            return {}
        from w2vplus import load_vectors

        vectors = load_vectors(self.init_from)
        if vectors.vector_size != vector_size:
            raise UsageError(
                f"--vector-size must be {vectors.vector_size}, the length of the vectors in {self.init_from}, "
                f"got {vector_size}"
            )
        return {"init_from": vectors, "lock_factors": 1.0 if self.lock_factor is None else self.lock_factor}


class Connectors(str, Enum):
    """Words that may stand inside a phrase, but at neither end: none, or gensim's list of English ones."""

    NONE = "none"
    ENGLISH = "english"


class Scoring(str, Enum):
    """How pairs are scored, which is the scale of thresholds: gensim's default, word2phrase's, or npmi."""

    DEFAULT = "default"
    WORD2PHRASE = "word2phrase"
    NPMI = "npmi"


MOST_PAIRS = 2**40
"""More than any memory holds."""


@dataclass(frozen=True)
class PhraseSettings:
    """How word pairs become phrases: `passes` over the text, none by default (names as gensim's Phrases)."""

    passes: int = 0
    min_count: int = 5
    thresholds: str | None = None
    connectors: Connectors = Connectors.NONE
    scoring: Scoring = Scoring.DEFAULT
    max_pairs: int | None = None

    def __post_init__(self) -> None:
        require("--phrases", self.passes, self.passes >= 0, "at least 0", "0 leaves words alone")
        require("--phrase-min-count", self.min_count, self.min_count >= 1, "at least 1")
        for option, number in (("--phrases", self.passes), ("--phrase-min-count", self.min_count)):
            require(option, number, number <= MOST, f"at most {MOST}")
        if self.max_pairs is not None:
            require("--max-pairs", self.max_pairs, self.max_pairs >= 1024, "at least 1024")
            require("--max-pairs", self.max_pairs, self.max_pairs <= MOST_PAIRS, f"at most {MOST_PAIRS}")
        given = self.threshold_list()
        require(
            "--phrase-threshold",
            self.thresholds,
            len(given) in (0, 1, self.passes),
            "one number or one for each pass",
        )
        for threshold in given:
            if self.scoring is Scoring.NPMI:
                require("--phrase-threshold", threshold, -1 <= threshold <= 1, "from -1 to 1 for npmi")
                continue
            holds = math.isfinite(threshold) and threshold > 0
            remedy = "higher finds fewer phrases, 10 is usual (100 for word2phrase)"
            require("--phrase-threshold", f"{threshold:g}", holds, "above 0", remedy)

    def threshold_list(self) -> list[float]:
        """The thresholds as they were given: none, one or several."""
        if self.thresholds is None:
            return []
        try:
            return [float(one) for one in self.thresholds.split(",")]
        except ValueError:
            raise UsageError(
                f"--phrase-threshold must be a number or one for each pass, as 200,100; got {self.thresholds}"
            ) from None

    def options(self) -> PhraseOptions:
        """The same for the phrases room."""
        from w2vplus.phrases import PhraseOptions

        given = self.threshold_list()
        return PhraseOptions(
            self.passes,
            self.scoring.value,
            given[0] if len(given) == 1 else given or None,
            self.min_count,
            self.connector_words(),
            max_pairs=self.max_pairs,
        )

    def connector_words(self) -> frozenset[str]:
        """The words themselves."""
        if self.connectors is Connectors.NONE:
            return frozenset()
        from w2vplus.phrases import ENGLISH_CONNECTOR_WORDS

        return frozenset(ENGLISH_CONNECTOR_WORDS)


@dataclass(frozen=True)
class CheckpointSettings:
    """Where checkpoints of a run go (nowhere unless set), how often, and whether to go on from the last
    one."""

    folder: str | None = None
    minutes: float | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.folder is None and (self.resume or self.minutes is not None):
            option = "--resume" if self.resume else "--checkpoint-minutes"
            raise UsageError(f"{option} needs --checkpoint FOLDER, where the checkpoints are")
        if self.minutes is not None:
            require("--checkpoint-minutes", self.minutes, self.minutes > 0, "above 0", "10 is usual")

    def check(self) -> None:
        """Refuse a folder whose checkpoints would get into the way of a new run, or that is a file."""
        from w2vplus.word2vec.checkpoints import checkpoint_folders

        if self.folder is None:
            return
        if Path(self.folder).exists() and not Path(self.folder).is_dir():
            raise UsageError(f"--checkpoint must name a folder, got the file {self.folder}")
        if not self.resume and checkpoint_folders(self.folder):
            raise UsageError(
                f"--checkpoint {self.folder} holds checkpoints of an earlier run: add --resume to go on with"
                " it, or name another folder"
            )


def available_cpus() -> int:
    """CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size_in_bytes(option: str, text: str) -> int:
    """512M, 8G or plain bytes as a number; UsageError for anything else."""
    number, unit = text.upper().removesuffix("B"), ""
    if number[-1:] in SIZE_UNITS and number[-1:]:
        number, unit = number[:-1], number[-1]
    try:
        size = float(number) * SIZE_UNITS[unit]
    except ValueError:
        size = math.nan
    require(option, repr(text), math.isfinite(size) and size >= 0, "a size such as 512M or 8G")
    return int(size)
