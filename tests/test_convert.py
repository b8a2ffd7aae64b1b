"""`w2vplus convert`: formats by suffix and by name, faults as one line, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from typer.testing import CliRunner, Result

from w2vplus.cli import _options, app, convert
from w2vplus.vectors import FORMATS, load_vectors, save_vectors


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = KeyedVectors(3)
    made.add_vectors(["cat", "dög", "fish"], np.float32([[0.1, -2, 3], [4, 5, 1e-9], [7, 8, 9]]))
    save_vectors(made, tmp_path / "in.txt.gz")
    return tmp_path / "in.txt.gz"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def refusal(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    (line,) = [line for line in result.stderr.splitlines() if "error" in line]
    assert line.startswith("w2vplus: error: ")
    return line


def test_the_formats_that_help_names_are_those_of_the_registry():
    assert tuple(FORMATS) == _options.FORMATS
    assert [member.value for member in convert.Precision] == ["float16", "float32"]


@pytest.mark.parametrize("name", ["o.bin", "o.vec.zst", "o.kv", "o.safetensors", "o.npy", "o.tsv", "o.glove"])
def test_the_suffix_chooses_the_format(tmp_path, source, name):
    result = run(source, tmp_path / name)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert result.stderr.strip() == f"{tmp_path / name}: 3 vectors of 3 dimensions, float32"
    before, after = load_vectors(source), load_vectors(tmp_path / name)
    assert after.index_to_key == before.index_to_key
    assert after.vectors.tobytes() == before.vectors.tobytes()


def test_names_of_formats_limit_and_precision(tmp_path, source):
    assert run(source, tmp_path / "static", "--format", "static", "--limit", 2, "--dtype", "float16", "-q").stderr == ""
    loaded = load_vectors(tmp_path / "static")
    assert (loaded.index_to_key, loaded.vectors.dtype) == (["cat", "dög"], np.float16)
    assert run(tmp_path / "static", tmp_path / "words", "--format", "glove").exit_code == 0
    assert (tmp_path / "words").read_text(encoding="utf-8").startswith("cat 0.099975586 -2.0 3.0\n")
    assert run(tmp_path / "words", tmp_path / "o.npy", "--from-format", "glove").exit_code == 0


def test_lenient_says_what_it_mended(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"3 1\na 1\n\xff 2\na 3\n")
    line = refusal(run(tmp_path / "bad.txt", tmp_path / "o.bin"), 1)
    assert "row 2 (byte 8): the key b'\\xff' is not UTF-8" in line
    assert not (tmp_path / "o.bin").exists()
    result = run(tmp_path / "bad.txt", tmp_path / "o.bin", "--lenient")
    assert result.exit_code == 0
    assert "warning" in result.stderr
    assert "not UTF-8: 1; rows left out whose key came before: 1" in result.stderr


def test_command_lines_that_cannot_be_meant_fail_before_reading(tmp_path, source):
    folder = tmp_path / "there"
    folder.mkdir()
    assert "would be lost" in refusal(run(source, source), 2)
    assert "cannot tell the format of" in refusal(run(source, tmp_path / "o.xyz"), 2)
    assert "--format must be one of bin, txt" in refusal(run(source, tmp_path / "o.bin", "--format", "word"), 2)
    assert "must name a new folder" in refusal(run(source, folder, "--format", "static"), 2)
    assert "is only read" in refusal(run(source, tmp_path / "m", "--format", "model"), 2)
    assert "--limit must be at least 1, got 0" in refusal(run(source, tmp_path / "o.bin", "--limit", 0), 2)
    assert "does not exist; create it first" in refusal(run(source, tmp_path / "no" / "o.bin"), 1)
    assert "does not exist; create it first" in refusal(run(source, tmp_path / "no" / "o", "--format", "spacy"), 1)
    assert "no such file or directory" in refusal(run(tmp_path / "absent.bin", tmp_path / "o.bin"), 1)
    assert "must name a new folder" in refusal(run(source, "", "--format", "static"), 2)


def test_matrices_of_one_stem_keep_their_own_keys(tmp_path, source):
    assert run(source, tmp_path / "v.npy").exit_code == 0
    assert run(tmp_path / "v.npy", tmp_path / "v.safetensors", "--limit", 1).exit_code == 0
    assert len(load_vectors(tmp_path / "v.npy")) == 3
