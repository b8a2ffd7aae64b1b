# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Python token lists to ids: sentences of any hashable objects become int32 ids in order of first occurrence, with counts.

The slow sibling of `_text`, for what is in Python already. Called by `w2vplus.corpus.encoding` alone.
"""

from cpython.array cimport array, clone, resize, resize_smart
from cpython.dict cimport PyDict_GetItemWithError
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t

from array import array as new_array

import numpy as np

from w2vplus._text import TOO_MANY_TYPES
from w2vplus.errors import CorpusError

cdef extern from "Python.h":
    Py_ssize_t PySequence_Fast_GET_SIZE(object sequence)
    PyObject *PySequence_Fast_GET_ITEM(object sequence, Py_ssize_t index)

cdef array INT32_ITEMS = new_array("i")
cdef array INT64_ITEMS = new_array("q")

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

    cdef object sentences, as_sequence, progress, failure
    cdef dict table
    cdef bint grows
    cdef list token_types
    cdef array type_counts, ids, starts
    cdef int64_t tokens_read, sentences_read, next_check

    def __cinit__(self, sentences, as_sequence, dict token_to_id=None, progress=None):
        self.sentences = iter(sentences)
        self.as_sequence = as_sequence
        self.progress = progress
        self.grows = token_to_id is None
        self.table = {} if token_to_id is None else token_to_id
        self.token_types = []
        self.type_counts = clone(INT64_ITEMS, 0, False)
        self.next_check = TOKENS_BETWEEN_CHECKS

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
        return np.array(self.type_counts, np.int64)

    def take_types(self):
        """`types()`, handed over: the encoder is then one that has met no token (only without `token_to_id`)."""
        types = self.token_types
        self.table, self.token_types, self.type_counts = {}, [], clone(INT64_ITEMS, 0, False)
        return types

    def read(self, int64_t token_limit=0x7FFFFFFFFFFFFFFF):
        """The next sentences, until they have at least `token_limit` tokens; None when there are no more.

        int32 (n_tokens,) ids and int64 (n_sentences + 1,) sentence starts. With `token_to_id` an exception of the
        sentences, or for one, is raised by the call after the one that returns those before it.
        """
        cdef object sentence, sequence
        if self.failure is not None:
            raise self.failure
        self.ids, self.starts = clone(INT32_ITEMS, 0, False), clone(INT64_ITEMS, 1, True)
        while True:
            try:
                sentence = next(self.sentences, self)
                if sentence is self:
                    break
                if type(sentence) is list or type(sentence) is tuple:
                    sequence = sentence
                else:
                    sequence = self.as_sequence(sentence, self.sentences_read)
                self._add(sequence)
            except Exception as error:
                if self.grows or len(self.starts) == 1:
                    raise
                self.failure = error
                resize_smart(self.ids, self.starts.data.as_longlongs[len(self.starts) - 1])
                break
            resize_smart(self.starts, len(self.starts) + 1)
            self.starts.data.as_longlongs[len(self.starts) - 1] = len(self.ids)
            self.sentences_read += 1
            if self.tokens_read >= self.next_check:
                self._report()
            if <int64_t>len(self.ids) >= token_limit:
                break
        if len(self.starts) == 1:
            return None
        return _given(self.ids, np.int32), _given(self.starts, np.int64)

    cdef int _report(self) except -1:
        self.next_check = self.tokens_read + TOKENS_BETWEEN_CHECKS
        PyErr_CheckSignals()
        if self.progress is not None:
            self.progress(self.tokens_read)
        return 0

    cdef int _add(self, object sequence) except -1:
        cdef Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence), before = len(self.ids), i = 0
        cdef object token
        cdef PyObject *found
        cdef int32_t token_id
        resize_smart(self.ids, before + size)
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
            self.ids.data.as_ints[before + i] = token_id
            if self.grows:
                self.type_counts.data.as_longlongs[token_id] += 1
            i += 1
        if i < size:
            resize_smart(self.ids, before + i)
        self.tokens_read += i
        return 0

    cdef int32_t _new_type(self, object token) except? -1:
        cdef size_t token_id = len(self.token_types)
        if token_id >= 0x7FFFFFFF:
            raise CorpusError(TOO_MANY_TYPES)
        self.table[token] = token_id
        self.token_types.append(token)
        resize_smart(self.type_counts, token_id + 1)
        self.type_counts.data.as_longlongs[token_id] = 0
        return <int32_t>token_id


cdef object _given(array items, dtype):
    """The items as a NumPy array, which takes no more memory than they need."""
    resize(items, len(items))
    return np.frombuffer(items, dtype) if len(items) else np.empty(0, dtype)
