// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of devices: switched on while a HWPT wants them, and delivered
 * to its fault queue.
 *
 * The IOMMU core calls in with the handle that it was given for an attach; it
 * may, as long as the HWPT is attached, because a driver that detaches waits
 * until no fault is being reported. 6.12's core forgets the handle only after
 * that: a driver whose hardware went on queueing requests in between would be
 * served with a handle that is about to go. Stock iommufd relies on the same.
 */
#include <linux/pci.h>
#include <linux/pci-ats.h>

#include "device/device.h"
#include "fault/fault.h"
#include "space/hwpt.h"

static struct iommufd_device *find_device(struct attachment *att,
					  struct device *dev)
{
	struct attached_device *at;

	lockdep_assert_held(&att->fault_lock);
	list_for_each_entry(at, &att->devices, node)
		if (at->idev->dev == dev)
			return at->idev;
	return NULL;
}

/**
 * device_deliver_fault() - struct iommu_domain's iopf_handler
 * @faults: a group of faults that a device wants one answer to
 *
 * Takes the attachment's and the queue's locks. May sleep.
 * Return: 0: it has been answered, or will be. Never anything else: the core
 * would tell the device that all is lost.
 */
int device_deliver_fault(struct iopf_group *faults)
{
	struct attachment *att = container_of(faults->attach_handle,
					      struct attach_slot,
					      handle)->attachment;
	struct fault_queue *queue = NULL;
	struct iommufd_device *idev;

	static_assert(sizeof(atomic64_t) == sizeof(idev->view.nr_faults));
	mutex_lock(&att->fault_lock);
	idev = find_device(att, faults->fault_param->dev);
	if (att->now)
		queue = att->now->hwpt->faults;
	/*
	 * Answered under the lock: the core frees what a device has not been
	 * answered to when its faults are switched off.
	 */
	if (queue && idev) {
		hwpt_count_fault(att->now->hwpt);
		atomic64_inc((atomic64_t *)&idev->view.nr_faults);
	}
	if (!queue || !idev ||
	    fault_queue_deliver(queue, faults, idev->obj.id, att->now)) {
		iopf_group_response(faults, IOMMU_PAGE_RESP_INVALID);
		iopf_free_group(faults);
	}
	mutex_unlock(&att->fault_lock);
	return 0;
}

/**
 * device_may_fault() - can a device be attached to a HWPT that wants faults?
 * @idev: the device
 *
 * May sleep.
 * Return: false if it is not alone in its group, where its faults could not be
 * switched on and off without those of others, or shares its faults' hardware.
 */
bool device_may_fault(struct iommufd_device *idev)
{
	/*
	 * All virtual functions use the page request interface of the physical
	 * one. One that fails is shut off with all others.
	 */
	if (dev_is_pci(idev->dev) && to_pci_dev(idev->dev)->is_virtfn &&
	    pci_pri_supported(to_pci_dev(idev->dev)))
		return false;
	return device_is_alone(idev);
}

/**
 * device_enable_faults() - a HWPT that wants faults is about to be attached
 * @idev: the device
 *
 * The group's lock is held. May sleep.
 * Return: 0; -ENODEV the device or the IOMMU has no recoverable faults;
 * what the IOMMU driver says.
 */
int device_enable_faults(struct iommufd_device *idev)
{
	int rc = 0;

	lockdep_assert_held(&idev->group->lock);
	if (!idev->nr_fault_users)
		rc = iommu_dev_enable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
	if (!rc)
		idev->nr_fault_users++;
	return rc;
}

/**
 * device_disable_faults() - such a HWPT was attached, and is not any more
 * @idev: the device; all its faults of that HWPT have been answered
 *
 * The group's lock is held. May sleep.
 */
void device_disable_faults(struct iommufd_device *idev)
{
	lockdep_assert_held(&idev->group->lock);
	if (!--idev->nr_fault_users)
		iommu_dev_disable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
}
