// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attachments: telling the IOMMU which HWPT translates a PASID of a group, and
 * which HWPT's fault queue its page faults go to meanwhile.
 *
 * Whether that is allowed is group_attach.c's business.
 */
#include <linux/slab.h>

#include "device/device.h"
#include "fault/fault.h"
#include "iommu_internal.h"
#include "space/hwpt.h"

/*
 * On 6.12 set_dev_pasid() is told which domain it replaces, but nobody ever
 * asked a driver to, and VT-d refuses a PASID that has one. So only a driver
 * that says so is trusted to replace one or leave everything as it was.
 */
static const struct iommu_ops *pasid_replacer;

/**
 * device_set_pasid_replacer() - name the driver that can replace PASIDs
 * @ops: its operations: set_dev_pasid() heeds the old domain, waits for
 *	faults that are being reported, and leaves all as it was if it fails;
 *	NULL: there is none any more
 */
void device_set_pasid_replacer(const struct iommu_ops *ops)
{
	WRITE_ONCE(pasid_replacer, ops);
}

/**
 * attachment_create() - an attachment without a HWPT and devices
 * @group: the group
 * @pasid: the PASID, or IOMMU_NO_PASID
 *
 * Return: it, for attachment_free(), or NULL: no memory.
 */
struct attachment *attachment_create(struct device_group *group,
				     ioasid_t pasid)
{
	struct attachment *att = kzalloc(sizeof(*att), GFP_KERNEL_ACCOUNT);

	if (!att)
		return NULL;
	att->group = group;
	att->pasid = pasid;
	INIT_LIST_HEAD(&att->devices);
	mutex_init(&att->fault_lock);
	att->slots[0].attachment = att;
	att->slots[1].attachment = att;
	return att;
}

/**
 * attachment_free() - the reverse
 * @att: no HWPT is connected
 */
void attachment_free(struct attachment *att)
{
	WARN_ON(att->now || !list_empty(&att->devices));
	mutex_destroy(&att->fault_lock);
	kfree(att);
}

/* From here on faults are delivered for @slot. */
static void deliver_for(struct attachment *att, struct attach_slot *slot)
{
	mutex_lock(&att->fault_lock);
	att->now = slot;
	mutex_unlock(&att->fault_lock);
}

/* None are delivered for @slot any more; answer those that were. */
static void flush_slot(struct attach_slot *slot)
{
	if (slot->hwpt->faults)
		fault_queue_flush(slot->hwpt->faults, slot);
}

/**
 * attachment_connect() - let a HWPT translate
 * @att: the attachment, without one
 * @dev: a device of the group, that can do @att's PASID
 * @hwpt: the HWPT
 *
 * The group's lock is held. May sleep.
 * Return: 0 or what the IOMMU core or its driver says.
 */
int attachment_connect(struct attachment *att, struct device *dev,
		       struct hwpt *hwpt)
{
	struct attach_slot *slot = &att->slots[0];
	int rc;

	lockdep_assert_held(&att->group->lock);
	slot->hwpt = hwpt;
	/* A device can fault before the core has returned. */
	deliver_for(att, slot);
	if (att->pasid == IOMMU_NO_PASID)
		rc = iommu_attach_group_handle(hwpt->domain, att->group->group,
					       &slot->handle);
	else
		rc = iommu_attach_device_pasid(hwpt->domain, dev, att->pasid,
					       &slot->handle);
	if (rc) {
		deliver_for(att, NULL);
		flush_slot(slot);
	}
	return rc;
}

/* What switch_pasid() asks the driver to do, under the core's lock. */
struct pasid_switch {
	struct iommu_domain *from;
	struct iommu_domain *to;
	ioasid_t pasid;
};

static int switch_device(struct device *dev, void *data)
{
	struct pasid_switch *sw = data;
	int rc;

	rc = sw->to->ops->set_dev_pasid(sw->to, dev, sw->pasid, sw->from);
	/* No other device has the PASID, even if one has come meanwhile. */
	return rc ?: 1;
}

/*
 * The core looks twice at the domain in the handle: has it a handler, and which
 * one. In between the domain may be another. So both must have one; ours
 * answers what no queue waits for, as the core does without.
 */
static void ensure_handler(struct iommu_domain *domain)
{
	if (!READ_ONCE(domain->iopf_handler))
		WRITE_ONCE(domain->iopf_handler, device_deliver_fault);
}

/* What iommu_replace_device_pasid() does where there is one. */
static int switch_pasid(struct attachment *att, struct hwpt *from,
			struct hwpt *to)
{
	struct iommu_attach_handle *handle = &att->slots[0].handle;
	struct pasid_switch sw = {
		.from = from->domain,
		.to = to->domain,
		.pasid = att->pasid,
	};
	int rc;

	if (to->domain->owner != READ_ONCE(pasid_replacer) ||
	    !to->domain->ops->set_dev_pasid)
		return -EOPNOTSUPP;
	/*
	 * The core goes on finding this handle. Before the driver waits for
	 * the reports that still saw the old domain in it.
	 */
	ensure_handler(from->domain);
	ensure_handler(to->domain);
	/* Who finds the domain there finds its handler. */
	smp_store_release(&handle->domain, to->domain);
	/* Holds the core's lock of the group, as it would itself. */
	rc = iommu_group_for_each_dev(att->group->group, &sw, switch_device);
	if (rc > 0)
		return 0;
	WRITE_ONCE(handle->domain, from->domain);
	return rc;
}

/**
 * attachment_switch() - let another HWPT translate, without a gap
 * @att: the attachment
 * @hwpt: the HWPT, of the driver of all devices
 *
 * Faults that nobody has answered are answered: they were the old HWPT's. The
 * group's lock is held. May sleep.
 * Return: 0 or what the IOMMU core or its driver says; -EOPNOTSUPP: a PASID,
 * and the driver cannot. Everything is as before then, but that faults which
 * came meanwhile were answered: the device tries again.
 */
int attachment_switch(struct attachment *att, struct hwpt *hwpt)
{
	struct attach_slot *from = att->now;
	struct attach_slot *to = &att->slots[from == &att->slots[0]];
	int rc;

	lockdep_assert_held(&att->group->lock);
	to->hwpt = hwpt;
	/*
	 * Before the hardware: a fault of the new HWPT must not be taken for
	 * one of the old HWPT's, which are answered below. The other way
	 * round the device only tries again.
	 */
	deliver_for(att, to);
	if (att->pasid == IOMMU_NO_PASID)
		rc = iommu_replace_group_handle(att->group->group,
						hwpt->domain, &to->handle);
	else
		rc = switch_pasid(att, from->hwpt, hwpt);
	if (rc) {
		deliver_for(att, from);
		flush_slot(to);
	} else {
		flush_slot(from);
	}
	return rc;
}

/**
 * attachment_disconnect() - let nothing translate
 * @att: the attachment; it has no HWPT afterwards
 * @dev: as for attachment_connect()
 *
 * Faults that nobody has answered are answered. The group's lock is held. May
 * sleep; cannot fail.
 */
void attachment_disconnect(struct attachment *att, struct device *dev)
{
	struct attach_slot *slot = att->now;
	struct iommu_domain *domain = slot->hwpt->domain;

	lockdep_assert_held(&att->group->lock);
	if (att->pasid == IOMMU_NO_PASID)
		iommu_detach_group_handle(domain, att->group->group);
	else
		iommu_detach_device_pasid(domain, dev, att->pasid);
	/* The driver has waited for the faults that were being reported. */
	deliver_for(att, NULL);
	flush_slot(slot);
}
