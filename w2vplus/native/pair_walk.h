/* Design: two walks over sentences of ids, one that counts phrase candidates and one that merges phrases.
 *
 * A candidate is two words with nothing but connector words between them ("bank of america"): (first, connector run,
 * last). To be a key of two 32-bit numbers it is written (first, ending), where an ending is the last word's id if the
 * run is empty, and otherwise a number with its highest bit set that stands for (run, last). A run is a number too: 0
 * is empty, and every longer run is interned as (shorter run, connector). No walk crosses a sentence end.
 *
 * Several threads count one text without a lock and without a second copy of any pair: each walks the whole text and
 * counts only its share of the candidates, chosen by a hash of (first, last). Merging threads take ranges of tokens
 * instead; `pair_safe_cut` finds places where a range may begin.
 *
 * A negative id is an unknown word: it is no connector and no part of any phrase.
 */
#ifndef W2VPLUS_PAIR_WALK_H
#define W2VPLUS_PAIR_WALK_H

#include <string.h>

#include "pair_table.h"

#define PAIR_ENDING_BIT UINT32_C(0x80000000) /* word ids stay below it */

typedef struct {
    PairInterner runs;    /* (shorter run, connector) -> run, from 1 */
    PairInterner endings; /* (run, last word) -> 1 + ending without its highest bit */
} PairEndings;

typedef struct {
    const int32_t *ids;
    const int64_t *sentence_starts;
    const uint8_t *is_connector; /* by type */
} PairText;

/* Counts of one share. `kept_pairs` 0: of all pairs; otherwise the rarest are forgotten whenever there are more, and
 * every count may be too low by up to `missed`. */
typedef struct {
    PairTable table;
    PairEndings endings;
    uint32_t share, share_count;
    uint64_t kept_pairs;
    uint64_t missed;
    uint64_t forgotten; /* pairs dropped; one that came again counts again */
    int64_t open_first; /* where the last sentence left off, for a text that comes in pieces: */
    int64_t open_run;   /* the word that waits for its partner (-1: none) and the connectors behind it */
} PairCounts;

static inline void pair_endings_free(PairEndings *endings) {
    pair_interner_free(&endings->runs);
    pair_interner_free(&endings->endings);
}

static inline int pair_is_in_share(const PairCounts *counts, uint32_t first, uint32_t last) {
    return counts->share_count == 1 ||
           ((pair_hash(first, last) >> 40) * counts->share_count) >> 24 == counts->share;
}

static inline int64_t pair_extend_run(PairEndings *endings, uint32_t run, uint32_t connector) {
    return pair_intern(&endings->runs, run, connector, UINT32_MAX);
}

static inline int64_t pair_ending(PairEndings *endings, uint32_t run, uint32_t last) {
    int64_t number;
    if (run == 0) return last;
    number = pair_intern(&endings->endings, run, last, PAIR_ENDING_BIT - 1);
    return number < 0 ? number : (number - 1) | PAIR_ENDING_BIT;
}

/* (run, last word) of an ending. */
static inline Pair pair_ending_parts(const PairEndings *endings, uint32_t ending) {
    Pair parts;
    parts.first = 0;
    parts.second = ending;
    return ending & PAIR_ENDING_BIT ? endings->endings.pairs[ending ^ PAIR_ENDING_BIT] : parts;
}

/* Candidates wait here while their slots travel from memory. */
enum { PAIR_PENDING = 32 };

typedef struct {
    Pair pairs[PAIR_PENDING];
    int count;
} PairQueue;

/* Room for the next queue of pairs, made by forgetting rare ones where only so many are kept. */
static inline int pair_make_room(PairCounts *counts) {
    if (counts->kept_pairs && counts->table.used + PAIR_PENDING > counts->kept_pairs) {
        const uint64_t used = counts->table.used;
        const int64_t level = pair_table_shrink(&counts->table, counts->kept_pairs / 2);
        if (level < 0) return (int)level;
        counts->missed += (uint64_t)level;
        counts->forgotten += used - counts->table.used;
    }
    return pair_table_reserve(&counts->table, PAIR_PENDING);
}

static inline int pair_queue_flush(PairQueue *queue, PairCounts *counts) {
    for (int i = 0; i < queue->count; i++) {
        const int status = pair_table_add(&counts->table, queue->pairs[i].first, queue->pairs[i].second, 1);
        if (status < 0) return status;
    }
    queue->count = 0;
    return pair_make_room(counts);
}

