"""Outputs appear whole or not at all, and keep what the file that stood there before had."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import common_texts

from w2vplus import Word2Vec, _atomic, load_vectors, save_vectors
from w2vplus._atomic import move_in_place, new_folder, replacing, replacing_family, replacing_together
from w2vplus.counts_file import write_counts

posix = pytest.mark.skipif(os.name != "posix", reason="links and permissions as POSIX has them")


def write(target: Path, text: str) -> None:
    with replacing(target) as temporary:
        temporary.write_text(text)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
def test_a_symbolic_link_stays_one_and_its_file_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "v1.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(Path("disk") / "v1.txt")
    write(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "disk" / "v1.txt").read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["disk", "link.txt", "v1.txt"]
    (tmp_path / "dangling.txt").symlink_to(Path("disk") / "v2.txt")
    write(tmp_path / "dangling.txt", "first")
    assert (tmp_path / "disk" / "v2.txt").read_text() == "first"
    (tmp_path / "nowhere.txt").symlink_to(Path("gone") / "v2.txt")
    with pytest.raises(FileNotFoundError, match="gone does not exist"):
        write(tmp_path / "nowhere.txt", "lost")


@posix
@pytest.mark.parametrize("bits", [0o600, 0o644, 0o664, 0o400])
def test_a_replaced_file_hands_its_permissions_on(tmp_path, bits):
    target = tmp_path / "file"
    target.write_text("old")
    target.chmod(bits)
    write(target, "new")
    assert (mode(target), target.read_text()) == (bits, "new")


@posix
def test_a_new_file_has_the_permissions_that_the_process_gives(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "file", "new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "file") == 0o640


def test_a_file_is_moved_to_another_disk_whole(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "part").write_text("new")
    replace = Path.replace

    def on_two_disks(self, target):
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", on_two_disks)
    move_in_place(tmp_path / "here" / "part", tmp_path / "there")
    assert (tmp_path / "there").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]


@posix
def test_models_and_vectors_keep_links_and_permissions(tmp_path):
    model = Word2Vec(common_texts, min_count=1, vector_size=4, workers=1, epochs=1)
    (tmp_path / "disk").mkdir()
    for name in ("model", "vectors.bin"):
        (tmp_path / "disk" / name).write_text("old")
        (tmp_path / "disk" / name).chmod(0o640)
        (tmp_path / name).symlink_to(Path("disk") / name)
    for options in ({}, {"sep_limit": 0}):
        model.save(str(tmp_path / "model"), **options)
        assert Word2Vec.load(str(tmp_path / "model")).wv.index_to_key == model.wv.index_to_key
    save_vectors(model.wv, tmp_path / "vectors.bin")
    for name in ("model", "vectors.bin"):
        assert (tmp_path / name).is_symlink() and mode(tmp_path / "disk" / name) == 0o640


@posix
@pytest.mark.parametrize("name", ["vectors.safetensors", "static"])
def test_vectors_that_find_no_room_are_an_os_error_with_a_remedy(tmp_path, name):
    code = f"""
import resource
import numpy as np
from gensim.models import KeyedVectors
from w2vplus import save_vectors
vectors = KeyedVectors(64)
vectors.add_vectors(list("abcdefgh"), np.ones((8, 64), np.float32))
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
try:
    save_vectors(vectors, {str(tmp_path / name)!r}, format={"static" if name == "static" else None!r})
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert name in done.stdout and "ulimit -f" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_error_names_the_target_and_not_the_temporary_file(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "file.txt") as temporary:
        temporary.unlink()
        temporary.read_text()
    assert caught.value.filename == str(tmp_path / "file.txt")
    with pytest.raises(FileNotFoundError) as caught, new_folder(tmp_path / "folder") as temporary:
        (temporary / "absent" / "part").write_text("new")
    assert caught.value.filename == str(tmp_path / "folder")
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "file.txt") as temporary:
        (tmp_path / "another").read_text()
    assert caught.value.filename == str(tmp_path / "another")


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "n" * 248 + ".txt.gz", "v." + "x" * 253])
def test_every_name_that_a_file_may_have_can_be_written(tmp_path, name):
    for text in ("first", "second"):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text(text)
        with replacing_together(tmp_path / "keys", tmp_path / name) as paths:
            for path in paths:
                path.write_text(text)
        with replacing_family(tmp_path / name) as path:
            path.write_text(text)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "second", "keys": "second"}


