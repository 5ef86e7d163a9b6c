// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware queues: rings in a virtual machine's memory that the IOMMU reads by
 * itself, by physical address. So their memory is contiguous, pinned, and
 * cannot be unmapped while there is a queue in it.
 */
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd_ext.h>

#include "space/hwpt.h"
#include "space/space.h"
#include "ucmd.h"
#include "viommu/viommu.h"

/* All but what the driver made of it. */
static void hw_queue_release(struct hw_queue *queue)
{
	ioas_unlock_range(queue->viommu->parent->ioas, queue->first,
			  queue->last);
	kfree(queue->core);
	object_unuse(queue->ctx, &queue->viommu->obj);
}

static void hw_queue_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct hw_queue *queue = container_of(obj, struct hw_queue, obj);

	if (queue->core->destroy)
		queue->core->destroy(queue->core);
	hw_queue_release(queue);
}

static struct hw_queue *hw_queue_create(struct viommu *viommu, size_t size,
					const struct iommu_hw_queue_alloc *cmd,
					phys_addr_t *phys)
{
	unsigned long first = cmd->nesting_parent_iova;
	struct iommufd_hw_queue *core;
	struct hw_queue *queue;
	int rc;

	core = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!core)
		return ERR_PTR(-ENOMEM);
	queue = object_new(viommu->ctx, queue, OBJECT_HW_QUEUE,
			   hw_queue_destroy);
	if (IS_ERR(queue)) {
		rc = PTR_ERR(queue);
		goto err_free;
	}
	queue->ctx = viommu->ctx;
	queue->core = core;
	queue->viommu = viommu;
	queue->first = first;
	queue->last = first + cmd->length - 1;
	core->priv = queue;
	core->viommu = viommu->core;
	core->base_addr = cmd->nesting_parent_iova;
	core->length = cmd->length;
	core->type = cmd->type;
	rc = ioas_lock_range(viommu->parent->ioas, queue->first, queue->last,
			     phys);
	if (rc)
		goto err_abort;
	object_use(viommu->ctx, &viommu->obj);
	return queue;

err_abort:
	object_abort(viommu->ctx, &queue->obj);
err_free:
	kfree(core);
	return ERR_PTR(rc);
}

/*
 * Under the lock to the end, so that no other queue comes to depend on this
 * one before it is there for good.
 */
static int start_hw_queue(struct ucmd *ucmd, struct hw_queue *queue,
			  phys_addr_t phys)
{
	struct iommu_hw_queue_alloc *cmd = ucmd->cmd;
	struct viommu *viommu = queue->viommu;
	int rc;

	if (mutex_lock_killable(&viommu->hw_queue_lock))
		return -EINTR;
	rc = viommu->core->ops->hw_queue_init_phys(queue->core, cmd->index,
						   phys);
	if (!rc) {
		cmd->out_hw_queue_id = queue->obj.id;
		rc = ucmd_respond(ucmd);
	}
	if (!rc)
		object_publish(queue->ctx, &queue->obj);
	else if (queue->core->destroy)
		queue->core->destroy(queue->core);
	mutex_unlock(&viommu->hw_queue_lock);
	return rc;
}

static int alloc_hw_queue(struct ucmd *ucmd, struct viommu *viommu)
{
	struct iommu_hw_queue_alloc *cmd = ucmd->cmd;
	struct iommufd_viommu *core = viommu->core;
	struct hw_queue *queue;
	phys_addr_t phys;
	size_t size = 0;
	int rc;

	if (core->ops->get_hw_queue_size)
		size = core->ops->get_hw_queue_size(core, cmd->type);
	if (!size || WARN_ON(size < sizeof(*queue->core) ||
			     !core->ops->hw_queue_init_phys))
		return -EOPNOTSUPP;
	queue = hw_queue_create(viommu, size, cmd, &phys);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	rc = start_hw_queue(ucmd, queue, phys);
	if (rc) {
		hw_queue_release(queue);
		object_abort(ucmd->ctx, &queue->obj);
	}
	return rc;
}

/**
 * cmd_hw_queue_alloc() - IOMMU_HW_QUEUE_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags, or no queues of this type; -EINVAL no
 * length; -EOVERFLOW; -ENOENT no such virtual IOMMU; -ENOMEM; see
 * ioas_lock_range(); what the driver says; -EINTR; -EFAULT.
 */
int cmd_hw_queue_alloc(struct ucmd *ucmd)
{
	struct iommu_hw_queue_alloc *cmd = ucmd->cmd;
	struct viommu *viommu;
	u64 last;
	int rc;

	if (cmd->flags || cmd->type == IOMMU_HW_QUEUE_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!cmd->length)
		return -EINVAL;
	if (check_add_overflow(cmd->nesting_parent_iova, cmd->length - 1,
			       &last) || last > ULONG_MAX)
		return -EOVERFLOW;
	viommu = viommu_get(ucmd->ctx, cmd->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = alloc_hw_queue(ucmd, viommu);
	object_put(ucmd->ctx, &viommu->obj);
	return rc;
}

/**
 * iommufd_hw_queue_depend() - a queue must not outlive another one
 * @queue: in its hw_queue_init_phys()
 * @on: another queue of the same virtual IOMMU, whose destroy() the driver
 *	keeps from returning meanwhile
 *
 * Give back with iommufd_hw_queue_undepend(). Sleeps not.
 * Return: 0; -EINVAL another virtual IOMMU's; -ENOENT it is being destroyed.
 */
int iommufd_hw_queue_depend(struct iommufd_hw_queue *queue,
			    struct iommufd_hw_queue *on)
{
	if (WARN_ON(queue->viommu != on->viommu))
		return -EINVAL;
	return object_tryuse(on->priv->ctx, &on->priv->obj) ? 0 : -ENOENT;
}
EXPORT_SYMBOL_NS_GPL(iommufd_hw_queue_depend, IOMMUFD);

/**
 * iommufd_hw_queue_undepend() - the reverse of iommufd_hw_queue_depend()
 * @queue: is being destroyed
 * @on: must not be touched afterwards, unless otherwise held
 */
void iommufd_hw_queue_undepend(struct iommufd_hw_queue *queue,
			       struct iommufd_hw_queue *on)
{
	WARN_ON(queue->viommu != on->viommu);
	object_unuse(on->priv->ctx, &on->priv->obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_hw_queue_undepend, IOMMUFD);
