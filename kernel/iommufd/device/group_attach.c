// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which HWPT translates a group's DMA, PASID by PASID: attach, replace, detach.
 * All devices of a group share one; the first to be attached brings it, the
 * last one to be detached takes it away, and any of them moves all.
 */
#include <linux/iommu.h>
#include <linux/slab.h>

#include "device/device.h"
#include "domain/dirty.h"
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

/* Nothing that a device writes through a HWPT that tracks may be missed. */
static bool dirty_suits(struct iommufd_device *idev, const struct hwpt *hwpt)
{
	const struct hwpt *paging = hwpt->parent ?: hwpt;

	return domain_dirty_suits(paging->domain, idev->dev);
}

/* The core looks when it attaches, but not when it replaces. */
static bool driver_suits(struct iommufd_device *idev, const struct hwpt *hwpt)
{
	return hwpt->domain->owner == idev->dev->iommu->iommu_dev->ops;
}

/* Is a HWPT attached to any PASID proper? */
static bool uses_pasids(struct device_group *group)
{
	unsigned long pasid = IOMMU_NO_PASID;

	return xa_find_after(&group->attachments, &pasid, ULONG_MAX,
			     XA_PRESENT);
}

/*
 * PASIDs need a table of their own in the hardware, which what is beside them
 * must be made for as well. VT-d decides when DMA without a PASID is attached
 * whether the device may cache translations, and notes for each PASID what to
 * flush only then; so that comes first, and goes last.
 *
 * The core of 6.12 tells the driver nothing about devices that come to a group
 * or go from it while it has PASIDs. So there must be one device only.
 */
static bool pasid_suits(struct iommufd_device *idev, ioasid_t pasid,
			const struct hwpt *hwpt)
{
	struct device_group *group = idev->group;
	struct attachment *beside;

	lockdep_assert_held(&group->lock);
	if (pasid == IOMMU_NO_PASID)
		return hwpt->pasid_compat || !uses_pasids(group);
	if (!hwpt->pasid_compat || pasid >= idev->dev->iommu->max_pasids ||
	    !device_is_alone(idev))
		return false;
	beside = xa_load(&group->attachments, IOMMU_NO_PASID);
	return beside && beside->now->hwpt->pasid_compat;
}

static bool hwpt_suits(struct iommufd_device *idev, ioasid_t pasid,
		       const struct hwpt *hwpt)
{
	return coherency_suits(idev, hwpt) && dirty_suits(idev, hwpt) &&
	       pasid_suits(idev, pasid, hwpt) &&
	       (!hwpt->faults || device_may_fault(idev));
}

static struct attached_device *find_attached(struct attachment *att,
					     struct iommufd_device *idev)
{
	struct attached_device *at;

	lockdep_assert_held(&att->group->lock);
	list_for_each_entry(at, &att->devices, node)
		if (at->idev == idev)
			return at;
	return NULL;
}

/* What BPF sees of a device is where its DMA without a PASID goes. */
static void set_views(struct attachment *att, const struct hwpt *hwpt)
{
	struct attached_device *at;

	lockdep_assert_held(&att->group->lock);
	if (att->pasid != IOMMU_NO_PASID)
		return;
	list_for_each_entry(at, &att->devices, node) {
		WRITE_ONCE(at->idev->view.hwpt_id, hwpt->obj.id);
		WRITE_ONCE(at->idev->view.ioas_cookie,
			   hwpt->ioas->view.cookie);
	}
}

/* One device more, or less, that a HWPT translates for. */
static void count_device(struct attachment *att, struct attached_device *at,
			 struct hwpt *hwpt, int n)
{
	struct iommufd_device_view *view = &at->idev->view;

	hwpt_count_devices(hwpt, n);
	if (att->pasid != IOMMU_NO_PASID)
		WRITE_ONCE(view->nr_pasids, view->nr_pasids + n);
}

static void add_device(struct attachment *att, struct attached_device *at)
{
	mutex_lock(&att->fault_lock);
	list_add_tail(&at->node, &att->devices);
	mutex_unlock(&att->fault_lock);
	at->idev->nr_attached++;
}

static void remove_device(struct attachment *att, struct attached_device *at)
{
	at->idev->nr_attached--;
	mutex_lock(&att->fault_lock);
	list_del(&at->node);
	mutex_unlock(&att->fault_lock);
}

/*
 * What a device needs of its own before a HWPT translates for it. Reserved
 * regions are where DMA without a PASID goes astray.
 */
static int prepare_device(struct iommufd_device *idev, ioasid_t pasid,
			  struct hwpt *hwpt)
{
	int rc = 0;

