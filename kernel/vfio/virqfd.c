// SPDX-License-Identifier: GPL-2.0-only
/*
 * virqfds: eventfds of the user that call into a driver when signalled (an
 * INTx unmask, for example).
 *
 * Owns the struct virqfd from enable to shutdown. A driver keeps one pointer
 * to it, which two parties may clear: the driver, when it disables the
 * virqfd, and the eventfd's wakeup, when the user closes it first. Both do so
 * under virqfd_lock, and whoever clears it queues the shutdown, so it runs
 * once. Shutdowns run on a queue of their own that the driver can wait for.
 */
#include <linux/vfio.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "vfio.h"

static struct workqueue_struct *virqfd_wq;
static DEFINE_SPINLOCK(virqfd_lock);

/* Let the driver see the event, in its fast part and then its slow one. */
static void virqfd_event(struct virqfd *virqfd)
{
	if (virqfd->handler && !virqfd->handler(virqfd->opaque, virqfd->data))
		return;
	if (virqfd->thread)
		schedule_work(&virqfd->inject);
}

static void virqfd_inject_work(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, inject);

	virqfd->thread(virqfd->opaque, virqfd->data);
}

static void virqfd_flush_work(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, flush_inject);

	flush_work(&virqfd->inject);
}

static void virqfd_shutdown_work(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, shutdown);
	u64 count;

	/* After this no wakeup comes; then nothing can queue inject again. */
	eventfd_ctx_remove_wait_queue(virqfd->eventfd, &virqfd->wait, &count);
	flush_work(&virqfd->inject);

	eventfd_ctx_put(virqfd->eventfd);
	kfree(virqfd);
}

/* Take the virqfd from its owner and queue its end; virqfd_lock is held. */
static void virqfd_deactivate(struct virqfd **pvirqfd)
{
	lockdep_assert_held(&virqfd_lock);

	queue_work(virqfd_wq, &(*pvirqfd)->shutdown);
	*pvirqfd = NULL;
}

/* Called by the eventfd, with its wait queue locked and interrupts off. */
static int virqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync,
			 void *key)
{
	struct virqfd *virqfd = container_of(wait, struct virqfd, wait);
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(virqfd->eventfd, &count);
		virqfd_event(virqfd);
	}

	if (events & EPOLLHUP) {
		spin_lock_irqsave(&virqfd_lock, flags);
		/* Unless the driver was faster. */
		if (*virqfd->pvirqfd == virqfd)
			virqfd_deactivate(virqfd->pvirqfd);
		spin_unlock_irqrestore(&virqfd_lock, flags);
	}
	return 0;
}

static void virqfd_queue_proc(struct file *file, wait_queue_head_t *head,
			      poll_table *pt)
{
	struct virqfd *virqfd = container_of(pt, struct virqfd, pt);

	add_wait_queue(head, &virqfd->wait);
}

/* Make the virqfd the driver's, unless it has one. */
static int virqfd_publish(struct virqfd *virqfd)
{
	int ret = -EBUSY;

	spin_lock_irq(&virqfd_lock);
	if (!*virqfd->pvirqfd) {
		*virqfd->pvirqfd = virqfd;
		ret = 0;
	}
	spin_unlock_irq(&virqfd_lock);
	return ret;
}

/**
 * vfio_virqfd_enable() - call a driver when an eventfd is signalled
 * @opaque: first argument of both functions
 * @handler: called at once, in atomic context; returns nonzero if @thread
 *	shall run. May be NULL, which means nonzero
 * @thread: called later, may sleep; may be NULL
 * @data: second argument of both
 * @pvirqfd: the driver's pointer, NULL before; cleared when the eventfd is
 *	closed, or by vfio_virqfd_disable()
 * @fd: the eventfd; an event that is pending counts
 *
 * May sleep.
 *
 * Return: 0; -EBADF for a closed fd; -EINVAL for one that is not an eventfd;
 * -EBUSY if @pvirqfd is in use; -ENOMEM.
 */
