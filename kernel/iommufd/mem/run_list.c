// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the run list says: setting, clearing and looking. run_block.h draws
 * the layout and run_block.c owns the memory; here a change is worked out as
 * entries, and goes in once there is room for them.
 */
#include "run_block.h"

/* Setting. */

/* Does @b continue @a, with which it shares a boundary? */
static bool runs_join(const struct run *a, const struct run *b)
{
	return a->kind == b->kind && a->pfn + a->npages == b->pfn &&
	       (a->kind == PIN_PAGE || a->kind == PIN_NONE);
}

/* @new is in the range of a block, where only one of its holes can take it. */
static int set_inside(struct run_list *rl, u32 n, const struct run *new)
{
	struct run_slot *slot = &rl->dir[n];
	struct run_block *block = slot->block;
	u32 i = entry_find(slot, new->index), ndel = 1, nins = 0;
	u64 end = new->index + new->npages, ins[3];
	struct run hole, left, right;
	u64 joined = 0;

	entry_get(slot, i, &hole);
	if (hole.kind != PIN_HOLE || end > hole.index + hole.npages)
		return -EEXIST;
	entry_get(slot, i - 1, &left);
	entry_get(slot, i + 1, &right);

	if (hole.index < new->index)
		ins[nins++] = entry_pack(hole.index, 0, PIN_HOLE);
	else if (runs_join(&left, new))
		joined++;
	if (!joined)
		ins[nins++] = entry_pack(new->index, new->pfn, new->kind);
	if (end < right.index) {
		ins[nins++] = entry_pack(end, 0, PIN_HOLE);
	} else if (runs_join(new, &right)) {
		ndel++;
		joined++;
	}
	if (block->nr + nins > block->cap + ndel)
		return run_make_room(rl, n, i, false);
	block_splice(block, i, ndel, ins, nins);
	rl->nruns -= joined;
	return 0;
}

/* Adds @new between blocks @n - 1 and @n without joining it to a neighbour. */
static int place_between(struct run_list *rl, u32 n, const struct run *new)
{
	struct run_slot *left = n ? &rl->dir[n - 1] : NULL;
	struct run_slot *right = n < rl->nblocks ? &rl->dir[n] : NULL;
	u64 end = new->index + new->npages, ins[2];
	u32 nins = 0, cap;

	if (left && slot_reaches(left, new->index)) {
		struct run_block *block = left->block;
		u32 need = 1 + (block->end < new->index);

		if (block->nr + need <= block->cap) {
			u64 *p = &block->runs[block->nr];

			if (need == 2)
				*p++ = entry_pack(block->end, 0, PIN_HOLE);
			*p = entry_pack(new->index, new->pfn, new->kind);
			block->nr += need;
			block->end = end;
			return 0;
		}
		if (block->cap < BLOCK_MAX)
			return run_make_room(rl, n - 1, block->nr, false);
	}
	if (right && slot_reaches_back(right, new->index)) {
		struct run_block *block = right->block;

		ins[nins++] = entry_pack(new->index, new->pfn, new->kind);
		if (end < right->first)
			ins[nins++] = entry_pack(end, 0, PIN_HOLE);
		if (block->nr + nins <= block->cap) {
			block_splice(block, 0, 0, ins, nins);
			right->first = new->index;
			return 0;
		}
		if (block->cap < BLOCK_MAX)
			return run_make_room(rl, n, 0, false);
	}
	/* After a full block, another full one is likely. */
	cap = rl->nblocks ? BLOCK_MIN : RUN_INLINE;
	if (left && left->block->cap == BLOCK_MAX)
		cap = BLOCK_MIN * 4 + 6;
	return run_dir_insert(rl, n, new, cap, false);
}

