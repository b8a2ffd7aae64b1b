"""Saving and loading `Word2Vec`: gensim's pickles, plain gensim models, and folders that can execute nothing.

`save` and `load` are gensim's, except that nothing half-written ever stands under the target's name; the
folder format (`save_folder`, `load_folder`) is laid out here over `w2vplus.array_folder`.
"""

from __future__ import annotations

import logging
from os import PathLike, fspath
from os.path import expanduser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gensim.models.word2vec import Word2Vec as PlainWord2Vec

from w2vplus._atomic import replacing_family
from w2vplus.array_folder import read_folder, write_folder
from w2vplus.errors import ModelFormatError
from w2vplus.vectors.pickles import load_explained
from w2vplus.word2vec import folder_layout
from w2vplus.word2vec.building import VocabularyBuilding
from w2vplus.word2vec.feeds import CorpusMemory
from w2vplus.word2vec.phrasing import Phrasing
from w2vplus.word2vec.rows import take_in_added_words
from w2vplus.word2vec.tables import settle_sample

if TYPE_CHECKING:
    from typing_extensions import Self

logger = logging.getLogger(__name__)

TRANSIENT = (
    "_memory", "_phrasing", "_tables", "_sample_of_thresholds", "_constructor_progress", "_constructor_checkpoint",
    "_init_from", "_run_id", "stop_training",
)  # fmt: skip
"""Attributes that are not saved."""

OURS = (
    *TRANSIENT, "shared_negatives", "cbow_corrected", "whole_sequence", "errors", "cache", "spill_above", "cache_dir",
    "training_losses", "phrases", "corpora", "corpus_total_types",
)  # fmt: skip
"""Attributes that gensim's class does not know."""

MODEL_KINDS = MODEL_KIND, CHECKPOINT_KIND = "model", "checkpoint"


