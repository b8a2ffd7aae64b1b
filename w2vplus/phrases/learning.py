"""Phrases of several passes over one encoded corpus, and the corpus with them joined."""

from __future__ import annotations

from typing import NamedTuple

from w2vplus.collocations import join_phrases, learn_passes
from w2vplus.phrases.frozen import FrozenPhrases
from w2vplus.phrases.options import PhraseOptions
from w2vplus.store import EncodedCorpus


class Learnt(NamedTuple):
    """Phrases, and the corpus that they were learnt from with the phrases as strings (as it was, without `join`)."""

    phrases: FrozenPhrases
    corpus: EncodedCorpus


def learn_frozen(corpus: EncodedCorpus, options: PhraseOptions, workers: int, *, join: bool = True) -> Learnt:
    """Learn phrases in as many passes as the options ask for; fewer where a pass finds nothing.

    `workers` threads share the work and change no result. Raises as `count_candidates` does.
    """
    settings = options.of_passes()
    found = learn_passes(
        corpus, settings, workers=workers, max_pairs=options.max_pairs, apply_last=join
    )
    phrases = FrozenPhrases.of_passes(found.tables, settings, options.delimiter, found.loss)
    return Learnt(phrases, join_phrases(found.corpus, options.delimiter) if join else corpus)
