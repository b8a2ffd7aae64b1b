"""The command line as its users meet it: results, summaries, refusals; some of it in true processes."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import w2vplus
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.cli import app
from w2vplus.cli._reading import size_in_bytes
from w2vplus.cli._settings import TrainSettings

ESCAPE = "\x1b"
PACKAGE_FOLDER = Path(w2vplus.__file__).parents[1]  # where `python -m` finds the package under test
QUICK = ["--vector-size", "16", "--epochs", "2", "--workers", "1"]


def run(*arguments: object) -> Any:
    """The outcome of `w2vplus ARGUMENTS...` run in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus")


def run_process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[Any]:
    """The outcome of a true `python -m w2vplus ARGUMENTS...`."""
    command = [sys.executable, "-m", "w2vplus", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, cwd=PACKAGE_FOLDER, **options)


def refusal(outcome: Any, exit_code: int) -> str:
    """The one line on standard error with which a command must have failed, without its prefix."""
    assert outcome.exit_code == exit_code, outcome.stderr
    assert outcome.stdout == ""
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("w2vplus: ")]
    assert len(lines) == 1 and lines[0].startswith("w2vplus: error: ")
    assert "Traceback" not in outcome.stderr
    return str(lines[0].removeprefix("w2vplus: error: "))


@pytest.fixture(scope="module")
def lee() -> str:
    return bundled(LEE_NEWS)


