"""Maps of words: where words lie, what colours and labels say, what the page holds, and what is refused.

Pictures need matplotlib and t-SNE scikit-learn (the extra `plot`); their tests skip without them.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import warnings
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vplus.plots import layout, word_map
from w2vplus.plots.labels import FEW, place_labels, stack_labels
from w2vplus.plots.map_page import script_json
from w2vplus.plots.palette import GROUP_COLORS, RANK_COLORS

SCRIPTS = ["word", "слово", "λόγος", "שלום", "كلمة", "शब्द", "คำ", "言葉", "단어", "ord$1$ & <b>", "naïve", "🙂"]


def vectors_of(words: list[Any], size: int = 12, seed: int = 3) -> KeyedVectors:
    made = KeyedVectors(size)
    made.add_vectors(words, np.random.default_rng(seed).standard_normal((len(words), size)).astype(np.float32))
    return made


@pytest.fixture(scope="module")
def hundred() -> KeyedVectors:
    return vectors_of([f"word{number}" for number in range(100)])


def unit(rows: int, size: int = 12, seed: int = 3) -> Any:
    return layout.directions(np.random.default_rng(seed).standard_normal((rows, size)), range(rows))


# ---- Where words lie


def test_principal_components_are_those_of_a_singular_value_decomposition() -> None:
    rows = np.random.default_rng(1).standard_normal((60, 9)) * np.arange(1, 10)
    centred = rows - rows.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    found = layout.principal_components(rows, 3)
    np.testing.assert_allclose(np.abs(found), np.abs((left * scale)[:, :3]), atol=1e-9)
    assert (found.max(axis=0) == np.abs(found).max(axis=0)).all()  # signs do not change from run to run


def test_one_dimension_makes_a_line() -> None:
    found = layout.principal_components(np.array([[1.0], [2.0], [4.0]]), 2)
    assert found.shape == (3, 2) and not found[:, 1].any() and np.ptp(found[:, 0]) == 3


def test_clusters_find_what_is_apart() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(6)[:3] * 20
    rows = np.repeat(centres, [30, 20, 10], axis=0) + rng.standard_normal((60, 6))
    groups, members = layout.clusters(layout.directions(rows, range(60)), 3)
    assert [len(set(groups[part].tolist())) for part in (slice(30), slice(30, 50), slice(50, 60))] == [1, 1, 1]
    assert [len(inside) for inside in members] == [30, 20, 10]
    assert sorted(row for inside in members for row in inside) == list(range(60))


def test_equal_vectors_are_one_cluster() -> None:
    groups, members = layout.clusters(np.ones((5, 3), dtype=np.float32), 3)
    assert len(members) == len(set(groups.tolist()))


@pytest.mark.parametrize("words", [2, 3, 4, 6, 40])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_any_number_of_words_has_places(words: int, method: str) -> None:
    if method == "tsne":
        pytest.importorskip("sklearn", reason="t-SNE needs scikit-learn: pip install 'w2vplus[plot]'")
    points, _ = layout.places(unit(words), method)
    assert points.shape == (words, 2) and np.isfinite(points).all()
    again, _ = layout.places(unit(words), method)
    np.testing.assert_array_equal(points, again)


@pytest.mark.slow
def test_umap_lays_out() -> None:
    pytest.importorskip("umap", reason="UMAP needs umap-learn: pip install 'w2vplus[umap]'")
    assert np.isfinite(layout.places(unit(40), "umap")[0]).all()


def test_two_dimensions_are_drawn_as_they_are() -> None:
    vectors = vectors_of(["a", "b", "c"], size=2)
    drawn = word_map(vectors)
    np.testing.assert_array_equal(drawn.points, vectors.vectors.astype(float))
    assert "2 dimensions" in drawn.method


# ---- Which words


def test_a_map_has_the_most_frequent_words(hundred: KeyedVectors) -> None:
    drawn = word_map(hundred, top=30, method="pca")
    assert drawn.words == hundred.index_to_key[:30] and drawn.vocabulary == 100
    assert drawn.near.shape == (30, 10) and drawn.near.max() < 30


def test_words_without_direction_are_nobodys_neighbours() -> None:
    vectors = vectors_of(["a", "b", "c", "d"])
    vectors.vectors[3] = 0
    drawn = word_map(vectors, method="pca")
    assert 3 not in drawn.near and drawn.near[:3, 2].tolist() == [-1, -1, -1]
    data = data_of(drawn.page())
    assert np.frombuffer(base64.b64decode(data["near"]), "<i4").reshape(4, 3)[:3, 2].tolist() == [-1, -1, -1]


def test_given_words_come_once_and_by_frequency(hundred: KeyedVectors) -> None:
    drawn = word_map(hundred, ["word7", "word3", "word7"], method="pca")
    assert drawn.words == ["word3", "word7"] and drawn.ranks.tolist() == [4, 8]


def test_frequency_groups_hold_every_word_in_order(hundred: KeyedVectors) -> None:
    drawn = word_map(hundred, method="pca", color="frequency")
    assert (np.diff(drawn.group_of.astype(int)) >= 0).all()
    assert drawn.groups[0].name.startswith("words 1") and drawn.groups[-1].name.endswith("100")
    assert set(drawn.group_of.tolist()) == set(range(len(drawn.groups)))


def test_integer_keys_are_words_too() -> None:
    assert word_map(vectors_of([7, 3, 11]), [11, 7], method="pca").words == ["7", "11"]


def refused(action: Any) -> str:
    with pytest.raises((ValueError, KeyError)) as caught:
        action()
    return str(caught.value)


def test_what_cannot_be_mapped_is_refused(hundred: KeyedVectors) -> None:
    assert "at least 2 words, got 1" in refused(lambda: word_map(hundred, ["word1"]))
    assert "'king'" in refused(lambda: word_map(hundred, ["king", "word1"]))
    assert "method must be one of auto, pca" in refused(lambda: word_map(hundred, method="mds"))
    assert "clusters must be 1 to 7, got 8" in refused(lambda: word_map(hundred, clusters=8))
    assert "color must be" in refused(lambda: word_map(hundred, color="red"))
    assert "top must be at least 2" in refused(lambda: word_map(hundred, top=1))
    broken = vectors_of(["a", "b", "c"])
    broken.vectors[1, 2] = np.nan
    assert "those of b among them" in refused(lambda: word_map(broken))


def test_a_word_of_zeros_has_a_place() -> None:
    vectors = vectors_of(["a", "b", "c", "d"])
    vectors.vectors[2] = 0
    assert np.isfinite(word_map(vectors, method="pca").points).all()


# ---- Colours


def lab(color: str, vision: np.ndarray | None = None) -> np.ndarray:
    """CIELAB of a colour as a kind of colour vision sees it (linear RGB through a 3 × 3 matrix)."""
    shares = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    if vision is not None:
        linear = np.clip(vision @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ linear / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes 2009, severity 1.
VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


@pytest.mark.parametrize("vision", VISIONS)
def test_groups_differ_for_every_colour_vision(vision: str) -> None:
    seen = [lab(color, VISIONS[vision]) for color in GROUP_COLORS]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 10


def test_ranks_grow_lighter_and_no_colour_vanishes() -> None:
    assert (np.diff([lab(color)[0] for color in RANK_COLORS]) > 5).all()
    for color in (*GROUP_COLORS, *RANK_COLORS):
        for ground in ("#ffffff", "#16181d"):
            assert np.linalg.norm(lab(color) - lab(ground)) > 20


# ---- Labels


def boxes_of(corners: np.ndarray, sizes: np.ndarray) -> list[tuple[float, ...]]:
    placed = ~np.isnan(corners[:, 0])
    return [tuple(row) for row in np.hstack([corners, corners + sizes])[placed]]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@settings(max_examples=40)
@given(count=st.integers(1, 150), seed=st.integers(0, 10_000), spread=st.sampled_from([10.0, 200.0, 900.0]))
def test_labels_never_overlap_nor_leave_the_frame(count: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    points = 500 + (rng.random((count, 2)) - 0.5) * spread
    sizes = np.column_stack([rng.uniform(10, 120, count), np.full(count, 14.0)])
    boxes = boxes_of(place_labels(points, sizes, (0, 0, 1000, 1000)), sizes)
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert all(min(box) >= 0 and max(box) <= 1000 for box in boxes)


@settings(max_examples=40)
@given(count=st.integers(1, 30), seed=st.integers(0, 10_000), spread=st.sampled_from([1.0, 200.0]))
def test_stacked_labels_keep_the_order_of_their_points_and_others_clear(count: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    points = 250 + (rng.random((count, 2)) - 0.5) * spread
    sizes = np.column_stack([rng.uniform(10, 120, count), np.full(count, 20.0)])
    corners = stack_labels(points, sizes, (0, 0, 500, 500))
    shown = min(count, 25)
    assert not np.isnan(corners[:shown]).any() and np.isnan(corners[shown:]).all()
    np.testing.assert_array_equal(np.argsort(corners[:shown, 1]), np.argsort(points[:shown, 1]))
    stacked = np.hstack([corners, corners + sizes])[:shown]
    others = boxes_of(place_labels(points, sizes, (0, 0, 500, 500), stacked), sizes)
    boxes = [*map(tuple, stacked), *others]
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert all(min(box) >= 0 and max(box) <= 500 for box in boxes)


@pytest.mark.parametrize("seed", range(5))
def test_fifty_words_are_all_labelled(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(450, 120, (50, 2))
    sizes = np.column_stack([rng.uniform(20, 90, 50), np.full(50, 14.0)])
    assert FEW >= 50
    assert len(boxes_of(place_labels(points, sizes, (0, 0, 900, 900)), sizes)) == 50


# ---- The page


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_page_holds_the_map(hundred: KeyedVectors) -> None:
    drawn = word_map(hundred, top=40, method="pca")
    data = data_of(drawn.page())
    assert data["words"] == drawn.words
    near = np.frombuffer(base64.b64decode(data["near"]), "<u4").reshape(40, 10)
    np.testing.assert_array_equal(near, drawn.near)
    cosines = np.frombuffer(base64.b64decode(data["cosines"]), "<i1").reshape(40, 10) / 100
    np.testing.assert_allclose(cosines, drawn.cosines, atol=0.00501)
    x, y = (np.frombuffer(base64.b64decode(data[name]), "<u2").astype(float) for name in "xy")
    scale = np.ptp(drawn.points, axis=0).max() / 65535
    np.testing.assert_allclose(x * scale, drawn.points[:, 0] - drawn.points[:, 0].min(), atol=scale)
    np.testing.assert_allclose(y * scale, drawn.points[:, 1].max() - drawn.points[:, 1], atol=scale)


def test_words_cannot_break_out_of_the_page() -> None:
    words = ["</script><script>alert(1)</script>", "<!--", "a&b", '"', "\u2028", *SCRIPTS]
    page = word_map(vectors_of(words), method="pca", title="<b>&").page()
    assert data_of(page)["words"] == words
    assert "alert(1)</script>" not in page and "<title>&lt;b&gt;&amp;</title>" in page
    assert json.loads(script_json({"a": "<\u2029"})) == {"a": "<\u2029"}


def test_the_page_names_no_other_place(hundred: KeyedVectors) -> None:
    page = word_map(hundred, method="pca").page()
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|src=|href=|@import|url\(", page)


def test_a_map_shows_itself_in_notebooks(hundred: KeyedVectors) -> None:
    shown = word_map(hundred, method="pca")._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and shown.count('"') == 6


def test_the_page_needs_only_what_w2vplus_needs(tmp_path: Path) -> None:
    code = """
