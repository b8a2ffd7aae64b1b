"""The models that a training command begins with: a new one, a saved one with new words, or a checkpoint's.

Called by `train` and `_pipeline`; `load_whole` by others who need more than vectors.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Container
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from w2vplus.cli import _output
from w2vplus.cli._reading import KeepOptions, Normalization
from w2vplus.cli._settings import CheckpointSettings, TrainSettings
from w2vplus.cli._targets import local_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from w2vplus.store import EncodedCorpus
    from w2vplus.word2vec import Word2Vec
    from w2vplus.word2vec.checkpoints import Checkpoint

FIXED = ("vector_size", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "cbow_corrected", "whole_sequence")
"""Settings that a model's weights were learnt under and that going on keeps."""

NEVER_TAKEN = ("workers", "compute_loss")
"""Settings of a run rather than of a model: those of the command line hold."""


def load_earlier(path: str) -> Word2Vec:
    """The model in the folder that --continue names. Raises UsageError for anything but such a folder."""
    from w2vplus import Word2Vec
    from w2vplus.array_folder import is_array_folder

    if not is_array_folder(path):
        raise _output.UsageError(
            f"--continue must name a folder that --save-model wrote, got {path!r}; of a model saved by gensim,"
            " Word2Vec.load(...).save_folder(...) makes one"
        )
    model = Word2Vec.load_folder(path)
    if not len(model.wv):
        raise _output.UsageError(f"--continue {path}: this model has no words yet; train a new one")
    return model


def load_whole(path: str) -> Word2Vec:
    """A saved model, a folder of ours or a file of gensim's format. Raises FileNotFoundError, or CommandError for
    anything else, vectors among it."""
    from w2vplus import Word2Vec
    from w2vplus.errors import ModelFormatError

    file = local_path(path)
    if file is not None and not file.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    try:
        return Word2Vec.load(path)  # type: ignore[no-any-return]
    except ModelFormatError as error:
        remedy = "a whole model is needed here: a folder of train --save-model, or what Word2Vec.save wrote"
        raise _output.CommandError(f"{error}; {remedy}") from error


def settings_of_continued(
    model: Word2Vec, settings: TrainSettings, given: Container[str], path: str
) -> TrainSettings:
    """The settings of the model, but for those that are `given` on the command line.

    Raises UsageError if one of these contradicts what the weights were learnt under.
    """
    merged: dict[str, Any] = {}
    for name in [field.name for field in fields(TrainSettings)]:
        wanted, own = getattr(settings, name), getattr(model, name)
        if name in given and name in FIXED and wanted != own:
            raise _output.UsageError(
                f"--{name.replace('_', '-')} is {wanted} and the model of {path} has {own}: leave the option out,"
                " or train a new model"
            )
        merged[name] = wanted if name in given or name in NEVER_TAKEN else own
    return TrainSettings(**merged)


def reading_of_continued(model: Word2Vec, reading: KeepOptions, given: Container[str], *, quiet: bool) -> KeepOptions:
    """The options of reading, with what made the words of the model's text wherever nothing else is `given`."""
    asked, own = reading.making_of_words(), beginning_of(model)
    taken = {name: own[name] for name in asked if name in own and name not in given and own[name] != asked[name]}
    for name, value in taken.items():
        option = f"--{name.replace('_', '-')}{'' if value is True else f' {value}'}"
        _output.note(f"w2vplus: the text is read with {option}, as the model's was", quiet=quiet)
    if "normalize" in taken:
        taken["normalize"] = Normalization(taken["normalize"])
    return replace(reading, **taken)


def grown_model(model: Word2Vec, encoded: EncodedCorpus, settings: TrainSettings) -> Word2Vec:
    """The model with the words of a new text in its vocabulary, ready to be trained on it."""
    for name, value in settings.arguments().items():
        if name not in FIXED:
            setattr(model, name, value)
    model.min_alpha_yet_reached = model.alpha  # what gensim warns of is meant here: the rate begins anew
    model.build_vocab(encoded, update=True)
    model.sort_vocabulary()
    remedy = "lower --min-count for its words to join, or give more text"
    _check_some_known(model, model.joined_with_phrases(encoded), f"among the {len(model.wv):,} of the model", remedy)
    return model


def _check_some_known(model: Word2Vec, text: EncodedCorpus, where: str, remedy: str) -> None:
    """Raise CommandError if `model` has no word of the text, so that nothing would be trained."""
    if not any(word in model.wv.key_to_index for word in text.types):
        raise _output.CommandError(
            f"no word of the text, such as {_output.shown(text.types[0])}, is {where}, such as"
            f" {_output.shown(model.wv.index_to_key[0])}: nothing would be trained; {remedy}"
        )


