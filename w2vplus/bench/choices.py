"""What each choice of a preset brings: the preset, and the preset with one of its settings back at gensim's default.

`python -m w2vplus.bench.choices TEXT` trains them in turn on TEXT and prints accuracies (Google's analogies among
30,000 words, WordSim-353, SimLex-999, as `w2vplus bench --accuracy` scores them) and what training cost, in seconds
of processor and clock. `--change window=8` adds a line for another value, and then only such lines are measured.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vplus.bench import accuracy_of
from w2vplus.presets import PRESETS, Preset

if TYPE_CHECKING:
    from w2vplus.store import EncodedCorpus

SCORES = ("analogies", "wordsim353", "simlex999")
ENDING = "ending"
"""Not an argument of `Word2Vec` but of `Word2Vec.ending_vectors`."""


@dataclass
class Choice:
    """What is changed of a preset, and what came of it, an entry for each seed."""

    changed: dict[str, Any]
    cpu_seconds: list[float] = field(default_factory=list)
    wall_seconds: list[float] = field(default_factory=list)
    accuracy: list[dict[str, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.changed.items()) or "the preset"

    def line(self) -> str:
        """A line of the table: accuracies as percentages, seconds; means over the seeds."""
        scores = (100 * statistics.fmean(run[score] for run in self.accuracy) for score in SCORES)
        cells = "".join(f"{score:>12.1f}" for score in scores)
        seconds = "".join(f"{statistics.fmean(times):>10.0f}" for times in (self.cpu_seconds, self.wall_seconds))
        return f"{self.name:<28}{cells}{seconds}"


def heading() -> str:
    return f"{'changed':<28}" + "".join(f"{name:>12}" for name in SCORES) + f"{'CPU s':>10}{'wall s':>10}"


def single_defaults(preset: Preset) -> list[dict[str, Any]]:
    """No change, and then each setting of the preset alone at the default that `Word2Vec` has."""
    from w2vplus import Word2Vec

    parameters = inspect.signature(Word2Vec.__init__).parameters
    back: list[dict[str, Any]] = [{name: parameters[name].default} for name in preset.arguments]
    return [{}, {ENDING: "input"}, *back] if preset.ending != "input" else [{}, *back]


def measure_choices(
    encoded: EncodedCorpus, preset: Preset, changes: Sequence[Mapping[str, Any]], workers: int, seeds: int
) -> Iterator[Choice]:
    """Train and score every change, one after another; neighbours that differ in the ending alone share a training.

    Raises TypeError or ValueError for settings that `Word2Vec` refuses.
    """
    from w2vplus import Word2Vec

    def trained(change: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**preset.arguments, **change}.items() if name != ENDING}

    for arguments, alike in itertools.groupby(changes, trained):
        choices = [Choice(dict(change)) for change in alike]
        for seed in range(1, seeds + 1):
            model = Word2Vec(**arguments, workers=workers, seed=seed)
            model.build_vocab(encoded)
            cpu, wall = time.process_time(), time.perf_counter()
            model.train(encoded, total_examples=model.corpus_count, epochs=model.epochs)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            for choice in choices:
                choice.wall_seconds.append(wall)
                choice.cpu_seconds.append(cpu)
                choice.accuracy.append(accuracy_of(model.ending_vectors(choice.changed.get(ENDING, preset.ending))))
        yield from choices


def change_from(text: str) -> dict[str, Any]:
    """`window=8,sample=1e-5` as arguments; argparse's error for anything else."""
    changed: dict[str, Any] = {}
    for one in text.split(","):
        name, mark, value = one.partition("=")
        if not mark:
            raise argparse.ArgumentTypeError(f"a change is NAME=VALUE, or several with commas, got {one!r}")
        changed[name] = value if name == ENDING else json.loads(value)
    return changed


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, a line as soon as it is measured."""
    from w2vplus import encode
    from w2vplus.errors import CorpusError

    parser = argparse.ArgumentParser(prog="python -m w2vplus.bench.choices", description="What each choice brings.")
    parser.add_argument("text")
    parser.add_argument("--preset", choices=PRESETS, default=next(iter(PRESETS)))
    parser.add_argument("--change", type=change_from, action="append", metavar="NAME=VALUE")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="add every line to FILE as JSON")
    given = parser.parse_args(arguments)
    preset = PRESETS[given.preset]
    changes = given.change or single_defaults(preset)
    try:
        encoded = encode(given.text)
        print(heading())
        for choice in measure_choices(encoded, preset, changes, given.workers, given.seeds):
            print(choice.line(), flush=True)
            if given.output is not None:
                with given.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(choice)) + "\n")
    except (CorpusError, OSError, RuntimeError, TypeError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: error: {error}\n")


if __name__ == "__main__":
    main()
