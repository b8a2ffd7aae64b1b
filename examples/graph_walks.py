"""Nodes of a graph as vectors (DeepWalk): random walks are sentences, and node numbers stay integers."""

import numpy as np

from w2vplus import Word2Vec, save_vectors

# Four groups of ten nodes: everybody knows everybody in a group, and one member of the next.
GROUP, GROUPS = 10, 4
neighbours = {
    node: [other for other in range(GROUP * GROUPS) if other // GROUP == node // GROUP and other != node]
    for node in range(GROUP * GROUPS)
}
for group in range(GROUPS):
    here, there = group * GROUP, (group + 1) % GROUPS * GROUP + 1
    neighbours[here].append(there)
    neighbours[there].append(here)

random = np.random.default_rng(1)


def walk(node: int, length: int = 12) -> list[int]:
    steps = [node]
    while len(steps) < length:
        steps.append(int(random.choice(neighbours[steps[-1]])))
    return steps


walks = np.array([walk(node) for node in neighbours for _ in range(20)])  # a row is a walk

model = Word2Vec(walks, vector_size=16, window=4, min_count=1, sg=1, sample=0, epochs=10, workers=1)

for node in (5, 25):
    near = [str(other) for other, _ in model.wv.most_similar(node, topn=4)]
    print(f"  {node}: {', '.join(near)}")

save_vectors(model.wv, "nodes.kv")  # integers again when loaded; text and binary formats hold strings
