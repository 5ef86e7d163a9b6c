// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual IOMMUs as objects: made and destroyed, nested HWPTs on top of them,
 * and what user space has them invalidate.
 */
#include <linux/iommu.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd_ext.h>

#include "device/device.h"
#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "ucmd.h"
#include "viommu/viommu.h"

/* All but what the driver made of it. */
static void viommu_release(struct viommu *viommu)
{
	WARN_ON(!xa_empty(&viommu->vdevs) || !list_empty(&viommu->veventqs));
	xa_destroy(&viommu->vdevs);
	mutex_destroy(&viommu->vdevs_lock);
	mutex_destroy(&viommu->hw_queue_lock);
	kfree(viommu->core);
	object_unuse(viommu->ctx, &viommu->parent->obj);
	viommu_driver_put(viommu->driver);
}

static void viommu_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct viommu *viommu = container_of(obj, struct viommu, obj);
	struct iommufd_viommu *core = viommu->core;

	if (core->ops->destroy)
		core->ops->destroy(core);
	viommu_release(viommu);
}

/**
 * viommu_is_of() - is a virtual IOMMU one of the IOMMU before a device?
 * @viommu: held
 * @idev: held
 *
 * Return: true if it is.
 */
bool viommu_is_of(const struct viommu *viommu,
		  const struct iommufd_device *idev)
{
	return viommu->core->iommu_dev == idev->dev->iommu->iommu_dev;
}

/* With @driver's module, which is given back on failure too. */
static struct viommu *viommu_create(struct iommufd_ctx *ctx,
				    struct iommufd_viommu_driver *driver,
				    size_t size, struct hwpt *parent)
{
	struct iommufd_viommu *core = kzalloc(size, GFP_KERNEL_ACCOUNT);
	struct viommu *viommu;

	if (!core) {
		viommu_driver_put(driver);
		return ERR_PTR(-ENOMEM);
	}
	viommu = object_new(ctx, viommu, OBJECT_VIOMMU, viommu_destroy);
	if (IS_ERR(viommu)) {
		kfree(core);
		viommu_driver_put(driver);
		return viommu;
	}
	viommu->ctx = ctx;
	viommu->core = core;
	core->priv = viommu;
	viommu->driver = driver;
	viommu->parent = parent;
	object_use(ctx, &parent->obj);
	mutex_init(&viommu->vdevs_lock);
	xa_init_flags(&viommu->vdevs, XA_FLAGS_ACCOUNT);
	init_rwsem(&viommu->veventqs_lock);
	INIT_LIST_HEAD(&viommu->veventqs);
	mutex_init(&viommu->hw_queue_lock);
	return viommu;
}

static int viommu_init(struct viommu *viommu, struct iommufd_device *idev,
		       const struct iommu_viommu_alloc *cmd)
{
	const struct iommu_user_data data = {
		.type = cmd->type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.len = cmd->data_len,
	};
	struct iommufd_viommu *core = viommu->core;
	int rc;

	core->iommu_dev = idev->dev->iommu->iommu_dev;
	core->type = cmd->type;
	rc = viommu->driver->viommu_init(core, viommu->parent->domain,
					 data.len ? &data : NULL);
	if (!rc && WARN_ON(!core->ops))
		rc = -EINVAL;
	return rc;
}

static int alloc_viommu(struct ucmd *ucmd, struct iommufd_device *idev,
			struct hwpt *parent)
{
	struct iommu_viommu_alloc *cmd = ucmd->cmd;
	struct iommufd_viommu_driver *driver;
	struct viommu *viommu;
	size_t size;
	int rc;

	driver = viommu_driver_get(idev->dev);
	if (!driver)
		return -EOPNOTSUPP;
	size = driver->get_viommu_size(idev->dev, cmd->type);
	if (!size || WARN_ON(size < sizeof(*viommu->core)))
		rc = -EOPNOTSUPP;
	else if (!parent->nest_parent || parent->domain->owner != driver->ops)
		rc = -EINVAL;
	else
		rc = 0;
	if (rc) {
		viommu_driver_put(driver);
		return rc;
	}
	viommu = viommu_create(ucmd->ctx, driver, size, parent);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = viommu_init(viommu, idev, cmd);
	if (rc) {
		viommu_release(viommu);
		object_abort(ucmd->ctx, &viommu->obj);
		return rc;
	}
	cmd->out_viommu_id = viommu->obj.id;
	rc = ucmd_respond(ucmd);
	if (rc) {
		viommu_destroy(ucmd->ctx, &viommu->obj);
		object_abort(ucmd->ctx, &viommu->obj);
		return rc;
	}
	object_publish(ucmd->ctx, &viommu->obj);
	return 0;
}

