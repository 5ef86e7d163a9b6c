// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event queues: what an IOMMU reports to a virtual machine, until user space
 * reads it. What does not fit is lost, and that is told: every event has a
 * number, lost or not, and where the latest are lost the last number is kept.
 */
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "viommu/viommu.h"

static void free_events(struct veventq *queue)
{
	struct vevent *event, *next;

	list_for_each_entry_safe(event, next, &queue->events, node)
		kfree(event);
	INIT_LIST_HEAD(&queue->events);
	queue->nr_events = 0;
	queue->lost = false;
}

static void veventq_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct veventq *queue = container_of(obj, struct veventq, obj);
	struct viommu *viommu = queue->viommu;

	down_write(&viommu->veventqs_lock);
	list_del(&queue->node);
	up_write(&viommu->veventqs_lock);
	/* Nobody reports to it any more, and it has no file. */
	free_events(queue);
	mutex_destroy(&queue->read_lock);
	mutex_destroy(&queue->lock);
	object_unuse(ctx, &viommu->obj);
}

static struct veventq *find_queue(struct viommu *viommu, unsigned int type)
{
	struct veventq *queue;

	lockdep_assert_held(&viommu->veventqs_lock);
	list_for_each_entry(queue, &viommu->veventqs, node)
		if (queue->type == type)
			return queue;
	return NULL;
}

/**
 * veventq_create() - a queue that events are reported to from here on
 * @viommu: the caller holds a busy reference
 * @type: of the events
 * @depth: events kept at most
 *
 * May sleep.
 * Return: the queue, for object_publish() or veventq_abort(); ERR_PTR: -EEXIST
 * there is one of that type; see object_reserve().
 */
struct veventq *veventq_create(struct viommu *viommu, unsigned int type,
			       u32 depth)
{
	struct iommufd_ctx *ctx = viommu->ctx;
	struct veventq *queue;

	queue = object_new(ctx, queue, OBJECT_VEVENTQ, veventq_destroy);
	if (IS_ERR(queue))
		return queue;
	queue->ctx = ctx;
	queue->viommu = viommu;
	queue->type = type;
	queue->depth = depth;
	mutex_init(&queue->read_lock);
	mutex_init(&queue->lock);
	INIT_LIST_HEAD(&queue->events);
	init_waitqueue_head(&queue->wait);

	down_write(&viommu->veventqs_lock);
	if (find_queue(viommu, type)) {
		up_write(&viommu->veventqs_lock);
		object_abort(ctx, &queue->obj);
		return ERR_PTR(-EEXIST);
	}
	list_add_tail(&queue->node, &viommu->veventqs);
	up_write(&viommu->veventqs_lock);
	object_use(ctx, &viommu->obj);
	return queue;
}

/**
 * veventq_abort() - give back what veventq_create() gave
 * @queue: not published
 */
void veventq_abort(struct veventq *queue)
{
	struct iommufd_ctx *ctx = queue->ctx;

	veventq_destroy(ctx, &queue->obj);
	object_abort(ctx, &queue->obj);
}

/**
 * veventq_close() - the file is closed: nobody will read any more
 * @queue: the queue
 *
 * May sleep.
 */
void veventq_close(struct veventq *queue)
{
	mutex_lock(&queue->lock);
	queue->closed = true;
	free_events(queue);
	mutex_unlock(&queue->lock);
}

/* @event: NULL: there was no memory for it. Keeps it, or frees it. */
static int push_event(struct veventq *queue, struct vevent *event)
{
	u32 sequence;
	int rc = 0;

	mutex_lock(&queue->lock);
	if (queue->closed) {
		mutex_unlock(&queue->lock);
		kfree(event);
		return -EOPNOTSUPP;
	}
	sequence = queue->next_sequence;
	queue->next_sequence = sequence == INT_MAX ? 0 : sequence + 1;
	if (event && queue->nr_events < queue->depth) {
		event->sequence = sequence;
		list_add_tail(&event->node, &queue->events);
		queue->nr_events++;
		/* Its number tells what was lost before it. */
		queue->lost = false;
	} else {
		rc = event ? 0 : -ENOMEM;
		kfree(event);
		queue->lost = true;
		queue->lost_sequence = sequence;
	}
	mutex_unlock(&queue->lock);
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
	return rc;
}

/**
 * iommufd_viommu_report_event() - tell a virtual machine of an event
 * @viommu: the virtual IOMMU; the caller sees to it that it stays
 * @type: of the event
 * @data: the event, in the uAPI's words
 * @length: of @data, bytes; the same for all events of a type
 *
 * May sleep: for a threaded interrupt handler.
 * Return: 0, also if the queue is full and the event lost, which user space is
 * told; -ENOMEM, likewise; -EOPNOTSUPP: nobody wants events of this type.
 */
int iommufd_viommu_report_event(struct iommufd_viommu *viommu,
				unsigned int type, const void *data,
				size_t length)
{
	struct viommu *v = viommu->priv;
	struct veventq *queue;
	struct vevent *event;
	int rc = -EOPNOTSUPP;

	down_read(&v->veventqs_lock);
	queue = find_queue(v, type);
	if (queue) {
		/* An interrupt thread has no cgroup to charge. */
		event = kmalloc(struct_size(event, data, length), GFP_KERNEL);
		if (event) {
			event->length = length;
			memcpy(event->data, data, length);
		}
		rc = push_event(queue, event);
	}
	up_read(&v->veventqs_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_report_event, IOMMUFD);
