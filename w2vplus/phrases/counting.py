"""The half of `Phrases` that counts: words and candidates by id, and gensim's dict of them when it is asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from os import PathLike
from typing import Any, TypeVar

from gensim.models import phrases as gensim_phrases

from w2vplus.collocations import count_candidates
from w2vplus.limits import available_cpus
from w2vplus.phrases.applying import NativePhrases, decoded, encoded_strings, opened_strings
from w2vplus.phrases.tally import Tally
from w2vplus.phrases.views import WatchedDict
from w2vplus.store import EncodedCorpus

Sentences = Iterable[Iterable[str]] | PathLike[str] | EncodedCorpus

GUARD = "_guard_of_"
"""Attributes with locks; none is saved."""

Result = TypeVar("Result")


def alone(method: Callable[..., Result]) -> Callable[..., Result]:
    """A method that no other thread disturbs: counts grow in place, and native tables move when they do."""

    @wraps(method)
    def guarded(self: PhraseCounting, *arguments: Any, **keywords: Any) -> Result:
        with self._guard():
            return method(self, *arguments, **keywords)

    return guarded


class PhraseCounting(gensim_phrases.Phrases):  # type: ignore[misc]
    """The counts: by id in `_tally`, or in `_strings`, gensim's own, once a user has written into them or there are
    more than `max_vocab_size`. `_view` is the dict that `vocab` gave away.
    """

    workers: int | None
    _strings: dict[str, int]
    _tally: Tally | None
    _view: WatchedDict | None
    _ready: tuple[Any, NativePhrases | None] | None  # settings, and the phrases that they make of the counts
    _looked_up = 0  # tokens, one by one, since the counts changed

    def _guard(self) -> threading.RLock:
        """One lock in each process: in a forked one a thread that is not there may hold its parent's for ever."""
        name = f"{GUARD}{os.getpid()}"
        guard: threading.RLock = self.__dict__.get(name) or self.__dict__.setdefault(name, threading.RLock())
        return guard

    @property
    @alone
    def vocab(self) -> dict[str, int]:
        """gensim's dict: words and joined candidates with their counts; the counts of equal strings are
        added up.
        """
        self._take_changes()
        if self._tally is None:
            return self._strings
        if self._view is None:
            self._view = WatchedDict(self._tally.strings(self.delimiter))
        return self._view

    @vocab.setter
    @alone
    def vocab(self, vocab: dict[str, int]) -> None:
        self._strings = vocab
        self._tally = self._view = self._ready = None
        self._looked_up = 0

    def _take_changes(self) -> None:
        if self._view is not None and self._view.changed:
            self.vocab = self._view

    @property
    @alone
    def vocabulary_size(self) -> int:
        """Distinct words and candidates: what gensim's scorers are given as `len_vocab`."""
        self._take_changes()
        return len(self._strings) if self._tally is None else self._tally.vocabulary_size

    def add_vocab(self, sentences: Sentences) -> None:
        """Add the counts of more sentences, natively over ids, to those learnt before.

        `sentences` may be anything that the constructor takes, one-shot iterators included: it is read once.
        Raises CorpusError for what is no corpus of token lists, TypeError for tokens that are not strings.
        """
        is_hooked = type(self)._learn_vocab is not PhraseCounting._learn_vocab or "_learn_vocab" in self.__dict__
        if is_hooked or self._has_strings():
            self._add_strings(sentences)
            return
        tally = Tally.of_corpus(sentences, self.delimiter, self.connector_words, self._workers())
        with ThreadPoolExecutor(1, "w2vplus-phrases") as executor:  # to its end: half of the counts would be none
            is_added = executor.submit(self._add_counts, tally).result()
        if not is_added:
            self._add_strings(tally.sentences())

    @alone
    def _has_strings(self) -> bool:
        self._take_changes()
        return self._tally is None and bool(self._strings)

    @alone
    def _add_strings(self, sentences: Any) -> None:
        """gensim's own loop and merging. What pruning drops depends on the order of sentences."""
        self.vocab = self.vocab
        super().add_vocab(sentences)

    @alone
    def _add_counts(self, tally: Tally) -> bool:
        """Whether they could be added by id. Where an error breaks this off, as MemoryError may, there are no counts
        any more rather than wrong ones."""
        size = tally.vocabulary_size + (0 if self._tally is None else self._tally.vocabulary_size)
        if self._has_strings() or size > self.max_vocab_size:
            return False
        learnt, view = self._tally, self._view
        self.vocab = {}
        if view is not None:  # somebody may hold it
            view.add(tally.strings(self.delimiter))
        if learnt is None:
            tally.source, learnt = None, tally
        else:
            learnt.add(tally)
        self._tally, self._view = learnt, view
        self.corpus_word_count += tally.counts.total_words
        return True

    @staticmethod
    def _learn_vocab(
        sentences: Sentences,
        max_vocab_size: int,
        delimiter: str,
        connector_words: Set[str],
        progress_per: int,
    ) -> tuple[int, dict[str, int], int]:
        """Count a corpus: (min_reduce, counts by word and by joined candidate, number of tokens).

        gensim's hook for subclasses. A corpus that reaches `max_vocab_size` is counted by gensim's own loop.
        """
        corpus = encoded_strings(opened_strings(sentences), 1)[0]
        counts = count_candidates(corpus, frozenset(connector_words))
        if counts.vocabulary_size <= max_vocab_size:
            return 1, Tally(list(corpus.types), counts).strings(delimiter), counts.total_words
        pruned: tuple[int, dict[str, int], int] = gensim_phrases.Phrases._learn_vocab(
            decoded(corpus), max_vocab_size, delimiter, connector_words, progress_per
        )
        return pruned

    def _workers(self) -> int:
        return getattr(self, "workers", None) or available_cpus()

    @alone
    def _counts_of(self, words: tuple[str, ...]) -> tuple[int, int, int]:
        """Occurrences of the first word, of the last, and of the candidate that all of them are."""
        self._take_changes()
        if self._tally is not None:
            return self._tally.counts_of(words)
        get = self._strings.get
        return get(words[0], 0), get(words[-1], 0), get(self.delimiter.join(words), 0)
