"""Turns words and a vectors file into neighbours: `w2vplus similar` and `w2vplus analogy`."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus.cli import _output
from w2vplus.cli._seeds import files_of
from w2vplus.cli._targets import local_path

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

PHRASE_DELIMITER = "_"
"""Joins the words of a phrase in vectors of ours, of gensim's users and of Google's."""

VectorsArgument = Annotated[
    str, typer.Argument(metavar="VECTORS", help="A vectors file, as train writes it.")
]
TopnOption = Annotated[int, typer.Option("--topn", "-n", help="How many words to show.")]
RestrictOption = Annotated[
    int | None, typer.Option("--restrict-vocab", help="Search only this many of the most frequent words.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def similar(
    vectors: VectorsArgument,
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORD", help="Words to look up, each on its own; a phrase in quotes."),
    ],
    topn: TopnOption = 10,
    restrict_vocab: RestrictOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the nearest neighbours of each WORD by cosine.

    Where VECTORS is the name under which train --seeds wrote several files, their neighbours are compared.
    """
    check_query(topn, restrict_vocab)
    if len(files := files_of(vectors)) > 1:
        similar_across_seeds([load(file) for file in files], vectors, words, topn, restrict_vocab, as_json)
        return
    loaded = load(vectors)
    keys = [as_key(loaded, word) for word in words]
    check_words(loaded, keys, vectors)
    answers = {
        word: loaded.most_similar(positive=[word], topn=topn, restrict_vocab=restrict_vocab) for word in keys
    }
    if as_json:
        _output.write_json(
            [{"word": word, "neighbours": pairs(found)} for word, found in answers.items()], "-"
        )
        return
    for word, found in answers.items():
        _output.print_table(["word", "cosine"], found, title=word if len(words) > 1 else None)


def similar_across_seeds(
    models: list[KeyedVectors],
    name: str,
    words: list[str],
    topn: int,
    restrict_vocab: int | None,
    as_json: bool,
) -> None:
    """For each word the neighbours that most seeds have, their cosines with intervals over seeds, and what
    two seeds have in common."""
    from dataclasses import asdict

    from w2vplus.evaluation import neighbour_overlap, neighbours_of, seeded_neighbours

    keys = [as_key(models[0], word) for word in words]
    for model in models:
        check_words(model, keys, name)
    limits: dict[str, Any] = {"topn": topn, "restrict_vocab": restrict_vocab}
    answers = {word: seeded_neighbours(models, word, **limits) for word in keys}
    shared = {
        word: neighbour_overlap([neighbours_of(model, [word], **limits) for model in models], topn=topn)
        for word in keys
    }
    if as_json:
        _output.write_json(
            [
                {"word": word, "overlap": shared[word].overlap, "neighbours": [asdict(near) for near in found]}
                for word, found in answers.items()
            ],
            "-",
        )
        return
    for word, found in answers.items():
        rows = [[n.word, n.cosine, f"{n.low:.4f} – {n.high:.4f}", f"{n.seeds} of {len(models)}"] for n in found]
        in_common = f"two seeds have {_output.percent(shared[word].overlap)} of the {topn} nearest in common"
        columns: list[_output.Column] = ["word", "cosine", ("interval 95 %", "right"), ("seeds", "right")]
        _output.print_table(columns, rows, title=f"{word}: {in_common}")


def analogy(
    vectors: VectorsArgument,
    a: Annotated[str, typer.Argument(metavar="A", help="The word that C is held against, such as man.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What A has, such as king.")],
    c: Annotated[str, typer.Argument(metavar="C", help="The word asked about, such as woman.")],
    topn: TopnOption = 5,
    restrict_vocab: RestrictOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer "A is to B as C is to ?": `w2vplus analogy VECTORS man king woman` should find queen.

    The order is that of the C tool word-analogy and of the lines of questions-words.txt. The answers are
    the words nearest to B - A + C (3CosAdd), the three given words left out.
    """
    check_query(topn, restrict_vocab)
    loaded = load(vectors)
    a, b, c = (as_key(loaded, word) for word in (a, b, c))
    check_words(loaded, [a, b, c], vectors)
    found = loaded.most_similar(positive=[b, c], negative=[a], topn=topn, restrict_vocab=restrict_vocab)
    if as_json:
        _output.write_json({"a": a, "b": b, "c": c, "answers": pairs(found)}, "-")
        return
    _output.print_table(["word", "cosine"], found, title=f"{a} is to {b} as {c} is to")


def pairs(found: list[tuple[Any, float]]) -> list[dict[str, Any]]:
    """gensim's (word, cosine) pairs with names, for JSON."""
    return [{"word": word, "cosine": cosine} for word, cosine in found]


def check_query(topn: int, restrict_vocab: int | None) -> None:
    """Refuse counts that ask for nothing."""
    _output.require("--topn", topn, topn >= 1, "at least 1")
    if restrict_vocab is not None:
        _output.require("--restrict-vocab", restrict_vocab, restrict_vocab >= 1, "at least 1")


def load(path: str) -> KeyedVectors:
    """The vectors of a file, whatever its format; FileNotFoundError before its suffix is looked at."""
    from w2vplus.vectors import load_vectors

    file = local_path(path)
    if file is not None and not file.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return load_vectors(path)


def as_key(loaded: KeyedVectors, word: str) -> str:
    """The word as it is kept: several words typed as one argument ("new york") may be one phrase,
    new_york.
    """
    if word in loaded.key_to_index or len(word.split()) < 2:
        return word
    joined = PHRASE_DELIMITER.join(word.split())
    return joined if joined in loaded.key_to_index else word


def check_words(loaded: KeyedVectors, words: list[str], path: str) -> None:
    """Refuse words without a vector, naming words that are spelt almost like them."""
    unknown = [word for word in words if word not in loaded.key_to_index]
    if not unknown:
        return
    named = "; ".join(f"{_output.shown(word)}{_suggestion(loaded, word)}" for word in unknown)
    raise _output.CommandError(f"no vector in {path} for {named}")


def _suggestion(loaded: KeyedVectors, word: str) -> str:
    import difflib

    # Another case is the likeliest slip; difflib over the frequent words is quick enough for the rest.
    keys = [key for key in loaded.index_to_key if isinstance(key, str)]
    same = [key for key in keys if key.casefold() == word.casefold()]
    close = same or difflib.get_close_matches(word, keys[:100_000], n=3, cutoff=0.7)
    return f" (did you mean {', '.join(close[:3])}?)" if close else ""
