"""The prompt of `w2vplus explore`: lines typed at a terminal, with history and completion by prompt_toolkit."""

from __future__ import annotations

import bisect
import heapq
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import create_output

from w2vplus.cli import _output
from w2vplus.cli._words import SEPARATORS, Words
from w2vplus.phrases.lookup import DELIMITER

MOST_COMPLETIONS = 50


def typed_lines(words: Words, commands: Sequence[str], **session_options: Any) -> Iterator[str]:
    """The lines that a person types, until Ctrl-D; Ctrl-C begins a line anew.

    The prompt goes to the terminal even where standard output is redirected. `session_options`: for tests.
    """
    options = {"history": _history(), "output": create_output(always_prefer_tty=True), **session_options}
    session: PromptSession[str] = PromptSession(
        completer=ThreadedCompleter(WordCompleter(words, commands)),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        **options,
    )
    while True:
        try:
            yield session.prompt("> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def history_file() -> Path:
    """Where lines are remembered from one session to the next (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state, "w2vplus", "explore-history")


def _history() -> History:
    try:
        history_file().parent.mkdir(parents=True, exist_ok=True)
        history_file().touch()
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        _output.note(f"lines are not remembered: {error}")
        return InMemoryHistory()
    return FileHistory(str(history_file()))


class WordCompleter(Completer):
    """Completes the word before the cursor, and the phrase that it ends, the most frequent first; commands too."""

    def __init__(self, words: Words, commands: Sequence[str]) -> None:
        self._words, self._commands = words, commands

    @cached_property
    def _sorted(self) -> tuple[list[str], list[int]]:
        """Keys without their case in alphabetical order, and their places in the vocabulary."""
        folded = [str(key).casefold() for key in self._words.vectors.index_to_key]
        order = sorted(range(len(folded)), key=folded.__getitem__)
        return [folded[row] for row in order], order

    def beginning_with(self, prefix: str) -> list[str]:
        """The words that begin so, those in the case that was typed first, then the most frequent."""
        folded, order = self._sorted
        keys = self._words.vectors.index_to_key
        first = bisect.bisect_left(folded, prefix.casefold())
        # No key that begins so sorts behind the prefix followed by the last code point.
        last = bisect.bisect_left(folded, prefix.casefold() + "\U0010ffff", first)
        rows = heapq.nsmallest(
            MOST_COMPLETIONS, order[first:last], key=lambda row: (not str(keys[row]).startswith(prefix), row)
        )
        return [str(keys[row]) for row in rows]

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand in place of the last word, or the last words as a phrase."""
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            yield from (Completion(name, -len(text)) for name in self._commands if name.startswith(text))
            return
        if not text or text[-1].isspace():
            return
        typed = list(re.finditer(r"\S+", text))
        offered: set[str] = set()
        for count in (3, 2):  # the last words as the beginning of a phrase
            last = [match[0] for match in typed[-count:]]
            if len(last) == count and not SEPARATORS & set("".join(last)):
                length = len(text) - typed[-count].start()
                yield from self._offers(DELIMITER.join(last), length, offered)
        word = typed[-1][0].lstrip("".join(SEPARATORS) + '"')
        if word:
            yield from self._offers(word, len(word), offered)

    def _offers(self, prefix: str, length: int, offered: set[str]) -> Iterator[Completion]:
        for key in self.beginning_with(prefix):
            if key not in offered:
                offered.add(key)
                yield Completion(f'"{key}"' if key.split() != [key] else key, -length, display=key)
