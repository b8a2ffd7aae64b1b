# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Text to ids: UTF-8 bytes, or Python token lists, become int32 ids in order of first occurrence, with counts.

`TextEncoder` takes blocks of bytes and works without the GIL (its inside is native/text_encoder.h);
`SentenceEncoder` walks Python objects. Called by `w2vplus.corpus` alone.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.dict cimport PyDict_GetItemWithError
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

import numpy as np

from w2vplus.errors import CorpusError

cdef extern from "Python.h":
    object PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors)
    Py_ssize_t PySequence_Fast_GET_SIZE(object sequence)
    PyObject *PySequence_Fast_GET_ITEM(object sequence, Py_ssize_t index)

cdef extern from "huge_pages.h" nogil:
    void wish_huge_pages(void *memory, size_t size)

cdef extern from "text_encoder.h" nogil:
    ctypedef enum encode_status:
        ENCODE_OK, ENCODE_NO_MEMORY, ENCODE_BAD_UTF8, ENCODE_TOO_MANY_TYPES, ENCODE_TOKEN_TOO_LONG
    ctypedef enum utf8_policy:
        UTF8_STRICT, UTF8_REPLACE, UTF8_IGNORE
    ctypedef struct type_table:
        void *slots_allocation
        int64_t type_count
        uint8_t *arena
        size_t arena_size
        uint64_t *key_starts
    ctypedef struct text_encoder:
        type_table table
        int32_t *ids
        int64_t id_count
        int64_t id_capacity
        int64_t id_capacity_hint
        int64_t *line_ends
        int64_t line_end_count
        int64_t lines_left
        int64_t tokens_before_last_space
        int64_t fault_offset
        int64_t fault_line
    encode_status encoder_init(text_encoder *encoder, utf8_policy policy)
    void encoder_free(text_encoder *encoder)
    encode_status encoder_feed(text_encoder *encoder, const uint8_t *block, size_t size)
    void encoder_begin_file(text_encoder *encoder, int64_t offset, int64_t line_limit)
    encode_status encoder_end_file(text_encoder *encoder, int ends_line)
    ctypedef struct token_key:
        pass
    token_key make_key(const uint8_t *token, uint32_t length)
    int32_t table_find(const type_table *table, const token_key *key, const uint8_t *token)
    void table_counts(const type_table *table, int64_t *counts)
    int table_init(type_table *table)
    void table_free(type_table *table)
    int table_reserve_keys(type_table *table, int64_t more, size_t more_bytes)
    int table_merge(type_table *table, const type_table *other, const int64_t *counts, int32_t *new_ids)
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

UTF8_POLICIES = {"strict": UTF8_STRICT, "replace": UTF8_REPLACE, "ignore": UTF8_IGNORE}


class InvalidUtf8(ValueError):
    """Bytes that are not UTF-8: `offset` from the start of the file, `line` from 0 since `begin_file`."""

    def __init__(self, offset, line):
        super().__init__(f"not UTF-8 at byte {offset}")
        self.offset = offset
        self.line = line


