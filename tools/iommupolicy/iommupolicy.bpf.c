// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommupolicy's BPF half: the list of policies, a recorder of refusals, which
 * stays when the program has ended, and events for `watch`.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iommupolicy.h"

__u32 nr_recs;
bool more_recs; /* there were more than find room */
__u64 nr_lost; /* events for which the ring had no room */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, POLICY_RECS);
	__type(key, __u32);
	__type(value, struct policy_rec);
} recs SEC(".maps");

/* Pinned, with the program that fills it: on_refusal. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICY_REFUSALS);
	__type(key, __u32);
	__type(value, struct policy_event);
} refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} nr_refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, POLICY_RING);
} events SEC(".maps");

static __always_inline bool put_policy(const struct iommufd_policy_view *v)
{
	__u32 i = nr_recs;
	struct policy_rec *rec = bpf_map_lookup_elem(&recs, &i);

	if (!rec)
		return false;
	nr_recs = i + 1;
	rec->cookie = v->cookie;
	rec->ioas_cookie = v->ioas_cookie;
	rec->cgroup_id = v->cgroup_id;
	rec->flags = v->flags;
	rec->attached_ns = v->attached_ns;
	rec->ended_ns = v->ended_ns;
	rec->calls = v->calls;
	rec->denials = v->denials;
	rec->overruns = v->overruns;
	rec->longest_ns = v->longest_ns;
	rec->charged_pages = v->charged_pages;
	rec->priority = v->priority;
	rec->table = v->table;
	rec->state = v->state;
	rec->strikes = v->strikes;
	rec->exit_kind = v->exit_kind;
	rec->exit_code = v->exit_code;
	bpf_core_read_str(rec->name, sizeof(rec->name), &v->name);
	bpf_core_read_str(rec->message, sizeof(rec->message), &v->message);
	return true;
}

SEC("syscall")
int list_policies(void *ctx)
{
	const struct iommufd_policy_view *v;

	nr_recs = 0;
	more_recs = false;
	bpf_rcu_read_lock();
	bpf_for_each(iommufd_policy, v) {
		if (!put_policy(v)) {
			more_recs = true;
			break;
		}
	}
	bpf_rcu_read_unlock();
	return 0;
}

static __always_inline void fill_refusal(struct policy_event *ev,
					 const struct iommufd_deny_event *deny)
{
	ev->kind = EVENT_REFUSAL;
	ev->boot_ns = bpf_ktime_get_boot_ns();
	ev->length = deny->length;
	ev->op = deny->op;
	ev->ret = deny->ret;
	ev->code = deny->code;
	ev->tgid = bpf_get_current_pid_tgid() >> 32;
	ev->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(ev->comm, sizeof(ev->comm));
	bpf_core_read_str(ev->policy, sizeof(ev->policy), &deny->policy);
	bpf_core_read_str(ev->text, sizeof(ev->text), &deny->reason);
}

SEC("tp_btf/iommufd_deny")
int BPF_PROG(on_refusal, const struct iommufd_deny_event *deny)
{
	struct policy_event *ev;
	__u32 i = 0;
	__u64 *count, seq;

	count = bpf_map_lookup_elem(&nr_refusals, &i);
	if (!deny || !count)
		return 0;
	seq = __sync_fetch_and_add(count, 1);
	i = seq % POLICY_REFUSALS;
	ev = bpf_map_lookup_elem(&refusals, &i);
	if (!ev)
		return 0;
	ev->seq = 0;
	fill_refusal(ev, deny);
	ev->seq = seq + 1;
	return 0;
}

static __always_inline struct policy_event *new_event(__u32 kind)
{
	struct policy_event *ev = bpf_ringbuf_reserve(&events, sizeof(*ev), 0);

	if (!ev) {
		__sync_fetch_and_add(&nr_lost, 1);
		return NULL;
	}
	__builtin_memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->boot_ns = bpf_ktime_get_boot_ns();
	return ev;
}

SEC("tp_btf/iommufd_deny")
int BPF_PROG(watch_refusal, const struct iommufd_deny_event *deny)
{
	struct policy_event *ev = deny ? new_event(EVENT_REFUSAL) : NULL;

	if (!ev)
		return 0;
	fill_refusal(ev, deny);
	bpf_ringbuf_submit(ev, 0);
	return 0;
}

SEC("tp_btf/iommufd_policy_strike")
int BPF_PROG(watch_strike, const struct iommufd_strike_event *strike)
{
	struct policy_event *ev = strike ? new_event(EVENT_STRIKE) : NULL;

	if (!ev)
		return 0;
	ev->value = strike->value;
	ev->code = strike->hook;
	ev->count = strike->strikes;
	bpf_core_read_str(ev->policy, sizeof(ev->policy), &strike->policy);
	bpf_ringbuf_submit(ev, 0);
	return 0;
}

SEC("tp_btf/iommufd_policy_exit")
int BPF_PROG(watch_exit, const struct iommufd_exit_info *info)
{
	struct policy_event *ev = info ? new_event(EVENT_EXIT) : NULL;

	if (!ev)
		return 0;
	ev->code = info->kind;
	ev->value = info->code;
	ev->count = info->denials;
	bpf_core_read_str(ev->policy, sizeof(ev->policy), &info->policy);
	bpf_core_read_str(ev->text, sizeof(ev->text), &info->message);
	bpf_ringbuf_submit(ev, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
