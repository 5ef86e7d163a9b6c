/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the files of the device test share
 *
 * device.c owns the device under test and what is checked around every test;
 * each of the other files owns one table of tests.
 */
#ifndef SELFTESTS_VFIO_DEVICE_H
#define SELFTESTS_VFIO_DEVICE_H

#include <linux/types.h>

#include "dma.h"
#include "engine.h"
#include "mem.h"
#include "test.h"
#include "vfio.h"

/* The device under test: the same for all tests of a suite. */
extern const char *dut;
extern enum engine_kind dut_kind;
/* The API that reaches it; only dma_table and fault_table know the others. */
extern enum dma_api dut_api;
/* Pages pinned in the system before the first test. */
extern long pins_at_start;

extern const struct test_table bind_table, attach_table, resv_table, dma_table,
	fault_table, life_table, kill_table, own_table, replace_table,
	compat_table;

/* Where tests map: see ENGINE_IOVA. */
#define TEST_IOVA 0x01000000ULL

/* The MSI window of x86, which no DMA address may fall into. */
#define MSI_FIRST 0xfee00000ULL
#define MSI_LAST 0xfeefffffULL
#define MSI_SIZE (MSI_LAST - MSI_FIRST + 1)

/* The device's cdev, bound to a new iommufd, with an empty IOAS: not attached. */
struct dma bound_device(void);
/* The same, attached to that IOAS. */
struct dma attached_device(void);
/* attached_device() and a running engine on it; @d must stay where it is. */
struct engine running_engine(struct dma *d);
/* One session from nothing: what everyone must be able to do at any time. */
void full_session(enum dma_api api);
/* End the test as skipped unless the device is reached through /dev/iommu. */
void needs_iommufd(void);
/* @len bytes of the given shape, or the end of the test. */
char *get_memory(size_t len, enum mem_shape shape);

/*
 * Fill the page at @va, have the device copy the page at @src_iova into its
 * store and from there to @dst_iova; fail unless that is what @dst gets.
 */
void expect_copy(struct engine *e, void *src, __u64 src_iova, void *dst,
		 __u64 dst_iova);

#endif
