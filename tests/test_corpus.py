"""Every source through the front door: gensim's sentences, and the same ids whatever the way in."""

import bz2
import gzip
import http.server
import io
import lzma
import os
import random
import tarfile
import threading
import zipfile
from collections import Counter
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import gensim.models.word2vec as gensim_word2vec
import numpy as np
import pytest
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.corpus import (
    BrownCorpus,
    JoinedCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    WikiDump,
    byte_size,
    count_bounded,
    count_types,
    encode,
    encode_known,
    encoding,
    fingerprint,
    open_corpus,
    open_sentences,
)
from w2vplus.corpus import compression as compression_module
from w2vplus.corpus import parts as parts_module
from w2vplus.corpus import streams as streams_module
from w2vplus.errors import CorpusError
from w2vplus.store import EncodedCorpus

try:
    from compression import zstd
except ImportError:
    from backports import zstd

LEE = datapath("lee_background.cor")
HEAD500 = datapath("head500.noblanks.cor.bz2")
WIKI = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
COMPRESSORS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    "": bytes,
}
TEXT = "".join(
    " ".join(random.Random(line).choices(["the", "naïve", "字", "of", "counter-intuitively-long", "x"], k=line % 13))
    + "\n"
    for line in range(997)
).encode()


def sentences_of(corpus: EncodedCorpus):
    ids, starts = corpus.store.ids.tolist(), corpus.store.sentence_starts.tolist()
    return [[corpus.types[i] for i in ids[a:b]] for a, b in pairwise(starts)]


def content(corpus: EncodedCorpus):
    store = corpus.store
    return corpus.types, corpus.counts.tolist(), store.ids.tolist(), store.sentence_starts.tolist()


def counted(sentences):
    """Types and counts as gensim's vocabulary scan has them: in order of first occurrence."""
    return list(Counter(token for sentence in sentences for token in sentence).items())


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return str(path)

    return write


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1)
    monkeypatch.setattr(streams_module, "SEGMENT_BYTES", 5_000)
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 1_000)


# --- the same sentences as gensim's ---


@pytest.mark.parametrize("path", [LEE, HEAD500])
@pytest.mark.parametrize("options", [{}, {"max_sentence_length": 7}, {"limit": 11}, {"limit": 0}])
def test_line_sentence_gives_gensims_sentences_read_natively_or_iterated(path, options):
    expected = list(gensim_word2vec.LineSentence(path, **options))
    ours = LineSentence(path, **options)
    assert list(ours) == expected
    corpus = encode(ours)
    assert sentences_of(corpus) == expected
    assert list(zip(corpus.types, corpus.counts.tolist(), strict=True)) == counted(expected)
    assert corpus.sentence_count == len(expected)


def test_gensims_own_readers_are_read_natively_with_their_settings(monkeypatch):
    gensims = gensim_word2vec.LineSentence(LEE, max_sentence_length=5, limit=40)
    expected = list(gensims)
    monkeypatch.setattr(gensim_word2vec.LineSentence, "__iter__", None)
    assert sentences_of(encode(gensims)) == expected


@pytest.mark.parametrize("reader", [gensim_word2vec.LineSentence, LineSentence])
def test_a_subclass_of_a_reader_is_iterated_for_it_may_change_sentences(reader):
    class Shouting(reader):
        def __iter__(self):
            return ([word.upper() for word in sentence] for sentence in super().__iter__())

    shouting = encode(Shouting(LEE, limit=3))
    assert sentences_of(shouting) == list(Shouting(LEE, limit=3))
    assert "HUNDREDS" in shouting.types


@pytest.mark.parametrize("options", [{}, {"max_sentence_length": 4}, {"limit": 2}])
def test_path_line_sentences_give_gensims_sentences(write, tmp_path, options):
    write("b.txt", b"five six\n\nseven")
    write("a.txt.gz", gzip.compress(b"one two three four five\nsix\nseven\n"))
    write("c.txt.bz2", bz2.compress(b"eight\nnine ten\n"))
    gensims = gensim_word2vec.PathLineSentences(str(tmp_path), **options)
    ours = PathLineSentences(str(tmp_path), **options)
    assert list(ours) == list(gensims)
    assert sentences_of(encode(ours)) == list(gensims)
    assert sentences_of(encode(gensims, workers=3)) == list(gensims)
    assert ours.input_files == gensims.input_files
    assert list(PathLineSentences(LEE)) == list(gensim_word2vec.LineSentence(LEE))
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        PathLineSentences(str(tmp_path / "missing"))


