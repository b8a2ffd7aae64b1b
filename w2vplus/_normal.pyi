import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

WORD: int
CASED: int
IGNORABLE: int
EXPANDS: int

class Normalizer:
    def __init__(
        self,
        kind: str,
        errors: str,
        pages: NDArray[np.uint32],
        page_of: NDArray[np.uint16],
        expansions: NDArray[np.uint32],
        offset: int = 0,
    ) -> None: ...
    def feed(self, block: Buffer) -> bytes: ...
    def finish(self) -> bytes: ...