/* Counts this share of the candidates of the sentences begin .. end - 1, the first of which goes on with the last one
 * of the call before if `goes_on`. Every word that is no connector ends one candidate and starts the next: candidates
 * overlap. All shares number the runs alike. */
static int pair_count_sentences(PairCounts *counts, const PairText *text, int64_t begin, int64_t end, int goes_on) {
    PairQueue queue;
    int64_t first = goes_on ? counts->open_first : -1, run = goes_on ? counts->open_run : 0;
    queue.count = 0;
    if (pair_make_room(counts) < 0) return PAIR_NO_MEMORY;
    for (int64_t sentence = begin; sentence < end; sentence++) {
        if (sentence > begin) {
            first = -1;
            run = 0;
        }
        for (int64_t i = text->sentence_starts[sentence]; i < text->sentence_starts[sentence + 1]; i++) {
            const int32_t word = text->ids[i];
            if (word < 0) {
                first = -1;
            } else if (text->is_connector[word]) {
                if (first < 0) continue;
                if ((run = pair_extend_run(&counts->endings, (uint32_t)run, (uint32_t)word)) < 0) return (int)run;
            } else {
                if (first >= 0 && pair_is_in_share(counts, (uint32_t)first, (uint32_t)word)) {
                    const int64_t ending = pair_ending(&counts->endings, (uint32_t)run, (uint32_t)word);
                    if (ending < 0) return (int)ending;
                    pair_table_prefetch(&counts->table, (uint32_t)first, (uint32_t)ending);
                    queue.pairs[queue.count].first = (uint32_t)first;
                    queue.pairs[queue.count].second = (uint32_t)ending;
                    if (++queue.count == PAIR_PENDING) {
                        const int status = pair_queue_flush(&queue, counts);
                        if (status < 0) return status;
                    }
                }
                first = word;
                run = 0;
            }
        }
    }
    counts->open_first = first;
    counts->open_run = run;
    return pair_queue_flush(&queue, counts);
}

/* Adds another text's counts, as far as they fall into this share; word w of the other text is new_ids[w] here. */
static int pair_merge_counts(PairCounts *counts, const PairCounts *other, const int32_t *new_ids) {
    const uint64_t run_count = other->endings.runs.numbers.used;
    uint32_t *run_of = (uint32_t *)malloc((size_t)(run_count + 1) * sizeof(uint32_t));
    int64_t status = run_of ? PAIR_OK : PAIR_NO_MEMORY;
    if (status == PAIR_OK) run_of[0] = 0;
    for (uint64_t i = 0; status >= 0 && i < run_count; i++) {
        const Pair part = other->endings.runs.pairs[i]; /* the shorter run was interned before */
        status = pair_extend_run(&counts->endings, run_of[part.first], (uint32_t)new_ids[part.second]);
        if (status >= 0) run_of[i + 1] = (uint32_t)status;
    }
    for (uint64_t i = 0; status >= 0 && other->table.mask && i <= other->table.mask; i++) {
        const PairSlot slot = other->table.slots[i];
        if (slot.value == 0) continue;
        const Pair parts = pair_ending_parts(&other->endings, slot.second);
        const uint32_t first = (uint32_t)new_ids[slot.first], last = (uint32_t)new_ids[parts.second];
        if (!pair_is_in_share(counts, first, last)) continue;
        status = pair_ending(&counts->endings, run_of[parts.first], last);
        if (status < 0) break;
        const uint32_t ending = (uint32_t)status;
        status = pair_make_room(counts);
        if (status >= 0) status = pair_table_add(&counts->table, first, ending, slot.value);
    }
    free(run_of);
    return status < 0 ? (int)status : PAIR_OK;
}

/* The value of the candidate `tokens` (first, connectors, last) in a table, or 0. Never interns. */
static inline uint32_t pair_find(const PairTable *table, const PairEndings *endings, const int32_t *tokens,
                                 int64_t count) {
    const uint32_t first = (uint32_t)tokens[0], last = (uint32_t)tokens[count - 1];
    uint32_t run = 0, ending = last;
    if (tokens[0] < 0 || tokens[count - 1] < 0) return 0;
    for (int64_t i = 1; i < count - 1; i++) {
        run = pair_table_get(&endings->runs.numbers, run, (uint32_t)tokens[i]);
        if (run == 0) return 0;
    }
    if (run) {
        const uint32_t number = pair_table_get(&endings->endings.numbers, run, last);
        if (number == 0) return 0;
        ending = (number - 1) | PAIR_ENDING_BIT;
    }
    return pair_table_get(table, first, ending);
}

