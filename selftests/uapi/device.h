/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the files of the test with a device share
 *
 * device.c owns the device, which is here only to have an IO page table; each
 * of the other files owns one table of tests.
 */
#ifndef SELFTESTS_UAPI_DEVICE_H
#define SELFTESTS_UAPI_DEVICE_H

#include "common.h"
#include "dma.h"
#include "vfio.h"

extern const char *dut;

extern const struct test_table pin_table, attach_table, memory_table,
	owner_table, limit_table, file_table, process_table, kill_table;

/* Where tests map: clear of the MSI window, and in reach of any IOMMU. */
#define TEST_IOVA 0x01000000ULL

/* The device bound to a new context with an empty IOAS; not attached. */
struct dma bound_device(void);
/* The same; pages are charged to the user (0), or to the process (1). */
struct dma accounted_device(int mode);
/* The same, attached to that IOAS. */
struct dma attached_device(void);
void attach_device(struct dma *d);

/* A memfd of @len bytes, a hole; @flags for memfd_create(). */
int new_memfd(unsigned int flags, size_t len);
/* A memfd of 2 MiB pages, or skip the test. Nothing is reserved for it. */
int new_hugetlb(unsigned int npages);
/* Map a part of a file at @iova. */
int map_file(const struct dma *d, int file, __u64 start, __u64 length,
	     __u64 iova, __u32 prot);

/* Nothing is mapped, and no page of this process is pinned or charged. */
void expect_nothing(const struct dma *d);
/* @npages of this process are pinned, and @npages in the whole system. */
void expect_pinned(unsigned long npages);

#endif