import sys
for name in ("matplotlib", "sklearn", "umap"):
    sys.modules[name] = None  # makes every import of it fail
import numpy as np
from gensim.models import KeyedVectors
from w2vplus.plots import word_map
vectors = KeyedVectors(4)
vectors.add_vectors(list("abcdefgh"), np.random.default_rng(1).random((8, 4)))
drawn = word_map(vectors)
drawn.save("map.html")
print(drawn.method)
for wanted in ("tsne", "umap", "picture"):
    try:
        drawn.chart() if wanted == "picture" else word_map(vectors, method=wanted)
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    lines = done.stdout.splitlines()
    assert lines[0] == "PCA", done.stderr
    assert [line[line.index("pip") :].split("'")[1] for line in lines[1:]] == [
        "w2vplus[plot]", "w2vplus[umap]", "w2vplus[plot]",
    ]  # fmt: skip
    assert (tmp_path / "map.html").stat().st_size > 5000


# ---- The picture


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_map_is_saved_as_a_picture(hundred: KeyedVectors, tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
    drawn = word_map(hundred, top=20, method="pca")
    for name in ("one", "two"):
        drawn.save(tmp_path / f"{name}{suffix}", (400, 300))
    content = (tmp_path / f"one{suffix}").read_bytes()
    assert content == (tmp_path / f"two{suffix}").read_bytes()  # the same map is the same file
    if suffix == ".svg":
        assert all(f">{word}<".encode() in content for word in drawn.words)
    if suffix == ".png":
        assert int.from_bytes(content[16:20], "big") == 400 and int.from_bytes(content[20:24], "big") == 300


@pytest.mark.parametrize("size", [(200, 200), (240, 2400), (3000, 400)])
def test_a_picture_may_be_narrow_or_wide(hundred: KeyedVectors, size: tuple[int, int], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        word_map(hundred, top=50, method="pca").save(tmp_path / "map.png", size)


def test_words_of_all_scripts_are_drawn_or_named(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
    from w2vplus.plots.chart import fonts_for

    unencoded = "\U0010fffd"  # for private use: no font has it
    with pytest.warns(UserWarning, match="characters of 1 of the words, .*U0010fffd"):
        fonts_for(["word", unencoded])
    assert fonts_for(["word", "слово"]) == ["DejaVu Sans", "sans-serif"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which scripts there are fonts for is this machine's affair
        word_map(vectors_of(SCRIPTS), method="pca").save(tmp_path / "map.svg")
    assert all(word in (tmp_path / "map.svg").read_text("utf-8") for word in SCRIPTS if "<" not in word)


def test_pictures_need_no_display_and_leave_pyplot_alone(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
    code = """
import os, sys
os.environ.pop("DISPLAY", None); os.environ["MPLBACKEND"] = "TkAgg"
import numpy as np
from gensim.models import KeyedVectors
from w2vplus.plots import word_map
vectors = KeyedVectors(4)
vectors.add_vectors(list("abc"), np.random.default_rng(1).random((3, 4)))
word_map(vectors, method="pca").save("map.png")
print("matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout.strip() == "False", done.stderr


def test_a_picture_refuses_a_foreign_suffix_and_leaves_no_file(hundred: KeyedVectors, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'w2vplus[plot]'")
    drawn = word_map(hundred, top=5, method="pca")
    assert ".png, .svg, .pdf" in refused(lambda: drawn.save(tmp_path / "map.gif"))
    assert "200 to 10,000 pixels, got 20" in refused(lambda: drawn.save(tmp_path / "map.png", (20, 900)))
    assert list(tmp_path.iterdir()) == []
