"""The kernel's random choices once more in plain Python: which words stay, how far windows reach, which noise is drawn.

Every choice is a function of a key (`_sgd.stream_key` of seed, number of earlier trainings and epoch) and of a
token's position in the epoch, so a single token can be asked about. The C in `native/random.h` says the same; the
tests hold both against each other.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MASK = 2**64 - 1
LOW = 2**32 - 1
ALWAYS = 2**32 - 1
"""The threshold of a word that is never dropped."""

GOLDEN_GAMMA = 0x9E3779B97F4A7C15


class NoiseTable(Protocol):
    """A distribution as Walker's alias method has it (`vocabulary.AliasTable`)."""

    @property
    def thresholds(self) -> NDArray[np.uint32]: ...
    @property
    def aliases(self) -> NDArray[np.int32]: ...


def draw(state: int, number: int) -> int:
    """64 random bits: the draw of this number from the stream that begins at `state` (SplitMix64)."""
    bits = (state + (number + 1) * GOLDEN_GAMMA) & MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)


def keep_draw(key: int, position: int) -> int:
    """32 random bits; the token stays if they are below its word's keep threshold, or that is ALWAYS."""
    return draw(key, position) >> 32


def is_kept(threshold: int, drawn: int) -> bool:
    """Whether a token with this `keep_draw` stays."""
    return threshold == ALWAYS or drawn < threshold


def window_reach(key: int, position: int, window: int) -> int:
    """How many words to each side the token's window has, uniform in 1..`window`."""
    return 1 + (((draw(key, position) & LOW) * window) >> 32)


def noise_stream(key: int, position: int) -> int:
    """The stream of noise words that belongs to the centre word at `position`."""
    return draw(~key & MASK, position)


def noise_words(stream: int, first: int, count: int, noise: NoiseTable) -> list[int]:
    """The noise words of draws first..first + count of a stream, as word ids."""
    words = []
    for number in range(first, first + count):
        bits = draw(stream, number)
        slot = ((bits >> 32) * len(noise.thresholds)) >> 32
        own = (bits & LOW) < int(noise.thresholds[slot])
        words.append(slot if own else int(noise.aliases[slot]))
    return words
