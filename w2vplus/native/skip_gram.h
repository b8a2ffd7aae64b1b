/* Design: the groups of skip-gram as tiles. An input row is a context word; each of its pairs is with one centre. */
#ifndef W2V_SKIP_GRAM_H
#define W2V_SKIP_GRAM_H

#include "groups.h"

/* Words with their rows: those that the windows of a group span, or the inputs of one tile. */
typedef struct {
    int32_t count;
    const int32_t *words;
    float *const *rows;
    const float (*pairs)[W2V_GROUP_CENTERS]; /* of a word and each centre of the group; NULL: one, with a lone centre */
} w2v_inputs;

/* Without branches on how far windows reach, which is random: a word is in a window if it is no further from its middle than
   half its length. Floats tell halves apart below four million words. The shares of several words make a vector; those
   behind the last word lie in the spare room. */
static w2v_inputs w2v_context_of(const w2v_center *centers, int32_t center_count, w2v_workspace *workspace)
{
    static const float word_of_lane[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
    int32_t first = centers[0].first, last = centers[0].last;
    float middles[W2V_GROUP_CENTERS] = {0}, ats[W2V_GROUP_CENTERS] = {0}; /* from the first centre, and from their own one */
    float halves[W2V_GROUP_CENTERS] = {-1.0f, -1.0f, -1.0f, -1.0f}; /* below 0: no centre, whose window holds nothing */
    for (int32_t g = 0; g < center_count; g++) {
        const w2v_center *center = centers + g;
        first = center->first < first ? center->first : first;
        last = center->last > last ? center->last : last;
        middles[g] = (float)(center->first - center->at + (center->last - center->at) - 1) * 0.5f;
        halves[g] = (float)(center->last - center->first) * 0.5f;
        ats[g] = (float)(center->at - centers[0].at);
    }
    const vec middle = vec_repeat4(middles), half = vec_repeat4(halves), at = vec_repeat4(ats);
    const vec nearest = vec_set1(0.5f), one = vec_set1(1.0f), words = vec_load(word_of_lane);
    float *shares = workspace->shares[0];
    for (int32_t i = first; i < last; i += VEC_LANES / W2V_GROUP_CENTERS, shares += VEC_LANES) {
        const vec from_center = vec_sub(vec_add(vec_set1((float)(i - centers[0].at)), words), at);
        const vec inside = vec_sub(half, vec_abs(vec_sub(from_center, middle)));
        const vec apart = vec_sub(vec_abs(from_center), nearest);
        vec_store(shares, vec_if_negative(inside, vec_zero(), vec_if_negative(apart, vec_zero(), one)));
    }
    return (w2v_inputs){last - first, workspace->words + first, workspace->rows + first,
                        (const float (*)[W2V_GROUP_CENTERS])workspace->shares};
}

/* target += factor * source */
W2V_INLINE void w2v_add_row(float *target, const float *source, float factor, int64_t dimensions)
{
    const vec factors = vec_set1(factor);
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES)
        vec_store(target + column, vec_fma(factors, vec_load(source + column), vec_load(target + column)));
    if (column < dimensions) {
        const vec_tail tail = vec_tail_of(dimensions - column);
        vec sum = vec_fma(factors, vec_load_tail(source + column, tail), vec_load_tail(target + column, tail));
        vec_store_tail(target + column, sum, tail);
    }
}

/* cells (m, n) = sum over `centers` of pairs[m][g] * cells (g, n). Whole vectors, as where the columns were made. */
W2V_INLINE void w2v_add_cells(const w2v_inputs *inputs, const float *positives, const float *totals, int32_t columns,
                              float *restrict new_positives, float *restrict new_totals, const int centers)
{
    const int32_t count = inputs->count;
    for (int32_t m = 0; m < count; m++, new_positives += columns, new_totals += columns) {
        vec pairs[W2V_GROUP_CENTERS];
        W2V_UNROLL for (int g = 0; g < centers; g++) pairs[g] = vec_set1(inputs->pairs[m][g]);
        for (int32_t n = 0; n < columns; n += VEC_LANES) {
            vec positive = vec_mul(pairs[0], vec_load(positives + n)), total = vec_mul(pairs[0], vec_load(totals + n));
            W2V_UNROLL for (int g = 1; g < centers; g++) {
                positive = vec_fma(pairs[g], vec_load(positives + g * columns + n), positive);
                total = vec_fma(pairs[g], vec_load(totals + g * columns + n), total);
            }
            vec_store(new_positives + n, positive);
            vec_store(new_totals + n, total);
        }
    }
}

