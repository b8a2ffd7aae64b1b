"""What a training run leaves to read besides its vectors: the log of `--log` and the page of `--report`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from w2vplus.cli import _output
from w2vplus.cli._settings import TrainSettings
from w2vplus.cli._targets import Targets, check_distinct, check_not_a_source, check_writable

if TYPE_CHECKING:
    from w2vplus.cli._pipeline import Trained
    from w2vplus.phrases import FoundPhrase
    from w2vplus.plots import WordMap
    from w2vplus.run_log import RunLog, RunRecord


class Chronicle:
    """The log and the report of one run, each None if it is not wanted."""

    def __init__(self, log: str | None, report: str | None, words: tuple[str, ...] = ()) -> None:
        self.log, self.report, self.words = log, report, words
        self.phrases: list[FoundPhrase] = []

    def check(self, sources: Sequence[str], targets: Targets) -> None:
        """Refuse places that could not be written, or that hold something else of this run; and a report that the
        installed packages cannot make."""
        others = [("--output", targets.vectors), ("--save-model", targets.model)]
        for option, path in (("--log", self.log), ("--report", self.report)):
            if path is None:
                continue
            check_writable(path, option)
            check_not_a_source(path, option, sources)
            for other in others:
                check_distinct((option, path), other)
            others.append((option, path))
        if self.words and self.report is None:
            raise _output.UsageError("--report-word needs --report FILE, where its neighbours are shown")
        if self.report is not None:
            if not self.report.lower().endswith((".html", ".htm")):
                raise _output.UsageError(f"--report must end in .html, got {self.report}")
            from w2vplus.plots.extras import imported

            for module in ("matplotlib", "sklearn"):
                imported(module, "--report", "plot")

    @cached_property
    def run_log(self) -> RunLog | None:
        """The callback that keeps the run's numbers; None if nobody wants them."""
        if self.log is None and self.report is None:
            return None
        from w2vplus.run_log import RunLog

        return RunLog(self.log)

    def keep_phrases(self, found: list[FoundPhrase]) -> None:
        """Remember the phrases for the report."""
        self.phrases = found

    def write_report(
        self,
        sources: Sequence[str],
        settings: TrainSettings,
        trained: Trained,
        *,
        command: str,
        evaluation: dict[str, Any] | None = None,
        drawn: WordMap | None = None,
        quiet: bool = False,
    ) -> None:
        """Write the page, if it is wanted, and add it and the log to the run's files.

        `command` is the line that began the run; `evaluation` is what `w2vplus evaluate --json` prints, where the
        vectors have been judged already; `drawn` their map, where there is one.
        """
        trained.summary["files"] += [path for path in (self.log, self.report) if path is not None]
        if self.report is None:
            return
        from w2vplus.plots.report import RunReport
        from w2vplus.word2vec.card import versions

        _output.note("w2vplus: making the report", quiet=quiet)
        started = time.perf_counter()
        unknown = [word for word in self.words if word not in trained.vectors.key_to_index]
        if unknown:
            _output.warn(f"--report-word: no vector for {', '.join(map(_output.shown, unknown))}")
        words = [word for word in self.words if word not in unknown]
        RunReport(
            sources=list(sources),
            command=command,
            versions=versions(),
            settings=settings.arguments(),
            summary=trained.summary,
            vectors=trained.vectors,
            phrases=[(found.phrase, found.count, found.score) for found in self.phrases],
            record=self._record(),
            evaluation=evaluation if evaluation is not None else _judged(trained),
            words=words,
            map=drawn,
        ).save(self.report)
        of_steps = {name: seconds for name, seconds in trained.summary["seconds"].items() if name != "total"}
        of_steps["report"] = time.perf_counter() - started
        trained.summary["seconds"] = {**of_steps, "total": sum(of_steps.values())}

    def _record(self) -> RunRecord:
        from w2vplus.errors import LogFormatError
        from w2vplus.run_log import RunRecord, read_run_log, record_of

        assert self.run_log is not None
        try:
            # The file also has what earlier processes of a resumed run have written.
            return record_of(self.run_log.lines, "the run") if self.log is None else read_run_log(self.log)
        except LogFormatError:
            return RunRecord()  # resumed after its end, a run trains nothing and reports nothing


def _judged(trained: Trained) -> dict[str, Any]:
    from w2vplus.cli.evaluate import judge_by_bundled_files

    try:
        return judge_by_bundled_files("vectors", trained.vectors).as_dict()
    except (_output.CommandError, FileNotFoundError):
        return {"scores": []}  # another language, or a gensim without its files: the report says so
