/* Design: decimal text to float32, bit for bit what numpy.float32(text) gives: the decimal rounded to the nearest
 * double, and that rounded to the nearest float. `decimal_scan` takes the text apart, `decimal_value` computes.
 *
 * A number of at most 2^53 with a power of ten up to 10^22 takes one rounded operation on exact doubles, so its
 * double is right (Clinger 1990). For the others the double is right to within a few units in its last place, and
 * that suffices nearly always: rounding to float never reverses an order, so if both ends of the interval of error
 * become the same float, then so does the right double, which lies between them. What is left, one number in some
 * hundred million, and numbers far outside the range of float, go to `exact`, which the caller supplies.
 *
 * The text must be followed by a byte that is no digit (a bytes object's final NUL is one). No locale is asked.
 */
#ifndef W2VPLUS_DECIMAL_READING_H
#define W2VPLUS_DECIMAL_READING_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A decimal +-digits * 10^exponent; `is_cut` if digits beyond the 19th were left out, which only made it smaller. */
typedef struct {
    uint64_t digits;
    int64_t exponent;
    int is_negative, is_cut, is_special;
    double special; /* NaN or infinity, if is_special */
} decimal;

/* The double nearest to the decimal text[0..size); called for the hard cases alone. */
typedef double (*decimal_exact)(const char *text, size_t size);

#define DECIMAL_MOST_DIGITS 19 /* 10^19 - 1 < 2^64 */
#define DECIMAL_MOST_EXPONENT 64
#define DECIMAL_HUGE_EXPONENT 100000000
/* Whether an operation on doubles is rounded to a double, and not, as on the x87, to something wider. */
#define DECIMAL_DOUBLES_ARE_PLAIN (FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1)

/* Powers of ten as doubles, nearest where not exact (from 10^23 on). */
static const double DECIMAL_POWERS[DECIMAL_MOST_EXPONENT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33,
    1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50,
    1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63, 1e64};

static inline unsigned decimal_digit(char byte) { return (unsigned)(unsigned char)byte - '0'; }

/* Appends the digits at `text` to `*digits`, modulo 2^64; returns where they end. */
static inline const char *decimal_digits(const char *text, uint64_t *digits) {
    uint64_t sum = *digits;
    unsigned digit;
    while ((digit = decimal_digit(*text)) <= 9) {
        sum = 10 * sum + digit;
        text++;
    }
    *digits = sum;
    return text;
}

/* Whether text[0..] is the lower-case `word`, in any case. */
static inline int decimal_is_word(const char *text, const char *end, const char *word) {
    for (; *word; word++, text++)
        if (text == end || (*text | 0x20) != *word) return 0;
    return 1;
}

/* "nan", "inf" or "infinity" at `text`; returns where it ends, or NULL. */
static const char *decimal_scan_special(const char *text, const char *end, decimal *number) {
    number->is_special = 1;
    if (decimal_is_word(text, end, "nan")) {
        number->special = NAN;
        return text + 3;
    }
    if (!decimal_is_word(text, end, "inf")) return NULL;
    number->special = INFINITY;
    return text + (decimal_is_word(text, end, "infinity") ? 8 : 3);
}

/* The first DECIMAL_MOST_DIGITS significant digits of a longer row of digits (with a point in it). */
static void decimal_cut(const char *text, const char *end, decimal *number) {
    int taken = 0, is_fraction = 0;
    number->digits = 0;
    for (; text < end; text++) {
        if (*text == '.') {
            is_fraction = 1;
            continue;
        }
        if (taken < DECIMAL_MOST_DIGITS) {
            number->digits = 10 * number->digits + decimal_digit(*text);
            taken += number->digits != 0;
            number->exponent -= is_fraction;
        } else {
            number->is_cut |= *text != '0';
            number->exponent += !is_fraction;
        }
    }
}

/* Takes the number at the beginning of text[..end) apart; returns where it ends, or NULL if there is none. */
static inline const char *decimal_scan(const char *text, const char *end, decimal *number) {
    memset(number, 0, sizeof *number);
    if (text == end) return NULL;
    number->is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    const char *begin = text;
    text = decimal_digits(text, &number->digits);
    ptrdiff_t digit_count = text - begin;
    if (*text == '.') {
        const char *fraction = ++text;
        text = decimal_digits(text, &number->digits);
        digit_count += text - fraction;
        number->exponent = fraction - text;
    }
    if (digit_count == 0) return *begin == '.' ? NULL : decimal_scan_special(begin, end, number);
    if (digit_count > DECIMAL_MOST_DIGITS) {
        number->exponent = 0;
        decimal_cut(begin, text, number);
    }
    if ((*text | 0x20) == 'e') {
        const char *power = text + 1;
        int is_negative = *power == '-';
        power += *power == '-' || *power == '+';
        if (decimal_digit(*power) > 9) return NULL;
        int64_t exponent = 0;
        for (; decimal_digit(*power) <= 9; power++)
            if (exponent < DECIMAL_HUGE_EXPONENT) exponent = 10 * exponent + decimal_digit(*power);
        number->exponent += is_negative ? -exponent : exponent;
        text = power;
    }
    return text;
}

/* The float of a number scanned from text[0..size). */
static inline float decimal_value(const decimal *number, const char *text, size_t size, decimal_exact exact) {
    double sign = number->is_negative ? -1.0 : 1.0;
    if (number->is_special) return (float)(sign * number->special);
    int64_t exponent = number->exponent;
    if (number->digits == 0) return (float)(sign * 0.0);
    if (exponent < -DECIMAL_MOST_EXPONENT || exponent > DECIMAL_MOST_EXPONENT) return (float)exact(text, size);
    double digits = (double)number->digits;
    double value = exponent < 0 ? digits / DECIMAL_POWERS[-exponent] : digits * DECIMAL_POWERS[exponent];
    int is_exact = number->digits <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22 && !number->is_cut;
    if (is_exact && DECIMAL_DOUBLES_ARE_PLAIN) return (float)(sign * value);
    /* Errors, relative: digits, power and operation 2^-53 each, digits left out 10^-18; 2^-50 is more than all. */
    float low = (float)(value * (1 - 0x1p-50)), high = (float)(value * (1 + 0x1p-50));
    if (low == high) return (float)sign * low;
    return (float)exact(text, size);
}

#endif
