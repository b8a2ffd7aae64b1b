"""Makes one training step for one word of a sentence, by the reference, and writes down all of it.

The choices are the kernel's: every token's fate, reach and noise words follow from the model's key and the token's
place. The arithmetic is `w2vplus.reference`, over the few rows that the step touches, in float64. Where neighbouring
windows share their noise words (and in CBOW their reach), they are trained together from the same old values and
their changes added: what is shown is the share of one window. With hierarchical softmax a window is shown as if it
were alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus import draws, reference
from w2vplus.reference import Floats
from w2vplus.stepwise.models import StepModel
from w2vplus.stepwise.records import ExplainedStep, Output, RowChange, Token, Update
from w2vplus.trainer import UNLIMITED_WINDOW


def explain_step(
    model: Any, sentence: str | Sequence[Any], *, center: int | str | None = None, **settings: Any
) -> ExplainedStep:
    """The step that `model` would make for one centre word of `sentence`, if it were trained on it next.

    Parameters
    ----------
    model : a trained `Word2Vec`, or a `StepModel`
    sentence : text, split at white space, or keys; a model that has phrases joins them
    center : the word whose window is trained, or its place (from 0); unless given, the middle word that was kept
    settings : window, learning_rate, sample and seed in place of the model's (`StepModel.of`)

    Raises ValueError if nothing is left to train, or the centre word is not among what is left.
    """
    step_model = model if isinstance(model, StepModel) else StepModel.of(model, **settings)
    words = step_model.read(sentence)
    ids = [step_model.word_id(word) for word in words]
    tokens = tuple(_fate(step_model, str(word), ids[place], place) for place, word in enumerate(words))
    kept = [place for place, token in enumerate(tokens) if token.fate == "kept"]
    _check_something_is_left(step_model, tokens, kept)
    chosen = _center(tokens, kept, center)
    sharing = _sharing(step_model, kept, chosen)
    reach = min(_reach(step_model, kept, chosen), len(tokens))
    around = reference.context_window(kept.index(chosen), len(kept), reach)
    window = tuple(kept[place] for place in around)
    step = _Step(step_model, ids[chosen], [ids[place] for place in window], sharing[0])
    updates = tuple(step.updates())
    return ExplainedStep(
        model=step_model.name,
        settings=_settings(step_model, len(sharing)),
        tokens=tokens,
        center=chosen,
        reach=reach,
        window=window,
        sharing=sharing,
        reaching=_reaching(step_model, kept, chosen),
        updates=updates,
        changes=step.changes(),
        loss_before=sum(update.forward.loss for update in updates),
        loss_after=step.loss_asked_again(),
    )


def _fate(model: StepModel, word: str, word_id: int, place: int) -> Token:
    if word_id < 0:
        return Token(word, "unknown")
    threshold = int(model.tables.keep_thresholds[word_id])
    drawn = draws.keep_draw(model.key, place)
    count = int(model.counts[word_id])
    return Token(
        word,
        "kept" if draws.is_kept(threshold, drawn) else "dropped",
        count,
        count / float(model.counts.sum()),
        1.0 if threshold == draws.ALWAYS else threshold / 2**32,
        drawn / 2**32,
    )


def _check_something_is_left(model: StepModel, tokens: tuple[Token, ...], kept: list[int]) -> None:
    if len(kept) >= 2:
        return
    known = sum(token.fate != "unknown" for token in tokens)
    if known >= 2:
        remedy = "another seed drops others, and sample 0 none"
    else:
        frequent = ", ".join(map(str, model.vectors.index_to_key[:3]))
        remedy = f"give two or more that the model knows, such as {frequent}"
    raise ValueError(
        f"a step needs two words that stay, but of {len(tokens)} words {known} are in the vocabulary and "
        f"{len(kept)} were kept: {remedy}"
    )


def _center(tokens: tuple[Token, ...], kept: list[int], center: int | str | None) -> int:
    """The place of the centre word among the tokens."""
    if center is None:
        return kept[len(kept) // 2]
    if isinstance(center, int):
        if not 0 <= center < len(tokens):
            raise ValueError(f"center must be a word of the sentence or 0 to {len(tokens) - 1}, got {center}")
        places = [center]
    else:
        texts = [token.text for token in tokens]
        places = [place for place, text in enumerate(texts) if text == center]
        if not places:
            close = difflib.get_close_matches(center, texts, n=3)
            hint = f" (did you mean {', '.join(dict.fromkeys(close))}?)" if close else ""
            raise ValueError(f"center must be a word of the sentence, got {center!r}{hint}")
    for place in places:
        if place in kept:
            return place
    token = tokens[places[0]]
    if token.fate == "unknown":
        raise ValueError(f"center {token.text!r} is not in the vocabulary: no step is made for it")
    raise ValueError(f"center {token.text!r} was dropped by subsampling: choose another word or seed, or sample 0")


def _neighbours(model: StepModel, kept: list[int], chosen: int) -> tuple[int, ...]:
    """The places of the centre words that share draws with the chosen one, itself among them."""
    most = max(1, reference.bounded(model.law.shared_negatives, model.learning_rate))
    law = model.law
    if law.hierarchical_softmax if law.skip_gram else law.corrected_cbow and not law.cbow_mean:
        most = 1
    first = kept.index(chosen) // most * most
    return tuple(kept[first : first + most])


def _reaching(model: StepModel, kept: list[int], chosen: int) -> tuple[int, ...]:
    """The places of the centre words whose windows reach as far as the chosen one's by one draw: neighbours in CBOW."""
    return (chosen,) if model.law.skip_gram else _neighbours(model, kept, chosen)


