// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking of a HWPT: whether it is on, and which areas are read.
 *
 * An area is WALKED while its dirty bits are read or cleared, so an unmap of it
 * waits, for a step at most. What was dirty and not read when an area is
 * unmapped is lost with it: user space that cares reads first. No page fault
 * is taken meanwhile: that part of the caller's bitmap was pinned before.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "domain/dirty.h"
#include "domain/domain.h"
#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"

/*
 * The next area of a range, WALKED. Waits while somebody else works on it. NULL:
 * there is none. An ERR_PTR: a fatal signal.
 */
static struct area *claim_area(struct ioas *ioas, unsigned long first,
			       unsigned long last)
{
	struct area *area;

	mutex_lock(&ioas->iova_lock);
	while ((area = ioas_next_area(ioas, first, last)) &&
	       area->state != AREA_READY) {
		if (fatal_signal_pending(current)) {
			area = ERR_PTR(-EINTR);
			goto out;
		}
		ioas_wait_for_areas(ioas, TASK_KILLABLE);
	}
	if (area)
		area->state = AREA_WALKED;
out:
	mutex_unlock(&ioas->iova_lock);
	return area;
}

static void release_area(struct ioas *ioas, struct area *area)
{
	mutex_lock(&ioas->iova_lock);
	area->state = AREA_READY;
	ioas_wake(ioas);
	mutex_unlock(&ioas->iova_lock);
}

/* Read, as was decided, what a bitmap is for, or else clear. */
static int scan_pages(struct dirty_read *read, unsigned long first,
		      unsigned long last, const struct area *area)
{
	struct dirty_scan *scan = &read->scan;

	if (!scan->bitmap)
		return domain_clear_dirty(scan, first, last);
	if (read->verdict == IOMMUFD_DIRTY_ASSUME) {
		/* Looked at nothing, cleared nothing. */
		dirty_bitmap_set(scan->bitmap, first, last);
		return 0;
	}
	scan->clear = read->clear && read->verdict == IOMMUFD_DIRTY_SCAN;
	return domain_read_dirty(scan, first, last, area_last(area));
}

/*
 * An area that is WALKED stays mapped, but for a dmabuf: its exporter may take
 * it back, under the lock that is held here, and then it is a gap.
 */
static int scan_area(struct dirty_read *read, unsigned long first,
		     unsigned long last, const struct area *area)
{
	int rc = 0;

	if (mem_has_pages(area->mem))
		return scan_pages(read, first, last, area);
	mem_lock_dmabuf(area->mem);
	if (!mem_dmabuf_revoked(area->mem))
		rc = scan_pages(read, first, last, area);
	mem_unlock_dmabuf(area->mem);
	return rc;
}

/* A step of the read's turn at an area. */
static int read_area(struct dirty_read *read, unsigned long first,
		     unsigned long last, struct area *area)
{
	int rc;

	if (!read->scan.bitmap) {
		dirty_forget(area, read->hwpt);
		return scan_area(read, first, last, area);
	}
	dirty_turn_step(read, area, first);
	rc = scan_area(read, first, last, area);
	if (!rc)
		dirty_turn_step_done(read, area, last);
	return rc;
}

/*
 * Scan all that is mapped in a range. A HWPT that can be found holds all areas,
 * and those that somebody maps only now it holds in parts, of which nothing is
 * missed: the map is waited for. Long areas are let go of now and then, where
 * no leaf is cut.
 */
static int scan_range(struct dirty_read *read, unsigned long first,
		      unsigned long last)
{
	struct ioas *ioas = read->hwpt->ioas;
	int rc;

	for (;;) {
		struct area *area = claim_area(ioas, first, last);
		unsigned long to;

		if (IS_ERR_OR_NULL(area))
			return PTR_ERR_OR_ZERO(area);
		first = max_t(unsigned long, first, area->view.iova);
		to = min3(last, area_last(area), first | (DOMAIN_LEAF_MAX - 1));
		rc = read_area(read, first, to, area);
		release_area(ioas, area);
		if (rc || to == last)
			return rc;
		first = to + 1;
		cond_resched();
	}
}

/* A fatal signal ends it early: what is left goes with the areas. */
static void forget_range(struct hwpt *hwpt)
{
	unsigned long first = 0, last;
	struct area *area;

	for (;;) {
		area = claim_area(hwpt->ioas, first, ULONG_MAX);
		if (IS_ERR_OR_NULL(area))
			return;
		last = area_last(area);
		dirty_forget(area, hwpt);
		release_area(hwpt->ioas, area);
		if (last == ULONG_MAX)
			return;
		first = last + 1;
		cond_resched();
	}
}

static int start_tracking(struct hwpt *hwpt)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	struct dirty_read clear = {
		.hwpt = hwpt,
		.scan.domain = hwpt->domain,
	};
	int rc = dirty_ask_start(hwpt);

	if (rc)
		return rc;
	domain_begin_dirty(&clear.scan);
	rc = scan_range(&clear, 0, ULONG_MAX);
	domain_end_dirty(&clear.scan);
	rc = rc ?: ops->set_dirty_tracking(hwpt->domain, true);
	if (rc) {
		dirty_stopped(hwpt);
		return rc;
	}
	hwpt->dirty_tracking = true;
	WRITE_ONCE(hwpt->view.dirty_since_ns, ktime_get_boottime_ns());
	hwpt->dirty_bytes_before = hwpt->view.dirty_bytes;
	return 0;
}