/* @new begins after block @n - 1 and before block @n, if there are such. */
static int set_between(struct run_list *rl, u32 n, const struct run *new)
{
	struct run_slot *left = n ? &rl->dir[n - 1] : NULL;
	struct run_slot *right = n < rl->nblocks ? &rl->dir[n] : NULL;
	u64 end = new->index + new->npages;
	struct run grown = *new, run;
	bool joined = false;
	int err;

	if (right && right->first < end)
		return -EEXIST;
	if (right && right->first == end) {
		entry_get(right, 0, &run);
		joined = runs_join(new, &run);
		if (joined)
			grown.npages += run.npages;
	}

	if (left && left->block->end == new->index) {
		entry_get(left, left->block->nr - 1, &run);
		if (runs_join(&run, new)) {
			left->block->end += grown.npages;
			rl->nruns--;
			goto out;
		}
	}
	if (joined && slot_reaches_back(right, new->index)) {
		right->block->runs[0] =
			entry_pack(new->index, new->pfn, new->kind);
		right->first = new->index;
		rl->nruns--;
		return 0;
	}
	err = place_between(rl, n, &grown);
	if (err)
		return err;
	if (n < rl->nblocks && rl->dir[n].first == new->index)
		n++;
out:
	/* The run that @new took in is still in the block on the right. */
	if (joined) {
		end = new->index + grown.npages;
		if (rl->dir[n].block->end == end)
			run_dir_remove(rl, n, n + 1);
		else
			run_slot_cut_head(&rl->dir[n], end);
		rl->nruns--;
	}
	return 0;
}

/* Not inline, so that the usual case below need not save registers for it. */
static noinline int set_anywhere(struct run_list *rl, u64 index, u64 pfn,
				 u64 npages, enum pin_kind kind)
{
	const struct run new = {
		.index = index, .pfn = pfn, .npages = npages, .kind = kind,
	};
	int err;
	u32 n;

	do {
		n = dir_find(rl, index);
		if (n && index < rl->dir[n - 1].block->end)
			err = set_inside(rl, n - 1, &new);
		else
			err = set_between(rl, n, &new);
	} while (err == -EAGAIN);
	if (err)
		return err;
	rl->nruns++;
	rl->npinned += npages;
	return 0;
}

/* Lists of one run are made often, and need nothing but the list itself. */
static void set_first(struct run_list *rl, u64 index, u64 pfn, u64 npages,
		      enum pin_kind kind)
{
	struct run_block *block = small_block(rl);

	block->runs[0] = entry_pack(index, pfn, kind);
	block->nr = 1;
	block->end = index + npages;
	rl->dir[0] = (struct run_slot){ .first = index, .block = block };
	rl->nblocks = 1;
	rl->nruns = 1;
	rl->npinned = npages;
}

/*
 * The usual case, as short as it can be: after everything else, with room in
 * the last block. Returns false if it is not this case.
 */
static bool append(struct run_list *rl, u64 index, u64 pfn, u64 npages,
		   enum pin_kind kind)
{
	struct run_slot *slot = &rl->dir[rl->nblocks - 1];
	struct run_block *block = slot->block;
	u64 end = block->end;
	u32 nr = block->nr;

	if (index < end || nr + 2 > block->cap || !slot_reaches(slot, index))
		return false;
	if (index > end) {
		block->runs[nr++] = entry_pack(end, 0, PIN_HOLE);
	} else if (kind == PIN_PAGE || kind == PIN_NONE) {
		u64 entry = block->runs[nr - 1];

		if (entry_kind(entry) == kind &&
		    entry_pfn(entry) + (end - entry_start(slot, nr - 1)) == pfn)
			goto out;
	}
	block->runs[nr++] = entry_pack(index, pfn, kind);
	block->nr = nr;
	rl->nruns++;
out:
	block->end = index + npages;
	rl->npinned += npages;
	return true;
}

/**
 * run_list_set() - record a run of frames in a hole
 * @rl: the list
 * @index: first page
 * @pfn: frame of the first page; those of the others follow it
 * @npages: how many
 * @kind: how they were pinned, not PIN_HOLE
 *
 * A PIN_PAGE or PIN_NONE run that continues one of its own kind on either
 * side becomes one with it, and may be of any length. A PIN_LEAF or PIN_FOLIO
 * run is one pin: it stays what was set here, of at most RUN_MAX_PAGES.
 *
 * Context: caller holds the mutex; may sleep for memory. Adding at the end
 * takes constant time.
 * Return: 0; -EEXIST if a page of the range is in a run already; -EINVAL for
 * a range that is empty or reaches over the end of the list, frames beyond
 * 2^RUN_PFN_BITS, a kind that is none, or a leaf or folio that is too long;
 * -ENOMEM. After an error the list is as it was.
 */
