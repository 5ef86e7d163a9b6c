/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommutrace's BPF half and its userspace half share: operations, and the
 * records that go through the ring buffer and, but for a few, into recordings.
 *
 * A record begins with struct trace_rec. An operation is a struct trace_op
 * and, behind it, the event of iommufd_bpf_abi.h as this build knows it. What
 * belongs to an operation and is not in its event comes in records of its own
 * before it, with the same task and the same time: attachments.
 */
#ifndef IOMMUTRACE_H
#define IOMMUTRACE_H

#ifndef __bpf__
#include <linux/types.h>
#include "iommufd_bpf_abi.h"
#endif

enum trace_sizes {
	TRACE_COMM_LEN = 16,
	TRACE_NAME_LEN = 32,
	TRACE_POLICY_LEN = 16,
	TRACE_REASON_LEN = 64,
	TRACE_MAX_PIDS = 4096, /* processes that a filter can name or follow */
	TRACE_MAX_UIDS = 256,
	TRACE_MAX_UNWANTED = 4096, /* processes that userspace has ruled out */
	TRACE_MAX_REFUSED = 4096, /* tasks inside a refused operation at once */
	TRACE_MAX_ERRNOS = 16,
	TRACE_MAX_CPUS = 1024, /* that have a counter of lost events each */
	TRACE_FRAMES = 32, /* of a stack */
	TRACE_SLOTS = 48, /* of a histogram: 2^N ns */
};

/* Operations: ops.c says what each is. */
enum trace_op_id {
	TRACE_MAP, TRACE_MAP_FILE, TRACE_COPY, TRACE_UNMAP, TRACE_ATTACH, TRACE_REPLACE,
	TRACE_DETACH, TRACE_BIND, TRACE_UNBIND, TRACE_OPEN, TRACE_CLOSE, TRACE_CREATE,
	TRACE_DESTROY, TRACE_PIN, TRACE_UNPIN, TRACE_FILL, TRACE_CLEAR,
	TRACE_ACCESS_ATTACH, TRACE_ACCESS_REPLACE, TRACE_ACCESS_DETACH, TRACE_ACCESS_PIN,
	TRACE_ACCESS_UNPIN, TRACE_ACCESS_RW, TRACE_HWPT_ALLOC, TRACE_INVALIDATE,
	TRACE_DIRTY_START, TRACE_DIRTY_READ, TRACE_DIRTY_STOP, TRACE_FAULT, TRACE_RESPONSE,
	TRACE_CHANGE_PROCESS, TRACE_DENY, TRACE_LIMIT, TRACE_DECISION, TRACE_STRIKE,
	TRACE_EXIT, TRACE_VFIO_OPEN, TRACE_VFIO_CLOSE, TRACE_VFIO_BIND, TRACE_VFIO_MAP,
	TRACE_VFIO_UNMAP,
	TRACE_NR_OPS,
};

enum trace_kind {
	TRACE_REC_OP = 1,
	TRACE_REC_REFUSAL, /* attachments: */
	TRACE_REC_STACK,
	TRACE_REC_DEVICE,
	/* Of recordings only: see file.h. */
	TRACE_REC_HEADER,
	TRACE_REC_PROC,
	TRACE_REC_SYMBOL,
	TRACE_REC_FRAMES,
	TRACE_REC_LOST,
	TRACE_REC_END,
};

enum trace_flags {
	TRACE_F_KTHREAD = 1, /* done by the kernel for the process that it names */
	TRACE_F_STATE = 2, /* not an operation: it was there before */
};

/**
 * struct trace_rec - how every record begins
 * @kind: enum trace_kind
 * @op: enum trace_op_id
 * @flags: enum trace_flags
 * @size: of the whole record
 */
struct trace_rec {
	__u8 kind;
	__u8 op;
	__u16 flags;
	__u32 size;
};

/**
 * struct trace_op - an operation; its event follows
 * @mono_ns: CLOCK_MONOTONIC when it ended
 * @start_ns: when the process began; with @tgid it names it for ever; 0: a
 *	process that the kernel worked for
 */
struct trace_op {
	struct trace_rec rec;
	__u64 mono_ns;
	__u64 start_ns;
	__s32 tgid;
	__s32 tid;
	__u32 uid;
	__u32 cpu;
	char comm[TRACE_COMM_LEN];
};

/* To which operation an attachment belongs. */
struct trace_to {
	struct trace_rec rec;
	__u64 mono_ns;
	__s32 tid;
	__u32 pad;
};

enum trace_refused {
	TRACE_REFUSED_POLICY = 1,
	TRACE_REFUSED_LIMIT = 2,
};

/* Why an operation was refused, learnt from the events that came before it. */
struct trace_refusal {
	struct trace_to to;
	__u32 why; /* enum trace_refused */
	__u32 code; /* enum iommufd_deny_code */
	__u64 mono_ns; /* when it was */
	__u64 charged_pages;
	__u64 asked_pages;
	__u64 limit_pages;
	__u32 uid;
	__s32 tgid;
	__u32 mode; /* enum iommufd_account_mode */
	__u32 pad;
	char policy[TRACE_POLICY_LEN];
	char reason[TRACE_REASON_LEN];
};

struct trace_stack {
	struct trace_to to;
	__u64 ips[TRACE_FRAMES]; /* 0 after the last */
};

/* A device that its event does not name. */
struct trace_device {
	struct trace_to to;
	char name[TRACE_NAME_LEN];
};

/*
 * VFIO_MAP and VFIO_UNMAP: what our vfio.ko's event says, or what fentry finds.
 * Not that event itself: a program that mentions its members loads nowhere but
 * where a vfio.ko has it.
 */
struct trace_vfio_dma {
	__u64 container; /* its address; for show: its number */
	__u64 iova;
	__u64 va; /* map */
	__u64 length; /* ~0: everything */
	__u64 unmapped_bytes; /* unmap */
	__u64 duration_ns;
	__u32 prot; /* map: enum iommufd_prot */
	__u32 flags; /* of the VFIO structure */
	__s32 ret;
	__u32 pad;
	__u64 pin_ns; /* unmap: unpinning; 0: not known */
	__u64 account_ns;
};

/* What has been added up of one operation, or of whatever else. */
struct trace_sum {
	__u64 calls;
	__u64 errors;
	__u64 ns;
	__u64 max_ns;
	__u64 bytes;
	__u64 slots[TRACE_SLOTS];
};

/* A process, as the filters know it. */
struct trace_proc_key {
	__u64 start_ns;
	__s32 tgid;
	__u32 pad;
};

#endif
