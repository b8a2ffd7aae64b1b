"""What `_numbering` sees of `_text`: the encoder with its table, and how types become their strings."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "text_encoder.h" nogil:
    ctypedef enum encode_status:
        ENCODE_OK, ENCODE_NO_MEMORY, ENCODE_BAD_UTF8, ENCODE_TOO_MANY_TYPES, ENCODE_TOKEN_TOO_LONG
    ctypedef enum utf8_policy:
        UTF8_STRICT, UTF8_REPLACE, UTF8_IGNORE
    ctypedef struct type_table:
        uint64_t slot_mask
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
        bint ids_are_shared
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
    void table_counts(const type_table *table, uint64_t begin, uint64_t end, int64_t *counts)
    int table_init(type_table *table)
    void table_free(type_table *table)
    void table_free_slots(type_table *table)
    int table_keep(type_table *kept, const type_table *table, const int64_t *counts)


cdef class TextEncoder:
    cdef text_encoder encoder
    cdef readonly object errors
    cdef bint keeps_room
    cdef object shared_ids
    cdef int64_t shared_count
    cdef object _take_shared(self)
    cdef int _check(self, encode_status status) except -1


cdef object adopt_strings(uint8_t *characters, Py_ssize_t size, uint64_t *starts, Py_ssize_t count)
