"""Vectors after training: centred, stripped of common directions, shortened, quantised; a KeyedVectors in, a new one
out.

Each function names its paper and leaves its input alone. `Step` gives the changes names that can be put in a
row ("all-but-the-top=3", "pca=100", "normalize"), and `measure_accuracy` says what each costs. Called by
`w2vplus postprocess` and by people with a gensim KeyedVectors in hand.
"""

from w2vplus.postprocessing.costs import STEPS, Accuracy, Step, measure_accuracy
from w2vplus.postprocessing.quantized import QuantizedVectors
from w2vplus.postprocessing.transforms import (
    add_output_vectors,
    all_but_the_top,
    normalize,
    reduce_dimensions,
)

__all__ = [
    "STEPS",
    "Accuracy",
    "QuantizedVectors",
    "Step",
    "add_output_vectors",
    "all_but_the_top",
    "measure_accuracy",
    "normalize",
    "reduce_dimensions",
]
