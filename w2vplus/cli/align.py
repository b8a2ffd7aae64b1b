"""Turns two vectors files into translations or into a list of changed words: `w2vplus align`, `w2vplus drift`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus.cli import _output
from w2vplus.cli._answers import Limits
from w2vplus.cli._options import JsonFlag
from w2vplus.cli._targets import check_not_an_input, check_vectors_target
from w2vplus.cli._words import Words

if TYPE_CHECKING:
    from w2vplus.alignment import Alignment, TranslationResult


class Method(str, Enum):
    """The kind of map: a rotation, or any matrix."""

    PROCRUSTES = "procrustes"
    LEAST_SQUARES = "least-squares"


class Retrieval(str, Enum):
    """How near two words are: CSLS, which holds hubs back, or the cosine."""

    CSLS = "csls"
    COSINE = "cosine"


def align(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Vectors to translate from.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Vectors to translate into.")],
    dictionary: Annotated[
        str | None,
        typer.Option(
            "--dictionary",
            "-d",
            metavar="FILE",
            help="Pairs to learn from, a source and a target word a line; the words both share unless given.",
        ),
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", "-t", metavar="FILE", help="Pairs to measure precision@1, 5 and 10 by.")
    ] = None,
    word: Annotated[
        list[str] | None, typer.Option("--word", "-w", metavar="WORD", help="Translate it; may be given again.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="VECTORS", help="Write SOURCE's words with vectors in TARGET's space."),
    ] = None,
    method: Annotated[Method, typer.Option("--method", help="A rotation, or any linear map.")] = Method.PROCRUSTES,
    retrieval: Annotated[
        Retrieval, typer.Option("--retrieval", help="How nearness is measured.")
    ] = Retrieval.CSLS,
    restrict_vocab: Annotated[
        int | None,
        typer.Option("--restrict-vocab", help="Know only this many of the most frequent words of either side."),
    ] = None,
    topn: Annotated[int, typer.Option("--topn", "-n", help="Translations to show.")] = 5,
    as_json: JsonFlag = False,
) -> None:
    """Lay the vectors of two languages over one another by a rotation; translate words and measure precision.

    The rotation is learnt from a bilingual dictionary (orthogonal Procrustes), and --test should hold other pairs.
    """
    Limits(topn, restrict_vocab).check()
    if output is not None:
        check_vectors_target(output)
        check_not_an_input(output, "--output", [file for file in (source, target, dictionary, test) if file])
    from w2vplus import alignment
    from w2vplus.vectors import save_vectors

    learnt_from = None if dictionary is None else alignment.read_dictionary(dictionary)
    tested_by = None if test is None else alignment.read_dictionary(test)
    source_words, target_words = Words.of_file(source), Words.of_file(target)
    words = source_words.keys(word or [])
    learnt = alignment.align(source_words.vectors, target_words.vectors, learnt_from, method=method.value)
    result = None
    if tested_by is not None:
        _warn_of_shared_pairs(learnt, tested_by)
        result = alignment.evaluate_translation(
            learnt, tested_by, retrieval=retrieval.value, restrict_vocab=restrict_vocab
        )
    found: list[list[tuple[str, float]]] = []
    if words:
        found = list(learnt.translate(words, topn=topn, retrieval=retrieval.value, restrict_vocab=restrict_vocab))
    if output is not None:
        save_vectors(learnt.mapped_source(), output)
    translations = list(zip(words, found, strict=True))
    if as_json:
        _output.write_json(
            {
                "pairs": len(learnt.pairs),
                "unknown_pairs": learnt.pairs.unknown,
                "method": learnt.method,
                "precision": None if result is None else result.as_dict(),
                "translations": [
                    {"word": one, "translations": [{"word": other, "score": score} for other, score in ranked]}
                    for one, ranked in translations
                ],
            },
            "-",
        )
        return
    _print(learnt, result, translations, retrieval.value)


def _warn_of_shared_pairs(learnt: Alignment, tested_by: list[tuple[str, str]]) -> None:
    """A map knows the pairs that it was learnt from: precision on them is no measure of it."""
    pairs, source, target = learnt.pairs, learnt.source, learnt.target
    known = zip(pairs.source_rows.tolist(), pairs.target_rows.tolist(), strict=True)
    taught = {(source.index_to_key[one], target.index_to_key[other]) for one, other in known}
    if shared := sum(pair in taught for pair in tested_by):
        _output.warn(
            f"the map was learnt from {shared:,} of the {_output.plural(len(tested_by), 'pair')} of --test, which makes"
            " precision look better than it is: leave them out of one side"
        )


def _print(
    learnt: Alignment,
    result: TranslationResult | None,
    translations: list[tuple[Any, list[tuple[str, float]]]],
    retrieval: str,
) -> None:
    for one, ranked in translations:
        _output.print_table(["word", retrieval], ranked, title=one)
    unknown = f", {learnt.pairs.unknown:,} with an unknown word left out" if learnt.pairs.unknown else ""
    print(f"aligned by {_output.plural(len(learnt.pairs), 'pair')}{unknown}")
    if result is not None:
        shares = ", ".join(f"@{k} {_output.percent(share)}" for k, share in result.precision.items())
        print(f"precision {shares} ({retrieval}; {result.asked:,} of {result.total:,} words asked)")


def drift(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="Vectors of the earlier texts.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Vectors of the later texts.")],
    word: Annotated[
        list[str] | None, typer.Option("--word", "-w", metavar="WORD", help="Look at these words alone.")
    ] = None,
    topn: Annotated[int, typer.Option("--topn", "-n", help="How many words to show.")] = 20,
    restrict_vocab: Annotated[
        int, typer.Option("--restrict-vocab", help="Look only at this many of the most frequent words of both.")
    ] = 10_000,
    as_json: JsonFlag = False,
) -> None:
    """Show which words changed most between two periods of one language, with their nearest words then and now.

    The earlier vectors are rotated onto the later ones by all the words they share.
    """
    Limits(topn, restrict_vocab).check()
    from w2vplus import alignment

    first, second = Words.of_file(before), Words.of_file(after)
    words = first.keys(word or [])
    second.keys(word or [])
    changes = alignment.drift(
        first.vectors, second.vectors, words=words or None, topn=topn, restrict_vocab=restrict_vocab
    )
    if as_json:
        _output.write_json(
            [
                {"word": one.word, "distance": one.distance, "before": list(one.before), "after": list(one.after)}
                for one in changes
            ],
            "-",
        )
        return
    rows = [[one.word, one.distance, ", ".join(one.before), ", ".join(one.after)] for one in changes]
    _output.print_table(["word", "distance", "nearest before", "nearest after"], rows)
