"""The map and the report in a real browser: hover, search, zoom, drag, click, themes, sizes; nothing is loaded, nothing
complains. Run with `pytest -m browser`; needs selenium (the extra `test-browser`), Chromium and its driver.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from test_cli import run
from test_plots import vectors_of

from w2vplus._bundled import LEE_NEWS, bundled
from w2vplus.plots import word_map

selenium = pytest.importorskip("selenium", reason="needs selenium: pip install 'w2vplus[test-browser]'")
pytestmark = pytest.mark.browser

from selenium.webdriver import ActionChains, Chrome, ChromeOptions, Keys  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,900",
)  # fmt: skip


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no Chromium with a driver on this machine (Debian: apt install chromium chromium-driver)")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


class Page:
    """An opened file."""

    def __init__(self, chrome: Chrome, path: Path) -> None:
        self.chrome = chrome
        chrome.get_log("browser"), chrome.get_log("performance")  # empties both
        chrome.get(path.as_uri())

    def ask(self, script: str) -> Any:
        return self.chrome.execute_script(f"return {script}")

    def until(self, holds: Callable[[], Any]) -> Any:
        """What `holds` gives as soon as that is true; within five seconds."""
        end = time.monotonic() + 5
        while not (found := holds()):
            assert time.monotonic() < end, f"waited in vain for {holds}"
            time.sleep(0.02)
        return found

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.chrome.get_log("browser")]

    def requests(self) -> list[str]:
        """What was asked for, the file itself and data inside it left out."""
        messages = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("data:", "chrome:"))]

    def at(self, word: str) -> ActionChains:
        """The pointer over a word, ready to do more."""
        canvas = self.chrome.find_element(By.ID, "map")
        x, y = self.ask(f"wordMap.placeOf({json.dumps(word)})")
        # Offsets count from the middle of the element.
        across, down = round(x - canvas.size["width"] / 2), round(y - canvas.size["height"] / 2)
        return ActionChains(self.chrome, duration=20).move_to_element_with_offset(canvas, across, down)

    def state(self) -> dict[str, Any]:
        return dict(self.ask("wordMap.state()"))

    def text_of(self, name: str) -> str:
        return str(self.chrome.find_element(By.ID, name).text)


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    """Words in three heaps; each word's nearest ones are of its heap."""
    rng = np.random.default_rng(1)
    made = KeyedVectors(8)
    rows = rng.standard_normal((300, 8)) * 0.3 + np.eye(8)[np.arange(300) % 3] * 3
    made.add_vectors([f"w{row}" for row in range(298)] + ["слово", "new_york"], rows.astype(np.float32))
    return made


@pytest.fixture
def page(chrome: Chrome, vectors: KeyedVectors, tmp_path: Path) -> Iterator[Page]:
    path = tmp_path / "map.html"
    word_map(vectors, top=300, method="pca").save(path)
    opened = Page(chrome, path)
    yield opened
    assert opened.complaints() == []
    assert opened.requests() == [path.as_uri()]


def test_hovering_shows_the_word(page: Page) -> None:
    page.at("w5").perform()
    page.until(lambda: page.state()["hovered"])
    hovered = page.state()["hovered"]
    assert page.text_of("tip").startswith(hovered) and "most frequent" in page.text_of("tip")
    x, y = page.ask(f"wordMap.placeOf('{hovered}')")
    near_x, near_y = page.ask("wordMap.placeOf('w5')")
    assert abs(x - near_x) + abs(y - near_y) < 3  # the word itself, or one drawn upon it


def test_a_click_shows_the_neighbours(page: Page, vectors: KeyedVectors) -> None:
    page.at("w7").click().perform()
    chosen = page.until(lambda: page.state()["selected"])
    expected = [f"{word}\n{cosine:.2f}" for word, cosine in vectors.most_similar(chosen, topn=10)]
    assert page.text_of("near").split("\n") == "\n".join(expected).split("\n")
    page.chrome.find_element(By.CSS_SELECTOR, "#near button").click()
    assert page.state()["selected"] == expected[0].split("\n")[0]
    page.chrome.find_element(By.ID, "map").send_keys(Keys.ESCAPE)
    assert page.state()["selected"] is None and not page.text_of("chosen")


