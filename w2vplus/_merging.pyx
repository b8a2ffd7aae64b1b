"""Merging phrases over ids and token lists, and writing ids as text: the other half of `collocations`' native floor.

`PhraseMerger` rewrites sentences of ids, `TokenMerger` lists of Python strings, `render` turns ids into lines of
UTF-8. The walk is in native/pair_walk.h.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

import numpy as np

cdef extern from "pair_table.h" nogil:
    ctypedef struct PairTable:
        uint64_t used
    void pair_table_free(PairTable *table)
    int pair_table_reserve(PairTable *table, uint64_t additional)
    int pair_table_add(PairTable *table, uint32_t first, uint32_t second, uint32_t amount)

cdef extern from "pair_walk.h" nogil:
    ctypedef struct PairEndings:
        pass
    ctypedef struct PairText:
        const int32_t *ids
        const int64_t *sentence_starts
        const uint8_t *is_connector
    ctypedef struct PairPhrases:
        PairTable numbers
        PairEndings endings
        int32_t *types
    void pair_filter_add(PairPhrases *phrases, uint32_t first, uint32_t last)
    void pair_endings_free(PairEndings *endings)
    int64_t pair_extend_run(PairEndings *endings, uint32_t run, uint32_t connector)
    int64_t pair_ending(PairEndings *endings, uint32_t run, uint32_t last)
    int64_t pair_merge_sentence(const PairPhrases *phrases, const uint8_t *is_connector, const int32_t *source,
                                const int32_t *source_places, int64_t count, int32_t *ids, int32_t *places)
    int64_t pair_safe_cut(const PairPhrases *phrases, const PairText *text, int64_t position, int64_t sentence_end)
    int64_t pair_merge_range(const PairPhrases *phrases, const PairText *text, int64_t begin, int64_t end,
                             int64_t sentence, int64_t sentence_count, int32_t *ids, int64_t *starts)

cdef enum:
    SHORT_SENTENCE = 256


cdef int64_t _checked(int64_t status) except -1:
    if status < 0:
        raise MemoryError("no memory for the table of phrases")
    return status


cdef class PhraseMerger:
    """The phrases of one pass over ids, ready to be merged into sentences; immutable, so threads may share it."""

    cdef PairPhrases _phrases

    def __cinit__(self, const int32_t[::1] component_ids, const int64_t[::1] component_starts,
                  const int32_t[::1] types):
        cdef int64_t phrase, i, start, end, run, ending
        cdef int64_t phrase_count = component_starts.shape[0] - 1
        if types.shape[0] != phrase_count:
            raise ValueError(f"types must be as many as phrases, {phrase_count}, got {types.shape[0]}")
        self._phrases.types = <int32_t *>malloc((phrase_count + 1) * sizeof(int32_t))
        if self._phrases.types == NULL:
            raise MemoryError("no memory for the table of phrases")
        _checked(pair_table_reserve(&self._phrases.numbers, phrase_count))
        for phrase in range(phrase_count):
            self._phrases.types[phrase] = types[phrase]
            start, end = component_starts[phrase], component_starts[phrase + 1]
            if end - start < 2:
                raise ValueError(f"a phrase must have at least 2 components, got {end - start}")
            run = 0
            for i in range(start + 1, end - 1):
                run = _checked(pair_extend_run(&self._phrases.endings, run, component_ids[i]))
            ending = _checked(pair_ending(&self._phrases.endings, run, component_ids[end - 1]))
            pair_filter_add(&self._phrases, component_ids[start], component_ids[end - 1])
            # A second phrase of the same components would add up to a wrong number.
            _checked(pair_table_add(&self._phrases.numbers, component_ids[start], ending, phrase + 1))
            if <int64_t>self._phrases.numbers.used != phrase + 1:
                raise ValueError(f"phrase {phrase} has the components of an earlier phrase")

    def __dealloc__(self):
        pair_table_free(&self._phrases.numbers)
        pair_endings_free(&self._phrases.endings)
        free(self._phrases.types)

    def safe_cut(self, const int32_t[::1] ids, const int64_t[::1] sentence_starts, const uint8_t[::1] is_connector,
                 int64_t position, int64_t sentence):
        cdef PairText text
        if position <= sentence_starts[sentence]:
            return position
        text.ids, text.sentence_starts, text.is_connector = &ids[0], &sentence_starts[0], &is_connector[0]
        with nogil:
            position = pair_safe_cut(&self._phrases, &text, position, text.sentence_starts[sentence + 1])
        return position

    def merge(self, const int32_t[::1] ids, const int64_t[::1] sentence_starts, const uint8_t[::1] is_connector,
              int64_t begin, int64_t end, int64_t sentence, int32_t[::1] merged_ids, int64_t[::1] merged_starts):
        cdef PairText text
        cdef int64_t written
        if ids.shape[0] == 0:
            return 0
        text.ids, text.sentence_starts, text.is_connector = &ids[0], &sentence_starts[0], &is_connector[0]
        with nogil:
            written = pair_merge_range(&self._phrases, &text, begin, end, sentence, sentence_starts.shape[0] - 1,
                                       &merged_ids[0], &merged_starts[0])
        return written


cdef class TokenMerger:
    """The phrases of all passes over token lists: strings go in, strings come out, ids in between.

    Thread-safety: immutable; it holds the GIL.
    """

    cdef dict _id_of_token
    cdef uint8_t[::1] _is_connector
    cdef tuple _passes
    cdef list _phrases
    cdef int32_t _token_count

    def __cinit__(self, dict id_of_token not None, uint8_t[::1] is_connector, tuple passes not None,
                  list phrases not None):
        self._id_of_token = id_of_token
        self._is_connector = is_connector
        self._passes = passes
        self._phrases = phrases
        self._token_count = len(id_of_token)
        if is_connector.shape[0] < len(id_of_token) + len(phrases):
            raise ValueError("is_connector must know every token and every phrase")

    def merge(self, list sentence not None):
        cdef int32_t short_buffer[2 * SHORT_SENTENCE]
        cdef int32_t *ids = short_buffer
        cdef Py_ssize_t count = PyList_GET_SIZE(sentence), i
        cdef int64_t written
        cdef list merged
        if count > SHORT_SENTENCE:
            ids = <int32_t *>malloc(2 * count * sizeof(int32_t))
            if ids == NULL:
                raise MemoryError(f"no memory for a sentence of {count} tokens")
        try:
            written = self._merged(sentence, ids, ids + count, count)
            merged = PyList_New(written)
            for i in range(written):
                token = <object>self._word(sentence, ids[i], ids[count + i])
                Py_INCREF(token)
                PyList_SET_ITEM(merged, i, token)
            return merged
        finally:
            if ids != short_buffer:
                free(ids)

    def phrase_numbers(self, list sentence not None):
        """As `merge`, but gives int32 (n,): the number of the phrase for each token of the result, -1 for a word."""
        cdef Py_ssize_t count = PyList_GET_SIZE(sentence)
        numbers = np.empty(2 * count + 1, np.int32)
        cdef int32_t[::1] view = numbers
        cdef int64_t written = self._merged(sentence, &view[0], &view[count], count)
        numbers = numbers[:written] - self._token_count
        numbers[numbers < 0] = -1
        return numbers

    cdef PyObject *_word(self, list sentence, int32_t word_id, int32_t place):
        if word_id >= self._token_count:
            return <PyObject *>PyList_GET_ITEM(self._phrases, word_id - self._token_count)
        return <PyObject *>PyList_GET_ITEM(sentence, place)

    cdef int64_t _merged(self, list sentence, int32_t *ids, int32_t *places, Py_ssize_t count) except -1:
        cdef Py_ssize_t i
        cdef PyObject *found
        cdef PhraseMerger phrases
        cdef int64_t written = count
        for i in range(count):
            # A token that cannot be a key is in no phrase; its error is swallowed.
            found = PyDict_GetItem(self._id_of_token, <object>PyList_GET_ITEM(sentence, i))
            ids[i] = <object>found if found != NULL else -1
            places[i] = <int32_t>i
        if self._is_connector.shape[0]:
            for phrases in self._passes:
                written = pair_merge_sentence(&phrases._phrases, &self._is_connector[0], ids, places, written, ids,
                                              places)
        return written


def render(const int32_t[::1] ids, const int64_t[::1] sentence_starts, int64_t first_sentence, int64_t end_sentence,
           const uint8_t[::1] letters, const int64_t[::1] letter_starts):
    """bytes: the sentences as lines; type t and a space are letters[letter_starts[t]:letter_starts[t + 1]]."""
    cdef int64_t size = 0, i, sentence, length
    with nogil:
        for i in range(sentence_starts[first_sentence], sentence_starts[end_sentence]):
            size += letter_starts[ids[i] + 1] - letter_starts[ids[i]]
        for sentence in range(first_sentence, end_sentence):
            size += sentence_starts[sentence] == sentence_starts[sentence + 1]
    cdef bytes text = PyBytes_FromStringAndSize(NULL, size)
    cdef char *target = PyBytes_AS_STRING(text)
    with nogil:
        for sentence in range(first_sentence, end_sentence):
            for i in range(sentence_starts[sentence], sentence_starts[sentence + 1]):
                length = letter_starts[ids[i] + 1] - letter_starts[ids[i]]
                memcpy(target, &letters[letter_starts[ids[i]]], length)
                target += length
            if sentence_starts[sentence] == sentence_starts[sentence + 1]:
                target += 1
            (target - 1)[0] = c"\n"
    return text


def renumber_by_first_place(const int32_t[::1] ids, const int32_t[::1] group_of_type):
    """Ids renumbered so that groups of types count 0, 1, 2, ... in order of first occurrence.

    int32 (n,): the new ids; int32 (number of groups that occur,): a type of each new id.
    """
    new_ids, type_of_id = np.empty(len(ids), np.int32), np.empty(len(group_of_type), np.int32)
    number_of_group = np.full(len(group_of_type), -1, np.int32)
    cdef int32_t[::1] new_view = new_ids, type_view = type_of_id, number_view = number_of_group
    cdef int64_t i
    cdef int32_t group, used = 0
    with nogil:
        for i in range(ids.shape[0]):
            group = group_of_type[ids[i]]
            if number_view[group] < 0:
                number_view[group] = used
                type_view[used] = ids[i]
                used += 1
            new_view[i] = number_view[group]
    return new_ids, type_of_id[:used]


def add_counts(const int32_t[::1] ids, int64_t[::1] counts):
    """counts[i] += 1 for every id i that is not negative."""
    cdef int64_t i
    with nogil:
        for i in range(ids.shape[0]):
            if ids[i] >= 0:
                counts[ids[i]] += 1
