from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

class SentenceEncoder:
    def __init__(
        self,
        sentences: Iterable[Any],
        as_sequence: Callable[[Any, int], Sequence[Hashable]],
        token_to_id: dict[Any, int] | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> None: ...
    @property
    def token_count(self) -> int: ...
    @property
    def sentence_count(self) -> int: ...
    def types(self) -> list[Hashable]: ...
    def take_types(self) -> list[Hashable]:
        """By id, handed over: the encoder is then one that has met no token."""
    def counts(self) -> NDArray[np.int64]: ...
    def read(self, token_limit: int = ...) -> tuple[NDArray[np.int32], NDArray[np.int64]] | None: ...
