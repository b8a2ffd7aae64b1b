"""spaCy, model2vec, sentence-transformers and TensorBoard's Embedding Projector open what w2vplus writes, and w2vplus
what the first three write."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gensim.models import KeyedVectors

from w2vplus.errors import VectorFormatError
from w2vplus.vectors import load_vectors, save_vectors


@pytest.fixture
def cities() -> KeyedVectors:
    made = KeyedVectors(8)
    keys = ["king", "queen", "New_York", "Zürich"]
    made.add_vectors(keys, np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32))
    return made


def assert_same(loaded: KeyedVectors, original: KeyedVectors) -> None:
    assert loaded.index_to_key == original.index_to_key
    assert loaded.vectors.tobytes() == original.vectors.tobytes()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_spacy_opens_the_folder(tmp_path, cities):
    spacy = pytest.importorskip("spacy")
    save_vectors(cities, tmp_path / "vectors", format="spacy")
    pipeline = spacy.load(tmp_path / "vectors")
    document = pipeline("king Zürich unknown")
    assert [token.has_vector for token in document] == [True, True, False]
    assert np.array_equal(document[1].vector, cities["Zürich"])
    assert_same(load_vectors(tmp_path / "vectors"), cities)
    assert len(load_vectors(tmp_path / "vectors", limit=2)) == 2


def test_spacys_own_vectors_are_read(tmp_path):
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.vocab.set_vector("cat", np.float32([1, 2]))
    pipeline.vocab.set_vector("dog", np.float32([3, 4]))
    pipeline.to_disk(tmp_path / "pipeline")
    loaded = load_vectors(tmp_path / "pipeline")
    assert {key: loaded[key].tolist() for key in loaded.index_to_key} == {"cat": [1, 2], "dog": [3, 4]}


def test_a_damaged_spacy_folder_is_refused(tmp_path, cities):
    pytest.importorskip("spacy")
    save_vectors(cities, tmp_path / "vectors", format="spacy")
    (tmp_path / "vectors/vocab/vectors").write_bytes(b"junk")
    with pytest.raises(VectorFormatError, match="no vocabulary of spaCy, or damaged"):
        load_vectors(tmp_path / "vectors")


def test_model2vec_opens_the_folder_and_we_open_its(tmp_path, cities):
    model2vec = pytest.importorskip("model2vec")
    save_vectors(cities, tmp_path / "static", format="static")
    model = model2vec.StaticModel.from_pretrained(tmp_path / "static")
    made = model.encode(["king, queen", "Zürich unknown"])
    assert made[0] == pytest.approx((cities["king"] + cities["queen"]) / 2, abs=1e-6)
    assert made[1] == pytest.approx(cities["Zürich"], abs=1e-6)
    model.save_pretrained(tmp_path / "theirs")
    assert_same(load_vectors(tmp_path / "theirs"), cities)


def test_sentence_transformers_opens_the_folder_and_we_open_its(tmp_path, cities, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    save_vectors(cities, tmp_path / "static", format="static")
    model = sentence_transformers.SentenceTransformer(str(tmp_path / "static"), device="cpu")
    made = model.encode(["king, queen", "Zürich unknown"])
    assert cosine(made[0], cities["king"] + cities["queen"]) == pytest.approx(1)
    assert cosine(made[1], cities["Zürich"]) == pytest.approx(1)
    model.save(str(tmp_path / "theirs"))
    loaded = load_vectors(tmp_path / "theirs")
    assert loaded.index_to_key[:-1] == cities.index_to_key, "and the row of the unknown"
    assert np.array_equal(loaded.vectors[:-1], cities.vectors)


@pytest.mark.parametrize("has_counts", [True, False])
def test_the_embedding_projector_serves_a_label_for_every_vector(tmp_path, cities, has_counts):
    pytest.importorskip("tensorboard")
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client

    cities.add_vectors(["New York", "#5", 'x"y'], np.zeros((3, 8), np.float32))
    if has_counts:
        cities.expandos["count"] = np.arange(7)[::-1]
    save_vectors(cities, tmp_path / "words.tsv")
    (tmp_path / "projector_config.pbtxt").write_text(
        'embeddings { tensor_name: "words" tensor_path: "words.tsv" metadata_path: "words.metadata.tsv" }'
    )
    routes = ProjectorPlugin(TBContext(logdir=str(tmp_path))).get_plugin_apps()

    def fetched(route: str, query: str = "") -> bytes:
        answer = Client(routes[route]).get(f"{route}?run=.&name=words{query}")
        assert answer.status_code == 200, answer.get_data()
        return answer.get_data()

    assert json.loads(fetched("/runs")) == ["."]
    (described,) = json.loads(fetched("/info"))["embeddings"]
    assert described["tensorShape"] == [7, 8] and described["metadataPath"] == "words.metadata.tsv"
    assert fetched("/tensor") == cities.vectors.astype("<f4").tobytes()
    # A first line with a tab is one of headings, by the rule of the Projector's page (its parseMetadata).
    lines = fetched("/metadata").decode().splitlines()
    headings = ["word\tcount"] if has_counts else []
    assert lines[: len(headings)] == headings and len(lines) == len(headings) + 7
    assert [line.split("\t")[0] for line in lines[len(headings) :]] == cities.index_to_key
    assert len(fetched("/metadata", "&num_rows=2").decode().splitlines()) == len(headings) + 2
