/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty tracking: which IO pages did devices write to?
 *
 * The IOMMU sets a dirty bit in the leaf of the IO page table, and the IOMMU's
 * driver reads and clears it. A leaf is an entry that maps memory: 4 KiB, or
 * as large as the IOMMU can.
 *
 * Knows struct iommu_domain and the caller's bitmap; does not know IOASes.
 */
#ifndef IOMMUFD_DIRTY_H
#define IOMMUFD_DIRTY_H

#include <linux/iommu.h>
#include <linux/types.h>

struct device;
struct page;

/* dirty_bitmap.c: where it is reported */

/**
 * struct dirty_bitmap - a bitmap in the caller's memory, pinned window by window
 * @data: its address
 * @start: IOVA of its first bit
 * @end: the last IOVA
 * @shift: a bit stands for 1 << @shift bytes of IOVA
 * @window: bytes of IOVA in a window, a power of two; windows are aligned to it
 * @iova: first IOVA of this window
 * @skip: bits of the first page that are in front of it
 * @npages: how many pages of it are pinned
 * @pages: the pages
 * @word: the word, counted from the start of the first page, that
 * @staged: is to be ORed into
 * @reported: bytes of IOVA that were reported, bits that were set or not
 */
struct dirty_bitmap {
	unsigned long data;
	unsigned long start;
	unsigned long end;
	unsigned int shift;
	unsigned long window;
	unsigned long iova;
	unsigned long skip;
	unsigned long npages;
	struct page **pages;
	unsigned long word;
	unsigned long staged;
	u64 reported;
};

int dirty_bitmap_init(struct dirty_bitmap *map, unsigned long iova,
		      unsigned long length, unsigned int shift,
		      unsigned long leaf_max, void __user *data);
void dirty_bitmap_exit(struct dirty_bitmap *map);
int dirty_bitmap_pin(struct dirty_bitmap *map, unsigned long first,
		     unsigned long *last);
void dirty_bitmap_set(struct dirty_bitmap *map, unsigned long first,
		      unsigned long last);
void dirty_bitmap_unpin(struct dirty_bitmap *map);

/* dirty.c: where it comes from */

/**
 * struct dirty_scan - dirty bits of a domain being read, or only cleared
 * @domain: the domain, made with IOMMU_HWPT_ALLOC_DIRTY_TRACKING
 * @bitmap: where they are reported
 * @clear: clear those that are reported whole
 * @cleared: what was cleared since the last flush of the IOTLB
 * @first: first IOVA of the range that is just being read
 * @last: its last IOVA
 * @sealed: no leaf reaches over @last
 * @reach: bytes to look at next; grows where nothing is dirty
 *
 * The one who scans sets the first three, and clears the rest with
 * domain_begin_dirty().
 */
struct dirty_scan {
	struct iommu_domain *domain;
	struct dirty_bitmap *bitmap;
	bool clear;
	struct iommu_iotlb_gather cleared;
	unsigned long first;
	unsigned long last;
	bool sealed;
	unsigned long reach;
};

bool domain_dirty_capable(struct device *dev);
bool domain_dirty_suits(const struct iommu_domain *domain, struct device *dev);
void domain_trust_dirty(const struct iommu_ops *ops);

void domain_begin_dirty(struct dirty_scan *scan);
int domain_read_dirty(struct dirty_scan *scan, unsigned long first,
		      unsigned long last, unsigned long area_last);
int domain_clear_dirty(struct dirty_scan *scan, unsigned long first,
		       unsigned long last);
void domain_end_dirty(struct dirty_scan *scan);

#endif
