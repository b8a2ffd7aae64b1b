/* Design: sixty-four bytes of text become three 64-bit masks, bit i for byte i: ASCII white space, line feed and
 * non-ASCII. Everything later (token edges, line ends, UTF-8 checks) is bit arithmetic on such masks, so the text
 * is looked at once. SSE2 is part of every x86-64; other machines take a table, which costs a cycle a byte.
 * White space is that of Python's str.split(): U+0009-000D, 001C-0020 here, the non-ASCII kinds in `unicode_spaces`.
 */
#ifndef W2VPLUS_BYTE_MASKS_H
#define W2VPLUS_BYTE_MASKS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__) || defined(_M_X64)
#define W2VPLUS_SSE2 1
#include <emmintrin.h>
#endif
#if defined(_MSC_VER)
#include <intrin.h>
#endif

#define MASK_BYTES 64

typedef struct {
    uint64_t space;   /* ASCII white space, line feeds included */
    uint64_t newline; /* 0x0A */
    uint64_t high;    /* bytes of non-ASCII characters */
} byte_masks;

/* Position of the lowest set bit; `bits` must not be 0. */
static inline unsigned lowest_bit(uint64_t bits) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long position;
    if (_BitScanForward(&position, (unsigned long)bits)) return (unsigned)position;
    _BitScanForward(&position, (unsigned long)(bits >> 32));
    return (unsigned)position + 32;
#else
    return (unsigned)__builtin_ctzll(bits);
#endif
}

static inline unsigned count_bits(uint64_t bits) {
    bits -= (bits >> 1) & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + ((bits >> 2) & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)((bits * 0x0101010101010101u) >> 56);
}

/* The `count` lowest bits set; count in 0..64. */
static inline uint64_t low_bits(size_t count) { return count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1; }

#if defined(W2VPLUS_SSE2)

/* Bytes of `bytes` within [low, low + width], as 0xFF. */
static inline __m128i bytes_in_range(__m128i bytes, char low, char width) {
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(width)), above);
}

static inline byte_masks classify_bytes(const uint8_t *text) {
    byte_masks masks = {0, 0, 0};
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * part));
        __m128i space = _mm_or_si128(bytes_in_range(bytes, 0x09, 4), bytes_in_range(bytes, 0x1C, 4));
        __m128i newline = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
        masks.space |= (uint64_t)(uint32_t)_mm_movemask_epi8(space) << (16 * part);
        masks.newline |= (uint64_t)(uint32_t)_mm_movemask_epi8(newline) << (16 * part);
        masks.high |= (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << (16 * part);
    }
    return masks;
}

/* Bytes that may open a white-space character: 0xC2 and 0xE1-0xE3. */
static inline uint64_t possible_space_leads(const uint8_t *text) {
    uint64_t leads = 0;
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * part));
        __m128i lead = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xC2)),
                                    bytes_in_range(bytes, (char)0xE1, 2));
        leads |= (uint64_t)(uint32_t)_mm_movemask_epi8(lead) << (16 * part);
    }
    return leads;
}

#else

static inline byte_masks classify_bytes(const uint8_t *text) {
    byte_masks masks = {0, 0, 0};
    for (int i = 0; i < MASK_BYTES; i++) {
        uint8_t byte = text[i];
        uint64_t is_space = (uint8_t)(byte - 0x09) <= 4 || (uint8_t)(byte - 0x1C) <= 4;
        masks.space |= is_space << i;
        masks.newline |= (uint64_t)(byte == '\n') << i;
        masks.high |= (uint64_t)(byte >> 7) << i;
    }
    return masks;
}

static inline uint64_t possible_space_leads(const uint8_t *text) {
    uint64_t leads = 0;
    for (int i = 0; i < MASK_BYTES; i++)
        leads |= (uint64_t)(text[i] == 0xC2 || (uint8_t)(text[i] - 0xE1) <= 2) << i;
    return leads;
}

#endif

/* Length in bytes of the white-space character that starts at `text` with a non-ASCII byte, or 0. The character
 * must be complete and valid: U+0085, 00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000. */
static inline unsigned unicode_space_length(const uint8_t *text) {
    switch (text[0]) {
    case 0xC2: return text[1] == 0x85 || text[1] == 0xA0 ? 2 : 0;
    case 0xE1: return text[1] == 0x9A && text[2] == 0x80 ? 3 : 0;
    case 0xE2:
        if (text[1] == 0x80)
            return text[2] <= 0x8A || text[2] == 0xA8 || text[2] == 0xA9 || text[2] == 0xAF ? 3 : 0;
        return text[1] == 0x81 && text[2] == 0x9F ? 3 : 0;
    case 0xE3: return text[1] == 0x80 && text[2] == 0x80 ? 3 : 0;
    default: return 0;
    }
}

/* Mask of the bytes of non-ASCII white space that starts in the `valid` bytes of `text`; what runs over into the
 * next sixty-four is left in `carried`. */
static inline uint64_t unicode_spaces(const uint8_t *text, uint64_t valid, uint64_t *carried) {
    uint64_t spaces = 0;
    for (uint64_t leads = possible_space_leads(text) & valid; leads; leads &= leads - 1) {
        unsigned position = lowest_bit(leads);
        unsigned length = unicode_space_length(text + position);
        if (!length) continue;
        spaces |= low_bits(length) << position;
        if (position + length > MASK_BYTES) *carried = low_bits(position + length - MASK_BYTES);
    }
    return spaces;
}

#endif
