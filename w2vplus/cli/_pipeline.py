"""Turns corpora and settings into saved vectors, step by step: read, join phrases, train, save.

`train` and `demo` run it whole; `vocab` and `phrases` use its first steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from w2vplus.cli import _models, _output
from w2vplus.cli._interrupts import saved_when_interrupted
from w2vplus.cli._phrase_settings import PhraseSettings
from w2vplus.cli._reading import ReadOptions
from w2vplus.cli._settings import CheckpointSettings, StartSettings, TrainSettings
from w2vplus.cli._targets import Targets
from w2vplus.limits import available_cpus
from w2vplus.progress import ReadingBar, TrainingBar

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.corpus import Corpus
    from w2vplus.phrases import Explanation, FoundPhrase, FrozenPhrases
    from w2vplus.run_log import RunLog
    from w2vplus.store import EncodedCorpus, TypeCounts
    from w2vplus.trainer import TrainingProgress
    from w2vplus.word2vec import Word2Vec
    from w2vplus.word2vec.checkpoints import Checkpoint

NO_CHECKPOINTS = CheckpointSettings()
RANDOM_START = StartSettings()

@dataclass
class Clock:
    """Seconds that each named step took, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the body as `name`; a step that occurs again is added up."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def read_corpus(
    sources: list[str], options: ReadOptions, *, workers: int = 1, quiet: bool = False
) -> EncodedCorpus:
    """Read every source once and encode it; raises CorpusError for a text that is empty or cannot be read."""
    return encode_opened(options.open(sources), sources, options, workers=workers, quiet=quiet)


def encode_opened(
    corpus: Corpus, sources: list[str], options: ReadOptions, *, workers: int = 1, quiet: bool = False
) -> EncodedCorpus:
    """`read_corpus` for callers who read what they have opened of `sources` once more."""
    from w2vplus.corpus import encode
    from w2vplus.errors import CorpusError

    with ReadingBar(*_unit_and_total(corpus), quiet=quiet) as bar:
        encoded = encode(
            corpus,
            workers=workers,
            progress=bar,
            spill_above=options.spill_above,
            cache_dir=options.cache_folder,
        )
    if not encoded.token_count:
        raise CorpusError(f"the corpus is empty: no word in {', '.join(sources)}")
    return encoded


def count_corpus(
    sources: list[str], options: ReadOptions, max_types: int | None, *, quiet: bool = False
) -> TypeCounts:
    """Count every word, exactly or with memory for about `max_types`; raises as `read_corpus` does."""
    from w2vplus.corpus import count_bounded, count_types
    from w2vplus.errors import CorpusError

    corpus = options.open(sources)
    if max_types is None:
        with ReadingBar(*_unit_and_total(corpus), quiet=quiet) as bar:
            counted = count_types(corpus, workers=available_cpus(), progress=bar)
    else:
        with ReadingBar("tokens", quiet=quiet) as bar:
            counted = count_bounded(corpus, max_types, progress=bar)
    if not counted.token_count:
        raise CorpusError(f"the corpus is empty: no word in {', '.join(sources)}")
    return counted


def _unit_and_total(corpus: Corpus) -> tuple[str | None, int | None]:
    """What `encode` counts while it reads `corpus`, and up to what if that is known."""
    from w2vplus.corpus import JoinedCorpus, TextCorpus, byte_size

    if isinstance(corpus, JoinedCorpus):
        return None, None  # each part counts in its own way
    return ("B", byte_size(corpus)) if isinstance(corpus, TextCorpus) else ("tokens", None)


