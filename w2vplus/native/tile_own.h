/* Design: tiles of several input rows each of which has an output of its own, beside those that all inputs meet: windows of
   CBOW with their centre words, and the negatives that they share. No other window meets the centre word of one, so a tile of
   panels would compute cells that nobody needs, a quarter of all. One panel holds the shared outputs, and the targets
   are overwritten. */
#ifndef W2V_TILE_OWN_H
#define W2V_TILE_OWN_H

#include "tile_panels.h"

#define W2V_USUAL_INPUTS 3 /* whose loop is unrolled: as many windows share their negatives unless a model says otherwise */

/* X = G Y and Y += G' X for one vector of columns, or a tail of that kind. */
W2V_INLINE void w2v_own_columns(const w2v_tile *tile, float *const *own, float *const *y, int64_t column, vec_tail tail,
                                const int kind, const int inputs, const int width)
{
    vec y_old[TILE_OUTPUTS], y_new[TILE_OUTPUTS];
    W2V_UNROLL for (int n = 0; n < width; n++) y_new[n] = y_old[n] = vec_load_part(y[n] + column, tail, kind);
    float *const *source = tile->source, *const *targets = tile->target;
    const float *steps = tile->steps;
    for (int m = 0; m < inputs; m++, steps += 1 + width) {
        const vec x_old = vec_load_part(source[m] + column, tail, kind);
        const vec own_old = vec_load_part(own[m] + column, tail, kind), own_step = vec_set1(steps[0]);
        vec x_new = vec_mul(own_step, own_old);
        vec_store_part(own[m] + column, vec_fma(own_step, x_old, own_old), tail, kind);
        W2V_UNROLL for (int n = 0; n < width; n++) {
            const vec step = vec_set1(steps[1 + n]);
            x_new = vec_fma(step, y_old[n], x_new);
            y_new[n] = vec_fma(step, x_old, y_new[n]);
        }
        vec_store_part(targets[m] + column, x_new, tail, kind);
    }
    W2V_UNROLL for (int n = 0; n < width; n++) vec_store_part(y[n] + column, y_new[n], tail, kind);
}

/* All columns, with rows to come prefetched beside them as by w2v_update_of. */
W2V_INLINE void w2v_own_rows(const w2v_tile *tile, const int inputs, const int width)
{
    const int64_t dimensions = tile->dimensions;
    float *own[W2V_GROUP_CENTERS], *y[TILE_OUTPUTS];
    for (int m = 0; m < inputs; m++) own[m] = tile->own_outputs[m];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = tile->outputs[n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        if (column % W2V_LINE_FLOATS == 0) w2v_fetch_rows(tile->fetched, tile->fetched_count, column);
        w2v_own_columns(tile, own, y, column, vec_tail_of(0), VEC_NO_TAIL, inputs, width);
    }
    w2v_fetch_rows(tile->fetched, tile->fetched_count, dimensions - 1);
    const vec_tail tail = vec_tail_of(dimensions - column);
    switch (vec_tail_kind(dimensions)) {
    case VEC_FOUR_TAIL: w2v_own_columns(tile, own, y, column, tail, VEC_FOUR_TAIL, inputs, width); break;
    case VEC_SOME_TAIL: w2v_own_columns(tile, own, y, column, tail, VEC_SOME_TAIL, inputs, width); break;
    }
}

W2V_INLINE void w2v_own_update(const w2v_tile *tile, const int width)
{
    if (tile->input_count == W2V_USUAL_INPUTS)
        w2v_own_rows(tile, W2V_USUAL_INPUTS, width);
    else
        w2v_own_rows(tile, tile->input_count, width);
}

/* Logits and update are functions of their own: as one, they took 2 % longer. */
#define W2V_OWN_FUNCTIONS(width)                                                                             \
    static W2V_NOINLINE void w2v_own_logits_##width(const w2v_tile *tile)                                    \
    {                                                                                                        \
        w2v_logits_of(tile, 0, 1, 1, width);                                                                 \
    }                                                                                                        \
    static W2V_NOINLINE void w2v_own_update_##width(const w2v_tile *tile)                                    \
    {                                                                                                        \
        w2v_own_update(tile, width);                                                                         \
    }                                                                                                        \
    static double w2v_train_own_##width(const w2v_tile *tile, float rate, int compute_loss)                  \
    {                                                                                                        \
        w2v_own_logits_##width(tile);                                                                        \
        const double loss = w2v_tile_steps(tile, rate, compute_loss);                                        \
        w2v_own_update_##width(tile);                                                                        \
        return loss;                                                                                         \
    }
W2V_EACH_WIDTH(W2V_OWN_FUNCTIONS)

static double w2v_train_own(const w2v_tile *tile, float rate, int compute_loss)
{
    static double (*const train[])(const w2v_tile *, float, int) = {
        NULL,
#define W2V_OWN(width) w2v_train_own_##width,
        W2V_EACH_WIDTH(W2V_OWN)
#undef W2V_OWN
    };
    return train[tile->output_count](tile, rate, compute_loss);
}

#endif
