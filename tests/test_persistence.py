"""What is saved comes back whole, or the old one stays, or a clear error says why."""

from __future__ import annotations

import concurrent.futures
import errno
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import gensim.models
import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import FrozenPhrases, PhraseOptions, Phrases, Word2Vec, array_folder
from w2vplus.array_folder import HEAD, ArrayFolder, read_folder, write_folder
from w2vplus.errors import ModelFormatError
from w2vplus.word2vec.folder_layout import setting_names
from w2vplus.word2vec.json_values import keys_from_json, keys_to_json

LEE = datapath("lee_background.cor")
SMALL = {"vector_size": 16, "epochs": 1, "workers": 1, "min_count": 3}
MODES = {
    "sg-ns": {"sg": 1, "negative": 5},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
    "both": {"sg": 1, "hs": 1, "negative": 3},
}


@pytest.fixture(scope="module")
def lee() -> list[list[str]]:
    return list(gensim.models.word2vec.LineSentence(LEE))


@pytest.fixture(scope="module")
def model(lee) -> Word2Vec:
    return Word2Vec(lee, hs=1, compute_loss=True, **SMALL)


@pytest.fixture
def folder(model, tmp_path):
    model.save_folder(tmp_path / "model")
    return tmp_path / "model"


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def assert_same(first, second):
    assert first.wv.index_to_key == second.wv.index_to_key
    assert first.wv.key_to_index == second.wv.key_to_index
    for name in ("count", "sample_int"):
        np.testing.assert_array_equal(first.wv.expandos[name], second.wv.expandos[name])
    np.testing.assert_array_equal(first.wv.vectors, second.wv.vectors)
    for name in ("syn1", "syn1neg", "cum_table"):
        ours, theirs = getattr(first, name, None), getattr(second, name, None)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs)


# ---- gensim's format


@pytest.mark.parametrize(
    "options", [{}, {"sep_limit": 1}, {"separately": ["syn1neg"]}, {"pickle_protocol": 2}]
)
@pytest.mark.parametrize("name", ["model", "model.gz"])
def test_a_saved_model_comes_back_with_its_arrays_together_or_apart(model, tmp_path, name, options):
    model.save(str(tmp_path / name), **options)
    loaded = Word2Vec.load(str(tmp_path / name))
    assert type(loaded) is Word2Vec
    assert_same(model, loaded)
    assert loaded.lifecycle_events[-1]["event"] == "loaded"
    saving = [event for event in loaded.lifecycle_events if event["event"] == "saving"]
    assert saving[-1]["fname_or_handle"] == str(tmp_path / name)


def test_a_model_with_arrays_apart_is_mapped_queried_and_trained(model, lee, tmp_path):
    model.save(str(tmp_path / "model"), sep_limit=1)
    apart = {"model", "model.syn1.npy", "model.syn1neg.npy", "model.wv.vectors.npy"}
    assert apart <= names_in(tmp_path)
    mapped = Word2Vec.load(str(tmp_path / "model"), mmap="r")
    assert isinstance(mapped.wv.vectors, np.memmap)
    assert mapped.wv.most_similar("the") == model.wv.most_similar("the")
    before = (tmp_path / "model.wv.vectors.npy").read_bytes()
    mapped.train(lee, total_examples=mapped.corpus_count, epochs=1)
    assert not np.array_equal(mapped.wv.vectors, model.wv.vectors)
    assert (tmp_path / "model.wv.vectors.npy").read_bytes() == before


def test_a_model_is_saved_to_an_open_file_and_a_path_object(model, tmp_path):
    buffer = io.BytesIO()
    model.save(buffer)
    assert_same(model, pickle.loads(buffer.getvalue()))
    model.save(tmp_path / "model")
    assert_same(model, Word2Vec.load(tmp_path / "model"))


