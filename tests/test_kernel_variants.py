"""The kernels of other machines against the same twin: NEON and standard C, cross-compiled and emulated.

Needs a C compiler for standard C on this machine, `aarch64-linux-gnu-gcc` and `qemu-aarch64` for 64-bit ARM (Debian's
packages gcc-aarch64-linux-gnu and qemu-user); what is missing is skipped with its name.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from kernel_case import DEEP, KEY, MODES, Case

from w2vplus import _sgd

HERE = Path(__file__).parent
NATIVE = Path(__file__).parents[1] / "w2vplus" / "native"
FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Werror", "-Wno-unknown-pragmas"]
SANITIZERS = ["-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
RATE = 0.05


class Build:
    """A compiled harness and how this machine runs it."""

    def __init__(self, folder: Path, compiler: str, options: list[str], sources: list[Path], runner: list[str]) -> None:
        missing = [tool for tool in (compiler, *runner) if shutil.which(tool) is None]
        if missing:
            pytest.skip(f"{' and '.join(missing)} not installed")
        if not NATIVE.is_dir():
            pytest.skip("the kernel's sources do not lie beside the tests")
        self.folder, program = folder, folder / "harness"
        sources = [HERE / "kernel_harness.c", *sources]
        objects = [folder / f"{source.stem}.o" for source in sources]
        command = [compiler, *FLAGS, *options, f"-I{NATIVE}"]

        def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
            return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)

        with ThreadPoolExecutor(os.cpu_count()) as pool:  # the longest compilations of all tests
            compiled = list(pool.map(lambda source, target: run("-c", source, "-o", target), sources, objects))
        assert all(done.returncode == 0 for done in compiled), "".join(done.stderr for done in compiled)
        linked = run(*objects, "-o", program, "-lm")
        lacking = any(f"cannot find {name}" in linked.stderr for name in ("-lasan", "-lubsan", "libasan"))
        if linked.returncode and lacking:
            pytest.skip(f"{compiler} has no sanitizers")
        assert linked.returncode == 0, linked.stderr
        self.command = [*runner, str(program)]

    def kernels(self) -> list[str]:
        return subprocess.run(self.command, capture_output=True, text=True, check=True).stdout.split()

    def train(
        self, case: Case, kernel: str, workers: int, rate: float, cut: int
    ) -> tuple[list[np.ndarray], tuple[int, int, int, float]]:
        """Matrices (inputs, outputs, nodes) and the tally after one pass over the case."""
        source, result = self.folder / "case", self.folder / "result"
        source.write_bytes(case_bytes(case, workers, rate, cut))
        subprocess.run([*self.command, kernel, str(source), str(result)], check=True)
        written = result.read_bytes()
        matrices = np.frombuffer(written, np.float32, 3 * case.inputs.size).reshape(3, *case.inputs.shape)
        return list(matrices), struct.unpack("<qqqd", written[-32:])


def case_bytes(case: Case, workers: int, rate: float, cut: int) -> bytes:
    """The file that kernel_harness.c reads; every machine here is little-endian."""
    law = {"shared_negatives": 1, "cbow_mean": True, "corrected_cbow": False, **case.law}
    locks = [law["lock_factors"]] if "lock_factors" in law else []
    numbers = (
        *case.inputs.shape, len(case.ids), len(case.starts) - 1, len(case.tree.codes),
        int(np.diff(case.tree.path_starts).max()), law["window"], law["window"], law["negative"], law["skip_gram"],
        law["hierarchical_softmax"], law["shared_negatives"], law["cbow_mean"], law["corrected_cbow"],
        workers, cut, len(locks),
    )  # fmt: skip
    noise = np.stack([case.noise.thresholds.astype(np.uint32), case.noise.aliases.view(np.uint32)], axis=1)
    words = np.arange(len(case.keep), dtype=np.uint32)
    types = np.append(np.stack([words, case.keep], axis=1), [[2**32 - 1, 0]], axis=0).astype(np.uint32)
    steps = 2 * case.tree.inner_nodes.astype(np.uint32) + case.tree.codes
    arrays = (
        case.inputs, case.outputs, case.nodes, *locks, types, noise, case.tree.path_starts, steps, case.ids,
        case.starts,
    )  # fmt: skip
    return struct.pack("<17qQd", *numbers, KEY, rate) + b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    """All kernels as a machine with 64-bit ARM would compile them, run by an emulator."""
    folder = tmp_path_factory.mktemp("arm")
    sources = sorted(NATIVE.glob("kernel_*.c"))
    return Build(folder, "aarch64-linux-gnu-gcc", ["-static"], sources, ["qemu-aarch64"])


@pytest.fixture(scope="module", params=["cc", "clang"])
def portable(tmp_path_factory, request):
    """The kernel in standard C alone, for this machine, by its compiler and by that of macOS."""
    folder = tmp_path_factory.mktemp("portable")
    return Build(folder, request.param, ["-DW2V_PORTABLE"], [NATIVE / "kernel_baseline.c"], [])


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """All kernels of this machine, stopped by a step out of bounds or by what C does not define."""
    folder = tmp_path_factory.mktemp("checked")
    sources = sorted(NATIVE.glob("kernel_*.c"))
    return Build(folder, "cc", ["-O1", "-DW2V_EXACT_BLOCKS", "-D_POSIX_C_SOURCE=200809L", *SANITIZERS], sources, [])


def assert_equals_twin(
    build: Build, case: Case, kernel: str, workers: int = 1, rate: float = RATE, cut: int = 0
) -> None:
    twin = case.twin()
    twin.train(case.sentences(), KEY, rate)
    (inputs, outputs, nodes), (raw, trained, pairs, loss) = build.train(case, kernel, workers, rate, cut)
    assert (raw, trained, pairs) == (len(case.ids), twin.trained_words, twin.pairs)
    assert np.abs(inputs - case.inputs).max() > 0.01
    np.testing.assert_allclose(inputs, twin.input_vectors, atol=2e-4)
    np.testing.assert_allclose(outputs, twin.outputs[: len(outputs)], atol=2e-4)
    np.testing.assert_allclose(nodes, twin.outputs[len(outputs) :], atol=2e-4)
    assert loss == pytest.approx(twin.loss, rel=1e-4)


CASES = [(mode, dimensions, {}) for mode in MODES for dimensions in (1, 2, 7, 100)] + [
    ("sg-ns", 20, {"window": 20, "negative": 15, "sample": 0}),
    ("sg-ns", 20, {"shared_negatives": 0}),
    ("cbow-ns", 20, {"shared_negatives": 4}),
    ("cbow-ns", 20, {"corrected_cbow": True, "cbow_mean": False}),
    ("sg-hs", 20, DEEP),
    ("cbow-both", 20, {**DEEP, "shared_negatives": 3}),
    # most groups of words that are all distinct: 8, 9, 16 and 17 of them
    *(
        (mode, 20, {"words": 3000, "sample": 0, "shared_negatives": centers, "negative": columns - centers})
        for mode in ("sg-ns", "cbow-ns")
        for centers, columns in ((3, 8), (4, 8), (2, 9), (4, 16), (4, 17))
    ),
    # windows of such words, in rows of every kind of tail, and all numbers of shared outputs that a tile may have
    *(
        ("cbow-ns", dimensions, {"words": 3000, "sample": 0, "shared_negatives": 3})
        for dimensions in (7, 23, 33, 100, 301)
    ),
    *(
        ("cbow-ns", 20, {"words": 3000, "sample": 0, "shared_negatives": centers, "negative": negative})
        for centers, negative in ((4, 1), (4, 2), (4, 3), (3, 6), (3, 7), (2, 12), (2, 13), (2, 14), (2, 15))
    ),
    *(
        (mode, 23, {"words": words, "sample": 0, "shared_negatives": 4, "window": 1})
        for mode in ("cbow-ns", "cbow-hs")
        for words in (30, 3000)
    ),
    # lone centres between words that are all distinct, some of which share the place that says so
    *(
        (mode, 20, {"words": words, "counts": [3] * words, "sample": 0, "shared_negatives": 1, "window": window})
        for mode in ("sg-ns", "sg-hs", "sg-both")
        for words, window in ((3000, 1), (3000, 8), (10_000, 20))
    ),
]


EDGES = [
    (mode, dimensions, {"words": words, "sample": 0, "tokens": 60, **law})
    for mode in MODES
    for dimensions, words, law in (
        (1, 1, {"window": 1, "negative": 1}),
        (5, 2, {"window": 1, "negative": 40}),
        (17, 3, {"window": 50, "sentence_length": 7}),
        (300, 40, {"shared_negatives": 0, "negative": 13}),
        (301, 40, {"shared_negatives": 4, "window": 20}),
    )
    if words > 1 or not mode.endswith("hs")  # the tree of one word asks nothing
]


@pytest.mark.parametrize("kernel", _sgd.usable_kernels())
@pytest.mark.parametrize(("mode", "dimensions", "law"), CASES + EDGES)
@pytest.mark.parametrize("workers", [0, 1, 3, 16])
def test_no_kernel_leaves_its_buffers(checked, kernel, mode, dimensions, law, workers):
    """Rows in place, copies of a lone worker, copies of one of several while the others are idle: of few rows by one of
    sixteen."""
    assert_equals_twin(checked, Case(dimensions=dimensions, **(law | MODES[mode])), kernel, workers)


@pytest.mark.parametrize("kernel", _sgd.usable_kernels())
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("words", "window", "rate", "cut"),
    [(30, 20, RATE, 0), (30, 5, 0.11, 100), (3000, 5, 0.3, 17), (3000, 20, RATE, 200)],
)
def test_no_kernel_leaves_its_buffers_with_locks_high_rates_and_cuts(checked, kernel, mode, words, window, rate, cut):
    locks = np.linspace(0, 1, words, dtype=np.float32)
    case = Case(words=words, dimensions=7, lock_factors=locks, window=window, **MODES[mode])
    assert_equals_twin(checked, case, kernel, rate=rate, cut=cut)


@pytest.mark.parametrize(("mode", "dimensions", "law"), CASES)
def test_standard_c_equals_the_twin(portable, mode, dimensions, law):
    assert_equals_twin(portable, Case(dimensions=dimensions, **(MODES[mode] | law)), "baseline")


@pytest.mark.parametrize("kernel", ["neon", "baseline"])
@pytest.mark.parametrize(("mode", "dimensions", "law"), CASES)
def test_kernels_of_64_bit_arm_equal_the_twin(arm, kernel, mode, dimensions, law):
    assert_equals_twin(arm, Case(dimensions=dimensions, **(MODES[mode] | law)), kernel)


def test_64_bit_arm_chooses_neon_before_the_baseline(arm):
    assert arm.kernels() == ["neon", "baseline"]
