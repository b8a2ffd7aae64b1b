"""The vocabulary half of `Word2Vec`: gensim's `build_vocab` and what it calls, over encoded corpora.

The text is counted by `w2vplus.corpus`, words are chosen by `w2vplus.vocabulary`; this room keeps the result where
gensim keeps it (`raw_vocab`, `wv.key_to_index`, `wv.expandos`), so that code which reads or changes it works.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any

import numpy as np
from gensim import utils
from gensim.models import word2vec as gensim_word2vec

from w2vplus.store import EncodedCorpus
from w2vplus.vocabulary import keep_probabilities, select_vocabulary
from w2vplus.word2vec import tables
from w2vplus.word2vec.feeds import CorpusMemory, open_source
from w2vplus.word2vec.phrasing import Phrasing

logger = logging.getLogger(__name__)


class VocabularyBuilding(gensim_word2vec.Word2Vec):  # type: ignore[misc]
    """gensim's Word2Vec with w2vplus's vocabulary scan; trained by `w2vplus.word2vec.Word2Vec`."""

    _memory: CorpusMemory
    errors: str
    phrases: Any = None
    _phrasing: Phrasing

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: Any = None,
    ) -> tuple[int, int]:
        """Count every type of the corpus into `raw_vocab`, in order of first occurrence.

        Returns (raw words, sentences). `max_vocab_size` prunes while counting, by gensim's law.
        """
        encoded = self._encode(corpus_iterable, corpus_file)
        if self.max_vocab_size and len(encoded.types) > self.max_vocab_size:
            self.raw_vocab = self._pruned_counts(encoded, trim_rule)
        else:
            self.raw_vocab = defaultdict(int, zip(encoded.types, encoded.counts.tolist(), strict=True))
        logger.info(
            "collected %i word types from a corpus of %i raw words and %i sentences",
            len(self.raw_vocab), encoded.token_count, encoded.sentence_count,
        )  # fmt: skip
        return encoded.token_count, encoded.sentence_count

    def _encode(self, sentences: Any, corpus_file: Any) -> EncodedCorpus:
        """The corpus as ids; one of the arguments is None."""
        corpus = open_source(sentences, corpus_file, self.errors)
        if isinstance(sentences, (list, tuple)) and sentences and isinstance(sentences[0], str):
            logger.warning(
                "Each 'sentences' item should be a list of words (usually unicode strings). "
                "First item here is instead the plain string %r: its characters are taken as words.",
                sentences[0][:40],
            )
        source = sentences if corpus_file is None else corpus_file
        encoded = self._memory.encode(source, corpus, workers=self.workers, errors=self.errors)
        return self._with_phrases(encoded)

    def _with_phrases(self, encoded: EncodedCorpus) -> EncodedCorpus:
        """The corpus with the model's phrases joined; they are learnt from it if they are only asked for."""
        if self.phrases is None:
            return encoded
        if isinstance(self.phrases, int):
            self.phrases = self._phrasing.learnt(encoded, self.phrases, self.workers)
        return self._phrasing.joined(encoded, self.phrases, self.workers)

    def _pruned_counts(self, encoded: EncodedCorpus, trim_rule: Any) -> defaultdict[Any, int]:
        """Counts when `max_vocab_size` bites: after each sentence that leaves more types than that, those up to a
        rising minimum are forgotten (gensim's law, replayed over ids)."""
        counts: defaultdict[Any, int] = defaultdict(int)
        minimum = 1
        ids, starts = encoded.store.ids, encoded.store.sentence_starts.tolist()
        types = encoded.types
        for begin, end in zip(starts[:-1], starts[1:], strict=True):
            for type_id in ids[begin:end].tolist():
                counts[types[type_id]] += 1
            if len(counts) > self.max_vocab_size:
                utils.prune_vocab(counts, minimum, trim_rule=trim_rule)
                minimum += 1
        if minimum > 1:
            logger.warning(
                "max_vocab_size=%i pruned the counts %i times, so words of up to %i occurrences may be lost or "
                "undercounted; max_final_vocab limits the vocabulary without that",
                self.max_vocab_size, minimum - 1, minimum - 1,
            )  # fmt: skip
        return counts

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: Any = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Apply `min_count`, `max_final_vocab`, `trim_rule` and `sample` to `raw_vocab`; gensim's report is returned.

        With `update`, counts are merged into the present vocabulary and new words are appended; subsampling is
        computed from the merged counts (gensim takes the new text's alone).
        """
        min_count = min_count or self.min_count
        sample = sample or self.sample
        types = list(self.raw_vocab)
        raw_counts = np.fromiter(self.raw_vocab.values(), dtype=np.int64, count=len(types))
        chosen = select_vocabulary(
            types, raw_counts, min_count=min_count, max_final_vocab=self.max_final_vocab, trim_rule=trim_rule,
            sort=bool(self.sorted_vocab) and not update,
        )  # fmt: skip
        self.effective_min_count = chosen.effective_min_count
        if update:
            keys, counts = self._merged_vocabulary(types, raw_counts, chosen.keys)
        else:
            keys, counts = chosen.keys, chosen.counts
        probabilities = keep_probabilities(counts, sample)
        if not dry_run:
            if not update:
                self.min_count, self.sample = min_count, sample
            self._set_vocabulary(keys, counts, probabilities)
            if not keep_raw_vocab:
                self.raw_vocab = defaultdict(int)
            self._build_lookup_tables()
        report = {
            "drop_unique": len(types) - len(chosen),
            "retain_total": chosen.retained_total,
            "downsample_unique": int(np.count_nonzero(probabilities < 1)),
            "downsample_total": int((probabilities * counts).sum()),
            "num_retained_words": len(chosen),
        }
        self.add_lifecycle_event(
            "prepare_vocab",
            msg=(
                f"effective_min_count={self.effective_min_count} retains {len(chosen)} of {len(types)} unique words and "
                f"{chosen.retained_total} of {int(raw_counts.sum())} words; sample={sample} leaves an estimated "
                f"{report['downsample_total']}"
            ),
        )
        return report

    def _merged_vocabulary(self, types: list[Any], raw_counts: Any, kept: list[Any]) -> tuple[list[Any], Any]:
        """The present words with their counts raised, then the words of `kept` that are new."""
        present = self.wv.key_to_index
        new_words = [word for word in kept if word not in present]
        keys = [*self.wv.index_to_key, *new_words]
        counts = np.zeros(len(keys), dtype=np.int64)
        counts[: len(present)] = tables.word_counts(self.wv)
        index = {word: number for number, word in enumerate(keys)}
        for word, count in zip(types, raw_counts.tolist(), strict=True):
            if word in index:
                counts[index[word]] += count
        return keys, counts

    def _set_vocabulary(self, keys: list[Any], counts: Any, probabilities: Any) -> None:
        keyed_vectors = self.wv
        keyed_vectors.index_to_key = keys
        keyed_vectors.key_to_index = {word: number for number, word in enumerate(keys)}
        keyed_vectors.expandos["count"] = counts
        keyed_vectors.expandos["sample_int"] = (probabilities * (2**32 - 1)).astype(np.uint32)
        if self.null_word and "\0" not in keyed_vectors.key_to_index:
            self.add_null_word()

    def _build_lookup_tables(self) -> None:
        if self.hs:
            self.create_binary_tree()
        if self.negative:
            self.make_cum_table()

    def create_binary_tree(self) -> None:
        """Build the Huffman tree from the words' counts: vector attributes `code` and `point`."""
        tables.store_huffman_tree(self.wv)

    def make_cum_table(self, domain: int = tables.CUMULATIVE_DOMAIN) -> None:
        """Fill gensim's `cum_table` for code that reads it; training draws from an alias table."""
        self.cum_table = tables.cumulative_table(tables.word_counts(self.wv), self.ns_exponent, domain)
