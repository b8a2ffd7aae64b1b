/* Design: the groups of CBOW as tiles. An input row is the projection of a centre's window, and what the tile adds to it
   is the window's error, which every context word receives. The windows of a group overlap, so both go through the
   words that they span once for all centres: share (i, g) says how much of word i is in the projection of centre g,
   and of error g in what word i receives. Half of the work of CBOW is here. A share is 0 where a window does not hold a
   word: an infinite number in such a row makes the projection no number, where one would expect it to be left out. */
#ifndef W2V_CBOW_H
#define W2V_CBOW_H

#include "groups.h"

/* Vectors of a row that are treated together: those of all centres stay in registers, beside a row's and the shares. */
#define W2V_MOST_COLUMNS 7
#define W2V_COLUMNS_OF(centers)                                                                              \
    ((VEC_REGISTERS - 1 - (centers)) / (centers) < W2V_MOST_COLUMNS ? (VEC_REGISTERS - 1 - (centers)) / (centers) \
                                                                    : W2V_MOST_COLUMNS)

/* projections[g] = factors[g] * sum of shares[i][g] * rows[i], for `columns` vectors of `centers` projections. The last
   vector is the tail of the rows if `ends`. */
W2V_INLINE void w2v_project_columns(const w2v_context *context, const float *factors, float *projections, int64_t stride,
                                    vec_tail tail, int64_t column, const int centers, const int columns, const int ends)
{
    vec sums[W2V_GROUP_CENTERS][W2V_MOST_COLUMNS];
    W2V_UNROLL for (int g = 0; g < centers; g++)
        W2V_UNROLL for (int c = 0; c < columns; c++) sums[g][c] = vec_zero();
    for (int32_t i = 0; i < context->count; i++) {
        const float *row = context->rows[i] + column;
        vec shares[W2V_GROUP_CENTERS];
        W2V_UNROLL for (int g = 0; g < centers; g++) shares[g] = vec_set1(context->shares[i][g]);
        W2V_UNROLL for (int c = 0; c < columns; c++) {
            vec part = vec_load_part(row + c * VEC_LANES, tail, ends && c == columns - 1);
            VEC_HOLD(part); /* else it is loaded for each centre again */
            W2V_UNROLL for (int g = 0; g < centers; g++) sums[g][c] = vec_fma(shares[g], part, sums[g][c]);
        }
    }
    W2V_UNROLL for (int g = 0; g < centers; g++) /* whole vectors: the rows of projections have room */
        W2V_UNROLL for (int c = 0; c < columns; c++)
            vec_store(projections + g * stride + column + c * VEC_LANES, vec_mul(sums[g][c], vec_set1(factors[g])));
}

/* rows[i] += sum over `centers` of shares[i][g] * errors[g], for `columns` vectors. */
W2V_INLINE void w2v_spread_columns(const w2v_context *context, const float *factors, float *error_rows, int64_t stride,
                                   vec_tail tail, int64_t column, const int centers, const int columns, const int ends)
{
    vec errors[W2V_GROUP_CENTERS][W2V_MOST_COLUMNS];
    W2V_UNROLL for (int g = 0; g < centers; g++)
        W2V_UNROLL for (int c = 0; c < columns; c++)
            errors[g][c] = vec_mul(vec_load(error_rows + g * stride + column + c * VEC_LANES), vec_set1(factors[g]));
    for (int32_t i = 0; i < context->count; i++) {
        float *row = context->rows[i] + column;
        vec shares[W2V_GROUP_CENTERS];
        W2V_UNROLL for (int g = 0; g < centers; g++) shares[g] = vec_set1(context->shares[i][g]);
        W2V_UNROLL for (int c = 0; c < columns; c++) {
            vec sum = vec_load_part(row + c * VEC_LANES, tail, ends && c == columns - 1);
            W2V_UNROLL for (int g = 0; g < centers; g++) sum = vec_fma(shares[g], errors[g][c], sum);
            vec_store_part(row + c * VEC_LANES, sum, tail, ends && c == columns - 1);
        }
    }
}

/* All columns of the rows by `treat`, one of the two above, in as few passes as registers allow; the compiler knows how
   many vectors each pass has. */
#define W2V_PASS(treat, centers, columns, ends)                                                              \
    case 2 * columns + ends:                                                                                 \
        if (columns <= W2V_COLUMNS_OF(centers))                                                              \
            treat(context, factors, rows, stride, tail, column, centers, columns, ends);                     \
        break;
