// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: mapping and unmapping. space.h explains the lock and the states.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "domain/domain.h"
#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "trace_mem.h"

static struct kmem_cache *area_cache;

/* What has a constructor is not cleared before it is given out. */
static void construct(void *area)
{
}

/**
 * area_cache_create() - before any area is created
 *
 * Return: 0 or -ENOMEM.
 */
int area_cache_create(void)
{
	area_cache = kmem_cache_create("iommufd_area", sizeof(struct area), 0,
				       SLAB_ACCOUNT, construct);
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

/* Nobody looks at its @node any more: RCU has that place to free it by. */
static void area_free(struct area *area)
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

/* An area over a slice of memory; takes a reference to the memory. */
static struct area *area_create(struct mem *mem, u64 offset,
				unsigned long length, u32 prot)
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
 * area_show_payer() - say in the view who pays
 * @area: the area; its context's process_lock is held, so the payer stays
 */
void area_show_payer(struct area *area)
{
	const struct payer *payer = area->mem->payer;

	WRITE_ONCE(area->view.tgid, payer->tgid);
	WRITE_ONCE(area->view.uid, from_kuid(&init_user_ns, payer->user->uid));
}

static void areas_free(struct list_head *areas)
{
	struct area *area, *next;

	list_for_each_entry_safe(area, next, areas, node)
		area_free(area);
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
	u64 begin = ktime_get_ns();

	ev.ret = fill_hwpt(ioas, area, hwpt, st);
	ev.duration_ns = ktime_get_ns() - begin;
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
	u64 begin = ktime_get_ns();
	bool cleared = clear_hwpt(area, hwpt, st);

	ev.duration_ns = ktime_get_ns() - begin;
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
	if (!rc)
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
 * Return: 0, or what mem_pin() and domain_fill() return: all as before then.
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

/* Take an area out of its holders, from the first up to but not @end. */
static void area_exit_holders(struct ioas *ioas, struct area *area,
			      struct hwpt *end, struct op_stats *st)
{
	struct hwpt *hwpt = NULL;

	while ((hwpt = next_holder(ioas, area, hwpt)) != end)
		area_exit_hwpt(ioas, area, hwpt, st);
}

/* Write an area into all that have to hold it; all or nothing. */
static int area_enter_holders(struct ioas *ioas, struct area *area,
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

/* BUSY areas become READY: from here on an unmap may free them. */
static void release_areas(struct ioas *ioas, struct list_head *areas)
{
	struct area *area, *next;

	lockdep_assert_held(&ioas->iova_lock);
	list_for_each_entry_safe(area, next, areas, node) {
		list_del(&area->node);
		area->state = AREA_READY;
		cond_resched();
	}
	ioas_wake(ioas);
}

/*
 * A policy that comes has the memory of one IOAS after the other listed
 * (pins.c). What is pinned already, and is copied to one that was, could leave
 * the other before its turn.
 */
static void list_for_policies(struct list_head *areas)
{
	struct area *area;

	if (!policy_counts_pages())
		return;
	list_for_each_entry(area, areas, node)
		if (mem_has_pages(area->mem))
			mem_list_pins(area->mem);
}

/*
 * Insert areas, one after the other, and write them into every HWPT; all or
 * nothing. The areas are the IOAS's on success.
 */
static int map_areas(struct ioas *ioas, struct list_head *areas,
		     struct map_args *args, struct op_stats *st)
{
	struct area *area;
	int rc;

	if (down_read_killable(&ioas->ctx->process_lock))
		return -EINTR;
	list_for_each_entry(area, areas, node)
		area_show_payer(area);
	mutex_lock(&ioas->iova_lock);
	rc = ioas_insert_areas(ioas, areas, &args->iova, args->fixed);
	mutex_unlock(&ioas->iova_lock);
	up_read(&ioas->ctx->process_lock);
	if (rc)
		return rc;

	/* After it was entered, and before anything else could let go of it. */
	list_for_policies(areas);
	list_for_each_entry(area, areas, node) {
		rc = area_enter_holders(ioas, area, st);
		if (rc)
			break;
		args->nr_runs += area->view.nr_runs;
		args->nr_domains = area->nr_hwpts;
	}
	if (rc)
		list_for_each_entry_continue_reverse(area, areas, node)
			area_exit_holders(ioas, area, NULL, st);

	mutex_lock(&ioas->iova_lock);
	if (!rc) {
		release_areas(ioas, areas);
	} else {
		list_for_each_entry(area, areas, node) {
			ioas_remove_area(ioas, area);
			cond_resched();
		}
		ioas_wake(ioas);
	}
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

static struct mem *new_mem(struct ioas *ioas, const struct map_args *args)
{
	bool writable = args->prot & IOMMUFD_PROT_WRITE;
	struct iommufd_ctx *ctx = ioas->ctx;

	if (args->dmabuf)
		return mem_create_dmabuf(ctx, args->dmabuf, args->importer,
					 args->va, args->length, writable);
	if (args->file)
		return mem_create_file(ctx, args->file, args->va, args->length,
				       writable);
	return mem_create_user(ctx, args->va, args->length, writable);
}

static struct mem *create_mem(struct ioas *ioas, const struct map_args *args)
{
	struct mem *mem = new_mem(ioas, args);

	if (IS_ERR(mem))
		return mem;
	/* It is this IOAS's for policies, wherever it is copied to. */
	pin_account_place(&mem->pins, &ioas->view);
	return mem;
}

/**
 * ioas_map() - map memory of the calling process, of a file, or a dmabuf
 * @ioas: the IOAS; the caller holds a busy reference
 * @args: what and where; filled in on success
 * @st: counts
 *
 * May sleep for long while HWPTs hold the IOAS: memory is faulted in and
 * pinned. A fatal signal ends it.
 *
 * Return: 0; what mem_create_file() or mem_create_dmabuf(),
 * ioas_insert_areas(), mem_pin() and domain_fill() return; -EINTR. Nothing is
 * mapped, pinned or charged then.
 */
int ioas_map(struct ioas *ioas, struct map_args *args, struct op_stats *st)
{
	struct mem *mem = create_mem(ioas, args);
	struct area *area;
	LIST_HEAD(areas);
	int rc;

	if (IS_ERR(mem))
		return PTR_ERR(mem);
	area = area_create(mem, offset_in_page(args->va), args->length,
			   args->prot);
	mem_put(mem);
	if (IS_ERR(area))
		return PTR_ERR(area);
	list_add(&area->node, &areas);
	rc = map_areas(ioas, &areas, args, st);
	if (rc)
		areas_free(&areas);
	return rc;
}

/* Areas over the same memory as those that fill [first, last] of an IOAS. */
static int copy_areas(struct ioas *ioas, unsigned long first,
		      unsigned long last, u32 prot, struct list_head *areas)
{
	struct area *from, *area;
	unsigned long length;

	lockdep_assert_held(&ioas->iova_lock);
	for (;;) {
		from = ioas_next_area(ioas, first, first);
		if (!from || from->state == AREA_BUSY)
			return -ENOENT;
		if (prot & IOMMUFD_PROT_WRITE && !from->mem->writable)
			return -EPERM;
		length = min(last, area_last(from)) - first + 1;
		area = area_create(from->mem,
				   from->offset + (first - from->view.iova),
				   length, prot);
		if (IS_ERR(area))
			return PTR_ERR(area);
		list_add_tail(&area->node, areas);
		if (last <= area_last(from))
			return 0;
		first = area_last(from) + 1;
		cond_resched();
	}
}

/**
 * ioas_copy() - map what another IOAS, or another place of it, maps
 * @dst: where; the caller holds a busy reference
 * @src: from where; likewise
 * @first: first IOVA of @src
 * @args: length, prot, fixed and iova as for ioas_map()
 * @admit: asked before anything is mapped; no lock is held
 * @st: counts
 *
 * The memory is shared: it is pinned and charged once. Each area of @src that
 * the range touches becomes one of @dst.
 *
 * Return: as ioas_map(); -ENOENT: not all of the range is mapped; -EPERM:
 * write access to memory that was mapped read-only.
 */
int ioas_copy(struct ioas *dst, struct ioas *src, unsigned long first,
	      struct map_args *args, copy_admit_fn admit, struct op_stats *st)
{
	struct area *area;
	LIST_HEAD(areas);
	u64 npages = 0;
	int rc;

	mutex_lock(&src->iova_lock);
	rc = copy_areas(src, first, first + args->length - 1, args->prot,
			&areas);
	mutex_unlock(&src->iova_lock);
	list_for_each_entry(area, &areas, node)
		npages += area->user.node.last - area->user.node.start + 1;
	if (!rc)
		rc = admit(dst, args, npages, st);
	if (!rc)
		rc = map_areas(dst, &areas, args, st);
	if (rc)
		areas_free(&areas);
	return rc;
}

/*
 * Make every area of a range BUSY, ours to remove, if each lies wholly inside
 * and nobody else maps or unmaps it; otherwise none. Waits for walkers: they
 * hold one area at a time, and wait for nothing while they do.
 */
static int claim_areas(struct ioas *ioas, unsigned long first,
		       unsigned long last, struct list_head *areas)
{
	unsigned long from = first;
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	while ((area = ioas_next_area(ioas, from, last))) {
		if (area->view.iova < first || area_last(area) > last) {
			release_areas(ioas, areas);
			return -ENOENT;
		}
		if (area->state == AREA_BUSY) {
			release_areas(ioas, areas);
			return -EBUSY;
		}
		if (area->state == AREA_WALKED) {
			if (fatal_signal_pending(current)) {
				release_areas(ioas, areas);
				return -EINTR;
			}
			ioas_wait_for_areas(ioas, TASK_KILLABLE);
			continue;
		}
		area->state = AREA_BUSY;
		list_add_tail(&area->node, areas);
		if (area_last(area) == last)
			break;
		from = area_last(area) + 1;
		cond_resched();
	}
	return 0;
}

/* In-kernel users let go of all, or the areas stay. */
static int evict_areas(struct ioas *ioas, struct list_head *areas)
{
	struct area *area;
	int rc = 0;

	lockdep_assert_held(&ioas->iova_lock);
	/* Nobody loses pins to an unmap that is refused in the end. */
	list_for_each_entry(area, areas, node)
		if (area->nr_locks)
			rc = -EBUSY;
	list_for_each_entry(area, areas, node)
		rc = rc ?: ioas_evict(ioas, area);
	if (rc)
		release_areas(ioas, areas);
	return rc;
}

/*
 * The last of a stretch: areas that lie side by side, from the first of a list
 * on, and are held by the same HWPTs. Whoever holds one holds those below, so as
 * many are the same.
 */
static struct area *stretch_end(struct list_head *areas)
{
	struct area *area = list_first_entry(areas, struct area, node);

	/* Dmabufs are cleared one by one, and so is what has an event. */
	if (!mem_has_pages(area->mem) || trace_iommufd_clear_enabled())
		return area;
	while (!list_is_last(&area->node, areas)) {
		struct area *next = list_next_entry(area, node);

		if (next->view.iova - 1 != area_last(area) ||
		    next->nr_hwpts != area->nr_hwpts ||
		    !mem_has_pages(next->mem))
			break;
		area = next;
	}
	return area;
}

/* Take a stretch out of its holders: cleared and flushed at one go. */
static void exit_stretch(struct ioas *ioas, struct area *first,
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
		area = first;
		left_hwpt(ioas, area, hwpt, cleared, st);
		while (area != last) {
			area = list_next_entry(area, node);
			left_hwpt(ioas, area, hwpt, cleared, st);
			cond_resched();
		}
	}
}

/* Unmap the areas of the list's first stretch, and free them. */
static void unmap_stretch(struct ioas *ioas, struct list_head *areas,
			  u64 *unmapped, u64 *nr_areas, struct op_stats *st)
{
	struct area *area = list_first_entry(areas, struct area, node);
	struct area *last = stretch_end(areas), *next;
	LIST_HEAD(gone);

	if (area == last)
		area_exit_holders(ioas, area, NULL, st);
	else
		exit_stretch(ioas, area, last, st);
	list_cut_position(&gone, areas, &last->node);
	mutex_lock(&ioas->iova_lock);
	list_for_each_entry(area, &gone, node) {
		*unmapped += area->view.length;
		++*nr_areas;
		ioas_remove_area(ioas, area);
		cond_resched();
	}
	ioas_wake(ioas);
	mutex_unlock(&ioas->iova_lock);
	list_for_each_entry_safe(area, next, &gone, node) {
		area_free(area);
		cond_resched();
	}
}

/**
 * ioas_unmap() - unmap every area of a range
 * @ioas: the IOAS; the caller holds a busy reference, or destroys it
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: bytes that were unmapped
 * @nr_areas: areas that were unmapped
 * @st: counts
 *
 * Areas are never cut. If one lies partly in the range, or is being mapped or
 * unmapped by somebody else, nothing is unmapped. May sleep for long.
 *
 * Return: 0, also if there was nothing; -ENOENT: an area is only partly in
 * the range; -EBUSY: a race with another map or unmap, or a hardware queue is
 * there; -EDEADLOCK: an in-kernel user keeps its pins; -EINTR: a fatal signal
 * while waiting for a HWPT that joins or leaves, or for an in-kernel user.
 */
int ioas_unmap(struct ioas *ioas, unsigned long first, unsigned long last,
	       u64 *unmapped, u64 *nr_areas, struct op_stats *st)
{
	LIST_HEAD(areas);
	int rc;

	*unmapped = 0;
	*nr_areas = 0;
	mutex_lock(&ioas->iova_lock);
	rc = claim_areas(ioas, first, last, &areas);
	if (!rc)
		rc = evict_areas(ioas, &areas);
	mutex_unlock(&ioas->iova_lock);
	if (rc)
		return rc;

	while (!list_empty(&areas))
		unmap_stretch(ioas, &areas, unmapped, nr_areas, st);
	return 0;
}
