"""`w2vplus word2vec`: the C program's flags turned into a training run, its vectors, classes and vocabulary files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from w2vplus import limits
from w2vplus.cli import _models, _output, _pipeline
from w2vplus.cli._interrupts import saved_when_interrupted
from w2vplus.cli._reading import DecodingErrors, ReadOptions
from w2vplus.cli._settings import TrainSettings
from w2vplus.cli._targets import check_distinct, check_not_a_source, check_writable, name_with
from w2vplus.cli.c_tools.flags import CToolParser, Flags
from w2vplus.limits import available_cpus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from w2vplus.store import EncodedCorpus
    from w2vplus.word2vec import Word2Vec

SENTENCE_END = "</s>"
"""The C tool's word for a line end: first in its files, with the number of lines for a count, and never trained."""

LEAST_RATE = 1e-4
"""The C tool's learning rate falls to this part of the first."""

RULED = {
    "-size": "vector_size", "-window": "window", "-sample": "sample", "-negative": "negative", "-threads": "workers",
    "-iter": "epochs", "-min-count": "min_count", "-alpha": "alpha",
}  # fmt: skip
"""Flags whose values must be what `Word2Vec` takes as this argument."""

NOTES = """\
What differs from the C program: training is w2vplus's; lines of any length are trained whole;
threads beyond the CPUs are not started; vectors are written with all their digits, without a row for </s>, which the C
program never trains; bytes that are not UTF-8 become U+FFFD; Ctrl-C saves the vectors that there are,
also with -classes, as name.partial."""


def word2vec(flags: Flags = None) -> None:
    """Train as the C program word2vec, with its flags: -train FILE -output FILE -size 200 -cbow 0 ..."""
    given = _parser().read(flags)
    _check(given)
    settings = _settings(given)
    reading = ReadOptions(errors=DecodingErrors.REPLACE)
    if given.debug > 0:
        print(f"Starting training using file {given.train}", flush=True)
    quiet = given.debug < 2
    encoded = _pipeline.read_corpus([given.train], reading, workers=settings.workers, quiet=quiet)
    model = _model(given, settings, encoded)
    counts = [model.wv.get_vecattr(key, "count") for key in model.wv.index_to_key]
    if given.debug > 0:
        # The C tool counts line ends among the words.
        print(f"Vocab size: {len(model.wv) + 1}")
        print(f"Words in train file: {sum(counts) + encoded.sentence_count}", flush=True)
    if given.save_vocab is not None:
        from w2vplus.counts_file import write_counts

        words, counted = [SENTENCE_END, *model.wv.index_to_key], [encoded.sentence_count, *counts]
        write_counts(given.save_vocab, words, counted, separator=" ")
    if given.output is None:
        return
    partial = name_with(given.output, "partial")
    how = "w2vplus train --checkpoint FOLDER could go on from there"
    with saved_when_interrupted(partial, lambda: _write_vectors(model, given, partial), how):
        _pipeline.run_training(model, encoded, quiet=quiet)
        if given.classes:
            _write_classes(model, given.output, given.classes)
        else:
            _write_vectors(model, given, given.output)


def _parser() -> CToolParser:
    parser = CToolParser(
        "word2vec",
        f"Train word vectors with the flags and defaults of the C program word2vec.\n\n{NOTES}",
        "-train data.txt -output vec.txt -size 200 -window 5 -sample 1e-4 -negative 5 -hs 0 -binary 0 -cbow 1 -iter 3",
    )
    parser.file("-train", "text to train from; compressed too", required=True)
    parser.file("-output", "where the vectors, or the classes, go; without it only the vocabulary is made")
    parser.whole("-size", 100, "numbers in a vector", least=1)
    parser.whole("-window", 5, "words to each side, at most", least=1)
    parser.add_argument("-sample", type=float, default=1e-3, metavar="FLOAT", help="downsample words that are more"
                        " frequent; default 1e-3")  # fmt: skip
    parser.whole("-hs", 0, "1: hierarchical softmax")
    parser.whole("-negative", 5, "noise words; 0: none")
    parser.whole("-threads", 12, "threads, at most one a CPU", least=1)
    parser.whole("-iter", 5, "times the text is gone through", least=1)
    parser.whole("-min-count", 5, "leave out words that occur less often")
    parser.add_argument("-alpha", type=float, metavar="FLOAT", help="first learning rate; default 0.05 for CBOW, 0.025"
                        " for skip-gram")  # fmt: skip
    parser.whole("-classes", 0, "write so many classes of words by k-means instead of vectors; 0: vectors")
    parser.whole("-debug", 2, "2: progress; 1: sizes; 0: nothing")
    parser.whole("-binary", 0, "1: binary vectors")
    parser.file("-save-vocab", "write the words and their counts")
    parser.file("-read-vocab", "take the words and their counts from such a file")
    parser.whole("-cbow", 1, "1: CBOW; 0: skip-gram")
    return parser


