/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the run list: the layout of its entries, blocks and directory. Only
 * run_list.c (what the list means) and run_block.c (where it is kept) may
 * include this; everybody else uses run_list.h.
 *
 *   struct run_list
 *     dir --> | slot 0 | slot 1 | ... |      sorted by first, bisected
 *                 |first     |first
 *                 v          v
 *              block 0    block 1            up to BLOCK_MAX entries each
 *              | run  |   | run  |
 *              | hole |   | run  |           bisected too
 *              | run  |   ...
 *
 *   entry:  63  61 60       40 39            0
 *          | kind |   offset  |      pfn      |
 *
 * An entry tells where it begins: *offset* is the low bits of its page index,
 * and since all entries of a block begin within 2^RUN_OFF_BITS pages of the
 * slot's first, these bits are enough. It ends where the next one begins, the
 * last one where the block ends. So entries can be moved between blocks as
 * they are, and changing one never touches those after it.
 *
 * Always true between calls (selftests/unit checks it after every step):
 * - A block has at least one entry, begins with a run and ends with a run.
 *   Holes between blocks are in no block: they cost nothing.
 * - Two holes never touch, nor do two runs that could be one. The runs of a
 *   list are therefore a function of its pages, whatever its history.
 * - npinned and nruns are the sums over all blocks.
 * - dir_cap >= nblocks + nspares when there are spares: using one never needs
 *   the directory to grow.
 *
 * Memory: whoever adds an entry to a full block makes the block bigger or, if
 * it is at BLOCK_MAX, splits it (run_make_room()), and starts again (-EAGAIN).
 * Neither changes what the list says, so giving up with -ENOMEM in between
 * leaves it as it was. One operation never needs more than one new block and
 * one bigger directory. Blocks that are filled in ascending order stay full;
 * after clears, neighbours that fit in half a block become one.
 */
#ifndef IOMMUFD_RUN_BLOCK_H
#define IOMMUFD_RUN_BLOCK_H

#include "run_list.h"

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#endif

struct run_block {
	u64 end; /* where its last run ends */
	u32 nr; /* entries in use */
	u32 cap;
	u64 runs[];
};

#define BLOCK_BYTES 4096
#define BLOCK_MAX ((BLOCK_BYTES - sizeof(struct run_block)) / sizeof(u64))
#define BLOCK_MIN 6 /* entries; 64 bytes */

#define PFN_MASK (BIT_ULL(RUN_PFN_BITS) - 1)
#define OFF_MASK (RUN_MAX_PAGES - 1)
#define KIND_SHIFT (RUN_PFN_BITS + RUN_OFF_BITS)

/* Entries and where they are. */

static inline u64 entry_pack(u64 index, u64 pfn, enum pin_kind kind)
{
	return pfn | (index & OFF_MASK) << RUN_PFN_BITS |
	       (u64)kind << KIND_SHIFT;
}

static inline u64 entry_pfn(u64 entry)
{
	return entry & PFN_MASK;
}

static inline enum pin_kind entry_kind(u64 entry)
{
	return entry >> KIND_SHIFT;
}

static inline bool entry_is_hole(u64 entry)
{
	return entry_kind(entry) == PIN_HOLE;
}

static inline u64 entry_start(const struct run_slot *slot, u32 i)
{
	u64 off = slot->block->runs[i] >> RUN_PFN_BITS;

	return slot->first + ((off - slot->first) & OFF_MASK);
}

static inline u64 entry_end(const struct run_slot *slot, u32 i)
{
	if (i + 1 < slot->block->nr)
		return entry_start(slot, i + 1);
	return slot->block->end;
}

/* The entry that covers @index, which is in the block. */
static inline u32 entry_find(const struct run_slot *slot, u64 index)
{
	const u64 *runs = slot->block->runs;
	u64 first = slot->first;
	u32 i = 0, n = slot->block->nr;

	/* No branch that depends on what is found: none can be guessed. */
	while (n > 1) {
		u32 half = n / 2;
		u64 off = ((runs[i + half] >> RUN_PFN_BITS) - first) & OFF_MASK;

		i += off <= index - first ? half : 0;
		n -= half;
	}
	return i;
}

static inline void entry_get(const struct run_slot *slot, u32 i,
			     struct run *run)
{
	u64 entry = slot->block->runs[i];

	run->index = entry_start(slot, i);
	run->pfn = entry_pfn(entry);
	run->npages = entry_end(slot, i) - run->index;
	run->kind = entry_kind(entry);
}

/* Could an entry that begins at @index be the last of the block? */
static inline bool slot_reaches(const struct run_slot *slot, u64 index)
{
	return index - slot->first < RUN_MAX_PAGES;
}

/* Could an entry that begins at @index be the first of the block? */
static inline bool slot_reaches_back(const struct run_slot *slot, u64 index)
{
	return entry_start(slot, slot->block->nr - 1) - index < RUN_MAX_PAGES;
}

/* How many blocks begin at or before @index. */
static inline u32 dir_find(const struct run_list *rl, u64 index)
{
	const struct run_slot *dir = rl->dir;
	u32 i = 0, n = rl->nblocks;

	if (!n)
		return 0;
	while (n > 1) {
		u32 half = n / 2;

		i += dir[i + half].first <= index ? half : 0;
		n -= half;
	}
	return i + (dir[i].first <= index);
}

/* Replaces @ndel entries from @at on; there is room. */
static inline void block_splice(struct run_block *block, u32 at, u32 ndel,
				const u64 *ins, u32 nins)
{
	u32 tail = block->nr - at - ndel;

	if (nins != ndel && tail)
		memmove(&block->runs[at + nins], &block->runs[at + ndel],
			tail * sizeof(u64));
	if (nins)
		memcpy(&block->runs[at], ins, nins * sizeof(u64));
	block->nr = block->nr - ndel + nins;
}

/* The embedded block, with RUN_INLINE entries; nr is 0 while it is not used. */
static inline struct run_block *small_block(struct run_list *rl)
{
	return (struct run_block *)rl->small;
}

void run_dir_remove(struct run_list *rl, u32 n, u32 end);
void run_dir_clear(struct run_list *rl);
int run_dir_insert(struct run_list *rl, u32 n, const struct run *run, u32 cap,
		   bool must);
int run_make_room(struct run_list *rl, u32 n, u32 at, bool must);
void run_block_coalesce(struct run_list *rl, u32 n);
void run_slot_cut_tail(struct run_slot *slot, u64 at);
void run_slot_cut_head(struct run_slot *slot, u64 at);

#endif
