// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vfio.ko asks of iommufd.
 *
 * Owns the iommufd side of a device: vfio_prefix::idev and ::attached. The
 * stock drivers' iommufd callbacks are NULL on the target, so nothing is
 * dispatched through the driver: a device that was registered as physical is
 * bound as one.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>

#include "vfio.h"

/**
 * vfio_iommufd_bind() - claim a device's DMA for an iommufd
 * @device: a device that is not bound; its set's lock is held
 * @ictx: the context
 * @devid: filled in with the device's object id
 *
 * The device's DMA is blocked from here until it is attached. May sleep.
 *
 * Return: 0; -EINVAL without cache coherency; -EPERM if others own the group's
 * DMA (a kernel driver on a sibling, another context) or without isolated
 * interrupts; -EBUSY if a domain other than the default one is attached to
 * the group; or another errno of iommufd_device_bind().
 */
int vfio_iommufd_bind(struct vfio_device *device, struct iommufd_ctx *ictx,
		      u32 *devid)
{
	struct iommufd_device *idev;

	lockdep_assert_held(&device->dev_set->lock);

	idev = iommufd_device_bind(ictx, device->dev, devid);
	if (IS_ERR(idev))
		return PTR_ERR(idev);

	/* ATTACH sees it behind the gate, which opens after this. */
	WRITE_ONCE(vfio_prefix(device)->idev, idev);
	return 0;
}

/**
 * vfio_iommufd_unbind() - undo attach and bind
 * @device: a bound device that its driver has closed, or never opened
 *
 * The device set's lock is not held: giving a large address space back takes
 * long. May sleep.
 */
void vfio_iommufd_unbind(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_not_held(&device->dev_set->lock);

	mutex_lock(&prefix->attach_lock);
	vfio_iommufd_detach(device);
	iommufd_device_unbind(prefix->idev);
	/* Pairs with vfio_iommufd_bound(): all of the above is over. */
	smp_store_release(&prefix->idev, NULL);
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
	return smp_load_acquire(&vfio_prefix(device)->idev);
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
 * @pt_id: the id of an IOAS or HWPT, on success that of the HWPT in use
 *
 * May sleep, and long: the whole address space may have to be pinned.
 *
 * Return: 0 or what iommufd_device_attach() or _replace() returned.
 */
int vfio_iommufd_attach(struct vfio_device *device, u32 *pt_id)
{
	struct vfio_prefix *prefix = vfio_prefix(device);
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

/**
 * vfio_iommufd_detach() - leave the address space; DMA is blocked afterwards
 * @device: a bound device, attached or not; its attach_lock is held
 *
 * May sleep, and long: the whole address space may have to be unpinned.
 */
void vfio_iommufd_detach(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&prefix->attach_lock);

	if (!prefix->attached)
		return;
	iommufd_device_detach(prefix->idev, IOMMU_NO_PASID);
	prefix->attached = false;
}
