// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_FAULT_QUEUE_ALLOC, and the file that it gives: faults are read from
 * it, answers are written to it.
 */
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "fault/fault.h"
#include "object_file.h"
#include "ucmd.h"

/* The bits that the core hands on mean the same in the uAPI. */
static_assert(IOMMU_FAULT_PAGE_REQUEST_PASID_VALID ==
	      (int)IOMMU_PGFAULT_FLAGS_PASID_VALID);
static_assert(IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE ==
	      (int)IOMMU_PGFAULT_FLAGS_LAST_PAGE);
static_assert(IOMMU_FAULT_PERM_READ == (int)IOMMU_PGFAULT_PERM_READ);
static_assert(IOMMU_FAULT_PERM_WRITE == (int)IOMMU_PGFAULT_PERM_WRITE);
static_assert(IOMMU_FAULT_PERM_EXEC == (int)IOMMU_PGFAULT_PERM_EXEC);
static_assert(IOMMU_FAULT_PERM_PRIV == (int)IOMMU_PGFAULT_PERM_PRIV);
static_assert(IOMMU_PAGE_RESP_SUCCESS == (int)IOMMUFD_PAGE_RESP_SUCCESS);
static_assert(IOMMU_PAGE_RESP_INVALID == (int)IOMMUFD_PAGE_RESP_INVALID);

/* Say a group of faults in the uAPI's words. */
static void describe(const struct fault *fault, struct iommu_hwpt_pgfault *out)
{
	const struct iopf_fault *iopf;

	list_for_each_entry(iopf, &fault->group->faults, list) {
		const struct iommu_fault_page_request *prm = &iopf->fault.prm;

		*out++ = (struct iommu_hwpt_pgfault) {
			.flags = prm->flags & (IOMMU_PGFAULT_FLAGS_PASID_VALID |
					       IOMMU_PGFAULT_FLAGS_LAST_PAGE),
			.dev_id = fault->dev_id,
			.pasid = prm->pasid,
			.grpid = prm->grpid,
			.perm = prm->perm,
			.addr = prm->addr,
			.cookie = fault->cookie,
		};
	}
}

static struct fault *first_unread(struct fault_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	return list_first_entry_or_null(&queue->unread, struct fault, node);
}

/* How many faults the next group has; 0: there is none. */
static size_t next_count(struct fault_queue *queue)
{
	struct fault *fault;
	size_t n;

	mutex_lock(&queue->lock);
	fault = first_unread(queue);
	n = fault ? fault->group->fault_count : 0;
	mutex_unlock(&queue->lock);
	return n;
}

/*
 * Take the next group, if it has @n faults. Marked as read before user space
 * has it, so that who sees it there can answer at once.
 */
static u32 take_group(struct fault_queue *queue, size_t n,
		      struct iommu_hwpt_pgfault *out)
{
	struct fault *fault;
	u32 cookie = 0;

	mutex_lock(&queue->lock);
	fault = first_unread(queue);
	if (fault && fault->group->fault_count == n) {
		describe(fault, out);
		list_del_init(&fault->node);
		fault->read = true;
		cookie = fault->cookie;
	}
	mutex_unlock(&queue->lock);
	return cookie;
}

/* User space did not get it after all. */
static void put_back(struct fault_queue *queue, u32 cookie)
{
	struct fault *fault;

	mutex_lock(&queue->lock);
	fault = xa_load(&queue->faults, cookie);
	/* Somebody may have answered it, and its cookie be another's now. */
	if (fault && fault->read) {
		fault->read = false;
		list_add(&fault->node, &queue->unread);
	}
	mutex_unlock(&queue->lock);
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
}

/*
 * Read one group. Return: how many faults; 0: there is none, or it has more
 * than @room; -EFAULT, -ENOMEM.
 */
static ssize_t read_group(struct fault_queue *queue,
			  struct iommu_hwpt_pgfault __user *to, size_t room)
{
	struct iommu_hwpt_pgfault *buf;
	ssize_t rc;
	u32 cookie;
	size_t n;

