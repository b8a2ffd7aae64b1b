"""The sentences that an explained step is told in, the same on a terminal and on a page."""

from __future__ import annotations

import numpy as np

from w2vplus.stepwise.records import NODE, ExplainedStep, Update


def method(step: ExplainedStep) -> str:
    """The learning method by its names."""
    settings = step.settings
    losses = [name for name, used in (("hierarchical softmax", settings["hierarchical_softmax"]),
                                      ("negative sampling", settings["negative"])) if used]  # fmt: skip
    return f"{'skip-gram' if settings['skip_gram'] else 'CBOW'} with {' and '.join(losses)}"


def model_line(step: ExplainedStep) -> str:
    """Where the numbers come from."""
    return f"{method(step)}; {step.model}"


def settings_line(step: ExplainedStep) -> str:
    """The settings that matter for the step."""
    settings = step.settings
    window = "unlimited" if settings["window"] is None else settings["window"]
    names = [name for name in ("negative", "sample", "learning_rate", "seed") if name != "negative" or settings[name]]
    return ", ".join([f"window {window}", *(f"{name} {settings[name]:g}" for name in names)])


def how_long(step: ExplainedStep) -> str:
    """How far the window reaches."""
    if step.settings["window"] is None:
        return "The window is the whole sentence, as far as it stayed."
    if not step.settings["shrink_windows"]:
        return f"The window reaches {step.reach} to each side, among the words that stayed."
    whose = f"the windows of {_words(step, step.reaching)} reach" if len(step.reaching) > 1 else "the window reaches"
    return (
        f"How far {whose} is drawn from 1 to {step.settings['window']}, so that near words count more: "
        f"{step.reach} to each side here, among the words that stayed."
    )


def subject(update: Update) -> str:
    """Who is asked in an update."""
    if update.projection is None:
        return ", ".join(update.inputs)
    return f"{', '.join(update.inputs)} together" if len(update.inputs) > 1 else update.inputs[0]


def how_it_asks(step: ExplainedStep) -> str:
    """What the questions are, and the formulae of the answers."""
    settings = step.settings
    if settings["skip_gram"]:
        who = f"Each context word alone is to predict {step.target}."
    else:
        kind = "mean" if settings["cbow_mean"] else "sum"
        who = f"The context words together, as the {kind} of their vectors, are to predict {step.target}."
    asked = []
    if any(output.kind == NODE for output in step.updates[0].outputs):
        asked.append(
            f"From the root of the Huffman tree, at every inner node: does the path to {step.target} turn left "
            "(label 1) or right (label 0)?"
        )
    if settings["negative"]:
        windows = settings["noise_words_for"]
        if len(step.sharing) > 1:
            windows = f"the neighbouring windows of {_words(step, step.sharing)} together,"
        asked.append(
            f"Is it the true word (label 1), or one of {settings['negative']} noise words, drawn for "
            f"{windows} by count to the power of {settings['noise_exponent']:g} (label 0)?"
        )
    formulae = "The logit is u = x·y, the answer σ(u) = 1/(1 + e^−u), the error label − σ(u)."
    return " ".join([who, *asked, formulae])


def path_probabilities(step: ExplainedStep) -> str:
    """What the turns say together, with hierarchical softmax alone; else nothing."""
    if step.settings["negative"]:
        return ""
    said = []
    for update in step.updates:
        names = update.inputs if update.projection is None else [subject(update)]
        # The right turn has the probability 1 − |label − σ|, whichever it is.
        rights = np.prod(1.0 - np.abs(update.forward.errors), axis=1)
        said += [f"{right:.3g} ({name})" for name, right in zip(names, rights.tolist(), strict=True)]
    return f"The probability of {step.target} is the product of the probabilities of its turns: {', '.join(said)}."


def how_it_moves(step: ExplainedStep) -> str:
    """The update rule, with what gensim's CBOW does differently."""
    rate = step.settings["learning_rate"]
    rule = f"Every input row gets {rate:g} · error · y from each output, every output row {rate:g} · error · x back"
    together = ""
    if len(step.sharing) > 1:
        together = (
            f" The windows of {_words(step, step.sharing)} are trained together from the same old values, and their"
            f" changes added; these are the changes by the window of {step.target}."
        )
    if step.settings["skip_gram"]:
        in_turn = " Updates are made one after another: each begins with what the one before it left."
        return f"{rule}, all from the values before the update.{in_turn if len(step.updates) > 1 else ''}{together}"
    share = "the whole of it" if step.settings["cbow_mean"] != step.settings["cbow_corrected"] else "its share of it"
    return f"{rule}; what is due to the mean or sum of the context words, each of them gets: {share}.{together}"


def _words(step: ExplainedStep, places: tuple[int, ...]) -> str:
    """The words at several places."""
    *first, last = (step.tokens[place].text for place in places)
    return f"{', '.join(first)} and {last}"
