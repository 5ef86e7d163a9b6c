/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, system "iommufd". Each carries one event of
 * iommufd_bpf_abi.h, which says what the fields mean.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(IOMMUFD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMUFD_TRACE_H

#include <linux/tracepoint.h>

#include "iommufd_bpf_abi.h"

DECLARE_EVENT_CLASS(iommufd_mapping,
	TP_PROTO(const struct iommufd_map_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_map_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu ioas=%u iova=%#llx va=%#llx len=%#llx prot=%u domains=%u runs=%u pinned=%llu ret=%d ns=%llu policy=%llu pin=%llu account=%llu fill=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.ioas_id,
		  __entry->ev.iova, __entry->ev.va, __entry->ev.length,
		  __entry->ev.prot, __entry->ev.nr_domains,
		  __entry->ev.nr_runs, __entry->ev.pinned_pages,
		  __entry->ev.ret, __entry->ev.duration_ns,
		  __entry->ev.policy_ns, __entry->ev.pin_ns,
		  __entry->ev.account_ns, __entry->ev.fill_ns)
);

DEFINE_EVENT(iommufd_mapping, iommufd_map,
	TP_PROTO(const struct iommufd_map_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_mapping, iommufd_copy,
	TP_PROTO(const struct iommufd_map_event *ev),
	TP_ARGS(ev)
);

TRACE_EVENT(iommufd_unmap,
	TP_PROTO(const struct iommufd_unmap_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_unmap_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu ioas=%u iova=%#llx len=%#llx unmapped=%#llx areas=%llu unpinned=%llu ret=%d ns=%llu clear=%llu unpin=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.ioas_id,
		  __entry->ev.iova, __entry->ev.length,
		  __entry->ev.unmapped_bytes, __entry->ev.nr_areas,
		  __entry->ev.unpinned_pages, __entry->ev.ret,
		  __entry->ev.duration_ns, __entry->ev.clear_ns,
		  __entry->ev.unpin_ns)
);

DECLARE_EVENT_CLASS(iommufd_attachment,
	TP_PROTO(const struct iommufd_attach_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_attach_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu dev=%s id=%u group=%u pt=%u hwpt=%u created=%u pinned=%llu ret=%d ns=%llu policy=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.device,
		  __entry->ev.device_id, __entry->ev.group_id,
		  __entry->ev.pt_id, __entry->ev.hwpt_id,
		  __entry->ev.created_hwpt, __entry->ev.pinned_pages,
		  __entry->ev.ret, __entry->ev.duration_ns,
		  __entry->ev.policy_ns)
);

DEFINE_EVENT(iommufd_attachment, iommufd_attach,
	TP_PROTO(const struct iommufd_attach_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_attachment, iommufd_replace,
	TP_PROTO(const struct iommufd_attach_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_attachment, iommufd_detach,
	TP_PROTO(const struct iommufd_attach_event *ev),
	TP_ARGS(ev)
);

TRACE_EVENT(iommufd_deny,
	TP_PROTO(const struct iommufd_deny_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_deny_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu ioas=%u op=%u len=%#llx ret=%d policy=%s code=%u reason=\"%s\"",
		  __entry->ev.ctx_cookie, __entry->ev.ioas_id,
		  __entry->ev.op, __entry->ev.length, __entry->ev.ret,
		  __entry->ev.policy, __entry->ev.code, __entry->ev.reason)
);

TRACE_EVENT(iommufd_limit,
	TP_PROTO(const struct iommufd_limit_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_limit_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("uid=%u charged=%llu asked=%llu limit=%llu",
		  __entry->ev.uid, __entry->ev.charged_pages,
		  __entry->ev.asked_pages, __entry->ev.limit_pages)
);

/* Policies: what each answered, and how it ended. */
TRACE_EVENT(iommufd_policy_decision,
	TP_PROTO(const struct iommufd_decision_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_decision_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("policy=%s ctx=%llu ioas=%llu cgroup=%llu hook=%u op=%u pages=%llu ret=%d ns=%llu workers=%u chunk=%llu",
		  __entry->ev.policy, __entry->ev.ctx_cookie,
		  __entry->ev.ioas_cookie, __entry->ev.cgroup_id,
		  __entry->ev.hook, __entry->ev.op, __entry->ev.npages,
		  __entry->ev.ret, __entry->ev.duration_ns,
		  __entry->ev.workers, __entry->ev.chunk_bytes)
);

TRACE_EVENT(iommufd_policy_strike,
	TP_PROTO(const struct iommufd_strike_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_strike_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("policy=%s hook=%u value=%lld strikes=%u",
		  __entry->ev.policy, __entry->ev.hook, __entry->ev.value,
		  __entry->ev.strikes)
);

TRACE_EVENT(iommufd_policy_exit,
	TP_PROTO(const struct iommufd_exit_info *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_exit_info, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("policy=%s kind=%u code=%d calls=%llu denials=%llu overruns=%llu strikes=%u charged=%llu message=\"%s\"",
		  __entry->ev.policy, __entry->ev.kind, __entry->ev.code,
		  __entry->ev.calls, __entry->ev.denials,
		  __entry->ev.overruns, __entry->ev.strikes,
		  __entry->ev.charged_pages, __entry->ev.message)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
