"""Several passes over one corpus: each joins what the last one left, so that phrases grow longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from w2vplus.collocations.counting import CountingLoss, count_candidates
from w2vplus.collocations.merging import apply_phrases
from w2vplus.collocations.table import PhraseSettings, PhraseTable, accepted_phrases
from w2vplus.store import EncodedCorpus


@dataclass(frozen=True)
class Joined:
    """A corpus with its phrases merged (types are tokens and `Phrase`s), the table of each pass, and what a
    limit of pairs made counting miss in the worst pass."""

    corpus: EncodedCorpus
    tables: list[PhraseTable]
    loss: CountingLoss


def learn_passes(
    corpus: EncodedCorpus,
    settings: Sequence[PhraseSettings],
    *,
    workers: int = 1,
    max_pairs: int | None = None,
    apply_last: bool = True,
) -> Joined:
    """Learn and merge phrases, one pass for each of `settings`; ends early where a pass finds none.

    Without `apply_last` the corpus is that before the last pass, for callers who want the tables alone.
    Raises as `count_candidates` does.
    """
    tables: list[PhraseTable] = []
    loss = CountingLoss()
    for number, wanted in enumerate(settings, start=1):
        counts = count_candidates(corpus, wanted.connector_words, workers=workers, max_pairs=max_pairs)
        table = accepted_phrases(corpus.types, counts, wanted)
        loss = max(loss, counts.loss, key=lambda one: one.missed)
        del counts
        if not len(table):
            break
        if apply_last or number < len(settings):
            corpus = apply_phrases(corpus, table, workers=workers)
        tables.append(table.compact())
    return Joined(corpus, tables, loss)
