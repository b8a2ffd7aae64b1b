/* Design: trains the centres of a span. Skip-gram and CBOW differ in the input rows they hand to the tile,
   negative sampling and hierarchical softmax in the output rows; all four meet in w2v_train_tile. */
#ifndef W2V_SPAN_H
#define W2V_SPAN_H

#include "windows.h"

W2V_INLINE void w2v_prefetch_row(const float *row, int64_t dimensions)
{
    for (int64_t column = 0; column < dimensions; column += 16) W2V_PREFETCH(row + column);
    W2V_PREFETCH(row + dimensions - 1);
}

W2V_INLINE void w2v_add_output(w2v_outputs *outputs, float *row, int32_t word, float label, int64_t dimensions)
{
    w2v_prefetch_row(row, dimensions);
    outputs->rows[outputs->count] = row;
    outputs->words[outputs->count] = word;
    outputs->labels[outputs->count] = label;
    outputs->weights[outputs->count++] = 1.0f;
}

/* Output rows for predicting `word`: its Huffman path (label 1 - code) and itself (label 1) with negatives
   (label 0), draws number [first_draw, first_draw + negative) of `stream`. As in word2vec.c and gensim a
   negative that equals the target is dropped; one drawn twice counts twice. */
static void w2v_choose_outputs(const w2v_model *model, int32_t word, uint64_t stream, uint64_t first_draw,
                               w2v_outputs *outputs)
{
    const int64_t dimensions = model->dimensions;
    outputs->count = outputs->repeated = 0;
    if (model->hierarchical_softmax) {
        for (int64_t i = model->path_starts[word]; i < model->path_starts[word + 1]; i++) {
            const int32_t node = model->path_nodes[i];
            w2v_add_output(outputs, model->node_vectors + node * dimensions, -1, 1.0f - (float)model->path_codes[i],
                           dimensions);
        }
    }
    if (model->negative <= 0) return;
    const int32_t target = outputs->count;
    w2v_add_output(outputs, model->output_vectors + word * dimensions, word, 1.0f, dimensions);
    for (int32_t k = 0; k < model->negative; k++) {
        const int32_t noise = w2v_draw_noise(model, w2v_draw(stream, first_draw + (uint64_t)k));
        int32_t seen = -1; /* no early exit: one branch that is nearly always right instead of many */
        for (int32_t i = target; i < outputs->count; i++) seen = outputs->words[i] == noise ? i : seen;
        if (seen < 0) {
            w2v_add_output(outputs, model->output_vectors + noise * dimensions, noise, 0.0f, dimensions);
        } else if (seen != target) {
            outputs->weights[seen] += 1.0f;
            outputs->repeated = 1;
        }
    }
}

/* Spreads labels and weights over the tile's (m, n) in the panel order of tile.h. `multiplicities` says how
   often each input row occurs; NULL = once each. */
static void w2v_spread(const w2v_model *model, w2v_workspace *workspace, const w2v_outputs *outputs,
                       const float *multiplicities, w2v_tile *tile)
{
    const int weighted = multiplicities || outputs->repeated;
    const int plain_negatives = !model->hierarchical_softmax && outputs->count <= TILE_OUTPUTS;
    tile->labels = workspace->labels;
    tile->weights = weighted ? workspace->weights : workspace->ones;
    if (plain_negatives && !weighted && workspace->labels_width == outputs->count) return;
    const int32_t rows = plain_negatives ? W2V_TILE_INPUTS : tile->input_count;
    for (int32_t n0 = 0; n0 < outputs->count;) {
        const int32_t width = w2v_panel_width(outputs->count - n0);
        for (int32_t m = 0; m < rows; m++) {
            const int64_t row = (int64_t)tile->input_count * n0 + (int64_t)m * width;
            for (int32_t n = 0; n < width; n++) workspace->labels[row + n] = outputs->labels[n0 + n];
            if (!weighted || m >= tile->input_count) continue;
            for (int32_t n = 0; n < width; n++)
                workspace->weights[row + n] = outputs->weights[n0 + n] * (multiplicities ? multiplicities[m] : 1.0f);
        }
        n0 += width;
    }
    workspace->labels_width = plain_negatives ? outputs->count : 0;
}

