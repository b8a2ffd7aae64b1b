"""Turns the summary of a training, which --json prints, into a few lines for people."""

from __future__ import annotations

from typing import Any

from w2vplus.cli._output import plural
from w2vplus.progress import count, duration


def print_summary(summary: dict[str, Any]) -> None:
    """The run in a few lines."""
    seconds = summary["seconds"]
    lines = [
        (
            "text",
            f"{summary['tokens']:,} tokens in {plural(summary['sentences'], 'sentence')},"
            f" {duration(seconds['reading'])}",
        ),
        (
            "vocabulary",
            f"{summary['vocabulary']:,} words; dropped {summary['dropped_types']:,} {_why_dropped(summary)}"
            f" ({summary['dropped_tokens']:,} tokens)",
        ),
    ]
    if "new_words" in summary:
        lines.append(("new words", f"{summary['new_words']:,} joined those of the model"))
    if "phrases" in seconds:
        lines.append(
            ("phrases", f"{summary['phrases']:,} found, standing in {summary['phrase_tokens']:,} places")
        )
    loss = _loss_of(summary)
    lines.append(
        (
            "training",
            f"{plural(summary['epochs'], 'epoch')}{_part_trained(summary)} in {duration(seconds['training'])},"
            f" {count(summary['words_per_second'])} words/s on {plural(summary['workers'], 'thread')}{loss}",
        )
    )
    lines.append(("written", f"{' and '.join(summary['files'])}, {duration(seconds['total'])} in all"))
    for name, text in lines:
        print(f"{name:<12}{text}")


def _why_dropped(summary: dict[str, Any]) -> str:
    rarer = f"rarer than {summary['effective_min_count']}"
    if (file := summary.get("vocabulary_file")) is None:
        return rarer
    return f"not in the vocabulary file {file}, or {rarer} there"


def _part_trained(summary: dict[str, Any]) -> str:
    """What of the epochs was trained by this process, if the run was resumed."""
    if (before := summary.get("raw_words_before")) is None:
        return ""
    return f", of which the last {summary['raw_words'] - before:,} words now,"


def _loss_of(summary: dict[str, Any]) -> str:
    """The end of a line; nothing where no loss was computed, or no pair trained, whose mean is 0 and none."""
    losses = summary["losses"]
    return f", mean loss of the last epoch {losses[-1]:.4f}" if losses and losses[-1] > 0 else ""


def print_seeds_summary(summary: dict[str, Any]) -> None:
    """The text once, and a line for every model."""
    print(f"{'text':<12}{summary['tokens']:,} tokens, {duration(summary['seconds']['reading'])}")
    print(f"{'vocabulary':<12}{summary['vocabulary']:,} words")
    for model in summary["models"]:
        print(
            f"{'seed ' + str(model['seed']):<12}{' and '.join(model['files'])},"
            f" {count(model['words_per_second'])} words/s{_loss_of(model)}"
        )
    print(f"{'all':<12}{duration(summary['seconds']['total'])}")
