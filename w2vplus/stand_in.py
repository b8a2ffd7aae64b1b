"""The metaclass of the classes that may stand in for gensim's: it says who counts as an instance.

While `accelerate_gensim` is active, code that looks up `gensim.models.Word2Vec` gets w2vplus's class and may
ask whether an older model of gensim's own, or a FastText or Doc2Vec model, is an instance of it. The answer
must be the one that gensim's class would give.
"""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, ClassVar


class StandIn(ABCMeta):
    """A class that, while it is registered in `replaced`, has the instances and subclasses of gensim's class
    too.

    An ABCMeta, so that users may derive from such a class and an abstract one, as they can from gensim's.
    """

    replaced: ClassVar[dict[type, type]] = {}
    """w2vplus's class -> gensim's class that it stands in for at present."""

    def __instancecheck__(cls, instance: Any) -> bool:
        gensims = StandIn.replaced.get(cls)
        return super().__instancecheck__(instance) or (gensims is not None and isinstance(instance, gensims))

    def __subclasscheck__(cls, subclass: type) -> bool:
        gensims = StandIn.replaced.get(cls)
        return super().__subclasscheck__(subclass) or (gensims is not None and issubclass(subclass, gensims))
