"""Turns a command line into calls of w2vplus: the `w2vplus` program, one module per group of commands.

Nothing heavy is imported here or at the top of the command modules, so that `w2vplus --help` answers at
once; a command imports what it needs when it runs. Exit codes: 0 done, 1 bad input or a failed read or
write, 2 a command line that cannot be meant, 130 interrupted, 143 ended by SIGTERM.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from w2vplus._atomic import delete_unfinished
from w2vplus.cli import (
    _interrupts,
    _output,
    align,
    bench,
    c_tools,
    convert,
    corpora,
    demo,
    evaluate,
    explain,
    explore,
    neighbours,
    plot,
    postprocess,
    query,
    train,
)
from w2vplus.cli.c_tools.flags import AS_TYPED

HELP = """Word2vec for Gensim users: compressed text in, evaluated word vectors out.

Results go to standard output, messages and progress to standard error. With --json a failure is a result too: an
object with the key "error", and of an interrupted run what it left.
"""


class Program(TyperGroup):
    """The command group, with one way to fail: a line on standard error and an exit code, no traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and leave the process with its exit code (`standalone_mode` is always on)."""
        wants_json = "--json" in itertools.takewhile("--".__ne__, sys.argv[1:] if args is None else args)
        try:
            with _output.warnings_as_lines():
                code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except _interrupts.Interrupted as interrupt:
            code = interrupt.exit_code
            delete_unfinished()
            _output.note(f"w2vplus: {interrupt}")
            if wants_json:
                with contextlib.suppress(OSError):
                    _output.write_json_line({"error": str(interrupt), **interrupt.facts})
            if interrupt.threads_go_on:
                _interrupts.end_at_once(code)
        except Exception as error:
            if _output.wants_traceback():
                traceback.print_exc()
            line, code = _output.describe(error)
            _output.report_error(line)
            if line and wants_json:
                with contextlib.suppress(OSError):
                    _output.write_json_line({"error": line})
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run one command; an interrupt that it did not answer ends the program quietly."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _interrupts.hear_no_more()
            raise _interrupts.Interrupted("interrupted") from None


app = typer.Typer(
    cls=Program,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from w2vplus import show_config

        facts = show_config()
        others = ", ".join(f"{name} {facts[name]}" for name in ("python", "numpy", "gensim"))
        print(f"w2vplus {facts['w2vplus']} (kernel {facts['kernel']} of {'/'.join(facts['usable_kernels'])}, {others})")
        raise typer.Exit()


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
    show_traceback: Annotated[
        bool,
        typer.Option("--traceback", help=f"Show tracebacks ({_output.TRACEBACK_VARIABLE}=1 does the same)."),
    ] = False,
) -> None:
    """Word2vec for Gensim users."""
    if show_traceback:
        os.environ[_output.TRACEBACK_VARIABLE] = "1"


# Help lists panels and commands in this order.
PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Train": (train.train, corpora.phrases, corpora.vocab, demo.demo),
    "Ask": (query.similar, query.analogy, explore.explore, neighbours.neighbours),
    "Judge and compare": (evaluate.evaluate, align.align, align.drift, bench.bench),
    "Convert and change": (convert.convert, postprocess.postprocess),
    "See": (plot.plot, explain.explain),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
C_TOOLS = (
    c_tools.word2vec, c_tools.word2phrase, c_tools.distance, c_tools.word_analogy, c_tools.compute_accuracy,
)  # fmt: skip
for command in C_TOOLS:
    app.command(context_settings=AS_TYPED, rich_help_panel="The C toolkit's programs, with its flags")(command)


def main() -> None:
    """The entry point of the `w2vplus` program."""
    _output.prepare_streams()
    _interrupts.take_interrupts()
    try:
        app(prog_name="w2vplus")
    except KeyboardInterrupt:  # before a command began, or after it ended
        sys.exit(_interrupts.exit_code())
    finally:
        _interrupts.hear_no_more()
