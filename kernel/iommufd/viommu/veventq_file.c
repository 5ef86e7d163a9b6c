// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_VEVENTQ_ALLOC, and the file that it gives: events are read from it.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd_ext.h>

#include "object_file.h"
#include "ucmd.h"
#include "viommu/viommu.h"

/* Each may take a hundred bytes, which nobody is charged. */
#define DEPTH_MAX BIT(19)

/* Is there something to read? */
static bool readable(struct veventq *queue)
{
	lockdep_assert_held(&queue->lock);
	return !list_empty(&queue->events) || queue->lost;
}

/*
 * Take what is read next: an event, or, with *event NULL, that the latest ones
 * are lost. Return: its size; 0: there is nothing; -EINVAL: it is larger than
 * @room, and stays.
 */
static ssize_t take_next(struct veventq *queue, size_t room,
			 struct iommufd_vevent_header *head,
			 struct vevent **event)
{
	ssize_t size = 0;

	mutex_lock(&queue->lock);
	*event = list_first_entry_or_null(&queue->events, struct vevent, node);
	if (readable(queue))
		size = sizeof(*head) + (*event ? (*event)->length : 0);
	if (size > room) {
		size = -EINVAL;
	} else if (*event) {
		/* It still counts: it may come back. */
		list_del(&(*event)->node);
		head->sequence = (*event)->sequence;
	} else if (size) {
		queue->lost = false;
		head->flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
		head->sequence = queue->lost_sequence;
	}
	mutex_unlock(&queue->lock);
	return size;
}

/* User space has it: then it is gone; or not: then it is next again. */
static void settle(struct veventq *queue, struct vevent *event,
		   const struct iommufd_vevent_header *head, bool done)
{
	mutex_lock(&queue->lock);
	if (event && done) {
		queue->nr_events--;
	} else if (event) {
		list_add(&event->node, &queue->events);
	} else if (!done && !readable(queue)) {
		/* An event that has come meanwhile tells it by its number. */
		queue->lost = true;
		queue->lost_sequence = head->sequence;
	}
	mutex_unlock(&queue->lock);
	if (done)
		kfree(event);
	else
		wake_up_interruptible_poll(&queue->wait,
					   EPOLLIN | EPOLLRDNORM);
}

/* Return: bytes; 0: there is nothing; -EINVAL: no room for it; -EFAULT. */
static ssize_t read_next(struct veventq *queue, char __user *to, size_t room)
{
	struct iommufd_vevent_header head = {};
	struct vevent *event;
	ssize_t size;
	bool done;

	lockdep_assert_held(&queue->read_lock);
	size = take_next(queue, room, &head, &event);
	if (size <= 0)
		return size;
	done = !copy_to_user(to, &head, sizeof(head)) &&
	       (!event || !copy_to_user(to + sizeof(head), event->data,
					event->length));
	settle(queue, event, &head, done);
	return done ? size : -EFAULT;
}

/*
 * As many whole events as there are and fit; never waits. Like every iommufd:
 * 0 if there is none, -EINVAL if the first one does not fit.
 */
static ssize_t veventq_read(struct file *file, char __user *buf, size_t count,
			    loff_t *pos)
{
	struct veventq *queue = file->private_data;
	size_t done = 0;
	ssize_t rc;

	if (count < sizeof(struct iommufd_vevent_header))
		return -EINVAL;
	if (mutex_lock_interruptible(&queue->read_lock))
		return -ERESTARTSYS;
	do {
		rc = read_next(queue, buf + done, count - done);
		if (rc > 0)
			done += rc;
		cond_resched();
	} while (rc > 0 && !signal_pending(current));
	mutex_unlock(&queue->read_lock);
	return done ?: rc;
}

static __poll_t veventq_poll(struct file *file, struct poll_table_struct *wait)
{
	struct veventq *queue = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &queue->wait, wait);
	mutex_lock(&queue->lock);
	if (readable(queue))
		mask = EPOLLIN | EPOLLRDNORM;
	mutex_unlock(&queue->lock);
	return mask;
}

static int veventq_release(struct inode *inode, struct file *file)
{
	struct veventq *queue = file->private_data;

	/* Never handed out. */
	if (!queue)
		return 0;
	veventq_close(queue);
	object_file_release(queue->ctx, &queue->obj);
	return 0;
}

static const struct file_operations veventq_fops = {
	.owner = THIS_MODULE,
	.read = veventq_read,
	.poll = veventq_poll,
	.release = veventq_release,
};

static int alloc_veventq(struct ucmd *ucmd, struct viommu *viommu)
{
	struct iommu_veventq_alloc *cmd = ucmd->cmd;
	struct iommufd_viommu *core = viommu->core;
	struct object_file of;
	struct veventq *queue;
	int rc;

	if (!core->ops->supports_veventq ||
	    !core->ops->supports_veventq(core, cmd->type))
		return -EOPNOTSUPP;
	queue = veventq_create(viommu, cmd->type, cmd->veventq_depth);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	rc = object_file_open(&of, "[iommufd-viommu-event]", &veventq_fops,
			      queue, O_RDONLY);
	if (rc)
		goto err_abort;
	cmd->out_veventq_id = queue->obj.id;
	cmd->out_veventq_fd = of.fd;
	rc = ucmd_respond(ucmd);
	if (rc)
		goto err_file;
	object_file_publish(&of, ucmd->ctx, &queue->obj);
	return 0;

err_file:
	object_file_abort(&of);
err_abort:
	veventq_abort(queue);
	return rc;
}

/**
 * cmd_veventq_alloc() - IOMMU_VEVENTQ_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags, or no events of this type; -EINVAL a
 * depth of nothing, or too much; -ENOENT no such virtual IOMMU; -EEXIST it has
 * a queue of this type; -EMFILE, -ENFILE no more files; -ENOMEM; -EFAULT.
 */
int cmd_veventq_alloc(struct ucmd *ucmd)
{
	struct iommu_veventq_alloc *cmd = ucmd->cmd;
	struct viommu *viommu;
	int rc;

	if (cmd->flags || cmd->__reserved ||
	    cmd->type == IOMMU_VEVENTQ_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!cmd->veventq_depth || cmd->veventq_depth > DEPTH_MAX)
		return -EINVAL;
	viommu = viommu_get(ucmd->ctx, cmd->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = alloc_veventq(ucmd, viommu);
	object_put(ucmd->ctx, &viommu->obj);
	return rc;
}
