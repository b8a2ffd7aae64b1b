/* Design: a stream of byte blocks becomes token ids and line ends. Blocks may end anywhere.
 *
 * A slice of the block is copied behind whatever of the last one is not finished (an unfinished token, at most three
 * bytes of an unfinished character). Sixty-four bytes at a time become masks (byte_masks.h); the bits where white
 * space begins or ends are the token edges, gathered alternately as start, end, start, end ... An odd number of edges
 * means that a token is open. Every hundred tokens or so are looked up together: first all their hashes, with their
 * slots prefetched, then all the slots, which hides the latency of the table.
 *
 * Lines are recorded uncut as the token position of their ends; cutting into sentences is left to the caller, who can
 * thus join pieces of a text that were encoded apart.
 */
#ifndef W2VPLUS_TEXT_ENCODER_H
#define W2VPLUS_TEXT_ENCODER_H

#include "type_table.h"
#include "utf8.h"

#define SLICE_BYTES 262144 /* fits the second-level cache */
#define BATCH_TOKENS 128
#define LEAST_MORE_IDS 65536
#define MAX_EDGES (2 * BATCH_TOKENS + MASK_BYTES)
#define SPARE_PLACES 16
#define TEXT_PADDING 128 /* whole masks and whole keys may be read past the end */

typedef enum {
    ENCODE_OK,
    ENCODE_NO_MEMORY,
    ENCODE_BAD_UTF8,
    ENCODE_TOO_MANY_TYPES,
    ENCODE_TOKEN_TOO_LONG
} encode_status;
typedef enum { UTF8_STRICT, UTF8_REPLACE, UTF8_IGNORE } utf8_policy;

typedef struct {
    type_table table;
    utf8_policy policy;

    int32_t *ids;
    int64_t id_count, id_capacity;
    int64_t id_capacity_hint; /* first capacity of the next array of ids */
    int ids_are_shared; /* they stand behind ids handed over, in an array that is not the encoder's to move or free */
    int64_t *line_ends; /* token positions; ascending, repeated ones left out */
    int64_t line_end_count, line_end_capacity;

    uint8_t *text; /* unfinished bytes, then the current slice */
    size_t text_size, text_capacity;
    size_t scanned;     /* text before this has been turned into edges */
    size_t checked;     /* text before this is known to be valid UTF-8 */
    uint32_t edges[MAX_EDGES + SPARE_PLACES];
    size_t edge_count;
    uint8_t partial[4]; /* lenient policies: bytes of an unfinished character */
    size_t partial_size;

    int64_t file_offset;    /* of text[0], from the start of the file (strict policy) */
    int64_t newline_count;  /* in this file, before text[scanned] */
    int64_t lines_left;     /* of this file's line limit; -1 without one */
    int64_t tokens_before_last_space; /* at the last 0x20 of the stream; -1 before the first */
    int64_t fault_offset, fault_line; /* of the bad UTF-8, once found; line from 0 */
} text_encoder;

static inline encode_status encoder_init(text_encoder *encoder, utf8_policy policy) {
    memset(encoder, 0, sizeof *encoder);
    encoder->policy = policy;
    encoder->lines_left = -1;
    encoder->tokens_before_last_space = -1;
    return table_init(&encoder->table) ? ENCODE_NO_MEMORY : ENCODE_OK;
}

static inline void encoder_free(text_encoder *encoder) {
    table_free(&encoder->table);
    if (!encoder->ids_are_shared) free(encoder->ids);
    free(encoder->line_ends);
    free(encoder->text);
    encoder->ids = NULL;
    encoder->line_ends = NULL;
    encoder->text = NULL;
}

/* Tokens complete so far, looked up or not. */
static inline int64_t encoder_token_count(const text_encoder *encoder) {
    return encoder->id_count + (int64_t)(encoder->edge_count / 2);
}

/* The ids move from behind those handed over to an array of their own. */
static encode_status encoder_leave_ids(text_encoder *encoder) {
    int64_t capacity = encoder->id_count / 2 * 3 + LEAST_MORE_IDS;
    if (capacity < encoder->id_capacity_hint) capacity = encoder->id_capacity_hint;
    int32_t *ids = (int32_t *)malloc((size_t)capacity * sizeof *ids);
    if (!ids) return ENCODE_NO_MEMORY;
    wish_huge_pages(ids, (size_t)capacity * sizeof *ids);
    memcpy(ids, encoder->ids, (size_t)encoder->id_count * sizeof *ids);
    encoder->ids = ids;
    encoder->id_capacity = capacity;
    encoder->ids_are_shared = 0;
    return ENCODE_OK;
}

