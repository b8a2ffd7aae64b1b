"""The package as a whole: what importing it costs, what it hands out, and which room may import which."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import w2vplus

PACKAGE = Path(w2vplus.__file__).parent
HEAVY = {"gensim", "scipy", "matplotlib", "numpy", "smart_open", "tqdm"}

FLOOR_OF_ROOM = {
    "errors": 0, "limits": 0, "_atomic": 0, "_bundled": 0, "_html": 0, "_json": 0, "_numbers": 0, "presets": 0,
    "stand_in": 0, "acceleration": 4, "sklearn": 4,
    "draws": 1, "_sgd": 1, "_text": 1, "_numbering": 1, "_sentences": 1, "_pairs": 1, "_merging": 1,
    "_integers": 1, "_normal": 1, "_vector_rows": 1,
    "array_folder": 2, "storage": 2, "counts_file": 2, "corpus": 2, "store": 2, "vocabulary": 2, "collocations": 2,
    "blocks": 3, "team": 3, "reporting": 3, "trainer": 3,
    "callbacks": 4, "word2vec": 4, "phrases": 4, "vectors": 4, "evaluation": 4, "progress": 4,
    "reference": 2, "stepwise": 4, "run_log": 4, "plots": 4,
    "queries": 4, "postprocessing": 4, "alignment": 4, "clustering": 4,
    "cli": 5, "bench": 5, "__main__": 5,
}  # fmt: skip
"""Imports go down or stay on the floor. Floor 0 serves all others; `reference` stands apart and knows no other room."""

ENGINE = [room for room, floor in FLOOR_OF_ROOM.items() if floor <= 3]


class Import(NamedTuple):
    """One import of a source file; `at_once` if it runs as soon as the file is imported."""

    file: str
    module: str
    at_once: bool


def room_of(file: Path) -> str:
    """`corpus` for both corpus/lines.py and a corpus.py; `_sgd` for _sgd.pyx and _sgd.pyi."""
    return file.relative_to(PACKAGE).parts[0].split(".")[0]


def python_imports(file: Path) -> Iterator[Import]:
    name = file.relative_to(PACKAGE).as_posix()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        at_once = id(node) not in later
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports in full, please: from w2vplus.room import name"
            if node.module == "w2vplus":
                yield from (Import(name, f"w2vplus.{alias.name}", at_once) for alias in node.names)
            else:
                yield Import(name, str(node.module), at_once)


def cython_imports(file: Path) -> Iterator[Import]:
    source = file.read_text(encoding="utf-8")
    for match in re.finditer(r"^\s*(?:from|c?import)\s+([\w.]+)", source, re.MULTILINE):
        assert match[1] != "w2vplus", f"{file.name}: from w2vplus.room import name, please"
        yield Import(file.name, match[1], True)


def imports_of(room: str) -> list[Import]:
    """Every import in the files of a room."""
    found: list[Import] = []
    for file in sorted(PACKAGE.rglob("*.py*")):
        if file.suffix in (".py", ".pyi", ".pyx") and room_of(file) == room:
            found += cython_imports(file) if file.suffix == ".pyx" else python_imports(file)
    return found


def rooms_imported_by(room: str, *, at_once: bool = False) -> set[str]:
    """The rooms of w2vplus that a room imports; with `at_once`, only as soon as it is imported itself."""
    inside = [
        entry.module.split(".")[1] for entry in imports_of(room)
        if entry.module.startswith("w2vplus.") and (entry.at_once or not at_once)
    ]  # fmt: skip
    # A name of the package's front stands for the room that it comes from.
    return {w2vplus._ROOM_OF.get(name, name) for name in inside} - {room, "__version__", "show_config"}


def python(code: str, folder: Path) -> str:
    """What `code` prints in a fresh interpreter that sees the package under test, run in `folder`."""
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": path}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def print_loaded(names: set[str]) -> str:
    return f"import sys; print(*sorted({names!r} & set(sys.modules)))"


def test_source_that_is_not_compiled_says_so(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "w2vplus", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    code = [sys.executable, "-S", "-c", "import w2vplus"]  # -S: an editable install would be found before the folder
    done = subprocess.run(code, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0
    assert "is source that is not compiled: start Python in another folder" in done.stderr


# ---- Rooms and floors


def test_every_room_has_a_floor() -> None:
    on_disk = {room_of(file) for pattern in ("*.py", "*.pyx") for file in PACKAGE.rglob(pattern)}
    assert on_disk - {"__init__"} == set(FLOOR_OF_ROOM)


@pytest.mark.parametrize("room", FLOOR_OF_ROOM)
def test_imports_go_down_or_stay_on_the_floor(room: str) -> None:
    above = {name for name in rooms_imported_by(room) if FLOOR_OF_ROOM.get(name, 9) > FLOOR_OF_ROOM[room]}
    assert above == set()


def test_no_two_rooms_import_each_other() -> None:
    waiting = {room: rooms_imported_by(room, at_once=True) for room in FLOOR_OF_ROOM}
    while free := {room for room, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {room: needs for room, needs in waiting.items() if room not in free}
    assert waiting == {}


def test_the_engine_knows_gensim_only_to_read_wiki_mark_up() -> None:
    foreign = {
        (entry.file, entry.module, entry.at_once) for room in ENGINE for entry in imports_of(room)
        if entry.module.split(".")[0] == "gensim"
    }  # fmt: skip
    assert foreign == {("corpus/wiki.py", "gensim.corpora", False)}


def test_the_reference_stands_apart() -> None:
    assert rooms_imported_by("reference") == {"errors"}


# ---- What imports load


def test_importing_w2vplus_loads_nothing_heavy(tmp_path: Path) -> None:
    assert python("import w2vplus; " + print_loaded(HEAVY), tmp_path).split() == []


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    ask = "import sys; sys.argv = ['w2vplus', '--help']; from w2vplus.cli import main\n"
    *usage, loaded = python(f"{ask}try: main()\nfinally: {print_loaded(HEAVY)}", tmp_path).splitlines()
    assert any("Usage: w2vplus" in line for line in usage)
    assert loaded == ""


def test_the_engine_imports_without_gensim(tmp_path: Path) -> None:
    modules = ", ".join(f"w2vplus.{room}" for room in ENGINE)
    code = f"""