@dataclass(frozen=True)
class Joined:
    """A corpus with its phrases joined to strings, and the phrases, None if none were asked for."""

    encoded: EncodedCorpus
    phrases: FrozenPhrases | None = None

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each phrase stands in the joined corpus."""
        return {} if self.phrases is None else self.phrases.counts_in(self.encoded)

    def facts(self) -> dict[str, int]:
        """What a summary says of the phrases."""
        return {"phrases": len(self.counts), "phrase_tokens": sum(self.counts.values())}

    @cached_property
    def found(self) -> list[FoundPhrase]:
        """The phrases that stand in the joined corpus, with their counts there, highest score first."""
        return [] if self.phrases is None else self.phrases.found_in(self.encoded)


def join_phrases(encoded: EncodedCorpus, settings: PhraseSettings, *, workers: int = 1) -> Joined:
    """Learn and merge phrases in as many passes as asked for."""
    from w2vplus.phrases.learning import learn_frozen

    learnt = learn_frozen(encoded, settings.options(), workers)
    loss = learnt.phrases.loss
    if loss:
        _output.warn(
            f"--max-pairs {settings.max_pairs} made counting forget {loss.forgotten:,} rare pairs;"
            f" no count is too low by more than {loss.missed:,}"
        )
    return Joined(learnt.corpus, learnt.phrases)


def explain_phrases(
    encoded: EncodedCorpus, settings: PhraseSettings, phrases: Sequence[str]
) -> list[Explanation]:
    """Why each of these runs of words was joined by the first pass, or not."""
    if not phrases:
        return []
    from w2vplus.phrases import Phrases

    options = settings.options()
    first = options.of_passes()[0]
    model = Phrases(
        encoded,
        min_count=first.min_count,
        threshold=first.threshold,
        scoring=first.scoring,
        connector_words=options.connector_words,
    )
    return [model.explain(*words.split()) for words in phrases]


@dataclass
class Reached:
    """How far training has come, by its last report: epochs, of which 1.5 is the middle of the second."""

    epochs_done: float = 0.0
    raw_words: int = 0

    def __call__(self, report: TrainingProgress) -> None:
        self.raw_words = report.raw_words
        self.epochs_done = round(report.epochs * report.raw_words / max(1, report.total_raw_words), 3)


def run_training(
    model: Word2Vec,
    encoded: EncodedCorpus,
    *,
    checkpoints: CheckpointSettings = NO_CHECKPOINTS,
    resumed: Checkpoint | None = None,
    run_log: RunLog | None = None,
    reached: Reached | None = None,
    quiet: bool = False,
) -> tuple[int, int]:
    """Train all epochs, or those that `resumed` leaves, under a bar; returns (trained, raw words) of all. `reached`
    knows at every moment how far that has come."""
    from w2vplus import Checkpoints

    callbacks = []
    if run_log is not None:
        run_log.append = resumed is not None
        callbacks.append(run_log)
    with TrainingBar(quiet=quiet) as bar:

        def observe(report: TrainingProgress) -> None:
            if reached is not None:
                reached(report)
            bar(report)

        if resumed is not None:
            return model.train_from(resumed, encoded, workers=model.workers, callbacks=callbacks, progress=observe)
        folder = checkpoints.folder
        trained_words, raw_words = model.train(
            encoded,
            total_examples=model.corpus_count,
            epochs=model.epochs,
            compute_loss=model.compute_loss,
            callbacks=callbacks,
            progress=observe,
            checkpoint=None if folder is None else Checkpoints(folder, checkpoints.minutes),
        )
    return trained_words, raw_words


class Trained(NamedTuple):
    """What a run leaves: the facts that --json prints, under its keys, and the vectors."""

    summary: dict[str, Any]
    vectors: KeyedVectors


class Prepared(NamedTuple):
    """A text ready for training: what was read, its phrases joined, and the seconds that took by step."""

    facts: dict[str, int]
    joined: Joined
    seconds: dict[str, float]


def prepare(
    corpus: list[str],
    reading: ReadOptions,
    settings: TrainSettings,
    phrase_settings: PhraseSettings,
    *,
    quiet: bool,
    on_phrases: Callable[[list[FoundPhrase]], None] | None = None,
) -> Prepared:
    """Read the text once and join phrases (`on_phrases` sees them)."""
    clock = Clock()
    with clock.step("reading"):
        encoded = read_corpus(corpus, reading, workers=settings.workers, quiet=quiet)
    facts = {"tokens": encoded.token_count, "sentences": encoded.sentence_count, "types": len(encoded.types)}
    joined = Joined(encoded)
    if phrase_settings.passes:
        with clock.step("phrases"):
            joined = join_phrases(encoded, phrase_settings, workers=settings.workers)
        if on_phrases is not None:
            on_phrases(joined.found)
    return Prepared(facts, joined, clock.seconds)


def beginning(reading: ReadOptions, start: StartSettings, counts_file: str | None) -> dict[str, Any]:
    """What a run begins with beside its settings."""
    given = {"init_from": start.init_from, "lock_factor": start.lock_factor, "vocab": counts_file}
    return {**given, **reading.making_of_words()}


def train_and_save(
    corpus: list[str],
    reading: ReadOptions,
    settings: TrainSettings,
    phrase_settings: PhraseSettings,
    targets: Targets,
    *,
    checkpoints: CheckpointSettings = NO_CHECKPOINTS,
    quiet: bool,
    counts_file: str | None = None,
    earlier: Word2Vec | None = None,
    earlier_folder: str | None = None,
    start: StartSettings = RANDOM_START,
    run_log: RunLog | None = None,
    on_phrases: Callable[[list[FoundPhrase]], None] | None = None,
) -> Trained:
    """Read, join phrases (`on_phrases` sees them before training begins), train, save; `earlier` is a model to go on
    with, of the folder `earlier_folder`, which joins its own phrases.

    An interrupt while the model is trained or saved leaves what there is under `targets.partial()`, and a checkpoint if
    those are kept, and raises `Interrupted`.
    """
    begins_with = beginning(reading, start, counts_file)
    begins_with["continue"] = None if earlier_folder is None else str(Path(earlier_folder).resolve())
    resumed = _models.last_checkpoint(settings, checkpoints, begins_with)
    words_before = 0 if resumed is None else resumed.progress.total.raw_words
    known = _models.words_given(counts_file) if resumed is None else None
    started = start.arguments(settings.vector_size) if resumed is None else {}
    if resumed is not None:
        position = resumed.progress.position
        _output.note(f"w2vplus: going on from {resumed.path}, epoch {position.epoch + 1}", quiet=quiet)
    prepared = prepare(corpus, reading, settings, phrase_settings, quiet=quiet, on_phrases=on_phrases)
    facts, joined, clock = prepared.facts, prepared.joined, Clock(dict(prepared.seconds))
    encoded = joined.encoded
    with clock.step("vocabulary"):
        known_words = 0 if earlier is None else len(earlier.wv)
        if resumed is not None:
            model = resumed.model
        elif earlier is not None:
            model = _models.grown_model(earlier, encoded, settings)
        else:
            model = _models.new_model(encoded, settings, known, started)
        if resumed is None:
            model.note_corpus(model.joined_with_phrases(encoded), corpus)
            _models.note_beginning(model, {**begins_with, "ending": targets.ending})
        model.workers = settings.workers
        if earlier is None:
            # Kept in the saved model and in checkpoints, so that new text is joined alike; this one is joined.
            model.adopt_phrases(joined.phrases, encoded)
        words = _models.vocabulary_facts(model, encoded)  # now, while the model remembers the joined text
    how = "the same command with --resume goes on from there"
    if checkpoints.folder is None:
        how = "a run with --checkpoint FOLDER could go on from there"
    targets.check_keys(model)
    partial = targets.partial()
    reached = Reached(0.0 if resumed is None else float(resumed.progress.position.epoch))

    def facts_so_far() -> dict[str, Any]:
        done = {"epochs": settings.epochs, "epochs_done": reached.epochs_done}
        log = None if run_log is None or run_log.path is None else str(run_log.path)
        return {**facts, **words, **done, "checkpoint": checkpoints.folder, "log": log}

    with saved_when_interrupted(partial.vectors, lambda: partial.write(model), how, facts_so_far, checkpoints.folder):
        with clock.step("training"):
            trained_words, raw_words = run_training(
                model, encoded, checkpoints=checkpoints, resumed=resumed, run_log=run_log, reached=reached, quiet=quiet
            )
        with clock.step("saving"):
            files = list(targets.write(model))
    if resumed is not None:
        for file in partial.present():
            _output.note(f"w2vplus: {file} is what the interrupted run had so far; it may be deleted", quiet=quiet)
    summary = {
        **facts,
        **words,
        **({"new_words": len(model.wv) - known_words} if earlier is not None else {}),
        **({"vocabulary_file": counts_file} if counts_file is not None else {}),
        **({"raw_words_before": words_before} if resumed is not None else {}),
        **joined.facts(),
        "epochs": settings.epochs,
        "workers": settings.workers,
        "trained_words": trained_words,
        "raw_words": raw_words,
        "words_per_second": (raw_words - words_before) / max(1e-9, clock.seconds["training"]),
        "losses": [float(loss) for loss in model.training_losses] if settings.compute_loss else [],
        "seconds": {**clock.seconds, "total": clock.total},
        "files": files,
    }
    return Trained(summary, model.ending_vectors(targets.ending))
