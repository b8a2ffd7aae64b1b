/* Design: a block of text becomes the same text with its phrases joined.
 *
 * Three steps, each a plain loop over the block's arrays: where tokens and lines end (byte_masks.h), the id of each
 * token that stands in some phrase (type_table.h; -1 for all others), and line by line the passes of the merging walk
 * (pair_walk.h), whose places say which tokens every id of the result covers. Tokens are copied from the text itself,
 * so no other word has to be known, and the table of those in phrases fits the second-level cache.
 *
 * Tokens come out with single spaces between them, lines with a line feed, blank lines not at all.
 */
#ifndef W2VPLUS_PHRASE_TEXT_H
#define W2VPLUS_PHRASE_TEXT_H

#include "pair_walk.h"
#include "type_table.h"
#include "utf8.h"

#define PHRASE_TEXT_PADDING MASK_BYTES /* whole masks and whole keys may be read past the end of a text */
#define LOOKUP_BATCH 64
#define COPY_BYTES 16

typedef struct {
    type_table words;            /* of phrases and connectors; shared by threads, which only read */
    const uint8_t *is_connector; /* by id, of words and phrases */
    const PairPhrases **passes;
    int64_t pass_count;
    const uint8_t *delimiter;
    size_t delimiter_size;
    int64_t max_sentence_length; /* longer lines become several */
} text_phrases;

/* One block on its way. `text` is padded, below 4 GiB, and cut where white space ends or begins. */
typedef struct {
    const uint8_t *text;
    size_t size;
    int ends_line;       /* else the last line goes on in the next block */
    uint32_t *edges;     /* size + 1: start, end, start, end ... of tokens */
    uint32_t *line_ends; /* size + 1: tokens before each, blank lines left out */
    int32_t *ids;        /* size / 2 + 1 */
    int32_t *places;     /* size / 2 + 1 */
    int64_t token_count, line_count, written_count;
    int64_t fault_offset; /* of bytes that are not UTF-8; -1 without any */
    int64_t fault_line;   /* from 0 */
} text_block;

/* Edges of all tokens and ends of all lines; finds the first fault too. */
static void block_split(text_block *block) {
    uint64_t carried_spaces = 0;
    size_t edge_count = 0, checked = 0;
    int64_t newline_count = 0;
    for (size_t position = 0; position < block->size; position += MASK_BYTES) {
        const size_t left = block->size - position;
        const uint64_t valid = low_bits(left);
        const byte_masks masks = classify_bytes(block->text + position);
        const uint64_t newlines = masks.newline & valid;
        uint64_t spaces = (masks.space & valid) | carried_spaces;
        carried_spaces = 0;
        if (masks.high & valid) {
            const size_t until = left < MASK_BYTES ? block->size : position + MASK_BYTES;
            const size_t from = checked > position ? checked : position;
            if (from < until) {
                const uint8_t *good = block->text + until;
                const size_t fault = (size_t)(utf8_first_fault(block->text + from, block->text + until,
                                                               block->text + block->size, &good) - block->text);
                if (fault < until) {
                    block->fault_offset = (int64_t)fault;
                    block->fault_line = newline_count + count_bits(newlines & low_bits(fault - position));
                    return;
                }
                checked = (size_t)(good - block->text);
            }
            spaces |= unicode_spaces(block->text + position, valid, &carried_spaces);
        }
        /* An edge is where white space and not white space differ from the byte before. */
        const uint64_t edges = (spaces ^ ((spaces << 1) | (~edge_count & 1))) & valid;
        for (uint64_t rest = newlines; rest; rest &= rest - 1) {
            const uint32_t tokens = (uint32_t)((edge_count + count_bits(edges & (rest ^ (rest - 1)))) / 2);
            const uint32_t before = block->line_count ? block->line_ends[block->line_count - 1] : 0;
            if (tokens > before) block->line_ends[block->line_count++] = tokens;
        }
        newline_count += count_bits(newlines);
        for (uint64_t rest = edges; rest; rest &= rest - 1)
            block->edges[edge_count++] = (uint32_t)(position + lowest_bit(rest));
    }
    if (edge_count & 1) block->edges[edge_count++] = (uint32_t)block->size;
    block->token_count = (int64_t)(edge_count / 2);
}

