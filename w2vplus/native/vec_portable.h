/* Design: the vector shim in standard C, four floats wide: the baseline where there is no shim for the processor. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <math.h>
#include <string.h>

#include "kernel.h"

#define VEC_LANES 4
#define TILE_OUTPUTS 2
#define TILE_SUMS 8
#define VEC_HOLD(value) /* a struct, which no register need hold */
typedef struct {
    float lane[VEC_LANES];
} vec;
typedef int64_t vec_tail;

#define VEC_EACH(expression)                                                                                 \
    do {                                                                                                     \
        vec result;                                                                                          \
        for (int i = 0; i < VEC_LANES; i++) result.lane[i] = (expression);                                   \
        return result;                                                                                       \
    } while (0)

W2V_INLINE vec_tail vec_tail_of(int64_t count) { return count; }
W2V_INLINE vec vec_set1(float value) { VEC_EACH(value); }
W2V_INLINE vec vec_zero(void) { return vec_set1(0.0f); }
W2V_INLINE vec vec_load(const float *p)
{
    vec a;
    memcpy(a.lane, p, sizeof a.lane);
    return a;
}
/* the same four floats again and again */
W2V_INLINE vec vec_repeat4(const float *p) { return vec_load(p); }
W2V_INLINE void vec_store(float *p, vec a) { memcpy(p, a.lane, sizeof a.lane); }
W2V_INLINE vec vec_load_tail(const float *p, vec_tail tail) { VEC_EACH(i < tail ? p[i] : 0.0f); }
W2V_INLINE void vec_store_tail(float *p, vec a, vec_tail tail)
{
    for (int64_t i = 0; i < tail; i++) p[i] = a.lane[i];
}
W2V_INLINE vec vec_add(vec a, vec b) { VEC_EACH(a.lane[i] + b.lane[i]); }
W2V_INLINE vec vec_sub(vec a, vec b) { VEC_EACH(a.lane[i] - b.lane[i]); }
W2V_INLINE vec vec_mul(vec a, vec b) { VEC_EACH(a.lane[i] * b.lane[i]); }
W2V_INLINE vec vec_div(vec a, vec b) { VEC_EACH(a.lane[i] / b.lane[i]); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { VEC_EACH(a.lane[i] * b.lane[i] + c.lane[i]); }
W2V_INLINE vec vec_max(vec a, vec b) { VEC_EACH(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]); }
W2V_INLINE vec vec_abs(vec a) { VEC_EACH(fabsf(a.lane[i])); }
W2V_INLINE vec vec_minus_abs(vec a) { VEC_EACH(-fabsf(a.lane[i])); }
W2V_INLINE vec vec_round(vec a) { VEC_EACH(nearbyintf(a.lane[i])); }
/* 2^n a for integral n in [-126, 127] */
W2V_INLINE vec vec_scale(vec a, vec n) { VEC_EACH(ldexpf(a.lane[i], (int)n.lane[i])); }
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c) { VEC_EACH(a.lane[i] < 0.0f ? b.lane[i] : c.lane[i]); }
W2V_INLINE float vec_sum(vec a) { return (a.lane[0] + a.lane[2]) + (a.lane[1] + a.lane[3]); }
/* sums[i] = sum of the lanes of vectors[i] for i < 8 */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    for (int i = 0; i < 8; i++) sums[i] = vec_sum(vectors[i]);
}

#endif
