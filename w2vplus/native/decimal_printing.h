/* Design: float32 to the decimal with the fewest digits that reads back to the same float, and of those the nearest
 * to it: the text of numpy's str(float32). The digits come from Schubfach (Giulietti, "The Schubfach way to render
 * doubles", 2020), here for float32, where 64-bit powers of ten and 32 x 32-bit products suffice. No locale is
 * asked. `shortest_digits` finds digits and exponent, `decimal_print` sets them as NumPy does.
 *
 * A float c * 2^q stands for every real number between its two neighbours' midpoints. Let 10^k be the largest power
 * of ten not above the length of that interval: at least one multiple of 10^k then lies inside, and at most one
 * multiple of 10^(k+1). So the answer is that one, or else the multiple of 10^k next to the float on one side or
 * the other. The comparisons that decide this are made on quarters of 10^k, cut off with a lowest bit that says
 * whether anything was cut ("rounded to odd"), which keeps every comparison right.
 */
#ifndef W2VPLUS_DECIMAL_PRINTING_H
#define W2VPLUS_DECIMAL_PRINTING_H

#include <stdint.h>
#include <string.h>

#define SHORTEST_LEAST_POWER -31
#define SHORTEST_MOST_POWER 45
#define DECIMAL_LONGEST 15 /* bytes of the longest texts, of nine digits: -1.00014165e-36 and -0.000100000005 */
#define DECIMAL_SLACK 16   /* bytes behind the text that may be written too: copies of a fixed size are quicker */

/* Floats from 1e-4 to below 1e6 are written without an exponent: NumPy's bounds (from 2.4 on; the upper one was 1e16
 * before). Below are the bits of the first float that is at least 1e-4, and of 1e6. */
#define DECIMAL_FIRST_PLAIN UINT32_C(0x38D1B718)
#define DECIMAL_BEYOND_PLAIN UINT32_C(0x49742400)

/* For p from SHORTEST_LEAST_POWER: 10^p = about g * 2^(floor(log2(10^p)) - 63), where g is that power's first 64
 * bits, plus one. The extension fills this in from exact integers when it is imported; constant from then on. */
static uint64_t SHORTEST_POWERS[SHORTEST_MOST_POWER - SHORTEST_LEAST_POWER + 1];

/* floor(log2(10^p)), floor(log10(2^q)) and floor(log10(3/4 * 2^q)) for the exponents of float32: the constants are
 * the logarithms in fixed point, close enough for them. */
static inline int floor_log2_power10(int p) { return (p * 1741647) >> 19; }
static inline int floor_log10_power2(int q) { return (q * 1262611) >> 22; }
static inline int floor_log10_three_quarters_power2(int q) { return (q * 1262611 - 524031) >> 22; }

/* The upper 32 bits of the 96-bit product, with the lowest bit set if what is below them counts. */
static inline uint32_t product_rounded_to_odd(uint64_t power, uint32_t factor) {
    uint64_t low = (power & UINT32_MAX) * factor, high = (power >> 32) * factor;
    uint64_t sum = high + (low >> 32);
    /* `power` is too large by up to one, so an exact product shows as a remainder of up to one. */
    return (uint32_t)(sum >> 32) | ((uint32_t)sum > 1);
}

/* Digits and power of ten of the positive finite float with these bits; the digits may end in zeros. */
static inline uint32_t shortest_digits(uint32_t bits, int *power_of_ten) {
    uint32_t fraction = bits & 0x7FFFFF, biased = bits >> 23;
    uint32_t c = biased ? fraction | 0x800000 : fraction;
    int q = biased ? (int)biased - 150 : -149;
    uint32_t is_odd = c & 1; /* the interval's ends round to the even float */
    int is_irregular = fraction == 0 && biased > 1; /* the lower neighbour is half as far away */
    int k = is_irregular ? floor_log10_three_quarters_power2(q) : floor_log10_power2(q);
    int shift = q + floor_log2_power10(-k) + 1;
    uint64_t power = SHORTEST_POWERS[-k - SHORTEST_LEAST_POWER];
    /* The float and its interval's ends, in quarters of 10^k. */
    uint32_t value = product_rounded_to_odd(power, (4 * c) << shift);
    uint32_t lower = product_rounded_to_odd(power, (4 * c - 2 + (uint32_t)is_irregular) << shift) + is_odd;
    uint32_t upper = product_rounded_to_odd(power, (4 * c + 2) << shift) - is_odd;
    uint32_t below = value / 4; /* the multiple of 10^k not above the float */
    *power_of_ten = k;
    if (below >= 10) {
        uint32_t tens = below / 10;
        int lower_fits = lower <= 40 * tens, upper_fits = 40 * tens + 40 <= upper;
        if (lower_fits != upper_fits) {
            *power_of_ten = k + 1;
            return tens + (uint32_t)upper_fits;
        }
    }
    int lower_fits = lower <= 4 * below, upper_fits = 4 * below + 4 <= upper;
    if (lower_fits != upper_fits) return below + (uint32_t)upper_fits;
    uint32_t middle = 4 * below + 2;
    return below + (value > middle || (value == middle && (below & 1)));
}

