"""Counting neighbouring words over ids, without the GIL: the native floor under `collocations`.

Sentences of int32 ids become counts of phrase candidates (`PairCounter`), and counts become scores. The walks and
their tables are in native/pair_walk.h and native/pair_table.h; merging is in `_merging`.
"""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

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
    ctypedef struct PairText:
        const int32_t *ids
        const int64_t *sentence_starts
        const uint8_t *is_connector
    ctypedef struct PairCounts:
        PairTable table
        PairEndings endings
        uint32_t share
        uint32_t share_count
        uint64_t kept_pairs
        uint64_t missed
        uint64_t forgotten
        int64_t open_first
    void pair_endings_free(PairEndings *endings)
    int64_t pair_extend_run(PairEndings *endings, uint32_t run, uint32_t connector)
    int64_t pair_ending(PairEndings *endings, uint32_t run, uint32_t last)
    Pair pair_ending_parts(const PairEndings *endings, uint32_t ending)
    int pair_count_sentences(PairCounts *counts, const PairText *text, int64_t begin, int64_t end, int goes_on)
    int pair_merge_counts(PairCounts *counts, const PairCounts *other, const int32_t *new_ids)
    uint32_t pair_find(const PairTable *table, const PairEndings *endings, const int32_t *tokens, int64_t count)


cdef int64_t _checked(int64_t status) except -1:
    """Pass a non-negative result on; raise what a negative one stands for."""
    if status == PAIR_OVERFLOW:
        raise OverflowError("more than 4,294,967,295 occurrences of one pair, or as many distinct connector runs")
    if status < 0:
        raise MemoryError("no memory for the table of pairs")
    return status


cdef class PairCounter:
    """Counts of one share of the phrase candidates, gathered over any number of sentence ranges and mergeable.

    Thread-safety: one thread at a time for each counter; different counters are independent.
    """

    cdef PairCounts _counts

    def __cinit__(self, uint32_t share=0, uint32_t share_count=1, uint64_t kept_pairs=0):
        if share >= share_count:
            raise ValueError(f"share must be below share_count {share_count}, got {share}")
        if 0 < kept_pairs < 128:
            raise ValueError(f"kept_pairs must be at least 128, or 0 to keep all, got {kept_pairs}")
        self._counts.share, self._counts.share_count = share, share_count
        self._counts.kept_pairs = kept_pairs
        self._counts.open_first = -1

    def __dealloc__(self):
        pair_table_free(&self._counts.table)
        pair_endings_free(&self._counts.endings)

    def __len__(self):
        return self._counts.table.used

    @property
    def missed(self):
        return self._counts.missed

    @property
    def forgotten(self):
        return self._counts.forgotten

    def count(
        self,
        const int32_t[::1] ids,
        const int64_t[::1] sentence_starts,
        const uint8_t[::1] is_connector,
        int64_t first_sentence,
        int64_t end_sentence,
        bint goes_on=False,
    ):
        cdef PairText text
        text.ids, text.sentence_starts, text.is_connector = &ids[0], &sentence_starts[0], &is_connector[0]
        cdef int status
        with nogil:
            status = pair_count_sentences(&self._counts, &text, first_sentence, end_sentence, goes_on)
        _checked(status)

    def merge(self, PairCounter other, const int32_t[::1] new_ids):
        cdef int status
        if other is self:
            raise ValueError("a counter cannot be merged into itself")
        with nogil:
            status = pair_merge_counts(&self._counts, &other._counts, &new_ids[0])
        _checked(status)

    def count_of(self, tokens):
        cdef int32_t both[2]
        cdef int32_t[::1] several
        if len(tokens) == 2:  # without an array: most candidates are two words, and most questions come one by one
            both[0], both[1] = tokens[0], tokens[1]
            return pair_find(&self._counts.table, &self._counts.endings, both, 2)
        several = np.array(tokens, np.int32)
        return pair_find(&self._counts.table, &self._counts.endings, &several[0], several.shape[0])

    def candidates(self, uint64_t least_count):
        cdef const PairTable *table = &self._counts.table
        cdef uint64_t slot_count = table.mask + 1 if table.mask else 0
        cdef uint64_t i, least = max(least_count, 1)
        cdef int64_t kept = 0
        with nogil:
            for i in range(slot_count):
                kept += table.slots[i].value >= least
        firsts, runs, lasts, counts = (np.empty(kept, dtype=kind) for kind in ("i4", "i8", "i4", "i8"))
        cdef int32_t[::1] first_view = firsts, last_view = lasts
        cdef int64_t[::1] run_view = runs, count_view = counts
        cdef PairSlot slot
        cdef Pair ending
        kept = 0
        with nogil:
            for i in range(slot_count):
                slot = table.slots[i]
                if slot.value < least:
                    continue
                if kept == first_view.shape[0]:
                    break
                ending = pair_ending_parts(&self._counts.endings, slot.second)
                first_view[kept] = slot.first
                run_view[kept] = ending.first
                last_view[kept] = ending.second
                count_view[kept] = slot.value
                kept += 1
        return firsts, runs, lasts, counts

    def connector_run(self, uint64_t run):
        if run > self._counts.endings.runs.numbers.used:
            raise IndexError(f"run must be at most {self._counts.endings.runs.numbers.used}, got {run}")
        connectors = []
        while run:
            connectors.append(self._counts.endings.runs.pairs[run - 1].second)
            run = self._counts.endings.runs.pairs[run - 1].first
        return tuple(reversed(connectors))

    def __reduce__(self):
        cdef uint64_t run_count = self._counts.endings.runs.numbers.used
        run_parts = np.empty(2 * run_count, dtype=np.uint32)
        cdef uint32_t[::1] view = run_parts
        if run_count:
            memcpy(&view[0], self._counts.endings.runs.pairs, run_count * sizeof(Pair))
        settings = self._counts.share, self._counts.share_count, self._counts.kept_pairs
        return _restored_counter, (settings, (self.missed, self.forgotten), run_parts, *self.candidates(1))


def _restored_counter(settings, losses, const uint32_t[::1] run_parts, const int32_t[::1] firsts,
                      const int64_t[::1] runs, const int32_t[::1] lasts, const int64_t[::1] counts):
    """The counter that `__reduce__` took apart."""
    cdef PairCounter counter = PairCounter(*settings)
    cdef int64_t i, ending
    counter._counts.missed, counter._counts.forgotten = losses
    for i in range(run_parts.shape[0] // 2):
        _checked(pair_extend_run(&counter._counts.endings, run_parts[2 * i], run_parts[2 * i + 1]))
    _checked(pair_table_reserve(&counter._counts.table, counts.shape[0]))
    for i in range(counts.shape[0]):
        ending = _checked(pair_ending(&counter._counts.endings, runs[i], lasts[i]))
        _checked(pair_table_add(&counter._counts.table, firsts[i], ending, counts[i]))
    return counter


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
