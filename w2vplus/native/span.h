/* Design: trains the centres of a span, group by group. Skip-gram and CBOW differ in the input rows they hand to
   the tile, negative sampling and hierarchical softmax in its columns; all four meet in w2v_train_tile. */
#ifndef W2V_SPAN_H
#define W2V_SPAN_H

#include "groups.h"
#include "windows.h"

/* CBOW errors that are spread over the context in one pass. */
#define W2V_ERRORS 4

/* target += factor * source */
W2V_INLINE void w2v_add_row(float *target, const float *source, float factor, int64_t dimensions)
{
    const vec factors = vec_set1(factor);
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES)
        vec_store(target + column, vec_fma(factors, vec_load(source + column), vec_load(target + column)));
    if (column < dimensions) {
        const vec_tail tail = vec_tail_of(dimensions - column);
        vec sum = vec_fma(factors, vec_load_tail(source + column, tail), vec_load_tail(target + column, tail));
        vec_store_tail(target + column, sum, tail);
    }
}

/* The input rows of one tile: words with the pairs they form with the group's centres. */
typedef struct {
    int32_t words[W2V_TILE_INPUTS];
    float pairs[W2V_TILE_INPUTS][W2V_GROUP_CENTERS];
    int32_t count;
} w2v_inputs;

static double w2v_run_tile(const w2v_model *model, const w2v_group *group, const w2v_inputs *inputs, float rate,
                           w2v_workspace *workspace, w2v_tile *tile)
{
    tile->input_count = inputs->count;
    tile->outputs = group->rows;
    tile->output_count = group->count;
    tile->dimensions = model->dimensions;
    tile->logits = workspace->logits;
    tile->positives = workspace->positives;
    tile->totals = workspace->totals;
    tile->steps = workspace->steps;
    tile->fetched = (const float *const *)workspace->next->rows;
    tile->fetched_count = workspace->next->fetched_count;
    workspace->next->fetched_count = 0; /* one tile fetches them */
    w2v_fill_cells(group, inputs->pairs, inputs->count, workspace);
    return w2v_train_tile(tile, rate, model->compute_loss);
}

static double w2v_skip_gram_tile(const w2v_model *model, const w2v_group *group, const w2v_inputs *inputs, float rate,
                                 w2v_workspace *workspace)
{
    const int64_t dimensions = model->dimensions;
    const int several_panels = group->count > TILE_OUTPUTS;
    w2v_tile tile;
    for (int32_t m = 0; m < inputs->count; m++) {
        float *row = model->input_vectors + inputs->words[m] * dimensions;
        float *source_row = workspace->source_rows + m * workspace->row_stride;
        float *target_row = workspace->target_rows + m * workspace->row_stride;
        tile.source[m] = tile.target[m] = row;
        if (model->lock_factors) {
            memset(target_row, 0, (size_t)dimensions * sizeof(float));
            tile.target[m] = target_row;
        } else if (several_panels) {
            memcpy(source_row, row, (size_t)dimensions * sizeof(float));
            tile.source[m] = source_row;
        }
    }
    const double loss = w2v_run_tile(model, group, inputs, rate, workspace, &tile);
    if (model->lock_factors) {
        for (int32_t m = 0; m < inputs->count; m++)
            w2v_add_row(model->input_vectors + inputs->words[m] * dimensions, tile.target[m],
                        model->lock_factors[inputs->words[m]], dimensions);
    }
    return loss;
}

/* `most`, or less in proportion at learning rates above W2V_FULL_TILE_RATE; at least 1. */
W2V_INLINE int32_t w2v_bounded(int32_t most, float rate)
{
    if (rate <= W2V_FULL_TILE_RATE) return most;
    const int32_t bounded = (int32_t)((float)most * W2V_FULL_TILE_RATE / rate);
    return bounded > 1 ? bounded : 1;
}

/* Skip-gram: the tokens [first, last) around a group in tiles. A word that occurs several times in a tile is one
   row with more pairs, so that it receives the sum of its updates. */
