/* Design: the one operation of word2vec. M input rows X (context vectors in skip-gram, projections of windows in
   CBOW) meet N output rows Y (centre words and negatives, inner nodes of a Huffman path, or both). A cell (m, n)
   stands for T pairs of input m and output n, P of which have the label 1:

       L = X Y'     G = rate * (P - T * sigmoid(L))     X += G Y     Y += G' X

   with every right-hand side taken from the old values. Reading and writing are apart (`source`, `target`), so
   that one routine serves rows in place, a projection whose error is wanted (target: zeroed scratch) and tiles
   wider than the registers (source: a copy).

   Outputs are cut into panels of at most TILE_OUTPUTS rows; at most TILE_SUMS sums of logits stay in registers (both
   set by the shim). L, P, T and G are
   row-major, (M, N). */
#ifndef W2V_TILE_H
#define W2V_TILE_H

#include "matrix.h"
#include "vec_math.h"

#define W2V_FETCHED_TOGETHER 4
#define TILE_ROWS 4 /* at most so many input rows have their logits computed together */

typedef struct {
    const float *source[W2V_TILE_INPUTS];
    float *target[W2V_TILE_INPUTS];
    int32_t input_count;
    float **outputs;
    int32_t output_count;
    int64_t dimensions;
    float *logits;          /* L: input_count * output_count floats and room for two vectors more */
    const float *positives; /* P */
    const float *totals;    /* T */
    float *steps;           /* G, with as much room as L */
    const float *const *fetched; /* rows that a later tile needs: prefetched while this one is updated, W2V_FETCHED_TOGETHER
                                    at once; behind the last are as many addresses less one that may be fetched */
    int32_t fetched_count;
} w2v_tile;

#define COLUMNS(name) name##_whole
#define COLUMNS_VEC vec
#define COLUMNS_LOAD(p) vec_load(p)
#define COLUMNS_STORE(p, a) vec_store(p, a)
#define COLUMNS_SET1(x) vec_set1(x)
#define COLUMNS_FMA(a, b, c) vec_fma(a, b, c)
#define COLUMNS_DOT(a, b, sum) vec_fma(a, b, sum)
#include "tile_columns.h"

#define COLUMNS(name) name##_tail
#define COLUMNS_VEC vec
#define COLUMNS_LOAD(p) vec_load_tail(p, tail)
#define COLUMNS_STORE(p, a) vec_store_tail(p, a, tail)
#define COLUMNS_SET1(x) vec_set1(x)
#define COLUMNS_FMA(a, b, c) vec_fma(a, b, c)
#define COLUMNS_DOT(a, b, sum) vec_fma(a, b, sum)
#include "tile_columns.h"

#if VEC_LANES == 16
/* Up to four columns left over (as in 50, 100 or 500 dimensions) cost a quarter of a register's work. */
#define COLUMNS(name) name##_quarter
#define COLUMNS_VEC __m128
#define COLUMNS_LOAD(p) _mm_maskz_loadu_ps((__mmask8)tail, p)
#define COLUMNS_STORE(p, a) _mm_mask_storeu_ps(p, (__mmask8)tail, a)
#define COLUMNS_SET1(x) _mm_set1_ps(x)
#define COLUMNS_FMA(a, b, c) _mm_fmadd_ps(a, b, c)
#define COLUMNS_DOT(a, b, sum) _mm512_fmadd_ps(_mm512_zextps128_ps512(a), _mm512_zextps128_ps512(b), sum)
#include "tile_columns.h"

/* The columns left over at a row's end, in the narrowest register that holds them. */
#define W2V_LEFT_OVER(name, count, ...)                                                                      \
    do {                                                                                                     \
        if ((count) <= 4)                                                                                    \
            name##_quarter(__VA_ARGS__);                                                                     \
        else                                                                                                 \
            name##_tail(__VA_ARGS__);                                                                        \
    } while (0)
#else
#define W2V_LEFT_OVER(name, count, ...) name##_tail(__VA_ARGS__)
#endif

