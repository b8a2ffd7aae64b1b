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
    "accurate": Preset({"sg": 1, "vector_size": 200, "window": 10, "epochs": 15, "sample": 1e-4}),
}
"""accurate: more answers to analogies, from seven times the work of gensim's defaults for skip-gram. The size, sample
and epochs are those of word2vec.c's demo script for text8 (Mikolov 2013), its noise words are 5 instead of 25; the
window is wider. Measured on 17M words of Wikipedia in one line, one seed, one worker, seconds of a processor that had
other work (Zen 4, 512 bits); accuracy on Google's questions among 30,000 words in per cent, rho x 100 of WordSim-353
and SimLex-999:

    accurate                                               46.9   67.5   29.6   141 s
    window 5                                               44.1   69.1   31.3    81 s
    window 5, alpha 0.05                                   41.7   67.0   28.0    88 s
    window 5, shared_negatives 1                           44.1   69.4   31.2   143 s
    window 5, sample 3e-5                                  44.4   68.0   32.0    77 s
    window 10, sample 3e-5, min_count 10                   46.6   66.0   28.1   110 s
    window 10, sample 3e-5, 20 epochs                      46.4   66.9   28.3   150 s
    window 10, sample 1e-5, 25 epochs                      45.1   65.9   26.7   146 s
    window 10, alpha 0.0125, 12 epochs                     45.3   69.0   32.7   116 s
    window 15, 9 epochs, min_count 10                      43.7   68.6   27.6   106 s
    vector_size 300, 9 epochs, min_count 10                44.2   68.4   30.0   100 s
    corrected CBOW, alpha 0.075                            42.2   70.7   34.2   109 s
    corrected CBOW, alpha 0.075, ending with sums          44.1   72.1   34.2   109 s
    accurate, ending with sums of both vectors             45.5   67.5   29.7   141 s
    window 5, shared_negatives 1, ending with sums         45.7   70.8   30.7   143 s

The amount of training is near its best: more epochs or a higher rate brought nothing, which looks like overfitting to
a text so small, and the lines with fewer epochs lost two to three points, whatever they had instead. Sums of input and
output vectors helped with analogies at window 5 with sample 1e-4 and after CBOW with the corrected gradient (Irsoy et
al. 2020), and harmed skip-gram at window 10. Nearness in meaning rather than in topic, SimLex-999's question, is learnt
better from a narrow window or at a low rate, and best by corrected CBOW."""


def preset(name: str, **given: Any) -> dict[str, Any]:
    """Arguments for `Word2Vec`: those of the preset, and those that are `given`, which win.

    Raises ValueError for a name that is none.
    """
    if name not in PRESETS:
        raise ValueError(f"a preset must be one of {', '.join(PRESETS)}, got {name!r}")
    return {**PRESETS[name].arguments, **given}
