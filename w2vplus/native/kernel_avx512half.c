/* The kernel for AVX-512 on units of 256 bits (AMD Zen 4), see vec_avx512.h. */
#define W2V_HALF_UNITS
#include "kernel_avx512.c"
