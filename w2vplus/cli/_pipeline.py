"""Turns corpora and settings into saved vectors, step by step: read, join phrases, train, save.

`train` and `demo` run it whole; `vocab` and `phrases` use its first steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from w2vplus.cli import _output
from w2vplus.cli._settings import PhraseSettings, TrainSettings
from w2vplus.cli._targets import Targets
from w2vplus.progress import ReadingBar, TrainingBar

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.corpus import Corpus
    from w2vplus.phrases import Explanation, FoundPhrase, FrozenPhrases
    from w2vplus.store import EncodedCorpus
    from w2vplus.word2vec import Word2Vec

DELIMITER = "_"
"""Joins the words of a phrase, as in gensim and word2phrase."""


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


@dataclass(frozen=True)
class ReadOptions:
    """How text is read: what bad bytes mean, and where over-long lines are cut (nowhere unless set)."""

    errors: str = "strict"
    max_sentence_length: int | None = None


def read_corpus(
    sources: list[str], options: ReadOptions, *, workers: int = 1, quiet: bool = False
) -> EncodedCorpus:
    """Read every source once and encode it; raises CorpusError for a text that is empty or cannot be read."""
    from w2vplus.corpus import encode, open_corpus
    from w2vplus.errors import CorpusError

    source = sources[0] if len(sources) == 1 else sources
    corpus = open_corpus(source, errors=options.errors, max_sentence_length=options.max_sentence_length)
    with ReadingBar(*_unit_and_total(corpus), quiet=quiet) as bar:
        encoded = encode(corpus, workers=workers, progress=bar)
    if not encoded.token_count:
        raise CorpusError(f"the corpus is empty: no word in {', '.join(sources)}")
    return encoded


def _unit_and_total(corpus: Corpus) -> tuple[str | None, int | None]:
    """What `encode` counts while it reads `corpus`, and up to what if that is known."""
    from w2vplus.corpus import JoinedCorpus, TextCorpus, byte_size

    if isinstance(corpus, JoinedCorpus):
        return None, None  # each part counts in its own way
    return ("B", byte_size(corpus)) if isinstance(corpus, TextCorpus) else ("tokens", None)


@dataclass(frozen=True)
class Joined:
    """A corpus with its phrases joined to strings, and the phrases, None if there are none to be found.

    `found` lists the phrases that stand in the joined corpus, with their counts there, highest score first.
    """

    encoded: EncodedCorpus
    found: list[FoundPhrase]
    phrases: FrozenPhrases | None = None


def join_phrases(encoded: EncodedCorpus, settings: PhraseSettings, *, workers: int = 1) -> Joined:
    """Learn and merge phrases in as many passes as asked for."""
    from w2vplus import collocations
    from w2vplus.phrases import FrozenPhrases

    wanted = settings.of_passes()
    joined = collocations.learn_passes(encoded, wanted, workers=workers, max_pairs=settings.max_pairs)
    phrases = FrozenPhrases.of_passes(joined.tables, wanted, DELIMITER, joined.loss)
    if joined.loss:
        _output.warn(
            f"--max-pairs {settings.max_pairs} made counting forget {joined.loss.forgotten:,} rare pairs;"
            f" no count is too low by more than {joined.loss.missed:,}"
        )
    corpus = collocations.join_phrases(joined.corpus, DELIMITER)
    return Joined(corpus, phrases.found_in(corpus), phrases)


def explain_phrases(
    encoded: EncodedCorpus, settings: PhraseSettings, phrases: Sequence[str]
) -> list[Explanation]:
    """Why each of these runs of words was joined by the first pass, or not."""
    if not phrases:
        return []
    from w2vplus.phrases import Phrases

    first = settings.of_passes()[0]
    model = Phrases(
        encoded,
        min_count=first.min_count,
        threshold=first.threshold,
        scoring=first.scoring,
        connector_words=map(str, first.connector_words),
    )
    return [model.explain(*words.split()) for words in phrases]


def new_model(encoded: EncodedCorpus, settings: TrainSettings) -> Word2Vec:
    """A model whose vocabulary is built and whose weights are drawn, ready for `run_training`.

    Raises CommandError if no word is frequent enough.
    """
    from w2vplus import Word2Vec

    most_frequent = int(encoded.counts.max())
    if most_frequent < settings.min_count:
        word = encoded.types[int(encoded.counts.argmax())]
        raise _output.CommandError(
            f"no word occurs as often as --min-count {settings.min_count}: the most frequent, {word!r}, has"
            f" {most_frequent}; lower --min-count or give more text"
        )
    model = Word2Vec(**settings.arguments())
    model.build_vocab(encoded)
    return model


def run_training(model: Word2Vec, encoded: EncodedCorpus, *, quiet: bool = False) -> tuple[int, int]:
    """Train all epochs under a bar; returns (trained words, raw words) of all epochs."""
    with TrainingBar(quiet=quiet) as bar:
        trained_words, raw_words = model.train(
            encoded,
            total_examples=model.corpus_count,
            epochs=model.epochs,
            compute_loss=model.compute_loss,
            progress=None if quiet else bar,
        )
    return trained_words, raw_words


class Trained(NamedTuple):
    """What a run leaves: the facts that --json prints, under its keys, and the vectors."""

    summary: dict[str, Any]
    vectors: KeyedVectors


def train_and_save(
    corpus: list[str],
    reading: ReadOptions,
    settings: TrainSettings,
    phrase_settings: PhraseSettings,
    targets: Targets,
    *,
    quiet: bool,
    on_phrases: Callable[[list[FoundPhrase]], None] = lambda found: None,
) -> Trained:
    """Read, join phrases (`on_phrases` sees them before training begins), train, save.

    An interrupt during training saves what there is under `targets.partial()` and exits with 130.
    """
    clock = Clock()
    with clock.step("reading"):
        encoded = read_corpus(corpus, reading, workers=settings.workers, quiet=quiet)
    facts = {"tokens": encoded.token_count, "sentences": encoded.sentence_count, "types": len(encoded.types)}
    joined = Joined(encoded, [])
    if phrase_settings.passes:
        with clock.step("phrases"):
            joined = join_phrases(encoded, phrase_settings, workers=settings.workers)
        on_phrases(joined.found)
    encoded, found = joined.encoded, joined.found
    with clock.step("vocabulary"):
        model = new_model(encoded, settings)
    try:
        with clock.step("training"):
            trained_words, raw_words = run_training(model, encoded, quiet=quiet)
            # From now on the model joins what it reads; this corpus was joined already.
            model.phrases = joined.phrases
    except KeyboardInterrupt:
        files = targets.partial().write(model)
        _output.note(f"w2vplus: interrupted; what was trained so far is in {' and '.join(files)}")
        raise typer.Exit(_output.INTERRUPTED) from None
    with clock.step("saving"):
        files = targets.write(model)
    summary = {
        **facts,
        **vocabulary_facts(model, encoded),
        "phrases": len(found),
        "phrase_tokens": sum(phrase.count for phrase in found),
        "epochs": settings.epochs,
        "workers": settings.workers,
        "trained_words": trained_words,
        "raw_words": raw_words,
        "words_per_second": raw_words / max(1e-9, clock.seconds["training"]),
        "losses": [float(loss) for loss in model.training_losses] if settings.compute_loss else [],
        "seconds": {**clock.seconds, "total": clock.total},
        "files": files,
    }
    return Trained(summary, model.wv)


def vocabulary_facts(model: Word2Vec, encoded: EncodedCorpus) -> dict[str, int]:
    """How many words were kept, and what was dropped (after phrases were joined)."""
    kept_tokens = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    return {
        "vocabulary": len(model.wv),
        "dropped_types": len(encoded.types) - len(model.wv),
        "dropped_tokens": encoded.token_count - kept_tokens,
        "effective_min_count": int(model.effective_min_count),
    }
