/* Design: encoders that read different runs of one text each have a table; here all their types get one numbering, in
 * the order in which the whole text meets them, without making one more table.
 *
 * An entry is one type of one table; entries are numbered table by table, so that entry = first_entry + id. The home of
 * an entry is the same token's entry in the first table that holds it. Homes are found slot by slot: the slots of all
 * tables are in the order of one hash, so that the tables looked in are read as steadily as the one walked over. That
 * only reads the tables, so any number of threads find those of different slots side by side. What is left for one
 * thread is a walk over the entries in the order of the text, which gives each home its number when it is met first:
 * some nanoseconds a type.
 */
#ifndef W2VPLUS_TYPE_NUMBERING_H
#define W2VPLUS_TYPE_NUMBERING_H

#include "type_table.h"

#define FIND_BATCH 64

typedef struct {
    int64_t home, count;
} type_entry;

/* Where the types in the slots [begin, end) of tables[number] are at home, and how often they were met: entries[id].
 * first_entries has one entry for each table. */
static inline void find_homes(const type_table *const *tables, const int64_t *first_entries, int64_t number,
                              uint64_t begin, uint64_t end, type_entry *entries) {
    const type_table *own = tables[number];
    for (uint64_t batch = begin; batch < end; batch += FIND_BATCH) {
        const type_slot *open[FIND_BATCH];
        token_key keys[FIND_BATCH];
        int64_t open_count = 0;
        uint64_t batch_end = batch + FIND_BATCH < end ? batch + FIND_BATCH : end;
        for (uint64_t place = batch; place < batch_end; place++) {
            open[open_count] = &own->slots[place];
            open_count += own->slots[place].length != 0;
        }
        for (int64_t i = 0; i < open_count; i++) {
            token_key key = {slot_hash(open[i]), open[i]->first, open[i]->last, open[i]->length};
            keys[i] = key;
        }
        for (int64_t earlier = 0; earlier < number && open_count; earlier++) {
            const type_table *table = tables[earlier];
            for (int64_t i = 0; i < open_count; i++) prefetch_for_read(&table->slots[keys[i].hash & table->slot_mask]);
            int64_t still_open = 0;
            for (int64_t i = 0; i < open_count; i++) {
                const type_slot *slot = open[i];
                int32_t found = table_find(table, &keys[i], own->arena + own->key_starts[slot->id]);
                type_entry entry = {first_entries[earlier] + found, slot->count};
                if (found >= 0) {
                    entries[slot->id] = entry;
                } else {
                    keys[still_open] = keys[i];
                    open[still_open++] = slot;
                }
            }
            open_count = still_open;
        }
        for (int64_t i = 0; i < open_count; i++) {
            type_entry entry = {first_entries[number] + open[i]->id, open[i]->count};
            entries[open[i]->id] = entry;
        }
    }
}

/* The types of one table, the next run of the text, get their numbers: numbers[home] and own_numbers[i], the same for
 * the same token, -1 if it has not been met; counts[number] gathers theirs. Returns the count of numbers so far, which
 * was `number_count` before. */
static inline int64_t number_run(const type_entry *entries, int64_t type_count, int32_t *own_numbers, int32_t *numbers,
                                 int64_t *counts, int64_t number_count) {
    for (int64_t i = 0; i < type_count; i++) {
        int32_t number = numbers[entries[i].home];
        if (number < 0) {
            number = numbers[entries[i].home] = (int32_t)number_count++;
            counts[number] = 0;
        }
        counts[number] += entries[i].count;
        own_numbers[i] = number;
    }
    return number_count;
}

/* Appends the keys of those types [begin, end) of a table that were numbered first there, in the order of their
 * numbers: a new type is known by its number, that of the keys gathered so far. `starts` has the end of the last of
 * them. Returns how many there are then. */
static inline int64_t gather_keys(const type_table *table, const int32_t *new_ids, int64_t begin, int64_t end,
                                  int64_t gathered, uint8_t *characters, uint64_t *starts) {
    uint64_t place = starts[gathered];
    for (int64_t id = begin; id < end;) {
        if (new_ids[id] != gathered) {
            id++;
            continue;
        }
        const uint64_t own_start = table->key_starts[id];
        for (; id < end && new_ids[id] == gathered; id++)
            starts[++gathered] = place + (table->key_starts[id + 1] - own_start);
        memcpy(characters + place, table->arena + own_start, starts[gathered] - place);
        place = starts[gathered];
    }
    return gathered;
}

/* target[i] = new_ids[ids[i]]: a piece's ids in the numbering of the merged table. */
static inline void renumber_ids(int32_t *target, const int32_t *ids, int64_t count, const int32_t *new_ids) {
    for (int64_t i = 0; i < count; i++) target[i] = new_ids[ids[i]];
}

#endif
