/* Design: the groups of skip-gram as tiles. An input row is a context word; each of its pairs is with one centre. */
#ifndef W2V_SKIP_GRAM_H
#define W2V_SKIP_GRAM_H

#include "groups.h"

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

static double w2v_skip_gram_tile(const w2v_model *model, const w2v_group *group, const w2v_inputs *inputs, float rate,
                                 w2v_workspace *workspace)
{
    const int64_t dimensions = model->dimensions;
    const w2v_part *part = &group->parts[0]; /* the only one */
    const int several_panels = part->column_count > TILE_OUTPUTS;
    w2v_tile tile;
    for (int32_t m = 0; m < inputs->count; m++) {
        float *row = w2v_row(&workspace->inputs, inputs->words[m]);
        float *source_row = workspace->source_rows + m * workspace->row_stride;
        float *target_row = workspace->target_rows + m * workspace->row_stride;
        tile.source[m] = tile.target[m] = row;
        if (model->lock_factors) {
            memset(target_row, 0, (size_t)dimensions * sizeof(float));
            tile.target[m] = target_row;
        } else if (several_panels) {
            memcpy(source_row, row, (size_t)dimensions * sizeof(float));
            tile.source[m] = source_row;
        }
    }
    const int exchanges = model->copying_workers > 1;
    if (exchanges) w2v_choose_exchanges(&workspace->inputs, inputs->words, inputs->count, group->center_count);
    const double loss = w2v_run_tile(model, group, part, inputs, rate, workspace, &tile);
    if (model->lock_factors) {
        for (int32_t m = 0; m < inputs->count; m++)
            w2v_add_row(w2v_row(&workspace->inputs, inputs->words[m]), tile.target[m],
                        model->lock_factors[inputs->words[m]], dimensions);
    }
    if (exchanges) w2v_exchange_chosen(&workspace->inputs, inputs->words, inputs->count);
    return loss;
}

/* The tile that starts with token `first`: at most `most_tokens` tokens before `last`. A word that occurs several times
   in it is one row with more pairs, so that it receives the sum of its updates. Returns the token that follows. */
static int32_t w2v_gather_tile(const w2v_group *group, const w2v_workspace *workspace, int32_t first, int32_t last,
                               int32_t most_tokens, w2v_inputs *inputs)
{
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t skipped = group->center_count == 1 ? centers[0].at : -1; /* a lone centre is nobody's context */
    const int32_t room = most_tokens + ((first <= skipped) & (skipped < first + most_tokens));
    const int32_t stop = last - first < room ? last : first + room;
    int32_t rows[W2V_TILE_INPUTS + 1]; /* of the tokens from `first` on */
    int32_t repeats[W2V_TILE_INPUTS];
    uint64_t seen = 0;
    int32_t end = first;
    inputs->count = inputs->pair_count = 0;
    for (; end < stop; end++) {
        if (end == skipped) continue;
        const int32_t word = workspace->words[end];
        int32_t row = w2v_find(&seen, inputs->words, 0, inputs->count, word);
        if (row < 0) {
            row = inputs->count++;
            repeats[row] = 0;
            inputs->words[row] = word;
        }
        if (++repeats[row] > W2V_TILE_REPEATS) break;
        rows[end - first] = row;
    }
    for (int32_t g = 0; g < group->center_count; g++) {
        const int32_t at = centers[g].at;
        const int32_t from = centers[g].first > first ? centers[g].first : first;
        const int32_t to = centers[g].last < end ? centers[g].last : end;
        for (int32_t i = from; i < (at < to ? at : to); i++) w2v_add_pair(inputs, rows[i - first], g);
        for (int32_t i = at + 1 > from ? at + 1 : from; i < to; i++) w2v_add_pair(inputs, rows[i - first], g);
    }
    return end;
}

/* The tokens that the windows of a group span, in tiles. */
static void w2v_train_windows(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                              w2v_tally *tally)
{
    const int32_t most_tokens = w2v_bounded(W2V_TILE_INPUTS, rate);
    const w2v_center *centers = workspace->centers + group->first_center;
    int32_t first, last;
    w2v_span_of_windows(centers, group->center_count, &first, &last);
    w2v_inputs inputs;
    while (first < last) {
        first = w2v_gather_tile(group, workspace, first, last, most_tokens, &inputs);
        if (inputs.count == 0) continue; /* a lone centre without context */
        tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
        tally->pairs += inputs.pair_count;
    }
}

/* As word2vec.c and gensim do it: every pair is a step of its own, with its own negatives. */
static void w2v_train_pairs(const w2v_model *model, w2v_group *group, uint64_t key, float rate,
                            w2v_workspace *workspace, w2v_tally *tally)
{
    const w2v_center *center = workspace->centers + group->first_center;
    const uint64_t stream = w2v_noise_stream(key, center->position);
    w2v_inputs inputs = {.count = 1, .pair_count = 1};
    uint64_t first_draw = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        group->count = group->part_count = 0;
        w2v_add_part(model, workspace, stream, first_draw, 0, 1, group);
        inputs.words[0] = workspace->words[i];
        tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
        tally->pairs++;
        first_draw += (uint64_t)model->negative;
    }
}

#endif
