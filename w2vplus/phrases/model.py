"""`Phrases`: gensim's class that counts words and candidates and knows which candidates are phrases."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from gensim.models.phrases import Phrases as PlainPhrases
from gensim.models.phrases import npmi_scorer

from w2vplus.collocations import (
    PhraseSettings,
    PhraseTable,
    joined_tables,
    least_count,
    phrase_table,
    scores_of,
    table_of_components,
)
from w2vplus.corpus import encode
from w2vplus.limits import available_cpus
from w2vplus.phrases.applying import NativePhrases
from w2vplus.phrases.counting import GUARD, PhraseCounting, Sentences, alone
from w2vplus.phrases.frozen import FrozenPhrases
from w2vplus.phrases.inspection import Explanation, PhraseList, found_phrases, why
from w2vplus.phrases.learning import learn_frozen
from w2vplus.phrases.options import PhraseOptions
from w2vplus.phrases.scorers import SCORER_OF, Scorer, checked_score, name_of, scoring_name
from w2vplus.phrases.transforming import StrictTransformation
from w2vplus.stand_in import StandIn

ENTRIES_A_TOKEN = 8
"""To look a token's candidate up takes as long as to make the phrases of so many words and candidates."""

ENTRIES_SCORED_A_TOKEN = 4
"""The same where a scorer of the user's is asked."""


