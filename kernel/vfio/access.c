// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated devices (mdev) on iommufd: an access object stands for the device.
 *
 * Owns vfio_prefix::access, ::attached of such devices, and the hull of what
 * the driver has pinned. The driver gets at the user's memory by pin.c, which
 * asks here, and learns by its dma_unmap operation what it must give back.
 *
 * The access is there from before the driver opens the device until after it
 * has closed it. An attach, a replace and the unbind may call dma_unmap, with
 * the attach_lock held; drivers do not know that lock.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/minmax.h>
#include <linux/vfio.h>

#include "vfio.h"

/* Before the pin itself: an unmap that comes between asks for it, too. */
static void vfio_access_note_pin(struct vfio_prefix *prefix, unsigned long iova,
				 unsigned long last)
{
	spin_lock(&prefix->pin_lock);
	prefix->pin_first = min(prefix->pin_first, iova);
	prefix->pin_last = max(prefix->pin_last, last);
	spin_unlock(&prefix->pin_lock);
}

/*
 * iommufd wants [iova, iova + length) back. That may be all there is, which
 * it calls (0, ULONG_MAX) though one more address is meant, and drivers go
 * through it page by page (type1 never asked for more than was mapped, and
 * kvmgt would take weeks): ask for what can be pinned only.
 */
static void vfio_access_unmap(void *data, unsigned long iova,
			      unsigned long length)
{
	struct vfio_device *device = data;
	struct vfio_prefix *prefix = vfio_prefix(device);
	unsigned long last;

	if (!device->ops->dma_unmap || !length)
		return;
	last = length == ULONG_MAX ? ULONG_MAX : iova + (length - 1);

	spin_lock(&prefix->pin_lock);
	last = min(last, prefix->pin_last);
	iova = max(iova, prefix->pin_first);
	spin_unlock(&prefix->pin_lock);

	if (iova > last)
		return;
	/* From the first page to the last: a length that does not fit. */
	if (last - iova == ULONG_MAX) {
		device->ops->dma_unmap(device, 0, PAGE_SIZE);
		iova = PAGE_SIZE;
	}
	device->ops->dma_unmap(device, iova, last - iova + 1);
}

static const struct iommufd_access_ops vfio_access_ops = {
	.needs_pin_pages = 1,
	.unmap = vfio_access_unmap,
};

/**
 * vfio_iommufd_emulated_bind() - bind_iommufd of an emulated device
 * @vdev: the device; its set's lock is held
 * @ictx: the context
 * @out_device_id: filled in
 *
 * May sleep.
 *
 * Return: 0 or what iommufd_access_create() returned.
 */
int vfio_iommufd_emulated_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);
	struct iommufd_access *access;

	lockdep_assert_held(&vdev->dev_set->lock);

	access = iommufd_access_create(ictx, &vfio_access_ops, vdev,
				       out_device_id);
	if (IS_ERR(access))
		return PTR_ERR(access);

	prefix->pin_first = ULONG_MAX;
	prefix->pin_last = 0;
	/* The driver's calls see it: it opens the device after this. */
	WRITE_ONCE(prefix->access, access);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_bind);

/**
 * vfio_iommufd_emulated_unbind() - unbind_iommufd of an emulated device
 * @vdev: the device, attached or not; its attach_lock is held
 *
 * The driver's dma_unmap is called for what it left pinned when it closed the
 * device. May sleep.
 */
void vfio_iommufd_emulated_unbind(struct vfio_device *vdev)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);

	lockdep_assert_held(&prefix->attach_lock);

	iommufd_access_destroy(prefix->access);
	prefix->attached = false;
	WRITE_ONCE(prefix->access, NULL);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_unbind);

