"""A static-embedding folder, as model2vec (`StaticModel.from_pretrained`) and sentence-transformers
(`SentenceTransformer`) load it: a text becomes the mean of its words' vectors. Written without either of them.

The tokenizer is a table of whole words. It splits text at white space, and punctuation off words if no key mixes the
two; it lowers case if no key has upper case. Words without a vector get a row of zeros, which model2vec leaves out of
the mean and which does not change a cosine.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vplus._atomic import new_folder, save_arrays
from w2vplus.errors import VectorFormatError
from w2vplus.vectors.key_files import map_tensor
from w2vplus.vectors.loading import Loading, Rows
from w2vplus.vectors.table import VectorTable

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

UNKNOWN = "[UNK]"
ADDED_UNKNOWN = "w2vplus_added_unknown_row"
"""In config.json: whether the last row was added for words without a vector."""
PLACES = ("", "0_StaticEmbedding")
"""Where in a folder the matrix and the tokenizer are: model2vec's way, and one of sentence-transformers'."""
WORD_OR_PUNCTUATION = re.compile(r"\w+|[^\w\s]+")
"""What the tokenizer called Whitespace splits a text into."""


def write(source: KeyedVectors, path: str) -> None:
    """A new folder: model.safetensors, tokenizer.json, config.json, modules.json."""
    table = VectorTable.of(source, path).with_text_keys(path)
    if not table.keys:
        raise VectorFormatError(f"cannot write {path}: there are no vectors; text and .bin files may be empty")
    words = {key: row for row, key in enumerate(table.keys)}
    vectors = table.vectors
    is_added = UNKNOWN not in words
    if is_added:
        words[UNKNOWN] = len(words)
        vectors = np.concatenate([vectors, np.zeros_like(vectors[:1])])
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": vectors.shape[1],
        "embedding_dtype": vectors.dtype.name,
        "normalize": False,
        ADDED_UNKNOWN: is_added,
    }
    modules = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
    with new_folder(path) as folder:
        save_arrays({"embeddings": vectors}, folder / "model.safetensors")
        for name, document in (
            ("tokenizer.json", _tokenizer(words, table.keys)), ("config.json", config), ("modules.json", modules),
        ):  # fmt: skip
            (folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def _tokenizer(words: dict[str, int], keys: list[str]) -> dict[str, Any]:
    """A tokenizer of the tokenizers library that finds these words in text."""
    splits_punctuation = all(WORD_OR_PUNCTUATION.fullmatch(key) for key in keys)
    has_upper_case = any(key != key.lower() for key in keys)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None if has_upper_case else {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace" if splits_punctuation else "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": words, "unk_token": UNKNOWN},
    }


def read(loading: Loading) -> KeyedVectors:
    """The tokens of the folder's tokenizer, by number, with their vectors; those of subword tokenizers too."""
    place = next((place for place in PLACES if Path(loading.path, place, "model.safetensors").is_file()), None)
    if place is None:
        raise loading.fault("has no model.safetensors")
    folder = Path(loading.path, place)
    tokens = _tokens(loading, _read_json(folder / "tokenizer.json"))
    matrix = _matrix(loading, folder / "model.safetensors")
    if len(tokens) != len(matrix):
        raise loading.fault(f"the tokenizer has {len(tokens)} tokens, but the matrix {len(matrix)} rows")
    config = _read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    if isinstance(config, dict) and config.get(ADDED_UNKNOWN) is True:
        tokens, matrix = tokens[:-1], matrix[:-1]
    rows = Rows(loading, matrix.shape[1], matrix.dtype, len(tokens))
    rows.take_array(tokens, matrix)
    return rows.finish()


def _matrix(loading: Loading, path: Path) -> Any:
    """A row for each token; model2vec may keep fewer rows with a map of tokens to them, and a weight a token."""
    from safetensors import safe_open

    matrix: Any = map_tensor(loading, ("embeddings", "embedding.weight"), path)
    with safe_open(path, "numpy") as tensors:
        names = set(tensors.keys())
        if "mapping" in names:
            places = tensors.get_tensor("mapping")
            if places.ndim != 1 or (places.size and not 0 <= places.min() <= places.max() < len(matrix)):
                raise loading.fault("its mapping names rows that the matrix does not have")
            matrix = matrix[places]
        if "weights" in names:
            weights = tensors.get_tensor("weights")
            if weights.shape != (len(matrix),):
                raise loading.fault(f"has weights of shape {weights.shape} for {len(matrix)} rows")
            matrix = (matrix * weights[:, None]).astype(matrix.dtype)
    if matrix.ndim != 2:
        raise loading.fault(f"the embeddings must be a matrix, got shape {matrix.shape}")
    return matrix


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise VectorFormatError(f"{path}: no valid JSON ({error})") from error


def _tokens(loading: Loading, tokenizer: Any) -> list[str]:
    """The tokens in the order of their numbers."""
    try:
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, list):  # Unigram: pairs of token and score
            numbers = {token: number for number, (token, _) in enumerate(vocabulary)}
        else:
            numbers = dict(vocabulary)
        numbers.update({added["content"]: added["id"] for added in tokenizer.get("added_tokens") or ()})
        tokens = sorted(numbers, key=numbers.__getitem__)
        is_whole = [numbers[token] for token in tokens] == list(range(len(tokens)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise loading.fault(f"tokenizer.json has no vocabulary ({type(error).__name__}: {error})") from error
    if not is_whole or not all(isinstance(token, str) for token in tokens):
        raise loading.fault("tokenizer.json must number its tokens from 0 without a gap")
    return tokens
