/* Design: the groups of CBOW as tiles. An input row is the projection of a centre's window, and what the tile adds to it
   is the window's error, which every context word receives. The windows of a group reach equally far, so each is the one
   before it moved on by a word: one running sum passes over the words of all of them, to project and to hand the errors
   out, these where all windows reach over all centres. Half of the work of CBOW is here. */
#ifndef W2V_CBOW_H
#define W2V_CBOW_H

#include "groups.h"

/* Vectors of a row that are treated together, with their running sums in registers. There is room for twice as many, and
   nothing gained by it. */
#define W2V_MOST_COLUMNS 7

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
    vec sum[W2V_MOST_COLUMNS];
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

/* rows[i] += sum for `columns` vectors of the words [first, last). */
W2V_INLINE void w2v_add_sum(const w2v_windows *windows, int32_t first, int32_t last, const vec *sum, int64_t column,
                            const int columns, const int last_kind)
{
    for (int32_t i = first; i < last; i++) {
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
}

/* Every word receives the errors of the windows that hold it, for `columns` vectors. Each window reaches over all centres
   of the group. */
W2V_INLINE void w2v_spread_columns(const w2v_windows *windows, int64_t column, const int columns, const int last_kind)
{
    vec sum[W2V_MOST_COLUMNS];
    const w2v_center *centers = windows->centers;
    const int32_t count = windows->center_count, first_center = centers[0].at;
    const float *errors = windows->center_rows + column;
    int32_t i = centers[0].first;
    W2V_EACH_COLUMN sum[c] = vec_load(errors + c * VEC_LANES);
    for (int32_t g = 1; g < count; g++) { /* more and more windows begin */
        w2v_add_sum(windows, i, centers[g].first, sum, column, columns, last_kind);
        i = centers[g].first;
        W2V_EACH_COLUMN sum[c] = vec_add(sum[c], vec_load(errors + g * windows->stride + c * VEC_LANES));
    }
    w2v_add_sum(windows, i, first_center, sum, column, columns, last_kind);
    for (int32_t g = 0; g < count; g++) {
        vec others[W2V_MOST_COLUMNS];
        W2V_EACH_COLUMN others[c] = vec_sub(sum[c], vec_load(errors + g * windows->stride + c * VEC_LANES));
        w2v_add_sum(windows, first_center + g, first_center + g + 1, others, column, columns, last_kind);
    }
    i = first_center + count;
    for (int32_t g = 0; g < count; g++) { /* and end */
        w2v_add_sum(windows, i, centers[g].last, sum, column, columns, last_kind);
        i = centers[g].last;
        W2V_EACH_COLUMN sum[c] = vec_sub(sum[c], vec_load(errors + g * windows->stride + c * VEC_LANES));
    }
}

/* The same where windows reach less far: word by word, and few words. */
W2V_INLINE void w2v_spread_narrow_columns(const w2v_windows *windows, int64_t column, const int columns, const int last_kind)
{
    const w2v_center *centers = windows->centers;
    const int32_t count = windows->center_count;
    for (int32_t i = centers[0].first; i < centers[count - 1].last; i++) {
        vec sum[W2V_MOST_COLUMNS];
        W2V_EACH_COLUMN sum[c] = vec_zero();
        for (int32_t g = 0; g < count; g++) {
            if (i < centers[g].first || i >= centers[g].last || i == centers[g].at) continue;
            const float *error = windows->center_rows + g * windows->stride + column;
            W2V_EACH_COLUMN sum[c] = vec_add(sum[c], vec_load(error + c * VEC_LANES));
        }
        w2v_add_sum(windows, i, i + 1, sum, column, columns, last_kind);
    }
}

/* All columns by `treat`, one of those above, in as few passes as registers allow; the compiler knows how many vectors
   each pass has. */
#define W2V_PASS(treat, columns)                                                                             \
    case VEC_TAIL_KINDS * (columns): treat(windows, column, columns, VEC_NO_TAIL); break;                         \
    case VEC_TAIL_KINDS * (columns) + VEC_SOME_TAIL: treat(windows, column, columns, VEC_SOME_TAIL); break;       \
    case VEC_TAIL_KINDS * (columns) + VEC_FOUR_TAIL: treat(windows, column, columns, VEC_FOUR_TAIL); break;
#define W2V_PASSES(name, treat)                                                                              \
    static void name(const w2v_windows *windows, int64_t dimensions)                                         \
    {                                                                                                        \
        const int64_t vectors = (dimensions + VEC_LANES - 1) / VEC_LANES;                                    \
        const int64_t passes = (vectors + W2V_MOST_COLUMNS - 1) / W2V_MOST_COLUMNS;                          \
        const int64_t most = (vectors + passes - 1) / passes;                                                \
        for (int64_t done = 0; done < vectors; done += most) {                                               \
            const int64_t column = done * VEC_LANES, rest = vectors - done, count = rest < most ? rest : most; \
            switch (VEC_TAIL_KINDS * count + (rest == count ? vec_tail_kind(dimensions) : VEC_NO_TAIL)) {         \
                W2V_PASS(treat, 1) W2V_PASS(treat, 2) W2V_PASS(treat, 3) W2V_PASS(treat, 4)                  \
                W2V_PASS(treat, 5) W2V_PASS(treat, 6) W2V_PASS(treat, 7)                                     \
            }                                                                                                \
        }                                                                                                    \
    }

W2V_PASSES(w2v_project, w2v_project_columns)
W2V_PASSES(w2v_spread, w2v_spread_columns)
W2V_PASSES(w2v_spread_narrow, w2v_spread_narrow_columns)

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
    const int exchanges = model->copying_workers > 1;
    if (exchanges) w2v_choose_exchanges(&workspace->inputs, workspace->words + first, word_count, center_count);
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
        for (int32_t m = 0; m < part->center_count; m++) {
            tile.source[m] = workspace->source_rows + (part->first_center + m) * stride;
            tile.partial[m] = tile.target[m] = workspace->target_rows + (part->first_center + m) * stride;
        }
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
    if (centers[0].last > centers[center_count - 1].at) /* the first window holds the last centre, and so do all between */
        w2v_spread(&windows, dimensions);
    else
        w2v_spread_narrow(&windows, dimensions);
    if (exchanges) w2v_exchange_chosen(&workspace->inputs, workspace->words + first, word_count);
}

#endif
