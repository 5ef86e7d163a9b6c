/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run list: which physical frames back which pages of a memory object.
 *
 * It is the one place that knows a pinned frame. Pages are numbered from 0 to
 * npages - 1 (4 KiB each); every page is either in a hole or in exactly one
 * run (pfn, count, pin kind). run_block.h draws the layout.
 *
 * Nothing here pins, unpins, locks, or sleeps for anything but memory: the
 * caller (mem.c) holds the memory object's mutex over every call, those that
 * only read included. The code needs nothing of the kernel but allocation, so
 * it is also compiled in userspace, where selftests/unit tests it.
 *
 * Words: *first* and *last* are inclusive, *end* is exclusive, all are page
 * indexes; a *cut* is a clear that leaves a part of a run.
 */
#ifndef IOMMUFD_RUN_LIST_H
#define IOMMUFD_RUN_LIST_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/types.h>
#else
#include "run_list_user.h" /* selftests/unit: the few kernel names used here */
#endif

/*
 * How the frames of a run were pinned, hence how they are unpinned. Kinds
 * never merge with one another.
 */
enum pin_kind {
	PIN_HOLE, /* not pinned: no frame is known */
	PIN_PAGE, /* one pin for each page, by GUP */
	PIN_LEAF, /* one pin for the whole run: a huge leaf of the CPU's tables */
	PIN_FOLIO, /* one pin for the whole run: a folio of a file */
	PIN_NONE, /* frames known, nothing pinned (dmabuf, MMIO) */
};

#define RUN_PFN_BITS 40 /* 52 bits of physical address */
#define RUN_OFF_BITS 21 /* how far apart the runs of one block may start */
#define RUN_MAX_PAGES BIT_ULL(RUN_OFF_BITS) /* of a PIN_LEAF or PIN_FOLIO */
#define RUN_INLINE 3 /* entries that need no allocation: run, hole, run */

/* A run, as callers see it. */
struct run {
	u64 index; /* first page, in the memory object */
	u64 pfn; /* its frame */
	u64 npages; /* pages and frames, each continuing the one before */
	enum pin_kind kind;
};

struct run_block; /* packed entries; run_block.h draws the layout */

/* The place of a block in the directory. */
struct run_slot {
	u64 first; /* where the first run of the block begins */
	struct run_block *block;
};

/*
 * Embed it and leave it where it is: it may point into itself. All fields are
 * private to run_list.c and run_block.c, and protected by the caller's mutex.
 */
struct run_list {
	u64 npages; /* size of the memory object; never changes */
	u64 npinned; /* pages that are in a run */
	u64 nruns;
	size_t bytes; /* allocated: blocks, directory, spares */
	struct run_slot *dir; /* sorted by first; &one_slot at the start */
	u32 nblocks;
	u32 dir_cap; /* at least nblocks + nspares, once anything is spare */
	struct run_block *spares; /* full-size blocks from run_list_reserve() */
	u32 nspares;
	struct run_slot one_slot;
	u64 small[2 + RUN_INLINE]; /* a struct run_block with its entries */
};

/* Where a walk is. Private to for_each_run(). */
struct run_cursor {
	const u64 *entry; /* the next one, or NULL */
	const u64 *entries_last; /* of its block */
	u64 base; /* where its block begins */
	const struct run_slot *slot;
	const struct run_slot *slots_end;
	u64 start; /* where the next entry begins in the range */
	u64 skip; /* how many of its pages are before the range */
	u64 last;
};

void run_list_init(struct run_list *rl, u64 npages);
void run_list_destroy(struct run_list *rl);
int run_list_set(struct run_list *rl, u64 index, u64 pfn, u64 npages,
		 enum pin_kind kind);
u64 run_list_set_frames(struct run_list *rl, u64 index,
			const unsigned long *pfns, u64 n, enum pin_kind kind);
int run_list_clear(struct run_list *rl, u64 first, u64 last);
int run_list_reserve(struct run_list *rl, unsigned int nsplits);
bool run_list_find(const struct run_list *rl, u64 index, struct run *run);
bool run_list_next_hole(const struct run_list *rl, u64 first, u64 last,
			u64 *hole_first, u64 *hole_last);

void run_cursor_init(struct run_cursor *cur, const struct run_list *rl,
		     u64 first, u64 last);
u64 run_cursor_leave(struct run_cursor *cur);

/**
 * run_cursor_next() - step to the next run; see for_each_run()
 * @cur: the walk
 * @run: set to that run, clipped to the range
 *
 * Inline, although the layout is run_block.h's business, because it is called
 * for every scattered page.
 *
 * Context: caller holds the mutex; does not sleep.
 * Return: false if there is none.
 */
static inline bool run_cursor_next(struct run_cursor *cur, struct run *run)
{
	const u64 *p = cur->entry;
	u64 end;

	for (;;) {
		if (!p || cur->start > cur->last)
			return false;
		run->index = cur->start;
		run->pfn = (*p & (BIT_ULL(RUN_PFN_BITS) - 1)) + cur->skip;
		run->kind = *p >> (RUN_PFN_BITS + RUN_OFF_BITS);
		cur->skip = 0;
		if (p != cur->entries_last) {
			end = ((*++p >> RUN_PFN_BITS) - cur->base) &
			      (RUN_MAX_PAGES - 1);
			end += cur->base;
			cur->start = end;
			cur->entry = p;
		} else {
			end = run_cursor_leave(cur);
			p = cur->entry;
		}
		if (run->kind != PIN_HOLE)
			break;
	}
	run->npages = min(end - 1, cur->last) - run->index + 1;
	return true;
}

/**
 * for_each_run() - walk the runs that have pages in a range, in order
 * @rl: the list (const struct run_list *); it must not change on the way
 * @cur: where the walk is (struct run_cursor *)
 * @run: set to each run in turn (struct run *), clipped to the range
 * @first: first page of the range
 * @last: last page of the range, inclusive; may be past the list's end
 *
 * A PIN_LEAF or PIN_FOLIO run is clipped like any other: what remains of it
 * can be mapped, but to unpin it, ask run_list_find() for the whole.
 * Constant time for each run after a logarithmic start; never sleeps.
 */
#define for_each_run(rl, cur, run, first, last)                                \
	for (run_cursor_init(cur, rl, first, last); run_cursor_next(cur, run);)

/**
 * run_list_npinned() - how many pages are in runs, of any kind
 * @rl: the list
 *
 * Return: pages.
 */
static inline u64 run_list_npinned(const struct run_list *rl)
{
	return rl->npinned;
}

/**
 * run_list_nruns() - how many runs there are
 * @rl: the list
 *
 * Return: runs, where neighbours that continue each other count as one.
 */
static inline u64 run_list_nruns(const struct run_list *rl)
{
	return rl->nruns;
}

/**
 * run_list_bytes() - memory that the list has allocated, beyond the struct
 * @rl: the list
 *
 * Return: bytes, counted as asked for, without the allocator's own overhead.
 */
static inline size_t run_list_bytes(const struct run_list *rl)
{
	return rl->bytes;
}

#endif