def _reach(model: StepModel, kept: list[int], chosen: int) -> int:
    """How far the window of the chosen word reaches."""
    law = model.law
    place = _reaching(model, kept, chosen)[0]
    drawn = draws.window_reach(model.key, place, law.window) if law.shrink_windows else law.window
    return min(drawn, law.farthest)


def _sharing(model: StepModel, kept: list[int], chosen: int) -> tuple[int, ...]:
    """The places of the centre words that share a draw of noise words with the chosen one, itself among them."""
    return (chosen,) if model.law.hierarchical_softmax else _neighbours(model, kept, chosen)


def _settings(model: StepModel, windows: int) -> dict[str, Any]:
    """The settings of a step whose noise words are drawn for so many windows together."""
    law = model.law
    noise_words_for = "the window" if windows == 1 else f"{windows} neighbouring windows"
    return {
        "skip_gram": law.skip_gram,
        "hierarchical_softmax": law.hierarchical_softmax,
        "negative": law.negative,
        "window": None if law.window == UNLIMITED_WINDOW else law.window,
        "shrink_windows": law.shrink_windows,
        "cbow_mean": law.cbow_mean,
        "cbow_corrected": law.corrected_cbow,
        "noise_words_for": "each pair" if law.skip_gram and law.shared_negatives == 0 else noise_words_for,
        "noise_exponent": model.noise_exponent,
        "sample": model.sample,
        "learning_rate": model.learning_rate,
        "seed": model.seed,
        "vector_size": int(model.weights.input_vectors.shape[1]),
        "vocabulary_size": len(model.counts),
    }