enum { PAIR_FILTER_BITS = 19 };

/* The phrases of one pass: candidate -> 1 + phrase, phrase -> the type that it becomes. Most candidates of a text are
 * no phrase; a bit for each hash of (first, last), small enough for the cache, turns nearly all of them away. */
typedef struct {
    PairTable numbers;
    PairEndings endings;
    int32_t *types;
    uint64_t filter[1 << (PAIR_FILTER_BITS - 6)];
} PairPhrases;

static inline void pair_filter_add(PairPhrases *phrases, uint32_t first, uint32_t last) {
    const uint64_t bit = pair_hash(first, last) >> (64 - PAIR_FILTER_BITS);
    phrases->filter[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

static inline int pair_filter_passes(const PairPhrases *phrases, int32_t first, int32_t last) {
    const uint64_t bit = pair_hash((uint32_t)first, (uint32_t)last) >> (64 - PAIR_FILTER_BITS);
    return (phrases->filter[bit >> 6] >> (bit & 63)) & 1;
}

static inline int64_t pair_copy(int32_t *ids, int32_t *places, int64_t written, int64_t from, int64_t end,
                                const int32_t *source, const int32_t *source_places) {
    for (int64_t i = from; i < end; i++, written++) {
        ids[written] = source[i];
        if (places) places[written] = source_places[i];
    }
    return written;
}

/* Rewrites one sentence of `count` ids, greedily from left to right: a phrase is taken as soon as its last word is
 * seen, and none of its words starts another. `ids` may be `source` itself. `places`, if given, goes along with the
 * ids; a phrase has the place of its first word. Returns the number of ids written. */
static int64_t pair_merge_sentence(const PairPhrases *phrases, const uint8_t *is_connector, const int32_t *source,
                                   const int32_t *source_places, int64_t count, int32_t *ids, int32_t *places) {
    int64_t written = 0, first = -1; /* of the word that may start a phrase; nothing from it on is written yet */
    for (int64_t i = 0; i < count; i++) {
        const int32_t word = source[i];
        if (word >= 0 && is_connector[word]) {
            if (first < 0) written = pair_copy(ids, places, written, i, i + 1, source, source_places);
            continue;
        }
        if (first >= 0) {
            uint32_t number = 0;
            if (pair_filter_passes(phrases, source[first], word)) {
                number = pair_find(&phrases->numbers, &phrases->endings, source + first, i - first + 1);
            }
            if (number) {
                if (places) places[written] = source_places[first];
                ids[written++] = phrases->types[number - 1];
                first = -1;
                continue;
            }
            written = pair_copy(ids, places, written, first, i, source, source_places);
        }
        first = i;
    }
    return first < 0 ? written : pair_copy(ids, places, written, first, count, source, source_places);
}

/* The first place from `position` on where a thread may begin: a sentence start, or behind two words that are no
 * candidate's accepted pair, because the walk forgets there whatever came before. */
static int64_t pair_safe_cut(const PairPhrases *phrases, const PairText *text, int64_t position,
                             int64_t sentence_end) {
    for (; position < sentence_end; position++) {
        const int32_t before = text->ids[position - 1], word = text->ids[position];
        if (word < 0 || before < 0) return position;
        if (text->is_connector[word] || text->is_connector[before]) continue;
        if (!pair_find(&phrases->numbers, &phrases->endings, text->ids + position - 1, 2)) return position;
    }
    return position;
}

/* Merges the tokens begin .. end - 1 (safe cuts) to ids[begin..]; starts[s] for every sentence s that starts behind
 * `begin` up to `end` becomes the number of tokens written before it. `sentence` is that of token `begin`. */
static int64_t pair_merge_range(const PairPhrases *phrases, const PairText *text, int64_t begin, int64_t end,
                                int64_t sentence, int64_t sentence_count, int32_t *ids, int64_t *starts) {
    int64_t written = 0;
    for (int64_t position = begin; sentence < sentence_count; sentence++) {
        const int64_t sentence_end = text->sentence_starts[sentence + 1];
        const int64_t stop = sentence_end < end ? sentence_end : end;
        written += pair_merge_sentence(phrases, text->is_connector, text->ids + position, NULL, stop - position,
                                       ids + begin + written, NULL);
        if (sentence_end > end) break;
        starts[sentence + 1] = written;
        position = sentence_end;
    }
    return written;
}

#endif
