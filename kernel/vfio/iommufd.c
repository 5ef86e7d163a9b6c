// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vfio.ko asks of iommufd.
 *
 * Owns vfio_prefix::bound, ::ictx and ::devid, and the iommufd side of a
 * physical device: ::idev, ::attached and ::pasids. An emulated device's is in
 * access.c. A driver may bring operations of its own, which wrap the exported
 * ones; those of the stock drivers are NULL on the target, and then how the
 * device was registered decides.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "vfio.h"

static bool vfio_device_emulated(struct vfio_device *device)
{
	return device->group->type == VFIO_EMULATED_IOMMU;
}

/**
 * vfio_iommufd_bind() - claim a device's DMA for an iommufd
 * @device: a device that is not bound; its set's lock is held
 * @ictx: the context, which the caller keeps until vfio_iommufd_unbind()
 * @devid: filled in with the device's object id
 *
 * A physical device's DMA is blocked from here until it is attached. May sleep.
 *
 * Return: 0; -EINVAL without cache coherency; -EPERM if others own the group's
 * DMA (a kernel driver on a sibling, another context) or without isolated
 * interrupts; -EBUSY if a domain other than the default one is attached to
 * the group; or another errno of iommufd_device_bind(),
 * iommufd_access_create() or the driver.
 */
int vfio_iommufd_bind(struct vfio_device *device, struct iommufd_ctx *ictx,
		      u32 *devid)
{
	struct vfio_prefix *prefix = vfio_prefix(device);
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->ops->bind_iommufd)
		ret = device->ops->bind_iommufd(device, ictx, devid);
	else if (vfio_device_emulated(device))
		ret = vfio_iommufd_emulated_bind(device, ictx, devid);
	else
		ret = vfio_iommufd_physical_bind(device, ictx, devid);
	if (ret)
		return ret;

	prefix->bound = true;
	prefix->ictx = ictx;
	prefix->devid = *devid;
	return 0;
}

/**
 * vfio_iommufd_disown() - a bound device is not open any more
 * @device: the device, closed by its driver or never opened; its set's lock is
 *	held
 *
 * What follows is vfio_iommufd_unbind(), without the lock. Until that is over
 * the device still belongs to the context, as its group does.
 */
void vfio_iommufd_disown(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	vfio_prefix(device)->ictx = NULL;
}

/**
 * vfio_iommufd_unbind() - undo attach and bind
 * @device: a bound device, after vfio_iommufd_disown()
 *
 * The device set's lock is not held: giving a large address space back takes
 * long. May sleep.
 */
void vfio_iommufd_unbind(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_not_held(&device->dev_set->lock);

	mutex_lock(&prefix->attach_lock);
	if (device->ops->unbind_iommufd)
		device->ops->unbind_iommufd(device);
	else if (vfio_device_emulated(device))
		vfio_iommufd_emulated_unbind(device);
	else
		vfio_iommufd_physical_unbind(device);
	/* Pairs with vfio_iommufd_bound(): all of the above is over. */
	smp_store_release(&prefix->bound, false);
	mutex_unlock(&prefix->attach_lock);
}

/**
 * vfio_iommufd_bound() - whether a device is bound, or its unbind still runs
 * @device: the device; its set's lock is held, so no bind starts meanwhile
 *
 * Return: false if nothing of a binding is left.
 */
bool vfio_iommufd_bound(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	/* Not under attach_lock, which an unbind may hold for long. */
	return smp_load_acquire(&vfio_prefix(device)->bound);
}

/**
 * vfio_iommufd_attached() - whether a device has an address space
 * @device: a bound device; its attach_lock is held
 *
 * Return: true if it is attached.
 */
bool vfio_iommufd_attached(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&prefix->attach_lock);

	return prefix->attached;
}

