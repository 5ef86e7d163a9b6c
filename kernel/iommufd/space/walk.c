// SPDX-License-Identifier: GPL-2.0-only
/*
 * HWPTs that join an IOAS and take its areas in, or leave and take them out,
 * while maps and unmaps go on. space.h explains the cursor.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"

/* The IOVAs that a domain can reach. */
static void aperture(const struct iommu_domain *domain, unsigned long *first,
		     unsigned long *last)
{
	const struct iommu_domain_geometry *geo = &domain->geometry;

	*first = geo->force_aperture ? geo->aperture_start : 0;
	*last = geo->force_aperture ? geo->aperture_end : ULONG_MAX;
	/* Past the last page a driver that reads dirty bits starts at 0. */
	if (domain->dirty_ops)
		*last = min(*last, ULONG_MAX - PAGE_SIZE);
}

/* Do all areas fit the domain? Then keep new ones from what it cannot reach. */
static int check_domain(struct ioas *ioas, struct hwpt *hwpt)
{
	unsigned long first, last;
	unsigned long align = domain_alignment(hwpt->domain);
	int rc;

	lockdep_assert_held(&ioas->iova_lock);
	/* Memory comes in units of PAGE_SIZE; larger IO pages do not fit it. */
	if (align > PAGE_SIZE)
		return -EINVAL;
	rc = ioas_check_alignment(ioas, align);
	if (rc)
		return rc;
	aperture(hwpt->domain, &first, &last);
	if (first)
		rc = ioas_reserve(ioas, 0, first - 1, hwpt);
	if (!rc && last < ULONG_MAX)
		rc = ioas_reserve(ioas, last + 1, ULONG_MAX, hwpt);
	if (rc)
		ioas_unreserve(ioas, hwpt);
	return rc;
}

/* The first area that a HWPT does not hold, and the last one that it does. */
static struct area *area_above(struct ioas *ioas, const struct hwpt *hwpt)
{
	unsigned long from = hwpt->cursor;
	struct area *area = ioas_next_area(ioas, from, ULONG_MAX);

	/* One that begins below the cursor, and reaches over it, is held. */
	if (area && hwpt_holds(hwpt, area->view.iova))
		area = area_set_next(&ioas->areas, area);
	return area;
}

static struct area *area_below(struct ioas *ioas, const struct hwpt *hwpt)
{
	return hwpt->cursor ? area_set_prev(&ioas->areas, hwpt->cursor - 1) : NULL;
}

/*
 * Mark the area next to a HWPT's cursor WALKED, waiting while somebody else
 * works on it. NULL: there is none. An ERR_PTR: a fatal signal, if @killable.
 */
static struct area *
start_walk(struct ioas *ioas, struct hwpt *hwpt,
	   struct area *(*next)(struct ioas *, const struct hwpt *),
	   bool killable)
{
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	while ((area = next(ioas, hwpt)) && area->state != AREA_READY) {
		if (killable && fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		ioas_wait_for_areas(ioas, killable ? TASK_KILLABLE :
						     TASK_UNINTERRUPTIBLE);
	}
	if (area)
		area->state = AREA_WALKED;
	return area;
}

static void end_walk(struct ioas *ioas, struct area *area)
{
	lockdep_assert_held(&ioas->iova_lock);
	area->state = AREA_READY;
	ioas_wake(ioas);
}

/* Areas are aligned, and so none begins at ULONG_MAX. */
static void raise_cursor(struct hwpt *hwpt, const struct area *area)
{
	if (!area || area_last(area) == ULONG_MAX)
		hwpt->complete = true;
	else
		hwpt->cursor = area_last(area) + 1;
}

static void lower_cursor(struct hwpt *hwpt, unsigned long iova)
{
	hwpt->complete = false;
	hwpt->cursor = iova;
}

/*
 * Raise the cursor over every area. It moves before the area goes in: an area
 * that is mapped below meanwhile must be written by the one who maps it.
 */
static int walk_up(struct ioas *ioas, struct hwpt *hwpt, struct op_stats *st)
{
	struct area *area;
	int rc;

	lockdep_assert_held(&ioas->iova_lock);
	while (!hwpt->complete) {
		area = start_walk(ioas, hwpt, area_above, true);
		if (IS_ERR(area))
			return PTR_ERR(area);
		raise_cursor(hwpt, area);
		if (!area)
			break;
		mutex_unlock(&ioas->iova_lock);
		rc = area_enter_hwpt(ioas, area, hwpt, st);
		cond_resched();
		mutex_lock(&ioas->iova_lock);
		if (rc)
			lower_cursor(hwpt, area->view.iova);
		end_walk(ioas, area);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Lower the cursor under every area. It moves before the area comes out: an
 * area that is mapped above meanwhile must not be written to this HWPT.
 */
static void walk_down(struct ioas *ioas, struct hwpt *hwpt,
		      struct op_stats *st)
{
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	if (hwpt->complete)
		lower_cursor(hwpt, ULONG_MAX);
	while ((area = start_walk(ioas, hwpt, area_below, false))) {
		lower_cursor(hwpt, area->view.iova);
		mutex_unlock(&ioas->iova_lock);
		area_exit_hwpt(ioas, area, hwpt, st);
		cond_resched();
		mutex_lock(&ioas->iova_lock);
		end_walk(ioas, area);
	}
}

static void leave_locked(struct ioas *ioas, struct hwpt *hwpt,
			 struct op_stats *st)
{
	walk_down(ioas, hwpt, st);
	list_del_init(&hwpt->node);
	ioas->view.nr_domains--;
	ioas_unreserve(ioas, hwpt);
	ioas_update_alignment(ioas);
}

/**
 * ioas_join_hwpt() - a HWPT shall hold all areas, now and from now on
 * @ioas: the IOAS
 * @hwpt: empty, in no list
 * @st: counts
 *
 * What the domain cannot reach is reserved, and its alignment holds, before
 * the first area goes in. The first HWPT to hold an area pins its memory. Takes
 * iova_lock; drops it while it works on an area. May sleep for long; a fatal
 * signal ends it.
 *
 * Return: 0; -EADDRINUSE: an area is where the domain cannot reach, or is not
 * aligned for it; -EINVAL: IO pages larger than the CPU's; -EINTR; what
 * area_enter_hwpt() returns. Everything is as before then, as far as it says so.
 */
int ioas_join_hwpt(struct ioas *ioas, struct hwpt *hwpt, struct op_stats *st)
{
	int rc;

	mutex_lock(&ioas->iova_lock);
	rc = check_domain(ioas, hwpt);
	if (rc)
		goto out;
	hwpt->cursor = 0;
	hwpt->complete = false;
	list_add_tail(&hwpt->node, &ioas->hwpts);
	ioas->view.nr_domains++;
	ioas_update_alignment(ioas);
	rc = walk_up(ioas, hwpt, st);
	if (rc)
		leave_locked(ioas, hwpt, st);
out:
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

/**
 * ioas_leave_hwpt() - take all areas out of a HWPT
 * @ioas: the IOAS
 * @hwpt: from ioas_join_hwpt(); no device is attached to it
 * @st: counts
 *
 * What no other HWPT holds is unpinned. Takes iova_lock; drops it while it
 * works on an area. May sleep for long; cannot fail.
 */
void ioas_leave_hwpt(struct ioas *ioas, struct hwpt *hwpt,
		     struct op_stats *st)
{
	mutex_lock(&ioas->iova_lock);
	leave_locked(ioas, hwpt, st);
	mutex_unlock(&ioas->iova_lock);
}
