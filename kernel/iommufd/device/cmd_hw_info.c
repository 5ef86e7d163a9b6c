// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_GET_HW_INFO: what the IOMMU in front of a device is, and can do.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd_ext.h>

#include "device/device.h"
#include "domain/dirty.h"
#include "ucmd.h"

static int check_hw_info(const struct iommu_hw_info *cmd)
{
	if (cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE ||
	    memchr_inv(cmd->__reserved, 0, sizeof(cmd->__reserved)))
		return -EOPNOTSUPP;
	return 0;
}

/* What the driver tells of the hardware; NULL: it tells nothing. */
static void *ask_driver(struct device *dev, u32 *length, u32 *type)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;

	*length = 0;
	*type = IOMMU_HW_INFO_TYPE_NONE;
	return ops->hw_info ? ops->hw_info(dev, length, type) : NULL;
}

/* As much as there is room for; what is left of the room becomes zero. */
static int copy_data(const struct iommu_hw_info *cmd, const void *data,
		     u32 length)
{
	void __user *to = u64_to_user_ptr(cmd->data_uptr);
	u32 n = min(cmd->data_len, length);

	if (copy_to_user(to, data, n) || clear_user(to + n, cmd->data_len - n))
		return -EFAULT;
	return 0;
}

static int put_data(struct iommu_hw_info *cmd, struct device *dev)
{
	u32 wanted = IOMMU_HW_INFO_TYPE_DEFAULT;
	u32 length, type;
	void *data;
	int rc;

	/* The field is for answers, unless the flag says that it asks, too. */
	if (cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		wanted = cmd->out_data_type;
	data = ask_driver(dev, &length, &type);
	if (IS_ERR(data))
		return PTR_ERR(data);
	/* Drivers of 6.12 have one type each, and cannot be asked for it. */
	if (wanted != IOMMU_HW_INFO_TYPE_DEFAULT && wanted != type)
		rc = -EOPNOTSUPP;
	else
		rc = copy_data(cmd, data, length);
	kfree(data);
	cmd->data_len = length;
	cmd->out_data_type = type;
	return rc;
}

static void put_pasid(struct iommu_hw_info *cmd, struct device *dev)
{
	const struct pci_dev *pdev;

	cmd->out_max_pasid_log2 = 0;
	if (!dev->iommu->max_pasids)
		return;
	/*
	 * Rounded down: AMD's count leaves out the last one of a width, and
	 * all of the width that is told shall work.
	 */
	cmd->out_max_pasid_log2 = ilog2(dev->iommu->max_pasids);
	if (!dev_is_pci(dev))
		return;
	/*
	 * What is switched on, which is less than the device may be able to:
	 * VT-d's driver enables all of it when the device comes, AMD's none. A
	 * virtual function has what the physical one has.
	 */
	pdev = pci_physfn(to_pci_dev(dev));
	if (!pdev->pasid_enabled)
		return;
	if (pdev->pasid_features & PCI_PASID_CAP_EXEC)
		cmd->out_capabilities |= IOMMU_HW_CAP_PCI_PASID_EXEC;
	if (pdev->pasid_features & PCI_PASID_CAP_PRIV)
		cmd->out_capabilities |= IOMMU_HW_CAP_PCI_PASID_PRIV;
}

static void put_capabilities(struct iommu_hw_info *cmd, struct device *dev)
{
	cmd->out_capabilities = 0;
	if (domain_dirty_capable(dev))
		cmd->out_capabilities |= IOMMU_HW_CAP_DIRTY_TRACKING;
	if (!dev_is_pci(dev) || !pci_ats_supported(to_pci_dev(dev)))
		cmd->out_capabilities |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
	put_pasid(cmd, dev);
}

/**
 * cmd_get_hw_info() - IOMMU_GET_HW_INFO
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags, or another type of information than
 * there is was asked for; -ENOENT no such device; what the driver says;
 * -EFAULT.
 */
int cmd_get_hw_info(struct ucmd *ucmd)
{
	struct iommu_hw_info *cmd = ucmd->cmd;
	struct object *obj;
	struct device *dev;
	int rc;

	rc = check_hw_info(cmd);
	if (rc)
		return rc;
	obj = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	dev = container_of(obj, struct iommufd_device, obj)->dev;
	rc = put_data(cmd, dev);
	if (!rc)
		put_capabilities(cmd, dev);
	object_put(ucmd->ctx, obj);
	return rc ?: ucmd_respond(ucmd);
}
