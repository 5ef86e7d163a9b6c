// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariants that run_block.h promises, checked from outside: this file
 * decodes the structure by itself, from the picture there, so that a mistake
 * in the list's own helpers is not made twice. It reads every entry.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "run_block.h"
#include "run_check.h"

/* What the walk has seen so far. */
struct walk {
	u64 npinned, nruns, bytes;
	struct run prev; /* the last run; npages is 0 before the first */
};

static char wrong[256];

static const char *__attribute__((format(printf, 1, 2)))
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(wrong, sizeof(wrong), fmt, ap);
	va_end(ap);
	return wrong;
}

static bool is_small(const struct run_list *rl, const struct run_block *block)
{
	return (const void *)block == (const void *)rl->small;
}

static const char *check_run(struct walk *w, const struct run *run)
{
	const struct run *prev = &w->prev;
	bool mergeable = run->kind == PIN_PAGE || run->kind == PIN_NONE;

	if (run->kind < PIN_PAGE || run->kind > PIN_NONE)
		return say("page %" PRIu64 ": kind %d", run->index, run->kind);
	if (run->pfn + run->npages > 1ULL << 40)
		return say("page %" PRIu64 ": frames beyond 2^40", run->index);
	if (!mergeable && run->npages > 1 << 21)
		return say("page %" PRIu64 ": one pin of %" PRIu64 " pages",
			   run->index, run->npages);
	if (prev->npages && prev->index + prev->npages == run->index &&
	    mergeable && prev->kind == run->kind &&
	    prev->pfn + prev->npages == run->pfn)
		return say("page %" PRIu64 ": two runs that could be one",
			   run->index);
	w->prev = *run;
	w->npinned += run->npages;
	w->nruns++;
	return NULL;
}

static const char *check_block(struct walk *w, const struct run_slot *slot)
{
	const struct run_block *block = slot->block;
	u64 start = slot->first, end;
	bool was_hole = true;
	const char *why;
	u32 i;

	if (!block->nr || block->nr > block->cap || block->cap > 510)
		return say("block at %" PRIu64 ": %u entries of %u",
			   slot->first, block->nr, block->cap);
	if (w->prev.npages && w->prev.index + w->prev.npages > slot->first)
		return say("block at %" PRIu64 " begins too early",
			   slot->first);
	for (i = 0; i < block->nr; i++, start = end) {
		u64 entry = block->runs[i];
		bool hole = entry >> 61 == PIN_HOLE;

		if ((entry >> 40 & 0x1fffff) != (start & 0x1fffff))
			return say("block at %" PRIu64 ": entry %u: offset",
				   slot->first, i);
		/* Beginnings ascend within a window, so the gap is exact. */
		if (i + 1 < block->nr)
			end = start + (((block->runs[i + 1] >> 40) - start) &
				       0x1fffff);
		else
			end = block->end;
		if (end <= start || (i && start - slot->first >= 1 << 21))
			return say("block at %" PRIu64 ": entry %u: order",
				   slot->first, i);
		if (hole && (was_hole || i + 1 == block->nr ||
			     (entry & 0xffffffffffULL)))
			return say("block at %" PRIu64 ": entry %u: hole",
				   slot->first, i);
		was_hole = hole;
		if (hole)
			continue;
		why = check_run(w, &(struct run){
			.index = start, .pfn = entry & 0xffffffffffULL,
			.npages = end - start, .kind = entry >> 61 });
		if (why)
			return why;
	}
	return NULL;
}

static const char *check_memory(const struct run_list *rl, struct walk *w)
{
	const struct run_block *spare = rl->spares;
	u64 n = 0;

	for (; n < rl->nspares && spare; n++) {
		if (spare->cap != 510)
			return say("spare block of %u", spare->cap);
		spare = (const void *)(uintptr_t)spare->runs[0];
		w->bytes += 4096;
	}
	if (n != rl->nspares || spare)
		return say("%u spare blocks counted", rl->nspares);
	if (rl->dir != &rl->one_slot)
		w->bytes += (u64)rl->dir_cap * sizeof(struct run_slot);
	else if (rl->dir_cap != 1)
		return say("embedded directory of %u", rl->dir_cap);
	if (rl->nblocks > rl->dir_cap ||
	    (rl->nspares && rl->nblocks + rl->nspares > rl->dir_cap))
		return say("%u blocks, %u spares in a directory of %u",
			   rl->nblocks, rl->nspares, rl->dir_cap);
	if (rl->bytes != w->bytes)
		return say("%zu bytes counted, %" PRIu64 " in use", rl->bytes,
			   w->bytes);
	return NULL;
}

const char *run_check(const struct run_list *rl)
{
	struct walk w = { 0 };
	const char *why;
	bool small = false;
	u32 n;

	for (n = 0; n < rl->nblocks; n++) {
		const struct run_block *block = rl->dir[n].block;

		why = check_block(&w, &rl->dir[n]);
		if (why)
			return why;
		if (is_small(rl, block))
			small = true;
		else
			w.bytes += 16 + 8 * (u64)block->cap;
	}
	if (w.prev.npages && w.prev.index + w.prev.npages > rl->npages)
		return say("a run reaches over the end");
	if (!small && ((const struct run_block *)rl->small)->nr)
		return say("the embedded block is lost");
	if (w.npinned != rl->npinned || w.nruns != rl->nruns)
		return say("%" PRIu64 " pages in %" PRIu64 " runs counted, not %"
			   PRIu64 " in %" PRIu64, rl->npinned, rl->nruns,
			   w.npinned, w.nruns);
	return check_memory(rl, &w);
}
