// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned memory as BPF sees it: the runs of a mapping, and how they could be
 * mapped.
 *
 * This takes locks and sleeps, so it is for syscall programs only. It keeps
 * nothing between two calls: the IOAS is looked up each time, and held only
 * while the mapping is; the memory is kept while it is looked at. So a program
 * that dawdles is in nobody's way.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "object.h"
#include "space/space.h"

/* How long they wait for somebody who pins the same memory. */
#define RUN_PATIENCE_MS 100

static_assert(PIN_PAGE == (int)IOMMUFD_RUN_PAGES);
static_assert(PIN_LEAF == (int)IOMMUFD_RUN_LEAF);
static_assert(PIN_FOLIO == (int)IOMMUFD_RUN_FOLIO);

/* What programs keep on their stacks for us: must match iommufd_bpf.h. */
struct bpf_iter_iommufd_run {
	__u64 __opaque[8];
} __aligned(8);

/**
 * struct run_walk - what is in it
 * @view: the run that the program is looking at
 * @cookie: the IOAS
 * @first: first IOVA of the mapping
 * @iova: where to go on
 * @done: there are no more
 */
struct run_walk {
	struct iommufd_run_view view;
	u64 cookie;
	u64 first;
	u64 iova;
	u32 done;
};

/**
 * struct slice - a mapping, read once
 * @mem: its memory; referenced
 * @offset: of the mapping in the memory, bytes
 * @iova: first IOVA
 * @length: bytes
 */
struct slice {
	struct mem *mem;
	u64 offset;
	u64 iova;
	u64 length;
};

/* An IOAS by its cookie, with a busy reference; or NULL. */
static struct ioas *get_ioas(u64 cookie)
{
	struct ioas *ioas = NULL;
	struct shadow *shadow;

	rcu_read_lock();
	shadow = shadow_find_rcu(cookie, OBJECT_IOAS);
	if (shadow)
		ioas = container_of(shadow, struct ioas, obj.shadow);
	/* Its context stays while it has an object that is not destroyed. */
	if (ioas && !object_tryget(ioas->ctx, &ioas->obj))
		ioas = NULL;
	rcu_read_unlock();
	return ioas;
}

/* The mapping that begins at an IOVA; its memory is to be put. */
static int get_slice(u64 cookie, u64 iova, struct slice *slice)
{
	struct ioas *ioas = get_ioas(cookie);
	struct area *area;
	int rc = -ENOENT;

	if (!ioas)
		return -ENOENT;
	mutex_lock(&ioas->iova_lock);
	area = ioas_next_area(ioas, iova, iova);
	if (area && area->view.iova == iova) {
		slice->mem = area->mem;
		slice->offset = area->offset;
		slice->iova = area->view.iova;
		slice->length = area->view.length;
		refcount_inc(&slice->mem->refs);
		rc = 0;
	}
	mutex_unlock(&ioas->iova_lock);
	object_put(ioas->ctx, &ioas->obj);
	return rc;
}

/* What a run of the memory is in the mapping. */
static void clip(const struct slice *slice, const struct run *run,
		 struct iommufd_run_view *view)
{
	u64 first = max(run->index << PAGE_SHIFT, slice->offset);
	u64 end = min((run->index + run->npages) << PAGE_SHIFT,
		      slice->offset + slice->length);

	view->iova = slice->iova + (first - slice->offset);
	view->length = end - first;
	view->pfn = run->pfn + ((first >> PAGE_SHIFT) - run->index);
	view->kind = run->kind;
	view->__reserved = 0;
}

/*
 * Who holds it may be pinning, and that waits for user space as long as that
 * likes (userfaultfd). Who only looks does not: a tenant cannot hang the tools.
 */
static bool lock_memory(const struct slice *slice)
{
	unsigned long end = jiffies + msecs_to_jiffies(RUN_PATIENCE_MS);

	while (!mutex_trylock(&slice->mem->lock)) {
		if (fatal_signal_pending(current) || time_after(jiffies, end))
			return false;
		schedule_timeout_killable(1);
	}
	return true;
}

/* The run at or after an IOVA of the mapping. */
static bool next_run(const struct slice *slice, u64 iova,
		     struct iommufd_run_view *view)
{
	u64 from = slice->offset + (iova - slice->iova);
	u64 last = slice->offset + slice->length - 1;
	struct run_cursor cur;
	struct run run;
	bool found = false;

	if (!lock_memory(slice))
		return false;
	for_each_run(&slice->mem->runs, &cur, &run, from >> PAGE_SHIFT,
		     last >> PAGE_SHIFT) {
		clip(slice, &run, view);
		found = true;
		break;
	}
	mutex_unlock(&slice->mem->lock);
	return found;
}

