/* Design: what a training kernel is given and what it returns.

   One kernel source (vector shim -> tile -> windows -> span) is compiled once per shim, for AVX-512 twice; each
   compilation exports one `w2v_kernel`, and `_sgd.pyx` picks one of them at import. A kernel knows buffers
   and numbers only: no Python, no locks. Threads share the matrices (Hogwild, Niu et al. 2011: races on
   single floats are accepted), mostly by way of copies of the frequent rows (matrix.h); a workspace belongs to
   one thread. */
#ifndef W2V_KERNEL_H
#define W2V_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Context tokens of one tile; wider windows become several tiles. A tile is one stale step (all its logits come
   from the old values), and its length is the learning rate times the pairs of a row. Pairs one after another
   would never overshoot, a sum of many may: so the step is bounded. At learning rates above W2V_FULL_TILE_RATE
   tiles get fewer tokens and centres share fewer negatives, in proportion, and a word that comes up more than
   W2V_TILE_REPEATS times closes its tile. */
#define W2V_TILE_INPUTS 16
#define W2V_TILE_REPEATS 2
#define W2V_FULL_TILE_RATE 0.0501f

/* Most neighbouring centres that can be trained together, with one draw of negatives, and in CBOW of their windows' reach. */
#define W2V_GROUP_CENTERS 4

/* Bytes of every matrix that a worker copies (matrix.h): alone, most rows that are met, in a few large pages that
   cores find without looking them up; of two each, as much as may differ from the other's copies. */
#define W2V_HOT_BYTES_ALONE 6291456
#define W2V_HOT_BYTES 262144
#define W2V_MOST_COPYING 16

/* Steps of a Huffman path are read so many at once: as many of them less one may lie beyond its end. */
#define W2V_PATH_STEPS 8

/* What becomes of a token of some corpus id: its word, kept while 32 random bits are below the threshold (UINT32_MAX =
   always). Together in eight bytes, so that a token costs one cache line. */
typedef struct {
    int32_t word; /* row of the matrices, or -1 with threshold 0 */
    uint32_t keep_threshold;
} w2v_type;

/* A slot of an alias table: its own word while 32 random bits are below the threshold, else the alias.
   Together in eight bytes, so that a draw costs one cache line. */
typedef struct {
    uint32_t threshold;
    int32_t alias;
} w2v_noise_slot;

typedef struct {
    /* Matrices, C-contiguous (rows, dimensions) float32, trained in place. */
    float *input_vectors;  /* syn0: words as context (skip-gram: the row that learns from the centre) */
    float *node_vectors;   /* syn1: inner nodes of the Huffman tree; unused without hierarchical softmax */
    float *output_vectors; /* syn1neg: words as prediction; unused without negative sampling */
    const float *lock_factors; /* one multiplier per input row, or NULL when all are 1 */
    int64_t dimensions;

    /* Vocabulary tables. */
    const w2v_type *types; /* (type_count + 1,) by corpus id; the last stands for ids that are not below type_count */
    int64_t type_count;
    const w2v_noise_slot *noise; /* alias table of the noise distribution, one slot per word */
    int64_t vocabulary_size;
    const int64_t *path_starts; /* Huffman paths: word w owns [path_starts[w], path_starts[w+1]) */
    const uint32_t *path_steps; /* 2 * inner node + code, from the root; W2V_PATH_STEPS entries more at the end */
    int32_t longest_path;

    /* Law. */
    int32_t window;   /* widest window that may be drawn */
    int32_t farthest; /* where windows end that were drawn wider */
    int32_t negative;
    int32_t skip_gram;
    int32_t hierarchical_softmax;
    int32_t shrink_windows;   /* effective window uniform on 1..window */
    int32_t shared_negatives; /* neighbouring centres that share one draw of negatives, and in CBOW of their windows' reach;
                                 0: a draw of negatives for every pair (word2vec.c, gensim) */
    int32_t cbow_mean;
    int32_t corrected_cbow; /* true gradient of the projection (Irsoy et al. 2020) */
    int32_t compute_loss;
    int32_t copying_workers; /* threads that train the matrices at the same time, each with copies of frequent rows, see
                                matrix.h; 0: any number of threads, and no copies */
} w2v_model;

