"""A run that is interrupted, stopped or killed goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import gensim.models
import numpy as np
import pytest
from gensim.test.utils import datapath

import w2vplus
from w2vplus import (
    CheckpointError,
    Checkpoints,
    EarlyStopping,
    LineSentence,
    ModelFormatError,
    Phrases,
    TrainingCallback,
    Word2Vec,
    encode,
    team,
    trainer,
)
from w2vplus.array_folder import HEAD
from w2vplus.word2vec import checkpoints, feeds
from w2vplus.word2vec.checkpoints import checkpoint_folders, load_last


@pytest.fixture(autouse=True)
def trains_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long texts are: workers train copies of the frequent rows, which others may only read when all pause."""
    monkeypatch.setattr(trainer, "SMALLEST_COPYING_CORPUS", 0)


LEE = datapath("lee_background.cor")
SETTINGS = {"vector_size": 16, "epochs": 3, "workers": 1, "min_count": 3, "compute_loss": True}
MODES = {
    "sg-ns": {"sg": 1, "negative": 5},
    "cbow-ns": {"sg": 0, "negative": 5},
    "sg-hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
}
OFTEN = 1e-9
"""Minutes after which a checkpoint is due: at every chunk border."""


@pytest.fixture(scope="module")
def lee() -> list[list[str]]:
    return list(gensim.models.word2vec.LineSentence(LEE))


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """What a killed process has written survives it without that; only a power cut does not."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class Streamed:
    """A restartable iterable, which the engine iterates anew in every epoch."""

    def __init__(self, sentences):
        self.sentences = sentences

    def __iter__(self):
        return iter(self.sentences)


class Crash(Exception):
    """Ends a run without giving it a chance to write anything."""


class CrashAt(TrainingCallback):
    """Kills the run after so many checkpoints were written."""

    def __init__(self, monkeypatch, checkpoints):
        from w2vplus.word2vec.checkpoints import CheckpointWriter

        write = CheckpointWriter.write

        def counted(writer, *args):
            write(writer, *args)
            self.left -= 1
            if self.left == 0:
                raise Crash

        self.left = checkpoints
        monkeypatch.setattr(CheckpointWriter, "write", counted)


def state_of(model):
    matrices = [model.wv.vectors.tobytes()]
    matrices += [getattr(model, name).tobytes() for name in ("syn1", "syn1neg") if hasattr(model, name)]
    return (
        matrices,
        model.training_losses,
        model.running_training_loss,
        model.train_count,
        model.wv.index_to_key,
    )


@pytest.mark.parametrize("kind", [list, Streamed])
@pytest.mark.parametrize(
    ("mode", "crash"),
    [*((mode, 11) for mode in MODES), ("sg-ns", 1), ("sg-ns", 7), ("sg-ns", 8), ("sg-ns", 20)],
)
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(
    lee, mode, kind, crash, tmp_path, monkeypatch
):
    monkeypatch.setattr(feeds, "STREAM_TOKENS", 3000)
    settings = {**SETTINGS, **MODES[mode]}
    expected = Word2Vec(kind(lee), **settings)
    with monkeypatch.context() as patch:
        CrashAt(patch, crash)
        with pytest.raises(Crash):
            Word2Vec(kind(lee), checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **settings)
    resumed = Word2Vec.resume(tmp_path, kind(lee))
    assert state_of(resumed) == state_of(expected)


@pytest.mark.parametrize("kind", [list, Streamed])
def test_a_resumed_run_joins_the_phrases_of_the_interrupted_one(lee, kind, tmp_path, monkeypatch):
    expected = Word2Vec(kind(lee), phrases=2, **SETTINGS)
    with monkeypatch.context() as patch:
        CrashAt(patch, 3)
        with pytest.raises(Crash):
            Word2Vec(kind(lee), phrases=2, checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **SETTINGS)
    monkeypatch.setattr("w2vplus.word2vec.phrasing.learn_frozen", None)  # they are known
    resumed = Word2Vec.resume(tmp_path, kind(lee))
    assert state_of(resumed) == state_of(expected)
    assert resumed.phrases.found() == expected.phrases.found() != []


def test_a_corpus_with_phrases_that_the_model_adopts_is_not_joined_again(lee, tmp_path, monkeypatch):
    phrases = Phrases.learn([["new", "york"], ["new_york", "city"], ["a"]] * 30, thresholds=0.1)
    joined = encode([*phrases[[["new", "york"], ["a"]] * 20], ["new", "york"]])
    model = Word2Vec(min_count=1, epochs=2, workers=1, vector_size=4)
    model.build_vocab(joined)
    model.adopt_phrases(phrases, joined)
    with monkeypatch.context() as patch:
        CrashAt(patch, 1)
        with pytest.raises(Crash):
            model.train(joined, total_examples=41, epochs=2, checkpoint=Checkpoints(tmp_path, epochs=1))
    checkpoint = load_last(Word2Vec, tmp_path)
    assert checkpoint.model.phrases.found() == phrases.found()
    with pytest.raises(CheckpointError, match="41 tokens in 41 sentences and the interrupted run's had 42"):
        checkpoint.model.train_from(checkpoint, joined)  # joined anew, the last sentence is a phrase too
    checkpoint.model.adopt_phrases(phrases, joined)
    assert checkpoint.model.train_from(checkpoint, joined)[1] == 2 * 42
    assert checkpoint.model.train([["new", "york"]] * 5, total_examples=5, epochs=1)[1] == 5


class Anneals(TrainingCallback):
    """Changes rates and subsampling from epoch to epoch."""

    def on_epoch_end(self, model):
        model.alpha *= 0.5
        model.min_alpha = model.alpha / 10
        model.sample = 1e-4 if len(model.training_losses) % 2 else 0


@pytest.mark.parametrize("crash", [3, 8, 11, 17])
def test_a_resumed_run_has_the_rates_that_callbacks_gave_the_interrupted_one(lee, crash, tmp_path, monkeypatch):
    expected = Word2Vec(lee, callbacks=[Anneals()], **SETTINGS)
    with monkeypatch.context() as patch:
        CrashAt(patch, crash)
        with pytest.raises(Crash):
            Word2Vec(lee, callbacks=[Anneals()], checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **SETTINGS)
    resumed = Word2Vec.resume(tmp_path, lee, callbacks=[Anneals()])
    assert state_of(resumed) == state_of(expected)
    assert resumed.min_alpha_yet_reached == expected.min_alpha_yet_reached


def test_a_run_crashed_again_and_again_still_ends_the_same(lee, tmp_path, monkeypatch):
    expected = Word2Vec(lee, sg=1, **SETTINGS)
    with monkeypatch.context() as patch:
        CrashAt(patch, 2)
        with pytest.raises(Crash):
            Word2Vec(lee, sg=1, checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **SETTINGS)
    crashes = 0
    while True:
        try:
            with monkeypatch.context() as patch:
                CrashAt(patch, 4)
                resumed = Word2Vec.resume(tmp_path, lee)
            break
        except Crash:
            crashes += 1
    assert crashes >= 4
    assert state_of(resumed) == state_of(expected)


def test_a_second_call_of_train_is_resumed_as_the_second(lee, tmp_path, monkeypatch):
    models = [Word2Vec(lee, **SETTINGS) for _ in range(2)]
    arguments = {
        "total_examples": 300,
        "epochs": 2,
        "start_alpha": 0.01,
        "end_alpha": 0.001,
        "compute_loss": True,
    }
    models[0].train(lee, **arguments)
    with monkeypatch.context() as patch:
        CrashAt(patch, 3)
        with pytest.raises(Crash):
            models[1].train(lee, checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **arguments)
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(models[0])


def test_many_workers_lose_and_repeat_no_word(lee, tmp_path, monkeypatch):
    settings = {**SETTINGS, "workers": 4}
    with monkeypatch.context() as patch:
        CrashAt(patch, 5)
        with pytest.raises(Crash):
            Word2Vec(lee, checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **settings)
    checkpoint = load_last(Word2Vec, tmp_path)
    tokens = sum(map(len, lee))
    position = checkpoint.progress.position
    assert checkpoint.progress.total.raw_words == position.epoch * tokens + position.offset
    assert checkpoint.model.train_from(checkpoint, lee, workers=2)[1] == 3 * tokens


def test_the_last_two_checkpoints_are_kept_and_the_rest_swept_away(lee, tmp_path):
    (tmp_path / ".checkpoint-000001-killed.aside").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **{**SETTINGS, "epochs": 5})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-000004",
        "checkpoint-000005",
        "notes.txt",
    ]


def test_checkpoints_by_epochs_come_at_the_end_of_epochs(lee, tmp_path):
    Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=2), **{**SETTINGS, "epochs": 5})
    checkpoints = [json.loads((path / HEAD).read_text())["training"] for path in checkpoint_folders(tmp_path)]
    assert [(c["position"]["epoch"], c["position"]["offset"]) for c in checkpoints] == [(5, 0), (4, 0)]


def test_a_run_that_was_resumed_to_its_end_is_finished(lee, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        CrashAt(patch, 2)
        with pytest.raises(Crash):
            Word2Vec(lee, checkpoint=Checkpoints(tmp_path, OFTEN), **SETTINGS)
    (crashed, *_) = checkpoint_folders(tmp_path)
    head = json.loads((crashed / HEAD).read_text())
    head["training"]["minutes"] = 1000.0  # no further one is due before the end
    (crashed / HEAD).write_text(json.dumps(head))
    model = Word2Vec.resume(tmp_path, lee)
    (last, *_) = checkpoint_folders(tmp_path)
    assert json.loads((last / HEAD).read_text())["training"]["position"]["epoch"] == SETTINGS["epochs"]
    monkeypatch.setattr(trainer.Trainer, "train_epoch", None)  # nothing is trained again
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(model)


@pytest.mark.skipif(os.name != "posix", reason="locks as POSIX has them")
def test_two_runs_do_not_write_to_one_folder_at_once(lee, tmp_path):
    class Intruding(TrainingCallback):
        refused = 0

        def on_epoch_end(self, model):
            for run in (
                lambda: Word2Vec.resume(tmp_path, lee),
                lambda: Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS),
            ):
                with pytest.raises(CheckpointError, match=r"another run writes its checkpoints|of an earlier run"):
                    run()
                self.refused += 1

    intruding = Intruding()
    model = Word2Vec(lee, checkpoint=Checkpoints(tmp_path, OFTEN), callbacks=[intruding], **SETTINGS)
    assert intruding.refused == 2 * SETTINGS["epochs"]
    assert state_of(Word2Vec.resume(tmp_path, lee, callbacks=[Intruding()])) == state_of(model)  # it is free again


def test_a_run_over_files_goes_on_with_more_workers_and_is_watched(lee, tmp_path, monkeypatch):
    text, folder, reports = tmp_path / "lee.txt", tmp_path / "run", []
    text.write_text("".join(" ".join(sentence) + "\n" for sentence in lee))
    with monkeypatch.context() as patch:
        CrashAt(patch, 2)
        with pytest.raises(Crash):
            Word2Vec(corpus_file=str(text), checkpoint=Checkpoints(folder, OFTEN), **SETTINGS)
    model = Word2Vec.resume(folder, corpus_file=str(text), workers=2, progress=reports.append)
    assert model.workers == 2 and len(model.training_losses) == SETTINGS["epochs"]
    assert reports[-1].finished and reports[-1].raw_words == SETTINGS["epochs"] * sum(map(len, lee))


def test_a_short_run_leaves_no_checkpoint(lee, tmp_path):
    Word2Vec(lee, checkpoint=tmp_path, **SETTINGS)
    assert checkpoint_folders(tmp_path) == []


def test_a_finished_run_has_nothing_left_to_train(lee, tmp_path):
    model = Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(model)


def test_a_corpus_that_changes_in_every_epoch_goes_on_from_an_epochs_end(lee, tmp_path, monkeypatch):
    class Shuffled:
        def __iter__(self):
            return iter([lee[i] for i in np.random.default_rng().permutation(len(lee))])

    for minutes, epochs in ((None, 1), (OFTEN, None)):
        folder = tmp_path / str(epochs)
        with monkeypatch.context() as patch:
            CrashAt(patch, 2)
            with pytest.raises(Crash):
                Word2Vec(Shuffled(), checkpoint=Checkpoints(folder, minutes, epochs), **SETTINGS)
        if epochs:
            assert Word2Vec.resume(folder, Shuffled()).train_count == 1
        else:
            with pytest.raises(CheckpointError, match="can go on only from the end of an epoch"):
                Word2Vec.resume(folder, Shuffled())


@pytest.mark.parametrize("settings", [{"cache": True}, {"callbacks": [TrainingCallback()]}, {}])
@pytest.mark.parametrize("kind", ["class", "phrases", "list"])
def test_a_corpus_is_read_again_as_the_interrupted_run_read_it(lee, kind, settings, tmp_path, monkeypatch):
    """Callbacks and `cache` decide whether a corpus is encoded whole or iterated: those of then, not those of now."""
    kinds = {"class": Streamed, "list": list, "phrases": lambda sentences: Phrases(sentences)[LineSentence(LEE)]}
    expected = Word2Vec(kinds[kind](lee), **SETTINGS, **settings)
    for then, now in ((settings, []), ({}, [TrainingCallback()])):
        folder = tmp_path / str(len(now))
        with monkeypatch.context() as patch:
            CrashAt(patch, 5)
            with pytest.raises(Crash):
                Word2Vec(kinds[kind](lee), checkpoint=Checkpoints(folder, minutes=OFTEN), **SETTINGS, **then)
        assert state_of(Word2Vec.resume(folder, kinds[kind](lee), callbacks=now)) == state_of(expected)


def test_a_stream_whose_rate_falls_by_sentences_goes_on_at_the_same_rate(lee, tmp_path, monkeypatch):
    def train(**checkpoint):
        model = Word2Vec(**{**SETTINGS, "compute_loss": False})
        model.build_vocab(lee)
        model.train(Streamed(lee[::2]), total_examples=len(lee[::2]), epochs=3, **checkpoint)
        return model

    expected = train()
    for crash in (1, 2, 6):
        folder = tmp_path / str(crash)
        with monkeypatch.context() as patch:
            CrashAt(patch, crash)
            with pytest.raises(Crash):
                train(checkpoint=Checkpoints(folder, minutes=OFTEN))
        assert state_of(Word2Vec.resume(folder, Streamed(lee[::2]))) == state_of(expected)


def test_an_encoded_corpus_is_none_that_was_iterated(lee, tmp_path):
    Word2Vec(Streamed(lee), checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    with pytest.raises(CheckpointError, match="no known size, since it was iterated"):
        Word2Vec.resume(tmp_path, encode(lee))


@pytest.mark.parametrize("kind", [list, Streamed])
@pytest.mark.parametrize("change", ["shorter", "another word", "another boundary", "longer"])
def test_another_corpus_is_refused(lee, kind, change, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        CrashAt(patch, 5)
        with pytest.raises(Crash):
            Word2Vec(kind(lee), checkpoint=Checkpoints(tmp_path, minutes=OFTEN), **SETTINGS)
    others = {
        "shorter": lee[:100],
        "longer": [*lee, ["more"]],
        "another word": [[*lee[0][:-1], "the"], *lee[1:]],
        "another boundary": [lee[0] + lee[1][:1], lee[1][1:], *lee[2:]],
    }
    if kind is Streamed and change == "longer":
        # What comes later cannot be known of a stream: it is trained.
        assert Word2Vec.resume(tmp_path, kind(others[change])).train_count == 1
        return
    with pytest.raises(CheckpointError):
        Word2Vec.resume(tmp_path, kind(others[change]))


@pytest.mark.parametrize("then", [[], [TrainingCallback()]])
@pytest.mark.parametrize("change", ["other words", "another order"])
def test_another_corpus_of_the_same_size_is_refused_at_the_end_of_an_epoch_too(change, then, tmp_path, monkeypatch):
    sentences = [["a", "b", "c", "d"], ["b", "a", "d", "c"]] * 1500
    with monkeypatch.context() as patch:
        CrashAt(patch, 2)
        with pytest.raises(Crash):
            Word2Vec(sentences, checkpoint=Checkpoints(tmp_path, epochs=1), callbacks=then, **SETTINGS)
    assert load_last(Word2Vec, tmp_path).progress.position.offset == 0
    others = {"other words": [["x", "y", "z", "w"]] * 3000, "another order": sentences[::-1]}
    for callbacks in ([], [TrainingCallback()]):  # those of now
        with pytest.raises(CheckpointError, match=r"12000 tokens in 3000 sentences, as .* but other words or"):
            Word2Vec.resume(tmp_path, others[change], callbacks=callbacks)
    assert Word2Vec.resume(tmp_path, sentences).train_count == 1


@pytest.mark.parametrize("crash", [1, 2])
def test_a_list_that_callbacks_shuffle_may_have_another_order_when_the_run_goes_on(crash, lee, tmp_path, monkeypatch):
    class Shuffle(TrainingCallback):
        def on_epoch_end(self, model):
            sentences.reverse()

    sentences = list(lee)
    with monkeypatch.context() as patch:
        CrashAt(patch, crash)
        with pytest.raises(Crash):
            Word2Vec(sentences, checkpoint=Checkpoints(tmp_path, epochs=1), callbacks=[Shuffle()], **SETTINGS)
    for again in (sentences, lee):  # in the same process, and in another
        folder = shutil.copytree(tmp_path, tmp_path.with_name(f"again{len(list(tmp_path.parent.iterdir()))}"))
        assert Word2Vec.resume(folder, list(again), callbacks=[Shuffle()]).train_count == 1


def test_a_checkpoint_of_an_earlier_version_without_a_digest_goes_on(lee, tmp_path):
    Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    checkpoint = load_last(Word2Vec, tmp_path)
    del checkpoint.corpus["digest"]
    assert checkpoint.model.train_from(checkpoint, lee)[1] == SETTINGS["epochs"] * sum(map(len, lee))


def test_a_folder_with_another_run_is_not_overwritten(lee, tmp_path):
    Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CheckpointError, match="holds checkpoints of an earlier run"):
        Word2Vec(lee, checkpoint=tmp_path, **SETTINGS)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(CheckpointError, match=r"there is no complete checkpoint in .*nowhere"):
        Word2Vec.resume(tmp_path / "nowhere", lee)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(lee, tmp_path, caplog):
    model = Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    last, _ = checkpoint_folders(tmp_path)
    (arrays,) = last.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-1])
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(model)
    assert "passing over a checkpoint" in caplog.text and "damaged" in caplog.text
    for folder in checkpoint_folders(tmp_path):
        (folder / HEAD).write_text("{")
    with pytest.raises(ModelFormatError):
        Word2Vec.resume(tmp_path, lee)


@pytest.mark.parametrize("moment", ["while workers end", "when they have ended"])
def test_an_interrupt_at_the_end_of_an_epoch_leaves_a_true_checkpoint(lee, tmp_path, monkeypatch, moment):
    expected = Word2Vec(lee, sg=1, **SETTINGS)
    stops = []

    def interrupt():
        stops.append(None)
        if len(stops) == 2:
            raise KeyboardInterrupt

    if moment == "while workers end":
        end_workers = team.Team._end_workers
        monkeypatch.setattr(team.Team, "_end_workers", lambda self: (interrupt(), end_workers(self)))
    else:
        stop = team.Team.stop
        monkeypatch.setattr(team.Team, "stop", lambda self: (stop(self), interrupt()))
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(lee, sg=1, checkpoint=Checkpoints(tmp_path, epochs=99), **SETTINGS)
    assert state_of(Word2Vec.resume(tmp_path, lee))[0] == state_of(expected)[0]


def test_an_interrupt_leaves_a_checkpoint_of_where_it_was(lee, tmp_path):
    expected = Word2Vec(lee, sg=1, **{**SETTINGS, "epochs": 20})

    def interrupt(progress):
        if progress.epoch >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Word2Vec(lee, sg=1, checkpoint=tmp_path, progress=interrupt, **{**SETTINGS, "epochs": 20})
    assert load_last(Word2Vec, tmp_path).progress.position.epoch in (1, 2)
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(expected)


class FullDisk:
    """The disk of checkpoints: full for the first so many that are written."""

    def __init__(self, monkeypatch, writes):
        self.left, self.write_folder = writes, checkpoints.write_folder
        monkeypatch.setattr(checkpoints, "write_folder", self.write)

    def write(self, target, content):
        self.left -= 1
        if self.left >= 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        self.write_folder(target, content)


@pytest.mark.parametrize("schedule", [{"epochs": 1}, {"minutes": OFTEN}])
def test_a_due_checkpoint_that_finds_no_room_costs_a_warning_and_not_the_run(lee, tmp_path, monkeypatch, schedule):
    expected = Word2Vec(lee, **SETTINGS)
    FullDisk(monkeypatch, 2)
    with pytest.warns(RuntimeWarning, match=rf"to {tmp_path}: .*No space left on device") as warned:
        model = Word2Vec(lee, checkpoint=Checkpoints(tmp_path, **schedule), **SETTINGS)
    assert len(warned) == 2 and state_of(model) == state_of(expected)
    assert load_last(Word2Vec, tmp_path).progress.position.epoch == SETTINGS["epochs"]


def test_a_checkpoint_that_found_no_room_is_tried_again_at_the_end(lee, tmp_path, monkeypatch):
    FullDisk(monkeypatch, 1)
    with pytest.warns(RuntimeWarning, match="No space left on device"):
        Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=SETTINGS["epochs"] - 1), **SETTINGS)
    assert load_last(Word2Vec, tmp_path).progress.position.epoch == SETTINGS["epochs"]


def test_a_stop_and_an_interrupt_say_that_their_checkpoint_was_not_written(lee, tmp_path, monkeypatch):
    class Stops(TrainingCallback):
        def on_progress(self, model, progress):
            model.stop_training = True

    class Interrupts(TrainingCallback):
        def on_progress(self, model, progress):
            raise KeyboardInterrupt

    FullDisk(monkeypatch, 2)
    with pytest.raises(OSError, match="No space left on device"):
        Word2Vec(lee, callbacks=[Stops()], checkpoint=tmp_path, **SETTINGS)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(lee, callbacks=[Interrupts()], checkpoint=tmp_path, **SETTINGS)
    assert isinstance(interrupt.value.__cause__, OSError)


def test_another_instruction_set_is_told(lee, tmp_path, caplog):
    Word2Vec(lee, checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    for folder in checkpoint_folders(tmp_path):
        head = json.loads((folder / HEAD).read_text())
        head["training"]["kernel"] = "abacus"
        (folder / HEAD).write_text(json.dumps(head))
    load_last(Word2Vec, tmp_path)
    assert "written by the abacus kernel" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"), [({"minutes": 0}, "positive, got 0"), ({"epochs": 0}, "1, got 0")]
)
def test_a_schedule_that_means_nothing_is_refused(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        Checkpoints(tmp_path, **arguments)


# ---- kill -9


PROGRAM = """
import os
import sys
import gensim.models
from w2vplus import Checkpoints, Word2Vec
from w2vplus.word2vec.checkpoints import checkpoint_folders
folder, kind, output, flush, text = sys.argv[1:]
if flush == "no":
    os.fsync = lambda handle: None  # not needed to survive a kill
