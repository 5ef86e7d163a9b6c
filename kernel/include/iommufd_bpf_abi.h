/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What BPF programs see of iommufd: policy tables, views, events, constants.
 *
 * One file serves the module, policies and tools. The module's BTF carries
 * these types, so programs relocate against whatever version is loaded.
 *
 * ABI: members and enumerators are only ever appended. A program that wants
 * to load on older modules asks bpf_core_field_exists() or
 * bpf_core_enum_value_exists() before it uses a newer one.
 *
 * Units: *length* and *_bytes* are bytes, *npages* and *_pages* are 4 KiB
 * pages, *_ns* are nanoseconds. A cookie names an object for as long as the
 * module is loaded: never 0, never used twice.
 */
#ifndef IOMMUFD_BPF_ABI_H
#define IOMMUFD_BPF_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#ifdef __bpf__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

/** enum iommufd_op - an operation, in requests and events */
enum iommufd_op {
	IOMMUFD_OP_MAP = 1, /* IOMMU_IOAS_MAP */
	IOMMUFD_OP_UNMAP = 2, /* IOMMU_IOAS_UNMAP */
	IOMMUFD_OP_ATTACH = 3, /* a device begins to use an IOAS or a HWPT */
	IOMMUFD_OP_DETACH = 4, /* a device stops using it */
	IOMMUFD_OP_COPY = 5, /* IOMMU_IOAS_COPY */
	IOMMUFD_OP_MAP_FILE = 6, /* IOMMU_IOAS_MAP_FILE */
	IOMMUFD_OP_ACCESS_ATTACH = 7, /* an in-kernel user looks at an IOAS */
	IOMMUFD_OP_ACCESS_PIN = 8, /* an in-kernel user, or a hardware queue, pins */
	IOMMUFD_OP_CHANGE_PROCESS = 9, /* IOMMU_IOAS_CHANGE_PROCESS */
	IOMMUFD_OP_REPLACE = 10, /* a device begins to use another one */
	IOMMUFD_OP_HWPT_ALLOC = 11, /* IOMMU_HWPT_ALLOC */
	IOMMUFD_OP_ACCESS_UNPIN = 12, /* what ACCESS_PIN pinned is given back */
	IOMMUFD_OP_DESTROY = 13, /* an IOAS or a HWPT goes */
	IOMMUFD_OP_DIRTY_START = 14, /* IOMMU_HWPT_SET_DIRTY_TRACKING: on */
	IOMMUFD_OP_DIRTY_READ = 15, /* IOMMU_HWPT_GET_DIRTY_BITMAP */
	IOMMUFD_OP_DIRTY_STOP = 16, /* tracking is off, or its HWPT goes */
};

/** enum iommufd_prot - what a device may do with a mapping */
enum iommufd_prot {
	IOMMUFD_PROT_READ = 1,
	IOMMUFD_PROT_WRITE = 2,
};

/** enum iommufd_source - what kind of memory a mapping is made of */
enum iommufd_source {
	IOMMUFD_SOURCE_NONE = 0, /* the operation maps no memory */
	IOMMUFD_SOURCE_USER = 1, /* a user address range, pinned page by page */
	IOMMUFD_SOURCE_FILE = 2, /* a memfd, or another file of tmpfs or hugetlbfs */
	IOMMUFD_SOURCE_DMABUF = 3, /* a dmabuf: never pinned, never charged */
};

/** enum iommufd_req_flags - &struct iommufd_pin_req.flags */
enum iommufd_req_flags {
	IOMMUFD_REQ_FIXED_IOVA = 1, /* the caller chose the IOVA */
};

/**
 * enum iommufd_deny_code - why a policy refused, for programs
 * @IOMMUFD_DENY_UNSPECIFIED: it did not say
 * @IOMMUFD_DENY_QUOTA: more than a budget allows
 * @IOMMUFD_DENY_SIZE: this one request is too large or too small
 * @IOMMUFD_DENY_USER: this user, process or cgroup may not
 * @IOMMUFD_DENY_PROT: the protection asked for is not allowed
 * @IOMMUFD_DENY_SOURCE: this kind of memory is not allowed
 * @IOMMUFD_DENY_DEVICE: this device is not allowed
 * @IOMMUFD_DENY_CLOSED: the policy was ejected and left its scope closed; said
 *	by the kernel
 * @IOMMUFD_DENY_MAX_CODE: the highest that this module knows
 *
 * Tools show it beside the errno and the text of bpf_iommufd_deny_reason().
 */
enum iommufd_deny_code {
	IOMMUFD_DENY_UNSPECIFIED = 0,
	IOMMUFD_DENY_QUOTA = 1,
	IOMMUFD_DENY_SIZE = 2,
	IOMMUFD_DENY_USER = 3,
	IOMMUFD_DENY_PROT = 4,
	IOMMUFD_DENY_SOURCE = 5,
	IOMMUFD_DENY_DEVICE = 6,
	IOMMUFD_DENY_CLOSED = 7,
	IOMMUFD_DENY_MAX_CODE = IOMMUFD_DENY_CLOSED,
};

enum iommufd_abi_sizes {
	IOMMUFD_POLICY_NAME_LEN = 16,
	IOMMUFD_REASON_LEN = 64, /* with the terminating NUL */
	IOMMUFD_DEVNAME_LEN = 32,
	IOMMUFD_COMM_LEN = 16,
};

