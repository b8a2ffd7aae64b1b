/* Design: the groups of skip-gram as tiles. An input row is a context word; each of its pairs is with one centre. */
#ifndef W2V_SKIP_GRAM_H
#define W2V_SKIP_GRAM_H

#include "groups.h"

/* The words that the windows of a group span. */
typedef struct {
    int32_t count;
    const int32_t *words;
    float *const *rows;
    const float (*shares)[W2V_GROUP_CENTERS]; /* 1 if a word is in the window of a centre, else 0 */
    int32_t shares_apart; /* 1, or 0 if those of the first word are those of all */
} w2v_context;

/* Without branches on how far windows reach, which is random: a word is in a window if it is no further from its middle than
   half its length. Floats tell halves apart below four million words. The shares of several words make a vector; those
   behind the last word lie in the spare room. The window of a lone centre holds all words; the centre itself is left out
   where tiles are gathered. */
static w2v_context w2v_context_of(const w2v_center *centers, int32_t center_count, w2v_workspace *workspace)
{
    static const float alone[1][W2V_GROUP_CENTERS] = {{1.0f}};
    if (center_count == 1)
        return (w2v_context){centers[0].last - centers[0].first, workspace->words + centers[0].first,
                             workspace->rows + centers[0].first, alone, 0};
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
    return (w2v_context){last - first, workspace->words + first, workspace->rows + first,
                         (const float (*)[W2V_GROUP_CENTERS])workspace->shares, 1};
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

/* Cells of a tile: every pair of an input row and a centre adds the columns that the centre meets to the row's cells. */
static void w2v_fill_cells(const w2v_group *group, const w2v_part *part, const w2v_inputs *inputs, w2v_workspace *workspace,
                           w2v_tile *tile)
{
    const float *positives = group->positives + part->first_column, *totals = group->totals + part->first_column;
    const int32_t columns = part->column_count;
    const int as_they_are = inputs->count == 1 && part->center_count == 1 && inputs->pairs[0][0] == 1.0f;
    tile->positives = as_they_are ? positives : workspace->positives;
    tile->totals = as_they_are ? totals : workspace->totals;
    if (as_they_are) return;
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
    for (int32_t m = 0; m < inputs->count; m++) {
        tile.source[m] = inputs->rows[m];
        tile.partial[m] = workspace->target_rows + m * workspace->row_stride;
        tile.target[m] = model->lock_factors ? tile.partial[m] : inputs->rows[m];
    }
    w2v_choose_exchanges(&workspace->inputs, inputs->words, inputs->count, group->center_count);
    tile.input_count = inputs->count;
    w2v_fill_cells(group, part, inputs, workspace, &tile);
    const double loss = w2v_run_tile(model, group, part, rate, workspace, &tile);
    if (model->lock_factors) {
        for (int32_t m = 0; m < inputs->count; m++)
            w2v_add_row(inputs->rows[m], tile.target[m], model->lock_factors[inputs->words[m]], dimensions);
    }
    w2v_exchange_chosen(&workspace->inputs, inputs->words, inputs->count);
    return loss;
}

/* The tile that starts with the `first`-th word of the context: at most `most_tokens` words. One that occurs several times
   in it is one row with more pairs, so that it receives the sum of its updates. Returns the word that follows. */
static int32_t w2v_gather_tile(const w2v_group *group, const w2v_context *context, const w2v_workspace *workspace,
                               int32_t first, int32_t most_tokens, w2v_inputs *inputs)
{
    /* a lone centre is nobody's context */
    const int32_t own = (int32_t)(workspace->words + workspace->centers[group->first_center].at - context->words);
    const int32_t skipped = group->center_count == 1 ? own : -1;
    const int32_t room = most_tokens + ((first <= skipped) & (skipped < first + most_tokens));
    const int32_t stop = context->count - first < room ? context->count : first + room;
    int32_t repeats[W2V_TILE_INPUTS];
    w2v_seen seen = {{0}};
    int32_t i = first;
    inputs->count = 0;
    for (; i < stop; i++) {
        if (i == skipped) continue;
        const float *shares = context->shares[i * context->shares_apart];
        int32_t m = w2v_find(&seen, inputs->words, 0, inputs->count, context->words[i]);
        if (m < 0) {
            m = inputs->count++;
            repeats[m] = 1;
            inputs->words[m] = context->words[i];
            inputs->rows[m] = context->rows[i];
            memcpy(inputs->pairs[m], shares, sizeof inputs->pairs[m]);
            continue;
        }
        if (++repeats[m] > W2V_TILE_REPEATS) break;
        for (int32_t g = 0; g < W2V_GROUP_CENTERS; g++) inputs->pairs[m][g] += shares[g];
    }
    return i;
}

/* The tokens that the windows of a group span, in tiles. */
static void w2v_train_windows(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                              w2v_tally *tally)
{
    const int32_t most_tokens = w2v_bounded(W2V_TILE_INPUTS, rate);
    const w2v_center *centers = workspace->centers + group->first_center;
    const w2v_context context = w2v_context_of(centers, group->center_count, workspace);
    w2v_inputs inputs;
    for (int32_t first = 0; first < context.count;) {
        first = w2v_gather_tile(group, &context, workspace, first, most_tokens, &inputs);
        if (inputs.count > 0) /* else a lone centre without context */
            tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
    }
    for (int32_t g = 0; g < group->center_count; g++) tally->pairs += centers[g].last - centers[g].first - 1;
}

/* As word2vec.c and gensim do it: every pair is a step of its own, with its own negatives. */
static void w2v_train_pairs(const w2v_model *model, w2v_group *group, uint64_t key, float rate,
                            w2v_workspace *workspace, w2v_tally *tally)
{
    const w2v_center *center = workspace->centers + group->first_center;
    const uint64_t stream = w2v_noise_stream(key, center->position);
    w2v_inputs inputs = {.count = 1, .pairs = {{1.0f}}};
    uint64_t first_draw = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        group->count = group->part_count = 0;
        w2v_draw_bits(model, stream, first_draw, workspace->bits);
        w2v_add_part(model, workspace, workspace->bits, 0, 1, group);
        inputs.words[0] = workspace->words[i];
        inputs.rows[0] = workspace->rows[i];
        tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
        tally->pairs++;
        first_draw += (uint64_t)model->negative;
    }
}

#endif
