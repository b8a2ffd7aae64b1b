/* Design: the groups of CBOW as tiles. An input row is the projection of a centre's window, and what the tile adds to it
   is the window's error, which every context word receives. Errors wait until those of W2V_ERRORS neighbouring
   centres can be spread together, since most context words get several of them: half of the work of CBOW is here. */
#ifndef W2V_CBOW_H
#define W2V_CBOW_H

#include "groups.h"

/* Vectors of a row that get their errors together, and that are summed into a projection together. */
#define W2V_ERROR_COLUMNS 2
#define W2V_PROJECTED 7

/* `width` vectors of the projection, in registers while the context words [first, last) but `at` pass; the last of them
   is the tail of the rows if `ends`. */
W2V_INLINE void w2v_project_columns(float *const *rows, const w2v_center *center, int64_t column, float factor,
                                    float *projection, vec_tail tail, const int width, const int ends)
{
    vec sums[W2V_PROJECTED];
    W2V_UNROLL for (int i = 0; i < width; i++) sums[i] = vec_zero();
    for (int32_t k = center->first; k < center->last; k++) {
        if (k == center->at) continue;
        const float *row = rows[k] + column;
        W2V_UNROLL for (int i = 0; i < width; i++)
            sums[i] = vec_add(sums[i], vec_load_part(row + i * VEC_LANES, tail, ends && i == width - 1));
    }
    const vec factors = vec_set1(factor);
    W2V_UNROLL for (int i = 0; i < width; i++) /* whole vectors: the rows of projections have room */
        vec_store(projection + column + i * VEC_LANES, vec_mul(sums[i], factors));
}

/* projection = factor * sum of the context rows */
static void w2v_project(float *const *rows, const w2v_center *center, int64_t dimensions, float factor,
                        float *projection)
{
    const int64_t left = dimensions % VEC_LANES;
    const vec_tail tail = vec_tail_of(left);
    int64_t vectors = (dimensions + VEC_LANES - 1) / VEC_LANES, column = 0;
#define W2V_PROJECT(width, ends)                                                                             \
    case 2 * width + ends:                                                                                   \
        w2v_project_columns(rows, center, column, factor, projection, tail, width, ends);                    \
        break;
    for (; vectors > 0; vectors -= W2V_PROJECTED, column += W2V_PROJECTED * VEC_LANES) {
        const int width = vectors < W2V_PROJECTED ? (int)vectors : W2V_PROJECTED;
        switch (2 * width + (left > 0 && vectors <= W2V_PROJECTED)) {
            W2V_PROJECT(1, 0) W2V_PROJECT(2, 0) W2V_PROJECT(3, 0) W2V_PROJECT(4, 0) W2V_PROJECT(5, 0)
            W2V_PROJECT(6, 0) W2V_PROJECT(7, 0) W2V_PROJECT(1, 1) W2V_PROJECT(2, 1) W2V_PROJECT(3, 1)
            W2V_PROJECT(4, 1) W2V_PROJECT(5, 1) W2V_PROJECT(6, 1) W2V_PROJECT(7, 1)
        }
    }
#undef W2V_PROJECT
}

/* `columns` vectors of rows[i] += sum over `width` errors of shares[i][g] * errors[g], the errors held in registers; a
   share is loaded once for all of them. The one vector is the tail of the rows if `is_tail`. */
W2V_INLINE void w2v_add_error_columns(float *const *rows, int32_t count, float (*shares)[W2V_ERRORS],
                                      const float *errors, int64_t error_stride, int64_t column, const int width,
                                      const int columns, vec_tail tail, const int is_tail)
{
    vec error[W2V_ERRORS][W2V_ERROR_COLUMNS];
    W2V_UNROLL for (int g = 0; g < width; g++)
        W2V_UNROLL for (int c = 0; c < columns; c++)
            error[g][c] = vec_load(errors + g * error_stride + column + c * VEC_LANES); /* they have room */
    for (int32_t i = 0; i < count; i++) {
        vec sums[W2V_ERROR_COLUMNS];
        float *row = rows[i] + column;
        W2V_UNROLL for (int c = 0; c < columns; c++) sums[c] = vec_load_part(row + c * VEC_LANES, tail, is_tail);
        W2V_UNROLL for (int g = 0; g < width; g++) {
            const vec share = vec_set1(shares[i][g]);
            W2V_UNROLL for (int c = 0; c < columns; c++) sums[c] = vec_fma(share, error[g][c], sums[c]);
        }
        W2V_UNROLL for (int c = 0; c < columns; c++) vec_store_part(row + c * VEC_LANES, sums[c], tail, is_tail);
    }
}

