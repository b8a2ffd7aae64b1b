# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of word2vec's formats, a block of bytes at a time: text and binary to arrays, arrays to text.

The inside is native/vector_rows.h, which runs without the GIL, so that several threads may work on several blocks;
`w2vplus.vectors` calls it. Numbers are read and printed as NumPy does it, whatever the locale.
"""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef extern from "vector_rows.h" nogil:
    ctypedef double (*decimal_exact)(const char *text, size_t size) noexcept nogil
    ctypedef enum row_verdict:
        ROW_GOOD, ROW_SPACED_KEY, ROW_BLANK, ROW_FIELD_COUNT, ROW_BAD_NUMBER, ROW_BAD_KEY
    ctypedef struct vector_row:
        int64_t begin, key_begin, key_end, fault_begin, fault_end, fields
        row_verdict verdict
    int64_t read_text_rows(const char *block, int64_t size, int64_t most, int64_t dimensions, int has_key,
                           vector_row *rows, float *out, decimal_exact exact, int64_t *good, int64_t *used)
    int64_t read_binary_rows(const char *block, int64_t size, int64_t most, int64_t dimensions, int64_t longest_key,
                             vector_row *rows, float *out, int64_t *used)
    char *print_numbers(char *to, const float *vector, int64_t dimensions, char separator)
    int DECIMAL_LONGEST, DECIMAL_SLACK, SHORTEST_LEAST_POWER, SHORTEST_MOST_POWER
    uint64_t *SHORTEST_POWERS

LONGEST_DECIMAL = DECIMAL_LONGEST

GOOD, SPACED_KEY, BLANK, FIELD_COUNT, BAD_NUMBER, BAD_KEY = (
    ROW_GOOD, ROW_SPACED_KEY, ROW_BLANK, ROW_FIELD_COUNT, ROW_BAD_NUMBER, ROW_BAD_KEY
)


def _first_bits(power):
    """The first 64 bits of 10^power."""
    if power < 0:
        return (1 << (63 + (10**-power - 1).bit_length())) // 10**-power
    return (10**power << 64) >> (10**power).bit_length()


for _power in range(SHORTEST_LEAST_POWER, SHORTEST_MOST_POWER + 1):
    SHORTEST_POWERS[_power - SHORTEST_LEAST_POWER] = _first_bits(_power) + 1


cdef double _exact_value(const char *text, size_t size) noexcept with gil:
    return float(text[:size])


cdef class RowBlock:
    """The rows of one block: `count` of them in `used` bytes.

    `vectors` float32 (n_good, D) and `begins` int64 (n_good,), the byte each starts at, for the rows that can be
    used; `odd` for the others and for those whose key has white space.
    """

    cdef readonly object vectors, begins
    cdef readonly list keys, odd, not_utf8
    cdef readonly int64_t count, used

    cdef _describe(self, bytes block, const vector_row *rows, bint has_key):
        cdef const char *text = PyBytes_AS_STRING(block)
        cdef const vector_row *row
        cdef int64_t place, good = 0
        begins = np.empty(self.count, np.int64)
        cdef int64_t[::1] begin_of = begins
        self.keys, self.odd, self.not_utf8 = [], [], []
        for place in range(self.count):
            row = &rows[place]
            if row.verdict != ROW_GOOD:
                fault = text[row.fault_begin:row.fault_end]
                self.odd.append((place, <int>row.verdict, row.begin, row.fields, fault))
                if row.verdict != ROW_SPACED_KEY:
                    continue
            begin_of[good] = row.begin
            good += 1
            if has_key:
                key = text[row.key_begin:row.key_end]
                try:
                    self.keys.append(key.decode("utf-8"))
                except UnicodeDecodeError as error:
                    self.not_utf8.append((good - 1, key, error.start))
                    self.keys.append(key.decode("utf-8", "replace"))
        self.begins = begins[:good]
        self.vectors = self.vectors[:good]


def read_text(bytes block not None, int64_t dimensions, bint has_key=True):
    """The RowBlock of `block`, whole lines of a key (if they have one) and `dimensions` decimals."""
    cdef int64_t size = PyBytes_GET_SIZE(block)
    cdef RowBlock found = RowBlock.__new__(RowBlock)
    found.vectors = np.empty(((size + 1) // (2 * dimensions) + 1, dimensions), np.float32)
    cdef float[:, ::1] out = found.vectors
    cdef int64_t most = block.count(b"\n") + 1, good
    cdef vector_row *rows = <vector_row *>malloc(most * sizeof(vector_row))
    if not rows:
        raise MemoryError(f"not enough memory for {most} rows")
    cdef const char *text = PyBytes_AS_STRING(block)
    try:
        with nogil:
            found.count = read_text_rows(text, size, most, dimensions, has_key, rows, &out[0, 0], _exact_value,
                                         &good, &found.used)
        found._describe(block, rows, has_key)
    finally:
        free(rows)
    return found


def read_binary(bytes block not None, int64_t dimensions, int64_t most, int64_t longest_key):
    """The RowBlock of the whole rows at the beginning of `block`, at most `most`; stops at a bad key."""
    cdef int64_t size = PyBytes_GET_SIZE(block)
    most = min(most, size // (4 * dimensions + 1) + 1)
    cdef RowBlock found = RowBlock.__new__(RowBlock)
    found.vectors = np.empty((most, dimensions), np.float32)
    cdef float[:, ::1] out = found.vectors
    cdef vector_row *rows = <vector_row *>malloc(most * sizeof(vector_row))
    if not rows:
        raise MemoryError(f"not enough memory for {most} rows")
    cdef const char *text = PyBytes_AS_STRING(block)
    try:
        with nogil:
            found.count = read_binary_rows(text, size, most, dimensions, longest_key, rows, &out[0, 0], &found.used)
        found._describe(block, rows, True)
    finally:
        free(rows)
    found.vectors = found.vectors.view("<f4").astype(np.float32, copy=False)
    return found


def print_text(const float[:, ::1] vectors not None, keys=None, separator=b" "):
    """Lines of key, separator and decimals with `separator` between them: bytes.

    `vectors` float32 (n, D), D >= 1; `keys` n bytes objects, or None for lines without a key.
    """
    cdef int64_t count = vectors.shape[0], dimensions = vectors.shape[1], row
    cdef list names = [b""] * count if keys is None else list(keys)
    if len(names) != count or dimensions < 1:
        raise ValueError(f"{len(names)} keys for vectors of shape {(count, dimensions)}")
    cdef size_t key_bytes = sum(map(len, names))
    cdef char *out = <char *>malloc(key_bytes + count * (dimensions * (DECIMAL_LONGEST + 1) + 2) + DECIMAL_SLACK)
    cdef const char **texts = <const char **>malloc((count + 1) * sizeof(char *))
    cdef size_t *sizes = <size_t *>malloc((count + 1) * sizeof(size_t))
    cdef char *to = out
    cdef char between = (<bytes?>separator)[0]
    cdef bint has_key = keys is not None
    try:
        if not (out and texts and sizes):
            raise MemoryError(f"not enough memory to print {count} rows")
        for row in range(count):
            texts[row] = PyBytes_AS_STRING(<bytes?>names[row])
            sizes[row] = PyBytes_GET_SIZE(names[row])
        with nogil:
            for row in range(count):
                if has_key:
                    memcpy(to, texts[row], sizes[row])
                    to += sizes[row]
                    to[0] = between
                    to += 1
                to = print_numbers(to, &vectors[row, 0], dimensions, between)
                to[0] = 10
                to += 1
        return PyBytes_FromStringAndSize(out, to - out)
    finally:
        free(out)
        free(texts)
        free(sizes)
