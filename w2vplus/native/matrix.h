/* Design: a matrix as one worker sees it. Cores that train the same rows at the same time take them from each other's
   caches again and again, and where they have no cache in common that takes longer than the training: two workers
   were slower than one. So every worker trains copies of the frequent rows, the hot ones, and exchanges what it added
   with the shared matrix now and then, row by row. A worker that is alone copies rows because copies begin at a cache
   line, as rows of most sizes do not, and lie together in large pages: it is up to 13 % faster, and its vectors are the
   same. It exchanges nothing. Short texts are trained without copies (trainer.py).

   How often and how many is a compromise. What others have not seen yet is trained twice, so to speak: after one epoch
   over 17M words two workers that exchange a copy after 83 pairs on average have a loss above one worker's by 0.8 %
   (skip-gram), 0.9 % (CBOW) or 0.4 % (paths of a Huffman tree), with no less accuracy; after 256 pairs the accuracy falls.
   Rarer rows suffer more, since a worker looks at the shared row only after it has trained its copy: with eight times the
   copies the losses were twice as far apart, at the same speed. */
#ifndef W2V_MATRIX_H
#define W2V_MATRIX_H

#include <string.h>

#include "vec_math.h"

#define W2V_LINE_FLOATS 16 /* floats in a cache line */

/* For every so many pairs, divided by the number of workers, one of the rows that had them is exchanged; but not for fewer
   than W2V_LEAST_UNSEEN. A mean: which row has its turn depends on the tile. For two workers a prime number, 83, so that all
   rows have their turns where a text repeats itself. */
#define W2V_MOST_UNSEEN 166
#define W2V_LEAST_UNSEEN 17

typedef struct {
    float *shared; /* (rows, dimensions), C-contiguous */
    int64_t dimensions;
    int64_t first_hot; /* the rows [first_hot, first_hot + hot_count) are hot */
    int64_t hot_count;
    int64_t stride; /* floats from copy to copy: whole cache lines */
    float *copies;  /* (hot_count, stride) */
    float *bases;   /* (hot_count, stride): the copies as of their last exchange; NULL if the worker is alone */
    int32_t most_unseen;
    int32_t unseen; /* pairs of rows that no exchange has answered */
    int32_t cursor; /* which of a tile's rows is exchanged next */
    int32_t chosen; /* how many are after the present tile */
} w2v_matrix;

W2V_INLINE int64_t w2v_copy_stride(int64_t dimensions)
{
    return (dimensions + W2V_LINE_FLOATS - 1) / W2V_LINE_FLOATS * W2V_LINE_FLOATS;
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

/* One vector of an exchange. */
W2V_INLINE void w2v_exchange_column(float *shared, float *copy, float *base, vec_tail tail, const int kind)
{
    const vec change = vec_sub(vec_load_part(copy, tail, kind), vec_load_part(base, tail, kind));
    const vec sum = vec_add(vec_load_part(shared, tail, kind), change);
    vec_store_part(shared, sum, tail, kind);
    vec_store_part(copy, sum, tail, kind);
    vec_store_part(base, sum, tail, kind);
}

/* The worker's changes go out, those of others come in: shared += copy - base, and all three become that sum. */
static void w2v_exchange(const w2v_matrix *matrix, int64_t place)
{
    float *shared = w2v_shared_row(matrix, place);
    float *copy = matrix->copies + place * matrix->stride, *base = matrix->bases + place * matrix->stride;
    const vec_tail tail = vec_tail_of(matrix->dimensions % VEC_LANES);
    int64_t column = 0;
    for (; column + VEC_LANES <= matrix->dimensions; column += VEC_LANES)
        w2v_exchange_column(shared + column, copy + column, base + column, tail, VEC_NO_TAIL);
    if (column == matrix->dimensions) return;
    if (vec_tail_kind(matrix->dimensions) == VEC_FOUR_TAIL)
        w2v_exchange_column(shared + column, copy + column, base + column, tail, VEC_FOUR_TAIL);
    else
        w2v_exchange_column(shared + column, copy + column, base + column, tail, VEC_SOME_TAIL);
}

/* Row number `k` of those that are exchanged after a tile of `count` rows. */
W2V_INLINE int32_t w2v_chosen_row(const w2v_matrix *matrix, const int32_t *rows, int32_t count, int32_t k)
{
    const int32_t i = matrix->cursor + k;
    return rows[i < count ? i : i - count];
}

/* Before a tile trains `count` rows with `pairs` pairs each: chooses which of them are exchanged after it, in turn, and
   fetches what they will be added to. So a row is exchanged as often as it is trained, and nothing is counted row by
   row; to count took longer than to exchange. */
W2V_INLINE void w2v_choose_exchanges(w2v_matrix *matrix, const int32_t *rows, int32_t count, int32_t pairs)
{
    matrix->chosen = 0;
    if (!matrix->bases) return; /* nobody has copies, or one worker alone */
    matrix->unseen += count * pairs;
    if (matrix->unseen < matrix->most_unseen || count == 0) return;
    if (matrix->cursor >= count) matrix->cursor = 0; /* the last tile had more rows */
    for (; matrix->unseen >= matrix->most_unseen && matrix->chosen < count; matrix->unseen -= matrix->most_unseen) {
        const uint64_t place = w2v_hot_place(matrix, w2v_chosen_row(matrix, rows, count, matrix->chosen++));
        if (place >= (uint64_t)matrix->hot_count) continue;
        const float *shared = w2v_shared_row(matrix, (int64_t)place);
        for (int64_t column = 0; column < matrix->dimensions; column += W2V_LINE_FLOATS) W2V_PREFETCH(shared + column);
        W2V_PREFETCH(shared + matrix->dimensions - 1);
    }
    if (matrix->chosen == count) matrix->unseen = 0;
}

/* After the tile. */
W2V_INLINE void w2v_exchange_chosen(w2v_matrix *matrix, const int32_t *rows, int32_t count)
{
    if (matrix->chosen == 0) return;
    for (int32_t k = 0; k < matrix->chosen; k++) {
        const uint64_t place = w2v_hot_place(matrix, w2v_chosen_row(matrix, rows, count, k));
        if (place < (uint64_t)matrix->hot_count) w2v_exchange(matrix, (int64_t)place);
    }
    matrix->cursor += matrix->chosen;
    if (matrix->cursor >= count) matrix->cursor -= count;
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
        const float *copy = matrix->copies + place * matrix->stride;
        if (!matrix->bases)
            memcpy(w2v_shared_row(matrix, place), copy, bytes);
        else if (memcmp(copy, matrix->bases + place * matrix->stride, bytes)) /* else it could only undo what others do */
            w2v_exchange(matrix, place);
    }
}

#endif
