/* Design: which output rows a group of centres meets, and how often: columns, and the cells of its tiles.

   Negatives may be drawn for every pair (word2vec.c, gensim), for every window (Ji et al. 2016) or for a group of
   neighbouring windows (Rengasamy et al. 2017). A group of one centre is the first two cases. Sharing saves what
   is dear: fetching rows. */
#ifndef W2V_GROUPS_H
#define W2V_GROUPS_H

#include "random.h"
#include "workspace.h"

/* The words that the windows of a group span. */
typedef struct {
    int32_t count;
    const int32_t *words;
    float *const *rows;
    float (*shares)[W2V_GROUP_CENTERS]; /* 1 if a word is in the window of a centre, else 0 */
} w2v_context;

/* Without branches, since how far windows reach is random. */
static w2v_context w2v_context_of(const w2v_center *centers, int32_t center_count, w2v_workspace *workspace)
{
    int32_t first = centers[0].first, last = centers[0].last;
    for (int32_t g = 1; g < center_count; g++) {
        first = centers[g].first < first ? centers[g].first : first;
        last = centers[g].last > last ? centers[g].last : last;
    }
    int32_t firsts[W2V_GROUP_CENTERS] = {0}, ats[W2V_GROUP_CENTERS];
    uint32_t lengths[W2V_GROUP_CENTERS] = {0};
    for (int32_t g = 0; g < W2V_GROUP_CENTERS; g++) ats[g] = -1;
    for (int32_t g = 0; g < center_count; g++) {
        firsts[g] = centers[g].first - first;
        lengths[g] = (uint32_t)(centers[g].last - centers[g].first);
        ats[g] = centers[g].at - first;
    }
    float (*shares)[W2V_GROUP_CENTERS] = workspace->shares;
    for (int32_t i = 0; i < last - first; i++)
        for (int32_t g = 0; g < W2V_GROUP_CENTERS; g++)
            shares[i][g] = (uint32_t)(i - firsts[g]) < lengths[g] && i != ats[g] ? 1.0f : 0.0f;
    return (w2v_context){last - first, workspace->words + first, workspace->rows + first, shares};
}

