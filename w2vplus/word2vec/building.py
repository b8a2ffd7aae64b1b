"""The vocabulary half of `Word2Vec`: gensim's `build_vocab` and what it calls, over encoded corpora.

The text is counted by `w2vplus.corpus`, words are chosen by `w2vplus.vocabulary`; this room keeps the result where
gensim keeps it (`raw_vocab`, `wv.key_to_index`, `wv.expandos`), so that code which reads or changes it works.
"""

from __future__ import annotations

import copy
import inspect
import logging
from collections import defaultdict
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from gensim.models import word2vec as gensim_word2vec

from w2vplus.limits import checked
from w2vplus.phrases import FrozenPhrases, PhraseOptions
from w2vplus.stand_in import StandIn
from w2vplus.store import EncodedCorpus
from w2vplus.vocabulary import keep_probabilities, select_vocabulary, thresholds_of
from w2vplus.word2vec import memory, tables
from w2vplus.word2vec.arguments import check_frequencies, check_trim_rule, explain_unknown_argument
from w2vplus.word2vec.card import corpus_note
from w2vplus.word2vec.feeds import CorpusMemory
from w2vplus.word2vec.phrasing import Phrasing
from w2vplus.word2vec.pretrained import ending_vectors, init_from, opened
from w2vplus.word2vec.pruning import counts_of_at_most
from w2vplus.word2vec.renamed import RenamedAttributes
from w2vplus.word2vec.rows import sort_words, take_in_added_words

logger = logging.getLogger(__name__)