/* Room for LEAST_MORE_IDS at least. An array begins with the room that was foreseen if there is so much: what is never
 * written takes no memory, and growing means that pages are moved or copied. */
static encode_status encoder_grow_ids(text_encoder *encoder) {
    if (encoder->ids_are_shared) return encoder_leave_ids(encoder);
    int64_t capacity = encoder->ids ? encoder->id_capacity / 2 * 3 : encoder->id_capacity_hint;
    int32_t *ids = (int32_t *)realloc(encoder->ids, (size_t)(capacity + LEAST_MORE_IDS) * sizeof *ids);
    if (!ids) {
        capacity = encoder->id_capacity;
        ids = (int32_t *)realloc(encoder->ids, (size_t)(capacity + LEAST_MORE_IDS) * sizeof *ids);
    }
    if (!ids) return ENCODE_NO_MEMORY;
    encoder->ids = ids;
    encoder->id_capacity = capacity + LEAST_MORE_IDS;
    wish_huge_pages(ids, (size_t)encoder->id_capacity * sizeof *ids);
    return ENCODE_OK;
}

/* Looks up the complete tokens among the gathered edges and keeps the start of an open one. */
static encode_status encoder_flush(text_encoder *encoder) {
    type_table *table = &encoder->table;
    size_t token_count = encoder->edge_count / 2;
    token_key keys[MAX_EDGES / 2];
    if (encoder->id_count + (int64_t)token_count > encoder->id_capacity && encoder_grow_ids(encoder))
        return ENCODE_NO_MEMORY;
    if (table->type_count > INT32_MAX - MAX_EDGES) return ENCODE_TOO_MANY_TYPES;
    if (table_reserve(table, MAX_EDGES / 2)) return ENCODE_NO_MEMORY;
    type_slot *const slots = table->slots;
    const uint64_t slot_mask = table->slot_mask;
    for (size_t i = 0; i < token_count; i++) {
        uint32_t start = encoder->edges[2 * i];
        keys[i] = make_key(encoder->text + start, encoder->edges[2 * i + 1] - start);
        prefetch_for_write(&slots[keys[i].hash & slot_mask]);
    }
    int32_t *ids = encoder->ids + encoder->id_count;
    for (size_t i = 0; i < token_count; i++) {
        type_slot *slot = &slots[keys[i].hash & slot_mask];
        if (slot_equals(slot, &keys[i])) {
            slot->count++;
            ids[i] = slot->id;
            continue;
        }
        ids[i] = table_count(table, &keys[i], encoder->text + encoder->edges[2 * i], 1);
        if (ids[i] < 0) return ENCODE_NO_MEMORY;
    }
    encoder->id_count += (int64_t)token_count;
    if (encoder->edge_count & 1) encoder->edges[0] = encoder->edges[2 * token_count];
    encoder->edge_count &= 1;
    return ENCODE_OK;
}

/* A line ends after `token_position` tokens. An end at the same place as the last one (a blank line) is left out; the
 * first is always kept, because it may end a line begun in an earlier piece of the text. */
static inline encode_status encoder_end_line(text_encoder *encoder, int64_t token_position) {
    if (encoder->line_end_count && encoder->line_ends[encoder->line_end_count - 1] == token_position) return ENCODE_OK;
    if (encoder->line_end_count == encoder->line_end_capacity) {
        int64_t capacity = encoder->line_end_capacity * 2 + 1024;
        int64_t *line_ends = (int64_t *)realloc(encoder->line_ends, (size_t)capacity * sizeof *line_ends);
        if (!line_ends) return ENCODE_NO_MEMORY;
        encoder->line_ends = line_ends;
        encoder->line_end_capacity = capacity;
    }
    encoder->line_ends[encoder->line_end_count++] = token_position;
    return ENCODE_OK;
}

/* Strict policy: checks the characters that start before text[until]. */
static inline encode_status encoder_check(text_encoder *encoder, size_t position, size_t until, size_t end,
                                          uint64_t newlines) {
    const uint8_t *text = encoder->text, *checked = text + until;
    size_t from = encoder->checked > position ? encoder->checked : position;
    if (from >= until) return ENCODE_OK;
    size_t fault = (size_t)(utf8_first_fault(text + from, text + until, text + end, &checked) - text);
    if (fault < until) {
        encoder->fault_offset = encoder->file_offset + (int64_t)fault;
        encoder->fault_line = encoder->newline_count + count_bits(newlines & low_bits(fault - position));
        return ENCODE_BAD_UTF8;
    }
    encoder->checked = (size_t)(checked - text);
    return ENCODE_OK;
}

