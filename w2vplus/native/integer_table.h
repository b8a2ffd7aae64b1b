/* Design: integers become ids in order of first occurrence, by one of two tables with one loop each.
 *
 * Where the values span a range not much larger than their number (walks over numbered nodes, ids of another tool),
 * the table is an array over that range. Otherwise it is a hash table with open addressing whose slots hold the id;
 * a key is compared by the value at its first place, so that nothing but the id is stored. Values are given as the
 * 64 bits of their integer type: equality is all that matters.
 */
#ifndef W2VPLUS_INTEGER_TABLE_H
#define W2VPLUS_INTEGER_TABLE_H

#include <stdint.h>
#include <stdlib.h>

typedef enum { INTEGERS_OK, INTEGERS_NO_MEMORY, INTEGERS_TOO_MANY } integers_status;

typedef struct {
    int64_t *first_places; /* (type_count,) position of each type's first occurrence */
    int64_t *counts;       /* (type_count,) */
    int64_t type_count, type_capacity;
    int32_t *slots;        /* id + 1, or 0 where empty */
    uint64_t slot_mask;
} integer_table;

static inline void integers_free(integer_table *table) {
    free(table->first_places);
    free(table->counts);
    free(table->slots);
    table->first_places = table->counts = NULL;
    table->slots = NULL;
}

/* Registers a new type; its id, or -1 without memory, or -2 if an int32 cannot name it. */
static inline int32_t integers_add(integer_table *table, int64_t place) {
    if (table->type_count == INT32_MAX - 1) return -2;
    if (table->type_count == table->type_capacity) {
        int64_t capacity = table->type_capacity * 2 + 1024;
        int64_t *places = (int64_t *)realloc(table->first_places, (size_t)capacity * sizeof *places);
        if (places) table->first_places = places;
        int64_t *counts = (int64_t *)realloc(table->counts, (size_t)capacity * sizeof *counts);
        if (counts) table->counts = counts;
        if (!places || !counts) return -1;
        table->type_capacity = capacity;
    }
    table->first_places[table->type_count] = place;
    table->counts[table->type_count] = 0;
    return (int32_t)table->type_count++;
}

static inline integers_status integers_failure(int32_t id) {
    return id == -1 ? INTEGERS_NO_MEMORY : INTEGERS_TOO_MANY;
}

/* splitmix64's finaliser (Steele et al. 2014): every bit of the key reaches every bit of the slot number. */
static inline uint64_t integer_hash(uint64_t key) {
    key = (key ^ (key >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94D049BB133111EB);
    return key ^ (key >> 31);
}

/* For each type: grow (twice the slots, everything placed anew), the two loops, and the choice between them. */
#define DEFINE_INTEGER_ENCODER(NAME, TYPE)                                                                            \
    static integers_status integers_grow_##NAME(integer_table *table, const TYPE *values) {                          \
        uint64_t slot_count = table->slots ? 2 * (table->slot_mask + 1) : 4096;                                       \
        int32_t *slots = (int32_t *)calloc(slot_count, sizeof *slots);                                                \
        if (!slots) return INTEGERS_NO_MEMORY;                                                                        \
        for (int64_t id = 0; id < table->type_count; id++) {                                                          \
            uint64_t slot = integer_hash((uint64_t)values[table->first_places[id]]) & (slot_count - 1);               \
            while (slots[slot]) slot = (slot + 1) & (slot_count - 1);                                                 \
            slots[slot] = (int32_t)id + 1;                                                                            \
        }                                                                                                             \
        free(table->slots);                                                                                           \
        table->slots = slots;                                                                                         \
        table->slot_mask = slot_count - 1;                                                                            \
        return INTEGERS_OK;                                                                                           \
    }                                                                                                                 \
    static integers_status integers_hashed_##NAME(integer_table *table, const TYPE *values, int64_t count,           \
                                                  int32_t *ids) {                                                     \
        if (integers_grow_##NAME(table, values)) return INTEGERS_NO_MEMORY;                                           \
        for (int64_t place = 0; place < count; place++) {                                                             \
            uint64_t slot = integer_hash((uint64_t)values[place]) & table->slot_mask;                                 \
            int32_t id;                                                                                               \
            while ((id = table->slots[slot] - 1) >= 0 && values[table->first_places[id]] != values[place])            \
                slot = (slot + 1) & table->slot_mask;                                                                 \
            if (id < 0) {                                                                                             \
                id = integers_add(table, place);                                                                      \
                if (id < 0) return integers_failure(id);                                                              \
                table->slots[slot] = id + 1;                                                                          \
                if ((uint64_t)table->type_count * 2 > table->slot_mask && integers_grow_##NAME(table, values))        \
                    return INTEGERS_NO_MEMORY;                                                                        \
            }                                                                                                         \
            table->counts[id]++;                                                                                      \
            ids[place] = id;                                                                                          \
        }                                                                                                             \
        return INTEGERS_OK;                                                                                           \
    }                                                                                                                 \
    static integers_status integers_ranged_##NAME(integer_table *table, const TYPE *values, int64_t count,           \
                                                  TYPE least, uint64_t range, int32_t *ids) {                         \
        table->slots = (int32_t *)calloc(range, sizeof *table->slots);                                                \
        if (!table->slots) return INTEGERS_NO_MEMORY;                                                                 \
        for (int64_t place = 0; place < count; place++) {                                                             \
            uint64_t slot = (uint64_t)values[place] - (uint64_t)least;                                                \
            int32_t id = table->slots[slot] - 1;                                                                      \
            if (id < 0) {                                                                                             \
                id = integers_add(table, place);                                                                      \
                if (id < 0) return integers_failure(id);                                                              \
                table->slots[slot] = id + 1;                                                                          \
            }                                                                                                         \
            table->counts[id]++;                                                                                      \
            ids[place] = id;                                                                                          \
        }                                                                                                             \
        return INTEGERS_OK;                                                                                           \
    }                                                                                                                 \
    /* `ids` (count,) of `values` (count,); values that span at most RANGE_PER_VALUE times their number by range. */ \
    static integers_status integers_encode_##NAME(integer_table *table, const TYPE *values, int64_t count,           \
                                                  int32_t *ids) {                                                     \
        if (count == 0) return INTEGERS_OK;                                                                           \
        TYPE least = values[0], most = values[0];                                                                     \
        for (int64_t place = 1; place < count; place++) {                                                             \
            least = values[place] < least ? values[place] : least;                                                    \
            most = values[place] > most ? values[place] : most;                                                       \
        }                                                                                                             \
        uint64_t span = (uint64_t)most - (uint64_t)least;                                                             \
        if (span / RANGE_PER_VALUE < (uint64_t)count + LEAST_RANGE)                                                   \
            return integers_ranged_##NAME(table, values, count, least, span + 1, ids);                                \
        return integers_hashed_##NAME(table, values, count, ids);                                                     \
    }

#define RANGE_PER_VALUE 2
#define LEAST_RANGE 32768

DEFINE_INTEGER_ENCODER(int64, int64_t)
DEFINE_INTEGER_ENCODER(uint64, uint64_t)
DEFINE_INTEGER_ENCODER(int32, int32_t)
DEFINE_INTEGER_ENCODER(uint32, uint32_t)

#endif