@pytest.mark.parametrize("reader", [PathLineSentences, gensim_word2vec.PathLineSentences])
def test_folders_inside_a_folder_are_left_out_and_links_to_nothing_are_named(write, tmp_path, reader):
    write("a.txt", b"one two"), write("inner/b.txt", b"three")
    (tmp_path / "hollow").mkdir()
    assert sentences_of(encode(reader(str(tmp_path)))) == [["one", "two"]]
    (tmp_path / "lost.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"lost\.txt"):
        encode(reader(str(tmp_path)))


@pytest.mark.parametrize("length", [1, 3, 1000, 10_000])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"a",
        b"a b c",
        b"a b c ",
        b"a b c\n",
        b"a b c\nd\ne\nf",
        b"a\nb\nc\nd\n",
        b" a b\nc d\n e\n",
        None,
    ],
)
def test_text8_corpus_gives_gensims_sentences_to_the_last_chunk(write, data, length, small_parts):
    path = write("text8", " ".join(str(i % 977) for i in range(25_000)).encode() if data is None else data)
    expected = list(gensim_word2vec.Text8Corpus(path, max_sentence_length=length))
    ours = Text8Corpus(path, max_sentence_length=length)
    assert list(ours) == expected
    assert sentences_of(encode(ours)) == expected
    assert sentences_of(encode(ours, workers=3)) == expected
    assert sentences_of(encode(gensim_word2vec.Text8Corpus(path, max_sentence_length=length))) == expected


def test_text8_corpus_does_not_join_tokens_where_gensims_blocks_meet(write):
    path = write("text8", b"x " * 4095 + b"a\nb c")
    assert "ab" in [token for sentence in gensim_word2vec.Text8Corpus(path) for token in sentence]
    assert list(chain(*Text8Corpus(path)))[-3:] == encode(Text8Corpus(path)).types[-3:] == ["a", "b", "c"]


def test_brown_corpus_gives_gensims_sentences(write, tmp_path):
    write("ca01", b"The/at Fulton/np-tl ,/, Said/VBD a/b/c\n./. ''/''\nIt/PPS is/bez\n")
    expected = list(gensim_word2vec.BrownCorpus(str(tmp_path)))
    assert list(BrownCorpus(str(tmp_path))) == expected
    assert sentences_of(encode(BrownCorpus(str(tmp_path)))) == expected


@pytest.mark.parametrize("limit", [None, 2])
def test_file_objects_are_read_from_their_start_each_time(limit):
    binary, text = io.BytesIO(b"a b\n\nc d\ne"), io.StringIO("a b\n\nc d\ne")
    for stream in (binary, text):
        expected = list(gensim_word2vec.LineSentence(stream, limit=limit))
        ours = LineSentence(stream, limit=limit)
        assert list(ours) == list(ours) == expected
        assert sentences_of(encode(ours)) == sentences_of(encode(ours)) == expected
    with pytest.raises(CorpusError, match=r"BytesIO.* is not UTF-8 at line 2, byte 3"):
        encode(io.BytesIO(b"a\n \xff"))
    assert sentences_of(encode(binary)) == sentences_of(encode(text)) == [["a", "b"], ["c", "d"], ["e"]]


# --- the same ids whatever the way in ---


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("keeps_suffix", [True, False])
def test_compressed_copies_give_the_same_corpus_by_suffix_or_magic(write, suffix, keeps_suffix):
    path = write("text.txt" + suffix * keeps_suffix, COMPRESSORS[suffix](TEXT))
    expected = content(encode(io.BytesIO(TEXT)))
    assert content(encode(path)) == expected
    assert content(encode(path, workers=2)) == expected
    assert list(open_corpus(path)) == sentences_of(encode(path))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_streams_of_several_members_are_read_to_the_end(write, suffix):
    pieces = [TEXT[:1000], b"", TEXT[1000:5003], TEXT[5003:]]
    path = write("text" + suffix, b"".join(COMPRESSORS[suffix](piece) for piece in pieces))
    assert content(encode(path)) == content(encode(io.BytesIO(TEXT)))


