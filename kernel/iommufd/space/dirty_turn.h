/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What dirty policies have to do with reading dirty bits.
 *
 * A read takes one *turn* at each area that it touches, in one step or in many:
 * a step ends with a window of the bitmap, and now and then for others' sake,
 * and the area may be gone at the next. Policies are asked once a turn, at its
 * beginning, and told once, at its end.
 *
 * What they want to know of earlier turns is in *notes*, one for each pair of
 * area and HWPT: each HWPT has dirty bits of its own. A note is made when a
 * policy was asked. It goes when the area leaves the HWPT, is cut, or is read
 * while no policy is to be asked; and when tracking starts or stops.
 *
 * A note says nothing about what is dirty. To forget one means no more than
 * that an area may be assumed to be dirty a few times more.
 */
#ifndef IOMMUFD_DIRTY_TURN_H
#define IOMMUFD_DIRTY_TURN_H

#include "domain/dirty.h"
#include "policy/dirty.h"

struct area;
struct hwpt;

/**
 * struct dirty_read - one read of dirty bits; without a bitmap, clearing them
 * @hwpt: of which; its dirty_lock is held
 * @scan: how
 * @first: first IOVA
 * @last: last IOVA
 * @page_size: bytes that a bit of the caller's bitmap stands for
 * @clear: what is reported is not dirty any more
 *
 * The turn that is under way:
 * @area: at which area; only to be compared; NULL: none is under way
 * @next: the IOVA at which it goes on
 * @note: the name of the area's note, or 0
 * @verdict: enum iommufd_dirty_verdict
 * @asked: the policy that was asked, or 0
 * @begin: @scan.bitmap->reported when it began
 * @req: what it was asked, if it was
 */
struct dirty_read {
	struct hwpt *hwpt;
	struct dirty_scan scan;
	unsigned long first;
	unsigned long last;
	u64 page_size;
	bool clear;

	const struct area *area;
	unsigned long next;
	u64 note;
	u32 verdict;
	u64 asked;
	u64 begin;
	struct dirty_request req;
};

void dirty_turn_step(struct dirty_read *read, struct area *area,
		     unsigned long first);
void dirty_turn_step_done(struct dirty_read *read, struct area *area,
			  unsigned long last);

void dirty_forget(struct area *area, const struct hwpt *hwpt);
void dirty_forget_all(struct area *area);

int dirty_ask_start(struct hwpt *hwpt);
void dirty_stopped(struct hwpt *hwpt);

#endif
