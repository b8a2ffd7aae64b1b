/* Design: raw UTF-8 text becomes normalised text, whose tokens stand between spaces and whose lines end where the raw
 * lines end, for the encoder to read.
 *
 * Blocks may end anywhere, so text is worked on up to its last space or line feed and the rest waits for more: these
 * two end every token, and they end what the lower case of a capital sigma depends on. A slice is first made valid
 * (checked, or mended as the policy says), so that the loops behind it decode without judging.
 *
 * What a character becomes is read from a table made of Python's own character data (w2vplus/corpus/normalizing.py):
 * pages of 256 entries, each the way to the lower-case code point with flags. (Ways, not places, because then most
 * pages are alike and kept once.)
 */
#ifndef W2VPLUS_NORMALIZER_H
#define W2VPLUS_NORMALIZER_H

#include <stdlib.h>

#include "utf8.h"

#define NORMALIZE_SLICE 65536
/* A digit becomes a word of five letters with two spaces; lower case is at most three characters for two bytes. */
#define NORMALIZED_GROWTH 7

#define CHARACTER_MASK 0x1FFFFFu
#define CHARACTER_WORD (1u << 24)      /* its lower case belongs to tokens */
#define CHARACTER_CASED (1u << 25)     /* for capital sigma */
#define CHARACTER_IGNORABLE (1u << 26) /* for capital sigma */
#define CHARACTER_EXPANDS (1u << 27)   /* lower case is several characters, at this place among them */

#define CAPITAL_SIGMA 0x3A3u
#define SMALL_SIGMA 0x3C3u
#define FINAL_SIGMA 0x3C2u

#define LEAST_TOKEN 2 /* gensim.utils.simple_preprocess: min_len and max_len */
#define MOST_TOKEN 15

typedef enum { NORMALIZE_OK, NORMALIZE_NO_MEMORY, NORMALIZE_BAD_UTF8 } normalize_status;
typedef enum { NORMALIZE_SIMPLE, NORMALIZE_TEXT8 } normalize_kind;
typedef enum { BAD_BYTES_REFUSE, BAD_BYTES_REPLACE, BAD_BYTES_IGNORE } bad_bytes_policy;

typedef struct {
    normalize_kind kind;
    bad_bytes_policy policy;
    const uint32_t *pages;      /* (n_pages * 256,) */
    const uint16_t *page_of;    /* (0x110000 / 256,) */
    const uint32_t *expansions; /* runs of characters, each with a 0 behind it */

    uint8_t *text; /* raw, not worked on yet */
    size_t text_size, text_capacity;
    uint8_t *mended;
    size_t mended_capacity;
    uint8_t *out;
    size_t out_size, out_capacity;

    int64_t file_offset, newline_count; /* of text[0], in the file */
    int64_t fault_offset, fault_line;
} normalizer;

static inline void normalizer_free(normalizer *state) {
    free(state->text);
    free(state->mended);
    free(state->out);
    state->text = state->mended = state->out = NULL;
}

static inline int reserve_bytes(uint8_t **bytes, size_t *capacity, size_t needed) {
    if (needed <= *capacity) return 0;
    size_t wanted = needed + needed / 2;
    uint8_t *grown = (uint8_t *)realloc(*bytes, wanted);
    if (!grown) return 1;
    *bytes = grown;
    *capacity = wanted;
    return 0;
}

static inline uint32_t character_entry(const normalizer *state, uint32_t code) {
    return state->pages[((size_t)state->page_of[code >> 8] << 8) | (code & 255)];
}

static inline uint32_t lower_case(uint32_t code, uint32_t entry) { return (code + entry) & CHARACTER_MASK; }

/* The character of valid UTF-8 at `text`; `*length` becomes its bytes. */
static inline uint32_t decode_valid(const uint8_t *text, unsigned *length) {
    uint8_t lead = text[0];
    if (lead < 0x80) return *length = 1, lead;
    if (lead < 0xE0) return *length = 2, (lead & 0x1Fu) << 6 | (text[1] & 0x3Fu);
    if (lead < 0xF0) return *length = 3, (lead & 0x0Fu) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    *length = 4;
    return (lead & 0x07u) << 18 | (text[1] & 0x3Fu) << 12 | (text[2] & 0x3Fu) << 6 | (text[3] & 0x3Fu);
}