	if (pasid == IOMMU_NO_PASID)
		rc = device_reserve_regions(idev, hwpt->ioas);
	if (rc || !hwpt->faults)
		return rc;
	rc = device_enable_faults(idev);
	if (rc && pasid == IOMMU_NO_PASID)
		device_unreserve_regions(idev, hwpt->ioas);
	return rc;
}

static void unprepare_device(struct iommufd_device *idev, ioasid_t pasid,
			     struct hwpt *hwpt)
{
	if (hwpt->faults)
		device_disable_faults(idev);
	if (pasid == IOMMU_NO_PASID)
		device_unreserve_regions(idev, hwpt->ioas);
}

/* The first device brings the HWPT. */
static int attach_first(struct attached_device *at, ioasid_t pasid,
			struct hwpt *hwpt)
{
	struct iommufd_device *idev = at->idev;
	struct device_group *group = idev->group;
	struct attachment *att;
	int rc;

	if (pasid == IOMMU_NO_PASID) {
		rc = setup_sw_msi(group, hwpt_paging(hwpt));
		if (rc)
			return rc;
	}
	att = attachment_create(group, pasid);
	if (!att)
		return -ENOMEM;
	rc = xa_insert(&group->attachments, pasid, att, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto err_free;
	/* Its faults must find it. */
	add_device(att, at);
	rc = attachment_connect(att, idev->dev, hwpt);
	if (rc)
		goto err_remove;
	object_use(idev->ctx, &hwpt->obj);
	return 0;

err_remove:
	remove_device(att, at);
	xa_erase(&group->attachments, pasid);
err_free:
	attachment_free(att);
	return rc;
}

static int attach_locked(struct iommufd_device *idev, ioasid_t pasid,
			 struct hwpt *hwpt)
{
	struct device_group *group = idev->group;
	struct attached_device *at;
	struct attachment *att;
	int rc;

	lockdep_assert_held(&group->lock);
	att = xa_load(&group->attachments, pasid);
	if (att && find_attached(att, idev))
		return -EBUSY;
	if ((att && att->now->hwpt != hwpt) || !hwpt_suits(idev, pasid, hwpt))
		return -EINVAL;
	at = kzalloc(sizeof(*at), GFP_KERNEL_ACCOUNT);
	if (!at)
		return -ENOMEM;
	at->idev = idev;
	rc = prepare_device(idev, pasid, hwpt);
	if (rc)
		goto err_free;
	if (att)
		add_device(att, at);
	else
		rc = attach_first(at, pasid, hwpt);
	if (rc)
		goto err_unprepare;
	att = xa_load(&group->attachments, pasid);
	set_views(att, hwpt);
	count_device(att, at, hwpt, 1);
	return 0;

err_unprepare:
	unprepare_device(idev, pasid, hwpt);
err_free:
	kfree(at);
	return rc;
}

/**
 * group_attach() - attach a PASID of a device to a HWPT
 * @idev: the device
 * @pasid: the PASID, or IOMMU_NO_PASID
 * @hwpt: the HWPT; the caller holds a busy reference, or made it
 * @old: set to NULL: nothing is left to put
 *
 * Takes the group's lock, and the IOAS's. May sleep.
 * Return: 0; -EINVAL: they do not suit each other, or the group is attached to
 * something else; -EBUSY: attached already; -ENOMEM; see
 * device_reserve_regions(), device_enable_faults() and attachment_connect().
 */
int group_attach(struct iommufd_device *idev, ioasid_t pasid,
		 struct hwpt *hwpt, struct hwpt **old)
{
	int rc;