static double w2v_run_tile(const w2v_model *model, w2v_workspace *workspace, const w2v_outputs *outputs,
                           const float *multiplicities, float rate, w2v_tile *tile)
{
    tile->outputs = outputs->rows;
    tile->output_count = outputs->count;
    tile->dimensions = model->dimensions;
    tile->logits = workspace->logits;
    tile->steps = workspace->steps;
    w2v_spread(model, workspace, outputs, multiplicities, tile);
    return w2v_train_tile(tile, rate, model->compute_loss);
}

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

/* One skip-gram tile: the distinct words `inputs` of a window, each with its multiplicity. */
static double w2v_skip_gram_tile(const w2v_model *model, w2v_workspace *workspace, const w2v_outputs *outputs,
                                 const int32_t *inputs, const float *multiplicities, int32_t count, float rate)
{
    const int64_t dimensions = model->dimensions;
    const int several_panels = outputs->count > TILE_OUTPUTS;
    int repeated = 0;
    w2v_tile tile;
    tile.input_count = count;
    for (int32_t m = 0; m < count; m++) {
        float *row = model->input_vectors + inputs[m] * dimensions;
        float *source_row = workspace->source_rows + m * workspace->row_stride;
        float *target_row = workspace->target_rows + m * workspace->row_stride;
        tile.source[m] = tile.target[m] = row;
        repeated |= multiplicities[m] != 1.0f;
        if (model->lock_factors) {
            memset(target_row, 0, (size_t)dimensions * sizeof(float));
            tile.target[m] = target_row;
        } else if (several_panels) {
            memcpy(source_row, row, (size_t)dimensions * sizeof(float));
            tile.source[m] = source_row;
        }
    }
    const double loss = w2v_run_tile(model, workspace, outputs, repeated ? multiplicities : NULL, rate, &tile);
    if (model->lock_factors) {
        for (int32_t m = 0; m < count; m++)
            w2v_add_row(model->input_vectors + inputs[m] * dimensions, tile.target[m],
                        model->lock_factors[inputs[m]], dimensions);
    }
    return loss;
}

/* Skip-gram with negatives shared by the window: its context in tiles of W2V_TILE_INPUTS tokens, in which a
   word that occurs several times is one row with that multiplicity, so that it receives the sum. */
static void w2v_train_window(const w2v_model *model, const w2v_center *center, const w2v_outputs *outputs,
                             float rate, w2v_workspace *workspace, w2v_tally *tally)
{
    int32_t inputs[W2V_TILE_INPUTS];
    float multiplicities[W2V_TILE_INPUTS];
    int32_t count = 0, tokens = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        const int32_t word = workspace->words[i];
        if (tokens == W2V_TILE_INPUTS) {
            tally->loss += w2v_skip_gram_tile(model, workspace, outputs, inputs, multiplicities, count, rate);
            count = tokens = 0;
        }
        tokens++;
        int32_t seen = -1;
        for (int32_t m = 0; m < count; m++) seen = inputs[m] == word ? m : seen;
        if (seen >= 0) {
            multiplicities[seen] += 1.0f;
            continue;
        }
        inputs[count] = word;
        multiplicities[count++] = 1.0f;
    }
    tally->pairs += center->last - center->first - 1;
    if (count > 0)
        tally->loss += w2v_skip_gram_tile(model, workspace, outputs, inputs, multiplicities, count, rate);
}

