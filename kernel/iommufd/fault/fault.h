/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault queues: page faults of devices on their way to user space, and the
 * answers on their way back.
 *
 * Knows struct iopf_group, which the IOMMU core makes of a device's page
 * requests; does not know HWPTs or what is attached to them. Each group of
 * faults belongs to the queue from fault_queue_deliver() to its answer, which
 * every one of them gets: user space's; or, when the HWPT is detached or the
 * queue's file is closed, that the access failed.
 */
#ifndef IOMMUFD_FAULT_H
#define IOMMUFD_FAULT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "object.h"

struct iopf_group;
struct ucmd;

/**
 * struct fault_queue - a queue, and the file that user space has of it
 * @obj: its object; its users are HWPTs, and the file while it is open
 * @ctx: the context; the open file has a reference
 * @read_lock: one reader at a time, so that faults stay in order; the only
 *	lock that is held while user memory is touched, which can take for ever
 * @lock: guards what follows
 * @closed: the file is closed: nobody will ever answer
 * @unread: struct fault.node, oldest first
 * @faults: struct fault by cookie, unread or not
 * @next_cookie: where to look for a free one
 * @wait: for a fault to read
 */
struct fault_queue {
	struct object obj;
	struct iommufd_ctx *ctx;
	struct mutex read_lock;
	struct mutex lock;
	bool closed;
	struct list_head unread;
	struct xarray faults;
	u32 next_cookie;
	wait_queue_head_t wait;
};

/**
 * struct fault - a group of faults in a queue
 * @node: in fault_queue.unread, if @read is not set
 * @group: the faults, which the device wants one answer to
 * @owner: for whom it was delivered
 * @dev_id: the device
 * @cookie: names it in the answer
 * @read: user space has read it, or is just reading it: it can be answered
 * @begin: when it was delivered, from event_begin()
 */
struct fault {
	struct list_head node;
	struct iopf_group *group;
	const void *owner;
	u32 dev_id;
	u32 cookie;
	bool read;
	u64 begin;
};

/* queue.c */
struct fault_queue *fault_queue_create(struct iommufd_ctx *ctx);
void fault_queue_abort(struct fault_queue *queue);
int fault_queue_deliver(struct fault_queue *queue, struct iopf_group *group,
			u32 dev_id, const void *owner);
void fault_queue_flush(struct fault_queue *queue, const void *owner);
void fault_queue_close(struct fault_queue *queue);
int fault_queue_answer(struct fault_queue *queue, u32 cookie, u32 code);

/* file.c */
int cmd_fault_queue_alloc(struct ucmd *ucmd);

#endif
