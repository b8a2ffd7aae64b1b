"""Names what a file is that gensim's `load` can make nothing of, where its beginning tells before anything in it runs.

gensim's models are pickles. A pickle that is cut short, foreign, or of another version of gensim ends in whatever error
the unpickler meets first ("Memo value not found at index 101"), which tells a user nothing. One that begins with a
function or a class that gensim's `load` could not take is not unpickled at all; that is no guard against a pickle which
hides what it runs further on: open only what you trust.
"""

from __future__ import annotations

import errno
import os
import pickle
import pickletools
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from w2vplus.errors import WrongModelError
from w2vplus.vectors.files import is_damage

_MARKS = (
    (rb"\Z", "is empty"),
    (rb"\s*\d+[ \t]+\d+\s*\n", "begins as vectors in word2vec's formats do: w2vplus.load_vectors reads those"),
    (rb"\xba\x16O/", "is a model of fastText's own program: gensim.models.fasttext.load_facebook_model reads it"),
    (rb"\x93NUMPY", "is an array of NumPy"),
    (rb"PK\x03\x04", "is a zip archive, as NumPy and PyTorch write them"),
    (rb"\x1f\x8b", "is gzip-compressed: gensim looks for that only where the name ends in .gz"),
)
"""How files begin that are taken for models, and what to say of them."""

_HEAD_BYTES = 4096
_PLAIN = {"EMPTY_LIST": "list", "LIST": "list", "EMPTY_DICT": "dict", "DICT": "dict", "EMPTY_SET": "set"}
_SEEN_IN = re.compile(r"Can't get attribute '([^']+)' on <module '([^']+)'")
_WRONG_CLASS = re.compile(r"Model of type <class '([^']+)'> can't be loaded by")


@contextmanager
def load_explained(path: str, wanted: str, error_class: type[ValueError]) -> Iterator[None]:
    """Around gensim's `load(path)`: what it raises for a file that is no `wanted` becomes an error that says what the
    file is and what to do.

    Raises WrongModelError for the pickle of another class, FileNotFoundError for a missing file of an array that lies
    beside the pickle, `error_class` for all other files that cannot be read as a pickle of this gensim.
    """
    _refuse_foreign(path, wanted)
    try:
        yield
    except (AttributeError, ImportError) as error:
        _explain_missing_name(path, wanted, error_class, error)
        raise
    except FileNotFoundError as error:
        beside = Path(error.filename or path)
        if beside.name == Path(path).name or not beside.name.startswith(Path(path).name):
            raise
        reason = f"{path} keeps its large arrays in files beside it; move and copy all {path}* together"
        raise FileNotFoundError(errno.ENOENT, f"{os.strerror(errno.ENOENT)} ({reason})", str(beside)) from error
    except Exception as error:
        broken = (pickle.UnpicklingError, ValueError, KeyError, IndexError)
        if not (isinstance(error, broken) or is_damage(path, error)):
            raise
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise error_class(f"{path} is no {wanted}, or a truncated one: it {nature(path)} ({why})") from error


def _refuse_foreign(path: str, wanted: str) -> None:
    """Raise WrongModelError, before any of it is unpickled, for a pickle that begins with what gensim's `load` cannot
    take. To look at a class its module is imported, as unpickling would do.

    What cannot be read, and a name that is not there, is for gensim to complain of.
    """
    from gensim.utils import SaveLoad

    head = _head(path)
    name = None if head is None else first_name(head)
    if name is None or name.startswith("builtins."):
        return
    try:
        outermost = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        return
    if not (isinstance(outermost, type) and issubclass(outermost, SaveLoad)):
        raise WrongModelError(
            f"{path} begins as a pickle of {name}, which neither gensim nor w2vplus saved as a {wanted}; nothing of it "
            "was run"
        )


def refuse_wrong_class(path: str, wanted: str, name: str) -> None:
    """Raise WrongModelError for a file that holds an instance of the class `name` instead of what is `wanted`."""
    remedy = f"{name}.load reads it" if name.startswith(("gensim.", "w2vplus.")) else "only its own program reads it"
    raise WrongModelError(f"{path} holds a {name}, not a {wanted}: {remedy}")


def nature(path: str) -> str:
    """What the first bytes of a file tell of it, as a predicate: "begins as a pickle of builtins.list"."""
    head = _head(path)
    if head is None:
        return "cannot be read"
    for mark, meaning in _MARKS:
        if re.match(mark, head):
            return meaning
    name = first_name(head)
    return "is no pickle" if name is None else f"begins as a pickle of {name}"


def _head(path: str) -> bytes | None:
    """The first bytes of a file, decompressed as gensim does; None if it cannot be read."""
    from gensim.utils import open as gensims_open

    try:
        with gensims_open(path, "rb") as stream:
            head: bytes = stream.read(_HEAD_BYTES)
    except Exception:  # whatever a decompressor or a remote store raises for it, which load_explained quotes
        return None
    return head


def first_name(head: bytes) -> str | None:
    """The class that the beginning of a pickle names, such as `gensim.models.phrases.Phrases`; None if it is none.

    The opcodes are read, not run (`pickletools.genops`).
    """
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(head):
            if opcode.name in _PLAIN:
                return f"builtins.{_PLAIN[opcode.name]}"
            if isinstance(argument, str):
                texts.append(argument)
            if opcode.name == "GLOBAL":
                name = ".".join(texts.pop().split(" "))
            elif opcode.name == "STACK_GLOBAL":
                name = ".".join(texts[-2:])
            else:
                continue
            if not name.startswith(("copy_reg.", "copyreg.", "__builtin__.object", "builtins.object")):
                return name
    except Exception:  # genops stops with many kinds of error at what is no pickle
        return None
    return None


def _explain_missing_name(
    path: str, wanted: str, error_class: type[ValueError], error: AttributeError | ImportError
) -> None:
    """Raise the error that explains this one of gensim's or Python's; return if there is nothing to explain."""
    import gensim

    text = str(error)
    if other := _WRONG_CLASS.search(text):
        refuse_wrong_class(path, wanted, other[1])
    if "_load_specials" in text:
        raise WrongModelError(f"{path} {nature(path)}, which neither gensim nor w2vplus saved as a {wanted}") from error
    if text == "'Word2Vec' object has no attribute 'wv'":
        raise error_class(
            f"{path} is a Word2Vec of gensim before 1.0, which gensim {gensim.__version__} does not read any more: "
            "load it with gensim 3.8 and save it there, then load that"
        ) from error
    seen = _SEEN_IN.search(text)
    missing = f"{seen[2]}.{seen[1]}" if seen else getattr(error, "name", None)
    if missing and (seen or isinstance(error, ImportError)):
        raise error_class(
            f"{path} {nature(path)} and needs {missing}, which is not here (gensim is {gensim.__version__}): another "
            "version of gensim wrote it, or a program that is not installed"
        ) from error
