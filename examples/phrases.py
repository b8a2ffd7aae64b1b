"""Phrase-aware training: "Boston Globe" is a newspaper, not a globe in Boston (Mikolov et al. 2013b).

    python examples/phrases.py

`Phrases` finds words that stand together more often than chance would have it; a second model over the joined
text makes phrases longer. The text is the Lee news corpus that comes with gensim.
"""

import re
from pathlib import Path

from gensim.test.utils import datapath

from w2vplus import ENGLISH_CONNECTOR_WORDS, Phrases, Word2Vec

text = Path(datapath("lee_background.cor")).read_text(encoding="utf-8")
sentences = [re.findall(r"\w+(?:'\w+)?", sentence) for sentence in re.split(r"[.\n]", text)]

# A connector word such as "of" may stand inside a phrase, but neither begins nor ends one.
# Frozen phrases hold no counts: less memory, and all that is needed to join words.
pairs = Phrases(sentences, min_count=5, threshold=20.0, connector_words=ENGLISH_CONNECTOR_WORDS).freeze()
longer = Phrases(pairs[sentences], min_count=5, threshold=20.0, connector_words=ENGLISH_CONNECTOR_WORDS)

for name, scores in (("pairs", pairs.phrasegrams), ("longer", longer.find_phrases(pairs[sentences]))):
    print(f"{name}: {len(scores)} phrases, among them")
    for phrase, score in sorted(scores.items(), key=lambda entry: -entry[1])[:6]:
        print(f"  {score:8.1f}  {phrase}")

print("a new sentence, joined")
new_sentence = ["Ariel", "Sharon", "flew", "to", "New", "South", "Wales"]
print(" ", " ".join(longer[pairs[new_sentence]]))

joined = [longer[pairs[sentence]] for sentence in sentences]
model = Word2Vec(joined, vector_size=50, sg=1, epochs=30, seed=1, workers=1)
print("neighbours")
for word in ("Osama_bin_Laden", "New_South_Wales", "Sydney"):
    print(f"  {word}: {', '.join(near for near, _ in model.wv.most_similar(word, topn=5))}")