/**
 * vfio_iommufd_attach() - attach a bound device to an address space, or move
 *	one that is attached to another
 * @device: the device; its attach_lock is held
 * @pt_id: the id of an IOAS or HWPT, on success that of the HWPT in use; of an
 *	emulated device always that of an IOAS
 *
 * May sleep, and long: the whole address space may have to be pinned.
 *
 * Return: 0 or what iommufd or the driver returned.
 */
int vfio_iommufd_attach(struct vfio_device *device, u32 *pt_id)
{
	lockdep_assert_held(&vfio_prefix(device)->attach_lock);

	if (device->ops->attach_ioas)
		return device->ops->attach_ioas(device, pt_id);
	if (vfio_device_emulated(device))
		return vfio_iommufd_emulated_attach_ioas(device, pt_id);
	return vfio_iommufd_physical_attach_ioas(device, pt_id);
}

/**
 * vfio_iommufd_detach() - leave the address space; DMA is blocked afterwards
 * @device: a bound device, attached or not; its attach_lock is held
 *
 * May sleep, and long: the whole address space may have to be unpinned.
 */
void vfio_iommufd_detach(struct vfio_device *device)
{
	lockdep_assert_held(&vfio_prefix(device)->attach_lock);

	if (device->ops->detach_ioas)
		device->ops->detach_ioas(device);
	else if (vfio_device_emulated(device))
		vfio_iommufd_emulated_detach_ioas(device);
	else
		vfio_iommufd_physical_detach_ioas(device);
}

/**
 * vfio_iommufd_pasid_attached() - whether a PASID has an address space
 * @device: a bound device; its attach_lock is held
 * @pasid: any number
 *
 * Return: true if it is attached.
 */
bool vfio_iommufd_pasid_attached(struct vfio_device *device, u32 pasid)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&prefix->attach_lock);

	return xa_load(&prefix->pasids, pasid);
}

/**
 * vfio_iommufd_uses_pasids() - whether any PASID has an address space
 * @device: a bound device; its attach_lock is held
 *
 * Return: true if so.
 */
bool vfio_iommufd_uses_pasids(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&prefix->attach_lock);

	return !xa_empty(&prefix->pasids);
}

/**
 * vfio_iommufd_pasid_attach() - the same for one PASID of a device
 * @device: the device; its attach_lock is held
 * @pasid: the PASID
 * @pt_id: as for vfio_iommufd_attach()
 *
 * May sleep, and long.
 *
 * Return: 0; -EOPNOTSUPP for an emulated device; -EINVAL for PASID 0, which
 * stands for the device itself; -ENOMEM; or what iommufd returned.
 */
int vfio_iommufd_pasid_attach(struct vfio_device *device, u32 pasid, u32 *pt_id)
{
	struct vfio_prefix *prefix = vfio_prefix(device);
	int ret;

	lockdep_assert_held(&prefix->attach_lock);

	if (!prefix->idev)
		return -EOPNOTSUPP;
	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	if (xa_load(&prefix->pasids, pasid))
		return iommufd_device_replace(prefix->idev, pasid, pt_id);

	/* First what can be undone: a detach must not be needed for that. */
	ret = xa_insert(&prefix->pasids, pasid, xa_mk_value(0),
			GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = iommufd_device_attach(prefix->idev, pasid, pt_id);
	if (ret)
		xa_erase(&prefix->pasids, pasid);
	return ret;
}

/**
 * vfio_iommufd_pasid_detach() - the PASID's DMA is blocked afterwards
 * @device: a bound device; its attach_lock is held
 * @pasid: any PASID; nothing happens if it is not attached
 *
 * May sleep, and long.
 *
 * Return: 0, or -EOPNOTSUPP for an emulated device.
 */
int vfio_iommufd_pasid_detach(struct vfio_device *device, u32 pasid)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&prefix->attach_lock);

	if (!prefix->idev)
		return -EOPNOTSUPP;
	if (!xa_load(&prefix->pasids, pasid))
		return 0;
	iommufd_device_detach(prefix->idev, pasid);
	xa_erase(&prefix->pasids, pasid);
	return 0;
}

/* ---- for drivers, and for the above on behalf of those without ---- */

