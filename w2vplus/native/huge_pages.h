/* Design: tables of many megabytes that are read at random spend much of their time on address translation; on Linux
 * one hint to the kernel gives them pages of 2 MB. A wish, not a demand: refusal changes nothing but speed.
 */
#ifndef W2VPLUS_HUGE_PAGES_H
#define W2VPLUS_HUGE_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#define HUGE_PAGE_BYTES 2097152
#define CACHE_LINE_BYTES 64

static inline void wish_huge_pages(void *memory, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    /* Outwards: a mapping that is told of in part becomes two, which cannot grow in place any more. */
    uintptr_t page = 4096, start = (uintptr_t)memory & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + size + page - 1) & ~(page - 1);
    if (size >= 2 * HUGE_PAGE_BYTES) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
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

/* Whether a table of so many bytes gets a mapping of its own: the heap would fill what it gives out again with zeros,
 * in small pages, and keep it. */
static inline int has_own_mapping(size_t size) {
#if defined(__linux__) && defined(MAP_ANONYMOUS)
    return size >= 2 * HUGE_PAGE_BYTES;
#else
    (void)size;
    return 0;
#endif
}

/* Zeros at the beginning of a cache line, many of them on pages of their own; NULL without memory. `size` is a multiple
 * of CACHE_LINE_BYTES. */
static inline void *new_zeros(size_t size) {
#if defined(__linux__) && defined(MAP_ANONYMOUS)
    if (has_own_mapping(size)) {
        void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) return NULL;
        wish_huge_pages(mapped, size);
        touch_pages(mapped, size);
        return mapped;
    }
#endif
#if defined(_WIN32)
    return calloc(size, 1); /* its aligned memory has a `free` of its own: cache lines are not worth it */
#else
    void *memory = aligned_alloc(CACHE_LINE_BYTES, size);
    if (memory) memset(memory, 0, size);
    return memory;
#endif
}

/* Gives back what `new_zeros` made of this size. */
static inline void free_zeros(void *memory, size_t size) {
#if defined(__linux__) && defined(MAP_ANONYMOUS)
    if (memory && has_own_mapping(size)) {
        (void)munmap(memory, size);
        return;
    }
#endif
    (void)size;
    free(memory);
}

/* As many zeros more as `new_size` is above `size`, behind what `new_zeros` made, which may move; NULL without memory,
 * and nothing has changed then. Pages that are there are kept: clearing new ones takes as long as filling them. */
static inline void *more_zeros(void *memory, size_t size, size_t new_size) {
#if defined(__linux__) && defined(MREMAP_MAYMOVE)
    if (has_own_mapping(size)) {
        void *grown = mremap(memory, size, new_size, MREMAP_MAYMOVE);
        if (grown == MAP_FAILED) return NULL;
        wish_huge_pages(grown, new_size);
        touch_pages((uint8_t *)grown + size, new_size - size);
        return grown;
    }
#endif
    void *larger = new_zeros(new_size);
    if (!larger) return NULL;
    memcpy(larger, memory, size);
    free_zeros(memory, size);
    return larger;
}

#endif
