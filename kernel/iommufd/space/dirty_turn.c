// SPDX-License-Identifier: GPL-2.0-only
/*
 * A read's turns at areas: what policies are asked, told, and want to know of
 * earlier ones. dirty_turn.h explains it.
 *
 * An area that is assumed to be dirty too often in a row is due: it is scanned,
 * whatever policies say, until all of it has been scanned and cleared. So who
 * reads an area in pieces, in order, gets to the end of it as well.
 */
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"

/* What requests count in: bytes. */
#define REQ_PAGE SZ_4K

/**
 * struct dirty_note - what is remembered of an area, for a HWPT
 * @next: the next one of the area
 * @hwpt: whose dirty bits; it holds the area
 * @name: a cookie
 * @read_ns: when the last turn at it ended
 * @pages: what the last scan read: pages of REQ_PAGE
 * @dirty_pages: and found dirty
 * @assumes: how often it was assumed since it was not due
 * @first: of a due area: first IOVA of what has been scanned and cleared
 * @last: last IOVA of that; below @first: nothing
 */
struct dirty_note {
	struct dirty_note *next;
	const struct hwpt *hwpt;
	u64 name;
	u64 read_ns;
	u64 pages;
	u64 dirty_pages;
	u32 assumes;
	unsigned long first;
	unsigned long last;
};

static bool is_due(const struct dirty_note *note)
{
	return note->assumes >= IOMMUFD_DIRTY_MAX_ASSUMES;
}

static void forget_scanned(struct dirty_note *note)
{
	note->first = 1;
	note->last = 0;
}

/* The area is BUSY or WALKED by the caller, here and below. */
static struct dirty_note *find_note(const struct area *area,
				    const struct hwpt *hwpt)
{
	struct dirty_note *note = area->dirty_notes;

	while (note && note->hwpt != hwpt)
		note = note->next;
	return note;
}

/* NULL: there is no memory for it. */
static struct dirty_note *get_note(struct area *area, const struct hwpt *hwpt)
{
	struct dirty_note *note = find_note(area, hwpt);

	if (note)
		return note;
	note = kzalloc(sizeof(*note), GFP_KERNEL_ACCOUNT);
	if (!note)
		return NULL;
	note->hwpt = hwpt;
	note->name = new_cookie();
	forget_scanned(note);
	note->next = area->dirty_notes;
	area->dirty_notes = note;
	return note;
}

/**
 * dirty_forget() - drop what is remembered of an area for one HWPT
 * @area: BUSY or WALKED, by the caller
 * @hwpt: the HWPT
 */
void dirty_forget(struct area *area, const struct hwpt *hwpt)
{
	struct dirty_note **p = &area->dirty_notes;
	struct dirty_note *note;

	while ((note = *p) && note->hwpt != hwpt)
		p = &note->next;
	if (!note)
		return;
	*p = note->next;
	kfree(note);
}

/**
 * dirty_forget_all() - drop what is remembered of an area
 * @area: BUSY or WALKED by the caller, or READY and iova_lock is held
 */
void dirty_forget_all(struct area *area)
{
	struct dirty_note *note;

	while ((note = area->dirty_notes)) {
		area->dirty_notes = note->next;
		kfree(note);
	}
}

static void init_request(struct dirty_request *req, const struct hwpt *hwpt,
			 enum iommufd_op op)
{
	const struct ioas *ioas = hwpt->ioas;

	memset(req, 0, sizeof(*req));
	req->pub.op = op;
	req->pub.ctx_cookie = ioas->view.ctx_cookie;
	req->pub.ioas_cookie = ioas->view.cookie;
	req->pub.hwpt_cookie = hwpt->view.cookie;
	req->pub.ioas_id = ioas->obj.id;
	req->pub.hwpt_id = hwpt->obj.id;
}

/* A turn goes on only where it stopped, in the area at which it began. */
static bool goes_on(const struct dirty_read *read, const struct area *area,
		    unsigned long first)
{
	const struct dirty_note *note;

	if (read->area != area || read->next != first)
		return false;
	/* Another area may be where that one was. Then nobody was asked yet. */
	if (!read->note)
		return true;
	note = find_note(area, read->hwpt);
	return note && note->name == read->note;
}

static void describe(struct dirty_read *read, const struct area *area,
		     unsigned long first, const struct dirty_note *note)
{
	struct iommufd_dirty_req *pub = &read->req.pub;

	init_request(&read->req, read->hwpt, IOMMUFD_OP_DIRTY_READ);
	pub->flags = read->clear ? 0 : IOMMUFD_DIRTY_REQ_NO_CLEAR;
	pub->area_iova = area->view.iova;
	pub->area_length = area->view.length;
	pub->iova = first;
	pub->length = min(read->last, area_last(area)) - first + 1;
	pub->page_size = read->page_size;
	if (!note)
		return;
	pub->last_pages = note->pages;
	pub->last_dirty_pages = note->dirty_pages;
	pub->since_ns = note->read_ns ? ktime_get_ns() - note->read_ns : 0;
	pub->assumes = note->assumes;
}

