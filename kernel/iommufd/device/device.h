/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: bound to a context by a driver such as vfio-pci, attached to a
 * HWPT.
 */
#ifndef IOMMUFD_DEVICE_H
#define IOMMUFD_DEVICE_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "object.h"
#include "stats.h"

struct device;
struct hwpt;
struct ioas;
struct iommu_group;
struct iommufd_attach_event;

/**
 * struct device_group - an IOMMU group, as one context uses it
 * @group: the IOMMU group, referenced
 * @nr_bound: devices bound; under the context's groups.lock
 * @lock: serialises attaching and detaching the group's devices
 * @attachments: struct attachment by PASID; under @lock
 * @sw_msi_start: first IOVA of the software MSI window, or PHYS_ADDR_MAX;
 *	under @lock
 *
 * The IOMMU cannot tell the devices of a group apart, so what one of them is
 * attached to the others are attached to or to nothing, and none but this
 * context may use any. PASIDs are for a device that is alone in its group.
 */
struct device_group {
	struct iommu_group *group;
	unsigned int nr_bound;
	struct mutex lock;
	struct xarray attachments;
	phys_addr_t sw_msi_start;
};

/**
 * struct attach_slot - what the IOMMU core holds while a HWPT is attached
 * @handle: by which it finds us again when a device faults
 * @attachment: whose slot it is; constant
 * @hwpt: the HWPT, while the slot is in use
 */
struct attach_slot {
	struct iommu_attach_handle handle;
	struct attachment *attachment;
	struct hwpt *hwpt;
};

/**
 * struct attachment - the HWPT that translates a PASID of a group
 * @group: the group
 * @pasid: the PASID; IOMMU_NO_PASID for DMA without one
 * @devices: struct attached_device.node, never empty; under the group's lock
 *	and @fault_lock
 * @fault_lock: serialises the delivery of faults, which comes without the
 *	group's lock, with what it depends on
 * @now: the slot of the HWPT that faults are delivered for; one user reference
 *	to the HWPT; under the group's lock and @fault_lock, so either will do
 *	to read
 * @slots: two, because during a replace the core may find either HWPT
 *
 * It lives from the first device's attach to the last one's detach.
 */
struct attachment {
	struct device_group *group;
	ioasid_t pasid;
	struct list_head devices;
	struct mutex fault_lock;
	struct attach_slot *now;
	struct attach_slot slots[2];
};

/**
 * struct attached_device - a device of an attachment
 * @node: in attachment.devices
 * @idev: the device
 */
struct attached_device {
	struct list_head node;
	struct iommufd_device *idev;
};

/**
 * struct iommufd_device - a device bound to a context
 * @obj: its object; the driver that bound it is its one user
 * @view: what BPF sees; under @group's lock, read under RCU
 * @ctx: its context, referenced by who bound it
 * @dev: the device; the driver that bound it keeps it alive
 * @group: its group
 * @nr_attached: attachments it is in; under @group's lock
 * @nr_fault_users: those of them whose HWPT wants its faults; likewise
 * @vdev: the object by which a virtual machine knows it, or NULL; what follows
 *	is viommu/'s, and under xa_lock of the context's objects
 * @drop_vdev: destroys @vdev, for good; set with the first one
 * @unbinding: no @vdev comes any more
 */
struct iommufd_device {
	struct object obj;
	struct iommufd_device_view view;
	struct iommufd_ctx *ctx;
	struct device *dev;
	struct device_group *group;
	unsigned int nr_attached;
	unsigned int nr_fault_users;
	struct object *vdev;
	void (*drop_vdev)(struct iommufd_device *idev);
	bool unbinding;
};

/* group.c */
struct device_group *device_group_get(struct iommufd_ctx *ctx,
				      struct device *dev);
void device_group_put(struct iommufd_ctx *ctx, struct device_group *group);
bool device_is_alone(struct iommufd_device *idev);

/* group_attach.c */
int group_attach(struct iommufd_device *idev, ioasid_t pasid,
		 struct hwpt *hwpt, struct hwpt **old);
int group_replace(struct iommufd_device *idev, ioasid_t pasid,
		  struct hwpt *hwpt, struct hwpt **old);
void group_detach(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_attach_event *ev, struct hwpt **old);

/* attachment.c */
struct attachment *attachment_create(struct device_group *group,
				     ioasid_t pasid);
void attachment_free(struct attachment *att);
int attachment_connect(struct attachment *att, struct device *dev,
		       struct hwpt *hwpt);
int attachment_switch(struct attachment *att, struct hwpt *hwpt);
void attachment_disconnect(struct attachment *att, struct device *dev);
void device_set_pasid_replacer(const struct iommu_ops *ops);

/* fault.c */
int device_deliver_fault(struct iopf_group *faults);
bool device_may_fault(struct iommufd_device *idev);
int device_enable_faults(struct iommufd_device *idev);
void device_disable_faults(struct iommufd_device *idev);

/* attach.c */
int device_admit(struct iommufd_device *idev, struct ioas *ioas,
		 struct op_stats *st);

/* cmd_hw_info.c, cmd_hwpt.c: the ioctls */
struct ucmd;
int cmd_get_hw_info(struct ucmd *ucmd);
int cmd_hwpt_alloc(struct ucmd *ucmd);

/* Makes a HWPT of what an id stands for, for hwpt_alloc_by(). */
struct iommu_hwpt_alloc;
struct iommu_user_data;
typedef struct hwpt *(*make_hwpt_fn)(struct ucmd *ucmd,
				     struct iommufd_device *idev,
				     struct object *pt, struct op_stats *st);
int hwpt_alloc_by(struct ucmd *ucmd, make_hwpt_fn make);
struct hwpt *make_hwpt(struct ucmd *ucmd, struct iommufd_device *idev,
		       struct object *pt, struct op_stats *st);
int hwpt_nested_args(const struct iommu_hwpt_alloc *cmd, u32 *flags,
		     struct iommu_user_data *data);

/* reserved.c */
int device_reserve_regions(struct iommufd_device *idev, struct ioas *ioas);
void device_unreserve_regions(struct iommufd_device *idev, struct ioas *ioas);

/* bind.c */
struct iommufd_device *device_bind(struct iommufd_ctx *ctx, struct device *dev,
				   u32 *id);
void device_unbind(struct iommufd_device *idev);
extern bool allow_unsafe_interrupts;

#endif
