/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * More events: part of iommufd_bpf_abi.h, which includes this, and which says
 * what holds for all of them. Tracepoints are of the system "iommufd", also
 * those of vfio.ko, whose names begin with vfio_.
 */
#ifndef IOMMUFD_BPF_EVENTS_H
#define IOMMUFD_BPF_EVENTS_H

#ifndef IOMMUFD_BPF_ABI_H
#error "include iommufd_bpf_abi.h"
#endif

/**
 * struct iommufd_ctx_event - tracepoints iommufd_open, iommufd_close
 * @ctx_cookie: the context; 0 if there was no memory for it
 * @cgroup_id: as in its view
 * @lifetime_ns: close: for how long it was open; else 0
 * @duration_ns: the whole operation
 * @nr_objects: close: objects that went with it; else 0
 * @tgid: as in its view
 * @uid: likewise
 * @ret: 0 or a negative errno
 * @flags: enum iommufd_ctx_flags
 * @comm: as in its view
 *
 * A close comes when the last file and the last bound device let go, from
 * whichever task that was.
 */
struct iommufd_ctx_event {
	__u64 ctx_cookie;
	__u64 cgroup_id;
	__u64 lifetime_ns;
	__u64 duration_ns;
	__u64 nr_objects;
	__s32 tgid;
	__u32 uid;
	__s32 ret;
	__u32 flags;
	char comm[IOMMUFD_COMM_LEN];
};

/** enum iommufd_destroy_cause - who destroys an object */
enum iommufd_destroy_cause {
	IOMMUFD_BY_USER = 1, /* IOMMU_DESTROY */
	IOMMUFD_BY_KERNEL = 2, /* its last user in the kernel */
	IOMMUFD_BY_CLOSE = 3, /* its context was closed */
};

/**
 * struct iommufd_object_event - tracepoints iommufd_create, iommufd_destroy
 * @ctx_cookie: the context
 * @cookie: the object; 0 if the call named none that exists
 * @duration_ns: destroy: with the wait for those who used it, unmapping, and
 *	unpinning; create: 0
 * @id: its id in the context, or the one that the caller gave
 * @type: enum iommufd_object_type; 0 if there is none
 * @ret: create: 0: it can be found from now on; what could not be made is told
 *	by the event of what should have made it. destroy: 0 or a negative
 *	errno
 * @cause: destroy: enum iommufd_destroy_cause
 */
struct iommufd_object_event {
	__u64 ctx_cookie;
	__u64 cookie;
	__u64 duration_ns;
	__u32 id;
	__u32 type;
	__s32 ret;
	__u32 cause;
};

/**
 * struct iommufd_pin_event - tracepoints iommufd_pin, iommufd_unpin
 * @ctx_cookie: the context on whose behalf
 * @ioas_cookie: the IOAS, likewise
 * @va: user address, or offset in the file, of the first page
 * @npages: pages that were wanted, or are not any more
 * @pages: pages of them that were pinned, or unpinned, just now: all but those
 *	that somebody else needs as well
 * @nr_runs: pin: physically contiguous runs among @npages; unpin: among @pages
 * @duration_ns: the whole operation, of which
 * @pin_ns: pinning, or unpinning, faulting memory in where needed
 * @account_ns: pin: charging limits
 * @ioas_id: the IOAS's id
 * @op: enum iommufd_op: what needs it
 * @ret: 0 or a negative errno
 * @source: enum iommufd_source
 * @tgid: the process that pays
 * @uid: the user who pays
 *
 * One for each mapping, or access, that needs memory. It comes before the
 * event of the operation, from the same task.
 */
struct iommufd_pin_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 va;
	__u64 npages;
	__u64 pages;
	__u64 nr_runs;
	__u64 duration_ns;
	__u64 pin_ns;
	__u64 account_ns;
	__u32 ioas_id;
	__u32 op;
	__s32 ret;
	__u32 source;
	__s32 tgid;
	__u32 uid;
};

