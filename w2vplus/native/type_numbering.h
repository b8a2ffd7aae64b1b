/* Design: encoders that read different runs of one text each have a table; here all their types get one numbering, in
 * the order in which the whole text meets them, without making one more table.
 *
 * An entry is one type of one table; entries are numbered table by table, so that entry = first_entry + id. The home of
 * an entry is the same token's entry in the first table that holds it. Finding homes only reads the tables, so that any
 * number of threads find those of different entries side by side. What is left for one thread is a walk over the
 * entries in the order of the text, which gives each home its number when it is met first: some nanoseconds a type.
 */
#ifndef W2VPLUS_TYPE_NUMBERING_H
#define W2VPLUS_TYPE_NUMBERING_H

#include "type_table.h"

#define FIND_BATCH 64

/* homes[id - begin] for the ids [begin, end) of tables[number]; first_entries has one entry for each table. */
static inline void find_homes(const type_table *const *tables, const int64_t *first_entries, int64_t number,
                              int64_t begin, int64_t end, int64_t *homes) {
    const type_table *own = tables[number];
    for (int64_t batch = begin; batch < end; batch += FIND_BATCH) {
        token_key keys[FIND_BATCH];
        int64_t open[FIND_BATCH], open_count = 0, batch_end = batch + FIND_BATCH < end ? batch + FIND_BATCH : end;
        for (int64_t id = batch; id < batch_end; id++) {
            const uint64_t *start = own->key_starts + id;
            keys[id - batch] = make_key(own->arena + start[0], (uint32_t)(start[1] - start[0]));
            homes[id - begin] = first_entries[number] + id;
            open[open_count++] = id;
        }
        for (int64_t earlier = 0; earlier < number && open_count; earlier++) {
            const type_table *table = tables[earlier];
            for (int64_t i = 0; i < open_count; i++)
                prefetch_for_read(&table->slots[keys[open[i] - batch].hash & table->slot_mask]);
            int64_t still_open = 0;
            for (int64_t i = 0; i < open_count; i++) {
                int64_t id = open[i];
                int32_t found = table_find(table, &keys[id - batch], own->arena + own->key_starts[id]);
                if (found >= 0) homes[id - begin] = first_entries[earlier] + found;
                else open[still_open++] = id;
            }
            open_count = still_open;
        }
    }
}

/* The entries [begin, end), the next run of the text, get their numbers: new_ids[entry], the same for the same token;
 * counts[number] gathers entry_counts. `new_ids` of homes not met yet are -1. Returns the count of numbers so far,
 * which was `number_count` before. */
static inline int64_t number_run(const int64_t *homes, const int64_t *entry_counts, int64_t begin, int64_t end,
                                 int32_t *new_ids, int32_t *number_of_home, int64_t *counts, int64_t number_count) {
    for (int64_t entry = begin; entry < end; entry++) {
        int32_t *number = &number_of_home[homes[entry]];
        if (*number < 0) {
            *number = (int32_t)number_count;
            counts[number_count++] = 0;
        }
        counts[*number] += entry_counts[entry];
        new_ids[entry] = *number;
    }
    return number_count;
}

/* Appends the keys of those types [begin, end) of a table that were numbered first there, in the order of their
 * numbers: a new type is known by its number, that of the keys gathered so far. `starts` has the end of the last of
 * them. Returns how many there are then. */
static inline int64_t gather_keys(const type_table *table, const int32_t *new_ids, int64_t begin, int64_t end,
                                  int64_t gathered, uint8_t *characters, uint64_t *starts) {
    uint64_t place = starts[gathered];
    for (int64_t id = begin; id < end; id++) {
        if (new_ids[id] != gathered) continue;
        uint64_t length = table->key_starts[id + 1] - table->key_starts[id];
        memcpy(characters + place, table->arena + table->key_starts[id], length);
        starts[++gathered] = place += length;
    }
    return gathered;
}

/* target[i] = new_ids[ids[i]]: a piece's ids in the numbering of the merged table. */
static inline void renumber_ids(int32_t *target, const int32_t *ids, int64_t count, const int32_t *new_ids) {
    for (int64_t i = 0; i < count; i++) target[i] = new_ids[ids[i]];
}

#endif
