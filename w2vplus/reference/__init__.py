"""The whole of word2vec in plain NumPy: from lists of words to vectors, in float64, one small step at a time.

It is written to be read, with every gradient derived above the lines that use it, and to be trusted: the
tests check it against finite differences and then check the fast kernel against it. Nothing here is fast.
Read it in this order: `losses` (how wrong a prediction is), `steps` (what one window changes), `questions`
(what is asked: subsampling, windows, noise, the Huffman tree), `training` (the loop around them). To see one
step with numbers in it: `w2vplus explain "a sentence of yours"`.

Two matrices are learned. A row of `input_vectors` (V, D) belongs to a word seen in a context; these rows are
the word vectors that people use. A row of `output_vectors` (V, D) belongs to what is predicted: a word, or an
inner node of the Huffman tree. Each step takes the word at the centre of a window as the target, and asks the
words around it to predict it: every one alone (skip-gram) or all together (CBOW, continuous bag of words).

Sources: Mikolov et al. 2013a, "Efficient estimation of word representations in vector space" (the models);
2013b, "Distributed representations of words and phrases and their compositionality" (negative sampling,
subsampling); Goldberg & Levy 2014, "word2vec explained" (the derivation); Morin & Bengio 2005 (hierarchical
softmax); İrsoy et al. 2020, "Corrected CBOW performs as well as skip-gram".
"""

from w2vplus.reference.losses import (
    Floats,
    Forward,
    binary_forward,
    gradients,
    log_sigmoid,
    sigmoid,
    softmax_forward,
)
from w2vplus.reference.questions import (
    HuffmanPath,
    context_window,
    huffman_paths,
    keep_probabilities,
    noise_distribution,
    survivors,
)
from w2vplus.reference.steps import (
    FULL_TILE_RATE,
    MAXIMUM_REPEATS,
    MAXIMUM_TILE_ROWS,
    bounded,
    cbow_step,
    project,
    sequential_step,
    tile_step,
    tiles,
)
from w2vplus.reference.training import (
    Settings,
    Step,
    Trained,
    Vocabulary,
    outputs_of,
    train,
    training_steps,
)

__all__ = [
    "FULL_TILE_RATE",
    "MAXIMUM_REPEATS",
    "MAXIMUM_TILE_ROWS",
    "Floats",
    "Forward",
    "HuffmanPath",
    "Settings",
    "Step",
    "Trained",
    "Vocabulary",
    "binary_forward",
    "bounded",
    "cbow_step",
    "context_window",
    "gradients",
    "huffman_paths",
    "keep_probabilities",
    "log_sigmoid",
    "noise_distribution",
    "outputs_of",
    "project",
    "sequential_step",
    "sigmoid",
    "softmax_forward",
    "survivors",
    "tile_step",
    "tiles",
    "train",
    "training_steps",
]
