"""Checkpoints: a training run on disk, from which another process goes on as if nothing had happened.

A checkpoint is a model folder (`folder_layout`) whose head says how far which run had come. It is written
beside the others and renamed when complete; the last two are kept. `training` decides when, and reads them
back.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
import uuid
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from w2vplus import _sgd
from w2vplus._atomic import leftovers, lock_folder
from w2vplus.array_folder import ArrayFolder, read_folder, read_head, write_folder
from w2vplus.blocks import CHUNK_TOKENS, Position
from w2vplus.errors import CheckpointError, ModelFormatError
from w2vplus.team import Tally
from w2vplus.trainer import Run
from w2vplus.word2vec import folder_layout
from w2vplus.word2vec.persistence import CHECKPOINT_KIND

logger = logging.getLogger(__name__)

DEFAULT_MINUTES = 10.0
KEPT = 2
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class Checkpoints:
    """Where checkpoints go, and when: every so many minutes (at a chunk border), epochs, or both.

    Neither means every 10 minutes. A run that has any has one at its end, too, from which nothing is left to train.
    Raises TypeError for a folder that is no path, ValueError for an empty one or a time that is not positive.
    """

    folder: str | PathLike[str]
    minutes: float | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.folder, (str, PathLike)):
            raise TypeError(f"checkpoint must be the path of a folder, or Checkpoints(...), got {self.folder!r}")
        if not fspath(self.folder):
            raise ValueError("the folder for checkpoints must have a name, got '': . is the current folder")
        if self.minutes is None and self.epochs is None:
            object.__setattr__(self, "minutes", DEFAULT_MINUTES)
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError(f"minutes between checkpoints must be positive, got {self.minutes}")
        if self.epochs is not None and self.epochs < 1:
            raise ValueError(f"epochs between checkpoints must be at least 1, got {self.epochs}")

    def present(self, run_id: str | None) -> list[Path]:
        """Complete checkpoints of a run, the last one first. Raises CheckpointError if there are only those of others,
        which would be lost."""
        present = checkpoint_folders(self.folder)
        if present and run_id not in map(_run_id_of, present):
            raise CheckpointError(
                f"{self.folder} holds checkpoints of an earlier run: Word2Vec.resume(folder, corpus) "
                "(--resume) goes on with it; to start anew, name another folder or delete them"
            )
        return present

    @classmethod
    def wanted(cls, value: Checkpoints | str | PathLike[str]) -> Checkpoints:
        """What `checkpoint=` means: a folder's name is one with the default schedule."""
        return value if isinstance(value, Checkpoints) else cls(value)