def test_highly_compressible_streams_come_in_bounded_blocks(write):
    path = write("text.gz", gzip.compress(b"word " * 2_000_000))
    assert encode(path).counts.tolist() == [2_000_000]


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_the_number_of_workers_changes_nothing(write, small_parts, workers):
    path = write("text.txt", TEXT)
    one_line = write("one-line.txt", TEXT.replace(b"\n", b" "))
    for source in (
        path,
        one_line,
        LineSentence(one_line, 17),
        LineSentence(path, 5),
        LEE,
        [path, HEAD500, LEE],
        write("text.txt.gz", gzip.compress(TEXT)),
        [write(f"{number}.zst", zstd.compress(TEXT[number * 999 :])) for number in range(5)] + [path],
    ):
        assert content(encode(source, workers=workers)) == content(encode(source))


@given(
    st.lists(st.text(st.sampled_from("ab \n\té"), max_size=40), min_size=1, max_size=4),
    st.integers(1, 9),
    st.sampled_from([None, 1, 3]),
)
@settings(max_examples=60)
def test_files_cut_into_parts_are_read_exactly_once(tmp_path_factory, texts, workers, max_sentence_length):
    folder = tmp_path_factory.mktemp("parts")
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8", newline="")
    corpus = open_corpus(folder, max_sentence_length=max_sentence_length)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts_module, "MIN_PART_BYTES", 1)
        assert sentences_of(encode(corpus, workers=workers)) == list(corpus)


def test_a_line_is_never_cut_unless_asked(write):
    path = write("line.txt", b"w " * 30_000)
    assert encode(path).sentence_count == 1
    assert encode(LineSentence(path)).store.sentence_starts.tolist() == [0, 10_000, 20_000, 30_000]
    assert encode(open_corpus(path, max_sentence_length=20_000)).sentence_count == 2


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\n\t\n"])
def test_an_empty_file_is_an_empty_corpus(write, data):
    path = write("empty.txt", data)
    for corpus in (encode(path), encode(path, workers=2), encode([]), encode(Text8Corpus(path))):
        assert (corpus.token_count, corpus.sentence_count, corpus.types) == (0, 0, [])


def test_folders_globs_lists_and_uris_name_files_in_order(write, tmp_path):
    write("b.txt", b"b"), write("a.txt", b"a"), write("c.text", b"c"), write(".hidden", b"h")
    write("folder/d.txt", b"d")
    folder = str(tmp_path)
    assert encode(folder).types == ["a", "b", "c"]
    assert encode(tmp_path / "*.txt").types == ["a", "b"]
    assert encode(f"{folder}/**/*.txt").types == ["a", "b", "d"]
    assert encode([f"{folder}/c.text", tmp_path / "folder"]).types == ["c", "d"]
    assert encode((tmp_path / "c.text").as_uri()).types == ["c"]
    strange = write("[a].txt", b"brackets")
    assert encode(strange).types == ["brackets"]
    assert sentences_of(encode(LineSentence(folder))) == [["brackets"], ["a"], ["b"], ["c"]]


def test_standard_input_is_kept_for_every_epoch(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(TEXT))))
    corpus = open_corpus("-")
    expected = content(encode(io.BytesIO(TEXT)))
    assert content(encode(corpus)) == content(encode(corpus, workers=2)) == expected
    assert list(corpus) == list(corpus)
    assert fingerprint(corpus) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_kept_for_every_epoch(tmp_path):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    writer = threading.Thread(target=Path(pipe).write_bytes, args=[TEXT])
    writer.start()
    corpus = open_corpus(pipe)
    assert content(encode(corpus)) == content(encode(corpus)) == content(encode(io.BytesIO(TEXT)))
    writer.join()


def test_remote_files_are_read_through_smart_open(write, tmp_path):
    pytest.importorskip("requests", reason="smart_open reads HTTP through requests")
    write("text.gz", gzip.compress(TEXT))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            corpus = encode(f"http://127.0.0.1:{server.server_port}/text.gz")
        finally:
            server.shutdown()
    assert content(corpus) == content(encode(io.BytesIO(TEXT)))


@pytest.fixture
def small_dump(write):
    """The first pages of the real dump that gensim ships."""
    with bz2.open(WIKI) as stream:
        pages = stream.read(700_000).rpartition(b"</page>")
    return write("pages.xml.bz2", bz2.compress(pages[0] + pages[1] + b"</mediawiki>"))


def test_a_wikipedia_dump_is_read_as_running_text(small_dump):
    corpus = open_corpus(small_dump)
    assert isinstance(corpus, WikiDump)
    articles = list(corpus)
    encoded = encode(corpus)
    assert sentences_of(encoded) == articles
    assert min(len(article) for article in articles) >= 50
    assert {"anarchism", "the", "a"} <= set(encoded.types)
    assert not any(set(word) & set("[]{}<>|=0123456789") or word != word.lower() for word in encoded.types)
    lee = list(gensim_word2vec.LineSentence(LEE))
    assert sentences_of(encode([LEE, small_dump])) == lee + articles
    assert isinstance(open_corpus(WIKI), WikiDump)


