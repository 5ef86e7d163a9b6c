// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a file of tmpfs or hugetlbfs, such as a memfd: pinned folio by
 * folio with memfd_pin_folios(), which needs no address space.
 *
 * What mmap(2) asks of the file for a shared mapping, this does too: it is
 * open for reading, and for writing if devices may write; and memory that
 * devices may write to counts as a writable mapping, so that the file cannot
 * be sealed against writing until it is gone.
 *
 * memfd_pin_folios() of 6.12 must be taken with care:
 * - In a hole of hugetlbfs it takes a page that is reserved for somebody else,
 *   or takes one from a reserve of none. So holes are filled beforehand, the
 *   way fallocate(2) does, and the inode's lock keeps new ones from being
 *   punched.
 * - What fallocate(2) gave a tmpfs file and nobody has touched yet it returns
 *   as it is: not cleared, and the next fault clears it under the device.
 * - A folio that is in the swap cache just now may be left out, others are
 *   returned twice. So a folio's place is what the folio says, not its turn.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <uapi/linux/falloc.h>
#include <uapi/linux/fcntl.h>

#include "mem.h"

/* Enough for a small mapping without an allocation. */
#define FOLIOS_ON_STACK 16
#define FOLIOS_PER_BATCH (MEM_BATCH_SIZE / sizeof(struct folio *))
/* How many pages are looked for before a fatal signal is: they are cleared. */
#define PAGES_PER_BATCH (SZ_32M / PAGE_SIZE)

static pgoff_t file_index(const struct mem *mem, u64 index)
{
	return (mem->va >> PAGE_SHIFT) + index;
}

/* The first huge page of hugetlbfs from @*index to @last that is a hole. */
static bool next_file_hole(struct file *file, pgoff_t *index, pgoff_t last)
{
	unsigned int order = huge_page_order(hstate_file(file));
	pgoff_t at;

	for (at = round_down(*index, 1UL << order); at <= last;
	     at += 1UL << order) {
		struct folio *folio = filemap_get_folio(file->f_mapping, at);

		if (IS_ERR(folio)) {
			*index = at;
			return true;
		}
		folio_put(folio);
	}
	return false;
}

/*
 * Nothing is written that the file does not say already, so a file that is
 * open for reading only will do, as it does for a fault.
 */
static int fill_file_hole(struct file *file, pgoff_t index)
{
	long rc = file->f_op->fallocate(file, FALLOC_FL_KEEP_SIZE,
					(loff_t)index << PAGE_SHIFT,
					huge_page_size(hstate_file(file)));

	/*
	 * It gives up for any signal. What is filled stays so, so the call may
	 * as well begin again when the signal has been handled.
	 */
	if (rc == -EINTR && !fatal_signal_pending(current))
		return -ERESTARTNOINTR;
	return rc == -ENOSPC ? -ENOMEM : rc;
}

/*
 * Pin the folios of [first, last], or the first @max of them. The end is the
 * first byte of the last page: the file may end before its last one.
 */
static long pin_present(struct file *file, pgoff_t first, pgoff_t last,
			struct folio **folios, unsigned int max)
{
	pgoff_t offset;
	long n = memfd_pin_folios(file, (loff_t)first << PAGE_SHIFT,
				  (loff_t)last << PAGE_SHIFT, folios, max,
				  &offset);

	if (n == -ENOSPC)
		return -ENOMEM;
	return n ? n : -EFAULT;
}

static long pin_hugetlb(struct file *file, pgoff_t first, pgoff_t last,
			struct folio **folios, unsigned int max)
{
	struct inode *inode = file_inode(file);
	pgoff_t hole = first;
	long n;
	int rc;

	for (;;) {
		inode_lock_shared(inode);
		/* No page beyond the end of the file is allocated. */
		if ((loff_t)last << PAGE_SHIFT >= i_size_read(inode)) {
			n = -EINVAL;
			break;
		}
		if (!next_file_hole(file, &hole, last)) {
			n = pin_present(file, first, last, folios, max);
			break;
		}
		inode_unlock_shared(inode);

		rc = fill_file_hole(file, hole);
		if (rc)
			return rc;
		/* Another may have been punched by now. */
		hole = first;
		cond_resched();
	}
	inode_unlock_shared(inode);
	return n;
}

static long pin_folios(struct file *file, pgoff_t first, pgoff_t last,
		       struct folio **folios, unsigned int max)
{
	if (is_file_hugepages(file))
		return pin_hugetlb(file, first, last, folios, max);
	return pin_present(file, first, last, folios, max);
}

/*
 * May a pinned folio be given to devices? -EAGAIN: not this one, it is not
 * what the file has there any more.
 */
static int folio_prepare(struct file *file, struct folio *folio, pgoff_t index)
{
	struct folio *cleared;

	if (folio_contain_hwpoisoned_page(folio))
		return -EHWPOISON;
	if (likely(folio_test_uptodate(folio)))
		return 0;
	if (is_file_hugepages(file))
		return -EAGAIN;
	cleared = shmem_read_folio(file->f_mapping, index);
	if (IS_ERR(cleared))
		return PTR_ERR(cleared);
	folio_put(cleared);
	return folio_test_uptodate(folio) ? 0 : -EAGAIN;
}

/*
 * Note pinned folios as runs from *@index on, which is moved behind them, and
 * not beyond @last. What does not get into the list is unpinned.
 */
static int fold_folios(struct mem *mem, u64 *index, u64 last,
		       struct folio **folios, long n)
{
	int rc = 0;
	long i;

