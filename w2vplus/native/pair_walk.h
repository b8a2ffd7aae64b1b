/* Design: two walks over sentences of ids, one that counts phrase candidates and one that merges phrases.
 *
 * A candidate is two words with nothing but connector words between them ("bank of america"): (first, connector run,
 * last). To be a key of two 32-bit numbers it is written (first, ending), where an ending is the last word's id if the
 * run is empty, and otherwise a number from type_count on that stands for (run, last). A run is a number too: 0 is
 * empty, and every longer run is interned as (shorter run, connector). No walk crosses a sentence end.
 *
 * Words are types of the corpus, 0 .. type_count - 1. A negative id is an unknown word: it is no connector and no
 * part of any phrase.
 */
#ifndef W2VPLUS_PAIR_WALK_H
#define W2VPLUS_PAIR_WALK_H

#include "pair_table.h"

typedef struct {
    PairInterner runs;    /* (shorter run, connector) -> run, from 1 */
    PairInterner endings; /* (run, last word) -> ending - type_count + 1 */
    uint32_t type_count;
} PairEndings;

typedef struct {
    const int32_t *ids;
    const int64_t *sentence_starts;
    const uint8_t *is_connector; /* by type */
} PairText;

static inline void pair_endings_free(PairEndings *endings) {
    pair_interner_free(&endings->runs);
    pair_interner_free(&endings->endings);
}

static inline int64_t pair_extend_run(PairEndings *endings, uint32_t run, uint32_t connector) {
    return pair_intern(&endings->runs, run, connector, UINT32_MAX);
}

static inline int64_t pair_ending(PairEndings *endings, uint32_t run, uint32_t last) {
    int64_t number;
    if (run == 0) return last;
    number = pair_intern(&endings->endings, run, last, UINT32_MAX - endings->type_count);
    return number < 0 ? number : number - 1 + endings->type_count;
}

/* Candidates wait here while their slots travel from memory. */
enum { PAIR_PENDING = 32 };

typedef struct {
    Pair pairs[PAIR_PENDING];
    int count;
} PairQueue;

static inline int pair_queue_flush(PairQueue *queue, PairTable *table) {
    for (int i = 0; i < queue->count; i++) {
        const int status = pair_table_add(table, queue->pairs[i].first, queue->pairs[i].second, 1);
        if (status < 0) return status;
    }
    queue->count = 0;
    return pair_table_reserve(table, PAIR_PENDING);
}

/* Counts the candidates of the sentences begin .. end - 1 into `table`. Every word that is no connector ends one
 * candidate and starts the next: candidates overlap. */
static int pair_count_sentences(PairTable *table, PairEndings *endings, const PairText *text, int64_t begin,
                                int64_t end) {
    PairQueue queue;
    queue.count = 0;
    if (pair_table_reserve(table, PAIR_PENDING) < 0) return PAIR_NO_MEMORY;
    for (int64_t sentence = begin; sentence < end; sentence++) {
        int64_t first = -1, run = 0;
        for (int64_t i = text->sentence_starts[sentence]; i < text->sentence_starts[sentence + 1]; i++) {
            const int32_t word = text->ids[i];
            if (word < 0) {
                first = -1;
            } else if (text->is_connector[word]) {
                if (first >= 0 && (run = pair_extend_run(endings, (uint32_t)run, (uint32_t)word)) < 0) return (int)run;
            } else {
                if (first >= 0) {
                    const int64_t ending = pair_ending(endings, (uint32_t)run, (uint32_t)word);
                    if (ending < 0) return (int)ending;
                    pair_table_prefetch(table, (uint32_t)first, (uint32_t)ending);
                    queue.pairs[queue.count].first = (uint32_t)first;
                    queue.pairs[queue.count].second = (uint32_t)ending;
                    if (++queue.count == PAIR_PENDING) {
                        const int status = pair_queue_flush(&queue, table);
                        if (status < 0) return status;
                    }
                }
                first = word;
                run = 0;
            }
        }
    }
    return pair_queue_flush(&queue, table);
}

/* Adds another thread's counts, translating its runs and endings into these. In order of the sentence ranges, the
 * merged tables are numbered as one walk over all sentences would have numbered them. */
