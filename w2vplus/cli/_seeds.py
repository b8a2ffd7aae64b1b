"""Names of vectors files in, models of one or more seeds out: `train --seeds` names its files by these rules.

`train -o vectors.bin --seeds 3` writes vectors.seed1.bin, vectors.seed2.bin and vectors.seed3.bin; wherever
vectors are read, these three together, or vectors.bin where no such file exists, stand for one model.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from w2vplus.cli._output import CommandError
from w2vplus.cli._targets import local_path, name_with

SEEDED = re.compile(r"(?P<stem>.+)\.seed(?P<seed>\d+)(?P<suffixes>(?:\.[^./]+)*)")


class Family(NamedTuple):
    """One model: the name without seeds, and its files, one for each seed."""

    name: str
    files: tuple[str, ...]


def seeded_name(path: str, seed: int) -> str:
    """The file of one seed."""
    return name_with(path, f"seed{seed}")


def files_of(path: str) -> tuple[str, ...]:
    """The file itself; where there is none, the files of its seeds, if those exist, lowest seed first."""
    file = local_path(path)
    if file is None or file.exists():
        return (path,)
    found = seeds_present(path)
    return tuple(found[seed] for seed in sorted(found)) or (path,)


def seeds_present(path: str) -> dict[int, str]:
    """The files of this name and a seed, by seed."""
    file = local_path(path)
    found: dict[int, str] = {}
    for other in file.parent.glob("*.seed*") if file is not None and file.parent.is_dir() else ():
        match = SEEDED.fullmatch(other.name)
        if file is not None and match and match["stem"] + match["suffixes"] == file.name:
            found[int(match["seed"])] = str(Path(path).with_name(other.name))
    return found


class Alike:
    """Refuses files that cannot be seeds of one run, as an earlier run may have left behind."""

    def __init__(self) -> None:
        self._first: tuple[str, int, int] | None = None

    def check(self, file: str, words: int, numbers: int) -> None:
        """Raises CommandError if the vectors are not as many, or not as long, as those of the first file."""
        self._first = self._first or (file, words, numbers)
        if self._first[1:] != (words, numbers):
            of_first = f"{self._first[0]} {self._first[1]:,} of {self._first[2]}"
            raise CommandError(
                f"{file} has {words:,} vectors of {numbers} numbers and {of_first}: they are no seeds of one run; name "
                "those that are, or delete the others"
            )


def check_one_file(path: str) -> None:
    """Refuse the name under which `train --seeds` wrote several files, where one is asked for; raises CommandError."""
    if len(files := files_of(path)) > 1:
        raise CommandError(f"{path} stands for {len(files)} seeds; name the file of one, as {files[0]}")


def families(paths: Sequence[str]) -> list[Family]:
    """The models that these files are, in order; files that differ in nothing but their seeds are one model.

    A seed alone, and a file without one, keep their own names; names are without folders where that suffices.
    """
    files = list(dict.fromkeys(itertools.chain.from_iterable(map(files_of, paths))))
    members: dict[str, list[str]] = {}
    for file in files:
        folder, slash, name = file.rpartition("/")
        match = SEEDED.fullmatch(name)
        family = f"{folder}{slash}{match['stem']}{match['suffixes']}" if match else file
        if match and family in files:
            family = f"{folder}{slash}{match['stem']}.seed*{match['suffixes']}"
        members.setdefault(family, []).append(file)
    named = {family if len(seeds) > 1 else seeds[0]: tuple(seeds) for family, seeds in members.items()}
    shortest = {name: Path(name).name for name in named}
    distinct = len(set(shortest.values())) == len(shortest)
    return [Family(shortest[name] if distinct else name, seeds) for name, seeds in named.items()]
