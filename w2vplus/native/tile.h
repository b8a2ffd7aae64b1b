/* Design: the one operation of word2vec. M input rows X (context vectors in skip-gram, one projection in
   CBOW) meet N output rows Y (the centre word and its negatives, the inner nodes of its Huffman path, or
   both):

       L = X Y'     G = rate * weight * (label - sigmoid(L))     X += G Y     Y += G' X

   with every right-hand side taken from the old values. Reading and writing are apart (`source`,
   `target`), so that one routine serves rows in place, a projection whose error is wanted (target: zeroed
   scratch) and tiles wider than the registers (source: a copy).

   Outputs are cut into panels of at most TILE_OUTPUTS rows, whose sums stay in registers. Logits, labels,
   weights and G are stored panel after panel, each panel row-major: element (m, n) of the panel that begins
   at output n0 and has width w is at m_count * n0 + m * w + n. */
#ifndef W2V_TILE_H
#define W2V_TILE_H

#include "vec_math.h"

#define TILE_ROWS 4 /* input rows whose logits are computed together: 4 x 6 sums fill the registers */

typedef struct {
    const float *source[W2V_TILE_INPUTS];
    float *target[W2V_TILE_INPUTS];
    int32_t input_count;
    float **outputs;
    int32_t output_count;
    int64_t dimensions;
    float *logits;  /* each of these: input_count * output_count floats, rounded up to a vector */
    float *labels;  /* 1 for the centre word, 0 for a negative; 1 - code on a Huffman path */
    float *weights; /* how often the pair occurs in the tile */
    float *steps;   /* G */
} w2v_tile;

W2V_INLINE int32_t w2v_panel_width(int32_t remaining)
{
    return remaining < TILE_OUTPUTS ? remaining : TILE_OUTPUTS;
}

/* logits[m * width + n] = X[m] . Y[n] for `rows` inputs and `width` outputs, all sums in registers. */
W2V_INLINE void w2v_logits_block(const float *const *inputs, float *const *outputs, int64_t dimensions,
                                 float *logits, const int rows, const int width)
{
    vec sums[TILE_ROWS * TILE_OUTPUTS];
    const float *x[TILE_ROWS];
    const float *y[TILE_OUTPUTS];
    const int count = rows * width;
    W2V_UNROLL for (int i = 0; i < count; i++) sums[i] = vec_zero();
    W2V_UNROLL for (int m = 0; m < rows; m++) x[m] = inputs[m];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = outputs[n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        vec y_part[TILE_OUTPUTS];
        W2V_UNROLL for (int n = 0; n < width; n++) y_part[n] = vec_load(y[n] + column);
        W2V_UNROLL for (int m = 0; m < rows; m++) {
            vec x_part = vec_load(x[m] + column);
            W2V_UNROLL for (int n = 0; n < width; n++)
                sums[m * width + n] = vec_fma(x_part, y_part[n], sums[m * width + n]);
        }
    }
    if (column < dimensions) {
        const vec_tail tail = vec_tail_of(dimensions - column);
        vec y_part[TILE_OUTPUTS];
        W2V_UNROLL for (int n = 0; n < width; n++) y_part[n] = vec_load_tail(y[n] + column, tail);
        W2V_UNROLL for (int m = 0; m < rows; m++) {
            vec x_part = vec_load_tail(x[m] + column, tail);
            W2V_UNROLL for (int n = 0; n < width; n++)
                sums[m * width + n] = vec_fma(x_part, y_part[n], sums[m * width + n]);
        }
    }
    W2V_UNROLL for (int i = 0; i + 4 <= count; i += 4)
        vec_sum4(sums[i], sums[i + 1], sums[i + 2], sums[i + 3], logits + i);
    W2V_UNROLL for (int i = count & ~3; i < count; i++) logits[i] = vec_sum(sums[i]);
}

W2V_INLINE void w2v_logits_width(const w2v_tile *tile, float *const *outputs, float *logits, const int width)
{
    int32_t m = 0;
    for (; m + TILE_ROWS <= tile->input_count; m += TILE_ROWS)
        w2v_logits_block(tile->source + m, outputs, tile->dimensions, logits + m * width, TILE_ROWS, width);
    switch (tile->input_count - m) {
    case 3: w2v_logits_block(tile->source + m, outputs, tile->dimensions, logits + m * width, 3, width); break;
    case 2: w2v_logits_block(tile->source + m, outputs, tile->dimensions, logits + m * width, 2, width); break;
    case 1: w2v_logits_block(tile->source + m, outputs, tile->dimensions, logits + m * width, 1, width); break;
    default: break;
    }
}

