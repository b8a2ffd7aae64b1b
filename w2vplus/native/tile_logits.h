/* Design: blocks of logits, all sums of which stay in registers: dot_vec if the shim has such, else its only kind. */
#ifndef W2V_TILE_LOGITS_H
#define W2V_TILE_LOGITS_H

#include "tile_common.h"

#define TILE_ROWS 4 /* at most so many input rows have their logits computed together */
#define W2V_WIDEST (TILE_OUTPUTS > W2V_STREAMED ? TILE_OUTPUTS : W2V_STREAMED)

#ifndef DOT_LANES
#define DOT_LANES VEC_LANES
typedef vec dot_vec;
typedef vec_tail dot_tail;
#define dot_tail_of vec_tail_of
#define dot_zero vec_zero
#define dot_load vec_load
#define dot_load_tail vec_load_tail
#define dot_load_four vec_load_four
#define dot_fma vec_fma
#define dot_sum8 vec_sum8
#endif

W2V_INLINE dot_vec dot_load_part(const float *p, dot_tail tail, const int kind)
{
#if DOT_LANES > 4
    if (kind == VEC_FOUR_TAIL) return dot_load_four(p);
#endif
    return kind == VEC_SOME_TAIL ? dot_load_tail(p, tail) : dot_load(p);
}

/* sums[m * cells + has_own + n] += X[m] * Y[n], lane by lane, and sums[m * cells] += X[m] * own[m]. Every part is loaded
   once and held: compilers would rather load an output again for each of its products, and most rows lie across cache
   lines. */
W2V_INLINE void w2v_dot_columns(const float *const *x, float *const *own, float *const *y, int64_t column, dot_tail tail,
                                const int kind, dot_vec *sums, const int rows, const int has_own, const int width)
{
    const int cells = has_own + width;
    dot_vec x_part[TILE_ROWS];
    W2V_UNROLL for (int m = 0; m < rows; m++) {
        x_part[m] = dot_load_part(x[m] + column, tail, kind);
        VEC_HOLD(x_part[m]);
        if (has_own) sums[m * cells] = dot_fma(x_part[m], dot_load_part(own[m] + column, tail, kind), sums[m * cells]);
    }
    W2V_UNROLL for (int n = 0; n < width; n++) {
        dot_vec y_part = dot_load_part(y[n] + column, tail, kind);
        VEC_HOLD(y_part);
        W2V_UNROLL for (int m = 0; m < rows; m++)
            sums[m * cells + has_own + n] = dot_fma(x_part[m], y_part, sums[m * cells + has_own + n]);
    }
}

/* logits[m * stride + n] = X[m] . Y[n] for `rows` inputs and `width` outputs, behind the inputs' logits with their own outputs
   if they have such, all sums in registers. A constant stride of 0 says that the logits of an input follow those of the one
   before: whole vectors of them are written then, and what spills over the block is overwritten by the next one or lies in the
   spare room. */
W2V_INLINE void w2v_logits_block(float *const *inputs, float *const *own_outputs, float *const *outputs,
                                 int64_t dimensions, float *logits, int64_t stride, const int rows, const int has_own,
                                 const int width)
{
    const int cells = has_own + width;
    dot_vec sums[(TILE_SUMS + 7) / 8 * 8];
    float parted[(TILE_SUMS + 7) / 8 * 8];
    const float *x[TILE_ROWS];
    float *own[TILE_ROWS], *y[W2V_WIDEST];
    const int count = rows * cells;
    float *dots = stride == 0 ? logits : parted;
    W2V_UNROLL for (int i = 0; i < (count + 7) / 8 * 8; i++) sums[i] = dot_zero();
    W2V_UNROLL for (int m = 0; m < rows; m++) x[m] = inputs[m];
    if (has_own) W2V_UNROLL for (int m = 0; m < rows; m++) own[m] = own_outputs[m];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = outputs[n];
    int64_t column = 0;
#define W2V_DOT(kind) w2v_dot_columns(x, own, y, column, tail, kind, sums, rows, has_own, width)
    const dot_tail tail = dot_tail_of(dimensions % DOT_LANES);
    for (; column + DOT_LANES <= dimensions; column += DOT_LANES) W2V_DOT(VEC_NO_TAIL);
    if (DOT_LANES > 4 && dimensions - column == 4)
        W2V_DOT(VEC_FOUR_TAIL);
    else if (dimensions > column)
        W2V_DOT(VEC_SOME_TAIL);
#undef W2V_DOT
    W2V_UNROLL for (int i = 0; i < count; i += 8) dot_sum8(sums + i, dots + i);
    if (stride == 0) return;
    W2V_UNROLL for (int m = 0; m < rows; m++)
        W2V_UNROLL for (int n = 0; n < cells; n++) logits[m * stride + n] = parted[m * cells + n];
}

#endif
