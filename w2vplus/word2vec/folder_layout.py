"""How a `Word2Vec` lies in a folder: which of its attributes are settings, state, documents and arrays; and
back.

Called by `persistence` and `checkpoints`. Settings are the constructor's arguments, each kept by the model under its
own name, so that an argument added there is saved without another word here.
"""

from __future__ import annotations

import inspect
import logging
from collections import defaultdict
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from w2vplus.array_folder import ArrayFolder
from w2vplus.errors import ModelFormatError
from w2vplus.vocabulary import HuffmanTree
from w2vplus.word2vec import tables
from w2vplus.word2vec.card import card_of, versions
from w2vplus.word2vec.json_values import keys_from_json, keys_to_json, phrases_from_json, phrases_to_json
from w2vplus.word2vec.rows import take_in_added_words

logger = logging.getLogger(__name__)

DOCUMENTS: dict[str, type] = {"vocabulary": list, "state": dict}

STATE = (
    "corpus_count", "corpus_total_words", "effective_min_count", "train_count", "total_train_time",
    "min_alpha_yet_reached", "running_training_loss", "training_losses", "layer1_size",
    "corpus_total_types",
)  # fmt: skip
"""Attributes beside the settings that are saved as they are."""

_MATRICES = {"node_vectors": "syn1", "output_vectors": "syn1neg"}
_EXPANDOS = {"counts": "count", "keep_thresholds": "sample_int"}
_TREE = ("path_starts", "path_nodes", "path_codes")
_ATTRIBUTE = "attribute."
"""Prefix of the user's own attributes of words (`wv.set_vecattr`)."""

_REBUILT = {
    "random", "load", "wv", "cum_table", "lifecycle_events", "raw_vocab", "phrases", "hashfxn", "corpora",
    "__numpys", "__scipys", "__ignoreds", "__recursive_saveloads", "syn1", "syn1neg", *STATE,
}  # fmt: skip
"""Attributes that are kept in other ways, or follow from the rest."""

Model = TypeVar("Model")


def setting_names(model_class: type) -> list[str]:
    """The constructor's arguments that are settings of a model (its corpus and callbacks are none)."""
    return [name for name in inspect.signature(model_class.__init__).parameters if name not in _NO_SETTINGS]  # type: ignore[misc]


_NO_SETTINGS = {
    "self", "unknown", "sentences", "corpus_file", "hashfxn", "trim_rule", "callbacks", "progress",
    "checkpoint", "phrases", "init_from", "lock_factors",
}  # fmt: skip


def content_of(model: Any, kind: str, **head: Any) -> ArrayFolder:
    """Everything that `model` is, ready to be written; `head` is added to the settings a person can read.

    Raises TypeError for what cannot be kept without pickle, ValueError for words that the model has no outputs of.
    """
    from w2vplus.word2vec.model import Word2Vec
    from w2vplus.word2vec.persistence import TRANSIENT

    settings = {
        name: _scalar(name, getattr(model, name)) for name in setting_names(Word2Vec) if hasattr(model, name)
    }
    lost = set(vars(model)) - set(settings) - _REBUILT - set(TRANSIENT)
    if model.hashfxn is not hash:
        lost.add("hashfxn")
    if lost:
        logger.warning("a folder has no place for the attributes %s: not kept", ", ".join(sorted(lost)))
    take_in_added_words(model)
    tables.settle_sample(model)
    arrays = _arrays_of(model)
    state = {name: _scalar(name, getattr(model, name)) for name in STATE if hasattr(model, name)}
    state["lifecycle_events"] = _plain_events(model.lifecycle_events)
    documents: dict[str, Any] = {"vocabulary": keys_to_json(model.wv.index_to_key), "state": state}
    state["phrases"] = phrases_to_json(getattr(model, "phrases", None))
    if model.raw_vocab is not None:
        state["raw_vocabulary"] = keys_to_json(list(model.raw_vocab))
        arrays["raw_counts"] = np.fromiter(model.raw_vocab.values(), np.int64, len(model.raw_vocab))
    facts = {
        "vocabulary_size": len(model.wv), "sentences": model.corpus_count, "tokens": model.corpus_total_words,
        "trainings": model.train_count, "corpora": model.corpora,
    }  # fmt: skip
    head = {**versions(), "settings": settings, "facts": facts, **head}
    return ArrayFolder(kind, head, documents, arrays, card_of(model, settings))


