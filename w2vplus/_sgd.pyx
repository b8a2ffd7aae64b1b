"""The learning kernel for Python: matrices and tables in, trained spans out.

`Model` binds the arrays that all threads share to one compiled kernel; each thread owns a `Worker` and calls
`train_span` without the GIL. Called by `w2vplus.trainer` alone. The arithmetic is in native/*.h.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

import os


cdef extern from "huge_pages.h" nogil:
    void *new_zeros(size_t size)
    void free_zeros(void *memory, size_t size)


cdef extern from "kernel.h" nogil:
    int W2V_GROUP_CENTERS
    int W2V_PATH_STEPS
    int64_t w2v_hot_bytes(int32_t workers)

    ctypedef struct w2v_type:
        int32_t word
        uint32_t keep_threshold

    ctypedef struct w2v_noise_slot:
        uint32_t threshold
        int32_t alias

    ctypedef struct w2v_model:
        float *input_vectors
        float *node_vectors
        float *output_vectors
        const float *lock_factors
        int64_t dimensions
        const w2v_type *types
        int64_t type_count
        const w2v_noise_slot *noise
        int64_t vocabulary_size
        const int64_t *path_starts
        const uint32_t *path_steps
        int32_t longest_path
        int32_t window
        int32_t farthest
        int32_t negative
        int32_t skip_gram
        int32_t hierarchical_softmax
        int32_t shrink_windows
        int32_t shared_negatives
        int32_t cbow_mean
        int32_t corrected_cbow
        int32_t compute_loss
        int32_t copying_workers

    ctypedef struct w2v_corpus:
        const int32_t *ids
        const int64_t *sentence_starts
        const float *sentence_weights
        int64_t sentence_count
        int64_t first_position

    ctypedef struct w2v_tally:
        int64_t raw_words
        int64_t trained_words
        int64_t pairs
        double loss

    ctypedef struct w2v_workspace:
        pass

    ctypedef struct w2v_kernel:
        const char *name
        w2v_workspace *(*new_workspace)(const w2v_model *model) noexcept nogil
        void (*free_workspace)(w2v_workspace *workspace) noexcept nogil
        int (*train_span)(const w2v_model *model, const w2v_corpus *corpus, int64_t begin, int64_t end,
                          uint64_t key, float learning_rate, w2v_workspace *workspace, w2v_tally *tally) noexcept nogil
        void (*give_hot_rows)(w2v_workspace *workspace) noexcept nogil


cdef extern from "cpu.h" nogil:
    const w2v_kernel *const *w2v_usable_kernels()


cdef extern from "random.h" nogil:
    uint64_t w2v_mix(uint64_t x)


ALL_KERNELS = ("avx512", "avx512half", "avx2", "neon", "baseline")


def usable_kernels():
    cdef const w2v_kernel *const *kernels = w2v_usable_kernels()
    names = []
    while kernels[0] != NULL:
        names.append(kernels[0].name.decode())
        kernels += 1
    return names


def chosen_kernel(wanted):
    names = usable_kernels()
    if not wanted:
        return names[0]
    if wanted in names:
        return wanted
    reason = "which this processor cannot run" if wanted in ALL_KERNELS else "which is no kernel of w2vplus"
    raise ImportError(
        f"W2VPLUS_ISA must be one of {', '.join(names)} on this machine, got {wanted!r}, {reason}: "
        "unset it to take the fastest"
    )


KERNEL = chosen_kernel(os.environ.get("W2VPLUS_ISA"))


def hot_bytes(int workers):
    return w2v_hot_bytes(workers)


def stream_key(*parts):
    cdef uint64_t key = 0
    for part in parts:
        key = w2v_mix(key ^ <uint64_t>(part & 0xFFFFFFFFFFFFFFFF)) + <uint64_t>0x9E3779B97F4A7C15
    return key


cdef class Model:
    cdef w2v_model model
    cdef const w2v_kernel *kernel
    cdef w2v_type *types
    cdef w2v_noise_slot *noise
    cdef uint32_t *path_steps
    cdef size_t types_size, noise_size, path_steps_size
    cdef object arrays

    def __cinit__(
        self, *,
        float[:, ::1] input_vectors not None,
        float[:, ::1] node_vectors=None,
        float[:, ::1] output_vectors=None,
        const float[::1] lock_factors=None,
        const int32_t[::1] word_of_type=None,
        const uint32_t[::1] keep_thresholds not None,
        const uint32_t[::1] noise_thresholds=None,
        const int32_t[::1] noise_aliases=None,
        const int64_t[::1] path_starts=None,
        const int32_t[::1] path_nodes=None,
        const uint8_t[::1] path_codes=None,
        int window, int negative, bint skip_gram, bint hierarchical_softmax, bint shrink_windows=True,
        int shared_negatives=1, bint cbow_mean=True, bint corrected_cbow=False, bint compute_loss=False,
        farthest=None, kernel=None, int copying_workers=0,
    ):
        cdef Py_ssize_t words = input_vectors.shape[0], dimensions = input_vectors.shape[1]
        self.arrays = (input_vectors, node_vectors, output_vectors, lock_factors, path_starts)
        if words < 1 or dimensions < 1:
            raise ValueError(f"input_vectors must have at least one row and column, got {words} x {dimensions}")
        if window < 1 or negative < 0:
            raise ValueError(f"window must be at least 1 and negative at least 0, got {window} and {negative}")
        if farthest is not None and not 1 <= farthest <= window:
            raise ValueError(f"farthest must be from 1 to the window, {window}, got {farthest}")
        if not negative and not hierarchical_softmax:
            raise ValueError("hierarchical_softmax or negative sampling must be on, got neither")
        if not 0 <= shared_negatives <= W2V_GROUP_CENTERS:
            raise ValueError(f"shared_negatives must be from 0 to {W2V_GROUP_CENTERS}, got {shared_negatives}")
        if copying_workers < 0:
            raise ValueError(f"copying_workers must be at least 0, got {copying_workers}")
        if keep_thresholds.shape[0] != words:
            raise ValueError(f"keep_thresholds must have {words} entries, got {keep_thresholds.shape[0]}")
        self.model.input_vectors = &input_vectors[0, 0]
        self.model.dimensions = dimensions
        self.model.vocabulary_size = words
        self._pack_types(word_of_type, keep_thresholds)
        if lock_factors is not None:
            if lock_factors.shape[0] != words:
                raise ValueError(f"lock_factors must have {words} entries, got {lock_factors.shape[0]}")
            self.model.lock_factors = &lock_factors[0]
        if negative:
            _require_shape("output_vectors", output_vectors, words, dimensions)
            if noise_thresholds is None or noise_aliases is None or \
                    noise_thresholds.shape[0] != words or noise_aliases.shape[0] != words:
                raise ValueError(f"negative sampling needs an alias table of {words} entries")
            self.model.output_vectors = &output_vectors[0, 0]
            self._pack_noise(noise_thresholds, noise_aliases)
        if hierarchical_softmax:
            self._pack_paths(node_vectors, path_starts, path_nodes, path_codes)
        self.model.window = window
        self.model.farthest = window if farthest is None else farthest
        self.model.negative = negative
        self.model.skip_gram = skip_gram
        self.model.hierarchical_softmax = hierarchical_softmax
        self.model.shrink_windows = shrink_windows
        self.model.shared_negatives = shared_negatives
        self.model.cbow_mean = cbow_mean
        self.model.corrected_cbow = corrected_cbow
        self.model.compute_loss = compute_loss
        self.model.copying_workers = copying_workers
        self.kernel = _kernel_named(KERNEL if kernel is None else kernel)

    def __dealloc__(self):
        free_zeros(self.types, self.types_size)
        free_zeros(self.noise, self.noise_size)
        free_zeros(self.path_steps, self.path_steps_size)

    cdef _pack_types(self, const int32_t[::1] word_of_type, const uint32_t[::1] keep_thresholds):
        cdef int64_t words = self.model.vocabulary_size
        cdef int64_t i, word, types = words if word_of_type is None else word_of_type.shape[0]
        self.types_size = _whole_lines((types + 1) * sizeof(w2v_type))
        self.types = <w2v_type *>new_zeros(self.types_size)
        if self.types == NULL:
            raise MemoryError(f"no memory for a table of {types} corpus ids")
        for i in range(types + 1):
            word = -1 if i == types else i if word_of_type is None else word_of_type[i]
            if word >= words:
                raise ValueError(f"word_of_type[{i}] is {word}, but there are {words} words")
            self.types[i].word = -1 if word < 0 else <int32_t>word
            self.types[i].keep_threshold = 0 if word < 0 else keep_thresholds[word]
        self.model.types = self.types
        self.model.type_count = types

    cdef _pack_noise(self, const uint32_t[::1] thresholds, const int32_t[::1] aliases):
        cdef Py_ssize_t i, words = thresholds.shape[0]
        self.noise_size = _whole_lines(words * sizeof(w2v_noise_slot))
        self.noise = <w2v_noise_slot *>new_zeros(self.noise_size)
        if self.noise == NULL:
            raise MemoryError(f"no memory for a noise table of {words} words")
        for i in range(words):
            if aliases[i] < 0 or aliases[i] >= words:
                raise ValueError(f"noise_aliases[{i}] is {aliases[i]}, but there are {words} words")
            self.noise[i].threshold = thresholds[i]
            self.noise[i].alias = aliases[i]
        self.model.noise = self.noise

    cdef _pack_paths(self, float[:, ::1] node_vectors, const int64_t[::1] path_starts,
                     const int32_t[::1] path_nodes, const uint8_t[::1] path_codes):
        cdef int64_t words = self.model.vocabulary_size, longest = 0
        cdef uint32_t faults = 0
        cdef Py_ssize_t i
        _require_shape("node_vectors", node_vectors, words, self.model.dimensions)
        if path_starts is None or path_starts.shape[0] != words + 1:
            raise ValueError(f"path_starts must have {words + 1} entries")
        if path_starts[0] != 0 or path_nodes.shape[0] != path_starts[words] or \
                path_codes.shape[0] != path_starts[words]:
            raise ValueError("path_nodes and path_codes must have path_starts[-1] entries each")
        for i in range(words):
            if path_starts[i + 1] < path_starts[i]:
                raise ValueError(f"path_starts must ascend, but entry {i + 1} is below entry {i}")
            longest = max(longest, path_starts[i + 1] - path_starts[i])
        self.path_steps_size = _whole_lines((path_nodes.shape[0] + W2V_PATH_STEPS) * sizeof(uint32_t))
        self.path_steps = <uint32_t *>new_zeros(self.path_steps_size)
        if self.path_steps == NULL:
            raise MemoryError(f"no memory for Huffman paths of {path_nodes.shape[0]} steps")
        for i in range(path_nodes.shape[0]):  # without branches: compilers make vectors of this loop
            faults |= (<uint32_t>path_nodes[i] >= <uint32_t>words) | (path_codes[i] > 1)
            self.path_steps[i] = <uint32_t>path_nodes[i] << 1 | path_codes[i]
        for i in range(path_nodes.shape[0] if faults else 0):
            if path_nodes[i] < 0 or path_nodes[i] >= words:
                raise ValueError(f"path_nodes[{i}] is {path_nodes[i]}, but there are {words} rows")
            if path_codes[i] > 1:
                raise ValueError(f"path_codes[{i}] must be 0 or 1, got {path_codes[i]}")
        self.model.node_vectors = &node_vectors[0, 0]
        self.model.path_starts = &path_starts[0]
        self.model.path_steps = self.path_steps
        self.model.longest_path = <int32_t>longest


cdef size_t _whole_lines(size_t size):
    """`size`, rounded up to what `new_zeros` takes."""
    return (size + 63) // 64 * 64


cdef _require_shape(name, float[:, ::1] matrix, int64_t rows, int64_t columns):
    if matrix is None:
        raise ValueError(f"{name} is needed, got None")
    if matrix.shape[0] != rows or matrix.shape[1] != columns:
        raise ValueError(f"{name} must be {rows} x {columns}, got {matrix.shape[0]} x {matrix.shape[1]}")


cdef const w2v_kernel *_kernel_named(name) except NULL:
    cdef const w2v_kernel *const *kernels = w2v_usable_kernels()
    while kernels[0] != NULL:
        if kernels[0].name.decode() == name:
            return kernels[0]
        kernels += 1
    raise ValueError(f"kernel must be one of {', '.join(usable_kernels())}, got {name!r}")


cdef class Worker:
    cdef Model owner
    cdef const w2v_kernel *kernel  # the garbage collector may take `owner` away before __dealloc__
    cdef w2v_workspace *workspace

    def __cinit__(self, Model owner not None):
        self.owner = owner
        self.kernel = owner.kernel
        self.workspace = self.kernel.new_workspace(&owner.model)
        if self.workspace == NULL:
            raise MemoryError("no memory for a training workspace")

    def __dealloc__(self):
        if self.workspace != NULL:
            self.kernel.free_workspace(self.workspace)

    def give_hot_rows(self):
        with nogil:
            self.kernel.give_hot_rows(self.workspace)

    def train_span(
        self, const int32_t[::1] ids not None, const int64_t[::1] sentence_starts not None,
        const float[::1] sentence_weights, int64_t first_position, int64_t begin, int64_t end,
        uint64_t key, float learning_rate,
    ):
        cdef w2v_corpus corpus
        cdef w2v_tally tally
        cdef int status
        if not 0 <= begin < end <= ids.shape[0] or sentence_starts.shape[0] < 2:
            raise ValueError(f"span [{begin}, {end}) must be a non-empty part of {ids.shape[0]} tokens")
        if sentence_starts[0] != 0 or sentence_starts[sentence_starts.shape[0] - 1] != ids.shape[0]:
            raise ValueError(f"sentence_starts must run from 0 to {ids.shape[0]}")
        if sentence_weights is not None and sentence_weights.shape[0] != sentence_starts.shape[0] - 1:
            raise ValueError(f"sentence_weights must have {sentence_starts.shape[0] - 1} entries")
        corpus.ids = &ids[0]
        corpus.sentence_starts = &sentence_starts[0]
        corpus.sentence_weights = &sentence_weights[0] if sentence_weights is not None else NULL
        corpus.sentence_count = sentence_starts.shape[0] - 1
        corpus.first_position = first_position
        tally.raw_words = tally.trained_words = tally.pairs = 0
        tally.loss = 0.0
        with nogil:
            status = self.kernel.train_span(&self.owner.model, &corpus, begin, end, key, learning_rate,
                                                  self.workspace, &tally)
        if status:
            raise MemoryError(f"no memory for the windows of {end - begin} tokens")
        return tally.raw_words, tally.trained_words, tally.pairs, tally.loss
