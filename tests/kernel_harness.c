/* Design: one training run of a kernel outside Python, for instruction sets of other machines (run by an emulator).

   harness                       prints the names of the kernels this processor can run
   harness KERNEL CASE RESULT    trains the corpus of the file CASE, writes the matrices and the tally to RESULT

   test_kernel_variants.py writes CASE: `w2v_header`, then the arrays in the order in which they are taken here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#ifdef W2V_PORTABLE
static const w2v_kernel *const *w2v_usable_kernels(void)
{
    static const w2v_kernel *const usable[] = {&w2v_kernel_baseline, NULL};
    return usable;
}
#else
#include "cpu.h"
#endif

typedef struct {
    int64_t words, dimensions, tokens, sentences, path_length, longest_path, window, farthest, negative;
    int64_t skip_gram, hierarchical_softmax, shared_negatives, cbow_mean, corrected_cbow, workers;
    int64_t cut, has_locks; /* where the second span begins; whether there are lock factors */
    uint64_t key;
    double rate;
} w2v_header;

/* `bytes` of the file in memory of their own, held to the end; the harness ends where the file does. */
static void *take(FILE *file, size_t bytes)
{
    static void *taken[16];
    static int count;
    void *block = malloc(bytes ? bytes : 1); /* not a byte more, so that a sanitizer sees every step beyond */
    if (!block || fread(block, 1, bytes, file) != bytes) {
        fprintf(stderr, "the case ends too early\n");
        exit(2);
    }
    return taken[count++] = block;
}

static int train(const w2v_kernel *kernel, FILE *file, FILE *result)
{
    const w2v_header *header = take(file, sizeof *header);
    const size_t words = (size_t)header->words, matrix = words * (size_t)header->dimensions * sizeof(float);
    const size_t path = (size_t)header->path_length;
    w2v_model model = {
        .dimensions = header->dimensions, .type_count = header->words, .vocabulary_size = header->words,
        .longest_path = (int32_t)header->longest_path, .window = (int32_t)header->window,
        .farthest = (int32_t)header->farthest,
        .negative = (int32_t)header->negative, .skip_gram = (int32_t)header->skip_gram,
        .hierarchical_softmax = (int32_t)header->hierarchical_softmax, .shrink_windows = 1,
        .shared_negatives = (int32_t)header->shared_negatives, .cbow_mean = (int32_t)header->cbow_mean,
        .corrected_cbow = (int32_t)header->corrected_cbow, .compute_loss = 1,
        .copying_workers = (int32_t)header->workers,
    };
    model.input_vectors = take(file, matrix);
    model.output_vectors = take(file, matrix);
    model.node_vectors = take(file, matrix);
    if (header->has_locks) model.lock_factors = take(file, words * sizeof(float));
    model.types = take(file, (words + 1) * sizeof(w2v_type));
    model.noise = take(file, words * sizeof(w2v_noise_slot));
    model.path_starts = take(file, (words + 1) * sizeof(int64_t));
    uint32_t *steps = calloc(path + W2V_PATH_STEPS, sizeof *steps);
    if (!steps) return 1;
    memcpy(steps, take(file, path * sizeof *steps), path * sizeof *steps);
    model.path_steps = steps;
    /* what a law does not train has no address */
    float *const outputs = model.output_vectors, *const nodes = model.node_vectors;
    if (!header->negative) model.output_vectors = NULL, model.noise = NULL;
    if (!header->hierarchical_softmax) model.node_vectors = NULL, model.path_starts = NULL, model.path_steps = NULL;
    w2v_corpus corpus = {.sentence_count = header->sentences};
    corpus.ids = take(file, (size_t)header->tokens * sizeof(int32_t));
    corpus.sentence_starts = take(file, (size_t)(header->sentences + 1) * sizeof(int64_t));

    w2v_tally tally = {0, 0, 0, 0.0};
    w2v_workspace *workspace = kernel->new_workspace(&model);
    if (!workspace) return 1;
    const int64_t edges[] = {0, header->cut, header->tokens};
    for (int i = 0; i < 2; i++)
        if (edges[i] < edges[i + 1] && kernel->train_span(&model, &corpus, edges[i], edges[i + 1], header->key,
                                                          (float)header->rate, workspace, &tally))
            return 1;
    kernel->give_hot_rows(workspace);
    kernel->free_workspace(workspace);
    fwrite(model.input_vectors, 1, matrix, result);
    fwrite(outputs, 1, matrix, result);
    fwrite(nodes, 1, matrix, result);
    free(steps);
    fwrite(&tally, sizeof tally, 1, result);
    return 0;
}

int main(int count, char **arguments)
{
    for (const w2v_kernel *const *kernel = w2v_usable_kernels(); *kernel; kernel++) {
        if (count < 4) {
            puts((*kernel)->name);
            continue;
        }
        if (strcmp((*kernel)->name, arguments[1])) continue;
        FILE *file = fopen(arguments[2], "rb"), *result = fopen(arguments[3], "wb");
        const int failed = !file || !result || train(*kernel, file, result);
        return (result && fclose(result)) || failed;
    }
    return count < 4 ? 0 : 3;
}
