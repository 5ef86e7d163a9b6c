// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory access for emulated devices (mdev), by their drivers.
 *
 * Owns no state: finds out who manages the device's address space and passes
 * the call on: an access object of iommufd, if the device is bound, or else the
 * group's container.
 */
#include "main_abi.h"
#include "vfio.h"

/*
 * The binding surrounds all that the driver does, also the giving back, in its
 * dma_unmap, of what it forgot when it closed the device.
 */
static bool vfio_device_has_access(struct vfio_device *device)
{
	return READ_ONCE(vfio_prefix(device)->access);
}

/*
 * What makes a container reachable without a lock: the group cannot leave it
 * while a device of the group is open.
 */
static bool vfio_device_in_container(struct vfio_device *device)
{
	return !WARN_ON_ONCE(!READ_ONCE(device->open_count)) &&
	       device->group->container;
}

/**
 * vfio_pin_pages() - pin pages of the user's memory by IOVA
 * @device: an open emulated device whose driver has a dma_unmap operation
 * @iova: where to start; the offset within the page is ignored
 * @npage: how many; in a container up to VFIO_PIN_PAGES_MAX_ENTRIES
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @pages: filled with the pages
 *
 * May sleep.
 *
 * Return: the number of pages pinned, or -EINVAL, -E2BIG for too many, -ENOTTY
 * if the container's backend cannot pin, or what the backend or iommufd
 * returned.
 */
int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova,
		   int npage, int prot, struct page **pages)
{
	if (!pages || npage <= 0 || !device->ops->dma_unmap)
		return -EINVAL;
	if (vfio_device_has_access(device))
		return vfio_device_access_pin_pages(device, iova, npage, prot,
						    pages);
	if (!vfio_device_in_container(device))
		return -EINVAL;
	return vfio_device_container_pin_pages(device, iova, npage, prot,
					       pages);
}
EXPORT_SYMBOL(vfio_pin_pages);

/**
 * vfio_unpin_pages() - undo vfio_pin_pages(), in whole or in part
 * @device: the same device, still open
 * @iova: where to start
 * @npage: how many pages
 *
 * May sleep.
 */
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage)
{
	if (WARN_ON(!device->ops->dma_unmap))
		return;
	if (vfio_device_has_access(device))
		vfio_device_access_unpin_pages(device, iova, npage);
	else if (vfio_device_in_container(device))
		vfio_device_container_unpin_pages(device, iova, npage);
}
EXPORT_SYMBOL(vfio_unpin_pages);

/**
 * vfio_dma_rw() - copy between a kernel buffer and the user's memory by IOVA
 * @device: an open emulated device
 * @iova: where in the device's address space
 * @data: the kernel's buffer
 * @len: bytes
 * @write: true to write to the user's memory
 *
 * Nothing needs to be pinned. May sleep; works in kernel threads too.
 *
 * Return: 0, -EINVAL, -ENOTTY if the container's backend cannot do it, or
 * what the backend or iommufd returned.
 */
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data,
		size_t len, bool write)
{
	if (!data || !len)
		return -EINVAL;
	if (vfio_device_has_access(device))
		return vfio_device_access_dma_rw(device, iova, data, len,
						 write);
	if (!vfio_device_in_container(device))
		return -EINVAL;
	return vfio_device_container_dma_rw(device, iova, data, len, write);
}
EXPORT_SYMBOL(vfio_dma_rw);
