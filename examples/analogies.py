"""Analogies and similarities: what a few seconds of Wikipedia teach, judged by the usual questions.

    python examples/analogies.py

The text is the piece of an English Wikipedia dump that comes with gensim: XML in .bz2, read as running text.
"man is to king as woman is to ...?" asks for the word nearest to king - man + woman (Mikolov et al. 2013a).
"""

from gensim.test.utils import datapath

from w2vplus import Word2Vec, evaluate_analogies, evaluate_similarity

DUMP = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")

model = Word2Vec(corpus_file=DUMP, vector_size=100, sg=1, epochs=10, seed=1, workers=1)
print(f"{model.corpus_total_words:,} words read, vectors of {len(model.wv):,} words")

result = evaluate_analogies(model.wv, datapath("questions-words.txt"))
print(f"{'section':30} correct  answered  questions")
for section in (*result.sections, *result.groups, result.total):
    print(f"{section.name:30} {section.correct:7,}  {section.seen:8,}  {section.total:9,}")
print(f"accuracy {result.total.accuracy:.2%} where all words are known, which is {result.total.coverage:.2%}")

# Every section keeps its questions.
family = next(section for section in result.sections if section.name == "family")
for question in family.correct_questions[:3]:
    print(f"  {question.a} is to {question.b} as {question.c} is to {question.answers[0]}".lower())

for name in ("wordsim353.tsv", "simlex999.txt"):
    judged = evaluate_similarity(model.wv, datapath(name))
    print(f"{name}: Spearman {judged.correlation.spearman:.3f} over {judged.seen} of {judged.total} pairs")