static int stop_tracking(struct hwpt *hwpt, u64 *reported)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	int rc = ops->set_dirty_tracking(hwpt->domain, false);

	if (rc)
		return rc;
	hwpt->dirty_tracking = false;
	WRITE_ONCE(hwpt->view.dirty_since_ns, 0);
	*reported = hwpt->view.dirty_bytes - hwpt->dirty_bytes_before;
	dirty_stopped(hwpt);
	if (hwpt->dirty_noted)
		forget_range(hwpt);
	hwpt->dirty_noted = false;
	return 0;
}

/**
 * hwpt_set_dirty_tracking() - start or stop to track what devices write
 * @hwpt: the caller holds a busy reference
 * @enable: start
 * @reported: stop: set to the bytes of IO pages that were reported meanwhile
 *
 * Starts with nothing dirty. To start or to stop twice changes nothing. Takes
 * the HWPT's dirty_lock and the IOAS's locks. May sleep for long; a fatal
 * signal ends it.
 *
 * Return: 0; -EOPNOTSUPP: made without IOMMU_HWPT_ALLOC_DIRTY_TRACKING; -EINTR;
 * what the driver says; what a policy says: -EPERM, -ENOMEM, -EDQUOT.
 */
int hwpt_set_dirty_tracking(struct hwpt *hwpt, bool enable, u64 *reported)
{
	int rc = 0;

	if (!hwpt->domain->dirty_ops)
		return -EOPNOTSUPP;
	if (down_write_killable(&hwpt->dirty_lock))
		return -EINTR;
	if (hwpt->dirty_tracking != enable)
		rc = enable ? start_tracking(hwpt) :
			      stop_tracking(hwpt, reported);
	up_write(&hwpt->dirty_lock);
	return rc;
}

static int check_range(struct ioas *ioas, u64 iova, u64 length, u64 page_size)
{
	unsigned long align, last;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	if (!is_power_of_2(page_size))
		return -EINVAL;
	mutex_lock(&ioas->iova_lock);
	align = max_t(u64, ioas->alignment, page_size);
	mutex_unlock(&ioas->iova_lock);
	return (iova | length) & (align - 1) ? -EINVAL : 0;
}

/* Window by window of the bitmap, which no leaf crosses. */
static int read_windows(struct dirty_read *read)
{
	struct dirty_bitmap *map = read->scan.bitmap;
	unsigned long first = map->start, last;
	int rc;

	for (;;) {
		rc = dirty_bitmap_pin(map, first, &last);
		if (rc)
			return rc;
		rc = scan_range(read, first, last);
		dirty_bitmap_unpin(map);
		if (rc || last == map->end)
			return rc;
		first = last + 1;
	}
}

/* Several may read at a time. */
static void count_read(struct hwpt *hwpt, u64 reported)
{
	static_assert(sizeof(atomic64_t) == sizeof(hwpt->view.dirty_bytes));
	atomic64_add(reported, (atomic64_t *)&hwpt->view.dirty_bytes);
	atomic64_inc((atomic64_t *)&hwpt->view.dirty_reads);
}

/**
 * hwpt_read_dirty() - report what devices have written to
 * @hwpt: the caller holds a busy reference
 * @iova: first IOVA
 * @length: bytes
 * @page_size: bytes that a bit of the bitmap stands for
 * @data: user address of the bitmap: bits are set in it, none is cleared
 * @clear: what is reported is not dirty any more
 * @reported: set to the bytes of IO pages that were reported, on failure too
 *
 * IOVAs at which nothing is mapped are not dirty. An IO page that is only
 * partly in the range is reported, and stays dirty. Takes the HWPT's
 * dirty_lock and the IOAS's locks. May sleep for long; a fatal signal ends it.
 *
 * Return: 0; -EOPNOTSUPP: made without IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
 * -EINVAL: no range, or not aligned to @page_size and to IO pages, or
 * @page_size is no power of two, or nothing is tracked; -EOVERFLOW: the range
 * wraps; -EFAULT: no such bitmap, and everything is as dirty as before (unless it
 * went away meanwhile); -ENOMEM; -EINTR; what the driver says.
 */
int hwpt_read_dirty(struct hwpt *hwpt, u64 iova, u64 length, u64 page_size,
		    void __user *data, bool clear, u64 *reported)
{
	struct dirty_bitmap bitmap;
	struct dirty_read read = {
		.hwpt = hwpt,
		.scan.domain = hwpt->domain,
		.scan.bitmap = &bitmap,
		.first = iova,
		.last = iova + length - 1,
		.page_size = page_size,
		.clear = clear,
	};
	int rc;

	*reported = 0;
	if (!hwpt->domain->dirty_ops)
		return -EOPNOTSUPP;
	rc = check_range(hwpt->ioas, iova, length, page_size);
	if (rc)
		return rc;
	rc = dirty_bitmap_init(&bitmap, iova, length, ilog2(page_size),
			       DOMAIN_LEAF_MAX, data);
	if (rc)
		return rc;
	rc = -EINTR;
	if (down_read_killable(&hwpt->dirty_lock))
		goto out;
	rc = -EINVAL;
	if (hwpt->dirty_tracking) {
		domain_begin_dirty(&read.scan);
		rc = read_windows(&read);
		domain_end_dirty(&read.scan);
		count_read(hwpt, bitmap.reported);
		*reported = bitmap.reported;
	}
	up_read(&hwpt->dirty_lock);
out:
	dirty_bitmap_exit(&bitmap);
	return rc;
}