#define W2V_PASSES(name, treat, centers)                                                                     \
    static void name##_##centers(const w2v_context *context, const float *factors, float *rows, int64_t stride, \
                                 int64_t dimensions)                                                         \
    {                                                                                                        \
        const int64_t left = dimensions % VEC_LANES, vectors = (dimensions + VEC_LANES - 1) / VEC_LANES;     \
        const vec_tail tail = vec_tail_of(left);                                                             \
        for (int64_t done = 0; done < vectors; done += W2V_COLUMNS_OF(centers)) {                            \
            const int64_t column = done * VEC_LANES, rest = vectors - done;                                  \
            const int columns = rest < W2V_COLUMNS_OF(centers) ? (int)rest : W2V_COLUMNS_OF(centers);        \
            switch (2 * columns + (left > 0 && rest == columns)) {                                           \
                W2V_PASS(treat, centers, 1, 0) W2V_PASS(treat, centers, 1, 1)                                \
                W2V_PASS(treat, centers, 2, 0) W2V_PASS(treat, centers, 2, 1)                                \
                W2V_PASS(treat, centers, 3, 0) W2V_PASS(treat, centers, 3, 1)                                \
                W2V_PASS(treat, centers, 4, 0) W2V_PASS(treat, centers, 4, 1)                                \
                W2V_PASS(treat, centers, 5, 0) W2V_PASS(treat, centers, 5, 1)                                \
                W2V_PASS(treat, centers, 6, 0) W2V_PASS(treat, centers, 6, 1)                                \
                W2V_PASS(treat, centers, 7, 0) W2V_PASS(treat, centers, 7, 1)                                \
            }                                                                                                \
        }                                                                                                    \
    }
#define W2V_EACH_GROUP(name, treat)                                                                          \
    W2V_PASSES(name, treat, 1) W2V_PASSES(name, treat, 2) W2V_PASSES(name, treat, 3) W2V_PASSES(name, treat, 4) \
    static void name(const w2v_context *context, const float *factors, float *rows, int64_t stride,          \
                     int64_t dimensions, int32_t centers)                                                    \
    {                                                                                                        \
        switch (centers) {                                                                                   \
        case 1: name##_1(context, factors, rows, stride, dimensions); break;                                 \
        case 2: name##_2(context, factors, rows, stride, dimensions); break;                                 \
        case 3: name##_3(context, factors, rows, stride, dimensions); break;                                 \
        default: name##_4(context, factors, rows, stride, dimensions); break;                                \
        }                                                                                                    \
    }

W2V_EACH_GROUP(w2v_project, w2v_project_columns)
W2V_EACH_GROUP(w2v_spread, w2v_spread_columns)

/* gensim's law applies the error of a mean undivided and divides that of a sum; the corrected law is the gradient of
   the projection. */
static void w2v_train_cbow(const w2v_model *model, const w2v_group *group, float rate, w2v_workspace *workspace,
                           w2v_tally *tally)
{
    const int64_t dimensions = model->dimensions, stride = workspace->row_stride;
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t center_count = group->center_count;
    const w2v_context context = w2v_context_of(centers, center_count, workspace);
    if (context.count == 1) return; /* a lone word is not predicted; of neighbours each has a context */
    float means[W2V_GROUP_CENTERS], ones[W2V_GROUP_CENTERS];
    for (int32_t g = 0; g < center_count; g++) {
        means[g] = 1.0f / (float)(centers[g].last - centers[g].first - 1);
        ones[g] = 1.0f;
    }
    const int exchanges = model->copying_workers > 1;
    if (exchanges) w2v_choose_exchanges(&workspace->inputs, context.words, context.count, center_count);
    w2v_project(&context, model->cbow_mean ? means : ones, workspace->source_rows, stride, dimensions, center_count);
    memset(workspace->target_rows, 0, (size_t)(center_count * stride) * sizeof(float));
    for (int32_t p = 0; p < group->part_count; p++) {
        const w2v_part *part = &group->parts[p];
        w2v_tile tile;
        tile.input_count = part->center_count;
        for (int32_t m = 0; m < part->center_count; m++) {
            tile.source[m] = workspace->source_rows + (part->first_center + m) * stride;
            tile.target[m] = workspace->target_rows + (part->first_center + m) * stride;
        }
        tile.positives = group->positives + part->first_column;
        tile.totals = group->totals + part->first_column;
        tally->loss += w2v_run_tile(model, group, part, rate, workspace, &tile);
    }
    tally->pairs += center_count;
    if (model->lock_factors)
        for (int32_t i = 0; i < context.count; i++)
            for (int32_t g = 0; g < center_count; g++) context.shares[i][g] *= model->lock_factors[context.words[i]];
    const int divided = (model->cbow_mean != 0) == (model->corrected_cbow != 0);
    w2v_spread(&context, divided ? means : ones, workspace->target_rows, stride, dimensions, center_count);
    if (exchanges) w2v_exchange_chosen(&workspace->inputs, context.words, context.count);
}

#endif
