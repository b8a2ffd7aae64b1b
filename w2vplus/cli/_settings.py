"""Options of training, and the checked settings that they become before anything is read.

Names are those of gensim's arguments; each check names the option, the rule and the value it got.
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from w2vplus import limits
from w2vplus.cli._options import MODEL, VOCABULARY
from w2vplus.cli._output import UsageError, require
from w2vplus.limits import available_cpus
from w2vplus.presets import Preset


class PresetName(str, Enum):
    """The names of `w2vplus.presets.PRESETS`."""

    ACCURATE = "accurate"


class Ending(str, Enum):
    """Which vectors are saved, by the names of `Word2Vec.ending_vectors`."""

    INPUT = "input"
    SUM = "sum"
    CENTRED_SUM = "centred-sum"


@dataclass(frozen=True)
class TrainSettings:
    """Arguments of `w2vplus.Word2Vec`, of the same names and, but for `workers`, defaults; in the order of --help."""

    sg: Annotated[bool, typer.Option("--sg/--cbow", help="Skip-gram or CBOW.", rich_help_panel=MODEL)] = False
    hs: Annotated[
        bool,
        typer.Option("--hs", help="Hierarchical softmax; --negative 0 for it alone.", rich_help_panel=MODEL),
    ] = False
    negative: Annotated[
        int, typer.Option(help="Noise words for each target; 0 for none.", rich_help_panel=MODEL)
    ] = 5
    shared_negatives: Annotated[
        int | None,
        typer.Option(
            help="Neighbouring windows that share a draw of noise words (and in CBOW of their reach), up to 4; 0 draws"
            " noise words for every pair, as gensim does. Fewer are slower and a little better.",
            show_default="3; 1 for over 50 noise words at --alpha 0.025; 0 for over 200, or under 2,000 words",
            rich_help_panel=MODEL,
        ),
    ] = None
    vector_size: Annotated[int, typer.Option(help="Numbers in each vector.", rich_help_panel=MODEL)] = 100
    window: Annotated[int, typer.Option(help="Words to each side, at most.", rich_help_panel=MODEL)] = 5
    shrink_windows: Annotated[
        bool,
        typer.Option(
            "--shrink-windows/--fixed-windows", help="Draw each window from 1..window.", rich_help_panel=MODEL
        ),
    ] = True
    whole_sequence: Annotated[
        bool,
        typer.Option(
            "--whole-sequence",
            help="Every item of a line is in every other's window, whatever its order: baskets, sets.",
            rich_help_panel=MODEL,
        ),
    ] = False
    epochs: Annotated[int, typer.Option(help="Times the text is gone through.", rich_help_panel=MODEL)] = 5
    alpha: Annotated[float, typer.Option(help="First learning rate.", rich_help_panel=MODEL)] = 0.025
    min_alpha: Annotated[float, typer.Option(help="Last learning rate.", rich_help_panel=MODEL)] = 1e-4
    cbow_mean: Annotated[
        bool,
        typer.Option("--cbow-mean/--cbow-sum", help="Average context vectors or add them.", rich_help_panel=MODEL),
    ] = True
    cbow_corrected: Annotated[
        bool,
        typer.Option(
            "--cbow-corrected",
            help="CBOW by the true gradient (Irsoy et al. 2020) instead of word2vec.c's.",
            rich_help_panel=MODEL,
        ),
    ] = False
    ns_exponent: Annotated[
        float, typer.Option(help="Noise words are drawn by count to this power.", rich_help_panel=MODEL)
    ] = 0.75
    compute_loss: Annotated[
        bool, typer.Option("--compute-loss/--no-compute-loss", help="Show the loss.", rich_help_panel=MODEL)
    ] = True
    workers: Annotated[
        int, typer.Option(help="Threads; every CPU unless set.", show_default=False, rich_help_panel=MODEL)
    ] = field(default_factory=available_cpus)
    seed: Annotated[
        int, typer.Option(help="With one worker the same seed gives the same vectors.", rich_help_panel=MODEL)
    ] = 1
    min_count: Annotated[int, typer.Option(help="Drop words that occur less often.", rich_help_panel=VOCABULARY)] = 5
    max_final_vocab: Annotated[
        int | None,
        typer.Option(help="Keep at most so many words, the most frequent.", rich_help_panel=VOCABULARY),
    ] = None
    sample: Annotated[
        float,
        typer.Option(help="Downsample words more frequent than this; 0 keeps all.", rich_help_panel=VOCABULARY),
    ] = 1e-3

    def __post_init__(self) -> None:
        try:
            for name in [name for name in asdict(self) if name in limits.RULES]:
                limits.checked(name, getattr(self, name), shown=f"--{name.replace('_', '-')}")
            limits.check_something_is_learnt(self.hs, self.negative, shown=("--hs", "--negative"))
        except ValueError as error:
            raise UsageError(str(error)) from None

    def check_rates(self) -> None:
        """Raise UsageError if the learning rate would rise; for settings that no preset will change any more."""
        if self.min_alpha > self.alpha:
            raise UsageError(
                f"--min-alpha must be at most --alpha {self.alpha}, got {self.min_alpha}; the rate only falls"
            )

    def with_preset(self, preset: Preset, given: Container[str]) -> TrainSettings:
        """The settings of a preset where none of those `given` on the command line stand against them."""
        chosen = {name: value for name, value in preset.arguments.items() if name not in given}
        return replace(self, **chosen)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `w2vplus.Word2Vec`."""
        return {
            name: int(value) if isinstance(value, bool) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class StartSettings:
    """The file of vectors that words start from (none unless set), and what multiplies their updates."""

    init_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Let the words of these vectors (.bin, .txt, .kv) start from there.",
            rich_help_panel=MODEL,
        ),
    ] = None
    lock_factor: Annotated[
        float | None,
        typer.Option(
            help="Multiply every update of these words; 0 keeps them as they are.",
            show_default="1",
            rich_help_panel=MODEL,
        ),
    ] = None

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


@dataclass(frozen=True)
class CheckpointSettings:
    """Where checkpoints of a run go (nowhere unless set), how often, and whether to go on from the last
    one."""

    folder: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", metavar="FOLDER", help="Keep checkpoints there, to go on after a crash with --resume."
        ),
    ] = None
    minutes: Annotated[
        float | None,
        typer.Option(
            "--checkpoint-minutes", help="Minutes between checkpoints; 10 unless set.", show_default=False
        ),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint, if there is one; else begin.")
    ] = False

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
