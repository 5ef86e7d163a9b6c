// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the run list is kept: this file owns its memory (blocks, directory,
 * reserve) and moves entries about without changing what the list says, or
 * cuts them off at the end of a block. What the list means is run_list.c's.
 */
#include "run_block.h"

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/slab.h>

/* @must: for what may not fail; it is at most one block or one directory. */
static void *run_alloc(size_t size, bool must)
{
	return kvmalloc(size, GFP_KERNEL_ACCOUNT | (must ? __GFP_NOFAIL : 0));
}

static void run_free(void *p)
{
	kvfree(p);
}
#endif

#define DIR_MIN 4 /* slots */

static size_t block_bytes(u32 cap)
{
	return sizeof(struct run_block) + cap * sizeof(u64);
}

static struct run_block *block_alloc(struct run_list *rl, u32 cap, bool must)
{
	struct run_block *block = run_alloc(block_bytes(cap), must);

	if (!block)
		return NULL;
	block->nr = 0;
	block->cap = cap;
	rl->bytes += block_bytes(cap);
	return block;
}

static void block_free(struct run_list *rl, struct run_block *block)
{
	if (block == small_block(rl)) {
		block->nr = 0; /* free to be used again */
		return;
	}
	rl->bytes -= block_bytes(block->cap);
	run_free(block);
}

static void spare_push(struct run_list *rl, struct run_block *block)
{
	block->runs[0] = (uintptr_t)rl->spares;
	rl->spares = block;
	rl->nspares++;
}

static struct run_block *spare_pop(struct run_list *rl)
{
	struct run_block *block = rl->spares;

	if (block) {
		rl->spares = (struct run_block *)(uintptr_t)block->runs[0];
		rl->nspares--;
	}
	return block;
}

/* Goes back to the embedded slot, if that is enough. */
static void dir_shrink(struct run_list *rl)
{
	if (rl->dir == &rl->one_slot || rl->nblocks > 1 || rl->nspares)
		return;
	rl->one_slot = rl->dir[0];
	rl->bytes -= rl->dir_cap * sizeof(*rl->dir);
	run_free(rl->dir);
	rl->dir = &rl->one_slot;
	rl->dir_cap = 1;
}

/* Makes the directory big enough for @want slots. */
static int dir_grow(struct run_list *rl, u64 want, bool must)
{
	struct run_slot *dir;
	u64 cap = rl->dir_cap;

	if (want <= cap)
		return 0;
	while (cap < want)
		cap = max(cap * 2, (u64)DIR_MIN);
	if (cap > U32_MAX)
		return -ENOMEM;
	dir = run_alloc(cap * sizeof(*dir), must);
	if (!dir)
		return -ENOMEM;
	memcpy(dir, rl->dir, rl->nblocks * sizeof(*dir));
	if (rl->dir != &rl->one_slot) {
		rl->bytes -= rl->dir_cap * sizeof(*dir);
		run_free(rl->dir);
	}
	rl->dir = dir;
	rl->dir_cap = cap;
	rl->bytes += cap * sizeof(*dir);
	return 0;
}

/*
 * A block and a free slot, from the allocator or else from the spares. Spares
 * come last, so that only what would have failed uses up a reservation. A
 * capacity of RUN_INLINE is for the first block of a list: the embedded one.
 */
static struct run_block *block_get(struct run_list *rl, u32 cap, bool must)
{
	struct run_block *block = small_block(rl);

	must = must && !rl->nspares;
	if (cap > RUN_INLINE)
		block = block_alloc(rl, cap, must);
	if (block && dir_grow(rl, (u64)rl->nblocks + 1 + rl->nspares, must)) {
		block_free(rl, block);
		block = NULL;
	}
	return block ?: spare_pop(rl);
}

/* Puts @block, whose first run begins at @first, into the directory. */
static void dir_insert(struct run_list *rl, u32 n, u64 first,
		       struct run_block *block)
{
	if (n < rl->nblocks)
		memmove(&rl->dir[n + 1], &rl->dir[n],
			(rl->nblocks - n) * sizeof(*rl->dir));
	rl->dir[n] = (struct run_slot){ .first = first, .block = block };
	rl->nblocks++;
}