static const char DIGIT_PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
    "55565758596061626364656667686970717273747576777879808182838485868788899091929394959697989900";

/* Writes `digits` < 10^9 as nine characters. */
static inline void decimal_nine_digits(char *to, uint32_t digits) {
    uint32_t upper = digits / 10000, lower = digits % 10000, middle = upper % 10000;
    to[0] = (char)('0' + upper / 10000);
    memcpy(to + 1, DIGIT_PAIRS + 2 * (middle / 100), 2);
    memcpy(to + 3, DIGIT_PAIRS + 2 * (middle % 100), 2);
    memcpy(to + 5, DIGIT_PAIRS + 2 * (lower / 100), 2);
    memcpy(to + 7, DIGIT_PAIRS + 2 * (lower % 100), 2);
}

/* How many digits 0 < `digits` < 10^9 has; sums of comparisons, for branches would be guessed wrong. */
static inline int decimal_digit_count(uint32_t digits) {
    return 1 + (digits >= 10) + (digits >= 100) + (digits >= 1000) + (digits >= 10000) + (digits >= 100000) +
           (digits >= 1000000) + (digits >= 10000000) + (digits >= 100000000);
}

/* Copies `count` digits, of which there are at most 9, to `to`; returns the end. Reads and writes DECIMAL_SLACK bytes. */
static inline char *decimal_put(char *to, const char *digits, int count) {
    memcpy(to, digits, DECIMAL_SLACK);
    return to + count;
}

static inline char *decimal_put_word(char *to, const char word[3]) {
    memcpy(to, word, 3);
    return to + 3;
}

/* Writes the float of these bits as NumPy's str does: 0.1, -0.0, 1e-05, 1.5e+06, 123.0, nan, inf. At most
 * DECIMAL_LONGEST bytes at `to`, without a NUL, and DECIMAL_SLACK bytes of nothing behind them; returns the end. */
static inline char *decimal_print(char *to, uint32_t bits) {
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) return decimal_put_word(to, "nan");
    *to = '-';
    to += bits >> 31;
    if (magnitude == 0x7F800000) return decimal_put_word(to, "inf");
    if (magnitude == 0) return decimal_put_word(to, "0.0");
    int power_of_ten;
    uint32_t digits = shortest_digits(magnitude, &power_of_ten);
    char buffer[9 + 2 * DECIMAL_SLACK];
    decimal_nine_digits(buffer, digits);
    memset(buffer + 9, '0', DECIMAL_SLACK); /* what a whole number ends in */
    int count = decimal_digit_count(digits), point = count + power_of_ten; /* digits before the point */
    const char *begin = buffer + 9 - count;
    while (begin[count - 1] == '0') count--;
    if (magnitude < DECIMAL_FIRST_PLAIN || magnitude >= DECIMAL_BEYOND_PLAIN) {
        *to++ = *begin;
        if (count > 1) {
            *to++ = '.';
            to = decimal_put(to, begin + 1, count - 1);
        }
        *to++ = 'e';
        *to++ = point > 0 ? '+' : '-';
        memcpy(to, DIGIT_PAIRS + 2 * (point > 0 ? point - 1 : 1 - point), 2);
        return to + 2;
    }
    if (point <= 0) {
        memcpy(to, "0.000000", 8); /* at 1e-4, three zeros follow the point */
        return decimal_put(to + 2 - point, begin, count);
    }
    if (point >= count) {
        to = decimal_put(to, begin, point);
        memcpy(to, ".0", 2);
        return to + 2;
    }
    to = decimal_put(to, begin, point);
    *to++ = '.';
    return decimal_put(to, begin + point, count - point);
}

#endif
