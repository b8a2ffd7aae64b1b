/* Design: the vector shim for AVX-512F/DQ/VL: sixteen floats, masked tails. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <immintrin.h>

#include "kernel.h"

#define VEC_LANES 16
#define TILE_OUTPUTS 14 /* twice as many rows, two factors and a step fit into thirty-two registers */
#define TILE_SUMS 28    /* two inputs with as many outputs; of four inputs with seven one sum is spilt */
#define VEC_HOLD(value) W2V_HOLD("v", value)
typedef __m512 vec;
typedef __mmask16 vec_tail;

W2V_INLINE vec_tail vec_tail_of(int64_t count)
{
    return (vec_tail)((1u << count) - 1u);
}
W2V_INLINE vec vec_zero(void) { return _mm512_setzero_ps(); }
W2V_INLINE vec vec_set1(float value) { return _mm512_set1_ps(value); }
W2V_INLINE vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
/* the same four floats again and again */
W2V_INLINE vec vec_repeat4(const float *p) { return _mm512_broadcast_f32x4(_mm_loadu_ps(p)); }
W2V_INLINE void vec_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
W2V_INLINE vec vec_load_tail(const float *p, vec_tail tail)
{
    return _mm512_maskz_loadu_ps(tail, p);
}
W2V_INLINE void vec_store_tail(float *p, vec a, vec_tail tail)
{
    _mm512_mask_storeu_ps(p, tail, a);
}
W2V_INLINE vec vec_widen_four(__m128 four) { return _mm512_zextps128_ps512(four); }
W2V_INLINE vec vec_load_four(const float *p) { return vec_widen_four(_mm_loadu_ps(p)); }
W2V_INLINE void vec_store_four(float *p, vec a) { _mm_storeu_ps(p, _mm512_castps512_ps128(a)); }
W2V_INLINE vec vec_add(vec a, vec b) { return _mm512_add_ps(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return _mm512_div_ps(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
W2V_INLINE vec vec_max(vec a, vec b) { return _mm512_max_ps(a, b); }
W2V_INLINE vec vec_abs(vec a) { return _mm512_abs_ps(a); }
W2V_INLINE vec vec_round(vec a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* 2^n for integral n in [-126, 127] */
W2V_INLINE vec vec_power_of_two(vec n) { return _mm512_scalef_ps(_mm512_set1_ps(1.0f), n); }
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c)
{
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(a)), c, b);
}
W2V_INLINE __m256 vec_fold(vec a)
{
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
}
W2V_INLINE float vec_sum(vec a)
{
    __m256 eight = vec_fold(a);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
/* sums[i] = sum of the lanes of vectors[i] for i < 8: a transpose by halves, so that the eight share their adds. A
   blend and one shuffle bring together what two shuffles would: blends run on any pipe. */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    __m256 halves[8], pairs[4], fours[2];
    W2V_UNROLL for (int i = 0; i < 8; i++) halves[i] = vec_fold(vectors[i]);
    W2V_UNROLL for (int i = 0; i < 4; i++) {
        const __m256 a = halves[2 * i], b = halves[2 * i + 1];
        pairs[i] = _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)), _mm256_blend_ps(a, b, 0xCC));
    }
    W2V_UNROLL for (int i = 0; i < 2; i++) {
        const __m256 a = pairs[2 * i], b = pairs[2 * i + 1];
        fours[i] = _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                                 _mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
    }
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_permute2f128_ps(fours[0], fours[1], 0x21),
                                         _mm256_blend_ps(fours[0], fours[1], 0xF0)));
}

#endif
