/* The kernel for AVX-512 F, DQ and VL; with W2V_HALF_UNITS, for processors whose units are half as wide. */
#if defined(__x86_64__) || defined(_M_X64)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512f,avx512dq,avx512vl,fma")
#endif

#include "vec_avx512.h"

#include "span.h"

#ifdef W2V_HALF_UNITS
const w2v_kernel w2v_kernel_avx512half = {"avx512half", w2v_new_workspace, w2v_free_workspace, w2v_train_span,
                                           w2v_give_hot_rows};
#else
const w2v_kernel w2v_kernel_avx512 = {"avx512", w2v_new_workspace, w2v_free_workspace, w2v_train_span,
                                       w2v_give_hot_rows};
#endif

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
