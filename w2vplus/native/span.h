/* Design: trains the centres of a span, group by group. Skip-gram and CBOW differ in the input rows they hand to
   the tile, negative sampling and hierarchical softmax in its columns; all four meet in w2v_train_tile. */
#ifndef W2V_SPAN_H
#define W2V_SPAN_H

#include "cbow.h"
#include "skip_gram.h"
#include "windows.h"

/* Huffman paths lie in a table larger than the near caches: that of a centre is fetched so many centres before its columns
   are chosen. */
#define W2V_PATHS_AHEAD 4

/* So many nodes at the top of a path are trained so often that they stay in a second-level cache of a megabyte: to fetch them,
   though they are there, took 6 % of CBOW with rows of 300. */
#define W2V_NEAR_STEPS 8

W2V_INLINE void w2v_fetch_path(const w2v_workspace *workspace, int64_t center)
{
    const int64_t last = workspace->center_count - 1;
    const uintptr_t steps = (uintptr_t)workspace->centers[center < last ? center : last].path;
    W2V_PREFETCH((const void *)steps);
    W2V_PREFETCH((const void *)(steps + 64)); /* a number, since it may lie beyond the table */
}

/* The negatives of the group that begins with `center`, or of all the centres that it may have, if each has a path of its
   own. The noise table does not fit the near caches either: the slots that the draws hit are fetched now, and looked up
   with the next group. */
W2V_INLINE void w2v_draw_ahead(const w2v_model *model, uint64_t key, int64_t center, w2v_workspace *workspace)
{
    if (model->negative == 0) return;
    const int64_t draws = model->hierarchical_softmax ? w2v_most_centers(model) : 1;
    for (int64_t p = 0; p < draws && center + p < workspace->center_count; p++) {
        uint64_t *bits = workspace->bits + p * model->negative;
        w2v_draw_bits(model, w2v_noise_stream(key, workspace->centers[center + p].position), 0, bits);
        for (int32_t k = 0; k < model->negative; k++) W2V_PREFETCH(model->noise + w2v_slot_of(model, bits[k]));
    }
}

/* Notes which rows are fetched for the group: of its columns, and of the context words that its windows may add. */
static void w2v_note_fetched(const w2v_model *model, const w2v_workspace *workspace, w2v_group *group)
{
    const float **fetched = group->fetched;
    for (const w2v_part *part = group->parts; part < group->parts + group->part_count; part++) {
        const int32_t nodes = part->first_word - part->first_column, near = nodes < W2V_NEAR_STEPS ? nodes : W2V_NEAR_STEPS;
        const int32_t count = part->column_count - near;
        for (int32_t i = 0; i < count; i += W2V_STREAMED)
            memcpy(fetched + i, group->rows + part->first_column + near + i, W2V_STREAMED * sizeof *fetched);
        fetched += count;
    }
    for (int32_t g = 0; g < group->center_count; g++) {
        const int64_t entering = (int64_t)workspace->centers[group->first_center + g].at + model->farthest;
        if (entering < workspace->word_count) *fetched++ = workspace->rows[entering];
    }
    group->fetched_count = (int32_t)(fetched - group->fetched);
    for (int i = 0; i < W2V_FETCHED_TOGETHER - 1; i++) fetched[i] = workspace->source_rows;
}

/* Puts the next centres of one sentence into `group`, lays their windows, draws their columns, and notes what they need. */
static void w2v_look_ahead(const w2v_model *model, uint64_t key, float learning_rate, int64_t first_center,
                           w2v_group *group, w2v_workspace *workspace)
{
    w2v_center *centers = workspace->centers + first_center;
    const int64_t left = workspace->center_count - first_center;
    group->first_center = first_center;
    group->center_count = group->fetched_count = group->count = group->part_count = 0;
    if (left > 0) {
        const int32_t sentence = centers[0].sentence_first;
        const int32_t most = w2v_bounded(w2v_most_centers(model), learning_rate * centers[0].sentence_weight);
        const int32_t common_reach = w2v_reach_of(model, workspace->tokens + centers[0].at);
        while (group->center_count < most && group->center_count < left &&
               centers[group->center_count].sentence_first == sentence) {
            w2v_center *center = centers + group->center_count++;
            const w2v_token *token = workspace->tokens + center->at;
            w2v_lay_window(center, model->skip_gram ? w2v_reach_of(model, token) : common_reach);
        }
    }
    const int32_t parts = model->hierarchical_softmax ? group->center_count : 1; /* each centre has a path of its own */
    if (group->center_count == 0 || (model->skip_gram && !model->shared_negatives)) return;
    for (int32_t p = 0; p < parts; p++) {
        if (model->hierarchical_softmax) w2v_fetch_path(workspace, first_center + p + W2V_PATHS_AHEAD);
        w2v_add_part(model, workspace, workspace->bits + p * model->negative, p, group->center_count / parts, group);
    }
    w2v_draw_ahead(model, key, first_center + group->center_count, workspace);
    w2v_note_fetched(model, workspace, group);
}

static int w2v_train_span(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                          uint64_t key, float learning_rate, w2v_workspace *workspace, w2v_tally *tally)
{
    w2v_take_hot_rows(workspace);
    if (w2v_find_windows(model, corpus, begin, end, key, workspace)) return -1;
    const int32_t share = W2V_MOST_UNSEEN / (model->copying_workers > 0 ? model->copying_workers : 1);
    const int32_t unseen = share > W2V_LEAST_UNSEEN ? share : W2V_LEAST_UNSEEN;
    if (model->shared_negatives || !model->skip_gram) w2v_draw_ahead(model, key, 0, workspace);
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
        const int32_t most_unseen = w2v_bounded(unseen, rate);
        workspace->inputs.most_unseen = workspace->nodes.most_unseen = workspace->outputs.most_unseen = most_unseen;
        if (!model->skip_gram)
            w2v_train_cbow(model, group, rate, workspace, tally);
        else if (model->shared_negatives)
            w2v_train_windows(model, group, rate, workspace, tally);
        else
            w2v_train_pairs(model, group, key, rate, workspace, tally);
    }
    tally->raw_words += end - begin;
    tally->trained_words += workspace->center_count;
    return 0;
}

#endif
