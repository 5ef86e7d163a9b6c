/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of what comes and goes and is asked of: contexts, objects, devices,
 * HWPTs, faults. Like those of trace.h, of which they are a part.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(IOMMUFD_TRACE_OBJECT_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMUFD_TRACE_OBJECT_H

#include <linux/tracepoint.h>

#include "iommufd_bpf_abi.h"

DECLARE_EVENT_CLASS(iommufd_context,
	TP_PROTO(const struct iommufd_ctx_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_ctx_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu tgid=%d uid=%u comm=%s flags=%#x objects=%llu ret=%d lifetime=%llu ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.tgid, __entry->ev.uid,
		  __entry->ev.comm, __entry->ev.flags, __entry->ev.nr_objects,
		  __entry->ev.ret, __entry->ev.lifetime_ns,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_context, iommufd_open,
	TP_PROTO(const struct iommufd_ctx_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_context, iommufd_close,
	TP_PROTO(const struct iommufd_ctx_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_object,
	TP_PROTO(const struct iommufd_object_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_object_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu cookie=%llu id=%u type=%u cause=%u ret=%d ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.cookie, __entry->ev.id,
		  __entry->ev.type, __entry->ev.cause, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_object, iommufd_create,
	TP_PROTO(const struct iommufd_object_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_object, iommufd_destroy,
	TP_PROTO(const struct iommufd_object_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_binding,
	TP_PROTO(const struct iommufd_bind_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_bind_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu dev=%s id=%u cookie=%llu group=%u ret=%d ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.device,
		  __entry->ev.device_id, __entry->ev.device_cookie,
		  __entry->ev.group_id, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_binding, iommufd_bind,
	TP_PROTO(const struct iommufd_bind_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_binding, iommufd_unbind,
	TP_PROTO(const struct iommufd_bind_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_new_hwpt,
	TP_PROTO(const struct iommufd_hwpt_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_hwpt_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu dev=%u pt=%u hwpt=%u type=%u flags=%#x data=%u fault=%u pinned=%llu ret=%d ns=%llu policy=%llu pin=%llu account=%llu fill=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.device_id,
		  __entry->ev.pt_id, __entry->ev.hwpt_id, __entry->ev.type,
		  __entry->ev.flags, __entry->ev.data_type,
		  __entry->ev.fault_id, __entry->ev.pinned_pages,
		  __entry->ev.ret, __entry->ev.duration_ns,
		  __entry->ev.policy_ns, __entry->ev.pin_ns,
		  __entry->ev.account_ns, __entry->ev.fill_ns)
);

DEFINE_EVENT(iommufd_new_hwpt, iommufd_hwpt_alloc,
	TP_PROTO(const struct iommufd_hwpt_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_invalidation,
	TP_PROTO(const struct iommufd_invalidate_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_invalidate_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu id=%u data=%u asked=%u done=%u ret=%d ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.id, __entry->ev.data_type,
		  __entry->ev.nr_asked, __entry->ev.nr_done, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_invalidation, iommufd_invalidate,
	TP_PROTO(const struct iommufd_invalidate_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_dirty,
	TP_PROTO(const struct iommufd_dirty_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_dirty_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu hwpt=%u iova=%#llx len=%#llx page=%llu flags=%#x dirty=%llu ret=%d ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.hwpt_id, __entry->ev.iova,
		  __entry->ev.length, __entry->ev.page_size, __entry->ev.flags,
		  __entry->ev.dirty_bytes, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_dirty, iommufd_dirty_start,
	TP_PROTO(const struct iommufd_dirty_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_dirty, iommufd_dirty_read,
	TP_PROTO(const struct iommufd_dirty_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_dirty, iommufd_dirty_stop,
	TP_PROTO(const struct iommufd_dirty_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_faulting,
	TP_PROTO(const struct iommufd_fault_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_fault_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu queue=%u dev=%u cookie=%u pasid=%u grpid=%u addr=%#llx perm=%#x faults=%u code=%u cause=%u ret=%d latency=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.queue_id,
		  __entry->ev.device_id, __entry->ev.cookie, __entry->ev.pasid,
		  __entry->ev.grpid, __entry->ev.addr, __entry->ev.perm,
		  __entry->ev.nr_faults, __entry->ev.code, __entry->ev.cause,
		  __entry->ev.ret, __entry->ev.latency_ns)
);

DEFINE_EVENT(iommufd_faulting, iommufd_fault,
	TP_PROTO(const struct iommufd_fault_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_faulting, iommufd_response,
	TP_PROTO(const struct iommufd_fault_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_process,
	TP_PROTO(const struct iommufd_process_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_process_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu tgid=%d uid=%u mems=%u pages=%llu ret=%d ns=%llu account=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.tgid, __entry->ev.uid,
		  __entry->ev.nr_mems, __entry->ev.pages, __entry->ev.ret,
		  __entry->ev.duration_ns, __entry->ev.account_ns)
);

DEFINE_EVENT(iommufd_process, iommufd_change_process,
	TP_PROTO(const struct iommufd_process_event *ev),
	TP_ARGS(ev)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_object
#include <trace/define_trace.h>
