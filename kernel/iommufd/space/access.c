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

/* The area after one that the range goes on in. */
static struct area *area_behind(struct ioas *ioas, const struct area *area)
{
	return ioas_next_area(ioas, area_last(area) + 1, area_last(area) + 1);
}

/* Adjust the counts of every area from @area on, up to IOVA @last. */
static void add_to_areas(struct ioas *ioas, struct area *area,
			 unsigned long last, int inside, int pins, int locks)
{
	lockdep_assert_held(&ioas->iova_lock);
	while (!WARN_ON(!area)) {
		area->nr_inside += inside;
		area->nr_pins += pins;
		area->nr_locks += locks;
		WRITE_ONCE(area->view.nr_access_pins,
			   area->nr_pins + area->nr_locks);
		if (last <= area_last(area))
			return;
		area = area_behind(ioas, area);
	}
}

static __always_inline int check_area(const struct area *area,
				      unsigned int how)
{
	if (!area || area->state == AREA_BUSY)
		return -ENOENT;
	if (how & ACCESS_PAGES && (area->offset ^ area->view.iova) & ~PAGE_MASK)
		return -EINVAL;
	if (how & ACCESS_READ && !(area->view.prot & IOMMUFD_PROT_READ))
		return -EPERM;
	if (how & ACCESS_WRITE && !(area->view.prot & IOMMUFD_PROT_WRITE))
		return -EPERM;
	return 0;
}

