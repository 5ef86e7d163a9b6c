// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory, pinned page by page with get_user_pages().
 *
 * Pins are long-term (FOLL_LONGTERM): memory that could not stay, such as CMA
 * or file systems' DAX, is migrated or refused by the core.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mem.h"

/* Enough for a small mapping without an allocation. */
#define PAGES_ON_STACK 16
#define PAGES_PER_BATCH (MEM_BATCH_SIZE / sizeof(struct page *))

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

	if (mem->payer->mm == current->mm) {
		n = pin_user_pages_fast(va, npages, flags, pages);
	} else {
		if (!mmget_not_zero(mem->payer->mm))
			return -EFAULT;
		if (mmap_read_lock_killable(mem->payer->mm)) {
			mmput_async(mem->payer->mm);
			return -EINTR;
		}
		n = pin_user_pages_remote(mem->payer->mm, va, npages, flags, pages,
					  &locked);
		if (locked)
			mmap_read_unlock(mem->payer->mm);
		/*
		 * The last mmput() closes the files of the mapping, perhaps
		 * ours, whose release takes locks that are held here.
		 */
		mmput_async(mem->payer->mm);
	}
	return n ? n : -EFAULT;
}

/* How many pages follow one another in memory, from the first on. */
static long count_adjacent(struct page **pages, long n)
{
	const struct page *next = pages[0] + 1;
	long i;

	for (i = 1; i < n && pages[i] == next; i++)
		next++;
	return i;
}

/*
 * How many pages, from the first on, have their neighbour in memory not behind
 * them. The frame of each takes its place.
 */
static long scattered_to_frames(struct page **pages, long n)
{
	unsigned long *pfns = (unsigned long *)pages;
	struct page *page = pages[0];
	long i;

	static_assert(sizeof(*pfns) == sizeof(*pages));
	for (i = 0; i < n - 1; i++) {
		struct page *next = pages[i + 1];

		if (next == page + 1)
			return i;
		pfns[i] = page_to_pfn(page);
		page = next;
	}
	pfns[i] = page_to_pfn(page);
	return n;
}

/* Record @n frames. On failure those that were not are unpinned. */
static int fold_frames(struct mem *mem, u64 index, const unsigned long *pfns,
		       long n)
{
	long i = run_list_set_frames(&mem->runs, index, pfns, n, PIN_PAGE);

	if (i == n)
		return 0;
	for (; i < n; i++)
		unpin_user_page(pfn_to_page(pfns[i]));
	return -ENOMEM;
}

/*
 * Fold @n pages into runs; @pages is used up for that. On failure the pages that
 * did not get into the list are unpinned.
 */
static int fold_pages(struct mem *mem, u64 index, struct page **pages, long n)
{
	int rc = 0;

	while (!rc && n) {
		long count = scattered_to_frames(pages, n);

		if (count) {
			rc = fold_frames(mem, index, (unsigned long *)pages,
					 count);
		} else {
			count = count_adjacent(pages, n);
			rc = run_list_set(&mem->runs, index,
					  page_to_pfn(pages[0]), count,
					  PIN_PAGE);
			if (rc)
				unpin_user_pages(pages, count);
		}
		index += count;
		pages += count;
		n -= count;
	}
	if (rc)
		unpin_user_pages(pages, n);
	return rc;
}

/* mem_source.pin. Returns what GUP says too. */
static int pin_user_range(struct mem *mem, u64 first, u64 last)
{
	struct page *on_stack[PAGES_ON_STACK] __uninitialized;
	struct page **pages = on_stack;
	u64 per_batch = PAGES_ON_STACK;
	u64 index = first;
	int rc = 0;

	lockdep_assert_held(&mem->lock);
	if (last - first >= PAGES_ON_STACK) {
		struct page **batch = mem_batch_alloc();

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
		mem_batch_free(pages);
	return rc;
}

/* mem_source.borrow: neither charged nor long-term, it holds on to nothing. */
static struct page *borrow_user_page(struct mem *mem, u64 index, bool write)
{
	struct mm_struct *mm = mem->payer->mm;
	struct page *page;
	long n;

	if (!mmget_not_zero(mm))
		return ERR_PTR(-EFAULT);
	if (mmap_read_lock_killable(mm)) {
		mmput_async(mm);
		return ERR_PTR(-EINTR);
	}
	n = pin_user_pages_remote(mm, mem->va + (index << PAGE_SHIFT), 1,
				  write ? FOLL_WRITE : 0, &page, NULL);
	mmap_read_unlock(mm);
	mmput_async(mm);
	if (n == 1)
		return page;
	return ERR_PTR(n < 0 ? n : -EFAULT);
}

static const struct mem_source user_source = {
	.kind = IOMMUFD_SOURCE_USER,
	.pin = pin_user_range,
	.borrow = borrow_user_page,
};

/**
 * mem_create_user() - memory of the calling process
 * @ctx: the context that maps it
 * @va: user address of the first byte
 * @length: bytes, not 0; @va + @length does not wrap
 * @writable: devices may write to it
 *
 * Nothing is pinned or even looked at yet. May sleep.
 * Return: the memory with one reference, or ERR_PTR(-ENOMEM).
 */
struct mem *mem_create_user(struct iommufd_ctx *ctx, unsigned long va,
			    unsigned long length, bool writable)
{
	return mem_create(ctx, &user_source, va, length, writable);
}
