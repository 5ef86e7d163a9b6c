// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding: a driver hands a device to a context, which takes the DMA of its
 * whole IOMMU group away from the kernel.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/ktime.h>
#include <linux/module.h>

#include "device/device.h"
#include "trace_object.h"

bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Bind devices whose interrupts the IOMMU does not isolate: a device can then raise any interrupt of the host (default N)");

/* Undo all of iommufd_device_bind() but the context's reference. */
static void bound_device_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct iommufd_device *idev =
		container_of(obj, struct iommufd_device, obj);

	WARN_ON(idev->nr_attached || idev->vdev);
	iommu_device_release_dma_owner(idev->dev);
	device_group_put(ctx, idev->group);
	WRITE_ONCE(idev->view.gone, 1);
}

static int check_interrupts(struct device *dev, struct device_group *group)
{
	if (iommu_group_has_isolated_msi(group->group))
		return 0;
	if (!READ_ONCE(allow_unsafe_interrupts)) {
		dev_warn(dev,
			 "not bound to iommufd: its interrupts are not isolated. Enable interrupt remapping, or set iommufd.allow_unsafe_interrupts=1\n");
		return -EPERM;
	}
	dev_warn_once(dev, "bound to iommufd without interrupt isolation\n");
	return 0;
}

static struct iommufd_device *bind(struct iommufd_ctx *ctx,
				   struct device *dev, u32 *id)
{
	struct iommufd_device *idev;
	struct device_group *group;
	int rc;

	/* User space has no means to flush caches for a device. */
	if (!device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY))
		return ERR_PTR(-EINVAL);

	group = device_group_get(ctx, dev);
	if (IS_ERR(group))
		return ERR_CAST(group);
	rc = check_interrupts(dev, group);
	if (rc)
		goto err_group;
	rc = iommu_device_claim_dma_owner(dev, ctx);
	if (rc)
		goto err_group;

	idev = object_new(ctx, idev, OBJECT_DEVICE, bound_device_destroy);
	if (IS_ERR(idev)) {
		rc = PTR_ERR(idev);
		goto err_owner;
	}
	idev->ctx = ctx;
	idev->dev = dev;
	idev->group = group;
	idev->view.ctx_cookie = ctx->view.cookie;
	idev->view.id = idev->obj.id;
	idev->view.cookie = idev->obj.shadow.cookie;
	idev->view.created_ns = ktime_get_boottime_ns();
	idev->view.group_id = iommu_group_id(group->group);
	strscpy(idev->view.name, dev_name(dev), sizeof(idev->view.name));
	*id = idev->obj.id;
	/* The driver: user space cannot destroy the device behind its back. */
	object_use(ctx, &idev->obj);
	object_publish(ctx, &idev->obj);
	return idev;

err_owner:
	iommu_device_release_dma_owner(dev);
err_group:
	device_group_put(ctx, group);
	return ERR_PTR(rc);
}

static void report_bind(struct iommufd_ctx *ctx, struct device *dev,
			const struct iommufd_device *idev, u64 begin)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommufd_bind_event ev = {
		.ctx_cookie = ctx->view.cookie,
		.group_id = group ? iommu_group_id(group) : U32_MAX,
		.duration_ns = event_duration(begin),
	};

	iommu_group_put(group);
	if (IS_ERR(idev)) {
		ev.ret = PTR_ERR(idev);
	} else {
		ev.device_cookie = idev->view.cookie;
		ev.device_id = idev->obj.id;
	}
	strscpy_pad(ev.device, dev_name(dev), sizeof(ev.device));
	trace_iommufd_bind(&ev);
}

/**
 * device_bind() - iommufd_device_bind() that does not keep the context alive
 * @ctx: the context
 * @dev: see there
 * @id: see there
 *
 * Return: see there.
 */
struct iommufd_device *device_bind(struct iommufd_ctx *ctx, struct device *dev,
				   u32 *id)
{
	u64 begin = event_begin(trace_iommufd_bind_enabled());
	/* The driver, whose it is, keeps it. */
	struct iommufd_device *idev = bind(ctx, dev, id);

	if (trace_iommufd_bind_enabled())
		report_bind(ctx, dev, idev, begin);
	return idev;
}

/**
 * iommufd_device_bind() - give a device to a context
 * @ctx: the context; the caller holds a reference
 * @dev: a physical device, which stays until iommufd_device_unbind()
 * @id: set to the device's id in the context
 *
 * From here on no kernel driver can use DMA in the device's IOMMU group, and
 * the device itself can reach no memory until it is attached. May sleep.
 *
 * Return: the device; ERR_PTR: -EINVAL if its DMA is not cache coherent,
 * -ENODEV without an IOMMU, -EPERM if its interrupts are not isolated or
 * another context uses the group, -EBUSY if a kernel driver uses it, -ENOMEM.
 */
struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ctx,
					   struct device *dev, u32 *id)
{
	struct iommufd_device *idev = device_bind(ctx, dev, id);

	if (!IS_ERR(idev))
		iommufd_ctx_get(ctx);
	return idev;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_bind, IOMMUFD);

/* What a virtual machine knows it as goes first, and none comes any more. */
static void drop_vdevice(struct iommufd_device *idev)
{
	void (*drop)(struct iommufd_device *idev);

	xa_lock(&idev->ctx->objects);
	idev->unbinding = true;
	drop = idev->drop_vdev;
	xa_unlock(&idev->ctx->objects);
	if (drop)
		drop(idev);
}

/**
 * device_unbind() - take a device back
 * @idev: from device_bind(), detached
 *
 * May sleep; waits for ioctls that use the device.
 */
void device_unbind(struct iommufd_device *idev)
{
	u64 begin = event_begin(trace_iommufd_unbind_enabled());
	struct iommufd_bind_event ev = {
		.ctx_cookie = idev->view.ctx_cookie,
		.device_cookie = idev->view.cookie,
		.device_id = idev->view.id,
		.group_id = idev->view.group_id,
	};

	memcpy(ev.device, idev->view.name, sizeof(ev.device));
	drop_vdevice(idev);
	object_unuse_destroy(idev->ctx, &idev->obj);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_unbind(&ev);
}

/**
 * iommufd_device_unbind() - take a device back from its context
 * @idev: from iommufd_device_bind(), detached
 *
 * May sleep; waits for ioctls that use the device. The context may go with it.
 */
void iommufd_device_unbind(struct iommufd_device *idev)
{
	struct iommufd_ctx *ctx = idev->ctx;

	device_unbind(idev);
	iommufd_ctx_put(ctx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_unbind, IOMMUFD);

/**
 * iommufd_device_to_ictx() - the context that a device is bound to
 * @idev: the device
 *
 * Return: the context, valid as long as the device is bound.
 */
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev)
{
	return idev->ctx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_ictx, IOMMUFD);

/**
 * iommufd_device_to_id() - the id of a device in its context
 * @idev: the device
 *
 * Return: the id.
 */
u32 iommufd_device_to_id(struct iommufd_device *idev)
{
	return idev->obj.id;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_id, IOMMUFD);
