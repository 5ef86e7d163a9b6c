/* SPDX-License-Identifier: GPL-2.0-only */
/* How BPF programs count: atomic sums, histograms of durations. */
#ifndef IOMMUTOP_STATS_BPF_H
#define IOMMUTOP_STATS_BPF_H

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

/* For 0 to 255; a program's loop would run for each event. */
#define LOG2_X2(n) n, n
#define LOG2_X4(n) LOG2_X2(n), LOG2_X2(n)
#define LOG2_X8(n) LOG2_X4(n), LOG2_X4(n)
#define LOG2_X16(n) LOG2_X8(n), LOG2_X8(n)
#define LOG2_X32(n) LOG2_X16(n), LOG2_X16(n)
#define LOG2_X64(n) LOG2_X32(n), LOG2_X32(n)
#define LOG2_X128(n) LOG2_X64(n), LOG2_X64(n)

static const __u8 log2_of[256] = {
	0, 0, LOG2_X2(1), LOG2_X4(2), LOG2_X8(3), LOG2_X16(4), LOG2_X32(5), LOG2_X64(6),
	LOG2_X128(7),
};

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
	return r + log2_of[v & 255];
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

/* The counters at a key of a hash, which may be the first for it; NULL: there is no room. */
static __always_inline struct top_stats *stats_at(void *hash, __u64 key, __u64 *nr_uncounted)
{
	static const struct top_stats none;
	struct top_stats *st = bpf_map_lookup_elem(hash, &key);

	if (st)
		return st;
	bpf_map_update_elem(hash, &key, &none, BPF_NOEXIST);
	st = bpf_map_lookup_elem(hash, &key);
	if (!st)
		add(nr_uncounted, 1);
	return st;
}

#endif