static int check_range(struct ioas *ioas, struct area *area, unsigned long last,
		       unsigned int how)
{
	int rc;

	lockdep_assert_held(&ioas->iova_lock);
	for (;;) {
		rc = check_area(area, how);
		if (rc || last <= area_last(area))
			return rc;
		/* Page by page, the next area must go on where this ends. */
		if (how & ACCESS_PAGES && (area_last(area) + 1) & ~PAGE_MASK)
			return -EINVAL;
		area = area_behind(ioas, area);
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
 * Return: the area that the range begins in; ERR_PTR(-ENOENT): not all of it is
 * mapped; ERR_PTR(-EPERM): not readable, or not writable; ERR_PTR(-EINVAL): its
 * pages are not the memory's pages.
 */
struct area *ioas_enter_range(struct ioas *ioas, unsigned long first,
			      unsigned long last, unsigned int how)
{
	struct area *area;
	int rc;

	mutex_lock(&ioas->iova_lock);
	area = ioas_next_area(ioas, first, first);
	rc = check_range(ioas, area, last, how);
	if (!rc)
		add_to_areas(ioas, area, last, 1, 0, 0);
	mutex_unlock(&ioas->iova_lock);
	return rc ? ERR_PTR(rc) : area;
}

/**
 * ioas_find_pinned() - the area that a pinned range begins in
 * @ioas: the IOAS
 * @first: first IOVA of a range that is pinned or locked
 *
 * Takes iova_lock.
 * Return: the area; it stays while the range is pinned.
 */
struct area *ioas_find_pinned(struct ioas *ioas, unsigned long first)
{
	struct area *area;

	mutex_lock(&ioas->iova_lock);
	area = ioas_next_area(ioas, first, first);
	mutex_unlock(&ioas->iova_lock);
	return area;
}

/**
 * ioas_count_range() - say what is done with a range of IOVAs from now on
 * @ioas: the IOAS
 * @area: that the range begins in
 * @last: last IOVA; the range is entered, pinned or locked
 * @inside: -1: what ioas_enter_range() was for is done; else 0
 * @pins: 1: pages of it stay pinned; -1: they are not any more
 * @locks: the same, of pins that nobody can be asked for
 *
 * Takes iova_lock.
 */
void ioas_count_range(struct ioas *ioas, struct area *area, unsigned long last,
		      int inside, int pins, int locks)
{
	mutex_lock(&ioas->iova_lock);
	add_to_areas(ioas, area, last, inside, pins, locks);
	ioas_wake(ioas);
	mutex_unlock(&ioas->iova_lock);
}

/**
 * ioas_slice() - the memory behind the beginning of a range
 * @ioas: the IOAS
 * @area: in: the area of what is before the range, or that it begins in; out:
 *	that it begins in
 * @first: first IOVA; entered, or pinned
 * @last: last IOVA, likewise
 * @offset: set to the offset in the memory, in bytes
 * @length: set to how many bytes of the range lie in it
 *
 * Takes iova_lock, to go on to the next area.
 * Return: the memory, which the area keeps.
 */
struct mem *ioas_slice(struct ioas *ioas, struct area **area,
		       unsigned long first, unsigned long last, u64 *offset,
		       unsigned long *length)
{
	/* Whoever is inside, or has pins, keeps areas from being cut, too. */
	if (first > area_last(*area))
		*area = ioas_find_pinned(ioas, first);
	if (WARN_ON(!*area))
		return NULL;
	*offset = (*area)->offset + (first - (*area)->view.iova);
	*length = min(last, area_last(*area)) - first + 1;
	return (*area)->mem;
}

/* The area that all of a range lies in, if @how is allowed there, or NULL. */
static __always_inline struct area *
area_of_all(struct ioas *ioas, unsigned long first, unsigned long last,
	    unsigned int how, u64 *offset)
{
	struct area *area = ioas_next_area(ioas, first, first);

	lockdep_assert_held(&ioas->iova_lock);
	if (check_area(area, how) || last > area_last(area))
		return NULL;
	*offset = area->offset + (first - area->view.iova);
	return area;
}

/**
 * ioas_rw_quick() - read or write bytes in memory, if they are at hand
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @data: kernel memory
 * @how: enum mem_rw_flags
 *
 * Takes iova_lock, and holds it over the copy.
 * Return: false: nothing was done, ask again the long way.
 */
bool ioas_rw_quick(struct ioas *ioas, unsigned long first, unsigned long last,
		   void *data, unsigned int how)
{
	unsigned int access = how & MEM_RW_WRITE ? ACCESS_WRITE : ACCESS_READ;
	bool done = false;
	struct area *area;
	u64 offset;

	mutex_lock(&ioas->iova_lock);
	area = area_of_all(ioas, first, last, access, &offset);
	if (area)
		done = mem_rw_quick(area->mem, offset, data, last - first + 1,
				    how);
	mutex_unlock(&ioas->iova_lock);
	return done;
}

/**
 * ioas_pin_again() - pin the pages of a range that is pinned already
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @pages: set to the pages, one for each that the range touches
 * @how: enum access_flags: what it is wanted for
 *
 * Takes iova_lock. Does not sleep otherwise. As ioas_enter_range(),
 * ioas_pin_pages() and ioas_count_range(), for what emulated devices do most.
 * Return: false: nothing was done, ask again the long way.
 */
bool ioas_pin_again(struct ioas *ioas, unsigned long first, unsigned long last,
		    struct page **pages, unsigned int how)
{
	bool done = false;
	struct area *area;
	u64 offset;

	mutex_lock(&ioas->iova_lock);
	area = area_of_all(ioas, first, last, how, &offset);
	if (area) {
		done = mem_access_pin_again(area->mem, offset >> PAGE_SHIFT,
					    (offset + (last - first)) >>
						    PAGE_SHIFT, pages);
		if (done)
			add_to_areas(ioas, area, last, 0, 1, 0);
	}
	mutex_unlock(&ioas->iova_lock);
	return done;
}

/**
 * ioas_unpin_pages() - unpin the pages of a range
 * @ioas: the IOAS
 * @area: that the range begins in
 * @first: first IOVA
 * @last: last IOVA; the same range as for the pin
 * @st: says what for; counts
 *
 * Takes iova_lock, and locks of the memory. May sleep. The range's counts are
 * the caller's business.
 */
void ioas_unpin_pages(struct ioas *ioas, struct area *area,
		      unsigned long first, unsigned long last,
		      struct op_stats *st)
{
	unsigned long length;
	struct mem *mem;
	u64 offset;

	st->ioas = &ioas->view;
	for (;;) {
		mem = ioas_slice(ioas, &area, first, last, &offset, &length);
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
 * @area: that the range begins in
 * @first: first IOVA; entered with ACCESS_PAGES
 * @last: last IOVA, likewise
 * @pages: set to the pages, one for each that the range touches
 * @st: says what for; counts
 *
 * Takes iova_lock, and locks of the memory. May sleep for long.
 * Return: 0 or what mem_access_pin() returns; nothing is pinned then.
 */
int ioas_pin_pages(struct ioas *ioas, struct area *area, unsigned long first,
		   unsigned long last, struct page **pages,
		   struct op_stats *st)
{
	unsigned long at = first, length;
	struct area *part = area;
	u64 offset, from, until;
	struct mem *mem;
	int rc;

	st->ioas = &ioas->view;
	for (;;) {
		mem = ioas_slice(ioas, &part, at, last, &offset, &length);
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
		ioas_unpin_pages(ioas, area, first, at - 1, st);
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
			ioas_wake(ioas);
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
