// SPDX-License-Identifier: GPL-2.0-only
/*
 * HWPTs as objects: made for a device, filled with an IOAS's mappings,
 * destroyed. Attaching devices to them is device/'s business.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <uapi/linux/iommufd_ext.h>

#include "domain/domain.h"
#include "fault/fault.h"
#include "space/dirty_turn.h"
#include "space/hwpt.h"
#include "space/space.h"

/* Take the mappings out, and let go of what it is on top of. */
static void hwpt_release(struct hwpt *hwpt, struct op_stats *st)
{
	struct ioas *ioas = hwpt->ioas;

	/* Nobody can find it, so nobody holds its dirty_lock. */
	dirty_stopped(hwpt);
	if (!list_empty(&hwpt->node))
		ioas_leave_hwpt(ioas, hwpt, st);
	/* Drivers keep nested domains in a list of their parent's. */
	domain_free(hwpt->domain);
	if (hwpt->faults)
		object_unuse(ioas->ctx, &hwpt->faults->obj);
	object_unuse(ioas->ctx, hwpt->below);
}

static void hwpt_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct hwpt *hwpt = container_of(obj, struct hwpt, obj);
	struct op_stats st = { .op = IOMMUFD_OP_DESTROY };

	hwpt_release(hwpt, &st);
	WRITE_ONCE(hwpt->view.gone, 1);
}

