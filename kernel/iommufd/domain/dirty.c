// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty bits of a range of one domain: reading them, clearing them.
 *
 * The IOMMU drivers of this kernel were built without iommufd: the bitmap that
 * they would report into has no code behind it, and what they find is dropped.
 * All they still do is to clear the dirty bit, and to note the leaf in the
 * range that is to be flushed from the IOTLB. That range, of which only the
 * lowest and the highest IOVA are kept, is what is read here:
 *
 *      leaves   |   | D |   |   | D | D |   |   |
 *      noted        [------------------]
 *
 * So a range is first looked at without clearing. If anything is dirty, the
 * first dirty leaf begins where the note does. It alone is read again, with
 * clearing, as long as the next one is dirty too; and then the rest is looked
 * at. A dirty bit is never lost: it is cleared in one leaf at a time, and only
 * if all of the leaf is reported.
 *
 * A driver steps from leaf to leaf by the leaf's size, wherever it began, and
 * so from the middle of a large leaf over the heads of small ones. A block of
 * IOVAs that is naturally aligned is safe: it either consists of leaves or
 * lies in one. Nothing else is ever asked for.
 */
#include <linux/device.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "domain/dirty.h"
#include "domain/domain.h"

/* What a driver walks before others get the CPU: bytes. */
#define LOOK_MAX ((unsigned long)SZ_64M)

/* Leaves that are read one by one before others get the CPU. */
#define RUN_MAX 512

static bool dirty_tracking;
module_param(dirty_tracking, bool, 0644);
MODULE_PARM_DESC(dirty_tracking,
		 "Offer dirty tracking on IOMMUs on which it has not been proven yet: hardware of any vendor (default N)");

/* Whose dirty bits have been seen to come through. */
static const struct iommu_ops *trusted_ops;

/**
 * domain_trust_dirty() - an IOMMU driver's dirty bits can be relied on
 * @ops: its operations; NULL: not any more
 *
 * For an IOMMU that was proven to report what is written through it, there is
 * no need for the module parameter.
 */
void domain_trust_dirty(const struct iommu_ops *ops)
{
	WRITE_ONCE(trusted_ops, ops);
}

/**
 * domain_dirty_capable() - can domains for a device track what it writes?
 * @dev: the device, behind an IOMMU
 *
 * Return: what its driver says, if that can be relied on.
 */
bool domain_dirty_capable(struct device *dev)
{
	if (!READ_ONCE(dirty_tracking) &&
	    dev->iommu->iommu_dev->ops != READ_ONCE(trusted_ops))
		return false;
	return device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
}

/**
 * domain_dirty_suits() - would all that a device writes be tracked?
 * @domain: any paging domain
 * @dev: the device, behind an IOMMU
 *
 * Return: false if the domain tracks and the device's IOMMU cannot.
 */
bool domain_dirty_suits(const struct iommu_domain *domain, struct device *dev)
{
	return !domain->dirty_ops ||
	       device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
}

/* IOVAs; none if @first is above @last. */
struct extent {
	unsigned long first;
	unsigned long last;
};

static bool is_none(const struct extent *e)
{
	return e->first > e->last;
}

/*
 * Ask the driver about a naturally aligned block: from the first dirty leaf to
 * the last. A leaf larger than the block is noted as if it began with it.
 */
static int look(struct dirty_scan *scan, unsigned long iova, unsigned long size,
		bool clear, struct extent *found)
{
	const struct iommu_dirty_ops *ops = scan->domain->dirty_ops;
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;
	int rc;

	/* Without a bitmap, and with a note that nobody else has written. */
	iommu_dirty_bitmap_init(&dirty, NULL, &gather);
	rc = ops->read_and_clear_dirty(scan->domain, iova, size,
				       clear ? 0 : IOMMU_DIRTY_NO_CLEAR,
				       &dirty);
	found->first = gather.start;
	found->last = gather.end;
	return rc;
}

/* The IOTLB remembers that it was dirty, and would not say so again. */
static void note_cleared(struct dirty_scan *scan, const struct extent *e)
{
	iommu_iotlb_gather_add_range(&scan->cleared, e->first,
				     e->last - e->first + 1);
}

static void report(struct dirty_scan *scan, const struct extent *e)
{
	dirty_bitmap_set(scan->bitmap, max(e->first, scan->first),
			 min(e->last, scan->last));
}

/* The leaf of which a look at one page in it gave the end, or all. */
static struct extent whole_leaf(const struct extent *found)
{
	unsigned long size = found->last - found->first + 1;
	struct extent leaf = *found;

	/* Leaves are as aligned as they are large. */
	if (!WARN_ON_ONCE(!is_power_of_2(size)))
		leaf.first = ALIGN_DOWN(found->first, size);
	leaf.last = leaf.first + size - 1;
	return leaf;
}

/* Report the leaf at an IOVA, if it is dirty; clear it, if that is wanted. */
static int take_leaf(struct dirty_scan *scan, unsigned long iova, bool clear,
		     struct extent *leaf)
{
	int rc = look(scan, iova, domain_alignment(scan->domain), clear, leaf);

