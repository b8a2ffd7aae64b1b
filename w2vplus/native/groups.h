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

/* One more part: columns for predicting `center_count` centre words from the `first_center`-th of the group on. Huffman
   path of a lone centre (label 1 - code), then each centre word (label 1) and the negatives (label 0), draws
   [first_draw, first_draw + negative) of `stream`. A negative that equals a centre word is dropped for that centre, as
   in word2vec.c and gensim; one drawn twice counts twice. */
static void w2v_add_part(const w2v_model *model, const w2v_workspace *workspace, uint64_t stream, uint64_t first_draw,
                         int32_t first_center, int32_t center_count, w2v_group *group)
{
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t first_column = group->count, end = first_center + center_count;
    if (model->hierarchical_softmax) {
        const int32_t word = workspace->words[centers[first_center].at];
        for (int64_t i = model->path_starts[word]; i < model->path_starts[word + 1]; i++)
            w2v_add_column(group, w2v_row(&workspace->nodes, model->path_nodes[i]), model->path_nodes[i],
                           1.0f - (float)model->path_codes[i], 1.0f);
    }
    const int32_t first_word = group->count;
    uint64_t seen = 0;
    const float alone = center_count == 1 ? 1.0f : 0.0f; /* else its cells differ from input to input */
    for (int32_t g = first_center; g < end; g++) {
        group->own_column[g] = -1;
        group->own_draws[g] = 0.0f;
        if (model->negative <= 0) continue;
        const int32_t word = workspace->words[centers[g].at];
        int32_t column = w2v_find(&seen, group->words, first_word, group->count, word);
        if (column < 0) column = w2v_add_column(group, w2v_row(&workspace->outputs, word), word, alone, alone);
        group->own_column[g] = column - first_column;
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
        for (int32_t g = first_center; g < end; g++)
            group->own_draws[g] += group->own_column[g] == column - first_column ? 1.0f : 0.0f;
    }
    group->parts[group->part_count++] =
        (w2v_part){first_center, center_count, first_column, first_word, group->count - first_column};
}

W2V_INLINE void w2v_add_pair(w2v_inputs *inputs, int32_t row, int32_t center)
{
    inputs->pair_rows[inputs->pair_count] = row;
    inputs->pair_centers[inputs->pair_count++] = center;
}

/* Cells of a tile: every pair of an input row and a centre adds the columns that the centre meets to the row's cells. */
static void w2v_fill_cells(const w2v_group *group, const w2v_part *part, const w2v_inputs *inputs, w2v_workspace *workspace)
{
    const int32_t columns = part->column_count;
    const float *positives = group->positives + part->first_column, *totals = group->totals + part->first_column;
    float windows[W2V_TILE_INPUTS] = {0}; /* pairs of an input with any centre */
    for (int32_t i = 0; i < inputs->pair_count; i++) windows[inputs->pair_rows[i]] += 1.0f;
    for (int32_t m = 0; m < inputs->count; m++) {
        const vec factor = vec_set1(windows[m]);
        /* whole vectors: what spills over a row's end is overwritten by the next row or lies in the spare room */
        for (int32_t n = 0; n < columns; n += VEC_LANES) {
            vec_store(workspace->positives + m * columns + n, vec_mul(factor, vec_load(positives + n)));
            vec_store(workspace->totals + m * columns + n, vec_mul(factor, vec_load(totals + n)));
        }
    }
    if (part->center_count == 1) return;
    for (int32_t i = 0; i < inputs->pair_count; i++) {
        const int32_t center = inputs->pair_centers[i];
        const int32_t cell = inputs->pair_rows[i] * columns + group->own_column[center];
        workspace->positives[cell] += 1.0f;
        workspace->totals[cell] += 1.0f - group->own_draws[center];
    }
}

/* Trains a tile whose columns are those of a part, and whose source and target the caller has set. */
static double w2v_run_tile(const w2v_model *model, const w2v_group *group, const w2v_part *part, const w2v_inputs *inputs,
                           float rate, w2v_workspace *workspace, w2v_tile *tile)
{
    w2v_group *next = workspace->next;
    tile->input_count = inputs->count;
    tile->outputs = group->rows + part->first_column;
    tile->output_count = part->column_count;
    tile->dimensions = model->dimensions;
    tile->logits = workspace->logits;
    tile->positives = workspace->positives;
    tile->totals = workspace->totals;
    tile->steps = workspace->steps;
    /* the first tile of each part fetches a share of what the next group needs, from the end on */
    const int32_t parts_left = group->part_count - (int32_t)(part - group->parts);
    tile->fetched_count = next->fetched_count / parts_left;
    next->fetched_count -= tile->fetched_count;
    tile->fetched = (const float *const *)next->rows + next->fetched_count;
    w2v_fill_cells(group, part, inputs, workspace);
    if (model->copying_workers <= 1) return w2v_train_tile(tile, rate, model->compute_loss);
    const int32_t *nodes = group->words + part->first_column, *words = group->words + part->first_word;
    const int32_t node_count = (int32_t)(words - nodes), word_count = part->column_count - node_count;
    w2v_choose_exchanges(&workspace->nodes, nodes, node_count, inputs->count);
    w2v_choose_exchanges(&workspace->outputs, words, word_count, inputs->count);
    const double loss = w2v_train_tile(tile, rate, model->compute_loss);
    w2v_exchange_chosen(&workspace->nodes, nodes, node_count);
    w2v_exchange_chosen(&workspace->outputs, words, word_count);
    return loss;
}

#endif
