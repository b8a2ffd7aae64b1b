"""Counts without ids, counts with bounded memory, pruned counts by gensim's law, and files of counts."""

import gzip
import random
import re
from collections import Counter, defaultdict
from itertools import repeat

import numpy as np
import pytest
from gensim.utils import prune_vocab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2vplus._numbering import pruned_counts
from w2vplus.corpus import (
    JoinedCorpus,
    LineSentence,
    Text8Corpus,
    count_bounded,
    count_types,
    encode,
    open_corpus,
)
from w2vplus.corpus import bounded as bounded_module
from w2vplus.corpus import compression as compression_module
from w2vplus.corpus import parts as parts_module
from w2vplus.corpus import pieces as pieces_module
from w2vplus.counts_file import read_counts, write_counts
from w2vplus.errors import CorpusError, SentenceTypeError
from w2vplus.store import EncodedCorpus

sentence_lists = st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=40)


def slowly_pruned(sentences, most_types):
    """gensim's scan, word for word."""
    counts, minimum = defaultdict(int), 1
    for sentence in sentences:
        for word in sentence:
            counts[word] += 1
        if len(counts) > most_types:
            prune_vocab(counts, minimum)
            minimum += 1
    return list(counts.items()), minimum


@given(sentence_lists, st.integers(1, 20))
@settings(max_examples=200)
def test_pruning_over_ids_equals_gensims_dictionary_in_words_order_and_counts(sentences, most_types):
    corpus = encode(sentences)
    store = corpus.store
    left, counts, minimum = pruned_counts(store.ids, store.sentence_starts, len(corpus.types), most_types)
    pairs = [(corpus.types[type_id], count) for type_id, count in zip(left, counts.tolist(), strict=True)]
    assert (pairs, minimum) == slowly_pruned(sentences, most_types)


def zipfian_lines(seed, line_count=3000):
    draw = random.Random(seed)
    return [
        [f"w{int(draw.paretovariate(0.6))}" for _ in range(draw.randrange(12))] for _ in range(line_count)
    ]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 2000)


@pytest.mark.parametrize("max_types", [1, 20, 300])
@pytest.mark.parametrize("kind", ["text", "several texts", "lists", "numbers"])
def test_bounded_counts_keep_their_promise(tmp_path, small_blocks, monkeypatch, max_types, kind):
    monkeypatch.setattr(bounded_module, "TOKENS_COUNTED_AT_ONCE", 2000)
    monkeypatch.setattr(bounded_module._BoundedCounting, "tokens_at_once", 2000)
    lines = zipfian_lines(max_types)
    as_text, source = "text" in kind, lines
    if kind == "numbers":
        lines = [[int(word[1:]) % 10**9 for word in line] for line in lines]
        source = list(map(np.array, lines, repeat(np.int64)))
    if as_text:
        lines = lines * (3 if kind == "several texts" else 1)
        (tmp_path / "text.gz").write_bytes(gzip.compress("\n".join(map(" ".join, lines[:3000])).encode()))
        texts = [LineSentence(tmp_path / "text.gz"), LineSentence([tmp_path / "text.gz"] * 2)]
        source = texts[0] if kind == "text" else JoinedCorpus(texts)
    true = Counter(word for line in lines for word in line)
    heard = []
    counted = count_bounded(source, max_types, progress=heard.append)
    assert counted.token_count == true.total()
    assert counted.sentence_count == (sum(map(bool, lines)) if as_text else len(lines))
    assert 0 < counted.error_bound <= true.total() / (max_types + 1)
    assert len(counted.types) <= max_types
    found = dict(zip(counted.types, counted.counts.tolist(), strict=True))
    for word, count in true.items():
        assert count - counted.error_bound <= found.get(word, 0) <= count
    assert set(found) <= set(true)
    assert heard == sorted(heard) and heard[-1] <= true.total()


@pytest.mark.parametrize("as_text", [True, False])
def test_bounded_counts_are_exact_where_all_types_fit(tmp_path, as_text):
    lines = zipfian_lines(1, 200)
    path = tmp_path / "text.txt"
    path.write_text("\n\n".join(map(" ".join, lines)))
    counted, whole = count_bounded(path if as_text else lines, 100_000), encode(path)
    assert counted.types == whole.types and counted.counts.tolist() == whole.counts.tolist()
    assert counted.error_bound == 0
    assert not as_text or counted.sentence_count == whole.sentence_count


@pytest.mark.parametrize("workers", [1, 3])
@given(st.lists(st.sampled_from(["a b", "", " ", "c", "a a d e f g", "b\u2003é"]), max_size=40), st.integers(1, 4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counting_alone_finds_what_encoding_finds(tmp_path, monkeypatch, workers, lines, longest):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1)
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 7)
    monkeypatch.setattr(pieces_module.TallyStore, "piece_bytes", 9)
    plain, zipped = tmp_path / "text.txt", tmp_path / "text.gz"
    plain.write_text("\n".join(lines), encoding="utf-8")
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    paths = [str(plain), str(zipped), str(plain)]
    rows = [line.split() for line in lines]
    numbers = np.arange(40).reshape(10, 4) % longest
    for source in (
        str(plain), paths, LineSentence(paths, longest), LineSentence(paths, longest, 3), Text8Corpus(paths, longest),
        LineSentence(paths, normalize="simple"), LineSentence(paths, longest, normalize=str.upper),
        JoinedCorpus([LineSentence(paths, longest), Text8Corpus(paths, longest)]), rows, list(map(np.array, rows)),
        numbers, encode(rows),
    ):  # fmt: skip
        whole, found = encode(source), [count_types(source, workers=workers)]
        if not isinstance(source, EncodedCorpus):
            found.append(count_bounded(source, 1000))
        for counted in found:
            assert (counted.types, counted.counts.tolist()) == (whole.types, whole.counts.tolist())
            assert set(map(type, counted.types)) == set(map(type, whole.types)) <= {str, int}
            assert (counted.token_count, counted.sentence_count) == (whole.token_count, whole.sentence_count)
            assert counted.error_bound == 0


