/* Design: rows of word2vec's two formats between bytes and arrays, a block of whole rows at a time. A text row is a
 * key and decimals separated by white space, closed by a line feed; a binary row is a key, a space and the float32
 * themselves. What is wrong with a row is a verdict beside it, never an end of the work: the caller decides what is
 * an error. Rows that can be used fill the matrix without gaps, so a block of size bytes never needs more rows of
 * the matrix than size / (bytes of the smallest row).
 *
 * Text must be followed by a NUL (a bytes object's is one), which ends every scan.
 */
#ifndef W2VPLUS_VECTOR_ROWS_H
#define W2VPLUS_VECTOR_ROWS_H

#include <stdint.h>
#include <string.h>

#include "decimal_printing.h"
#include "decimal_reading.h"

typedef enum {
    ROW_GOOD,
    ROW_SPACED_KEY,  /* the last fields are the vector, and more than one is before them */
    ROW_BLANK,       /* nothing but white space */
    ROW_FIELD_COUNT, /* too few fields, or too many of which the last are no vector */
    ROW_BAD_NUMBER,  /* fault_begin..fault_end is no number */
    ROW_BAD_KEY      /* binary: a line feed in the key */
} row_verdict;

/* Places are offsets in the block. `fields` counts the key and the numbers of a text row with the wrong number. */
typedef struct {
    int64_t begin, key_begin, key_end, fault_begin, fault_end, fields;
    row_verdict verdict;
} vector_row;

/* What separates fields. Others, such as the no-break space, are ordinary characters of keys, as for word2vec.c. */
static inline int is_separator(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static inline const char *after_separators(const char *text, const char *end) {
    while (text < end && is_separator(*text)) text++;
    return text;
}

static inline const char *after_field(const char *text, const char *end) {
    while (text < end && !is_separator(*text)) text++;
    return text;
}

/* Reads `dimensions` numbers of text[..end), one or more separators between them; returns where the last ends, or
 * NULL with `*fault` at the field that is no number (or at `end`, where there is none). */
static inline const char *read_numbers(const char *text, const char *end, int64_t dimensions, float *out,
                                       decimal_exact exact, const char **fault) {
    for (int64_t column = 0; column < dimensions; column++) {
        decimal number;
        text = after_separators(text, end);
        const char *behind = decimal_scan(text, end, &number);
        if (!behind || (behind < end && !is_separator(*behind))) {
            *fault = text;
            return NULL;
        }
        out[column] = decimal_value(&number, text, (size_t)(behind - text), exact);
        text = behind;
    }
    return text;
}

/* A row that is not as it should be: why, and whether its last fields are a vector all the same. */
static row_verdict judge_odd_row(vector_row *row, const char *block, const char *key, const char *end,
                                 int64_t dimensions, int has_key, float *out, decimal_exact exact,
                                 const char *fault) {
    row->fields = 0;
    for (const char *text = key; text < end; text = after_separators(after_field(text, end), end)) row->fields++;
    int64_t before_vector = row->fields - dimensions;
    if (before_vector < has_key || (!has_key && before_vector > 0)) return ROW_FIELD_COUNT;
    if (before_vector > has_key) {
        const char *text = key, *key_end = key;
        for (int64_t field = 0; field < before_vector; field++) {
            key_end = after_field(text, end);
            text = after_separators(key_end, end);
        }
        if (!read_numbers(text, end, dimensions, out, exact, &fault)) return ROW_FIELD_COUNT;
        row->key_end = key_end - block;
        return ROW_SPACED_KEY;
    }
    row->fault_begin = fault - block;
    row->fault_end = after_field(fault, end) - block;
    return ROW_BAD_NUMBER;
}

/* Judges the line[..end) and reads its vector to out (dimensions,), which holds nothing useful after a fault. */
static inline row_verdict read_text_row(vector_row *row, const char *block, const char *line, const char *end,
                                        int64_t dimensions, int has_key, float *out, decimal_exact exact) {
    while (end > line && is_separator(end[-1])) end--;
    const char *key = after_separators(line, end), *fault = key;
    if (key == end) return ROW_BLANK;
    const char *key_end = has_key ? after_field(key, end) : key;
    row->key_begin = key - block;
    row->key_end = key_end - block;
    /* A vector that is too short for the line is never written: `out` may not have room for it. */
    if (end - key_end >= 2 * dimensions - !has_key &&
        read_numbers(key_end, end, dimensions, out, exact, &fault) == end)
        return ROW_GOOD;
    if (end - key < 2 * dimensions - !has_key) fault = NULL;
    return judge_odd_row(row, block, key, end, dimensions, has_key, out, exact, fault);
}

/* Reads up to `most` rows of block[0..size), lines that each end with a line feed, but for the last if the text ends
 * there. `out` has room for (size + 1) / (2 * dimensions) vectors. Returns the rows; `*good` of them are in `out`,
 * `*used` bytes are behind them. */
static inline int64_t read_text_rows(const char *block, int64_t size, int64_t most, int64_t dimensions, int has_key,
                                     vector_row *rows, float *out, decimal_exact exact, int64_t *good,
                                     int64_t *used) {
    const char *line = block, *end = block + size;
    int64_t count = 0;
    *good = 0;
    while (line < end && count < most) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (!line_end) line_end = end;
        vector_row *row = &rows[count++];
        memset(row, 0, sizeof *row);
        row->begin = line - block;
        row->verdict = read_text_row(row, block, line, line_end, dimensions, has_key, out + *good * dimensions, exact);
        *good += row->verdict == ROW_GOOD || row->verdict == ROW_SPACED_KEY;
        line = line_end + (line_end < end);
    }
    *used = line - block;
    return count;
}

/* The same for binary rows: stops at the first row that is not whole, and after one whose key is bad. A key may follow
 * line feeds, which word2vec.c writes after each row. */
static inline int64_t read_binary_rows(const char *block, int64_t size, int64_t most, int64_t dimensions,
                                       int64_t longest_key, vector_row *rows, float *out, int64_t *used) {
    const char *next = block, *end = block + size;
    size_t vector_bytes = (size_t)dimensions * sizeof(float);
    int64_t count = 0;
    while (count < most) {
        vector_row *row = &rows[count];
        const char *key = next;
        while (key < end && *key == '\n') key++;
        int64_t reach = end - key < longest_key + 1 ? end - key : longest_key + 1;
        const char *space = reach ? memchr(key, ' ', (size_t)reach) : NULL;
        if (!space || (size_t)(end - space - 1) < vector_bytes) break;
        memset(row, 0, sizeof *row);
        row->begin = next - block;
        row->key_begin = key - block;
        row->key_end = space - block;
        row->verdict = memchr(key, '\n', (size_t)(space - key)) ? ROW_BAD_KEY : ROW_GOOD;
        count++;
        if (row->verdict == ROW_BAD_KEY) break;
        memcpy(out, space + 1, vector_bytes);
        out += dimensions;
        next = space + 1 + vector_bytes;
    }
    *used = next - block;
    return count;
}

/* Writes vector (dimensions,) as decimals with `separator` between them; returns the end. At most
 * dimensions * (DECIMAL_LONGEST + 1) - 1 bytes, with room for DECIMAL_SLACK more. */
static inline char *print_numbers(char *to, const float *vector, int64_t dimensions, char separator) {
    for (int64_t column = 0; column < dimensions; column++) {
        uint32_t bits;
        memcpy(&bits, &vector[column], sizeof bits);
        if (column) *to++ = separator;
        to = decimal_print(to, bits);
    }
    return to;
}

#endif