@pytest.fixture(scope="module")
def trained(lee: str, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A model of the Lee news corpus, with phrases, and what the command said."""
    vectors = tmp_path_factory.mktemp("trained") / "lee.bin"
    outcome = run("train", lee, "-o", vectors, *QUICK, "--phrases", 1)
    assert outcome.exit_code == 0, outcome.stderr
    return SimpleNamespace(vectors=vectors, outcome=outcome)


# ---- the program


def test_help_lists_every_command_under_what_it_is_for() -> None:
    listed = run("--help").stdout
    panels = {"Train": "train phrases vocab demo", "Ask": "similar analogy explore neighbours",
              "Judge and compare": "evaluate align drift bench", "Convert and change": "convert postprocess",
              "See": "plot explain"}  # fmt: skip
    panels["The C toolkit's programs"] = "word2vec word2phrase distance word-analogy compute-accuracy"
    commands = [command for names in panels.values() for command in names.split()]
    assert re.findall(r"^│ ([a-z][\w-]*) ", listed, re.MULTILINE) == commands
    assert all(f"╭─ {panel}" in listed for panel in panels)
    for command in commands:
        assert run(command, "--help").exit_code == 0


def test_the_name_alone_prints_help_and_no_error() -> None:
    outcome = run()
    assert outcome.exit_code == 2
    assert "Usage: w2vplus" in outcome.output and "error" not in outcome.stderr


def test_version_names_the_kernel_and_those_that_can_be_chosen() -> None:
    assert re.match(r"w2vplus \S+ \(kernel \w+ of [\w/]*baseline, python 3\.", run("--version").stdout)


def test_unknown_option_is_a_usage_error() -> None:
    assert "--vectorsize" in refusal(run("train", "text", "-o", "v.bin", "--vectorsize", 5), 2)


@pytest.mark.parametrize(
    ("option", "value"), [("--epochs", "ten"), ("--alpha", "1,5"), ("--top", "1e5"), ("--normalize", "lower")]
)
def test_a_value_that_is_none_is_named_with_its_option(option: str, value: str) -> None:
    command = ("plot", "v.bin") if option == "--top" else ("train", "text")
    line = refusal(run(*command, "-o", "v.png", option, value), 2)
    assert option in line and repr(value) in line and "Value error" not in line


def test_missing_output_is_a_usage_error() -> None:
    assert "--output" in refusal(run("train", "text"), 2)


def test_completion_offers_commands() -> None:
    words = {"COMP_WORDS": "w2vplus tr", "COMP_CWORD": "1"}
    environment = {**os.environ, "_W2VPLUS_COMPLETE": "complete_bash", **words}
    program = [sys.executable, "-c", "from w2vplus.cli import main; main()"]
    done = subprocess.run(
        program, capture_output=True, text=True, env=environment, cwd=PACKAGE_FOLDER
    )
    assert done.stdout.split() == ["train"]


# ---- train


def test_training_prints_a_summary_and_writes_the_vectors(trained: SimpleNamespace) -> None:
    lines = dict(line.split(None, 1) for line in trained.outcome.stdout.splitlines())
    assert lines["text"].startswith("59,890 tokens in 300 sentences")
    assert "rarer than 5" in lines["vocabulary"]
    assert "found" in lines["phrases"]
    assert "2 epochs" in lines["training"] and "loss" in lines["training"]
    assert str(trained.vectors) in lines["written"]


def test_defaults_are_gensims(lee: str) -> None:
    import inspect

    from gensim.models import Word2Vec

    gensims = inspect.signature(Word2Vec.__init__).parameters
    settings = TrainSettings().arguments()
    ours = {name: settings[name] for name in settings if name in gensims and name not in ("workers", "compute_loss")}
    assert ours == {name: gensims[name].default for name in ours}


def test_options_reach_the_model(lee: str, tmp_path: Path) -> None:
    from w2vplus import Word2Vec

    model_file = tmp_path / "model"
    outcome = run(
        *("train", lee, "-o", tmp_path / "v.txt", "--save-model", model_file, *QUICK, "--hs"),
        *("--negative", 3, "--window", 7, "--min-count", 9, "--max-final-vocab", 200, "--sample", 0.01),
        *("--alpha", 0.05, "--min-alpha", 0.001, "--seed", 42, "--ns-exponent", 0.5, "--cbow-sum"),
        *("--fixed-windows", "--no-compute-loss"),
    )
    assert outcome.exit_code == 0, outcome.stderr
    model = Word2Vec.load_folder(model_file)
    wanted: dict[str, Any] = {
        "sg": 0, "hs": 1, "negative": 3, "window": 7, "min_count": 9, "max_final_vocab": 200, "sample": 0.01,
        "alpha": 0.05, "min_alpha": 0.001, "seed": 42, "ns_exponent": 0.5, "cbow_mean": 0, "vector_size": 16,
        "epochs": 2, "shrink_windows": 0, "compute_loss": False, "workers": 1,
    }  # fmt: skip
    assert {name: getattr(model, name) for name in wanted} == wanted
    assert len(model.wv) <= 200


def test_a_saved_model_goes_on_with_its_phrases(lee: str, tmp_path: Path) -> None:
    from w2vplus import Word2Vec

    arguments = ["train", lee, "-o", tmp_path / "v.bin", "--save-model", tmp_path / "model", *QUICK]
    assert run(*arguments, "--phrases", 1, "--phrase-connectors", "english").exit_code == 0
    model = Word2Vec.load(str(tmp_path / "model"))
    sentence = model.phrases[["attacks", "in", "New", "York"]]
    assert sentence == ["attacks", "in", "New_York"]
    assert "New_York" in model.wv
    assert model.train([sentence] * 5, total_examples=5, epochs=1)[1] == 5 * len(sentence)


def test_train_json_has_stable_keys(lee: str, tmp_path: Path) -> None:
    outcome = run("train", lee, "-o", tmp_path / "v.bin", *QUICK, "--json")
    summary = json.loads(outcome.stdout)
    assert outcome.stderr == ""
    assert list(summary) == [
        "tokens", "sentences", "types", "vocabulary", "dropped_types", "dropped_tokens",
        "effective_min_count",
        "phrases", "phrase_tokens", "epochs", "workers", "trained_words", "raw_words", "words_per_second",
        "losses", "seconds", "files",
    ]  # fmt: skip
    assert summary["raw_words"] == 2 * summary["tokens"] == 2 * 59890
    assert len(summary["losses"]) == 2
    assert summary["files"] == [str(tmp_path / "v.bin")]


def test_one_seed_and_one_worker_give_one_result_from_any_compression(lee: str, tmp_path: Path) -> None:
    compressed = tmp_path / "lee.txt.gz"
    compressed.write_bytes(gzip.compress(Path(lee).read_bytes()))
    for corpus, output in ((lee, "a.bin"), (compressed, "b.bin")):
        assert run("train", corpus, "-o", tmp_path / output, *QUICK, "-q").exit_code == 0
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


def test_quiet_says_nothing(lee: str, tmp_path: Path) -> None:
    outcome = run("train", lee, "-o", tmp_path / "v.bin", *QUICK, "-q")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_standard_input_is_a_corpus_and_pipes_get_no_escape_codes(lee: str, tmp_path: Path) -> None:
    text = Path(lee).read_bytes()
    done = run_process("train", "-", "-o", tmp_path / "v.txt.gz", *QUICK, input=text)
    assert done.returncode == 0, done.stderr
    assert ESCAPE.encode() not in done.stdout + done.stderr
    assert b"59,890 tokens" in done.stdout
    header = gzip.decompress((tmp_path / "v.txt.gz").read_bytes()).split(b"\n", 1)[0]
    assert header.endswith(b" 16")


def test_max_sentence_length_cuts_long_lines(tmp_path: Path) -> None:
    text = tmp_path / "one-line.txt"
    text.write_text("a b c d e " * 100)
    arguments = ["train", text, "-o", tmp_path / "v.bin", *QUICK, "--json", "--max-sentence-length"]
    summary = json.loads(run(*arguments, 50).stdout)
    assert (summary["sentences"], summary["tokens"]) == (10, 500)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vector-size", "0"], "--vector-size must be at least 1, got 0"),
        (["--window", "0"], "--window must be at least 1, got 0"),
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--workers", "0"], "--workers must be at least 1, got 0"),
        (["--negative", "0"], "--negative must be at least 1 without --hs, got 0"),
        (["--negative", "-1"], "--negative must be at least 0, got -1"),
        (["--min-count", "-1"], "--min-count must be at least 0, got -1"),
        (["--sample", "-0.1"], "--sample must be at least 0, got -0.1"),
        (["--alpha", "0"], "--alpha must be above 0, got 0"),
        (["--alpha", "nan"], "--alpha must be above 0, got nan"),
        (["--alpha", "0.01", "--min-alpha", "0.1"], "--min-alpha must be at most --alpha 0.01, got 0.1"),
        (["--ns-exponent", "inf"], "--ns-exponent must be a finite number, got inf"),
        (["--max-final-vocab", "0"], "--max-final-vocab must be at least 1, got 0"),
        (["--max-sentence-length", "0"], "--max-sentence-length must be at least 1, got 0"),
        (["--phrases", "-1"], "--phrases must be at least 0, got -1"),
        (["--phrases", "1", "--phrase-threshold", "0"], "--phrase-threshold must be above 0, got 0"),
        (["--window", "five"], "--window"),
        (["--errors", "shrug"], "--errors"),
    ],
)
def test_nonsense_is_refused_before_the_corpus_is_opened(
    options: list[str], message: str, tmp_path: Path
) -> None:
    outcome = run("train", tmp_path / "does-not-exist.txt", "-o", tmp_path / "v.bin", *options)
    assert message in refusal(outcome, 2)


def test_output_without_a_known_suffix_is_refused(lee: str, tmp_path: Path) -> None:
    assert "--output: cannot tell the format" in refusal(run("train", lee, "-o", tmp_path / "vectors"), 2)


def test_output_never_replaces_the_corpus(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("a b c\n" * 50)
    for command in ("train", "phrases", "vocab"):
        assert "is the corpus itself" in refusal(run(command, text, "-o", tmp_path / "." / "text.txt"), 2)
    assert text.read_text() == "a b c\n" * 50


@pytest.mark.skipif(os.name != "posix", reason="makes a named pipe")
def test_output_never_replaces_a_device_or_pipe(lee: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bin")
    for command in ("train", "vocab"):
        assert "plain file" in refusal(run(command, lee, "-o", tmp_path / "pipe.bin"), 2)
    assert (tmp_path / "pipe.bin").is_fifo()


def test_output_to_an_unknown_kind_of_store_is_refused_before_training(tmp_path: Path) -> None:
    line = refusal(run("train", tmp_path / "not-opened.txt", "-o", "nowhere://bucket/v.bin"), 1)
    assert "nowhere" in line and "Traceback" not in line


def test_output_in_a_missing_folder_is_refused_before_training(lee: str, tmp_path: Path) -> None:
    line = refusal(run("train", lee, "-o", tmp_path / "no" / "v.bin"), 1)
    assert "does not exist" in line and str(tmp_path / "no") in line


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_output_in_a_closed_folder_is_refused(lee: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "not writable" in refusal(run("train", lee, "-o", tmp_path / "v.bin"), 1)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="/sys takes no files, whatever its permissions say")
@pytest.mark.parametrize("options", [["-o", "/sys/v.bin"], ["-o", "v.bin", "--save-model", "/sys/model"]])
def test_output_where_no_file_can_be_made_is_refused_before_training(
    lee: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refusal(run("train", tmp_path / "not-opened.txt", *options), 1)
    assert f"{options[-1]}: the folder /sys is not writable (" in line and list(tmp_path.iterdir()) == []


def bad_corpora(folder: Path) -> Iterator[tuple[str, Path, str]]:
    text = Path(bundled(LEE_NEWS)).read_bytes()
    yield "missing", folder / "missing.txt", "missing.txt"
    (folder / "empty.txt").write_bytes(b"")
    yield "empty", folder / "empty.txt", "empty"
    (folder / "rare.txt").write_text("each word once only")
    yield "no word over min_count", folder / "rare.txt", "--min-count"
    (folder / "cut.gz").write_bytes(gzip.compress(text)[:-3000])
    yield "truncated gzip", folder / "cut.gz", "cut.gz"
    (folder / "latin1.txt").write_bytes(text + b"\ncaf\xe9 noir\n")
    yield "not UTF-8", folder / "latin1.txt", "latin1.txt"
    (folder / "folder").mkdir()
    yield "empty folder", folder / "folder", "folder"


def test_bad_corpora_give_one_line_and_leave_nothing_behind(tmp_path: Path) -> None:
    for name, corpus, mark in bad_corpora(tmp_path):
        before = sorted(tmp_path.iterdir())
        line = refusal(run("train", corpus, "-o", tmp_path / "v.bin", *QUICK), 1)
        assert mark in line, (name, line)
        assert sorted(tmp_path.iterdir()) == before, name


def test_bytes_that_are_not_utf8_can_be_replaced(tmp_path: Path) -> None:
    text = tmp_path / "latin1.txt"
    text.write_bytes(b"caf\xe9 noir caf\xe9 au lait\n" * 5)
    line = refusal(run("train", text, "-o", tmp_path / "v.txt", *QUICK), 1)
    assert "line 1" in line and "replace" in line
    assert run("train", text, "-o", tmp_path / "v.txt", *QUICK, "--errors", "replace").exit_code == 0
    assert "caf\ufffd " in (tmp_path / "v.txt").read_text(encoding="utf-8")


def test_a_true_process_fails_with_one_line(tmp_path: Path) -> None:
    done = run_process("train", tmp_path / "missing.txt", "-o", tmp_path / "v.bin", text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("w2vplus: error: ")


def test_traceback_is_shown_to_developers(tmp_path: Path) -> None:
    done = run_process("--traceback", "train", tmp_path / "missing.txt", "-o", tmp_path / "v.bin", text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_interrupted_training_saves_what_it_has(lee: str, tmp_path: Path) -> None:
    corpus = tmp_path / "text.txt"
    corpus.write_bytes(Path(lee).read_bytes() * 40)
    # Lines of progress come every ten seconds off a terminal; a test cannot wait for them.
    program = (
        "import w2vplus.progress as p; p.SECONDS_BETWEEN_LINES = 0.1; from w2vplus.cli import main; main()"
    )
    files = ["-o", tmp_path / "v.bin", "--save-model", tmp_path / "model.w2v"]
    options = ["--workers", 1, "--epochs", 1000000]
    command = [sys.executable, "-c", program, "train", corpus, *files, *options]
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PACKAGE_FOLDER,
    )  # fmt: skip
    watchdog = threading.Timer(300, process.kill)  # ends a test that hangs; a loaded machine may take long
    watchdog.start()
    assert process.stderr is not None
    training = next((line for line in process.stderr if line.startswith("training")), "")
    assert "words/s" in training and "rate" in training and "left" in training
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()  # a million epochs would outlast the watchdog
    watchdog.cancel()
    assert process.returncode == 130
    assert stdout == ""
    said = [line for line in stderr.splitlines() if line.startswith("w2vplus: interrupted; ")]
    assert "interrupted; saving" in said[0] and "what was trained so far is in" in said[1]
    assert said[1].endswith("; a run with --checkpoint FOLDER could go on from there")
    assert "v.partial.bin" in stderr and "Traceback" not in stderr
    assert not (tmp_path / "v.bin").exists()
    assert run("similar", tmp_path / "v.partial.bin", "the").exit_code == 0
    assert (tmp_path / "model.partial.w2v").exists()


# ---- similar, analogy, evaluate


def test_similar_lists_neighbours(trained: SimpleNamespace) -> None:
    lines = run("similar", trained.vectors, "the", "--topn", 3).stdout.splitlines()
    assert lines[0].split() == ["word", "cosine"]
    assert len(lines) == 5


def test_similar_json(trained: SimpleNamespace) -> None:
    answers = json.loads(run("similar", trained.vectors, "the", "of", "--topn", 2, "--json").stdout)
    assert [answer["word"] for answer in answers] == ["the", "of"]
    assert [list(near) for near in answers[0]["neighbours"]] == [["word", "cosine"]] * 2


def test_analogy_answers_like_3cosadd(trained: SimpleNamespace) -> None:
    from w2vplus.vectors import load_vectors

    outcome = run("analogy", trained.vectors, "the", "of", "in", "--topn", 2, "--json")
    expected = load_vectors(trained.vectors).most_similar(positive=["of", "in"], negative=["the"], topn=2)
    assert [
        (answer["word"], answer["cosine"]) for answer in json.loads(outcome.stdout)["answers"]
    ] == expected
    assert run("analogy", trained.vectors, "the", "of", "in").stdout.startswith("the is to of as in is to")


def test_unknown_words_are_named_with_close_spellings(trained: SimpleNamespace) -> None:
    line = refusal(run("similar", trained.vectors, "the", "goverment", "xyzzy"), 1)
    assert "'goverment' (did you mean government" in line
    assert "'xyzzy'" in line and "'the'" not in line


def test_vectors_that_are_none_are_refused(lee: str, tmp_path: Path) -> None:
    foreign = tmp_path / "text.bin"
    foreign.write_bytes(Path(lee).read_bytes())
    assert "text.bin" in refusal(run("similar", foreign, "the"), 1)
    assert "missing.bin" in refusal(run("evaluate", tmp_path / "missing.bin"), 1)


def test_evaluate_without_files_asks_gensims(trained: SimpleNamespace) -> None:
    outcome = run("evaluate", trained.vectors)
    for name in ("questions-words.txt", "wordsim353.tsv", "simlex999.txt", "semantic", "syntactic", "total"):
        assert name in outcome.stdout
    assert ESCAPE not in outcome.stdout


def test_evaluate_files_of_ones_own_as_json(trained: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(": small words\nthe of in to\nthe of nowhere to\n")
    (tmp_path / "pairs.tsv").write_text("the\tof\t5\nin\tto\t3\nis\tfor\t1\nnowhere\tto\t2\n")
    arguments = ["evaluate", trained.vectors, "--analogies", tmp_path / "questions.txt"]
    arguments += ["--similarity", tmp_path / "pairs.tsv"]
    report = json.loads(run(*arguments, "--json").stdout)
    assert [(one["kind"], one["seen"], one["total"]) for one in report["scores"]] == [
        ("analogies", 1, 2), ("similarity", 3, 4),
    ]  # fmt: skip
    assert run(*arguments, "-o", tmp_path / "report.json", "-q").stdout == ""
    assert json.loads((tmp_path / "report.json").read_text()) == report


def test_evaluation_file_of_the_wrong_shape_is_named(trained: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(": section\none two three\n")
    line = refusal(run("evaluate", trained.vectors, "--analogies", tmp_path / "questions.txt"), 1)
    assert "questions.txt, line 2" in line


# ---- vocab, phrases, demo


def test_vocab_counts_words(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("b a\nb c b\n")
    outcome = run("vocab", tmp_path / "text.txt", "-o", tmp_path / "counts.tsv", "--min-count", 1)
    assert (tmp_path / "counts.tsv").read_text() == "b\t3\nc\t1\na\t1\n"  # ties as in gensim
    assert "5 tokens in 2 sentences, 3 different" in outcome.stdout


def test_vocab_counts_with_bounded_memory_and_says_how_far_off(tmp_path: Path) -> None:
    words = " ".join(f"rare{i} common" for i in range(100))
    (tmp_path / "text.txt").write_text(words)
    outcome = run("vocab", tmp_path / "text.txt", "--max-types", 10, "--json")
    summary = json.loads(outcome.stdout)
    assert summary["most_frequent"][0] == {"word": "common", "count": 99}
    assert summary["tokens"] == 200 and summary["error_bound"] == 1
    assert "too low by at most 1" in run("vocab", tmp_path / "text.txt", "--max-types", 10).stdout
    assert "--max-types must be at least 1" in refusal(
        run("vocab", tmp_path / "text.txt", "--max-types", 0), 2
    )


def test_training_takes_words_and_counts_from_a_file(tmp_path: Path, lee: str) -> None:
    from gensim.models import KeyedVectors

    run("vocab", lee, "-o", tmp_path / "counts.tsv.gz", "--min-count", 50)
    for source, name in ((["--vocab", tmp_path / "counts.tsv.gz"], "a"), (["--min-count", 50], "b")):
        outcome = run("train", lee, "-o", tmp_path / f"{name}.bin", *QUICK, *source, "--quiet")
        assert outcome.exit_code == 0, outcome.stderr
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    (tmp_path / "two.tsv").write_text("the\t500\nand\t9\n")
    run("train", lee, "-o", tmp_path / "two.bin", *QUICK, "--vocab", tmp_path / "two.tsv")
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "two.bin"), binary=True)
    assert vectors.index_to_key == ["the", "and"]
    (tmp_path / "bad.tsv").write_text("the 500\n")
    outcome = run("train", lee, "-o", tmp_path / "c.bin", *QUICK, "--vocab", tmp_path / "bad.tsv", "--quiet")
    assert "line 1: must be a word, a tab and its count" in refusal(outcome, 1)
    for seeds in (1, 2):  # before the text is looked at, which is not there either
        outcome = run("train", tmp_path / "no.txt", "-o", tmp_path / "c.bin", "--vocab", "no.tsv", "--seeds", seeds)
        assert "no.tsv: cannot read" in refusal(outcome, 1)
    outcome = run("train", lee, "-o", tmp_path / "c.bin", "--vocab", tmp_path / "two.tsv", "--phrases", 1)
    assert "exclude each other" in refusal(outcome, 2)


def test_a_vocabulary_file_of_other_words_than_the_text_s_is_refused_and_what_it_lacks_is_said(
    tmp_path: Path, lee: str
) -> None:
    (tmp_path / "bad.tsv").write_text("xyzzy\t500\nplugh\t9\n")
    for seeds in (1, 2):
        options = ["-o", tmp_path / "bad.bin", *QUICK, "--vocab", tmp_path / "bad.tsv", "--seeds", seeds]
        line = refusal(run("train", lee, *options), 1)
        assert "no word of the text, such as 'Hundreds', is among the 2 of the vocabulary file, such as 'xyzzy'" in line
        assert line.endswith("count the words of this text, with the same options of reading")
    assert not list(tmp_path.glob("*.bin"))
    (tmp_path / "two.tsv").write_text("the\t500\nand\t9\n")
    command = ["train", lee, "-o", tmp_path / "two.bin", *QUICK, "--vocab", tmp_path / "two.tsv"]
    assert f"not in the vocabulary file {tmp_path / 'two.tsv'}, or rarer than 5 there" in run(*command).stdout
    assert json.loads(run(*command, "--json").stdout)["vocabulary_file"] == str(tmp_path / "two.tsv")


def test_where_the_ids_are_kept_does_not_change_the_vectors(tmp_path: Path, lee: str) -> None:
    options = [[], ["--memory-limit", "10K"], *[["--cache-dir", tmp_path / "cache"]] * 2]
    written = set()
    for number, option in enumerate(options):
        outcome = run("train", lee, "-o", tmp_path / f"{number}.bin", *QUICK, *option, "--quiet")
        assert outcome.exit_code == 0, outcome.stderr
        written.add((tmp_path / f"{number}.bin").read_bytes())
    assert len(written) == 1 and len(list((tmp_path / "cache").iterdir())) == 1
    outcome = run("train", lee, "-o", tmp_path / "c.bin", "--memory-limit", "much")
    assert "--memory-limit must be a size such as 512M or 8G" in refusal(outcome, 2)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("512M", 512 << 20), ("1.5g", 3 << 29), ("10kb", 10240)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert size_in_bytes("--memory-limit", text) == size


def test_unreadable_files_are_skipped_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a b")
    (tmp_path / "b.gz").write_text("not gzip")
    assert "b.gz is named .gz" in refusal(run("vocab", tmp_path), 1)
    outcome = run("vocab", tmp_path, "--skip-unreadable")
    assert "2 tokens" in outcome.stdout and "1 of 2 files were skipped" in outcome.stderr


def test_phrases_are_joined_and_exported(tmp_path: Path) -> None:
    text = "".join(f"word{i} new york\n" for i in range(50)) + "the new one is here\n"
    (tmp_path / "text.txt").write_text(text)
    files = ["-o", tmp_path / "joined.txt.gz", "--export", tmp_path / "phrases.tsv"]
    outcome = run("phrases", tmp_path / "text.txt", *files, "--phrase-min-count", 1, "--phrase-threshold", 1)
    joined = gzip.decompress((tmp_path / "joined.txt.gz").read_bytes()).decode().splitlines()
    assert joined[0] == "word0 new_york" and joined[50] == "the new one is here"
    phrase, count, _score, words = (tmp_path / "phrases.tsv").read_text().splitlines()[0].split("\t")
    assert (phrase, count, words) == ("new_york", "50", "new york")
    assert "new_york" in outcome.stdout


def test_demo_trains_on_the_bundled_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from w2vplus.cli import demo

    # The whole demo takes most of a minute; one epoch of small vectors takes the same path.
    monkeypatch.setattr(demo, "SETTINGS", {**demo.SETTINGS, "epochs": 1, "vector_size": 16})
    monkeypatch.setattr(demo, "TEXTS", demo.TEXTS[1:])
    monkeypatch.setattr(demo, "MAP_WORDS", 100)
    outcome = run("demo", "--output-dir", tmp_path / "out")
    assert outcome.exit_code == 0, outcome.stderr
    for expected in ("the highest scores", "Neighbours", "wordsim353.tsv", "Yours:   w2vplus train"):
        assert expected in outcome.stdout
    for name in ("vectors.bin", "model.w2v", "phrases.tsv", "run.jsonl", "map.html"):
        assert (tmp_path / "out" / name).stat().st_size > 0
        assert str(tmp_path / "out" / name) in outcome.stdout
    has_pictures = find_spec("matplotlib") is not None and find_spec("sklearn") is not None
    assert (tmp_path / "out" / "report.html").exists() == has_pictures
    assert ("report.html" in outcome.stdout) == has_pictures
