"""Measured rows of text to ids: counting and encoding a file, plain and compressed, against gensim's
vocabulary scan.

Called by `w2vplus bench --rows vocabulary`. Everybody reads copies of one text of lines; in every repetition
gensim scans it once and w2vplus encodes each copy with each number of workers, and each compressed copy is
also merely inflated. Words, counts and their order are compared with gensim's before anything is timed. All work is
done once untimed, for memory that is touched for the first time is slow where a host hands it out; repetitions go
through it forwards and backwards in turn, so that no kind always follows the same other.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from w2vplus.bench.corpus import BenchCorpus
from w2vplus.bench.peers import BenchError
from w2vplus.corpus import encode
from w2vplus.corpus.files import expand, read_blocks

FORMS = ("plain", ".gz", ".zst")


@dataclass
class VocabularyRow:
    """One form of the file read by one number of workers; a list has one entry a repetition, in seconds.

    `inflation`: the bare decompression of the file by one thread. `plain`: this row's work on the plain file
    with the same workers; `alone`: with one worker.
    """

    form: str
    workers: int
    token_count: int
    seconds: list[float] = field(default_factory=list)
    gensim: list[float] = field(default_factory=list)
    inflation: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    @property
    def words_per_second(self) -> float:
        return self.token_count / statistics.median(self.seconds)

    @property
    def ratio_to_gensim(self) -> float:
        """Median of the ratios within repetitions."""
        return statistics.median(
            theirs / ours for theirs, ours in zip(self.gensim, self.seconds, strict=True)
        )

    @property
    def speed_up(self) -> float:
        """Times as fast as one worker, which measures nothing for the one itself."""
        return statistics.median(alone / ours for alone, ours in zip(self.alone, self.seconds, strict=True))

    @property
    def cost_of_compression(self) -> float | None:
        """Times the larger of bare inflation and the plain file's time; None for the plain file."""
        if self.form == "plain":
            return None
        floors = map(max, self.inflation, self.plain)
        return statistics.median(ours / floor for ours, floor in zip(self.seconds, floors, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, keys stable."""
        return {
            "form": self.form,
            "workers": self.workers,
            "tokens": self.token_count,
            "words_per_second": self.words_per_second,
            "ratio_to_gensim": self.ratio_to_gensim,
            "speed_up": self.speed_up,
            "cost_of_compression": self.cost_of_compression,
            "seconds": self.seconds,
            "gensim_seconds": self.gensim,
            "inflation_seconds": self.inflation,
        }


def measure_vocabulary(
    corpus: BenchCorpus,
    worker_counts: Sequence[int],
    repetitions: int,
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[VocabularyRow]:
    """Yield a row for every form of the file and number of workers; `report` receives a line before each run.

    Raises BenchError if gensim's scan of the same file finds other words, counts or an other order of them.
    """
    report("vocabulary: writing the copies")
    paths = _copies(corpus.lines.path)
    _check_equality(paths["plain"])
    rows = {
        (form, workers): VocabularyRow(form, workers, corpus.token_count)
        for form in FORMS
        for workers in sorted({1, *worker_counts})
    }
    kinds: list[tuple[object, Callable[[], object]]] = [
        ("gensim", partial(_gensim_scan, paths["plain"])),
        *((form, partial(_inflate, path)) for form, path in paths.items()),
        *((key, partial(encode, paths[key[0]], workers=key[1])) for key in rows),
    ]
    report("vocabulary: everything once, untimed")
    for _, work in kinds:
        work()
    for repetition in range(repetitions):
        report(f"vocabulary: repetition {repetition + 1}/{repetitions}")
        seconds = {kind: _timed(work) for kind, work in kinds[:: 1 if repetition % 2 == 0 else -1]}
        for (form, workers), row in rows.items():
            row.seconds.append(seconds[form, workers])
            row.gensim.append(seconds["gensim"])
            row.inflation.append(seconds[form])
            row.plain.append(seconds["plain", workers])
            row.alone.append(seconds[form, 1])
    yield from rows.values()


def _copies(plain: Path) -> dict[str, Path]:
    """The file and its compressed copies beside it, by form."""
    import smart_open

    paths = {form: plain if form == "plain" else plain.with_name(plain.name + form) for form in FORMS}
    for path in paths.values():
        if path != plain:
            with plain.open("rb") as text, smart_open.open(str(path), "wb") as copy:
                shutil.copyfileobj(text, copy, 1 << 20)
    return paths


def _gensim_scan(path: Path) -> Any:
    from gensim.models.word2vec import LineSentence, Word2Vec

    model = Word2Vec()
    model.scan_vocab(corpus_iterable=LineSentence(str(path)))
    return model.raw_vocab


def _check_equality(path: Path) -> None:
    encoded = encode(path)
    ours = list(zip(encoded.types, encoded.counts.tolist(), strict=True))
    if ours != list(_gensim_scan(path).items()):
        raise BenchError(
            "gensim's scan finds other words or counts in this text; no ratio is given for unequal work"
        )


def _inflate(path: Path) -> None:
    (source,) = expand(path)
    for _ in read_blocks(source):
        pass


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
