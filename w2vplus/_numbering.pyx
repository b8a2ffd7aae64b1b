# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True, initializedcheck=False
"""Ids of one numbering become ids of another: the types of several text encoders numbered as one text's, arrays of ids
rewritten, types counted as gensim prunes them.

Works without the GIL, in native/type_numbering.h and pruned_counts.h. Called by `w2vplus.corpus` and, for pruned
counts, by `w2vplus.word2vec`.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

import numpy as np

from w2vplus._text cimport TextEncoder, adopt_strings, table_counts, type_table

from w2vplus._text import TOO_MANY_TYPES
from w2vplus.errors import CorpusError

cdef extern from "type_numbering.h" nogil:
    ctypedef struct type_entry:
        pass
    void find_homes(const type_table *const *tables, const int64_t *first_entries, int64_t number, uint64_t begin,
                    uint64_t end, type_entry *entries)
    int64_t number_run(const type_entry *entries, int64_t type_count, int32_t *own_numbers, int32_t *numbers,
                       int64_t *counts, int64_t number_count)
    int64_t gather_keys(const type_table *table, const int32_t *new_ids, int64_t begin, int64_t end, int64_t gathered,
                        uint8_t *characters, uint64_t *starts)
    void renumber_ids(int32_t *target, const int32_t *ids, int64_t count, const int32_t *new_ids)

cdef extern from "pruned_counts.h" nogil:
    ctypedef struct pruned_counts_state "pruned_counts":
        int64_t *counts
        int32_t *alive
        int64_t alive_count
        int64_t most
        int64_t minimum
    void pruned_count_sentences(pruned_counts_state *state, const int32_t *ids, const int64_t *starts,
                                int64_t sentence_count)


cdef class TypeNumbering:
    """One numbering of the types of several encoders that read runs of one text: in order of first occurrence.

    `runs` are (encoder, begin, end) in the order of the text: encoder number `encoder` met its types [begin, end) there
    first. The first run is of encoder 0, whose types of that run keep their ids.

    First `find` for all shares of every encoder, in any threads, then `number`; the result is that of one encoder that
    read it all. The encoders must not be fed meanwhile. Raises ValueError without encoders, and for runs that are not of
    their types.
    """

    cdef list encoders, runs
    cdef const type_table **tables
    cdef int64_t[::1] first_entries, all_counts
    cdef int64_t[:, ::1] others
    """(entries but those of encoder 0, 2): home and count."""
    cdef int32_t[::1] numbers
    cdef int64_t kept_ids, type_count

    def __cinit__(self, encoders, runs):
        self.encoders, self.runs = list(encoders), list(runs)
        if not self.encoders:
            raise ValueError("types must come from at least one encoder, got none: a text without any has no types")
        self.tables = <const type_table **>malloc((len(self.encoders) + 1) * sizeof(type_table *))
        if self.tables == NULL:
            raise MemoryError("not enough memory to encode the corpus")
        cdef TextEncoder encoder
        cdef int64_t entry_count = 0
        first_entries = [0]
        for number, encoder in enumerate(self.encoders):
            self.tables[<size_t>number] = &encoder.encoder.table
            entry_count += encoder.encoder.table.type_count
            first_entries.append(entry_count)
        if self.runs and self.runs[0][:2] != (0, 0):
            raise ValueError(f"the first run must begin with the first type of encoder 0, got {self.runs[0]}")
        for number, begin, end in self.runs:
            if not (0 <= number < len(self.encoders) and 0 <= begin <= end <= self.encoders[number].type_count):
                raise ValueError(f"a run must be of types of one of {len(self.encoders)} encoders, "
                                 f"got {(number, begin, end)}")
        self.kept_ids = self.runs[0][2] if self.runs else 0
        self.first_entries = np.array(first_entries, np.int64)
        self.others = np.empty((entry_count - first_entries[1] + 1, 2), np.int64)
        self.all_counts, self.numbers = np.empty(entry_count + 1, np.int64), np.empty(entry_count + 1, np.int32)

    def __dealloc__(self):
        free(self.tables)

    def find(self, Py_ssize_t encoder, int64_t share, int64_t shares):
        """Look a share of an encoder's types up in the encoders before it and take in their counts, without the GIL.
        Shares are numbered from 0 to `shares` - 1."""
        cdef TextEncoder own = self.encoders[encoder]
        cdef const type_table *table = &own.encoder.table
        cdef int64_t first = self.first_entries[encoder], first_other = first - self.first_entries[1]
        cdef int64_t begin = table.type_count * share // shares, end = table.type_count * (share + 1) // shares
        cdef uint64_t slots = table.slot_mask + 1
        cdef uint64_t first_slot = slots * share // shares, end_slot = slots * (share + 1) // shares
        cdef int64_t place
        with nogil, cython.boundscheck(False):
            if encoder == 0:
                table_counts(table, first_slot, end_slot, &self.all_counts[0])
                for place in range(begin, end):
                    self.numbers[place] = <int32_t>place if place < self.kept_ids else -1
            else:
                memset(&self.numbers[first + begin], 0xFF, (end - begin) * sizeof(int32_t))
                find_homes(self.tables, &self.first_entries[0], encoder, first_slot, end_slot,
                           <type_entry *>&self.others[first_other, 0])

    def number(self):
        """Number the types of all runs, without the GIL. Raises CorpusError with too many types."""
        cdef int64_t first, begin, end, first_count = self.first_entries[1], kept = self.kept_ids
        cdef Py_ssize_t encoder
        # Encoder 0 may have met more types behind what others read; their counts make room for other types.
        later = np.stack([np.arange(kept, first_count + 1), self.all_counts[kept:first_count + 1]], axis=1)
        cdef int64_t[:, ::1] later_view = later
        cdef int64_t *entries
        self.type_count = kept
        for encoder, begin, end in self.runs[1:]:
            if self.type_count + end - begin > 0x7FFFFFFF:
                raise CorpusError(TOO_MANY_TYPES)
            first = self.first_entries[encoder]
            entries = &later_view[begin - kept, 0] if encoder == 0 else &self.others[first - first_count + begin, 0]
            with nogil:
                self.type_count = number_run(<const type_entry *>entries, end - begin, &self.numbers[first + begin],
                                             &self.numbers[0], &self.all_counts[0], self.type_count)

    def types(self):
        """TypeStrings by number."""
        cdef Py_ssize_t encoder, size = 0
        cdef int64_t begin, end, gathered = 0
        for encoder in range(len(self.encoders)):
            size += self.tables[encoder].arena_size
        cdef uint8_t *characters = <uint8_t *>malloc(size + 1)
        cdef uint64_t *starts = <uint64_t *>malloc((self.type_count + 1) * sizeof(uint64_t))
        if characters == NULL or starts == NULL:
            free(characters)
            free(starts)
            raise MemoryError("not enough memory to encode the corpus")
        starts[0] = 0
        for encoder, begin, end in self.runs:
            with nogil:
                gathered = gather_keys(self.tables[encoder], &self.numbers[self.first_entries[encoder]], begin, end,
                                       gathered, characters, starts)
        return adopt_strings(characters, starts[gathered], starts, gathered)

    def new_ids(self, Py_ssize_t encoder):
        """int32 (type_count,), by id of the encoder: the numbers of its types."""
        return np.asarray(self.numbers)[self.first_entries[encoder]:self.first_entries[encoder + 1]]

    def counts(self):
        """int64 (type_count,)"""
        return np.asarray(self.all_counts)[:self.type_count]


def write_renumbered(int32_t[::1] target not None, const int32_t[::1] ids not None, const int32_t[::1] new_ids=None):
    """target[i] = new_ids[ids[i]], without the GIL; a plain copy without `new_ids`.

    `target` is as long as `ids`, which lie in `new_ids`; they may be one array.
    """
    if target.shape[0] != ids.shape[0]:
        raise ValueError(f"target must hold {ids.shape[0]} ids, it holds {target.shape[0]}")
    if ids.shape[0] == 0:
        return
    with nogil:
        if new_ids is None:
            memcpy(&target[0], &ids[0], ids.shape[0] * sizeof(int32_t))
        else:
            renumber_ids(&target[0], &ids[0], ids.shape[0], &new_ids[0])


def pruned_counts(const int32_t[::1] ids not None, const int64_t[::1] sentence_starts not None, Py_ssize_t type_count,
                  int64_t most_types):
    """Counts with a vocabulary of about `most_types`, pruned by gensim's law (native/pruned_counts.h).

    int32 and int64 arrays of the types left, in the order in which gensim's dictionary has them, and their counts;
    and the minimum that the next pruning would ask for: 1 if there was none. `ids` lie in [0, type_count).
    """
    counts, alive = np.zeros(type_count, np.int64), np.empty(type_count, np.int32)
    cdef int64_t[::1] counts_view = counts
    cdef int32_t[::1] alive_view = alive
    cdef pruned_counts_state state
    state.alive_count = 0
    state.most = most_types
    state.minimum = 1
    if ids.shape[0]:
        state.counts = &counts_view[0]
        state.alive = &alive_view[0]
        with nogil:
            pruned_count_sentences(&state, &ids[0], &sentence_starts[0], sentence_starts.shape[0] - 1)
    left = alive[:state.alive_count]
    return left, counts[left], state.minimum
