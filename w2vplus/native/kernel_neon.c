/* The kernel for NEON, which is part of every 64-bit ARM processor. */
#if defined(__aarch64__) || defined(_M_ARM64)
#include "vec_neon.h"

#include "span.h"

const w2v_kernel w2v_kernel_neon = {"neon", w2v_new_workspace, w2v_free_workspace, w2v_train_span,
                                       w2v_give_hot_rows};
#endif
