/* Design: what one thread needs besides the shared matrices, allocated once per run and grown on demand. */
#ifndef W2V_WORKSPACE_H
#define W2V_WORKSPACE_H

#include <stdlib.h>
#include <string.h>

#include "huge_pages.h"
#include "tile.h"

/* The outputs of a group are drawn this many groups before they are trained, so that their rows can be fetched. */
#define W2V_LOOKAHEAD 1
#define W2V_SLOTS (W2V_LOOKAHEAD + 1)

/* A kept token: its place in the epoch, and the random bits that decide its window. */
typedef struct {
    int64_t position;
    uint32_t window_bits;
} w2v_token;

/* A kept token that is a centre word of the span. What it sees of its sentence is [sentence_first, sentence_last) in
   `words`, and its window is [first, last), once it is in a group. */
typedef struct {
    int64_t position; /* in the epoch */
    const uint32_t *path; /* Huffman path of its word, if there are paths */
    int32_t path_length;
    int32_t at; /* index in `words` */
    int32_t first;
    int32_t last;
    int32_t sentence_first;
    int32_t sentence_last;
    float sentence_weight;
} w2v_center;

/* Words of a group that are compared with each other all at once, or half as many. */
#define W2V_MOST_DISTINCT 16

/* The centres of a group that share columns: all of them, or one. */
typedef struct {
    int32_t first_center; /* in the group */
    int32_t center_count;
    int32_t first_column; /* inner nodes, then words from column `first_word` on */
    int32_t first_word;
    int32_t column_count;
} w2v_part;

/* Neighbouring centres of one sentence that are trained together, with the output rows they meet: columns of tiles. */
typedef struct {
    int64_t first_center;
    int32_t center_count;
    w2v_part parts[W2V_GROUP_CENTERS];
    int32_t part_count;
    float **rows;      /* of all parts; a row comes once in a part */
    int32_t *words;    /* row number of a column: of an inner node or of a word */
    const float *positives; /* P of a pair's cell, a row of cells for each centre of a part, from its first column on,
                               since of several parts each has one centre: 1 for the centre word and a node of code 0 */
    const float *totals;    /* T likewise: 1 for the centre word and a node, for a negative how often it was drawn, where it
                               is not the centre word */
    int32_t has_own; /* whether the columns of centre words are own outputs: then each centre has a cell with its own alone */
    float *made_positives, *made_totals; /* cells of this group alone; `positives` and `totals` are these, or those that
                                            groups of distinct words have in common */
    int32_t count;
    const float **fetched; /* rows to be fetched before the group is trained: of its columns and of context words */
    int32_t fetched_count;
} w2v_group;

/* The words of a tile of skip-gram that is not a whole context as it lies, each once and with all its pairs. */
typedef struct {
    int32_t words[W2V_TILE_INPUTS];
    float *rows[W2V_TILE_INPUTS];
    float pairs[W2V_TILE_INPUTS][W2V_GROUP_CENTERS]; /* of a word and a centre of the group */
} w2v_merged;

/* Where a word was last, by its last bits. */
#define W2V_PLACES 4096

struct w2v_workspace {
    void *memory; /* where the workspace lies */
    w2v_matrix inputs, nodes, outputs;
    int32_t holds_rows; /* whether the copies of rows are ahead of the shared matrices */

    int32_t *words; /* word ids of the span's kept tokens, with the context beyond its ends */
    float **rows;   /* of those words in the input matrix */
    int32_t *repeated; /* by word of the span: the largest index of one up to it that comes again up to it, or -1. Words
                          [first, last) are all distinct if repeated[last - 1] < first, and only then, but for words that share
                          a place */
    int32_t *places;   /* W2V_PLACES indices, for it */
    w2v_token *tokens; /* of those words */
    w2v_center *centers;
    float (*shares)[W2V_GROUP_CENTERS]; /* of the words that a group spans: 1 in the windows of its centres, else 0 */
    int64_t capacity; /* of those by word */
    int64_t word_count;
    int64_t center_count;