import sys
sys.modules["gensim"] = None  # makes every import of it fail
import {modules}
print(w2vplus.encode([["to", "be"]]).token_count)
"""
    assert python(code, tmp_path).strip() == "2"


def test_importing_the_engine_loads_no_scipy(tmp_path: Path) -> None:
    modules = ", ".join(f"w2vplus.{room}" for room in ENGINE)
    loaded = python(f"import {modules}; " + print_loaded({"gensim", "scipy", "matplotlib"}), tmp_path)
    assert loaded.strip() == ""


# ---- What the package hands out


@pytest.mark.parametrize("name", w2vplus.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(w2vplus, name) is not None
    assert name in dir(w2vplus)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'w2vplus' has no attribute 'Word3Vec'"):
        w2vplus.Word3Vec  # noqa: B018


def test_configuration_names_versions_and_kernel() -> None:
    facts = w2vplus.show_config()
    assert set(facts) == {"w2vplus", "kernel", "usable_kernels", "python", "numpy", "gensim"}
    assert facts["kernel"] in facts["usable_kernels"]
    assert facts["w2vplus"] == w2vplus.__version__


def test_types_are_installed() -> None:
    assert (PACKAGE / "py.typed").is_file()
    extensions = {file.stem for file in PACKAGE.glob("*.pyx")}
    assert extensions == {
        "_sgd", "_text", "_numbering", "_sentences", "_pairs", "_merging", "_integers", "_normal", "_vector_rows",
    }  # fmt: skip
    assert {file.stem for file in PACKAGE.glob("*.pyi")} == extensions
