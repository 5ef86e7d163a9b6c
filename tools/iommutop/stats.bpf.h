/* SPDX-License-Identifier: GPL-2.0-only */
/* How BPF programs count: atomic sums, histograms of durations. */
#ifndef IOMMUTOP_STATS_BPF_H
#define IOMMUTOP_STATS_BPF_H

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __always_inline __u32 log2_u64(__u64 v)
{
	__u32 r = 0;

	if (v >> 32) {
		v >>= 32;
		r += 32;
	}
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	return r + (v >> 1);
}

static __always_inline void hist_add(struct top_hist *hist, __u64 ns)
{
	__u32 msb, slot;

	/* 0: it began before this tracepoint was enabled. */
	if (!ns)
		return;
	if (ns < (1 << TOP_HIST_MIN_SHIFT))
		ns = 1 << TOP_HIST_MIN_SHIFT;
	msb = log2_u64(ns);
	slot = (msb - TOP_HIST_MIN_SHIFT) << TOP_HIST_SUB_SHIFT;
	slot += (ns >> (msb - TOP_HIST_SUB_SHIFT)) & ((1 << TOP_HIST_SUB_SHIFT) - 1);
	if (slot >= TOP_HIST_SLOTS)
		slot = TOP_HIST_SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
}

#endif
