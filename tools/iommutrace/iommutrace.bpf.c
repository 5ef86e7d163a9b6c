// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommutrace's BPF half: filters the module's events and sends them up.
 *
 * A refusal is announced by an event of its own, from the same task, before
 * the operation's event: it waits in a map until that comes. What finds no
 * room in the ring buffer is counted, never forgotten.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iommutrace.h"

/* Filters, set before load. */
const volatile __u64 want_ops = ~0ULL; /* bit enum trace_op */
const volatile bool only_failed;
const volatile bool only_good;
const volatile __u64 min_duration_ns;
const volatile bool by_pid; /* only what pids has */
const volatile bool follow_forks; /* children join pids */

__u64 nr_lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* resized before load */
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MAX_PIDS);
	__type(key, __s32);
	__type(value, __u8);
} pids SEC(".maps");

/* By thread. LRU: a task that never reports an operation cannot fill it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TRACE_MAX_REFUSED);
	__type(key, __s32);
	__type(value, struct trace_refusal);
} refused SEC(".maps");

static __always_inline bool wanted_pid(void)
{
	__s32 tgid = bpf_get_current_pid_tgid() >> 32;

	return !by_pid || bpf_map_lookup_elem(&pids, &tgid);
}

static __always_inline bool wanted(__u32 op, __s32 ret, __u64 duration_ns)
{
	if (!(want_ops & (1ULL << op)))
		return false;
	if (only_failed && !ret)
		return false;
	if (only_good && ret)
		return false;
	if (duration_ns < min_duration_ns)
		return false;
	return wanted_pid();
}

/* Take the refusal that waits for this task's operation, wanted or not. */
static __always_inline void take_refusal(struct trace_refusal *to)
{
	__s32 tid = bpf_get_current_pid_tgid();
	struct trace_refusal *from = bpf_map_lookup_elem(&refused, &tid);

	if (!from) {
		__builtin_memset(to, 0, sizeof(*to));
		return;
	}
	__builtin_memcpy(to, from, sizeof(*to));
	bpf_map_delete_elem(&refused, &tid);
}

static __always_inline void drop_refusal(void)
{
	__s32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&refused, &tid);
}

static __always_inline struct op_event *begin(__u32 op, __s32 ret, __u64 duration_ns)
{
	struct op_event *e;

	if (!wanted(op, ret, duration_ns)) {
		drop_refusal();
		return NULL;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&nr_lost, 1);
		drop_refusal();
		return NULL;
	}
	e->mono_ns = bpf_ktime_get_ns();
	e->duration_ns = duration_ns;
	e->tgid = bpf_get_current_pid_tgid() >> 32;
	e->tid = bpf_get_current_pid_tgid();
	e->uid = bpf_get_current_uid_gid();
	e->cpu = bpf_get_smp_processor_id();
	e->op = op;
	e->ret = ret;
	e->pad = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	take_refusal(&e->refusal);
	return e;
}