/**
 * enum iommufd_policy_flags - the flags of a policy's table
 * @IOMMUFD_POLICY_F_FAIL_CLOSED: rather nobody pins than somebody unchecked.
 *	A nonsensical answer is -EPERM, and after the policy was ejected every
 *	new pin in its scope is -EPERM until an administrator acts: attaches a
 *	policy of the same type, scope and name, or writes the name to
 *	/sys/module/iommufd/parameters/policy_reopen. Without it, nonsense counts
 *	as 0, and an ejected policy is as if it had never been attached.
 * @IOMMUFD_POLICY_F_STRIKE_OVERRUN: a program that ran too long is a strike,
 *	not only counted. A busy host makes false ones.
 * @IOMMUFD_POLICY_F_ALL: all that this module knows; others are -EINVAL
 */
enum iommufd_policy_flags {
	IOMMUFD_POLICY_F_FAIL_CLOSED = 1,
	IOMMUFD_POLICY_F_STRIKE_OVERRUN = 2,
	IOMMUFD_POLICY_F_ALL = 3,
};

/** enum iommufd_policy_limits - when a policy misbehaves */
enum iommufd_policy_limits {
	IOMMUFD_POLICY_MAX_STRIKES = 16, /* that many eject it */
	IOMMUFD_POLICY_OVERRUN_NS = 10000000, /* a program should not run longer */
	IOMMUFD_CHUNK_MIN = 65536, /* bpf_iommufd_pin_set_chunk(), bytes */
	IOMMUFD_CHUNK_MAX = 1073741824,
	IOMMUFD_WORKERS_MAX = 64, /* bpf_iommufd_pin_set_workers() */
	IOMMUFD_DIRTY_MAX_ASSUMES = 8, /* of an area in a row; then it is scanned */
};

/** enum iommufd_policy_table - which type of table a policy is */
enum iommufd_policy_table {
	IOMMUFD_TABLE_PIN = 1, /* struct iommufd_pin_ops */
	IOMMUFD_TABLE_DIRTY = 2, /* struct iommufd_dirty_ops */
};

/**
 * enum iommufd_policy_state - the life of a policy
 * @IOMMUFD_POLICY_ADOPTING: it is told what is there, and decides nothing yet
 * @IOMMUFD_POLICY_LIVE: it is asked
 * @IOMMUFD_POLICY_EJECTING: it misbehaved, or its scope is gone: it is not
 *	called any more, but for exit()
 * @IOMMUFD_POLICY_CLOSED: it was ejected, and its scope is closed
 * @IOMMUFD_POLICY_GONE: it is detached; only its record is left
 */
enum iommufd_policy_state {
	IOMMUFD_POLICY_ADOPTING = 0,
	IOMMUFD_POLICY_LIVE = 1,
	IOMMUFD_POLICY_EJECTING = 2,
	IOMMUFD_POLICY_CLOSED = 3,
	IOMMUFD_POLICY_GONE = 4,
};

/**
 * enum iommufd_exit_kind - why a policy ended
 * @IOMMUFD_EXIT_NONE: it did not
 * @IOMMUFD_EXIT_UNREG: its link was closed or detached
 * @IOMMUFD_EXIT_REPLACED: another table took its place
 * @IOMMUFD_EXIT_EJECTED: it struck out
 * @IOMMUFD_EXIT_SCOPE_GONE: its cgroup or its IOAS was removed
 * @IOMMUFD_EXIT_ATTACH_FAILED: it was initialised, but not attached after all
 */
enum iommufd_exit_kind {
	IOMMUFD_EXIT_NONE = 0,
	IOMMUFD_EXIT_UNREG = 1,
	IOMMUFD_EXIT_REPLACED = 2,
	IOMMUFD_EXIT_EJECTED = 3,
	IOMMUFD_EXIT_SCOPE_GONE = 4,
	IOMMUFD_EXIT_ATTACH_FAILED = 5,
};

/** enum iommufd_policy_hook - which program of a table, in events */
enum iommufd_policy_hook {
	IOMMUFD_HOOK_INIT = 1,
	IOMMUFD_HOOK_EXIT = 2,
	IOMMUFD_HOOK_ADMIT = 3,
	IOMMUFD_HOOK_CHARGE = 4,
	IOMMUFD_HOOK_ADOPT = 5,
	IOMMUFD_HOOK_UNCHARGE = 6,
	IOMMUFD_HOOK_DIRTY_START = 7,
	IOMMUFD_HOOK_DIRTY_READ_AREA = 8,
	IOMMUFD_HOOK_DIRTY_AREA_DONE = 9,
	IOMMUFD_HOOK_DIRTY_STOP = 10,
};

/**
 * struct iommufd_policy_args - what a policy's init() is given
 * @cookie: the policy's own; events and views have it too
 * @ioas_cookie: its scope, as in the table
 * @cgroup_id: likewise
 * @flags: likewise
 * @replaces: the cookie of the policy whose place it is to take, or 0
 */
struct iommufd_policy_args {
	__u64 cookie;
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 flags;
	__u64 replaces;
};

