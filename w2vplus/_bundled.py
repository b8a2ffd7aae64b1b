"""Names the real data that every gensim installation brings along: texts, analogy questions, word pairs; and among
how many words these are asked.

Called by the command line (`evaluate` without files, `demo`) and the benchmark, so that both work offline.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ANALOGIES = "questions-words.txt"
"""Google's 19,544 questions (Mikolov et al. 2013a)."""

SIMILARITIES = ("wordsim353.tsv", "simlex999.txt")
"""WordSim-353 (Finkelstein et al. 2002) and SimLex-999 (Hill et al. 2015)."""

CONSIDERED_WORDS = 300_000
"""So many of the most frequent words are known to an evaluation unless asked otherwise, as in gensim; all commands and
reports that judge vectors take it from here. (The bench asks analogies among 30,000, as the C toolkit's scripts do.)"""

WIKIPEDIA_DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
STEMMED_WIKIPEDIA = "head500.noblanks.cor.bz2"
LEE_NEWS = "lee_background.cor"


def bundled(name: str) -> str:
    """The path of a file in gensim's test data; FileNotFoundError where this gensim came without it."""
    found = find_spec("gensim")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("gensim is not installed; pip install gensim")
    path = Path(found.origin).parent / "test" / "test_data" / name
    if not path.is_file():
        raise FileNotFoundError(
            2, "this gensim came without its test data; name a file of your own", str(path)
        )
    return str(path)
