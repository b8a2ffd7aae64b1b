"""What a saved model says about itself to people: `README.md` beside its arrays, never read back.

The corpora that a model has counted are noted while it counts them (`corpus_note`), so that the card can tell two
models of different texts apart when the texts are long gone. Called by `building` and `folder_layout`.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import gensim
import numpy as np

from w2vplus import _sgd
from w2vplus.store import EncodedCorpus


def corpus_note(corpus: EncodedCorpus, source: Any) -> dict[str, Any]:
    """A corpus in numbers: what it was called, tokens, sentences, types, and a fingerprint.

    The fingerprint is a digest (BLAKE2b, 16 bytes in hex) of every type with its count, in order of first occurrence,
    and of the number of sentences: equal for equal texts however they were stored, and cheap, because it does not go
    over the tokens again; it does not tell apart texts that differ in the order of their words alone.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(map(str, corpus.types)).encode("utf-8", "surrogatepass"))
    digest.update(np.ascontiguousarray(corpus.counts, dtype="<i8").data)
    digest.update(str(corpus.sentence_count).encode())
    return {
        "source": source_name(source),
        "tokens": corpus.token_count,
        "sentences": corpus.sentence_count,
        "types": len(corpus.types),
        "fingerprint": digest.hexdigest(),
    }


def source_name(source: Any) -> str:
    """What a corpus is called: the names of its files without their folders, or the type of a Python object."""
    if isinstance(source, (str, PathLike)):
        return Path(source).name or str(source)
    if isinstance(source, Sequence) and source and all(isinstance(part, (str, PathLike)) for part in source):
        return ", ".join(map(source_name, source))
    return type(source).__name__


def versions() -> dict[str, str]:
    """What wrote the model."""
    import w2vplus

    return {
        "w2vplus": w2vplus.__version__,
        "gensim": gensim.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "kernel": _sgd.KERNEL,
    }


def card_of(model: Any, settings: dict[str, Any]) -> str:
    """The card in Markdown: how to load the model, what it learnt from, by which settings, written by what."""
    facts = {
        "words": f"{len(model.wv):,}",
        "numbers in each vector": model.wv.vector_size,
        "mode": _mode(settings),
        "calls of train": model.train_count,
        "seconds of training": f"{model.total_train_time:.1f}",
        "mean loss of the epochs": ", ".join(f"{loss:.4f}" for loss in model.training_losses) or "not computed",
        "phrases": len(model.phrases.phrasegrams) if hasattr(model.phrases, "phrasegrams") else "none",
    }
    corpora = [list(note.values()) for note in model.corpora]
    return "\n\n".join(
        [
            "# Word vectors",
            f"A word2vec model trained and saved by w2vplus {versions()['w2vplus']}. Loading it runs no code:",
            '    from w2vplus import Word2Vec\n    model = Word2Vec.load_folder("this folder")',
            _table(["", ""], list(facts.items())),
            "## Learnt from",
            _table(["corpus", "tokens", "sentences", "types", "fingerprint"], corpora)
            if corpora
            else "Counts of words that were given; no text is known.",
            "## Settings",
            _table(["", ""], list(settings.items())),
            "## Written by",
            _table(["", ""], list(versions().items())),
        ]
    ) + "\n"


def _mode(settings: dict[str, Any]) -> str:
    architecture = "skip-gram" if settings["sg"] else "CBOW"
    noise = f"{settings['negative']} noise words" if settings["negative"] else ""
    return f"{architecture}, {' and '.join(filter(None, [noise, 'hierarchical softmax' * bool(settings['hs'])]))}"


def _table(columns: list[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
