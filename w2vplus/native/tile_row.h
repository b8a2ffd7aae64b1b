/* Design: tiles of one input row: CBOW with a Huffman path for each centre, and pairs that are trained one by one. No
   output meets a second input, so the outputs stream past the row and its update, which stay in registers. */
#ifndef W2V_TILE_ROW_H
#define W2V_TILE_ROW_H

#include "tile_common.h"

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
   all rows to come is prefetched, from column `*fetched` on, which moves to the first that is not. With hierarchical
   softmax they are paths of several centres, more than the first level of caches holds beside the tile. */
W2V_INLINE void w2v_stream(const w2v_tile *tile, int64_t *fetched, int64_t column, const int columns, const int last_kind)
{
    const vec_tail tail = vec_tail_of(tile->dimensions % VEC_LANES);
    const float *source = tile->source[0] + column;
    float *target = tile->target[0] + column;
    vec old[VEC_MOST_HELD], new[VEC_MOST_HELD];
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
        if (*fetched < tile->dimensions) {
            w2v_fetch_rows(tile->fetched, tile->fetched_count, *fetched, 1);
            *fetched += W2V_LINE_FLOATS;
        }
    }
    W2V_UNROLL for (int c = 0; c < columns; c++)
        vec_store_part(target + c * VEC_LANES, new[c], tail, c == columns - 1 ? last_kind : VEC_NO_TAIL);
}

static void w2v_update_row(const w2v_tile *tile)
{
    const int64_t dimensions = tile->dimensions;
    int64_t fetched = 0;
    VEC_PASSES(dimensions, w2v_stream, tile, &fetched);
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
