// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds which IOVA of an IOAS: areas, reserved ranges, free space.
 *
 * Areas live in a maple tree, which BPF iterators walk under RCU. Reserved
 * ranges overlap, several owners may ask for the same one, so they are in an
 * interval tree. Every function expects iova_lock.
 */
#include <linux/align.h>
#include <linux/interval_tree.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#include "space/space.h"

/**
 * ioas_iova_init() - all IOVAs are free
 * @ioas: being made
 */
void ioas_iova_init(struct ioas *ioas)
{
	mutex_init(&ioas->iova_lock);
	mt_init_flags(&ioas->areas, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_USE_RCU);
	ioas->reserved = RB_ROOT_CACHED;
}

/**
 * ioas_next_area() - the first area that touches a range
 * @ioas: the IOAS; iova_lock is held
 * @from: first IOVA
 * @last: last IOVA
 *
 * Return: the area, which may begin before @from, or NULL.
 */
struct area *ioas_next_area(struct ioas *ioas, unsigned long from,
			    unsigned long last)
{
	MA_STATE(mas, &ioas->areas, from, from);
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	rcu_read_lock();
	area = mas_find(&mas, last);
	rcu_read_unlock();
	/* It stays: areas are removed under iova_lock only. */
	return area;
}

/**
 * ioas_prev_area() - the last area that begins at or before an IOVA
 * @ioas: the IOAS; iova_lock is held
 * @from: the IOVA
 *
 * Return: the area, or NULL.
 */
struct area *ioas_prev_area(struct ioas *ioas, unsigned long from)
{
	MA_STATE(mas, &ioas->areas, from, from);
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	rcu_read_lock();
	area = mas_find_rev(&mas, 0);
	rcu_read_unlock();
	return area;
}

static struct reservation *next_reservation(struct ioas *ioas,
					    unsigned long from,
					    unsigned long last)
{
	struct interval_tree_node *node =
		interval_tree_iter_first(&ioas->reserved, from, last);

	return node ? container_of(node, struct reservation, node) : NULL;
}

/*
 * The lowest range that is free and not reserved, in a gap of at least @gap
 * bytes. IOVA 0 is never given out: too many drivers take it for "none". The
 * offset in the page is that of the user address, so that pages map to pages.
 */
