/* Design: the innermost step of an update over one block of columns, written once and included once for every kind
   of block: whole registers, and the columns left over at a row's end in a register as narrow as they allow.

   Before including: COLUMNS(name) makes a function's name; COLUMNS_VEC is the register; COLUMNS_LOAD(p),
   COLUMNS_STORE(p, a), COLUMNS_SET1(x), COLUMNS_FMA(a, b, c) work on it. `tail` is in scope for masked loads and stores. */

/* The columns of a panel: X += G Y, or X = G Y without addends, and Y += G' X. Every old value is read before its row is
   written. */
W2V_INLINE void COLUMNS(w2v_update)(const w2v_tile *tile, const w2v_panel *panel, float *const *y, int64_t column,
                                    vec_tail tail, const int width)
{
    const int64_t stride = tile->output_count;
    const int32_t inputs = tile->input_count; /* and what else is not to be looked up again after every store */
    float *const *source = tile->source, *const *addends = panel->addends, *const *targets = panel->sums;
    const float *steps = panel->steps;
    COLUMNS_VEC y_old[TILE_OUTPUTS], y_new[TILE_OUTPUTS];
    (void)tail;
    W2V_UNROLL for (int n = 0; n < width; n++) y_new[n] = y_old[n] = COLUMNS_LOAD(y[n] + column);
    for (int32_t m = 0; m < inputs; m++, steps += stride) {
        const COLUMNS_VEC x_old = COLUMNS_LOAD(source[m] + column);
        COLUMNS_VEC x_new = COLUMNS_SET1(0.0f);
        if (addends) x_new = COLUMNS_LOAD(addends[m] + column);
        W2V_UNROLL for (int n = 0; n < width; n++) {
            const COLUMNS_VEC step = COLUMNS_SET1(steps[n]);
            x_new = COLUMNS_FMA(step, y_old[n], x_new);
            y_new[n] = COLUMNS_FMA(step, x_old, y_new[n]);
        }
        COLUMNS_STORE(targets[m] + column, x_new);
    }
    W2V_UNROLL for (int n = 0; n < width; n++) COLUMNS_STORE(y[n] + column, y_new[n]);
}

#undef COLUMNS
#undef COLUMNS_VEC
#undef COLUMNS_LOAD
#undef COLUMNS_STORE
#undef COLUMNS_SET1
#undef COLUMNS_FMA