static void block_look_up(text_block *block, const type_table *words) {
    for (int64_t batch = 0; batch < block->token_count; batch += LOOKUP_BATCH) {
        const int64_t end = batch + LOOKUP_BATCH < block->token_count ? batch + LOOKUP_BATCH : block->token_count;
        token_key keys[LOOKUP_BATCH];
        for (int64_t i = batch; i < end; i++) {
            const uint32_t *edge = block->edges + 2 * i;
            keys[i - batch] = make_key(block->text + edge[0], edge[1] - edge[0]);
            prefetch_for_write(&words->slots[keys[i - batch].hash & words->slot_mask]);
        }
        for (int64_t i = batch; i < end; i++) {
            block->ids[i] = table_find(words, &keys[i - batch], block->text + block->edges[2 * i]);
            block->places[i] = (int32_t)i;
        }
    }
}

/* Sixteen bytes always, which are most tokens whole; text and target have room for them. */
static inline uint8_t *copy_token(uint8_t *target, const uint8_t *token, size_t length) {
    memcpy(target, token, COPY_BYTES);
    if (length > COPY_BYTES) memcpy(target + COPY_BYTES, token + COPY_BYTES, length - COPY_BYTES);
    return target + length;
}

/* Merges and writes the tokens begin .. end - 1, a sentence; `last` goes behind it. */
static uint8_t *block_write_sentence(text_block *block, const text_phrases *phrases, int64_t begin, int64_t end,
                                     uint8_t last, uint8_t *target) {
    int32_t *ids = block->ids + begin, *places = block->places + begin;
    int64_t count = end - begin;
    for (int64_t pass = 0; pass < phrases->pass_count; pass++)
        count = pair_merge_sentence(phrases->passes[pass], phrases->is_connector, ids, places, count, ids, places);
    for (int64_t i = 0, token = begin; i < count; i++) {
        const int64_t next = i + 1 < count ? places[i + 1] : end;
        while (token < next) {
            const uint32_t *edge = block->edges + 2 * token;
            target = copy_token(target, block->text + edge[0], edge[1] - edge[0]);
            if (++token < next) {
                memcpy(target, phrases->delimiter, phrases->delimiter_size);
                target += phrases->delimiter_size;
            }
        }
        *target++ = ' ';
    }
    target[-1] = last;
    block->written_count += count;
    return target;
}

/* Bytes that the joined text takes at most. */
static inline size_t block_joined_size(const text_block *block, const text_phrases *phrases) {
    const size_t longer = phrases->delimiter_size > 1 ? phrases->delimiter_size - 1 : 0;
    return block->size + 1 + (size_t)block->token_count * longer + COPY_BYTES;
}

/* Writes the joined block to `target`, which holds `block_joined_size` bytes; returns how many were used. */
static size_t block_join(text_block *block, const text_phrases *phrases, uint8_t *target) {
    uint8_t *const start = target;
    int64_t begin = 0;
    block_look_up(block, &phrases->words);
    for (int64_t line = 0; begin < block->token_count; line++) {
        const int is_open = line == block->line_count;
        const int64_t line_end = is_open ? block->token_count : block->line_ends[line];
        while (begin < line_end) {
            const int64_t left = line_end - begin;
            const int64_t end = left > phrases->max_sentence_length ? begin + phrases->max_sentence_length : line_end;
            const uint8_t last = is_open && !block->ends_line && end == line_end ? ' ' : '\n';
            target = block_write_sentence(block, phrases, begin, end, last, target);
            begin = end;
        }
    }
    return (size_t)(target - start);
}

#endif
