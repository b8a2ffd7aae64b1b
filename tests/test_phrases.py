"""The phrases face: equality with gensim's classes, errors for bad input (gensim's own tests: test_gensim_suite)."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gensim.models import phrases as gensim_phrases
from gensim.models.word2vec import LineSentence as GensimLineSentence
from gensim.test.utils import common_texts, datapath

from w2vplus import Word2Vec, phrases
from w2vplus.corpus import LineSentence
from w2vplus.errors import CorpusError
from w2vplus.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    FrozenPhrases,
    Phraser,
    Phrases,
    npmi_scorer,
    original_scorer,
    word2phrase_scorer,
)
from w2vplus.phrases.tally import Tally

DELIMITER = "§"  # stands in no token of the corpora used here
LEE = datapath("lee_background.cor")
HEAD500 = datapath("head500.noblanks.cor.bz2")


@pytest.fixture(scope="module", params=[LEE, HEAD500], ids=["lee", "head500"])
def sentences(request: pytest.FixtureRequest) -> list[list[str]]:
    """The first 10,000 tokens, in sentences."""
    sentences = list(GensimLineSentence(request.param))
    sentence_ends = itertools.accumulate(map(len, sentences))
    return [sentence for sentence, end in zip(sentences, sentence_ends, strict=True) if end <= 10_000]


@pytest.mark.parametrize(
    "connector_words", [frozenset(), ENGLISH_CONNECTOR_WORDS], ids=["plain", "connectors"]
)
@pytest.mark.parametrize(
    "settings", [{}, {"scoring": "npmi", "threshold": 0.5}, {"min_count": 1, "threshold": 1}]
)
@pytest.mark.parametrize("delimiter", [DELIMITER, "_"])
def test_state_phrases_and_sentences_equal_gensims(
    sentences: list, connector_words: frozenset[str], settings: dict, delimiter: str
) -> None:
    arguments = {"connector_words": connector_words, "delimiter": delimiter, **settings}
    ours, gensims = Phrases(sentences, **arguments), gensim_phrases.Phrases(sentences, **arguments)
    assert ours.vocab == gensims.vocab
    assert ours.corpus_word_count == gensims.corpus_word_count
    assert ours.min_reduce == gensims.min_reduce
    phrased = list(gensims[sentences])
    assert list(ours[sentences]) == phrased
    assert ours.find_phrases(sentences) == gensims.find_phrases(sentences)
    frozen = ours.freeze()
    assert frozen.phrasegrams == ours.export_phrases() == gensims.export_phrases()
    assert list(frozen[sentences]) == phrased


def test_the_module_has_the_names_of_gensims() -> None:
    names = {
        name
        for name, value in vars(gensim_phrases).items()
        if not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", None) == gensim_phrases.__name__
    }
    assert names >= {"Phrases", "FrozenPhrases", "original_scorer", "npmi_scorer"}
    for name in names | {"Phraser", "ENGLISH_CONNECTOR_WORDS", "NEGATIVE_INFINITY"}:
        assert hasattr(phrases, name), name
    assert Phraser is FrozenPhrases
    assert phrases.original_scorer is gensim_phrases.original_scorer


def test_instances_are_gensims_and_freeze_gives_ours() -> None:
    model = Phrases(common_texts, min_count=1, threshold=1)
    assert isinstance(model, gensim_phrases.Phrases)
    assert type(model.freeze()) is FrozenPhrases
    assert isinstance(model.freeze(), gensim_phrases.FrozenPhrases)
    assert FrozenPhrases(gensim_phrases.Phrases(common_texts, min_count=1)).scoring is original_scorer


def test_added_sentences_merge_as_gensim_merges_them(sentences: list) -> None:
    ours, gensims = (
        Phrases(sentences[:20], min_count=2),
        gensim_phrases.Phrases(sentences[:20], min_count=2),
    )
    for model in (ours, gensims):
        model.add_vocab(sentences[20:])
        model.add_vocab([["entirely", "new"], ["entirely", "new"], []])
    assert ours.vocab == gensims.vocab
    assert ours.export_phrases() == gensims.export_phrases()


@pytest.mark.parametrize("connector_words", [frozenset(), ENGLISH_CONNECTOR_WORDS], ids=["plain", "connectors"])
def test_one_sentence_after_another_is_learnt_and_joined_as_gensim_does(
    sentences: list, connector_words: frozenset[str]
) -> None:
    tokens = list(itertools.chain.from_iterable(sentences))
    pieces = [tokens[at : at + 40] for at in range(0, len(tokens), 40)]
    arguments: dict = {"connector_words": connector_words, "delimiter": DELIMITER, "min_count": 1, "threshold": 1.5}
    ours, gensims = Phrases(pieces[:100], **arguments), gensim_phrases.Phrases(pieces[:100], **arguments)
    for sentence in pieces[100:]:
        for model in (ours, gensims):
            model.add_vocab([sentence])
        assert ours[sentence] == gensims[sentence]
        assert ours._ready is None  # looked up: to make all phrases for one sentence would take longer
    assert ours.vocab == gensims.vocab
    assert ours.vocabulary_size == len(gensims.vocab)
    looked_up = ours[pieces[100]]
    while ours._ready is None:  # but not for ever
        assert ours[pieces[100]] == looked_up
        assert list(ours.analyze_sentence(pieces[100])) == list(gensims.analyze_sentence(pieces[100]))
    assert ours[pieces[100]] == looked_up
    ours.threshold = gensims.threshold = 20.0
    assert ours[pieces[100]] == gensims[pieces[100]]


def test_a_vocab_that_is_held_follows_what_is_added_and_takes_what_is_written() -> None:
    ours, gensims = (kind([["new", "york"]] * 3, min_count=1) for kind in (Phrases, gensim_phrases.Phrases))
    for model in (ours, gensims):
        held = model.vocab
        model.add_vocab([["zz", "yy"], ["new", "york", "new"]])
        held["new"] = 1000
        model.add_vocab([["zz", "new"]])
        held["zz_yy"] += 5
    assert ours.vocab == gensims.vocab
    assert (ours.vocab["new"], ours.vocab["zz_yy"], ours.vocabulary_size) == (1001, 6, len(gensims.vocab))
    assert ours.corpus_word_count == gensims.corpus_word_count


def test_threads_that_add_counts_lose_none() -> None:
    model = Phrases(common_texts, min_count=1)
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(model.add_vocab, [[["new", "york"]]] * 400))
    assert (model.vocab["new"], model.vocab["new_york"]) == (400, 400)
    assert model.corpus_word_count == sum(map(len, common_texts)) + 800


@pytest.mark.parametrize("written", [False, True], ids=["ids", "strings"])
def test_threads_may_join_and_export_while_others_add(written: bool) -> None:
    random = np.random.default_rng(0)
    added = [[f"w{number}" for number in row] for row in random.integers(0, 3000, (200, 60))]
    model = Phrases([["new", "york"]] * 3, min_count=1, threshold=0.1)
    if written:
        model.vocab["new"] += 1
    with ThreadPoolExecutor(3) as executor:
        adding = [executor.submit(model.add_vocab, [sentence]) for sentence in added]
        while not all(future.done() for future in adding):
            assert model[["new", "york", "w1", "w2"]][-1].startswith("w")
            assert model.vocabulary_size >= 3
            assert "new_york" in model.export_phrases()
        for future in adding:
            future.result()
    assert model.corpus_word_count == 6 + 200 * 60
    assert sum(count for word, count in model.vocab.items() if "_" not in word) == 6 + written + 200 * 60


def test_counts_that_come_after_the_limit_was_crossed_join_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Phrases([["a", "b"]] * 4, min_count=1, max_vocab_size=8)
    counted, crossed, of_corpus = threading.Event(), threading.Event(), Tally.of_corpus

    def late(sentences: list, *arguments: object) -> Tally:
        tally = of_corpus(sentences, *arguments)
        if sentences == [["x", "y"]]:
            counted.set()
            assert crossed.wait(20)
        return tally

    monkeypatch.setattr(Tally, "of_corpus", late)
    with ThreadPoolExecutor(1) as executor:
        adding = executor.submit(model.add_vocab, [["x", "y"]])
        assert counted.wait(20)
        model.add_vocab([["c", "d", "e", "f"]] * 3)  # more than the limit
        crossed.set()
        adding.result()
    assert model.vocab["a_b"] == 4  # rare ones may be pruned by now
    assert model.corpus_word_count == 8 + 12 + 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_process_can_add_while_a_thread_of_its_parent_does() -> None:
    model = Phrases(common_texts, min_count=1)
    with ThreadPoolExecutor(1) as executor:
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with model._guard():
                held.set()
                done.wait(20)

        holding = executor.submit(hold)
        assert held.wait(20)
        child = os.fork()
        if child == 0:  # pragma: no cover
            model.add_vocab([["x", "y"]])
            copied = pickle.loads(pickle.dumps(model))
            os._exit(0 if copied.vocab["x_y"] == 1 else 1)
        ended = os.waitpid(child, 0)[1]
        done.set()
        holding.result()
    assert ended == 0


@pytest.mark.parametrize("max_vocab_size", [50, 500, 3000])
def test_pruning_drops_what_gensim_drops(sentences: list, max_vocab_size: int) -> None:
    ours = Phrases(sentences, max_vocab_size=max_vocab_size, min_count=1)
    gensims = gensim_phrases.Phrases(sentences, max_vocab_size=max_vocab_size, min_count=1)
    assert ours.vocab == gensims.vocab and ours.min_reduce == gensims.min_reduce
    from_iterator = Phrases(iter(sentences), max_vocab_size=max_vocab_size, min_count=1)
    assert from_iterator.vocab == gensims.vocab


@pytest.mark.parametrize(
    "source",
    [
        lambda: Path(HEAD500),
        lambda: LineSentence(HEAD500),
        lambda: GensimLineSentence(HEAD500),
        lambda: (sentence for sentence in GensimLineSentence(HEAD500)),
        lambda: ((word for word in sentence) for sentence in GensimLineSentence(HEAD500)),
    ],
    ids=["path", "our reader", "gensim's reader", "generator", "generator of generators"],
)
def test_every_kind_of_source_gives_the_same_counts(source: Callable, head500_vocab: dict) -> None:
    assert Phrases(source()).vocab == head500_vocab


@pytest.fixture(scope="module")
def head500_vocab() -> dict:
    return gensim_phrases.Phrases(GensimLineSentence(HEAD500)).vocab


def test_a_transformed_corpus_is_lazy_restartable_and_can_be_learnt_from() -> None:
    read = []

    class Corpus:
        def __iter__(self):
            for sentence in common_texts:
                read.append(sentence)
                yield sentence

    bigram = Phrases(common_texts, min_count=1, threshold=1, delimiter=" ")
    transformed = bigram[Corpus()]
    assert len(read) <= 1  # gensim looks at the first sentence, to tell a corpus from a sentence
    assert list(transformed) == list(transformed) == [bigram[sentence] for sentence in common_texts]
    assert Phrases(transformed, min_count=1, threshold=1).vocab["graph minors"] == 2


def test_changed_settings_hold_for_what_comes_after() -> None:
    model = Phrases(common_texts, min_count=1, threshold=1)
    gensims = gensim_phrases.Phrases(common_texts, min_count=1, threshold=1)
    for threshold, scoring in [
        (0.01, original_scorer),
        (-5, original_scorer),
        (-1, npmi_scorer),
        (4, original_scorer),
    ]:
        model.threshold = gensims.threshold = threshold
        model.scoring = gensims.scoring = scoring
        assert model.export_phrases() == gensims.export_phrases()


def negative_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return -1 / bigram_count


def test_a_custom_scorer_sees_rare_pairs_too() -> None:
    arguments = {"min_count": 3, "threshold": -0.6, "scoring": negative_scorer}
    expected = gensim_phrases.Phrases(common_texts, **arguments).export_phrases()
    assert Phrases(common_texts, **arguments).export_phrases() == expected != {}


def picky_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    if bigram_count == 1:
        raise ArithmeticError("too rare")
    return bigram_count / worda_count


@pytest.mark.parametrize("scorer", [negative_scorer, picky_scorer])
def test_a_custom_scorer_joins_many_sentences_as_it_joins_few(scorer: Callable) -> None:
    texts = [["new", "york", "is", "far"], ["new", "york", "or", "old", "york"]] * 40
    others = [[f"v{number}", f"w{number}"] for number in range(100)] * 2
    arguments: dict = {"min_count": 1, "threshold": 0.6 if scorer is picky_scorer else -0.6, "scoring": scorer}
    ours, gensims = (kind(texts + others, **arguments) for kind in (Phrases, gensim_phrases.Phrases))
    few = ours[texts[0]]
    assert ours._ready is None and few == gensims[texts[0]]
    assert list(ours[texts]) == list(gensims[texts]) == list(ours.freeze()[texts])
    assert ours._ready is not None and ours._ready[1] is not None
    assert ours.find_phrases(texts) == gensims.find_phrases(texts)
    ours.add_vocab([["one", "more"]])  # on which one of the scorers fails, if it is asked
    assert list(ours[texts]) == list(gensims[texts])


def failing_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return 1 // 0


def nan_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return float("nan")


def test_a_failing_scorer_is_reported_with_the_pair() -> None:
    model = Phrases([["new", "york"]], scoring=failing_scorer)
    with pytest.raises(ValueError, match="failing_scorer failed for 'new' and 'york': ZeroDivisionError"):
        model[["new", "york"]]
    model = Phrases([["new", "york"]], scoring=nan_scorer)
    with pytest.raises(ValueError, match="must return a number, got NaN for 'new' and 'york'"):
        model.export_phrases()


def test_subclasses_change_what_they_override() -> None:
    class NeverSurvey(Phrases):
        def score_candidate(self, word_a, word_b, in_between):
            if "survey" in (word_a, word_b):
                return None, None
            return super().score_candidate(word_a, word_b, in_between)

    class TwiceCounted(Phrases):
        @staticmethod
        def _learn_vocab(sentences, **settings):
            min_reduce, vocab, total_words = Phrases._learn_vocab(sentences, **settings)
            return min_reduce, {word: 2 * count for word, count in vocab.items()}, total_words

    text = [*common_texts, ["graph", "minors", "survey"]]
    assert "minors_survey" in Phrases(text, min_count=1, threshold=1).export_phrases()
    assert "minors_survey" not in NeverSurvey(text, min_count=1, threshold=1).export_phrases()
    assert TwiceCounted(text).vocab["graph_minors"] == 2 * Phrases(text).vocab["graph_minors"]


def test_word2phrase_scoring_counts_in_the_c_tools_scale() -> None:
    text = [["new", "york", "new", "york", "new"]]
    model = Phrases(text, min_count=1, threshold=0.1, scoring="word2phrase")
    assert model.scoring is word2phrase_scorer
    assert model.find_phrases(text) == {"new_york": (2 - 1) / (3 * 2) * 5}
    assert word2phrase_scorer(0, 1, 1, 1, 1, 1) == float("-inf")


def test_models_survive_saving_and_gensims_models_become_ours(tmp_path: Path) -> None:
    model = Phrases(common_texts, min_count=1, threshold=1)
    for original, saved, kind in [
        (model, model, Phrases),
        (model.freeze(), model.freeze(), FrozenPhrases),
        (model, gensim_phrases.Phrases(common_texts, min_count=1, threshold=1), Phrases),
        (model, gensim_phrases.Phrases(common_texts, min_count=1, threshold=1).freeze(), FrozenPhrases),
    ]:
        saved.save(str(tmp_path / "model"))
        loaded = Phrases.load(str(tmp_path / "model"))
        assert type(loaded) is kind
        assert list(loaded[common_texts]) == list(original[common_texts])


def test_plain_phrases_are_loaded_where_there_is_no_w2vplus(tmp_path: Path) -> None:
    sentences = [*common_texts, *[["new", "york", "of", "old"]] * 9]
    settings = {"min_count": 1, "threshold": 0.5, "connector_words": frozenset(["of"])}
    model = Phrases(sentences, **settings)
    theirs = gensim_phrases.Phrases(sentences, **settings)
    assert model.to_gensim().vocab == dict(theirs.vocab)
    model.to_gensim().save(str(tmp_path / "phrases"))
    model.freeze().to_gensim().save(str(tmp_path / "frozen"))
    without = (
        "import sys\nsys.modules['w2vplus'] = None\nfrom gensim.models.phrases import FrozenPhrases, Phrases\n"
        f"p = Phrases.load({str(tmp_path / 'phrases')!r})\nf = FrozenPhrases.load({str(tmp_path / 'frozen')!r})\n"
        "print(type(p).__module__, p[['new', 'york']], p.corpus_word_count, p.min_reduce, type(f).__module__,"
        " f[['new', 'york']], f.phrasegrams == p.export_phrases())"
    )
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, timeout=120)
    said = f"gensim.models.phrases ['new_york'] {theirs.corpus_word_count} {theirs.min_reduce}"
    assert done.stdout == f"{said} gensim.models.phrases ['new_york'] True\n", done.stderr
    with pytest.raises(ValueError, match="these are phrases of 2 passes"):
        Phrases.learn(sentences * 9, passes=2, min_count=1, thresholds=0.1).to_gensim()


def test_an_empty_token_stays_in_its_sentence() -> None:
    text = [["new", "york", "", "of", "x"], ["", "new", "york"]]
    model = Phrases(text, min_count=1, threshold=0.1, connector_words=["of"])
    assert list(model[text]) == [["new_york", "", "of", "x"], ["", "new_york"]]


def test_empty_corpora_are_learnt_from_without_complaint() -> None:
    for nothing in ([], [[]], iter([])):
        model = Phrases(nothing)
        assert model.vocab == {} and model.corpus_word_count == 0 and model.export_phrases() == {}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sentences": "new york"}, CorpusError, "plain str"),
        ({"sentences": ["new york", "city"]}, CorpusError, "sentence 0 is a plain str"),
        ({"sentences": [["new", "york"], 5]}, CorpusError, "sentence 1 is a int"),
        ({"sentences": 7}, CorpusError, "not an iterable"),
        ({"sentences": [["new", 1]]}, TypeError, "tokens must be strings to be joined as phrases, got 1"),
        ({"sentences": [[b"new", b"york"]]}, TypeError, "got b'new'"),
        ({"sentences": Path("no-such-file")}, FileNotFoundError, "no-such-file"),
        ({"min_count": 0}, ValueError, "min_count must be positive, got 0"),
        ({"threshold": 0}, ValueError, "threshold must be positive for default scoring, got 0"),
        ({"threshold": 2, "scoring": "npmi"}, ValueError, "between -1 and 1 for npmi scoring, got 2"),
        ({"scoring": "pmi"}, ValueError, "scoring must be one of default, npmi, word2phrase, got 'pmi'"),
        ({"scoring": 5}, TypeError, "scoring must be the name of a scoring or a function, got 5"),
        ({"scoring": lambda count: count}, ValueError, "missing expected parameters"),
        ({"delimiter": b"_"}, TypeError, "delimiter must be a string, got b'_'"),
        ({"connector_words": "of"}, TypeError, "connector_words must be a set of words, got 'of'"),
    ],
)
def test_bad_input_is_named(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Phrases(**arguments)


def test_a_plain_string_is_no_sentence() -> None:
    model = Phrases(common_texts)
    for transformer in (model, model.freeze()):
        with pytest.raises(TypeError, match="must be a list of tokens, got 'new york'; split it first"):
            transformer["new york"]


def test_counts_in_an_explanation_are_read_as_words() -> None:
    text = str(Phrases([["a", "b"], ["a"]], min_count=1, threshold=0.1).explain("a", "b"))
    assert "'a' occurs 2 times, 'b' occurs once, together once" in text


@pytest.mark.parametrize("kind", [Phrases, gensim_phrases.Phrases])
def test_phrases_over_a_generator_are_one_shot_too(kind: type) -> None:
    found = kind(common_texts, min_count=1, threshold=0.1)
    with pytest.raises(TypeError, match="is used up after one pass"):
        Word2Vec(found[(sentence for sentence in common_texts)], min_count=1)
    assert len(Word2Vec(found[found[common_texts]], min_count=1, vector_size=2).wv) == 11
