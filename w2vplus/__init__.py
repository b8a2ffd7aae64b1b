"""w2vplus: word2vec for gensim's users, with streaming corpora and phrases, at the speed of the hardware.

    from w2vplus import LineSentence, Word2Vec

    model = Word2Vec(LineSentence("corpus.txt.gz"), vector_size=200, sg=1)
    model.wv.most_similar("paris")          # model.wv is a gensim KeyedVectors

Names load when they are first used, so that importing w2vplus costs little.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2vplus.acceleration import accelerate_gensim
    from w2vplus.alignment import align, drift, evaluate_translation
    from w2vplus.callbacks import EarlyStopping, TrainingCallback
    from w2vplus.clustering import word_classes
    from w2vplus.corpus import LineSentence, PathLineSentences, Text8Corpus, encode, open_corpus
    from w2vplus.errors import CheckpointError, CorpusError, EvaluationError, ModelFormatError, VectorFormatError
    from w2vplus.evaluation import evaluate_analogies, evaluate_similarity
    from w2vplus.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, PhraseOptions, Phraser, Phrases
    from w2vplus.presets import preset
    from w2vplus.queries import VectorIndex, most_similar_many
    from w2vplus.run_log import RunLog
    from w2vplus.store import EncodedCorpus, TokenStore
    from w2vplus.vectors import load_vectors, save_vectors
    from w2vplus.word2vec import Checkpoints, Word2Vec

    __version__: str

_ROOM_OF = {
    "accelerate_gensim": "acceleration",
    "Word2Vec": "word2vec",
    "Checkpoints": "word2vec",
    "EarlyStopping": "callbacks",
    "TrainingCallback": "callbacks",
    "RunLog": "run_log",
    "LineSentence": "corpus",
    "PathLineSentences": "corpus",
    "Text8Corpus": "corpus",
    "encode": "corpus",
    "open_corpus": "corpus",
    "EncodedCorpus": "store",
    "TokenStore": "store",
    "Phrases": "phrases",
    "FrozenPhrases": "phrases",
    "Phraser": "phrases",
    "PhraseOptions": "phrases",
    "ENGLISH_CONNECTOR_WORDS": "phrases",
    "align": "alignment",
    "drift": "alignment",
    "evaluate_translation": "alignment",
    "VectorIndex": "queries",
    "most_similar_many": "queries",
    "preset": "presets",
    "word_classes": "clustering",
    "evaluate_analogies": "evaluation",
    "evaluate_similarity": "evaluation",
    "load_vectors": "vectors",
    "save_vectors": "vectors",
    "CheckpointError": "errors",
    "CorpusError": "errors",
    "EvaluationError": "errors",
    "ModelFormatError": "errors",
    "VectorFormatError": "errors",
}
_ROOMS = (
    "alignment",
    "callbacks",
    "corpus",
    "evaluation",
    "phrases",
    "plots",
    "postprocessing",
    "queries",
    "reference",
    "stepwise",
    "trainer",
    "vectors",
    "vocabulary",
    "word2vec",
)

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "CheckpointError",
    "Checkpoints",
    "CorpusError",
    "EarlyStopping",
    "EncodedCorpus",
    "EvaluationError",
    "FrozenPhrases",
    "LineSentence",
    "ModelFormatError",
    "PathLineSentences",
    "PhraseOptions",
    "Phraser",
    "Phrases",
    "RunLog",
    "Text8Corpus",
    "TokenStore",
    "TrainingCallback",
    "VectorFormatError",
    "VectorIndex",
    "Word2Vec",
    "__version__",
    "accelerate_gensim",
    "align",
    "drift",
    "encode",
    "evaluate_analogies",
    "evaluate_similarity",
    "evaluate_translation",
    "load_vectors",
    "most_similar_many",
    "open_corpus",
    "preset",
    "save_vectors",
    "show_config",
    "word_classes",
]


def _warn_of_source() -> None:
    """In a clone whose package is installed elsewhere, Python started there finds this folder first."""
    if importlib.util.find_spec("w2vplus._sgd") is None:
        import warnings

        warnings.warn(
            f"w2vplus comes from {__path__[0]}, which is source that is not compiled: start Python in another folder "
            "to use the installed w2vplus, or compile here with pip install -e .",
            RuntimeWarning,
            stacklevel=3,
        )


_warn_of_source()


def _installed_version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _installed_version("w2vplus") or "0+unknown"  # run from a source tree that is not installed
    if name in _ROOM_OF:
        return getattr(importlib.import_module(f"w2vplus.{_ROOM_OF[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"w2vplus.{name}")
    raise AttributeError(f"module 'w2vplus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})


def show_config() -> dict[str, Any]:
    """Versions and kernels: keys `w2vplus`, `kernel`, `usable_kernels`, `python`, `numpy`, `gensim`.

    `kernel` is the one in use: the first of `usable_kernels`, which are fastest first, or the one that the environment
    variable W2VPLUS_ISA names. `gensim` is None where it is not installed.
    """
    import platform

    from w2vplus import _sgd

    return {
        "w2vplus": __getattr__("__version__"),
        "kernel": _sgd.KERNEL,
        "usable_kernels": _sgd.usable_kernels(),
        "python": platform.python_version(),
        "numpy": _installed_version("numpy"),
        "gensim": _installed_version("gensim"),
    }
