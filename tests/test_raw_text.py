"""Raw text through the front door: normalised and split the same, natively or line by line in Python."""

import gzip
import re
import threading
from itertools import pairwise

import numpy as np
import pytest
from gensim.utils import simple_preprocess
from hypothesis import given
from hypothesis import strategies as st

from w2vplus import Word2Vec
from w2vplus.corpus import LineSentence, encode, fingerprint, open_corpus
from w2vplus.corpus import compression as compression_module
from w2vplus.corpus import parts as parts_module
from w2vplus.corpus.normalizing import text8_tokens
from w2vplus.corpus.raw_text import split_sentences
from w2vplus.errors import CorpusError

TEXT = (
    "Mr. J. Smith went to Washington in 1998. He LIKED it!\n\n"
    "ΟΔΥΣΣΕΥΣ said: “Is it far?” Nobody_knows (not even I).\r\n"
    "Ends without a line feed… and goes on. 終わり。次の文"
) * 40


def sentences_of(corpus):
    ids, starts = corpus.store.ids.tolist(), corpus.store.sentence_starts.tolist()
    return [[corpus.types[i] for i in ids[a:b]] for a, b in pairwise(starts)]


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    return str(path)


def by_hand(tokens_of, limit=None, split=lambda line: [line], length=None):
    found = []
    for line in TEXT.split("\n")[:limit]:
        for tokens in filter(None, map(tokens_of, split(line))):
            found += [tokens[i : i + (length or 10**9)] for i in range(0, len(tokens), length or 10**9)]
    return found


@pytest.mark.parametrize(
    ("normalize", "tokens_of"),
    [
        ("none", str.split),
        ("simple", simple_preprocess),
        ("text8", text8_tokens),
        (lambda line: line.lower().split(), lambda line: line.lower().split()),
    ],
)
@pytest.mark.parametrize(
    ("sentences", "split"),
    [(None, lambda line: [line]), ("simple", split_sentences), (str.splitlines, str.splitlines)],
)
@pytest.mark.parametrize("options", [{}, {"limit": 3}, {"max_sentence_length": 4}])
@pytest.mark.parametrize("workers", [1, 3])
def test_files_give_what_the_definition_gives_natively_or_iterated(
    raw, monkeypatch, normalize, tokens_of, sentences, split, options, workers
):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 100)
    corpus = open_corpus(raw, normalize=normalize, sentences=sentences, **options)
    expected = by_hand(tokens_of, options.get("limit"), split, options.get("max_sentence_length"))
    assert list(corpus) == expected
    assert sentences_of(encode(corpus, workers=workers)) == expected


def test_pieces_for_several_workers_are_read_once_each(raw, monkeypatch):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 64)
    corpus = open_corpus(raw, normalize="simple")
    assert len(parts_module.plan_parts(corpus.files(), [len(TEXT.encode())], 5)) == 5
    heard = []
    encoded = encode(corpus, workers=5, progress=heard.append)
    assert sentences_of(encoded) == sentences_of(encode(corpus))
    assert heard[-1] == len(TEXT.encode())


@given(st.text(alphabet="aB.!? \n\"'”)。Mr1(é", max_size=40))
def test_splitting_loses_nothing_of_the_text(text):
    assert "".join(split_sentences(text)) == text


def test_the_simple_rule_splits_prose_as_documented():
    text = 'Dr. A. Bell called. "Come!" she said. It costs 3.50 e.g. now... Why? (Yes.) etc. 終。次'
    assert [sentence.strip() for sentence in split_sentences(text)] == [
        "Dr. A. Bell called.", '"Come!" she said.',
        "It costs 3.50 e.g. now...", "Why?", "(Yes.) etc. 終。", "次",
    ]  # fmt: skip


@pytest.mark.parametrize("sentences", [None, "simple", lambda line: line.split("!")])
@pytest.mark.parametrize("normalize", [None, "simple", "text8"])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_compressed_raw_text_is_the_same_with_any_number_of_workers(
    raw, tmp_path, monkeypatch, workers, normalize, sentences
):
    whole = encode(open_corpus(raw, normalize=normalize, sentences=sentences))
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 150)
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 100)
    packed = tmp_path / "raw.txt.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    for source in (str(packed), [str(packed)], str(raw)):
        found = encode(open_corpus(source, normalize=normalize, sentences=sentences), workers=workers)
        assert found.types == whole.types and found.counts.tolist() == whole.counts.tolist()
        assert np.array_equal(found.store.ids, whole.store.ids)
        assert np.array_equal(found.store.sentence_starts, whole.store.sentence_starts)


