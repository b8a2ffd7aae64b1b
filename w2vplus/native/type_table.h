/* Design: an open-addressing hash table from token bytes to ids in order of first occurrence, with counts.
 *
 * A slot is half a cache line and holds all that a hit needs: tokens of up to 16 bytes (nearly all of a text) lie in
 * the slot itself, zero-padded, beside their length, id and count; of a longer one the slot holds the 64-bit hash and
 * the place of its bytes in the arena. The arena keeps the bytes of every type in order of id, for the strings
 * handed out at the end and for whoever compares tables. The order of ids never depends on the hash.
 *
 * Reads 16 bytes at any token start, so texts and the arena are padded by KEY_PADDING.
 */
#ifndef W2VPLUS_TYPE_TABLE_H
#define W2VPLUS_TYPE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "byte_masks.h"
#include "huge_pages.h"

#define KEY_PADDING 16
#define INLINE_KEY_BYTES 16
#define NO_ARENA_OFFSET (~(uint64_t)0)
#define FIRST_SLOT_COUNT 4096 /* a power of two */

typedef struct {
    uint64_t first;  /* bytes 0-7 of a short token; hash of a long one */
    uint64_t last;   /* bytes 8-15 of a short token; arena offset of a long one */
    uint32_t length; /* in bytes; 0 marks an empty slot, for no token is empty */
    int32_t id;
    int64_t count;
} type_slot;

typedef struct {
    uint64_t hash, first, last; /* `last` of a long token is NO_ARENA_OFFSET, in no slot */
    uint32_t length;
} token_key;

typedef struct {
    type_slot *slots;
    uint64_t slot_mask; /* number of slots - 1 */
    int64_t type_count;
    uint8_t *arena;
    size_t arena_size, arena_capacity;
    uint64_t *key_starts; /* (type_count + 1) arena offsets by id */
    size_t key_starts_capacity;
} type_table;

#if defined(_MSC_VER) && !defined(__clang__) && !defined(W2VPLUS_SSE2)
#define PREFETCH(address, for_write) ((void)(address))
#elif defined(_MSC_VER) && !defined(__clang__)
#define PREFETCH(address, for_write) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#else
#define PREFETCH(address, for_write) __builtin_prefetch((address), (for_write), 3)
#endif

static inline void prefetch_for_write(const void *address) { PREFETCH(address, 1); }

/* Leaves the line in the caches of other threads that read it. */
static inline void prefetch_for_read(const void *address) { PREFETCH(address, 0); }

/* Both halves of the 128-bit product, folded into one. */
static inline uint64_t multiply_fold(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#elif defined(_M_X64)
    uint64_t high, low = _umul128(a, b, &high);
    return low ^ high;
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), carry = a0 * b1 + (uint32_t)middle;
    return (a * b) ^ (a1 * b1 + (middle >> 32) + (carry >> 32));
#endif
}

static inline uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

/* Sixteen bytes read at 16 - length mask the first `length` bytes of sixteen, on machines of either byte order. */
#define FOUR_OF(byte) byte, byte, byte, byte
static const uint8_t KEY_MASK[2 * INLINE_KEY_BYTES] = {FOUR_OF(0xFF), FOUR_OF(0xFF), FOUR_OF(0xFF), FOUR_OF(0xFF)};

/* Odd constants with balanced bits: fractional parts of the golden ratio and of the roots of 2, 3 and 5. */
#define HASH_A 0x9E3779B97F4A7C15u
#define HASH_B 0x6A09E667F3BCC909u
#define HASH_C 0xBB67AE8584CAA73Bu
#define HASH_D 0x3C6EF372FE94F82Bu

static inline uint64_t hash_short(uint64_t first, uint64_t last, uint32_t length) {
    return multiply_fold(first ^ HASH_A, last ^ HASH_B ^ (length * HASH_C));
}

