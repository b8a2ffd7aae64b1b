/* Design: what the shims of x86 with registers of eight floats have in common. */
#ifndef W2V_SUM8_H
#define W2V_SUM8_H

#include <immintrin.h>

#include "kernel.h"

/* sums[i] = sum of the lanes of vectors[i] for i < 8: a transpose by halves, so that the eight share their adds. A
   blend and one shuffle bring together what two shuffles would: blends run on any pipe. */
W2V_INLINE void w2v_sum8_of_eight(const __m256 *vectors, float *sums)
{
    __m256 pairs[4], fours[2];
    W2V_UNROLL for (int i = 0; i < 4; i++) {
        const __m256 a = vectors[2 * i], b = vectors[2 * i + 1];
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
