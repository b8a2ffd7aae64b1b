/* Design: the vector shim for SSE2, which every x86-64 processor has: four floats, no fused multiply-add. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <emmintrin.h>

#include "kernel.h"

#define VEC_LANES 4
#define TILE_OUTPUTS 6
#define TILE_SUMS 12 /* of sixteen registers: two hold factors, and a product needs one of its own */
#define VEC_HOLD(value) W2V_HOLD("x", value)
typedef __m128 vec;
typedef int64_t vec_tail;

W2V_INLINE vec_tail vec_tail_of(int64_t count) { return count; }
W2V_INLINE vec vec_zero(void) { return _mm_setzero_ps(); }
W2V_INLINE vec vec_set1(float value) { return _mm_set1_ps(value); }
W2V_INLINE vec vec_load(const float *p) { return _mm_loadu_ps(p); }
/* the same four floats again and again */
W2V_INLINE vec vec_repeat4(const float *p) { return _mm_loadu_ps(p); }
W2V_INLINE void vec_store(float *p, vec a) { _mm_storeu_ps(p, a); }
/* Two floats at any address. By way of integers: their loads and stores ask for no alignment, those of a double do. */
W2V_INLINE vec vec_load_two(const float *p)
{
    return _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
W2V_INLINE void vec_store_two(float *p, vec a) { _mm_storel_epi64((__m128i *)(void *)p, _mm_castps_si128(a)); }
W2V_INLINE vec vec_load_tail(const float *p, vec_tail tail)
{
    if (tail >= 4) return _mm_loadu_ps(p);
    if (tail == 3) return _mm_movelh_ps(vec_load_two(p), _mm_load_ss(p + 2));
    if (tail == 2) return vec_load_two(p);
    return _mm_load_ss(p);
}
W2V_INLINE void vec_store_tail(float *p, vec a, vec_tail tail)
{
    if (tail >= 4) {
        _mm_storeu_ps(p, a);
        return;
    }
    if (tail == 1) {
        _mm_store_ss(p, a);
        return;
    }
    vec_store_two(p, a);
    if (tail == 3) _mm_store_ss(p + 2, _mm_movehl_ps(a, a));
}
W2V_INLINE vec vec_add(vec a, vec b) { return _mm_add_ps(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return _mm_sub_ps(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return _mm_mul_ps(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return _mm_div_ps(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
W2V_INLINE vec vec_max(vec a, vec b) { return _mm_max_ps(a, b); }
W2V_INLINE vec vec_abs(vec a) { return _mm_andnot_ps(_mm_set1_ps(-0.0f), a); }
W2V_INLINE vec vec_minus_abs(vec a) { return _mm_or_ps(a, _mm_set1_ps(-0.0f)); }
/* to the nearest integer, by way of 32-bit integers: |a| below 2^31 */
W2V_INLINE vec vec_round(vec a) { return _mm_cvtepi32_ps(_mm_cvtps_epi32(a)); }
/* 2^n a for integral n in [-126, 127] */
W2V_INLINE vec vec_scale(vec a, vec n)
{
    __m128i exponent = _mm_add_epi32(_mm_cvtps_epi32(n), _mm_set1_epi32(127));
    return _mm_mul_ps(a, _mm_castsi128_ps(_mm_slli_epi32(exponent, 23)));
}
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c)
{
    const __m128 negative = _mm_cmplt_ps(a, _mm_setzero_ps());
    return _mm_or_ps(_mm_and_ps(negative, b), _mm_andnot_ps(negative, c));
}
W2V_INLINE float vec_sum(vec a)
{
    __m128 two = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
/* sums[i] = sum of the lanes of vectors[i] for i < 8: a transpose, so that four share their adds */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    W2V_UNROLL for (int i = 0; i < 8; i += 4) {
        vec a = vectors[i], b = vectors[i + 1], c = vectors[i + 2], d = vectors[i + 3];
        _MM_TRANSPOSE4_PS(a, b, c, d);
        _mm_storeu_ps(sums + i, _mm_add_ps(_mm_add_ps(a, c), _mm_add_ps(b, d)));
    }
}

#endif