	lockdep_assert_held(&queue->read_lock);
	while ((n = next_count(queue)) && n <= room) {
		buf = kvcalloc(n, sizeof(*buf), GFP_KERNEL_ACCOUNT);
		if (!buf)
			return -ENOMEM;
		cookie = take_group(queue, n, buf);
		rc = n;
		if (cookie && copy_to_user(to, buf, n * sizeof(*buf))) {
			put_back(queue, cookie);
			rc = -EFAULT;
		}
		kvfree(buf);
		if (cookie)
			return rc;
		/* It was flushed meanwhile: look at the one behind it. */
	}
	return 0;
}

/*
 * As many whole groups as there are and fit; never waits. Like every iommufd:
 * 0 if there is none, and if the first one does not fit.
 */
static ssize_t fault_read(struct file *file, char __user *buf, size_t count,
			  loff_t *pos)
{
	struct iommu_hwpt_pgfault __user *to = (void __user *)buf;
	struct fault_queue *queue = file->private_data;
	size_t room = count / sizeof(*to);
	size_t done = 0;
	ssize_t rc;

	if (count % sizeof(*to))
		return -ESPIPE;
	if (mutex_lock_interruptible(&queue->read_lock))
		return -ERESTARTSYS;
	do {
		rc = read_group(queue, to + done, room - done);
		if (rc > 0)
			done += rc;
	} while (rc > 0 && !signal_pending(current));
	mutex_unlock(&queue->read_lock);
	return done ? done * sizeof(*to) : rc;
}

/* Stops at the first answer that is wrong; says how many bytes were right. */
static ssize_t fault_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	const struct iommu_hwpt_page_response __user *from =
		(const void __user *)buf;
	struct fault_queue *queue = file->private_data;
	struct iommu_hwpt_page_response answer;
	size_t n = count / sizeof(answer);
	size_t done = 0;
	int rc = 0;

	if (count % sizeof(answer))
		return -ESPIPE;
	while (done < n) {
		if (copy_from_user(&answer, from + done, sizeof(answer)))
			rc = -EFAULT;
		else
			rc = fault_queue_answer(queue, answer.cookie,
						answer.code);
		if (rc || (++done < n && signal_pending(current)))
			break;
	}
	return done ? done * sizeof(answer) : rc;
}

static __poll_t fault_poll(struct file *file, struct poll_table_struct *wait)
{
	struct fault_queue *queue = file->private_data;
	/* An answer never has to wait. */
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &queue->wait, wait);
	mutex_lock(&queue->lock);
	if (first_unread(queue))
		mask |= EPOLLIN | EPOLLRDNORM;
	mutex_unlock(&queue->lock);
	return mask;
}

static int fault_release(struct inode *inode, struct file *file)
{
	struct fault_queue *queue = file->private_data;

	/* Never handed out. */
	if (!queue)
		return 0;
	fault_queue_close(queue);
	object_file_release(queue->ctx, &queue->obj);
	return 0;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.read = fault_read,
	.write = fault_write,
	.poll = fault_poll,
	.release = fault_release,
};

/**
 * cmd_fault_queue_alloc() - IOMMU_FAULT_QUEUE_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EMFILE, -ENFILE no more files;
 * -ENOMEM; -EFAULT.
 */
int cmd_fault_queue_alloc(struct ucmd *ucmd)
{
	struct iommu_fault_alloc *cmd = ucmd->cmd;
	struct fault_queue *queue;
	struct object_file of;
	int rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	queue = fault_queue_create(ucmd->ctx);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	rc = object_file_open(&of, "[iommufd-fault]", &fault_fops, queue,
			      O_RDWR);
	if (rc)
		goto err_abort;
	cmd->out_fault_id = queue->obj.id;
	cmd->out_fault_fd = of.fd;
	rc = ucmd_respond(ucmd);
	if (rc)
		goto err_file;
	object_file_publish(&of, ucmd->ctx, &queue->obj);
	return 0;

err_file:
	object_file_abort(&of);
err_abort:
	fault_queue_abort(queue);
	return rc;
}