static void w2v_train_windows(const w2v_model *model, const w2v_group *group, int32_t first, int32_t last,
                              float rate, w2v_workspace *workspace, w2v_tally *tally)
{
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t most_tokens = w2v_bounded(W2V_TILE_INPUTS, rate);
    const int32_t skipped = group->center_count == 1 ? centers[0].at : -1; /* a lone centre is nobody's context */
    w2v_inputs inputs;
    for (int32_t i = first; i < last;) {
        uint64_t seen = 0;
        int32_t repeats[W2V_TILE_INPUTS];
        inputs.count = 0;
        for (int32_t tokens = 0; i < last && tokens < most_tokens; i++) {
            if (i == skipped) continue;
            tokens++;
            const int32_t word = workspace->words[i];
            int32_t row = w2v_find(&seen, inputs.words, 0, inputs.count, word);
            if (row >= 0 && ++repeats[row] > W2V_TILE_REPEATS) break;
            if (row < 0) {
                row = inputs.count++;
                repeats[row] = 1;
                inputs.words[row] = word;
                for (int32_t g = 0; g < group->center_count; g++) inputs.pairs[row][g] = 0.0f;
            }
            for (int32_t g = 0; g < group->center_count; g++)
                inputs.pairs[row][g] += (float)((i >= centers[g].first) & (i < centers[g].last) & (i != centers[g].at));
        }
        if (inputs.count > 0) tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
    }
    for (int32_t g = 0; g < group->center_count; g++) tally->pairs += centers[g].last - centers[g].first - 1;
}

/* Skip-gram as word2vec.c and gensim do it: every pair is a step of its own, with its own negatives. */
static void w2v_train_pairs(const w2v_model *model, w2v_group *group, uint64_t key, float rate,
                            w2v_workspace *workspace, w2v_tally *tally)
{
    const w2v_center *center = workspace->centers + group->first_center;
    const uint64_t stream = w2v_noise_stream(key, center->position);
    w2v_inputs inputs = {{0}, {{1.0f}}, 1};
    uint64_t first_draw = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        w2v_choose_columns(model, workspace, stream, first_draw, group);
        inputs.words[0] = workspace->words[i];
        tally->loss += w2v_skip_gram_tile(model, group, &inputs, rate, workspace);
        tally->pairs++;
        first_draw += (uint64_t)model->negative;
    }
}

/* `width` vectors of the projection, in registers while the context words [first, last) but `at` pass. */
W2V_INLINE void w2v_project_columns(const w2v_model *model, const int32_t *words, const w2v_center *center,
                                    int64_t column, float factor, float *projection, const int width)
{
    const float *table = model->input_vectors + column;
    vec sums[8];
    W2V_UNROLL for (int i = 0; i < width; i++) sums[i] = vec_zero();
    for (int32_t k = center->first; k < center->last; k++) {
        if (k == center->at) continue;
        const float *row = table + words[k] * model->dimensions;
        W2V_UNROLL for (int i = 0; i < width; i++) sums[i] = vec_add(sums[i], vec_load(row + i * VEC_LANES));
    }
    const vec factors = vec_set1(factor);
    W2V_UNROLL for (int i = 0; i < width; i++)
        vec_store(projection + column + i * VEC_LANES, vec_mul(sums[i], factors));
}

/* projection = factor * sum of the context rows */
static void w2v_project(const w2v_model *model, const int32_t *words, const w2v_center *center, float factor,
                        float *projection)
{
    const int64_t dimensions = model->dimensions;
    int64_t column = 0;
    for (; column + 6 * VEC_LANES <= dimensions; column += 6 * VEC_LANES)
        w2v_project_columns(model, words, center, column, factor, projection, 6);
    for (; column + 3 * VEC_LANES <= dimensions; column += 3 * VEC_LANES)
        w2v_project_columns(model, words, center, column, factor, projection, 3);
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES)
        w2v_project_columns(model, words, center, column, factor, projection, 1);
    if (column == dimensions) return;
    const vec_tail tail = vec_tail_of(dimensions - column);
    vec sum = vec_zero();
    for (int32_t k = center->first; k < center->last; k++) {
        if (k == center->at) continue;
        sum = vec_add(sum, vec_load_tail(model->input_vectors + words[k] * dimensions + column, tail));
    }
    vec_store_tail(projection + column, vec_mul(sum, vec_set1(factor)), tail);
}

