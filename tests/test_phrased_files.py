"""`Word2Vec(bigram[LineSentence(file)])` reads the file natively, once, and gives what gensim's loop over it gives."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from gensim.models import phrases as gensim_phrases
from gensim.models import word2vec as gensim_word2vec
from gensim.models.callbacks import CallbackAny2Vec
from gensim.test.utils import datapath

from w2vplus import LineSentence, Phrases, Word2Vec
from w2vplus.phrases.applying import PhrasedCorpus

LEE = datapath("lee_background.cor")
READERS = {
    "gensim's lines": lambda: gensim_word2vec.LineSentence(LEE, max_sentence_length=50, limit=200),
    "gensim's folder": lambda: gensim_word2vec.PathLineSentences(LEE),
    "gensim's stream": lambda: gensim_word2vec.Text8Corpus(LEE),
    "ours": lambda: LineSentence(LEE),
}
OPTIONS: dict[str, Any] = {"vector_size": 8, "epochs": 2, "workers": 1, "seed": 1}


def trained(sentences: Any, **options: Any) -> tuple[Any, ...]:
    model = Word2Vec(sentences, **OPTIONS, **options)
    counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    return model.wv.index_to_key, counts, model.corpus_count, model.corpus_total_words, model.wv.vectors.tolist()


def nested(kind: Any, sentences: Any) -> Any:
    bigram = kind(sentences, min_count=3, threshold=3).freeze()
    trigram = kind(bigram[sentences], min_count=3, threshold=3).freeze()
    return trigram[bigram[sentences]]


def iterations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever sentences are made of a reader in Python."""
    begun: list[int] = []
    for kind in (gensim_word2vec.LineSentence, gensim_word2vec.PathLineSentences, gensim_word2vec.Text8Corpus,
                 LineSentence, PhrasedCorpus):  # fmt: skip
        original = kind.__iter__

        def watched(self: Any, original: Any = original) -> Any:
            begun.append(1)
            return original(self)

        monkeypatch.setattr(kind, "__iter__", watched)
    return begun


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", [Phrases, gensim_phrases.Phrases])
def test_frozen_phrases_over_files_train_from_ids_as_from_their_lists(
    kind: Any, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phrased = nested(kind, READERS[reader]())
    expected = trained(list(phrased))
    assert any(word.count("_") > 1 for word in expected[0])
    begun = iterations(monkeypatch)
    assert trained(phrased) == expected
    assert not begun


def test_phrases_that_still_learn_are_read_natively_unless_a_callback_could_teach_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = LineSentence(LEE)
    phrased = Phrases(lines, min_count=3, threshold=3)[lines]
    expected = trained(list(phrased))
    begun = iterations(monkeypatch)
    assert trained(phrased) == expected
    assert not begun
    assert trained(phrased, callbacks=[CallbackAny2Vec()]) == expected
    assert begun


def test_gensims_own_learning_phrases_say_that_frozen_ones_are_faster(caplog: pytest.LogCaptureFixture) -> None:
    lines = gensim_word2vec.LineSentence(LEE)
    learning = gensim_phrases.Phrases(lines, min_count=3, threshold=3)
    caplog.set_level("INFO", logger="w2vplus")
    slow, fast = trained(learning[lines]), trained(learning.freeze()[lines])
    assert "phrases.freeze()[sentences] is read natively" in caplog.text
    assert slow[:4] == fast[:4]


def test_phrases_over_other_iterables_are_iterated_in_every_epoch() -> None:
    bigram = Phrases(LineSentence(LEE), min_count=3, threshold=3).freeze()
    numbers = itertools.count()

    class Changing:
        def __iter__(self) -> Any:
            return iter([["new", "york", f"epoch{next(numbers)}"]] * 10)

    model = Word2Vec(bigram[Changing()], min_count=1, **OPTIONS)
    assert next(numbers) == 1 + 1 + OPTIONS["epochs"]  # a look at the first sentence, the vocabulary, the epochs
    assert "epoch1" in model.wv and "epoch2" not in model.wv


def test_a_phrase_that_was_added_by_hand_is_joined() -> None:
    bigram = gensim_phrases.Phrases(gensim_word2vec.LineSentence(LEE), min_count=3, threshold=1e9).freeze()
    phrased = bigram[gensim_word2vec.LineSentence(LEE)]
    words = {}
    for added in ("said_he", "of_the"):
        bigram.phrasegrams[added] = 2e9
        words[added] = trained(phrased)[0]
    assert "of_the" not in words["said_he"] and "of_the" in words["of_the"]
    assert np.array_equal(trained(phrased)[4], trained(list(phrased))[4])
