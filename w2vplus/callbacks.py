"""What training tells its user while it runs, and how the user answers: callbacks and early stopping.

gensim's callbacks work as they are (`on_train_begin`, `on_epoch_begin`, `on_epoch_end`, `on_train_end`, each
called with the model). w2vplus adds `on_progress`, and two methods by which a callback survives a restart
from a checkpoint. Any callback ends training by setting `model.stop_training = True`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2vplus.trainer import TrainingProgress


class TrainingCallback:
    """Base class of callbacks; override what you need.

    All methods run in the thread that called `train`, between chunks. `model.stop_training = True` ends
    training at the next chunk border; `train` then returns as usual, after `on_train_end`.
    """

    def on_train_begin(self, model: Any) -> None:
        """Training begins, or goes on after a restart."""

    def on_epoch_begin(self, model: Any) -> None:
        """An epoch begins, or goes on after a restart."""

    def on_progress(self, model: Any, progress: TrainingProgress) -> None:
        """About five times a second and at the end of every epoch: words/s, learning rate, mean loss.

        Other threads are training while this runs: read the matrices in `on_epoch_end` instead.
        """

    def on_epoch_end(self, model: Any) -> None:
        """An epoch is complete; vectors, norms and losses are coherent, and the model may be saved."""

    def on_train_end(self, model: Any) -> None:
        """Training is over, complete or stopped."""

    def state_dict(self) -> dict[str, Any] | None:
        """What a checkpoint keeps of this callback, in terms of JSON; None for nothing."""
        return None

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` gave, after a restart."""


class EarlyStopping(TrainingCallback):
    """Ends training when the mean loss of an epoch has not fallen for `patience` epochs.

    `least_gain` is the part of the best loss so far by which an epoch must improve on it. Train with
    `compute_loss=True`. Raises ValueError for settings that mean nothing, and at the first epoch's end if
    losses are not computed.
    """

    def __init__(self, patience: int = 1, least_gain: float = 0.001) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1 epoch, got {patience}")
        if not 0 <= least_gain < 1:
            raise ValueError(f"least_gain must be a part of one, at least 0 and below 1, got {least_gain}")
        self.patience = patience
        self.least_gain = least_gain
        self.best_loss = math.inf
        self.epochs_without_gain = 0

    def on_epoch_end(self, model: Any) -> None:
        """Compare the epoch's loss with the best one."""
        if not model.compute_loss:
            raise ValueError("EarlyStopping needs losses: train with compute_loss=True")
        loss = model.training_losses[-1]
        if loss < self.best_loss * (1 - self.least_gain):
            self.best_loss, self.epochs_without_gain = loss, 0
            return
        self.epochs_without_gain += 1
        if self.epochs_without_gain >= self.patience:
            model.stop_training = True

    def state_dict(self) -> dict[str, Any]:
        """The best loss (None before the first epoch's end) and how long ago it was."""
        best = self.best_loss if math.isfinite(self.best_loss) else None
        return {"best_loss": best, "epochs_without_gain": self.epochs_without_gain}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""
        self.best_loss = math.inf if state["best_loss"] is None else float(state["best_loss"])
        self.epochs_without_gain = int(state["epochs_without_gain"])
