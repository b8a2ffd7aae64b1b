/* Design: tiles of one input row: CBOW with a Huffman path for each centre, and pairs that are trained one by one. No
   output meets a second input, so the outputs stream past the row and its update, which stay in registers. */
#ifndef W2V_TILE_ROW_H
#define W2V_TILE_ROW_H

#include "tile_common.h"

/* Vectors of the row that stay in registers, beside as many of its update, a step and an output: sixteen are enough. */
#define W2V_MOST_HELD 7

static void w2v_logits_of_row(const w2v_tile *tile)
{
    for (int32_t n = 0; n < tile->output_count; n += W2V_STREAMED) {
        const int whole = tile->output_count - n > W2V_STREAMED / 2;
        float *const *outputs = tile->outputs + n;
        float *logits = tile->logits + n;
        if (whole)
            w2v_logits_block(tile->source, NULL, outputs, tile->dimensions, logits, W2V_STREAMED, 1, 0, W2V_STREAMED);
        else
            w2v_logits_block(tile->source, NULL, outputs, tile->dimensions, logits, W2V_STREAMED / 2, 1, 0,
                             W2V_STREAMED / 2);
    }
}

/* X += G Y and Y += G' X for `columns` vectors of the row, the last of them a tail of that kind. Beside each output a line of
   all rows to come is prefetched, from column `fetched` on; returns the first that is not. With hierarchical
   softmax they are paths of several centres, more than the first level of caches holds beside the tile. */
W2V_INLINE int64_t w2v_stream(const w2v_tile *tile, vec_tail tail, int64_t column, int64_t fetched, const int columns,
                              const int last_kind)
{
    const float *source = tile->source[0] + column;
    float *target = tile->target[0] + column;
    vec old[W2V_MOST_HELD], new[W2V_MOST_HELD];
    W2V_UNROLL for (int c = 0; c < columns; c++) {
        const int kind = c == columns - 1 ? last_kind : VEC_NO_TAIL;
        old[c] = vec_load_part(source + c * VEC_LANES, tail, kind);
        new[c] = tile->overwrites ? vec_zero() : vec_load_part(target + c * VEC_LANES, tail, kind);
    }
    for (int32_t n = 0; n < tile->output_count; n++) {
        float *output = tile->outputs[n] + column;
        const vec step = vec_set1(tile->steps[n]);
        W2V_UNROLL for (int c = 0; c < columns; c++) {
            const int kind = c == columns - 1 ? last_kind : VEC_NO_TAIL;
            vec part = vec_load_part(output + c * VEC_LANES, tail, kind);
            VEC_HOLD(part); /* else it is loaded twice */
            new[c] = vec_fma(step, part, new[c]);
            vec_store_part(output + c * VEC_LANES, vec_fma(step, old[c], part), tail, kind);
        }
        if (fetched < tile->dimensions) {
            w2v_fetch_rows(tile->fetched, tile->fetched_count, fetched, 1);
            fetched += W2V_LINE_FLOATS;
        }
    }
    W2V_UNROLL for (int c = 0; c < columns; c++)
        vec_store_part(target + c * VEC_LANES, new[c], tail, c == columns - 1 ? last_kind : VEC_NO_TAIL);
    return fetched;
}

/* The compiler knows how many vectors each pass has. */
#define W2V_STREAM_CASE(columns)                                                                             \
    case VEC_TAIL_KINDS * (columns):                                                                              \
        fetched = w2v_stream(tile, tail, column, fetched, columns, VEC_NO_TAIL);                             \
        break;                                                                                               \
    case VEC_TAIL_KINDS * (columns) + VEC_SOME_TAIL:                                                              \
        fetched = w2v_stream(tile, tail, column, fetched, columns, VEC_SOME_TAIL);                           \
        break;                                                                                               \
    case VEC_TAIL_KINDS * (columns) + VEC_FOUR_TAIL:                                                              \
        fetched = w2v_stream(tile, tail, column, fetched, columns, VEC_FOUR_TAIL);                           \
        break;

static void w2v_update_row(const w2v_tile *tile)
{
    const int64_t dimensions = tile->dimensions, vectors = (dimensions + VEC_LANES - 1) / VEC_LANES;
    const vec_tail tail = vec_tail_of(dimensions % VEC_LANES);
    int64_t fetched = 0;
    for (int64_t done = 0; done < vectors; done += W2V_MOST_HELD) {
        const int64_t column = done * VEC_LANES, rest = vectors - done;
        const int64_t held = rest < W2V_MOST_HELD ? rest : W2V_MOST_HELD;
        switch (VEC_TAIL_KINDS * held + (rest == held ? vec_tail_kind(dimensions) : VEC_NO_TAIL)) {
            W2V_STREAM_CASE(1) W2V_STREAM_CASE(2) W2V_STREAM_CASE(3) W2V_STREAM_CASE(4)
            W2V_STREAM_CASE(5) W2V_STREAM_CASE(6) W2V_STREAM_CASE(7)
        }
    }
    for (; fetched < dimensions; fetched += W2V_LINE_FLOATS)
        w2v_fetch_rows(tile->fetched, tile->fetched_count, fetched, 1);
    w2v_fetch_rows(tile->fetched, tile->fetched_count, dimensions - 1, 1);
}

static double w2v_train_row(const w2v_tile *tile, float rate, int compute_loss)
{
    w2v_logits_of_row(tile);
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    w2v_update_row(tile);
    return loss;
}

#endif
