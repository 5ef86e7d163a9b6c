// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel knows of processes and shows nowhere: how much their user is
 * charged, and how much of it their limit leaves. Needs no module.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"

#define RLIMIT_MEMLOCK 8
#define CAP_IPC_LOCK 14

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

__u32 nr_tasks; /* in tasks[] */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TOP_TASKS);
	__type(key, __u32);
	__type(value, struct top_task);
} tasks SEC(".maps");

static __always_inline void look_at(struct top_task *t, struct task_struct *task)
{
	t->uid = BPF_CORE_READ(task, cred, uid.val);
	t->user_pages = BPF_CORE_READ(task, cred, user, locked_vm.counter);
	t->locked_pages = BPF_CORE_READ(task, mm, locked_vm);
	t->pinned_pages = BPF_CORE_READ(task, mm, pinned_vm.counter);
	t->limit_bytes = BPF_CORE_READ(task, signal, rlim[RLIMIT_MEMLOCK].rlim_cur);
	/* Only in the initial user namespace does it lift the limit. */
	t->exempt = !BPF_CORE_READ(task, cred, user_ns, level) &&
		    BPF_CORE_READ(task, cred, cap_effective.val) >> CAP_IPC_LOCK & 1;
}

SEC("syscall")
int ask_tasks(void *unused)
{
	struct task_struct *task;
	struct top_task *t;
	__u32 key;
	int i;

	bpf_for(i, 0, TOP_TASKS) {
		if (i >= nr_tasks)
			break;
		key = i;
		t = bpf_map_lookup_elem(&tasks, &key);
		if (!t)
			break;
		task = bpf_task_from_pid(t->tgid);
		if (!task) {
			t->tgid = 0;
			continue;
		}
		look_at(t, task);
		bpf_task_release(task);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