@posix
def test_a_forked_process_can_write_while_its_parent_writes(tmp_path):
    with replacing(tmp_path / "parents") as temporary, _atomic._may_begin:
        child = os.fork()
        if child == 0:  # pragma: no cover
            with replacing(tmp_path / "childs") as path:
                path.write_text("child")
            _atomic.delete_unfinished()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        temporary.write_text("parent")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"parents": "parent", "childs": "child"}


def test_compressed_outputs_say_no_temporary_name(tmp_path):
    model = Word2Vec(common_texts, min_count=1, vector_size=4, workers=1, epochs=1)
    save_vectors(model.wv, tmp_path / "vectors.txt.gz")
    write_counts(tmp_path / "counts.tsv.gz", ["a", "é"], [2, 1])
    for name in ("vectors.txt.gz", "counts.tsv.gz"):
        packed = (tmp_path / name).read_bytes()
        assert packed[3] == 0, "the flags of gzip's header, 8 of which is for a name"
        assert packed[4:8] == bytes(4), "no time either: equal contents are equal files"
    assert gzip.decompress((tmp_path / "counts.tsv.gz").read_bytes()).decode() == "a\t2\né\t1\n"


def family(folder: Path, text: str) -> None:
    with replacing_family(folder / "model") as path:
        path.write_text(text)
        path.with_name("model.a.npy").write_text(text)
        path.with_name("model.b.npy").write_text(text)


@posix
def test_every_file_of_a_model_may_be_read_by_those_who_may_read_new_files(tmp_path):
    model = Word2Vec(common_texts, min_count=1, vector_size=4, workers=1, epochs=1)
    (tmp_path / "new").touch()
    model.save_folder(tmp_path / "model")
    for suffix in ("safetensors", "npy", "bin", "kv"):
        save_vectors(model.wv, tmp_path / f"v.{suffix}")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {mode(path) for path in files} == {mode(tmp_path / "new")}


@pytest.mark.parametrize("name", ["v.tsv", "v.npy", "v.safetensors"])
def test_vectors_and_their_keys_are_replaced_together_or_not_at_all(tmp_path, monkeypatch, name):
    def vectors(words: list[str], value: float) -> KeyedVectors:
        made = KeyedVectors(2)
        made.add_vectors(words, np.full((2, 2), value, np.float32))
        return made

    save_vectors(vectors(["cat", "dog"], 1.0), tmp_path / name)
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == 2
    put = _atomic.put_in_place
    for refused in names:

        def put_others(temporary: Path, target: Path, refused: str = refused) -> None:
            if target.name == refused:
                raise PermissionError(1, "Operation not permitted", str(target))
            put(temporary, target)

        monkeypatch.setattr(_atomic, "put_in_place", put_others)
        with pytest.raises(PermissionError):
            save_vectors(vectors(["paris", "rome"], 100.0), tmp_path / name)
        monkeypatch.undo()
        assert load_vectors(tmp_path / name)["cat"].tolist() == [1.0, 1.0]
        assert {path.name for path in tmp_path.iterdir()} == names
    save_vectors(vectors(["paris", "rome"], 100.0), tmp_path / name)
    assert load_vectors(tmp_path / name)["rome"].tolist() == [100.0, 100.0]


@pytest.mark.parametrize("moved", range(4))
@pytest.mark.parametrize("present", [("model", "model.a.npy", "model.b.npy"), ("model", "model.a.npy"), ()])
def test_files_that_name_each_other_are_replaced_together_or_not_at_all(tmp_path, monkeypatch, moved, present):
    for name in present:
        (tmp_path / name).write_text("old")
    if present:
        (tmp_path / "model").chmod(0o640)
    moves, move = [], _atomic.move_in_place

    def broken_off(*places: Path) -> None:
        if len(moves) == moved:
            raise KeyboardInterrupt
        moves.append(places)
        move(*places)

    monkeypatch.setattr(_atomic, "move_in_place", broken_off)
    if moved < 3:
        with pytest.raises(KeyboardInterrupt):
            family(tmp_path, "new")
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(present, "old")
    else:
        family(tmp_path, "new")
        names = ("model", "model.a.npy", "model.b.npy")
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(names, "new")
    if present and os.name == "posix":
        assert mode(tmp_path / "model") == 0o640


def test_the_process_umask_is_never_changed(tmp_path, monkeypatch):
    # It belongs to all threads: files that others make meanwhile would be open to everybody.
    monkeypatch.setattr(os, "umask", None)
    write(tmp_path / "file", "new")
    with new_folder(tmp_path / "folder"):
        pass
    family(tmp_path, "new")
