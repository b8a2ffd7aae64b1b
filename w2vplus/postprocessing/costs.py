"""Changes by name, to be put in a row, and what each costs on analogies and similarities.

Called by `w2vplus postprocess`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from w2vplus._bundled import ANALOGIES, CONSIDERED_WORDS, SIMILARITIES, bundled
from w2vplus.errors import CoverageError
from w2vplus.postprocessing.quantized import DTYPES, QuantizedVectors
from w2vplus.postprocessing.transforms import all_but_the_top, normalize, reduce_dimensions

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

STEPS: dict[str, str] = {
    "all-but-the-top": "take off the mean and the N strongest directions; dimensions / 100 unless =N",
    "pca": "keep N dimensions",
    "normalize": "unit length",
    "float16": "round to 16 bits",
    "int8": "round to 8 bits",
}


@dataclass(frozen=True)
class Step:
    """One named change: a key of STEPS, with its number where it takes one."""

    name: str
    number: int | None = None

    @classmethod
    def parse(cls, text: str) -> Step:
        """"pca=100" as a step. Raises ValueError that names the rule."""
        name, mark, number = text.partition("=")
        if name not in STEPS:
            raise ValueError(f"a step must be one of {', '.join(STEPS)}, got {name!r}")
        takes = name in ("all-but-the-top", "pca")
        if mark and not (takes and number.isascii() and number.isdecimal()):
            rule = f"must be written {name}=N with a whole number" if takes else "takes no number"
            raise ValueError(f"the step {name} {rule}, got {text!r}")
        if name == "pca" and not mark:
            raise ValueError("the step pca needs the number of dimensions to keep, as pca=100")
        return cls(name, int(number) if mark else None)

    def __str__(self) -> str:
        return self.name if self.number is None else f"{self.name}={self.number}"

    def apply(self, vectors: KeyedVectors) -> KeyedVectors:
        """The changed vectors; raises as the function of the step does."""
        if self.name == "all-but-the-top":
            return all_but_the_top(vectors, self.number)
        if self.name == "pca":
            return reduce_dimensions(vectors, self.number or 0)
        if self.name == "normalize":
            return normalize(vectors)
        return QuantizedVectors.of(vectors, self.name).keyed_vectors()

    @property
    def quantizes(self) -> bool:
        """Whether its result fits into fewer bits than float32."""
        return self.name in DTYPES


@dataclass(frozen=True)
class Accuracy:
    """How vectors did: each file's name, its score (accuracy of analogies, Spearman's rho of similarities; NaN where
    the vocabulary knows nothing of it) and the share of its questions that the vocabulary covers."""

    names: tuple[str, ...]
    scores: tuple[float, ...]
    coverages: tuple[float, ...]

    def change_from(self, before: Accuracy) -> tuple[float, ...]:
        """What each score gained; negative where it lost."""
        return tuple(after - score for after, score in zip(self.scores, before.scores, strict=True))

    def as_dict(self) -> dict[str, dict[str, float]]:
        """Score and coverage by name."""
        rows = zip(self.names, self.scores, self.coverages, strict=True)
        return {name: {"score": score, "coverage": coverage} for name, score, coverage in rows}


def measure_accuracy(
    vectors: KeyedVectors,
    analogies: Sequence[str] | None = None,
    similarity: Sequence[str] | None = None,
    *,
    restrict_vocab: int | None = CONSIDERED_WORDS,
) -> Accuracy:
    """Score vectors on files of analogies and of word pairs; on those that come with gensim if none is given.

    Raises EvaluationError for a malformed file, OSError for one that cannot be read.
    """
    from w2vplus.evaluation import evaluate_analogies, evaluate_similarity

    if analogies is None and similarity is None:
        analogies, similarity = (bundled(ANALOGIES),), tuple(bundled(name) for name in SIMILARITIES)

    def judged(path: str) -> tuple[float, float]:
        result = evaluate_analogies(vectors, path, restrict_vocab=restrict_vocab).total
        return float(result.accuracy or 0.0), float(result.coverage or 0.0)

    def correlated(path: str) -> tuple[float, float]:
        result = evaluate_similarity(vectors, path, restrict_vocab=restrict_vocab)
        return float(result.correlation.spearman), float(result.coverage)

    names, outcomes = [], []
    kinds: list[tuple[Sequence[str], Callable[[str], tuple[float, float]]]] = [
        (analogies or (), judged),
        (similarity or (), correlated),
    ]
    for paths, judge in kinds:
        for path in paths:
            names.append(Path(path).stem)
            outcomes.append(_unless_unknown(judge, path))
    scores, coverages = zip(*outcomes, strict=True) if outcomes else ((), ())
    return Accuracy(tuple(names), tuple(scores), tuple(coverages))


def _unless_unknown(judge: Callable[[str], tuple[float, float]], path: str) -> tuple[float, float]:
    """Score and coverage; NaN and 0 where the vocabulary knows nothing of a well-formed file."""
    try:
        return judge(path)
    except CoverageError:
        return math.nan, 0.0