/**
 * struct iommufd_exit_info - how a policy ended: exit()'s argument, and the
 *	event of tracepoint iommufd_policy_exit
 * @cookie: the policy's
 * @ioas_cookie: its scope
 * @cgroup_id: likewise
 * @kind: enum iommufd_exit_kind
 * @code: what it answered last that was none of the allowed values, or 0
 * @calls: how often its programs were called
 * @denials: refusals
 * @overruns: programs that ran longer than %IOMMUFD_POLICY_OVERRUN_NS
 * @charged_pages: pages that it was told of, and that are pinned still
 * @strikes: answers that were none of the allowed values, and the like
 * @table: enum iommufd_policy_table
 * @policy: its name
 * @message: in words
 */
struct iommufd_exit_info {
	__u64 cookie;
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u32 kind;
	__s32 code;
	__u64 calls;
	__u64 denials;
	__u64 overruns;
	__u64 charged_pages;
	__u32 strikes;
	__u32 table;
	char policy[IOMMUFD_POLICY_NAME_LEN];
	char message[IOMMUFD_REASON_LEN];
};

/**
 * struct iommufd_pin_req - what a pin policy is asked about
 * @op: enum iommufd_op; 0: no operation in particular, in adopt() and uncharge()
 * @flags: enum iommufd_req_flags
 * @ctx_cookie: the context (one open of /dev/iommu)
 * @ioas_cookie: the IOAS; of a charge: the one that the memory was first mapped
 *	into, whichever others copied it
 * @ioas_id: the IOAS's id in its context
 * @device_id: ATTACH: the device's id in the context, else 0
 * @tgid: admit(): the calling process, else the one that is charged; in the
 *	initial PID namespace
 * @uid: its real user id, in the initial user namespace
 * @cgroup_id: its cgroup v2 id; of a charge: that of the task which mapped the
 *	memory, at that time, until CHANGE_PROCESS moves it
 * @iova: MAP: the IOVA if %IOMMUFD_REQ_FIXED_IOVA, else 0
 * @length: MAP: bytes to map; of a charge: bytes of the whole memory; else 0
 * @va: MAP: the user address; MAP_FILE: the offset in the file; of a charge:
 *	the address or offset where the memory begins; else 0
 * @npages: admit(): pages that the operation may pin: MAP: if a device is
 *	attached, now or later; ATTACH: all that the IOAS maps, unless it is
 *	pinned already. Of a charge: pages that are about to be pinned, that are
 *	pinned, or that were
 * @prot: enum iommufd_prot; of a charge: WRITE if devices may
 * @source: enum iommufd_source
 * @ioas_bytes: admit(): bytes that the IOAS maps already
 * @user_pages: pages charged to the user's RLIMIT_MEMLOCK now; 0 in adopt()
 *	and uncharge(), as are the next two
 * @mm_pages: pages that the process has pinned now (VmPin)
 * @limit_pages: RLIMIT_MEMLOCK of the process; ~0 without a limit
 * @ioas_pages: admit(): pages that are pinned for the IOAS now
 * @mem_pages: of a charge: pages of this memory that are charged already,
 *	without @npages
 * @__opaque: the kernel's own; makes this a structure that no program can make
 *	one of for itself, and pass to a function that takes a request
 *
 * Read-only. It lives only as long as the call. "Of a charge" is charge(),
 * adopt() and uncharge().
 */
struct iommufd_pin_req {
	__u32 op;
	__u32 flags;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 ioas_id;
	__u32 device_id;
	__s32 tgid;
	__u32 uid;
	__u64 cgroup_id;
	__u64 iova;
	__u64 length;
	__u64 va;
	__u64 npages;
	__u32 prot;
	__u32 source;
	__u64 ioas_bytes;
	__u64 user_pages;
	__u64 mm_pages;
	__u64 limit_pages;
	__u64 ioas_pages;
	__u64 mem_pages;
	void *__opaque;
};

/**
 * struct iommufd_pin_ops - a pin policy (struct_ops, attached by link)
 * @admit: may the request go on? Called by the requesting task before any lock
 *	is taken and before anything is pinned. The program must not sleep.
 *	Return 0 to allow; -EPERM, -ENOMEM or -EDQUOT to refuse with that errno.
 *	A quota refuses with -EDQUOT. Anything else is nonsense: a strike, and
 *	counts as -EPERM if the policy is %IOMMUFD_POLICY_F_FAIL_CLOSED, else as 0.
 *	Say why with bpf_iommufd_deny_reason(). Asked of MAP, MAP_FILE, COPY,
 *	ATTACH and ACCESS_ATTACH.
 * @ioas_cookie: the scope: one IOAS, by its cookie. 0: see @cgroup_id. When the
 *	IOAS is destroyed, the policy is detached.
 * @cgroup_id: the scope: a cgroup v2 and all below it, by its id in the cgroup
 *	namespace of the one who attaches. 0, and no @ioas_cookie: everybody. When
 *	the cgroup is removed, the policy is detached.
 * @flags: enum iommufd_policy_flags; unknown ones are -EINVAL
 * @priority: within a scope policies are asked from the highest to the lowest;
 *	of equal ones, the older first. Every policy that applies is asked: the
 *	global ones, those of cgroups from the outermost inwards, the IOAS's. Any
 *	refusal refuses; charges that were accepted already are undone in reverse.
 * @name: how tools call it; printable, not empty
 * @init: called once before anything else; may sleep. Return 0, or a negative
 *	errno, which who attaches it gets. exit() is not called then. In a
 *	replacement: the old table stays.
 * @exit: called once when nothing else will be; may sleep. The argument says
 *	why, and is only valid during the call.
 * @charge: may these pages be pinned? Called at every place where pages are
 *	accounted, in any accounting mode, also for root, with locks held: the
 *	program must not sleep, and should be short. Returns as @admit. Pages that
 *	it accepts are its until uncharge(); those that it refused are not.
 *	Memory that several IOASes map is charged once.
 * @adopt: as @charge, but cannot refuse: the pages are pinned already, before
 *	this policy came, or before it was asked for the first time; or they come
 *	back, because CHANGE_PROCESS failed after all.
 * @uncharge: pages of charge() or adopt() are not pinned any more, or are
 *	somebody else's now. Not asked, told. In the same contexts as @charge.
 *
 * All programs may be left out. What charge(), adopt() and uncharge() are told
 * adds up, at any time, to what is pinned or about to be pinned by those that
 * the policy is for: also if it is attached, replaced or moved while they pin.
 * All three are called by one task at a time for the same memory, but by many at
 * a time for different memory. A policy that was ejected is told nothing more.
 */