int run_list_set(struct run_list *rl, u64 index, u64 pfn, u64 npages,
		 enum pin_kind kind)
{
	u64 more = npages - 1; /* huge if there is none */

	if (more >= rl->npages || index > rl->npages - npages)
		return -EINVAL;
	/* The sum can only wrap if one of the others is too big already. */
	if ((pfn | more | (pfn + more)) > PFN_MASK)
		return -EINVAL;
	if (kind < PIN_PAGE || kind > PIN_NONE)
		return -EINVAL;
	if (more >= RUN_MAX_PAGES && (kind == PIN_LEAF || kind == PIN_FOLIO))
		return -EINVAL;

	if (rl->nblocks) {
		if (append(rl, index, pfn, npages, kind))
			return 0;
	} else if (!rl->nspares) {
		set_first(rl, index, pfn, npages, kind);
		return 0;
	}
	return set_anywhere(rl, index, pfn, npages, kind);
}

/*
 * Frames that go on where the last block ends, as many as it has room for.
 * Returns how many that were.
 */
static u64 append_frames(struct run_list *rl, u64 index,
			 const unsigned long *pfns, u64 n, enum pin_kind kind)
{
	struct run_slot *slot = &rl->dir[rl->nblocks - 1];
	struct run_block *block = slot->block;
	u32 nr = block->nr;
	u64 next, done;

	if (block->end != index || entry_kind(block->runs[nr - 1]) != kind)
		return 0;
	/* Up to where the list ends, and the last entry of the block may begin. */
	n = min(n, rl->npages - index);
	if (!slot_reaches(slot, index))
		return 0;
	n = min(n, slot->first + RUN_MAX_PAGES - index);
	next = entry_pfn(block->runs[nr - 1]) + index -
	       entry_start(slot, nr - 1);
	for (done = 0; done < n; done++, next++) {
		u64 pfn = pfns[done];

		/* Those that are no frames are run_list_set()'s to refuse. */
		if (pfn > PFN_MASK)
			break;
		if (pfn == next)
			continue;
		if (nr == block->cap)
			break;
		block->runs[nr++] = entry_pack(index + done, pfn, kind);
		next = pfn;
	}
	rl->nruns += nr - block->nr;
	rl->npinned += done;
	block->nr = nr;
	block->end = index + done;
	return done;
}

/**
 * run_list_set_frames() - record frames one by one, in a hole
 * @rl: the list
 * @index: first page
 * @pfns: the frame of each
 * @n: how many
 * @kind: PIN_PAGE or PIN_NONE
 *
 * The same as run_list_set() for each, and faster.
 * Return: how many were recorded; fewer than @n: why the next one was not is
 * what run_list_set() says of it.
 */
u64 run_list_set_frames(struct run_list *rl, u64 index,
			const unsigned long *pfns, u64 n, enum pin_kind kind)
{
	u64 done = 0;

	while (done < n &&
	       !run_list_set(rl, index + done, pfns[done], 1, kind)) {
		done++;
		done += append_frames(rl, index + done, pfns + done, n - done,
				      kind);
	}
	return done;
}

/* Clearing. */

/*
 * The range lies in one block, beginning after its first page and ending
 * before its last. Returns 0, or -EAGAIN to be called again.
 */
