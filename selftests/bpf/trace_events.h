/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_events.h - the events that the tests catch, for both sides
 *
 * Owns: the list of them. Which other events there are is in trace_abi.
 */
#ifndef SELFTESTS_BPF_TRACE_EVENTS_H
#define SELFTESTS_BPF_TRACE_EVENTS_H

/* How many of one event are kept: the first ones since the last reset. */
#define KEPT 8

#define FOR_EACH_EVENT(X) \
	X(iommufd_open, iommufd_ctx_event) \
	X(iommufd_close, iommufd_ctx_event) \
	X(iommufd_create, iommufd_object_event) \
	X(iommufd_destroy, iommufd_object_event) \
	X(iommufd_map, iommufd_map_event) \
	X(iommufd_copy, iommufd_map_event) \
	X(iommufd_unmap, iommufd_unmap_event) \
	X(iommufd_pin, iommufd_pin_event) \
	X(iommufd_unpin, iommufd_pin_event) \
	X(iommufd_fill, iommufd_fill_event) \
	X(iommufd_clear, iommufd_fill_event) \
	X(iommufd_bind, iommufd_bind_event) \
	X(iommufd_unbind, iommufd_bind_event) \
	X(iommufd_attach, iommufd_attach_event) \
	X(iommufd_replace, iommufd_attach_event) \
	X(iommufd_detach, iommufd_attach_event) \
	X(iommufd_access_attach, iommufd_access_event) \
	X(iommufd_access_replace, iommufd_access_event) \
	X(iommufd_access_detach, iommufd_access_event) \
	X(iommufd_access_pin, iommufd_access_event) \
	X(iommufd_access_unpin, iommufd_access_event) \
	X(iommufd_access_rw, iommufd_access_event) \
	X(iommufd_hwpt_alloc, iommufd_hwpt_event) \
	X(iommufd_invalidate, iommufd_invalidate_event) \
	X(iommufd_dirty_start, iommufd_dirty_event) \
	X(iommufd_dirty_read, iommufd_dirty_event) \
	X(iommufd_dirty_stop, iommufd_dirty_event) \
	X(iommufd_fault, iommufd_fault_event) \
	X(iommufd_response, iommufd_fault_event) \
	X(iommufd_limit, iommufd_limit_event) \
	X(iommufd_change_process, iommufd_process_event) \
	X(iommufd_deny, iommufd_deny_event) \
	X(iommufd_policy_decision, iommufd_decision_event) \
	X(iommufd_policy_strike, iommufd_strike_event) \
	X(iommufd_policy_exit, iommufd_exit_info) \
	X(vfio_device_open, iommufd_vfio_event) \
	X(vfio_device_close, iommufd_vfio_event) \
	X(vfio_bind, iommufd_vfio_event) \
	X(vfio_dma_map, iommufd_vfio_dma_event) \
	X(vfio_dma_unmap, iommufd_vfio_dma_event)

/* What came of one event: got_NAME. */
#define DECLARE_GOT(event, type) \
struct got_##event { \
	__u32 nr; \
	__u32 pad; \
	struct type ev[KEPT]; \
};
FOR_EACH_EVENT(DECLARE_GOT)

#endif
