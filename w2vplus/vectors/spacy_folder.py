"""spaCy's vectors: a folder that `spacy.load` opens, or `initialize.vectors` of a training names. Needs spaCy.

The pipeline in it is spaCy's blank one for no language in particular ("xx"); only its vocabulary's vectors matter.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus._atomic import new_folder
from w2vplus.errors import VectorFormatError
from w2vplus.vectors.loading import Loading, Rows
from w2vplus.vectors.table import VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

LANGUAGE = "xx"


def _spacy() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise VectorFormatError("spaCy's folders need the package spacy: pip install 'w2vplus[spacy]'") from error
    return spacy


def write(source: KeyedVectors, path: str) -> None:
    """A new folder; vectors become float32."""
    table = VectorTable.of(source, path).with_text_keys(path)
    if not table.keys:
        raise VectorFormatError(f"cannot write {path}: there are no vectors; text and .bin files may be empty")
    spacy = _spacy()
    from spacy.vectors import Vectors

    pipeline = spacy.blank(LANGUAGE)
    hashes = [pipeline.vocab.strings.add(key) for key in table.keys]
    pipeline.vocab.vectors = Vectors(
        strings=pipeline.vocab.strings,
        data=table.vectors.astype(np.float32, copy=False),
        keys=np.array(hashes, np.uint64),
        name=Path(path).name,
    )
    with new_folder(path) as folder:
        pipeline.to_disk(folder)


def read(loading: Loading) -> KeyedVectors:
    """The vectors of any spaCy pipeline that has a table of them, such as en_core_web_md, by row.

    Words that share a row have equal vectors. Only the vocabulary is opened, and no code of the pipeline runs.
    """
    _spacy()
    from spacy.vocab import Vocab

    folder = Path(loading.path, "vocab")
    try:
        vocab = Vocab().from_disk(folder, exclude=["lookups"])
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise loading.fault(f"no vocabulary of spaCy, or damaged ({error})") from error
    table = vocab.vectors
    if not len(table) or not len(table.key2row):
        raise loading.fault("has no table of word vectors (floret's vectors, for one, have none)")
    pairs = sorted((row, key) for key, row in table.key2row.items() if row >= 0)
    missing = [key for _, key in pairs if key not in vocab.strings]
    if missing:
        raise loading.fault(f"{len(missing)} of its words are not in strings.json, such as number {missing[0]}")
    places = np.array([row for row, _ in pairs])
    data = np.asarray(table.data)
    rows = Rows(loading, data.shape[1], data.dtype, len(pairs))
    rows.take_array([vocab.strings[key] for _, key in pairs], data[places])
    return rows.finish()
