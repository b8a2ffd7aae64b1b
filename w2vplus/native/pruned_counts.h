/* Design: counting with a bounded vocabulary by gensim's law, replayed over ids. After every sentence that leaves more
 * than `most` types, all types that occurred less than `minimum` times are forgotten and the minimum rises by one; a
 * forgotten type that occurs again starts from nothing, as the newest. `alive` lists the present types in the order in
 * which a Python dictionary would hold them.
 */
#ifndef W2VPLUS_PRUNED_COUNTS_H
#define W2VPLUS_PRUNED_COUNTS_H

#include <stdint.h>

typedef struct {
    int64_t *counts; /* by type; 0: not present */
    int32_t *alive;  /* room for every type */
    int64_t alive_count;
    int64_t most, minimum;
} pruned_counts;

static inline void pruned_forget(pruned_counts *state) {
    int64_t kept = 0;
    for (int64_t i = 0; i < state->alive_count; i++) {
        int32_t type_id = state->alive[i];
        if (state->counts[type_id] >= state->minimum)
            state->alive[kept++] = type_id;
        else
            state->counts[type_id] = 0;
    }
    state->alive_count = kept;
    state->minimum++;
}

static inline void pruned_count_sentences(pruned_counts *state, const int32_t *ids, const int64_t *starts,
                                          int64_t sentence_count) {
    for (int64_t sentence = 0; sentence < sentence_count; sentence++) {
        for (int64_t i = starts[sentence]; i < starts[sentence + 1]; i++)
            if (state->counts[ids[i]]++ == 0) state->alive[state->alive_count++] = ids[i];
        if (state->alive_count > state->most) pruned_forget(state);
    }
}

#endif
