"""Every format that vectors are read from and written to: its name, how it is known, its reader and its writer.

A new format is a module with a `read(loading) -> KeyedVectors` and a `write(keyed_vectors, path)`, and an entry here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus.vectors import (
    arrow_tables,
    gensim_native,
    key_files,
    model_folder,
    projector,
    spacy_folder,
    static_folder,
    word2vec_binary,
    word2vec_text,
)
from w2vplus.vectors.files import COMPRESSION_SUFFIXES, is_remote, without_compression
from w2vplus.vectors.loading import Loading
from w2vplus.vectors.table import VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


@dataclass(frozen=True)
class Format:
    """A format by its name; `about` tells people what it is.

    A file is known by one of `suffixes`, a folder by one of the files `marks` in it. `keys`: what its writer makes of a
    table's keys, None if it holds any. `streams`: it may be compressed and remote. `maps`: `mmap=` works.
    """

    name: str
    about: str
    read: Callable[[Loading], KeyedVectors]
    write: Callable[[KeyedVectors, str], None] | None
    keys: Callable[[VectorTable, str], VectorTable] | None = None
    suffixes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    streams: bool = False
    maps: bool = False

    @property
    def is_folder(self) -> bool:
        return bool(self.marks)


FORMATS = {
    entry.name: entry
    for entry in (
        Format(
            "bin", "word2vec binary", word2vec_binary.read, word2vec_binary.write, VectorTable.with_spaceless_keys,
            (".bin",), streams=True,
        ),
        Format(
            "txt", "word2vec text, fastText's .vec; reads GloVe's text too", word2vec_text.read, word2vec_text.write,
            VectorTable.with_spaceless_keys, (".txt", ".vec"), streams=True,
        ),
        Format(
            "glove", "GloVe's text: rows without a header", word2vec_text.read_headerless,
            word2vec_text.write_headerless, VectorTable.with_spaceless_keys, (".glove",), streams=True,
        ),
        Format(
            "kv", "gensim's own (a pickle: open only what you trust)", gensim_native.read, gensim_native.write,
            suffixes=(".kv",), streams=True, maps=True,
        ),
        Format(
            "safetensors", "safetensors, keys in JSON beside it", key_files.read_safetensors,
            key_files.write_safetensors, VectorTable.with_plain_keys, (".safetensors",), maps=True,
        ),
        Format(
            "npy", "NumPy, keys in JSON beside it", key_files.read_npy, key_files.write_npy,
            VectorTable.with_plain_keys, (".npy",), maps=True,
        ),
        Format(
            "parquet", "Parquet", arrow_tables.read_parquet, arrow_tables.write_parquet,
            VectorTable.with_uniform_keys, (".parquet",),
        ),
        Format(
            "arrow", "Arrow, Feather", arrow_tables.read_arrow, arrow_tables.write_arrow,
            VectorTable.with_uniform_keys, (".arrow", ".feather"),
        ),
        Format(
            "tsv", "Embedding Projector, metadata beside it", projector.read, projector.write,
            VectorTable.with_one_line_keys, (".tsv",),
        ),
        Format(
            "spacy", "a folder for spaCy", spacy_folder.read, spacy_folder.write, VectorTable.with_text_keys,
            marks=("vocab/vectors", "vocab/key2row"),
        ),
        Format(
            "static", "a folder for sentence-transformers and model2vec", static_folder.read, static_folder.write,
            VectorTable.with_text_keys, marks=("model.safetensors", "0_StaticEmbedding/model.safetensors"),
        ),
        Format(
            "model", "a folder of Word2Vec.save_folder or of quantised vectors", model_folder.read, None,
            marks=("w2vplus.json",),
        ),
        Format(
            "pickle", "a model that Word2Vec.save of gensim or w2vplus wrote", gensim_native.read, None,
            suffixes=(".model", ".w2v"), streams=True, maps=True,
        ),
    )
}  # fmt: skip


def format_for_reading(path: str, name: str | None) -> Format:
    """The format called `name`, or else the one that the folder's files or the suffix stand for.

    A file whose suffix says nothing is a saved model if it begins as a pickle. Raises FileNotFoundError,
    ValueError for an unknown name, and where none of this tells.
    """
    if not is_remote(path) and not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if name is None and not is_remote(path) and Path(path).is_dir():
        for entry in FORMATS.values():
            if any(Path(path, mark).exists() for mark in entry.marks):
                return entry
        known = ", ".join(f"{entry.marks[0]} ({entry.name})" for entry in FORMATS.values() if entry.is_folder)
        raise ValueError(f"cannot tell what the folder {path} holds: it has none of {known}")
    if name is None and _with_suffix_of(path) is None and gensim_native.is_pickle(path):
        return FORMATS["pickle"]
    return _checked(_named(name) if name is not None else _by_suffix(path), path)


def format_for_writing(path: str, name: str | None = None) -> Format:
    """The format called `name`, or else the one that the suffix of `path` stands for.

    Raises ValueError for an unknown name or suffix, a format that is only read, and a compressed or remote path for
    a format that cannot be so.
    """
    entry = _checked(_named(name) if name is not None else _by_suffix(path, writes=True), path)
    if entry.write is None:
        raise ValueError(f"format {entry.name} ({entry.about}) is only read; {path} must be another for vectors alone")
    return entry


def check_keys(keys: Sequence[Any], path: str) -> None:
    """Raise VectorFormatError for keys that the format of `path` cannot hold, before there are vectors to write."""
    entry = format_for_writing(path)
    if entry.keys is not None:
        entry.keys(VectorTable(list(keys), np.empty((len(keys), 0), np.float32), None), path)


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {name!r}")
    return FORMATS[name]


def _with_suffix_of(path: str) -> Format | None:
    bare = without_compression(path).lower()
    return next((entry for entry in FORMATS.values() if bare.endswith(entry.suffixes)), None)


def _by_suffix(path: str, *, writes: bool = False) -> Format:
    entry = _with_suffix_of(path)
    if entry is not None:
        return entry
    fit = [entry for entry in FORMATS.values() if entry.write is not None or not writes]
    suffixes = [suffix for entry in fit for suffix in entry.suffixes]
    streams = [suffix for entry in fit if entry.streams for suffix in entry.suffixes]
    names = [entry.name for entry in fit]
    raise ValueError(
        f"cannot tell the format of {path} by its suffix: use one of {', '.join(suffixes)} ({', '.join(streams)} may "
        f"have a further {', '.join(COMPRESSION_SUFFIXES)}), or name the format: {', '.join(names)}"
    )


def _checked(entry: Format, path: str) -> Format:
    if entry.streams:
        return entry
    if is_remote(path):
        raise ValueError(f"format {entry.name} must be local, got {path}; choose bin, txt or kv")
    if without_compression(path) != path:
        raise ValueError(f"format {entry.name} cannot be compressed, got {path}; choose bin, txt or kv")
    return entry