static int clear_inside(struct run_list *rl, u32 n, u64 first, u64 end)
{
	struct run_slot *slot = &rl->dir[n];
	struct run_block *block = slot->block;
	u32 i = entry_find(slot, first), j = entry_find(slot, end - 1);
	u32 from = i + 1, to = j + 1, nins = 0;
	struct run left, right;
	u64 ins[2];
	int err;

	entry_get(slot, i, &left);
	entry_get(slot, j, &right);

	/* The new hole begins at @first, or at that of a hole it touches. */
	if (left.kind != PIN_HOLE) {
		if (left.index == first)
			from = i;
		if (left.index < first || !entry_is_hole(block->runs[i - 1]))
			ins[nins++] = entry_pack(first, 0, PIN_HOLE);
	}
	/* It ends at @end, where a run may go on or a hole may follow. */
	if (right.index + right.npages > end && right.kind != PIN_HOLE) {
		right.npages -= end - right.index;
		right.pfn += end - right.index;
		right.index = end;
		if (!slot_reaches(slot, end)) {
			err = run_dir_insert(rl, n + 1, &right, BLOCK_MIN,
					     true);
			if (!err)
				run_slot_cut_tail(&rl->dir[n], first);
			return err;
		}
		ins[nins++] = entry_pack(end, right.pfn, right.kind);
	} else if (right.kind != PIN_HOLE && entry_is_hole(block->runs[to])) {
		to++;
	}
	if (block->nr + nins > block->cap + (to - from))
		return run_make_room(rl, n, max(j, 1U), true);
	block_splice(block, from, to - from, ins, nins);
	return 0;
}

/* Makes a hole from @first to @end - 1, leaving the counters alone. */
static int clear_range(struct run_list *rl, u64 first, u64 end)
{
	u32 lo = dir_find(rl, first), hi = dir_find(rl, end - 1);

	if (lo && rl->dir[lo - 1].block->end > first)
		lo--;
	if (lo >= hi)
		return 0;
	if (hi - lo == 1 && rl->dir[lo].first < first &&
	    rl->dir[lo].block->end > end)
		return clear_inside(rl, lo, first, end);

	if (rl->dir[hi - 1].block->end > end)
		run_slot_cut_head(&rl->dir[--hi], end);
	if (lo < hi && rl->dir[lo].first < first)
		run_slot_cut_tail(&rl->dir[lo++], first);
	run_dir_remove(rl, lo, hi);
	return 0;
}

/* Is @run a pin that the range from @first to @last would leave a part of? */
static bool run_is_cut(const struct run *run, u64 first, u64 last)
{
	return (run->kind == PIN_LEAF || run->kind == PIN_FOLIO) &&
	       (run->index < first || last - run->index < run->npages - 1);
}

/**
 * run_list_clear() - forget the frames of a range: make it a hole
 * @rl: the list
 * @first: first page of the range, which may have holes
 * @last: last page, inclusive
 *
 * Never fails for want of memory, so that unpinning can not. A clear that
 * leaves a part of a run, and only such a one, adds an entry; it may have to
 * allocate a block for it then (4 KiB at most; rarely the directory grows as
 * well), with __GFP_NOFAIL unless run_list_reserve() has set one aside. No
 * way to keep 8 bytes a run can do without: cut all of a full list's runs at
 * one end, and there are twice as many boundaries to remember.
 *
 * Context: caller holds the mutex; may sleep for memory. Takes a few
 * instructions for each run in the range, none if that is the whole list, and
 * one free for each 510: clear big lists in parts, from the end downwards,
 * to reschedule in between.
 * Return: 0; -EINVAL if the range is empty or reaches over the end of the
 * list, or if a part of a PIN_LEAF or PIN_FOLIO run would remain. After an
 * error the list is as it was.
 */
int run_list_clear(struct run_list *rl, u64 first, u64 last)
{
	u64 npinned = 0, nruns = 0;
	struct run_cursor cur;
	struct run run, head = { .kind = PIN_HOLE }, tail = head;
	bool cut_head, cut_tail;
	int err;
	u32 n;

	if (first > last || last >= rl->npages)
		return -EINVAL;
	if (!rl->nblocks)
		return 0;
	if (first <= rl->dir[0].first &&
	    last >= rl->dir[rl->nblocks - 1].block->end - 1) {
		run_dir_clear(rl);
		return 0;
	}

	if (run_list_find(rl, first, &head) && run_is_cut(&head, first, last))
		return -EINVAL;
	if (run_list_find(rl, last, &tail) && run_is_cut(&tail, first, last))
		return -EINVAL;
	for_each_run(rl, &cur, &run, first, last) {
		npinned += run.npages;
		nruns++;
	}
	/* What is cut remains, as one run or, split, as two. */
	cut_head = head.kind != PIN_HOLE && head.index < first;
	cut_tail = tail.kind != PIN_HOLE &&
		   tail.index + (tail.npages - 1) > last;
	nruns -= cut_head + cut_tail;

	do {
		err = clear_range(rl, first, last + 1);
	} while (err == -EAGAIN);
	if (err)
		return err;
	rl->npinned -= npinned;
	rl->nruns -= nruns;
	if (rl->nblocks > 1) {
		n = dir_find(rl, first);
		run_block_coalesce(rl, n);
		if (n)
			run_block_coalesce(rl, n - 1);
		if (n > 1)
			run_block_coalesce(rl, n - 2);
	}
	return 0;
}