typedef struct {
    const int32_t *ids;             /* corpus ids, -1 = unknown */
    const int64_t *sentence_starts; /* (sentence_count + 1) offsets into ids */
    const float *sentence_weights;  /* multiplies the learning rate, or NULL */
    int64_t sentence_count;
    int64_t first_position; /* position of ids[0] in the epoch; randomness is a function of position */
} w2v_corpus;

typedef struct {
    int64_t raw_words;     /* tokens of the span, dropped ones included */
    int64_t trained_words; /* centre words, after vocabulary and subsampling */
    int64_t pairs;         /* (centre, context) pairs in skip-gram, centres in CBOW */
    double loss;           /* summed over pairs; 0 unless compute_loss */
} w2v_tally;

typedef struct w2v_workspace w2v_workspace;

typedef struct {
    const char *name;
    w2v_workspace *(*new_workspace)(const w2v_model *model);
    void (*free_workspace)(w2v_workspace *workspace);
    /* Trains the centres at offsets [begin, end) of `corpus`. Windows see across both ends of the span.
       Returns 0, or -1 when memory runs out. */
    int (*train_span)(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                      uint64_t key, float learning_rate, w2v_workspace *workspace, w2v_tally *tally);
    /* A worker that trains copies of rows takes them with the first span and gives them back here: before anybody reads
       the matrices, and before anybody changes them from outside. */
    void (*give_hot_rows)(w2v_workspace *workspace);
} w2v_kernel;

/* Bytes of a matrix that each of `workers` copies: of several a quarter for twice their number, since what they do not see
   of each other grows with it, most for the rarer rows; above W2V_MOST_COPYING none, all train the shared rows. */
static inline int64_t w2v_hot_bytes(int32_t workers)
{
    if (workers < 1 || workers > W2V_MOST_COPYING) return 0;
    return workers == 1 ? W2V_HOT_BYTES_ALONE : (int64_t)W2V_HOT_BYTES * 4 / (workers * workers);
}

extern const w2v_kernel w2v_kernel_baseline;
#if defined(__x86_64__) || defined(_M_X64)
extern const w2v_kernel w2v_kernel_avx2;
extern const w2v_kernel w2v_kernel_avx512;
extern const w2v_kernel w2v_kernel_avx512half;
#elif defined(__aarch64__) || defined(_M_ARM64)
extern const w2v_kernel w2v_kernel_neon;
#endif

/* W2V_PREFETCH asks for a line in the second-level cache, or in the first-level one where a shim's VEC_FETCH_LEVEL says so.
   Rows that are fetched are needed some hundreds of nanoseconds later; into a first level of 32 KB, to be written there, they
   came at the cost of what is needed now: CBOW was 5 to 15 % slower (Zen 4). Beside the logits, which wait for their rows, it
   is always the wrong time. */
#if defined(_MSC_VER) && !defined(__clang__)
#define W2V_INLINE static __forceinline
#define W2V_NOINLINE __declspec(noinline)
#if defined(_M_X64)
#include <intrin.h>
#define W2V_PREFETCH(address) _mm_prefetch((const char *)(address), VEC_FETCH_LEVEL == 1 ? _MM_HINT_T0 : _MM_HINT_T1)
#else
#define W2V_PREFETCH(address) ((void)(address))
#endif
#define W2V_UNROLL
#define W2V_HOLD(registers, value)
#else
#define W2V_INLINE static inline __attribute__((always_inline))
#define W2V_NOINLINE __attribute__((noinline))
#define W2V_PREFETCH(address) __builtin_prefetch((address), 0, VEC_FETCH_LEVEL == 1 ? 3 : 2)
#if defined(__clang__) /* which knows nothing of GCC's: CBOW and skip-gram took nearly twice as long */
#define W2V_UNROLL _Pragma("clang loop unroll(full)")
#else
#define W2V_UNROLL _Pragma("GCC unroll 32")
#endif
#define W2V_HOLD(registers, value) __asm__("" : "+" registers(value)) /* it stays in one of these registers */
#endif

#endif
