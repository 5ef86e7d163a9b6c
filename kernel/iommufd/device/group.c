// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMU groups that a context uses: found, made, dropped.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/slab.h>

#include "device/device.h"

static struct device_group *group_create(struct iommu_group *group)
{
	struct device_group *dgroup = kzalloc(sizeof(*dgroup),
					      GFP_KERNEL_ACCOUNT);

	if (!dgroup)
		return NULL;
	mutex_init(&dgroup->lock);
	xa_init_flags(&dgroup->attachments, XA_FLAGS_ACCOUNT);
	dgroup->group = group;
	dgroup->sw_msi_start = PHYS_ADDR_MAX;
	return dgroup;
}

static int count_device(struct device *dev, void *data)
{
	unsigned int *n = data;

	return ++*n > 1;
}

/**
 * device_is_alone() - has a device's IOMMU group no other devices?
 * @idev: the device
 *
 * Bound or not. Takes the IOMMU core's lock of the group. May sleep.
 * Return: true if so, now: one may be plugged in at any time.
 */
bool device_is_alone(struct iommufd_device *idev)
{
	unsigned int n = 0;

	return !iommu_group_for_each_dev(idev->group->group, &n, count_device);
}

/**
 * device_group_get() - the group of a device that is being bound
 * @ctx: the context
 * @dev: the device
 *
 * Takes the context's groups.lock. May sleep.
 * Return: the group, counted for device_group_put(); ERR_PTR(-ENODEV) for a
 * device without an IOMMU; ERR_PTR(-ENOMEM).
 */
struct device_group *device_group_get(struct iommufd_ctx *ctx,
				      struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct device_group *dgroup;
	int id, rc;

	if (!group)
		return ERR_PTR(-ENODEV);
	id = iommu_group_id(group);

	mutex_lock(&ctx->groups.lock);
	dgroup = xa_load(&ctx->groups.by_id, id);
	if (dgroup) {
		/* It has its own reference to the IOMMU group. */
		iommu_group_put(group);
		goto out;
	}
	dgroup = group_create(group);
	if (!dgroup) {
		rc = -ENOMEM;
		goto err_put;
	}
	rc = xa_insert(&ctx->groups.by_id, id, dgroup, GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(dgroup);
		goto err_put;
	}
out:
	dgroup->nr_bound++;
	mutex_unlock(&ctx->groups.lock);
	return dgroup;

err_put:
	mutex_unlock(&ctx->groups.lock);
	iommu_group_put(group);
	return ERR_PTR(rc);
}

/**
 * device_group_put() - a device of the group is not bound any more
 * @ctx: the context
 * @dgroup: from device_group_get()
 */
void device_group_put(struct iommufd_ctx *ctx, struct device_group *dgroup)
{
	mutex_lock(&ctx->groups.lock);
	if (!--dgroup->nr_bound) {
		WARN_ON(!xa_empty(&dgroup->attachments));
		xa_erase(&ctx->groups.by_id, iommu_group_id(dgroup->group));
		iommu_group_put(dgroup->group);
		mutex_destroy(&dgroup->lock);
		kfree(dgroup);
	}
	mutex_unlock(&ctx->groups.lock);
}

/**
 * iommufd_ctx_has_group() - is a device of an IOMMU group bound to a context?
 * @ctx: the context
 * @group: the IOMMU group
 *
 * Whoever asks must keep the answer true by other means. May sleep.
 * Return: true if at least one is.
 */
bool iommufd_ctx_has_group(struct iommufd_ctx *ctx, struct iommu_group *group)
{
	struct device_group *dgroup;
	bool has;

	if (!ctx || !group)
		return false;
	mutex_lock(&ctx->groups.lock);
	dgroup = xa_load(&ctx->groups.by_id, iommu_group_id(group));
	has = dgroup && dgroup->group == group;
	mutex_unlock(&ctx->groups.lock);
	return has;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_has_group, IOMMUFD);
