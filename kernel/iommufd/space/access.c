// SPDX-License-Identifier: GPL-2.0-only
/*
 * In-kernel users of an IOAS (mdev drivers): translating a range of IOVAs to
 * slices of memory, for pins, reads and writes, and telling the users when what
 * they pinned is to be unmapped.
 *
 * Three counts on an area keep it mapped: nr_inside, somebody is pinning,
 * reading or writing just now, an unmap waits for it; nr_pins, pages stay
 * pinned, an unmap asks the users to give them back; nr_locks, pages stay
 * pinned and nobody can be asked, an unmap fails.
 */
#include <linux/mm.h>

#include "space/space.h"

/* How often a user is asked for its pins before it counts as deaf. */
#define MAX_EVICT_TRIES 100

/* Adjust the counts of every area of a range that is known to be mapped. */
static void add_to_areas(struct ioas *ioas, unsigned long first,
			 unsigned long last, int inside, int pins, int locks)
{
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	for (;;) {
		area = ioas_next_area(ioas, first, first);
		if (WARN_ON(!area))
			return;
		area->nr_inside += inside;
		area->nr_pins += pins;
		area->nr_locks += locks;
		WRITE_ONCE(area->view.nr_access_pins,
			   area->nr_pins + area->nr_locks);
		if (last <= area_last(area))
			return;
		first = area_last(area) + 1;
	}
}

static int check_range(struct ioas *ioas, unsigned long first,
		       unsigned long last, unsigned int how)
{
	struct area *area;

	lockdep_assert_held(&ioas->iova_lock);
	for (;;) {
		area = ioas_next_area(ioas, first, first);
		if (!area || area->state == AREA_BUSY)
			return -ENOENT;
		if (how & ACCESS_PAGES &&
		    (area->offset ^ area->view.iova) & ~PAGE_MASK)
			return -EINVAL;
		if (how & ACCESS_READ &&
		    !(area->view.prot & IOMMUFD_PROT_READ))
			return -EPERM;
		if (how & ACCESS_WRITE &&
		    !(area->view.prot & IOMMUFD_PROT_WRITE))
			return -EPERM;
		if (last <= area_last(area))
			return 0;
		/* Page by page, the next area must go on where this ends. */
		first = area_last(area) + 1;
		if (how & ACCESS_PAGES && first & ~PAGE_MASK)
			return -EINVAL;
		cond_resched();
	}
}

/**
 * ioas_enter_range() - keep a range of IOVAs mapped for a moment
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @how: enum access_flags: what it is wanted for
 *
 * Takes iova_lock. Follow with ioas_count_range() and -1 inside.
 * Return: 0; -ENOENT: not all of it is mapped; -EPERM: not writable; -EINVAL:
 * its pages are not the memory's pages.
 */
