/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommutop's BPF half and its userspace half share: the records of a
 * walk, the counters of a context, the log of refusals.
 *
 * These are private to one build of iommutop. The ABI of the module is
 * iommufd_bpf_abi.h; its views are copied field by field into the records,
 * so that a record never depends on how long a view is on this module.
 */
#ifndef IOMMUTOP_H
#define IOMMUTOP_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum top_sizes {
	TOP_COMM_LEN = 16,
	TOP_NAME_LEN = 32,
	TOP_POLICY_LEN = 16,
	TOP_REASON_LEN = 64,
	TOP_RECS = 2048, /* records that one call of the walk can return */
	TOP_REFUSALS = 16, /* refusals that the log remembers */
	TOP_MAX_CTX = 16384, /* contexts that have counters of their own */
	/* A histogram: 8 slots an octave, from 128 ns to 9 minutes. */
	TOP_HIST_MIN_SHIFT = 7,
	TOP_HIST_SUB_SHIFT = 3,
	TOP_HIST_SLOTS = 256,
};

enum top_kind {
	TOP_CTX = 1,
	TOP_DEVICE,
	TOP_IOAS,
	TOP_AREA,
};

struct top_ctx {
	__u64 cookie;
	__u64 cgroup_id;
	__u64 created_ns;
	__s32 tgid;
	__u32 uid;
	char comm[TOP_COMM_LEN];
};

struct top_device {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 id;
	__u32 hwpt_id;
	__u32 group_id;
	char name[TOP_NAME_LEN];
};

struct top_ioas {
	__u64 cookie;
	__u64 ctx_cookie;
	__u64 created_ns;
	__u64 mapped_bytes;
	__u64 nr_areas;
	__u32 nr_domains;
	__u32 id;
	__u64 pinned_pages;
};

struct top_area {
	__u64 ioas_cookie;
	__u64 iova;
	__u64 length;
	__u64 va;
	__u64 created_ns;
	__u64 pinned_pages;
	__u64 nr_runs;
	__u32 prot;
	__u32 source;
	__s32 tgid;
	__u32 uid;
};

struct top_rec {
	__u32 kind; /* enum top_kind */
	__u32 pad;
	union {
		struct top_ctx ctx;
		struct top_device device;
		struct top_ioas ioas;
		struct top_area area;
	};
};

/* Where a walk stands inside its context. */
enum top_stage {
	TOP_AT_CTX = 0,
	TOP_AT_DEVICE,
	TOP_AT_IOAS,
	TOP_AT_AREA,
};

/**
 * struct top_walk - the cursor and the result of a walk
 * @ctx_cookie: the context to go on with, or the first one younger
 * @iova: TOP_AT_AREA: the first area to go on with
 * @stage: what comes next in that context
 * @id: the device or IOAS to go on with, or the first one above
 * @want_areas: areas too
 * @nr_recs: records that this call returned
 * @done: the walk has reached the end
 *
 * Zeroed, it begins at the beginning. A call stops when the records are used
 * up, and the next goes on where it stopped: a walk of any size is complete,
 * and no call holds the RCU read lock for long.
 */
struct top_walk {
	__u64 ctx_cookie;
	__u64 iova;
	__u32 stage;
	__u32 id;
	__u32 want_areas;
	__u32 nr_recs;
	__u32 done;
	__u32 pad;
};

struct top_hist {
	__u32 slots[TOP_HIST_SLOTS];
};

/* The counters of one context, or of the host. All only grow. */
struct top_stats {
	__u64 maps;
	__u64 map_bytes;
	__u64 unmaps;
	__u64 unmap_bytes;
	__u64 attaches;
	__u64 detaches;
	__u64 errors; /* operations that failed, for whatever reason */
	__u64 denies; /* refused by a policy */
	__u64 limits; /* refused by RLIMIT_MEMLOCK */
	struct top_hist map_ns;
	struct top_hist unmap_ns;
};

enum top_refusal_kind {
	TOP_REFUSED_POLICY = 1,
	TOP_REFUSED_LIMIT = 2,
};

/**
 * struct top_refusal - one refusal in the log
 * @seq: its number, from 1; written last, so that a torn record shows
 */
struct top_refusal {
	__u64 seq;
	__u64 boot_ns;
	__u64 ctx_cookie;
	__u64 length;
	__u64 charged_pages;
	__u64 asked_pages;
	__u64 limit_pages;
	__u32 kind; /* enum top_refusal_kind */
	__u32 op;
	__s32 tgid;
	__u32 uid;
	__s32 ret;
	__u32 code;
	char comm[TOP_COMM_LEN];
	char policy[TOP_POLICY_LEN];
	char reason[TOP_REASON_LEN];
};

#endif
