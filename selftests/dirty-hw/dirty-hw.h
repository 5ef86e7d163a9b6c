/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty-hw.h - what the files of the test of dirty tracking with real IOMMU
 * drivers share
 *
 * main.c owns the devices under test, the calls and what is checked around
 * every test; oracle.c knows what a read must say; each of the others owns
 * tables of tests.
 */
#ifndef SELFTESTS_DIRTY_HW_H
#define SELFTESTS_DIRTY_HW_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "dma.h"
#include "mem.h"
#include "test.h"
#include "vmonly_abi.h"

/* The devices under test, held by vfio-pci; the second may be NULL. */
extern const char *dut, *dut2;
/* vmonly_dirty.ko is loaded; only absent_table runs without. */
extern bool faked;

extern const struct test_table absent_table, basic_table, model_table,
	live_table;

#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

/* Where tests map: clear of MSIs, aligned for the largest IO page. */
#define BASE_IOVA (4ULL << 30)

/* A device attached to a HWPT that can track. */
struct tracked {
	struct dma d;
	__u32 hwpt;
};

/* With iommufd.dirty_tracking=1. Tracking is off. */
struct tracked tracked_device(void);
/* Write iommufd.dirty_tracking. */
void allow_tracking(bool on);

int set_tracking(const struct tracked *t, bool on);
int get_bitmap(const struct tracked *t, __u64 iova, __u64 length,
	       __u64 page_size, void *bitmap, __u32 flags);

/* Through vmonly_dirty.ko, as @bdf; 0 or -errno. */
int device_access(const char *bdf, __u64 iova, bool write,
		  struct vmonly_access *access);
/* @dut writes at @iova. Fails the test unless there is memory. */
void device_writes(__u64 iova);
/* @dut's leaf at @iova; likewise. */
struct vmonly_access leaf_at(__u64 iova);

/* Map @len bytes of that shape at @iova, or end the test; the memory. */
void *map_memory(const struct tracked *t, size_t len, enum mem_shape shape,
		 __u64 iova);
/* Map in leaves of a page from now on, however contiguous the memory is. */
void only_small_leaves(const struct tracked *t);
/* Fail unless all of the range is mapped by leaves of @leaf bytes. */
void expect_leaves(__u64 iova, __u64 length, __u64 leaf);

static inline bool bit_of(const unsigned char *bitmap, size_t i)
{
	return bitmap[i / 8] >> (i % 8) & 1;
}

size_t count_bits(const unsigned char *bitmap, size_t bits);

/*
 * oracle.c: which pages are dirty. It asks once how large each leaf is, and
 * then keeps its own books.
 */
struct oracle;

/* Over [iova, iova + length), all mapped and clean. */
struct oracle *oracle_new(__u64 iova, __u64 length);
/* How many sizes of leaves there are; notes them. */
unsigned int oracle_sizes(const struct oracle *o);
void oracle_write(struct oracle *o, __u64 iova);
void oracle_clean(struct oracle *o);
/*
 * OR into @bitmap, a bit for each @page_size bytes, what a read of the range
 * must report; forget what it clears.
 */
void oracle_read(struct oracle *o, __u64 iova, __u64 length, __u64 page_size,
		 unsigned char *bitmap, bool clear);

#endif