lee = list(gensim.models.word2vec.LineSentence(text))
class Streamed:
    def __iter__(self):
        return iter(lee)
corpus = {"stream": [Streamed(), None], "list": [lee, None], "file": [None, text]}[kind]
print("ready", flush=True)
if folder == "none":
    model = Word2Vec(*corpus, vector_size=60, sg=1, epochs=4, workers=1)
elif checkpoint_folders(folder):
    model = Word2Vec.resume(folder, *corpus)
else:
    checkpoints = Checkpoints(folder, minutes=1e-4)
    model = Word2Vec(*corpus, vector_size=60, sg=1, epochs=4, workers=1, checkpoint=checkpoints)
open(output, "wb").write(model.wv.vectors.tobytes() + model.syn1neg.tobytes())
"""


def start(*arguments) -> subprocess.Popen:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(w2vplus.__file__).parents[1])


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory) -> tuple[Path, bytes, float]:
    """A text, the matrices that an undisturbed run makes of it, and its seconds; they are the same whether the text
    comes as a list, a file or a stream."""
    folder = tmp_path_factory.mktemp("whole")
    text = folder / "corpus.txt"
    text.write_bytes(Path(datapath("lee_background.cor")).read_bytes() * 4)
    with start("none", "list", folder / "matrices", "no", text) as whole:
        assert whole.stdout.readline() == "ready\n"
        began = time.perf_counter()
        assert whole.wait(120) == 0
        return text, (folder / "matrices").read_bytes(), time.perf_counter() - began


def kill_at_random_moments(kind: str, kills: int, folder: Path, flush: str, whole: tuple[Path, bytes, float]) -> int:
    """Kill a run again and again and resume it until it ends; returns how often it was hit while it
    trained."""
    text, expected, duration = whole
    random = np.random.default_rng()
    hits = resumed = 0
    for _ in range(kills):
        with start(folder / "run", kind, folder / "vectors", flush, text) as process:
            assert process.stdout.readline() == "ready\n"
            resumed += bool(checkpoint_folders(folder / "run"))
            try:
                process.wait(random.uniform(0.1, 0.6) * duration)
            except subprocess.TimeoutExpired:
                hits += 1
            process.kill()
        if (folder / "vectors").exists() and process.returncode == 0:
            check_and_clear(folder, expected)
    with start(folder / "run", kind, folder / "vectors", flush, text) as process:
        assert process.wait(120) == 0
    check_and_clear(folder, expected)
    assert resumed or kills < 3
    return hits


def check_and_clear(folder: Path, expected: bytes) -> None:
    assert (folder / "vectors").read_bytes() == expected
    (folder / "vectors").unlink()
    shutil.rmtree(folder / "run")


@pytest.mark.parametrize("kind", ["list", "file", "stream"])
def test_a_killed_run_goes_on_and_ends_byte_for_byte_as_if_it_had_not_been(tmp_path, kind, whole_run):
    # a run may be over sooner than its kill, where other tests held up the one that was timed
    assert any(kill_at_random_moments(kind, 1, tmp_path, "no", whole_run) for _ in range(5))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["list", "file", "stream"])
def test_a_run_killed_at_twenty_random_moments_ends_byte_for_byte_the_same(tmp_path, kind, whole_run):
    assert kill_at_random_moments(kind, 20, tmp_path, "yes", whole_run) >= 10


# ---- Callbacks


def test_a_callback_stops_training_after_the_epoch_and_train_returns(lee):
    class Stops(TrainingCallback):
        ended = 0

        def on_epoch_end(self, model):
            model.stop_training = len(model.training_losses) == 2

        def on_train_end(self, model):
            self.ended += 1

    stops = Stops()
    model = Word2Vec(lee, callbacks=[stops], **{**SETTINGS, "epochs": 9})
    assert len(model.training_losses) == 2 and stops.ended == 1 and model.train_count == 1
    assert model.min_alpha_yet_reached == pytest.approx(0.025 - (0.025 - 1e-4) * 2 / 9)
    model.train(lee, total_examples=300, epochs=1)  # a stop is for one call
    assert model.stop_training is False


def test_a_stop_request_within_an_epoch_takes_effect_within_a_second(lee):
    class Stops(TrainingCallback):
        epochs = 0

        def on_progress(self, model, progress):
            self.at = time.perf_counter()
            model.stop_training = True

        def on_epoch_end(self, model):
            self.epochs += 1

    stops = Stops()
    model = Word2Vec(min_count=1, vector_size=300, sg=1, window=20, workers=2)
    model.build_vocab(lee * 20)
    _, raw_words = model.train(lee * 20, total_examples=6000, epochs=2, callbacks=[stops])
    assert time.perf_counter() - stops.at < 1
    assert 0 < raw_words < 20 * sum(map(len, lee)) and stops.epochs == 0
    assert np.isfinite(model.wv.vectors).all()


def test_a_stopped_run_can_go_on_from_its_checkpoint(lee, tmp_path):
    class Stops(TrainingCallback):
        def on_progress(self, model, progress):
            model.stop_training = True

    expected = Word2Vec(lee, **SETTINGS)
    Word2Vec(lee, callbacks=[Stops()], checkpoint=tmp_path, **SETTINGS)
    assert state_of(Word2Vec.resume(tmp_path, lee)) == state_of(expected)


def test_early_stopping_ends_a_run_whose_loss_falls_no_more(lee):
    model = Word2Vec(lee, callbacks=[EarlyStopping(2, least_gain=0.5)], **{**SETTINGS, "epochs": 50})
    assert len(model.training_losses) == 3
    with pytest.raises(ValueError, match="compute_loss=True"):
        Word2Vec(lee, callbacks=[EarlyStopping()], **{**SETTINGS, "compute_loss": False})
    for arguments in ({"patience": 0}, {"least_gain": 1}):
        with pytest.raises(ValueError, match="must be"):
            EarlyStopping(**arguments)


def test_a_callback_gets_its_state_back_after_a_restart(lee, tmp_path, monkeypatch):
    settings = {**SETTINGS, "epochs": 6}
    expected = Word2Vec(lee, callbacks=[EarlyStopping(4, 0.5)], **settings)
    assert len(expected.training_losses) == 5
    with monkeypatch.context() as patch:
        CrashAt(patch, 3)
        with pytest.raises(Crash):
            Word2Vec(
                lee, callbacks=[EarlyStopping(4, 0.5)], checkpoint=Checkpoints(tmp_path, epochs=1), **settings
            )
    with pytest.raises(CheckpointError, match="state of a callback EarlyStopping: pass one"):
        Word2Vec.resume(tmp_path, lee)
    assert state_of(Word2Vec.resume(tmp_path, lee, callbacks=[EarlyStopping(4, 0.5)])) == state_of(expected)


def test_a_state_that_json_cannot_hold_is_refused_by_name(lee, tmp_path):
    class Odd(TrainingCallback):
        def state_dict(self):
            return {"set": {1}}

    with pytest.raises(TypeError, match=r"Odd.state_dict\(\) must hold only what JSON can"):
        Word2Vec(lee, callbacks=[Odd()], checkpoint=Checkpoints(tmp_path, epochs=1), **SETTINGS)
    assert checkpoint_folders(tmp_path) == []


def test_callbacks_see_loss_rate_and_speed_beside_gensims_own(lee, tmp_path):
    class Watches(TrainingCallback):
        def __init__(self):
            self.calls, self.reports = [], []

        def on_train_begin(self, model):
            self.calls.append("train begin")

        def on_epoch_begin(self, model):
            self.calls.append("epoch begin")

        def on_progress(self, model, progress):
            self.reports.append(progress)

        def on_epoch_end(self, model):
            self.calls.append("epoch end")

        def on_train_end(self, model):
            self.calls.append("train end")

    class Saves(gensim.models.callbacks.CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(str(tmp_path / "middle"))

    watches, seen = Watches(), []
    model = Word2Vec(lee, callbacks=[watches, Saves()], progress=seen.append, **SETTINGS)
    assert watches.calls == ["train begin", *["epoch begin", "epoch end"] * 3, "train end"]
    assert watches.reports == seen and {report.epoch for report in seen} == {0, 1, 2}
    assert all(report.words_per_second > 0 and report.learning_rate < 0.025 for report in seen)
    assert all(report.loss is not None and np.isfinite(report.loss) for report in seen)
    np.testing.assert_array_equal(Word2Vec.load(str(tmp_path / "middle")).wv.vectors, model.wv.vectors)


def test_words_per_second_of_a_resumed_run_are_its_own(lee):
    from w2vplus.trainer import TrainingProgress

    fields = dict.fromkeys((field.name for field in dataclasses.fields(TrainingProgress)), 0)
    report = TrainingProgress(**{**fields, "raw_words": 1100, "earlier_words": 1000, "elapsed": 2.0})
    assert report.words_per_second == 50
