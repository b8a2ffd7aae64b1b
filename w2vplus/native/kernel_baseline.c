/* The kernel that every machine can run: SSE2 where the processor is an x86-64, standard C elsewhere. Tests define
   W2V_PORTABLE to have the latter anywhere. */
#if !defined(W2V_PORTABLE) && (defined(__x86_64__) || defined(_M_X64))
#include "vec_sse2.h"
#else
#include "vec_portable.h"
#endif

#include "span.h"

const w2v_kernel w2v_kernel_baseline = {"baseline", w2v_new_workspace, w2v_free_workspace, w2v_train_span,
                                       w2v_give_hot_rows};