static int pair_merge_counts(PairTable *table, PairEndings *endings, const PairTable *other_table,
                             const PairEndings *other) {
    const uint64_t run_count = other->runs.numbers.used, ending_count = other->endings.numbers.used;
    uint32_t *run_of = (uint32_t *)malloc((size_t)(run_count + 1) * sizeof(uint32_t));
    uint32_t *ending_of = (uint32_t *)malloc((size_t)(ending_count + 1) * sizeof(uint32_t));
    int64_t status = run_of && ending_of ? pair_table_reserve(table, other_table->used) : PAIR_NO_MEMORY;
    if (status == PAIR_OK) run_of[0] = 0;
    for (uint64_t i = 0; status >= 0 && i < run_count; i++) {
        const Pair part = other->runs.pairs[i]; /* the shorter run was interned before */
        status = pair_extend_run(endings, run_of[part.first], part.second);
        if (status >= 0) run_of[i + 1] = (uint32_t)status;
    }
    for (uint64_t i = 0; status >= 0 && i < ending_count; i++) {
        const Pair part = other->endings.pairs[i];
        status = pair_ending(endings, run_of[part.first], part.second);
        if (status >= 0) ending_of[i] = (uint32_t)status;
    }
    for (uint64_t i = 0; status >= 0 && other_table->mask && i <= other_table->mask; i++) {
        const PairSlot slot = other_table->slots[i];
        uint32_t ending = slot.second;
        if (slot.value == 0) continue;
        if (ending >= other->type_count) ending = ending_of[ending - other->type_count];
        status = pair_table_add(table, slot.first, ending, slot.value);
    }
    free(run_of);
    free(ending_of);
    return status < 0 ? (int)status : PAIR_OK;
}

/* What the merging walk writes. Phrases of one group are the same words, so they become one type; a group's type is
 * given when it is first used, unless it has one. */
typedef struct {
    int32_t *ids;             /* room for as many tokens as are read */
    int64_t *sentence_starts; /* one more than sentences; [0] is set */
    int64_t *counts;          /* by type, room for every group's new type */
    const int32_t *group_of_phrase;
    int32_t *type_of_group; /* -1: none yet */
    int32_t next_type;
} PairMerged;

static inline int64_t pair_copy_tokens(PairMerged *merged, int64_t written, const int32_t *ids, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        merged->ids[written + i] = ids[i];
        if (ids[i] >= 0) merged->counts[ids[i]]++;
    }
    return written + count;
}

static inline int64_t pair_write_phrase(PairMerged *merged, int64_t written, uint32_t phrase) {
    int32_t *type = merged->type_of_group + merged->group_of_phrase[phrase];
    if (*type < 0) *type = merged->next_type++;
    merged->ids[written] = *type;
    merged->counts[*type]++;
    return written + 1;
}

/* The phrase (value - 1 in `phrases`) that `first`, a run of connectors and `last` make, or -1. Never interns. */
static inline int64_t pair_find_phrase(const PairTable *phrases, const PairEndings *endings, const int32_t *tokens,
                                       int64_t count) {
    const uint32_t first = (uint32_t)tokens[0], last = (uint32_t)tokens[count - 1];
    uint32_t run = 0, ending = last;
    if (tokens[0] < 0 || tokens[count - 1] < 0) return -1;
    for (int64_t i = 1; i < count - 1; i++) {
        run = pair_table_get(&endings->runs.numbers, run, (uint32_t)tokens[i]);
        if (run == 0) return -1;
    }
    if (run) {
        const uint32_t number = pair_table_get(&endings->endings.numbers, run, last);
        if (number == 0) return -1;
        ending = number - 1 + endings->type_count;
    }
    return (int64_t)pair_table_get(phrases, first, ending) - 1;
}

/* Rewrites all sentences, greedily from left to right: a phrase is taken as soon as its last word is seen, and none
 * of its words starts another. Returns the number of tokens written. */
static int64_t pair_merge_sentences(const PairTable *phrases, const PairEndings *endings, const PairText *text,
                                    int64_t sentence_count, PairMerged *merged) {
    int64_t written = 0;
    for (int64_t sentence = 0; sentence < sentence_count; sentence++) {
        const int64_t end = text->sentence_starts[sentence + 1];
        int64_t first = -1; /* position of the word that may start a phrase; nothing from it on is written yet */
        for (int64_t i = text->sentence_starts[sentence]; i < end; i++) {
            const int32_t word = text->ids[i];
            if (word >= 0 && text->is_connector[word]) {
                if (first < 0) written = pair_copy_tokens(merged, written, text->ids + i, 1);
                continue;
            }
            if (first >= 0) {
                const int64_t phrase = pair_find_phrase(phrases, endings, text->ids + first, i - first + 1);
                if (phrase >= 0) {
                    written = pair_write_phrase(merged, written, (uint32_t)phrase);
                    first = -1;
                    continue;
                }
                written = pair_copy_tokens(merged, written, text->ids + first, i - first);
            }
            first = i;
        }
        if (first >= 0) written = pair_copy_tokens(merged, written, text->ids + first, end - first);
        merged->sentence_starts[sentence + 1] = written;
    }
    return written;
}

#endif
