/* Design: the vector shim for NEON, which every 64-bit ARM processor has: four floats, fused multiply-add. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <arm_neon.h>

#include "kernel.h"

#define VEC_LANES 4
#define TILE_SUMS 24
#define TILE_OUTPUTS 12 /* twice as many rows, two factors and a step fit into thirty-two registers */
#define VEC_HOLD(value) W2V_HOLD("w", value)
typedef float32x4_t vec;
typedef int64_t vec_tail;

W2V_INLINE vec_tail vec_tail_of(int64_t count) { return count; }
W2V_INLINE vec vec_zero(void) { return vdupq_n_f32(0.0f); }
W2V_INLINE vec vec_set1(float value) { return vdupq_n_f32(value); }
W2V_INLINE vec vec_load(const float *p) { return vld1q_f32(p); }
/* the same four floats again and again */
W2V_INLINE vec vec_repeat4(const float *p) { return vld1q_f32(p); }
W2V_INLINE void vec_store(float *p, vec a) { vst1q_f32(p, a); }
W2V_INLINE vec vec_load_tail(const float *p, vec_tail tail)
{
    if (tail >= 4) return vld1q_f32(p);
    if (tail == 1) return vld1q_lane_f32(p, vec_zero(), 0);
    const float32x4_t two = vcombine_f32(vld1_f32(p), vdup_n_f32(0.0f));
    return tail == 2 ? two : vld1q_lane_f32(p + 2, two, 2);
}
W2V_INLINE void vec_store_tail(float *p, vec a, vec_tail tail)
{
    if (tail >= 4) {
        vst1q_f32(p, a);
        return;
    }
    if (tail == 1) {
        vst1q_lane_f32(p, a, 0);
        return;
    }
    vst1_f32(p, vget_low_f32(a));
    if (tail == 3) vst1q_lane_f32(p + 2, a, 2);
}
W2V_INLINE vec vec_add(vec a, vec b) { return vaddq_f32(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return vsubq_f32(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return vmulq_f32(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return vdivq_f32(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
W2V_INLINE vec vec_max(vec a, vec b) { return vmaxq_f32(a, b); }
W2V_INLINE vec vec_abs(vec a) { return vabsq_f32(a); }
W2V_INLINE vec vec_minus_abs(vec a) { return vnegq_f32(vabsq_f32(a)); }
W2V_INLINE vec vec_round(vec a) { return vrndnq_f32(a); }
/* 2^n a for integral n in [-126, 127] */
W2V_INLINE vec vec_scale(vec a, vec n)
{
    const int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vmulq_f32(a, vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23)));
}
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c) { return vbslq_f32(vcltzq_f32(a), b, c); }
W2V_INLINE float vec_sum(vec a) { return vaddvq_f32(a); }
/* sums[i] = sum of the lanes of vectors[i] for i < 8 */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    W2V_UNROLL for (int i = 0; i < 8; i += 4)
        vst1q_f32(sums + i, vpaddq_f32(vpaddq_f32(vectors[i], vectors[i + 1]),
                                       vpaddq_f32(vectors[i + 2], vectors[i + 3])));
}

#endif
