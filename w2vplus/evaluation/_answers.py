"""Analogies in rows of words in, rows of answers out: `_offsets` scores all, and the close calls are settled here.

Single precision leaves some questions open. 3CosAdd and 3CosMul are gensim's, and gensim itself settles them,
so that even ties and rounding come out as there; PairDistance is settled in double precision. Called by
`analogies`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus.evaluation._offsets import METHODS, TOO_CLOSE, Questions, Scan, scan, slack
from w2vplus.evaluation._units import as_floats, has_direction, row_norms
from w2vplus.queries import COSMUL_EPSILON, unit_rows

# gensim's evaluation looks at the five nearest words that are not rows of the question itself.
GENSIM_TOPN = 5


def answer_rows(vectors: NDArray[Any], questions: Questions, method: str = "3CosAdd") -> NDArray[np.int64]:
    """Row of the answer to each question among all rows of `vectors`, int64 (Q,); -1 where none is left.

    vectors: (V, D), any float type; scored in float32 but for the questions that this does not settle.
    method: a name of METHODS. Memory: a few tens of MB beside `vectors`, whatever V and Q are.
    """
    vectors = as_floats(vectors)
    norms = row_norms(vectors)
    found = scan(vectors, questions, METHODS[method])
    undecided = doubtful(method, vectors, norms, questions, found)
    if undecided.size:
        found.best.row[undecided] = settle(method, vectors, norms, questions.subset(undecided))
    return found.best.row


def rounding_error(dimensions: int) -> float:
    """How far two float32 scores of one answer by 3CosAdd, ours and gensim's, may lie apart.

    A score sums three dot products of D terms: rounding grows as sqrt(D); the factors leave room to spare.
    """
    return float(2.0**-24 * (8.0 * np.sqrt(dimensions) + 32.0))


def _margins(method: str, dimensions: int, questions: Questions, found: Scan) -> NDArray[np.float64]:
    """How far the float32 scores that can win a question may be wrong together, float64 (Q,)."""
    error = rounding_error(dimensions)
    best = np.where(np.isfinite(found.best.score), np.abs(found.best.score), 1.0).astype(np.float64)
    margins: NDArray[np.float64]
    if method == "3CosAdd":
        return np.full(len(questions), error)
    if method == "3CosMul":
        # An error e of a cosine moves p p / (p + 1e-6) by at most e/2 (2 + score) / (least p(., a) + 1e-6).
        least = np.maximum((1.0 + found.least[found.a]) / 2, 0.0) + COSMUL_EPSILON
        margins = error / 3 / 2 * (2.0 + best) / least
        return margins
    # The numerator's error times 1/|d - c|, and the score times the relative error of |d - c|.
    distance = 2.0 - 2.0 * TOO_CLOSE
    margins = error / np.sqrt(distance) + best * error / distance
    return margins


def doubtful(
    method: str, vectors: NDArray[Any], norms: NDArray[Any], questions: Questions, found: Scan
) -> NDArray[np.int64]:
    """Questions that float32 block scores do not settle.

    That is: two best answers within rounding; no answer at all; a question word without direction; for
    PairDistance a neighbour all but equal to c, or no offset; for gensim's methods five other spellings of its
    words before the best answer, in which case gensim never gets to see that answer.
    """
    best = found.best
    margins = _margins(method, vectors.shape[1], questions, found)
    directed = has_direction(norms)
    with np.errstate(invalid="ignore"):
        settled = (best.score - best.runner_up > margins) & np.isfinite(best.score)
    settled &= margins < slack(best.score)
    settled &= directed[questions.a] & directed[questions.b] & directed[questions.c]
    if method == "PairDistance":
        settled &= (found.neighbours[found.c] <= 1) & (questions.a != questions.b)
        return np.flatnonzero(~settled)
    many_spellings = [len(rows) > GENSIM_TOPN for rows in questions.ignored]
    for question in np.flatnonzero(settled & many_spellings):
        settled[question] = _is_in_sight(
            method, vectors, norms, questions, int(question), best.score[question] - margins[question]
        )
    return np.flatnonzero(~settled)


def _is_in_sight(
    method: str, vectors: NDArray[Any], norms: NDArray[Any], questions: Questions, number: int, score: float
) -> bool:
    """Whether fewer than five other spellings of the question's words reach `score`."""
    a, b, c = (int(word[number]) for word in (questions.a, questions.b, questions.c))
    spellings = [row for row in questions.ignored[number] if row not in (a, b, c)]
    unit = unit_rows(vectors[[a, b, c, *spellings]])
    from_a, from_b, from_c = (unit[3:] @ unit[place] for place in range(3))
    law = METHODS[method]
    scores = law.join(law.of_pair(from_a, from_b), law.of_word(from_c))
    return bool(np.count_nonzero(scores >= score) < GENSIM_TOPN)


def settle(method: str, vectors: NDArray[Any], norms: NDArray[Any], questions: Questions) -> NDArray[np.int64]:
    """Rows of the answers to doubtful questions, int64 (Q,); -1 where none is left."""
    if method == "PairDistance":
        return scan(vectors, questions, METHODS[method], np.float64).best.row
    return _ask_gensim(method, vectors, norms, questions)


def _ask_gensim(
    method: str, vectors: NDArray[Any], norms: NDArray[Any], questions: Questions
) -> NDArray[np.int64]:
    """Answers of gensim's own `most_similar` or `most_similar_cosmul`, on a KeyedVectors keyed by row."""
    from gensim.models import KeyedVectors

    by_row = KeyedVectors(vectors.shape[1])
    by_row.vectors, by_row.norms, by_row.index_to_key = vectors, norms, range(len(vectors))
    # Norms are there; gensim's 3CosMul would warn that it calls a deprecated method of its own.
    by_row.init_sims = lambda: None
    answers = np.full(len(questions), -1, np.int64)
    rows = zip(questions.a.tolist(), questions.b.tolist(), questions.c.tolist(), strict=True)
    for question, (a, b, c) in enumerate(rows):
        with np.errstate(invalid="ignore", divide="ignore"):
            if method == "3CosAdd":
                nearest = [row for row, _ in by_row.most_similar([b, c], [a], topn=GENSIM_TOPN)]
            else:
                nearest = _nearest_by_cosmul(by_row, a, b, c)
        ignored = set(questions.ignored[question])
        # gensim takes the first that is none of the question's words, or the last it looked at.
        allowed = [row for row in nearest if row not in ignored] or nearest[-1:]
        answers[question] = allowed[0] if allowed else -1
    return answers


def _nearest_by_cosmul(by_row: Any, a: int, b: int, c: int) -> list[int]:
    """gensim's `most_similar_cosmul` takes strings and vectors, no row numbers: the question's own rows, which
    it would leave out by name, are left out here."""
    given = {a, b, c}
    of = by_row.get_vector
    positive, negative = [of(b, norm=True), of(c, norm=True)], [of(a, norm=True)]
    found = by_row.most_similar_cosmul(positive, negative, topn=GENSIM_TOPN + len(given))
    return [row for row, _ in found if row not in given][:GENSIM_TOPN]
