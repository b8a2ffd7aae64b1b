/* Design: tiles of one input row: CBOW with a Huffman path for each centre, and pairs that are trained one by one. No
   output meets a second input, so the outputs stream past the row and its update, which stay in registers. */
#ifndef W2V_TILE_ROW_H
#define W2V_TILE_ROW_H

#include "tile_logits.h"

static void w2v_logits_of_row(const w2v_tile *tile)
{
    for (int32_t n = 0; n < tile->output_count; n += W2V_STREAMED) {
        const int is_full = tile->output_count - n > W2V_STREAMED / 2;
        float *const *outputs = tile->outputs + n;
        float *logits = tile->logits + n;
        if (is_full)
            w2v_logits_block(tile->source, NULL, outputs, tile->dimensions, logits, 0, 1, 0, W2V_STREAMED);
        else
            w2v_logits_block(tile->source, NULL, outputs, tile->dimensions, logits, 0, 1, 0, W2V_STREAMED / 2);
    }
}

/* Outputs that stream past together. Sixteen registers have no room for two; of NEON's thirty-two nothing was measured. */
#if VEC_LANES == 16
#define W2V_TOGETHER 2
#else
#define W2V_TOGETHER 1
#endif

/* What one pass over the row and its outputs holds. */
typedef struct {
    vec old[VEC_MOST_HELD], new[VEC_MOST_HELD]; /* of the row */
} w2v_held;

/* The `count` outputs from number `n` on meet the row. Beside each a line of all rows to come is prefetched, from column
   `*unfetched` on, which moves to the first that is not. */
W2V_INLINE void w2v_meet_outputs(const w2v_tile *tile, w2v_held *held, int64_t *unfetched, int32_t n, int64_t column,
                                 const int columns, const int last_kind, const int count)
{
    const vec_tail tail = vec_tail_of(tile->dimensions % VEC_LANES);
    float *outputs[W2V_TOGETHER];
    vec steps[W2V_TOGETHER];
    W2V_UNROLL for (int i = 0; i < count; i++) {
        outputs[i] = tile->outputs[n + i] + column;
        steps[i] = vec_set1(tile->steps[n + i]);
    }
    W2V_UNROLL for (int c = 0; c < columns; c++) {
        const int kind = c == columns - 1 ? last_kind : VEC_NO_TAIL;
        vec parts[W2V_TOGETHER];
        W2V_UNROLL for (int i = 0; i < count; i++) {
            parts[i] = vec_load_part(outputs[i] + c * VEC_LANES, tail, kind);
            VEC_HOLD(parts[i]); /* else it is loaded twice */
        }
        W2V_UNROLL for (int i = 0; i < count; i++)
            vec_store_part(outputs[i] + c * VEC_LANES, vec_moved(steps[i], held->old[c], parts[i]), tail, kind);
        W2V_UNROLL for (int i = 0; i < count; i++) held->new[c] = vec_fma(steps[i], parts[i], held->new[c]);
    }
    W2V_UNROLL for (int i = 0; i < count; i++) {
        if (*unfetched >= tile->dimensions) continue;
        w2v_fetch_rows(tile->fetched, tile->fetched_count, *unfetched);
        *unfetched += W2V_LINE_FLOATS;
    }
}

/* X += G Y and Y += G' X for `columns` vectors of the row, the last of them a tail of that kind. */
W2V_INLINE void w2v_stream(const w2v_tile *tile, int64_t *unfetched, int64_t column, const int columns, const int last_kind)
{
    const vec_tail tail = vec_tail_of(tile->dimensions % VEC_LANES);
    const float *source = tile->source[0] + column;
    float *target = tile->target[0] + column;
    w2v_held held;
    W2V_UNROLL for (int c = 0; c < columns; c++) {
        const int kind = c == columns - 1 ? last_kind : VEC_NO_TAIL;
        held.old[c] = vec_load_part(source + c * VEC_LANES, tail, kind);
        held.new[c] = tile->overwrites ? vec_zero() : vec_load_part(target + c * VEC_LANES, tail, kind);
    }
    int32_t n = 0;
    for (; n + W2V_TOGETHER <= tile->output_count; n += W2V_TOGETHER)
        w2v_meet_outputs(tile, &held, unfetched, n, column, columns, last_kind, W2V_TOGETHER);
    if (W2V_TOGETHER > 1 && n < tile->output_count)
        w2v_meet_outputs(tile, &held, unfetched, n, column, columns, last_kind, 1);
    W2V_UNROLL for (int c = 0; c < columns; c++)
        vec_store_part(target + c * VEC_LANES, held.new[c], tail, c == columns - 1 ? last_kind : VEC_NO_TAIL);
}

static void w2v_update_row(const w2v_tile *tile)
{
    const int64_t dimensions = tile->dimensions;
    int64_t unfetched = 0;
    VEC_PASSES(dimensions, w2v_stream, tile, &unfetched);
    for (; unfetched < dimensions; unfetched += W2V_LINE_FLOATS)
        w2v_fetch_rows(tile->fetched, tile->fetched_count, unfetched);
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
