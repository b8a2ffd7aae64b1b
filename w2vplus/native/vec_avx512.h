/* Design: the vector shim for AVX-512F/DQ/VL: sixteen floats, masked tails. With W2V_HALF_UNITS, for processors that work on
   such a register in two halves (Zen 4): registers of eight floats are as fast there, and multiply-adds wait for stores. */
#ifndef W2V_VEC_H
#define W2V_VEC_H

#include <immintrin.h>

#include "sum8.h"

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
W2V_INLINE vec vec_load_four(const float *p) { return _mm512_zextps128_ps512(_mm_loadu_ps(p)); }
W2V_INLINE void vec_store_four(float *p, vec a) { _mm_storeu_ps(p, _mm512_castps512_ps128(a)); }
W2V_INLINE vec vec_add(vec a, vec b) { return _mm512_add_ps(a, b); }
W2V_INLINE vec vec_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
W2V_INLINE vec vec_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
W2V_INLINE vec vec_div(vec a, vec b) { return _mm512_div_ps(a, b); }
W2V_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
W2V_INLINE vec vec_max(vec a, vec b) { return _mm512_max_ps(a, b); }
W2V_INLINE vec vec_abs(vec a) { return _mm512_abs_ps(a); }
W2V_INLINE vec vec_minus_abs(vec a) { return _mm512_or_ps(a, _mm512_set1_ps(-0.0f)); }
W2V_INLINE vec vec_round(vec a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* 2^n a for integral n in [-126, 127] */
W2V_INLINE vec vec_scale(vec a, vec n) { return _mm512_scalef_ps(a, n); }
/* b where a < 0, else c */
W2V_INLINE vec vec_if_negative(vec a, vec b, vec c)
{
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(a)), c, b);
}
W2V_INLINE float vec_sum(vec a)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

#ifdef W2V_HALF_UNITS
/* Logits are summed up in registers of half the length: as fast there, and their lanes are added in fewer steps. */
#define DOT_LANES 8
typedef __m256 dot_vec;
typedef __mmask8 dot_tail;
W2V_INLINE dot_tail dot_tail_of(int64_t count) { return (dot_tail)((1u << count) - 1u); }
W2V_INLINE dot_vec dot_zero(void) { return _mm256_setzero_ps(); }
W2V_INLINE dot_vec dot_load(const float *p) { return _mm256_loadu_ps(p); }
W2V_INLINE dot_vec dot_load_tail(const float *p, dot_tail tail) { return _mm256_maskz_loadu_ps(tail, p); }
W2V_INLINE dot_vec dot_load_four(const float *p) { return _mm256_zextps128_ps256(_mm_loadu_ps(p)); }
W2V_INLINE dot_vec dot_fma(dot_vec a, dot_vec b, dot_vec c) { return _mm256_fmadd_ps(a, b, c); }
W2V_INLINE void dot_sum8(const dot_vec *vectors, float *sums) { w2v_sum8_of_eight(vectors, sums); }

/* a b + c by a product and a sum of their own, for multiply-adds wait for stores: a seventh faster where a lone row meets outputs
   that are all near, and 4 % of CBOW with paths and rows of 300. */
W2V_INLINE vec vec_product_and_sum(vec a, vec b, vec c)
{
    vec product = vec_mul(a, b);
    VEC_HOLD(product); /* else compilers make a multiply-add of it */
    return vec_add(c, product);
}
#define vec_moved vec_product_and_sum
#else
/* Most of these processors have a first-level cache of 48 KB, which has room for rows to come: with rows of 100, CBOW takes 6 %
   less time and skip-gram with paths 2 % (Intel's Emerald Rapids). */
#define VEC_FETCH_LEVEL 1

/* sums[i] = sum of the lanes of vectors[i] for i < 8: the transpose of sum8.h, after a step in which two vectors have their
   halves added at once, by a shuffle and a blend too. */
W2V_INLINE void vec_sum8(const vec *vectors, float *sums)
{
    vec halves[4], pairs[2];
    W2V_UNROLL for (int i = 0; i < 4; i++) { /* the first eight lanes: vector i, the others: vector i + 4 */
        const vec a = vectors[i], b = vectors[i + 4];
        halves[i] = vec_add(_mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(1, 0, 3, 2)), _mm512_mask_blend_ps(0xFF00, a, b));
    }
    W2V_UNROLL for (int i = 0; i < 2; i++) {
        const vec a = halves[2 * i], b = halves[2 * i + 1];
        pairs[i] = vec_add(_mm512_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)), _mm512_mask_blend_ps(0xCCCC, a, b));
    }
    /* four lanes each of the vectors 0 to 3, 0 to 3, 4 to 7, 4 to 7 */
    const vec parts = vec_add(_mm512_shuffle_ps(pairs[0], pairs[1], _MM_SHUFFLE(2, 0, 2, 0)),
                              _mm512_shuffle_ps(pairs[0], pairs[1], _MM_SHUFFLE(3, 1, 3, 1)));
    const vec ordered = _mm512_shuffle_f32x4(parts, parts, _MM_SHUFFLE(3, 1, 2, 0));
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm512_castps512_ps256(ordered), _mm512_extractf32x8_ps(ordered, 1)));
}
#endif

#endif
