"""One real training step, looked at: what becomes of one word of a sentence, with every number in between.

`explain_step(model, sentence)` makes the step that the next `train` would make for one centre word, by
`w2vplus.reference` in float64, with the kernel's own random choices; the model is not changed. The result prints as
text (`w2vplus explain`) and is a page in a notebook or a file (`page`).
"""

from w2vplus.stepwise.explaining import explain_step
from w2vplus.stepwise.models import StepModel, toy_model
from w2vplus.stepwise.page import page
from w2vplus.stepwise.records import ExplainedStep, Output, RowChange, Token, Update

__all__ = [
    "ExplainedStep",
    "Output",
    "RowChange",
    "StepModel",
    "Token",
    "Update",
    "explain_step",
    "page",
    "toy_model",
]