def test_a_save_that_fails_leaves_the_old_model_and_nothing_else(model, tmp_path):
    path = tmp_path / "model"
    model.save(str(path), sep_limit=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    model.unpicklable = lambda: None
    try:
        with pytest.raises((pickle.PicklingError, AttributeError)):
            model.save(str(path), sep_limit=1)
    finally:
        del model.unpicklable
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("mode", MODES)
def test_models_that_gensim_saved_become_ours_and_go_on_training(lee, tmp_path, mode):
    theirs = gensim.models.Word2Vec(lee, **SMALL, **MODES[mode])
    theirs.save(str(tmp_path / "gensim.model"))
    model = Word2Vec.load(str(tmp_path / "gensim.model"))
    assert type(model) is Word2Vec
    assert_same(theirs, model)
    assert model.train(lee, total_examples=model.corpus_count, epochs=1)[1] == sum(map(len, lee))
    model.save_folder(tmp_path / "folder")
    assert_same(model, Word2Vec.load_folder(tmp_path / "folder"))


@pytest.mark.parametrize("sep_limit", [1, 10**8])
def test_a_model_saved_as_gensims_loads_where_w2vplus_is_not_installed(model, tmp_path, sep_limit):
    model.save(str(tmp_path / "plain"), as_gensim=True, sep_limit=sep_limit)
    assert type(gensim.models.Word2Vec.load(str(tmp_path / "plain"))) is gensim.models.Word2Vec
    code = """
import sys
sys.modules["w2vplus"] = None  # makes every import of it fail
from gensim.models import Word2Vec
model = Word2Vec.load("plain")
model.train([["the", "a", "of"]], total_examples=1, epochs=1)
print(type(model).__module__, len(model.wv))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["gensim.models.word2vec", str(len(model.wv))], done.stderr


def test_a_plain_gensim_model_shares_the_arrays_and_says_what_it_leaves_out(lee, caplog):
    model = Word2Vec(lee, cbow_corrected=True, **SMALL)
    plain = model.to_gensim()
    assert type(plain) is gensim.models.Word2Vec
    assert plain.wv is model.wv and plain.syn1neg is model.syn1neg
    assert vars(plain).keys() == vars(gensim.models.Word2Vec(lee, **SMALL)).keys()
    assert "gensim's Word2Vec has no cbow_corrected" in caplog.text


@pytest.mark.parametrize("size", [0, 1, 50, 0.3, 0.9])
def test_a_truncated_model_is_refused_by_name(model, tmp_path, size):
    path = tmp_path / "model.bin"
    model.save(str(path))
    content = path.read_bytes()
    path.write_bytes(content[: size if isinstance(size, int) else int(len(content) * size)])
    with pytest.raises(ModelFormatError, match=r"model\.bin is no saved Word2Vec model, or a truncated one"):
        Word2Vec.load(str(path))


# ---- Folders


@pytest.mark.parametrize("mode", MODES)
def test_a_folder_keeps_everything_that_training_needs(lee, tmp_path, mode):
    model = Word2Vec(lee, shared_negatives=0, comment="käse", **SMALL, **MODES[mode])
    model.wv.vectors_lockf = np.linspace(0, 1, len(model.wv), dtype=np.float32)
    model.save_folder(tmp_path / "model")
    loaded = Word2Vec.load_folder(tmp_path / "model")
    assert_same(model, loaded)
    skipped = {"wv", "random", "lifecycle_events", "_memory", "_phrasing", "_tables", "syn1", "syn1neg", "cum_table"}
    for name in vars(model).keys() - skipped:
        assert getattr(loaded, name) == getattr(model, name), name
    assert vars(loaded).keys() == vars(model).keys() - {"stop_training", "_tables"}
    assert vars(loaded.wv).keys() == vars(model.wv).keys()
    for each in (model, loaded):
        each.build_vocab([["newcomer"] * 5], update=True)
        each.train(lee, total_examples=each.corpus_count, epochs=2)
    assert_same(model, loaded)


def test_a_folder_names_its_settings_for_people_and_for_programs(folder, model):
    head = json.loads((folder / HEAD).read_text())
    assert head["settings"]["vector_size"] == 16 and head["settings"]["seed"] == 1
    assert head["facts"]["vocabulary_size"] == len(model.wv)
    assert "| vector_size | 16 |" in (folder / "README.md").read_text()
    assert list(head["settings"]) == setting_names(Word2Vec)  # none is forgotten


def test_how_a_model_keeps_its_corpora_is_saved_with_it(lee, tmp_path):
    model = Word2Vec(lee, cache=True, spill_above=1_000_000, cache_dir=tmp_path / "cache", **SMALL)
    model.save(str(tmp_path / "pickle"))
    model.save_folder(tmp_path / "folder")
    for loaded in (Word2Vec.load(str(tmp_path / "pickle")), Word2Vec.load_folder(tmp_path / "folder")):
        assert loaded.cache is True
        assert (loaded.spill_above, loaded.cache_dir) == (1_000_000, str(tmp_path / "cache"))
    assert not {"cache", "spill_above", "cache_dir"} & vars(model.to_gensim()).keys()


def test_loading_a_folder_unpickles_nothing(folder, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a pickle was read")

    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    assert type(Word2Vec.load(folder)) is Word2Vec


def test_words_of_every_kind_that_json_can_name_come_back_as_they_were(tmp_path):
    words = ["a", "ß", "\ud800", "", 7, -1, 2.5, True, ("a", 1), ("x", ("y", b"z")), b"\x00\xff"]
    model = Word2Vec([words] * 3, min_count=1, vector_size=4, workers=1)
    model.save_folder(tmp_path / "m")
    loaded = Word2Vec.load_folder(tmp_path / "m")
    assert [(type(key), key) for key in loaded.wv.index_to_key] == [
        (type(key), key) for key in model.wv.index_to_key
    ]


@given(st.lists(st.recursive(st.text() | st.integers() | st.binary(), lambda key: st.tuples(key, key))))
@settings(max_examples=60)
def test_keys_survive_json(keys):
    assert keys_from_json(json.loads(json.dumps(keys_to_json(keys)))) == keys


def test_words_that_json_cannot_name_are_refused_before_anything_is_written(tmp_path):
    model = Word2Vec([[frozenset("ab"), "b"]] * 3, min_count=1, vector_size=4)
    with pytest.raises(TypeError, match="is a frozenset, and a folder can hold only"):
        model.save_folder(tmp_path / "m")
    assert names_in(tmp_path) == set()


def test_attributes_of_words_are_kept_and_those_of_the_model_named_if_not(lee, tmp_path, caplog):
    model = Word2Vec(lee, **SMALL)
    model.wv.set_vecattr("the", "weight", 2.5)
    model.favourite = "the"
    model.save_folder(tmp_path / "m")
    assert "no place for the attributes favourite" in caplog.text
    assert Word2Vec.load_folder(tmp_path / "m").wv.get_vecattr("the", "weight") == 2.5


def test_counts_kept_for_later_are_kept_in_the_folder(lee, tmp_path):
    model = Word2Vec(min_count=5)
    model.build_vocab(lee, keep_raw_vocab=True)
    model.save_folder(tmp_path / "m")
    assert Word2Vec.load_folder(tmp_path / "m").raw_vocab == model.raw_vocab


@pytest.mark.parametrize("passes", [1, 2])
def test_phrases_are_kept_with_their_component_words(lee, tmp_path, passes):
    frozen = Phrases.learn(lee, passes, min_count=2, thresholds=5.0, connector_words={"of", "the"})
    model = Word2Vec(lee, phrases=frozen, **SMALL)
    model.save_folder(tmp_path / "m")
    loaded = Word2Vec.load_folder(tmp_path / "m")
    assert isinstance(loaded.phrases, FrozenPhrases)
    assert loaded.phrases.levels == frozen.levels == passes
    assert loaded.phrases.found() == frozen.found()
    assert loaded.phrases.components == frozen.components
    assert loaded.phrases.phrasegrams == frozen.phrasegrams
    assert any(len(words) > 2 for words in loaded.phrases.components.values())
    assert list(loaded.phrases[lee]) == list(frozen[lee]) != lee
    for name in ("threshold", "min_count", "delimiter", "scoring", "connector_words", "loss"):
        assert getattr(loaded.phrases, name) == getattr(frozen, name), name
    again = [model.train(lee, total_examples=len(lee), epochs=1), loaded.train(lee, total_examples=len(lee), epochs=1)]
    assert again[0] == again[1] and again[0][1] == sum(map(len, frozen[lee]))
    assert_same(model, loaded)


def test_phrases_still_to_be_learnt_are_kept(lee, tmp_path):
    options = PhraseOptions(2, "word2phrase", (50, 20), connector_words={"of"})
    Word2Vec(phrases=options, **SMALL).save_folder(tmp_path / "m")
    loaded = Word2Vec.load_folder(tmp_path / "m")
    assert loaded.phrases == options
    loaded.build_vocab(lee)
    assert loaded.phrases.levels == 2


def often(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return float(bigram_count)


def test_what_a_folder_cannot_hold_of_phrases_is_said(lee, tmp_path, caplog):
    class Shouting(FrozenPhrases):
        def score_candidate(self, word_a, word_b, in_between):
            return (f"{word_a}!{word_b}", 1.0) if word_a == "of" and not in_between else (None, None)

    phrases = Shouting(Phrases(lee, scoring=often, threshold=20))
    model = Word2Vec(lee, phrases=phrases, **SMALL)
    model.save_folder(tmp_path / "m")
    assert "how Shouting finds phrases" in caplog.text and "scoring function" in caplog.text
    assert Word2Vec.load_folder(tmp_path / "m").phrases.phrasegrams == phrases.phrasegrams
    model.phrases = [phrases]
    with pytest.raises(TypeError, match="phrases must be a number of passes, PhraseOptions or Phrases"):
        model.save_folder(tmp_path / "n")


def test_a_model_without_vocabulary_is_kept(tmp_path):
    Word2Vec(vector_size=7).save_folder(tmp_path / "m")
    assert Word2Vec.load_folder(tmp_path / "m").wv.vectors.shape == (0, 7)


def test_rewriting_a_folder_replaces_the_model_and_leaves_one_generation(folder, lee):
    other = Word2Vec(lee, seed=5, **SMALL)
    other.save_folder(folder)
    assert_same(other, Word2Vec.load_folder(folder))
    assert len(list(folder.glob("arrays-*"))) == 1


def test_rewriting_a_folder_deletes_no_files_of_others(folder, lee):
    mine = ("results-2024.json", "other-model-1.safetensors", "arrays-of-mine-7.safetensors")
    for name in mine:
        (folder / name).write_text("mine")
    Word2Vec(lee, seed=5, **SMALL).save_folder(folder)
    assert all((folder / name).read_text() == "mine" for name in mine)


def test_outputs_of_no_word_are_refused_before_anything_is_written(lee, tmp_path):
    model = Word2Vec(lee, **SMALL)
    model.syn1neg = np.ones((len(model.wv) + 1, model.vector_size), np.float32)
    with pytest.raises(ValueError, match=r"wv has \d+ words and syn1neg \d+ rows, which no folder holds"):
        model.save_folder(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_vectors_without_lock_factors_are_kept_and_come_back(lee, tmp_path):
    model = Word2Vec(lee, **SMALL)
    plain = KeyedVectors(model.vector_size)
    plain.add_vectors(model.wv.index_to_key, model.wv.vectors)
    for word in plain.index_to_key:
        plain.set_vecattr(word, "count", model.wv.get_vecattr(word, "count"))
    model.wv = plain
    model.save_folder(tmp_path / "m")
    again = Word2Vec.load_folder(tmp_path / "m")
    assert np.array_equal(again.wv.vectors, plain.vectors) and again.wv.vectors_lockf.tolist() == [1.0]


@pytest.mark.parametrize("moment", ["arrays", "head"])
def test_a_rewrite_that_breaks_off_leaves_the_old_model(folder, model, lee, monkeypatch, moment):
    import safetensors.numpy

    from w2vplus import array_folder

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        *((safetensors.numpy, "save_file") if moment == "arrays" else (array_folder, "replacing")), fail
    )
    before = names_in(folder)
    with pytest.raises(OSError, match="No space left"):
        Word2Vec(lee, seed=5, **SMALL).save_folder(folder)
    monkeypatch.undo()
    assert_same(model, Word2Vec.load_folder(folder))
    assert names_in(folder) == before
    with pytest.raises(OSError, match="No space left"):
        monkeypatch.setattr(array_folder, "replacing", fail)
        model.save_folder(folder.parent / "fresh")
    assert names_in(folder.parent) == {"model"}


@pytest.mark.parametrize("limit", [4096, 60_000])
def test_a_folder_that_finds_no_room_is_an_os_error_with_a_remedy(folder, model, tmp_path, limit):
    """The smaller limit breaks off the arrays, the larger a document written after them."""
    pytest.importorskip("resource", reason="needs limits of POSIX systems")
    code = f"""
import resource
from w2vplus.array_folder import ArrayFolder, write_folder
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
content = ArrayFolder("model", {{}}, {{"state": "x" * 90_000}}, {{"input_vectors": np.zeros(5_000, np.float32)}})
for name in ("model", "fresh"):
    try:
        write_folder({str(tmp_path)!r} + "/" + name, content)
    except OSError as error:
        print(error.errno, error)
"""
    before = names_in(folder)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rewritten, fresh = done.stdout.splitlines()
    for line, name in ((rewritten, "model"), (fresh, "fresh")):
        assert line.startswith(f"{errno.EFBIG} ") and str(tmp_path / name) in line and "ulimit -f" in line
    assert names_in(folder) == before and names_in(tmp_path) == {"model"}
    assert_same(model, Word2Vec.load_folder(folder))


@pytest.mark.skipif(os.name != "posix", reason="locks as POSIX has them")
def test_several_writers_and_readers_of_one_folder_never_meet_a_mixture(tmp_path):
    target, failures, done = tmp_path / "model", [], threading.Event()

    def content(number):
        arrays = {"numbers": np.full(5_000, number, np.float32)}
        return ArrayFolder("model", {"number": number}, {"state": [number]}, arrays)

    def write(first):
        for number in range(first, first + 15):
            write_folder(target, content(number))

    def read():
        while not done.is_set():
            found = read_folder(target, documents={"state": list})
            numbers = {*found.documents["state"], *found.arrays["numbers"].tolist()}
            if numbers != {found.head["number"]}:
                failures.append(found.head)

    write_folder(target, content(0))
    with concurrent.futures.ThreadPoolExecutor() as executor:
        reading = executor.submit(read)
        writing = [executor.submit(write, first) for first in (100, 200, 300)]
        try:
            for each in writing:
                each.result()
        finally:
            done.set()
        reading.result()
    assert failures == []


def test_the_first_writers_of_a_folder_take_turns_too(tmp_path):
    content = ArrayFolder("model", {}, {"state": [1]}, {"numbers": np.zeros(5_000, np.float32)})
    for attempt in range(10):
        with concurrent.futures.ThreadPoolExecutor(4) as executor:
            list(executor.map(lambda _: write_folder(tmp_path / str(attempt), content), range(4)))  # noqa: B023
        assert read_folder(tmp_path / str(attempt), documents={"state": list}).documents["state"] == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_process_that_was_forked_meanwhile_does_not_keep_a_folder_locked(folder, model, monkeypatch):
    write, children = array_folder._write_generation, []

    def forking(*arguments):
        child = os.fork()
        if child == 0:  # pragma: no cover
            time.sleep(60)
            os._exit(0)
        children.append(child)
        write(*arguments)

    monkeypatch.setattr(array_folder, "_write_generation", forking)
    try:
        model.save_folder(folder)
        monkeypatch.undo()
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            executor.submit(model.save_folder, folder).result(timeout=30)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_nothing_but_a_model_is_overwritten(model, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("")
    for name in ("papers", "file"):
        with pytest.raises(FileExistsError, match="exists and is no w2vplus folder"):
            model.save_folder(tmp_path / name)
    assert (tmp_path / "papers" / "thesis.tex").read_text() == "years of work"


def change_head(folder, **changes):
    head = json.loads((folder / HEAD).read_text())
    head.update(changes)
    (folder / HEAD).write_text(json.dumps(head))


def test_a_newer_folder_is_refused(folder):
    change_head(folder, version=2)
    with pytest.raises(ModelFormatError, match=r"format version 2 and this w2vplus reads up to 1.*upgrade"):
        Word2Vec.load_folder(folder)


@pytest.mark.parametrize("name", ["arrays", "vocabulary", "state"])
@pytest.mark.parametrize("size", [0, 10, -1])
def test_a_truncated_folder_is_refused(folder, name, size):
    (path,) = folder.glob(f"{name}-*")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelFormatError, match=f"{name}-1.* is damaged"):
        Word2Vec.load_folder(folder)
    path.unlink()
    with pytest.raises(ModelFormatError, match=f"incomplete: {name}-1.* is missing"):
        Word2Vec.load_folder(folder)


def test_what_is_no_folder_of_ours_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError):
        Word2Vec.load_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFormatError, match="no w2vplus folder"):
        Word2Vec.load_folder(tmp_path / "empty")
    for content in (
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"format": "other"}',
        '{"format": "w2vplus", "version": "1"}',
    ):
        (folder / HEAD).write_text(content)
        with pytest.raises(ModelFormatError):
            Word2Vec.load_folder(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "a/b", "C:x", "..\\x"])
def test_a_folder_cannot_make_its_reader_open_other_files(folder, name):
    change_head(folder, files={"arrays": {"name": name, "bytes": 1}})
    with pytest.raises(ModelFormatError):
        Word2Vec.load_folder(folder)


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("input_vectors", np.zeros((3, 16), np.float32)),
        ("output_vectors", np.zeros((3, 16), np.float32)),
        ("counts", np.zeros(3, np.int64)),
        ("path_nodes", np.full(20, 10**6, np.int32)),
        ("path_codes", lambda codes: np.full_like(codes, 2)),
        ("path_starts", np.zeros(2, np.int64)),
        ("surprise", np.zeros(3, np.int64)),
    ],
)
def test_a_folder_that_contradicts_itself_is_refused(folder, array, value):
    content = read_folder(folder, documents={"vocabulary": list, "state": dict})
    content.arrays[array] = value(content.arrays[array]) if callable(value) else value
    other = folder.parent / "other"
    head = {name: content.head[name] for name in ("settings", "facts")}
    write_folder(other, ArrayFolder("model", head, content.documents, content.arrays))
    with pytest.raises(ModelFormatError, match="holds no usable model"):
        Word2Vec.load_folder(other)


@pytest.mark.parametrize("missing", ["settings"])
def test_a_head_without_its_parts_is_refused(folder, missing):
    head = json.loads((folder / HEAD).read_text())
    del head[missing]
    (folder / HEAD).write_text(json.dumps(head))
    with pytest.raises(ModelFormatError, match=f"'{missing}' is missing"):
        Word2Vec.load_folder(folder)


def test_a_writer_killed_at_any_moment_leaves_one_complete_model(folder, model, tmp_path):
    code = f"""
import sys
from w2vplus import Word2Vec
model = Word2Vec.load_folder({str(folder)!r})
print("ready", flush=True)
while True:
    model.save_folder({str(folder)!r})
"""
    random = np.random.default_rng(0)
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(random.uniform(0, 0.3))
        process.kill()
        process.wait()
        process.stdout.close()
        assert_same(model, Word2Vec.load_folder(folder))