W2V_INLINE int32_t w2v_add_column(w2v_group *group, float *row, int32_t word, float *draws)
{
    group->rows[group->count] = row;
    group->words[group->count] = word;
    draws[group->count] = 0.0f;
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

/* The Huffman path of the group's `center`-th centre as columns, label 1 - code. Several steps at once, without branches:
   those beyond its end are overwritten by the next column or lie in the spare room. */
static void w2v_add_path(const w2v_model *model, const w2v_workspace *workspace, int32_t center, w2v_group *group)
{
    const int32_t word = workspace->words[workspace->centers[group->first_center + center].at];
    const int64_t start = model->path_starts[word], count = model->path_starts[word + 1] - start;
    const uint32_t *steps = model->path_steps + start;
    float **rows = group->rows + group->count;
    int32_t *nodes = group->words + group->count;
    float *positives = group->positives + center * workspace->column_room + group->count;
    float *totals = group->totals + center * workspace->column_room + group->count;
    const w2v_matrix matrix = workspace->nodes; /* a copy, which stores through `rows` cannot change */
    for (int64_t i = 0; i < count; i += W2V_PATH_STEPS)
        for (int64_t k = i; k < i + W2V_PATH_STEPS; k++) {
            const uint32_t step = steps[k];
            nodes[k] = (int32_t)(step >> 1);
            rows[k] = w2v_row(&matrix, (int64_t)(step >> 1));
            positives[k] = 1.0f - (float)(int32_t)(step & 1);
            totals[k] = 1.0f;
        }
    group->count += (int32_t)count;
}

/* One more part: columns for predicting `center_count` centre words from the `first_center`-th of the group on. Huffman
   path of a lone centre, then each centre word (label 1) and the negatives (label 0), which `bits` draw. A negative that
   equals a centre word is dropped for that centre, as in word2vec.c and gensim; one drawn twice counts twice. */
static void w2v_add_part(const w2v_model *model, const w2v_workspace *workspace, const uint64_t *bits, int32_t first_center,
                         int32_t center_count, w2v_group *group)
{
    const w2v_center *centers = workspace->centers + group->first_center;
    const int32_t first_column = group->count;
    if (model->hierarchical_softmax) w2v_add_path(model, workspace, first_center, group);
    const int32_t first_word = group->count;
    if (model->negative > 0) {
        float *draws = workspace->draws;
        int32_t own[W2V_GROUP_CENTERS];
        uint64_t seen = 0;
        for (int32_t g = 0; g < center_count; g++) {
            const int32_t word = workspace->words[centers[first_center + g].at];
            own[g] = w2v_find(&seen, group->words, first_word, group->count, word);
            if (own[g] < 0) own[g] = w2v_add_column(group, w2v_row(&workspace->outputs, word), word, draws);
        }
        for (int32_t k = 0; k < model->negative; k++) {
            const int32_t noise = w2v_draw_noise(model, bits[k]);
            int32_t column = w2v_find(&seen, group->words, first_word, group->count, noise);
            if (column < 0) column = w2v_add_column(group, w2v_row(&workspace->outputs, noise), noise, draws);
            draws[column] += 1.0f;
        }
        for (int32_t g = 0; g < center_count; g++) {
            float *positives = group->positives + (first_center + g) * workspace->column_room;
            float *totals = group->totals + (first_center + g) * workspace->column_room;
            for (int32_t n = first_word; n < group->count; n += VEC_LANES) {
                vec_store(positives + n, vec_zero());
                vec_store(totals + n, vec_load(draws + n));
            }
            positives[own[g]] = totals[own[g]] = 1.0f;
        }
    }
    group->parts[group->part_count++] =
        (w2v_part){first_center, center_count, first_column, first_word, group->count - first_column};
}

/* Cells of a tile: every pair of an input row and a centre adds the columns that the centre meets to the row's cells. */
static void w2v_fill_cells(const w2v_group *group, const w2v_part *part, const w2v_inputs *inputs, w2v_workspace *workspace,
                           w2v_tile *tile)
{
    const int32_t columns = part->column_count;
    const int64_t room = workspace->column_room, first = part->first_center * room + part->first_column;
    tile->positives = group->positives + first;
    tile->totals = group->totals + first;
    if (inputs->count == 1 && part->center_count == 1 && inputs->pairs[0][part->first_center] == 1.0f) return;
    for (int32_t m = 0; m < inputs->count; m++) {
        const float *pairs = inputs->pairs[m] + part->first_center;
        /* whole vectors: what spills over a row's end is overwritten by the next row or lies in the spare room */
        for (int32_t n = 0; n < columns; n += VEC_LANES) {
            const float *positives = tile->positives + n, *totals = tile->totals + n;
            vec positive = vec_mul(vec_set1(pairs[0]), vec_load(positives));
            vec total = vec_mul(vec_set1(pairs[0]), vec_load(totals));
            for (int32_t g = 1; g < part->center_count; g++) {
                positive = vec_fma(vec_set1(pairs[g]), vec_load(positives + g * room), positive);
                total = vec_fma(vec_set1(pairs[g]), vec_load(totals + g * room), total);
            }
            vec_store(workspace->positives + m * columns + n, positive);
            vec_store(workspace->totals + m * columns + n, total);
        }
    }
    tile->positives = workspace->positives;
    tile->totals = workspace->totals;
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
    tile->steps = workspace->steps;
    /* the first tile of each part fetches a share of what the next group needs, from the end on */
    const int32_t parts_left = group->part_count - (int32_t)(part - group->parts);
    tile->fetched_count = next->fetched_count / parts_left;
    next->fetched_count -= tile->fetched_count;
    tile->fetched = (const float *const *)next->rows + next->fetched_count;
    w2v_fill_cells(group, part, inputs, workspace, tile);
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
