/* Design: from a span of corpus ids to centre words with their windows.

   Unknown and subsampled words leave before windowing, so that a window reaches over the gaps (word2vec.c,
   gensim). A span may begin or end inside a sentence: its windows then see across the border, because the
   neighbours' fates are functions of their positions and can be asked again. */
#ifndef W2V_WINDOWS_H
#define W2V_WINDOWS_H

#include "random.h"
#include "workspace.h"

/* Tokens whose draws are made together: a loop without branches that compilers turn into vectors. */
#define W2V_DRAWN_TOGETHER 256

W2V_INLINE const w2v_type *w2v_type_of(const w2v_model *model, int32_t id)
{
    const uint32_t count = (uint32_t)model->type_count;
    return model->types + ((uint32_t)id < count ? (uint32_t)id : count); /* -1 is above every count */
}

/* Word id of a token that is known and survives subsampling by its draw, else -1. No branches: most would be
   mispredicted. */
W2V_INLINE int32_t w2v_kept_word(const w2v_model *model, int32_t id, uint64_t draw)
{
    const w2v_type type = *w2v_type_of(model, id);
    return w2v_is_kept(type.keep_threshold, draw) ? type.word : -1;
}

/* Offset from which `model->farthest` kept words precede `offset` within the sentence, or its start. */
static int64_t w2v_left_edge(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t offset,
                             int64_t sentence_start)
{
    int32_t found = 0;
    while (offset > sentence_start && found < model->farthest) {
        offset--;
        const uint64_t draw = w2v_token_draw(key, corpus->first_position + offset);
        found += w2v_kept_word(model, corpus->ids[offset], draw) >= 0;
    }
    return offset;
}

/* Appends the kept words of offsets [begin, end), at most `most` of them, to workspace->words, and their positions and
   window draws. */
static int w2v_keep_words(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t begin, int64_t end,
                          int64_t most, w2v_workspace *workspace)
{
    uint64_t draws[W2V_DRAWN_TOGETHER];
    const int64_t limit = most < INT64_MAX - workspace->word_count ? workspace->word_count + most : INT64_MAX;
    while (begin < end && workspace->word_count < limit) {
        const int64_t count = end - begin < W2V_DRAWN_TOGETHER ? end - begin : W2V_DRAWN_TOGETHER;
        if (w2v_reserve(workspace, count)) return -1;
        const int64_t position = corpus->first_position + begin;
        for (int64_t i = 0; i < count; i++) draws[i] = w2v_token_draw(key, position + i);
        for (int64_t i = 0; i < count; i++) W2V_PREFETCH(w2v_type_of(model, corpus->ids[begin + i]));
        w2v_token *tokens = workspace->tokens;
        int32_t *words = workspace->words;
        int64_t kept = workspace->word_count;
        for (int64_t i = 0; i < count && kept < limit; i++) {
            const int32_t word = w2v_kept_word(model, corpus->ids[begin + i], draws[i]);
            words[kept] = word;
            tokens[kept].position = position + i;
            tokens[kept].window_bits = (uint32_t)draws[i];
            kept += word >= 0;
        }
        workspace->word_count = kept;
        begin += count;
    }
    return 0;
}

/* Where the Huffman paths of centres lie: looked up for all centres of a sentence, since each alone would be waited for. */
static void w2v_find_paths(const w2v_model *model, const int32_t *words, w2v_center *centers, int64_t count)
{
    for (w2v_center *center = centers; center < centers + count; center++) {
        const int64_t *start = model->path_starts + words[center->at];
        center->path = model->path_steps + start[0];
        center->path_length = (int32_t)(start[1] - start[0]);
    }
}

