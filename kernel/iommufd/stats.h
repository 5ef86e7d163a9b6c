/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one operation did and where its time went, for its trace event.
 *
 * The top of an operation owns it, on its stack, and hands it down; each room
 * adds its part. Without a listener no clock is read.
 */
#ifndef IOMMUFD_STATS_H
#define IOMMUFD_STATS_H

#include <linux/ktime.h>
#include <linux/types.h>

/**
 * struct op_stats - the parts of one operation
 * @timed: somebody listens: read the clock
 * @pinned: pages pinned
 * @unpinned: pages unpinned
 * @policy_ns: asking policies
 * @pin_ns: pinning
 * @account_ns: charging limits
 * @fill_ns: writing IO page tables
 * @clear_ns: clearing them
 * @unpin_ns: unpinning
 */
struct op_stats {
	bool timed;
	u64 pinned;
	u64 unpinned;
	u64 policy_ns;
	u64 pin_ns;
	u64 account_ns;
	u64 fill_ns;
	u64 clear_ns;
	u64 unpin_ns;
};

/* The time a part begins; 0 if nobody listens. */
static inline u64 op_begin(const struct op_stats *st)
{
	return st->timed ? ktime_get_ns() : 0;
}

/* Add what has passed since @begin to @sum. */
static inline void op_end(const struct op_stats *st, u64 *sum, u64 begin)
{
	if (st->timed)
		*sum += ktime_get_ns() - begin;
}

#endif
