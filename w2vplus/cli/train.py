"""Turns `w2vplus train CORPUS... -o VECTORS` into a trained, saved model: options, checks, one run.

Options carry gensim's names and defaults. Whatever can be wrong about them or about the output is found
before the corpus is opened; hours of text are not read for a typing error.
"""

from __future__ import annotations

from typing import Annotated

import typer

from w2vplus.cli import _models, _output, _pipeline, _report
from w2vplus.cli._many_seeds import targets_of_seeds, train_seeds
from w2vplus.cli._options import (
    MODEL,
    PHRASES,
    TEXT,
    VOCABULARY,
    CacheOption,
    ColumnOption,
    CorpusArgument,
    ErrorsOption,
    MemoryLimitOption,
    NormalizeOption,
    PhraseConnectors,
    PhraseMaxPairs,
    PhraseMinCount,
    PhraseScoring,
    PhraseThreshold,
    QuietFlag,
    SkipUnreadableFlag,
    SplitSentencesFlag,
)
from w2vplus.cli._settings import (
    CheckpointSettings,
    DecodingErrors,
    Ending,
    Normalization,
    PhraseSettings,
    StartSettings,
    TrainSettings,
    size_in_bytes,
)
from w2vplus.cli._summaries import print_seeds_summary, print_summary
from w2vplus.cli._targets import Targets, check_distinct, check_not_an_input


