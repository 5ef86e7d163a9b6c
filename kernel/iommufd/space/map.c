// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, copying and unmapping areas: from the ioctl's arguments to areas in
 * every HWPT. space.h explains the lock and the states.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "space/hwpt.h"
#include "space/space.h"
#include "trace_mem.h"

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

static void areas_free(struct list_head *areas)
{
	struct area *area, *next;

	list_for_each_entry_safe(area, next, areas, node) {
		area_free(area);
		cond_resched();
	}
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
 * mapped, pinned or charged then, but for -ENOTRECOVERABLE: see
 * area_enter_hwpt().
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

/* Unmap the areas of the list's first stretch, and free them. */
static void unmap_stretch(struct ioas *ioas, struct list_head *areas,
			  u64 *unmapped, u64 *nr_areas, struct op_stats *st)
{
	struct area *area = list_first_entry(areas, struct area, node);
	struct area *last = stretch_end(areas);
	LIST_HEAD(gone);

	if (area == last)
		area_exit_holders(ioas, area, NULL, st);
	else
		area_exit_holders_to(ioas, area, last, st);
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
	areas_free(&gone);
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
