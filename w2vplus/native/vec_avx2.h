/* Design: the vector shim for AVX2 with FMA: eight floats. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <immintrin.h>

#include "kernel.h"

#define VEC_LANES 8
#define TILE_OUTPUTS 6
#define TILE_SUMS 12
#define VEC_HOLD(value) W2V_HOLD("v", value)
typedef __m256 vec;
typedef struct {
    __m256i mask;
    int64_t count;
} vec_tail;

W2V_INLINE vec_tail vec_tail_of(int64_t count)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    vec_tail tail = {_mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane), count};
    return tail;
}
W2V_INLINE vec vec_zero(void) { return _mm256_setzero_ps(); }
W2V_INLINE vec vec_set1(float value) { return _mm256_set1_ps(value); }
W2V_INLINE vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
/* the same four floats again and again */
W2V_INLINE vec vec_repeat4(const float *p) { return _mm256_set_m128(_mm_loadu_ps(p), _mm_loadu_ps(p)); }
W2V_INLINE void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
W2V_INLINE vec vec_load_tail(const float *p, vec_tail tail) { return _mm256_maskload_ps(p, tail.mask); }
/* Masked stores are microcoded on several AMD generations: go by way of the stack instead. */
W2V_INLINE void vec_store_tail(float *p, vec a, vec_tail tail)
{
    float lanes[8];
    _mm256_storeu_ps(lanes, a);
    for (int64_t i = 0; i < tail.count; i++) p[i] = lanes[i];
}
W2V_INLINE vec vec_widen_four(__m128 four) { return _mm256_zextps128_ps256(four); }
W2V_INLINE vec vec_load_four(const float *p) { return vec_widen_four(_mm_loadu_ps(p)); }
W2V_INLINE void vec_store_four(float *p, vec a) { _mm_storeu_ps(p, _mm256_castps256_ps128(a)); }
W2V_INLINE vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return _mm256_div_ps(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
W2V_INLINE vec vec_max(vec a, vec b) { return _mm256_max_ps(a, b); }
W2V_INLINE vec vec_abs(vec a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
W2V_INLINE vec vec_round(vec a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* 2^n for integral n in [-126, 127] */
W2V_INLINE vec vec_power_of_two(vec n)
{
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c) { return _mm256_blendv_ps(c, b, a); }
W2V_INLINE float vec_sum(vec a)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
/* sums[i] = sum of the lanes of vectors[i] for i < 8: a transpose by halves, so that the eight share their adds. A
   blend and one shuffle bring together what two shuffles would: blends run on any pipe. */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    vec pairs[4], fours[2];
    W2V_UNROLL for (int i = 0; i < 4; i++) {
        const vec a = vectors[2 * i], b = vectors[2 * i + 1];
        pairs[i] = _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)), _mm256_blend_ps(a, b, 0xCC));
    }
    W2V_UNROLL for (int i = 0; i < 2; i++) {
        const vec a = pairs[2 * i], b = pairs[2 * i + 1];
        fours[i] = _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                                 _mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
    }
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_permute2f128_ps(fours[0], fours[1], 0x21),
                                         _mm256_blend_ps(fours[0], fours[1], 0xF0)));
}

#endif
