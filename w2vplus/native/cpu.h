/* Design: which of the compiled kernels this processor and operating system can run, and which of them is the fastest. */
#ifndef W2V_CPU_H
#define W2V_CPU_H

#include <string.h>

#include "kernel.h"

#if defined(_MSC_VER) && !defined(__clang__) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>

static void w2v_cpuid(unsigned leaf, unsigned registers[4]) { __cpuidex((int *)registers, (int)leaf, 0); }

static int w2v_cpu_has(int32_t lanes)
{
    unsigned leaf1[4], leaf7[4];
    w2v_cpuid(1, leaf1);
    w2v_cpuid(7, leaf7);
    const int osxsave = (leaf1[2] >> 27) & 1, fma = (leaf1[2] >> 12) & 1, avx2 = (leaf7[1] >> 5) & 1;
    const unsigned foundation = 1u << 16, dq = 1u << 17, vl = 1u << 31, avx512 = foundation | dq | vl;
    const unsigned long long enabled = osxsave ? _xgetbv(0) : 0;
    if (lanes == 8) return fma && avx2 && (enabled & 0x6) == 0x6;
    return fma && (leaf7[1] & avx512) == avx512 && (enabled & 0xE6) == 0xE6;
}
#elif defined(__x86_64__)
#include <cpuid.h>

static void w2v_cpuid(unsigned leaf, unsigned registers[4])
{
    __cpuid_count(leaf, 0, registers[0], registers[1], registers[2], registers[3]);
}

static int w2v_cpu_has(int32_t lanes)
{
    __builtin_cpu_init();
    if (lanes == 8) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#endif

#if defined(__x86_64__) || defined(_M_X64)
/* Whether a processor with AVX-512 has units of half its length: AMD's family 19h (Zen 4). */
static int w2v_cpu_has_half_units(void)
{
    unsigned leaf0[4], leaf1[4];
    w2v_cpuid(0, leaf0);
    w2v_cpuid(1, leaf1);
    const unsigned vendor[3] = {leaf0[1], leaf0[3], leaf0[2]}, family = (leaf1[0] >> 8) & 0xF, added = (leaf1[0] >> 20) & 0xFF;
    return !memcmp(vendor, "AuthenticAMD", 12) && family == 0xF && family + added == 0x19;
}
#endif

/* The compiled kernels this machine can run, fastest first; ends with NULL. */
static const w2v_kernel *const *w2v_usable_kernels(void)
{
    static const w2v_kernel *usable[5];
    int count = 0;
#if defined(__x86_64__) || defined(_M_X64)
    if (w2v_cpu_has(16)) {
        const int is_half = w2v_cpu_has_half_units();
        usable[count++] = is_half ? &w2v_kernel_avx512half : &w2v_kernel_avx512;
        usable[count++] = is_half ? &w2v_kernel_avx512 : &w2v_kernel_avx512half;
    }
    if (w2v_cpu_has(8)) usable[count++] = &w2v_kernel_avx2;
#elif defined(__aarch64__) || defined(_M_ARM64)
    usable[count++] = &w2v_kernel_neon; /* part of the architecture */
#endif
    usable[count++] = &w2v_kernel_baseline;
    usable[count] = NULL;
    return usable;
}

#endif