struct iommufd_pin_ops {
	__s32 (*admit)(struct iommufd_pin_req *req);
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 flags;
	__s32 priority;
	char name[IOMMUFD_POLICY_NAME_LEN];
	__s32 (*init)(struct iommufd_policy_args *args);
	void (*exit)(struct iommufd_exit_info *info);
	__s32 (*charge)(struct iommufd_pin_req *req);
	void (*adopt)(struct iommufd_pin_req *req);
	void (*uncharge)(struct iommufd_pin_req *req);
};

/**
 * enum iommufd_dirty_verdict - what read_area() of a dirty policy may answer
 * @IOMMUFD_DIRTY_SCAN: what is built in: read the dirty bits of the area from
 *	the IO page table, and clear those that are reported, unless the reader
 *	wants them kept
 * @IOMMUFD_DIRTY_KEEP: read them, and clear none: the next scan reports them
 *	once more
 * @IOMMUFD_DIRTY_ASSUME: report all of the area dirty and do not look: the IO
 *	page table is neither read nor changed. After
 *	%IOMMUFD_DIRTY_MAX_ASSUMES in a row this answer, and KEEP, count as SCAN.
 *
 * Each reports at least what is dirty. None makes a read clear what its reader
 * wants kept.
 */
enum iommufd_dirty_verdict {
	IOMMUFD_DIRTY_SCAN = 0,
	IOMMUFD_DIRTY_KEEP = 1,
	IOMMUFD_DIRTY_ASSUME = 2,
};

/** enum iommufd_dirty_req_flags - &struct iommufd_dirty_req.flags */
enum iommufd_dirty_req_flags {
	IOMMUFD_DIRTY_REQ_NO_CLEAR = 1, /* the reader wants dirty bits kept */
};

/**
 * struct iommufd_dirty_req - what a dirty policy is asked about
 * @op: enum iommufd_op: DIRTY_START, DIRTY_READ or DIRTY_STOP
 * @flags: enum iommufd_dirty_req_flags
 * @ctx_cookie: the context (one open of /dev/iommu)
 * @ioas_cookie: the IOAS whose mappings the HWPT holds
 * @hwpt_cookie: the HWPT: an IO page table, which has dirty bits of its own
 * @ioas_id: the IOAS's id in its context
 * @hwpt_id: the HWPT's id in its context
 * @tgid: start() and stop(): the process that started tracking, else the one
 *	that is charged for the area's memory; in the initial PID namespace
 * @uid: its real user id, in the initial user namespace
 * @cgroup_id: its cgroup v2 id; that of the area's memory is the one of the task
 *	which mapped it, at that time, until CHANGE_PROCESS moves it
 * @area_iova: the area (one mapping): first IOVA; 0 in start() and stop(), as
 *	is all that follows
 * @area_length: its bytes
 * @iova: the part of it that is read: first IOVA
 * @length: its bytes; @area_length if all of it is
 * @page_size: bytes that a bit of the reader's bitmap stands for
 * @last_pages: pages that the last scan of the area (SCAN or KEEP) read, through
 *	this HWPT, since tracking was started; 0 if there was none while a dirty
 *	policy was attached
 * @last_dirty_pages: how many of them were dirty
 * @since_ns: how long ago the area was last read, scanned or not; 0 likewise
 * @assumes: how often it was assumed to be dirty since it was last scanned and
 *	cleared; %IOMMUFD_DIRTY_MAX_ASSUMES: it is scanned now, in any case
 * @verdict: area_done(): what was done: enum iommufd_dirty_verdict. It is not
 *	what read_area() answered if that was nonsense, or @assumes forbade it.
 * @__opaque: see &struct iommufd_pin_req
 *
 * Read-only. It lives only as long as the call.
 */
struct iommufd_dirty_req {
	__u32 op;
	__u32 flags;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 hwpt_cookie;
	__u32 ioas_id;
	__u32 hwpt_id;
	__s32 tgid;
	__u32 uid;
	__u64 cgroup_id;
	__u64 area_iova;
	__u64 area_length;
	__u64 iova;
	__u64 length;
	__u64 page_size;
	__u64 last_pages;
	__u64 last_dirty_pages;
	__u64 since_ns;
	__u32 assumes;
	__u32 verdict;
	void *__opaque;
};