static inline uint8_t *write_character(uint8_t *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (uint8_t)code;
    } else if (code < 0x800) {
        *to++ = (uint8_t)(0xC0 | code >> 6);
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (uint8_t)(0xE0 | code >> 12);
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    } else {
        *to++ = (uint8_t)(0xF0 | code >> 18);
        *to++ = (uint8_t)(0x80 | (code >> 12 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    }
    return to;
}

/* Lower case of the capital sigma at `sigma`: final if the nearest character before it that is not ignorable is cased
 * and the nearest one behind it is not (Unicode's Final_Sigma, as str.lower() has it). */
static uint32_t lower_sigma(const normalizer *state, const uint8_t *begin, const uint8_t *sigma, const uint8_t *end) {
    unsigned length;
    uint32_t entry = CHARACTER_IGNORABLE;
    const uint8_t *place = sigma;
    while (place > begin && entry & CHARACTER_IGNORABLE) {
        do place--;
        while ((*place & 0xC0) == 0x80);
        entry = character_entry(state, decode_valid(place, &length));
    }
    if (entry & CHARACTER_IGNORABLE || !(entry & CHARACTER_CASED)) return SMALL_SIGMA;
    for (place = sigma + 2; place < end; place += length) {
        entry = character_entry(state, decode_valid(place, &length));
        if (!(entry & CHARACTER_IGNORABLE)) return entry & CHARACTER_CASED ? SMALL_SIGMA : FINAL_SIGMA;
    }
    return FINAL_SIGMA;
}

typedef struct {
    uint8_t *to, *start; /* where the next byte goes; where the open token began */
    uint32_t length;     /* its characters */
} open_token;

/* Ends the open token, keeping it if simple_preprocess would, and writes `separator` unless one stands there. */
static inline open_token close_token(open_token token, uint8_t separator) {
    int keep = token.length - LEAST_TOKEN <= MOST_TOKEN - LEAST_TOKEN && token.start[0] != '_';
    token.to = keep ? token.to : token.start;
    if (token.to != token.start || separator == '\n') *token.to++ = separator;
    token.start = token.to;
    token.length = 0;
    return token;
}

static inline open_token add_character(open_token token, uint32_t lower, int is_word) {
    if (!is_word) return close_token(token, ' ');
    token.to = write_character(token.to, lower);
    token.length++;
    return token;
}

/* Valid text to tokens of lower-case letters (and what else `\w` without decimal digits is), 2 to 15 of them. */
static uint8_t *normalize_simple(const normalizer *state, const uint8_t *from, const uint8_t *end, uint8_t *to) {
    const uint8_t *begin = from;
    const uint32_t *ascii = state->pages + ((size_t)state->page_of[0] << 8);
    open_token token = {to, to, 0};
    while (from < end) {
        unsigned length;
        uint32_t entry;
        if (*from < 0x80) {
            entry = ascii[*from];
            if (entry & CHARACTER_WORD) {
                *token.to++ = (uint8_t)(*from + entry);
                token.length++;
            } else {
                token = close_token(token, *from == '\n' ? '\n' : ' ');
            }
            from++;
            continue;
        }
        uint32_t code = decode_valid(from, &length);
        entry = character_entry(state, code);
        if (entry & CHARACTER_EXPANDS) {
            const uint32_t *character = state->expansions + (entry & CHARACTER_MASK);
            for (; *character; character++)
                token = add_character(token, *character & CHARACTER_MASK, (*character & CHARACTER_WORD) != 0);
        } else if (code == CAPITAL_SIGMA) {
            token = add_character(token, lower_sigma(state, begin, from, end), 1);
        } else {
            token = add_character(token, lower_case(code, entry), (entry & CHARACTER_WORD) != 0);
        }
        from += length;
    }
    /* Only the end of the file is not behind a separator. */
    token = close_token(token, ' ');
    return token.to;
}

/* Valid text to words of a-z, digits spelled out (Mahoney's wikifil.pl, its last lines). */
static uint8_t *normalize_text8(const uint8_t *from, const uint8_t *end, uint8_t *to) {
    static const char *const digits[10] = {" zero ", " one ", " two ", " three ", " four ",
                                           " five ", " six ", " seven ", " eight ", " nine "};
    for (; from < end; from++) {
        uint8_t byte = *from, lower = byte | 0x20;
        if (lower >= 'a' && lower <= 'z') {
            *to++ = lower;
        } else if (byte >= '0' && byte <= '9') {
            const char *name = digits[byte - '0'];
            size_t size = strlen(name);
            memcpy(to, name, size);
            to += size;
        } else {
            *to++ = byte == '\n' ? '\n' : ' ';
        }
    }
    return to;
}

/* First byte of bad UTF-8 in valid-or-not text, or `end`. */
static const uint8_t *first_bad_byte(const uint8_t *from, const uint8_t *end) {
    while (from < end) {
        uint64_t eight;
        while (end - from >= 8 && (memcpy(&eight, from, 8), !(eight & UINT64_C(0x8080808080808080)))) from += 8;
        if (from == end) break;
        unsigned length;
        if (utf8_character(from, end, &length) != UTF8_VALID) return from;
        from += length;
    }
    return end;
}

static int64_t count_newlines(const uint8_t *from, const uint8_t *end) {
    int64_t count = 0;
    for (; from < end; from++) count += *from == '\n';
    return count;
}

/* Normalises one slice behind what is in `out`. On bad UTF-8 the lines before that of the fault are done. */
static normalize_status normalize_slice(normalizer *state, const uint8_t *from, size_t size) {
    const uint8_t *end = from + size, *good = end;
    if (state->policy == BAD_BYTES_REFUSE) {
        const uint8_t *fault = first_bad_byte(from, end);
        state->newline_count += count_newlines(from, fault);
        if (fault < end) {
            state->fault_offset = state->file_offset + (fault - from);
            state->fault_line = state->newline_count;
            for (good = fault; good > from && good[-1] != '\n';) good--;
        }
        state->file_offset += (int64_t)size;
    } else if (first_bad_byte(from, end) < end) {
        size_t used;
        if (reserve_bytes(&state->mended, &state->mended_capacity, 3 * size)) return NORMALIZE_NO_MEMORY;
        size = utf8_copy_lenient(state->mended, from, size, state->policy == BAD_BYTES_IGNORE, 1, &used);
        from = state->mended;
        good = end = from + size;
    }
    if (reserve_bytes(&state->out, &state->out_capacity, state->out_size + NORMALIZED_GROWTH * size + 16))
        return NORMALIZE_NO_MEMORY;
    uint8_t *to = state->out + state->out_size;
    to = state->kind == NORMALIZE_SIMPLE ? normalize_simple(state, from, good, to) : normalize_text8(from, good, to);
    state->out_size = (size_t)(to - state->out);
    return good < end ? NORMALIZE_BAD_UTF8 : NORMALIZE_OK;
}

static inline int ends_everything(uint8_t byte) { return byte == ' ' || byte == '\n'; }

/* Takes in a block and normalises what is complete, all of it if `final`; the caller empties `out`. */
static normalize_status normalizer_feed(normalizer *state, const uint8_t *block, size_t size, int final) {
    if (reserve_bytes(&state->text, &state->text_capacity, state->text_size + size + 1)) return NORMALIZE_NO_MEMORY;
    if (size) memcpy(state->text + state->text_size, block, size);
    size_t searched = state->text_size, complete = state->text_size + size, done = 0;
    state->text_size = complete;
    if (!final) {
        while (complete > searched && !ends_everything(state->text[complete - 1])) complete--;
        if (complete == searched) return NORMALIZE_OK; /* no end in what came: no token is complete */
    }
    while (done < complete) {
        size_t end = complete - done > NORMALIZE_SLICE ? done + NORMALIZE_SLICE : complete;
        while (end < complete && !ends_everything(state->text[end - 1])) end++;
        normalize_status status = normalize_slice(state, state->text + done, end - done);
        if (status) return status;
        done = end;
    }
    memmove(state->text, state->text + done, state->text_size - done);
    state->text_size -= done;
    return NORMALIZE_OK;
}

#endif