/* Bytes of a run in blocks of @size, aligned in IOVAs and in memory. */
static u64 whole_blocks(const struct iommufd_run_view *run, u64 phys, u64 size)
{
	u64 end = run->iova + run->length;
	u64 first = ALIGN(run->iova, size);

	if ((run->iova ^ phys) & (size - 1) || first < run->iova || first > end)
		return 0;
	return ALIGN_DOWN(end, size) > first ?
		       ALIGN_DOWN(end, size) - first : 0;
}

static void add_run(const struct slice *slice,
		    const struct iommufd_run_view *run,
		    struct iommufd_page_mix *mix)
{
	/* A mapping may begin in the middle of a page, of IOVAs too. */
	u64 pos = slice->offset + (run->iova - slice->iova);
	u64 phys = PFN_PHYS(run->pfn) + offset_in_page(pos);
	u64 bytes_1g, bytes_2m;

	if (run->length < SZ_2M) {
		mix->bytes_4k += run->length;
		return;
	}
	bytes_1g = whole_blocks(run, phys, SZ_1G);
	bytes_2m = whole_blocks(run, phys, SZ_2M) - bytes_1g;
	mix->bytes_1g += bytes_1g;
	mix->bytes_2m += bytes_2m;
	mix->bytes_4k += run->length - bytes_1g - bytes_2m;
}

__bpf_kfunc_start_defs();

/**
 * bpf_iter_iommufd_run_new() - begin to walk the runs of a mapping
 * @it: the iterator
 * @ioas_cookie: the IOAS
 * @iova: the mapping's first IOVA
 *
 * May sleep.
 * Return: 0, or -ENOENT if there is no mapping that begins there. The iterator
 * is to be destroyed in any case.
 */
__bpf_kfunc int bpf_iter_iommufd_run_new(struct bpf_iter_iommufd_run *it,
					 u64 ioas_cookie, u64 iova)
{
	struct run_walk *walk = (void *)it;
	struct slice slice;
	int rc;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	memset(it, 0, sizeof(*it));
	rc = get_slice(ioas_cookie, iova, &slice);
	if (rc) {
		walk->done = true;
		return rc;
	}
	mem_put(slice.mem);
	walk->cookie = ioas_cookie;
	walk->first = iova;
	walk->iova = iova;
	return 0;
}

/**
 * bpf_iter_iommufd_run_next() - the next run
 * @it: the iterator
 *
 * Pages that are pinned or unpinned meanwhile may be missed, or not. May sleep,
 * but does not wait long for somebody who pins the same memory.
 * Return: the run, in @it: it is overwritten by the next one; NULL after the
 * last, when the mapping is gone, and when its memory stays busy.
 */
__bpf_kfunc struct iommufd_run_view *
bpf_iter_iommufd_run_next(struct bpf_iter_iommufd_run *it)
{
	struct run_walk *walk = (void *)it;
	struct slice slice;
	bool found;

	if (walk->done || get_slice(walk->cookie, walk->first, &slice))
		return NULL;
	/* What is mapped there now may be another one, and shorter. */
	found = walk->iova - slice.iova < slice.length &&
		next_run(&slice, walk->iova, &walk->view);
	mem_put(slice.mem);
	if (!found) {
		walk->done = true;
		return NULL;
	}
	walk->iova = walk->view.iova + walk->view.length;
	/* It may end with the address space. */
	walk->done = !walk->iova;
	return &walk->view;
}

/**
 * bpf_iter_iommufd_run_destroy() - end the walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_iommufd_run_destroy(struct bpf_iter_iommufd_run *it)
{
}

/**
 * bpf_iommufd_area_mix() - how a mapping's pinned memory may be mapped
 * @ioas_cookie: the IOAS
 * @iova: the mapping's first IOVA
 * @mix: filled in
 *
 * Looks at each run, with the memory locked: of a terabyte of scattered pages
 * that takes a second. May sleep, but does not wait for somebody who pins the
 * same memory: who asks about a thousand mappings would wait for each.
 * Return: 0; -ENOENT if there is no mapping that begins there; -EBUSY while
 * somebody else has its memory locked.
 */
__bpf_kfunc int bpf_iommufd_area_mix(u64 ioas_cookie, u64 iova,
				     struct iommufd_page_mix *mix)
{
	struct iommufd_run_view view;
	struct run_cursor cur;
	struct slice slice;
	struct run run;
	int rc;

	memset(mix, 0, sizeof(*mix));
	rc = get_slice(ioas_cookie, iova, &slice);
	if (rc)
		return rc;
	if (!mutex_trylock(&slice.mem->lock)) {
		rc = -EBUSY;
		goto put;
	}
	for_each_run(&slice.mem->runs, &cur, &run, slice.offset >> PAGE_SHIFT,
		     (slice.offset + slice.length - 1) >> PAGE_SHIFT) {
		clip(&slice, &run, &view);
		add_run(&slice, &view, mix);
		cond_resched();
	}
	mutex_unlock(&slice.mem->lock);
put:
	mem_put(slice.mem);
	return rc;
}

__bpf_kfunc_end_defs();
