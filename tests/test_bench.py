"""The measuring engine: equal work or no ratio, whatever the text looks like."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from w2vplus import bench, show_config
from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.bench import BenchCorpus, BenchError, Plan, Row, Settings, analogies, measure, vectors, vocabulary
from w2vplus.bench.analogies import measure_analogies
from w2vplus.bench.corpus import first_tokens, token_lists
from w2vplus.bench.index import clustered_vectors
from w2vplus.bench.machine import cpu_name
from w2vplus.bench.peers import Gensim, Training, W2VPlus
from w2vplus.bench.vocabulary import VocabularyRow, measure_vocabulary
from w2vplus.cli import app
from w2vplus.corpus import encode
from w2vplus.evaluation import Question

SMALL = Settings(vector_size=8, epochs=2)


@pytest.fixture
def one_line(tmp_path: Path) -> BenchCorpus:
    """The Lee news as text8 has it: 59,890 tokens, one line, no line feed."""
    text = tmp_path / "one-line.txt"
    text.write_text(" ".join(Path(bundled(LEE_NEWS)).read_text(encoding="utf-8").split()), encoding="utf-8")
    folder = tmp_path / "bench"
    folder.mkdir()
    return BenchCorpus(str(text), folder)


def test_the_beginning_of_a_corpus_is_that_of_its_text() -> None:
    sentences = [["a", "b", "a"], [], ["c", "b"], ["d"]]
    cut = first_tokens(encode(sentences), 4)
    assert cut.types == ["a", "b", "c"]
    assert cut.counts.tolist() == [2, 1, 1]
    assert cut.store.sentence_starts.tolist() == [0, 3, 3, 4]
    assert token_lists(cut, 10) == [["a", "b", "a"], ["c"]]


def test_long_sentences_are_cut_and_not_dropped() -> None:
    words = [str(number) for number in range(25)]
    assert token_lists(encode([words]), 10) == [words[:10], words[10:20], words[20:]]


def test_every_peer_trains_every_word_of_a_one_line_text(one_line: BenchCorpus) -> None:
    for peer in (W2VPlus(), Gensim()):
        peer.prepare(one_line, SMALL)
        assert peer.train(one_line, SMALL, seed=1).raw_words == 2 * 59890


def test_gensim_can_be_fed_either_way(one_line: BenchCorpus) -> None:
    for feed in ("memory", "corpus_file"):
        peer = Gensim()
        peer._feed[SMALL] = feed
        assert peer.train(one_line, SMALL, seed=1).raw_words == 2 * 59890


@pytest.mark.parametrize(("feed", "pieces"), [("memory", 6), ("corpus_file", 60)])
def test_gensims_learning_rate_falls_over_what_it_is_fed(
    one_line: BenchCorpus, monkeypatch: pytest.MonkeyPatch, feed: str, pieces: int
) -> None:
    """59,890 words are 6 lists of 10,000 or 60 lines of 1,000; the rate falls by one of these at a time."""
    from gensim.models import Word2Vec

    told: dict[str, Any] = {}

    def train(self: Any, **arguments: Any) -> tuple[int, int]:
        told.update(arguments)
        return 0, 0

    monkeypatch.setattr(Word2Vec, "train", train)
    peer = Gensim()
    peer._feed[SMALL] = feed
    peer.train(one_line, SMALL, seed=1)
    source = told["corpus_iterable"] if feed == "memory" else Path(told["corpus_file"]).read_text().splitlines()
    assert told["total_examples"] == len(source) == pieces


def test_several_workers_of_gensim_are_fed_from_memory(one_line: BenchCorpus) -> None:
    peer = Gensim()
    settings = Settings(vector_size=8, workers=2)
    assert peer.prepare(one_line, settings) == peer._feed[settings] == "memory"


def test_only_w2vplus_is_told_of_shared_negatives(one_line: BenchCorpus) -> None:
    settings = Settings(vector_size=8, shared_negatives=0)
    assert "shared_negatives" not in settings.arguments(1)
    assert settings.arguments(1, of_w2vplus=True)["shared_negatives"] == 0
    assert "shared_negatives" not in SMALL.arguments(1, of_w2vplus=True)
    rows = list(measure(one_line, ["lists", "script", "whole"], [settings], Plan(repetitions=1, peers=("w2vplus",))))
    assert all(row.as_dict()["shared_negatives"] == 0 for row in rows)
    command = W2VPlus().command("text", settings, 1, Path("vectors.bin"))
    assert command[command.index("--shared-negatives") + 1] == "0"


def test_rows_hold_speed_ratio_and_accuracy(one_line: BenchCorpus) -> None:
    plan = Plan(repetitions=1, accuracy=True, seeds=2)
    (row,) = measure(one_line, ["training"], [SMALL], plan)
    figures = row.as_dict()
    assert figures["tokens"] == 59890 and figures["mode"] == "sg-ns"
    for peer in ("w2vplus", "gensim"):
        assert len(figures["peers"][peer]["seconds"]) == 2  # as many runs as seeds
        assert set(figures["peers"][peer]["accuracy"]) == {"analogies", "wordsim353", "simlex999"}
    assert figures["peers"]["gensim"]["ratio"]["median"] > 0


def test_the_whole_row_runs_fresh_processes(one_line: BenchCorpus) -> None:
    (row,) = measure(one_line, ["whole"], [SMALL], Plan(repetitions=1))
    assert set(row.seconds) == {"w2vplus", "gensim"}
    assert min(row.seconds["gensim"]) > 0.1  # Python's own start is part of it


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell of a running process")
def test_the_whole_row_holds_the_peak_memory_of_its_processes(one_line: BenchCorpus) -> None:
    ballast = np.ones(60_000_000)  # 480 MB in this process, which a child must not be charged with
    (row,) = measure(one_line, ["whole"], [SMALL], Plan(repetitions=1))
    assert len(ballast)
    for peer in ("w2vplus", "gensim"):
        (peak,) = row.as_dict()["peers"][peer]["peak_megabytes"]
        assert 30 < peak < 450


def test_a_generated_text_has_the_words_and_tokens_asked_for(tmp_path: Path) -> None:
    corpus = BenchCorpus("zipf:500,20000", tmp_path)
    assert corpus.token_count == 20_000 and len(corpus.encoded.types) == 500
    expected = 1 + 19_500 / np.arange(1, 501) / (1 / np.arange(1, 501)).sum()
    counts = dict(zip(corpus.encoded.types, corpus.encoded.counts.tolist(), strict=True))
    for rank in (1, 2, 10):
        assert counts[f"w{rank - 1}"] == pytest.approx(expected[rank - 1], rel=0.15)
    for wrong in ("zipf:500", "zipf:30,20", "zipf:many,20"):
        with pytest.raises(ValueError, match="a generated text is zipf:WORDS,TOKENS"):
            BenchCorpus(wrong, tmp_path)


@pytest.mark.parametrize("name", ["fasttext", "word2vec"])
def test_trainers_of_other_packages_train_every_word(one_line: BenchCorpus, name: str) -> None:
    pytest.importorskip(name, reason=f"{name} is in the extra peers")
    (row,) = measure(one_line, ["training"], [SMALL], Plan(repetitions=1, accuracy=True, seeds=1, peers=(name,)))
    assert set(row.seconds) == {"w2vplus", name}
    assert row.ratios(name)[0] > 0
    assert row.accuracy[name][0].keys() == {"analogies", "wordsim353", "simlex999"}


def test_a_peer_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: object) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr("w2vplus.bench.c_peers.FastText.version", missing)
    outcome = CliRunner().invoke(app, ["bench", bundled(LEE_NEWS), "--peers", "gensim,fasttext", "-q"])
    assert outcome.exit_code == 1
    assert "error: fasttext is not installed: pip install 'w2vplus[peers]'" in outcome.stderr


def test_the_ratio_is_the_median_of_ratios_within_repetitions() -> None:
    row = Row("training", SMALL, 1000, seconds={"w2vplus": [1.0, 2.0, 1.0], "gensim": [10.0, 30.0, 20.0]})
    assert row.ratios("gensim") == [10.0, 15.0, 20.0]
    assert row.as_dict()["peers"]["gensim"]["ratio"] == {"median": 15.0, "min": 10.0, "max": 20.0}
    assert row.words_per_second("gensim") == 100.0  # 1,000 tokens, two epochs, 20 seconds


def test_a_peer_that_trains_only_part_of_the_corpus_is_refused(
    one_line: BenchCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lazy(Gensim):
        name = "lazy"

        def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
            # What gensim's corpus_file mode does with a one-line text.
            return Training(1.0, 10_000 * settings.epochs, lambda: pytest.fail("not to be scored"))

    monkeypatch.setattr(bench, "PEERS", (W2VPlus, Lazy))
    with pytest.raises(
        BenchError, match="lazy says it trained 20000 raw words, but 59890 tokens times 2 epochs"
    ):
        list(measure(one_line, ["training"], [SMALL], Plan(repetitions=1, peers=("lazy",))))


def test_the_command_fails_with_one_line_when_work_is_unequal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(W2VPlus):
        def train(self, corpus: BenchCorpus, settings: Settings, seed: int) -> Training:
            return Training(1.0, 10_000, lambda: pytest.fail("not to be scored"))

    monkeypatch.setattr(bench, "PEERS", (Lazy,))
    outcome = CliRunner().invoke(app, ["bench", bundled(LEE_NEWS), "-q"])
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "w2vplus: error: w2vplus says it trained 10000 raw words" in outcome.stderr


def test_gensims_corpus_file_really_stops_after_ten_thousand_words(one_line: BenchCorpus) -> None:
    """The reason for the check: should gensim mend this, the trial may trust one-line files again."""
    model = Gensim._fresh_model(one_line, SMALL, seed=1)
    _, raw_words = model.train(corpus_file=one_line.source, total_words=59890, epochs=1)
    assert raw_words < 59890


def test_bench_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    arguments: list[Any] = ["bench", bundled(LEE_NEWS), "--vector-size", "8,12", "--modes", "sg-ns,cbow-hs"]
    arguments += ["--repetitions", "1", "--max-tokens", "20000", "-o", str(tmp_path / "rows.json")]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.stderr
    assert "w2vplus faster by" in outcome.stdout and "×" in outcome.stdout
    report = json.loads((tmp_path / "rows.json").read_text())
    assert [(row["mode"], row["vector_size"]) for row in report["rows"]] == [
        ("sg-ns", 8), ("sg-ns", 12), ("cbow-hs", 8), ("cbow-hs", 12),
    ]  # fmt: skip
    assert report["tokens"] == 20000
    assert {"w2vplus", "kernel", "gensim", "numpy", "python", "cpu"} <= set(report["environment"])
    assert report["environment"]["kernel"] == show_config()["kernel"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--modes", "sg-ns,glove"], "--modes must be a list of sg-ns, cbow-ns, sg-hs, cbow-hs, got 'glove'"),
        (["--rows", ""], "--rows must be a list of training, lists, script, whole, "),
        (["--vector-size", "100,big"], "--vector-size must be a list of whole numbers from 1 on, got 'big'"),
        (["--repetitions", "0"], "--repetitions must be at least 1, got 0"),
        (["--shared-negatives", "1,5"], "--shared-negatives must be a list of whole numbers from 0 to 4, got '5'"),
    ],
)
def test_bench_refuses_nonsense(options: list[str], message: str) -> None:
    outcome = CliRunner().invoke(app, ["bench", "does-not-exist.txt", *options])
    assert outcome.exit_code == 2
    assert message in outcome.stderr


def test_accuracy_without_known_words_is_not_a_number() -> None:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(2)
    vectors.add_vectors(["qqq", "zzz"], np.eye(2, dtype=np.float32))
    assert all(np.isnan(score) for score in bench.accuracy_of(vectors).values())


def test_the_vocabulary_row_compares_equal_work(one_line: BenchCorpus) -> None:
    rows = list(measure_vocabulary(one_line, [2], 1))
    assert [(row.form, row.workers) for row in rows] == [
        (form, workers) for form in ("plain", ".gz", ".zst") for workers in (1, 2)
    ]
    assert all(row.token_count == 59890 and len(row.seconds) == len(row.gensim) == 1 for row in rows)
    assert rows[0].cost_of_compression is None and rows[2].cost_of_compression is not None
    assert json.dumps([row.as_dict() for row in rows])


def test_ratios_of_the_vocabulary_row_are_taken_within_repetitions() -> None:
    row = VocabularyRow(".gz", 2, 100, [1.0, 2.0], [10.0, 30.0], [0.5, 4.0], [0.8, 1.0], [1.5, 4.0])
    assert row.ratio_to_gensim == 12.5 and row.speed_up == 1.75
    assert row.cost_of_compression == (1 / 0.8 + 2 / 4) / 2


def test_a_text_that_gensim_scans_otherwise_gives_no_ratio(one_line: BenchCorpus, monkeypatch: Any) -> None:
    monkeypatch.setattr(vocabulary, "_gensim_scan", lambda path: {"the": 1})
    with pytest.raises(BenchError, match="other words or counts"):
        list(measure_vocabulary(one_line, [1], 1))


def test_the_command_shows_the_vocabulary_row(one_line: BenchCorpus) -> None:
    arguments = ["bench", one_line.source, "--rows", "vocabulary", "--repetitions", "1"]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "text to ids" in outcome.stdout and ".zst" in outcome.stdout


def test_phrase_rows_time_every_task_of_every_peer(tmp_path: Path) -> None:
    from w2vplus.bench.phrases import TASKS, measure_phrases, peers_of

    text = tmp_path / "text.txt"
    text.write_text("new york\n" * 30 + "".join(f"a{number} b{number}\n" for number in range(400)))
    rows = list(measure_phrases(str(text), tmp_path, [1], 1))
    assert [row.task for row in rows] == [task for task in TASKS if peers_of(task)]
    for row in rows:
        assert list(row.seconds) == peers_of(row.task)
        assert all(min(times) > 0 for times in row.seconds.values())
        assert row.as_dict()["ratio"].keys() == row.seconds.keys() - {"w2vplus"}
    assert (tmp_path / "w2vplus.txt").read_text() == (tmp_path / "gensim.txt").read_text()
    assert "new_york" in (tmp_path / "w2vplus.txt").read_text()
    with pytest.raises(BenchError, match="failed at phrases"):
        list(measure_phrases(str(tmp_path / "missing"), tmp_path, [1], 1))


def test_the_analogies_row_compares_equal_answers(one_line: BenchCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analogies, "CUTS", (500, 90_000))
    rows = list(measure_analogies(one_line, [SMALL], 1))
    assert [row.words for row in rows] == [500, 1762]
    for row in rows:
        assert row.answered > 0 and len(row.ratios()) == 1
        assert json.loads(json.dumps(row.as_dict()))["ratio"]["median"] == row.ratios()[0] > 0
    monkeypatch.setattr(analogies, "evaluate_analogies", lambda *_, **__: SimpleNamespace(total=Wrong))
    with pytest.raises(BenchError, match="no ratio is given for unequal answers"):
        list(measure_analogies(one_line, [SMALL], 1))


class Wrong:
    """A total that claims a question which gensim does not answer rightly."""

    seen = correct = 1
    correct_questions = (Question("a", "b", "c", ("d",)),)


def test_the_table_has_a_line_for_every_number_of_windows_that_share_noise_words() -> None:
    options = ["--shared-negatives", "0,3", "--peers", "w2vplus", "--vector-size", "8", "--repetitions", "1", "-q"]
    outcome = CliRunner().invoke(app, ["bench", bundled(LEE_NEWS), "--max-tokens", "5000", *options])
    assert outcome.exit_code == 0, outcome.output
    lines = [line.split() for line in outcome.stdout.splitlines() if " w2vplus " in line]
    assert [line[4] for line in lines if line[0] == "training"] == ["0", "3"]


def test_vectors_are_measured_without_a_corpus(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    sizes = ["--vector-count", "50", "--vector-size", "4,6", "--repetitions", "2"]
    done = CliRunner().invoke(app, ["bench", "--rows", "vectors", *sizes, "-o", str(target), "-q"])
    assert done.exit_code == 0, done.output
    rows = json.loads(target.read_text(encoding="utf-8"))["rows"]
    tasks = ["save txt", "load txt", "save bin", "load bin"]
    assert [(row["task"], row["dimensions"]) for row in rows] == [(task, size) for size in (4, 6) for task in tasks]
    assert all(len(seconds) == 2 for row in rows for seconds in row["seconds"].values())
    assert "load txt" in done.stdout
    missing = CliRunner().invoke(app, ["bench", "--rows", "vectors,training"])
    assert missing.exit_code == 2
    assert "missing argument CORPUS" in missing.stderr


def test_an_index_is_measured_without_a_corpus(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    target = tmp_path / "figures.json"
    options = ["--vector-count", "300", "--vector-size", "8", "--workers", "1,2", "-o", str(target), "-q"]
    done = CliRunner().invoke(app, ["bench", "--rows", "index", *options])
    assert done.exit_code == 0, done.output
    rows = json.loads(target.read_text(encoding="utf-8"))["rows"]
    assert [(row["words"], row["dimensions"], row["threads"]) for row in rows] == [(300, 8, 1), (300, 8, 2)]
    for row in rows:
        assert row["build_seconds"] > 0 and row["recall"]["mean"] > 0.9 and row["recall"]["queries"] == 300
        assert row["queries_per_second"].keys() == {"index", "exact"}
    assert "of the 10 nearest it finds" in done.stdout


def test_made_clusters_have_neighbours() -> None:
    made = clustered_vectors(500, 20)
    assert np.array_equal(made.vectors, clustered_vectors(500, 20).vectors)
    unit = made.vectors / np.linalg.norm(made.vectors, axis=1, keepdims=True)
    nearest = np.sort(unit @ unit.T, axis=1)[:, -11:-1]
    assert 0.5 < nearest.mean() < 0.95 and abs((unit @ unit.T).mean()) < 0.2


def test_vectors_that_differ_from_gensims_have_no_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save_others(keyed_vectors: Any, path: Path) -> None:
        path.write_bytes(b"other")

    monkeypatch.setattr(vectors, "save_vectors", save_others)
    with pytest.raises(BenchError, match=r"gensim writes another \.txt file"):
        list(vectors.measure_vectors(tmp_path, 5, [3], 1))


def test_lists_and_scripts_train_every_word_with_either_import(one_line: BenchCorpus) -> None:
    rows = list(measure(one_line, ["lists", "script"], [SMALL], Plan(repetitions=1)))
    assert [row.kind for row in rows] == ["lists", "script"]
    assert all(set(row.seconds) == {"w2vplus", "gensim"} and row.ratios("gensim")[0] > 0 for row in rows)


def test_a_processor_is_told_with_the_numbers_of_its_design(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    assert cpu_name(cpuinfo) and "(" not in cpu_name(cpuinfo)  # elsewhere than on Linux
    cores = "processor\t: {}\nvendor_id\t: X\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: X 9000\n\n"
    cpuinfo.write_text(cores.format(0) + cores.format(1).replace("17", "18"))
    assert cpu_name(cpuinfo) == "X 9000 (family 25, model 17)"
    cpuinfo.write_text("processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n")
    assert cpu_name(cpuinfo).endswith(" (implementer 0x41, part 0xd0c)")