/**
 * struct iommufd_fill_event - tracepoints iommufd_fill, iommufd_clear
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS
 * @iova: first IOVA of the mapping
 * @length: its bytes
 * @nr_runs: physically contiguous runs; 0 of a dmabuf
 * @duration_ns: writing or clearing, with the flush of the IOTLB
 * @ioas_id: the IOAS's id
 * @hwpt_id: the HWPT
 * @op: enum iommufd_op: why
 * @ret: fill: 0 or a negative errno; clear: 0
 *
 * One for each mapping and each IO page table. It comes before the event of
 * the operation, from the same task.
 */
struct iommufd_fill_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 iova;
	__u64 length;
	__u64 nr_runs;
	__u64 duration_ns;
	__u32 ioas_id;
	__u32 hwpt_id;
	__u32 op;
	__s32 ret;
};

/**
 * struct iommufd_bind_event - tracepoints iommufd_bind, iommufd_unbind
 * @ctx_cookie: the context
 * @device_cookie: the device; 0 if it was not bound
 * @duration_ns: the whole operation
 * @device_id: its id in the context
 * @group_id: its IOMMU group; ~0 if it has none
 * @ret: 0 or a negative errno
 * @__reserved: 0
 * @device: dev_name()
 */
struct iommufd_bind_event {
	__u64 ctx_cookie;
	__u64 device_cookie;
	__u64 duration_ns;
	__u32 device_id;
	__u32 group_id;
	__s32 ret;
	__u32 __reserved;
	char device[IOMMUFD_DEVNAME_LEN];
};

/** enum iommufd_access_event_flags - &struct iommufd_access_event.flags */
enum iommufd_access_event_flags {
	IOMMUFD_ACCESS_EVENT_WRITE = 1, /* the CPU writes to the memory */
	IOMMUFD_ACCESS_EVENT_KTHREAD = 2, /* from a kernel thread */
};

/**
 * struct iommufd_access_event - tracepoints iommufd_access_attach,
 *	iommufd_access_replace, iommufd_access_detach, iommufd_access_pin,
 *	iommufd_access_unpin, iommufd_access_rw
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS; 0 if none was reached
 * @iova: pin, unpin, rw: first IOVA; else 0
 * @length: likewise: bytes
 * @pages: pin, unpin: pages that it pinned or unpinned just now: what was
 *	pinned already only counts
 * @duration_ns: the whole operation, of which
 * @pin_ns: pinning or unpinning
 * @account_ns: charging limits
 * @access_id: the in-kernel user's id in the context
 * @ioas_id: the IOAS's; attach, replace: that the caller gave
 * @ret: 0 or a negative errno
 * @flags: enum iommufd_access_event_flags
 */
struct iommufd_access_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 iova;
	__u64 length;
	__u64 pages;
	__u64 duration_ns;
	__u64 pin_ns;
	__u64 account_ns;
	__u32 access_id;
	__u32 ioas_id;
	__s32 ret;
	__u32 flags;
};

/**
 * struct iommufd_hwpt_event - tracepoint iommufd_hwpt_alloc
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS behind it; 0 if none was reached
 * @hwpt_cookie: the HWPT; 0 if there is none
 * @pinned_pages: pages that the operation pinned
 * @duration_ns: the whole operation, of which
 * @policy_ns: asking policies
 * @pin_ns: pinning memory
 * @account_ns: charging limits
 * @fill_ns: writing the IO page table
 * @device_id: the device that it is made for
 * @pt_id: the IOAS, or what it is on top of, as the caller gave it
 * @hwpt_id: its id
 * @fault_id: the fault queue; 0: none
 * @flags: of IOMMU_HWPT_ALLOC
 * @data_type: likewise
 * @type: enum iommufd_hwpt_type; 0 if there is none
 * @ret: 0 or a negative errno
 */
struct iommufd_hwpt_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 hwpt_cookie;
	__u64 pinned_pages;
	__u64 duration_ns;
	__u64 policy_ns;
	__u64 pin_ns;
	__u64 account_ns;
	__u64 fill_ns;
	__u32 device_id;
	__u32 pt_id;
	__u32 hwpt_id;
	__u32 fault_id;
	__u32 flags;
	__u32 data_type;
	__u32 type;
	__s32 ret;
};

