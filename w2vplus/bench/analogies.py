"""Measured rows of analogies: `evaluate_analogies` against gensim's `evaluate_word_analogies`.

Called by `w2vplus bench --rows analogies`. Both answer Google's questions from the same vectors, trained on the
corpus beforehand, untimed; both must find the same questions right. Figures are processor time, all threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from w2vplus._bundled import ANALOGIES, bundled
from w2vplus.bench.corpus import BenchCorpus
from w2vplus.bench.peers import BenchError, Settings, W2VPlus
from w2vplus.bench.ratios import spread
from w2vplus.evaluation import EvaluationError, evaluate_analogies

CUTS = (30_000, 90_000)
"""Analogies are asked among so many most frequent words."""


@dataclass
class AnalogyRow:
    """One cut of the vocabulary; seconds by peer, one entry a repetition."""

    words: int
    dimensions: int
    answered: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"w2vplus": [], "gensim": []})

    def ratios(self) -> list[float]:
        """How many times less processor time than gensim, repetition by repetition."""
        pairs = zip(self.seconds["gensim"], self.seconds["w2vplus"], strict=True)
        return [theirs / ours for theirs, ours in pairs]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable."""
        return {
            "words": self.words,
            "dimensions": self.dimensions,
            "answered": self.answered,
            "seconds": self.seconds,
            "ratio": spread(self.ratios()),
        }


def measure_analogies(
    corpus: BenchCorpus,
    settings_list: Sequence[Settings],
    repetitions: int,
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[AnalogyRow]:
    """Yield a row for every setting and cut that the vocabulary is large enough for (the least cut always).

    Raises BenchError if gensim finds other questions right, or where no question is in the vocabulary.
    """
    path = bundled(ANALOGIES)
    for settings in settings_list:
        report(f"analogies: training vectors of size {settings.vector_size}")
        vectors = W2VPlus().train(corpus, settings, seed=1).vectors()
        cuts = sorted({min(cut, len(vectors)) for cut in CUTS})
        for cut in cuts:
            row = AnalogyRow(cut, settings.vector_size, 0)
            for repetition in range(repetitions):
                report(f"analogies among {cut:,} words: repetition {repetition + 1}/{repetitions}")
                started = time.process_time()
                try:
                    ours = evaluate_analogies(vectors, path, restrict_vocab=cut).total
                except EvaluationError as error:
                    raise BenchError(str(error)) from error
                between = time.process_time()
                _, sections = vectors.evaluate_word_analogies(path, restrict_vocab=cut)
                row.seconds["w2vplus"].append(between - started)
                row.seconds["gensim"].append(time.process_time() - between)
                row.answered = ours.seen
                theirs = sections[-1]["correct"]
                if [tuple(map(str.upper, question.words)) for question in ours.correct_questions] != theirs:
                    raise BenchError(
                        f"gensim finds {len(theirs)} questions right and w2vplus {ours.correct}; no ratio is given"
                        " for unequal answers"
                    )
            yield row
