/* Design: which of the compiled kernels this processor and operating system can run. */
#ifndef W2V_CPU_H
#define W2V_CPU_H

#include "kernel.h"

#if defined(_MSC_VER) && !defined(__clang__) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>

static int w2v_cpu_has(int32_t lanes)
{
    int leaf1[4], leaf7[4];
    __cpuid(leaf1, 1);
    __cpuidex(leaf7, 7, 0);
    const int osxsave = (leaf1[2] >> 27) & 1, fma = (leaf1[2] >> 12) & 1, avx2 = (leaf7[1] >> 5) & 1;
    const unsigned foundation = 1u << 16, dq = 1u << 17, vl = 1u << 31, avx512 = foundation | dq | vl;
    const unsigned long long enabled = osxsave ? _xgetbv(0) : 0;
    if (lanes == 8) return fma && avx2 && (enabled & 0x6) == 0x6;
    return fma && ((unsigned)leaf7[1] & avx512) == avx512 && (enabled & 0xE6) == 0xE6;
}
#elif defined(__x86_64__)
static int w2v_cpu_has(int32_t lanes)
{
    __builtin_cpu_init();
    if (lanes == 8) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#endif

/* The compiled kernels this machine can run, fastest first; ends with NULL. */
static const w2v_kernel *const *w2v_usable_kernels(void)
{
    static const w2v_kernel *usable[4];
    int count = 0;
#if defined(__x86_64__) || defined(_M_X64)
    if (w2v_cpu_has(16)) usable[count++] = &w2v_kernel_avx512;
    if (w2v_cpu_has(8)) usable[count++] = &w2v_kernel_avx2;
#elif defined(__aarch64__) || defined(_M_ARM64)
    usable[count++] = &w2v_kernel_neon; /* part of the architecture */
#endif
    usable[count++] = &w2v_kernel_baseline;
    usable[count] = NULL;
    return usable;
}

#endif
