/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools' BPF programs and their userspace half share: the records of
 * the walks, counters, the log of refusals.
 *
 * These are private to one build of the tools. The ABI of the module is
 * iommufd_bpf_abi.h; its views are copied field by field into the records,
 * so that a record never depends on how long a view is on this module. What a
 * source cannot tell has the value TOP_UNKNOWN.
 */
#ifndef IOMMUTOP_SHARED_H
#define IOMMUTOP_SHARED_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TOP_UNKNOWN (~0ULL)
#define TOP_UNKNOWN32 (~0U)

enum top_sizes {
	TOP_COMM_LEN = 16,
	TOP_NAME_LEN = 32,
	TOP_POLICY_LEN = 16,
	TOP_REASON_LEN = 64,
	TOP_RECS = 2048, /* records that one call of a walk can return */
	TOP_FILEWALK_RECS = 8192, /* likewise, that one run of an iterator can */
	TOP_MAX_CONTAINERS = 4096,
	TOP_MORE = 8192, /* records about what newer modules tell */
	TOP_MIXES = 1024, /* mappings that one call can ask about */
	TOP_TASKS = 1024, /* processes that one call can ask about */
	TOP_REFUSALS = 16, /* refusals that the log remembers */
	TOP_MAX_CTX = 16384, /* contexts that have counters of their own */
	TOP_MAX_POLICIES = 256,
	/* A histogram: 8 slots an octave, from 128 ns to 9 minutes. */
	TOP_HIST_MIN_SHIFT = 7,
	TOP_HIST_SUB_SHIFT = 3,
	TOP_HIST_SLOTS = 256,
};

enum top_source {
	TOP_IOMMUFD = 0, /* iommufd-bpf's module */
	TOP_TYPE1, /* VFIO type1 containers */
	TOP_FOREIGN, /* an iommufd that is not iommufd-bpf's */
	TOP_NR_SOURCES,
};

enum top_kind {
	TOP_CTX = 1,
	TOP_DEVICE,
	TOP_IOAS,
	TOP_AREA,
	TOP_HWPT,
	TOP_MODE, /* more about a context */
	TOP_DEVICE_MORE, /* more about a device */
};

/* A context of iommufd, or a type1 container. */
struct top_ctx {
	__u64 cookie; /* type1: a kernel address, never shown */
	__u64 cgroup_id;
	__u64 created_ns; /* 0: not known */
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
	__u32 nr_pasids; /* TOP_UNKNOWN32: not known */
	__u64 nr_faults; /* TOP_UNKNOWN: likewise */
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
	__u64 entries_left; /* type1: mappings that it may still make */
	__u64 entries_max;
	__u32 dirty; /* 1: dirty tracking is on */
	__u32 pad;
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
	__u32 access_pins; /* of in-kernel users; TOP_UNKNOWN32: not known */
	__u32 pad;
	/* The page-size mix; bytes_4k TOP_UNKNOWN: not known. */
	__u64 bytes_4k;
	__u64 bytes_2m;
	__u64 bytes_1g;
};

/* An IO page table. */
struct top_hwpt {
	__u64 ctx_cookie;
	__u64 ioas_cookie; /* 0: it has none */
	__u32 id;
	__u32 kind; /* enum top_hwpt_kind */
	__u32 dirty; /* 1: dirty tracking is on */
	__u32 nr_devices;
	__u64 dirty_bytes; /* that reads have found so far */
	__u64 nr_faults;
};

/* What newer modules tell beside the rest. */
struct top_mode {
	__u64 ctx_cookie;
	__u32 mm; /* 1: each process is charged by itself */
	__u32 container; /* 1: it was opened as /dev/vfio/vfio */
};

struct top_device_more {
	__u64 ctx_cookie;
	__u64 nr_faults;
	__u32 id;
	__u32 nr_pasids;
};

enum top_hwpt_kind {
	TOP_HWPT_PAGING = 1,
	TOP_HWPT_NESTED,
};

