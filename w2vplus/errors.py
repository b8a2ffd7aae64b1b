"""The errors w2vplus raises for bad input, whose messages name the value, the rule and the remedy, and an interrupt."""

from pickle import UnpicklingError


class CorpusError(ValueError):
    """A corpus cannot be read as asked: empty, truncated, not UTF-8, not restartable, of the wrong shape."""


class SentenceTypeError(CorpusError, TypeError):
    """A sentence or a corpus is an object of the wrong type, such as a generator where a list is needed."""


class VectorFormatError(ValueError):
    """A vectors file is not what its format promises; the message names row and byte offset."""


class EvaluationError(ValueError):
    """An evaluation file has the wrong shape; the message names the line."""


class CoverageError(EvaluationError):
    """An evaluation file is well-formed, and the vocabulary knows too little of it to be judged by it."""


class ModelFormatError(ValueError, UnpicklingError):
    """A saved model or checkpoint cannot be read: truncated, foreign, or of a newer format version. Where gensim loads
    what is no pickle, it raises UnpicklingError."""


class WrongModelError(ModelFormatError, AttributeError):
    """A saved object of another class than the one asked for; gensim raises AttributeError there."""


class CheckpointError(ValueError):
    """A checkpoint and what it is asked to go on with do not belong together."""


class InterruptedAgain(KeyboardInterrupt):
    """An interrupt that came while an earlier one was being answered: nothing more is to be saved."""


class LogFormatError(ValueError):
    """A training log is not what `--log` writes, or holds nothing; the message names the line."""
