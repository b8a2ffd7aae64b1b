"""Counting and merging neighbouring words over ids, without the GIL: the native floor under `collocations`.

Sentences of int32 ids become counts of phrase candidates (`PairCounter`), and, with a set of phrases, shorter
sentences (`PhraseMerger`). The walks and their tables are in native/pair_walk.h and native/pair_table.h.
"""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

cdef extern from "pair_table.h" nogil:
    enum:
        PAIR_OVERFLOW
    ctypedef struct PairSlot:
        uint32_t first
        uint32_t second
        uint32_t value
    ctypedef struct PairTable:
        PairSlot *slots
        uint64_t mask
        uint64_t used
    ctypedef struct Pair:
        uint32_t first
        uint32_t second
    ctypedef struct PairInterner:
        PairTable numbers
        Pair *pairs
    void pair_table_free(PairTable *table)
    int pair_table_reserve(PairTable *table, uint64_t additional)
    int pair_table_add(PairTable *table, uint32_t first, uint32_t second, uint32_t amount)

cdef extern from "pair_walk.h" nogil:
    ctypedef struct PairEndings:
        PairInterner runs
        PairInterner endings
        uint32_t type_count
    ctypedef struct PairText:
        const int32_t *ids
        const int64_t *sentence_starts
        const uint8_t *is_connector
    ctypedef struct PairMerged:
        int32_t *ids
        int64_t *sentence_starts
        int64_t *counts
        const int32_t *group_of_phrase
        int32_t *type_of_group
        int32_t next_type
    void pair_endings_free(PairEndings *endings)
    int64_t pair_extend_run(PairEndings *endings, uint32_t run, uint32_t connector)
    int64_t pair_ending(PairEndings *endings, uint32_t run, uint32_t last)
    int pair_count_sentences(PairTable *table, PairEndings *endings, const PairText *text, int64_t begin, int64_t end)
    int pair_merge_counts(PairTable *table, PairEndings *endings, const PairTable *other_table,
                          const PairEndings *other)
    int64_t pair_merge_sentences(const PairTable *phrases, const PairEndings *endings, const PairText *text,
                                 int64_t sentence_count, PairMerged *merged)


cdef int64_t _checked(int64_t status) except -1:
    """Pass a non-negative result on; raise what a negative one stands for."""
    if status == PAIR_OVERFLOW:
        raise OverflowError("more than 4,294,967,295 occurrences of one pair, or as many distinct connector runs")
    if status < 0:
        raise MemoryError("no memory for the table of pairs")
    return status


cdef PairText _text(const int32_t[::1] ids, const int64_t[::1] sentence_starts, const uint8_t[::1] is_connector):
    cdef PairText text
    text.ids = &ids[0]
    text.sentence_starts = &sentence_starts[0]
    text.is_connector = &is_connector[0]
    return text


cdef class PairCounter:
    """Counts of phrase candidates, gathered over any number of sentence ranges and mergeable.

    Thread-safety: one thread at a time for each counter; different counters are independent.
    """

    cdef PairTable _pairs
    cdef PairEndings _endings

    def __cinit__(self, uint32_t type_count):
        self._endings.type_count = type_count

    def __dealloc__(self):
        pair_table_free(&self._pairs)
        pair_endings_free(&self._endings)

    def __len__(self):
        return self._pairs.used

    def count(
        self,
        const int32_t[::1] ids,
        const int64_t[::1] sentence_starts,
        const uint8_t[::1] is_connector,
        int64_t first_sentence,
        int64_t end_sentence,
    ):
        cdef PairText text = _text(ids, sentence_starts, is_connector)
        cdef int status
        with nogil:
            status = pair_count_sentences(&self._pairs, &self._endings, &text, first_sentence, end_sentence)
        _checked(status)

    def merge(self, PairCounter other):
        cdef int status
        if other is self:
            raise ValueError("a counter cannot be merged into itself")
        if other._endings.type_count != self._endings.type_count:
            raise ValueError(
                f"counters over {self._endings.type_count} and {other._endings.type_count} types cannot be merged: "
                "both must count ids of the same corpus"
            )
        with nogil:
            status = pair_merge_counts(&self._pairs, &self._endings, &other._pairs, &other._endings)
        _checked(status)

    def candidates(self, uint64_t least_count):
        cdef uint64_t slot_count = self._pairs.mask + 1 if self._pairs.mask else 0
        cdef uint64_t i
        cdef int64_t kept = 0
        for i in range(slot_count):
            kept += self._pairs.slots[i].value >= least_count and self._pairs.slots[i].value > 0
        firsts, runs, lasts, counts = (np.empty(kept, dtype=kind) for kind in ("i4", "i8", "i4", "i8"))
        cdef int32_t[::1] first_view = firsts, last_view = lasts
        cdef int64_t[::1] run_view = runs, count_view = counts
        cdef PairSlot slot
        cdef Pair ending
        kept = 0
        for i in range(slot_count):
            slot = self._pairs.slots[i]
            if slot.value < least_count or slot.value == 0:
                continue
            ending.first, ending.second = 0, slot.second
            if slot.second >= self._endings.type_count:
                ending = self._endings.endings.pairs[slot.second - self._endings.type_count]
            first_view[kept] = slot.first
            run_view[kept] = ending.first
            last_view[kept] = ending.second
            count_view[kept] = slot.value
            kept += 1
        return firsts, runs, lasts, counts

    def connector_run(self, uint64_t run):
        if run > self._endings.runs.numbers.used:
            raise IndexError(f"run must be at most {self._endings.runs.numbers.used}, got {run}")
        connectors = []
        while run:
            connectors.append(self._endings.runs.pairs[run - 1].second)
            run = self._endings.runs.pairs[run - 1].first
        return tuple(reversed(connectors))


