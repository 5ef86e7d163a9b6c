// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: what is in them, and how it is answered.
 */
#include <linux/iommu.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "fault/fault.h"
#include "stats.h"
#include "trace_object.h"

static void fault_queue_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct fault_queue *queue = container_of(obj, struct fault_queue, obj);

	/* There is neither a file nor a HWPT any more. */
	WARN_ON(!xa_empty(&queue->faults));
	xa_destroy(&queue->faults);
	mutex_destroy(&queue->read_lock);
	mutex_destroy(&queue->lock);
}

/**
 * fault_queue_create() - an empty queue
 * @ctx: the context
 *
 * May sleep.
 * Return: the queue, for object_publish() or fault_queue_abort(); ERR_PTR, see
 * object_reserve().
 */
struct fault_queue *fault_queue_create(struct iommufd_ctx *ctx)
{
	struct fault_queue *queue;

	queue = object_new(ctx, queue, OBJECT_FAULT, fault_queue_destroy);
	if (IS_ERR(queue))
		return queue;
	queue->ctx = ctx;
	mutex_init(&queue->read_lock);
	mutex_init(&queue->lock);
	INIT_LIST_HEAD(&queue->unread);
	xa_init_flags(&queue->faults, XA_FLAGS_ALLOC1);
	init_waitqueue_head(&queue->wait);
	return queue;
}

/**
 * fault_queue_abort() - give back what fault_queue_create() gave
 * @queue: not published
 */
void fault_queue_abort(struct fault_queue *queue)
{
	fault_queue_destroy(queue->ctx, &queue->obj);
	object_abort(queue->ctx, &queue->obj);
}

/* @fault: NULL: there is none with that cookie. */
static noinline void report_answer(const struct fault_queue *queue,
				   const struct fault *fault, u32 cookie,
				   u32 code, enum iommufd_answer_cause cause,
				   int rc)
{
	struct iommufd_fault_event ev = {
		.ctx_cookie = queue->ctx->view.cookie,
		.latency_ns = fault ? event_duration(fault->begin) : 0,
		.queue_id = queue->obj.id,
		.device_id = fault ? fault->dev_id : 0,
		.cookie = cookie,
		.code = code,
		.cause = cause,
		.ret = rc,
	};

	trace_iommufd_response(&ev);
}

/* Nobody answers it before it is reported: the queue is locked. */
static noinline void report_fault(const struct fault_queue *queue,
				  const struct fault *fault, int rc)
{
	const struct iopf_fault *first =
		list_first_entry(&fault->group->faults, struct iopf_fault,
				 list);
	const struct iommu_fault_page_request *prm = &first->fault.prm;
	struct iommufd_fault_event ev = {
		.ctx_cookie = queue->ctx->view.cookie,
		.addr = prm->addr,
		.queue_id = queue->obj.id,
		.device_id = fault->dev_id,
		.cookie = rc ? 0 : fault->cookie,
		.grpid = prm->grpid,
		.perm = prm->perm,
		.nr_faults = fault->group->fault_count,
		.ret = rc,
	};

	lockdep_assert_held(&queue->lock);
	if (prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)
		ev.pasid = prm->pasid;
	trace_iommufd_fault(&ev);
}

/*
 * Under the lock to the end: when a device's faults are switched off, the
 * IOMMU core frees what has not been answered. Whoever does that flushes the
 * queue first, and so finds it answered or does it here.
 */
static void answer_locked(struct fault_queue *queue, struct fault *fault,
			  enum iommu_page_response_code code,
			  enum iommufd_answer_cause cause)
{
	lockdep_assert_held(&queue->lock);
	if (trace_iommufd_response_enabled())
		report_answer(queue, fault, fault->cookie, code, cause, 0);
	if (!list_empty(&fault->node))
		list_del(&fault->node);
	xa_erase(&queue->faults, fault->cookie);
	iopf_group_response(fault->group, code);
	iopf_free_group(fault->group);
	kfree(fault);
}

