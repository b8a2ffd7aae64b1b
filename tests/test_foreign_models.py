"""What is no saved model is named for what it is, with what reads it; so are models that this gensim cannot read."""

from __future__ import annotations

import gzip
import pickle
import tempfile

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import common_texts, datapath

from w2vplus import FrozenPhrases, Phrases, Word2Vec, load_vectors
from w2vplus.errors import ModelFormatError, VectorFormatError


class OwnVectors(KeyedVectors):
    """A program's own kind of vectors."""


@pytest.fixture(scope="module")
def model() -> Word2Vec:
    return Word2Vec(common_texts, min_count=1, vector_size=8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"word 1 2 3\n", "foreign is no saved .* it is no pickle"),
        (b"\x00" * 100, "it is no pickle"),
        ("ä".encode("utf-16"), "it is no pickle"),
        (b"", "it is empty"),
        (b"2 3\nword 1 2 3\n", r"it begins as vectors .*w2vplus\.load_vectors reads those"),
        (b"\xba\x16O/....", "a model of fastText's own program: .*load_facebook_model"),
        (b"\x93NUMPY\x01\x00", "an array of NumPy"),
        (b"PK\x03\x04...", "a zip archive"),
        (gzip.compress(b"some text", mtime=0), r"gzip-compressed: .* ends in \.gz"),
        (pickle.dumps({"a": 1}), r"foreign begins as a pickle of builtins\.dict, which neither gensim nor"),
        (pickle.dumps([1], protocol=0), r"a pickle of builtins\.list"),
        (b"cno_such_module\nThing\n(tR.", r"a pickle of no_such_module\.Thing .*needs no_such_module, .*not installed"),
        (b"cgensim.models.doc2vec\nGone\n(tR.", r"needs gensim\.models\.doc2vec\.Gone, which is not here \(gensim is"),
    ],
)
def test_a_foreign_file_is_named_for_what_it_is(tmp_path, content, message):
    (tmp_path / "foreign").write_bytes(content)
    for kind in (Word2Vec, Phrases, FrozenPhrases):
        with pytest.raises(ModelFormatError, match=message):
            kind.load(str(tmp_path / "foreign"))


@pytest.mark.parametrize("content", [b"ctempfile\nnoted\n(tR.", b"ctempfile\nnoted\n(tR0cno_such_module\nThing\n."])
def test_a_pickle_that_begins_with_a_function_is_not_run(tmp_path, monkeypatch, content):
    runs = []
    monkeypatch.setattr(tempfile, "noted", lambda: runs.append(1), raising=False)
    for name in ("foreign", "foreign.kv"):
        (tmp_path / name).write_bytes(content)
    for load in (Word2Vec.load, Phrases.load):
        with pytest.raises(ModelFormatError, match=r"a pickle of tempfile\.noted, which neither .* nothing of it was"):
            load(str(tmp_path / "foreign"))
    with pytest.raises(VectorFormatError, match=r"a pickle of tempfile\.noted, .* nothing of it was run"):
        load_vectors(tmp_path / "foreign.kv")
    assert runs == []


def test_a_subclass_of_a_model_is_loaded(tmp_path):
    """What a program derives from gensim's classes is a model, in whatever module it stands."""
    OwnVectors(3).save(str(tmp_path / "own.kv"))
    assert isinstance(load_vectors(tmp_path / "own.kv"), OwnVectors)


def test_vectors_phrases_and_models_are_not_taken_for_each_other(model, tmp_path):
    names = [str(tmp_path / name) for name in ("vectors", "phrases", "model")]
    for name, kind in zip(names, (model.wv, Phrases(), model), strict=True):
        kind.save(name)
    mistaken = (
        (Word2Vec, names[0], r"models\.keyedvectors\.KeyedVectors, not a saved Word2Vec model: gensim\..*\.load reads"),
        (Word2Vec, names[1], r"w2vplus\.phrases\.model\.Phrases, not"),
        (Phrases, names[0], r"KeyedVectors, not a saved phrases model"),
        (FrozenPhrases, names[2], r"word2vec\.model\.Word2Vec, not .*w2vplus\.word2vec\.model\.Word2Vec\.load reads"),
    )
    for kind, wrong, found in mistaken:
        for error in (AttributeError, ModelFormatError):  # gensim's kind, and ours
            with pytest.raises(error, match=found):
                kind.load(wrong)


@pytest.mark.parametrize("name", ["word2vec_pre_kv_py3", "word2vec_pre_kv_sep_py2", "w2v-lee-v0.12.0"])
def test_models_of_gensim_before_1_0_are_said_to_be_that(name):
    with pytest.raises(ModelFormatError, match=r"of gensim before 1\.0, .* load it with gensim 3\.8"):
        Word2Vec.load(datapath(name))


@pytest.mark.parametrize(
    ("name", "needs"),
    [("doc2vec_old", r"gensim\.models\.doc2vec\.DocvecsArray"), ("fasttext_old", r"gensim\.models\.wrappers")],
)
def test_pickles_of_an_older_gensim_name_what_they_need(name, needs):
    with pytest.raises(ModelFormatError, match=f"needs {needs}.*another version of gensim"):
        Word2Vec.load(datapath(name))


@pytest.mark.parametrize("damage", [slice(200, 300), slice(900, None)])
def test_a_compressed_model_that_is_damaged_or_cut_short_is_refused(model, tmp_path, damage):
    path = tmp_path / "model.gz"
    model.save(str(path))
    content = bytearray(path.read_bytes())
    content[damage] = b"" if damage.stop is None else bytes(100)
    path.write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"model\.gz is no saved Word2Vec model, or a truncated one"):
        Word2Vec.load(str(path))


def test_a_missing_file_of_an_array_names_the_model_it_belongs_to(model, tmp_path):
    model.save(str(tmp_path / "model"), sep_limit=0)
    (tmp_path / "model.syn1neg.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"move and copy all .*model\* together.*syn1neg"):
        Word2Vec.load(str(tmp_path / "model"))
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: .*nowhere'$"):
        Word2Vec.load(str(tmp_path / "nowhere"))


def test_load_takes_a_path_by_place_or_name_and_nothing_else(model, tmp_path):
    model.save(str(tmp_path / "model"))
    loaded = Word2Vec.load(fname=str(tmp_path / "model"), mmap=None)
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    with (tmp_path / "model").open("rb") as stream:
        with pytest.raises(TypeError, match=r"pickle\.load reads what save wrote to an open file"):
            Word2Vec.load(stream)
        with pytest.raises(TypeError, match="the path of saved phrases"):
            Phrases.load(stream)
    with pytest.raises(ModelFormatError):
        Word2Vec.load(tmp_path)
