"""gensim's phrase detection over w2vplus's counting: the names and classes of `gensim.models.phrases`.

A corpus of token lists becomes counts of words and of word pairs, and a sentence becomes a sentence in which
words that belong together are one token. `Phrases` learns and applies, `FrozenPhrases` only applies; both are
instances of gensim's classes of the same names. Counting runs natively over ids (`w2vplus.collocations`);
what reaches these classes is gensim's own state, a dict from joined strings to counts, so that everything
gensim's users do with it goes on working.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Set
from os import PathLike
from typing import Any

from gensim.models import phrases as gensim_phrases
from gensim.models.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    NEGATIVE_INFINITY,
    _is_single,
    _PhrasesTransformation,
    npmi_scorer,
    original_scorer,
)

from w2vplus.collocations import CandidateCounts, PhraseSettings, count_candidates
from w2vplus.corpus import SentenceCorpus, encode, open_corpus, open_sentences
from w2vplus.stand_in import StandIn
from w2vplus.store import EncodedCorpus

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "NEGATIVE_INFINITY",
    "FrozenPhrases",
    "Phraser",
    "Phrases",
    "_PhrasesTransformation",
    "_is_single",
    "npmi_scorer",
    "original_scorer",
    "word2phrase_scorer",
]

Scorer = Callable[..., float]
Sentences = Iterable[Iterable[str]] | PathLike[str]


def word2phrase_scorer(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: float,
    corpus_word_count: int,
) -> float:
    """The score of the C tool word2phrase: (c(ab) - min_count) / (c(a)·c(b)) · number of words in the corpus.

    `original_scorer` multiplies by the size of the vocabulary instead, so thresholds differ in scale: 100 and
    more are usual here where 10 is usual there (Mikolov et al. 2013b).
    """
    denominator = worda_count * wordb_count
    if denominator == 0:
        return float(NEGATIVE_INFINITY)
    return (bigram_count - min_count) / float(denominator) * corpus_word_count


class _StrictTransformation:
    """What both classes do beyond gensim's: they refuse strings for sentences, and keep empty tokens."""

    connector_words: frozenset[str]
    score_candidate: Callable[[str, str, list[str]], tuple[str | None, float | None]]

    def __getitem__(self, sentence: Iterable[Any]) -> Any:
        """The list of tokens with its phrases joined; for a corpus, an iterable of such lists.

        The iterable transforms lazily, and again each time if the corpus can be read again. Raises TypeError
        for a plain string, whose items would be characters.
        """
        if isinstance(sentence, str | bytes):
            raise TypeError(f"a sentence must be a list of tokens, got {sentence[:40]!r}; split it first")
        return super().__getitem__(sentence)  # type: ignore[misc]

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield (joined phrase, score) for each phrase and (token, None) for every other token, in order.

        Greedy from left to right: a phrase is taken as soon as its last word is seen, and none of its words
        starts another. This is gensim's law, except that an empty string in a sentence stays where gensim
        loses it.
        """
        first_word: str | None = None
        connectors: list[str] = []
        for word in sentence:
            if word in self.connector_words:
                if first_word is None:
                    yield word, None
                else:
                    connectors.append(word)
                continue
            if first_word is not None:
                phrase, score = self.score_candidate(first_word, word, connectors)
                if phrase is not None and score is not None:
                    yield phrase, score
                    first_word, connectors = None, []
                    continue
                yield first_word, None
                for connector in connectors:
                    yield connector, None
            first_word, connectors = word, []
        if first_word is not None:
            yield first_word, None
            for connector in connectors:
                yield connector, None

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Any:
        """Load a model that `save` wrote; one that gensim wrote becomes an instance of the class here.

        Reading a model runs the code that its pickle names: load only files that you trust.
        """
        model = super().load(*args, **kwargs)  # type: ignore[misc]
        if type(model) is gensim_phrases.Phrases:
            model.__class__ = Phrases
        elif type(model) is gensim_phrases.FrozenPhrases:
            model.__class__ = FrozenPhrases
        return model


class Phrases(_StrictTransformation, gensim_phrases.Phrases, metaclass=StandIn):  # type: ignore[misc]
    """Counts words and neighbouring words, and joins neighbours that occur together too often for chance.

    Thread-safety: any number of threads may transform sentences; learning needs the object for itself.
    Reproducibility: counts are exact, unless `max_vocab_size` makes gensim's law drop rare entries.
    """

    def __init__(
        self,
        sentences: Sentences | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        """gensim's constructor: its arguments, their order and defaults.

        `sentences` may also be a path object or a corpus of `w2vplus.corpus`, which are read natively, and
        `scoring` may also be "word2phrase". `progress_per` matters only once `max_vocab_size` is exceeded.

        Raises ValueError for a setting out of its range, TypeError for one of the wrong kind, and whatever
        `add_vocab` raises.
        """
        if isinstance(scoring, str):
            PhraseSettings(min_count, threshold, scoring)
        elif not callable(scoring):
            raise TypeError(f"scoring must be the name of a scoring or a function, got {scoring!r}")
        if not isinstance(delimiter, str):
            raise TypeError(f"delimiter must be a string, got {delimiter!r}")
        if isinstance(connector_words, str | bytes):
            raise TypeError(f"connector_words must be a set of words, got {connector_words!r}; split it")
        super().__init__(
            sentences=sentences,
            min_count=min_count,
            threshold=threshold,
            max_vocab_size=max_vocab_size,
            delimiter=delimiter,
            progress_per=progress_per,
            scoring=word2phrase_scorer if scoring == "word2phrase" else scoring,
            connector_words=connector_words,
        )

    def add_vocab(self, sentences: Sentences) -> None:
        """Add the counts of more sentences, natively over ids, to those learnt before.

        `sentences` may be anything that the constructor takes, one-shot iterators included: it is read once.
        Raises CorpusError for what is no corpus of token lists, TypeError for tokens that are not strings.
        """
        super().add_vocab(sentences)

    @staticmethod
    def _learn_vocab(
        sentences: Sentences,
        max_vocab_size: int,
        delimiter: str,
        connector_words: Set[str],
        progress_per: int,
    ) -> tuple[int, dict[str, int], int]:
        """Count a corpus: (min_reduce, counts by word and by joined candidate, number of tokens).

        The hook that gensim's `add_vocab` calls and merges the result of. What pruning drops depends on the
        order of sentences, so a corpus that reaches `max_vocab_size` is counted by gensim's own loop.
        """
        corpus = _encoded(sentences)
        counts = count_candidates(corpus, connector_words)
        if counts.vocabulary_size <= max_vocab_size:
            return 1, _counts_by_string(corpus, counts, delimiter), counts.total_words
        pruned: tuple[int, dict[str, int], int] = gensim_phrases.Phrases._learn_vocab(
            _decoded(corpus), max_vocab_size, delimiter, connector_words, progress_per
        )
        return pruned

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """(joined phrase, score), or (None, None) if the words are no phrase.

        Raises ValueError, naming the words, if the scorer raises or returns NaN.
        """
        try:
            phrase, score = super().score_candidate(word_a, word_b, in_between)
        except Exception as error:
            name = getattr(self.scoring, "__name__", self.scoring)
            raise ValueError(f"scorer {name} failed for {word_a!r} and {word_b!r}: {error!r}") from error
        if score is not None and score != score:
            name = getattr(self.scoring, "__name__", self.scoring)
            raise ValueError(f"scorer {name} must return a number, got NaN for {word_a!r} and {word_b!r}")
        return phrase, score

    def export_phrases(self) -> dict[str, float]:
        """All phrases with their scores, joined string -> score."""
        least_count = self._least_count()
        scores_of_phrases: dict[str, float] = {}
        for joined, count in self.vocab.items():
            if count < least_count or self.delimiter not in joined:
                continue
            words = joined.split(self.delimiter)
            phrase, score = self.score_candidate(words[0], words[-1], words[1:-1])
            if phrase is not None and score is not None:
                scores_of_phrases[phrase] = score
        return scores_of_phrases

    def _least_count(self) -> float:
        """A count below which no candidate can be accepted: the known scorers give it no positive score."""
        if self.scoring is npmi_scorer:
            return float(self.min_count)
        no_score_below = self.scoring in (original_scorer, word2phrase_scorer) and self.threshold >= 0
        return float(self.min_count) if no_score_below else 0.0

    def freeze(self) -> FrozenPhrases:
        """The phrases alone, without the counts: smaller and faster, and learns no more."""
        return FrozenPhrases(self)


class FrozenPhrases(_StrictTransformation, gensim_phrases.FrozenPhrases, metaclass=StandIn):  # type: ignore[misc]
    """The phrases that a `Phrases` model had when it was frozen: `phrasegrams`, joined string -> score.

    `components` maps each joined string to its words where these are known, and is None elsewhere.

    Thread-safety: any number of threads may transform sentences.
    """

    components: dict[str, tuple[str, ...]] | None = None


Phraser = FrozenPhrases


class _ListedSentences:
    """A corpus whose sentences may be any iterables, as gensim allows here; each is listed in its turn."""

    def __init__(self, sentences: Iterable[Any]) -> None:
        self.sentences = sentences

    def __iter__(self) -> Iterator[Any]:
        for sentence in self.sentences:
            needs_listing = hasattr(sentence, "__iter__") and not hasattr(sentence, "__len__")
            yield list(sentence) if needs_listing else sentence


def _encoded(sentences: Sentences) -> EncodedCorpus:
    """A corpus of strings as ids; raises CorpusError or TypeError for what is none."""
    if isinstance(sentences, PathLike):
        opened = open_corpus(sentences)
    else:
        opened = open_sentences(sentences, one_shot=True)
    corpus = encode(_ListedSentences(opened) if isinstance(opened, SentenceCorpus) else opened)
    for token in corpus.types:
        if not isinstance(token, str):
            raise TypeError(f"tokens must be strings to be joined as phrases, got {token!r}: convert them")
    return corpus


def _decoded(corpus: EncodedCorpus) -> Iterator[list[Any]]:
    """The sentences of an encoded corpus as token lists."""
    for start, end in itertools.pairwise(corpus.store.sentence_starts.tolist()):
        yield [corpus.types[type_id] for type_id in corpus.store.ids[start:end].tolist()]


def _counts_by_string(corpus: EncodedCorpus, counts: CandidateCounts, delimiter: str) -> dict[str, int]:
    """gensim's vocabulary: words and joined candidates with their counts; equal strings are added up."""
    types: list[Any] = corpus.types
    vocab = {types[type_id]: count for type_id, count in enumerate(counts.word_counts.tolist()) if count}
    candidates = counts.candidates()
    columns = (candidates.firsts, candidates.runs, candidates.lasts, candidates.counts)
    connectors: dict[int, list[Any]] = {}
    for first, run, last, count in zip(*(column.tolist() for column in columns), strict=True):
        if run not in connectors:
            connectors[run] = [types[type_id] for type_id in counts.connector_run(run)]
        joined = delimiter.join((types[first], *connectors[run], types[last]))
        vocab[joined] = vocab.get(joined, 0) + count
    return vocab
