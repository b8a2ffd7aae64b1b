/* Design: tiles of several input rows. Outputs are cut into panels of at most TILE_OUTPUTS rows, whose columns stay in
   registers while the inputs stream past; at most TILE_SUMS sums of logits stay in registers. The shim sets both. All panels
   read the old inputs: until the last one, their sums lie in partial rows. */
#ifndef W2V_TILE_PANELS_H
#define W2V_TILE_PANELS_H

#include "tile_common.h"

/* Width of the next panel when `remaining` outputs are left: panels of nearly equal width. */
W2V_INLINE int32_t w2v_panel_width(int32_t remaining)
{
    if (remaining <= TILE_OUTPUTS) return remaining; /* without the divisions */
    const int32_t panels = (remaining + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    return (remaining + panels - 1) / panels;
}

#if TILE_SUMS <= TILE_OUTPUTS
#error "a block of logits has the sums of at least one input with a panel and its own output"
#endif

/* Logits of all inputs with `width` outputs from number `first` on, behind those with the inputs' own outputs. */
W2V_INLINE void w2v_logits_of(const w2v_tile *tile, int32_t first, const int has_own, const int width)
{
    const int cells = has_own + width, most = TILE_SUMS / cells, rows = most < TILE_ROWS ? most : TILE_ROWS;
    const int64_t stride = has_own ? cells : tile->output_count, dimensions = tile->dimensions;
    float *const *outputs = tile->outputs + first;
    float *logits = tile->logits + first;
    int32_t m = 0;
#define W2V_BLOCK(rows)                                                                                      \
    w2v_logits_block(tile->source + m, has_own ? tile->own_outputs + m : NULL, outputs, dimensions,          \
                     logits + m * stride, stride, rows, has_own, width)
    for (; m + rows <= tile->input_count; m += rows) W2V_BLOCK(rows);
    const int32_t rest = tile->input_count - m;
    if (rows > 3 && rest == 3) W2V_BLOCK(3);
    if (rows > 2 && rest == 2) W2V_BLOCK(2);
    if (rows > 1 && rest == 1) W2V_BLOCK(1);
#undef W2V_BLOCK
}

W2V_INLINE void w2v_logits_width(const w2v_tile *tile, int32_t first, const int width)
{
    w2v_logits_of(tile, first, 0, width);
}

/* X += G Y and Y += G' X for one panel, column block by column block. Beside each block the same columns of rows
   to come are prefetched. All at once they would fill the queue of outstanding loads, and the core would wait;
   spread over the arithmetic they cost little. */
W2V_INLINE void w2v_update_width(const w2v_tile *tile, int32_t first, const int width)
{
    const int32_t fetched_count = first == 0 ? tile->fetched_count : 0;
    const int64_t dimensions = tile->dimensions;
    const w2v_panel panel = {.addends = first > 0 ? tile->partial : tile->overwrites ? NULL : tile->target,
                             .sums = first + width < tile->output_count ? tile->partial : tile->target,
                             .steps = tile->steps + first};
    float *y[TILE_OUTPUTS];
    W2V_UNROLL for (int n = 0; n < width; n++) y[n] = tile->outputs[first + n];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        if (column % W2V_LINE_FLOATS == 0) w2v_fetch_rows(tile->fetched, fetched_count, column);
        w2v_update_whole(tile, &panel, y, column, vec_tail_of(0), width);
    }
    w2v_fetch_rows(tile->fetched, fetched_count, dimensions - 1);
    const int64_t left = dimensions - column;
    if (left > 0) W2V_LEFT_OVER(w2v_update, left, tile, &panel, y, column, vec_tail_of(left), width);
}

/* Calls `function` with a panel width that the compiler knows. */
#define W2V_WIDTH_CASE(width, function, tile, first)                                                         \
    case width: function(tile, first, width); break;
#if TILE_OUTPUTS > 12
#define W2V_WIDEST_CASES(function, tile, first)                                                              \
    W2V_WIDTH_CASE(14, function, tile, first)                                                                \
    W2V_WIDTH_CASE(13, function, tile, first)
#else
#define W2V_WIDEST_CASES(function, tile, first)
#endif
#if TILE_OUTPUTS > 6
#define W2V_WIDE_CASES(function, tile, first)                                                                \
    W2V_WIDTH_CASE(12, function, tile, first)                                                                \
    W2V_WIDTH_CASE(11, function, tile, first)                                                                \
    W2V_WIDTH_CASE(10, function, tile, first)                                                                \
    W2V_WIDTH_CASE(9, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(8, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(7, function, tile, first)
#else
#define W2V_WIDE_CASES(function, tile, first)
#endif
#if TILE_OUTPUTS > 2
#define W2V_MIDDLE_CASES(function, tile, first)                                                              \
    W2V_WIDTH_CASE(6, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(5, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(4, function, tile, first)                                                                 \
    W2V_WIDTH_CASE(3, function, tile, first)
#else
#define W2V_MIDDLE_CASES(function, tile, first)
#endif
#if TILE_OUTPUTS != 2 && TILE_OUTPUTS != 6 && TILE_OUTPUTS != 12 && TILE_OUTPUTS != 14
#error "W2V_FOR_WIDTH has no cases for panels so wide, or more than there are"
#endif
#define W2V_FOR_WIDTH(width, function, tile, first)                                                          \
    switch (width) {                                                                                         \
        W2V_WIDEST_CASES(function, tile, first)                                                              \
        W2V_WIDE_CASES(function, tile, first)                                                                \
        W2V_MIDDLE_CASES(function, tile, first)                                                              \
        W2V_WIDTH_CASE(2, function, tile, first)                                                             \
    default: function(tile, first, 1); break;                                                                \
    }

static double w2v_train_panels(const w2v_tile *tile, float rate, int compute_loss)
{
    int32_t width;
    for (int32_t first = 0; first < tile->output_count; first += width) {
        width = w2v_panel_width(tile->output_count - first);
        W2V_FOR_WIDTH(width, w2v_logits_width, tile, first)
    }
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    for (int32_t first = 0; first < tile->output_count; first += width) {
        width = w2v_panel_width(tile->output_count - first);
        W2V_FOR_WIDTH(width, w2v_update_width, tile, first)
    }
    return loss;
}

#endif
