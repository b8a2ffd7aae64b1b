"""Corpora beyond memory: spilled to unlinked files, or kept in a folder and never used when stale."""

import contextlib
import errno
import gzip
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors

from w2vplus import save_vectors
from w2vplus import storage as storage_module
from w2vplus.corpus import LineSentence, Text8Corpus, encode, open_corpus
from w2vplus.corpus import cache as cache_module
from w2vplus.corpus import compression as compression_module
from w2vplus.corpus import parts as parts_module
from w2vplus.corpus import text_encoding as text_encoding_module
from w2vplus.corpus.pieces import PieceStore
from w2vplus.corpus.sources import LocalFile
from w2vplus.errors import CorpusError
from w2vplus.storage import ItemFile, write_whole

TEXT = b"".join(b" ".join(b"w%d" % (i * j % 577) for j in range(i % 23)) + b"\n" for i in range(4000))


def content(corpus):
    store = corpus.store
    return corpus.types, corpus.counts.tolist(), store.ids.tolist(), store.sentence_starts.tolist()


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setattr(parts_module, "MIN_PART_BYTES", 1)
    monkeypatch.setattr(compression_module, "PLAIN_BLOCK_BYTES", 4096)
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def spill_folder(tmp_path, monkeypatch):
    folder = tmp_path / "spill"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("spill_above", [0, 30_000, 100_000])
@pytest.mark.parametrize("is_foreseen", [True, False])
def test_a_spilled_corpus_is_the_same_and_leaves_no_file(
    text, spill_folder, workers, spill_above, is_foreseen, monkeypatch
):
    monkeypatch.setattr(text_encoding_module, "ID_BYTES_PER_TEXT_BYTE", 1e3 * is_foreseen)
    zipped = text.with_suffix(".gz")
    zipped.write_bytes(gzip.compress(TEXT))
    lists = [line.decode().split() for line in TEXT.splitlines()]
    for source in (
        str(text),
        str(zipped),
        [str(text), str(zipped)],
        LineSentence(text, 7),
        Text8Corpus(text, 9),
        lists,
    ):
        spilled = encode(source, workers=workers, spill_above=spill_above)
        assert spilled.store.is_mapped
        assert list(spill_folder.iterdir()) == []
        whole = encode(source)
        assert not whole.store.is_mapped
        assert content(spilled) == content(whole)


def test_several_streams_are_joined_in_files_when_large(text):
    source = Text8Corpus([str(text), str(text)], 9)
    spilled = encode(source, spill_above=1000)
    assert spilled.store.is_mapped
    assert content(spilled) == content(encode(source))


def test_phrases_of_a_spilled_corpus_are_joined_in_files(text, spill_folder):
    from w2vplus import PhraseOptions
    from w2vplus.phrases.learning import learn_frozen

    options = PhraseOptions(2, thresholds=0.1, min_count=1)
    joined = [
        learn_frozen(encode(text, spill_above=limit), options, workers).corpus
        for limit, workers in ((None, 1), (0, 1), (0, 3))
    ]
    assert [corpus.store.is_mapped for corpus in joined] == [False, True, True]
    assert any("_" in token for token in joined[0].types)
    assert content(joined[0]) == content(joined[1]) == content(joined[2])
    assert list(spill_folder.iterdir()) == []


def test_room_for_what_is_made_of_a_spilled_corpus_is_there_before_it_is_written(text, spill_folder, monkeypatch):
    spilled = encode(text, spill_above=0)

    def refuse(*_where):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match=r"cannot keep the corpus's ids in .*spill: No space left.*TMPDIR"):
        storage_module.zeros_kept_like(spilled.store.ids, 100, np.int32)
    monkeypatch.delattr(os, "posix_fallocate")
    assert storage_module.zeros_kept_like(spilled.store.ids, 100, np.int32).tolist() == [0] * 100


