/* Design: which output rows a group of centres meets, and how often: columns, and the cells of its tiles.

   Negatives may be drawn for every pair (word2vec.c, gensim), for every window (Ji et al. 2016) or for a group of
   neighbouring windows (Rengasamy et al. 2017). A group of one centre is the first two cases. Sharing saves what
   is dear: fetching rows. */
#ifndef W2V_GROUPS_H
#define W2V_GROUPS_H

#include "random.h"
#include "workspace.h"

W2V_INLINE int32_t w2v_add_column(w2v_group *group, float *row, int32_t word, float *draws)
{
    group->rows[group->count] = row;
    group->words[group->count] = word;
    draws[group->count] = 0.0f;
    return group->count++;
}

/* Words asked for so far, a bit for each number of a word's last ten bits: most words of a tile are new, and one look at the
   bit says so. */
typedef struct {
    uint64_t bits[16];
} w2v_seen;

/* Place of `word` in words[first, count), or -1. */
W2V_INLINE int32_t w2v_find(w2v_seen *seen, const int32_t *words, int32_t first, int32_t count, int32_t word)
{
    uint64_t *bits = seen->bits + ((uint32_t)word / 64 % 16);
    const uint64_t bit = UINT64_C(1) << (word & 63);
    int32_t found = -1;
    if (*bits & bit)
        for (int32_t i = first; i < count; i++) found = words[i] == word ? i : found;
    *bits |= bit;
    return found;
}

/* `most`, or less in proportion at learning rates above W2V_FULL_TILE_RATE; at least 1. */
W2V_INLINE int32_t w2v_bounded(int32_t most, float rate)
{
    if (!(rate > W2V_FULL_TILE_RATE)) return most; /* also where the rate is no number, which no integer is */
    const int32_t bounded = (int32_t)((float)most * W2V_FULL_TILE_RATE / rate);
    return bounded > 1 ? bounded : 1;
}

/* Where to train `count` rows: w2v_row of each, written out, for compilers make vectors of this loop and none of that. */
W2V_INLINE void w2v_rows_of(const w2v_matrix *matrix, const int32_t *restrict numbers, float **restrict rows, const int count)
{
    const uint64_t first_hot = (uint64_t)matrix->first_hot, hot_count = (uint64_t)matrix->hot_count;
    const uint64_t copies = (uint64_t)(uintptr_t)matrix->copies, shared = (uint64_t)(uintptr_t)matrix->shared;
    const uint64_t stride = (uint64_t)matrix->stride * sizeof(float), bytes = (uint64_t)matrix->dimensions * sizeof(float);
    for (int k = 0; k < count; k++) {
        const uint64_t row = (uint32_t)numbers[k], place = row - first_hot;
        const uint64_t cold = shared + row * bytes, hot = copies + place * stride, is_hot = place < hot_count;
        rows[k] = (float *)(uintptr_t)(cold ^ ((cold ^ hot) & (0 - is_hot)));
    }
}

/* Steps of a Huffman path as columns, and the cells of a pair with it: label 1 - code. */
static void w2v_add_steps(const w2v_matrix *matrix, const uint32_t *restrict steps, int32_t *restrict nodes,
                          float **restrict rows, float *restrict positives, float *restrict totals)
{
    for (int k = 0; k < W2V_PATH_STEPS; k++) {
        nodes[k] = (int32_t)(steps[k] >> 1);
        positives[k] = 1.0f - (float)(int32_t)(steps[k] & 1);
        totals[k] = 1.0f;
    }
    w2v_rows_of(matrix, nodes, rows, W2V_PATH_STEPS);
}

/* The Huffman path of a centre. Several steps at once, without branches: those beyond its end are overwritten by the next
   column or lie in the spare room. */
static void w2v_add_path(const w2v_workspace *workspace, const w2v_center *center, w2v_group *group)
{
    const int32_t first = group->count;
    for (int32_t i = 0; i < center->path_length; i += W2V_PATH_STEPS)
        w2v_add_steps(&workspace->nodes, center->path + i, group->words + (first + i), group->rows + (first + i),
                      group->made_positives + (first + i), group->made_totals + (first + i));
    group->count += center->path_length;
}

/* Whether the first `count` of `words` are all distinct. They go round in a circle of `lanes` places, and each is compared with
   those up to half way round: compilers make vectors of these loops. No word is below 0. */
W2V_INLINE int w2v_all_distinct(const int32_t *words, int32_t count, const int lanes)
{
    int32_t circle[2 * W2V_MOST_DISTINCT], same[W2V_MOST_DISTINCT] = {0}, any = 0;
    for (int i = 0; i < lanes; i++) {
        const int32_t word = words[i];
        circle[i] = circle[i + lanes] = i < count ? word : -1 - i;
    }
    for (int distance = 1; distance <= lanes / 2; distance++)
        for (int i = 0; i < lanes; i++) same[i] |= circle[i] == circle[i + distance];
    for (int i = 0; i < lanes; i++) any |= same[i];
    return !any;
}

/* Centre words and negatives, `count` together, as the columns of a group that has none yet, if they are all distinct and not
   too many, which is most often so. There is nothing to look for then, and such groups have their cells in common. Returns
   whether it is so. Rows behind the last word are no rows, and overwritten by W2V_STREAMED spare ones. */
