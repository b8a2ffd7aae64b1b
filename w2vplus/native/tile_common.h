/* Design: what a tile is (tile.h says what it does), and what its kinds have in common: steps, prefetching. L, P, T
   and G are row-major, (M, N), or (M, 1 + N) where inputs have own outputs. */
#ifndef W2V_TILE_COMMON_H
#define W2V_TILE_COMMON_H

#include "matrix.h"
#include "vec_math.h"

#define W2V_FETCHED_TOGETHER 4

/* Outputs whose logits with a lone input row are computed together, or half as many at the end. Behind the outputs of every
   part are as many addresses that may be read. */
#define W2V_STREAMED 8

typedef struct {
    float *const *source; /* X: the input rows */
    float *const *target;
    int32_t input_count;
    int32_t overwrites; /* the targets become the update, whatever they were, instead of being moved by it */
    float *const *partial; /* where sums of several panels may lie until they are complete: targets or spare rows */
    float **own_outputs; /* NULL, or an output for each input, with which it has its first cell (tile_own.h) */
    float **outputs;
    int32_t output_count; /* without those */
    int64_t dimensions;
    float *logits;          /* L: as many floats as there are cells, and room for two vectors more */
    const float *positives; /* P */
    const float *totals;    /* T */
    float *steps;           /* G, with as much room as L */
    const float *const *fetched; /* rows that a later tile needs: prefetched while this one is updated, W2V_FETCHED_TOGETHER
                                    at once; behind the last are as many addresses less one that may be fetched */
    int32_t fetched_count;
} w2v_tile;

/* One pass over the inputs of a tile (tile_panels.h). */
typedef struct {
    float *const *addends; /* of the inputs: what the panel's part of G Y is added to, or NULL */
    float *const *sums;    /* where that goes */
    const float *steps;    /* G from the panel's first cell on */
} w2v_panel;

#define COLUMNS(name) name##_whole
#define COLUMNS_VEC vec
#define COLUMNS_LOAD(p) vec_load(p)
#define COLUMNS_STORE(p, a) vec_store(p, a)
#define COLUMNS_SET1(x) vec_set1(x)
#define COLUMNS_FMA(a, b, c) vec_fma(a, b, c)
#include "tile_columns.h"

#define COLUMNS(name) name##_tail
#define COLUMNS_VEC vec
#define COLUMNS_LOAD(p) vec_load_tail(p, tail)
#define COLUMNS_STORE(p, a) vec_store_tail(p, a, tail)
#define COLUMNS_SET1(x) vec_set1(x)
#define COLUMNS_FMA(a, b, c) vec_fma(a, b, c)
#include "tile_columns.h"

#if VEC_LANES > 4
/* Four columns left over, as in 100 dimensions, are half a register's work or a quarter. */
#define COLUMNS(name) name##_four
#define COLUMNS_VEC __m128
#define COLUMNS_LOAD(p) _mm_loadu_ps(p)
#define COLUMNS_STORE(p, a) _mm_storeu_ps(p, a)
#define COLUMNS_SET1(x) _mm_set1_ps(x)
#define COLUMNS_FMA(a, b, c) _mm_fmadd_ps(a, b, c)
#include "tile_columns.h"
#endif

#if VEC_LANES == 16
/* Fewer, as in 50. */
#define COLUMNS(name) name##_few
#define COLUMNS_VEC __m128
#define COLUMNS_LOAD(p) _mm_maskz_loadu_ps((__mmask8)tail, p)
#define COLUMNS_STORE(p, a) _mm_mask_storeu_ps(p, (__mmask8)tail, a)
#define COLUMNS_SET1(x) _mm_set1_ps(x)
#define COLUMNS_FMA(a, b, c) _mm_fmadd_ps(a, b, c)
#include "tile_columns.h"
#define W2V_FEWER_LEFT_OVER(name, count, ...)                                                                \
    if ((count) < 4)                                                                                         \
        name##_few(__VA_ARGS__);                                                                             \
    else                                                                                                     \
        name##_tail(__VA_ARGS__)
#else
#define W2V_FEWER_LEFT_OVER(name, count, ...) name##_tail(__VA_ARGS__)
#endif

/* The columns left over at a row's end, in the narrowest register that holds them. */
#if VEC_LANES > 4
#define W2V_LEFT_OVER(name, count, ...)                                                                      \
    do {                                                                                                     \
        if ((count) == 4)                                                                                    \
            name##_four(__VA_ARGS__);                                                                        \
        else                                                                                                 \
            W2V_FEWER_LEFT_OVER(name, count, __VA_ARGS__);                                                   \
    } while (0)
#else
#define W2V_LEFT_OVER(name, count, ...) name##_tail(__VA_ARGS__)
#endif

/* G = rate * (P - T * sigmoid(L)); returns the loss, the sum of P * -log sigmoid(L) + (T - P) * -log sigmoid(-L). */
static double w2v_tile_steps(const w2v_tile *tile, float rate, int compute_loss)
{
    const int32_t count = tile->input_count * (tile->output_count + (tile->own_outputs != NULL));
    const vec rates = vec_set1(rate), one = vec_set1(1.0f);
    vec losses = vec_zero();
    for (int32_t i = 0; i < count; i += VEC_LANES) {
        const vec_tail rest = vec_tail_of(count - i < VEC_LANES ? count - i : VEC_LANES);
        vec logit = vec_load_tail(tile->logits + i, rest);
        vec positive = vec_load_tail(tile->positives + i, rest);
        vec total = vec_load_tail(tile->totals + i, rest); /* 0 in the lanes past the end */
        /* e = exp(-|L|); sigmoid(L) = 1 / (1 + e) for L >= 0, e / (1 + e) for L < 0 */
        vec e = vec_exp_minus_abs(logit);
        vec sigmoid = vec_div(vec_if_negative(logit, e, one), vec_add(one, e));
        vec_store(tile->steps + i, vec_mul(rates, vec_sub(positive, vec_mul(total, sigmoid))));
        if (compute_loss) {
            /* -log sigmoid(-L) = log1p(e) + max(L, 0), and -log sigmoid(L) is less than that by L */
            vec of_negatives = vec_add(vec_log1p(e), vec_max(logit, vec_zero()));
            losses = vec_add(losses, vec_sub(vec_mul(total, of_negatives), vec_mul(positive, logit)));
        }
    }
    return compute_loss ? (double)vec_sum(losses) : 0.0;
}

/* One column of `count` rows, W2V_FETCHED_TOGETHER at once. */
W2V_INLINE void w2v_fetch_rows(const float *const *rows, int32_t count, int64_t column)
{
    for (const float *const *last = rows + count; rows < last; rows += W2V_FETCHED_TOGETHER)
        W2V_UNROLL for (int i = 0; i < W2V_FETCHED_TOGETHER; i++) W2V_PREFETCH(rows[i] + column);
}

#endif
