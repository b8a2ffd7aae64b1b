"""The phrase engine against gensim to the bit, and against plain Python loops on random corpora."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from unittest import mock

import numpy as np
import pytest
from gensim.models import phrases as gensim_phrases
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, npmi_scorer, original_scorer
from gensim.models.word2vec import LineSentence
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus._merging import PhraseMerger
from w2vplus._pairs import PairCounter
from w2vplus.collocations import (
    CandidateCounts,
    Phrase,
    PhraseSettings,
    WordPasses,
    apply_phrases,
    count_candidates,
    counting,
    join_phrases,
    learn_passes,
    learn_phrases,
    merged_counts,
    merging,
    scores_of,
)
from w2vplus.store import EncodedCorpus, TokenStore

DELIMITER = "§"  # stands in no token of the corpora used here


def encoded(sentences: Iterable[Sequence[Hashable]], weights: Sequence[float] | None = None) -> EncodedCorpus:
    """Token lists as an encoded corpus, ids in order of first occurrence."""
    id_of: dict[Hashable, int] = {}
    ids, starts = [], [0]
    for sentence in sentences:
        ids.extend(id_of.setdefault(token, len(id_of)) for token in sentence)
        starts.append(len(ids))
    id_array = np.array(ids, dtype=np.int32)
    sentence_weights = None if weights is None else np.array(weights, dtype=np.float32)
    return EncodedCorpus(
        types=list(id_of),
        counts=np.bincount(id_array, minlength=len(id_of)).astype(np.int64),
        store=TokenStore(id_array, np.array(starts, dtype=np.int64), sentence_weights),
    )


def decoded(corpus: EncodedCorpus) -> list[list[Hashable]]:
    ids, starts = corpus.store.ids.tolist(), corpus.store.sentence_starts.tolist()
    return [[corpus.types[i] for i in ids[start:end]] for start, end in itertools.pairwise(starts)]


def candidates_by_tokens(
    corpus: EncodedCorpus, connector_words: frozenset[str], workers: int = 1
) -> dict[tuple, int]:
    """Native counts with the tokens of each candidate as key."""
    counts = count_candidates(corpus, connector_words, workers=workers)
    found = counts.candidates()
    keys = [
        (corpus.types[first], *(corpus.types[i] for i in counts.connector_run(run)), corpus.types[last])
        for first, run, last in zip(
            found.firsts.tolist(), found.runs.tolist(), found.lasts.tolist(), strict=True
        )
    ]
    assert len(set(keys)) == len(keys) == counts.candidate_count
    return dict(zip(keys, found.counts.tolist(), strict=True))


def slowly_counted(sentences: list[list[str]], connector_words: frozenset[str]) -> Counter:
    """Every candidate found by looking back from each word to the one before it that is no connector."""
    counts: Counter = Counter()
    for sentence in sentences:
        places = [place for place, word in enumerate(sentence) if word not in connector_words]
        counts.update(tuple(sentence[start : end + 1]) for start, end in itertools.pairwise(places))
    return counts


def slowly_merged(
    sentence: list[str], phrases: set[tuple], connector_words: frozenset[str]
) -> list[Hashable]:
    """Greedy merging by trying, at each word, the candidate that starts there."""
    merged: list[Hashable] = []
    place = 0
    while place < len(sentence):
        end = place + 1
        while end < len(sentence) and sentence[end] in connector_words:
            end += 1
        candidate = tuple(sentence[place : end + 1])
        if sentence[place] not in connector_words and end < len(sentence) and candidate in phrases:
            merged.append(Phrase(candidate))
            place = end + 1
        else:
            merged.append(sentence[place])
            place += 1
    return merged


sentence_lists = st.lists(st.lists(st.sampled_from("abcdxyz"), max_size=12), max_size=12)
connector_sets = st.sampled_from([frozenset(), frozenset("x"), frozenset("xyz"), frozenset("abcdxyz")])


@given(sentence_lists, connector_sets)
@settings(max_examples=200)
def test_candidates_are_those_that_a_plain_loop_finds(
    sentences: list, connector_words: frozenset[str]
) -> None:
    corpus = encoded(sentences)
    expected = slowly_counted(sentences, connector_words)
    for workers in (1, 2, 5):
        assert candidates_by_tokens(corpus, connector_words, workers) == expected
    counts = count_candidates(corpus, connector_words)
    unigrams = {token for sentence in sentences for token in sentence} - connector_words
    assert counts.vocabulary_size == len(unigrams) + len(expected)
    assert counts.total_words == sum(map(len, sentences))


@given(
    sentence_lists, connector_sets, st.sampled_from(["default", "npmi", "word2phrase"]), st.floats(0.01, 1)
)
@settings(max_examples=200)
def test_merging_is_what_a_plain_greedy_loop_does(
    sentences: list, connector_words: frozenset[str], scoring: str, threshold: float
) -> None:
    corpus = encoded(sentences)
    table = learn_phrases(corpus, PhraseSettings(1, threshold, scoring, connector_words))
    merged = apply_phrases(corpus, table)
    phrases = set(table.components())
    expected = [slowly_merged(sentence, phrases, connector_words) for sentence in sentences]
    assert decoded(merged) == expected
    occurrences = Counter(token for sentence in expected for token in sentence)
    assert merged.counts.tolist() == [occurrences[token] for token in merged.types]
    assert merged.types[: len(corpus.types)] == corpus.types
    assert set(merged.types[len(corpus.types) :]) == set(map(Phrase, phrases))
    for workers in (2, 3, 7):
        again = apply_phrases(corpus, table, workers=workers)
        assert again.store.ids.tolist() == merged.store.ids.tolist()
        assert again.store.sentence_starts.tolist() == merged.store.sentence_starts.tolist()
        assert again.counts.tolist() == merged.counts.tolist()


@pytest.fixture(scope="module", params=["lee_background.cor", "head500.noblanks.cor.bz2"])
def real_sentences(request: pytest.FixtureRequest) -> list[list[str]]:
    """The first 60,000 tokens, in sentences."""
    sentences = list(LineSentence(datapath(request.param)))
    sentence_ends = itertools.accumulate(map(len, sentences))
    return [sentence for sentence, end in zip(sentences, sentence_ends, strict=True) if end <= 60_000]


@pytest.fixture(scope="module", params=[frozenset(), ENGLISH_CONNECTOR_WORDS], ids=["plain", "connectors"])
def gensim_model(request: pytest.FixtureRequest, real_sentences: list) -> gensim_phrases.Phrases:
    return gensim_phrases.Phrases(real_sentences, delimiter=DELIMITER, connector_words=request.param)


@pytest.mark.parametrize(
    ("scoring", "min_count", "threshold"),
    [("default", 5, 10.0), ("default", 1.5, 1), ("npmi", 3, 0.5), ("npmi", 1, -1)],
)
def test_phrases_scores_and_sentences_equal_gensims_to_the_bit(
    real_sentences: list,
    gensim_model: gensim_phrases.Phrases,
    scoring: str,
    min_count: float,
    threshold: float,
) -> None:
    gensim_model.min_count, gensim_model.threshold = min_count, threshold
    gensim_model.scoring = {"default": original_scorer, "npmi": npmi_scorer}[scoring]
    frozen = gensim_model.freeze()
    corpus = encoded(real_sentences)
    assert count_candidates(corpus, frozen.connector_words).vocabulary_size == len(gensim_model.vocab)
    table = learn_phrases(corpus, PhraseSettings(min_count, threshold, scoring, frozen.connector_words))
    found = {
        phrase.joined(DELIMITER): score for phrase, score in zip(table.phrases(), table.scores, strict=True)
    }
    assert found == frozen.phrasegrams
    phrased = list(frozen[real_sentences])
    joined = join_phrases(apply_phrases(corpus, table), DELIMITER)
    assert decoded(joined) == phrased
    again = encoded(phrased)
    assert joined.types == again.types and joined.counts.tolist() == again.counts.tolist()


def test_word2phrase_scores_are_scaled_by_the_number_of_words() -> None:
    corpus = encoded([["new", "york", "new", "york", "of", "new"]])
    counts = count_candidates(corpus)
    candidates = counts.candidates()
    scores = scores_of(counts, candidates, "word2phrase", 1)
    pair = (candidates.firsts == 0) & (candidates.lasts == 1)
    assert scores[pair].tolist() == [(2 - 1) / (3 * 2) * 6]


def test_candidates_never_cross_a_sentence_end() -> None:
    assert candidates_by_tokens(encoded([["a"], ["b"], [], ["a", "of"], ["b"]]), frozenset({"of"})) == {}


def test_bank_of_america_is_not_bank_america() -> None:
    connectors = frozenset({"of", "the"})
    text = [
        ["bank", "of", "america"],
        ["bank", "america"],
        ["bank", "of", "the", "america"],
        ["bank", "of", "america"],
    ]
    assert candidates_by_tokens(encoded(text), connectors) == {
        ("bank", "of", "america"): 2,
        ("bank", "america"): 1,
        ("bank", "of", "the", "america"): 1,
    }
    table = learn_phrases(encoded(text), PhraseSettings(1, 0.1, "default", connectors))
    assert list(table.components()) == [("bank", "of", "america")]
    merged = decoded(apply_phrases(encoded(text), table))
    assert merged == [[Phrase(("bank", "of", "america"))], *text[1:3], [Phrase(("bank", "of", "america"))]]


def test_counts_of_two_corpora_merge_into_the_counts_of_both() -> None:
    generator = np.random.default_rng(4)
    sentences = [
        generator.integers(0, 300, size=length).tolist() for length in generator.integers(0, 60, size=700)
    ]
    connectors = frozenset(range(20))
    whole = encoded(sentences)
    first, second = encoded(sentences[:250]), encoded(sentences[250:])
    types = list(dict.fromkeys([*first.types, *second.types]))
    new_ids = np.array([types.index(token) for token in second.types], dtype=np.int32)
    merged = merged_counts(
        count_candidates(first, connectors, workers=2),
        count_candidates(second, connectors, workers=3),
        new_ids,
        len(types),
    )
    expected = count_candidates(whole, connectors)
    assert types == whole.types and merged.total_words == expected.total_words
    assert merged.word_counts.tolist() == expected.word_counts.tolist()

    def rows(counts: CandidateCounts) -> set:
        columns = counts.candidates()
        return {
            (first, counts.connector_run(run), last, count)
            for first, run, last, count in zip(
                *(getattr(columns, name).tolist() for name in ("firsts", "runs", "lasts", "counts")),
                strict=True,
            )
        }

    assert rows(merged) == rows(expected) and len(rows(merged)) > 10_000
    restored = pickle.loads(pickle.dumps(merged))
    assert rows(restored) == rows(merged)
    some = next(iter(rows(merged)))
    assert restored.count_of([some[0], *some[1], some[2]]) == some[3] > 0
    assert restored.count_of([some[0], some[2], some[2], some[2]]) == 0


def test_a_counter_does_not_merge_with_itself_and_knows_its_runs() -> None:
    counter = PairCounter()
    with pytest.raises(ValueError, match="into itself"):
        counter.merge(counter, np.zeros(3, dtype=np.int32))
    with pytest.raises(IndexError, match="run must be at most 0, got 1"):
        counter.connector_run(1)


def test_more_occurrences_than_a_slot_holds_are_an_error_not_a_wrong_count() -> None:
    pair = np.array([0, 1], dtype=np.int32), np.array([0, 2], dtype=np.int64), np.zeros(2, dtype=np.uint8)
    smaller, larger = PairCounter(), PairCounter()
    smaller.count(*pair, 0, 1)
    larger.count(*pair, 0, 1)
    with pytest.raises(OverflowError, match="4,294,967,295"):
        for _ in range(60):  # the counts are Fibonacci numbers
            smaller.merge(larger, np.arange(2, dtype=np.int32))
            smaller, larger = larger, smaller


@given(st.integers(0, 2**32 - 1), st.sampled_from([1024, 2048]))
@settings(max_examples=20)
def test_a_limit_of_pairs_keeps_every_count_within_its_reported_error(seed: int, max_pairs: int) -> None:
    generator = np.random.default_rng(seed)
    tokens = (generator.zipf(1.3, size=20_000) % 400).tolist()
    corpus = encoded([tokens[start : start + 40] for start in range(0, len(tokens), 40)])
    exact, bounded = count_candidates(corpus), count_candidates(corpus, max_pairs=max_pairs)
    assert bounded.candidate_count <= max_pairs < exact.candidate_count
    assert bounded.loss.forgotten > 0 and bounded.loss and not exact.loss
    found = exact.candidates()
    for first, last, count in zip(
        found.firsts.tolist(), found.lasts.tolist(), found.counts.tolist(), strict=True
    ):
        assert count - bounded.loss.missed <= bounded.count_of([first, last]) <= count
    assert bounded.loss.missed < max(found.counts)


def test_a_limit_of_pairs_that_is_never_reached_loses_nothing() -> None:
    corpus = encoded([["a", "b", "c"]] * 5)
    assert not count_candidates(corpus, max_pairs=1024).loss
    with pytest.raises(ValueError, match="max_pairs must be at least 1024, got 5"):
        count_candidates(corpus, max_pairs=5)


def test_a_merger_refuses_one_word_phrases_and_the_same_phrase_twice() -> None:
    with pytest.raises(ValueError, match="at least 2 components, got 1"):
        PhraseMerger(*(np.array(row, kind) for row, kind in (([0], "i4"), ([0, 1], "i8"), ([5], "i4"))))
    with pytest.raises(ValueError, match="phrase 1 has the components"):
        PhraseMerger(
            *(np.array(row, kind) for row, kind in (([0, 1, 0, 1], "i4"), ([0, 2, 4], "i8"), ([5, 6], "i4")))
        )


def test_a_second_pass_finds_longer_phrases_and_keeps_their_words() -> None:
    text = [
        ["the", "new", "york", "times"],
        ["new", "york", "times", "said"],
        ["a", "new", "york"],
        ["new", "york"],
    ]
    settings = PhraseSettings(1, 0.5)
    once = apply_phrases(encoded(text), learn_phrases(encoded(text), PhraseSettings(2, 0.5)))
    new_york = Phrase(("new", "york"))
    assert decoded(once) == [
        ["the", new_york, "times"],
        [new_york, "times", "said"],
        ["a", new_york],
        [new_york],
    ]
    table = learn_phrases(once, settings)
    assert list(table.components()) == [(new_york, "times")]
    twice = apply_phrases(once, table)
    assert decoded(twice)[0] == ["the", Phrase(("new", "york", "times"))]
    assert decoded(join_phrases(twice))[1] == ["new_york_times", "said"]


def test_the_same_words_joined_in_two_ways_are_one_type() -> None:
    ab, bc = Phrase(("a", "b")), Phrase(("b", "c"))
    corpus = encoded([[ab, "c"], ["a", bc], [ab, "c"], ["a", bc]])
    table = learn_phrases(corpus, PhraseSettings(1, 0.5))
    assert set(table.components()) == {(ab, "c"), ("a", bc)}
    merged = apply_phrases(corpus, table)
    assert decoded(merged) == [[Phrase(("a", "b", "c"))]] * 4
    assert merged.counts.tolist() == [0, 0, 0, 0, 4]


def test_a_phrase_that_an_earlier_pass_made_is_no_new_type() -> None:
    ab = Phrase(("a", "b"))
    corpus = encoded([[ab], ["a", "b"], ["a", "b"]])
    merged = apply_phrases(corpus, learn_phrases(corpus, PhraseSettings(1, 0.1)))
    assert merged.types == [ab, "a", "b"] and merged.store.ids.tolist() == [0, 0, 0]


def test_phrases_apply_to_another_corpus_by_their_words() -> None:
    table = learn_phrases(
        encoded([["new", "york", "a", "b"], ["new", "york", "a", "b"]]), PhraseSettings(1, 0.1)
    )
    other = encoded([["york", "b", "new", "york", "new"], ["zealand"]])
    assert decoded(apply_phrases(other, table)) == [
        ["york", "b", Phrase(("new", "york")), "new"],
        ["zealand"],
    ]
    assert len(table.over(other.types)) == 1 < len(table)


def test_sentences_keep_number_and_weights_and_the_first_corpus_is_untouched() -> None:
    corpus = encoded([["a", "b"], [], ["a", "b", "c"]], weights=[0.5, 1, 2])
    ids_before = corpus.store.ids.copy()
    merged = apply_phrases(corpus, learn_phrases(corpus, PhraseSettings(1, 0.1)))
    assert merged.store.sentence_starts.tolist() == [0, 1, 1, 3]
    assert merged.store.sentence_weights is corpus.store.sentence_weights
    assert join_phrases(merged).store.sentence_weights is corpus.store.sentence_weights
    assert np.array_equal(corpus.store.ids, ids_before)


@pytest.mark.parametrize("sentences", [[], [[]], [["a"]], [["of", "of"]]])
def test_a_corpus_without_candidates_has_no_phrases_and_stays(sentences: list) -> None:
    corpus = encoded(sentences)
    table = learn_phrases(corpus, PhraseSettings(1, 0.1, connector_words=frozenset({"of"})))
    assert len(table) == 0 and table.phrases() == []
    assert decoded(join_phrases(apply_phrases(corpus, table))) == sentences


def test_a_token_that_reads_like_a_phrase_is_counted_apart_and_becomes_one_type_when_joined() -> None:
    text = [["new_york", "x"], ["new", "york"], ["new", "york"], ["y", "new_york"]]
    corpus = encoded(text)
    assert candidates_by_tokens(corpus, frozenset())[("new", "york")] == 2
    table = learn_phrases(corpus, PhraseSettings(1, 0.1))
    joined = join_phrases(apply_phrases(corpus, table))
    assert joined.types == ["new_york", "x", "y"]
    assert joined.counts.tolist() == [4, 1, 1]
    assert decoded(joined) == [["new_york", "x"], ["new_york"], ["new_york"], ["y", "new_york"]]


def test_phrases_of_tokens_that_are_no_strings_are_learnt_but_not_joined() -> None:
    corpus = encoded([[1, 2], [1, 2], [3]])
    merged = apply_phrases(corpus, learn_phrases(corpus, PhraseSettings(1, 0.1)))
    assert decoded(merged) == [[Phrase((1, 2))], [Phrase((1, 2))], [3]]
    with pytest.raises(TypeError, match="1 is not a string"):
        join_phrases(merged)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scoring": "pmi"}, "scoring must be one of default, npmi, word2phrase, got 'pmi'"),
        ({"min_count": 0}, "min_count must be positive, got 0"),
        ({"threshold": 0}, "threshold must be positive for default scoring, got 0"),
        (
            {"scoring": "word2phrase", "threshold": -1},
            "threshold must be positive for word2phrase scoring, got -1",
        ),
        (
            {"scoring": "npmi", "threshold": 1.1},
            "threshold must be between -1 and 1 for npmi scoring, got 1.1",
        ),
        ({"threshold": float("nan")}, "threshold must be positive for default scoring, got nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        PhraseSettings(**settings)
    assert str(caught.value) == message


def test_a_min_count_beyond_all_counts_accepts_nothing() -> None:
    corpus = encoded([["a", "b"]] * 5)
    assert len(learn_phrases(corpus, PhraseSettings(1e30, -1, "npmi"))) == 0
    assert len(learn_phrases(corpus, PhraseSettings(float("inf"), 1))) == 0
    assert len(learn_phrases(corpus, PhraseSettings(5, 0.1, "default"))) == 0
    assert len(learn_phrases(corpus, PhraseSettings(4.5, 0.01, "default"))) == 1


@given(sentence_lists, connector_sets, st.integers(1, 3))
@settings(max_examples=100)
def test_token_lists_and_text_are_merged_as_the_corpus_is(
    sentences: list, connector_words: frozenset[str], passes: int
) -> None:
    corpus = encoded(sentences)
    joined = learn_passes(
        corpus, [PhraseSettings(1, 0.3, connector_words=connector_words)] * passes, workers=2
    )
    expected = decoded(join_phrases(joined.corpus, "+"))
    words = WordPasses(joined.tables)
    merger, phrases = words.token_merger("+"), words.phrases
    assert [merger.merge(sentence) for sentence in sentences] == expected
    for sentence, merged in zip(sentences, expected, strict=True):
        numbers = merger.phrase_numbers(sentence).tolist()
        assert [phrases[number].joined("+") for number in numbers if number >= 0] == [
            token for token in merged if "+" in token
        ]
    text = "".join(" ".join(sentence) + "\n" for sentence in sentences)
    merged, read, written = words.text_merger("+").merge(text.encode(), True)
    assert bytes(merged).decode() == "".join(" ".join(sentence) + "\n" for sentence in expected if sentence)
    assert (read, written) == (sum(map(len, sentences)), sum(map(len, expected)))


def test_a_sentence_longer_than_the_short_buffer_is_merged() -> None:
    corpus = encoded([["a", "b"] * 5])
    merger = WordPasses([learn_phrases(corpus, PhraseSettings(1, 0.1))]).token_merger("_")
    assert merger.merge(["x", *["a", "b"] * 1000, "y"]) == ["x", *["a_b"] * 1000, "y"]
    assert merger.merge([]) == [] and merger.merge([["unhashable"], "a", "b"]) == [["unhashable"], "a_b"]


@given(sentences=st.lists(st.lists(st.sampled_from("aaabbcdo"), max_size=9), max_size=12), size=st.integers(1, 9))
def test_texts_are_counted_and_joined_in_pieces_as_they_are_whole(sentences: list[list[str]], size: int) -> None:
    learning = PhraseSettings(1, 0.1, connector_words=frozenset("o"))

    def phrased() -> tuple[dict, list[list[Hashable]]]:
        corpus = encoded(sentences)
        table = learn_phrases(corpus, learning, workers=2)
        joined = join_phrases(apply_phrases(corpus, table, workers=2), "+")
        return dict(zip(table.components(), table.counts.tolist(), strict=True)), decoded(joined)

    whole = phrased()
    with mock.patch.object(counting, "PIECE_TOKENS", size), mock.patch.object(merging, "PIECE_TOKENS", size):
        assert phrased() == whole


def test_tokens_that_change_their_sentence_or_fail_do_no_harm() -> None:
    corpus = encoded([["a", "b"] * 5])
    merger = WordPasses([learn_phrases(corpus, PhraseSettings(1, 0.1))]).token_merger("_")

    class Clearing(str):
        __slots__ = ()

        def __hash__(self) -> int:
            sentence.clear()
            return hash(str(self))

    sentence = [Clearing("a"), *["b"] * 50]
    assert merger.merge(sentence) == ["a_b", *["b"] * 49] and sentence == []
    sentence = [Clearing("a"), *["b"] * 50]
    assert len(merger.phrase_numbers(sentence)) == 50

    class Failing:
        def __hash__(self) -> int:
            raise TypeError("a fault of its own")

    with pytest.raises(TypeError, match="a fault of its own"):
        merger.merge(["a", Failing()])


def test_a_token_that_reads_like_a_phrase_is_no_part_of_a_longer_one() -> None:
    corpus = encoded([["new", "york", "times"]] * 3 + [["new", "york"]])
    joined = learn_passes(corpus, [PhraseSettings(1, 0.1)] * 2)
    merger = WordPasses(joined.tables).token_merger("_")
    assert merger.merge(["new", "york", "times"]) == ["new_york_times"]
    assert merger.merge(["new_york", "times"]) == ["new_york", "times"]
