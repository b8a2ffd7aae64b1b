/* Design: the groups of CBOW as tiles. An input row is the projection of a centre's window, and what the tile adds to it
   is the window's error, which every context word receives. The windows of a group reach equally far, so each is the one
   before it moved on by a word: one running sum passes over the words of all of them, to project and to hand the errors
   out. Half of the work of CBOW is here. */
#ifndef W2V_CBOW_H
#define W2V_CBOW_H

#include "groups.h"

/* What one pass over the words of a group's windows is about. */
typedef struct {
    float *const *rows;   /* of the span's kept words */
    const int32_t *words; /* those words */
    const float *lock_factors; /* or NULL */
    const w2v_center *centers; /* of the group: a window holds its centre, which is not its context */
    int32_t center_count;
    float *center_rows; /* projections or errors, (center_count, stride) */
    float factors[W2V_GROUP_CENTERS]; /* of a word in each of them: 1 / (context words), or 1 */
    int64_t stride;
    vec_tail tail;
} w2v_windows;

#define W2V_EACH_COLUMN W2V_UNROLL for (int c = 0; c < columns; c++)
#define W2V_PART(row) (row) + c *VEC_LANES, windows->tail, c == columns - 1 ? last_kind : VEC_NO_TAIL

/* Projections of the group: sums of the rows of each window, for `columns` vectors, the last of which is a tail
   of that kind. */
W2V_INLINE void w2v_project_columns(const w2v_windows *windows, int64_t column, const int columns, const int last_kind)
{
    vec sum[VEC_MOST_HELD];
    const w2v_center *centers = windows->centers;
    int32_t first = centers[0].first, last = first; /* of the words in the sum */
    W2V_EACH_COLUMN sum[c] = vec_zero();
    for (int32_t g = 0; g < windows->center_count; g++) {
        for (; last < centers[g].last; last++) {
            const float *row = windows->rows[last] + column;
            W2V_EACH_COLUMN sum[c] = vec_add(sum[c], vec_load_part(W2V_PART(row)));
        }
        for (; first < centers[g].first; first++) {
            const float *row = windows->rows[first] + column;
            W2V_EACH_COLUMN sum[c] = vec_sub(sum[c], vec_load_part(W2V_PART(row)));
        }
        const float *own = windows->rows[centers[g].at] + column;
        float *projection = windows->center_rows + g * windows->stride + column;
        const vec factor = vec_set1(windows->factors[g]);
        W2V_EACH_COLUMN /* whole vectors: the rows of projections have room */
            vec_store(projection + c * VEC_LANES, vec_mul(factor, vec_sub(sum[c], vec_load_part(W2V_PART(own)))));
    }
}

/* rows[i] += sum for `columns` vectors. */
W2V_INLINE void w2v_add_sum(const w2v_windows *windows, int32_t i, const vec *sum, int64_t column, const int columns,
                            const int last_kind)
{
    float *row = windows->rows[i] + column;
    if (!windows->lock_factors) {
        W2V_EACH_COLUMN vec_store_part(row + c * VEC_LANES, vec_add(vec_load_part(W2V_PART(row)), sum[c]),
                                       windows->tail, c == columns - 1 ? last_kind : VEC_NO_TAIL);
    } else {
        const vec lock = vec_set1(windows->lock_factors[windows->words[i]]);
        W2V_EACH_COLUMN vec_store_part(row + c * VEC_LANES, vec_fma(lock, sum[c], vec_load_part(W2V_PART(row))),
                                       windows->tail, c == columns - 1 ? last_kind : VEC_NO_TAIL);
    }
}

