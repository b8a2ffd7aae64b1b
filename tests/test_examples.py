"""The scripts in examples/ and the code in README.md, run as a reader runs them, in a folder of their own."""

from __future__ import annotations

import csv
import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import smart_open

import w2vplus

pytest.importorskip("gensim")

EXAMPLES = Path(__file__).parents[1] / "examples"
README = Path(__file__).parents[1] / "README.md"


def output_of(script: Path, folder: Path) -> str:
    """What a script prints; it must succeed, warn of nothing and leave no file behind in `folder`."""
    package_folder = str(Path(w2vplus.__file__).parents[1])
    path = os.pathsep.join(filter(None, [package_folder, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", str(script)],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": path}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def neighbours(output: str) -> dict[str, list[str]]:
    """The lines "  word: near, near, ..." by word."""
    lines = re.findall(r"^  (\w+): (.+)$", output, re.MULTILINE)
    return {word: near.split(", ") for word, near in lines}


def losses(output: str) -> list[int]:
    return [int(loss.replace(",", "")) for loss in re.findall(r"loss of this epoch: ([\d,]+)", output)]


def test_every_example_is_tested() -> None:
    here = {"drop_in.py", "phrases.py", "analogies.py"}
    in_test_examples_dropin = {"graph_walks.py", "baskets.py", "pretrained.py", "accelerate_package.py"}
    assert {file.name for file in EXAMPLES.glob("*.py")} == here | in_test_examples_dropin


def test_drop_in_trains_queries_saves_and_goes_on(tmp_path: Path) -> None:
    output = output_of(EXAMPLES / "drop_in.py", tmp_path)
    by_epoch = losses(output)
    assert len(by_epoch) == 10 and by_epoch[-1] < 0.9 * by_epoch[0]
    assert "vectors are a gensim.models.keyedvectors.KeyedVectors" in output
    assert "tributari" in neighbours(output)["river"]  # the text is stemmed
    match = re.search(r"went on with news: ([\d,]+) of 299,450 raw words trained", output)
    assert match is not None and 100_000 < int(match[1].replace(",", "")) < 299_450
    assert list(tmp_path.iterdir()) == []


def test_drop_in_is_a_gensim_script_but_for_one_import(tmp_path: Path) -> None:
    script = (EXAMPLES / "drop_in.py").read_text(encoding="utf-8")
    ours, theirs = "from w2vplus.word2vec import", "from gensim.models.word2vec import"
    assert script.count(ours) == 1 and "w2vplus." not in script.replace(ours, "")
    changed_back = tmp_path / "gensim_script.py"
    changed_back.write_text(script.replace(ours, theirs).replace("epochs=10", "epochs=1"), encoding="utf-8")
    output = output_of(changed_back, tmp_path)
    assert len(losses(output)) == 1
    assert "of 299,450 raw words trained" in output


def test_phrases_are_found_joined_and_trained(tmp_path: Path) -> None:
    output = output_of(EXAMPLES / "phrases.py", tmp_path)
    assert re.search(r"^pairs: \d+ phrases, among them\n( +\d+\.\d  [A-Za-z]+_[A-Za-z]+\n){6}", output)
    assert re.search(r"^ +\d+\.\d  Osama_bin_Laden$", output, re.MULTILINE)
    assert "Ariel_Sharon flew to New_South_Wales\n" in output
    near = neighbours(output)
    assert set(near) == {"Osama_bin_Laden", "New_South_Wales", "Sydney"}
    assert all(len(words) == 5 for words in near.values())


def test_analogies_are_judged_by_section_and_in_total(tmp_path: Path) -> None:
    output = output_of(EXAMPLES / "analogies.py", tmp_path)
    rows = {
        name: tuple(int(number.replace(",", "")) for number in numbers.split())
        for name, numbers in re.findall(r"^([\w-]+)((?: +[\d,]+){3})$", output, re.MULTILINE)
    }
    assert len(rows) == 14 + 3
    assert rows["total"][2] == 19_544
    assert rows["total"] == tuple(map(sum, zip(rows["semantic"], rows["syntactic"], strict=True)))
    correct, answered, _ = rows["total"]
    assert answered > 3_000 and correct > 0.01 * answered  # a guess is right once in 9,000 times
    correlations = re.findall(r"^(\w+)\.\w+: Spearman (\S+) over", output, re.MULTILINE)
    assert [name for name, _ in correlations] == ["wordsim353", "simlex999"]
    assert float(correlations[0][1]) > 0.2


# ---- README.md


def readme_blocks(language: str) -> list[str]:
    """The code blocks of README.md in a language, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture
def folder_of_the_reader(tmp_path: Path) -> Path:
    """A folder with the files that README.md speaks of."""
    from gensim.test.utils import datapath

    news = Path(datapath("lee_background.cor")).read_bytes()
    (tmp_path / "corpus.txt.gz").write_bytes(gzip.compress(news))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "news.txt").write_bytes(news)
    (tmp_path / "more").mkdir()
    with smart_open.open(str(tmp_path / "more" / "news.zst"), "wb") as stream:
        stream.write(news)
    with open(tmp_path / "reviews.csv", "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "stars"), *((line, 5) for line in news.decode().splitlines())])
    for name, file in (
        ("wiki-pages.xml.bz2", "enwiki-table-markup.xml.bz2"),
        ("questions.txt", "questions-words.txt"),
        ("wordsim353.tsv", "wordsim353.tsv"),
    ):
        shutil.copyfile(datapath(file), tmp_path / name)
    return tmp_path


def test_python_in_the_readme_runs(folder_of_the_reader: Path) -> None:
    script = folder_of_the_reader / "readme.py"
    script.write_text("\n".join(readme_blocks("python")), encoding="utf-8")
    command = [sys.executable, str(script)]
    package_folder = str(Path(w2vplus.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": package_folder}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder_of_the_reader, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "['He', 'moved', 'from', 'London', 'to', 'New_York']" in done.stdout


def test_commands_in_the_readme_run(folder_of_the_reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from w2vplus.cli import app

    monkeypatch.chdir(folder_of_the_reader)
    lines = [line for block in readme_blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("w2vplus ")]
    assert {command[0] for command in commands} == {
        "train", "evaluate", "similar", "analogy", "explore", "plot", "explain", "convert", "neighbours", "postprocess",
        "vocab", "phrases", "word2vec", "bench",
    }  # fmt: skip
    for command in commands:
        if command[0] in ("bench", "explore"):
            continue  # one takes its time, the other asks questions; both have tests of their own
        outcome = CliRunner().invoke(app, command)
        assert outcome.exit_code == 0, f"{command}: {outcome.stderr}"
