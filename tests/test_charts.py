"""Strips, analogies, curves, bars, the report and `w2vplus plot` itself; they need the extra `plot`."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from test_cli import refusal, run
from test_plots import vectors_of

import w2vplus
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.cli import plot
from w2vplus.errors import EvaluationError, LogFormatError
from w2vplus.plots import layout, report
from w2vplus.plots.palette import GROUP_COLORS
from w2vplus.plots.run_charts import (
    evaluation_bars,
    evaluation_panels,
    phrase_bars,
    read_evaluation,
    read_phrase_table,
    training_curves,
)
from w2vplus.plots.vector_charts import _plane, analogy_chart, heat_strip
from w2vplus.run_log import RunRecord
from w2vplus.vectors import save_vectors

matplotlib = pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
pytest.importorskip("sklearn", reason="the report's map needs scikit-learn: pip install 'w2vplus[plot]'")


@pytest.fixture(scope="module")
def royals() -> KeyedVectors:
    words = ["king", "queen", "man", "woman", "water", "tree", "$x$"]
    return vectors_of(words, size=6)


@pytest.fixture(scope="module")
def royals_file(royals: KeyedVectors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("royals") / "royals.txt"
    save_vectors(royals, path)
    return path


# ---- Vectors


def test_a_strip_has_a_row_for_each_word_and_white_at_zero(royals: KeyedVectors) -> None:
    axes = heat_strip(royals, ["king", "$x$", "queen"]).figure.axes[0]
    image = axes.images[0]
    np.testing.assert_array_equal(image.get_array(), royals.vectors[[0, 6, 1]])
    low, high = image.get_clim()
    assert low == -high
    assert [label.get_text() for label in axes.get_yticklabels()] == ["king", "$x$", "queen"]
    np.testing.assert_allclose(image.cmap(image.norm(0.0))[:3], 1, atol=0.05)


def test_the_plane_shows_the_parallelogram_without_distortion() -> None:
    rows = np.random.default_rng(5).standard_normal((3, 8))
    plane = _plane(rows)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    flat = (rows - rows[0]) @ plane.T
    for first in range(3):
        for second in range(3):
            true = np.linalg.norm(rows[first] - rows[second])
            assert np.linalg.norm(flat[first] - flat[second]) == pytest.approx(true)


@pytest.mark.parametrize("rows", [np.zeros((3, 4)), np.outer([0, 1, 2], np.ones(4)), np.ones((3, 1))])
def test_words_on_a_line_have_a_plane_too(rows: np.ndarray) -> None:
    assert np.isfinite(_plane(rows)).all()


def test_an_analogy_shows_gensims_answers(royals: KeyedVectors) -> None:
    svg = analogy_chart(royals, "man", "king", "woman", topn=3).svg()
    for word, cosine in royals.most_similar(positive=["king", "woman"], negative=["man"], topn=3):
        assert f">{word}  {cosine:.2f}<" in svg
    assert ">king − man + woman<" in svg


def test_what_cannot_be_drawn_is_refused(royals: KeyedVectors) -> None:
    with pytest.raises(ValueError, match="three different words, got king, king, man"):
        analogy_chart(royals, "king", "king", "man")
    with pytest.raises(KeyError, match="no vector for 'duke'"):
        heat_strip(royals, ["king", "duke"])
    with pytest.raises(ValueError, match="got none"):
        heat_strip(royals, [])
    broken = vectors_of(["a", "b"])
    broken.vectors[0, 0] = np.inf
    with pytest.raises(ValueError, match="those of a among them"):
        heat_strip(broken, ["a", "b"])


def test_charts_show_themselves_in_notebooks(royals: KeyedVectors) -> None:
    assert heat_strip(royals, ["king"])._repr_png_().startswith(b"\x89PNG")


# ---- Runs


def record(**changed: Any) -> RunRecord:
    facts: dict[str, Any] = {
        "epochs_done": [0.5, 1.0], "loss": [2.5, 2.0], "learning_rate": [0.02, 0.01], "words_per_second": [3e6, 2e6],
        "epoch_losses": [(1, 2.2)], "complete": True,
    }  # fmt: skip
    return RunRecord(**{**facts, **changed})


def test_curves_show_what_the_log_says() -> None:
    loss, rate, speed = training_curves(record()).figure.axes
    np.testing.assert_array_equal(loss.lines[0].get_xydata(), [[0.25, 2.5], [0.75, 2.0]])
    np.testing.assert_array_equal(loss.lines[1].get_xydata(), [[0.5, 2.2]])
    np.testing.assert_array_equal(rate.lines[0].get_ydata(), [0.02, 0.01])
    np.testing.assert_array_equal(speed.lines[0].get_ydata(), [3.0, 2.0])


def test_curves_without_loss_or_end_say_so() -> None:
    chart = training_curves(record(loss=[None, None], epoch_losses=[], complete=False))
    assert len(chart.figure.axes) == 2
    assert "broken off" in chart.figure.axes[-1].get_xlabel()


def score(**changed: Any) -> dict[str, Any]:
    facts = {
        "model": "a", "file": "x/questions.txt", "method": "3CosAdd", "level": "section", "section": "family",
        "measure": "accuracy", "value": 0.5, "low": 0.4, "high": 0.7, "seen": 20,
    }  # fmt: skip
    return {**facts, **changed}


def test_bars_have_intervals_where_the_results_have_them() -> None:
    total = {"level": "total", "section": "total", "low": None, "high": None}
    correlated = score(file="s.tsv", method="", level="total", measure="spearman", value=0.3, low=0.1)
    results = {"scores": [score(), score(section="none", value=None), score(**total), correlated]}
    (title, answered), (_, correlations) = evaluation_panels(results)
    assert title == "questions.txt (3CosAdd): share answered rightly"
    assert [(bar.name, bar.interval, bar.is_sum) for bar in answered] == [
        ("family", (0.4, 0.7), False), ("total", None, True),
    ]  # fmt: skip
    assert [(bar.name, bar.interval) for bar in correlations] == [("s.tsv", (0.1, 0.7))]
    drawn = evaluation_bars(results).svg()
    assert drawn.count(">50.0 %<") == 2 and ">0.300<" in drawn and "95 % intervals" in drawn
    assert "99.5 % intervals" in evaluation_bars({**results, "settings": {"confidence": 0.995}}).svg()


def test_long_words_leave_room_for_the_picture() -> None:
    long = "x" * 200
    vectors = vectors_of(["a", "b", long, "d"])
    strip = heat_strip(vectors, ["a", long])
    assert [label.get_text() for label in strip.figure.axes[0].get_yticklabels()] == ["a", f"{'x' * 39}…"]
    assert f">{'x' * 39}…<" in analogy_chart(vectors, "a", "b", long).svg()
    assert f">{'x' * 39}…<" in phrase_bars([(long, 3, 4.0)]).svg()
    assert f">{'x' * 39}…  (20)<" in evaluation_bars({"scores": [score(section=long)]}).svg()


def test_an_interval_that_reaches_below_nothing_is_seen_whole() -> None:
    doubtful = score(file="s.tsv", method="", level="total", measure="spearman", value=0.1, low=-0.02, high=0.2)
    left, right = evaluation_bars({"scores": [doubtful]}).figure.axes[0].get_xlim()
    assert -0.04 < left < -0.022 and right > 0.2
    left, _ = evaluation_bars({"scores": [score()]}).figure.axes[0].get_xlim()
    assert left == 0


def test_models_are_compared_by_their_totals() -> None:
    correlated = {"method": "", "level": "total", "measure": "spearman"}
    scores = [score(model=model, level=level) for model in "ab" for level in ("section", "total")]
    scores += [score(model=model, file=file, **correlated) for model in "ab" for file in ("s.tsv", "t.tsv")]
    (_, bars), (first, of_first), (second, of_second) = evaluation_panels({"scores": scores})
    assert first.startswith("s.tsv: ") and second.startswith("t.tsv: ")  # models stand beside each other
    for panel in (bars, of_first, of_second):
        assert [(bar.name, bar.is_sum) for bar in panel] == [("a", False), ("b", False)]


def test_the_command_draws_what_evaluate_writes(tmp_path: Path) -> None:
    for number in (1, 2):
        options = ["--vector-size", 8, "--epochs", 1, "--workers", 1, "--seed", number, "-q"]
        outcome = run("train", bundled(LEE_NEWS), "-o", tmp_path / f"{number}.bin", *options)
        assert outcome.exit_code == 0, outcome.stderr
    vectors = [tmp_path / "1.bin", tmp_path / "2.bin"]
    assert run("evaluate", *vectors, "-o", tmp_path / "result.json", "-q").exit_code == 0
    outcome = run("plot", tmp_path / "result.json", "-o", tmp_path / "bars.svg")
    assert outcome.exit_code == 0, outcome.stderr
    drawn = (tmp_path / "bars.svg").read_text()
    assert drawn.count(">1.bin  (") >= 2 and "wordsim353.tsv: Spearman" in drawn and "95 % intervals" in drawn


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text, complaint in (("nonsense", "not JSON"), ("[]", "no scores"), ('{"a": 1}', "no scores")):
        path.write_text(text)
        with pytest.raises(EvaluationError, match=complaint):
            read_evaluation(path)
    with pytest.raises(EvaluationError, match="none of its sections was answered"):
        evaluation_bars({"scores": []})
    with pytest.raises(EvaluationError, match="not what"):
        evaluation_bars({"scores": [{"sections": 3}]})
    path.write_text("new_york\t5\t10.5\tnew york\nno table\n")
    with pytest.raises(LogFormatError, match="line 2"):
        read_phrase_table(path)
    with pytest.raises(ValueError, match="got none"):
        phrase_bars([])


def test_the_best_phrases_are_drawn(tmp_path: Path) -> None:
    axes = phrase_bars([("a_b", 5, 1.0), ("c_d", 7, 30.0)], top=1).figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c_d"]


# ---- w2vplus plot


@pytest.mark.parametrize(
    ("name", "words", "options"),
    [
        ("map.html", [], ["--top", 5]),
        ("map.png", [], ["--color", "frequency", "--size", "400x300"]),
        ("strip.svg", ["king", "queen"], ["--kind", "strip"]),
        ("analogy.pdf", ["man", "king", "woman"], ["--kind", "analogy"]),
    ],
)
def test_plot_draws_vectors(royals_file: Path, tmp_path: Path, name: str, words: list[str], options: list[Any]) -> None:
    outcome = run("plot", royals_file, *words, "-o", tmp_path / name, *options)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout == "" and f"wrote {tmp_path / name}" in outcome.stderr
    assert (tmp_path / name).stat().st_size > 1000
    assert "\x1b" not in outcome.stderr


def test_plot_takes_words_from_a_file(royals_file: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("king\n\nqueen\n")
    outcome = run("plot", royals_file, "man", "--words-from", tmp_path / "words.txt", "-o", tmp_path / "map.html")
    assert "3 of 7 words" in outcome.stderr


def test_help_names_the_bound_of_auto() -> None:
    assert plot.SLOW_TSNE == layout.MOST_AUTO_TSNE
    assert tuple(plot.Method) == layout.METHODS and len(GROUP_COLORS) == plot.MOST_CLUSTERS


def test_plot_refuses_before_it_reads(royals_file: Path, tmp_path: Path) -> None:
    target = ["-o", tmp_path / "a.png"]
    for arguments, complaint in (
        ([royals_file, "-o", tmp_path / "a.gif"], "--output must end in .png, .svg, .pdf, .html"),
        ([royals_file, "-o", tmp_path / "a.html", "-k", "strip", "king"], "must end in .png, .svg, .pdf"),
        ([royals_file, "king", *target], "at least 2 words"),
        ([royals_file, "king", *target, "-k", "analogy"], "needs 3 words"),
        ([royals_file, *target, "-k", "strip"], "needs 1 word or more, got 0"),
        ([royals_file, *target, "--size", "big"], "--size must be WIDTHxHEIGHT"),
        ([royals_file, *target, "--size", "20x900"], "200 to 10,000"),
        ([royals_file, *target, "--top", 1], "--top must be 2 to"),
        ([tmp_path / "run.jsonl", "king", *target], "draws no words"),
        ([royals_file, "-o", royals_file], "is the input"),
    ):
        assert complaint in refusal(run("plot", *arguments), 2)
    assert sorted(tmp_path.iterdir()) == []


def test_plot_names_near_spellings_of_unknown_words(royals_file: Path, tmp_path: Path) -> None:
    outcome = run("plot", royals_file, "quen", "king", "-o", tmp_path / "a.png")
    assert "did you mean queen" in refusal(outcome, 1)


def test_plot_draws_a_broken_off_log_and_says_so(tmp_path: Path) -> None:
    line = {"event": "progress", "time": 1, "raw_words": 5, "total_raw_words": 10, "epochs": 1, "loss": 2.0}
    text = json.dumps({**line, "learning_rate": 0.1, "words_per_second": 9.0})
    (tmp_path / "run.jsonl").write_text(text + "\n" + text[:30])
    outcome = run("plot", tmp_path / "run.jsonl", "-o", tmp_path / "curves.svg")
    assert outcome.exit_code == 0 and "left out 1 line" in outcome.stderr
    assert "broken off" in (tmp_path / "curves.svg").read_text()


# ---- The report


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(report, "MAP_WORDS", 100)  # t-SNE of 1,000 takes seconds
        outcome = run(
            "train", bundled(LEE_NEWS), "-o", folder / "lee.bin", "--vector-size", 16, "--epochs", 2, "--workers", 1,
            "--phrases", 1, "--log", folder / "run.jsonl", "--report", folder / "run.html", "--report-word", "police",
            "--report-word", "zzz",
        )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    return folder, outcome


def test_the_report_tells_the_run(reported: Any) -> None:
    folder, outcome = reported
    page = (folder / "run.html").read_text()
    for section in ("Corpus", "Settings", "Training", "Evaluation", "Neighbours", "Map", "Phrases"):
        assert f"<h2>{section}</h2>" in page
    assert "<td>vector_size</td><td>16</td>" in page and "<td>police</td>" in page
    assert page.count("data:image/svg+xml") == 4
    line = re.search("<code>(.*)</code>", page)
    assert line is not None
    name, *typed = shlex.split(html.unescape(line[1]))[1:]
    assert (name, typed[0]) == ("train", str(bundled(LEE_NEWS)))
    for option in (["--output", str(folder / "lee.bin")], ["--phrases", "1"], ["--report-word", "zzz"]):
        assert any(typed[at : at + 2] == option for at in range(len(typed))), option
    assert "--sg" not in typed and f"w2vplus {w2vplus.__version__}, gensim" in page
    assert str(folder / "run.html") in outcome.stdout
    assert "no vector for 'zzz'" in outcome.stderr


def test_the_report_is_one_file(reported: Any) -> None:
    page = (reported[0] / "run.html").read_text()
    frame = re.search(r'srcdoc="([^"]*)"', page)
    assert frame is not None
    inside = html.unescape(frame[1])
    for text in (page, inside):
        assert not re.search(r'(src|href)="(?!data:|#)|@import|url\(', text)
    assert (reported[0] / "run.jsonl").read_text().count('"event": "epoch"') == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run.jsonl", "-o", "c.png", "--title", "Hello"], "--title is for --kind map, and this is curves"),
        (["result.json", "-o", "c.png", "--topn", 3], "--topn is for --kind analogy, and this is evaluation"),
        (["phrases.tsv", "-o", "c.png", "--top", 5], "--top is for --kind map, and this is phrases"),
        (["v.bin", "a", "-k", "strip", "-o", "c.png", "--seed", 2], "--seed is for --kind map, and this is strip"),
        (["v.bin", "a", "b", "-o", "c.png", "--top", 5], "--top is for the most frequent words"),
        (["v.bin", "-o", "c.html", "--size", "800x600"], "--size is for pictures"),
    ],
)
def test_options_that_would_change_nothing_are_refused(arguments: list, message: str) -> None:
    assert message in refusal(run("plot", *arguments), 2)


def test_the_report_is_refused_before_the_text_is_read(tmp_path: Path) -> None:
    base = ["train", tmp_path / "none.txt", "-o", tmp_path / "v.bin"]
    assert "--report must end in .html" in refusal(run(*base, "--report", tmp_path / "run.txt"), 2)
    assert "--report-word needs --report" in refusal(run(*base, "--report-word", "king"), 2)
    same = ["--log", tmp_path / "a.html", "--report", tmp_path / "a.html"]
    assert "must be two places" in refusal(run(*base, *same), 2)


def test_a_report_of_another_language_says_that_nothing_was_judged(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("слово за слово и ещё одно слово за другим\n" * 50)
    outcome = run(
        "train", tmp_path / "text.txt", "-o", tmp_path / "v.bin", "--report", tmp_path / "run.html", "--vector-size", 4
    )
    assert outcome.exit_code == 0, outcome.stderr
    page = (tmp_path / "run.html").read_text()
    assert "Not judged" in page and "<td>слово</td>" in page
