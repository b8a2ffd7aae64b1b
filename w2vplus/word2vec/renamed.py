"""Names of gensim 3 that gensim 4 took away: using one gives a message with the new name.

Called by `Word2Vec` through ordinary attribute look-up; an absent name is an AttributeError as before, only a
helpful one.
"""

from __future__ import annotations

from typing import Any, NoReturn

_QUERIES = (
    "most_similar", "most_similar_cosmul", "similar_by_word", "similar_by_vector", "similarity", "n_similarity",
    "distance", "distances", "doesnt_match", "wmdistance", "evaluate_word_pairs", "evaluate_word_analogies",
    "save_word2vec_format", "intersect_word2vec_format", "rank",
)  # fmt: skip

NEW_NAMES = {
    **{name: f"model.wv.{name}" for name in _QUERIES},
    "words_closer_than": "model.wv.closer_than",
    "size": "model.vector_size",
    "iter": "model.epochs",
    "vocab": "model.wv.key_to_index",
    "index2word": "model.wv.index_to_key",
    "index2entity": "model.wv.index_to_key",
    "syn0": "model.wv.vectors",
    "syn0norm": "model.wv.get_normed_vectors()",
    "syn0_lockf": "model.wv.vectors_lockf",
    "vectors_norm": "model.wv.get_normed_vectors()",
    "word_vec": "model.wv.get_vector",
    "accuracy": "model.wv.evaluate_word_analogies",
    "log_accuracy": "model.wv.evaluate_word_analogies",
    "load_word2vec_format": "gensim.models.KeyedVectors.load_word2vec_format or w2vplus.load_vectors",
    "vocabulary": "the model itself, which has its attributes",
    "trainables": "the model itself, which has its attributes",
    "reset_weights": "model.init_weights",
    "scale_vocab": "model.prepare_vocab",
    "finalize_vocab": "model.prepare_vocab",
    "sort_vocab": "model.wv.sort_by_descending_frequency",
    "clear_sims": "model.wv.fill_norms(force=True)",
    "delete_temporary_training_data": "model.wv, saved by itself: it is all that queries need",
}
"""Attribute of a gensim 3 model -> where gensim 4 and w2vplus have it."""


class _Moved:
    """A name that is no attribute of the class nor of its instances, and says where it went."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(_message(owner, self.name), name=self.name, obj=instance)


def _message(kind: type, name: str) -> str:
    message = f"{kind.__name__!r} object has no attribute {name!r}"
    if name in NEW_NAMES:
        message += f": gensim 4 and w2vplus have it as {NEW_NAMES[name]}"
    return message


class RenamedAttributes:
    """Answers look-ups of attributes that a model no longer has."""

    load_word2vec_format = _Moved()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(_message(type(self), name), name=name, obj=self)

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError(f"a model holds no vectors of its own: model.wv[{key!r}] gives the vector")

    def __contains__(self, key: Any) -> NoReturn:
        raise TypeError(f"a model holds no words of its own: {key!r} in model.wv asks for a word")
