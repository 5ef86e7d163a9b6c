// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting an area in two, so that one part can be unmapped without the other:
 * what type1 of VFIO's first version could do.
 *
 *      before   [      area       ]        one user of the memory
 *      after    [ area ][  tail   ]        two
 *                       ^ the boundary
 *
 * IO page tables are not touched, and so no huge IO page may lie across the
 * boundary: areas are cut only where huge pages are disabled.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"

/*
 * The area on both sides of a boundary, READY, with nobody inside. NULL: there
 * is none that may be cut. Drops iova_lock while it waits.
 */
static struct area *find_uncut(struct ioas *ioas, unsigned long iova)
{
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	for (;;) {
		if (ioas->huge_pages)
			return NULL;
		area = ioas_next_area(ioas, iova - 1, iova - 1);
		if (!area || area_last(area) < iova)
			return NULL;
		/* A dmabuf is taken back whole. */
		if (!mem_has_pages(area->mem))
			return NULL;
		if (area->state == AREA_BUSY)
			return ERR_PTR(-EBUSY);
		/* Which part a pin belongs to is not known. */
		if (area->nr_pins || area->nr_locks)
			return ERR_PTR(-EINVAL);
		if (area->state == AREA_READY && !area->nr_inside)
			return area;
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		ioas_wait_for_areas(ioas, TASK_KILLABLE);
	}
}

/*
 * A HWPT holds the areas that begin below its cursor: one that holds the area
 * must go on holding the tail. Nothing else begins where its cursor passes.
 */
static void raise_cursors(struct ioas *ioas, const struct area *area,
			  const struct area *tail)
{
	struct hwpt *hwpt;

	lockdep_assert_held(&ioas->iova_lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		if (hwpt_holds(hwpt, area->view.iova) &&
		    !hwpt_holds(hwpt, tail->view.iova))
			hwpt->cursor = area_last(tail) == ULONG_MAX ?
					       ULONG_MAX :
					       area_last(tail) + 1;
}

/*
 * Give the upper part to a new area. Both are WALKED: whoever wants to map,
 * unmap or walk them waits until their users are two as well.
 */
static struct area *split_off(struct ioas *ioas, struct area *area,
			      unsigned long iova)
{
	unsigned long length = iova - area->view.iova;
	struct area *tail;

	lockdep_assert_held(&ioas->iova_lock);
	/* Aligned, because huge pages are disabled. */
	if (WARN_ON(!PAGE_ALIGNED(iova) || !PAGE_ALIGNED(area->offset)))
		return ERR_PTR(-EINVAL);
	tail = area_dup(area);
	if (!tail)
		return ERR_PTR(-ENOMEM);
	tail->view.iova = iova;
	tail->view.length -= length;
	tail->view.va += length;
	tail->offset += length;
	tail->user.node.start = tail->offset >> PAGE_SHIFT;
	tail->state = AREA_WALKED;
	tail->dirty_notes = NULL;
	refcount_inc(&tail->mem->refs);
	/* What is known of the whole is not known of the parts. */
	dirty_forget_all(area);
	WRITE_ONCE(area->view.length, length);
	area_set_insert(&ioas->areas, tail);
	ioas->view.nr_areas++;
	area->state = AREA_WALKED;
	raise_cursors(ioas, area, tail);
	return tail;
}

static void set_views(struct area *area)
{
	WRITE_ONCE(area->view.pinned_pages,
		   area->user.node.last - area->user.node.start + 1);
	WRITE_ONCE(area->view.nr_runs, area->user.nr_runs);
}

static void split_user(struct area *area, struct area *tail)
{
	if (!area->nr_hwpts) {
		area->user.node.last = tail->user.node.start - 1;
		return;
	}
	mem_split_user(area->mem, &area->user, &tail->user);
	set_views(area);
	set_views(tail);
}

/**
 * ioas_cut() - make sure that no area lies across a boundary
 * @ioas: the IOAS; the caller holds a busy reference
 * @iova: the first IOVA behind the boundary, aligned to PAGE_SIZE
 *
 * What is mapped, pinned and charged stays as it is. Takes iova_lock. May sleep
 * for long, while somebody else pins the same memory.
 *
 * Return: 0, also where nothing is mapped, and where huge pages are enabled,
 * so that nothing may be cut; -EBUSY: a race with another map or unmap;
 * -EINVAL: an in-kernel user has pinned pages of the area; -ENOMEM; -EINTR: a
 * fatal signal.
 */
int ioas_cut(struct ioas *ioas, unsigned long iova)
{
	struct area *area, *tail;
	int rc = 0;

	if (!iova)
		return 0;
	mutex_lock(&ioas->iova_lock);
	area = find_uncut(ioas, iova);
	if (IS_ERR_OR_NULL(area)) {
		rc = PTR_ERR_OR_ZERO(area);
		goto out;
	}
	tail = split_off(ioas, area, iova);
	if (IS_ERR(tail)) {
		rc = PTR_ERR(tail);
		goto out;
	}
	mutex_unlock(&ioas->iova_lock);
	split_user(area, tail);
	mutex_lock(&ioas->iova_lock);
	area->state = AREA_READY;
	tail->state = AREA_READY;
	ioas_wake(ioas);
out:
	mutex_unlock(&ioas->iova_lock);
	return rc;
}