def _check(given: argparse.Namespace) -> None:
    """Refuse what would fail after training, or cannot be meant."""
    for flag, argument in RULED.items():
        value = getattr(given, flag.strip("-").replace("-", "_"))
        if value is not None:
            try:
                limits.checked(argument, value, shown=flag)
            except ValueError as error:
                raise _output.UsageError(str(error)) from None
    try:
        limits.check_something_is_learnt(given.hs, given.negative, shown=("-hs 1", "-negative"))
    except ValueError as error:
        raise _output.UsageError(str(error)) from None
    if given.output is None and given.save_vocab is None:
        raise _output.UsageError("-output is missing: name a file for the vectors, or -save-vocab for the vocabulary")
    partial = None if given.output is None else name_with(given.output, "partial")
    for flag, path in (("-output", given.output), ("-output", partial), ("-save-vocab", given.save_vocab)):
        if path is not None:
            check_writable(path, flag)
            check_not_a_source(path, flag, [given.train, *([given.read_vocab] if given.read_vocab else [])])
    check_distinct(("-save-vocab", given.save_vocab), ("-output", given.output))


def _settings(given: argparse.Namespace) -> TrainSettings:
    alpha = given.alpha if given.alpha is not None else 0.05 if given.cbow else 0.025
    cpus = available_cpus()
    if given.threads > cpus and given.debug > 1:
        _output.note(f"w2vplus: {cpus} threads for the CPUs there are, not {given.threads}")
    return TrainSettings(
        vector_size=given.size,
        window=given.window,
        min_count=given.min_count,
        sample=given.sample,
        sg=not given.cbow,
        hs=bool(given.hs),
        negative=given.negative,
        alpha=alpha,
        min_alpha=alpha * LEAST_RATE,
        epochs=given.iter,
        workers=min(given.threads, cpus),
        compute_loss=False,
    )


def _model(given: argparse.Namespace, settings: TrainSettings, encoded: EncodedCorpus) -> Word2Vec:
    """A model with its vocabulary: of the text, or of the file that -read-vocab names."""
    known = None if given.read_vocab is None else _read_vocabulary(given.read_vocab)
    return _models.new_model(encoded, settings, known, min_count_option="-min-count")


def _read_vocabulary(path: str) -> tuple[list[str], NDArray[np.int64]]:
    """Words and counts as -save-vocab and the C program write them, line ends left out."""
    from w2vplus.counts_file import read_counts

    words, counts = read_counts(path, separator=" ", errors="replace")
    kept = [place for place, word in enumerate(words) if word != SENTENCE_END]
    words, counts = [words[place] for place in kept], counts[kept]
    if not words:
        raise _output.CommandError(f"{path} holds no word")
    return words, counts


def _write_classes(model: Word2Vec, path: str, class_count: int) -> None:
    """Write every word with the number of its class."""
    from w2vplus.clustering import word_classes
    from w2vplus.counts_file import write_counts

    classes = word_classes(model.wv, class_count).tolist()
    write_counts(path, model.wv.index_to_key, classes, separator=" ")


def _write_vectors(model: Word2Vec, given: argparse.Namespace, path: str) -> list[str]:
    """Write the vectors as -binary says; returns the names of the files."""
    from w2vplus.vectors import save_vectors

    save_vectors(model.wv, path, format="bin" if given.binary else "txt")
    return [path]
