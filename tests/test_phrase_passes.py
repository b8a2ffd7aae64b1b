"""Phrases of several passes: learning, gensim's view, files, explanations, and models trained with them."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from gensim.models import phrases as gensim_phrases
from gensim.test.utils import common_texts, datapath
from typer.testing import CliRunner

from w2vplus import Phrases, Word2Vec, evaluate_analogies
from w2vplus.cli import app
from w2vplus.corpus import LineSentence, encode
from w2vplus.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, PhraseKeys, PhraseOptions

LEE = datapath("lee_background.cor")
TEXT = [["the", "new", "york", "times"]] * 4 + [["new", "york", "is", "far"]] * 3 + [["times", "change"]] * 2


def learn(**settings: object) -> FrozenPhrases:
    return Phrases.learn(TEXT, 2, thresholds=0.5, min_count=1, **settings)


def test_two_passes_join_three_words_and_keep_them_apart() -> None:
    phrases = learn()
    merged = phrases[["the", "new", "york", "times", "new", "york", "times"]]
    assert merged == ["the_new_york_times", "new_york", "times"]
    longest = max(phrases.found(), key=lambda row: len(row.words))
    assert len(longest.words) > 2 and longest.level == 2
    assert longest.phrase == "_".join(longest.words) and len(longest.components) == 2
    assert phrases.levels == 2 and isinstance(phrases, gensim_phrases.FrozenPhrases)
    assert set(phrases.phrasegrams) == {row.phrase for row in phrases.found()}


def test_learning_in_passes_is_chaining_phrases_by_hand() -> None:
    first = Phrases(LineSentence(LEE))
    second = Phrases(first[LineSentence(LEE)])
    learnt = Phrases.learn(LEE, passes=2)
    sentences = list(LineSentence(LEE))
    once = list(first.freeze()[sentences])
    assert list(learnt[sentences]) == list(second.freeze()[once]) == list(second[first[LineSentence(LEE)]])
    gensims = gensim_phrases.Phrases(sentences)
    assert list(gensims[sentences]) == once


def test_a_second_model_knows_the_phrases_that_the_first_has_joined() -> None:
    sentences = [*common_texts, ["graph", "minors", "survey", "human", "interface"]]
    first = Phrases(sentences, min_count=1, threshold=1)
    by_ids = Phrases(first[sentences], min_count=1, threshold=1)
    plain = Phrases(list(first[sentences]), min_count=1, threshold=1)
    assert set(by_ids.export_phrases()) == {"human_interface", "graph_minors_survey"}
    assert set(plain.export_phrases()) == {
        "graph_minors_survey"
    }  # here human_interface is a token like any other
    gensims = gensim_phrases.Phrases(list(first[sentences]), min_count=1, threshold=1)
    assert by_ids.vocab == gensims.vocab and by_ids.vocabulary_size == len(gensims.vocab)
    assert by_ids.score_candidate("human", "interface", []) == gensims.score_candidate(
        "human", "interface", []
    )


def test_a_token_with_the_delimiter_is_not_the_words_joined() -> None:
    sentences = [["a", "b"], ["a_b"], ["a_b"], ["a_b"], ["a"], ["b"], ["c", "d"], ["c", "d"]]
    ours, gensims = Phrases(sentences, 1, 0.1), gensim_phrases.Phrases(sentences, 1, 0.1)
    assert set(gensims.export_phrases()) == {"a_b", "c_d"}
    assert set(ours.export_phrases()) == {"c_d"}
    assert ours.vocabulary_size == len(gensims.vocab) + 1
    assert ours.vocab == gensims.vocab  # the dict itself cannot tell them apart


def test_a_changed_vocab_and_changed_phrasegrams_hold() -> None:
    model = Phrases(TEXT, min_count=1, threshold=0.5)
    assert "new_york" in model.export_phrases()
    del model.vocab["new_york"]
    assert "new_york" not in model.export_phrases() and model[["new", "york"]] == ["new", "york"]
    frozen = learn()
    score = frozen.phrasegrams.pop("new_york")
    frozen.phrasegrams["is_far"] = 7.0
    frozen.phrasegrams["times_of_change"] = 8.0
    assert frozen[["new", "york"]] == ["new", "york"] and score > 0
    assert frozen[["is", "far"]] == ["is_far"] and frozen.find_phrases([["is", "far"]]) == {"is_far": 7.0}
    frozen.connector_words = frozenset({"of"})
    frozen.phrasegrams = {"times_of_change": 8.0}
    assert frozen[["times", "of", "change"]] == ["times_of_change"]
    frozen.threshold = 9
    assert frozen[["times", "of", "change"]] == ["times", "of", "change"]


def test_changed_phrasegrams_and_connectors_act_as_gensims_do() -> None:
    texts = [["new", "york", "is", "big"], ["bank", "of", "america"], ["i", "love", "new", "york"]] * 10
    arguments: dict = {"min_count": 1, "threshold": 0.1, "connector_words": {"of"}}
    ours, theirs = Phrases(texts, **arguments).freeze(), gensim_phrases.Phrases(texts, **arguments).freeze()
    copy = FrozenPhrases(ours)
    sentences = [["in", "new", "york", "city"], ["bank", "of", "america"], ["of", "york", "is"], ["york", "city"]]
    changes = [
        lambda frozen: frozen.phrasegrams.update(york_city=50.0),
        lambda frozen: frozen.phrasegrams.update(new_york=-5.0),
        lambda frozen: frozen.phrasegrams.update(new_york=60.0, bank_of_america=70.0),
        lambda frozen: setattr(frozen, "connector_words", frozenset({"york"})),
        lambda frozen: setattr(frozen, "connector_words", frozenset()),
    ]  # fmt: skip
    for change in changes:
        for frozen in (ours, theirs):
            change(frozen)
        assert [ours[sentence] for sentence in sentences] == [theirs[sentence] for sentence in sentences]
        assert ours.levels == 1
        assert ours.to_gensim().phrasegrams == theirs.phrasegrams
    assert copy.phrasegrams == Phrases(texts, **arguments).freeze().phrasegrams
    copy.delimiter = "+"
    assert copy[["new", "york"]] == ["new+york"]
    copy.delimiter = "§"
    assert copy[["new", "york"]] == ["new§york"]


def test_models_survive_pickling_and_saving(tmp_path: Path) -> None:
    model, frozen = Phrases(TEXT, 1, 0.5, connector_words={"york"}), learn()
    for saved in (model, frozen):
        saved.save(str(tmp_path / "phrases"))
        for loaded in (pickle.loads(pickle.dumps(saved)), type(saved).load(str(tmp_path / "phrases"))):
            assert type(loaded) is type(saved)
            assert list(loaded[TEXT]) == list(saved[TEXT])
            assert loaded.found() == saved.found()
    model.add_vocab(TEXT)
    assert model.vocab["new"] == 14


def test_explanations_name_counts_score_and_reason() -> None:
    model = Phrases([["bank", "of", "america"]] * 3 + [["river", "bank"]], 1, 0.5, connector_words={"of"})
    merged = model.explain("bank", "of", "america")
    assert merged.merged and merged.count == 3 and merged.word_counts == (4, 3)
    assert merged.score == model.export_phrases()["bank_of_america"]
    assert "merged, the score is above the threshold" in str(merged)
    for words, reason in [
        (("river", "bank"), "score is not above"),
        (("america", "bank"), "never stand together"),
        (("bank", "lost"), "'lost' does not occur"),
        (("bank", "river", "america"), "'river' in the middle is no connector word"),
        (("of", "america"), "neither begins nor ends with a connector"),
    ]:
        explanation = model.explain(*words)
        assert not explanation.merged and reason in explanation.reason
    with pytest.raises(ValueError, match="needs the words of a pair"):
        model.explain("bank")
    frozen = model.freeze()
    assert (
        frozen.explain("bank", "of", "america").merged and frozen.explain("bank", "of", "america").count == 3
    )
    assert not frozen.explain("river", "bank").merged


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"passes": 0}, ValueError, "passes must be at least 1, got 0"),
        ({"passes": 2, "thresholds": (1, 2, 3)}, ValueError, "one for each of 2 passes, got 3"),
        ({"scoring": "npmi", "thresholds": 2}, ValueError, "between -1 and 1 for npmi scoring, got 2"),
        ({"scoring": "pmi"}, ValueError, "scoring must be one of"),
        ({"connector_words": "of"}, TypeError, "must be a set of words"),
        ({"max_pairs": 3}, ValueError, "max_pairs must be at least 1024, got 3"),
    ],
)
def test_settings_of_learning_are_checked(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Phrases.learn(TEXT, **settings)


def test_a_limit_of_pairs_is_reported() -> None:
    assert not Phrases.learn(LEE).loss
    bounded = Phrases.learn(LEE, max_pairs=5000)
    assert bounded.loss.missed >= 1 and bounded.loss.forgotten > 5000
    assert set(bounded.phrasegrams) <= set(encode([[row.phrase for row in bounded.found()]]).types)


@pytest.mark.parametrize("workers", [1, 3])
def test_written_text_is_the_transformed_corpus(tmp_path: Path, workers: int) -> None:
    phrases = Phrases.learn(LEE, 2, connector_words=ENGLISH_CONNECTOR_WORDS)
    read, written = phrases.write(LEE, tmp_path / "joined.txt.gz", workers=workers)
    expected = list(phrases[list(LineSentence(LEE, max_sentence_length=None))])
    text = gzip.decompress((tmp_path / "joined.txt.gz").read_bytes()).decode()
    assert [line.split(" ") for line in text.splitlines()] == expected
    assert written == sum(map(len, expected)) < read

    class Shouting(FrozenPhrases):
        def score_candidate(self, word_a, word_b, in_between):
            return (f"{word_a}!{word_b}", 1.0) if word_a == "the" and not in_between else (None, None)

    shouting = Shouting(Phrases(TEXT))
    shouting.write(TEXT, tmp_path / "other.txt")
    assert (tmp_path / "other.txt").read_text().splitlines()[0] == "the!new york times"


def test_a_model_learns_phrases_and_joins_whatever_it_reads(tmp_path: Path) -> None:
    settings = {"epochs": 1, "workers": 1, "vector_size": 8}
    sentences = list(LineSentence(LEE))
    model = Word2Vec(corpus_file=LEE, phrases=2, **settings)
    phrased = list(Phrases.learn(LEE, 2)[sentences])
    expected = Word2Vec(phrased, **settings)
    assert model.wv.index_to_key == expected.wv.index_to_key
    assert np.array_equal(model.wv.vectors, expected.wv.vectors)

    class Streamed:
        def __iter__(self):
            return iter(sentences)

    for source, phrases in [(Streamed(), 2), (sentences, model.phrases), (sentences, Phrases.learn(LEE, 2))]:
        again = Word2Vec(source, phrases=phrases, **settings)
        assert np.array_equal(again.wv.vectors, expected.wv.vectors)
    model.save(str(tmp_path / "model"))
    loaded = Word2Vec.load(str(tmp_path / "model"))
    _, raw = loaded.train([["in", "New", "York"]] * 20, total_examples=20, epochs=1)
    assert raw == 40
    assert "New_York" in loaded.wv


def test_phrases_are_joined_in_a_generator_without_losing_a_sentence() -> None:
    model = Word2Vec(corpus_file=LEE, phrases=1, epochs=1, workers=1, vector_size=8)
    sentences = [["in", "New", "York"]] * 7
    assert model.train((sentence for sentence in sentences), total_examples=7, epochs=1)[1] == 14


@pytest.mark.parametrize("phrases", [-1, "2", 1.5, [1]])
def test_phrases_of_a_model_are_checked(phrases: object) -> None:
    with pytest.raises((TypeError, ValueError), match="phrases must be"):
        Word2Vec(phrases=phrases)
    assert Word2Vec(phrases=0).phrases is None


def test_a_phrase_is_found_by_its_words() -> None:
    sentences = [["boston", "globe"], ["old_times"]] * 9
    options = PhraseOptions(delimiter="§", thresholds=0.1, min_count=1)
    model = Word2Vec(sentences, phrases=options, min_count=1, vector_size=4, epochs=1, workers=1)
    find = PhraseKeys(model.wv.key_to_index, model.phrases)
    joined = "boston§globe"
    assert joined in model.wv
    for spelled in ("boston globe", " boston  globe", "boston_globe", joined):
        assert find(spelled) == joined
    for spelled in ("globe boston", "boston", "old_times"):
        assert find(spelled) == spelled
    assert find("old times") == "old_times"
    assert PhraseKeys({"new_york": 0})("new york") == "new_york"
    assert PhraseKeys({"new_york": 0})("new york times") == "new york times"
    in_any_case = PhraseKeys(model.wv.key_to_index, model.phrases, case_insensitive=True)
    assert in_any_case("Boston Globe") == in_any_case("BOSTON_GLOBE") == in_any_case("Boston§globe") == joined
    assert find("Boston Globe") == "Boston Globe" and in_any_case("Globe Boston") == "Globe Boston"


def test_options_are_those_of_learning(tmp_path: Path) -> None:
    options = PhraseOptions(2, "word2phrase", (200, 100), connector_words=["of"])
    assert [one.threshold for one in options.of_passes()] == [200, 100]
    assert PhraseOptions(thresholds=[3, 2, 1]).passes == 3 and PhraseOptions(2).thresholds == (10.0, 10.0)
    sentences = list(LineSentence(LEE))
    model = Word2Vec(sentences, phrases=options, epochs=1, workers=1, vector_size=8)
    learnt = Phrases.learn(sentences, 2, scoring="word2phrase", thresholds=(200, 100), connector_words=["of"])
    assert model.phrases.phrasegrams == learnt.phrasegrams


def run(*arguments: object) -> str:
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_the_command_line_explains_scores_and_finds_typed_phrases(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the new york times\nnew york is far\nfar is near\n" * 30)
    options = ["--phrase-scoring", "word2phrase", "--phrase-threshold", "2,1", "--max-pairs", 2000]
    out = run("phrases", text, "--passes", 2, *options, "--explain", "new york", "--explain", "times is")
    assert "new york: merged" in out and "times is: not merged, the words never stand together" in out
    table = tmp_path / "table.tsv"
    run("phrases", text, "--passes", 2, *options, "--export", table)
    assert any(len(line.split("\t")[3].split()) > 2 for line in table.read_text().splitlines())
    vectors = tmp_path / "vectors.bin"
    run("train", text, "-o", vectors, "--phrases", 1, "--phrase-threshold", 0.1, "--epochs", 1)
    found = json.loads(run("similar", vectors, "new york", "--json"))
    assert found[0]["word"] == "new_york"


@pytest.mark.parametrize("options", [[], ["--normalize", "simple"], ["--max-pairs", 2000]])
def test_the_command_line_writes_the_joined_text_of_whatever_it_reads(tmp_path: Path, options: list) -> None:
    text, zipped, out = tmp_path / "text.txt", tmp_path / "text.txt.gz", tmp_path / "out.txt"
    text.write_text("the new york times\n\nnew york is far\n" * 30)
    zipped.write_bytes(gzip.compress(text.read_bytes()))
    for source, stdin in ((text, None), (zipped, None), ("-", text.read_text())):
        arguments = ["phrases", source, "-o", out, "--phrase-threshold", 0.1, *options]
        assert CliRunner().invoke(app, list(map(str, arguments)), input=stdin).exit_code == 0
        assert out.read_text() == "the_new york_times\nnew_york is_far\n" * 30


def test_phrase_analogies_are_answered_with_coverage() -> None:
    folder = os.environ.get("W2VPLUS_TEST_DATA")
    questions = Path(folder or "") / "questions-phrases.txt"
    if not folder or not questions.is_file():
        pytest.skip("W2VPLUS_TEST_DATA names no folder with questions-phrases.txt")
    from gensim.models import KeyedVectors

    words = [
        word for line in questions.read_text().splitlines()[:200] for word in line.split() if line[0] != ":"
    ]
    vectors = KeyedVectors(8)
    keys = sorted(set(words))
    vectors.add_vectors(keys, np.random.default_rng(1).normal(size=(len(keys), 8)).astype(np.float32))
    result = evaluate_analogies(vectors, questions, case_insensitive=False)
    assert result.total.total == 3218 and 0 < result.total.coverage < 1
    lower = KeyedVectors(8)
    lower.add_vectors([key.lower() for key in keys], vectors.vectors)
    assert evaluate_analogies(lower, questions, case_insensitive=True).total.seen >= result.total.seen


def test_notebooks_show_phrases_as_a_table() -> None:
    phrases = learn()
    shown = phrases._repr_html_()
    for row in phrases.found():
        assert f">{row.phrase}</td>" in shown and f">{row.score:.3f}</td>" in shown
    assert phrases.found()[:1]._repr_html_().startswith("<table><caption>1 phrase<")
    text = [[f"a{number}", "<b>", f"a{number}", "<b>"] for number in range(60)]
    learning = Phrases(text, min_count=1, threshold=0.01)
    assert "&lt;b&gt;" in str(learning._repr_html_()) and "<b>" not in str(learning._repr_html_())
    assert str(learning._repr_html_()).count("<tr>") == 51  # with the heading
    assert "the 50 of the highest scores" in str(learning._repr_html_())


def test_notebooks_do_not_run_a_scorer_of_the_users() -> None:
    phrases = Phrases(TEXT, min_count=1, scoring=scorer_that_fails)
    assert phrases._repr_html_() is None


def scorer_that_fails(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    raise AssertionError("a scorer ran to show a table")