/* `length` is more than INLINE_KEY_BYTES; the last 16 bytes are read as such, overlapping what came before. */
static inline uint64_t hash_long(const uint8_t *bytes, size_t length) {
    uint64_t hash = length * HASH_C;
    for (size_t i = 0; i + 16 < length; i += 16)
        hash = multiply_fold(load_word(bytes + i) ^ HASH_A ^ hash, load_word(bytes + i + 8) ^ HASH_B);
    const uint8_t *tail = bytes + length - 16;
    hash = multiply_fold(load_word(tail) ^ HASH_A ^ hash, load_word(tail + 8) ^ HASH_D);
    return multiply_fold(hash ^ HASH_B, HASH_C);
}

static inline token_key make_key(const uint8_t *token, uint32_t length) {
    token_key key = {0, 0, NO_ARENA_OFFSET, length};
    if (length <= INLINE_KEY_BYTES) {
        const uint8_t *mask = KEY_MASK + INLINE_KEY_BYTES - length;
        key.first = load_word(token) & load_word(mask);
        key.last = load_word(token + 8) & load_word(mask + 8);
        key.hash = hash_short(key.first, key.last, length);
    } else {
        key.hash = key.first = hash_long(token, length);
    }
    return key;
}

static inline uint64_t slot_hash(const type_slot *slot) {
    return slot->length <= INLINE_KEY_BYTES ? hash_short(slot->first, slot->last, slot->length) : slot->first;
}

/* Whether the slot holds the short token of this key; of a long one it is never said. One condition instead of three:
 * it is nearly always met, and foreseen. */
static inline int slot_equals(const type_slot *slot, const token_key *key) {
    return !((slot->first ^ key->first) | (slot->last ^ key->last) | (slot->length ^ key->length));
}

static inline int slot_holds(const type_table *table, const type_slot *slot, const token_key *key,
                             const uint8_t *token) {
    if (slot->first != key->first || slot->length != key->length) return 0;
    if (key->length <= INLINE_KEY_BYTES) return slot->last == key->last;
    return memcmp(table->arena + slot->last, token, key->length) == 0;
}

static inline size_t slots_size(uint64_t slot_count) { return slot_count * sizeof(type_slot); }

static inline void table_free_slots(type_table *table) { free_zeros(table->slots, slots_size(table->slot_mask + 1)); }

/* 0, or -1 without memory. */
static inline int table_init(type_table *table) {
    memset(table, 0, sizeof *table);
    table->slot_mask = FIRST_SLOT_COUNT - 1;
    table->slots = (type_slot *)new_zeros(slots_size(FIRST_SLOT_COUNT));
    return table->slots ? 0 : -1;
}

static inline void table_free(type_table *table) {
    table_free_slots(table);
    free(table->arena);
    free(table->key_starts);
    memset(table, 0, sizeof *table);
}

/* Writes a slot that is in no place to the first empty one where its token is looked for. */
static inline void table_place_slot(type_table *table, type_slot slot) {
    uint64_t place = slot_hash(&slot) & table->slot_mask;
    while (table->slots[place].length) place = (place + 1) & table->slot_mask;
    table->slots[place] = slot;
}

/* Room for `more` new types without growing in between: at most 5/8 of the slots are ever full. 0, or -1 without
 * memory (the table is then as it was).
 *
 * The table grows in place. Going up, a slot is taken out and put in again no further up, or behind all old slots:
 * what it meets on the way has been moved already. Not so at the very beginning, where slots may stand that had no
 * room at the end: what is there is taken out first and put in last. */
static inline int table_reserve(type_table *table, int64_t more) {
    const uint64_t old_count = table->slot_mask + 1, needed = (uint64_t)(table->type_count + more);
    uint64_t slot_count = old_count, at_beginning = 0;
    if (needed <= slot_count / 8 * 5) return 0;
    while (needed > slot_count / 8 * 5) slot_count *= 2;
    while (table->slots[at_beginning].length) at_beginning++;
    type_slot *beginning = (type_slot *)malloc(slots_size(at_beginning + 1));
    type_slot *slots = NULL;
    if (beginning) slots = (type_slot *)more_zeros(table->slots, slots_size(old_count), slots_size(slot_count));
    if (!slots) {
        free(beginning);
        return -1;
    }
    memcpy(beginning, slots, slots_size(at_beginning));
    memset(slots, 0, slots_size(at_beginning));
    table->slots = slots;
    table->slot_mask = slot_count - 1;
    for (uint64_t i = at_beginning; i < old_count; i++) {
        const type_slot slot = slots[i];
        if (!slot.length) continue;
        slots[i].length = 0;
        table_place_slot(table, slot);
    }
    for (uint64_t i = 0; i < at_beginning; i++) table_place_slot(table, beginning[i]);
    free(beginning);
    return 0;
}