def _plain_events(events: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """gensim's lifecycle events; what JSON cannot hold is written as a string."""
    if events is None:
        return None
    plain = (int, float, str, bool, type(None))
    return [
        {name: value if isinstance(value, plain) else str(value) for name, value in event.items()}
        for event in events
    ]


def _arrays_of(model: Any) -> dict[str, NDArray[Any]]:
    keyed_vectors = model.wv
    arrays = {"input_vectors": np.asarray(keyed_vectors.vectors)}
    if getattr(keyed_vectors, "vectors_lockf", None) is not None:
        arrays["lock_factors"] = np.asarray(keyed_vectors.vectors_lockf)
    for name, attribute in _MATRICES.items():
        if getattr(model, attribute, None) is not None:
            arrays[name] = np.asarray(getattr(model, attribute))
            if len(arrays[name]) != len(keyed_vectors):
                raise ValueError(
                    f"wv has {len(keyed_vectors)} words and {attribute} {len(arrays[name])} rows, which no folder "
                    "holds: both must have a row for each word"
                )
    for name, attribute in _EXPANDOS.items():
        if attribute in keyed_vectors.expandos:
            arrays[name] = np.asarray(keyed_vectors.expandos[attribute])
    if "code" in keyed_vectors.expandos:
        tree = tables._stored_huffman_tree(keyed_vectors)
        arrays.update(zip(_TREE, (tree.path_starts, tree.inner_nodes, tree.codes), strict=True))
    for attribute, values in keyed_vectors.expandos.items():
        if attribute in (*_EXPANDOS.values(), "code", "point"):
            continue
        if np.asarray(values).dtype.kind not in "biuf":
            raise TypeError(
                f"the word attribute {attribute!r} holds {np.asarray(values).dtype} and only numbers can be "
                "kept in a folder: remove it from wv.expandos, or use save()"
            )
        arrays[_ATTRIBUTE + attribute] = np.asarray(values)
    return arrays


def _scalar(name: str, value: Any) -> Any:
    """`value` as JSON holds it: a number, a string, None or a list of numbers."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_scalar(name, item) for item in value]
    raise TypeError(
        f"{name} must be a number, a string or a list of them to be kept in a folder, got {value!r}"
    )


def model_from(model_class: type[Model], content: ArrayFolder, source: str) -> Model:
    """The model that `content_of` took apart. Raises ModelFormatError, naming `source`, if it does not fit
    together."""
    try:
        return _model_from(model_class, content)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelFormatError(f"{source} holds no usable model: {problem}") from error


def _model_from(model_class: type[Model], content: ArrayFolder) -> Model:
    state, arrays = content.documents["state"], dict(content.arrays)
    model: Any = model_class(**content.head["settings"])
    keys = keys_from_json(content.documents["vocabulary"])
    keyed_vectors = model.wv
    keyed_vectors.index_to_key = keys
    keyed_vectors.key_to_index = {key: number for number, key in enumerate(keys)}
    keyed_vectors.next_index = len(keys)
    if len(keyed_vectors.key_to_index) != len(keys):
        raise ValueError("the vocabulary holds a word twice")
    for name in STATE:
        if name in state:
            setattr(model, name, state[name])
    model.lifecycle_events = state["lifecycle_events"]
    model.corpora = [dict(note) for note in content.head["facts"].get("corpora", [])]
    keyed_vectors.vectors = _shaped(arrays, "input_vectors", (len(keys), model.vector_size))
    if "lock_factors" in arrays:  # gensim's KeyedVectors have them only where a model made them
        keyed_vectors.vectors_lockf = arrays.pop("lock_factors")
    for name, attribute in _MATRICES.items():
        if name in arrays:
            setattr(model, attribute, _shaped(arrays, name, (len(keys), model.layer1_size)))
    for name, attribute in _EXPANDOS.items():
        if name in arrays:
            keyed_vectors.expandos[attribute] = _shaped(arrays, name, (len(keys),))
    if _TREE[0] in arrays:
        tables._keep_tree(keyed_vectors, _checked_tree([arrays.pop(name) for name in _TREE], len(keys)))
    if "raw_vocabulary" in state:
        raw_keys = keys_from_json(state["raw_vocabulary"])
        raw_counts = _shaped(arrays, "raw_counts", (len(raw_keys),))
        model.raw_vocab = defaultdict(int, zip(raw_keys, raw_counts.tolist(), strict=True))
    for name in [name for name in arrays if name.startswith(_ATTRIBUTE)]:
        keyed_vectors.expandos[name.removeprefix(_ATTRIBUTE)] = _shaped(arrays, name, (len(keys),))
    if arrays:
        raise ValueError(f"unknown arrays {', '.join(arrays)}")
    phrases = phrases_from_json(state["phrases"])
    if phrases is not None:
        model.phrases = phrases
    if model.negative and keys:
        model.make_cum_table()
    model._sample_of_thresholds = model.sample
    result: Model = model
    return result


def _shaped(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array `name`, taken out of `arrays` if it has the shape."""
    array = arrays.pop(name)
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")
    return array


def _checked_tree(parts: list[NDArray[Any]], word_count: int) -> HuffmanTree:
    starts, nodes, codes = parts
    if starts.shape != (word_count + 1,) or starts[0] != 0 or bool(np.any(np.diff(starts) < 0)):
        raise ValueError(f"path_starts must be {word_count + 1} ascending numbers from 0")
    if nodes.shape != (int(starts[-1]),) or codes.shape != nodes.shape:
        raise ValueError("path_nodes and path_codes must have path_starts[-1] entries each")
    if len(nodes) and (nodes.min() < 0 or nodes.max() >= word_count):
        raise ValueError(f"path_nodes must lie in 0..{word_count - 1}")
    if len(codes) and codes.max() > 1:
        raise ValueError(f"path_codes must be 0 or 1, got {codes.max()}")
    return HuffmanTree(starts, nodes, codes)
