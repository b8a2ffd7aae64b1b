"""Turns `w2vplus train CORPUS... -o VECTORS` into a trained, saved model: options, checks, one run.

Options carry gensim's names and defaults; most are declared beside their rules, in `_reading`, `_settings` and
`_phrase_settings`. Whatever can be wrong about them or about the output is found before the corpus is opened; hours
of text are not read for a typing error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from w2vplus.cli import _models, _output, _pipeline, _report
from w2vplus.cli._groups import given_options, grouped, typed_line
from w2vplus.cli._interrupts import Interrupted
from w2vplus.cli._many_seeds import targets_of_seeds, train_seeds
from w2vplus.cli._options import MODEL, VOCABULARY, CorpusArgument, QuietFlag
from w2vplus.cli._phrase_settings import PhraseSettings
from w2vplus.cli._reading import KeepOptions
from w2vplus.cli._settings import CheckpointSettings, Ending, PresetName, StartSettings, TrainSettings
from w2vplus.cli._summaries import print_seeds_summary, print_summary
from w2vplus.cli._targets import Targets, check_distinct, check_not_an_input
from w2vplus.presets import PRESETS

if TYPE_CHECKING:
    from w2vplus.word2vec import Word2Vec


@grouped
def train(
    context: typer.Context,
    corpus: CorpusArgument,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="VECTORS",
            help="Where vectors go; the suffix chooses the format, as convert's: word2vec's .bin or .txt, also .gz,"
            " or .kv, .safetensors, .npy, .parquet and so on.",
        ),
    ],
    *,
    save_model: Annotated[
        str | None,
        typer.Option(
            "--save-model",
            metavar="FOLDER",
            help="Also keep the whole model, its phrases included, to go on later (safetensors and JSON).",
        ),
    ] = None,
    checkpoints: CheckpointSettings,
    continue_from: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="FOLDER",
            help="Go on with the model that --save-model kept there: its words, weights, settings, phrases and way"
            " of reading; new words join.",
        ),
    ] = None,
    reading: KeepOptions,
    settings: TrainSettings,
    start: StartSettings,
    preset: Annotated[
        PresetName | None,
        typer.Option(
            help="Settings that make better vectors in more time, instead of gensim's defaults; options given beside it"
            " win. See w2vplus.presets.",
            show_default=False,
            rich_help_panel=MODEL,
        ),
    ] = None,
    ending: Annotated[
        Ending | None,
        typer.Option(
            help="Save each word's input vector, or the sum of its input and output vectors (Levy et al. 2015), plain"
            " or without their means and at equal lengths.",
            show_default="input",
            rich_help_panel=MODEL,
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            help="Train so many models, from --seed on, of a text read once, side by side; vectors.bin becomes"
            " vectors.seed1.bin and so on.",
            rich_help_panel=MODEL,
        ),
    ] = 1,
    vocab: Annotated[
        str | None,
        typer.Option(
            "--vocab",
            metavar="FILE",
            help="Take words and counts from this file, as vocab --output writes it.",
            rich_help_panel=VOCABULARY,
        ),
    ] = None,
    phrases: PhraseSettings,
    log: Annotated[
        str | None,
        typer.Option(
            "--log", metavar="FILE", help="Write loss, learning rate and words/s there while training, as JSON lines."
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            "--report", metavar="FILE", help="Write a page (.html) about the run: settings, curves, neighbours, a map."
        ),
    ] = None,
    report_word: Annotated[
        list[str] | None,
        typer.Option("--report-word", metavar="WORD", help="Show this word's neighbours in it; may be given again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    quiet: QuietFlag = False,
) -> None:
    """Train word vectors on CORPUS and save them.

    Options have gensim's names and defaults: CBOW with 5 noise words unless told otherwise (--sg is slower
    and better on small texts). The text is read once; epochs run over ids in memory.
    """
    given = given_options(context, "settings")
    if preset is not None:
        if continue_from is not None:
            raise _output.UsageError("--preset is for a new model, and --continue keeps the one's own settings")
        chosen = PRESETS[preset.value]
        settings, ending = settings.with_preset(chosen, given), ending or Ending(chosen.ending)
    earlier = None
    if continue_from is not None:
        earlier = _model_to_continue(continue_from, seeds, vocab, phrases, start)
        settings = _models.settings_of_continued(earlier, settings, given, continue_from)
        reading = _models.reading_of_continued(
            earlier, reading, given_options(context, "reading"), quiet=quiet or as_json
        )
        ending = ending or Ending(_models.beginning_of(earlier).get("ending", Ending.INPUT))
    _check_effect(given, settings, given_options(context, "phrases"), phrases)
    settings.check_rates()
    if ending is not None and ending is not Ending.INPUT and settings.negative == 0:
        raise _output.UsageError(
            f"--ending {ending.value} adds the output vectors of words, which --negative 0 leaves out: draw some"
            " noise words, or save input vectors with --ending input"
        )
    if vocab is not None and phrases.passes:
        raise _output.UsageError("--vocab and --phrases exclude each other: the file names the words there are")
    targets = Targets(output, save_model, (ending or Ending.INPUT).value)
    inputs = [file for file in (start.init_from, vocab) if file is not None]
    _check_places(targets, corpus, inputs, checkpoints)
    all_targets = targets_of_seeds(targets, settings, seeds, corpus, checkpoints, inputs, log)
    still = quiet or as_json
    if seeds > 1:
        if report is not None or report_word:
            raise _output.UsageError("--report goes with one model, and --seeds trains several: leave it out")
        summary = train_seeds(
            corpus, reading, settings, phrases, all_targets, quiet=still, counts_file=vocab, start=start, log=log
        )
    else:
        chronicle = _report.Chronicle(log, report, tuple(report_word or ()))
        chronicle.check([*corpus, *inputs], targets)
        trained = _pipeline.train_and_save(
            corpus, reading, settings, phrases, targets,
            checkpoints=checkpoints, quiet=still, counts_file=vocab, earlier=earlier, earlier_folder=continue_from,
            start=start, run_log=chronicle.run_log,
            on_phrases=None if report is None else chronicle.keep_phrases,
        )  # fmt: skip
        summary = trained.summary
        try:
            chronicle.write_report(corpus, settings, trained, command=typed_line(context), quiet=still)
        except KeyboardInterrupt:
            files = [file for file in summary["files"] if file != report]
            kept = f"interrupted; no report was made; complete: {' and '.join(files)}"
            raise Interrupted(kept, {**summary, "files": files}) from None
    if as_json:
        _output.write_json(summary, "-")
    elif not quiet:
        (print_summary if seeds == 1 else print_seeds_summary)(summary)


def _check_effect(
    of_settings: dict[str, str], settings: TrainSettings, of_phrases: dict[str, str], phrases: PhraseSettings
) -> None:
    """UsageError for options on the command line that others make meaningless."""
    if settings.whole_sequence and of_settings.keys() & {"window", "shrink_windows"}:
        raise _output.UsageError("--window and --fixed-windows have no effect with --whole-sequence: leave them out")
    for field, option in of_settings.items():
        if settings.sg and field in ("cbow_mean", "cbow_corrected"):
            raise _output.UsageError(f"{option} has no effect with --sg: leave one of them out")
        if settings.negative == 0 and field in ("ns_exponent", "shared_negatives"):
            raise _output.UsageError(f"{option} is about noise words, of which --negative 0 draws none: leave it out")
    for field, option in of_phrases.items():
        if phrases.passes == 0 and field != "passes":
            raise _output.UsageError(f"{option} needs --phrases, which is 0: add --phrases 1 to join phrases")


def _check_places(targets: Targets, corpus: list[str], inputs: list[str], checkpoints: CheckpointSettings) -> None:
    """Refuse outputs that cannot be written, or that would replace an input or each other."""
    targets.check(corpus)
    check_not_an_input(targets.vectors, "--output", inputs)
    for target in (("--output", targets.vectors), ("--save-model", targets.model)):
        check_distinct(target, ("--checkpoint", checkpoints.folder))
    checkpoints.check()


def _model_to_continue(
    folder: str, seeds: int, vocab: str | None, phrases: PhraseSettings, start: StartSettings
) -> Word2Vec:
    """The model that --continue names; UsageError for options that do not go with it."""
    if seeds > 1:
        raise _output.UsageError("--continue goes with one model, and --seeds trains several: leave one out")
    if vocab is not None or phrases.passes:
        other = "--phrases" if phrases.passes else "--vocab"
        raise _output.UsageError(f"{other} is not for --continue: the model has its own words and phrases")
    if start.init_from is not None:
        raise _output.UsageError("--init-from is not for --continue: the words of the model start from its own vectors")
    return _models.load_earlier(folder)
