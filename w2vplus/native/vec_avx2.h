/* Design: the vector shim for AVX2 with FMA: eight floats. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <immintrin.h>

#include "sum8.h"

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
W2V_INLINE vec vec_load_four(const float *p) { return _mm256_zextps128_ps256(_mm_loadu_ps(p)); }
W2V_INLINE void vec_store_four(float *p, vec a) { _mm_storeu_ps(p, _mm256_castps256_ps128(a)); }
W2V_INLINE vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return _mm256_div_ps(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
W2V_INLINE vec vec_max(vec a, vec b) { return _mm256_max_ps(a, b); }
W2V_INLINE vec vec_abs(vec a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
W2V_INLINE vec vec_minus_abs(vec a) { return _mm256_or_ps(a, _mm256_set1_ps(-0.0f)); }
W2V_INLINE vec vec_round(vec a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* 2^n a for integral n in [-126, 127] */
W2V_INLINE vec vec_scale(vec a, vec n)
{
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c) { return _mm256_blendv_ps(c, b, a); }
W2V_INLINE float vec_sum(vec a)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
W2V_INLINE void vec_sum8(const vec *vectors, float *sums) { w2v_sum8_of_eight(vectors, sums); }

#endif