int ioas_enter_range(struct ioas *ioas, unsigned long first,
		     unsigned long last, unsigned int how)
{
	int rc;

	mutex_lock(&ioas->iova_lock);
	rc = check_range(ioas, first, last, how);
	if (!rc)
		add_to_areas(ioas, first, last, 1, 0, 0);
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

/**
 * ioas_count_range() - say what is done with a range of IOVAs from now on
 * @ioas: the IOAS
 * @first: first IOVA; entered, pinned or locked
 * @last: last IOVA, likewise
 * @inside: -1: what ioas_enter_range() was for is done; else 0
 * @pins: 1: pages of it stay pinned; -1: they are not any more
 * @locks: the same, of pins that nobody can be asked for
 *
 * Takes iova_lock.
 */
void ioas_count_range(struct ioas *ioas, unsigned long first,
		      unsigned long last, int inside, int pins, int locks)
{
	mutex_lock(&ioas->iova_lock);
	add_to_areas(ioas, first, last, inside, pins, locks);
	wake_up_all(&ioas->wait);
	mutex_unlock(&ioas->iova_lock);
}

/**
 * ioas_slice() - the memory behind the beginning of a range
 * @ioas: the IOAS
 * @first: first IOVA; entered, or pinned
 * @last: last IOVA, likewise
 * @offset: set to the offset in the memory, in bytes
 * @length: set to how many bytes of the range lie in it
 *
 * Takes iova_lock.
 * Return: the memory, which the area keeps.
 */
struct mem *ioas_slice(struct ioas *ioas, unsigned long first,
		       unsigned long last, u64 *offset, unsigned long *length)
{
	struct mem *mem = NULL;
	struct area *area;

	mutex_lock(&ioas->iova_lock);
	area = ioas_next_area(ioas, first, first);
	if (!WARN_ON(!area)) {
		*offset = area->offset + (first - area->view.iova);
		*length = min(last, area_last(area)) - first + 1;
		mem = area->mem;
	}
	mutex_unlock(&ioas->iova_lock);
	return mem;
}

/**
 * ioas_unpin_pages() - unpin the pages of a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA; the same range as for the pin
 * @st: says what for; counts
 *
 * Takes iova_lock, and locks of the memory. May sleep. The range's counts are
 * the caller's business.
 */
void ioas_unpin_pages(struct ioas *ioas, unsigned long first,
		      unsigned long last, struct op_stats *st)
{
	unsigned long length;
	struct mem *mem;
	u64 offset;

	st->ioas = &ioas->view;
	for (;;) {
		mem = ioas_slice(ioas, first, last, &offset, &length);
		if (!mem)
			return;
		mem_access_unpin(mem, offset >> PAGE_SHIFT,
				 (offset + length - 1) >> PAGE_SHIFT, st);
		if (last - first < length)
			return;
		first += length;
	}
}

/**
 * ioas_pin_pages() - pin the pages of a range
 * @ioas: the IOAS
 * @first: first IOVA; entered with ACCESS_PAGES
 * @last: last IOVA, likewise
 * @pages: set to the pages, one for each that the range touches
 * @st: says what for; counts
 *
 * Takes iova_lock, and locks of the memory. May sleep for long.
 * Return: 0 or what mem_access_pin() returns; nothing is pinned then.
 */
int ioas_pin_pages(struct ioas *ioas, unsigned long first, unsigned long last,
		   struct page **pages, struct op_stats *st)
{
	unsigned long at = first, length;
	u64 offset, from, until;
	struct mem *mem;
	int rc;

	st->ioas = &ioas->view;
	for (;;) {
		mem = ioas_slice(ioas, at, last, &offset, &length);
		from = offset >> PAGE_SHIFT;
		until = (offset + length - 1) >> PAGE_SHIFT;
		rc = mem ? mem_access_pin(mem, from, until, pages, st) :
			   -ENOENT;
		if (rc)
			break;
		if (last - at < length)
			return 0;
		pages += until - from + 1;
		at += length;
	}
	if (at != first)
		ioas_unpin_pages(ioas, first, at - 1, st);
	return rc;
}

/**
 * ioas_add_access() - an in-kernel user comes
 * @ioas: the IOAS
 * @access: who; its alignment, unmap and data are set
 *
 * Takes iova_lock.
 * Return: 0, or -EADDRINUSE if something is mapped that is
 * not aligned for it.
 */
int ioas_add_access(struct ioas *ioas, struct ioas_access *access)
{
	int rc;

	mutex_lock(&ioas->iova_lock);
	rc = ioas_check_alignment(ioas, access->alignment);
	if (!rc) {
		list_add_tail(&access->node, &ioas->accesses);
		WRITE_ONCE(ioas->view.nr_accesses,
			   ioas->view.nr_accesses + 1);
		ioas_update_alignment(ioas);
	}
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

/**
 * ioas_remove_access() - an in-kernel user goes
 * @ioas: the IOAS
 * @access: from ioas_add_access()
 *
 * Takes iova_lock. Waits for its unmap(), which is not called any more on
 * return; so hold nothing that unmap() takes.
 */
void ioas_remove_access(struct ioas *ioas, struct ioas_access *access)
{
	mutex_lock(&ioas->iova_lock);
	while (access->nr_calls)
		ioas_wait_for_areas(ioas, TASK_UNINTERRUPTIBLE);
	list_del(&access->node);
	WRITE_ONCE(ioas->view.nr_accesses, ioas->view.nr_accesses - 1);
	ioas_update_alignment(ioas);
	mutex_unlock(&ioas->iova_lock);
}

/* Ask every user to give back what it pinned. Drops iova_lock meanwhile. */
static void notify(struct ioas *ioas, unsigned long iova, unsigned long length)
{
	struct ioas_access *access;

	lockdep_assert_held(&ioas->iova_lock);
	list_for_each_entry(access, &ioas->accesses, node) {
		if (!access->unmap)
			continue;
		/* Keeps it in the list. */
		access->nr_calls++;
		mutex_unlock(&ioas->iova_lock);
		access->unmap(access->data, iova, length);
		mutex_lock(&ioas->iova_lock);
		if (!--access->nr_calls)
			wake_up_all(&ioas->wait);
	}
}

/**
 * ioas_evict() - wait until nobody pins or touches an area's memory
 * @ioas: the IOAS; iova_lock is held, and dropped meanwhile
 * @area: BUSY, by the caller
 *
 * Return: 0; -EINTR on a fatal signal; -EBUSY: hardware uses it; -EDEADLOCK: a
 * user does not give its pins back.
 */
int ioas_evict(struct ioas *ioas, struct area *area)
{
	unsigned int tries = 0;

	lockdep_assert_held(&ioas->iova_lock);
	while (area->nr_inside || area->nr_pins || area->nr_locks) {
		if (area->nr_locks)
			return -EBUSY;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (area->nr_inside) {
			ioas_wait_for_areas(ioas, TASK_KILLABLE);
			continue;
		}
		if (tries++ == MAX_EVICT_TRIES) {
			pr_err_ratelimited("iommufd: a driver does not give back what it pinned at IOVA %#llx\n",
					   area->view.iova);
			return -EDEADLOCK;
		}
		notify(ioas, area->view.iova, area->view.length);
		cond_resched();
	}
	return 0;
}
