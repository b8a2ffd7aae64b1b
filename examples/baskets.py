"""Products as vectors (item2vec): a basket has no order, so every product is in the window of every other."""

import random

from w2vplus import Word2Vec

random.seed(1)
tastes = {
    "breakfast": ["oats", "milk", "honey", "coffee", "jam", "toast"],
    "barbecue": ["sausage", "charcoal", "mustard", "buns", "corn", "cola"],
    "baking": ["flour", "yeast", "sugar", "butter", "cocoa", "vanilla"],
    "garden": ["seeds", "soil", "spade", "gloves", "pots", "hose"],
    "office": ["paper", "pens", "stapler", "folders", "ink", "tape"],
    "bath": ["soap", "towel", "shampoo", "sponge", "razor", "lotion"],
}
baskets = [random.sample(tastes[random.choice(list(tastes))], 4) for _ in range(3000)]

model = Word2Vec(
    baskets,
    whole_sequence=True,  # window and its shrinking have no meaning here
    sample=0,  # frequent products are as telling as rare ones
    ns_exponent=0.5,
    vector_size=16,
    min_count=1,
    sg=1,
    epochs=3,
    workers=1,
)

for product in ("coffee", "yeast"):
    near = [other for other, _ in model.wv.most_similar(product, topn=3)]
    print(f"  {product}: {', '.join(near)}")