/* Frees the blocks from @n to @end - 1. */
void run_dir_remove(struct run_list *rl, u32 n, u32 end)
{
	u32 i;

	for (i = n; i < end; i++)
		block_free(rl, rl->dir[i].block);
	memmove(&rl->dir[n], &rl->dir[end],
		(rl->nblocks - end) * sizeof(*rl->dir));
	rl->nblocks -= end - n;
	dir_shrink(rl);
}

/* Empties the list. */
void run_dir_clear(struct run_list *rl)
{
	u32 i;

	for (i = 0; i < rl->nblocks; i++)
		block_free(rl, rl->dir[i].block);
	rl->nblocks = 0;
	rl->npinned = 0;
	rl->nruns = 0;
	dir_shrink(rl);
}

/* A new block with one run in it. */
int run_dir_insert(struct run_list *rl, u32 n, const struct run *run, u32 cap,
		   bool must)
{
	struct run_block *block = block_get(rl, cap, must);

	if (!block)
		return -ENOMEM;
	block->runs[0] = entry_pack(run->index, run->pfn, run->kind);
	block->nr = 1;
	block->end = run->index + run->npages;
	dir_insert(rl, n, run->index, block);
	return 0;
}

static int block_grow(struct run_list *rl, u32 n, bool must)
{
	struct run_block *old = rl->dir[n].block, *block;
	u32 cap = old->cap < BLOCK_MIN ? BLOCK_MIN : old->cap * 4 + 6;

	BUILD_BUG_ON(((BLOCK_MIN * 4 + 6) * 4 + 6) * 4 + 6 != BLOCK_MAX);
	block = block_alloc(rl, cap, must && !rl->nspares) ?: spare_pop(rl);
	if (!block)
		return -ENOMEM;
	memcpy(block->runs, old->runs, old->nr * sizeof(u64));
	block->nr = old->nr;
	block->end = old->end;
	rl->dir[n].block = block;
	block_free(rl, old);
	return 0;
}

/*
 * Moves entries from @at on, or from the middle, to a new block. Splitting
 * where the insertion is when it is near the end keeps blocks full that are
 * filled in ascending order before something that was there already.
 */
static int block_split(struct run_list *rl, u32 n, u32 at, bool must)
{
	struct run_block *left = rl->dir[n].block, *right;
	u64 first;

	if (at < left->nr / 4 * 3)
		at = left->nr / 2;
	if (entry_is_hole(left->runs[at]))
		at++;
	right = block_get(rl, BLOCK_MAX, must);
	if (!right)
		return -ENOMEM;

	first = entry_start(&rl->dir[n], at);
	right->nr = left->nr - at;
	right->end = left->end;
	memcpy(right->runs, &left->runs[at], right->nr * sizeof(u64));
	if (entry_is_hole(left->runs[at - 1]))
		at--;
	left->end = entry_start(&rl->dir[n], at);
	left->nr = at;
	dir_insert(rl, n + 1, first, right);
	return 0;
}

/*
 * Block @n has too few entries left, for an insertion at @at. Returns -EAGAIN
 * when there is room now and everything must be looked up again.
 */
int run_make_room(struct run_list *rl, u32 n, u32 at, bool must)
{
	int err;

	if (rl->dir[n].block->cap < BLOCK_MAX)
		err = block_grow(rl, n, must);
	else
		err = block_split(rl, n, at, must);
	return err ?: -EAGAIN;
}