    w2v_group groups[W2V_SLOTS];
    /* Cells of groups of 1, 2, ... centres whose centre words and negatives are all distinct. */
    float distinct_positives[W2V_GROUP_CENTERS][W2V_GROUP_CENTERS * W2V_MOST_DISTINCT];
    float distinct_totals[W2V_GROUP_CENTERS][W2V_GROUP_CENTERS * W2V_MOST_DISTINCT];
    int32_t may_have_own; /* whether these groups have own outputs: CBOW, whose windows have one centre each */
    float *draws;        /* by column of the part that is being made: how often the word was drawn as a negative */
    uint64_t *bits;      /* random bits of the negatives of the next group, or of the pair if each has its own */
    w2v_group *next; /* the group whose rows are to be fetched while another is trained */
    float *logits, *positives, *totals, *steps; /* tile arrays, see tile.h */
    float *ones;       /* T of a tile each of whose cells is one pair; of paths alone */
    w2v_merged merged; /* of the present tile */

    int64_t row_stride; /* dimensions, rounded up to whole cache lines */
    float *source_rows; /* W2V_GROUP_CENTERS rows: projections, and an address that may be read where there is no row */
    float *target_rows; /* W2V_TILE_INPUTS rows: gathered updates, or sums that are not complete yet */
    float *sources[W2V_GROUP_CENTERS], *targets[W2V_TILE_INPUTS]; /* the addresses of these rows */
    struct {
        void *memory;
        size_t mapped; /* bytes of a mapping of its own, or 0 */
    } blocks[32]; /* everything to free */
    int32_t block_count;
};

/* What one worker writes all the time lies apart from what others read and write: processors take lines of 64 bytes from
   each other, and fetch them in pairs. Two workspaces that touched made two workers slower than one. */
#define W2V_APART 128

static char *w2v_aligned(char *memory) { return memory + (W2V_APART - (uintptr_t)memory % W2V_APART) % W2V_APART; }

/* Zeroed memory with lines of its own, in large pages if there is much of it; the workspace owns it. */
static void *w2v_workspace_take(w2v_workspace *workspace, size_t bytes)
{
#ifdef W2V_EXACT_BLOCKS /* for sanitizers: not a byte more, and what is read before it is written is no number */
    void *block;
    if (posix_memalign(&block, 64, bytes)) return NULL;
    workspace->blocks[workspace->block_count++].memory = block;
    return memset(block, 0xFF, bytes);
#else
    const size_t mapped = has_own_mapping(bytes) ? bytes : 0;
    char *block = mapped ? new_zeros(mapped) : calloc(bytes + 2 * W2V_APART, 1);
    if (!block) return NULL;
    workspace->blocks[workspace->block_count].memory = block;
    workspace->blocks[workspace->block_count++].mapped = mapped;
    return w2v_aligned(block);
#endif
}

/* Centres that a group may have. A Huffman path belongs to one centre, and so do the tiles of its skip-gram. The true gradient
   of a sum of context words moves the sum by as many times the error as there are words: of several windows at once it would
   be several times too far. */
W2V_INLINE int32_t w2v_most_centers(const w2v_model *model)
{
    const int alone = model->skip_gram ? model->hierarchical_softmax : model->corrected_cbow && !model->cbow_mean;
    return model->shared_negatives > 1 && !alone ? model->shared_negatives : 1;
}

static void w2v_free_workspace(w2v_workspace *workspace)
{
    if (!workspace) return;
    for (int32_t i = 0; i < workspace->block_count; i++) {
        if (workspace->blocks[i].mapped)
            free_zeros(workspace->blocks[i].memory, workspace->blocks[i].mapped);
        else
            free(workspace->blocks[i].memory);
    }
    free(workspace->words);
    free(workspace->rows);
    free(workspace->repeated);
    free(workspace->tokens);
    free(workspace->centers);
    free(workspace->shares);
    free(workspace->memory);
}

