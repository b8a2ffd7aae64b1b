"""Settings of training under one name, with what they bring and cost.

`Word2Vec(corpus, **preset("accurate", workers=8))` in Python and `w2vplus train --preset accurate` on the command
line; whatever is given beside the name wins. `python -m w2vplus.bench.choices TEXT` measures what each of the settings
brings, and with `--change window=8` what others would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Arguments of `Word2Vec`, and which vectors to take at the end (`Word2Vec.ending_vectors`)."""

    arguments: Mapping[str, Any]
    ending: str = "input"


PRESETS: Mapping[str, Preset] = {
    "accurate": Preset(
        {"alpha": 0.05, "vector_size": 200, "window": 10, "ns_exponent": 0.5, "epochs": 15, "sample": 1e-4},
        ending="centred-sum",
    ),
}
"""accurate: CBOW that answers more analogies than skip-gram does, in less time. Size, rate, sample and epochs are those
of word2vec.c's demo script for text8 (Mikolov 2013), its noise words are 5 instead of 25; the window is wider, and rare
words are drawn more often as noise (Caselles-Dupré et al. 2018). In Python the ending is a call of its own:
`model.ending_vectors(PRESETS["accurate"].ending)`.

Measured on 17M words of Wikipedia in one line with two workers (AMD EPYC, 512 bits, whose clock changes by a half):
accuracy on Google's questions among 30,000 words in per cent, rho x 100 of WordSim-353 and SimLex-999, seconds of
training. Means of three seeds:

    accurate                                             48.6  71.2  33.6            39 s
    accurate, ending with plain sums                     45.1  72.0  35.0            39 s
    accurate, ending with input vectors                  39.5  70.0  33.3            39 s
    skip-gram, window 8, alpha 0.025                     48.7  67.5  30.0            55 s
    the same, ending with plain sums                     46.7  70.3  31.6            55 s
    the same, ending with input vectors                  45.9  69.1  30.6            55 s

One seed, the first of those (analogies vary by half a point from seed to seed); the last figure before the seconds is
the analogies of input vectors alone:

    accurate                                             48.7  70.0   32.7    39.7    58 s
    alpha 0.025, window 8                                47.7  72.2   33.6    44.0    57 s
    corrected CBOW, alpha 0.075, window 8                44.9  71.6   34.3    41.1    41 s
    skip-gram, alpha 0.025, window 8                     49.6  67.4   29.9    47.2    60 s
    the same, ns_exponent 0.75                           47.7  70.3   30.7    46.2    74 s
    the same, window 5                                   46.8  69.1   31.7    43.2    53 s
    the same, vector_size 100                            45.6  67.5   29.5    42.8    38 s
    the same, epochs 5                                   43.1  70.2   30.9    38.4    17 s

Output vectors know what the input vectors do not: their sums answer more, if the mean is off and neither kind is longer
than the other. Noise drawn more evenly costs input vectors nothing and helps the sums of skip-gram.

Input vectors of skip-gram alone, one seed, alpha 0.025, where the noise exponent was gensim's 0.75 (an earlier version,
on a Xeon):

    window 10, vector_size 300                           44.7  66.8   30.6           137 s
    window 10, vector_size 150                           45.3  68.7   29.4            88 s
    window 7                                             45.4  68.4   31.6            80 s
    window 8, ns_exponent 1                              45.0  68.9   30.5            90 s

Longer vectors lose, and earlier runs of skip-gram with more epochs, a higher rate or a lower `sample` gained nothing,
which looks like overfitting to a text so small."""


def preset(name: str, **given: Any) -> dict[str, Any]:
    """Arguments for `Word2Vec`: those of the preset, and those that are `given`, which win.

    Its vectors are `model.ending_vectors(PRESETS[name].ending)`. Raises ValueError for a name that is none.
    """
    if name not in PRESETS:
        raise ValueError(f"a preset must be one of {', '.join(PRESETS)}, got {name!r}")
    return {**PRESETS[name].arguments, **given}