class _Rows:
    """The rows that a step touches, of one or of both output matrices, in float64; numbered in order of use."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, int], int] = {}
        self.before: list[Floats] = []
        self.matrix: Floats = np.empty((0, 0))

    def place(self, kind: str, row: int, matrix: NDArray[np.float32]) -> int:
        """The number of a row of `matrix`, here."""
        place = self.places.setdefault((kind, row), len(self.before))
        if place == len(self.before):
            self.before.append(np.asarray(matrix[row], np.float64))
            self.matrix = np.vstack([*self.matrix, self.before[place]])
        return place


class _Step:
    """The updates of one centre word, in the kernel's order. Its noise words belong to the token at `drawn_at`."""

    def __init__(self, model: StepModel, target_id: int, context_ids: list[int], drawn_at: int) -> None:
        self.model, self.target_id, self.context_ids, self.drawn_at = model, target_id, context_ids, drawn_at
        self.inputs, self.outputs = _Rows(), _Rows()
        self._asked: list[tuple[list[int], list[int], Floats]] = []
        if model.law.negative:
            self._noise_probabilities = reference.noise_distribution(model.counts, model.noise_exponent)

    def updates(self) -> Iterator[Update]:
        """Make the step, update by update."""
        law, rate = self.model.law, self.model.learning_rate
        if not law.skip_gram:
            yield self._update(self.context_ids, 0)
        elif law.shared_negatives:  # one draw of noise words for all pairs of the window (Ji et al. 2016)
            for tile in reference.tiles(self.context_ids, rate):
                yield self._update(tile.tolist(), 0)
        else:  # noise words for every pair, as in word2vec.c
            for number, context_id in enumerate(self.context_ids):
                yield self._update([context_id], number * law.negative)

    def _update(self, context_ids: list[int], first_draw: int) -> Update:
        model, law = self.model, self.model.law
        outputs, places, avoided = self._questions(first_draw)
        labels = np.array([float(output.label) for output in outputs])
        weights = model.weights
        inputs = [self.inputs.place("input", row, weights.input_vectors) for row in context_ids]
        self._asked.append((inputs, places, labels))
        locks = None if weights.lock_factors is None else self._locks(weights.lock_factors)
        rows = (self.inputs.matrix, self.outputs.matrix, inputs, places, labels)
        forward, projection = self._forward(inputs, places, labels)
        if law.skip_gram:
            reference.tile_step(*rows, model.learning_rate, lock_factors=locks)
        else:
            reference.cbow_step(
                *rows, model.learning_rate, mean=law.cbow_mean, corrected=law.corrected_cbow, lock_factors=locks
            )
        return Update(tuple(map(self._name, context_ids)), tuple(outputs), tuple(avoided), forward, projection)

    def _forward(
        self, inputs: list[int], outputs: list[int], labels: Floats
    ) -> tuple[reference.Forward, Floats | None]:
        law = self.model.law
        if law.skip_gram:
            return reference.binary_forward(self.inputs.matrix[inputs], self.outputs.matrix[outputs], labels), None
        projection = reference.project(self.inputs.matrix, inputs, mean=law.cbow_mean)
        return reference.binary_forward(projection, self.outputs.matrix[outputs], labels), projection

    def _questions(self, first_draw: int) -> tuple[list[Output], list[int], list[str]]:
        """Output rows with their labels, their places, and the noise words that were the target."""
        model, law = self.model, self.model.law
        outputs: list[Output] = []
        places: list[int] = []
        avoided: list[str] = []
        if law.hierarchical_softmax:
            assert model.tables.tree is not None and model.weights.node_vectors is not None
            for node, code in zip(*model.tables.tree.path(self.target_id), strict=True):
                outputs.append(Output(f"node {node}", "node", 1 - int(code)))
                places.append(self.outputs.place("node", int(node), model.weights.node_vectors))
        if law.negative:
            assert model.tables.noise is not None and model.weights.output_vectors is not None
            stream = draws.noise_stream(model.key, self.drawn_at)
            drawn = draws.noise_words(stream, first_draw, law.negative, model.tables.noise)
            for row, is_noise in [(self.target_id, False), *((row, True) for row in drawn)]:
                name = self._name(row)
                if is_noise and row == self.target_id:
                    avoided.append(name)
                    continue
                probability = float(self._noise_probabilities[row]) if is_noise else None
                outputs.append(Output(name, "noise" if is_noise else "target", int(not is_noise), probability))
                places.append(self.outputs.place("word", row, model.weights.output_vectors))
        return outputs, places, avoided

    def _locks(self, lock_factors: NDArray[np.float32]) -> Floats:
        return np.array([float(lock_factors[row]) for _, row in self.inputs.places])

    def _name(self, row: int) -> str:
        return str(self.model.vectors.index_to_key[row])

    def loss_asked_again(self) -> float:
        """The loss of all questions with the vectors as they are now."""
        return sum(self._forward(*asked)[0].loss for asked in self._asked)

    def changes(self) -> tuple[RowChange, ...]:
        """Every row that the step touched."""
        found = []
        for rows in (self.inputs, self.outputs):
            for (kind, row), place in rows.places.items():
                name = f"node {row}" if kind == "node" else self._name(row)
                side = "input" if rows is self.inputs else "output"
                found.append(RowChange(name, side, rows.before[place], rows.matrix[place].copy()))  # type: ignore[arg-type]
        return tuple(found)