/**
 * cmd_viommu_alloc() - IOMMU_VIOMMU_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags, or the IOMMU's driver has no virtual
 * IOMMUs of this type; -ENOENT no such device or HWPT; -EINVAL the HWPT cannot
 * be a parent, or is another driver's; -ENOMEM; what the driver says; -EFAULT.
 */
int cmd_viommu_alloc(struct ucmd *ucmd)
{
	struct iommu_viommu_alloc *cmd = ucmd->cmd;
	struct object *dev_obj, *parent;
	int rc;

	if (cmd->flags || cmd->__reserved ||
	    cmd->type == IOMMU_VIOMMU_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	dev_obj = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(dev_obj))
		return PTR_ERR(dev_obj);
	parent = object_get(ucmd->ctx, cmd->hwpt_id, OBJECT_HWPT);
	if (IS_ERR(parent)) {
		rc = PTR_ERR(parent);
	} else {
		rc = alloc_viommu(ucmd,
				  container_of(dev_obj, struct iommufd_device,
					       obj),
				  container_of(parent, struct hwpt, obj));
		object_put(ucmd->ctx, parent);
	}
	object_put(ucmd->ctx, dev_obj);
	return rc;
}

/* On top of a virtual IOMMU, or of what make_hwpt() knows. */
static struct hwpt *make_any(struct ucmd *ucmd, struct iommufd_device *idev,
			     struct object *pt, struct op_stats *st)
{
	struct viommu *viommu = container_of(pt, struct viommu, obj);
	struct iommu_user_data data;
	struct iommu_domain *domain;
	struct iommufd_viommu *core;
	u32 flags;
	int rc;

	if (pt->type != OBJECT_VIOMMU)
		return make_hwpt(ucmd, idev, pt, st);
	rc = hwpt_nested_args(ucmd->cmd, &flags, &data);
	if (rc)
		return ERR_PTR(rc);
	core = viommu->core;
	if (!core->ops->alloc_domain_nested)
		return ERR_PTR(-EOPNOTSUPP);
	if (!viommu_is_of(viommu, idev))
		return ERR_PTR(-EINVAL);
	domain = core->ops->alloc_domain_nested(core,
						flags & ~IOMMU_HWPT_ALLOC_PASID,
						&data);
	domain = domain_take_nested(idev->dev, flags, domain);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	return hwpt_wrap_nested(viommu->parent, &viommu->obj, domain, flags);
}

/**
 * cmd_hwpt_alloc_any() - IOMMU_HWPT_ALLOC, also on top of a virtual IOMMU
 * @ucmd: the ioctl
 *
 * Return: see cmd_hwpt_alloc(); -EINVAL the virtual IOMMU is not of the
 * device's IOMMU.
 */
int cmd_hwpt_alloc_any(struct ucmd *ucmd)
{
	return hwpt_alloc_by(ucmd, make_any);
}

static int invalidate_viommu(void *who, struct iommu_user_data_array *part)
{
	struct iommufd_viommu *core = who;

	return core->ops->cache_invalidate(core, part);
}

static int invalidate_any(struct object *obj,
			  const struct iommu_user_data_array *array, u32 *done)
{
	struct iommufd_viommu *core;

	if (obj->type != OBJECT_VIOMMU)
		return invalidate_hwpt(obj, array, done);
	core = container_of(obj, struct viommu, obj)->core;
	if (!core->ops->cache_invalidate)
		return -EOPNOTSUPP;
	return invalidate_in_parts(array, invalidate_viommu, core, done);
}

/**
 * cmd_invalidate_any() - IOMMU_HWPT_INVALIDATE, also of a virtual IOMMU
 * @ucmd: the ioctl
 *
 * Return: see cmd_hwpt_invalidate(); -EOPNOTSUPP the driver cannot.
 */
int cmd_invalidate_any(struct ucmd *ucmd)
{
	return invalidate_by(ucmd, invalidate_any);
}
