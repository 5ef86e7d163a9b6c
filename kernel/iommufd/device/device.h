/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: bound to a context by a driver such as vfio-pci, attached to a
 * HWPT.
 */
#ifndef IOMMUFD_DEVICE_H
#define IOMMUFD_DEVICE_H

#include <linux/mutex.h>

#include "object.h"
#include "stats.h"

struct device;
struct hwpt;
struct ioas;
struct iommu_group;

/**
 * struct device_group - an IOMMU group, as one context uses it
 * @group: the IOMMU group, referenced
 * @nr_bound: devices bound; under the context's groups.lock
 * @lock: serialises attaching and detaching the group's devices
 * @hwpt: what the whole group is attached to, or NULL; one user reference;
 *	under @lock
 * @attached: struct iommufd_device.node; under @lock
 * @sw_msi_start: first IOVA of the software MSI window, or PHYS_ADDR_MAX;
 *	under @lock
 *
 * The IOMMU cannot tell the devices of a group apart, so all of them are
 * attached to the same HWPT, and none but this context may use any.
 */
struct device_group {
	struct iommu_group *group;
	unsigned int nr_bound;
	struct mutex lock;
	struct hwpt *hwpt;
	struct list_head attached;
	phys_addr_t sw_msi_start;
};

/**
 * struct iommufd_device - a device bound to a context
 * @obj: its object; the driver that bound it is its one user
 * @view: what BPF sees; under @group's lock, read under RCU
 * @ctx: its context, referenced by who bound it
 * @dev: the device; the driver that bound it keeps it alive
 * @group: its group
 * @attached: to group->hwpt; under @group's lock
 * @node: then, in group->attached
 */
struct iommufd_device {
	struct object obj;
	struct iommufd_device_view view;
	struct iommufd_ctx *ctx;
	struct device *dev;
	struct device_group *group;
	bool attached;
	struct list_head node;
};

/* group.c */
struct device_group *device_group_get(struct iommufd_ctx *ctx,
				      struct device *dev);
void device_group_put(struct iommufd_ctx *ctx, struct device_group *group);

/* group_attach.c */
int group_attach(struct iommufd_device *idev, struct hwpt *hwpt,
		 struct hwpt **old);
int group_replace(struct iommufd_device *idev, struct hwpt *hwpt,
		  struct hwpt **old);
void group_detach(struct iommufd_device *idev, struct hwpt **old);

/* attach.c */
int device_admit(struct iommufd_device *idev, struct ioas *ioas,
		 struct op_stats *st);

/* cmd_hw_info.c, cmd_hwpt.c: the ioctls */
struct ucmd;
int cmd_get_hw_info(struct ucmd *ucmd);
int cmd_hwpt_alloc(struct ucmd *ucmd);

/* reserved.c */
int device_reserve_regions(struct iommufd_device *idev, struct ioas *ioas);
void device_unreserve_regions(struct iommufd_device *idev, struct ioas *ioas);

/* bind.c */
struct iommufd_device *device_bind(struct iommufd_ctx *ctx, struct device *dev,
				   u32 *id);
void device_unbind(struct iommufd_device *idev);
extern bool allow_unsafe_interrupts;

#endif
