"""Phrases of whole shared corpora equal gensim's to the bit; where the delimiter stands in tokens, what is mended."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from gensim.models import phrases as gensim_phrases
from gensim.models.word2vec import LineSentence as GensimLineSentence

from w2vplus import LineSentence, Phrases
from w2vplus.phrases import npmi_scorer, original_scorer

pytestmark = pytest.mark.slow  # gensim counts for minutes

CORPORA = ["enwiki-raw-16m.txt.gz", "enwiki-text8-style-17m.txt.gz"]
DELIMITER = "§¶"


def shared(name: str) -> str:
    folder = os.environ.get("W2VPLUS_TEST_DATA")
    if not folder or not (Path(folder) / name).is_file():
        pytest.skip(f"W2VPLUS_TEST_DATA names no folder with {name}")
    return str(Path(folder) / name)


def learnt(name: str, **settings: Any) -> tuple[Phrases, gensim_phrases.Phrases, str]:
    """By both, with equal settings, from the same sentences: gensim's reader cuts lines at 10,000 tokens."""
    path = shared(name)
    ours = Phrases(LineSentence(path), workers=2, **settings)
    return ours, gensim_phrases.Phrases(GensimLineSentence(path), **settings), path


@pytest.mark.parametrize("name", CORPORA)
def test_phrases_and_scores_of_a_whole_corpus_are_gensims(name: str) -> None:
    ours, gensims, path = learnt(name, delimiter=DELIMITER)
    assert ours.corpus_word_count == gensims.corpus_word_count
    assert ours.vocabulary_size == len(gensims.vocab)
    for scoring, threshold in ((original_scorer, 10.0), (original_scorer, 1.0), (npmi_scorer, 0.3)):
        ours.scoring = gensims.scoring = scoring
        ours.threshold = gensims.threshold = threshold
        phrases = ours.export_phrases()
        assert len(phrases) > 10_000 and phrases == gensims.export_phrases()
    sentences = list(itertools.islice(GensimLineSentence(path), 1000))
    assert list(ours.freeze()[sentences]) == list(gensims.freeze()[sentences])


def test_with_an_underscore_only_confusions_with_tokens_differ() -> None:
    ours, gensims, _ = learnt(CORPORA[0])
    phrases, theirs = ours.export_phrases(), gensims.export_phrases()
    spurious, changed = set(theirs) - set(phrases), {name for name in phrases if phrases[name] != theirs.get(name)}
    entries = ours.vocabulary_size - len(gensims.vocab)
    print(f"\n{len(phrases)} phrases; gensim has {len(theirs)} and {entries} entries less in its vocabulary")
    print(f"only in gensim's: {', '.join(sorted(spurious))}")
    # A token "a_b" of the text adds to gensim's count of the pair (a, b), and may be the whole of it; the pair adds to
    # gensim's count of the token, which may be a word of another phrase.
    types = set(ours._tally.types)
    assert spurious and spurious <= types and entries > 0
    holds_token = {row.phrase for row in ours.found() if any("_" in word for word in row.words)}
    by_counts = {name for name in changed if name in types or name in holds_token or name not in theirs}
    others = max(abs(phrases[name] / theirs[name] - 1) for name in changed - by_counts)
    print(f"other scores: {len(by_counts)} by counts, all others by a share of {others:.1e}, as there are more entries")
    assert others < 1e-5
