/* Design: tiles of several input rows. Outputs are cut into panels of at most TILE_OUTPUTS rows, whose columns stay in
   registers while the inputs stream past; at most TILE_SUMS sums of logits stay in registers. The shim sets both. All panels
   read the old inputs: until the last one, their sums lie in partial rows. */
#ifndef W2V_TILE_PANELS_H
#define W2V_TILE_PANELS_H

#include "tile_logits.h"

/* Width of the next panel when `remaining` outputs are left: panels of nearly equal width. */
W2V_INLINE int32_t w2v_panel_width(int32_t remaining)
{
    const int32_t panels = (remaining + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    return (remaining + panels - 1) / panels;
}

#if TILE_SUMS <= TILE_OUTPUTS
#error "a block of logits has the sums of at least one input with a panel and its own output"
#endif

/* Logits of all inputs with `width` outputs from number `first` on, behind those with the inputs' own outputs. `whole`: these
   are all outputs. */
W2V_INLINE void w2v_logits_of(const w2v_tile *tile, int32_t first, const int whole, const int has_own, const int width)
{
    const int cells = has_own + width, most = TILE_SUMS / cells, rows = most < TILE_ROWS ? most : TILE_ROWS;
    const int64_t stride = whole ? cells : tile->output_count, dimensions = tile->dimensions;
    float *const *outputs = tile->outputs + first;
    float *logits = tile->logits + first;
    int32_t m = 0;
#define W2V_BLOCK(rows)                                                                                      \
    w2v_logits_block(tile->source + m, has_own ? tile->own_outputs + m : NULL, outputs, dimensions,          \
                     logits + m * stride, whole ? 0 : stride, rows, has_own, width)
    for (; m + rows <= tile->input_count; m += rows) W2V_BLOCK(rows);
    const int32_t rest = tile->input_count - m;
    if (rows > 3 && rest == 3) W2V_BLOCK(3);
    if (rows > 2 && rest == 2) W2V_BLOCK(2);
    if (rows > 1 && rest == 1) W2V_BLOCK(1);
#undef W2V_BLOCK
}

/* X += G Y and Y += G' X for one panel, column block by column block. Beside each block the same columns of rows
   to come are prefetched. All at once they would fill the queue of outstanding loads, and the core would wait;
   spread over the arithmetic they cost little. */
W2V_INLINE void w2v_update_of(const w2v_tile *tile, int32_t first, const int width)
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

/* f(1) f(2) ... f(TILE_OUTPUTS): code for every width of a panel, a number that the compiler knows. */
#define W2V_WIDTHS_TO_2(f) f(1) f(2)
#define W2V_WIDTHS_TO_6(f) W2V_WIDTHS_TO_2(f) f(3) f(4) f(5) f(6)
#define W2V_WIDTHS_TO_12(f) W2V_WIDTHS_TO_6(f) f(7) f(8) f(9) f(10) f(11) f(12)
#define W2V_WIDTHS_TO_14(f) W2V_WIDTHS_TO_12(f) f(13) f(14)
#define W2V_WIDTHS_TO(most, f) W2V_WIDTHS_TO_##most(f)
#define W2V_WIDTHS_UP_TO(most, f) W2V_WIDTHS_TO(most, f)
#define W2V_EACH_WIDTH(f) W2V_WIDTHS_UP_TO(TILE_OUTPUTS, f)
#if TILE_OUTPUTS != 2 && TILE_OUTPUTS != 6 && TILE_OUTPUTS != 12 && TILE_OUTPUTS != 14
#error "W2V_WIDTHS_TO_... has no list for panels so wide"
#endif

/* The narrowest of several panels. */
#define W2V_NARROWEST ((TILE_OUTPUTS + 1) / 2)

/* Functions of their own, one of which is chosen once for a tile that is one panel: how many outputs come next, as many as a
   path has steps, processors cannot foresee. The update is that of one of several panels too. */
#define W2V_PANEL_FUNCTIONS(width)                                                                           \
    static void w2v_logits_##width(const w2v_tile *tile, int32_t first)                                      \
    {                                                                                                        \
        if (width >= W2V_NARROWEST) w2v_logits_of(tile, first, 0, 0, width);                                 \
    }                                                                                                        \
    static W2V_NOINLINE void w2v_update_##width(const w2v_tile *tile, int32_t first)                         \
    {                                                                                                        \
        w2v_update_of(tile, first, width);                                                                   \
    }                                                                                                        \
    static double w2v_train_only_##width(const w2v_tile *tile, float rate, int compute_loss)                 \
    {                                                                                                        \
        w2v_logits_of(tile, 0, 1, 0, width);                                                                 \
        const double loss = w2v_tile_steps(tile, rate, compute_loss);                                        \
        w2v_update_##width(tile, 0);                                                                         \
        return loss;                                                                                         \
    }
W2V_EACH_WIDTH(W2V_PANEL_FUNCTIONS)

static const struct {
    void (*logits)(const w2v_tile *tile, int32_t first); /* of one of several panels */
    void (*update)(const w2v_tile *tile, int32_t first);
    double (*train_only)(const w2v_tile *tile, float rate, int compute_loss); /* a tile that is one panel */
} w2v_panels[] = {
    {NULL, NULL, NULL},
#define W2V_PANEL(width) {w2v_logits_##width, w2v_update_##width, w2v_train_only_##width},
    W2V_EACH_WIDTH(W2V_PANEL)
#undef W2V_PANEL
};

static double w2v_train_panels(const w2v_tile *tile, float rate, int compute_loss)
{
    const int32_t count = tile->output_count;
    if (count <= TILE_OUTPUTS) return w2v_panels[count].train_only(tile, rate, compute_loss);
    int32_t width;
    for (int32_t first = 0; first < count; first += width) {
        width = w2v_panel_width(count - first);
        w2v_panels[width].logits(tile, first);
    }
    const double loss = w2v_tile_steps(tile, rate, compute_loss);
    for (int32_t first = 0; first < count; first += width) {
        width = w2v_panel_width(count - first);
        w2v_panels[width].update(tile, first);
    }
    return loss;
}

#endif