	*old = NULL;
	mutex_lock(&idev->group->lock);
	rc = attach_locked(idev, pasid, hwpt);
	mutex_unlock(&idev->group->lock);
	return rc;
}

static void unreserve_all(struct attachment *att, struct ioas *ioas)
{
	struct attached_device *at;

	list_for_each_entry(at, &att->devices, node)
		device_unreserve_regions(at->idev, ioas);
}

static int reserve_all(struct attachment *att, struct ioas *ioas)
{
	struct attached_device *at;
	int rc;

	list_for_each_entry(at, &att->devices, node) {
		rc = device_reserve_regions(at->idev, ioas);
		if (rc)
			goto err_unreserve;
	}
	return 0;

err_unreserve:
	list_for_each_entry_continue_reverse(at, &att->devices, node)
		device_unreserve_regions(at->idev, ioas);
	return rc;
}

/* DMA without a PASID has reserved regions and software MSI besides. */
static int switch_no_pasid(struct attachment *att, struct hwpt *hwpt)
{
	struct ioas *from = att->now->hwpt->ioas;
	struct ioas *to = hwpt->ioas;
	int rc = 0;

	if (from != to)
		rc = reserve_all(att, to);
	if (rc)
		return rc;
	rc = setup_sw_msi(att->group, hwpt_paging(hwpt));
	if (!rc)
		rc = attachment_switch(att, hwpt);
	if (from != to)
		unreserve_all(att, rc ? to : from);
	return rc;
}

static int replace_locked(struct attachment *att, struct hwpt *hwpt)
{
	struct hwpt *from = att->now->hwpt;
	struct attached_device *at;
	int rc = 0;

	list_for_each_entry(at, &att->devices, node)
		if (!driver_suits(at->idev, hwpt) ||
		    !hwpt_suits(at->idev, att->pasid, hwpt))
			return -EINVAL;
	/* If either wants faults, there is no other device. */
	at = list_first_entry(&att->devices, struct attached_device, node);
	if (hwpt->faults)
		rc = device_enable_faults(at->idev);
	if (rc)
		return rc;
	if (att->pasid == IOMMU_NO_PASID)
		rc = switch_no_pasid(att, hwpt);
	else
		rc = attachment_switch(att, hwpt);
	if (rc ? hwpt->faults : from->faults)
		device_disable_faults(at->idev);
	return rc;
}

/**
 * group_replace() - move a PASID of a device, and of all of its group, to
 *	another HWPT
 * @idev: the device
 * @pasid: the PASID, or IOMMU_NO_PASID
 * @hwpt: the HWPT; the caller holds a busy reference, or made it
 * @old: set to the HWPT that they leave, whose reference is the caller's to put
 *	with hwpt_put(); NULL if it is the same one
 *
 * Between the two no DMA is refused, if the IOMMU driver can do so. Takes the
 * group's lock, and the IOASes'. May sleep.
 * Return: 0; -EINVAL: not attached, or they do not suit each other; see
 * device_reserve_regions(), device_enable_faults() and attachment_switch().
 * Everything is as before then.
 */
int group_replace(struct iommufd_device *idev, ioasid_t pasid,
		  struct hwpt *hwpt, struct hwpt **old)
{
	struct device_group *group = idev->group;
	struct attachment *att;
	struct hwpt *from;
	int rc = 0;

	*old = NULL;
	mutex_lock(&group->lock);
	att = xa_load(&group->attachments, pasid);
	if (!att || !find_attached(att, idev)) {
		rc = -EINVAL;
		goto out;
	}
	from = att->now->hwpt;
	if (from == hwpt)
		goto out;
	rc = replace_locked(att, hwpt);
	if (rc)
		goto out;
	*old = from;
	object_use(idev->ctx, &hwpt->obj);
	set_views(att, hwpt);
	hwpt_count_devices(hwpt, list_count_nodes(&att->devices));
	hwpt_count_devices(from, -(int)list_count_nodes(&att->devices));
out:
	mutex_unlock(&group->lock);
	return rc;
}

/**
 * group_detach() - detach a PASID of a device
 * @idev: the device
 * @pasid: the PASID, that is attached; or IOMMU_NO_PASID, after all others
 * @ev: told what it was attached to
 * @old: set to the HWPT, whose reference is the caller's to put with
 *	hwpt_put(), if it was the group's last; else NULL
 *
 * Takes the group's lock, and the IOAS's. May sleep; cannot fail.
 */
void group_detach(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_attach_event *ev, struct hwpt **old)
{
	struct device_group *group = idev->group;
	struct attached_device *at;
	struct attachment *att;
	struct hwpt *hwpt;

	*old = NULL;
	mutex_lock(&group->lock);
	att = xa_load(&group->attachments, pasid);
	at = att ? find_attached(att, idev) : NULL;
	if (WARN_ON(!at))
		goto out;
	/* The driver's fault, and worse: see pasid_suits(). */
	WARN_ON(pasid == IOMMU_NO_PASID && list_is_singular(&att->devices) &&
		uses_pasids(group));
	hwpt = att->now->hwpt;
	ev->hwpt_id = hwpt->obj.id;
	ev->ioas_cookie = hwpt->ioas->view.cookie;
	if (pasid == IOMMU_NO_PASID) {
		WRITE_ONCE(idev->view.hwpt_id, 0);
		WRITE_ONCE(idev->view.ioas_cookie, 0);
	}
	if (list_is_singular(&att->devices)) {
		attachment_disconnect(att, idev->dev);
		xa_erase(&group->attachments, pasid);
		*old = hwpt;
	}
	remove_device(att, at);
	count_device(att, at, hwpt, -1);
	unprepare_device(idev, pasid, hwpt);
	if (*old)
		attachment_free(att);
	kfree(at);
out:
	mutex_unlock(&group->lock);
}
