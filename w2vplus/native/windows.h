/* Design: from a span of corpus ids to centre words with their windows.

   Unknown and subsampled words leave before windowing, so that a window reaches over the gaps (word2vec.c,
   gensim). A span may begin or end inside a sentence: its windows then see across the border, because the
   neighbours' fates are functions of their positions and can be asked again. */
#ifndef W2V_WINDOWS_H
#define W2V_WINDOWS_H

#include "random.h"
#include "workspace.h"

/* Word id of the token at `offset` if it is known and survives subsampling, else -1. */
W2V_INLINE int32_t w2v_kept_word(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t offset)
{
    int32_t word = corpus->ids[offset];
    if ((uint64_t)(int64_t)word >= (uint64_t)model->type_count) return -1; /* negative ones too */
    if (model->word_of_type) word = model->word_of_type[word];
    if (word < 0) return -1;
    const uint64_t draw = w2v_token_draw(key, corpus->first_position + offset);
    return w2v_is_kept(model->keep_thresholds[word], draw) ? word : -1;
}

/* Offset from which `model->farthest` kept words precede `offset` within the sentence, or its start. */
static int64_t w2v_left_edge(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t offset,
                             int64_t sentence_start)
{
    int32_t found = 0;
    while (offset > sentence_start && found < model->farthest)
        found += w2v_kept_word(model, corpus, key, --offset) >= 0;
    return offset;
}

/* Appends the kept words of one sentence and the centres among offsets [begin, end). */
static int w2v_add_sentence(const w2v_model *model, const w2v_corpus *corpus, uint64_t key, int64_t sentence,
                            int64_t begin, int64_t end, w2v_workspace *workspace)
{
    const int64_t start = corpus->sentence_starts[sentence], stop = corpus->sentence_starts[sentence + 1];
    const int32_t first_word = (int32_t)workspace->word_count;
    const int64_t first_center = workspace->center_count;
    const float weight = corpus->sentence_weights ? corpus->sentence_weights[sentence] : 1.0f;
    int64_t offset = begin > start ? w2v_left_edge(model, corpus, key, begin, start) : begin;
    int32_t beyond = 0;
    for (; offset < stop && (offset < end || beyond < model->farthest); offset++) {
        if (w2v_reserve(workspace, 1)) return -1;
        const int32_t word = w2v_kept_word(model, corpus, key, offset);
        if (word < 0) continue;
        const int32_t at = (int32_t)workspace->word_count++;
        workspace->words[at] = word;
        beyond += offset >= end;
        if (offset < begin || offset >= end) continue;
        const int64_t position = corpus->first_position + offset;
        const uint32_t bits = (uint32_t)w2v_token_draw(key, position);
        const int32_t drawn = model->shrink_windows ? 1 + (int32_t)w2v_below(bits, (uint32_t)model->window)
                                                    : model->window;
        const int32_t reach = drawn < model->farthest ? drawn : model->farthest;
        w2v_center center = {position, at, reach < at - first_word ? at - reach : first_word, reach, first_word, weight};
        workspace->centers[workspace->center_count++] = center;
    }
    /* `last` held the reach until the sentence's end was known */
    const int32_t word_count = (int32_t)workspace->word_count;
    for (int64_t i = first_center; i < workspace->center_count; i++) {
        w2v_center *center = &workspace->centers[i];
        center->last = center->last < word_count - center->at ? center->at + center->last + 1 : word_count;
    }
    return 0;
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
    return 0;
}

#endif
