"""Turns one text into the forms that measured trainers need: ids, token lists, a file broken into lines.

Called by the peers of `w2vplus.bench`. Everything is made from one encoding of the text, so that all peers
get the same tokens and their number is known exactly.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from w2vplus.corpus import encode, open_corpus
from w2vplus.store import EncodedCorpus, TokenStore

ZIPF = "zipf:"
"""Begins the name of a text that is generated."""

GENSIM_SENTENCE_LIMIT = 10_000
"""gensim trains at most so many words of one list (its MAX_WORDS_IN_BATCH) and drops the rest."""

LINE_LENGTH = 1_000
"""Words a line of the plain-text copy, for readers that want lines; well under gensim's limit."""


class LineFile(NamedTuple):
    """A plain file and how many lines it has, which gensim's `corpus_file` mode must be told."""

    path: Path
    line_count: int


class BenchCorpus:
    """One text in every form a peer needs, made once: ids, token lists, and a plain file broken into lines.

    `folder` holds the derived files and belongs to the caller. `max_tokens` keeps the beginning only. A source
    "zipf:1000000,20000000" is generated: so many different words in so many tokens.
    """

    def __init__(self, source: str, folder: Path, max_tokens: int | None = None) -> None:
        if source.startswith(ZIPF):
            source = str(write_zipf(folder / "zipf.txt", source.removeprefix(ZIPF)))
        self.source = source
        self.folder = folder
        encoded = encode(open_corpus(source))
        self.is_cut = max_tokens is not None and max_tokens < encoded.store.token_count
        self.encoded = (
            first_tokens(encoded, max_tokens) if max_tokens is not None and self.is_cut else encoded
        )

    @property
    def token_count(self) -> int:
        return self.encoded.store.token_count

    @cached_property
    def sentences(self) -> list[list[str]]:
        """Token lists no longer than gensim's limit; strings are shared, so this costs 8 bytes a token."""
        return token_lists(self.encoded, GENSIM_SENTENCE_LIMIT)

    @cached_property
    def lines(self) -> LineFile:
        """The text as plain UTF-8 lines of at most LINE_LENGTH words."""
        return self.write_lines("lines.txt", self.token_count)

    @cached_property
    def whole_file(self) -> str:
        """What whole processes read: the file, or the line-broken copy if it was cut or is not one text."""
        is_text = Path(self.source).is_file() and ".xml" not in Path(self.source).name
        return str(Path(self.source).resolve() if is_text and not self.is_cut else self.lines.path)

    def write_lines(self, name: str, tokens: int) -> LineFile:
        """Write the first `tokens` tokens as lines to `name` in the folder."""
        path = self.folder / name
        lines = token_lists(first_tokens(self.encoded, tokens), LINE_LENGTH)
        with path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(" ".join(line) + "\n")
        return LineFile(path, len(lines))


def write_zipf(path: Path, numbers: str) -> Path:
    """A text of "WORDS,TOKENS": each word once, the rest drawn with probabilities 1/rank (Zipf 1935), shuffled."""
    words_text, _, tokens_text = numbers.partition(",")
    if not (words_text.isdecimal() and tokens_text.isdecimal() and 1 <= int(words_text) <= int(tokens_text)):
        raise ValueError(f"a generated text is {ZIPF}WORDS,TOKENS with at least a token for each word, got {numbers!r}")
    words, tokens = int(words_text), int(tokens_text)
    random = np.random.default_rng(1)
    cumulated = np.cumsum(1 / np.arange(1, words + 1))
    drawn = np.searchsorted(cumulated, random.random(tokens - words) * cumulated[-1]).clip(0, words - 1)
    ids = np.append(np.arange(words), drawn)
    random.shuffle(ids)
    with path.open("w", encoding="ascii") as file:
        for first in range(0, tokens, LINE_LENGTH):
            file.write(" ".join(f"w{word}" for word in ids[first : first + LINE_LENGTH].tolist()) + "\n")
    return path


def first_tokens(encoded: EncodedCorpus, tokens: int) -> EncodedCorpus:
    """The corpus as it would be if its text ended after `tokens` tokens (the last sentence may be cut)."""
    store = encoded.store
    ids = store.ids[:tokens]
    # Ids count types by first occurrence, so a beginning of the text knows a beginning of the types.
    type_count = int(ids.max()) + 1 if len(ids) else 0
    starts = store.sentence_starts[store.sentence_starts < len(ids)]
    weights = None if store.sentence_weights is None else store.sentence_weights[: len(starts)]
    counts = np.bincount(ids, minlength=type_count).astype(np.int64)
    cut = TokenStore(ids, np.append(starts, len(ids)).astype(np.int64), weights)
    return EncodedCorpus(encoded.types[:type_count], counts, cut)


def token_lists(encoded: EncodedCorpus, limit: int) -> list[list[str]]:
    """The sentences as lists of at most `limit` strings; longer ones are cut, not dropped."""
    types = [str(token) for token in encoded.types]
    starts = encoded.store.sentence_starts.tolist()
    lists = []
    for begin, end in itertools.pairwise(starts):
        for cut in range(begin, end, limit):
            lists.append([types[i] for i in encoded.store.ids[cut : min(cut + limit, end)].tolist()])
    return lists