/**
 * struct iommufd_dirty_ops - a dirty policy (struct_ops, attached by link)
 * @init: called once before anything else; may sleep. Return 0, or a negative
 *	errno, which who attaches it gets. exit() is not called then. In a
 *	replacement: the old table stays.
 * @exit: called once when nothing else will be; may sleep. The argument says
 *	why, and is only valid during the call.
 * @start: may dirty tracking of a HWPT be started? Return 0 to allow; -EPERM,
 *	-ENOMEM or -EDQUOT to refuse with that errno. Anything else is nonsense:
 *	a strike, and counts as -EPERM if the policy is
 *	%IOMMUFD_POLICY_F_FAIL_CLOSED, else as 0. Say why with
 *	bpf_iommufd_dirty_deny_reason(). The cgroup that counts is that of the
 *	task which asks.
 * @read_area: how is an area to be read? Asked once for each area that a read
 *	of dirty bits touches, before it is read; the cgroup that counts is that
 *	of the area's memory. Return enum iommufd_dirty_verdict; anything else is
 *	nonsense: a strike, and counts as SCAN.
 * @area_done: an area was read as @req->verdict says, and @ndirty pages of
 *	4 KiB were reported: those that were found dirty, or, of ASSUME, all. Told
 *	to the policy whose read_area() was asked, at the end of the part of the
 *	area that is read. Not called if the read failed before, or the area was
 *	unmapped or cut meanwhile.
 * @stop: tracking is off, its HWPT is destroyed, or it could not be started
 *	after all. Told to the policy whose start() was asked.
 * @ioas_cookie: the scope: one IOAS, by its cookie. 0: see @cgroup_id. When the
 *	IOAS is destroyed, the policy is detached.
 * @cgroup_id: the scope: a cgroup v2 and all below it, by its id in the cgroup
 *	namespace of the one who attaches. 0, and no @ioas_cookie: everybody. When
 *	the cgroup is removed, the policy is detached.
 * @flags: enum iommufd_policy_flags; unknown ones are -EINVAL. After a policy
 *	that is %IOMMUFD_POLICY_F_FAIL_CLOSED was ejected, tracking cannot be
 *	started in its scope; what is tracked already is scanned.
 * @name: how tools call it; printable, not empty
 *
 * All programs may be left out. Unlike of pin policies only the nearest is
 * asked: the IOAS's own, else that of the innermost cgroup, else the global one.
 * A second one in a scope is -EEXIST. start(), read_area(), area_done() and
 * stop() are called by the task that starts, reads or stops, and must not sleep;
 * several tasks may read a HWPT at a time. A policy that comes, or takes
 * another's place, while something is tracked is asked from the next area on,
 * without start(). One that was ejected is not called any more.
 */
struct iommufd_dirty_ops {
	__s32 (*init)(struct iommufd_policy_args *args);
	void (*exit)(struct iommufd_exit_info *info);
	__s32 (*start)(struct iommufd_dirty_req *req);
	__u32 (*read_area)(struct iommufd_dirty_req *req);
	void (*area_done)(struct iommufd_dirty_req *req, __u64 ndirty);
	void (*stop)(struct iommufd_dirty_req *req);
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 flags;
	char name[IOMMUFD_POLICY_NAME_LEN];
};

/*
 * Views: objects as the iterators show them. Members change under a reader:
 * each is right by itself, two need not be of the same moment. One that a
 * program has acquired outlives its object: *gone* says so, and what else is
 * in it is how it was then.
 */

/** enum iommufd_object_type - what an id stands for */
enum iommufd_object_type {
	IOMMUFD_OBJECT_IOAS = 1,
	IOMMUFD_OBJECT_HWPT = 2,
	IOMMUFD_OBJECT_DEVICE = 3,
	IOMMUFD_OBJECT_ACCESS = 4, /* an in-kernel user */
	IOMMUFD_OBJECT_FAULT = 5, /* a fault queue */
	IOMMUFD_OBJECT_VIOMMU = 6,
	IOMMUFD_OBJECT_VDEVICE = 7,
	IOMMUFD_OBJECT_VEVENTQ = 8,
	IOMMUFD_OBJECT_HW_QUEUE = 9,
	IOMMUFD_OBJECT_TEST = 10, /* of the mock IOMMU */
};

/** enum iommufd_account_mode - who is charged for pinned pages */
enum iommufd_account_mode {
	IOMMUFD_ACCOUNT_USER = 0, /* all of a user's processes together */
	IOMMUFD_ACCOUNT_MM = 1, /* each process by itself */
};

/** enum iommufd_ctx_flags - &struct iommufd_ctx_view.flags */
enum iommufd_ctx_flags {
	IOMMUFD_CTX_CONTAINER = 1, /* opened as /dev/vfio/vfio */
	IOMMUFD_CTX_NO_IOMMU = 2, /* a VFIO container without an IOMMU */
};

/**
 * struct iommufd_ctx_view - a context: one open of /dev/iommu
 * @cookie: its name
 * @cgroup_id: cgroup v2 of the task that opened it, at that time
 * @created_ns: CLOCK_BOOTTIME when it was opened
 * @tgid: the process that opened it
 * @uid: its user
 * @comm: its name then
 * @flags: enum iommufd_ctx_flags
 * @gone: 1: it is closed
 * @account_mode: enum iommufd_account_mode
 * @nr_objects: objects in it, of any kind
 * @nr_ioases: IOASes among them
 * @nr_hwpts: HWPTs
 * @nr_devices: bound devices
 * @nr_accesses: in-kernel users
 * @__opaque: the kernel's own; makes this a structure that no program can make
 *	up: the verifier takes any memory for one that is all numbers
 */
