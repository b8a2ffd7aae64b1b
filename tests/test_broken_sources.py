"""Sources that are not there although they seem to be, and disks without room: each is named, nothing is left out
silently."""

import errno
import os
import sys

import pytest

from w2vplus._atomic import replacing, replacing_family
from w2vplus.corpus import encode, open_corpus
from w2vplus.corpus.sources import SpooledStream


@pytest.fixture
def folder_with_broken_link(tmp_path):
    (tmp_path / "a.txt").write_text("a b\n")
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone" / "b.txt")
    (tmp_path / ".hidden").symlink_to("gone")
    return tmp_path


@pytest.mark.parametrize("pattern", ["", "*.txt"])
def test_a_link_to_nothing_in_a_folder_is_an_error_that_names_it(folder_with_broken_link, pattern):
    with pytest.raises(FileNotFoundError, match=r"b\.txt"):
        encode(str(folder_with_broken_link / pattern))


def test_a_link_to_nothing_may_be_skipped_and_is_counted(folder_with_broken_link, caplog):
    assert list(open_corpus(str(folder_with_broken_link), skip_unreadable=True)) == [["a", "b"]]
    assert "b.txt" in caplog.text and "1 of 2 files were skipped" in caplog.text and ".hidden" not in caplog.text


def test_a_closed_standard_input_is_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="cannot read standard input: it is closed"):
        encode("-")


def raising(error):
    raise error


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "cannot keep the pipe in .*free some space.*TMPDIR"),
        (errno.EFBIG, "cannot keep the pipe in .*ulimit -f.*TMPDIR"),
        (errno.EIO, "cannot read the pipe"),
    ],
)
def test_a_stream_that_cannot_be_kept_is_told_from_one_that_cannot_be_read(number, message):
    stream = SpooledStream("the pipe", lambda: raising(OSError(number, os.strerror(number))))
    with pytest.raises(OSError, match=message) as caught:
        stream.open()
    assert caught.value.errno == number


@pytest.mark.parametrize("writer", [replacing, replacing_family])
@pytest.mark.parametrize("wording", ["{}", "Error writing bytes. Detail: [errno 28] {}"], ids=["own", "pyarrow"])
def test_a_full_disk_names_the_file_that_had_no_room(tmp_path, writer, wording):
    target = tmp_path / "counts.tsv"
    with pytest.raises(OSError, match=r"cannot be written: No space left.*free some space") as caught, writer(target):
        raise OSError(errno.ENOSPC, wording.format(os.strerror(errno.ENOSPC)))
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(target)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_elsewhere_keeps_its_own_explanation(tmp_path):
    own = OSError(errno.ENOSPC, "cannot keep the corpus's ids in /tmp: free some space")
    with pytest.raises(OSError) as caught, replacing(tmp_path / "joined.txt"):
        raise own
    assert caught.value is own
