/* Design: one function judges one character; the strict check and the lenient copy are loops over it. The verdicts
 * are those of Python's UTF-8 codec (which follows Unicode 3.9, "maximal subparts"): a bad sequence is as long as
 * its prefix could have been the start of a valid character, at least one byte, and each such sequence is one
 * U+FFFD under errors="replace" and nothing under errors="ignore".
 */
#ifndef W2VPLUS_UTF8_H
#define W2VPLUS_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "byte_masks.h"

typedef enum { UTF8_VALID, UTF8_INVALID, UTF8_INCOMPLETE } utf8_verdict;

/* Judges the character at `text` (text < end). `*length` becomes the bytes of the character, of the bad sequence,
 * or of what is there of an incomplete one. */
static inline utf8_verdict utf8_character(const uint8_t *text, const uint8_t *end, unsigned *length) {
    uint8_t lead = text[0];
    *length = 1;
    if (lead < 0x80) return UTF8_VALID;
    if (lead < 0xC2 || lead > 0xF4) return UTF8_INVALID;
    unsigned needed = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    /* The second byte's range excludes overlong forms, surrogates and code points above 10FFFF. */
    uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (; *length < needed; (*length)++) {
        if (text + *length == end) return UTF8_INCOMPLETE;
        uint8_t byte = text[*length];
        if (byte < low || byte > high) return UTF8_INVALID;
        low = 0x80;
        high = 0xBF;
    }
    return UTF8_VALID;
}

/* Bytes at the end of text[0..size) that may be the start of a character still to come (0..3). */
static inline size_t utf8_incomplete_tail(const uint8_t *text, size_t size) {
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        uint8_t byte = text[size - back];
        if (byte < 0x80) return 0;
        if (byte >= 0xC0) {
            unsigned length;
            return utf8_character(text + size - back, text + size, &length) == UTF8_INCOMPLETE ? back : 0;
        }
    }
    return 0;
}

/* First byte of the first bad sequence in [from, until), or `until` if there is none; `until` may lie inside the
 * last character, which is judged with the bytes up to `end`. `*checked` becomes the end of the last good one. */
static inline const uint8_t *utf8_first_fault(const uint8_t *from, const uint8_t *until, const uint8_t *end,
                                              const uint8_t **checked) {
    while (from < until) {
        unsigned length;
        if (utf8_character(from, end, &length) != UTF8_VALID) return from;
        from += length;
    }
    *checked = from;
    return until;
}

/* Copies `size` bytes of `source` to `target` with bad sequences replaced by U+FFFD, or left out if `ignore`.
 * `target` must hold 3 * size bytes. Stops before an incomplete last character unless `final`, which makes it a
 * bad one. Returns the bytes written; `*used` becomes the bytes read. */
static inline size_t utf8_copy_lenient(uint8_t *target, const uint8_t *source, size_t size, int ignore, int final,
                                       size_t *used) {
    const uint8_t *from = source, *end = source + size;
    uint8_t *to = target;
    while (from < end) {
        const uint8_t *run = from;
        while (from < end && *from < 0x80) from++;
        memcpy(to, run, (size_t)(from - run));
        to += from - run;
        if (from == end) break;
        unsigned length;
        utf8_verdict verdict = utf8_character(from, end, &length);
        if (verdict == UTF8_INCOMPLETE && !final) break;
        if (verdict == UTF8_VALID) {
            memcpy(to, from, length);
            to += length;
        } else if (!ignore) {
            memcpy(to, "\xEF\xBF\xBD", 3);
            to += 3;
        }
        from += length;
    }
    *used = (size_t)(from - source);
    return (size_t)(to - target);
}

#endif