/* The hot rows are the first ones of a matrix of words, which are the most frequent, and the last ones of a matrix of
   inner nodes, which are next to the root. w2v_hot_bytes says how many. Returns -1 when memory runs out. */
static int w2v_open_matrix(w2v_workspace *workspace, const w2v_model *model, float *shared, int hottest_last,
                           w2v_matrix *matrix)
{
    const int64_t stride = w2v_copy_stride(model->dimensions), rows = model->vocabulary_size;
    const size_t row_bytes = (size_t)stride * sizeof(float);
    const int64_t room = w2v_hot_bytes(model->copying_workers) / (int64_t)row_bytes;
    matrix->shared = shared;
    matrix->dimensions = model->dimensions;
    matrix->stride = stride;
    if (!shared || room == 0) return 0;
    matrix->hot_count = rows < room ? rows : room;
    matrix->first_hot = hottest_last ? rows - matrix->hot_count : 0;
    matrix->copies = w2v_workspace_take(workspace, (size_t)matrix->hot_count * row_bytes);
    if (!matrix->copies || model->copying_workers == 1) return matrix->copies ? 0 : -1;
    matrix->bases = w2v_workspace_take(workspace, (size_t)matrix->hot_count * row_bytes);
    return matrix->bases ? 0 : -1;
}

static void w2v_take_hot_rows(w2v_workspace *workspace)
{
    if (workspace->holds_rows) return;
    workspace->holds_rows = 1;
    w2v_take_rows(&workspace->inputs);
    w2v_take_rows(&workspace->nodes);
    w2v_take_rows(&workspace->outputs);
}

static void w2v_give_hot_rows(w2v_workspace *workspace)
{
    if (!workspace->holds_rows) return;
    workspace->holds_rows = 0;
    w2v_give_rows(&workspace->inputs);
    w2v_give_rows(&workspace->nodes);
    w2v_give_rows(&workspace->outputs);
}

static void w2v_set_distinct_cells(w2v_workspace *workspace, int32_t center_count, int32_t negative)
{
    float *positive = workspace->distinct_positives[center_count - 1], *total = workspace->distinct_totals[center_count - 1];
    for (int32_t g = 0; g < center_count; g++) {
        for (int32_t n = 0; n < center_count + negative; n++) {
            if (workspace->may_have_own && n != g && n < center_count) continue;
            *positive++ = n == g ? 1.0f : 0.0f;
            *total++ = n == g || n >= center_count ? 1.0f : 0.0f;
        }
    }
}