static int find_free(struct ioas *ioas, struct area *area, unsigned long align,
		     unsigned long gap)
{
	unsigned long offset = offset_in_page(area->view.va);
	unsigned long length = area->view.length;
	unsigned long from = PAGE_SIZE;

	for (;;) {
		MA_STATE(mas, &ioas->areas, 0, 0);
		struct reservation *res;
		unsigned long iova, last;
		struct area *next;
		int rc;

		rcu_read_lock();
		rc = mas_empty_area(&mas, from, ULONG_MAX, gap);
		rcu_read_unlock();
		if (rc)
			return -ENOSPC;
		/* Round up, and see what the rounding ran into. */
		if (check_add_overflow(mas.index, align - 1, &iova))
			return -ENOSPC;
		iova = ALIGN_DOWN(iova, align);
		if (check_add_overflow(iova, offset, &iova) ||
		    check_add_overflow(iova, length - 1, &last))
			return -ENOSPC;
		next = ioas_next_area(ioas, iova, last);
		res = next_reservation(ioas, iova, last);
		if (!next && !res) {
			area->view.iova = iova;
			return 0;
		}
		from = 0;
		if (next)
			from = area_last(next);
		if (res)
			from = max(from, res->node.last);
		if (from == ULONG_MAX)
			return -ENOSPC;
		from++;
		/* As many steps as there are gaps, which the user decides. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* A gap with room for rounding always does: found without trying others. */
static int find_free_aligned(struct ioas *ioas, struct area *area,
			     unsigned long align)
{
	unsigned long length = area->view.length;
	unsigned long roomy;
	int rc = -ENOSPC;

	if (!check_add_overflow(length,
				align - 1 + offset_in_page(area->view.va),
				&roomy))
		rc = find_free(ioas, area, align, roomy);
	return rc == -ENOSPC ? find_free(ioas, area, align, length) : rc;
}

/*
 * As aligned as may help: to the largest IO page that the area can fill and
 * the user address is aligned for, so that huge pages of memory can become huge
 * pages of the IOMMU. A crowded IOAS makes do with less.
 */
static int choose_iova(struct ioas *ioas, struct area *area)
{
	unsigned long least = max(PAGE_SIZE, ioas->alignment);
	unsigned long align = min(rounddown_pow_of_two(area->view.length),
				  SZ_1G);
	int rc;

	if (area->view.va)
		align = min(align, 1UL << __ffs(area->view.va));
	for (align = max(align, least); align > least;
	     align = align > SZ_2M ? SZ_2M : least) {
		rc = find_free_aligned(ioas, area, align);
		if (rc != -ENOSPC)
			return rc;
	}
	return find_free_aligned(ioas, area, least);
}

static int check_fixed(struct ioas *ioas, struct area *area)
{
	unsigned long iova = area->view.iova;
	unsigned long last;

	if (check_add_overflow(iova, area->view.length - 1, &last))
		return -EOVERFLOW;
	if (iova & (ioas->alignment - 1))
		return -EINVAL;
	if (next_reservation(ioas, iova, last))
		return -EINVAL;
	if (ioas_next_area(ioas, iova, last))
		return -EEXIST;
	return 0;
}

/**
 * ioas_insert_area() - find room for an area and take it
 * @ioas: the IOAS; iova_lock is held
 * @area: length, va, offset and, if @fixed, iova are set; AREA_BUSY
 * @fixed: use the area's iova, rather than choose one
 *
 * May sleep for memory.
 * Return: 0; -EINVAL misaligned or reserved; -EEXIST mapped already;
 * -EOVERFLOW past the end of IOVAs; -ENOSPC no room; -ENOMEM; -EINTR.
 */
int ioas_insert_area(struct ioas *ioas, struct area *area, bool fixed)
{
	unsigned long misaligned = area->view.length | area->offset;
	int rc;

	lockdep_assert_held(&ioas->iova_lock);
	if (misaligned & (ioas->alignment - 1))
		return -EINVAL;
	rc = fixed ? check_fixed(ioas, area) : choose_iova(ioas, area);
	if (rc)
		return rc;
	rc = mtree_insert_range(&ioas->areas, area->view.iova, area_last(area),
				area, GFP_KERNEL_ACCOUNT);
	if (rc)
		return rc;
	ioas->view.nr_areas++;
	ioas->view.mapped_bytes += area->view.length;
	return 0;
}

/**
 * ioas_remove_area() - give an area's IOVAs back
 * @ioas: the IOAS; iova_lock is held
 * @area: inserted; still read by iterators until a grace period has passed
 *
 * May sleep; cannot fail.
 */
void ioas_remove_area(struct ioas *ioas, struct area *area)
{
	MA_STATE(mas, &ioas->areas, area->view.iova, area_last(area));

	lockdep_assert_held(&ioas->iova_lock);
	mas_lock(&mas);
	/* Erasing may need nodes to rebalance, and must not fail for them. */
	WARN_ON(mas_store_gfp(&mas, NULL, GFP_KERNEL | __GFP_NOFAIL));
	mas_unlock(&mas);
	ioas->view.nr_areas--;
	ioas->view.mapped_bytes -= area->view.length;
}

/**
 * ioas_reserve() - keep a range of IOVAs from being mapped
 * @ioas: the IOAS; iova_lock is held
 * @start: first IOVA
 * @last: last IOVA
 * @owner: for ioas_unreserve(); may reserve many, and what others reserved
 *
 * May sleep.
 * Return: 0, -EADDRINUSE if an area is there, -ENOMEM.
 */
int ioas_reserve(struct ioas *ioas, unsigned long start, unsigned long last,
		 const void *owner)
{
	struct reservation *res;

	lockdep_assert_held(&ioas->iova_lock);
	if (ioas_next_area(ioas, start, last))
		return -EADDRINUSE;
	res = kzalloc(sizeof(*res), GFP_KERNEL_ACCOUNT);
	if (!res)
		return -ENOMEM;
	res->node.start = start;
	res->node.last = last;
	res->owner = owner;
	interval_tree_insert(&res->node, &ioas->reserved);
	return 0;
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
	while ((res = next_reservation(ioas, *start, ULONG_MAX)) &&
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