/**
 * vfio_iommufd_emulated_attach_ioas() - attach_ioas of an emulated device
 * @vdev: a bound device; its attach_lock is held
 * @pt_id: the id of an IOAS
 *
 * Moves a device that is attached; its driver is asked for all pages first.
 * May sleep.
 *
 * Return: 0 or what iommufd_access_attach() or _replace() returned.
 */
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);
	int ret;

	lockdep_assert_held(&prefix->attach_lock);

	if (prefix->attached)
		return iommufd_access_replace(prefix->access, *pt_id);
	ret = iommufd_access_attach(prefix->access, *pt_id);
	if (ret)
		return ret;
	prefix->attached = true;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_attach_ioas);

/**
 * vfio_iommufd_emulated_detach_ioas() - detach_ioas of an emulated device
 * @vdev: a bound device, attached or not; its attach_lock is held
 *
 * May sleep.
 */
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *vdev)
{
	struct vfio_prefix *prefix = vfio_prefix(vdev);

	lockdep_assert_held(&prefix->attach_lock);

	if (!prefix->attached)
		return;
	iommufd_access_detach(prefix->access);
	prefix->attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_detach_ioas);

/**
 * vfio_device_access_pin_pages() - vfio_pin_pages() through an access
 * @device: a bound emulated device
 * @iova: where to start; the offset within the page is ignored
 * @npage: how many pages, at least 1
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @pages: filled in
 *
 * May sleep.
 *
 * Return: the number of pages; -EINVAL for a range that wraps; or what
 * iommufd_access_pin_pages() returned, and nothing is pinned.
 */
int vfio_device_access_pin_pages(struct vfio_device *device, dma_addr_t iova,
				 int npage, int prot, struct page **pages)
{
	struct vfio_prefix *prefix = vfio_prefix(device);
	const unsigned int flags =
		prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE : 0;
	unsigned long first = ALIGN_DOWN(iova, PAGE_SIZE), last;
	int i, ret;

	if (check_add_overflow(first, ((unsigned long)npage << PAGE_SHIFT) - 1,
			       &last))
		return -EINVAL;

	vfio_access_note_pin(prefix, first, last);
	/*
	 * Each page on its own: iommufd wants the ranges back that it pinned,
	 * but drivers unpin in other portions (kvmgt pins singly and unpins
	 * many), as type1 lets them.
	 */
	for (i = 0; i < npage; i++) {
		ret = iommufd_access_pin_pages(prefix->access,
					       first + i * PAGE_SIZE, PAGE_SIZE,
					       &pages[i], flags);
		if (ret)
			goto err_unpin;
	}
	return npage;

err_unpin:
	if (i)
		vfio_device_access_unpin_pages(device, first, i);
	return ret;
}

/**
 * vfio_device_access_unpin_pages() - the same for vfio_unpin_pages()
 * @device: a bound emulated device
 * @iova: where to start; the offset within the page is ignored
 * @npage: how many pages
 *
 * May sleep.
 */
void vfio_device_access_unpin_pages(struct vfio_device *device, dma_addr_t iova,
				    int npage)
{
	struct iommufd_access *access = vfio_prefix(device)->access;
	unsigned long first = ALIGN_DOWN(iova, PAGE_SIZE);
	int i;

	if (WARN_ON(npage <= 0))
		return;
	for (i = 0; i < npage; i++)
		iommufd_access_unpin_pages(access, first + i * PAGE_SIZE,
					   PAGE_SIZE);
}

/**
 * vfio_device_access_dma_rw() - the same for vfio_dma_rw()
 * @device: a bound emulated device
 * @iova: where
 * @data: the kernel's buffer
 * @len: bytes
 * @write: true to write to the user's memory
 *
 * May sleep; works in kernel threads too.
 *
 * Return: 0 or what iommufd_access_rw() returned.
 */
int vfio_device_access_dma_rw(struct vfio_device *device, dma_addr_t iova,
			      void *data, size_t len, bool write)
{
	unsigned int flags = write ? IOMMUFD_ACCESS_RW_WRITE :
				     IOMMUFD_ACCESS_RW_READ;

	/* Drivers do not say who calls; a thread without memory does not. */
	if (!current->mm)
		flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	return iommufd_access_rw(vfio_prefix(device)->access, iova, data, len,
				 flags);
}
