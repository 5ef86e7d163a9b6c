// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which HWPT translates a group's DMA: attach, replace, detach. All devices of
 * a group share one; the first to be attached brings it, the last one to be
 * detached takes it away, and any of them moves all.
 */
#include <linux/iommu.h>

#include "device/device.h"
#include "iommu_internal.h"
#include "space/hwpt.h"
#include "space/space.h"

/* The window for software MSI: once a paging HWPT, whoever comes first. */
static int setup_sw_msi(struct device_group *group, struct hwpt *hwpt)
{
	int rc = 0;

	lockdep_assert_held(&group->lock);
	if (group->sw_msi_start == PHYS_ADDR_MAX)
		return 0;
	mutex_lock(&hwpt->ioas->iova_lock);
	if (!hwpt->msi_cookie)
		rc = iommu_get_msi_cookie(hwpt->domain, group->sw_msi_start);
	if (!rc)
		hwpt->msi_cookie = true;
	mutex_unlock(&hwpt->ioas->iova_lock);
	return rc;
}

/* A device that can bypass the CPU's caches needs a HWPT that forbids it. */
static bool coherency_suits(struct iommufd_device *idev,
			    const struct hwpt *hwpt)
{
	return hwpt->enforce_coherency ||
	       !device_iommu_capable(idev->dev,
				     IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/* iommu_group_replace_domain() does not look, as iommu_attach_group() does. */
static bool driver_suits(struct iommufd_device *idev, const struct hwpt *hwpt)
{
	return hwpt->domain->owner == idev->dev->iommu->iommu_dev->ops;
}

static void set_views(struct device_group *group, const struct hwpt *hwpt)
{
	struct iommufd_device *idev;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(idev, &group->attached, node) {
		WRITE_ONCE(idev->view.hwpt_id, hwpt->obj.id);
		WRITE_ONCE(idev->view.ioas_cookie, hwpt->ioas->view.cookie);
	}
}

static int attach_first(struct device_group *group, struct hwpt *hwpt,
			struct iommufd_ctx *ctx)
{
	int rc;

	lockdep_assert_held(&group->lock);
	rc = setup_sw_msi(group, hwpt_paging(hwpt));
	if (rc)
		return rc;
	rc = iommu_attach_group(hwpt->domain, group->group);
	if (rc)
		return rc;
	group->hwpt = hwpt;
	object_use(ctx, &hwpt->obj);
	return 0;
}

/**
 * group_attach() - attach a device to a HWPT
 * @idev: the device
 * @hwpt: the HWPT; the caller holds a busy reference, or made it
 * @old: set to NULL: nothing is left to put
 *
 * Takes the group's lock, and the IOAS's. May sleep.
 * Return: 0; -EINVAL: they do not suit each other, or the group is attached to
 * something else; -EBUSY: attached already; see device_reserve_regions().
 */
int group_attach(struct iommufd_device *idev, struct hwpt *hwpt,
		 struct hwpt **old)
{
	struct device_group *group = idev->group;
	int rc = 0;

	*old = NULL;
	if (!coherency_suits(idev, hwpt))
		return -EINVAL;
	mutex_lock(&group->lock);
	if (idev->attached) {
		rc = -EBUSY;
		goto out;
	}
	if (group->hwpt && group->hwpt != hwpt) {
		rc = -EINVAL;
		goto out;
	}
	rc = device_reserve_regions(idev, hwpt->ioas);
	if (rc)
		goto out;
	if (!group->hwpt)
		rc = attach_first(group, hwpt, idev->ctx);
	if (rc) {
		device_unreserve_regions(idev, hwpt->ioas);
		goto out;
	}
	idev->attached = true;
	list_add_tail(&idev->node, &group->attached);
	set_views(group, hwpt);
out:
	mutex_unlock(&group->lock);
	return rc;
}

static void unreserve_all(struct device_group *group, struct ioas *ioas)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &group->attached, node)
		device_unreserve_regions(idev, ioas);
}

static int reserve_all(struct device_group *group, struct ioas *ioas)
{
	struct iommufd_device *idev;
	int rc;

	list_for_each_entry(idev, &group->attached, node) {
		rc = device_reserve_regions(idev, ioas);
		if (rc)
			goto err_unreserve;
	}
	return 0;

err_unreserve:
	list_for_each_entry_continue_reverse(idev, &group->attached, node)
		device_unreserve_regions(idev, ioas);
	return rc;
}

static int replace_locked(struct device_group *group, struct hwpt *hwpt)
{
	struct ioas *from = group->hwpt->ioas;
	struct ioas *to = hwpt->ioas;
	struct iommufd_device *idev;
	int rc = 0;

	list_for_each_entry(idev, &group->attached, node)
		if (!driver_suits(idev, hwpt) || !coherency_suits(idev, hwpt))
			return -EINVAL;
	if (from != to)
		rc = reserve_all(group, to);
	if (rc)
		return rc;
	rc = setup_sw_msi(group, hwpt_paging(hwpt));
	if (!rc)
		rc = iommu_group_replace_domain(group->group, hwpt->domain);
	if (from != to)
		unreserve_all(group, rc ? to : from);
	return rc;
}

/**
 * group_replace() - move a device, and all of its group, to another HWPT
 * @idev: the device
 * @hwpt: the HWPT; the caller holds a busy reference, or made it
 * @old: set to the HWPT that they leave, whose reference is the caller's to put
 *	with hwpt_put(); NULL if it is the same one
 *
 * Between the two no DMA is refused, if the IOMMU driver can do so. Takes the
 * group's lock, and the IOASes'. May sleep.
 * Return: 0; -EINVAL: not attached, or they do not suit each other; see
 * device_reserve_regions(). Everything is as before then.
 */
int group_replace(struct iommufd_device *idev, struct hwpt *hwpt,
		  struct hwpt **old)
{
	struct device_group *group = idev->group;
	int rc = 0;

	*old = NULL;
	mutex_lock(&group->lock);
	if (!idev->attached) {
		rc = -EINVAL;
		goto out;
	}
	if (group->hwpt == hwpt)
		goto out;
	rc = replace_locked(group, hwpt);
	if (rc)
		goto out;
	*old = group->hwpt;
	group->hwpt = hwpt;
	object_use(idev->ctx, &hwpt->obj);
	set_views(group, hwpt);
out:
	mutex_unlock(&group->lock);
	return rc;
}

/**
 * group_detach() - detach a device
 * @idev: the device, attached
 * @old: set to the HWPT, whose reference is the caller's to put with
 *	hwpt_put(), if it was the group's last; else NULL
 *
 * Takes the group's lock, and the IOAS's. May sleep; cannot fail.
 */
void group_detach(struct iommufd_device *idev, struct hwpt **old)
{
	struct device_group *group = idev->group;
	struct hwpt *hwpt;

	*old = NULL;
	mutex_lock(&group->lock);
	if (WARN_ON(!idev->attached))
		goto out;
	hwpt = group->hwpt;
	WRITE_ONCE(idev->view.hwpt_id, 0);
	WRITE_ONCE(idev->view.ioas_cookie, 0);
	idev->attached = false;
	list_del(&idev->node);
	if (list_empty(&group->attached)) {
		iommu_detach_group(hwpt->domain, group->group);
		group->hwpt = NULL;
		*old = hwpt;
	}
	device_unreserve_regions(idev, hwpt->ioas);
out:
	mutex_unlock(&group->lock);
}