/* Forbid a device that could bypass the CPU's caches to do so. */
static int enforce_coherency(struct hwpt *hwpt, struct device *dev)
{
	struct iommu_domain *domain = hwpt->domain;

	if (!device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return 0;
	if (!domain->ops->enforce_cache_coherency ||
	    !domain->ops->enforce_cache_coherency(domain))
		return -EINVAL;
	hwpt->enforce_coherency = true;
	return 0;
}

/**
 * hwpt_create() - an empty HWPT that a device can be attached to
 * @ioas: whose mappings it will hold; the caller holds a busy reference
 * @dev: the device
 * @flags: enum iommufd_hwpt_alloc_flags, for the driver
 * @data: what user space tells the driver, or NULL
 *
 * Where the device could bypass the CPU's caches and the IOMMU can forbid it,
 * it is forbidden, now that the table is empty. May sleep.
 *
 * Return: the HWPT, for hwpt_fill() and hwpt_publish(), or hwpt_abort(); or an
 * ERR_PTR, -EINVAL if the device's coherency cannot be enforced although it
 * needs it; see domain_create().
 */
struct hwpt *hwpt_create(struct ioas *ioas, struct device *dev, u32 flags,
			 const struct iommu_user_data *data)
{
	struct iommufd_ctx *ctx = ioas->ctx;
	struct hwpt *hwpt;
	int rc;

	hwpt = object_new(ctx, hwpt, OBJECT_HWPT, hwpt_destroy);
	if (IS_ERR(hwpt))
		return hwpt;
	INIT_LIST_HEAD(&hwpt->node);
	init_rwsem(&hwpt->dirty_lock);

	hwpt->domain = domain_create(dev, flags, data);
	if (IS_ERR(hwpt->domain)) {
		rc = PTR_ERR(hwpt->domain);
		goto err_abort;
	}
	rc = enforce_coherency(hwpt, dev);
	if (rc)
		goto err_domain;
	hwpt->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	hwpt->ioas = ioas;
	hwpt->below = &ioas->obj;
	object_use(ctx, hwpt->below);
	return hwpt;

err_domain:
	domain_free(hwpt->domain);
err_abort:
	object_abort(ctx, &hwpt->obj);
	return ERR_PTR(rc);
}

/**
 * hwpt_wrap_nested() - make a HWPT of a nested domain
 * @parent: translates what comes out of it
 * @below: what the HWPT is to be a user of: @parent, or what uses that; the
 *	caller holds a busy reference
 * @domain: the domain; the HWPT's from here on, freed on failure
 * @flags: enum iommufd_hwpt_alloc_flags
 *
 * May sleep.
 * Return: the HWPT, for hwpt_publish() or hwpt_abort(); or an ERR_PTR, see
 * object_reserve().
 */
struct hwpt *hwpt_wrap_nested(struct hwpt *parent, struct object *below,
			      struct iommu_domain *domain, u32 flags)
{
	struct iommufd_ctx *ctx = parent->ioas->ctx;
	struct hwpt *hwpt;

	hwpt = object_new(ctx, hwpt, OBJECT_HWPT, hwpt_destroy);
	if (IS_ERR(hwpt)) {
		domain_free(domain);
		return hwpt;
	}
	INIT_LIST_HEAD(&hwpt->node);
	hwpt->domain = domain;
	hwpt->enforce_coherency = parent->enforce_coherency;
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	hwpt->ioas = parent->ioas;
	hwpt->parent = parent;
	hwpt->below = below;
	object_use(ctx, below);
	return hwpt;
}

/**
 * hwpt_create_nested() - a HWPT whose page table user space keeps
 * @parent: translates what comes out of it; the caller holds a busy reference
 * @dev: the device
 * @flags: enum iommufd_hwpt_alloc_flags, for the driver
 * @data: where that page table is, in the driver's words
 *
 * May sleep.
 * Return: the HWPT, for hwpt_publish() or hwpt_abort(); or an ERR_PTR: -EINVAL
 * @parent cannot be one; see domain_create_nested().
 */
struct hwpt *hwpt_create_nested(struct hwpt *parent, struct device *dev,
				u32 flags, const struct iommu_user_data *data)
{
	struct iommu_domain *domain;

	if (!parent->nest_parent)
		return ERR_PTR(-EINVAL);
	domain = domain_create_nested(dev, flags, parent->domain, data);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	return hwpt_wrap_nested(parent, &parent->obj, domain, flags);
}

/**
 * hwpt_fill() - write the IOAS's mappings into a HWPT, now and from now on
 * @hwpt: from hwpt_create(), not nested
 * @st: counts
 *
 * Takes the IOAS's locks. May sleep for long.
 * Return: see ioas_join_hwpt().
 */
int hwpt_fill(struct hwpt *hwpt, struct op_stats *st)
{
	return ioas_join_hwpt(hwpt->ioas, hwpt, st);
}

/**
 * hwpt_report_faults() - page faults of a HWPT's devices go to a queue
 * @hwpt: made, not published
 * @queue: the queue; the caller holds a busy reference
 * @handler: the domain's iopf_handler
 */
void hwpt_report_faults(struct hwpt *hwpt, struct fault_queue *queue,
			int (*handler)(struct iopf_group *faults))
{
	hwpt->faults = queue;
	hwpt->domain->iopf_handler = handler;
	object_use(hwpt->ioas->ctx, &queue->obj);
}

static u32 view_flags(const struct hwpt *hwpt)
{
	return (hwpt->enforce_coherency ? IOMMUFD_HWPT_COHERENT : 0) |
	       (hwpt->nest_parent ? IOMMUFD_HWPT_NEST_PARENT : 0) |
	       (hwpt->pasid_compat ? IOMMUFD_HWPT_PASID : 0) |
	       (hwpt->domain->dirty_ops ? IOMMUFD_HWPT_DIRTY : 0) |
	       (hwpt->faults ? IOMMUFD_HWPT_FAULTS : 0);
}

/* A device may be attached already, and have faulted. */
static void init_view(struct hwpt *hwpt)
{
	struct iommufd_hwpt_view *view = &hwpt->view;

	view->cookie = hwpt->obj.shadow.cookie;
	view->ctx_cookie = hwpt->ioas->view.ctx_cookie;
	view->ioas_cookie = hwpt->ioas->view.cookie;
	view->created_ns = ktime_get_boottime_ns();
	view->id = hwpt->obj.id;
	view->type = hwpt_type(hwpt);
	view->flags = view_flags(hwpt);
	if (hwpt->parent)
		view->parent_id = hwpt->parent->obj.id;
	else
		view->page_sizes = hwpt->domain->pgsize_bitmap;
	if (hwpt->faults)
		view->fault_id = hwpt->faults->obj.id;
}

/**
 * hwpt_publish() - let a HWPT be found
 * @hwpt: filled, or nested
 */
void hwpt_publish(struct hwpt *hwpt)
{
	init_view(hwpt);
	object_publish(hwpt->ioas->ctx, &hwpt->obj);
}

/**
 * hwpt_abort() - give back what made a HWPT
 * @hwpt: not published; filled or not; nothing is attached to it
 */
void hwpt_abort(struct hwpt *hwpt)
{
	struct iommufd_ctx *ctx = hwpt->ioas->ctx;
	struct op_stats st = { .op = IOMMUFD_OP_DESTROY };

	hwpt_release(hwpt, &st);
	object_abort(ctx, &hwpt->obj);
}

/**
 * hwpt_put() - a device group does not use a HWPT any more
 * @hwpt: the caller holds the group's user reference
 *
 * One that was made for an attach goes with its last group. Takes the IOAS's
 * attach_lock. May sleep for long; cannot fail.
 */
void hwpt_put(struct hwpt *hwpt)
{
	struct ioas *ioas = hwpt->ioas;
	struct iommufd_ctx *ctx = ioas->ctx;

	if (!hwpt->automatic) {
		object_unuse(ctx, &hwpt->obj);
		return;
	}
	/* The HWPT's reference to the IOAS may be the last one. */
	object_use(ctx, &ioas->obj);
	mutex_lock(&ioas->attach_lock);
	object_unuse_destroy(ctx, &hwpt->obj);
	mutex_unlock(&ioas->attach_lock);
	object_unuse(ctx, &ioas->obj);
}