/* Writes `first` + the place of every set bit, and something behind them, SPARE_PLACES at most. Sixteen are always
 * written and eight more at a time: a loop that ended with the bits would end where the processor does not foresee
 * it. */
static inline void write_places(uint32_t *places, uint64_t bits, uint32_t first) {
    const uint64_t last = (uint64_t)1 << (MASK_BYTES - 1); /* where there are no more bits */
    for (int i = 0; i < 16; i++, bits &= bits - 1) *places++ = first + lowest_bit(bits | last);
    while (bits)
        for (int i = 0; i < 8; i++, bits &= bits - 1) *places++ = first + lowest_bit(bits | last);
}

/* Turns text[scanned..end) into edges and line ends; `end` must not lie inside a character. */
static encode_status encoder_scan(text_encoder *encoder, size_t end) {
    encode_status status;
    uint64_t carried_spaces = 0;
    for (size_t position = encoder->scanned; position < end; position += MASK_BYTES) {
        size_t left = end - position;
        uint64_t valid = low_bits(left);
        byte_masks masks = classify_bytes(encoder->text + position);
        uint64_t spaces = (masks.space & valid) | carried_spaces, newlines = masks.newline & valid;
        carried_spaces = 0;
        if (masks.high & valid) {
            size_t until = left < MASK_BYTES ? end : position + MASK_BYTES;
            if (encoder->policy == UTF8_STRICT) {
                status = encoder_check(encoder, position, until, end, newlines);
                if (status) return status;
            }
            spaces |= unicode_spaces(encoder->text + position, valid, &carried_spaces);
        }
        /* An edge is where white space and not white space differ from the byte before. */
        uint64_t was_space = (spaces << 1) | (~encoder->edge_count & 1);
        uint64_t edges = (spaces ^ was_space) & valid;
        for (uint64_t rest = newlines; rest; rest &= rest - 1) {
            uint64_t until_newline = rest ^ (rest - 1);
            size_t edges_before = encoder->edge_count + count_bits(edges & until_newline);
            status = encoder_end_line(encoder, encoder->id_count + (int64_t)(edges_before / 2));
            if (status) return status;
        }
        if (newlines) encoder->newline_count += count_bits(newlines);
        write_places(encoder->edges + encoder->edge_count, edges, (uint32_t)position);
        encoder->edge_count += count_bits(edges);
        if (encoder->edge_count >= 2 * BATCH_TOKENS) {
            status = encoder_flush(encoder);
            if (status) return status;
        }
    }
    if (encoder->scanned < end) encoder->scanned = end;
    return ENCODE_OK;
}

/* Scans all complete characters of the text, minding the last space (for texts cut by number of tokens). */
static encode_status encoder_scan_slice(text_encoder *encoder, size_t end) {
    encode_status status;
    size_t last_space = end;
    while (last_space > encoder->scanned && encoder->text[last_space - 1] != ' ') last_space--;
    if (last_space > encoder->scanned) {
        status = encoder_scan(encoder, last_space);
        if (status) return status;
        encoder->tokens_before_last_space = encoder_token_count(encoder);
    }
    status = encoder_scan(encoder, end);
    return status ? status : encoder_flush(encoder);
}

/* Moves the unfinished bytes to the front and makes room for `more`. */
static encode_status encoder_make_room(text_encoder *encoder, size_t more) {
    size_t keep = encoder->edge_count ? encoder->edges[0] : encoder->scanned;
    if (keep) memmove(encoder->text, encoder->text + keep, encoder->text_size - keep);
    encoder->text_size -= keep;
    encoder->scanned -= keep;
    encoder->checked = encoder->scanned;
    encoder->file_offset += (int64_t)keep;
    if (encoder->edge_count) encoder->edges[0] = 0;
    if (encoder->text_size + more > UINT32_MAX) return ENCODE_TOKEN_TOO_LONG;
    size_t needed = encoder->text_size + more + TEXT_PADDING;
    if (needed > encoder->text_capacity) {
        size_t capacity = needed * 3 / 2;
        uint8_t *text = (uint8_t *)realloc(encoder->text, capacity);
        if (!text) return ENCODE_NO_MEMORY;
        /* Padding is read, though never used: it must not be undefined. */
        memset(text + encoder->text_size, 0, capacity - encoder->text_size);
        encoder->text = text;
        encoder->text_capacity = capacity;
    }
    return ENCODE_OK;
}

