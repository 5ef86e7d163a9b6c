/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of policies and limits. A refusal is announced by an event of its
 * own, from the same task, before the operation's: it is kept for that.
 */
#ifndef POLICY_BPF_H
#define POLICY_BPF_H

static __always_inline void keep_refusal(struct trace_refusal *r)
{
	__s32 tid = bpf_get_current_pid_tgid();

	r->mono_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&refused, &tid, r, BPF_ANY);
}

SEC("tp_btf/iommufd:iommufd_deny")
int BPF_PROG(on_deny, const struct iommufd_deny_event *ev)
{
	struct trace_refusal r = {};

	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_DENY, .ret = ev->ret, .ctx = ev->ctx_cookie, .ioas = ev->ioas_cookie,
		.ioas_id = ev->ioas_id, .has_ioas_id = true, .length = ev->length,
		.has_length = true,
	};
	r.why = TRACE_REFUSED_POLICY;
	r.code = ev->code;
	bpf_core_read_str(r.policy, sizeof(r.policy), &ev->policy);
	bpf_core_read_str(r.reason, sizeof(r.reason), &ev->reason);
	keep_refusal(&r);
	return SEND(struct iommufd_deny_event, ev, f);
}

SEC("tp_btf/iommufd:iommufd_limit")
int BPF_PROG(on_limit, const struct iommufd_limit_event *ev)
{
	struct trace_refusal r = {};

	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_LIMIT, .ret = -12, .length = ev->asked_pages << 12,
		.has_length = true,
	};
	/* Older modules say no more than the numbers. */
	if (bpf_core_field_exists(ev->ctx_cookie)) {
		f.ctx = ev->ctx_cookie;
		f.ioas = ev->ioas_cookie;
		f.ioas_id = ev->ioas_id;
		f.has_ioas_id = true;
		r.tgid = ev->tgid;
	}
	r.why = TRACE_REFUSED_LIMIT;
	r.charged_pages = ev->charged_pages;
	r.asked_pages = ev->asked_pages;
	r.limit_pages = ev->limit_pages;
	r.uid = ev->uid;
	r.mode = ev->mode;
	keep_refusal(&r);
	return SEND(struct iommufd_limit_event, ev, f);
}

SEC("tp_btf/iommufd:iommufd_policy_decision")
int BPF_PROG(on_decision, const struct iommufd_decision_event *ev)
{
	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_DECISION, .ret = ev->ret, .ns = ev->duration_ns,
		.ctx = ev->ctx_cookie, .ioas = ev->ioas_cookie, .length = ev->npages << 12,
		.has_length = true,
	};
	return SEND(struct iommufd_decision_event, ev, f);
}

SEC("tp_btf/iommufd:iommufd_policy_strike")
int BPF_PROG(on_strike, const struct iommufd_strike_event *ev)
{
	if (!ev)
		return 0;
	struct facts f = { .op = TRACE_STRIKE };

	return SEND(struct iommufd_strike_event, ev, f);
}

SEC("tp_btf/iommufd:iommufd_policy_exit")
int BPF_PROG(on_policy_exit, const struct iommufd_exit_info *ev)
{
	if (!ev)
		return 0;
	struct facts f = { .op = TRACE_EXIT };

	return SEND(struct iommufd_exit_info, ev, f);
}

#endif
