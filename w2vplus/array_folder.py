"""A folder of named arrays and JSON documents: written whole or not at all, read without running anything in
it.

Saved models and checkpoints are such folders. Arrays are in one safetensors file, each document in a JSON
file, and `w2vplus.json` names them with their sizes and holds the settings that a person may want to read.
The other files carry a generation in their names: a folder is rewritten by adding the next generation beside
the present one and replacing `w2vplus.json`, so that a process killed at any moment leaves one generation
complete.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import explaining, flush_file, flush_folder, lock_folder, new_folder, replacing, save_arrays
from w2vplus.errors import ModelFormatError

logger = logging.getLogger(__name__)

FORMAT = "w2vplus"
FORMAT_VERSION = 1
"""Raised when a reader of the present version would misread what is written."""

HEAD = "w2vplus.json"
CARD = "README.md"
_ARRAYS = "arrays"
_LARGEST_HEAD = 64 << 20
"""Bytes; a larger head is no head of ours."""


@dataclass(frozen=True)
class ArrayFolder:
    """What a folder holds. `kind` says what it means; `head` is small, `documents` may be as long as the
    arrays.

    `card` is Markdown for people, written beside the rest and never read back; one that somebody has changed is kept.
    """

    kind: str
    head: dict[str, Any]
    documents: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    card: str | None = None


def is_array_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder with a head; it may still be damaged."""
    return (Path(path) / HEAD).is_file()


def write_folder(path: str | os.PathLike[str], content: ArrayFolder) -> None:
    """Write `content` as the folder `path`, or replace the one of the same kind that is there.

    Raises FileExistsError if `path` is a file or a folder with other things in it, TypeError for a document
    that JSON cannot hold, OSError if the disk fails. What was there before stays whole until the new is, and then
    nothing is left of what could not be written.
    """
    target = Path(path).expanduser()
    if not target.exists():
        try:
            with new_folder(target) as temporary:
                _write_generation(temporary, content, 1)
            return
        except OSError as error:
            taken = isinstance(error, FileExistsError) or error.errno == errno.ENOTEMPTY
            if not (taken and is_array_folder(target)):
                raise  # else another writer was first
    if not target.is_dir() or (not is_array_folder(target) and any(target.iterdir())):
        raise FileExistsError(
            f"cannot write {target}: it exists and is no w2vplus folder; choose another name"
        )
    with closing(lock_folder(target)):
        generation = 1
        if is_array_folder(target):
            head = _read_head(target)
            if head["kind"] != content.kind:
                raise FileExistsError(f"cannot write {target}: it holds a {head['kind']}, not a {content.kind}")
            generation = int(head["generation"]) + 1
        try:
            with explaining(target):
                _write_generation(target, content, generation)
        except BaseException:
            _remove_unless_named(target, set(_file_names(content, generation).values()))
            raise


def _file_names(content: ArrayFolder, generation: int) -> dict[str, str]:
    """What the head names -> its file."""
    documents = {name: f"{name}-{generation}.json" for name in content.documents}
    return {_ARRAYS: f"{_ARRAYS}-{generation}.safetensors", **documents}


def _write_generation(folder: Path, content: ArrayFolder, generation: int) -> None:
    files = _file_names(content, generation)
    arrays = {name: np.ascontiguousarray(array) for name, array in content.arrays.items()}
    save_arrays(arrays, folder / files[_ARRAYS])
    for name, document in content.documents.items():
        with (folder / files[name]).open("w", encoding="ascii") as stream:
            json.dump(document, stream)
    for name in files.values():
        flush_file(folder / name)
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "kind": content.kind,
        "generation": generation,
        "files": {
            key: {"name": name, "bytes": (folder / name).stat().st_size} for key, name in files.items()
        },
        **content.head,
    }
    card = content.card if content.card is not None and _is_own_card(folder) else None
    known = _cards_of(folder)
    head["cards"] = known if card is None else [_digest(card.encode()), *known[:1]]
    with replacing(folder / HEAD) as temporary:
        temporary.write_text(json.dumps(head, indent=1) + "\n", encoding="ascii")
        flush_file(temporary)
    if card is not None:
        with replacing(folder / CARD) as temporary:
            temporary.write_bytes(card.encode())
    flush_folder(folder)
    _remove_other_generations(folder, files)


def _is_own_card(folder: Path) -> bool:
    """Whether the card that is there, if any, is one that was written here and not changed since; a warning if not."""
    path = folder / CARD
    if not path.exists() or not is_array_folder(folder) or _digest(path.read_bytes()) in _cards_of(folder):
        return True
    logger.warning("%s has been changed since it was written: left as it is", path)
    return False


