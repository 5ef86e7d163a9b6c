// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds which IOVA of an IOAS: areas, reserved ranges, free space.
 *
 * Areas do not overlap, and are in an area_set. Reserved ranges do, several
 * owners may ask for the same one, so they are in an interval tree. Every
 * function expects iova_lock.
 */
#include <linux/align.h>
#include <linux/interval_tree.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"

/**
 * ioas_iova_init() - all IOVAs are free
 * @ioas: being made
 */
void ioas_iova_init(struct ioas *ioas)
{
	mutex_init(&ioas->iova_lock);
	area_set_init(&ioas->areas);
	ioas->reserved = RB_ROOT_CACHED;
	ioas->allowed = RB_ROOT_CACHED;
}

/* The one that begins lowest of those that touch a range. */
static struct reservation *next_reservation(struct rb_root_cached *root,
					    unsigned long from,
					    unsigned long last)
{
	struct interval_tree_node *node =
		interval_tree_iter_first(root, from, last);

	return node ? container_of(node, struct reservation, node) : NULL;
}

/*
 * What is looked for: @length bytes, @offset bytes after an aligned IOVA, in a
 * gap of at least @gap bytes.
 */
struct hole {
	unsigned long length;
	unsigned long offset;
	unsigned long align;
	unsigned long gap;
	unsigned long iova;
};