cdef class PhraseMerger:
    """A set of phrases over ids, ready to be merged into sentences; immutable, so threads may share it."""

    cdef PairTable _phrases
    cdef PairEndings _endings

    def __cinit__(self, const int32_t[::1] component_ids, const int64_t[::1] component_starts, uint32_t type_count):
        cdef int64_t phrase, i, start, end, run, ending
        cdef int64_t phrase_count = component_starts.shape[0] - 1
        self._endings.type_count = type_count
        _checked(pair_table_reserve(&self._phrases, phrase_count))
        for phrase in range(phrase_count):
            start, end = component_starts[phrase], component_starts[phrase + 1]
            if end - start < 2:
                raise ValueError(f"a phrase must have at least 2 components, got {end - start}")
            run = 0
            for i in range(start + 1, end - 1):
                run = _checked(pair_extend_run(&self._endings, run, component_ids[i]))
            ending = _checked(pair_ending(&self._endings, run, component_ids[end - 1]))
            # A second phrase of the same components would add up to a wrong number.
            _checked(pair_table_add(&self._phrases, component_ids[start], ending, phrase + 1))
            if <int64_t>self._phrases.used != phrase + 1:
                raise ValueError(f"phrase {phrase} has the components of an earlier phrase")

    def __dealloc__(self):
        pair_table_free(&self._phrases)
        pair_endings_free(&self._endings)

    def merge(
        self,
        const int32_t[::1] ids,
        const int64_t[::1] sentence_starts,
        const uint8_t[::1] is_connector,
        const int32_t[::1] group_of_phrase,
        int32_t[::1] type_of_group,
    ):
        cdef PairText text = _text(ids, sentence_starts, is_connector)
        cdef int64_t sentence_count = sentence_starts.shape[0] - 1
        cdef PairMerged merged
        cdef int64_t written
        merged_ids = np.empty(len(ids), dtype=np.int32)
        merged_starts = np.zeros(len(sentence_starts), dtype=np.int64)
        counts = np.zeros(len(is_connector) + len(type_of_group), dtype=np.int64)
        cdef int32_t[::1] id_view = merged_ids
        cdef int64_t[::1] start_view = merged_starts, count_view = counts
        merged.ids = &id_view[0]
        merged.sentence_starts = &start_view[0]
        merged.counts = &count_view[0]
        merged.group_of_phrase = &group_of_phrase[0]
        merged.type_of_group = &type_of_group[0]
        merged.next_type = <int32_t>is_connector.shape[0]
        with nogil:
            written = pair_merge_sentences(&self._phrases, &self._endings, &text, sentence_count, &merged)
        id_view = None
        merged_ids.resize(written, refcheck=False)
        return merged_ids, merged_starts, counts[: merged.next_type]


def npmi_scores(
    const int64_t[::1] first_counts, const int64_t[::1] last_counts, const int64_t[::1] pair_counts, double total_words
):
    scores = np.empty(len(pair_counts), dtype=np.float64)
    cdef double[::1] score_view = scores
    cdef double first, last, pair
    cdef Py_ssize_t i
    with nogil:
        for i in range(pair_counts.shape[0]):
            first, last = first_counts[i] / total_words, last_counts[i] / total_words
            pair = pair_counts[i] / total_words
            # ln(p(ab) / (p(a) p(b))) / -ln(p(ab)); the C library's log, one at a time, as Python's math.log
            score_view[i] = log(pair / (first * last)) / -log(pair)
    return scores
