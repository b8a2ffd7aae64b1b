"""Turns one text into models of several seeds: `w2vplus train --seeds N` reads it once and trains N times.

The text is read, its phrases are joined and its words are chosen once. Then models are trained side by side, one
thread to each where there are no more workers than seeds: threads of one model wait for one another's cache lines,
those of two models do not, and a model of one thread is the same in every run.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from w2vplus.cli import _models, _output, _pipeline
from w2vplus.cli._interrupts import Interrupted, announced, hear_no_more
from w2vplus.cli._phrase_settings import PhraseSettings
from w2vplus.cli._reading import ReadOptions
from w2vplus.cli._seeds import SEEDED, seeded_name, seeds_present
from w2vplus.cli._settings import CheckpointSettings, Ending, StartSettings, TrainSettings
from w2vplus.cli._side_by_side import SideBySide, available_memory, how_many_at_once
from w2vplus.cli._targets import Targets, check_distinct, check_not_a_source, check_not_an_input, check_writable
from w2vplus.limits import MOST_SEED
from w2vplus.progress import ReadingBar

if TYPE_CHECKING:
    from w2vplus.trainer import TrainingProgress
    from w2vplus.word2vec import Word2Vec


def targets_of_seeds(
    targets: Targets,
    settings: TrainSettings,
    seeds: int,
    corpus: Sequence[str],
    checkpoints: CheckpointSettings,
    inputs: Sequence[str] = (),
    log: str | None = None,
) -> dict[int, Targets]:
    """Where each seed's model goes, checked like `targets`; `inputs` are files that are read beside the corpus.

    Raises UsageError for what seeds do not go with.
    """
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
        check_not_an_input(found[seed].vectors, "--output", inputs)
        if log is not None:
            check_writable(seeded_name(log, seed), "--log")
            check_not_a_source(seeded_name(log, seed), "--log", [*corpus, *inputs])
            check_distinct(("--log", seeded_name(log, seed)), ("--output", found[seed].vectors))
            check_distinct(("--log", seeded_name(log, seed)), ("--save-model", model))
    if others := [file for seed, file in sorted(seeds_present(targets.vectors).items()) if seed not in found]:
        _output.warn(
            f"{', '.join(others)} of an earlier run will stand beside the new files, and evaluate {targets.vectors}"
            " takes all for seeds of one model: delete them unless they are"
        )
    return found


@dataclass
class _Seeds:
    """What all models share, and how far each has come.

    template: a model of the text's words that lends them to all others; its own vectors have one number each.
    began_with: what later runs want to know of this one.
    reached, saved: how far each seed has come, and its complete files; every seed has its entry from the beginning,
        since threads write there while another looks.
    """

    prepared: _pipeline.Prepared
    template: Word2Vec
    settings: TrainSettings
    start: dict[str, Any]
    began_with: dict[str, Any]
    quiet: bool
    log: str | None
    reached: dict[int, _pipeline.Reached]
    saved: dict[int, list[str]]

    def train_and_save(self, seed: int, targets: Targets, stop: Event) -> _Ended:
        """Train and save the model of one seed, or what there is of it when `stop` is set; in any thread."""
        from w2vplus import RunLog

        model = self.model(seed)
        clock = _pipeline.Clock()

        def observe(progress: TrainingProgress) -> None:
            self.reached[seed](progress)
            if stop.is_set() and not progress.finished:
                model.stop_training = True

        with clock.step("training"):
            trained_words, raw_words = model.train(
                self.prepared.joined.encoded,
                total_examples=model.corpus_count,
                epochs=model.epochs,
                compute_loss=model.compute_loss,
                callbacks=[] if self.log is None else [RunLog(seeded_name(self.log, seed))],
                progress=observe,
            )
        logs = [] if self.log is None else [seeded_name(self.log, seed)]
        with clock.step("saving"):
            files = self.saved[seed]
            if raw_words or not model.stop_training:
                for file in (targets.partial() if model.stop_training else targets).write(model):
                    files.append(file)  # at once: an interrupt may ask for it before the next is there
        facts = {
            "seed": seed,
            "trained_words": trained_words,
            "raw_words": raw_words,
            "words_per_second": raw_words / max(1e-9, clock.seconds["training"]),
            "losses": [float(loss) for loss in model.training_losses] if model.compute_loss else [],
            "files": [*files, *logs],
            "seconds": clock.seconds,
        }
        return _Ended(seed, facts, complete=not model.stop_training)

    def model(self, seed: int) -> Word2Vec:
        """A model with the words of the text and the random start of `seed`."""
        from w2vplus import Word2Vec

        model = Word2Vec(**replace(self.settings, seed=seed).arguments(), **self.start)
        model.reset_from(self.template)
        model.adopt_phrases(self.prepared.joined.phrases, self.prepared.joined.encoded)
        _models.note_beginning(model, self.began_with)
        return model

    def bytes_of_each(self, ending: str) -> int:
        """What a model takes beside the text."""
        from w2vplus import Word2Vec

        sizes = Word2Vec(**self.settings.arguments()).estimate_memory(vocab_size=len(self.template.wv))
        matrices = {Ending.INPUT: 0, Ending.SUM: 1, Ending.CENTRED_SUM: 2}[Ending(ending)]
        return sizes["total"] + sizes["vectors"] * matrices


@dataclass(frozen=True)
class _Ended:
    """A model that was saved: what --json says of it; a partial one if it is not `complete`."""

    seed: int
    facts: dict[str, Any]
    complete: bool


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
    log: str | None = None,
) -> dict[str, Any]:
    """Read the text, join phrases and choose words once, then train and save a model for every seed, as many at a time
    as there are workers and as the memory holds.

    Returns what --json prints: the facts of the text, `seeds`, `side_by_side`, `models` with what differs; `seconds`
    are those of the clock on the wall. An interrupt, or an error of one model, leaves the models that are done, and
    partial ones of those that were being trained; an interrupt raises `Interrupted`.
    """
    known = _models.words_given(counts_file)
    started = start.arguments(settings.vector_size)
    prepared = _pipeline.prepare(corpus, reading, settings, phrase_settings, quiet=quiet)
    clock = _pipeline.Clock(dict(prepared.seconds))
    with clock.step("vocabulary"):
        encoded, phrases = prepared.joined.encoded, prepared.joined.phrases
        template = _models.new_model(encoded, replace(settings, vector_size=1), known)
        template.note_corpus(encoded, corpus)
        template.adopt_phrases(phrases, encoded)
        words = _models.vocabulary_facts(template, encoded)
    for of_seed in targets.values():
        of_seed.check_keys(template)
    (ending,) = {of_seed.ending for of_seed in targets.values()}
    began_with = _pipeline.beginning(reading, start, counts_file) | {"ending": ending}
    seeds = _Seeds(
        prepared, template, settings, started, began_with, quiet, log,
        reached={seed: _pipeline.Reached() for seed in targets}, saved={seed: [] for seed in targets},
    )  # fmt: skip
    at_once = how_many_at_once(len(targets), settings.workers, seeds.bytes_of_each(ending), available_memory())
    seeds.settings = replace(settings, workers=settings.workers // at_once)
    threads = _output.plural(seeds.settings.workers, "thread")
    _output.note(f"w2vplus: {len(targets)} models, {at_once} at a time, each on {threads}", quiet=quiet)
    with clock.step("training"):
        models = _trained(seeds, targets, at_once)
    return {
        **prepared.facts,
        **words,
        **prepared.joined.facts(),
        "epochs": settings.epochs,
        "workers": settings.workers,
        "side_by_side": at_once,
        "seeds": list(targets),
        "models": models,
        "seconds": {**clock.seconds, "total": clock.total},
        "files": [file for model in models for file in model["files"]],
    }


def _trained(seeds: _Seeds, targets: dict[int, Targets], at_once: int) -> list[dict[str, Any]]:
    """The facts of all models, under a bar and with a line for each that is done; raises `Interrupted`."""
    tasks = [functools.partial(seeds.train_and_save, seed, of_seed) for seed, of_seed in targets.items()]
    running = SideBySide(tasks, at_once)
    total = len(targets) * seeds.settings.epochs * seeds.prepared.joined.encoded.token_count
    description = f"training {len(targets)} models"
    with (
        announced("w2vplus: interrupted; saving what was trained so far"),
        ReadingBar("words", total, description=description, quiet=seeds.quiet) as bar,
    ):

        def tell(ended: _Ended) -> None:
            bar.close()
            files = " and ".join(seeds.saved[ended.seed])
            _output.note(f"w2vplus: seed {ended.seed}: {files}", quiet=seeds.quiet)

        try:
            running.run(lambda: bar(sum(reached.raw_words for reached in seeds.reached.values())), tell)
        except KeyboardInterrupt:
            hear_no_more()
            bar.close()
            raise _interrupted(seeds, targets, running) from None
        except BaseException:
            bar.close()
            for line in _kept(seeds, running.results):
                _output.note(f"w2vplus: {line}")
            raise
    return [one.facts for one in running.results]


def _kept(seeds: _Seeds, ended: list[_Ended]) -> list[str]:
    """Which files there are of whole models and of others, a phrase for each."""
    complete = {one.seed for one in ended if one.complete}
    whole, partial = (
        [file for seed, files in seeds.saved.items() if (seed in complete) is kind for file in files]
        for kind in (True, False)
    )
    others = " of others" if whole else ""
    return [
        *([f"complete: {', '.join(whole)}"] if whole else []),
        *([f"what was trained so far{others}: {', '.join(partial)}"] if partial else []),
    ]


def _interrupted(seeds: _Seeds, targets: dict[int, Targets], running: SideBySide[_Ended]) -> Interrupted:
    """What an interrupt leaves, and how to go on."""
    ended = running.results
    left = sorted(targets.keys() - {one.seed for one in ended if one.complete})
    how = _how_to_go_on(left, targets, seeds.settings.workers) if left else "no model is missing"
    failed = [] if running.error is None else [_output.describe(running.error)[0]]
    return Interrupted(
        "; ".join(["interrupted", *(_kept(seeds, ended) or ["nothing was saved"]), *failed, how]),
        {
            **seeds.prepared.facts,
            "epochs": seeds.settings.epochs,
            "models": [
                {**one.facts, "complete": one.complete, "epochs_done": seeds.reached[one.seed].epochs_done}
                for one in ended
            ],
            "seeds_left": left,
            "files": [file for files in seeds.saved.values() for file in files],
            "go_on": how,
        },
        threads_go_on=running.threads_go_on,
    )


def _how_to_go_on(left: list[int], targets: dict[int, Targets], workers: int) -> str:
    """The options by which the same command trains the models that are missing."""
    first, last = left[0], max(targets)
    if first < last:
        return f"the same command with --seed {first} --seeds {last + 1 - first} trains those that are missing"
    place = targets[first]
    model = "" if place.model is None else f" --save-model {place.model}"
    options = f"--seed {first} --seeds 1 --workers {workers} -o {place.vectors}{model}"
    return f"the same command with {options} trains the one that is missing"
