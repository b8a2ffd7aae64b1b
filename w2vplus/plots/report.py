"""A training run as one HTML page to send to a colleague: what was trained on what, how it went, what came out.

`w2vplus train --report` and `w2vplus demo` gather a `RunReport`. The page needs no network and no other file: pictures
are SVG inside it, the map is the interactive page of `word_map` in a frame.
"""

from __future__ import annotations

import base64
import html
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from w2vplus._atomic import replacing
from w2vplus._bundled import CONSIDERED_WORDS
from w2vplus._numbers import fixed
from w2vplus.plots.map_page import template
from w2vplus.plots.run_charts import evaluation_bars, evaluation_panels, phrase_bars, training_curves
from w2vplus.plots.vector_charts import heat_strip
from w2vplus.plots.word_map import WordMap, word_map
from w2vplus.progress import count, duration
from w2vplus.run_log import RunRecord

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from w2vplus.plots.chart import Chart

MAP_WORDS = 1000
MOST_FREQUENT = 20
NEIGHBOURS = 8
STRIP_WORDS = 8
LEAST_MAP_WORDS = 2


@dataclass(frozen=True)
class RunReport:
    """What a report tells.

    command: the line that began the run. versions: of the packages that ran it, by name. settings: gensim's arguments
    of the model. summary: what `w2vplus train --json` prints. phrases: (phrase, count, score) of those found.
    evaluation: what `w2vplus evaluate --json` writes, empty if nothing could be judged.
    words: whose neighbours are shown, besides one for each group of the map. judged_words: so many of the most frequent
    words were known to the evaluation at most. map: the one to show; unless given, one is
    made of the most frequent words.
    """

    sources: Sequence[str]
    command: str
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    vectors: KeyedVectors
    phrases: Sequence[tuple[str, int, float]]
    record: RunRecord
    evaluation: Mapping[str, Any]
    words: Sequence[str] = ()
    judged_words: int = CONSIDERED_WORDS
    map: WordMap | None = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all. Raises ImportError naming the extra without matplotlib, OSError."""
        page = self.page()
        with replacing(path) as temporary:
            temporary.write_text(page, encoding="utf-8")

    def page(self) -> str:
        """The HTML."""
        words = self.map
        if words is None and len(self.vectors) >= LEAST_MAP_WORDS:
            words = word_map(self.vectors, top=MAP_WORDS, title="Map of the most frequent words")
        sections = {
            "Corpus": self._corpus(),
            "Settings": self._settings(),
            "Training": self._training(),
            "Evaluation": self._evaluation(),
            "Neighbours": self._neighbours(words),
            "Map": _map_frame(words),
        }
        if self.phrases:
            sections["Phrases"] = _figure(phrase_bars(self.phrases), "Bars: the phrases of the highest scores")
        names = ", ".join(Path(source).name for source in self.sources)
        title = f"Word vectors of {names}"
        return Template(template("report.html")).substitute(
            title=html.escape(title),
            subtitle=html.escape(f"w2vplus, {time.strftime('%Y-%m-%d %H:%M %Z')}"),
            theme=template("theme.css"),
            style=template("report.css"),
            contents=" ".join(f'<a href="#{name.lower()}">{name}</a>' for name in sections),
            sections="\n".join(
                f'<section id="{name.lower()}"><h2>{name}</h2>{body}</section>' for name, body in sections.items()
            ),
        )

    def _corpus(self) -> str:
        facts = self.summary
        counts = self.vectors.expandos["count"]
        kept = int(counts.sum())  # after phrases were joined, as the dropped ones
        share = kept / max(1, kept + facts["dropped_tokens"])
        rows = [
            ["tokens", f"{facts['tokens']:,}"],
            ["sentences", f"{facts['sentences']:,}"],
            ["different tokens", f"{facts['types']:,}"],
            ["words in the vocabulary", f"{facts['vocabulary']:,}"],
            ["least count of a word", f"{facts['effective_min_count']:,}"],
            ["dropped as rarer", f"{facts['dropped_types']:,} different, {facts['dropped_tokens']:,} tokens"],
            ["tokens that have a vector", f"{100 * share:.2f} %"],
        ]
        if self.phrases:
            rows.append(["phrases found", f"{facts['phrases']:,}, in {facts['phrase_tokens']:,} places"])
        shown = self.vectors.index_to_key[:MOST_FREQUENT]
        frequent = [[str(word), f"{int(counts[place]):,}"] for place, word in enumerate(shown)]
        sources = "".join(f"<li>{html.escape(source)}</li>" for source in self.sources)
        return (
            f"<ul>{sources}</ul><div class='columns'>{_table(['fact', ''], rows)}"
            f"{_table(['most frequent', 'count'], frequent, numbers=(1,))}</div>"
        )

    def _settings(self) -> str:
        rows = [[name, str(value)] for name, value in self.settings.items()]
        half = -(-len(rows) // 2)
        tables = (_table(["setting", "value"], part) for part in (rows[:half], rows[half:]) if part)
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"<p><code>{html.escape(self.command)}</code></p><div class='columns'>{''.join(tables)}</div>"
            f"<p>{html.escape(versions)}</p>"
        )

    def _training(self) -> str:
        facts = self.summary
        steps = ", ".join(f"{name} {duration(seconds)}" for name, seconds in facts["seconds"].items())
        text = (
            f"Planned: {facts['epochs']:,} epochs. Done: {facts['raw_words']:,} words in all,"
            f" {facts['trained_words']:,} of them trained (frequent ones are left out at times),"
            f" {count(facts['words_per_second'])} words/s on {facts['workers']} thread"
            f"{'s' if facts['workers'] != 1 else ''}. Time: {steps}."
        )
        if not self.record.epochs_done:
            return f"<p>{html.escape(text)}</p><p>Nothing was left to train.</p>"
        return f"<p>{html.escape(text)}</p>{_figure(training_curves(self.record), 'Curves of loss, rate and speed')}"

    def _evaluation(self) -> str:
        if not self.evaluation or not evaluation_panels(self.evaluation):
            return "<p>Not judged: the vocabulary knows too little of the English files that come with gensim.</p>"
        return (
            f"<p>Analogies among the {self.judged_words:,} most frequent words at most, and similarities, from the"
            " files that come with gensim. In brackets: how many questions or pairs the vocabulary knows. Figures"
            " depend on the corpus and its size; compare them with those of other settings on the same corpus.</p>"
            f"{_figure(evaluation_bars(self.evaluation), 'Bars of accuracy by section and of correlations')}"
        )

    def _neighbours(self, words: WordMap | None) -> str:
        centres = [] if words is None else [group.center for group in words.groups if group.center is not None]
        if not centres:
            return "<p>The vocabulary has one word alone.</p>"
        chosen = list(dict.fromkeys([*self.words, *(self.vectors.index_to_key[row] for row in centres)]))
        rows = []
        for word in chosen:
            near = self.vectors.most_similar(word, topn=NEIGHBOURS)
            rows.append([str(word), ", ".join(f"{other} {fixed(cosine, 2)}" for other, cosine in near)])
        strip = _figure(heat_strip(self.vectors, chosen[:STRIP_WORDS]), "The vectors of these words as colours")
        return _table(["word", "nearest, with cosines"], rows) + strip


def _map_frame(words: WordMap | None) -> str:
    if words is None:
        return "<p>A map needs at least 2 words.</p>"
    page = html.escape(words.page(), quote=True)
    return f'<iframe title="Interactive map of words" srcdoc="{page}"></iframe>'


def _figure(chart: Chart, text: str) -> str:
    """The chart as an image: apart from the page, so that names inside it meet no others."""
    data = base64.b64encode(chart.svg().encode()).decode("ascii")
    return f'<figure><img alt="{html.escape(text, quote=True)}" src="data:image/svg+xml;base64,{data}"></figure>'


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' if place in numbers else ''}>{html.escape(value)}</{tag}>"
            for place, value in enumerate(values)
        )

    head = f"<thead><tr>{cells('th', columns)}</tr></thead>" if any(columns) else ""
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'
