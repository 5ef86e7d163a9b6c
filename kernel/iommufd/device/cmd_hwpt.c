// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC: HWPTs that user space asks for, and chooses itself when it
 * attaches.
 */
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include "device/device.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "ucmd.h"

static int check_hwpt_alloc(const struct iommu_hwpt_alloc *cmd)
{
	/* Dirty tracking and faults are not built yet. */
	if (cmd->flags & ~IOMMU_HWPT_ALLOC_NEST_PARENT || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->fault_id)
		return -EOPNOTSUPP;
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE)
		return cmd->data_len || cmd->data_uptr ? -EINVAL : 0;
	/* Nesting is not built yet either. */
	return cmd->data_len ? -EOPNOTSUPP : -EINVAL;
}

static int alloc_paging(struct ucmd *ucmd, struct iommufd_device *idev,
			struct ioas *ioas)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct op_stats st = {};
	struct hwpt *hwpt;
	int rc;

	/* It pins all that the IOAS maps, as an attach does. */
	rc = device_admit(idev, ioas, &st);
	if (rc)
		return rc;
	hwpt = hwpt_create(ioas, idev->dev, cmd->flags);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = hwpt_fill(hwpt, &st);
	if (rc)
		goto err_abort;
	cmd->out_hwpt_id = hwpt->obj.id;
	rc = ucmd_respond(ucmd);
	if (rc)
		goto err_abort;
	hwpt_publish(hwpt);
	return 0;

err_abort:
	hwpt_abort(hwpt);
	return rc;
}

/**
 * cmd_hwpt_alloc() - IOMMU_HWPT_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags, or nothing that this IOMMU can do;
 * -EINVAL arguments that do not fit each other; -ENOENT no such device or page
 * table; see hwpt_create() and ioas_join_hwpt(); -EFAULT.
 */
int cmd_hwpt_alloc(struct ucmd *ucmd)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct iommufd_device *idev;
	struct object *dev_obj;
	struct object *pt;
	int rc;

	rc = check_hwpt_alloc(cmd);
	if (rc)
		return rc;
	dev_obj = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(dev_obj))
		return PTR_ERR(dev_obj);
	idev = container_of(dev_obj, struct iommufd_device, obj);
	pt = object_get(ucmd->ctx, cmd->pt_id, OBJECT_ANY);
	if (IS_ERR(pt)) {
		rc = -EINVAL;
		goto out_dev;
	}
	if (pt->type == OBJECT_IOAS)
		rc = alloc_paging(ucmd, idev,
				  container_of(pt, struct ioas, obj));
	else
		rc = -EINVAL;
	object_put(ucmd->ctx, pt);
out_dev:
	object_put(ucmd->ctx, dev_obj);
	return rc;
}
