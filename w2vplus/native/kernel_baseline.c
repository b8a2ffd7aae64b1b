/* The kernel in standard C: every machine's fallback. */
#include "vec_portable.h"

#include "span.h"

const w2v_kernel w2v_kernel_baseline = {"baseline", VEC_LANES, w2v_new_workspace, w2v_free_workspace, w2v_train_span};
