/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The devices of a VFIO container. No lock can be taken: every pointer is read
 * by a probe that fails instead of faulting, every loop is bounded.
 *
 * Who includes it has defined, before, what becomes of them:
 *	t1_device()	true: this one was looked for, no more of them
 */
#ifndef TOOL_T1DEVICE_BPF_H
#define TOOL_T1DEVICE_BPF_H

#include "type1.bpf.h"

#define T1_MAX_GROUPS 256
#define T1_MAX_DEVICES 64

static __always_inline bool t1_device(void *arg, struct vfio_device *vdev, __u32 group);

/* In the kernel. */
static __always_inline const char *t1_device_name(struct vfio_device *vdev)
{
	struct device *dev = BPF_CORE_READ(vdev, dev);
	const char *name = BPF_CORE_READ(dev, init_name);

	return name ? name : BPF_CORE_READ(dev, kobj.name);
}

static __noinline bool t1_group_devices(void *arg, __u64 addr)
{
	struct vfio_group *group = (void *)addr;
	__u64 head = addr + bpf_core_field_offset(struct vfio_group, device_list);
	__u64 pos = (__u64)BPF_CORE_READ(group, device_list.next);
	__u32 id = BPF_CORE_READ(group, iommu_group, id);
	struct vfio_device *vdev;
	int i;

	bpf_for(i, 0, T1_MAX_DEVICES) {
		if (!pos || pos == head)
			break;
		vdev = (void *)(pos - bpf_core_field_offset(struct vfio_device, group_next));
		/* Not all devices of a group need be in use. */
		if (BPF_CORE_READ(vdev, open_count) && t1_device(arg, vdev, id))
			return true;
		pos = (__u64)BPF_CORE_READ((struct list_head *)pos, next);
	}
	return false;
}

/* t1_device() of those that are in use, with @arg. */
static __noinline int t1_devices(void *arg, __u64 container)
{
	__u64 head = container + bpf_core_field_offset(struct vfio_container, group_list);
	__u64 pos = (__u64)BPF_CORE_READ((struct list_head *)head, next);
	int i;

	bpf_for(i, 0, T1_MAX_GROUPS) {
		if (!pos || pos == head)
			break;
		if (t1_group_devices(arg, pos - bpf_core_field_offset(struct vfio_group,
								      container_next)))
			break;
		pos = (__u64)BPF_CORE_READ((struct list_head *)pos, next);
	}
	return 0;
}

#endif
