// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommutrace's BPF half: filters events and sends them up. A program for each
 * tracepoint; only those are loaded whose events are wanted.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iommutrace.h"
#include "filter.bpf.h"
#include "send.bpf.h"
#include "mem.bpf.h"
#include "object.bpf.h"
#include "policy.bpf.h"
#include "type1.bpf.h"

SEC("tp_btf/vmlinux:sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__s32 ptgid, ctgid;
	__u8 one = 1;

	if (!follow_forks)
		return 0;
	ptgid = parent->tgid;
	ctgid = child->tgid;
	if (ptgid == ctgid || !bpf_map_lookup_elem(&pids, &ptgid))
		return 0;
	/* Without room its operations would be missing: that is a loss. */
	if (bpf_map_update_elem(&pids, &ctgid, &one, BPF_ANY))
		count_lost();
	return 0;
}

SEC("tp_btf/vmlinux:sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__s32 tgid = task->tgid;

	/* Its number may be given to another process. */
	if (follow_forks && !task->signal->live.counter)
		bpf_map_delete_elem(&pids, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
