/* Design: one hash table serves every question about pairs of 32-bit numbers.
 *
 * A slot is three 32-bit words: the pair (a 64-bit key) and a value, 0 meaning an empty slot. Twelve bytes, one cache
 * line per probe, no pointers, no deletion. Open addressing with linear probing, power-of-two size, at most three
 * quarters full.
 *
 * PairInterner adds the way back: it numbers distinct pairs 1, 2, 3, ... in order of first appearance. Both are plain
 * memory without Python; every function that can fail says so by its return value. A table belongs to one thread at a
 * time; lookups alone may be shared.
 */
#ifndef W2VPLUS_PAIR_TABLE_H
#define W2VPLUS_PAIR_TABLE_H

#include <stdint.h>
#include <stdlib.h>

#include "huge_pages.h"

#if defined(__GNUC__) || defined(__clang__)
#define PAIR_PREFETCH(address) __builtin_prefetch((address), 1)
#else
#define PAIR_PREFETCH(address) ((void)(address))
#endif

enum { PAIR_OK = 0, PAIR_NO_MEMORY = -1, PAIR_OVERFLOW = -2 };

typedef struct {
    uint32_t first, second, value;
} PairSlot;

typedef struct {
    PairSlot *slots;
    uint64_t mask; /* slot count - 1; 0 before the first reservation */
    uint64_t used;
} PairTable;

static inline void pair_table_free(PairTable *table) {
    free(table->slots);
    table->slots = NULL;
    table->mask = table->used = 0;
}

/* Every bit of the pair reaches the low bits that choose the slot (the finaliser of MurmurHash3, shortened). */
static inline uint64_t pair_hash(uint32_t first, uint32_t second) {
    uint64_t key = ((uint64_t)first << 32) | second;
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    return key ^ (key >> 32);
}

/* The slot that holds the pair, or the empty one where it belongs. The table must not be full. */
static inline PairSlot *pair_table_slot(const PairTable *table, uint32_t first, uint32_t second) {
    uint64_t index = pair_hash(first, second) & table->mask;
    for (;;) {
        PairSlot *slot = table->slots + index;
        if (slot->value == 0 || (slot->first == first && slot->second == second)) return slot;
        index = (index + 1) & table->mask;
    }
}

static inline void pair_table_prefetch(const PairTable *table, uint32_t first, uint32_t second) {
    PAIR_PREFETCH(table->slots + (pair_hash(first, second) & table->mask));
}

/* Makes room for `additional` new pairs, so that the insertions that follow need no check. */
static int pair_table_reserve(PairTable *table, uint64_t additional) {
    const uint64_t wanted = table->used + additional;
    uint64_t slot_count = table->mask ? table->mask + 1 : 1024;
    PairTable larger;
    if (table->mask && wanted <= slot_count / 4 * 3) return PAIR_OK;
    while (wanted > slot_count / 4 * 3) slot_count *= 2;
    if (slot_count > SIZE_MAX / sizeof(PairSlot)) return PAIR_NO_MEMORY;
    larger.slots = (PairSlot *)calloc((size_t)slot_count, sizeof(PairSlot));
    if (!larger.slots) return PAIR_NO_MEMORY;
    wish_huge_pages(larger.slots, (size_t)slot_count * sizeof(PairSlot));
    larger.mask = slot_count - 1;
    larger.used = table->used;
    if (table->mask) {
        for (uint64_t i = 0; i <= table->mask; i++) {
            const PairSlot *slot = table->slots + i;
            if (slot->value) *pair_table_slot(&larger, slot->first, slot->second) = *slot;
        }
    }
    free(table->slots);
    *table = larger;
    return PAIR_OK;
}

/* The value of a pair, 0 if it is absent. */
static inline uint32_t pair_table_get(const PairTable *table, uint32_t first, uint32_t second) {
    return table->mask ? pair_table_slot(table, first, second)->value : 0;
}

/* Adds `amount` to a pair's value; room must have been reserved. */
static inline int pair_table_add(PairTable *table, uint32_t first, uint32_t second, uint32_t amount) {
    PairSlot *slot = pair_table_slot(table, first, second);
    if (slot->value > UINT32_MAX - amount) return PAIR_OVERFLOW;
    if (slot->value == 0) {
        slot->first = first;
        slot->second = second;
        table->used++;
    }
    slot->value += amount;
    return PAIR_OK;
}

enum { PAIR_HISTOGRAM = 65536 };

/* Forgets the rarest pairs until at most `keep` are left: all whose value is not above `level`, the least that does it
 * (the highest level is PAIR_HISTOGRAM - 1). Returns the level, 0 if nothing had to go. */
static int64_t pair_table_shrink(PairTable *table, uint64_t keep) {
    uint64_t *pairs_with, left = table->used;
    int64_t level = 0;
    PairSlot *old = table->slots;
    if (left <= keep) return 0;
    pairs_with = (uint64_t *)calloc(PAIR_HISTOGRAM, sizeof(uint64_t));
    if (!pairs_with) return PAIR_NO_MEMORY;
    for (uint64_t i = 0; i <= table->mask; i++) {
        if (old[i].value < PAIR_HISTOGRAM) pairs_with[old[i].value]++;
    }
    while (left > keep && level < PAIR_HISTOGRAM - 1) left -= pairs_with[++level];
    free(pairs_with);
    table->slots = (PairSlot *)calloc((size_t)(table->mask + 1), sizeof(PairSlot));
    if (!table->slots) {
        table->slots = old;
        return PAIR_NO_MEMORY;
    }
    wish_huge_pages(table->slots, (size_t)(table->mask + 1) * sizeof(PairSlot));
    for (uint64_t i = 0; i <= table->mask; i++) {
        if (old[i].value > level) *pair_table_slot(table, old[i].first, old[i].second) = old[i];
    }
    table->used = left;
    free(old);
    return level;
}

typedef struct {
    uint32_t first, second;
} Pair;

typedef struct {
    PairTable numbers; /* pair -> its number */
    Pair *pairs;       /* number - 1 -> pair */
    uint64_t capacity;
} PairInterner;

static inline void pair_interner_free(PairInterner *interner) {
    pair_table_free(&interner->numbers);
    free(interner->pairs);
    interner->pairs = NULL;
    interner->capacity = 0;
}

/* The number of a pair, given to it now if it is new; PAIR_NO_MEMORY or PAIR_OVERFLOW (past `limit` numbers). */
static inline int64_t pair_intern(PairInterner *interner, uint32_t first, uint32_t second, uint32_t limit) {
    PairSlot *slot;
    if (pair_table_reserve(&interner->numbers, 1) < 0) return PAIR_NO_MEMORY;
    slot = pair_table_slot(&interner->numbers, first, second);
    if (slot->value) return slot->value;
    if (interner->numbers.used >= limit) return PAIR_OVERFLOW;
    if (interner->numbers.used == interner->capacity) {
        const uint64_t capacity = interner->capacity ? 2 * interner->capacity : 256;
        Pair *pairs = (Pair *)realloc(interner->pairs, (size_t)capacity * sizeof(Pair));
        if (!pairs) return PAIR_NO_MEMORY;
        interner->pairs = pairs;
        interner->capacity = capacity;
    }
    interner->pairs[interner->numbers.used].first = first;
    interner->pairs[interner->numbers.used].second = second;
    slot->first = first;
    slot->second = second;
    slot->value = (uint32_t)(interner->numbers.used + 1);
    interner->numbers.used++;
    return slot->value;
}

#endif
