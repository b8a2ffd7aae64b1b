"""Turns the names of files to be written into checked targets: what would fail at the end fails at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from w2vplus.cli._options import FORMATS
from w2vplus.cli._output import CommandError, UsageError, require

if TYPE_CHECKING:
    from w2vplus.vectors.formats import Format
    from w2vplus.word2vec import Word2Vec


def check_writable(path: str, option: str) -> None:
    """Refuse a target that could not be written at the end of a long run.

    Raises UsageError if `path` names no plain file, CommandError if its folder is missing or closed to us.
    """
    check_not_standard_output(path, option)
    if not path or Path(path).is_dir():
        raise UsageError(f"{option} must name a file, got {path!r}" + (", which is a folder" if path else ""))
    if Path(path).exists() and not Path(path).is_file():
        # Files appear by renaming, and that would put a plain file in the device's place.
        raise UsageError(f"{option} must name a plain file, got the device or pipe {path}")
    folder = Path(path).parent
    if not folder.is_dir():
        raise CommandError(f"{option} {path}: the folder {folder} does not exist; create it first")
    _check_takes_files(folder, f"{option} {path}")


def _check_takes_files(folder: Path, target: str) -> None:
    """Raise CommandError unless a file can be made in `folder`, which permissions alone do not tell: there are systems
    of files such as /sys, and disks that are read only."""
    import tempfile

    try:
        with tempfile.TemporaryFile(prefix=".w2vplus-", dir=folder):
            pass
    except OSError as error:
        raise CommandError(
            f"{target}: the folder {folder} is not writable ({error.strerror}); choose another place"
        ) from None


def check_new_folder(path: str, option: str) -> None:
    """Refuse a folder to be made if it exists already, or could not be made at the end."""
    check_not_standard_output(path, option)
    if not path or Path(path).exists():
        raise UsageError(f"{option} must name a new folder, got {path!r}{', which exists' if path else ''}")
    parent = Path(path).absolute().parent
    if not parent.is_dir():
        raise CommandError(f"{option} {path}: the folder {Path(path).parent} does not exist; create it first")
    _check_takes_files(parent, f"{option} {path}")


def check_not_standard_output(path: str, option: str) -> None:
    """Refuse "-", which means standard output elsewhere and would become a file of that name here."""
    if path == "-":
        raise UsageError(f"{option} must name a file, got -; standard output is kept for the summary")


def check_not_a_source(path: str, option: str, sources: Sequence[str], *, may_be_new: bool = False) -> None:
    """Refuse to write over a file that is about to be read, or over a folder that holds one; and to make a file where
    the next run would read it with the corpus, unless what is new there `may_be_new`.

    `sources` are files, folders, patterns and URIs as `open_corpus` takes them.
    """
    target = local_path(path)
    if target is None:
        return
    if not target.exists():
        if not may_be_new:
            _check_is_not_read_later(target, f"{option} {path}", sources)
        return
    for source in sources:
        for file in local_files_of(source):
            if target.samefile(file):
                which = "the corpus itself" if file == Path(source) else "a file of the corpus"
                raise UsageError(f"{option} {path} is {which}, {source}; it would be lost: write elsewhere")
            if target.is_dir() and target.resolve() in file.resolve().parents:
                raise UsageError(f"{option} {path} holds {file} of the corpus {source}; it would be lost")


def _check_is_not_read_later(target: Path, what: str, sources: Sequence[str]) -> None:
    from fnmatch import fnmatch

    for source in sources:
        place = local_path(source)
        if not source or place is None or place.is_file() or target.name.startswith("."):
            continue
        folder, pattern = (place, "*") if place.is_dir() else (place.parent, place.name)
        if folder.resolve() == target.absolute().parent.resolve() and fnmatch(target.name, pattern):
            kind = "folder" if place.is_dir() else "pattern"
            raise UsageError(f"{what} would be read as text by the next run of the {kind} {source}: write elsewhere")


def check_not_an_input(path: str, option: str, inputs: Sequence[str]) -> None:
    """Refuse to write over one of the single files that a command reads."""
    target = local_path(path)
    for name in inputs:
        file = local_path(name)
        if target is not None and file is not None and target.exists() and file.exists() and target.samefile(file):
            raise UsageError(f"{option} {path} is the input {name}; it would be lost: write elsewhere")


def check_distinct(first: tuple[str, str | None], second: tuple[str, str | None]) -> None:
    """Refuse two outputs, each an option and its path if given, if the first would replace the second: in
    the same place, or around it.
    """
    (option, path), (other_option, other_path) = first, second
    if path is None or other_path is None:
        return
    place, other = local_path(path), local_path(other_path)
    if place is None or other is None:
        same = path == other_path
    else:
        place, other = place.resolve(), other.resolve()
        same = place == other or place in other.parents
    if same:
        raise UsageError(
            f"{option} {path} and {other_option} {other_path} must be two places, none inside the other"
        )


def local_path(name: str) -> Path | None:
    """Where a target or input lies on this machine; None for a remote one."""
    scheme, mark, rest = name.partition("://")
    if not mark:
        return Path(name)
    return Path(rest) if scheme.lower() == "file" else None


def local_files_of(source: str) -> Iterator[Path]:
    """The local files that a source stands for now; what cannot be found is for its reader to complain of."""
    from w2vplus.corpus.files import expand
    from w2vplus.corpus.sources import LocalFile
    from w2vplus.errors import CorpusError

    try:
        yield from (Path(file.name) for file in expand(source) if isinstance(file, LocalFile))
    except (OSError, CorpusError):
        return


def check_model_target(path: str) -> None:
    """Refuse a place for a model's folder that could not be written at the end.

    Raises UsageError if something else is there, CommandError if its parent is missing or closed to us.
    """
    from w2vplus.array_folder import is_array_folder

    check_not_standard_output(path, "--save-model")
    target = Path(path)
    if not path or (target.exists() and not target.is_dir()):
        reason = ", which is a file" if path else ""
        raise UsageError(f"--save-model must name a folder, got {path!r}{reason}")
    if target.is_dir() and not is_array_folder(target) and any(target.iterdir()):
        raise UsageError(f"--save-model {path} is a folder with other things in it; choose another name")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"--save-model {path}: the folder {target.parent} does not exist; create it first")
    _check_takes_files(target if target.is_dir() else target.absolute().parent, f"--save-model {path}")


class Targets(NamedTuple):
    """What a run writes: a file of vectors, and the whole model as a folder if asked for.

    `ending` says which vectors: those of `Word2Vec.ending_vectors`.
    """

    vectors: str
    model: str | None
    ending: str = "input"

    def check(self, sources: Sequence[str]) -> None:
        """Refuse targets that could not be written at the end, or that would overwrite one of `sources`."""
        is_folder = check_vectors_target(self.vectors).is_folder
        # An interrupted run writes under the other name.
        check_not_a_source(self.partial().vectors, "--output", sources, may_be_new=True)
        check_not_a_source(self.vectors, "--output", sources, may_be_new=is_folder)
        if self.model is not None:
            check_model_target(self.model)
            check_not_a_source(self.model, "--save-model", sources, may_be_new=True)
            check_distinct(("--save-model", self.model), ("--output", self.vectors))

    def partial(self) -> Targets:
        """Other names in the same places, for what an interrupted run has: vectors.partial.bin.gz."""
        model = None if self.model is None else name_with(self.model, "partial")
        return Targets(name_with(self.vectors, "partial"), model, self.ending)

    def present(self) -> list[str]:
        """Those of the names at which there is a file or a folder."""
        return [name for name in (self.vectors, self.model) if name is not None and Path(name).exists()]

    def check_keys(self, model: Word2Vec) -> None:
        """Refuse words that the format of the vectors cannot hold; a model's folder holds any."""
        from w2vplus.vectors import check_keys

        check_keys(model.wv.index_to_key, self.vectors)

    def write(self, model: Word2Vec) -> Iterator[str]:
        """Save the model; yields the name of each file when it is complete. Where its vectors find no room the model is
        saved all the same, and the error says so."""
        from w2vplus.vectors import save_vectors

        failure = None
        try:
            save_vectors(model.ending_vectors(self.ending), self.vectors)
        except OSError as error:
            if self.model is None:
                raise
            failure = error
        else:
            yield self.vectors
        if self.model is not None:
            model.save_folder(self.model)
            yield self.model
        if failure is not None:
            text = f"{failure.strerror or failure}; the model is complete in {self.model}"
            raise OSError(failure.errno, text, failure.filename) from failure


def check_vectors_target(path: str, option: str = "--output", format: str | None = None) -> Format:
    """Refuse a place or a suffix for vectors that would only fail after training; returns their format.

    Raises UsageError for a suffix or `format` that is none, CommandError for a folder that cannot be written to.
    """
    from w2vplus.vectors import format_for_writing

    try:
        entry = format_for_writing(path, format)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    if "://" not in path:
        check_new_folder(path, option) if entry.is_folder else check_writable(path, option)
        return entry
    from smart_open.transport import get_transport

    get_transport(path.partition("://")[0])  # raises NotImplementedError, naming those it knows
    return entry


def check_format(option: str, name: str | None) -> None:
    """Refuse a name that no format has; None is for the suffix to tell."""
    require(option, name, name is None or name in FORMATS, f"one of {', '.join(FORMATS)}")


def name_with(path: str, mark: str) -> str:
    """vectors.bin.gz with the mark seed3 is vectors.seed3.bin.gz; suffixes are what follows the name's first full
    stop."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    stem, dot, suffixes = name.partition(".")
    return f"{folder}{slash}{stem}.{mark}{dot}{suffixes}"
