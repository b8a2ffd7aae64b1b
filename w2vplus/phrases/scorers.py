"""Scoring functions in gensim's form, and the names by which they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from gensim.models.phrases import NEGATIVE_INFINITY, npmi_scorer, original_scorer

Scorer = Callable[..., float]


def word2phrase_scorer(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: float,
    corpus_word_count: int,
) -> float:
    """The score of the C tool word2phrase: (c(ab) - min_count) / (c(a)·c(b)) · number of words in the corpus.

    `original_scorer` multiplies by the size of the vocabulary instead, so thresholds differ in scale: 100 and
    more are usual here where 10 is usual there (Mikolov et al. 2013b).
    """
    denominator = worda_count * wordb_count
    if denominator == 0:
        return float(NEGATIVE_INFINITY)
    return (bigram_count - min_count) / float(denominator) * corpus_word_count


SCORER_OF = {"default": original_scorer, "npmi": npmi_scorer, "word2phrase": word2phrase_scorer}


def scoring_name(scorer: Scorer) -> str | None:
    """The name of a known scorer, None for one of the user's."""
    return next((name for name, known in SCORER_OF.items() if known is scorer), None)


def name_of(scorer: Scorer) -> str:
    """What to call any scorer in messages."""
    return scoring_name(scorer) or str(getattr(scorer, "__name__", repr(scorer)))


def checked_score(scorer: Scorer, word_a: str, word_b: str, **counts: float) -> float:
    """What a scorer says. Raises ValueError, naming scorer and words, if it raises or returns NaN."""
    try:
        score = scorer(**counts)
    except Exception as error:
        raise ValueError(f"scorer {name_of(scorer)} failed for {word_a!r} and {word_b!r}: {error!r}") from error
    if score != score:
        raise ValueError(
            f"scorer {name_of(scorer)} must return a number, got NaN for {word_a!r} and {word_b!r}"
        )
    return score