/* Appends the token's bytes to the arena as those of the next id. */
static inline int table_store_key(type_table *table, const uint8_t *token, uint32_t length) {
    if (table->arena_size + length + KEY_PADDING > table->arena_capacity) {
        size_t capacity = (table->arena_size + length + KEY_PADDING) * 2;
        uint8_t *arena = (uint8_t *)realloc(table->arena, capacity);
        if (!arena) return -1;
        table->arena = arena;
        table->arena_capacity = capacity;
    }
    size_t keys = (size_t)table->type_count + 2;
    if (keys > table->key_starts_capacity) {
        uint64_t *key_starts = (uint64_t *)realloc(table->key_starts, keys * 2 * sizeof *key_starts);
        if (!key_starts) return -1;
        table->key_starts = key_starts;
        table->key_starts_capacity = keys * 2;
    }
    table->key_starts[table->type_count] = table->arena_size;
    memcpy(table->arena + table->arena_size, token, length);
    table->arena_size += length;
    table->key_starts[table->type_count + 1] = table->arena_size;
    return 0;
}

/* The id of the token, -1 if it is not there. */
static inline int32_t table_find(const type_table *table, const token_key *key, const uint8_t *token) {
    uint64_t place = key->hash & table->slot_mask;
    while (table->slots[place].length) {
        if (slot_holds(table, &table->slots[place], key, token)) return table->slots[place].id;
        place = (place + 1) & table->slot_mask;
    }
    return -1;
}

/* Counts `count` occurrences of the token and returns its id, a new one if it was not there; -1 without memory.
 * There must be room (`table_reserve`). */
static inline int32_t table_count(type_table *table, const token_key *key, const uint8_t *token, int64_t count) {
    uint64_t place = key->hash & table->slot_mask;
    type_slot *slot = &table->slots[place];
    while (slot->length) {
        if (slot_holds(table, slot, key, token)) {
            slot->count += count;
            return slot->id;
        }
        place = (place + 1) & table->slot_mask;
        slot = &table->slots[place];
    }
    uint64_t arena_offset = table->arena_size;
    if (table_store_key(table, token, key->length)) return -1;
    slot->first = key->first;
    slot->last = key->length <= INLINE_KEY_BYTES ? key->last : arena_offset;
    slot->length = key->length;
    slot->id = (int32_t)table->type_count++;
    slot->count = count;
    return slot->id;
}

/* Counts by id of the types in the slots [begin, end); `counts` has room for type_count. */
static inline void table_counts(const type_table *table, uint64_t begin, uint64_t end, int64_t *counts) {
    for (uint64_t i = begin; i < end; i++)
        if (table->slots[i].length) counts[table->slots[i].id] = table->slots[i].count;
}

/* A table of the types of `table` in their order, with `counts` by id there; those of count 0 are left out. 0, or -1
 * without memory (`kept` then needs no freeing). */
static inline int table_keep(type_table *kept, const type_table *table, const int64_t *counts) {
    int64_t kept_count = 0;
    for (int64_t id = 0; id < table->type_count; id++) kept_count += counts[id] > 0;
    if (table_init(kept)) return -1;
    int failed = table_reserve(kept, kept_count);
    for (int64_t id = 0; id < table->type_count && !failed; id++) {
        const uint8_t *token = table->arena + table->key_starts[id];
        token_key key = make_key(token, (uint32_t)(table->key_starts[id + 1] - table->key_starts[id]));
        if (counts[id] > 0) failed = table_count(kept, &key, token, counts[id]) < 0;
    }
    if (failed) table_free(kept);
    return failed ? -1 : 0;
}

#endif
