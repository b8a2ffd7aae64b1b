"""Merging phrases over ids, token lists and text: the other half of `collocations`' native floor.

`PhraseMerger` rewrites sentences of ids, `TokenMerger` lists of Python strings, `TextMerger` blocks of UTF-8. The walk
is in native/pair_walk.h, its way over text in native/phrase_text.h.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItemWithError
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.unicode cimport PyUnicode_CheckExact
from libc.stdint cimport UINT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from collections.abc import Hashable

import numpy as np

from w2vplus._text import InvalidUtf8

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

cdef extern from "phrase_text.h" nogil:
    enum:
        PHRASE_TEXT_PADDING
    ctypedef struct type_table:
        int64_t type_count
    ctypedef struct token_key:
        pass
    int table_init(type_table *table)
    void table_free(type_table *table)
    int table_reserve(type_table *table, int64_t more)
    token_key make_key(const uint8_t *token, uint32_t length)
    int32_t table_count(type_table *table, const token_key *key, const uint8_t *token, int64_t count)
    ctypedef struct text_phrases:
        type_table words
        const uint8_t *is_connector
        const PairPhrases **passes
        int64_t pass_count
        const uint8_t *delimiter
        size_t delimiter_size
        int64_t max_sentence_length
    ctypedef struct text_block:
        const uint8_t *text
        size_t size
        int ends_line
        uint32_t *edges
        uint32_t *line_ends
        int32_t *ids
        int32_t *places
        int64_t token_count
        int64_t written_count
        int64_t fault_offset
        int64_t fault_line
    void block_split(text_block *block)
    size_t block_joined_size(const text_block *block, const text_phrases *phrases)
    size_t block_join(text_block *block, const text_phrases *phrases, uint8_t *target)

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


cdef list _own_copy(list sentence):
    """The sentence itself if nothing can change it while its tokens are looked up: the __hash__ or __eq__ of what is no
    plain string may."""
    cdef Py_ssize_t i
    for i in range(PyList_GET_SIZE(sentence)):
        if not PyUnicode_CheckExact(<object>PyList_GET_ITEM(sentence, i)):
            return sentence[:]
    return sentence


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
        cdef Py_ssize_t count, i
        cdef int64_t written
        cdef list merged
        sentence = _own_copy(sentence)
        count = PyList_GET_SIZE(sentence)
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
        sentence = _own_copy(sentence)
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
            try:
                found = PyDict_GetItemWithError(self._id_of_token, <object>PyList_GET_ITEM(sentence, i))
            except TypeError:
                if isinstance(<object>PyList_GET_ITEM(sentence, i), Hashable):
                    raise
                found = NULL  # a token that cannot be a key is in no phrase
            ids[i] = <object>found if found != NULL else -1
            places[i] = <int32_t>i
        if self._is_connector.shape[0]:
            for phrases in self._passes:
                written = pair_merge_sentence(&phrases._phrases, &self._is_connector[0], ids, places, written, ids,
                                              places)
        return written


cdef class TextMerger:
    """The phrases of all passes over blocks of text.

    Thread-safety: immutable; any number of threads may merge, without the GIL.
    """

    cdef text_phrases _native
    cdef uint8_t[::1] _is_connector
    cdef tuple _passes
    cdef bytes _delimiter

    def __cinit__(self, list words not None, uint8_t[::1] is_connector, tuple passes not None, bytes delimiter not None,
                  int64_t max_sentence_length):
        cdef PhraseMerger merger
        cdef bytes word, padded
        cdef const uint8_t *token
        cdef token_key key
        cdef int64_t number
        self._is_connector, self._passes, self._delimiter = is_connector, passes, delimiter
        self._native.max_sentence_length = max_sentence_length
        self._native.is_connector = &is_connector[0] if is_connector.shape[0] else NULL
        self._native.delimiter, self._native.delimiter_size = <const uint8_t *>self._delimiter, len(delimiter)
        self._native.passes = <const PairPhrases **>malloc((len(passes) + 1) * sizeof(PairPhrases *))
        if self._native.passes == NULL or table_init(&self._native.words):
            raise MemoryError("no memory for the table of phrases")
        for number, merger in enumerate(passes):
            self._native.passes[number] = &merger._phrases
        self._native.pass_count = len(passes)
        for number, word in enumerate(words):
            padded = word + bytes(PHRASE_TEXT_PADDING)
            token = <const uint8_t *>padded
            key = make_key(token, len(word))
            if table_reserve(&self._native.words, 1) or table_count(&self._native.words, &key, token, 1) < 0:
                raise MemoryError("no memory for the table of phrases")
            if self._native.words.type_count != number + 1 or not word:
                raise ValueError(f"words must be distinct and none empty, got {word!r} as word {number}")

    def __dealloc__(self):
        free(self._native.passes)
        table_free(&self._native.words)

    def merge(self, const uint8_t[::1] text not None, bint ends_line):
        cdef text_block block
        cdef size_t size = text.shape[0], joined = 0
        cdef uint8_t *memory
        cdef uint8_t *target
        if size >= UINT32_MAX - PHRASE_TEXT_PADDING:
            raise ValueError(f"a block must be smaller than 4 GiB, got {size} bytes")
        memset(&block, 0, sizeof(block))
        # One allocation: padded text, edges, line ends, ids, places.
        memory = <uint8_t *>malloc(3 * (size + PHRASE_TEXT_PADDING) * sizeof(uint32_t) + size + 2 * PHRASE_TEXT_PADDING)
        if memory == NULL:
            raise MemoryError(f"no memory for a block of {size} bytes")
        block.edges = <uint32_t *>memory
        block.line_ends = block.edges + size + 1
        block.ids = <int32_t *>(block.line_ends + size + 1)
        block.places = block.ids + size // 2 + 1
        cdef uint8_t *copied = <uint8_t *>(block.places + size // 2 + 1)
        block.text, block.size, block.ends_line, block.fault_offset = copied, size, ends_line, -1
        try:
            with nogil:
                if size:
                    memcpy(copied, &text[0], size)
                memset(copied + size, 0, PHRASE_TEXT_PADDING)
                block_split(&block)
            if block.fault_offset >= 0:
                raise InvalidUtf8(block.fault_offset, block.fault_line)
            result = PyBytes_FromStringAndSize(NULL, block_joined_size(&block, &self._native))
            target = <uint8_t *>PyBytes_AS_STRING(result)
            with nogil:
                joined = block_join(&block, &self._native, target)
            return memoryview(result)[:joined], block.token_count, block.written_count
        finally:
            free(memory)


def renumber_by_first_place(const int32_t[::1] ids, const int32_t[::1] group_of_type, int32_t[::1] new_ids not None):
    """Writes ids, renumbered so that groups of types count 0, 1, 2, ... in order of first occurrence, to `new_ids`.

    int32 (number of groups that occur,): a type of each new id.
    """
    type_of_id, number_of_group = np.empty(len(group_of_type), np.int32), np.full(len(group_of_type), -1, np.int32)
    cdef int32_t[::1] type_view = type_of_id, number_view = number_of_group
    cdef int64_t i
    cdef int32_t group, used = 0
    if new_ids.shape[0] != ids.shape[0]:
        raise ValueError(f"new_ids must hold {ids.shape[0]} ids, it holds {new_ids.shape[0]}")
    with nogil:
        for i in range(ids.shape[0]):
            group = group_of_type[ids[i]]
            if number_view[group] < 0:
                number_view[group] = used
                type_view[used] = ids[i]
                used += 1
            new_ids[i] = number_view[group]
    return type_of_id[:used]


def add_counts(const int32_t[::1] ids, int64_t[::1] counts):
    """counts[i] += 1 for every id i that is not negative."""
    cdef int64_t i
    with nogil:
        for i in range(ids.shape[0]):
            if ids[i] >= 0:
                counts[ids[i]] += 1
