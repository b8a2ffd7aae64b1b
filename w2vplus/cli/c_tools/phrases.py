"""`w2vplus word2phrase`: the C program's flags, its scores, the text with its phrases joined."""

from __future__ import annotations

from w2vplus.cli import _output, _pipeline
from w2vplus.cli._phrase_settings import PhraseSettings, Scoring
from w2vplus.cli._reading import DecodingErrors, ReadOptions
from w2vplus.cli._targets import check_not_a_source, check_writable
from w2vplus.cli.c_tools.flags import CToolParser, Flags
from w2vplus.cli.corpora import rereadable
from w2vplus.limits import available_cpus


def word2phrase(flags: Flags = None) -> None:
    """Join phrases as the C program word2phrase, with its flags: -train FILE -output FILE -threshold 100 ..."""
    given = _parser().read(flags)
    try:
        settings = PhraseSettings(
            passes=1, min_count=given.min_count, thresholds=given.threshold, scoring=Scoring.WORD2PHRASE
        )
    except _output.UsageError as error:
        # The same rules under the flags of this program: --phrase-threshold is -threshold.
        raise _output.UsageError(str(error).replace("--phrase-", "-")) from None
    check_writable(given.output, "-output")
    check_not_a_source(given.output, "-output", [given.train])
    if given.debug > 0:
        print(f"Starting training using file {given.train}", flush=True)
    reading = ReadOptions(errors=DecodingErrors.REPLACE)
    opened = reading.open([given.train])
    quiet = given.debug < 2
    encoded = _pipeline.encode_opened(opened, [given.train], reading, workers=available_cpus(), quiet=quiet)
    joined = _pipeline.join_phrases(encoded, settings, workers=available_cpus())
    if given.debug > 0:
        print(f"Words in train file: {encoded.token_count}")
        found = f"{len(joined.found):,} phrases; {encoded.token_count:,} tokens became {joined.encoded.token_count:,}"
        _output.note(f"w2vplus: {found}")
    if joined.phrases is not None:
        joined.phrases.write(rereadable(opened, encoded), given.output, workers=available_cpus())


def _parser() -> CToolParser:
    parser = CToolParser(
        "word2phrase",
        "Join pairs of words that belong together, with the flags, the defaults and the scores of the C program"
        " word2phrase.\n\nWhat differs from it: pairs do not reach over line ends, and no line begins with a space.",
        "-train text.txt -output phrases.txt -threshold 100 -debug 2",
    )
    parser.file("-train", "text to find phrases in; compressed too", required=True)
    parser.file("-output", "where the text with its phrases joined by _ goes", required=True)
    parser.whole("-min-count", 5, "taken off the count of every pair", least=1)
    parser.add_argument("-threshold", default="100", metavar="FLOAT", help="least score of a phrase; higher finds"
                        " fewer; default 100")  # fmt: skip
    parser.whole("-debug", 2, "2: progress; 1: sizes; 0: nothing")
    return parser
