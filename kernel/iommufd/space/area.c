// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas, and the HWPTs that hold them. space.h explains the lock and the states.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "cache.h"
#include "domain/domain.h"
#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "trace_mem.h"

static struct kmem_cache *area_cache;

/**
 * area_cache_create() - before any area is created
 *
 * Return: 0 or -ENOMEM.
 */
int area_cache_create(void)
{
	area_cache = uncleared_cache_create("iommufd_area", sizeof(struct area));
	return area_cache ? 0 : -ENOMEM;
}

/**
 * area_cache_destroy() - when all areas are gone
 *
 * Waits for those that RCU still has.
 */
void area_cache_destroy(void)
{
	kmem_cache_destroy(area_cache);
}

/**
 * area_free() - free an area, and give back its reference to the memory
 * @area: not the IOAS's, or not any more, and in no list that somebody walks:
 *	RCU has @node's place to free it by
 *
 * May sleep.
 */
void area_free(struct area *area)
{
	/* A device may reach it still: it stays, and its memory, for ever. */
	if (area->nr_hwpts)
		return;
	mem_put(area->mem);
	kfree_rcu(area, rcu);
}

static int to_iommu_prot(u32 prot)
{
	/* Without IOMMU_CACHE a device would not see the CPU's caches. */
	return IOMMU_CACHE | (prot & IOMMUFD_PROT_READ ? IOMMU_READ : 0) |
	       (prot & IOMMUFD_PROT_WRITE ? IOMMU_WRITE : 0);
}

/**
 * area_create() - an area over a slice of memory
 * @mem: the memory; the area takes a reference of its own
 * @offset: in it, bytes
 * @length: bytes, not 0
 * @prot: enum iommufd_prot
 *
 * May sleep.
 * Return: an area for ioas_insert_areas(), BUSY, or ERR_PTR(-ENOMEM).
 */
struct area *area_create(struct mem *mem, u64 offset, unsigned long length,
			 u32 prot)
{
	struct area *area = kmem_cache_alloc(area_cache, GFP_KERNEL);

	if (!area)
		return ERR_PTR(-ENOMEM);
	refcount_inc(&mem->refs);
	*area = (struct area){
		.mem = mem,
		.offset = offset,
		.user.node.start = offset >> PAGE_SHIFT,
		.user.node.last = (offset + length - 1) >> PAGE_SHIFT,
		.iommu_prot = to_iommu_prot(prot),
		.state = AREA_BUSY,
		.view.length = length,
		.view.va = mem->va + offset,
		.view.prot = prot,
		.view.source = mem->source->kind,
		.view.created_ns = ktime_get_boottime_ns(),
	};
	return area;
}

/**
 * area_dup() - the same area once more, for who cuts it in two
 * @area: the area
 *
 * May sleep.
 * Return: a copy that holds nothing yet: no reference to the memory; or NULL.
 */
struct area *area_dup(const struct area *area)
{
	struct area *copy = kmem_cache_alloc(area_cache, GFP_KERNEL);

	if (copy)
		*copy = *area;
	return copy;
}

/**
 * area_show_payer() - say in the view who pays
 * @area: the area; its context's process_lock is held, so the payer stays
 */
void area_show_payer(struct area *area)
{
	const struct payer *payer = area->mem->payer;

	WRITE_ONCE(area->view.tgid, payer->tgid);
	WRITE_ONCE(area->view.uid, from_kuid(&init_user_ns, payer->user->uid));
}

/* Several threads pin and unpin areas of one IOAS at a time. */
static void count_pinned(struct ioas *ioas, s64 npages)
{
	static_assert(sizeof(atomic64_t) == sizeof(ioas->view.pinned_pages));
	atomic64_add(npages, (atomic64_t *)&ioas->view.pinned_pages);
}

/* These two are called with the memory's lock held. */
static int area_pin(struct ioas *ioas, struct area *area, struct op_stats *st)
{
	int rc;

	if (!mem_has_pages(area->mem))
		return 0;
	rc = mem_pin(area->mem, &area->user, st);
	if (rc)
		return rc;
	WRITE_ONCE(area->view.pinned_pages,
		   area->user.node.last - area->user.node.start + 1);
	WRITE_ONCE(area->view.nr_runs, area->user.nr_runs);
	count_pinned(ioas, area->view.pinned_pages);
	return 0;
}

static void area_unpin(struct ioas *ioas, struct area *area,
		       struct op_stats *st)
{
	if (!mem_has_pages(area->mem))
		return;
	count_pinned(ioas, -(s64)area->view.pinned_pages);
	WRITE_ONCE(area->view.pinned_pages, 0);
	WRITE_ONCE(area->view.nr_runs, 0);
	mem_unpin(area->mem, &area->user, st);
}