/* rows[i] += sum over `width` errors of shares[i][g] * errors[g], the errors held in registers. */
W2V_INLINE void w2v_add_errors(float *const *rows, int32_t count, const float (*shares)[W2V_ERRORS],
                               const float *errors, int64_t error_stride, int64_t dimensions, const int width)
{
    vec error[W2V_ERRORS];
    int64_t column = 0;
    for (; column + VEC_LANES <= dimensions; column += VEC_LANES) {
        W2V_UNROLL for (int g = 0; g < width; g++) error[g] = vec_load(errors + g * error_stride + column);
        for (int32_t i = 0; i < count; i++) {
            vec sum = vec_load(rows[i] + column);
            W2V_UNROLL for (int g = 0; g < width; g++) sum = vec_fma(vec_set1(shares[i][g]), error[g], sum);
            vec_store(rows[i] + column, sum);
        }
    }
    if (column == dimensions) return;
    const vec_tail tail = vec_tail_of(dimensions - column);
    W2V_UNROLL for (int g = 0; g < width; g++) error[g] = vec_load_tail(errors + g * error_stride + column, tail);
    for (int32_t i = 0; i < count; i++) {
        vec sum = vec_load_tail(rows[i] + column, tail);
        W2V_UNROLL for (int g = 0; g < width; g++) sum = vec_fma(vec_set1(shares[i][g]), error[g], sum);
        vec_store_tail(rows[i] + column, sum, tail);
    }
}

/* Hands every context word of the group the errors of the windows that hold it, scaled by their factors: the
   tokens [first, last) pass once for W2V_ERRORS centres. */
static void w2v_spread_errors(const w2v_model *model, const w2v_group *group, const float *factors, int32_t first,
                              int32_t last, const w2v_workspace *workspace)
{
    const int64_t stride = workspace->row_stride, dimensions = model->dimensions;
    for (int32_t g0 = 0; g0 < group->center_count; g0 += W2V_ERRORS) {
        const w2v_center *centers = workspace->centers + group->first_center + g0;
        const int32_t left = group->center_count - g0, width = left < W2V_ERRORS ? left : W2V_ERRORS;
        const float *errors = workspace->target_rows + g0 * stride;
        for (int32_t begin = first; begin < last; begin += W2V_TILE_INPUTS) {
            const int32_t end = last - begin < W2V_TILE_INPUTS ? last : begin + W2V_TILE_INPUTS;
            float shares[W2V_TILE_INPUTS][W2V_ERRORS];
            float *rows[W2V_TILE_INPUTS];
            int32_t count = 0;
            for (int32_t i = begin; i < end; i++) {
                const int32_t word = workspace->words[i];
                const float lock_factor = model->lock_factors ? model->lock_factors[word] : 1.0f;
                int32_t windows = 0;
                for (int32_t g = 0; g < width; g++) {
                    const int32_t inside = (i >= centers[g].first) & (i < centers[g].last) & (i != centers[g].at);
                    shares[count][g] = inside ? lock_factor * factors[g0 + g] : 0.0f;
                    windows += inside;
                }
                rows[count] = model->input_vectors + word * dimensions;
                count += windows > 0;
            }
            switch (width) {
            case 1: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 1); break;
            case 2: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 2); break;
            case 3: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 3); break;
            default: w2v_add_errors(rows, count, shares, errors, stride, dimensions, 4); break;
            }
        }
    }
}

/* CBOW: the inputs of the tile are the projections of the group's windows. gensim's law applies the error of a
   mean undivided and divides that of a sum; the corrected law is the gradient of the projection. */