cdef class _NativeArray:
    """Owns memory from malloc and lends it through the buffer protocol."""

    cdef void *data
    cdef Py_ssize_t size

    def __cinit__(self):
        self.data = NULL

    def __dealloc__(self):
        free(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


cdef object _adopt(void *data, Py_ssize_t count, Py_ssize_t item_size, dtype):
    """A NumPy array of `count` items over `data`, moved to fit, which it frees in the end."""
    cdef void *fitted
    if count == 0:
        free(data)
        return np.empty(0, dtype)
    fitted = realloc(data, count * item_size)
    if fitted == NULL:
        free(data)
        raise MemoryError("not enough memory to encode the corpus")
    wish_huge_pages(fitted, count * item_size)
    cdef _NativeArray owner = _NativeArray()
    owner.data = fitted
    owner.size = count * item_size
    return np.frombuffer(owner, dtype)


cdef class TextEncoder:
    """Blocks of UTF-8 bytes become ids and line ends.

    Tokens are those of `str.split()`, lines end at b"\\n". Blocks may end anywhere, inside a character too.

    Thread-safety: one thread at a time per encoder; different encoders run side by side without the GIL.
    Reproducibility: ids are in order of first occurrence, whatever the blocks.
    """

    cdef text_encoder encoder
    cdef readonly object errors

    def __cinit__(self, errors="strict"):
        if errors not in UTF8_POLICIES:
            raise ValueError(f"errors must be 'strict', 'replace' or 'ignore', got {errors!r}")
        self.errors = errors
        self._check(encoder_init(&self.encoder, UTF8_POLICIES[errors]))

    def __dealloc__(self):
        encoder_free(&self.encoder)

    cdef int _check(self, encode_status status) except -1:
        if status == ENCODE_OK:
            return 0
        if status == ENCODE_BAD_UTF8:
            raise InvalidUtf8(self.encoder.fault_offset, self.encoder.fault_line)
        if status == ENCODE_TOO_MANY_TYPES:
            raise CorpusError("the corpus has more than 2^31 - 1 different tokens, more than an int32 id can name")
        if status == ENCODE_TOKEN_TOO_LONG:
            raise CorpusError("a token is longer than 4 GiB: is this a text with white space between its tokens?")
        raise MemoryError("not enough memory to encode the corpus")

    def begin_file(self, offset=0, line_limit=None):
        """A file begins, or goes on at byte `offset` of it; at most `line_limit` more lines of it are read."""
        encoder_begin_file(&self.encoder, offset, -1 if line_limit is None else line_limit)

    def feed(self, const uint8_t[::1] block not None):
        """Encode the next bytes of the file; False once its line limit is reached, so that no more are needed."""
        cdef encode_status status
        cdef size_t size = block.shape[0]
        if size:
            with nogil:
                status = encoder_feed(&self.encoder, &block[0], size)
            self._check(status)
        return self.encoder.lines_left != 0

    def end_file(self, ends_line=True):
        """The last token is complete, and unless the file goes on in another encoder, so is the last line."""
        self._check(encoder_end_file(&self.encoder, ends_line))

    @property
    def token_count(self):
        return self.encoder.id_count

    @property
    def type_count(self):
        return self.encoder.table.type_count

    @property
    def tokens_before_last_space(self):
        """Tokens before the last b" " of the text; -1 without one."""
        return self.encoder.tokens_before_last_space

    @property
    def pending_bytes(self):
        """Memory of the ids and line ends that no `take_piece` has handed over."""
        return self.encoder.id_count * sizeof(int32_t) + self.encoder.line_end_count * sizeof(int64_t)

    def id_of(self, str token not None):
        """The id of a token, -1 if it has not been met."""
        cdef bytes padded = token.encode("utf-8", "surrogatepass") + bytes(16)
        cdef const uint8_t *characters = <const uint8_t *>padded
        cdef token_key key = make_key(characters, len(padded) - 16)
        return table_find(&self.encoder.table, &key, characters)

    def types(self, int64_t begin=0, end=None):
        """list of str by id, of the ids [begin, end)."""
        cdef type_table *table = &self.encoder.table
        cdef int64_t type_id, last = table.type_count if end is None else min(<int64_t>end, table.type_count)
        cdef uint64_t start
        cdef list types = [None] * max(last - begin, 0)
        for type_id in range(begin, last):
            start = table.key_starts[type_id]
            types[type_id - begin] = PyUnicode_DecodeUTF8(<const char *>table.arena + start,
                                                          table.key_starts[type_id + 1] - start, NULL)
        return types

    def take_types(self):
        """list of str by id, handed over: the memory of the hash table is given back before they are made, and the
        encoder is one that has met no token."""
        cdef type_table *table = &self.encoder.table
        free(table.slots_allocation)
        table.slots_allocation = NULL
        types = self.types()
        table_free(table)
        if table_init(table):
            raise MemoryError("not enough memory to encode the corpus")
        return types

    def counts(self):
        """int64 (type_count,)"""
        counts = np.empty(self.encoder.table.type_count, np.int64)
        cdef int64_t[::1] view = counts
        if view.shape[0]:
            with nogil:
                table_counts(&self.encoder.table, &view[0])
        return counts

    def take_ids(self):
        """int32 (token_count,), handed over; the next ones are counted from 0."""
        cdef int32_t *ids = self.encoder.ids
        cdef int64_t count = self.encoder.id_count
        self.encoder.id_capacity_hint = count
        self.encoder.ids = NULL
        self.encoder.id_count = self.encoder.id_capacity = 0
        return _adopt(ids, count, sizeof(int32_t), np.int32)

    def take_piece(self):
        """(ids, line ends, tokens before the last space or -1) since the last taking; positions start from 0 again.

        The types and their counts stay. A token that is not finished belongs to the next piece.
        """
        line_ends, last_space = self.line_ends(), self.tokens_before_last_space
        self.encoder.line_end_count = 0
        self.encoder.tokens_before_last_space = -1
        return self.take_ids(), line_ends, last_space

    def line_ends(self):
        """int64: token positions where lines end, strictly ascending: blank lines are left out.

        The first may be 0: a line break before any token, which ends a line begun in an earlier piece.
        """
        ends = np.empty(self.encoder.line_end_count, np.int64)
        cdef int64_t[::1] view = ends
        if view.shape[0]:
            memcpy(&view[0], self.encoder.line_ends, view.shape[0] * sizeof(int64_t))
        return ends

    def reserve_types(self, others):
        """Room for the types of `others`: absorbing them moves none of the present ones, whose `types` another
        thread may read meanwhile."""
        cdef int64_t more = 0
        cdef size_t more_bytes = 0
        cdef TextEncoder other
        for other in others:
            more += other.encoder.table.type_count
            more_bytes += other.encoder.table.arena_size
        if table_reserve_keys(&self.encoder.table, more, more_bytes):
            raise MemoryError("not enough memory to encode the corpus")

    def absorb_types(self, TextEncoder other not None, counts=None):
        """Add the types of the next piece of the text; int32 (other.type_count,): their ids here.

        `counts`, int64 (other.type_count,), stand for the other's own; types of count 0 are left out (-1). Pieces
        absorbed in the order of the text give the ids and counts of the whole text read by one encoder.
        """
        cdef const int64_t[::1] their_counts = other.counts() if counts is None else counts
        if their_counts.shape[0] != other.encoder.table.type_count:
            raise ValueError(f"counts must have {other.encoder.table.type_count} entries, got {len(counts)}")
        new_ids = np.empty(their_counts.shape[0], np.int32)
        cdef int32_t[::1] view = new_ids
        cdef int outcome = 0
        if their_counts.shape[0]:
            with nogil:
                outcome = table_merge(&self.encoder.table, &other.encoder.table, &their_counts[0], &view[0])
        self._check(ENCODE_OK if outcome == 0 else ENCODE_TOO_MANY_TYPES if outcome > 0 else ENCODE_NO_MEMORY)
        return new_ids


    def lower_counts(self, int64_t by):
        """Every type loses `by` of its count, and those left without any are forgotten. Ids begin anew: for a reader
        of counts, who has taken the ids."""
        cdef type_table lowered
        cdef int outcome = 0
        reduced = np.maximum(self.counts() - by, 0)
        cdef const int64_t[::1] counts = reduced
        new_ids = np.empty(counts.shape[0], np.int32)
        cdef int32_t[::1] view = new_ids
        if self.encoder.id_count:
            raise ValueError("take the ids before types are forgotten")
        if counts.shape[0] == 0:
            return
        with nogil:
            outcome = table_init(&lowered)
            if outcome == 0:
                outcome = table_merge(&lowered, &self.encoder.table, &counts[0], &view[0])
                if outcome:
                    table_free(&lowered)
        if outcome:
            raise MemoryError("not enough memory to count the corpus")
        table_free(&self.encoder.table)
        self.encoder.table = lowered


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


# Python objects walked between two looks at signals and progress: some milliseconds.
cdef enum:
    TOKENS_BETWEEN_CHECKS = 65536
    UNKNOWN_ID = -1


cdef class SentenceEncoder:
    """Sentences of Python tokens become ids, as many sentences at a time as the caller asks for.

    Without `token_to_id` every new token gets the next id and is counted; with it, tokens that are not among its
    keys become -1. `as_sequence(sentence, position)` turns what is neither list nor tuple into one, or raises.
    `progress(token_count)` is called now and then, from the thread that reads.

    Thread-safety: none; it holds the GIL.
    """

    cdef object sentences, as_sequence, progress
    cdef dict table
    cdef bint grows
    cdef list token_types
    cdef int64_t *type_counts
    cdef size_t type_capacity
    cdef int32_t *ids
    cdef size_t id_count, id_capacity
    cdef int64_t *starts
    cdef size_t start_count, start_capacity
    cdef int64_t tokens_read, sentences_read, next_check

    def __cinit__(self, sentences, as_sequence, dict token_to_id=None, progress=None):
        self.sentences = iter(sentences)
        self.as_sequence = as_sequence
        self.progress = progress
        self.grows = token_to_id is None
        self.table = {} if token_to_id is None else token_to_id
        self.token_types = []
        self.next_check = TOKENS_BETWEEN_CHECKS

    def __dealloc__(self):
        free(self.type_counts)
        free(self.ids)
        free(self.starts)

    @property
    def token_count(self):
        return self.tokens_read

    @property
    def sentence_count(self):
        return self.sentences_read

    def types(self):
        """list by id of the tokens met (only without `token_to_id`)."""
        return self.token_types

    def counts(self):
        """int64 (number of types,)"""
        counts = np.empty(len(self.token_types), np.int64)
        cdef int64_t[::1] view = counts
        if view.shape[0]:
            memcpy(&view[0], self.type_counts, view.shape[0] * sizeof(int64_t))
        return counts

    def read(self, int64_t token_limit=0x7FFFFFFFFFFFFFFF):
        """The next sentences, until they have at least `token_limit` tokens; None when there are no more.

        int32 (n_tokens,) ids and int64 (n_sentences + 1,) sentence starts.
        """
        cdef object sentence, sequence
        self.id_count = self.start_count = 0
        self._push_start()
        for sentence in self.sentences:
            if type(sentence) is list or type(sentence) is tuple:
                sequence = sentence
            else:
                sequence = self.as_sequence(sentence, self.sentences_read)
            self._add(sequence)
            self._push_start()
            self.sentences_read += 1
            if self.tokens_read >= self.next_check:
                self._report()
            if <int64_t>self.id_count >= token_limit:
                break
        if self.start_count == 1:
            return None
        return self._take()

    cdef int _report(self) except -1:
        self.next_check = self.tokens_read + TOKENS_BETWEEN_CHECKS
        PyErr_CheckSignals()
        if self.progress is not None:
            self.progress(self.tokens_read)
        return 0

    cdef tuple _take(self):
        cdef int32_t *ids = self.ids
        cdef int64_t *starts = self.starts
        self.ids = NULL
        self.starts = NULL
        self.id_capacity = self.start_capacity = 0
        return (_adopt(ids, self.id_count, sizeof(int32_t), np.int32),
                _adopt(starts, self.start_count, sizeof(int64_t), np.int64))

    cdef int _push_start(self) except -1:
        if self.start_count == self.start_capacity:
            self.starts = <int64_t *>_grown(self.starts, &self.start_capacity, sizeof(int64_t), 1)
        self.starts[self.start_count] = self.id_count
        self.start_count += 1
        return 0

    cdef int _add(self, object sequence) except -1:
        cdef Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence), i = 0
        cdef object token
        cdef PyObject *found
        cdef int32_t token_id
        if self.id_count + size > self.id_capacity:
            self.ids = <int32_t *>_grown(self.ids, &self.id_capacity, sizeof(int32_t), self.id_count + size)
        # The size is looked at again each time: a token's __eq__ may change the list.
        while i < size and i < PySequence_Fast_GET_SIZE(sequence):
            token = <object>PySequence_Fast_GET_ITEM(sequence, i)
            try:
                found = PyDict_GetItemWithError(self.table, token)
            except TypeError as error:
                raise CorpusError(
                    f"sentence {self.sentences_read}: token {i} is a {type(token).__name__} and cannot be a dictionary "
                    f"key ({error}); tokens must be hashable, as str and int are") from error
            if found != NULL:
                token_id = <object>found
            elif self.grows:
                token_id = self._new_type(token)
            else:
                token_id = UNKNOWN_ID
            self.ids[self.id_count] = token_id
            self.id_count += 1
            if self.grows:
                self.type_counts[token_id] += 1
            i += 1
        self.tokens_read += i
        return 0

    cdef int32_t _new_type(self, object token) except? -1:
        cdef size_t token_id = len(self.token_types)
        if token_id >= 0x7FFFFFFF:
            raise CorpusError("the corpus has more than 2^31 - 1 different tokens, more than an int32 id can name")
        if token_id == self.type_capacity:
            self.type_counts = <int64_t *>_grown(self.type_counts, &self.type_capacity, sizeof(int64_t), 1)
        self.table[token] = token_id
        self.token_types.append(token)
        self.type_counts[token_id] = 0
        return <int32_t>token_id


cdef void *_grown(void *data, size_t *capacity, size_t item_size, size_t needed) except NULL:
    """`data` with room for half as many items again, or `needed` ones if that is more."""
    cdef size_t larger = max(capacity[0] + capacity[0] // 2 + 1024, needed)
    cdef void *moved = realloc(data, larger * item_size)
    if moved == NULL:
        raise MemoryError("not enough memory to encode the corpus")
    capacity[0] = larger
    return moved