/* rows[i] += sum over `width` errors of shares[i][g] * errors[g] */
W2V_INLINE void w2v_add_errors(float *const *rows, int32_t count, float (*shares)[W2V_ERRORS],
                               const float *errors, int64_t stride, int64_t dimensions, const int width)
{
    const vec_tail tail = vec_tail_of(dimensions % VEC_LANES);
    int64_t column = 0;
    for (; column + W2V_ERROR_COLUMNS * VEC_LANES <= dimensions; column += W2V_ERROR_COLUMNS * VEC_LANES)
        w2v_add_error_columns(rows, count, shares, errors, stride, column, width, W2V_ERROR_COLUMNS, tail, 0);
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES)
        w2v_add_error_columns(rows, count, shares, errors, stride, column, width, 1, tail, 0);
    if (column < dimensions)
        w2v_add_error_columns(rows, count, shares, errors, stride, column, width, 1, tail, 1);
}

/* Hands every context word the pending errors of the windows that hold it, scaled by their factors. */
static void w2v_spread_errors(const w2v_model *model, w2v_workspace *workspace)
{
    const int64_t stride = workspace->row_stride, dimensions = model->dimensions;
    const int32_t width = workspace->pending_count;
    const w2v_center *centers = workspace->centers + workspace->first_pending;
    const float *errors = workspace->target_rows, *factors = workspace->pending_factors;
    workspace->pending_count = 0;
    if (width == 0) return;
    int32_t first, last;
    w2v_span_of_windows(centers, width, &first, &last);
    for (int32_t begin = first; begin < last; begin += W2V_TILE_INPUTS) {
        const int32_t end = last - begin < W2V_TILE_INPUTS ? last : begin + W2V_TILE_INPUTS;
        float shares[W2V_TILE_INPUTS][W2V_ERRORS] = {{0}};
        float *rows[W2V_TILE_INPUTS];
        for (int32_t g = 0; g < width; g++) {
            const int32_t from = centers[g].first > begin ? centers[g].first : begin;
            const int32_t to = centers[g].last < end ? centers[g].last : end;
            for (int32_t i = from; i < to; i++) shares[i - begin][g] = i == centers[g].at ? 0.0f : factors[g];
        }
        for (int32_t i = begin; i < end; i++) {
            const int32_t word = workspace->words[i];
            rows[i - begin] = workspace->rows[i];
            if (model->lock_factors)
                for (int32_t g = 0; g < width; g++) shares[i - begin][g] *= model->lock_factors[word];
        }
        const int32_t count = end - begin;
        switch (width) {
        case 1: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 1); break;
        case 2: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 2); break;
        case 3: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 3); break;
        default: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 4); break;
        }
        if (model->copying_workers > 1)
            for (int32_t i = begin; i < end; i++) w2v_note_pairs(&workspace->inputs, workspace->words[i], width);
    }
}

/* gensim's law applies the error of a mean undivided and divides that of a sum; the corrected law is the gradient of
   the projection. */
static void w2v_train_cbow(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                           w2v_tally *tally)
{
    const int64_t dimensions = model->dimensions;
    const w2v_center *centers = workspace->centers + group->first_center;
    w2v_inputs inputs;
    w2v_tile tile;
    inputs.count = group->center_count;
    inputs.pair_count = 0;
    if (workspace->pending_count == 0) workspace->first_pending = group->first_center;
    for (int32_t g = 0; g < group->center_count; g++) {
        const int32_t pending = workspace->pending_count++;
        float *projection = workspace->source_rows + g * workspace->row_stride;
        float *error = workspace->target_rows + pending * workspace->row_stride;
        const int32_t context_count = centers[g].last - centers[g].first - 1;
        const float share = context_count > 0 ? 1.0f / (float)context_count : 0.0f;
        w2v_project(workspace->rows, &centers[g], dimensions, model->cbow_mean ? share : 1.0f, projection);
        memset(error, 0, (size_t)dimensions * sizeof(float));
        tile.source[g] = projection;
        tile.target[g] = error;
        if (context_count > 0) w2v_add_pair(&inputs, g, g);
        workspace->pending_factors[pending] = (model->cbow_mean != 0) == (model->corrected_cbow != 0) ? share : 1.0f;
    }
    tally->pairs += inputs.pair_count;
    if (inputs.pair_count > 0) tally->loss += w2v_run_tile(model, group, &inputs, rate, workspace, &tile);
    const w2v_group *next = workspace->next;
    const int32_t most = model->shared_negatives > 1 ? w2v_bounded(W2V_ERRORS, rate) : 1;
    const int joins = next->center_count > 0 && workspace->pending_count + next->center_count <= most &&
        workspace->centers[next->first_center].sentence_first == centers[0].sentence_first;
    if (!joins) w2v_spread_errors(model, workspace);
}

#endif