def test_a_wikipedia_dump_is_known_by_its_first_bytes(write, small_dump):
    with bz2.open(small_dump) as stream:
        xml = stream.read()
    assert isinstance(open_corpus(write("dump", xml)), WikiDump)
    mentioned = write("text.xml", b"a text about <mediawiki version> tags\n")
    assert list(open_corpus(mentioned)) == [["a", "text", "about", "<mediawiki", "version>", "tags"]]


def test_a_truncated_dump_is_an_error(write, small_dump):
    with bz2.open(small_dump) as stream:
        xml = stream.read(100_000)
    with pytest.raises(CorpusError, match=r"cut\.xml is not a whole MediaWiki dump"):
        encode(write("cut.xml", xml))


# --- Python sentences ---


def test_any_iterable_of_token_lists_is_a_corpus_with_any_hashable_tokens():
    sentences = [["a", 1, ("x", 2)], (1, "a"), [], np.array([1, 5])]
    corpus = encode(sentences)
    assert corpus.types == ["a", 1, ("x", 2), 5]
    assert corpus.sentence_count == 4
    assert sentences_of(corpus) == [["a", 1, ("x", 2)], [1, "a"], [], [1, 5]]
    assert encode(np.array([[3, 4], [4, 3]])).types == [3, 4]


def test_an_encoded_corpus_passes_and_a_bare_store_gets_integer_types():
    corpus = encode([["b", "a"], ["a"]])
    assert encode(corpus) is open_corpus(corpus) is corpus
    store = encode([[7, 3], [3]]).store
    assert open_corpus(store) is store
    assert content(encode(store)) == ([0, 1], [1, 2], [0, 1, 1], [0, 2, 3])


def test_one_shot_sources_are_refused_where_epochs_need_more():
    for source in ((s for s in [["a"]]), map(list, ["ab"]), iter([["a"]])):
        with pytest.raises(CorpusError, match=r"one-shot .* empty after the first pass: pass list\(\.\.\.\) of it"):
            open_corpus(source)
    assert encode(s for s in [["a"]]).types == ["a"]


def test_an_iterator_of_the_users_that_starts_anew_is_accepted_and_an_exhausted_one_found_out():
    class Walks:
        def __init__(self, restarts):
            self.restarts, self.left = restarts, 2

        def __iter__(self):
            if self.restarts:
                self.left = 2
            return self

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return ["step", "step"]

    restarting = open_corpus(Walks(True))
    assert encode(restarting).token_count == encode(restarting).token_count == 4
    exhausted = open_corpus(Walks(False))
    encode(exhausted)
    with pytest.raises(CorpusError, match="gave 2 sentences on an earlier pass and none now"):
        encode(exhausted)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["a b c"], r"sentence 0 is a plain str \('a b c'\).*sentence.split\(\)"),
        ([["a"], b"bytes"], "sentence 1 is a plain bytes"),
        ([["a"], ["b"], 5], "sentence 2 is a int, not a sequence of tokens"),
        ([(w for w in "ab")], "sentence 0 is a generator, not a sequence"),
        ([{"a": 1}], "sentence 0 is a dict, not a sequence"),
        ([np.zeros((2, 2))], "sentence 0 is a ndarray, not a sequence"),
        ([["a", ["b"]]], "sentence 0: token 1 is a list"),
        ("a plain string", r"the corpus is a plain str \('a plain string'\)"),
        (b"bytes", "the corpus is a plain bytes"),
        (5, "the corpus is a int, which is not an iterable"),
    ],
)
def test_what_is_no_sentence_or_no_corpus_is_named(sentences, message):
    with pytest.raises(CorpusError, match=message):
        encode(open_sentences(sentences))


def test_strings_are_read_as_characters_only_on_request():
    assert encode(open_sentences(["ab"], strings_as_characters=True)).types == ["a", "b"]