struct iommufd_ctx_view {
	__u64 cookie;
	__u64 cgroup_id;
	__u64 created_ns;
	__s32 tgid;
	__u32 uid;
	char comm[IOMMUFD_COMM_LEN];
	__u32 flags;
	__u32 gone;
	__u32 account_mode;
	__u32 nr_objects;
	__u32 nr_ioases;
	__u32 nr_hwpts;
	__u32 nr_devices;
	__u32 nr_accesses;
	void *__opaque;
};

/** enum iommufd_ioas_flags - &struct iommufd_ioas_view.flags */
enum iommufd_ioas_flags {
	IOMMUFD_IOAS_HUGE_PAGES = 1, /* contiguous memory may be huge IO pages */
};

/**
 * struct iommufd_ioas_view - an IO address space
 * @cookie: its name
 * @ctx_cookie: the context that it belongs to
 * @created_ns: CLOCK_BOOTTIME
 * @mapped_bytes: the sum of its areas' lengths
 * @nr_areas: mappings
 * @nr_domains: IO page tables that hold the mappings
 * @id: its id in the context
 * @pinned_pages: the sum of its areas' pinned pages
 * @alignment: what IOVAs and lengths must be multiples of: bytes
 * @flags: enum iommufd_ioas_flags
 * @nr_accesses: in-kernel users that are attached to it
 * @gone: 1: it is destroyed
 * @__reserved: 0
 * @__opaque: see &struct iommufd_ctx_view
 */
struct iommufd_ioas_view {
	__u64 cookie;
	__u64 ctx_cookie;
	__u64 created_ns;
	__u64 mapped_bytes;
	__u64 nr_areas;
	__u32 nr_domains;
	__u32 id;
	__u64 pinned_pages;
	__u64 alignment;
	__u32 flags;
	__u32 nr_accesses;
	__u32 gone;
	__u32 __reserved;
	void *__opaque;
};

/**
 * struct iommufd_area_view - a mapping
 * @iova: first IOVA
 * @length: bytes
 * @va: user address of the first byte, or its offset in the file
 * @created_ns: CLOCK_BOOTTIME when it was mapped
 * @pinned_pages: pages of its memory that are pinned now (0 while no device
 *	is attached)
 * @nr_runs: physically contiguous runs among them
 * @prot: enum iommufd_prot
 * @source: enum iommufd_source
 * @tgid: the process whose memory it is; of a file's, the one who is charged
 * @uid: the user who is charged for it
 * @nr_domains: IO page tables that hold it
 * @nr_access_pins: pins of in-kernel users, and of virtual IOMMUs' hardware
 *	queues, that lie in it or reach into it
 */
struct iommufd_area_view {
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
	__u32 nr_domains;
	__u32 nr_access_pins;
};

/**
 * struct iommufd_device_view - a device bound to a context
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS whose mappings it reaches; 0 while detached
 * @id: its id in the context
 * @hwpt_id: the HWPT that it is attached to; 0 while detached
 * @group_id: its IOMMU group
 * @name: dev_name(): the BDF of a PCI device
 * @cookie: its name; another one each time that the device is bound
 * @created_ns: CLOCK_BOOTTIME when it was bound
 * @nr_faults: groups of page faults that it raised, so far
 * @nr_pasids: PASIDs that are attached, besides
 * @gone: 1: it is unbound
 */
struct iommufd_device_view {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 id;
	__u32 hwpt_id;
	__u32 group_id;
	char name[IOMMUFD_DEVNAME_LEN];
	__u64 cookie;
	__u64 created_ns;
	__u64 nr_faults;
	__u32 nr_pasids;
	__u32 gone;
};

/** enum iommufd_hwpt_type - what kind of IO page table */
enum iommufd_hwpt_type {
	IOMMUFD_HWPT_AUTOMATIC = 1, /* made by an attach; goes with it */
	IOMMUFD_HWPT_PAGING = 2, /* made by user space; holds an IOAS */
	IOMMUFD_HWPT_NESTED = 3, /* its page table is in user space */
};

/** enum iommufd_hwpt_flags - &struct iommufd_hwpt_view.flags */
enum iommufd_hwpt_flags {
	IOMMUFD_HWPT_COHERENT = 1, /* no device can bypass the CPU's caches */
	IOMMUFD_HWPT_NEST_PARENT = 2, /* nested ones can be on top of it */
	IOMMUFD_HWPT_PASID = 4, /* it can be attached to PASIDs */
	IOMMUFD_HWPT_DIRTY = 8, /* it can track what devices write */
	IOMMUFD_HWPT_FAULTS = 16, /* user space is told of page faults */
};

/**
 * struct iommufd_hwpt_view - an IO page table
 * @cookie: its name
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS whose mappings it, or its parent, holds
 * @created_ns: CLOCK_BOOTTIME
 * @page_sizes: a bit for each size of its pages; 0 of a nested one
 * @nr_faults: groups of page faults that were reported through it, so far
 * @dirty_since_ns: CLOCK_BOOTTIME when dirty tracking was started; 0: it is off
 * @dirty_reads: how often dirty bits were read, so far
 * @dirty_bytes: bytes of IO pages that were reported dirty, so far
 * @id: its id in the context
 * @type: enum iommufd_hwpt_type
 * @flags: enum iommufd_hwpt_flags
 * @parent_id: of a nested one: its parent; else 0
 * @fault_id: its fault queue; 0: none
 * @nr_devices: devices, and PASIDs of them, that are attached
 * @gone: 1: it is destroyed
 * @__reserved: 0
 */