def test_search_finds_and_goes_there(page: Page) -> None:
    search = page.chrome.find_element(By.ID, "search")
    search.send_keys("w29")
    page.until(lambda: page.text_of("found").startswith("w29\nw290"))
    search.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    assert page.state()["selected"] == "w290" and page.state()["zoom"] > 1
    x, y = page.ask("wordMap.placeOf('w290')")
    canvas = page.chrome.find_element(By.ID, "map").size
    assert abs(x - canvas["width"] / 2) < 2 and abs(y - canvas["height"] / 2) < 2
    search.clear()
    search.send_keys("New York")
    page.until(lambda: page.text_of("found") == "new_york")
    search.clear()
    search.send_keys("СЛОВО")
    page.until(lambda: page.text_of("found") == "слово")
    search.send_keys("zzz")
    page.until(lambda: "no such word" in page.text_of("found"))


def test_wheel_keys_and_buttons_zoom(page: Page) -> None:
    x, y = page.ask("wordMap.placeOf('w3')")
    canvas = page.chrome.find_element(By.ID, "map")
    wheel = "new WheelEvent('wheel', {deltaY: -100, clientX: arguments[1], clientY: arguments[2]})"
    page.chrome.execute_script(f"arguments[0].dispatchEvent({wheel})", canvas, x, y)
    assert page.state()["zoom"] > 1.3
    np.testing.assert_allclose(page.ask("wordMap.placeOf('w3')"), [x, y], atol=1)  # what the pointer is on stays
    canvas.send_keys("+")
    assert page.state()["zoom"] > 2
    page.chrome.find_element(By.ID, "farther").click()
    assert page.state()["zoom"] < 2
    canvas.send_keys("0")
    assert page.state()["zoom"] == pytest.approx(1)


def test_dragging_moves_the_map_and_selects_nothing(page: Page) -> None:
    before = page.ask("wordMap.placeOf('w3')")
    page.at("w3").click_and_hold().move_by_offset(40, 25).release().perform()
    page.until(lambda: page.ask("wordMap.placeOf('w3')") != before)
    np.testing.assert_allclose(page.ask("wordMap.placeOf('w3')"), np.add(before, [40, 25]), atol=2)
    assert page.state()["selected"] is None


def test_a_narrow_window_keeps_everything_within_reach(page: Page) -> None:
    page.chrome.set_window_size(360, 640)
    try:
        page.until(lambda: page.ask("document.getElementById('map').clientWidth <= innerWidth"))
        assert page.ask("document.documentElement.scrollWidth <= innerWidth")
        places = [page.ask(f"wordMap.placeOf('w{number}')") for number in (0, 99, 298 - 1)]
        width, height = page.ask("[map.clientWidth, map.clientHeight]")
        assert all(0 <= x <= width and 0 <= y <= height for x, y in places)
    finally:
        page.chrome.set_window_size(1200, 900)


def test_words_are_text_and_no_mark_up(chrome: Chrome, tmp_path: Path) -> None:
    words = ["</script><script>document.title = 'broken'</script>", "<img src=x onerror=alert(1)>", "a", "b"]
    word_map(vectors_of(words), method="pca", title="Words").save(tmp_path / "map.html")
    page = Page(chrome, tmp_path / "map.html")
    page.chrome.find_element(By.ID, "search").send_keys("<img", Keys.ENTER)
    assert page.state()["selected"] == words[1] and page.chrome.title == "Words"
    assert page.complaints() == []


def test_twenty_thousand_words_are_drawn_smoothly(chrome: Chrome, tmp_path: Path) -> None:
    big = vectors_of([f"word{row}" for row in range(20_000)], size=16)
    word_map(big, top=20_000, method="pca").save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size < 3e6
    page = Page(chrome, tmp_path / "map.html")
    # How long a frame takes depends on the machine; that a frame does not draw each word anew does not.
    quickest = min(page.ask("wordMap.drawNow()") for _ in range(20))
    print(f"\na frame of 20,000 words: {quickest:.1f} ms")
    assert quickest < 100
    assert page.complaints() == []


def test_the_report_opens_with_its_map(chrome: Chrome, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the report needs the extra: pip install 'w2vplus[plot]'")
    pytest.importorskip("sklearn", reason="the report needs the extra: pip install 'w2vplus[plot]'")
    path = tmp_path / "run.html"
    options = ["--vector-size", 8, "--epochs", 1, "--workers", 1, "--report", path]
    outcome = run("train", bundled(LEE_NEWS), "-o", tmp_path / "lee.bin", *options)
    assert outcome.exit_code == 0, outcome.stderr
    page = Page(chrome, path)
    assert page.ask("[...document.images].every((image) => image.complete && image.naturalWidth > 100)")
    page.chrome.switch_to.frame(page.chrome.find_element(By.TAG_NAME, "iframe"))
    page.until(lambda: page.ask("wordMap.timing().draws > 0"))
    page.chrome.switch_to.default_content()
    assert page.complaints() == [] and page.requests() == [path.as_uri()]
