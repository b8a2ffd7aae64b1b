"""The vectors of a folder that `Word2Vec.save_folder` or `QuantizedVectors.save` wrote; it runs no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from w2vplus.array_folder import read_head
from w2vplus.errors import ModelFormatError, VectorFormatError
from w2vplus.vectors.loading import Loading, Rows

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def read(loading: Loading) -> KeyedVectors:
    """The `wv` of the model, or the quantised vectors in float32; with their counts."""
    from w2vplus.postprocessing import QuantizedVectors
    from w2vplus.postprocessing.quantized import KIND
    from w2vplus.word2vec import Word2Vec

    try:
        if read_head(loading.path)["kind"] == KIND:
            stored = QuantizedVectors.load(loading.path).keyed_vectors()
        else:
            stored = Word2Vec.load_folder(loading.path).wv
    except ModelFormatError as error:
        raise VectorFormatError(str(error)) from error
    rows = Rows(loading, stored.vector_size, stored.vectors.dtype, len(stored.index_to_key))
    rows.take_array(stored.index_to_key, stored.vectors)
    counts = stored.expandos.get("count")
    return rows.finish(None if counts is None else np.asarray(counts, np.int64))
