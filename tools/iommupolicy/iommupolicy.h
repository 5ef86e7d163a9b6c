/* SPDX-License-Identifier: GPL-2.0-only */
/* What iommupolicy's programs and its BPF half share. */
#ifndef IOMMUPOLICY_H
#define IOMMUPOLICY_H

#define POLICY_NAME_LEN 16
#define POLICY_TEXT_LEN 64
#define POLICY_COMM_LEN 16
#define POLICY_RECS 512
#define POLICY_REFUSALS 64 /* a power of two */
#define POLICY_RING (1 << 18)

/* struct iommufd_policy_view, as it was at one moment; 0 where it has less. */
struct policy_rec {
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
	char name[POLICY_NAME_LEN];
	char message[POLICY_TEXT_LEN];
};

enum policy_event_kind {
	EVENT_REFUSAL = 1,
	EVENT_STRIKE = 2,
	EVENT_EXIT = 3,
};

/**
 * struct policy_event - what a policy did
 * @seq: refusals in the recorder: the how-many-eth; 0 while it is written
 * @boot_ns: CLOCK_BOOTTIME
 * @length: refusal: bytes
 * @value: strike: what it answered, or how long it ran
 * @kind: enum policy_event_kind
 * @op: refusal: enum iommufd_op
 * @ret: refusal: the negative errno
 * @code: refusal: enum iommufd_deny_code; strike: enum iommufd_policy_hook;
 *	exit: enum iommufd_exit_kind
 * @count: strike: how many; exit: refusals in all
 * @tgid: whose request
 * @policy: its name
 * @comm: the process
 * @text: the reason
 */
struct policy_event {
	__u64 seq;
	__u64 boot_ns;
	__u64 length;
	__s64 value;
	__u32 kind;
	__u32 op;
	__s32 ret;
	__u32 code;
	__u64 count;
	__s32 tgid;
	__u32 uid;
	char policy[POLICY_NAME_LEN];
	char comm[POLICY_COMM_LEN];
	char text[POLICY_TEXT_LEN];
};

#endif
