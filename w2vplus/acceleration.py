"""`accelerate_gensim`: code that looks up gensim's Word2Vec or Phrases gets w2vplus's, until that is undone.

gensim's methods find their own class by the global of its module (`super(Word2Vec, self)`), so that the
global must stay as it is. Therefore the modules' dictionaries are left alone; the modules get a class whose
properties answer look-ups from outside (`gensim.models.Word2Vec`, `from gensim.models import Word2Vec`),
since a property of a module's class goes before the module's own dictionary. FastText and Doc2Vec, whose base
is gensim's class, go on unchanged.
"""

from __future__ import annotations

import copyreg
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

logger = logging.getLogger(__name__)

_PLACES = {
    "gensim.models": ("Word2Vec", "Phrases"),
    "gensim.models.word2vec": ("Word2Vec",),
    "gensim.models.phrases": ("Phrases", "FrozenPhrases", "Phraser"),
}
_INSIDERS = ("gensim", "w2vplus")
"""Packages whose modules always see gensim's own classes."""


class Acceleration:
    """What `accelerate_gensim` returns: `undo()`, or the end of a `with` block, reverses it.

    Thread-safety: the replacement holds for the whole process; beginning and undoing it may happen in any
    thread.
    """

    def __init__(self) -> None:
        self._active = True
        _begin()

    def undo(self) -> None:
        """Give gensim's look-ups back to gensim, when the last acceleration that is active is undone.

        Names that were bound meanwhile (`from gensim.models import Word2Vec`) keep what they hold. Does
        nothing the second time.
        """
        if self._active:
            self._active = False
            _end()

    def __enter__(self) -> Acceleration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()


def accelerate_gensim() -> Acceleration:
    """Let code that looks up gensim's Word2Vec, Phrases and FrozenPhrases get w2vplus's classes.

        w2vplus.accelerate_gensim()             # from here on
        with w2vplus.accelerate_gensim(): ...   # in here only

    This reaches look-ups of `gensim.models.Word2Vec`, `gensim.models.word2vec.Word2Vec` and likewise for
    phrases, in packages too, at whatever time they happen. A package that binds the class when it is imported
    (`from gensim.models import Word2Vec` at its top) must be imported while this is active; one that was
    imported before is named in a log warning. FastText and Doc2Vec are gensim's own, inside and outside; a
    subclass that overrides gensim's private training methods trains in gensim's code, with a log warning that
    says so.

    Calls may be nested. Raises ImportError if gensim is not installed.
    """
    return Acceleration()


_lock = threading.RLock()
_depth = 0
_undo: list[Callable[[], None]] = []


def _begin() -> None:
    global _depth
    with _lock:
        if _depth == 0:
            try:
                _replace_classes()
            except BaseException:  # an interrupt, too
                _put_back()
                raise
        _depth += 1


def _replace_classes() -> None:
    from w2vplus.stand_in import StandIn

    replacements: dict[type, type] = {}
    _undo.append(StandIn.replaced.clear)
    for place, names in _PLACES.items():
        module = importlib.import_module(place)
        ours = {name: _our_class(name) for name in names}
        replacements.update({module.__dict__[name]: ours[name] for name in names})
        _undo.append(_divert(module, ours))
    for gensims, our_class in replacements.items():
        StandIn.replaced[our_class] = gensims
        _undo.append(_pickle_by_name(gensims))
    _warn_of_earlier_bindings(replacements)


def _put_back() -> None:
    while _undo:
        _undo.pop()()


def _end() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0:
            _put_back()


def _our_class(name: str) -> type:
    room = "word2vec" if name == "Word2Vec" else "phrases"
    found: type = getattr(importlib.import_module(f"w2vplus.{room}"), name)
    return found


def _divert(module: ModuleType, ours: dict[str, type]) -> Callable[[], None]:
    """Answer look-ups of the names from outside with our classes; returns what reverses that."""
    plain_class = module.__class__
    properties = {name: _diverted(name, module.__dict__[name], our_class) for name, our_class in ours.items()}
    module.__class__ = type(plain_class.__name__, (plain_class,), properties)

    def reverse() -> None:
        module.__class__ = plain_class

    return reverse


def _diverted(name: str, gensims: type, our_class: type) -> property:
    """A module attribute that is `our_class` to outsiders as long as the module's own is `gensims`.

    Assigning and deleting act on the module as ever, so that `unittest.mock.patch` works on top.
    """

    def look_up(module: ModuleType) -> Any:
        try:
            own = module.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None
        asking = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
        return our_class if own is gensims and asking not in _INSIDERS else own

    def assign(module: ModuleType, value: Any) -> None:
        module.__dict__[name] = gensims if value is our_class else value

    def delete(module: ModuleType) -> None:
        del module.__dict__[name]

    return property(look_up, assign, delete)


class _ByName:
    """Pickles as the instruction to fetch `name` from a module, by functions of the standard library alone.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._parts = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._parts


def _pickle_by_name(gensims: type) -> Callable[[], None]:
    """Keep instances of gensim's own class picklable; returns what reverses that.

    pickle refuses a class that its module does not show under its name. While a replacement is shown,
    instances say how to fetch the class instead; such a pickle needs no w2vplus to load.
    """
    module = _ByName(importlib.import_module, gensims.__module__)
    class_by_name = _ByName(getattr, module, gensims.__qualname__)

    def reduce(self: Any, protocol: Any) -> Any:
        # copy calls at once what pickle would write down
        for_copy = sys._getframe(1).f_globals.get("__name__") == "copy"
        if type(self) is not gensims or for_copy:
            return object.__reduce_ex__(self, protocol)
        recipe = class_by_name, object, None
        return copyreg._reconstructor, recipe, self.__dict__  # type: ignore[attr-defined]

    gensims.__reduce_ex__ = reduce  # type: ignore[method-assign,assignment]

    def reverse() -> None:
        del gensims.__reduce_ex__

    return reverse


def _warn_of_earlier_bindings(replacements: dict[type, type]) -> None:
    """Name the modules that bound gensim's classes when they were imported, which no look-up reaches any
    more."""
    holders = {
        name
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType)
        and name.partition(".")[0] not in _INSIDERS
        and any(isinstance(value, type) and value in replacements for value in list(vars(module).values()))
    }
    if holders:
        logger.warning(
            "gensim's classes stay in use in modules that took them when they were imported: %s; "
            "import these after accelerate_gensim()",
            ", ".join(sorted(holders)),
        )