struct iommufd_hwpt_view {
	__u64 cookie;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 created_ns;
	__u64 page_sizes;
	__u64 nr_faults;
	__u64 dirty_since_ns;
	__u64 dirty_reads;
	__u64 dirty_bytes;
	__u32 id;
	__u32 type;
	__u32 flags;
	__u32 parent_id;
	__u32 fault_id;
	__u32 nr_devices;
	__u32 gone;
	__u32 __reserved;
};

/** enum iommufd_run_kind - how frames are pinned */
enum iommufd_run_kind {
	IOMMUFD_RUN_PAGES = 1, /* page by page */
	IOMMUFD_RUN_LEAF = 2, /* one pin for a huge leaf */
	IOMMUFD_RUN_FOLIO = 3, /* one pin for a folio of a file */
};

/**
 * struct iommufd_run_view - physically contiguous, pinned memory of a mapping
 * @iova: of its first byte
 * @length: bytes; the first and the last run of a mapping may end in the middle
 *	of a page
 * @pfn: frame of the first byte
 * @kind: enum iommufd_run_kind
 * @__reserved: 0
 *
 * In the iterator itself: the next run takes its place.
 */
struct iommufd_run_view {
	__u64 iova;
	__u64 length;
	__u64 pfn;
	__u32 kind;
	__u32 __reserved;
};

/**
 * struct iommufd_page_mix - how a mapping's pinned memory may be mapped
 * @bytes_4k: in pieces that no larger IO page can hold
 * @bytes_2m: in blocks of 2 MiB, contiguous and aligned, in IOVAs too
 * @bytes_1g: in such blocks of 1 GiB
 *
 * By what the memory is, not by what an IO page table made of it: that depends
 * on the IOMMU, too.
 */
struct iommufd_page_mix {
	__u64 bytes_4k;
	__u64 bytes_2m;
	__u64 bytes_1g;
};

/**
 * struct iommufd_account - what is charged to whom
 * @ioas_bytes: bytes that an IOAS maps
 * @ioas_pages: pages that its mappings pin
 * @user_pages: pages charged to a user, by whatever subsystem: what is held
 *	against RLIMIT_MEMLOCK in %IOMMUFD_ACCOUNT_USER
 * @mm_pages: pages that a process has pinned (VmPin)
 * @mm_locked_pages: pages that it has locked (VmLck): what is held against
 *	RLIMIT_MEMLOCK in %IOMMUFD_ACCOUNT_MM
 * @limit_pages: RLIMIT_MEMLOCK of a process; ~0 without a limit
 *
 * A kfunc fills in what it is asked about, and sets the rest to 0.
 */
struct iommufd_account {
	__u64 ioas_bytes;
	__u64 ioas_pages;
	__u64 user_pages;
	__u64 mm_pages;
	__u64 mm_locked_pages;
	__u64 limit_pages;
};

/**
 * struct iommufd_policy_view - an attached policy, or one that ended lately
 * @cookie: its name, that is never used twice
 * @ioas_cookie: its scope: one IOAS; or 0
 * @cgroup_id: its scope: a cgroup v2 and all below it; or 0
 * @flags: enum iommufd_policy_flags
 * @attached_ns: CLOCK_BOOTTIME
 * @ended_ns: likewise; 0 while it is attached
 * @calls: how often its programs were called
 * @denials: refusals
 * @overruns: programs that ran longer than %IOMMUFD_POLICY_OVERRUN_NS
 * @longest_ns: the longest that one ran
 * @charged_pages: pages that it was told of, and that are pinned still
 * @priority: as in its table
 * @table: enum iommufd_policy_table
 * @state: enum iommufd_policy_state
 * @strikes: answers that were none of the allowed values, and the like
 * @exit_kind: enum iommufd_exit_kind
 * @exit_code: the last such answer, or nanoseconds that were too many, as far as
 *	they go
 * @name: how its table calls it
 * @message: why it ended, in words; "" while it has not
 * @allowed: answers of 0, of programs that may refuse a request
 * @total_ns: time that all the calls took
 */
struct iommufd_policy_view {
	__u64 cookie;
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 flags;
	__u64 attached_ns;
	__u64 ended_ns;
	__u64 calls;
	__u64 denials;
	__u64 overruns;
	__u64 longest_ns;
	__u64 charged_pages;
	__s32 priority;
	__u32 table;
	__u32 state;
	__u32 strikes;
	__u32 exit_kind;
	__s32 exit_code;
	char name[IOMMUFD_POLICY_NAME_LEN];
	char message[IOMMUFD_REASON_LEN];
	__u64 allowed;
	__u64 total_ns;
};

/*
 * Events: what the tracepoints of system "iommufd" carry, one an operation,
 * when it has ended. The task is the one that asked for it. A tp_btf program
 * gets a pointer to one of these, which it must compare with NULL first.
 * Times are 0 for an operation that began before the tracepoint was enabled.
 */