def test_known_tokens_stream_in_blocks_of_whole_sentences():
    sentences = [["a", "b"], ["x"], [], ["b", "b", "b"], ["a"]]
    blocks = list(encode_known(sentences, {"a": 0, "b": 1}, block_tokens=3))
    assert [block.ids.tolist() for block in blocks] == [[0, 1, -1], [1, 1, 1], [0]]
    assert [block.sentence_starts.tolist() for block in blocks] == [[0, 2, 3], [0, 0, 3], [0, 1]]
    assert next(encode_known(iter(sentences), {}, 100)).sentence_count == 5
    many = [["a", "b", "c"]] * 40_000
    sizes = [block.token_count for block in encode_known(many, {"a": 0}, 70_000)]
    assert sizes[:3] == [16_386, 32_769, 65_538] and sum(sizes) == 120_000  # they grow while sentences come fast
    with mock.patch.object(encoding, "BLOCK_SECONDS", 0):
        assert {block.token_count for block in encode_known(many, {"a": 0}, 70_000)} == {16_386, 120_000 % 16_386}
    of_a_file = encode_known(LineSentence(LEE), {}, 1000)
    assert sum(block.token_count for block in of_a_file) == encode(LEE).token_count
    with pytest.raises(ValueError, match="block_tokens must be at least 1, got 0"):
        next(encode_known(sentences, {}, 0))
    with pytest.raises(CorpusError, match="sentence 3 is a plain str"):
        list(encode_known([["a"], ["b"], ["c"], "d"], {}, 1))


# --- bad input ---


def test_a_missing_file_is_named(tmp_path):
    missing = str(tmp_path / "missing.txt")
    for source in (missing, [missing], LineSentence(missing)):
        with pytest.raises(FileNotFoundError, match=r"cannot read the corpus file.*missing\.txt"):
            encode(source)
    with pytest.raises(FileNotFoundError, match=r"no file matches this corpus pattern.*\*\.txt"):
        encode(str(tmp_path / "*.txt"))
    with pytest.raises(CorpusError, match="holds no files"):
        encode(tmp_path)


