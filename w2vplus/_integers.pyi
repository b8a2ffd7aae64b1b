from typing import Any

import numpy as np
from numpy.typing import NDArray

def encode_integers(
    values: NDArray[Any],
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]: ...