def test_counting_alone_keeps_no_ids(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be\n" * 300_000)
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1 << 20)
    monkeypatch.setattr(pieces_module.PieceStore, "add", None)
    taken = []
    real = pieces_module.TallyStore.add

    def add(store, key, encoder, piece, new_types):
        taken.append(len(piece[0]))
        real(store, key, encoder, piece, new_types)

    monkeypatch.setattr(pieces_module.TallyStore, "add", add)
    assert count_types(path, workers=2).token_count == 1_800_000 == sum(taken)
    assert max(taken) * 4 < 2 * pieces_module.TallyStore.piece_bytes


def test_counting_refuses_what_encoding_refuses(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"a\nb \xff")
    with pytest.raises(CorpusError, match=r"text\.txt is not UTF-8 at line 2, byte 4"):
        count_types(tmp_path / "text.txt")
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        count_types([["a"]], workers=0)


def test_bounded_counting_refuses_what_encode_refuses(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"a\nb \xff")
    with pytest.raises(CorpusError, match=r"text\.txt is not UTF-8 at line 2, byte 4"):
        count_bounded(path, 5)
    assert count_bounded(open_corpus(path, errors="ignore"), 5).types == ["a", "b"]
    assert count_bounded(Text8Corpus(path, errors="ignore"), 5).types == ["a", "b"]
    for sentences in ([["a"], "abc"], [["a"], {"a": 5}], [["a"], 5]):
        with pytest.raises(SentenceTypeError, match="sentence 1 is a"):
            count_bounded(sentences, 5)
    with pytest.raises(ValueError, match="max_types must be at least 1, got 0"):
        count_bounded(path, 0)
    with pytest.raises(CorpusError, match="encoded already"):
        count_bounded(encode([["a"]]), 5)


@pytest.mark.parametrize("name", ["counts.tsv", "counts.tsv.gz"])
def test_counts_come_back_from_their_file(tmp_path, name):
    words, counts = ["the", "na\u00efve", "a\u00a0b", "#"], [10**12, 3, 2, 0]
    write_counts(tmp_path / name, words, counts)
    read, read_back = read_counts(tmp_path / name)
    assert (read, read_back.tolist()) == (words, counts) and read_back.dtype == np.int64


@pytest.mark.parametrize("word", ["", "a\nb", "\n"])
def test_a_word_that_would_not_come_back_is_refused_by_name_before_anything_is_written(tmp_path, word):
    with pytest.raises(CorpusError, match=rf"must not be empty or hold a line feed, got {re.escape(repr(word))}"):
        write_counts(tmp_path / "counts.tsv", ["a", word], [2, 1])
    assert list(tmp_path.iterdir()) == []


def test_words_that_hold_separators_come_back(tmp_path):
    words = ["a\tb", "a b", " ", "\t", "a\r", "\x0b"]
    for separator in "\t ":
        write_counts(tmp_path / "counts", words, range(6), separator=separator)
        assert read_counts(tmp_path / "counts", separator=separator)[0] == words


def test_counts_after_a_space_are_those_of_the_c_tool(tmp_path):
    write_counts(tmp_path / "vocab", ["</s>", "a"], [3, 2], separator=" ")
    assert (tmp_path / "vocab").read_bytes() == b"</s> 3\na 2\n"
    (tmp_path / "vocab").write_bytes(b"</s> 3\ncaf\xe9 2\n")
    words, counts = read_counts(tmp_path / "vocab", separator=" ", errors="replace")
    assert (words, counts.tolist()) == (["</s>", "caf\ufffd"], [3, 2])
    write_counts(tmp_path / "vocab", ["a"], [1])
    with pytest.raises(CorpusError, match="must be a word, a space and its count"):
        read_counts(tmp_path / "vocab", separator=" ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\t1\nb 2\n", "line 2: must be a word, a tab and its count"),
        (b"a\t-1\n", "line 1: must be"),
        (b"\t3\n", "line 1: must be"),
        (b"a\t1\n\n", "line 2: must be"),
        (b"a\t99999999999999999999\n", "line 1: must be"),
        (b"a\t1\nb\t1\na\t2\n", "line 3: 'a' has a count in line 1 already"),
        (b"\xff\t1\n", "is not UTF-8 at line 1"),
        (b"", "holds no word"),
    ],
)
def test_a_file_that_holds_no_counts_is_refused_by_line(tmp_path, data, message):
    path = tmp_path / "counts.tsv"
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=message):
        read_counts(path)
