"""Encoded corpora kept in a folder for the next run, each with a fingerprint of what it was made of.

`encoding.encode` asks here when it has a `cache_dir`. One entry a source and way of reading: the entry is
used only while every file has the path, size, times of change and inode that it had, and is replaced otherwise.
Entries hold arrays, JSON and nothing that could be executed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import shutil
import sys
from dataclasses import asdict, astuple, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2vplus._atomic import making_room, new_folder
from w2vplus.corpus.front_door import Corpus, JoinedCorpus, fingerprint
from w2vplus.corpus.lines import TextCorpus
from w2vplus.corpus.sources import FileFingerprint, LocalFile
from w2vplus.corpus.wiki import WikiDump
from w2vplus.errors import CorpusError
from w2vplus.storage import write_array
from w2vplus.store import EncodedCorpus, TokenStore

logger = logging.getLogger(__name__)

FORMAT = 1
NOT_OPTIONS = {"source", "fname", "input_files", "_files"}
"""Attributes that name files, which the fingerprint knows."""


class CorpusCache:
    """The place of one corpus in a cache folder.

    Thread-safety: processes may share a folder; an entry appears and disappears whole.
    """

    def __init__(self, folder: str, entry: str, meta: dict[str, Any], marks: list[FileFingerprint]) -> None:
        self._folder = Path(folder)
        self._entry = self._folder / entry
        self._meta = meta
        self._marks = marks

    @classmethod
    def of(cls, folder: str, corpus: Corpus) -> CorpusCache | None:
        """The place of this corpus; None, with a warning, for what has no fingerprint (standard input, remote
        files, sentences in memory, a callable among the options), for columns of tables, and for files that a class of
        the user's reads."""
        marks = fingerprint(corpus)
        options = reading_options(corpus)
        if marks is None:
            logger.warning("this corpus cannot be kept in %s: it has no files whose change could be noticed", folder)
        elif options is None:
            logger.warning("this corpus cannot be kept in %s: columns of tables are not, only whole files", folder)
        if marks is None or options is None:
            return None
        reading = {"format": FORMAT, "byteorder": sys.byteorder, "options": options}
        paths = [mark.path for mark in marks]
        entry = hashlib.sha256(json.dumps([reading, paths]).encode()).hexdigest()[:32]
        meta = {**reading, "files": [list(astuple(mark)) for mark in marks]}
        return cls(folder, f"corpus-{entry}", meta, marks)

    def load(self) -> EncodedCorpus | None:
        """The corpus over mapped files, if it was kept and its files are as they were; None otherwise."""
        try:
            meta = json.loads((self._entry / "meta.json").read_text("utf-8"))
            if {**meta, "tokens": 0} != {**self._meta, "tokens": 0}:
                return None
            types = json.loads((self._entry / "types.json").read_text("utf-8"))
            counts, ids, starts = (self._mapped(name) for name in ("counts", "ids", "starts"))
        except (OSError, ValueError, TypeError):
            return None
        kinds = [array.dtype.str[1:] for array in (counts, ids, starts) if array.ndim == 1 and len(array)]
        if kinds != ["i8", "i4", "i8"]:
            return None
        fits = len(counts) == len(types) and counts.sum() == len(ids) == starts[-1] == meta["tokens"]
        # Native code goes by these numbers without a look, and a disk may have changed them.
        if not fits or ids.min() < 0 or ids.max() >= len(types) or starts[0] != 0 or np.diff(starts).min() < 0:
            return None
        return EncodedCorpus.trusted(types, np.array(counts), TokenStore.trusted(ids, starts))

    def _mapped(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = np.load(self._entry / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return array.view(np.ndarray)

    def keep(self, corpus: Corpus, encoded: EncodedCorpus) -> EncodedCorpus:
        """Write the entry, whole or not at all; returns the same corpus over the files written, here or meanwhile by
        another process.

        Raises CorpusError if a file changed since the fingerprint was taken, OSError if there is no room.
        """
        if [mark.content for mark in fingerprint(corpus) or ()] != [mark.content for mark in self._marks]:
            raise CorpusError("a file of the corpus changed while it was read; nothing of it was used, start again")
        if not encoded.token_count or not all(type(token) in (str, int) for token in encoded.types):
            return encoded
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._entry, ignore_errors=True)
        try:
            with new_folder(self._entry) as aside:
                self._write(aside, encoded)
        except OSError as error:
            if not isinstance(error, FileExistsError) and error.errno != errno.ENOTEMPTY:
                raise OSError(
                    error.errno, f"cannot keep the encoded corpus in {self._folder}: {error.strerror}; "
                    f"{making_room(error) or 'mend that'}, or choose another cache folder"
                ) from error  # fmt: skip
            others = self.load()  # another process kept it meanwhile
            if others is None:
                logger.warning("the corpus was not kept: %s, which is of other files, cannot be replaced", self._entry)
            return others or encoded
        return self.load() or encoded

    def _write(self, folder: Path, encoded: EncodedCorpus) -> None:
        (folder / "types.json").write_text(json.dumps(list(encoded.types)), "utf-8")
        for name, array in (
            ("counts", encoded.counts),
            ("ids", encoded.store.ids),
            ("starts", encoded.store.sentence_starts),
        ):
            write_array(folder / f"{name}.npy", array)
        (folder / "meta.json").write_text(json.dumps({**self._meta, "tokens": encoded.token_count}), "utf-8")


def reading_options(corpus: Corpus) -> list[Any] | None:
    """How each part of the corpus is read; None if that cannot be written down, as with a callable, or if its
    files are not simply files, so that their names would not say what is read of them."""
    options = []
    for part in corpus.corpora if isinstance(corpus, JoinedCorpus) else [corpus]:
        files = part.files() if isinstance(part, TextCorpus | WikiDump) else None
        if files is None or not all(type(file) is LocalFile for file in files):
            return None
        settings = {name: value for name, value in vars(part).items() if name not in NOT_OPTIONS}
        for name, value in settings.items():
            if is_dataclass(value) and not isinstance(value, type):
                settings[name] = asdict(value)
        if not all(map(_is_plain, settings.values())):
            return None
        options.append([type(part).__name__, settings])
    return options


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, str | int | float)
