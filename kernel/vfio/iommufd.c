// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vfio.ko asks of iommufd.
 *
 * Owns the iommufd side of a device: vfio_prefix::idev and ::attached, both
 * under the device set's lock. The stock drivers' iommufd callbacks are NULL
 * on the target, so nothing is dispatched through the driver: a device that
 * was registered as physical is bound as one.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>

#include "vfio.h"

/**
 * vfio_iommufd_bind() - claim a device's DMA for an iommufd
 * @df: the file; @df->iommufd is set, @df->devid is filled in. The device set's
 *	lock is held
 *
 * The device's DMA is blocked from here until it is attached. May sleep.
 *
 * Return: 0; -EINVAL without cache coherency; -EBUSY if the group's DMA is in
 * use by others; -EPERM without isolated interrupts; or another errno of
 * iommufd_device_bind().
 */
int vfio_iommufd_bind(struct vfio_device_file *df)
{
	struct vfio_prefix *prefix = vfio_prefix(df->device);
	struct iommufd_device *idev;

	lockdep_assert_held(&df->device->dev_set->lock);

	idev = iommufd_device_bind(df->iommufd, df->device->dev, &df->devid);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	prefix->idev = idev;
	return 0;
}

/**
 * vfio_iommufd_unbind() - undo attach and bind
 * @device: a bound device that its driver has closed; its set's lock is held
 */
void vfio_iommufd_unbind(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	vfio_iommufd_detach(device);
	iommufd_device_unbind(prefix->idev);
	prefix->idev = NULL;
}

/**
 * vfio_iommufd_attached() - whether a device has an address space
 * @device: a bound device; its set's lock is held
 */
bool vfio_iommufd_attached(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	return vfio_prefix(device)->attached;
}

/**
 * vfio_iommufd_attach() - attach a bound device to an address space, or move
 *	one that is attached to another
 * @device: the device; its set's lock is held
 * @pt_id: the id of an IOAS or HWPT, on success that of the HWPT in use
 *
 * May sleep.
 *
 * Return: 0 or what iommufd_device_attach() or _replace() returned.
 */
int vfio_iommufd_attach(struct vfio_device *device, u32 *pt_id)
{
	struct vfio_prefix *prefix = vfio_prefix(device);
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

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
 * @device: a bound device, attached or not; its set's lock is held
 *
 * May sleep.
 */
void vfio_iommufd_detach(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	lockdep_assert_held(&device->dev_set->lock);

	if (!prefix->attached)
		return;
	iommufd_device_detach(prefix->idev, IOMMU_NO_PASID);
	prefix->attached = false;
}