def _cards_of(folder: Path) -> list[str]:
    """Digests of the card written last and of the one before, which is there if a process ended in between."""
    known = _read_head(folder).get("cards") if is_array_folder(folder) else None
    return known if isinstance(known, list) else []


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _remove_unless_named(folder: Path, names: set[str]) -> None:
    """Delete the files of a generation that was broken off; none if the head names them, which then are the model."""
    if is_array_folder(folder):
        names = names - {entry["name"] for entry in _read_head(folder)["files"].values()}
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _remove_other_generations(folder: Path, files: Mapping[str, str]) -> None:
    """Delete the files of other generations: named as the present ones but for the number. Others are not ours."""
    for key, present in files.items():
        for path in folder.glob(f"{key}-*{Path(present).suffix}"):
            if path.name != present and path.stem.removeprefix(f"{key}-").isdigit():
                path.unlink()


def read_folder(path: str | os.PathLike[str], *, documents: Mapping[str, type]) -> ArrayFolder:
    """Read a folder that `write_folder` wrote; `documents` names those that must be there, with their types. One
    that is rewritten meanwhile is read as it is then.

    Raises FileNotFoundError if there is nothing, ModelFormatError for whatever else is no complete folder of
    a known version. Nothing in the folder is executed, and it can name no file but its own.
    """
    folder = Path(path).expanduser()
    while True:
        head = _read_head(folder)
        try:
            return _read_generation(folder, head, documents)
        except (ModelFormatError, FileNotFoundError):
            if is_array_folder(folder) and _read_head(folder)["generation"] == head["generation"]:
                raise


def _read_generation(folder: Path, head: dict[str, Any], documents: Mapping[str, type]) -> ArrayFolder:
    found: dict[str, Any] = {}
    for name, kind in documents.items():
        found[name] = _read_json(_checked_file(folder, head, name))
        if not isinstance(found[name], kind):
            raise ModelFormatError(
                f"{folder}: {name} must be a JSON {kind.__name__}, got {type(found[name]).__name__}"
            )
    arrays = _read_arrays(_checked_file(folder, head, _ARRAYS))
    return ArrayFolder(head["kind"], head, found, arrays)


def read_head(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The head alone, after checking that every file it names is there with its size. Raises as
    `read_folder`."""
    head = _read_head(Path(path))
    for name in head["files"]:
        _checked_file(Path(path), head, name)
    return head


def _read_head(folder: Path) -> dict[str, Any]:
    if not folder.exists():
        raise FileNotFoundError(f"there is no {folder}")
    if not is_array_folder(folder):
        raise ModelFormatError(
            f"{folder} is no w2vplus folder: it has no file {HEAD} (or its writing broke off)"
        )
    if (folder / HEAD).stat().st_size > _LARGEST_HEAD:
        raise ModelFormatError(f"{folder / HEAD} is too large to be the head of a w2vplus folder")
    head = _read_json(folder / HEAD)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ModelFormatError(f"{folder / HEAD} was not written by w2vplus")
    version = head.get("version")
    if not isinstance(version, int) or version < 1:
        raise ModelFormatError(
            f"{folder / HEAD}: the format version must be a positive number, got {version!r}"
        )
    if version > FORMAT_VERSION:
        raise ModelFormatError(
            f"{folder} has format version {version} and this w2vplus reads up to {FORMAT_VERSION}: "
            "it was written by a newer w2vplus; upgrade to read it"
        )
    if not isinstance(head.get("kind"), str) or not isinstance(head.get("files"), dict):
        raise ModelFormatError(f"{folder / HEAD} names no kind or no files")
    if not isinstance(head.get("generation"), int):
        raise ModelFormatError(f"{folder / HEAD} names no generation")
    return head


def _checked_file(folder: Path, head: dict[str, Any], key: str) -> Path:
    """The file that the head calls `key`, if it is there as it was written."""
    entry = head["files"].get(key)
    name, size = (entry.get("name"), entry.get("bytes")) if isinstance(entry, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(size, int):
        raise ModelFormatError(f"{folder / HEAD} does not say which file holds the {key}")
    if Path(name).name != name or name in ("", ".", "..") or "\\" in name or ":" in name:
        raise ModelFormatError(f"{folder / HEAD} names {name!r}, which is no file of its own folder")
    path = folder / name
    if not path.is_file():
        raise ModelFormatError(f"{folder} is incomplete: {name} is missing")
    if path.stat().st_size != size:
        raise ModelFormatError(
            f"{path} is damaged: it has {path.stat().st_size} bytes and was written with {size}"
        )
    return path


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path} is no valid JSON: {error}") from None


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelFormatError(f"{path} is no valid safetensors file: {error}") from None