int vfio_virqfd_enable(void *opaque,
		       int (*handler)(void *, void *),
		       void (*thread)(void *, void *),
		       void *data, struct virqfd **pvirqfd, int fd)
{
	struct virqfd *virqfd;
	struct file *file;
	int ret;

	virqfd = kzalloc(sizeof(*virqfd), GFP_KERNEL_ACCOUNT);
	if (!virqfd)
		return -ENOMEM;

	virqfd->opaque = opaque;
	virqfd->handler = handler;
	virqfd->thread = thread;
	virqfd->data = data;
	virqfd->pvirqfd = pvirqfd;
	INIT_WORK(&virqfd->shutdown, virqfd_shutdown_work);
	INIT_WORK(&virqfd->inject, virqfd_inject_work);
	INIT_WORK(&virqfd->flush_inject, virqfd_flush_work);
	init_waitqueue_func_entry(&virqfd->wait, virqfd_wakeup);
	init_poll_funcptr(&virqfd->pt, virqfd_queue_proc);

	/* Keeps the eventfd open, so no EPOLLHUP comes before we are done. */
	file = fget(fd);
	if (!file) {
		ret = -EBADF;
		goto err_free;
	}

	virqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(virqfd->eventfd)) {
		ret = PTR_ERR(virqfd->eventfd);
		goto err_file;
	}

	ret = virqfd_publish(virqfd);
	if (ret)
		goto err_eventfd;

	/* Joins the wait queue; an event from before will not wake us. */
	if (vfs_poll(file, &virqfd->pt) & EPOLLIN)
		virqfd_event(virqfd);

	fput(file);
	return 0;

err_eventfd:
	eventfd_ctx_put(virqfd->eventfd);
err_file:
	fput(file);
err_free:
	kfree(virqfd);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_virqfd_enable);

/**
 * vfio_virqfd_disable() - end a virqfd
 * @pvirqfd: the driver's pointer; may be NULL inside
 *
 * When it returns, neither function runs or will run, also if the user closed
 * the eventfd at the same time. May sleep.
 */
void vfio_virqfd_disable(struct virqfd **pvirqfd)
{
	unsigned long flags;

	spin_lock_irqsave(&virqfd_lock, flags);
	if (*pvirqfd)
		virqfd_deactivate(pvirqfd);
	spin_unlock_irqrestore(&virqfd_lock, flags);

	flush_workqueue(virqfd_wq);
}
EXPORT_SYMBOL_GPL(vfio_virqfd_disable);

/**
 * vfio_virqfd_flush_thread() - wait for a run of the slow function to end
 * @pvirqfd: the driver's pointer; may be NULL inside
 *
 * May sleep.
 */
void vfio_virqfd_flush_thread(struct virqfd **pvirqfd)
{
	unsigned long flags;

	/* On the queue of the shutdowns: it stays ahead of a shutdown. */
	spin_lock_irqsave(&virqfd_lock, flags);
	if (*pvirqfd && (*pvirqfd)->thread)
		queue_work(virqfd_wq, &(*pvirqfd)->flush_inject);
	spin_unlock_irqrestore(&virqfd_lock, flags);

	flush_workqueue(virqfd_wq);
}
EXPORT_SYMBOL_GPL(vfio_virqfd_flush_thread);

/**
 * vfio_virqfd_init() - make the queue; one worker, so that work stays in order
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_virqfd_init(void)
{
	/*
	 * Not WQ_MEM_RECLAIM: its work waits for inject, which is on a queue
	 * without a rescuer.
	 */
	virqfd_wq = alloc_ordered_workqueue("vfio-irqfd-cleanup", 0);
	return virqfd_wq ? 0 : -ENOMEM;
}

/**
 * vfio_virqfd_exit() - remove the queue; every virqfd is disabled
 */
void vfio_virqfd_exit(void)
{
	destroy_workqueue(virqfd_wq);
}
