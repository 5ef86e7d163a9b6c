// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock devices as objects of a context: made, bound and attached in one go,
 * as a driver such as vfio-pci would in three; moved; destroyed.
 */
#include <linux/iommufd.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "device/device.h"
#include "mock.h"
#include "space/hwpt.h"

static void stdev_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct stdev *stdev = container_of(obj, struct stdev, obj);
	unsigned long pasid;
	void *entry;

	xa_for_each(&stdev->pasids, pasid, entry)
		iommufd_device_detach(stdev->idev, pasid);
	xa_destroy(&stdev->pasids);
	iommufd_device_detach(stdev->idev, IOMMU_NO_PASID);
	core->device_unbind(stdev->idev);
	mock_dev_remove(&stdev->mdev);
	mutex_destroy(&stdev->lock);
}

/**
 * stdev_get() - look a mock device up
 * @ctx: the context
 * @id: from user space
 *
 * Return: it, for object_put(), or ERR_PTR(-ENOENT).
 */
struct stdev *stdev_get(struct iommufd_ctx *ctx, u32 id)
{
	struct object *obj = core->object_get(ctx, id, OBJECT_HOOK);

	return IS_ERR(obj) ? ERR_CAST(obj) :
			     container_of(obj, struct stdev, obj);
}

/**
 * tcmd_mock_domain() - MOCK_DOMAIN and MOCK_DOMAIN_FLAGS
 * @tcmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; what binding and attaching say;
 * -ENOMEM; -EFAULT.
 */
int tcmd_mock_domain(struct tcmd *tcmd)
{
	const u32 known = MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_PASID |
			  MOCK_FLAGS_DEVICE_SHARED_GROUP;
	struct iommu_test_cmd *cmd = &tcmd->cmd;
	u32 flags = 0, pt_id = cmd->id, idev_id;
	struct object *obj;
	struct stdev *stdev;
	int rc;

	if (cmd->op == IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS)
		flags = cmd->mock_domain_flags.dev_flags;
	if (flags & ~known)
		return -EOPNOTSUPP;
	obj = core->object_reserve(tcmd->ctx, sizeof(*stdev), OBJECT_HOOK,
				   stdev_destroy);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	stdev = container_of(obj, struct stdev, obj);
	mutex_init(&stdev->lock);
	xa_init_flags(&stdev->pasids, XA_FLAGS_ACCOUNT);

	rc = mock_dev_add(&stdev->mdev, flags);
	if (rc)
		goto err_abort;
	stdev->idev = core->device_bind(tcmd->ctx, &stdev->mdev.pdev->dev,
					&idev_id);
	if (IS_ERR(stdev->idev)) {
		rc = PTR_ERR(stdev->idev);
		goto err_remove;
	}
	rc = iommufd_device_attach(stdev->idev, IOMMU_NO_PASID, &pt_id);
	if (rc)
		goto err_unbind;

	/* Both commands answer in the same places. */
	cmd->mock_domain_flags.out_stdev_id = obj->id;
	cmd->mock_domain_flags.out_hwpt_id = pt_id;
	cmd->mock_domain_flags.out_idev_id = idev_id;
	rc = tcmd_respond(tcmd);
	if (rc)
		goto err_detach;
	core->object_publish(tcmd->ctx, obj);
	return 0;

err_detach:
	iommufd_device_detach(stdev->idev, IOMMU_NO_PASID);
err_unbind:
	core->device_unbind(stdev->idev);
err_remove:
	mock_dev_remove(&stdev->mdev);
err_abort:
	core->object_abort(tcmd->ctx, obj);
	return rc;
}

/**
 * tcmd_mock_domain_replace() - MOCK_DOMAIN_REPLACE
 * @tcmd: the ioctl
 *
 * Return: 0; -ENOENT no such mock device; see iommufd_device_replace();
 * -EFAULT: it has moved all the same.
 */
int tcmd_mock_domain_replace(struct tcmd *tcmd)
{
	u32 *pt_id = &tcmd->cmd.mock_domain_replace.pt_id;
	struct stdev *stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	rc = iommufd_device_replace(stdev->idev, IOMMU_NO_PASID, pt_id);
	mutex_unlock(&stdev->lock);
	core->object_put(tcmd->ctx, &stdev->obj);
	return rc ?: tcmd_respond(tcmd);
}

/**
 * tcmd_dev_check_cache() - DEV_CHECK_CACHE
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL it holds something else, or there is no such cache;
 * -ENOENT no such device.
 */
int tcmd_dev_check_cache(struct tcmd *tcmd)
{
	struct iommu_test_cmd *cmd = &tcmd->cmd;
	struct object *obj = core->object_get(tcmd->ctx, cmd->id,
					      OBJECT_DEVICE);
	struct mock_dev *mdev;
	int rc = 0;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	mdev = to_mock_dev(container_of(obj, struct iommufd_device, obj)->dev);
	if (!mdev || cmd->check_dev_cache.id >= MOCK_DEV_CACHE_NUM ||
	    mdev->cache[cmd->check_dev_cache.id] != cmd->check_dev_cache.cache)
		rc = -EINVAL;
	core->object_put(tcmd->ctx, obj);
	return rc;
}

/**
 * mock_hwpt_get() - what a HWPT translates by
 * @ctx: the context
 * @id: the HWPT's, or 0
 * @domain: set to its domain; left as it is if @id is 0
 *
 * Return: what keeps the domain, for mock_hwpt_put(); NULL for 0;
 * ERR_PTR(-ENOENT) no such HWPT.
 */
struct object *mock_hwpt_get(struct iommufd_ctx *ctx, u32 id,
			     struct iommu_domain **domain)
{
	struct object *obj;

	if (!id)
		return NULL;
	obj = core->object_get(ctx, id, OBJECT_HWPT);
	if (!IS_ERR(obj))
		*domain = container_of(obj, struct hwpt, obj)->domain;
	return obj;
}

/**
 * mock_hwpt_put() - the reverse
 * @ctx: the context
 * @obj: from mock_hwpt_get()
 */
void mock_hwpt_put(struct iommufd_ctx *ctx, struct object *obj)
{
	if (obj)
		core->object_put(ctx, obj);
}

/**
 * tcmd_check_attached() - CHECK_ATTACHED
 * @tcmd: the ioctl
 *
 * Whom the driver and the IOMMU core think that it is attached to.
 * Return: 0; -EINVAL either thinks of something else; -ENOENT no such mock
 * device or HWPT.
 */
int tcmd_check_attached(struct tcmd *tcmd)
{
	struct iommu_domain *domain = mock_iommu_blocked();
	struct stdev *stdev = stdev_get(tcmd->ctx, tcmd->cmd.id);
	struct object *obj;
	int rc = 0;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	obj = mock_hwpt_get(tcmd->ctx, tcmd->cmd.check_attached.hwpt_id,
			    &domain);
	if (IS_ERR(obj)) {
		rc = PTR_ERR(obj);
		goto out;
	}
	mutex_lock(&stdev->lock);
	if (stdev->mdev.attached != domain ||
	    iommu_get_domain_for_dev(&stdev->mdev.pdev->dev) != domain)
		rc = -EINVAL;
	mutex_unlock(&stdev->lock);
	mock_hwpt_put(tcmd->ctx, obj);
out:
	core->object_put(tcmd->ctx, &stdev->obj);
	return rc;
}