static w2v_workspace *w2v_new_workspace(const w2v_model *model)
{
    const size_t group_centers = (size_t)w2v_most_centers(model);
    const size_t outputs = (size_t)(model->hierarchical_softmax ? model->longest_path : 0) + (size_t)model->negative +
                           2 * group_centers + W2V_MOST_DISTINCT + W2V_STREAMED;
    const size_t parts = model->hierarchical_softmax ? group_centers : 1;
    const size_t columns = (outputs * parts + 2 * VEC_LANES) / VEC_LANES * VEC_LANES;
    if (outputs > INT32_MAX / W2V_TILE_INPUTS) return NULL; /* cells of a tile are numbered by int32 */
    const size_t pairs = outputs * W2V_TILE_INPUTS * sizeof(float);
    char *memory = calloc(1, sizeof(w2v_workspace) + 2 * W2V_APART);
    if (!memory) return NULL;
    w2v_workspace *workspace = (w2v_workspace *)(void *)w2v_aligned(memory);
    workspace->memory = memory;
    workspace->row_stride = w2v_copy_stride(model->dimensions);
    const size_t row_bytes = (size_t)workspace->row_stride * sizeof(float);
    int failed = 0;
#define W2V_TAKE(field, bytes) failed |= (workspace->field = w2v_workspace_take(workspace, bytes)) == NULL
    W2V_TAKE(logits, pairs);
    W2V_TAKE(positives, pairs);
    W2V_TAKE(totals, pairs);
    W2V_TAKE(steps, pairs);
    if (model->negative == 0) W2V_TAKE(ones, pairs);
    W2V_TAKE(places, W2V_PLACES * sizeof(int32_t));
    W2V_TAKE(draws, columns * sizeof(float));
    W2V_TAKE(bits, ((size_t)model->negative + 1) * group_centers * sizeof(uint64_t));
    W2V_TAKE(source_rows, row_bytes * W2V_GROUP_CENTERS);
    W2V_TAKE(target_rows, row_bytes * W2V_TILE_INPUTS);
    for (int slot = 0; slot < W2V_SLOTS; slot++) {
        W2V_TAKE(groups[slot].rows, columns * sizeof(float *));
        W2V_TAKE(groups[slot].words, columns * sizeof(int32_t));
        W2V_TAKE(groups[slot].fetched, columns * sizeof(float *));
        W2V_TAKE(groups[slot].made_positives, group_centers * columns * sizeof(float));
        W2V_TAKE(groups[slot].made_totals, group_centers * columns * sizeof(float));
    }
#undef W2V_TAKE
    for (size_t i = 0; workspace->ones && i < pairs / sizeof(float); i++) workspace->ones[i] = 1.0f;
    for (int m = 0; m < W2V_GROUP_CENTERS; m++) workspace->sources[m] = workspace->source_rows + m * workspace->row_stride;
    for (int m = 0; m < W2V_TILE_INPUTS; m++) workspace->targets[m] = workspace->target_rows + m * workspace->row_stride;
    workspace->may_have_own = !model->skip_gram && model->negative <= TILE_OUTPUTS;
    for (int32_t centers = 1; centers <= (int32_t)group_centers && centers + model->negative <= W2V_MOST_DISTINCT; centers++)
        w2v_set_distinct_cells(workspace, centers, model->negative);
    failed |= w2v_open_matrix(workspace, model, model->input_vectors, 0, &workspace->inputs);
    failed |= w2v_open_matrix(workspace, model, model->node_vectors, 1, &workspace->nodes);
    failed |= w2v_open_matrix(workspace, model, model->output_vectors, 0, &workspace->outputs);
    if (failed) {
        w2v_free_workspace(workspace);
        return NULL;
    }
    return workspace;
}

/* Room for `extra` more kept tokens. */
static int w2v_reserve(w2v_workspace *workspace, int64_t extra)
{
    const int64_t needed = workspace->word_count + extra;
    if (needed <= workspace->capacity) return 0;
#ifdef W2V_EXACT_BLOCKS
    const int64_t capacity = needed;
#else
    const int64_t capacity = needed + needed / 2 + 1024;
#endif
    void *words = realloc(workspace->words, (size_t)capacity * sizeof *workspace->words);
    if (words) workspace->words = words;
    void *rows = realloc(workspace->rows, (size_t)capacity * sizeof *workspace->rows);
    if (rows) workspace->rows = rows;
    void *repeated = realloc(workspace->repeated, (size_t)capacity * sizeof *workspace->repeated);
    if (repeated) workspace->repeated = repeated;
    void *tokens = realloc(workspace->tokens, (size_t)capacity * sizeof *workspace->tokens);
    if (tokens) workspace->tokens = tokens;
    void *centers = realloc(workspace->centers, (size_t)capacity * sizeof *workspace->centers);
    if (centers) workspace->centers = centers;
    const size_t shared_words = (size_t)(capacity + VEC_LANES / W2V_GROUP_CENTERS); /* written by whole vectors */
    void *shares = realloc(workspace->shares, shared_words * sizeof *workspace->shares);
    if (shares) workspace->shares = shares;
    if (!words || !rows || !repeated || !tokens || !centers || !shares) return -1;
    workspace->capacity = capacity;
    return 0;
}

#endif
