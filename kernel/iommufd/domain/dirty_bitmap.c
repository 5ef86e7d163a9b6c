// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bitmap in the caller's memory in which dirty IOVAs are reported.
 *
 * It is pinned before a dirty bit is cleared, so that nothing that was cleared
 * can fail to be reported: a bitmap that is not there, or cannot be written to,
 * fails while everything is still as it was. These pages are charged to nobody,
 * so there may not be many of them: a large bitmap is faulted in whole, and
 * pinned window by window. If its owner unmaps it meanwhile, that is lost which
 * was reported in what is gone.
 *
 * Bits are only ever set, and atomically: the caller may read several HWPTs
 * into one bitmap, at a time even.
 */
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "domain/dirty.h"

/* Pages of bitmap in a window, if no leaf is cut: the bits of 64 GiB in 4 KiB. */
#define WINDOW_PAGES 512UL

/* Pages that are pinned before a signal is seen. */
#define PIN_STEP 512UL

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(unsigned long))

static unsigned long bytes_of(unsigned long length, unsigned int shift)
{
	return ((length >> shift) - 1) / BITS_PER_BYTE + 1;
}

/* All of it: what is not there, or read-only, is found before anything is done. */
static int fault_in(char __user *data, unsigned long bytes)
{
	unsigned long n;

	for (; bytes; bytes -= n, data += n) {
		n = min(bytes, PIN_STEP * PAGE_SIZE);
		if (fatal_signal_pending(current))
			return -EINTR;
		if (fault_in_safe_writeable(data, n))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

/**
 * dirty_bitmap_init() - say where to report
 * @map: set up here; for dirty_bitmap_exit() on success
 * @iova: of bit 0; aligned to 1 << @shift
 * @length: bytes of IOVA, not 0; likewise
 * @shift: a bit stands for 1 << @shift bytes
 * @leaf_max: bytes; a window ends where an IO page of that size does
 * @data: user address of the bitmap; any alignment
 *
 * May sleep for long: it may fault memory in. A fatal signal ends it.
 * Return: 0; -EFAULT: it is not there, or cannot be written to; -ENOMEM;
 * -EINTR.
 */
int dirty_bitmap_init(struct dirty_bitmap *map, unsigned long iova,
		      unsigned long length, unsigned int shift,
		      unsigned long leaf_max, void __user *data)
{
	unsigned long bytes = bytes_of(length, shift);
	unsigned int order = shift + ilog2(WINDOW_PAGES * PAGE_SIZE *
					   BITS_PER_BYTE);
	int rc;

	/* A bit of a u64 is a bit of a byte only there. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));
	if (!access_ok(data, bytes))
		return -EFAULT;
	memset(map, 0, sizeof(*map));
	map->data = (unsigned long)data;
	map->start = iova;
	map->end = iova + length - 1;
	map->shift = shift;
	order = clamp_t(unsigned int, order, ilog2(leaf_max),
			BITS_PER_LONG - 1);
	map->window = BIT(order);
	if ((map->start | (map->window - 1)) < map->end) {
		rc = fault_in(data, bytes);
		if (rc)
			return rc;
		bytes = bytes_of(map->window, shift);
	}
	/* It may begin and end in the middle of a page. */
	map->pages = kvmalloc_array(bytes / PAGE_SIZE + 2, sizeof(*map->pages),
				    GFP_KERNEL_ACCOUNT);
	return map->pages ? 0 : -ENOMEM;
}

/**
 * dirty_bitmap_exit() - undo dirty_bitmap_init()
 * @map: not pinned
 */
void dirty_bitmap_exit(struct dirty_bitmap *map)
{
	kvfree(map->pages);
}

/**
 * dirty_bitmap_pin() - get hold of the next window
 * @map: not pinned
 * @first: its first IOVA: where the bitmap begins, or the last window ended
 * @last: set to its last one
 *
 * May sleep for long: it faults memory in. A fatal signal ends it.
 * Return: 0: for dirty_bitmap_unpin(); -EFAULT; -ENOMEM; -EINTR.
 */
int dirty_bitmap_pin(struct dirty_bitmap *map, unsigned long first,
		     unsigned long *last)
{
	/* The bit of @first may be in the middle of a byte. */
	unsigned long bit = (first - map->start) >> map->shift;
	unsigned long va = map->data + bit / BITS_PER_BYTE;
	unsigned long npages, done = 0;
	long n;

	*last = min(map->end, first | (map->window - 1));
	map->skip = offset_in_page(va) * BITS_PER_BYTE + bit % BITS_PER_BYTE;
	map->iova = first;
	map->word = 0;
	npages = (map->skip + ((*last - first) >> map->shift)) /
		 (PAGE_SIZE * BITS_PER_BYTE) + 1;
	va &= PAGE_MASK;
	while (done < npages) {
		n = fatal_signal_pending(current) ? -EINTR :
			pin_user_pages_fast(va + done * PAGE_SIZE,
					    min(npages - done, PIN_STEP),
					    FOLL_WRITE, map->pages + done);
		if (n <= 0) {
			unpin_user_pages(map->pages, done);
			return n ?: -EFAULT;
		}
		done += n;
		cond_resched();
	}
	map->npages = npages;
	return 0;
}

static void flush(struct dirty_bitmap *map)
{
	unsigned long page = map->word / WORDS_PER_PAGE;
	unsigned long *word;

	if (!map->staged || WARN_ON_ONCE(page >= map->npages))
		return;
	word = kmap_local_page(map->pages[page]);
	word += map->word % WORDS_PER_PAGE;
	/* Do not take the cache line for what is there already. */
	if (map->staged & ~READ_ONCE(*word))
		atomic_long_or(map->staged, (atomic_long_t *)word);
	kunmap_local(word);
	map->staged = 0;
}

/**
 * dirty_bitmap_set() - report IOVAs as dirty
 * @map: pinned
 * @first: first IOVA
 * @last: last IOVA; both are in the window
 *
 * Counts what is reported. Cannot fail. Quickest when IOVAs come in order.
 */
void dirty_bitmap_set(struct dirty_bitmap *map, unsigned long first,
		      unsigned long last)
{
	unsigned long bit = map->skip + ((first - map->iova) >> map->shift);
	unsigned long end = map->skip + ((last - map->iova) >> map->shift);

	map->reported += last - first + 1;
	for (;;) {
		unsigned long word = bit / BITS_PER_LONG;
		unsigned long to = min(end, bit | (BITS_PER_LONG - 1));

		if (word != map->word) {
			flush(map);
			map->word = word;
		}
		map->staged |= GENMASK(to % BITS_PER_LONG, bit % BITS_PER_LONG);
		if (to == end)
			break;
		bit = to + 1;
	}
}

/**
 * dirty_bitmap_unpin() - let go of the window; all that was reported is in it
 * @map: pinned
 *
 * May sleep.
 */
void dirty_bitmap_unpin(struct dirty_bitmap *map)
{
	flush(map);
	unpin_user_pages_dirty_lock(map->pages, map->npages, true);
}
