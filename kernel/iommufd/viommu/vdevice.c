// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual devices: which device a virtual machine means by an id.
 *
 * A device has one at most, and does not outlive the device: who unbinds the
 * device destroys it, and waits for whoever does so already. The id in the
 * context stays taken then (object_bury()), as the uAPI wants it.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd_ext.h>

#include "device/device.h"
#include "ucmd.h"
#include "viommu/viommu.h"

/**
 * iommufd_viommu_lock_vdevs() - keep virtual devices from coming and going
 * @viommu: the virtual IOMMU
 *
 * Touch no user memory until iommufd_viommu_unlock_vdevs(): who unbinds a
 * device waits for you. May sleep.
 */
void iommufd_viommu_lock_vdevs(struct iommufd_viommu *viommu)
{
	mutex_lock(&viommu->priv->vdevs_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_lock_vdevs, IOMMUFD);

/**
 * iommufd_viommu_unlock_vdevs() - the reverse
 * @viommu: the virtual IOMMU
 */
void iommufd_viommu_unlock_vdevs(struct iommufd_viommu *viommu)
{
	mutex_unlock(&viommu->priv->vdevs_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_unlock_vdevs, IOMMUFD);

/**
 * iommufd_viommu_find_dev() - the device that a virtual machine means
 * @viommu: the virtual IOMMU; the caller holds iommufd_viommu_lock_vdevs()
 * @virt_id: the virtual machine's name for it
 *
 * Return: the device, as long as the lock is held, or NULL.
 */
struct device *iommufd_viommu_find_dev(struct iommufd_viommu *viommu,
				       u64 virt_id)
{
	struct vdevice *vdev;

	lockdep_assert_held(&viommu->priv->vdevs_lock);
	vdev = xa_load(&viommu->priv->vdevs, virt_id);
	return vdev ? vdev->core->dev : NULL;
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_find_dev, IOMMUFD);

/**
 * iommufd_viommu_get_vdev_id() - what a virtual machine calls a device
 * @viommu: the virtual IOMMU
 * @dev: the device
 * @virt_id: set to the virtual machine's name for it
 *
 * May sleep; may be called with the IOMMU core's lock of the group held.
 * Return: 0, or -ENOENT if it has no virtual device there.
 */
int iommufd_viommu_get_vdev_id(struct iommufd_viommu *viommu,
			       struct device *dev, u64 *virt_id)
{
	struct viommu *v = viommu->priv;
	struct vdevice *vdev;
	unsigned long id;
	int rc = -ENOENT;

	mutex_lock(&v->vdevs_lock);
	xa_for_each(&v->vdevs, id, vdev) {
		if (vdev->core->dev == dev) {
			*virt_id = id;
			rc = 0;
			break;
		}
	}
	mutex_unlock(&v->vdevs_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_get_vdev_id, IOMMUFD);

static void drop_vdev(struct iommufd_device *idev)
{
	object_bury(idev->ctx, &idev->vdev);
}

/* Be the device's virtual one. From here on an unbind waits. */
static int claim_device(struct vdevice *vdev, struct iommufd_device *idev)
{
	int rc = 0;

	xa_lock(&idev->ctx->objects);
	if (idev->unbinding) {
		rc = -ENOENT;
	} else if (idev->vdev) {
		rc = -EEXIST;
	} else {
		idev->vdev = &vdev->obj;
		idev->drop_vdev = drop_vdev;
	}
	xa_unlock(&idev->ctx->objects);
	return rc;
}

/* The device may go. */
static void unclaim_device(struct vdevice *vdev)
{
	struct iommufd_ctx *ctx = vdev->ctx;

	xa_lock(&ctx->objects);
	vdev->idev->vdev = NULL;
	wake_up_all(&ctx->wait);
	xa_unlock(&ctx->objects);
}

/* Whatever vdevice_create() and fill_vdevice() have done. */
static void vdevice_release(struct vdevice *vdev)
{
	struct viommu *viommu = vdev->viommu;

	if (vdev->listed) {
		/* Drivers find it no more, and it is not in use just now. */
		mutex_lock(&viommu->vdevs_lock);
		xa_erase(&viommu->vdevs, vdev->core->virt_id);
		mutex_unlock(&viommu->vdevs_lock);
	}
	if (vdev->core->destroy)
		vdev->core->destroy(vdev->core);
	kfree(vdev->core);
	object_unuse(vdev->ctx, &viommu->obj);
	unclaim_device(vdev);
}

static void vdevice_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	vdevice_release(container_of(obj, struct vdevice, obj));
}

static struct vdevice *vdevice_create(struct viommu *viommu,
				      struct iommufd_device *idev, u64 virt_id)
{
	size_t size = viommu->core->ops->vdevice_size;
	struct iommufd_vdevice *core;
	struct vdevice *vdev;
	int rc;

	core = kzalloc(max(size, sizeof(*core)), GFP_KERNEL_ACCOUNT);
	if (!core)
		return ERR_PTR(-ENOMEM);
	vdev = object_new(viommu->ctx, vdev, OBJECT_VDEVICE, vdevice_destroy);
	if (IS_ERR(vdev)) {
		kfree(core);
		return vdev;
	}
	rc = claim_device(vdev, idev);
	if (rc) {
		kfree(core);
		object_abort(viommu->ctx, &vdev->obj);
		return ERR_PTR(rc);
	}
	vdev->ctx = viommu->ctx;
	vdev->core = core;
	vdev->viommu = viommu;
	vdev->idev = idev;
	object_use(viommu->ctx, &viommu->obj);
	core->priv = vdev;
	core->viommu = viommu->core;
	core->dev = idev->dev;
	core->virt_id = virt_id;
	return vdev;
}

/* Take its id, but let nobody find it by that. */
static int fill_vdevice(struct vdevice *vdev)
{
	const struct iommufd_viommu_ops *ops = vdev->viommu->core->ops;
	struct viommu *viommu = vdev->viommu;
	int rc;

	mutex_lock(&viommu->vdevs_lock);
	rc = xa_insert(&viommu->vdevs, vdev->core->virt_id, NULL,
		       GFP_KERNEL_ACCOUNT);
	mutex_unlock(&viommu->vdevs_lock);
	if (rc)
		return rc == -EBUSY ? -EEXIST : rc;
	vdev->listed = true;
	return ops->vdevice_init ? ops->vdevice_init(vdev->core) : 0;
}

static void publish_vdevice(struct vdevice *vdev)
{
	struct viommu *viommu = vdev->viommu;
	struct iommufd_ctx *ctx = vdev->ctx;

	mutex_lock(&viommu->vdevs_lock);
	/* In the slot that it has reserved: cannot fail. */
	xa_store(&viommu->vdevs, vdev->core->virt_id, vdev,
		 GFP_KERNEL_ACCOUNT);
	mutex_unlock(&viommu->vdevs_lock);
	object_publish(ctx, &vdev->obj);
	/* An unbind that waits can destroy it now. */
	wake_up_all(&ctx->wait);
}

static int alloc_vdevice(struct ucmd *ucmd, struct viommu *viommu,
			 struct iommufd_device *idev)
{
	struct iommu_vdevice_alloc *cmd = ucmd->cmd;
	struct vdevice *vdev;
	int rc;

	if (!viommu_is_of(viommu, idev))
		return -EINVAL;
	vdev = vdevice_create(viommu, idev, cmd->virt_id);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	rc = fill_vdevice(vdev);
	if (!rc) {
		cmd->out_vdevice_id = vdev->obj.id;
		rc = ucmd_respond(ucmd);
	}
	if (rc) {
		vdevice_release(vdev);
		object_abort(ucmd->ctx, &vdev->obj);
		return rc;
	}
	publish_vdevice(vdev);
	return 0;
}

/**
 * cmd_vdevice_alloc() - IOMMU_VDEVICE_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -ENOENT no such virtual IOMMU or device; -EINVAL they are not of
 * the same IOMMU; -EEXIST the device has a virtual one, or the id is taken;
 * -ENOMEM; what the driver says; -EFAULT.
 */
int cmd_vdevice_alloc(struct ucmd *ucmd)
{
	struct iommu_vdevice_alloc *cmd = ucmd->cmd;
	struct viommu *viommu = viommu_get(ucmd->ctx, cmd->viommu_id);
	struct object *dev_obj;
	int rc;

	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	dev_obj = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(dev_obj)) {
		rc = PTR_ERR(dev_obj);
	} else {
		rc = alloc_vdevice(ucmd, viommu,
				   container_of(dev_obj, struct iommufd_device,
						obj));
		object_put(ucmd->ctx, dev_obj);
	}
	object_put(ucmd->ctx, &viommu->obj);
	return rc;
}