/* The lowest such range in [from, to] that is free and not reserved. */
static int find_free_within(struct ioas *ioas, struct hole *hole,
			    unsigned long from, unsigned long to)
{
	for (;;) {
		struct reservation *res;
		unsigned long iova, last;
		struct area *next;

		if (!area_set_find_gap(&ioas->areas, from, to, hole->gap,
				       &iova))
			return -ENOSPC;
		/* Round up, and see what the rounding ran into. */
		if (check_add_overflow(iova, hole->align - 1, &iova))
			return -ENOSPC;
		iova = ALIGN_DOWN(iova, hole->align);
		if (check_add_overflow(iova, hole->offset, &iova) ||
		    check_add_overflow(iova, hole->length - 1, &last) ||
		    last > to)
			return -ENOSPC;
		next = ioas_next_area(ioas, iova, last);
		res = next_reservation(&ioas->reserved, iova, last);
		if (!next && !res) {
			hole->iova = iova;
			return 0;
		}
		from = 0;
		if (next)
			from = area_last(next);
		if (res)
			from = max(from, res->node.last);
		if (from >= to)
			return -ENOSPC;
		from++;
		/* As many steps as there are gaps, which the user decides. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/*
 * Within what is allowed, or anywhere. IOVA 0 is never given out: too many
 * drivers take it for "none".
 */
static int find_free(struct ioas *ioas, struct hole *hole)
{
	struct reservation *res;
	unsigned long from = 0;
	int rc = -ENOSPC;

	if (RB_EMPTY_ROOT(&ioas->allowed.rb_root))
		return find_free_within(ioas, hole, PAGE_SIZE, ULONG_MAX);
	while (rc == -ENOSPC &&
	       (res = next_reservation(&ioas->allowed, from, ULONG_MAX))) {
		from = max(res->node.start, PAGE_SIZE);
		if (from <= res->node.last)
			rc = find_free_within(ioas, hole, from,
					      res->node.last);
		if (res->node.last == ULONG_MAX)
			break;
		from = res->node.last + 1;
	}
	return rc;
}

/* A gap with room for rounding always does: found without trying others. */
static int find_free_aligned(struct ioas *ioas, struct hole *hole)
{
	int rc = -ENOSPC;

	if (!check_add_overflow(hole->length, hole->align - 1 + hole->offset,
				&hole->gap))
		rc = find_free(ioas, hole);
	if (rc != -ENOSPC)
		return rc;
	hole->gap = hole->length;
	return find_free(ioas, hole);
}

/*
 * A mapping's IOVA is as aligned as its length and its user address allow, so
 * that huge pages of memory can become huge pages of the IOMMU, and so that
 * user space can rely on it.
 */
static unsigned long natural_alignment(unsigned long va, unsigned long length)
{
	unsigned long align = SZ_1G;

	if (length < SZ_1G)
		align = roundup_pow_of_two(length);
	if (va & PAGE_MASK)
		align = min(align, 1UL << __ffs(va & PAGE_MASK));
	return max(align, PAGE_SIZE);
}

/*
 * A crowded IOAS makes do with less than huge pages need, but not with less
 * than user space relies on. The offset in the page is that of the user
 * address, so that pages map to pages.
 */
static int choose_iova(struct ioas *ioas, unsigned long va,
		       unsigned long length, unsigned long *iova)
{
	struct hole hole = { .length = length, .offset = offset_in_page(va) };
	unsigned long align = natural_alignment(va, length);
	int rc;

	for (;;) {
		hole.align = max(align, ioas->alignment);
		rc = find_free_aligned(ioas, &hole);
		if (rc != -ENOSPC || align < SZ_2M)
			break;
		align = align > SZ_2M ? SZ_2M : PAGE_SIZE;
	}
	*iova = hole.iova;
	return rc;
}

static int check_fixed(struct ioas *ioas, unsigned long iova,
		       unsigned long length)
{
	unsigned long last;

	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	if (iova & (ioas->alignment - 1))
		return -EINVAL;
	if (next_reservation(&ioas->reserved, iova, last))
		return -EINVAL;
	if (ioas_next_area(ioas, iova, last))
		return -EEXIST;
	return 0;
}

/**
 * ioas_insert_areas() - find room for areas that follow one another; take it
 * @ioas: the IOAS; iova_lock is held
 * @areas: at least one struct area, by node; length, va and offset are set;
 *	AREA_BUSY. Gets their iovas.
 * @iova: in: where the first one begins, if @fixed; out: where it does
 * @fixed: rather than choose
 *
 * Return: 0; -EINVAL misaligned or reserved; -EEXIST mapped already;
 * -EOVERFLOW past the end of IOVAs; -ENOSPC no room; -EINTR. None is inserted
 * then.
 */
int ioas_insert_areas(struct ioas *ioas, struct list_head *areas,
		      unsigned long *iova, bool fixed)
{
	struct area *first = list_first_entry(areas, struct area, node);
	unsigned long misaligned = 0, length = 0, at;
	struct area *area;
	int rc;

	lockdep_assert_held(&ioas->iova_lock);
	list_for_each_entry(area, areas, node) {
		misaligned |= area->view.length | area->offset;
		if (check_add_overflow(length, (unsigned long)area->view.length,
				       &length))
			return -EOVERFLOW;
	}
	if (misaligned & (ioas->alignment - 1))
		return -EINVAL;
	rc = fixed ? check_fixed(ioas, *iova, length) :
		     choose_iova(ioas, first->view.va, length, iova);
	if (rc)
		return rc;
	at = *iova;
	list_for_each_entry(area, areas, node) {
		area->view.iova = at;
		area_set_insert(&ioas->areas, area);
		ioas->view.nr_areas++;
		ioas->view.mapped_bytes += area->view.length;
		at += area->view.length;
		cond_resched();
	}
	return 0;
}

/**
 * ioas_check_alignment() - are all areas aligned?
 * @ioas: the IOAS; iova_lock is held
 * @align: bytes, a power of two
 *
 * Return: 0 or -EADDRINUSE.
 */
int ioas_check_alignment(struct ioas *ioas, unsigned long align)
{
	struct area *area = NULL;

	lockdep_assert_held(&ioas->iova_lock);
	if (align <= ioas->alignment)
		return 0;
	while ((area = area_set_next(&ioas->areas, area))) {
		if ((area->view.iova | area->view.length | area->offset) &
		    (align - 1))
			return -EADDRINUSE;
		cond_resched();
	}
	return 0;
}

/**
 * ioas_update_alignment() - work out what IOVAs must be aligned to now
 * @ioas: the IOAS; iova_lock is held, and all areas are aligned so
 */
void ioas_update_alignment(struct ioas *ioas)
{
	struct ioas_access *access;
	struct hwpt *hwpt;

	lockdep_assert_held(&ioas->iova_lock);
	ioas->alignment = ioas->huge_pages ? 1 : PAGE_SIZE;
	list_for_each_entry(access, &ioas->accesses, node)
		ioas->alignment = max(ioas->alignment, access->alignment);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		ioas->alignment = max(ioas->alignment,
				      domain_alignment(hwpt->domain));
	WRITE_ONCE(ioas->view.alignment, ioas->alignment);
}

/**
 * ioas_remove_area() - give an area's IOVAs back, unless a device may reach
 *	something there still
 * @ioas: the IOAS; iova_lock is held
 * @area: the area; still read by iterators until a grace period has passed
 */
void ioas_remove_area(struct ioas *ioas, struct area *area)
{
	lockdep_assert_held(&ioas->iova_lock);
	area_set_erase(&ioas->areas, area);
	ioas->view.nr_areas--;
	ioas->view.mapped_bytes -= area->view.length;
	/* Drivers do not expect a leaf where they put one. Without memory we cannot. */
	if (area->nr_hwpts)
		WARN_ON(reservation_add(&ioas->reserved, area->view.iova,
					area_last(area), ioas));
}

/**
 * reservation_add() - add a range to a tree of them
 * @root: the tree
 * @start: first IOVA
 * @last: last IOVA
 * @owner: see struct reservation
 *
 * May sleep.
 * Return: 0 or -ENOMEM.
 */
int reservation_add(struct rb_root_cached *root, unsigned long start,
		    unsigned long last, const void *owner)
{
	struct reservation *res = kzalloc(sizeof(*res), GFP_KERNEL_ACCOUNT);

	if (!res)
		return -ENOMEM;
	res->node.start = start;
	res->node.last = last;
	res->owner = owner;
	interval_tree_insert(&res->node, root);
	return 0;
}

/**
 * reservations_free() - empty a tree of ranges
 * @root: the tree
 */
void reservations_free(struct rb_root_cached *root)
{
	struct reservation *res;

	while ((res = next_reservation(root, 0, ULONG_MAX))) {
		interval_tree_remove(&res->node, root);
		kfree(res);
	}
}

/**
 * ioas_reserve() - keep a range of IOVAs from being mapped
 * @ioas: the IOAS; iova_lock is held
 * @start: first IOVA
 * @last: last IOVA
 * @owner: for ioas_unreserve(); may reserve many, and what others reserved
 *
 * May sleep.
 * Return: 0, -EADDRINUSE if an area is there or user space was promised that it
 * stays usable, -ENOMEM.
 */
int ioas_reserve(struct ioas *ioas, unsigned long start, unsigned long last,
		 const void *owner)
{
	lockdep_assert_held(&ioas->iova_lock);
	if (ioas_next_area(ioas, start, last) ||
	    next_reservation(&ioas->allowed, start, last))
		return -EADDRINUSE;
	return reservation_add(&ioas->reserved, start, last, owner);
}

/**
 * ioas_set_allowed() - promise that ranges stay usable, and allocate in them
 * @ioas: the IOAS
 * @allowed: the ranges; gets those that were promised before. None: automatic
 *	IOVAs come from everywhere again.
 *
 * Takes iova_lock.
 * Return: 0, or -EADDRINUSE if one is reserved: nothing has
 * changed then.
 */
int ioas_set_allowed(struct ioas *ioas, struct rb_root_cached *allowed)
{
	struct reservation *res;
	unsigned long from = 0;
	int rc = 0;

	mutex_lock(&ioas->iova_lock);
	while ((res = next_reservation(allowed, from, ULONG_MAX))) {
		if (next_reservation(&ioas->reserved, res->node.start,
				     res->node.last)) {
			rc = -EADDRINUSE;
			break;
		}
		if (res->node.last == ULONG_MAX)
			break;
		from = res->node.last + 1;
		cond_resched();
	}
	if (!rc)
		swap(ioas->allowed, *allowed);
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

/**
 * ioas_unreserve() - take back all that an owner reserved
 * @ioas: the IOAS; iova_lock is held
 * @owner: as given to ioas_reserve()
 */
void ioas_unreserve(struct ioas *ioas, const void *owner)
{
	struct interval_tree_node *node, *next;

	lockdep_assert_held(&ioas->iova_lock);
	for (node = interval_tree_iter_first(&ioas->reserved, 0, ULONG_MAX);
	     node; node = next) {
		struct reservation *res =
			container_of(node, struct reservation, node);

		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (res->owner != owner)
			continue;
		interval_tree_remove(node, &ioas->reserved);
		kfree(res);
	}
}

/**
 * ioas_next_usable() - the first range that nobody reserved
 * @ioas: the IOAS; iova_lock is held
 * @start: in: where to begin; out: first IOVA of the range
 * @last: out: last IOVA of the range
 *
 * Areas do not matter here.
 * Return: false if there is none at or after *start.
 */
bool ioas_next_usable(struct ioas *ioas, unsigned long *start,
		      unsigned long *last)
{
	struct reservation *res;

	lockdep_assert_held(&ioas->iova_lock);
	/* In order of their starts, so this is the lowest that matters. */
	while ((res = next_reservation(&ioas->reserved, *start,
				       ULONG_MAX)) &&
	       res->node.start <= *start) {
		if (res->node.last == ULONG_MAX)
			return false;
		*start = res->node.last + 1;
	}
	*last = res ? res->node.start - 1 : ULONG_MAX;
	return true;
}

/**
 * ioas_wait_for_areas() - sleep until an area may have become READY or gone
 * @ioas: the IOAS; iova_lock is held, and dropped meanwhile, so whatever was
 *	found under it must be looked up again
 * @state: TASK_KILLABLE or TASK_UNINTERRUPTIBLE
 */
void ioas_wait_for_areas(struct ioas *ioas, unsigned int state)
{
	DEFINE_WAIT(wait);

	lockdep_assert_held(&ioas->iova_lock);
	prepare_to_wait(&ioas->wait, &wait, state);
	mutex_unlock(&ioas->iova_lock);
	schedule();
	finish_wait(&ioas->wait, &wait);
	mutex_lock(&ioas->iova_lock);
}
