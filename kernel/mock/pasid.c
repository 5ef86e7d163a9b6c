// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of mock devices: what the mock IOMMU translates them by, and the
 * commands that a driver such as vfio-pci would have for them.
 */
#include <linux/iommufd.h>
#include <linux/platform_device.h>

#include "device/device.h"
#include "iommu_internal.h"
#include "mock.h"

/**
 * mock_set_pasid() - iommu_domain_ops.set_dev_pasid
 * @domain: of ours
 * @dev: any device
 * @pasid: the PASID
 * @old: the domain that is there, and is replaced; or NULL
 *
 * Return: 0; -EINVAL it is not ours, or another domain is there; -ENOMEM, and
 * always for a replace of IOMMU_TEST_PASID_RESERVED. Nothing has changed then.
 */
int mock_set_pasid(struct iommu_domain *domain, struct device *dev,
		   ioasid_t pasid, struct iommu_domain *old)
{
	struct mock_dev *mdev;
	int rc;

	rc = mock_check_device(domain, dev);
	if (rc)
		return rc;
	mdev = to_mock_dev(dev);
	if (WARN_ON(xa_load(&mdev->pasids, pasid) != old))
		return -EINVAL;
	if (old && pasid == IOMMU_TEST_PASID_RESERVED)
		return -ENOMEM;
	return xa_err(xa_store(&mdev->pasids, pasid, domain,
			       GFP_KERNEL_ACCOUNT));
}

/**
 * mock_remove_pasid() - iommu_ops.remove_dev_pasid
 * @dev: a mock device
 * @pasid: the PASID
 * @domain: what is there
 */
void mock_remove_pasid(struct device *dev, ioasid_t pasid,
		       struct iommu_domain *domain)
{
	struct iommu_domain *was = xa_erase(&to_mock_dev(dev)->pasids, pasid);

	/* The core asks for devices that joined the group later, too. */
	WARN_ON(was && was != domain);
}

/**
 * tcmd_pasid_attach() - PASID_ATTACH
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL no PASID; -ENOENT no such mock device; -ENOMEM; see
 * iommufd_device_attach(); -EFAULT.
 */
int tcmd_pasid_attach(struct tcmd *tcmd)
{
	u32 *pt_id = &tcmd->cmd.pasid_attach.pt_id;
	u32 pasid = tcmd->cmd.pasid_attach.pasid;
	struct stdev *stdev;
	int rc;

	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	rc = xa_reserve(&stdev->pasids, pasid, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto out;
	rc = iommufd_device_attach(stdev->idev, pasid, pt_id);
	if (rc)
		goto err_release;
	rc = tcmd_respond(tcmd);
	if (rc)
		goto err_detach;
	xa_store(&stdev->pasids, pasid, xa_mk_value(1), GFP_KERNEL_ACCOUNT);
	goto out;

err_detach:
	iommufd_device_detach(stdev->idev, pasid);
err_release:
	xa_release(&stdev->pasids, pasid);
out:
	mutex_unlock(&stdev->lock);
	core->object_put(tcmd->ctx, &stdev->obj);
	return rc;
}

/**
 * tcmd_pasid_replace() - PASID_REPLACE
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL no PASID; -ENOENT no such mock device; see
 * iommufd_device_replace(); -EFAULT: it has moved all the same.
 */
int tcmd_pasid_replace(struct tcmd *tcmd)
{
	u32 *pt_id = &tcmd->cmd.pasid_attach.pt_id;
	u32 pasid = tcmd->cmd.pasid_attach.pasid;
	struct stdev *stdev;
	int rc;

	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	rc = iommufd_device_replace(stdev->idev, pasid, pt_id);
	mutex_unlock(&stdev->lock);
	core->object_put(tcmd->ctx, &stdev->obj);
	return rc ?: tcmd_respond(tcmd);
}

/**
 * tcmd_pasid_detach() - PASID_DETACH
 * @tcmd: the ioctl
 *
 * Return: 0, also if it was not attached; -EINVAL no PASID; -ENOENT no such
 * mock device.
 */
int tcmd_pasid_detach(struct tcmd *tcmd)
{
	u32 pasid = tcmd->cmd.pasid_attach.pasid;
	struct stdev *stdev;

	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	if (xa_erase(&stdev->pasids, pasid))
		iommufd_device_detach(stdev->idev, pasid);
	mutex_unlock(&stdev->lock);
	core->object_put(tcmd->ctx, &stdev->obj);
	return 0;
}

/* Do the IOMMU core and the mock IOMMU agree that this is attached? */
static int check_domain(struct mock_dev *mdev, ioasid_t pasid,
			struct iommu_domain *domain)
{
	struct device *dev = &mdev->pdev->dev;
	struct iommu_attach_handle *handle;
	struct iommu_group *group;

	group = iommu_group_get(dev);
	handle = iommu_attach_handle_get(group, pasid, 0);
	iommu_group_put(group);
	if (xa_load(&mdev->pasids, pasid) != domain)
		return -EINVAL;
	/* Without PASIDs the core's list is its group's. */
	if (!dev->iommu->max_pasids)
		return 0;
	return (IS_ERR(handle) ? NULL : handle->domain) == domain ? 0 : -EINVAL;
}

/**
 * tcmd_pasid_check() - PASID_CHECK_HWPT
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL the PASID is attached to something else, or is none;
 * -ENOENT no such mock device or HWPT.
 */
int tcmd_pasid_check(struct tcmd *tcmd)
{
	u32 pasid = tcmd->cmd.pasid_attach.pasid;
	struct iommu_domain *domain = NULL;
	struct stdev *stdev;
	struct object *obj;
	int rc;

	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	obj = mock_hwpt_get(tcmd->ctx, tcmd->cmd.pasid_attach.pt_id, &domain);
	if (IS_ERR(obj)) {
		rc = PTR_ERR(obj);
		goto out;
	}
	/* Nothing is attached or detached meanwhile. */
	mutex_lock(&stdev->lock);
	rc = check_domain(&stdev->mdev, pasid, domain);
	mutex_unlock(&stdev->lock);
	mock_hwpt_put(tcmd->ctx, obj);
out:
	core->object_put(tcmd->ctx, &stdev->obj);
	return rc;
}
