// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU's access to memory that is mapped for devices: pinning pages for an
 * in-kernel user, and reading and writing bytes.
 *
 * An access pin is a user of the memory like any other. The same range pinned
 * again only counts, so that emulated devices, which pin what they are about
 * to touch, pay for it once.
 */
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mem.h"

/* Of so many pages a pin remembers which they are: emulated devices pin few. */
#define PAGES_REMEMBERED 16

/**
 * struct mem_pin - a range of pages that an access pinned
 * @user: the range
 * @count: how often
 * @npages: how many are in @pages: all, or none
 * @pages: in order
 */
struct mem_pin {
	struct mem_user user;
	unsigned int count;
	unsigned int npages;
	struct page *pages[] __counted_by(npages);
};

static struct mem_pin *find_pin(struct mem *mem, u64 first, u64 last)
{
	struct interval_tree_node *node;

	lockdep_assert_held(&mem->lock);
	for (node = interval_tree_iter_first(&mem->users, first, first); node;
	     node = interval_tree_iter_next(node, first, first)) {
		struct mem_user *user =
			container_of(node, struct mem_user, node);

		if (user->access && node->start == first && node->last == last)
			return container_of(user, struct mem_pin, user);
	}
	return NULL;
}

/* The pages of a pinned range, in order. */
static void get_pages(struct mem *mem, u64 first, u64 last,
		      struct page **pages)
{
	struct run_cursor cur;
	struct run run;
	u64 i;

	lockdep_assert_held(&mem->lock);
	for_each_run(&mem->runs, &cur, &run, first, last)
		for (i = 0; i < run.npages; i++)
			*pages++ = pfn_to_page(run.pfn + i);
}

/* Pin a range for the first time. */
static struct mem_pin *new_pin(struct mem *mem, u64 first, u64 last,
			       struct op_stats *st)
{
	u64 npages = last - first + 1;
	struct mem_pin *pin;
	int rc;

	if (npages > PAGES_REMEMBERED)
		npages = 0;
	pin = kzalloc(struct_size(pin, pages, npages), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return ERR_PTR(-ENOMEM);
	pin->npages = npages;
	pin->user.node.start = first;
	pin->user.node.last = last;
	pin->user.access = true;
	rc = mem_pin(mem, &pin->user, st);
	if (rc) {
		kfree(pin);
		return ERR_PTR(rc);
	}
	if (npages)
		get_pages(mem, first, last, pin->pages);
	return pin;
}

/* Once more, and here are its pages. */
static void take_pin(struct mem *mem, struct mem_pin *pin, struct page **pages)
{
	size_t i, npages = pin->npages;

	pin->count++;
	if (!npages)
		get_pages(mem, pin->user.node.start, pin->user.node.last,
			  pages);
	for (i = 0; i < npages; i++)
		pages[i] = pin->pages[i];
}

/**
 * mem_access_pin() - pin pages for an in-kernel user
 * @mem: the memory
 * @first: first page
 * @last: last page
 * @pages: set to the pages, last - first + 1 of them
 * @st: says what for; counts
 *
 * Takes @mem->lock. May sleep for long. Give back with mem_access_unpin() and
 * the same range.
 * Return: 0, -EINVAL it has no pages, -ENOMEM, -EINTR on a fatal signal, or
 * what mem_pin() returns.
 */
int mem_access_pin(struct mem *mem, u64 first, u64 last, struct page **pages,
		   struct op_stats *st)
{
	struct mem_pin *pin;

	if (!mem_has_pages(mem))
		return -EINVAL;
	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	pin = find_pin(mem, first, last) ?: new_pin(mem, first, last, st);
	if (!IS_ERR(pin))
		take_pin(mem, pin, pages);
	mutex_unlock(&mem->lock);
	return PTR_ERR_OR_ZERO(pin);
}

/**
 * mem_access_pin_again() - pin pages that an in-kernel user has pinned
 * @mem: the memory
 * @first: first page
 * @last: last page
 * @pages: set to the pages, last - first + 1 of them
 *
 * As mem_access_pin(), but does not sleep. Takes @mem->lock, if nobody has it.
 * Of few pages only.
 * Return: false: nothing was done, nobody has pinned just this, or so it seems.
 */
bool mem_access_pin_again(struct mem *mem, u64 first, u64 last,
			  struct page **pages)
{
	struct mem_pin *pin;

	/* Others wait meanwhile: what takes longer is done the long way. */
	if (last - first >= PAGES_REMEMBERED || !mutex_trylock(&mem->lock))
		return false;
	pin = find_pin(mem, first, last);
	if (pin)
		take_pin(mem, pin, pages);
	mutex_unlock(&mem->lock);
	return pin;
}

/**
 * mem_access_unpin() - give back what mem_access_pin() pinned
 * @mem: the memory
 * @first: first page
 * @last: last page
 * @st: says what for; counts
 *
 * Takes @mem->lock. May sleep.
 */
void mem_access_unpin(struct mem *mem, u64 first, u64 last,
		      struct op_stats *st)
{
	struct mem_pin *pin;

