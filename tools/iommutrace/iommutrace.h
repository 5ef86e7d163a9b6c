/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommutrace's BPF half and its userspace half share: one event.
 * Private to one build; the module's ABI is iommufd_bpf_abi.h.
 */
#ifndef IOMMUTRACE_H
#define IOMMUTRACE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum trace_sizes {
	TRACE_COMM_LEN = 16,
	TRACE_NAME_LEN = 32,
	TRACE_POLICY_LEN = 16,
	TRACE_REASON_LEN = 64,
	TRACE_MAX_PIDS = 4096, /* processes that a filter can name or follow */
	TRACE_MAX_REFUSED = 4096, /* tasks inside a refused operation at once */
};

/* Operations, numbered as in enum iommufd_op where that has them. */
enum trace_op {
	TRACE_MAP = 1,
	TRACE_UNMAP = 2,
	TRACE_ATTACH = 3,
	TRACE_DETACH = 4,
	TRACE_COPY = 5,
	TRACE_MAP_FILE = 6,
	TRACE_REPLACE = 32, /* an event of its own, for policies an attach */
};

/* Why an operation was refused, learnt from the events that came before it. */
enum trace_refused {
	TRACE_REFUSED_POLICY = 1,
	TRACE_REFUSED_LIMIT = 2,
};

struct trace_refusal {
	__u32 flags; /* enum trace_refused */
	__u32 code;
	__u64 charged_pages;
	__u64 asked_pages;
	__u64 limit_pages;
	__u32 uid;
	__s32 deny_ret;
	char policy[TRACE_POLICY_LEN];
	char reason[TRACE_REASON_LEN];
};

struct trace_map { /* copy and map_file too */
	__u64 va; /* map_file: offset in the file */
	__u64 iova;
	__u64 length;
	__u32 prot;
	__u32 flags;
	__u32 nr_domains;
	__u32 nr_runs;
	__u32 src_ioas_id; /* copy */
	__u32 pad;
	__u64 src_iova; /* copy */
	__u64 pinned_pages;
	__u64 policy_ns;
	__u64 pin_ns;
	__u64 account_ns;
	__u64 fill_ns;
};

struct trace_unmap {
	__u64 iova;
	__u64 length;
	__u64 unmapped_bytes;
	__u64 nr_areas;
	__u64 unpinned_pages;
	__u64 clear_ns;
	__u64 unpin_ns;
};

struct trace_attach {
	__u32 device_id;
	__u32 pt_id;
	__u32 hwpt_id;
	__u32 group_id;
	__u32 created_hwpt;
	__u32 pad;
	__u64 pinned_pages;
	__u64 policy_ns;
	char device[TRACE_NAME_LEN];
};

/**
 * struct op_event - one completed operation
 * @mono_ns: CLOCK_MONOTONIC when it ended
 * @duration_ns: how long it took; 0 if it began before tracing did
 */
struct op_event {
	__u64 mono_ns;
	__u64 duration_ns;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__s32 tgid;
	__s32 tid;
	__u32 uid;
	__u32 cpu;
	__u32 op; /* enum trace_op */
	__s32 ret;
	__u32 ioas_id; /* map, map_file, copy, unmap */
	__u32 pad;
	char comm[TRACE_COMM_LEN];
	struct trace_refusal refusal;
	union {
		struct trace_map map;
		struct trace_unmap unmap;
		struct trace_attach attach;
	};
};

#endif