/* Every word receives the errors of the windows that hold it, but its own, for `columns` vectors. */
W2V_INLINE void w2v_spread_columns(const w2v_windows *windows, int64_t column, const int columns, const int last_kind)
{
    vec sum[VEC_MOST_HELD]; /* of the windows that have begun and not ended */
    const w2v_center *centers = windows->centers;
    const int32_t count = windows->center_count, last = centers[count - 1].last;
    int32_t begun = 0, ended = 0, own = 0;
    W2V_EACH_COLUMN sum[c] = vec_zero();
    for (int32_t i = centers[0].first; i < last; i++) {
        for (; begun < count && centers[begun].first == i; begun++) {
            const float *error = windows->center_rows + begun * windows->stride + column;
            W2V_EACH_COLUMN sum[c] = vec_add(sum[c], vec_load(error + c * VEC_LANES));
        }
        for (; centers[ended].last == i; ended++) {
            const float *error = windows->center_rows + ended * windows->stride + column;
            W2V_EACH_COLUMN sum[c] = vec_sub(sum[c], vec_load(error + c * VEC_LANES));
        }
        if (own == count || centers[own].at != i) {
            w2v_add_sum(windows, i, sum, column, columns, last_kind);
            continue;
        }
        vec others[VEC_MOST_HELD];
        const float *error = windows->center_rows + own++ * windows->stride + column;
        W2V_EACH_COLUMN others[c] = vec_sub(sum[c], vec_load(error + c * VEC_LANES));
        w2v_add_sum(windows, i, others, column, columns, last_kind);
    }
}

static void w2v_project(const w2v_windows *windows, int64_t dimensions)
{
    VEC_PASSES(dimensions, w2v_project_columns, windows);
}

static void w2v_spread(const w2v_windows *windows, int64_t dimensions)
{
    VEC_PASSES(dimensions, w2v_spread_columns, windows);
}

/* errors[g] *= factors[g] */
static void w2v_divide_errors(const w2v_windows *windows, int64_t dimensions)
{
    for (int32_t g = 0; g < windows->center_count; g++) {
        const vec factor = vec_set1(windows->factors[g]);
        float *row = windows->center_rows + g * windows->stride;
        for (int64_t column = 0; column < dimensions; column += VEC_LANES)
            vec_store(row + column, vec_mul(vec_load(row + column), factor));
    }
}

/* gensim's law applies the error of a mean undivided and divides that of a sum; the corrected law is the gradient of
   the projection. */
static void w2v_train_cbow(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                           w2v_tally *tally)
{
    const int64_t dimensions = model->dimensions, stride = workspace->row_stride;
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t center_count = group->center_count;
    const int32_t first = centers[0].first, word_count = centers[center_count - 1].last - first;
    if (word_count == 1) return; /* a lone word is not predicted; of neighbours each has a context */
    w2v_choose_exchanges(&workspace->inputs, workspace->words + first, word_count, center_count);
    w2v_windows windows = {.rows = workspace->rows, .words = workspace->words, .lock_factors = model->lock_factors,
                           .centers = centers, .center_count = center_count, .center_rows = workspace->source_rows,
                           .stride = stride, .tail = vec_tail_of(dimensions % VEC_LANES)};
    for (int32_t g = 0; g < center_count; g++)
        windows.factors[g] = model->cbow_mean ? 1.0f / (float)(centers[g].last - centers[g].first - 1) : 1.0f;
    w2v_project(&windows, dimensions);
    for (int32_t p = 0; p < group->part_count; p++) {
        const w2v_part *part = &group->parts[p];
        w2v_tile tile;
        tile.overwrites = 1;
        tile.input_count = part->center_count;
        tile.source = workspace->sources + part->first_center;
        tile.partial = tile.target = workspace->targets + part->first_center;
        tile.positives = group->positives + part->first_column;
        tile.totals = group->totals + part->first_column;
        tally->loss += w2v_run_tile(model, group, part, rate, workspace, &tile);
    }
    tally->pairs += center_count;
    windows.center_rows = workspace->target_rows;
    if ((model->cbow_mean != 0) == (model->corrected_cbow != 0)) {
        for (int32_t g = 0; g < center_count; g++)
            windows.factors[g] = 1.0f / (float)(centers[g].last - centers[g].first - 1);
        w2v_divide_errors(&windows, dimensions);
    }
    w2v_spread(&windows, dimensions);
    w2v_exchange_chosen(&workspace->inputs, workspace->words + first, word_count);
}

#endif