	mutex_lock(&mem->lock);
	pin = find_pin(mem, first, last);
	if (!WARN_ON(!pin) && !--pin->count) {
		mem_unpin(mem, &pin->user, st);
		kfree(pin);
	}
	mutex_unlock(&mem->lock);
}

static void copy_bytes(struct page *page, unsigned long offset, void *data,
		       size_t bytes, bool write)
{
	if (write) {
		memcpy_to_page(page, offset, data, bytes);
		set_page_dirty_lock(page);
	} else {
		memcpy_from_page(data, page, offset, bytes);
	}
}

/*
 * Bytes of one page: through its frame if that is known, else through a pin
 * that lasts for the copy.
 */
static int rw_page(struct mem *mem, u64 index, unsigned long offset,
		   void *data, size_t bytes, bool write)
{
	struct page *page;
	struct run run;

	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	if (run_list_find(&mem->runs, index, &run)) {
		copy_bytes(pfn_to_page(run.pfn + (index - run.index)), offset,
			   data, bytes, write);
		mutex_unlock(&mem->lock);
		return 0;
	}
	mutex_unlock(&mem->lock);

	page = mem->source->borrow(mem, index, write);
	if (IS_ERR(page))
		return PTR_ERR(page);
	copy_bytes(page, offset, data, bytes, write);
	unpin_user_page(page);
	return 0;
}

static int rw_by_frame(struct mem *mem, u64 offset, void *data, size_t bytes,
		       bool write)
{
	int rc = 0;

	while (!rc && bytes) {
		size_t n = min_t(size_t, bytes,
				 PAGE_SIZE - offset_in_page(offset));

		rc = rw_page(mem, offset >> PAGE_SHIFT, offset_in_page(offset),
			     data, n, write);
		offset += n;
		data += n;
		bytes -= n;
		cond_resched();
	}
	return rc;
}

static int rw_by_address(struct mem *mem, u64 offset, void *data, size_t bytes,
			 bool write)
{
	void __user *va = (void __user *)(mem->va + offset);
	unsigned long left = write ? copy_to_user(va, data, bytes) :
				     copy_from_user(data, va, bytes);

	return left ? -EFAULT : 0;
}

/* Through the process's own page tables, if it is the one that runs. */
static bool copy_mapped(struct mem *mem, u64 offset, void *data,
			size_t bytes, bool write)
{
	void __user *va = (void __user *)(mem->va + offset);

	if (mem->source->kind != IOMMUFD_SOURCE_USER ||
	    mem->payer->mm != current->mm)
		return false;
	return write ? !copy_to_user_nofault(va, data, bytes) :
		       !copy_from_user_nofault(data, va, bytes);
}

/* Through its frame, if there is one, as a device would. */
static noinline bool copy_frame(struct mem *mem, u64 offset, void *data,
				size_t bytes, bool write)
{
	u64 index = offset >> PAGE_SHIFT;
	struct run run __uninitialized;
	struct page *page;

	if (!run_list_find(&mem->runs, index, &run))
		return copy_mapped(mem, offset, data, bytes, write);
	page = pfn_to_page(run.pfn + (index - run.index));
	/* One that is clean must be locked. */
	if (write && !PageDirty(page))
		return false;
	if (write)
		memcpy_to_page(page, offset_in_page(offset), data, bytes);
	else
		memcpy_from_page(data, page, offset_in_page(offset), bytes);
	return true;
}

/**
 * mem_rw_quick() - read or write bytes of a page that is at hand
 * @mem: the memory
 * @offset: bytes from the start of its first page
 * @data: kernel memory
 * @bytes: how many
 * @how: enum mem_rw_flags
 *
 * Does not sleep. Takes @mem->lock, if nobody has it.
 * Return: false: it was not; what @data or the page is then does not matter,
 * mem_rw() writes all of it.
 */
bool mem_rw_quick(struct mem *mem, u64 offset, void *data, size_t bytes,
		  unsigned int how)
{
	bool write = how & MEM_RW_WRITE, done;

	if (how & MEM_RW_SLOW || offset_in_page(offset) + bytes > PAGE_SIZE ||
	    !mutex_trylock(&mem->lock))
		return false;
	if (run_list_npinned(&mem->runs))
		done = copy_frame(mem, offset, data, bytes, write);
	else
		done = copy_mapped(mem, offset, data, bytes, write);
	mutex_unlock(&mem->lock);
	return done;
}

/**
 * mem_rw() - read or write bytes
 * @mem: the memory
 * @offset: bytes from the start of its first page
 * @data: kernel memory
 * @bytes: how many
 * @how: enum mem_rw_flags
 *
 * A kernel thread that says so reaches user memory through its owner's address
 * space, which costs no pin; everybody else goes through the frames. May sleep.
 * Return: 0, -EFAULT, -EINTR, -EINVAL where a file ends, or it has no pages, or
 * what GUP says.
 * Part of the bytes may have been copied on failure.
 */
int mem_rw(struct mem *mem, u64 offset, void *data, size_t bytes,
	   unsigned int how)
{
	bool write = how & MEM_RW_WRITE;

	if (!mem_has_pages(mem))
		return -EINVAL;
	if (!(how & MEM_RW_SLOW) && how & MEM_RW_KTHREAD &&
	    mem->source->kind == IOMMUFD_SOURCE_USER &&
	    !WARN_ON_ONCE(current->mm) && mmget_not_zero(mem->payer->mm)) {
		struct mm_struct *mm = mem->payer->mm;
		int rc;

		kthread_use_mm(mm);
		rc = rw_by_address(mem, offset, data, bytes, write);
		kthread_unuse_mm(mm);
		mmput_async(mm);
		return rc;
	}
	return rw_by_frame(mem, offset, data, bytes, write);
}
