// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning user memory, page by page, with get_user_pages().
 *
 * Pins are long-term (FOLL_LONGTERM): memory that could not stay, such as CMA
 * or file systems' DAX, is migrated or refused by the core.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mem.h"

/* Enough for a small mapping without an allocation. */
#define PAGES_ON_STACK 16
/* How many pages are unpinned before others get the CPU. */
#define UNPIN_STEP (SZ_256M / PAGE_SIZE)
#define PAGES_PER_BATCH (PAGE_SIZE / sizeof(struct page *))

/**
 * unpin_user_run() - undo the pins of a run, or of a part of one
 * @mem: the memory; caller holds its lock
 * @run: pages pinned one by one
 *
 * Marks the pages dirty if devices could write to them. May sleep.
 */
void unpin_user_run(struct mem *mem, const struct run *run)
{
	u64 done = 0;

	if (WARN_ON(run->kind != PIN_PAGE))
		return;
	while (done < run->npages) {
		u64 n = min_t(u64, run->npages - done, UNPIN_STEP);

		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn + done),
						 n, mem->writable);
		done += n;
		cond_resched();
	}
}

/*
 * GUP for the caller's own memory, or for another process's when a device is
 * attached by someone else than the one who mapped the memory. Returns the
 * number of pages, at least 1, or a negative errno.
 */
static long pin_batch(struct mem *mem, unsigned long va, unsigned long npages,
		      struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (mem->writable ? FOLL_WRITE : 0);
	int locked = 1;
	long n;

	if (mem->mm == current->mm) {
		n = pin_user_pages_fast(va, npages, flags, pages);
	} else {
		if (!mmget_not_zero(mem->mm))
			return -EFAULT;
		if (mmap_read_lock_killable(mem->mm)) {
			mmput_async(mem->mm);
			return -EINTR;
		}
		n = pin_user_pages_remote(mem->mm, va, npages, flags, pages,
					  &locked);
		if (locked)
			mmap_read_unlock(mem->mm);
		/*
		 * The last mmput() closes the files of the mapping, perhaps
		 * ours, whose release takes locks that are held here.
		 */
		mmput_async(mem->mm);
	}
	return n ? n : -EFAULT;
}

/*
 * Fold @npages page pointers into runs. On failure the pages that did not get
 * into the list are unpinned.
 */
static int fold_pages(struct mem *mem, u64 index, struct page **pages, long n)
{
	long done = 0;

	while (done < n) {
		unsigned long pfn = page_to_pfn(pages[done]);
		long count = 1;
		int rc;

		while (done + count < n &&
		       page_to_pfn(pages[done + count]) == pfn + count)
			count++;
		rc = run_list_set(&mem->runs, index + done, pfn, count,
				  PIN_PAGE);
		if (rc) {
			unpin_user_pages(pages + done, n - done);
			return rc;
		}
		done += count;
	}
	return 0;
}

/**
 * pin_user_range() - pin a hole of user memory
 * @mem: the memory; caller holds its lock
 * @first: first page
 * @last: last page; the range is a hole of the run list
 *
 * May sleep for long. On failure the pages pinned so far are in the run list;
 * the caller gives them back.
 * Return: 0, -ENOMEM, -EFAULT, -EINTR on a fatal signal, or what GUP says.
 */
int pin_user_range(struct mem *mem, u64 first, u64 last)
{
	struct page *on_stack[PAGES_ON_STACK];
	struct page **pages = on_stack;
	u64 per_batch = PAGES_ON_STACK;
	u64 index = first;
	int rc = 0;

	lockdep_assert_held(&mem->lock);
	if (last - first >= PAGES_ON_STACK) {
		struct page **batch =
			(struct page **)__get_free_page(GFP_KERNEL_ACCOUNT);

		/* A small batch is slower, and as good. */
		if (batch) {
			pages = batch;
			per_batch = PAGES_PER_BATCH;
		}
	}
	while (!rc && index <= last) {
		u64 want = min(last - index + 1, per_batch);
		long n;

		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		n = pin_batch(mem, mem->va + (index << PAGE_SHIFT), want,
			      pages);
		if (n < 0) {
			rc = n;
			break;
		}
		rc = fold_pages(mem, index, pages, n);
		index += n;
		cond_resched();
	}
	if (pages != on_stack)
		free_page((unsigned long)pages);
	return rc;
}