/**
 * fault_queue_deliver() - a device waits for user space
 * @queue: the queue
 * @group: the faults; the queue's from here on
 * @dev_id: the device's id in the context
 * @owner: for fault_queue_flush()
 *
 * How many there can be is the device's credit, which the IOMMU's driver
 * limits. May sleep.
 * Return: 0; -ENODEV: the file is closed; -ENOMEM; -EBUSY: no cookie is left.
 * @group is still the caller's then.
 */
int fault_queue_deliver(struct fault_queue *queue, struct iopf_group *group,
			u32 dev_id, const void *owner)
{
	/* On the time of an interrupt thread, which has no cgroup to charge. */
	struct fault *fault = kzalloc(sizeof(*fault), GFP_KERNEL);
	int rc;

	if (!fault)
		return -ENOMEM;
	fault->group = group;
	fault->owner = owner;
	fault->dev_id = dev_id;
	fault->begin = event_begin(trace_iommufd_response_enabled());

	mutex_lock(&queue->lock);
	if (queue->closed)
		rc = -ENODEV;
	else
		rc = xa_alloc_cyclic(&queue->faults, &fault->cookie, fault,
				     xa_limit_32b, &queue->next_cookie,
				     GFP_KERNEL);
	if (rc >= 0)
		list_add_tail(&fault->node, &queue->unread);
	if (trace_iommufd_fault_enabled())
		report_fault(queue, fault, min(rc, 0));
	mutex_unlock(&queue->lock);
	if (rc < 0) {
		kfree(fault);
		return rc;
	}
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

static void answer_all(struct fault_queue *queue, const void *owner,
		       enum iommufd_answer_cause cause)
{
	struct fault *fault;
	unsigned long cookie;

	xa_for_each(&queue->faults, cookie, fault)
		if (!owner || fault->owner == owner)
			answer_locked(queue, fault, IOMMU_PAGE_RESP_INVALID,
				      cause);
}

/**
 * fault_queue_flush() - tell the devices of an owner that their accesses failed
 * @queue: the queue
 * @owner: delivers nothing any more
 *
 * What user space has read but not answered is answered too; it will find that
 * the cookie means nothing any more. May sleep.
 */
void fault_queue_flush(struct fault_queue *queue, const void *owner)
{
	mutex_lock(&queue->lock);
	answer_all(queue, owner, IOMMUFD_ANSWER_DETACH);
	mutex_unlock(&queue->lock);
}

/**
 * fault_queue_close() - the file is closed: all accesses fail, now and later
 * @queue: the queue
 *
 * May sleep.
 */
void fault_queue_close(struct fault_queue *queue)
{
	mutex_lock(&queue->lock);
	queue->closed = true;
	answer_all(queue, NULL, IOMMUFD_ANSWER_CLOSE);
	mutex_unlock(&queue->lock);
}

/**
 * fault_queue_answer() - user space's answer to a group of faults
 * @queue: the queue
 * @cookie: from user space
 * @code: likewise
 *
 * May sleep.
 * Return: 0; -EINVAL: no such code, or nothing that has been read and not yet
 * answered has that cookie.
 */
int fault_queue_answer(struct fault_queue *queue, u32 cookie, u32 code)
{
	struct fault *fault;
	int rc = -EINVAL;

	/* The numbers of the uAPI. The device's last one is not user space's. */
	if (code != IOMMU_PAGE_RESP_SUCCESS && code != IOMMU_PAGE_RESP_INVALID)
		return -EINVAL;
	mutex_lock(&queue->lock);
	fault = xa_load(&queue->faults, cookie);
	if (fault && fault->read) {
		answer_locked(queue, fault, code, IOMMUFD_ANSWER_USER);
		rc = 0;
	} else if (trace_iommufd_response_enabled()) {
		report_answer(queue, NULL, cookie, code, IOMMUFD_ANSWER_USER,
			      rc);
	}
	mutex_unlock(&queue->lock);
	return rc;
}