class VocabularyBuilding(RenamedAttributes, gensim_word2vec.Word2Vec, metaclass=StandIn):  # type: ignore[misc]
    """gensim's Word2Vec with w2vplus's vocabulary scan; trained by `w2vplus.word2vec.Word2Vec`."""

    _memory: CorpusMemory
    _phrasing: Phrasing
    min_count: Any
    sample: Any
    alpha: Any
    min_alpha: Any
    epochs: Any

    # What w2vplus adds to gensim's settings; a model that gensim wrote has them from here.
    shared_negatives: int | None = None
    cbow_corrected: bool = False
    whole_sequence: bool = False
    errors: str = "strict"
    cache: bool = False
    spill_above: int | None = None
    cache_dir: str | None = None
    phrases: Any = None
    corpora: list[dict[str, Any]]
    corpus_total_types: int = 0
    """Different tokens of the corpus that was counted last, those below `min_count` included."""
    _sample_of_thresholds: Any = None
    """The `sample` that the subsampling thresholds were computed for."""
    _tables: tables.TablesAtHand | None = None

    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: Any = None,
        **settings: Any,
    ) -> None:
        """Scan a corpus, choose its words, and make or (with `update`) enlarge tables and matrices.

        `settings` are those of `prepare_vocab`. Raises TypeError for an argument that does not exist or a `trim_rule`
        that is no function, RuntimeError for an update of no vocabulary, CorpusError for a corpus that cannot be read.
        """
        known = [*inspect.signature(VocabularyBuilding.build_vocab).parameters, "min_count", "sample", "dry_run"]
        for name in settings:
            if name not in known:
                raise TypeError(explain_unknown_argument(name, known[1:]))
        if not update:
            self.corpora = []
        super().build_vocab(
            corpus_iterable=corpus_iterable, corpus_file=corpus_file, update=update, progress_per=progress_per,
            keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, **settings,
        )  # fmt: skip

    def build_vocab_from_freq(
        self,
        word_freq: Any,
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: Any = None,
        update: bool = False,
    ) -> None:
        """gensim's: take words and counts as they are given. Raises TypeError or ValueError for what is no mapping of
        words to counts."""
        check_frequencies(word_freq)
        check_trim_rule(trim_rule)
        super().build_vocab_from_freq(word_freq, keep_raw_vocab, corpus_count, trim_rule, update)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: Any = None,
    ) -> tuple[int, int]:
        """Count every type of the corpus into `raw_vocab`, in order of first occurrence.

        Returns (raw words, sentences). `max_vocab_size` prunes while counting, by gensim's law. Raises TypeError for a
        `trim_rule` that is no function, CorpusError for a corpus that cannot be read.
        """
        check_trim_rule(trim_rule)
        encoded = self._encode(corpus_iterable, corpus_file)
        source = corpus_iterable if corpus_file is None else corpus_file
        self.note_corpus(encoded, source)
        self._memory.note_size(source, encoded)
        if self.max_vocab_size and len(encoded.types) > self.max_vocab_size:
            self.raw_vocab = counts_of_at_most(encoded, self.max_vocab_size, trim_rule)
        else:
            self.raw_vocab = defaultdict(int, zip(encoded.types, encoded.counts.tolist(), strict=True))
        self.corpus_total_types = len(encoded.types)
        logger.info(
            "collected %i word types from a corpus of %i raw words and %i sentences",
            len(self.raw_vocab), encoded.token_count, encoded.sentence_count,
        )  # fmt: skip
        return encoded.token_count, encoded.sentence_count

    def note_corpus(self, corpus: EncodedCorpus, source: Any) -> None:
        """Remember what `corpus` was, for the card of a saved model, under the name of its `source`; one that was noted
        last gets that name."""
        note = corpus_note(corpus, source)
        if self.corpora and self.corpora[-1]["fingerprint"] == note["fingerprint"]:
            self.corpora.pop()
        self.corpora.append(note)

    def _encode(self, sentences: Any, corpus_file: Any) -> EncodedCorpus:
        """The corpus as ids; one of the arguments is None."""
        corpus = self._memory.opened(sentences, corpus_file, self.errors)
        source = sentences if corpus_file is None else corpus_file
        encoded = self._memory.encode(
            source, corpus, cache=self.cache, workers=self.workers, errors=self.errors, spill_above=self.spill_above,
            cache_dir=self.cache_dir,
        )  # fmt: skip
        return self._with_phrases(encoded)

    def _encode_anew(self, sentences: Any) -> EncodedCorpus:
        """A list that has changed since it was last encoded."""
        self._memory.drop()
        return self._encode(sentences, None)

    def _forget_corpus(self) -> None:
        """Give back the memory of the last corpus, unless it is to be cached."""
        if not self.cache:
            self._memory.drop()
        self._phrasing.forget()

    def _with_phrases(self, encoded: EncodedCorpus) -> EncodedCorpus:
        """The corpus with the model's phrases joined; they are learnt from it if they are only asked for."""
        if self.phrases is None:
            return encoded
        if isinstance(self.phrases, PhraseOptions):
            self.phrases = self._phrasing.learnt(encoded, self.phrases, self.workers)
        return self._phrasing.joined(encoded, self.phrases, self.workers)

    def joined_with_phrases(self, corpus: EncodedCorpus) -> EncodedCorpus:
        """`corpus` as the model reads it: its phrases joined."""
        return self._with_phrases(corpus)

    def adopt_phrases(self, phrases: FrozenPhrases | None, joined: EncodedCorpus) -> None:
        """Join by `phrases` whatever the model reads from now on, except `joined`, where they stand as strings already.

        For phrases that were learnt outside, with the corpus that is about to be trained.
        """
        self.phrases = phrases
        self._phrasing.keep(joined, joined)

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
        computed from the merged counts (gensim takes the new text's alone), and a Huffman tree is grafted onto the
        present one (see `growth`). Raises RuntimeError for an update of no vocabulary, TypeError for a `trim_rule` that
        is no function.
        """
        check_trim_rule(trim_rule)
        if update:
            take_in_added_words(self)
        if update and len(self.wv) == 0:
            raise RuntimeError(
                "update=True adds to a vocabulary, and this model has no prior vocabulary: build one first, "
                "without update"
            )
        min_count = min_count or self.min_count
        sample = sample or self.sample or 0
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
            if not update:
                self.wv.vectors, self.wv.norms = self.wv.vectors[:0], None  # of an earlier vocabulary
            self._set_vocabulary(keys, counts, probabilities)
            self._sample_of_thresholds = self.sample
            if not keep_raw_vocab:
                self.raw_vocab = defaultdict(int)
            self._build_lookup_tables(update)
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
                f"effective_min_count={self.effective_min_count} retains {len(chosen)} of {len(types)} unique words "
                f"and {chosen.retained_total} of {int(raw_counts.sum())} words; sample={sample} leaves an estimated "
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
        keyed_vectors.expandos["sample_int"] = thresholds_of(probabilities)
        if self.null_word and "\0" not in keyed_vectors.key_to_index:
            self.add_null_word()

    def _build_lookup_tables(self, update: bool) -> None:
        if self.hs and update:
            tables.grow_huffman_tree(self.wv)
        elif self.hs:
            self.create_binary_tree()
        if self.negative:
            self.make_cum_table()

    def sort_vocabulary(self) -> None:
        """Order the words by descending count, as after `build_vocab`; with `update=True` that appends the new ones.

        gensim's `restrict_vocab`, and whatever takes the first words for the most frequent, is right again. Vectors,
        output weights and what else belongs to a word move with it; trained on, the model draws other random numbers.
        """
        sort_words(self)

    def create_binary_tree(self) -> None:
        """Build the Huffman tree from the words' counts: vector attributes `code` and `point`."""
        tables.store_huffman_tree(self.wv)

    def reset_from(self, other_model: Any) -> None:
        """Take over the vocabulary of `other_model`, with counts and subsampling, and start with new weights.

        What is shared in gensim is copied here, so that either model may grow afterwards; tables that the
        other model does not have (it trains without hierarchical softmax, say) are built.
        """
        theirs = other_model.wv
        self.wv = KeyedVectors(self.vector_size)
        self.wv.index_to_key = list(theirs.index_to_key)
        self.wv.key_to_index = dict(theirs.key_to_index)
        self.wv.expandos = {name: np.copy(column) for name, column in theirs.expandos.items()}
        self.wv.vectors_lockf = np.ones(1, dtype=np.float32)  # as the constructor makes it
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words
        for name in ("effective_min_count", "corpus_total_types", "corpora"):
            if hasattr(other_model, name):  # a model of gensim's own has the first at most
                setattr(self, name, copy.deepcopy(getattr(other_model, name)))
        self._sample_of_thresholds = self.sample
        self._build_lookup_tables(update=True)
        self.init_weights()

    def init_weights(self) -> None:
        """Draw the input vectors at random and set the outputs to 0, as gensim does; then take over `init_from=`."""
        super().init_weights()
        wanted = self.__dict__.pop("_init_from", None)
        if wanted is not None:
            self.init_from(*wanted)

    def init_from(
        self, vectors: KeyedVectors | str | PathLike[str], lock_factors: float | Mapping[Any, float] = 1.0
    ) -> int:
        """Let the words that `vectors` (or the file of that name) has start from there, between `build_vocab` and
        `train`; the constructor's `init_from=` does the same.

        Every update of such a word is multiplied by its lock factor: 1 lets it learn on, 0 keeps it as it is (the
        "non-static" and "static" vectors of Kim 2014, https://arxiv.org/abs/1408.5882; the law is that of gensim's
        `intersect_word2vec_format`). `lock_factors` is one number, or numbers by word; a word that it does not name
        has 1. Other words keep their random start and learn freely. Words are compared as they are, so load vectors
        of integer keys with integer keys. Returns the number of words that were found; a warning says if none was.

        Raises RuntimeError without a vocabulary, ValueError for vectors of another length or useless factors, and
        what `load_vectors` raises for a file.
        """
        return init_from(self, opened(vectors), lock_factors)

    def ending_vectors(self, kind: str = "sum") -> KeyedVectors:
        """What a training ends with: "input" gives `wv` itself, "sum" new vectors, input plus output of each word,
        "centred-sum" such sums after the mean is taken off both kinds and their lengths are made one.

        The sum (Levy, Goldberg & Dagan 2015, section 3.3, https://aclanthology.org/Q15-1016: "adding context
        vectors") lets two words be alike also when they occur together, not only when they occur alike. What all
        vectors have in common says nothing of any word; it is taken off as their mean, in which words weigh as among
        noise words (after Yokoi, Bao, Kurita & Shimodaira 2024, https://arxiv.org/abs/2411.00680), and at equal lengths
        neither kind outweighs the other. `wv` stays as it is, so training can go on. Raises ValueError for another
        kind, or for sums without negative sampling: inner nodes of a Huffman tree belong to no word.
        """
        return ending_vectors(self, kind)

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Bytes that building the vocabulary and training take, above those of the libraries, by gensim's names.

        `total` is the peak. The corpus counts as it is kept, 4 bytes a token in memory, if one was counted; one that is
        streamed or lies in temporary files takes less. `vocab_size` stands for the number of words of another
        vocabulary; `report` is enlarged and returned. Raises what `limits.checked` does for a `vocab_size` that is no
        number of words.
        """
        words = len(self.wv) if vocab_size is None else checked("vocab_size", vocab_size)
        sizes = memory.Sizes(
            words,
            int(self.layer1_size),
            bool(self.negative),
            bool(self.hs),
            types=self.corpus_total_types if vocab_size is None else 0,
            tokens=int(getattr(self, "corpus_total_words", 0)),
            workers=self.workers,
        )
        report = {} if report is None else report
        report.update(memory.estimate(sizes))
        logger.info(
            "estimated memory for %i words and %i dimensions: %i bytes", words, self.layer1_size, report["total"]
        )
        return report

    def make_cum_table(self, domain: int = tables.CUMULATIVE_DOMAIN) -> None:
        """Fill gensim's `cum_table` for code that reads it; training draws from an alias table."""
        self.cum_table = tables.cumulative_table(tables.word_counts(self.wv), self.ns_exponent, domain)