	if (is_none(leaf))
		return rc;
	/* On an error too: it may have been cleared before. */
	*leaf = whole_leaf(leaf);
	if (clear)
		note_cleared(scan, leaf);
	report(scan, leaf);
	return rc;
}

/*
 * Something in a block is dirty: take the first leaf, and those that follow
 * while they are dirty as well. @next: the last IOVA that is dealt with.
 */
static int take_leaves(struct dirty_scan *scan, const struct extent *block,
		       const struct extent *hull, unsigned long *next)
{
	/* A leaf that begins up to here ends in the range. */
	unsigned long sure = scan->sealed ? scan->last : block->last;
	bool clear = scan->clear;
	struct extent leaf;
	unsigned int n;
	int rc;

	if (hull->last > block->last) {
		/* The block is a part of one leaf; and the range? */
		leaf = whole_leaf(hull);
		if (leaf.first < scan->first || leaf.last > scan->last) {
			clear = false;
			sure = block->last;
		}
	}
	*next = hull->first;
	for (n = 0; n < RUN_MAX; n++) {
		rc = take_leaf(scan, *next, clear, &leaf);
		if (rc)
			return rc;
		if (is_none(&leaf))
			break;
		scan->reach = min(leaf.last - leaf.first + 1, LOOK_MAX);
		*next = leaf.last + 1;
		if (leaf.last >= sure)
			break;
	}
	if (WARN_ON_ONCE(!n && is_none(&leaf))) {
		/* It was dirty, and nobody else clears: rather say too much. */
		report(scan, hull);
		*next = hull->last + 1;
	}
	--*next;
	/* Behind the hull the block is known to be clean. */
	if (*next >= hull->last)
		*next = max(*next, block->last);
	return 0;
}

/* The largest naturally aligned block at @iova of at most @most bytes. */
static unsigned long block_size(unsigned long iova, unsigned long last,
				unsigned long most)
{
	unsigned long size = min(most, rounddown_pow_of_two(last - iova + 1));

	return iova ? min(size, 1UL << __ffs(iova)) : size;
}

/**
 * domain_begin_dirty() - start to read or to clear dirty bits
 * @scan: for domain_end_dirty()
 */
void domain_begin_dirty(struct dirty_scan *scan)
{
	iommu_iotlb_gather_init(&scan->cleared);
	scan->reach = domain_alignment(scan->domain);
}

/**
 * domain_read_dirty() - report the dirty leaves of a range; clear them
 * @scan: begun
 * @first: first IOVA
 * @last: last IOVA; all is mapped, by one domain_fill(), and stays so; nobody
 *	else clears
 * @area_last: last IOVA of that domain_fill()
 *
 * A leaf that is only partly in the range is reported, and not cleared. May
 * sleep for long; a fatal signal ends it. What was cleared is reported, in any
 * case.
 *
 * Return: 0, -EINTR, or what the driver says.
 */
int domain_read_dirty(struct dirty_scan *scan, unsigned long first,
		      unsigned long last, unsigned long area_last)
{
	struct extent block = { .first = first };
	struct extent hull;
	unsigned long next;
	int rc;

	scan->first = first;
	scan->last = last;
	scan->sealed = last == area_last || IS_ALIGNED(last + 1, DOMAIN_LEAF_MAX);
	for (;; block.first = next + 1) {
		block.last = block.first - 1 +
			     block_size(block.first, last, scan->reach);
		rc = look(scan, block.first, block.last - block.first + 1,
			  false, &hull);
		if (rc)
			return rc;
		if (is_none(&hull)) {
			next = block.last;
			scan->reach = min(scan->reach << 1, LOOK_MAX);
		} else {
			rc = take_leaves(scan, &block, &hull, &next);
			if (rc)
				return rc;
		}
		if (next >= last)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * domain_clear_dirty() - clear the dirty bits of a range
 * @scan: begun; needs no bitmap
 * @first: first IOVA
 * @last: last IOVA; exactly what one domain_fill() mapped, and stays so
 *
 * May sleep for long; a fatal signal ends it.
 * Return: 0, -EINTR, or what the driver says.
 */
int domain_clear_dirty(struct dirty_scan *scan, unsigned long first,
		       unsigned long last)
{
	struct extent found;
	unsigned long to;
	int rc;

	/* All steps but the first and the last are naturally aligned. */
	for (;; first = to + 1) {
		to = min(last, first | (LOOK_MAX - 1));
		rc = look(scan, first, to - first + 1, true, &found);
		if (!is_none(&found))
			note_cleared(scan, &found);
		if (rc || to == last)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * domain_end_dirty() - whatever is written from now on is dirty again
 * @scan: begun, whatever came of it
 *
 * Flushes the IOTLB, which remembers what was dirty. May sleep.
 */
void domain_end_dirty(struct dirty_scan *scan)
{
	if (scan->cleared.start <= scan->cleared.end)
		iommu_iotlb_sync(scan->domain, &scan->cleared);
}
