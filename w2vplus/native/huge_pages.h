/* Design: tables of many megabytes that are read at random spend much of their time on address translation; on Linux
 * one hint to the kernel gives them pages of 2 MB. A wish, not a demand: refusal changes nothing but speed.
 */
#ifndef W2VPLUS_HUGE_PAGES_H
#define W2VPLUS_HUGE_PAGES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#define HUGE_PAGE_BYTES 2097152

static inline void wish_huge_pages(void *memory, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    uintptr_t page = 4096, start = ((uintptr_t)memory + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + size) & ~(page - 1);
    if (size >= 2 * HUGE_PAGE_BYTES && start < end) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
#endif
}

/* Writes to every page of fresh memory that is zero. Tables are read before they are written: their pages would be
 * mapped twice, to the one page of zeros and then to their own, and the second time interrupts all other threads. */
static inline void touch_pages(void *memory, size_t size) {
    volatile uint8_t *bytes = (volatile uint8_t *)memory;
    for (size_t place = 0; place < size; place += 4096) bytes[place] = 0;
}

#endif