static __always_inline int send_map(__u32 op, const struct iommufd_map_event *ev)
{
	struct op_event *e = begin(op, ev->ret, ev->duration_ns);

	if (!e)
		return 0;
	e->ctx_cookie = ev->ctx_cookie;
	e->ioas_cookie = ev->ioas_cookie;
	e->ioas_id = ev->ioas_id;
	e->map.va = ev->va;
	e->map.iova = ev->iova;
	e->map.length = ev->length;
	e->map.prot = ev->prot;
	e->map.flags = ev->flags;
	e->map.nr_domains = ev->nr_domains;
	e->map.nr_runs = ev->nr_runs;
	e->map.src_ioas_id = ev->src_ioas_id;
	e->map.pad = 0;
	e->map.src_iova = ev->src_iova;
	e->map.pinned_pages = ev->pinned_pages;
	e->map.policy_ns = ev->policy_ns;
	e->map.pin_ns = ev->pin_ns;
	e->map.account_ns = ev->account_ns;
	e->map.fill_ns = ev->fill_ns;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/iommufd_map")
int BPF_PROG(on_map, const struct iommufd_map_event *ev)
{
	if (!ev)
		return 0;
	return send_map(ev->op == IOMMUFD_OP_MAP_FILE ? TRACE_MAP_FILE : TRACE_MAP, ev);
}

SEC("tp_btf/iommufd_copy")
int BPF_PROG(on_copy, const struct iommufd_map_event *ev)
{
	return ev ? send_map(TRACE_COPY, ev) : 0;
}

SEC("tp_btf/iommufd_unmap")
int BPF_PROG(on_unmap, const struct iommufd_unmap_event *ev)
{
	struct op_event *e;

	if (!ev)
		return 0;
	e = begin(TRACE_UNMAP, ev->ret, ev->duration_ns);
	if (!e)
		return 0;
	e->ctx_cookie = ev->ctx_cookie;
	e->ioas_cookie = ev->ioas_cookie;
	e->ioas_id = ev->ioas_id;
	e->unmap.iova = ev->iova;
	e->unmap.length = ev->length;
	e->unmap.unmapped_bytes = ev->unmapped_bytes;
	e->unmap.nr_areas = ev->nr_areas;
	e->unmap.unpinned_pages = ev->unpinned_pages;
	e->unmap.clear_ns = ev->clear_ns;
	e->unmap.unpin_ns = ev->unpin_ns;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

static __always_inline int send_attach(__u32 op, const struct iommufd_attach_event *ev)
{
	struct op_event *e = begin(op, ev->ret, ev->duration_ns);

	if (!e)
		return 0;
	e->ctx_cookie = ev->ctx_cookie;
	e->ioas_cookie = ev->ioas_cookie;
	e->ioas_id = 0;
	e->attach.device_id = ev->device_id;
	e->attach.pt_id = ev->pt_id;
	e->attach.hwpt_id = ev->hwpt_id;
	e->attach.group_id = ev->group_id;
	e->attach.created_hwpt = ev->created_hwpt;
	e->attach.pad = 0;
	e->attach.pinned_pages = ev->pinned_pages;
	e->attach.policy_ns = ev->policy_ns;
	bpf_core_read_str(e->attach.device, sizeof(e->attach.device), &ev->device);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/iommufd_attach")
int BPF_PROG(on_attach, const struct iommufd_attach_event *ev)
{
	return ev ? send_attach(TRACE_ATTACH, ev) : 0;
}

SEC("tp_btf/iommufd_replace")
int BPF_PROG(on_replace, const struct iommufd_attach_event *ev)
{
	return ev ? send_attach(TRACE_REPLACE, ev) : 0;
}

SEC("tp_btf/iommufd_detach")
int BPF_PROG(on_detach, const struct iommufd_attach_event *ev)
{
	return ev ? send_attach(TRACE_DETACH, ev) : 0;
}

SEC("tp_btf/iommufd_deny")
int BPF_PROG(on_deny, const struct iommufd_deny_event *ev)
{
	__s32 tid = bpf_get_current_pid_tgid();
	struct trace_refusal r = {};

	if (!ev || !wanted_pid())
		return 0;
	r.flags = TRACE_REFUSED_POLICY;
	r.code = ev->code;
	r.deny_ret = ev->ret;
	bpf_core_read_str(r.policy, sizeof(r.policy), &ev->policy);
	bpf_core_read_str(r.reason, sizeof(r.reason), &ev->reason);
	bpf_map_update_elem(&refused, &tid, &r, BPF_ANY);
	return 0;
}

SEC("tp_btf/iommufd_limit")
int BPF_PROG(on_limit, const struct iommufd_limit_event *ev)
{
	__s32 tid = bpf_get_current_pid_tgid();
	struct trace_refusal r = {};

	if (!ev || !wanted_pid())
		return 0;
	r.flags = TRACE_REFUSED_LIMIT;
	r.charged_pages = ev->charged_pages;
	r.asked_pages = ev->asked_pages;
	r.limit_pages = ev->limit_pages;
	r.uid = ev->uid;
	bpf_map_update_elem(&refused, &tid, &r, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_fork")
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
		__sync_fetch_and_add(&nr_lost, 1);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__s32 tgid = task->tgid;

	/* Its number may be given to another process. */
	if (follow_forks && !task->signal->live.counter)
		bpf_map_delete_elem(&pids, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