	for (i = 0; i < n && *index <= last; i++) {
		struct folio *folio = folios[i];
		pgoff_t at = file_index(mem, *index);
		pgoff_t end = folio_next_index(folio);
		u64 npages;

		if (end <= at) {
			unpin_folio(folio); /* once more the one before */
			continue;
		}
		if (folio->index > at)
			break; /* one was left out */
		rc = folio_prepare(mem->file, folio, at);
		if (rc)
			break;
		npages = min_t(u64, end - at, last - *index + 1);
		rc = run_list_set(&mem->runs, *index,
				  folio_pfn(folio) + (at - folio->index),
				  npages, folio_test_large(folio) ? PIN_FOLIO :
								    PIN_PAGE);
		if (rc)
			break;
		*index += npages;
	}
	unpin_folios(folios + i, n - i);
	return rc == -EAGAIN ? 0 : rc;
}

/* Will a batch have more folios than those on the stack? */
static bool needs_batch(const struct mem *mem, u64 npages)
{
	unsigned int order = is_file_hugepages(mem->file) ?
		huge_page_order(hstate_file(mem->file)) : 0;

	return min_t(u64, npages, PAGES_PER_BATCH) >> order > FOLIOS_ON_STACK;
}

/* mem_source.pin. */
static int pin_file_range(struct mem *mem, u64 first, u64 last)
{
	struct folio *on_stack[FOLIOS_ON_STACK];
	struct folio **folios = on_stack;
	unsigned int per_batch = FOLIOS_ON_STACK;
	u64 index = first;
	int rc = 0;

	lockdep_assert_held(&mem->lock);
	if (needs_batch(mem, last - first + 1)) {
		struct folio **batch = mem_batch_alloc();

		/* A small batch is slower, and as good. */
		if (batch) {
			folios = batch;
			per_batch = FOLIOS_PER_BATCH;
		}
	}
	while (!rc && index <= last) {
		u64 end = min_t(u64, last, index + PAGES_PER_BATCH - 1);
		long n;

		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		n = pin_folios(mem->file, file_index(mem, index),
			       file_index(mem, end), folios, per_batch);
		if (n < 0)
			rc = n;
		else
			rc = fold_folios(mem, &index, last, folios, n);
		cond_resched();
	}
	if (folios != on_stack)
		mem_batch_free(folios);
	return rc;
}

/* mem_source.borrow. */
static struct page *borrow_file_page(struct mem *mem, u64 index, bool write)
{
	pgoff_t at = file_index(mem, index);
	struct folio *folio;
	long n;
	int rc;

	do {
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		n = pin_folios(mem->file, at, at, &folio, 1);
		/* The caller need not be a system call. */
		if (n == -ERESTARTNOINTR)
			n = -EINTR;
		if (n < 0)
			return ERR_PTR(n);
		rc = folio_prepare(mem->file, folio, at);
		if (!rc)
			return folio_file_page(folio, at);
		unpin_folio(folio);
		cond_resched();
	} while (rc == -EAGAIN);
	return ERR_PTR(rc);
}

static void release_file(struct mem *mem)
{
	if (mem->writable)
		mapping_unmap_writable(mem->file->f_mapping);
	fput(mem->file);
}

static const struct mem_source file_source = {
	.kind = IOMMUFD_SOURCE_FILE,
	.pin = pin_file_range,
	.borrow = borrow_file_page,
	.release = release_file,
};

static unsigned int file_seals(struct file *file)
{
	if (is_file_hugepages(file))
		return HUGETLBFS_I(file_inode(file))->seals;
	return SHMEM_I(file_inode(file))->seals;
}

static int check_file(struct file *file, unsigned long start,
		      unsigned long length, bool writable)
{
	const unsigned int no_write = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

	if (!shmem_file(file) && !is_file_hugepages(file))
		return -EINVAL;
	if (!(file->f_mode & FMODE_READ) ||
	    (writable && !(file->f_mode & FMODE_WRITE)))
		return -EACCES;
	if (start + length > i_size_read(file_inode(file)))
		return -EINVAL;
	if (writable && file_seals(file) & no_write)
		return -EPERM;
	return 0;
}

/**
 * mem_create_file() - memory of a file
 * @ctx: the context that maps it
 * @file: the file; takes a reference
 * @start: offset of the first byte
 * @length: bytes, not 0; @start + @length is not more than LLONG_MAX
 * @writable: devices may write to it
 *
 * Nothing is pinned yet. May sleep.
 * Return: the memory with one reference, or an ERR_PTR: -EINVAL not a file of
 * tmpfs or hugetlbfs, or the file ends before; -EACCES not open for reading,
 * or not for writing and @writable; -EPERM sealed against writing, and
 * @writable; -ENOMEM.
 */
struct mem *mem_create_file(struct iommufd_ctx *ctx, struct file *file,
			    unsigned long start, unsigned long length,
			    bool writable)
{
	int rc = check_file(file, start, length, writable);
	struct mem *mem;

	if (rc)
		return ERR_PTR(rc);
	if (writable) {
		/* Fails when it was sealed just now. */
		rc = mapping_map_writable(file->f_mapping);
		if (rc)
			return ERR_PTR(rc);
	}
	mem = mem_create(ctx, &file_source, start, length, writable);
	if (IS_ERR(mem)) {
		if (writable)
			mapping_unmap_writable(file->f_mapping);
		return mem;
	}
	mem->file = get_file(file);
	return mem;
}
