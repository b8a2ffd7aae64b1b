/* Design: a matrix as one worker sees it. Cores that train the same rows at the same time take them from each other's
   caches again and again, and where they have no cache in common that takes longer than the training: two workers
   were slower than one. So every worker trains copies of the frequent rows, the hot ones, and exchanges what it added
   with the shared matrix now and then, row by row. A worker that is alone copies rows because copies begin at a cache
   line, and rows of most sizes do not: it is 2 to 13 % faster, and its vectors are the same. It exchanges nothing.

   How often and how many is a compromise. What others have not seen yet is trained twice, so to speak: after one epoch
   over 17M words two workers that exchange a copy after 64 pairs have a loss above one worker's by 0.2 % (hierarchical
   softmax) to 1.1 % (CBOW), with no less accuracy; after 256 pairs the accuracy falls. Rarer rows suffer more, since a
   worker looks at the shared row only when it has trained its copy enough: with eight times the copies the losses are
   twice as far apart, and the speed is the same. */
#ifndef W2V_MATRIX_H
#define W2V_MATRIX_H

#include <string.h>

#include "vec_math.h"

#define W2V_LINE_FLOATS 16 /* floats in a cache line */

/* A copy is exchanged when it was trained with so many pairs, divided by the number of workers; but not after fewer than
   W2V_LEAST_UNSEEN, which one tile may bring. */
#define W2V_MOST_UNSEEN 128
#define W2V_LEAST_UNSEEN 16

typedef struct {
    float *shared; /* (rows, dimensions), C-contiguous */
    int64_t dimensions;
    int64_t first_hot; /* the rows [first_hot, first_hot + hot_count) are hot */
    int64_t hot_count;
    int64_t stride; /* floats from copy to copy: whole cache lines */
    float *copies;  /* (hot_count, stride): the numbers of a row, and in the last place its unseen pairs */
    float *bases;   /* (hot_count, stride): the copies as of their last exchange; NULL if the worker is alone */
    int32_t most_unseen;
    int32_t nothing; /* 0 */
} w2v_matrix;

W2V_INLINE int64_t w2v_copy_stride(int64_t dimensions)
{
    return (dimensions + 1 + W2V_LINE_FLOATS - 1) / W2V_LINE_FLOATS * W2V_LINE_FLOATS;
}

/* Place of a row among the copies, or a number that is not below hot_count. */
W2V_INLINE uint64_t w2v_hot_place(const w2v_matrix *matrix, int64_t row)
{
    return (uint64_t)(row - matrix->first_hot);
}

/* The address `hot` if `is_hot` is 1, `cold` if it is 0. Whether a row is hot is as hard to foresee as which word comes
   next; so there is no branch on it, which compilers make of the conditional operator. */
W2V_INLINE void *w2v_choose(int is_hot, const void *hot, const void *cold)
{
    const uintptr_t mask = (uintptr_t)0 - (uintptr_t)is_hot;
    return (void *)((uintptr_t)cold ^ (((uintptr_t)cold ^ (uintptr_t)hot) & mask));
}

/* Where to train a row. */
W2V_INLINE float *w2v_row(const w2v_matrix *matrix, int64_t row)
{
    const uint64_t place = w2v_hot_place(matrix, row);
    const uintptr_t copy = (uintptr_t)matrix->copies + place * (uint64_t)matrix->stride * sizeof(float);
    return w2v_choose(place < (uint64_t)matrix->hot_count, (const void *)copy, matrix->shared + row * matrix->dimensions);
}

W2V_INLINE float *w2v_shared_row(const w2v_matrix *matrix, int64_t place)
{
    return matrix->shared + (matrix->first_hot + place) * matrix->dimensions;
}

/* Pairs that a copy was trained with since its last exchange. They lie in a cache line of the row, which is near. */
W2V_INLINE int32_t *w2v_unseen(const w2v_matrix *matrix, int64_t place)
{
    return (int32_t *)(void *)(matrix->copies + (place + 1) * matrix->stride) - 1;
}

/* One vector of an exchange. */
W2V_INLINE void w2v_exchange_column(float *shared, float *copy, float *base, vec_tail tail, const int is_tail)
{
    const vec change = vec_sub(vec_load_part(copy, tail, is_tail), vec_load_part(base, tail, is_tail));
    const vec sum = vec_add(vec_load_part(shared, tail, is_tail), change);
    vec_store_part(shared, sum, tail, is_tail);
    vec_store_part(copy, sum, tail, is_tail);
    vec_store_part(base, sum, tail, is_tail);
}

/* The worker's changes go out, those of others come in: shared += copy - base, and all three become that sum. */
static void w2v_exchange(const w2v_matrix *matrix, int64_t place)
{
    float *shared = w2v_shared_row(matrix, place);
    float *copy = matrix->copies + place * matrix->stride, *base = matrix->bases + place * matrix->stride;
    const vec_tail tail = vec_tail_of(matrix->dimensions % VEC_LANES);
    int64_t column = 0;
    for (; column + VEC_LANES <= matrix->dimensions; column += VEC_LANES)
        w2v_exchange_column(shared + column, copy + column, base + column, tail, 0);
    if (column < matrix->dimensions)
        w2v_exchange_column(shared + column, copy + column, base + column, tail, 1);
}

/* Counts pairs that a row was trained with, and exchanges its copy when they are many. Other rows add nothing to a count
   of nothing. */
W2V_INLINE void w2v_note_pairs(w2v_matrix *matrix, int64_t row, int32_t pairs)
{
    const uint64_t place = w2v_hot_place(matrix, row);
    const int is_hot = place < (uint64_t)matrix->hot_count;
    const uintptr_t counter = (uintptr_t)matrix->copies + ((place + 1) * (uint64_t)matrix->stride - 1) * sizeof(float);
    int32_t *unseen = w2v_choose(is_hot, (const void *)counter, &matrix->nothing);
    const int32_t count = *unseen + (pairs & -is_hot);
    *unseen = count;
    if (count < matrix->most_unseen) return;
    *unseen = 0;
    w2v_exchange(matrix, (int64_t)place);
}

/* Takes the hot rows out of the shared matrix. */
static void w2v_take_rows(const w2v_matrix *matrix)
{
    const size_t bytes = (size_t)matrix->dimensions * sizeof(float);
    for (int64_t place = 0; place < matrix->hot_count; place++) {
        memcpy(matrix->copies + place * matrix->stride, w2v_shared_row(matrix, place), bytes);
        if (matrix->bases) memcpy(matrix->bases + place * matrix->stride, matrix->copies + place * matrix->stride, bytes);
    }
}

/* Brings the shared matrix up to date. */
static void w2v_give_rows(const w2v_matrix *matrix)
{
    const size_t bytes = (size_t)matrix->dimensions * sizeof(float);
    for (int64_t place = 0; place < matrix->hot_count; place++) {
        if (!matrix->bases) {
            memcpy(w2v_shared_row(matrix, place), matrix->copies + place * matrix->stride, bytes);
            continue;
        }
        if (*w2v_unseen(matrix, place) > 0) w2v_exchange(matrix, place); /* else it could only undo what others do */
        *w2v_unseen(matrix, place) = 0;
    }
}

#endif
