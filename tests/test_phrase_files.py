"""Phrases learnt from files in passing and applied from file to file, against Python's own splitting and lists."""

from __future__ import annotations

import bz2
import gzip
import io
from pathlib import Path

import pytest
from gensim.models.phrases import Phrases as GensimPhrases
from gensim.models.word2vec import LineSentence as GensimLines
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus import FrozenPhrases, Phrases
from w2vplus.collocations import CandidateCounts, count_candidates, count_passing
from w2vplus.corpus import LineSentence, Text8Corpus, encode, open_corpus, passing
from w2vplus.corpus.files import BlockStream
from w2vplus.errors import CorpusError
from w2vplus.phrases.writing import safe_cut

TEXT = [["new", "york", "times"]] * 3 + [["new", "york", "bank", "of", "india"]] * 3 + [["é", "ü", "of", "new"]] * 2
PHRASES = Phrases.learn(TEXT, 2, thresholds=0.2, min_count=1, connector_words={"of"})
SPACES = [" ", "  ", "\t", "\u00a0", "\u3000", "\x1c", "\r", "\x0b"]
WORDS = ["new", "york", "times", "bank", "of", "india", "é", "ü", "x", "a-long-token-of-no-phrase", "new_york"]


def joined_slowly(text: str, phrases: FrozenPhrases = PHRASES) -> str:
    """str.split and token lists, line by line."""
    lines = [phrases[line.split()] for line in text.split("\n") if line.split()]
    return "".join(" ".join(line) + "\n" for line in lines)


def written(phrases: FrozenPhrases, source: object, path: Path, workers: int = 2) -> str:
    phrases.write(source, path, workers=workers)
    return path.read_text(encoding="utf-8")


texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([*SPACES, " ", " ", "\n", "\n\n"]))).map(
    lambda parts: "".join(word + space for word, space in parts)
)


@given(text=texts)
@settings(max_examples=200)
def test_text_is_joined_as_its_token_lists_are(text: str) -> None:
    merged, read, count = PHRASES._native().text_merger(None).merge(text.encode(), True)
    assert bytes(merged).decode() == joined_slowly(text)
    assert read == len(text.split()) and count == len(joined_slowly(text).split())


class _Blocks:
    """A byte source that gives a few bytes at a time."""

    name, detect_compression, is_known_text, seekable = "blocks", False, False, False

    def __init__(self, data: bytes, size: int) -> None:
        self.blocks = [data[start : start + size] for start in range(0, len(data), size)]

    def open(self) -> io.RawIOBase:
        return BlockStream(block for block in self.blocks)

    def byte_size(self) -> None:
        return None

    def fingerprint(self) -> None:
        return None


@given(text=texts, size=st.integers(1, 40))
@settings(max_examples=100)
def test_where_blocks_end_changes_nothing(tmp_path_factory: pytest.TempPathFactory, text: str, size: int) -> None:
    path = tmp_path_factory.getbasetemp() / "joined.txt"
    corpus = LineSentence([_Blocks(text.encode(), size)], max_sentence_length=None)
    assert written(PHRASES, corpus, path) == joined_slowly(text)


@given(text=texts.map(lambda text: text.replace("\n", " ")))
@settings(max_examples=200)
def test_a_cut_inside_a_line_parts_no_phrase(text: str) -> None:
    place = safe_cut(text.encode(), PHRASES._native().words.neighbours)
    before, after = text.encode()[:place].decode(), text.encode()[place:].decode()
    assert (joined_slowly(before) + joined_slowly(after)).split() == joined_slowly(text).split()
    assert place == 0 or not text.encode()[place : place + 1].isspace()


