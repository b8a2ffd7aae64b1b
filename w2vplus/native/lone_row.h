/* Design: tiles of one input row: CBOW with a Huffman path for each centre, and pairs that are trained one by one. There is
   nothing to share between inputs, so the outputs stream past the input row and its update, which stay in registers. */
#ifndef W2V_LONE_ROW_H
#define W2V_LONE_ROW_H

#include "tile.h"

/* Outputs whose logits are computed together. The last ones are filled up with the addresses behind a tile's outputs. */
#define W2V_STREAMED 8

/* Vectors of a row that stay in registers, beside as many of its update, a step and an output. */
#define W2V_MOST_STREAMED ((VEC_REGISTERS - 2) / 2 < 7 ? (VEC_REGISTERS - 2) / 2 : 7)

static void w2v_logits_of_row(const w2v_tile *tile)
{
    for (int32_t n = 0; n < tile->output_count; n += W2V_STREAMED) {
        float *const *outputs = tile->outputs + n;
        if (tile->output_count - n > W2V_STREAMED / 2)
            w2v_logits_block(tile->source, outputs, tile->dimensions, tile->logits + n, W2V_STREAMED, 1, W2V_STREAMED);
        else
            w2v_logits_block(tile->source, outputs, tile->dimensions, tile->logits + n, W2V_STREAMED / 2, 1, W2V_STREAMED / 2);
    }
}

/* X += G Y and Y += G' X for `columns` vectors of the row, the last of them its tail if `ends`. Beside each output some
   columns of rows to come are prefetched, from `*fetched` on. */
W2V_INLINE void w2v_stream_columns(const w2v_tile *tile, vec_tail tail, int64_t column, int64_t *fetched, const int columns,
                                   const int ends)
{
    const float *source = tile->source[0] + column;
    float *target = tile->target[0] + column;
    vec x_old[7], x_new[7];
    W2V_UNROLL for (int c = 0; c < columns; c++) x_old[c] = vec_load_part(source + c * VEC_LANES, tail, ends && c == columns - 1);
    W2V_UNROLL for (int c = 0; c < columns; c++) x_new[c] = vec_load_part(target + c * VEC_LANES, tail, ends && c == columns - 1);
    for (int32_t n = 0; n < tile->output_count; n++) {
        float *row = tile->outputs[n] + column;
        const vec step = vec_set1(tile->steps[n]);
        W2V_UNROLL for (int c = 0; c < columns; c++) {
            vec y = vec_load_part(row + c * VEC_LANES, tail, ends && c == columns - 1);
            VEC_HOLD(y); /* else it is loaded twice */
            x_new[c] = vec_fma(step, y, x_new[c]);
            vec_store_part(row + c * VEC_LANES, vec_fma(step, x_old[c], y), tail, ends && c == columns - 1);
        }
        if (*fetched < tile->dimensions) {
            w2v_fetch_rows(tile->fetched, tile->fetched_count, *fetched);
            *fetched += W2V_LINE_FLOATS;
        }
    }
    W2V_UNROLL for (int c = 0; c < columns; c++) vec_store_part(target + c * VEC_LANES, x_new[c], tail, ends && c == columns - 1);
}

#define W2V_STREAM_CASE(columns)                                                                             \
    case 2 * columns: w2v_stream_columns(tile, tail, column, &fetched, columns, 0); break;                   \
    case 2 * columns + 1: w2v_stream_columns(tile, tail, column, &fetched, columns, 1); break;

static void w2v_update_row(const w2v_tile *tile)
{
    const int64_t dimensions = tile->dimensions;
    const vec_tail tail = vec_tail_of(dimensions % VEC_LANES);
    int64_t fetched = 0;
    for (int64_t column = 0; column < dimensions; column += W2V_MOST_STREAMED * VEC_LANES) {
        const int64_t left = dimensions - column, whole = left / VEC_LANES;
        const int64_t pass = left >= W2V_MOST_STREAMED * VEC_LANES ? 2 * W2V_MOST_STREAMED
                                                                   : left % VEC_LANES ? 2 * whole + 3 : 2 * whole;
        switch (pass) {
            W2V_STREAM_CASE(1) W2V_STREAM_CASE(2) W2V_STREAM_CASE(3) W2V_STREAM_CASE(4)
            W2V_STREAM_CASE(5) W2V_STREAM_CASE(6) W2V_STREAM_CASE(7)
        }
    }
    for (; fetched < dimensions; fetched += W2V_LINE_FLOATS) w2v_fetch_rows(tile->fetched, tile->fetched_count, fetched);
    w2v_fetch_rows(tile->fetched, tile->fetched_count, dimensions - 1);
}

static double w2v_train_row(const w2v_tile *tile, float rate, int compute_loss)
{
    w2v_logits_of_row(tile);
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    w2v_update_row(tile);
    return loss;
}

#endif