/* What the events of filling and clearing have in common. */
static struct iommufd_fill_event fill_event(const struct ioas *ioas,
					    const struct area *area,
					    const struct hwpt *hwpt,
					    const struct op_stats *st)
{
	return (struct iommufd_fill_event){
		.ctx_cookie = ioas->view.ctx_cookie,
		.ioas_cookie = ioas->view.cookie,
		.iova = area->view.iova,
		.length = area->view.length,
		.nr_runs = area->view.nr_runs,
		.ioas_id = ioas->view.id,
		.hwpt_id = hwpt->obj.id,
		.op = st->op,
	};
}

static int fill_hwpt(struct ioas *ioas, struct area *area, struct hwpt *hwpt,
		     struct op_stats *st)
{
	struct fill_how how = {
		.iommu_prot = area->iommu_prot,
		/* Cannot be disabled while a HWPT and an area are there. */
		.huge_pages = READ_ONCE(ioas->huge_pages),
	};

	if (mem_has_pages(area->mem))
		return domain_fill(hwpt->domain, area->view.iova, area->mem,
				   area->offset, area->view.length, &how, st);
	return domain_fill_dmabuf(hwpt->domain, area->view.iova, area->mem,
				  area->offset, area->view.length, &how, st);
}

static noinline int fill_hwpt_traced(struct ioas *ioas, struct area *area,
				     struct hwpt *hwpt, struct op_stats *st)
{
	struct iommufd_fill_event ev = fill_event(ioas, area, hwpt, st);
	u64 begin = clock_now();

	ev.ret = fill_hwpt(ioas, area, hwpt, st);
	ev.duration_ns = clock_since(begin);
	trace_iommufd_fill(&ev);
	return ev.ret;
}

static bool clear_hwpt(struct area *area, struct hwpt *hwpt,
		       struct op_stats *st)
{
	if (mem_has_pages(area->mem))
		return domain_clear(hwpt->domain, area->view.iova,
				    area->view.length, st);
	return domain_clear_dmabuf(hwpt->domain, area->view.iova, area->mem,
				   st);
}

static noinline bool clear_hwpt_traced(struct ioas *ioas, struct area *area,
				       struct hwpt *hwpt, struct op_stats *st)
{
	struct iommufd_fill_event ev = fill_event(ioas, area, hwpt, st);
	u64 begin = clock_now();
	bool cleared = clear_hwpt(area, hwpt, st);

	ev.duration_ns = clock_since(begin);
	trace_iommufd_clear(&ev);
	return cleared;
}

/* Whoever made the area BUSY or WALKED counts. */
static void count_hwpts(struct area *area, int n)
{
	area->nr_hwpts += n;
	WRITE_ONCE(area->view.nr_domains, area->nr_hwpts);
}

static int enter_locked(struct ioas *ioas, struct area *area,
			struct hwpt *hwpt, struct op_stats *st)
{
	int rc;

	if (!area->nr_hwpts) {
		rc = area_pin(ioas, area, st);
		if (rc)
			return rc;
	}
	if (trace_iommufd_fill_enabled())
		rc = fill_hwpt_traced(ioas, area, hwpt, st);
	else
		rc = fill_hwpt(ioas, area, hwpt, st);
	/* What could not be undone stays pinned, and the area's. */
	if (!rc || rc == -ENOTRECOVERABLE)
		count_hwpts(area, 1);
	else if (!area->nr_hwpts)
		area_unpin(ioas, area, st);
	return rc;
}

/**
 * area_enter_hwpt() - write an area into a HWPT; pin it if it is the first
 * @ioas: the IOAS
 * @area: BUSY or WALKED, by the caller
 * @hwpt: does not hold it yet
 * @st: counts
 *
 * May sleep for long; a fatal signal ends it.
 * Return: 0, or what mem_pin() and domain_fill() return: all as before then, but
 * for -ENOTRECOVERABLE, after which the area counts as held: it stays pinned for
 * as long as it lives, and what it has of memory and IOVAs is never given back.
 */
int area_enter_hwpt(struct ioas *ioas, struct area *area, struct hwpt *hwpt,
		    struct op_stats *st)
{
	int rc;

	st->ioas = &ioas->view;
	/*
	 * Whoever has it may be pinning, and wait for a page that never comes.
	 * Held for all of it, nobody else's such wait is before the undoing of
	 * this. What the caller entered before is given back like by an unmap,
	 * which waits until that page comes or its task is killed.
	 */
	if (mutex_lock_killable(&area->mem->lock))
		return -EINTR;
	rc = enter_locked(ioas, area, hwpt, st);
	mutex_unlock(&area->mem->lock);
	return rc;
}