class Persistence(VocabularyBuilding):
    """The part of `Word2Vec` that goes to disk and comes back."""

    stop_training: bool = False
    """Set by callbacks to end training; `train` clears it when it begins."""
    _run_id: str | None = None

    # ---- gensim's pickles

    def save(self, *args: Any, as_gensim: bool = False, **kwargs: Any) -> None:
        """Save as gensim does: to a path or an open file, large arrays beside the pickle; complete or not at
        all.

        Arguments are gensim's (`separately`, `sep_limit`, `ignore`, `pickle_protocol`). `as_gensim` writes a
        plain `gensim.models.Word2Vec`, which loads where w2vplus is not installed (see `to_gensim`).
        """
        take_in_added_words(self)
        settle_sample(self)
        if not as_gensim:
            super().save(*args, **kwargs)
            return
        plain = self.to_gensim()
        target = args[0] if args else kwargs.pop("fname_or_handle")
        if hasattr(target, "write"):
            plain.save(target, *args[1:], **kwargs)
            return
        plain.add_lifecycle_event("saving", fname_or_handle=str(target))
        _save_aside(target, lambda path: plain._smart_save(path, *args[1:], **kwargs))

    def _smart_save(self, fname: Any, *args: Any, **kwargs: Any) -> None:
        """gensim's way to a path: written aside and renamed, the pickle after the arrays it refers to."""
        _save_aside(fname, lambda path: super(Persistence, self)._smart_save(path, *args, **kwargs))

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Any:
        """Load what `save` of w2vplus or gensim 4 wrote, or a folder that `save_folder` wrote.

        gensim's own models become instances of this class and go on training. `mmap="r"` maps arrays that lie
        in files of their own. Raises ModelFormatError for a truncated or foreign file and for a pickle that this
        gensim cannot read; its subclass WrongModelError, which is gensim's AttributeError too, for a pickle of
        another class; TypeError for what is no path.

        Reading a pickle runs the code that it names: load only files that you trust. Folders run nothing.
        """
        source = args[0] if args else kwargs.pop("fname", None)
        if not isinstance(source, (str, PathLike)):
            raise TypeError(
                f"load takes the path of a saved model, got {source!r}: "
                "pickle.load reads what save wrote to an open file"
            )
        path = expanduser(fspath(source))  # noqa: PTH111 (a Path would lose the two slashes of a URI)
        if Path(path).is_dir():
            return cls.load_folder(path)
        with load_explained(path, "saved Word2Vec model", ModelFormatError):
            model = super().load(path, *args[1:], **kwargs)
        if type(model) is PlainWord2Vec:
            model.__class__ = cls
            model._complete()
        return model

    def __getstate__(self) -> dict[str, Any]:
        if "wv" in self.__dict__:  # not while gensim writes it apart
            settle_sample(self)
        return {name: value for name, value in self.__dict__.items() if name not in TRANSIENT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._complete()

    def _load_specials(self, *args: Any, **kwargs: Any) -> None:
        super()._load_specials(*args, **kwargs)
        self._complete()

    def _complete(self) -> None:
        """Give a model of gensim, or of an earlier w2vplus, the attributes that it lacks."""
        self._start_transient()
        for name, value in (
            ("shared_negatives", None),
            ("cbow_corrected", False),
            ("errors", "strict"),
            ("training_losses", []),
            ("corpora", []),
        ):
            if not hasattr(self, name):
                setattr(self, name, value)

    def _start_transient(self) -> None:
        self._memory, self._phrasing = CorpusMemory(), Phrasing()
        self._sample_of_thresholds = self.__dict__.get("sample")

    # ---- Plain gensim

    def to_gensim(self) -> PlainWord2Vec:
        """This model as a `gensim.models.Word2Vec`, which shares its arrays and needs no w2vplus to be
        pickled.

        What gensim has no place for is left out: how negatives are shared, the corrected CBOW law and windows
        of whole sequences (a warning says so if they were in use), losses by epoch, phrases (a warning if
        there are any).
        """
        take_in_added_words(self)
        settle_sample(self)
        for name in ("cbow_corrected", "whole_sequence", "phrases"):
            if getattr(self, name, None):
                logger.warning("gensim's Word2Vec has no %s: left out of the plain model", name)
        plain = PlainWord2Vec.__new__(PlainWord2Vec)
        plain.__dict__.update(
            {
                name: value
                for name, value in self.__dict__.items()
                if name not in OURS and not name.startswith("__")
            }
        )
        if self.lifecycle_events is not None:
            plain.lifecycle_events = list(self.lifecycle_events)
        return plain

    # ---- Folders

    def save_folder(self, path: str | PathLike[str]) -> None:
        """Save the whole model as a folder of safetensors and JSON, without pickle; complete or not at all.

        Vectors, output weights, vocabulary with counts, settings, state of training and phrases are kept;
        loaded again, the model goes on training as this one would. An older model of that name is replaced.

        Raises FileExistsError if `path` holds anything else, TypeError for keys that JSON cannot hold
        (anything but strings, numbers, bytes and tuples of them), OSError if the disk fails.
        """
        write_folder(path, folder_layout.content_of(self, MODEL_KIND))

    @classmethod
    def load_folder(cls, path: str | PathLike[str]) -> Self:
        """The model that `save_folder` wrote, or that a checkpoint holds; nothing in the folder is executed.

        Raises FileNotFoundError if there is nothing, ModelFormatError for a folder that is truncated,
        foreign, written by a newer format version, or contradicts itself.
        """
        content = read_folder(path, documents=folder_layout.DOCUMENTS)
        if content.kind not in MODEL_KINDS:
            raise ModelFormatError(f"{path} holds a {content.kind}, not a model")
        model = folder_layout.model_from(cls, content, str(path))
        model.add_lifecycle_event("loaded", fname=str(path))
        return model


def _save_aside(fname: Any, write: Any) -> None:
    """Let `write(path)` make a family of files in a folder aside, then move them beside `fname`, itself
    last."""
    if not isinstance(fname, (str, PathLike)) or "://" in str(fname):
        write(fname)
        return
    with replacing_family(fname) as path:
        write(str(path))
