"""Turns typed lines into answers about words, one after another: `w2vplus explore`, at a prompt or in a pipe.

What the C tools distance and word-analogy do, and more: a line is a word, a phrase, a sum of words, or a command
that begins with a slash. At a terminal prompt_toolkit gives history and completion; lines from a pipe or a file are
answered without a prompt.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import typer

from w2vplus.cli import _answers, _output
from w2vplus.cli._answers import Answer, Limits
from w2vplus.cli._options import JsonFlag, RestrictOption, TopnOption, VectorsArgument
from w2vplus.cli._words import Words


def explore(
    vectors: VectorsArgument,
    topn: TopnOption = 10,
    restrict_vocab: RestrictOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask about words at a prompt: neighbours, sums, analogies, odd ones out, cosines.

    Type a word, a phrase or a sum such as king - man + woman; /help lists the rest. Tab completes words, the arrow
    keys bring back what was asked before. Lines from standard input are answered without a prompt, with --json as
    one JSON object a line.
    """
    limits = Limits(topn, restrict_vocab)
    limits.check()
    explorer = Explorer(Words.of_file(vectors), limits)
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.Exit(answer_lines(explorer, _stdin_lines(), as_json=as_json))
    from w2vplus.cli._prompt import typed_lines

    words, dimensions = len(explorer.words.vectors), explorer.words.vectors.vector_size
    _output.note(f"{words:,} words of {dimensions} numbers.\nType a word, a sum or /help; Ctrl-D leaves.")
    lines = typed_lines(explorer.words, [*explorer.commands])
    answer_lines(explorer, lines, as_json=as_json, interactive=True)


class Leave(Exception):
    """The person asked to leave."""


class Command(NamedTuple):
    """What a line that begins with a slash does."""

    run: Callable[[str], Answer]
    arguments: str
    help: str


class Explorer:
    """Answers lines; remembers how many answers are wanted."""

    def __init__(self, words: Words, limits: Limits) -> None:
        self.words, self.limits = words, limits
        self.commands = {
            "/analogy": Command(self._analogy, "man king woman", "man is to king as woman is to what?"),
            "/odd": Command(self._odd, "lunch dinner car", "which word does not belong to the others"),
            "/similarity": Command(self._similarity, "cup mug", "the cosine of two words"),
            "/scores": Command(self._scores, "cup mug tea", "every cosine between some words"),
            "/topn": Command(self._topn, str(limits.topn), "how many neighbours to show"),
            "/restrict": Command(self._restrict, "all", "search only so many of the most frequent words, or all"),
            "/help": Command(self._help, "", "this list"),
            "/quit": Command(self._quit, "", "leave, as Ctrl-D does"),
        }

    def answer(self, line: str) -> Answer:
        """The answer to a line that is not empty; raises CommandError, or Leave."""
        name, _, rest = line.strip().partition(" ")
        if name.startswith("/") and self.words.find(line.strip()) is None:
            if name not in self.commands:
                raise _output.CommandError(f"there is no command {name}: {', '.join(self.commands)}")
            return self.commands[name].run(rest.strip())
        return _answers.neighbours(self.words, self.words.expression(line), self.limits)

    def _analogy(self, rest: str) -> Answer:
        return _answers.analogy(self.words, self.words.several(rest, 3), self.limits)

    def _odd(self, rest: str) -> Answer:
        return _answers.odd_one_out(self.words, self.words.several(rest))

    def _similarity(self, rest: str) -> Answer:
        return _answers.similarity(self.words, self.words.several(rest, 2))

    def _scores(self, rest: str) -> Answer:
        return _answers.scores(self.words, self.words.several(rest))

    def _topn(self, rest: str) -> Answer:
        if rest:
            self.limits.topn = _positive("/topn", rest)
        return self._limits_now()

    def _restrict(self, rest: str) -> Answer:
        if rest:
            self.limits.restrict_vocab = None if rest == "all" else _positive("/restrict", rest)
        return self._limits_now()

    def _limits_now(self) -> Answer:
        size = len(self.words.vectors)
        searched = min(self.limits.restrict_vocab or size, size)
        rows = [["/topn", f"{self.limits.topn:,}"], ["/restrict", f"{searched:,} of {size:,} words"]]
        content = {"topn": self.limits.topn, "restrict_vocab": self.limits.restrict_vocab}
        return Answer("What is shown", ["", ""], rows, content)

    def _help(self, rest: str) -> Answer:
        examples = [
            ["king", "the nearest words"],
            ["new york", "a phrase; if there is none, new + york"],
            ["king - man + woman", "the words nearest to a sum"],
            ['"-" + t-shirt', "quotes keep a text together; words with - or + need none"],
        ]
        rows = [*examples, *([f"{name} {one.arguments}", one.help] for name, one in self.commands.items())]
        note = "Commas keep phrases apart: /odd new york, london, bread"
        return Answer(note, ["type", "for"], rows, {"commands": dict((str(a), b) for a, b in rows)})

    def _quit(self, rest: str) -> Answer:
        raise Leave


def _positive(command: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise _output.CommandError(f"{command} must be a number from 1 on, got {text}")
    return int(text)


def answer_lines(
    explorer: Explorer, lines: Iterator[str], *, as_json: bool = False, interactive: bool = False
) -> int:
    """Answer line after line; what has no answer is an error line and does not end it.

    Returns the exit code: 1 if a line of a pipe had no answer. As JSON it has its object too, so that objects and
    lines that are not empty correspond.
    """
    exit_code = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            answer = explorer.answer(line)
            content = answer.content
            if not as_json:
                answer.show()
        except Leave:
            break
        except KeyboardInterrupt:
            if not interactive:
                raise
            continue
        except _output.CommandError as error:
            _output.report_error(str(error) if interactive else f"line {number}: {error}")
            content = {"error": str(error)}
            exit_code = 0 if interactive else _output.BAD_INPUT
        if as_json:
            _output.write_json_line({"asked": line.strip(), **content})
    return exit_code


def _stdin_lines() -> Iterator[str]:
    """The lines of standard input; bytes that are not UTF-8 stay visible, as U+FFFD."""
    for line in sys.stdin.buffer if sys.stdin is not None else ():
        yield line.decode("utf-8", "replace")