/* An area was cleared from a HWPT: unpin it if it was the last. */
static void left_hwpt(struct ioas *ioas, struct area *area,
		      const struct hwpt *hwpt, bool cleared,
		      struct op_stats *st)
{
	if (area->dirty_notes)
		dirty_forget(area, hwpt);
	/* Rather leak a pin than let a device reach memory that was freed. */
	if (!cleared || WARN_ON(!area->nr_hwpts))
		return;
	count_hwpts(area, -1);
	if (area->nr_hwpts)
		return;
	mutex_lock(&area->mem->lock);
	area_unpin(ioas, area, st);
	mutex_unlock(&area->mem->lock);
}

/**
 * area_exit_hwpt() - take an area out of a HWPT; unpin it if it was the last
 * @ioas: the IOAS
 * @area: BUSY or WALKED, by the caller
 * @hwpt: holds it
 * @st: counts
 *
 * May sleep for long; cannot fail.
 */
void area_exit_hwpt(struct ioas *ioas, struct area *area, struct hwpt *hwpt,
		    struct op_stats *st)
{
	bool cleared;

	st->ioas = &ioas->view;
	if (trace_iommufd_clear_enabled())
		cleared = clear_hwpt_traced(ioas, area, hwpt, st);
	else
		cleared = clear_hwpt(area, hwpt, st);
	left_hwpt(ioas, area, hwpt, cleared, st);
}

/*
 * The next HWPT after @hwpt, or the first, that holds an area which the caller
 * made BUSY. The lock is dropped between calls: BUSY keeps the holders, and
 * so @hwpt, in the list.
 */
static struct hwpt *next_holder(struct ioas *ioas, const struct area *area,
				struct hwpt *hwpt)
{
	mutex_lock(&ioas->iova_lock);
	hwpt = hwpt ?: list_entry(&ioas->hwpts, struct hwpt, node);
	list_for_each_entry_continue(hwpt, &ioas->hwpts, node)
		if (hwpt_holds(hwpt, area->view.iova))
			goto out;
	hwpt = NULL;
out:
	mutex_unlock(&ioas->iova_lock);
	return hwpt;
}

/**
 * area_exit_holders() - take an area out of HWPTs that hold it
 * @ioas: the IOAS
 * @area: BUSY, by the caller
 * @end: up to but not this one; NULL: all
 * @st: counts
 *
 * Unpinned once no HWPT holds it. May sleep for long; cannot fail.
 */
void area_exit_holders(struct ioas *ioas, struct area *area, struct hwpt *end,
		       struct op_stats *st)
{
	struct hwpt *hwpt = NULL;

	while ((hwpt = next_holder(ioas, area, hwpt)) != end)
		area_exit_hwpt(ioas, area, hwpt, st);
}

/**
 * area_exit_holders_to() - take areas that lie side by side out of all HWPTs
 * @ioas: the IOAS
 * @first: the first one, BUSY by the caller
 * @last: the last one, likewise; after @first in the caller's list, with those
 *	between them. All have pages and are held by the same HWPTs.
 * @st: counts
 *
 * As area_exit_holders() for each, but cleared and flushed at one go, and
 * without their events. May sleep for long; cannot fail.
 */
void area_exit_holders_to(struct ioas *ioas, struct area *first,
			  struct area *last, struct op_stats *st)
{
	unsigned long length = area_last(last) - first->view.iova + 1;
	struct hwpt *hwpt = NULL;
	struct area *area;
	bool cleared;

	st->ioas = &ioas->view;
	while ((hwpt = next_holder(ioas, first, hwpt))) {
		cleared = domain_clear(hwpt->domain, first->view.iova, length,
				       st);
		for (area = first;; area = list_next_entry(area, node)) {
			left_hwpt(ioas, area, hwpt, cleared, st);
			if (area == last)
				break;
			cond_resched();
		}
	}
}

/**
 * area_enter_holders() - write an area into all HWPTs that have to hold it
 * @ioas: the IOAS
 * @area: BUSY, by the caller; in no HWPT yet
 * @st: counts
 *
 * May sleep for long; a fatal signal ends it.
 * Return: 0, or what area_enter_hwpt() returns: in none then.
 */
int area_enter_holders(struct ioas *ioas, struct area *area,
		       struct op_stats *st)
{
	struct hwpt *hwpt = NULL;
	int rc;

	while ((hwpt = next_holder(ioas, area, hwpt))) {
		rc = area_enter_hwpt(ioas, area, hwpt, st);
		if (rc) {
			area_exit_holders(ioas, area, hwpt, st);
			return rc;
		}
	}
	return 0;
}
