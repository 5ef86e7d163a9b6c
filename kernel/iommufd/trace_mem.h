/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of memory: pinned, written to IO page tables, touched by in-kernel
 * users. Like those of trace.h, of which they are a part.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(IOMMUFD_TRACE_MEM_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMUFD_TRACE_MEM_H

#include <linux/tracepoint.h>

#include "iommufd_bpf_abi.h"

DECLARE_EVENT_CLASS(iommufd_pinning,
	TP_PROTO(const struct iommufd_pin_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_pin_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu ioas=%u op=%u va=%#llx npages=%llu pages=%llu runs=%llu source=%u tgid=%d uid=%u ret=%d ns=%llu pin=%llu account=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.ioas_id, __entry->ev.op,
		  __entry->ev.va, __entry->ev.npages, __entry->ev.pages,
		  __entry->ev.nr_runs, __entry->ev.source, __entry->ev.tgid,
		  __entry->ev.uid, __entry->ev.ret, __entry->ev.duration_ns,
		  __entry->ev.pin_ns, __entry->ev.account_ns)
);

DEFINE_EVENT(iommufd_pinning, iommufd_pin,
	TP_PROTO(const struct iommufd_pin_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_pinning, iommufd_unpin,
	TP_PROTO(const struct iommufd_pin_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_filling,
	TP_PROTO(const struct iommufd_fill_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_fill_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu ioas=%u hwpt=%u op=%u iova=%#llx len=%#llx runs=%llu ret=%d ns=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.ioas_id,
		  __entry->ev.hwpt_id, __entry->ev.op, __entry->ev.iova,
		  __entry->ev.length, __entry->ev.nr_runs, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(iommufd_filling, iommufd_fill,
	TP_PROTO(const struct iommufd_fill_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_filling, iommufd_clear,
	TP_PROTO(const struct iommufd_fill_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(iommufd_access,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_access_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("ctx=%llu access=%u ioas=%u iova=%#llx len=%#llx flags=%#x pages=%llu ret=%d ns=%llu pin=%llu account=%llu",
		  __entry->ev.ctx_cookie, __entry->ev.access_id,
		  __entry->ev.ioas_id, __entry->ev.iova, __entry->ev.length,
		  __entry->ev.flags, __entry->ev.pages, __entry->ev.ret,
		  __entry->ev.duration_ns, __entry->ev.pin_ns,
		  __entry->ev.account_ns)
);

DEFINE_EVENT(iommufd_access, iommufd_access_attach,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_access, iommufd_access_replace,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_access, iommufd_access_detach,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_access, iommufd_access_pin,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_access, iommufd_access_unpin,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(iommufd_access, iommufd_access_rw,
	TP_PROTO(const struct iommufd_access_event *ev),
	TP_ARGS(ev)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_mem
#include <trace/define_trace.h>