static encode_status encoder_feed_lenient(text_encoder *encoder, const uint8_t *slice, size_t size, int final) {
    uint8_t joined[8];
    size_t used, from_slice = 0;
    int ignore = encoder->policy == UTF8_IGNORE;
    encode_status status = encoder_make_room(encoder, 3 * (size + sizeof joined));
    if (status) return status;
    /* An unfinished character is judged together with the slice's first bytes, which may leave it unfinished. */
    if (encoder->partial_size && (size || final)) {
        size_t joined_size = encoder->partial_size;
        memcpy(joined, encoder->partial, joined_size);
        while (joined_size < 4 && from_slice < size) joined[joined_size++] = slice[from_slice++];
        unsigned length;
        if (utf8_character(joined, joined + joined_size, &length) == UTF8_INCOMPLETE && !final) {
            memcpy(encoder->partial, joined, joined_size);
            encoder->partial_size = joined_size;
            return ENCODE_OK;
        }
        encoder->text_size += utf8_copy_lenient(encoder->text + encoder->text_size, joined, length, ignore, 1, &used);
        /* What was kept began a character well, so the verdict covers at least all of it. */
        from_slice = length - encoder->partial_size;
        encoder->partial_size = 0;
    }
    encoder->text_size += utf8_copy_lenient(encoder->text + encoder->text_size, slice + from_slice, size - from_slice,
                                            ignore, final, &used);
    encoder->partial_size = size - from_slice - used;
    memcpy(encoder->partial, slice + from_slice + used, encoder->partial_size);
    return encoder_scan_slice(encoder, encoder->text_size);
}

static encode_status encoder_feed_strict(text_encoder *encoder, const uint8_t *slice, size_t size) {
    encode_status status = encoder_make_room(encoder, size);
    if (status) return status;
    memcpy(encoder->text + encoder->text_size, slice, size);
    encoder->text_size += size;
    return encoder_scan_slice(encoder, encoder->text_size - utf8_incomplete_tail(encoder->text, encoder->text_size));
}

/* Bytes of the block up to the end of the last line that the limit allows. */
static inline size_t encoder_within_limit(text_encoder *encoder, const uint8_t *block, size_t size) {
    size_t used = 0;
    while (encoder->lines_left > 0 && used < size) {
        const uint8_t *newline = (const uint8_t *)memchr(block + used, '\n', size - used);
        if (!newline) return size;
        used = (size_t)(newline - block) + 1;
        encoder->lines_left--;
    }
    return used;
}

/* Encodes one more block of the current file. */
static inline encode_status encoder_feed(text_encoder *encoder, const uint8_t *block, size_t size) {
    if (encoder->lines_left >= 0) size = encoder_within_limit(encoder, block, size);
    while (size) {
        size_t slice = size < SLICE_BYTES ? size : SLICE_BYTES;
        encode_status status = encoder->policy == UTF8_STRICT ? encoder_feed_strict(encoder, block, slice)
                                                              : encoder_feed_lenient(encoder, block, slice, 0);
        if (status) return status;
        block += slice;
        size -= slice;
    }
    return ENCODE_OK;
}

/* A file begins, or goes on at `offset`; at most `line_limit` lines of it are read (-1: all). */
static inline void encoder_begin_file(text_encoder *encoder, int64_t offset, int64_t line_limit) {
    encoder->file_offset = offset - (int64_t)encoder->scanned;
    encoder->newline_count = 0;
    encoder->lines_left = line_limit;
}

/* The bytes end here, and with them the last token; with `ends_line` the last line too. */
static inline encode_status encoder_end_file(text_encoder *encoder, int ends_line) {
    encode_status status = ENCODE_OK;
    if (encoder->policy != UTF8_STRICT) status = encoder_feed_lenient(encoder, (const uint8_t *)"", 0, 1);
    if (status) return status;
    if (encoder->scanned < encoder->text_size) {
        encoder->fault_offset = encoder->file_offset + (int64_t)encoder->scanned;
        encoder->fault_line = encoder->newline_count;
        return ENCODE_BAD_UTF8;
    }
    if (encoder->edge_count & 1) encoder->edges[encoder->edge_count++] = (uint32_t)encoder->text_size;
    status = encoder_flush(encoder);
    if (status) return status;
    return ends_line ? encoder_end_line(encoder, encoder->id_count) : ENCODE_OK;
}

#endif