/* Skip-gram as word2vec.c and gensim do it: every pair is a step of its own, with its own negatives. */
static void w2v_train_pairs(const w2v_model *model, const w2v_center *center, uint64_t stream, float rate,
                            w2v_workspace *workspace, w2v_tally *tally)
{
    const float once = 1.0f;
    w2v_outputs *outputs = &workspace->outputs[0];
    uint64_t first_draw = 0;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        w2v_choose_outputs(model, workspace->words[center->at], stream, first_draw, outputs);
        tally->loss += w2v_skip_gram_tile(model, workspace, outputs, workspace->words + i, &once, 1, rate);
        tally->pairs++;
        first_draw += (uint64_t)model->negative;
    }
}

/* CBOW: the tile has one input, the projection of the window. gensim's law applies the error of a mean
   undivided and divides that of a sum; the corrected law is the gradient of the projection. */
static void w2v_train_cbow(const w2v_model *model, const w2v_center *center, const w2v_outputs *outputs,
                           float rate, w2v_workspace *workspace, w2v_tally *tally)
{
    const int64_t dimensions = model->dimensions;
    const int32_t context_count = center->last - center->first - 1;
    if (context_count < 1) return;
    float *projection = workspace->source_rows, *error = workspace->target_rows;
    const float share = 1.0f / (float)context_count;
    w2v_project(model, workspace->words, center, model->cbow_mean ? share : 1.0f, projection);
    memset(error, 0, (size_t)dimensions * sizeof(float));
    w2v_tile tile;
    tile.input_count = 1;
    tile.source[0] = projection;
    tile.target[0] = error;
    tally->loss += w2v_run_tile(model, workspace, outputs, NULL, rate, &tile);
    tally->pairs++;
    const float factor = (model->cbow_mean != 0) == (model->corrected_cbow != 0) ? share : 1.0f;
    for (int32_t i = center->first; i < center->last; i++) {
        if (i == center->at) continue;
        const int32_t word = workspace->words[i];
        w2v_add_row(model->input_vectors + word * dimensions, error,
                    model->lock_factors ? factor * model->lock_factors[word] : factor, dimensions);
    }
}

/* Draws the outputs of centre `i` into its slot and prefetches the context word that its window may add. */
W2V_INLINE void w2v_look_ahead(const w2v_model *model, uint64_t key, int64_t i, w2v_workspace *workspace)
{
    if (i >= workspace->center_count) return;
    const w2v_center *center = &workspace->centers[i];
    w2v_choose_outputs(model, workspace->words[center->at], w2v_noise_stream(key, center->position), 0,
                       &workspace->outputs[i % W2V_SLOTS]);
    const int64_t entering = (int64_t)center->at + model->window;
    if (entering < workspace->word_count)
        w2v_prefetch_row(model->input_vectors + workspace->words[entering] * model->dimensions, model->dimensions);
}

static int w2v_train_span(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                          uint64_t key, float learning_rate, w2v_workspace *workspace, w2v_tally *tally)
{
    if (w2v_find_windows(model, corpus, begin, end, key, workspace)) return -1;
    const int pairwise = model->skip_gram && !model->shared_negatives;
    if (!pairwise)
        for (int64_t i = 0; i < W2V_LOOKAHEAD; i++) w2v_look_ahead(model, key, i, workspace);
    for (int64_t i = 0; i < workspace->center_count; i++) {
        const w2v_center *center = &workspace->centers[i];
        const float rate = learning_rate * center->sentence_weight;
        if (pairwise) {
            w2v_train_pairs(model, center, w2v_noise_stream(key, center->position), rate, workspace, tally);
            continue;
        }
        w2v_look_ahead(model, key, i + W2V_LOOKAHEAD, workspace);
        const w2v_outputs *outputs = &workspace->outputs[i % W2V_SLOTS];
        if (model->skip_gram)
            w2v_train_window(model, center, outputs, rate, workspace, tally);
        else
            w2v_train_cbow(model, center, outputs, rate, workspace, tally);
    }
    tally->raw_words += end - begin;
    tally->trained_words += workspace->center_count;
    return 0;
}

#endif
