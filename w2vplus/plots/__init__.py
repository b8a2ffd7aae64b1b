"""Pictures of word vectors and of their training, for pages, papers and notebooks.

    from w2vplus.plots import word_map
    word_map(model.wv, top=2000).save("map.html")

The interactive map and its PCA need nothing else; pictures need matplotlib, t-SNE scikit-learn (both in the extra
`plot`), UMAP umap-learn (the extra `umap`). Called by `w2vplus plot`, `w2vplus train --report` and `w2vplus demo`.
"""

from w2vplus.plots.chart import Chart
from w2vplus.plots.run_charts import evaluation_bars, phrase_bars, training_curves
from w2vplus.plots.vector_charts import analogy_chart, heat_strip
from w2vplus.plots.word_map import WordMap, word_map

__all__ = [
    "Chart",
    "WordMap",
    "analogy_chart",
    "evaluation_bars",
    "heat_strip",
    "phrase_bars",
    "training_curves",
    "word_map",
]
