"""Turns one text into models of several seeds: `w2vplus train --seeds N` reads it once and trains N times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from w2vplus.cli import _output, _pipeline
from w2vplus.cli._phrase_settings import PhraseSettings
from w2vplus.cli._reading import ReadOptions
from w2vplus.cli._seeds import SEEDED, seeded_name
from w2vplus.cli._settings import CheckpointSettings, StartSettings, TrainSettings
from w2vplus.cli._targets import Targets, check_not_an_input
from w2vplus.limits import MOST_SEED

OF_EACH = ("trained_words", "raw_words", "words_per_second", "losses", "files")
"""What a summary says of a single model; all else holds for the text, or for every model alike."""


def targets_of_seeds(
    targets: Targets,
    settings: TrainSettings,
    seeds: int,
    corpus: Sequence[str],
    checkpoints: CheckpointSettings,
    counts_file: str | None = None,
) -> dict[int, Targets]:
    """Where each seed's model goes, checked like `targets`; raises UsageError for what seeds do not go with."""
    _output.require("--seeds", seeds, seeds >= 1, "at least 1")
    if seeds == 1:
        return {settings.seed: targets}
    last = settings.seed + seeds - 1
    _output.require("--seeds", seeds, last <= MOST_SEED, f"such that the last seed is at most {MOST_SEED}")
    if checkpoints.folder is not None:
        raise _output.UsageError("--checkpoint goes with one model, and --seeds trains several: leave one out")
    if SEEDED.fullmatch(Path(targets.vectors).name):
        raise _output.UsageError(
            f"--output {targets.vectors} names a seed itself; --seeds adds that to the name: leave it out"
        )
    found = {}
    for seed in range(settings.seed, last + 1):
        model = None if targets.model is None else seeded_name(targets.model, seed)
        found[seed] = Targets(seeded_name(targets.vectors, seed), model, targets.ending)
        found[seed].check(corpus)
        check_not_an_input(found[seed].vectors, "--output", [] if counts_file is None else [counts_file])
    return found


def train_seeds(
    corpus: list[str],
    reading: ReadOptions,
    settings: TrainSettings,
    phrase_settings: PhraseSettings,
    targets: dict[int, Targets],
    *,
    quiet: bool,
    counts_file: str | None = None,
    start: StartSettings = _pipeline.RANDOM_START,
) -> dict[str, Any]:
    """Read and join phrases once, then train and save a model for every seed, one after another.

    Returns what --json prints: the facts of the text, `seeds`, `models` with what differs, sums of `seconds`.
    An interrupt leaves the models that are done, and the unfinished one as a partial one.
    """
    prepared = _pipeline.prepare(corpus, reading, settings, phrase_settings, quiet=quiet)
    summary: dict[str, Any] = {}
    models = []
    seconds = dict(prepared.seconds)
    for place, (seed, of_seed) in enumerate(targets.items(), start=1):
        _output.note(f"w2vplus: seed {seed}, model {place} of {len(targets)}", quiet=quiet)
        summary = _pipeline.train_and_save(
            corpus, reading, replace(settings, seed=seed), phrase_settings, of_seed,
            quiet=quiet, counts_file=counts_file, start=start, prepared=prepared,
        ).summary  # fmt: skip
        own = {step: took for step, took in summary["seconds"].items() if step not in (*prepared.seconds, "total")}
        for step, took in own.items():
            seconds[step] = seconds.get(step, 0.0) + took
        models.append({"seed": seed, **{name: summary[name] for name in OF_EACH}, "seconds": own})
    common = {name: value for name, value in summary.items() if name not in (*OF_EACH, "seconds")}
    return {
        **common,
        "seeds": list(targets),
        "models": models,
        "seconds": {**seconds, "total": sum(seconds.values())},
        "files": [file for model in models for file in model["files"]],
    }