/**
 * vfio_iommufd_device_ictx() - the context in which a device is open
 * @vdev: the device; its set's lock is held, or one of its files is open
 *
 * Return: the context, without a reference, or NULL.
 */
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *vdev)
{
	return READ_ONCE(vfio_prefix(vdev)->ictx);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_device_ictx);

/**
 * vfio_iommufd_get_dev_id() - whether a context owns a device
 * @vdev: the device; its set's lock is held: while it is, nobody else can open
 *	a device of which this says that the context owns it
 * @ictx: the context
 *
 * May sleep.
 *
 * Return: the device's id if it is open in @ictx; -ENOENT if it is not, but
 * another device of its IOMMU group is bound there, so that nobody else can
 * have this one; -ENODEV if it is not @ictx's.
 */
int vfio_iommufd_get_dev_id(struct vfio_device *vdev, struct iommufd_ctx *ictx)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);
	struct iommu_group *group;
	bool owned;

	lockdep_assert_held(&vdev->dev_set->lock);

	if (prefix->ictx)
		return prefix->ictx == ictx ? prefix->devid : -ENODEV;

	group = iommu_group_get(vdev->dev);
	if (!group)
		return -ENODEV;
	owned = iommufd_ctx_has_group(ictx, group);
	iommu_group_put(group);
	return owned ? -ENOENT : -ENODEV;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_get_dev_id);

/**
 * vfio_iommufd_physical_bind() - bind_iommufd of a device that does DMA
 * @vdev: the device; its set's lock is held
 * @ictx: the context
 * @out_device_id: filled in
 *
 * May sleep.
 *
 * Return: 0 or what iommufd_device_bind() returned.
 */
int vfio_iommufd_physical_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct iommufd_device *idev;

	lockdep_assert_held(&vdev->dev_set->lock);

	idev = iommufd_device_bind(ictx, vdev->dev, out_device_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);

	/* ATTACH sees it behind the gate, which opens after this. */
	vfio_prefix(vdev)->idev = idev;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_bind);

/**
 * vfio_iommufd_physical_unbind() - unbind_iommufd of a device that does DMA
 * @vdev: the device, attached or not; its attach_lock is held
 *
 * May sleep.
 */
void vfio_iommufd_physical_unbind(struct vfio_device *vdev)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);
	unsigned long pasid;
	void *entry;

	lockdep_assert_held(&prefix->attach_lock);

	xa_for_each(&prefix->pasids, pasid, entry)
		vfio_iommufd_pasid_detach(vdev, pasid);
	vfio_iommufd_physical_detach_ioas(vdev);
	iommufd_device_unbind(prefix->idev);
	prefix->idev = NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_unbind);

/**
 * vfio_iommufd_physical_attach_ioas() - attach_ioas of a device that does DMA
 * @vdev: a bound device; its attach_lock is held
 * @pt_id: as for vfio_iommufd_attach()
 *
 * May sleep.
 *
 * Return: 0 or what iommufd_device_attach() or _replace() returned.
 */
int vfio_iommufd_physical_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);
	int ret;

	lockdep_assert_held(&prefix->attach_lock);

	if (prefix->attached)
		return iommufd_device_replace(prefix->idev, IOMMU_NO_PASID,
					      pt_id);
	ret = iommufd_device_attach(prefix->idev, IOMMU_NO_PASID, pt_id);
	if (ret)
		return ret;
	prefix->attached = true;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_attach_ioas);

/**
 * vfio_iommufd_physical_detach_ioas() - detach_ioas of a device that does DMA
 * @vdev: a bound device, attached or not; its attach_lock is held
 *
 * May sleep.
 */
void vfio_iommufd_physical_detach_ioas(struct vfio_device *vdev)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);

	lockdep_assert_held(&prefix->attach_lock);

	if (!prefix->attached)
		return;
	iommufd_device_detach(prefix->idev, IOMMU_NO_PASID);
	prefix->attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_detach_ioas);