class Phrases(StrictTransformation, PhraseCounting, metaclass=StandIn):
    """Counts words and neighbouring words, and joins neighbours that occur together too often for chance.

    `vocab` is gensim's dict of counts, made when it is asked for; whoever changes it, or assigns another,
    has gensim's own way of finding phrases from then on: by joined strings.

    Thread-safety: any number of threads may transform sentences and add the counts of some; saving and copying need
    that nobody adds meanwhile.
    Reproducibility: counts are exact, unless `max_vocab_size` makes gensim's law drop rare entries.
    """

    scoring: Scorer
    connector_words: frozenset[str]

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
        *,
        workers: int | None = None,
    ) -> None:
        """gensim's constructor: its arguments, their order and defaults.

        `sentences` may also be a path object or a corpus of `w2vplus.corpus`, which are read natively, and
        `scoring` may also be "word2phrase". `progress_per` matters only once `max_vocab_size` is exceeded.
        `workers` threads count, every CPU by default; their number changes no result.

        Raises ValueError for a setting out of its range, TypeError for one of the wrong kind, and whatever
        `add_vocab` raises.
        """
        if isinstance(scoring, str):
            PhraseSettings(min_count, threshold, scoring)
        elif not callable(scoring):
            raise TypeError(f"scoring must be the name of a scoring or a function, got {scoring!r}")
        PhraseOptions(connector_words=connector_words, delimiter=delimiter)
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self.workers = workers
        super().__init__(
            sentences=sentences,
            min_count=min_count,
            threshold=threshold,
            max_vocab_size=max_vocab_size,
            delimiter=delimiter,
            progress_per=progress_per,
            scoring=SCORER_OF[scoring] if isinstance(scoring, str) else scoring,
            connector_words=connector_words,
        )

    @classmethod
    def learn(
        cls,
        corpus: Any,
        passes: int | None = None,
        *,
        scoring: str = "default",
        thresholds: float | Sequence[float] | None = None,
        min_count: float = 5,
        connector_words: Iterable[str] = frozenset(),
        delimiter: str = "_",
        workers: int | None = None,
        max_pairs: int | None = None,
        errors: str = "strict",
    ) -> FrozenPhrases:
        """Learn phrases of two and more words in several passes, each over the corpus as the last one
        joined it.

        `corpus` is anything that `w2vplus.open_corpus` takes and is read once; `PhraseOptions` tells of the
        settings. With `max_pairs`, `FrozenPhrases.loss` tells what counting missed. Every phrase keeps its words
        (`FrozenPhrases.found`).

        Raises ValueError for settings out of their range, and as `w2vplus.encode` does.
        """
        options = PhraseOptions(passes, scoring, thresholds, min_count, connector_words, delimiter, max_pairs)
        workers = workers or available_cpus()
        return learn_frozen(encode(corpus, workers=workers, errors=errors), options, workers, join=False).phrases

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{self.vocabulary_size} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    # ---- Phrases

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """(joined phrase, score), or (None, None) if the words are no phrase.

        Raises ValueError, naming the words, if the scorer raises or returns NaN.
        """
        counts = self._counts_of((word_a, *in_between, word_b))
        if min(counts) <= 0:
            return None, None
        score = self._score(word_a, word_b, counts)
        if score <= self.threshold:
            return None, None
        return self.delimiter.join([word_a, *in_between, word_b]), score

    def _score(self, word_a: str, word_b: str, counts: tuple[int, int, int]) -> float:
        return checked_score(
            self.scoring, word_a, word_b, worda_count=counts[0], wordb_count=counts[1], bigram_count=counts[2],
            len_vocab=self.vocabulary_size, min_count=self.min_count, corpus_word_count=self.corpus_word_count,
        )  # fmt: skip

    @alone
    def export_phrases(self) -> dict[str, float]:
        """All phrases with their scores, joined string -> score."""
        self._take_changes()
        if self._tally is None:
            return self._exported_strings()
        table = self._table()
        joined = (phrase.joined(self.delimiter) for phrase in table.phrases())
        return dict(zip(joined, table.scores.tolist(), strict=True))

    def _exported_strings(self) -> dict[str, float]:
        """gensim's way: joined strings are split at the delimiter to know their words."""
        scores: dict[str, float] = {}
        for joined in self._strings:
            words = joined.split(self.delimiter)
            if len(words) > 1:
                phrase, score = self.score_candidate(words[0], words[-1], words[1:-1])
                if phrase is not None and score is not None:
                    scores[phrase] = score
        return scores

    @alone
    def _table(self) -> PhraseTable:
        """The phrases under the settings as they are now; only where there are counts by id."""
        assert self._tally is not None
        tally, counts = self._tally, self._tally.counts
        name = scoring_name(self.scoring)
        is_own = type(self).score_candidate is not Phrases.score_candidate or "score_candidate" in self.__dict__
        if name is None or is_own:
            accepted: dict[tuple[Hashable, ...], tuple[int, float]] = {}
            for words, of_words in tally.candidates(self._least_count()):
                score = self._asked(words) if is_own else self._score(words[0], words[-1], of_words)
                if score is not None and (is_own or (min(of_words) > 0 and score > self.threshold)):
                    accepted[words] = of_words[2], score
            return table_of_components(accepted, self.connector_words)
        candidates = counts.candidates(self._least_count(), ordered=False)
        scores = scores_of(counts, candidates, name, self.min_count, tally.vocabulary_size)
        kept = scores > self.threshold
        table = phrase_table(tally.types, counts, candidates.where(kept), scores[kept], self.connector_words)
        carried = {words: (self._counts_of(words)[2], self._asked(words)) for words in tally.carried}
        if not carried:
            return table
        accepted_now: dict[tuple[Hashable, ...], tuple[int, float]] = {
            words: (count, score) for words, (count, score) in carried.items() if score is not None
        }
        return joined_tables([table, table_of_components(accepted_now, self.connector_words)])

    def _asked(self, words: tuple[Any, ...]) -> float | None:
        return self.score_candidate(words[0], words[-1], list(words[1:-1]))[1]

    def _least_count(self) -> int:
        """A count below which no candidate can be accepted: the known scorers give it no positive score."""
        name = scoring_name(self.scoring)
        if name is None or (self.scoring is not npmi_scorer and self.threshold < 0):
            return 1
        return least_count(name, self.min_count)

    @alone
    def _native(self) -> NativePhrases | None:
        self._take_changes()
        if self._tally is None or self._is_overridden(Phrases):
            return None
        if self._ready is None or self._ready[0] != self._settings():
            self._ready = self._settings(), self._made_native()
        return self._ready[1]

    def _made_native(self) -> NativePhrases | None:
        """None if a scorer of the user's fails: perhaps on a candidate that nobody will meet."""
        try:
            return NativePhrases([self._table().compact()], self.delimiter)
        except ValueError:
            if scoring_name(self.scoring) is None:
                return None
            raise

    def _settings(self) -> tuple[Any, ...]:
        """What may be assigned and decides, beside the counts, which candidates are phrases."""
        return self.min_count, self.threshold, self.scoring, self.delimiter, self.connector_words

    @alone
    def _native_for(self, token_count: int) -> NativePhrases | None:
        self._take_changes()
        if self._tally is not None and (self._ready is None or self._ready[0] != self._settings()):
            self._looked_up += token_count
            entries = self._looked_up * (ENTRIES_A_TOKEN if scoring_name(self.scoring) else ENTRIES_SCORED_A_TOKEN)
            if entries < self.vocabulary_size:
                return None
        return self._native()

    @alone
    def _tables_to_freeze(self) -> list[PhraseTable] | None:
        self._take_changes()
        is_hooked = (
            type(self).export_phrases is not Phrases.export_phrases or "export_phrases" in self.__dict__
        )
        return None if self._tally is None or is_hooked else [self._table()]

    def freeze(self) -> FrozenPhrases:
        """The phrases alone, without the counts: smaller and faster, and learns no more."""
        return FrozenPhrases(self)

    # ---- Inspection

    def found(self) -> PhraseList:
        """The phrases with counts, scores and components, from the highest score down."""
        return (
            self.freeze().found() if self._tally is None else found_phrases([self._table()], self.delimiter)
        )

    def _repr_html_(self) -> str | None:
        """The table for notebooks; None, which shows the plain text, where a scorer of the user's would have to run."""
        if self._tally is None or scoring_name(self.scoring) is None:
            return None
        return self.found().html(str(self))

    def explain(self, *words: str) -> Explanation:
        """Why these words are merged or not: `explain("bank", "of", "america")`, connectors in the middle.

        Raises ValueError for fewer than two words, and if the scorer fails.
        """
        if len(words) < 2:
            raise ValueError(f"explain needs the words of a pair, as explain('new', 'york'), got {words!r}")
        counts = self._counts_of(words)
        score = self._score(words[0], words[-1], counts) if min(counts) > 0 else None
        reason = why(words, counts, score, self.threshold, self.connector_words)
        merged = score is not None and score > self.threshold
        name = name_of(self.scoring)
        return Explanation(
            words, counts[:2], counts[2], score, self.min_count, self.threshold, name, merged, reason
        )

    # ---- Saving

    @alone
    def to_gensim(self) -> PlainPhrases:
        """This model as a `gensim.models.phrases.Phrases` with counts of its own, which needs no w2vplus to be loaded
        when saved; a scorer of the user's needs its module, as in gensim."""
        plain = PlainPhrases(
            min_count=self.min_count, threshold=self.threshold, max_vocab_size=self.max_vocab_size,
            delimiter=self.delimiter, progress_per=self.progress_per, scoring=self.scoring,
            connector_words=self.connector_words,
        )  # fmt: skip
        plain.vocab, plain.min_reduce = dict(self.vocab), self.min_reduce
        plain.corpus_word_count = self.corpus_word_count
        return plain

    def __getstate__(self) -> dict[str, Any]:
        self._take_changes()
        state = {**self.__dict__, "_view": None, "_ready": None, "_looked_up": 0}
        return {name: value for name, value in state.items() if not name.startswith(GUARD)}

    def _adopt(self, state: dict[str, Any]) -> None:
        """Become a model that gensim's class has loaded."""
        vocab = state.pop("vocab")
        self.__dict__.update(state)
        self.connector_words = frozenset(self.connector_words)
        self.vocab = vocab