def train(
    context: typer.Context,
    corpus: CorpusArgument,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="VECTORS",
            help="Where vectors go; the suffix chooses the format: word2vec's .bin or .txt, .gz after it.",
        ),
    ],
    save_model: Annotated[
        str | None,
        typer.Option(
            "--save-model",
            metavar="FOLDER",
            help="Also keep the whole model, its phrases included, to go on later (safetensors and JSON).",
        ),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            metavar="FOLDER",
            help="Keep checkpoints there, to go on after a crash with --resume.",
        ),
    ] = None,
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(
            "--checkpoint-minutes", help="Minutes between checkpoints; 10 unless set.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint, if there is one; else begin.")
    ] = False,
    continue_from: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="FOLDER",
            help="Go on with the model that --save-model kept there: its words, weights, settings and phrases;"
            " new words join.",
        ),
    ] = None,
    column: ColumnOption = None,
    normalize: NormalizeOption = Normalization.NONE,
    split_sentences: SplitSentencesFlag = False,
    errors: ErrorsOption = DecodingErrors.STRICT,
    max_sentence_length: Annotated[
        int | None,
        typer.Option(
            help="Cut longer lines into sentences of so many words; uncut unless set.", rich_help_panel=TEXT
        ),
    ] = None,
    skip_unreadable: SkipUnreadableFlag = False,
    memory_limit: MemoryLimitOption = None,
    cache_dir: CacheOption = None,
    sg: Annotated[
        bool, typer.Option("--sg/--cbow", help="Skip-gram or CBOW.", rich_help_panel=MODEL)
    ] = False,
    hs: Annotated[
        bool,
        typer.Option("--hs", help="Hierarchical softmax; --negative 0 for it alone.", rich_help_panel=MODEL),
    ] = False,
    negative: Annotated[
        int, typer.Option(help="Noise words for each target; 0 for none.", rich_help_panel=MODEL)
    ] = TrainSettings.negative,
    vector_size: Annotated[
        int, typer.Option(help="Numbers in each vector.", rich_help_panel=MODEL)
    ] = TrainSettings.vector_size,
    window: Annotated[
        int, typer.Option(help="Words to each side, at most.", rich_help_panel=MODEL)
    ] = TrainSettings.window,
    shrink_windows: Annotated[
        bool,
        typer.Option(
            "--shrink-windows/--fixed-windows", help="Draw each window from 1..window.", rich_help_panel=MODEL
        ),
    ] = TrainSettings.shrink_windows,
    whole_sequence: Annotated[
        bool,
        typer.Option(
            "--whole-sequence",
            help="Every item of a line is in every other's window, whatever its order: baskets, sets.",
            rich_help_panel=MODEL,
        ),
    ] = TrainSettings.whole_sequence,
    epochs: Annotated[
        int, typer.Option(help="Times the text is gone through.", rich_help_panel=MODEL)
    ] = TrainSettings.epochs,
    alpha: Annotated[
        float, typer.Option(help="First learning rate.", rich_help_panel=MODEL)
    ] = TrainSettings.alpha,
    min_alpha: Annotated[
        float, typer.Option(help="Last learning rate.", rich_help_panel=MODEL)
    ] = TrainSettings.min_alpha,
    cbow_mean: Annotated[
        bool,
        typer.Option(
            "--cbow-mean/--cbow-sum", help="Average context vectors or add them.", rich_help_panel=MODEL
        ),
    ] = TrainSettings.cbow_mean,
    ns_exponent: Annotated[
        float, typer.Option(help="Noise words are drawn by count to this power.", rich_help_panel=MODEL)
    ] = TrainSettings.ns_exponent,
    compute_loss: Annotated[
        bool, typer.Option("--compute-loss/--no-compute-loss", help="Show the loss.", rich_help_panel=MODEL)
    ] = TrainSettings.compute_loss,
    init_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Let the words of these vectors (.bin, .txt, .kv) start from there.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    lock_factor: Annotated[
        float | None,
        typer.Option(
            help="Multiply every update of these words; 0 keeps them as they are.",
            show_default="1",
            rich_help_panel=MODEL,
        ),
    ] = None,
    ending: Annotated[
        Ending,
        typer.Option(
            help="Save each word's input vector, or the sum of its input and output vectors (Levy et al. 2015).",
            rich_help_panel=MODEL,
        ),
    ] = Ending.INPUT,
    workers: Annotated[
        int | None,
        typer.Option(help="Threads; every CPU unless set.", show_default=False, rich_help_panel=MODEL),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="With one worker the same seed gives the same vectors.", rich_help_panel=MODEL)
    ] = TrainSettings.seed,
    seeds: Annotated[
        int,
        typer.Option(
            help="Train so many models, from --seed on, of a text read once, side by side; vectors.bin becomes"
            " vectors.seed1.bin and so on.",
            rich_help_panel=MODEL,
        ),
    ] = 1,
    min_count: Annotated[
        int, typer.Option(help="Drop words that occur less often.", rich_help_panel=VOCABULARY)
    ] = TrainSettings.min_count,
    max_final_vocab: Annotated[
        int | None,
        typer.Option(help="Keep at most so many words, the most frequent.", rich_help_panel=VOCABULARY),
    ] = None,
    sample: Annotated[
        float,
        typer.Option(
            help="Downsample words more frequent than this; 0 keeps all.", rich_help_panel=VOCABULARY
        ),
    ] = TrainSettings.sample,
    vocab: Annotated[
        str | None,
        typer.Option(
            "--vocab",
            metavar="FILE",
            help="Take words and counts from this file, as vocab --output writes it.",
            rich_help_panel=VOCABULARY,
        ),
    ] = None,
    phrases: Annotated[
        int,
        typer.Option(help="Passes that join words such as new_york; 0 for none.", rich_help_panel=PHRASES),
    ] = PhraseSettings.passes,
    phrase_scoring: PhraseScoring = PhraseSettings.scoring,
    phrase_threshold: PhraseThreshold = None,
    phrase_min_count: PhraseMinCount = PhraseSettings.min_count,
    phrase_connectors: PhraseConnectors = PhraseSettings.connectors,
    max_pairs: PhraseMaxPairs = None,
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
    if workers is not None:
        _output.require(
            "--workers", workers, workers >= 1, "at least 1", "every CPU is used unless it is set"
        )
    if max_sentence_length is not None:
        _output.require("--max-sentence-length", max_sentence_length, max_sentence_length >= 1, "at least 1")
    settings = TrainSettings(
        vector_size=vector_size,
        window=window,
        min_count=min_count,
        max_final_vocab=max_final_vocab,
        sample=sample,
        sg=sg,
        hs=hs,
        negative=negative,
        ns_exponent=ns_exponent,
        cbow_mean=cbow_mean,
        whole_sequence=whole_sequence,
        shrink_windows=shrink_windows,
        alpha=alpha,
        min_alpha=min_alpha,
        epochs=epochs,
        workers=workers or 0,
        seed=seed,
        compute_loss=compute_loss,
    )
    earlier = None
    given_options = {name for name in context.params if _is_given(context, name)}
    if whole_sequence and given_options & {"window", "shrink_windows"}:
        raise _output.UsageError("--window and --fixed-windows have no effect with --whole-sequence: leave them out")
    if continue_from is not None:
        if seeds > 1:
            raise _output.UsageError("--continue goes with one model, and --seeds trains several: leave one out")
        if vocab is not None or phrases:
            other = "--phrases" if phrases else "--vocab"
            raise _output.UsageError(f"{other} is not for --continue: the model has its own words and phrases")
        earlier = _models.load_earlier(continue_from)
        settings = _models.settings_of_continued(earlier, settings, given_options, continue_from)
    if phrases == 0:
        given = {
            "--phrase-scoring": phrase_scoring is not PhraseSettings.scoring,
            "--phrase-threshold": phrase_threshold is not None,
            "--phrase-min-count": phrase_min_count != PhraseSettings.min_count,
            "--phrase-connectors": phrase_connectors is not PhraseSettings.connectors,
            "--max-pairs": max_pairs is not None,
        }
        for option in (option for option, is_given in given.items() if is_given):
            raise _output.UsageError(f"{option} needs --phrases, which is 0: add --phrases 1 to join phrases")
    phrase_settings = PhraseSettings(
        phrases, phrase_min_count, phrase_threshold, phrase_connectors, phrase_scoring, max_pairs
    )
    if ending is Ending.SUM and negative == 0:
        raise _output.UsageError(
            "--ending sum adds the output vectors of words, which --negative 0 leaves out: draw some noise words"
        )
    start = StartSettings(init_from, lock_factor)
    targets = Targets(output, save_model, ending.value)
    targets.check(corpus)
    if init_from is not None:
        check_not_an_input(output, "--output", [init_from])
    if vocab is not None:
        check_not_an_input(output, "--output", [vocab])
    for target in (("--output", output), ("--save-model", save_model)):
        check_distinct(target, ("--checkpoint", checkpoint))
    if vocab is not None and phrases:
        raise _output.UsageError(
            "--vocab and --phrases exclude each other: the file names the words there are"
        )
    checkpoints = CheckpointSettings(checkpoint, checkpoint_minutes, resume)
    checkpoints.check()
    all_targets = targets_of_seeds(targets, settings, seeds, corpus, checkpoints, vocab, log)
    reading = _pipeline.ReadOptions(
        errors.value,
        max_sentence_length,
        normalize.value,
        split_sentences,
        tuple(column or ()),
        skip_unreadable,
        None if memory_limit is None else size_in_bytes("--memory-limit", memory_limit),
        cache_dir,
    )
    if seeds > 1:
        if report is not None or report_word:
            raise _output.UsageError("--report goes with one model, and --seeds trains several: leave it out")
        summary = train_seeds(
            corpus, reading, settings, phrase_settings, all_targets,
            quiet=quiet or as_json, counts_file=vocab, start=start, log=log,
        )  # fmt: skip
        if as_json:
            _output.write_json(summary, "-")
        elif not quiet:
            print_seeds_summary(summary)
        return
    chronicle = _report.Chronicle(log, report, tuple(report_word or ()))
    chronicle.check([*corpus, *([vocab] if vocab is not None else [])], targets)
    trained = _pipeline.train_and_save(
        corpus, reading, settings, phrase_settings, targets,
        checkpoints=checkpoints, quiet=quiet or as_json, counts_file=vocab, earlier=earlier, start=start,
        run_log=chronicle.run_log, on_phrases=None if report is None else chronicle.keep_phrases,
    )
    chronicle.write_report(corpus, settings, trained, quiet=quiet or as_json)
    if as_json:
        _output.write_json(trained.summary, "-")
    elif not quiet:
        print_summary(trained.summary)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line, rather than at its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