/* rows (m, n) = row (n). Whole vectors, as where the columns were made; from the end on, for they spill over. */
W2V_INLINE void w2v_repeat_cells(const float *row, int32_t count, int32_t columns, float *restrict rows)
{
    for (int32_t n = (columns - 1) / VEC_LANES * VEC_LANES; n >= 0; n -= VEC_LANES) {
        const vec part = vec_load(row + n);
        for (int32_t m = 0; m < count; m++) vec_store(rows + m * columns + n, part);
    }
}

/* Cells of a tile: every pair of an input row and a centre adds the columns that the centre meets to the row's cells. */
static void w2v_fill_cells(const w2v_model *model, const w2v_group *group, const w2v_part *part, const w2v_inputs *inputs,
                           w2v_workspace *workspace, w2v_tile *tile)
{
    const float *positives = group->positives + part->first_column, *totals = group->totals + part->first_column;
    const int32_t columns = part->column_count;
    const int as_they_are = !inputs->pairs && inputs->count == 1;
    tile->positives = as_they_are ? positives : workspace->positives;
    tile->totals = as_they_are ? totals : workspace->totals;
    if (as_they_are) return;
    if (!inputs->pairs) {
        w2v_repeat_cells(positives, inputs->count, columns, workspace->positives);
        if (model->negative > 0)
            w2v_repeat_cells(totals, inputs->count, columns, workspace->totals);
        else
            tile->totals = workspace->ones;
        return;
    }
#define W2V_CELLS_CASE(centers)                                                                              \
    case centers:                                                                                            \
        w2v_add_cells(inputs, positives, totals, columns, workspace->positives, workspace->totals, centers); \
        break;
    switch (part->center_count) {
        W2V_CELLS_CASE(1) W2V_CELLS_CASE(2) W2V_CELLS_CASE(3) W2V_CELLS_CASE(4)
    }
#undef W2V_CELLS_CASE
}

static double w2v_skip_gram_tile(const w2v_model *model, const w2v_group *group, const w2v_inputs *inputs, float rate,
                                 w2v_workspace *workspace)
{
    const int64_t dimensions = model->dimensions;
    const w2v_part *part = &group->parts[0]; /* the only one */
    if (part->column_count == 0) return 0.0; /* the path of the only word of a vocabulary */
    w2v_tile tile;
    tile.overwrites = model->lock_factors != NULL;
    tile.source = inputs->rows;
    tile.partial = workspace->targets;
    tile.target = model->lock_factors ? workspace->targets : inputs->rows;
    w2v_choose_exchanges(&workspace->inputs, inputs->words, inputs->count, group->center_count);
    tile.input_count = inputs->count;
    w2v_fill_cells(model, group, part, inputs, workspace, &tile);
    const double loss = w2v_run_tile(model, group, part, rate, workspace, &tile);
    if (model->lock_factors) {
        for (int32_t m = 0; m < inputs->count; m++)
            w2v_add_row(inputs->rows[m], tile.target[m], model->lock_factors[inputs->words[m]], dimensions);
    }
    w2v_exchange_chosen(&workspace->inputs, inputs->words, inputs->count);
    return loss;
}

/* The tile that starts with the `first`-th word of the context, without its `skipped`-th: at most `most_tokens` words. One that
   occurs several times in it is one row with more pairs, so that it receives the sum of its updates. Returns the word that
   follows. */
