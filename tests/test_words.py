"""What people type about words: which keys it stands for, which answers it gets, at a prompt and in a pipe."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from typer.testing import CliRunner

import w2vplus
from w2vplus import save_vectors
from w2vplus.cli import _answers, _prompt, app
from w2vplus.cli._answers import Limits
from w2vplus.cli._output import CommandError
from w2vplus.cli._words import Term, UnknownWord, Words, written
from w2vplus.cli.explore import Explorer, answer_lines

KEYS = ["king", "man", "woman", "queen", "t-shirt", "shirt", "c++", "c", "-", "+", "don't", "new_york", "new", "York",
        '"The', "1,000", "new_york_city"]  # fmt: skip


def vectors_of(keys: Sequence[Any], dimensions: int = 5) -> KeyedVectors:
    vectors = KeyedVectors(dimensions)
    vectors.add_vectors(list(keys), np.random.default_rng(3).normal(size=(len(keys), dimensions)).astype(np.float32))
    return vectors


def words_of(keys: Sequence[Any] = KEYS, phrases: Any = None) -> Words:
    return Words(vectors_of(keys), "v.bin", phrases)


def terms(text: str) -> list[tuple[int, Any]]:
    return [tuple(term) for term in words_of().expression(text)]


def run(*arguments: object, **options: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="w2vplus", **options)


# ---- Sums


@pytest.mark.parametrize("text", ["king - man + woman", "king-man+woman", "  king -man +woman ", "king − man + woman"])
def test_sums_are_read_with_and_without_spaces(text: str) -> None:
    assert terms(text) == [(1, "king"), (-1, "man"), (1, "woman")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t-shirt", [(1, "t-shirt")]),
        ("t-shirt - shirt", [(1, "t-shirt"), (-1, "shirt")]),
        ("t-shirt-shirt", [(1, "t-shirt"), (-1, "shirt")]),
        ("c++ - c", [(1, "c++"), (-1, "c")]),
        ("c++-c", [(1, "c++"), (-1, "c")]),
        ("king+c++", [(1, "king"), (1, "c++")]),
        ("-", [(1, "-")]),
        ('king - "-"', [(1, "king"), (-1, "-")]),
        ('"+"+king', [(1, "+"), (1, "king")]),
        ("-king", [(-1, "king")]),
        ("don't", [(1, "don't")]),
        ('"The', [(1, '"The')]),
        ("1,000", [(1, "1,000")]),
    ],
)
def test_words_that_contain_operators_or_quotes_are_words_when_they_are_keys(
    text: str, expected: list[tuple[int, str]]
) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("new york", [(1, "new_york")]),
        ('"new york"', [(1, "new_york")]),
        ("new york city - new york", [(1, "new_york_city"), (-1, "new_york")]),
        ("king man", [(1, "king"), (1, "man")]),
        ("queen new york king", [(1, "queen"), (1, "new_york"), (1, "king")]),
        ("king - new man", [(1, "king"), (-1, "new"), (-1, "man")]),
    ],
)
def test_words_typed_one_after_another_are_a_phrase_or_else_a_sum(text: str, expected: list[tuple[int, str]]) -> None:
    assert terms(text) == expected


def test_quotes_inside_words_are_no_quotes() -> None:
    words = words_of(['5"', '6"', 'rock"n"roll', "a b"])
    assert words.expression('5" + 6"') == [Term(1, '5"'), Term(1, '6"')]
    assert words.expression('rock"n"roll-5"') == [Term(1, 'rock"n"roll'), Term(-1, '5"')]
    assert words.expression('"a b"-6"') == [Term(1, "a b"), Term(-1, '6"')]


def test_endless_runs_of_operators_are_refused_at_once() -> None:
    with pytest.raises(UnknownWord, match="10,001 characters"):
        words_of().expression("-" * 10_000 + "a")


def test_a_models_phrases_are_found_by_their_words_whatever_joins_them() -> None:
    phrases = w2vplus.Phrases([["new", "york"]] * 9, min_count=1, threshold=0.01, delimiter="~").freeze()
    words = words_of(["new", "york", "new~york"], phrases)
    assert words.expression("new york") == [Term(1, "new~york")]
    assert words.expression("york new") == [Term(1, "york"), Term(1, "new")]


def test_keys_that_are_numbers_are_found_by_their_digits() -> None:
    words = words_of([0, 7, 12])
    assert words.expression("7 - 0") == [Term(1, 7), Term(-1, 0)]
    assert words.several("0 12") == [0, 12]
    with pytest.raises(UnknownWord):
        words.expression("9" * 5000)


@pytest.mark.parametrize("text", ["king -", "king - - man", "- -", "king, man", "", "  "])
def test_sums_with_gaps_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"word must stand|no commas|is empty"):
        words_of().expression(text)


def test_unknown_words_are_named_all_at_once_with_near_spellings() -> None:
    with pytest.raises(UnknownWord) as refused:
        words_of().expression("kinng - mann + xyzzy - woman")
    assert str(refused.value) == (
        "no vector in v.bin for 'kinng' (did you mean king?); 'mann' (did you mean man?); 'xyzzy'"
    )
    with pytest.raises(UnknownWord, match=r"for 'York city' \(did you mean york_City\?\)"):
        words_of(["York", "york_City"]).expression("York city")


names = st.text(st.sampled_from("ab-+,_"), min_size=1, max_size=4)


@given(st.lists(names, min_size=1, max_size=6, unique=True), st.data())
def test_every_key_is_itself_and_sums_of_quoted_keys_come_back(keys: list[str], data: st.DataObject) -> None:
    words = words_of(keys)
    for key in keys:
        assert words.expression(key) == [Term(1, key)]
    chosen = data.draw(st.lists(st.tuples(st.sampled_from([1, -1]), st.sampled_from(keys)), min_size=1, max_size=4))
    text = " ".join(f'{"+" if sign > 0 else "-"} "{key}"' for sign, key in chosen)
    assert [tuple(term) for term in words.expression(text)] == chosen


@given(st.text(st.sampled_from('ab-+, "_'), max_size=12))
def test_any_line_is_answered_or_refused_in_words(text: str) -> None:
    explorer = Explorer(words_of(["a", "b", "a-b", "+", '"', "a_b", "ab"]), Limits(2, None))
    try:
        explorer.answer(text)
    except CommandError as error:
        assert str(error)


# ---- Lists


def test_lists_are_joined_to_phrases_only_where_the_count_asks_for_it() -> None:
    words = words_of(["new", "york", "new_york", "man", "king", "king_man"])
    assert words.several("man king man", 3) == ["man", "king", "man"]
    assert words.several("new york king_man man", 3) == ["new_york", "king_man", "man"]
    assert words.several("new, york, king man") == ["new", "york", "king_man"]
    assert words.several("new york man") == ["new_york", "man"]
    with pytest.raises(CommandError, match="3 words are needed, got new_york, man; commas"):
        words.several("new york, man", 3)


def test_signs_in_lists_are_words() -> None:
    assert words_of().several("- + king") == ["-", "+", "king"]


# ---- Answers


def test_neighbours_and_analogies_are_gensims() -> None:
    words = words_of()
    answer = _answers.neighbours(words, words.expression("king - man + woman"), Limits(3, None))
    expected = words.vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=3)
    assert [tuple(row) for row in answer.rows] == expected
    assert answer.title == "king - man + woman"
    analogy = _answers.analogy(words, ["man", "king", "woman"], Limits(3, None))
    assert [tuple(row) for row in analogy.rows] == expected
    assert _answers.neighbours(words, [Term(1, "king")], Limits(1, 4)).title == "king (word 1 of 17)"


def test_the_odd_one_out_is_gensims() -> None:
    words = words_of()
    asked = ["king", "man", "woman", "c++"]
    answer = _answers.odd_one_out(words, asked)
    assert answer.content["odd"] == words.vectors.doesnt_match(asked)
    with pytest.raises(CommandError, match="at least 3 different words are needed, got king, man"):
        _answers.odd_one_out(words, ["king", "man", "king"])


def test_scores_are_a_square_or_where_that_is_too_wide_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of()
    monkeypatch.setenv("COLUMNS", "80")
    square = _answers.scores(words, ["king", "man", "c"])
    assert [row[0] for row in square.rows] == ["king", "man", "c"]
    assert square.content["cosines"][0][1] == pytest.approx(words.vectors.similarity("king", "man"))
    monkeypatch.setenv("COLUMNS", "20")
    listed = _answers.scores(words, ["king", "man", "c"])
    assert listed.content == square.content
    assert len(listed.rows) == 3 and listed.rows[0][2] == max(row[2] for row in listed.rows)


def test_a_sum_that_cancels_out_and_a_lonely_word_have_no_neighbours() -> None:
    with pytest.raises(CommandError, match="king - king cancels out"):
        _answers.neighbours(words_of(), [Term(1, "king"), Term(-1, "king")], Limits(3, None))
    with pytest.raises(CommandError, match=r"v\.bin has no other word than only"):
        _answers.neighbours(words_of(["only"]), [Term(1, "only")], Limits(3, None))


@pytest.mark.parametrize("dimensions", [1, 2])
def test_few_dimensions_have_neighbours(dimensions: int) -> None:
    words = Words(vectors_of(KEYS, dimensions), "v.bin")
    assert len(_answers.neighbours(words, [Term(1, "king")], Limits(20, None)).rows) == len(KEYS) - 1


def test_vectors_without_direction_are_left_out_with_a_warning(tmp_path: Path) -> None:
    vectors = vectors_of(["good", "bad", "zero", "infinite", "fine"])
    vectors.vectors[1, 2], vectors.vectors[2], vectors.vectors[3, 0] = np.nan, 0, np.inf
    vectors.save(str(tmp_path / "v.kv"))
    outcome = run("similar", tmp_path / "v.kv", "good", "--json")
    assert [near["word"] for near in json.loads(outcome.stdout)[0]["neighbours"]] == ["fine"]
    assert "3 vectors left out, all zeros or with NaN or infinity: 'bad', 'zero', 'infinite'" in outcome.stderr
    assert "no vector in" in run("similar", tmp_path / "v.kv", "bad").stderr
    vectors.vectors[:] = np.nan
    vectors.save(str(tmp_path / "nothing.kv"))
    assert "has no word with a direction: 'good'" in run("similar", tmp_path / "nothing.kv", "good").stderr


def test_a_models_folder_answers_with_its_phrases(tmp_path: Path) -> None:
    sentences = [[f"word{number % 9}", "new", "york"] for number in range(40)]
    phrases = w2vplus.Phrases(sentences, min_count=5, threshold=0.1, delimiter="~").freeze()
    model = w2vplus.Word2Vec(sentences, vector_size=4, min_count=1, phrases=phrases, workers=1)
    model.save_folder(tmp_path / "model")
    answer = json.loads(run("similar", tmp_path / "model", "new york", "-n", 1, "--json").stdout)
    assert answer[0]["word"] == "new~york"


# ---- Lines from a pipe


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "v.bin"
    save_vectors(vectors_of([*KEYS, "日本"]), path)
    return path


def test_lines_from_a_pipe_are_answered_without_prompt_or_escape_codes(file: Path) -> None:
    lines = "king\n\nking - man + woman\n/similarity king, new york\n日本\n/quit\nnever asked\n"
    done = subprocess.run(
        [sys.executable, "-m", "w2vplus", "explore", str(file), "-n", "2"],
        input=lines.encode(), capture_output=True, timeout=60, cwd=Path(w2vplus.__file__).parents[1],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == b""
    text = done.stdout.decode()
    assert "\x1b" not in text and ">" not in text
    titles = [block.splitlines()[0] for block in text.strip().split("\n\n")]
    assert titles == ["king (word 1 of 18)", "king - man + woman", "king and new_york", "日本 (word 18 of 18)"]


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    vectors_of(["good", "\x1b[31mred\x07", "नमस्\u200dते"]).save(str(tmp_path / "v.kv"))
    shown = run("similar", tmp_path / "v.kv", "good").stdout
    assert "\x1b" not in shown and "\\x1b[31mred\\x07" in shown and "नमस्\u200dते" in shown


def test_lines_as_json_correspond_to_objects_and_errors_end_with_1(file: Path) -> None:
    outcome = run("explore", file, "--json", input="king\nkinng\n/odd king man c\n/topn 3\n/what\n")
    asked = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [one["asked"] for one in asked] == ["king", "kinng", "/odd king man c", "/topn 3", "/what"]
    assert ["error" in one for one in asked] == [False, True, False, False, True]
    assert asked[3]["topn"] == 3
    assert outcome.exit_code == 1 and "w2vplus: error: line 2: no vector" in outcome.stderr


def test_limits_change_what_is_shown_and_nonsense_is_refused() -> None:
    explorer = Explorer(words_of(), Limits(10, None))
    explorer.answer("/topn 2")
    explorer.answer("/restrict 3")
    assert {row[0] for row in explorer.answer("king").rows} == {"man", "woman"}
    explorer.answer("/restrict all")
    assert explorer.limits == Limits(2, None)
    with pytest.raises(CommandError, match="/topn must be a number from 1 on, got none"):
        explorer.answer("/topn none")
    assert len(explorer.answer("/help").rows) > len(explorer.commands)


def test_bytes_that_are_not_utf8_spoil_their_line_only(file: Path) -> None:
    outcome = run("explore", file, "--json", input=b"k\xff\nking\n")
    first, second = map(json.loads, outcome.stdout.splitlines())
    assert "error" in first and "neighbours" in second


# ---- The prompt


def test_lines_are_typed_remembered_and_ended() -> None:
    history = InMemoryHistory()
    with create_pipe_input() as pressed:
        pressed.send_text("king\rhalf a line\x03man - woman\r\x04never read\r")  # Ctrl-C begins anew, Ctrl-D ends
        session = {"history": history, "input": pressed, "output": DummyOutput()}
        assert list(_prompt.typed_lines(words_of(), ["/odd"], **session)) == ["king", "man - woman"]
    assert history.get_strings() == ["king", "man - woman"]


def completions(words: Words, text: str) -> list[str]:
    """The texts that Tab offers, each as the whole line that would stand then."""
    completer = _prompt.WordCompleter(words, ["/analogy", "/odd"])
    offers = completer.get_completions(Document(text), CompleteEvent(completion_requested=True))
    return [text[: len(text) + offer.start_position] + offer.text for offer in offers]


def test_words_phrases_and_commands_are_completed_the_most_frequent_first() -> None:
    words = words_of()
    assert completions(words, "king - QU") == ["king - queen"]
    assert completions(words, "new y") == ["new_york", "new_york_city", "new York"]
    assert completions(words_of(["Queen", "queen"]), "qu") == ["queen", "Queen"]  # in the case that was typed
    assert completions(words, "ne") == ["new_york", "new", "new_york_city"]
    assert completions(words, "/an") == ["/analogy"]
    assert completions(words, "/odd ki") == ["/odd king"]
    assert completions(words, "king ") == completions(words, "") == []
    assert completions(words_of(["a b", "ab"]), "a") == ['"a b"', "ab"]


def test_completions_equal_a_scan_of_all_keys() -> None:
    random = np.random.default_rng(0)
    keys = list(dict.fromkeys("".join(random.choice(list("abAB"), 4)) for _ in range(300)))
    completer = _prompt.WordCompleter(words_of(keys), [])
    for prefix in ("a", "Ab", "abba", "b"):
        scanned = [key for key in keys if key.casefold().startswith(prefix.casefold())]
        scanned.sort(key=lambda key: not key.startswith(prefix))
        assert completer.beginning_with(prefix) == scanned[: _prompt.MOST_COMPLETIONS]


def test_an_interrupt_while_answering_ends_the_answer_not_the_session(capsys: pytest.CaptureFixture[str]) -> None:
    explorer = Explorer(words_of(), Limits(1, None))
    original, calls = explorer.answer, []

    def interrupted_once(line: str) -> Any:
        calls.append(line)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return original(line)

    explorer.answer = interrupted_once  # type: ignore[method-assign]
    assert answer_lines(explorer, iter(["king", "man"]), interactive=True) == 0
    assert "man (word 2 of 17)" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
def test_a_terminal_gets_a_prompt_answers_and_a_quiet_end(file: Path, tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "w2vplus", "explore", str(file), "-n", "1"],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=Path(w2vplus.__file__).parents[1],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""

    def await_texts(*texts: bytes) -> None:
        nonlocal seen
        for text in texts:
            while text not in seen:
                assert select.select([ours], [], [], 120)[0], f"waited for {text!r}, got {seen!r}"
                seen += os.read(ours, 4096)
            seen = seen[seen.index(text) + len(text) :]

    try:
        await_texts(b"18 words of 5 numbers", b">")
        os.write(ours, b"queen\r")
        await_texts(b"queen (word 4 of 18)", b">")
        os.write(ours, b"kinng\r")
        await_texts(b"did you mean king?", b">")  # between prompts the terminal would take Ctrl-D for itself
        os.write(ours, b"\x04")
        assert process.wait(timeout=120) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert "+queen" in (tmp_path / "w2vplus" / "explore-history").read_text()


def test_history_lies_where_the_system_says_or_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    _prompt._history().append_string("king")
    assert "king" in (tmp_path / "w2vplus" / "explore-history").read_text()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert isinstance(_prompt._history(), InMemoryHistory)
    assert "lines are not remembered" in capsys.readouterr().err


def test_written_sums_are_as_typed() -> None:
    assert written([Term(-1, "a"), Term(1, "b")]) == "- a + b"
