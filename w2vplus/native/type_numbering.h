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

/* The homes and counts of the types in the slots [begin, end) of tables[number]: homes[id] and entry_counts[id];
 * first_entries has one entry for each table. */
static inline void find_homes(const type_table *const *tables, const int64_t *first_entries, int64_t number,
                              uint64_t begin, uint64_t end, int64_t *homes, int64_t *entry_counts) {
    const type_table *own = tables[number];
    for (uint64_t place = begin; place < end; place++) {
        const type_slot *slot = &own->slots[place];
        if (!slot->length) continue;
        entry_counts[slot->id] = slot->count;
        token_key key = {slot_hash(slot), slot->first, slot->last, slot->length};
        const uint8_t *token = own->arena + own->key_starts[slot->id];
        int64_t home = first_entries[number] + slot->id;
        for (int64_t earlier = 0; earlier < number; earlier++) {
            int32_t found = table_find(tables[earlier], &key, token);
            if (found < 0) continue;
            home = first_entries[earlier] + found;
            break;
        }
        homes[slot->id] = home;
    }
}

/* The entries [begin, end), the next run of the text, get their numbers: numbers[entry], the same for the same token;
 * counts[number] gathers entry_counts. Before the first run all `numbers` are -1 and all `counts` 0. Returns the count
 * of numbers so far, which was `number_count` before. */
static inline int64_t number_run(const int64_t *homes, const int64_t *entry_counts, int64_t begin, int64_t end,
                                 int32_t *numbers, int64_t *counts, int64_t number_count) {
    for (int64_t entry = begin; entry < end; entry++) {
        int32_t number = numbers[homes[entry]];
        if (number < 0) number = numbers[homes[entry]] = (int32_t)number_count++;
        counts[number] += entry_counts[entry];
        numbers[entry] = number;
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