def new_model(
    encoded: EncodedCorpus,
    settings: TrainSettings,
    known: tuple[list[str], NDArray[np.int64]] | None = None,
    start: dict[str, Any] | None = None,
    *,
    min_count_option: str = "--min-count",
) -> Word2Vec:
    """A model whose vocabulary is built and whose weights are drawn, ready for `run_training`.

    With `known` the vocabulary is those words with their counts, int64 (V,); `start` are the arguments that say where
    vectors start from, if not at random. Raises CommandError if no word is frequent enough.
    """
    from w2vplus import Word2Vec

    types, counts = (encoded.types, encoded.counts) if known is None else known
    most_frequent = int(counts.max())
    if most_frequent < settings.min_count:
        word = types[int(counts.argmax())]
        raise _output.CommandError(
            f"no word occurs as often as {min_count_option} {settings.min_count}: the most frequent,"
            f" {_output.shown(word)}, has {most_frequent}; lower {min_count_option} or give more text"
        )
    model = Word2Vec(**settings.arguments(), **(start or {}))
    if known is None:
        try:
            model.build_vocab(encoded)
        except MemoryError as error:
            raise MemoryError(
                f"{error}: lower --vector-size {settings.vector_size}, or raise --min-count for fewer words"
            ) from error
    else:
        # Sorting puts the later of equally frequent words first; from behind, they stay in the file's order.
        frequencies = dict(zip(types[::-1], counts[::-1].tolist(), strict=True))
        model.build_vocab_from_freq(frequencies, corpus_count=encoded.sentence_count)
        remedy = "count the words of this text, with the same options of reading"
        _check_some_known(model, encoded, f"among the {len(model.wv):,} of the vocabulary file", remedy)
    return model


def words_given(counts_file: str | None) -> tuple[list[str], NDArray[np.int64]] | None:
    """The words and counts of the file that --vocab names, None without one; raises what `read_counts` does."""
    from w2vplus.counts_file import read_counts

    return None if counts_file is None else read_counts(counts_file)


BEGINNING = "begin"
"""The lifecycle event that says what a run began with, beside the settings that are attributes of its model."""


def note_beginning(model: Word2Vec, began_with: dict[str, Any]) -> None:
    """Remember in the model, and so in its checkpoints, what a run begins with, for --resume and --continue."""
    model.add_lifecycle_event(BEGINNING, **began_with)


def beginning_of(model: Word2Vec) -> dict[str, Any]:
    """What the last run that trained the model began with; empty if that was no command, or none of this version."""
    begun = [event for event in model.lifecycle_events or [] if event["event"] == BEGINNING]
    return begun[-1] if begun else {}


def last_checkpoint(
    settings: TrainSettings, checkpoints: CheckpointSettings, begins_with: dict[str, Any]
) -> Checkpoint | None:
    """The checkpoint that --resume goes on from; None if there is none yet.

    `begins_with`: options beside the settings, as `note_beginning` has them. Raises CommandError if the checkpoint
    belongs to a run with others.
    """
    from w2vplus import Word2Vec
    from w2vplus.word2vec.checkpoints import checkpoint_folders, load_last

    if checkpoints.folder is None or not checkpoints.resume or not checkpoint_folders(checkpoints.folder):
        return None
    checkpoint = load_last(Word2Vec, checkpoints.folder)
    earlier = {**begins_with, **beginning_of(checkpoint.model)}  # runs of earlier versions do not say all
    for name, value in {**settings.arguments(), **begins_with}.items():
        then = earlier[name] if name in begins_with else getattr(checkpoint.model, name)
        free = name == "workers" or (name == "shared_negatives" and value is None)  # None: as the run had it
        if not free and then != value:
            now, before = ("not given" if given is None else given for given in (value, then))
            raise _output.CommandError(
                f"--{name.replace('_', '-')} is {now} now and was {before} in the run of {checkpoint.path}:"
                " give the same options as then to go on with it"
            )
    return checkpoint


def vocabulary_facts(model: Word2Vec, encoded: EncodedCorpus) -> dict[str, int]:
    """How many words the model has, and what it dropped of the text (after phrases were joined)."""
    joined = model.joined_with_phrases(encoded)
    dropped = [
        count for word, count in zip(joined.types, joined.counts.tolist(), strict=True)
        if word not in model.wv.key_to_index
    ]  # fmt: skip
    return {
        "vocabulary": len(model.wv),
        "dropped_types": len(dropped),
        "dropped_tokens": sum(dropped),
        "effective_min_count": int(model.effective_min_count),
    }