/* Looking. */

/**
 * run_list_find() - the run that a page is in
 * @rl: the list
 * @index: the page
 * @run: set to the whole run, if there is one
 *
 * Context: caller holds the mutex; does not sleep. Logarithmic.
 * Return: false if the page is in a hole, or over the end of the list.
 */
bool run_list_find(const struct run_list *rl, u64 index, struct run *run)
{
	u32 n = dir_find(rl, index), i;
	const struct run_slot *slot;

	if (!n)
		return false;
	slot = &rl->dir[n - 1];
	if (index >= slot->block->end)
		return false;
	i = entry_find(slot, index);
	if (entry_is_hole(slot->block->runs[i]))
		return false;
	entry_get(slot, i, run);
	return true;
}

/* Goes to the entry @i of the block at cur->slot, or to the end of the walk. */
static void cursor_enter(struct run_cursor *cur, u32 i)
{
	const struct run_slot *slot = cur->slot;

	cur->entry = NULL;
	if (slot == cur->slots_end)
		return;
	cur->entry = &slot->block->runs[i];
	cur->entries_last = &slot->block->runs[slot->block->nr - 1];
	cur->base = slot->first;
	cur->start = entry_start(slot, i);
}

/**
 * run_cursor_leave() - go from the last entry of a block to the next block
 * @cur: the walk; only run_cursor_next() calls this
 *
 * Return: where the entry ends.
 */
u64 run_cursor_leave(struct run_cursor *cur)
{
	u64 end = cur->slot->block->end;

	cur->slot++;
	cursor_enter(cur, 0);
	return end;
}

/**
 * run_cursor_init() - begin a walk; see for_each_run()
 * @cur: the walk
 * @rl: the list
 * @first: first page of the range
 * @last: last page, inclusive
 *
 * Context: caller holds the mutex; does not sleep.
 */
void run_cursor_init(struct run_cursor *cur, const struct run_list *rl,
		     u64 first, u64 last)
{
	u32 n = dir_find(rl, first);

	cur->slot = rl->dir + n;
	cur->slots_end = rl->dir + rl->nblocks;
	cur->skip = 0;
	cur->last = last;
	if (n && first < cur->slot[-1].block->end) {
		cur->slot--;
		cursor_enter(cur, entry_find(cur->slot, first));
		cur->skip = first - cur->start;
		cur->start = first;
	} else {
		cursor_enter(cur, 0);
	}
}

/**
 * run_list_next_hole() - the first hole in a range
 * @rl: the list
 * @first: first page of the range
 * @last: last page, inclusive; the end of the list if that comes before
 * @hole_first: set to the first page of the hole that is in the range
 * @hole_last: set to its last page in the range
 *
 * Context: caller holds the mutex; does not sleep. A few instructions for
 * each run before the hole; constant time if the list has none.
 * Return: false if every page of the range is in a run, or the range is empty.
 */
bool run_list_next_hole(const struct run_list *rl, u64 first, u64 last,
			u64 *hole_first, u64 *hole_last)
{
	struct run_cursor cur;
	struct run run;
	u64 next = first;

	if (last >= rl->npages)
		last = rl->npages - 1;
	if (!rl->npages || first > last || rl->npinned == rl->npages)
		return false;
	for_each_run(rl, &cur, &run, first, last) {
		if (run.index > next) {
			*hole_first = next;
			*hole_last = run.index - 1;
			return true;
		}
		if (run.npages > last - next)
			return false;
		next += run.npages;
	}
	*hole_first = next;
	*hole_last = last;
	return true;
}
