"""Extension modules only; everything else about the project is in pyproject.toml."""

import os
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError

NATIVE = Path("w2vplus/native")
HEADERS = sorted(str(path) for path in NATIVE.glob("*.h"))
# The kernel is one source compiled once per kind of processor; each file names its own.
KERNELS = sorted(str(path) for path in NATIVE.glob("kernel_*.c"))

KEEP_LOOPS = "-fno-tree-loop-distribute-patterns"


class BuildExtensions(build_ext):
    """Translates the .pyx files at build time, so that no generated C reaches the tree or the sdist."""

    def finalize_options(self) -> None:
        from Cython.Build import cythonize

        self.distribution.ext_modules = cythonize(
            self.distribution.ext_modules,
            build_dir="build/cython",
            compiler_directives={
                "language_level": 3,
                "boundscheck": False,
                "wraparound": False,
                "cdivision": True,
                "initializedcheck": False,
                "freethreading_compatible": True,
            },
        )
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        if self.compiler.compiler_type == "msvc":
            flags = ["/O2", "/fp:precise", "/std:c11"]
            if not self.compiler.initialized:
                self.compiler.initialize()  # once, before several threads would each do it
        else:
            # gnu11: C11 alone hides MAP_ANONYMOUS and MADV_HUGEPAGE
            flags = ["-O3", "-std=gnu11", "-fno-math-errno", "-Wno-unknown-pragmas"]
            # GCC makes calls of memset out of short loops otherwise; clang, and so macOS, does not know the flag
            flags += [KEEP_LOOPS] if self.takes(KEEP_LOOPS) else []
        for extension in self.extensions:
            extension.extra_compile_args = flags
        super().build_extensions()

    def takes(self, flag: str) -> bool:
        """Whether the compiler knows a flag."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "empty.c"
            source.write_text("int nothing;\n")
            try:
                self.compiler.compile([str(source)], output_dir=folder, extra_postargs=["-Werror", flag])
            except CompileError:
                return False
            return True


class SourceDistribution(sdist):
    """With tests and examples whole: of the tests, setuptools takes by itself only files that are named test*."""

    def make_distribution(self) -> None:
        """Add the files and make the archive."""
        for folder in ("tests", "examples"):
            found = (path for path in Path(folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
            self.filelist.extend(sorted(map(str, found)))
        self.filelist.remove_duplicates()
        super().make_distribution()


def extension(name: str, sources: list[str]) -> Extension:
    return Extension(
        f"w2vplus.{name}",
        [f"w2vplus/{name}.pyx", *sources],
        include_dirs=[str(NATIVE)],
        depends=HEADERS,
    )


setup(
    ext_modules=[
        extension("_sgd", KERNELS),
        extension("_text", []),
        extension("_numbering", []),
        extension("_sentences", []),
        extension("_pairs", []),
        extension("_integers", []),
        extension("_normal", []),
        extension("_merging", []),
        extension("_vector_rows", []),
    ],
    cmdclass={"build_ext": BuildExtensions, "sdist": SourceDistribution},
)
