/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, beside those of iommufd.ko, in whose system they are. Each
 * carries one event of iommufd_bpf_events.h, which says what the fields mean.
 *
 * A file with exports includes it where genksyms does not look (abi.h).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(KERNEL_VFIO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KERNEL_VFIO_TRACE_H

#include <linux/tracepoint.h>

#include "iommufd_bpf_abi.h"

DECLARE_EVENT_CLASS(vfio_device,
	TP_PROTO(const struct iommufd_vfio_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_vfio_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("dev=%s index=%u devid=%u via=%u open=%u ret=%d ns=%llu",
		  __entry->ev.device, __entry->ev.index, __entry->ev.devid,
		  __entry->ev.via, __entry->ev.open_count, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(vfio_device, vfio_device_open,
	TP_PROTO(const struct iommufd_vfio_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(vfio_device, vfio_device_close,
	TP_PROTO(const struct iommufd_vfio_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(vfio_device, vfio_bind,
	TP_PROTO(const struct iommufd_vfio_event *ev),
	TP_ARGS(ev)
);

DECLARE_EVENT_CLASS(vfio_dma,
	TP_PROTO(const struct iommufd_vfio_dma_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field_struct(struct iommufd_vfio_dma_event, ev)
	),
	TP_fast_assign(
		__entry->ev = *ev;
	),
	TP_printk("container=%llu iova=%#llx va=%#llx len=%#llx unmapped=%#llx prot=%u flags=%#x ret=%d ns=%llu",
		  __entry->ev.container, __entry->ev.iova, __entry->ev.va,
		  __entry->ev.length, __entry->ev.unmapped_bytes,
		  __entry->ev.prot, __entry->ev.flags, __entry->ev.ret,
		  __entry->ev.duration_ns)
);

DEFINE_EVENT(vfio_dma, vfio_dma_map,
	TP_PROTO(const struct iommufd_vfio_dma_event *ev),
	TP_ARGS(ev)
);

DEFINE_EVENT(vfio_dma, vfio_dma_unmap,
	TP_PROTO(const struct iommufd_vfio_dma_event *ev),
	TP_ARGS(ev)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
