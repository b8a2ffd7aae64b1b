# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Integer tokens to ids: an array of any integers becomes int32 ids in order of first occurrence, with counts.

The inside is native/integer_table.h and runs without the GIL. Called by `w2vplus.corpus.integers` alone.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

import numpy as np

from w2vplus.errors import CorpusError

cdef extern from "integer_table.h" nogil:
    ctypedef enum integers_status:
        INTEGERS_OK, INTEGERS_NO_MEMORY, INTEGERS_TOO_MANY
    ctypedef struct integer_table:
        int64_t *first_places
        int64_t *counts
        int64_t type_count
    void integers_free(integer_table *table)
    integers_status integers_encode_int64(integer_table *table, const int64_t *values, int64_t count, int32_t *ids)
    integers_status integers_encode_uint64(integer_table *table, const uint64_t *values, int64_t count, int32_t *ids)
    integers_status integers_encode_int32(integer_table *table, const int32_t *values, int64_t count, int32_t *ids)
    integers_status integers_encode_uint32(integer_table *table, const uint32_t *values, int64_t count, int32_t *ids)

ctypedef fused integer:
    int32_t
    uint32_t
    int64_t
    uint64_t


cdef object _copied(const int64_t *values, int64_t count):
    array = np.empty(count, np.int64)
    cdef int64_t[::1] view = array
    if count:
        memcpy(&view[0], values, count * sizeof(int64_t))
    return array


def _encode(const integer[::1] values):
    cdef integer_table table
    cdef integers_status status
    cdef int64_t count = values.shape[0]
    memset(&table, 0, sizeof(table))
    ids = np.empty(count, np.int32)
    cdef int32_t[::1] view = ids
    if count == 0:
        return ids, np.empty(0, np.int64), np.empty(0, np.int64)
    try:
        with nogil:
            if integer is int32_t:
                status = integers_encode_int32(&table, &values[0], count, &view[0])
            elif integer is uint32_t:
                status = integers_encode_uint32(&table, &values[0], count, &view[0])
            elif integer is int64_t:
                status = integers_encode_int64(&table, &values[0], count, &view[0])
            else:
                status = integers_encode_uint64(&table, &values[0], count, &view[0])
        if status == INTEGERS_TOO_MANY:
            raise CorpusError("the corpus has more than 2^31 - 2 different tokens, more than an int32 id can name")
        if status == INTEGERS_NO_MEMORY:
            raise MemoryError("not enough memory to encode the corpus")
        return ids, _copied(table.first_places, table.type_count), _copied(table.counts, table.type_count)
    finally:
        integers_free(&table)


def encode_integers(values):
    """ids int32 (n,), first_places int64 (n_types,) and counts int64 (n_types,) of integers (n,).

    Type t, in order of first occurrence, is values[first_places[t]]. Integers of 8 and 16 bits are widened.
    """
    values = np.ascontiguousarray(values)
    if values.dtype.itemsize < 4:
        values = values.astype(np.int32)
    elif not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    # Of the equally wide integer types of C (long and long long), one name each.
    return _encode(values.view(f"{values.dtype.kind}{values.dtype.itemsize}"))
