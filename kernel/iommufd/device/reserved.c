// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVAs that a device cannot use for memory: interrupt windows, regions that
 * firmware or the bus claims.
 */
#include <linux/iommu.h>

#include "device/device.h"
#include "space/space.h"

static int reserve_locked(struct iommufd_device *idev, struct ioas *ioas,
			  struct list_head *regions, phys_addr_t *sw_msi_start)
{
	struct iommu_resv_region *resv;
	bool hw_msi = false;
	int rc;

	list_for_each_entry(resv, regions, list) {
		unsigned long last;

		/* A driver that lets go of the device frees these. */
		if (resv->type == IOMMU_RESV_DIRECT_RELAXABLE || !resv->length)
			continue;
		if (resv->type == IOMMU_RESV_MSI)
			hw_msi = true;
		if (resv->type == IOMMU_RESV_SW_MSI)
			*sw_msi_start = resv->start;
		if (check_add_overflow((unsigned long)resv->start,
				       (unsigned long)resv->length - 1, &last))
			last = ULONG_MAX;
		rc = ioas_reserve(ioas, resv->start, last, idev);
		if (rc)
			return rc;
	}
	/* Two ways to deliver interrupts: nobody could say which is used. */
	if (hw_msi && *sw_msi_start != PHYS_ADDR_MAX)
		return -EINVAL;
	return 0;
}

/**
 * device_reserve_regions() - keep an IOAS from mapping what a device cannot
 *	reach
 * @idev: the device; its group's lock is held
 * @ioas: what it is about to be attached to
 *
 * Learns the group's software MSI window on the way. May sleep.
 * Return: 0; -EADDRINUSE if something is mapped there already; -EINVAL if the
 * device claims both kinds of MSI window; -ENOMEM. Nothing is reserved then.
 */
int device_reserve_regions(struct iommufd_device *idev, struct ioas *ioas)
{
	phys_addr_t sw_msi_start = PHYS_ADDR_MAX;
	LIST_HEAD(regions);
	int rc;

	lockdep_assert_held(&idev->group->lock);
	iommu_get_resv_regions(idev->dev, &regions);
	mutex_lock(&ioas->iova_lock);
	rc = reserve_locked(idev, ioas, &regions, &sw_msi_start);
	if (rc)
		ioas_unreserve(ioas, idev);
	mutex_unlock(&ioas->iova_lock);
	iommu_put_resv_regions(idev->dev, &regions);
	if (!rc && sw_msi_start != PHYS_ADDR_MAX)
		idev->group->sw_msi_start = sw_msi_start;
	return rc;
}

/**
 * device_unreserve_regions() - undo device_reserve_regions()
 * @idev: the device
 * @ioas: the same IOAS
 */
void device_unreserve_regions(struct iommufd_device *idev, struct ioas *ioas)
{
	mutex_lock(&ioas->iova_lock);
	ioas_unreserve(ioas, idev);
	mutex_unlock(&ioas->iova_lock);
}