/* Appends the kept words of one sentence and the centres among offsets [begin, end). */
static int w2v_add_sentence(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t sentence,
                            int64_t begin, int64_t end, w2v_workspace *workspace)
{
    const int64_t start = corpus->sentence_starts[sentence], stop = corpus->sentence_starts[sentence + 1];
    const int32_t first_word = (int32_t)workspace->word_count;
    const float weight = corpus->sentence_weights ? corpus->sentence_weights[sentence] : 1.0f;
    const int64_t edge = begin > start ? w2v_left_edge(model, corpus, key, begin, start) : begin;
    if (w2v_keep_words(model, corpus, key, edge, begin, INT64_MAX, workspace)) return -1;
    const int32_t first_center = (int32_t)workspace->word_count;
    if (w2v_keep_words(model, corpus, key, begin, end, INT64_MAX, workspace)) return -1;
    const int32_t last_center = (int32_t)workspace->word_count;
    if (w2v_keep_words(model, corpus, key, end, stop, model->farthest, workspace)) return -1;
    const int32_t word_count = (int32_t)workspace->word_count;
    w2v_center *centers = workspace->centers + workspace->center_count, *next = centers;
    for (int32_t at = first_center; at < last_center; at++)
        *next++ = (w2v_center){.position = workspace->tokens[at].position, .at = at, .sentence_first = first_word,
                               .sentence_last = word_count, .sentence_weight = weight};
    if (model->hierarchical_softmax) w2v_find_paths(model, workspace->words, centers, next - centers);
    workspace->center_count += next - centers;
    return 0;
}

/* How far the window of a kept token reaches. In CBOW one draw serves as many neighbours as share negatives, so that each
   window is the one before it moved on by a word. */
W2V_INLINE int32_t w2v_reach_of(const w2v_model *model, const w2v_token *token)
{
    const uint32_t window = (uint32_t)model->window;
    const int32_t drawn = model->shrink_windows ? 1 + (int32_t)w2v_below(token->window_bits, window) : model->window;
    return drawn < model->farthest ? drawn : model->farthest;
}

W2V_INLINE void w2v_lay_window(w2v_center *center, int32_t reach)
{
    const int32_t before = center->at - center->sentence_first, after = center->sentence_last - center->at;
    center->first = reach < before ? center->at - reach : center->sentence_first;
    center->last = reach < after ? center->at + reach + 1 : center->sentence_last;
}

/* The sentence that holds `offset`: the last one that starts at or before it. */
static int64_t w2v_sentence_of(const w2v_corpus *corpus, int64_t offset)
{
    int64_t low = 0, high = corpus->sentence_count;
    while (low + 1 < high) {
        const int64_t middle = low + (high - low) / 2;
        if (corpus->sentence_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Which words come up again, within the span and a window of its ends. Words with the same last bits count as one. */
static void w2v_find_repeated(w2v_workspace *workspace)
{
    int32_t repeated = -1, *places = workspace->places;
    memset(places, 0xFF, W2V_PLACES * sizeof *places); /* -1 everywhere */
    for (int32_t i = 0; i < (int32_t)workspace->word_count; i++) {
        int32_t *place = places + (uint32_t)workspace->words[i] % W2V_PLACES;
        repeated = *place > repeated ? *place : repeated;
        *place = i;
        workspace->repeated[i] = repeated;
    }
}

static int w2v_find_windows(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                            uint64_t key, w2v_workspace *workspace)
{
    workspace->word_count = workspace->center_count = 0;
    for (int64_t sentence = w2v_sentence_of(corpus, begin); begin < end; sentence++) {
        const int64_t stop = corpus->sentence_starts[sentence + 1];
        const int64_t part_end = stop < end ? stop : end;
        if (part_end > begin && w2v_add_sentence(model, corpus, key, sentence, begin, part_end, workspace)) return -1;
        begin = part_end;
    }
    for (int64_t i = 0; i < workspace->word_count; i++)
        workspace->rows[i] = w2v_row(&workspace->inputs, workspace->words[i]);
    if (model->skip_gram && model->shared_negatives) w2v_find_repeated(workspace);
    return 0;
}

#endif
