"""The vectors in w2vplus's own folders, of models and of quantised vectors: safetensors and JSON, which run no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from w2vplus.array_folder import read_head
from w2vplus.errors import ModelFormatError, VectorFormatError
from w2vplus.vectors.loading import Loading, Rows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def read(loading: Loading) -> KeyedVectors:
    """The `wv` of a model or a checkpoint, or quantised vectors, int8 as float32; with their counts."""
    from w2vplus.postprocessing.quantized import KIND, QuantizedVectors

    try:
        if read_head(loading.path)["kind"] == KIND:
            quantized = QuantizedVectors.load(loading.path)
            stored, dtype = quantized.keyed_vectors(), quantized.codes.dtype
        else:
            from w2vplus.word2vec import Word2Vec

            stored = Word2Vec.load_folder(loading.path).wv
            dtype = stored.vectors.dtype
    except ModelFormatError as error:
        raise VectorFormatError(str(error)) from error
    rows = Rows(loading, stored.vector_size, dtype, len(stored.index_to_key))
    rows.take_array(stored.index_to_key, stored.vectors)
    counts = stored.expandos.get("count")
    return rows.finish(None if counts is None else np.asarray(counts, np.int64))
