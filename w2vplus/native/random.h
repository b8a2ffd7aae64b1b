/* Design: randomness as a pure function of (key, position).

   The key is made of seed, train call and epoch; the position is a token's place in the epoch. A token's
   fate (kept or subsampled, width of its window, its negatives) therefore does not depend on which thread
   trains it, how the stream is cut into chunks or where the tokens are stored. */
#ifndef W2V_RANDOM_H
#define W2V_RANDOM_H

#include "kernel.h"

#define W2V_GOLDEN_GAMMA UINT64_C(0x9E3779B97F4A7C15)

/* Finaliser of SplitMix64 (Steele, Lea & Flood 2014; constants: Stafford's variant 13). */
W2V_INLINE uint64_t w2v_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* The n-th draw of the stream that starts at `state`. */
W2V_INLINE uint64_t w2v_draw(uint64_t state, uint64_t n)
{
    return w2v_mix(state + (n + 1) * W2V_GOLDEN_GAMMA);
}

/* Both draws of a token: the upper half decides whether it is kept, the lower its window. */
W2V_INLINE uint64_t w2v_token_draw(uint64_t key, int64_t position)
{
    return w2v_draw(key, (uint64_t)position);
}

/* Start of the stream of negatives that belongs to a centre word. */
W2V_INLINE uint64_t w2v_noise_stream(uint64_t key, int64_t position)
{
    return w2v_draw(~key, (uint64_t)position);
}

/* Uniform integer below `bound` from 32 random bits (Lemire 2019, without the rejection: the bias is
   bound / 2^32). */
W2V_INLINE uint32_t w2v_below(uint32_t bits, uint32_t bound)
{
    return (uint32_t)(((uint64_t)bits * bound) >> 32);
}

W2V_INLINE int w2v_is_kept(uint32_t threshold, uint64_t token_draw)
{
    return threshold == UINT32_MAX || (uint32_t)(token_draw >> 32) < threshold;
}

/* The slot of the alias table that a draw looks up. */
W2V_INLINE int32_t w2v_slot_of(const w2v_model *model, uint64_t bits)
{
    return (int32_t)w2v_below((uint32_t)(bits >> 32), (uint32_t)model->vocabulary_size);
}

/* The random bits of `model->negative` negatives of a stream, from draw number `first` on. */
W2V_INLINE void w2v_draw_bits(const w2v_model *model, uint64_t stream, uint64_t first, uint64_t *bits)
{
    for (int32_t k = 0; k < model->negative; k++) bits[k] = w2v_draw(stream, first + (uint64_t)k);
}

/* One draw from the noise distribution by the alias method (Walker 1977). */
W2V_INLINE int32_t w2v_draw_noise(const w2v_model *model, uint64_t bits)
{
    const int32_t slot = w2v_slot_of(model, bits);
    const w2v_noise_slot entry = model->noise[slot];
    /* a coin toss: selected by arithmetic, since a branch would be mispredicted half the time */
    const int32_t own = -(int32_t)((uint32_t)bits < entry.threshold);
    return (slot & own) | (entry.alias & ~own);
}

#endif
