"""`w2vplus distance` and `w2vplus word-analogy`: lines of words in, the 40 nearest words of each out, as the C tools
print them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from w2vplus.cli.c_tools.flags import CToolParser, Flags, load_vectors_of

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

SHOWN = 40
STOP = "EXIT"
RULE = "-" * 72


def distance(flags: Flags = None) -> None:
    """Nearest words of words and sentences, as the C program distance: VECTORS, then words on standard input."""
    parser = CToolParser(
        "distance", "Print the 40 nearest words of each line of words on standard input.", "vectors.bin"
    )
    vectors = _vectors(parser, flags)
    heading = f"{'Word':>50}       Cosine distance"

    def ask(words: list[str]) -> list[tuple[Any, float]]:
        return vectors.most_similar(positive=words, topn=SHOWN)  # type: ignore[no-any-return]

    _converse(vectors, "Enter word or sentence (EXIT to break): ", 1, heading, ask)


def word_analogy(flags: Flags = None) -> None:
    """Answers to "a is to b as c is to ?", as the C program word-analogy: VECTORS, then a b c on standard input."""
    parser = CToolParser(
        "word-analogy", "Print the 40 words nearest to b - a + c for each line 'a b c' of the input.", "vectors.bin"
    )
    vectors = _vectors(parser, flags)
    heading = f"{'Word':>50}              Distance"

    def ask(words: list[str]) -> list[tuple[Any, float]]:
        a, b, c = words[:3]
        # Further words take no part, but are no answers either.
        found = vectors.most_similar(positive=[b, c], negative=[a], topn=SHOWN + len(words))
        return [(word, cosine) for word, cosine in found if word not in words][:SHOWN]

    _converse(vectors, "Enter three words (EXIT to break): ", 3, heading, ask)


def _vectors(parser: CToolParser, flags: list[str] | None) -> KeyedVectors:
    parser.add_argument("vectors", metavar="VECTORS", help="vectors in the binary format, or as their suffix says")
    return load_vectors_of(parser.read(flags).vectors)


def _converse(
    vectors: KeyedVectors,
    prompt: str,
    least: int,
    heading: str,
    ask: Callable[[list[str]], list[tuple[Any, float]]],
) -> None:
    """Answer every line until EXIT or the end of the input."""
    for line in _lines(prompt):
        words = line.split()
        if len(words) < least:
            if least > 1:
                print(f"Only {len(words)} words were entered.. {least} words are needed at the input")
            continue
        if not _placed(vectors, words):
            continue
        print(f"\n{heading}\n{RULE}")
        for word, cosine in ask(words):
            print(f"{word:>50}\t\t{cosine:f}")


def _lines(prompt: str) -> Iterator[str]:
    """The lines of standard input, each asked for."""
    while True:
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        if not line or line.rstrip("\r\n") == STOP:
            if not line:
                print()  # the prompt had no answer
            return
        yield line


def _placed(vectors: KeyedVectors, words: list[str]) -> bool:
    """Say where each word stands, until one has no vector; whether all have one."""
    for word in words:
        row = vectors.key_to_index.get(word, -1)
        print(f"\nWord: {word}  Position in vocabulary: {row}")
        if row < 0:
            print("Out of dictionary word!")
            return False
    return True
