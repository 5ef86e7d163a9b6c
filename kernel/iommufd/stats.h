/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one operation is, what it did and where its time went, for its trace
 * event and for those of its parts.
 *
 * The top of an operation owns it, on its stack, and hands it down; each room
 * adds its part. Without a listener no clock is read.
 */
#ifndef IOMMUFD_STATS_H
#define IOMMUFD_STATS_H

#include <linux/types.h>

#include "clock.h"
#include "iommufd_bpf_abi.h"

/**
 * struct op_stats - who, and the parts of one operation
 * @op: what it is
 * @timed: somebody listens: read the clock
 * @ctx: the context that asked, or NULL: @ioas says
 * @ioas: the IOAS that it is about now; NULL: none yet. Who works on one sets
 *	it, and so holds it
 * @pinned: pages pinned
 * @unpinned: pages unpinned
 * @policy_ns: asking policies
 * @pin_ns: pinning
 * @account_ns: charging limits
 * @fill_ns: writing IO page tables
 * @clear_ns: clearing them
 * @unpin_ns: unpinning
 * @chunk_pages: charge and pin so many at a time, as a policy wishes; 0: as
 *	many as is usual
 */
struct op_stats {
	enum iommufd_op op;
	bool timed;
	const struct iommufd_ctx_view *ctx;
	const struct iommufd_ioas_view *ioas;
	u64 pinned;
	u64 unpinned;
	u64 policy_ns;
	u64 pin_ns;
	u64 account_ns;
	u64 fill_ns;
	u64 clear_ns;
	u64 unpin_ns;
	u64 chunk_pages;
};

/* The time a part begins; 0 if nobody listens. */
static inline u64 op_begin(const struct op_stats *st)
{
	return st->timed ? clock_now() : 0;
}

/* Add what has passed since @begin to @sum. */
static inline void op_end(const struct op_stats *st, u64 *sum, u64 begin)
{
	if (st->timed)
		*sum += clock_since(begin);
}

/* The cookie of the context that asked. */
static inline u64 op_ctx_cookie(const struct op_stats *st)
{
	if (st->ioas)
		return st->ioas->ctx_cookie;
	return st->ctx ? st->ctx->cookie : 0;
}

/* For a part that has an event of its own: counts like @st, all of it timed. */
static inline struct op_stats op_part(const struct op_stats *st)
{
	return (struct op_stats){
		.op = st->op,
		.timed = true,
		.ctx = st->ctx,
		.ioas = st->ioas,
		.chunk_pages = st->chunk_pages,
	};
}

/* Add such a part to the whole. */
static inline void op_add(struct op_stats *st, const struct op_stats *part)
{
	st->pinned += part->pinned;
	st->unpinned += part->unpinned;
	st->policy_ns += part->policy_ns;
	st->pin_ns += part->pin_ns;
	st->account_ns += part->account_ns;
	st->fill_ns += part->fill_ns;
	st->clear_ns += part->clear_ns;
	st->unpin_ns += part->unpin_ns;
}

/* When an operation without parts begins; 0 if its event is not wanted. */
static inline u64 event_begin(bool wanted)
{
	return wanted ? clock_now() : 0;
}

/* How long it took; 0 if nobody listened when it began. */
static inline u64 event_duration(u64 begin)
{
	return begin ? clock_since(begin) : 0;
}

#endif
