/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual IOMMUs: slices of a physical IOMMU, each for one virtual machine, and
 * what belongs to them: virtual devices, event queues, hardware queues, and
 * registers that user space maps.
 *
 * All of these use the virtual IOMMU, which uses the nesting parent, which uses
 * the IOAS; so they go in that order. A driver's half of each is an allocation
 * of its own, which it knows by <linux/iommufd_viommu.h>.
 *
 * Built only with VIOMMU=1.
 *
 * Lock order, in front of what object.h says:
 *
 *   viommu.hw_queue_lock < the driver's < viommu.vdevs_lock
 *   the IOMMU core's lock of a group < viommu.vdevs_lock
 *   viommu.veventqs_lock < veventq.lock
 *   ctx.mmaps < ctx.objects.xa_lock
 */
#ifndef IOMMUFD_VIOMMU_H
#define IOMMUFD_VIOMMU_H

#include <linux/iommufd_viommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "object.h"

struct file;
struct hwpt;
struct iommufd_device;
struct ucmd;
struct vm_area_struct;

/**
 * struct viommu - iommufd's half of a virtual IOMMU
 * @obj: its object; its users are all that belongs to it, nested HWPTs made
 *	of it, and memory mappings of its registers
 * @ctx: its context
 * @core: the driver's half
 * @driver: whose it is; its module is held
 * @parent: the nesting parent; a user of it
 * @vdevs_lock: virtual devices neither come nor go
 * @vdevs: virtual id to struct vdevice; under @vdevs_lock
 * @veventqs_lock: written by event queues that come and go, read by who
 *	reports an event
 * @veventqs: struct veventq.node; under @veventqs_lock
 * @hw_queue_lock: hardware queues come one at a time, because they may depend
 *	on each other
 */
struct viommu {
	struct object obj;
	struct iommufd_ctx *ctx;
	struct iommufd_viommu *core;
	struct iommufd_viommu_driver *driver;
	struct hwpt *parent;
	struct mutex vdevs_lock;
	struct xarray vdevs;
	struct rw_semaphore veventqs_lock;
	struct list_head veventqs;
	struct mutex hw_queue_lock;
};

/**
 * struct vdevice - iommufd's half of a virtual device
 * @obj: its object; nothing uses it
 * @ctx: its context
 * @core: the driver's half
 * @viommu: a user of it
 * @idev: the device, which waits for us when it is unbound
 * @listed: it is in viommu.vdevs
 */
struct vdevice {
	struct object obj;
	struct iommufd_ctx *ctx;
	struct iommufd_vdevice *core;
	struct viommu *viommu;
	struct iommufd_device *idev;
	bool listed;
};

/**
 * struct veventq - a queue of events, and the file that user space has of it
 * @obj: its object; its user is the file while it is open
 * @ctx: its context; the open file has a reference
 * @viommu: a user of it
 * @node: in viommu.veventqs
 * @type: enum iommu_veventq_type
 * @depth: events kept at most
 * @read_lock: one reader at a time, so that events stay in order; the only
 *	lock that is held while user memory is touched
 * @lock: guards what follows
 * @closed: the file is closed: nobody will ever read
 * @events: struct vevent.node, oldest first
 * @nr_events: those in it, and the one that is just being read
 * @next_sequence: the number of the next event, kept or lost
 * @lost: the latest events are lost; the last of them was @lost_sequence
 * @lost_sequence: see there
 * @wait: for something to read
 */
struct veventq {
	struct object obj;
	struct iommufd_ctx *ctx;
	struct viommu *viommu;
	struct list_head node;
	unsigned int type;
	u32 depth;
	struct mutex read_lock;
	struct mutex lock;
	bool closed;
	struct list_head events;
	u32 nr_events;
	u32 next_sequence;
	bool lost;
	u32 lost_sequence;
	wait_queue_head_t wait;
};

/**
 * struct vevent - an event in a queue
 * @node: in veventq.events
 * @sequence: its number
 * @length: of @data, bytes
 * @data: the driver's, in the uAPI's words
 */
struct vevent {
	struct list_head node;
	u32 sequence;
	size_t length;
	u8 data[] __counted_by(length);
};

/**
 * struct hw_queue - iommufd's half of a hardware queue
 * @obj: its object; its users are queues that depend on it
 * @ctx: its context
 * @core: the driver's half
 * @viommu: a user of it
 * @first: its memory's first IOVA, in the IOAS of the nesting parent
 * @last: its last
 */
struct hw_queue {
	struct object obj;
	struct iommufd_ctx *ctx;
	struct iommufd_hw_queue *core;
	struct viommu *viommu;
	unsigned long first;
	unsigned long last;
};

/* The virtual IOMMU behind an id, with a busy reference for object_put(). */
static inline struct viommu *viommu_get(struct iommufd_ctx *ctx, u32 id)
{
	return (struct viommu *)object_get(ctx, id, OBJECT_VIOMMU);
}

/* driver.c */
struct iommufd_viommu_driver *viommu_driver_get(struct device *dev);
void viommu_driver_put(struct iommufd_viommu_driver *driver);

/* viommu.c */
bool viommu_is_of(const struct viommu *viommu,
		  const struct iommufd_device *idev);
int cmd_viommu_alloc(struct ucmd *ucmd);
int cmd_hwpt_alloc_any(struct ucmd *ucmd);
int cmd_invalidate_any(struct ucmd *ucmd);

/* vdevice.c */
int cmd_vdevice_alloc(struct ucmd *ucmd);

/* veventq.c */
struct veventq *veventq_create(struct viommu *viommu, unsigned int type,
			       u32 depth);
void veventq_abort(struct veventq *queue);
void veventq_close(struct veventq *queue);

/* veventq_file.c */
int cmd_veventq_alloc(struct ucmd *ucmd);

/* hw_queue.c */
int cmd_hw_queue_alloc(struct ucmd *ucmd);

/* mmap.c */
int viommu_mmap(struct file *file, struct vm_area_struct *vma);

#endif
