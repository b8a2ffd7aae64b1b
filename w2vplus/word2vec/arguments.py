"""Checks of `Word2Vec`'s arguments, made before anything is read; called by the constructor and the CLI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import isfunction
from os import PathLike
from typing import Any

from w2vplus.corpus import is_one_shot, is_table
from w2vplus.limits import check_something_is_learnt, checked
from w2vplus.store import EncodedCorpus

_RENAMED = {
    "size": "vector_size",
    "iter": "epochs",
    "docs": "sentences",
    "documents": "sentences",
    "min_alpha_yet_reached": "min_alpha",
    "corpus_iterable": "sentences",
    "sentences": "corpus_iterable",
    "learning_rate": "alpha",
    "dim": "vector_size",
}


def checked_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as training takes them: what is whole as an int, so that 5.0 and NumPy's numbers pass as 5.

    `arguments` maps gensim's argument names to values. Raises TypeError or ValueError for a value no training can
    use (see `w2vplus.limits`); the message names argument, rule and value.
    """
    found = {name: checked(name, value) for name, value in arguments.items()}
    if "hs" in found or "negative" in found:
        check_something_is_learnt(found.get("hs", 0), found.get("negative", 5))
    return found


def _check_sentences(sentences: Any) -> None:
    """Raise TypeError for a text or a mapping of texts, which would be taken apart into characters. A sentence that is
    a text is taken apart, as in gensim, with a warning when it is read (`w2vplus.corpus.SentenceCorpus`)."""
    if isinstance(sentences, (str, bytes)):
        raise TypeError(
            f"sentences must be an iterable of token lists, got the string {sentences[:40]!r}: "
            "pass a path as corpus_file=, or one sentence as [sentence.split()]"
        )
    if isinstance(sentences, Mapping):
        raise TypeError(
            f"sentences must be an iterable of token lists, got a {type(sentences).__name__}, whose keys would be "
            "taken for sentences: pass its values()"
        )


def check_corpus(sentences: Any, corpus_file: Any, passes: int) -> None:
    """Raise TypeError unless exactly one is given, and may be a corpus that can be read `passes` times: the one law of
    the constructor, `build_vocab` and `train`."""
    if (sentences is None) == (corpus_file is None):
        raise TypeError("exactly one of a corpus of token lists and corpus_file must be given")
    if corpus_file is not None:
        if not isinstance(corpus_file, (str, PathLike, list, tuple)):
            raise TypeError(f"corpus_file must be a path, a URI or a list of them, got {corpus_file!r}")
        return
    _check_sentences(sentences)
    if not isinstance(sentences, (Iterable, EncodedCorpus)) and not is_table(sentences):
        raise TypeError(f"the corpus must be an iterable of token lists, got {sentences!r}")
    if is_one_shot(sentences) and passes > 1:
        raise TypeError(
            f"a {type(sentences).__name__} is used up after one pass, but {passes} are needed: "
            "pass a list, or an object whose __iter__ starts anew, or let the model keep it with cache=True"
        )


CALLS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")
"""What gensim calls on a callback."""


def checked_callbacks(callbacks: Any) -> list[Any]:
    """The callbacks as a list. Raises TypeError, before anything is read, for what is none and for one that lacks a
    method."""
    if callbacks is None:
        return []
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list of callbacks, got {callbacks!r}: pass [callback]")
    found = list(callbacks)
    for callback in found:
        if isinstance(callback, type) and isfunction(getattr(callback, CALLS[0], None)):
            name = callback.__name__
            raise TypeError(f"the callback {name} is a class: give one of its objects, {name}()")
        missing = [name for name in CALLS if not callable(getattr(callback, name, None))]
        if missing:
            raise TypeError(
                f"the callback {type(callback).__name__} has no method {missing[0]}: derive its class from gensim's "
                "CallbackAny2Vec or w2vplus's TrainingCallback"
            )
    return found


def check_frequencies(frequencies: Any) -> None:
    """Raise TypeError or ValueError for what is no mapping of words to counts."""
    if not isinstance(frequencies, Mapping):
        raise TypeError(f"word frequencies must be a mapping of words to counts, got a {type(frequencies).__name__}")
    for word, count in frequencies.items():
        checked("count", count, shown=f"the count of {word!r}")


def check_trim_rule(rule: Any) -> None:
    """Raise TypeError for what is neither None nor a function."""
    if rule is not None and not callable(rule):
        raise TypeError(
            f"trim_rule must be a function of a word, its count and min_count, or None, got {rule!r}: it returns one "
            "of gensim.utils.RULE_KEEP, RULE_DISCARD and RULE_DEFAULT"
        )


def explain_unknown_argument(name: str, known: list[str]) -> str:
    """The message for an argument that does not exist: its new name, or the nearest one."""
    import difflib

    if name in _RENAMED and _RENAMED[name] in known:
        return f"unknown argument {name!r}: gensim 4 and w2vplus call it {_RENAMED[name]!r}"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
    return f"unknown argument {name!r}{hint}"
