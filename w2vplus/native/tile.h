/* Design: the one operation of word2vec. M input rows X (context vectors in skip-gram, projections of windows in
   CBOW) meet N output rows Y (centre words and negatives, inner nodes of a Huffman path, or both). A cell (m, n)
   stands for T pairs of input m and output n, P of which have the label 1:

       L = X Y'     G = rate * (P - T * sigmoid(L))     X += G Y     Y += G' X

   with every right-hand side taken from the old values. An input may also have an output of its own that no other input
   meets. Reading and writing are apart (`source`, `target`), so that one routine serves rows in place and a projection
   whose error is wanted (target: scratch, which is overwritten). */
#ifndef W2V_TILE_H
#define W2V_TILE_H

#include "tile_own.h"
#include "tile_row.h"

/* The whole tile. Returns its loss. */
static double w2v_train_tile(const w2v_tile *tile, float rate, int compute_loss)
{
    if (tile->input_count == 1) return w2v_train_row(tile, rate, compute_loss);
    if (tile->own_outputs) return w2v_train_own(tile, rate, compute_loss);
    return w2v_train_panels(tile, rate, compute_loss);
}

#endif
