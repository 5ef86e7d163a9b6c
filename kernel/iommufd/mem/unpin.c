// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving pins back, as the kind of a run says they were taken.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "mem.h"

/* How many pages are unpinned before others get the CPU, and how many runs. */
#define UNPIN_STEP (SZ_256M / PAGE_SIZE)
#define RESCHED_RUNS 64

static noinline void unpin_pages(struct mem *mem, const struct run *run)
{
	u64 done = 0;

	for (;;) {
		u64 n = min_t(u64, run->npages - done, UNPIN_STEP);

		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn + done),
						 n, mem->writable);
		done += n;
		if (done == run->npages)
			return;
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

static void unpin_other(struct mem *mem, const struct run *run)
{
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

/**
 * unpin_runs() - undo the pins of the runs in a range
 * @mem: the memory; caller holds its lock
 * @first: first page
 * @last: last page: a run that reaches out of the range is of pages that were
 *	pinned one by one
 * @nr_runs: how many there were is added to it
 *
 * Marks the pages dirty if devices could write to them. The list is as before.
 * May sleep.
 * Return: how many pages.
 */
u64 unpin_runs(struct mem *mem, u64 first, u64 last, u64 *nr_runs)
{
	struct run_cursor cur;
	u64 npages = 0, n = 0;
	struct run run;

	lockdep_assert_held(&mem->lock);
	for_each_run(&mem->runs, &cur, &run, first, last) {
		/* The usual case of scattered memory, as short as it can be. */
		if (run.kind == PIN_PAGE && run.npages < RESCHED_RUNS) {
			unpin_user_page_range_dirty_lock(pfn_to_page(run.pfn),
							 run.npages,
							 mem->writable);
		} else {
			unpin_other(mem, &run);
			cond_resched();
		}
		npages += run.npages;
		if (!(++n % RESCHED_RUNS))
			cond_resched();
	}
	*nr_runs += n;
	return npages;
}