W2V_INLINE int w2v_add_distinct_words(const w2v_workspace *workspace, int32_t center_count, int32_t count, w2v_group *group)
{
    if (count <= W2V_MOST_DISTINCT / 2) {
        if (!w2v_all_distinct(group->words, count, W2V_MOST_DISTINCT / 2)) return 0;
        w2v_rows_of(&workspace->outputs, group->words, group->rows, W2V_MOST_DISTINCT / 2);
    } else {
        if (count > W2V_MOST_DISTINCT || !w2v_all_distinct(group->words, count, W2V_MOST_DISTINCT)) return 0;
        w2v_rows_of(&workspace->outputs, group->words, group->rows, W2V_MOST_DISTINCT);
    }
    group->count = count;
    group->positives = workspace->distinct_positives[center_count - 1];
    group->totals = workspace->distinct_totals[center_count - 1];
    group->has_own = workspace->may_have_own && center_count > 1;
    return 1;
}

/* Each word that is asked for as a column of its own, and the cells of the part's centres. */
static void w2v_add_words(const w2v_workspace *workspace, const w2v_part *part, int32_t word_count, w2v_group *group)
{
    const int32_t *asked = group->words + part->first_word; /* overwritten no faster than it is read */
    int32_t own[W2V_GROUP_CENTERS];
    float *draws = workspace->draws;
    w2v_seen seen = {{0}};
    for (int32_t i = 0; i < word_count; i++) {
        const int32_t word = asked[i];
        int32_t column = w2v_find(&seen, group->words, part->first_word, group->count, word);
        if (column < 0) column = w2v_add_column(group, w2v_row(&workspace->outputs, word), word, draws);
        if (i < part->center_count)
            own[i] = column;
        else
            draws[column] += 1.0f;
    }
    /* whole vectors: what spills over the cells of a centre is overwritten by the next ones or lies in the spare room */
    const int32_t columns = group->count - part->first_column;
    float *positives = group->made_positives, *totals = group->made_totals;
    for (int32_t g = 0; g < part->center_count; g++, positives += columns, totals += columns) {
        for (int32_t n = part->first_word; n < group->count; n += VEC_LANES) {
            vec_store(positives + n, vec_zero());
            vec_store(totals + n, vec_load(draws + n));
        }
        positives[own[g]] = totals[own[g]] = 1.0f;
    }
}

/* One more part: columns for predicting `center_count` centre words from the `first_center`-th of the group on. Huffman
   path of a lone centre, then each centre word (label 1) and the negatives (label 0), which `bits` draw. A negative that
   equals a centre word is dropped for that centre, as in word2vec.c and gensim; one drawn twice counts twice. */
W2V_INLINE void w2v_add_part(const w2v_model *model, const w2v_workspace *workspace, const uint64_t *bits, int32_t first_center,
                         int32_t center_count, w2v_group *group)
{
    const w2v_center *centers = workspace->centers + group->first_center + first_center;
    w2v_part *part = &group->parts[group->part_count++];
    *part = (w2v_part){first_center, center_count, group->count, 0, 0};
    group->positives = group->made_positives;
    group->totals = group->made_totals;
    group->has_own = 0;
    if (model->hierarchical_softmax) w2v_add_path(workspace, centers, group);
    part->first_word = group->count;
    if (model->negative > 0) {
        int32_t *words = group->words + part->first_word;
        for (int32_t g = 0; g < center_count; g++) *words++ = workspace->words[centers[g].at];
        for (int32_t k = 0; k < model->negative; k++) *words++ = w2v_draw_noise(model, bits[k]);
        const int32_t count = center_count + model->negative;
        if (model->hierarchical_softmax || !w2v_add_distinct_words(workspace, center_count, count, group))
            w2v_add_words(workspace, part, count, group);
    }
    part->column_count = group->count - part->first_column;
    /* what a tile of one row may read behind its outputs, if no other part follows */
    for (int k = 0; k < W2V_STREAMED; k++) group->rows[group->count + k] = workspace->source_rows;
}

/* Trains a tile whose columns are those of a part, and whose input rows and cells the caller has set. */
static double w2v_run_tile(const w2v_model *model, const w2v_group *group, const w2v_part *part, float rate,
                           w2v_workspace *workspace, w2v_tile *tile)
{
    w2v_group *next = workspace->next;
    const int32_t own = group->has_own ? part->center_count : 0;
    tile->own_outputs = own ? group->rows + part->first_column : NULL;
    tile->outputs = group->rows + part->first_column + own;
    tile->output_count = part->column_count - own;
    tile->dimensions = model->dimensions;
    tile->logits = workspace->logits;
    tile->steps = workspace->steps;
    /* the first tile of each part fetches a share of what the next group needs, from the end on */
    const int32_t parts_left = group->part_count - (int32_t)(part - group->parts);
    tile->fetched_count = next->fetched_count / parts_left;
    next->fetched_count -= tile->fetched_count;
    tile->fetched = next->fetched + next->fetched_count;
    const int32_t *nodes = group->words + part->first_column, *words = group->words + part->first_word;
    const int32_t node_count = (int32_t)(words - nodes), word_count = part->column_count - node_count;
    w2v_choose_exchanges(&workspace->nodes, nodes, node_count, tile->input_count);
    w2v_choose_exchanges(&workspace->outputs, words, word_count, tile->input_count);
    const double loss = w2v_train_tile(tile, rate, model->compute_loss);
    w2v_exchange_chosen(&workspace->nodes, nodes, node_count);
    w2v_exchange_chosen(&workspace->outputs, words, word_count);
    return loss;
}

#endif
