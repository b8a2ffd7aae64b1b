/* Design: which output rows a group of centres meets, and how often: columns, and the cells of its tiles.

   Negatives may be drawn for every pair (word2vec.c, gensim), for every window (Ji et al. 2016) or for a group of
   neighbouring windows (Rengasamy et al. 2017). A group of one centre is the first two cases. Sharing saves what
   is dear: fetching rows. */
#ifndef W2V_GROUPS_H
#define W2V_GROUPS_H

#include "random.h"
#include "workspace.h"

/* The tokens [*first, *last) that the windows of neighbouring centres span. */
W2V_INLINE void w2v_span_of_windows(const w2v_center *centers, int32_t count, int32_t *first, int32_t *last)
{
    *first = centers[0].first;
    *last = centers[0].last;
    for (int32_t g = 1; g < count; g++) {
        *first = centers[g].first < *first ? centers[g].first : *first;
        *last = centers[g].last > *last ? centers[g].last : *last;
    }
}

W2V_INLINE int32_t w2v_add_column(w2v_group *group, float *row, int32_t word, float positive, float total)
{
    group->rows[group->count] = row;
    group->words[group->count] = word;
    group->positives[group->count] = positive;
    group->totals[group->count] = total;
    return group->count++;
}

/* Place of `word` in words[first, count), or -1. `seen` remembers a bit for every word asked for: most words of a
   tile are new, and one look at the bit says so. */
W2V_INLINE int32_t w2v_find(uint64_t *seen, const int32_t *words, int32_t first, int32_t count, int32_t word)
{
    const uint64_t bit = UINT64_C(1) << (word & 63);
    int32_t found = -1;
    if (*seen & bit)
        for (int32_t i = first; i < count; i++) found = words[i] == word ? i : found;
    *seen |= bit;
    return found;
}

/* `most`, or less in proportion at learning rates above W2V_FULL_TILE_RATE; at least 1. */
W2V_INLINE int32_t w2v_bounded(int32_t most, float rate)
{
    if (!(rate > W2V_FULL_TILE_RATE)) return most; /* also where the rate is no number, which no integer is */
    const int32_t bounded = (int32_t)((float)most * W2V_FULL_TILE_RATE / rate);
    return bounded > 1 ? bounded : 1;
}

/* Columns for predicting the group's centre words: Huffman path (label 1 - code), then each centre word
   (label 1) and the negatives (label 0), draws [first_draw, first_draw + negative) of `stream`. A negative that
   equals a centre word is dropped for that centre, as in word2vec.c and gensim; one drawn twice counts twice. */
static void w2v_choose_columns(const w2v_model *model, const w2v_workspace *workspace, uint64_t stream,
                               uint64_t first_draw, w2v_group *group)
{
    const w2v_center *centers = workspace->centers + group->first_center;
    group->count = 0;
    if (model->hierarchical_softmax) {
        const int32_t word = workspace->words[centers[0].at];
        for (int64_t i = model->path_starts[word]; i < model->path_starts[word + 1]; i++)
            w2v_add_column(group, w2v_row(&workspace->nodes, model->path_nodes[i]), model->path_nodes[i],
                           1.0f - (float)model->path_codes[i], 1.0f);
    }
    const int32_t first_word = group->first_word = group->count;
    uint64_t seen = 0;
    const float alone = group->center_count == 1 ? 1.0f : 0.0f; /* else its cells differ from input to input */
    for (int32_t g = 0; g < group->center_count; g++) {
        group->own_column[g] = -1;
        group->own_draws[g] = 0.0f;
        if (model->negative <= 0) continue;
        const int32_t word = workspace->words[centers[g].at];
        const int32_t column = w2v_find(&seen, group->words, first_word, group->count, word);
        group->own_column[g] = column >= 0 ? column
                                           : w2v_add_column(group, w2v_row(&workspace->outputs, word), word,
                                                            alone, alone);
    }
    const int32_t first_noise = group->count;
    for (int32_t k = 0; k < model->negative; k++) {
        const int32_t noise = w2v_draw_noise(model, w2v_draw(stream, first_draw + (uint64_t)k));
        const int32_t column = w2v_find(&seen, group->words, first_word, group->count, noise);
        if (column < 0) {
            w2v_add_column(group, w2v_row(&workspace->outputs, noise), noise, 0.0f, 1.0f);
            continue;
        }
        if (column >= first_noise || alone == 0.0f) group->totals[column] += 1.0f;
        if (column >= first_noise) continue;
        for (int32_t g = 0; g < group->center_count; g++)
            group->own_draws[g] += group->own_column[g] == column ? 1.0f : 0.0f;
    }
}

W2V_INLINE void w2v_add_pair(w2v_inputs *inputs, int32_t row, int32_t center)
{
    inputs->pair_rows[inputs->pair_count] = row;
    inputs->pair_centers[inputs->pair_count++] = center;
}

/* Cells of a tile: every pair of an input row and a centre adds the centre's columns to the row's cells. */
static void w2v_fill_cells(const w2v_group *group, const w2v_inputs *inputs, w2v_workspace *workspace)
{
    const int32_t columns = group->count;
    float *positives = workspace->positives, *totals = workspace->totals;
    float windows[W2V_TILE_INPUTS] = {0}; /* pairs of an input with any centre */
    for (int32_t i = 0; i < inputs->pair_count; i++) windows[inputs->pair_rows[i]] += 1.0f;
    for (int32_t m = 0; m < inputs->count; m++) {
        const vec factor = vec_set1(windows[m]);
        /* whole vectors: what spills over a row's end is overwritten by the next row or lies in the spare room */
        for (int32_t n = 0; n < columns; n += VEC_LANES) {
            vec_store(positives + m * columns + n, vec_mul(factor, vec_load(group->positives + n)));
            vec_store(totals + m * columns + n, vec_mul(factor, vec_load(group->totals + n)));
        }
    }
    if (group->center_count == 1) return;
    for (int32_t i = 0; i < inputs->pair_count; i++) {
        const int32_t center = inputs->pair_centers[i];
        const int32_t cell = inputs->pair_rows[i] * columns + group->own_column[center];
        positives[cell] += 1.0f;
        totals[cell] += 1.0f - group->own_draws[center];
    }
}

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
    w2v_fill_cells(group, inputs, workspace);
    const double loss = w2v_train_tile(tile, rate, model->compute_loss);
    if (model->copying_workers > 1) {
        const int32_t first_word = group->first_word, rows = tile->input_count;
        for (int32_t n = 0; n < first_word; n++) w2v_note_pairs(&workspace->nodes, group->words[n], rows);
        for (int32_t n = first_word; n < group->count; n++) w2v_note_pairs(&workspace->outputs, group->words[n], rows);
    }
    return loss;
}

#endif
