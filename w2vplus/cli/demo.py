"""Turns the real texts that come with gensim into judged vectors: `w2vplus demo`, the main job in small."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vplus._bundled import LEE_NEWS, STEMMED_WIKIPEDIA, WIKIPEDIA_DUMP, bundled
from w2vplus.cli import _output, _pipeline, _report
from w2vplus.cli._groups import typed_line
from w2vplus.cli._options import JsonFlag, QuietFlag
from w2vplus.cli._phrase_settings import Connectors, PhraseSettings
from w2vplus.cli._reading import ReadOptions
from w2vplus.cli._settings import TrainSettings
from w2vplus.cli._summaries import print_summary
from w2vplus.cli._targets import Targets
from w2vplus.cli.corpora import print_phrases, write_phrases
from w2vplus.cli.evaluate import judge_by_bundled_files, print_evaluation
from w2vplus.limits import available_cpus

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.phrases import FoundPhrase

TEXTS = (WIKIPEDIA_DUMP, STEMMED_WIKIPEDIA, LEE_NEWS)

SETTINGS: dict[str, Any] = {"sg": True, "vector_size": 100, "sample": 1e-3, "epochs": 20}
"""Skip-gram and many epochs: on a text of a million words that is what gives sensible neighbours."""

PHRASES = PhraseSettings(passes=1, thresholds="50", connectors=Connectors.ENGLISH)

MAP_WORDS = 1000

OFTEN = 40
"""Only phrases that occur so often are shown; the highest scores belong to the rarest."""

WORDS_TO_SHOW = ("war", "music", "president", "language", "science", "river", "film", "church", "police")
PHRASES_TO_SHOW = ("soviet_union", "civil_war", "nobel_prize", "new_york", "united_states", "Al_Qaeda")


def demo(
    context: typer.Context,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", metavar="FOLDER", help="Where the demo writes its files.")
    ] = Path("w2vplus-demo"),
    workers: Annotated[
        int | None, typer.Option("--workers", help="Threads; every CPU unless set.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Train, judge and query word vectors in a minute, on texts that come with gensim; needs no network.

    It ends with an interactive map of the words, and a report of the run if the extra `plot` is installed.

    The texts: a piece of the English Wikipedia's XML dump, 250 stemmed Wikipedia articles, and the Lee news
    corpus. They are read compressed as they are, phrases are found and joined, vectors trained and saved.
    """
    from w2vplus.plots import word_map

    if workers is not None:
        _output.require("--workers", workers, workers >= 1, "at least 1")
    texts = [bundled(name) for name in TEXTS]
    output_dir.mkdir(parents=True, exist_ok=True)
    phrases_file = str(output_dir / "phrases.tsv")
    targets = Targets(str(output_dir / "vectors.bin"), str(output_dir / "model.w2v"))
    targets.check(texts)
    still = quiet or as_json
    for path in texts:
        _output.note(f"text: {Path(path).name} ({Path(path).stat().st_size / 1e6:.1f} MB)", quiet=still)
    settings = TrainSettings(workers=workers or available_cpus(), **SETTINGS)

    has_pictures = find_spec("matplotlib") is not None and find_spec("sklearn") is not None
    report_file = str(output_dir / "report.html") if has_pictures else None
    chronicle = _report.Chronicle(str(output_dir / "run.jsonl"), report_file)
    chronicle.check(texts, targets)

    def show(found: list[FoundPhrase]) -> None:
        chronicle.keep_phrases(found)
        write_phrases(phrases_file, found)
        if not still:
            often = [entry for entry in found if entry.count >= OFTEN]
            print_phrases(
                often[:20], f"{len(found):,} phrases; the highest scores among those found {OFTEN} times"
            )

    trained = _pipeline.train_and_save(
        texts, ReadOptions(), settings, PHRASES, targets, quiet=still, run_log=chronicle.run_log,
        on_phrases=show,
    )  # fmt: skip
    evaluation = judge_by_bundled_files("demo", trained.vectors)
    if has_pictures:
        chronicle.words = shown_words(trained.vectors)
    map_file = str(output_dir / "map.html")
    _output.note("w2vplus: drawing the map", quiet=still)
    drawn = word_map(trained.vectors, top=MAP_WORDS, title="The demo's most frequent words")
    drawn.save(map_file)
    sources = [Path(path).name for path in texts]
    chronicle.write_report(
        sources, settings, trained, command=typed_line(context), evaluation=evaluation.as_dict(), drawn=drawn,
        quiet=still,
    )  # fmt: skip
    if as_json:
        files = [*trained.summary["files"], phrases_file, map_file]
        _output.write_json({**trained.summary, "files": files, "evaluation": evaluation.as_dict()}, "-")
    elif not quiet:
        print_neighbours(trained.vectors)
        print_evaluation(evaluation)
        print_summary(trained.summary)
        print_farewell(output_dir, targets, report_file)


def shown_words(vectors: KeyedVectors) -> tuple[str, ...]:
    """Some frequent words and phrases, whose neighbours say something."""
    known = vectors.key_to_index
    words = [word for word in WORDS_TO_SHOW if word in known][:6]
    return (*words, *[phrase for phrase in PHRASES_TO_SHOW if phrase in known][:4])


def print_neighbours(vectors: KeyedVectors) -> None:
    """The nearest words of some frequent words and phrases."""
    rows = [[word, ", ".join(near for near, _ in vectors.most_similar(word, topn=6))] for word in shown_words(vectors)]
    _output.print_table(["word", "nearest"], rows, title="Neighbours")


def print_farewell(output_dir: Path, targets: Targets, report_file: str | None) -> None:
    """What was written, and what to type next."""
    told = f"{report_file} (the run: settings, curves, evaluation, neighbours)"
    missing = "(a report of the run, and maps by t-SNE: pip install 'w2vplus[plot]')"
    print(
        f"""
Written: {targets.vectors} (word2vec binary), {targets.model} (the whole model, to go on training),
         {output_dir / "phrases.tsv"} (every phrase with its count, score and words),
         {output_dir / "run.jsonl"} (the log of the training)
Look at: {output_dir / "map.html"} (a map of its words, for any browser)
         {told if report_file is not None else missing}
Ask it:  w2vplus similar {targets.vectors} music
Yours:   w2vplus train YOUR-TEXT.gz --phrases 1 --sg -o vectors.bin"""
    )
