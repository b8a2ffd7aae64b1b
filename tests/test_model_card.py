"""The card of a saved model: what it learnt from, by which settings, and what wrote it."""

from __future__ import annotations

import pickle
from pathlib import Path

import gensim.models
import numpy as np
import pytest
from gensim.test.utils import common_texts, datapath

import w2vplus
from w2vplus import LineSentence, Word2Vec, array_folder, encode

LEE = datapath("lee_background.cor")
SMALL = {"min_count": 2, "vector_size": 6, "workers": 1, "epochs": 2}


def fingerprints(model) -> list[str]:
    return [note["fingerprint"] for note in model.corpora]


def test_equal_texts_have_equal_fingerprints_however_they_are_stored(tmp_path):
    (tmp_path / "copy.txt").write_bytes(Path(LEE).read_bytes())
    lists = list(LineSentence(LEE))
    models = [
        Word2Vec(lists, **SMALL),
        Word2Vec(corpus_file=str(tmp_path / "copy.txt"), **SMALL),
        Word2Vec(encode(lists), **SMALL),
        Word2Vec(LineSentence(LEE), **{**SMALL, "min_count": 9}),
    ]
    assert len({fingerprint for model in models for fingerprint in fingerprints(model)}) == 1
    assert [model.corpora[0]["source"] for model in models] == ["list", "copy.txt", "EncodedCorpus", "LineSentence"]
    assert models[0].corpora[0]["tokens"] == sum(map(len, lists))


def test_other_words_counts_or_sentences_give_another_fingerprint():
    others = [
        common_texts,
        [*common_texts, ["human"]],
        [*common_texts, []],
        [common_texts[0] + common_texts[1], *common_texts[2:]],
        [["humane", *common_texts[0][1:]], *common_texts[1:]],
        [[1, 2], [3, 1]],
        [["1", "2 3"], ["1"]],
    ]
    found = [fingerprints(Word2Vec(texts, **{**SMALL, "min_count": 1}))[0] for texts in others]
    assert len(set(found)) == len(others)


def test_growth_adds_a_corpus_and_a_new_vocabulary_begins_anew(tmp_path):
    model = Word2Vec(common_texts, **{**SMALL, "min_count": 1})
    model.build_vocab([["new", "words"]], update=True)
    assert [note["tokens"] for note in model.corpora] == [29, 2]
    model.save(str(tmp_path / "pickled"))
    model.save_folder(tmp_path / "folder")
    for again in (
        Word2Vec.load(str(tmp_path / "pickled")), Word2Vec.load_folder(tmp_path / "folder"),
        pickle.loads(pickle.dumps(model)),
    ):  # fmt: skip
        assert again.corpora == model.corpora
    model.build_vocab(common_texts)
    assert [note["tokens"] for note in model.corpora] == [29]


def test_models_of_gensim_and_of_counts_alone_know_no_text(tmp_path):
    gensim.models.Word2Vec(common_texts, **SMALL).save(str(tmp_path / "gensims"))
    assert Word2Vec.load(str(tmp_path / "gensims")).corpora == []
    model = Word2Vec(min_count=1)
    model.build_vocab_from_freq({"a": 3, "b": 2})
    model.save_folder(tmp_path / "folder")
    assert "no text is known" in (tmp_path / "folder" / "README.md").read_text()
    assert not hasattr(model.to_gensim(), "corpora")


def test_the_card_tells_text_settings_versions_and_losses(tmp_path):
    texts = [["semi|colon", "a"], ["a", "b"]] * 20
    model = Word2Vec(texts, compute_loss=True, hs=1, phrases=1, **SMALL)
    model.save_folder(tmp_path / "folder")
    card = (tmp_path / "folder" / "README.md").read_text()
    for row in (
        f"| list | 80 | 40 | 3 | {fingerprints(model)[0]} |",
        "| mode | CBOW, 5 noise words and hierarchical softmax |",
        "| window | 5 |",
        f"| numpy | {np.__version__} |",
        f"| kernel | {w2vplus.show_config()['kernel']} |",
        f"| mean loss of the epochs | {', '.join(f'{loss:.4f}' for loss in model.training_losses)} |",
    ):
        assert row in card


def test_a_card_that_somebody_has_changed_is_kept(tmp_path, caplog, monkeypatch):
    model = Word2Vec(common_texts, **SMALL | {"min_count": 1})
    folder, card = tmp_path / "folder", tmp_path / "folder" / "README.md"
    model.save_folder(folder)
    first = card.read_text()
    model.build_vocab([["new", "words"]], update=True)
    model.save_folder(folder)
    assert card.read_text() != first  # nobody's, so it is brought up to date
    assert not caplog.records
    for _ in range(2):
        card.write_text("what I know of this model")
        model.save_folder(folder)
        assert card.read_text() == "what I know of this model"
        assert "README.md has been changed" in caplog.records[-1].message
    card.unlink()
    model.save_folder(folder)
    replacing, told = array_folder.replacing, len(caplog.records)

    def interrupted(path):
        if path.name == "README.md":
            raise KeyboardInterrupt
        return replacing(path)

    monkeypatch.setattr(array_folder, "replacing", interrupted)
    model.build_vocab([["newer", "words"]], update=True)
    with pytest.raises(KeyboardInterrupt):
        model.save_folder(folder)
    monkeypatch.undo()
    model.build_vocab([["newest", "words"]], update=True)
    model.save_folder(folder)  # the card of the save before the last is nobody's change
    assert len(caplog.records) == told
    assert f"| words | {len(model.wv)} |" in card.read_text()
    assert card.read_text() != first
    assert "what I know" not in card.read_text()
    assert len(Word2Vec.load_folder(folder).wv) == len(model.wv)