/**
 * struct iommufd_invalidate_event - tracepoint iommufd_invalidate
 * @ctx_cookie: the context
 * @duration_ns: the whole operation
 * @id: the nested HWPT, or what else the caller named
 * @data_type: of IOMMU_HWPT_INVALIDATE
 * @nr_asked: entries that the caller asked for
 * @nr_done: entries that were done
 * @ret: 0 or a negative errno
 * @__reserved: 0
 */
struct iommufd_invalidate_event {
	__u64 ctx_cookie;
	__u64 duration_ns;
	__u32 id;
	__u32 data_type;
	__u32 nr_asked;
	__u32 nr_done;
	__s32 ret;
	__u32 __reserved;
};

/** enum iommufd_dirty_flags - &struct iommufd_dirty_event.flags */
enum iommufd_dirty_flags {
	IOMMUFD_DIRTY_CLEAR = 1, /* what is reported is not dirty any more */
};

/**
 * struct iommufd_dirty_event - tracepoints iommufd_dirty_start,
 *	iommufd_dirty_read, iommufd_dirty_stop
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS; 0 if the call named no HWPT that exists
 * @iova: read: first IOVA
 * @length: read: bytes
 * @page_size: read: bytes that a bit stands for
 * @dirty_bytes: read: bytes of IO pages that were reported, also when it
 *	failed midway; stop: all that was reported since the start
 * @duration_ns: the whole operation
 * @hwpt_id: the id that the caller gave
 * @ret: 0 or a negative errno
 * @flags: enum iommufd_dirty_flags
 * @__reserved: 0
 */
struct iommufd_dirty_event {
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 iova;
	__u64 length;
	__u64 page_size;
	__u64 dirty_bytes;
	__u64 duration_ns;
	__u32 hwpt_id;
	__s32 ret;
	__u32 flags;
	__u32 __reserved;
};

/** enum iommufd_answer_cause - who answers a device's faults */
enum iommufd_answer_cause {
	IOMMUFD_ANSWER_USER = 1, /* user space */
	IOMMUFD_ANSWER_DETACH = 2, /* nobody: their HWPT is not attached */
	IOMMUFD_ANSWER_CLOSE = 3, /* nobody: the queue's file is closed */
};

/**
 * struct iommufd_fault_event - tracepoints iommufd_fault, iommufd_response
 * @ctx_cookie: the context
 * @addr: fault: of the first fault of the group; else 0
 * @latency_ns: response: since the fault; 0 if nobody looked at it then
 * @queue_id: the fault queue
 * @device_id: the device; response: 0 if no such fault waits
 * @cookie: names the group in the answer
 * @pasid: fault: the PASID; 0: none
 * @grpid: fault: the device's name for the group
 * @perm: fault: enum iommu_hwpt_pgfault_perm, of the first one
 * @nr_faults: fault: how many one answer is for
 * @code: response: enum iommufd_page_response_code
 * @cause: response: enum iommufd_answer_cause
 * @ret: fault: 0: it is in the queue; a negative errno: the device was told
 *	that its access failed. response: 0; -EINVAL: user space's was wrong
 */
struct iommufd_fault_event {
	__u64 ctx_cookie;
	__u64 addr;
	__u64 latency_ns;
	__u32 queue_id;
	__u32 device_id;
	__u32 cookie;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 nr_faults;
	__u32 code;
	__u32 cause;
	__s32 ret;
};

/**
 * struct iommufd_process_event - tracepoint iommufd_change_process
 * @ctx_cookie: the context
 * @pages: pinned pages that changed their payer
 * @duration_ns: the whole operation, of which
 * @account_ns: charging limits
 * @nr_mems: pieces of memory that did, pinned or not
 * @tgid: who pays now, or would have
 * @uid: likewise
 * @ret: 0 or a negative errno
 */
struct iommufd_process_event {
	__u64 ctx_cookie;
	__u64 pages;
	__u64 duration_ns;
	__u64 account_ns;
	__u32 nr_mems;
	__s32 tgid;
	__u32 uid;
	__s32 ret;
};

