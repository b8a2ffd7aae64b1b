"""Where an explained step gets its numbers: a trained model, or a toy trained on the sentence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.trainer import Law, Run, Tables, Weights
from w2vplus.word2vec import Word2Vec, tables


@dataclass(frozen=True)
class StepModel:
    """A model as far as one step needs it. Arrays are the model's own and are only read.

    `key`: of the random choices that the model's next training makes in its first epoch.
    """

    name: str
    vectors: Any  # gensim's KeyedVectors
    counts: NDArray[np.int64]
    law: Law
    tables: Tables
    weights: Weights
    noise_exponent: float
    sample: float
    learning_rate: float
    seed: int
    key: int
    phrases: Any = None

    @classmethod
    def of(
        cls,
        model: Any,
        name: str = "",
        *,
        window: int | None = None,
        learning_rate: float | None = None,
        sample: float | None = None,
        seed: int | None = None,
    ) -> StepModel:
        """A trained `Word2Vec`, with other settings for this one step where they are given.

        Raises ValueError if the model has no words or no output vectors.
        """
        if not len(model.wv):
            raise ValueError("the model has no words: train it first")
        for matrix, used in (("syn1", model.hs), ("syn1neg", model.negative)):
            if used and getattr(model, matrix, None) is None:
                raise ValueError(f"the model has no output vectors ({matrix}): it was not trained, or saved without")
        law = model._law()
        seed = model.seed if seed is None else seed
        seed = 0 if seed is None else int(seed)  # a model without seed draws another one for every training
        run = Run(1, 0.0, 0.0, 0.0, seed=seed, call=int(model.train_count))
        step_tables = tables.training_tables(model)
        counts = tables.word_counts(model.wv)
        if sample is not None:
            from w2vplus.vocabulary import keep_thresholds

            step_tables = replace(step_tables, keep_thresholds=keep_thresholds(counts, sample))
        return cls(
            name=name or f"{type(model).__name__} with {len(model.wv):,} words of {model.vector_size} numbers",
            vectors=model.wv,
            counts=counts,
            law=law if window is None else replace(law, window=window),
            tables=step_tables,
            weights=tables.training_weights(model),
            noise_exponent=float(model.ns_exponent),
            sample=float(model.sample if sample is None else sample),
            learning_rate=float(model.alpha if learning_rate is None else learning_rate),
            seed=seed,
            key=run.key(0),
            phrases=model.phrases if hasattr(model.phrases, "components") else None,
        )

    def read(self, sentence: str | Sequence[Any]) -> list[Any]:
        """The words of a sentence as the model knows them, its phrases joined."""
        words = sentence.split() if isinstance(sentence, str) else [*sentence]
        return list(self.phrases[words]) if self.phrases is not None and words else words

    def word_id(self, word: Any) -> int:
        """The row of a word, or -1. A key that is a number is found by its digits too."""
        known: dict[Any, int] = self.vectors.key_to_index
        if word not in known and isinstance(word, str) and word.isdecimal() and len(word) <= 20:
            return known.get(int(word), -1)
        return known.get(word, -1)


KEEPS_SINGLE_WORDS = 0.382
"""A word of frequency f is always kept if sqrt(sample / f) + sample / f is at least 1: from sample = 0.382 f on."""


def toy_model(
    sentence: str | Sequence[str],
    *,
    skip_gram: bool = True,
    hierarchical_softmax: bool = False,
    negative: int = 3,
    window: int = 5,
    vector_size: int = 8,
    sample: float | None = None,
    learning_rate: float = 0.05,
    epochs: int = 100,
    seed: int = 1,
) -> StepModel:
    """A model of a sentence's own words, trained on it for some epochs so that its numbers are not all 0.

    `hierarchical_softmax` takes the place of negative sampling. With `epochs` 0 the step is the very first. Without
    `sample`, words that come once are always kept, and repeated ones may be dropped.
    Raises ValueError for a sentence without words or settings that no training can use.
    """
    words = sentence.split() if isinstance(sentence, str) else [*sentence]
    if not words:
        raise ValueError("the sentence must have words, got none")
    if epochs < 0:
        raise ValueError(f"epochs must be at least 0, got {epochs}")
    if sample is None:
        sample = KEEPS_SINGLE_WORDS / len(words)
    model = Word2Vec(
        vector_size=vector_size, window=window, min_count=1, sample=sample, alpha=learning_rate, seed=seed, workers=1,
        sg=int(skip_gram), hs=int(hierarchical_softmax), negative=0 if hierarchical_softmax else negative,
        min_alpha=learning_rate,
    )  # fmt: skip
    model.build_vocab([words])
    if epochs:
        model.train([words], total_examples=1, epochs=epochs)
    trained = f"trained on this sentence for {epochs} epochs" if epochs else "not trained yet"
    return StepModel.of(model, f"a toy model of {len(model.wv)} words, {vector_size} numbers each, {trained}")