struct top_rec {
	__u32 kind; /* enum top_kind */
	__u32 pad;
	union {
		struct top_ctx ctx;
		struct top_device device;
		struct top_ioas ioas;
		struct top_area area;
		struct top_hwpt hwpt;
		struct top_mode mode;
		struct top_device_more more;
	};
};

/* Where a walk stands inside its context. */
enum top_stage {
	TOP_AT_CTX = 0,
	TOP_AT_DEVICE,
	TOP_AT_HWPT,
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

/**
 * struct top_filewalk - what a walk is to show, and what came of it
 * @container: 0: all containers or contexts, with the sums of their mappings; the
 *	address of a container or an IOAS: its mappings, from @iova on
 * @iova: the first mapping to show
 * @run: number of this run, never used before: each is shown once a run
 * @nr_recs: records that this run returned
 * @nr_lost: records that found no room
 * @torn: how many had mappings that changed while they were walked
 * @done: all mappings of @container have been shown
 */
struct top_filewalk {
	__u64 container;
	__u64 iova;
	__u64 run;
	__u32 nr_recs;
	__u32 nr_lost;
	__u32 torn;
	__u32 done;
};

/*
 * Where the walk of a tree of mappings stands. What the verifier can follow
 * makes each turn of a loop a new state to it, so this is not on the stack
 * (and never inside a BPF_CORE_READ(), which would look for it in the kernel).
 */
struct top_filewalk_position {
	__u64 node;
	__u64 last_iova;
	__u64 mapped_bytes;
	__u64 locked_pages;
	__u64 nr_areas;
	__u64 owner; /* the task of the first mapping */
};

/* How a mapping's pinned memory may be mapped: asked by cookie and IOVA. */
struct top_mix {
	__u64 ioas_cookie; /* 0 on return: it has gone */
	__u64 iova;
	__u64 bytes_4k;
	__u64 bytes_2m;
	__u64 bytes_1g;
};

/* A policy, as the module has it. */
struct top_policy {
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 calls;
	__u64 allowed; /* TOP_UNKNOWN: not known; likewise: */
	__u64 denials;
	__u64 total_ns;
	__u64 ended_ns; /* 0: it has not */
	char name[TOP_POLICY_LEN];
	char message[TOP_REASON_LEN]; /* why it ended */
};

/**
 * struct top_task - what the kernel knows of a process
 * @tgid: asked for; 0 on return if it has gone
 * @uid: its real user
 * @user_pages: pages that are charged to that user
 * @locked_pages: VmLck
 * @pinned_pages: VmPin
 * @limit_bytes: its RLIMIT_MEMLOCK
 * @exempt: has CAP_IPC_LOCK: no limit binds it
 */
struct top_task {
	__s32 tgid;
	__u32 uid;
	__u64 user_pages;
	__u64 locked_pages;
	__u64 pinned_pages;
	__u64 limit_bytes;
	__u32 exempt;
	__u32 pad;
};

struct top_hist {
	__u32 slots[TOP_HIST_SLOTS];
};

/* The histograms of a context: whole operations, and their parts. */
enum top_lat {
	TOP_LAT_MAP,
	TOP_LAT_MAP_PIN,
	TOP_LAT_MAP_FILL, /* writing IO page tables */
	TOP_LAT_MAP_ACCOUNT,
	TOP_LAT_MAP_POLICY,
	TOP_LAT_UNMAP,
	TOP_LAT_UNMAP_CLEAR,
	TOP_LAT_UNMAP_UNPIN,
	TOP_LAT_ATTACH,
	TOP_NR_LATS,
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
	__u64 faults; /* IO page faults */
	struct top_hist lat[TOP_NR_LATS];
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

/* What a policy, by its name, has refused since iommutop began. */
struct top_denials {
	__u64 refused;
	__u64 boot_ns; /* of the last: */
	__s32 tgid;
	__u32 op;
	__s32 ret;
	__u32 code;
	char reason[TOP_REASON_LEN];
};

#endif