def test_a_splitter_of_the_users_is_called_by_one_thread(raw, monkeypatch):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 100)
    callers = set()

    def split(line):
        callers.add(threading.get_ident())
        return [line]

    encode(open_corpus([str(raw)] * 3, sentences=split), workers=3)
    assert len(callers) == 1


@pytest.mark.parametrize("sentences", [None, "simple"])
@pytest.mark.parametrize("workers", [1, 2])
def test_bad_bytes_are_named_by_line_and_byte_of_the_raw_file(tmp_path, monkeypatch, sentences, workers):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 64)
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 64)
    data = b"Fine words here. Yes.\n" * 20 + b"caf\xe9 \n" + b"more\n" * 9
    path, packed = tmp_path / "bad.txt", tmp_path / "packed.txt.gz"
    path.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    with pytest.raises(CorpusError, match=f"packed.txt.gz is not UTF-8 at line 21, byte {data.index(0xE9)}"):
        encode(str(packed), normalize="simple", sentences=sentences, workers=workers)
    with pytest.raises(CorpusError, match=f"bad.txt is not UTF-8 at line 21, byte {data.index(0xE9)}"):
        encode(str(path), normalize="simple", sentences=sentences, workers=workers)
    assert "caf" in encode(str(path), normalize="simple", sentences=sentences, errors="replace").types
    few = open_corpus(str(path), normalize="simple", sentences=sentences, limit=20)
    assert encode(few).token_count == 80


def test_models_train_on_normalised_text_and_tell_rules_apart(raw):
    simple, plain = LineSentence(raw, normalize="simple"), LineSentence(raw)
    assert fingerprint(simple) != fingerprint(plain)
    assert fingerprint(LineSentence(raw, normalize=str.split)) is None
    model = Word2Vec(simple, min_count=1, vector_size=4, workers=1)
    assert "liked" in model.wv
    assert "LIKED" not in model.wv
    plain_model = Word2Vec(plain, min_count=1, vector_size=4, workers=1)
    assert "LIKED" in plain_model.wv


def test_what_cannot_be_meant_is_refused(raw):
    with pytest.raises(
        ValueError, match="normalize must be 'none', 'simple', 'text8' or a callable, got 'text9'"
    ):
        open_corpus(raw, normalize="text9")
    with pytest.raises(ValueError, match="sentences must be None, 'simple' or a callable, got 'punkt'"):
        open_corpus(raw, sentences="punkt")
    with pytest.raises(CorpusError, match="for files of raw text, got a list"):
        encode([["a", "b"]], normalize="simple")


def test_a_text_that_a_callable_returns_is_read_as_a_line_would_be(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("the cat sat\non mats\n")
    for source in (str(path), [str(path)]):
        assert sentences_of(encode(source, normalize=str.upper)) == [["THE", "CAT", "SAT"], ["ON", "MATS"]]
    assert sentences_of(encode(str(path), sentences=str.upper)) == [["THE", "CAT", "SAT"], ["ON", "MATS"]]
    assert list(LineSentence(path, normalize=str.upper, sentences=lambda line: line.split("a", 1))) == [
        ["THE", "C"], ["T", "SAT"], ["ON", "M"], ["TS"],
    ]  # fmt: skip


@pytest.mark.parametrize("made", [3, None, b"the", {"the": 1}])
def test_what_a_callable_cannot_return_is_named_with_its_file_and_line(tmp_path, made):
    path = tmp_path / "a.txt"
    path.write_text("fine\nthe cat\n")
    wrong = f"made {type(made).__name__} {re.escape(repr(made))} of the text 'the cat"

    def answer(text):
        return made if "cat" in text else [text]

    with pytest.raises(CorpusError, match=f"a.txt, line 2: normalize= {wrong}.*': it must return a list of tokens, or"):
        encode(str(path), normalize=answer)
    with pytest.raises(CorpusError, match=f"sentences= {wrong}.*': it must return a list of sentences, or a text"):
        encode(str(path), sentences=answer)
    with pytest.raises(CorpusError, match=r"sentences= made list \[3\] of the text"):
        encode(str(path), sentences=lambda line: [3])