/* G = rate * weight * (label - sigmoid(L)); returns the loss, sum of weight * -log sigmoid(+-L). */
static double w2v_tile_steps(const w2v_tile *tile, float rate, int compute_loss)
{
    const int32_t count = tile->input_count * tile->output_count;
    const vec rates = vec_set1(rate), one = vec_set1(1.0f), lowest = vec_set1(-87.0f);
    vec losses = vec_zero();
    for (int32_t i = 0; i < count; i += VEC_LANES) {
        const vec_tail rest = vec_tail_of(count - i < VEC_LANES ? count - i : VEC_LANES);
        vec logit = vec_load_tail(tile->logits + i, rest);
        vec label = vec_load_tail(tile->labels + i, rest);
        vec weight = vec_load_tail(tile->weights + i, rest); /* 0 in the lanes past the end */
        /* e = exp(-|L|); sigmoid(L) = 1 / (1 + e) for L >= 0, e / (1 + e) for L < 0 */
        vec e = vec_exp(vec_max(vec_sub(vec_zero(), vec_abs(logit)), lowest));
        vec sigmoid = vec_div(vec_if_negative(logit, e, one), vec_add(one, e));
        vec_store(tile->steps + i, vec_mul(vec_mul(rates, weight), vec_sub(label, sigmoid)));
        if (compute_loss) {
            /* -log sigmoid(z) = log1p(exp(-|z|)) + max(-z, 0), z = L for label 1 and -L for label 0 */
            vec wrong_side = vec_sub(vec_max(logit, vec_zero()), vec_mul(label, logit));
            losses = vec_fma(weight, vec_add(vec_log1p(e), wrong_side), losses);
        }
    }
    return compute_loss ? (double)vec_sum(losses) : 0.0;
}

/* One column block of X += G Y and Y += G' X: every old value is read before its row is written. */
W2V_INLINE void w2v_update_width(const w2v_tile *tile, float *const *outputs, const float *steps, const int width)
{
    const int32_t input_count = tile->input_count;
    const int64_t dimensions = tile->dimensions;
    float *y[TILE_OUTPUTS];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = outputs[n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        vec old[TILE_OUTPUTS], new[TILE_OUTPUTS];
        W2V_UNROLL for (int n = 0; n < width; n++) new[n] = old[n] = vec_load(y[n] + column);
        for (int32_t m = 0; m < input_count; m++) {
            vec x_old = vec_load(tile->source[m] + column);
            vec x_new = vec_load(tile->target[m] + column);
            W2V_UNROLL for (int n = 0; n < width; n++) {
                vec step = vec_set1(steps[m * width + n]);
                x_new = vec_fma(step, old[n], x_new);
                new[n] = vec_fma(step, x_old, new[n]);
            }
            vec_store(tile->target[m] + column, x_new);
        }
        W2V_UNROLL for (int n = 0; n < width; n++) vec_store(y[n] + column, new[n]);
    }
    if (column < dimensions) {
        const vec_tail tail = vec_tail_of(dimensions - column);
        vec old[TILE_OUTPUTS], new[TILE_OUTPUTS];
        W2V_UNROLL for (int n = 0; n < width; n++) new[n] = old[n] = vec_load_tail(y[n] + column, tail);
        for (int32_t m = 0; m < input_count; m++) {
            vec x_old = vec_load_tail(tile->source[m] + column, tail);
            vec x_new = vec_load_tail(tile->target[m] + column, tail);
            W2V_UNROLL for (int n = 0; n < width; n++) {
                vec step = vec_set1(steps[m * width + n]);
                x_new = vec_fma(step, old[n], x_new);
                new[n] = vec_fma(step, x_old, new[n]);
            }
            vec_store_tail(tile->target[m] + column, x_new, tail);
        }
        W2V_UNROLL for (int n = 0; n < width; n++) vec_store_tail(y[n] + column, new[n], tail);
    }
}

/* Calls `function` with a panel width the compiler knows. */
#if TILE_OUTPUTS == 6
#define W2V_FOR_WIDTH(width, function, ...)                                                                  \
    switch (width) {                                                                                         \
    case 6: function(__VA_ARGS__, 6); break;                                                                 \
    case 5: function(__VA_ARGS__, 5); break;                                                                 \
    case 4: function(__VA_ARGS__, 4); break;                                                                 \
    case 3: function(__VA_ARGS__, 3); break;                                                                 \
    case 2: function(__VA_ARGS__, 2); break;                                                                 \
    default: function(__VA_ARGS__, 1); break;                                                                \
    }
#else
#define W2V_FOR_WIDTH(width, function, ...)                                                                  \
    switch (width) {                                                                                         \
    case 2: function(__VA_ARGS__, 2); break;                                                                 \
    default: function(__VA_ARGS__, 1); break;                                                                \
    }
#endif

/* The whole tile. Returns its loss. When outputs need several panels, source and target must be apart. */
static double w2v_train_tile(const w2v_tile *tile, float rate, int compute_loss)
{
    for (int32_t n = 0; n < tile->output_count;) {
        const int32_t width = w2v_panel_width(tile->output_count - n);
        float *const *outputs = tile->outputs + n;
        float *logits = tile->logits + tile->input_count * n;
        W2V_FOR_WIDTH(width, w2v_logits_width, tile, outputs, logits)
        n += width;
    }
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    for (int32_t n = 0; n < tile->output_count;) {
        const int32_t width = w2v_panel_width(tile->output_count - n);
        float *const *outputs = tile->outputs + n;
        const float *steps = tile->steps + tile->input_count * n;
        W2V_FOR_WIDTH(width, w2v_update_width, tile, outputs, steps)
        n += width;
    }
    return loss;
}

#endif
