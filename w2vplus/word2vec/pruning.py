"""gensim's `max_vocab_size`: counts that forget rare types while the text is counted. Called by `building` alone.

After each sentence that leaves more types than that, those up to a rising minimum are forgotten. The law is replayed
over ids; natively, unless there is a rule of the user's to be asked.
"""

from __future__ import annotations

import itertools
import logging
from collections import defaultdict
from typing import Any

from gensim import utils

from w2vplus._numbering import pruned_counts
from w2vplus.store import EncodedCorpus

logger = logging.getLogger(__name__)


def counts_of_at_most(corpus: EncodedCorpus, max_vocab_size: int, trim_rule: Any) -> defaultdict[Any, int]:
    """The counts that are left, in order of first occurrence; a warning says what may be lost."""
    if trim_rule is None:
        store = corpus.store
        left, left_counts, minimum = pruned_counts(
            store.ids, store.sentence_starts, len(corpus.types), max_vocab_size
        )
        types = map(corpus.types.__getitem__, left.tolist())
        counts = defaultdict(int, zip(types, left_counts.tolist(), strict=True))
    else:
        counts, minimum = _by_rule(corpus, max_vocab_size, trim_rule)
    if minimum > 1:
        logger.warning(
            "max_vocab_size=%i pruned the counts %i times, so words of up to %i occurrences may be lost or "
            "undercounted; max_final_vocab limits the vocabulary without that",
            max_vocab_size, minimum - 1, minimum - 1,
        )  # fmt: skip
    return counts


def _by_rule(corpus: EncodedCorpus, max_vocab_size: int, trim_rule: Any) -> tuple[defaultdict[Any, int], int]:
    """The same with a rule; (counts, the minimum that the next pruning would ask for)."""
    counts: defaultdict[Any, int] = defaultdict(int)
    minimum = 1
    ids, starts, types = corpus.store.ids, corpus.store.sentence_starts.tolist(), corpus.types
    for begin, end in itertools.pairwise(starts):
        for type_id in ids[begin:end].tolist():
            counts[types[type_id]] += 1
        if len(counts) > max_vocab_size:
            utils.prune_vocab(counts, minimum, trim_rule=trim_rule)
            minimum += 1
    return counts, minimum
