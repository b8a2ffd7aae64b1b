"""What an explained step consists of, as plain records: words, choices, numbers, vectors before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from w2vplus.reference import Floats, Forward

NODE = "node"


@dataclass(frozen=True)
class Token:
    """A word of the sentence and what became of it.

    `keep_probability` and `drawn` lie in 0..1; the word stays if what was drawn is below. They, `count` and `share`
    (of all the text) are None for a word that the vocabulary does not have.
    """

    text: str
    fate: Literal["kept", "dropped", "unknown"]
    count: int | None = None
    share: float | None = None
    keep_probability: float | None = None
    drawn: float | None = None


@dataclass(frozen=True)
class Output:
    """An output row that is asked: the target itself, a noise word, or an inner node of the Huffman tree.

    `probability`: of a noise word, to be drawn. The label of a node is 1 where the path turns left (code 0).
    """

    name: str
    kind: Literal["target", "noise", "node"]
    label: int
    probability: float | None = None


@dataclass(frozen=True)
class Update:
    """One update of the matrices: input words are asked about output rows, and both are moved.

    `forward` has a row for every input word (skip-gram) or one for their `projection` (CBOW; (1, D)). `avoided`:
    noise words that were drawn and left out because they are the target.
    """

    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    avoided: tuple[str, ...]
    forward: Forward
    projection: Floats | None


@dataclass(frozen=True)
class RowChange:
    """A row of one of the matrices before and after the step, float64 (D,)."""

    name: str
    side: Literal["input", "output"]
    before: Floats
    after: Floats


@dataclass(frozen=True)
class ExplainedStep:
    """One training step around one centre word.

    `window`: the places in `tokens` of the words around `center`; `reach`: how many words to each side it has at
    most, drawn from 1 to the window of the settings (None: unlimited) if windows shrink. `sharing`: the places of the
    neighbouring centre words, `center` among them, that share its noise words and are trained together; the
    step is the share of `center`. `reaching`: the places of those whose windows reach as far by the same draw; only in
    CBOW others than `center`. `loss_after` asks the same questions again with the new vectors.
    """

    model: str
    settings: dict[str, Any]
    tokens: tuple[Token, ...]
    center: int
    reach: int
    window: tuple[int, ...]
    sharing: tuple[int, ...]
    reaching: tuple[int, ...]
    updates: tuple[Update, ...]
    changes: tuple[RowChange, ...]
    loss_before: float
    loss_after: float

    @property
    def target(self) -> str:
        """The centre word, which the words around it are to predict."""
        return self.tokens[self.center].text

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(input, target) of every context word."""
        return [(word, self.target) for update in self.updates for word in update.inputs]

    def as_dict(self) -> dict[str, Any]:
        """Everything as numbers, strings and lists."""
        return {
            "model": self.model,
            "settings": self.settings,
            "tokens": [vars(token) for token in self.tokens],
            "target": self.target,
            "center": self.center,
            "reach": self.reach,
            "window": list(self.window),
            "sharing": list(self.sharing),
            "reaching": list(self.reaching),
            "pairs": [list(pair) for pair in self.pairs],
            "updates": [_update_as_dict(update) for update in self.updates],
            "changes": [
                {"name": one.name, "side": one.side, "before": one.before.tolist(), "after": one.after.tolist()}
                for one in self.changes
            ],
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
        }

    def _repr_html_(self) -> str:
        from w2vplus.stepwise.page import fragment

        return fragment(self)


def _update_as_dict(update: Update) -> dict[str, Any]:
    return {
        "inputs": list(update.inputs),
        "outputs": [vars(output) for output in update.outputs],
        "avoided": list(update.avoided),
        "projection": None if update.projection is None else update.projection[0].tolist(),
        "logits": update.forward.logits.tolist(),
        "probabilities": update.forward.probabilities.tolist(),
        "errors": update.forward.errors.tolist(),
        "loss": update.forward.loss,
    }
