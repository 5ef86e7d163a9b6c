// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bitmap in the caller's memory in which dirty IOVAs are reported.
 *
 * All of it is pinned before the first dirty bit is cleared, so that nothing
 * that was cleared can fail to be reported: a bitmap that is not there, or
 * cannot be written to, fails while everything is still as it was.
 *
 * Bits are only ever set, and atomically: the caller may read several HWPTs
 * into one bitmap, at a time even.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "domain/dirty.h"

/* 4 GiB of bitmap: the dirty bits of 128 TiB in pages of 4 KiB. */
#define MAX_PAGES BIT(20)

/* Pages that are pinned before a signal is seen. */
#define PIN_STEP 512UL

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(unsigned long))

static void unpin(struct dirty_bitmap *map, unsigned long npages)
{
	unpin_user_pages_dirty_lock(map->pages, npages, true);
	kvfree(map->pages);
}

/**
 * dirty_bitmap_pin() - get hold of the caller's bitmap
 * @map: set up here; for dirty_bitmap_unpin() on success
 * @iova: of bit 0; aligned to 1 << @shift
 * @length: bytes of IOVA, not 0; likewise
 * @shift: a bit stands for 1 << @shift bytes
 * @data: user address of the bitmap; any alignment
 *
 * May sleep for long: it faults memory in. A fatal signal ends it.
 * Return: 0; -EFAULT: it is not there, or cannot be written to; -EOVERFLOW: it
 * is too large; -ENOMEM; -EINTR.
 */
int dirty_bitmap_pin(struct dirty_bitmap *map, unsigned long iova,
		     unsigned long length, unsigned int shift,
		     void __user *data)
{
	unsigned long va = (unsigned long)data;
	unsigned long bytes = ((length >> shift) - 1) / BITS_PER_BYTE + 1;
	unsigned long done = 0;
	long n;

	/* A bit of a u64 is a bit of a byte only there. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));
	if (!access_ok(data, bytes))
		return -EFAULT;
	memset(map, 0, sizeof(*map));
	map->iova = iova;
	map->shift = shift;
	map->skip = offset_in_page(va) * BITS_PER_BYTE;
	map->npages = ((offset_in_page(va) + bytes - 1) >> PAGE_SHIFT) + 1;
	if (map->npages > MAX_PAGES)
		return -EOVERFLOW;
	map->pages = kvmalloc_array(map->npages, sizeof(*map->pages),
				    GFP_KERNEL_ACCOUNT);
	if (!map->pages)
		return -ENOMEM;

	va &= PAGE_MASK;
	while (done < map->npages) {
		n = fatal_signal_pending(current) ? -EINTR :
			pin_user_pages_fast(va + done * PAGE_SIZE,
					    min(map->npages - done, PIN_STEP),
					    FOLL_WRITE, map->pages + done);
		if (n <= 0) {
			unpin(map, done);
			return n ?: -EFAULT;
		}
		done += n;
		cond_resched();
	}
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
 * @last: last IOVA; both are in the range of the bitmap
 *
 * Cannot fail. Quickest when IOVAs come in order.
 */
void dirty_bitmap_set(struct dirty_bitmap *map, unsigned long first,
		      unsigned long last)
{
	unsigned long bit = map->skip + ((first - map->iova) >> map->shift);
	unsigned long end = map->skip + ((last - map->iova) >> map->shift);

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
 * dirty_bitmap_unpin() - let go of it; everything that was reported is in it
 * @map: pinned
 *
 * May sleep.
 */
void dirty_bitmap_unpin(struct dirty_bitmap *map)
{
	flush(map);
	unpin(map, map->npages);
}