static int32_t w2v_merge_words(const w2v_inputs *context, int32_t first, int32_t skipped, int32_t most_tokens,
                               w2v_merged *merged, w2v_inputs *inputs)
{
    static const float alone[W2V_GROUP_CENTERS] = {1.0f};
    const int32_t room = most_tokens + ((first <= skipped) & (skipped < first + most_tokens));
    const int32_t stop = context->count - first < room ? context->count : first + room;
    int32_t repeats[W2V_TILE_INPUTS], count = 0, i = first;
    w2v_seen seen = {{0}};
    for (; i < stop; i++) {
        if (i == skipped) continue;
        const float *pairs = context->pairs ? context->pairs[i] : alone;
        int32_t m = w2v_find(&seen, merged->words, 0, count, context->words[i]);
        if (m < 0) {
            m = count++;
            repeats[m] = 1;
            merged->words[m] = context->words[i];
            merged->rows[m] = context->rows[i];
            memcpy(merged->pairs[m], pairs, sizeof merged->pairs[m]);
            continue;
        }
        if (++repeats[m] > W2V_TILE_REPEATS) break;
        for (int32_t g = 0; g < W2V_GROUP_CENTERS; g++) merged->pairs[m][g] += pairs[g];
    }
    *inputs = (w2v_inputs){count, merged->words, merged->rows, (const float (*)[W2V_GROUP_CENTERS])merged->pairs};
    return i;
}

/* A lone centre whose context is one tile of distinct words: as they lie in the workspace, the last one for the time being in
   the centre's place. */
static double w2v_train_lone(const w2v_model *model, const w2v_group *group, const w2v_center *center, float rate,
                             w2v_workspace *workspace)
{
    int32_t *word = workspace->words + center->at;
    float **row = workspace->rows + center->at;
    const int32_t center_word = *word, count = center->last - center->first - 1;
    float *center_row = *row;
    *word = workspace->words[center->last - 1];
    *row = workspace->rows[center->last - 1];
    const w2v_inputs inputs = {count, workspace->words + center->first, workspace->rows + center->first, NULL};
    const double loss = w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
    *word = center_word;
    *row = center_row;
    return loss;
}

/* The tokens that the windows of a group span: most often one tile of distinct words, else tiles in the order of the text. */
static void w2v_train_windows(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                              w2v_tally *tally)
{
    const int32_t most_tokens = w2v_bounded(W2V_TILE_INPUTS, rate);
    const w2v_center *centers = workspace->centers + group->first_center;
    const int is_lone = group->center_count == 1;
    w2v_inputs context = {centers->last - centers->first, workspace->words + centers->first, workspace->rows + centers->first,
                          NULL}; /* of a lone centre, which lies within and is left out below */
    if (!is_lone) context = w2v_context_of(centers, group->center_count, workspace);
    const int32_t first_word = (int32_t)(context.words - workspace->words), token_count = context.count - is_lone;
    for (int32_t g = 0; g < group->center_count; g++) tally->pairs += centers[g].last - centers[g].first - 1;
    if (token_count == 0) return;
    if (token_count <= most_tokens && workspace->repeated[first_word + context.count - 1] < first_word) {
        tally->loss += is_lone ? w2v_train_lone(model, group, centers, rate, workspace)
                               : w2v_skip_gram_tile(model, group, &context, rate, workspace);
        return;
    }
    const int32_t skipped = is_lone ? centers->at - first_word : -1;
    for (int32_t first = 0; first < context.count;) {
        w2v_inputs inputs;
        first = w2v_merge_words(&context, first, skipped, most_tokens, &workspace->merged, &inputs);
        if (inputs.count > 0) /* else the centre was the last word */
            tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
    }
}

/* As word2vec.c and gensim do it: every pair is a step of its own, with its own negatives. */
static void w2v_train_pairs(const w2v_model *model, w2v_group *group, uint64_t key, float rate,
                            w2v_workspace *workspace, w2v_tally *tally)
{
    const w2v_center *center = workspace->centers + group->first_center;
    const uint64_t stream = w2v_noise_stream(key, center->position);
    uint64_t first_draw = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        group->count = group->part_count = 0;
        w2v_draw_bits(model, stream, first_draw, workspace->bits);
        w2v_add_part(model, workspace, workspace->bits, 0, 1, group);
        const w2v_inputs inputs = {1, workspace->words + i, workspace->rows + i, NULL};
        tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
        tally->pairs++;
        first_draw += (uint64_t)model->negative;
    }
}

#endif
