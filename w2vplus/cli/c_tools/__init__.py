"""The programs of Mikolov's C toolkit as commands, with their own flags and defaults: `w2vplus word2vec -train ...`.

word2vec, word2phrase, distance, word-analogy and compute-accuracy: a demo script of the toolkit runs when the names of
its programs are changed. What they print on standard output keeps its form. A flag that the C programs would pass over
in silence is an error here.
"""

from w2vplus.cli.c_tools.accuracy import compute_accuracy
from w2vplus.cli.c_tools.interactive import distance, word_analogy
from w2vplus.cli.c_tools.phrases import word2phrase
from w2vplus.cli.c_tools.training import word2vec

__all__ = ["compute_accuracy", "distance", "word2phrase", "word2vec", "word_analogy"]