/* Width of the next panel when `remaining` outputs are left: panels of nearly equal width. */
W2V_INLINE int32_t w2v_panel_width(int32_t remaining)
{
    if (remaining <= TILE_OUTPUTS) return remaining; /* without the divisions */
    const int32_t panels = (remaining + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    return (remaining + panels - 1) / panels;
}

/* logits[m * stride + n] = X[m] . Y[n] for `rows` inputs and `width` outputs, all sums in registers. Where the panel is
   the whole tile, whole vectors of logits are written: what spills over the block is overwritten by the next one or
   lies in the spare room. */
W2V_INLINE void w2v_logits_block(const float *const *inputs, float *const *outputs, int64_t dimensions,
                                 float *logits, int64_t stride, const int rows, const int width)
{
    vec sums[(TILE_SUMS + 7) / 8 * 8];
    float parted[(TILE_SUMS + 7) / 8 * 8];
    const float *x[TILE_ROWS];
    float *y[TILE_OUTPUTS];
    const int count = rows * width;
    float *dots = stride == width ? logits : parted;
    W2V_UNROLL for (int i = 0; i < (count + 7) / 8 * 8; i++) sums[i] = vec_zero();
    W2V_UNROLL for (int m = 0; m < rows; m++) x[m] = inputs[m];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = outputs[n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES)
        w2v_dot_whole(x, y, column, vec_tail_of(0), sums, rows, width);
    const int64_t left = dimensions - column;
    if (left > 0) W2V_LEFT_OVER(w2v_dot, left, x, y, column, vec_tail_of(left), sums, rows, width);
    W2V_UNROLL for (int i = 0; i < count; i += 8) vec_sum8(sums + i, dots + i);
    if (stride == width) return;
    W2V_UNROLL for (int m = 0; m < rows; m++)
        W2V_UNROLL for (int n = 0; n < width; n++) logits[m * stride + n] = parted[m * width + n];
}

W2V_INLINE void w2v_logits_width(const w2v_tile *tile, int32_t first, const int width)
{
    const int rows = TILE_SUMS / width < TILE_ROWS ? TILE_SUMS / width : TILE_ROWS;
    const int64_t stride = tile->output_count, dimensions = tile->dimensions;
    float *const *outputs = tile->outputs + first;
    int32_t m = 0;
    for (; m + rows <= tile->input_count; m += rows)
        w2v_logits_block(tile->source + m, outputs, dimensions, tile->logits + m * stride + first, stride, rows, width);
    float *logits = tile->logits + m * stride + first;
    const int32_t rest = tile->input_count - m;
    if (rows > 3 && rest == 3) w2v_logits_block(tile->source + m, outputs, dimensions, logits, stride, 3, width);
    if (rows > 2 && rest == 2) w2v_logits_block(tile->source + m, outputs, dimensions, logits, stride, 2, width);
    if (rows > 1 && rest == 1) w2v_logits_block(tile->source + m, outputs, dimensions, logits, stride, 1, width);
}

/* G = rate * (P - T * sigmoid(L)); returns the loss, the sum of P * -log sigmoid(L) + (T - P) * -log sigmoid(-L). */
static double w2v_tile_steps(const w2v_tile *tile, float rate, int compute_loss)
{
    const int32_t count = tile->input_count * tile->output_count;
    const vec rates = vec_set1(rate), one = vec_set1(1.0f), lowest = vec_set1(-87.0f);
    vec losses = vec_zero();
    for (int32_t i = 0; i < count; i += VEC_LANES) {
        const vec_tail rest = vec_tail_of(count - i < VEC_LANES ? count - i : VEC_LANES);
        vec logit = vec_load_tail(tile->logits + i, rest);
        vec positive = vec_load_tail(tile->positives + i, rest);
        vec total = vec_load_tail(tile->totals + i, rest); /* 0 in the lanes past the end */
        /* e = exp(-|L|); sigmoid(L) = 1 / (1 + e) for L >= 0, e / (1 + e) for L < 0 */
        vec e = vec_exp(vec_max(vec_sub(vec_zero(), vec_abs(logit)), lowest));
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

W2V_INLINE void w2v_fetch_rows(const float *const *rows, int32_t count, int64_t column)
{
    for (const float *const *last = rows + count; rows < last; rows += W2V_FETCHED_TOGETHER)
        W2V_UNROLL for (int i = 0; i < W2V_FETCHED_TOGETHER; i++) W2V_PREFETCH(rows[i] + column);
}

/* X += G Y and Y += G' X for one panel, column block by column block. Beside each block the same columns of rows
   to come are prefetched. All at once they would fill the queue of outstanding loads, and the core would wait;
   spread over the arithmetic they cost little. */
W2V_INLINE void w2v_update_width(const w2v_tile *tile, int32_t first, const int width)
{
    const int32_t fetched_count = first == 0 ? tile->fetched_count : 0;
    const int64_t dimensions = tile->dimensions;
    const float *steps = tile->steps + first;
    float *y[TILE_OUTPUTS];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = tile->outputs[first + n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        if (column % W2V_LINE_FLOATS == 0) w2v_fetch_rows(tile->fetched, fetched_count, column);
        w2v_update_whole(tile, y, steps, column, vec_tail_of(0), width);
    }
    w2v_fetch_rows(tile->fetched, fetched_count, dimensions - 1);
    const int64_t left = dimensions - column;
    if (left > 0) W2V_LEFT_OVER(w2v_update, left, tile, y, steps, column, vec_tail_of(left), width);
}

/* Calls `function` with a panel width that the compiler knows. */
#define W2V_WIDTH_CASE(width, function, tile, first)                                                         \
    case width: function(tile, first, width); break;
#if TILE_OUTPUTS > 6
#define W2V_WIDE_CASES(function, tile, first)                                                                \
    W2V_WIDTH_CASE(12, function, tile, first)                                                                \
    W2V_WIDTH_CASE(11, function, tile, first)                                                                \
    W2V_WIDTH_CASE(10, function, tile, first)                                                                \
    W2V_WIDTH_CASE(9, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(8, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(7, function, tile, first)
#else
#define W2V_WIDE_CASES(function, tile, first)
#endif
#if TILE_OUTPUTS > 2
#define W2V_MIDDLE_CASES(function, tile, first)                                                              \
    W2V_WIDTH_CASE(6, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(5, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(4, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(3, function, tile, first)
#else
#define W2V_MIDDLE_CASES(function, tile, first)
#endif
#define W2V_FOR_WIDTH(width, function, tile, first)                                                          \
    switch (width) {                                                                                         \
        W2V_WIDE_CASES(function, tile, first)                                                                \
        W2V_MIDDLE_CASES(function, tile, first)                                                              \
        W2V_WIDTH_CASE(2, function, tile, first)                                                             \
    default: function(tile, first, 1); break;                                                                \
    }

/* The whole tile. Returns its loss. When outputs need several panels, source and target must be apart. */
static double w2v_train_tile(const w2v_tile *tile, float rate, int compute_loss)
{
    int32_t width;
    for (int32_t first = 0; first < tile->output_count; first += width) {
        width = w2v_panel_width(tile->output_count - first);
        W2V_FOR_WIDTH(width, w2v_logits_width, tile, first)
    }
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    for (int32_t first = 0; first < tile->output_count; first += width) {
        width = w2v_panel_width(tile->output_count - first);
        W2V_FOR_WIDTH(width, w2v_update_width, tile, first)
    }
    return loss;
}

#endif
