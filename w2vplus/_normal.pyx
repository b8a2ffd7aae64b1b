# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Raw text to normalised text: UTF-8 bytes as `simple_preprocess` or text8 would have them, without the GIL.

The inside is native/normalizer.h; the character table comes from `w2vplus.corpus.normalizing`, the only caller.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from w2vplus._text import InvalidUtf8

cdef extern from "normalizer.h" nogil:
    ctypedef enum normalize_status:
        NORMALIZE_OK, NORMALIZE_NO_MEMORY, NORMALIZE_BAD_UTF8
    ctypedef enum normalize_kind:
        NORMALIZE_SIMPLE, NORMALIZE_TEXT8
    ctypedef enum bad_bytes_policy:
        BAD_BYTES_REFUSE, BAD_BYTES_REPLACE, BAD_BYTES_IGNORE
    ctypedef struct normalizer:
        normalize_kind kind
        bad_bytes_policy policy
        const uint32_t *pages
        const uint16_t *page_of
        const uint32_t *expansions
        uint8_t *out
        size_t out_size
        int64_t file_offset
        int64_t fault_offset
        int64_t fault_line
    uint32_t CHARACTER_WORD, CHARACTER_CASED, CHARACTER_IGNORABLE, CHARACTER_EXPANDS
    void normalizer_free(normalizer *state)
    normalize_status normalizer_feed(normalizer *state, const uint8_t *block, size_t size, int final)

WORD, CASED, IGNORABLE, EXPANDS = CHARACTER_WORD, CHARACTER_CASED, CHARACTER_IGNORABLE, CHARACTER_EXPANDS

_KINDS = {"simple": NORMALIZE_SIMPLE, "text8": NORMALIZE_TEXT8}
_POLICIES = {"strict": BAD_BYTES_REFUSE, "replace": BAD_BYTES_REPLACE, "ignore": BAD_BYTES_IGNORE}


cdef class Normalizer:
    """Blocks of one file's UTF-8 bytes become normalised bytes: tokens between spaces, lines as they were.

    `pages` uint32 (n_pages * 256,), `page_of` uint16 (4352,) and `expansions` uint32 are the character table:
    entry pages[256 * page_of[c >> 8] + (c & 255)] is (lower case of c - c) modulo 2^21 with the flags WORD, CASED
    and IGNORABLE; with EXPANDS it is a place in `expansions`, where characters with their WORD flags follow each
    other up to a 0. `offset` is where in the file the first block begins.

    Thread-safety: one thread at a time per normalizer.
    """

    cdef normalizer state
    cdef object table
    cdef bint failed

    def __cinit__(self, kind, errors, const uint32_t[::1] pages not None, const uint16_t[::1] page_of not None,
                  const uint32_t[::1] expansions not None, offset=0):
        memset(&self.state, 0, sizeof(self.state))
        self.state.kind = _KINDS[kind]
        self.state.policy = _POLICIES[errors]
        if page_of.shape[0] != 0x110000 >> 8:
            raise ValueError(f"page_of must have {0x110000 >> 8} entries, got {page_of.shape[0]}")
        self.table = (pages, page_of, expansions)
        self.state.pages = &pages[0]
        self.state.page_of = &page_of[0]
        self.state.expansions = &expansions[0]
        self.state.file_offset = offset

    def __dealloc__(self):
        normalizer_free(&self.state)

    cdef bytes _feed(self, const uint8_t *block, size_t size, bint final):
        cdef normalize_status status
        if self.failed:
            raise InvalidUtf8(self.state.fault_offset, self.state.fault_line)
        self.state.out_size = 0
        with nogil:
            status = normalizer_feed(&self.state, block, size, final)
        if status == NORMALIZE_NO_MEMORY:
            raise MemoryError("not enough memory to normalise the text")
        if status == NORMALIZE_BAD_UTF8:
            # What stands before the fault is given first: whoever reads a few lines may not come to it.
            self.failed = True
            if final and not self.state.out_size:
                raise InvalidUtf8(self.state.fault_offset, self.state.fault_line)
        return PyBytes_FromStringAndSize(<const char *>self.state.out, self.state.out_size)

    def feed(self, const uint8_t[::1] block not None):
        """The next bytes of the file; the normalised bytes that they complete.

        Raises InvalidUtf8, after all complete lines before the fault have been given.
        """
        return self._feed(&block[0] if block.shape[0] else NULL, block.shape[0], False)

    def finish(self):
        """The file is over: the rest of the normalised bytes; to be called until it gives b""."""
        return self._feed(NULL, 0, True)
