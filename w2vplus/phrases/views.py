"""A dict that is made from something better, and notices when a user changes it."""

from __future__ import annotations

from typing import Any


class WatchedDict(dict[Any, Any]):
    """gensim's `vocab` or `phrasegrams` as a view; `changed` once it was written to, so that its owner
    takes its contents for the truth from then on. Copies and pickles are plain dicts."""

    changed = False

    def add(self, counts: dict[Any, int]) -> None:
        """Add counts that its owner has added too: no change of a user's."""
        for key, count in counts.items():
            dict.__setitem__(self, key, self.get(key, 0) + count)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def copy(self) -> dict[Any, Any]:
        return dict(self)


def _writing(name: str) -> Any:
    def method(self: WatchedDict, *args: Any, **kwargs: Any) -> Any:
        self.changed = True
        return getattr(dict, name)(self, *args, **kwargs)

    method.__name__ = name
    return method


for _name in ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(WatchedDict, _name, _writing(_name))