/* Makes one block of @n and the next one if they leave much room. */
void run_block_coalesce(struct run_list *rl, u32 n)
{
	struct run_slot *a = &rl->dir[n], *b = a + 1;
	u32 nr, gap;

	if (n + 1 >= rl->nblocks)
		return;
	gap = a->block->end < b->first;
	nr = a->block->nr + gap + b->block->nr;
	if (nr > BLOCK_MAX / 2 || !slot_reaches_back(b, a->first))
		return;

	if (nr <= a->block->cap) {
		u64 hole = entry_pack(a->block->end, 0, PIN_HOLE);

		block_splice(a->block, a->block->nr, 0, &hole, gap);
		block_splice(a->block, a->block->nr, 0, b->block->runs,
			     b->block->nr);
		a->block->end = b->block->end;
		run_dir_remove(rl, n + 1, n + 2);
	} else if (nr <= b->block->cap) {
		u64 hole = entry_pack(a->block->end, 0, PIN_HOLE);

		block_splice(b->block, 0, 0, &hole, gap);
		block_splice(b->block, 0, 0, a->block->runs, a->block->nr);
		b->first = a->first;
		run_dir_remove(rl, n, n + 1);
	}
}

/* Removes what the block has from @at on, but not all of it. */
void run_slot_cut_tail(struct run_slot *slot, u64 at)
{
	u32 i = entry_find(slot, at - 1);

	if (entry_is_hole(slot->block->runs[i])) {
		slot->block->end = entry_start(slot, i);
		slot->block->nr = i;
	} else {
		slot->block->end = at;
		slot->block->nr = i + 1;
	}
}

/* Removes what the block has before @at, but not all of it. */
void run_slot_cut_head(struct run_slot *slot, u64 at)
{
	struct run run;
	u32 i = entry_find(slot, at);

	entry_get(slot, i, &run);
	if (run.kind == PIN_HOLE) {
		i++;
		at = run.index + run.npages;
	} else {
		slot->block->runs[i] = entry_pack(at, run.pfn + at - run.index,
						  run.kind);
	}
	block_splice(slot->block, 0, i, NULL, 0);
	slot->first = at;
}

/**
 * run_list_init() - make an empty list: one hole
 * @rl: the list, which must not move from now on
 * @npages: size of the memory object, in 4 KiB pages
 */
void run_list_init(struct run_list *rl, u64 npages)
{
	/* Not the entries: lists of one page are made often. */
	rl->npages = npages;
	rl->npinned = 0;
	rl->nruns = 0;
	rl->bytes = 0;
	rl->dir = &rl->one_slot;
	rl->nblocks = 0;
	rl->dir_cap = 1;
	rl->spares = NULL;
	rl->nspares = 0;
	small_block(rl)->nr = 0;
	small_block(rl)->cap = RUN_INLINE;
}

/**
 * run_list_destroy() - free all memory of a list
 * @rl: the list; empty afterwards, and usable
 *
 * The caller has unpinned what was in it. Never fails; one free for each 510
 * runs.
 */
void run_list_destroy(struct run_list *rl)
{
	while (rl->spares)
		block_free(rl, spare_pop(rl));
	run_dir_clear(rl);
}

/**
 * run_list_reserve() - set memory aside for changes that must not fail
 * @rl: the list
 * @nsplits: how many
 *
 * After this, the next @nsplits calls of run_list_set() that the allocator
 * refuses memory to succeed all the same, and as many of run_list_clear() do
 * not insist with the allocator. (To unpin, nothing need be reserved.) It
 * sets the reserve to this number, used or not: 0 gives back what was left,
 * 4 KiB each.
 *
 * Context: caller holds the mutex; may sleep for memory.
 * Return: 0, or -ENOMEM with the reserve no smaller than it was. It does not
 * fail when @nsplits is not more than what is in reserve.
 */
int run_list_reserve(struct run_list *rl, unsigned int nsplits)
{
	struct run_block *block;

	while (rl->nspares > nsplits)
		block_free(rl, spare_pop(rl));
	dir_shrink(rl);
	if (dir_grow(rl, (u64)rl->nblocks + nsplits, false))
		return -ENOMEM;
	while (rl->nspares < nsplits) {
		block = block_alloc(rl, BLOCK_MAX, false);
		if (!block)
			return -ENOMEM;
		spare_push(rl, block);
	}
	return 0;
}
