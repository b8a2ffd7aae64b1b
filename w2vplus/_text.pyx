# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True, initializedcheck=False
"""Text to ids: UTF-8 bytes become int32 ids in order of first occurrence, with counts.

`TextEncoder` takes blocks of bytes and works without the GIL; its inside is native/text_encoder.h. Called by
`w2vplus.corpus`; `_numbering` makes one numbering of what several encoders read.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from collections.abc import Sequence

import numpy as np

from w2vplus.errors import CorpusError

cdef extern from "Python.h":
    object PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors)
    object PyUnicode_New(Py_ssize_t size, unsigned int most)
    void *PyUnicode_1BYTE_DATA(object text)

cdef extern from "huge_pages.h" nogil:
    void wish_huge_pages(void *memory, size_t size)

cdef enum:
    SHARED_IDS = 1 << 21

TOO_MANY_TYPES = "the corpus has more than 2^31 - 1 different tokens, more than an int32 id can name"

_UTF8_POLICIES = {"strict": UTF8_STRICT, "replace": UTF8_REPLACE, "ignore": UTF8_IGNORE}


def check_errors(errors):
    """Raise ValueError for what says nothing about bytes that are not UTF-8."""
    if not isinstance(errors, str) or errors not in _UTF8_POLICIES:
        raise ValueError(f"errors must be 'strict', 'replace' or 'ignore', got {errors!r}")


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

    def __cinit__(self, errors="strict"):
        check_errors(errors)
        self.errors = errors
        self._check(encoder_init(&self.encoder, _UTF8_POLICIES[errors]))

    def __dealloc__(self):
        encoder_free(&self.encoder)

    cdef int _check(self, encode_status status) except -1:
        if status == ENCODE_OK:
            return 0
        if status == ENCODE_BAD_UTF8:
            raise InvalidUtf8(self.encoder.fault_offset, self.encoder.fault_line)
        if status == ENCODE_TOO_MANY_TYPES:
            raise CorpusError(TOO_MANY_TYPES)
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
        cdef const type_table *table = &self.encoder.table
        cdef int64_t last = table.type_count if end is None else end
        return strings_between(table.arena, table.key_starts, begin, min(last, table.type_count))

    def take_types(self):
        """TypeStrings by id, handed over: the memory of the hash table is given back, and the encoder is one that has
        met no token."""
        cdef type_table taken = self.encoder.table
        if table_init(&self.encoder.table):
            self.encoder.table = taken
            raise MemoryError("not enough memory to encode the corpus")
        table_free_slots(&taken)
        return adopt_strings(taken.arena, taken.arena_size, taken.key_starts, taken.type_count)

    def counts(self):
        """int64 (type_count,)"""
        counts = np.empty(self.encoder.table.type_count, np.int64)
        cdef int64_t[::1] view = counts
        if view.shape[0]:
            with nogil:
                table_counts(&self.encoder.table, 0, self.encoder.table.slot_mask + 1, &view[0])
        return counts

    def foresee_ids(self, int64_t count, bint keeps_room=False):
        """So many ids are to come. With `keeps_room` the next `take_ids` gives the beginning of an array of so many,
        its `base`, the rest of which is for the caller to fill."""
        self.encoder.id_capacity_hint = count
        self.keeps_room = keeps_room
        if self.encoder.ids_are_shared and self.encoder.id_count == 0:
            self.encoder.ids = NULL
            self.encoder.id_capacity = 0
            self.encoder.ids_are_shared = False
            self.shared_ids = None

    def take_ids(self):
        """int32 (token_count,), handed over; the next ones are counted from 0.

        From the second small piece on, pieces lie one behind the other in arrays of SHARED_IDS that they share: the
        system takes longer to hand out fresh memory than the encoder to fill it. Their `base` is no array.
        """
        cdef int32_t *ids = self.encoder.ids
        cdef int64_t count = self.encoder.id_count
        cdef bint is_small = count < SHARED_IDS // 4
        cdef int64_t room = self.encoder.id_capacity if self.keeps_room else count
        if self.encoder.ids_are_shared or (is_small and self.encoder.id_capacity_hint == SHARED_IDS and count):
            return self._take_shared()
        self.encoder.id_capacity_hint = SHARED_IDS if is_small else count
        self.encoder.ids = NULL
        self.encoder.id_count = self.encoder.id_capacity = 0
        self.keeps_room = False
        return _adopt(ids, room, sizeof(int32_t), np.int32)[:count]

    cdef object _take_shared(self):
        """The ids, and the next ones are to stand behind them."""
        cdef int64_t count = self.encoder.id_count
        cdef int32_t *ids = self.encoder.ids
        cdef int32_t[::1] shared
        if not self.encoder.ids_are_shared:
            self.encoder.ids = NULL  # no longer the encoder's to free, whatever happens
            shared = _adopt(ids, self.encoder.id_capacity, sizeof(int32_t), np.int32)
            self.encoder.ids = &shared[0]  # they may have moved
            self.shared_ids = memoryview(shared)
            self.shared_count = 0
            self.encoder.ids_are_shared = True
        taken = self.shared_ids[self.shared_count:self.shared_count + count]
        self.shared_count += count
        self.encoder.ids += count
        self.encoder.id_capacity -= count
        self.encoder.id_count = 0
        return np.asarray(taken)

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

    def lower_counts(self, int64_t by):
        """Every type loses `by` of its count, and those left without any are forgotten. Ids begin anew: for a reader
        of counts, who has taken the ids."""
        cdef type_table lowered
        cdef int failed
        if self.encoder.id_count:
            raise ValueError("take the ids before types are forgotten")
        reduced = np.maximum(self.counts() - by, 0)
        cdef const int64_t[::1] counts = reduced
        if counts.shape[0] == 0:
            return
        with nogil:
            failed = table_keep(&lowered, &self.encoder.table, &counts[0])
        if failed:
            raise MemoryError("not enough memory to count the corpus")
        table_free(&self.encoder.table)
        self.encoder.table = lowered


cdef class TypeStrings:
    """The types of a text by id, a sequence of str. They lie here as UTF-8; a str is made when it is asked for.

    Most types of a text are rare, and who drops them by their counts never needs their strings: an index makes the str
    of one type. Iterating makes those of all and keeps them. One equals another, or a list, with the same strings.
    Pickled and copied as a list.

    Thread-safety: all methods.
    """

    cdef const uint8_t[::1] characters
    cdef const uint64_t[::1] starts
    cdef Py_ssize_t size
    cdef list strings

    def __init__(self):
        raise TypeError("TypeStrings are made by encoders")

    def __len__(self):
        return self.size

    def __getitem__(self, place):
        if self.strings is not None or isinstance(place, slice):
            return self._all()[place]
        cdef Py_ssize_t type_id = place
        if type_id < 0:
            type_id += self.size
        if not 0 <= type_id < self.size:
            raise IndexError(f"there are {self.size} types, none has the id {place}")
        cdef uint64_t start = self.starts[type_id]
        return _string(&self.characters[0] + start, self.starts[type_id + 1] - start)

    def __iter__(self):
        return iter(self._all())

    def __contains__(self, token):
        return token in self._all()

    def __reversed__(self):
        return reversed(self._all())

    def index(self, token, *bounds):
        """The id of `token`; ValueError if there is none."""
        return self._all().index(token, *bounds)

    def count(self, token):
        """1 if `token` is among the types, else 0."""
        return self._all().count(token)

    def __eq__(self, other):
        if not isinstance(other, (list, TypeStrings)):
            return NotImplemented
        return self._all() == (other if isinstance(other, list) else list(other))

    def __repr__(self):
        return f"<TypeStrings of {self.size} types>"

    def __reduce__(self):
        return list, (self._all(),)

    cdef list _all(self):
        if self.strings is None:
            self.strings = strings_between(&self.characters[0], &self.starts[0], 0, self.size) if self.size else []
        return self.strings


Sequence.register(TypeStrings)


cdef object adopt_strings(uint8_t *characters, Py_ssize_t size, uint64_t *starts, Py_ssize_t count):
    """TypeStrings over memory from malloc, which they free in the end; starts: `count` + 1 places, NULL if none."""
    cdef TypeStrings types = TypeStrings.__new__(TypeStrings)
    types.characters = _adopt(characters, size, 1, np.uint8)
    types.starts = _adopt(starts, count + 1 if count else 0, sizeof(uint64_t), np.uint64)
    types.size = count
    return types


cdef list strings_between(const uint8_t *characters, const uint64_t *starts, int64_t begin, int64_t end):
    """str of the types [begin, end)."""
    cdef list strings = []
    cdef int64_t type_id
    for type_id in range(begin, end):
        strings.append(_string(characters + starts[type_id], starts[type_id + 1] - starts[type_id]))
    return strings


cdef inline object _string(const uint8_t *bytes, Py_ssize_t size):
    """A str of UTF-8 bytes; most are ASCII, and short."""
    cdef uint64_t word, high = 0
    cdef Py_ssize_t place
    for place in range(0, size - 7, 8):
        memcpy(&word, bytes + place, 8)
        high |= word
    for place in range(size & ~7, size):
        high |= bytes[place]
    if high & <uint64_t>0x8080808080808080 or size < 2:  # the interpreter has its own strings of one character
        return PyUnicode_DecodeUTF8(<const char *>bytes, size, NULL)
    text = PyUnicode_New(size, 127)
    memcpy(PyUnicode_1BYTE_DATA(text), bytes, size)
    return text