@dataclass(frozen=True)
class Progress:
    """How far a run has come: its terms, the border, the sums of the epoch and of the whole call."""

    run: Run
    position: Position
    tally: Tally
    total: Tally


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read: the model, how far it had come, and what the resumed run must agree
    with."""

    model: Any
    progress: Progress
    schedule: Checkpoints
    run_id: str
    callbacks: list[dict[str, Any]]
    corpus: dict[str, Any] | None
    """What the corpus is known by again (`training.corpus_mark`); None if it was streamed."""
    path: Path


def checkpoint_folders(folder: str | PathLike[str]) -> list[Path]:
    """The checkpoints in `folder`, the latest first; those that were not finished have other names."""
    root = Path(folder).expanduser()
    if not root.is_dir():
        return []
    numbered = [(int(match[1]), path) for path in root.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(numbered, reverse=True)]


class CheckpointWriter:
    """Writes the checkpoints of one run.

    Raises CheckpointError if the folder holds those of another run, which would be lost, or if another run writes to it
    at this moment, where the system can tell (not on Windows).
    """

    def __init__(self, schedule: Checkpoints, run_id: str | None, corpus: dict[str, Any] | None) -> None:
        self._folder = Path(schedule.folder).expanduser()
        self.schedule = schedule
        self.run_id = uuid.uuid4().hex if run_id is None else run_id
        self._corpus = corpus
        self._folder.mkdir(parents=True, exist_ok=True)
        present = schedule.present(self.run_id)
        self._next_number = 1 + (int(present[0].name.rpartition("-")[2]) if present else 0)
        self._tried = time.monotonic()
        self._written: Position | None = None
        self._has_earlier = bool(present)
        """Whether there are checkpoints of an earlier process, or one that was due could not be written."""
        try:
            self._lock = lock_folder(self._folder, wait=False)
        except BlockingIOError:
            raise CheckpointError(
                f"another run writes its checkpoints to {self._folder} now: wait for its end, or name another folder"
            ) from None

    def close(self) -> None:
        """Leave the folder to others."""
        self._lock.close()

    def forget_digest(self) -> None:
        """The corpus has changed since the run began: whoever goes on need not bring that of the beginning."""
        if self._corpus is not None:
            self._corpus = {**self._corpus, "digest": None}

    def is_due(self) -> bool:
        """Whether the minutes between two checkpoints are over."""
        minutes = self.schedule.minutes
        return minutes is not None and time.monotonic() - self._tried >= 60 * minutes

    def is_behind(self, position: Position) -> bool:
        """Whether who goes on from the last checkpoint would train again what is trained at `position`. Without any
        checkpoint nobody goes on."""
        return self._written != position and (self._has_earlier or self._written is not None)

    def is_due_after(self, epochs_done: int) -> bool:
        """Whether a checkpoint is wanted at the end of an epoch."""
        return self.is_due() or (self.schedule.epochs is not None and epochs_done % self.schedule.epochs == 0)

    def write_due(self, model: Any, progress: Progress, callbacks: Sequence[Any]) -> None:
        """Write a checkpoint that nobody waits for: one that cannot be written costs a warning, and not the training.
        The next is tried when it is due."""
        try:
            self.write(model, progress, callbacks)
        except OSError as error:
            self._has_earlier = True
            self._tried = time.monotonic()
            warnings.warn(
                f"no checkpoint of epoch {progress.position.epoch}, word {progress.position.offset}, could be written "
                f"to {self._folder}: {error}; training goes on, and the next is tried when it is due and at the end",
                RuntimeWarning,
                stacklevel=2,
            )

    def write(self, model: Any, progress: Progress, callbacks: Sequence[Any]) -> None:
        """Write a checkpoint and forget all but the last two. Raises OSError if that fails."""
        training = {
            "run_id": self.run_id,
            "minutes": self.schedule.minutes,
            "epochs": self.schedule.epochs,
            "kernel": _sgd.KERNEL,
            "chunk_tokens": CHUNK_TOKENS,
            "shared_negatives": model._law().shared_negatives,
            "corpus": self._corpus,
            "run": asdict(progress.run),
            "position": asdict(progress.position),
            "tally": asdict(progress.tally),
            "total": asdict(progress.total),
            "callbacks": [state for callback in callbacks if (state := _state_of(callback)) is not None],
        }
        target = self._folder / f"checkpoint-{self._next_number:06d}"
        write_folder(target, folder_layout.content_of(model, CHECKPOINT_KIND, training=training))
        self._next_number += 1
        self._tried, self._written = time.monotonic(), progress.position
        for aside in leftovers(self._folder):
            shutil.rmtree(aside, ignore_errors=True)
        for old in checkpoint_folders(self._folder)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        logger.info("checkpoint %s", target)


def _run_id_of(path: Path) -> str | None:
    try:
        training = read_head(path).get("training")
    except ModelFormatError:
        return None
    return training.get("run_id") if isinstance(training, dict) else None


def _state_of(callback: Any) -> dict[str, Any] | None:
    """What a checkpoint keeps of a callback; None if it keeps nothing."""
    state = callback.state_dict() if hasattr(callback, "state_dict") else None
    if state is None:
        return None
    try:
        json.dumps(state, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{type(callback).__name__}.state_dict() must hold only what JSON can: {error}"
        ) from None
    return {"class": type(callback).__name__, "state": state}


def restore_callbacks(states: list[dict[str, Any]], callbacks: Sequence[Any]) -> None:
    """Give each callback its state back, in their order.

    Raises CheckpointError if a state finds no callback of its class.
    """
    waiting = list(callbacks)
    for entry in states:
        match = next((one for one in waiting if type(one).__name__ == entry["class"]), None)
        if match is None:
            raise CheckpointError(
                f"the checkpoint holds the state of a callback {entry['class']}: pass one to go on with it"
            )
        waiting.remove(match)
        match.load_state_dict(entry["state"])


def load_last(model_class: type, folder: str | PathLike[str]) -> Checkpoint:
    """The last complete checkpoint of a folder.

    One that turns out damaged is passed over with a warning. Raises CheckpointError if there is none,
    ModelFormatError if none can be read.
    """
    first_error: ModelFormatError | None = None
    for path in checkpoint_folders(folder):
        try:
            return _load(model_class, path)
        except ModelFormatError as error:
            logger.warning("passing over a checkpoint: %s", error)
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    raise CheckpointError(f"there is no complete checkpoint in {folder}: train from the beginning")


def _load(model_class: type, path: Path) -> Checkpoint:
    content = read_folder(path, documents=folder_layout.DOCUMENTS)
    model: Any = folder_layout.model_from(model_class, content, str(path))
    try:
        return _checkpoint_from(model, content, path)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFormatError(f"{path} is no usable checkpoint: {error!r}") from error


def _checkpoint_from(model: Any, content: ArrayFolder, path: Path) -> Checkpoint:
    training = content.head["training"]
    if training["kernel"] != _sgd.KERNEL:
        logger.warning(
            "the checkpoint was written by the %s kernel and this one is %s: results are as good, but not "
            "equal to the last bit",
            training["kernel"],
            _sgd.KERNEL,
        )
    if training["chunk_tokens"] != CHUNK_TOKENS:
        raise ModelFormatError(
            f"{path} was written by a w2vplus with chunks of {training['chunk_tokens']} tokens, this one has "
            f"{CHUNK_TOKENS}: go on with that version"
        )
    if model._law().shared_negatives != training["shared_negatives"]:
        model.shared_negatives = training["shared_negatives"]  # the default was another one then
    progress = Progress(
        Run(**training["run"]),
        Position(**training["position"]),
        Tally(**training["tally"]),
        Tally(**training["total"]),
    )
    return Checkpoint(
        model,
        progress,
        Checkpoints(path.parent, training["minutes"], training["epochs"]),
        training["run_id"],
        training["callbacks"],
        training["corpus"],
        path,
    )
