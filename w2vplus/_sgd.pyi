from numpy import float32, int32, int64, uint8, uint32
from numpy.typing import NDArray

KERNEL: str
"""Name of the kernel in use: the fastest this machine can run, or what W2VPLUS_ISA asks for."""

ALL_KERNELS: tuple[str, ...]
"""Names of the kernels of all machines, this one or not."""

def usable_kernels() -> list[str]:
    """Names of the compiled kernels that this processor can run, fastest first."""

def chosen_kernel(wanted: str | None) -> str:
    """`wanted`, or the fastest kernel if it is None or empty.

    Raises ImportError, since it is asked at import, for a name that no kernel has or that this processor cannot run.
    """

def hot_bytes(workers: int) -> int:
    """Bytes of a matrix that each of so many workers copies; several copy twice: as they are and as last exchanged."""

def stream_key(*parts: int) -> int:
    """A 64-bit key mixed from integers such as seed, number of earlier `train` calls, epoch."""

class Model:
    """Matrices, tables and law, bound to one compiled kernel.

    The matrices are float32, C-contiguous, (V, D), and trained in place; the object keeps them alive.
    `keep_thresholds`, `noise_thresholds`, `noise_aliases` and `lock_factors` have V entries, `path_starts` V + 1.
    Raises ValueError where shapes or ids do not fit each other. Where `copying_workers` is above 0, so many workers
    train, and each trains copies of the frequent rows until `give_hot_rows`.

    Thread-safety: immutable after construction; any number of workers may share it.
    """

    def __init__(
        self,
        *,
        input_vectors: NDArray[float32],
        node_vectors: NDArray[float32] | None = None,
        output_vectors: NDArray[float32] | None = None,
        lock_factors: NDArray[float32] | None = None,
        word_of_type: NDArray[int32] | None = None,
        keep_thresholds: NDArray[uint32],
        noise_thresholds: NDArray[uint32] | None = None,
        noise_aliases: NDArray[int32] | None = None,
        path_starts: NDArray[int64] | None = None,
        path_nodes: NDArray[int32] | None = None,
        path_codes: NDArray[uint8] | None = None,
        window: int,
        farthest: int | None = None,
        negative: int,
        skip_gram: bool,
        hierarchical_softmax: bool,
        shrink_windows: bool = True,
        shared_negatives: int = 1,
        cbow_mean: bool = True,
        corrected_cbow: bool = False,
        compute_loss: bool = False,
        copying_workers: int = 0,
        kernel: str | None = None,
    ) -> None: ...

class Worker:
    """One thread's private memory for training a `Model`.

    Thread-safety: belongs to one thread at a time. Workers of one model may run at once: they share the
    matrices without locks (Hogwild; Niu et al. 2011), the frequent rows by way of copies.
    """

    def __init__(self, owner: Model) -> None: ...

    def give_hot_rows(self) -> None:
        """Bring the matrices up to date with the copies: before anybody else reads or changes them. The next span
        copies anew. Releases the GIL."""

    def train_span(
        self,
        ids: NDArray[int32],
        sentence_starts: NDArray[int64],
        sentence_weights: NDArray[float32] | None,
        first_position: int,
        begin: int,
        end: int,
        key: int,
        learning_rate: float,
    ) -> tuple[int, int, int, float]:
        """Train the centres at offsets [begin, end) of `ids`; windows see across both ends.

        Returns (raw words, trained words, pairs, summed loss). Releases the GIL.
        """