def test_a_text_of_one_line_passes_in_blocks(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    words = ["new", "york", "times", "x", "bank", "of", "india"] * 60_000
    text.write_text(" ".join(words))
    assert text.stat().st_size > 1 << 20
    assert written(PHRASES, text, tmp_path / "joined.txt") == " ".join(PHRASES[words]) + "\n"


def test_every_way_of_reading_gives_the_same_text(tmp_path: Path) -> None:
    content = "".join(" ".join(line) + "\n" for line in TEXT) + "é ü\r\n\n  new  york\tx"
    plain, zipped = tmp_path / "text.txt", tmp_path / "text.txt.gz"
    plain.write_bytes(content.encode())
    zipped.write_bytes(gzip.compress(content.encode()))
    expected = joined_slowly(content)
    lists = [line.split() for line in content.split("\n")]
    for source in (plain, str(zipped), open_corpus(str(plain)), encode(str(plain)), lists, iter(lists)):
        assert written(PHRASES, source, tmp_path / "joined.txt") == expected
    assert written(PHRASES, [str(plain), str(zipped)], tmp_path / "joined.txt", 1) == 2 * expected
    cut = LineSentence(plain, max_sentence_length=2)
    assert written(PHRASES, cut, tmp_path / "joined.txt") == "".join(
        " ".join(PHRASES[sentence]) + "\n" for sentence in cut
    )
    limited = LineSentence(plain, limit=2)
    assert written(PHRASES, limited, tmp_path / "joined.txt") == "new_york_times\n" * 2
    stream = Text8Corpus(plain, max_sentence_length=4)
    assert written(PHRASES, stream, tmp_path / "joined.txt").splitlines() == [
        " ".join(PHRASES[sentence]) for sentence in stream
    ]
    lower = open_corpus(str(plain), normalize="simple")
    assert written(PHRASES, lower, tmp_path / "joined.txt") == "".join(
        " ".join(PHRASES[sentence]) + "\n" for sentence in lower
    )


@pytest.mark.parametrize(
    ("suffix", "decompress"), [(".gz", gzip.decompress), (".bz2", bz2.decompress), (".txt", bytes)]
)
def test_a_suffix_compresses(tmp_path: Path, suffix: str, decompress) -> None:
    path = tmp_path / f"joined{suffix}"
    assert PHRASES.write(TEXT, path) == (sum(map(len, TEXT)), sum(len(PHRASES[line]) for line in TEXT))
    assert decompress(path.read_bytes()).decode() == joined_slowly("\n".join(map(" ".join, TEXT)))


def test_bad_bytes_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    good = b"new york times\n" * 100_000
    text.write_bytes(good + b"new \xff york\nnew york")
    with pytest.raises(CorpusError, match=f"line 100001.*byte {len(good) + 4}"):
        PHRASES.write(text, tmp_path / "joined.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]
    for errors, line in (("replace", "new \ufffd york"), ("ignore", "new_york")):
        joined = written(PHRASES, open_corpus(str(text), errors=errors), tmp_path / "joined.txt")
        assert joined.splitlines()[100_000:] == [line, "new_york"]


def test_a_word_that_no_text_holds_does_no_harm() -> None:
    phrases = Phrases.learn([["", "b"], ["", "b"], ["a c", "d"], ["a c", "d"], ["x", "y"], ["x", "y"]], 1,
                            thresholds=0.1, min_count=1)  # fmt: skip
    merged, _, _ = phrases._native().text_merger(None).merge(b" b\na c d\nx y\n", True)
    assert bytes(merged) == b"b\na c d\nx_y\n"


def test_numbers_are_written_as_they_print(tmp_path: Path) -> None:
    store = encode([[7, 8], [8]]).store
    for corpus in ([[7, 8], [8]], [(7, 8), (8,)]):
        assert written(PHRASES, corpus, tmp_path / "joined.txt") == "7 8\n8\n"
    assert written(PHRASES, store, tmp_path / "joined.txt") == "0 1\n1\n"


def test_a_corpus_that_is_none_is_refused(tmp_path: Path) -> None:
    for nothing, error in ((7, CorpusError), (tmp_path / "none", FileNotFoundError), ([["a"], "b c"], CorpusError)):
        with pytest.raises(error):
            PHRASES.write(nothing, tmp_path / "joined.txt")
    (tmp_path / "empty.txt").touch()
    assert PHRASES.write(tmp_path / "empty.txt", tmp_path / "joined.txt") == (0, 0)
    assert (tmp_path / "joined.txt").read_bytes() == b""


@given(text=texts, size=st.integers(1, 40), longest=st.sampled_from([None, 1, 2, 5]), workers=st.integers(1, 3))
@settings(max_examples=200)
def test_counting_a_text_in_passing_counts_as_of_the_whole(
    text: str, size: int, longest: int | None, workers: int
) -> None:
    corpus = LineSentence([_Blocks(text.encode(), size)], longest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passing, "BLOCK_BYTES", 1)
        reading = passing.passing_text(corpus)
        counts = count_passing(reading, {"of", "x"}, workers=workers)
    whole = encode(corpus)
    expected = count_candidates(whole, {"of", "x"})
    assert reading.take_types() == whole.types and counts.total_words == expected.total_words
    assert reading.type_count == 0 and reading.counts().tolist() == []
    assert counts.word_counts.tolist() == expected.word_counts.tolist()
    assert rows(counts) == rows(expected)


def rows(counts: CandidateCounts) -> set[tuple]:
    """Every candidate with its count."""
    found = counts.candidates()
    runs = map(counts.connector_run, found.runs.tolist())
    return set(zip(found.firsts.tolist(), runs, found.lasts.tolist(), found.counts.tolist(), strict=True))


def test_bad_bytes_are_named_while_a_text_passes(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(b"new york\n" * 200_000 + b"new \xff york\n")
    with pytest.raises(CorpusError, match=r"line 200001.*byte 1800004"):
        Phrases(text)


def test_a_text_with_more_entries_than_allowed_is_pruned_by_gensims_law(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(f"new york w{number % 7} w{number % 11}\n" for number in range(100)))
    for source in (text, LineSentence(text)):
        gensims = GensimPhrases(GensimLines(str(text)), max_vocab_size=20)
        assert Phrases(source, max_vocab_size=20).vocab == gensims.vocab