static void w2v_train_cbow(const w2v_model *model, const w2v_group *group, int32_t first, int32_t last, float rate,
                           w2v_workspace *workspace, w2v_tally *tally)
{
    const int64_t dimensions = model->dimensions;
    const w2v_center *centers = workspace->centers + group->first_center;
    float factors[W2V_GROUP_CENTERS];
    w2v_inputs inputs;
    w2v_tile tile;
    int32_t windows = 0;
    inputs.count = group->center_count;
    for (int32_t g = 0; g < group->center_count; g++) {
        float *projection = workspace->source_rows + g * workspace->row_stride;
        float *error = workspace->target_rows + g * workspace->row_stride;
        const int32_t context_count = centers[g].last - centers[g].first - 1;
        const float share = context_count > 0 ? 1.0f / (float)context_count : 0.0f;
        w2v_project(model, workspace->words, &centers[g], model->cbow_mean ? share : 1.0f, projection);
        memset(error, 0, (size_t)dimensions * sizeof(float));
        tile.source[g] = projection;
        tile.target[g] = error;
        for (int32_t other = 0; other < group->center_count; other++)
            inputs.pairs[g][other] = other == g && context_count > 0 ? 1.0f : 0.0f;
        factors[g] = (model->cbow_mean != 0) == (model->corrected_cbow != 0) ? share : 1.0f;
        windows += context_count > 0;
    }
    if (windows == 0) return;
    tally->pairs += windows;
    tally->loss += w2v_run_tile(model, group, &inputs, rate, workspace, &tile);
    w2v_spread_errors(model, group, factors, first, last, workspace);
}

/* Puts the next centres of one sentence into `group`, draws their columns, and notes the context words that their
   windows may add. */
static void w2v_look_ahead(const w2v_model *model, uint64_t key, float learning_rate, int64_t first_center,
                           w2v_group *group, w2v_workspace *workspace)
{
    const w2v_center *centers = workspace->centers + first_center;
    const int64_t left = workspace->center_count - first_center;
    const int shares = model->shared_negatives > 1 && !model->hierarchical_softmax && left > 0;
    const int32_t most =
        shares ? w2v_bounded(model->shared_negatives, learning_rate * centers[0].sentence_weight) : 1;
    group->first_center = first_center;
    group->center_count = group->fetched_count = 0;
    while (group->center_count < most && group->center_count < left &&
           centers[group->center_count].sentence_first == centers[0].sentence_first)
        group->center_count++;
    if (group->center_count == 0 || (model->skip_gram && !model->shared_negatives)) return;
    w2v_choose_columns(model, workspace, w2v_noise_stream(key, centers[0].position), 0, group);
    group->fetched_count = group->count;
    for (int32_t g = 0; g < group->center_count; g++) {
        const int64_t entering = (int64_t)centers[g].at + model->farthest;
        if (entering < workspace->word_count)
            group->rows[group->fetched_count++] = model->input_vectors + workspace->words[entering] * model->dimensions;
    }
}

static int w2v_train_span(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                          uint64_t key, float learning_rate, w2v_workspace *workspace, w2v_tally *tally)
{
    if (w2v_find_windows(model, corpus, begin, end, key, workspace)) return -1;
    int64_t ahead = 0; /* first centre that is not in a group yet */
    for (int64_t slot = 0; slot < W2V_LOOKAHEAD; slot++) {
        w2v_look_ahead(model, key, learning_rate, ahead, &workspace->groups[slot], workspace);
        ahead += workspace->groups[slot].center_count;
    }
    for (int64_t number = 0;; number++) {
        w2v_group *next = &workspace->groups[(number + W2V_LOOKAHEAD) % W2V_SLOTS];
        w2v_look_ahead(model, key, learning_rate, ahead, next, workspace);
        ahead += next->center_count;
        workspace->next = next;
        w2v_group *group = &workspace->groups[number % W2V_SLOTS];
        if (group->center_count == 0) break;
        const w2v_center *centers = workspace->centers + group->first_center;
        const float rate = learning_rate * centers[0].sentence_weight;
        int32_t first = centers[0].first, last = centers[0].last;
        for (int32_t g = 1; g < group->center_count; g++) {
            first = centers[g].first < first ? centers[g].first : first;
            last = centers[g].last > last ? centers[g].last : last;
        }
        if (!model->skip_gram)
            w2v_train_cbow(model, group, first, last, rate, workspace, tally);
        else if (model->shared_negatives)
            w2v_train_windows(model, group, first, last, rate, workspace, tally);
        else
            w2v_train_pairs(model, group, key, rate, workspace, tally);
    }
    tally->raw_words += end - begin;
    tally->trained_words += workspace->center_count;
    return 0;
}

#endif