/**
 * struct iommufd_map_event - tracepoints iommufd_map, iommufd_copy
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS; 0 if the call named none that exists
 * @ioas_id: the id that the caller gave
 * @ret: 0 or a negative errno
 * @va: user address, or offset in the file
 * @iova: where it was mapped; what was asked for if it failed
 * @length: bytes
 * @prot: enum iommufd_prot
 * @flags: enum iommufd_req_flags
 * @nr_domains: IO page tables that were filled
 * @nr_runs: physically contiguous runs
 * @pinned_pages: pages that the operation pinned
 * @duration_ns: the whole operation, of which
 * @policy_ns: asking policies
 * @pin_ns: pinning memory, faulting it in where needed
 * @account_ns: charging limits
 * @fill_ns: writing IO page tables
 * @op: enum iommufd_op
 * @src_ioas_id: copy: from which IOAS
 * @src_iova: copy: from where in it
 */
struct iommufd_map_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 ioas_id;
	__s32 ret;
	__u64 va;
	__u64 iova;
	__u64 length;
	__u32 prot;
	__u32 flags;
	__u32 nr_domains;
	__u32 nr_runs;
	__u64 pinned_pages;
	__u64 duration_ns;
	__u64 policy_ns;
	__u64 pin_ns;
	__u64 account_ns;
	__u64 fill_ns;
	__u32 op;
	__u32 src_ioas_id;
	__u64 src_iova;
};

/**
 * struct iommufd_unmap_event - tracepoint iommufd_unmap
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS; 0 if the call named none that exists
 * @ioas_id: the id that the caller gave
 * @ret: 0 or a negative errno
 * @iova: first IOVA asked for
 * @length: bytes asked for; ~0 for everything
 * @unmapped_bytes: bytes that were unmapped, also when it failed midway
 * @nr_areas: mappings that were removed
 * @unpinned_pages: pages that the operation unpinned
 * @duration_ns: the whole operation, of which
 * @clear_ns: clearing IO page tables and their caches
 * @unpin_ns: unpinning memory
 */
struct iommufd_unmap_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 ioas_id;
	__s32 ret;
	__u64 iova;
	__u64 length;
	__u64 unmapped_bytes;
	__u64 nr_areas;
	__u64 unpinned_pages;
	__u64 duration_ns;
	__u64 clear_ns;
	__u64 unpin_ns;
};

/**
 * struct iommufd_attach_event - tracepoints iommufd_attach, iommufd_replace,
 *	iommufd_detach
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS behind the HWPT; 0 if none was reached
 * @device_id: the device's id in the context
 * @pt_id: attach: the IOAS's or HWPT's id that the caller gave
 * @hwpt_id: the HWPT that the device was attached to or detached from
 * @group_id: the device's IOMMU group
 * @ret: 0 or a negative errno
 * @created_hwpt: attach: 1 if a HWPT was made for it
 * @pinned_pages: attach: pages that the operation pinned
 * @duration_ns: the whole operation, of which
 * @policy_ns: asking policies
 * @device: dev_name()
 * @pasid: which of the device's DMA; 0 for that without a PASID
 * @__reserved: 0
 * @pin_ns: attach, replace: pinning memory
 * @account_ns: attach, replace: charging limits
 * @fill_ns: attach, replace: writing IO page tables
 *
 * What the HWPT that a device leaves takes along is told by iommufd_destroy,
 * iommufd_clear and iommufd_unpin.
 */
struct iommufd_attach_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 device_id;
	__u32 pt_id;
	__u32 hwpt_id;
	__u32 group_id;
	__s32 ret;
	__u32 created_hwpt;
	__u64 pinned_pages;
	__u64 duration_ns;
	__u64 policy_ns;
	char device[IOMMUFD_DEVNAME_LEN];
	__u32 pasid;
	__u32 __reserved;
	__u64 pin_ns;
	__u64 account_ns;
	__u64 fill_ns;
};

/**
 * struct iommufd_deny_event - tracepoint iommufd_deny: a policy refused
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS
 * @op: enum iommufd_op
 * @ioas_id: the IOAS's id
 * @length: bytes, or 0
 * @ret: the errno that the caller gets, negative
 * @code: enum iommufd_deny_code
 * @policy: the policy's name
 * @reason: its words, or ""
 *
 * It comes before the event of the operation itself, from the same task.
 */
struct iommufd_deny_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 op;
	__u32 ioas_id;
	__u64 length;
	__s32 ret;
	__u32 code;
	char policy[IOMMUFD_POLICY_NAME_LEN];
	char reason[IOMMUFD_REASON_LEN];
};

/**
 * struct iommufd_limit_event - tracepoint iommufd_limit: RLIMIT_MEMLOCK refused
 * @charged_pages: pages charged already
 * @asked_pages: pages asked for
 * @limit_pages: the limit
 * @uid: the user who is charged
 * @mode: enum iommufd_account_mode: which pages count
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS; 0: %IOMMUFD_OP_CHANGE_PROCESS
 * @ioas_id: the IOAS's id; likewise
 * @op: enum iommufd_op: what needs the pages
 * @tgid: the process that is charged, whose limit it is
 * @__reserved: 0
 *
 * It comes before the event of the operation itself, from the same task.
 */
struct iommufd_limit_event {
	__u64 charged_pages;
	__u64 asked_pages;
	__u64 limit_pages;
	__u32 uid;
	__u32 mode;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u32 ioas_id;
	__u32 op;
	__s32 tgid;
	__u32 __reserved;
};

#include "iommufd_bpf_events.h"

#ifdef __bpf__
#pragma clang attribute pop
#endif

#endif
