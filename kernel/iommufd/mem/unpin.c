// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving pins back, as the kind of a run says they were taken.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "mem.h"

/* How many pages are unpinned before others get the CPU. */
#define UNPIN_STEP (SZ_256M / PAGE_SIZE)

static void unpin_pages(struct mem *mem, const struct run *run)
{
	u64 done = 0;

	while (done < run->npages) {
		u64 n = min_t(u64, run->npages - done, UNPIN_STEP);

		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn + done),
						 n, mem->writable);
		done += n;
		cond_resched();
	}
}

/* One pin, however many of the folio's pages are in the run. */
static void unpin_whole_folio(struct mem *mem, const struct run *run)
{
	struct folio *folio = pfn_folio(run->pfn);

	if (mem->writable && !folio_test_dirty(folio)) {
		folio_lock(folio);
		folio_mark_dirty(folio);
		folio_unlock(folio);
	}
	unpin_folio(folio);
}

/**
 * unpin_run() - undo the pins of a run
 * @mem: the memory; caller holds its lock
 * @run: the run; a part of it will do if its pages were pinned one by one
 *
 * Marks the pages dirty if devices could write to them. May sleep.
 */
void unpin_run(struct mem *mem, const struct run *run)
{
	lockdep_assert_held(&mem->lock);
	switch (run->kind) {
	case PIN_PAGE:
		unpin_pages(mem, run);
		break;
	case PIN_FOLIO:
		unpin_whole_folio(mem, run);
		break;
	case PIN_NONE:
		break;
	default:
		WARN_ON(1);
	}
}
