"""The native code that reads foreign bytes, built with sanitizers and run through its own tests (the kernel's are in
test_kernel_variants).

Needs gcc with AddressSanitizer, and pip, which installs what builds the package; takes minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g"
TESTED = (
    "test_collocations", "test_text", "test_vector_rows", "test_integers", "test_normalizing", "test_phrase_files",
    "test_sequences",
)  # fmt: skip
PRELOADING = "test_pieces_that_share_an_array_stay_where_every_reallocation_moves"
"""Loads a library of its own before Python."""


def library(name: str) -> str:
    """Where the compiler has a library, which must be loaded before Python; skips without."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    asked = ["gcc", f"-print-file-name={name}"]
    path = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_absolute():
        pytest.skip(f"gcc has no {name}")
    return path


@pytest.mark.slow
def test_nothing_is_read_or_written_where_it_must_not_be(tmp_path: Path) -> None:
    preloaded = " ".join(map(library, ("libasan.so", "libubsan.so")))
    if not (PROJECT / "setup.py").is_file():
        pytest.skip("the sources do not lie beside the tests")
    source, site = tmp_path / "source", tmp_path / "site"
    for name in ("w2vplus", "tests", "examples"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    environment = {**os.environ, "CFLAGS": FLAGS, "LDFLAGS": "-fsanitize=address,undefined"}
    build = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(source)]
    done = subprocess.run(build, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    shutil.rmtree(source / "w2vplus")  # the tests shall import what was built
    run = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-k", f"not {PRELOADING}"]
    run += [f"tests/{name}.py" for name in TESTED]
    # Python itself does not give everything back, and its own allocator would hide what lies behind a block.
    watched = {
        "LD_PRELOAD": preloaded, "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(site), "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }  # fmt: skip
    done = subprocess.run(run, cwd=source, env={**os.environ, **watched}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