/** enum iommufd_vfio_via - by which way a device is opened */
enum iommufd_vfio_via {
	IOMMUFD_VIA_CDEV = 1, /* /dev/vfio/devices/vfioN, by BIND_IOMMUFD */
	IOMMUFD_VIA_GROUP = 2, /* its group, which is in an iommufd */
	IOMMUFD_VIA_CONTAINER = 3, /* its group, in a container of VFIO's own */
};

/**
 * struct iommufd_vfio_event - tracepoints vfio_device_open, vfio_device_close,
 *	vfio_bind
 * @duration_ns: the whole operation
 * @index: N of vfioN
 * @devid: bind: its id in the context; else 0
 * @via: enum iommufd_vfio_via
 * @open_count: files that have it open now, this one included; close: left
 * @ret: 0 or a negative errno
 * @__reserved: 0
 * @device: dev_name() of what it is: the BDF of a PCI device
 *
 * Of vfio.ko. In which context a device is bound is told by iommufd_bind, or
 * iommufd_create of an emulated device's access, which comes first, from the
 * same task. A BIND opens the device: vfio_device_open comes before vfio_bind.
 */
struct iommufd_vfio_event {
	__u64 duration_ns;
	__u32 index;
	__u32 devid;
	__u32 via;
	__u32 open_count;
	__s32 ret;
	__u32 __reserved;
	char device[IOMMUFD_DEVNAME_LEN];
};

/**
 * struct iommufd_vfio_dma_event - tracepoints vfio_dma_map, vfio_dma_unmap
 * @container: names the container, as a cookie does, but it is none of
 *	iommufd's
 * @iova: first IOVA
 * @va: map: user address; else 0
 * @length: bytes asked for; ~0 for everything
 * @unmapped_bytes: unmap: bytes that were
 * @duration_ns: the whole operation, pinning included
 * @prot: map: enum iommufd_prot; else 0
 * @flags: of the VFIO structure
 * @ret: 0 or a negative errno
 * @__reserved: 0
 *
 * Of vfio.ko: VFIO_IOMMU_MAP_DMA and UNMAP_DMA of a container of VFIO's own, by
 * vfio_iommu_type1. What iommufd serves as a container is told by iommufd_map
 * and iommufd_unmap.
 */
struct iommufd_vfio_dma_event {
	__u64 container;
	__u64 iova;
	__u64 va;
	__u64 length;
	__u64 unmapped_bytes;
	__u64 duration_ns;
	__u32 prot;
	__u32 flags;
	__s32 ret;
	__u32 __reserved;
};

/**
 * struct iommufd_decision_event - tracepoint iommufd_policy_decision: what one
 *	policy answered
 * @policy_cookie: which
 * @ctx_cookie: the context
 * @ioas_cookie: the IOAS
 * @cgroup_id: whose request
 * @npages: pages asked for
 * @duration_ns: how long the program ran
 * @op: enum iommufd_op
 * @hook: enum iommufd_policy_hook: admit() or charge()
 * @ret: 0 or a negative errno
 * @workers: that the policy wished for, 0 if it did not; admit()
 * @chunk_bytes: likewise
 * @policy: its name
 *
 * What refuses is in iommufd_deny too.
 */
struct iommufd_decision_event {
	__u64 policy_cookie;
	__u64 ctx_cookie;
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 npages;
	__u64 duration_ns;
	__u32 op;
	__u32 hook;
	__s32 ret;
	__u32 workers;
	__u64 chunk_bytes;
	char policy[IOMMUFD_POLICY_NAME_LEN];
};

/**
 * struct iommufd_strike_event - tracepoint iommufd_policy_strike: a policy
 *	misbehaved
 * @cookie: the policy's
 * @value: what it answered, or how long it ran, ns
 * @hook: enum iommufd_policy_hook
 * @strikes: with this one; %IOMMUFD_POLICY_MAX_STRIKES eject it
 * @policy: its name
 */
struct iommufd_strike_event {
	__u64 cookie;
	__s64 value;
	__u32 hook;
	__u32 strikes;
	char policy[IOMMUFD_POLICY_NAME_LEN];
};

#endif
