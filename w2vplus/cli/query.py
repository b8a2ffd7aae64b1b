"""Turns words and a vectors file into neighbours: `w2vplus similar` and `w2vplus analogy`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from w2vplus._numbers import fixed
from w2vplus.cli import _answers, _output
from w2vplus.cli._answers import Limits
from w2vplus.cli._options import JsonFlag, RestrictOption, TopnOption, VectorsArgument
from w2vplus.cli._seeds import Alike, files_of
from w2vplus.cli._words import Words


def similar(
    vectors: VectorsArgument,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD",
            help='Words to look up, each on its own; a phrase or a sum in quotes: "king - man + woman".',
        ),
    ],
    topn: TopnOption = 10,
    restrict_vocab: RestrictOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the nearest neighbours of each WORD by cosine.

    Where VECTORS is the name under which train --seeds wrote several files, their neighbours are compared, of words
    alone.
    """
    limits = Limits(topn, restrict_vocab)
    limits.check()
    if len(files := files_of(vectors)) > 1:
        alike, models = Alike(), []
        for file in files:
            models.append(Words.of_file(file))
            alike.check(file, len(models[-1].vectors), models[-1].vectors.vector_size)
        similar_across_seeds(models, words, limits, as_json)
        return
    loaded = Words.of_file(vectors)
    sums = loaded.expressions(words)
    answers = [_answers.neighbours(loaded, terms, limits) for terms in sums]
    if as_json:
        _output.write_json([answer.content for answer in answers], "-")
        return
    for terms, answer in zip(sums, answers, strict=True):
        answer.show(titled=len(answers) > 1 or len(terms) > 1)


def similar_across_seeds(models: list[Words], words: list[str], limits: Limits, as_json: bool) -> None:
    """For each word the neighbours that most seeds have, their cosines with intervals over seeds, and what
    two seeds have in common."""
    from dataclasses import asdict

    from w2vplus.evaluation import neighbour_overlap, neighbours_of, seeded_neighbours

    sums = [model.expressions(words) for model in models].pop()  # all are asked: each must know the words
    for word, terms in zip(words, sums, strict=True):
        if [sign for sign, _ in terms] != [1]:
            one = models[0].source
            raise _output.CommandError(f"seeds are compared by single words, got the sum {word}: ask one, as {one}")
    keys = [terms[0].key for terms in sums]
    vectors = [model.vectors for model in models]
    bounds: dict[str, Any] = {"topn": limits.topn, "restrict_vocab": limits.restrict_vocab}
    answers = {word: seeded_neighbours(vectors, word, **bounds) for word in keys}
    shared = {
        word: neighbour_overlap([neighbours_of(model, [word], **bounds) for model in vectors], topn=limits.topn)
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
        rows = [
            [near.word, near.cosine, f"{fixed(near.low, 4)} – {fixed(near.high, 4)}", f"{near.seeds} of {len(models)}"]
            for near in found
        ]
        in_common = f"two seeds have {_output.percent(shared[word].overlap)} of the {limits.topn} nearest in common"
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
    limits = Limits(topn, restrict_vocab)
    limits.check()
    loaded = Words.of_file(vectors)
    answer = _answers.analogy(loaded, loaded.keys([a, b, c]), limits)
    if as_json:
        _output.write_json(answer.content, "-")
        return
    answer.show()
