/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mem.h - memory to map for DMA, and what the kernel says about pinned memory
 *
 * Owns: the ways a test gets memory of a known physical shape, the patterns it
 * fills it with, the readers of the pin counters.
 */
#ifndef SELFTESTS_LIB_MEM_H
#define SELFTESTS_LIB_MEM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE_SZ 4096UL
#define HUGE_SZ (2UL << 20)

enum mem_shape {
	MEM_PLAIN,	/* anonymous, as it comes */
	MEM_SCATTERED,	/* single pages, touched in random order */
	MEM_THP,	/* transparent huge pages */
	MEM_HUGETLB,	/* 2 MiB pages of the pool */
};

/*
 * @len bytes of touched memory, aligned to HUGE_SZ for the huge shapes. NULL
 * with errno set, ENOMEM also when the wanted shape was not to be had.
 * Undo with mem_free().
 */
void *mem_alloc(size_t len, enum mem_shape shape);
void mem_free(void *va, size_t len);

/* Physically contiguous runs in [va, va + len); -errno (root only). */
long mem_runs(const void *va, size_t len);

/* Fill with a pattern that differs for each 8 bytes of each (seed, page). */
void pattern_fill(void *va, size_t len, __u64 seed);
/* Offset of the first byte that differs from pattern_fill()'s, or -1. */
long pattern_check(const void *va, size_t len, __u64 seed);
/* A seed that is different in each run. */
__u64 pattern_seed(void);

/*
 * Pages now pinned in the whole system (nr_foll_pin_acquired minus
 * nr_foll_pin_released, the processors' private counts folded in first).
 */
long pins_now(void);
/* A field of /proc/self/status in bytes ("VmPin", "VmLck"); -errno. */
long proc_status_bytes(const char *field);

/*
 * Memory that is not there: whoever touches it, the kernel for instance that
 * pins it, waits until mem_arrives(). A descriptor for that, or -errno.
 */
int mem_missing(void *va, size_t len);
/* It is there, and zero. 0 or -errno. */
int mem_arrives(int missing, void *va, size_t len);

#endif
