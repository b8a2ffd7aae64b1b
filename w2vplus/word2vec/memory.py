"""What a model needs in memory: the numbers behind `Word2Vec.estimate_memory`."""

from __future__ import annotations

from dataclasses import dataclass

from w2vplus._sgd import hot_bytes
from w2vplus.trainer import SMALLEST_COPYING_CORPUS

ID_BYTES = 4
"""A token of a corpus that is trained from memory."""

READING_BYTES = 8
"""A token while the corpus is read: its id twice, in the pieces of the text and in the whole."""

TYPE_BYTES = 120
"""A type of the corpus, rare or not: its string, its places in lists and in the count of the text."""

WORD_BYTES = 95
"""A word of the vocabulary besides: its places in the index, count, probability of being kept."""

NOISE_BYTES = 75
"""Its slots of the noise distribution, in gensim's form and in the kernel's, and what making them takes."""

PATH_BYTES = 525
"""Its path in the Huffman tree: two small arrays of about 17 nodes, as gensim keeps them, and the kernel's copy."""


@dataclass(frozen=True)
class Sizes:
    """What the estimate goes by. Types and tokens are those of the whole corpus, 0 where none was counted."""

    words: int
    dimensions: int
    negative: bool
    hierarchical_softmax: bool
    types: int
    tokens: int
    workers: int


def estimate(sizes: Sizes) -> dict[str, int]:
    """Bytes by member, with gensim's names; `total` is the peak of reading and training.

    The constants were measured with CPython 3.11 and words of 8 letters on Linux, 64 bit.
    """
    types = max(sizes.types, sizes.words)
    matrix = sizes.words * sizes.dimensions * 4
    per_word = WORD_BYTES + NOISE_BYTES * sizes.negative + PATH_BYTES * sizes.hierarchical_softmax
    report = {"vocab": types * TYPE_BYTES + sizes.words * per_word, "vectors": matrix}
    if sizes.hierarchical_softmax:
        report["syn1"] = matrix
    if sizes.negative:
        report["syn1neg"] = matrix
    training = _copies(sizes) + sum(report.values()) + sizes.tokens * ID_BYTES
    reading = types * TYPE_BYTES + sizes.tokens * READING_BYTES
    report["total"] = max(training, reading)
    return report


def _copies(sizes: Sizes) -> int:
    """What workers hold of frequent rows, as they are and, if several, as last exchanged; a corpus of unknown size is
    large."""
    if 0 < sizes.tokens < SMALLEST_COPYING_CORPUS:
        return 0
    row = (sizes.dimensions + 15) // 16 * 64  # whole cache lines
    matrices = 1 + sizes.negative + sizes.hierarchical_softmax
    states = 1 if sizes.workers == 1 else 2
    return sizes.workers * matrices * states * min(sizes.words * row, hot_bytes(sizes.workers))