def test_a_file_that_vanishes_or_may_not_be_read_is_named(write, monkeypatch):
    path = write("text.txt", b"a")
    corpus = open_corpus(path)

    def deny(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", deny)
        with pytest.raises(PermissionError, match=r"cannot read the corpus file: Permission denied.*text\.txt"):
            encode(corpus)
    Path(path).unlink()
    with pytest.raises(FileNotFoundError, match=r"text\.txt"):
        encode(corpus)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_truncated_file_is_an_error_that_names_it(write, suffix, workers):
    data = COMPRESSORS[suffix](TEXT)
    path = write("cut" + suffix, data[:-10])
    with pytest.raises(CorpusError, match=rf"cut\{suffix} is truncated.* at byte {len(data) - 10} .*nothing of it"):
        encode(path, workers=workers)
    with pytest.raises(CorpusError, match="is truncated"):
        list(LineSentence(path))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_damaged_data_and_junk_behind_the_end_are_errors(write, suffix):
    data = COMPRESSORS[suffix](TEXT)
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 0xFF
    with pytest.raises(CorpusError, match="is damaged before byte"):
        encode(write("damaged" + suffix, bytes(damaged)))
    with pytest.raises(CorpusError, match=rf"junk\{suffix} is damaged: the bytes from {len(data)} on"):
        encode(write("junk" + suffix, data + b"junk"))
    with pytest.raises(CorpusError, match=rf"is named \{suffix} but does not begin as"):
        encode(write("text" + suffix, b"plain words"))


def test_zero_padding_behind_gzip_data_is_allowed(write):
    assert encode(write("padded.gz", gzip.compress(b"a b") + b"\0" * 600)).types == ["a", "b"]


@pytest.mark.parametrize("workers", [1, 2])
def test_nul_bytes_are_letters_like_others(write, workers):
    path = write("nul.txt", b"a\0b \0 c\n\0\n")
    corpus = encode(path, workers=workers)
    assert sentences_of(corpus) == [["a\0b", "\0", "c"], ["\0"]] == list(gensim_word2vec.LineSentence(path))


def test_lone_surrogates_are_no_utf8_in_files_but_tokens_in_memory(write):
    path = write("surrogate.txt", "a \ud800 b".encode("utf-8", "surrogatepass"))
    with pytest.raises(CorpusError, match=r"surrogate\.txt is not UTF-8 at line 1, byte 2"):
        encode(path)
    assert encode(path, errors="ignore").types == ["a", "b"]
    assert encode([["a", "\ud800"]]).types == ["a", "\ud800"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("workers", [1, 2])
def test_one_token_as_long_as_many_blocks_is_one_token(write, small_parts, suffix, workers):
    path = write("long.txt" + suffix, COMPRESSORS[suffix](b"x" * 50_000 + b" y " + b"z" * 3_333))
    assert [len(token) for token in encode(path, workers=workers).types] == [50_000, 1, 3_333]


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_one_sentence(tmp_path):
    path = tmp_path / "line.txt"
    with path.open("wb") as file:
        for _ in range(1024):
            file.write(b"w " * (1 << 19))
    corpus = encode(path, workers=2)
    assert (corpus.token_count, corpus.sentence_count, corpus.types) == (1 << 29, 1, ["w"])


@pytest.mark.slow
def test_a_hundred_million_short_lines_keep_their_boundaries(tmp_path):
    path = tmp_path / "lines.txt"
    with path.open("wb") as file:
        for _ in range(1000):
            file.write(b"a\n" * 100_000)
    corpus = encode(path, workers=2)
    assert (corpus.token_count, corpus.sentence_count) == (10**8, 10**8)


def test_unreadable_files_are_errors_unless_they_are_to_be_skipped(write, tmp_path, caplog, monkeypatch):
    write("a.txt", b"a"), write("b.gz", b"not gzip"), write("c.txt", b"c"), write("d.txt", b"d")
    real_open = open

    def deny(path, *arguments, **options):
        if str(path).endswith("c.txt"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", deny)
    with pytest.raises(CorpusError, match=r"b\.gz is named \.gz but"):
        encode(tmp_path)
    assert encode(open_corpus(tmp_path, skip_unreadable=True)).types == ["a", "d"]
    assert "b.gz is named .gz" in caplog.text and "c.txt" in caplog.text
    assert "2 of 4 files were skipped" in caplog.text
    with pytest.raises(CorpusError, match="none of the 1 files of the corpus can be read"):
        open_corpus(tmp_path / "b.gz", skip_unreadable=True)


def test_a_file_that_is_damaged_far_inside_is_skipped_whole(write, tmp_path, caplog, small_parts):
    packed = gzip.compress(b"".join(b"b%d\n" % number for number in range(20_000)))
    write("a.txt", b"a"), write("b.gz", packed[:-9]), write("c.gz", packed + b"junk" * 9), write("d.txt", b"d")
    with pytest.raises(CorpusError, match=r"b\.gz is truncated"):
        encode(tmp_path)
    corpus = encode(open_corpus(tmp_path, skip_unreadable=True), workers=2)
    assert (corpus.types, corpus.sentence_count) == (["a", "d"], 2)
    assert "b.gz is truncated" in caplog.text and "c.gz is damaged" in caplog.text
    assert "2 of 4 files were skipped" in caplog.text


@pytest.mark.parametrize("workers", [2, 5])
def test_the_first_fault_is_reported_among_streams_read_side_by_side(write, small_parts, workers):
    paths = [write(f"{number}.gz", gzip.compress(TEXT)) for number in range(6)]
    paths[3] = write("3.gz", gzip.compress(TEXT)[:-9])
    paths[2] = write("2.gz", gzip.compress(TEXT + b"\xff\n" + TEXT))
    for _ in range(3):
        with pytest.raises(CorpusError, match=rf"2\.gz is not UTF-8 at line {TEXT.count(bytes([10])) + 1}, byte"):
            encode(paths, workers=workers)


def test_nothing_is_read_on_behind_a_fault(write, small_parts, monkeypatch):
    paths = [write("0.gz", gzip.compress(b"\xff\n" + TEXT))]
    paths += [write(f"{number}.gz", gzip.compress(TEXT * 20)) for number in range(1, 9)]
    opened = []
    real = streams_module.read_blocks
    monkeypatch.setattr(
        streams_module, "read_blocks", lambda file, **options: opened.append(file) or real(file, **options)
    )
    with pytest.raises(CorpusError, match=r"0\.gz is not UTF-8"):
        encode(paths, workers=2)
    assert len(opened) < len(paths)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_bad_utf8_is_named_by_file_line_and_byte(write, small_parts, workers, suffix):
    path = write("latin1.txt" + suffix, COMPRESSORS[suffix](TEXT + b"caf\xe9 noir\n" + TEXT))
    line, byte = TEXT.count(b"\n") + 1, len(TEXT) + 3
    message = rf"latin1\.txt.* is not UTF-8 at line {line}, byte {byte}: .*errors='replace'.*--errors"
    for read in (lambda: encode(path, workers=workers), lambda: list(LineSentence(path))):
        with pytest.raises(CorpusError, match=message):
            read()
    with pytest.raises(CorpusError, match=message):
        list(Text8Corpus(path))


def test_the_first_of_two_faults_is_reported_with_any_number_of_workers(write, small_parts):
    path = write("bad.txt", TEXT + b"\xff\n" + TEXT + b"\xff\n")
    messages = set()
    for workers in (1, 2, 3, 5):
        with pytest.raises(CorpusError) as caught:
            encode(path, workers=workers)
        messages.add(str(caught.value))
    assert len(messages) == 1 and f"byte {len(TEXT)}" in messages.pop()


@pytest.mark.parametrize(("errors", "word"), [("replace", "caf\ufffd"), ("ignore", "caf")])
def test_bad_utf8_is_replaced_or_left_out_on_request(write, errors, word):
    path = write("latin1.txt", b"caf\xe9 noir\n")
    assert encode(path, errors=errors).types == [word, "noir"]
    assert encode(open_corpus(path, errors=errors)).types == [word, "noir"]
    assert list(LineSentence(path, errors=errors)) == [[word, "noir"]]
    assert list(Text8Corpus(path, errors=errors)) == [[word, "noir"]]


def test_a_corpus_that_is_open_keeps_its_own_law_for_bad_utf8_and_takes_another_for_strict(write):
    path = write("latin1.txt", b"caf\xe9 noir\n")
    packed = write("latin1.txt.gz", gzip.compress(b"caf\xe9 noir\n"))
    for source, options in (
        (path, {}), (packed, {}), ([path, packed], {}), (path, {"limit": 1}), (path, {"normalize": str.split}),
        (path, {"normalize": "simple"}), (path, {"sentences": "simple"}),
    ):  # fmt: skip
        for read in (encode, count_types, partial(count_bounded, max_types=9)):
            strict = LineSentence(source, **options)
            with pytest.raises(CorpusError, match="is not UTF-8"):
                read(strict)
            assert read(strict, errors="ignore").types[0] == "caf"
            assert read(JoinedCorpus([strict, strict]), errors="ignore").types == ["caf", "noir"]
            own = LineSentence(source, errors="ignore", **options)
            assert read(own, errors="replace").types == ["caf", "noir"]
            with pytest.raises(CorpusError, match="is not UTF-8"):
                read(strict)
    assert list(open_corpus(LineSentence(path), errors="replace")) == [["caf\ufffd", "noir"]]
    assert encode(gensim_word2vec.LineSentence(path), errors="ignore").types == ["caf", "noir"]
    assert encode(Text8Corpus(path), errors="ignore").types == ["caf", "noir"]


def test_a_stream_that_can_be_read_once_serves_a_corpus_under_two_laws(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9 noir\n")))
    corpus = LineSentence("-")
    assert encode(corpus, errors="ignore").types == ["caf", "noir"]
    assert encode(corpus, errors="replace").types == ["caf\ufffd", "noir"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_source_of_unknown_size_is_opened_once(workers):
    class Remote:
        name, detect_compression, is_known_text, seekable, opened = "far.txt", True, False, False, 0

        def open(self):
            self.opened += 1
            return io.BytesIO(TEXT)

        def byte_size(self):
            return None

        def fingerprint(self):
            return None

    remote = Remote()
    encode(LineSentence([remote]), workers=workers)
    assert remote.opened == 1


def test_a_file_that_changes_while_it_is_read_is_an_error(write):
    path = write("text.txt", TEXT)

    def append(_bytes_read):
        with open(path, "ab") as file:
            file.write(b"more\n")

    with pytest.raises(CorpusError, match=r"text\.txt changed while it was read"):
        encode(path, progress=append)


def test_nonsensical_arguments_are_refused(write):
    path = write("text.txt", b"a")
    with pytest.raises(ValueError, match="max_sentence_length must be at least 1, or None to never cut, got 0"):
        LineSentence(path, max_sentence_length=0)
    with pytest.raises(ValueError, match="limit must be at least 0, or None to read every line, got -1"):
        LineSentence(path, limit=-1)
    with pytest.raises(ValueError, match="errors must be 'strict', 'replace' or 'ignore', got 'skip'"):
        encode(path, errors="skip")
    for source in (LineSentence(path), [["a"]], np.zeros((1, 1), int)):
        with pytest.raises(ValueError, match="errors must be 'strict', 'replace' or 'ignore', got 'skip'"):
            open_corpus(source, errors="skip")
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        encode(path, workers=0)


@pytest.mark.parametrize("read", [encode, count_types])
@pytest.mark.parametrize("limit", [None, 5])
def test_no_files_at_all_are_an_empty_corpus_whatever_the_limit_and_workers(tmp_path, read, limit):
    for workers in (1, 2, 3):
        for corpus in (LineSentence([], limit=limit), PathLineSentences(tmp_path, limit=limit)):
            found = read(corpus, workers=workers)
            assert (list(found.types), found.token_count, found.sentence_count) == ([], 0, 0)


# --- what callers can know ---


@pytest.mark.parametrize("workers", [1, 3])
def test_progress_counts_the_bytes_of_the_files(write, small_parts, workers):
    sources = [write("a.txt", TEXT), write("b.gz", gzip.compress(TEXT))]
    heard = []
    encode(sources, workers=workers, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == byte_size(sources) == sum(Path(path).stat().st_size for path in sources)


def test_progress_adds_up_over_dumps_and_texts(small_dump):
    heard = []
    encode([LEE, small_dump, LEE], progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == byte_size([LEE, small_dump, LEE])


def test_progress_of_sentences_ends_with_all_tokens():
    heard = []
    encode([["a", "b"]] * 3, progress=heard.append)
    assert heard[-1] == 6


def test_fingerprints_tell_a_changed_file(write, tmp_path):
    path = write("text.txt", b"a")
    first = fingerprint(path)
    assert first == fingerprint(LineSentence(path)) and first[0].size == 1 and first[0].path == path
    write("text.txt", b"ab")
    assert fingerprint(path) != first
    write("second.txt", b"c")
    assert len(fingerprint(tmp_path)) == 2
    assert fingerprint([["a"]]) is None and byte_size([["a"]]) is None


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.xz", "a.zip", "folder"])
def test_an_archive_is_no_text(tmp_path, name):
    (tmp_path / "text.txt").write_text("the cat sat\n" * 100)
    (tmp_path / "folder").mkdir()
    path = tmp_path / ("folder/hidden.txt" if name == "folder" else name)
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "text.txt")
    else:
        with tarfile.open(path, f"w:{path.suffix[1:] if path.suffix in ('.gz', '.xz') else ''}") as archive:
            archive.add(tmp_path / "text.txt")
    corpora = [LineSentence(str(tmp_path / name)), Text8Corpus(str(path))]
    readings = [partial(encode, str(tmp_path / name)), *(partial(read, c) for c in corpora for read in (list, encode))]
    for reading in readings:
        with pytest.raises(CorpusError, match=r"is a (tar|zip) archive, .*: unpack it and give its files, or"):
            reading()


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
@pytest.mark.parametrize("text", [b"the cat sat\n" * 100, b"the"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(write, name, text):
    packed = gzip.compress if name.endswith(".gz") else bytes
    path = str(write(name, packed(b"\xef\xbb\xbf" + text)))
    whole = text.decode().split()
    assert encode(path).counts.tolist() == [whole.count(word) for word in dict.fromkeys(whole)]
    assert encode(path).types[0] == "the"
    assert next(iter(LineSentence(path)))[0] == next(iter(Text8Corpus(path)))[0] == "the"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["the cat sat — and sat\n" * 100, "the ─ cat\n" * 30, "кот сидел и смотрел\n" * 100, "a b"]
)
def test_two_bytes_a_character_are_no_text(write, encoding, text):
    path = str(write("a.txt.gz", gzip.compress(text.encode(encoding))))
    readings = [partial(encode, path), *(partial(list, c) for c in (LineSentence(path), Text8Corpus(path)))]
    for reading in readings:
        with pytest.raises(CorpusError, match=f"seems to be UTF-16, .*iconv -f {encoding.upper().replace('-', '-?')}"):
            reading()


@pytest.mark.parametrize("text", ["a\0b", "\0\0\0\0" * 1000, "a\0b the cat\n\0\0 c", "one\0two three\0four\n" * 100])
def test_zero_bytes_here_and_there_are_characters_of_words(write, text):
    assert encode(write("a.txt", text.encode())).types == list(dict.fromkeys(text.split()))


def test_a_text_about_archives_is_one(write):
    assert encode(write("a.txt", b"PK 7z Rar! ".ljust(257) + b"ustar is a word\n")).types[:4] == [
        "PK", "7z", "Rar!", "ustar",
    ]  # fmt: skip