def test_training_over_a_spilled_corpus_gives_the_same_vectors(text):
    from w2vplus import Word2Vec

    vectors = []
    for spill_above in (None, 0):
        model = Word2Vec(encode(text, spill_above=spill_above), vector_size=8, workers=1, epochs=2)
        vectors.append(model.wv.vectors)
    assert np.array_equal(*vectors)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "No space left.*; free some space, or .*TMPDIR"),
        (errno.EDQUOT, "uota exceeded; free some space, or .*TMPDIR"),
        (errno.EFBIG, "too large; raise the limit .*ulimit -f.*, or .*TMPDIR"),
        (errno.EIO, "Input/output error$"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_named_and_nothing_is_left(text, spill_folder, monkeypatch, workers, number, message):
    class FullFile:
        def __init__(self, file):
            self.file, self.left = file, 5000

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            self.left -= len(data)
            if self.left < 0:
                raise OSError(number, os.strerror(number))
            return self.file.write(data)

    make = tempfile.TemporaryFile
    monkeypatch.setattr(storage_module.tempfile, "TemporaryFile", lambda **options: FullFile(make(**options)))
    with pytest.raises(OSError, match=rf"cannot keep the corpus's ids in .*spill: .*{message}") as caught:
        encode(text, workers=workers, spill_above=0)
    assert caught.value.errno == number
    assert list(spill_folder.iterdir()) == []


def test_a_limit_on_the_size_of_files_is_told_from_a_full_disk(spill_folder, tmp_path):
    pytest.importorskip("resource", reason="needs limits of POSIX systems")
    path = tmp_path / "many.txt"
    path.write_bytes(TEXT * 40)
    program = (
        "import resource; from w2vplus.corpus import encode; from w2vplus._atomic import replacing\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "def shown(work):\n"
        "    try: work()\n"
        "    except OSError as error: print(error)\n"
        f"shown(lambda: encode({str(path)!r}, spill_above=0))\n"
        f"shown(lambda: encode({str(path)!r}, cache_dir={str(tmp_path / 'cache')!r}))\n"
        "def write():\n"
        f"    with replacing({str(tmp_path / 'copy.txt')!r}) as aside: aside.write_bytes(bytes(9000))\n"
        "shown(write)"
    )
    environment = os.environ | {"TMPDIR": str(spill_folder)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    spilling, keeping, writing = done.stdout.splitlines()
    assert "cannot keep the corpus's ids" in spilling and "ulimit -f" in spilling and "TMPDIR" in spilling
    assert "cannot keep the encoded corpus" in keeping and "ulimit -f" in keeping and "cache folder" in keeping
    assert "copy.txt" in writing and "ulimit -f" in writing
    assert list(spill_folder.iterdir()) == [] and not (tmp_path / "copy.txt").exists()


def test_items_come_back_from_a_file_and_a_short_write_goes_on(monkeypatch):
    file = ItemFile(np.int32)
    assert len(file.mapped()) == 0
    items = np.arange(1000, dtype=np.int32)
    assert (file.append(items), file.append(items[:0]), file.append(items)) == (0, 1000, 1000)
    assert file.read(990, 20).tolist() == [*range(990, 1000), *range(10)]
    mapped = file.mapped()
    file.close()
    assert mapped.tolist() == [*range(1000)] * 2


@contextlib.contextmanager
def small_files():
    """Files of 4096 bytes at most; only around what shall fail, for pytest may write its own output to a file."""
    resource = pytest.importorskip("resource", reason="needs limits of POSIX systems")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_piece_that_is_written_only_in_part_is_an_error() -> None:
    class Narrow(io.RawIOBase):
        """A disk with room for three bytes at a time, and seven in all."""

        written = b""

        def write(self, data: Any) -> int:
            piece = bytes(data[: min(3, 7 - len(self.written))])
            if not piece:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.written += piece
            return len(piece)

    disk = Narrow()
    write_whole(disk, b"1234567")
    assert disk.written == b"1234567"
    with pytest.raises(OSError, match="No space left"):
        write_whole(Narrow(), b"12345678")


def test_a_text_from_a_pipe_that_finds_no_room_for_its_end_is_an_error(tmp_path: Path) -> None:
    command = (
        "import resource, sys\nfrom w2vplus import encode\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))\nencode('-')"
    )
    pytest.importorskip("resource", reason="needs limits of POSIX systems")
    done = subprocess.run([sys.executable, "-c", command], input=b"word\n" * 1500, capture_output=True, timeout=120)
    assert done.returncode == 1 and b"ulimit -f" in done.stderr


def test_the_last_bytes_of_an_array_that_find_no_room_are_an_error(tmp_path: Path) -> None:
    vectors = KeyedVectors(126)
    vectors.add_vectors(list("abcdefgh"), np.ones((8, 126), np.float32))
    with small_files(), pytest.raises(OSError, match="ulimit -f"):
        save_vectors(vectors, tmp_path / "v.npy")  # 4,160 bytes
    assert not (tmp_path / "v.npy").exists()


TOO_LARGE = r"cannot keep the corpus's ids in .*spill: .*ulimit -f"


def test_whoever_writes_to_a_file_that_failed_hears_why_it_failed(spill_folder):
    file = ItemFile(np.int32)
    for items in (np.zeros(2000, np.int32), np.zeros(1, np.int32)):
        with pytest.raises(OSError, match=TOO_LARGE) as caught, small_files():
            file.append(items)
        assert caught.value.errno == errno.EFBIG
    for use in (lambda: file.read(0, 1), lambda: file.mapped_anew(1)):
        with pytest.raises(OSError, match=TOO_LARGE):
            use()


def test_of_two_encoders_that_spill_to_a_full_disk_both_name_the_disk(text, spill_folder, monkeypatch):
    real, met = PieceStore.add, threading.Event()

    def add(store, key, *rest):
        if key[0] == 0:  # the earlier text, whose error is the one reported, comes second
            assert met.wait(20)
        try:
            real(store, key, *rest)
        except OSError:
            met.set()
            raise

    monkeypatch.setattr(PieceStore, "add", add)
    monkeypatch.setattr(text_encoding_module, "ID_BYTES_PER_TEXT_BYTE", 0)  # one encoder would write faster
    with pytest.raises(OSError, match=TOO_LARGE), small_files():
        encode(LineSentence([str(text), str(text)], limit=10**6), workers=2, spill_above=0)
    assert list(spill_folder.iterdir()) == []


def test_spill_above_must_make_sense(text):
    with pytest.raises(ValueError, match="spill_above must be at least 0 bytes, got -1"):
        encode(text, spill_above=-1)


# --- the cache folder ---


def test_a_kept_corpus_is_used_again_without_reading_text(text, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    first = encode(text, cache_dir=cache)
    assert first.store.is_mapped
    expected = content(encode(text))
    assert content(first) == expected
    with monkeypatch.context() as patch:
        patch.setattr("w2vplus.corpus.encoding.encode_files", None)
        assert content(encode(text, workers=2, cache_dir=cache)) == expected
        assert content(encode(open_corpus(text), cache_dir=cache)) == expected
    assert len(list(cache.iterdir())) == 1


def test_a_stale_entry_is_never_used_and_is_replaced(text, tmp_path):
    cache = tmp_path / "cache"
    encode(text, cache_dir=cache)
    status = text.stat()
    text.write_bytes(TEXT[:-20] + b"x" * 19 + b"\n")  # the same size
    os.utime(text, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert content(encode(text, cache_dir=cache)) == content(encode(text))
    text.write_bytes(TEXT + b"more\n")
    os.utime(text, ns=(status.st_atime_ns, status.st_mtime_ns))  # the same time
    assert "more" in encode(text, cache_dir=cache).types
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("ids", lambda ids: ids.__setitem__(3, 10**9)),
        ("ids", lambda ids: ids.__setitem__(3, -1)),
        ("starts", lambda starts: starts.__setitem__(1, starts[-1])),
        ("starts", lambda starts: starts.__setitem__(0, 1)),
    ],
)
def test_a_damaged_entry_is_never_used_and_is_replaced(text, tmp_path, name, damage):
    cache = tmp_path / "cache"
    encode(text, cache_dir=cache)
    (path,) = cache.glob(f"*/{name}.npy")
    for _ in range(2):
        numbers = np.load(path)
        damage(numbers)
        np.save(path, numbers)
        assert content(encode(text, cache_dir=cache)) == content(encode(text))
        assert np.load(path).tolist() != numbers.tolist()


def test_a_file_whose_size_and_time_were_put_back_is_read_anew(text, tmp_path):
    cache = tmp_path / "cache"
    encode(text, cache_dir=cache)
    status = text.stat()
    text.write_bytes(TEXT[:-20] + b"x" * 19 + b"\n")  # the same size
    os.utime(text, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "x" * 19 in encode(text, cache_dir=cache).types
    other = tmp_path / "other.txt"
    other.write_bytes(TEXT[:-20] + b"y" * 19 + b"\n")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(text)
    assert "y" * 19 in encode(text, cache_dir=cache).types


def test_permissions_that_change_while_a_file_is_read_are_no_change_of_it(text, tmp_path):
    def protect(_bytes_read):
        text.chmod(0o400 if text.stat().st_mode & 0o200 else 0o600)

    for _ in range(2):
        assert content(encode(text, cache_dir=tmp_path / "cache", progress=protect)) == content(encode(text))


def test_other_ways_of_reading_have_entries_of_their_own(text, tmp_path):
    cache = tmp_path / "cache"
    for source, errors in (
        (LineSentence(text), "strict"), (LineSentence(text, 5), "strict"),
        (LineSentence(text, limit=3), "strict"),
        (Text8Corpus(text), "strict"), (LineSentence(text), "replace"),
    ):  # fmt: skip
        for _ in range(2):
            assert content(encode(source, errors=errors, cache_dir=cache)) == content(encode(source, errors=errors))
    assert len(list(cache.iterdir())) == 5


@pytest.mark.parametrize("name", ["ids.npy", "types.json", "meta.json", "starts.npy"])
def test_a_damaged_entry_is_made_anew(text, tmp_path, name):
    cache = tmp_path / "cache"
    expected = content(encode(text, cache_dir=cache))
    (entry,) = cache.iterdir()
    (entry / name).write_bytes((entry / name).read_bytes()[:-8])
    assert content(encode(text, cache_dir=cache)) == expected
    assert content(encode(text, cache_dir=cache)) == expected


def test_what_has_no_fingerprint_is_read_with_a_warning(tmp_path, caplog):
    assert encode([["a"]], cache_dir=tmp_path / "cache").types == ["a"]
    assert "cannot be kept" in caplog.text
    assert not (tmp_path / "cache").exists()


def test_columns_of_tables_are_read_with_a_warning_that_says_so(tmp_path, caplog):
    table = tmp_path / "rows.jsonl"
    table.write_text('{"text": "a b"}\n')
    assert encode(table, fields="text", cache_dir=tmp_path / "cache").types == ["a", "b"]
    assert "cannot be kept" in caplog.text and "columns of tables are not" in caplog.text
    assert not (tmp_path / "cache").exists()


def test_sources_that_read_a_file_in_their_own_way_are_not_kept(text, tmp_path):
    class Upper(LocalFile):
        """Another reading of the same file, which its path and size do not tell."""

        def open(self):
            return io.BytesIO(TEXT.upper())

    cache = tmp_path / "cache"
    encode(LineSentence([LocalFile(text)]), cache_dir=cache)
    assert encode(LineSentence([Upper(text)]), cache_dir=cache).types[0].startswith("W")
    assert len(list(cache.iterdir())) == 1


def test_a_failed_run_leaves_nothing_in_the_cache(text, tmp_path):
    text.write_bytes(TEXT + b"\xff")
    with pytest.raises(CorpusError, match="is not UTF-8"):
        encode(text, cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


# --- where Word2Vec keeps what it reads ---


class Walks:
    """An iterable that could change between epochs; counts how often it is gone through."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter([["a", "b", "c"] * 20] * 10)


@pytest.mark.parametrize(("cache", "passes"), [(False, 1 + 3), (True, 1)])
def test_an_iterable_is_gone_through_in_every_epoch_unless_cached(cache, passes):
    from w2vplus import Word2Vec

    walks = Walks()
    model = Word2Vec(walks, epochs=3, min_count=1, workers=1, vector_size=4, cache=cache)
    assert walks.passes == passes
    model = Word2Vec(epochs=3, min_count=1, workers=1, vector_size=4, cache=cache)
    walks.passes = 0
    model.build_vocab(walks)
    model.train(walks, total_examples=model.corpus_count, epochs=3)
    model.train(walks, total_examples=model.corpus_count, epochs=1)
    assert walks.passes == passes + (not cache)


def test_cached_and_streamed_iterables_give_the_same_vectors():
    from w2vplus import Word2Vec

    vectors = [
        Word2Vec(Walks(), epochs=3, min_count=1, workers=1, vector_size=4, cache=cache).wv.vectors
        for cache in (False, True)
    ]
    assert np.array_equal(*vectors)


def test_word2vec_keeps_its_files_in_the_cache_folder(text, tmp_path):
    from w2vplus import Word2Vec

    cache = tmp_path / "cache"
    vectors = [
        Word2Vec(corpus_file=text, vector_size=4, workers=1, epochs=1, **kept).wv.vectors
        for kept in ({}, {"cache_dir": cache}, {"cache_dir": cache}, {"spill_above": 0})
    ]
    assert len(list(cache.iterdir())) == 1
    assert all(np.array_equal(one, vectors[0]) for one in vectors)


def test_several_threads_write_items_whole():
    file = ItemFile(np.int64)
    runs = [np.full(977, number) for number in range(40)]
    with ThreadPoolExecutor(8) as executor:
        places = list(executor.map(file.append, runs))
    assert sorted(places) == [977 * number for number in range(40)]
    assert all(file.read(place, 977).tolist() == run.tolist() for place, run in zip(places, runs, strict=True))


def test_the_cache_says_so_when_its_disk_is_full(text, tmp_path, monkeypatch):
    def no_room(path, array):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("w2vplus.corpus.cache.write_array", no_room)
    with pytest.raises(OSError, match=r"cannot keep the encoded corpus in .*No space left.*another cache folder"):
        encode(text, cache_dir=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("is_stale", [False, True])
@pytest.mark.parametrize("step", ["shutil.rmtree", "write_array"])
def test_two_that_keep_one_corpus_at_the_same_time_both_get_it(text, tmp_path, step, is_stale, caplog):
    cache, expected = tmp_path / "cache", content(encode(text))

    def step_while_another_keeps_it(*arguments, **options):
        patch.undo()
        done = step_of(*arguments, **options)
        encode(text, cache_dir=cache)
        if is_stale:  # the other's is of a text that has changed
            (entry,) = cache.glob("corpus-*")
            (entry / "meta.json").write_text("{}")
        return done

    step_of = cache_module.write_array if step == "write_array" else shutil.rmtree
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"w2vplus.corpus.cache.{step}", step_while_another_keeps_it)
        found = encode(text, cache_dir=cache)
    assert content(found) == expected
    assert found.store.is_mapped is not is_stale
    assert ("was not kept" in caplog.text) is is_stale
    assert len(list(cache.iterdir())) == 1
    assert encode(text, cache_dir=cache).store.is_mapped


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_entries_have_the_permissions_that_the_process_gives(text, tmp_path):
    before = os.umask(0o027)
    try:
        encode(text, cache_dir=tmp_path / "cache")
    finally:
        os.umask(before)
    (entry,) = (tmp_path / "cache").iterdir()
    assert entry.stat().st_mode & 0o777 == 0o750
    assert {file.stat().st_mode & 0o777 for file in entry.iterdir()} == {0o640}


def test_a_file_that_changes_before_it_is_kept_is_an_error(text, tmp_path, monkeypatch):
    from w2vplus.corpus import encoding

    real = encoding.encode_files

    def change_afterwards(*arguments):
        corpus = real(*arguments)
        text.write_bytes(b"other")
        return corpus

    monkeypatch.setattr(encoding, "encode_files", change_afterwards)
    with pytest.raises(CorpusError, match="changed while it was read"):
        encode(text, cache_dir=tmp_path / "cache")