static void ask(struct dirty_read *read, struct area *area,
		unsigned long first)
{
	struct dirty_note *note = find_note(area, read->hwpt);
	u32 verdict;

	describe(read, area, first, note);
	mem_list_pins(area->mem);
	verdict = dirty_policy_read_area(&read->req, &area->mem->pins,
					 &read->asked);
	if (!read->asked) {
		dirty_forget(area, read->hwpt);
		return;
	}
	/* Without a note nobody would count: it is scanned. */
	note = get_note(area, read->hwpt);
	if (!note)
		return;
	read->note = note->name;
	WRITE_ONCE(read->hwpt->dirty_noted, true);
	if (is_due(note))
		return;
	/* Counted now, whatever becomes of the read. */
	if (verdict == IOMMUFD_DIRTY_ASSUME)
		note->assumes++;
	read->verdict = verdict;
}

/**
 * dirty_turn_step() - a part of an area is about to be read
 * @read: the read; its verdict is how
 * @area: WALKED, by the caller
 * @first: first IOVA of the part
 *
 * May sleep.
 */
void dirty_turn_step(struct dirty_read *read, struct area *area,
		     unsigned long first)
{
	if (goes_on(read, area, first))
		return;
	read->area = area;
	read->note = 0;
	read->asked = 0;
	read->verdict = IOMMUFD_DIRTY_SCAN;
	read->begin = read->scan.bitmap->reported;
	if (dirty_policy_active())
		ask(read, area, first);
	else if (unlikely(area->dirty_notes))
		dirty_forget(area, read->hwpt);
}

static bool touch(unsigned long last, unsigned long first)
{
	return last >= first || last + 1 == first;
}

/* Some of an area was scanned and cleared. Was it all, with what was before? */
static void note_cleared(struct dirty_note *note, const struct area *area,
			 unsigned long first, unsigned long last)
{
	if (note->first <= note->last && touch(note->last, first) &&
	    touch(last, note->first)) {
		first = min(first, note->first);
		last = max(last, note->last);
	}
	note->first = first;
	note->last = last;
	if (first <= area->view.iova && last >= area_last(area))
		note->assumes = 0;
	/* Earlier than that counts for nothing: it may be assumed again. */
	if (!is_due(note))
		forget_scanned(note);
}

static void keep_note(struct dirty_read *read, const struct area *area,
		      unsigned long last, u64 ndirty)
{
	const struct iommufd_dirty_req *pub = &read->req.pub;
	struct dirty_note *note = find_note(area, read->hwpt);

	if (!note)
		return;
	note->read_ns = ktime_get_ns();
	if (read->verdict == IOMMUFD_DIRTY_ASSUME)
		return;
	note->pages = DIV_ROUND_UP(pub->length, REQ_PAGE);
	note->dirty_pages = ndirty;
	if (read->verdict == IOMMUFD_DIRTY_SCAN && read->clear)
		note_cleared(note, area, pub->iova, last);
}

/**
 * dirty_turn_step_done() - a part of an area was read
 * @read: the read
 * @area: as in dirty_turn_step()
 * @last: last IOVA of the part
 *
 * If it was the last part, policies are told.
 */
void dirty_turn_step_done(struct dirty_read *read, struct area *area,
			  unsigned long last)
{
	u64 ndirty = DIV_ROUND_UP(read->scan.bitmap->reported - read->begin,
				  REQ_PAGE);

	if (last != min(read->last, area_last(area))) {
		read->next = last + 1;
		return;
	}
	read->area = NULL;
	if (!read->asked)
		return;
	keep_note(read, area, last, ndirty);
	read->req.pub.verdict = read->verdict;
	dirty_policy_area_done(&read->req, read->asked, ndirty);
}

/**
 * dirty_ask_start() - may it be tracked what a HWPT's devices write?
 * @hwpt: its dirty_lock is held for writing
 *
 * May sleep.
 * Return: 0, for dirty_stopped(); see dirty_policy_start().
 */
int dirty_ask_start(struct hwpt *hwpt)
{
	struct dirty_starter *who = &hwpt->dirty_starter;
	struct dirty_request req;
	int rc;

	if (!dirty_policy_active())
		return 0;
	init_request(&req, hwpt, IOMMUFD_OP_DIRTY_START);
	rc = dirty_policy_start(&req, &who->asked);
	who->cgroup_id = req.pub.cgroup_id;
	who->tgid = req.pub.tgid;
	who->uid = req.pub.uid;
	return rc;
}

/**
 * dirty_stopped() - it is not tracked any more, or was not after all
 * @hwpt: its dirty_lock is held for writing, or nobody can find it
 */
void dirty_stopped(struct hwpt *hwpt)
{
	struct dirty_starter *who = &hwpt->dirty_starter;
	struct dirty_request req;

	if (!who->asked)
		return;
	init_request(&req, hwpt, IOMMUFD_OP_DIRTY_STOP);
	req.pub.cgroup_id = who->cgroup_id;
	req.pub.tgid = who->tgid;
	req.pub.uid = who->uid;
	dirty_policy_stop(&req, who->asked);
	who->asked = 0;
}
